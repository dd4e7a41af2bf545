"""Gradient descent on losses of two weights: the surfaces, a run on one, and how it went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from utils.activations import sigmoid
from utils.optim import SGD
from utils.wording import counted

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
        end = f"arrives after {counted(after, 'update')}" if after else f"has not arrived after {n}"
        return f"Oscillates: it overshoots the minimum again and again; it {end}."
    if descent.verdict == "creeps":
        part = descent.losses[-1] / descent.losses[0]
        return f"Creeps: after {counted(n, 'update')} {part:.1%} of the loss is still there."
    return f"Arrives: after {counted(after, 'update')} less than a thousandth of the loss is left."
