"""Drawings of chapter 09: what they show is what they were given."""

import numpy as np
import pytest

from utils.plots import (
    draw_beliefs,
    draw_depth_race,
    draw_layer_time,
    draw_look_ahead,
    draw_two_readers,
    new_figure,
)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_two_readers_have_two_states_and_an_output_for_each_word():
    _, ax = new_figure()
    draw_two_readers(ax, ("a", "b", "c"))
    assert len(ax.texts) == 3 * 4
    assert {"a", "b", "c"} <= set(texts(ax))
    assert len(ax.patches) == 3 * 4 + 3 * 2 + 2 * 2 + 3 * 2  # boxes; arrows in, across, out
    _, ax = new_figure()
    draw_two_readers(ax, ("a", "b", "c"), wrong=True)
    assert {"out[-1]", "read everything"} <= set(texts(ax))
    with pytest.raises(ValueError, match="words holds 1"):
        draw_two_readers(ax, ("a",))


def test_beliefs_show_probabilities_and_the_words_read():
    figure, ax = new_figure()
    picture = draw_beliefs(ax, ("no", "yes"), room=10)
    beliefs = np.array([[1, 0], [0.3, 0.7], [0.5, 0.5]])
    picture.move(("a", "b", "c"), beliefs, "heading", at=1, ahead=1)
    np.testing.assert_array_equal(picture.image.get_array(), beliefs.T)
    assert [t.get_text() for t in picture.words][:4] == ["a", "b", "c", ""]
    assert [t.get_weight() for t in picture.words][:3] == ["normal", "bold", "normal"]
    assert [t.get_text() for t in picture.numbers[1]][:3] == ["", ".70", ".50"]
    assert picture.window.get_visible()
    assert picture.window.get_width() == pytest.approx(3 / 8)  # three words of eight
    picture.move(("a",), beliefs[:1])
    assert not picture.window.get_visible()
    assert picture.words[1].get_text() == ""
    with pytest.raises(ValueError, match="words holds 11 words; there is room for 10"):
        picture.move(tuple("abcdefghijk"), np.ones((11, 2)))
    figure.draw_without_rendering()


def test_look_ahead_has_one_look_for_each_line():
    _, ax = new_figure()
    draw_look_ahead(ax, {"one": [0.5, 1.0], "two": [0.2, 0.3]}, chance=0.5)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.5, 1.0])
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    assert len(ax.lines) == 3
    with pytest.raises(ValueError, match="curves holds 4 lines"):
        draw_look_ahead(ax, {name: [0, 1] for name in "abcd"})


def test_layers_by_time_show_numbers_and_leave_gaps_white():
    figure, ax = new_figure()
    picture = draw_layer_time(ax, most=3, room=5)
    values = np.array([[-1.0, -2.04], [np.nan, -0.01]])
    picture.move(values, ("layer 1", "layer 2"), ("a", "b"), "heading")
    np.testing.assert_array_equal(picture.image.get_array(), values)
    shown = [[text.get_text() for text in row[:2]] for row in picture.numbers[:2]]
    assert shown == [["−1.0", "−2.0"], ["", "0.0"]]
    assert [t.get_text() for t in picture.rows] == ["layer 1", "layer 2", ""]
    assert picture.rows[0].get_position()[1] < picture.rows[1].get_position()[1]
    crowded = draw_layer_time(ax, most=12, room=12)
    crowded.move(np.ones((12, 12)), tuple("abcdefghijkl"), tuple("abcdefghijkl"))
    assert not any(text.get_text() for row in crowded.numbers for text in row)
    picture.limits(0, 1)
    assert picture.image.get_clim() == (0, 1)
    with pytest.raises(ValueError, match="room for"):
        picture.move(np.ones((4, 2)), tuple("abcd"), ("a", "b"))
    figure.draw_without_rendering()


def test_depth_race_draws_networks_as_wide_as_they_are():
    _, axes = new_figure(1, 2)
    picture = draw_depth_race(axes, (1, 2, 4), n_steps=50)
    assert [len(boxes) for boxes in picture.boxes.values()] == [1, 2, 4]
    curves = {1: [1.0, 0.5], 2: [1.0], 4: [0.0]}
    picture.move(curves, {1: 20, 2: 10, 4: 5}, {1: "a", 2: "b", 4: "c"})
    widths = [boxes[0].get_width() for boxes in picture.boxes.values()]
    np.testing.assert_allclose(widths, [0.84, 0.42, 0.21])
    np.testing.assert_array_equal(picture.lines[1].get_xydata(), [[1, 1.0], [2, 0.5]])
    assert picture.lines[4].get_ydata()[0] == 1e-4  # a logarithmic axis has no zero
    assert [note.get_text() for note in picture.notes.values()] == ["a", "b", "c"]
    with pytest.raises(ValueError, match="depths holds 5 networks"):
        draw_depth_race(axes, (1, 2, 3, 4, 5), 10)
