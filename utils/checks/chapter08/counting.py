"""By hand: how many parameters the cells have, and how wide a GRU is that has as many."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import CHAPTER, constant
from utils.checks.engine import Check

D, H = 12, 20
WIDTHS = np.arange(1, 60)


class CountCheck(Check):
    """The check of the counts: it says so where a number is no count at all."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say that a count is a whole number."""
        if isinstance(value, np.ndarray) and value.ndim == 0 and value % 1 > 0:
            return f"`{name}` is {value:g}; expected a whole number."
        return ""


check_gru_counts = CountCheck(
    "gru_counts",
    chapter=CHAPTER,
    title="Count the parameters",
    outputs=dict.fromkeys(("rnn", "lstm", "gru_before", "gru_after", "torch_gru", "width"), ""),
    steps={
        "from_input": constant(D * H),
        "from_state": constant(H * H),
        "biases": constant(H),
        "rnn": lambda from_input, from_state, biases: from_input + from_state + biases,
        "blocks_lstm": constant(4),
        "lstm": lambda blocks_lstm, from_input, from_state, biases: (
            blocks_lstm * (from_input + from_state + biases)
        ),
        "blocks_gru": constant(3),
        "gru_before": lambda blocks_gru, from_input, from_state, biases: (
            blocks_gru * (from_input + from_state + biases)
        ),
        "inner": constant(H),
        "gru_after": lambda gru_before, inner: gru_before + inner,
        "second_biases": lambda blocks_gru: blocks_gru * H,
        "torch_gru": lambda gru_before, second_biases: gru_before + second_biases,
        "budget": lambda lstm: lstm,
        "counts": lambda: 3 * WIDTHS * (D + WIDTHS + 1) + WIDTHS,
        "width": lambda counts, budget: WIDTHS[counts <= budget].max(initial=0),
    },
    hints=(
        "Each block of an LSTM or a GRU has the shapes of a plain RNN: a matrix for the input, "
        "one for the old state, a bias. How many blocks has each cell?",
        "A plain RNN has H(D + H + 1) of them. An LSTM has four such blocks, a GRU three. The "
        "reset gate after the product needs `b_hn`, H numbers more; `torch` has two biases for "
        "each block.",
        "For the width try 3H(D + H + 1) + H for some H above 20 and compare with the count of "
        "the LSTM. The recurrent part grows with the square of H, so it is not much above 20.",
    ),
)
for _key, _message, _replaces in (
    (
        "input_weights_missing",
        "The weights of the input are missing: D · H for each block.",
        {"from_input": constant(0)},
    ),
    (
        "recurrent_weights_missing",
        "The weights of the old state are missing: H · H for each block.",
        {"from_state": constant(0)},
    ),
    (
        "recurrent_vector",
        "One recurrent weight for each unit was counted. Every unit reads all units of the old "
        "state: H · H.",
        {"from_state": constant(H)},
    ),
    (
        "biases_missing",
        "The biases are missing: H for each block.",
        {"biases": constant(0)},
    ),
    (
        "two_biases",
        "Two biases were counted for each block, as `torch` has them. The course's cells have one.",
        {"biases": constant(2 * H)},
    ),
    (
        "lstm_two_biases",
        "That is the LSTM of `torch`, with two biases for each block. The course's has one.",
        {
            "lstm": lambda blocks_lstm, from_input, from_state, biases: (
                blocks_lstm * (from_input + from_state + 2 * biases)
            )
        },
    ),
    (
        "lstm_three_blocks",
        "That is three blocks. An LSTM has four: input, forget and output gate, and the candidate.",
        {"blocks_lstm": constant(3)},
    ),
    (
        "lstm_five_blocks",
        "That is five blocks. An LSTM has four; the cell state is computed without weights of its "
        "own.",
        {"blocks_lstm": constant(5)},
    ),
    (
        "gru_two_blocks",
        "That is two blocks. A GRU has two gates and the candidate: three.",
        {"blocks_gru": constant(2)},
    ),
    (
        "gru_four_blocks",
        "That is four blocks. A GRU has three: reset gate, update gate, candidate.",
        {"blocks_gru": constant(4)},
    ),
    (
        "grus_exchanged",
        "The two GRUs have changed places: `b_hn` belongs to the one with the reset gate after the "
        "product.",
        {
            "gru_before": lambda blocks_gru, from_input, from_state, biases: (
                blocks_gru * (from_input + from_state + biases) + H
            ),
            "gru_after": lambda gru_before: gru_before - H,
            "second_biases": lambda blocks_gru: blocks_gru * H - H,
        },
    ),
    (
        "b_hn_forgotten",
        "`b_hn` is missing: with the reset gate after the product the candidate has a second bias.",
        {"inner": constant(0)},
    ),
    (
        "b_hn_for_every_block",
        "A second bias was counted for each block. The course's cell has one for the candidate "
        "alone, where it makes a difference: H numbers.",
        {"inner": constant(3 * H)},
    ),
    (
        "b_hn_one_number",
        "`b_hn` was counted as one number. It has one for each unit.",
        {"inner": constant(1)},
    ),
    (
        "torch_one_bias",
        "`torch` has two biases for every block, `b_ih` and `b_hh`, not one.",
        {"second_biases": constant(0)},
    ),
    (
        "torch_as_the_course",
        "This has a second bias for the candidate alone. `torch` has two for every block, also "
        "where one would do.",
        {"second_biases": constant(H)},
    ),
    (
        "torch_three_biases",
        "`b_hn` was counted on top of the two biases. It is a part of `b_hh`.",
        {"second_biases": constant(4 * H)},
    ),
    (
        "width_in_proportion",
        "4/3 of 20 rounded down: that would be right if the count grew in proportion to H. The "
        "recurrent part grows with its square.",
        {"width": constant(26)},
    ),
    (
        "width_in_proportion_up",
        "4/3 of 20 rounded: that would be right if the count grew in proportion to H. The "
        "recurrent part grows with its square.",
        {"width": constant(27)},
    ),
    (
        "first_width_above",
        "This width has more parameters than the LSTM. Asked is the largest that has no more.",
        {"width": lambda counts, budget: WIDTHS[counts > budget].min(initial=99)},
    ),
    (
        "second_width_above",
        "This width has more parameters than the LSTM, and one unit fewer still has. Asked is the "
        "largest that has no more.",
        {"width": lambda counts, budget: WIDTHS[counts > budget].min(initial=98) + 1},
    ),
    (
        "one_narrower",
        "This width stays below the LSTM, and one unit more does too. Asked is the largest.",
        {"width": lambda counts, budget: WIDTHS[counts <= budget].max(initial=1) - 1},
    ),
):
    check_gru_counts.add_mistake(_key, _message, _replaces)
