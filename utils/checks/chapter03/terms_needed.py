"""Experiment: how many steps back the gradient of one step's loss comes from."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from utils.checks.chapter03.formulas import (
    CHAPTER,
    constant,
    one_hot,
    shifted_back,
    softmax_over,
    sweep,
    terms_of,
    unroll,
)
from utils.checks.engine import Check

Array = np.ndarray
SCALES = (0.25, 0.5, 1.0, 1.5)
OUTCOMES = ("much smaller", "of the same size", "much larger")


@functools.cache
def terms_at(scale: float, input_scale: float = 1.0, every_step: bool = False) -> Array:
    """Compute the terms (T, H, H) of d_W_hh that the exercise sets up, for the last step's loss.

    Parameters
    ----------
    scale, input_scale : float
        Factors of W_hh and of W_xh.
    every_step : bool
        Whether the losses of all steps count.
    """
    rng = np.random.default_rng(0)
    T, B, D, H, K = 40, 8, 4, 32, 5
    xs = rng.standard_normal((T, B, D))
    targets = rng.integers(K, size=(T, B))
    W_xh = input_scale * 0.5 * rng.standard_normal((D, H)) / np.sqrt(D)
    W_hh = scale * rng.standard_normal((H, H)) / np.sqrt(H)
    W_hy = rng.standard_normal((H, K)) / np.sqrt(H)
    start = np.zeros((B, H))
    hs = unroll(xs, start, W_xh, W_hh, np.zeros(H))
    errors = softmax_over(hs @ W_hy, -1) - one_hot(targets, K)
    if not every_step:
        errors[:-1] = 0.0
    slopes = 1 - hs**2
    d_zs = sweep(errors @ W_hy.T, slopes, W_hh.T) * slopes
    return terms_of(shifted_back(start, hs), d_zs)


@functools.cache
def all_terms(input_scales: tuple[float, ...] = (1.0,) * 4, every_step: bool = False) -> Array:
    """Stack the terms of the four scales, (S, T, T).

    Each term stands as its coordinates in an orthonormal basis of the space of the T terms, which
    keeps the norms of all sums and is far smaller than the matrices.
    """
    stacked = []
    for scale, other in zip(SCALES, input_scales, strict=True):
        terms = terms_at(scale, other, every_step)
        stacked.append(np.linalg.qr(terms.reshape(len(terms), -1).T, mode="r").T)
    return np.stack(stacked)


def running_sums(terms: Array) -> Array:
    """Add up the terms of the last step, of the last two, and so on."""
    return np.cumsum(terms[:, ::-1], axis=1)


def size(terms: Array) -> Array:
    """Return the Frobenius norm of every term or sum."""
    return np.linalg.norm(terms, axis=-1)


class TermsCheck(Check):
    """The check of the four counts; it says what is counted, and which counts are wrong."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say for which scales there is a number, or at which scales it is wrong."""
        if name != "needed" or not isinstance(value, np.ndarray):
            return ""
        if value.shape != right.shape:
            return (
                "`needed`: four numbers are expected, for 0.25, 0.5, 1 and 1.5, in one list; at "
                "scale 2 another question is asked."
            )
        wrong = value != right
        if wrong.all():
            return ""
        bad, good = (
            ", ".join(f"{scale:g}" for scale, chosen in zip(SCALES, places, strict=True) if chosen)
            for places in (wrong, ~wrong)
        )
        return f"`needed` is wrong at scale {bad}, and right at scale {good}."


