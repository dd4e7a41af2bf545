"""The plain RNN: equal to torch forward and backward, unrolled, limits, bad input."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from utils import cells
from utils.gradients import numerical_gradient
from utils.interop import to_torch
from utils.layers import linear

sizes = st.tuples(*[st.integers(1, 4)] * 4)  # T, B, D, H
seeds = st.integers(0, 2**32 - 1)
ACTIVATIONS = cells.RNN_ACTIVATIONS


def make(T, B, D, H, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    weights = cells.init_rnn_weights(D, H, rng)._replace(b_h=rng.standard_normal(H))
    xs, h_0 = rng.standard_normal((T, B, D)), rng.standard_normal((B, H))
    weights = cells.RNNWeights(*(array.astype(dtype) for array in weights))
    return xs.astype(dtype), h_0.astype(dtype), weights


@pytest.mark.parametrize("activation", ["tanh", "relu"])  # those that nn.RNN has
@given(sizes=sizes, seed=seeds)
def test_unroll_equals_torch(activation, sizes, seed):
    T, B, D, H = sizes
    xs, h_0, weights = make(T, B, D, H, seed)
    rnn = to_torch(weights, activation)
    with torch.no_grad():
        expected, last = rnn(torch.tensor(xs), torch.tensor(h_0)[None])
        from_zero, _ = rnn(torch.tensor(xs))
    hs = cells.rnn_unroll(xs, h_0, weights, activation)
    np.testing.assert_allclose(hs, expected.numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(hs[-1], last[0].numpy(), rtol=0, atol=1e-10)
    got = cells.rnn_unroll(xs, None, weights, activation)
    np.testing.assert_allclose(got, from_zero.numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@given(sizes=sizes, seed=seeds)
def test_step_and_backward_equal_autograd(activation, sizes, seed):
    _, B, D, H = sizes
    xs, h_prev, weights = make(1, B, D, H, seed)
    d_h_t = np.random.default_rng(seed + 1).standard_normal((B, H))

    leaves = [
        torch.tensor(array, dtype=torch.float64, requires_grad=True)
        for array in (xs[0], h_prev, *weights)
    ]
    x, h, W_xh, W_hh, b_h = leaves
    f = F.leaky_relu if activation == "leaky_relu" else getattr(torch, activation)
    out = f(x @ W_xh + h @ W_hh + b_h)
    out.backward(torch.tensor(d_h_t))

    h_t = cells.rnn_step(xs[0], h_prev, weights, activation)
    np.testing.assert_allclose(h_t, out.detach().numpy(), rtol=0, atol=1e-10)
    gradients = cells.rnn_step_backward(d_h_t, xs[0], h_prev, h_t, weights, activation)
    for gradient, leaf in zip(gradients, leaves, strict=True):
        assert gradient.shape == tuple(leaf.shape)
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=0, atol=1e-10)


def test_backward_equals_central_differences():
    xs, h_prev, weights = make(1, 2, 3, 4)
    d_h_t = np.random.default_rng(1).standard_normal((2, 4))

    def loss(x_t, h, *arrays):
        return (d_h_t * cells.rnn_step(x_t, h, cells.RNNWeights(*arrays))).sum()

    arguments = [xs[0], h_prev, *weights]
    gradients = cells.rnn_step_backward(
        d_h_t, xs[0], h_prev, cells.rnn_step(xs[0], h_prev, weights), weights
    )
    for i, gradient in enumerate(gradients):
        measured = numerical_gradient(
            lambda a, i=i: loss(*arguments[:i], a, *arguments[i + 1 :]), arguments[i]
        )
        np.testing.assert_allclose(gradient, measured, rtol=1e-6, atol=1e-8)


def test_backward_through_a_sequence_equals_torch():
    """Steps back, their weight gradients added up, give the whole gradient."""
    T, B, D, H = 5, 2, 3, 4
    xs, h_0, weights = make(T, B, D, H)
    d_hs = np.random.default_rng(1).standard_normal((T, B, H))
    rnn = to_torch(weights, "tanh")
    start = torch.tensor(h_0)[None].requires_grad_()
    rnn(torch.tensor(xs), start)[0].backward(torch.tensor(d_hs))

    hs = [h_0, *cells.rnn_unroll(xs, h_0, weights)]
    d_h, total = np.zeros((B, H)), None
    for t in reversed(range(T)):
        step = cells.rnn_step_backward(d_hs[t] + d_h, xs[t], hs[t], hs[t + 1], weights)
        d_h = step.d_h_prev
        total = step[2:] if total is None else [a + b for a, b in zip(total, step[2:], strict=True)]
    for got, expected in [
        (total[0], rnn.weight_ih_l0.grad.T),
        (total[1], rnn.weight_hh_l0.grad.T),
        (total[2], rnn.bias_ih_l0.grad),
        (d_h, start.grad[0]),
    ]:
        np.testing.assert_allclose(got, expected.numpy(), rtol=0, atol=1e-10)


def test_unroll_is_the_step_again_and_again():
    xs, h_0, weights = make(3, 2, 3, 4)
    h_1 = cells.rnn_step(xs[0], h_0, weights)
    h_2 = cells.rnn_step(xs[1], h_1, weights)
    np.testing.assert_array_equal(cells.rnn_unroll(xs, h_0, weights)[:2], [h_1, h_2])


def test_concatenated_input_and_state_give_the_same_step():
    xs, h_prev, weights = make(1, 2, 3, 4)
    stacked = np.concatenate([weights.W_xh, weights.W_hh])  # (D + H, H)
    together = np.concatenate([xs[0], h_prev], axis=1)  # (B, D + H)
    h_t = cells.rnn_step(xs[0], h_prev, weights)
    np.testing.assert_allclose(h_t, np.tanh(linear(together, stacked, weights.b_h)), atol=1e-14)


def test_limits():
    xs, h_0, weights = make(3, 2, 3, 4)
    nothing = cells.RNNWeights(*(np.zeros_like(array) for array in weights))
    assert not cells.rnn_unroll(xs, h_0, nothing).any()
    blind = weights._replace(W_hh=np.zeros((4, 4)))  # no memory: a layer, step by step
    expected = np.tanh(linear(xs, weights.W_xh, weights.b_h))
    np.testing.assert_allclose(cells.rnn_unroll(xs, h_0, blind), expected, atol=1e-14)
    far = weights._replace(b_h=np.array([1e3, -1e3, 1e3, -1e3]))
    np.testing.assert_array_equal(cells.rnn_step(xs[0], h_0, far)[0], [1, -1, 1, -1])
    assert (cells.rnn_unroll(xs, h_0, weights, "relu") >= 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_number_type_stays_and_nothing_is_changed(dtype, activation):
    xs, h_0, weights = make(3, 2, 3, 4, dtype=dtype)
    before = [array.copy() for array in (xs, h_0, *weights)]
    hs = cells.rnn_unroll(xs, h_0, weights, activation)
    assert hs.dtype == cells.rnn_unroll(xs, None, weights, activation).dtype == dtype
    gradients = cells.rnn_step_backward(hs[0], xs[0], h_0, hs[0], weights, activation)
    assert all(gradient.dtype == dtype for gradient in gradients)
    for array, copy in zip((xs, h_0, *weights), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_first_weights():
    weights = cells.init_rnn_weights(100, 400, np.random.default_rng(0))
    assert [array.shape for array in weights] == [(100, 400), (400, 400), (400,)]
    assert weights.W_xh.std() == pytest.approx(0.1, rel=0.02)
    assert weights.W_hh.std() == pytest.approx(0.05, rel=0.02)
    assert abs(weights.W_hh.mean()) < 0.001
    assert not weights.b_h.any()
    output = cells.init_output_weights(400, 100, np.random.default_rng(0), dtype=np.float32)
    assert [array.shape for array in output] == [(400, 100), (100,)]
    assert output.W_hy.std() == pytest.approx(0.05, rel=0.02)
    assert output.W_hy.dtype == output.b_y.dtype == np.float32
    scaled = cells.init_rnn_weights(100, 400, np.random.default_rng(0), scale=0.3)
    assert scaled.W_xh.std() == pytest.approx(0.3, rel=0.02)
    assert scaled.W_hh.std() == pytest.approx(0.3, rel=0.02)
    same = cells.init_rnn_weights(100, 400, np.random.default_rng(0))
    assert all(np.array_equal(a, b) for a, b in zip(weights, same, strict=True))


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((0, 2), ValueError, "^D is 0; expected a whole number of at least 1"),
        ((2, 1.5), TypeError, "^H is 1.5; expected a whole number of at least 1"),
    ],
)
def test_bad_sizes(arguments, kind, message):
    with pytest.raises(kind, match=message):
        cells.init_rnn_weights(*arguments, np.random.default_rng(0))


def test_bad_settings_of_first_weights():
    with pytest.raises(TypeError, match=r"^rng is an int; expected a random generator"):
        cells.init_rnn_weights(2, 2, 0)
    for init in (cells.init_rnn_weights, cells.init_output_weights):
        with pytest.raises(ValueError, match=r"^scale is -1; expected a number at least 0"):
            init(2, 2, np.random.default_rng(0), scale=-1)
        with pytest.raises(TypeError, match=r"^dtype is int64; expected float32 or float64"):
            init(2, 2, np.random.default_rng(0), dtype=int)
    with pytest.raises(ValueError, match=r"^V is 0; expected a whole number of at least 1"):
        cells.init_output_weights(2, 0, np.random.default_rng(0))


XS, H_0, WEIGHTS = make(5, 2, 3, 4)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"x_t": "abc"}, TypeError, "x_t is a str; expected an array of numbers of shape (B, D)"),
        ({"x_t": XS[0, :, :2]}, ValueError, "x_t has shape (2, 2); expected (B, D) = (B, 3)."),
        ({"x_t": XS}, ValueError, "x_t has shape (5, 2, 3); expected (B, D) = (B, 3)."),
        ({"x_t": XS[0, :0]}, ValueError, "x_t has shape (0, 3): B must be at least 1."),
        ({"x_t": XS[0] * np.nan}, ValueError, "x_t holds 6 values that are NaN or infinite"),
        ({"h_prev": H_0[:1]}, ValueError, "h_prev has shape (1, 4); expected (B, H) = (2, 4)."),
        ({"h_prev": None}, TypeError, "h_prev is None; expected an array of numbers of shape"),
        ({"weights": WEIGHTS[:2]}, TypeError, "weights is a tuple of 2; expected RNNWeights(W_xh"),
        (
            {"weights": WEIGHTS._replace(W_hh=np.ones((3, 4)))},
            ValueError,
            "W_hh has shape (3, 4); expected (H, H) = (4, 4).",
        ),
        (
            {"weights": WEIGHTS._replace(b_h=[np.inf] * 4)},
            ValueError,
            "b_h holds 4 values that are NaN or infinite",
        ),
        ({"activation": "sin"}, ValueError, "activation is 'sin'; expected one of 'tanh', 'relu',"),
    ],
)
def test_bad_input_of_the_step(change, kind, message):
    arguments = {"x_t": XS[0], "h_prev": H_0, "weights": WEIGHTS} | change
    with pytest.raises(kind, match=r"^" + re.escape(message)):
        cells.rnn_step(**arguments)
    with pytest.raises(kind, match=r"^" + re.escape(message)):
        cells.rnn_step_backward(d_h_t=H_0, h_t=np.tanh(H_0), **arguments)


def test_bad_input_of_the_step_back():
    with pytest.raises(ValueError, match=r"^d_h_t has shape \(2, 3\); expected \(B, H\) = \(2, 4"):
        cells.rnn_step_backward(XS[0], XS[0], H_0, H_0, WEIGHTS)
    with pytest.raises(ValueError, match=r"^h_t has shape \(2, 3\); expected \(B, H\) = \(2, 4\)"):
        cells.rnn_step_backward(H_0, XS[0], H_0, XS[0], WEIGHTS)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"xs": XS[:0]}, ValueError, "xs has shape (0, 2, 3): T must be at least 1."),
        ({"xs": XS[:, :0]}, ValueError, "xs has shape (5, 0, 3): B must be at least 1."),
        ({"xs": XS[0]}, ValueError, "xs has shape (2, 3); expected (T, B, D) = (T, B, 3)."),
        ({"xs": "abc"}, TypeError, "xs is a str; expected an array of numbers of shape (T, B, D)"),
        ({"h_0": H_0[:, :3]}, ValueError, "h_0 has shape (2, 3); expected (B, H) = (2, 4)."),
        ({"activation": "sin"}, ValueError, "activation is 'sin'; expected one of 'tanh', 'relu',"),
    ],
)
def test_bad_input_of_the_loop(change, kind, message):
    arguments = {"xs": XS, "h_0": H_0, "weights": WEIGHTS} | change
    with pytest.raises(kind, match=r"^" + re.escape(message)):
        cells.rnn_unroll(**arguments)
