"""Experiment: how much of the gradient windows of different lengths miss."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from utils.checks.chapter04.carrying import run_windows
from utils.checks.chapter04.formulas import CHAPTER, Array, constant
from utils.checks.engine import Check

TEXT = """'Twas brillig, and the slithy toves
Did gyre and gimble in the wabe:
All mimsy were the borogoves,
And the mome raths outgrabe.

"Beware the Jabberwock, my son!
The jaws that bite, the claws that catch!
Beware the Jubjub bird, and shun
The frumious Bandersnatch!"
"""
WINDOWS = (1, 4, 8, 16, 24, 48)
STEPS, STREAMS, UNITS = 48, 5, 24
RESET = ("smaller", "equal", "larger")
LARGER_WEIGHTS = ("less of it is missed", "about as much is missed", "more of it is missed")


@functools.cache
def set_up(scale: float) -> tuple[Array, Array, tuple[Array, ...]]:
    """Cut the text into streams and draw the weights that the exercise draws."""
    characters = sorted(set(TEXT))
    indices = np.array([characters.index(character) for character in TEXT])
    V, length = len(characters), (len(indices) - 1) // STREAMS
    xs, targets = (
        indices[shift : shift + STREAMS * length].reshape(STREAMS, length).T[:STEPS]
        for shift in (0, 1)
    )
    rng = np.random.default_rng(4)
    W_xh = 0.5 * rng.standard_normal((V, UNITS))
    W_hh = scale * rng.standard_normal((UNITS, UNITS)) / np.sqrt(UNITS)
    W_hy = rng.standard_normal((UNITS, V)) / np.sqrt(UNITS)
    return xs, targets, (W_xh, W_hh, np.zeros(UNITS), W_hy, np.zeros(V))


@functools.cache
def window_gradients(window: int, carry: str = "carried", scale: float = 1.0) -> Array:
    """Return the gradient of W_hh that each window gives, (W, H, H)."""
    xs, targets, weights = set_up(scale)
    starts, begin = np.arange(0, STEPS, window), np.zeros((STREAMS, UNITS))
    return run_windows(xs, targets, starts, window, begin, carry, weights)[1]


def summed(carry: str = "carried") -> Array:
    """Return the summed gradient for every window length, (6, H, H)."""
    return np.stack([window_gradients(window, carry).sum(axis=0) for window in WINDOWS])


def norms(gradients: Array) -> Array:
    """Return the Euclidean length of each of the gradients."""
    return np.sqrt((gradients**2).sum(axis=(1, 2)))


class TruncationCheck(Check):
    """The check of the six errors; it says what is counted, and to how many decimals."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say for which windows there is a number, or that the numbers are too short."""
        if name != "errors" or not isinstance(value, np.ndarray):
            return ""
        if value.shape != right.shape:
            return (
                "`errors`: six numbers are expected, for windows of 1, 4, 8, 16, 24 and 48 steps, "
                "in one list."
            )
        if np.array_equal(value, right.round(2)):
            return "`errors`: right to two decimals; give three."
        return ""


