"""The gradebook: what nbgrader would write, in one transaction, and nothing twice."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import nbformat
import pytest
import sqlalchemy as sa
from nbgrader import api
from nbgrader.preprocessors import SaveAutoGrades
from sqlalchemy.orm import Session

from instructor.errors import InstructorError, UnavailableError
from instructor.gradebook import VARIABLE, open_gradebook, scores_of, url_of
from instructor.marks import read_marks
from instructor.pipeline import store
from instructor.records import Record
from instructor.results import ManualResult, without_score
from instructor.worker import Outcome, untouched
from tests.instructor.quick import ASSIGNMENT, KEY, NAME, result_of, rows


@pytest.fixture
def gradebook(classroom):
    with open_gradebook(classroom) as opened:
        yield opened


def record_of(text, student="ada", number=1, **changes):
    result = replace(result_of(ASSIGNMENT, text.encode(), student), **changes)
    return Record(result, number, "2025-03-01T12:00:00+00:00", 0.0, ("count-answer",))


def grades_of(gradebook, student="ada"):
    """Return what the gradebook holds of a student, by cell."""
    with Session(gradebook.nbgrader.engine) as session:
        query = (
            sa.select(api.BaseCell.name, api.Grade)
            .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
            .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.notebook_id)
            .join(
                api.SubmittedAssignment,
                api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
            )
            .where(api.SubmittedAssignment.student_id == student)
        )
        return {
            name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for name, grade in session.execute(query)
        }


def by_hand(gradebook, cell, student="ada", score=None, comment=None):
    """Give points and a comment as formgrader does."""
    with gradebook.nbgrader as inner:
        if score is not None:
            grade = inner.find_grade(cell, NAME, NAME, student)
            grade.manual_score, grade.needs_manual_grade = score, False
        if comment is not None:
            inner.find_comment(cell, NAME, NAME, student).manual_comment = comment
        inner.db.commit()


# --- which gradebook -------------------------------------------------------------------------


def test_where_the_gradebook_is(classroom, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert url_of(classroom) == f"sqlite:///{classroom / 'gradebook.db'}"
    monkeypatch.setenv(VARIABLE, "sqlite:////elsewhere.db")
    assert url_of(classroom) == "sqlite:////elsewhere.db"
    assert url_of(classroom, "sqlite:////named.db") == "sqlite:////named.db"


def test_a_new_gradebook_needs_no_activated_environment(classroom, monkeypatch):
    """The programs that nbgrader calls are found beside the Python that runs."""
    monkeypatch.setenv("PATH", os.defpath)
    with open_gradebook(classroom, f"sqlite:///{classroom / 'new.db'}") as opened:
        assert opened.nbgrader.assignments == []
    assert os.environ["PATH"] == os.defpath


def test_a_gradebook_that_does_not_answer_and_no_password_in_the_message(classroom):
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        open_gradebook(classroom, "postgresql+psycopg://ada:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
    assert "ada:***@127.0.0.1" in str(caught.value)
    with pytest.raises(UnavailableError, match=r"Python cannot speak to .*pip install 'psycopg"):
        open_gradebook(classroom, "nonsense://host/name")
    with pytest.raises(InstructorError, match="is no address of a database; expected one such as"):
        open_gradebook(classroom, "gradebook.db")


def test_a_gradebook_of_another_assignment_is_refused(gradebook, classroom):
    gradebook.check(ASSIGNMENT)
    with pytest.raises(InstructorError, match=r"has no assignment 03_other .*make instructor"):
        gradebook.check(replace(ASSIGNMENT, name="03_other"))
    first, *others = ASSIGNMENT.exercises
    changed = replace(ASSIGNMENT, exercises=(replace(first, points=99.0), *others))
    with pytest.raises(InstructorError, match=f"other graded cells .*: {first.grade_id}"):
        gradebook.check(changed)
    with pytest.raises(InstructorError, match="The gradebook has no assignment 03_other"):
        gradebook.apply(record_of("a", assignment="03_other"))


# --- what is written -------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Object of type:sqlalchemy.exc.SAWarning")  # nbgrader's own
def test_the_same_as_nbgraders_own_preprocessor(classroom, tmp_path):
    """SaveAutoGrades reads the outputs of a notebook; we write the result itself."""
    twin = shutil.copytree(classroom, tmp_path / "twin")
    result = replace(result_of(ASSIGNMENT, b"b", "ada"), status="graded", detail="")
    points = {e.grade_id: e.points for e in result.exercises}
    assert None not in points.values()
    notebook = nbformat.reads(ASSIGNMENT.notebook, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in points:
            value = {"text/plain": repr(points[name])}
            cell.outputs = [nbformat.v4.new_output("execute_result", value, execution_count=1)]
        if name == "open-answer":
            cell.source = "A text of my own."
        if name == "step-answer":
            cell.source += "\n# a line of my own"
    result = replace(result, manual=(ManualResult("open-answer", 5.0, True),))
    text = nbformat.writes(notebook)
    outcome = Outcome(result, text, untouched(text, ASSIGNMENT))
    assert "step-answer" not in outcome.no_response
    assert "count-answer" in outcome.no_response
    with open_gradebook(classroom) as ours:
        store(classroom, ours, outcome)

    theirs = f"sqlite:///{twin / 'gradebook.db'}"
    with api.Gradebook(theirs, "") as inner:
        inner.update_or_create_student("ada")
        inner.update_or_create_submission(NAME, "ada")
    names = {"notebook": NAME, "assignment": NAME, "student": "ada", "db_url": theirs}
    SaveAutoGrades().preprocess(notebook, {"nbgrader": names})
    left, right = rows(classroom), rows(twin, theirs)
    assert len(left.pop("instructor_grading")) == 1
    assert right.pop("instructor_grading") == []
    left.pop("course"), right.pop("course")  # SaveAutoGrades adds one named default_course
    assert [row[:3] for row in left.pop("student")] == [("ada", "", "ada")]  # who has no name
    assert [row[:3] for row in right.pop("student")] == [("ada", None, None)]
    assert len(left["grade"]) == len(ASSIGNMENT.exercises) + len(ASSIGNMENT.manual)
    assert left == right


def test_no_honest_score_is_no_zero(gradebook):
    result = without_score("ada", ASSIGNMENT, "0" * 64, "did not parse", "It is empty.", KEY)
    gradebook.apply(Record(result, 1))
    assert set(grades_of(gradebook).values()) == {(None, None, True)}
    marks = read_marks(gradebook.nbgrader.db, NAME)["ada"]
    assert {mark.points for mark in marks.cells.values()} == {None}


def test_what_was_reached_before_a_limit_keeps_its_points():
    text = next(t for t in map(str, range(99)) if record_of(t).result.status == "timed out")
    result = record_of(text).result
    scores = scores_of(result)
    reached = [e for e in result.exercises if e.points is not None]
    assert 0 < len(reached) < len(result.exercises)
    for exercise in result.exercises:
        score = scores[exercise.grade_id]
        assert (score.auto_score, score.needs_manual_grade) == (
            exercise.points,
            exercise.points is None,
        )


@pytest.mark.parametrize(("answered", "expected"), [(True, (None, True)), (False, (0.0, False))])
def test_texts_wait_for_a_person_unless_nobody_wrote_one(answered, expected):
    result = replace(record_of("b").result, manual=(ManualResult("open-answer", 5.0, answered),))
    score = scores_of(result)["open-answer"]
    assert (score.auto_score, score.needs_manual_grade) == expected


def test_writing_it_again_changes_nothing(gradebook, classroom):
    gradebook.apply(record_of("a"))
    before = rows(classroom)
    gradebook.apply(record_of("a"))
    assert rows(classroom) == before
    assert gradebook.reconcile([record_of("a")]) == 0


def test_points_and_comments_of_people_stay(gradebook):
    gradebook.apply(record_of("a"))
    by_hand(gradebook, "open-answer", score=4.0, comment="Well said.")
    by_hand(gradebook, "step-check", score=1.5)
    assert gradebook.reconcile([record_of("a")]) == 0
    assert grades_of(gradebook)["open-answer"][1:] == (4.0, False)

    gradebook.apply(record_of("another version", number=2))
    found = grades_of(gradebook)
    # As nbgrader does: the points stay, and a person has to look at the new version.
    assert found["open-answer"][1:] == (4.0, True)
    assert found["step-check"][1:] == (1.5, True)
    auto = {e.grade_id: e.points for e in record_of("another version").result.exercises}
    assert found["step-check"][0] == auto["step-check"]
    marks = read_marks(gradebook.nbgrader.db, NAME)["ada"]
    assert marks.comments == {"open-answer": "Well said."}


def test_reconcile_writes_what_is_missing_and_nothing_else(gradebook, classroom):
    records = [record_of(f"text of {s}", s) for s in ("ada", "bob", "eve")]
    gradebook.apply(records[0])
    assert gradebook.reconcile(records) == 2
    assert gradebook.reconcile(records) == 0
    assert set(gradebook.applied(NAME)) == {"ada", "bob", "eve"}
    again = replace(records[1], number=2)  # the same bytes, graded once more
    assert gradebook.reconcile([records[0], again, records[2]]) == 1
    assert gradebook.applied(NAME)["bob"] == (again.digest, KEY, 2)
    assert gradebook.reconcile([]) == 0


def test_reconcile_makes_one_query_when_nothing_is_missing(gradebook):
    records = [record_of(f"text of {n}", f"s{n}") for n in range(5)]
    gradebook.reconcile(records)
    seen = []

    def note(connection, cursor, statement, *_):
        seen.append(statement)

    sa.event.listen(gradebook.nbgrader.engine, "before_cursor_execute", note)
    assert gradebook.reconcile(records) == 0
    assert len(seen) == 1


def test_a_submission_that_somebody_removed_is_written_anew(gradebook):
    record = record_of("a")
    gradebook.apply(record)
    before = grades_of(gradebook)
    with gradebook.nbgrader as inner:
        inner.remove_submission(NAME, "ada")
    assert grades_of(gradebook) == {}
    assert gradebook.reconcile([record]) == 1
    assert grades_of(gradebook) == before


def test_one_transaction_holds_everything(gradebook, classroom):
    """Whatever statement fails, nothing of the submission is in the gradebook."""
    gradebook.apply(record_of("first version"))
    before = rows(classroom)
    count = 0

    class Broken(Exception):
        pass

    for stop_at in range(1, 40):
        count = 0

        def stop(*_, stop_at=stop_at):
            nonlocal count
            count += 1
            if count == stop_at:
                raise Broken

        engine = gradebook.nbgrader.engine
        sa.event.listen(engine, "after_cursor_execute", stop)
        try:
            gradebook.apply(record_of("second version", number=2))
        except Broken:
            assert rows(classroom) == before
        else:
            break
        finally:
            sa.event.remove(engine, "after_cursor_execute", stop)
    assert 5 < count < 20
    assert rows(classroom) != before


def test_a_busy_database_is_waited_for(gradebook, classroom, monkeypatch):
    monkeypatch.setattr("instructor.gradebook.PAUSE", 0.0)
    other = sa.create_engine(
        f"sqlite:///{classroom / 'gradebook.db'}", connect_args={"timeout": 0.1}
    )
    inner = gradebook.nbgrader
    inner.engine = sa.create_engine(inner.engine.url, connect_args={"timeout": 0.1})
    with other.connect() as connection:
        connection.execute(sa.text("BEGIN IMMEDIATE"))
        with pytest.raises(UnavailableError, match=r"database is locked\. What was graded is rec"):
            gradebook.apply(record_of("a"))
    gradebook.apply(record_of("a"))
    assert len(gradebook.applied(NAME)) == 1
    other.dispose()
    inner.engine.dispose()


def test_due_dates_and_names(gradebook, classroom):
    assert gradebook.due(NAME) is None
    due = datetime(2025, 3, 1, 11, 0, tzinfo=UTC)
    gradebook.set_due(NAME, due)
    assert gradebook.due(NAME) == due
    gradebook.apply(record_of("a"))
    assert read_marks(gradebook.nbgrader.db, NAME)["ada"].late_seconds == 3600
    gradebook.set_names({"ada": {"first_name": "Ada", "last_name": ""}, "new": {"email": "n@x.y"}})
    gradebook.set_names({"ada": {"first_name": "", "last_name": "Lovelace"}})
    gradebook.apply(record_of("b"))
    with gradebook.nbgrader as inner:
        ada = inner.find_student("ada")
        assert (ada.first_name, ada.last_name) == ("Ada", "Lovelace")
        assert inner.find_student("new").email == "n@x.y"


def test_who_has_no_name_is_called_by_their_id(gradebook):
    """Formgrader shows "last name, first name", "None" for each that is missing."""
    with gradebook.nbgrader as inner:
        inner.add_student("bob")  # as nbgrader's own autograde does before it grades
        inner.add_student("eve", last_name="eve")  # as formgrader stores an empty first name
        inner.add_student("kim", first_name="Kim")
        inner.add_student("lee", last_name="Lee")
    gradebook.set_names({name: {} for name in ("ada", "bob", "eve", "kim", "lee")})
    gradebook.set_names({"zoe": {"last_name": "Z"}})
    with gradebook.nbgrader as inner:
        shown = {one.id: (one.last_name, one.first_name) for one in inner.students}
    assert shown == {
        "ada": ("ada", ""),
        "bob": ("bob", ""),
        "eve": ("eve", ""),
        "kim": (None, "Kim"),
        "lee": ("Lee", None),
        "zoe": ("Z", ""),
    }


def test_nbgrader_still_reads_the_gradebook(gradebook):
    record = record_of("b", status="graded", detail="")
    gradebook.apply(record)
    with gradebook.nbgrader as inner:
        submission = inner.find_submission(NAME, "ada")
        assert submission.score == pytest.approx(record.result.points)
        by_people = sum(cell.points for cell in ASSIGNMENT.manual)
        assert submission.max_score == ASSIGNMENT.possible + by_people
        assert inner.submission_dicts(NAME)[0]["student"] == "ada"
