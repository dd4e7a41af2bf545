"""Chapter 02 from the first cell to the last in JupyterLab, as a reader goes through it."""

import re
from pathlib import Path

import pytest

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "02_rnn_forward.ipynb"


def n_steps(lab, index):
    """Give the number of steps that a cell asks of train_live."""
    return int(re.search(r"train_live\(.*?,\s*(\d+)\s*,\s*title", lab.source(index))[1])


@pytest.mark.slow
def test_chapter_02_runs_moves_and_stops(open_lab):
    """Run all cells, move a slider by keyboard, stop a training, and find no error anywhere."""
    lab = open_lab(CHAPTER.read_text(encoding="utf-8"))
    lab.run_all(seconds=180)
    assert lab.cell_errors() == []

    figures = lab.cells_with("explore_")
    assert len(figures) >= 3  # the unrolled graph, the hidden states, the task shapes
    moved = 0
    for index in figures:
        if lab.output(index).locator('[role="slider"]').count():
            lab.move_slider(index)
            moved += 1
        else:
            assert lab.picture_state(index)[1]
    assert moved >= 2

    training = max(lab.cells_with("await train_live("), key=lambda i: n_steps(lab, i))
    lab.stop_training(training)
    assert lab.cell_errors() == []
    assert lab.errors == []
