"""What the checks of chapter 09 compute with: turning, masking, and joining two directions.

A choice inside a computation (what is turned, which half comes first) is a quantity of its own in
the checks, so that a mistake replaces one choice and mistakes combine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.activations import sigmoid
from utils.checks.chapter03.formulas import constant, shifted_back, sweep, unroll

__all__ = [
    "CHAPTER",
    "HALVES",
    "constant",
    "draw_cell",
    "inside",
    "joined",
    "read",
    "shifted_back",
    "states_at",
    "sweep",
    "turn_within",
    "unroll",
]

Array = np.ndarray
SQUASH = {
    "tanh": np.tanh,
    "none": lambda z: z,
    "relu": lambda z: np.maximum(z, 0.0),
    "sigmoid": sigmoid,
}
CHAPTER = "09_bidirectional_deep"
HALVES = "2H:forward,backward"


def draw_cell(rng: np.random.Generator, D: int, H: int) -> tuple[Array, Array, Array]:
    """Draw the weights of a plain RNN, large enough for every mistake to show."""
    return (
        rng.normal(size=(D, H)) / np.sqrt(D),
        1.2 * rng.normal(size=(H, H)) / np.sqrt(H),
        rng.choice([-1.0, 1.0], size=H) * rng.uniform(0.3, 0.9, size=H),
    )


def inside(T: int, lengths: Array) -> Array:
    """Mark the steps that belong to a sequence: 1 inside, 0 in the padding, shape (T, B, 1)."""
    return (np.arange(T)[:, None] < lengths)[..., None].astype(float)


def turn_within(values: Array, lengths: Array) -> Array:
    """Turn each sequence of (T, B, …) within its own length; what comes after stays in place."""
    steps = np.arange(len(values))[:, None]
    source = np.where(steps < lengths, lengths - 1 - steps, steps)  # (T, B)
    return values[source, np.arange(values.shape[1])]


def read(
    from_below: Array, start: Array, W_h: Array, squash: str = "tanh", carry: str = "state"
) -> Array:
    """Run one cell, given what its inputs and its bias add to every sum.

    `squash` is ``"tanh"`` and `carry` ``"state"`` in the right answer; with ``"start"`` every step
    reads the start state, with ``"nothing"`` no step but the first reads any.
    """
    states, came_in = np.empty(from_below.shape), start
    for t, part in enumerate(from_below):
        z = part + came_in @ W_h
        states[t] = h = SQUASH[squash](z)
        came_in = h if carry == "state" else start if carry == "start" else 0 * start
    return states


def states_at(hs: Array, steps: Array) -> Array:
    """Pick one state of each sample: steps (B,) gives (B, H)."""
    return hs[steps, np.arange(hs.shape[1])]


def joined(forward: Array, backward: Array, order: Any) -> Array:
    """Put the two halves side by side; `order` is ``"forward first"`` in the right answer."""
    halves = (forward, backward) if str(order) == "forward first" else (backward, forward)
    return np.concatenate(halves, axis=-1)
