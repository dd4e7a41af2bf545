"""Descent on a loss surface, and two curves that belong to it: slow starts and step sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from utils.activations import sigmoid
from utils.optim import SGD
from utils.plots.style import ROLE

PATH = {"color": ROLE["gradient"]["color"], "linewidth": 1.8, "marker": "o", "markersize": 3.5}
ARRIVED = 1e-3
"""A run has arrived when its loss, above the minimum, fell to this part of where it began."""
VISIBLE = 1e-6
"""Turns are counted until the loss is below this part: what follows cannot be seen."""


@dataclass(frozen=True)
class Surface:
    """Describe a loss of two weights by name, with what is needed to descend on it.

    Attributes
    ----------
    name : str
    labels : tuple of two str
        What the two axes mean.
    start, minimum : array, shape (2,)
        Where descent begins, and where the loss is least.
    limits : tuple of float
        Left, right, bottom, top of the picture.
    """

    name: str
    labels: tuple[str, str]
    start: np.ndarray
    minimum: np.ndarray
    limits: tuple[float, float, float, float]

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Give the loss at `w` for every leading index.

        Parameters
        ----------
        w : array, shape (..., 2)

        Returns
        -------
        array, shape (...)
        """
        raise NotImplementedError

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Give the gradient at one point.

        Parameters
        ----------
        w : array, shape (2,)

        Returns
        -------
        array, shape (2,)
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Valley(Surface):
    r"""Bowl with a different curvature along each axis.

    .. math:: L(w) = \tfrac12 (\lambda_1 w_1^2 + \lambda_2 w_2^2)
    """

    curvatures: tuple[float, float] = (1.0, 10.0)  #: λ₁ and λ₂

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Give half the weighted sum of squares, over the last axis of `w`."""
        return 0.5 * np.sum(np.asarray(self.curvatures) * np.asarray(w) ** 2, axis=-1)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Give the curvatures times `w`."""
        return np.asarray(self.curvatures) * w


@dataclass(frozen=True)
class LogisticUnit(Surface):
    r"""Binary cross-entropy of one sigmoid unit with one weight and one bias on given data.

    .. math:: L(w, b) = \frac1B \sum_i \mathrm{BCE}(\sigma(w x_i + b), y_i)
    """

    x: np.ndarray = None  #: (B,), the inputs
    y: np.ndarray = None  #: (B,), the classes, 0 or 1

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Give the mean loss over the data, in nats, for every leading index of `w`."""
        w = np.asarray(w, dtype=float)
        z = w[..., :1] * self.x + w[..., 1:]
        return np.mean(np.logaddexp(0.0, z) - self.y * z, axis=-1)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Give the mean over the data of (ŷ − y)·(x, 1)."""
        z = w[0] * self.x + w[1]
        error = sigmoid(z) - self.y
        return np.array([np.mean(error * self.x), np.mean(error)])


SURFACES = ("round bowl", "narrow valley", "sigmoid unit")


def make_surface(name: str) -> Surface:
    """Make one of the surfaces of the explorer.

    Parameters
    ----------
    name : {"round bowl", "narrow valley", "sigmoid unit"}

    Returns
    -------
    surface : Surface

    Raises
    ------
    ValueError
        If there is no surface of that name.
    """
    weights = ("weight $w_1$", "weight $w_2$")
    limits = (-6.0, 6.0, -3.0, 3.0)
    start, origin = np.array([-5.0, 2.0]), np.zeros(2)
    if name == "round bowl":
        return Valley(name, weights, start, origin, limits, (1.0, 1.0))
    if name == "narrow valley":
        return Valley(name, weights, start, origin, limits, (1.0, 10.0))
    if name == "sigmoid unit":
        x = np.array([-2.0, -1.2, -0.6, -0.1, 0.3, 0.9, 1.4, 2.2])
        y = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
        unit = LogisticUnit(
            name, ("weight $w$", "bias $b$"), np.array([-5.0, 2.0]), origin, limits, x, y
        )
        return LogisticUnit(name, unit.labels, unit.start, _minimise(unit), limits, x, y)
    raise ValueError(f"name is {name!r}; expected one of {', '.join(map(repr, SURFACES))}.")


def _minimise(surface: Surface) -> np.ndarray:
    """Find the minimum of a convex surface by Newton's method on a numerical Hessian."""
    w, small = np.zeros(2), 1e-5
    for _ in range(50):
        columns = [
            (surface.gradient(w + small * unit) - surface.gradient(w - small * unit)) / (2 * small)
            for unit in np.eye(2)
        ]
        w = w - np.linalg.solve(np.stack(columns, axis=1), surface.gradient(w))
    return w


@dataclass(frozen=True)
class Descent:
    """Hold one run of gradient descent.

    Attributes
    ----------
    surface : Surface
    path : array, shape (n + 1, 2)
        The weights before the first update and after each one; n is smaller than asked when
        the run left the numbers a float can hold.
    losses : array, shape (n + 1,)
        The loss above the minimum at each of them.
    verdict : {"arrives", "oscillates", "creeps", "diverges"}
    arrived_after : int or None
        Updates until the loss above the minimum stayed below a thousandth of its first value.
    turns : float
        Share of the visible updates that go back against the one before, from 0 to 1.
    rises : float
        Share of the visible updates after which the loss is higher than before.
    """

    surface: Surface
    path: np.ndarray
    losses: np.ndarray
    verdict: str
    arrived_after: int | None
    turns: float
    rises: float


