"""Chapter 11 from the first cell to the last in JupyterLab, as a reader goes through it."""

from pathlib import Path

import pytest

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "11_forecasting.ipynb"


@pytest.mark.slow
def test_chapter_11_runs_moves_and_stops(open_lab):
    """Run all cells, move a slider of every widget, choose another leak, and stop a training."""
    lab = open_lab(CHAPTER.read_text(encoding="utf-8"))
    lab.run_all(seconds=240)
    assert lab.cell_errors() == []

    for name in ("explore_forecast", "explore_leak"):
        (index,) = lab.cells_with(f"widgets.{name}(")
        before, after = lab.move_slider(index)
        assert after != before

    (leak,) = lab.cells_with("widgets.explore_leak(")
    lab.output(leak).get_by_role("button", name="none").click()
    lab.until(
        lambda: lab.picture_state(leak)[1].startswith("Leak: none."), what="another leak's windows"
    )

    (stack,) = lab.cells_with('title="The stack of the articles, on levels"')
    lab.stop_training(stack)
    assert lab.cell_errors() == []
    assert lab.errors == []
