"""The fast sequences: equal to their cells in a loop, to torch, and to nudging."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.cells import RNNWeights, rnn_step, rnn_step_backward
from utils.gradients import numerical_gradient, relative_error
from utils.interop import to_torch
from utils.layers import one_hot
from utils.sequence import rnn_sequence, rnn_sequence_backward

SIZES = st.integers(1, 5)
EXACT = {"rtol": 0, "atol": 1e-10}


def draw(T=4, B=3, D=2, H=5, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = [(T, B, D), (B, H), (D, H), (H, H), (H,), (T, B, H)]
    xs, h_0, *weights, d_hs = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return xs, h_0, RNNWeights(*weights), d_hs


def loop(xs, h_0, weights, d_hs):
    """The same with the readable cell, step by step."""
    hs, h_t = [], h_0
    for x_t in xs:
        h_t = rnn_step(x_t, h_t, weights)
        hs.append(h_t)
    d_h, total, d_xs = np.zeros_like(h_0), None, []
    for t in reversed(range(len(xs))):
        h_prev = hs[t - 1] if t else h_0
        back = rnn_step_backward(d_h + d_hs[t], xs[t], h_prev, hs[t], weights)
        d_h = back.d_h_prev
        d_xs.insert(0, back.d_x_t)
        parts = back[2:]
        total = parts if total is None else [a + b for a, b in zip(total, parts, strict=True)]
    return np.stack(hs), (np.stack(d_xs), d_h, *total)


@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_rnn_equals_its_cell_in_a_loop(T, B, D, H, seed):
    xs, h_0, weights, d_hs = draw(T, B, D, H, seed)
    hs, gradients = loop(xs, h_0, weights, d_hs)
    sequence = rnn_sequence(xs, h_0, weights)
    np.testing.assert_allclose(sequence.hs, hs, **EXACT)
    for ours, theirs in zip(rnn_sequence_backward(d_hs, sequence, weights), gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, **EXACT)


@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_rnn_equals_torch(T, B, D, H, seed):
    xs, h_0, weights, d_hs = draw(T, B, D, H, seed)
    module = to_torch(weights)
    x, h = (torch.tensor(a, requires_grad=True) for a in (xs, h_0[None]))
    theirs, _ = module(x, h)
    (theirs * torch.tensor(d_hs)).sum().backward()
    sequence = rnn_sequence(xs, h_0, weights)
    back = rnn_sequence_backward(d_hs, sequence, weights)
    for ours, other in {
        "d_xs": x.grad,
        "d_h_0": h.grad[0],
        "d_W_xh": module.weight_ih_l0.grad.T,
        "d_W_hh": module.weight_hh_l0.grad.T,
        "d_b_h": module.bias_ih_l0.grad,
    }.items():
        np.testing.assert_allclose(getattr(back, ours), other, err_msg=ours, **EXACT)
    np.testing.assert_allclose(sequence.hs, theirs.detach(), **EXACT)


def test_rnn_of_indices_equals_that_of_one_hot_vectors():
    _, h_0, weights, d_hs = draw(D=7)
    indices = np.random.default_rng(3).integers(0, 7, size=(4, 3))
    by_index, by_vector = (rnn_sequence(xs, h_0, weights) for xs in (indices, one_hot(indices, 7)))
    np.testing.assert_allclose(by_index.hs, by_vector.hs, **EXACT)
    ours = rnn_sequence_backward(d_hs, by_index, weights)
    theirs = rnn_sequence_backward(d_hs, by_vector, weights)
    assert ours.d_xs is None
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_allclose(a, b, **EXACT)


def test_rnn_with_a_mask_is_each_sequence_at_its_own_length():
    xs, h_0, weights, d_hs = draw()
    lengths = np.array([4, 1, 2])
    mask = np.arange(4)[:, None] < lengths
    masked = rnn_sequence(xs, h_0, weights, mask)
    d_last = d_hs.copy()
    d_last[:-1] = 0  # the last state, which for short ones is that of their own last item
    back = rnn_sequence_backward(d_last, masked, weights)
    total = 0
    for b, n in enumerate(lengths):
        alone = rnn_sequence(xs[:n, b : b + 1], h_0[b : b + 1], weights)
        np.testing.assert_allclose(masked.hs[-1, b], alone.hs[-1, 0], **EXACT)
        d_alone = np.zeros_like(alone.hs)
        d_alone[-1] = d_last[-1, b]
        part = rnn_sequence_backward(d_alone, alone, weights)
        np.testing.assert_allclose(back.d_xs[:n, b], part.d_xs[:, 0], **EXACT)
        assert not back.d_xs[n:, b].any()
        np.testing.assert_allclose(back.d_h_0[b], part.d_h_0[0], **EXACT)
        total = total + part.d_W_hh
    np.testing.assert_allclose(back.d_W_hh, total, **EXACT)


@pytest.mark.parametrize("field", ["xs", "h_0", "W_xh", "W_hh", "b_h"])
def test_rnn_gradients_with_a_mask_agree_with_nudging(field):
    xs, h_0, weights, d_hs = draw()
    mask = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    given_ = {"xs": xs, "h_0": h_0, **weights._asdict()}

    def loss(array):
        a = {**given_, field: array}
        w = RNNWeights(a["W_xh"], a["W_hh"], a["b_h"])
        return float((rnn_sequence(a["xs"], a["h_0"], w, mask).hs * d_hs).sum())

    back = rnn_sequence_backward(d_hs, rnn_sequence(xs, h_0, weights, mask), weights)
    measured = numerical_gradient(loss, given_[field])
    assert relative_error(getattr(back, f"d_{field}"), measured) < 1e-7


def test_rnn_leaves_its_inputs_alone_and_keeps_float32():
    xs, h_0, weights, d_hs = draw(dtype=np.float32)
    before = [a.copy() for a in (xs, h_0, *weights, d_hs)]
    sequence = rnn_sequence(xs, None, weights)
    back = rnn_sequence_backward(d_hs, sequence, weights)
    assert {a.dtype for a in (sequence.hs, *back)} == {np.dtype(np.float32)}
    for a, b in zip(before, (xs, h_0, *weights, d_hs), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"xs": np.zeros((0, 3, 2))}, r"xs has shape \(0, 3, 2\): T must be at least 1"),
        ({"xs": np.zeros((4, 3, 7))}, r"xs has shape \(4, 3, 7\); expected \(T, B, D\)"),
        ({"xs": np.full((4, 3), 2)}, "xs holds 2 at index"),
        ({"h_0": np.zeros((2, 5))}, r"h_0 has shape \(2, 5\); expected \(B, H\) = \(3, 5\)"),
        ({"mask": np.ones((3, 4))}, r"mask has shape \(3, 4\); expected \(T, B\) = \(4, 3\)"),
        ({"mask": np.full((4, 3), 0.5)}, "mask holds 0.5; expected 1 where there is an item"),
    ],
)
def test_bad_input_is_told_in_one_line(change, words):
    xs, h_0, weights, d_hs = draw()
    a = {"xs": xs, "h_0": h_0, "mask": None, **change}
    with pytest.raises(ValueError, match=words):
        rnn_sequence(a["xs"], a["h_0"], weights, a["mask"])
    with pytest.raises(ValueError, match=r"d_hs has shape \(2, 3, 5\); expected"):
        rnn_sequence_backward(d_hs[:2], rnn_sequence(xs, h_0, weights), weights)
