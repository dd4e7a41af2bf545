"""`exercises/` is what nbgrader makes of `solutions/`, byte for byte."""

import json
from pathlib import Path

import pytest

from tools import exercises

ROOT = Path(__file__).resolve().parents[1]


def files(folder):
    """Return every file under the folder with its bytes, leftovers of Jupyter aside."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }


def solution(name, folder):
    """Write a small solution notebook with one answer of each kind."""

    def nbgrader(cell, **given):
        plain = {"grade": False, "locked": False, "solution": False, "task": False}
        return {"nbgrader": {**plain, "grade_id": cell, "schema_version": 3, **given}}

    def code(cell, source, **given):
        return {
            "cell_type": "code",
            "id": cell,
            "metadata": nbgrader(cell, **given),
            "execution_count": None,
            "outputs": [],
            "source": source,
        }

    answer = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    prose = {
        "cell_type": "markdown",
        "id": "why",
        "metadata": nbgrader("why", grade=True, solution=True, points=1),
        "source": "A model answer, naïve or not.",
    }
    cells = [
        code("double", answer, solution=True),
        code("check", "double(2)", grade=True, locked=True, points=2),
        prose,
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path = folder / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_exercises_are_generated_from_the_solutions(tmp_path):
    exercises.release(ROOT / "solutions", tmp_path)
    fresh, stored = files(tmp_path), files(ROOT / "exercises")
    assert list(stored) == list(fresh)
    differing = [name for name in fresh if fresh[name] != stored[name]]
    assert differing == [], "run `make exercises`"


def test_release_takes_answers_out_and_leaves_nothing_behind(tmp_path):
    solutions, target = tmp_path / "solutions", tmp_path / "exercises"
    solution("01_first", solutions)
    (solutions / "01_first" / "notes.txt").write_text("private", encoding="utf-8")
    before = files(solutions)
    stale = target / "00_gone" / "00_gone.ipynb"
    stale.parent.mkdir(parents=True)
    stale.touch()
    assert exercises.replace(solutions, target) == ["01_first"]
    assert list(files(target)) == ["01_first/01_first.ipynb"]
    assert files(solutions) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exercises", "solutions"]
    notebook = json.loads((target / "01_first" / "01_first.ipynb").read_text(encoding="utf-8"))
    double, check, why = ("".join(cell["source"]) for cell in notebook["cells"])
    assert double == "def double(x):\n    ..."
    assert check == "double(2)"
    assert why == "*Your answer here.*"
    first = files(target)
    exercises.replace(solutions, target)
    assert files(target) == first


def test_folder_without_solutions(tmp_path):
    with pytest.raises(exercises.GenerationError, match="holds no NAME/NAME"):
        exercises.release(tmp_path, tmp_path / "out")


def test_solution_that_nbgrader_refuses_is_an_error_and_keeps_the_exercises(tmp_path):
    solutions, target = tmp_path / "solutions", tmp_path / "exercises"
    solution("01_first", solutions)
    (target / "01_first").mkdir(parents=True)
    (target / "01_first" / "01_first.ipynb").write_text("made earlier", encoding="utf-8")
    before = files(target)
    path = solutions / "01_first" / "01_first.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("### END SOLUTION", ""), encoding="utf-8")
    with pytest.raises(exercises.GenerationError, match="nbgrader ended with code"):
        exercises.replace(solutions, target)
    assert files(target) == before
