"""Code: the plain RNN that has as many parameters as an LSTM."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter07.formulas import CHAPTER
from utils.checks.engine import Check


def lstm_weights(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the weights of an LSTM; only their shapes count here."""
    D, H = sizes["D"], sizes["H"]
    return {
        "W_x": rng.normal(size=(D, 4 * H)),
        "W_h": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
    }


def units(total: float, D: int, biases: float = 1) -> float:
    """Return the number of units, with its fraction, of a plain RNN with `total` parameters."""
    half = (D + biases) / 2
    return float(np.sqrt(half**2 + total) - half)


check_matched_units = Check(
    "matched_units",
    chapter=CHAPTER,
    title="A plain RNN of the same size",
    sizes=({"D": 3, "H": 5}, {"D": 11, "H": 4}, {"D": 7, "H": 16}),
    inputs=lstm_weights,
    outputs={"n_lstm": "", "H_rnn": "", "n_rnn": ""},
    steps={
        "D": lambda W_x: len(W_x),
        "H": lambda W_h: len(W_h),
        "n_lstm": lambda W_x, W_h, b: W_x.size + W_h.size + b.size,
        "exact": lambda n_lstm, D: units(float(n_lstm), int(D)),
        "H_rnn": lambda exact: np.round(exact),
        "n_rnn": lambda H_rnn, D: H_rnn * (D + H_rnn + 1),
    },
    hints=(
        "A plain RNN with H units has `W_xh` (D, H), `W_hh` (H, H) and `b_h` (H,). How many "
        "numbers is that, as a formula in D and H?",
        "`.size` of an array is the number of its entries, and D is `len(W_x)`. The RNN has "
        "`H * (D + H + 1)` parameters: find the whole H for which that is nearest to `n_lstm`.",
        "Try them all: `min(range(1, 1000), key=lambda H: abs(H * (D + H + 1) - n_lstm))`.",
    ),
)
for _key, _message, _replaces in (
    (
        "biases_left_out",
        "The biases are left out of the LSTM's parameters: `b` has 4H of them.",
        {"n_lstm": lambda W_x, W_h: W_x.size + W_h.size},
    ),
    (
        "two_biases",
        "Each gate is counted with two biases, as `torch` has them. Here there is one, `b`.",
        {"n_lstm": lambda W_x, W_h, b: W_x.size + W_h.size + 2 * b.size},
    ),
    (
        "one_gate",
        "This is a quarter: the parameters of one gate. An LSTM has four blocks.",
        {"n_lstm": lambda W_x, W_h, b: (W_x.size + W_h.size + b.size) // 4},
    ),
    (
        "input_weights_left_out",
        "`W_x` is left out of the count.",
        {"n_lstm": lambda W_h, b: W_h.size + b.size},
    ),
    (
        "recurrent_weights_left_out",
        "`W_h` is left out of the count.",
        {"n_lstm": lambda W_x, b: W_x.size + b.size},
    ),
    (
        "three_blocks",
        "Three blocks are counted. There are four: input gate, forget gate, candidate, output "
        "gate.",
        {"n_lstm": lambda W_x, W_h, b: 3 * (W_x.size + W_h.size + b.size) // 4},
    ),
    (
        "four_times_the_units",
        "This is 4H. Four times the units would make `W_hh` sixteen times as large: the count "
        "grows with the square.",
        {"H_rnn": lambda H: 4 * H},
    ),
    (
        "twice_the_units",
        "This is 2H, which would hold if `W_hh` were all there is. Input weights and biases grow "
        "in proportion to H only.",
        {"H_rnn": lambda H: 2 * H},
    ),
    (
        "same_units",
        "This is the LSTM's own H. With as many units a plain RNN has a quarter of the parameters.",
        {"H_rnn": lambda H: H},
    ),
    (
        "root_of_count",
        "This is the root of the number of parameters, as if `W_hh` were all there is. `W_xh` and "
        "`b_h` belong to them too.",
        {"H_rnn": lambda n_lstm: np.round(np.sqrt(n_lstm))},
    ),
    (
        "cut_off",
        "The fraction is cut off. Take the nearest whole number, which may be the one above.",
        {"H_rnn": lambda exact: np.floor(exact)},
    ),
    (
        "rounded_up",
        "The fraction is rounded up always. Take the nearest whole number, which may be the one "
        "below.",
        {"H_rnn": lambda exact: np.ceil(exact)},
    ),
    (
        "not_rounded",
        "There are no fractions of a unit: take the nearest whole number.",
        {"H_rnn": lambda exact: exact},
    ),
    (
        "rnn_bias_left_out",
        "The bias of the plain RNN is left out in its formula: `H * (D + H + 1)`, where the 1 is "
        "the bias.",
        {"exact": lambda n_lstm, D: units(float(n_lstm), int(D), 0)},
    ),
    (
        "count_of_lstm_again",
        "This is the LSTM's count once more. With a whole number of units the RNN's is near it, "
        "and not the same.",
        {"n_rnn": lambda n_lstm: n_lstm},
    ),
    (
        "count_without_bias",
        "The biases of the plain RNN are left out of its count.",
        {"n_rnn": lambda H_rnn, D: H_rnn * (D + H_rnn)},
    ),
    (
        "count_without_input",
        "`W_xh` is left out of the plain RNN's count.",
        {"n_rnn": lambda H_rnn: H_rnn * (H_rnn + 1)},
    ),
    (
        "count_without_recurrence",
        "`W_hh` is left out of the plain RNN's count.",
        {"n_rnn": lambda H_rnn, D: H_rnn * (D + 1)},
    ),
    (
        "count_as_lstm",
        "This counts four blocks. A plain RNN has one.",
        {"n_rnn": lambda H_rnn, D: 4 * H_rnn * (D + H_rnn + 1)},
    ),
    (
        "difference_of_counts",
        "This is how far the two counts are apart. Asked for is the count of the plain RNN itself.",
        {"n_rnn": lambda H_rnn, D, n_lstm: np.abs(H_rnn * (D + H_rnn + 1) - n_lstm)},
    ),
):
    check_matched_units.add_mistake(_key, _message, _replaces)
