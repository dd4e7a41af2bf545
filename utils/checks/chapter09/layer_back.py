"""Code: back through an upper layer of both directions, with its dropout and its residual."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter09.formulas import (
    CHAPTER,
    constant,
    draw_cell,
    shifted_back,
    sweep,
    unroll,
)
from utils.checks.ordering import OrderedCheck

Array = np.ndarray


def back_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a gradient from above, and an upper layer with what it read and wrote."""
    T, B, H = (sizes[name] for name in "TBH")
    F = 2 * H
    below = rng.normal(size=(T, B, F))
    keep = (rng.uniform(size=(T, B, F)) >= 0.4) / 0.6
    start = np.zeros((B, H))
    (W_xh, W_hh, b_h), (V_xh, V_hh, c_h) = draw_cell(rng, F, H), draw_cell(rng, F, H)
    forward = unroll(below * keep, start, W_xh, W_hh, b_h)
    backward = unroll((below * keep)[::-1], start, V_xh, V_hh, c_h)[::-1]
    return {
        "d_out": rng.normal(size=(T, B, F)),
        "below": below,
        "keep": keep,
        "hs": np.concatenate([forward, backward], axis=-1),
        **{"W_xh": W_xh, "W_hh": W_hh, "V_xh": V_xh, "V_hh": V_hh},
    }


def d_sums(d_hs: Array, hs: Array, W_hh: Array, passing: str) -> Array:
    """Carry the gradient back through one cell to its sums, all arrays in its own order."""
    slopes = 1 - hs**2
    return sweep(d_hs, slopes, W_hh.T, str(passing)) * slopes


def matrix_gradient(read: Array, d_zs: Array) -> Array:
    """Add up the products of all steps and samples."""
    return np.tensordot(read, d_zs, axes=((0, 1), (0, 1)))


