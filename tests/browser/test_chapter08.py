"""Chapter 08 in JupyterLab: its widgets, and what they need."""

from pathlib import Path

import pytest

from .parts import live_part

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "08_gru.ipynb"


@pytest.mark.slow
def test_chapter_08_runs_moves_trains_and_stops(open_lab):
    """Run what is live, move a slider of every widget, type a sentence, train and stop."""
    lab = open_lab(live_part(CHAPTER))
    lab.run_all(seconds=240)
    assert lab.cell_errors() == []

    for name in ("explore_gru_gates", "explore_three_cells", "explore_equal_parameters"):
        (index,) = lab.cells_with(f"widgets.{name}(")
        before, after = lab.move_slider(index)
        assert after != before

    (reading,) = lab.cells_with("widgets.explore_three_cells(")
    field = lab.output(reading).locator('input[type="text"]').first
    field.fill("The elephant")
    lab.until(
        lambda: lab.output(reading).get_by_text("words holds 'elephant'").count() == 1,
        what="a line that names the word",
    )
    field.fill("The dog, which saw the cats,")
    lab.until(
        lambda: "the dog , which saw the cats ," in lab.picture_state(reading)[1],
        what="a reading of the typed words",
    )

    (race,) = lab.cells_with("widgets.explore_equal_parameters(")
    output = lab.output(race)
    lab.until(lambda: "after 0 updates each" in lab.picture_state(race)[1], what="a new start")
    output.get_by_role("button", name="Start").click()
    lab.until(
        lambda: "after 0 updates each" not in lab.picture_state(race)[1], what="the first updates"
    )
    output.get_by_role("button", name="Stop").click()
    lab.until(
        lambda: output.get_by_role("button", name="Stop").is_disabled(), what="training to stop"
    )
    assert lab.cell_errors() == []
    assert lab.errors == []
