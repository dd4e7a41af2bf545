"""An LSTM over a whole sequence: one product of all gates a step, one tanh over all of them.

What makes it fast, beside what the plain RNN does:

- Sigmoids are tanh, σ(z) = (1 + tanh(z/2))/2, with the halves put into the weights beforehand: one
  tanh, in place, serves the three gates and the candidate.
- Within a step the gates stand one after the other, (T, 4, B, H), in the order output, input,
  forget, candidate: unbroken memory for the tanh, for the three sigmoids, and for the three that
  the gradient of the cell state reaches.
- On the way back, all factors that do not depend on the gradient are computed for several steps
  at once, while they are in the cache; a step is left with five multiplications and additions and
  one product, (B, 4H) with (4H, H).
- Weight gradients are one product after the loop.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from utils.cells import LSTMWeights
from utils.layers import weight_gradient
from utils.sequence.gates import (
    arrange,
    project_gates,
    read_gated_weights,
    sigmoid_from_half,
    state_product,
)
from utils.sequence.inputs import (
    Inputs,
    from_the_end,
    number_type,
    project_backward,
    read_inputs,
    read_mask,
    read_state,
    states,
    stretches,
    transposed,
)
from utils.validation import Array, as_array

_AXES = {"W_x": "D 4H", "W_h": "H 4H", "b": "4H"}
_ORDER = (3, 0, 1, 2)  # output, input, forget, candidate, out of input, forget, candidate, output
_FACTORS = (0.5, 0.5, 0.5, 1.0)  # σ(z) is computed from tanh(z/2)


class LSTMSequence(NamedTuple):
    """Hold the states and gates of a sequence: all that the way back needs.

    Attributes
    ----------
    hs, cs : array, shape (T, B, H)
        Hidden state and cell state after every step.
    h_prevs, c_prevs : array, shape (T, B, H)
        The same before every step: the same memory, one step earlier.
    gates : array, shape (T, 4, B, H)
        Output gate, input gate, forget gate, candidate; each also under its own name.
    xs : array, shape (T, B, D) or (T, B)
        The inputs as they went in.
    mask : array, shape (T, B, 1), or None
        Where it is 0, the gates of that step say nothing.
    """

    hs: Array
    cs: Array
    h_prevs: Array
    c_prevs: Array
    gates: Array
    xs: Inputs
    mask: Array | None

    @property
    def output_gate(self) -> Array:
        """The output gate at every step, (T, B, H), values in [0, 1]."""
        return self.gates[:, 0]

    @property
    def input_gate(self) -> Array:
        """The input gate at every step, (T, B, H), values in [0, 1]."""
        return self.gates[:, 1]

    @property
    def forget_gate(self) -> Array:
        """The forget gate at every step, (T, B, H), values in [0, 1]."""
        return self.gates[:, 2]

    @property
    def candidate(self) -> Array:
        """The candidate at every step, (T, B, H), values in [-1, 1]."""
        return self.gates[:, 3]

    @property
    def last_state(self) -> tuple[Array, Array]:
        """Hidden and cell state after the last step: ``h_0`` and ``c_0`` of what comes next."""
        return self.hs[-1], self.cs[-1]


class LSTMSequenceGradients(NamedTuple):
    """Hold ∂L/∂ of everything that entered the sequence.

    Attributes
    ----------
    d_xs : array, shape (T, B, D), or None
        None where the inputs were indices.
    d_h_0, d_c_0 : array, shape (B, H)
    d_W_x : array, shape (D, 4H)
    d_W_h : array, shape (H, 4H)
    d_b : array, shape (4H,)
    """

    d_xs: Array | None
    d_h_0: Array
    d_c_0: Array
    d_W_x: Array
    d_W_h: Array
    d_b: Array


def lstm_sequence(
    xs: Any,
    h_0: Array | None,
    c_0: Array | None,
    weights: LSTMWeights,
    mask: Array | None = None,
) -> LSTMSequence:
    r"""Run an LSTM over a sequence.

    .. math::
        c_t &= m_t \odot (f_t \odot c_{t-1} + i_t \odot g_t) + (1 - m_t) \odot c_{t-1} \\
        h_t &= m_t \odot o_t \odot \tanh(c_t) + (1 - m_t) \odot h_{t-1}

    with the gates i, f, o and the candidate g of `utils.cells.lstm_step`.

    Parameters
    ----------
    xs : array, shape (T, B, D), or whole numbers, shape (T, B)
        The inputs; whole numbers below D stand for one-hot vectors.
    h_0, c_0 : array, shape (B, H), or None
        Hidden and cell state before the first step; None stands for zeros.
    weights : LSTMWeights
        W_x (D, 4H), W_h (H, 4H), b (4H,).
    mask : array of 0 and 1, shape (T, B), optional
        Where it is 0 there is no item and both states stay as they were.

    Returns
    -------
    LSTMSequence
        ``.hs`` and ``.cs`` (T, B, H); the whole is what `lstm_sequence_backward` takes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, an axis is empty, or a value is NaN or infinite.

    References
    ----------
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8); with the
    forget gate of Gers, Schmidhuber and Cummins (2000), Neural Computation 12(10).
    """
    (W_x, W_h, b), sizes = read_gated_weights(weights, LSTMWeights, _AXES)
    xs = read_inputs(xs, sizes)
    h_0, c_0 = read_state("h_0", h_0, sizes), read_state("c_0", c_0, sizes)
    dtype = number_type(xs, h_0, c_0, W_x, W_h, b)
    mask = read_mask(mask, sizes, dtype)
    B, H = sizes["B"], sizes["H"]

    all_h, all_c = states(h_0, sizes, dtype), states(c_0, sizes, dtype)
    h_prevs, hs, c_prevs, cs = all_h[:-1], all_h[1:], all_c[:-1], all_c[1:]
    W_x, W_h, b = (arrange(W.astype(dtype, copy=False), _ORDER, _FACTORS) for W in (W_x, W_h, b))
    gates = project_gates(xs, W_x, b, dtype)  # sums at first; each step turns its part into gates
    from_h, multiply = state_product(W_h, B)
    written, half = np.empty((B, H), dtype), np.array(0.5, dtype)

    by_step = gates, gates[:, :3], *gates.swapaxes(0, 1)
    steps = zip(*by_step, h_prevs, c_prevs, hs, cs, strict=True)
    for t, (z, sigmoids, o, i, f, g, h_prev, c_prev, h_t, c_t) in enumerate(steps):
        multiply(h_prev)
        z += from_h
        np.tanh(z, out=z)
        sigmoid_from_half(sigmoids, half)
        np.multiply(i, g, out=written)
        np.multiply(f, c_prev, out=c_t)
        c_t += written
        np.tanh(c_t, out=h_t)
        h_t *= o
        if mask is not None:
            np.copyto(c_t, c_prev, where=mask[t] == 0)
            np.copyto(h_t, h_prev, where=mask[t] == 0)
    return LSTMSequence(hs, cs, h_prevs, c_prevs, gates, xs, mask)


def lstm_sequence_backward(
    d_hs: Array,
    sequence: LSTMSequence,
    weights: LSTMWeights,
    d_last_c: Array | None = None,
) -> LSTMSequenceGradients:
    r"""Carry the gradient of the loss back through a whole sequence.

    Where there is an item, with the sums z of gates and candidate,

    .. math::
        \frac{\partial L}{\partial h_t} &= \frac{\partial^+ L}{\partial h_t}
            + \frac{\partial L}{\partial z_{t+1}} W_h^\top, \qquad
        \frac{\partial L}{\partial c_t} = \frac{\partial L}{\partial c_{t+1}} \odot f_{t+1}
            + \frac{\partial L}{\partial h_t} \odot o_t (1 - \tanh^2 c_t) \\
        \frac{\partial L}{\partial z_o} &= \frac{\partial L}{\partial h_t}
            \odot \tanh(c_t)\, o (1 - o), \qquad
        \frac{\partial L}{\partial z_{i, f, g}} = \frac{\partial L}{\partial c_t} \odot
            \left( g\, i (1 - i), \; c_{t-1} f (1 - f), \; i (1 - g^2) \right)

    and where there is none both gradients pass unchanged. ∂⁺L/∂h stands for what the loss takes
    from that state directly.

    Parameters
    ----------
    d_hs : array, shape (T, B, H)
        ∂⁺L/∂h_t for every step; zeros where a state has no output.
    sequence : LSTMSequence
        As `lstm_sequence` returned it.
    weights : LSTMWeights
        The ones that it was called with.
    d_last_c : array, shape (B, H), optional
        ∂⁺L/∂c_T, where the loss takes something from the last cell state directly, such as a
        decoder that starts from it.

    Returns
    -------
    LSTMSequenceGradients

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.

    References
    ----------
    Werbos (1990), Backpropagation through time: what it does and how to do it, Proceedings
    of the IEEE 78(10).
    """
    hs, cs, h_prevs, c_prevs, gates, xs, mask = sequence
    T, B, H = hs.shape
    (W_x, W_h, _), sizes = read_gated_weights(weights, LSTMWeights, _AXES, T=T, B=B, H=H)
    d_hs = as_array("d_hs", d_hs, "T B H", sizes)
    d_last_c = read_state("d_last_c", d_last_c, sizes)

    W_h_T = transposed(W_h, B, hs.dtype)
    d_zs = np.empty((T, B, 4 * H), hs.dtype)
    d_blocks = d_zs.reshape(T, B, 4, H).swapaxes(1, 2)  # (T, 4, B, H)
    d_h, part = np.zeros_like(hs[0]), np.empty_like(hs[0])
    d_c = np.zeros_like(d_h) if d_last_c is None else d_last_c.astype(hs.dtype)
    for steps in stretches(T, B * H):
        into_c, slopes, keeps = _local_factors(gates[steps], c_prevs[steps], cs[steps])
        if mask is not None:
            into_c *= mask[steps]
            slopes *= mask[steps][:, None]
            keeps = keeps * mask[steps] + (1 - mask[steps])
            stays = iter(1 - mask[steps][::-1])
        for d_own, d_z, d_block, to_c, of_h, of_c, keep in from_the_end(
            d_hs[steps],
            d_zs[steps],
            d_blocks[steps],
            into_c,
            slopes[:, 0],
            slopes[:, 1:],
            keeps,
        ):
            d_h += d_own
            np.multiply(d_h, to_c, out=part)
            d_c += part  # both paths into c_t
            np.multiply(d_c, of_c, out=d_block[:3])
            np.multiply(d_h, of_h, out=d_block[3])
            d_c *= keep
            if mask is None:
                np.dot(d_z, W_h_T, out=d_h)
            else:
                d_h = d_z @ W_h_T + next(stays) * d_h

    d_xs, d_W_x, d_b = project_backward(d_zs, xs, W_x)
    return LSTMSequenceGradients(d_xs, d_h, d_c, d_W_x, weight_gradient(h_prevs, d_zs), d_b)


def _local_factors(gates: Array, c_prevs: Array, cs: Array) -> tuple[Array, Array, Array]:
    """Return, for a few steps, all that gradients are multiplied with.

    Returns
    -------
    into_c : array, shape (n, B, H)
        ∂h_t/∂c_t.
    slopes : array, shape (n, 4, B, H)
        ∂h_t/∂z of the output gate, then ∂c_t/∂z of input gate, forget gate and candidate.
    keeps : array, shape (n, B, H)
        ∂c_t/∂c_{t-1}, the forget gate.
    """
    o, i, f, g = gates.swapaxes(0, 1)
    tanh_c = np.tanh(cs)
    into_c = tanh_c * tanh_c
    np.subtract(1, into_c, out=into_c)
    into_c *= o
    slopes = 1 - gates
    slopes[:, :3] *= gates[:, :3]  # σ' = σ (1 - σ), three gates at once
    slopes[:, 0] *= tanh_c
    slopes[:, 1] *= g
    slopes[:, 2] *= c_prevs
    slopes[:, 3] *= 1 + g  # tanh' = (1 - g) (1 + g)
    slopes[:, 3] *= i
    return into_c, slopes, f
