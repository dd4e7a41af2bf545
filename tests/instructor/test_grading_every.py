"""The twelve assignments in the real sandbox, with private inputs. Long."""

import copy
import json
from pathlib import Path

import nbformat
import pytest

from instructor.assignment import Assignment
from instructor.grading import Grader
from instructor.results import GRADED
from tests.needs import needs_bubblewrap

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in ROOT.glob("exercises/*/*.ipynb"))
SEED = "another secret of these tests"
pytestmark = [needs_bubblewrap, pytest.mark.instructor]


def read(folder, name):
    return (ROOT / folder / name / f"{name}.ipynb").read_bytes()


def source_of(data, grade_id):
    (cell,) = [
        cell
        for cell in json.loads(data)["cells"]
        if cell["metadata"]["nbgrader"]["grade_id"] == grade_id
    ]
    return "".join(cell["source"])


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_gets_everything_and_the_released_notebook_nothing(name):
    assignment = Assignment.load(ROOT / "exercises" / name / f"{name}.ipynb")
    with Grader(assignment, SEED) as grader:
        solved = grader.grade(read("solutions", name), "ada")
        untouched = grader.grade(read("exercises", name), "bob").result
        mixed = grader.grade(half_solved(assignment, name), "cleo").result
    missed = [item.text for item in solved.result.exercises if item.points != item.possible]
    assert not missed
    assert (solved.result.status, solved.result.points) == (GRADED, assignment.possible)
    assert solved.result.notes == ()
    nbformat.validate(nbformat.reads(solved.notebook, as_version=4))
    assert (untouched.status, untouched.points) == (GRADED, 0)
    assert {item.points for item in untouched.exercises} == {0}
    assert mixed.status == GRADED
    assert 0 < mixed.points < assignment.possible
    answered = {item.check for item in assignment.exercises[: len(assignment.exercises) // 2]}
    for item in mixed.exercises:
        assert item.points == (item.possible if item.check in answered else 0), item.text


def half_solved(assignment, name):
    """Return a notebook with the answers of the first half of its exercises."""
    solved = json.loads(read("solutions", name))["cells"]
    notebook = json.loads(read("exercises", name))
    last = assignment.exercises[len(assignment.exercises) // 2 - 1].grade_id
    ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in notebook["cells"]]
    for place in range(ids.index(last)):
        notebook["cells"][place]["source"] = solved[place]["source"]
    return json.dumps(notebook).encode()


def test_an_own_assignment_of_checks_from_two_chapters():
    first = json.loads(read("solutions", "02_rnn_forward"))
    second = json.loads(read("solutions", "06_lstm"))
    wanted = {"imports", "step-answer", "step-check"}
    cells = [
        cell
        for notebook, tag in ((first, "a"), (second, "b"))
        for cell in copy.deepcopy(notebook["cells"])
        if cell["metadata"]["nbgrader"]["grade_id"] in wanted
        and not cell["metadata"]["nbgrader"].update(
            grade_id=f"{tag}-{cell['metadata']['nbgrader']['grade_id']}"
        )
        and not cell.update(id=f"{tag}-{cell['id']}")
    ]
    data = json.dumps({**first, "cells": cells}).encode()
    assignment = Assignment.of(nbformat.reads(data.decode(), as_version=4), "week_3")
    assert [item.check for item in assignment.exercises] == ["rnn_step", "lstm_step"]
    with Grader(assignment, SEED) as grader:
        assert grader.grade(data, "ada").result.points == assignment.possible
        released = assignment.notebook.encode()
        assert grader.grade(released, "bob").result.points == 0
