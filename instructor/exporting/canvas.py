"""Scores for Canvas: Grades → Import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from instructor.collecting.names import letters
from instructor.collecting.roster import Roster
from instructor.exporting.scores import (
    Exported,
    ExportError,
    Filled,
    Score,
    as_float,
    exported,
    out_of_one,
    who_is,
    write_rows,
)
from instructor.tables import number

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS_POSSIBLE = "    Points Possible"  # as Canvas writes it


def write_canvas(
    path: Path,
    assignment: str,
    scores: Iterable[Score],
    roster: Roster | None = None,
    template: Path | None = None,
) -> Exported:
    """Write a file for Canvas: Grades → Import.

    Parameters
    ----------
    path : Path
    assignment : str
        Its column is ``NAME (number)`` in a file that Canvas exported, and ``NAME`` in a new one,
        for which Canvas asks which assignment it is.
    scores : iterable of Score
    roster : Roster, optional
        Gives the names and numbers by which Canvas knows the students.
    template : Path, optional
        The gradebook that Canvas exported. Every row and column of it stays; cells of students
        without a score are emptied, which leaves their grade in Canvas as it is.

    Raises
    ------
    ExportError
        If the template is none, several of its columns fit the assignment, or the scores have
        different maxima.
    """
    found, possible = out_of_one(assignment, scores)
    if template is None:
        return _new_canvas(path, assignment, found, roster, possible)
    where = "Canvas (Grades → Export)"
    file = Filled(template, ("Student", "ID"), where, "canvas_id", found, roster)
    column = _assignment_column(template, file.headings, assignment)
    if column is None:
        column = len(file.headings)
        file.headings.append(assignment)
        for row in file.rows:
            row.append("")
        file.notes.append(
            f"Canvas's file has no column for {assignment}; one was added at its end."
        )
    ids, names = file.headings.index("ID"), file.headings.index("Student")
    for row in file.rows:
        if letters(row[names]) == "pointspossible":
            stated = row[column].strip()
            if stated and number(as_float(stated)) != possible:
                file.notes.append(
                    f"Canvas has {stated} points possible for {assignment}, the gradebook "
                    f"{possible}: set {possible} in Canvas before the import."
                )
            elif not stated:
                row[column] = possible
        elif row[ids].strip():  # else a row of remarks, such as "Manual Posting"
            file.fill(row, column, row[ids].strip())
    return file.write(path)


def _new_canvas(
    path: Path, assignment: str, scores: Mapping[str, Score], roster: Roster | None, possible: str
) -> Exported:
    rows = [[*CANVAS, assignment], [POINTS_POSSIBLE, "", "", "", "", possible]]
    for score in scores.values():
        who = who_is(score.student, roster)
        name = f"{who.last_name}, {who.first_name}" if who.last_name else who.name
        rows.append([name, who.canvas_id, who.sis_id, who.login, who.section, number(score.points)])
    write_rows(path, rows)
    known = sum(bool(who_is(s, roster).canvas_id or who_is(s, roster).login) for s in scores)
    notes = (
        "Canvas finds students by ID, SIS User ID or SIS Login ID; "
        f"{len(scores) - known} of {len(scores)} have neither ID nor login here. Give the "
        "gradebook that Canvas exports as roster or as template.",
    )
    return exported(path, scores.values(), notes=notes if known < len(scores) else ())


def _assignment_column(path: Path, headings: list[str], assignment: str) -> int | None:
    """Return the column of an assignment, named ``NAME (number)`` or ``NAME``; None without one."""
    wanted = letters(assignment)
    fits = [
        index
        for index, heading in enumerate(headings)
        if letters(re.sub(r"\s*\(\d+\)\s*$", "", heading)) == wanted
    ]
    if len(fits) > 1:
        names = ", ".join(headings[index] for index in fits)
        raise ExportError(f"{path} has {len(fits)} columns for {assignment}: {names}. Keep one.")
    return fits[0] if fits else None
