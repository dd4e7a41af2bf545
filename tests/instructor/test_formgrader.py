"""nbgrader's own commands in a class folder, as formgrader's buttons run them: in the sandbox."""

import shutil
import subprocess
import sys

import pytest

from instructor.gradebook import open_gradebook
from instructor.marks import read_marks
from instructor.records import Records, locked
from tests.instructor.classes import ROOT, small_class, with_environment
from tests.needs import needs_bubblewrap

NAME = "02_rnn_forward"
SOLUTION = ROOT / "solutions" / NAME / f"{NAME}.ipynb"

pytestmark = [
    pytest.mark.instructor,
    needs_bubblewrap,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]


@pytest.fixture
def classroom(tmp_path):
    made = small_class(tmp_path)
    hand_in(made, "ada", SOLUTION.read_bytes())
    return made


def hand_in(classroom, student, data, when="2025-03-01 10:00:00.000000 UTC"):
    path = classroom.submission(student, NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.with_name("timestamp.txt").write_text(when, encoding="utf-8")


def nbgrader(classroom, *words, **environ):
    """Run one of nbgrader's commands as in a terminal of JupyterLab."""
    environ = {**with_environment(), "PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=classroom.root,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )


def marks(classroom):
    with open_gradebook(classroom.root) as gradebook:
        return read_marks(gradebook.nbgrader.db, NAME)


def test_autograde_and_feedback(classroom):
    """A page in a submission is left behind, and what is no notebook gets a reason, not a zero."""
    hand_in(classroom, "broken", b"no notebook")
    page = classroom.submission("ada", NAME).parent / "pages" / "x.html"
    page.parent.mkdir()
    page.write_text("<script></script>", encoding="utf-8")
    page.parent.with_name("y.svg").write_text("<svg/>", encoding="utf-8")

    answer = nbgrader(classroom, "autograde", NAME)
    assert answer.returncode == 0, answer.stdout
    beside = sorted(
        path.name for path in classroom.autograded_notebook("ada", NAME).parent.iterdir()
    )
    assert beside == [f"{NAME}.ipynb", "timestamp.txt"]
    records = Records(classroom.root, NAME).latest()
    assert records["ada"].result.points == 35.5
    assert records["ada"].timestamp == "2025-03-01T10:00:00+00:00"
    assert records["broken"].result.status == "did not parse"
    found = marks(classroom)
    assert sum(mark.auto or 0 for mark in found["ada"].cells.values()) == 35.5
    assert {mark.auto for mark in found["broken"].cells.values()} == {None}

    answer = nbgrader(classroom, "generate_feedback", NAME)
    assert answer.returncode == 0, answer.stdout
    page = classroom.feedback / "ada" / NAME / f"{NAME}.html"
    assert "35.5" in page.read_text(encoding="utf-8")
    assert (classroom.feedback / "broken" / NAME / f"{NAME}.html").is_file()


def test_without_bubblewrap_nothing_is_graded(classroom, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("alembic", "python3"):
        found = shutil.which(name, path=with_environment()["PATH"])
        (programs / name).symlink_to(found)
    answer = nbgrader(classroom, "autograde", NAME, PATH=str(programs))
    assert answer.returncode != 0
    assert "bubblewrap" in answer.stdout
    assert Records(classroom.root, NAME).latest() == {}
    assert not classroom.autograded_notebook("ada", NAME).exists()
    cells = marks(classroom).get("ada")
    assert cells is None or {mark.auto for mark in cells.cells.values()} == {None}


def test_while_another_command_grades_the_button_does_not_wait(classroom):
    with locked(classroom.root):
        answer = nbgrader(classroom, "autograde", NAME)
    assert answer.returncode != 0
    assert "Another command is grading" in answer.stdout
    assert Records(classroom.root, NAME).latest() == {}


def test_link_in_place_of_a_notebook_is_not_followed(classroom):
    path = classroom.submission("eve", NAME)
    path.parent.mkdir(parents=True)
    path.symlink_to(classroom.submission("ada", NAME))
    answer = nbgrader(classroom, "autograde", NAME, "--student=eve")
    assert answer.returncode != 0
    assert "is a link" in answer.stdout
    assert "eve" not in Records(classroom.root, NAME).latest()
