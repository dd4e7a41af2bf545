"""Looks of series: a cell is known by its look, names and numbers are written as in the text."""

from typing import NamedTuple

import numpy as np
import pytest

from utils.plots import draw_gains, draw_interval_curves, draw_interval_rows, new_figure
from utils.plots.series import CELL_LOOK, series_looks, written_name, written_number
from utils.plots.style import ROLE


class Curve(NamedTuple):
    x: np.ndarray
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("rnn, uniform", "RNN, uniform"),
        ("lstm with the parameters of the rnn", "LSTM with the parameters of the RNN"),
        ("leaky relu", "leaky ReLU"),
        ("own weights, sgd", "own weights, SGD"),
        ("tanh x4, 10 words", "tanh × 4, 10 words"),
        ("forget bias 1, output bias -5", "forget bias 1, output bias −5"),
        ("co2, lead 1: stacked − naive", "CO₂, lead 1: stacked − naive"),
        ("el_nino", "El Niño"),
        ("5-gram, x, grumpy", "5-gram, x, grumpy"),
    ],
)
def test_names_are_written_as_in_the_text(stored, written):
    assert written_name(stored) == written
    assert written_name(written) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.9, "0.9"),
        (0.00514, "0.0051"),
        (69.3, "69"),
        (70064.9, "70,000"),
        (-0.5, "−0.5"),
        (7.37e-8, "7.4 × 10⁻⁸"),
        (-2.5e12, "−2.5 × 10¹²"),
        (9.99e-5, "0.0001"),
    ],
)
def test_numbers_have_few_digits_and_real_powers(value, written):
    assert written_number(value) == written


def test_a_cell_has_its_look_wherever_it_is_named():
    names = ["rnn", "gru, bias 1", "LSTM, total"]
    for look, cell in zip(series_looks(names), ("RNN", "GRU", "LSTM"), strict=True):
        assert look == CELL_LOOK[cell]
    alone, second = series_looks(["rnn, uniform", "rnn, normal"])
    assert alone["color"] == second["color"]
    assert alone["linestyle"] != second["linestyle"]
    assert second["markerfacecolor"] == "white"
    rnn, *biases = series_looks(["rnn", "lstm, bias 0", "lstm, bias 1", "lstm, bias 2"])
    assert rnn == CELL_LOOK["RNN"]
    assert len({look["color"] for look in (rnn, *biases)}) == 4
    assert len({str(look["linestyle"]) for look in biases}) == 3


def test_the_direct_path_looks_like_the_gate_that_it_runs_through():
    direct, total, other = series_looks(["LSTM, direct", "LSTM, total", "overwriting, total"])
    (line,) = series_looks(["GRU, ∏ z alone"])
    assert direct["color"] == line["color"] == ROLE["forget_gate"]["color"]
    assert total == CELL_LOOK["LSTM"]
    dashes = {str(look["linestyle"]) for look in (direct, total, other)}
    assert len(dashes) == 3  # told apart without colour too


def test_any_six_names_have_six_looks_and_seven_have_none():
    for names in (list("abcdef"), ["rnn", "gru", "lstm", *"abc"], ["a", "rnn", "rnn, x", "b"]):
        looks = series_looks(names)
        seen = {(look["color"], str(look["linestyle"]), look["marker"]) for look in looks}
        assert len(seen) == len(names)
    with pytest.raises(ValueError, match="7 series; expected at most 6"):
        series_looks("abcdefg")


def test_legends_stand_where_they_are_asked_for():
    x, y = np.array([1.0, 2.0]), np.array([0.5, 0.7])
    curves = {"rnn": Curve(x, y, y, y), "own weights": Curve(x, y, y, y)}
    fig, (left, right) = new_figure(1, 2)
    draw_interval_curves(left, curves, legend="below")
    draw_interval_rows(
        right, ["p", "q"], {"rnn": (y, y, y), "x": (y, y, y)}, xlabel="", legend=False
    )
    draw_interval_curves(right, curves, legend="below")
    (below,) = fig.legends  # one for both panels, and each name once
    assert [text.get_text() for text in below.get_texts()] == ["RNN", "own weights", "x"]
    assert left.get_legend() is right.get_legend() is None
    fig.canvas.draw()
    with pytest.raises(ValueError, match="legend is 'above'; expected True, False"):
        draw_interval_curves(left, curves, legend="above")
    fig, ax = new_figure()
    draw_gains(ax, {"a": y, "b": y}, beside=True)
    fig.canvas.draw()
    names = ax.get_legend().get_window_extent()
    assert names.x0 >= ax.get_window_extent().x1


def test_few_decades_are_numbered_in_full():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([60.0, 200.0, 450.0])
    fig, ax = new_figure()
    draw_interval_curves(ax, {"a": Curve(x, y, y, y)}, logarithmic=True)
    fig.canvas.draw()
    shown = {text.get_text() for text in ax.get_yticklabels()}
    assert {"100", "200"} <= shown
    assert not any("times" in text for text in shown)
