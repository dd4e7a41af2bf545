"""Checks of several results that are returned together: a wrong order is told as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from utils.checks.engine import Case, Check
from utils.checks.reporting import Line, Report
from utils.checks.running import Answer


@dataclass
class OrderedCheck(Check):
    """A check that tells right results in the wrong order from mistakes inside the computation.

    Where every result is the right value of some output, and each of another one, nothing was
    computed wrongly. A single result in the wrong place often equals what a known mistake gives,
    or two of them together; named, they would send the learner to lines that are right.
    """

    def judge(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Report:
        """Judge as `Check` does, but for right results that have changed places.

        Parameters
        ----------
        cases : sequence of Case
        answers : sequence of Answer

        Returns
        -------
        Report
        """
        report = super().judge(cases, answers)
        known = len(report.mistakes) == 1 and report.mistakes[0].endswith("turned_order")
        places = [] if report.status != "wrong" or known else self._turned(cases, answers)
        if not places:
            return report
        names = [f"`{name}`" for name in places]
        text = f"{', '.join(names[:-1])} and {names[-1]} have changed places: each holds the right "
        text += "values of another one. Is the order of the outputs right?"
        kept = [line for line in report.lines if line.kind in ("right", "note", "printed")]
        return replace(report, lines=(Line("wrong", text), *kept))

    def _turned(self, cases: Sequence[Case], answers: Sequence[Answer]) -> list[str]:
        """Return the outputs in the wrong place if all results are right but for their order."""
        if any(answer.problem or answer.changed_inputs for answer in answers):
            return []
        if not all(answer.repeatable for answer in answers):
            return []
        found = {}
        for name in self.outputs:
            fitting = [
                other
                for other in self.outputs
                if all(
                    self.agrees(answer.outputs[name], case.right[other])
                    for case, answer in zip(cases, answers, strict=True)
                )
            ]
            if not fitting:
                return []
            found[name] = name if name in fitting else fitting[0]
        if len(set(found.values())) < len(found):
            return []
        return [name for name, other in found.items() if name != other]
