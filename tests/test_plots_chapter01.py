"""What the pictures of chapter 01 are computed from, and what is painted."""

import numpy as np
import pytest
import torch

from utils.activations import ACTIVATIONS
from utils.descent import compute_descent, make_surface
from utils.feedforward import init_two_layer_weights, two_layer_forward
from utils.gradients import difference_errors
from utils.plots.activations import (
    compute_activation_curve,
    compute_scale_through_layers,
    draw_activation_explorer,
    draw_activations,
    draw_scale_through_layers,
)
from utils.plots.boundary import (
    compute_boundary,
    compute_extent,
    compute_network_boundary,
    compute_running_mean,
    compute_unit_lines,
    draw_boundary,
    draw_losses,
)
from utils.plots.computation_graph import (
    LOSSES,
    N_STEPS,
    compute_graph_pass,
    draw_graph_pass,
    in_digits,
)
from utils.plots.descent import (
    compute_contours,
    compute_slow_start,
    draw_descent,
    draw_difference_errors,
    draw_slow_start,
)
from utils.plots.style import new_figure


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_curve_holds_function_slope_and_bound(name):
    curve = compute_activation_curve(name, at=-1.3)
    activation = ACTIVATIONS[name]
    np.testing.assert_array_equal(curve.values, activation.function(curve.z))
    known = np.isfinite(curve.derivatives)
    assert known.sum() >= len(curve.z) - 1
    np.testing.assert_array_equal(curve.derivatives[known], activation.derivative(curve.z)[known])
    assert np.nanmax(curve.derivatives) == pytest.approx(curve.bound)
    nudge = (activation.function(-1.3 + 1e-6) - activation.function(-1.3 - 1e-6)) / 2e-6
    assert curve.derivative == pytest.approx(nudge, abs=1e-8)
    assert curve.value == activation.function(-1.3)


