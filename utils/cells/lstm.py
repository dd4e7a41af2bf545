"""The LSTM cell, one time step at a time, written to be read."""

from typing import Any, NamedTuple

import numpy as np

from utils.activations import sigmoid
from utils.initialisation import normal_matrix
from utils.validation import (
    Array,
    as_array,
    as_count,
    as_float_type,
    as_generator,
    as_number,
    as_weights,
)


class LSTMWeights(NamedTuple):
    """Hold the weights of an LSTM, the same at every time step.

    Blocks of H columns in the order input gate, forget gate, candidate, output gate.

    Attributes
    ----------
    W_x : array, shape (D, 4H)
        From the input to the gates and the candidate.
    W_h : array, shape (H, 4H)
        From the hidden state at t-1 to the gates and the candidate.
    b : array, shape (4H,)
    """

    W_x: Array
    W_h: Array
    b: Array


class LSTMStepValues(NamedTuple):
    """Hold every value of one step, each of shape (B, H), in the order of computation.

    Attributes
    ----------
    input_gate, forget_gate : array, values in (0, 1)
    candidate : array, values in (-1, 1)
    output_gate : array, values in (0, 1)
    c_t : array
        Cell state at time t.
    h_t : array, values in (-1, 1)
        Hidden state at time t.
    """

    input_gate: Array
    forget_gate: Array
    candidate: Array
    output_gate: Array
    c_t: Array
    h_t: Array


class LSTMStepGradients(NamedTuple):
    """Hold ∂L/∂ of everything that enters one step, through this step alone.

    Attributes
    ----------
    d_x_t : array, shape (B, D)
    d_h_prev, d_c_prev : array, shape (B, H)
    d_W_x : array, shape (D, 4H)
    d_W_h : array, shape (H, 4H)
    d_b : array, shape (4H,)
    """

    d_x_t: Array
    d_h_prev: Array
    d_c_prev: Array
    d_W_x: Array
    d_W_h: Array
    d_b: Array


def init_lstm_weights(
    D: int,
    H: int,
    rng: np.random.Generator,
    scale: float | None = None,
    forget_bias: float = 0.0,
    dtype: Any = np.float64,
) -> LSTMWeights:
    r"""Draw the weights of an LSTM from normal distributions around zero.

    Parameters
    ----------
    D, H : int
        Input features and hidden units.
    rng : numpy.random.Generator
    scale : float, optional
        Standard deviation of both matrices. Without it :math:`1/\sqrt D` for W_x and
        :math:`1/\sqrt H` for W_h.
    forget_bias : float
        Bias of the forget gate; all other biases start at zero.
    dtype : float32 or float64

    Returns
    -------
    LSTMWeights
        W_x (D, 4H), W_h (H, 4H), b (4H,).

    Raises
    ------
    TypeError
        If D or H is not a whole number, `rng` not a generator, or `dtype` another number type.
    ValueError
        If D or H is below 1, or `scale` is negative.

    References
    ----------
    Gers, Schmidhuber and Cummins (2000), Learning to forget: continual prediction with LSTM,
    Neural Computation 12(10); on the bias of the forget gate.
    """
    D, H, rng = as_count("D", D), as_count("H", H), as_generator("rng", rng)
    dtype = as_float_type("dtype", dtype)
    b = np.zeros(4 * H, dtype=dtype)
    b[H : 2 * H] = as_number("forget_bias", forget_bias)
    return LSTMWeights(
        W_x=normal_matrix(rng, (D, 4 * H), scale, dtype),
        W_h=normal_matrix(rng, (H, 4 * H), scale, dtype),
        b=b,
    )


def lstm_step(x_t: Array, h_prev: Array, c_prev: Array, weights: LSTMWeights) -> LSTMStepValues:
    r"""Advance an LSTM by one time step.

    .. math::
        i &= \sigma(x_t W_{xi} + h_{t-1} W_{hi} + b_i) \\
        f &= \sigma(x_t W_{xf} + h_{t-1} W_{hf} + b_f) \\
        g &= \tanh(x_t W_{xg} + h_{t-1} W_{hg} + b_g) \\
        o &= \sigma(x_t W_{xo} + h_{t-1} W_{ho} + b_o) \\
        c_t &= f \odot c_{t-1} + i \odot g, \qquad h_t = o \odot \tanh(c_t)

    Parameters
    ----------
    x_t : array, shape (B, D)
        Input at time t.
    h_prev, c_prev : array, shape (B, H)
        Hidden state and cell state at time t-1; zeros before the first step.
    weights : LSTMWeights
        W_x (D, 4H), W_h (H, 4H), b (4H,); the same at every step.

    Returns
    -------
    LSTMStepValues
        Gates, candidate, c_t and h_t, each (B, H).

    Raises
    ------
    TypeError
        If an argument is not made of numbers, or `weights` does not hold W_x, W_h, b.
    ValueError
        If the sizes B, D, H do not agree, an array is empty, or a value is NaN or infinite.

    References
    ----------
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8); with the
    forget gate of Gers, Schmidhuber and Cummins (2000), Neural Computation 12(10).
    """
    x_t, h_prev, c_prev, weights = _read(x_t, h_prev, c_prev, weights)
    z = x_t @ weights.W_x + h_prev @ weights.W_h + weights.b  # (B, 4H)
    z_i, z_f, z_g, z_o = np.split(z, 4, axis=1)

    input_gate = sigmoid(z_i)
    forget_gate = sigmoid(z_f)
    candidate = np.tanh(z_g)
    output_gate = sigmoid(z_o)
    c_t = forget_gate * c_prev + input_gate * candidate
    h_t = output_gate * np.tanh(c_t)
    return LSTMStepValues(input_gate, forget_gate, candidate, output_gate, c_t, h_t)


