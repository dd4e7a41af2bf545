"""Experiment: four designs, one task that needs left and right context, judged by own numbers.

The four lists of measurements are taken as they come; see `utils.checks.studies`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from utils.checks.chapter09.formulas import CHAPTER, constant
from utils.checks.engine import Property
from utils.checks.studies import (
    CHOICES,
    StudyCheck,
    add_interval_mistakes,
    ends_of,
    interval_of,
    middle_and_half,
)

Array = np.ndarray
LISTS = ("one_way", "delayed", "both_ways", "two_layers")
BETTER, WORSE, UNDECIDED = "better than one_way", "worse than one_way", "not decided"
VERDICTS = (BETTER, WORSE, UNDECIDED)
CEILING = 0.75

# One run of the exercise, for trying the check itself.
EXAMPLE = {
    "one_way": np.array([0.4967, 0.4944, 0.5011, 0.4989, 0.5009, 0.4953]),
    "delayed": np.ones(6),
    "both_ways": np.array([0.4927, 0.5142, 0.4993, 0.4962, 0.5293, 0.4933]),
    "two_layers": np.ones(6),
}


def verdict_of(interval: Array) -> str:
    """Read a verdict off the interval of a design minus the layer that reads one way."""
    low, high = interval
    return BETTER if low > 0 else WORSE if high < 0 else UNDECIDED


def verdict_by_mean(interval: Array) -> str:
    """Read it off the middle of the interval, as if the seeds were all there are."""
    return BETTER if np.mean(interval) > 0 else WORSE


def verdict_turned(interval: Array) -> str:
    """Take the design with the lower accuracy for the better one."""
    return {BETTER: WORSE, WORSE: BETTER}.get(verdict_of(interval), UNDECIDED)


def _shares(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether all measurements are shares of right answers, better than always wrong."""
    values = np.concatenate([inputs[name] for name in LISTS])
    return bool(values.min() >= 0.3 and values.max() <= 1)


