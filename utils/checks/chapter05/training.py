"""Repair: a training run that explodes, and whose log does not show it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from utils.checks.chapter05.predict import CHAPTER
from utils.checks.chapter05.runs import run_inputs, whole_run
from utils.checks.comparing import wrong_places
from utils.checks.engine import Case, Check, Mistake
from utils.checks.reporting import Line, Report
from utils.checks.running import Answer

PLANTED = ("wide_start", "large_steps", "not_clipped", "norm_after_clipping")
WIDE, LARGE = 4.0, 20.0
# Times `W_hh`, tried where the start is another than the planted one.
STARTS = (*(k / 20 for k in range(61)), 3.5, 4.0, 5.0, 10.0)
MOST = 1e4  # a factor beyond it is not read off the numbers


class RepairCheck(Check):
    """The check of the repaired run: it also tries all planted faults together.

    Of a start, a learning rate or a limit that is wrong in another way than the planted one, it
    names the number, if the whole run equals one with that number.
    """

    def combinations(self, quantity: str) -> Iterable[tuple[Mistake, ...]]:
        """Yield what `Check` does, then three and four of the planted faults."""
        yield from super().combinations(quantity)
        reach = self.ancestors(quantity)
        planted = [m for m in self.mistakes if m.key in PLANTED and reach & set(m.replaces)]
        for count in (3, 4):
            yield from itertools.combinations(planted, count)

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say from which update on a curve is wrong."""
        if not isinstance(value, np.ndarray) or value.shape != right.shape or value.ndim != 1:
            return ""
        wrong = wrong_places(value, right, self.tolerance)
        if not wrong.any() or not np.isfinite(value).all():
            return ""
        if wrong[0]:
            if name != "losses":
                return ""
            return (
                "`losses` is wrong from its first entry on, which comes before any update: look at "
                "the weights that the run starts from, the first batch, and the loss that is noted."
            )
        first = int(wrong.argmax()) + 1
        return f"`{name}` is right before update {first} and wrong from there on."

    def judge(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Report:
        """Judge as `Check` does, and look for other factors where no mistake was recognised."""
        report = super().judge(cases, answers)
        if report.status != "wrong" or report.mistakes:
            return report
        text = self._other_factors(cases, answers)
        if not text:
            return report
        lines = tuple(line for line in report.lines if line.kind not in ("wrong", "follows"))
        told = Line("mistake", text, "other_factor")
        return Report(
            report.title, report.status, report.score, (*lines, told), report.hints, report.name
        )

    def _other_factors(self, cases: Sequence[Case], answers: Sequence[Answer]) -> str:
        """Say which other start, learning rate or limit gives the learner's whole run."""
        pairs = list(zip(cases, answers, strict=True))
        for case, answer in pairs:
            for name in self.outputs:
                value = None if answer.problem else answer.outputs[name]
                if not isinstance(value, np.ndarray) or value.shape != case.right[name].shape:
                    return ""
        short = next(i for i, case in enumerate(cases) if case.sizes["N"] == 1)
        unclipped = tuple(m for m in self.mistakes if m.key == "not_clipped")
        as_given = all(
            self.agrees(a.outputs["losses"][:1], c.right["losses"][:1]) for c, a in pairs
        )
        for start in (1.0,) if as_given else STARTS:
            for clipping in ((), unclipped):
                factor = self._factor(*pairs[short], start, clipping)
                if factor is None:
                    continue
                for text, changes in _explanations(start, factor, cases[short].inputs, clipping):
                    if text and self._gives(pairs, (*changes, *clipping)):
                        return text
        return ""

    def _gives(self, pairs: Sequence[tuple[Case, Answer]], mistakes: tuple[Mistake, ...]) -> bool:
        """Tell whether these mistakes give the learner's numbers in every case."""
        for case, answer in pairs:
            try:
                values = self.compute(case.inputs, mistakes)
            except ValueError:
                return False  # weights that are no finite numbers any more
            if not all(self.agrees(answer.outputs[name], values[name]) for name in self.outputs):
                return False
        return True

    def _factor(
        self, case: Case, answer: Answer, start: float, clipping: tuple[Mistake, ...]
    ) -> float | None:
        """Return by which factor one update of W_hh is longer than the given settings make it."""
        began = start * case.inputs["W_hh"]
        given = self.compute(case.inputs, (_by("start", "W_hh", start), *clipping))
        given = given["W_hh_new"] - began
        moved = answer.outputs["W_hh_new"] - began
        factor = float(np.vdot(moved, given) / np.vdot(given, given))
        if not np.isfinite(factor) or not 0 < abs(factor) < MOST:
            return None
        return factor if self.agrees(moved, factor * given) else None


def _by(quantity: str, source: str, factor: float) -> Mistake:
    """Return a mistake that multiplies an argument."""
    step = {
        "W_hh": lambda W_hh: factor * W_hh,
        "learning_rate": lambda learning_rate: factor * learning_rate,
        "max_norm": lambda max_norm: factor * max_norm,
    }[source]
    return Mistake(quantity, {quantity: step}, "")


def _always(quantity: str, value: float) -> Mistake:
    """Return a mistake that puts a number of the learner's own in the place of an argument."""
    return Mistake(quantity, {quantity: lambda: value}, "")


def _explanations(
    start: float, factor: float, given: Mapping[str, Any], clipping: tuple[Mistake, ...]
) -> list[tuple[str, tuple[Mistake, ...]]]:
    """List what can make one update longer by `factor`, each in words and as mistakes."""
    begins = f"`W_hh` starts {start:g} times as large as it was handed in"
    first = _by("start", "W_hh", start)
    said = [] if start == 1 else [begins]
    left = ["the gradients are not clipped"] if clipping else []
    if abs(factor - 1) < 1e-6:
        return [(_sentence([*said, *left]), (first,))]
    found = []
    for quantity, source, words in (
        ("rate", "learning_rate", "the learning rate"),
        ("limit", "max_norm", "the limit of the clipping"),
    ):
        if quantity == "limit" and clipping:
            continue
        value = factor * given[source]
        relative = f"{words} is {factor:.4g} times the one that was handed in"
        fixed = f"{words} is always {value:.4g}, whatever is handed in"
        found += [
            (_sentence([*said, relative, *left]), (first, _by(quantity, source, factor))),
            (_sentence([*said, fixed, *left]), (first, _always(quantity, value))),
        ]
    return found


def _sentence(parts: Sequence[str]) -> str:
    text = ", and ".join(parts)
    return text and f"{text[0].upper()}{text[1:]}."


check_repaired_run = RepairCheck(
    "repaired_run",
    chapter=CHAPTER,
    title="A training run, repaired",
    sizes=(
        {"N": 3, "T": 4, "B": 2, "D": 7, "H": 5, "K": 6},
        {"N": 4, "T": 5, "B": 3, "D": 6, "H": 2, "K": 7},
        {"N": 1, "T": 3, "B": 5, "D": 4, "H": 6, "K": 2},
    ),
    inputs=run_inputs,
    outputs={"losses": "N", "norms": "N", "W_hh_new": "H H"},
    steps={
        "start": lambda W_hh: W_hh,
        "rate": lambda learning_rate: learning_rate,
        "limit": lambda max_norm: max_norm,
        "clip": lambda: "global",
        "reduction": lambda: "mean",
        "kept": lambda: "this batch",
        "logged": lambda: "before",
        "loss_at": lambda: "before",
        "trace": whole_run,
        "losses": lambda xs, trace: trace[: len(xs)],
        "norms": lambda xs, trace: trace[len(xs) : 2 * len(xs)],
        "W_hh_new": lambda xs, start, trace: trace[2 * len(xs) :].reshape(start.shape),
    },
    hints=(
        "There are four faults. Two make the steps too long, one lets long gradients through, and "
        "one keeps the log from showing it. Follow one gradient from where it is computed to "
        "where it is used and noted.",
        "`clip_by_global_norm` changes nothing: it returns new gradients, with the norm that they "
        "had before. Which gradients does `optimiser.step` get, and in which line?",
        "The weights and the learning rate are used as they are handed in. In the loop: gradient, "
        "then clip, then update with the clipped gradients; the norm to note is `.norm`.",
    ),
)
for _key, _message, _replaces in (
    (
        "wide_start",
        f"`W_hh` still starts {WIDE:g} times as large as it was handed in. A factor above 1 at "
        "every step back makes the gradient explode from the first batch on.",
        {"start": lambda W_hh: WIDE * W_hh},
    ),
    (
        "large_steps",
        f"The learning rate is still {LARGE:g} times the one that was handed in. Clipping bounds "
        "the gradient, not the step: that is rate times gradient.",
        {"rate": lambda learning_rate: LARGE * learning_rate},
    ),
    (
        "not_clipped",
        "The weights are moved by gradients that are not clipped. Either the clipping comes after "
        "the update, or its result is not what the update gets.",
        {"clip": lambda: "nothing"},
    ),
    (
        "norm_after_clipping",
        "The norms are noted after clipping, so the log can never show more than `max_norm`. Note "
        "the norm before: `.norm` of what `clip_by_global_norm` returns.",
        {"logged": lambda: "after"},
    ),
    (
        "each_array_alone",
        "Each array is clipped by its own norm. The limit holds for the norm of all arrays "
        "together, and one factor goes to all.",
        {"clip": lambda: "each"},
    ),
    (
        "by_value",
        "The gradients are clipped by value, entry by entry, which turns the step. Asked for is "
        "clipping by global norm.",
        {"clip": lambda: "value"},
    ),
    (
        "short_gradients_stretched",
        "Every gradient is given the length `max_norm`, the short ones too. Clipping only "
        "shortens: the factor is at most 1.",
        {"clip": lambda: "stretch"},
    ),
    (
        "recurrent_alone",
        "The gradient of `W_hh` alone is clipped. All gradients go into the norm, and all are "
        "shortened.",
        {"clip": lambda: "recurrent"},
    ),
    (
        "summed",
        "The loss is a sum over the batch, so loss and gradient grow with B. Keep the mean, as "
        "the given code does.",
        {"reduction": lambda: "sum"},
    ),
    (
        "uphill",
        "The weights move along the gradient, so the loss rises. Go against it.",
        {"rate": lambda learning_rate: -learning_rate},
    ),
    (
        "gradients_pile_up",
        "The gradients of all batches so far are added up. Each update uses those of its own "
        "batch.",
        {"kept": lambda: "all"},
    ),
    (
        "cell_not_trained",
        "The output layer alone is trained. All five weights move.",
        {"kept": lambda: "output"},
    ),
    (
        "output_not_trained",
        "The recurrent layer alone is trained. All five weights move.",
        {"kept": lambda: "cell"},
    ),
    (
        "norm_of_one_array",
        "The norm that is noted is that of the gradient of `W_hh` alone. Note that of all "
        "gradients together.",
        {"logged": lambda: "W_hh"},
    ),
    (
        "norms_added",
        "The norms of the five arrays are added up. The global norm is the root of the sum of "
        "all squares.",
        {"logged": lambda: "added"},
    ),
    (
        "largest_norm",
        "The largest norm of the five arrays is noted. The global norm is the root of the sum of "
        "all squares.",
        {"logged": lambda: "largest"},
    ),
    (
        "norm_squared",
        "The squares of the norms are noted; the root is missing.",
        {"logged": lambda: "squared"},
    ),
    (
        "factor_for_norm",
        "What is noted is the factor of the clipping. Note the norm before clipping, `.norm`.",
        {"logged": lambda: "factor"},
    ),
    (
        "loss_after_update",
        "The losses are computed after the update, on the batch that it was made for. Note the "
        "loss that the gradient belongs to.",
        {"loss_at": lambda: "after"},
    ),
    (
        "losses_and_norms_swapped",
        "Losses and norms have changed places: the losses come first.",
        {
            "losses": lambda xs, trace: trace[len(xs) : 2 * len(xs)],
            "norms": lambda xs, trace: trace[: len(xs)],
        },
    ),
    (
        "start_returned",
        "`W_hh` comes back as it was at the start. Return it after the last update, "
        '`model.weights["W_hh"]`.',
        {"W_hh_new": lambda start: start},
    ),
    (
        "change_returned",
        "This is the change of `W_hh`. Return `W_hh` itself after the last update.",
        {"W_hh_new": lambda xs, start, trace: trace[2 * len(xs) :].reshape(start.shape) - start},
    ),
):
    check_repaired_run.add_mistake(_key, _message, _replaces)