check_layer_back = OrderedCheck(
    "layer_back",
    chapter=CHAPTER,
    title="Back through an upper layer",
    outputs={"d_W_xh": "2H H", "d_V_xh": "2H H", "d_x": "T B 2H", "d_below": "T B 2H"},
    inputs=back_inputs,
    sizes=({"T": 5, "B": 3, "H": 2}, {"T": 3, "B": 2, "H": 4}, {"T": 4, "B": 1, "H": 3}),
    steps={
        "x": lambda below, keep: below * keep,
        "halves": lambda d_out: np.stack(np.split(d_out, 2, axis=-1)),  # (2, T, B, H)
        "states": lambda hs: np.stack(np.split(hs, 2, axis=-1)),
        "passing": constant("through"),
        "d_f": lambda halves: halves[0],
        "d_z_f": lambda d_f, states, W_hh, passing: d_sums(d_f, states[0], W_hh, passing),
        "d_W_xh": lambda x, d_z_f: matrix_gradient(x, d_z_f),
        "d_b": lambda halves: halves[1][::-1],
        "h_b": lambda states: states[1][::-1],
        "x_b": lambda x: x[::-1],
        "U_hh": lambda V_hh: V_hh,
        "d_z_b": lambda d_b, h_b, U_hh, passing: d_sums(d_b, h_b, U_hh, passing),
        "d_V_xh": lambda x_b, d_z_b: matrix_gradient(x_b, d_z_b),
        "out_f": lambda d_z_f, W_xh: d_z_f @ W_xh.T,
        "in_order": lambda d_z_b, V_xh: d_z_b @ V_xh.T,
        "out_b": lambda in_order: in_order[::-1],
        "around": lambda d_out: d_out,
        "through": lambda out_f, out_b: out_f + out_b,
        "d_x": lambda through, around: through + around,
        "last": lambda keep: keep,
        "d_below": lambda d_x, last: d_x * last,
    },
    hints=(
        "The layer hands on [forward, backward] + x. So each cell gets one half of `d_out`, and x "
        "gets three gradients: from the forward cell, from the backward cell, and from the sum.",
        "`rnn_back` speaks of one cell in the order of its own reading. For the backward cell turn "
        "all three arrays along time before the call, and its `d_xs` after it.",
        "x = below * keep. `rnn_back(d_out[..., :H], x, hs[..., :H], W_xh, W_hh)` for the forward "
        "cell; for the backward one `[::-1]` on each of the three arrays. `d_x` is the first "
        "`d_xs` plus the second one turned plus `d_out`, and `d_below` is `d_x * keep`.",
    ),
)
for _key, _message, _replaces in (
    (
        "below_for_x",
        "The cells are taken to have read `below`. They read x = below * keep.",
        {"x": lambda below: below},
    ),
    (
        "keep_as_a_mask",
        "Of `keep` it was used only where it is 0. It holds 1/(1 − p) where an entry stays, and "
        "that factor belongs to x and to the way back.",
        {
            "x": lambda below, keep: below * (keep > 0),
            "last": lambda keep: (keep > 0).astype(float),
        },
    ),
    (
        "x_without_scale",
        "x was made with the zeros of `keep` alone. Where an entry stays `keep` holds 1/(1 − p), "
        "and that factor belongs to x.",
        {"x": lambda below, keep: below * (keep > 0)},
    ),
    (
        "keep_squared_in_x",
        "`keep` was multiplied in twice in x. x = below * keep.",
        {"x": lambda below, keep: below * keep**2},
    ),
    (
        "keep_at_the_top",
        "`d_out` was multiplied with `keep` before it went to the cells. `keep` stands between "
        "`below` and x: on the way back it comes last.",
        {"halves": lambda d_out, keep: np.stack(np.split(d_out * keep, 2, axis=-1))},
    ),
    (
        "keep_first_of_all",
        "`d_out` was multiplied with `keep` before anything else. `keep` stands between `below` "
        "and x: on the way back it comes last.",
        {
            "halves": lambda d_out, keep: np.stack(np.split(d_out * keep, 2, axis=-1)),
            "around": lambda d_out, keep: d_out * keep,
        },
    ),
    (
        "halves_exchanged",
        "The halves of `d_out` have changed places. The first H columns belong to the forward "
        "cell.",
        {"halves": lambda d_out: np.stack(np.split(d_out, 2, axis=-1))[::-1]},
    ),
    (
        "all_halves_exchanged",
        "The halves have changed places, of `d_out` and of `hs`. The first H columns belong to the "
        "forward cell.",
        {
            "halves": lambda d_out: np.stack(np.split(d_out, 2, axis=-1))[::-1],
            "states": lambda hs: np.stack(np.split(hs, 2, axis=-1))[::-1],
        },
    ),
    (
        "states_exchanged",
        "The halves of `hs` have changed places. The first H columns belong to the forward cell.",
        {"states": lambda hs: np.stack(np.split(hs, 2, axis=-1))[::-1]},
    ),
    (
        "states_with_residual",
        "The slopes were taken from what the layer handed on, x included. tanh gave `hs`, so the "
        "slope is 1 − `hs`².",
        {"states": lambda hs, x: np.stack(np.split(hs + x, 2, axis=-1))},
    ),
    (
        "not_through_time",
        "What comes from the step read after is missing: each state has an effect on the next one "
        "too. `rnn_back` does this if it gets all steps at once.",
        {"passing": constant("nothing")},
    ),
    (
        "d_f_turned",
        "For the forward cell `d_out` was turned along time. This cell reads in the order of time.",
        {"d_f": lambda halves: halves[0][::-1]},
    ),
    (
        "nothing_turned",
        "The backward cell was carried back as if it had read from the start. Turn what goes into "
        "`rnn_back` along time, the first axis, and the `d_xs` that comes out.",
        {
            "d_b": lambda halves: halves[1],
            "h_b": lambda states: states[1],
            "x_b": lambda x: x,
            "out_b": lambda in_order: in_order,
        },
    ),
    (
        "inputs_not_turned",
        "Nothing was turned before the call for the backward cell, and its `d_xs` after it. Turn "
        "gradient, items and states before the call too.",
        {
            "d_b": lambda halves: halves[1],
            "h_b": lambda states: states[1],
            "x_b": lambda x: x,
        },
    ),
    (
        "d_b_not_turned",
        "Its half of `d_out` is not turned for the backward cell, the states are. Turn both: the "
        "cell has read the last step first.",
        {"d_b": lambda halves: halves[1]},
    ),
    (
        "h_b_not_turned",
        "Its half of `hs` is not turned for the backward cell. `hs` stands in the order of time, "
        "and the cell has made its last state at step 0.",
        {"h_b": lambda states: states[1]},
    ),
    (
        "x_b_not_turned",
        "The items x are not turned for the backward cell, the gradient is: the products pair an "
        "item with the gradient of another step.",
        {"x_b": lambda x: x},
    ),
    (
        "all_axes_turned",
        "For the backward cell all axes were turned, as `np.flip` does without an axis. Turn time "
        "alone: `[::-1]`.",
        {
            "d_b": lambda halves: np.flip(halves[1]),
            "h_b": lambda states: np.flip(states[1]),
            "x_b": lambda x: np.flip(x),
            "out_b": lambda in_order: np.flip(in_order),
        },
    ),
    (
        "W_hh_for_both",
        "The backward cell was carried back through `W_hh`. Its own matrix is `V_hh`.",
        {"U_hh": lambda W_hh: W_hh},
    ),
    (
        "W_xh_for_both",
        "The backward cell hands its gradient down through `W_xh`. Its own matrix is `V_xh`.",
        {"in_order": lambda d_z_b, W_xh: d_z_b @ W_xh.T},
    ),
    (
        "W_weights_for_both",
        "The backward cell was carried back with the weights of the forward one. Its own are "
        "`V_xh` and `V_hh`.",
        {
            "U_hh": lambda W_hh: W_hh,
            "in_order": lambda d_z_b, W_xh: d_z_b @ W_xh.T,
        },
    ),
    (
        "not_turned_back",
        "The `d_xs` of the backward cell is added in the order of its reading. Turn it along time "
        "first.",
        {"out_b": lambda in_order: in_order},
    ),
    (
        "forward_missing",
        "In `d_x` the part of the forward cell is missing. Both cells have read x, so both parts "
        "are added.",
        {"out_f": lambda d_z_f, W_xh: 0 * (d_z_f @ W_xh.T)},
    ),
    (
        "backward_missing",
        "In `d_x` the part of the backward cell is missing. Both cells have read x, so both parts "
        "are added.",
        {"out_b": lambda in_order: 0 * in_order},
    ),
    (
        "averaged",
        "The parts of the two cells were averaged. They are added: x has an effect through each of "
        "them.",
        {"through": lambda out_f, out_b: (out_f + out_b) / 2},
    ),
    (
        "halves_joined",
        "In `d_x` half of the columns come from the one cell and half from the other. Each cell "
        "has read all of x, so the two `d_xs` are added.",
        {
            "through": lambda out_f, out_b: np.concatenate(
                [np.split(out_f, 2, axis=-1)[0], np.split(out_b, 2, axis=-1)[1]], axis=-1
            )
        },
    ),
    (
        "residual_missing",
        "The residual connection is missing in `d_x`: x was added to what the cells wrote, so it "
        "gets `d_out` whole.",
        {"around": lambda d_out: 0 * d_out},
    ),
    (
        "residual_alone",
        "`d_x` has `d_out` alone. What comes through the two cells is added to it.",
        {"through": lambda out_f: 0 * out_f},
    ),
    (
        "residual_twice",
        "`d_out` was added twice, once with each cell. There is one residual connection.",
        {"around": lambda d_out: 2 * d_out},
    ),
    (
        "residual_subtracted",
        "`d_out` was subtracted for the residual connection. x was added to what the cells wrote, "
        "so `d_out` is added.",
        {"around": lambda d_out: -d_out},
    ),
    (
        "residual_adds_x",
        "For the residual connection x was added, as on the way forward. On the way back it passes "
        "on the gradient `d_out`.",
        {"around": lambda x: x},
    ),
    (
        "residual_times_keep",
        "In `d_x` the `d_out` of the residual connection was multiplied with `keep`. What is added "
        "is x itself, after dropout: `keep` comes last, from x to `below`.",
        {"around": lambda d_out, keep: d_out * keep},
    ),
    (
        "residual_turned",
        "The `d_out` of the residual connection was turned along time. It passes x where it "
        "stands.",
        {"around": lambda d_out: d_out[::-1]},
    ),
    (
        "keep_forgotten",
        "`d_below` is `d_x` itself. x = below * keep, so it is multiplied with `keep`.",
        {"last": lambda keep: np.ones(keep.shape)},
    ),
    (
        "keep_squared",
        "`keep` was multiplied in twice on the way back. x holds it once.",
        {"last": lambda keep: keep**2},
    ),
    (
        "keep_of_dropped",
        "`d_below` is `d_x` where entries were dropped, and 0 where they stayed. It is the other "
        "way round.",
        {"last": lambda keep: (keep == 0).astype(float)},
    ),
    (
        "keep_mask_at_the_end",
        "On the way back the factor 1/(1 − p) is missing. Multiply with `keep` itself, not with "
        "the places where it is above 0.",
        {"last": lambda keep: (keep > 0).astype(float)},
    ),
    (
        "keep_past_the_residual",
        "Only what comes through the cells was multiplied with `keep`. The residual connection "
        "adds x, after dropout, so all of `d_x` is.",
        {"d_below": lambda through, around, last: through * last + around},
    ),
    (
        "keep_on_the_residual_alone",
        "Only what comes past the cells was multiplied with `keep`. The cells have read x, after "
        "dropout, so all of `d_x` is.",
        {"d_below": lambda through, around, last: through + around * last},
    ),
    (
        "gradients_transposed",
        "The gradients of the matrices are transposed. Each has the shape of its matrix, (2H, H).",
        {
            "d_W_xh": lambda x, d_z_f: matrix_gradient(d_z_f, x),
            "d_V_xh": lambda x_b, d_z_b: matrix_gradient(d_z_b, x_b),
        },
    ),
    (
        "mean_over_batch",
        "The gradients of the weights are divided by B. The mean, if there is one, is in `d_out` "
        "already: add the samples up.",
        {
            "d_W_xh": lambda x, d_z_f: matrix_gradient(x, d_z_f) / x.shape[1],
            "d_V_xh": lambda x_b, d_z_b: matrix_gradient(x_b, d_z_b) / x_b.shape[1],
        },
    ),
    (
        "last_step_alone",
        "The gradients of the input matrices are those of one step each, the last that the cell "
        "has read. Add up all steps.",
        {
            "d_W_xh": lambda x, d_z_f: matrix_gradient(x[-1:], d_z_f[-1:]),
            "d_V_xh": lambda x_b, d_z_b: matrix_gradient(x_b[-1:], d_z_b[-1:]),
        },
    ),
    (
        "gradients_of_W_hh",
        "These are built from the states before, as the gradients of `W_hh` and `V_hh` are. Asked "
        "are those of the input matrices, built from x.",
        {
            "d_W_xh": lambda states, d_z_f: matrix_gradient(
                shifted_back(0 * states[0][0], states[0]), d_z_f
            ),
            "d_V_xh": lambda h_b, d_z_b: matrix_gradient(shifted_back(0 * h_b[0], h_b), d_z_b),
        },
    ),
):
    check_layer_back.add_mistake(_key, _message, _replaces)
