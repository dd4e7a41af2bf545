"""Predict: what comes out of a GRU, and what goes back, with its gates at their ends."""

from __future__ import annotations

from utils.checks.chapter08.formulas import CHAPTER, constant
from utils.checks.engine import Check

OLD, NEW, MIDDLE = "the old state", "the candidate", "the middle of the two"
RNN_STEP, INPUT_ALONE, STATE_ALONE = "a plain RNN's step", "the input alone", "the old state alone"
ZERO, NOT_ZERO = "zero", "not zero"
STATES = (OLD, NEW, MIDDLE)
CANDIDATES = (RNN_STEP, INPUT_ALONE, STATE_ALONE)
GRADIENTS = (ZERO, NOT_ZERO)

RIGHT = {
    "z_one": OLD,
    "z_zero": NEW,
    "other_z_one": NEW,
    "all_zero": MIDDLE,
    "r_one": RNN_STEP,
    "r_zero": INPUT_ALONE,
    "back_b_hn": ZERO,
    "back_W_hr": ZERO,
    "back_h_prev": NOT_ZERO,
}
OPTIONS = {
    name: next(options for options in (STATES, CANDIDATES, GRADIENTS) if right in options)
    for name, right in RIGHT.items()
}

check_gate_ends = Check(
    "gate_ends",
    chapter=CHAPTER,
    title="Gates at their ends",
    outputs=OPTIONS,
    steps={name: constant(right) for name, right in RIGHT.items()},
    hints=(
        "Put the number for the gate into the formula and strike out what is multiplied by 0.",
        "`h_t` is a blend: of `n` it takes 1 − z, of the old state z. In the candidate r "
        "multiplies all that comes from the old state, and nothing else.",
        "A gradient is zero if every path from the quantity to `h_t` has a factor 0. With z = 1 "
        "nothing passes the candidate, but the old state has a path of its own, with the factor z.",
    ),
)
for _name, _wrong, _message in (
    (
        "z_one",
        NEW,
        "In this course's convention the candidate is multiplied by 1 − z, which is 0 at z = 1.",
    ),
    ("z_one", MIDDLE, "The shares are z and 1 − z, so 1 and 0 here: no mixture is left."),
    (
        "z_zero",
        OLD,
        "The old state is multiplied by z, which is 0 here. The candidate has the share 1 − z.",
    ),
    ("z_zero", MIDDLE, "The shares are z and 1 − z, so 0 and 1 here: no mixture is left."),
    (
        "other_z_one",
        OLD,
        "That is what z = 1 does in this course. Here z multiplies the candidate.",
    ),
    ("other_z_one", MIDDLE, "The shares are 1 − z and z, so 0 and 1 here: no mixture is left."),
    (
        "all_zero",
        OLD,
        "The sum inside the update gate is 0 if all weights are. What is the sigmoid of 0?",
    ),
    (
        "all_zero",
        NEW,
        "The sum inside the update gate is 0 if all weights are, but the gate itself is not 0: "
        "what is the sigmoid of 0?",
    ),
    (
        "r_one",
        INPUT_ALONE,
        "r = 1 lets all through that comes from the old state. r = 0 would shut it out.",
    ),
    (
        "r_one",
        STATE_ALONE,
        "The reset gate does not touch what comes from the input, whatever its value.",
    ),
    (
        "r_zero",
        RNN_STEP,
        "r = 0 takes out what comes from the old state; a plain RNN reads it. That is r = 1.",
    ),
    (
        "r_zero",
        STATE_ALONE,
        "It is the old state that r = 0 shuts out of the candidate. The input stays.",
    ),
    (
        "back_b_hn",
        NOT_ZERO,
        "`b_hn` stands inside the reset gate: r multiplies it, and r is 0 here.",
    ),
    (
        "back_W_hr",
        NOT_ZERO,
        "`W_hr` acts on r alone, r on the candidate alone, and of the candidate nothing comes "
        "through at z = 1.",
    ),
    (
        "back_h_prev",
        ZERO,
        "The way through the candidate is shut, but the old state is taken over itself: its "
        "factor is z, which is 1.",
    ),
):
    _key = f"{_name}_{_wrong.replace(' ', '_')}"
    check_gate_ends.add_mistake(_key, _message, {_name: constant(_wrong)})
