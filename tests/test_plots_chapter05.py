"""Drawings of chapter 05: they show the numbers that they are given."""

from typing import NamedTuple

import numpy as np
import pytest

from utils.cliff import cliff_loss, descend_cliff
from utils.plots import (
    compute_cliff_grid,
    draw_chain,
    draw_cliff,
    draw_cliff_walk,
    draw_clipped_directions,
    draw_gains,
    draw_gradient_parts,
    draw_interval_curves,
    draw_interval_rows,
    draw_power_norms,
    draw_products,
    draw_ruined_run,
    draw_training_gains,
    new_figure,
)
from utils.plots.gains import FLOOR
from utils.scalar_chain import compare_products, run_chain


class Curve(NamedTuple):
    x: np.ndarray
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray


CURVE = Curve(
    np.array([5, 10, 20]),
    np.array([1.0, 0.8, 0.0]),
    np.array([0.7, 0.5, 0.0]),
    np.array([1.0, 0.9, 0.3]),
)


def drawn(fig):
    fig.canvas.draw()


def test_interval_curves_show_estimate_and_ends():
    fig, ax = new_figure()
    draw_interval_curves(ax, {"a": CURVE, "b": CURVE}, spread=1.0)
    first, second = ax.containers
    np.testing.assert_array_equal(first.lines[0].get_ydata(), CURVE.estimate)
    np.testing.assert_array_equal(first.lines[0].get_xdata(), CURVE.x - 0.5)
    np.testing.assert_array_equal(second.lines[0].get_xdata(), CURVE.x + 0.5)
    ends = np.array([segment[:, 1] for segment in first.lines[2][0].get_segments()])
    np.testing.assert_allclose(ends, np.stack([CURVE.low, CURVE.high], axis=1))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["a", "b"]
    drawn(fig)
    with pytest.raises(ValueError, match="curves holds 7 lines; expected at most 6"):
        draw_interval_curves(ax, {str(i): CURVE for i in range(7)})


def test_interval_curves_on_a_logarithmic_axis():
    fig, ax = new_figure()
    positive = CURVE._replace(estimate=CURVE.estimate + 1, low=CURVE.low + 0.5, high=CURVE.high + 2)
    draw_interval_curves(ax, {"a": positive}, logarithmic=True, legend=False)
    assert ax.get_yscale() == "log"
    assert ax.get_legend() is None
    fig, ax = new_figure()
    draw_interval_curves(ax, {"a": CURVE}, logarithmic=True)
    np.testing.assert_array_equal(ax.containers[0].lines[0].get_xdata(), [5, 10])  # 20 is at zero
    drawn(fig)


def test_interval_rows_have_a_row_for_each_label():
    fig, ax = new_figure()
    values = (CURVE.estimate, CURVE.low, CURVE.high)
    draw_interval_rows(
        ax, ["x", "y", "z"], {"one": values, "two": values}, xlabel="rate", reference=0.5
    )
    assert [label.get_text() for label in ax.get_yticklabels()] == ["x", "y", "z"]
    assert ax.get_ylim() == (2.5, -0.5)  # the first on top
    np.testing.assert_array_equal(ax.containers[0].lines[0].get_xdata(), CURVE.estimate)
    drawn(fig)
    with pytest.raises(ValueError, match="group 'one' has 3 rows; expected 2"):
        draw_interval_rows(ax, ["x", "y"], {"one": values}, xlabel="rate")


def test_cliff_grid_is_the_loss():
    grid = compute_cliff_grid(11, T=5)
    assert grid.losses.shape == (11, 11)
    assert grid.losses[3, 7] == cliff_loss(grid.w[7], grid.b[3], 5)
    with pytest.raises(ValueError, match="n is 1"):
        compute_cliff_grid(1)


