"""By hand: the chain of one unit, its factors w·σ'(z), and the terms of its one shared weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.activations import sigmoid
from utils.checks.chapter05.predict import CHAPTER
from utils.checks.engine import Check

Array = np.ndarray
W, START = 2.0, 0.5
INPUTS = np.array([-0.6, 0.2, -1.8])
OWN_WEIGHTS = np.array([2.0, -1.0, 5.0])


def run_chain(w: float, start: float, inputs: Array, squash: str, carry: str) -> Array:
    """Return the sums z_1, z_2, z_3 of the chain; `carry` names what goes into the next step."""
    came_in, zs = start, []
    for x_t in inputs:
        zs.append(x_t + w * came_in)
        h_t = np.tanh(zs[-1]) if squash == "tanh" else sigmoid(zs[-1])
        came_in = {"state": h_t, "sum": zs[-1], "start": start, "nothing": 0.0}[carry]
    return np.array(zs)


def _shifted(start: Array, h: Array) -> Array:
    """Return the states before the three steps."""
    return np.array([start, h[0], h[1]])


check_scalar_chain = Check(
    "scalar_chain",
    chapter=CHAPTER,
    title="A chain of one unit by hand",
    outputs={
        "h": "t",
        "slopes": "t",
        "factors": "t",
        "d_h3_d_h1": "",
        "d_h3_d_h0": "",
        "w_terms": "t",
        "own_weights": "",
    },
    steps={
        "w": lambda: W,
        "start": lambda: START,
        "inputs": lambda: INPUTS,
        "squash": lambda: "sigmoid",
        "carry": lambda: "state",
        "zs": lambda w, start, inputs, squash, carry: run_chain(
            float(w), float(start), inputs, str(squash), str(carry)
        ),
        "h": lambda zs, squash: np.tanh(zs) if str(squash) == "tanh" else sigmoid(zs),
        "slopes": lambda h, squash: 1 - h**2 if str(squash) == "tanh" else h * (1 - h),
        "factors": lambda w, slopes: w * slopes,
        "d_h3_d_h1": lambda factors: factors[1] * factors[2],
        "d_h3_d_h0": lambda factors: factors[0] * factors[1] * factors[2],
        "came_in": lambda start, h: _shifted(start, h),
        "passed_on": lambda factors: np.array([factors[1] * factors[2], factors[2], 1.0]),
        "w_terms": lambda came_in, passed_on, slopes: came_in * passed_on * slopes,
        "own_weights": lambda: np.prod(OWN_WEIGHTS * 0.25),
    },
    decimals=3,
    hints=(
        "First run the chain forward and write down all three states. Everything after that is "
        "made of them: the slope at a step needs the state of that step alone.",
        "One step back multiplies by `w σ'(z_t)`. From `h_3` to `h_1` there are two steps back, "
        "number 3 and number 2; from `h_3` to `h_0` there is one more.",
        "The term of step `t` is what `w` met there, the state before it, times the slope there, "
        "times all the steps back that lie between `h_3` and `h_t`: none for `t = 3`.",
    ),
)
for _key, _message, _replaces in (
    (
        "start_ignored",
        "`h_0` is taken for 0. Here the chain starts from 0.5.",
        {"start": lambda: 0.0},
    ),
    (
        "input_ignored",
        "The inputs are left out: each sum is `x_t + w · h_{t−1}`.",
        {"inputs": lambda: np.zeros(3)},
    ),
    (
        "sum_carried",
        "The sum was carried on to the next step. What goes on is the state, after the sigmoid.",
        {"carry": lambda: "sum"},
    ),
    (
        "start_at_every_step",
        "Every step starts from `h_0` again. Carry the new state on.",
        {"carry": lambda: "start"},
    ),
    (
        "nothing_carried",
        "From the second step on the previous state is missing from the sum.",
        {"carry": lambda: "nothing"},
    ),
    (
        "tanh_for_sigmoid",
        "You took tanh. This chain has sigmoids.",
        {"squash": lambda: "tanh"},
    ),
    (
        "sums_for_states",
        "These are the sums. The states are their sigmoids, between 0 and 1.",
        {"h": lambda zs: zs},
    ),
    (
        "slope_at_sum",
        "The slope was computed with the sum in the place of the state: `z (1 − z)`. It is "
        "`h (1 − h)`, since `h = σ(z)`.",
        {"slopes": lambda zs: zs * (1 - zs)},
    ),
    (
        "slope_of_state",
        "The sigmoid was applied twice: this is its slope at `h_t`. The slope is wanted at `z_t`, "
        "where it is `h_t (1 − h_t)`.",
        {"slopes": lambda h: sigmoid(h) * (1 - sigmoid(h))},
    ),
    (
        "slope_of_tanh",
        "`1 − h²` is the slope of tanh. That of the sigmoid is `h (1 − h)`.",
        {"slopes": lambda h: 1 - h**2},
    ),
    (
        "one_minus_state",
        "This is `1 − h`. The slope has a second factor, `h` itself.",
        {"slopes": lambda h: 1 - h},
    ),
    (
        "slope_one_step_early",
        "Each slope is that of the step before. The slope of step `t` is `h_t (1 − h_t)`, with "
        "the state after the step.",
        {"slopes": lambda start, h: _shifted(start, h) * (1 - _shifted(start, h))},
    ),
    (
        "slope_at_most",
        "You took the largest slope, 1/4, at every step. That is a bound; the slope itself "
        "depends on where the unit stands.",
        {"slopes": lambda: np.full(3, 0.25)},
    ),
    (
        "weight_in_slopes",
        "These are the factors `w · slope`. Asked for here are the slopes alone, at most 1/4.",
        {"slopes": lambda w, h: w * h * (1 - h)},
    ),
    (
        "weight_left_out",
        "`w` is left out: each step back multiplies by `w` times the slope, not by the slope "
        "alone.",
        {"factors": lambda slopes: slopes},
    ),
    (
        "slope_left_out",
        "The slopes are left out: this is a power of `w` alone. Each step back multiplies by "
        "`w` times the slope.",
        {"factors": lambda w: np.full(3, w)},
    ),
    (
        "state_for_slope",
        "The states stand where the slopes belong: each step back multiplies by `w` times the "
        "slope.",
        {"factors": lambda w, h: w * h},
    ),
    (
        "one_factor_too_many",
        "One factor too many: from `h_3` back to `h_1` there are two steps, number 3 and "
        "number 2. The slope of step 1 lies beyond `h_1`.",
        {"d_h3_d_h1": lambda factors: np.prod(factors)},
    ),
    (
        "steps_one_early",
        "These are the factors of steps 1 and 2. From `h_3` back to `h_1` lead the steps 3 and 2.",
        {"d_h3_d_h1": lambda factors: factors[0] * factors[1]},
    ),
    (
        "last_step_only",
        "This is the factor of step 3 alone, which leads from `h_3` to `h_2`. One more step back "
        "leads to `h_1`.",
        {"d_h3_d_h1": lambda factors: factors[2]},
    ),
    (
        "one_factor_too_few",
        "One factor is missing: from `h_3` back to `h_0` there are three steps.",
        {"d_h3_d_h0": lambda factors: factors[1] * factors[2]},
    ),
    (
        "first_two_steps",
        "These are the factors of steps 1 and 2; step 3, the first on the way back, is missing.",
        {"d_h3_d_h0": lambda factors: factors[0] * factors[1]},
    ),
    (
        "state_of_same_step",
        "Each term has the state of its own step. `w` stood before the state that came in: "
        "`h_0` at step 1, `h_1` at step 2.",
        {"came_in": lambda h: h},
    ),
    (
        "state_left_out",
        "The states are left out: the derivative of `w h_{t−1}` by `w` is `h_{t−1}`.",
        {"came_in": lambda: np.ones(3)},
    ),
    (
        "start_left_out",
        "The term of step 1 has no `h_0`, which is 0.5 and not 1.",
        {"came_in": lambda h: np.array([1.0, h[0], h[1]])},
    ),
    (
        "start_zero_in_terms",
        "The term of step 1 is taken for 0. What `w` met there is `h_0`, which is 0.5.",
        {"came_in": lambda h: np.array([0.0, h[0], h[1]])},
    ),
    (
        "inputs_for_states",
        "The inputs stand where the states belong: `w` stands before the state that came in.",
        {"came_in": lambda inputs: inputs},
    ),
    (
        "no_way_back",
        "The way back is missing: a term at step 2 changes `h_2`, and `h_2` changes `h_3` "
        "through the factor of step 3.",
        {"passed_on": lambda: np.ones(3)},
    ),
    (
        "own_factor_in_terms",
        "The way back is one step too long: between `h_3` and `h_t` lie the steps after `t`; "
        "step `t` itself gives its slope alone.",
        {
            "passed_on": lambda factors: np.array(
                [np.prod(factors), factors[1] * factors[2], factors[2]]
            )
        },
    ),
    (
        "own_weight_in_terms",
        "Each term has one `w` too many: `w σ'` belongs to the steps after `t`; step `t` itself "
        "gives its slope alone.",
        {"w_terms": lambda w, came_in, passed_on, slopes: w * came_in * passed_on * slopes},
    ),
    (
        "slope_left_out_of_terms",
        "The slope of the step itself is missing: `w` acts on `z_t` first, and `z_t` on `h_t` by "
        "the slope.",
        {"w_terms": lambda came_in, passed_on: came_in * passed_on},
    ),
    (
        "terms_reversed",
        "The three terms stand in reversed order: the first of the list belongs to step 1.",
        {"w_terms": lambda came_in, passed_on, slopes: (came_in * passed_on * slopes)[::-1]},
    ),
    (
        "terms_summed_up",
        "These are running sums. Asked for is each term alone.",
        {"w_terms": lambda came_in, passed_on, slopes: np.cumsum(came_in * passed_on * slopes)},
    ),
    (
        "own_weights_alone",
        "This is the product of the weights alone. Each layer has its slope too, 1/4 at `z = 0`.",
        {"own_weights": lambda: np.prod(OWN_WEIGHTS)},
    ),
    (
        "own_weights_one_slope",
        "The slope is in this product once. Every layer has one.",
        {"own_weights": lambda: np.prod(OWN_WEIGHTS) * 0.25},
    ),
    (
        "own_weights_value_for_slope",
        "One half is the value of the sigmoid at 0. Its slope there is 1/4.",
        {"own_weights": lambda: np.prod(OWN_WEIGHTS * 0.5)},
    ),
    (
        "own_weights_sign",
        "The sign is lost: one of the three weights is negative.",
        {"own_weights": lambda: np.prod(np.abs(OWN_WEIGHTS) * 0.25)},
    ),
    (
        "own_weights_added",
        "The factors of the three layers are added up. The chain rule multiplies them.",
        {"own_weights": lambda: np.sum(OWN_WEIGHTS * 0.25)},
    ),
    (
        "one_weight_for_all",
        "This is the product with one `w = 2` for all layers, as in the recurrent chain. Here "
        "each layer has a weight of its own.",
        {"own_weights": lambda: np.prod(np.full(3, W * 0.25))},
    ),
):
    check_scalar_chain.add_mistake(_key, _message, _replaces)


def product_mistakes(first: int) -> tuple[tuple[str, str, Callable[..., Any]], ...]:
    """Return key, message and function of what goes wrong in the product from step `first` on."""
    steps = "two" if first else "three"
    return (
        (
            "weight_once",
            f"`w` is in the product once. It comes in with every step back, here {steps} times.",
            lambda w, slopes: w * np.prod(slopes[first:]),
        ),
        (
            "weights_left_out",
            f"This is the product of {steps} slopes. Each step back has a `w` as well.",
            lambda slopes: np.prod(slopes[first:]),
        ),
        (
            "slopes_left_out",
            f"This is a power of `w` alone. Each of the {steps} steps back has a slope as well.",
            lambda w: float(w) ** (3 - first),
        ),
        (
            "power_one_too_many",
            f"`w` is there once too often: {steps} steps back, so as many weights as slopes.",
            lambda w, factors: w * np.prod(factors[first:]),
        ),
        (
            "factors_added",
            f"The {steps} factors are added up. The chain rule multiplies them.",
            lambda factors: np.sum(factors[first:]),
        ),
    )


for _name, _first in {"d_h3_d_h1": 1, "d_h3_d_h0": 0}.items():
    for _key, _message, _function in product_mistakes(_first):
        check_scalar_chain.add_mistake(f"{_key}_{_name[5:]}", _message, {_name: _function})
