"""Stacks with an output layer: gradients by nudging and by torch, masks, summary, sizes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from utils.cells import GRUWeights, LSTMWeights
from utils.gradients import numerical_gradient, relative_error
from utils.interop import from_torch
from utils.layers.recurrent import Layer, bidirectional_backward
from utils.optim import Adam
from utils.sequence_model import init_sequence_model
from utils.stacked_model import (
    StackedModel,
    count_parameters,
    init_stacked_model,
    sized_for,
)

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
TORCH_NAMES = {"W_xh": "weight_ih", "W_x": "weight_ih", "W_hh": "weight_hh", "W_h": "weight_hh"}
TORCH_NAMES |= {"b_h": "bias_ih", "b": "bias_ih"}
T, B, D, H, K = 5, 3, 4, 2, 3
MASK = np.arange(T)[:, None] < np.array([5, 3, 1])
SORTS = ("every step", "every step, masked", "once", "once, masked", "numbers")
every_kind = pytest.mark.parametrize("kind", KINDS)
every_sort = pytest.mark.parametrize("sort", SORTS)
both = pytest.mark.parametrize("both_directions", [False, True])


def make(kind, **options):
    options = {"depth": 2, "both_directions": True, **options}
    outputs = options.pop("K", K)
    return init_stacked_model(D, H, outputs, np.random.default_rng(1), kind, **options)


def draw(sort, rng):
    """Return xs, targets and mask."""
    xs, mask = rng.normal(size=(T, B, D)), MASK if "masked" in sort else None
    if "every" in sort:
        return xs, rng.integers(0, K, (T, B)), mask
    return xs, rng.normal(size=B) if sort == "numbers" else rng.integers(0, K, B), mask


@every_kind
@every_sort
@both
@pytest.mark.parametrize("residual", [False, True])
def test_gradients_agree_with_nudging(kind, sort, both_directions, residual):
    rng = np.random.default_rng(0)
    outputs = 1 if sort == "numbers" else K
    model = make(kind, K=outputs, both_directions=both_directions, residual=residual)
    xs, targets, mask = draw(sort, rng)

    def step():
        return model.loss_and_gradients(xs, targets, mask, 0.3, np.random.default_rng(5))

    done = step()
    assert set(done.gradients) == {f"d_{name}" for name in model.weights}
    for name in model.weights:
        if name.endswith((".b", ".b_h", "b_hn", "hy", "b_y")):  # torch speaks for all
            array = model.weights[name]

            def loss(values, array=array):
                before = array.copy()
                array[...] = values
                found = step().loss
                array[...] = before
                return found

            measured = numerical_gradient(loss, array.copy())
            assert relative_error(done.gradients[f"d_{name}"], measured) < 1e-6, name


def from_module(module, linear):
    directions = (False, True)[: 1 + module.bidirectional]
    layers = tuple(
        Layer(*(from_torch(module, layer, reverse) for reverse in directions))
        for layer in range(module.num_layers)
    )
    output = init_stacked_model(1, layers[-1].size, K, np.random.default_rng(0)).output
    output.W_hy[...] = linear.weight.detach().numpy().T
    output.b_y[...] = linear.bias.detach().numpy()
    return StackedModel(layers, output)


@every_kind
@both
@pytest.mark.parametrize("sort", SORTS[:4])
def test_losses_and_gradients_equal_torch(kind, both_directions, sort):
    torch.manual_seed(0)
    module = KINDS[kind](D, H, 2, bidirectional=both_directions, dtype=torch.float64)
    linear = nn.Linear(H * (1 + both_directions), K, dtype=torch.float64)
    model = from_module(module, linear)
    xs, targets, mask = draw(sort, np.random.default_rng(0))
    inputs, right = torch.tensor(xs), torch.tensor(targets)
    if mask is not None:
        lengths = torch.tensor(mask.sum(axis=0))
        inputs = nn.utils.rnn.pack_padded_sequence(inputs, lengths, enforce_sorted=False)
    out, last = module(inputs)
    if "every" in sort:
        if mask is not None:
            out, _ = nn.utils.rnn.pad_packed_sequence(out)
            out, right = out[torch.tensor(mask)], right[torch.tensor(mask)]
        scores = linear(out).reshape(-1, K)
    else:
        h_n = last[0] if kind == "lstm" else last
        scores = linear(torch.cat(list(h_n[-1 - both_directions :]), dim=-1))
    loss = nn.functional.cross_entropy(scores, right.reshape(-1))
    loss.backward()

    done = model.loss_and_gradients(xs, targets, mask)
    assert done.loss == pytest.approx(float(loss.detach()), rel=1e-10)
    close = {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(done.gradients["d_W_hy"], linear.weight.grad.T, **close)
    for name in model.weights:
        if name.startswith("layer") and not name.endswith("b_hn"):
            place, direction, ours = name.split(".")
            end = f"_l{place[5:]}" + ("_reverse" if direction == "backward" else "")
            expected = getattr(module, TORCH_NAMES[ours] + end).grad.numpy()
            np.testing.assert_allclose(done.gradients[f"d_{name}"], expected.T, **close)


@every_kind
def test_one_layer_in_one_direction_is_the_sequence_model(kind):
    rng = np.random.default_rng(0)
    plain = init_sequence_model(D, H, K, np.random.default_rng(3), kind, forget_bias=1.0)
    model = init_stacked_model(D, H, K, np.random.default_rng(3), kind, forget_bias=1.0)
    xs, targets, _ = draw("once", rng)
    ours, theirs = (m.loss_and_gradients(xs, targets) for m in (model, plain))
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-12)
    for name, gradient in theirs.gradients.items():
        name = name if "hy" in name or "b_y" in name else f"d_layer0.forward.{name[2:]}"
        np.testing.assert_allclose(ours.gradients[name], gradient, atol=1e-12)
    np.testing.assert_array_equal(model.predict(xs), plain.predict(xs))


@every_kind
@pytest.mark.parametrize("residual", [False, True])
def test_summary_knows_every_item_and_no_padding(kind, residual):
    model, rng = make(kind, residual=residual), np.random.default_rng(0)
    xs = rng.normal(size=(T, B, D))

    def summary(xs):
        return model.summary(model.forward(xs, MASK).stack)

    for half in (slice(0, H), slice(H, 2 * H)):
        for t in range(T):
            changed = xs.copy()
            changed[t] += 1
            differs = np.abs(summary(changed) - summary(xs))[:, half].max(axis=-1)
            np.testing.assert_array_equal(differs > 1e-9, MASK[t])


@every_kind
@both
@pytest.mark.parametrize("residual", [False, True])
def test_gradients_by_layer_agree_with_nudging(kind, both_directions, residual):
    """The gradient of a layer's output is that of a number added to it."""
    model = make(kind, depth=3, both_directions=both_directions, residual=residual)
    xs, targets, mask = draw("every step, masked", np.random.default_rng(0))
    done = model.loss_and_gradients(xs, targets, mask)
    found = done.gradients_by_layer
    assert [g.shape for g in found] == [done.stack.hs.shape] * 3
    np.testing.assert_array_equal(found[-1], done.d_hs)
    below = done.stack.layers[0].hs

    def loss(values):
        above = StackedModel(model.layers[1:], model.output, residual)
        # From the second layer on everything is as before, but that layer is the first now.
        if residual:
            first = StackedModel(model.layers[1:2], model.output).forward(values, mask)
            above = StackedModel(model.layers[2:], model.output)
            middle = first.stack.hs + values
            top = above.forward(middle, mask).stack.hs + middle
            outputs = top @ model.output.W_hy + model.output.b_y
        else:
            outputs = above.forward(values, mask).outputs
        chosen = outputs[mask] - np.log(np.exp(outputs[mask]).sum(-1, keepdims=True))
        return float(-chosen[np.arange(len(chosen)), targets[mask]].mean())

    assert loss(below) == pytest.approx(done.loss, rel=1e-12)
    measured = numerical_gradient(loss, below.copy())
    assert relative_error(found[0], measured) < 1e-6


