"""Code: the loop back over the time steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter03.formulas import CHAPTER, handed_to_start, sweep, unroll
from utils.checks.engine import Check


def loop_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the states of a sequence and what each of them gets from its own output."""
    T, B, H = (sizes[name] for name in "TBH")
    W_hh = rng.normal(size=(H, H)) / np.sqrt(H)
    z = rng.normal(size=(T, B, H))
    return {
        "d_hs_out": rng.normal(size=(T, B, H)),
        "hs": unroll(z, rng.uniform(-0.9, 0.9, size=(B, H)), np.eye(H), W_hh, np.zeros(H)),
        "W_hh": W_hh,
    }


def last_only(d_hs_out):
    """Keep what the last step gets from its output, and drop that of all others."""
    kept = np.zeros(d_hs_out.shape)
    kept[-1] = d_hs_out[-1]
    return kept


def run_loop(coming_in, slopes, back, passing, order, turned):
    """Sweep back, and give the totals in the order in which they were kept."""
    d_hs = sweep(coming_in, slopes, back, passing, order)
    return d_hs[::-1] if turned else d_hs


def run_loop_but_first(coming_in, slopes, back, passing, turned):
    """Sweep back and stop one step early: the place of the first step stays zero."""
    d_hs = sweep(coming_in, slopes, back, passing)
    d_hs[0] = 0.0
    return d_hs[::-1] if turned else d_hs


def run_loop_but_last(coming_in, slopes, back, passing, turned):
    """Start the sweep one step early: the place of the last step stays zero."""
    d_hs = np.zeros(coming_in.shape)
    d_hs[:-1] = sweep(coming_in[:-1], slopes[:-1], back, passing)
    return d_hs[::-1] if turned else d_hs


def run_sums(coming_in, slopes, back, passing, order):
    """Return the gradients of the sums from a whole sweep, whatever was kept as totals."""
    return sweep(coming_in, slopes, back, passing, order) * slopes


def run_arriving(coming_in, slopes, back, passing, order):
    """Return what came to each step from the one after it."""
    return sweep(coming_in, slopes, back, passing, order) - coming_in


def leave_sums(coming_in, slopes, back, passing, d_zs):
    """Return what the first step hands on, from a whole sweep."""
    d_hs = sweep(coming_in, slopes, back, passing)
    return handed_to_start(d_hs, d_zs, coming_in, slopes, back, passing, 0)


def leave_loop(d_hs, d_zs, coming_in, inner_slopes, back, passing, order, turned):
    """Return what the step that was visited last hands on."""
    own = coming_in[::-1] if turned else coming_in
    place = -1 if (order == "forward") != bool(turned) else 0
    return handed_to_start(d_hs, d_zs, own, inner_slopes, back, passing, place)


def leave_loop_early(d_hs, d_zs, coming_in, inner_slopes, back, passing, turned):
    """Return what the second step hands on, for a loop that stops there."""
    own = coming_in[::-1] if turned else coming_in
    place = -2 if turned else 1
    return handed_to_start(d_hs, d_zs, own, inner_slopes, back, passing, place)


