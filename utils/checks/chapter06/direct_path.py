"""Code: how much of a cell state is left at the end, along the line of the cell alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter06.formulas import CHAPTER, constant
from utils.checks.engine import Check

Array = np.ndarray


def gate_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the forget gates of a sequence."""
    T, B, H = (sizes[name] for name in "TBH")
    return {"forget_gates": rng.uniform(0.3, 0.99, size=(T, B, H))}


def products(factors: Array, first: str, combine: str) -> Array:
    """Combine the factors of the steps t + 1 … T for t = 0 … T: (T + 1, B, H).

    Parameters
    ----------
    factors : array, shape (T, B, H)
    first : {"next", "own", "skip"}
        Whether the factors of state t begin with that of step t + 1, t, or t + 2.
    combine : {"product", "sum", "mean", "power of last", "power of first", "one"}
    """
    T, shift = len(factors), {"next": 0, "own": -1, "skip": 1}[str(first)]
    rows = []
    for t in range(T + 1):
        used = factors[max(t + shift, 0) :]
        count = T - t
        rows.append(
            {
                "product": lambda used=used: used.prod(axis=0),
                "sum": lambda used=used: used.sum(axis=0),
                "mean": lambda count=count: factors.mean(axis=0) ** count,
                "power of last": lambda count=count: factors[-1] ** count,
                "power of first": lambda count=count: factors[0] ** count,
                "one": lambda t=t: factors[t] if t < T else np.ones(factors.shape[1:]),
            }[str(combine)]()
        )
    return np.stack(rows)


