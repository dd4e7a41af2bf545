"""The lens's numbers: equal to loops under autograd, to the module, to central differences."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from benchmarks import lens as benchmark
from tests.lens_reference import F64, loop
from utils import lens

D = 2


@pytest.fixture(autouse=True)
def one_thread():
    """Keep torch's threads from waiting for one another on a machine that is at work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_module(kind, H=4, **options):
    if kind in ("tanh", "relu"):
        return nn.RNN(D, H, nonlinearity=kind, **options)
    return {"gru": nn.GRU, "lstm": nn.LSTM}[kind](D, H, **options)


def make_state(module, B):
    rows = module.num_layers * (2 if module.bidirectional else 1)
    h = torch.randn(rows, B, module.proj_size or module.hidden_size)
    return (h, torch.randn(rows, B, module.hidden_size)) if module.mode == "LSTM" else h


def random_loss(module, T, B, seed, batch_first=False):
    """A loss that reads every output and every last state, each with a weight of its own."""
    rng = torch.Generator().manual_seed(seed)
    width = (module.proj_size or module.hidden_size) * (2 if module.bidirectional else 1)
    weights = torch.randn(T, B, width, generator=rng, dtype=F64)

    def loss(answer):
        output, last = answer
        if isinstance(output, PackedSequence):
            output, _ = pad_packed_sequence(output)
        elif batch_first:
            output = output.transpose(0, 1)
        value = (torch.sin(output) * weights[: len(output)]).sum()
        for factor, end in enumerate(last if isinstance(last, tuple) else (last,), start=1):
            value = value + factor * end.square().sum()
        return value

    return loss


def compare(trace, reference, tolerance=1e-10):
    """Hold every value and gradient of a trace against loops that autograd went back through."""
    checked = 0
    for (name, layer, direction), values in reference.states.items():
        got = trace[name, layer, direction]
        assert np.isnan(got).any(axis=-1).sum() == got.shape[0] * got.shape[1] - len(values)
        for (t, b), value in values.items():
            np.testing.assert_allclose(got[t, b], value.detach(), rtol=0, atol=tolerance)
            if name in ("hidden", "cell"):
                gradient = trace["d_" + name, layer, direction][t, b]
                np.testing.assert_allclose(gradient, value.grad, rtol=0, atol=tolerance)
                checked += 1
    return checked


configurations = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["tanh", "relu", "gru", "lstm", "lstm with projection"]),
        "num_layers": st.integers(1, 3),
        "bidirectional": st.booleans(),
        "batch_first": st.booleans(),
        "bias": st.booleans(),
        "state": st.booleans(),
        "packing": st.sampled_from(["none", "lengths", "packed", "sorted"]),
        "lengths": st.lists(st.integers(1, 6), min_size=1, max_size=3),
        "dtype": st.sampled_from([torch.float32, torch.float64]),
    }
)


