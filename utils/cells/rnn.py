"""The plain recurrent cell, one time step at a time, written to be read."""

from typing import Any, NamedTuple

import numpy as np

from utils.activations import ACTIVATIONS
from utils.initialisation import normal_matrix
from utils.validation import (
    Array,
    as_array,
    as_choice,
    as_count,
    as_float_type,
    as_generator,
    as_weights,
)

#: The functions that a plain RNN can put its sum through, by name.
RNN_ACTIVATIONS = ("tanh", "relu", "leaky_relu", "sigmoid")
LEAKY_SLOPE = 0.01  # of leaky ReLU below zero, the default of utils.activations


class RNNWeights(NamedTuple):
    """Hold the weights of a plain RNN, the same at every time step.

    Attributes
    ----------
    W_xh : array, shape (D, H)
        From the input to the hidden state.
    W_hh : array, shape (H, H)
        From the hidden state at t-1 to the hidden state at t.
    b_h : array, shape (H,)
        Bias of the hidden state.
    """

    W_xh: Array
    W_hh: Array
    b_h: Array


class RNNStepGradients(NamedTuple):
    """Hold ∂L/∂ of everything that enters one step, through this step alone.

    Attributes
    ----------
    d_x_t : array, shape (B, D)
    d_h_prev : array, shape (B, H)
    d_W_xh : array, shape (D, H)
    d_W_hh : array, shape (H, H)
    d_b_h : array, shape (H,)
    """

    d_x_t: Array
    d_h_prev: Array
    d_W_xh: Array
    d_W_hh: Array
    d_b_h: Array


_RNN_AXES = {"W_xh": "D H", "W_hh": "H H", "b_h": "H"}


def init_rnn_weights(
    D: int, H: int, rng: np.random.Generator, scale: float | None = None, dtype: Any = np.float64
) -> RNNWeights:
    r"""Draw the weights of a plain RNN from normal distributions around zero, biases zero.

    Parameters
    ----------
    D, H : int
        Input features and hidden units.
    rng : numpy.random.Generator
    scale : float, optional
        Standard deviation of both matrices. Without it :math:`1/\sqrt D` for W_xh and
        :math:`1/\sqrt H` for W_hh, which keeps the size of a sum about the same whatever
        the number of its terms.
    dtype : float32 or float64

    Returns
    -------
    RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,).

    Raises
    ------
    TypeError
        If D or H is not a whole number, `rng` not a generator, or `dtype` another number type.
    ValueError
        If D or H is below 1, or `scale` is negative.
    """
    D, H, rng = as_count("D", D), as_count("H", H), as_generator("rng", rng)
    dtype = as_float_type("dtype", dtype)
    return RNNWeights(
        W_xh=normal_matrix(rng, (D, H), scale, dtype),
        W_hh=normal_matrix(rng, (H, H), scale, dtype),
        b_h=np.zeros(H, dtype=dtype),
    )


def rnn_step(x_t: Array, h_prev: Array, weights: RNNWeights, activation: str = "tanh") -> Array:
    r"""Advance a plain RNN by one time step.

    .. math:: h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h)

    Parameters
    ----------
    x_t : array, shape (B, D)
        Input at time t.
    h_prev : array, shape (B, H)
        Hidden state at time t-1; zeros before the first step.
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,); the same at every step.
    activation : {"tanh", "relu", "leaky_relu", "sigmoid"}
        What stands in the place of tanh, as in `utils.activations`.

    Returns
    -------
    h_t : array, shape (B, H)
        Values in [-1, 1] with tanh, in [0, inf) with ReLU, in [0, 1] with sigmoid.

    Raises
    ------
    TypeError
        If an argument is not made of numbers, or `weights` does not hold W_xh, W_hh, b_h.
    ValueError
        If the sizes B, D, H do not agree, an array is empty, or a value is NaN or infinite.

    References
    ----------
    Elman (1990), Finding structure in time, Cognitive Science 14(2).
    """
    sizes: dict[str, int] = {}
    W_xh, W_hh, b_h = as_weights("weights", weights, RNNWeights, _RNN_AXES, sizes)
    x_t = as_array("x_t", x_t, "B D", sizes)
    h_prev = as_array("h_prev", h_prev, "B H", sizes)
    as_choice("activation", activation, RNN_ACTIVATIONS)

    z_t = x_t @ W_xh + h_prev @ W_hh + b_h  # (B, H)
    return ACTIVATIONS[activation].function(z_t)


