"""The cliff: its gradient, its wall, and what clipping does there."""

import numpy as np
import pytest

from utils.cliff import cliff_gradient, cliff_loss, cliff_states, descend_cliff
from utils.gradients import numerical_gradient


@pytest.mark.parametrize(("w", "b"), [(3.0, -1.5), (5.2, -2.3), (0.0, 0.4), (-4.0, 2.0)])
@pytest.mark.parametrize("T", [1, 6, 50])
def test_gradient_equals_central_differences(w, b, T):
    measured = numerical_gradient(lambda p: float(cliff_loss(p[0], p[1], T)), np.array([w, b]))
    np.testing.assert_allclose(cliff_gradient(w, b, T), measured, atol=1e-8, rtol=1e-5)


def test_grids_equal_single_points():
    w, b = np.meshgrid([1.0, 6.0], [-3.0, 0.0, 1.0])
    assert cliff_states(w, b, 4).shape == (5, 3, 2)
    losses, gradients = cliff_loss(w, b), cliff_gradient(w, b)
    assert losses.shape == (3, 2)
    assert gradients.shape == (3, 2, 2)
    assert losses[2, 1] == cliff_loss(6.0, 1.0)
    np.testing.assert_array_equal(gradients[0, 1], cliff_gradient(6.0, -3.0))


def test_the_wall_grows_steeper_with_the_steps():
    b = np.linspace(-4, -2, 2001)
    steepest = [np.abs(cliff_gradient(6.0, b, T)).max() for T in (5, 15, 50)]
    assert steepest[0] < steepest[1] < steepest[2]
    assert steepest[2] > 50


def test_descents():
    free = descend_cliff([6.0, -2.8], 0.5, 30)
    assert free.path.shape == (31, 2)
    assert free.losses.shape == (31,)
    assert free.norms.shape == (30,)
    np.testing.assert_allclose(
        np.diff(free.path[:2], axis=0)[0], -0.5 * cliff_gradient(6.0, -2.8), rtol=1e-8
    )
    np.testing.assert_allclose(free.losses[0], cliff_loss(6.0, -2.8))
    moved = np.linalg.norm(np.diff(free.path, axis=0), axis=1)
    assert free.longest == moved.argmax()


def test_clipping_limits_every_step():
    for clipping, limit in (("norm", 0.05), ("value", 0.05 * np.sqrt(2))):
        run = descend_cliff([5.0, -2.45], 0.5, 40, clipping, 0.05)
        moved = np.linalg.norm(np.diff(run.path, axis=0), axis=1)
        assert moved.max() <= 0.5 * limit + 1e-12
    high = descend_cliff([5.0, -2.45], 0.5, 40, "norm", 1e9)
    np.testing.assert_array_equal(high.path, descend_cliff([5.0, -2.45], 0.5, 40).path)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cliff_loss(np.nan, 0.0), ValueError, "w is nan|w holds nan|NaN"),
        (lambda: cliff_loss(1.0, 0.0, 0), ValueError, "T is 0"),
        (lambda: descend_cliff([1.0], 1, 1), ValueError, "start has shape"),
        (lambda: descend_cliff([1.0, 1.0], 0, 1), ValueError, "learning_rate is 0"),
        (lambda: descend_cliff([1.0, 1.0], 1, 0), ValueError, "n_steps is 0"),
        (lambda: descend_cliff([1.0, 1.0], 1, 1, "hard"), ValueError, "clipping is 'hard'"),
        (lambda: descend_cliff([1.0, 1.0], 1, 1, "norm", 0), ValueError, "threshold is 0"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
