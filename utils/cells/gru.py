"""The GRU cell, one time step at a time, written to be read."""

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
    as_weights,
)


class GRUWeights(NamedTuple):
    """Hold the weights of a GRU, the same at every time step.

    Blocks of H columns in the order reset gate, update gate, candidate.

    Attributes
    ----------
    W_x : array, shape (D, 3H)
        From the input to the gates and the candidate.
    W_h : array, shape (H, 3H)
        From the hidden state at t-1 to the gates and the candidate.
    b : array, shape (3H,)
    b_hn : array, shape (H,)
        Bias of the candidate that stands inside the reset gate; used with reset after the
        product alone.
    """

    W_x: Array
    W_h: Array
    b: Array
    b_hn: Array


class GRUStepValues(NamedTuple):
    """Hold every value of one step, each of shape (B, H), in the order of computation.

    Attributes
    ----------
    reset_gate, update_gate : array, values in (0, 1)
    candidate : array, values in (-1, 1)
    h_t : array
        Hidden state at time t.
    """

    reset_gate: Array
    update_gate: Array
    candidate: Array
    h_t: Array


class GRUStepGradients(NamedTuple):
    """Hold ∂L/∂ of everything that enters one step, through this step alone.

    Attributes
    ----------
    d_x_t : array, shape (B, D)
    d_h_prev : array, shape (B, H)
    d_W_x : array, shape (D, 3H)
    d_W_h : array, shape (H, 3H)
    d_b : array, shape (3H,)
    d_b_hn : array, shape (H,)
        Zeros with reset before the product.
    """

    d_x_t: Array
    d_h_prev: Array
    d_W_x: Array
    d_W_h: Array
    d_b: Array
    d_b_hn: Array


def init_gru_weights(
    D: int, H: int, rng: np.random.Generator, scale: float | None = None, dtype: Any = np.float64
) -> GRUWeights:
    r"""Draw the weights of a GRU from normal distributions around zero, biases zero.

    Parameters
    ----------
    D, H : int
        Input features and hidden units.
    rng : numpy.random.Generator
    scale : float, optional
        Standard deviation of both matrices. Without it :math:`1/\sqrt D` for W_x and
        :math:`1/\sqrt H` for W_h.
    dtype : float32 or float64

    Returns
    -------
    GRUWeights
        W_x (D, 3H), W_h (H, 3H), b (3H,), b_hn (H,).

    Raises
    ------
    TypeError
        If D or H is not a whole number, `rng` not a generator, or `dtype` another number type.
    ValueError
        If D or H is below 1, or `scale` is negative.
    """
    D, H, rng = as_count("D", D), as_count("H", H), as_generator("rng", rng)
    dtype = as_float_type("dtype", dtype)
    return GRUWeights(
        W_x=normal_matrix(rng, (D, 3 * H), scale, dtype),
        W_h=normal_matrix(rng, (H, 3 * H), scale, dtype),
        b=np.zeros(3 * H, dtype=dtype),
        b_hn=np.zeros(H, dtype=dtype),
    )


def gru_step(
    x_t: Array, h_prev: Array, weights: GRUWeights, reset_after: bool = True
) -> GRUStepValues:
    r"""Advance a GRU by one time step.

    .. math::
        r &= \sigma(x_t W_{xr} + h_{t-1} W_{hr} + b_r) \\
        z &= \sigma(x_t W_{xz} + h_{t-1} W_{hz} + b_z) \\
        n_\text{after} &= \tanh(x_t W_{xn} + b_n + r \odot (h_{t-1} W_{hn} + b_{hn})) \\
        n_\text{before} &= \tanh(x_t W_{xn} + b_n + (r \odot h_{t-1}) W_{hn}) \\
        h_t &= (1 - z) \odot n + z \odot h_{t-1}

    Parameters
    ----------
    x_t : array, shape (B, D)
        Input at time t.
    h_prev : array, shape (B, H)
        Hidden state at time t-1; zeros before the first step.
    weights : GRUWeights
        W_x (D, 3H), W_h (H, 3H), b (3H,), b_hn (H,); the same at every step.
    reset_after : bool
        Whether the reset gate acts after the product with W_hn, as in ``torch`` and cuDNN, or
        before it, as in the paper.

    Returns
    -------
    GRUStepValues
        Gates, candidate and h_t, each (B, H).

    Raises
    ------
    TypeError
        If an argument is not made of numbers, or `weights` does not hold W_x, W_h, b, b_hn.
    ValueError
        If the sizes B, D, H do not agree, an array is empty, or a value is NaN or infinite.

    References
    ----------
    Cho et al. (2014), Learning phrase representations using RNN encoder–decoder for statistical
    machine translation, EMNLP, equations 5 to 8.
    """
    x_t, h_prev, weights = _read(x_t, h_prev, weights)
    from_x = np.split(x_t @ weights.W_x + weights.b, 3, axis=1)  # three of (B, H)
    W_hr, W_hz, W_hn = np.split(weights.W_h, 3, axis=1)  # each (H, H)

    reset_gate = sigmoid(from_x[0] + h_prev @ W_hr)
    update_gate = sigmoid(from_x[1] + h_prev @ W_hz)
    if reset_after:
        candidate = np.tanh(from_x[2] + reset_gate * (h_prev @ W_hn + weights.b_hn))
    else:
        candidate = np.tanh(from_x[2] + (reset_gate * h_prev) @ W_hn)
    h_t = (1 - update_gate) * candidate + update_gate * h_prev
    return GRUStepValues(reset_gate, update_gate, candidate, h_t)


