"""The cliff: the loss of a recurrent unit over its two parameters, and descents along it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from utils.clipping import clip_by_global_norm, clip_by_value
from utils.validation import Array, as_array, as_choice, as_count, as_number

__all__ = [
    "CLIPPINGS",
    "CliffDescent",
    "cliff_gradient",
    "cliff_loss",
    "cliff_states",
    "descend_cliff",
]

H_0, TARGET, STEPS = 0.5, 0.7, 50
CLIPPINGS = ("none", "norm", "value")


class CliffDescent(NamedTuple):
    """Hold a descent on the cliff.

    Attributes
    ----------
    path : array, shape (n + 1, 2)
        (w, b) before the first update and after each.
    losses : array, shape (n + 1,)
    norms : array, shape (n,)
        Length of the gradient before clipping, at the start of each update.
    longest : int
        The update that moved farthest, counted from 0.
    """

    path: Array
    losses: Array
    norms: Array
    longest: int


def cliff_states(w: Array, b: Array, T: int = STEPS) -> Array:
    r"""Run a recurrent unit without input, for one or many pairs of parameters.

    .. math:: h_t = \sigma(w h_{t-1} + b), \qquad h_0 = 0.5

    Parameters
    ----------
    w, b : array, any shape that NumPy can bring together
        The recurrent weight and the bias.
    T : int, at least 1

    Returns
    -------
    array, shape (T + 1, ...)
        h_0 to h_T, values in (0, 1).

    Raises
    ------
    TypeError, ValueError
        If an argument is not made of finite numbers, or T is below 1.
    """
    w, b = np.broadcast_arrays(as_array("w", w), as_array("b", b))
    hs = np.empty((as_count("T", T) + 1, *w.shape))
    hs[0] = H_0
    for t in range(T):
        hs[t + 1] = 0.5 * (1 + np.tanh(0.5 * (w * hs[t] + b)))  # the sigmoid
    return hs


def cliff_loss(w: Array, b: Array, T: int = STEPS) -> Array:
    r"""Return half the squared error of the last state of a recurrent unit.

    .. math:: L(w, b) = \tfrac12 (h_T - 0.7)^2, \qquad h_t = \sigma(w h_{t-1} + b), \quad h_0 = 0.5

    Parameters
    ----------
    w, b : array, any shape that NumPy can bring together
    T : int, at least 1
        Steps; the more, the steeper the cliff.

    Returns
    -------
    array, that shape, values in [0, 0.245]

    Raises
    ------
    TypeError, ValueError
        As `cliff_states` does.

    References
    ----------
    After figure 6 of Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent
    neural networks, ICML.
    """
    return 0.5 * (cliff_states(w, b, T)[-1] - TARGET) ** 2


def cliff_gradient(w: Array, b: Array, T: int = STEPS) -> Array:
    r"""Return the gradient of `cliff_loss` by backpropagation through time.

    .. math::
        \frac{\partial L}{\partial z_t} = \frac{\partial L}{\partial h_t} h_t (1 - h_t), \qquad
        \frac{\partial L}{\partial h_{t-1}} = w \frac{\partial L}{\partial z_t}, \qquad
        \frac{\partial L}{\partial w} = \sum_t h_{t-1} \frac{\partial L}{\partial z_t}, \qquad
        \frac{\partial L}{\partial b} = \sum_t \frac{\partial L}{\partial z_t}

    Parameters
    ----------
    w, b : array, any shape that NumPy can bring together
    T : int, at least 1

    Returns
    -------
    array, shape (..., 2)
        The derivatives by w and by b.

    Raises
    ------
    TypeError, ValueError
        As `cliff_states` does.
    """
    hs = cliff_states(w, b, T)
    d_h = hs[-1] - TARGET
    gradient = np.zeros((*hs.shape[1:], 2))
    for t in reversed(range(T)):
        d_z = d_h * hs[t + 1] * (1 - hs[t + 1])
        gradient[..., 0] += hs[t] * d_z
        gradient[..., 1] += d_z
        d_h = w * d_z
    return gradient


def descend_cliff(
    start: Array,
    learning_rate: float,
    n_steps: int,
    clipping: str = "none",
    threshold: float = 1.0,
    T: int = STEPS,
) -> CliffDescent:
    r"""Follow the gradient of `cliff_loss` downhill, with or without clipping.

    .. math:: (w, b) \leftarrow (w, b) - \eta \, \mathrm{clip}(g)

    Parameters
    ----------
    start : array, shape (2,)
        The first w and b.
    learning_rate : float above 0
        The step η.
    n_steps : int, at least 1
    clipping : {"none", "norm", "value"}
        Whether the gradient is limited as a whole, entry by entry, or not at all.
    threshold : float above 0
        The limit c of the norm or of every entry.
    T : int, at least 1
        Steps of the recurrent unit.

    Returns
    -------
    CliffDescent

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), algorithm 1.
    """
    point = as_array("start", start, "2", dtype=np.float64).copy()
    learning_rate = as_number("learning_rate", learning_rate, above=0)
    threshold = as_number("threshold", threshold, above=0)
    as_choice("clipping", clipping, CLIPPINGS)
    path, norms = [point.copy()], []
    for _ in range(as_count("n_steps", n_steps)):
        gradients = {"point": _gradient_at(float(point[0]), float(point[1]), T)}
        norms.append(float(np.linalg.norm(gradients["point"])))
        if clipping == "norm":
            gradients = clip_by_global_norm(gradients, threshold).gradients
        elif clipping == "value":
            gradients = clip_by_value(gradients, threshold)
        point = point - learning_rate * gradients["point"]
        path.append(point.copy())
    points = np.array(path)
    moved = np.linalg.norm(np.diff(points, axis=0), axis=1)
    losses = cliff_loss(points[:, 0], points[:, 1], T)
    return CliffDescent(points, losses, np.array(norms), int(moved.argmax()))


def _gradient_at(w: float, b: float, T: int) -> Array:
    """Return `cliff_gradient` of one point; numbers of Python are faster than arrays of one."""
    hs = [H_0]
    for _ in range(T):
        hs.append(0.5 * (1 + math.tanh(0.5 * (w * hs[-1] + b))))
    d_h, d_w, d_b = hs[-1] - TARGET, 0.0, 0.0
    for t in reversed(range(T)):
        d_z = d_h * hs[t + 1] * (1 - hs[t + 1])
        d_w += hs[t] * d_z
        d_b += d_z
        d_h = w * d_z
    return np.array([d_w, d_b])
