"""One study for four claims: plain RNN, LSTM and GRU where gradients vanish and where they explode.

The claims that judge its rows are C09, C10 and C11 (chapter 06) and C23 (chapter 08), each by a
rule of its own. All networks have 24 hidden units, read agreement sentences and choose between
"was" and "were".

Part "remember": distances at which a gradient may vanish
---------------------------------------------------------
The networks are a plain RNN, an LSTM whose forget gate starts with a bias of 0, 1, 2 or 5, and a
GRU with reset after the product. Two starts, since a network may owe its reach to the start and not
to the cell:

uniform
    Every array between ±1/√H, as ``torch.nn`` does it; a bias of the forget gate comes on top.
normal
    Matrices from a normal distribution of standard deviation one over the root of their rows,
    biases zero but for that of the forget gate.

They are trained with Adam, gradients clipped at a norm of 1. Learning rates were chosen at 40 words
alone at first, and the longest distance was 80. There that choice decided what was asked (the rate
that was fastest at 40 words failed at 80), and the plain RNN with the normal start was not helpless
yet; so rates are chosen at each distance now, and 120 words were added.
On those first rows the rule of C09 said "is false" and that of C11 "holds".

Part "explode": recurrent weights that are too large
----------------------------------------------------
Plain RNN, LSTM (forget bias 1) and GRU with the normal start, and W_h times 1, 2, 4, 8 or 16; a
distance of 10 words. They are trained with plain gradient descent without clipping. Not with Adam:
it divides by the size of recent gradients, a limit of its own.

What is measured
----------------
A run succeeds if its accuracy on new sentences is at least 0.90; it stops early when the mean loss
over 50 updates is below 0.02 nats. Before and after training: the factor per step by which a
gradient at the last state changes on its way back to the noun, along all paths, and in an LSTM
that along the direct path, the product of the forget gates. In the part "explode" also the whole
way over 60 words, before training.

How the chapters use it
-----------------------
Through the claims; what they draw, such as `success_curve`, stands in `experiments.gated_claims`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.common import RESULTS, Experiment
from experiments.memory_training import FIRST, Task, agreement, gain_per_step, score_on, train
from utils.cells import LSTMWeights
from utils.sequence_model import SequenceModel, init_sequence_model
from utils.state_gains import cell_line_gains, state_gains

NETWORKS: dict[str, dict[str, Any]] = {
    "rnn": {"cell": "rnn"},
    "lstm, bias 0": {"cell": "lstm", "forget_bias": 0.0},
    "lstm, bias 1": {"cell": "lstm", "forget_bias": 1.0},
    "lstm, bias 2": {"cell": "lstm", "forget_bias": 2.0},
    "lstm, bias 5": {"cell": "lstm", "forget_bias": 5.0},
    "gru": {"cell": "gru"},
}
BIASES = {0: "lstm, bias 0", 1: "lstm, bias 1", 2: "lstm, bias 2", 5: "lstm, bias 5"}
STARTS = ("uniform", "normal")
LARGE = ("rnn", "lstm, bias 1", "gru")
"""The networks of the part "explode"."""
SETTINGS: dict[str, Any] = {
    "hidden": 24,
    "batch": 32,
    "limit": 1.0,
    "test_sentences": 400,
    "networks": NETWORKS,
    "distances": [10, 20, 40, 80, 120],
    "updates": 500,
    "scales": [1, 2, 4, 8, 16],
    "large_distance": 10,
    "large_updates": 500,
    "long": 60,
    "seeds": list(range(10)),
    # Chosen on seeds of their own for each network, start and distance, or scale: fewest failures,
    # then least updates until learnt, then least loss.
    "selection_seeds": [100, 101, 102],
    "candidates": {"remember": [0.001, 0.003, 0.01, 0.03], "explode": [0.03, 0.1, 0.3]},
    "learning_rates": {
        "rnn, uniform, 10 words": 0.01,
        "rnn, uniform, 20 words": 0.01,
        "rnn, uniform, 40 words": 0.03,
        "rnn, uniform, 80 words": 0.003,
        "rnn, uniform, 120 words": 0.03,
        "rnn, normal, 10 words": 0.01,
        "rnn, normal, 20 words": 0.01,
        "rnn, normal, 40 words": 0.003,
        "rnn, normal, 80 words": 0.003,
        "rnn, normal, 120 words": 0.003,
        "lstm, bias 0, uniform, 10 words": 0.01,
        "lstm, bias 0, uniform, 20 words": 0.003,
        "lstm, bias 0, uniform, 40 words": 0.003,
        "lstm, bias 0, uniform, 80 words": 0.003,
        "lstm, bias 0, uniform, 120 words": 0.01,
        "lstm, bias 0, normal, 10 words": 0.03,
        "lstm, bias 0, normal, 20 words": 0.003,
        "lstm, bias 0, normal, 40 words": 0.003,
        "lstm, bias 0, normal, 80 words": 0.003,
        "lstm, bias 0, normal, 120 words": 0.003,
        "lstm, bias 1, uniform, 10 words": 0.01,
        "lstm, bias 1, uniform, 20 words": 0.01,
        "lstm, bias 1, uniform, 40 words": 0.003,
        "lstm, bias 1, uniform, 80 words": 0.003,
        "lstm, bias 1, uniform, 120 words": 0.001,
        "lstm, bias 1, normal, 10 words": 0.03,
        "lstm, bias 1, normal, 20 words": 0.01,
        "lstm, bias 1, normal, 40 words": 0.003,
        "lstm, bias 1, normal, 80 words": 0.003,
        "lstm, bias 1, normal, 120 words": 0.003,
        "lstm, bias 2, uniform, 10 words": 0.03,
        "lstm, bias 2, uniform, 20 words": 0.01,
        "lstm, bias 2, uniform, 40 words": 0.003,
        "lstm, bias 2, uniform, 80 words": 0.001,
        "lstm, bias 2, uniform, 120 words": 0.003,
        "lstm, bias 2, normal, 10 words": 0.03,
        "lstm, bias 2, normal, 20 words": 0.01,
        "lstm, bias 2, normal, 40 words": 0.01,
        "lstm, bias 2, normal, 80 words": 0.003,
        "lstm, bias 2, normal, 120 words": 0.001,
        "lstm, bias 5, uniform, 10 words": 0.03,
        "lstm, bias 5, uniform, 20 words": 0.01,
        "lstm, bias 5, uniform, 40 words": 0.003,
        "lstm, bias 5, uniform, 80 words": 0.003,
        "lstm, bias 5, uniform, 120 words": 0.001,
        "lstm, bias 5, normal, 10 words": 0.03,
        "lstm, bias 5, normal, 20 words": 0.01,
        "lstm, bias 5, normal, 40 words": 0.01,
        "lstm, bias 5, normal, 80 words": 0.003,
        "lstm, bias 5, normal, 120 words": 0.003,
        "gru, uniform, 10 words": 0.03,
        "gru, uniform, 20 words": 0.03,
        "gru, uniform, 40 words": 0.03,
        "gru, uniform, 80 words": 0.03,
        "gru, uniform, 120 words": 0.03,
        "gru, normal, 10 words": 0.01,
        "gru, normal, 20 words": 0.03,
        "gru, normal, 40 words": 0.03,
        "gru, normal, 80 words": 0.03,
        "gru, normal, 120 words": 0.03,
        "rnn, x1": 0.1,
        "rnn, x2": 0.03,
        "rnn, x4": 0.03,
        "rnn, x8": 0.03,
        "rnn, x16": 0.03,
        "lstm, bias 1, x1": 0.1,
        "lstm, bias 1, x2": 0.3,
        "lstm, bias 1, x4": 0.1,
        "lstm, bias 1, x8": 0.1,
        "lstm, bias 1, x16": 0.1,
        "gru, x1": 0.03,
        "gru, x2": 0.3,
        "gru, x4": 0.3,
        "gru, x8": 0.3,
        "gru, x16": 0.03,
    },
}
KEY = (
    "part",
    "phase",
    "network",
    "start",
    "scale",
    "distance",
    "seed",
    "learning_rate",
)


def arm(job: Mapping[str, Any]) -> str:
    """Return the name of what a learning rate is chosen for, such as "gru, uniform, 40 words"."""
    if job["part"] == "remember":
        return f"{job['network']}, {job['start']}, {job['distance']} words"
    return f"{job['network']}, x{job['scale']:g}"


def arms(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return what is compared: part, network, start, scale and distance of each."""
    remember = [
        ("remember", network, start, 1, distance)
        for network in settings["networks"]
        for start in STARTS
        for distance in settings["distances"]
    ]
    explode = [
        ("explode", network, "normal", scale, settings["large_distance"])
        for network in LARGE
        for scale in settings["scales"]
    ]
    names = ("part", "network", "start", "scale", "distance")
    return [dict(zip(names, values, strict=True)) for values in remember + explode]


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    found = []
    for one in arms(settings):
        for rate in settings["candidates"][one["part"]]:
            found += [_job(one, "select", seed, rate) for seed in settings["selection_seeds"]]
        if arm(one) in settings["learning_rates"]:
            rate = settings["learning_rates"][arm(one)]
            found += [_job(one, "measure", seed, rate) for seed in settings["seeds"]]
    return found


