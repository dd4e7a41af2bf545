"""Code: how much of the memory at step t is in the last one, with a line of its own and without."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.activations import sigmoid
from utils.checks.chapter07.formulas import CHAPTER, Array, constant
from utils.checks.engine import Check


def path_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the gates and the memories of T steps of one sequence."""
    T, H = sizes["T"], sizes["H"]
    return {
        "forget_gates": sigmoid(1.0 + rng.normal(size=(T, H))),
        "output_gates": sigmoid(0.5 + rng.normal(size=(T, H))),
        "cs": 0.8 * rng.normal(size=(T, H)),
    }


def combine(factors: Array, how: Array) -> Array:
    """Put the factors of steps 2 … T, (T - 1, H), together to T entries, one a step."""
    ones, way = np.ones((1, factors.shape[1])), str(how)
    if way == "forward":
        return np.concatenate([ones, np.cumprod(factors, axis=0)])
    if way == "single":
        return np.concatenate([factors, ones])
    if way == "sum":
        return np.concatenate([np.cumsum(factors[::-1], axis=0)[::-1], 0 * ones])
    products = np.concatenate([np.cumprod(factors[::-1], axis=0)[::-1], ones])
    return products[::-1] if way == "turned" else products


check_memory_paths = Check(
    "memory_paths",
    chapter=CHAPTER,
    title="What is left of a memory",
    sizes=({"T": 5, "H": 3}, {"T": 7, "H": 4}, {"T": 4, "H": 2}),
    inputs=path_inputs,
    outputs={"with_line": "T H", "without_line": "T H"},
    steps={
        "way": constant("product"),
        "gate": lambda forget_gates: forget_gates[1:],
        "factors": lambda gate: gate,
        "with_line": lambda factors, way: combine(factors, way),
        "other_gate": lambda gate: gate,
        "opened": lambda output_gates: output_gates[:-1],
        "slope": lambda cs: 1 - np.tanh(cs[:-1]) ** 2,
        "other_factors": lambda other_gate, opened, slope: other_gate * opened * slope,
        "other_way": lambda way: way,
        "without_line": lambda other_factors, other_way: combine(other_factors, other_way),
    },
    hints=(
        "Start at the end: the last entry is 1, and the one before it has the factor of the last "
        "step, T. Each entry is the next one times one more factor.",
        "Step t has the factor `f_t` with a line. Without one the way leads from `c_{t−1}` to "
        "`h_{t−1} = o_{t−1} tanh(c_{t−1})` and then to `c_t`: three factors.",
        "Loop with `for t in reversed(range(T - 1))`: entry `t` is entry `t + 1` times "
        "`forget_gates[t + 1]`, and without a line also times `output_gates[t]` and the slope of "
        "tanh at `cs[t]`.",
    ),
)
for _key, _message, _replaces in (
    (
        "products_from_the_start",
        "The products begin at the first step: entry t tells how much of `c_1` is in `c_t`. Asked "
        "is how much of `c_t` is in `c_T`.",
        {"way": constant("forward")},
    ),
    (
        "turned_round",
        "The entries come in the order in which they were computed, from the end. Turn them "
        "round: the first entry belongs to `c_1`.",
        {"way": constant("turned")},
    ),
    (
        "one_step_only",
        "Each entry is one factor, the way from `c_t` to `c_{t+1}`. To `c_T` the factors of all "
        "later steps are multiplied.",
        {"way": constant("single")},
    ),
    (
        "factors_added",
        "The factors are added up. Along one path they are multiplied.",
        {"way": constant("sum")},
    ),
    (
        "gate_one_step_early",
        "The forget gates are those of one step before. What is kept of `c_t` at step t+1 is "
        "decided by the gate of step t+1.",
        {"gate": lambda forget_gates: forget_gates[:-1]},
    ),
    (
        "line_without_gate",
        "The forget gate is missing: every factor is 1, as in a cell that never forgets.",
        {"factors": lambda gate: np.ones_like(gate)},
    ),
    (
        "input_share",
        "The factors are `1 − f`. What is kept is kept with `f`.",
        {"factors": lambda gate: 1 - gate},
    ),
    (
        "slope_of_gate",
        "The factors are `f (1 − f)`, the slope of the sigmoid. The old memory meets the gate "
        "itself.",
        {"factors": lambda gate: gate * (1 - gate)},
    ),
    (
        "tanh_on_the_line",
        "The slope of tanh is in the path with a line. There the memory goes from step to step as "
        "it is, and tanh stands only on the way to `h`.",
        {"factors": lambda gate, cs: gate * (1 - np.tanh(cs[:-1]) ** 2)},
    ),
    (
        "output_gate_on_the_line",
        "The output gate is in the path with a line. It stands on the way to `h`, which does not "
        "belong to this path.",
        {"factors": lambda gate, output_gates: gate * output_gates[:-1]},
    ),
    (
        "other_forget_gate_missing",
        "The forget gate is missing: without a line it multiplies `h_{t−1}`.",
        {"other_gate": lambda gate: np.ones_like(gate)},
    ),
    (
        "output_gate_missing",
        "The output gate is missing: `h_{t−1} = o_{t−1} tanh(c_{t−1})`.",
        {"opened": lambda output_gates: np.ones_like(output_gates[1:])},
    ),
    (
        "output_gate_one_step_late",
        "The output gates are those of one step later. `h_{t−1}` was let out by the gate of step "
        "t−1.",
        {"opened": lambda output_gates: output_gates[1:]},
    ),
    (
        "slope_of_output_gate",
        "The output gate stands in it with its slope, `o (1 − o)`. The path leads past the gate's "
        "own sum: its factor is `o`.",
        {"opened": lambda output_gates: (output_gates * (1 - output_gates))[:-1]},
    ),
    (
        "slope_missing",
        "The slope of tanh is missing, as if `h = o c`. With tanh there is a factor "
        "`1 − tanh²(c_{t−1})`.",
        {"slope": lambda cs: np.ones_like(cs[1:])},
    ),
    (
        "slope_one_step_late",
        "The slopes are taken at `c_t`. Here the tanh of step t−1 counts, at `c_{t−1}`.",
        {"slope": lambda cs: 1 - np.tanh(cs[1:]) ** 2},
    ),
    (
        "slope_at_memory",
        "The slope was computed as `1 − c²`, with the memory before tanh. It is `1 − tanh²(c)`.",
        {"slope": lambda cs: 1 - cs[:-1] ** 2},
    ),
    (
        "tanh_for_its_slope",
        "tanh itself stands where its slope belongs, `1 − tanh²(c_{t−1})`.",
        {"slope": lambda cs: np.tanh(cs[:-1])},
    ),
    (
        "slope_not_squared",
        "This has `1 − tanh(c)`. The slope of tanh has the square.",
        {"slope": lambda cs: 1 - np.tanh(cs[:-1])},
    ),
    (
        "slope_of_sigmoid",
        "The slope is that of a sigmoid, `a (1 − a)`. The memory was read by tanh: "
        "`1 − tanh²(c_{t−1})`.",
        {"slope": lambda cs: sigmoid(cs[:-1]) * (1 - sigmoid(cs[:-1]))},
    ),
    (
        "same_path_twice",
        "This is the path with a line once more.",
        {"other_factors": lambda other_gate: other_gate},
    ),
    (
        "other_products_from_the_start",
        "Here the products begin at the first step. Begin at the last, as with a line.",
        {"other_way": constant("forward")},
    ),
    (
        "other_turned_round",
        "These entries run from the end to the start. The first one belongs to `c_1`.",
        {"other_way": constant("turned")},
    ),
    (
        "other_one_step_only",
        "These are single factors. Multiply those of all later steps.",
        {"other_way": constant("single")},
    ),
    (
        "paths_swapped",
        "The two paths have changed places: the one with a line comes first.",
        {
            "with_line": lambda gate, output_gates, cs, way: combine(
                gate * output_gates[:-1] * (1 - np.tanh(cs[:-1]) ** 2), way
            ),
            "without_line": lambda gate, way: combine(gate, way),
        },
    ),
):
    check_memory_paths.add_mistake(_key, _message, _replaces)
