"""A page of feedback says what the checks say and what people gave, and nothing more."""

import dataclasses
import html
import os
import re
import shutil
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from instructor import feedback as pages
from instructor.assignment import Assignment
from instructor.marks import Mark, Marked, read_marks
from instructor.results import REASONS, ExerciseResult, ManualResult, Result, without_score

from .test_rendering import HOSTILE, Elements

NAME = "02_rnn_forward"
SOURCE = Path(__file__).parents[2] / "solutions" / NAME / f"{NAME}.ipynb"
OPEN = "open-answer"


def no_tanh(x_t, h_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh + h_prev @ W_hh + b_h


def printing(xs, h_0, W_xh, W_hh, b_h):
    print("secret", xs)
    return xs


ANSWERS = {
    "rnn_step": no_tanh,
    "unroll": printing,
    "counts": {"hs_shape": (20, 4, 16), "rnn_20": 432, "rnn_40": None, "flat_20": 1, "flat_40": 2},
}


@pytest.fixture(scope="module")
def assignment():
    return Assignment.load(SOURCE)


@pytest.fixture(scope="module")
def result(assignment):
    """What the checks say about a few answers, most of them wrong."""
    exercises = []
    for item in assignment.exercises:
        stub = (lambda *values: None) if item.is_function else ...
        report = assignment.check(item).report(ANSWERS.get(item.variable, stub), seed=12)
        exercises.append(
            ExerciseResult(
                item.grade_id,
                item.check,
                item.title,
                item.points,
                item.points * report.score,
                report.status,
                report.mistakes,
                tuple((line.kind, line.text, line.key) for line in report.lines),
                report.hints,
                report.summary,
            )
        )
    manual = tuple(ManualResult(cell.grade_id, cell.points, True) for cell in assignment.manual)
    return Result("jane", NAME, "0" * 64, "graded", "", tuple(exercises), manual, (), 2.0)


@pytest.fixture
def notebook(assignment):
    node = assignment.node()
    by_id(node, "step-answer").source = "def rnn_step(x_t, *rest):\n    return x_t  # mine"
    by_id(node, OPEN).source = "The *same* weights serve at every step."
    return node


def by_id(node, grade_id):
    return next(
        cell for cell in node.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def section_of(page, title):
    """Return the part of a page on one exercise."""
    found = [part for part in page.split("<section")[1:] if f">{title}</h2>" in part]
    assert len(found) == 1
    return found[0].split("</section>")[0]


# --- what it says ----------------------------------------------------------------------------


def test_an_exercise_has_its_points_the_findings_the_hints_and_the_answer(result, notebook):
    part = section_of(pages.feedback_page(result, notebook), "3 · One step")
    assert ">0 of 2</span>" in part
    assert "The tanh is missing" in part
    assert "<summary>Hint 3 of 3</summary>" in part
    assert '<span class="c1"># mine</span>' in part


def test_parts_of_an_exercise_are_told_apart(result, notebook):
    page = pages.feedback_page(result, notebook)
    for part in "abc":
        section_of(page, f"9 · How long is the first input remembered? (part {part})")


def test_a_text_that_waits_is_named_and_not_counted(result, notebook):
    page = pages.feedback_page(result, notebook)
    assert f">{pages.say_points(result.points)} of 40.5 points<" in page
    assert "1 answer waits for a person (5 points)" in page
    assert "Waits for a person" in section_of(
        page, "9 · How long is the first input remembered? (part c)"
    )


def test_points_and_comments_of_people_count(result, notebook):
    marked = Marked(
        {OPEN: Mark(5, None, 3.5, 0.5), "step-check": Mark(2, 0.0, 1.0)},
        {OPEN: "Say *why*, please.", "step-answer": "See page 3."},
    )
    page = pages.feedback_page(result, notebook, marked)
    assert f">{pages.say_points(result.points + 5)} of 40.5 points<" in page
    assert "waits for a person" not in page
    part = section_of(page, "9 · How long is the first input remembered? (part c)")
    assert ">4 of 5</span>" in part
    assert "Say <em>why</em>, please." in part
    part = section_of(page, "3 · One step")
    assert ">1 of 2</span>" in part
    assert "the points were given by a person" in part
    assert "See page 3." in part


def test_a_penalty_is_taken_off_and_said(result, notebook):
    page = pages.feedback_page(result, notebook, Marked(penalty=1.0, late_seconds=93_600))
    assert f">{pages.say_points(result.points - 1)} of 40.5 points<" in page
    assert "Handed in 1 day 2 hours after the due date." in page
    assert "Taken off for handing in late: 1." in page


def test_an_untouched_text_is_not_said_to_wait(result, notebook):
    untouched = dataclasses.replace(result, manual=(ManualResult(OPEN, 5.0, False),))
    page = pages.feedback_page(untouched, notebook, Marked({OPEN: Mark(5, 0.0)}))
    part = section_of(page, "9 · How long is the first input remembered? (part c)")
    assert "Not answered" in part
    assert ">0 of 5</span>" in part
    assert "waits" not in page


def test_a_cell_that_stopped_says_with_what(result, notebook):
    cell = by_id(notebook, "count-answer")
    lines = ["line 3: counts = cuonts", "NameError: name 'cuonts' is not defined"]
    cell.outputs = [
        nbformat.v4.new_output("stream", text="something printed"),
        nbformat.v4.new_output("error", ename="NameError", evalue="…", traceback=lines),
    ]
    part = section_of(pages.feedback_page(result, notebook), "1 · Count before you run")
    assert "This cell stopped" in part
    assert "name &#39;cuonts&#39; is not defined" in part
    assert "something printed" not in part


def test_the_notes_on_the_file_are_on_the_page(result, notebook):
    noted = dataclasses.replace(result, notes=("The given cell `imports` was changed.",))
    page = pages.feedback_page(noted, notebook)
    assert "The given cell <code>imports</code> was changed." in page


@pytest.mark.parametrize("status", REASONS)
def test_without_a_score_the_page_says_why_and_what_to_do(assignment, notebook, status):
    stopped = without_score("jane", assignment, "0" * 64, status, "It is `this`.", "key")
    page = pages.feedback_page(stopped, notebook)
    assert "No score yet" in page
    assert "It is <code>this</code>." in page
    assert str(pages.message_html(pages.ADVICE[status])) in page
    assert not re.search(r"\d of 40.5 points", page)
    assert ("# mine" in page) == ("<section" in page) == (status not in pages.UNREAD)


def test_there_is_advice_for_every_reason_and_no_other():
    assert set(pages.ADVICE) == set(REASONS)


def test_what_was_earned_before_a_limit_stays_on_the_page(result, notebook):
    stopped = [
        dataclasses.replace(item, points=None, status="not reached", lines=())
        for item in result.exercises[3:]
    ]
    partly = dataclasses.replace(
        result,
        status="timed out",
        detail="It ran for 300 s.",
        exercises=(*result.exercises[:3], *stopped),
    )
    page = pages.feedback_page(partly, notebook)
    assert "No score yet" in page
    assert ">2 of 5</span>" in section_of(page, "1 · Count before you run")
    part = section_of(page, "4 · The loop over the sequence")
    assert ">– of 4</span>" in part
    assert "No score: not reached" in part


def test_a_person_who_grades_everything_gives_a_score_where_the_checks_could_not(
    assignment, notebook
):
    stopped = without_score("jane", assignment, "0" * 64, "crashed", "Signal 11.", "key")
    every = {item.grade_id: Mark(item.points, None, 1.0) for item in assignment.exercises}
    page = pages.feedback_page(stopped, notebook, Marked({**every, OPEN: Mark(5, None, 2.0)}))
    assert f">{len(every) + 2} of 40.5 points<" in page
    page = pages.feedback_page(stopped, notebook, Marked({OPEN: Mark(5, None, 2.0)}))
    assert "No score yet" in page


def test_without_a_notebook_every_exercise_is_still_listed(result):
    page = pages.feedback_page(result, None)
    assert page.count("<section") == len(result.exercises) + len(result.manual)
    assert "Your answer" not in page


# --- what it does not say --------------------------------------------------------------------


def test_what_a_function_printed_is_not_on_the_page(result, notebook):
    printed = [line for item in result.exercises for line in item.lines if line[0] == "printed"]
    assert any("secret" in text for _, text, _ in printed)
    assert "secret" not in pages.feedback_page(result, notebook)


def test_nothing_of_the_solutions_is_on_the_page(result, notebook):
    """Hints may say a line of them, and are left out here."""
    solved = nbformat.read(SOURCE, as_version=4)
    bare = tuple(dataclasses.replace(item, hints=()) for item in result.exercises)
    page = pages.feedback_page(dataclasses.replace(result, exercises=bare), notebook)
    page = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert "# mine" in page
    for cell in solved.cells:
        for block in re.findall(r"### BEGIN SOLUTION\n(.*?)### END", cell.source, re.DOTALL):
            for line in block.splitlines():
                assert len(line.strip()) < 12 or line.strip() not in page
    assert "Rubric" not in page


def test_hostile_words_anywhere_are_only_words(assignment, result, notebook):
    attack = "\n\n".join(HOSTILE)
    for cell in notebook.cells:
        if not cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source = attack
    notebook.cells.append(nbformat.v4.new_markdown_cell(attack))
    notebook.cells.append(nbformat.v4.new_code_cell(attack))
    lines = (("wrong", attack, ""), ("code", attack, ""), ("note", attack, ""))
    exercises = (dataclasses.replace(result.exercises[0], lines=lines), *result.exercises[1:])
    hostile = dataclasses.replace(
        result, exercises=exercises, notes=(attack,), detail=attack, student=attack[:40]
    )
    page = pages.feedback_page(
        hostile, notebook, Marked(comments={"step-answer": attack}), student_name=attack
    )
    for tag, attributes in Elements(page).found:
        assert tag not in ("script", "img", "svg", "iframe", "form", "base", "object", "button")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert attributes.get("href", "#").startswith(("#", "http", "mailto:"))


def test_a_page_stays_small(result, notebook):
    assert len(pages.feedback_page(result, notebook)) < 40_000
    for number in range(3000):
        notebook.cells.insert(3, nbformat.v4.new_code_cell(f"x = {number}  # {'long ' * 200}"))
    page = pages.feedback_page(result, notebook)
    assert "The page has no room for the cells of your own after this." in page
    assert len(page) < 250_000


# --- files -----------------------------------------------------------------------------------


def test_pages_of_a_class_are_written_where_nbgrader_looks_for_them(tmp_path, result, notebook):
    place = tmp_path / "autograded" / "jane" / NAME
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{NAME}.ipynb")
    lost = dataclasses.replace(result, student="ben")
    written = pages.write_all_feedback(tmp_path, [result, lost], names={"ben": "Ben B."})
    assert written == [
        tmp_path / "feedback" / who / NAME / f"{NAME}.html" for who in ("jane", "ben")
    ]
    assert "# mine" in written[0].read_text(encoding="utf-8")
    assert "Ben B. (ben)" in written[1].read_text(encoding="utf-8")


def test_writing_the_same_page_again_leaves_the_file_alone(tmp_path, result, notebook):
    path = pages.write_feedback(tmp_path, result, notebook)
    before = path.stat()
    assert pages.write_feedback(tmp_path, result, notebook) == path
    assert path.stat() == before
    pages.write_feedback(tmp_path, result, notebook, Marked(penalty=1.0))
    assert path.stat().st_mtime_ns != before.st_mtime_ns


def test_a_zip_holds_every_page_in_the_folder_that_the_platform_wants(tmp_path, result, notebook):
    for who in ("ben", "jane"):
        pages.write_feedback(tmp_path, dataclasses.replace(result, student=who), notebook)
    target = tmp_path / "out" / "feedback.zip"
    places = {"jane": "Jane Doe_12_assignsubmission_file_"}
    first = pages.zip_feedback(tmp_path, NAME, target, places).read_bytes()
    with zipfile.ZipFile(target) as file:
        assert file.namelist() == [
            f"ben/{NAME}.html",
            f"Jane Doe_12_assignsubmission_file_/{NAME}.html",
        ]
        page = tmp_path / "feedback" / "jane" / NAME / f"{NAME}.html"
        assert file.read(file.namelist()[1]) == page.read_bytes()
    assert pages.zip_feedback(tmp_path, NAME, target, places).read_bytes() == first


def test_what_the_exchange_needs_is_put_beside_the_page(tmp_path, result, notebook):
    handed_in = tmp_path / "submitted" / "jane" / NAME
    handed_in.mkdir(parents=True)
    (handed_in / "timestamp.txt").write_text("2025-03-01 12:00:00 UTC", encoding="utf-8")
    (tmp_path / "private_seed").write_text("secret", encoding="utf-8")
    (handed_in / "submission_secret.txt").symlink_to(tmp_path / "private_seed")
    page = pages.write_feedback(tmp_path, result, notebook)
    beside = {path.name for path in page.parent.iterdir()}
    assert beside == {f"{NAME}.html", "timestamp.txt"}
    (handed_in / "submission_secret.txt").unlink()
    (handed_in / "submission_secret.txt").write_text("x" * 5000, encoding="utf-8")
    pages.write_feedback(tmp_path, result, notebook)
    assert not page.with_name("submission_secret.txt").exists()
    (handed_in / "submission_secret.txt").write_text("x" * 50, encoding="utf-8")
    pages.write_feedback(tmp_path, result, notebook)
    assert page.with_name("submission_secret.txt").read_text(encoding="utf-8") == "x" * 50


@pytest.mark.parametrize("place", ["../x", "a/b", "..", "", "a\\b"])
def test_a_place_that_leads_out_of_the_zip_is_refused(tmp_path, result, notebook, place):
    pages.write_feedback(tmp_path, result, notebook)
    with pytest.raises(ValueError, match="expected one folder's name"):
        pages.zip_feedback(tmp_path, NAME, tmp_path / "x.zip", {"jane": place})


def test_a_zip_of_no_pages_is_refused(tmp_path):
    with pytest.raises(ValueError, match="write the pages first"):
        pages.zip_feedback(tmp_path, NAME, tmp_path / "x.zip")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (61, "1 minute 1 second"), (7200, "2 hours"), (93_600, "1 day 2 hours")],
)
def test_durations_are_said_in_words(seconds, words):
    assert pages.say_duration(seconds) == words


