"""Chapter 09 in JupyterLab: its widgets, and what they need."""

from pathlib import Path

import pytest

from .parts import live_part

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "09_bidirectional_deep.ipynb"


@pytest.mark.slow
def test_chapter_09_runs_moves_trains_and_stops(open_lab):
    """Run what is live, move a slider of every widget, type a sentence, train and stop."""
    lab = open_lab(live_part(CHAPTER, also=['title="Next word"']))
    lab.run_all(seconds=240)
    assert lab.cell_errors() == []

    numbers, names = lab.cells_with("widgets.explore_future(")
    (layers,) = lab.cells_with("widgets.explore_layer_time(")
    (depth,) = lab.cells_with("widgets.explore_depth_and_width(")
    for index in (numbers, names, layers):
        before, after = lab.move_slider(index)
        assert after != before

    field = lab.output(numbers).locator('input[type="text"]').first
    field.fill("The elephant")
    lab.until(
        lambda: lab.output(numbers).get_by_text("words holds 'elephant'").count() == 1,
        what="a line that names the word",
    )
    field.fill("The deer that ran were tired.")
    lab.until(
        lambda: "the deer that ran were tired ." in lab.picture_state(numbers)[1],
        what="a reading of the typed words",
    )

    before, after = lab.move_slider(depth)
    assert "after 0 updates" in after
    output = lab.output(depth)
    output.get_by_role("button", name="Start").click()
    lab.until(
        lambda: "after 0 updates" not in lab.picture_state(depth)[1], what="the first updates"
    )
    output.get_by_role("button", name="Stop").click()
    lab.until(
        lambda: output.get_by_role("button", name="Stop").is_disabled(), what="training to stop"
    )

    (training,) = lab.cells_with('title="Next word"')
    lab.stop_training(training)
    assert lab.cell_errors() == []
    assert lab.errors == []
