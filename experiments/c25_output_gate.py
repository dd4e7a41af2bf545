"""C25: the gates cannot control the previous output h_{t−1}; a saturated output gate brings
vanishing back.

The first half follows from the equations: h_{t-1} enters all four sums of the LSTM as it is, no
gate stands between, and what a gate decides at step t it decides after having read h_{t-1}. (In a
GRU the reset gate stands there; in an LSTM the output gate of the step before has acted.) So it is
the second half that can be measured: an output gate that is nearly shut lets through σ(b) of the
memory, and of every gradient that comes from h. Does the gradient then fall with the distance, or
once, by one factor?

LSTMs on agreement sentences of 40 words. The bias of the output gate starts at 0, -2, -5 or -10,
so that the gate is open by 0.5, 0.12, 0.007 or 0.00005; the bias of the forget gate starts at 1 or
at 5, so that a cell state keeps 0.73 or 0.993 per step.

Prediction, after pilots on other seeds and before the runs: holds only when the forget gate is not
open. A shut output gate cuts every path through h; what is left is the cell line, which the forget
gate alone decides. At a forget bias of 5 the gradient falls by one factor, whatever the distance.
Training opens the gate at -2, and does not at -10.

The rule of the verdict
-----------------------
For every network before training, the share of a gradient at h_T that arrives at the state k steps
earlier is measured (k = 5, 10, 20, 40). What is left over distance is the share at k = 40 divided
by that at k = 5; the one factor of the gate at T is in both and cancels. Less than a tenth, over
these 35 steps, counts as vanishing (geometric means over seeds, 95 % t intervals). A case is a
forget bias, with its output gate at -5. It confirms the claim if what is left lies below 0.1 (high
end) and, divided by what is left in the LSTM of the same seed whose output gate starts at 0, below
0.1 again (high end): gradients vanish, and the gate is to blame. It refutes the claim if what is
left lies above 0.1 (low end).

- "holds": both forget biases confirm.
- "holds only when": one does; the text says which.
- "is false": none does, and at least one refutes.

Whether training succeeds is reported: a run succeeds if its accuracy on new sentences is at least
0.90; 95 % Wilson intervals.

How chapter 07 uses it
----------------------
::

    rows, verdict = c25_output_gate.load()
    curve = c25_output_gate.share_curve(rows, forget_bias=1, output_bias=-5)    # over k, log axis
    c25_output_gate.table(rows)             # success rate by forget and output bias
    c25_output_gate.left(rows)              # what is left over distance, the factor per step
    row = c25_output_gate.run_job(c25_output_gate.live_job(forget_bias=5, output_bias=-5, seed=0))

References
----------
Gers, Schraudolph and Schmidhuber (2002), Learning precise timing with LSTM recurrent networks,
Journal of Machine Learning Research 3; who let the gates see the cell state for this reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from experiments.memory_training import build, make_task, score_on, train
from utils.sequence_model import SequenceModel
from utils.state_gains import state_gains
from utils.validation import IndexArray, NotFiniteError

STATEMENT = (
    "the gates cannot control the previous output h_{t−1}; a saturated output gate brings "
    "vanishing back"
)
SUCCESS = 0.90
LIMIT = 0.1
SHUT = -5.0
STEPS = (5, 10, 20, 40)
"""Steps between the end and the state that is asked how much of the gradient arrives."""

SETTINGS: dict[str, Any] = {
    "hidden": 24,
    "batch": 32,
    "updates": 500,
    "clip": 1.0,
    "distance": 40,
    "test_sentences": 400,
    "forget_biases": [1.0, 5.0],
    "output_biases": [0.0, -2.0, -5.0, -10.0],
    "seeds": list(range(10)),
    # Chosen for each pair of biases on seeds of their own: fewest failures, then least updates
    # until learnt, then least loss.
    "selection_seeds": [100, 101, 102],
    "candidates": [0.003, 0.01, 0.03],
    "learning_rates": {
        "forget 1, output 0": 0.003,
        "forget 1, output -2": 0.003,
        "forget 1, output -5": 0.03,
        "forget 1, output -10": 0.03,
        "forget 5, output 0": 0.01,
        "forget 5, output -2": 0.03,
        "forget 5, output -5": 0.01,
        "forget 5, output -10": 0.01,
    },
}
KEY = ("phase", "forget_bias", "output_bias", "seed", "learning_rate")


def pair(forget_bias: float, output_bias: float) -> str:
    """Return the name of a pair of biases: ``forget 1, output -5``."""
    return f"forget {forget_bias:g}, output {output_bias:g}"


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    pairs = [(f, o) for f in settings["forget_biases"] for o in settings["output_biases"]]
    select = [
        ("select", *biases, seed, rate)
        for biases in pairs
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    measure = [
        ("measure", *biases, seed, settings["learning_rates"][pair(*biases)])
        for biases in pairs
        if pair(*biases) in settings["learning_rates"]
        for seed in settings["seeds"]
    ]
    return [dict(zip(KEY, job, strict=True)) for job in select + measure]


def live_job(forget_bias: float, output_bias: float, seed: int = 0) -> dict[str, Any]:
    """Return a job to be run live in a notebook.

    Raises
    ------
    ValueError
        If these biases were not measured: no learning rate has been chosen for them.
    """
    rates = SETTINGS["learning_rates"]
    name = pair(forget_bias, output_bias)
    if name not in rates:
        raise ValueError(f"the biases are {name}; expected one of {'; '.join(rates)}.")
    job = ("measure", float(forget_bias), float(output_bias), seed, rates[name])
    return dict(zip(KEY, job, strict=True))


def shares(model: SequenceModel, xs: IndexArray) -> dict[int, float]:
    """Return how much of a gradient at h_T arrives at the state k steps earlier, for all of STEPS.

    The geometric mean over the sentences of ‖∂h_T/∂(h, c)‖_F/√H; NaN for a ruined model.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            logs = state_gains(model.forward(xs).sequence, model.cell, last="h")
    except NotFiniteError:
        return dict.fromkeys(STEPS, float("nan"))
    return {k: float(10 ** np.maximum(logs[-1 - k], -290).mean()) for k in STEPS}


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one LSTM and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `updates` made until the sentences were learnt, or the budget;
        `loss` in nats, the mean over the last 50; `accuracy` on new sentences; `share_5_before`
        and so on, before training and, without "before", after it; `output_gate`, its mean over
        new sentences after training.
    """
    task = make_task("agreement", {"distance": settings["distance"]})
    rng, test_rng = (np.random.default_rng([job["seed"], k]) for k in (0, 1))
    test = task.draw_new(test_rng, settings["test_sentences"])
    model = build(rng, task, settings["hidden"], "lstm", forget_bias=job["forget_bias"])
    model.cell.b[-settings["hidden"] :] = job["output_bias"]  # the last block: the output gate
    few = test[0][:, :8]
    before = shares(model, few)
    training = train(
        model,
        lambda: task.draw(rng, settings["batch"]),
        job["learning_rate"],
        settings["updates"],
        limit=settings["clip"],
        stop=task.stop,
    )
    return {
        **job,
        "updates": training.updates,
        "loss": training.loss,
        "accuracy": score_on(task, model, *test),
        **{f"share_{k}_before": share for k, share in before.items()},
        **{f"share_{k}": share for k, share in shares(model, few).items()},
        "output_gate": gate_opening(model, few),
    }


def gate_opening(model: SequenceModel, xs: IndexArray) -> float:
    """Return the mean of the output gate over steps, sentences and units; NaN if ruined."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return float(model.forward(xs).sequence.output_gate.mean())
    except NotFiniteError:
        return float("nan")


