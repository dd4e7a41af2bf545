"""Submissions of mixed quality, as a class hands them in: made from the course's own notebooks.

The same number and seed give the same bytes. The tests and the benchmark of the grading use them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.instructor.hostile.sheet import NAME, Sheet, solved

# Of a class: most have worked on it, some have given up, a few programs are slow.
SHARES = {
    "solution": 0.22,
    "partial": 0.26,
    "mistakes": 0.26,
    "errors": 0.12,
    "slow": 0.06,
    "untouched": 0.08,
}


@dataclass(frozen=True)
class Mistake:
    """One slip in an answer of chapter 02.

    Attributes
    ----------
    exercise : str
        Stem of the cell's id, "step" for ``step-answer``.
    check : str
        Name of the check that recognises it.
    key : str
        Key of the mistake that the check names.
    old, new : str
        What stands in the course's answer, and what stands there in its place.
    """

    exercise: str
    check: str
    key: str
    old: str
    new: str


MISTAKES = (
    Mistake("count", "parameter_counts", "bias_forgotten", "16 * 16 + 16", "16 * 16"),
    Mistake("count", "parameter_counts", "batch_first", "(20, 4, 16)", "(4, 20, 16)"),
    Mistake("hand", "two_steps", "no_tanh", "[0.4777, -0.7259]", "[0.52, -0.92]"),
    Mistake("step", "rnn_step", "no_tanh", "np.tanh(z_t)", "z_t"),
    Mistake("step", "rnn_step", "bias_forgotten", " + b_h", ""),
    Mistake("step", "rnn_step", "recurrent_transposed", "@ W_hh", "@ W_hh.T"),
    Mistake("unroll", "unroll", "start_ignored", "= h_0, []", "= np.zeros_like(h_0), []"),
    Mistake("unroll", "unroll", "batch_first", "np.stack(hs)", "np.stack(hs, axis=1)"),
    Mistake("unroll", "unroll", "last_state_only", "np.stack(hs)", "hs[-1]"),
    Mistake("joined", "joined_step", "no_tanh", "np.tanh(joined @ W + b_h)", "joined @ W + b_h"),
    Mistake(
        "lookup", "look_up", "counted_from_one", "np.eye(V)[indices]", "np.eye(V)[indices - 1]"
    ),
    Mistake("readout", "read_out", "softmax_over_time", "b_y, axis=-1", "b_y, axis=0"),
    Mistake("shapes", "task_shapes", "verb_as_one_input", '"verb"] = "many', '"verb"] = "one'),
    Mistake("last", "last_states", "end_of_padding", "hs[lengths - 1, np.arange(B)]", "hs[-1]"),
    Mistake(
        "distance",
        "state_distance",
        "absolute_differences",
        "np.linalg.norm(hs - hs_other, axis=-1)",
        "np.abs(hs - hs_other).sum(axis=-1)",
    ),
    Mistake("fading", "fading", "counted_from_one", "[int(below", "[1 + int(below"),
)

ERRORS: tuple[Callable[[str], str], ...] = (
    lambda text: text.replace("return", "retrun", 1) if "return" in text else text + "\n)",
    lambda text: text + "\n    indented_for_no_reason = 1",
    lambda text: text + "\nprint(undefined_name)",
    lambda text: text.replace("np.", "numpy."),
    lambda text: text + "\nraise ValueError('I gave up here')",
    lambda text: text + "\n1 / 0",
)

SLOW = "total = 0\nfor number in range(12_000_000):\n    total += number % 7\ntotal"


@dataclass(frozen=True)
class Made:
    """A generated submission.

    Attributes
    ----------
    student : str
    kind : str
        One of the keys of `SHARES`.
    data : bytes
        The notebook as it is handed in.
    right : tuple of str
        Exercises that hold the course's answer, by the stem of their cell's id.
    mistakes : tuple of (exercise, key)
        What a check should recognise.
    """

    student: str
    kind: str
    data: bytes
    right: tuple[str, ...] = ()
    mistakes: tuple[tuple[str, str], ...] = ()


def answers_of(sheet: Sheet) -> list[str]:
    """Return the stems of the cells with code for an answer, in order."""
    told = [cell["metadata"].get("nbgrader", {}) for cell in sheet.cells]
    kinds = [cell["cell_type"] for cell in sheet.cells]
    return [
        about["grade_id"].removesuffix("-answer")
        for about, kind in zip(told, kinds, strict=True)
        if about.get("solution") and kind == "code" and about["grade_id"].endswith("-answer")
    ]


def make_submissions(number: int, seed: int = 0, name: str = NAME) -> list[Made]:
    """Make submissions of mixed quality.

    Parameters
    ----------
    number : int
        How many; a smaller class is the beginning of a larger one of the same seed.
    seed : int
    name : str
        The assignment. Recognised mistakes are made in chapter 02 alone; elsewhere such a
        submission is a part of the solution.
    """
    rng = random.Random(f"{seed} {name}")
    return [make_one(index, rng, name) for index in range(number)]


def make_one(index: int, rng: random.Random, name: str) -> Made:
    """Make the next submission; every kind is among the first six."""
    kinds = list(SHARES)
    if index < len(kinds):
        kind = kinds[index]
    else:
        kind = rng.choices(kinds, weights=list(SHARES.values()))[0]
    sheet = Sheet(name, honest=False)
    stems = answers_of(sheet)
    chosen = [stem for stem in stems if rng.random() < rng.choice([0.3, 0.6, 0.9])]
    chosen = {"untouched": [], "solution": stems, "slow": stems}.get(kind, chosen or stems[:1])
    for stem in chosen:
        sheet.answer(stem, solved(f"{stem}-answer", name))
    right, mistakes = list(chosen), []
    if kind == "mistakes" and name == NAME:
        for mistake in rng.sample(MISTAKES, rng.randint(1, 4)):
            if mistake.exercise not in {exercise for exercise, _ in mistakes}:
                spoil(sheet, mistake)
                mistakes.append((mistake.exercise, mistake.key))
        right = [stem for stem in right if stem not in dict(mistakes)]
    if kind == "errors":
        for stem in rng.sample(chosen, min(len(chosen), rng.randint(1, 3))):
            sheet.answer(stem, rng.choice(ERRORS)(solved(f"{stem}-answer", name)))
            right.remove(stem)
    if kind == "slow":
        sheet.after(f"{rng.choice(stems)}-answer", SLOW)
    if kind != "untouched":
        sheet.before("title", f"Handed in by student {index}.", "markdown")
    return Made(f"student{index:04d}", kind, sheet.data(), tuple(right), tuple(mistakes))


def spoil(sheet: Sheet, mistake: Mistake) -> None:
    """Answer an exercise with one slip in it.

    Raises
    ------
    ValueError
        If the course's answer no longer holds what the slip changes.
    """
    text = solved(f"{mistake.exercise}-answer")
    if mistake.old not in text:
        raise ValueError(f"the answer to {mistake.exercise} has no {mistake.old!r} to change.")
    sheet.answer(mistake.exercise, text.replace(mistake.old, mistake.new, 1))
