"""Code: one whole step of a GRU back, the reset gate after the product."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.blend_back import TO_SUMS, add_blend_mistakes, blend_inputs
from utils.checks.chapter08.formulas import (
    CHAPTER,
    GATE_AXIS,
    IN_ORDER,
    WRONG_ORDERS,
    blocks_of,
    constant,
)
from utils.checks.chapter08.slopes import add_sigmoid_mistakes
from utils.checks.engine import Check

Array = np.ndarray


def back_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a gradient at the new state, the values of the step, and the weights it needs."""
    B, H = sizes["B"], sizes["H"]
    drawn = blend_inputs(rng, sizes)
    return {
        "d_h_t": drawn["d_h_t"],
        "h_prev": drawn["h_prev"],
        "reset_gate": rng.uniform(0.1, 0.9, size=(B, H)),
        "update_gate": drawn["update_gate"],
        "candidate": drawn["candidate"],
        "W_h": rng.normal(size=(H, 3 * H)) / np.sqrt(H),
        "b_hn": rng.choice([-1.0, 1.0], size=H) * rng.uniform(0.3, 0.9, size=H),
    }


def joined(blocks: Array, order: Array) -> Array:
    """Put blocks (3, ..., H) side by side, in the given order."""
    return np.concatenate(list(blocks[order.astype(int)]), axis=-1)


