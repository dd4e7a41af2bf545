"""A submission put into its assignment: what runs, what counts, and what is said about changes."""

import copy
import json
from pathlib import Path

import pytest

from instructor.assignment import Assignment
from instructor.merging import merge
from instructor.submission import read_submission

ROOT = Path(__file__).resolve().parents[2]
NAME = "02_rnn_forward"
ASSIGNMENT = Assignment.load(ROOT / "exercises" / NAME / f"{NAME}.ipynb")
RELEASED = json.loads(ASSIGNMENT.notebook)


class Sheet:
    """A copy of the released notebook that a test changes."""

    def __init__(self):
        self.notebook = copy.deepcopy(RELEASED)
        self.cells = self.notebook["cells"]

    def place(self, grade_id):
        held = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in self.cells]
        return held.index(grade_id)

    def __getitem__(self, grade_id):
        return self.cells[self.place(grade_id)]

    def add(self, after, source, kind="code"):
        cell = {"cell_type": kind, "source": source, "metadata": {}}
        self.cells.insert(self.place(after) + 1 if after else 0, cell)

    def merged(self):
        data = json.dumps(self.notebook).encode()
        return merge(ASSIGNMENT, read_submission(data, ASSIGNMENT))


@pytest.fixture
def sheet():
    return Sheet()


def ids(merged):
    return [cell.grade_id for cell in merged.cells]


def source(merged, grade_id):
    (cell,) = [cell for cell in merged.cells if cell.grade_id == grade_id]
    return cell.source


ORDER = [cell.grade_id for cell in ASSIGNMENT.cells]


def test_an_untouched_notebook_is_merged_into_itself(sheet):
    merged = sheet.merged()
    assert [(c.grade_id, c.source) for c in merged.cells] == [
        (c.grade_id, c.source) for c in ASSIGNMENT.cells
    ]
    assert (merged.notes, merged.edited) == ((), ())
    assert merged.answered == {"open-answer": False}


def test_answers_are_the_learners(sheet):
    sheet["step-answer"]["source"] = "mine"
    sheet["open-answer"]["source"] = "A long text."
    merged = sheet.merged()
    assert source(merged, "step-answer") == "mine"
    assert source(merged, "open-answer") == "A long text."
    assert merged.answered == {"open-answer": True}
    assert merged.notes == ()


def test_given_cells_are_the_released_ones(sheet):
    sheet["imports"]["source"] = "import os"
    merged = sheet.merged()
    assert source(merged, "imports") == ASSIGNMENT.cells[1].source
    assert merged.notes == ("Given cells were changed, the released ones were used: imports.",)
    assert merged.edited == ()


def test_deleted_cells_come_back(sheet):
    for grade_id in ("imports", "step-answer", "step-check", "open-answer"):
        sheet.cells.remove(sheet[grade_id])
    merged = sheet.merged()
    assert ids(merged) == ORDER
    assert source(merged, "step-answer").rstrip().endswith("...")
    assert merged.edited == ()
    assert [note.partition(":")[0] for note in merged.notes] == [
        "Cells for answers were deleted",
        "Cells were deleted, the released ones were used",
    ]
    assert merged.answered == {"open-answer": False}


def test_own_cells_stay_in_their_place(sheet):
    sheet.add("step-answer", "second = 2")
    sheet.add("step-answer", "first = 1")
    sheet.add(None, "start = 0")
    sheet.add("open-answer", "more text", "markdown")
    cells = sheet.merged().cells
    assert (cells[0].source, cells[0].role) == ("start = 0", "own")
    place = [cell.grade_id for cell in cells].index("step-answer")
    assert [cell.source for cell in cells[place + 1 : place + 3]] == ["first = 1", "second = 2"]
    assert cells[place + 3].grade_id == "step-check"


def test_moved_cells_run_in_the_released_order(sheet):
    cell = sheet["step-answer"]
    sheet.cells.remove(cell)
    sheet.cells.append(cell)
    merged = sheet.merged()
    assert ids(merged) == ORDER
    (note,) = merged.notes
    assert note == "Cells were moved, the released order was used: step-answer."


