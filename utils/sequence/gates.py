"""The two layouts of gated cells: gates first for what is done to numbers, rows for products.

Weights hold the gates side by side, (rows, G·H), and so do the gradients of the sums, (T, B, G·H):
one product then serves all gates. Gates, candidates and slopes stand one after the other within
each step, (T, G, B, H): tanh, sums and products of numbers then run over unbroken memory, where
slices of columns would be taken row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from utils.sequence.inputs import Inputs
from utils.validation import Array, WeightsType, as_weights


def read_gated_weights(
    weights: WeightsType, kind: type[WeightsType], axes: Mapping[str, str], **known: int
) -> tuple[WeightsType, dict[str, int]]:
    """Return the weights of a gated cell after checking them, with all sizes by axis name.

    Parameters
    ----------
    weights : `kind`
    kind : LSTMWeights or GRUWeights
    axes : mapping
        Axes by field; those of W_h are H and the one of all gates, such as 4H.
    **known : int
        Sizes that are known already.

    Returns
    -------
    weights : `kind`
    sizes : dict of str to int

    Raises
    ------
    TypeError, ValueError
        If an array is missing, has another shape, or holds a value that is NaN or infinite.
    """
    all_gates = axes["W_h"].split()[1]  # such as 4H
    sizes = dict(known)
    weights = as_weights("weights", weights, kind, axes, sizes)
    H, columns = weights.W_h.shape
    G = int(all_gates.removesuffix("H"))
    if columns != G * H:
        raise ValueError(
            f"W_h has shape ({H}, {columns}); expected (H, {all_gates}) = ({H}, {G * H})."
        )
    return weights, sizes


def arrange(W: Array, order: tuple[int, ...], factors: tuple[float, ...]) -> Array:
    """Return the blocks of columns one after the other, in another order, each times a factor.

    Parameters
    ----------
    W : array, shape (..., G·H)
        Blocks of H columns.
    order : tuple of int
        Which block comes first, second, and so on.
    factors : tuple of float
        For each block in its new place.

    Returns
    -------
    array, shape (G, ..., H)
        A view on memory in which the rows lie as in W, so that `side_by_side` costs nothing.
    """
    blocks = W.reshape(*W.shape[:-1], len(order), -1)[..., order, :]
    blocks = blocks * np.array(factors, dtype=W.dtype)[:, None]
    return np.moveaxis(blocks, -2, 0)


def side_by_side(blocks: Array) -> Array:
    """Return (G, rows, H) as (rows, G·H), the blocks of columns side by side.

    Parameters
    ----------
    blocks : array, shape (G, rows, H)

    Returns
    -------
    array, shape (rows, G·H)
    """
    G, rows, H = blocks.shape
    return blocks.swapaxes(0, 1).reshape(rows, G * H)


def project_gates(xs: Inputs, W: Array, b: Array, dtype: np.dtype) -> Array:
    """Return what the inputs give to the sums of all gates at all steps, biases included.

    These products wait for no state, so they are one product for all steps; for indices even that
    is a look-up of rows, to which the biases have been added before.

    Parameters
    ----------
    xs : array, shape (T, B, D), or indices, shape (T, B)
    W : array, shape (G, D, H)
        As `arrange` returned it.
    b : array, shape (G, H)
    dtype : float32 or float64

    Returns
    -------
    array, shape (T, G, B, H)
    """
    (T, B), (G, D, H) = xs.shape[:2], W.shape
    sums = np.empty((T, G, B, H), dtype)
    if xs.ndim == 2:
        rows = (W + b[:, None, :]).reshape(G * D, H)
        places = xs[:, None, :] + D * np.arange(G)[:, None]  # (T, G, B)
        # The indices have been checked; mode="clip" spares NumPy a second copy of the result.
        return np.take(rows, places, axis=0, out=sums, mode="clip")
    from_x = xs.reshape(T * B, D) @ side_by_side(W)  # (T B, G H)
    return np.add(from_x.reshape(T, B, G, H).swapaxes(1, 2), b[:, None, :], out=sums)


def state_product(W: Array, B: int) -> tuple[Array, Callable[[Array], Array]]:
    """Choose how the state is multiplied with the matrices of all gates at each step.

    A batch of one sequence is a single row, whose products with G matrices are one product with
    all of them side by side. From two rows on, one product per gate puts its result where it is
    needed.

    Parameters
    ----------
    W : array, shape (G, H, H)
        As `arrange` returned it.
    B : int

    Returns
    -------
    from_h : array, shape (G, B, H)
        Where the products are found.
    multiply : function
        Called with the state (B, H), computes them.
    """
    G, H, _ = W.shape
    from_h = np.empty((G, B, H), dtype=W.dtype)
    if B > 1:
        return from_h, lambda h: np.matmul(h, W, out=from_h)
    row, beside = from_h.reshape(1, G * H), side_by_side(W)
    return from_h, lambda h: np.dot(h, beside, out=row)


def sigmoid_from_half(z: Array, half: Array) -> None:
    """Turn tanh(z/2) into σ(z), in place: σ(z) = (1 + tanh(z/2)) / 2, without a branch.

    Parameters
    ----------
    z : array, any shape
        tanh(z/2); changed in place.
    half : array
        0.5 in the number type of `z`.
    """
    z *= half
    z += half