@both
@pytest.mark.parametrize("residual", [False, True])
def test_gradients_by_layer_are_those_that_enter_each_layer(both_directions, residual):
    model = make("gru", depth=3, both_directions=both_directions, residual=residual)
    xs, targets, mask = draw("once, masked", np.random.default_rng(0))
    done = model.loss_and_gradients(xs, targets, mask, 0.4, np.random.default_rng(5))
    keeps = [1.0 if keep is None else keep for keep in done.stack.keeps]
    parts = (done.gradients_by_layer, keeps, done.stack.layers, model.layers, done.back.layers)
    for d_hs, keep, run, layer, found in zip(*parts, strict=True):
        again = bidirectional_backward(d_hs * keep, run, layer)
        np.testing.assert_allclose(again.d_xs, found.d_xs, atol=1e-14)
        np.testing.assert_allclose(again.forward.d_W_h, found.forward.d_W_h, atol=1e-14)


def test_the_mean_is_over_what_counts():
    model, rng = make("gru"), np.random.default_rng(0)
    xs, targets, mask = draw("every step, masked", rng)
    mean = model.loss_and_gradients(xs, targets, mask)
    total = model.loss_and_gradients(xs, targets, mask, reduction="sum")
    assert total.loss == pytest.approx(MASK.sum() * mean.loss)
    elsewhere = np.where(MASK, targets, (targets + 1) % K)
    assert model.loss_and_gradients(xs, elsewhere, mask).loss == mean.loss
    right = model.predict_steps(xs, mask)
    assert model.accuracy(xs, np.where(MASK, right, (right + 1) % K), mask) == 1
    assert model.accuracy(xs, right) < 1
    assert model.accuracy(xs, model.predict(xs)) == 1


