"""What a trace says of its arrays: tables, saturation, half-lives, gains, tracking, findings."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.lens_reference import loop
from utils import lens
from utils.interop import from_torch
from utils.lens.findings import _divergence
from utils.memory import half_life
from utils.sequence import gru_sequence, lstm_sequence, rnn_sequence
from utils.state_gains import cell_line_gains, state_gains

D = 3


@pytest.fixture(scope="module")
def deep():
    torch.manual_seed(0)
    module = nn.LSTM(D, 4, 2, bidirectional=True)
    return lens.trace(module, torch.randn(6, 3, D), lengths=[6, 2, 4])


def scaled(module, factor):
    with torch.no_grad():
        for weight in module.parameters():
            weight *= factor
    return module


# Access


def test_arrays_by_name_layer_and_direction(deep):
    assert deep["cell"] is deep["cell", 1]
    assert deep["cell", -1, "forward"] is deep["cell", 1, "forward"]
    assert len(list(deep)) == 8 * 2 * 2
    assert ("d_cell", 1, "backward") in deep
    assert ("sum", 0, "forward") not in deep
    assert all(deep[key].shape == (6, 3, 4) for key in deep)
    assert np.isnan(deep["hidden"][2:, 1]).all()
    assert np.isfinite(deep["hidden"][deep.mask]).all()
    assert deep.initial("cell", 0, "backward").shape == (3, 4)
    assert repr(deep).startswith("Trace(lstm, 2 layers, forward and backward, T = 6, B = 3, H = 4")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("reset_gate", "no quantity 'reset_gate'; this lstm has input_gate, forget_gate"),
        (("cell", 2), "no layer 2; there are layers 0 to 1"),
        (("cell", "0"), "the layer is a str"),
        (("cell", 0, "back"), "no direction 'back'; this module has 'forward' and 'backward'"),
        (("cell", 0, "forward", 1), "has 4 parts"),
    ],
)
def test_wrong_keys(deep, key, words):
    with pytest.raises(KeyError, match=words):
        deep[key]


def test_initial_takes_states_only(deep):
    with pytest.raises(KeyError, match="'candidate' is no state; expected one of 'hidden', 'cell'"):
        deep.initial("candidate")


def test_table_is_tidy(deep):
    table = deep.table()
    assert list(table) == ["step", "sample", "layer", "direction", "unit", "quantity", "value"]
    assert len(table) == 8 * 2 * 2 * 12 * 4
    assert table["value"].notna().all()
    row = table[
        (table["step"] == 3)
        & (table["sample"] == 2)
        & (table["layer"] == 1)
        & (table["direction"] == "backward")
        & (table["unit"] == 2)
        & (table["quantity"] == "d_cell")
    ]
    assert row["value"].item() == deep["d_cell", 1, "backward"][3, 2, 2]
    few = deep.table(["hidden"])
    assert len(few) == 2 * 2 * 12 * 4
    assert set(few["quantity"]) == {"hidden"}
    means = few.groupby(["layer", "direction"], observed=True)["value"].mean()
    assert means[0, "forward"] == pytest.approx(np.nanmean(deep["hidden", 0]))


def test_norms(deep):
    norms = deep.norms("d_hidden", 0, "backward")
    expected = np.sqrt(np.sum(deep["d_hidden", 0, "backward"] ** 2, axis=-1))
    np.testing.assert_allclose(norms, expected, rtol=1e-12)


def test_projected_states_have_names():
    torch.manual_seed(1)
    module = nn.LSTM(D, 5, proj_size=2)
    trace = lens.trace(module, torch.randn(4, 1, D))
    assert (trace.hidden_size, trace.proj_size) == (5, 2)
    assert trace["before_projection"].shape == (4, 1, 5)
    W = module.weight_hr_l0.detach().double().numpy()
    np.testing.assert_allclose(trace["before_projection"] @ W.T, trace["hidden"], atol=1e-12)


# Gains


@pytest.mark.parametrize("kind", ["tanh", "relu", "gru", "lstm"])
def test_gains_are_those_of_the_course(kind):
    torch.manual_seed(2)
    made = {"gru": nn.GRU, "lstm": nn.LSTM}.get(kind)
    module = made(D, 4) if made else nn.RNN(D, 4, nonlinearity=kind)
    xs = torch.randn(7, 2, D).double()
    module.double()
    gains = lens.trace(module, xs).total_gains()
    weights, arrays = from_torch(module), xs.numpy()
    if kind == "lstm":
        sequence = lstm_sequence(arrays, None, None, weights)
        expected = cell_line_gains(sequence, weights)
        np.testing.assert_allclose(gains.direct, expected.direct[1:], atol=1e-10)
        expected = expected.total
    elif kind == "gru":
        expected = state_gains(gru_sequence(arrays, None, weights), weights)
    else:
        sequence = rnn_sequence(arrays, None, weights, activation=kind)
        expected = state_gains(sequence, weights)
    np.testing.assert_allclose(gains.total, expected[1:], atol=1e-10)
    assert gains.total[-1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm", "projected"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_gains_unit_by_unit_are_jacobians_of_autograd(kind, direction):
    torch.manual_seed(3)
    options = {"bidirectional": True}
    module = {
        "tanh": lambda: nn.RNN(D, 4, **options),
        "gru": lambda: nn.GRU(D, 4, **options),
        "lstm": lambda: nn.LSTM(D, 4, **options),
        "projected": lambda: nn.LSTM(D, 4, proj_size=2, **options),
    }[kind]()
    module, lengths = scaled(module, 2.0), [5, 3]
    xs = torch.randn(5, 2, D)
    trace = lens.trace(module, xs, lengths=lengths)
    gains = trace.total_gains(0, direction)
    reference = loop(module, xs, lengths)
    state = "cell" if trace.kind == "lstm" else "hidden"
    states = reference.states[state, 0, direction]
    for b, length in enumerate(lengths):
        end = 0 if direction == "backward" else length - 1
        for t in range(length):
            rows = [
                torch.autograd.grad(number, states[t, b], retain_graph=True)[0]
                for number in states[end, b]
            ]
            J = torch.stack(rows).numpy()  # ∂(last)/∂(t), a row for each number of the last state
            lengths_of_units = np.log10(np.sqrt(np.sum(J**2, axis=0)))
            np.testing.assert_allclose(gains.unit_total[t, b], lengths_of_units, atol=1e-9)
            total = np.log10(np.linalg.norm(J) / np.sqrt(len(J)))
            assert gains.total[t, b] == pytest.approx(total, abs=1e-9)
            assert gains.steps_back[t, b] == abs(end - t)
            reach = gains.reach(0.3)[b]
            assert (reach[10**lengths_of_units >= 0.3] >= abs(end - t)).all()
    assert np.isnan(gains.total[~trace.mask]).all()
    assert (gains.reach(1e-300) == np.array(lengths)[:, None] - 1).all()
    with pytest.raises(ValueError, match="left is 0; expected a number above 0"):
        gains.reach(0)


def test_direct_path_is_the_product_of_the_gates(deep):
    gains = deep.total_gains(0)
    f = deep["forget_gate", 0]
    np.testing.assert_allclose(gains.unit_direct[1, 0], np.log10(f[2:, 0]).sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(gains.unit_direct[0, 1], np.log10(f[1, 1]), atol=1e-12)
    back = deep.total_gains(0, "backward")
    f = deep["forget_gate", 0, "backward"]
    np.testing.assert_allclose(back.unit_direct[3, 2], np.log10(f[:3, 2]).sum(axis=0), atol=1e-12)
    torch.manual_seed(4)
    module = nn.RNN(D, 4)
    trace = lens.trace(module, torch.randn(3, 1, D))
    own = np.abs(np.diag(module.weight_hh_l0.detach().double().numpy()))
    slopes = 1 - trace["hidden"][1:, 0] ** 2
    expected = np.log10(own * slopes).sum(axis=0)
    np.testing.assert_allclose(trace.total_gains().unit_direct[0, 0], expected, atol=1e-12)


def test_gains_by_probes_are_near_and_beyond_the_range_of_numbers():
    torch.manual_seed(5)
    module = nn.RNN(D, 24)
    trace = lens.trace(module, torch.randn(30, 2, D))
    exact, near = trace.total_gains(), trace.total_gains(probes=64)
    np.testing.assert_allclose(near.total, exact.total, atol=0.1)
    np.testing.assert_allclose(near.unit_total[:-1], exact.unit_total[:-1], atol=0.6)
    with pytest.raises(ValueError, match="probes is 0"):
        trace.total_gains(probes=0)
    far = lens.trace(scaled(module, 0.05), torch.randn(400, 1, D)).total_gains()
    assert far.total[0, 0] < -320
    assert np.isfinite(far.total).all()


# Units


def test_half_life_is_that_of_the_geometric_mean(deep):
    table = deep.half_life()
    assert len(table) == 2 * 2 * 4
    f = deep["forget_gate", 1, "backward"]
    row = table[(table["layer"] == 1) & (table["direction"] == "backward") & (table["unit"] == 2)]
    mean = np.exp(np.log(f[deep.mask][:, 2]).mean())
    assert row["factor"].item() == pytest.approx(mean)
    assert row["half_life"].item() == pytest.approx(half_life(mean))
    module = nn.GRU(D, 2)
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
        module.bias_ih_l0[2:4] = torch.tensor([100.0, 0.0])
    lives = lens.trace(module, torch.ones(3, 1, D)).half_life()["half_life"]
    assert lives.tolist() == [np.inf, pytest.approx(1.0)]


def test_saturation_counts_steps_at_the_ends(deep):
    table = deep.saturation(low=0.45, high=0.55, tanh=0.2)
    assert set(table["quantity"]) == {
        "input_gate",
        "forget_gate",
        "candidate",
        "output_gate",
        "cell",
    }

    def row(name, unit):
        own = table[(table["layer"] == 0) & (table["direction"] == "forward")]
        return own[(own["quantity"] == name) & (own["unit"] == unit)].iloc[0]

    f = deep["forget_gate", 0][deep.mask][:, 1]
    assert row("forget_gate", 1)["low"] == pytest.approx((f < 0.45).mean())
    assert row("forget_gate", 1)["high"] == pytest.approx((f > 0.55).mean())
    for name, values in (("candidate", deep["candidate", 0]), ("cell", np.tanh(deep["cell", 0]))):
        own = values[deep.mask][:, 3]
        assert row(name, 3)["low"] == pytest.approx((own < -0.2).mean())
        assert row(name, 3)["high"] == pytest.approx((own > 0.2).mean())
    for wrong in ({"low": 0}, {"low": 0.5, "high": 0.4}, {"tanh": 1}):
        with pytest.raises(ValueError, match="expected a number above"):
            deep.saturation(**wrong)


def test_saturation_of_plain_networks():
    torch.manual_seed(6)
    module = nn.RNN(D, 3, nonlinearity="relu")
    with torch.no_grad():
        module.bias_hh_l0[:] = torch.tensor([-100.0, 100.0, 0.0])
    table = lens.trace(module, torch.randn(5, 2, D)).saturation()
    assert set(table["quantity"]) == {"hidden"}
    assert table["low"].tolist()[:2] == [1.0, 0.0]
    assert (table["high"] == 0).all()
    module = scaled(nn.RNN(D, 3), 1000.0)
    table = lens.trace(module, torch.randn(5, 2, D)).saturation()
    assert (table["low"] + table["high"] > 0.9).all()


# Tracking


def counting_network():
    """A GRU whose unit 1 follows the input and whose other units read noise."""
    module = nn.GRU(4, 4)
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
        module.weight_ih_l0[8:] = torch.eye(4) * 0.3
        module.bias_ih_l0[4:8] = -3.0  # update gates nearly shut: h is the candidate
    return module


def test_tracking_finds_the_unit_that_follows():
    rng = np.random.default_rng(0)
    xs = rng.standard_normal((60, 3, 4))
    trace = lens.trace(counting_network(), xs, lengths=[60, 40, 20])
    signal = -xs[:, :, 1]
    signal[50:] = np.nan
    table = trace.tracking(signal)
    best = table.iloc[0]
    assert best["unit"] == 1
    assert best["correlation"] < -0.95
    assert best["beats_chance"]
    assert table["beats_chance"].sum() == 1
    assert 0.1 < best["chance"] < 0.6
    h, told = trace["hidden"], trace.mask & np.isfinite(signal)
    expected = np.corrcoef(signal[told], h[told][:, 1])[0, 1]
    assert best["correlation"] == pytest.approx(expected)
    assert trace.tracking(signal).equals(table)
    assert set(trace.tracking(signal, ["update_gate"])["quantity"]) == {"update_gate"}


def test_tracking_a_label_of_whole_samples():
    """Shifted in time such a signal stays what it is; exchanged between samples it does not."""
    rng = np.random.default_rng(3)
    xs = rng.standard_normal((20, 12, 4))
    labels = np.where(np.arange(12) % 2, 1.0, -1.0)
    xs[:, :, 1] += 2 * labels
    table = lens.trace(counting_network(), xs).tracking(np.tile(labels, (20, 1)))
    assert table.iloc[0]["unit"] == 1
    assert table["beats_chance"].tolist() == [True, False, False, False]


def test_tracking_by_chance_is_rare():
    rng = np.random.default_rng(1)
    trace = lens.trace(nn.GRU(4, 16), rng.standard_normal((40, 4, 4)))
    slow = np.cumsum(rng.standard_normal((30, 40, 4)), axis=1)  # drifts, as states do
    false = [trace.tracking(signal)["beats_chance"].any() for signal in slow]
    assert np.mean(false) < 0.25


def test_units_that_never_change_come_last():
    module = counting_network()
    with torch.no_grad():
        module.weight_ih_l0[8] = 0.0
    trace = lens.trace(module, np.random.default_rng(2).standard_normal((20, 4)))
    table = trace.tracking(np.arange(20.0))
    assert table.iloc[-1]["unit"] == 0
    assert np.isnan(table.iloc[-1]["correlation"])
    assert not table.iloc[-1]["beats_chance"]


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (np.ones(5), r"the signal has shape \(5,\); expected \(6, 3\) or \(6,\)"),
        (np.ones(6), "the signal never changes"),
        (np.full(6, np.nan), "the signal never changes"),
    ],
)
def test_wrong_signals(deep, signal, words):
    with pytest.raises(lens.LensError, match=words):
        deep.tracking(signal)


# Findings


def findings(module, xs, loss=None, **options):
    return " ".join(lens.trace(module, xs, loss, **options).findings)


def test_a_healthy_network_has_no_findings(deep):
    assert deep.findings == []


@pytest.mark.parametrize(
    ("kind", "factor", "H"), [(nn.RNN, 3, 256), (nn.RNN, 5, 64), (nn.LSTM, 20, 64)]
)
def test_an_ill_conditioned_network_is_opened_and_said(kind, factor, H):
    torch.manual_seed(7)
    module = scaled(kind(8, H), float(factor))
    trace = lens.trace(module, torch.randn(200, 1, 8))
    assert trace.divergence.max() > 0.1
    assert trace.divergence[0, 0] < 1e-4
    assert "The network is ill-conditioned: in float32" in trace.findings[0]
    assert f"up to {trace.divergence.max():.2g} away" in trace.findings[0]
    torch.manual_seed(7)
    assert "ill-conditioned" not in findings(kind(8, H), torch.randn(200, 1, 8))


def test_a_few_rounding_errors_are_no_finding():
    trace = lens.trace(nn.GRU(D, 4), torch.randn(5, 2, D))
    for size, said in ((1e-6, False), (1e-5, True)):
        trace.divergence = np.full((5, 2), size)
        assert bool(list(_divergence(trace))) == said


def test_numbers_beyond_the_range_are_opened_and_said():
    torch.manual_seed(8)
    module = scaled(nn.RNN(D, 16, 2, nonlinearity="relu"), 30.0)
    said = findings(module, torch.randn(400, 2, D))
    assert "The hidden state is not finite (NaN, or beyond the range of float64) at" in said
    assert "The loss is" in said
    module = scaled(nn.RNN(D, 16), 40.0)
    trace = lens.trace(module, 1e-3 * torch.randn(600, 1, D), lambda y: y[0].sum())
    if np.isinf(trace["d_hidden"]).any():
        assert "The gradient explodes" in " ".join(trace.findings)


def test_inputs_that_are_no_numbers_are_said():
    xs = torch.randn(5, 2, D)
    xs[3, 1] = torch.inf
    said = findings(nn.LSTM(D, 4), xs, lengths=[5, 5])
    assert "The input of the recurrent module holds 3 numbers that are NaN or infinite." in said
    xs[0, 0, 0] = torch.nan
    assert "The cell state is not finite" in findings(nn.LSTM(D, 4), xs)


def test_gradients_that_vanish_or_explode_are_said():
    torch.manual_seed(9)
    xs = 0.1 * torch.randn(60, 1, D)
    faded = findings(scaled(nn.RNN(D, 16), 0.5), xs)
    assert "The gradient vanishes: ‖∂L/∂h‖ is" in faded
    module = nn.RNN(D, 16, nonlinearity="relu")
    with torch.no_grad():
        module.weight_hh_l0.copy_(1.5 * torch.eye(16))
    grown = findings(module, xs, lambda y: y[0][-1].sum())
    assert "The gradient explodes: ‖∂L/∂h‖ is" in grown
    assert "read and 4 at the last" in grown


def test_gates_that_are_stuck_are_said():
    module = nn.LSTM(D, 4)
    with torch.no_grad():
        module.bias_ih_l0[4:8] = -30.0
        module.bias_ih_l0[12:] = 30.0
    said = findings(module, torch.randn(9, 2, D))
    assert "The forget gate is shut at 95% or more of the steps in 4 of 4 units." in said
    assert "The output gate is open at 95% or more of the steps in 4 of 4 units." in said


def test_dead_and_saturated_units_are_said():
    module = nn.RNN(D, 4, nonlinearity="relu")
    with torch.no_grad():
        module.bias_ih_l0[:3] = -30.0
    assert "3 of 4 units are dead: their ReLU gives 0" in findings(module, torch.randn(9, 2, D))
    said = findings(scaled(nn.RNN(D, 4), 500.0), torch.randn(9, 2, D))
    assert "The hidden state is saturated (beyond ±0.99)" in said


def test_a_loss_that_does_not_reach_the_module_is_said():
    said = findings(nn.GRU(D, 4), torch.randn(5, 2, D), lambda y: y[0].detach().sum())
    assert "No gradient of the loss reaches the recurrent module" in said


def test_a_single_step_of_many_samples_is_said():
    assert "read as (T, B, D) with T = 1 and B = 9" in findings(nn.GRU(D, 4), torch.randn(1, 9, D))
    module = nn.GRU(D, 4, batch_first=True)
    assert "read as (B, T, D) with T = 1 and B = 9" in findings(module, torch.randn(9, 1, D))