check_direct_path = Check(
    "direct_path",
    chapter=CHAPTER,
    title="The direct path",
    outputs={"shares": "T+1 B H", "left": "T+1"},
    inputs=gate_inputs,
    sizes=(
        {"T": 5, "B": 2, "H": 4},
        {"T": 4, "B": 5, "H": 3},
        {"T": 6, "B": 1, "H": 2},
    ),
    steps={
        "factors": lambda forget_gates: forget_gates,
        "first": constant("next"),
        "combine": constant("product"),
        "whole": lambda factors, first, combine: products(factors, first, combine),
        "shares": lambda whole: whole,
        "seen": lambda shares: shares,
        "left": lambda seen: seen.mean(axis=(1, 2)),
    },
    hints=(
        "Nothing is lost between the last cell state and itself: entry T is 1 everywhere. Each "
        "step further back multiplies by one more forget gate.",
        "Go from the end to the start with one variable that begins as ones, and multiply it by "
        "`forget_gates[t]` in each round. Where in `shares` does the result belong?",
        "`shares[t] = shares[t + 1] * forget_gates[t]`: what leads from state t to state t + 1 is "
        "the gate of step t + 1, which is `forget_gates[t]`. `left` is a mean over `axis=(1, 2)`.",
    ),
)
for _key, _message, _replaces in (
    (
        "end_missing",
        "The last entry is missing, so there are T of them. There is one for each of t = 0 … T; "
        "at t = T no gate stands in the product, and it is 1.",
        {"shares": lambda whole: whole[:-1]},
    ),
    (
        "start_missing",
        "The entry of `c_0` is missing, so there are T of them. There is one for each of "
        "t = 0 … T.",
        {"shares": lambda whole: whole[1:]},
    ),
    (
        "own_gate_counted",
        "The product of state t has the gate of step t in it. That gate lies before `c_t`: begin "
        "with the gate of step t + 1.",
        {"first": constant("own")},
    ),
    (
        "one_gate_too_few",
        "The product leaves the gate of step t + 1 out. It is the first on the way from `c_t` to "
        "the end.",
        {"first": constant("skip")},
    ),
    (
        "from_the_start",
        "These are the products from the start up to each step: what is left of `c_0` at time t. "
        "Asked is what is left of `c_t` at the end.",
        {
            "whole": lambda factors: np.concatenate(
                [np.ones((1, *factors.shape[1:])), np.cumprod(factors, axis=0)]
            )
        },
    ),
    (
        "from_the_end",
        "They stand in the order of the way back, the end first. Entry t belongs to `c_t`, so the "
        "ones stand last.",
        {"shares": lambda whole: whole[::-1]},
    ),
    (
        "gates_in_turned_order",
        "The gates are used in reversed order of time: the last step's gate belongs to the "
        "shortest product.",
        {"factors": lambda forget_gates: forget_gates[::-1]},
    ),
    (
        "gate_before",
        "The loop multiplies by `forget_gates[t - 1]`, which at t = 0 is the last gate. From "
        "state t to state t + 1 leads `forget_gates[t]`.",
        {"factors": lambda forget_gates: np.roll(forget_gates, 1, axis=0)},
    ),
    (
        "last_gate_missing",
        "The last gate, `forget_gates[-1]`, stands in no product: the loop begins one step too "
        "early. It leads from state T − 1 to state T.",
        {"factors": lambda forget_gates: np.append(forget_gates[:-1], 0 * forget_gates[:1] + 1, 0)},
    ),
    (
        "c_0_left_out",
        "The entry of `c_0` is still 1: the loop stops before t = 0.",
        {
            "whole": lambda factors, first, combine: np.append(
                np.ones((1, *factors.shape[1:])), products(factors, first, combine)[1:], 0
            )
        },
    ),
    (
        "begun_with_zeros",
        "Everything is 0: a product that begins with zeros stays there. Begin with ones.",
        {"whole": lambda forget_gates: np.zeros((len(forget_gates) + 1, *forget_gates.shape[1:]))},
    ),
    (
        "one_gate_alone",
        "Each entry is a single gate. What is left after many steps is the product of all their "
        "gates.",
        {"combine": constant("one")},
    ),
    (
        "gates_added",
        "The gates are added up. Each step multiplies what is left by its gate.",
        {"combine": constant("sum")},
    ),
    (
        "power_of_the_mean",
        "This is a power of the mean gate. The gates differ from step to step: multiply them.",
        {"combine": constant("mean")},
    ),
    (
        "power_of_the_last",
        "This is a power of the last gate. The gates differ from step to step: multiply them.",
        {"combine": constant("power of last")},
    ),
    (
        "power_of_the_first",
        "This is a power of the first gate. The gates differ from step to step: multiply them.",
        {"combine": constant("power of first")},
    ),
    (
        "forgotten_for_kept",
        "The products are those of 1 − f, the share that is thrown away. The gate itself is the "
        "share that is kept.",
        {"factors": lambda forget_gates: 1 - forget_gates},
    ),
    (
        "slopes_multiplied",
        "The products are those of f(1 − f), the slope of the gate. On the cell line the gate is "
        "a plain factor.",
        {"factors": lambda forget_gates: forget_gates * (1 - forget_gates)},
    ),
    (
        "sigmoid_again",
        "The gates went through a sigmoid once more. They are shares already.",
        {"factors": lambda forget_gates: 1 / (1 + np.exp(-forget_gates))},
    ),
    (
        "logarithms",
        "These are logarithms of the products. Take `np.exp` of them.",
        {"shares": lambda whole: np.log(whole)},
    ),
    (
        "what_is_lost",
        "This is what is lost, one minus the product. Asked is what is left.",
        {"shares": lambda whole: 1 - whole},
    ),
    (
        "to_the_start_alone",
        "This is the product over all steps alone, the share of `c_0`. Keep one for each of "
        "t = 0 … T.",
        {"shares": lambda whole: whole[0], "left": lambda seen: seen.mean()},
    ),
    (
        "batch_first",
        "The result stands batch first. The arrays of this course are time first.",
        {"shares": lambda whole: whole.swapaxes(0, 1), "seen": lambda whole: whole},
    ),
    (
        "left_per_sample",
        "`left` has a row for every step with one number per sample: averaged over the units "
        "alone. Average over samples and units.",
        {"left": lambda seen: seen.mean(axis=2)},
    ),
    (
        "left_per_unit",
        "`left` has a row for every step with one number per unit: averaged over the samples "
        "alone. Average over samples and units.",
        {"left": lambda seen: seen.mean(axis=1)},
    ),
    (
        "left_over_time",
        "`left` is averaged over time as well. Asked is one number for each of t = 0 … T.",
        {"left": lambda seen: seen.mean()},
    ),
    (
        "left_summed",
        "`left` is a sum over samples and units. Asked is the mean.",
        {"left": lambda seen: seen.sum(axis=(1, 2))},
    ),
    (
        "left_is_a_norm",
        "`left` is the length of each entry. Asked is the mean over samples and units.",
        {"left": lambda seen: np.sqrt((seen**2).sum(axis=(1, 2)))},
    ),
    (
        "left_from_mean_gates",
        "`left` multiplies the mean gates of the steps. The mean of products is not the product "
        "of means: multiply first, then average.",
        {
            "left": lambda factors, first, combine: products(
                factors.mean(axis=(1, 2), keepdims=True), first, combine
            ).ravel()
        },
    ),
    (
        "left_is_the_largest",
        "`left` is the largest share at each step. Asked is the mean over samples and units.",
        {"left": lambda seen: seen.max(axis=(1, 2))},
    ),
    (
        "left_is_root_mean_square",
        "`left` is a root mean square, as in the chapter. Asked is the plain mean of the shares.",
        {"left": lambda seen: np.sqrt((seen**2).mean(axis=(1, 2)))},
    ),
    (
        "left_is_geometric",
        "`left` is a geometric mean, as when logarithms are averaged. Asked is the plain mean of "
        "the shares.",
        {"left": lambda seen: np.exp(np.log(seen).mean(axis=(1, 2)))},
    ),
):
    check_direct_path.add_mistake(_key, _message, _replaces)