def test_derivative_has_a_gap_where_it_jumps():
    relu = compute_activation_curve("relu")
    assert np.flatnonzero(np.isnan(relu.derivatives)).tolist() == [len(relu.z) // 2]
    assert relu.z[len(relu.z) // 2] == 0
    assert not np.isnan(compute_activation_curve("tanh").derivatives).any()


def test_activation_curve_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match=r"name is 'softplus'; expected one of sigmoid, tanh"):
        compute_activation_curve("softplus")
    with pytest.raises(ValueError, match="n is 4; expected an odd number"):
        compute_activation_curve("tanh", n=4)


def test_tangent_touches_the_curve_and_has_its_slope():
    figure, axes = new_figure(1, 2)
    picture = draw_activation_explorer(axes, compute_activation_curve("sigmoid"))
    curve = compute_activation_curve("tanh", at=0.7)
    picture.move(curve)
    x, y = picture.tangent.get_data()
    assert np.diff(y)[0] / np.diff(x)[0] == pytest.approx(1 - np.tanh(0.7) ** 2)
    assert np.mean(y) == pytest.approx(np.tanh(0.7))
    assert picture.value_text.get_text() == f"tanh(0.7) = {np.tanh(0.7):.4f}"
    np.testing.assert_array_equal(picture.value_line.get_ydata(), np.tanh(curve.z))
    assert all(artist.axes in axes for artist in picture.moving)
    figure.canvas.draw()


def test_rows_of_activations_show_curve_over_slope():
    curves = [compute_activation_curve(name) for name in ("sigmoid", "relu")]
    figure, axes = new_figure(2, 2)
    draw_activations(axes, curves)
    for column, curve in enumerate(curves):
        np.testing.assert_array_equal(axes[0, column].lines[0].get_ydata(), curve.values)
        np.testing.assert_array_equal(axes[1, column].lines[0].get_ydata(), curve.derivatives)
        assert axes[1, column].texts[0].get_text() == f"at most {curve.bound:g}"
    figure.canvas.draw()


def test_scale_decides_what_ten_layers_leave():
    scales = {"small": 0.03, "fitting": 0.1, "large": 0.5}
    measured = compute_scale_through_layers(scales, np.random.default_rng(0))
    spread = {name: of["spread"] for name, of in measured.items()}
    slope = {name: of["slope"] for name, of in measured.items()}
    assert spread["small"].shape == (11,)
    assert slope["small"].shape == (10,)
    assert spread["small"][0] == spread["large"][0]  # the same inputs
    assert spread["small"][-1] < 1e-4 < 0.1 < spread["fitting"][-1]
    assert slope["large"].max() < 0.25 < 0.5 < slope["fitting"].min()


def test_identity_layers_multiply_the_spread_by_scale_times_root_width():
    measured = compute_scale_through_layers(
        {"half": 0.05}, np.random.default_rng(1), activation="identity", n_layers=4, batch=2000
    )["half"]
    ratios = measured["spread"][1:] / measured["spread"][:-1]
    np.testing.assert_allclose(ratios, 0.05 * np.sqrt(100), rtol=0.1)
    np.testing.assert_array_equal(measured["slope"], 1)


def test_scale_refuses_nonsense():
    with pytest.raises(ValueError, match=r"scales\['zero'\] is 0; expected a number above 0"):
        compute_scale_through_layers({"zero": 0}, np.random.default_rng(0))
    with pytest.raises(ValueError, match="activation is 'step'; expected one of"):
        compute_scale_through_layers({"a": 1}, np.random.default_rng(0), activation="step")


def test_scale_picture_has_a_line_and_a_name_for_each_scale():
    measured = compute_scale_through_layers({"a": 0.1, "b": 0.2}, np.random.default_rng(0))
    figure, axes = new_figure(1, 2)
    draw_scale_through_layers(axes, measured)
    for panel in axes:
        assert len(panel.lines) == 2
        assert [text.get_text() for text in panel.texts] == ["a", "b"]
    assert len({line.get_linestyle() for line in axes[0].lines}) == 2
    figure.canvas.draw()


def test_descent_picture_moves_to_another_run():
    figure, axes = new_figure(1, 2)
    surface = make_surface("narrow valley")
    contours = compute_contours(surface)
    assert contours[2].shape == (121, 121)
    assert contours[2].min() >= 0
    picture = draw_descent(axes, compute_descent(surface, 0.01), contours)
    other = compute_descent(surface, 0.25)
    picture.move(other)
    np.testing.assert_array_equal(np.transpose(picture.path.get_data()), other.path)
    assert picture.verdict.get_text() == "diverges"
    assert picture.losses.get_ydata()[0] == 1
    figure.canvas.draw()


def test_slow_start_is_slow_for_squared_error_alone():
    outputs = compute_slow_start(-8.0, 1.0, 4000)
    assert all(len(y_hat) == 4001 for y_hat in outputs.values())
    first = {name: y_hat[0] for name, y_hat in outputs.items()}
    assert (
        first["squared error"] == first["binary cross-entropy"] == pytest.approx(3.35e-4, rel=1e-2)
    )
    passed = {name: int(np.argmax(y_hat > 0.5)) for name, y_hat in outputs.items()}
    assert passed["binary cross-entropy"] == 9
    assert 2900 < passed["squared error"] < 3100
    z = -8 - (first["squared error"] - 1) * first["squared error"] * (1 - first["squared error"])
    assert outputs["squared error"][1] == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-9)
    figure, ax = new_figure()
    draw_slow_start(ax, outputs)
    assert {text.get_text() for text in ax.texts} == set(outputs)
    figure.canvas.draw()


def test_difference_errors_are_drawn_over_their_steps():
    errors = difference_errors(np.tanh, lambda z: 1 - np.tanh(z) ** 2, [1.0], [1e-3, 1e-2, 1e-1])
    figure, ax = new_figure()
    draw_difference_errors(ax, errors)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["one-sided", "central"]
    np.testing.assert_allclose(ax.lines[1].get_xdata(), errors["epsilons"])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), errors["central"])
    figure.canvas.draw()


def test_unit_lines_lie_where_the_sum_is_zero():
    rng = np.random.default_rng(3)
    W1, b1 = rng.standard_normal((2, 5)), rng.standard_normal(5)
    W1[:, 4] = 0
    lines = compute_unit_lines(W1, b1)
    assert lines.shape == (5, 2, 2)
    for unit in range(4):
        np.testing.assert_allclose(lines[unit] @ W1[:, unit] + b1[unit], 0, atol=1e-9)
        assert np.linalg.norm(lines[unit, 1] - lines[unit, 0]) == pytest.approx(40)
    assert np.isnan(lines[4]).all()


