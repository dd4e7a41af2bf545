"""The network that learns to tell points apart: its updates, and that it begins anew."""

import numpy as np
import pytest

from utils.feedforward import two_layer_backward, two_layer_forward
from utils.losses import binary_cross_entropy
from utils.point_learner import PointLearner


def test_learner_makes_the_update_of_the_chapter():
    learner = PointLearner(n_hidden=3, activation="sigmoid", learning_rate=0.5, seed=4)
    before = [array.copy() for array in learner.weights]
    rng = np.random.default_rng()
    rng.bit_generator.state = learner._rng.bit_generator.state
    loss = learner.step(0)["loss"]
    rows = rng.integers(0, len(learner.x), learner.BATCH)
    x, y = learner.x[rows], learner.y[rows]
    weights = type(learner.weights)(*before)
    values = two_layer_forward(x, weights)
    gradients = two_layer_backward(x, y, values, weights, loss="binary_cross_entropy")
    assert loss == pytest.approx(binary_cross_entropy(values.y_hat, y))
    for name in ("W1", "b1", "W2", "b2"):
        expected = getattr(weights, name) - 0.5 * getattr(gradients, f"d_{name}")
        np.testing.assert_allclose(getattr(learner.weights, name), expected)


def test_learner_learns_and_starts_anew_with_the_same_numbers():
    learner = PointLearner()
    first = [array.copy() for array in learner.weights]
    start = learner.accuracy()
    for i in range(800):
        learner.step(i)
    assert learner.accuracy() > 0.97 > start
    assert len(learner.losses) == 800
    assert "After 800 updates" in learner.describe()
    learner.restart()
    assert learner.losses == []
    for array, other in zip(learner.weights, first, strict=True):
        np.testing.assert_array_equal(array, other)


def test_one_hidden_unit_cannot_divide_a_ring():
    learner = PointLearner(data="circle in a ring", n_hidden=1)
    for i in range(800):
        learner.step(i)
    assert learner.accuracy() < 0.85
    learner.restart(n_hidden=6)
    for i in range(800):
        learner.step(i)
    assert learner.accuracy() > 0.95


def test_scale_zero_keeps_all_units_equal():
    learner = PointLearner(n_hidden=4, activation="sigmoid", scale=0.0)
    for i in range(200):
        learner.step(i)
    W1 = learner.weights.W1
    assert np.abs(W1).max() > 0.1
    np.testing.assert_allclose(W1, W1[:, :1].repeat(4, axis=1))


def test_learner_refuses_unknown_points():
    with pytest.raises(ValueError, match="data is 'stars'; expected one of 'two moons'"):
        PointLearner(data="stars")


def test_learner_says_its_numbers_in_words():
    learner = PointLearner(n_hidden=1)
    learner.step()
    assert learner.describe().startswith("After 1 update ")
    assert learner.describe().endswith("; 1 hidden unit.")
    learner.step()
    assert learner.describe().startswith("After 2 updates ")


def test_weights_now_stay_as_they_were():
    learner = PointLearner()
    now = learner.weights_now()
    for array, other in zip(now, learner.weights, strict=True):
        np.testing.assert_array_equal(array, other)
    learner.step()
    assert not np.array_equal(now.W1, learner.weights.W1)
