"""Code: the Jacobian of one step of a plain RNN."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter05.predict import CHAPTER
from utils.checks.engine import Check

Array = np.ndarray

ONE_SIDED = 1e-3  # the step of a one-sided difference that is large enough to be recognised


def step_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the arguments of one step for one sample."""
    D, H = sizes["D"], sizes["H"]
    return {
        "x_t": rng.normal(size=D),
        "h_prev": rng.uniform(-0.9, 0.9, size=H),
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": 0.5 * rng.normal(size=H),
    }


def one_sided(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Nudge each entry of the state in one direction alone, and divide by the nudge."""
    nudged = h_prev + ONE_SIDED * np.eye(len(h_prev))  # one row for each entry that is nudged
    z_t = x_t @ W_xh + b_h
    return (np.tanh(z_t + nudged @ W_hh) - np.tanh(z_t + h_prev @ W_hh)) / ONE_SIDED


class JacobianCheck(Check):
    """The check of a Jacobian; of a small difference it says how small it is."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say so if a Jacobian is nearly right, as after a rough numerical derivative."""
        if name != "J_t" or not isinstance(value, np.ndarray) or value.shape != right.shape:
            return ""
        off = float(np.max(np.abs(value - right)) / np.max(np.abs(right)))
        if not off < 1e-2:
            return ""
        return (
            f"`J_t` is near the right one, and off by {off:.1g} of its largest entry. Was it "
            "measured by nudging? A one-sided difference has an error of the size of the nudge; "
            "the formula has none."
        )


check_step_jacobian = JacobianCheck(
    "step_jacobian",
    chapter=CHAPTER,
    title="The Jacobian of one step",
    sizes=({"D": 3, "H": 4}, {"D": 5, "H": 2}, {"D": 2, "H": 1}),
    inputs=step_inputs,
    outputs={"h_t": "H", "J_t": "H H"},
    steps={
        "bias": lambda b_h: b_h,
        "from_input": lambda x_t, W_xh: x_t @ W_xh,
        "from_state": lambda h_prev, W_hh: h_prev @ W_hh,
        "z_t": lambda from_input, from_state, bias: from_input + from_state + bias,
        "h_t": lambda z_t: np.tanh(z_t),
        "slope": lambda h_t: 1 - h_t**2,
        "recurrent": lambda W_hh: W_hh,
        "J_t": lambda recurrent, slope: recurrent * slope,
    },
    hints=(
        "Two things happen to `h_prev` on its way: it goes through `W_hh`, then through tanh. Each "
        "has a derivative; the input and the bias only move the place where tanh stands.",
        "Entry `[i, j]` says how `h_t[j]` moves with `h_prev[i]`. The sum of unit `j` moves by "
        "`W_hh[i, j]`; its tanh turns that into so much times the slope of unit `j`.",
        "So column `j` of `W_hh` is multiplied by `1 − h_t[j]²`. NumPy does that for all columns "
        "in one product of a matrix with a vector, entry by entry.",
    ),
)
for _key, _message, _replaces in (
    (
        "bias_forgotten",
        "The bias is missing from the sum.",
        {"bias": lambda b_h: 0 * b_h},
    ),
    (
        "input_ignored",
        "The input is left out of the sum. It does not stand in the Jacobian, but it decides at "
        "which place of tanh the slope is taken.",
        {"from_input": lambda x_t, W_xh: 0 * (x_t @ W_xh)},
    ),
    (
        "state_ignored",
        "The previous state is left out of the sum.",
        {"from_state": lambda h_prev: 0 * h_prev},
    ),
    (
        "forward_transposed",
        "`W_hh` went into the sum transposed. The state is a row and stands on its left, as it is.",
        {"from_state": lambda h_prev, W_hh: W_hh @ h_prev},
    ),
    (
        "no_tanh",
        "The tanh is missing: `h_t` is the sum itself.",
        {"h_t": lambda z_t: z_t},
    ),
    (
        "slope_missing",
        "The slope of tanh, 1 − h², is missing: this is `W_hh` alone, the Jacobian of a network "
        "without tanh.",
        {"slope": lambda h_t: np.ones_like(h_t)},
    ),
    (
        "slope_at_sum",
        "The slope was computed as `1 − z²`, with the sum. It is `1 − h²`, with the state after "
        "tanh.",
        {"slope": lambda z_t: 1 - z_t**2},
    ),
    (
        "slope_of_state",
        "tanh was applied twice: this is `1 − tanh(h_t)²`. The state has been through tanh once "
        "already, so the slope is `1 − h_t²`.",
        {"slope": lambda h_t: 1 - np.tanh(h_t) ** 2},
    ),
    (
        "slope_one_step_early",
        "The slope is taken at `h_prev`. The tanh of this step gives `h_t`, so its slope is "
        "`1 − h_t²`.",
        {"slope": lambda h_prev: 1 - h_prev**2},
    ),
    (
        "slope_of_sigmoid",
        "`h (1 − h)` is the slope of the sigmoid. That of tanh is `1 − h²`.",
        {"slope": lambda h_t: h_t * (1 - h_t)},
    ),
    (
        "square_missing",
        "This is `1 − h`. The slope of tanh is `1 − h²`.",
        {"slope": lambda h_t: 1 - h_t},
    ),
    (
        "plus_for_minus",
        "This is `1 + h²`. The slope of tanh is `1 − h²`, at most 1.",
        {"slope": lambda h_t: 1 + h_t**2},
    ),
    (
        "slope_twice",
        "The slope is in there twice. Each step has one tanh.",
        {"slope": lambda h_t: (1 - h_t**2) ** 2},
    ),
    (
        "state_for_slope",
        "`W_hh` is multiplied by the state. What belongs there is the slope, `1 − h_t²`.",
        {"slope": lambda h_t: h_t},
    ),
    (
        "recurrent_transposed",
        "`W_hh` is transposed here and the slopes are not, so they meet the wrong rows. Here row "
        "`i` belongs to `h_prev[i]`, as in `W_hh` itself.",
        {"recurrent": lambda W_hh: W_hh.T},
    ),
    (
        "recurrent_left_out",
        "`W_hh` is left out: these are the slopes alone, on the diagonal. A change of the state "
        "goes through `W_hh` first.",
        {"recurrent": lambda W_hh: np.eye(len(W_hh))},
    ),
    (
        "slope_on_rows",
        "Row `i` is multiplied by the slope of unit `i`. The slope belongs to the unit that "
        "moves, and that is the column.",
        {"J_t": lambda recurrent, slope: slope[:, None] * recurrent},
    ),
    (
        "transposed",
        "This is the transpose: its row says what moves, as in books with column vectors. Here "
        "the row says what is nudged, so that `δh_t = δh_prev @ J_t`.",
        {"J_t": lambda recurrent, slope: (recurrent * slope).T},
    ),
    (
        "diagonal_only",
        "Only the diagonal is left: `diag(slope) * W_hh` multiplies entry by entry. The matrix "
        "product is `@`.",
        {"J_t": lambda recurrent, slope: recurrent * np.diag(slope)},
    ),
    (
        "identity_added",
        "The identity is added, as if the old state were also handed on unchanged. A plain RNN "
        "replaces it.",
        {"J_t": lambda recurrent, slope: recurrent * slope + np.eye(len(slope))},
    ),
    (
        "summed_over_inputs",
        "There is one number for each unit: `slope @ W_hh` or a sum. Asked for is every pair, a "
        "matrix.",
        {"J_t": lambda recurrent, slope: slope @ recurrent},
    ),
    (
        "by_the_input",
        "This is ∂h_t/∂x_t, with `W_xh`. Asked for is ∂h_t/∂h_{t−1}.",
        {"J_t": lambda W_xh, slope: W_xh * slope},
    ),
    (
        "by_the_weights",
        "This is the outer product of state and slope, which belongs to the gradient of `W_hh`. "
        "The Jacobian by the state has `W_hh` itself in it.",
        {"J_t": lambda h_prev, slope: np.outer(h_prev, slope)},
    ),
    (
        "one_sided",
        "This is a one-sided difference with a nudge of 0.001, whose error is of the size of the "
        "nudge. Nudge both ways, or write the formula.",
        {"J_t": one_sided},
    ),
):
    check_step_jacobian.add_mistake(_key, _message, _replaces)
