"""Code: one step of an LSTM whose input gate is what its forget gate leaves."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from utils.activations import sigmoid
from utils.checks.chapter07.formulas import CHAPTER, Array, constant
from utils.checks.engine import Check

BLOCKS = ("forget gate", "candidate", "output gate")


def step_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a step with a memory far from zero, so that tanh of it is not the memory itself."""
    B, D, H = (sizes[name] for name in "BDH")
    return {
        "x_t": rng.normal(size=(B, D)),
        "h_prev": rng.uniform(-0.9, 0.9, size=(B, H)),
        "c_prev": 1.5 * rng.normal(size=(B, H)),
        "W_x": rng.normal(size=(D, 3 * H)) / np.sqrt(D),
        "W_h": rng.normal(size=(H, 3 * H)) / np.sqrt(H),
        "b": 0.5 * rng.normal(size=3 * H),
    }


def pick(z: Array, order: Array, block: int) -> Array:
    """Return the H columns that are taken for block 0, 1 or 2."""
    return np.split(z, 3, axis=1)[int(order[block])]


check_coupled_step = Check(
    "coupled_step",
    chapter=CHAPTER,
    title="A step with coupled gates",
    sizes=({"B": 3, "D": 2, "H": 5}, {"B": 2, "D": 7, "H": 3}, {"B": 1, "D": 3, "H": 4}),
    inputs=step_inputs,
    outputs={
        "forget_gate": "B H",
        "candidate": "B H",
        "output_gate": "B H",
        "c_t": "B H",
        "h_t": "B H",
    },
    steps={
        "from_input": lambda x_t, W_x: x_t @ W_x,
        "from_state": lambda h_prev, W_h: h_prev @ W_h,
        "bias": lambda b: b,
        "z": lambda from_input, from_state, bias: from_input + from_state + bias,
        "order": lambda: np.arange(3),
        "forget_gate": lambda z, order: sigmoid(pick(z, order, 0)),
        "candidate": lambda z, order: np.tanh(pick(z, order, 1)),
        "output_gate": lambda z, order: sigmoid(pick(z, order, 2)),
        "kept": lambda forget_gate: forget_gate,
        "written": lambda forget_gate: 1 - forget_gate,
        "memory": lambda c_prev: c_prev,
        "c_t": lambda kept, memory, written, candidate: kept * memory + written * candidate,
        "read": lambda c_t: np.tanh(c_t),
        "gate_read": lambda output_gate: output_gate,
        "h_t": lambda gate_read, read: gate_read * read,
    },
    hints=(
        "One sum for all three blocks, `x_t @ W_x + h_prev @ W_h + b`, of shape (B, 3H). Then cut "
        "it: `np.split(z, 3, axis=1)` gives three arrays (B, H).",
        "Two of the blocks go through a sigmoid, the candidate through tanh. The share of the new "
        "is what the forget gate leaves: `1 - forget_gate`.",
        "`c_t` is the forget gate times `c_prev` plus the rest, 1 minus the gate, times the "
        "candidate. `h_t` is the output gate times tanh of this new `c_t`.",
    ),
)
for _order in itertools.permutations(range(3)):
    if _order != (0, 1, 2):
        _names = [BLOCKS[_order.index(block)] for block in range(3)]
        check_coupled_step.add_mistake(
            "order_" + "_".join(name.split()[0] for name in _names),
            f"The blocks of columns were taken in the order {', '.join(_names)}. They stand in "
            "the order forget gate, candidate, output gate.",
            {"order": constant(np.array(_order))},
        )
