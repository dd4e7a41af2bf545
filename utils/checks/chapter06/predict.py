"""Predict: what a cell does when its gates are open or shut."""

from __future__ import annotations

from utils.checks.chapter06.formulas import CHAPTER, constant
from utils.checks.engine import Check

KEEPS = "stays at 0.8"
EMPTIES = "goes to 0"
TAKES = "goes to 0.5"
SETTLES = "goes to 1"
GROWS = "grows without end"
FATES = (KEEPS, EMPTIES, TAKES, SETTLES, GROWS)
ZERO = ("zero", "not zero")

RIGHT = {
    "keep": KEEPS,
    "erase": EMPTIES,
    "replace": TAKES,
    "add": GROWS,
    "half": TAKES,
    "leak": EMPTIES,
    "leak_and_add": SETTLES,
}

check_gate_fates = Check(
    "gate_fates",
    chapter=CHAPTER,
    title="Open and shut",
    outputs={
        **dict.fromkeys(RIGHT, FATES),
        "h_behind_shut": ZERO,
        "gradient_behind_shut": ZERO,
        "gradient_past_erase": ZERO,
    },
    steps={
        **{name: constant(fate) for name, fate in RIGHT.items()},
        "h_behind_shut": constant("zero"),
        "gradient_behind_shut": constant("not zero"),
        "gradient_past_erase": constant("zero"),
    },
    hints=(
        "Write c_t = f · c_{t−1} + i · g with the numbers put in and do two or three steps.",
        "If the cell state settles, it no longer changes: then c = f · c + i · g. Solve for c. "
        "With f = 1 and something to write there is no such number.",
        "For the last three draw the paths. h_t = o · tanh(c_t) hangs on o; from c_1 to c_10 the "
        "path goes through the forget gates alone, and one factor 0 makes a product 0.",
    ),
)
for _name, _wrong, _message in (
    ("keep", EMPTIES, "With f = 1 nothing of the old value is lost, in any number of steps."),
    ("keep", TAKES, "With i = 0 nothing is written, whatever the candidate is."),
    ("keep", SETTLES, "With i = 0 nothing is written, and with f = 1 nothing is lost."),
    ("keep", GROWS, "It would grow if something were written. Here i = 0."),
    ("erase", KEEPS, "f is the share that is kept, in spite of the gate's name. Here it is 0."),
    ("erase", TAKES, "The old value is gone, and with i = 0 the candidate is not written either."),
    ("replace", KEEPS, "f is the share that is kept. With f = 0 the old value is gone."),
    ("replace", EMPTIES, "The old value is gone, but i = 1 lets the candidate in at every step."),
    (
        "replace",
        GROWS,
        "What was written is thrown away at the next step, since f = 0: nothing adds up.",
    ),
    (
        "replace",
        SETTLES,
        "Each step throws the old value away and writes the candidate, which is 0.5.",
    ),
    ("add", TAKES, "The candidate is added to what is there; f = 1 throws nothing away."),
    (
        "add",
        SETTLES,
        "tanh bounds the candidate and `h_t`. The cell state itself stands behind no tanh: each "
        "step adds 0.5.",
    ),
    ("add", KEEPS, "f = 1 keeps the 0.8, and i = 1 adds 0.5 to it at every step."),
    (
        "half",
        EMPTIES,
        "Half is lost at every step, but half of the candidate comes in. Solve "
        "c = 0.5 c + 0.5 · 0.5.",
    ),
    ("half", KEEPS, "0.5 · 0.8 + 0.5 · 0.5 is 0.65 after one step. Do the next one."),
    ("half", SETTLES, "Solve c = 0.5 c + 0.5 · 0.5 for the value at which it settles."),
    (
        "half",
        GROWS,
        "Half of what is there is lost at every step, the more the larger it is: it settles.",
    ),
    (
        "leak",
        KEEPS,
        "0.99 is almost 1, but 1000 steps multiply by it 1000 times: what is 0.99 to the power "
        "1000?",
    ),
    ("leak", TAKES, "Nothing is written here, since i = 0, whatever the candidate is."),
    (
        "leak_and_add",
        GROWS,
        "One per cent of what is there is lost at every step, and 0.01 is added: where are the "
        "two equal?",
    ),
    (
        "leak_and_add",
        EMPTIES,
        "Something is written at every step. Solve c = 0.99 c + 0.02 · 0.5.",
    ),
    (
        "leak_and_add",
        TAKES,
        "It would settle at the candidate if f + i were 1. Solve c = 0.99 c + 0.02 · 0.5.",
    ),
    (
        "leak_and_add",
        KEEPS,
        "0.99 · 0.8 + 0.02 · 0.5 is 0.802 after one step: it moves, slowly. Where does it end?",
    ),
    (
        "h_behind_shut",
        "not zero",
        "`h_t` is the output gate times tanh of the cell state, and the gate is 0.",
    ),
    (
        "gradient_behind_shut",
        "zero",
        "A shut output gate blocks the way from `c_t` up to `h_t`. From `c_1` along the cell line "
        "to `c_10` no output gate stands, and that of step 10 is open.",
    ),
    (
        "gradient_past_erase",
        "not zero",
        "The way leads through the forget gate of step 5, which is 0. One factor 0 makes the "
        "product 0.",
    ),
):
    _key = f"{_name}_{_wrong.replace(' ', '_').replace('.', '')}"
    check_gate_fates.add_mistake(_key, _message, {_name: constant(_wrong)})
