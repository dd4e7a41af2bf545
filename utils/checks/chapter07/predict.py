"""Predict: what each of seven changes does to the range and the sign of c and h."""

from __future__ import annotations

from utils.checks.chapter07.formulas import CHAPTER, constant
from utils.checks.engine import Check

ONE, TWO, HUNDRED, NONE = SIZES = ("below 1", "below 2", "below 100", "no bound")
NEVER, EITHER = C_SIGNS = ("never negative", "either sign")
H_NEVER, AS_C, ANY = H_SIGNS = ("never negative", "the sign of c", "either sign")

OPTIONS = {
    "no_line": SIZES,
    "coupled": SIZES,
    "linear_candidate": SIZES,
    "overwriting": SIZES,
    "no_output_tanh": SIZES,
    "tanh_only_in": SIZES,
    "tanh_only_out": H_SIGNS,
    "tanh_output_gate": H_SIGNS,
    "sigmoid_in": C_SIGNS,
    "sigmoid_out": H_SIGNS,
}
RIGHT = {
    "no_line": TWO,
    "coupled": ONE,
    "linear_candidate": NONE,
    "overwriting": ONE,
    "no_output_tanh": HUNDRED,
    "tanh_only_in": HUNDRED,
    "tanh_only_out": AS_C,
    "tanh_output_gate": ANY,
    "sigmoid_in": NEVER,
    "sigmoid_out": H_NEVER,
}

check_ranges = Check(
    "ranges",
    chapter=CHAPTER,
    title="What can c and h become?",
    outputs=OPTIONS,
    steps={name: constant(value) for name, value in RIGHT.items()},
    hints=(
        "Write down what one step can add at most: a sigmoid is between 0 and 1, a tanh between "
        "−1 and 1, a sum is anything. Then ask what is still there from the step before.",
        "With `c = f c_prev + …` the old memory may stay whole, so a hundred steps can add up. "
        "Where `h_prev` or nothing stands in its place, only one step counts.",
        "A mean of two numbers, weighted by `f` and `1 − f`, lies between the two. For the signs: "
        "a factor above 0 keeps a sign, a tanh as a factor can turn it.",
    ),
)
for _name, _option, _message in (
    (
        "no_line",
        ONE,
        "There are two summands, `f h_prev` and `i g`. Each is below 1 in size; what can their sum "
        "be?",
    ),
    (
        "no_line",
        HUNDRED,
        "For that, each step would have to keep the whole of what the last one had. What is kept "
        "here is `h_prev`, which has been through tanh.",
    ),
    (
        "no_line",
        NONE,
        "Both summands are bounded: `h_prev` lies between −1 and 1, and so does the candidate.",
    ),
    (
        "coupled",
        TWO,
        "The shares are `f` and `1 − f`, so they add up to 1. Can a weighted mean of two numbers "
        "be larger than both?",
    ),
    (
        "coupled",
        HUNDRED,
        "What is added takes away from what was there: to write with share 1 is to keep with "
        "share 0. Nothing piles up.",
    ),
    (
        "coupled",
        NONE,
        "It starts at 0, and each step is a weighted mean of the memory and a number between −1 "
        "and 1.",
    ),
    (
        "linear_candidate",
        ONE,
        "The candidate itself is a sum now, and no tanh holds it between −1 and 1.",
    ),
    (
        "linear_candidate",
        TWO,
        "Put an input of 1000 in at one step, with both gates open. What is in the memory then?",
    ),
    (
        "linear_candidate",
        HUNDRED,
        "That is the bound of a cell with tanh, which adds less than 1 in each step. What can one "
        "step add here?",
    ),
    (
        "overwriting",
        TWO,
        "There is one summand only, `i g`, and it is a number below 1 times a number below 1.",
    ),
    (
        "overwriting",
        HUNDRED,
        "Nothing is left of the step before, so a hundred steps cannot add up.",
    ),
    (
        "overwriting",
        NONE,
        "The candidate still goes through tanh, and the gate only makes it smaller.",
    ),
    (
        "no_output_tanh",
        ONE,
        "It was the tanh that held `h` between −1 and 1, and it has gone. How large can `c` be "
        "after a hundred steps that each add nearly 1?",
    ),
    (
        "no_output_tanh",
        TWO,
        "Two steps can bring `c` that far. What about a hundred, with the forget gate open?",
    ),
    (
        "no_output_tanh",
        NONE,
        "The candidate still goes through tanh, so each of the hundred steps adds less than 1 to "
        "`c`.",
    ),
    (
        "tanh_only_in",
        ONE,
        "One step adds less than 1. With the forget gate open it is added to all that is there.",
    ),
    (
        "tanh_only_in",
        TWO,
        "Two steps can bring it that far. The line `c` is still there, and with the forget gate "
        "open nothing is lost on it.",
    ),
    (
        "tanh_only_in",
        NONE,
        "What is added has been through tanh: less than 1 in each of the hundred steps.",
    ),
    (
        "tanh_only_out",
        H_NEVER,
        "Only a sigmoid is never negative. Here `h` is `tanh(c)`, and `c` may be negative.",
    ),
    (
        "tanh_only_out",
        ANY,
        "tanh is negative for negative numbers and positive for positive ones, and no other "
        "factor is left.",
    ),
    (
        "tanh_output_gate",
        H_NEVER,
        "Two factors between −1 and 1 are multiplied. Their product is negative if one of them is.",
    ),
    (
        "tanh_output_gate",
        AS_C,
        "That holds for a gate above 0. What happens to the sign of `tanh(c)` if the gate is −0.5?",
    ),
    (
        "sigmoid_in",
        EITHER,
        "It starts at 0. What is added is a sigmoid times a sigmoid, and what is kept is `f` times "
        "a number that is not negative.",
    ),
    (
        "sigmoid_out",
        AS_C,
        "`σ(c)` is small for a negative `c`. It is not negative.",
    ),
    (
        "sigmoid_out",
        ANY,
        "Both factors are sigmoids, between 0 and 1. What is the sign of their product?",
    ),
):
    check_ranges.add_mistake(
        f"{_name}_{_option.replace(' ', '_')}", _message, {_name: constant(_option)}
    )
