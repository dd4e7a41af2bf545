"""Jacobians through time: against torch's autograd, explicit products and numerical derivatives."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.cells import RNNWeights, init_rnn_weights, rnn_step
from utils.gradients import numerical_gradient
from utils.initialisation import orthogonal_matrix
from utils.jacobians import (
    backward_gains,
    gradient_by_step,
    jacobian_products,
    near_and_far,
    power_norms,
    singular_values,
    spectral_radius,
    step_jacobians,
)
from utils.sequence import rnn_sequence, rnn_sequence_backward

ACTIVATIONS = ("tanh", "sigmoid", "relu", "leaky_relu")
TORCH = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
}


def run(T=6, B=2, D=3, H=4, activation="tanh", seed=0, masked=False):
    rng = np.random.default_rng(seed)
    weights = init_rnn_weights(D, H, rng)
    weights.b_h[:] = 0.3 * rng.standard_normal(H)
    xs, h_0 = rng.standard_normal((T, B, D)), 0.5 * rng.standard_normal((B, H))
    mask = None
    if masked:
        mask = (rng.random((T, B)) < 0.6).astype(float)
        mask[0, 0], mask[-1, 0] = 0, 1  # both kinds occur
    return rnn_sequence(xs, h_0, weights, mask, activation=activation), weights


def torch_jacobian(sequence, weights, t, b):
    """Give ∂h_T/∂h_t of one sequence by automatic differentiation."""
    W_xh, W_hh, b_h = (torch.tensor(array) for array in weights)
    xs = torch.tensor(sequence.xs[:, b])

    def last_state(h):
        for step in range(t, len(xs)):
            new = TORCH[sequence.activation](xs[step] @ W_xh + h @ W_hh + b_h)
            there = True if sequence.mask is None else bool(sequence.mask[step, b, 0])
            h = new if there else h
        return h

    start = sequence.h_0[b] if t == 0 else sequence.hs[t - 1, b]
    jacobian = torch.autograd.functional.jacobian(last_state, torch.tensor(start))
    return jacobian.numpy().T  # torch: row is what moves; ours: row is what is changed


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("masked", [False, True])
def test_products_equal_autograd(activation, masked):
    sequence, weights = run(activation=activation, masked=masked)
    products = jacobian_products(step_jacobians(sequence, weights))
    assert products.shape == (7, 2, 4, 4)
    for t in range(7):
        for b in range(2):
            expected = torch_jacobian(sequence, weights, t, b)
            np.testing.assert_allclose(products[t, b], expected, rtol=0, atol=1e-12)


def test_one_step_equals_central_differences():
    sequence, weights = run(T=1, B=1)
    J = step_jacobians(sequence, weights)[0, 0]
    for j in range(4):
        column = numerical_gradient(
            lambda h, j=j: rnn_step(sequence.xs[0], h, weights)[0, j], sequence.h_0
        )
        np.testing.assert_allclose(J[:, j], column[0], atol=1e-8)


def test_a_small_change_travels_from_the_left():
    """The product stands in the order of time; the reverse order gives another matrix."""
    sequence, weights = run(T=4, B=1)
    jacobians = step_jacobians(sequence, weights)[:, 0]
    in_order, reversed_order = np.eye(4), np.eye(4)
    for J in jacobians:
        in_order, reversed_order = in_order @ J, J @ reversed_order
    np.testing.assert_allclose(jacobian_products(jacobians[:, None])[0, 0], in_order, atol=1e-14)
    assert np.abs(in_order - reversed_order).max() > 1e-3
    change = 1e-6 * np.random.default_rng(3).standard_normal((1, 4))
    moved = rnn_sequence(sequence.xs, sequence.h_0 + change, weights).hs[-1] - sequence.hs[-1]
    np.testing.assert_allclose(moved, change @ in_order, rtol=1e-4)


@settings(max_examples=25, deadline=None)
@given(
    T=st.integers(1, 9),
    B=st.integers(1, 3),
    H=st.integers(1, 6),
    activation=st.sampled_from(["tanh", "sigmoid", "leaky_relu"]),
    masked=st.booleans(),
)
def test_exact_gains_equal_the_norms_of_the_products(T, B, H, activation, masked):
    sequence, weights = run(T, B, 2, H, activation, masked=masked and T > 1)
    gains = backward_gains(sequence, weights, probes=None)
    products = jacobian_products(step_jacobians(sequence, weights))
    norms = np.linalg.norm(products, axis=(-2, -1)) / np.sqrt(H)
    assert gains.shape == (T + 1, B)
    np.testing.assert_allclose(10.0**gains, norms, rtol=1e-9)
    np.testing.assert_allclose(gains[-1], 0, atol=1e-12)


def test_probes_estimate_the_gain_within_a_tenth_of_a_decade():
    sequence, weights = run(T=60, B=8, D=3, H=64)
    exact = backward_gains(sequence, weights, probes=None)
    assert exact[0].max() < -2
    probed = backward_gains(sequence, weights, np.random.default_rng(1), probes=16)
    assert np.abs(probed - exact).mean() < 0.1
    np.testing.assert_allclose(probed[-1], 0, atol=1e-12)
    again = backward_gains(sequence, weights, np.random.default_rng(1), probes=16)
    np.testing.assert_array_equal(probed, again)


@pytest.mark.parametrize(("gain", "expected"), [(0.01, -1000.0), (100.0, 1000.0)])
def test_logarithms_reach_beyond_the_range_of_floats(gain, expected):
    """The state stays zero, so the slope is 1 and every step multiplies by the gain."""
    H = 5
    W = orthogonal_matrix(np.random.default_rng(0), H, gain)
    weights = RNNWeights(np.zeros((1, H)), W, np.zeros(H))
    sequence = rnn_sequence(np.zeros((500, 1, 1)), None, weights)
    for probes in (2, None):
        logs = backward_gains(sequence, weights, probes=probes)[:, 0]
        np.testing.assert_allclose(logs, np.linspace(expected, 0, 501), atol=1e-8)


def test_where_every_relu_is_dead_nothing_arrives():
    weights = RNNWeights(np.zeros((1, 3)), np.eye(3), -np.ones(3))
    sequence = rnn_sequence(np.zeros((4, 1, 1)), None, weights, activation="relu")
    gains = backward_gains(sequence, weights)
    np.testing.assert_array_equal(gains[:4], -np.inf)
    np.testing.assert_array_equal(gains[4], 0)


def test_float32_and_one_of_everything():
    rng = np.random.default_rng(0)
    weights = init_rnn_weights(1, 1, rng, dtype=np.float32)
    sequence = rnn_sequence(np.ones((1, 1, 1), np.float32), None, weights)
    assert step_jacobians(sequence, weights).dtype == np.float32
    assert backward_gains(sequence, weights).shape == (2, 1)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("masked", [False, True])
def test_parts_of_the_gradient_add_up(activation, masked):
    sequence, weights = run(T=7, B=3, activation=activation, masked=masked)
    d_hs = np.random.default_rng(5).standard_normal(sequence.hs.shape)
    parts = gradient_by_step(d_hs, sequence, weights)
    whole = rnn_sequence_backward(d_hs, sequence, weights).d_W_hh
    assert parts.shape == (7, 4, 4)
    np.testing.assert_allclose(parts.sum(axis=0), whole, atol=1e-12)


def test_each_part_is_the_gradient_of_that_use_of_the_weights():
    """Give every step a copy of W_hh of its own: its gradient is that step's part."""
    sequence, weights = run(T=5, B=2)
    W_xh, W_hh, b_h = (torch.tensor(array) for array in weights)
    copies = [W_hh.clone().requires_grad_() for _ in range(5)]
    h = torch.tensor(sequence.h_0)
    for x_t, W in zip(torch.tensor(sequence.xs), copies, strict=True):
        h = torch.tanh(x_t @ W_xh + h @ W + b_h)
    (h**2).sum().backward()
    d_hs = np.zeros_like(sequence.hs)
    d_hs[-1] = 2 * sequence.hs[-1]
    parts = gradient_by_step(d_hs, sequence, weights)
    for part, copy in zip(parts, copies, strict=True):
        np.testing.assert_allclose(part, copy.grad.numpy(), atol=1e-12)


