"""Drawings of chapter 02: what is written into them, and that nothing overlaps or sticks out."""

import numpy as np
import pytest

from utils.cells import OutputWeights, RNNWeights
from utils.data.task_shapes import TASK_SHAPES, Wiring
from utils.plots.graph import draw_folded, draw_unrolled, draw_wiring
from utils.plots.hidden_states import (
    draw_distances,
    draw_hidden_states,
    draw_parameter_counts,
    draw_state_sizes,
)
from utils.plots.positions import draw_accuracy_by_position
from utils.plots.style import ROLE, new_figure
from utils.unrolled import count_parameters, run_unrolled, two_step_example


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def check_layout(fig):
    """Draw, and hold every text of the axes inside the figure and away from the others."""
    fig.canvas.draw()
    frame = fig.bbox.padded(1)
    boxes = []
    for artist in [text for ax in fig.axes for text in ax.texts]:
        if artist.get_text().strip() and artist.get_visible():
            box = artist.get_window_extent()
            assert frame.contains(box.x0, box.y0), artist
            assert frame.contains(box.x1, box.y1), artist
            boxes.append((artist.get_text(), box.padded(-0.5)))
    for i, (name, box) in enumerate(boxes):
        for other, other_box in boxes[i + 1 :]:
            assert not box.overlaps(other_box), (name, other)


@pytest.fixture
def run():
    return run_unrolled(*two_step_example())


def test_unrolled_holds_the_numbers_of_the_run(run):
    fig, ax = new_figure(size=(6, 4))
    draw_unrolled(ax, run, words=["on", "off"], classes=["yes", "no"])
    written = texts(ax)
    for values in (*run.xs, *run.hs, run.h_0):
        numbers = "\n".join(f"{value + 0.0:+.3f}" for value in values)
        assert numbers.replace("-", "−") in written
    for values in run.probabilities:  # without a sign
        assert "\n".join(f"{value:.3f}" for value in values) in written
    for name in ("$W_{xh}$", "$W_{hh}$", "$W_{hy}$"):
        assert written.count(name) == 2  # the same name at both steps
    assert {"on", "off", "$h_0$", "$h_{1}$", "$h_{2}$", "$x_{1}$", "$x_{2}$"} <= set(written)
    assert "?" not in written
    check_layout(fig)


def test_unrolled_updates_in_place_step_by_step(run):
    _, ax = new_figure(size=(6, 4))
    picture = draw_unrolled(ax, run, 0, note_lines=2)
    before = list(ax.get_children())
    assert texts(ax).count("?") == 4  # both states and both outputs
    picture.update(run, 1, note="one\ntwo")
    assert texts(ax).count("?") == 2
    assert "one\ntwo" in texts(ax)
    assert ax.get_children() == before
    picture.update(run, 2)
    assert texts(ax).count("?") == 0
    xs, weights, output = two_step_example()
    other = run_unrolled(2 * xs, weights, output)
    picture.update(other, 2)
    assert f"{other.xs[0, 0]:+.3f}" in texts(ax)
    assert set(picture.moving) <= set(before)


def test_unrolled_abbreviates_long_vectors():
    rng = np.random.default_rng(0)
    weights = RNNWeights(rng.standard_normal((9, 6)), rng.standard_normal((6, 6)), np.zeros(6))
    run = run_unrolled(
        rng.standard_normal((2, 9)),
        weights,
        OutputWeights(rng.standard_normal((6, 2)), np.zeros(2)),
    )
    _, ax = new_figure(size=(6, 4))
    draw_unrolled(ax, run)
    assert sum("⋮" in text for text in texts(ax)) == 5  # two inputs, h_0 and two states


def test_unrolled_refuses(run):
    _, ax = new_figure()
    with pytest.raises(ValueError, match="words has 1 entries; expected 2"):
        draw_unrolled(ax, run, words=["on"])
    picture = draw_unrolled(ax, run)
    with pytest.raises(ValueError, match=r"step is 3; expected 0 to 2"):
        picture.update(run, 3)
    xs, weights, output = two_step_example()
    with pytest.raises(ValueError, match="run has 1 steps; expected 2"):
        picture.update(run_unrolled(xs[:1], weights, output))


def test_folded_names_each_matrix_once_and_lines_up(run):
    fig, (left, right) = new_figure(1, 2, size=(9, 3.6), width_ratios=[1, 2.4])
    draw_folded(left)
    draw_unrolled(right, run)
    for name in ("$W_{xh}$", "$W_{hh}$", "$W_{hy}$"):
        assert texts(left).count(name) == 1
    assert left.get_ylim() == right.get_ylim()
    check_layout(fig)


def arrows(artists):
    return [a for a in artists if type(a).__name__ == "FancyArrowPatch"]