@settings(max_examples=60)
@given(configurations, st.integers(0, 2**16))
@example(
    {
        "kind": "lstm with projection",
        "num_layers": 3,
        "bidirectional": True,
        "batch_first": True,
        "bias": False,
        "state": True,
        "packing": "packed",
        "lengths": [2, 6, 1],
        "dtype": torch.float32,
    },
    0,
)
def test_every_value_and_gradient_is_that_of_a_loop_under_autograd(chosen, seed):
    torch.manual_seed(seed)
    kind, packing, lengths = chosen["kind"], chosen["packing"], chosen["lengths"]
    names = ("num_layers", "bidirectional", "batch_first", "bias", "dtype")
    options = {name: chosen[name] for name in names}
    if kind.endswith("projection"):
        kind, options["proj_size"] = "lstm", 3
    module = make_module(kind, **options)
    if packing == "sorted":
        lengths = sorted(lengths, reverse=True)
    T, B = max(lengths), len(lengths)
    if packing == "none":
        lengths = [T] * B
    xs = torch.randn(T, B, D, dtype=options["dtype"])
    inputs = xs.transpose(0, 1) if module.batch_first else xs
    state = make_state(module, B) if chosen["state"] else None
    given_options = {} if state is None else {"state": state}
    if packing == "lengths":
        given_options["lengths"] = np.array(lengths)
    elif packing != "none":
        inputs = pack_padded_sequence(
            inputs, torch.tensor(lengths), module.batch_first, enforce_sorted=packing == "sorted"
        )
    is_packed = packing != "none"
    loss = random_loss(module, T, B, seed, module.batch_first and not is_packed)
    trace = lens.trace(module, inputs, loss, **given_options)

    reference = loop(module, xs, lengths, state)
    plain = reference.output.transpose(0, 1) if module.batch_first and not is_packed else None
    value = loss((reference.output if plain is None else plain, reference.last))
    value.backward()
    assert trace.loss == pytest.approx(value.item(), abs=1e-10)
    assert compare(trace, reference) > 0
    assert trace.lengths.tolist() == lengths
    assert (trace.mask.sum(axis=0) == lengths).all()
    np.testing.assert_allclose(
        np.nan_to_num(trace.output), reference.output.detach(), rtol=0, atol=1e-10
    )
    assert trace.kind == {"tanh": "rnn", "relu": "rnn"}.get(kind, kind)
    assert (trace.layers, len(trace.directions)) == (module.num_layers, 1 + module.bidirectional)


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_gradients_agree_with_central_differences(kind, bidirectional):
    torch.manual_seed(1)
    module = make_module(kind, bidirectional=bidirectional).double()
    xs, state = torch.randn(5, 2, D, dtype=F64), make_state(module, 2)
    loss = random_loss(module, 5, 2, 3)
    trace = lens.trace(module, xs, loss, state=state)
    pair = state if kind == "lstm" else (state,)
    eps = 1e-5
    for name, part in zip(("d_hidden", "d_cell"), pair, strict=False):
        for row, direction in enumerate(trace.directions):
            got = trace.initial(name, 0, direction)
            for at in [(row, 0, 0), (row, 1, 3)]:
                values = []
                for sign in (1, -1):
                    moved = [p.double().clone() for p in pair]
                    moved[0 if part is pair[0] else 1][at] += sign * eps
                    answer = module(xs, tuple(moved) if kind == "lstm" else moved[0])
                    values.append(loss(answer).item())
                slope = (values[0] - values[1]) / (2 * eps)
                assert got[at[1:]] == pytest.approx(slope, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_input_without_a_batch(kind, batch_first):
    torch.manual_seed(2)
    module = make_module(kind, num_layers=2, bidirectional=True, batch_first=batch_first)
    xs, state = torch.randn(5, D), make_state(module, 1)
    alone = tuple(s[:, 0] for s in state) if kind == "lstm" else state[:, 0]
    trace = lens.trace(module, (xs, alone), lambda answer: answer[0].sin().sum())
    reference = loop(module, xs[:, None], [5], state)
    reference.output.sin().sum().backward()
    assert compare(trace, reference) == 5 * 4 * (2 if kind == "lstm" else 1)
    np.testing.assert_array_equal(trace["hidden"], lens.trace(module, xs, state=alone)["hidden"])


class Reader(nn.Module):
    """A model around a recurrent module, with most things that such models have."""

    def __init__(self, kind="gru", **options):
        super().__init__()
        self.embed = nn.Embedding(7, D)
        self.norm = nn.LayerNorm(D)
        self.rnn = make_module(kind, batch_first=True, **options)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(4, 3)

    def forward(self, words, lengths=None, scale=1.0):
        x = self.norm(self.embed(words)).float() * scale
        if lengths is not None:
            x = pack_padded_sequence(x, lengths, True, enforce_sorted=False)
        start = torch.zeros(self.rnn.num_layers, len(words), 4, dtype=torch.float32)
        start = (start, start) if self.rnn.mode == "LSTM" else start
        _, last = self.rnn(x, start)
        h = last[0] if isinstance(last, tuple) else last
        return self.out(self.drop(h[-1])).to(torch.float32)


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
def test_a_model_around_the_module(kind):
    torch.manual_seed(3)
    model = Reader(kind, num_layers=2).eval()
    words, targets = torch.randint(7, (3, 6)), torch.randint(3, (3,))
    lengths = torch.tensor([4, 6, 1])
    weights = torch.tensor([1.0, 2.0, 0.5])  # float32, as they mostly are

    def loss(logits):
        return nn.functional.cross_entropy(logits, targets, weights)

    trace = lens.trace(model, (words, lengths), loss)
    model.double()
    xs = model.norm(model.embed(words)).detach().transpose(0, 1)
    reference = loop(model.rnn, xs, lengths.tolist())
    logits = model.out(reference.last[0][-1])
    nn.functional.cross_entropy(logits, targets, weights.double()).backward()
    assert compare(trace, reference) > 0
    same = lens.trace(model, {"words": words, "lengths": lengths, "scale": 1.0}, loss)
    np.testing.assert_allclose(same["d_hidden"], trace["d_hidden"], rtol=0, atol=1e-12)


def test_targets_of_another_type_and_the_model_itself_may_stand_in_the_loss():
    torch.manual_seed(4)
    model = nn.RNN(D, 4)
    target = torch.zeros(4, dtype=torch.float16)
    trace = lens.trace(
        model,
        torch.randn(5, 1, D),
        lambda answer: (
            nn.functional.mse_loss(answer[0][-1, 0], target)
            + nn.functional.binary_cross_entropy(answer[0][0, 0].sigmoid(), target.float())
            + sum(p.square().sum() for p in model.parameters())
        ),
    )
    h = trace["hidden"]
    np.testing.assert_allclose(trace["d_hidden"][-1, 0], h[-1, 0] / 2, rtol=1e-12)
    assert all(p.grad is None for p in model.parameters())


def test_the_loss_without_being_told_is_half_the_square_of_the_last_state():
    torch.manual_seed(5)
    for bidirectional in (False, True):
        module = nn.LSTM(D, 4, 2, bidirectional=bidirectional)
        trace = lens.trace(module, torch.randn(6, 2, D), lengths=[6, 3])
        ends = trace["hidden"][[5, 2], [0, 1]]
        value = np.square(ends).sum()
        np.testing.assert_allclose(trace["d_hidden"][[5, 2], [0, 1]], ends, rtol=1e-12)
        if bidirectional:
            first = trace["hidden", 1, "backward"][0]
            value += np.square(first).sum()
            np.testing.assert_allclose(trace["d_hidden", 1, "backward"][0], first, rtol=1e-12)
        assert trace.loss == pytest.approx(value / 2)


def test_one_call_of_several():
    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRU(D, 4)
            self.out = nn.Linear(4, D)

        def forward(self, x):
            state, outputs = None, []
            for _ in range(3):
                h, state = self.cell(x, state)
                x = self.out(h)
                outputs.append(x)
            return torch.cat(outputs)

    torch.manual_seed(6)
    model, x = Decoder(), torch.randn(1, 2, D)
    with pytest.raises(lens.LensError, match=r"'cell' was called 3 times .* say call=0 to call=2"):
        lens.trace(model, x, lambda y: y.sum())
    with pytest.raises(lens.LensError, match=r"call=3; .* was called 3 times, so 0 to 2"):
        lens.trace(model, x, lambda y: y.sum(), call=3)
    states = [lens.trace(model, x, lambda y: y[-1].sum(), call=k) for k in range(3)]
    np.testing.assert_allclose(states[1].initial("hidden"), states[0]["hidden"][0], atol=1e-14)
    # the gradient at the state between two calls is the same from both sides, but for its output
    sums = model.double().out.weight.detach().sum(dim=0).numpy()
    np.testing.assert_allclose(states[2]["d_hidden"][0], np.tile(sums, (2, 1)), atol=1e-12)


def test_several_modules_by_name():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = nn.LSTM(D, 4), nn.LSTM(D, 4)

        def forward(self, x):
            return self.decoder(x, self.encoder(x)[1])[0]

    torch.manual_seed(7)
    model, x = Two(), torch.randn(5, 2, D)
    encoder = lens.trace(model, x, lambda y: y.square().sum(), module="encoder")
    decoder = lens.trace(model, x, lambda y: y.square().sum(), module="decoder")
    np.testing.assert_allclose(decoder.initial("cell"), encoder["cell"][-1], atol=1e-14)
    np.testing.assert_allclose(decoder.initial("d_cell"), encoder_end(encoder), atol=1e-12)


def encoder_end(encoder):
    """∂⁺L/∂c_T of the encoder: the total less what comes through h_T."""
    o, c = encoder["output_gate"][-1], encoder["cell"][-1]
    return encoder["d_cell"][-1] - encoder["d_hidden"][-1] * o * (1 - np.tanh(c) ** 2)


def test_small_benchmark_compares_the_same_network():
    for kind in benchmark.KINDS:
        ours, theirs = benchmark.make_pair(kind, T=6, H=4)
        assert ours().loss == pytest.approx(theirs())
        ratio, *times = benchmark.compare(ours, theirs, rounds=3)
        assert ratio.median > 0
        assert min(times) > 0


def test_benchmark_goes_by_its_bar(monkeypatch, capsys):
    assert benchmark.main(["--rounds", "1", "--steps", "5", "--units", "4"]) in (0, 1)
    monkeypatch.setattr(benchmark, "BAR", 0.0)
    assert benchmark.main(["--rounds", "1", "--steps", "5", "--units", "4"]) == 1
    assert "bar 0  is MISSED" in capsys.readouterr().out
