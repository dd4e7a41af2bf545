"""How much of what a network wrote stands word for word in what it was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from utils.validation import as_array

__all__ = ["longest_quotation"]


def longest_quotation(written: Any, known: Iterable[Any]) -> int:
    """Find the longest run of symbols that also stands, unbroken, in one of the known texts.

    Parameters
    ----------
    written : whole numbers, shape (S,)
        Symbols as places in a vocabulary.
    known : iterable of (whole numbers, shape (T,))
        What may have been copied.

    Returns
    -------
    int in [0, S]
        Symbols of that run; 0 where no symbol is shared.

    Raises
    ------
    TypeError, ValueError
        If a text is empty or not made of whole numbers.

    Examples
    --------
    >>> longest_quotation([1, 2, 3, 9], [[2, 3, 4], [5, 1, 2, 3]])
    3
    """
    ours = as_array("written", written, "S", kind="int")
    return max((_longest(ours, text) for text in known), default=0)


def _longest(ours: np.ndarray, text: Sequence[int]) -> int:
    """Return the longest run that ends at the same place in both, over all pairs of places."""
    theirs = as_array("known", text, "T", kind="int")
    runs = np.zeros(len(theirs) + 1, dtype=int)  # runs[j]: length of the run that ends before j
    longest = 0
    for symbol in ours:
        runs[1:] = np.where(theirs == symbol, runs[:-1] + 1, 0)
        longest = max(longest, int(runs.max()))
    return longest
