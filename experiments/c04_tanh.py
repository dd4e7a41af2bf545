r"""C04: tanh instead of sigmoid cures vanishing gradients.

The usual argument: the slope of tanh reaches 1, that of the sigmoid 0.25. But the two are one
function in other units, σ(z) = (1 + tanh(z/2))/2: a tanh network with recurrent weights W is,
number for number, a sigmoid network with recurrent weights 4W and other biases. So what changes
with the activation is what "the usual start" means. Four networks on agreement sentences:

tanh, sigmoid
    Every weight starts uniform between ±1/√H.
tanh orthogonal, sigmoid orthogonal
    W_hh starts orthogonal for tanh; the other is its twin (`experiments.training.as_sigmoid`),
    equal to it before training, with W_hh four times as large.

Prediction, before the runs: from the usual start tanh reaches further, 20 words or so against 5 to
10; it fails further on, so it is no cure. From the orthogonal start the sigmoid reaches about as
far as tanh, since it starts as the same function.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds if its accuracy on new sentences is at least 0.90. From the usual start, distances at
which the sigmoid is helpless (high end ≤ 0.50, at most one of ten runs) are those at which there is
something to cure. The claim is confirmed at such a distance if tanh succeeds (low end ≥ 0.50, at
least nine of ten) and refuted if tanh is helpless as well. If the sigmoid is helpless nowhere, or
tanh in between everywhere, there is no verdict. (Distances went up to 60 at first, where tanh was
in between, at two runs of ten; 80 was added to find where it is helpless.)

- "holds": confirmed at every such distance.
- "holds only when": at some; the text says at which.
- "is false": at none.

How chapter 05 uses it
----------------------
::

    rows, verdict = c04_tanh.load()
    curve = c04_tanh.success_curve(rows, "sigmoid")       # x, estimate, low, high over distance
    gains = c04_tanh.gain_curve(rows, "sigmoid", "gain_before")   # factor per step before training
    row = c04_tanh.run_job(c04_tanh.live_job("sigmoid orthogonal", distance=20, seed=0))
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.common import RESULTS, Experiment, Verdict
from experiments.distance_study import columns, make_jobs, make_live_job, run
from experiments.intervals import (
    PREFERRED,
    Curve,
    budget_text,
    check_learning_rates,
    curve,
    decide,
    mean_table,
    percent,
    success_table,
)
from experiments.training import GATED, as_sigmoid, build
from utils.classifier import SequenceClassifier

STATEMENT = "tanh instead of sigmoid cures vanishing gradients"
NETWORKS = ("sigmoid", "tanh", "sigmoid orthogonal", "tanh orthogonal")
DISTANCES = [5, 10, 20, 30, 40, 60, 80]
SUCCESS = 0.90
SURE = 0.50

SETTINGS: dict[str, Any] = {
    "hidden": 32,
    "batch": 32,
    "updates": 600,
    "clip": 1.0,
    "training_sentences": 4000,  # of each distance
    "test_sentences": 400,
    "distances": dict.fromkeys(NETWORKS, DISTANCES),
    "seeds": list(range(10)),
    # Chosen on seeds of their own, at distance 20: fewest failures, then
    # least updates until learnt, then least loss.
    "selection_seeds": [100, 101, 102],
    "selection_distance": dict.fromkeys(NETWORKS, 20),
    "candidates": [0.003, 0.01, 0.03, 0.1],
    "learning_rates": {
        "sigmoid": 0.03,
        "tanh": 0.01,
        "sigmoid orthogonal": 0.003,
        "tanh orthogonal": 0.01,
    },
}


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    return make_jobs(settings, "network")


def live_job(network: str, distance: int = 20, seed: int = 0) -> dict[str, Any]:
    """Return a job to be run live in a notebook; see `make_live_job`."""
    return make_live_job(SETTINGS, "network", network, distance, seed)


def start(network: str, rng: np.random.Generator, hidden: int) -> SequenceClassifier:
    """Return one of the networks before training."""
    if network == "sigmoid":
        return build(rng, hidden, "uniform", "sigmoid")
    model = build(rng, hidden, "uniform" if network == "tanh" else "orthogonal")
    return as_sigmoid(model) if network == "sigmoid orthogonal" else model


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row; see `experiments.distance_study.run`."""
    return run(
        job,
        settings,
        lambda rng: start(job["network"], rng, settings["hidden"]),
        settings["updates"],
    )


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its interval, one row per network and distance."""
    measured = rows[rows.phase == "measure"]
    return success_table(
        measured.assign(success=measured.accuracy >= SUCCESS), ["network", "distance"]
    )


def success_curve(rows: pd.DataFrame, network: str) -> Curve:
    """Return what to draw: success rate over distance, with Wilson intervals."""
    return curve(table(rows), "distance", network=network)


def gain_curve(rows: pd.DataFrame, network: str, column: str = "gain") -> Curve:
    """Return the factor per step over distance, after training or with "gain_before" before it.

    Geometric means with t intervals.
    """
    measured = rows[rows.phase == "measure"]
    gains = mean_table(measured, ["network", "distance"], column, logarithmic=True)
    return curve(gains, "distance", network=network)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    check_learning_rates(
        rows.assign(failed=rows.accuracy < SUCCESS),
        "network",
        SETTINGS["learning_rates"],
        by=PREFERRED,
    )
    rates = table(rows)
    at = rates.set_index(["network", "distance"])
    ill = [d for d in DISTANCES if at.loc[("sigmoid", d)].high <= 0.5]
    confirmed = [d for d in ill if at.loc[("tanh", d)].low >= SURE]
    refuted = [d for d in ill if at.loc[("tanh", d)].high <= 0.5]
    word = decide(confirmed, refuted, ill)
    shown = {
        network: ", ".join(f"{d}: {percent(at.loc[(network, d)])}" for d in DISTANCES[2:])
        for network in NETWORKS
    }
    when = ""
    if word == "holds only when":
        when = f"Up to {max(confirmed)} words; at {_words(refuted)} tanh fails as well. "
    text = (
        f"{when}Success from the usual start: sigmoid {shown['sigmoid']}; tanh {shown['tanh']}. "
        f"From an orthogonal start, equal before training: sigmoid {shown['sigmoid orthogonal']}; "
        f"tanh {shown['tanh orthogonal']}."
    )
    effort = f"{SETTINGS['updates']} updates of Adam"
    budget = budget_text(SETTINGS, effort, " for each network")
    return Verdict("C04", STATEMENT, word, text, budget, rates)


def _words(distances: list[int]) -> str:
    return ", ".join(map(str, distances)) or "no distance"


EXPERIMENT = Experiment(
    claim="C04",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=columns("network"),
    results=RESULTS / "c04.csv",
    plan=(
        "seeds",
        "distances",
        "candidates",
        "learning_rates",
        "selection_seeds",
        "selection_distance",
    ),
    unused=GATED,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
