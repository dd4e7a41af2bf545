"""One check for each patient: a diagnosis, evidence that the lens gives, a treatment.

The right numbers are computed from the patient itself when an answer is looked at, so that they
are those of the machine at hand. `torch` is imported then, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter12.words import CHAPTER, TREATS, about, against
from utils.checks.engine import Case, Check
from utils.checks.running import Answer
from utils.diagnoses import DIAGNOSES

if TYPE_CHECKING:
    from utils.lens import Trace
    from utils.patients import Patient

Array = np.ndarray
Number = Callable[[], Any]
TOLERANCE = 5e-5
"""Share of a number of evidence by which an answer may differ: it comes from the same weights, and
the lens computes in float64."""


NEAR = frozenset(
    {
        "decades_of_hidden",
        "decades_each",
        "decades_median_of_each",
        "decades_median",
        "stretch_trained",
        "after_input_gate_alone",
        "after_forget_gate_alone",
        "after_output_gate_alone",
    }
)
"""Mistakes whose number is so near to the right one that the engine would call none of them
proven; they are told as what a number is, not counted as mistakes."""


@dataclass(frozen=True)
class Evidence:
    """A number that a patient's exercise asks for.

    Attributes
    ----------
    name : str
    right : callable
        Computes it, without arguments.
    kind : {"share", "count", "number"}
    asked : str
        What is asked for, to be said of a number that no known mistake explains.
    mistakes : sequence of (key, message, callable)
        Known wrong ways, each with the number that comes out.
    slack : float
        What a number may be off besides: one that hangs on a trained network, and was noted down
        on another machine, differs by the rounding in its training.
    """

    name: str
    right: Number
    kind: str
    asked: str
    mistakes: Sequence[tuple[str, str, Number]] = ()
    slack: float = 0.0


@dataclass
class PatientCheck(Check):
    """The check of one patient's chart.

    Parameters
    ----------
    evidence : mapping of str to Evidence
        The numbers that are asked for.
    """

    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    def run(self, answer: Any, cases: Sequence[Case]) -> list[Answer]:
        """Read the chart; a number within its slack of the right one stands for it."""
        answers = super().run(answer, cases)
        return [
            replace(given, outputs={n: self._settled(n, v, case) for n, v in given.outputs.items()})
            for given, case in zip(answers, cases, strict=True)
        ]

    def _settled(self, name: str, value: Any, case: Case) -> Any:
        item = self.evidence.get(name)
        if item is None or not item.slack or not isinstance(value, np.ndarray) or value.ndim:
            return value
        slack = item.slack
        if any(self.agrees(value, np.asarray(wrong())) for *_, wrong in item.mistakes):
            return value
        return case.right[name] if abs(value - case.right[name]) <= slack else value

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say what a number of evidence cannot be, or what is asked for."""
        item = self.evidence.get(name)
        if item is None or not isinstance(value, np.ndarray) or value.ndim:
            return ""
        if not np.isfinite(value):
            return ""
        if item.kind == "share" and not 0 <= value <= 1:
            return f"`{name}` is {value:.6g}; a share lies between 0 and 1."
        if item.kind == "count" and value != np.round(value):
            return f"`{name}` is {value:.6g}; expected a whole number."
        if item.kind != "count" and any(value == np.round(right, d) for d in range(1, 6)):
            return f"`{name}` is the right number, rounded: hand over all digits."
        for key, message, wrong in item.mistakes:
            if key in NEAR and self.agrees(value, np.asarray(wrong())):
                return message
        return f"`{name}` is not right. It is {item.asked}."


def ward_check(
    name: str,
    title: str,
    diagnosis: str,
    treatment: str,
    evidence: Sequence[Evidence],
    hints: tuple[str, str, str],
    said: Mapping[str, str] | None = None,
) -> PatientCheck:
    """Make the check of one patient, with a message for every wrong choice.

    Parameters
    ----------
    name : str
        Of the patient.
    title : str
    diagnosis, treatment : str
        The right ones.
    evidence : sequence of Evidence
        In the order in which the exercise asks for it.
    hints : tuple of three str
    said : mapping of str to str, optional
        Wrong choices of which something else is to be said than the usual.

    Returns
    -------
    PatientCheck
    """
    said = said or {}
    numbers = {item.name: cache(item.right) for item in evidence}
    check = PatientCheck(
        name.lower(),
        chapter=CHAPTER,
        title=title,
        outputs={
            "diagnosis": DIAGNOSES,
            **dict.fromkeys(numbers, ""),
            "treatment": tuple(TREATS),
        },
        steps={"diagnosis": constant(diagnosis), **numbers, "treatment": constant(treatment)},
        hints=hints,
        tolerance=TOLERANCE,
        evidence={item.name: item for item in evidence},
    )
    for other in DIAGNOSES:
        if other != diagnosis:
            message = said.get(other) or against(name, other)
            check.add_mistake(f"says {other}", message, {"diagnosis": constant(other)})
    for item in evidence:
        for key, message, wrong in item.mistakes:
            if key not in NEAR:
                check.add_mistake(key, message, {item.name: cache(wrong)})
    for other in TREATS:
        if other != treatment:
            message = said.get(other) or about(name, other)
            check.add_mistake(f"prescribes {other}", message, {"treatment": constant(other)})
    return check


# --- what the lens shows of a patient ---------------------------------------------------------


@cache
def patient(name: str) -> Patient:
    """Admit a patient, once."""
    from utils import patients

    return patients.admit(name)


@cache
def opened(name: str, network: str = "fresh") -> Trace:
    """Open a patient's network on its batch: ``"fresh"`` before, ``"model"`` after its training."""
    from utils import lens

    person = patient(name)
    inputs = person.inputs if person.lengths is None else (person.inputs, person.lengths)
    return lens.trace(getattr(person, network), inputs, person.loss)


def beyond(values: Array, low: float = 0.1, high: float = 0.9) -> Array:
    """Return the share of values below `low` or above `high`."""
    return np.mean((values < low) | (values > high))


def lives(name: str, network: str = "fresh") -> Array:
    """Return the half-life of every unit, (H,), in steps."""
    return opened(name, network).half_life().half_life.to_numpy()


def flow(name: str, quantity: str, network: str = "fresh") -> Array:
    """Return the norm of a gradient at every step, the mean over the samples, (T,)."""
    return opened(name, network).norms(quantity).mean(axis=1)


def answers(model: Any, xs: Any) -> Array:
    """Return which answers a model gives, without a gradient."""
    import torch

    with torch.no_grad():
        return model(xs).argmax(-1).numpy()
