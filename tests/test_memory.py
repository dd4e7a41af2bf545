"""One memory cell driven by its gates, half-lives, and how a random LSTM's memory fades."""

import numpy as np
import pytest

from utils.activations import sigmoid
from utils.cells import LSTMWeights, lstm_step
from utils.memory import compute_fading, drive_memory, half_life, memory_left


def test_driven_as_the_cell_itself():
    """With weights of zero the biases alone decide the gates, and `lstm_step` must agree."""
    b = np.array([0.3, 1.2, -0.8, 0.1])
    weights = LSTMWeights(np.zeros((1, 4)), np.zeros((1, 4)), b)
    i, f, g, o = sigmoid(b[0]), sigmoid(b[1]), np.tanh(b[2]), sigmoid(b[3])
    run = drive_memory(*(np.full(3, gate) for gate in (i, f, g, o)), c_0=0.7)
    h, c = np.zeros((1, 1)), np.full((1, 1), 0.7)
    for t in range(3):
        values = lstm_step(np.ones((1, 1)), h, c, weights)
        h, c = values.h_t, values.c_t
        assert run.cs[t + 1] == pytest.approx(c[0, 0], abs=1e-14)
        assert run.hs[t] == pytest.approx(h[0, 0], abs=1e-14)
        assert run.kept[t] + run.written[t] == pytest.approx(run.cs[t + 1])


def test_limits():
    kept = drive_memory([0, 0], [1, 1], [1, -1], [0, 1], c_0=-3.0)
    np.testing.assert_array_equal(kept.cs, [-3, -3, -3])
    np.testing.assert_array_equal(kept.hs, [0, np.tanh(-3)])
    erased = drive_memory([0], [0], [1], [1], c_0=5.0)
    assert erased.cs[1] == erased.hs[0] == 0


def test_half_life_halves():
    gates = np.array([0.3, 0.5, 0.9, 0.99])
    np.testing.assert_allclose(gates ** half_life(gates), 0.5)
    assert half_life(0.5) == 1
    assert isinstance(half_life(0.5), float)
    np.testing.assert_array_equal(half_life([0.0, 1.0]), [0, np.inf])


def test_memory_left_is_the_product():
    gates = np.random.default_rng(0).uniform(size=(4, 2))
    left = memory_left(gates)
    np.testing.assert_array_equal(left[0], 1)
    np.testing.assert_allclose(left[-1], gates[0] * gates[1] * gates[2] * gates[3])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: drive_memory([1.1], [0], [0], [0]), "input_gate holds 1.1; expected values from"),
        (lambda: drive_memory([0], [-0.1], [0], [0]), "forget_gate holds -0.1"),
        (lambda: drive_memory([0], [0], [-1.5], [0]), "candidate holds -1.5; expected .* -1 to 1"),
        (lambda: drive_memory([0], [0], [0, 0], [0]), "candidate"),
        (lambda: half_life(1.5), "gate holds 1.5; expected values from 0 to 1"),
        (lambda: memory_left([]), "forget_gates"),
        (lambda: compute_fading(0.0, -1.0), "scale is -1"),
        (lambda: compute_fading(0.0, 1.0, T=0), "T is 0"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_without_weights_every_gate_stands_at_its_bias():
    fading = compute_fading(2.0, 0.0, T=15, H=4)
    gate = sigmoid(2.0)
    assert fading.mean_gate == pytest.approx(gate)
    np.testing.assert_allclose(fading.direct, gate ** np.arange(16))
    np.testing.assert_allclose(fading.total, fading.direct)  # nothing goes through h


def test_with_weights_the_total_leaves_the_direct_path():
    fading = compute_fading(1.0, 1.0)
    assert fading.direct[0] == fading.total[0] == 1
    assert fading.total[20] > 2 * fading.direct[20] > 0
    again = compute_fading(1.0, 1.0)
    np.testing.assert_array_equal(again.total, fading.total)
