"""Scores as CSV for a learning platform: Canvas, Moodle, or columns of one's own.

A student without an honest score gets an empty cell, never a 0: Canvas and Moodle leave the grade
as it is where a cell is empty. Text that a spreadsheet would run as a formula gets an apostrophe
before it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from instructor.collecting.names import letters
from instructor.collecting.roster import (
    Roster,
    RosterError,
    RosterStudent,
    Table,
    plain_heading,
    read_table,
)
from instructor.errors import InstructorError
from instructor.tables import number, write_table

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
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Identifier", "Full name", "Email address", "Grade", "Maximum grade", "Feedback comments")
POINTS_POSSIBLE = "    Points Possible"  # as Canvas writes it


class ExportError(InstructorError, ValueError):
    """Nothing was written; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Score:
    """What one student got.

    Attributes
    ----------
    student : str
        Id in the gradebook.
    points : float or None
        None where there is no honest score.
    possible : float
        The most that there is.
    reason : str
        Why there is no score, in a few words.
    late : bool or None
        None if it is not known.
    comment : str
        For the student, as plain text.
    exercises : mapping of str to float or None
        Points by grade_id.
    """

    student: str
    points: float | None
    possible: float
    reason: str = ""
    late: bool | None = None
    comment: str = ""
    exercises: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : Path
    rows : int
        Students in the file.
    scored : int
        Of these, how many have points.
    without : tuple of str
        Students with a score that is not honest, so with an empty cell.
    unmatched : tuple of str
        Students whom the platform's file does not have; they are not in it.
    notes : tuple of str
        In sentences.
    """

    path: Path
    rows: int
    scored: int
    without: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _write(path: Path, rows: Iterable[Sequence[str]], *form: str | bool) -> None:
    try:
        write_table(path, rows, *form)
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror}).") from None


def _by_student(scores: Iterable[Score]) -> dict[str, Score]:
    found: dict[str, Score] = {}
    for score in scores:
        if score.student in found:
            raise ExportError(f"{score.student} has two scores; expected one per student.")
        found[score.student] = score
    return found


def _possible(assignment: str, scores: Mapping[str, Score]) -> float:
    values = {score.possible for score in scores.values()}
    if len(values) > 1:
        maxima = ", ".join(number(value) for value in sorted(values))
        raise ExportError(
            f"The scores of {assignment} have different maxima ({maxima}); grade all submissions "
            "against one release: `grade --again`."
        )
    return values.pop() if values else 0.0


def _result(path: Path, written: Iterable[Score], **more: object) -> Exported:
    scores = list(written)
    without = tuple(score.student for score in scores if score.points is None)
    return Exported(path, len(scores), len(scores) - len(without), without, **more)


def _template(path: Path, needed: Sequence[str], platform: str) -> Table:
    """Read a file that a platform exported and see that its columns are there."""
    try:
        table = read_table(path)
    except RosterError as error:
        raise ExportError(str(error)) from None
    missing = [name for name in needed if name not in table.headings]
    if missing:
        raise ExportError(
            f"{path} has no column {', '.join(missing)}; expected the file that {platform} "
            f"exports. It has: {', '.join(table.headings)}."
        )
    return table


class _Matcher:
    """Finds the score for each row of a platform's file."""

    def __init__(self, path: Path, scores: Mapping[str, Score], roster: Roster | None) -> None:
        try:
            listed = Roster.load(path)
        except RosterError as error:
            raise ExportError(str(error)) from None
        self.found: dict[int, Score] = {}
        self.unmatched: list[str] = []
        places = {id(student): index for index, student in enumerate(listed.students)}
        for student, score in scores.items():
            known = roster.get(student) if roster else None
            match = _in_file(listed, student, known)
            place = places[id(match)] if match else None
            if place is None or place in self.found:
                self.unmatched.append(student)
            else:
                self.found[place] = score
        self.students = listed.students


def _in_file(listed: Roster, student: str, known: RosterStudent | None) -> RosterStudent | None:
    """Return the row of a platform's file that is this student's, or None."""
    for attribute in ("canvas_id", "sis_id", "login", "email", "participant"):
        value = getattr(known, attribute, "")
        fits = [s for s in listed.students if value and getattr(s, attribute) == value]
        if len(fits) == 1:
            return fits[0]
    # Without a roster, collecting calls a student of Canvas NAME_NUMBER.
    numbered = re.search(r"_(\d+)$", student)
    if known is None and numbered:
        fits = [s for s in listed.students if s.canvas_id == numbered.group(1)]
        if len(fits) == 1:
            return fits[0]
    names = [known.given_id, known.name] if known else [student]
    return listed.find(names)


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
    found = _by_student(scores)
    possible = number(_possible(assignment, found))
    if template is None:
        return _new_canvas(path, assignment, found, roster, possible)
    table = _template(template, ("Student", "ID"), "Canvas (Grades → Export)")
    headings, rows = table.headings, table.rows
    column = _assignment_column(template, headings, assignment)
    notes = []
    if column is None:
        column = len(headings)
        headings.append(assignment)
        rows = [[*row, ""] for row in rows]
        notes.append(f"Canvas's file has no column for {assignment}; one was added at its end.")
    match = _Matcher(template, found, roster)
    by_number = {s.canvas_id: match.found.get(i) for i, s in enumerate(match.students)}
    ids, names = headings.index("ID"), headings.index("Student")
    written = []
    for row in rows:
        if letters(row[names]) == "pointspossible":
            stated = row[column].strip()
            if stated and number(_as_float(stated)) != possible:
                notes.append(
                    f"Canvas has {stated} points possible for {assignment}, the gradebook "
                    f"{possible}: set {possible} in Canvas before the import."
                )
            elif not stated:
                row[column] = possible
            continue
        if not row[ids].strip():
            continue  # a row of remarks, such as "Manual Posting"
        score = by_number.get(row[ids].strip())
        row[column] = number(score.points) if score else ""
        written += [score] if score else []
    _write(path, [headings, *rows], table.delimiter, table.marked)
    return _result(path, written, unmatched=tuple(match.unmatched), notes=tuple(notes))


