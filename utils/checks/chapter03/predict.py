"""Predict: which gradients are zero, before anything is computed."""

from __future__ import annotations

from utils.checks.chapter03.formulas import CHAPTER, constant
from utils.checks.engine import Check

ANSWERS = ("zero", "not zero")

check_zero_gradients = Check(
    "zero_gradients",
    chapter=CHAPTER,
    title="Which gradients are zero?",
    outputs=dict.fromkeys(
        (
            "h_5",
            "x_4",
            "x_2",
            "h_0",
            "W_hy",
            "first_W_xh",
            "first_W_hh",
            "first_h_0",
            "flat_W_hy",
            "flat_W_hh",
        ),
        ANSWERS,
    ),
    steps={
        "h_5": constant("zero"),
        "x_4": constant("zero"),
        "x_2": constant("not zero"),
        "h_0": constant("not zero"),
        "W_hy": constant("not zero"),
        "first_W_xh": constant("not zero"),
        "first_W_hh": constant("zero"),
        "first_h_0": constant("not zero"),
        "flat_W_hy": constant("not zero"),
        "flat_W_hh": constant("zero"),
    },
    hints=(
        "A gradient is zero if a change of that quantity cannot change the loss. Draw the unrolled "
        "network and look for a path along the arrows from the quantity to the loss.",
        "Arrows lead from a step to the later ones, never back. And a path counts the product of "
        "all that stands on it: one factor of 0 makes it 0.",
        "The term of step t in the gradient of `W_hh` is `h_prev.T @ d_z_t`: what if `h_prev` is "
        "0? The way from the loss into the states leads through `W_hy`: what if that is 0? And is "
        "the product for `W_hy` itself, `h_t.T @ d_o_t`, 0 then?",
    ),
)
for _name, _wrong, _message in (
    (
        "h_5",
        "not zero",
        "`h_5` comes after the only step with a loss. No arrow leads from a state back in time.",
    ),
    (
        "x_4",
        "not zero",
        "`x_4` is read after the loss of step 3 is settled. What comes later cannot change it.",
    ),
    (
        "x_2",
        "zero",
        "There is a path: `x_2` goes into `h_2`, `h_2` into `h_3`, and step 3 has the loss.",
    ),
    (
        "h_0",
        "zero",
        "There is a path from `h_0` through `h_1` and `h_2` to `h_3`. That `h_0` is no parameter "
        "does not make its gradient zero.",
    ),
    (
        "W_hy",
        "zero",
        "`W_hy` is used at step 3, between `h_3` and the loss. One use with a loss is enough.",
    ),
    (
        "first_W_xh",
        "zero",
        "`W_xh` carries `x_1` into `h_1`, and step 1 has the loss. The input is not zero.",
    ),
    (
        "first_W_hh",
        "not zero",
        "`W_hh` is used once on the way to the loss of step 1, and what it multiplies there is "
        "`h_0`, which is zero.",
    ),
    (
        "first_h_0",
        "zero",
        "The value 0 of `h_0` is not its gradient. If `h_0` moved away from 0, `h_1` would move, "
        "through `W_hh`.",
    ),
    (
        "flat_W_hy",
        "zero",
        "The gradient of `W_hy` is `h_t.T @ d_o_t`, added up. Neither factor is zero when `W_hy` "
        "is.",
    ),
    (
        "flat_W_hh",
        "not zero",
        "The gradient comes into the states as `d_o_t @ W_hy.T`. With `W_hy` zero nothing arrives "
        "there.",
    ),
):
    check_zero_gradients.add_mistake(f"{_name}_wrong", _message, {_name: constant(_wrong)})