check_truncation_error = TruncationCheck(
    "truncation_error",
    chapter=CHAPTER,
    title="What do short windows miss?",
    outputs={
        "errors": "W",
        "enough": "",
        "with_reset": RESET,
        "larger_weights": LARGER_WEIGHTS,
    },
    steps={
        "gradients": lambda: summed(),
        "full": lambda gradients: gradients[-1],
        "difference": lambda gradients, full: norms(gradients - full),
        "size": lambda full: norms(full[None])[0],
        "errors": lambda difference, size: difference / size,
        "limit": constant(0.2),
        "enough": lambda errors, limit: np.array(WINDOWS)[int((errors < limit).argmax())],
        "with_reset": constant(RESET[2]),
        "larger_weights": constant(LARGER_WEIGHTS[2]),
    },
    tolerance=2e-3,  # three decimals, read off a print
    hints=(
        "One gradient per window length, all from the same weights and the same start state. The "
        "one with 48 steps is the full gradient, with which the others are compared.",
        "The error is a length over a length: the length of the difference of two matrices, "
        "divided by the length of the full gradient. `np.linalg.norm` gives the length.",
        "For the last two change one thing each: zeros in the place of the state that is handed "
        "on, and `1.5 * W_hh` in the place of `W_hh`, with a full gradient of its own.",
    ),
)
for _key, _quantity, _function, _message in (
    (
        "state_reset",
        "gradients",
        lambda: summed("zeros"),
        "The state was not carried: every window began from zeros. Here only the gradient is cut.",
    ),
    (
        "mean_over_windows",
        "gradients",
        lambda: np.stack([window_gradients(window).mean(axis=0) for window in WINDOWS]),
        "The gradient was divided by the number of windows. Add the windows up.",
    ),
    (
        "last_window_only",
        "gradients",
        lambda: np.stack([window_gradients(window)[-1] for window in WINDOWS]),
        "These are the gradients of the last window alone. Add up those of all windows.",
    ),
    (
        "first_window_only",
        "gradients",
        lambda: np.stack([window_gradients(window)[0] for window in WINDOWS]),
        "These are the gradients of the first window alone. Add up those of all windows.",
    ),
    (
        "other_weights",
        "gradients",
        lambda: np.stack([window_gradients(w, "carried", 1.5).sum(axis=0) for w in WINDOWS]),
        "These are the errors for `1.5 * W_hh`. First take `W_hh` as it was drawn.",
    ),
    (
        "difference_of_lengths",
        "difference",
        lambda gradients, full: np.abs(norms(gradients) - norms(full[None])),
        "This compares the lengths of the gradients. Two of equal length can point in different "
        "directions: subtract first, then take the length.",
    ),
    (
        "length_of_gradient",
        "difference",
        lambda gradients: norms(gradients),
        "This is the length of each gradient, over that of the full one. Subtract the full "
        "gradient first.",
    ),
    (
        "largest_entries",
        "errors",
        lambda gradients, full: np.abs(gradients - full).max(axis=(1, 2)) / np.abs(full).max(),
        "This is the largest entry of the difference over the largest of the full gradient. Take "
        "Euclidean lengths, which count all entries.",
    ),
    (
        "absolute_values",
        "errors",
        lambda gradients, full: np.abs(gradients - full).sum(axis=(1, 2)) / np.abs(full).sum(),
        "This is made from absolute values. The Euclidean length squares the entries, adds them up "
        "and takes the root.",
    ),
    (
        "spectral_norms",
        "errors",
        lambda gradients, full: (
            np.linalg.norm(gradients - full, 2, axis=(1, 2)) / np.linalg.norm(full, 2)
        ),
        "`np.linalg.norm(A, 2)` of a matrix is its largest singular value. Leave the 2 out.",
    ),
    (
        "not_relative",
        "errors",
        lambda difference: difference,
        "These are the lengths of the differences. Divide by the length of the full gradient.",
    ),
    (
        "own_length",
        "errors",
        lambda difference, gradients: difference / norms(gradients),
        "You divided by the length of each truncated gradient. Divide by that of the full one.",
    ),
    (
        "squared",
        "errors",
        lambda difference, size: (difference / size) ** 2,
        "These are the squares of the errors: a root is missing.",
    ),
    (
        "per_cent",
        "errors",
        lambda difference, size: 100 * difference / size,
        "These are per cent. Give shares of 1.",
    ),
    (
        "one_minus_cosine",
        "errors",
        lambda gradients, full, size: 1 - (gradients * full).sum((1, 2)) / size / norms(gradients),
        "This is 1 minus the cosine of the angle. Asked for is the length of the difference, over "
        "that of the full gradient.",
    ),
    (
        "share_kept",
        "errors",
        lambda difference, size: 1 - difference / size,
        "This is 1 minus the error.",
    ),
    (
        "index_for_window",
        "enough",
        lambda errors, limit: (errors < limit).argmax(),
        "This is the place in the list. Asked for is the length of the window itself.",
    ),
    (
        "last_above",
        "enough",
        lambda errors, limit: np.array(WINDOWS)[int((errors < limit).argmax()) - 1],
        "This is the longest window whose error is still above the limit. Asked for is the "
        "shortest below it.",
    ),
    (
        "two_per_cent",
        "limit",
        constant(0.02),
        "That is the answer for a limit of 2 %. Asked for is the shortest window with an error "
        "below 20 %, 0.2.",
    ),
    (
        "half",
        "limit",
        constant(0.5),
        "This window is the shortest with an error below one half. Asked for is below 20 %, 0.2.",
    ),
    (
        "one_longer",
        "enough",
        lambda errors, limit: np.array((*WINDOWS, 0))[int((errors < limit).argmax()) + 1],
        "This window does, and the one before it in the list does too. Asked for is the shortest.",
    ),
    (
        "reset_smaller",
        "with_reset",
        constant(RESET[0]),
        "A window that begins from zeros computes other states than the text demands. Compare the "
        "two errors at window 8 once more.",
    ),
    (
        "reset_equal",
        "with_reset",
        constant(RESET[1]),
        "The states of the second window are others if it begins from zeros, and the gradient is "
        "made from them. Did zeros really go in?",
    ),
    (
        "larger_weights_less",
        "larger_weights",
        constant(LARGER_WEIGHTS[0]),
        "Compare again, each with its own full gradient: larger weights carry the gradient "
        "further back, over more borders.",
    ),
    (
        "larger_weights_as_much",
        "larger_weights",
        constant(LARGER_WEIGHTS[1]),
        "Look at window 24: the two errors differ by a factor of more than 3. Did the full "
        "gradient get the larger weights too?",
    ),
):
    check_truncation_error.add_mistake(_key, _message, {_quantity: _function})
