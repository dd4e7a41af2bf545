"""Code: the gradients of all parameters by central differences; and four passes to diagnose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.checks.calling import loss_of_parameters, with_loss_of_parameters
from utils.checks.chapter03.all_parameters import sequence_inputs
from utils.checks.chapter03.formulas import CHAPTER, constant
from utils.checks.engine import Check
from utils.sick_passes import LETTERS

Array = np.ndarray

# --- exercise 7a: nudge every parameter ---------------------------------------------------------

# Large enough for the one-sided error to show; once small enough for float32 to show.
EPSILONS = {3: 0.1, 4: 0.05, 5: 1e-5}
NAMES = ("W_xh", "W_hh", "b_h")


def nudging_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a network with its sequences, and the step of the nudge."""
    drawn = sequence_inputs(rng, sizes)
    kept = {name: drawn[name] for name in (*NAMES, "xs", "targets", "W_hy")}
    return {**kept, "epsilon": EPSILONS[sizes["T"]]}


def difference(
    loss: Callable[[Array], float], w: Array, nudge: Array, points: str, way: str
) -> float:
    """Subtract the losses at two of three points: `w` + nudge, `w`, `w` − nudge."""
    high = w if points == "backward" else w + nudge
    low = w if points == "forward" else w - nudge
    if way == "losses in float32":
        return float(np.float32(loss(high)) - np.float32(loss(low)))
    return loss(high) - loss(low)


def left_nudged(loss: Callable[[Array], float], w: Array, epsilon: float, first: float) -> Array:
    """Nudge one array in place, `first` epsilons and back twice as far, and leave it there."""
    out, w = np.zeros(w.shape), w.copy()
    for index in np.ndindex(w.shape):
        w[index] += first * epsilon
        one = loss(w)
        w[index] -= 2 * first * epsilon
        out[index] = first * (one - loss(w))
    return out


def differences(
    loss: Callable[[Array], float], w: Array, epsilon: float, points: str, way: str
) -> Array:
    """Return the difference of two losses for every entry of `w`, nudged in one of many ways."""
    if way == "zero":
        return np.zeros(w.shape)
    if way.startswith("left at"):
        return left_nudged(loss, w, epsilon, 1.0 if way.endswith("minus") else -1.0)
    if way == "in float32":
        w = w.astype(np.float32)
    if way.startswith("all"):
        one = difference(loss, w, np.full(w.shape, epsilon), points, way)
        return np.asarray(one) if way == "all as one" else np.full(w.shape, one)
    out = np.zeros(w.shape)
    rows = way == "rows"
    for index in range(len(w)) if rows else np.ndindex(w.shape):
        nudge = np.zeros(w.shape, w.dtype)
        nudge[index] = epsilon
        out[index] = difference(loss, w, nudge, points, way)
    return out


def gradient_of(name: str) -> Callable[..., Array]:
    """Make the step that measures the gradient of one parameter."""

    def step(W_xh, W_hh, b_h, xs, targets, W_hy, step, points, way, moved, divisor, sign):
        parameters = {"W_xh": W_xh, "W_hh": W_hh, "b_h": b_h}
        for earlier in NAMES[: NAMES.index(name)]:
            parameters[earlier] = parameters[earlier] + float(moved) * float(step)

        def loss(value):
            return loss_of_parameters({**parameters, name: value}, xs, targets, W_hy)

        found = differences(loss, parameters[name], float(step), points, way) / float(divisor)
        return np.abs(found) if sign == "lost" else -found if sign == "turned" else found

    return step


