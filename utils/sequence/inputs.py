"""What enters a sequence: vectors, or indices that stand for one-hot vectors; and its mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.layers import one_hot, weight_gradient
from utils.validation import Array, IndexArray, as_array, as_indices

Inputs = Array | IndexArray


def read_inputs(xs: Any, sizes: dict[str, int]) -> Inputs:
    """Return vectors (T, B, D), or indices (T, B) below D, after checking them.

    Parameters
    ----------
    xs : array
        Three axes of floats, or two axes of whole numbers.
    sizes : dict
        With D, the rows of the input matrix; T and B are entered.

    Raises
    ------
    TypeError, ValueError
        If `xs` is neither, an axis is empty, or an index is not below D.
    """
    if isinstance(xs, np.ndarray) and xs.dtype.kind in "iu" and xs.ndim == 2:
        return as_indices("xs", xs, sizes["D"], "T B", sizes, count_name="D")
    return as_array("xs", xs, "T B D", sizes)


def read_mask(mask: Any, sizes: dict[str, int], dtype: Any) -> Array | None:
    """Return a mask as numbers of shape (T, B, 1), or None where there is none.

    Raises
    ------
    ValueError
        If it holds anything but 0 and 1, or its shape is not (T, B).
    """
    if mask is None:
        return None
    mask = as_array("mask", mask, "T B", sizes)
    if not np.isin(mask, (0, 1)).all():
        wrong = mask[~np.isin(mask, (0, 1))].flat[0]
        raise ValueError(
            f"mask holds {wrong:g}; expected 1 where there is an item and 0 elsewhere."
        )
    return mask[..., None].astype(dtype)


def project(xs: Inputs, W: Array, b: Array) -> Array:
    """Return ``xs @ W + b`` for all steps in one product; for indices it is a row look-up.

    Returns
    -------
    array, shape (T, B, columns of W)
    """
    if xs.ndim == 2:
        return W[xs] + b
    T, B, D = xs.shape
    return (xs.reshape(T * B, D) @ W + b).reshape(T, B, -1)


def project_backward(d_z: Array, xs: Inputs, W: Array) -> tuple[Array | None, Array, Array]:
    """Return ∂L/∂ of xs (None for indices), W and b from ∂L/∂(xs W + b) of all steps.

    The gradient of a looked-up matrix is the product with the one-hot vectors: adding rows one
    by one with ``np.add.at`` is slower.
    """
    flat = d_z.reshape(-1, d_z.shape[-1])  # (T B, columns)
    d_b = flat.sum(axis=0)
    if xs.ndim == 2:
        return None, weight_gradient(one_hot(xs, W.shape[0], dtype=W.dtype), d_z), d_b
    return (flat @ W.T).reshape(xs.shape), weight_gradient(xs, d_z), d_b
