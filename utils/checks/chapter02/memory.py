"""Experiment: how far apart two runs are, and how fast the first input is forgotten."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from utils.checks.chapter02.steps import CHAPTER, unroll
from utils.checks.engine import Check

Array = np.ndarray

# --- Exercise 9a: how far apart are two runs? --------------------------------------------------


def state_distance_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw two batches of sequences that differ in their first step only, and weights."""
    T, B, D, H = (sizes[name] for name in "TBDH")
    xs = rng.normal(size=(T, B, D))
    xs_other = xs.copy()
    xs_other[0] = rng.normal(size=(B, D))
    return {
        "xs": xs,
        "xs_other": xs_other,
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": 0.5 * rng.normal(size=H),
    }


def run_from_zero(
    xs: Array,
    W_xh: Array,
    recurrent: Array,
    bias: Array,
    squash: str = "tanh",
    carry: str = "state",
) -> Array:
    """Run a plain RNN from a start state of zeros."""
    start = np.zeros((xs.shape[1], recurrent.shape[0]))
    return unroll(xs, start, W_xh, recurrent, bias, squash, carry)


check_state_distance = Check(
    "state_distance",
    chapter=CHAPTER,
    title="How far apart are two runs?",
    outputs={"distance": "T B"},
    inputs=state_distance_inputs,
    sizes=(
        {"T": 4, "B": 2, "D": 3, "H": 5},
        {"T": 3, "B": 5, "D": 2, "H": 4},
        {"T": 6, "B": 1, "D": 3, "H": 2},
    ),
    steps={
        "recurrent": lambda W_hh: W_hh,
        "bias": lambda b_h: b_h,
        "squash": lambda: "tanh",
        "carry": lambda: "state",
        "hs": lambda xs, W_xh, recurrent, bias, squash, carry: run_from_zero(
            xs, W_xh, recurrent, bias, str(squash), str(carry)
        ),
        "hs_other": lambda xs_other, W_xh, recurrent, bias, squash, carry: run_from_zero(
            xs_other, W_xh, recurrent, bias, str(squash), str(carry)
        ),
        "gap": lambda hs, hs_other: hs - hs_other,
        "distance": lambda gap: np.linalg.norm(gap, axis=-1),
    },
    hints=(
        "Run the network twice, once over `xs` and once over `xs_other`, both times from zeros. "
        "You have written that loop; `rnn_unroll` does the same.",
        "You now have two arrays of shape (T, B, H). For each step and sample, the distance is the "
        "length of one difference vector with H entries.",
        "`np.linalg.norm` takes an `axis`: the one along which the entries of a vector lie. By "
        "hand: square the differences, add them up over the H units, take the root.",
    ),
)
check_state_distance.add_mistake(
    "inputs_compared",
    "You compared the inputs. Compare the hidden states that the two inputs lead to.",
    {"gap": lambda xs, xs_other: xs - xs_other},
)
check_state_distance.add_mistake(
    "absolute_differences",
    "You added up absolute differences. The Euclidean distance squares them, adds them up and "
    "takes the root.",
    {"distance": lambda gap: np.abs(gap).sum(axis=-1)},
)
check_state_distance.add_mistake(
    "no_root",
    "The root is missing: these are squared distances.",
    {"distance": lambda gap: (gap**2).sum(axis=-1)},
)
check_state_distance.add_mistake(
    "mean_of_squares",
    "The squares were averaged over the units before the root. Add them up.",
    {"distance": lambda gap: np.sqrt((gap**2).mean(axis=-1))},
)
check_state_distance.add_mistake(
    "signed_sum",
    "The differences were added up with their signs, so that they cancel one another. Square "
    "them first.",
    {"distance": lambda gap: gap.sum(axis=-1)},
)
check_state_distance.add_mistake(
    "square_of_the_sum",
    "The differences were added up first, so that they cancel one another, and squared then. "
    "Square first, then add up, then take the root.",
    {"distance": lambda gap: gap.sum(axis=-1) ** 2},
)
check_state_distance.add_mistake(
    "root_of_the_squared_sum",
    "The differences were added up before they were squared, so that they cancel one another. "
    "Square first, then add up.",
    {"distance": lambda gap: np.abs(gap.sum(axis=-1))},
)
check_state_distance.add_mistake(
    "difference_of_lengths",
    "This is the difference of two lengths. Two states of equal length can be far apart: subtract "
    "the states first, then take the length.",
    {
        "distance": lambda hs, hs_other: np.abs(
            np.linalg.norm(hs, axis=-1) - np.linalg.norm(hs_other, axis=-1)
        )
    },
)
check_state_distance.add_mistake(
    "signed_difference_of_lengths",
    "You took the length of each state and subtracted the lengths, which can even be negative. "
    "Subtract the states first, then take the length.",
    {
        "distance": lambda hs, hs_other: (
            np.linalg.norm(hs, axis=-1) - np.linalg.norm(hs_other, axis=-1)
        )
    },
)
check_state_distance.add_mistake(
    "over_the_batch",
    "The distance was taken along the batch axis, which mixes the samples. The entries of one "
    "state lie along the last axis.",
    {"distance": lambda gap: np.linalg.norm(gap, axis=1)},
)
check_state_distance.add_mistake(
    "over_time",
    "The distance was taken along the time axis, which leaves no curve over the steps. The "
    "entries of one state lie along the last axis.",
    {"distance": lambda gap: np.linalg.norm(gap, axis=0)},
)
check_state_distance.add_mistake(
    "samples_together",
    "All samples of the batch went into one distance. Each sample has a curve of its own.",
    {"distance": lambda gap: np.sqrt((gap**2).sum(axis=(1, 2)))},
)
check_state_distance.add_mistake(
    "last_step_only",
    "This is the distance after the last step. Asked for is the curve: one distance for each step.",
    {"distance": lambda gap: np.linalg.norm(gap[-1], axis=-1)},
)
check_state_distance.add_mistake(
    "bias_forgotten",
    "The bias `b_h` is missing from the two runs.",
    {"bias": lambda b_h: 0 * b_h},
)
check_state_distance.add_mistake(
    "no_tanh",
    "The tanh is missing in the two runs: a state is the sum after tanh.",
    {"squash": lambda: "none"},
)
check_state_distance.add_mistake(
    "recurrent_transposed",
    "`W_hh` went in transposed. With row vectors the state stands on its left, as it is.",
    {"recurrent": lambda W_hh: W_hh.T},
)
check_state_distance.add_mistake(
    "state_not_carried",
    "In the two runs the previous state is zero at every step: nothing is remembered. Carry the "
    "new state on to the next step.",
    {"carry": lambda: "nothing"},
)
check_state_distance.add_mistake(
    "sum_carried",
    "In the two runs the sum before tanh is carried on. What goes into the next step is the "
    "state, after tanh.",
    {"carry": lambda: "sum"},
)


