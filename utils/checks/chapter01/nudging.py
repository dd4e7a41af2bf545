"""Code: a gradient by central differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.calling import curved_loss, with_curved_loss
from utils.checks.chapter01.formulas import CHAPTER
from utils.checks.engine import Check

# Large enough for the one-sided error to show; once small enough for float32 to show.
EPSILONS = {2: 0.1, 4: 0.05, 3: 1e-5}


def numerical_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw weights, the data of a curved loss whose slopes have both signs, and the step."""
    B, D, H = (sizes[name] for name in "BDH")
    x = rng.normal(size=(B, D))
    x[:, 0] = np.abs(x[:, 0])  # so the slopes of the first row have the signs of the columns of y
    signs = np.where(np.arange(H) % 2, -1.0, 1.0)
    return {
        "w": rng.normal(size=(D, H)),
        "x": x,
        "y": signs * rng.uniform(0.5, 2.5, size=(B, H)),
        "epsilon": EPSILONS[H],
    }


def _slopes(w, epsilon, slope):
    """Fill an array like `w` with ``slope(plus, minus, index)``."""
    out = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        plus, minus = w.copy(), w.copy()
        plus[index] += epsilon
        minus[index] -= epsilon
        out[index] = slope(plus, minus, index)
    return out


def central(w, x, y, epsilon):
    """Return the gradient by central differences."""
    return _slopes(
        w,
        epsilon,
        lambda plus, minus, _: (curved_loss(plus, x, y) - curved_loss(minus, x, y)) / (2 * epsilon),
    )


check_numerical_gradient = Check(
    "numerical_gradient",
    chapter=CHAPTER,
    title="A gradient by nudging",
    sizes=(
        {"B": 4, "D": 3, "H": 2},
        {"B": 5, "D": 2, "H": 4},
        {"B": 2, "D": 4, "H": 3},
    ),
    inputs=numerical_inputs,
    call=with_curved_loss,
    parameters=("f", "w", "epsilon"),
    outputs={"d_w": "D H"},
    steps={"d_w": central},
    hints=(
        "Every entry of `w` gets its own slope, while all other entries stay what they are.",
        "`for index in np.ndindex(w.shape)` visits every entry. Nudge a copy, `w.copy()`, so that "
        "`w` itself stays as it was.",
        "For each index make two copies, one with `epsilon` added at the index and one with it "
        "taken away. The difference of the two losses belongs to a distance of twice `epsilon`.",
    ),
)


@check_numerical_gradient.mistake(
    "d_w",
    "These are one-sided differences, from `w` to `w` + ε: their error is of order ε. Nudge to "
    "both sides, and it is of order ε².",
)
def one_sided(w, x, y, epsilon):
    here = curved_loss(w, x, y)
    return _slopes(w, epsilon, lambda plus, _, __: (curved_loss(plus, x, y) - here) / epsilon)


@check_numerical_gradient.mistake(
    "d_w",
    "These are one-sided differences, from `w` − ε to `w`: their error is of order ε. Nudge to "
    "both sides, and it is of order ε².",
)
def one_sided_backwards(w, x, y, epsilon):
    here = curved_loss(w, x, y)
    return _slopes(w, epsilon, lambda _, minus, __: (here - curved_loss(minus, x, y)) / epsilon)


@check_numerical_gradient.mistake(
    "d_w", "Twice too much: the two points are 2ε apart, and the difference is divided by ε."
)
def divided_by_epsilon(w, x, y, epsilon):
    return 2 * central(w, x, y, epsilon)


@check_numerical_gradient.mistake(
    "d_w",
    "The difference is divided by 2 and multiplied by ε: `/ 2 * epsilon` goes from left to "
    "right. Put the distance in parentheses.",
)
def multiplied_by_epsilon(w, x, y, epsilon):
    return central(w, x, y, epsilon) * epsilon**2


@check_numerical_gradient.mistake(
    "d_w", "The differences of the losses are not divided by the distance between the two points."
)
def not_divided(w, x, y, epsilon):
    return 2 * epsilon * central(w, x, y, epsilon)


@check_numerical_gradient.mistake(
    "d_w", "The sign is turned: the loss at `w` − ε comes first in the difference."
)
def minus_before_plus(w, x, y, epsilon):
    return -central(w, x, y, epsilon)


