"""A plain RNN over a whole sequence: one product before the loop, one after it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from utils.cells import RNN_ACTIVATIONS, RNNWeights
from utils.cells.rnn import LEAKY_SLOPE, slope_at_output
from utils.layers import weight_gradient
from utils.sequence.inputs import (
    Inputs,
    from_the_end,
    number_type,
    project,
    project_backward,
    read_inputs,
    read_mask,
    read_state,
    states,
    stretches,
    transposed,
)
from utils.validation import Array, as_array, as_choice, as_weights


class RNNSequence(NamedTuple):
    """Hold the states of a sequence with what the way back needs.

    Attributes
    ----------
    hs : array, shape (T, B, H)
        The hidden state after every step.
    h_prevs : array, shape (T, B, H)
        The hidden state before every step: the same memory, one step earlier.
    xs : array, shape (T, B, D) or (T, B)
        The inputs as they went in.
    mask : array, shape (T, B, 1), or None
    activation : str
    """

    hs: Array
    h_prevs: Array
    xs: Inputs
    mask: Array | None
    activation: str

    @property
    def h_0(self) -> Array:
        """The hidden state before the first step, (B, H)."""
        return self.h_prevs[0]

    @property
    def last_state(self) -> Array:
        """The hidden state after the last step, (B, H): the `h_0` of what comes next."""
        return self.hs[-1]


class RNNSequenceGradients(NamedTuple):
    """Hold ∂L/∂ of everything that entered the sequence.

    Attributes
    ----------
    d_xs : array, shape (T, B, D), or None
        None where the inputs were indices.
    d_h_0 : array, shape (B, H)
    d_W_xh : array, shape (D, H)
    d_W_hh : array, shape (H, H)
    d_b_h : array, shape (H,)
    """

    d_xs: Array | None
    d_h_0: Array
    d_W_xh: Array
    d_W_hh: Array
    d_b_h: Array


def rnn_sequence(
    xs: Any,
    h_0: Array | None,
    weights: RNNWeights,
    mask: Array | None = None,
    activation: str = "tanh",
) -> RNNSequence:
    r"""Run a plain RNN over a sequence.

    .. math:: h_t = m_t \odot \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h) + (1 - m_t) \odot h_{t-1}

    The products with W_xh do not wait for one another, so all of them are one product before the
    loop; the loop is left with one product and one tanh.

    Parameters
    ----------
    xs : array, shape (T, B, D), or whole numbers, shape (T, B)
        The inputs; whole numbers below D stand for one-hot vectors.
    h_0 : array, shape (B, H), or None
        Hidden state before the first step; None stands for zeros.
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,).
    mask : array of 0 and 1, shape (T, B), optional
        Where it is 0 there is no item and the state stays as it was.
    activation : {"tanh", "relu", "leaky_relu", "sigmoid"}
        What stands in the place of tanh, as in `utils.activations`.

    Returns
    -------
    RNNSequence
        ``.hs`` (T, B, H); the whole is what `rnn_sequence_backward` takes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, an axis is empty, or a value is NaN or infinite.

    References
    ----------
    Elman (1990), Finding structure in time, Cognitive Science 14(2).
    """
    activate = _IN_PLACE[as_choice("activation", activation, RNN_ACTIVATIONS)]
    sizes: dict[str, int] = {}
    W_xh, W_hh, b_h = as_weights("weights", weights, RNNWeights, _AXES, sizes)
    xs = read_inputs(xs, sizes)
    h_0 = read_state("h_0", h_0, sizes)
    dtype = number_type(xs, h_0, W_xh, W_hh, b_h)
    mask = read_mask(mask, sizes, dtype)

    room = states(h_0, sizes, dtype)  # (T + 1, B, H)
    h_prevs, hs = room[:-1], room[1:]
    W_hh = W_hh.astype(dtype, copy=False)
    project(xs, W_xh, b_h, out=hs)  # each step turns its part into the state
    from_h = np.empty_like(room[0])
    for t, (h_prev, z_t) in enumerate(zip(h_prevs, hs, strict=True)):
        np.dot(h_prev, W_hh, out=from_h)  # np.dot takes less time to set up than np.matmul
        z_t += from_h
        activate(z_t)
        if mask is not None:
            np.copyto(z_t, h_prev, where=mask[t] == 0)
    return RNNSequence(hs, h_prevs, xs, mask, activation)


def rnn_sequence_backward(
    d_hs: Array, sequence: RNNSequence, weights: RNNWeights
) -> RNNSequenceGradients:
    r"""Carry the gradient of the loss back through a whole sequence.

    .. math::
        \frac{\partial L}{\partial z_t} = m_t \odot \frac{\partial L}{\partial h_t}
            \odot (1 - h_t^2), \qquad
        \frac{\partial L}{\partial h_{t-1}} = \frac{\partial^+ L}{\partial h_{t-1}}
            + \frac{\partial L}{\partial z_t} W_{hh}^\top
            + (1 - m_t) \odot \frac{\partial L}{\partial h_t}

    with ∂⁺L/∂h for what the loss takes from that state directly. The slopes do not wait for the
    gradient, so they are computed for several steps at once, and every weight gradient is one
    product after the loop.

    Parameters
    ----------
    d_hs : array, shape (T, B, H)
        ∂⁺L/∂h_t for every step: what comes back from that step's own output, without the paths
        through later steps. Zeros where a state has no output.
    sequence : RNNSequence
        As `rnn_sequence` returned it.
    weights : RNNWeights
        The ones that it was called with.

    Returns
    -------
    RNNSequenceGradients

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.

    References
    ----------
    Werbos (1990), Backpropagation through time: what it does and how to do it, Proceedings
    of the IEEE 78(10).
    """
    hs, h_prevs, xs, mask, activation = sequence
    T, B, H = hs.shape
    sizes = {"T": T, "B": B, "H": H}
    W_xh, W_hh, _ = as_weights("weights", weights, RNNWeights, _AXES, sizes)
    d_hs = as_array("d_hs", d_hs, "T B H", sizes)

    W_hh_T = transposed(W_hh, B, hs.dtype)
    d_zs = np.empty_like(hs)
    d_h = np.zeros_like(hs[0])
    for steps in stretches(T, B * H):
        slopes = slope_at_output(hs[steps], activation)
        if mask is not None:
            slopes *= mask[steps]
            stays = iter(1 - mask[steps][::-1])
        for d_own, slope, d_z in from_the_end(d_hs[steps], slopes, d_zs[steps]):
            d_h += d_own
            np.multiply(d_h, slope, out=d_z)
            if mask is None:
                np.dot(d_z, W_hh_T, out=d_h)
            else:
                d_h = d_z @ W_hh_T + next(stays) * d_h

    d_xs, d_W_xh, d_b_h = project_backward(d_zs, xs, W_xh)
    return RNNSequenceGradients(d_xs, d_h, d_W_xh, weight_gradient(h_prevs, d_zs), d_b_h)


_AXES = {"W_xh": "D H", "W_hh": "H H", "b_h": "H"}


def _sigmoid_in_place(z: Array) -> None:
    z *= 0.5
    np.tanh(z, out=z)
    z += 1
    z *= 0.5


_IN_PLACE = {
    "tanh": lambda z: np.tanh(z, out=z),
    "relu": lambda z: np.maximum(z, 0, out=z),
    "leaky_relu": lambda z: np.maximum(z, LEAKY_SLOPE * z, out=z),
    "sigmoid": _sigmoid_in_place,
}
