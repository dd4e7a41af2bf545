"""Notebooks in which what was handed out is changed."""

from __future__ import annotations

import copy

from tests.instructor.hostile.sheet import Sheet, World, hostile, own_cell, solved

WRONG_STEP = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n    return x_t\n"
EDITED = "edited tests"


@hostile(EDITED, detail="step", runs=False, reached=())
def more_points_in_the_check(sheet: Sheet, world: World) -> None:
    """Write a larger number of points into a check cell."""
    sheet.cell("step-check")["source"] = "checks.check_rnn_step(rnn_step, points=2000)"


@hostile(EDITED, detail="step", runs=False, reached=())
def check_is_a_number(sheet: Sheet, world: World) -> None:
    """Replace a check by the points that it would give."""
    sheet.cell("step-check")["source"] = "2.0"


@hostile(EDITED, detail="step", runs=False, reached=())
def check_of_something_else(sheet: Sheet, world: World) -> None:
    """Let a check look at another variable."""
    sheet.cell("step-check")["source"] = "checks.check_rnn_step(np.tanh, points=2)"


@hostile(EDITED, detail="step", runs=False, reached=())
def line_before_the_check(sheet: Sheet, world: World) -> None:
    """Add a line to a check cell that replaces the check first."""
    cell = sheet.cell("step-check")
    cell["source"] = "checks.check_rnn_step = lambda *a, **k: 2.0\n" + "".join(cell["source"])


@hostile(EDITED, detail="step", runs=False, reached=())
def check_behind_a_magic(sheet: Sheet, world: World) -> None:
    """Put a magic on top of a check cell, so that the check never runs."""
    cell = sheet.cell("step-check")
    cell["source"] = "%%script true\n" + "".join(cell["source"])


@hostile(EDITED, detail="step", runs=False, reached=())
def check_of_another_alphabet(sheet: Sheet, world: World) -> None:
    """Spell the check with a letter that only looks the same."""
    cell = sheet.cell("step-check")
    cell["source"] = "".join(cell["source"]).replace("check_rnn", "сheck_rnn")  # Cyrillic


@hostile(earns={"step": 2.0})
def comments_and_hints_in_the_check(sheet: Sheet, world: World) -> None:
    """Write a comment into a check cell and ask for a hint there, which is allowed."""
    sheet.answer("step", solved("step-answer"))
    sheet.cell("step-check")["source"] = (
        "# at last\nchecks.check_rnn_step.hint()\nchecks.check_rnn_step( rnn_step,points = 2 )  # !"
    )


@hostile(earns={"step": 2.0}, note="step-check")
def check_deleted(sheet: Sheet, world: World) -> None:
    """Delete a check cell; the one that was handed out is asked."""
    sheet.answer("step", solved("step-answer"))
    sheet.remove("step-check")


@hostile(note="step-check")
def wrong_answer_and_check_deleted(sheet: Sheet, world: World) -> None:
    """Delete the check of an answer that is wrong."""
    sheet.answer("step", WRONG_STEP)
    sheet.remove("step-check")


@hostile(EDITED, "graded", note="", reached=())
def check_turned_into_text(sheet: Sheet, world: World) -> None:
    """Turn a check cell into a text cell, so that it does not run."""
    sheet.answer("step", WRONG_STEP)
    cell = sheet.cell("step-check")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


@hostile(note="step-check")
def points_in_the_metadata(sheet: Sheet, world: World) -> None:
    """Make a check worth a thousand points in nbgrader's metadata."""
    sheet.cell("step-check")["metadata"]["nbgrader"]["points"] = 1000
    sheet.answer("step", WRONG_STEP)


@hostile(note="step-check")
def check_no_longer_locked(sheet: Sheet, world: World) -> None:
    """Mark a check cell as an answer that nobody grades."""
    about = sheet.cell("step-check")["metadata"]["nbgrader"]
    about.update(grade=False, locked=False, solution=True)
    sheet.answer("step", WRONG_STEP)


@hostile()
def bonus_exercise(sheet: Sheet, world: World) -> None:
    """Add a graded cell that nobody handed out, worth 100 points."""
    cell = copy.deepcopy(sheet.cell("step-check"))
    cell["metadata"]["nbgrader"].update(grade_id="bonus-check", points=100)
    cell["source"] = "100.0"
    cell.pop("id", None)
    sheet.cells.append(cell)


@hostile(earns={"step": 2.0}, note="step-check")
def check_twice(sheet: Sheet, world: World) -> None:
    """Keep a second copy of a check, to be paid twice for one answer."""
    sheet.answer("step", solved("step-answer"))
    sheet.cells.insert(20, copy.deepcopy(sheet.cell("step-check")))


