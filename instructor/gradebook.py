"""Write gradings into nbgrader's gradebook: each in one transaction, and none of them twice.

nbgrader's own autograder commits after every cell, so that a kill leaves half a submission behind.
Here one transaction holds the student, the submission, all scores and comments, and the note which
grading they came from. That note is a table of our own, `instructor_grading`, in the same database.
`Gradebook.reconcile` compares it with the records on the disk in one query and writes what is
missing: what a kill left out is put right by the next run.

Scores follow nbgrader's `SaveAutoGrades`. Where there is no honest score, `auto_score` is empty and
`needs_manual_grade` is set: formgrader then asks for a person, and no zero stands in its place.
What people gave, their points and comments, is never touched.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from nbgrader import api
from sqlalchemy.orm import Session

from instructor.assignment import Assignment
from instructor.classroom import Classroom
from instructor.errors import InstructorError, UnavailableError
from instructor.records import Record
from instructor.results import Result

VARIABLE = "UNROLLED_GRADEBOOK"
"""Environment variable with the gradebook's address: a password in it shows in no list of
processes, which one on the command line does."""

ATTEMPTS = 5
PAUSE = 1.0
"""Seconds between two attempts to write, while somebody else holds the database."""

UNREAD = ("did not parse", "wrong notebook", "wrong kernel", "worker lost", "grader's fault")
"""Statuses with which nothing is known about the answers: an untouched cell counts as untouched
only where the notebook was read."""

APPLIED = sa.Table(
    "instructor_grading",
    sa.MetaData(),
    sa.Column("submitted_notebook", sa.String(32), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("grading_key", sa.String(128), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
)
"""Which grading the automatic scores of a submitted notebook come from."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Score:
    """What the gradebook holds of one graded cell.

    Attributes
    ----------
    auto_score : float or None
        Points; None where there is no honest score or a person has to give one.
    needs_manual_grade : bool
    """

    auto_score: float | None
    needs_manual_grade: bool


def scores_of(result: Result) -> dict[str, Score]:
    """Return the scores that follow from a result, by `grade_id`.

    A text nobody wrote has 0 points, as with nbgrader; a text that was written waits for a person.
    Cells that are not among them have no score and wait for a person as well.
    """
    scores = {e.grade_id: Score(e.points, e.points is None) for e in result.exercises}
    if result.status not in UNREAD:
        for cell in result.manual:
            scores[cell.grade_id] = Score(None, True) if cell.answered else Score(0.0, False)
    return scores


def url_of(classroom: Path, url: str | None = None) -> str:
    """Return the address of the class's gradebook.

    It is `url`, else the environment variable ``UNROLLED_GRADEBOOK``, else what the class's
    ``nbgrader_config.py`` says, else the SQLite file ``gradebook.db`` in the folder of the class.
    """
    given = url or os.environ.get(VARIABLE, "").strip()
    return given or Classroom(classroom.resolve()).db_url()


def open_gradebook(classroom: Path, url: str | None = None) -> Gradebook:
    """Open the gradebook of a class; make its tables where they are missing.

    Parameters
    ----------
    classroom : Path
    url : str, optional
        As SQLAlchemy writes it: ``postgresql+psycopg://user:password@host/database``.

    Raises
    ------
    UnavailableError
        If the database does not answer, or Python lacks the package that speaks to it.
    InstructorError
        If the address cannot be read.
    """
    address = url_of(classroom, url)
    try:
        parsed = sa.make_url(address)
    except sa.exc.ArgumentError:
        raise InstructorError(
            f"{address!r} is no address of a database; expected one such as "
            "postgresql+psycopg://user:password@host/database or sqlite:////path/gradebook.db"
        ) from None
    shown = parsed.render_as_string(hide_password=True)
    try:
        with _programs_of_this_python():
            inner = api.Gradebook(address, course_id="")  # the course is nbgrader's to name
        APPLIED.metadata.create_all(inner.engine)
    except (ImportError, sa.exc.NoSuchModuleError) as error:
        raise UnavailableError(
            f"Python cannot speak to {shown} ({error}). For PostgreSQL, install its package: "
            "python -m pip install 'psycopg[binary]'"
        ) from None
    except sa.exc.SQLAlchemyError as error:
        raise UnavailableError(f"The gradebook {shown} does not answer: {_reason(error)}") from None
    return Gradebook(inner, shown)


@contextlib.contextmanager
def _programs_of_this_python() -> Iterator[None]:
    """Put this Python's programs on the PATH: nbgrader looks there for `alembic`.

    They are there where the environment was activated, and not where its Python was called by name.
    """
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