# --- the gradebook ---------------------------------------------------------------------------


OWN_WARNING = pytest.mark.filterwarnings("ignore:Object of type")  # of nbgrader's add_submission


@pytest.fixture(scope="module")
def made_gradebook(tmp_path_factory):
    """Make a gradebook of one assignment and two submissions, one of which a person has seen."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", programs)  # nbgrader starts alembic, which stands beside Python
        book = Gradebook(f"sqlite:///{path}")
    with book:
        book.add_assignment(NAME, duedate=datetime(2025, 3, 1, 12))
        book.add_notebook(NAME, NAME)
        book.add_grade_cell("step-check", NAME, NAME, max_score=2.0, cell_type="code")
        book.add_grade_cell(OPEN, NAME, NAME, max_score=5.0, cell_type="markdown")
        for name in ("step-answer", OPEN):
            book.add_solution_cell(name, NAME, NAME)
        for who in ("jane", "ben"):
            book.add_student(who)
            book.add_submission(NAME, who, timestamp=datetime(2025, 3, 1, 14))
        step = book.find_grade("step-check", NAME, NAME, "jane")
        step.auto_score, step.needs_manual_grade = 1.5, False
        text = book.find_grade(OPEN, NAME, NAME, "jane")
        text.manual_score, text.extra_credit, text.needs_manual_grade = 3.0, 0.5, False
        book.find_comment(OPEN, NAME, NAME, "jane").manual_comment = "Good."
        book.find_comment("step-answer", NAME, NAME, "jane").auto_comment = "No response."
        book.db.commit()
    return path


@pytest.fixture
def gradebook(tmp_path, made_gradebook):
    """Open a copy of the gradebook."""
    copy = shutil.copy(made_gradebook, tmp_path / "gradebook.db")
    with Gradebook(f"sqlite:///{copy}") as book:
        yield book


@OWN_WARNING
def test_marks_are_read_from_the_gradebook(gradebook):
    marks = read_marks(gradebook.db, NAME)
    assert set(marks) == {"jane", "ben"}
    assert marks["jane"] == Marked(
        {"step-check": Mark(2.0, 1.5), OPEN: Mark(5.0, None, 3.0, 0.5)}, {OPEN: "Good."}, 7200.0
    )
    assert marks["jane"].cells[OPEN].points == 3.5
    assert marks["jane"].cells["step-check"].points == 1.5
    assert marks["ben"].cells[OPEN].points is None
    assert read_marks(gradebook.db, "another") == {}


def test_an_extension_is_not_late_and_no_due_date_is_no_error(gradebook):
    submission = gradebook.find_submission(NAME, "jane")
    submission.extension = timedelta(hours=3)
    gradebook.db.commit()
    assert read_marks(gradebook.db, NAME)["jane"].late_seconds == 0
    gradebook.find_assignment(NAME).duedate = None
    gradebook.db.commit()
    assert read_marks(gradebook.db, NAME)["jane"].late_seconds == 0


def test_a_late_penalty_is_read(gradebook):
    notebook = gradebook.find_submission_notebook(NAME, NAME, "jane")
    notebook.late_submission_penalty = 1.5
    gradebook.db.commit()
    assert read_marks(gradebook.db, NAME)["jane"].penalty == 1.5
