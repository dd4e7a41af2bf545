"""Experiment: a network of the learner's own beside two baselines, origin by origin.

The measurements are taken as they come; see `utils.checks.studies`. Those of the network have one
row for each seed: seeds are averaged, and the interval is taken over origins that do not overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter11.formulas import CHAPTER, Array
from utils.checks.engine import Property
from utils.checks.reporting import Line
from utils.checks.running import Problem
from utils.checks.studies import (
    CHOICES,
    QUANTILES,
    StudyCheck,
    add_interval_mistakes,
    interval_of,
)

BETTER, WORSE, UNDECIDED = "network better", "network worse", "not decided"
VERDICTS = (BETTER, WORSE, UNDECIDED)
FEWEST_RUNS, FEWEST_ORIGINS, MOST = 3, 5, 12

# One run of the exercise, for trying the check itself; `other` is the naive forecast.
EXAMPLE = {
    "runs": np.array(
        [
            [0.60, 0.39, 0.70, 1.08, 0.90, 1.10, 0.84, 0.42],
            [0.56, 0.35, 0.74, 0.99, 0.85, 0.93, 0.75, 0.51],
            [0.63, 0.44, 0.83, 1.05, 0.84, 1.19, 0.77, 0.46],
        ]
    ),
    "seasonal": np.array([0.64, 0.29, 0.86, 1.22, 1.53, 1.46, 0.46, 1.21]),
    "other": np.array([1.94, 1.72, 1.99, 1.54, 2.90, 2.46, 1.54, 2.44]),
}


def gap_interval(
    runs: Array,
    baseline: Array,
    over: str,
    sign: Array,
    centre: str,
    pairing: str,
    quantile: str,
    ddof: Any,
    divisor: str,
) -> Array:
    """Return the ends of the interval of network − baseline, (2,).

    `over` says what stands for one measurement of the network: ``"origins"``, means over seeds, is
    right.
    """
    how = (str(centre), str(pairing), str(quantile), ddof, str(divisor))
    if over == "all":  # every run at every origin, with the quantile of the origins
        gap = int(sign) * (runs - baseline)
        half = QUANTILES[len(baseline) - 1] * gap.std(ddof=1) / np.sqrt(gap.size)
        return np.array([gap.mean() - half, gap.mean() + half])
    one = {
        "origins": runs.mean(axis=0),
        "seeds": runs.mean(axis=1),
        "first": runs[0],
        "best": runs[runs.mean(axis=1).argmin()],
        "least": runs.min(axis=0),
    }[over]
    other = np.full(len(one), baseline.mean()) if over == "seeds" else baseline
    return interval_of(int(sign) * one, int(sign) * other, *how)


def verdict_of(interval: Array) -> str:
    """Read a verdict off the interval of the network's errors less the baseline's."""
    low, high = interval
    return BETTER if high < 0 else WORSE if low > 0 else UNDECIDED


def verdict_by_mean(interval: Array) -> str:
    """Read it off the middle of the interval, as if the origins were all there are."""
    return BETTER if np.mean(interval) < 0 else WORSE


def verdict_turned(interval: Array) -> str:
    """Take the larger error for the better one."""
    return {BETTER: WORSE, WORSE: BETTER}.get(verdict_of(interval), UNDECIDED)


@dataclass
class OriginStudy(StudyCheck):
    """A study whose network has one row of errors for each seed, one column for each origin."""

    def faults(self, outputs: Mapping[str, Any]) -> list[Line]:
        """Say what keeps the three arrays from being errors at the same origins."""
        axes = {"runs": 2, "seasonal": 1, "other": 1}
        lines = []
        for name, count in axes.items():
            value = outputs[name]
            if isinstance(value, Problem):
                lines.append(Line("wrong", value.text))
            elif value is None:
                continue
            elif isinstance(value, str) or np.ndim(value) != count:
                form = "one number per origin"
                form = f"one row per seed, each with {form}," if count == 2 else f"a list, {form},"
                lines.append(Line("wrong", f"`{name}`: {form} is expected."))
            elif not np.isfinite(value).all():
                lines.append(Line("wrong", f"`{name}` holds a value that is NaN or infinite."))
        if lines:
            return lines
        there = {n: np.shape(outputs[n]) for n in axes if outputs[n] is not None}
        if len({shape[-1] for shape in there.values()}) > 1:
            told = ", ".join(f"`{name}` {shape[-1]}" for name, shape in there.items())
            return [Line("wrong", f"The counts of origins differ: {told}. Use the same for all.")]
        seeds, origins = there.get("runs", (FEWEST_RUNS, FEWEST_ORIGINS))
        if not FEWEST_RUNS <= seeds <= MOST:
            return [Line("wrong", f"`runs` has {seeds} rows; expected those of 3 to 12 seeds.")]
        if not FEWEST_ORIGINS <= origins <= MOST:
            return [Line("wrong", f"`runs` has {origins} columns; expected 5 to 12 origins.")]
        return []


def _sizes(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether all measurements can be absolute errors."""
    return all((inputs[name] >= 0).all() for name in EXAMPLE)


