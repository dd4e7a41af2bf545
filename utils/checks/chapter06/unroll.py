"""Code: an LSTM over a whole sequence, both states carried."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter06.formulas import CHAPTER, ORDERS, constant, named, run_cell_once
from utils.checks.engine import Check

Array = np.ndarray
RIGHT = "sigmoid sigmoid tanh sigmoid"


def sequence_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a batch of sequences, two start states that are not zero, and weights."""
    T, B, D, H = (sizes[name] for name in "TBDH")
    return {
        "xs": rng.normal(size=(T, B, D)),
        "h_0": rng.uniform(-0.9, 0.9, size=(B, H)),
        "c_0": 1.5 * rng.normal(size=(B, H)),
        "W_x": rng.normal(size=(D, 4 * H)) / np.sqrt(D),
        "W_h": 1.5 * rng.normal(size=(H, 4 * H)) / np.sqrt(H),
        "b": 0.6 * rng.normal(size=4 * H),
    }


def before_each_step(start: Array, states: Array) -> Array:
    """Return the state before every step in the place of the one after it."""
    return np.concatenate([start[None], states[:-1]])


def cell_states(
    inputs,
    start_h,
    start_c,
    W_x,
    W_h,
    bias,
    order,
    squash,
    update,
    peephole,
    read_out,
    carry_h,
    carry_c,
):
    """Run the cell that the quantities of the check describe: (2, T, B, H)."""
    return run_cell_once(
        inputs,
        start_h,
        start_c,
        W_x,
        W_h,
        bias,
        order,
        squash,
        update,
        peephole,
        read_out,
        carry_h,
        carry_c,
    )


check_lstm_unroll = Check(
    "lstm_unroll",
    chapter=CHAPTER,
    title="An LSTM over a sequence",
    outputs={"hs": "T B H", "cs": "T B H"},
    inputs=sequence_inputs,
    sizes=(
        {"T": 3, "B": 2, "D": 5, "H": 4},
        {"T": 5, "B": 4, "D": 2, "H": 3},
        {"T": 6, "B": 1, "D": 3, "H": 2},
    ),
    steps={
        "inputs": lambda xs: xs,
        "start_h": lambda h_0: h_0,
        "start_c": lambda c_0: c_0,
        "bias": lambda b: b,
        "order": constant(np.arange(4)),
        "squash": constant(RIGHT),
        "update": constant("right"),
        "peephole": constant("none"),
        "read_out": constant("right"),
        "carry_h": constant("state"),
        "carry_c": constant("state"),
        "states": cell_states,
        "kept": lambda states: states,
        "hs": lambda kept: kept[0],
        "cs": lambda kept: kept[1],
    },
    hints=(
        "Two things travel from step to step, h and c. Start them at `h_0` and `c_0`, and let each "
        "step replace both.",
        "In each round call the step with `xs[t]` and the two states, take its last two results, "
        "and put each on a list of its own. `np.stack` makes arrays of the lists.",
        "`h, c = h_0, c_0`, then `for x_t in xs:` compute the six values of the step, "
        "`*_, c, h = lstm_step(x_t, h, c, W_x, W_h, b)`, and append `h` and `c`.",
    ),
)
for _order in ORDERS:
    _message = (
        f"In every step the four blocks of the sums are read as {named(_order)}. In this course "
        "they stand as input, forget, candidate, output."
    )
    if _order == (1, 0, 2, 3):
        _message = (
            "Input gate and forget gate have changed places: the first block belongs to the input "
            "gate, which multiplies the candidate, the next to the forget gate, which multiplies "
            "the old cell state."
        )
    check_lstm_unroll.add_mistake(
        "order_" + "".join("ifgo"[k] for k in _order),
        _message,
        {"order": constant(np.array(_order))},
    )
