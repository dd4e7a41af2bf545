"""Code: truncated backpropagation through time, where the way back is cut.

A choice inside a computation (which step hears of the next one) is a quantity of its own, so that a
mistake replaces one choice and mistakes combine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter04.formulas import CHAPTER, Array
from utils.checks.engine import Check


def cut_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw states and what the loss of each step alone sends into them."""
    T, B, H = (sizes[name] for name in "TBH")
    return {
        "d_direct": rng.normal(size=(T, B, H)),
        "hs": rng.uniform(-0.9, 0.9, size=(T, B, H)),
        "h_0": rng.uniform(-0.9, 0.9, size=(B, H)),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "window": sizes["window"],
    }


def send_back(d_direct: Array, slope: Array, back: Array, passes: Array) -> Array:
    """Go back through time; `passes` (T,) is 1 where step t hears of step t + 1, else 0."""
    d_hs = np.zeros_like(d_direct)
    coming_back = np.zeros_like(d_direct[0])
    for t in reversed(range(len(d_direct))):
        d_hs[t] = d_direct[t] + passes[t] * coming_back
        coming_back = (d_hs[t] * slope[t]) @ back
    return d_hs


def outer_sum(h_prevs: Array, d_zs: Array) -> Array:
    """Add up the outer products of all steps and samples, (H, H)."""
    return np.einsum("tbi,tbj->ij", h_prevs[: len(d_zs)], d_zs)


def slide_back(d_direct: Array, slope: Array, back: Array, window: int) -> Array:
    """Send the loss of every step back over the last `window` steps, its own among them."""
    d_hs = np.zeros_like(d_direct)
    for t, d_h in enumerate(d_direct):
        for s in range(t, max(-1, t - int(window)), -1):
            d_hs[s] += d_h
            d_h = (d_h * slope[s]) @ back
    return d_hs