def _job(one: Mapping[str, Any], phase: str, seed: int, learning_rate: float) -> dict[str, Any]:
    values = {**one, "phase": phase, "seed": seed, "learning_rate": learning_rate}
    return {name: values[name] for name in KEY}


def live_job(
    network: str,
    distance: int = 30,
    seed: int = 0,
    start: str = "uniform",
    learning_rate: float | None = None,
) -> dict[str, Any]:
    """Return a job of the part "remember" to be run live in a notebook, at any distance.

    Parameters
    ----------
    network : str
        One of `NETWORKS`.
    distance : int, at least 1
    seed : int
    start : {"uniform", "normal"}
    learning_rate : float, optional
        Without it the one that was chosen for the nearest of the distances measured.

    Raises
    ------
    ValueError
        If there is no such network or start.
    """
    if network not in NETWORKS or start not in STARTS:
        raise ValueError(
            f"network {network!r}, start {start!r}; expected one of {'; '.join(NETWORKS)} and one "
            f"of {', '.join(STARTS)}."
        )
    one = {"part": "remember", "network": network, "start": start, "scale": 1}
    near = min(SETTINGS["distances"], key=lambda d: abs(d - distance))
    rate = learning_rate or SETTINGS["learning_rates"][arm({**one, "distance": near})]
    return _job({**one, "distance": distance}, "measure", seed, rate)