def test_boundary_of_a_single_unit_is_a_straight_line():
    def predict(x):
        return 1 / (1 + np.exp(-(x[:, :1] - 0.3)))

    boundary = compute_boundary(predict, (-2.0, 2.0, -1.0, 3.0), n=31)
    assert boundary.probability.shape == (31, 31)
    assert boundary.probability[4, 0] == pytest.approx(1 / (1 + np.exp(2.3)))  # columns follow x1
    (line,) = boundary.lines
    np.testing.assert_allclose(line[:, 0], 0.3, atol=1e-9)
    assert line[:, 1].min() == -1
    assert line[:, 1].max() == 3


def test_boundary_stands_certain_outputs_and_refuses_nonsense():
    square = (-1.0, 1.0, -1.0, 1.0)
    certain = compute_boundary(lambda x: (x[:, 0] > 0.05).astype(float), square, n=21)
    np.testing.assert_allclose(certain.lines[0][:, 0], 0.05, atol=0.06)
    assert compute_boundary(lambda x: np.full(len(x), 0.2), square).lines == []
    with pytest.raises(ValueError, match="n is 1; expected at least 2"):
        compute_boundary(lambda x: x[:, 0], square, n=1)
    with pytest.raises(ValueError, match="expected left < right"):
        compute_boundary(lambda x: x[:, 0], (1.0, -1.0, 0.0, 1.0))


def test_boundary_of_a_network_is_where_its_sum_is_zero():
    rng = np.random.default_rng(2)
    weights = init_two_layer_weights(2, 5, 1, rng)
    x = rng.standard_normal((30, 2))
    boundary = compute_network_boundary(weights, x, hidden="sigmoid", n=61)
    assert boundary.extent == compute_extent(x)
    corner = np.array([[boundary.extent[0], boundary.extent[2]]])
    values = two_layer_forward(corner, weights, hidden="sigmoid")
    assert boundary.probability[0, 0] == pytest.approx(values.y_hat.item())
    assert boundary.unit_lines.shape == (5, 2, 2)
    for line in boundary.lines:
        on_line = two_layer_forward(line, weights, hidden="sigmoid").z2
        np.testing.assert_allclose(on_line, 0, atol=1e-2)
    with pytest.raises(ValueError, match="hidden is 'step'"):
        compute_network_boundary(weights, x, hidden="step")


def test_extent_is_a_square_around_the_points():
    x = np.array([[0.0, -1.0], [4.0, 1.0]])
    assert compute_extent(x, margin=0.5) == (-0.5, 4.5, -2.5, 2.5)


def test_boundary_picture_shows_points_by_class():
    x = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.2]])
    y = np.array([[0.0], [1.0], [1.0]])
    boundary = compute_boundary(
        lambda points: np.full(len(points), 0.7),
        compute_extent(x),
        W1=np.array([[1.0, 0.0], [0.0, 0.0]]),
        b1=np.zeros(2),
    )
    figure, ax = new_figure()
    picture = draw_boundary(ax, boundary, x, y)
    assert [len(points.get_xdata()) for points in picture.points] == [1, 2]
    assert picture.points[0].get_marker() != picture.points[1].get_marker()
    assert len(picture.units.get_segments()) == 1  # the second unit has no line
    assert picture.limits == pytest.approx(boundary.extent)
    np.testing.assert_array_equal(picture.surface.get_array(), boundary.probability)
    figure.canvas.draw()


def test_running_mean_of_a_few_is_theirs():
    losses = np.array([4.0, 2.0, 0.0, 6.0])
    np.testing.assert_allclose(compute_running_mean(losses, 2), [4, 3, 1, 3])
    np.testing.assert_allclose(compute_running_mean(losses, 99), [4, 3, 2, 3])
    assert compute_running_mean(np.array([])).shape == (0,)
    with pytest.raises(ValueError, match="window is 0; expected at least 1"):
        compute_running_mean(losses, 0)


def test_loss_picture_moves_both_lines():
    figure, ax = new_figure()
    picture = draw_losses(ax, np.array([]), np.array([]), 50)
    picture.move(np.array([0.7, 0.5]), np.array([0.7, 0.6]))
    np.testing.assert_array_equal(picture.each.get_data(), [[1, 2], [0.7, 0.5]])
    np.testing.assert_array_equal(picture.mean.get_ydata(), [0.7, 0.6])
    assert ax.get_xlim() == (0, 50)
    figure.canvas.draw()


