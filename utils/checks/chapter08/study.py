"""Experiment: two cells on equal parameters, over seeds, judged by the learner's own numbers.

The four lists of measurements are taken as they come; see `utils.checks.studies`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import CHAPTER
from utils.checks.engine import Property
from utils.checks.studies import CHOICES, StudyCheck, add_interval_mistakes, interval_of

Array = np.ndarray
LISTS = ("lstm", "gru", "lstm_open", "gru_open")
FEWER_LSTM, FEWER_GRU = "the LSTM needs fewer", "the GRU needs fewer"
UNDECIDED = "not decided"
VERDICTS = (FEWER_LSTM, FEWER_GRU, UNDECIDED)

# One run of the exercise, for trying the check itself.
EXAMPLE = {
    "lstm": np.array([60.0, 71, 46, 60, 54, 70, 49, 52]),
    "gru": np.array([41.0, 33, 62, 54, 79, 52, 44, 50]),
    "lstm_open": np.array([33.0, 28, 29, 32, 30, 33, 34, 26]),
    "gru_open": np.array([38.0, 34, 46, 40, 43, 46, 39, 43]),
}


def verdict_of(interval: Array) -> str:
    """Read a verdict off the interval of LSTM − GRU."""
    low, high = interval
    return FEWER_LSTM if high < 0 else FEWER_GRU if low > 0 else UNDECIDED


def verdict_by_mean(interval: Array) -> str:
    """Read it off the middle of the interval, as if the seeds were all there are."""
    return FEWER_LSTM if np.mean(interval) < 0 else FEWER_GRU


def verdict_turned(interval: Array) -> str:
    """Take the cell with more updates for the better one."""
    turned = {FEWER_LSTM: FEWER_GRU, FEWER_GRU: FEWER_LSTM}
    return turned.get(verdict_of(interval), UNDECIDED)


def _counts(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether all measurements are numbers of updates."""
    values = np.concatenate([inputs[name] for name in LISTS])
    return bool((values == values.round()).all() and values.min() >= 10 and values.max() <= 400)


def _seeds_differ(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether no list holds one number over and over."""
    return all(np.ptp(inputs[name]) > 0 for name in LISTS)


def _lists_differ(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether no two lists are the same."""
    return len({tuple(inputs[name]) for name in LISTS}) == len(LISTS)


check_fair_comparison = StudyCheck(
    "fair_comparison",
    chapter=CHAPTER,
    title="Two cells on equal parameters",
    outputs={
        **dict.fromkeys(LISTS, "S"),
        "interval": "end",
        "interval_open": "end",
        "verdict": VERDICTS,
        "verdict_open": VERDICTS,
    },
    example=EXAMPLE,
    steps={
        **CHOICES,
        "interval": lambda lstm, gru, centre, pairing, quantile, ddof, divisor: interval_of(
            lstm, gru, str(centre), str(pairing), str(quantile), ddof, str(divisor)
        ),
        "interval_open": lambda lstm_open, gru_open, centre, pairing, quantile, ddof, divisor: (
            interval_of(
                lstm_open, gru_open, str(centre), str(pairing), str(quantile), ddof, str(divisor)
            )
        ),
        "verdict": verdict_of,
        "verdict_open": lambda interval_open: verdict_of(interval_open),
    },
    properties=(
        Property(
            "Counts of updates",
            _counts,
            "a run takes between 10 and 400 updates, a whole number. Note what `updates_needed` "
            "returns.",
        ),
        Property(
            "Different seeds",
            _seeds_differ,
            "one list holds the same number for every seed. Does the seed go into "
            "`updates_needed`?",
        ),
        Property(
            "Four measurements",
            _lists_differ,
            "two of the four lists are the same. Do cell, width and bias differ in the calls?",
        ),
    ),
    tolerance=3e-4,  # an interval has two numbers: few to prove a mistake with
    hints=(
        "Both cells run with the same seeds, so seed by seed one number belongs to the other. Make "
        "one list of differences first, LSTM minus GRU.",
        "The interval is mean ± t · s / √n of these differences, with s their standard deviation, "
        "`ddof=1`, and t from the table at n − 1 degrees of freedom.",
        "With `gap = np.array(lstm) - np.array(gru)` the half width is `T_QUANTILE[n - 1] * "
        "gap.std(ddof=1) / np.sqrt(n)`. If the whole interval is above 0, the GRU needs fewer; if "
        "0 lies in it, nothing is decided.",
    ),
)


def _both(quantity: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Let a function of an interval replace both verdicts."""
    return {
        "verdict": lambda interval: quantity(interval),
        "verdict_open": lambda interval_open: quantity(interval_open),
    }


add_interval_mistakes(check_fair_comparison)
for _key, _message, _replaces in (
    (
        "turned",
        "This is GRU minus LSTM. Asked is LSTM minus GRU, so that a number above 0 says that the "
        "LSTM needs more updates.",
        {
            "interval": lambda lstm, gru, centre, pairing, quantile, ddof, divisor: interval_of(
                gru, lstm, str(centre), str(pairing), str(quantile), ddof, str(divisor)
            ),
            "interval_open": (
                lambda lstm_open, gru_open, centre, pairing, quantile, ddof, divisor: interval_of(
                    gru_open,
                    lstm_open,
                    *(str(centre), str(pairing), str(quantile), ddof, str(divisor)),
                )
            ),
        },
    ),
    (
        "by_the_mean",
        "This goes by the sign of the mean. While 0 lies in the interval, other seeds may turn "
        "that sign: then nothing is decided.",
        _both(verdict_by_mean),
    ),
    (
        "read_the_wrong_way",
        "Below 0 the LSTM needs fewer updates, above 0 more: the interval is of LSTM minus GRU.",
        _both(verdict_turned),
    ),
    (
        "undecided",
        "The interval leaves out 0, so it does decide for one of the two.",
        _both(lambda interval: UNDECIDED),
    ),
):
    check_fair_comparison.add_mistake(_key, _message, _replaces)
