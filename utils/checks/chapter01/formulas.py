"""The few formulas that the checks of chapter 01 share.

They stand here in plain NumPy rather than from `utils.losses`, which refuses the impossible
values that a learner's earlier mistake may hand on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
CHAPTER = "01_backprop_recap"


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), entry by entry."""
    return 1 / (1 + np.exp(-z))


def softmax(z: Array, axis: int = -1) -> Array:
    """Return positive numbers that add up to 1 along `axis`."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def at_targets(p: Array, targets: Array) -> Array:
    """Return the entry of each row that its target points at, shape (B,)."""
    return p[np.arange(len(p)), targets]


def one_hot(p: Array, targets: Array) -> Array:
    """Return ones at the targets and zeros elsewhere, the shape of `p`."""
    return np.eye(p.shape[1])[targets]


def constant(value: Any) -> Callable[[], Any]:
    """Return a step that takes nothing and gives `value`."""
    return lambda: value
