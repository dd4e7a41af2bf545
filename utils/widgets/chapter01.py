"""Live figures of chapter 01: activations, descent, a decision boundary, one backward pass."""

from __future__ import annotations

import ipywidgets
import numpy as np

from utils.descent import SURFACES, compute_descent, describe_descent, make_surface
from utils.plots.activations import (
    NAMES,
    TITLES,
    ActivationCurve,
    compute_activation_curve,
    draw_activation_explorer,
)
from utils.plots.boundary import (
    Boundary,
    compute_network_boundary,
    compute_running_mean,
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
from utils.plots.descent import compute_contours, draw_descent
from utils.plots.style import new_figure
from utils.point_learner import DATA, PointLearner
from utils.validation import as_count
from utils.widgets.learning_figure import LearningFigure, make_learning_figure
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

__all__ = [
    "RECALL",
    "describe_activation",
    "explore_activations",
    "explore_backward_pass",
    "explore_decision_boundary",
    "explore_descent",
]


def describe_activation(curve: ActivationCurve) -> str:
    """Say in words what an activation and its slope are at the chosen sum.

    Parameters
    ----------
    curve : ActivationCurve

    Returns
    -------
    str
    """
    part = curve.derivative / curve.bound
    state = "close to its largest" if part > 0.9 else "below a tenth of its largest"
    middle = f"{part:.0%} of its largest"
    return (
        f"At z = {curve.at:.1f} {curve.title} gives {curve.value:.4f} and its slope is "
        f"{curve.derivative:.4f}, {state if part > 0.9 or part < 0.1 else middle}, "
        f"{curve.bound:g}."
    )


def explore_activations() -> LiveFigure:
    """Compare activations and their derivatives, with the tangent at any sum.

    Returns
    -------
    LiveFigure
        Starts with the sigmoid at z = 2.5, where its slope has fallen to a quarter of its peak.
    """
    controls = {
        "name": ipywidgets.Dropdown(
            options=[(TITLES[name], name) for name in NAMES],
            value="sigmoid",
            description="activation",
        ),
        "at": ipywidgets.FloatSlider(
            value=2.5, min=-5, max=5, step=0.1, readout_format=".1f", description="sum z"
        ),
    }
    figure, axes = new_figure(1, 2, size=(9, 3.8))
    others = [compute_activation_curve(name) for name in NAMES]
    picture = draw_activation_explorer(axes, others[0], others)

    def update(name: str, at: float) -> str:
        curve = compute_activation_curve(name, at)
        picture.move(curve)
        return describe_activation(curve)

    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="An activation and its slope",
        steps={"at": (-5.0, -2.5, 0.0, 1.0, 2.5, 5.0), "name": None},
    )


def explore_descent(n_steps: int = 60) -> LiveFigure:
    """Descend on a loss surface with any learning rate and momentum.

    Parameters
    ----------
    n_steps : int
        Updates in each run, at least 1.

    Returns
    -------
    LiveFigure
        Starts in a narrow valley with a learning rate below the limit, where descent
        oscillates.
    """
    surfaces = {name: make_surface(name) for name in SURFACES}
    contours = {name: compute_contours(surface) for name, surface in surfaces.items()}
    controls = {
        "surface": ipywidgets.Dropdown(
            options=list(surfaces), value="narrow valley", description="loss surface"
        ),
        "learning_rate": ipywidgets.FloatLogSlider(
            value=10**-0.75,
            base=10,
            min=-3,
            max=1,
            step=0.05,
            readout_format=".3f",
            description="learning rate",
        ),
        "momentum": ipywidgets.FloatSlider(
            value=0.0,
            min=0,
            max=0.95,
            step=0.05,
            readout_format=".2f",
            description="momentum (part of the last update that is kept)",
        ),
    }
    # Of this size the panel of the surface is twice as wide as high, and a bowl looks round.
    figure, axes = new_figure(1, 2, size=(10, 3.46), width_ratios=(7, 4))
    start = compute_descent(surfaces["narrow valley"], 0.1, n_steps=n_steps)
    shown = {"surface": "narrow valley"}
    shown["picture"] = draw_descent(axes, start, contours["narrow valley"], n_steps)

    def update(surface: str, learning_rate: float, momentum: float) -> str:
        run = compute_descent(surfaces[surface], learning_rate, momentum, n_steps)
        if shown["surface"] != surface:
            shown["picture"] = draw_descent(axes, run, contours[surface], n_steps)
            shown["surface"] = surface
        shown["picture"].move(run)
        return (
            f"{describe_descent(run)} Surface: {surface}; learning rate {learning_rate:.3f}, "
            f"momentum {momentum:.2f}."
        )

    return LiveFigure(
        figure,
        update,
        moving=lambda: shown["picture"].moving,
        controls=controls,
        title="Descent on a loss surface",
        steps={
            "learning_rate": tuple(10 ** np.array([-3, -1.5, -1, -0.75, -0.5, 0])),
            "momentum": (0.0, 0.9),
        },
    )


