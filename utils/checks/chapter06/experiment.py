"""Experiment: at which distance the bias of the forget gate decides."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from utils.checks.chapter06.formulas import CHAPTER
from utils.checks.engine import Check, Property
from utils.classifier import init_classifier
from utils.clipping import clip_by_global_norm
from utils.data import grammar
from utils.optim import Adam

H, B, UPDATES, RATE, TESTED = 24, 32, 200, 1e-2, 500
SEEDS = 5  # runs that the learner hands in for each bias
AGAIN = 2  # the seed of them that the check runs again
ROUNDED = 0.0051  # two decimals are enough
FRESH = (101, 102, 103)  # seeds of the check's own runs
SOLVED = 0.9
LONGEST = 60
ALWAYS, NEVER, BUDGET = (
    "a larger bias is better in every case",
    "a bias of 0 cannot learn this distance",
    "at this distance and within this budget the bias decides",
)
TOO_MUCH = {
    ALWAYS: "one distance and two biases cannot say that. What would a cell do with a bias of 20 "
    "that has to erase something?",
    NEVER: "200 updates cannot say that. The bias is where the gate starts; training can open it, "
    "given time.",
}


@functools.cache
def train(bias: float, distance: int, seed: int) -> float:
    """Train an LSTM on agreement as the exercise does; return its share of right verbs."""
    rng = np.random.default_rng(seed)
    model = init_classifier(len(grammar.VOCABULARY), H, 2, rng, cell="lstm", dtype=np.float32)
    model.cell.b[H : 2 * H] = bias
    optimiser = Adam(RATE)
    for _ in range(UPDATES):
        batch = grammar.batch(rng, B, distance)
        step = model.loss_and_gradients(batch.xs, batch.targets)
        optimiser.step(model.weights, clip_by_global_norm(step.gradients, 1.0).gradients)
    unseen = grammar.batch(np.random.default_rng(10_000), TESTED, distance)
    return float(model.accuracy(unseen.xs, unseen.targets))


def solved(accuracies: Any) -> int:
    """Count the runs that chose the right verb in nine of ten sentences."""
    return int((np.asarray(accuracies, dtype=float) >= SOLVED).sum())


def five_accuracies(values: Any) -> bool:
    """Tell whether these are shares of right verbs, one for each of five runs."""
    values = np.asarray(values, dtype=float)
    return values.shape == (SEEDS,) and bool(((values >= 0) & (values <= 1)).all())


def run_again(found: Mapping[str, Any]) -> dict[str, float]:
    """Run one seed of each list again, by the name of the list; nothing if it cannot be."""
    if not sensible(found):
        return {}
    distance = round(float(np.asarray(found["distance"]).item()))
    biases = {"with_0": 0.0, "with_bias": float(np.asarray(found["bias"]).item())}
    return {name: train(bias, distance, AGAIN) for name, bias in biases.items()}


def both_lists(_inputs: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether both lists hold five accuracies, and one of each is what `train` gives."""
    if not (five_accuracies(found["with_0"]) and five_accuracies(found["with_bias"])):
        return False
    again = run_again(found)
    return all(abs(found[name][AGAIN] - value) <= ROUNDED for name, value in again.items())


