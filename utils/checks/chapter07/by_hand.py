"""By hand: four steps of one memory cell, with tanh at its input and with a sigmoid there."""

from __future__ import annotations

import numpy as np

from utils.activations import sigmoid
from utils.checks.chapter07.formulas import CHAPTER, Array, constant
from utils.checks.engine import Check

START, OUTPUT_GATE = 0.3, 0.6
FORGET = np.array([0.9, 0.5, 0.8, 0.5])
INPUT = np.array([0.5, 0.8, 0.4, 0.9])
SUMS = np.array([1.0, -2.0, 0.5, -1.0])


def remember(start: Array, kept: Array, written: Array, g: Array, carry: Array) -> Array:
    """Run one memory cell; `carry` names what goes into the next step."""
    memory, cs = float(start), []
    for keep, write, new in zip(kept, written, g, strict=True):
        cs.append(keep * memory + write * new)
        memory = {"c": cs[-1], "start": float(start), "tanh": np.tanh(cs[-1])}[str(carry)]
    return np.array(cs)


check_four_steps = Check(
    "four_steps",
    chapter=CHAPTER,
    title="Four steps of a memory by hand",
    outputs={
        "g": "t",
        "c": "t",
        "h_4": "",
        "sigmoid_g": "t",
        "sigmoid_c": "t",
        "sigmoid_h_4": "",
        "read_by_sigmoid": "",
        "empty": "",
    },
    steps={
        "start": constant(START),
        "kept": constant(FORGET),
        "written": constant(INPUT),
        "carry": constant("c"),
        "o": constant(OUTPUT_GATE),
        "g": lambda: np.tanh(SUMS),
        "c": remember,
        "read": lambda c: np.tanh(c[-1]),
        "h_4": lambda o, read: o * read,
        "sigmoid_g": lambda: sigmoid(SUMS),
        "sigmoid_kept": lambda kept: kept,
        "sigmoid_written": lambda written: written,
        "sigmoid_start": lambda start: start,
        "sigmoid_c": lambda sigmoid_start, sigmoid_kept, sigmoid_written, sigmoid_g, carry: (
            remember(sigmoid_start, sigmoid_kept, sigmoid_written, sigmoid_g, carry)
        ),
        "sigmoid_read": lambda sigmoid_c: np.tanh(sigmoid_c[-1]),
        "sigmoid_h_4": lambda o, sigmoid_read: o * sigmoid_read,
        "read_by_sigmoid": lambda o, c: o * sigmoid(c[-1]),
        "empty": lambda o: o * 0.5,
    },
    decimals=3,
    hints=(
        "Make a table with a line for each step: the candidate first, then what is left of the "
        "old memory, then what is added, then the new memory.",
        "Each line needs the memory of the line before: `c_t = f_t c_{t−1} + i_t g_t`. For the "
        "second cell everything stays but `g_t`, which is now `σ(z_t)`, never negative.",
        "The output needs the last memory alone: `h_4 = o tanh(c_4)`. For the last two put `σ` in "
        "the place of that tanh; an empty memory is `c = 0`.",
    ),
)
for _key, _message, _replaces in (
    (
        "candidate_by_sigmoid",
        "This is the sigmoid of the sums, never negative. The first cell's candidate is their "
        "tanh.",
        {"g": lambda: sigmoid(SUMS)},
    ),
    (
        "sums_for_candidates",
        "These are the sums themselves. The candidate is their tanh.",
        {"g": constant(SUMS)},
    ),
    (
        "gated_candidates",
        "The input gate is in it already. The candidate is `tanh(z_t)`; the gate comes when it is "
        "added to the memory.",
        {"g": lambda written: written * np.tanh(SUMS)},
    ),
    (
        "sign_of_candidates_lost",
        "The signs are lost: tanh of a negative sum is negative.",
        {"g": lambda: np.tanh(np.abs(SUMS))},
    ),
    (
        "start_ignored",
        "The memory is taken to start at 0. Here `c_0` is 0.3.",
        {"start": constant(0.0)},
    ),
    (
        "gates_swapped",
        "Input and forget gate have changed places: `f` stands before the old memory, `i` before "
        "the candidate.",
        {"kept": constant(INPUT), "written": constant(FORGET)},
    ),
    (
        "nothing_forgotten",
        "The forget gate is left out: the whole old memory is kept at every step.",
        {"kept": constant(np.ones(4))},
    ),
    (
        "memory_overwritten",
        "The old memory is missing: this is `i_t g_t` alone.",
        {"kept": constant(np.zeros(4))},
    ),
    (
        "input_gate_left_out",
        "The input gate is left out: the candidate is added whole.",
        {"written": constant(np.ones(4))},
    ),
    (
        "gates_coupled",
        "You wrote with `1 − f_t`, as coupled gates do. This cell has an input gate of its own.",
        {"written": constant(1 - FORGET)},
    ),
    (
        "candidate_forgotten_too",
        "The forget gate is multiplied into the new part as well. It belongs to the old memory "
        "alone.",
        {"written": constant(INPUT * FORGET)},
    ),
    (
        "start_at_every_step",
        "Every step starts from `c_0` again. Carry the new memory on.",
        {"carry": constant("start")},
    ),
    (
        "tanh_carried",
        "The memory was put through tanh before the next step. On the line `c` there is no tanh; "
        "it comes only on the way to `h`.",
        {"carry": constant("tanh")},
    ),
    (
        "h_without_tanh",
        "The tanh is missing: this is `o c_4`. The LSTM puts out `o tanh(c_4)`.",
        {"read": lambda c: c[-1]},
    ),
    (
        "h_by_sigmoid",
        "The memory was read through a sigmoid, so its sign is lost. The LSTM puts out "
        "`o tanh(c_4)`.",
        {"read": lambda c: sigmoid(c[-1])},
    ),
    (
        "h_without_gate",
        "The output gate is left out: this is `tanh(c_4)`. Multiply it by 0.6.",
        {"h_4": lambda read: read},
    ),
    (
        "gate_inside_tanh",
        "This is `tanh(o c_4)`. The gate stands outside: first tanh, then times 0.6.",
        {"h_4": lambda o, c: np.tanh(o * c[-1])},
    ),
    (
        "memory_for_h",
        "This is the memory `c_4` itself. Its tanh is put out, multiplied by the gate 0.6.",
        {"h_4": lambda c: c[-1]},
    ),
    (
        "sigmoid_of_memory_for_h",
        "This is `σ(c_4)`. The LSTM puts out the gate 0.6 times tanh of the memory.",
        {"h_4": lambda c: sigmoid(c[-1])},
    ),
    (
        "sigmoid_cell_by_tanh",
        "These are the candidates of the first cell. Here the sums go through a sigmoid.",
        {"sigmoid_g": lambda g: g},
    ),
    (
        "sigmoid_of_candidate",
        "The sums went through tanh first and a sigmoid after. Take the sigmoid of the sums.",
        {"sigmoid_g": lambda g: sigmoid(g)},
    ),
    (
        "sigmoid_cell_sums",
        "These are the sums themselves. Here they go through a sigmoid.",
        {"sigmoid_g": constant(SUMS)},
    ),
    (
        "sigmoid_cell_from_zero",
        "This memory starts at 0. It has the same start as the first one, 0.3.",
        {"sigmoid_start": constant(0.0)},
    ),
    (
        "sigmoid_cell_swapped",
        "In the second cell the two gates have changed places: `f` stands before the old memory.",
        {"sigmoid_kept": constant(INPUT), "sigmoid_written": constant(FORGET)},
    ),
    (
        "sigmoid_cell_overwritten",
        "In the second cell the old memory is missing: `f_t c_{t−1}` belongs to it too.",
        {"sigmoid_kept": constant(np.zeros(4))},
    ),
    (
        "sigmoid_cell_starts_from_first",
        "This memory starts from `c_4` of the first cell. Start again from 0.3.",
        {"sigmoid_start": lambda c: c[-1]},
    ),
    (
        "sigmoid_h_without_tanh",
        "The tanh at the output is missing. Only the candidate has changed in this cell.",
        {"sigmoid_read": lambda sigmoid_c: sigmoid_c[-1]},
    ),
    (
        "sigmoid_h_by_sigmoid",
        "A sigmoid stands at the output too. Only the candidate has changed in this cell.",
        {"sigmoid_read": lambda sigmoid_c: sigmoid(sigmoid_c[-1])},
    ),
    (
        "sigmoid_h_without_gate",
        "The output gate is left out here: multiply `tanh` of the memory by 0.6.",
        {"sigmoid_h_4": lambda sigmoid_read: sigmoid_read},
    ),
    (
        "memory_for_sigmoid_h",
        "This is the memory itself. This cell puts out `o tanh(c_4)` as the first one does.",
        {"sigmoid_h_4": lambda sigmoid_c: sigmoid_c[-1]},
    ),
    (
        "sigmoid_of_memory_for_sigmoid_h",
        "This is the sigmoid of the memory. This cell puts out `o tanh(c_4)` as the first one "
        "does.",
        {"sigmoid_h_4": lambda sigmoid_c: sigmoid(sigmoid_c[-1])},
    ),
    (
        "other_memory_read",
        "This reads the memory of the second cell. Asked for is `c_4` of the first, which is "
        "negative.",
        {"read_by_sigmoid": lambda o, sigmoid_c: o * sigmoid(sigmoid_c[-1])},
    ),
    (
        "sigmoid_of_tanh_read",
        "tanh is still in it: this is `o σ(tanh(c_4))`. The sigmoid stands in its place.",
        {"read_by_sigmoid": lambda o, c: o * sigmoid(np.tanh(c[-1]))},
    ),
    (
        "read_without_gate",
        "The output gate is left out: this is `σ(c_4)` alone.",
        {"read_by_sigmoid": lambda c: sigmoid(c[-1])},
    ),
    (
        "empty_is_zero",
        "With tanh an empty memory puts out 0. What is `σ(0)`?",
        {"empty": constant(0.0)},
    ),
    (
        "empty_without_gate",
        "This is `σ(0)`. The output gate still stands before it.",
        {"empty": constant(0.5)},
    ),
    (
        "empty_is_gate",
        "This is the gate alone, as if `σ(0)` were 1.",
        {"empty": lambda o: o},
    ),
):
    check_four_steps.add_mistake(_key, _message, _replaces)
