"""What the checks of chapter 03 compute with: forward, the sweep back, and sums over steps.

A choice inside a computation (what is handed on to the step before, which steps are added up) is
a quantity of its own in the checks, so that a mistake replaces one choice and mistakes combine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.activations import sigmoid

Array = np.ndarray
CHAPTER = "03_rnn_backward"
SQUASH: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "none": lambda z: z,
}


def constant(value: Any) -> Callable[[], Any]:
    """Make a step that gives one value."""
    return lambda: value


def softmax_over(scores: Array, axis: Any) -> Array:
    """Return the softmax of `scores` along an axis, or along several."""
    axis = tuple(np.atleast_1d(axis).tolist())
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def one_hot(labels: Array, K: int) -> Array:
    """Return the one-hot vectors (..., K) of whole numbers (...)."""
    return np.eye(K)[np.asarray(labels, dtype=int)]


def at_label(values: Array, labels: Array) -> Array:
    """Pick from `values` (..., K) the entry that each label (...) names."""
    return np.take_along_axis(values, np.asarray(labels, dtype=int)[..., None], axis=-1)[..., 0]


def unroll_sums(
    xs: Array,
    start: Array,
    W_xh: Array,
    recurrent: Array,
    bias: Array,
    squash: str = "tanh",
    carry: str = "state",
) -> Array:
    """Run a plain RNN over `xs` (T, B, D) and return its sums; `carry` says what is carried on."""
    came_in, zs = start, []
    for x_t in xs:
        zs.append(x_t @ W_xh + came_in @ recurrent + bias)
        came_in = {
            "state": SQUASH[squash](zs[-1]),
            "sum": zs[-1],
            "start": start,
            "nothing": 0 * start,
        }[carry]
    return np.stack(zs)


def unroll(xs: Array, start: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Run a plain RNN over `xs` (T, B, D) and return its states."""
    return np.tanh(unroll_sums(xs, start, W_xh, W_hh, b_h))


def hand_on(
    d_h: Array, d_z: Array, slope: Array, back: Array, passing: str, arriving: Array
) -> Array:
    """Return what one step hands on to the step before it.

    Parameters
    ----------
    d_h, d_z, slope : array, shape (B, H)
    back : array, shape (H, H)
        The right answer has W_hh transposed here.
    passing : str
        ``"through"`` in the right answer; the others are mistakes.
    arriving : array, shape (B, H)
        What came to this step from the one after it.
    """
    if passing == "unweighted":
        return d_z
    if passing == "unsloped":
        return d_h @ back
    if passing == "slope_last":
        return (d_h @ back) * slope
    if passing == "immediate":
        return ((d_h - arriving) * slope) @ back
    through = d_z @ back
    return {
        "through": through,
        "nothing": through,  # what the first step hands on to h_0; `sweep` drops the others
        "kept": d_h + through,
        "added_up": arriving + through,
    }[passing]


def sweep(
    d_hs_out: Array, slopes: Array, back: Array, passing: str = "through", order: str = "backward"
) -> Array:
    """Carry the gradient over all steps and return the totals, d_hs (T, B, H)."""
    T = len(d_hs_out)
    d_hs, arriving = np.zeros(d_hs_out.shape), np.zeros(d_hs_out.shape[1:])
    for t in range(T) if order == "forward" else reversed(range(T)):
        d_hs[t] = d_hs_out[t] + arriving
        d_z = d_hs[t] * slopes[t]
        arriving = hand_on(d_hs[t], d_z, slopes[t], back, passing, arriving)
        if passing == "nothing":
            arriving = 0 * arriving
    return d_hs


def handed_to_start(
    d_hs: Array, d_zs: Array, d_hs_out: Array, slopes: Array, back: Array, passing: str, first: int
) -> Array:
    """Return what the first step hands on to h_0, d_h_0 (B, H); `first` is its place in `d_hs`."""
    arriving = d_hs[first] - d_hs_out[first]
    return hand_on(d_hs[first], d_zs[first], slopes[first], back, passing, arriving)


def shifted_back(start: Array, hs: Array) -> Array:
    """Return the state before each step, h_prevs (T, B, H)."""
    return np.concatenate([start[None], hs[:-1]])


def terms_of(read: Array, d_zs: Array) -> Array:
    """Return the summand of every step of a matrix's gradient, (T, rows, columns)."""
    return np.swapaxes(read, 1, 2) @ d_zs
