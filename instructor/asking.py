"""Run a notebook's cells in a session, and ask each check at its place."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from instructor import course_copy
from instructor.assignment import Assignment, Exercise
from instructor.autograded import Shown
from instructor.judging import (
    MAX_MESSAGE,
    BrokenAnswer,
    JudgingError,
    cases_of,
    judge_function,
    judge_value,
    plain_report,
    shown,
)
from instructor.merging import Merged, MergedCell
from instructor.results import GRADERS_FAULT
from instructor.sandbox import MISSING, Opaque, Session, Stopped
from utils.checks.reporting import Line, Report

MAX_LINE = 300
_Judge = Callable[[], Report]


@dataclass(frozen=True)
class Asked:
    """What asking one check gave: a report, or the reason why there is none.

    Attributes
    ----------
    report : Report or None
    reason, detail : str
        Why there is no honest score; empty where there is a report.
    seconds : float
        Wall time.
    withheld : frozenset of str
        Functions that were asked for in vain, in the answer or in the cells before it.
    """

    report: Report | None = None
    reason: str = ""
    detail: str = ""
    seconds: float = 0.0
    withheld: frozenset[str] = frozenset()


@dataclass
class _Section:
    """What happened in the cells since the last check."""

    errors: list[tuple[MergedCell, Any]] = field(default_factory=list)
    stopped: str = ""


class Run:
    """The state of grading one submission, over all its passes.

    Attributes
    ----------
    asked : dict of str to Asked
        By name of the check.
    reason, detail : str
        The first limit that was hit; empty as long as none was.
    over : bool
        Whether a session has ended for good.
    used : float
        Wall time of all sessions, in seconds: that of the submission, without ours.
    """

    def __init__(self, assignment: Assignment, seed: str | None) -> None:
        self.assignment, self.seed = assignment, seed
        self.asked: dict[str, Asked] = {}
        self.reason, self.detail, self.over = "", "", False
        self.used = 0.0

    def stop(self, reason: str, detail: str) -> None:
        """Note that the submission was stopped for good."""
        self._note(reason, detail)
        self.over = True

    def _note(self, reason: str, detail: str) -> None:
        if not self.reason:
            self.reason, self.detail = reason, shown(detail, MAX_MESSAGE)

    def unfair(self, allowed: Mapping[str, frozenset[str]]) -> list[str]:
        """Return the checks that failed for want of a function that only *other* exercises ask for.

        Parameters
        ----------
        allowed : dict of str to frozenset of str
            What each check withholds by right.
        """
        return [
            name
            for name, asked in self.asked.items()
            if asked.report is not None
            and asked.report.status != "right"
            and asked.withheld - allowed.get(name, frozenset())
            and not asked.withheld & allowed.get(name, frozenset())
        ]

    def is_doubtful(self, checks: Collection[str]) -> bool:
        """Tell whether an answer failed in a way that a cell left out may be the cause of."""
        reports = [self.asked[name].report for name in checks if name in self.asked]
        return any(report is not None and report.status == "stopped" for report in reports)

    def through(
        self,
        session: Session,
        merged: Merged,
        one: course_copy.Pass,
        whole: bool,
        spared: Collection[int] = (),
    ) -> dict[int, Shown]:
        """Run the cells in order and ask the checks of one pass at their places.

        Parameters
        ----------
        session : Session
        merged : Merged
        one : Pass
            The checks to ask, and what the session's copy of the course withholds.
        whole : bool
            Whether to run to the end, even if no check is left to ask.
        spared : collection of int
            Places of cells that are left out.

        Returns
        -------
        dict of int to Shown
            What the cells left behind, by place.
        """
        exercises = {item.grade_id: item for item in self.assignment.exercises}
        left, section = set(one.checks), _Section()
        left_behind: dict[int, Shown] = {}
        to_judge: list[tuple[str, _Section, _Judge, float]] = []
        try:
            for place, cell in enumerate(merged.cells):
                if not left and not whole:
                    break
                if cell.role == "check":
                    exercise = exercises[cell.grade_id]
                    if exercise.check in left:
                        left.discard(exercise.check)
                        began = time.monotonic()
                        if judge := self._ask(session, exercise, section):
                            seconds = time.monotonic() - began
                            to_judge.append((exercise.check, section, judge, seconds))
                    section = _Section()
                elif place not in spared and cell.cell_type == "code" and cell.source.strip():
                    left_behind[place] = self._run_cell(session, cell, place, section)
        except Stopped as stopped:
            self.stop(stopped.reason, stopped.detail)
        self.used += session.seconds
        for check, told, judge, seconds in to_judge:  # after the clock of the submission
            self.asked[check] = self._judged(told, judge, seconds, one.withheld)
        return left_behind

    def _run_cell(self, session: Session, cell: MergedCell, place: int, section: _Section) -> Shown:
        name = cell.grade_id or f"cell {place + 1}"
        outcome = session.run_cell(cell.source, name)
        if outcome.stopped:
            section.stopped = outcome.stopped
            self._note(outcome.stopped, f"A cell was stopped: {name}.")
        if outcome.error and cell.role != "given":
            section.errors.append((cell, outcome))
        error = outcome.error or (f"Stopped: {outcome.stopped}" if outcome.stopped else None)
        error = shown(error, MAX_MESSAGE) if error else None
        line = shown(outcome.line, MAX_LINE)
        return Shown(outcome.outputs, error, line, outcome.line_number)

    def _ask(self, session: Session, exercise: Exercise, section: _Section) -> _Judge | None:
        """Ask one check; return what judges the answer, or None if there is nothing to judge."""
        try:
            return self._answer(session, exercise, section)
        except JudgingError as error:
            self.asked[exercise.check] = Asked(None, GRADERS_FAULT, str(error))
        except Stopped as stopped:
            self._note(stopped.reason, stopped.detail)
            self.asked[exercise.check] = Asked(None, stopped.reason, stopped.detail)
            if not stopped.alive:
                raise
        return None

    def _answer(self, session: Session, exercise: Exercise, section: _Section) -> _Judge:
        """Fetch the answer to a check from the session."""
        check = self.assignment.check(exercise)
        if not exercise.is_function:
            value = session.value(exercise.variable)
            if value is MISSING:
                return lambda: _missing(check, exercise, section)
            if not isinstance(value, Opaque) or not value.callable:
                return lambda: judge_value(check, value)
        cases = cases_of(check, self.seed if exercise.is_function else None)
        answers = session.call(
            exercise.variable,
            list(check.outputs),
            [case.inputs if exercise.is_function else {} for case in cases],
            call=course_copy.call_of(check),
            parameters=check.parameters,
            check=check.name,
        )
        problems = [answer.problem.kind for answer in answers if answer.problem is not None]
        if "not started" in problems and session.value(exercise.variable) is MISSING:
            return lambda: _missing(check, exercise, section)
        return lambda: judge_function(check, cases, answers)

    def _judged(
        self, section: _Section, judge: _Judge, seconds: float, withheld: frozenset[str]
    ) -> Asked:
        began = time.monotonic()
        try:
            report = judge()
        except JudgingError as error:
            return Asked(None, GRADERS_FAULT, str(error), seconds)
        except BrokenAnswer as error:
            self._note("broken answer", str(error))
            return Asked(None, "broken answer", str(error), seconds)
        seconds += time.monotonic() - began
        if report.status == "right":
            return Asked(report, seconds=seconds)
        if section.stopped:
            return Asked(None, section.stopped, "", seconds)
        missed = _withheld(report, section) & withheld
        return Asked(_with_error(report, section), seconds=seconds, withheld=missed)


# --- what is said about cells that stopped ---------------------------------------------------


def _missing(check: Any, exercise: Exercise, section: _Section) -> Report:
    """Report that the variable which a check judges does not exist."""
    if section.errors:
        text = f"`{exercise.variable}` does not exist, since a cell before this check stopped."
        return plain_report(check, "stopped", [Line("wrong", text)])
    text = f"`{exercise.variable}` does not exist: no cell before this check gives this name."
    return plain_report(check, "not started", [Line("open", text)])


def _with_error(report: Report, section: _Section) -> Report:
    """Add to a report which cell stopped before it: the learner's answer, if that did."""
    told = [pair for pair in section.errors if pair[0].role == "answer"] or [
        pair for pair in section.errors if pair[0].role == "own"
    ]
    if not told:
        return report
    cell, outcome = told[-1]
    which = f"The cell `{cell.grade_id}`" if cell.grade_id else "A cell of your own"
    lines = [Line("note", f"{which} stopped: {shown(outcome.error, MAX_LINE)}")]
    if outcome.line_number:
        lines.append(Line("code", f"line {outcome.line_number}: {shown(outcome.line, MAX_LINE)}"))
    return replace(report, lines=(*report.lines, *lines))


def _withheld(report: Report, section: _Section) -> frozenset[str]:
    """Return the withheld functions that an answer, or a cell before it, has called."""
    texts = [line.text for line in report.lines if line.kind == "wrong"]
    texts += [outcome.error for _, outcome in section.errors]
    names = (course_copy.withheld_name(text) for text in texts)
    return frozenset(name for name in names if name)
