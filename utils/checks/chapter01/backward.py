"""Code: the backward pass of a two-layer network."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter01.formulas import CHAPTER, sigmoid
from utils.checks.chapter01.forward import TWO_LAYER_SIZES, forward_inputs
from utils.checks.engine import Check


def backward_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a batch, its targets and the values of the forward pass."""
    given = forward_inputs(rng, sizes)
    x, W1, b1, W2, b2 = given.values()
    y = rng.integers(2, size=(sizes["B"], sizes["K"])).astype(float)
    z1 = x @ W1 + b1
    a1 = sigmoid(z1)
    y_hat = sigmoid(a1 @ W2 + b2)
    return {"x": x, "y": y, "z1": z1, "a1": a1, "y_hat": y_hat, "W2": W2}


check_two_layer_backward = Check(
    "two_layer_backward",
    chapter=CHAPTER,
    title="Backward pass of a two-layer network",
    sizes=TWO_LAYER_SIZES,
    inputs=backward_inputs,
    outputs={
        "d_z2": "B K",
        "d_W2": "H K",
        "d_b2": "K",
        "d_a1": "B H",
        "d_z1": "B H",
        "d_W1": "D H",
        "d_b1": "H",
    },
    steps={
        "d_z2": lambda y_hat, y: (y_hat - y) / len(y),
        "d_W2": lambda a1, d_z2: a1.T @ d_z2,
        "d_b2": lambda d_z2: d_z2.sum(axis=0),
        "d_a1": lambda d_z2, W2: d_z2 @ W2.T,
        "d_z1": lambda d_a1, a1: d_a1 * a1 * (1 - a1),
        "d_W1": lambda x, d_z1: x.T @ d_z1,
        "d_b1": lambda d_z1: d_z1.sum(axis=0),
    },
    hints=(
        "Go backwards, one line for each name in the docstring. A gradient has the shape of the "
        "array it belongs to.",
        "The start is the pair's short form, as a mean over the batch. For a product: the "
        "weights' gradient is input transposed times gradient of the sum, the input's gradient "
        "is gradient of the sum times weights transposed.",
        "A bias collects the gradient of all rows. Between `d_a1` and `d_z1` stands the "
        "sigmoid's slope, entry by entry, in terms of `a1`. The first layer follows the second, "
        "with `x` in the place of `a1`.",
    ),
)
for _key, _message, _replaces in (
    (
        "not_divided_by_batch",
        "This is the gradient of the sum over the batch. The loss is the mean over the B "
        "samples, so that each counts for one B-th.",
        {"d_z2": lambda y_hat, y: y_hat - y},
    ),
    (
        "mean_over_outputs",
        "Divided by B·K; the loss is a mean over samples and a sum over the K outputs.",
        {"d_z2": lambda y_hat, y: (y_hat - y) / y.size},
    ),
    (
        "output_sign",
        "The sign is turned: this is target minus prediction, the direction to go. The gradient "
        "points uphill.",
        {"d_z2": lambda y_hat, y: (y - y_hat) / len(y)},
    ),
    (
        "output_slope_left_in",
        "The sigmoid's slope is in it, as for squared error. With binary cross-entropy it "
        "cancels: that is why the two are a pair.",
        {"d_z2": lambda y_hat, y: (y_hat - y) * y_hat * (1 - y_hat) / len(y)},
    ),
    (
        "stopped_at_y_hat",
        "This is the gradient for `y_hat`. It still has to go back through the sigmoid to `z2`.",
        {"d_z2": lambda y_hat, y: (y_hat - y) / (y_hat * (1 - y_hat)) / len(y)},
    ),
    (
        "target_missing",
        "The target is not taken away: this is `y_hat` over B.",
        {"d_z2": lambda y_hat, y: y_hat / len(y)},
    ),
    (
        "d_W2_from_z1",
        "The product is with `z1`. The second layer reads `a1`, so that is what its weights "
        "multiply.",
        {"d_W2": lambda z1, d_z2: z1.T @ d_z2},
    ),
    (
        "d_W2_divided_again",
        "Divided by B once more. The mean is in `d_z2` already; the product adds up the samples.",
        {"d_W2": lambda a1, d_z2: a1.T @ d_z2 / len(a1)},
    ),
    (
        "d_W2_turned",
        "This is the transpose. `W2` has a row for each hidden unit, and so has its gradient.",
        {"d_W2": lambda a1, d_z2: d_z2.T @ a1},
    ),
    (
        "d_W2_per_sample",
        "The samples are kept apart, on an axis of their own. One `W2` serves them all: add up.",
        {"d_W2": lambda a1, d_z2: a1[:, :, None] * d_z2[:, None, :]},
    ),
    (
        "d_b2_not_summed",
        "There is a row for every sample. One `b2` serves all of them: sum over the batch.",
        {"d_b2": lambda d_z2: d_z2},
    ),
    (
        "d_b2_mean",
        "The rows are averaged. The mean is in `d_z2` already: add them up.",
        {"d_b2": lambda d_z2: d_z2.mean(axis=0)},
    ),
    (
        "d_b2_kept_axis",
        "The sum has kept its axis: shape (1, K). `b2` has one axis, (K,).",
        {"d_b2": lambda d_z2: d_z2.sum(axis=0, keepdims=True)},
    ),
    (
        "d_b2_other_axis",
        "Summed over the outputs, one number per sample. Sum over the samples.",
        {"d_b2": lambda d_z2: d_z2.sum(axis=1)},
    ),
    (
        "d_b2_one_number",
        "Everything is summed into one number. Every unit has its own bias: sum over the batch "
        "only.",
        {"d_b2": lambda d_z2: d_z2.sum()},
    ),
    (
        "d_a1_reshaped",
        "`W2` is reshaped to (K, H), which shuffles its entries. Transpose it.",
        {"d_a1": lambda d_z2, W2: d_z2 @ W2.reshape(W2.shape[::-1])},
    ),
    (
        "d_a1_from_error",
        "This goes on from `y_hat − y` without its share of the mean. Go on from `d_z2`.",
        {"d_a1": lambda y_hat, y, W2: (y_hat - y) @ W2.T},
    ),
    (
        "slope_missing",
        "The sigmoid's slope is left out: `d_z1` equals `d_a1`. Multiply by it, entry by entry.",
        {"d_z1": lambda d_a1: d_a1},
    ),
    (
        "slope_with_z1",
        "The slope is written with `z1` in the place of `a1`. σ' = σ(1 − σ) wants the sigmoid's "
        "value.",
        {"d_z1": lambda d_a1, z1: d_a1 * z1 * (1 - z1)},
    ),
    (
        "slope_at_a1",
        "The sigmoid is applied to `a1`, so the slope is taken at `a1`. It is wanted at `z1`, and "
        "`a1` is the sigmoid's value there already.",
        {"d_z1": lambda d_a1, a1: d_a1 * sigmoid(a1) * (1 - sigmoid(a1))},
    ),
    (
        "slope_of_tanh",
        "1 − `a1`² is the slope of tanh. The hidden units are sigmoids.",
        {"d_z1": lambda d_a1, a1: d_a1 * (1 - a1**2)},
    ),
    (
        "slope_of_tanh_at_z1",
        "1 − `z1`² is no slope: tanh' is 1 − tanh², and the hidden units are sigmoids anyway.",
        {"d_z1": lambda d_a1, z1: d_a1 * (1 - z1**2)},
    ),
    (
        "slope_of_relu",
        "This is the slope of ReLU, 0 or 1. The hidden units are sigmoids.",
        {"d_z1": lambda d_a1, z1: d_a1 * (z1 > 0)},
    ),
    (
        "slope_only_a1",
        "Of the slope only the factor `a1` is there; the other is missing.",
        {"d_z1": lambda d_a1, a1: d_a1 * a1},
    ),
    (
        "slope_only_one_minus_a1",
        "Of the slope only the factor 1 − `a1` is there; the other is missing.",
        {"d_z1": lambda d_a1, a1: d_a1 * (1 - a1)},
    ),
    (
        "slope_parentheses",
        "`d_a1 * a1 * 1 - a1` takes `a1` away at the end, because products bind first. Put "
        "1 − `a1` in parentheses.",
        {"d_z1": lambda d_a1, a1: d_a1 * a1 - a1},
    ),
    (
        "slope_constant",
        "A quarter is the slope of the sigmoid at 0 alone, its largest. Every entry has a slope of "
        "its own.",
        {"d_z1": lambda d_a1: d_a1 / 4},
    ),
    (
        "d_a1_overwritten",
        "The slope of the sigmoid is in it, as in `d_z1`. Perhaps `d_z1 = d_a1` gave the array a "
        "second name and `*=` changed both: make a new array.",
        {
            "d_a1": lambda d_z2, W2, a1: d_z2 @ W2.T * a1 * (1 - a1),
            "d_z1": lambda d_z2, W2, a1: d_z2 @ W2.T * a1 * (1 - a1),
        },
    ),
    (
        "slope_squared",
        "The slope is multiplied in twice. The gradient passes the activation once.",
        {"d_z1": lambda d_a1, a1: d_a1 * (a1 * (1 - a1)) ** 2},
    ),
    (
        "d_W1_from_d_a1",
        "This goes on from `d_a1` and skips the activation. `W1` feeds `z1`: go on from `d_z1`.",
        {"d_W1": lambda x, d_a1: x.T @ d_a1},
    ),
    (
        "d_W1_divided_again",
        "Divided by B once more. The mean has been in the gradient since `d_z2`.",
        {"d_W1": lambda x, d_z1: x.T @ d_z1 / len(x)},
    ),
    (
        "d_W1_turned",
        "This is the transpose. `W1` has a row for each input, and so has its gradient.",
        {"d_W1": lambda x, d_z1: d_z1.T @ x},
    ),
    (
        "d_W1_from_a1",
        "The product is with `a1`, which is what the first layer puts out. Its weights multiply "
        "what it reads, `x`.",
        {"d_W1": lambda a1, d_z1: a1.T @ d_z1},
    ),
    (
        "d_b1_not_summed",
        "There is a row for every sample. One `b1` serves all of them: sum over the batch.",
        {"d_b1": lambda d_z1: d_z1},
    ),
    (
        "d_b1_mean",
        "The rows are averaged. The mean has been in the gradient since `d_z2`: add them up.",
        {"d_b1": lambda d_z1: d_z1.mean(axis=0)},
    ),
    (
        "d_b1_kept_axis",
        "The sum has kept its axis: shape (1, H). `b1` has one axis, (H,).",
        {"d_b1": lambda d_z1: d_z1.sum(axis=0, keepdims=True)},
    ),
    (
        "d_b1_other_axis",
        "Summed over the units, one number per sample. Sum over the samples.",
        {"d_b1": lambda d_z1: d_z1.sum(axis=1)},
    ),
    (
        "d_b1_from_d_a1",
        "This goes on from `d_a1` and skips the activation. `b1` feeds `z1`: go on from `d_z1`.",
        {"d_b1": lambda d_a1: d_a1.sum(axis=0)},
    ),
):
    check_two_layer_backward.add_mistake(_key, _message, _replaces)