def whole_windows(steps: int, window: int) -> int:
    """Return how many of the steps lie in windows of full length."""
    return int(steps // window * window)


def last_window(T: int, window: int) -> slice:
    """Return the steps of the last window, which may be shorter than the others."""
    return slice((T - 1) // window * window, T)


check_cut_gradient = Check(
    "cut_gradient",
    chapter=CHAPTER,
    title="Where the way back is cut",
    outputs={"d_hs": "T B H", "d_W_hh": "H H"},
    inputs=cut_inputs,
    sizes=(
        {"T": 6, "B": 2, "H": 4, "window": 3},
        {"T": 7, "B": 3, "H": 5, "window": 2},
        {"T": 8, "B": 1, "H": 2, "window": 5},
    ),
    steps={
        "slope": lambda hs: 1 - hs**2,
        "slope_on_the_way": lambda slope: slope,
        "slope_in_the_sum": lambda slope: slope,
        "back": lambda W_hh: W_hh.T,
        "size": lambda window: window,
        "passes": lambda hs, size: (np.arange(1, len(hs) + 1) % size != 0).astype(float),
        "d_hs": lambda d_direct, slope_on_the_way, back, passes: send_back(
            d_direct, slope_on_the_way, back, passes
        ),
        "d_zs": lambda d_hs, slope_in_the_sum: d_hs * slope_in_the_sum[: len(d_hs)],
        "start": lambda h_0: h_0,
        "h_prevs": lambda hs, start: np.concatenate([start[None], hs[:-1]]),
        "d_W_hh": lambda h_prevs, d_zs: outer_sum(h_prevs, d_zs),
    },
    hints=(
        "The loop of chapter 03, from the last step to the first: each step adds its own part to "
        "what comes back from the step after it. At a border between windows, nothing comes back.",
        "Step t, counted from 0, is the last of its window if `(t + 1) % window == 0`. There set "
        "what comes back to zero before you use it. The states do not change: they were carried.",
        "In the loop: `d_h = d_direct[t] + coming_back`, then `d_z = d_h * (1 - hs[t] ** 2)`, "
        "add `h_prev.T @ d_z` to the sum, and `coming_back = d_z @ W_hh.T` for the step before.",
    ),
)
for _key, _replaces, _message in (
    (
        "cut_nowhere",
        {"passes": lambda hs: np.ones(len(hs))},
        "The gradient crosses the borders: this is full backpropagation, as with a state that "
        "was carried without being detached. Let nothing come back over a border.",
    ),
    (
        "cut_everywhere",
        {"passes": lambda hs: np.zeros(len(hs))},
        "Nothing comes back from any step to the one before, as if each step were detached. Cut "
        "at the borders of the windows alone.",
    ),
    (
        "cut_one_early",
        {"passes": lambda hs, window: (np.arange(2, len(hs) + 2) % window != 0).astype(float)},
        "The cut lies one step early, before the last step of each window. The border is after "
        "it: step t, from 0, is the last of its window if `(t + 1) % window == 0`.",
    ),
    (
        "cut_one_late",
        {"passes": lambda hs, window: (np.arange(len(hs)) % window != 0).astype(float)},
        "The cut lies one step late, after the first step of each window. The border is before "
        "it: step t, from 0, is the last of its window if `(t + 1) % window == 0`.",
    ),
    (
        "counted_from_the_end",
        {"passes": lambda hs, window: (np.arange(len(hs) - 1, -1, -1) % window != 0).astype(float)},
        "The windows were counted from the end of the text. They begin at step 0; it is the last "
        "window that may be shorter.",
    ),
    (
        "window_too_long",
        {"size": lambda window: window + 1},
        "The windows have one step more than `window`.",
    ),
    (
        "window_too_short",
        {"size": lambda window: window - 1},
        "The windows have one step less than `window`.",
    ),
    (
        "sliding_window",
        {
            "d_hs": lambda d_direct, slope_on_the_way, back, window: slide_back(
                d_direct, slope_on_the_way, back, window
            )
        },
        "Each loss goes back over `window` steps, wherever the borders lie. That is truncation "
        "too, of another kind: here nothing crosses a border, and within a window nothing is cut.",
    ),
    (
        "short_window_dropped",
        {
            "d_hs": lambda d_direct, slope_on_the_way, back, passes, window: send_back(
                d_direct, slope_on_the_way, back, passes
            )[: whole_windows(len(d_direct), window)]
        },
        "The last window is left out where it is shorter than the others. Its steps have losses "
        "too.",
    ),
    (
        "short_window_empty",
        {
            "d_hs": lambda d_direct, slope_on_the_way, back, passes, window: (
                send_back(d_direct, slope_on_the_way, back, passes)
                * (np.arange(len(d_direct)) < whole_windows(len(d_direct), window))[:, None, None]
            )
        },
        "Where the last window is shorter than the others, its gradients stay zero. Its steps "
        "have losses too.",
    ),
    (
        "sums_for_states",
        {
            "d_hs": lambda d_direct, slope, slope_on_the_way, back, passes: (
                send_back(d_direct, slope_on_the_way, back, passes) * slope
            ),
            "d_zs": lambda d_hs: d_hs,
        },
        "`d_hs` holds the gradients of the sums, after the factor 1 − h². Asked for are those of "
        "the states, before it.",
    ),
    (
        "first_border_only",
        {"passes": lambda hs, window: (np.arange(1, len(hs) + 1) != window).astype(float)},
        "The gradient is cut at the first border alone. Every `window` steps there is one.",
    ),
    (
        "slope_left_out",
        {"slope": lambda hs: np.ones_like(hs)},
        "The factor 1 − h² is left out: the way from a state to its sum leads through tanh.",
    ),
    (
        "slope_left_out_on_the_way",
        {"slope_on_the_way": lambda hs: np.ones_like(hs)},
        "On the way from step to step the factor 1 − h² is left out: what goes back through "
        "`W_hh` is the gradient of the sum, not of the state.",
    ),
    (
        "slope_left_out_in_the_sum",
        {"slope_in_the_sum": lambda hs: np.ones_like(hs)},
        "In the gradient of `W_hh` the factor 1 − h² is left out: `W_hh` stands inside tanh.",
    ),
    (
        "slope_of_the_sum",
        {"slope": lambda hs: 1 - np.arctanh(hs) ** 2},
        "The slope is taken at the sum, 1 − z². Expressed by the state it is 1 − h².",
    ),
    (
        "slope_not_squared",
        {"slope": lambda hs: 1 - hs},
        "The slope is taken as 1 − h. The slope of tanh is 1 − h².",
    ),
    (
        "slope_of_sigmoid",
        {"slope": lambda hs: hs * (1 - hs)},
        "This is the slope of a sigmoid, h (1 − h). That of tanh is 1 − h².",
    ),
    (
        "not_transposed",
        {"back": lambda W_hh: W_hh},
        "`W_hh` is not transposed on the way back. Forward it stands as it is, backward as "
        "`W_hh.T`.",
    ),
    (
        "loss_at_window_ends",
        {
            "d_hs": lambda d_direct, slope_on_the_way, back, passes, window: send_back(
                d_direct * ((np.arange(len(d_direct)) + 1) % window == 0)[:, None, None],
                slope_on_the_way,
                back,
                passes,
            )
        },
        "Only the last step of each whole window brings in its `d_direct`. Every step has a loss "
        "of its own.",
    ),
    (
        "direct_part_alone_at_borders",
        {
            "d_hs": lambda d_direct, slope_on_the_way, back, passes: (
                send_back(d_direct, slope_on_the_way, back, passes)
                - d_direct * (1 - passes)[:, None, None]
            )
        },
        "At the last step of each window the whole gradient was set to zero. Zero is what comes "
        "back from the next window; the step's own `d_direct` stays.",
    ),
    (
        "state_for_previous_state",
        {"h_prevs": lambda hs: hs},
        "`d_W_hh` is made with `h_t`. `W_hh` is multiplied by the state before, `h_prev`: that of "
        "step t − 1, and `h_0` at the first step.",
    ),
    (
        "start_ignored",
        {"start": lambda h_0: 0 * h_0},
        "In `d_W_hh` the state before the first step is zero. It is `h_0`.",
    ),
    (
        "start_is_last_state",
        {"start": lambda hs: hs[-1]},
        "In `d_W_hh` the state before the first step is the last of all: at `t = 0` the index "
        "`t - 1` is −1, the end of the array. Take `h_0` there.",
    ),
    (
        "state_not_carried",
        {
            "h_prevs": lambda hs, start, window: (
                np.concatenate([start[None], hs[:-1]])
                * (np.arange(len(hs)) % window != 0)[:, None, None]
            )
        },
        "In `d_W_hh` each window begins from a state of zeros. The states are carried over the "
        "borders; only the gradient is cut.",
    ),
    (
        "h_0_at_every_window",
        {
            "h_prevs": lambda hs, start, window: np.where(
                (np.arange(len(hs)) % window == 0)[:, None, None],
                start,
                np.concatenate([start[None], hs[:-1]]),
            )
        },
        "In `d_W_hh` each window begins from `h_0`. It begins from the last state of the window "
        "before, which was carried.",
    ),
    (
        "last_window_only",
        {
            "d_W_hh": lambda h_prevs, d_zs, window: outer_sum(
                h_prevs[last_window(len(d_zs), window)], d_zs[last_window(len(d_zs), window)]
            )
        },
        "`d_W_hh` is that of the last window alone. The gradients of all windows are added up.",
    ),
    (
        "first_window_only",
        {"d_W_hh": lambda h_prevs, d_zs, window: outer_sum(h_prevs[:window], d_zs[:window])},
        "`d_W_hh` is that of the first window alone. The gradients of all windows are added up.",
    ),
    (
        "last_step_only",
        {"d_W_hh": lambda h_prevs, d_zs: h_prevs[-1].T @ d_zs[-1]},
        "`d_W_hh` is that of the last step alone. Add up the products of all steps.",
    ),
    (
        "first_step_only",
        {"d_W_hh": lambda h_prevs, d_zs: h_prevs[0].T @ d_zs[0]},
        "`d_W_hh` is that of step 0 alone. Add up the products of all steps.",
    ),
    (
        "mean_over_windows",
        {
            "d_W_hh": lambda h_prevs, d_zs, window: (
                outer_sum(h_prevs, d_zs) / -(-len(d_zs) // window)
            )
        },
        "`d_W_hh` was divided by the number of windows. Asked for is the sum.",
    ),
    (
        "mean_over_steps",
        {"d_W_hh": lambda h_prevs, d_zs: outer_sum(h_prevs, d_zs) / len(d_zs)},
        "`d_W_hh` was divided by the number of steps. Asked for is the sum.",
    ),
    (
        "mean_over_batch",
        {"d_W_hh": lambda h_prevs, d_zs: outer_sum(h_prevs, d_zs) / d_zs.shape[1]},
        "`d_W_hh` was divided by the number of samples. Asked for is the sum.",
    ),
    (
        "mean_over_all",
        {"d_W_hh": lambda h_prevs, d_zs: outer_sum(h_prevs, d_zs) / d_zs[..., 0].size},
        "`d_W_hh` was divided by the number of steps and samples. Asked for is the sum.",
    ),
    (
        "product_turned_round",
        {"d_W_hh": lambda h_prevs, d_zs: outer_sum(d_zs, h_prevs)},
        "`d_W_hh` is transposed. Its rows belong to the state before, so `h_prev.T` stands on "
        "the left.",
    ),
):
    check_cut_gradient.add_mistake(_key, _message, _replaces)
