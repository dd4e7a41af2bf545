"""Experiment: two cells on equal parameters, over seeds, judged by the learner's own numbers.

What a learner measures is right whatever it is, within reason; what follows from it is not. So the
four lists of measurements are taken as they come, and the intervals and verdicts are compared with
those that the same lists give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import CHAPTER, constant
from utils.checks.engine import Case, Check, Mistake, Property
from utils.checks.reporting import Line, Report
from utils.checks.running import Answer, Problem

Array = np.ndarray
LISTS = ("lstm", "gru", "lstm_open", "gru_open")
FEWER_LSTM, FEWER_GRU = "the LSTM needs fewer", "the GRU needs fewer"
UNDECIDED = "not decided"
VERDICTS = (FEWER_LSTM, FEWER_GRU, UNDECIDED)
LEAST_SEEDS, MOST_SEEDS, MOST_UPDATES = 5, 12, 400

#: 97.5 % quantiles of Student's t, by degrees of freedom.
QUANTILES = {
    **{4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228, 11: 2.201},
    **{12: 2.179},
}
# The 95 % quantiles, and the next ones: what is looked up by mistake.
ONE_SIDED = {4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833, 10: 1.812, 11: 1.796}

# One run of the exercise, for trying the check itself.
EXAMPLE = {
    "lstm": np.array([60.0, 71, 46, 60, 54, 70, 49, 52]),
    "gru": np.array([41.0, 33, 62, 54, 79, 52, 44, 50]),
    "lstm_open": np.array([33.0, 28, 29, 32, 30, 33, 34, 26]),
    "gru_open": np.array([38.0, 34, 46, 40, 43, 46, 39, 43]),
}


def interval_of(
    one: Array, other: Array, centre: str, pairing: str, quantile: str, ddof: Any, divisor: str
) -> Array:
    """Return the ends of a 95 % interval for the mean of one − other, (2,).

    The last five arguments are ``"mean"``, ``"paired"``, ``"t"``, 1 and ``"root"`` in the right
    answer; others are what learners write.
    """
    n = len(one)
    if pairing == "sorted":
        one, other = np.sort(one), np.sort(other)
    gap = one - other
    middle = np.median(gap) if centre == "median" else gap.mean()
    if pairing == "apart":
        spread = np.sqrt(one.var(ddof=int(ddof)) + other.var(ddof=int(ddof)))
    else:
        spread = gap.std(ddof=int(ddof))
    factor = {
        "t": QUANTILES[n - 1],
        "normal": 1.96,
        "next": QUANTILES[n],
        "one-sided": ONE_SIDED[n - 1],
        "one": 1.0,
    }[quantile]
    half = factor * spread / {"root": np.sqrt(n), "none": 1.0, "n": n}[divisor]
    return np.array([middle - half, middle + half])


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


class StudyCheck(Check):
    """The check of measurements that are the learner's own, and of what follows from them."""

    def _make_inputs(self, case: int, seed: int | None = None) -> dict[str, Any]:
        """Give the example, so that steps may read what is measured."""
        return dict(EXAMPLE)

    def compute(
        self,
        inputs: Mapping[str, Any],
        mistakes: Iterable[Mistake] = (),
        pinned: Mapping[str, Any] | None = None,
        right: Mapping[str, Any] | None = None,
        until: str | None = None,
    ) -> dict[str, Any]:
        """Compute as `Check` does, from the example where nothing was measured."""
        measured = {**EXAMPLE, **inputs}
        return {**measured, **super().compute(measured, mistakes, pinned, right, until)}

    def judge(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Report:
        """Judge what follows from the learner's own measurements."""
        outputs = answers[0].outputs
        if answers[0].problem is not None or all(value is None for value in outputs.values()):
            return super().judge(cases, answers)
        faults = _faults(outputs)
        missing = [name for name in LISTS if outputs[name] is None]
        if faults or missing:
            lines = [*faults, *(Line("open", f"`{name}` is still open.") for name in missing)]
            status = "wrong" if faults else "open"
            return Report(self.title, status, 0.0, tuple(lines), tuple(self.hints), self.name)
        measured = {name: np.asarray(outputs[name], dtype=float) for name in LISTS}
        case = Case({}, measured, self.compute(measured))
        report = super().judge([case], answers[:1])
        if report.status == "right" or any("holds." in line.text for line in report.lines):
            return report
        return replace(report, score=report.score + len(LISTS) / len(self.outputs))

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say what a wrong verdict contradicts, and of what an interval is made."""
        if isinstance(right, str):
            return (
                f"`{name}` is '{value}', which your interval does not say: look whether 0 lies "
                "within it, and on which side of 0 it lies otherwise."
            )
        if isinstance(value, np.ndarray) and value.shape != right.shape:
            return f"`{name}`: two numbers are expected, the lower end and the upper end."
        return ""


def _faults(outputs: Mapping[str, Any]) -> list[Line]:
    """Say what keeps the lists from being measurements of four runs over the same seeds."""
    lines, lengths = [], {}
    for name in LISTS:
        value = outputs[name]
        if value is None:
            continue
        if isinstance(value, Problem):
            lines.append(Line("wrong", value.text))
        elif isinstance(value, str) or np.ndim(value) != 1:
            lines.append(Line("wrong", f"`{name}`: a list with one number per seed is expected."))
        elif not np.isfinite(value).all():
            lines.append(Line("wrong", f"`{name}` holds a value that is NaN or infinite."))
        else:
            lengths[name] = len(value)
    if lines:
        return lines
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        return [Line("wrong", f"The lists differ in length: {told}. Use the same seeds for all.")]
    for name, length in list(lengths.items())[:1]:
        if not LEAST_SEEDS <= length <= MOST_SEEDS:
            text = f"`{name}` has {length} numbers; expected those of 5 to 12 seeds."
            return [Line("wrong", text)]
    return []


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
    steps={
        "centre": constant("mean"),
        "pairing": constant("paired"),
        "quantile": constant("t"),
        "ddof": constant(1),
        "divisor": constant("root"),
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
        "not_paired",
        "The variances of the two lists were added, as for independent runs. Both cells saw the "
        "same data seed by seed: take the spread of the differences.",
        {"pairing": constant("apart")},
    ),
    (
        "sorted_first",
        "The lists were sorted before they were subtracted. Keep them in the order of the seeds.",
        {"pairing": constant("sorted")},
    ),
    (
        "median",
        "The interval lies around the median of the differences. Take it around their mean.",
        {"centre": constant("median")},
    ),
    (
        "normal_quantile",
        "The factor is 1.96, of the normal distribution. With so few seeds take Student's t, from "
        "the table.",
        {"quantile": constant("normal")},
    ),
    (
        "quantile_of_n",
        "The factor is that of n degrees of freedom. With n seeds there are n − 1.",
        {"quantile": constant("next")},
    ),
    (
        "one_sided_quantile",
        "The factor is the 95 % quantile of t. An interval that leaves out 2.5 % on either side "
        "takes the 97.5 % quantile, as in the table.",
        {"quantile": constant("one-sided")},
    ),
    (
        "standard_error_alone",
        "This is mean ± standard error. For 95 % the standard error is multiplied by t.",
        {"quantile": constant("one")},
    ),
    (
        "ddof_0",
        "The standard deviation was made with n. With `ddof=1` it is made with n − 1.",
        {"ddof": constant(0)},
    ),
    (
        "spread_of_seeds",
        "The division by √n is missing: this says how far single runs spread, not how well the "
        "mean is known.",
        {"divisor": constant("none")},
    ),
    (
        "divided_by_n",
        "The standard deviation was divided by n. Divide it by √n.",
        {"divisor": constant("n")},
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
