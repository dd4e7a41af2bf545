"""Code: the parameters of a `torch` GRU, turned into the weights of the course's cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import GATE_AXIS, IN_ORDER, blocks_of, constant
from utils.checks.chapter10.formulas import CHAPTER, Array
from utils.checks.ordering import OrderedCheck

UPDATE_FIRST = np.array([1, 0, 2])
CANDIDATE_FIRST = np.array([2, 0, 1])


def torch_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the parameters of one layer in one direction, under the names of `torch`."""
    D, H = sizes["D"], sizes["H"]
    return {
        "weight_ih": rng.normal(size=(3 * H, D)),
        "weight_hh": rng.normal(size=(3 * H, H)),
        "bias_ih": rng.normal(size=3 * H),
        "bias_hh": rng.normal(size=3 * H),
    }


def turned(weight: Array, how: str) -> Array:
    """Bring (3H, N) into the form (N, 3H), or what a learner takes for it.

    Parameters
    ----------
    weight : array, shape (3H, N)
    how : {"transpose", "reshape", "blocks", "kept"}
        ``"transpose"`` does it. ``"blocks"`` puts the three blocks side by side and leaves each
        as it is.
    """
    if how == "transpose":
        return weight.T
    if how == "reshape":
        return weight.reshape(weight.shape[1], -1)
    if how == "blocks":
        return np.concatenate(np.split(weight, 3), axis=1)
    return weight


def in_order(joined: Array, order: Array) -> Array:
    """Take the three blocks of columns in another order."""
    if (order == IN_ORDER).all() or joined.shape[-1] % 3:
        return joined
    return np.concatenate(list(blocks_of(joined, order)), axis=-1)


def third(joined: Array, block: int = 2) -> Array:
    """Return one of three blocks."""
    return np.split(joined, 3)[block]


