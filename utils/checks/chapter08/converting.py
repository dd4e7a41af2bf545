"""Code: weights of a GRU in another convention, turned into those of the course."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import CHAPTER, GATE_AXIS, blocks_of, constant
from utils.checks.engine import Check

Array = np.ndarray
TAKEN = np.array([1, 0, 2])  # from update, reset, candidate to reset, update, candidate
SIGNS = np.array([1.0, -1.0, 1.0])


def other_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the weights of a GRU with two biases for every block."""
    D, H = sizes["D"], sizes["H"]
    return {
        "V_x": rng.normal(size=(D, 3 * H)),
        "V_h": rng.normal(size=(H, 3 * H)),
        "b_x": rng.normal(size=3 * H),
        "b_h": rng.normal(size=3 * H),
    }


def convert(other: Array, taken: Array, turn: Array, how: str) -> Array:
    """Take blocks in another order, and turn the sign of some of them.

    Parameters
    ----------
    other : array, shape (..., 3H)
    taken : array of int, shape (3,)
        Which of their blocks becomes the first, second and third of the course's.
    turn : array, shape (3,)
        The sign of each block, in the order of the course.
    how : {"minus", "one minus"}
        What a learner takes for the turned sign.
    """
    blocks = blocks_of(other, taken)
    signs = turn.reshape(3, *[1] * other.ndim)
    turned = -blocks if how == "minus" else 1 - blocks
    return np.concatenate(list(np.where(signs < 0, turned, blocks)), axis=-1)