def lstm_step_backward(
    d_h_t: Array,
    d_c_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    values: LSTMStepValues,
    weights: LSTMWeights,
) -> LSTMStepGradients:
    r"""Carry the gradient of the loss back through one time step.

    Two paths lead back to c_t: along the cell state, on which `d_c_t` arrives, and through h_t.
    Their sum d_c is the total derivative:

    .. math::
        d_c = \frac{\partial L}{\partial c_t} &= \mathtt{d\_c\_t} + \frac{\partial L}{\partial h_t}
               \odot o \odot (1 - \tanh^2 c_t) \\
        \frac{\partial L}{\partial z_i} &= d_c \odot g \odot i (1 - i), \qquad
        \frac{\partial L}{\partial z_f} = d_c \odot c_{t-1} \odot f (1 - f) \\
        \frac{\partial L}{\partial z_g} &= d_c \odot i \odot (1 - g^2), \qquad
        \frac{\partial L}{\partial z_o} = \frac{\partial L}{\partial h_t}
               \odot \tanh(c_t) \odot o (1 - o) \\
        \frac{\partial L}{\partial c_{t-1}} &= d_c \odot f, \qquad
        \frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial z} W_h^\top

    The gradients are those of this step alone: over a sequence, the gradients of the weights
    are added up over the steps.

    Parameters
    ----------
    d_h_t : array, shape (B, H)
        ∂L/∂h_t, everything that comes back to h_t: from its own output and from step t+1.
    d_c_t : array, shape (B, H)
        The part of ∂L/∂c_t that comes along the cell state: what step t+1 gave as ``d_c_prev``;
        zeros at the end.
    x_t : array, shape (B, D)
    h_prev, c_prev : array, shape (B, H)
        As they went into the step.
    values : LSTMStepValues
        As `lstm_step` returned them.
    weights : LSTMWeights

    Returns
    -------
    LSTMStepGradients
        d_x_t (B, D), d_h_prev and d_c_prev (B, H), d_W_x (D, 4H), d_W_h (H, 4H), d_b (4H,).

    Raises
    ------
    TypeError, ValueError
        As `lstm_step` does.
    """
    x_t, h_prev, c_prev, weights = _read(x_t, h_prev, c_prev, weights)
    sizes = {"B": len(x_t), "H": h_prev.shape[1]}
    values = as_weights("values", values, LSTMStepValues, _VALUE_AXES, sizes)
    d_h_t = as_array("d_h_t", d_h_t, "B H", sizes)
    d_c_t = as_array("d_c_t", d_c_t, "B H", sizes)
    i, f, g, o, c_t, _ = values

    tanh_c_t = np.tanh(c_t)
    d_c = d_c_t + d_h_t * o * (1 - tanh_c_t**2)  # both paths into c_t
    d_z_i = d_c * g * i * (1 - i)
    d_z_f = d_c * c_prev * f * (1 - f)
    d_z_g = d_c * i * (1 - g**2)
    d_z_o = d_h_t * tanh_c_t * o * (1 - o)
    d_z = np.concatenate([d_z_i, d_z_f, d_z_g, d_z_o], axis=1)  # (B, 4H)
    return LSTMStepGradients(
        d_x_t=d_z @ weights.W_x.T,
        d_h_prev=d_z @ weights.W_h.T,
        d_c_prev=d_c * f,
        d_W_x=x_t.T @ d_z,
        d_W_h=h_prev.T @ d_z,
        d_b=d_z.sum(axis=0),
    )


_AXES = {"W_x": "D 4H", "W_h": "H 4H", "b": "4H"}
_VALUE_AXES = dict.fromkeys(LSTMStepValues._fields, "B H")


def _read(
    x_t: Array, h_prev: Array, c_prev: Array, weights: LSTMWeights
) -> tuple[Array, Array, Array, LSTMWeights]:
    """Check one step's arguments against each other."""
    sizes: dict[str, int] = {}
    h_prev = as_array("h_prev", h_prev, "B H", sizes)
    sizes["4H"] = 4 * sizes["H"]
    weights = as_weights("weights", weights, LSTMWeights, _AXES, sizes)
    x_t = as_array("x_t", x_t, "B D", sizes)
    return x_t, h_prev, as_array("c_prev", c_prev, "B H", sizes), weights
