"""Patients whose gates give them away: Ada, Ben and Eve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from utils.checks.chapter12.ward import Array, Evidence, beyond, flow, lives, opened, ward_check
from utils.diagnoses import LARGE_UPDATES, SCALE, SHUT

GATES = ("input_gate", "forget_gate", "output_gate")


def forget(name: str, network: str = "fresh") -> Array:
    """Return a patient's forget gate, (T, B, H)."""
    return opened(name, network)["forget_gate"]


def slope(values: Array) -> Array:
    """Return the mean of σ', which is f(1 − f)."""
    return np.mean(values * (1 - values))


def _together(name: str, network: str = "fresh") -> Array:
    return np.stack([opened(name, network)[gate] for gate in GATES])


def _stuck(values: Array) -> Array:
    low, high = (values < 0.1).mean(axis=(0, 1)), (values > 0.9).mean(axis=(0, 1))
    return np.maximum(low, high) >= 0.95


check_ada = ward_check(
    "Ada",
    "Ada's chart",
    SCALE,
    "standardise the inputs",
    evidence=(
        Evidence(
            "ends",
            lambda: beyond(forget("Ada")),
            "share",
            "the share of the values of `forget_gate` in `ada.fresh` that are below 0.1 or above "
            "0.9",
            (
                (
                    "ends_trained",
                    "These are the gates of `ada.model`. Asked for is the network before its "
                    "training, `ada.fresh`.",
                    lambda: beyond(forget("Ada", "model")),
                ),
                (
                    "ends_low",
                    "This is the share below 0.1 alone. A gate above 0.9 stands at an end too.",
                    lambda: np.mean(forget("Ada") < 0.1),
                ),
                (
                    "ends_high",
                    "This is the share above 0.9 alone. A gate below 0.1 stands at an end too.",
                    lambda: np.mean(forget("Ada") > 0.9),
                ),
                (
                    "ends_middle",
                    "This is the share of values between 0.1 and 0.9. Asked for is the rest.",
                    lambda: 1 - beyond(forget("Ada")),
                ),
                (
                    "ends_counted",
                    "This is a number of values. A share is that number divided by all values.",
                    lambda: beyond(forget("Ada")) * forget("Ada").size,
                ),
                (
                    "ends_input_gate",
                    "This is the input gate. Asked for is the forget gate.",
                    lambda: beyond(opened("Ada")["input_gate"]),
                ),
                (
                    "ends_all_gates",
                    "These are all three gates together. Asked for is the forget gate.",
                    lambda: beyond(_together("Ada")),
                ),
                (
                    "ends_stuck_units",
                    "This is the share of units that stand at one end at 95 % of the steps. Asked "
                    "for is the share of all values that are at an end.",
                    lambda: np.mean(_stuck(forget("Ada"))),
                ),
            ),
        ),
        Evidence(
            "slope",
            lambda: slope(forget("Ada")),
            "number",
            "the mean of f(1 − f) over all values of `forget_gate` in `ada.fresh`",
            (
                (
                    "slope_trained",
                    "This is the slope in `ada.model`. Asked for is the network before its "
                    "training, `ada.fresh`.",
                    lambda: slope(forget("Ada", "model")),
                ),
                (
                    "slope_median",
                    "This is the median. Asked for is the mean over all values.",
                    lambda: np.median(forget("Ada") * (1 - forget("Ada"))),
                ),
                (
                    "slope_input_gate",
                    "This is the slope of the input gate. Asked for is the forget gate.",
                    lambda: slope(opened("Ada")["input_gate"]),
                ),
                (
                    "slope_all_gates",
                    "This takes the slopes of all three gates. Asked for is the forget gate's.",
                    lambda: slope(_together("Ada")),
                ),
                (
                    "slope_of_tanh",
                    "This is 1 − f², the slope of a tanh. A gate is a sigmoid with slope f(1 − f).",
                    lambda: np.mean(1 - forget("Ada") ** 2),
                ),
                (
                    "slope_of_mean",
                    "Here the mean of the gate came first. Compute f(1 − f) of every value, and "
                    "take the mean of those.",
                    lambda: slope(forget("Ada").mean(keepdims=True)),
                ),
                (
                    "slope_is_gate",
                    "This is the mean of the gate itself. The slope of a sigmoid is f(1 − f).",
                    lambda: forget("Ada").mean(),
                ),
            ),
        ),
    ),
    hints=(
        "Something is wrong before the first update, so it is no matter of learning rate or "
        "clipping. What do the gates of `ada.fresh` get to read?",
        'The forget gate is `trace["forget_gate"]` of `lens.trace(ada.fresh, ada.inputs, '
        "ada.loss)`. Some units stand at 0 and others at 1, whatever the step. Now print a few "
        "rows of `ada.inputs`.",
        "`ends` is `((f < 0.1) | (f > 0.9)).mean()` and `slope` is `(f * (1 - f)).mean()`. The "
        "gates add the inputs up, and these are near 300: bring them to a size near 1.",
    ),
)

