"""What the cell line of an LSTM does to the number it holds, and for how long it stays.

First one memory cell without a network around it, its gates given instead of computed; then the
cells of a random network.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from utils.cells import LSTMWeights, init_lstm_weights
from utils.sequence import lstm_sequence
from utils.state_gains import cell_line_gains
from utils.validation import Array, as_array, as_count, as_number

__all__ = ["Fading", "MemoryRun", "compute_fading", "drive_memory", "half_life", "memory_left"]


class MemoryRun(NamedTuple):
    """Hold what happens in one memory cell, step by step.

    Attributes
    ----------
    cs : array, shape (T + 1,)
        The cell state; entry 0 is c_0.
    hs : array, shape (T,)
        What is let out at each step.
    kept, written : array, shape (T,)
        The two summands of each new cell state: forget gate times the old one, and input gate
        times candidate.
    """

    cs: Array
    hs: Array
    kept: Array
    written: Array


def drive_memory(
    input_gate: Array, forget_gate: Array, candidate: Array, output_gate: Array, c_0: float = 0.0
) -> MemoryRun:
    r"""Drive one memory cell with gates that are given.

    .. math:: c_t = f_t c_{t-1} + i_t g_t, \qquad h_t = o_t \tanh(c_t)

    Parameters
    ----------
    input_gate, forget_gate, output_gate : array, shape (T,), values in [0, 1]
    candidate : array, shape (T,), values in [-1, 1]
    c_0 : float
        The cell state before the first step.

    Returns
    -------
    MemoryRun

    Raises
    ------
    TypeError
        If an argument is not made of numbers.
    ValueError
        If the lengths differ, there is no step, or a value lies outside its range.

    References
    ----------
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8); with the
    forget gate of Gers, Schmidhuber and Cummins (2000), Neural Computation 12(10).

    Examples
    --------
    >>> drive_memory([1, 0], [0, 1], [1, 0], [0, 1]).cs
    array([0., 1., 1.])
    """
    sizes: dict[str, int] = {}
    i = _between("input_gate", input_gate, 0, sizes)
    f = _between("forget_gate", forget_gate, 0, sizes)
    g = _between("candidate", candidate, -1, sizes)
    o = _between("output_gate", output_gate, 0, sizes)
    written, kept = i * g, np.empty_like(f)
    cs = np.empty(len(f) + 1)
    cs[0] = as_number("c_0", c_0)
    for t in range(len(f)):
        kept[t] = f[t] * cs[t]
        cs[t + 1] = kept[t] + written[t]
    return MemoryRun(cs, o * np.tanh(cs[1:]), kept, written)


def half_life(gate: Any) -> Any:
    r"""Return after how many steps half of a memory is left, if nothing is written.

    .. math:: f^n = \tfrac12 \quad\Leftrightarrow\quad n = \frac{\ln \frac12}{\ln f}

    Parameters
    ----------
    gate : float or array, values in [0, 1]
        The forget gate of an LSTM, f, or the update gate of a GRU, z; the same at every step.

    Returns
    -------
    float or array, in steps
        0 for a closed gate, infinite for an open one; need not be whole.

    Raises
    ------
    TypeError
        If `gate` is not made of numbers.
    ValueError
        If a value lies outside [0, 1].

    Examples
    --------
    >>> half_life(0.5)
    1.0
    """
    f = _between("gate", gate, 0)
    with np.errstate(divide="ignore"):
        steps = np.log(0.5) / np.log(f)
    steps = np.where(f == 1, np.inf, steps)
    return float(steps) if steps.ndim == 0 else steps


def memory_left(forget_gates: Array) -> Array:
    r"""Return how much of a memory is left after every step: the product of the forget gates.

    .. math:: \prod_{k=1}^{t} f_k

    Parameters
    ----------
    forget_gates : array, shape (T, ...), values in [0, 1]
        Steps first.

    Returns
    -------
    array, shape (T + 1, ...), values in [0, 1]
        Entry 0 is 1.

    Raises
    ------
    TypeError
        If `forget_gates` is not made of numbers.
    ValueError
        If it is empty or a value lies outside [0, 1].
    """
    f = _between("forget_gates", forget_gates, 0)
    return np.concatenate([np.ones((1, *f.shape[1:])), np.cumprod(f, axis=0)])


class Fading(NamedTuple):
    """Hold how much of a gradient at the last cell state is left, by steps back.

    Attributes
    ----------
    direct, total : array, shape (T + 1,)
        Along the cell line, and along all paths, geometric means over four sequences; entry k
        belongs to k steps back.
    mean_gate : float
        Mean of the forget gates.
    """

    direct: Array
    total: Array
    mean_gate: float


def compute_fading(bias: float, scale: float, T: int = 60, H: int = 24, seed: int = 0) -> Fading:
    r"""Run a random LSTM and measure how fast its memories fade.

    Parameters
    ----------
    bias : float
        Of the forget gates; all other biases are zero.
    scale : float of at least 0
        Factor on the matrices, whose entries have a spread of one over the root of their rows.
        With 0 every forget gate is :math:`\sigma(b)` at every step.
    T, H : int
        Steps and units.
    seed : int

    Returns
    -------
    Fading

    Raises
    ------
    TypeError, ValueError
        If a setting is not as described.
    """
    bias, scale = as_number("bias", bias), as_number("scale", scale, at_least=0)
    base, xs = _random_lstm(as_count("T", T), as_count("H", H), seed)
    b = base.b.copy()
    b[H : 2 * H] = bias
    weights = LSTMWeights(scale * base.W_x, scale * base.W_h, b)
    sequence = lstm_sequence(xs, None, None, weights)
    direct, total = (10 ** logs[::-1].mean(axis=1) for logs in cell_line_gains(sequence, weights))
    return Fading(direct, total, float(sequence.forget_gate.mean()))


@lru_cache(maxsize=4)
def _random_lstm(T: int, H: int, seed: int) -> tuple[LSTMWeights, Array]:
    rng = np.random.default_rng(seed)
    return init_lstm_weights(8, H, rng), rng.standard_normal((T, 4, 8))


def _between(name: str, values: Any, low: float, sizes: dict[str, int] | None = None) -> Array:
    """Return an array of numbers from `low` to 1; with `sizes` it has one axis, T."""
    axes = {} if sizes is None else {"axes": "T", "sizes": sizes}
    array = as_array(name, values, dtype=np.float64, **axes)
    if array.min() < low or array.max() > 1:
        wrong = array.max() if array.max() > 1 else array.min()
        raise ValueError(f"{name} holds {wrong:g}; expected values from {low:g} to 1.")
    return array
