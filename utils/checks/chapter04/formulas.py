"""The few formulas that the checks of chapter 04 share.

They stand here in plain NumPy rather than from the course's own modules, which refuse the
impossible values that a learner's earlier mistake may hand on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
CHAPTER = "04_language_model"


def softmax(z: Array, axis: int | tuple[int, ...] = -1) -> Array:
    """Return positive numbers that add up to 1 along `axis`."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(z: Array, axis: int = -1) -> Array:
    """Return the logarithm of the softmax along `axis`."""
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def at_targets(values: Array, targets: Array) -> Array:
    """Return the entry of each row of the last axis that its target points at."""
    return np.take_along_axis(values, targets[..., None], axis=-1)[..., 0]


def constant(value: Any) -> Callable[[], Any]:
    """Return a step that takes nothing and gives `value`."""
    return lambda: value


def run_window(
    xs: Array,
    targets: Array,
    h_start: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    W_hy: Array,
    b_y: Array,
) -> tuple[float, Array, Array]:
    """Read one window of characters (T, B) from `h_start` and go back through it alone.

    Returns the summed cross-entropy in nats, the gradient of it for W_hh, and the last state.
    """
    hs = [h_start]
    for x_t in xs:
        hs.append(np.tanh(W_xh[x_t] + hs[-1] @ W_hh + b_h))
    logits = np.stack(hs[1:]) @ W_hy + b_y  # (T, B, V)
    loss = -at_targets(log_softmax(logits), targets).sum()
    d_logits = softmax(logits) - np.eye(len(b_y))[targets]
    d_W_hh, coming_back = np.zeros_like(W_hh), np.zeros_like(h_start)
    for t in reversed(range(len(xs))):
        d_z_t = (d_logits[t] @ W_hy.T + coming_back) * (1 - hs[t + 1] ** 2)
        d_W_hh += hs[t].T @ d_z_t
        coming_back = d_z_t @ W_hh.T
    return float(loss), d_W_hh, hs[-1]
