"""Checks of a learner's own measurements: two or more ways over the same seeds, and an interval.

What a learner measures is right whatever it is, within reason; what follows from it is not. So the
lists of measurements are taken as they come, and the intervals and verdicts are compared with
those that the same lists give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from utils.checks.choices import in_form
from utils.checks.engine import Case, Check, Mistake
from utils.checks.reporting import Line, Report
from utils.checks.running import Answer, Problem

Array = np.ndarray
LEAST_SEEDS, MOST_SEEDS = 5, 12

#: 97.5 % quantiles of Student's t, by degrees of freedom.
QUANTILES = {
    **{2: 4.303, 3: 3.182},
    **{4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228, 11: 2.201},
    **{12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 16: 2.120, 17: 2.110, 18: 2.101, 19: 2.093},
    **{20: 2.086, 21: 2.080, 22: 2.074},
}
# The 95 % quantiles, and the next ones: what is looked up by mistake.
ONE_SIDED = {
    **{2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833},
    **{10: 1.812, 11: 1.796},
}

#: The choices inside an interval, as steps of a check; `interval_of` takes them in this order.
CHOICES = {
    "centre": lambda: "mean",
    "pairing": lambda: "paired",
    "quantile": lambda: "t",
    "ddof": lambda: 1,
    "divisor": lambda: "root",
}


def interval_of(
    one: Array, other: Array, centre: str, pairing: str, quantile: str, ddof: Any, divisor: str
) -> Array:
    """Return the ends of a 95 % interval for the mean of one − other, (2,).

    The last five arguments are ``"mean"``, ``"paired"``, ``"t"``, 1 and ``"root"`` in the right
    answer; others are what learners write.

    Parameters
    ----------
    one, other : array, shape (n,)
        Measurements of two ways, over the same seeds.
    centre : {"mean", "median"}
    pairing : {"paired", "apart", "sorted"}
    quantile : {"t", "normal", "next", "both lists", "one-sided", "one"}
    ddof : int
        What is taken off n in the variance.
    divisor : {"root", "none", "n"}
        What the spread is divided by: √n, 1 or n.

    Returns
    -------
    array, shape (2,)
        The lower end, then the upper one.
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
        "both lists": QUANTILES[2 * n - 2],
        "one-sided": ONE_SIDED[n - 1],
        "one": 1.0,
    }[quantile]
    half = factor * spread / {"root": np.sqrt(n), "none": 1.0, "n": n}[divisor]
    return np.array([middle - half, middle + half])


def middle_and_half(ends: Array) -> Array:
    """Return the middle of an interval and half its width, (2,): what is given for its ends.

    Parameters
    ----------
    ends : array, shape (2,)

    Returns
    -------
    array, shape (2,)
    """
    return np.array([ends.mean(), (ends[1] - ends[0]) / 2])


def ends_of(middle_half: Array) -> Array:
    """Return the ends of an interval given by its middle and half its width, (2,).

    Parameters
    ----------
    middle_half : array, shape (2,)

    Returns
    -------
    array, shape (2,)
        The lower end, then the upper one.
    """
    return np.array([middle_half[0] - middle_half[1], middle_half.sum()])


