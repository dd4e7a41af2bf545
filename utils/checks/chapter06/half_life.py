"""Code: from the bias of a forget gate to the half-life of a memory, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter06.formulas import CHAPTER, sigmoid
from utils.checks.engine import Check

Array = np.ndarray


def bias_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw biases above zero and half-lives of some steps."""
    return {
        "biases": rng.uniform(0.2, 5.0, size=sizes["N"]),
        "wanted": rng.uniform(1.5, 200.0, size=sizes["M"]),
    }


check_half_life = Check(
    "half_life",
    chapter=CHAPTER,
    title="From bias to half-life and back",
    outputs={"gates": "N", "half_lives": "N", "needed": "M"},
    inputs=bias_inputs,
    sizes=({"N": 4, "M": 3}, {"N": 2, "M": 5}, {"N": 1, "M": 6}),
    steps={
        "squashed": lambda biases: sigmoid(biases),
        "gates": lambda squashed: squashed,
        "kept": lambda squashed: squashed,
        "half_lives": lambda kept: np.log(0.5) / np.log(kept),
        "gate_for": lambda wanted: 0.5 ** (1 / wanted),
        "needed": lambda gate_for: np.log(gate_for / (1 - gate_for)),
    },
    hints=(
        "With the sum at the bias alone the gate is σ(b), the same at every step. After n steps "
        "fⁿ is left; at the half-life that is one half.",
        "Take logarithms of fⁿ = 0.5 and solve for n. For the way back solve it for f first, then "
        "find the number whose sigmoid is f.",
        "n = ln 0.5 / ln f. Back: f = 0.5 to the power 1/n, and b = ln(f / (1 − f)), because that "
        "undoes the sigmoid.",
    ),
)
for _key, _message, _replaces in (
    (
        "gate_is_tanh",
        "The gate is tanh of its bias. A gate is a sigmoid.",
        {"squashed": lambda biases: np.tanh(biases)},
    ),
    (
        "gate_is_bias",
        "The gate is the bias itself. It goes through the sigmoid first.",
        {"squashed": lambda biases: biases},
    ),
    (
        "gate_mirrored",
        "The gate is mirrored: this is σ(−b). A positive bias opens the gate.",
        {"squashed": lambda biases: sigmoid(-biases)},
    ),
    (
        "gate_turned",
        "`gates` holds what is thrown away, 1 − σ(b). The gate is σ(b), what is kept.",
        {"gates": lambda squashed: 1 - squashed},
    ),
    (
        "upside_down",
        "The fraction is upside down: this is ln f / ln 0.5, which is one over the half-life.",
        {"half_lives": lambda kept: np.log(kept) / np.log(0.5)},
    ),
    (
        "time_constant",
        "This is −1 / ln f: the steps until 1/e, about 37 %, is left. Asked is until one half is "
        "left.",
        {"half_lives": lambda kept: -1 / np.log(kept)},
    ),
    (
        "negative",
        "The half-lives are negative. ln 0.5 and ln f are both below zero, so the fraction is "
        "above it.",
        {"half_lives": lambda kept: np.log(2) / np.log(kept)},
    ),
    (
        "of_what_is_lost",
        "The logarithm is that of 1 − f, which is thrown away. What is left after n steps is fⁿ.",
        {"half_lives": lambda kept: np.log(0.5) / np.log(1 - kept)},
    ),
    (
        "linear",
        "This is 0.5 / (1 − f), as if the same amount were lost at every step. Each step takes a "
        "share of what is left: fⁿ = 0.5.",
        {"half_lives": lambda kept: 0.5 / (1 - kept)},
    ),
    (
        "one_over_loss",
        "This is 1 / (1 − f), a rough time until 1/e is left. Asked are the steps until one half "
        "is left, from fⁿ = 0.5.",
        {"half_lives": lambda kept: 1 / (1 - kept)},
    ),
    (
        "rounded",
        "The half-lives are rounded to whole steps. Leave them as they come out.",
        {"half_lives": lambda kept: np.round(np.log(0.5) / np.log(kept))},
    ),
    (
        "rounded_up",
        "The half-lives are rounded up to whole steps. Leave them as they come out.",
        {"half_lives": lambda kept: np.ceil(np.log(0.5) / np.log(kept))},
    ),
    (
        "tenth_for_half",
        "These are the steps until a tenth is left. Asked is until one half is left.",
        {"half_lives": lambda kept: np.log(0.1) / np.log(kept)},
    ),
    (
        "logarithm_of_bias",
        "The logarithm is that of the bias. What is multiplied at every step is the gate: ln σ(b).",
        {"kept": lambda biases: biases},
    ),
    (
        "first_two_in_turned_order",
        "`gates` and `half_lives` have changed places in what you return: first `gates`, then "
        "`half_lives`.",
        {
            "gates": lambda squashed: np.log(0.5) / np.log(squashed),
            "half_lives": lambda kept: kept,
        },
    ),
    (
        "power_before_division",
        "The gate was taken as 0.5 / n, as `0.5 ** 1 / n` computes: the power binds first. Put "
        "1 / n in parentheses.",
        {"gate_for": lambda wanted: 0.5 / wanted},
    ),
    (
        "half_to_the_n",
        "The gate was taken as 0.5 to the power n. It is the n-th root: 0.5 to the power 1/n.",
        {"gate_for": lambda wanted: 0.5**wanted},
    ),
    (
        "linear_gate",
        "The gate was taken as 1 − 0.5/n, as if the same amount were lost at every step. It is "
        "the n-th root of 0.5.",
        {"gate_for": lambda wanted: 1 - 0.5 / wanted},
    ),
    (
        "reciprocal_gate",
        "The gate was taken as 1 − 1/n. Solve fⁿ = 0.5: it is the n-th root of 0.5.",
        {"gate_for": lambda wanted: 1 - 1 / wanted},
    ),
    (
        "gate_for_e",
        "The gate was taken as exp(−1/n), which leaves 1/e after n steps. Asked is one half.",
        {"gate_for": lambda wanted: np.exp(-1 / wanted)},
    ),
    (
        "gate_returned",
        "`needed` holds the gates. Asked are the biases: the numbers whose sigmoid they are.",
        {"needed": lambda gate_for: gate_for},
    ),
    (
        "logarithm_alone",
        "`needed` is ln f, always below zero. Undo the sigmoid: ln(f / (1 − f)).",
        {"needed": lambda gate_for: np.log(gate_for)},
    ),
    (
        "odds_without_logarithm",
        "`needed` is f / (1 − f); the logarithm is missing.",
        {"needed": lambda gate_for: gate_for / (1 - gate_for)},
    ),
    (
        "bias_sign",
        "The sign of `needed` is turned: a long half-life needs an open gate, and so a positive "
        "bias.",
        {"needed": lambda gate_for: np.log((1 - gate_for) / gate_for)},
    ),
    (
        "tanh_undone",
        "`needed` undoes tanh. The gate is a sigmoid: ln(f / (1 − f)).",
        {"needed": lambda gate_for: np.arctanh(gate_for)},
    ),
    (
        "sigmoid_not_undone",
        "`needed` is the sigmoid of the gate. Undo the sigmoid: ln(f / (1 − f)).",
        {"needed": lambda gate_for: sigmoid(gate_for)},
    ),
):
    check_half_life.add_mistake(_key, _message, _replaces)
