"""What enters a sequence: vectors, or indices that stand for one-hot vectors; states; masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from utils.layers import weight_gradient
from utils.validation import Array, IndexArray, as_array, as_indices

Inputs = Array | IndexArray

FEW = 2**23
"""Up to so many multiplications, a product with one-hot vectors adds up the gradients of rows."""

IN_CACHE = 32768
"""So many numbers of one kind are worked on at a time on the way back: 128 kB in float32."""


def read_inputs(xs: Any, sizes: dict[str, int]) -> Inputs:
    """Return vectors (T, B, D), or indices (T, B) below D, after checking them.

    Parameters
    ----------
    xs : array
        Three axes of floats, or two axes of whole numbers.
    sizes : dict
        With D, the rows of the input matrix; T and B are entered.

    Returns
    -------
    array, shape (T, B, D), or indices, shape (T, B)

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

    Parameters
    ----------
    mask : array of 0 and 1, shape (T, B), or None
    sizes : dict
        With T and B.
    dtype : number type
        Of the result.

    Returns
    -------
    array, shape (T, B, 1), or None

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


def read_state(name: str, state: Any, sizes: dict[str, int]) -> Array | None:
    """Return an initial state (B, H) after checking it, or None, which stands for zeros.

    Parameters
    ----------
    name : str
        What messages call it.
    state : array, shape (B, H), or None
    sizes : dict
        With B and H.

    Returns
    -------
    array, shape (B, H), or None

    Raises
    ------
    TypeError, ValueError
        If it is not made of numbers, has another shape, or a value is NaN or infinite.
    """
    return None if state is None else as_array(name, state, "B H", sizes)


def number_type(xs: Inputs, *arrays: Array | None) -> np.dtype:
    """Return the number type that holds all of these; indices and None have no say.

    Parameters
    ----------
    xs : array, shape (T, B, D), or indices, shape (T, B)
    *arrays : array or None

    Returns
    -------
    numpy.dtype
    """
    floats = [a for a in (xs, *arrays) if a is not None and a.dtype.kind == "f"]
    return np.result_type(*floats)


def states(first: Array | None, sizes: dict[str, int], dtype: Any) -> Array:
    """Return room for the states before and after every step, (T + 1, B, H), with the first set.

    Without its last entry it is the state before every step, without its first the state after
    it: nothing needs to be shifted or copied for the way back.

    Parameters
    ----------
    first : array, shape (B, H), or None
        None for zeros.
    sizes : dict
        With T, B and H.
    dtype : number type

    Returns
    -------
    array, shape (T + 1, B, H)
        Only the first entry has a value yet.
    """
    room = np.empty((sizes["T"] + 1, sizes["B"], sizes["H"]), dtype=dtype)
    room[0] = 0 if first is None else first
    return room


def project(xs: Inputs, W: Array, b: Array, out: Array) -> Array:
    """Write ``xs @ W + b`` for all steps into `out` and return it.

    These products wait for no state, so they are one product for all steps; for indices even that
    is a look-up of rows, to which the bias has been added before.

    Parameters
    ----------
    xs : array, shape (T, B, D), or indices, shape (T, B)
    W : array, shape (D, K)
    b : array, shape (K,)
    out : array, shape (T, B, K)
        Contiguous.

    Returns
    -------
    array, shape (T, B, K)
        `out` itself.
    """
    if xs.ndim == 2:
        # The indices have been checked; mode="clip" spares NumPy a second copy of the result.
        return np.take((W + b).astype(out.dtype, copy=False), xs, axis=0, out=out, mode="clip")
    np.matmul(xs.reshape(-1, xs.shape[-1]), W, out=out.reshape(-1, W.shape[1]))
    out += b
    return out


def project_backward(d_z: Array, xs: Inputs, W: Array) -> tuple[Array | None, Array, Array]:
    """Return ∂L/∂ of xs (None for indices), W and b from ∂L/∂(xs W + b) of all steps.

    Parameters
    ----------
    d_z : array, shape (T, B, K)
    xs : array, shape (T, B, D), or indices, shape (T, B)
    W : array, shape (D, K)

    Returns
    -------
    d_xs : array, shape (T, B, D), or None
    d_W : array, shape (D, K)
    d_b : array, shape (K,)
    """
    flat = d_z.reshape(-1, d_z.shape[-1])  # (T B, K)
    if xs.ndim == 2:
        d_W = _gather_rows(flat, xs.ravel(), W.shape[0])
        return None, d_W, d_W.sum(axis=0)  # every row of d_z is in exactly one row of d_W
    d_b = np.ones(len(flat), dtype=flat.dtype) @ flat
    return (flat @ W.T).reshape(xs.shape), weight_gradient(xs, d_z), d_b


def _gather_rows(d_rows: Array, indices: IndexArray, V: int) -> Array:
    """Return (V, K): every row the sum of the rows of `d_rows` that carry its index.

    A product with one-hot vectors does so with the fewest calls. Its multiplications by zero cost
    more and more as rows grow in number and length; then rows of the same index are brought
    together and added. Adding them one by one, with ``np.add.at``, is slower than either.
    """
    N, K = d_rows.shape
    if N * K * V <= FEW:
        chosen = np.zeros((N, V), dtype=d_rows.dtype)
        chosen[np.arange(N), indices] = 1
        return chosen.T @ d_rows
    order = np.argsort(indices, kind="stable")
    there, starts = np.unique(indices[order], return_index=True)
    rows = d_rows[order]
    total = np.zeros((V, K), dtype=d_rows.dtype)
    for v, start, stop in zip(there, starts, [*starts[1:], N], strict=True):
        np.add.reduce(rows[start:stop], axis=0, out=total[v])
    return total


def transposed(W: Array, B: int, dtype: Any) -> Array:
    """Return the transpose of W for the steps back, copied where that pays.

    Products of several rows with a transposed view are slower than with a copy of it.

    Parameters
    ----------
    W : array, shape (rows, columns)
    B : int
        How many rows are multiplied with it at a time; for 1 a view is enough.
    dtype : number type

    Returns
    -------
    array, shape (columns, rows)
    """
    W = W.astype(dtype, copy=False)
    return W.T if B == 1 else np.ascontiguousarray(W.T)


def stretches(T: int, size: int) -> Iterator[slice]:
    """Cut T steps into stretches, from the last to the first.

    What does not depend on the gradient is computed for one stretch at a time, so that it is
    still in the processor's cache when the steps need it.

    Parameters
    ----------
    T : int
    size : int
        How many numbers one step has, B·H.

    Yields
    ------
    slice
    """
    length = max(1, IN_CACHE // size)
    for stop in range(T, 0, -length):
        yield slice(max(0, stop - length), stop)


def from_the_end(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Go through arrays step by step, from the last step to the first.

    Parameters
    ----------
    *arrays : array, shape (T, ...)

    Returns
    -------
    iterator of tuples
        One array without its first axis from each.
    """
    return zip(*(array[::-1] for array in arrays), strict=True)