def compute_descent(
    surface: Surface, learning_rate: float, momentum: float = 0.0, n_steps: int = 60
) -> Descent:
    r"""Run gradient descent from the surface's start and judge how it went.

    .. math:: v \leftarrow \mu v + g, \qquad w \leftarrow w - \eta v

    The verdict follows a fixed rule. *Diverges*: the last loss is above the first or is no
    number. *Oscillates*: more than half of the visible updates turn back against the one
    before, or more than a quarter of them raise the loss. *Arrives*: the loss above the minimum
    falls below a thousandth of its first value and stays there. *Creeps*: it does not.

    Parameters
    ----------
    surface : Surface
    learning_rate : float
        The factor η in front of the gradient, above 0.
    momentum : float
        The part μ of the last update that is kept, from 0 to below 1.
    n_steps : int
        Number of updates, at least 1.

    Returns
    -------
    descent : Descent

    Raises
    ------
    ValueError
        If a setting is outside its range.
    """
    if n_steps < 1:
        raise ValueError(f"n_steps is {n_steps}; expected at least 1.")
    optimiser = SGD(learning_rate, momentum=momentum)
    weights = {"w": surface.start.astype(float).copy()}
    path = [weights["w"].copy()]
    for _ in range(n_steps):
        optimiser.step(weights, {"d_w": surface.gradient(weights["w"])})
        if not np.all(np.abs(weights["w"]) < 1e6):
            break
        path.append(weights["w"].copy())
    points = np.array(path)
    losses = np.maximum(surface.loss(points) - surface.loss(surface.minimum), 0.0)
    broke_off = len(points) <= n_steps
    return _judge(surface, points, losses, broke_off)


def _judge(surface: Surface, path: np.ndarray, losses: np.ndarray, broke_off: bool) -> Descent:
    """Apply the rule of `compute_descent` to a finished run."""
    above = np.flatnonzero(losses > ARRIVED * losses[0])
    arrived_after = int(above[-1]) + 1 if above[-1] + 1 < len(losses) else None
    visible = int(np.flatnonzero(losses > VISIBLE * losses[0])[-1])
    moves = np.diff(path[: visible + 2], axis=0)
    turned = np.sum(moves[1:] * moves[:-1], axis=1) < 0
    turns = float(np.mean(turned)) if len(turned) else 0.0
    rises = float(np.mean(np.diff(losses[: visible + 2]) > 0))
    if broke_off or losses[-1] > losses[0]:
        verdict, arrived_after = "diverges", None
    elif turns > 0.5 or rises > 0.25:
        verdict = "oscillates"
    else:
        verdict = "creeps" if arrived_after is None else "arrives"
    return Descent(surface, path, losses, verdict, arrived_after, turns, rises)


def describe_descent(descent: Descent) -> str:
    """Say in one sentence how a run of descent went.

    Parameters
    ----------
    descent : Descent

    Returns
    -------
    str
    """
    n, after = len(descent.path) - 1, descent.arrived_after
    if descent.verdict == "diverges":
        return "Diverges: each update overshoots the minimum by more than the last."
    if descent.verdict == "oscillates":
        end = f"arrives after {_updates(after)}" if after else f"has not arrived after {n}"
        return f"Oscillates: it overshoots the minimum again and again; it {end}."
    if descent.verdict == "creeps":
        part = descent.losses[-1] / descent.losses[0]
        return f"Creeps: after {_updates(n)} {part:.1%} of the loss is still there."
    return f"Arrives: after {_updates(after)} less than a thousandth of the loss is left."


def _updates(n: int) -> str:
    return f"{n} update" if n == 1 else f"{n} updates"


@dataclass
class DescentPicture:
    """Own the artists of a descent picture and move them to another run."""

    path: Artist
    last: Artist
    losses: Artist
    verdict: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return tuple(vars(self).values())

    def move(self, descent: Descent) -> None:
        """Show another run on the same surface.

        Parameters
        ----------
        descent : Descent
        """
        self.path.set_data(*descent.path.T)
        self.last.set_data(*descent.path[-1:].T)
        floor = 1e-8 * descent.losses[0]
        self.losses.set_data(
            np.arange(len(descent.losses)), np.maximum(descent.losses / descent.losses[0], floor)
        )
        self.verdict.set_text(descent.verdict)


