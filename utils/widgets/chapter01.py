"""Live figures of chapter 01: activations, descent, a decision boundary, one backward pass."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import ipywidgets
import numpy as np

from utils.data.points import blobs, circles, moons, spirals
from utils.feedforward import (
    TwoLayerWeights,
    init_two_layer_weights,
    two_layer_backward,
    two_layer_forward,
)
from utils.losses import binary_cross_entropy
from utils.optim import SGD
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
from utils.plots.descent import (
    SURFACES,
    compute_contours,
    compute_descent,
    describe_descent,
    draw_descent,
    make_surface,
)
from utils.plots.style import new_figure
from utils.widgets.live_figure import LiveFigure
from utils.widgets.training_figure import make_training_figure

Array = np.ndarray

__all__ = [
    "RECALL",
    "PointLearner",
    "describe_activation",
    "explore_activations",
    "explore_backward_pass",
    "explore_decision_boundary",
    "explore_descent",
]

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
"""Questions and answers at the end of the chapter, kept here so that its code does not tell."""

DATA = {
    "two moons": moons,
    "circle in a ring": circles,
    "two spirals": spirals,
    "two blobs": blobs,
}


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


class PointLearner:
    """Train a two-layer network on points of two classes, one minibatch at a time.

    Parameters
    ----------
    data : str
        A key of ``DATA``.
    n_hidden : int, at least 1
        Hidden units H.
    activation : str
        Of the hidden layer.
    learning_rate : float above 0
    scale : float, at least 0
        Standard deviation of the initial weights, in units of 1/√D for the first layer and
        1/√H for the second; 0 makes all units equal.
    seed : int
        Of the points, the weights and the minibatches.

    Attributes
    ----------
    x : array, shape (n, 2)
    y : array, shape (n, 1)
    weights : TwoLayerWeights
    losses : list of float
        Loss of every minibatch since the start, in nats.

    Raises
    ------
    ValueError
        If there are no such data.
    """

    N_POINTS, NOISE, BATCH, MOMENTUM = 300, 0.1, 32, 0.9

    def __init__(
        self,
        data: str = "two moons",
        n_hidden: int = 8,
        activation: str = "tanh",
        learning_rate: float = 0.3,
        scale: float = 1.0,
        seed: int = 0,
    ) -> None:
        if data not in DATA:
            raise ValueError(f"data is {data!r}; expected one of {', '.join(map(repr, DATA))}.")
        self._lock = threading.RLock()
        self.settings = {
            "data": data,
            "n_hidden": n_hidden,
            "activation": activation,
            "learning_rate": learning_rate,
            "scale": scale,
            "seed": seed,
        }
        self.restart()

    def restart(self, **settings: object) -> None:
        """Draw points and weights anew and forget the losses; `settings` are those that change."""
        with self._lock:
            self.settings = {**self.settings, **settings}
            chosen = self.settings
            self._rng = np.random.default_rng(chosen["seed"])
            self.x, self.y = DATA[chosen["data"]](self._rng, self.N_POINTS, noise=self.NOISE)
            drawn = init_two_layer_weights(2, chosen["n_hidden"], 1, self._rng)
            scale = chosen["scale"]
            self.weights = TwoLayerWeights(scale * drawn.W1, drawn.b1, scale * drawn.W2, drawn.b2)
            self._optimiser = SGD(chosen["learning_rate"], momentum=self.MOMENTUM)
            self.losses: list[float] = []

    def step(self, _i: int = 0) -> Mapping[str, float]:
        """Make one update on a random minibatch; its number is not used.

        Returns
        -------
        dict
            ``loss``, in nats.
        """
        with self._lock:
            rows = self._rng.integers(0, len(self.x), self.BATCH)
            x, y, hidden = self.x[rows], self.y[rows], self.settings["activation"]
            values = two_layer_forward(x, self.weights, hidden=hidden)
            gradients = two_layer_backward(
                x, y, values, self.weights, hidden=hidden, loss="binary_cross_entropy"
            )
            self._optimiser.step(self.weights, gradients)
            self.losses.append(float(binary_cross_entropy(values.y_hat, y)))
            return {"loss": self.losses[-1]}

    def predict(self, x: Array) -> Array:
        """Return the probability of class 1, shape (B, 1), for inputs `x` of shape (B, 2)."""
        hidden = self.settings["activation"]
        return two_layer_forward(x, self.weights, hidden=hidden).y_hat

    def accuracy(self) -> float:
        """Return the share, in [0, 1], of the training points on the right side of the boundary."""
        with self._lock:
            return float(np.mean((self.predict(self.x) > 0.5) == (self.y > 0.5)))

    def boundary(self, n: int = 61) -> Boundary:
        """Return what the network says on a grid of `n` by `n` points around its data."""
        with self._lock:
            hidden = self.settings["activation"]
            return compute_network_boundary(self.weights, self.x, hidden, n)

    def describe(self) -> str:
        """Return in words how far the network has come."""
        chosen = self.settings
        units = "unit" if chosen["n_hidden"] == 1 else "units"
        return (
            f"After {len(self.losses)} updates {self.accuracy():.1%} of the points of "
            f"{chosen['data']} are on the right side; {chosen['n_hidden']} hidden {units}."
        )


def explore_decision_boundary(n_steps: int = 1500, first: int = 150) -> LiveFigure:
    """Watch the decision boundary of a two-layer network grow while it trains.

    A change of any setting starts the network anew.

    Parameters
    ----------
    n_steps : int
        Updates in all, at least 1.
    first : int
        Updates made before the figure is shown, so that it has something to show.

    Returns
    -------
    LiveFigure
        With Start, Stop and Reset below; its ``training`` holds these buttons.
    """
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
    picture = draw_boundary(left, learner.boundary(), learner.x, learner.y)
    left.set_xticks([])
    left.set_yticks([])
    curve = draw_losses(right, np.array([]), np.array([]), n_steps)
    note = right.text(0.97, 0.95, "", transform=right.transAxes, ha="right", va="top")

    def update(**settings: object) -> str:
        if settings != learner.settings:
            learner.restart(**settings)
        picture.move(learner.boundary())
        picture.move_points(learner.x, learner.y)
        left.set_title(settings["data"])
        left.set(xlim=picture.limits[:2], ylim=picture.limits[2:])
        losses = np.array(learner.losses)
        curve.move(losses, compute_running_mean(losses))
        note.set_text(f"{len(losses)} updates\n{learner.accuracy():.1%} right")
        return learner.describe()

    live = make_training_figure(
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
