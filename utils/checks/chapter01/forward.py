"""Code: the forward pass of a two-layer network."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter01.formulas import CHAPTER, sigmoid, softmax
from utils.checks.engine import Check


def forward_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a batch and the weights of two layers."""
    B, D, H, K = (sizes[name] for name in "BDHK")
    return {
        "x": rng.normal(size=(B, D)),
        "W1": rng.normal(size=(D, H)),
        "b1": rng.normal(size=H),
        "W2": rng.normal(size=(H, K)),
        "b2": rng.normal(size=K),
    }


TWO_LAYER_SIZES = (
    {"B": 4, "D": 3, "H": 5, "K": 2},
    {"B": 2, "D": 5, "H": 3, "K": 4},
    {"B": 6, "D": 2, "H": 4, "K": 3},
)

check_two_layer_forward = Check(
    "two_layer_forward",
    chapter=CHAPTER,
    title="Forward pass of a two-layer network",
    sizes=TWO_LAYER_SIZES,
    inputs=forward_inputs,
    outputs={"z1": "B H", "a1": "B H", "z2": "B K", "y_hat": "B K"},
    steps={
        "z1": lambda x, W1, b1: x @ W1 + b1,
        "a1": lambda z1: sigmoid(z1),
        "z2": lambda a1, W2, b2: a1 @ W2 + b2,
        "y_hat": lambda z2: sigmoid(z2),
    },
    hints=(
        "Two lines per layer: a sum, then the activation. Keep every value under its own name.",
        "Samples are rows, so the weights stand on the right: (B, D) times (D, H) is (B, H).",
        "The second layer is the first again, with `a1` as its input and `W2`, `b2` as weights. "
        "Return the four values as a tuple in the order of the docstring.",
    ),
)
for _key, _message, _replaces in (
    (
        "b1_missing",
        "`b1` is missing from the sum.",
        {"z1": lambda x, W1: x @ W1},
    ),
    (
        "hidden_sigmoid_missing",
        "The hidden activation is missing: `a1` is `z1` itself. Without it two layers are one.",
        {"a1": lambda z1: z1},
    ),
    (
        "hidden_tanh",
        "This is tanh of `z1`. This network has sigmoids in both layers.",
        {"a1": lambda z1: np.tanh(z1)},
    ),
    (
        "hidden_relu",
        "This is ReLU of `z1`. This network has sigmoids in both layers.",
        {"a1": lambda z1: np.maximum(z1, 0)},
    ),
    (
        "hidden_sign",
        "This is the sigmoid of −`z1`: the minus in its exponent is lost or doubled.",
        {"a1": lambda z1: sigmoid(-z1)},
    ),
    (
        "hidden_parentheses",
        "This is 1/1 + exp(−`z1`). Division binds first: put the whole sum below the line in "
        "parentheses.",
        {"a1": lambda z1: 1 / 1 + np.exp(-z1)},
    ),
    (
        "b1_after_activation",
        "`b1` is added after the sigmoid. It belongs to the sum that goes into it.",
        {"a1": lambda z1, b1: sigmoid(z1) + b1},
    ),
    (
        "z1_overwritten",
        "This is the sigmoid of the sum, not the sum. Perhaps `a1 = z1` gave the array a second "
        "name and the sigmoid was computed in place: make a new array.",
        {
            "z1": lambda x, W1, b1: sigmoid(x @ W1 + b1),
            "a1": lambda x, W1, b1: sigmoid(x @ W1 + b1),
        },
    ),
    (
        "z2_overwritten",
        "This is the sigmoid of the sum, not the sum. Perhaps `y_hat = z2` gave the array a "
        "second name and the sigmoid was computed in place: make a new array.",
        {
            "z2": lambda a1, W2, b2: sigmoid(a1 @ W2 + b2),
            "y_hat": lambda a1, W2, b2: sigmoid(a1 @ W2 + b2),
        },
    ),
    (
        "b2_missing",
        "`b2` is missing from the sum.",
        {"z2": lambda a1, W2: a1 @ W2},
    ),
    (
        "second_layer_reads_z1",
        "The second layer reads `z1`, the sum before the sigmoid. Let it read what comes after.",
        {"z2": lambda z1, W2, b2: z1 @ W2 + b2},
    ),
    (
        "output_sigmoid_missing",
        "The output activation is missing: `y_hat` is `z2` itself.",
        {"y_hat": lambda z2: z2},
    ),
    (
        "output_tanh",
        "This is tanh of `z2`. This network has sigmoids in both layers.",
        {"y_hat": lambda z2: np.tanh(z2)},
    ),
    (
        "output_softmax",
        "This is softmax of `z2`, which makes the outputs of a sample add up to 1. Here every "
        "output is a question of its own, with a sigmoid.",
        {"y_hat": lambda z2: softmax(z2)},
    ),
    (
        "output_sign",
        "This is the sigmoid of −`z2`: the minus in its exponent is lost or doubled.",
        {"y_hat": lambda z2: sigmoid(-z2)},
    ),
    (
        "output_parentheses",
        "This is 1/1 + exp(−`z2`). Division binds first: put the whole sum below the line in "
        "parentheses.",
        {"y_hat": lambda z2: 1 / 1 + np.exp(-z2)},
    ),
    (
        "output_thresholded",
        "The output is rounded to 0 or 1. Return the probability; deciding comes later.",
        {"y_hat": lambda z2: (z2 > 0).astype(float)},
    ),
):
    check_two_layer_forward.add_mistake(_key, _message, _replaces)