def _seeds_differ(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether no two rows are the same network."""
    return len(np.unique(inputs["runs"], axis=0)) == len(inputs["runs"])


def _baselines_differ(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether the other baseline is another one."""
    return not np.array_equal(inputs["seasonal"], inputs["other"])


def _learnt(inputs: Mapping[str, Array], outputs: Mapping[str, Any]) -> bool:
    """Tell whether the network's errors are of the order of the baseline's."""
    return bool(inputs["runs"].mean() < 4 * inputs["seasonal"].mean())


check_network_study = OriginStudy(
    "network_study",
    chapter=CHAPTER,
    title="Does your network beat two baselines?",
    outputs={
        "runs": "S n",
        "seasonal": "n",
        "other": "n",
        "interval_seasonal": "end",
        "interval_other": "end",
        "verdict_seasonal": VERDICTS,
        "verdict_other": VERDICTS,
    },
    example=EXAMPLE,
    steps={
        **CHOICES,
        "over": constant("origins"),
        "sign": constant(1),
        "how": lambda centre, pairing, quantile, ddof, divisor: np.array(
            [centre, pairing, quantile, ddof, divisor], dtype=str
        ),
        "interval_seasonal": lambda runs, seasonal, over, sign, how: gap_interval(
            runs, seasonal, str(over), sign, *how
        ),
        "interval_other": lambda runs, other, over, sign, how: gap_interval(
            runs, other, str(over), sign, *how
        ),
        "verdict_seasonal": lambda interval_seasonal: verdict_of(interval_seasonal),
        "verdict_other": lambda interval_other: verdict_of(interval_other),
    },
    properties=(
        Property(
            "Absolute errors",
            _sizes,
            "an error below 0 was found. Take absolute values before the mean over leads.",
        ),
        Property(
            "Different seeds",
            _seeds_differ,
            "two rows of `runs` are the same. Does the seed go into the network?",
        ),
        Property(
            "Different baselines",
            _baselines_differ,
            "`seasonal` and `other` are the same list. Choose another baseline for the second.",
        ),
        Property(
            "Errors of the same order",
            _learnt,
            "the network is off by more than four times the error of the seasonal naive forecast. "
            "Was it trained on `values[:origins[0]]`, in the unit of the series?",
        ),
    ),
    tolerance=3e-4,  # an interval has two numbers: few to prove a mistake with
    hints=(
        "`rolling_origin` gives all forecasts and errors of one forecaster. At each origin the "
        "mean of its absolute errors over the leads is one number; a network has one such row for "
        "each seed.",
        "Average `runs` over the seeds first: what is left are n numbers, one for each origin, in "
        "the order of those of the baseline. Their differences make the interval, with n − 1 "
        "degrees of freedom.",
        "With `gap = np.mean(runs, axis=0) - seasonal` the half width is `T_QUANTILE[n - 1] * "
        "gap.std(ddof=1) / np.sqrt(n)`. Wholly below 0 the network's errors are smaller; if 0 lies "
        "in it, nothing is decided.",
    ),
)
add_interval_mistakes(check_network_study, "origin")


def _both(quantity: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Let a function of an interval replace both verdicts."""
    return {
        "verdict_seasonal": lambda interval_seasonal: quantity(interval_seasonal),
        "verdict_other": lambda interval_other: quantity(interval_other),
    }


for _key, _message, _replaces in (
    (
        "all_runs_independent",
        "Every run at every origin was counted by itself. Runs at one origin forecast the same "
        "months and err alike: average over the seeds first.",
        {"over": constant("all")},
    ),
    (
        "over_seeds",
        "The interval was taken over the seeds. It says how far trainings differ, not whether "
        "other years would give the same answer: take it over origins.",
        {"over": constant("seeds")},
    ),
    (
        "one_seed",
        "Only the first seed was used. Average over all of them.",
        {"over": constant("first")},
    ),
    (
        "best_seed",
        "The seed with the least error on the test part was taken, which is a choice made there. "
        "Average over all of them.",
        {"over": constant("best")},
    ),
    (
        "best_at_each_origin",
        "At each origin the best of the seeds was taken. Nobody knows beforehand which that will "
        "be: average.",
        {"over": constant("least")},
    ),
    (
        "turned",
        "The differences are turned round: baseline less network. Asked for is network less "
        "baseline, below 0 where the network is better.",
        {"sign": constant(-1)},
    ),
    (
        "against_the_first",
        "This is the interval against `seasonal` once more. Subtract `other`.",
        {
            "interval_other": lambda runs, seasonal, over, sign, how: gap_interval(
                runs, seasonal, str(over), sign, *how
            )
        },
    ),
    (
        "by_the_mean",
        "This goes by the sign of the mean. While 0 lies in the interval, other years may turn "
        "that sign: then nothing is decided.",
        _both(verdict_by_mean),
    ),
    (
        "read_the_wrong_way",
        "These are errors: a difference below 0 says that the network's are smaller.",
        _both(verdict_turned),
    ),
    (
        "undecided",
        "The interval leaves out 0, so it does decide.",
        _both(lambda interval: UNDECIDED),
    ),
):
    check_network_study.add_mistake(_key, _message, _replaces)
