"""Which cells a later run leaves out, and which it must not."""

import json
from pathlib import Path

import pytest

from instructor.assignment import Assignment
from instructor.merging import merge
from instructor.skipping import dispensable
from instructor.submission import read_submission

ROOT = Path(__file__).resolve().parents[2]
NAME = "02_rnn_forward"
ASSIGNMENT = Assignment.load(ROOT / "exercises" / NAME / f"{NAME}.ipynb")
SOLVED = json.loads((ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_bytes())


def merged(**sources):
    notebook = json.loads(json.dumps(SOLVED))
    for cell in notebook["cells"]:
        name = cell["metadata"]["nbgrader"]["grade_id"].replace("-", "_")
        cell["source"] = sources.pop(name, cell["source"])
    assert not sources
    data = json.dumps(notebook).encode()
    return merge(ASSIGNMENT, read_submission(data, ASSIGNMENT))


def left_out(checks, **sources):
    cells = merged(**sources)
    return {cells.cells[place].grade_id for place in dispensable(ASSIGNMENT, cells, checks)}


def test_values_that_this_run_does_not_ask_for():
    values = {"count-answer", "hand-answer", "shapes-answer", "fading-answer"}
    assert left_out(["rnn_step"]) == values
    every = {item.check for item in ASSIGNMENT.exercises}
    assert left_out(every) == set()


def test_answers_that_are_functions_stay():
    assert "step-answer" not in left_out(["unroll"])


def test_a_value_that_is_asked_for_stays():
    assert "hand-answer" in left_out(["rnn_step"])
    assert "hand-answer" not in left_out(["rnn_step", "two_steps"])


@pytest.mark.parametrize(
    "helper",
    [
        "def helper(x): return x",
        "helper = abs",
        "import numpy as helper",
        "from math import sqrt as helper",
        "class helper: pass",
        "for helper in range(3): pass",
        "with open('f') as helper: pass",
        "(helper := 3)",
        "helper.size = 3",
        "helper[0] = 3",
        "helper.parts[0].append(3)",
        "del helper[0]",
        "def f():\n    global helper\n    helper = 1",
        "try:\n    pass\nexcept OSError as helper:\n    pass",
    ],
)
def test_a_cell_whose_names_are_used_stays(helper):
    step = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n    return helper(x_t)"
    told = left_out(["rnn_step"], hand_answer=f"two_steps = {{}}\n{helper}", step_answer=step)
    assert "hand-answer" not in told
    assert "hand-answer" in left_out(["rnn_step"], hand_answer=f"two_steps = {{}}\n{helper}")


def test_what_stays_needs_others():
    first = "counts = {}\nbase = 1"
    second = "two_steps = {}\ndef helper(x): return base"
    step = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n    return helper(x_t)"
    told = left_out(["rnn_step"], count_answer=first, hand_answer=second, step_answer=step)
    assert not told & {"count-answer", "hand-answer"}


@pytest.mark.parametrize(
    "source",
    [
        "%time x = 1",
        "no python here",
        "from os import *",
        "globals()['helper'] = 1",
        "exec('helper = 1')",
        "get_ipython().run_cell('helper = 1')",
        "a\0b",
        "(" * 300,
    ],
)
def test_nothing_is_left_out_where_names_cannot_be_told(source):
    assert left_out(["rnn_step"], fading_answer=source) == set()
