"""Symbol sequences whose class is decided by two neighbours, at a position that one chooses.

Each sequence has T symbols. A sequence of class 1 holds the pattern "ab" exactly once, at one of
the positions asked for; a sequence of class 0 holds the same two symbols the other way round,
"ba", at one of these positions, and "ab" nowhere. All other symbols are drawn at random, a and b
among them, so single symbols tell next to nothing: the order of two neighbours decides.

>>> import numpy as np
>>> batch = sample_patterns(np.random.default_rng(0), 4, positions=[0, 1, 2], T=8)
>>> batch.xs.shape, batch.targets.shape
((8, 4), (4,))
>>> text = decode(batch.xs)[1]
>>> ("ab" in text) == bool(batch.targets[1])
True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SYMBOLS = "abcdef"
"""The symbols of the task; the index of a symbol is its place in this text."""

PATTERN = "ab"
"""What makes a sequence class 1 when it stands somewhere in it."""

LENGTH = 12
"""Symbols in a sequence, unless told otherwise."""


class PatternBatch(NamedTuple):
    """A batch of symbol sequences, with their classes and where the deciding pair stands."""

    xs: NDArray[np.int64]
    """Symbols as indices into `SYMBOLS`, shape (T, B): time first."""
    targets: NDArray[np.int64]
    """Class of each sequence, shape (B,): 1 if it holds "ab", 0 if it holds "ba" in its place."""
    positions: NDArray[np.int64]
    """Where the pair starts, counted from 0, shape (B,), values in 0 … T-2."""


def all_positions(T: int = LENGTH) -> tuple[int, ...]:
    """Return every position at which the pair can start in a sequence of T symbols.

    Parameters
    ----------
    T : int, at least 4
        Length of the sequence in symbols.

    Returns
    -------
    positions : tuple of int
        0, 1, …, T-2.

    Raises
    ------
    ValueError
        If T is not a whole number of at least 4.
    """
    if isinstance(T, bool) or not isinstance(T, int | np.integer) or T < 4:
        raise ValueError(f"T is {T!r}; expected a whole number of at least 4.")
    return tuple(range(int(T) - 1))


class Split(NamedTuple):
    """What training shows and what only the test shows."""

    shown: tuple[int, ...]
    """Positions at which the pair stands in training."""
    held_out: tuple[int, ...]
    """Positions at which it stands in the test alone; they share no symbol with those shown."""
    lengths: tuple[int, ...]
    """Lengths of the sequences in training, in symbols, each with equal probability."""


def position_splits(T: int = LENGTH) -> dict[str, Split]:
    """Return ways of keeping some positions of the pair for the test.

    ========  ===========================================================================
    early     training shows the pair in the first half, the test in the second
    late      the reverse
    gaps      training shows two positions of every five, the test those in between
    short     training has sequences of 4 symbols up to half of T + 1, with the pair anywhere in
              them; the test has T symbols, with the pair beyond the longest of these
    all       training shows every position, nothing is held out
    ========  ===========================================================================

    Parameters
    ----------
    T : int, at least 10
        Length of the sequences of the test, in symbols.

    Returns
    -------
    splits : dict of str to Split

    Raises
    ------
    ValueError
        If T is not a whole number of at least 10.
    """
    everywhere = all_positions(T)
    if T < 10:
        raise ValueError(f"T is {T}; expected at least 10 symbols, to hold positions out.")
    half = T // 2
    first, second = everywhere[: half - 1], everywhere[half:]
    return {
        "early": Split(first, second, (T,)),
        "late": Split(second, first, (T,)),
        "gaps": Split(
            tuple(p for p in everywhere if p % 5 in (0, 1)),
            tuple(p for p in everywhere if p % 5 == 3),
            (T,),
        ),
        "short": Split(everywhere[:half], everywhere[half + 1 :], tuple(range(4, half + 2))),
        "all": Split(everywhere, (), (T,)),
    }


def sample_patterns(
    rng: np.random.Generator,
    n: int,
    positions: Iterable[int] | None = None,
    T: int = LENGTH,
) -> PatternBatch:
    """Draw sequences that hold "ab" or, equally often, "ba" at one of the given positions.

    The other symbols are independent and uniform over `SYMBOLS`, under the condition that "ab"
    stands nowhere but where it was put; a draw that breaks the condition is drawn again.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the random numbers come from; the same state gives the same batch.
    n : int, at least 1
        Number of sequences B. Sequences at even places have class 0, at odd places class 1, so the
        classes are equally frequent for even n.
    positions : iterable of int in 0 … T-2, optional
        Where the pair may start, each with equal probability. All positions if not given.
    T : int, at least 4
        Length of the sequences in symbols.

    Returns
    -------
    batch : PatternBatch
        xs (T, B), targets (B,), positions (B,).

    Raises
    ------
    TypeError
        If `rng` is not a numpy.random.Generator.
    ValueError
        If `n` or `T` is too small, or a position lies outside 0 … T-2.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is a {type(rng).__name__}; expected a numpy.random.Generator.")
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"n is {n!r}; expected a whole number of at least 1.")
    allowed = all_positions(T)
    chosen = np.asarray(allowed if positions is None else list(positions))
    if chosen.size == 0 or chosen.ndim != 1 or not set(chosen.tolist()) <= set(allowed):
        raise ValueError(
            f"positions is {chosen.tolist()}; expected one or more whole numbers in 0 … {T - 2}."
        )

    starts = rng.choice(chosen.astype(np.int64), size=n)
    targets = np.arange(n, dtype=np.int64) % 2
    a, b = (SYMBOLS.index(symbol) for symbol in PATTERN)
    xs = np.empty((T, n), dtype=np.int64)
    to_draw = np.arange(n)
    while to_draw.size:
        drawn = rng.integers(len(SYMBOLS), size=(T, to_draw.size))
        column, start, target = np.arange(to_draw.size), starts[to_draw], targets[to_draw]
        drawn[start, column] = np.where(target == 1, a, b)
        drawn[start + 1, column] = np.where(target == 1, b, a)
        xs[:, to_draw] = drawn
        to_draw = to_draw[count_pattern(drawn) != target]
    return PatternBatch(xs, targets, starts)