def test_cliff_walk_moves():
    fig, axes = new_figure(1, 2)
    first, second = (descend_cliff([4.6, -1.8], rate, 10) for rate in (0.5, 0.1))
    picture = draw_cliff_walk(axes, compute_cliff_grid(11), first, "here", 10)
    np.testing.assert_array_equal(picture.path.get_xdata(), first.path[:, 0])
    drawn(fig)
    picture.move(second, "there")
    np.testing.assert_array_equal(picture.path.get_ydata(), second.path[:, 1])
    np.testing.assert_allclose(picture.losses.get_ydata(), second.losses)
    np.testing.assert_allclose(picture.end.get_xdata(), second.path[-1:, 0])
    assert picture.verdict.get_text() == "there"
    assert len(picture.moving) == 6
    fig, ax = new_figure()
    draw_cliff(ax, compute_cliff_grid(11))
    drawn(fig)


def test_chain_picture_follows_the_chain():
    fig, axes = new_figure(1, 2)
    chain = run_chain([0.8, -1.2, 2.0])
    picture = draw_chain(axes, chain, np.log10(0.5))
    np.testing.assert_allclose(picture.line.get_ydata(), chain.logs)
    np.testing.assert_allclose(picture.bound.get_ydata()[0], 3 * np.log10(0.5))
    np.testing.assert_allclose(picture.factors.get_ydata(), np.abs(chain.factors))
    dead = run_chain([1.0, -1.0, 1.0], activation="relu")
    picture.move(dead, 0.0)
    assert np.isfinite(picture.line.get_ydata()).all()
    assert picture.line.get_ydata()[0] < FLOOR
    drawn(fig)


def test_gains_stay_drawable_where_nothing_is_left():
    fig, ax = new_figure()
    picture = draw_gains(ax, {"a": np.array([0.0, -1.0, -np.inf])})
    np.testing.assert_array_equal(picture.lines["a"].get_ydata()[:2], [0, -1])
    assert np.isfinite(picture.lines["a"].get_ydata()).all()
    picture.move({"a": np.array([0.0, 2.0])}, "a note")
    np.testing.assert_array_equal(picture.lines["a"].get_ydata(), [0, 2])
    assert picture.note.get_text() == "a note"
    drawn(fig)


def test_training_gains_count_steps_back():
    fig, ax = new_figure()
    draw_training_gains(ax, {0: np.array([-4.0, -2.0, 0.0]), 50: np.array([-1.0, -0.5, 0.0])})
    lines = [line for line in ax.lines if line.get_label() in ("0", "50")]
    np.testing.assert_array_equal(lines[0].get_ydata(), [0, -2, -4])
    assert lines[0].get_linewidth() < lines[1].get_linewidth()  # told apart without colour too
    drawn(fig)


def test_gradient_parts_leave_zeros_out():
    fig, ax = new_figure()
    draw_gradient_parts(ax, {"a": np.array([0.0, 1e-3, 1.0])}, near=1)
    shown = ax.lines[0].get_ydata()
    assert np.isnan(shown[0])
    np.testing.assert_array_equal(shown[1:], [1e-3, 1.0])
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 3])
    drawn(fig)


def test_the_others_draw_what_they_are_given():
    fig, axes = new_figure(1, 2)
    draw_products(axes, compare_products(np.random.default_rng(0), 20, 8))
    assert [ax.get_title(loc="left") for ax in axes] == ["own weights", "one weight"]
    draw_ruined_run(axes, {"a": ([1.0, 2.0], [3.0, 4.0]), "b": ([1.0, 1.0], [0.0, 1.0])}, bad=1)
    drawn(fig)
    fig, ax = new_figure()
    draw_power_norms(ax, {"a": np.array([0.0, 1.0])})
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), [0, 1])
    drawn(fig)
    fig, ax = new_figure()
    draw_clipped_directions(ax, [2.6, 0.7], {"by norm": [0.97, 0.26], "by value": [1, 0.7]}, 1.0)
    tips = [note.xy for note in ax.texts if note.get_text() == ""]
    np.testing.assert_allclose(tips, [[2.6, 0.7], [0.97, 0.26], [1, 0.7]])
    drawn(fig)
