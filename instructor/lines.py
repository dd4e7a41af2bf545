"""The lines that the command line prints: one per submission, and a summary."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from instructor.records import RETRIED, Record
from instructor.results import GRADED

WIDEST = 28
"""Characters that a student's id takes at most in a line."""


def printable(text: str, longest: int = 200) -> str:
    """Return text for a terminal: one line, with nothing in it that would steer the terminal.

    Parameters
    ----------
    text : str
        May come from a submission, with escape sequences and invisible signs.
    longest : int
        Characters after which it is cut off.
    """
    words = " ".join(text.split())
    shown = "".join("?" if unicodedata.category(sign)[0] == "C" else sign for sign in words)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def width_of(students: Iterable[str]) -> int:
    """Return the width of the column of students, in characters."""
    return min(WIDEST, max((len(student) for student in students), default=7))


def line(record: Record, width: int) -> str:
    """Return the line of one graded submission.

    Parameters
    ----------
    record : Record
    width : int
        Of the column of students, in characters.

    Returns
    -------
    text : str
        Student; points of those possible, or why there are none; seconds; recognised mistakes.
    """
    result = record.result
    student = printable(record.student, width).ljust(width)
    if result.points is None:
        score = f"no score: {result.status}"
    else:
        score = f"{result.points:g} of {result.possible:g} points"
    parts = [f"{student}  {score:<24} {result.seconds:6.1f} s"]
    if record.late_seconds:
        parts.append("late")
    if mistakes := mistakes_of(record):
        parts.append(", ".join(mistakes))
    if result.points is None and result.detail:
        parts.append(printable(result.detail))
    return "  ".join(parts)


def mistakes_of(record: Record) -> list[str]:
    """Return the recognised mistakes, as ``check: mistake``."""
    return [f"{e.check}: {key}" for e in record.result.exercises for key in e.mistakes]


def summary(records: Sequence[Record]) -> list[str]:
    """Return the lines that follow when all submissions are done.

    Parameters
    ----------
    records : sequence of Record
        The newest of each student.
    """
    if not records:
        return ["There are no submissions."]
    graded = [r for r in records if r.result.status == GRADED]
    reasons = Counter(r.result.status for r in records if r.result.status != GRADED)
    text = f"{counted(len(records), 'submission')}: {len(graded)} with a score"
    if reasons:
        named = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        text += f", {sum(reasons.values())} without ({named})"
    lines = [text + "."]
    if graded:
        points = sorted(r.result.points for r in graded)
        possible = graded[0].result.possible
        lines.append(
            f"Points of {possible:g}: from {points[0]:g} to {points[-1]:g}, median "
            f"{median(points):g}."
        )
    texts = sum(cell.answered for r in records for cell in r.result.manual)
    if texts:
        lines.append(f"{counted(texts, 'text')} to be read by a person, in formgrader.")
    if late := sum(bool(r.late_seconds) for r in records):
        lines.append(f"{counted(late, 'submission')} came late.")
    return lines


def retried(records: Iterable[Record]) -> list[Record]:
    """Return the records that say nothing about the submission: the next run tries again."""
    return [record for record in records if record.result.status in RETRIED]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 text``, ``2 texts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
