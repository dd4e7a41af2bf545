"""Code: one step of a GRU, with the reset gate after the product and before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import (
    CHAPTER,
    IN_ORDER,
    SQUASH,
    WRONG_ORDERS,
    blocks_of,
    candidate_sum,
    constant,
    turn_blocks,
)
from utils.checks.ordering import OrderedCheck

Array = np.ndarray
SIZES = ({"B": 3, "D": 4, "H": 2}, {"B": 2, "D": 7, "H": 5}, {"B": 1, "D": 2, "H": 3})


def step_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw an input, a state before the step, and the weights of a GRU."""
    B, D, H = (sizes[name] for name in "BDH")
    return {
        "x_t": rng.normal(size=(B, D)),
        "h_prev": rng.uniform(-0.9, 0.9, size=(B, H)),
        "W_x": rng.normal(size=(D, 3 * H)) / np.sqrt(D),
        "W_h": 1.5 * rng.normal(size=(H, 3 * H)) / np.sqrt(H),
        "b": 0.5 * rng.normal(size=3 * H),
        "b_hn": rng.choice([-1.0, 1.0], size=H) * rng.uniform(0.3, 0.9, size=H),
    }


def step_inputs_before(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the same without the bias that only a reset after the product has."""
    drawn = step_inputs(rng, sizes)
    del drawn["b_hn"]
    return drawn


# Every quantity of a step, in the order of computation.
STEPS = {
    "order_x": constant(IN_ORDER),
    "order_h": constant(IN_ORDER),
    "bias": lambda b: b,
    "recurrent": lambda W_h: W_h,
    "from_x": lambda x_t, W_x, bias, order_x: blocks_of(x_t @ W_x + bias, order_x),  # (3, B, H)
    "W_blocks": lambda recurrent, order_h: blocks_of(recurrent, order_h),  # (3, H, H)
    "gate_squash": constant("sigmoid"),
    "gate_state": lambda h_prev: h_prev,
    "reset_gate": lambda from_x, gate_state, W_blocks, gate_squash: SQUASH[str(gate_squash)](
        from_x[0] + gate_state @ W_blocks[0]
    ),
    "update_gate": lambda from_x, gate_state, W_blocks, gate_squash: SQUASH[str(gate_squash)](
        from_x[1] + gate_state @ W_blocks[1]
    ),
    "inner": lambda b_hn: b_hn,
    "gate": lambda reset_gate: reset_gate,
    "placement": constant("after"),
    "candidate_squash": constant("tanh"),
    "candidate": lambda from_x, h_prev, gate, W_blocks, inner, placement, candidate_squash: SQUASH[
        str(candidate_squash)
    ](candidate_sum(from_x[2], h_prev, gate, W_blocks[2], inner, str(placement))),
    "kept": lambda update_gate: update_gate,
    "taken": lambda kept: 1 - kept,
    "old": lambda h_prev: h_prev,
    "h_t": lambda candidate, kept, taken, old: taken * candidate + kept * old,
}


check_gru_step = OrderedCheck(
    "gru_step",
    chapter=CHAPTER,
    title="One step of a GRU, the reset gate after the product",
    outputs=dict.fromkeys(("reset_gate", "update_gate", "candidate", "h_t"), "B H"),
    inputs=step_inputs,
    sizes=SIZES,
    steps=STEPS,
    hints=(
        "Two products, `x_t @ W_x + b` and `h_prev @ W_h`, each of shape (B, 3H). Cut both into "
        "three blocks of columns; the first two blocks of each are added for the gates.",
        "`np.split(array, 3, axis=1)` cuts. The third blocks are not added at once: to the one "
        "that comes from the old state `b_hn` is added first, and then r multiplies it.",
        "candidate: tanh of the third block of the input plus r times (the third block of the "
        "state plus `b_hn`). State: (1 − z) times the candidate plus z times `h_prev`.",
    ),
)

check_reset_before = OrderedCheck(
    "reset_before",
    chapter=CHAPTER,
    title="The reset gate before the product",
    outputs={"candidate": "B H", "h_t": "B H"},
    inputs=step_inputs_before,
    sizes=SIZES,
    steps={**STEPS, "inner": lambda h_prev: 0 * h_prev[0], "placement": constant("before")},
    hints=(
        "The gates are made as before. The candidate alone is another: here the reset gate "
        "reaches the old state before `W_hn` does.",
        "The third block of `h_prev @ W_h` is of no use here, since r has to be multiplied in "
        "first. Cut `W_h` itself into three blocks of columns.",
        "`(reset_gate * h_prev) @ W_hn` takes the place of r times the product, and there is no "
        "`b_hn`. The blend takes `h_prev` as it came in.",
    ),
)

_PLACES = {
    "bias outside": (
        "b_hn_outside",
        "`b_hn` is added outside the reset gate. It stands inside: (`h_prev @ W_hn` + `b_hn`), all "
        "of it times r.",
    ),
    "after": (
        "reset_after",
        "The reset gate multiplies the product `h_prev @ W_hn`. Asked is before: "
        "`(reset_gate * h_prev) @ W_hn`.",
    ),
    "before": (
        "reset_before",
        "The reset gate multiplies `h_prev` before the product. Asked is after it: r times "
        "(`h_prev @ W_hn` + `b_hn`).",
    ),
    "ignored": ("reset_ignored", "The reset gate is missing from the candidate."),
    "everything": (
        "reset_times_everything",
        "The reset gate multiplies the part of the input too. It belongs to the part of the old "
        "state alone.",
    ),
    "input": (
        "reset_times_input",
        "The reset gate multiplies the part of the input. It belongs to the part of the old state.",
    ),
    "added": (
        "reset_added",
        "The reset gate is added in the candidate. It multiplies what comes from the old state.",
    ),
    "old state": (
        "product_missing",
        "`W_hn` is missing from the candidate: the reset gate multiplies the old state itself.",
    ),
}
_SHARED = (
    (
        "bias_forgotten",
        "The bias `b` is missing.",
        {"bias": lambda b: 0 * b},
    ),
    (
        "recurrent_transposed",
        "Each block of `W_h` is transposed. States are rows on the left of it: `h_prev @ W_h`.",
        {"recurrent": lambda W_h: turn_blocks(W_h)},
    ),
    (
        "state_not_in_gates",
        "The gates do not see `h_prev`. They read input and old state, each with its weights.",
        {"gate_state": lambda h_prev: 0 * h_prev},
    ),
    (
        "gates_through_tanh",
        "The gates go through tanh. A gate goes through the sigmoid, between 0 and 1.",
        {"gate_squash": constant("tanh")},
    ),
    (
        "gates_are_sums",
        "The gates are the sums themselves. Put them through the sigmoid.",
        {"gate_squash": constant("none")},
    ),
    (
        "gate_is_update",
        "The update gate stands in the candidate, in the place of the reset gate.",
        {"gate": lambda update_gate: update_gate},
    ),
    (
        "gate_turned",
        "1 − r stands in the candidate. The old state is multiplied by r there.",
        {"gate": lambda reset_gate: 1 - reset_gate},
    ),
    (
        "candidate_is_sum",
        "The candidate is the sum itself. Put it through tanh.",
        {"candidate_squash": constant("none")},
    ),
    (
        "candidate_through_sigmoid",
        "The candidate goes through the sigmoid, so it is never negative. It goes through tanh.",
        {"candidate_squash": constant("sigmoid")},
    ),
    (
        "blend_swapped",
        "z and 1 − z have changed places: here z is the share of the old state, and 1 − z that of "
        "the candidate. Some papers have it the other way round.",
        {"kept": lambda update_gate: 1 - update_gate},
    ),
    (
        "blend_with_reset",
        "The blend is made with the reset gate. The update gate decides there.",
        {"kept": lambda reset_gate: reset_gate},
    ),
    (
        "whole_candidate",
        "The candidate is added whole. It has the share 1 − z, so that the two shares make 1.",
        {"taken": lambda kept: np.ones(kept.shape)},
    ),
    (
        "candidate_times_kept",
        "Old state and candidate both have the share z. That of the candidate is 1 − z.",
        {"taken": lambda kept: kept},
    ),
    (
        "old_state_missing",
        "The old state is missing from the blend. Its share is z.",
        {"old": lambda h_prev: 0 * h_prev},
    ),
    (
        "old_state_reset",
        "In the blend stands r times `h_prev`, perhaps because one name was used for both. The "
        "blend takes `h_prev` as it came in.",
        {"old": lambda h_prev, reset_gate: reset_gate * h_prev},
    ),
    (
        "candidate_for_state",
        "`h_t` is the candidate itself. Blend it with the old state, with the shares 1 − z and z.",
        {"h_t": lambda candidate: candidate},
    ),
    (
        "old_state_for_new",
        "`h_t` is `h_prev` as it came in. Return the blend.",
        {"h_t": lambda h_prev: h_prev},
    ),
    (
        "tanh_of_blend",
        "tanh was taken of the blend, as an LSTM does with its cell. The blend is the new state.",
        {"h_t": lambda candidate, kept, taken, old: np.tanh(taken * candidate + kept * old)},
    ),
)
for _check, _right in ((check_gru_step, "after"), (check_reset_before, "before")):
    for _key, _message, _replaces in _SHARED:
        _check.add_mistake(_key, _message, _replaces)
    for _place, (_key, _message) in _PLACES.items():
        if _place == _right or (_place == "bias outside" and _right == "before"):
            continue
        _check.add_mistake(_key, _message, {"placement": constant(_place)})
    for _order, _words in WRONG_ORDERS.items():
        _taken = constant(np.array(_order))
        _key = "".join(word[0] for word in _words.split(", "))
        _check.add_mistake(
            f"blocks_{_key}",
            f"The blocks of columns were taken in the order {_words}. They stand in the order "
            "reset, update, candidate.",
            # block i of the right order is found at its place in the learner's
            {"order_x": constant(np.argsort(_order)), "order_h": constant(np.argsort(_order))},
        )
    _check.add_mistake(
        "blocks_of_W_x_alone",
        "In `W_x` and `b` the blocks of the two gates have changed places, and not in `W_h`. All "
        "have the order reset, update, candidate.",
        {"order_x": constant(np.array([1, 0, 2]))},
    )
    _check.add_mistake(
        "blocks_of_W_h_alone",
        "In `W_h` the blocks of the two gates have changed places, and not in `W_x`. Both have "
        "the order reset, update, candidate.",
        {"order_h": constant(np.array([1, 0, 2]))},
    )

check_gru_step.add_mistake(
    "b_hn_forgotten",
    "`b_hn` is missing from the candidate. It is added to `h_prev @ W_hn`, inside the reset gate.",
    {"inner": lambda b_hn: 0 * b_hn},
)
check_gru_step.add_mistake(
    "b_hn_in_the_gates",
    "`b_hn` was added in the gates as well. It belongs to the candidate alone.",
    {
        "from_x": lambda x_t, W_x, bias, order_x, b_hn: (
            blocks_of(x_t @ W_x + bias, order_x) + np.array([1.0, 1.0, 0.0])[:, None, None] * b_hn
        )
    },
)
check_gru_step.add_mistake(
    "bias_with_both_products",
    "`b` is added to both products. Each block has one bias, and `b_hn` inside the reset gate.",
    {
        "from_x": lambda x_t, W_x, bias, order_x: (
            blocks_of(x_t @ W_x + bias, order_x)
            + np.array([1.0, 1.0, 0.0])[:, None, None] * blocks_of(bias, order_x)[:, None]
        ),
        "inner": lambda bias, b_hn: b_hn + bias[-len(b_hn) :],
    },
)
check_gru_step.add_mistake(
    "reset_gate_turned",
    "This is 1 − r: the reset gate is the sigmoid of its sum, with no minus.",
    {
        "reset_gate": lambda from_x, gate_state, W_blocks: SQUASH["sigmoid"](
            -from_x[0] - gate_state @ W_blocks[0]
        )
    },
)
check_gru_step.add_mistake(
    "update_gate_turned",
    "This is 1 − z: the update gate is the sigmoid of its sum, with no minus.",
    {
        "update_gate": lambda from_x, gate_state, W_blocks: SQUASH["sigmoid"](
            -from_x[1] - gate_state @ W_blocks[1]
        )
    },
)
check_reset_before.add_mistake(
    "gate_of_reset_state",
    "The update gate reads r times `h_prev`, perhaps because one name was used for both. It reads "
    "`h_prev` as it came in.",
    {
        "update_gate": lambda from_x, h_prev, W_blocks, gate_squash, reset_gate: SQUASH[
            str(gate_squash)
        ](from_x[1] + (reset_gate * h_prev) @ W_blocks[1])
    },
)