check_from_torch_gru = OrderedCheck(
    "from_torch_gru",
    chapter=CHAPTER,
    title="A GRU out of torch",
    outputs={"W_x": f"D {GATE_AXIS}", "W_h": f"H {GATE_AXIS}", "b": GATE_AXIS, "b_hn": "H"},
    inputs=torch_inputs,
    sizes=({"D": 4, "H": 2}, {"D": 2, "H": 5}, {"D": 7, "H": 3}),
    steps={
        "how_x": constant("transpose"),
        "how_h": constant("transpose"),
        "order": constant(IN_ORDER),
        "W_x": lambda weight_ih, how_x, order: in_order(turned(weight_ih, str(how_x)), order),
        "W_h": lambda weight_hh, how_h, order: in_order(turned(weight_hh, str(how_h)), order),
        # in the gates the two biases are one sum; in the candidate the second stands apart
        "inside": lambda bias_hh: np.repeat([1.0, 1.0, 0.0], len(bias_hh) // 3) * bias_hh,
        "summed": lambda bias_ih, inside: bias_ih + inside,
        "b": lambda summed, order: in_order(summed, order),
        "b_hn": lambda bias_hh: third(bias_hh),
    },
    hints=(
        "Two things differ: `torch` multiplies `weight_ih @ x` where the course multiplies "
        "`x @ W_x`, and it has two biases. The order of the blocks is the same in both.",
        "`weight_ih` has a row for each of the 3H sums, `W_x` a column. Of the biases ask, block "
        "by block: are the two ever anything but added?",
        "Both matrices are transposed. In the blocks of reset and update `b` is the sum of the two "
        "biases. The candidate's block of `bias_hh` is multiplied by the reset gate, so it is "
        "`b_hn`, and `b` holds the block of `bias_ih` there.",
    ),
)
for _key, _message, _replaces in (
    (
        "not_transposed",
        "Neither matrix is transposed. `torch` keeps a row for each sum, the course a column.",
        dict.fromkeys(("how_x", "how_h"), constant("kept")),
    ),
    (
        "weight_ih_not_transposed",
        "`weight_ih` is not transposed. `torch` keeps a row for each sum, the course a column.",
        {"how_x": constant("kept")},
    ),
    (
        "weight_hh_not_transposed",
        "`weight_hh` is not transposed. `torch` keeps a row for each sum, the course a column.",
        {"how_h": constant("kept")},
    ),
    (
        "reshaped",
        "Both matrices were reshaped. That gives the shape and puts the numbers into other places; "
        "a transpose swaps rows and columns.",
        dict.fromkeys(("how_x", "how_h"), constant("reshape")),
    ),
    (
        "weight_ih_reshaped",
        "`weight_ih` was reshaped. That gives the shape and puts the numbers into other places; a "
        "transpose swaps rows and columns.",
        {"how_x": constant("reshape")},
    ),
    (
        "weight_hh_reshaped",
        "`weight_hh` was reshaped. That gives the shape and puts the numbers into other places; a "
        "transpose swaps rows and columns.",
        {"how_h": constant("reshape")},
    ),
    (
        "blocks_side_by_side",
        "The three blocks of `weight_hh` stand side by side, each as it was. Each of them is "
        "square, so the shape does not tell, but each has to be transposed.",
        {"how_h": constant("blocks")},
    ),
    (
        "blocks_side_by_side_both",
        "The three blocks of both matrices stand side by side, each as it was. Each of them has to "
        "be transposed.",
        dict.fromkeys(("how_x", "how_h"), constant("blocks")),
    ),
    (
        "reset_and_update_exchanged",
        "The blocks of reset and update have changed places. `torch` has the order of the course: "
        "reset, update, candidate.",
        {"order": constant(UPDATE_FIRST)},
    ),
    (
        "candidate_first",
        "The candidate's block stands in front. `torch` has the order of the course: reset, "
        "update, candidate.",
        {"order": constant(CANDIDATE_FIRST)},
    ),
    (
        "biases_all_summed",
        "The two biases were summed in the candidate's block too. There the second one stands "
        "inside the reset gate and is `b_hn`.",
        {"inside": lambda bias_hh: bias_hh},
    ),
    (
        "second_bias_ignored",
        "`bias_hh` is missing from the gates. There the two biases are one sum.",
        {"inside": lambda bias_hh: 0 * bias_hh},
    ),
    (
        "first_bias_ignored",
        "`bias_ih` is missing. In the gates the two biases are one sum, and in the candidate "
        "`bias_ih` is the one outside the reset gate.",
        {"summed": lambda inside: inside},
    ),
    (
        "second_bias_alone",
        "This is `bias_hh` alone. In the gates the two biases are one sum; in the candidate `b` "
        "holds the block of `bias_ih`.",
        {"summed": lambda bias_hh: bias_hh},
    ),
    (
        "second_bias_in_candidate",
        "The candidate's block is that of `bias_hh`. That one stands inside the reset gate; "
        "outside it stands the block of `bias_ih`.",
        {
            "summed": lambda bias_ih, bias_hh, inside: np.append(
                (bias_ih + inside)[: 2 * len(bias_ih) // 3], third(bias_hh)
            )
        },
    ),
    (
        "mean_of_biases",
        "This is half the sum of the two biases. `torch` adds both, so their sum takes their "
        "place.",
        {"summed": lambda bias_ih, bias_hh: (bias_ih + bias_hh) / 2},
    ),
    (
        "b_hn_of_bias_ih",
        "This is the block of `bias_ih`. Inside the reset gate stands the bias that comes with the "
        "old state, `bias_hh`.",
        {"b_hn": lambda bias_ih: third(bias_ih)},
    ),
    (
        "b_hn_summed",
        "This is the sum of both biases. Inside the reset gate stands the one that comes with the "
        "old state alone, `bias_hh`.",
        {"b_hn": lambda bias_ih, bias_hh: third(bias_ih + bias_hh)},
    ),
    (
        "b_hn_zero",
        "`b_hn` is zero here. It is the candidate's block of `bias_hh`, which stands inside the "
        "reset gate.",
        {"b_hn": lambda bias_hh: 0 * third(bias_hh)},
    ),
    (
        "b_hn_first_block",
        "This is the first block of `bias_hh`, the one of the reset gate. The candidate's is the "
        "third.",
        {"b_hn": lambda bias_hh: third(bias_hh, 0)},
    ),
    (
        "b_hn_second_block",
        "This is the second block of `bias_hh`, the one of the update gate. The candidate's is the "
        "third.",
        {"b_hn": lambda bias_hh: third(bias_hh, 1)},
    ),
    (
        "b_hn_whole",
        "This is the whole of `bias_hh`. Only its block of the candidate stands inside the reset "
        "gate.",
        {"b_hn": lambda bias_hh: bias_hh},
    ),
):
    check_from_torch_gru.add_mistake(_key, _message, _replaces)
