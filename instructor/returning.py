"""``python -m instructor report``, ``feedback`` and ``export``: what the class gets back."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from instructor import lines
from instructor.class_report import write_class_report
from instructor.classroom import Classroom, find
from instructor.collecting import Roster, read_ledger
from instructor.errors import InstructorError
from instructor.exporting import Score, parse_columns, write_canvas, write_generic, write_moodle
from instructor.feedback import write_all_feedback, zip_feedback
from instructor.grade_command import DONE, load_roster
from instructor.gradebook import Gradebook, open_gradebook
from instructor.marks import Marked, read_marks
from instructor.records import Record, Records
from instructor.results import GRADED


@dataclass(frozen=True)
class Graded:
    """What is known about an assignment after it was graded.

    Attributes
    ----------
    classroom : Classroom
    name : str
        Of the assignment.
    records : dict of str to Record
        The newest of each student.
    marks : mapping of str to Marked
        What people gave in formgrader.
    roster : Roster or None
    """

    classroom: Classroom
    name: str
    records: dict[str, Record]
    marks: Mapping[str, Marked]
    roster: Roster | None = field(default=None)

    @property
    def late(self) -> dict[str, float]:
        """Students who were late, with seconds."""
        return {s: r.late_seconds for s, r in self.records.items() if r.late_seconds}

    @property
    def names(self) -> dict[str, str]:
        """Names of students, as far as the roster or what was collected says them."""
        found = {s: e.label for s, e in read_ledger(self.classroom.root, self.name).items()}
        if self.roster is not None:
            found |= {student.id: student.name for student in self.roster.students}
        return {student: name for student, name in found.items() if name}

    @property
    def missing(self) -> list[str]:
        """Students of the roster who handed in nothing."""
        if self.roster is None:
            return []
        return sorted({student.id for student in self.roster.students} - set(self.records))


def load(arguments: argparse.Namespace) -> Graded:
    """Read what was graded; bring the gradebook into step first.

    Raises
    ------
    InstructorError
        If nothing of the assignment was graded yet.
    """
    classroom = find(arguments.folder)
    classroom.released(arguments.name)
    records = Records(classroom.root, arguments.name).latest()
    if not records:
        raise InstructorError(
            f"Nothing of {arguments.name} is graded yet. Begin with: python -m instructor grade "
            f"{arguments.name}"
        )
    with ExitStack() as stack:
        gradebook: Gradebook = stack.enter_context(open_gradebook(classroom.root, arguments.db))
        gradebook.reconcile(records.values())
        marks = read_marks(gradebook.nbgrader.db, arguments.name)
    roster = load_roster(arguments, classroom)
    return Graded(classroom, arguments.name, records, marks, roster)


def report(arguments: argparse.Namespace) -> int:
    """Write the report on the class."""
    graded = load(arguments)
    results = [record.result for record in graded.records.values()]
    path = write_class_report(
        graded.classroom.root,
        graded.name,
        results,
        graded.marks,
        late=graded.late,
        missing=graded.missing,
    )
    print("\n".join(lines.summary(list(graded.records.values()))))
    print(f"The report: {path}")
    return DONE


def feedback(arguments: argparse.Namespace) -> int:
    """Write a page for every student, and a zip of them for an LMS if asked."""
    graded = load(arguments)
    results = [record.result for record in graded.records.values()]
    pages = write_all_feedback(
        graded.classroom.root, results, graded.marks, names=graded.names, late=graded.late
    )
    print(
        f"{lines.counted(len(pages), 'page')} in {graded.classroom.feedback}, "
        f"STUDENT/{graded.name}/{graded.name}.html"
    )
    if arguments.zip:
        places = _moodle_places(graded) if arguments.moodle else None
        print(f"The zip: {zip_feedback(graded.classroom.root, graded.name, arguments.zip, places)}")
    return DONE


def _moodle_places(graded: Graded) -> dict[str, str]:
    """Return the folder that Moodle expects each student's page in."""
    places = {}
    for student, entry in read_ledger(graded.classroom.root, graded.name).items():
        if student in graded.records and entry.label and entry.lms_id:
            places[student] = f"{entry.label}_{entry.lms_id}_assignsubmission_file_"
    lacking = sorted(set(graded.records) - set(places))
    if lacking:
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        raise InstructorError(
            f"Moodle's numbers of {', '.join(lacking[:3])}{more} are not known: they stand in the "
            "names of the folders in Moodle's zip. Grade from that zip, or leave --moodle out."
        )
    return places


def export(arguments: argparse.Namespace) -> int:
    """Write a CSV of points for an LMS."""
    graded = load(arguments)
    scores = [score_of(record, graded) for record in graded.records.values()]
    target = arguments.output or (
        graded.classroom.reports / graded.name / f"{graded.name}_{arguments.format}.csv"
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    if arguments.format != "generic" and arguments.columns:
        raise InstructorError("--columns belongs to --format generic; leave one of them out.")
    if arguments.format == "generic" and arguments.template:
        raise InstructorError("--template belongs to --format canvas or moodle; add --format.")
    if arguments.format == "generic":
        columns = parse_columns(arguments.columns) if arguments.columns else None
        done = write_generic(target, graded.name, scores, columns, graded.roster)
    else:
        write = write_canvas if arguments.format == "canvas" else write_moodle
        done = write(target, graded.name, scores, graded.roster, arguments.template)
    print(f"{done.path}: {lines.counted(done.scored, 'score')} in {done.rows} rows.")
    if done.without:
        shown = ", ".join(done.without[:8]) + (" …" if len(done.without) > 8 else "")
        print(f"Left empty, for want of an honest score or of a person's points: {shown}.")
    if done.unmatched:
        print(f"Not in the file that was filled in: {', '.join(done.unmatched)}.")
    for note in done.notes:
        print(f"note: {note}")
    return DONE


def score_of(record: Record, graded: Graded) -> Score:
    """Return what an LMS is told about a student: points of checks and of people together.

    Without an honest score, or while a text waits for a person, there are no points.
    """
    result = record.result
    marked = graded.marks.get(record.student)
    cells = marked.cells if marked else {}
    possible = result.possible + sum(cell.possible for cell in result.manual)
    points: dict[str, float | None] = {}
    for cell in (*result.exercises, *result.manual):
        automatic = getattr(cell, "points", None)
        mark = cells.get(cell.grade_id)
        points[cell.grade_id] = mark.points if mark else automatic
    waiting = [grade_id for grade_id, value in points.items() if value is None]
    if not waiting:
        reason = ""
    elif result.status != GRADED:
        reason = result.status
    else:
        reason = f"{lines.counted(len(waiting), 'answer')} to be graded by a person"
    penalty = marked.penalty if marked else 0.0
    total = None if waiting else round(max(0.0, sum(points.values()) - penalty), 6)
    late = None if record.late_seconds is None else record.late_seconds > 0
    return Score(record.student, total, possible, reason, late, exercises=points)