@pytest.mark.parametrize("loss", LOSSES)
def test_graph_pass_is_that_of_autograd(loss):
    given = {"x": -1.3, "w1": 0.8, "b1": 0.4, "w2": -2.1, "b2": 0.7}
    t = {
        name: torch.tensor(v, dtype=torch.float64, requires_grad=True) for name, v in given.items()
    }
    y = torch.tensor(0.3, dtype=torch.float64)
    kept = {"p1": t["x"] * t["w1"]}
    kept["z1"] = kept["p1"] + t["b1"]
    kept["a1"] = torch.sigmoid(kept["z1"])
    kept["p2"] = kept["a1"] * t["w2"]
    kept["z2"] = kept["p2"] + t["b2"]
    kept["y_hat"] = torch.sigmoid(kept["z2"])
    if loss == "squared error":
        kept["L"] = 0.5 * (kept["y_hat"] - y) ** 2
    else:
        kept["L"] = torch.nn.functional.binary_cross_entropy(kept["y_hat"], y)
    for value in kept.values():
        value.retain_grad()
    kept["L"].backward()
    values = compute_graph_pass(**given, y=0.3, loss=loss).values
    for name, value in {**t, **kept}.items():
        assert values[name] == pytest.approx(value.item(), abs=1e-10), name
        assert values["d_" + name] == pytest.approx(value.grad.item(), abs=1e-10), name


def test_every_number_of_the_pass_is_told_once_and_in_order():
    graph_pass = compute_graph_pass()
    assert len(graph_pass.steps) == N_STEPS
    told = [name for step in graph_pass.steps for name in step.names]
    assert len(set(told)) == len(told)
    assert set(told) | {"x", "w1", "b1", "w2", "b2", "y"} == set(graph_pass.values)
    assert graph_pass.known_after(0) == {"x", "w1", "b1", "w2", "b2", "y"}
    assert "d_z2" not in graph_pass.known_after(9)
    assert "d_z2" in graph_pass.known_after(10)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_arithmetic_that_is_told_is_true(loss):
    graph_pass = compute_graph_pass(-1.0, 0.5, w1=-2.0, b1=1.5, w2=0.5, b2=-0.3, loss=loss)
    for step in graph_pass.steps:
        for name in step.names:
            assert in_digits(graph_pass.values[name]) in step.text, (name, step.text)
    assert "−" in graph_pass.steps[0].text
    assert "-" not in graph_pass.steps[0].text


@pytest.mark.parametrize(
    ("number", "written"),
    [(0.5, "0.5000"), (-0.0, "0.0000"), (-1.25, "−1.2500"), (0.00012, "1.2e−04")],
)
def test_digits(number, written):
    assert in_digits(number) == written


def test_graph_pass_refuses_nonsense():
    with pytest.raises(ValueError, match="loss is 'hinge'; expected one of 'squared error'"):
        compute_graph_pass(loss="hinge")
    with pytest.raises(ValueError, match="y is 2; expected a target from 0 to 1"):
        compute_graph_pass(y=2)


def test_graph_picture_shows_what_is_known_and_rings_the_node_at_work():
    graph_pass = compute_graph_pass()
    figure, ax = new_figure(size=(11, 3.9))
    picture = draw_graph_pass(ax, graph_pass, 0)
    assert picture.values["x"].get_text() == "2.0000"
    assert picture.values["z1"].get_text() == ""
    picture.move(graph_pass, 3)
    assert picture.values["a1"].get_text() == "0.7311"
    assert picture.gradients["d_a1"].get_text() == ""
    assert picture.ring.get_visible()
    assert picture.ring.get_center() == (3, 0)  # around the first sigmoid
    forward = picture.ring.get_edgecolor()
    picture.move(graph_pass, 13)
    assert picture.ring.get_center() == (3, 0)
    assert picture.ring.get_edgecolor() != forward
    picture.move(graph_pass, N_STEPS)
    assert picture.gradients["d_w1"].get_text() == "−0.0721"
    assert not picture.ring.get_visible()
    figure.canvas.draw()
    frame = figure.bbox.padded(1)
    boxes = []
    for text in ax.texts:
        if text.get_text():
            box = text.get_window_extent()
            assert frame.contains(box.x0, box.y0), text
            assert frame.contains(box.x1, box.y1), text
            boxes.append((text.get_text(), box))
    for i, (name, box) in enumerate(boxes):
        for other, other_box in boxes[i + 1 :]:
            assert not box.padded(-0.5).overlaps(other_box), (name, other)
