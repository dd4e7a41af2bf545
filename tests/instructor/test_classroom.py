"""The class folder: what is made, what is kept, and that a half-made one is finished."""

import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from instructor import preparing
from instructor.classroom import CONFIG, Classroom, ClassroomError, find
from instructor.gradebook import open_gradebook
from tests.instructor.classes import ROOT, make, small_class, small_course, with_environment
from tools import exercises
from tools.environment import SetupError

NAME = "02_rnn_forward"
SOURCE = f"source/{NAME}/{NAME}.ipynb"


# nbgrader's own use of SQLAlchemy warns.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


@pytest.fixture
def classroom(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", with_environment()["PATH"])
    return small_class(tmp_path)


@pytest.fixture
def course(tmp_path):
    return small_course(tmp_path / "course")


def run(course, classroom):
    """Do what the command does, in this process, and return the lines that it prints."""
    printed = []
    preparing.make(course, classroom.root, printed.append)
    return printed


def rows(classroom):
    """Return the graded cells that the gradebook knows, with their points."""
    with open_gradebook(classroom.root) as gradebook:
        return {
            (one.name, cell.name): cell.max_score
            for one in gradebook.nbgrader.assignments
            for notebook in one.notebooks
            for cell in notebook.grade_cells
        }


def state(root):
    """Return every file of a class folder that is the same whenever it is made."""
    left_out = ("gradebook.db", "private_seed", preparing.RELEASED)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and path.name not in left_out
        and not path.name.startswith("gradebook.db-")
    }