def _seeds_differ(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether neither of the two lists near chance holds one number over and over."""
    return all(np.ptp(inputs[name]) > 0 for name in ("one_way", "both_ways"))


def _lists_differ(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether the two lists near chance are not the same runs under two names."""
    return not np.array_equal(inputs["one_way"], inputs["both_ways"])


def _below_ceiling(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether what one layer cannot pass was not passed, but for the scatter of a test."""
    return all(inputs[name].mean() <= CEILING + 0.05 for name in ("one_way", "both_ways"))


def _others_learn(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether the two designs that can solve the task mostly do."""
    return all(inputs[name].mean() > CEILING for name in ("delayed", "two_layers"))


check_who_needs_what = StudyCheck(
    "who_needs_what",
    chapter=CHAPTER,
    title="Does the backward direction help?",
    outputs={
        **dict.fromkeys(LISTS, "S"),
        "interval_both": "end",
        "interval_delayed": "end",
        "verdict_both": VERDICTS,
        "verdict_delayed": VERDICTS,
        "ceiling": "",
    },
    example=EXAMPLE,
    steps={
        **CHOICES,
        "sign": constant(1),
        "how": lambda centre, pairing, quantile, ddof, divisor: np.array(
            [centre, pairing, quantile, ddof, divisor], dtype=str
        ),
        "interval_both": lambda both_ways, one_way, how, sign: interval_of(
            sign * both_ways, sign * one_way, *how
        ),
        "interval_delayed": lambda delayed, one_way, how, sign: interval_of(
            sign * delayed, sign * one_way, *how
        ),
        "verdict_both": lambda interval_both: verdict_of(interval_both),
        "verdict_delayed": lambda interval_delayed: verdict_of(interval_delayed),
        "ceiling": constant(CEILING),
    },
    properties=(
        Property(
            "Shares of right answers",
            _shares,
            "an accuracy lies between 0 and 1, and with two answers not far below one half. Note "
            "what `accuracy` returns.",
        ),
        Property(
            "Different seeds",
            _seeds_differ,
            "one list holds the same number for every seed. Does the seed go into `accuracy`?",
        ),
        Property(
            "Different designs",
            _lists_differ,
            "`one_way` and `both_ways` are the same list. Does `both_directions` differ in the "
            "calls?",
        ),
        Property(
            "One layer without delay",
            _below_ceiling,
            "on average `one_way` and `both_ways` cannot pass the ceiling, three quarters. Were "
            "they measured with `depth=1` and `delay=0`?",
        ),
        Property(
            "Designs that can",
            _others_learn,
            "`delayed` and `two_layers` stay at three quarters or below. Were they measured with "
            "`delay=2` and with `depth=2` in both directions?",
        ),
    ),
    tolerance=3e-4,  # an interval has two numbers: few to prove a mistake with
    hints=(
        "Seed by seed one number of a list belongs to the one of the other. Make the list of "
        "differences first, the design minus `one_way`. For the ceiling write down the four cases "
        "of a left and a right bit.",
        "The interval is mean ± t · s / √n of these differences, with s their standard deviation, "
        "`ddof=1`, and t from the table at n − 1 degrees of freedom. For the ceiling: let f(left) "
        "+ g(right) be above 0 for 0 0 and for 1 1, and add the two. What do 0 1 and 1 0 add "
        "up to?",
        "With `gap = np.array(both_ways) - np.array(one_way)` the half width is `T_QUANTILE[n - 1] "
        "* gap.std(ddof=1) / np.sqrt(n)`. Both pairs of cases add up to the same number, so they "
        "cannot lie on different sides of 0: at least one of the four is told wrongly.",
    ),
)


def _both(quantity: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Let a function of an interval replace both verdicts."""
    return {
        "verdict_both": lambda interval_both: quantity(interval_both),
        "verdict_delayed": lambda interval_delayed: quantity(interval_delayed),
    }


add_interval_mistakes(check_who_needs_what)
for _key, _message, _replaces in (
    (
        "turned",
        "This is `one_way` minus the design. Asked is the design minus `one_way`, so that a number "
        "above 0 says that the design is better.",
        {"sign": constant(-1)},
    ),
    (
        "interval_of_two_layers",
        "This is the interval of `two_layers`. Asked is that of `both_ways`, with one layer.",
        {"interval_both": lambda two_layers, one_way, how: interval_of(two_layers, one_way, *how)},
    ),
    (
        "delayed_against_both",
        "This compares `delayed` with `both_ways`. Both intervals compare with `one_way`.",
        {"interval_delayed": lambda delayed, both_ways, how: interval_of(delayed, both_ways, *how)},
    ),
    (
        "ends_exchanged",
        "The upper end stands first. An interval is given as lower end, upper end.",
        {
            "interval_both": lambda both_ways, one_way, how: interval_of(both_ways, one_way, *how)[
                ::-1
            ],
            "interval_delayed": lambda delayed, one_way, how: interval_of(delayed, one_way, *how)[
                ::-1
            ],
            "verdict_both": lambda interval_both: verdict_of(interval_both[::-1]),
            "verdict_delayed": lambda interval_delayed: verdict_of(interval_delayed[::-1]),
        },
    ),
    (
        "middle_and_half_width",
        "These are the middle of the interval and half its width. Give its lower and upper end.",
        {
            "interval_both": lambda both_ways, one_way, how: middle_and_half(
                interval_of(both_ways, one_way, *how)
            ),
            "interval_delayed": lambda delayed, one_way, how: middle_and_half(
                interval_of(delayed, one_way, *how)
            ),
            "verdict_both": lambda interval_both: verdict_of(ends_of(interval_both)),
            "verdict_delayed": lambda interval_delayed: verdict_of(ends_of(interval_delayed)),
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
        "Above 0 the design is better, below 0 it is worse: the interval is of the design minus "
        "`one_way`.",
        _both(verdict_turned),
    ),
    (
        "undecided",
        "The interval leaves out 0, so it does decide.",
        _both(lambda interval: UNDECIDED),
    ),
    (
        "ceiling_one_half",
        "A half is what guessing gets, and about what the training found. More is possible: a sum "
        "gets three of the four cases, with one answer wrong.",
        {"ceiling": constant(0.5)},
    ),
    (
        "ceiling_one",
        "All four cases are too many. If f(0) + g(0) and f(1) + g(1) are above 0, their sum is, "
        "and it is also the sum of the two cases that should be below 0.",
        {"ceiling": constant(1.0)},
    ),
    (
        "ceiling_one_quarter",
        "That is the share that stays wrong at best. Asked is the share that a sum can get.",
        {"ceiling": constant(0.25)},
    ),
    (
        "ceiling_in_percent",
        "The ceiling is a share between 0 and 1, as the accuracies are.",
        {"ceiling": constant(75.0)},
    ),
    (
        "ceiling_in_cases",
        "This counts cases. The ceiling is their share of the four.",
        {"ceiling": constant(3.0)},
    ),
    (
        "ceiling_measured",
        "This is the highest accuracy that was measured. The ceiling is what no training could "
        "pass: work it out from the four cases.",
        {"ceiling": lambda both_ways: both_ways.max()},
    ),
):
    check_who_needs_what.add_mistake(_key, _message, _replaces)