BIASES = ["forget_bias", "output_bias"]


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its interval, one row per pair of biases."""
    measured = rows[rows.phase == "measure"]
    return success_table(measured.assign(success=measured.accuracy >= SUCCESS), BIASES)


def share_curve(
    rows: pd.DataFrame, forget_bias: float, output_bias: float, after: bool = False
) -> Curve:
    """Return what to draw on a logarithmic axis: the share that arrives, over the steps k.

    Geometric means over the runs with t intervals; before training, or after it.
    """
    found = []
    for k in STEPS:
        column = f"share_{k}" if after else f"share_{k}_before"
        means = mean_table(rows[rows.phase == "measure"], BIASES, column, logarithmic=True)
        found.append(means.assign(steps=k))
    return curve(
        pd.concat(found), "steps", forget_bias=float(forget_bias), output_bias=float(output_bias)
    )


def left(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is left of a gradient over distance, before training, by pair of biases.

    Returns
    -------
    DataFrame
        `forget_bias`, `output_bias`; `per_step`, the factor per step between 5 and 40 steps from
        the end; `at_five`, the share that arrives after five steps; `left`, `left_low` and
        `left_high`, what is left over the 35 steps between; `excess`, `excess_low` and
        `excess_high`, that divided by what is left at the same seed and an output bias of 0. All
        are geometric means.
    """
    measured = rows[rows.phase == "measure"]
    measured = measured.assign(
        left=measured[f"share_{STEPS[-1]}_before"] / measured[f"share_{STEPS[0]}_before"],
        at_five=measured[f"share_{STEPS[0]}_before"],
    )
    with_open_gate = measured[measured.output_bias == 0].set_index(["forget_bias", "seed"]).left
    own = pd.MultiIndex.from_frame(measured[["forget_bias", "seed"]])
    measured = measured.assign(
        excess=measured.left.to_numpy() / with_open_gate.reindex(own).to_numpy(),
        per_step=measured.left ** (1 / (STEPS[-1] - STEPS[0])),
    )
    found = measured[BIASES].drop_duplicates().reset_index(drop=True)
    for column in ("per_step", "at_five"):
        found[column] = mean_table(measured, BIASES, column, logarithmic=True)["mean"]
    for column in ("left", "excess"):
        means = mean_table(measured, BIASES, column, logarithmic=True)
        found[[column, f"{column}_low", f"{column}_high"]] = means[["mean", "low", "high"]]
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
        failed=rows.accuracy < SUCCESS,
        biases=[pair(f, o) for f, o in zip(rows.forget_bias, rows.output_bias, strict=True)],
    )
    check_learning_rates(named, "biases", SETTINGS["learning_rates"], by=PREFERRED)
    evidence = left(rows)
    at, rates = evidence.set_index(BIASES), table(rows).set_index(BIASES)
    biases = SETTINGS["forget_biases"]
    confirmed = [f for f in biases if max(at.left_high[f, SHUT], at.excess_high[f, SHUT]) < LIMIT]
    refuted = [f for f in biases if at.left_low[f, SHUT] > LIMIT]
    word = decide(confirmed, refuted, biases)
    when = f"When the forget bias is {confirmed[0]:g}. " if word == "holds only when" else ""

    gates = SETTINGS["output_biases"]

    def by_gate(write: Callable[[float, float], str]) -> str:
        return " and ".join(
            f"{', '.join(write(f, o) for o in gates)} (forget bias {f:g})" for f in biases
        )

    def shut(f: float) -> str:
        row = at.loc[(f, SHUT)]
        return f"{row.left:.2g} [{row.left_low:.2g}, {row.left_high:.2g}] (forget bias {f:g})"

    text = (
        f"{when}With the bias of the output gate at {', '.join(f'{o:g}' for o in gates)}, a "
        f"gradient changes per step by {by_gate(lambda f, o: f'{at.per_step[f, o]:.3f}')}. What "
        f"is left over {STEPS[-1] - STEPS[0]} steps at {SHUT:g}: {' and '.join(map(shut, biases))}."
        f" What arrives after the last {STEPS[0]} steps, where the gate has acted once: "
        f"{by_gate(lambda f, o: f'{at.at_five[f, o]:.1g}')}. Success of training: "
        f"{by_gate(lambda f, o: percent(rates.loc[(f, o)]))}."
    )
    budget = (
        f"at most {SETTINGS['updates']} updates of Adam on {SETTINGS['batch']} sentences of "
        f"{SETTINGS['distance']} words each, {SETTINGS['hidden']} hidden units, gradients clipped "
        f"at norm {SETTINGS['clip']:g}, {len(SETTINGS['seeds'])} seeds, learning rates chosen on "
        "other seeds for each pair of biases; success is an accuracy of at least 90 %; 95 % "
        "intervals."
    )
    return Verdict("C25", STATEMENT, word, text, budget, evidence)


EXPERIMENT = Experiment(
    claim="C25",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c25.csv",
    plan=(
        "seeds",
        "forget_biases",
        "output_biases",
        "candidates",
        "learning_rates",
        "selection_seeds",
    ),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
