"""Code: the way back through a step with coupled gates, whose forget gate has two roles."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.activations import sigmoid
from utils.checks.chapter07.formulas import CHAPTER
from utils.checks.engine import Check


def step_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a step with coupled gates and the gradients that arrive at its two outputs."""
    B, H = sizes["B"], sizes["H"]
    c_prev = 1.2 * rng.normal(size=(B, H))
    forget_gate = sigmoid(1.5 * rng.normal(size=(B, H)))
    candidate = np.tanh(rng.normal(size=(B, H)))
    return {
        "d_h_t": rng.normal(size=(B, H)),
        "d_c_t": rng.normal(size=(B, H)),
        "c_prev": c_prev,
        "forget_gate": forget_gate,
        "candidate": candidate,
        "output_gate": sigmoid(1.5 * rng.normal(size=(B, H))),
        "c_t": forget_gate * c_prev + (1 - forget_gate) * candidate,
    }


check_coupled_back = Check(
    "coupled_back",
    chapter=CHAPTER,
    title="Back through coupled gates",
    sizes=({"B": 3, "H": 5}, {"B": 2, "H": 4}, {"B": 1, "H": 6}),
    inputs=step_inputs,
    outputs={
        "d_c": "B H",
        "d_z_f": "B H",
        "d_z_g": "B H",
        "d_z_o": "B H",
        "d_c_prev": "B H",
    },
    steps={
        "slope_read": lambda c_t: 1 - np.tanh(c_t) ** 2,
        "gate_read": lambda output_gate: output_gate,
        "from_h": lambda d_h_t, gate_read, slope_read: d_h_t * gate_read * slope_read,
        "from_line": lambda d_c_t: d_c_t,
        "d_c": lambda from_line, from_h: from_line + from_h,
        "as_forget": lambda c_prev: c_prev,
        "as_input": lambda candidate: -candidate,
        "slope_f": lambda forget_gate: forget_gate * (1 - forget_gate),
        "d_z_f": lambda d_c, as_forget, as_input, slope_f: d_c * (as_forget + as_input) * slope_f,
        "share": lambda forget_gate: 1 - forget_gate,
        "slope_g": lambda candidate: 1 - candidate**2,
        "d_z_g": lambda d_c, share, slope_g: d_c * share * slope_g,
        "read": lambda c_t: np.tanh(c_t),
        "slope_o": lambda output_gate: output_gate * (1 - output_gate),
        "d_z_o": lambda d_h_t, read, slope_o: d_h_t * read * slope_o,
        "back": lambda forget_gate: forget_gate,
        "d_c_prev": lambda d_c, back: d_c * back,
    },
    hints=(
        "First all that arrives at `c_t`: along the line, and from `h_t` through gate and tanh. "
        "Everything but `d_z_o` starts there.",
        "In `c_t = f c_prev + (1 − f) g` the gate stands twice, so ∂⁺c_t/∂f has two terms: one for "
        "what is kept, and one, with a minus, for what is written.",
        "`d_z_f` is `d_c * (c_prev - candidate) * forget_gate * (1 - forget_gate)`. The others "
        "have one factor from the formula forward and one slope: `1 − g²` for tanh, `o (1 − o)`.",
    ),
)
for _key, _message, _replaces in (
    (
        "line_missing",
        "`d_c_t` is missing. What comes back along the line from step t+1 is added to what comes "
        "from `h_t`.",
        {"from_line": lambda d_c_t: 0 * d_c_t},
    ),
    (
        "way_from_h_missing",
        "The way from `h_t` is missing: the memory also moves `h_t`, through the output gate and "
        "tanh.",
        {"from_h": lambda d_h_t: 0 * d_h_t},
    ),
    (
        "h_not_through_gate",
        "`d_h_t` is added as it is. It goes back through `h_t = o tanh(c_t)` first: times the "
        "gate, times the slope of tanh.",
        {"from_h": lambda d_h_t: d_h_t},
    ),
    (
        "output_gate_missing",
        "The output gate is missing on the way from `h_t`: what the gate let through forward, it "
        "lets through backward.",
        {"gate_read": lambda output_gate: np.ones_like(output_gate)},
    ),
    (
        "slope_of_read_missing",
        "The slope of tanh, `1 − tanh²(c_t)`, is missing on the way from `h_t`.",
        {"slope_read": lambda c_t: np.ones_like(c_t)},
    ),
    (
        "slope_at_memory",
        "The slope was computed as `1 − c²`, with the memory before tanh. It is `1 − tanh²(c_t)`.",
        {"slope_read": lambda c_t: 1 - c_t**2},
    ),
    (
        "slope_of_read_not_squared",
        "This is `1 − tanh(c_t)`. The slope has the square, `1 − tanh²(c_t)`.",
        {"slope_read": lambda c_t: 1 - np.tanh(c_t)},
    ),
    (
        "tanh_for_its_slope",
        "On the way from `h_t` stands tanh itself. There belongs its slope, `1 − tanh²(c_t)`.",
        {"slope_read": lambda c_t: np.tanh(c_t)},
    ),
    (
        "slope_at_old_memory",
        "The slope of tanh is taken at `c_prev`. The tanh of this step read `c_t`.",
        {"slope_read": lambda c_prev: 1 - np.tanh(c_prev) ** 2},
    ),
    (
        "slope_of_sigmoid_for_read",
        "On the way from `h_t` stands a slope of the form `a (1 − a)`, with tanh for `a`. That is "
        "the sigmoid's; tanh has `1 − a²`.",
        {"slope_read": lambda c_t: np.tanh(c_t) * (1 - np.tanh(c_t))},
    ),
    (
        "ways_multiplied",
        "The two ways into `c_t` are multiplied. Gradients of several ways are added.",
        {"d_c": lambda from_line, from_h: from_line * from_h},
    ),
    (
        "input_role_missing",
        "The gate has a second role, `(1 − f) g`: opening it writes less. That term, with a "
        "minus, is missing.",
        {"as_input": lambda candidate: 0 * candidate},
    ),
    (
        "forget_role_missing",
        "The first role of the gate is missing: it also decides how much of `c_prev` is kept.",
        {"as_forget": lambda c_prev: 0 * c_prev},
    ),
    (
        "input_role_with_plus",
        "The two roles are added. The second is `1 − f`, so its term has a minus: opening the gate "
        "writes less.",
        {"as_input": lambda candidate: candidate},
    ),
    (
        "roles_turned",
        "The sign is turned: this is `g − c_prev`. The derivative of `f c_prev + (1 − f) g` by `f` "
        "is `c_prev − g`.",
        {
            "as_forget": lambda c_prev: -c_prev,
            "as_input": lambda candidate: candidate,
        },
    ),
    (
        "new_memory_for_old",
        "The first role has `c_t` in it. The forget gate multiplies the old memory, `c_prev`.",
        {"as_forget": lambda c_t: c_t},
    ),
    (
        "shares_in_roles",
        "The shares are still in it, `f c_prev − (1 − f) g`. The derivative of `f c_prev` by `f` "
        "is `c_prev` alone.",
        {
            "as_forget": lambda forget_gate, c_prev: forget_gate * c_prev,
            "as_input": lambda forget_gate, candidate: -(1 - forget_gate) * candidate,
        },
    ),
    (
        "slope_f_missing",
        "The slope of the sigmoid is missing: this is the gradient of the gate, not of its sum.",
        {"slope_f": lambda forget_gate: np.ones_like(forget_gate)},
    ),
    (
        "slope_f_of_tanh",
        "`1 − f²` is the slope of tanh. The forget gate is a sigmoid: `f (1 − f)`.",
        {"slope_f": lambda forget_gate: 1 - forget_gate**2},
    ),
    (
        "slope_f_again",
        "The sigmoid was taken once more to get its slope. `forget_gate` is the sigmoid already: "
        "`f (1 − f)`.",
        {"slope_f": lambda forget_gate: sigmoid(forget_gate) * (1 - sigmoid(forget_gate))},
    ),
    (
        "slope_f_half",
        "This has `1 − f` for the slope. The slope of a sigmoid has a second factor, `f` itself.",
        {"slope_f": lambda forget_gate: 1 - forget_gate},
    ),
    (
        "d_z_f_from_line_alone",
        "This goes on from `d_c_t`. Go on from `d_c`, which has the way from `h_t` in it as well.",
        {
            "d_z_f": lambda d_c_t, as_forget, as_input, slope_f: (
                d_c_t * (as_forget + as_input) * slope_f
            )
        },
    ),
    (
        "d_z_f_from_h",
        "This goes on from `d_h_t`. The gate moves the memory: go on from `d_c`.",
        {
            "d_z_f": lambda d_h_t, as_forget, as_input, slope_f: (
                d_h_t * (as_forget + as_input) * slope_f
            )
        },
    ),
    (
        "share_missing",
        "The share `1 − f` is missing: the candidate is written with it.",
        {"share": lambda forget_gate: np.ones_like(forget_gate)},
    ),
    (
        "share_is_gate",
        "The candidate's share is taken as `f`. It is written with `1 − f`.",
        {"share": lambda forget_gate: forget_gate},
    ),
    (
        "slope_g_missing",
        "The slope of tanh is missing: this is the gradient of the candidate, not of its sum.",
        {"slope_g": lambda candidate: np.ones_like(candidate)},
    ),
    (
        "slope_g_of_sigmoid",
        "`g (1 − g)` is the slope of a sigmoid. The candidate is a tanh: `1 − g²`.",
        {"slope_g": lambda candidate: candidate * (1 - candidate)},
    ),
    (
        "slope_g_again",
        "tanh was taken once more to get its slope. `candidate` is the tanh already: `1 − g²`.",
        {"slope_g": lambda candidate: 1 - np.tanh(candidate) ** 2},
    ),
    (
        "slope_g_not_squared",
        "This has `1 − g`. The slope of tanh is `1 − g²`.",
        {"slope_g": lambda candidate: 1 - candidate},
    ),
    (
        "d_z_g_from_line_alone",
        "This goes on from `d_c_t`, and what comes from `h_t` is lost. Go on from `d_c`.",
        {"d_z_g": lambda d_c_t, share, slope_g: d_c_t * share * slope_g},
    ),
    (
        "d_z_g_from_h",
        "This goes on from `d_h_t`. The candidate moves the memory: go on from `d_c`.",
        {"d_z_g": lambda d_h_t, share, slope_g: d_h_t * share * slope_g},
    ),
    (
        "memory_read_without_tanh",
        "The factor is the memory itself. In `h_t = o tanh(c_t)` the gate stands before tanh of "
        "it.",
        {"read": lambda c_t: c_t},
    ),
    (
        "old_memory_read",
        "The factor is tanh of `c_prev`. What the gate let out is tanh of `c_t`.",
        {"read": lambda c_prev: np.tanh(c_prev)},
    ),
    (
        "slope_for_read",
        "The slope of tanh stands in it. The derivative of `o tanh(c_t)` by `o` is tanh itself.",
        {"read": lambda slope_read: slope_read},
    ),
    (
        "slope_o_missing",
        "The slope of the sigmoid is missing: this is the gradient of the output gate, not of its "
        "sum.",
        {"slope_o": lambda output_gate: np.ones_like(output_gate)},
    ),
    (
        "slope_o_of_tanh",
        "`1 − o²` is the slope of tanh. The output gate is a sigmoid: `o (1 − o)`.",
        {"slope_o": lambda output_gate: 1 - output_gate**2},
    ),
    (
        "slope_o_again",
        "The sigmoid was taken once more to get its slope. `output_gate` is the sigmoid already: "
        "`o (1 − o)`.",
        {"slope_o": lambda output_gate: sigmoid(output_gate) * (1 - sigmoid(output_gate))},
    ),
    (
        "d_z_o_from_memory",
        "This goes on from `d_c`. The output gate moves `h_t` alone: go on from `d_h_t`.",
        {"d_z_o": lambda d_c, read, slope_o: d_c * read * slope_o},
    ),
    (
        "back_without_gate",
        "The forget gate is missing: this is `d_c`. What goes back along the line is multiplied by "
        "the gate.",
        {"back": lambda forget_gate: np.ones_like(forget_gate)},
    ),
    (
        "back_by_rest",
        "It is multiplied by `1 − f`. The old memory was kept with `f`.",
        {"back": lambda forget_gate: 1 - forget_gate},
    ),
    (
        "back_with_slope",
        "It is multiplied by `f (1 − f)`. The old memory meets the gate itself, and no sigmoid.",
        {"back": lambda slope_f: slope_f},
    ),
    (
        "back_from_line_alone",
        "This is `d_c_t` times the gate. What comes from `h_t` goes further back too: take `d_c`.",
        {"d_c_prev": lambda d_c_t, back: d_c_t * back},
    ),
    (
        "back_plus_line",
        "`d_c` was added once more. The old memory reaches `c_t` by one way, times `f`.",
        {"d_c_prev": lambda d_c, back: d_c * back + d_c},
    ),
):
    check_coupled_back.add_mistake(_key, _message, _replaces)
