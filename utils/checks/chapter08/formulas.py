"""What the checks of chapter 08 compute with: blocks of columns, gates, and the blend.

A choice inside a computation (which block of columns is read, where the reset gate stands) is a
quantity of its own in the checks, so that a mistake replaces one choice and mistakes combine.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

Array = np.ndarray
CHAPTER = "08_gru"
BLOCKS = ("reset", "update", "candidate")
GATE_AXIS = "3H:reset,update,candidate"
IN_ORDER = np.arange(3)

#: Every wrong order of the three blocks, with its words.
WRONG_ORDERS = {
    tuple(order): ", ".join(BLOCKS[i] for i in order)
    for order in permutations(range(3))
    if order != (0, 1, 2)
}


def constant(value: Any) -> Callable[[], Any]:
    """Make a step that gives one value."""
    return lambda: value


def sigmoid(z: Array) -> Array:
    """Squash every value into (0, 1)."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def blocks_of(joined: Array, order: Array = IN_ORDER) -> Array:
    """Cut the last axis into three blocks, (3, ..., H), taken in the given order."""
    return np.stack(np.split(joined, 3, axis=-1))[order.astype(int)]


def turn_blocks(joined: Array) -> Array:
    """Transpose each of the three square blocks of (H, 3H)."""
    return np.concatenate([block.T for block in blocks_of(joined)], axis=1)


SQUASH: dict[str, Callable[[Array], Array]] = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "none": lambda z: z,
}


def candidate_sum(
    from_x: Array, h_prev: Array, gate: Array, W_hn: Array, inner: Array, placement: str
) -> Array:
    """Return the sum inside the candidate's tanh, with the reset gate at one of its places.

    Parameters
    ----------
    from_x : array, shape (B, H)
        What comes from the input, with its bias.
    h_prev, gate : array, shape (B, H)
    W_hn : array, shape (H, H)
    inner : array, shape (H,)
        The bias b_hn, or zeros.
    placement : str
        ``"after"`` and ``"before"`` the product with W_hn are what the course has; the others are
        what learners write.
    """
    product = h_prev @ W_hn
    return {
        "after": lambda: from_x + gate * (product + inner),
        "bias outside": lambda: from_x + gate * product + inner,
        "before": lambda: from_x + (gate * h_prev) @ W_hn + inner,
        "ignored": lambda: from_x + product + inner,
        "everything": lambda: gate * (from_x + product + inner),
        "input": lambda: gate * from_x + product + inner,
        "added": lambda: from_x + gate + product + inner,
        "old state": lambda: from_x + gate * (h_prev + inner),
    }[placement]()