def test_wiring_has_an_arrow_for_each_link():
    _, ax = new_figure()
    artists = draw_wiring(ax, Wiring(("a", "b", "c"), (None, None, "d")), steps=5)
    assert len(arrows(artists)) == 3 + 1 + 2  # inputs, output, between the states
    assert {"a", "b", "c", "d"} == set(texts(ax))
    more = draw_wiring(ax, Wiring(("a", "b"), ("b", "e"), feedback=True), steps=5)
    assert len(arrows(more)) == 2 + 2 + 1 + 1
    assert not set(more) & set(artists)
    assert len(arrows(draw_wiring(ax, Wiring(("a",), ("b",), recurrent=False)))) == 2


@pytest.mark.parametrize("name", TASK_SHAPES)
def test_wiring_of_every_task_has_its_words_inside_the_picture(name):
    for example in range(len(TASK_SHAPES[name].examples)):
        wiring = TASK_SHAPES[name].wiring(example)
        fig, ax = new_figure(size=(9.5, 3))
        draw_wiring(ax, wiring, steps=max(7, wiring.n_steps))
        words = [word for word in (*wiring.inputs, *wiring.outputs) if word is not None]
        assert sorted(words) == sorted(texts(ax))
        check_layout(fig)


def test_wiring_marks_the_decoder():
    _, ax = new_figure()
    artists = draw_wiring(ax, Wiring(("a", None), (None, "b"), decoder_from=1))
    hatched = [a for a in artists if getattr(a, "get_hatch", lambda: None)()]
    assert len(hatched) == 1
    assert len(arrows(artists)) == 3


def test_wiring_refuses():
    _, ax = new_figure()
    with pytest.raises(ValueError, match="2 inputs and 1 outputs"):
        draw_wiring(ax, Wiring(("a", "b"), ("c",)))
    with pytest.raises(ValueError, match="steps is 1; the wiring has 2"):
        draw_wiring(ax, Wiring(("a", "b"), ("c", None)), steps=1)
    with pytest.raises(ValueError, match="at least one step"):
        draw_wiring(ax, Wiring((), ()))


def test_hidden_states_show_units_as_rows():
    hs = np.linspace(-1, 1, 15).reshape(5, 3)
    fig, ax = new_figure()
    picture = draw_hidden_states(ax, hs, list("abcde"))
    np.testing.assert_array_equal(picture.get_array(), hs.T)
    assert picture.get_clim() == (-1, 1)
    assert [label.get_text() for label in ax.get_xticklabels()] == list("abcde")
    fig.canvas.draw()


def test_distances_stay_on_the_axis():
    _, ax = new_figure()
    line = draw_distances(ax, np.array([0.0, 1.0, 1e-30]), list("abc"))
    low, high = ax.get_ylim()
    assert all(low < y < high for y in line.get_ydata())
    assert line.get_ydata()[1] == 1.0
    assert line.get_color() == ROLE["hidden_state"]["color"]


def test_parameter_counts_draw_three_named_lines():
    counts = count_parameters(range(1, 31), 4, 8, 3)
    fig, ax = new_figure(size=(8, 3.4))
    draw_parameter_counts(ax, counts)
    drawn = [line.get_ydata() for line in ax.lines]
    for values in (counts.recurrent, counts.flat, counts.flat_every_step):
        assert any(np.array_equal(values, line) for line in drawn)
    assert len({str(line.get_linestyle()) for line in ax.lines}) == 3
    check_layout(fig)


def test_state_sizes_draw_a_line_for_each_network():
    fig, ax = new_figure()
    draw_state_sizes(ax, np.full((6, 3), 0.5), np.arange(1, 13.0).reshape(6, 2))
    assert len(ax.lines) == 5
    assert {"tanh", "ReLU"} == set(texts(ax))
    check_layout(fig)


def position_table(network="flat"):
    return {
        "network": [network] * 3 + ["rnn"] * 3,
        "position": [0, 1, 2] * 2,
        "accuracy": [1.0, 0.9, 0.5, 1.0, 1.0, 0.8],
        "low": [0.95, 0.8, 0.4, 1.0, 1.0, 0.7],
        "high": [1.0, 1.0, 0.6, 1.0, 1.0, 0.9],
        "shown": [True, True, False] * 2,
    }


def test_accuracy_by_position_draws_each_network_with_its_own_look():
    fig, ax = new_figure()
    draw_accuracy_by_position(ax, position_table(), {"flat": "flat network"})
    named = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert set(named) == {"flat network", "rnn"}
    np.testing.assert_array_equal(named["flat network"].get_ydata(), [1.0, 0.9, 0.5])
    assert named["rnn"].get_linestyle() != named["flat network"].get_linestyle()
    assert sum(type(patch).__name__ == "Rectangle" for patch in ax.patches) == 2  # shown
    fig.canvas.draw()


def test_accuracy_by_position_refuses_a_network_without_a_look():
    _, ax = new_figure()
    with pytest.raises(ValueError, match="tree"):
        draw_accuracy_by_position(ax, position_table("tree"))
