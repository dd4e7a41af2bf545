"""The decision boundary of a two-layer network on two-dimensional data, while it trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from contourpy import contour_generator
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from utils.feedforward import TwoLayerWeights, two_layer_forward
from utils.plots.style import ROLE

CLASS_LOOKS = (
    {"marker": "o", "color": "#2166ac", "label": "class 0"},
    {"marker": "^", "color": "#b2182b", "label": "class 1"},
)


@dataclass(frozen=True)
class Boundary:
    """Hold what a network says over a square of inputs.

    Attributes
    ----------
    extent : tuple of float
        Left, right, bottom, top of the square.
    probability : array, shape (n, n)
        Output ŷ, the probability of class 1; rows follow the second input upwards.
    lines : list of array, shape (m, 2)
        The curve on which the output is exactly one half, in pieces.
    unit_lines : array, shape (H, 2, 2)
        For each hidden unit two far points of the straight line on which its sum z1 is 0; NaN
        for a unit that has no such line.
    """

    extent: tuple[float, float, float, float]
    probability: np.ndarray
    lines: list[np.ndarray]
    unit_lines: np.ndarray


def compute_unit_lines(W1: np.ndarray, b1: np.ndarray, reach: float = 20.0) -> np.ndarray:
    """Find where each hidden unit's sum is zero.

    Parameters
    ----------
    W1 : array, shape (2, H)
    b1 : array, shape (H,)
    reach : float
        How far the two points lie from the point of the line that is nearest to the origin.

    Returns
    -------
    lines : array, shape (H, 2, 2)
        Two points for each unit; NaN where both weights are zero.
    """
    normal = W1.T
    length = np.sum(normal**2, axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        foot = -b1[:, None] * normal / length
        along = np.stack([-normal[:, 1], normal[:, 0]], axis=1) / np.sqrt(length)
    lines = np.stack([foot - reach * along, foot + reach * along], axis=1)
    lines[length[:, 0] == 0] = np.nan
    return lines


def compute_boundary(
    predict: Callable[[np.ndarray], np.ndarray],
    extent: tuple[float, float, float, float],
    *,
    n: int = 81,
    W1: np.ndarray | None = None,
    b1: np.ndarray | None = None,
) -> Boundary:
    """Evaluate a network over a square and trace where its output is one half.

    Parameters
    ----------
    predict : callable
        Takes inputs of shape (n·n, 2) and gives outputs of shape (n·n,) or (n·n, 1) in [0, 1].
    extent : tuple of float
        Left, right, bottom, top.
    n : int
        Grid points along each side, at least 2.
    W1, b1 : array, optional
        First layer, shapes (2, H) and (H,); with them the units' own lines are found too.

    Returns
    -------
    boundary : Boundary

    Raises
    ------
    ValueError
        If `n` is below 2 or the square is empty.
    """
    left, right, bottom, top = extent
    if n < 2:
        raise ValueError(f"n is {n}; expected at least 2 grid points a side.")
    if not (left < right and bottom < top):
        raise ValueError(f"extent is {extent}; expected left < right and bottom < top.")
    first, second = np.linspace(left, right, n), np.linspace(bottom, top, n)
    grid = np.stack(np.meshgrid(first, second), axis=-1).reshape(-1, 2)
    probability = np.asarray(predict(grid)).reshape(n, n)
    safe = np.clip(probability, 1e-12, 1 - 1e-12)
    scores = np.log(safe / (1 - safe))  # nearly straight near the edge, where ŷ is steep
    lines = contour_generator(first, second, scores).lines(0.0)
    unit_lines = np.empty((0, 2, 2))
    if W1 is not None and b1 is not None:
        unit_lines = compute_unit_lines(W1, b1)
    return Boundary(extent, probability, lines, unit_lines)


def compute_extent(x: np.ndarray, margin: float = 0.4) -> tuple[float, float, float, float]:
    """Give a square with the same centre as the points, `margin` wider than they reach.

    Parameters
    ----------
    x : array, shape (n, 2)
    margin : float
        In the units of `x`.

    Returns
    -------
    left, right, bottom, top : float
    """
    low, high = x.min(axis=0), x.max(axis=0)
    centre, half = (low + high) / 2, float(np.max(high - low)) / 2 + margin
    return (
        float(centre[0] - half),
        float(centre[0] + half),
        float(centre[1] - half),
        float(centre[1] + half),
    )


def compute_network_boundary(
    weights: TwoLayerWeights, x: np.ndarray, hidden: str = "tanh", n: int = 81
) -> Boundary:
    """Evaluate a two-layer network with one output over the square that holds some points.

    Parameters
    ----------
    weights : TwoLayerWeights
        With D = 2 inputs and K = 1 output, which a sigmoid turns into a probability.
    x : array, shape (B, 2)
        The points.
    hidden : str
        Activation of the hidden layer, a key of ``ACTIVATIONS``.
    n : int
        Grid points along each side, at least 2.

    Returns
    -------
    boundary : Boundary
        With the lines of the hidden units.

    Raises
    ------
    ValueError
        If the sizes do not agree or `hidden` is unknown.
    """

    def predict(inputs: np.ndarray) -> np.ndarray:
        return two_layer_forward(inputs, weights, hidden=hidden).y_hat

    return compute_boundary(predict, compute_extent(x), n=n, W1=weights.W1, b1=weights.b1)


@dataclass
class BoundaryPicture:
    """Own the artists of a decision boundary and move them while the network trains."""

    surface: Artist
    edge: LineCollection
    units: LineCollection
    points: tuple[Artist, Artist]

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` and `move_points` change, from back to front."""
        return (self.surface, self.units, *self.points, self.edge)

    @property
    def limits(self) -> tuple[float, float, float, float]:
        """Give left, right, bottom and top of the square that is shown."""
        return tuple(self.surface.get_extent())

    def move(self, boundary: Boundary) -> None:
        """Show what the network says now.

        Parameters
        ----------
        boundary : Boundary
        """
        self.surface.set_data(boundary.probability)
        self.surface.set_extent(boundary.extent)
        self.edge.set_segments(boundary.lines)
        keep = np.isfinite(boundary.unit_lines).all(axis=(1, 2))
        self.units.set_segments(list(boundary.unit_lines[keep]))

    def move_points(self, x: np.ndarray, y: np.ndarray) -> None:
        """Show another set of points, `x` of shape (n, 2) with classes `y` of 0 and 1."""
        classes = np.asarray(y).reshape(-1)
        for value, artist in enumerate(self.points):
            artist.set_data(*x[classes == value].T)


