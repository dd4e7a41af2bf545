"""Backpropagation through time with less memory: keep a few states, compute the rest again.

The way back needs the state of every step. Kept, they fill memory in proportion to T. Here only the
state before every segment is kept, and a segment's states are computed a second time when the way
back reaches it. With segments of √T steps there are √T kept states and √T recomputed ones at a
time, for one more way forward.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from utils.cells import RNNWeights
from utils.sequence.inputs import Inputs, read_inputs
from utils.sequence.rnn import RNNSequence, rnn_sequence, rnn_sequence_backward
from utils.validation import Array, as_array, as_count, as_weights

_AXES = {"W_xh": "D H", "W_hh": "H H", "b_h": "H"}

SegmentLoss = Callable[[int, Array], tuple[float, Array]]


class Checkpoints(NamedTuple):
    """Hold the states that were kept on the way forward.

    Attributes
    ----------
    states : array, shape (N, B, H)
        The state before each of the N segments: the first is h_0.
    last_state : array, shape (B, H)
        h_T.
    xs : array, shape (T, B, D) or (T, B)
    every : int
        Steps of a segment; the last one may be shorter.
    mask : array, shape (T, B), or None
    activation : str
    """

    states: Array
    last_state: Array
    xs: Inputs
    every: int
    mask: Array | None
    activation: str

    def segment(self, n: int, weights: RNNWeights) -> RNNSequence:
        """Compute the states of segment `n`, counted from 0, once more.

        Parameters
        ----------
        n : int
        weights : RNNWeights
            The ones of the first run.

        Returns
        -------
        RNNSequence
        """
        steps = slice(n * self.every, (n + 1) * self.every)
        mask = None if self.mask is None else self.mask[steps]
        return rnn_sequence(self.xs[steps], self.states[n], weights, mask, self.activation)


class CheckpointedGradients(NamedTuple):
    """Hold the loss and ∂L/∂ of the weights and the initial state.

    Attributes
    ----------
    loss : float
        The sum of what the segments returned.
    d_h_0 : array, shape (B, H)
    d_W_xh : array, shape (D, H)
    d_W_hh : array, shape (H, H)
    d_b_h : array, shape (H,)
    """

    loss: float
    d_h_0: Array
    d_W_xh: Array
    d_W_hh: Array
    d_b_h: Array


def segment_length(T: int) -> int:
    r"""Return the length of a segment that keeps the fewest states, :math:`\lceil\sqrt T\rceil`.

    With segments of s steps, T/s states are kept and s are recomputed at a time; T/s + s is
    smallest at s = √T.

    Parameters
    ----------
    T : int, at least 1
        Steps of the sequence.

    Returns
    -------
    int, from 1 to T

    Raises
    ------
    TypeError, ValueError
        If T is not a whole number of at least 1.
    """
    T = as_count("T", T)
    root = math.isqrt(T)
    return root if root * root == T else root + 1


def rnn_checkpoints(
    xs: Any,
    h_0: Array | None,
    weights: RNNWeights,
    every: int | None = None,
    mask: Array | None = None,
    activation: str = "tanh",
) -> Checkpoints:
    r"""Run a plain RNN over a sequence and keep the state before every segment alone.

    Parameters
    ----------
    xs : array, shape (T, B, D), or whole numbers, shape (T, B)
        The inputs; whole numbers below D stand for one-hot vectors.
    h_0 : array, shape (B, H), or None
        Hidden state before the first step; None stands for zeros.
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,).
    every : int, optional
        Steps of a segment, at least 1; √T without it.
    mask : array of 0 and 1, shape (T, B), optional
    activation : str
        Both as in `rnn_sequence`.

    Returns
    -------
    Checkpoints
        What `rnn_checkpointed_backward` takes.

    Raises
    ------
    TypeError, ValueError
        As `rnn_sequence` does, and if `every` is not a whole number of at least 1.

    References
    ----------
    Chen, Xu, Zhang and Guestrin (2016), Training deep nets with sublinear memory cost,
    arXiv:1604.06174.
    """
    sizes: dict[str, int] = {}
    weights = as_weights("weights", weights, RNNWeights, _AXES, sizes)
    xs = read_inputs(xs, sizes)
    mask = None if mask is None else as_array("mask", mask, "T B", sizes)
    every = segment_length(sizes["T"]) if every is None else as_count("every", every)
    if h_0 is None:
        h_0 = np.zeros((sizes["B"], sizes["H"]), dtype=weights.W_hh.dtype)
    h_t = as_array("h_0", h_0, "B H", sizes)

    states = []
    for start in range(0, sizes["T"], every):
        states.append(h_t)
        steps = slice(start, start + every)
        segment_mask = None if mask is None else mask[steps]
        segment = rnn_sequence(xs[steps], h_t, weights, segment_mask, activation)
        h_t = segment.hs[-1].copy()  # a copy, so that the segment can be forgotten
    return Checkpoints(np.stack(states), h_t, xs, every, mask, activation)


def rnn_checkpointed_backward(
    segment_loss: SegmentLoss, checkpoints: Checkpoints, weights: RNNWeights
) -> CheckpointedGradients:
    r"""Carry the gradient back through a sequence whose states have to be computed again.

    From the last segment to the first: compute its states from the kept one, ask for the loss
    that they take part in, go back through the segment, and hand ∂L/∂h to the segment before.

    Parameters
    ----------
    segment_loss : callable
        ``segment_loss(start, hs) -> (loss, d_hs)`` is called once for every segment, the last one
        first, with its first step counted from 0 and its states (S, B, H). It returns the loss of
        these steps and ∂⁺L/∂h_t for each of them, (S, B, H): what comes back from that step's own
        output.
    checkpoints : Checkpoints
        As `rnn_checkpoints` returned them.
    weights : RNNWeights
        The ones that it was called with.

    Returns
    -------
    CheckpointedGradients
        Equal to those of `rnn_sequence_backward`, apart from the order in which numbers are added.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.
    """
    d_h = np.zeros_like(checkpoints.last_state)
    total, d_weights = 0.0, RNNWeights(*(np.zeros_like(array) for array in weights))
    for n in reversed(range(len(checkpoints.states))):
        segment = checkpoints.segment(n, weights)
        loss, d_hs = segment_loss(n * checkpoints.every, segment.hs)
        d_hs = as_array("d_hs", d_hs, tuple(map(str, segment.hs.shape))).copy()
        d_hs[-1] += d_h  # ∂L/∂h of the state that the next segment started from
        back = rnn_sequence_backward(d_hs, segment, weights)
        d_h = back.d_h_0
        total += float(loss)
        for gradient, part in zip(d_weights, (back.d_W_xh, back.d_W_hh, back.d_b_h), strict=True):
            gradient += part
    return CheckpointedGradients(total, d_h, *d_weights)