@every_kind
def test_float32_stays_and_a_few_updates_learn(kind):
    rng = np.random.default_rng(2)
    model, optimiser = make(kind, K=2, dtype=np.float32, residual=True), Adam(0.02)
    losses = []
    for _ in range(60):
        xs = rng.integers(0, D, size=(T, 16))
        done = model.loss_and_gradients(xs, np.roll(xs, -1, 0) // 2)  # what the next symbol is
        losses.append(done.loss)
        optimiser.step(model.weights, done.gradients)
    assert {g.dtype for g in done.gradients.values()} == {np.dtype("float32")}
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_only_a_layer_that_reads_from_the_end_sees_what_comes():
    xs = np.random.default_rng(0).integers(0, D, size=(T, B))
    changed = xs.copy()
    changed[-1] = (xs[-1] + 1) % D
    for both_directions in (False, True):
        model = make("lstm", both_directions=both_directions)
        before, after = (model.forward(x).outputs[0] for x in (xs, changed))
        assert np.array_equal(before, after) != both_directions


@given(
    st.sampled_from(sorted(KINDS)), st.integers(1, 3), st.booleans(), st.booleans(), st.booleans()
)
def test_parameters_are_counted(kind, depth, both_directions, residual, reset_after):
    rng, shape = np.random.default_rng(0), (kind, depth, both_directions)
    model = init_stacked_model(D, H, K, rng, *shape, residual, reset_after=reset_after)
    sizes = {name: a.size for name, a in model.weights.items()}
    unused = 0 if reset_after else sum(n for name, n in sizes.items() if "b_hn" in name)
    expected = sum(sizes.values()) - unused
    assert count_parameters(D, H, K, *shape, reset_after) == expected
    assert sized_for(expected, D, K, *shape, reset_after) == H


@given(st.integers(200, 5000), st.integers(1, 4), st.booleans())
def test_no_other_size_comes_closer(parameters, depth, both_directions):
    shape = ("lstm", depth, both_directions)
    found = sized_for(parameters, D, K, *shape)
    off = [abs(count_parameters(D, n, K, *shape) - parameters) for n in range(1, found + 3)]
    assert off[found - 1] == min(off)


def test_forget_gates_start_where_they_are_told():
    model = make("lstm", forget_bias=2.0)
    for layer in model.layers:
        for cell in layer:
            assert isinstance(cell, LSTMWeights)
            np.testing.assert_array_equal(cell.b, np.repeat([0, 2, 0, 0], H))
    assert isinstance(make("gru", forget_bias=2.0).layers[0].forward, GRUWeights)


def test_bad_input_is_told_in_one_line():
    xs, model = np.zeros((T, B, D)), make("lstm")
    with pytest.raises(ValueError, match=r"the model has K = 3 outputs; expected K = 1"):
        model.loss_and_gradients(xs, np.zeros(B))
    with pytest.raises(ValueError, match=r"targets has shape \(2,\); expected \(3,\)"):
        model.loss_and_gradients(xs, np.zeros(2, int))
    with pytest.raises(ValueError, match=r"targets has shape \(4, 3\); expected \(5, 3\), \(T, B"):
        model.loss_and_gradients(xs, np.zeros((4, B), int), MASK)
    with pytest.raises(ValueError, match=r"mask holds no 1"):
        model.loss_and_gradients(xs, np.zeros((T, B), int), 0 * MASK)
    with pytest.raises(ValueError, match="targets holds 3"):
        model.loss_and_gradients(xs, np.full(B, 3))
    with pytest.raises(ValueError, match="parameters is 20; expected more: a model of one unit"):
        sized_for(20, D, K, "lstm", 3)
    with pytest.raises(ValueError, match="cell"):
        sized_for(200, D, K, "cnn")
    with pytest.raises(ValueError, match="cell"):
        make("cnn")
    with pytest.raises(TypeError, match="forget_bias"):
        make("lstm", forget_bias="open")