# --- Exercise 9b: how fast is the first input forgotten? ---------------------------------------

SCALES = (0.25, 0.5, 0.75, 1.0)


@functools.cache
def fading_curve(scale: float, input_scale: float = 1.0) -> Array:
    """Measure the distance (T,) of the two runs that the exercise sets up, W_hh times `scale`."""
    rng = np.random.default_rng(2)
    T, D, H = 60, 4, 32
    xs = rng.standard_normal((T, 1, D))
    xs_other = xs.copy()
    xs_other[0] = rng.standard_normal((1, D))
    W_xh = 0.5 * rng.standard_normal((D, H)) / np.sqrt(D)
    W_hh = rng.standard_normal((H, H)) / np.sqrt(H)
    pair = np.concatenate([xs, xs_other], axis=1)  # (T, 2, D): both runs in one batch
    hs = run_from_zero(pair, input_scale * W_xh, scale * W_hh, np.zeros(H))
    return np.linalg.norm(hs[:, 0] - hs[:, 1], axis=-1)


def first_below(curves: Array, limit: Array | float) -> Array:
    """Return for each curve the first index at which it lies below its limit."""
    return (curves < limit).argmax(axis=1)


class FadingCheck(Check):
    """The check of the four steps; of a list of another length it says what is counted."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say for which scales there is a number."""
        if name != "faded_at" or not isinstance(value, np.ndarray) or value.shape == right.shape:
            return ""
        return (
            "`faded_at`: four numbers are expected, for 0.25, 0.5, 0.75 and 1, in one list; scale "
            "3 does not fade."
        )


check_fading = FadingCheck(
    "fading",
    chapter=CHAPTER,
    title="How fast is the first input forgotten?",
    outputs={
        "faded_at": "S",
        "at_scale_3": ("dies out", "keeps its order of magnitude", "grows without end"),
    },
    steps={
        "curves": lambda: np.stack([fading_curve(scale) for scale in SCALES]),
        "share": lambda: 0.01,
        "limit": lambda curves, share: share * curves[:, :1],
        "faded_at": lambda curves, limit: first_below(curves, limit),
        "at_scale_3": lambda: "keeps its order of magnitude",
    },
    hints=(
        "Divide each curve by its first entry: then all of them start at 1 and you look for the "
        "first entry below 0.01.",
        "`curve < limit` is an array of False and True. `np.argmax` of it is the index of the "
        "first True.",
        "For the last question print the curve of scale 3 at steps 0, 10, 20 and so on. Remember "
        "between which two numbers every entry of a state lies.",
    ),
)
check_fading.add_mistake(
    "counted_from_one",
    "Each is one too large. Asked for is the index of the step; the first step has index 0.",
    {"faded_at": lambda curves, limit: first_below(curves, limit) + 1},
)
check_fading.add_mistake(
    "last_step_above",
    "Each is one too small: these are the last steps at which the distance is still above 1 %.",
    {"faded_at": lambda curves, limit: first_below(curves, limit) - 1},
)
check_fading.add_mistake(
    "ten_per_cent",
    "These are the steps at which 10 % are left. Asked for is 1 %, a hundredth.",
    {"share": lambda: 0.1},
)
check_fading.add_mistake(
    "absolute_limit",
    "You compared the distance with 0.01 itself. Asked for is a hundredth of the distance at "
    "step 0, which differs from curve to curve.",
    {"limit": lambda: 0.01},
)
check_fading.add_mistake(
    "input_weights_scaled",
    "`W_xh` was scaled too. Scale `W_hh` alone, so that one thing changes at a time.",
    {"curves": lambda: np.stack([fading_curve(scale, scale) for scale in SCALES])},
)
check_fading.add_mistake(
    "scale_3_dies_out",
    "At scale 3 the last distances are no smaller than the first. Look at the end of the curve "
    "again.",
    {"at_scale_3": lambda: "dies out"},
)
check_fading.add_mistake(
    "scale_3_without_end",
    "The distance grows for a few steps only. Every entry of a state lies between −1 and 1, so two "
    "states can never be further apart than `2 √H`.",
    {"at_scale_3": lambda: "grows without end"},
)
