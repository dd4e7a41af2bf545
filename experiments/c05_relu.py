"""C05: ReLU cures vanishing gradients.

The usual argument: the slope of ReLU is 1 where it is not 0, so nothing shrinks. Four networks on
agreement sentences:

tanh
    Every weight starts uniform between ±1/√H, as ``torch.nn.RNN`` does it: what is to be cured.
relu
    ReLU in the place of tanh, nothing else changed.
leaky relu
    The same with a slope of 0.01 below zero.
relu identity
    ReLU, and W_hh starts as the identity with biases zero (Le, Jaitly and Hinton 2015).

Prediction, before the runs: "relu" reaches no further than tanh, since about half of the slopes are
0 and W_hh still shrinks; "relu identity" reaches further than both, at the price of gradients that
grow, since nothing bounds the states.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds if its accuracy on new sentences is at least 0.90. Distances at which tanh is
helpless (high end ≤ 0.50, at most one of ten runs) are those at which there is something to cure;
there must be one. Each of the three ways to use ReLU confirms the claim if it succeeds (low end
≥ 0.50, at least nine of ten) at every such distance, and refutes it if it is helpless at one of
them.

Distances went up to 60 at first; there tanh still succeeded in two runs of ten, one too many to
call it helpless, so 80 was added.

- "holds": all three confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 05 uses it
----------------------
::

    rows, verdict = c05_relu.load()
    curve = c05_relu.success_curve(rows, "relu identity")   # x, estimate, low, high over distance
    norms = c05_relu.norm_curve(rows, "relu identity")      # largest gradient norm on the way
    row = c05_relu.run_job(c05_relu.live_job("relu identity", distance=30, seed=0))

References
----------
Le, Jaitly and Hinton (2015), A simple way to initialize recurrent networks of rectified linear
units, arXiv:1504.00941.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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

STATEMENT = "ReLU cures vanishing gradients"
NETWORKS = ("tanh", "relu", "leaky relu", "relu identity")
CURES = NETWORKS[1:]
DISTANCES = [5, 10, 20, 40, 60, 80]
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
    "starts": {
        "tanh": ["uniform", "tanh"],
        "relu": ["uniform", "relu"],
        "leaky relu": ["uniform", "leaky_relu"],
        "relu identity": ["identity", "relu"],
    },
    "seeds": list(range(10)),
    # Chosen on seeds of their own, at a distance that the network can learn: fewest failures,
    # then least updates until learnt, then least loss.
    "selection_seeds": [100, 101, 102],
    "selection_distance": {"tanh": 20, "relu": 5, "leaky relu": 5, "relu identity": 20},
    "candidates": [0.001, 0.003, 0.01, 0.03],
    "learning_rates": {"tanh": 0.01, "relu": 0.01, "leaky relu": 0.01, "relu identity": 0.003},
}


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    return make_jobs(settings, "network")


def live_job(network: str, distance: int = 30, seed: int = 0) -> dict[str, Any]:
    """Return a job to be run live in a notebook; see `make_live_job`."""
    return make_live_job(SETTINGS, "network", network, distance, seed)


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row; see `experiments.distance_study.run`."""
    start, activation = settings["starts"][job["network"]]
    return run(
        job,
        settings,
        lambda rng: build(rng, settings["hidden"], start, activation),
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

    Geometric means with t intervals; a unit that is never above zero passes nothing on, so the
    factor of a network of such units is the least that is counted, 1e-6.
    """
    return _mean_curve(rows, network, column)


def norm_curve(rows: pd.DataFrame, network: str) -> Curve:
    """Return the largest norm of a gradient on the way, over distance; geometric means."""
    return _mean_curve(rows, network, "largest_norm")


def _mean_curve(rows: pd.DataFrame, network: str, column: str) -> Curve:
    measured = rows[rows.phase == "measure"]
    means = mean_table(measured, ["network", "distance"], column, logarithmic=True)
    return curve(means, "distance", network=network)


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
    ill = [d for d in DISTANCES if at.loc[("tanh", d)].high <= 0.5]
    if not ill:
        raise ValueError("The runs decide nothing: tanh is helpless at no distance.")
    confirmed = [n for n in CURES if all(at.loc[(n, d)].low >= SURE for d in ill)]
    refuted = [n for n in CURES if any(at.loc[(n, d)].high <= 0.5 for d in ill)]
    word = decide(confirmed, refuted, CURES)
    numbers = "; ".join(
        f"{network} "
        + ", ".join(f"{percent(at.loc[(network, d)])} at {d}" for d in (10, max(DISTANCES)))
        for network in NETWORKS
    )
    when = f"When the network is: {', '.join(confirmed)}. " if word == "holds only when" else ""
    norm = norm_curve(rows, "relu identity").estimate[-1]
    text = (
        f"{when}Success: {numbers}. The price of the identity is gradients that grow: their "
        f"largest norm at {max(DISTANCES)} words is {norm:.0e} (geometric mean); all were trained "
        "with clipping."
    )
    effort = f"{SETTINGS['updates']} updates of Adam"
    budget = budget_text(SETTINGS, effort, " for each network")
    return Verdict("C05", STATEMENT, word, text, budget, rates)


EXPERIMENT = Experiment(
    claim="C05",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=columns("network"),
    results=RESULTS / "c05.csv",
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
