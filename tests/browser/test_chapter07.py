"""What only a browser shows of chapter 07: its live training, its explorer and its builder."""

import json
from pathlib import Path

import pytest

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "07_lstm_design.ipynb"

# Every cell of the chapter is run without a browser, when its notebook is tested. Here stand those
# that a reader works with, and what they need: the others would take most of the time.
LIVE = (
    "imports",
    "predict-needed",
    "tasks-rows",
    "line-train",
    "explorer-widget",
    "builder-widget",
    "recall-questions",
)


def live_part():
    """Give the chapter with the cells of LIVE for its only code, as the text of its file."""
    notebook = json.loads(CHAPTER.read_text(encoding="utf-8"))
    notebook["cells"] = [
        cell for cell in notebook["cells"] if cell["cell_type"] == "markdown" or cell["id"] in LIVE
    ]
    assert [cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"] == list(LIVE)
    return json.dumps(notebook)


@pytest.mark.slow
def test_chapter_07_explores_trains_and_stops(open_lab):
    """Train, choose in the explorer, build a cell, train and stop it; find no error."""
    lab = open_lab(live_part())
    lab.run_all(seconds=240)
    assert lab.cell_errors() == []

    (training,) = lab.cells_with("await train_live(")
    assert "'standard'" in lab.text(training)

    (explorer,) = lab.cells_with("widgets.explore_variant_results(")
    before, alt = lab.picture_state(explorer)
    assert alt.startswith("agreement, share of right answers")
    lab.output(explorer).locator("select").first.select_option("copying")
    lab.until(lambda: lab.picture_state(explorer)[0] != before, what="a new picture")
    assert lab.picture_state(explorer)[1].startswith("copying")

    (builder,) = lab.cells_with("widgets.explore_own_cell(")
    before, alt = lab.picture_state(builder)
    assert "After 300 of 300 updates" in alt
    choices = lab.output(builder).locator("select")
    assert choices.count() == 7  # six parts and the task
    choices.nth(1).select_option("0, overwrite")
    lab.until(
        lambda: "Not trained yet" in lab.picture_state(builder)[1], what="the cell to begin anew"
    )
    lab.output(builder).get_by_role("button", name="Start").click()
    lab.until(
        lambda: "Not trained yet" not in lab.picture_state(builder)[1], what="training to show"
    )
    stop = lab.output(builder).get_by_role("button", name="Stop")
    if stop.is_enabled():
        stop.click()
    lab.until(lambda: not stop.is_enabled(), what="training to end")
    assert "updates" in lab.picture_state(builder)[1]

    lab.press(builder, "ArrowRight")  # another seed, by keyboard
    lab.until(lambda: "Not trained yet" in lab.picture_state(builder)[1], what="another seed")
    assert lab.cell_errors() == []
    assert lab.errors == []
