"""A plain RNN over a whole sequence: one product before the loop, one after it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from utils.cells import RNNWeights
from utils.layers import weight_gradient
from utils.sequence.inputs import Inputs, project, project_backward, read_inputs, read_mask
from utils.validation import Array, as_array, as_weights


class RNNSequence(NamedTuple):
    """Hold the states of a sequence with what the way back needs.

    Attributes
    ----------
    hs : array, shape (T, B, H)
        The hidden state after every step.
    xs : array, shape (T, B, D) or (T, B)
        The inputs as they went in.
    h_0 : array, shape (B, H)
    mask : array, shape (T, B, 1), or None
    """

    hs: Array
    xs: Inputs
    h_0: Array
    mask: Array | None


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
    xs: Any, h_0: Array | None, weights: RNNWeights, mask: Array | None = None
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
    sizes: dict[str, int] = {}
    W_xh, W_hh, b_h = as_weights("weights", weights, RNNWeights, _AXES, sizes)
    xs = read_inputs(xs, sizes)
    if h_0 is None:
        h_0 = np.zeros((sizes["B"], sizes["H"]), dtype=W_hh.dtype)
    h_0 = as_array("h_0", h_0, "B H", sizes)
    hs = project(xs, W_xh, b_h)  # (T, B, H); each step turns its part into the state
    mask = read_mask(mask, sizes, hs.dtype)

    h_prev = h_0
    for t, z_t in enumerate(hs):
        z_t += h_prev @ W_hh
        np.tanh(z_t, out=z_t)
        if mask is not None:
            z_t += (1 - mask[t]) * (h_prev - z_t)
        h_prev = z_t
    return RNNSequence(hs, xs, h_0, mask)


def rnn_sequence_backward(
    d_hs: Array, sequence: RNNSequence, weights: RNNWeights
) -> RNNSequenceGradients:
    r"""Carry the gradient of the loss back through a whole sequence.

    .. math::
        \frac{\partial L}{\partial z_t} &= m_t \odot \frac{\partial L}{\partial h_t}
            \odot (1 - h_t^2), \qquad
        \frac{\partial L}{\partial h_{t-1}} = \frac{\partial^+ L}{\partial h_{t-1}}
            + \frac{\partial L}{\partial z_t} W_{hh}^\top
            + (1 - m_t) \odot \frac{\partial L}{\partial h_t}

    with ∂⁺L/∂h for what the loss takes from that state directly. The slopes of all steps are
    computed at once, and every weight gradient is one product after the loop.

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
    hs, xs, h_0, mask = sequence
    sizes = dict(zip("TBH", hs.shape, strict=True))
    W_xh, W_hh, _ = as_weights("weights", weights, RNNWeights, _AXES, sizes)
    d_hs = as_array("d_hs", d_hs, "T B H", sizes)

    slopes = 1 - hs * hs  # (T, B, H)
    if mask is not None:
        slopes *= mask
    W_hh_T = np.ascontiguousarray(W_hh.T)  # products with a transposed view are slower
    d_zs = np.empty_like(hs)
    d_h = np.zeros_like(h_0)
    for t in reversed(range(len(hs))):
        d_h = d_h + d_hs[t]
        np.multiply(d_h, slopes[t], out=d_zs[t])
        stays = 0.0 if mask is None else (1 - mask[t]) * d_h
        d_h = d_zs[t] @ W_hh_T + stays

    d_xs, d_W_xh, d_b_h = project_backward(d_zs, xs, W_xh)
    h_prevs = np.concatenate([h_0[None], hs[:-1]])  # (T, B, H)
    return RNNSequenceGradients(d_xs, d_h, d_W_xh, weight_gradient(h_prevs, d_zs), d_b_h)


_AXES = {"W_xh": "D H", "W_hh": "H H", "b_h": "H"}