check_numerical_gradients = Check(
    "numerical_gradients",
    chapter=CHAPTER,
    title="All gradients by nudging",
    outputs={"d_W_xh": "D H", "d_W_hh": "H H", "d_b_h": "H"},
    inputs=nudging_inputs,
    sizes=(
        {"T": 3, "B": 5, "D": 4, "H": 2, "K": 6},
        {"T": 4, "B": 6, "D": 2, "H": 3, "K": 5},
        {"T": 5, "B": 1, "D": 2, "H": 3, "K": 4},
    ),
    call=with_loss_of_parameters,
    parameters=("loss", "parameters", "epsilon"),
    tolerance=5e-7,  # so that the slopes for 0.001 and for 0.00001 are told apart
    steps={
        "step": lambda epsilon: epsilon,
        "points": constant("both sides"),
        "way": constant("each entry"),
        "moved": constant(0.0),  # by how many steps earlier parameters are off their place
        "divisor": lambda step: 2 * step,
        "sign": constant("kept"),
        **{f"d_{name}": gradient_of(name) for name in NAMES},
    },
    hints=(
        "Two loops: the outer one over the parameters by name, the inner one over the entries of "
        "one of them. All other parameters stay what they are.",
        "`for index in np.ndindex(w.shape)` visits every entry. Nudge copies of `w`, and hand a "
        "dictionary with the copy in it to `loss`: `{**parameters, name: plus}`.",
        "For every entry: `plus` with `epsilon` added there, `minus` with it taken away, and the "
        'difference of the two losses by twice `epsilon`. Store it under `"d_" + name`.',
    ),
)
for _key, _message, _replaces in (
    (
        "one_sided",
        "These are one-sided differences, from `w` to `w` + ε: their error is of order ε. Nudge to "
        "both sides, and it is of order ε².",
        {"points": constant("forward"), "divisor": lambda step: step},
    ),
    (
        "one_sided_backwards",
        "These are one-sided differences, from `w` − ε to `w`: their error is of order ε. Nudge to "
        "both sides, and it is of order ε².",
        {"points": constant("backward"), "divisor": lambda step: step},
    ),
    (
        "one_sided_over_two",
        "The difference from `w` to `w` + ε is divided by 2ε. Take the second loss at `w` − ε.",
        {"points": constant("forward"), "divisor": lambda step: 2 * step},
    ),
    (
        "divided_by_epsilon",
        "Twice too much: the two points are 2ε apart, and the difference is divided by ε.",
        {"divisor": lambda step: step},
    ),
    (
        "multiplied_by_epsilon",
        "`/ 2 * epsilon` goes from left to right, so the difference is multiplied by ε. Put the "
        "distance in parentheses.",
        {"divisor": lambda step: 2 / step},
    ),
    (
        "not_divided",
        "The differences of the losses are not divided by the distance between the two points.",
        {"divisor": constant(1.0)},
    ),
    (
        "sign_turned",
        "The sign is turned: the loss at `w` − ε comes first in the difference.",
        {"sign": constant("turned")},
    ),
    (
        "sign_lost",
        "The slopes have lost their signs. Where the loss falls with an entry, its slope is "
        "negative: leave `abs` out.",
        {"sign": constant("lost")},
    ),
    (
        "all_at_once",
        "All entries are nudged at once, and every entry gets the same slope. Nudge one entry at a "
        "time.",
        {"way": constant("all")},
    ),
    (
        "one_number",
        "All entries are nudged at once, which gives one number. Nudge one entry at a time, and "
        "keep a slope for each.",
        {"way": constant("all as one")},
    ),
    (
        "rows_at_once",
        "Whole rows are nudged together: a loop over `w` itself, or over `len(w)`, visits rows. "
        "Visit every entry.",
        {"way": constant("rows")},
    ),
    (
        "left_at_minus",
        "An entry is not put back after its turn: the entries after it are nudged around a point "
        "that is off by ε. Nudge a fresh copy for each entry.",
        {"way": constant("left at minus"), "points": constant("both sides")},
    ),
    (
        "left_at_plus",
        "An entry stays nudged upwards after its turn: the entries after it are nudged around a "
        "point that is off by ε. Nudge a fresh copy for each entry.",
        {"way": constant("left at plus"), "points": constant("both sides")},
    ),
    (
        "parameters_left_at_minus",
        "No entry is put back after its turn, in any parameter: all later slopes are taken around "
        "a point that is off by ε. Restore it, or nudge a fresh copy.",
        {
            "way": constant("left at minus"),
            "points": constant("both sides"),
            "moved": constant(-1.0),
        },
    ),
    (
        "parameters_left_at_plus",
        "Every entry stays nudged upwards after its turn, in every parameter: later slopes are "
        "taken around a point that is off by ε. Restore it, or nudge a fresh copy.",
        {
            "way": constant("left at plus"),
            "points": constant("both sides"),
            "moved": constant(1.0),
        },
    ),
    (
        "all_zero",
        "Every slope is 0. Perhaps `plus = w` gave one array two names, or the nudged copy never "
        "reached `loss`.",
        {
            "way": constant("zero"),
            "points": constant("both sides"),
            "divisor": constant(1.0),
            "sign": constant("kept"),
            "step": lambda epsilon: epsilon,
        },
    ),
    (
        "in_float32",
        "The nudge is made in float32, which keeps 7 digits: at a small ε few are left in the "
        "difference. Check gradients in float64.",
        {"way": constant("in float32")},
    ),
    (
        "losses_in_float32",
        "The losses are rounded to float32 before they are subtracted: at a small ε few digits are "
        "left. Check gradients in float64.",
        {"way": constant("losses in float32")},
    ),
    (
        "epsilon_ignored",
        "The slopes are those for another ε than the one handed over: use the parameter `epsilon`.",
        {"step": constant(1e-5)},
    ),
    (
        "epsilon_of_a_thousandth",
        "The slopes are those for ε = 0.001, whatever is handed over: use the parameter `epsilon`.",
        {"step": constant(1e-3)},
    ),
    (
        "epsilon_of_a_hundredth",
        "The slopes are those for ε = 0.01, whatever is handed over: use the parameter `epsilon`.",
        {"step": constant(1e-2)},
    ),
):
    check_numerical_gradients.add_mistake(_key, _message, _replaces)


