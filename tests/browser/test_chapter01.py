"""Chapter 01 in JupyterLab: a boundary that grows on a press of Start and stops on Stop."""

from pathlib import Path

import pytest

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "01_backprop_recap.ipynb"


@pytest.mark.slow
def test_chapter_01_runs_steps_and_trains(open_lab):
    """Run all cells, step through the graph by keyboard, train the boundary and stop it."""
    page = {"viewport": {"width": 1280, "height": 1100}}
    lab = open_lab(CHAPTER.read_text(encoding="utf-8"), **page)
    lab.run_all(seconds=180)
    assert lab.cell_errors() == []

    (graph,) = lab.cells_with("explore_backward_pass")
    before, alt = lab.picture_state(graph)
    assert alt.startswith("Step 12")
    lab.press(graph, "ArrowRight")
    lab.until(lambda: "Step 13" in lab.picture(graph).get_attribute("alt"), what="step 13")
    assert lab.picture_state(graph)[0] != before

    (boundary,) = lab.cells_with("explore_decision_boundary")
    assert "After 150 updates" in lab.picture(boundary).get_attribute("alt")
    lab.output(boundary).get_by_role("button", name="Continue").click()
    lab.until(
        lambda: "After 150 updates" not in lab.picture(boundary).get_attribute("alt"),
        what="a boundary that grows",
    )
    lab.output(boundary).get_by_role("button", name="Stop").click()
    status = lab.output(boundary).get_by_text("Stopped after")
    status.wait_for(state="visible")
    lab.output(boundary).get_by_role("button", name="Reset").click()
    lab.until(
        lambda: "After 0 updates" in lab.picture(boundary).get_attribute("alt"),
        what="a boundary that starts anew",
    )
    assert lab.cell_errors() == []
    assert lab.errors == []
