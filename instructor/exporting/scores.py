"""What is exported: one score per student, and the files of platforms that scores go into."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from instructor.collecting.roster import Roster, RosterError, RosterStudent, Table, read_table
from instructor.errors import InstructorError
from instructor.tables import number, write_table


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


def write_rows(path: Path, rows: Iterable[Sequence[str]], *form: str | bool) -> None:
    """Write a table, or say why it cannot be written."""
    try:
        write_table(path, rows, *form)
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror}).") from None


def by_student(scores: Iterable[Score]) -> dict[str, Score]:
    """Return the scores by student.

    Raises
    ------
    ExportError
        If a student has two.
    """
    found: dict[str, Score] = {}
    for score in scores:
        if score.student in found:
            raise ExportError(f"{score.student} has two scores; expected one per student.")
        found[score.student] = score
    return found


def out_of_one(assignment: str, scores: Iterable[Score]) -> tuple[dict[str, Score], str]:
    """Return the scores by student, and the most that there is, as text.

    Raises
    ------
    ExportError
        If a student has two scores, or the scores have different maxima.
    """
    found = by_student(scores)
    values = {score.possible for score in found.values()}
    if len(values) > 1:
        maxima = ", ".join(number(value) for value in sorted(values))
        raise ExportError(
            f"The scores of {assignment} have different maxima ({maxima}); grade all submissions "
            "against one release: `grade --again`."
        )
    return found, number(values.pop() if values else 0.0)


def exported(path: Path, written: Iterable[Score], **more: object) -> Exported:
    """Return what was written, with those counted who have no score."""
    scores = list(written)
    without = tuple(score.student for score in scores if score.points is None)
    return Exported(path, len(scores), len(scores) - len(without), without, **more)


def who_is(student: str, roster: Roster | None) -> RosterStudent:
    """Return what is known of a student."""
    listed = roster.get(student) if roster else None
    if listed is not None:
        return listed
    numbered = re.fullmatch(r".+_(\d+)", student)  # as collecting names students of Canvas
    return RosterStudent(student, student, canvas_id=numbered.group(1) if numbered else "")


def as_float(text: str) -> float | None:
    """Read a number of a platform's file, None where there is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:  # "(read only)" and the like
        return None


def read_template(path: Path, needed: Sequence[str], platform: str) -> Table:
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


class Filled:
    """A file that a platform exported, whose cells are filled in; every row and column stays.

    Parameters
    ----------
    path : Path
    needed : sequence of str
        Headings without which it is another file.
    platform : str
        What exports it and where, for the error.
    key : str
        The attribute of a student in it by which its rows are told apart.
    scores : mapping of str to Score
    roster : Roster or None

    Attributes
    ----------
    headings : list of str
    rows : list of list of str
    notes : list of str
        In sentences.

    Raises
    ------
    ExportError
        If it cannot be read or a heading is missing.
    """

    def __init__(
        self,
        path: Path,
        needed: Sequence[str],
        platform: str,
        key: str,
        scores: Mapping[str, Score],
        roster: Roster | None,
    ) -> None:
        self._table = read_template(path, needed, platform)
        self.headings, self.rows = self._table.headings, self._table.rows
        self.notes: list[str] = []
        self._written: list[Score] = []
        self._unmatched: list[str] = []
        self._by_key: dict[str, Score] = {}
        try:
            listed = Roster.load(path)
        except RosterError as error:
            raise ExportError(str(error)) from None
        for student, score in scores.items():
            match = _in_file(listed, student, roster.get(student) if roster else None)
            name = getattr(match, key, "")
            if not name or name in self._by_key:
                self._unmatched.append(student)
            else:
                self._by_key[name] = score

    def fill(self, row: list[str], column: int, key: str) -> Score | None:
        """Put a student's points into a cell, nothing where there are none; return the score."""
        score = self._by_key.get(key)
        row[column] = number(score.points) if score else ""
        self._written += [score] if score else []
        return score

    def write(self, path: Path) -> Exported:
        """Write it, in the form in which it came."""
        write_rows(path, [self.headings, *self.rows], self._table.delimiter, self._table.marked)
        return exported(
            path, self._written, unmatched=tuple(self._unmatched), notes=tuple(self.notes)
        )


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