def draw_boundary(
    ax: Axes, boundary: Boundary, x: np.ndarray, y: np.ndarray, *, title: str = ""
) -> BoundaryPicture:
    """Draw the probability of class 1, the decision boundary, the hidden units and the points.

    Parameters
    ----------
    ax : Axes
    boundary : Boundary
    x : array, shape (n, 2)
    y : array, shape (n,) or (n, 1)
        Classes 0 and 1.
    title : str

    Returns
    -------
    picture : BoundaryPicture
    """
    left, right, bottom, top = boundary.extent
    units = LineCollection([], colors="#666666", linewidths=1.0, linestyles=(0, (4, 3)))
    edge = LineCollection([], colors="black", linewidths=2.5)
    surface = ax.imshow(
        boundary.probability,
        extent=boundary.extent,
        origin="lower",
        cmap="RdBu_r",
        vmin=-0.7,
        vmax=1.7,
        interpolation="bilinear",
        aspect="auto",
    )
    ax.add_collection(units)
    points = tuple(
        ax.plot(
            [],
            [],
            linestyle="",
            markersize=5.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
            **look,
        )[0]
        for look in CLASS_LOOKS
    )
    ax.add_collection(edge)
    ax.grid(False)
    ax.set(xlim=(left, right), ylim=(bottom, top), title=title)
    ax.set(xlabel="input $x_1$", ylabel="input $x_2$")
    picture = BoundaryPicture(surface, edge, units, points)
    picture.move(boundary)
    picture.move_points(x, y)
    return picture


def compute_running_mean(losses: np.ndarray, window: int = 25) -> np.ndarray:
    """Average each loss with up to `window` - 1 losses before it.

    Parameters
    ----------
    losses : array, shape (n,)
    window : int, at least 1

    Returns
    -------
    means : array, shape (n,)

    Raises
    ------
    ValueError
        If `window` is below 1.
    """
    if window < 1:
        raise ValueError(f"window is {window}; expected at least 1.")
    total = np.concatenate([[0.0], np.cumsum(losses)])
    end = np.arange(1, len(losses) + 1)
    start = np.maximum(end - window, 0)
    return (total[end] - total[start]) / (end - start)


@dataclass
class LossPicture:
    """Own the two lines of a loss curve and move them while the network trains."""

    each: Artist
    mean: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return (self.each, self.mean)

    def move(self, losses: np.ndarray, means: np.ndarray) -> None:
        """Show other losses, with their running means.

        Parameters
        ----------
        losses, means : array, shape (updates,)
        """
        updates = np.arange(1, len(losses) + 1)
        self.each.set_data(updates, losses)
        self.mean.set_data(updates, means)


def draw_losses(
    ax: Axes, losses: np.ndarray, means: np.ndarray, n_steps: int, *, top: float = 1.0
) -> LossPicture:
    """Draw the loss of every minibatch and its running mean, with room for `n_steps`.

    Parameters
    ----------
    ax : Axes
    losses, means : array, shape (n,)
        May be empty: the lines then wait for their first values.
    n_steps : int
        Right end of the axis.
    top : float
        Upper end of the axis, in nats.

    Returns
    -------
    picture : LossPicture
    """
    picture = LossPicture(
        each=ax.plot([], [], color="#bbbbbb", linestyle="-", linewidth=0.7)[0],
        mean=ax.plot([], [], **ROLE["loss"])[0],
    )
    picture.move(losses, means)
    ax.axhline(np.log(2.0), **ROLE["reference"])
    ax.text(n_steps * 0.98, np.log(2.0) + 0.015, "guessing, ln 2", ha="right", fontsize=9)
    ax.set(xlim=(0, n_steps), ylim=(0, top), xlabel="update", ylabel="nats")
    ax.set_title("loss: each minibatch, running mean")
    return picture
