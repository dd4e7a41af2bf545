"""Code: one step back."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter03.formulas import CHAPTER
from utils.checks.engine import Check


def step_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a step, its state, and the gradient that arrives there."""
    B, D, H = (sizes[name] for name in "BDH")
    x_t, h_prev = rng.normal(size=(B, D)), rng.uniform(-0.9, 0.9, size=(B, H))
    W_xh, W_hh = rng.normal(size=(D, H)) / np.sqrt(D), rng.normal(size=(H, H)) / np.sqrt(H)
    return {
        "d_h_t": rng.normal(size=(B, H)),
        "x_t": x_t,
        "h_prev": h_prev,
        "h_t": np.tanh(x_t @ W_xh + h_prev @ W_hh + 0.3 * rng.normal(size=H)),
        "W_xh": W_xh,
        "W_hh": W_hh,
    }


check_step_back = Check(
    "step_back",
    chapter=CHAPTER,
    title="One step back",
    outputs={
        "d_z_t": "B H",
        "d_x_t": "B D",
        "d_h_prev": "B H",
        "d_W_xh": "D H",
        "d_W_hh": "H H",
        "d_b_h": "H",
    },
    inputs=step_inputs,
    sizes=({"B": 3, "D": 2, "H": 5}, {"B": 2, "D": 7, "H": 3}, {"B": 1, "D": 3, "H": 4}),
    steps={
        "slope": lambda h_t: 1 - h_t**2,
        "d_z_t": lambda d_h_t, slope: d_h_t * slope,
        "to_input": lambda W_xh: W_xh.T,
        "d_x_t": lambda d_z_t, to_input: d_z_t @ to_input,
        "back": lambda W_hh: W_hh.T,
        "d_h_prev": lambda d_z_t, back: d_z_t @ back,
        "d_W_xh": lambda x_t, d_z_t: x_t.T @ d_z_t,
        "read": lambda h_prev: h_prev,
        "d_W_hh": lambda read, d_z_t: read.T @ d_z_t,
        "d_b_h": lambda d_z_t: d_z_t.sum(axis=0),
    },
    hints=(
        "First back through tanh, from `d_h_t` to `d_z_t`. All the others start at `d_z_t`: it is "
        "the gradient of a sum, and each of them belongs to one summand.",
        "The slope of tanh in terms of its value is 1 − h². For a product `a @ W`: the gradient of "
        "`a` is gradient times `W` transposed, that of `W` is `a` transposed times gradient.",
        "`d_z_t = d_h_t * (1 - h_t**2)`. Then `x_t` and `W_xh` are one pair of a product, `h_prev` "
        "and `W_hh` the other; `d_b_h` adds up the rows of `d_z_t`, `axis=0`.",
    ),
)
for _key, _message, _replaces in (
    (
        "slope_missing",
        "The factor 1 − h² is left out: the gradient has to go back through tanh first.",
        {"slope": lambda h_t: np.ones(h_t.shape)},
    ),
    (
        "slope_at_z",
        "The slope is taken as 1 − z², with the sum before tanh. It is 1 − h², with the state.",
        {"slope": lambda h_t: 1 - np.arctanh(h_t) ** 2},
    ),
    (
        "slope_of_tanh_again",
        "tanh was taken once more: 1 − tanh(h)². `h_t` is the tanh already: the slope is 1 − h².",
        {"slope": lambda h_t: 1 - np.tanh(h_t) ** 2},
    ),
    (
        "slope_of_previous",
        "The slope is that of `h_prev`. The gradient goes back through the tanh that made `h_t`.",
        {"slope": lambda h_prev: 1 - h_prev**2},
    ),
    (
        "slope_not_squared",
        "The slope is taken as 1 − h. The state is squared in it, 1 − h².",
        {"slope": lambda h_t: 1 - h_t},
    ),
    (
        "slope_of_sigmoid",
        "h(1 − h) is the slope of a sigmoid. The state of this network goes through tanh: 1 − h².",
        {"slope": lambda h_t: h_t * (1 - h_t)},
    ),
    (
        "slope_of_relu",
        "This is the slope of ReLU, 0 or 1. The state of this network goes through tanh: 1 − h².",
        {"slope": lambda h_t: (h_t > 0).astype(float)},
    ),
    (
        "slope_doubled",
        "The slope is multiplied in twice. The gradient passes tanh once.",
        {"slope": lambda h_t: (1 - h_t**2) ** 2},
    ),
    (
        "slope_is_tanh",
        "The gradient is multiplied by `h_t` itself. It is multiplied by the slope, 1 − h².",
        {"slope": lambda h_t: h_t},
    ),
    (
        "slope_only_square",
        "The gradient is multiplied by h². The slope is 1 − h².",
        {"slope": lambda h_t: h_t**2},
    ),
    (
        "parentheses",
        "`d_h_t * 1 - h_t**2` takes the square away at the end, because products bind first. Put "
        "1 − h² in parentheses.",
        {"d_z_t": lambda d_h_t, h_t: d_h_t - h_t**2},
    ),
    (
        "tanh_of_gradient",
        "The gradient itself went into the slope, 1 − d². The slope belongs to the state: 1 − h².",
        {"d_z_t": lambda d_h_t: 1 - d_h_t**2},
    ),
    (
        "input_weights_reshaped",
        "`W_xh` is reshaped to (H, D), which shuffles its entries. Transpose it.",
        {"to_input": lambda W_xh: W_xh.reshape(W_xh.shape[::-1])},
    ),
    (
        "d_x_t_from_d_h_t",
        "This goes on from `d_h_t` and skips tanh. `x_t` goes into the sum: go on from `d_z_t`.",
        {"d_x_t": lambda d_h_t, to_input: d_h_t @ to_input},
    ),
    (
        "not_transposed",
        "`W_hh` is not transposed. On the way forward `h_prev @ W_hh` mixes from row to column; "
        "the way back goes from column to row.",
        {"back": lambda W_hh: W_hh},
    ),
    (
        "d_h_prev_from_d_h_t",
        "This goes on from `d_h_t` and skips tanh. `h_prev` goes into the sum: go on from `d_z_t`.",
        {"d_h_prev": lambda d_h_t, back: d_h_t @ back},
    ),
    (
        "d_h_prev_without_weights",
        "`W_hh` is missing: this is `d_z_t`. From the sum to `h_prev` the gradient goes through "
        "`W_hh`.",
        {"d_h_prev": lambda d_z_t: d_z_t},
    ),
    (
        "d_h_prev_with_its_slope",
        "The slope at `h_prev` is in it. That tanh belongs to the step before, which multiplies it "
        "in itself.",
        {"d_h_prev": lambda d_z_t, back, h_prev: (d_z_t @ back) * (1 - h_prev**2)},
    ),
    (
        "d_h_prev_slope_last",
        "The slope is multiplied in after `W_hh`. First through tanh, entry by entry, then through "
        "`W_hh`: go on from `d_z_t`.",
        {"d_h_prev": lambda d_h_t, back, slope: (d_h_t @ back) * slope},
    ),
    (
        "d_h_prev_plus_d_h_t",
        "`d_h_t` was added to it. What `h_prev` gets through this step is the product alone.",
        {"d_h_prev": lambda d_z_t, back, d_h_t: d_z_t @ back + d_h_t},
    ),
    (
        "d_W_hh_with_h_t",
        "The product is with `h_t`. `W_hh` multiplies the state that the step has read, `h_prev`.",
        {"read": lambda h_t: h_t},
    ),
    (
        "d_W_hh_turned",
        "This is the transpose: what the weights read stands on the left, `h_prev.T @ d_z_t`.",
        {"d_W_hh": lambda read, d_z_t: d_z_t.T @ read},
    ),
    (
        "d_W_hh_from_d_h_t",
        "This goes on from `d_h_t` and skips tanh. `W_hh` feeds the sum: go on from `d_z_t`.",
        {"d_W_hh": lambda read, d_h_t: read.T @ d_h_t},
    ),
    (
        "d_W_hh_divided",
        "Divided by B. A sum over the samples is asked for, and the product adds them up.",
        {"d_W_hh": lambda read, d_z_t: read.T @ d_z_t / len(read)},
    ),
    (
        "d_W_hh_per_sample",
        "The samples are kept apart, on an axis of their own. One `W_hh` serves them all: add up.",
        {"d_W_hh": lambda read, d_z_t: read[:, :, None] * d_z_t[:, None, :]},
    ),
    (
        "d_W_xh_turned",
        "This is the transpose. `W_xh` has a row for each input, and so has its gradient.",
        {"d_W_xh": lambda x_t, d_z_t: d_z_t.T @ x_t},
    ),
    (
        "d_W_xh_from_d_h_t",
        "This goes on from `d_h_t` and skips tanh. `W_xh` feeds the sum: go on from `d_z_t`.",
        {"d_W_xh": lambda x_t, d_h_t: x_t.T @ d_h_t},
    ),
    (
        "d_W_xh_divided",
        "Divided by B. Asked is the sum over the samples; the product adds them up already.",
        {"d_W_xh": lambda x_t, d_z_t: x_t.T @ d_z_t / len(x_t)},
    ),
    (
        "d_W_xh_per_sample",
        "The samples are kept apart, on an axis of their own. One `W_xh` serves them all: add up.",
        {"d_W_xh": lambda x_t, d_z_t: x_t[:, :, None] * d_z_t[:, None, :]},
    ),
    (
        "d_b_h_not_summed",
        "There is a row for every sample. One `b_h` serves all of them: sum over the batch.",
        {"d_b_h": lambda d_z_t: d_z_t},
    ),
    (
        "d_b_h_mean",
        "The rows are averaged. Asked is the gradient of a sum: add them up.",
        {"d_b_h": lambda d_z_t: d_z_t.mean(axis=0)},
    ),
    (
        "d_b_h_kept_axis",
        "The sum has kept its axis: shape (1, H). `b_h` has one axis, (H,).",
        {"d_b_h": lambda d_z_t: d_z_t.sum(axis=0, keepdims=True)},
    ),
    (
        "d_b_h_other_axis",
        "Summed over the units, one number per sample. Sum over the samples.",
        {"d_b_h": lambda d_z_t: d_z_t.sum(axis=1)},
    ),
    (
        "d_b_h_one_number",
        "Everything is summed into one number. Every unit has its own bias: sum over the batch "
        "only.",
        {"d_b_h": lambda d_z_t: d_z_t.sum()},
    ),
    (
        "d_b_h_from_d_h_t",
        "This goes on from `d_h_t` and skips tanh. `b_h` is added inside: go on from `d_z_t`.",
        {"d_b_h": lambda d_h_t: d_h_t.sum(axis=0)},
    ),
    (
        "d_h_t_overwritten",
        "This equals `d_z_t` times the slope again. Perhaps `d_z_t = d_h_t` gave one array two "
        "names, and `*=` changed both.",
        {"d_h_prev": lambda d_z_t, slope, back: (d_z_t * slope) @ back},
    ),
):
    check_step_back.add_mistake(_key, _message, _replaces)