def change(path, text="# mine\n"):
    """Change a notebook as its owner would."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += text
    nbformat.write(notebook, path)
    return path.read_bytes()


def hand_in(classroom, student="ada"):
    path = classroom.submission(student, NAME)
    path.parent.mkdir(parents=True)
    path.write_bytes(classroom.released(NAME).read_bytes())


# --- what is made ------------------------------------------------------------------------------


def test_new_class_folder_has_everything(classroom):
    assert classroom.assignments() == [NAME]
    assert (classroom.root / SOURCE).read_bytes() == (
        ROOT / "solutions" / NAME / f"{NAME}.ipynb"
    ).read_bytes()
    assert sum(rows(classroom).values()) == 40.5
    with sqlite3.connect(classroom.root / "gradebook.db") as database:
        assert len(database.execute("SELECT version_num FROM alembic_version").fetchall()) == 1
    if os.name != "nt":
        assert stat.S_IMODE((classroom.root / "private_seed").stat().st_mode) == 0o600


def test_learners_of_the_class_get_the_exercises_of_the_course(classroom):
    """Who works in the course's own folder hands in the same cells."""
    ours = nbformat.read(ROOT / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
    assert nbformat.read(classroom.released(NAME), as_version=4) == ours


if os.name != "nt":

    def test_new_folder_is_private(course, tmp_path):
        folder = tmp_path / "new" / "class"
        template = course / "instructor" / "templates" / CONFIG
        template.write_text("1 / 0", encoding="utf-8")  # it goes no further than the settings
        with pytest.raises(SetupError, match="stops with ZeroDivisionError"):
            preparing.make(course, folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_second_run_changes_nothing(classroom, course):
    before, cells = state(classroom.root), rows(classroom)
    seed = (classroom.root / "private_seed").read_bytes()
    assert run(course, classroom) == []
    assert state(classroom.root) == before
    assert rows(classroom) == cells
    assert (classroom.root / "private_seed").read_bytes() == seed


def test_folder_of_something_else_is_refused(course, tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear", encoding="utf-8")
    answer = make(course, folder)
    assert answer.returncode == 2
    assert answer.stdout.startswith(f"error: {folder} holds other things than a class.")
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_class_folder_that_is_a_file_is_an_error_of_one_line(course, tmp_path):
    (tmp_path / "class").write_text("", encoding="utf-8")
    with pytest.raises(SetupError) as caught:
        preparing.make(course, tmp_path / "class")
    assert "\n" not in str(caught.value)


# --- what is kept ------------------------------------------------------------------------------


def test_changed_settings_and_source_are_kept_and_the_release_follows_them(classroom, course):
    with classroom.config_file.open("a", encoding="utf-8") as file:
        file.write("c.SandboxedExporter.seconds = 20.0\n")
    settings = classroom.config_file.read_bytes()
    mine = change(classroom.root / SOURCE)
    assert run(course, classroom) == [f"Released 1 assignment to {classroom.root}/release/."]
    assert (classroom.root / SOURCE).read_bytes() == mine
    assert "# mine" in classroom.released(NAME).read_text(encoding="utf-8")
    template = course / "instructor" / "templates" / CONFIG
    template.write_text(template.read_text(encoding="utf-8") + "# new\n", encoding="utf-8")
    change(course / "solutions" / NAME / f"{NAME}.ipynb", "# theirs\n")
    printed = run(course, classroom)
    assert len(printed) == 2
    for line, path in zip(printed, (CONFIG, SOURCE), strict=True):
        assert "has your changes and stays as it is" in line
        assert line.endswith(f"{classroom.root}/new_versions/{path}")
    assert classroom.config_file.read_bytes() == settings
    assert (classroom.root / SOURCE).read_bytes() == mine
    # nbgrader takes every notebook of the folder as part of the assignment.
    assert [path.name for path in (classroom.source / NAME).iterdir()] == [f"{NAME}.ipynb"]
    assert run(course, classroom) == []


def test_unchanged_assignment_follows_the_course_until_somebody_hands_it_in(classroom, course):
    solution = course / "solutions" / NAME / f"{NAME}.ipynb"
    change(solution, "# second\n")
    printed = run(course, classroom)
    assert len(printed) == 2
    assert "# second" in classroom.released(NAME).read_text(encoding="utf-8")
    hand_in(classroom)
    before = state(classroom.root)
    change(solution, "# third\n")
    (line,) = run(course, classroom)
    assert "has submissions and stays as it is" in line
    offered = f"new_versions/{SOURCE}"
    after = state(classroom.root)
    assert set(after) - set(before) == {offered}
    assert {path: after[path] for path in before if path != ".course.json"} == {
        path: before[path] for path in before if path != ".course.json"
    }
    assert run(course, classroom) == []


def test_formgrader_has_a_name_for_everybody_who_handed_in(classroom, course):
    hand_in(classroom)
    run(course, classroom)
    with open_gradebook(classroom.root) as gradebook:
        (ada,) = gradebook.nbgrader.students
    assert (ada.id, ada.last_name, ada.first_name) == ("ada", "ada", "")


def test_source_changed_after_somebody_handed_in_is_not_released_by_itself(classroom, course):
    hand_in(classroom)
    change(classroom.root / SOURCE)
    released = classroom.released(NAME).read_bytes()
    (line,) = run(course, classroom)
    assert f"nbgrader generate_assignment {NAME} --force" in line
    assert classroom.released(NAME).read_bytes() == released


def test_release_changed_by_hand_is_kept(classroom, course):
    mine = change(classroom.released(NAME))
    assert run(course, classroom) == []
    change(classroom.root / SOURCE, "# other\n")
    (line,) = run(course, classroom)
    assert "was changed by hand and stays as it is" in line
    assert classroom.released(NAME).read_bytes() == mine
    classroom.released(NAME).unlink()
    run(course, classroom)
    assert "# other" in classroom.released(NAME).read_text(encoding="utf-8")


def test_own_assignment_that_nbgrader_refuses_stops_nothing(classroom, course):
    own = classroom.source / "own" / "own.ipynb"
    own.parent.mkdir()
    own.write_text("no notebook", encoding="utf-8")
    classroom.released(NAME).unlink()
    printed = run(course, classroom)
    assert any(line.startswith("own is not released") for line in printed)
    assert printed[-1] == f"Released 1 assignment to {classroom.root}/release/."


def test_settings_with_an_error_are_an_error_that_names_the_file(classroom, course):
    classroom.config_file.write_text("c = 1 +", encoding="utf-8")
    with pytest.raises(SetupError, match="stops with SyntaxError") as caught:
        run(course, classroom)
    assert str(caught.value).startswith(str(classroom.config_file))


# --- what is repaired --------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["gradebook.db", "release", ".released.json", "private_seed"])
def test_what_is_lost_is_made_again(classroom, course, lost):
    before, cells = state(classroom.root), rows(classroom)
    path = classroom.root / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    run(course, classroom)
    assert path.exists()
    assert state(classroom.root) == before
    assert rows(classroom) == cells


def test_gradebook_without_its_version_is_mended(classroom, course):
    """nbgrader writes the version after the tables; a kill in between leaves it out."""
    with sqlite3.connect(classroom.root / "gradebook.db") as database:
        before = database.execute("SELECT version_num FROM alembic_version").fetchall()
        database.execute("DROP TABLE alembic_version")
    run(course, classroom)
    with sqlite3.connect(classroom.root / "gradebook.db") as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == before


def test_kill_while_an_assignment_is_released_does_not_look_like_a_change(classroom, course):
    """As after a kill between nbgrader's release and the note of it."""
    change(classroom.root / SOURCE)
    records = json.loads((classroom.root / preparing.RELEASED).read_text(encoding="utf-8"))
    preparing._write_released(classroom, records | {NAME: {}})
    change(classroom.released(NAME), "# half\n")
    assert run(course, classroom) == [f"Released 1 assignment to {classroom.root}/release/."]
    assert "# half" not in classroom.released(NAME).read_text(encoding="utf-8")


if os.name != "nt":

    @pytest.mark.instructor
    def test_killed_at_any_moment_and_run_again(course, classroom, tmp_path):
        """Whatever a kill leaves, running the same command again makes the whole folder."""
        expected, cells = state(classroom.root), rows(classroom)
        moments = random.Random(20)
        folder = tmp_path / "killed"
        code = (
            "import sys; from pathlib import Path; from instructor import preparing; "
            "preparing.ROOT = Path(sys.argv[1]); sys.exit(preparing.main(sys.argv[2:]))"
        )
        started = time.monotonic()
        assert make(course, tmp_path / "timed").returncode == 0
        whole = time.monotonic() - started
        parts = [0.2, 0.4, 0.6, 0.8]
        moments.shuffle(parts)
        for part in parts:
            process = subprocess.Popen(
                [sys.executable, "-c", code, course, folder],
                cwd=ROOT,
                env=with_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                process.wait(moments.uniform(part, part + 0.2) * whole)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        killed = Classroom(folder)
        run(course, killed)
        assert run(course, killed) == []
        assert state(folder) == expected
        assert rows(killed) == cells


# --- finding it --------------------------------------------------------------------------------


def test_find_by_name_by_variable_and_by_place(classroom, monkeypatch, tmp_path):
    monkeypatch.delenv("UNROLLED_CLASS", raising=False)
    assert find(classroom.root) == find(str(classroom.root)) == classroom
    monkeypatch.chdir(tmp_path)
    assert find() == classroom  # classroom/ in the working folder
    monkeypatch.chdir(classroom.root)
    assert find() == classroom
    monkeypatch.chdir(Path(tmp_path.anchor))
    monkeypatch.setenv("UNROLLED_CLASS", str(classroom.root))
    assert find() == classroom


def test_find_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("UNROLLED_CLASS", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ClassroomError, match=r"classroom is no folder; .*make instructor"):
        find()
    with pytest.raises(ClassroomError, match=f"has no {CONFIG}"):
        find(tmp_path)


def test_paths_and_lists(classroom):
    hand_in(classroom, "bo")
    hand_in(classroom, "ada")
    assert classroom.students(NAME) == ["ada", "bo"]
    assert classroom.students("03_rnn_backward") == []
    with pytest.raises(ClassroomError, match=f"no assignment 'x'. There are: {NAME}"):
        classroom.released("x")
    assert classroom.db_url() == f"sqlite:///{classroom.root / 'gradebook.db'}"
    with classroom.config_file.open("a", encoding="utf-8") as file:
        file.write("del c.CourseDirectory.db_url\n")
    assert classroom.db_url() == f"sqlite:///{classroom.root / 'gradebook.db'}"


def test_settings_name_the_gradebook_of_the_environment(classroom, monkeypatch):
    url = "postgresql+psycopg://grader@localhost/gradebook"
    monkeypatch.setenv("UNROLLED_GRADEBOOK", url)
    assert classroom.db_url() == url


def test_settings_clear_solutions_as_the_course_does(classroom):
    settings = classroom.config_file.read_text(encoding="utf-8")
    stubs = [line for line in exercises.CONFIG.splitlines() if line.startswith("c.ClearSolutions")]
    assert len(stubs) == 2
    for line in stubs:
        assert line.replace("{{", "{").replace("}}", "}") in settings
