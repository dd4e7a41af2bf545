"""Layers without memory: linear, one-hot and embedding, with their backward passes."""

from typing import Any, NamedTuple

import numpy as np

from utils.validation import Array, IndexArray, as_array, as_count, as_float_type, as_indices


class LinearGradients(NamedTuple):
    """Hold ∂L/∂ of everything that enters `linear`.

    Attributes
    ----------
    d_x : array, shape (..., D)
    d_W : array, shape (D, K)
    d_b : array, shape (K,)
    """

    d_x: Array
    d_W: Array
    d_b: Array


def linear(x: Array, W: Array, b: Array) -> Array:
    r"""Multiply by a weight matrix and add a bias, row by row.

    .. math:: y = x W + b

    Parameters
    ----------
    x : array, shape (..., D)
        Rows of D features, with any leading axes, such as (B, D) or (T, B, D).
    W : array, shape (D, K)
        Weights. ``torch.nn.Linear`` keeps the transpose, (K, D).
    b : array, shape (K,)
        Bias.

    Returns
    -------
    y : array, shape (..., K)

    Raises
    ------
    TypeError
        If an argument is not made of numbers.
    ValueError
        If the sizes D or K do not agree, an array is empty, or a value is NaN or infinite.
    """
    x, W, b = _read_linear(x, W, b)
    return x @ W + b


def linear_backward(d_y: Array, x: Array, W: Array) -> LinearGradients:
    r"""Carry a gradient back through `linear`.

    .. math:: \partial L/\partial x = d_y W^\top, \quad
              \partial L/\partial W = x^\top d_y, \quad
              \partial L/\partial b = \sum_{\text{rows}} d_y

    Weights and bias serve every row, so their gradients are sums over all rows.

    Parameters
    ----------
    d_y : array, shape (..., K)
        ∂L/∂y, the gradient of the loss with respect to what `linear` returned.
    x : array, shape (..., D)
        What went in.
    W : array, shape (D, K)

    Returns
    -------
    LinearGradients
        d_x (..., D), d_W (D, K), d_b (K,).

    Raises
    ------
    TypeError, ValueError
        As `linear` does, and if the leading axes of `d_y` and `x` differ.
    """
    x, W, _ = _read_linear(x, W, None)
    d_y = as_array("d_y", d_y)
    if d_y.shape != (*x.shape[:-1], W.shape[1]):
        raise ValueError(
            f"d_y has shape {d_y.shape}; expected {(*x.shape[:-1], W.shape[1])}, "
            f"the shape of x W + b for x of shape {x.shape} and W of shape {W.shape}."
        )
    d_b = d_y.reshape(-1, W.shape[1]).sum(axis=0)
    return LinearGradients(d_x=d_y @ W.T, d_W=weight_gradient(x, d_y), d_b=d_b)


def weight_gradient(x: Array, d_y: Array) -> Array:
    r"""Return ∂L/∂W of y = x W, added up over all leading axes in one product.

    .. math:: \partial L/\partial W = \sum_{\text{rows}} x^\top d_y

    Parameters
    ----------
    x : array, shape (..., D)
        What went in.
    d_y : array, shape (..., K)
        ∂L/∂y, with the leading axes of `x`; neither is checked, for loops that have done so.

    Returns
    -------
    d_W : array, shape (D, K)
    """
    return x.reshape(-1, x.shape[-1]).T @ d_y.reshape(-1, d_y.shape[-1])


def one_hot(indices: IndexArray, V: int, dtype: Any = np.float64) -> Array:
    """Turn every index into a row of V zeros with a single 1 at that index.

    Parameters
    ----------
    indices : array of int, shape (...,), values in [0, V)
        Such as (T, B).
    V : int
        How many different indices there are.
    dtype : float32 or float64

    Returns
    -------
    array, shape (..., V), values 0 or 1

    Raises
    ------
    TypeError
        If `indices` is not made of whole numbers, or `dtype` is another number type.
    ValueError
        If an index lies outside [0, V), the array is empty, or V is below 1.
    """
    V = as_count("V", V)
    indices = as_indices("indices", indices, V)
    rows = np.zeros((*indices.shape, V), dtype=as_float_type("dtype", dtype))
    np.put_along_axis(rows, indices[..., None], 1, axis=-1)
    return rows


def embedding(indices: IndexArray, W: Array) -> Array:
    r"""Look up one row of W for every index.

    .. math:: x = \mathrm{onehot}(i)\, W = W_{i,:}

    A one-hot row times a matrix picks out one of its rows; the look-up gives the same
    numbers without the multiplication.

    Parameters
    ----------
    indices : array of int, shape (...,), values in [0, V)
    W : array, shape (V, D)
        One row of D features for every index.

    Returns
    -------
    array, shape (..., D)

    Raises
    ------
    TypeError
        If `indices` is not made of whole numbers or `W` not of numbers.
    ValueError
        If an index lies outside [0, V), an array is empty, or W is not a matrix.
    """
    W = as_array("W", W, "V D")
    return W[as_indices("indices", indices, W.shape[0])]


def embedding_backward(d_x: Array, indices: IndexArray, V: int) -> Array:
    r"""Return ∂L/∂W of `embedding`: every row collects the gradients of all its look-ups.

    .. math:: \partial L/\partial W = \mathrm{onehot}(i)^\top d_x

    Parameters
    ----------
    d_x : array, shape (..., D)
        ∂L/∂x for what `embedding` returned.
    indices : array of int, shape (...,), values in [0, V)
    V : int
        The number of rows of W.

    Returns
    -------
    d_W : array, shape (V, D)
        Zero in the rows that were not looked up.

    Raises
    ------
    TypeError, ValueError
        As `one_hot` does, and if `d_x` does not have the axes of `indices` and one more.
    """
    d_x = as_array("d_x", d_x, "... D")
    rows = one_hot(indices, V, dtype=d_x.dtype)  # (..., V)
    if d_x.shape[:-1] != rows.shape[:-1]:
        raise ValueError(
            f"d_x has shape {d_x.shape}; expected the shape {rows.shape[:-1]} of indices "
            "and one axis more."
        )
    return weight_gradient(rows, d_x)


def _read_linear(x: Array, W: Array, b: Array | None) -> tuple[Array, Array, Array | None]:
    sizes: dict[str, int] = {}
    W = as_array("W", W, "D K", sizes)
    if b is not None:
        b = as_array("b", b, "K", sizes)
    return as_array("x", x, "... D", sizes), W, b
