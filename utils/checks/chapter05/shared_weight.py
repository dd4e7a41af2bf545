"""Code: the gradient of the shared W_hh, step by step, and its near and its far part."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter05.predict import CHAPTER
from utils.checks.engine import Check

Array = np.ndarray
NEAR = {5: 2, 4: 3, 6: 2}  # T of a case: how many of its last steps count as near


def split_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw states, the gradient that reaches the last of them, and W_hh."""
    T, B, H = (sizes[name] for name in "TBH")
    return {
        "d_h_last": rng.normal(size=(B, H)),
        "hs": rng.uniform(-0.9, 0.9, size=(T, B, H)),
        "h_0": rng.uniform(-0.9, 0.9, size=(B, H)),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "near": NEAR[T],
    }


def gradients_of_sums(
    d_h_last: Array, slopes: Array, back: Array, carry: str = "gradient"
) -> Array:
    """Return ∂L/∂z_t for every step; `carry` says what reaches the step before."""
    d_h, d_zs = d_h_last, []
    for slope in slopes[::-1]:
        d_zs.append(d_h * slope)
        d_h = {
            "gradient": d_zs[-1] @ back,
            "nothing": 0 * d_h,
            "same": d_h,
            "with the loss again": d_zs[-1] @ back + d_h_last,
            "without slope": d_h @ back,
        }[carry]
    return np.stack(d_zs[::-1])


