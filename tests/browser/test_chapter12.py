"""Chapter 12 from the first cell to the last in JupyterLab, as a reader goes through it."""

from pathlib import Path

import pytest

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "12_open_your_model.ipynb"


@pytest.mark.slow
def test_chapter_12_runs_and_its_lens_moves(open_lab):
    """Run all cells, go through units and sentences by keyboard, and read the ledger."""
    lab = open_lab(CHAPTER.read_text(encoding="utf-8"))
    lab.run_all(seconds=240)
    assert lab.cell_errors() == []

    (index,) = lab.cells_with("lens.explore(")
    sliders = lab.output(index).locator('[role="slider"]')
    for control in range(sliders.count()):
        before, after = lab.move_slider(index, control=control)
        assert after != before

    (table,) = lab.cells_with("ledger.as_markdown(")
    rows = lab.output(table).locator("table tbody tr")
    assert rows.count() == 25
    details = lab.output(table).locator("details").first
    details.locator("summary").click()
    assert details.get_by_text("Budget:").is_visible()
    assert lab.errors == []
