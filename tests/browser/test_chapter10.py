"""Chapter 10 in JupyterLab: its widgets, and what they need."""

from pathlib import Path

import pytest

from .parts import live_part

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "10_sequence_tasks.ipynb"


@pytest.mark.slow
def test_chapter_10_runs_moves_plays_and_stops(open_lab):
    """Move a slider of every widget, play a melody, type a date, train and stop."""
    lab = open_lab(live_part(CHAPTER, also=['title="Two taggers"']))
    lab.run_all(seconds=240)
    assert lab.cell_errors() == []

    for name in ("explore_packing", "explore_composer", "explore_beam_search"):
        (index,) = lab.cells_with(f"widgets.{name}(")
        before, after = lab.move_slider(index)
        assert after != before

    (melody,) = lab.cells_with("widgets.explore_composer(")
    output = lab.output(melody)
    sound = output.locator("audio")
    assert sound.count() == 0  # silent until asked
    output.get_by_role("button", name="Listen").click()
    lab.until(lambda: sound.count() == 1, what="a player")
    lab.until(
        lambda: sound.evaluate("(a) => a.readyState >= 2 && a.duration > 1"), what="its sound"
    )
    assert sound.evaluate("(a) => a.src.startsWith('data:audio/wav')")
    assert "the network writes" in sound.get_attribute("aria-label")
    lab.move_slider(melody, control=1)
    lab.until(lambda: sound.count() == 0, what="silence after another melody is shown")

    (beam,) = lab.cells_with("widgets.explore_beam_search(")
    field = lab.output(beam).locator('input[type="text"]').first
    field.fill("2021年9月3日")
    lab.until(
        lambda: "reads “2021年9月3日”" in lab.picture_state(beam)[1],
        what="a beam over the typed date",
    )

    (training,) = lab.cells_with('title="Two taggers"')
    lab.stop_training(training)
    assert lab.cell_errors() == []
    assert lab.errors == []
