"""Code: one step back along the line of the cell state."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter06.formulas import CHAPTER, sigmoid
from utils.checks.engine import Check

Array = np.ndarray


def line_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw what arrives at a step from both sides, its two gates, and its cell state."""
    B, H = sizes["B"], sizes["H"]
    return {
        "d_h_t": rng.normal(size=(B, H)),
        "d_c_next": rng.normal(size=(B, H)),
        "forget_gate": rng.uniform(0.1, 0.95, size=(B, H)),
        "output_gate": rng.uniform(0.1, 0.95, size=(B, H)),
        "c_t": 1.2 * rng.normal(size=(B, H)),
    }


check_cell_line = Check(
    "cell_line",
    chapter=CHAPTER,
    title="One step back along the cell line",
    outputs={"d_c": "B H", "d_c_prev": "B H"},
    inputs=line_inputs,
    sizes=({"B": 3, "H": 5}, {"B": 4, "H": 2}, {"B": 1, "H": 6}),
    steps={
        "slope": lambda c_t: 1 - np.tanh(c_t) ** 2,
        "gate": lambda output_gate: output_gate,
        "from_h": lambda d_h_t, gate, slope: d_h_t * gate * slope,
        "from_next": lambda d_c_next: d_c_next,
        "total": lambda from_next, from_h: from_next + from_h,
        "share": lambda forget_gate: forget_gate,
        "d_c": lambda total: total,
        "passed": lambda d_c: d_c,
        "d_c_prev": lambda passed, share: passed * share,
    },
    hints=(
        "Two paths lead from `c_t` into the loss: one goes straight on to step t + 1, the other "
        "goes up to `h_t`. What comes back along both is added.",
        "On the way up stand tanh and the output gate, so `d_h_t` comes back times the gate times "
        "the slope of tanh at `c_t`. To the left stands the forget gate alone.",
        "`d_c = d_c_next + d_h_t * output_gate * (1 - np.tanh(c_t)**2)`, and then "
        "`d_c_prev = d_c * forget_gate`.",
    ),
)
for _key, _message, _replaces in (
    (
        "next_step_missing",
        "What comes from step t + 1 along the cell line is not added: `d_c_next` is missing.",
        {"from_next": lambda d_c_next: 0 * d_c_next},
    ),
    (
        "path_through_h_missing",
        "The path through `h_t` is missing. `c_t` also reaches the loss through tanh and output "
        "gate: add o · (1 − tanh² c) · d_h.",
        {"from_h": lambda d_h_t: 0 * d_h_t},
    ),
    (
        "slope_missing",
        "The slope of tanh is left out on the path through `h_t`: 1 − tanh² c.",
        {"slope": lambda c_t: np.ones(c_t.shape)},
    ),
    (
        "slope_at_c",
        "The slope is taken as 1 − c². `c_t` stands before the tanh: the slope is 1 − tanh² c.",
        {"slope": lambda c_t: 1 - c_t**2},
    ),
    (
        "slope_not_squared",
        "The slope is taken as 1 − tanh c. The tanh is squared in it.",
        {"slope": lambda c_t: 1 - np.tanh(c_t)},
    ),
    (
        "slope_only_square",
        "The path through `h_t` is multiplied by tanh² c. The slope is 1 − tanh² c.",
        {"slope": lambda c_t: np.tanh(c_t) ** 2},
    ),
    (
        "slope_of_tanh_twice",
        "tanh was taken twice inside the slope. It is 1 − tanh² c, with one tanh.",
        {"slope": lambda c_t: 1 - np.tanh(np.tanh(c_t)) ** 2},
    ),
    (
        "slope_of_sigmoid",
        "σ(c)(1 − σ(c)) is the slope of a sigmoid. On the way from `c_t` to `h_t` stands tanh.",
        {"slope": lambda c_t: sigmoid(c_t) * (1 - sigmoid(c_t))},
    ),
    (
        "slope_of_h",
        "The slope is taken as 1 − h², with the gate inside the square. tanh stands before the "
        "gate: 1 − tanh² c.",
        {"slope": lambda output_gate, c_t: 1 - (output_gate * np.tanh(c_t)) ** 2},
    ),
    (
        "output_gate_missing",
        "The output gate is left out on the path through `h_t`.",
        {"gate": lambda output_gate: np.ones(output_gate.shape)},
    ),
    (
        "output_gate_through_its_slope",
        "The path through `h_t` is multiplied by o(1 − o). That slope lies on the way to the sum "
        "of the output gate; on the way to `c_t` the gate is a plain factor.",
        {"gate": lambda output_gate: output_gate * (1 - output_gate)},
    ),
    (
        "forget_gate_for_output_gate",
        "On the path through `h_t` stands the forget gate. The gate between `c_t` and `h_t` is "
        "the output gate.",
        {"gate": lambda forget_gate: forget_gate},
    ),
    (
        "output_gate_turned",
        "The path through `h_t` is multiplied by 1 − o. It is multiplied by the output gate.",
        {"gate": lambda output_gate: 1 - output_gate},
    ),
    (
        "square_taken_away_at_the_end",
        "The square is taken away at the end, because products bind first. Put 1 − tanh² c in "
        "parentheses.",
        {"from_h": lambda d_h_t, gate, c_t: d_h_t * gate - np.tanh(c_t) ** 2},
    ),
    (
        "tanh_of_gradient",
        "The gradient went through tanh. Back goes the gradient times the slope, 1 − tanh² c.",
        {"from_h": lambda d_h_t, gate: np.tanh(d_h_t * gate)},
    ),
    (
        "squashed_as_forward",
        "`d_h_t` is multiplied by o · tanh c, as `h_t` is made forward. Back through tanh goes "
        "the slope.",
        {"from_h": lambda d_h_t, output_gate, c_t: d_h_t * output_gate * np.tanh(c_t)},
    ),
    (
        "next_step_forgets_again",
        "`d_c_next` is multiplied by this step's forget gate before the paths are added. It comes "
        "behind that gate, at `c_t`.",
        {"from_next": lambda d_c_next, forget_gate: d_c_next * forget_gate},
    ),
    (
        "arrivals_exchanged",
        "`d_h_t` and `d_c_next` have changed places: `d_h_t` comes through output gate and tanh, "
        "`d_c_next` along the line.",
        {
            "from_h": lambda d_c_next, gate, slope: d_c_next * gate * slope,
            "from_next": lambda d_h_t: d_h_t,
        },
    ),
    (
        "slope_on_both",
        "The slope of tanh multiplies both paths. `d_c_next` comes along the cell line, where no "
        "tanh stands.",
        {"total": lambda d_h_t, from_next, gate, slope: (d_h_t * gate + from_next) * slope},
    ),
    (
        "slope_square_outside",
        "The slope is taken as (1 − tanh c)². Only the tanh is squared: 1 − tanh² c.",
        {"slope": lambda c_t: (1 - np.tanh(c_t)) ** 2},
    ),
    (
        "paths_subtracted",
        "The path through `h_t` is taken away. Paths are added.",
        {"total": lambda from_next, from_h: from_next - from_h},
    ),
    (
        "paths_multiplied",
        "The two paths are multiplied. Factors along one path are multiplied; different paths are "
        "added.",
        {"total": lambda from_next, from_h: from_next * from_h},
    ),
    (
        "paths_averaged",
        "The two paths are averaged. They are added.",
        {"total": lambda from_next, from_h: (from_next + from_h) / 2},
    ),
    (
        "both_through_the_slope",
        "`d_c_next` went through output gate and slope too. It comes along the cell line, where "
        "neither of them stands.",
        {"total": lambda d_h_t, from_next, gate, slope: (d_h_t + from_next) * gate * slope},
    ),
    (
        "forget_gate_missing",
        "The forget gate is left out: this is `d_c`. From `c_t` to `c_prev` it is one factor.",
        {"share": lambda forget_gate: np.ones(forget_gate.shape)},
    ),
    (
        "forget_gate_through_its_slope",
        "`d_c` is multiplied by f(1 − f). That slope lies on the way to the sum of the forget "
        "gate; on the way to `c_prev` the gate is a plain factor.",
        {"share": lambda forget_gate: forget_gate * (1 - forget_gate)},
    ),
    (
        "forget_gate_turned",
        "`d_c` is multiplied by 1 − f. On the way from `c_t` to `c_prev` stands f itself.",
        {"share": lambda forget_gate: 1 - forget_gate},
    ),
    (
        "output_gate_for_forget_gate",
        "`d_c` is multiplied by the output gate on its way to `c_prev`. There stands the forget "
        "gate.",
        {"share": lambda output_gate: output_gate},
    ),
    (
        "divided_by_forget_gate",
        "`d_c` is divided by the forget gate. Back through a product goes the other factor.",
        {"share": lambda forget_gate: 1 / forget_gate},
    ),
    (
        "forget_gate_squared",
        "The forget gate is multiplied in twice on the way to `c_prev`.",
        {"share": lambda forget_gate: forget_gate**2},
    ),
    (
        "passed_from_next_alone",
        "`d_c_prev` goes on from `d_c_next` alone. What came through `h_t` goes back to `c_prev` "
        "too: go on from `d_c`.",
        {"passed": lambda d_c_next: d_c_next},
    ),
    (
        "passed_from_h_alone",
        "`d_c_prev` goes on from the path through `h_t` alone. Go on from `d_c`, the sum of both.",
        {"passed": lambda from_h: from_h},
    ),
    (
        "through_tanh_again",
        "`d_c_prev` went through the slope of tanh once more. Between `c_t` and `c_prev` no tanh "
        "stands.",
        {"passed": lambda total, c_t: total * (1 - np.tanh(c_t) ** 2)},
    ),
    (
        "added_up_on_the_line",
        "`d_c` itself is added to what goes back, as `+=` does. To `c_prev` goes the product "
        "alone.",
        {"d_c_prev": lambda passed, share: passed + passed * share},
    ),
    (
        "summed_over_batch",
        "`d_c_prev` is summed over the batch. Every sample has a cell state of its own.",
        {"d_c_prev": lambda passed, share: (passed * share).sum(axis=0)},
    ),
    (
        "returned_in_turned_order",
        "The two have changed places in what you return: first `d_c`, then `d_c_prev`.",
        {
            "d_c": lambda total, share: total * share,
            "passed": lambda total: total,
            "d_c_prev": lambda passed: passed,
        },
    ),
):
    check_cell_line.add_mistake(_key, _message, _replaces)
