"""What the checks of chapter 10 compute with: masks, and steps of one value.

A choice inside a computation (which steps a mask lets through, how a matrix is turned) is a
quantity of its own in the checks, so that a mistake replaces one choice and mistakes combine.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray
CHAPTER = "10_sequence_tasks"


def draw_lengths(rng: np.random.Generator, B: int, shortest: int, longest: int) -> Array:
    """Draw B lengths, no two of them equal, with `longest` among them but not last.

    With three or more, the longest does not stand first either, and the order is neither falling
    nor rising.
    """
    if B == 1:
        return np.array([longest])
    others = rng.permutation(np.arange(shortest, longest))[: B - 1]
    if B > 2 and others[0] > others[-1]:
        others = others[::-1]  # the first is shorter than the last, and the longest stands between
    lengths = np.insert(others, 1 if B > 2 else 0, longest)
    return lengths.astype(int)


def within(lengths: Array, T: int, edge: int = 0) -> Array:
    """Return a mask (T, B): 1 at the first ``lengths + edge`` steps of each sequence, else 0."""
    return (np.arange(T)[:, None] < lengths + edge).astype(float)