def _new_canvas(
    path: Path, assignment: str, scores: Mapping[str, Score], roster: Roster | None, possible: str
) -> Exported:
    rows = [[*CANVAS, assignment], [POINTS_POSSIBLE, "", "", "", "", possible]]
    for score in scores.values():
        who = _who(score.student, roster)
        name = f"{who.last_name}, {who.first_name}" if who.last_name else who.name
        rows.append([name, who.canvas_id, who.sis_id, who.login, who.section, number(score.points)])
    _write(path, rows)
    known = sum(bool(_who(s, roster).canvas_id or _who(s, roster).login) for s in scores)
    notes = (
        "Canvas finds students by ID, SIS User ID or SIS Login ID; "
        f"{len(scores) - known} of {len(scores)} have neither ID nor login here. Give the "
        "gradebook that Canvas exports as roster or as template.",
    )
    return _result(path, scores.values(), notes=notes if known < len(scores) else ())


def _who(student: str, roster: Roster | None) -> RosterStudent:
    listed = roster.get(student) if roster else None
    if listed is not None:
        return listed
    numbered = re.fullmatch(r".+_(\d+)", student)  # as collecting names students of Canvas
    return RosterStudent(student, student, canvas_id=numbered.group(1) if numbered else "")


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


def _as_float(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:  # "(read only)" and the like
        return None


def write_moodle(
    path: Path,
    assignment: str,
    scores: Iterable[Score],
    roster: Roster | None = None,
    template: Path | None = None,
) -> Exported:
    """Write a grading worksheet for Moodle: assignment → Upload grading worksheet.

    Parameters
    ----------
    path : Path
    assignment : str
    scores : iterable of Score
    roster : Roster, optional
        Gives names, e-mail addresses and the numbers of participants.
    template : Path, optional
        The worksheet that Moodle exported for this assignment. Its rows and columns stay, with
        ``Last modified (grade)``, by which Moodle knows whether somebody graded in between.
        Comments are filled in where the worksheet has the column.

    Raises
    ------
    ExportError
        If the template is none, or the scores have different maxima.
    """
    found = _by_student(scores)
    possible = number(_possible(assignment, found))
    if template is None:
        return _new_moodle(path, found, roster, possible)
    table = _template(
        template, ("Identifier", "Grade"), "Moodle (assignment → Download grading worksheet)"
    )
    headings, rows = table.headings, table.rows
    columns = {plain_heading(heading): index for index, heading in enumerate(headings)}
    match = _Matcher(template, found, roster)
    by_number = {s.participant: match.found.get(i) for i, s in enumerate(match.students)}
    written, notes, stated = [], [], set()
    for row in rows:
        digits = re.search(r"\d+", row[columns["identifier"]])
        score = by_number.get(digits.group()) if digits else None
        row[columns["grade"]] = number(score.points) if score else ""
        if score and score.comment and "feedbackcomments" in columns:
            row[columns["feedbackcomments"]] = score.comment
        if "maximumgrade" in columns:
            stated.add(row[columns["maximumgrade"]].strip())
        written += [score] if score else []
    wrong = sorted(text for text in stated if text and number(_as_float(text)) != possible)
    if wrong and found:
        notes.append(
            f"Moodle has {', '.join(wrong)} as the maximum grade, the gradebook {possible}: set "
            f"{possible} in Moodle before the upload, or grades are taken for another scale."
        )
    _write(path, [headings, *rows], table.delimiter, table.marked)
    return _result(path, written, unmatched=tuple(match.unmatched), notes=tuple(notes))


def _new_moodle(
    path: Path, scores: Mapping[str, Score], roster: Roster | None, possible: str
) -> Exported:
    rows: list[Sequence[str]] = [MOODLE]
    without_number = 0
    for score in scores.values():
        who = _who(score.student, roster)
        identifier = f"Participant {who.participant}" if who.participant else ""
        without_number += not identifier
        rows.append(
            (identifier, who.name, who.email, number(score.points), possible, score.comment)
        )
    _write(path, rows)
    notes = (
        f"Moodle finds students by Identifier, and {without_number} of {len(scores)} have none "
        "here. Give the worksheet that Moodle exports as roster or as template.",
    )
    return _result(path, scores.values(), notes=notes if without_number else ())


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
    found = _by_student(scores)
    for name in columns.values():
        exercise = name.removeprefix(EXERCISE)
        if exercise != name and found and not any(exercise in s.exercises for s in found.values()):
            there = sorted({key for score in found.values() for key in score.exercises})
            raise ExportError(
                f"{assignment} has no exercise {exercise!r}; there are {', '.join(there)}."
            )
    rows = [list(columns)]
    for score in found.values():
        values = _values(assignment, score, _who(score.student, roster))
        rows.append(
            [
                number(score.exercises.get(name.removeprefix(EXERCISE)))
                if name.startswith(EXERCISE)
                else values[name]
                for name in columns.values()
            ]
        )
    _write(path, rows, ",", True)
    return _result(path, found.values())


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