check_back_through_time = Check(
    "back_through_time",
    chapter=CHAPTER,
    title="The loop back over time",
    outputs={"d_hs": "T B H", "d_zs": "T B H", "d_h_0": "B H"},
    inputs=loop_inputs,
    sizes=({"T": 5, "B": 2, "H": 4}, {"T": 4, "B": 5, "H": 3}, {"T": 6, "B": 1, "H": 2}),
    steps={
        "slopes": lambda hs: 1 - hs**2,
        "back": lambda W_hh: W_hh.T,
        "coming_in": lambda d_hs_out: d_hs_out,
        "passing": lambda: "through",
        "order": lambda: "backward",
        "turned": lambda: False,
        "d_hs": run_loop,
        "inner_slopes": lambda slopes, turned: slopes[::-1] if turned else slopes,
        "d_zs": lambda d_hs, inner_slopes: d_hs * inner_slopes,
        "d_h_0": leave_loop,
    },
    hints=(
        "Two things come to a state: `d_hs_out[t]` from its own output, and what the next step "
        "hands back. Keep the second in a variable that starts as zeros, after the last step.",
        "Go through the steps from the last to the first, `for t in reversed(range(T))`. In each: "
        "add the two, multiply by the slope, then make what is handed on with `W_hh.T`.",
        "`d_hs[t] = d_hs_out[t] + d_h_next`, `d_zs[t] = d_hs[t] * (1 - hs[t]**2)`, then "
        "`d_h_next = d_zs[t] @ W_hh.T`, which replaces the old one. What is left after the loop "
        "belongs to `h_0`.",
    ),
)
for _key, _message, _replaces in (
    (
        "slope_missing",
        "The factor 1 − h² is left out at every step: the gradient goes back through tanh.",
        {"slopes": lambda hs: np.ones(hs.shape)},
    ),
    (
        "slope_at_z",
        "The slope is taken as 1 − z², with the sums before tanh. It is 1 − h², with the states.",
        {"slopes": lambda hs: 1 - np.arctanh(hs) ** 2},
    ),
    (
        "slope_of_tanh_again",
        "tanh was taken once more: 1 − tanh(h)². The states are tanh's values already: 1 − h².",
        {"slopes": lambda hs: 1 - np.tanh(hs) ** 2},
    ),
    (
        "slope_of_previous",
        "Each step takes the slope at `hs[t - 1]`, the first one that of the last state. The "
        "gradient of step t goes through the tanh that made `hs[t]`.",
        {"slopes": lambda hs: 1 - np.roll(hs, 1, axis=0) ** 2},
    ),
    (
        "slope_not_squared",
        "The slope is taken as 1 − h. The state is squared in it, 1 − h².",
        {"slopes": lambda hs: 1 - hs},
    ),
    (
        "slope_of_sigmoid",
        "h(1 − h) is the slope of a sigmoid. The states of this network go through tanh: 1 − h².",
        {"slopes": lambda hs: hs * (1 - hs)},
    ),
    (
        "slope_of_last",
        "Every step takes the slope at the last state. Each step has a state and a slope of its "
        "own.",
        {"slopes": lambda hs: np.repeat(1 - hs[-1:] ** 2, len(hs), axis=0)},
    ),
    (
        "slopes_in_turned_order",
        "The slopes are used in reversed order of time: with step t goes the slope at `hs[t]`.",
        {"slopes": lambda hs: 1 - hs[::-1] ** 2},
    ),
    (
        "not_transposed",
        "`W_hh` is not transposed on the way back. The last step does not show it: nothing is "
        "handed on to it.",
        {"back": lambda W_hh: W_hh},
    ),
    (
        "only_last_output",
        "What comes from the outputs is counted at the last step alone, perhaps because it is "
        "overwritten. Add `d_hs_out[t]` at every step.",
        {"coming_in": last_only},
    ),
    (
        "last_output_always",
        "Every step gets `d_hs_out[-1]`. With step t goes `d_hs_out[t]`.",
        {"coming_in": lambda d_hs_out: np.repeat(d_hs_out[-1:], len(d_hs_out), axis=0)},
    ),
    (
        "outputs_in_turned_order",
        "What comes from the outputs is used in reversed order of time: with step t goes "
        "`d_hs_out[t]`.",
        {"coming_in": lambda d_hs_out: d_hs_out[::-1]},
    ),
    (
        "nothing_handed_on",
        "What comes back from step t + 1 is not added: every step stands alone, truncated to one "
        "step. Add the two paths.",
        {"passing": lambda: "nothing"},
    ),
    (
        "handed_on_without_weights",
        "`W_hh` is missing between two steps: what is handed on is `d_z_t` itself.",
        {"passing": lambda: "unweighted"},
    ),
    (
        "handed_on_without_slope",
        "What is handed on comes from `d_h_t`, before the slope. Between two states lies tanh: "
        "hand on `d_z_t @ W_hh.T`.",
        {"passing": lambda: "unsloped"},
    ),
    (
        "slope_after_weights",
        "The slope is multiplied in after `W_hh` where the gradient is handed on. First through "
        "tanh, entry by entry, then through `W_hh`.",
        {"passing": lambda: "slope_last"},
    ),
    (
        "own_output_handed_on",
        "What is handed on comes from `d_hs_out[t]` alone, so nothing goes back further than one "
        "step. Hand on the total: `d_zs[t] @ W_hh.T`.",
        {"passing": lambda: "immediate"},
    ),
    (
        "total_kept",
        "`d_h_t` itself is handed on as well, as `+=` on the variable does. It has passed step t; "
        "only `d_z_t @ W_hh.T` goes on.",
        {"passing": lambda: "kept"},
    ),
    (
        "carry_not_reset",
        "What is handed on piles up from step to step. It takes the place of the old one: `=`, "
        "not `+=`.",
        {"passing": lambda: "added_up"},
    ),
    (
        "forward_order",
        "The loop runs from the first step to the last. A gradient comes from later steps, so "
        "start at the last.",
        {"order": lambda: "forward"},
    ),
    (
        "kept_as_visited",
        "The steps stand in the order in which the loop visited them, the last one first. Turn the "
        "lists round at the end, or write into place `t`.",
        {"turned": lambda: True},
    ),
    (
        "first_step_skipped",
        "The loop stops before index 0, so the first step has no gradient. `range(T - 1, 0, -1)` "
        "ends at 1; write `reversed(range(T))`.",
        {"d_hs": run_loop_but_first, "d_h_0": leave_loop_early},
    ),
    (
        "last_step_skipped",
        "The loop leaves the last step out: its gradient is zero, and nothing of it comes back. "
        "The last index is T − 1.",
        {"d_hs": run_loop_but_last},
    ),
    (
        "batch_first",
        "The result stands batch first, (B, T, H). The arrays of this course are time first.",
        {
            "d_hs": lambda coming_in, slopes, back, passing, order, turned: np.swapaxes(
                run_loop(coming_in, slopes, back, passing, order, turned), 0, 1
            ),
            "d_zs": lambda d_hs, inner_slopes: d_hs * np.swapaxes(inner_slopes, 0, 1),
            "d_h_0": lambda d_zs, back: d_zs[:, 0] @ back,
        },
    ),
    (
        "along_the_batch",
        "The loop runs over the batch axis: one sample's gradient went into another sample. Time "
        "is the first axis, and samples never meet.",
        {
            "d_hs": lambda coming_in, slopes, back, passing, order, turned: np.swapaxes(
                run_loop(
                    np.swapaxes(coming_in, 0, 1),
                    np.swapaxes(slopes, 0, 1),
                    back,
                    passing,
                    order,
                    turned,
                ),
                0,
                1,
            ),
            "d_h_0": lambda d_zs, back: d_zs[:, 0] @ back,
        },
    ),
    (
        "d_hs_are_outputs",
        "This is `d_hs_out`: what comes from each step's own output. Asked is the total, with what "
        "the next step hands back.",
        {"d_hs": lambda coming_in: coming_in, "d_zs": run_sums, "d_h_0": leave_sums},
    ),
    (
        "d_hs_are_handed",
        "This is what the next step hands back. The total has what comes from the step's own "
        "output in it as well.",
        {"d_hs": run_arriving, "d_zs": run_sums, "d_h_0": leave_sums},
    ),
    (
        "one_array_many_times",
        "Every step holds the numbers of the first. Perhaps one array stands in the list many "
        "times, and the last round has overwritten it; make a new one in each round.",
        {
            "d_hs": lambda coming_in, slopes, back, passing, order, turned: np.repeat(
                run_loop(coming_in, slopes, back, passing, order, turned)[:1],
                len(coming_in),
                axis=0,
            ),
            "d_zs": lambda coming_in, slopes, back, passing, order: np.repeat(
                run_sums(coming_in, slopes, back, passing, order)[:1], len(coming_in), axis=0
            ),
        },
    ),
    (
        "start_not_transposed",
        "`W_hh` is not transposed where the first step hands on to `h_0`. In the loop it is.",
        {"d_h_0": lambda d_zs, W_hh: d_zs[0] @ W_hh},
    ),
    (
        "start_is_first_total",
        "This is the gradient of `h_1`, `d_hs[0]`. To `h_0` it goes through one step more: the "
        "slope, then `W_hh`.",
        {"d_h_0": lambda d_hs: d_hs[0]},
    ),
    (
        "start_without_weights",
        "`d_h_0` has not gone through `W_hh`: this is the gradient of the first sum.",
        {"d_h_0": lambda d_zs: d_zs[0]},
    ),
    (
        "start_is_zero",
        "`d_h_0` is zero. The start state has a gradient like every other state: what the first "
        "step hands on.",
        {"d_h_0": lambda d_zs: 0 * d_zs[0]},
    ),
    (
        "start_one_late",
        "This is what step 1 hands on to step 0, by index. What is left after the last round of "
        "the loop belongs to `h_0`.",
        {"d_h_0": lambda d_zs, back: d_zs[1] @ back},
    ),
    (
        "start_of_batch_summed",
        "`d_h_0` is summed over the batch. Every sample has its own start state, so it has a row "
        "for each.",
        {"d_h_0": lambda d_zs, back: (d_zs[0] @ back).sum(axis=0)},
    ),
    (
        "start_from_last",
        "This is what the last step hands on, `d_zs[-1]` through `W_hh`. To `h_0` hands the first "
        "one.",
        {"d_h_0": lambda d_zs, back: d_zs[-1] @ back},
    ),
):
    check_back_through_time.add_mistake(_key, _message, _replaces)
