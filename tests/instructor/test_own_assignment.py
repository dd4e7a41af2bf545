"""The worked example of an own assignment runs as it is printed, from its check to the grading."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import v4, writes

from tests.needs import needs_bubblewrap

from .classes import with_environment

pytestmark = pytest.mark.instructor
ROOT = Path(__file__).parents[2]
NAME = "20_leaky_units"
TEXT = (ROOT / "instructor" / "own_assignments.md").read_text(encoding="utf-8")
IMPORT = "from utils.checks.own import check_leaky_step\n"
KINDS = {  # what the assignment panel writes into a cell: grade, solution, locked
    "Read-only": (False, False, True),
    "Autograded answer": (False, True, False),
    "Autograder tests": (True, False, True),
    "Manually graded answer": (True, True, False),
}
GRADE = """
import json, sys
from pathlib import Path
from instructor.assignment import Assignment
from instructor.grading import Grader

assignment = Assignment.load(Path(sys.argv[1]))
told = []
with Grader(assignment, seed="a private seed of some length") as grader:
    for path in sys.argv[2:]:
        result = grader.grade(Path(path).read_bytes(), Path(path).stem).result
        item = result.exercises[0]
        told.append([result.status, result.points, item.status, list(item.mistakes),
                     result.manual[0].answered])
print(json.dumps(told))
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


def run(course, *arguments, **options):
    environment = with_environment({**os.environ, "PYTHONPATH": str(course)})
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Copy the course, and do to it what the page says."""
    course = tmp_path_factory.mktemp("own") / "course"
    for folder in ("utils", "instructor", "tools"):
        shutil.copytree(
            ROOT / folder, course / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    (course / "pretrained").symlink_to(ROOT / "pretrained")
    check, line = blocks("python")[:2]
    assert line == IMPORT
    (course / "utils" / "checks" / "own.py").write_text(check, encoding="utf-8")
    package = course / "utils" / "checks" / "__init__.py"
    known = "from utils.checks.engine import REGISTRY"
    text = package.read_text(encoding="utf-8")
    assert known in text
    package.write_text(text.replace(known, line + known, 1), encoding="utf-8")
    with open(course / "instructor" / "withheld.toml", "a", encoding="utf-8") as file:
        file.write("\n" + blocks("toml")[0])
    return course


@pytest.fixture(scope="module")
def source(course):
    """Write the notebook as the table of the page describes it, into a class folder."""
    _, _, _, imports, answer, check = blocks("python")
    task, model = blocks("markdown")
    contents = [("code", imports), ("markdown", task), ("code", answer), ("code", check)]
    contents.append(("markdown", model))
    rows = re.findall(r"^\| (\d) \| ([\w -]+?) \| ([\w-]+) \| (\d*) ?\|$", TEXT, re.M)
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]
    cells = []
    for (cell_type, text), (_, kind, grade_id, points) in zip(contents, rows, strict=True):
        grade, solution, locked = KINDS[kind]
        held = {"schema_version": 3, "grade_id": grade_id, "task": False}
        held |= {"grade": grade, "solution": solution, "locked": locked}
        if points:
            held["points"] = int(points)
        make = v4.new_code_cell if cell_type == "code" else v4.new_markdown_cell
        cells.append(make(text.rstrip("\n"), metadata={"nbgrader": held}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    folder = course.parent / "classroom"
    path = folder / "source" / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(writes(notebook), encoding="utf-8")
    shutil.copy(course / "instructor" / "templates" / "nbgrader_config.py", folder)
    return path


@pytest.fixture(scope="module")
def released(course, source):
    """Release it with nbgrader's own command."""
    folder = source.parents[2]
    environment = with_environment({**os.environ, "PYTHONPATH": str(course)})
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", NAME, "--create"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    path = folder / "release" / NAME / f"{NAME}.ipynb"
    assert path.is_file(), done.stdout + done.stderr
    return path


def test_the_printed_mistakes_each_get_their_own_message(course):
    assert run(course, "-c", blocks("python")[2]) == "3 mistakes, each with its own message\n"


def test_the_release_holds_the_stub_and_not_the_solution(released):
    text = released.read_text(encoding="utf-8")
    assert "candidate = np.tanh" not in text
    assert "the state stays what it was" not in text
    assert '"..."' in text or "    ..." in text


@needs_bubblewrap
def test_right_wrong_and_mistaken_answers_are_graded(course, source, released, tmp_path):
    solution = json.loads(source.read_text(encoding="utf-8"))
    changes = {
        "right": [],
        "swapped": [("(1 - a) * h_prev + a * candidate", "a * h_prev + (1 - a) * candidate")],
        "both": [("np.tanh(", "("), ("(1 - a) * h_prev + a", "a")],
        "wrong": [("(1 - a) * h_prev", "h_prev ** 3")],
    }
    paths = []
    for student, pairs in changes.items():
        text = json.dumps(solution)
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        paths.append(tmp_path / f"{student}.ipynb")
        paths[-1].write_text(text, encoding="utf-8")
    paths.append(released)
    told = json.loads(run(course, "-c", GRADE, released, *paths).splitlines()[-1])
    assert told[0] == ["graded", 4.0, "right", [], True]
    assert told[1] == ["graded", 0.0, "wrong", ["shares_swapped"], True]
    assert told[2][:3] == ["graded", 0.0, "wrong"]
    assert set(told[2][3]) == {"no_tanh", "nothing_kept"}
    assert told[3] == ["graded", 0.0, "wrong", [], True]
    assert told[4] == ["graded", 0.0, "not started", [], False]
