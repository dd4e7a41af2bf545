"""Predict: what becomes of a gradient on its way back through two hundred equal steps."""

from __future__ import annotations

from collections.abc import Callable

from utils.checks.engine import Check

CHAPTER = "05_vanishing_exploding"
VANISHES, KEEPS, EXPLODES = "vanishes", "keeps its size", "explodes"
HUMP = "grows first, then vanishes"
FATES = (VANISHES, KEEPS, EXPLODES, HUMP)


def constant(value: str) -> Callable[[], str]:
    """Return a function without parameters that gives `value`."""
    return lambda: value


RIGHT = {
    "sigmoid_2": VANISHES,
    "sigmoid_5": EXPLODES,
    "tanh_middle": EXPLODES,
    "tanh_ends": VANISHES,
    "relu_open": KEEPS,
    "relu_shut": VANISHES,
    "orthogonal": KEEPS,
    "skewed": HUMP,
}

check_fates = Check(
    "fates",
    chapter=CHAPTER,
    title="What becomes of the gradient?",
    outputs=dict.fromkeys(RIGHT, FATES),
    steps={name: constant(fate) for name, fate in RIGHT.items()},
    hints=(
        "Write down what one step back multiplies the gradient by. With one unit it is a number: "
        "weight times slope.",
        "Slopes: sigmoid has 1/4 at 0, tanh has 1 at 0 and `1 − h²` elsewhere, ReLU has 1 or 0. "
        "Then compare the size of weight times slope with 1, and take its 200th power.",
        "A product is 0 as soon as one factor is. An orthogonal matrix turns and keeps lengths. "
        "For the skewed matrix, multiply it by itself twice and watch the upper right entry.",
    ),
)
for _name, _fate, _message in (
    (
        "sigmoid_2",
        EXPLODES,
        "The weight is above 1, but the slope belongs to the factor: at 0 it is 1/4, which gives "
        "2 · 1/4.",
    ),
    (
        "sigmoid_2",
        KEEPS,
        "2 · 1/4 is one half, and 200 halvings leave nothing to speak of.",
    ),
    (
        "sigmoid_2",
        HUMP,
        "All factors are equal numbers here, so there is no turning point on the way.",
    ),
    (
        "sigmoid_5",
        VANISHES,
        "The slope of a sigmoid is at most 1/4, but it is weight times slope that counts: "
        "compare 5 · 1/4 with 1.",
    ),
    ("sigmoid_5", KEEPS, "5 · 1/4 is above 1, by a quarter, and that 200 times over."),
    (
        "sigmoid_5",
        HUMP,
        "It does grow. Every factor is the same number, so what could turn the growth round?",
    ),
    (
        "tanh_middle",
        VANISHES,
        "In the middle of tanh the slope is 1, not less, so the weight alone decides.",
    ),
    (
        "tanh_middle",
        KEEPS,
        "The slope keeps the size, being 1. The weight does not: it is 1.5 at every step.",
    ),
    (
        "tanh_middle",
        HUMP,
        "It does grow. Every factor is 1.5, the last as well as the first.",
    ),
    (
        "tanh_ends",
        EXPLODES,
        "The weight is the same as before, the slope is not: `1 − 0.9²` is 0.19.",
    ),
    (
        "tanh_ends",
        KEEPS,
        "Weight times slope is 1.5 · 0.19 at every step: how far from 1 is that?",
    ),
    (
        "tanh_ends",
        HUMP,
        "The first factor is as small as all others, so nothing grows at first.",
    ),
    ("relu_open", VANISHES, "The slope of ReLU above 0 is 1 and the weight is 1: nothing shrinks."),
    ("relu_open", EXPLODES, "Weight times slope is 1 · 1. Its powers do not grow."),
    ("relu_open", HUMP, "Every factor is 1 · 1: neither growth nor decay, at any distance."),
    (
        "relu_shut",
        EXPLODES,
        "An open step multiplies by 3, a shut one by 0. Count backwards from step 200: can "
        "anything bring a product back from 0?",
    ),
    (
        "relu_shut",
        HUMP,
        "The first step on the way back is step 200, and it is shut: after one step nothing is "
        "left to grow.",
    ),
    (
        "relu_shut",
        KEEPS,
        "Neither factor is 1: an open step has 3, a shut one has 0, and a product with a 0 in it "
        "is 0.",
    ),
    (
        "orthogonal",
        VANISHES,
        "An orthogonal matrix keeps the length of every vector, and there is no slope here to "
        "shorten it.",
    ),
    (
        "orthogonal",
        EXPLODES,
        "An orthogonal matrix keeps the length of every vector, however often it is applied.",
    ),
    (
        "orthogonal",
        HUMP,
        "All singular values of an orthogonal matrix are 1, and so are those of its powers: no "
        "growth, not even for a while.",
    ),
    (
        "skewed",
        VANISHES,
        "It does in the end, as both eigenvalues are 0.9. But the first step alone can stretch a "
        "vector fivefold: its largest singular value is about 5.2.",
    ),
    (
        "skewed",
        EXPLODES,
        "It grows at first, up to about 19 times. The upper right entry of the `k`-th power is "
        "`5 k · 0.9**(k − 1)`: what wins in the end?",
    ),
    (
        "skewed",
        KEEPS,
        "The eigenvalues are 0.9 and the singular values about 5.2 and 0.16: none of them is 1.",
    ),
):
    check_fates.add_mistake(f"{_name}_{_fate.split()[0]}", _message, {_name: constant(_fate)})
