"""Points in the plane that belong to classes: small problems for a network without memory."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from utils.validation import Array, as_count, as_generator, as_number


class Points(NamedTuple):
    """Hold points and their classes, in random order.

    Attributes
    ----------
    x : array, shape (n, 2)
        Coordinates, most of them within [-2, 2].
    y : array, shape (n, 1)
        Class numbers 0, 1, … as floats: targets for a sigmoid output as they are. A softmax
        wants whole numbers without the second axis: ``y[:, 0].astype(int)``.
    """

    x: Array
    y: Array


def blobs(rng: np.random.Generator, n: int = 200, noise: float = 0.4, classes: int = 2) -> Points:
    """Draw round clouds whose centres stand evenly on a circle of radius 1.2.

    With two classes a straight line divides them.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int, at least `classes`
        Number of points; the classes differ in size by at most one.
    noise : float, at least 0
        Standard deviation of a cloud, in the units of the coordinates.
    classes : int, at least 2

    Returns
    -------
    Points
        x (n, 2), y (n, 1).

    Raises
    ------
    TypeError
        If `rng` is not a generator or a number is of the wrong kind.
    ValueError
        If a number lies outside its range.
    """
    y = _classes(rng, n, classes)
    angle = 2 * np.pi * y / classes
    centres = 1.2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _finish(rng, centres, y, noise)


def circles(rng: np.random.Generator, n: int = 200, noise: float = 0.1) -> Points:
    """Draw a ring of radius 1.5 (class 0) around a ring of radius 0.6 (class 1).

    No straight line divides them: a network without a hidden layer cannot do better than
    cut through both.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int, at least 2
        Number of points, half of them in either class.
    noise : float, at least 0
        Standard deviation around the ring, in the units of the coordinates.

    Returns
    -------
    Points
        x (n, 2), y (n, 1).

    Raises
    ------
    TypeError, ValueError
        As `blobs` does.
    """
    y = _classes(rng, n, 2)
    angle = rng.uniform(0, 2 * np.pi, size=y.size)
    radius = np.where(y == 0, 1.5, 0.6)
    ring = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _finish(rng, ring, y, noise)


def moons(rng: np.random.Generator, n: int = 200, noise: float = 0.15) -> Points:
    """Draw two half-moons that reach into each other: class 0 above, class 1 below.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int, at least 2
        Number of points, half of them in either class.
    noise : float, at least 0
        Standard deviation around the moon, in the units of the coordinates.

    Returns
    -------
    Points
        x (n, 2), y (n, 1).

    Raises
    ------
    TypeError, ValueError
        As `blobs` does.
    """
    y = _classes(rng, n, 2)
    angle = rng.uniform(0, np.pi, size=y.size)
    side = np.where(y == 0, 1.0, -1.0)
    moon = np.stack([side * (np.cos(angle) - 0.5), side * (np.sin(angle) - 0.25)], axis=1)
    return _finish(rng, 1.2 * moon, y, noise)


def spirals(
    rng: np.random.Generator,
    n: int = 200,
    noise: float = 0.05,
    classes: int = 2,
    turns: float = 1.0,
) -> Points:
    """Draw spirals that wind around each other, one for every class.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int, at least `classes`
        Number of points; the classes differ in size by at most one.
    noise : float, at least 0
        Standard deviation around the arm, in the units of the coordinates.
    classes : int, at least 2
    turns : float above 0
        How often an arm winds around the centre.

    Returns
    -------
    Points
        x (n, 2), y (n, 1).

    Raises
    ------
    TypeError, ValueError
        As `blobs` does.
    """
    y = _classes(rng, n, classes)
    turns = as_number("turns", turns, above=0)
    along = np.sqrt(rng.uniform(0.02, 1.0, size=y.size))  # as many points outside as inside
    angle = 2 * np.pi * (turns * along + y / classes)
    arm = 1.7 * along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _finish(rng, arm, y, noise)


#: The four problems by name, each a function of (rng, n, noise).
POINTS: dict[str, Callable[..., Points]] = {
    "blobs": blobs,
    "circles": circles,
    "moons": moons,
    "spirals": spirals,
}


def _classes(rng: np.random.Generator, n: int, classes: int) -> Array:
    """Return n class numbers in random order, as evenly spread as n allows."""
    as_generator("rng", rng)
    classes = as_count("classes", classes, at_least=2)
    n = as_count("n", n, at_least=classes)
    return rng.permutation(np.arange(n) % classes).astype(np.float64)


def _finish(rng: np.random.Generator, centres: Array, y: Array, noise: float) -> Points:
    """Scatter points around their places and give the classes a second axis."""
    noise = as_number("noise", noise, at_least=0)
    return Points(x=centres + noise * rng.standard_normal(centres.shape), y=y[:, None])