def test_near_and_far():
    parts = np.stack([np.full((2, 2), value) for value in (1.0, 2.0, 4.0)])
    split = near_and_far(parts, 1)
    np.testing.assert_array_equal(split.near, np.full((2, 2), 4.0))
    np.testing.assert_array_equal(split.far, np.full((2, 2), 3.0))
    assert split.share == pytest.approx(3 / 7)
    assert near_and_far(parts, 3).share == 0
    assert near_and_far(np.zeros((3, 2, 2)), 1).share == 0


def test_spectral_radius_is_below_the_largest_singular_value():
    W = np.array([[0.5, 2.0], [0.0, 0.5]])
    assert spectral_radius(W) == pytest.approx(0.5)
    s = singular_values(W)
    assert s[0] > 2
    assert s[0] * s[1] == pytest.approx(0.25)
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert spectral_radius(turn) == pytest.approx(1)  # a pair of complex eigenvalues
    np.testing.assert_allclose(singular_values(turn), 1)


def test_power_norms_grow_before_they_shrink():
    W = np.array([[0.5, 2.0], [0.0, 0.5]])
    logs = power_norms(W, 60)
    expected = [np.log10(np.linalg.norm(np.linalg.matrix_power(W, k), 2)) for k in range(61)]
    np.testing.assert_allclose(logs, expected, atol=1e-10)
    assert logs[0] == 0
    assert logs[1] > 0.3
    assert logs[-1] < -14
    np.testing.assert_array_equal(power_norms(np.diag([1.0], 1), 3)[2:], -np.inf)
    assert power_norms(1e-9 * np.eye(2), 100)[-1] == pytest.approx(-900)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s, w: step_jacobians(s, w._replace(W_hh=np.eye(3))), ValueError, "W_hh has shape"),
        (lambda s, w: backward_gains(s, w, probes=0), ValueError, "probes is 0; expected"),
        (lambda s, w: backward_gains(s, w, rng=3), TypeError, "rng is an int; expected"),
        (lambda s, w: jacobian_products(np.eye(3)), ValueError, "jacobians has shape"),
        (lambda s, w: gradient_by_step(np.ones((2, 2, 4)), s, w), ValueError, "d_hs has shape"),
        (lambda s, w: near_and_far(np.ones((3, 2, 2)), 4), ValueError, "at most T = 3"),
        (lambda s, w: near_and_far(np.ones((3, 2, 2)), 0), ValueError, "near is 0; expected"),
        (lambda s, w: spectral_radius(np.ones((2, 3))), ValueError, "W has shape"),
        (lambda s, w: power_norms(np.eye(2), 0), ValueError, "n is 0; expected"),
        (lambda s, w: singular_values([[np.nan]]), ValueError, "NaN"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(*run())
