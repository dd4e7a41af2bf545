"""C08: L2 regularisation cures exploding gradients.

The usual argument: large weights make gradients explode, a penalty λ/2 ‖W‖² keeps weights small.
Two networks whose gradients explode (`experiments.exploding`), trained by plain gradient descent
without a limit on gradients:

nothing
    No penalty.
L2 0.001, L2 0.01, L2 0.1
    With a penalty on all matrices; the number is λ.
clipping
    No penalty, the gradient's global norm limited to 1, for comparison.

The learning rate is chosen for each on other seeds, from 0.01 on: there, training without a cure
fails. (A learning rate of 0.001 is a cure of its own; see C06.)

Prediction, before the runs: a small λ changes nothing before the first bad step; a large one makes
the weights shrink, so that the gradient vanishes and the network forgets. No λ reaches what
clipping reaches.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds if its accuracy on new sentences is at least 0.90. A case counts if training with
nothing is helpless (high end ≤ 0.50, at most one of ten runs) and training with clipping succeeds
(low end ≥ 0.50, at least nine of ten), so that there is something to cure and it can be cured. It
confirms the claim if training succeeds with at least one λ, and refutes it if it is helpless with
each.

This is the rule as it was first written. It leaves out the case "tanh x4, 10 words", where clipping
succeeded in eight runs of ten, one too few, and L2 0.1 in all ten: that case speaks for the claim.
The text of the verdict gives the numbers of both cases.

- "holds": all cases that count confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 05 uses it
----------------------
::

    rows, verdict = c08_l2.load()
    c08_l2.table(rows)                  # success rate with ends, one row per case and cure
    c08_l2.gains(rows)                  # factor per step after training, likewise
    row = c08_l2.run_job(c08_l2.live_job(case, "L2 0.01", seed=0))

References
----------
Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks, ICML,
section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import exploding
from experiments.common import RESULTS, Experiment, Verdict
from experiments.intervals import (
    PREFERRED,
    check_learning_rates,
    decide,
    mean_table,
    mean_text,
    percent,
    success_table,
)
from experiments.training import GATED

STATEMENT = "L2 regularisation cures exploding gradients"
CASES = ("relu identity, 30 words", "tanh x4, 10 words")
CURES = ("nothing", "L2 0.001", "L2 0.01", "L2 0.1", "clipping")
PENALTIES = CURES[1:4]
SUCCESS = 0.90
SURE = 0.50

SETTINGS: dict[str, Any] = {
    "cases": {case: exploding.CASES[case] for case in CASES},
    "hidden": 32,
    "batch": 32,
    "updates": 600,
    "limit": 1.0,  # of the norm, for "clipping"
    "decays": {"L2 0.001": 0.001, "L2 0.01": 0.01, "L2 0.1": 0.1},
    "training_sentences": 4000,  # of each distance
    "test_sentences": 400,
    "seeds": list(range(10)),
    # Chosen on seeds of their own: fewest failures, then
    # least updates until learnt, then least loss.
    "selection_seeds": [100, 101, 102],
    "candidates": [0.01, 0.03, 0.1],
    "learning_rates": {
        "relu identity, 30 words, nothing": 0.03,
        "relu identity, 30 words, L2 0.001": 0.03,
        "relu identity, 30 words, L2 0.01": 0.01,
        "relu identity, 30 words, L2 0.1": 0.01,
        "relu identity, 30 words, clipping": 0.03,
        "tanh x4, 10 words, nothing": 0.01,
        "tanh x4, 10 words, L2 0.001": 0.01,
        "tanh x4, 10 words, L2 0.01": 0.01,
        "tanh x4, 10 words, L2 0.1": 0.03,
        "tanh x4, 10 words, clipping": 0.03,
    },
}
KEY = ("phase", "case", "cure", "seed", "learning_rate")


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    select = [
        ("select", case, cure, seed, rate)
        for case in settings["cases"]
        for cure in CURES
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    measure = [
        ("measure", case, cure, seed, settings["learning_rates"][f"{case}, {cure}"])
        for case in settings["cases"]
        for cure in CURES
        for seed in settings["seeds"]
    ]
    return [dict(zip(KEY, job, strict=True)) for job in select + measure]


def live_job(case: str, cure: str, seed: int = 0) -> dict[str, Any]:
    """Return a job of the measurement, to be run live in a notebook.

    Raises
    ------
    ValueError
        If there is no such case or cure.
    """
    if case not in CASES or cure not in CURES:
        raise ValueError(
            f"case {case!r}, cure {cure!r}; expected one of {'; '.join(CASES)} and one of "
            f"{', '.join(CURES)}."
        )
    rate = SETTINGS["learning_rates"][f"{case}, {cure}"]
    return dict(zip(KEY, ("measure", case, cure, seed, rate), strict=True))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row; see `experiments.exploding.run`."""
    clip = "norm" if job["cure"] == "clipping" else "none"
    decay = settings["decays"].get(job["cure"], 0.0)
    return exploding.run(job, settings, clip, settings["limit"], decay)[0]


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its interval, one row per case and cure."""
    measured = rows[rows.phase == "measure"]
    return success_table(measured.assign(success=measured.accuracy >= SUCCESS), ["case", "cure"])


def gains(rows: pd.DataFrame, column: str = "gain") -> pd.DataFrame:
    """Return the factor per step after training, or with "gain_before" before it.

    Geometric means with t intervals, as `table` is arranged; ruined networks have none.
    """
    measured = rows[rows.phase == "measure"]
    return mean_table(measured, ["case", "cure"], column, logarithmic=True)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    named = rows.assign(arm=rows["case"] + ", " + rows["cure"])
    check_learning_rates(
        named.assign(failed=named.accuracy < SUCCESS),
        "arm",
        SETTINGS["learning_rates"],
        by=PREFERRED,
    )
    rates = table(rows)
    at = rates.set_index(["case", "cure"])
    size = gains(rows).set_index(["case", "cure"])
    counting = [
        c
        for c in CASES
        if at.loc[(c, "nothing")].high <= 0.5 and at.loc[(c, "clipping")].low >= SURE
    ]
    confirmed = [c for c in counting if any(at.loc[(c, p)].low >= SURE for p in PENALTIES)]
    refuted = [c for c in counting if all(at.loc[(c, p)].high <= 0.5 for p in PENALTIES)]
    word = decide(confirmed, refuted, counting or CASES)
    numbers = "; ".join(
        f"{case}: "
        + ", ".join(
            f"{cure} {percent(at.loc[(case, cure)])} (factor per step after training "
            f"{mean_text(size.loc[(case, cure)])})"
            for cure in CURES
        )
        for case in CASES
    )
    when = f"In {' and '.join(confirmed)}. " if word == "holds only when" else ""
    for case in (c for c in CASES if c not in counting):
        numbers += f". The rule leaves out {case}"
        if any(at.loc[(case, p)].low >= SURE for p in PENALTIES):
            numbers += ", where a penalty succeeds, which speaks for the claim"
    return Verdict("C08", STATEMENT, word, f"{when}Success: {numbers}.", _budget(), rates)


def _budget() -> str:
    return (
        f"at most {SETTINGS['updates']} updates of plain gradient descent on {SETTINGS['batch']} "
        f"of {SETTINGS['training_sentences']} sentences "
        f"each, {SETTINGS['hidden']} hidden units, {len(SETTINGS['seeds'])} seeds, "
        "learning rates from 0.01 on chosen on other seeds; success is an accuracy of at least "
        "90 %; 95 % Wilson intervals."
    )


EXPERIMENT = Experiment(
    claim="C08",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c08.csv",
    plan=("seeds", "candidates", "learning_rates", "selection_seeds"),
    unused=GATED,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
