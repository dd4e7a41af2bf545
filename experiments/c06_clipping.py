"""C06: gradient clipping cures exploding gradients.

Three networks whose gradients explode (`experiments.exploding`), each trained by plain gradient
descent at several learning rates, with the gradient's global norm limited to 1 and without a limit:
ReLU from the identity on 30 words, and tanh with recurrent weights of spread 4/√H on 10 and on 20
words.

Prediction, before the runs: at learning rates that clipping allows, the networks without it fail,
so clipping makes training possible there; a much smaller learning rate might do as well where the
explosion is mild. Where a gradient grows by many orders of magnitude, its direction says little
beyond the next step, and shortening it does not help: tanh on 20 words, which grows by about
1.4^20 = 800, stays at chance.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds if its accuracy on new sentences is at least 0.90. A case counts if its gradients
explode: the largest norm on the way, with clipping, is at least ten times the limit (low end of its
geometric mean). All is compared at the learning rate that the selection runs prefer with clipping.
There a case confirms the claim if clipping succeeds (low end ≥ 0.50, at least nine of ten runs)
where training without it is helpless (high end ≤ 0.50, at most one of ten), and refutes it if
training is helpless with clipping as well.

- "holds": all cases that count confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 05 uses it
----------------------
::

    rows, verdict = c06_clipping.load()
    c06_clipping.CASES                                       # names of the three networks
    c06_clipping.success_curve(rows, case, "norm")           # x = learning rate; or "none"
    row = c06_clipping.run_job(c06_clipping.live_job(case, "none", seed=0))
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
    Curve,
    check_learning_rates,
    curve,
    decide,
    mean_table,
    percent,
    success_table,
)
from experiments.training import GATED

STATEMENT = "gradient clipping cures exploding gradients"
CASES = tuple(exploding.CASES)
CLIPS = ("none", "norm")
SUCCESS = 0.90
SURE = 0.50
EXPLODES = 10

SETTINGS: dict[str, Any] = {
    "cases": exploding.CASES,
    "hidden": 32,
    "batch": 32,
    "updates": 600,
    "limit": 1.0,
    "training_sentences": 4000,  # of each distance
    "test_sentences": 400,
    "measured_rates": [0.001, 0.01, 0.03, 0.1],
    "seeds": list(range(10)),
    # Chosen on seeds of their own: fewest failures, then
    # least updates until learnt, then least loss.
    "selection_seeds": [100, 101, 102],
    "learning_rates": {
        "relu identity, 30 words, none": 0.001,
        "relu identity, 30 words, norm": 0.03,
        "tanh x4, 10 words, none": 0.001,
        "tanh x4, 10 words, norm": 0.03,
        "tanh x4, 20 words, none": 0.03,
        "tanh x4, 20 words, norm": 0.01,
    },
}
KEY = ("phase", "case", "clip", "seed", "learning_rate")


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    return [
        dict(zip(KEY, (phase, case, clip, seed, rate), strict=True))
        for phase, seeds in (
            ("select", settings["selection_seeds"]),
            ("measure", settings["seeds"]),
        )
        for case in settings["cases"]
        for clip in CLIPS
        for rate in settings["measured_rates"]
        for seed in seeds
    ]


def live_job(
    case: str, clip: str, seed: int = 0, learning_rate: float | None = None
) -> dict[str, Any]:
    """Return a job to be run live in a notebook.

    Parameters
    ----------
    case : str
        One of `CASES`.
    clip : {"none", "norm"}
    seed : int
    learning_rate : float, optional
        Without it the one that clipping prefers.

    Raises
    ------
    ValueError
        If there is no such case or no such way to clip.
    """
    if case not in CASES or clip not in CLIPS:
        raise ValueError(
            f"case {case!r}, clip {clip!r}; expected one of {'; '.join(CASES)} and one of "
            f"{', '.join(CLIPS)}."
        )
    rate = learning_rate or SETTINGS["learning_rates"][f"{case}, norm"]
    return dict(zip(KEY, ("measure", case, clip, seed, rate), strict=True))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row; see `experiments.exploding.run`."""
    return exploding.run(job, settings, job["clip"], settings["limit"])[0]


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its interval, one row per case, clipping and learning rate."""
    measured = rows[rows.phase == "measure"]
    by = ["case", "clip", "learning_rate"]
    return success_table(measured.assign(success=measured.accuracy >= SUCCESS), by)


def success_curve(rows: pd.DataFrame, case: str, clip: str) -> Curve:
    """Return what to draw: success rate over learning rate, with Wilson intervals."""
    return curve(table(rows), "learning_rate", case=case, clip=clip)


def norms(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the largest gradient norm on the way, geometric means, as `table` is arranged."""
    measured = rows[rows.phase == "measure"]
    by = ["case", "clip", "learning_rate"]
    return mean_table(measured, by, "largest_norm", logarithmic=True)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    chosen = SETTINGS["learning_rates"]
    named = rows.assign(arm=rows["case"] + ", " + rows["clip"])
    check_learning_rates(named.assign(failed=named.accuracy < SUCCESS), "arm", chosen, by=PREFERRED)
    rates = table(rows)
    at = rates.set_index(["case", "clip", "learning_rate"])
    size = norms(rows).set_index(["case", "clip", "learning_rate"])
    confirmed, refuted, numbers = [], [], []
    for case in CASES:
        rate, own = chosen[f"{case}, norm"], chosen[f"{case}, none"]
        with_, without = at.loc[(case, "norm", rate)], at.loc[(case, "none", rate)]
        norm = size.loc[(case, "norm", rate)]
        if norm.low >= EXPLODES * SETTINGS["limit"]:
            confirmed += [case] if with_.low >= SURE and without.high <= 0.5 else []
            refuted += [case] if with_.high <= 0.5 else []
        numbers.append(
            f"{case}: {percent(with_)} with clipping and {percent(without)} without at learning "
            f"rate {rate:g} (without, at {own:g}: {percent(at.loc[(case, 'none', own)])}), largest "
            f"norm {norm['mean']:.0e}"
        )
    word = decide(confirmed, refuted, CASES)
    when = f"In {' and '.join(confirmed)}. " if word == "holds only when" else ""
    text = (
        f"{when}Success: {'; '.join(numbers)}. What clipping limits is the step; the gradients go "
        "on exploding."
    )
    return Verdict("C06", STATEMENT, word, text, _budget(), rates)


def _budget() -> str:
    return (
        f"at most {SETTINGS['updates']} updates of plain gradient descent on {SETTINGS['batch']} "
        f"of {SETTINGS['training_sentences']} sentences "
        f"each, {SETTINGS['hidden']} hidden units, {len(SETTINGS['seeds'])} seeds, "
        "learning rates chosen on other seeds; success is an accuracy of at least 90 %; 95 % "
        "Wilson intervals."
    )


EXPERIMENT = Experiment(
    claim="C06",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c06.csv",
    plan=("seeds", "measured_rates", "learning_rates", "selection_seeds"),
    unused=GATED,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
