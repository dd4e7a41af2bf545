"""Which notebooks are assignments, and what is said of those that are none."""

import pickle
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from instructor.assignment import Assignment, AssignmentError, check_call
from utils.checks import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in ROOT.glob("exercises/*/*.ipynb"))


def load(folder, name):
    return Assignment.load(ROOT / folder / name / f"{name}.ipynb")


def notebook(*cells):
    """Make a notebook of (cell type, source, nbgrader's metadata)."""
    made = v4.new_notebook()
    for kind, source, held in cells:
        cell = v4.new_code_cell(source) if kind == "code" else v4.new_markdown_cell(source)
        if held:
            cell.metadata["nbgrader"] = held
        made.cells.append(cell)
    return made


def held(grade_id, points=None, grade=False, solution=False, locked=False, **more):
    told = {"grade_id": grade_id, "grade": grade, "solution": solution, "locked": locked}
    return {**told, **({} if points is None else {"points": points}), "schema_version": 3, **more}


def check(source, points=3):
    return ("code", source, held("c", points, grade=True, locked=True))


@pytest.mark.parametrize("name", NAMES)
def test_release_and_source_are_the_same_assignment(name):
    released, source = load("exercises", name), load("solutions", name)
    assert released == source
    assert released.fingerprint == source.fingerprint


@pytest.mark.parametrize("name", NAMES)
def test_every_check_of_a_chapter_is_asked_once(name):
    assignment = load("exercises", name)
    assert sorted(item.check for item in assignment.exercises) == sorted(REGISTRY[name])
    for item in assignment.exercises:
        assert assignment.check(item) is REGISTRY[name][item.check]
        assert item.is_function == (REGISTRY[name][item.check].inputs is not None)
    assert len(assignment.manual) >= 1
    assert assignment.possible == sum(item.points for item in assignment.exercises) > 0


def test_no_solution_is_left_in_what_goes_to_the_workers():
    text = load("solutions", "02_rnn_forward").notebook
    assert "BEGIN SOLUTION" not in text
    assert "np.tanh(" not in text


def test_it_travels_between_processes():
    assignment = load("exercises", "02_rnn_forward")
    assert pickle.loads(pickle.dumps(assignment)) == assignment


def test_the_fingerprint_follows_what_is_graded():
    nodes = notebook(check("checks.check_rnn_step(rnn_step, points=3)"))
    before = Assignment.of(nodes, "own").fingerprint
    assert before == Assignment.of(nodes, "own").fingerprint
    nodes.cells[0].source = "checks.check_rnn_step(my_step, points=3)"
    assert Assignment.of(nodes, "own").fingerprint != before
    assert Assignment.of(nodes, "other").fingerprint != Assignment.of(nodes, "own").fingerprint


def test_roles():
    assignment = Assignment.of(
        notebook(
            ("code", "import numpy", held("imports", locked=True)),
            ("code", "x = 1", None),
            ("code", "...", held("answer", solution=True)),
            check("checks.check_rnn_step(rnn_step, points=2.5)", 2.5),
            ("markdown", "text", held("open", 4, grade=True, solution=True)),
            ("markdown", "do this", held("task", 2, task=True, locked=True)),
        ),
        "own",
    )
    assert [cell.role for cell in assignment.cells] == [
        *("given", "free", "answer", "check", "manual", "given")
    ]
    (exercise,) = assignment.exercises
    assert (exercise.check, exercise.variable, exercise.points) == ("rnn_step", "rnn_step", 2.5)
    assert exercise.chapter == "02_rnn_forward"
    assert [(cell.grade_id, cell.points) for cell in assignment.manual] == [
        ("open", 4),
        ("task", 2),
    ]


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("checks.check_a(b, points=3)", ("a", "b", 3.0)),
        ("# Stuck?\n\nchecks.check_a(\n  b,\n  points=1.5,\n)  # done\n", ("a", "b", 1.5)),
        ("checks.check_a(b)", None),
        ("checks.check_a(b, points=-1)", None),
        ("checks.check_a(b, points=True)", None),
        ("checks.check_a(b(), points=3)", None),
        ("checks.check_a(b, c, points=3)", None),
        ("checks.check_a(b, points=3); x = 1", None),
        ("x = checks.check_a(b, points=3)", None),
        ("check_a(b, points=3)", None),
        ("checks.REGISTRY(b, points=3)", None),
        ("assert b == 3", None),
        ("(" * 500, None),
        ("a\0b", None),
        ("", None),
    ],
)
def test_the_form_of_a_cell_that_grades(source, call):
    assert check_call(source) == call


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([check("assert rnn_step(1) == 2")], "bare asserts"),
        ([check("checks.check_no_such(x, points=3)")], "registered in no chapter"),
        ([check("checks.check_rnn_step(x, points=2)")], "worth 3 in nbgrader's panel"),
        ([("markdown", "text", held("a", locked=True))], "no cell that grades"),
        ([("markdown", "text", held("a", 1, grade=True, locked=True))], "text that grades"),
        ([("code", "", held("", solution=True))], "no grade_id"),
        ([check("checks.check_rnn_step(x, points=3)")] * 2, "two cells named 'c'"),
        (
            [
                check("checks.check_rnn_step(x, points=3)"),
                ("code", "checks.check_rnn_step(y, points=3)", held("d", 3, True, locked=True)),
            ],
            "two cells that grade with check 'rnn_step'",
        ),
        ([("markdown", "text", held("a", -1, grade=True, solution=True))], "worth -1 points"),
        ([("code", "### BEGIN SOLUTION", held("a", solution=True))], "cannot be taken out"),
    ],
)
def test_what_is_refused_says_why(cells, said):
    with pytest.raises(AssignmentError, match=said):
        Assignment.of(notebook(*cells), "own")


def test_files_that_are_no_notebook(tmp_path):
    with pytest.raises(AssignmentError, match="does not exist"):
        Assignment.load(tmp_path / "a.ipynb")
    (tmp_path / "a.ipynb").write_text("no")
    with pytest.raises(AssignmentError, match="no notebook"):
        Assignment.load(tmp_path / "a.ipynb")


def test_what_is_loaded_is_not_changed():
    path = ROOT / "solutions" / "02_rnn_forward" / "02_rnn_forward.ipynb"
    nodes = nbformat.read(path, as_version=4)
    before = nbformat.writes(nodes)
    Assignment.of(nodes, "02_rnn_forward")
    assert nbformat.writes(nodes) == before