check_gru_back = Check(
    "gru_back",
    chapter=CHAPTER,
    title="One step of a GRU back",
    outputs={
        "d_a_r": "B H",
        "d_a_z": "B H",
        "d_a_n": "B H",
        "d_h_prev": "B H",
        "d_W_h": f"H {GATE_AXIS}",
        "d_b": GATE_AXIS,
        "d_b_hn": "H",
    },
    inputs=back_inputs,
    sizes=({"B": 4, "H": 3}, {"B": 2, "H": 5}, {"B": 1, "H": 2}),
    steps={
        **TO_SUMS,
        # through the reset gate
        "order_in": constant(IN_ORDER),
        "W_blocks": lambda W_h, order_in: blocks_of(W_h, order_in),  # (3, H, H)
        "q": lambda h_prev, W_blocks, b_hn: h_prev @ W_blocks[2] + b_hn,
        "d_r": lambda d_a_n, q: d_a_n * q,
        "slope_r": lambda reset_gate: reset_gate * (1 - reset_gate),
        "d_a_r": lambda d_r, slope_r: d_r * slope_r,
        "passed": lambda reset_gate: reset_gate,
        "d_q": lambda d_a_n, passed: d_a_n * passed,
        # the four paths into the old state
        "back": lambda W_blocks: np.swapaxes(W_blocks, 1, 2),
        "kept": lambda update_gate: update_gate,
        "path_direct": lambda d_h_t, kept: d_h_t * kept,
        "path_r": lambda d_a_r, back: d_a_r @ back[0],
        "path_z": lambda d_a_z, back: d_a_z @ back[1],
        "path_n": lambda d_q, back: d_q @ back[2],
        "d_h_prev": lambda path_direct, path_r, path_z, path_n: (
            path_direct + path_r + path_z + path_n
        ),
        # weights
        "order_out": constant(IN_ORDER),
        "share": constant(1.0),
        "read": lambda h_prev: h_prev,
        "to_W_hn": lambda d_q: d_q,
        "W_terms": lambda read, d_a_r, d_a_z, to_W_hn: np.stack(
            [read.T @ d_a for d_a in (d_a_r, d_a_z, to_W_hn)]
        ),
        "d_W_h": lambda W_terms, order_out, share: share * joined(W_terms, order_out),
        "to_b_n": lambda d_a_n: d_a_n,
        "b_rows": lambda d_a_r, d_a_z, to_b_n: np.stack([d_a_r, d_a_z, to_b_n]),  # (3, B, H)
        "d_b": lambda b_rows, order_out, share: share * joined(b_rows, order_out).sum(axis=0),
        "to_b_hn": lambda d_q: d_q,
        "d_b_hn": lambda to_b_hn, share: share * to_b_hn.sum(axis=0),
    },
    hints=(
        "Begin with `blend_back` of part a. Inside the candidate, `a_n` holds r times q, with q = "
        "h_prev W_hn + b_hn: a product of two things, so the gradient goes to both.",
        "r gets `d_a_n` times q, then the slope r(1 − r); q gets `d_a_n` times r. `h_prev` stands "
        "in four places: in the blend, in both gates, and in q. Add what comes from each.",
        "With `d_q = d_a_n * r`: `d_h_prev` is `d_h_direct` plus `d_a_r @ W_hr.T` plus "
        "`d_a_z @ W_hz.T` plus `d_q @ W_hn.T`. `d_W_h` joins `h_prev.T` times `d_a_r`, `d_a_z` and "
        "`d_q`; `d_b` sums over the samples and has `d_a_n` in its third block, `d_b_hn` has "
        "`d_q`.",
    ),
)
add_blend_mistakes(check_gru_back)
add_sigmoid_mistakes(check_gru_back, "reset_gate", "r")
for _key, _message, _replaces in (
    (
        "reset_before",
        "This is the way back with the reset gate before the product: `W_hn.T` first, then r. Here "
        "r multiplies the product, so on the way back r comes first.",
        {
            "d_r": lambda d_a_n, h_prev, W_blocks: (d_a_n @ W_blocks[2].T) * h_prev,
            "path_n": lambda d_a_n, back, reset_gate: (d_a_n @ back[2]) * reset_gate,
            "W_terms": lambda h_prev, reset_gate, d_a_r, d_a_z, d_a_n: np.stack(
                [h_prev.T @ d_a_r, h_prev.T @ d_a_z, (reset_gate * h_prev).T @ d_a_n]
            ),
            "to_b_hn": lambda d_a_n: 0 * d_a_n,
        },
    ),
    (
        "b_hn_outside",
        "This is the way back with `b_hn` outside the reset gate. It stands inside: r multiplies q "
        "= h_prev W_hn + b_hn, and `b_hn` gets `d_a_n * r`.",
        {
            "q": lambda h_prev, W_blocks: h_prev @ W_blocks[2],
            "to_b_hn": lambda d_a_n: d_a_n,
        },
    ),
    (
        "q_without_bias",
        "`b_hn` is missing in q, which r multiplies: q = h_prev W_hn + b_hn.",
        {"q": lambda h_prev, W_blocks: h_prev @ W_blocks[2]},
    ),
    (
        "q_is_bias",
        "r was taken to multiply `b_hn` alone. It multiplies q = h_prev W_hn + b_hn.",
        {"q": lambda h_prev, b_hn: 0 * h_prev + b_hn},
    ),
    (
        "q_is_state",
        "r was taken to multiply `h_prev`, as with the reset gate before the product. Here it "
        "multiplies q = h_prev W_hn + b_hn.",
        {"q": lambda h_prev: h_prev},
    ),
    (
        "q_with_reset",
        "q has r in it. The derivative of r q in r is q alone.",
        {
            "q": lambda h_prev, W_blocks, b_hn, reset_gate: (
                reset_gate * (h_prev @ W_blocks[2] + b_hn)
            )
        },
    ),
    (
        "q_missing",
        "The factor q is left out: r multiplies q = h_prev W_hn + b_hn in the candidate.",
        {"q": lambda h_prev: np.ones(h_prev.shape)},
    ),
    (
        "q_with_transposed_weights",
        "`W_hn` is transposed in q. On the way forward it stands as it is: h_prev W_hn + b_hn.",
        {"q": lambda h_prev, W_blocks, b_hn: h_prev @ W_blocks[2].T + b_hn},
    ),
    (
        "reset_from_blend",
        "This goes from `d_h_t` to the reset gate and skips the candidate. r stands inside the "
        "candidate: go on from `d_a_n`.",
        {"d_r": lambda d_h_t, q: d_h_t * q},
    ),
    (
        "reset_missing_on_the_way",
        "The factor r is left out on the way from `a_n` to q = h_prev W_hn + b_hn.",
        {"passed": lambda reset_gate: np.ones(reset_gate.shape)},
    ),
    (
        "passed_turned",
        "On the way from `a_n` to q stands 1 − r. q is multiplied by r.",
        {"passed": lambda reset_gate: 1 - reset_gate},
    ),
    (
        "not_transposed",
        "The blocks of `W_h` are not transposed on the way back to `h_prev`.",
        {"back": lambda W_blocks: W_blocks},
    ),
    (
        "path_direct_missing",
        "One of four paths into `h_prev` is missing: the direct one through the blend, "
        "`d_h_t * z`.",
        {"path_direct": lambda d_h_t: 0 * d_h_t},
    ),
    (
        "path_direct_unweighted",
        "`d_h_t` was added whole. Through the blend `h_prev` gets `d_h_t * z`.",
        {"path_direct": lambda d_h_t: d_h_t},
    ),
    (
        "path_direct_swapped",
        "Through the blend `h_prev` gets `d_h_t * z`, not `d_h_t * (1 - z)`.",
        {"path_direct": lambda d_h_t, update_gate: d_h_t * (1 - update_gate)},
    ),
    (
        "path_r_missing",
        "One of four paths into `h_prev` is missing: through the reset gate, `d_a_r @ W_hr.T`.",
        {"path_r": lambda d_a_r: 0 * d_a_r},
    ),
    (
        "path_z_missing",
        "One of four paths into `h_prev` is missing: through the update gate, `d_a_z @ W_hz.T`.",
        {"path_z": lambda d_a_z: 0 * d_a_z},
    ),
    (
        "path_n_missing",
        "One of four paths into `h_prev` is missing: through the candidate, `d_q @ W_hn.T`.",
        {"path_n": lambda d_q: 0 * d_q},
    ),
    (
        "path_n_without_reset",
        "In `d_a_n @ W_hn.T` the reset gate is missing. It multiplies the product: "
        "`(d_a_n * r) @ W_hn.T`.",
        {"path_n": lambda d_a_n, back: d_a_n @ back[2]},
    ),
    (
        "path_n_reset_last",
        "r is multiplied in after `W_hn.T`, as with the reset gate before the product. Here r "
        "comes first: `(d_a_n * r) @ W_hn.T`.",
        {"path_n": lambda d_a_n, back, reset_gate: (d_a_n @ back[2]) * reset_gate},
    ),
    (
        "W_hn_without_reset",
        "The third block goes on from `d_a_n`. `W_hn` feeds the product, which r multiplies: go on "
        "from `d_a_n * r`.",
        {"to_W_hn": lambda d_a_n: d_a_n},
    ),
    (
        "W_hn_with_reset_state",
        "The third block is `(r * h_prev).T @ d_a_n`, as with the reset gate before the product. "
        "Here `W_hn` reads `h_prev`, and r belongs to `d_a_n`.",
        {
            "W_terms": lambda read, reset_gate, d_a_r, d_a_z, d_a_n: np.stack(
                [read.T @ d_a_r, read.T @ d_a_z, (reset_gate * read).T @ d_a_n]
            )
        },
    ),
    (
        "W_turned",
        "Each block is transposed: what the weights read stands on the left, `h_prev.T @ d_a`.",
        {
            "W_terms": lambda read, d_a_r, d_a_z, to_W_hn: np.stack(
                [d_a.T @ read for d_a in (d_a_r, d_a_z, to_W_hn)]
            )
        },
    ),
    (
        "W_with_new_state",
        "`W_h` reads the state before the step, `h_prev`. This was made with `h_t`.",
        {
            "read": lambda update_gate, candidate, h_prev: (
                (1 - update_gate) * candidate + update_gate * h_prev
            )
        },
    ),
    (
        "W_stacked",
        "The blocks stand one below the other. `W_h` has them side by side, `axis=1`.",
        {"d_W_h": lambda W_terms, order_out, share: share * np.concatenate(list(W_terms))},
    ),
    (
        "W_per_sample",
        "The samples are kept apart, on an axis of their own. One `W_h` serves them all: add up.",
        {
            "d_W_h": lambda read, d_a_r, d_a_z, to_W_hn: np.concatenate(
                [read[:, :, None] * d_a[:, None, :] for d_a in (d_a_r, d_a_z, to_W_hn)], axis=2
            )
        },
    ),
    (
        "b_with_reset",
        "The third block of `d_b` has the factor r. This bias is added outside the reset gate: its "
        "gradient is that of the sum, `d_a_n`.",
        {"to_b_n": lambda d_q: d_q},
    ),
    (
        "b_not_summed",
        "`b` has a row of gradients for every sample. One `b` serves all of them: sum over the "
        "batch.",
        {"d_b": lambda b_rows, order_out, share: share * joined(b_rows, order_out)},
    ),
    (
        "b_mean",
        "The rows are averaged. Add them up, as the product does for `W_h`.",
        {"d_b": lambda b_rows, order_out, share: share * joined(b_rows, order_out).mean(axis=0)},
    ),
    (
        "b_kept_axis",
        "The sum has kept its axis: shape (1, 3H). `b` has one axis.",
        {
            "d_b": lambda b_rows, order_out, share: (
                share * joined(b_rows, order_out).sum(axis=0, keepdims=True)
            )
        },
    ),
    (
        "b_other_axis",
        "Summed over the units, one number per sample. Sum over the samples.",
        {"d_b": lambda b_rows, order_out, share: share * joined(b_rows, order_out).sum(axis=1)},
    ),
    (
        "b_hn_without_reset",
        "The factor r is missing, as if `b_hn` stood outside the reset gate. It stands inside: sum "
        "`d_a_n * r`.",
        {"to_b_hn": lambda d_a_n: d_a_n},
    ),
    (
        "b_hn_not_summed",
        "`b_hn` has a row of gradients for every sample. One `b_hn` serves all: sum over the "
        "batch.",
        {"d_b_hn": lambda to_b_hn: to_b_hn},
    ),
    (
        "b_hn_mean",
        "The rows are averaged. Add them up over the batch.",
        {"d_b_hn": lambda to_b_hn: to_b_hn.mean(axis=0)},
    ),
    (
        "b_hn_kept_axis",
        "The sum has kept its axis: shape (1, H). `b_hn` has one axis.",
        {"d_b_hn": lambda to_b_hn: to_b_hn.sum(axis=0, keepdims=True)},
    ),
    (
        "b_hn_other_axis",
        "Summed over the units, one number per sample. Sum over the samples, the first axis.",
        {"d_b_hn": lambda to_b_hn: to_b_hn.sum(axis=1)},
    ),
    (
        "mean_over_batch",
        "The gradients of the weights are divided by B. The mean, if there is one, is in `d_h_t` "
        "already: add the samples up.",
        {"share": lambda h_prev: 1 / len(h_prev)},
    ),
):
    check_gru_back.add_mistake(_key, _message, _replaces)
for _order, _words in WRONG_ORDERS.items():
    _key = "".join(word[0] for word in _words.split(", "))
    check_gru_back.add_mistake(
        f"blocks_in_{_key}",
        f"The blocks of `W_h` were read in the order {_words}. They stand in the order reset, "
        "update, candidate.",
        {"order_in": constant(np.argsort(_order))},
    )
    check_gru_back.add_mistake(
        f"blocks_out_{_key}",
        f"The blocks are joined in the order {_words}. The order is reset, update, candidate.",
        {"order_out": constant(np.array(_order))},
    )
