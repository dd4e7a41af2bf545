"""The random numbers that weights start from."""

import numpy as np
import pytest

from utils.initialisation import identity_matrix, normal_matrix, orthogonal_matrix


@pytest.mark.parametrize(("scale", "expected"), [(None, 0.1), (0.5, 0.5), (0, 0)])
def test_standard_deviation_is_the_scale_or_one_over_root_rows(scale, expected):
    W = normal_matrix(np.random.default_rng(0), (100, 400), scale, np.float64)
    assert W.shape == (100, 400)
    assert abs(W.mean()) < 0.01
    assert W.std() == pytest.approx(expected, rel=0.02)


def test_dtype_is_kept_and_numbers_are_the_same():
    single = normal_matrix(np.random.default_rng(0), (3, 2), None, np.float32)
    double = normal_matrix(np.random.default_rng(0), (3, 2), None, np.float64)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-6)


def test_negative_scale_is_refused():
    with pytest.raises(ValueError, match=r"scale is -1; expected a number at least 0\."):
        normal_matrix(np.random.default_rng(0), (3, 2), -1, np.float64)


@pytest.mark.parametrize("H", [1, 2, 7])
@pytest.mark.parametrize("gain", [0.0, 0.5, 1.0, 1.3])
def test_orthogonal_matrix_keeps_every_length_up_to_its_gain(H, gain):
    W = orthogonal_matrix(np.random.default_rng(0), H, gain)
    assert W.shape == (H, H)
    np.testing.assert_allclose(W.T @ W, gain**2 * np.eye(H), atol=1e-14)


def test_orthogonal_matrices_are_spread_evenly():
    """Without the sign fix, a QR decomposition prefers some orthogonal matrices."""
    rng = np.random.default_rng(1)
    drawn = np.array([orthogonal_matrix(rng, 2) for _ in range(2000)])
    assert np.abs(drawn.mean(axis=0)).max() < 0.06  # standard error 0.016
    turns = np.linalg.det(drawn) > 0
    assert 0.45 < turns.mean() < 0.55  # as many turns as mirrors
    assert drawn[:, 0, 0].min() < -0.99
    assert drawn[:, 0, 0].max() > 0.99
    ones = np.array([orthogonal_matrix(rng, 1)[0, 0] for _ in range(400)])
    assert 0.4 < (ones > 0).mean() < 0.6


def test_identity_matrix():
    np.testing.assert_array_equal(identity_matrix(3), np.eye(3))
    np.testing.assert_array_equal(identity_matrix(2, 0.5), [[0.5, 0], [0, 0.5]])


def test_float32_is_kept_by_both():
    rng = np.random.default_rng(0)
    assert orthogonal_matrix(rng, 3, 0.9, np.float32).dtype == np.float32
    assert identity_matrix(3, 0.9, np.float32).dtype == np.float32


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda rng: orthogonal_matrix(0, 3), TypeError, "rng is an int; expected a random"),
        (lambda rng: orthogonal_matrix(rng, 0), ValueError, "H is 0; expected a whole number"),
        (lambda rng: orthogonal_matrix(rng, 3, -1), ValueError, "gain is -1; expected a number"),
        (lambda rng: orthogonal_matrix(rng, 3, 1, int), TypeError, "dtype is int64; expected"),
        (lambda rng: identity_matrix(2.5), TypeError, "H is 2.5; expected a whole number"),
        (lambda rng: identity_matrix(2, -1), ValueError, "gain is -1; expected a number"),
        (lambda rng: identity_matrix(2, 1, int), TypeError, "dtype is int64; expected"),
    ],
)
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make(np.random.default_rng(0))