check_terms_needed = TermsCheck(
    "terms_needed",
    chapter=CHAPTER,
    title="How far back does the gradient come from?",
    outputs={"needed": "S", "middle_at_2": OUTCOMES},
    steps={
        "terms": lambda: all_terms(),
        "full": lambda terms: terms.sum(axis=1, keepdims=True),
        "partial": running_sums,
        "missing": lambda partial, full: size(partial - full),
        "limit": lambda full: 0.01 * size(full),
        "first": lambda: 1,
        "order": lambda: 1,
        "needed": lambda missing, limit, first, order: ((missing < limit).argmax(axis=1) + first)[
            ::order
        ],
        "middle_at_2": constant(OUTCOMES[2]),
    },
    hints=(
        "Turn the terms round, so that the last step comes first, and add them up one after the "
        "other: entry k − 1 is then the sum of the last k terms.",
        "`np.cumsum(terms[::-1], axis=0)` does both. What is missing is the difference between "
        "such a sum and the full one; its size is a norm over the two axes of the matrix.",
        "`np.linalg.norm(partial - partial[-1], axis=(1, 2))`, over the norm of the full sum. "
        "`np.argmax` of `error < 0.01` gives the first index; index 0 means one step.",
    ),
)
for _key, _message, _replaces in (
    (
        "counted_from_zero",
        "Each is one too small: these are indices. The sum at index 0 holds one step already.",
        {"first": lambda: 0},
    ),
    (
        "one_too_many",
        "Each is one too large. The sum at index 0 holds one step, that at index 3 holds four.",
        {"first": lambda: 2},
    ),
    (
        "from_the_start",
        "The terms were added up from the first step on. The loss stands at the last one: go back "
        "from there.",
        {"partial": lambda terms: np.cumsum(terms, axis=1)},
    ),
    (
        "ten_per_cent",
        "These are the counts for 10 %. Asked is an error below 1 %, a hundredth.",
        {"limit": lambda full: 0.1 * size(full)},
    ),
    (
        "one_per_mille",
        "These are the counts for 0.1 %. Asked is an error below 1 %, a hundredth.",
        {"limit": lambda full: 0.001 * size(full)},
    ),
    (
        "scales_reversed",
        "The list stands in reverse order: the number for scale 0.25 comes first.",
        {"order": lambda: -1},
    ),
    (
        "absolute_limit",
        "You compared with 0.01 itself. Asked is a hundredth of the size of the full gradient.",
        {"limit": lambda: 0.01},
    ),
    (
        "sizes_subtracted",
        "You subtracted the sizes of the two sums. Two matrices of equal size can differ: subtract "
        "first, then take the norm.",
        {"missing": lambda partial, full: np.abs(size(partial) - size(full))},
    ),
    (
        "every_loss_counts",
        "The losses of all steps are in it. Asked is the loss of the last step alone, "
        "`steps=[T - 1]`.",
        {"terms": lambda: all_terms(every_step=True)},
    ),
    (
        "input_weights_scaled",
        "`W_xh` was scaled too. Scale `W_hh` alone, so that one thing changes at a time.",
        {"terms": lambda: all_terms(SCALES)},
    ),
    (
        "all_forty",
        "At the last scale 39 terms leave no error at all. The term of the first step is zero, "
        "because `h_0` is.",
        {
            "needed": lambda missing, limit, first: np.append(
                (missing[:-1] < limit[:-1]).argmax(axis=1) + first, missing.shape[1]
            )
        },
    ),
    (
        "middle_much_smaller",
        "At scale 2 the term of index 20 is no smaller than that of the last step. Print the norms "
        "of both.",
        {"middle_at_2": constant(OUTCOMES[0])},
    ),
    (
        "middle_of_same_size",
        "At scale 2 the two are not of the same size. Print the norms of both, at indices 20 and "
        "39.",
        {"middle_at_2": constant(OUTCOMES[1])},
    ),
):
    check_terms_needed.add_mistake(_key, _message, _replaces)
for _name, _of_what, _limit in (
    ("the_sum", "of the size of the full sum", lambda full: 0.01 * size(full)),
    ("the_sizes", "of all sizes added up", lambda terms: 0.01 * size(terms).sum(1, keepdims=True)),
    ("the_last", "of the last or largest one", lambda terms: 0.01 * size(terms)[:, -1:]),
):
    for _first, _how in enumerate(("stopped before", "counted up to")):
        check_terms_needed.add_mistake(
            f"single_terms_{_how.split()[0]}_of_{_name}",
            f"You {_how} the first term that by itself is below 1 % {_of_what}. What counts is all "
            "that is missing: the full sum minus the sum of the last k terms.",
            {
                "missing": lambda terms: size(terms[:, ::-1]),
                "limit": _limit,
                "first": constant(_first),
            },
        )
