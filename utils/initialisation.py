"""The random numbers that weights start from."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.validation import Array, as_count, as_float_type, as_generator, as_number

__all__ = ["identity_matrix", "normal_matrix", "orthogonal_matrix"]


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


def orthogonal_matrix(
    rng: np.random.Generator, H: int, gain: float = 1.0, dtype: Any = np.float64
) -> Array:
    r"""Draw a square matrix that turns or mirrors every vector and keeps its length, times a gain.

    .. math:: W = \text{gain} \cdot Q, \qquad Q^\top Q = I

    Q comes from the QR decomposition of a matrix of normal numbers. The sign of each column is
    set so that the diagonal of R is positive: without that, Q is not spread evenly over all
    orthogonal matrices.

    Parameters
    ----------
    rng : numpy.random.Generator
    H : int, at least 1
        Rows and columns.
    gain : float of at least 0
        All singular values of the result.
    dtype : float32 or float64

    Returns
    -------
    array of `dtype`, shape (H, H)

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks, ICLR. Mezzadri (2007), How to generate random matrices from the
    classical compact groups, Notices of the AMS 54(5).
    """
    rng = as_generator("rng", rng)
    H = as_count("H", H)
    gain = as_number("gain", gain, at_least=0)
    Q, R = np.linalg.qr(rng.standard_normal((H, H)))
    Q *= np.where(np.diag(R) < 0, -1.0, 1.0)  # one sign for each column
    return (gain * Q).astype(as_float_type("dtype", dtype), copy=False)


def identity_matrix(H: int, gain: float = 1.0, dtype: Any = np.float64) -> Array:
    r"""Return the matrix that hands a state on as it is, times a gain.

    .. math:: W = \text{gain} \cdot I

    Parameters
    ----------
    H : int, at least 1
        Rows and columns.
    gain : float of at least 0
        The value on the diagonal.
    dtype : float32 or float64

    Returns
    -------
    array of `dtype`, shape (H, H)

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    Le, Jaitly and Hinton (2015), A simple way to initialize recurrent networks of rectified
    linear units, arXiv:1504.00941.
    """
    gain = as_number("gain", gain, at_least=0)
    return gain * np.eye(as_count("H", H), dtype=as_float_type("dtype", dtype))
