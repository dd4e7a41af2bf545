"""Chapter 04 from the first cell to the last in JupyterLab, as a reader goes through it."""

from pathlib import Path

import pytest

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "04_language_model.ipynb"


@pytest.mark.slow
def test_chapter_04_runs_moves_writes_and_stops(open_lab):
    """Run all cells, move sliders by keyboard, stop the long training, and find no error."""
    # A few seconds of training are enough to see everything work.
    lab = open_lab(CHAPTER.read_text(encoding="utf-8").replace("seconds = 24", "seconds = 3"))
    lab.run_all(seconds=180)
    assert lab.cell_errors() == []

    for name in ("explore_truncation", "explore_training", "explore_sampling"):
        (index,) = lab.cells_with(f"widgets.{name}(")
        if name == "explore_training":  # assigned there, shown at the end of the cell
            assert "widgets.explore_training" in lab.source(index)
        before, after = lab.move_slider(index)
        assert after != before

    (sampler,) = lab.cells_with("widgets.explore_sampling(")
    field = lab.output(sampler).locator('input[type="text"]').first
    field.fill("π")
    lab.until(
        lambda: lab.output(sampler).get_by_text("text holds 'π'").count() == 1,
        what="a line that names the character",
    )
    field.fill("class ")
    lab.until(lambda: "class " in lab.picture_state(sampler)[1], what="a text after 'class '")
    lab.until(
        lambda: lab.output(sampler).get_by_text("text holds 'π'").count() == 0,
        what="the line to go",
    )

    lab.evaluate("n_updates = 100_000")  # longer than anybody waits
    (training,) = lab.cells_with('title="Character model"')
    lab.stop_training(training)
    assert lab.cell_errors() == []
    assert lab.errors == []
