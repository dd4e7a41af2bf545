"""Drawings of chapter 03: what is written into them, and that nothing overlaps or sticks out."""

import numpy as np
import pytest

from tests.test_plots_graph import check_layout, texts
from utils.gradient_flow import e3_example, error_flow
from utils.plots.gradient_flow import (
    draw_cache_sizes,
    draw_error_flow,
    draw_gradient_check,
    draw_sizes_by_step,
    draw_two_paths,
    in_words,
)
from utils.plots.style import new_figure
from utils.widgets.chapter03 import compute_check


def two_axes():
    fig, axes = new_figure(2, 1, size=(9.4, 5.6), height_ratios=[3.1, 1.2])
    return fig, *axes


def bar_heights(bars):
    return [bar.get_height() for bar in bars.containers[0]]


@pytest.mark.parametrize("error_at", range(4))
@pytest.mark.parametrize("W_hh", [-2.0, -0.7, 0.9])
def test_error_flow_fits_into_its_picture(error_at, W_hh):
    fig, graph, bars = two_axes()
    draw_error_flow(graph, bars, error_flow(e3_example(W_hh, -1.0), error_at))
    check_layout(fig)


def test_error_flow_writes_values_gradients_and_terms():
    _, graph, bars = two_axes()
    flow = error_flow(e3_example(), 3)
    draw_error_flow(graph, bars, flow)
    written = texts(graph)
    for value in (*flow.states, flow.start, *flow.d_states, flow.d_start):
        assert f"{value:+.3f}" in written
    for factor in flow.factors:
        assert f"×({factor:+.3f})" in written
    assert any("+1.598 × (+0.471) × (+0.612) × (+0.664)" in text for text in written)
    np.testing.assert_allclose(
        bar_heights(bars), np.array([*flow.terms["W_hh"], flow.totals["W_hh"]]) / 1.0556, rtol=1e-3
    )
    assert texts(bars) == ["+0.069", "+0.251", "+0.262", "+0.473", "+1.056"]


def test_error_flow_shows_as_many_terms_as_asked():
    _, graph, bars = two_axes()
    flow = error_flow(e3_example(), 2)
    picture = draw_error_flow(graph, bars, flow, steps_back=1)
    assert texts(bars) == [f"{flow.terms['W_hh'][2]:+.3f}".replace("-", "−")] * 2
    before = len(graph.get_children())
    picture.update(flow, "W_xh", 0)
    assert texts(bars) == ["+0.000"]
    assert "Nothing has gone back yet." in texts(graph)
    picture.update(flow, "b_h", 4)
    assert len(texts(bars)) == 4  # three terms and their sum; step 3 comes after the error
    assert len(graph.get_children()) == before
    assert any(text.startswith("term of s₀ in ∂E₂/∂$b_{h}$") for text in texts(graph))
    with pytest.raises(ValueError, match="flow has 3 steps; expected 4"):
        picture.update(flow._replace(states=flow.states[:3]), "W_hh", 1)


def test_gradient_check_marks_what_fails_by_more_than_colour():
    fig, ax = new_figure(size=(8.4, 3.9))
    report = compute_check("transpose")
    picture = draw_gradient_check(ax, report, "broken: a\nright: b")
    assert texts(ax).count("not equal") == 4
    assert texts(ax).count("equal") == 2
    fig.canvas.draw()
    markers = {line.get_marker() for line in ax.lines} - {"None", "", None}
    assert markers == {"o", "X"}
    picture.update(compute_check("none"))
    assert texts(ax).count("equal") == 6
    assert in_words(report) == "equal: W_hy, b_y; not equal: W_xh, W_hh, b_h, h_0"
    assert in_words(compute_check("none")).endswith("not equal: none")


def test_two_paths_has_three_ways_back():
    fig, ax = new_figure(size=(8, 3.2))
    draw_two_paths(ax)
    assert sum("dfrac" in text for text in texts(ax)) == 3
    check_layout(fig)


def test_sizes_by_step_marks_the_noun_and_keeps_names_apart():
    fig, ax = new_figure(size=(8.5, 3.6))
    rows = np.geomspace(0.1, 1, 22)[None] * np.ones((5, 1))
    draw_sizes_by_step(ax, {"near": np.ones((5, 7)), "one": rows, "other": rows * 0.98})
    assert set(texts(ax)) == {"near", "one", "other"}
    fig.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    marks = [line for line in ax.lines if line.get_marker() in ("o", "s", "^")]
    assert [line.get_xdata()[0] for line in marks] == [5, 20, 20]


def test_cache_sizes_are_in_mebibytes():
    fig, ax = new_figure(size=(7.5, 3.2))
    draw_cache_sizes(ax, [100, 200], {"all": [2**20, 2**21], "few": [2**18, 2**18]})
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [1, 2])
    assert texts(ax) == ["all", "few"]
    check_layout(fig)