check_split_gradient = Check(
    "split_gradient",
    chapter=CHAPTER,
    title="The near and the far part of one gradient",
    sizes=({"T": 5, "B": 2, "H": 3}, {"T": 4, "B": 3, "H": 2}, {"T": 6, "B": 1, "H": 4}),
    inputs=split_inputs,
    outputs={"G": "T H H", "near_part": "H H", "far_part": "H H"},
    steps={
        "slopes": lambda hs: 1 - hs**2,
        "back": lambda W_hh: W_hh.T,
        "carry": lambda: "gradient",
        "d_zs": lambda d_h_last, slopes, back, carry: gradients_of_sums(
            d_h_last, slopes, back, str(carry)
        ),
        "start": lambda h_0: h_0[None],
        "came_in": lambda start, hs: np.concatenate([start, hs[:-1]]),
        "terms": lambda came_in, d_zs: np.einsum("tbi,tbj->tij", came_in, d_zs),
        "share": lambda: 1.0,
        "G": lambda terms, share: share * terms,
        "first_near": lambda G, near: len(G) - near,
        "near_part": lambda G, first_near: G[first_near:].sum(axis=0),
        "far_part": lambda G, first_near: G[:first_near].sum(axis=0),
    },
    hints=(
        "Go back step by step with one variable for ∂L/∂h_t, as in chapter 03. What is new: keep "
        "the summand of every step instead of adding them up at once.",
        "In each turn: `d_z = d_h * (1 - hs[t]**2)`, then the summand `h_prev.T @ d_z`, then "
        "`d_h = d_z @ W_hh.T`. At t = 0 the state that came in is `h_0`.",
        "`G[-near:]` are the last `near` summands and `G[:-near]` all others. Add each group over "
        "its first axis, which is time.",
    ),
)
for _key, _message, _replaces in (
    (
        "slope_missing",
        "The factor 1 − h² is left out at every step: the way back goes through tanh as well as "
        "through `W_hh`.",
        {"slopes": lambda hs: np.ones_like(hs)},
    ),
    (
        "slope_of_state",
        "tanh was applied twice: the slope is taken as `1 − tanh(h)²`. The states have been "
        "through tanh, so it is `1 − h²`.",
        {"slopes": lambda hs: 1 - np.tanh(hs) ** 2},
    ),
    (
        "square_missing",
        "The slope is taken as `1 − h`. That of tanh is `1 − h²`.",
        {"slopes": lambda hs: 1 - hs},
    ),
    (
        "plus_for_minus",
        "The slope is taken as `1 + h²`. That of tanh is `1 − h²`, at most 1.",
        {"slopes": lambda hs: 1 + hs**2},
    ),
    (
        "slope_of_sigmoid",
        "`h (1 − h)` is the slope of the sigmoid. These states come from tanh.",
        {"slopes": lambda hs: hs * (1 - hs)},
    ),
    (
        "slope_at_sum",
        "The slope is taken as `1 − z²`, with the sum. It is `1 − h²`, with the state.",
        {"slopes": lambda hs: 1 - np.arctanh(hs) ** 2},
    ),
    (
        "slope_one_step_early",
        "Each slope is taken at the state that came in, `h_{t−1}`. The tanh of step t gives `h_t`.",
        {"slopes": lambda h_0, hs: 1 - np.concatenate([h_0[None], hs[:-1]]) ** 2},
    ),
    (
        "slope_twice",
        "The slope is in there twice at every step. Each step has one tanh.",
        {"slopes": lambda hs: (1 - hs**2) ** 2},
    ),
    (
        "not_transposed",
        "`W_hh` is not transposed on the way back. The last summand does not show it, since no "
        "step back lies before it. It is `d_z @ W_hh.T`.",
        {"back": lambda W_hh: W_hh},
    ),
    (
        "recurrent_left_out",
        "The way back goes through the slopes alone. From step to step it also goes through "
        "`W_hh.T`.",
        {"back": lambda W_hh: np.eye(len(W_hh))},
    ),
    (
        "not_carried",
        "Nothing is carried back: every summand but the last is zero. The gradient of step t "
        "reaches the state before it through `W_hh.T`.",
        {"carry": lambda: "nothing"},
    ),
    (
        "same_gradient_everywhere",
        "`d_h_last` is used at every step. Replace it in each turn by what reaches the state "
        "before.",
        {"carry": lambda: "same"},
    ),
    (
        "loss_at_every_step",
        "`d_h_last` is added at every step. The loss stands at the last step alone, so it comes "
        "in once.",
        {"carry": lambda: "with the loss again"},
    ),
    (
        "slope_not_carried",
        "The slope is in the summand but not in what is carried on: it is `d_z`, not `d_h`, that "
        "goes through `W_hh.T`.",
        {"carry": lambda: "without slope"},
    ),
    (
        "start_ignored",
        "`h_0` is taken for zero, so the first summand is zero. At the first step `h_0` came in.",
        {"start": lambda h_0: 0 * h_0[None]},
    ),
    (
        "state_of_same_step",
        "Each summand has the state `h_t` of its own step. `W_hh` stood before the state that "
        "came in, `h_{t−1}`.",
        {"came_in": lambda hs: hs},
    ),
    (
        "last_state_for_start",
        "At the first step `hs[t - 1]` is `hs[-1]`, the last state. There `h_0` came in.",
        {"came_in": lambda hs: np.roll(hs, 1, axis=0)},
    ),
    (
        "start_at_every_step",
        "Every summand has `h_0`. At step t the state that came in is `h_{t−1}`.",
        {"came_in": lambda h_0, hs: np.repeat(h_0[None], len(hs), axis=0)},
    ),
    (
        "terms_transposed",
        "Each summand is transposed: `d_z.T @ h_prev`. `W_hh` has the incoming state along its "
        "rows, so it is `h_prev.T @ d_z`.",
        {"terms": lambda came_in, d_zs: np.einsum("tbi,tbj->tji", came_in, d_zs)},
    ),
    (
        "samples_kept_apart",
        "The samples of the batch are still apart: a matrix for each of them. One `W_hh` serves "
        "all, so their summands are added.",
        {"terms": lambda came_in, d_zs: np.einsum("tbi,tbj->tbij", came_in, d_zs)},
    ),
    (
        "without_states",
        "These are the gradients of the sums, ∂L/∂z_t. For `W_hh` each is multiplied by the "
        "state that came in: `h_prev.T @ d_z`.",
        {"terms": lambda d_zs: d_zs},
    ),
    (
        "mean_over_batch",
        "Each summand is divided by B. The mean, if there is one, is in `d_h_last` already: add "
        "the samples up.",
        {"share": lambda hs: 1 / hs.shape[1]},
    ),
    (
        "mean_over_steps",
        "Each summand is divided by T. The gradient of a shared weight is a sum over the steps.",
        {"share": lambda hs: 1 / len(hs)},
    ),
    (
        "from_the_end",
        "The summands stand in reversed order, as they were computed. `G[0]` belongs to the "
        "first step.",
        {"G": lambda terms, share: share * terms[::-1]},
    ),
    (
        "running_sums",
        "These are running sums from the end. Keep the summand of each step alone.",
        {"G": lambda terms, share: share * np.cumsum(terms[::-1], axis=0)[::-1]},
    ),
    (
        "summed_at_once",
        "This is the whole gradient, one matrix. Keep one summand for each step.",
        {"G": lambda terms, share: share * terms.sum(axis=0)},
    ),
    (
        "near_from_the_start",
        "Near and far are mixed up with early and late: the loss stands at the end, so the last "
        "steps are near.",
        {
            "near_part": lambda G, near: G[:near].sum(axis=0),
            "far_part": lambda G, near: G[near:].sum(axis=0),
        },
    ),
    (
        "parts_swapped",
        "The two parts have changed places. The last `near` steps are the near part.",
        {
            "near_part": lambda G, first_near: G[:first_near].sum(axis=0),
            "far_part": lambda G, first_near: G[first_near:].sum(axis=0),
        },
    ),
    (
        "one_step_too_near",
        "The border lies one step too early: one step more than `near` counts as near.",
        {"first_near": lambda G, near: len(G) - near - 1},
    ),
    (
        "one_step_too_far",
        "The border lies one step too late: one step fewer than `near` counts as near.",
        {"first_near": lambda G, near: len(G) - near + 1},
    ),
    (
        "border_from_the_start",
        "The border is counted from the start, at step `near`. It lies `near` steps before the "
        "end: `G[-near:]`.",
        {"first_near": lambda near: near},
    ),
    (
        "one_near_step",
        "The near part is one summand alone, `G[-near]`. It is the sum of the last `near`: "
        "`G[-near:]`, with a colon.",
        {"near_part": lambda G, first_near: G[first_near]},
    ),
    (
        "mean_of_near",
        "The near summands are averaged. They are added up.",
        {
            "near_part": lambda G, first_near: (
                G[first_near:].sum(axis=0) / max(len(G[first_near:]), 1)
            )
        },
    ),
    (
        "near_not_summed",
        "The near summands are all still there, one matrix for each step. Add them up over time.",
        {"near_part": lambda G, first_near: G[first_near:]},
    ),
    (
        "whole_for_far",
        "The far part is the whole gradient. The near steps are not part of it.",
        {"far_part": lambda G: G.sum(axis=0)},
    ),
    (
        "mean_of_far",
        "The far summands are averaged. They are added up.",
        {
            "far_part": lambda G, first_near: (
                G[:first_near].sum(axis=0) / max(len(G[:first_near]), 1)
            )
        },
    ),
    (
        "far_not_summed",
        "The far summands are all still there, one matrix for each step. Add them up over time.",
        {"far_part": lambda G, first_near: G[:first_near]},
    ),
    (
        "first_step_for_far",
        "The far part is the summand of the first step alone. It is the sum of all steps that "
        "are not near.",
        {"far_part": lambda G: G[0]},
    ),
):
    check_split_gradient.add_mistake(_key, _message, _replaces)