def gru_step_backward(
    d_h_t: Array,
    x_t: Array,
    h_prev: Array,
    values: GRUStepValues,
    weights: GRUWeights,
    reset_after: bool = True,
) -> GRUStepGradients:
    r"""Carry the gradient of the loss back through one time step.

    With :math:`a_n` for the sum inside the candidate's tanh, :math:`a_r, a_z` for those of the
    gates, and :math:`q = h_{t-1} W_{hn} + b_{hn}`:

    .. math::
        \frac{\partial L}{\partial a_n} &= \frac{\partial L}{\partial h_t}
            \odot (1 - z) \odot (1 - n^2), \qquad
        \frac{\partial L}{\partial a_z} = \frac{\partial L}{\partial h_t}
            \odot (h_{t-1} - n) \odot z (1 - z) \\
        \text{after: } \frac{\partial L}{\partial q} &= \frac{\partial L}{\partial a_n} \odot r,
            \qquad \frac{\partial L}{\partial r} = \frac{\partial L}{\partial a_n} \odot q \\
        \text{before: } \frac{\partial L}{\partial (r h)} &= \frac{\partial L}{\partial a_n}
            W_{hn}^\top, \qquad \frac{\partial L}{\partial r}
            = \frac{\partial L}{\partial (r h)} \odot h_{t-1}

    and h_prev collects four paths: through z's blend, and through each of the three products.

    Parameters
    ----------
    d_h_t : array, shape (B, H)
        ∂L/∂h_t, everything that comes back to h_t: from its own output and from step t+1.
    x_t : array, shape (B, D)
    h_prev : array, shape (B, H)
        As they went into the step.
    values : GRUStepValues
        As `gru_step` returned them.
    weights : GRUWeights
    reset_after : bool
        The one that `gru_step` was called with.

    Returns
    -------
    GRUStepGradients
        d_x_t (B, D), d_h_prev (B, H), d_W_x (D, 3H), d_W_h (H, 3H), d_b (3H,), d_b_hn (H,).

    Raises
    ------
    TypeError, ValueError
        As `gru_step` does.
    """
    x_t, h_prev, weights = _read(x_t, h_prev, weights)
    sizes = {"B": len(x_t), "H": h_prev.shape[1]}
    r, z, n, _ = as_weights("values", values, GRUStepValues, _VALUE_AXES, sizes)
    d_h_t = as_array("d_h_t", d_h_t, "B H", sizes)
    W_hr, W_hz, W_hn = np.split(weights.W_h, 3, axis=1)  # each (H, H)

    d_a_n = d_h_t * (1 - z) * (1 - n**2)
    d_a_z = d_h_t * (h_prev - n) * z * (1 - z)
    if reset_after:
        d_q = d_a_n * r
        d_r = d_a_n * (h_prev @ W_hn + weights.b_hn)
        d_h_candidate, d_W_hn, d_b_hn = d_q @ W_hn.T, h_prev.T @ d_q, d_q.sum(axis=0)
    else:
        d_reset_h = d_a_n @ W_hn.T
        d_r = d_reset_h * h_prev
        d_h_candidate, d_W_hn = d_reset_h * r, (r * h_prev).T @ d_a_n
        d_b_hn = np.zeros_like(weights.b_hn)
    d_a_r = d_r * r * (1 - r)

    d_a = np.concatenate([d_a_r, d_a_z, d_a_n], axis=1)  # (B, 3H)
    return GRUStepGradients(
        d_x_t=d_a @ weights.W_x.T,
        d_h_prev=d_h_t * z + d_a_r @ W_hr.T + d_a_z @ W_hz.T + d_h_candidate,
        d_W_x=x_t.T @ d_a,
        d_W_h=np.concatenate([h_prev.T @ d_a_r, h_prev.T @ d_a_z, d_W_hn], axis=1),
        d_b=d_a.sum(axis=0),
        d_b_hn=d_b_hn,
    )


_AXES = {"W_x": "D 3H", "W_h": "H 3H", "b": "3H", "b_hn": "H"}
_VALUE_AXES = dict.fromkeys(GRUStepValues._fields, "B H")


def _read(x_t: Array, h_prev: Array, weights: GRUWeights) -> tuple[Array, Array, GRUWeights]:
    """Check one step's arguments against each other."""
    sizes: dict[str, int] = {}
    h_prev = as_array("h_prev", h_prev, "B H", sizes)
    sizes["3H"] = 3 * sizes["H"]
    weights = as_weights("weights", weights, GRUWeights, _AXES, sizes)
    return as_array("x_t", x_t, "B D", sizes), h_prev, weights