# --- exercise 7b: which line of a backward pass is broken? ---------------------------------------

LINES = (
    "the error at the scores",
    "the slope of tanh",
    "what comes back from the next step",
    "the state in d_W_hh",
)


check_diagnosis = Check(
    "diagnosis",
    chapter=CHAPTER,
    title="Which line is broken?",
    outputs=dict.fromkeys(LETTERS, LINES),
    steps={
        "a": constant(LINES[3]),
        "b": constant(LINES[2]),
        "c": constant(LINES[0]),
        "d": constant(LINES[1]),
    },
    hints=(
        "A broken line spoils every gradient that is computed from it and no other. Start with the "
        "gradients that are right: what are they computed from?",
        "`d_W_hy` and `d_b_y` need the error at the scores and nothing of the way back through "
        "time. And one of the four lines is used in the product for a single parameter.",
        "With T = 1 nothing comes back from a next step, so a pass that is broken there is right "
        "for T = 1. The slope of tanh is needed with one step, too.",
    ),
)
_ALL_WRONG = "All gradients would be wrong, `d_W_hy` and `d_b_y` too: they start from the error."
_ONLY_W_HH = "`d_W_hh` alone would be wrong: that state is used nowhere else."
for _letter, _line, _message in (
    ("a", 0, f"{_ALL_WRONG} Here one gradient is wrong."),
    ("a", 1, "The slope goes into `d_W_xh` and `d_b_h` as well, and both are right here."),
    ("a", 2, "What comes back goes into `d_W_xh` and `d_b_h` as well, and both are right here."),
    ("b", 0, f"{_ALL_WRONG} Here these two are right."),
    ("b", 1, "The slope is needed at every step, so T = 1 would go wrong too. Here it is right."),
    ("b", 3, f"{_ONLY_W_HH} Here `d_W_xh` is wrong as well."),
    ("c", 1, "The slope does not go into `d_W_hy`, and that is wrong here, for T = 1 too."),
    ("c", 2, "What comes back over time does not go into `d_W_hy`, and that is wrong here."),
    ("c", 3, f"{_ONLY_W_HH} Here `d_W_hy` is wrong."),
    ("d", 0, f"{_ALL_WRONG} They are right in this pass."),
    ("d", 2, "With T = 1 nothing comes back from a next step, and this pass is wrong there."),
    ("d", 3, f"{_ONLY_W_HH} In this pass `d_b_h` is wrong as well."),
):
    check_diagnosis.add_mistake(
        f"{_letter}_takes_line_{_line + 1}", _message, {_letter: constant(LINES[_line])}
    )
