"""Drawings of chapter 06: they show the numbers that they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from utils.memory import drive_memory, half_life
from utils.parameter_counts import count_network
from utils.plots import (
    ROLE,
    count_lines,
    draw_cell_outside,
    draw_counts,
    draw_gates_over_words,
    draw_half_life,
    draw_lstm_cell,
    draw_memory,
    new_figure,
)
from utils.plots.lstm_cell import CELL_PARTS, PALE
from utils.plots.memory import GATE_NAMES


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_outside_shows_the_line_of_the_lstm_alone():
    _, axes = new_figure(1, 2)
    draw_cell_outside(axes[0], "RNN")
    draw_cell_outside(axes[1], "LSTM")
    rnn, lstm = ("".join(texts(ax)) for ax in axes)
    assert "c_t" not in rnn
    assert "c_t" in lstm
    assert "c_{t-1}" in lstm
    assert len(axes[1].patches) == len(axes[0].patches) + 2
    with pytest.raises(ValueError, match="cell is 'GRU'"):
        draw_cell_outside(axes[0], "GRU")


def test_cell_has_four_boxes_and_five_circles():
    fig, ax = new_figure()
    draw_lstm_cell(ax)
    kinds = [type(patch).__name__ for patch in ax.patches]
    assert (kinds.count("FancyBboxPatch"), kinds.count("Circle")) == (4, 5)
    assert PALE not in {to_hex(patch.get_edgecolor()) for patch in ax.patches}
    fig.canvas.draw()


@pytest.mark.parametrize("part", CELL_PARTS)
def test_part_in_focus_has_its_colour_and_others_are_pale(part):
    _, ax = new_figure()
    draw_lstm_cell(ax, part)
    boxes = [p for p in ax.patches if type(p).__name__ == "FancyBboxPatch"]
    colors = dict(zip("figo", (to_hex(box.get_edgecolor()) for box in boxes), strict=True))
    focused = {"forget": "f", "input": "i", "candidate": "g", "update": "fig", "output": "o"}[part]
    roles = {"f": "forget_gate", "i": "input_gate", "g": "candidate", "o": "output_gate"}
    for name, color in colors.items():
        expected = ROLE[roles[name]]["color"].lower() if name in focused else PALE
        assert color == expected, name


def test_numbers_of_the_cell():
    _, ax = new_figure()
    picture = draw_lstm_cell(ax, values={"f": 0.8024, "written": -0.4421})
    assert {"0.802", "−0.442"} <= set(texts(ax))
    picture.update({"c_t": -0.0})
    assert "0.802" not in texts(ax)
    assert "0.000" in texts(ax)
    assert set(picture.moving) <= set(ax.texts)
    with pytest.raises(ValueError, match=r"values holds z; expected names out of c_prev"):
        picture.update({"z": 1.0})
    with pytest.raises(ValueError, match="part is 'reset'"):
        draw_lstm_cell(ax, "reset")


def test_memory_shows_steps_and_the_next_one_hollow():
    _, ax = new_figure()
    picture = draw_memory(ax, 5)
    gates = {"input_gate": [1, 0, 0], "forget_gate": [0, 1, 0.5], "candidate": [-1, 0, -0.05]}
    gates["output_gate"] = [0, 0, 1]
    run = drive_memory(*(gates[name] for name in GATE_NAMES))
    picture.move(run, gates, ["write", "keep", "read"], preview=True)
    np.testing.assert_array_equal(picture.cells.get_data(), [[0, 1, 2], [0, -1, -1]])
    np.testing.assert_array_equal(picture.outputs.get_data(), [[1, 2], [0, 0]])
    np.testing.assert_allclose(picture.next_cell.get_data(), [[3], [-0.5]])
    np.testing.assert_allclose(picture.next_output.get_data(), [[3], [np.tanh(-0.5)]])
    shown = [text.get_text() for text in picture.table["candidate"]]
    assert shown == ["−1.0", "0.0", "−.05", "", ""]
    assert [text.get_text() for text in picture.commands] == ["write", "keep", "read", "", ""]
    picture.move(run, gates, ["write", "keep", "read"], preview=False)
    assert len(picture.cells.get_xdata()) == 4
    assert len(picture.next_cell.get_xdata()) == 0


def test_half_life():
    _, axes = new_figure(1, 2)
    picture = draw_half_life(axes, 10, (-3, 7))
    direct, total = np.linspace(1, 0, 11), np.linspace(1, 5, 11)
    picture.move(0.0, direct, total, "note")
    np.testing.assert_array_equal(picture.direct.get_ydata(), direct)
    np.testing.assert_array_equal(picture.total.get_ydata(), total)
    assert axes[0].get_ylim()[1] > 8.3  # of the settings that the widget has, the largest total
    np.testing.assert_allclose(picture.constant.get_ydata(), 0.5 ** np.arange(11))
    np.testing.assert_allclose(picture.point.get_data(), [[0.0], [1.0]])
    curve = axes[1].lines[0]
    at = np.argmin(np.abs(curve.get_xdata() - 3))
    gate = 1 / (1 + np.exp(-curve.get_xdata()[at]))
    assert curve.get_ydata()[at] == pytest.approx(half_life(gate))


def test_gates_over_words():
    fig, axes = new_figure(2, 1)
    picture = draw_gates_over_words(axes, H=3, room=6)
    values = np.arange(12).reshape(3, 4) / 11
    curves = {name: np.linspace(0, 1, 4) for name in picture.lines}
    words = ["the", "cat", ",", "which"]
    picture.move(values, words, 1, curves, "forget gate", signed=False)
    shown = np.ma.filled(picture.image.get_array(), np.nan)
    np.testing.assert_array_equal(shown[:, :4], values)
    assert np.isnan(shown[:, 4:]).all()
    assert picture.image.get_clim() == (0, 1)
    assert [text.get_text() for text in picture.words] == [*words, "", ""]
    assert set(picture.mark.get_ydata()) == {0.5, 1.5}
    picture.move(-values, words, 2, curves, "candidate", signed=True)
    assert picture.image.get_clim() == (-1, 1)
    assert "unit 3" in picture.subtitle.get_text()
    fig.canvas.draw()


def test_counts_are_written_out():
    count = count_network("lstm", 10, 20, layers=2, bidirectional=True, projection=5, biases=2)
    first, second = count_lines(count, 2)
    assert first == "layer 1: 4·20·(10 + 5 + 2) + 20·5 = 1,460 × 2 directions"
    assert "(10 + 5 + 2)" in second  # two directions of 5 below
    assert count_lines(count_network("rnn", 3, 4), 1) == ["layer 1: 4·(3 + 4 + 1) = 32"]
    _, axes = new_figure(1, 2)
    picture = draw_counts(axes)
    picture.move({"rnn": 32, "gru": 96, "lstm": 128}, "gru", ["a", "b"])
    assert picture.bars["gru"].get_width() + 1 == 96
    assert picture.bars["gru"].get_alpha() == 1 > picture.bars["rnn"].get_alpha()
    assert [text.get_text() for text in picture.totals.values()] == ["32", "96", "128"]
    assert picture.lines.get_text() == "a\nb"