check_other_convention = Check(
    "other_convention",
    chapter=CHAPTER,
    title="Weights from another convention",
    outputs={"W_x": f"D {GATE_AXIS}", "W_h": f"H {GATE_AXIS}", "b": GATE_AXIS, "b_hn": "H"},
    inputs=other_inputs,
    sizes=({"D": 4, "H": 2}, {"D": 2, "H": 5}, {"D": 7, "H": 3}),
    steps={
        "taken": constant(TAKEN),
        "how": constant("minus"),
        "signs_x": constant(SIGNS),
        "signs_h": constant(SIGNS),
        "signs_b": constant(SIGNS),
        "W_x": lambda V_x, taken, signs_x, how: convert(V_x, taken, signs_x, str(how)),
        "W_h": lambda V_h, taken, signs_h, how: convert(V_h, taken, signs_h, str(how)),
        # in the gates the two biases are one sum; in the candidate the second stands apart
        "inside": lambda b_h: np.concatenate([b_h[: 2 * len(b_h) // 3], 0 * b_h[: len(b_h) // 3]]),
        "summed": lambda b_x, inside: b_x + inside,
        "b": lambda summed, taken, signs_b, how: convert(summed, taken, signs_b, str(how)),
        "b_hn": lambda b_h: b_h[2 * len(b_h) // 3 :],
    },
    hints=(
        "Three differences, one after the other: the order of the blocks, the meaning of z, and "
        "the two biases. Cut every array into its three blocks first.",
        "Their z is 1 minus ours, and 1 − σ(a) = σ(−a). So the sum of the update gate changes its "
        "sign, and with it all that is added up in it.",
        "The update block of `V_x`, of `V_h` and of the bias gets a minus. For both gates the bias "
        "is `b_x + b_h`; for the candidate `b` gets the block of `b_x`, and that of `b_h` is "
        "`b_hn`, since it stands inside the reset gate.",
    ),
)
for _key, _message, _replaces in (
    (
        "order_kept",
        "The blocks stand in their order still: update, reset, candidate. Here the order is reset, "
        "update, candidate.",
        {
            "taken": constant(np.arange(3)),
            **dict.fromkeys(("signs_x", "signs_h", "signs_b"), constant(SIGNS[TAKEN])),
        },
    ),
    (
        "order_kept_sign_at_second",
        "The blocks stand in their order still, update, reset, candidate, and the sign of the "
        "second is turned, which is their reset gate.",
        {"taken": constant(np.arange(3))},
    ),
    (
        "order_kept_signs_kept",
        "Neither order nor sign is converted: the blocks stand as update, reset, candidate, and z "
        "has its other meaning.",
        {
            "taken": constant(np.arange(3)),
            **dict.fromkeys(("signs_x", "signs_h", "signs_b"), constant(np.ones(3))),
        },
    ),
    (
        "sign_of_reset",
        "The sign of the reset gate is turned. It is the update gate that means the opposite.",
        dict.fromkeys(("signs_x", "signs_h", "signs_b"), constant(SIGNS[TAKEN])),
    ),
    (
        "all_signs",
        "The sign of every block is turned. Only the sum of the update gate changes its sign.",
        dict.fromkeys(("signs_x", "signs_h", "signs_b"), constant(-np.ones(3))),
    ),
    (
        "one_minus_weights",
        "1 minus the weights was taken. The gate becomes 1 − z, and 1 − σ(a) = σ(−a): turn the "
        "sign of the sum, and so of the weights.",
        {"how": constant("one minus")},
    ),
    (
        "biases_all_summed",
        "The two biases were summed in the candidate's block too. There the second one stands "
        "inside the reset gate and is `b_hn`.",
        {"inside": lambda b_h: b_h},
    ),
    (
        "second_bias_ignored",
        "`b_h` is missing from the gates. There the two biases are one sum, `b_x + b_h`.",
        {"inside": lambda b_h: 0 * b_h},
    ),
    (
        "first_bias_ignored",
        "`b_x` is missing. In the gates the two biases are one sum, and in the candidate `b_x` is "
        "the one outside the reset gate.",
        {"summed": lambda inside: inside},
    ),
    (
        "second_bias_alone",
        "This is made from `b_h` alone. In the gates the two biases are one sum; of the candidate "
        "`b` holds the block of `b_x`.",
        {"summed": lambda b_h: b_h},
    ),
    (
        "b_hn_of_b_x",
        "This is the block of `b_x`. Inside the reset gate stands the bias that comes with the old "
        "state, `b_h`.",
        {"b_hn": lambda b_x: b_x[2 * len(b_x) // 3 :]},
    ),
    (
        "b_hn_summed",
        "This is the sum of both biases. Inside the reset gate stands the one that comes with the "
        "old state alone, `b_h`.",
        {"b_hn": lambda b_x, b_h: (b_x + b_h)[2 * len(b_x) // 3 :]},
    ),
    (
        "b_hn_zero",
        "`b_hn` is zero here. It is the candidate's block of `b_h`, which stands inside the reset "
        "gate.",
        {"b_hn": lambda b_h: 0 * b_h[2 * len(b_h) // 3 :]},
    ),
    (
        "b_hn_first_block",
        "This is the first block of `b_h`. The candidate's is the third.",
        {"b_hn": lambda b_h: b_h[: len(b_h) // 3]},
    ),
    (
        "b_hn_second_block",
        "This is the second block of `b_h`. The candidate's is the third.",
        {"b_hn": lambda b_h: b_h[len(b_h) // 3 : 2 * len(b_h) // 3]},
    ),
    (
        "b_hn_whole",
        "This is the whole of `b_h`. Only its block of the candidate stands inside the reset gate.",
        {"b_hn": lambda b_h: b_h},
    ),
    (
        "b_hn_turned",
        "The sign of `b_hn` is turned. Only what is added up in the update gate changes its sign.",
        {"b_hn": lambda b_h: -b_h[2 * len(b_h) // 3 :]},
    ),
):
    check_other_convention.add_mistake(_key, _message, _replaces)
for _name, _array in (("x", "`V_x`"), ("h", "`V_h`"), ("b", "the bias")):
    check_other_convention.add_mistake(
        f"sign_kept_{_name}",
        f"In {_array} the update gate keeps its sign. Its whole sum changes sign, and so does its "
        "block in all three arrays.",
        {f"signs_{_name}": constant(np.ones(3))},
    )
check_other_convention.add_mistake(
    "sign_kept",
    "The update gate keeps its sign here. Their z is the share of the candidate, so its whole sum "
    "has to change sign: its block in both matrices and in the bias.",
    dict.fromkeys(("signs_x", "signs_h", "signs_b"), constant(np.ones(3))),
)
