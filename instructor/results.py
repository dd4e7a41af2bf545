"""What grading a submission came to: points per exercise, or the honest reason why there are none.

Results travel between processes and lie on disk as JSON. A result that was read back equals the
one that was written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from utils.checks.reporting import STATUS, Line, Report

GRADED = "graded"
GRADERS_FAULT = "grader's fault"
NOT_REACHED = "not reached"

#: Every status of a submission without an honest score, with what it means.
REASONS: Mapping[str, str] = {
    "timed out": "It ran longer than the time limit.",
    "out of memory": "It took more memory than the limit.",
    "crashed": "The process that ran it ended by itself.",
    "too much output": "It printed, or handed over, more than the limit.",
    "too many processes": "It started more processes than the limit.",
    "broken answer": "What came back could not be read as arrays, numbers and short texts.",
    "did not parse": "The file is no notebook.",
    "wrong notebook": "The notebook is not one of this assignment.",
    "wrong kernel": "The notebook is not for Python.",
    "edited tests": "Cells that grade were changed.",
    GRADERS_FAULT: "The grading itself failed; this says nothing about the submission.",
    "worker lost": "The process that graded it was lost each time.",
}


@dataclass(frozen=True)
class ExerciseResult:
    """The result of one check.

    Attributes
    ----------
    grade_id : str
        Of the cell that grades.
    check : str
        Name of the check, without ``check_``.
    title : str
    possible : float
        Points for an answer that is right in everything.
    points : float or None
        None where no honest score exists: the check was not reached, or a limit stopped it.
    status : str
        That of the check's report ("right", "wrong", "stopped", "open", "not started"); without
        points "not reached" or one of `REASONS`.
    mistakes : tuple of str
        Keys of the recognised mistakes.
    lines : tuple of (kind, text, key)
        The findings, as in `utils.checks.reporting.Line`.
    hints : tuple of str
    summary : str
        Words in place of those that belong to the status, if any.
    seconds : float
        Wall time of calling and judging the answer.
    """

    grade_id: str
    check: str
    title: str
    possible: float
    points: float | None
    status: str
    mistakes: tuple[str, ...] = ()
    lines: tuple[tuple[str, str, str], ...] = ()
    hints: tuple[str, ...] = ()
    summary: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.points is not None and not 0 <= self.points <= self.possible:
            raise ValueError(
                f"{self.grade_id} has {self.points!r} points; expected 0 to {self.possible}."
            )

    @property
    def report(self) -> Report | None:
        """The check's report; None where there is no score and so nothing to report."""
        if self.points is None or self.status not in STATUS:
            return None
        score = self.points / self.possible if self.possible else 0.0
        lines = tuple(Line(*line) for line in self.lines)
        return Report(self.title, self.status, score, lines, self.hints, self.check, self.summary)

    @property
    def text(self) -> str:
        """What the check says, as plain text."""
        report = self.report
        return str(report) if report else f"… {self.title}: no score, {self.status}"

    @property
    def html(self) -> str:
        """What the check says, as HTML that our own `Report` has made and escaped."""
        report = self.report
        if report is None:
            report = Report(
                self.title, "not started", 0.0, (), (), self.check, f"no score, {self.status}"
            )
        return report._repr_html_()


@dataclass(frozen=True)
class ManualResult:
    """A cell that a person grades.

    Attributes
    ----------
    grade_id : str
    possible : float
        Points.
    answered : bool
        Whether anything but the released text stands in it.
    """

    grade_id: str
    possible: float
    answered: bool


@dataclass(frozen=True)
class Result:
    """The result of one submission.

    Attributes
    ----------
    student, assignment : str
    digest : str
        SHA-256 of the submitted bytes, in hexadecimal digits.
    status : str
        "graded", or one of `REASONS`.
    detail : str
        One sentence on the reason; empty for "graded".
    exercises : tuple of ExerciseResult
        All automatic ones of the assignment, in its order.
    manual : tuple of ManualResult
    notes : tuple of str
        What was found about the file: cells deleted, moved, doubled, given ones changed.
    seconds : float
        Wall time of everything.
    key : str
        What it was graded with; see `instructor.grading.grading_key`.
    """

    student: str
    assignment: str
    digest: str
    status: str
    detail: str = ""
    exercises: tuple[ExerciseResult, ...] = ()
    manual: tuple[ManualResult, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    key: str = ""

    def __post_init__(self) -> None:
        if self.status != GRADED and self.status not in REASONS:
            raise ValueError(
                f"The status is {self.status!r}; expected 'graded' or one of {', '.join(REASONS)}."
            )
        open_ = [exercise.grade_id for exercise in self.exercises if exercise.points is None]
        if self.status == GRADED and open_:
            raise ValueError(
                f"The status is 'graded' and {open_[0]} has no points; expected points for every "
                "exercise, or a reason as status."
            )

    @property
    def points(self) -> float | None:
        """The sum over the exercises; None unless the status is "graded"."""
        if self.status != GRADED:
            return None
        return round(math.fsum(exercise.points or 0.0 for exercise in self.exercises), 6)

    @property
    def possible(self) -> float:
        """Most points that the automatic exercises give."""
        return round(math.fsum(exercise.possible for exercise in self.exercises), 6)

    def to_json(self) -> str:
        """Return the result as JSON text in ASCII, the same for equal results."""
        return json.dumps(asdict(self), indent=1, allow_nan=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what `to_json` has written.

        Raises
        ------
        ValueError
            If the text is no result: cut off, another version's, or with values that cannot be.
        """
        try:
            told = json.loads(text)
            told = _typed(Result, told)
            told["exercises"] = tuple(
                ExerciseResult(
                    **{
                        **_typed(ExerciseResult, item),
                        "mistakes": tuple(item["mistakes"]),
                        "hints": tuple(item["hints"]),
                        "lines": tuple(tuple(line) for line in item["lines"]),
                    }
                )
                for item in told["exercises"]
            )
            told["manual"] = tuple(
                ManualResult(**_typed(ManualResult, item)) for item in told["manual"]
            )
            return cls(**{**told, "notes": tuple(told["notes"])})
        except (TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"The text is no result of grading: {error!r}.") from error


def _typed(kind: type, told: Any) -> dict[str, Any]:
    """Return the entries of a JSON object if they are those of a dataclass."""
    names = {item.name for item in fields(kind)}
    if not isinstance(told, dict) or set(told) != names:
        got = sorted(told) if isinstance(told, dict) else type(told).__name__
        raise TypeError(f"{kind.__name__} from {got}")
    return dict(told)


def without_score(
    student: str,
    assignment: Any,
    digest: str,
    status: str,
    detail: str,
    key: str,
    notes: Sequence[str] = (),
    seconds: float = 0.0,
) -> Result:
    """Return the result of a submission that no exercise of was reached.

    Parameters
    ----------
    student : str
    assignment : Assignment
    digest : str
    status : str
        One of `REASONS`.
    detail : str
        One sentence.
    key : str
    notes : sequence of str
    seconds : float
    """
    exercises = tuple(
        ExerciseResult(item.grade_id, item.check, item.title, item.points, None, NOT_REACHED)
        for item in assignment.exercises
    )
    manual = tuple(ManualResult(item.grade_id, item.points, False) for item in assignment.manual)
    return Result(
        student,
        assignment.name,
        digest,
        status,
        detail,
        exercises,
        manual,
        tuple(notes),
        round(seconds, 3),
        key,
    )