def list_fault(_inputs: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Say which list is not one of five accuracies, and what is wrong with it."""
    name = next((n for n in ("with_0", "with_bias") if not five_accuracies(found[n])), None)
    if name is None:
        again = run_again(found)
        name = next(n for n in again if abs(found[n][AGAIN] - again[n]) > ROUNDED)
        return (
            f"`{name}` has {found[name][AGAIN]:g} for seed {AGAIN}; with this distance and bias "
            f"`train` gives {again[name]:g}. Enter what it returns."
        )
    values = np.asarray(found[name], dtype=float)
    if values.shape == (SEEDS,):
        percent = "; in per cent, perhaps? Leave the shares as `train` returns them"
        return (
            f"`{name}` holds numbers outside 0 to 1{percent if values.max(initial=0) > 1 else ''}."
        )
    return f"`{name}` has shape {values.shape}; five numbers are expected, one for each seed."


def sensible(found: Mapping[str, Any]) -> bool:
    """Tell whether distance and bias are single numbers within the range of the exercise."""
    distance, bias = np.asarray(found["distance"]), np.asarray(found["bias"])
    if distance.size != 1 or bias.size != 1:
        return False
    d = float(distance.item())
    return d == round(d) and 1 <= d <= LONGEST and 0 < float(bias.item()) <= 20


def setting_fault(_inputs: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Say what keeps distance or bias from being used."""
    distance, bias = np.asarray(found["distance"]), np.asarray(found["bias"])
    if distance.size != 1 or bias.size != 1:
        return "`distance` and `bias` are one number each."
    d = float(distance.item())
    if d != round(d) or not 1 <= d <= LONGEST:
        return f"`distance` is {d:g}; a whole number of words from 1 to {LONGEST} is expected."
    return f"`bias` is {float(bias.item()):g}; a number above 0, and at most 20, is expected."


def few_without(_inputs: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether at most one of the runs with bias 0 has solved it."""
    return solved(found["with_0"]) <= 1


def most_with(_inputs: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether at least four of the runs with the larger bias have solved it."""
    return solved(found["with_bias"]) >= SEEDS - 1


def fresh_runs(found: Mapping[str, Any]) -> tuple[int, int]:
    """Count, of three runs of the check's own, how many solve it with bias 0 and with the bias."""
    distance, bias = round(float(np.asarray(found["distance"]).item())), np.asarray(found["bias"])
    return tuple(
        solved([train(b, distance, seed) for seed in FRESH]) for b in (0.0, float(bias.item()))
    )


def repeats(_inputs: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether fresh seeds say the same; not asked of settings or results that fail before."""
    if not sensible(found) or not (few_without({}, found) and most_with({}, found)):
        return False
    without, with_bias = fresh_runs(found)
    return without <= 1 and with_bias >= 2


def repeat_fault(_inputs: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Say what the check's own runs have given."""
    if not sensible(found) or not (few_without({}, found) and most_with({}, found)):
        return "not tried, as long as something above does not hold."
    without, with_bias = fresh_runs(found)
    lead = f"with three seeds of its own the check solved {without} of 3 with bias 0 and "
    lead += f"{with_bias} of 3 with bias {float(np.asarray(found['bias']).item()):g}. "
    if without > 1:
        return lead + "At this distance bias 0 is often enough: go further apart."
    return lead + "Are the numbers of this distance and this bias? If so, it lies near an edge."


check_forget_bias = Check(
    "forget_bias",
    chapter=CHAPTER,
    title="Where the bias decides",
    outputs={
        "distance": "",
        "bias": "",
        "with_0": "runs",
        "with_bias": "runs",
        "reading": (ALWAYS, NEVER, BUDGET),
    },
    properties=(
        Property("A distance and a bias", lambda _, found: sensible(found), setting_fault),
        Property("Five accuracies for each bias, as `train` gives them", both_lists, list_fault),
        Property(
            "At most one of five runs with bias 0 reaches 0.9",
            few_without,
            lambda _, found: f"{solved(found['with_0'])} of yours do. Try a larger distance.",
        ),
        Property(
            "At least four of five runs with your bias reach 0.9",
            most_with,
            lambda _, found: (
                f"{solved(found['with_bias'])} of yours do. Try another bias, or a smaller "
                "distance."
            ),
        ),
        Property("The same with fresh seeds", repeats, repeat_fault),
        Property(
            "What ten runs can say",
            lambda _, found: found["reading"] == BUDGET,
            lambda _, found: TOO_MUCH[found["reading"]],
        ),
    ),
    hints=(
        "First find a distance at which bias 0 fails: one seed each at 5, 15, 30 shows where to "
        "look. Then try biases there.",
        "A half-life of about the distance is on the safe side, and less may do; your function of "
        "exercise 6 gives the bias for it. Then run seeds 0 to 4 with both biases.",
        "At some tens of words a bias of 0 leaves half to that power on the direct path, too "
        "little for 200 updates. Compare it there with two or three biases above 1.",
    ),
)
