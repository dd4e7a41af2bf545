"""The random numbers that weights start from."""

import numpy as np
import pytest

from utils.initialisation import normal_matrix


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
