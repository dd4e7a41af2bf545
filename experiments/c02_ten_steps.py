"""C02: a plain RNN is helpless beyond about ten steps.

The task: agreement sentences (`utils.data.grammar`); the noun decides between "was" and "were",
`distance` words later. The network: a plain RNN of 32 tanh units that reads words as indices and
is asked after the last word before the verb. Ways of training it:

usual
    Every weight starts uniform between ±1/√H, as ``torch.nn.RNN`` does it; all sentences have the
    distance that is tested.
longer
    The same with four times as many updates.
shorter too
    The usual start; sentences have 1 to `distance` words in between, drawn anew for each update.
orthogonal
    W_hh starts as a random orthogonal matrix; all sentences have the distance that is tested.

Prediction, before the runs: the usual way fails somewhere between 10 and 20 words, since its
gradient shrinks to about 0.6 per step, 0.6^20 = 4e-5; more updates move that edge by a few words;
an orthogonal start and shorter sentences move it far beyond 20.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds if its accuracy on new sentences of the distance is at least 0.90. "Beyond about ten"
is 20 words and more. A way succeeds at a distance if its rate has a low end ≥ 0.50, at least nine
of ten runs, and is helpless if it has a high end ≤ 0.50, at most one of ten. The usual way must
succeed at 5 words, or there is no verdict. A way confirms the claim if it is helpless at 20, and
refutes it if it succeeds there.

- "holds": all ways confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 05 uses it
----------------------
::

    rows, verdict = c02_ten_steps.load()
    curve = c02_ten_steps.success_curve(rows, "usual")    # x, estimate, low, high over distance
    gains = c02_ten_steps.gain_curve(rows, "usual")       # factor per step after training
    row = c02_ten_steps.run_job(c02_ten_steps.live_job("usual", distance=20, seed=0))
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
from experiments.training import GATED, build

STATEMENT = "a plain RNN is helpless beyond about ten steps"
WAYS = ("usual", "longer", "shorter too", "orthogonal")
SUCCESS = 0.90
SURE = 0.50
BEYOND = 20

SETTINGS: dict[str, Any] = {
    "hidden": 32,
    "batch": 32,
    "updates": {"usual": 600, "longer": 2400, "shorter too": 600, "orthogonal": 600},
    "clip": 1.0,
    "training_sentences": 4000,  # of each distance
    "test_sentences": 400,
    "distances": {
        "usual": [5, 10, 15, 20, 30, 40],
        "longer": [20, 30, 40],
        "shorter too": [20, 30, 40, 60],
        "orthogonal": [20, 30, 40, 60],
    },
    "seeds": list(range(10)),
    # Chosen on seeds of their own, at distance 30: fewest failures, then
    # least updates until learnt, then least loss.
    "selection_seeds": [100, 101, 102],
    "selection_distance": dict.fromkeys(WAYS, 30),
    "candidates": [0.003, 0.01, 0.03],
    "learning_rates": {"usual": 0.01, "longer": 0.01, "shorter too": 0.003, "orthogonal": 0.01},
}


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    return make_jobs(settings, "way")


def live_job(way: str, distance: int = 20, seed: int = 0) -> dict[str, Any]:
    """Return a job to be run live in a notebook; see `make_live_job`."""
    return make_live_job(SETTINGS, "way", way, distance, seed)


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row; see `experiments.distance_study.run`."""
    way, distance = job["way"], job["distance"]
    start = "orthogonal" if way == "orthogonal" else "uniform"

    def mixed(rng: np.random.Generator) -> int:
        return int(rng.integers(1, distance + 1))

    return run(
        job,
        settings,
        lambda rng: build(rng, settings["hidden"], start),
        settings["updates"][way],
        mixed if way == "shorter too" else None,
    )


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its interval, one row per way and distance."""
    measured = rows[rows.phase == "measure"]
    return success_table(measured.assign(success=measured.accuracy >= SUCCESS), ["way", "distance"])


def success_curve(rows: pd.DataFrame, way: str) -> Curve:
    """Return what to draw: success rate over distance, with Wilson intervals."""
    return curve(table(rows), "distance", way=way)


def gain_curve(rows: pd.DataFrame, way: str, column: str = "gain") -> Curve:
    """Return the factor per step over distance, after training or with "gain_before" before it.

    Geometric means with t intervals.
    """
    measured = rows[rows.phase == "measure"]
    gains = mean_table(measured, ["way", "distance"], column, logarithmic=True)
    return curve(gains, "distance", way=way)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    check_learning_rates(
        rows.assign(failed=rows.accuracy < SUCCESS), "way", SETTINGS["learning_rates"], by=PREFERRED
    )
    rates = table(rows)
    at = rates.set_index(["way", "distance"])
    if at.loc[("usual", 5)].low < SURE:
        raise ValueError("The runs decide nothing: the usual way did not even learn 5 words.")
    confirmed = [way for way in WAYS if at.loc[(way, BEYOND)].high <= 0.5]
    refuted = [way for way in WAYS if at.loc[(way, BEYOND)].low >= SURE]
    word = decide(confirmed, refuted, WAYS)
    reach = {
        way: max((d for d in at.loc[way].index if at.loc[(way, d)].low >= SURE), default=0)
        for way in WAYS
    }
    numbers = "; ".join(
        f"{way}: {percent(at.loc[(way, BEYOND)])}, it succeeds up to {reach[way]} words"
        for way in WAYS
    )
    when = f"When training is {', '.join(confirmed)}. " if word == "holds only when" else ""
    text = f"{when}Success with {BEYOND} words in between: {numbers}."
    updates = SETTINGS["updates"]
    effort = f"{updates['usual']} updates of Adam ({updates['longer']} in the way 'longer')"
    return Verdict("C02", STATEMENT, word, text, budget_text(SETTINGS, effort), rates)


EXPERIMENT = Experiment(
    claim="C02",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=columns("way"),
    results=RESULTS / "c02.csv",
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
