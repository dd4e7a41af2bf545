"""By hand: forward and backward through one sigmoid unit."""

from __future__ import annotations

import numpy as np

from utils.checks.chapter01.formulas import CHAPTER, sigmoid
from utils.checks.engine import Check

X, W, B, Y = 1.5, 0.8, -0.5, 0.1

check_one_unit = Check(
    "one_unit",
    chapter=CHAPTER,
    title="One unit, there and back, by hand",
    outputs=dict.fromkeys(("z", "a", "loss", "d_a", "d_z", "d_w", "d_b"), ""),
    steps={
        "z": lambda: X * W + B,
        "a": lambda z: sigmoid(z),
        "loss": lambda a: (a - Y) ** 2 / 2,
        "d_a": lambda a: a - Y,
        "d_z": lambda d_a, a: d_a * a * (1 - a),
        "d_w": lambda d_z: d_z * X,
        "d_b": lambda d_z: d_z,
    },
    decimals=4,
    hints=(
        "Work in the order of the names. Each gradient is the one before it times one factor, "
        "the slope of the step between them.",
        "`d_a` is the derivative of ½(a − y)² for a. From there to `d_z` the factor is the slope "
        "of the sigmoid, which you can write with `a` alone.",
        "z = 0.7. The slope of the sigmoid is a(1 − a), about 0.2217 here. In z = x·w + b, a "
        "change of w counts x times, a change of b once.",
    ),
)


@check_one_unit.mistake("z", "The bias is missing from the sum.")
def bias_missing():
    return X * W


@check_one_unit.mistake("z", "The bias is added before the product. Multiply first, then add `b`.")
def bias_inside_product():
    return (X + B) * W


@check_one_unit.mistake("z", "The bias is subtracted; it is added, and it is negative already.")
def bias_subtracted():
    return X * W - B


@check_one_unit.mistake("a", "The sigmoid is missing: `a` is the sum itself.")
def sigmoid_missing(z):
    return z


@check_one_unit.mistake("a", "This is the sigmoid of −z. The exponent in the sigmoid is −z, once.")
def sigmoid_of_minus_z(z):
    return sigmoid(-z)


@check_one_unit.mistake("a", "This is tanh of the sum. Asked is the sigmoid.")
def tanh_for_sigmoid(z):
    return np.tanh(z)


@check_one_unit.mistake("a", "This is exp(−z) alone; in the sigmoid it stands below the line.")
def exponential_alone(z):
    return np.exp(-z)


@check_one_unit.mistake("loss", "The half is missing: the loss here is half the squared error.")
def half_missing(a):
    return (a - Y) ** 2


@check_one_unit.mistake("loss", "The error is halved but not squared.")
def error_not_squared(a):
    return (a - Y) / 2


@check_one_unit.mistake("loss", "The squares are taken one by one. Square the difference.")
def squares_subtracted(a):
    return (a**2 - Y**2) / 2


@check_one_unit.mistake("loss", "This is binary cross-entropy. Asked is half the squared error.")
def cross_entropy_for_square(a):
    return -Y * np.log(a) - (1 - Y) * np.log(1 - a)


@check_one_unit.mistake(
    "d_a",
    "The sign is turned: this is target minus output. Where the output is too high, raising it "
    "raises the loss.",
)
def target_minus_output(a):
    return Y - a


@check_one_unit.mistake(
    "d_a", "Twice too much: the 2 of the square and the ½ in front of it cancel."
)
def factor_two(a):
    return 2 * (a - Y)


@check_one_unit.mistake("d_a", "Half too little: the square brings a 2 down, which cancels the ½.")
def factor_half(a):
    return (a - Y) / 2


@check_one_unit.mistake("d_a", "This is the squared error itself, not its derivative.")
def loss_for_slope(a):
    return (a - Y) ** 2


@check_one_unit.mistake(
    "d_z", "The slope of the sigmoid is left out: `d_z` equals `d_a`. Multiply by it."
)
def slope_missing(d_a):
    return d_a


@check_one_unit.mistake(
    "d_z",
    "The slope is taken with `z` in the place of `a`. σ' = σ(1 − σ) wants the sigmoid's value.",
)
def slope_with_z(d_a, z):
    return d_a * z * (1 - z)


@check_one_unit.mistake(
    "d_z",
    "The sigmoid is applied a second time: this is its slope at `a`. The slope at `z` is wanted, "
    "for which `a` is already the value.",
)
def slope_at_a(d_a, a):
    return d_a * sigmoid(a) * (1 - sigmoid(a))


@check_one_unit.mistake("d_z", "This is the slope of tanh, 1 − a². The unit is a sigmoid.")
def slope_of_tanh(d_a, a):
    return d_a * (1 - a**2)


@check_one_unit.mistake("d_z", "Of the slope only the factor `a` is there; (1 − a) is missing.")
def slope_only_a(d_a, a):
    return d_a * a


@check_one_unit.mistake("d_z", "Of the slope only the factor (1 − a) is there; `a` is missing.")
def slope_only_one_minus_a(d_a, a):
    return d_a * (1 - a)


@check_one_unit.mistake("d_z", "This is the slope alone; the gradient that arrives is left out.")
def slope_alone(a):
    return a * (1 - a)


@check_one_unit.mistake("d_w", "The input is left out: a change of `w` moves `z` by x times it.")
def input_missing(d_z):
    return d_z


@check_one_unit.mistake(
    "d_w", "Multiplied by `w`; that gives the gradient of `x`. At a product, each takes the other."
)
def own_weight(d_z):
    return d_z * W


@check_one_unit.mistake("d_w", "The slope of the sigmoid is skipped: start from `d_z`, not `d_a`.")
def weight_from_d_a(d_a):
    return d_a * X


@check_one_unit.mistake("d_b", "Multiplied by `x`; nothing multiplies the bias on its way to `z`.")
def bias_times_input(d_z):
    return d_z * X


@check_one_unit.mistake("d_b", "Multiplied by `b`. A sum passes its gradient on as it is.")
def bias_times_bias(d_z):
    return d_z * B


@check_one_unit.mistake(
    "d_b", "1 is how `z` changes with `b`. How the loss changes with `z` stands before it."
)
def bias_slope_alone():
    return 1.0


@check_one_unit.mistake(
    "d_b", "This is `d_a`: the slope of the sigmoid is skipped on the way to b."
)
def bias_from_d_a(d_a):
    return d_a


@check_one_unit.mistake("d_b", "A bias is no constant for the loss: its gradient is not 0.")
def bias_zero():
    return 0.0
