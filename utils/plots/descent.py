"""Descent on a loss surface, and two curves that belong to it: slow starts and step sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from utils.activations import sigmoid
from utils.descent import ARRIVED, Descent, Surface
from utils.plots.style import ROLE, UNDER_TEXT

PATH = {"color": ROLE["gradient"]["color"], "linewidth": 1.8, "marker": "o", "markersize": 3.5}


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
        verdict=curve.text(
            *(0.96, 0.9),
            "",
            transform=curve.transAxes,
            ha="right",
            fontsize=13,
            weight="bold",
            bbox=UNDER_TEXT,
        ),
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
