"""By hand: the parameters of deep and bidirectional LSTMs, and widths that fit a budget."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.counting import CountCheck
from utils.checks.chapter09.formulas import CHAPTER, constant

D, H, K = 10, 16, 5
DEPTH = 3
WIDTHS = np.arange(1, 200)

#: Parameters by width, of the bidirectional network of three layers and of the flat one.
BY_WIDTH = {
    "width_both": lambda W: 8 * W * (13 + 7 * W),
    "width_flat": lambda W: 4 * W * (D + W + 1),
}


class WidthCheck(CountCheck):
    """The check of counts and widths: it says on which side of the budget a width lies."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say that a width is too large, or that there is room for more."""
        text = super().describe(name, value, right)
        if text or name not in BY_WIDTH or not isinstance(value, np.ndarray) or value.ndim:
            return text
        if value > right:
            return f"`{name}`: of this width the network has more parameters than `one_way`."
        return f"`{name}`: this width fits, and there is room for more units."


check_deep_counts = WidthCheck(
    "deep_counts",
    chapter=CHAPTER,
    title="Count the parameters of deep networks",
    outputs=dict.fromkeys(
        ("one_way", "both_ways", "torch_both", "output", "width_both", "width_flat"), ""
    ),
    steps={
        "blocks": constant(4),
        "biases": constant(1),
        "state": constant(H),
        "first_input": constant(D),
        "upper_input": constant(H),
        "uppers": constant(DEPTH - 1),
        "first": lambda blocks, biases, state, first_input: (
            blocks * H * (first_input + state + biases)
        ),
        "one_way": lambda first, blocks, biases, state, upper_input, uppers: (
            first + uppers * blocks * H * (upper_input + state + biases)
        ),
        "directions": constant(2),
        "upper_input_both": constant(2 * H),
        "upper_both": lambda blocks, biases, state, upper_input_both: (
            blocks * H * (upper_input_both + state + biases)
        ),
        "both_ways": lambda directions, first, uppers, upper_both: (
            directions * (first + uppers * upper_both)
        ),
        "second_biases": constant(2 * DEPTH * 4 * H),
        "torch_both": lambda both_ways, second_biases: both_ways + second_biases,
        "features": constant(2 * H),
        "output_bias": constant(1),
        "output": lambda features, output_bias: (features + output_bias) * K,
        "budget": lambda one_way: one_way,
        "counts_both": lambda: BY_WIDTH["width_both"](WIDTHS),
        "width_both": lambda counts_both, budget: WIDTHS[counts_both <= budget].max(initial=0),
        "counts_flat": lambda: BY_WIDTH["width_flat"](WIDTHS),
        "width_flat": lambda counts_flat, budget: WIDTHS[counts_flat <= budget].max(initial=0),
    },
    hints=(
        "One layer in one direction has 4H(inputs + H + 1) parameters. What changes from layer to "
        "layer is the number of its inputs.",
        "The first layer reads D numbers. An upper one reads what the layer below writes: H in one "
        "direction, 2H in both. And with both directions every layer is there twice.",
        "With both directions and W units: 2 · 4W(10 + W + 1) + 2 · 2 · 4W(2W + W + 1) = "
        "8W(13 + 7W). Try W near half of 16. The flat one has 4W(11 + W): try W near twice 16.",
    ),
)
for _key, _message, _replaces in (
    (
        "gru_blocks",
        "That is three blocks, as a GRU has. An LSTM has four.",
        {"blocks": constant(3)},
    ),
    (
        "one_block",
        "That is one block, as a plain RNN has. An LSTM has four: three gates and the candidate.",
        {"blocks": constant(1)},
    ),
    (
        "biases_missing",
        "The biases are missing: one for each unit of each block.",
        {"biases": constant(0)},
    ),
    (
        "two_biases",
        "Two biases were counted for each block, as `torch` has them. The course's cells have one.",
        {"biases": constant(2), "second_biases": constant(0)},
    ),
    (
        "state_missing",
        "The weights of the old state are missing: every unit of a block reads H states.",
        {"state": constant(0)},
    ),
    (
        "upper_reads_the_inputs",
        "The upper layers were counted with D inputs. They read what the layer below writes.",
        {
            "upper_input": constant(D),
            "upper_input_both": constant(D),
            "counts_both": lambda: 2 * DEPTH * BY_WIDTH["width_flat"](WIDTHS),
        },
    ),
    (
        "upper_reads_inputs_too",
        "The upper layers were counted as if they read the D inputs as well. They read what the "
        "layer below writes, and nothing else.",
        {"upper_input": constant(H + D), "upper_input_both": constant(2 * H + D)},
    ),
    (
        "first_reads_H",
        "The first layer was counted with H inputs. It reads the D features of an item.",
        {"first_input": constant(H)},
    ),
    (
        "one_layer",
        "That is one layer. There are three.",
        {"uppers": constant(0)},
    ),
    (
        "two_layers",
        "That is two layers. There are three.",
        {"uppers": constant(DEPTH - 2)},
    ),
    (
        "four_layers",
        "That is four layers. There are three, the first among them.",
        {"uppers": constant(DEPTH)},
    ),
    (
        "upper_reads_one_half",
        "That is twice the count of one direction. The upper layers read both halves of the layer "
        "below, 2H numbers.",
        {"upper_input_both": constant(H)},
    ),
    (
        "one_direction",
        "One direction was counted. There are two cells in each layer, each with its own weights.",
        {"directions": constant(1)},
    ),
    (
        "both_two_biases",
        "Here two biases were counted for each block, as `torch` has them. One is asked for.",
        {
            "both_ways": lambda directions, first, uppers, upper_both: (
                directions * (first + uppers * upper_both) + 2 * DEPTH * 4 * H
            ),
            "second_biases": constant(0),
        },
    ),
    (
        "doubled_units",
        "This counts one cell of 2H units in the place of two cells of H. The two do not read each "
        "other's state, so each has H · H recurrent weights in a block.",
        {
            "both_ways": lambda blocks, uppers: (
                blocks * 2 * H * ((D + 2 * H + 1) + uppers * (2 * H + 2 * H + 1))
            )
        },
    ),
    (
        "torch_one_bias",
        "`torch` has two biases for every block, `b_ih` and `b_hh`, in every layer and direction.",
        {"second_biases": constant(0)},
    ),
    (
        "torch_of_one_way",
        "That is the count of `torch` for one direction. With `bidirectional=True` every layer is "
        "there twice.",
        {"torch_both": lambda one_way: one_way + DEPTH * 4 * H},
    ),
    (
        "torch_second_bias_of_one_direction",
        "The second biases were counted for one direction. Every cell of every layer has them.",
        {"second_biases": constant(DEPTH * 4 * H)},
    ),
    (
        "torch_second_bias_of_one_layer",
        "The second biases were counted for one layer. Every layer has them.",
        {"second_biases": constant(2 * 4 * H)},
    ),
    (
        "torch_second_bias_without_blocks",
        "The second bias was counted as H numbers a cell. It has one for each unit of each block, "
        "4H.",
        {"second_biases": constant(2 * DEPTH * H)},
    ),
    (
        "output_reads_one_half",
        "The output layer was counted with H inputs. It reads both halves, 2H numbers.",
        {"features": constant(H)},
    ),
    (
        "output_reads_all_layers",
        "The output layer was counted as if it read all layers. It reads the last one.",
        {"features": constant(2 * DEPTH * H)},
    ),
    (
        "output_bias_missing",
        "The bias of the output layer is missing, one number for each class.",
        {"output_bias": constant(0)},
    ),
    (
        "output_bias_of_one",
        "The bias of the output layer was counted as one number. It has one for each class.",
        {"output": lambda features: features * K + 1},
    ),
    (
        "half_the_width",
        "Half of 16 would be right if two directions only doubled the count. Work it out: is there "
        "room for more units?",
        {"width_both": constant(H // 2)},
    ),
    (
        "same_width_both",
        "With 16 units both directions have more than twice the parameters. Asked is the largest "
        "width that has no more than `one_way`.",
        {"width_both": constant(H)},
    ),
    (
        "root_of_two",
        "11 comes out if the count only doubles and grows with the square of the width, and also "
        "if the upper layers are counted with D inputs. They read both halves, 2W numbers.",
        {"width_both": constant(11)},
    ),
    (
        "width_both_one_above",
        "This width has more parameters than `one_way`. Do the upper layers of your count read "
        "both halves, 2W numbers?",
        {"width_both": lambda counts_both, budget: WIDTHS[counts_both > budget].min(initial=198)},
    ),
    (
        "three_times_the_width",
        "3 · 16 would be right if the count grew in proportion to the width. The recurrent part "
        "grows with its square.",
        {"width_flat": constant(DEPTH * H)},
    ),
    (
        "same_width_flat",
        "One layer of 16 units has far fewer parameters than three. Asked is the largest width "
        "that has no more than `one_way`.",
        {"width_flat": constant(H)},
    ),
    (
        "root_of_three",
        "16 times √3 would be right if each layer had as many parameters as the first. Work it "
        "out: is there room for more units?",
        {"width_flat": constant(27)},
    ),
    (
        "width_flat_one_above",
        "A flat network of this width has more parameters than `one_way`. Asked is the largest "
        "that has no more.",
        {"width_flat": lambda counts_flat, budget: WIDTHS[counts_flat > budget].min(initial=198)},
    ),
    (
        "width_flat_one_below",
        "This width fits, and one unit more does too. Asked is the largest.",
        {
            "width_flat": lambda counts_flat, budget: (
                WIDTHS[counts_flat <= budget].max(initial=1) - 1
            )
        },
    ),
    (
        "width_flat_both_ways",
        "This is the width of one layer in both directions. The flat network reads one way, with "
        "4W(D + W + 1) parameters.",
        {
            "width_flat": lambda counts_flat, budget: WIDTHS[2 * counts_flat <= budget].max(
                initial=0
            )
        },
    ),
):
    check_deep_counts.add_mistake(_key, _message, _replaces)