check_ben = ward_check(
    "Ben",
    "Ben's chart",
    SHUT,
    "start with the forget gate open",
    evidence=(
        Evidence(
            "half_life",
            lambda: lives("Ben").max(),
            "number",
            "the longest half-life of a unit in `ben.fresh`, in steps",
            (
                (
                    "life_trained",
                    "This is the longest half-life in `ben.model`. Asked for is `ben.fresh`, the "
                    "network before its training.",
                    lambda: lives("Ben", "model").max(),
                ),
                (
                    "life_mean",
                    "This is the mean over the units. Asked for is the longest half-life.",
                    lambda: lives("Ben").mean(),
                ),
                (
                    "life_median",
                    "This is the median of the units. Asked for is the longest half-life.",
                    lambda: np.median(lives("Ben")),
                ),
                (
                    "life_shortest",
                    "This is the shortest half-life. Asked for is the longest.",
                    lambda: lives("Ben").min(),
                ),
                (
                    "life_factor",
                    "This is what is left after one step, the column `factor`. Asked for is the "
                    "column `half_life`.",
                    lambda: opened("Ben").half_life().factor.max(),
                ),
            ),
        ),
        Evidence(
            "decades",
            lambda: _lost("d_cell", np.log10),
            "number",
            "by how many powers of ten the norm of `d_cell`, the mean over the samples, is "
            "smaller at the first step than at the last, in `ben.fresh`",
            (
                (
                    "decades_natural",
                    "This is the natural logarithm. Powers of ten are counted by `np.log10`.",
                    lambda: _lost("d_cell", np.log),
                ),
                (
                    "decades_trained",
                    "This is the gradient in `ben.model`. Asked for is `ben.fresh`, the network "
                    "before its training.",
                    lambda: _lost("d_cell", np.log10, "model"),
                ),
                (
                    "decades_gained",
                    "The sign is turned: this is how many powers of ten are gained. Asked for is "
                    "how many are lost.",
                    lambda: -_lost("d_cell", np.log10),
                ),
                (
                    "decades_of_hidden",
                    "This is the gradient of the hidden state. Asked for is `d_cell`, the one of "
                    "the cell state.",
                    lambda: _lost("d_hidden", np.log10),
                ),
                (
                    "decades_each",
                    "Here the logarithm of every sequence came first, and then their mean. Take "
                    "the mean of the norms first.",
                    lambda: _of_each(np.mean),
                ),
                (
                    "decades_median_of_each",
                    "This is the median of the sequences. Take the mean of the norms at each "
                    "step, and compare the two means.",
                    lambda: _of_each(np.median),
                ),
                (
                    "decades_median",
                    "Here the median of the norms is taken over the sequences. Take their mean.",
                    lambda: _lost_median(),
                ),
                (
                    "decades_ratio",
                    "This is by what factor the norm is smaller. Powers of ten are its `np.log10`.",
                    lambda: _lost("d_cell", np.positive),
                ),
                (
                    "decades_base_two",
                    "These are powers of two. Powers of ten are counted by `np.log10`.",
                    lambda: _lost("d_cell", np.log2),
                ),
                (
                    "decades_per_step",
                    "This is the loss per step. Asked for is the loss from the last step to the "
                    "first.",
                    lambda: _lost("d_cell", np.log10) / 15,
                ),
            ),
        ),
    ),
    hints=(
        "The answer depends on the first of sixteen steps. What is left of it at the last one, "
        "before any training?",
        "`trace.half_life()` of `ben.fresh` is a table with one row for each unit. The gradient of "
        'the cell state at every step is `trace.norms("d_cell")`, (T, B).',
        'With `norms = trace.norms("d_cell").mean(axis=1)` the second number is '
        "`np.log10(norms[-1] / norms[0])`. A half-life below one step: look at the forget gate, "
        "and at the bias that puts it there.",
    ),
)


