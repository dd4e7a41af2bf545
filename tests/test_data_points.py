"""Points in the plane: shapes, balance, the geometry that each problem is known for."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.data import points

each = pytest.mark.parametrize("make", points.POINTS.values(), ids=points.POINTS)


@each
@given(n=st.integers(2, 50), seed=st.integers(0, 2**32 - 1))
def test_shapes_and_balance(make, n, seed):
    x, y = make(np.random.default_rng(seed), n)
    assert x.shape == (n, 2)
    assert y.shape == (n, 1)
    assert x.dtype == y.dtype == np.float64
    assert np.isfinite(x).all()
    assert abs((y == 0).sum() - (y == 1).sum()) <= 1
    assert set(np.unique(y)) == {0, 1}


@each
def test_same_seed_same_points_and_random_order(make):
    one, two = make(np.random.default_rng(3)), make(np.random.default_rng(3))
    np.testing.assert_array_equal(one.x, two.x)
    np.testing.assert_array_equal(one.y, two.y)
    other = make(np.random.default_rng(4))
    assert not np.array_equal(one.x, other.x)
    runs = (np.diff(one.y[:, 0]) != 0).sum()
    assert 60 < runs < 140  # classes alternate at random, not in two blocks


@each
def test_size_of_the_picture(make):
    x, _ = make(np.random.default_rng(0), 2000)
    assert (np.abs(x) < 2).mean() > 0.95
    assert np.abs(x.mean(axis=0)).max() < 0.1


@pytest.mark.parametrize("make", [points.blobs, points.spirals])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_more_classes(make, classes):
    _, y = make(np.random.default_rng(0), 100, classes=classes)
    assert np.ptp(np.bincount(y[:, 0].astype(int), minlength=classes)) <= 1


def best_line(x, y):
    """Return the share that the best straight line through the plane gets right."""
    shares = []
    for angle in np.linspace(0, 2 * np.pi, 60):
        along = x @ [np.cos(angle), np.sin(angle)]
        for cut in np.linspace(-2, 2, 41):
            shares.append(((along > cut) == (y[:, 0] == 1)).mean())
    return max(shares)


@pytest.mark.parametrize(
    ("make", "low", "high"),
    [(points.blobs, 0.98, 1), (points.circles, 0, 0.75), (points.spirals, 0, 0.85)],
)
def test_what_a_straight_line_can_do(make, low, high):
    assert low <= best_line(*make(np.random.default_rng(0), 400)) <= high


def test_moons_reach_into_each_other_but_do_not_touch():
    x, y = points.moons(np.random.default_rng(0), 1000, noise=0)
    upper, lower = x[y[:, 0] == 0], x[y[:, 0] == 1]
    assert upper[:, 1].min() < lower[:, 1].max()
    gaps = np.linalg.norm(upper[:, None] - lower[None], axis=2)
    assert gaps.min() > 0.3


def test_circles_without_noise_are_rings():
    x, y = points.circles(np.random.default_rng(0), 100, noise=0)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(y[:, 0] == 0, 1.5, 0.6))


def test_spirals_wind_as_often_as_asked():
    for turns in (0.5, 2.0):
        x, y = points.spirals(np.random.default_rng(0), 4000, noise=0, turns=turns)
        arm = x[y[:, 0] == 0]
        arm = arm[np.argsort(np.linalg.norm(arm, axis=1))]
        angle = np.unwrap(np.arctan2(arm[:, 1], arm[:, 0]))
        along = np.linalg.norm(arm, axis=1) / 1.7
        np.testing.assert_allclose(
            angle - angle[0], 2 * np.pi * turns * (along - along[0]), atol=1e-6
        )


@each
@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"rng": 0}, TypeError, "rng is an int; expected a random generator, such as numpy"),
        ({"n": 1}, ValueError, "n is 1; expected a whole number of at least 2."),
        ({"n": 2.5}, TypeError, "n is 2.5; expected a whole number of at least 2."),
        ({"noise": -1}, ValueError, "noise is -1; expected a number at least 0."),
        ({"noise": "a"}, TypeError, "noise is a str; expected a number at least 0."),
    ],
)
def test_bad_input(make, change, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        make(**{"rng": np.random.default_rng(0)} | change)


def test_bad_settings_of_one_problem():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"^classes is 1; expected a whole number of at least 2"):
        points.blobs(rng, classes=1)
    with pytest.raises(ValueError, match=r"^n is 2; expected a whole number of at least 3"):
        points.spirals(rng, 2, classes=3)
    with pytest.raises(ValueError, match=r"^turns is 0; expected a number above 0"):
        points.spirals(rng, turns=0)
