"""C21: it is the forget gate that lets an LSTM remember.

The name suggests it, and so does the formula c_t = f c_{t-1} + i g. But the LSTM of 1997 had no
forget gate: it added to what was there, c_t = c_{t-1} + i g. Four cells, forget bias 1 where there
is a forget gate:

lstm
    c_t = f c_{t-1} + i g.
no forget gate
    c_t = c_{t-1} + i g, the cell of 1997.
coupled gates
    c_t = f c_{t-1} + (1 − f) g: what is forgotten makes room for what is new.
overwriting
    c_t = i g: nothing is kept along the line.

Two kinds of task. Agreement asks to remember a noun for 20, 40 or 80 words. Counting asks to
forget as well: + and − among other symbols are summed up from the last reset on, 3 resets among 30
symbols; a trained network is also given 300 symbols with 30 resets.

Prediction, after pilots on other seeds and before the runs: false. Without a forget gate the cell
remembers as far as the LSTM at 20 and 40 words; it is "overwriting" that does not, so what lets an
LSTM remember is that it adds to what is there. What the forget gate is for is to forget: without
it counting takes longer to learn, and over 300 symbols the cell state grows and the answers go
wrong.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds if at least 90 % of its answers to new sequences are right. A case is a distance at
which the LSTM succeeds (low end ≥ 0.50, at least nine of ten runs). It confirms the claim if the
cell without a forget gate is helpless there (high end ≤ 0.50, at most one of ten), and refutes it
if that cell succeeds.

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 06 uses it
----------------------
::

    rows, verdict = c21_forget_gate.load()                  # verdict.evidence: cell, task, rate
    c21_forget_gate.CELLS                                   # the four cells
    c21_forget_gate.success_curve(rows, "no forget gate")   # agreement: success over distance
    c21_forget_gate.counting(rows)      # per cell: score, long_score, largest_memory, updates
    row = c21_forget_gate.run_job(c21_forget_gate.live_job("no forget gate", 40, seed=0))
    row = c21_forget_gate.run_job(c21_forget_gate.live_job("no forget gate", "counting", seed=0))

References
----------
Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8). Gers,
Schmidhuber and Cummins (2000), Learning to forget: continual prediction with LSTM, Neural
Computation 12(10). Greff et al. (2017), LSTM: a search space odyssey, IEEE Transactions on Neural
Networks and Learning Systems 28(10): coupled gates do as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

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
from experiments.memory_training import build, largest_memory, make_task, score_on, train

STATEMENT = "it is the forget gate that lets an LSTM remember"
CELLS = ("lstm", "no forget gate", "coupled gates", "overwriting")
WITHOUT = "no forget gate"
COUNTING = "counting"
SUCCESS = 0.90
SURE = 0.50

SETTINGS: dict[str, Any] = {
    "hidden": 24,
    "batch": 32,
    "updates": 800,
    "clip": 1.0,
    "forget_bias": 1.0,
    "test_sequences": 400,
    "counting": {"T": 30, "resets": 3},
    "long": {"T": 300, "resets": 30},
    "cells": list(CELLS),
    "distances": [20, 40, 80],
    "seeds": list(range(10)),
    # Chosen for each cell and kind of task on seeds of their own, agreement at one distance: fewest
    # failures, then least updates until learnt, then least loss.
    "selection_seeds": [100, 101],
    "selection_distance": 40,
    "candidates": [0.003, 0.01, 0.03],
    "learning_rates": {
        "lstm, agreement": 0.003,
        "lstm, counting": 0.03,
        "no forget gate, agreement": 0.01,
        "no forget gate, counting": 0.03,
        "coupled gates, agreement": 0.01,
        "coupled gates, counting": 0.03,
        "overwriting, agreement": 0.01,
        "overwriting, counting": 0.01,
    },
}
KEY = ("phase", "cell", "task", "distance", "seed", "learning_rate")


def arm(job: Mapping[str, Any]) -> str:
    """Return the name of what a learning rate is chosen for, such as "lstm, counting"."""
    return f"{job['cell']}, {job['task']}"


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine.

    Where the task is counting the distance is 0.
    """
    select = [
        ("select", cell, task, distance, seed, rate)
        for cell in settings["cells"]
        for task, distance in (("agreement", settings["selection_distance"]), (COUNTING, 0))
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    rates = settings["learning_rates"]
    measure = [
        ("measure", cell, task, distance, seed, rates[f"{cell}, {task}"])
        for cell in settings["cells"] * bool(rates)
        for task, distance in (*(("agreement", d) for d in settings["distances"]), (COUNTING, 0))
        for seed in settings["seeds"]
    ]
    return [dict(zip(KEY, job, strict=True)) for job in select + measure]


def live_job(cell: str, task: int | str = 40, seed: int = 0) -> dict[str, Any]:
    """Return a job to be run live in a notebook.

    Parameters
    ----------
    cell : str
        One of `CELLS`.
    task : int or "counting"
        A distance of agreement in words, at least 1, or the other task.
    seed : int

    Raises
    ------
    ValueError
        If there is no such cell or task.
    """
    if cell not in CELLS or (isinstance(task, str) and task != COUNTING):
        raise ValueError(
            f"cell {cell!r}, task {task!r}; expected one of {'; '.join(CELLS)} and a distance in "
            "words or 'counting'."
        )
    name, distance = (COUNTING, 0) if task == COUNTING else ("agreement", int(task))
    rate = SETTINGS["learning_rates"][f"{cell}, {name}"]
    return dict(zip(KEY, ("measure", cell, name, distance, seed, rate), strict=True))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `updates` made until the task was learnt, or the budget; `loss`, the
        mean over the last 50; `score`, the share of right answers to new sequences; `long_score`,
        of counting that of the long sequences, else NaN; `largest_memory`, the largest absolute
        cell state, of counting on the long sequences.
    """
    counts = job["task"] == "counting"
    task = make_task(job["task"], settings["counting"] if counts else {"distance": job["distance"]})
    rng, test_rng = (np.random.default_rng([job["seed"], k]) for k in (0, 1))
    xs, targets = task.draw_new(test_rng, settings["test_sequences"])
    bias = settings["forget_bias"]
    model = build(rng, task, settings["hidden"], "lstm", job["cell"], forget_bias=bias)
    training = train(
        model,
        lambda: task.draw(rng, settings["batch"]),
        job["learning_rate"],
        settings["updates"],
        limit=settings["clip"],
        stop=task.stop,
    )
    row = {
        **job,
        "updates": training.updates if training.learnt else settings["updates"],
        "loss": training.loss,
        "score": score_on(task, model, xs, targets),
        "long_score": float("nan"),
    }
    if counts:
        long = make_task(job["task"], settings["long"])
        xs, targets = long.draw_new(test_rng, settings["test_sequences"])
        row["long_score"] = score_on(long, model, xs, targets)
    return {**row, "largest_memory": largest_memory(model, xs[:, :32])}


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its interval, one row per cell, task and distance."""
    measured = rows[rows.phase == "measure"]
    named = measured.assign(success=measured.score >= SUCCESS)
    return success_table(named, ["cell", "task", "distance"])


def success_curve(rows: pd.DataFrame, cell: str) -> Curve:
    """Return what to draw: success at agreement over distance, with Wilson intervals."""
    return curve(table(rows), "distance", cell=cell, task="agreement")


def counting(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how the cells count.

    Returns
    -------
    DataFrame
        One row per cell: `cell`; then of `score`, `long_score` (means), `largest_memory` and
        `updates` (geometric means) the mean and the ends of its t interval, such as `score`,
        `score_low`, `score_high`.
    """
    measured = rows[(rows.phase == "measure") & (rows.task == COUNTING)]
    found = pd.DataFrame({"cell": list(dict.fromkeys(measured.cell))})
    for column in ("score", "long_score", "largest_memory", "updates"):
        of_share = "score" in column
        bounds = (0, 1) if of_share else (0, np.inf)
        means = mean_table(measured, ["cell"], column, bounds, logarithmic=not of_share)
        for name, end in (("mean", ""), ("low", "_low"), ("high", "_high")):
            found[column + end] = means[name]
    return found


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    named = rows.assign(
        arm=[arm(row) for row in rows.to_dict("records")], failed=rows.score < SUCCESS
    )
    check_learning_rates(named, "arm", SETTINGS["learning_rates"], by=PREFERRED)
    rates = table(rows)
    at = rates.set_index(["cell", "task", "distance"])
    far = [d for d in SETTINGS["distances"] if at.loc[("lstm", "agreement", d)].low >= SURE]
    if not far:
        raise ValueError("The runs decide nothing: the LSTM succeeds at no distance.")
    confirmed = [d for d in far if at.loc[(WITHOUT, "agreement", d)].high <= 0.5]
    refuted = [d for d in far if at.loc[(WITHOUT, "agreement", d)].low >= SURE]
    word = decide(confirmed, refuted, far)
    when = f"At {' and '.join(map(str, confirmed))} words. " if word == "holds only when" else ""
    remembered = "; ".join(
        f"at {d} words "
        + ", ".join(f"{cell} {percent(at.loc[(cell, 'agreement', d)])}" for cell in CELLS)
        for d in far
    )
    counts = counting(rows).set_index("cell")
    forgot = ", ".join(
        f"{cell} {counts.score[cell]:.0%} and {counts.long_score[cell]:.0%}".replace("%", " %")
        for cell in CELLS
    )
    text = (
        f"{when}Remembering, {remembered}. Forgetting, right answers to "
        f"{SETTINGS['counting']['T']} and to {SETTINGS['long']['T']} symbols: {forgot}."
    )
    return Verdict("C21", STATEMENT, word, text, _budget(), rates)


def _budget() -> str:
    return (
        f"at most {SETTINGS['updates']} updates of Adam on {SETTINGS['batch']} sequences each, "
        f"{SETTINGS['hidden']} hidden units, gradients clipped at norm {SETTINGS['clip']:g}, "
        f"{len(SETTINGS['seeds'])} seeds, learning rates chosen on other seeds for each cell and "
        "kind of task; success is at least 90 % right answers; 95 % Wilson intervals."
    )


EXPERIMENT = Experiment(
    claim="C21",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c21.csv",
    plan=(
        "seeds",
        "cells",
        "distances",
        "candidates",
        "learning_rates",
        "selection_seeds",
        "selection_distance",
    ),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
