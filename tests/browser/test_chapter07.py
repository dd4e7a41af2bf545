"""What only a browser shows of chapter 07: its live training, its explorer and its builder."""

from pathlib import Path

import pytest

from .parts import live_part

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "07_lstm_design.ipynb"


@pytest.mark.slow
def test_chapter_07_explores_trains_and_stops(open_lab):
    """Train, choose in the explorer, build a cell, train and stop it; find no error."""
    lab = open_lab(live_part(CHAPTER, also=('title="no cell line',)))
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