def rnn_step_backward(
    d_h_t: Array,
    x_t: Array,
    h_prev: Array,
    h_t: Array,
    weights: RNNWeights,
    activation: str = "tanh",
) -> RNNStepGradients:
    r"""Carry the gradient of the loss back through one time step.

    .. math::
        \frac{\partial L}{\partial z_t} &= \frac{\partial L}{\partial h_t} \odot (1 - h_t^2) \\
        \frac{\partial L}{\partial W_{xh}} &= x_t^\top \frac{\partial L}{\partial z_t}, \quad
        \frac{\partial L}{\partial W_{hh}} = h_{t-1}^\top \frac{\partial L}{\partial z_t}, \quad
        \frac{\partial L}{\partial b_h} = \sum_B \frac{\partial L}{\partial z_t} \\
        \frac{\partial L}{\partial x_t} &= \frac{\partial L}{\partial z_t} W_{xh}^\top, \quad
        \frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial z_t} W_{hh}^\top

    The gradients are those of this step alone, with h_prev held fixed: over a sequence, the
    gradients of the weights are added up over the steps.

    Parameters
    ----------
    d_h_t : array, shape (B, H)
        ∂L/∂h_t, everything that comes back to h_t: from its own output and from step t+1.
    x_t : array, shape (B, D)
        Input at time t.
    h_prev : array, shape (B, H)
        Hidden state at time t-1, as it went into the step.
    h_t : array, shape (B, H)
        Hidden state at time t, as `rnn_step` returned it.
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,).
    activation : {"tanh", "relu", "leaky_relu", "sigmoid"}
        The one that `rnn_step` was called with. The slope of ReLU at 0 counts as 0, that of
        leaky ReLU as 0.01.

    Returns
    -------
    RNNStepGradients
        d_x_t (B, D), d_h_prev (B, H), d_W_xh (D, H), d_W_hh (H, H), d_b_h (H,).

    Raises
    ------
    TypeError, ValueError
        As `rnn_step` does.

    References
    ----------
    Werbos (1990), Backpropagation through time: what it does and how to do it, Proceedings
    of the IEEE 78(10).
    """
    sizes: dict[str, int] = {}
    W_xh, W_hh, _ = as_weights("weights", weights, RNNWeights, _RNN_AXES, sizes)
    x_t = as_array("x_t", x_t, "B D", sizes)
    h_prev = as_array("h_prev", h_prev, "B H", sizes)
    h_t = as_array("h_t", h_t, "B H", sizes)
    d_h_t = as_array("d_h_t", d_h_t, "B H", sizes)
    as_choice("activation", activation, RNN_ACTIVATIONS)

    d_z_t = d_h_t * slope_at_output(h_t, activation)  # (B, H)
    return RNNStepGradients(
        d_x_t=d_z_t @ W_xh.T,  # (B, D)
        d_h_prev=d_z_t @ W_hh.T,  # (B, H)
        d_W_xh=x_t.T @ d_z_t,  # (D, H)
        d_W_hh=h_prev.T @ d_z_t,  # (H, H)
        d_b_h=d_z_t.sum(axis=0),  # (H,)
    )


def slope_at_output(h_t: Array, activation: str = "tanh") -> Array:
    r"""Return the slope of the activation where it gave `h_t`: the sum z is not needed again.

    .. math::
        \tanh' = 1 - h^2, \qquad \sigma' = h (1 - h), \qquad
        \text{ReLU}' = [h > 0], \qquad \text{leaky ReLU}' = 1 \text{ or } 0.01

    Parameters
    ----------
    h_t : array, any shape
        What the activation returned; not checked, for loops that have done so.
    activation : {"tanh", "relu", "leaky_relu", "sigmoid"}

    Returns
    -------
    array, the shape of h_t
    """
    if activation == "tanh":
        return 1.0 - h_t * h_t
    if activation == "sigmoid":
        return h_t * (1.0 - h_t)
    below = LEAKY_SLOPE if activation == "leaky_relu" else 0.0
    return np.where(h_t > 0, h_t.dtype.type(1), h_t.dtype.type(below))


def rnn_unroll(
    xs: Array, h_0: Array | None, weights: RNNWeights, activation: str = "tanh"
) -> Array:
    r"""Run a plain RNN over a whole sequence, one step after the other.

    .. math:: h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h), \quad t = 1, \dots, T

    Parameters
    ----------
    xs : array, shape (T, B, D)
        The inputs, time first.
    h_0 : array, shape (B, H), or None
        Hidden state before the first step; None stands for zeros.
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,); the same at every step.
    activation : {"tanh", "relu", "leaky_relu", "sigmoid"}

    Returns
    -------
    hs : array, shape (T, B, H)
        The hidden state after every step: ``hs[0]`` is h_1 and ``hs[-1]`` is h_T.

    Raises
    ------
    TypeError, ValueError
        As `rnn_step` does, and if the sequence is empty (T = 0).
    """
    sizes: dict[str, int] = {}
    weights = as_weights("weights", weights, RNNWeights, _RNN_AXES, sizes)
    xs = as_array("xs", xs, "T B D", sizes)
    if h_0 is None:
        h_0 = np.zeros((sizes["B"], sizes["H"]), dtype=np.result_type(xs, *weights))
    h_t = as_array("h_0", h_0, "B H", sizes)

    hs = []
    for x_t in xs:
        h_t = rnn_step(x_t, h_t, weights, activation)
        hs.append(h_t)
    return np.stack(hs)  # (T, B, H)
