"""Tasks that can be solved by a memory alone: adding, copying, temporal order, signed counting.

Each asks for something else of a memory: two numbers kept apart from many others and summed up,
several symbols kept in their order, two events told apart by which came first, and a count that
goes up and down and, on request, begins anew. Whatever is not marked says nothing about the
target, and the target cannot be told from the end of a sequence.

>>> import numpy as np
>>> xs, targets = signed_count(np.random.default_rng(0), B=3, T=6)
>>> for column, target in zip(xs.T, targets):
...     print("".join(COUNT_SYMBOLS[k] for k in column), target)
.++.-. 1.0
-++--- -2.0
-++..- 0.0

References
----------
Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8), sections 5.4
and 5.6. Arjovsky, Shah and Bengio (2016), Unitary evolution recurrent neural networks, ICML.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.validation import Array, IndexArray, as_count, as_generator

ORDER_SYMBOLS = "XYabcd"
"""Symbols of the temporal order; the index of a symbol is its place here."""

ORDER_CLASSES = ("XX", "XY", "YX", "YY")
"""The classes of the temporal order: the two marks, first and second."""

COUNT_SYMBOLS = "+-.0"
"""Symbols of the count: one up, one down, nothing, and back to zero."""

SHORTEST_ORDER = 6
"""Steps of the shortest sequence in which the temporal order can be asked."""

_MARKS = 2  # X and Y come first in ORDER_SYMBOLS


class TaskBatch(NamedTuple):
    """Hold many sequences of one length with what is to be said about them.

    Attributes
    ----------
    xs : array of float, shape (T, B, D), or of int, shape (T, B)
        Numbers, or symbols as indices; time first.
    targets : array, shape (B,) or (T, B)
        After the last step, or after every step: float for a number, int for a class.
    """

    xs: Array | IndexArray
    targets: Array | IndexArray


def adding(rng: np.random.Generator, B: int, T: int) -> TaskBatch:
    r"""Draw sequences of numbers of which two are marked; the target is the sum of these two.

    .. math:: y = v_{t_1} + v_{t_2}, \qquad v_t \sim U[0, 1), \quad
              1 \le t_1 \le \lfloor T/2 \rfloor < t_2 \le T

    Saying 1 always, the mean, has a squared error of 1/6; saying the second number plus a half,
    without a memory of the first, 1/12.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        How many sequences.
    T : int, at least 2, in steps
        One mark stands in the first half, the other in the second.

    Returns
    -------
    TaskBatch
        xs (T, B, 2): the number, in [0, 1), and the mark, 0 or 1. targets (B,) in [0, 2).

    Raises
    ------
    TypeError, ValueError
        If `rng` is no generator, or a size is not a whole number or too small.

    References
    ----------
    Hochreiter and Schmidhuber (1997), section 5.4; with marks of 0 and 1, and the ends of the
    sequence treated as any other step, as in Arjovsky, Shah and Bengio (2016).
    """
    rng, B, T = as_generator("rng", rng), as_count("B", B), as_count("T", T, at_least=2)
    half, samples = T // 2, np.arange(B)
    xs = np.zeros((T, B, 2))
    xs[:, :, 0] = rng.random((T, B))
    places = rng.integers(0, half, B), rng.integers(half, T, B)
    for place in places:
        xs[place, samples, 1] = 1
    return TaskBatch(xs, xs[places[0], samples, 0] + xs[places[1], samples, 0])


def temporal_order(rng: np.random.Generator, B: int, T: int) -> TaskBatch:
    """Draw sequences with two marks, each X or Y, among distractors; their order is the class.

    The first mark stands early, after T/10 to 2T/10 steps, the second in the middle, after 5T/10
    to 6T/10 of them; the class is asked for at the end. The other symbols, a to d, say nothing.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        How many sequences.
    T : int, at least 6, in steps

    Returns
    -------
    TaskBatch
        xs (T, B), indices into `ORDER_SYMBOLS`. targets (B,), indices into `ORDER_CLASSES`: twice
        the first mark plus the second, X being 0 and Y being 1.

    Raises
    ------
    TypeError, ValueError
        If `rng` is no generator, or a size is not a whole number or too small.

    References
    ----------
    Hochreiter and Schmidhuber (1997), section 5.6, task 6a; without the symbols for begin and
    end.
    """
    rng, B = as_generator("rng", rng), as_count("B", B)
    T = as_count("T", T, at_least=SHORTEST_ORDER)
    samples = np.arange(B)
    xs = rng.integers(_MARKS, len(ORDER_SYMBOLS), (T, B))
    marks = rng.integers(0, _MARKS, (2, B))
    for mark, start in zip(marks, (T // 10, T // 2), strict=True):
        xs[rng.integers(start, start + T // 10 + 1, B), samples] = mark
    return TaskBatch(xs, _MARKS * marks[0] + marks[1])


def copying(rng: np.random.Generator, B: int, symbols: int, delay: int, alphabet: int) -> TaskBatch:
    """Draw symbols that are to be said again, in their order, after a delay.

    A sequence is the symbols, `delay` blanks, a request, and blanks while the answer is given.
    What is to be said is a blank at every step up to the request, and the symbols after it.

    ::

        symbols = 3, delay = 4, alphabet = 5      blank = 5, request = 6

        read       2 0 4 5 5 5 5 6 5 5
        to be said 5 5 5 5 5 5 5 2 0 4

    Saying blanks, then any symbol of the alphabet with equal probability, has a cross-entropy of
    ``symbols * ln(alphabet) / T`` nats per step.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        How many sequences.
    symbols : int, at least 1
        How many symbols a memory has to hold.
    delay : int, at least 0, in steps
        Blanks between the last symbol and the request.
    alphabet : int, at least 2
        How many different symbols there are, 0 to alphabet - 1.

    Returns
    -------
    TaskBatch
        xs (T, B) with T = 2 symbols + delay, values up to alphabet + 1: blank is alphabet, the
        request alphabet + 1. targets (T, B), values up to alphabet.

    Raises
    ------
    TypeError, ValueError
        If `rng` is no generator, or a size is not a whole number or too small.

    References
    ----------
    Hochreiter and Schmidhuber (1997); in this form Arjovsky, Shah and Bengio (2016), section 5.1.
    """
    rng, B, symbols = as_generator("rng", rng), as_count("B", B), as_count("symbols", symbols)
    delay = as_count("delay", delay, at_least=0)
    alphabet = as_count("alphabet", alphabet, at_least=2)
    shown = rng.integers(0, alphabet, (symbols, B))
    xs = np.full((2 * symbols + delay, B), alphabet)
    targets = np.full_like(xs, alphabet)
    xs[:symbols] = shown
    xs[symbols + delay] = alphabet + 1
    targets[symbols + delay :] = shown
    return TaskBatch(xs, targets)


def signed_count(rng: np.random.Generator, B: int, T: int, resets: int = 0) -> TaskBatch:
    r"""Draw sequences of + and - among symbols without a meaning; the target is their sum.

    .. math:: y = \sum_{t = r + 1}^{T} s_t, \qquad s_t \in \{+1, -1, 0\}

    with equal probabilities; r is the place of the last reset, or 0 where there is none. The
    sign of what comes in decides whether a memory has to grow or to shrink; with resets it also
    has to let go. Without resets the targets have variance 2T/3.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        How many sequences.
    T : int, at least 1, in steps
    resets : int in 0 … T
        How many steps of each sequence are the symbol that starts the count anew; where they
        stand is drawn.

    Returns
    -------
    TaskBatch
        xs (T, B), indices into `COUNT_SYMBOLS`. targets (B,), whole numbers as floats.

    Raises
    ------
    TypeError, ValueError
        If `rng` is no generator, a size is not a whole number or too small, or there are more
        resets than steps.

    References
    ----------
    Gers, Schmidhuber and Cummins (2000), Learning to forget: continual prediction with LSTM,
    Neural Computation 12(10); on memories that have to be set back.
    """
    rng, B, T = as_generator("rng", rng), as_count("B", B), as_count("T", T)
    resets = as_count("resets", resets, at_least=0)
    if resets > T:
        raise ValueError(f"resets is {resets}; expected at most T = {T}.")
    reset = COUNT_SYMBOLS.index("0")
    xs = rng.integers(0, reset, (T, B))
    if resets:
        places = rng.permuted(np.repeat(np.arange(T)[:, None], B, axis=1), axis=0)[:resets]
        xs[places, np.arange(B)] = reset
    steps = np.array([1.0, -1.0, 0.0, 0.0])[xs]
    # What comes after the last reset: no reset at this step or a later one.
    since = np.cumsum((xs == reset)[::-1], axis=0)[::-1] == 0
    return TaskBatch(xs, (steps * since).sum(axis=0))
