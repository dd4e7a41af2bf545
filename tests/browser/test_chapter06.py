"""Chapter 06 in JupyterLab: its widgets, and what they need."""

from pathlib import Path

import pytest

from .parts import live_part

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "06_lstm.ipynb"


@pytest.mark.slow
def test_chapter_06_runs_and_its_widgets_move(open_lab):
    """Run what is live, move the first slider of every widget by keyboard, and find no error."""
    lab = open_lab(live_part(CHAPTER))
    lab.run_all(seconds=240)
    assert lab.cell_errors() == []

    figures = lab.cells_with("widgets.explore_")
    assert len(figures) == 4  # memory cell, parameters, gates, half-life
    for index in figures:
        before, after = lab.move_slider(index)
        assert after != before

    driven = lab.cells_with("explore_memory_cell")[0]
    _, alt = lab.picture_state(driven)
    lab.output(driven).get_by_role("button", name="Make the step").click()
    lab.until(
        lambda: lab.picture_state(driven)[1] != alt, what="the step in the text of the picture"
    )
    assert lab.cell_errors() == []
    assert lab.errors == []
