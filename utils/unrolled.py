"""A plain RNN laid out in time, with every number kept: what chapter 02 prints and draws.

The functions here compute and return; ``utils.plots.graph`` and ``utils.plots.hidden_states``
paint what they return.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from utils.cells import OutputWeights, RNNWeights, rnn_step, rnn_unroll
from utils.losses import softmax
from utils.validation import Array, as_array, as_count, as_number, as_weights

__all__ = [
    "MemoryOfFirstWord",
    "ParameterCounts",
    "UnrolledRun",
    "count_parameters",
    "memory_of_first_word",
    "product_lines",
    "run_unrolled",
    "two_step_example",
]


_RNN_AXES = {"W_xh": "D H", "W_hh": "H H", "b_h": "H"}


class UnrolledRun(NamedTuple):
    """Every value that one sequence leaves behind on its way through a plain RNN.

    The batch axis is left out, because a drawing shows one sequence.
    """

    xs: Array  #: (T, D)
    h_0: Array  #: (H,)
    zs: Array  #: (T, H), the sums before tanh
    hs: Array  #: (T, H)
    logits: Array  #: (T, V)
    probabilities: Array  #: (T, V)


def run_unrolled(
    xs: Array, weights: RNNWeights, output: OutputWeights, h_0: Array | None = None
) -> UnrolledRun:
    r"""Read one sequence and keep every intermediate value.

    .. math::
        z_t = x_t W_{xh} + h_{t-1} W_{hh} + b_h,\quad h_t = \tanh z_t,\quad
        \hat y_t = \mathrm{softmax}(h_t W_{hy} + b_y)

    Parameters
    ----------
    xs : array, shape (T, D)
        One sequence, without a batch axis; T at least 1.
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,); the same at every step.
    output : OutputWeights
        W_hy (H, V), b_y (V,); the same at every step.
    h_0 : array, shape (H,), optional
        State before the first step; zeros if left out.

    Returns
    -------
    UnrolledRun
        xs (T, D), h_0 (H,), zs (T, H), hs (T, H) in (-1, 1), logits (T, V) and
        probabilities (T, V), whose rows add up to 1.

    Raises
    ------
    TypeError
        If an argument is not made of numbers or does not hold the weights named above.
    ValueError
        If a shape does not fit the weights, the sequence is empty or a value is not finite.

    Examples
    --------
    >>> example = two_step_example()
    >>> run_unrolled(*example).hs.round(3)
    array([[ 0.291, -0.716],
           [-0.722,  0.531]])
    """
    sizes: dict[str, int] = {}
    weights = as_weights("weights", weights, RNNWeights, _RNN_AXES, sizes)
    output = as_weights("output", output, OutputWeights, {"W_hy": "H V", "b_y": "V"}, sizes)
    xs = as_array("xs", xs, "T D", sizes)
    h_0 = np.zeros(sizes["H"]) if h_0 is None else as_array("h_0", h_0, "H", sizes)
    h_prev, zs, hs = h_0, [], []
    for x_t in xs:
        zs.append(x_t @ weights.W_xh + h_prev @ weights.W_hh + weights.b_h)
        h_prev = rnn_step(x_t[None], h_prev[None], weights)[0]
        hs.append(h_prev)
    logits = np.stack(hs) @ output.W_hy + output.b_y
    return UnrolledRun(xs, h_0, np.stack(zs), np.stack(hs), logits, softmax(logits))


class TwoStepExample(NamedTuple):
    """The example that chapter 02 works by hand, in the order `run_unrolled` takes it."""

    xs: Array  #: (2, 1)
    weights: RNNWeights  #: of the cell
    output: OutputWeights  #: of the output layer


def two_step_example() -> TwoStepExample:
    """Give the two-step example of chapter 02: scalar input, two hidden units, two classes.

    The weights are draws from a standard normal distribution (``RandomState(43)``, whose
    stream NumPy has promised never to change), rounded to one decimal; the biases are zero.

    Returns
    -------
    TwoStepExample
        xs (2, 1), RNNWeights with W_xh (1, 2), W_hh (2, 2), b_h (2,), and OutputWeights
        with W_hy (2, 2), b_y (2,).
    """
    return TwoStepExample(
        xs=np.array([[1.0], [-0.5]]),
        weights=RNNWeights(
            W_xh=np.array([[0.3, -0.9]]),
            W_hh=np.array([[-0.4, -0.5], [0.9, -0.4]]),
            b_h=np.zeros(2),
        ),
        output=OutputWeights(W_hy=np.array([[0.5, 2.0], [1.3, -0.4]]), b_y=np.zeros(2)),
    )


def product_lines(
    vector: Array, matrix: Array, bias: Array | None = None, *, name: str = "z", digits: int = 3
) -> list[str]:
    r"""Write out vector times matrix, one line for each entry of the result, every product shown.

    .. math:: z_j = \sum_i v_i M_{ij} + b_j

    Parameters
    ----------
    vector : array, shape (N,)
    matrix : array, shape (N, M)
    bias : array, shape (M,), optional
        Added at the end of each line; left out of the line if it is zero everywhere.
    name : str
        Letter of the result; its entries are numbered from 1.
    digits : int
        Decimals that are printed. The sum is computed before rounding.

    Returns
    -------
    list of str
        M lines such as ``z1 = 1.000*(+0.300) + ... = +0.300``.

    Raises
    ------
    ValueError
        If the length of the vector is not the number of rows of the matrix.

    Examples
    --------
    >>> product_lines([1.0, 2.0], [[0.5], [-1.0]], digits=1)
    ['z1 = (+1.0)(+0.5) + (+2.0)(-1.0) = -1.5']
    """
    sizes: dict[str, int] = {}
    vector = as_array("vector", vector, "N", sizes)
    matrix = as_array("matrix", matrix, "N M", sizes)
    bias = np.zeros(sizes["M"]) if bias is None else as_array("bias", bias, "M", sizes)
    totals = vector @ matrix + bias
    lines = []
    for j, total in enumerate(totals):
        terms = [
            f"({_signed(v, digits)})({_signed(m, digits)})"
            for v, m in zip(vector, matrix[:, j], strict=True)
        ]
        if bias.any():
            terms.append(f"({_signed(bias[j], digits)})")
        lines.append(f"{name}{j + 1} = {' + '.join(terms)} = {_signed(total, digits)}")
    return lines


def _signed(value: float, digits: int) -> str:
    return f"{value + 0.0:+.{digits}f}"  # + 0.0 turns a negative zero into a zero


class ParameterCounts(NamedTuple):
    """How many numbers each kind of network has to learn, for each length."""

    lengths: Array  #: (N,), steps
    recurrent: Array  #: (N,), one set of weights for all steps
    flat: Array  #: (N,), all steps side by side into H hidden units, one answer
    flat_every_step: Array  #: (N,), T times H hidden units, an answer at every step


def count_parameters(lengths: Sequence[int], D: int, H: int, K: int) -> ParameterCounts:
    r"""Count the parameters of an RNN and of two flat networks for sequences of T steps.

    .. math::
        n_\text{RNN} &= DH + H^2 + H + HK + K \\
        n_\text{flat} &= (TD)H + H + HK + K \\
        n_\text{flat, every step} &= (TD)(TH) + TH + (TH)(TK) + TK

    Parameters
    ----------
    lengths : sequence of int
        The values of T, each at least 1 step.
    D, H, K : int
        Input features, hidden units and output classes, each at least 1.

    Returns
    -------
    ParameterCounts
        The lengths and three arrays of as many counts.

    Raises
    ------
    TypeError
        If a size is not a whole number.
    ValueError
        If a length is not a whole number of at least 1, or a size is below 1.
    """
    T = np.asarray(lengths)
    if T.ndim != 1 or T.size == 0 or not np.issubdtype(T.dtype, np.integer) or T.min() < 1:
        raise ValueError(f"lengths is {lengths!r}; expected whole numbers of at least 1 step.")
    D, H, K = as_count("D", D), as_count("H", H), as_count("K", K)
    recurrent = D * H + H * H + H + H * K + K
    return ParameterCounts(
        lengths=T,
        recurrent=np.full(T.shape, recurrent),
        flat=T * D * H + H + H * K + K,
        flat_every_step=T * D * T * H + T * H + T * H * T * K + T * K,
    )


class MemoryOfFirstWord(NamedTuple):
    """The states of two sentences that differ in one early word, and how far apart they are."""

    hs: Array  #: (T, H), states of the first sentence
    hs_other: Array  #: (T, H), states of the second sentence
    distances: Array  #: (T,), Euclidean distance of the two states after each step


def memory_of_first_word(
    xs: Array, xs_other: Array, weights: RNNWeights, recurrent_scale: float = 1.0
) -> MemoryOfFirstWord:
    r"""Read two sentences with the same weights and measure how far their states stay apart.

    .. math:: d_t = \lVert h_t - h'_t \rVert_2

    Parameters
    ----------
    xs, xs_other : array, shape (T, D)
        Two sequences of equal length.
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,).
    recurrent_scale : float
        Factor on W_hh, at least 0; with 0 the state has no memory.

    Returns
    -------
    MemoryOfFirstWord
        hs (T, H), hs_other (T, H) and distances (T,), each distance in [0, 2 sqrt(H)).

    Raises
    ------
    ValueError
        If the sequences do not have one shape or the scale is negative or not finite.
    """
    scale = as_number("recurrent_scale", recurrent_scale, at_least=0)
    sizes: dict[str, int] = {}
    W_xh, W_hh, b_h = as_weights("weights", weights, RNNWeights, _RNN_AXES, sizes)
    xs = as_array("xs", xs, "T D", sizes)
    xs_other = as_array("xs_other", xs_other, "T D", sizes)
    both = np.stack([xs, xs_other], axis=1)  # (T, 2, D)
    hs = rnn_unroll(both, None, RNNWeights(W_xh, W_hh * scale, b_h))  # (T, 2, H)
    return MemoryOfFirstWord(hs[:, 0], hs[:, 1], np.linalg.norm(hs[:, 0] - hs[:, 1], axis=1))
