"""A GRU over a whole sequence, with the reset gate after the product or before it.

What makes it fast, beside what the plain RNN does:

- Both sigmoids are one tanh, σ(z) = (1 + tanh(z/2))/2, with the halves put into the weights
  beforehand; within a step the gates stand one after the other, (T, 3, B, H), so that it runs
  over unbroken memory.
- On the way back with reset after the product, the gradients of all sums are ∂L/∂h_t times
  something that does not depend on it. These factors are computed for several steps at once, while
  they are in the cache; a step is left with one multiplication for all of them and one product,
  (B, 3H) with (3H, H).
- The reset gate stands between the candidate's two products, so W_x and W_h see different
  gradients there. Laid down as (reset-side candidate, reset, update, candidate), the first three
  belong to W_h and the last three to W_x: either is one product after the loop.
- Reset before the product cannot have this: the candidate waits for the reset gate, so each step
  has two products, one after the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from utils.cells import GRUWeights
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

_AXES = {"W_x": "D 3H", "W_h": "H 3H", "b": "3H", "b_hn": "H"}
_ORDER = (0, 1, 2)  # reset, update, candidate
_FACTORS = (0.5, 0.5, 1.0)  # σ(z) is computed from tanh(z/2)


class GRUSequence(NamedTuple):
    """Hold the states and gates of a sequence: all that the way back needs.

    Attributes
    ----------
    hs : array, shape (T, B, H)
        The hidden state after every step.
    h_prevs : array, shape (T, B, H)
        The hidden state before every step: the same memory, one step earlier.
    gates : array, shape (T, 3, B, H)
        Reset gate, update gate, candidate; each also under its own name.
    candidate_from_h : array, shape (T, B, H)
        What the state gives to the candidate: h W_hn + b_hn, which the reset gate then multiplies,
        or with reset before the product (r h) W_hn.
    xs : array, shape (T, B, D) or (T, B)
        The inputs as they went in.
    mask : array, shape (T, B, 1), or None
        Where it is 0, the gates of that step say nothing.
    reset_after : bool
    """

    hs: Array
    h_prevs: Array
    gates: Array
    candidate_from_h: Array
    xs: Inputs
    mask: Array | None
    reset_after: bool

    @property
    def reset_gate(self) -> Array:
        """The reset gate at every step, (T, B, H), values in [0, 1]."""
        return self.gates[:, 0]

    @property
    def update_gate(self) -> Array:
        """The update gate at every step, (T, B, H), values in [0, 1]; at 1 the state is kept."""
        return self.gates[:, 1]

    @property
    def candidate(self) -> Array:
        """The candidate at every step, (T, B, H), values in [-1, 1]."""
        return self.gates[:, 2]

    @property
    def last_state(self) -> Array:
        """The hidden state after the last step, (B, H): the ``h_0`` of what comes next."""
        return self.hs[-1]


class GRUSequenceGradients(NamedTuple):
    """Hold ∂L/∂ of everything that entered the sequence.

    Attributes
    ----------
    d_xs : array, shape (T, B, D), or None
        None where the inputs were indices.
    d_h_0 : array, shape (B, H)
    d_W_x : array, shape (D, 3H)
    d_W_h : array, shape (H, 3H)
    d_b : array, shape (3H,)
    d_b_hn : array, shape (H,)
        Zeros with reset before the product.
    """

    d_xs: Array | None
    d_h_0: Array
    d_W_x: Array
    d_W_h: Array
    d_b: Array
    d_b_hn: Array


def gru_sequence(
    xs: Any,
    h_0: Array | None,
    weights: GRUWeights,
    mask: Array | None = None,
    reset_after: bool = True,
) -> GRUSequence:
    r"""Run a GRU over a sequence.

    .. math:: h_t = m_t \odot \left((1 - z) \odot n + z \odot h_{t-1}\right)
              + (1 - m_t) \odot h_{t-1}

    with the gates r, z and the candidate n of `utils.cells.gru_step`.

    Parameters
    ----------
    xs : array, shape (T, B, D), or whole numbers, shape (T, B)
        The inputs; whole numbers below D stand for one-hot vectors.
    h_0 : array, shape (B, H), or None
        Hidden state before the first step; None stands for zeros.
    weights : GRUWeights
        W_x (D, 3H), W_h (H, 3H), b (3H,), b_hn (H,).
    mask : array of 0 and 1, shape (T, B), optional
        Where it is 0 there is no item and the state stays as it was.
    reset_after : bool
        Whether the reset gate acts after the product with W_hn, as in ``torch`` and cuDNN, or
        before it, as in the paper.

    Returns
    -------
    GRUSequence
        ``.hs`` (T, B, H); the whole is what `gru_sequence_backward` takes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, an axis is empty, or a value is NaN or infinite.

    References
    ----------
    Cho et al. (2014), Learning phrase representations using RNN encoder–decoder for statistical
    machine translation, EMNLP, equations 5 to 8.
    """
    (W_x, W_h, b, b_hn), sizes = read_gated_weights(weights, GRUWeights, _AXES)
    xs, h_0 = read_inputs(xs, sizes), read_state("h_0", h_0, sizes)
    dtype = number_type(xs, h_0, W_x, W_h, b, b_hn)
    mask = read_mask(mask, sizes, dtype)
    T, B, H = (sizes[axis] for axis in "TBH")

    room = states(h_0, sizes, dtype)
    h_prevs, hs = room[:-1], room[1:]
    W_x, W_h, b = (arrange(W.astype(dtype, copy=False), _ORDER, _FACTORS) for W in (W_x, W_h, b))
    gates = project_gates(xs, W_x, b, dtype)  # sums at first; each step turns its part into gates
    candidate_from_h = np.empty((T, B, H), dtype)
    W_h, W_hn = (W_h, W_h[2]) if reset_after else (W_h[:2], np.ascontiguousarray(W_h[2]))
    from_h, multiply = state_product(W_h, B)
    part, half = np.empty((B, H), dtype), np.array(0.5, dtype)

    steps = zip(gates[:, :2], *gates.swapaxes(0, 1), candidate_from_h, h_prevs, hs, strict=True)
    for t, (sigmoids, r, z, n, q, h_prev, h_t) in enumerate(steps):
        multiply(h_prev)
        sigmoids += from_h[:2]
        np.tanh(sigmoids, out=sigmoids)
        sigmoid_from_half(sigmoids, half)
        if reset_after:
            np.add(from_h[2], b_hn, out=q)
            np.multiply(q, r, out=part)
            n += part
        else:
            np.multiply(h_prev, r, out=part)
            np.dot(part, W_hn, out=q)
            n += q
        np.tanh(n, out=n)
        np.subtract(h_prev, n, out=h_t)  # (1 - z) n + z h = n + z (h - n)
        h_t *= z
        h_t += n
        if mask is not None:
            np.copyto(h_t, h_prev, where=mask[t] == 0)
    return GRUSequence(hs, h_prevs, gates, candidate_from_h, xs, mask, reset_after)


def gru_sequence_backward(
    d_hs: Array, sequence: GRUSequence, weights: GRUWeights
) -> GRUSequenceGradients:
    r"""Carry the gradient of the loss back through a whole sequence.

    With :math:`a_r, a_z, a_n` for the sums inside the two sigmoids and the tanh, and
    :math:`q = h_{t-1} W_{hn} + b_{hn}`, where there is an item

    .. math::
        \frac{\partial L}{\partial a_n} &= \frac{\partial L}{\partial h_t}
            \odot (1 - z)(1 - n^2), \qquad
        \frac{\partial L}{\partial a_z} = \frac{\partial L}{\partial h_t}
            \odot (h_{t-1} - n)\, z (1 - z) \\
        \text{after: } \frac{\partial L}{\partial q} &= \frac{\partial L}{\partial a_n} \odot r,
            \qquad \frac{\partial L}{\partial a_r} = \frac{\partial L}{\partial a_n} \odot
            q\, r (1 - r) \\
        \text{before: } \frac{\partial L}{\partial (r h)} &= \frac{\partial L}{\partial a_n}
            W_{hn}^\top, \qquad \frac{\partial L}{\partial a_r}
            = \frac{\partial L}{\partial (r h)} \odot h_{t-1}\, r (1 - r)

    and where there is none the gradient passes unchanged.

    Parameters
    ----------
    d_hs : array, shape (T, B, H)
        ∂⁺L/∂h_t for every step: what the loss takes from that state directly, without the paths
        through later steps. Zeros where a state has no output.
    sequence : GRUSequence
        As `gru_sequence` returned it.
    weights : GRUWeights
        The ones that it was called with.

    Returns
    -------
    GRUSequenceGradients

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.

    References
    ----------
    Werbos (1990), Backpropagation through time: what it does and how to do it, Proceedings
    of the IEEE 78(10).
    """
    T, B, H = sequence.hs.shape
    weights, sizes = read_gated_weights(weights, GRUWeights, _AXES, T=T, B=B, H=H)
    d_hs = as_array("d_hs", d_hs, "T B H", sizes)
    back = _back_reset_after if sequence.reset_after else _back_reset_before
    d_sums, d_h, d_W_h, d_b_hn = back(d_hs, sequence, weights.W_h)
    d_xs, d_W_x, d_b = project_backward(d_sums, sequence.xs, weights.W_x)
    return GRUSequenceGradients(d_xs, d_h, d_W_x, d_W_h, d_b, d_b_hn)


def _back_reset_after(
    d_hs: Array, sequence: GRUSequence, W_h: Array
) -> tuple[Array, Array, Array, Array]:
    """Return ∂L/∂ of the sums (T, B, 3H), of h_0, W_h and b_hn."""
    h_prevs, mask = sequence.h_prevs, sequence.mask
    T, B, H = d_hs.shape
    # Side by side: q, reset, update, candidate. The first three meet W_h, the last three W_x.
    d_all = np.empty((T, B, 4 * H), h_prevs.dtype)
    d_blocks = d_all.reshape(T, B, 4, H).swapaxes(1, 2)  # (T, 4, B, H)
    W_h = np.concatenate([W_h[:, 2 * H :], W_h[:, : 2 * H]], axis=1)  # q, reset, update
    W_h_T = transposed(W_h, B, h_prevs.dtype)  # (3H, H)
    d_h, kept = np.zeros_like(h_prevs[0]), np.empty_like(h_prevs[0])
    for steps in stretches(T, B * H):
        r, z, n = sequence.gates[steps].swapaxes(0, 1)
        factors = np.empty((len(z), 4, B, H), z.dtype)
        of_q, of_r, of_z, of_n = factors.swapaxes(0, 1)
        np.subtract(1, z, out=of_z)
        np.multiply(n, n, out=of_n)
        np.subtract(1, of_n, out=of_n)
        of_n *= of_z  # (1 - n²) (1 - z)
        of_z *= z
        of_z *= h_prevs[steps] - n
        np.multiply(of_n, r, out=of_q)
        np.subtract(1, r, out=of_r)
        of_r *= sequence.candidate_from_h[steps]
        of_r *= of_q
        keeps = z
        if mask is not None:
            factors *= mask[steps][:, None]
            keeps = z * mask[steps] + (1 - mask[steps])
        for d_own, d_row, d_block, factor, keep in from_the_end(
            d_hs[steps], d_all[steps, :, : 3 * H], d_blocks[steps], factors, keeps
        ):
            d_h += d_own
            np.multiply(d_h, factor, out=d_block)
            np.multiply(d_h, keep, out=kept)
            np.matmul(d_row, W_h_T, out=d_h)
            d_h += kept

    d_products = weight_gradient(h_prevs, d_all[:, :, : 3 * H])
    d_W_h = np.concatenate([d_products[:, H:], d_products[:, :H]], axis=1)
    d_b_hn = d_all[:, :, :H].sum(axis=(0, 1))
    return d_all[:, :, H:], d_h, d_W_h, d_b_hn


def _back_reset_before(
    d_hs: Array, sequence: GRUSequence, W_h: Array
) -> tuple[Array, Array, Array, Array]:
    """Return ∂L/∂ of the sums (T, B, 3H), of h_0, W_h and b_hn."""
    h_prevs, mask = sequence.h_prevs, sequence.mask
    T, B, H = d_hs.shape
    d_sums = np.empty((T, B, 3 * H), h_prevs.dtype)
    d_blocks = d_sums.reshape(T, B, 3, H).swapaxes(1, 2)  # (T, 3, B, H)
    W_h_T = transposed(W_h, B, h_prevs.dtype)  # (3H, H)
    d_h, d_reset_h = np.zeros_like(h_prevs[0]), np.empty_like(h_prevs[0])
    for steps in stretches(T, B * H):
        r, z, n = sequence.gates[steps].swapaxes(0, 1)
        factors = np.empty((len(z), 3, B, H), z.dtype)
        of_r, of_z, of_n = factors.swapaxes(0, 1)
        np.subtract(1, r, out=of_r)
        of_r *= r
        of_r *= h_prevs[steps]
        np.subtract(1, z, out=of_z)
        np.multiply(n, n, out=of_n)
        np.subtract(1, of_n, out=of_n)
        of_n *= of_z  # (1 - n²) (1 - z)
        of_z *= z
        of_z *= h_prevs[steps] - n
        keeps = z
        if mask is not None:
            factors *= mask[steps][:, None]
            keeps = z * mask[steps] + (1 - mask[steps])
        for d_own, d_row, d_block, factor, r_t, keep in from_the_end(
            d_hs[steps], d_sums[steps], d_blocks[steps], factors, r, keeps
        ):
            d_h += d_own
            np.multiply(d_h, factor[1:], out=d_block[1:])
            np.matmul(d_row[:, 2 * H :], W_h_T[2 * H :], out=d_reset_h)
            np.multiply(d_reset_h, factor[0], out=d_block[0])
            d_h *= keep
            d_reset_h *= r_t
            d_h += d_reset_h
            d_h += d_row[:, : 2 * H] @ W_h_T[: 2 * H]

    d_gates = weight_gradient(h_prevs, d_sums[:, :, : 2 * H])
    d_candidate = weight_gradient(sequence.reset_gate * h_prevs, d_sums[:, :, 2 * H :])
    d_W_h = np.concatenate([d_gates, d_candidate], axis=1)
    return d_sums, d_h, d_W_h, np.zeros(H, h_prevs.dtype)
