"""Scores as a table with columns of one's own."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from instructor.collecting.roster import Roster, RosterStudent
from instructor.exporting.scores import (
    Exported,
    ExportError,
    Score,
    by_student,
    exported,
    who_is,
    write_rows,
)
from instructor.tables import number

ROSTER_FIELDS = (
    *("first_name", "last_name", "name", "email", "canvas_id", "sis_id", "login"),
    *("participant", "section"),
)
SCORE_FIELDS = (
    "student",
    "assignment",
    "points",
    "possible",
    "percent",
    "reason",
    "late",
    "comment",
)
FIELDS = (*SCORE_FIELDS[:1], *ROSTER_FIELDS, *SCORE_FIELDS[1:])
EXERCISE = "points:"  # points:GRADE_ID is the score of one exercise
GENERIC = {name: name for name in ("student", "points", "possible", "reason", "late")}


def parse_columns(text: str) -> dict[str, str]:
    """Read a mapping of columns, ``Matriculation=student,Grade=points,Step=points:step-check``.

    Returns
    -------
    dict of str to str
        Heading to field, in order.

    Raises
    ------
    ExportError
        If a piece has no ``=``, a heading stands twice, or a field is not in `FIELDS`.
    """
    columns: dict[str, str] = {}
    for piece in next(csv.reader([text]), []):
        heading, equals, name = piece.rpartition("=")
        heading, name = heading.strip(), name.strip()
        if not equals or not heading:
            raise ExportError(f"{piece!r} is no column; expected HEADING=FIELD.")
        if heading in columns:
            raise ExportError(f"The column {heading!r} stands twice.")
        columns[heading] = name
    _check_fields(columns)
    return columns


def _check_fields(columns: Mapping[str, str]) -> None:
    if not columns:
        raise ExportError("There are no columns; expected for example Name=name,Grade=points.")
    for name in columns.values():
        if name not in FIELDS and not (name.startswith(EXERCISE) and name != EXERCISE):
            raise ExportError(
                f"{name!r} is no field; there are {', '.join(FIELDS)} and {EXERCISE}GRADE_ID."
            )


def write_generic(
    path: Path,
    assignment: str,
    scores: Iterable[Score],
    columns: Mapping[str, str] | None = None,
    roster: Roster | None = None,
) -> Exported:
    """Write a table with columns of one's own.

    Parameters
    ----------
    path : Path
    assignment : str
    scores : iterable of Score
    columns : mapping of str to str, optional
        Heading to field, from `parse_columns`; `GENERIC` if left out.
    roster : Roster, optional
        For fields such as `name` and `email`.

    Raises
    ------
    ExportError
        If a field is unknown, or no score has an exercise that a column asks for.
    """
    columns = dict(columns or GENERIC)
    _check_fields(columns)
    found = by_student(scores)
    for name in columns.values():
        exercise = name.removeprefix(EXERCISE)
        if exercise != name and found and not any(exercise in s.exercises for s in found.values()):
            there = sorted({key for score in found.values() for key in score.exercises})
            raise ExportError(
                f"{assignment} has no exercise {exercise!r}; there are {', '.join(there)}."
            )
    rows = [list(columns)]
    for score in found.values():
        values = _values(assignment, score, who_is(score.student, roster))
        rows.append(
            [
                number(score.exercises.get(name.removeprefix(EXERCISE)))
                if name.startswith(EXERCISE)
                else values[name]
                for name in columns.values()
            ]
        )
    write_rows(path, rows, ",", True)
    return exported(path, found.values())


def _values(assignment: str, score: Score, who: RosterStudent) -> dict[str, str]:
    """Return every field of one student as text."""
    percent = None
    if score.points is not None and score.possible > 0:
        percent = 100 * score.points / score.possible
    return {
        **{name: getattr(who, name) for name in ROSTER_FIELDS},
        "student": score.student,
        "assignment": assignment,
        "points": number(score.points),
        "possible": number(score.possible),
        "percent": number(percent),
        "reason": score.reason,
        "late": {True: "yes", False: "no", None: ""}[score.late],
        "comment": score.comment,
    }