@hostile(earns={"step": 2.0}, note="step-answer")
def answer_twice(sheet: Sheet, world: World) -> None:
    """Split an answer cell in two, which copies its grade id: the right answer stands in one."""
    sheet.answer("step", solved("step-answer"))
    twin = copy.deepcopy(sheet.cell("step-answer"))
    twin["source"] = "# I split this cell"
    sheet.cells.insert(sheet.cells.index(sheet.cell("step-answer")), twin)


@hostile(earns={"count": 0.0}, note="count-answer")
def answer_deleted(sheet: Sheet, world: World) -> None:
    """Delete an answer cell; nothing else is lost."""
    sheet.remove("count-answer")


@hostile(note="step-check")
def answer_under_the_name_of_the_check(sheet: Sheet, world: World) -> None:
    """Give an own cell the grade id of a check, in front of it."""
    cell = own_cell("2.0")
    cell["metadata"]["nbgrader"] = {
        **sheet.cell("step-check")["metadata"]["nbgrader"],
        "solution": True,
        "locked": False,
    }
    sheet.cells.insert(sheet.cells.index(sheet.cell("step-check")), cell)


@hostile(note="imports")
def checks_replaced_in_a_given_cell(sheet: Sheet, world: World) -> None:
    """Replace all checks in the import cell, which is not the learner's to change."""
    cell = sheet.cell("imports")
    cell["source"] = "".join(cell["source"]) + (
        "\nfor name in dir(checks):\n"
        "    if name.startswith('check_'):\n"
        "        setattr(checks, name, lambda *a, points=1, **k: float(points))\n"
    )
    sheet.answer("step", WRONG_STEP)


@hostile(note="imports")
def import_cell_deleted(sheet: Sheet, world: World) -> None:
    """Delete the import cell by accident; it is run as it was handed out."""
    sheet.remove("imports")


@hostile(note="order|moved|place")
def cells_in_reversed_order(sheet: Sheet, world: World) -> None:
    """Turn the order of all cells round."""
    sheet.cells.reverse()


@hostile()
def outputs_that_claim_points(sheet: Sheet, world: World) -> None:
    """Hand in outputs in which every check is passed; nothing of them is read."""
    for cell in sheet.cells:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": "1000.0", "text/html": "<script>alert(1)</script>"},
                }
            ]


@hostile()
def points_printed_by_own_cells(sheet: Sheet, world: World) -> None:
    """Show points as the result of own cells before and behind every check."""
    for exercise in ("step", "unroll", "joined"):
        sheet.before(f"{exercise}-check", "1000.0")
        sheet.after(f"{exercise}-check", "1000.0")


@hostile()
def metadata_full_of_scores(sheet: Sheet, world: World) -> None:
    """Write scores, a student id and an unlocking into every metadata that there is."""
    sheet.notebook["metadata"]["unrolled"] = {"status": "graded", "points": 38.5}
    sheet.notebook["metadata"]["nbgrader"] = {"student_id": "../../ada", "score": 38.5}
    for cell in sheet.cells:
        cell["metadata"]["points"] = cell["metadata"]["score"] = 100


@hostile(note="schema|metadata|step-check")
def older_schema(sheet: Sheet, world: World) -> None:
    """Claim an older schema of nbgrader's metadata, which some readers upgrade."""
    for cell in sheet.cells:
        if about := cell["metadata"].get("nbgrader"):
            about["schema_version"] = 1
            about["points"] = 50


@hostile(earns={"step": 2.0})
def answer_in_an_own_cell(sheet: Sheet, world: World) -> None:
    """Answer in a cell of one's own before the check, which is allowed."""
    sheet.before("step-check", solved("step-answer"))


@hostile()
def text_answer_deleted(sheet: Sheet, world: World) -> None:
    """Delete the text that a person grades: it counts as not answered."""
    sheet.remove("open-answer")


@hostile()
def scripts_in_texts(sheet: Sheet, world: World) -> None:
    """Write scripts into text cells, for the browser of whoever grades them."""
    evil = (
        "<script>fetch('http://127.0.0.1/steal')</script><img src=x onerror=alert(1)>"
        "[x](javascript:alert(1)) <svg onload=alert(1)><iframe srcdoc='<script>1</script>'>"
    )
    sheet.cell("open-answer")["source"] = evil
    sheet.before("step-task", evil, "markdown")
    sheet.cell("open-answer")["attachments"] = {"x.svg": {"image/svg+xml": "PHN2Zz4="}}
