"""Chapter 05 in JupyterLab: its widgets, and what they need."""

from pathlib import Path

import pytest

from .parts import live_part

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "05_vanishing_exploding.ipynb"


@pytest.mark.slow
def test_chapter_05_runs_and_its_widgets_move(open_lab):
    """Run what is live, move the first slider of every widget by keyboard, and find no error."""
    lab = open_lab(live_part(CHAPTER))
    lab.run_all(seconds=240)
    assert lab.cell_errors() == []

    figures = lab.cells_with("widgets.explore_")
    assert len(figures) == 4  # chain, agreement, spectral radius, cliff
    for index in figures:
        control = -1 if "explore_cliff" in lab.source(index) else 0
        before, after = lab.move_slider(index, control=control)
        assert after != before
    assert lab.cell_errors() == []
    assert lab.errors == []