def count_pattern(xs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count how often "ab" stands in each sequence.

    Parameters
    ----------
    xs : array of int, shape (T, B)
        Symbols as indices into `SYMBOLS`.

    Returns
    -------
    counts : array of int, shape (B,), values at least 0

    Raises
    ------
    ValueError
        If `xs` is not two-dimensional.
    """
    xs = _indices(xs)
    a, b = (SYMBOLS.index(symbol) for symbol in PATTERN)
    return ((xs[:-1] == a) & (xs[1:] == b)).sum(axis=0)


def encode(texts: Iterable[str]) -> NDArray[np.int64]:
    """Turn texts of equal length into symbol indices, time first.

    Parameters
    ----------
    texts : iterable of str
        B texts of T symbols each, such as ["cabd", "abba"].

    Returns
    -------
    xs : array of int, shape (T, B), values in 0 … V-1

    Raises
    ------
    ValueError
        If there is no text, the lengths differ, or a character is not in `SYMBOLS`.
    """
    rows = [texts] if isinstance(texts, str) else list(texts)
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1 or lengths[0] == 0:
        raise ValueError(f"texts have lengths {lengths}; expected one length of at least 1.")
    unknown = sorted(set("".join(rows)) - set(SYMBOLS))
    if unknown:
        raise ValueError(f"texts hold {unknown}; expected symbols of {SYMBOLS!r} alone.")
    return np.array([[SYMBOLS.index(symbol) for symbol in row] for row in rows], dtype=np.int64).T


def decode(xs: NDArray[np.int64]) -> list[str]:
    """Turn symbol indices back into texts, one per sequence.

    Parameters
    ----------
    xs : array of int, shape (T, B)
        Symbols as indices into `SYMBOLS`.

    Returns
    -------
    texts : list of str
        B texts of T symbols each.

    Raises
    ------
    ValueError
        If `xs` is not two-dimensional or holds an index outside 0 … V-1.
    """
    return ["".join(SYMBOLS[index] for index in column) for column in _indices(xs).T]


def _indices(xs: NDArray[np.int64]) -> NDArray[np.int64]:
    xs = np.asarray(xs)
    if xs.ndim != 2 or not np.issubdtype(xs.dtype, np.integer):
        raise ValueError(
            f"xs has shape {xs.shape} and type {xs.dtype}; expected whole numbers of shape (T, B)."
        )
    if xs.size and not (xs.min() >= 0 and xs.max() < len(SYMBOLS)):
        raise ValueError(
            f"xs holds values from {xs.min()} to {xs.max()}; expected 0 … {len(SYMBOLS) - 1}."
        )
    return xs
