"""LSTM and GRU, one step forward and back: against torch, against nudging, at their limits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.cells import (
    GRUWeights,
    LSTMWeights,
    gru_step,
    gru_step_backward,
    init_gru_weights,
    init_lstm_weights,
    lstm_step,
    lstm_step_backward,
)
from utils.gradients import numerical_gradient, relative_error

SIZES = st.integers(1, 5)
EXACT = {"rtol": 0, "atol": 1e-10}


def draw(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def lstm_case(B=3, D=2, H=4, seed=0):
    x_t, h_prev, c_prev, W_x, W_h, b, d_h_t, d_c_t = draw(
        seed, (B, D), (B, H), (B, H), (D, 4 * H), (H, 4 * H), (4 * H,), (B, H), (B, H)
    )
    return (x_t, h_prev, c_prev, LSTMWeights(W_x, W_h, b)), (d_h_t, d_c_t)


def gru_case(B=3, D=2, H=4, seed=0):
    x_t, h_prev, W_x, W_h, b, b_hn, d_h_t = draw(
        seed, (B, D), (B, H), (D, 3 * H), (H, 3 * H), (3 * H,), (H,), (B, H)
    )
    return (x_t, h_prev, GRUWeights(W_x, W_h, b, b_hn)), d_h_t


def torch_cell(kind, x_t, h_prev, weights):
    """Return torch's cell with our weights; its GRU keeps b_hn in the second bias."""
    D, H = x_t.shape[1], h_prev.shape[1]
    cell = kind(D, H, dtype=torch.float64)
    second = np.zeros(len(weights.b))
    if kind is torch.nn.GRUCell:
        second[2 * H :] = weights.b_hn
    with torch.no_grad():
        for name, array in {
            "weight_ih": weights.W_x.T,
            "weight_hh": weights.W_h.T,
            "bias_ih": weights.b,
            "bias_hh": second,
        }.items():
            getattr(cell, name).copy_(torch.tensor(array))
    return cell


@given(SIZES, SIZES, SIZES, st.integers(0, 99))
def test_lstm_step_and_its_gradients_equal_torch(B, D, H, seed):
    (x_t, h_prev, c_prev, weights), (d_h_t, d_c_t) = lstm_case(B, D, H, seed)
    cell = torch_cell(torch.nn.LSTMCell, x_t, h_prev, weights)
    x, h, c = (torch.tensor(a, requires_grad=True) for a in (x_t, h_prev, c_prev))
    h_t, c_t = cell(x, (h, c))
    values = lstm_step(x_t, h_prev, c_prev, weights)
    np.testing.assert_allclose(values.h_t, h_t.detach(), **EXACT)
    np.testing.assert_allclose(values.c_t, c_t.detach(), **EXACT)

    ((h_t * torch.tensor(d_h_t)).sum() + (c_t * torch.tensor(d_c_t)).sum()).backward()
    back = lstm_step_backward(d_h_t, d_c_t, x_t, h_prev, c_prev, values, weights)
    for ours, theirs in {
        "d_x_t": x.grad,
        "d_h_prev": h.grad,
        "d_c_prev": c.grad,
        "d_W_x": cell.weight_ih.grad.T,
        "d_W_h": cell.weight_hh.grad.T,
        "d_b": cell.bias_ih.grad,
    }.items():
        np.testing.assert_allclose(getattr(back, ours), theirs, err_msg=ours, **EXACT)


@given(SIZES, SIZES, SIZES, st.integers(0, 99))
def test_gru_step_and_its_gradients_equal_torch(B, D, H, seed):
    (x_t, h_prev, weights), d_h_t = gru_case(B, D, H, seed)
    cell = torch_cell(torch.nn.GRUCell, x_t, h_prev, weights)
    x, h = (torch.tensor(a, requires_grad=True) for a in (x_t, h_prev))
    h_t = cell(x, h)
    values = gru_step(x_t, h_prev, weights)
    np.testing.assert_allclose(values.h_t, h_t.detach(), **EXACT)

    (h_t * torch.tensor(d_h_t)).sum().backward()
    back = gru_step_backward(d_h_t, x_t, h_prev, values, weights)
    for ours, theirs in {
        "d_x_t": x.grad,
        "d_h_prev": h.grad,
        "d_W_x": cell.weight_ih.grad.T,
        "d_W_h": cell.weight_hh.grad.T,
        "d_b": cell.bias_ih.grad,
        "d_b_hn": cell.bias_hh.grad[2 * h_prev.shape[1] :],
    }.items():
        np.testing.assert_allclose(getattr(back, ours), theirs, err_msg=ours, **EXACT)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("field", ["x_t", "h_prev", "W_x", "W_h", "b", "b_hn"])
