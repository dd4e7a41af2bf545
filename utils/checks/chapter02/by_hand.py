"""Predict and by hand: counting parameters, and two steps of a plain RNN."""

from __future__ import annotations

import numpy as np

from utils.checks.chapter02.steps import CHAPTER, squash_with
from utils.checks.engine import Check
from utils.checks.shapes import ShapeCheck

# --- Exercise 1: how many numbers, and does their count grow with T? ---------------------------
# D = 10 features, H = 16 hidden units, B = 4 samples; T = 20 steps, then 40.

check_parameter_counts = ShapeCheck(
    "parameter_counts",
    chapter=CHAPTER,
    title="Count before you run",
    outputs={"hs_shape": "", "rnn_20": "", "rnn_40": "", "flat_20": "", "flat_40": ""},
    shapes=("hs_shape",),
    steps={
        "hs_shape": lambda: np.array([20, 4, 16]),
        "input_weights": lambda: 10 * 16,
        "recurrent_weights": lambda: 16 * 16,
        "biases": lambda: 16,
        "copies": lambda: np.array([1, 1]),
        "rnn_20": lambda input_weights, recurrent_weights, biases, copies: (
            copies[0] * (input_weights + recurrent_weights + biases)
        ),
        "rnn_40": lambda input_weights, recurrent_weights, biases, copies: (
            copies[1] * (input_weights + recurrent_weights + biases)
        ),
        "flat_inputs": lambda: np.array([20 * 10, 40 * 10]),
        "flat_units": lambda: np.array([16, 16]),
        "flat_biases": lambda flat_units: flat_units,
        "flat_copies": lambda: 1,
        "flat_20": lambda flat_inputs, flat_units, flat_biases, flat_copies: (
            flat_copies * (flat_inputs[0] * flat_units[0] + flat_biases[0])
        ),
        "flat_40": lambda flat_inputs, flat_units, flat_biases, flat_copies: (
            flat_copies * (flat_inputs[1] * flat_units[1] + flat_biases[1])
        ),
    },
    hints=(
        "Write down the shape of every weight array first. A count is the product of a shape.",
        "The recurrent layer has three arrays: one that meets `x_t`, one that meets `h_prev`, and "
        "a bias. Which of these shapes has a `T` in it?",
        "The flat layer meets all `T · D` numbers at once, so its weight array has `T · D` rows "
        "and `H` columns; its bias has `H` entries.",
    ),
)
check_parameter_counts.add_mistake(
    "batch_first",
    "This is batch first, `(B, T, H)`. The arrays of this course are time first.",
    {"hs_shape": lambda: np.array([4, 20, 16])},
)
check_parameter_counts.add_mistake(
    "last_state_only",
    "This is the shape of one hidden state. `hs` keeps the state of every step: one more axis.",
    {"hs_shape": lambda: np.array([4, 16])},
)
check_parameter_counts.add_mistake(
    "no_batch_axis",
    "The batch axis is missing: each of the `B` samples has its own state at every step.",
    {"hs_shape": lambda: np.array([20, 16])},
)
check_parameter_counts.add_mistake(
    "input_features",
    "This is the shape of `xs`. A hidden state has as many entries as there are hidden units.",
    {"hs_shape": lambda: np.array([20, 4, 10])},
)
check_parameter_counts.add_mistake(
    "start_state_counted",
    "`hs` holds the states after the steps. `h_0` comes before the first step and is not in it.",
    {"hs_shape": lambda: np.array([21, 4, 16])},
)
check_parameter_counts.add_mistake(
    "once_per_step",
    "You counted the weights anew for every step. All steps share one set of weights.",
    {"copies": lambda: np.array([20, 40])},
)
check_parameter_counts.add_mistake(
    "once_per_sample",
    "You counted the weights once per sample. All samples of a batch go through the same weights.",
    {"copies": lambda: np.array([4, 4])},
)
check_parameter_counts.add_mistake(
    "doubled_with_length",
    "You doubled the count because the sequence is twice as long. Which array has grown?",
    {"rnn_40": lambda rnn_20: 2 * rnn_20},
)
check_parameter_counts.add_mistake(
    "bias_forgotten",
    "The bias of the recurrent layer is missing: one number for each hidden unit.",
    {"biases": lambda: 0},
)
check_parameter_counts.add_mistake(
    "two_biases",
    "You counted two biases, as `torch` has them. The formula of this chapter has one, `b_h`.",
    {"biases": lambda: 32},
)
check_parameter_counts.add_mistake(
    "no_recurrent_weights",
    "The weights from state to state are missing: `W_hh` belongs to the layer too.",
    {"recurrent_weights": lambda: 0},
)
check_parameter_counts.add_mistake(
    "recurrent_vector",
    "You counted one recurrent weight per hidden unit. Every unit reads the previous value of "
    "every unit, so `W_hh` is a square matrix.",
    {"recurrent_weights": lambda: 16},
)
check_parameter_counts.add_mistake(
    "flat_for_recurrent",
    "This is the count of the flat layer. The recurrent layer meets one step's input at a time.",
    {"rnn_20": lambda: 20 * 10 * 16 + 16, "rnn_40": lambda: 40 * 10 * 16 + 16},
)
check_parameter_counts.add_mistake(
    "flat_one_step",
    "You counted the weights for one step's input. The flat layer has the inputs of all steps "
    "side by side.",
    {"flat_inputs": lambda: np.array([10, 10])},
)
check_parameter_counts.add_mistake(
    "flat_bias_forgotten",
    "The bias of the flat layer is missing: one number for each hidden unit.",
    {"flat_biases": lambda: np.array([0, 0])},
)
check_parameter_counts.add_mistake(
    "flat_bias_per_step",
    "You counted a bias for every step. The flat layer has `H` units in all, each with one bias.",
    {"flat_biases": lambda: np.array([320, 640])},
)
check_parameter_counts.add_mistake(
    "flat_units_per_step",
    "You gave the flat layer `T · H` units. Here it has `H` units, each of which sees all steps.",
    {"flat_units": lambda: np.array([320, 640])},
)
check_parameter_counts.add_mistake(
    "flat_once_per_sample",
    "You counted the weights once for each sequence. All sequences share them.",
    {"flat_copies": lambda: 4},
)
check_parameter_counts.add_mistake(
    "flat_weights_once_per_sample",
    "You counted the weight matrix once for each sequence, and the bias once. All sequences share "
    "both.",
    {"flat_inputs": lambda: np.array([4 * 20 * 10, 4 * 40 * 10])},
)
check_parameter_counts.add_mistake(
    "flat_doubled",
    "Twice the length does not double everything: the number of biases stays.",
    {"flat_40": lambda flat_20: 2 * flat_20},
)