def live_explosion(
    network: str,
    scale: float,
    seed: int = 0,
    learning_rate: float | None = None,
) -> dict[str, Any]:
    """Return a job of the part "explode" to be run live in a notebook.

    Parameters
    ----------
    network : str
        One of `LARGE`.
    scale : float
        One of 1, 2, 4, 8, 16.
    seed : int
    learning_rate : float, optional
        Without it the one that was chosen.

    Raises
    ------
    ValueError
        If there is no such network or scale.
    """
    if network not in LARGE or scale not in SETTINGS["scales"]:
        raise ValueError(
            f"network {network!r}, scale {scale!r}; expected one of {'; '.join(LARGE)} and one of "
            f"{', '.join(map(str, SETTINGS['scales']))}."
        )
    one = {"part": "explode", "network": network, "start": "normal", "scale": scale}
    rate = learning_rate or SETTINGS["learning_rates"][arm(one)]
    return _job({**one, "distance": SETTINGS["large_distance"]}, "measure", seed, rate)


def build(
    rng: np.random.Generator,
    task: Task,
    H: int,
    network: Mapping[str, Any],
    start: str,
    scale: float = 1.0,
) -> SequenceModel:
    """Return a new network in float32; `network` is one of the values of `NETWORKS`."""
    model = init_sequence_model(task.D, H, task.K, rng, **network, dtype=np.float32)
    if start == "uniform":
        bias = model.cell[2].copy()
        for array in model.weights.values():
            array[...] = rng.uniform(-(H**-0.5), H**-0.5, array.shape)
        model.cell[2][...] += bias
    model.cell[1][...] *= scale  # W_hh, or W_h of all gates
    return model


def direct_per_step(model: SequenceModel, xs: np.ndarray) -> float:
    """Return the factor per step along the direct path of an LSTM's cell state; NaN for others."""
    if not isinstance(model.cell, LSTMWeights):
        return float("nan")
    logs = cell_line_gains(model.forward(xs).sequence, model.cell).direct[FIRST]
    return float(10 ** np.mean(logs / (len(xs) - FIRST)))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `updates` made until the sentences were learnt, or the budget;
        `loss` in nats, the mean over the last 50; `accuracy` on new sentences; `ruined`, 1 if a
        number was no longer finite; `largest_norm` of a gradient on the way; `gain_before` and
        `gain`, the factor per step of a gradient from verb to noun; `direct_before` and `direct`,
        that along the direct path, NaN without a cell state; `long_before`, log10 of the factor
        over all of a long sentence before training, NaN in the part "remember".
    """
    explodes = job["part"] == "explode"
    task = agreement(job["distance"])
    rng, test_rng = (np.random.default_rng([job["seed"], k]) for k in (0, 1))
    test = task.draw_new(test_rng, settings["test_sentences"])
    few = test[0][:, :8]
    network = settings["networks"][job["network"]]
    model = build(rng, task, settings["hidden"], network, job["start"], job["scale"])
    long = float("nan")
    if explodes:
        xs, _ = agreement(settings["long"]).draw_new(test_rng, 8)
        long = float(state_gains(model.forward(xs).sequence, model.cell, last="h")[FIRST].mean())
    before = gain_per_step(model, few), direct_per_step(model, few)
    budget = settings["large_updates" if explodes else "updates"]
    training = train(
        model,
        lambda: task.draw(rng, settings["batch"]),
        job["learning_rate"],
        budget,
        limit=None if explodes else settings["limit"],
        stop=task.stop,
        optimiser="sgd" if explodes else "adam",
    )
    finite = bool(np.isfinite(training.norms).all())
    return {
        **job,
        "updates": training.updates if training.learnt else budget,
        "loss": training.loss,
        "accuracy": score_on(task, model, *test),
        "ruined": int(not finite),
        "largest_norm": training.largest_norm,
        "gain_before": before[0],
        "gain": gain_per_step(model, few),
        "direct_before": before[1],
        "direct": direct_per_step(model, few) if finite else float("nan"),
        "long_before": long,
    }


EXPERIMENT = Experiment(
    claim="gated study",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=None,
    key=KEY,
    results=RESULTS / "gated_study.csv",
    plan=(
        "seeds",
        "distances",
        "scales",
        "candidates",
        "learning_rates",
        "selection_seeds",
    ),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
