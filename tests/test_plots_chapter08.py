"""Drawings of chapter 08: they show the numbers that they are given."""

import numpy as np
import pytest

from utils.gru_paths import run_gru_unit
from utils.plots import (
    draw_cell_race,
    draw_gru_cell,
    draw_gru_unit,
    draw_sentence_reading,
    new_figure,
)


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("reset_after", [True, False])
def test_cell_has_the_reset_gate_where_it_is(reset_after):
    fig, ax = new_figure()
    draw_gru_cell(ax, reset_after, "a cell")
    place = {text.get_text(): text.get_position()[0] for text in ax.texts}
    product, reset = place["$W_{hn}$"], place["σ  r"]
    assert (product < reset) == reset_after
    assert {"$h_{t-1}$", "$h_t$", "1 − z", "tanh  n"} <= set(texts(ax))
    assert ax.get_title(loc="left") == "a cell"
    fig.canvas.draw()


def test_unit_shows_its_run():
    xs = np.array([0.0, 1.0, 0.0, 0.0])
    reset, update = np.full(4, 0.2), np.array([0.9, 0.1, 0.9, 0.9])
    run = run_gru_unit(xs, reset, update)
    fig, axes = new_figure(1, 3)
    picture = draw_gru_unit(axes, xs, first=1)
    picture.move(run.hs, run.candidates, reset, update, run.left(1, "kept"), [1.0, 0.1, 0.0])
    np.testing.assert_array_equal(picture.state.get_ydata(), run.hs)
    np.testing.assert_array_equal(picture.update.get_ydata(), update)
    np.testing.assert_allclose(picture.kept.get_ydata(), np.log10([1, 0.9, 0.81]))
    total = picture.total.get_ydata()
    np.testing.assert_allclose(total[:2], [0, -1])
    assert np.isfinite(total[2])
    assert total[2] < axes[2].get_ylim()[0]  # nothing is left: below the picture
    assert "x = +1" in texts(axes[0])
    assert len(picture.moving) == 6
    fig.canvas.draw()


def test_reading_shows_words_chances_and_values():
    fig, axes = new_figure(2, 1)
    picture = draw_sentence_reading(axes, ("RNN", "GRU"), room=5)
    values = np.arange(6.0).reshape(3, 2) / 6
    chances = {"RNN": [0.5, 0.4, 0.3], "GRU": [0.5, 0.6, 0.9]}
    picture.move(["the", "cats", "were"], chances, values, "GRU: state")
    shown = np.asarray(picture.image.get_array().filled(np.nan))
    assert shown.shape == (2, 5)
    assert [text.get_text() for text in picture.numbers][:2] == ["0", ""]
    np.testing.assert_array_equal(shown[:, :3], values.T)
    assert np.isnan(shown[:, 3:]).all()
    np.testing.assert_array_equal(picture.lines["GRU"].get_ydata(), chances["GRU"])
    assert [text.get_text() for text in picture.words] == ["the", "cats", "were", "", ""]
    assert picture.heading.get_text() == "GRU: state"
    picture.move(["the"], {"RNN": [0.5], "GRU": [0.5]}, np.zeros((1, 77)), "RNN: state")
    rows = [int(text.get_text()) for text in picture.numbers if text.get_text()]
    assert rows == list(range(0, 77, 10))
    assert picture.numbers[1].get_position()[1] == pytest.approx(10.5 / 77)
    fig.canvas.draw()
    with pytest.raises(ValueError, match="words holds 6 words; there is room for 5"):
        picture.move(["a"] * 6, chances, values, "")


def test_race_shows_curves_and_table():
    fig, axes = new_figure(1, 2)
    picture = draw_cell_race(axes, ("RNN", "LSTM"))
    curves = {"RNN": ([1, 2], [0.5, 0.6]), "LSTM": ([1, 2], [0.5, 0.9])}
    rows = {"RNN": ("8", "100", "1.0", "60%"), "LSTM": ("4", "99", "2.0", "90%")}
    picture.move(curves, rows, "updates", 50.0)
    np.testing.assert_array_equal(picture.lines["LSTM"].get_ydata(), [0.5, 0.9])
    assert axes[0].get_xlim() == (0, 50)
    assert axes[0].get_xlabel() == "updates"
    assert {"8", "100", "60%", "99", "90%", "units H"} <= set(texts(axes[1]))
    looks = {(line.get_color(), str(line.get_linestyle())) for line in picture.lines.values()}
    assert len(looks) == 2
    fig.canvas.draw()
