"""By hand: three items read in both directions by one unit each, and the way back to the items."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter09.formulas import CHAPTER, constant
from utils.checks.engine import Check

Array = np.ndarray
XS = np.array([2.0, -1.0, 4.0])
FORWARD = {"w": 1.0, "u": 0.5, "b": 1.0}
BACKWARD = {"w": -1.0, "u": 0.25, "b": 3.0}


def read(
    xs: Array, w: float, u: float, b: float, start: float = 0.0, squash: str = "relu"
) -> Array:
    """Run one unit over the items and return its states, in the order in which it read."""
    states, h = [], start
    for x in xs:
        z = w * x + u * h + b
        h = max(z, 0.0) if squash == "relu" else z
        states.append(h)
    return np.array(states)


def slopes(states: Array) -> Array:
    """Return the slope of the ReLU at every step, from its states."""
    return (states > 0).astype(float)


def back(slope: Array, w: float, u: float) -> Array:
    """Carry a gradient of 1 at the last state back to the items, in the order of reading."""
    d_xs, d_h = np.zeros(len(slope)), 1.0
    for t in reversed(range(len(slope))):
        d_z = d_h * slope[t]
        d_xs[t], d_h = w * d_z, u * d_z
    return d_xs


def changed(cell: dict[str, float], **values: Any) -> dict[str, float]:
    """Return a cell with some of its numbers exchanged."""
    return {**cell, **values}


check_both_by_hand = Check(
    "both_by_hand",
    chapter=CHAPTER,
    title="Three items read both ways",
    outputs={
        "forward": "item",
        "backward": "item",
        "joined_2": "half",
        "summary": "half",
        "last": "half",
        "d_xs": "item",
    },
    steps={
        "squash": constant("relu"),
        "forward": lambda squash: read(XS, **FORWARD, squash=str(squash)),
        "cell": constant("own"),
        "in_order": lambda squash, cell: read(
            XS[::-1], **(FORWARD if cell == "shared" else BACKWARD), squash=str(squash)
        ),
        "backward": lambda in_order: in_order[::-1],
        "joined_2": lambda forward, backward: np.array([forward[1], backward[1]]),
        "summary": lambda forward, backward: np.array([forward[-1], backward[0]]),
        "last": lambda forward, backward: np.array([forward[-1], backward[-1]]),
        "slope": lambda backward: slopes(backward[::-1]),
        "through_forward": lambda forward: back(slopes(forward), FORWARD["w"], FORWARD["u"]),
        "through_backward": lambda slope: back(slope, BACKWARD["w"], BACKWARD["u"])[::-1],
        "d_xs": lambda through_forward, through_backward: through_forward + through_backward,
    },
    decimals=3,
    hints=(
        "Two chains that know nothing of one another. The forward one goes from item 1 to item 3; "
        "the backward one starts at item 3 with a state of zero and goes down to item 1.",
        "Forward: 2 + 0 + 1 = 3 first. Backward: −4 + 0 + 3 is negative, so its state at item 3 is "
        "0. In the list `backward` that state stands third, as item 3 does.",
        "`summary` takes each chain where it ends: the forward one at item 3, the backward one at "
        "item 1. On the way back item 3 gets 1 from the forward chain and item 1 gets −1 from the "
        "backward one; each step further multiplies by the chain's weight of the state, and a ReLU "
        "that gave 0 passes nothing.",
    ),
)
for _key, _message, _replaces in (
    (
        "relu_forgotten",
        "A sum below 0 was kept. The ReLU makes it 0.",
        {"squash": constant("none")},
    ),
    (
        "forward_without_bias",
        "The bias of the forward cell, 1, is missing.",
        {"forward": lambda squash: read(XS, **changed(FORWARD, b=0.0), squash=str(squash))},
    ),
    (
        "forward_without_state",
        "The state before is missing: from item 2 on, 0.5 times it is added.",
        {"forward": lambda squash: read(XS, **changed(FORWARD, u=0.0), squash=str(squash))},
    ),
    (
        "forward_from_the_end",
        "This cell was run from the end. The forward cell reads item 1 first.",
        {"forward": lambda squash: read(XS[::-1], **FORWARD, squash=str(squash))[::-1]},
    ),
    (
        "forward_listed_from_the_end",
        "The states are listed from the last item to the first. List them in the order of time.",
        {"forward": lambda squash: read(XS, **FORWARD, squash=str(squash))[::-1]},
    ),
    (
        "cells_exchanged",
        "The two cells have changed places: the forward one has the weights 1, 0.5 and the bias 1.",
        {
            "forward": lambda squash: read(XS, **BACKWARD, squash=str(squash)),
            "cell": constant("shared"),
        },
    ),
    (
        "not_turned_back",
        "The states stand in the order in which they were made. Put them in the order of time: the "
        "state of item 3, made first, stands third.",
        {"backward": lambda in_order: in_order},
    ),
    (
        "backward_from_the_start",
        "This cell was run from the start. The backward cell reads item 3 first.",
        {"backward": lambda squash: read(XS, **BACKWARD, squash=str(squash))},
    ),
    (
        "weights_shared",
        "The backward cell was run with the weights of the forward one. It has its own: −1, 0.25 "
        "and the bias 3.",
        {"cell": constant("shared")},
    ),
    (
        "backward_without_bias",
        "The bias of the backward cell, 3, is missing.",
        {"in_order": lambda squash: read(XS[::-1], **changed(BACKWARD, b=0.0), squash=str(squash))},
    ),
    (
        "backward_without_state",
        "The state read before is missing: at items 2 and 1, 0.25 times the state of the item "
        "after is added.",
        {"in_order": lambda squash: read(XS[::-1], **changed(BACKWARD, u=0.0), squash=str(squash))},
    ),
    (
        "goes_on_from_forward",
        "The backward cell goes on from the last state of the forward one. It starts from 0.",
        {
            "in_order": lambda forward, squash: read(
                XS[::-1], **BACKWARD, start=forward[-1], squash=str(squash)
            )
        },
    ),
    (
        "joined_turned",
        "The halves have changed places: the forward one comes first.",
        {"joined_2": lambda forward, backward: np.array([backward[1], forward[1]])},
    ),
    (
        "joined_added",
        "The two states were added. They stand side by side, two numbers.",
        {"joined_2": lambda forward, backward: forward[1] + backward[1]},
    ),
    (
        "joined_counted_from_0",
        "This belongs to item 3. Formulas count from 1, so item 2 is the one in the middle.",
        {"joined_2": lambda forward, backward: np.array([forward[2], backward[2]])},
    ),
    (
        "joined_first",
        "This belongs to item 1. Item 2 is the one in the middle.",
        {"joined_2": lambda forward, backward: np.array([forward[0], backward[0]])},
    ),
    (
        "joined_second_steps",
        "The backward half is not that of item 2. At each item both cells have a state: take both "
        "from the same one.",
        {"joined_2": lambda forward, backward: np.array([forward[1], backward[2]])},
    ),
    (
        "summary_is_last",
        "This is out[-1]. There the backward cell has read item 3 and nothing else: take its half "
        "where it has read all.",
        {"summary": lambda forward, backward: np.array([forward[-1], backward[-1]])},
    ),
    (
        "summary_is_first",
        "This is out[0]. There the forward cell has read item 1 and nothing else: take its half "
        "where it has read all.",
        {"summary": lambda forward, backward: np.array([forward[0], backward[0]])},
    ),
    (
        "summary_at_the_wrong_ends",
        "Each half was taken where its cell began. Take it where the cell has read all items.",
        {"summary": lambda forward, backward: np.array([forward[0], backward[-1]])},
    ),
    (
        "summary_turned",
        "In the summary the halves have changed places: the forward one comes first.",
        {"summary": lambda forward, backward: np.array([backward[0], forward[-1]])},
    ),
    (
        "summary_largest",
        "This is the largest state of each half. The summary is the state where the cell has read "
        "all items.",
        {"summary": lambda forward, backward: np.array([forward.max(), backward.max()])},
    ),
    (
        "summary_mean",
        "This is the mean over the items. The summary is the state where the cell has read all "
        "items.",
        {"summary": lambda forward, backward: np.array([forward.mean(), backward.mean()])},
    ),
    (
        "last_is_summary",
        "This is the summary of both. out[-1] holds both states of item 3, whatever they have "
        "read.",
        {"last": lambda forward, backward: np.array([forward[-1], backward[0]])},
    ),
    (
        "last_is_first",
        "This is out[0]. out[-1] holds both states of item 3.",
        {"last": lambda forward, backward: np.array([forward[0], backward[0]])},
    ),
    (
        "last_turned",
        "In out[-1] too the forward half comes first.",
        {"last": lambda forward, backward: np.array([backward[-1], forward[-1]])},
    ),
    (
        "d_of_forward_alone",
        "This is what comes through the forward chain. Every item was read twice: add what comes "
        "through the backward one.",
        {"d_xs": lambda through_forward: through_forward},
    ),
    (
        "d_of_backward_alone",
        "This is what comes through the backward chain. Every item was read twice: add what comes "
        "through the forward one.",
        {"d_xs": lambda through_backward: through_backward},
    ),
    (
        "d_not_turned",
        "What comes through the backward chain was added in the order of its reading. It reaches "
        "item 1 first, with the whole weight −1.",
        {"through_backward": lambda slope: back(slope, BACKWARD["w"], BACKWARD["u"])},
    ),
    (
        "d_slope_ignored",
        "At item 3 the ReLU of the backward cell gave 0. It passes nothing back there.",
        {"slope": lambda backward: np.ones(len(backward))},
    ),
    (
        "d_without_state",
        "Here each item has what comes through one step. Through the states the earlier steps of "
        "each chain get their share too.",
        {
            "through_forward": constant(np.array([0.0, 0.0, FORWARD["w"]])),
            "through_backward": constant(np.array([BACKWARD["w"], 0.0, 0.0])),
        },
    ),
    (
        "d_whole_at_every_item",
        "The weight of the input was taken at every item, as if the loss looked at all states. It "
        "looks at the two of the summary; the others are reached through the weight of the state.",
        {
            "through_forward": lambda forward: FORWARD["w"] * slopes(forward),
            "through_backward": lambda slope: BACKWARD["w"] * slope[::-1],
        },
    ),
    (
        "d_subtracted",
        "The part of the backward chain was subtracted. The loss is a sum, so both parts are "
        "added.",
        {"d_xs": lambda through_forward, through_backward: through_forward - through_backward},
    ),
):
    check_both_by_hand.add_mistake(_key, _message, _replaces)