def test_gru_gradients_agree_with_nudging(reset_after, field):
    (x_t, h_prev, weights), d_h_t = gru_case()
    given_ = {"x_t": x_t, "h_prev": h_prev, **weights._asdict()}

    def loss(array):
        a = {**given_, field: array}
        w = GRUWeights(*(a[name] for name in GRUWeights._fields))
        return float((gru_step(a["x_t"], a["h_prev"], w, reset_after).h_t * d_h_t).sum())

    values = gru_step(x_t, h_prev, weights, reset_after)
    back = gru_step_backward(d_h_t, x_t, h_prev, values, weights, reset_after)
    ours = getattr(back, f"d_{field}")
    measured = numerical_gradient(loss, given_[field])
    if field == "b_hn" and not reset_after:
        assert not ours.any()
        assert not measured.any()
    else:
        assert relative_error(ours, measured) < 1e-7


def test_the_two_places_of_the_reset_gate_differ_unless_it_is_open():
    (x_t, h_prev, weights), _ = gru_case()
    after, before = (gru_step(x_t, h_prev, weights, where).h_t for where in (True, False))
    assert np.abs(after - before).max() > 0.01
    weights.b[:4] = 1000.0  # the reset gate is 1
    weights.b_hn[:] = 0.0
    after, before = (gru_step(x_t, h_prev, weights, where).h_t for where in (True, False))
    np.testing.assert_allclose(after, before, **EXACT)


def test_open_forget_gate_and_shut_input_gate_keep_the_cell_state_exactly():
    (x_t, h_prev, c_prev, weights), (d_h_t, d_c_t) = lstm_case()
    weights.b[:4], weights.b[4:8] = -1000.0, 1000.0
    values = lstm_step(x_t, h_prev, c_prev, weights)
    assert np.array_equal(values.c_t, c_prev)
    back = lstm_step_backward(0 * d_h_t, d_c_t, x_t, h_prev, c_prev, values, weights)
    assert np.array_equal(back.d_c_prev, d_c_t)


def test_update_gate_at_one_keeps_the_state_and_at_zero_takes_the_candidate():
    (x_t, h_prev, weights), _ = gru_case()
    weights.b[4:8] = 1000.0
    assert np.array_equal(gru_step(x_t, h_prev, weights).h_t, h_prev)
    weights.b[4:8] = -1000.0
    values = gru_step(x_t, h_prev, weights)
    assert np.array_equal(values.h_t, values.candidate)


def test_first_weights_have_their_shapes_scale_and_forget_bias():
    rng = np.random.default_rng(0)
    lstm = init_lstm_weights(100, 50, rng, forget_bias=1.0)
    assert [a.shape for a in lstm] == [(100, 200), (50, 200), (200,)]
    assert np.array_equal(lstm.b, np.repeat([0.0, 1.0, 0.0, 0.0], 50))
    gru = init_gru_weights(100, 50, rng, dtype=np.float32)
    assert [a.shape for a in gru] == [(100, 150), (50, 150), (150,), (50,)]
    assert {a.dtype for a in gru} == {np.dtype(np.float32)}
    for weights in (lstm, gru):
        assert weights.W_x.std() == pytest.approx(0.1, rel=0.05)
        assert weights.W_h.std() == pytest.approx(50**-0.5, rel=0.05)


def test_inputs_are_left_alone_and_float32_stays_float32():
    (x_t, h_prev, c_prev, weights), (d_h_t, d_c_t) = lstm_case()
    before = [a.copy() for a in (x_t, h_prev, c_prev, *weights)]
    values = lstm_step(x_t, h_prev, c_prev, weights)
    lstm_step_backward(d_h_t, d_c_t, x_t, h_prev, c_prev, values, weights)
    for a, b in zip(before, (x_t, h_prev, c_prev, *weights), strict=True):
        assert np.array_equal(a, b)
    single = [a.astype(np.float32) for a in (x_t, h_prev, c_prev)]
    values = lstm_step(*single, LSTMWeights(*(a.astype(np.float32) for a in weights)))
    assert {a.dtype for a in values} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_t": np.zeros((3, 5))}, r"x_t has shape \(3, 5\); expected \(B, D\) = \(3, 2\)"),
        ({"x_t": np.zeros((0, 2))}, r"x_t has shape \(0, 2\): B must be at least 1"),
        ({"h_prev": "state"}, r"h_prev is a str; expected an array of numbers of shape \(B, H\)"),
        ({"h_prev": np.full((3, 4), np.nan)}, "h_prev holds 12 values that are NaN or infinite"),
        ({"W_h": np.zeros((4, 4))}, r"W_h has shape \(4, 4\); expected \(H, \dH\) = \(4, 1[26]\)"),
    ],
)
def test_bad_input_is_told_in_one_line(change, words):
    (x_t, h_prev, c_prev, weights), _ = lstm_case()
    a = {"x_t": x_t, "h_prev": h_prev, **weights._asdict(), **change}
    with pytest.raises((TypeError, ValueError), match=words):
        lstm_step(a["x_t"], a["h_prev"], c_prev, LSTMWeights(a["W_x"], a["W_h"], a["b"]))
    (x_t, h_prev, weights), _ = gru_case()
    a = {"x_t": x_t, "h_prev": h_prev, **weights._asdict(), **change}
    with pytest.raises((TypeError, ValueError), match=words):
        gru_step(a["x_t"], a["h_prev"], GRUWeights(*(a[name] for name in GRUWeights._fields)))