for _key, _message, _replaces in (
    # the start
    (
        "h_0_ignored",
        "`h_0` is ignored: the hidden state starts from zeros. The first step reads `h_0`.",
        {"start_h": lambda h_0: 0 * h_0},
    ),
    (
        "c_0_ignored",
        "`c_0` is ignored: the cell state starts from zeros. The first step reads `c_0`.",
        {"start_c": lambda c_0: 0 * c_0},
    ),
    (
        "both_starts_ignored",
        "`h_0` and `c_0` are ignored: both states start from zeros. The first step reads what was "
        "handed in.",
        {"start_h": lambda h_0: 0 * h_0, "start_c": lambda c_0: 0 * c_0},
    ),
    (
        "starts_exchanged",
        "The two start states have changed places: the hidden state starts as `h_0`, the cell "
        "state as `c_0`.",
        {"start_h": lambda c_0: c_0, "start_c": lambda h_0: h_0},
    ),
    (
        "h_0_for_both",
        "The cell state starts as `h_0`. It has a start state of its own, `c_0`.",
        {"start_c": lambda h_0: h_0},
    ),
    (
        "c_0_for_both",
        "The hidden state starts as `c_0`. It has a start state of its own, `h_0`.",
        {"start_h": lambda c_0: c_0},
    ),
    # what is carried
    (
        "h_0_at_every_step",
        "Every step reads `h_0`. Carry the new hidden state on: h has to be replaced in each "
        "round.",
        {"carry_h": constant("start")},
    ),
    (
        "c_0_at_every_step",
        "Every step starts from `c_0`, so the cell remembers nothing of the sequence. Carry the "
        "new cell state on.",
        {"carry_c": constant("start")},
    ),
    (
        "both_starts_at_every_step",
        "Every step starts from `h_0` and `c_0` again. Carry both new states on to the next step.",
        {"carry_h": constant("start"), "carry_c": constant("start")},
    ),
    (
        "h_not_carried",
        "From the second step on the hidden state that goes in is zero. Carry the new one on.",
        {"carry_h": constant("nothing")},
    ),
    (
        "c_not_carried",
        "From the second step on the cell state that goes in is zero: nothing is remembered. "
        "Carry the new one on.",
        {"carry_c": constant("nothing")},
    ),
    (
        "states_exchanged_on_the_way",
        "From one step to the next h and c change places, as when two results are unpacked in "
        "the other order.",
        {"carry_h": constant("c"), "carry_c": constant("h")},
    ),
    (
        "h_carried_as_both",
        "The next step gets h as its cell state too. The cell state has a line of its own.",
        {"carry_c": constant("h")},
    ),
    (
        "c_carried_as_both",
        "The next step gets the cell state for its hidden state too. Its gates read h.",
        {"carry_h": constant("c")},
    ),
    (
        "tanh_c_carried",
        "The cell state is carried on after tanh. It travels as it is; tanh stands on the way to "
        "h alone.",
        {"carry_c": constant("tanh c")},
    ),
    (
        "h_carried_without_gate",
        "The hidden state that is carried on has no output gate, it is tanh of the cell state.",
        {"carry_h": constant("tanh c")},
    ),
    (
        "step_called_in_turned_order",
        "The step is handed the two states in the wrong order, in every round: first h, then c.",
        {
            "start_h": lambda c_0: c_0,
            "start_c": lambda h_0: h_0,
            "carry_h": constant("c"),
            "carry_c": constant("h"),
        },
    ),
    (
        "unpacked_in_turned_order",
        "What the step hands back is unpacked in the wrong order: the new h is taken for c, and "
        "the new c for h, in every round. The step returns c first, then h.",
        {
            "carry_h": constant("c"),
            "carry_c": constant("h"),
            "hs": lambda kept: kept[1],
            "cs": lambda kept: kept[0],
        },
    ),
    # the step
    (
        "bias_missing",
        "The bias `b` is left out of every step.",
        {"bias": lambda b: 0 * b},
    ),
    (
        "candidate_sigmoid",
        "In every step the candidate went through a sigmoid, so nothing negative can be written. "
        "The candidate has tanh.",
        {"squash": constant("sigmoid sigmoid sigmoid sigmoid")},
    ),
    (
        "gates_tanh",
        "In every step the gates went through tanh. A gate is a share between 0 and 1: the "
        "sigmoid.",
        {"squash": constant("tanh tanh tanh tanh")},
    ),
    (
        "no_forget_gate",
        "The forget gate is left out of the update: the old cell state is kept whole.",
        {"update": constant("no forget")},
    ),
    (
        "no_input_gate",
        "The input gate is left out of the update: the candidate is written whole.",
        {"update": constant("no input")},
    ),
    (
        "forget_gate_turned",
        "The forget gate is used as 1 − f. In spite of its name it says what is kept: 1 keeps.",
        {"update": constant("turned")},
    ),
    (
        "updated_cell_used_again",
        "The forget gate is multiplied in twice, as when `c` is overwritten and then used once "
        "more. Both terms start from the state before the step.",
        {"update": constant("twice")},
    ),
    (
        "output_gate_reads_c_t",
        "The output gate is made with the new cell state in the place of h, as when one name is "
        "overwritten. All four blocks read the state before the step.",
        {"peephole": constant("c")},
    ),
    (
        "no_tanh_on_c",
        "h is o · c, without tanh, so it can leave the range from −1 to 1. Put the cell state "
        "through tanh first.",
        {"read_out": constant("no tanh")},
    ),
    (
        "no_output_gate",
        "The output gate is missing: h is tanh of the cell state alone.",
        {"read_out": constant("no gate")},
    ),
    (
        "h_from_c_before",
        "h is made from the cell state before the update. It reads the new one.",
        {"read_out": constant("before")},
    ),
    # the order of time
    (
        "time_reversed",
        "The sequence is read from its end. Start with `xs[0]`.",
        {"inputs": lambda xs: xs[::-1]},
    ),
    (
        "first_input_always",
        "Every step reads `xs[0]`. With step t goes `xs[t]`.",
        {"inputs": lambda xs: np.repeat(xs[:1], len(xs), axis=0)},
    ),
    (
        "one_input_early",
        "Each step reads the input of the step before, and the first one that of the last, as "
        "`xs[t - 1]` does.",
        {"inputs": lambda xs: np.roll(xs, 1, axis=0)},
    ),
    # what is kept
    (
        "states_before_the_steps",
        "These are the states before each step, the start state first. Keep the state after the "
        "step: append once it is computed.",
        {
            "kept": lambda states, start_h, start_c: np.stack(
                [before_each_step(start_h, states[0]), before_each_step(start_c, states[1])]
            )
        },
    ),
    (
        "hs_before_the_steps",
        "`hs` holds the states before each step, `h_0` first. Append h once it is computed.",
        {"hs": lambda kept, start_h: before_each_step(start_h, kept[0])},
    ),
    (
        "cs_before_the_steps",
        "`cs` holds the states before each step, `c_0` first. Append c once it is computed.",
        {"cs": lambda kept, start_c: before_each_step(start_c, kept[1])},
    ),
    (
        "starts_kept_too",
        "The start states stand in front, so there are T + 1 entries. Keep those after the steps.",
        {
            "kept": lambda states, start_h, start_c: np.concatenate(
                [np.stack([start_h, start_c])[:, None], states], axis=1
            )
        },
    ),
    (
        "last_states_alone",
        "These are the states after the last step. Keep those of all steps, T of each.",
        {"kept": lambda states: states[:, -1]},
    ),
    (
        "last_states_everywhere",
        "Every step holds the numbers of the last one. Perhaps one array stands in the list many "
        "times and each round overwrites it; make a new one in each round.",
        {"kept": lambda states: np.repeat(states[:, -1:], states.shape[1], axis=1)},
    ),
    (
        "kept_in_turned_order",
        "The states stand in reversed order of time, the last one first.",
        {"kept": lambda states: states[:, ::-1]},
    ),
    (
        "batch_first",
        "The result stands batch first, (B, T, H). The arrays of this course are time first.",
        {"kept": lambda states: states.swapaxes(1, 2)},
    ),
    (
        "returned_in_turned_order",
        "`hs` and `cs` have changed places in what you return: first `hs`, then `cs`.",
        {"hs": lambda kept: kept[1], "cs": lambda kept: kept[0]},
    ),
):
    check_lstm_unroll.add_mistake(_key, _message, _replaces)