@dataclass
class StudyCheck(Check):
    """The check of measurements that are the learner's own, and of what follows from them.

    Parameters
    ----------
    example : mapping of str to array
        The outputs that are measured, each a list with one number per seed: one run of the
        exercise, for trying the check itself. All others as in `Check`.
    """

    example: Mapping[str, Array] = field(default_factory=dict)

    def _make_inputs(self, case: int, seed: int | None = None) -> dict[str, Any]:
        """Give the example, so that steps may read what is measured."""
        return dict(self.example)

    def compute(
        self,
        inputs: Mapping[str, Any],
        mistakes: Iterable[Mistake] = (),
        pinned: Mapping[str, Any] | None = None,
        right: Mapping[str, Any] | None = None,
        until: str | None = None,
    ) -> dict[str, Any]:
        """Compute as `Check` does, from the example where nothing was measured.

        Parameters
        ----------
        inputs, mistakes, pinned, right, until
            As in `Check.compute`.

        Returns
        -------
        dict of str to array or str
            The measurements with what follows from them.
        """
        measured = {**self.example, **inputs}
        return {**measured, **super().compute(measured, mistakes, pinned, right, until)}

    def run(self, answer: Any, cases: Sequence[Case]) -> list[Answer]:
        """Run as `Check` does, with the verdicts in the form of their options.

        Parameters
        ----------
        answer : mapping, or anything else
        cases : sequence of Case

        Returns
        -------
        list of Answer
        """
        return super().run(in_form(answer, self.outputs), cases)

    def judge(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Report:
        """Judge what follows from the learner's own measurements.

        Parameters
        ----------
        cases : sequence of Case
        answers : sequence of Answer

        Returns
        -------
        Report
        """
        outputs = answers[0].outputs
        if answers[0].problem is not None or all(value is None for value in outputs.values()):
            return super().judge(cases, answers)
        faults = self.faults(outputs)
        missing = [name for name in self.example if outputs[name] is None]
        if faults or missing:
            lines = [*faults, *(Line("open", f"`{name}` is still open.") for name in missing)]
            status = "wrong" if faults else "open"
            return Report(self.title, status, 0.0, tuple(lines), tuple(self.hints), self.name)
        measured = {name: np.asarray(outputs[name], dtype=float) for name in self.example}
        case = Case({}, measured, self.compute(measured))
        report = super().judge([case], answers[:1])
        if report.status == "right" or any("holds." in line.text for line in report.lines):
            return report
        return replace(report, score=report.score + len(self.example) / len(self.outputs))

    def faults(self, outputs: Mapping[str, Any]) -> list[Line]:
        """Say what keeps what was handed over from being measurements; empty if nothing does.

        Parameters
        ----------
        outputs : mapping of str to value

        Returns
        -------
        list of Line
        """
        return _faults(outputs, tuple(self.example))

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say what a wrong verdict contradicts, and of what an interval is made.

        Parameters
        ----------
        name : str
        value, right : array or str

        Returns
        -------
        str
        """
        if isinstance(right, str):
            if not isinstance(value, str) or value not in self.outputs[name]:
                return ""  # no verdict at all
            return (
                f"`{name}` is '{value}', which your interval does not say: look whether 0 lies "
                "within it, and on which side of 0 it lies otherwise."
            )
        if isinstance(value, np.ndarray) and value.shape != right.shape:
            return f"`{name}`: two numbers are expected, the lower end and the upper end."
        return ""


def _faults(outputs: Mapping[str, Any], measured: Sequence[str]) -> list[Line]:
    """Say what keeps the lists from being measurements over the same seeds."""
    lines, lengths = [], {}
    for name in measured:
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


def add_interval_mistakes(check: Check, pairs: str = "seed") -> None:
    """Let a check with the steps `CHOICES` know what goes wrong inside an interval.

    Parameters
    ----------
    check : Check
    pairs : str
        What a pair of measurements has in common, as a noun that takes an s.
    """
    for key, message, replaces in _INTERVAL_MISTAKES:
        name = key.replace("seed", pairs)
        check.add_mistake(name, message.replace("seed", pairs), replaces)


def _choose(value: Any) -> Callable[[], Any]:
    return lambda: value


_INTERVAL_MISTAKES = (
    (
        "not_paired",
        "The variances of the two lists were added, as for independent runs. Both ways saw the "
        "same data seed by seed: take the spread of the differences.",
        {"pairing": _choose("apart")},
    ),
    (
        "two_independent_lists",
        "This is the interval for two independent lists, with 2n − 2 degrees of freedom. Both ways "
        "saw the same data seed by seed: take the spread of the differences, and t at n − 1.",
        {"pairing": _choose("apart"), "quantile": _choose("both lists")},
    ),
    (
        "sorted_first",
        "The lists were sorted before they were subtracted. Keep them in the order of the seeds.",
        {"pairing": _choose("sorted")},
    ),
    (
        "median",
        "The interval lies around the median of the differences. Take it around their mean.",
        {"centre": _choose("median")},
    ),
    (
        "normal_quantile",
        "The factor is 1.96, of the normal distribution. With so few seeds take Student's t, from "
        "the table.",
        {"quantile": _choose("normal")},
    ),
    (
        "quantile_of_n",
        "The factor is that of n degrees of freedom. With n seeds there are n − 1.",
        {"quantile": _choose("next")},
    ),
    (
        "one_sided_quantile",
        "The factor is the 95 % quantile of t. An interval that leaves out 2.5 % on either side "
        "takes the 97.5 % quantile, as in the table.",
        {"quantile": _choose("one-sided")},
    ),
    (
        "standard_error_alone",
        "This is mean ± standard error. For 95 % the standard error is multiplied by t.",
        {"quantile": _choose("one")},
    ),
    (
        "ddof_0",
        "The standard deviation was made with n. With `ddof=1` it is made with n − 1.",
        {"ddof": _choose(0)},
    ),
    (
        "spread_of_seeds",
        "The division by √n is missing: this says how far single runs spread, not how well the "
        "mean is known.",
        {"divisor": _choose("none")},
    ),
    (
        "divided_by_n",
        "The standard deviation was divided by n. Divide it by √n.",
        {"divisor": _choose("n")},
    ),
)
