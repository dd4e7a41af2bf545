"""By hand: how many numbers an LSTM learns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from utils.checks.chapter06.formulas import CHAPTER, constant
from utils.checks.engine import Check

D, H, T, B = 10, 16, 20, 8
BUDGET = 10_000
MOST = 1e12


def largest(limit: float, blocks: int, inputs: int, biases: int) -> int:
    """Return the largest H whose count of parameters is no larger than the limit.

    Limits above `MOST`, which only a learner's own number can be, are taken for it.
    """
    limit, others = min(limit, MOST), inputs + biases
    root = math.sqrt(max(others**2 + 4 * limit / blocks, 0.0))
    near = max(int((root - others) / 2), 0)  # of blocks · H · (others + H) = limit
    fitting = [H for H in range(near, near + 3) if blocks * H * (others + H) <= limit]
    return max(fitting, default=max(near - 1, 0))


class CountCheck(Check):
    """The check of the counts: it says so where a number is no count at all."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say that a count is a whole number."""
        if isinstance(value, np.ndarray) and value.ndim == 0 and value % 1 > 0:
            return f"`{name}` is {value:g}; expected a whole number."
        return ""


check_lstm_counts = CountCheck(
    "lstm_counts",
    chapter=CHAPTER,
    title="How many numbers are learnt?",
    outputs={
        "one_bias": "",
        "two_biases": "",
        "longer": "",
        "second_layer": "",
        "largest_H": "",
        "rnn_H": "",
    },
    steps={
        "blocks": constant(4),
        "inputs": constant(D),
        "read_back": constant(H),
        "biases": constant(1),
        "copies": constant(1),
        "one_bias": lambda blocks, inputs, read_back, biases, copies: (
            copies * blocks * H * (inputs + read_back + biases)
        ),
        "second_bias": lambda blocks, copies: copies * blocks * H,
        "two_biases": lambda one_bias, second_bias: one_bias + second_bias,
        "longer": lambda one_bias: one_bias,
        "upper_inputs": constant(H),
        "second_layer": lambda blocks, upper_inputs, read_back, biases, copies: (
            copies * blocks * H * (upper_inputs + read_back + biases)
        ),
        "budget_inputs": constant(D),
        "largest_H": lambda blocks, budget_inputs, biases: largest(
            BUDGET, int(blocks), int(budget_inputs), int(biases)
        ),
        "rnn_H": lambda one_bias, biases: largest(float(one_bias), 1, D, int(biases)),
    },
    hints=(
        "Write down the shapes of `W_x`, `W_h` and `b`. A count is the product of a shape, and "
        "the three are added. Which of the letters T and B do you see in them?",
        "One block, an affine map from x and h to H numbers, has H · (D + H + 1) parameters; an "
        "LSTM has four of them, a plain RNN one. A second bias adds 4 · H.",
        "The second layer reads the H numbers of the first at every step: D becomes H. For the "
        "last two solve a quadratic equation in H and round down.",
    ),
)
for _key, _message, _replaces in (
    (
        "three_blocks",
        "Three blocks were counted. Three gates and the candidate make four maps with parameters.",
        {"blocks": constant(3)},
    ),
    (
        "one_block",
        "One block was counted, as a plain RNN has. Three gates and the candidate make four.",
        {"blocks": constant(1)},
    ),
    (
        "five_blocks",
        "Five blocks were counted. tanh of the cell state computes, but it has no parameters.",
        {"blocks": constant(5)},
    ),
    (
        "recurrent_weights_missing",
        "The weights that read h are missing: each block has H · H of them.",
        {"read_back": constant(0)},
    ),
    (
        "input_weights_missing",
        "The weights that read x are missing: each block has D · H of them.",
        {"inputs": constant(0), "upper_inputs": constant(0)},
    ),
    (
        "bias_missing",
        "The bias is missing: each block has one number for each unit.",
        {"biases": constant(0)},
    ),
    (
        "cell_state_read_too",
        "Weights that read the cell state were counted. The gates read x and h alone.",
        {"read_back": constant(2 * H)},
    ),
    (
        "recurrent_vector",
        "One recurrent weight per unit was counted. Each unit reads all units, so `W_h` has H "
        "rows.",
        {"read_back": constant(1)},
    ),
    (
        "once_per_step",
        "The weights were counted anew for every step. All steps share one set.",
        {"copies": constant(T)},
    ),
    (
        "once_per_sample",
        "The weights were counted anew for every sample. All samples share one set.",
        {"copies": constant(B)},
    ),
    (
        "second_bias_of_one_block",
        "The second bias was counted for one block. All four blocks have one.",
        {"second_bias": constant(H)},
    ),
    (
        "second_bias_once",
        "One number was added for the second bias. It has an entry for every unit of every block.",
        {"second_bias": constant(1)},
    ),
    (
        "second_bias_missing",
        "The second bias is missing: `torch` adds one with each of the two products.",
        {"second_bias": constant(0)},
    ),
    (
        "doubled_with_biases",
        "Everything was doubled. Only the bias is there twice.",
        {"second_bias": lambda one_bias: one_bias},
    ),
    (
        "doubled_with_length",
        "The count was doubled because the sequence is twice as long. Which array has grown?",
        {"longer": lambda one_bias: 2 * one_bias},
    ),
    (
        "longer_once_per_step",
        "The weights were counted anew for each of the 40 steps. All steps share one set.",
        {"longer": lambda one_bias: 2 * T * one_bias},
    ),
    (
        "second_layer_reads_x",
        "The second layer was counted as reading x. It reads the H numbers that the first layer "
        "puts out.",
        {"upper_inputs": constant(D)},
    ),
    (
        "second_layer_reads_both",
        "The second layer was counted as reading x and the first layer. It reads the first "
        "layer's h alone.",
        {"upper_inputs": constant(D + H)},
    ),
    (
        "both_layers",
        "This is the count of both layers together. Asked is the second one alone.",
        {
            "second_layer": lambda one_bias, blocks, upper_inputs, read_back, biases, copies: (
                one_bias + copies * blocks * H * (upper_inputs + read_back + biases)
            )
        },
    ),
    (
        "rounded_up",
        "One unit more, and the budget is exceeded. Round down.",
        {
            "largest_H": lambda blocks, budget_inputs, biases: (
                1 + largest(BUDGET, int(blocks), int(budget_inputs), int(biases))
            )
        },
    ),
    (
        "recurrent_weights_alone",
        "This solves 4 · H · H = 10 000, the recurrent weights alone. The weights that read x and "
        "the biases count too.",
        {"largest_H": constant(50)},
    ),
    (
        "budget_of_a_plain_rnn",
        "This is the largest plain RNN within the budget. An LSTM has four blocks.",
        {"largest_H": lambda budget_inputs, biases: largest(BUDGET, 1, int(budget_inputs), 1)},
    ),
    (
        "times_four",
        "Four times as many units have about sixteen times as many recurrent weights. Solve the "
        "quadratic equation.",
        {"rnn_H": constant(4 * H)},
    ),
    (
        "twice_as_many",
        "Twice as many units is the rule for recurrent weights alone. With D = 10 the input "
        "weights count too: solve the quadratic equation.",
        {"rnn_H": constant(2 * H)},
    ),
    (
        "root_of_the_count",
        "This is the root of the count, as if there were recurrent weights alone. The weights that "
        "read x and the biases count too.",
        {"rnn_H": constant(41)},
    ),
    (
        "rnn_rounded_up",
        "One unit more, and the plain RNN has more parameters than the LSTM. Round down.",
        {"rnn_H": lambda one_bias, biases: 1 + largest(float(one_bias), 1, D, int(biases))},
    ),
    (
        "same_units",
        "With the same number of units a plain RNN has a quarter of the parameters. Asked is the "
        "same number of parameters.",
        {"rnn_H": constant(H)},
    ),
):
    check_lstm_counts.add_mistake(_key, _message, _replaces)
