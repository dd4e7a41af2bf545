"""Predict: which items a number can depend on, in one direction and in two, in one layer or two."""

from __future__ import annotations

from utils.checks.chapter09.formulas import CHAPTER, constant
from utils.checks.choices import ChoiceCheck

FIRST, LAST = "the first item alone", "the last item alone"
UP_TO, FROM, ALL = "the items up to t", "the items from t on", "all items"
ITEMS = (FIRST, LAST, UP_TO, FROM, ALL)
CAN, CANNOT = "yes", "no"
ANSWERS = (CAN, CANNOT)

RIGHT = {
    "forward_half": UP_TO,
    "backward_half": FROM,
    "forward_of_first": FIRST,
    "backward_of_last": LAST,
    "upper_one_way": UP_TO,
    "upper_both_ways": ALL,
    "tag_at_once": CANNOT,
    "next_item_hidden": CANNOT,
    "last_trains_V_hh": CANNOT,
}

check_context_seen = ChoiceCheck(
    "context_seen",
    chapter=CHAPTER,
    title="What a state has seen",
    outputs={name: ITEMS if right in ITEMS else ANSWERS for name, right in RIGHT.items()},
    steps={name: constant(right) for name, right in RIGHT.items()},
    hints=(
        "Draw the unrolled layer: one chain of arrows to the right, one to the left, and at each "
        "step both cells read the same item. From the number asked for go back along the arrows.",
        "At its first step a cell has read one item. The backward cell takes its first step at "
        "the end, so what it knows at t it knows once the last item is there, and item t + 1 has "
        "been read. A second layer reads at step t both halves that the first one wrote there.",
        "`V_hh` multiplies the state before. At the first step of the backward cell that is its "
        "start state, zeros here, and the gradient of the matrix has that state as a factor.",
    ),
)
for _name, _wrong, _message in (
    (
        "forward_half",
        FIRST,
        "The first item is not all: the forward cell has read one item more at every step.",
    ),
    (
        "forward_half",
        LAST,
        "The forward cell reads from the start. At step t the last item still lies before it.",
    ),
    ("forward_half", FROM, "That is the other half: the forward cell reads from the start."),
    (
        "forward_half",
        ALL,
        "Both halves together have seen all items. This half alone has read from the start to t.",
    ),
    (
        "backward_half",
        FIRST,
        "The backward cell reads from the end. At step t the first item still lies before it.",
    ),
    (
        "backward_half",
        LAST,
        "It began with the last item and has read one item more at every step on its way to t.",
    ),
    (
        "backward_half",
        UP_TO,
        "This half was put back in the order of time, but its cell has read from the end: from "
        "the last item down to t.",
    ),
    (
        "backward_half",
        ALL,
        "Both halves together have seen all items. This half alone has read from the end to t.",
    ),
    (
        "forward_of_first",
        LAST,
        "The forward cell begins with the first item, and out[0] belongs to that step.",
    ),
    (
        "forward_of_first",
        UP_TO,
        "Here t is the first step, and one choice says that exactly: which items are read by then?",
    ),
    (
        "forward_of_first",
        FROM,
        "From the first item on would be all of them. The forward cell has read one so far.",
    ),
    (
        "forward_of_first",
        ALL,
        "The backward half of out[0] has seen all. The forward half has taken one step.",
    ),
    (
        "backward_of_last",
        FIRST,
        "The backward cell reaches the first item in its own last step, which is at out[0].",
    ),
    (
        "backward_of_last",
        UP_TO,
        "The forward half of out[-1] has read all that comes before. The backward cell begins "
        "here.",
    ),
    (
        "backward_of_last",
        FROM,
        "Here t is the last step, and one choice says that exactly: which items are read by then?",
    ),
    (
        "backward_of_last",
        ALL,
        "This is why out[-1] is no summary of both directions: the backward cell takes its first "
        "step there.",
    ),
    (
        "upper_one_way",
        FIRST,
        "At step t the lower layer has read all items from the start to t, and the upper one "
        "reads what it wrote.",
    ),
    (
        "upper_one_way",
        LAST,
        "A layer more does not look ahead: at step t no item after t has been read by any layer.",
    ),
    (
        "upper_one_way",
        FROM,
        "Depth does not turn the direction: both layers read from the start.",
    ),
    (
        "upper_one_way",
        ALL,
        "Depth alone brings no item after t: the lower layer has not read any when the upper one "
        "reads it.",
    ),
    (
        "upper_both_ways",
        FIRST,
        "The upper layer reads both halves of the lower one, and that at every step up to t.",
    ),
    (
        "upper_both_ways",
        LAST,
        "The upper layer reads both halves of the lower one, which together have seen far more.",
    ),
    (
        "upper_both_ways",
        UP_TO,
        "That held for one layer. Here the forward cell reads states whose backward halves have "
        "seen what comes after t.",
    ),
    (
        "upper_both_ways",
        FROM,
        "That is what the backward half of the lower layer has seen. Its forward half is read too.",
    ),
    (
        "tag_at_once",
        CAN,
        "The backward half at t needs the items after t, and its cell begins with the last one of "
        "all. Nothing can be told before the sentence has ended.",
    ),
    (
        "next_item_hidden",
        CAN,
        "The backward half at t has read item t + 1 already. Such a model copies the answer, and "
        "when it has to write, there is nothing to copy.",
    ),
    (
        "last_trains_V_hh",
        CAN,
        "At out[-1] the backward cell has taken one step, from a state of zeros. `V_hh` multiplies "
        "those zeros alone, so its gradient is zero.",
    ),
):
    check_context_seen.add_mistake(
        f"{_name}_{_wrong.replace(' ', '_')}", _message, {_name: constant(_wrong)}
    )
