"""Drawings of chapter 11: what they show is what they were given."""

import numpy as np
import pytest

from utils.plots import (
    draw_coverage,
    draw_errors_by_lead,
    draw_forecast,
    draw_forecasts,
    draw_leak,
    draw_series,
    new_figure,
)

X = 1990 + np.arange(20) / 12


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_series_shows_its_parts_and_its_gaps():
    y = np.arange(20.0)
    y[[3, 7]] = np.nan
    _, ax = new_figure()
    draw_series(ax, X, y, {"train": slice(0, 12), "test": slice(12, 20)}, ylabel="ppm")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), y)
    assert texts(ax) == ["train", "test"]
    (gaps,) = [line for line in ax.lines if line.get_label() == "no value"]
    np.testing.assert_array_equal(gaps.get_xdata(), X[[3, 7]])
    _, ax = new_figure()
    draw_series(ax, X, np.arange(20.0))
    assert len(ax.lines) == 1
    with pytest.raises(ValueError, match=r"x has shape \(3,\); expected \(20,\)"):
        draw_series(ax, X[:3], y)
    with pytest.raises(ValueError, match="parts holds 4 slices"):
        draw_series(ax, X, y, {name: slice(0, 5) for name in "abcd"})


def test_forecasts_begin_where_the_past_ends():
    y = np.arange(20.0)
    _, ax = new_figure()
    draw_forecasts(ax, X, y, 12, {"one": np.ones(8), "two": np.zeros(5)})
    past, came, one, two, origin = ax.lines
    np.testing.assert_array_equal(past.get_ydata(), y[:12])
    np.testing.assert_array_equal(came.get_ydata(), y[12:])
    np.testing.assert_array_equal(one.get_xdata(), X[12:])
    np.testing.assert_array_equal(two.get_xdata(), X[12:17])
    assert X[11] < origin.get_xdata()[0] < X[12]
    assert one.get_linestyle() != two.get_linestyle()
    with pytest.raises(ValueError, match="curves holds 7 lines"):
        draw_forecasts(ax, X, y, 12, {name: np.ones(8) for name in "abcdefg"})


def test_errors_by_lead_count_leads_from_one():
    _, ax = new_figure()
    draw_errors_by_lead(ax, {"one": [1.0, 2.0, 3.0], "two": [2.0, 2.0]}, ylabel="MAE, ppm")
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 3])
    assert ax.get_xlim() == (1, 3)
    assert ax.get_ylim()[0] == 0
    _, ax = new_figure()
    draw_coverage(ax, {"one": [0.7, 0.8]}, 0.9)
    assert ax.lines[1].get_ydata()[0] == 0.9
    assert texts(ax) == ["promised: 90%"]


def test_forecast_moves_with_and_without_a_band():
    figure, ax = new_figure()
    y = np.arange(20.0)
    picture = draw_forecast(ax, X, y, ylabel="ppm", level=0.9)
    known = (X[:12], y[:12])
    picture.move(known, X[12:15], [1, 2, 3], ([0, 1, 2], [2, 3, 4]), "a note")
    np.testing.assert_array_equal(picture.forecast.get_ydata(), [1, 2, 3])
    corners = picture.band.get_xy()[:6]
    np.testing.assert_array_equal(corners[:, 1], [2, 3, 4, 2, 1, 0])
    np.testing.assert_array_equal(corners[:3, 0], X[12:15])
    assert picture.origin.get_xdata()[0] == X[11]
    assert picture.note.get_text() == "a note"
    picture.move(known, X[12:13], [5.0], ([4.0], [6.0]))  # one step ahead: still to be seen
    assert picture.forecast.get_marker() == "o"
    np.testing.assert_array_equal(np.unique(picture.band.get_xy()[:, 1]), [4, 6])
    assert np.ptp(picture.band.get_xy()[:, 0]) > 0
    picture.move(known, X[12:14], [5.0, 6.0], None)
    assert not picture.band.get_visible()
    picture.limits(0, 30)
    assert ax.get_ylim() == (0, 30)
    figure.draw_without_rendering()


def test_leak_tells_what_was_seen():
    figure, axes = new_figure(1, 2, size=(11, 4.2))
    y = np.arange(20.0)
    picture = draw_leak(axes, X, y, X[15], 12, "spots")
    seen = np.array([True, False, True])
    trained = [(X[0], X[4]), (X[6], X[9])]
    picture.move((X[7:10], y[7:10]), X[10:13], y[10:13], [1, 2, 3], seen, trained, (2.5, 9), "note")
    np.testing.assert_array_equal(picture.seen.get_xdata(), X[[10, 12]])
    np.testing.assert_array_equal(picture.unseen.get_xdata(), X[[11]])
    np.testing.assert_array_equal(picture.forecast.get_ydata(), [1, 2, 3])
    assert [bar.get_width() for bar in picture.bars] == [2.5, 9]
    assert [number.get_text() for number in picture.numbers] == [" 2.5", " 9.0"]
    assert list(picture.trained[1].get_xdata()) == [X[6], X[9]]
    assert np.isnan(picture.trained[2].get_xdata()).all()
    figure.draw_without_rendering()