@check_numerical_gradient.mistake(
    "d_w",
    "All entries are nudged at once, and every entry gets the same slope. Nudge one entry at a "
    "time.",
)
def all_at_once(w, x, y, epsilon):
    up, down = curved_loss(w + epsilon, x, y), curved_loss(w - epsilon, x, y)
    return np.full(w.shape, (up - down) / (2 * epsilon))


@check_numerical_gradient.mistake(
    "d_w",
    "All entries are nudged at once, which gives one number. Nudge one entry at a time, and "
    "collect a slope for each.",
)
def all_at_once_one_number(w, x, y, epsilon):
    return (curved_loss(w + epsilon, x, y) - curved_loss(w - epsilon, x, y)) / (2 * epsilon)


@check_numerical_gradient.mistake(
    "d_w",
    "Whole rows are nudged together: a loop over `w` itself, or over `len(w)`, visits rows. "
    "Visit every entry.",
)
def rows_at_once(w, x, y, epsilon):
    out = np.zeros(w.shape)
    for row in range(len(w)):
        nudge = np.zeros(w.shape)
        nudge[row] = epsilon
        up, down = curved_loss(w + nudge, x, y), curved_loss(w - nudge, x, y)
        out[row] = (up - down) / (2 * epsilon)
    return out


@check_numerical_gradient.mistake(
    "d_w",
    "An entry is not put back after its turn: the entries after it are nudged around a point "
    "that is off by ε. Restore it, or nudge a fresh copy for each entry.",
)
def left_at_minus(w, x, y, epsilon):
    out = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        w[index] += epsilon
        up = curved_loss(w, x, y)
        w[index] -= 2 * epsilon
        out[index] = (up - curved_loss(w, x, y)) / (2 * epsilon)
    return out


@check_numerical_gradient.mistake(
    "d_w",
    "An entry stays nudged upwards after its turn: the entries after it are nudged around a "
    "point that is off by ε. Restore it, or nudge a fresh copy for each entry.",
)
def left_at_plus(w, x, y, epsilon):
    out = np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        w[index] -= epsilon
        down = curved_loss(w, x, y)
        w[index] += 2 * epsilon
        out[index] = (curved_loss(w, x, y) - down) / (2 * epsilon)
    return out


@check_numerical_gradient.mistake(
    "d_w",
    "The difference from `w` to `w` + ε is divided by 2ε. Take the second loss at `w` − ε, which "
    "is 2ε away from `w` + ε.",
)
def one_sided_over_two_epsilon(w, x, y, epsilon):
    return one_sided(w, x, y, epsilon) / 2


@check_numerical_gradient.mistake(
    "d_w",
    "The difference from `w` − ε to `w` is divided by 2ε. Take the first loss at `w` + ε, which "
    "is 2ε away from `w` − ε.",
)
def one_sided_backwards_over_two_epsilon(w, x, y, epsilon):
    return one_sided_backwards(w, x, y, epsilon) / 2


@check_numerical_gradient.mistake(
    "d_w",
    "The slopes have lost their signs. Where the loss falls with an entry, its slope is negative: "
    "leave `abs` out.",
)
def absolute_difference(w, x, y, epsilon):
    return np.abs(central(w, x, y, epsilon))


@check_numerical_gradient.mistake(
    "d_w",
    "Every slope is 0. Perhaps `plus = w` gave `w` a second name where a copy was meant, or "
    "nothing was stored in the result.",
)
def all_zero(w):
    return np.zeros(w.shape)


@check_numerical_gradient.mistake(
    "d_w",
    "The nudge is made in float32, which keeps 7 digits: at a small ε few of them are left in "
    "the difference. Check gradients in float64.",
)
def weights_in_float32(w, x, y, epsilon):
    return central(w.astype(np.float32), x, y, epsilon)


@check_numerical_gradient.mistake(
    "d_w",
    "The losses are rounded to float32 before they are subtracted: at a small ε few digits are "
    "left in the difference. Check gradients in float64.",
)
def losses_in_float32(w, x, y, epsilon):
    return _slopes(
        w,
        epsilon,
        lambda plus, minus, _: (
            float(np.float32(curved_loss(plus, x, y)) - np.float32(curved_loss(minus, x, y)))
            / (2 * epsilon)
        ),
    )


@check_numerical_gradient.mistake(
    "d_w",
    "The slopes are those for another ε than the one handed over: use the parameter `epsilon`.",
)
def epsilon_ignored(w, x, y):
    return central(w, x, y, 1e-5)