class Gradebook:
    """The gradebook of a class; a context manager that closes it.

    Attributes
    ----------
    nbgrader : nbgrader.api.Gradebook
        The same database as nbgrader sees it.
    address : str
        Without the password.
    """

    def __init__(self, inner: api.Gradebook, address: str) -> None:
        self.nbgrader = inner
        self.address = address
        self._cells: dict[str, _Cells] = {}

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *exception: object) -> None:
        self.nbgrader.close()

    def check(self, assignment: Assignment) -> None:
        """Compare the cells that the gradebook knows with those of the assignment.

        Raises
        ------
        InstructorError
            If the assignment is not in the gradebook, or with other cells or points.
        """
        advice = "Run make instructor, or in the folder of the class: nbgrader generate_assignment"
        known = self._attempt(lambda s: _graded_cells(s, assignment.name))
        if not known:
            raise InstructorError(
                f"The gradebook {self.address} has no assignment {assignment.name} with graded "
                f"cells. {advice} {assignment.name}"
            )
        expected = {cell.grade_id: cell.points for cell in assignment.exercises}
        expected |= {cell.grade_id: cell.points for cell in assignment.manual}
        if known != expected:
            other = sorted(n for n in {*known, *expected} if known.get(n) != expected.get(n))
            raise InstructorError(
                f"The gradebook {self.address} has other graded cells of {assignment.name} than "
                f"its notebook: {', '.join(other[:5])}{' …' if len(other) > 5 else ''}. "
                f"{advice} {assignment.name} --force"
            )

    def apply(self, record: Record) -> None:
        """Write one grading in one transaction; writing it again changes nothing.

        Raises
        ------
        UnavailableError
            If the database does not answer. The record stays: the next run writes it.
        InstructorError
            If the gradebook does not know the assignment.
        """
        self._attempt(lambda session: self._write(session, record))

    def reconcile(self, records: Iterable[Record]) -> int:
        """Write those gradings of one assignment that the gradebook does not have.

        Parameters
        ----------
        records : iterable of Record
            The newest of each student.

        Returns
        -------
        count : int
            How many were written.
        """
        records = list(records)
        if not records:
            return 0
        present = self.applied(records[0].assignment)
        missing = [r for r in records if present.get(r.student) != (r.digest, r.key, r.number)]
        for record in missing:
            self.apply(record)
        return len(missing)

    def applied(self, assignment: str) -> dict[str, tuple[str, str, int]]:
        """Return by student which grading the gradebook holds: its digest, key and number."""
        query = (
            sa.select(api.SubmittedAssignment.student_id, *APPLIED.c[1:])
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .join(
                api.SubmittedNotebook,
                api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id,
            )
            .join(APPLIED, APPLIED.c.submitted_notebook == api.SubmittedNotebook.id)
            .where(api.Assignment.name == assignment)
        )
        rows = self._attempt(lambda session: session.execute(query).all())
        return {student: (digest, key, number) for student, digest, key, number in rows}

    def due(self, assignment: str) -> datetime | None:
        """Return when the assignment is due, in UTC; None where nobody said so."""
        query = sa.select(api.Assignment.duedate).where(api.Assignment.name == assignment)
        due = self._attempt(lambda session: session.scalar(query))
        return None if due is None else due.replace(tzinfo=UTC)

    def set_due(self, assignment: str, due: datetime) -> None:
        """Note when the assignment is due; formgrader counts from it who is late."""
        change = sa.update(api.Assignment).where(api.Assignment.name == assignment)
        self._attempt(lambda session: session.execute(change.values(duedate=_naive(due))) and None)

    def set_names(self, names: Mapping[str, Mapping[str, str]]) -> None:
        """Enter what a roster says about students.

        Parameters
        ----------
        names : mapping
            Student to ``first_name``, ``last_name``, ``email``, ``lms_user_id``; empty texts and
            fields that are left out leave what the gradebook has. A student whom it then has no
            name of has their id for a last name.
        """

        def write(session: Session) -> None:
            for student, fields in names.items():
                _require_student(session, student)
                if given := {name: text for name, text in fields.items() if text}:
                    change = sa.update(api.Student).where(api.Student.id == student)
                    session.execute(change.values(**given))

        self._attempt(write)

    # --- inside one transaction --------------------------------------------------------------

    def _attempt(self, action: Callable[[Session], Value]) -> Value:
        """Run `action` in one transaction; begin again while the database is busy."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with Session(self.nbgrader.engine) as session, session.begin():
                    return action(session)
            except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
                if attempt == ATTEMPTS:
                    raise UnavailableError(
                        f"The gradebook {self.address} does not answer: {_reason(error)} What was "
                        "graded is recorded. Run the same command again when it does: it goes on."
                    ) from None
                time.sleep(PAUSE)
        raise AssertionError("the loop above returns or raises")

    def _write(self, session: Session, record: Record) -> None:
        cells = self._cells_of(session, record.assignment)
        notebook = _require_submission(session, cells, record)
        scores, waits = scores_of(record.result), Score(None, True)
        grades = sa.select(api.Grade.id, api.Grade.cell_id, api.Grade.manual_score)
        changes = []
        for row in session.execute(grades.where(api.Grade.notebook_id == notebook)):
            score = scores.get(cells.graded[row.cell_id], waits)
            # A person who gave points for an earlier version has to look at this one.
            needs = score.needs_manual_grade or row.manual_score is not None
            changes.append(
                {"id": row.id, "auto_score": score.auto_score, "needs_manual_grade": needs}
            )
        if changes:
            session.execute(sa.update(api.Grade), changes)
        comments = sa.select(api.Comment.id, api.Comment.cell_id)
        changes = [
            {
                "id": row.id,
                "auto_comment": "No response."
                if cells.commented[row.cell_id] in record.no_response
                else None,
            }
            for row in session.execute(comments.where(api.Comment.notebook_id == notebook))
        ]
        if changes:
            session.execute(sa.update(api.Comment), changes)
        session.execute(sa.delete(APPLIED).where(APPLIED.c.submitted_notebook == notebook))
        session.execute(
            sa.insert(APPLIED).values(
                submitted_notebook=notebook,
                digest=record.digest,
                grading_key=record.key,
                number=record.number,
            )
        )

    def _cells_of(self, session: Session, assignment: str) -> _Cells:
        if assignment not in self._cells:
            self._cells[assignment] = _Cells.read(session, assignment)
        return self._cells[assignment]


@dataclass(frozen=True)
class _Cells:
    """The ids that the gradebook has given to an assignment, its notebook and its cells."""

    assignment: str
    notebook: str
    graded: dict[str, str]  # id to grade_id
    commented: dict[str, str]

    @classmethod
    def read(cls, session: Session, name: str) -> _Cells:
        query = (
            sa.select(api.Assignment.id, api.Notebook.id)
            .join(api.Notebook, api.Notebook.assignment_id == api.Assignment.id)
            .where(api.Assignment.name == name, api.Notebook.name == name)
        )
        row = session.execute(query).one_or_none()
        if row is None:
            raise InstructorError(
                f"The gradebook has no assignment {name} with a notebook {name}. Run "
                f"make instructor, or in the folder of the class: nbgrader generate_assignment "
                f"{name}"
            )
        assignment, notebook = row
        cells = sa.select(api.BaseCell.id, api.BaseCell.name, api.BaseCell.type)
        rows = session.execute(cells.where(api.BaseCell.notebook_id == notebook)).all()
        graded = {i: n for i, n, kind in rows if kind in ("GradeCell", "TaskCell")}
        commented = {i: n for i, n, kind in rows if kind in ("SolutionCell", "TaskCell")}
        return cls(assignment, notebook, graded, commented)


def _graded_cells(session: Session, name: str) -> dict[str, float]:
    """Return the points of every graded cell of an assignment, by `grade_id`."""
    points: dict[str, float] = {}
    for kind in (api.GradeCell, api.TaskCell):
        query = (
            sa.select(kind.name, kind.max_score)
            .join(api.Notebook, api.Notebook.id == kind.notebook_id)
            .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
            .where(api.Assignment.name == name, api.Notebook.name == name)
        )
        points |= {name: float(score) for name, score in session.execute(query)}
    return points


def _require_student(session: Session, student: str) -> None:
    """Enter a student who is not there yet, and call one without any name by their id.

    Formgrader shows and sorts students as "last name, first name"; without names all of them would
    be "None, None".
    """
    named = {"last_name": student, "first_name": ""}
    query = sa.select(api.Student.last_name, api.Student.first_name)
    row = session.execute(query.where(api.Student.id == student)).one_or_none()
    if row is None:
        session.execute(sa.insert(api.Student).values(id=student, **named))
    elif row.first_name is None and row.last_name in (None, student):
        change = sa.update(api.Student).where(api.Student.id == student)
        session.execute(change.values(**named))


def _require_submission(session: Session, cells: _Cells, record: Record) -> str:
    """Return the id of the submitted notebook; make it, its grades and comments if missing."""
    _require_student(session, record.student)
    table = api.SubmittedAssignment
    same = (table.assignment_id == cells.assignment, table.student_id == record.student)
    submission = session.scalar(sa.select(table.id).where(*same))
    if submission is None:
        submission = api.new_uuid()
        session.execute(
            sa.insert(table).values(
                id=submission, assignment_id=cells.assignment, student_id=record.student
            )
        )
    if record.timestamp:
        when = _naive(datetime.fromisoformat(record.timestamp))
        session.execute(sa.update(table).where(*same).values(timestamp=when))
    inner = api.SubmittedNotebook
    same = (inner.assignment_id == submission, inner.notebook_id == cells.notebook)
    notebook = session.scalar(sa.select(inner.id).where(*same))
    if notebook is None:
        notebook = api.new_uuid()
        session.execute(
            sa.insert(inner).values(
                id=notebook, assignment_id=submission, notebook_id=cells.notebook
            )
        )
    for kind, wanted in ((api.Grade, cells.graded), (api.Comment, cells.commented)):
        query = sa.select(kind.cell_id).where(kind.notebook_id == notebook)
        missing = sorted(set(wanted) - set(session.scalars(query)))
        rows = [{"id": api.new_uuid(), "cell_id": c, "notebook_id": notebook} for c in missing]
        if rows:
            session.execute(sa.insert(kind), rows)
    return notebook


def _naive(when: datetime) -> datetime:
    """Return a moment as nbgrader stores it: in UTC, without saying so."""
    return when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)


def _reason(error: sa.exc.SQLAlchemyError) -> str:
    """Return the first line of what the database said, as a sentence."""
    said = str(getattr(error, "orig", None) or error).strip()
    return f"{said.splitlines()[0].rstrip('.') if said else type(error).__name__}."
