"""The random numbers that weights start from."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.validation import Array, as_number

__all__ = ["normal_matrix"]


def normal_matrix(
    rng: np.random.Generator, shape: tuple[int, int], scale: float | None, dtype: Any
) -> Array:
    r"""Draw a matrix of independent normal numbers around zero.

    .. math:: W_{ij} \sim \mathcal N(0, s^2), \qquad s = 1/\sqrt{\text{rows}} \text{ by default}

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : (rows, columns)
    scale : float of at least 0, or None
        The standard deviation s. The default keeps the size of a sum over the rows.
    dtype : float32 or float64

    Returns
    -------
    array of `dtype`, of that shape

    Raises
    ------
    TypeError, ValueError
        If `scale` is not a number of at least 0.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.6.
    """
    if scale is None:
        scale = shape[0] ** -0.5
    scale = as_number("scale", scale, at_least=0)
    return (scale * rng.standard_normal(shape)).astype(dtype, copy=False)
