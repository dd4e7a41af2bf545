"""Drawings of chapter 07: they show the numbers that they are given."""

import numpy as np
import pytest

from utils.lstm_design import equations
from utils.plots import draw_built_cell, draw_equations, draw_results, new_figure
from utils.plots.style import ROLE
from utils.plots.variant_results import CellResult


def test_equations_are_written_in_the_colours_of_their_roles():
    fig, ax = new_figure()
    picture = draw_equations(ax, equations("overwriting"), note="a note")
    texts = [line.get_text() for line in picture.lines]
    assert texts[1].startswith("$f_t = 0$")
    assert [("changed" in text) for text in texts] == [False, True, False, False, True, False]
    assert picture.lines[0].get_color() == ROLE["input_gate"]["color"]
    assert picture.note.get_text() == "a note"
    picture.move(equations("lstm"))
    assert not any("changed" in line.get_text() for line in picture.lines)
    assert picture.note.get_text() == ""
    fig.canvas.draw()
    with pytest.raises(ValueError, match="equations holds 7 lines"):
        picture.move([*equations("lstm"), equations("lstm")[0]])


def test_equations_of_every_choice_can_be_typeset():
    fig, ax = new_figure()
    picture = draw_equations(ax, equations("lstm"))
    for name in ("no cell line", "coupled gates", "output path sigmoid(c)", "linear candidate"):
        picture.move(equations(name))
        fig.canvas.draw()


def test_built_cell_shows_losses_shares_and_budget():
    fig, axes = new_figure(1, 3, size=(12, 4))
    picture = draw_built_cell(axes, equations("no cell line"), 600)
    losses = {"own": np.full(40, 0.5), "standard": np.full(40, 1e9)}
    shares = {"own": ([20, 40], [0.2, 0.4]), "standard": ([20, 40], [0.5, 1.0])}
    picture.move(losses, shares, 300)
    np.testing.assert_allclose(picture.losses["own"].get_ydata(), 0.5)
    np.testing.assert_array_equal(picture.losses["own"].get_xdata(), np.arange(1, 41))
    assert picture.losses["standard"].get_ydata().max() < 100  # off the scale, and still drawn
    np.testing.assert_array_equal(picture.shares["own"].get_ydata(), [0.2, 0.4])
    assert picture.notes["own"].get_text() == "your cell: 40% right"
    assert picture.notes["standard"].get_text() == "standard LSTM: 100% right"
    assert all(list(line.get_xdata()) == [300, 300] for line in picture.budget)
    picture.move({"own": [], "standard": []}, {"own": ([], []), "standard": ([], [])}, 600)
    assert picture.notes["own"].get_text() == "your cell: not tested yet"
    assert len(picture.losses["own"].get_xdata()) == 0
    fig.canvas.draw()


RESULTS = {
    "a": CellResult(np.array([0.1, 0.3]), 0.2, 0.05, 0.4),
    "b": CellResult(np.array([0.9, 1.0, 0.8]), 0.9, 0.7, 1.0),
}


def test_results_show_points_estimates_and_ends():
    fig, ax = new_figure()
    picture = draw_results(ax, ["a", "b"], RESULTS)
    x = np.sort(picture.points.get_offsets()[:, 0])
    np.testing.assert_allclose(x, [0.1, 0.3, 0.8, 0.9, 1.0])
    assert [list(bar.get_xdata()) for bar in picture.bars] == [[0.05, 0.4], [0.7, 1.0]]
    np.testing.assert_allclose(picture.chosen.get_xdata(), [0.2, 0.9])
    np.testing.assert_allclose(picture.chosen.get_ydata(), [0, 1])
    assert len(picture.markers.get_xdata()) == 0
    rows = np.round(picture.points.get_offsets()[:, 1])
    np.testing.assert_array_equal(rows, [0, 0, 1, 1, 1])
    fig.canvas.draw()


def test_highlighted_cells_stand_out_by_more_than_colour():
    fig, ax = new_figure()
    picture = draw_results(ax, ["a", "b"], RESULTS, highlighted=["b"])
    assert [name.get_fontweight() for name in picture.names] == ["normal", "bold"]
    np.testing.assert_allclose(picture.chosen.get_xdata(), [0.9])
    np.testing.assert_allclose(picture.markers.get_xdata(), [0.2])
    assert picture.chosen.get_marker() != picture.markers.get_marker()
    fig.canvas.draw()


def test_a_cell_without_results_has_an_empty_row():
    fig, ax = new_figure()
    picture = draw_results(ax, ["a", "b", "c"], RESULTS)
    assert list(picture.bars[2].get_xdata()) == []
    picture.move({})
    assert len(picture.points.get_offsets()) == 0
    assert all(len(bar.get_xdata()) == 0 for bar in picture.bars)
    fig.canvas.draw()
