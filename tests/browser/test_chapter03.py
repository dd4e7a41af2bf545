"""Chapter 03 in JupyterLab: its widgets, and what they need."""

from pathlib import Path

import pytest

from .parts import live_part

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "03_rnn_backward.ipynb"


@pytest.mark.slow
def test_chapter_03_runs_and_moves(open_lab):
    """Run what is live, move both figures by keyboard, and find no error anywhere."""
    lab = open_lab(live_part(CHAPTER))
    lab.run_all(seconds=180)
    assert lab.cell_errors() == []

    figures = lab.cells_with("widgets.explore_")
    assert len(figures) == 2  # the error on its way back, the gradient check
    for index in figures:
        before, after = lab.move_slider(index, "ArrowLeft")
        assert after != before

    console = figures[-1]
    lab.output(console).locator("select").first.select_option(
        label="bias not summed over the batch"
    )
    lab.until(
        lambda: "not equal: b_h." in lab.picture_state(console)[1],
        what="the finding about the bias",
    )
    assert lab.cell_errors() == []
    assert lab.errors == []