def explore_backward_pass() -> LiveFigure:
    """Take one forward and one backward pass through the smallest network, step by step.

    Returns
    -------
    LiveFigure
        Starts in the middle of the way back, with the numbers of the chapter's example.
    """
    given = {"x": 2.0, "w1": 1.0, "b1": -1.0, "w2": 2.0, "b2": -1.0}
    words = {
        "x": "input x",
        "w1": "weight w1",
        "b1": "bias b1",
        "w2": "weight w2",
        "b2": "bias b2",
    }
    controls: dict[str, ipywidgets.Widget] = {
        "step": ipywidgets.IntSlider(
            value=12, min=0, max=N_STEPS, description="steps taken (7 forward, 8 backward, end)"
        )
    }
    for name, value in given.items():
        controls[name] = ipywidgets.FloatSlider(
            value=value, min=-4, max=4, step=0.1, readout_format=".1f", description=words[name]
        )
    controls["y"] = ipywidgets.FloatSlider(
        value=1.0, min=0, max=1, step=0.1, readout_format=".1f", description="target y"
    )
    controls["loss"] = ipywidgets.Dropdown(options=LOSSES, value=LOSSES[0], description="loss")
    figure, ax = new_figure(size=(11, 3.9))
    picture = draw_graph_pass(ax, compute_graph_pass(**given), step=0)

    def update(step: int, loss: str, **numbers: float) -> str:
        graph_pass = compute_graph_pass(**numbers, loss=loss)
        picture.move(graph_pass, step)
        said = graph_pass.steps[step - 1].text if step else "Nothing is computed yet."
        if step == N_STEPS:
            names = ("d_w1", "d_b1", "d_w2", "d_b2")
            said += " " + ", ".join(
                f"{name} = {in_digits(graph_pass.values[name])}" for name in names
            )
        return f"Step {step} of {N_STEPS}. {said}"

    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="One pass through the graph",
        steps={"step": range(N_STEPS + 1)},
    )


def explore_decision_boundary(n_steps: int = 1500, first: int = 150) -> LearningFigure:
    """Watch the decision boundary of a two-layer network grow while it trains.

    A change of any setting starts the network anew.

    Parameters
    ----------
    n_steps : int, at least 1
        Updates in all.
    first : int, at least 0
        Updates made before the figure is shown, so that it has something to show.

    Returns
    -------
    LearningFigure
        With Start, Stop and Reset below; its ``training`` holds these buttons.

    Raises
    ------
    ValueError
        If `n_steps` is below 1 or `first` negative.
    """
    n_steps = as_count("n_steps", n_steps)
    first = as_count("first", first, at_least=0)
    controls = {
        "data": ipywidgets.Dropdown(options=list(DATA), value="two moons", description="points"),
        "n_hidden": ipywidgets.IntSlider(
            value=8, min=1, max=24, description="hidden units", continuous_update=False
        ),
        "activation": ipywidgets.Dropdown(
            options=[(TITLES[name], name) for name in NAMES],
            value="tanh",
            description="hidden activation",
        ),
        "learning_rate": ipywidgets.FloatLogSlider(
            value=0.1,
            base=10,
            min=-3,
            max=1,
            step=0.25,
            readout_format=".3f",
            description="learning rate (momentum 0.9)",
            continuous_update=False,
        ),
        "scale": ipywidgets.FloatSlider(
            value=1.0,
            min=0,
            max=5,
            step=0.25,
            description="initial scale (times 1/√D)",
            continuous_update=False,
        ),
        "seed": ipywidgets.IntSlider(
            value=0, min=0, max=9, description="random seed", continuous_update=False
        ),
    }
    learner = PointLearner(**{name: control.value for name, control in controls.items()})
    figure, (left, right) = new_figure(1, 2, size=(10, 4.4), width_ratios=(5, 4))

    def boundary() -> Boundary:
        hidden = learner.settings["activation"]
        return compute_network_boundary(learner.weights_now(), learner.x, hidden, n=61)

    picture = draw_boundary(left, boundary(), learner.x, learner.y)
    left.set_xticks([])
    left.set_yticks([])
    curve = draw_losses(right, np.array([]), np.array([]), n_steps)
    note = right.text(0.97, 0.95, "", transform=right.transAxes, ha="right", va="top")

    def update(**settings: object) -> str:
        if settings != learner.settings:
            learner.restart(**settings)
        picture.move(boundary())
        picture.move_points(learner.x, learner.y)
        left.set_title(settings["data"])
        left.set(xlim=picture.limits[:2], ylim=picture.limits[2:])
        losses = np.array(learner.losses)
        curve.move(losses, compute_running_mean(losses))
        note.set_text(f"{counted(len(losses), 'update')}\n{learner.accuracy():.1%} right")
        return learner.describe()

    live = make_learning_figure(
        figure,
        update,
        learner.step,
        n_steps,
        reset=learner.restart,
        twin=lambda: explore_decision_boundary(n_steps, first=0),
        updates=(0, 30, 75, 150, 300, 600, 1500),
        steps={"n_hidden": (1, 3, 8)},
        moving=[picture.moving, curve.moving, note],
        controls=controls,
        title="A decision boundary grows",
        pace=150.0,
    )
    if first:
        live.training.run(first)
    return live


RECALL = (
    (
        "Why does `d_b2` sum over the batch?",
        "One bias serves every sample. A value that is used several times collects the gradient "
        "of all its uses.",
    ),
    (
        "What is the largest slope of the sigmoid, and where does it have it?",
        "0.25, at z = 0, because $\\sigma(1 - \\sigma) = \\tfrac14 - (\\sigma - \\tfrac12)^2$.",
    ),
    (
        "Why do sigmoid and binary cross-entropy belong together?",
        "The derivative of the loss has $\\hat y(1 - \\hat y)$ below the line and the slope of the "
        "sigmoid has it above. They cancel, and $\\hat y - y$ is left even where the sigmoid is "
        "flat.",
    ),
    (
        "What is the difference between backpropagation and gradient descent?",
        "Backpropagation computes the gradient. Gradient descent is one way to use it: a step "
        "against it, times the learning rate.",
    ),
    (
        "A right gradient fails the numerical check with ε = 1e-12. Why?",
        "Rounding. An error of about 1e-16 in the loss is divided by ε and becomes 1e-4. Take ε "
        "near 1e-5 and differences from both sides.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