for _key, _message, _replaces in (
    (
        "blocks_interleaved",
        "Every third column was taken for a block. A block is H columns side by side: "
        "`z[:, :H]`, and so on.",
        {"z": lambda from_input, from_state, bias: _interleaved(from_input + from_state + bias)},
    ),
    (
        "bias_left_out",
        "The bias `b` is left out of the sum.",
        {"bias": lambda b: 0 * b},
    ),
    (
        "input_left_out",
        "The input is left out of the sum: `x_t @ W_x` is missing.",
        {"from_input": lambda x_t, W_x: 0 * (x_t @ W_x)},
    ),
    (
        "state_left_out",
        "The hidden state is left out of the sum: `h_prev @ W_h` is missing.",
        {"from_state": lambda h_prev, W_h: 0 * (h_prev @ W_h)},
    ),
    (
        "memory_into_sum",
        "The memory `c_prev` went into the sum. What the gates read is `h_prev`.",
        {"from_state": lambda c_prev, W_h: c_prev @ W_h},
    ),
    (
        "forget_gate_by_tanh",
        "The forget gate went through tanh. A share lies between 0 and 1: take a sigmoid.",
        {"forget_gate": lambda z, order: np.tanh(pick(z, order, 0))},
    ),
    (
        "forget_gate_is_sum",
        "This is the sum itself. The forget gate is its sigmoid.",
        {"forget_gate": lambda z, order: pick(z, order, 0)},
    ),
    (
        "forget_gate_turned",
        "This is 1 minus the forget gate. The gate says how much is kept: `σ(z_f)`.",
        {"forget_gate": lambda z, order: 1 - sigmoid(pick(z, order, 0))},
    ),
    (
        "candidate_by_sigmoid",
        "The candidate went through a sigmoid, so it can never be negative. It is tanh of its sum.",
        {"candidate": lambda z, order: sigmoid(pick(z, order, 1))},
    ),
    (
        "candidate_is_sum",
        "This is the sum itself. The candidate is its tanh.",
        {"candidate": lambda z, order: pick(z, order, 1)},
    ),
    (
        "candidate_gated_already",
        "The share `1 − f` is in the candidate already. The candidate is `tanh(z_g)` alone.",
        {"candidate": lambda z, order, forget_gate: (1 - forget_gate) * np.tanh(pick(z, order, 1))},
    ),
    (
        "output_gate_by_tanh",
        "The output gate went through tanh, so it could turn the sign of the memory. It is the "
        "sigmoid of its sum.",
        {"output_gate": lambda z, order: np.tanh(pick(z, order, 2))},
    ),
    (
        "output_gate_is_sum",
        "This is the sum itself. The output gate is its sigmoid.",
        {"output_gate": lambda z, order: pick(z, order, 2)},
    ),
    (
        "output_gate_from_new_memory",
        "The output gate was computed with tanh of the new memory in the place of `h_prev`. All "
        "gates of a step read the same old state.",
        {
            "output_gate": lambda from_input, W_h, bias, order, forget_gate, candidate, c_prev: (
                sigmoid(
                    pick(from_input + _new(forget_gate, candidate, c_prev) @ W_h + bias, order, 2)
                )
            )
        },
    ),
    (
        "shares_swapped",
        "`f` and `1 − f` have changed places: the forget gate stands before the old memory.",
        {
            "kept": lambda forget_gate: 1 - forget_gate,
            "written": lambda forget_gate: forget_gate,
        },
    ),
    (
        "not_coupled",
        "The candidate is added whole. With coupled gates its share is `1 − f`.",
        {"written": lambda forget_gate: np.ones_like(forget_gate)},
    ),
    (
        "forget_gate_for_both",
        "The candidate is multiplied by `f`, like the memory. Its share is `1 − f`, what the "
        "memory leaves.",
        {"written": lambda forget_gate: forget_gate},
    ),
    (
        "output_gate_for_input",
        "The candidate is multiplied by the output gate. There is no input gate here; its place "
        "is taken by `1 − f`.",
        {"written": lambda output_gate: output_gate},
    ),
    (
        "nothing_forgotten",
        "The old memory is kept whole. It is multiplied by the forget gate.",
        {"kept": lambda forget_gate: np.ones_like(forget_gate)},
    ),
    (
        "memory_overwritten",
        "The old memory is missing: `f * c_prev` belongs to the sum.",
        {"kept": lambda forget_gate: 0 * forget_gate},
    ),
    (
        "state_for_memory",
        "The forget gate multiplies `h_prev`. What is kept is the memory `c_prev`.",
        {"memory": lambda h_prev: h_prev},
    ),
    (
        "tanh_of_old_memory",
        "The old memory went through tanh before it was kept. On its own line it goes on as it is.",
        {"memory": lambda c_prev: np.tanh(c_prev)},
    ),
    (
        "shares_multiplied",
        "The two parts are multiplied. They are added.",
        {"c_t": lambda kept, memory, written, candidate: kept * memory * written * candidate},
    ),
    (
        "new_memory_squashed",
        "The new memory went through tanh and was handed on like that. tanh comes only on the way "
        "to `h_t`.",
        {
            "c_t": lambda kept, memory, written, candidate: np.tanh(
                kept * memory + written * candidate
            )
        },
    ),
    (
        "h_without_tanh",
        "The tanh is missing: this is the gate times `c_t`, which can be larger than 1.",
        {"read": lambda c_t: c_t},
    ),
    (
        "h_by_sigmoid",
        "The memory was read through a sigmoid, so its sign is lost. `h_t` is the output gate "
        "times tanh of `c_t`.",
        {"read": lambda c_t: sigmoid(c_t)},
    ),
    (
        "h_from_old_memory",
        "The old memory was read out, tanh of `c_prev`. First update the memory, then read it.",
        {"read": lambda c_prev: np.tanh(c_prev)},
    ),
    (
        "h_from_candidate",
        "The candidate was read out. What is read is tanh of the new memory.",
        {"read": lambda candidate: candidate},
    ),
    (
        "h_without_gate",
        "The output gate is left out: this is tanh of `c_t` alone.",
        {"gate_read": lambda output_gate: np.ones_like(output_gate)},
    ),
    (
        "h_by_forget_gate",
        "The forget gate stands where the output gate belongs.",
        {"gate_read": lambda forget_gate: forget_gate},
    ),
    (
        "gate_inside_tanh",
        "The output gate stands inside the tanh. First tanh of `c_t`, then times the gate.",
        {"h_t": lambda gate_read, c_t: np.tanh(gate_read * c_t)},
    ),
    (
        "c_and_h_swapped",
        "Memory and hidden state have changed places: `c_t` comes before `h_t`.",
        {
            "c_t": lambda kept, memory, written, candidate, output_gate: (
                output_gate * np.tanh(kept * memory + written * candidate)
            ),
            "h_t": lambda kept, memory, written, candidate: kept * memory + written * candidate,
        },
    ),
):
    check_coupled_step.add_mistake(_key, _message, _replaces)


def _interleaved(z: Array) -> Array:
    """Put every third column side by side, so that the blocks are cut from those."""
    return np.concatenate([z[:, block::3] for block in range(3)], axis=1)


def _new(forget_gate: Array, candidate: Array, c_prev: Array) -> Array:
    """Return tanh of the new memory."""
    return np.tanh(forget_gate * c_prev + (1 - forget_gate) * candidate)
