"""The check of chapter 00, `00_start_here`: small, to see how checks work."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.engine import Check

__all__ = ["check_first_steps"]


def _inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a state, a factor and a number of steps."""
    return {
        "h_0": rng.normal(size=sizes["H"]) + 2.0,
        "factor": float(rng.uniform(0.6, 0.9)),
        "T": sizes["T"],
    }


check_first_steps = Check(
    "first_steps",
    chapter="00_start_here",
    title="A factor at every step",
    outputs={"h_T": "H"},
    inputs=_inputs,
    sizes=({"H": 3, "T": 5}, {"H": 4, "T": 7}, {"H": 6, "T": 2}),
    steps={
        "start": lambda h_0: h_0,
        "n_steps": lambda T: T,
        "left": lambda factor, n_steps: factor**n_steps,
        "h_T": lambda start, left: start * left,
    },
    hints=(
        "Write down what stands there after one step, after two, after three. What grows?",
        "After two steps it is `h_0 * factor * factor`. The number of factors is the number of "
        "steps.",
        "The product of T equal factors is the power `factor**T`. Multiply `h_0` by it and return "
        "the result.",
    ),
)
check_first_steps.add_mistake(
    "product_for_power",
    "You multiplied the factor by T. It acts at every step, so it is raised to the power T.",
    {"left": lambda factor, n_steps: factor * n_steps},
)
check_first_steps.add_mistake(
    "one_step",
    "The factor acts once here. It has to act at each of the T steps.",
    {"n_steps": lambda T: 1},
)
check_first_steps.add_mistake(
    "one_step_too_many",
    "This is one step too many: there are T factors, not T + 1.",
    {"n_steps": lambda T: T + 1},
)
check_first_steps.add_mistake(
    "one_step_too_few",
    "This is one step too few: there are T factors, not T − 1.",
    {"n_steps": lambda T: T - 1},
)
check_first_steps.add_mistake(
    "start_ignored",
    "You returned what is left of 1. Multiply it by the start, `h_0`.",
    {"start": lambda h_0: np.ones_like(h_0)},
)
