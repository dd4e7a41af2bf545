"""Mistakes of the way back through a whole sequence, and of the sums over its steps."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from utils.checks.chapter03.all_parameters import check_rnn_gradients
from utils.checks.chapter03.formulas import (
    handed_to_start,
    one_hot,
    shifted_back,
    sweep,
    terms_of,
)

Array = np.ndarray


def last_only(d_hs_out: Array) -> Array:
    """Keep what the last step gets from its output, and drop that of all others."""
    kept = np.zeros(d_hs_out.shape)
    kept[-1] = d_hs_out[-1]
    return kept


def sweep_but_first(d_hs_out: Array, slopes: Array, back: Array, passing: str) -> Array:
    """Sweep back and stop one step early."""
    d_hs = sweep(d_hs_out, slopes, back, passing)
    d_hs[0] = 0.0
    return d_hs


def reading(quantity: str, step: Callable[[Array], Array]) -> Callable[..., Array]:
    """Give a function of one argument that argument's name, so that a check can call it."""

    def named(*values: Array) -> Array:
        return step(*values)

    only = inspect.Parameter(quantity, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    named.__signature__ = inspect.Signature([only])
    return named


for _key, _message, _replaces in (
    # outputs
    (
        "target_not_subtracted",
        "The one-hot target is not taken away: the gradient at the scores is ŷ − y, not ŷ.",
        {"errors": lambda y_hats: y_hats},
    ),
    (
        "error_sign",
        "The sign of all gradients is turned: the error is ŷ − y, prediction minus target.",
        {"errors": lambda y_hats, labels: one_hot(labels, y_hats.shape[-1]) - y_hats},
    ),
    (
        "one_everywhere",
        "1 is taken away from every class of ŷ. Take it away at the right class alone.",
        {"errors": lambda y_hats: y_hats - 1},
    ),
    (
        "right_class_only",
        "The error stands at the right class alone. The wrong ones have a gradient too, their "
        "probability.",
        {"errors": lambda y_hats, labels: (y_hats - 1) * one_hot(labels, y_hats.shape[-1])},
    ),
    (
        "stopped_at_y_hats",
        "The error is −1/ŷ at the right class: the gradient for the probabilities. It still has to "
        "go back through the softmax.",
        {"errors": lambda y_hats, labels: -one_hot(labels, y_hats.shape[-1]) / y_hats},
    ),
    (
        "error_at_last_step_only",
        "The error of the last step alone goes back. Every step has a target and an error.",
        {"d_logits": lambda errors, back_share: back_share * last_only(errors)},
    ),
    (
        "d_W_hy_with_h_prev",
        "`d_W_hy` is made with the state before the step. The output of step t reads `hs[t]`.",
        {"read_by_output": lambda back_start, hs: shifted_back(back_start, hs)},
    ),
    # back through time
    (
        "only_last_output",
        "Into the states goes the error of the last output alone, perhaps because `d_h` is "
        "overwritten. Add `d_logits[t] @ W_hy.T` at every step.",
        {"d_hs_out": lambda d_logits, W_hy: last_only(d_logits @ W_hy.T)},
    ),
    (
        "output_weights_reshaped",
        "`W_hy` is reshaped to (K, H), which shuffles its entries. Transpose it.",
        {"d_hs_out": lambda d_logits, W_hy: d_logits @ W_hy.reshape(W_hy.shape[::-1])},
    ),
    (
        "slope_missing",
        "On the way back the factor 1 − h² is left out: the gradient goes back through tanh.",
        {"slopes": lambda hs: np.ones(hs.shape)},
    ),
    (
        "slope_at_z",
        "The slope is taken as 1 − z², with the sums before tanh. It is 1 − h², with the states.",
        {"slopes": lambda zs: 1 - zs**2},
    ),
    (
        "slope_of_tanh_again",
        "tanh was taken once more: 1 − tanh(h)². The states are tanh's values already: 1 − h².",
        {"slopes": lambda hs: 1 - np.tanh(hs) ** 2},
    ),
    (
        "slope_of_previous",
        "The slope is that of the state before the step. The gradient of step t goes through the "
        "tanh that made h_t.",
        {"slopes": lambda back_start, hs: 1 - shifted_back(back_start, hs) ** 2},
    ),
    (
        "slope_of_rolled",
        "The slope is taken at `hs[t - 1]`, which at index 0 is the last state. The gradient of "
        "step t goes through the tanh that made `hs[t]`.",
        {"slopes": lambda hs: 1 - np.roll(hs, 1, axis=0) ** 2},
    ),
    (
        "slope_not_squared",
        "The slope is taken as 1 − h. The state is squared in it, 1 − h².",
        {"slopes": lambda hs: 1 - hs},
    ),
    (
        "slope_of_sigmoid",
        "h(1 − h) is the slope of a sigmoid. The states go through tanh: 1 − h².",
        {"slopes": lambda hs: hs * (1 - hs)},
    ),
    (
        "not_transposed",
        "`W_hh` is not transposed on the way back.",
        {"back": lambda W_hh: W_hh},
    ),
    (
        "nothing_handed_on",
        "What comes back from step t + 1 is not added: the gradient is truncated to one step.",
        {"passing": lambda: "nothing"},
    ),
    (
        "handed_on_without_weights",
        "`W_hh` is missing between two steps: what is handed on is `d_z_t` itself.",
        {"passing": lambda: "unweighted"},
    ),
    (
        "handed_on_without_slope",
        "What is handed on comes from `d_h_t`, before the slope. Hand on `d_z_t @ W_hh.T`.",
        {"passing": lambda: "unsloped"},
    ),
    (
        "slope_after_weights",
        "The slope is multiplied in after `W_hh` where the gradient is handed on. First through "
        "tanh, then through `W_hh`.",
        {"passing": lambda: "slope_last"},
    ),
    (
        "total_kept",
        "`d_h_t` itself is handed on as well, as `+=` on the variable does. Only "
        "`d_z_t @ W_hh.T` goes on.",
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
        "The loop back runs from the first step to the last. A gradient comes from later steps, so "
        "start at the last.",
        {"order": lambda: "forward"},
    ),
    (
        "first_step_skipped",
        "The loop back stops before index 0, so the first step adds nothing to any gradient. "
        "`range(T - 1, 0, -1)` ends at 1.",
        {
            "d_hs": sweep_but_first,
            "d_h_0": lambda d_hs, d_zs, d_hs_out, slopes, back, passing: handed_to_start(
                d_hs, d_zs, d_hs_out, slopes, back, passing, 1
            ),
        },
    ),
    # sums
    (
        "d_W_hh_with_h_t",
        "`d_W_hh` is made with `hs[t]`. `W_hh` multiplies the state that the step has read, the "
        "one before.",
        {"h_prevs": lambda hs: hs},
    ),
    (
        "d_W_hh_with_rolled",
        "`d_W_hh` is made with `hs[t - 1]`, which at index 0 is the last state. What step 0 has "
        "read is `h_0`.",
        {"h_prevs": lambda hs: np.roll(hs, 1, axis=0)},
    ),
    (
        "d_W_hh_without_h_0",
        "In `d_W_hh` the term of the first step is missing, or has zeros for the state that this "
        "step has read. It has read `h_0`.",
        {"back_start": lambda h_0: 0 * h_0},
    ),
    (
        "d_W_hh_from_d_h",
        "`d_W_hh` goes on from `d_hs` and skips tanh. `W_hh` feeds the sums: take `d_zs`.",
        {"W_hh_terms": lambda h_prevs, d_hs: terms_of(h_prevs, d_hs)},
    ),
    (
        "d_W_xh_from_d_h",
        "`d_W_xh` goes on from `d_hs` and skips tanh. `W_xh` feeds the sums: take `d_zs`.",
        {"W_xh_terms": lambda xs, d_hs: terms_of(xs, d_hs)},
    ),
    (
        "d_b_h_from_d_h",
        "`d_b_h` goes on from `d_hs` and skips tanh. `b_h` is added in the sums: take `d_zs`.",
        {"b_h_rows": lambda d_hs: d_hs},
    ),
    (
        "start_is_first_total",
        "`d_h_0` is the gradient of `h_1`. To `h_0` it goes through one step more: the slope, then "
        "`W_hh`.",
        {"d_h_0": lambda d_hs: d_hs[0]},
    ),
    (
        "start_without_weights",
        "`d_h_0` has not gone through `W_hh`: it is the gradient of the first sum.",
        {"d_h_0": lambda d_zs: d_zs[0]},
    ),
    (
        "start_is_zero",
        "`d_h_0` is zero. The start state has a gradient like every other: what the first step "
        "hands on.",
        {"d_h_0": lambda d_zs: 0 * d_zs[0]},
    ),
    (
        "start_summed",
        "`d_h_0` is summed over the batch. Every sample has a start state of its own.",
        {"d_h_0": lambda d_zs, back: (d_zs[0] @ back).sum(axis=0)},
    ),
):
    check_rnn_gradients.add_mistake(_key, _message, _replaces)

for _name in ("W_hy", "W_xh", "W_hh"):
    _terms = f"{_name}_terms"
    for _key, _message, _step in (
        (
            "last",
            f"`d_{_name}` is the term of the last step alone. The same `{_name}` is used at every "
            "step: add up the terms of all.",
            lambda terms: terms[-1],
        ),
        (
            "first",
            f"`d_{_name}` is the term of the first step alone, as if each round overwrote the one "
            "before: `+=`, not `=`.",
            lambda terms: terms[0],
        ),
        (
            "but_last",
            f"In `d_{_name}` the term of the last step is missing. Add up those of all steps.",
            lambda terms: terms[:-1].sum(axis=0),
        ),
        (
            "mean",
            f"In `d_{_name}` the terms of the steps are averaged. Add them up.",
            lambda terms: terms.mean(axis=0),
        ),
        (
            "turned",
            f"`d_{_name}` is turned: what `{_name}` reads stands on the left of the product, "
            "transposed.",
            lambda terms: terms.sum(axis=0).T,
        ),
        (
            "per_step",
            f"`d_{_name}` still has an axis of time. One `{_name}` serves all steps: sum over it.",
            lambda terms: terms,
        ),
    ):
        _replaces = {f"d_{_name}": reading(_terms, _step)}
        if (_name, _key) == ("W_hy", "mean"):  # with another divisor it would look like a third
            _replaces["back_share"] = check_rnn_gradients.steps["back_share"]
        check_rnn_gradients.add_mistake(f"d_{_name}_{_key}", _message, _replaces)

for _name in ("b_y", "b_h"):
    for _key, _message, _step in (
        (
            "last",
            f"`d_{_name}` is that of the last step alone. Sum over all steps.",
            lambda rows: rows[-1].sum(axis=0),
        ),
        (
            "first",
            f"`d_{_name}` is that of the first step alone, as if each round overwrote the one "
            "before. Sum over all steps.",
            lambda rows: rows[0].sum(axis=0),
        ),
        (
            "but_first",
            f"In `d_{_name}` the first step is missing. Sum over all steps.",
            lambda rows: rows[1:].sum(axis=(0, 1)),
        ),
        (
            "not_summed",
            f"`d_{_name}` has a row for every step and sample. One `{_name}` serves all of them: "
            "sum over both axes.",
            lambda rows: rows,
        ),
        (
            "batch_kept",
            f"`d_{_name}` has a row for every sample: summed over the steps alone. Sum over the "
            "batch too.",
            lambda rows: rows.sum(axis=0),
        ),
        (
            "steps_kept",
            f"`d_{_name}` has a row for every step: summed over the batch alone. Sum over the "
            "steps too.",
            lambda rows: rows.sum(axis=1),
        ),
        (
            "mean",
            f"In `d_{_name}` steps and samples are averaged. Add them up.",
            lambda rows: rows.mean(axis=(0, 1)),
        ),
        (
            "mean_of_batch",
            f"In `d_{_name}` the samples are averaged. Add them up, as the steps.",
            lambda rows: rows.sum(axis=0).mean(axis=0),
        ),
        (
            "one_sample",
            f"`d_{_name}` counts the first sample alone. Sum over the batch.",
            lambda rows: rows[:, 0].sum(axis=0),
        ),
    ):
        _named = reading(f"{_name}_rows", _step)
        check_rnn_gradients.add_mistake(f"d_{_name}_{_key}", _message, {f"d_{_name}": _named})

for _name in ("W_hy", "W_xh"):
    check_rnn_gradients.add_mistake(
        f"d_{_name}_but_first",
        f"In `d_{_name}` the term of the first step is missing. Add up those of all steps.",
        {f"d_{_name}": reading(f"{_name}_terms", lambda terms: terms[1:].sum(axis=0))},
    )