# --- Exercise 2: two steps by hand -------------------------------------------------------------

TWO_STEPS = {
    "x_1": np.array([0.5]),
    "x_2": np.array([-1.0]),
    "h_0": np.array([0.4, -0.2]),
    "W_xh": np.array([[0.8, -0.6]]),
    "W_hh": np.array([[0.3, -0.7], [0.5, 0.2]]),
    "b_h": np.array([0.1, -0.3]),
}

check_two_steps = Check(
    "two_steps",
    chapter=CHAPTER,
    title="Two steps by hand",
    outputs={"z_1": "H", "h_1": "H", "z_2": "H", "h_2": "H"},
    steps={
        "first_input": lambda: TWO_STEPS["x_1"],
        "second_input": lambda: TWO_STEPS["x_2"],
        "start": lambda: TWO_STEPS["h_0"],
        "recurrent": lambda: TWO_STEPS["W_hh"],
        "bias": lambda: TWO_STEPS["b_h"],
        "squash": lambda: "tanh",
        "z_1": lambda first_input, start, recurrent, bias: (
            first_input @ TWO_STEPS["W_xh"] + start @ recurrent + bias
        ),
        "h_1": lambda z_1, squash: squash_with(z_1, squash),
        "carried": lambda h_1: h_1,
        "z_2": lambda second_input, carried, recurrent, bias: (
            second_input @ TWO_STEPS["W_xh"] + carried @ recurrent + bias
        ),
        "h_2": lambda z_2, squash: squash_with(z_2, squash),
    },
    decimals=3,
    hints=(
        "Take one hidden unit at a time. Its sum has four terms: one from the input, two from the "
        "two entries of the previous state, and its bias.",
        "Unit 1 uses the first column of `W_xh` and of `W_hh`, unit 2 the second. Row vectors "
        "stand on the left, so it is columns and not rows.",
        "At the second step only the input and the previous state are new: `x_2` comes in for "
        "`x_1`, and `h_1`, after tanh, comes in for `h_0`. Weights and bias stay.",
    ),
)
check_two_steps.add_mistake(
    "start_ignored",
    "The start state is left out. Here `h_0` is not zero: it goes through `W_hh` at the first "
    "step.",
    {"start": lambda: np.zeros(2)},
)
check_two_steps.add_mistake(
    "start_used_again",
    "`h_0` went in again at the second step. From then on the previous state is the one you have "
    "computed last.",
    {"carried": lambda: TWO_STEPS["h_0"]},
)
check_two_steps.add_mistake(
    "sum_carried",
    "You carried the sum `z_1` on. What goes into the next step is the state after tanh.",
    {"carried": lambda z_1: z_1},
)
check_two_steps.add_mistake(
    "nothing_carried",
    "Nothing of the first step came into the second: the previous state is missing there.",
    {"carried": lambda: np.zeros(2)},
)
check_two_steps.add_mistake(
    "first_input_again",
    "`x_1` went in again at the second step, which reads `x_2`.",
    {"second_input": lambda first_input: first_input},
)
check_two_steps.add_mistake(
    "sign_of_second_input",
    "`x_2` went in as 1. It is −1: its sign turns both entries of `W_xh`.",
    {"second_input": lambda: -TWO_STEPS["x_2"]},
)
check_two_steps.add_mistake(
    "inputs_swapped",
    "The two inputs have changed places: the first step reads `x_1`, the second `x_2`.",
    {"first_input": lambda: TWO_STEPS["x_2"], "second_input": lambda: TWO_STEPS["x_1"]},
)
check_two_steps.add_mistake(
    "recurrent_transposed",
    "`W_hh` was read row by row. With the state as a row vector on the left, unit `j` takes "
    "column `j`.",
    {"recurrent": lambda: TWO_STEPS["W_hh"].T},
)
check_two_steps.add_mistake(
    "bias_forgotten",
    "The bias is missing: `b_h` is added at every step.",
    {"bias": lambda: np.zeros(2)},
)
check_two_steps.add_mistake(
    "bias_once",
    "The bias was added at the first step alone. It belongs to every step.",
    {
        "z_2": lambda second_input, carried, recurrent: (
            second_input @ TWO_STEPS["W_xh"] + carried @ recurrent
        )
    },
)
check_two_steps.add_mistake(
    "no_tanh",
    "The tanh is missing: a state is the sum after tanh, so it lies between −1 and 1.",
    {"squash": lambda: "none"},
)
check_two_steps.add_mistake(
    "sigmoid_for_tanh",
    "You took the sigmoid. The state of this network goes through tanh.",
    {"squash": lambda: "sigmoid"},
)
