"""Windows of past and future, and splits in time.

A series of N values becomes many examples: P known values and the H that follow. Neighbouring
windows share nearly all their values, which is why they must be split in time and never at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from utils.validation import Array, IndexArray, as_array, as_count


class Windows(NamedTuple):
    """Hold n pairs of past and future.

    Attributes
    ----------
    past : array, shape (n, P)
        The last P values that are known, the newest last.
    future : array, shape (n, H)
        The H values that follow.
    origins : array of int, shape (n,)
        How many values of the series are known: ``past`` ends before this place, ``future``
        begins there.
    """

    past: Array
    future: Array
    origins: IndexArray

    @property
    def n(self) -> int:
        """How many windows there are."""
        return len(self.origins)

    def take(self, places: IndexArray | Sequence[int] | slice) -> Windows:
        """Return some of the windows, by their places.

        Parameters
        ----------
        places : array of int, sequence of int, or slice

        Returns
        -------
        Windows
        """
        return Windows(self.past[places], self.future[places], self.origins[places])

    def between(self, start: int, stop: int) -> Windows:
        """Return the windows whose whole future lies in ``values[start:stop]``.

        Their past may begin before `start`: what is known stays known.

        Parameters
        ----------
        start, stop : int
            Places in the series, counted from 0.

        Returns
        -------
        Windows

        Raises
        ------
        ValueError
            If there is no such window.
        """
        H = self.future.shape[1]
        chosen = (self.origins >= start) & (self.origins + H <= stop)
        if not chosen.any():
            raise ValueError(
                f"No window of {self.past.shape[1]} past and {H} future values has its future "
                f"between {start} and {stop}; expected a longer part."
            )
        return self.take(np.flatnonzero(chosen))


class Split(NamedTuple):
    """Hold three parts of a series, one after the other, as slices."""

    train: slice  #: the earliest part, to fit to
    validation: slice  #: what follows, to choose by
    test: slice  #: the latest part, to judge by


def make_windows(values: Array, past: int, horizon: int, every: int = 1) -> Windows:
    r"""Cut a series into windows of `past` known values and the `horizon` values after them.

    .. math:: (y_{o-P+1}, …, y_o) \to (y_{o+1}, …, y_{o+H})

    Parameters
    ----------
    values : array, shape (N,)
        Without missing values.
    past : int, at least 1
        P, in steps.
    horizon : int, at least 1
        H, in steps.
    every : int, at least 1
        Steps from one origin to the next.

    Returns
    -------
    Windows
        Origins P, P + every, … up to N − H; the arrays are copies.

    Raises
    ------
    TypeError
        If an argument is not made of numbers.
    ValueError
        If a value is missing, or the series is shorter than one window.
    """
    y = _complete(values)
    P, H, every = as_count("past", past), as_count("horizon", horizon), as_count("every", every)
    if y.size < P + H:
        raise ValueError(
            f"values has {y.size} entries; expected at least past + horizon = {P} + {H} = {P + H}."
        )
    both = np.lib.stride_tricks.sliding_window_view(y, P + H)[::every]  # (n, P + H)
    origins = np.arange(P, y.size - H + 1, every)
    return Windows(both[:, :P].copy(), both[:, P:].copy(), origins)


def join_windows(parts: Sequence[Windows]) -> Windows:
    """Join the windows of several series into one set to train on.

    ``origins`` are those of the windows' own series and no longer tell them apart.

    Parameters
    ----------
    parts : sequence of Windows

    Returns
    -------
    Windows

    Raises
    ------
    ValueError
        If there is none, or their lengths differ.
    """
    if not parts:
        raise ValueError("parts is empty; expected windows of at least one series.")
    shapes = {(part.past.shape[1], part.future.shape[1]) for part in parts}
    if len(shapes) > 1:
        raise ValueError(f"parts have (past, horizon) {sorted(shapes)}; expected them to be equal.")
    return Windows(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def split_in_time(N: int, validation: int | float, test: int | float) -> Split:
    """Return which values are for training, validation and test, in this order in time.

    Parameters
    ----------
    N : int
        Values in the series.
    validation, test : int or float
        How many values, or which share of N if it is a float below 1.

    Returns
    -------
    Split
        Three slices that meet without overlap.

    Raises
    ------
    ValueError
        If a part would be empty.
    """
    N = as_count("N", N)
    sizes = []
    for name, size in (("validation", validation), ("test", test)):
        if isinstance(size, float) and not 0 < size < 1:
            raise ValueError(f"{name} is {size:g}; expected a whole number or a share below 1.")
        sizes.append(round(size * N) if isinstance(size, float) else as_count(name, size))
        if sizes[-1] < 1:
            raise ValueError(f"{name} is {size:g} of {N} values; expected at least one value.")
    train = N - sum(sizes)
    if train < 1:
        raise ValueError(
            f"validation and test take {sum(sizes)} of {N} values; expected some for training."
        )
    return Split(slice(0, train), slice(train, train + sizes[0]), slice(train + sizes[0], N))


def _complete(values: Array, name: str = "values") -> Array:
    """Return a series as float64, after making sure that nothing is missing in it."""
    y = as_array(name, values, "N", dtype=np.float64, finite=False)
    wrong = np.flatnonzero(~np.isfinite(y))
    if wrong.size:
        raise ValueError(
            f"{name} lacks {wrong.size} of {y.size} numbers, the first at {wrong[0]}; expected "
            "none missing. See Series.without_gaps and Series.fill."
        )
    return y