def compute_contours(surface: Surface, n: int = 121) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Evaluate a surface on a grid that fills its picture.

    Parameters
    ----------
    surface : Surface
    n : int
        Points along each side of the grid.

    Returns
    -------
    w1, w2, losses : array, shape (n,), (n,) and (n, n)
        Losses above the minimum; rows follow w2.
    """
    left, right, bottom, top = surface.limits
    w1, w2 = np.linspace(left, right, n), np.linspace(bottom, top, n)
    grid = np.stack(np.meshgrid(w1, w2), axis=-1)
    return w1, w2, surface.loss(grid) - surface.loss(surface.minimum)


def draw_descent(
    axes: Sequence[Axes],
    descent: Descent,
    contours: tuple[np.ndarray, np.ndarray, np.ndarray],
    n_steps: int = 60,
) -> DescentPicture:
    """Draw the path of a descent over the contours of its loss, and the loss by update.

    Parameters
    ----------
    axes : two Axes
        Left for the surface, right for the loss.
    descent : Descent
    contours : tuple
        As `compute_contours` returns them for the same surface.
    n_steps : int
        Right end of the axis of updates.

    Returns
    -------
    picture : DescentPicture
    """
    surface, curve = axes
    surface.clear()
    w1, w2, losses = contours
    levels = np.max(losses) * np.linspace(0.02, 1.0, 14) ** 2
    surface.contour(w1, w2, losses, levels=levels, cmap="cividis", linewidths=0.9)
    surface.plot(*descent.surface.minimum, "+", color="black", markersize=12, markeredgewidth=2)
    left, right, bottom, top = descent.surface.limits
    surface.set(xlim=(left, right), ylim=(bottom, top))
    surface.set(xlabel=descent.surface.labels[0], ylabel=descent.surface.labels[1])
    surface.set_title(descent.surface.name)
    curve.clear()
    curve.set(xlim=(0, n_steps), ylim=(1e-6, 1e3), yscale="log", xlabel="update")
    curve.set(ylabel="share of the loss left")
    curve.set_title("loss")
    curve.axhline(ARRIVED, color="#666666", linewidth=1, linestyle=":")
    curve.text(n_steps, ARRIVED / 1.4, "arrived", ha="right", va="top", fontsize=9)
    picture = DescentPicture(
        path=surface.plot([], [], **PATH)[0],
        last=surface.plot([], [], "o", color="black", markersize=8)[0],
        losses=curve.plot([], [], color=PATH["color"], linewidth=2)[0],
        verdict=curve.text(0.04, 0.9, "", transform=curve.transAxes, fontsize=13, weight="bold"),
    )
    picture.move(descent)
    return picture


def compute_slow_start(
    z_start: float = -8.0, learning_rate: float = 1.0, n_steps: int = 2000
) -> dict[str, np.ndarray]:
    r"""Train one sigmoid unit's sum towards target 1 from a badly wrong start, with two losses.

    The sum z itself is the weight. For squared error the update uses
    :math:`(\hat y - y)\,\hat y(1 - \hat y)`, for binary cross-entropy :math:`\hat y - y`.

    Parameters
    ----------
    z_start : float
        First value of the sum; far below 0 means sure and wrong.
    learning_rate : float
    n_steps : int

    Returns
    -------
    outputs : dict from loss to array, shape (n_steps + 1,)
        ``"squared error"`` and ``"binary cross-entropy"``: the output ŷ before the first update
        and after each one.
    """
    z = np.full(2, float(z_start))
    outputs = np.empty((n_steps + 1, 2))
    for step in range(n_steps + 1):
        y_hat = sigmoid(z)
        outputs[step] = y_hat
        error = y_hat - 1.0
        z = z - learning_rate * error * np.array([y_hat[0] * (1.0 - y_hat[0]), 1.0])
    return {"squared error": outputs[:, 0], "binary cross-entropy": outputs[:, 1]}


def draw_slow_start(ax: Axes, outputs: dict[str, np.ndarray]) -> None:
    """Draw the output of a unit after each update, one line per loss.

    Parameters
    ----------
    ax : Axes
    outputs : dict
        As `compute_slow_start` returns it.
    """
    looks = {"squared error": ROLE["gradient"], "binary cross-entropy": ROLE["loss"]}
    places = {"squared error": (0.9, 0.4), "binary cross-entropy": (0.28, 0.8)}
    for name, y_hat in outputs.items():
        ax.plot(np.arange(1, len(y_hat)), y_hat[1:], **looks[name])
        colour = looks[name]["color"]
        ax.text(*places[name], name, transform=ax.transAxes, color=colour, ha="right")
    ax.set_xscale("log")
    ax.set(xlabel="update (logarithmic)", ylabel="output ŷ, target 1", ylim=(-0.03, 1.05))


def draw_difference_errors(ax: Axes, errors: dict[str, np.ndarray]) -> None:
    """Draw the error of numerical derivatives against their step size, both logarithmic.

    Parameters
    ----------
    ax : Axes
    errors : dict
        ``"epsilons"``, ``"one_sided"`` and ``"central"``, each of shape (n,), as
        ``utils.gradients.difference_errors`` returns them.
    """
    looks = {
        "one_sided": {**ROLE["gradient"], "marker": "s", "label": "one-sided"},
        "central": {**ROLE["loss"], "marker": "o", "label": "central"},
    }
    for key, look in looks.items():
        shown = np.maximum(errors[key], 1e-17)
        ax.loglog(errors["epsilons"], shown, markersize=3.5, **look)
    ax.set(xlabel="step size ε", ylabel="error of the derivative")
    ax.legend()