def test_a_split_answer_runs_in_both_parts(sheet):
    sheet["step-answer"]["source"] = "first half"
    second = copy.deepcopy(sheet["step-answer"])
    second["source"] = "second half"
    sheet.cells.insert(sheet.place("step-answer") + 1, second)
    merged = sheet.merged()
    place = ids(merged).index("step-answer")
    assert [c.source for c in merged.cells[place : place + 2]] == ["first half", "second half"]
    assert "Several cells have the same id: step-answer" in merged.notes[0]
    assert ids(merged).count("step-answer") == 1


def test_a_doubled_check_is_asked_once(sheet):
    again = copy.deepcopy(sheet["step-check"])
    again["source"] = "x = 1"
    sheet.cells.append(again)
    merged = sheet.merged()
    assert ids(merged) == ORDER
    assert merged.edited == ()


def test_of_two_checks_the_one_as_released_counts(sheet):
    again = copy.deepcopy(sheet["step-check"])
    sheet["step-check"]["source"] = "print('scratch')"
    sheet.cells.insert(sheet.place("step-check") + 1, again)
    assert sheet.merged().edited == ()


(CALL,) = [
    line
    for line in ASSIGNMENT.cells[ORDER.index("step-check")].source.splitlines()
    if line.startswith("checks.")
]


@pytest.mark.parametrize(
    "changed",
    [
        CALL,
        f"# my comment\n\n{CALL}  # and another",
        f"checks.check_rnn_step.hint()\nchecks.check_rnn_step.hint(2)\n{CALL}",
        f"{CALL}\nchecks.check_unroll.hint()",
        CALL.replace("(", "(\n    "),
        f"{CALL};",
        "",
        "# emptied",
    ],
)
def test_comments_and_hints_are_no_edits(sheet, changed):
    sheet["step-check"]["source"] = changed
    merged = sheet.merged()
    assert (merged.edited, merged.notes) == ((), ())
    assert source(merged, "step-check") == ASSIGNMENT.cells[ORDER.index("step-check")].source


@pytest.mark.parametrize(
    "changed",
    [
        "3.0",
        CALL.replace("rnn_step,", "my_step,"),
        CALL.replace(")", "0)"),
        CALL.replace("check_rnn_step", "check_unroll"),
        f"rnn_step = 1\n{CALL}",
        f"{CALL}\n3.0",
        f"checks.check_rnn_step.hint(print(1))\n{CALL}",
        f"hack.check_rnn_step.hint()\n{CALL}",
        f"%%time\n{CALL}",
        "checks.check_rnn_step.hint(2).hint()\n" + CALL,
        "not python",
        "(" * 300,
        "-" * 5000 + "1",
        "a\0b",
    ],
)
def test_other_changes_of_a_check_are_edits(sheet, changed):
    sheet["step-check"]["source"] = changed
    merged = sheet.merged()
    assert merged.edited == ("step-check",)
    assert source(merged, "step-check") == ASSIGNMENT.cells[ORDER.index("step-check")].source


def test_metadata_do_not_count(sheet):
    sheet["step-check"]["metadata"]["nbgrader"]["points"] = 300
    sheet["step-answer"]["metadata"]["nbgrader"] |= {"grade": True, "points": 100}
    sheet["imports"]["metadata"]["nbgrader"]["locked"] = False
    merged = sheet.merged()
    assert merged.notes == (
        "Metadata were changed, the released ones were used: imports, step-answer, step-check.",
    )
    roles = {cell.grade_id: cell.role for cell in merged.cells}
    assert (roles["step-answer"], roles["step-check"]) == ("answer", "check")


def test_a_cell_of_another_kind_is_turned_back(sheet):
    sheet["step-answer"]["cell_type"] = "markdown"
    sheet["step-check"]["cell_type"] = "raw"
    merged = sheet.merged()
    assert {c.grade_id: c.cell_type for c in merged.cells}["step-answer"] == "code"
    assert merged.edited == ("step-check",)
    assert "turned into another kind" in merged.notes[0]


def test_an_invented_id_is_a_cell_of_ones_own(sheet):
    sheet.add("step-answer", "x = 1")
    sheet.cells[sheet.place("step-answer") + 1]["metadata"]["nbgrader"] = {
        "grade_id": "bonus-check",
        "grade": True,
        "points": 100,
    }
    cells = sheet.merged().cells
    (own,) = [cell for cell in cells if cell.role == "own"]
    assert (own.grade_id, own.source) == ("", "x = 1")
