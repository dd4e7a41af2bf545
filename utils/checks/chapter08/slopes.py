"""Derivatives of tanh and of the sigmoid as learners write them, for the ways back of a GRU."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from utils.checks.chapter08.formulas import sigmoid
from utils.checks.engine import Check

Array = np.ndarray


def sum_of(gate: Array) -> Array:
    """Return the sum whose sigmoid is `gate`."""
    return np.log(gate) - np.log1p(-gate)


def of_gate(gate: str, step: Callable[[Array], Array]) -> Callable[..., Array]:
    """Let a function of one value read the gate of that name."""
    return {
        "update_gate": lambda update_gate: step(update_gate),
        "reset_gate": lambda reset_gate: step(reset_gate),
    }[gate]


def add_tanh_mistakes(check: Check) -> None:
    """Let a check know the wrong slopes of the candidate's tanh, in its step `slope_n`."""
    for key, message, step in (
        (
            "missing",
            "The slope 1 − n² is left out: from the candidate to its sum the gradient goes back "
            "through tanh.",
            lambda candidate: np.ones(candidate.shape),
        ),
        (
            "at_the_sum",
            "The slope is taken as 1 − a², with the sum before tanh. It is 1 − n², with the "
            "candidate.",
            lambda candidate: 1 - np.arctanh(candidate) ** 2,
        ),
        (
            "of_tanh_again",
            "tanh was taken once more: 1 − tanh(n)². The candidate is the tanh already: 1 − n².",
            lambda candidate: 1 - np.tanh(candidate) ** 2,
        ),
        (
            "not_squared",
            "The slope is taken as 1 − n. The candidate is squared in it, 1 − n².",
            lambda candidate: 1 - candidate,
        ),
        (
            "of_sigmoid",
            "n(1 − n) is the slope of a sigmoid. The candidate goes through tanh: 1 − n².",
            lambda candidate: candidate * (1 - candidate),
        ),
        (
            "doubled",
            "The slope 1 − n² is multiplied in twice. The gradient passes tanh once.",
            lambda candidate: (1 - candidate**2) ** 2,
        ),
    ):
        check.add_mistake(f"slope_n_{key}", message, {"slope_n": step})


def add_sigmoid_mistakes(check: Check, gate: str, letter: str) -> None:
    """Let a check know the wrong slopes of a gate's sigmoid, in its step `slope_` + `letter`."""
    slope = f"{letter}(1 − {letter})"
    for key, message, step in (
        (
            "missing",
            f"The slope {slope} is left out: from the gate to its sum the gradient goes back "
            "through the sigmoid.",
            lambda value: np.ones(value.shape),
        ),
        (
            "of_tanh",
            f"1 − {letter}² is the slope of tanh. A gate goes through the sigmoid: {slope}.",
            lambda value: 1 - value**2,
        ),
        (
            "of_sigmoid_again",
            f"The sigmoid was taken once more, of the gate, before the slope. The gate is the "
            f"sigmoid already: {slope}.",
            lambda value: sigmoid(value) * (1 - sigmoid(value)),
        ),
        (
            "at_the_sum",
            f"The slope is taken as a(1 − a), with the sum before the sigmoid. It is {slope}, with "
            "the gate.",
            lambda value: sum_of(value) * (1 - sum_of(value)),
        ),
        (
            "half",
            f"Of the slope {slope} only the factor {letter} is there.",
            lambda value: value,
        ),
        (
            "other_half",
            f"Of the slope {slope} only the factor 1 − {letter} is there.",
            lambda value: 1 - value,
        ),
        (
            "doubled",
            f"The slope {slope} is multiplied in twice. The gradient passes the sigmoid once.",
            lambda value: (value * (1 - value)) ** 2,
        ),
    ):
        check.add_mistake(
            f"slope_{letter}_{key}", message, {f"slope_{letter}": of_gate(gate, step)}
        )