def _lost(quantity: str, log: np.ufunc, network: str = "fresh") -> Array:
    norms = flow("Ben", quantity, network)
    return log(norms[-1] / norms[0])


def _of_each(middle: Callable[[Array], Array]) -> Array:
    norms = opened("Ben").norms("d_cell")  # (T, B)
    return middle(np.log10(norms[-1] / norms[0]))


def _lost_median() -> Array:
    norms = np.median(opened("Ben").norms("d_cell"), axis=1)
    return np.log10(norms[-1] / norms[0])


def _ends(network: str, gates: tuple[str, ...] = GATES, low: float = 0.1, high: float = 0.9):
    found = opened("Eve", network)
    return beyond(np.stack([found[gate] for gate in gates]), low, high)


def _low(network: str) -> Array:
    return _ends(network, high=np.inf)


def _alone(gate: str) -> Callable[[], Array]:
    return lambda: _ends("model", (gate,))


check_eve = ward_check(
    "Eve",
    "Eve's chart",
    LARGE_UPDATES,
    "divide the learning rate by 100",
    evidence=(
        Evidence(
            "before",
            lambda: _ends("fresh"),
            "share",
            "the share of all values of the three gates in `eve.fresh` that are below 0.1 or above "
            "0.9",
            (
                (
                    "before_trained",
                    "This is the share after training. `before` belongs to `eve.fresh`.",
                    lambda: _ends("model"),
                ),
                (
                    "before_forget_alone",
                    "This is three times the share: the forget gate alone, or the shares of the "
                    "gates added up. Take all values of the three gates together.",
                    lambda: _ends("fresh", GATES[1:2]),
                ),
                (
                    "before_low",
                    "`before` is not 0. No value lies below 0.1, some lie above 0.9, and both "
                    "sides are counted, in all three gates together.",
                    lambda: _low("fresh"),
                ),
            ),
        ),
        Evidence(
            "after",
            lambda: _ends("model"),
            "share",
            "the share of all values of the three gates in `eve.model` that are below 0.1 or above "
            "0.9",
            (
                (
                    "after_untrained",
                    "This is the share before training. `after` belongs to `eve.model`.",
                    lambda: _ends("fresh"),
                ),
                (
                    "after_low",
                    "`after` counts the values below 0.1 alone here. A gate above 0.9 stands at an "
                    "end too.",
                    lambda: _low("model"),
                ),
                (
                    "after_high",
                    "`after` counts the values above 0.9 alone here. A gate below 0.1 stands at an "
                    "end too.",
                    lambda: _ends("model", low=-np.inf),
                ),
                *(
                    (
                        f"after_{gate}_alone",
                        f"For `after` this is the {gate.replace('_', ' ')} alone. Take all values "
                        "of the three gates together.",
                        _alone(gate),
                    )
                    for gate in GATES
                ),
                (
                    "after_added_up",
                    "For `after` the shares of the three gates are added up here. Take the share "
                    "of all their values, which is the mean of the three.",
                    lambda: 3 * _ends("model"),
                ),
            ),
            slack=0.003,
        ),
    ),
    hints=(
        "It went wrong on the way. Open the network twice, before and after training, and compare.",
        "Take all values of `input_gate`, `forget_gate` and `output_gate` together, once from "
        "`eve.fresh` and once from `eve.model`. What can move gates that far in 150 updates?",
        '`gates = np.stack([trace[name] for name in ("input_gate", "forget_gate", '
        '"output_gate")])`, then `((gates < 0.1) | (gates > 0.9)).mean()`. Clipping is on; how '
        "far an update goes is up to the learning rate.",
    ),
)
