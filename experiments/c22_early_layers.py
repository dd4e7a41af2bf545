"""C22: with vanishing gradients the early layers stop learning.

In a deep network every layer has weights of its own. Unrolled in time, a recurrent network is as
deep as its sequence is long, but all of its layers are one set of weights. Both read the same
sequences of 30 symbols: an early cue stands first, a late cue is the last but one, the others mean
nothing; the answer is one of four classes, which of two early and which of two late cues there was.

rnn
    One recurrent matrix, used at every step.
own weights
    The same network with a recurrent matrix of its own at every step, as in a deep network; inputs
    and outputs as before.

Both start uniform between ±1/√H with tanh, and are trained by plain gradient descent and by Adam.

Prediction, before the runs: the early cue is not learnt by either, the late one by both. With
weights of their own, the early third of the layers hardly changes under gradient descent; under
Adam, which divides by the size of the gradient, it moves without learning. In the RNN the one
matrix changes, for the sake of the late cue: what is small is the early steps' part of its
gradient, which drowns in the part of the late steps.

The rule of the verdict, 95 % intervals over seeds
--------------------------------------------------
A cue is learnt in a run if its half of the answer is right in at least 90 % of new sequences. A
network counts if the early cue is learnt in at most one run of ten (high end of the rate ≤ 0.50),
the late cue in at least nine (low end ≥ 0.50), and the gradient vanishes: at the start of training,
the part of the first third of the steps is below 1/1000 of that of the last third (high end of the
geometric mean). "Stop learning" is read as the claim has it, from the layers' weights: the relative
change of the early third's weights over that of the last third's. A network confirms the claim if
this is below 0.1 (high end), and refutes it if it is above 0.5 (low end); in the RNN both are the
same matrix, whose change then must be above 1 % (low end).

- "holds": all networks that count confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 05 uses it
----------------------
::

    rows, verdict = c22_early_layers.load()
    c22_early_layers.step_curve(rows, "rnn, sgd", "start")   # x = step 1 … 30, size of its part
    c22_early_layers.change_curve(rows, "own weights, sgd")  # x = step, relative change of weights
    c22_early_layers.cues(rows)                              # rates at which each cue is learnt
    row = c22_early_layers.run_job(c22_early_layers.live_job("rnn, sgd", seed=0))
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.common import RESULTS, Experiment, Verdict
from experiments.intervals import (
    Curve,
    check_learning_rates,
    decide,
    mean_table,
    percent,
    success_table,
    t_interval,
)
from experiments.training import GATED, OPTIMISERS, build, limiter
from utils.jacobians import gradient_by_step
from utils.layers import one_hot
from utils.losses import d_softmax_cross_entropy, softmax_cross_entropy

STATEMENT = "with vanishing gradients the early layers stop learning"
NETWORKS = ("rnn, sgd", "rnn, adam", "own weights, sgd", "own weights, adam")
FILLERS = 6
D = 4 + FILLERS
LEARNT = 0.90
SURE = 0.50

SETTINGS: dict[str, Any] = {
    "T": 30,
    "hidden": 32,
    "batch": 32,
    "updates": 600,
    "clip": 1.0,
    "test_sequences": 400,
    "networks": list(NETWORKS),
    "seeds": list(range(10)),
    # Chosen by the loss at the end of training, on seeds of their own.
    "selection_seeds": [100, 101],
    "candidates": {"sgd": [0.03, 0.1, 0.3], "adam": [0.001, 0.003, 0.01]},
    "learning_rates": {
        "rnn, sgd": 0.1,
        "rnn, adam": 0.003,
        "own weights, sgd": 0.1,
        "own weights, adam": 0.01,
    },
}
KEY = ("phase", "network", "seed", "learning_rate")


class Cues(NamedTuple):
    """Sequences with two cues.

    Attributes
    ----------
    xs : array of int, shape (T, B), values in [0, D)
        0 or 1 first, 2 or 3 last but one, fillers from 4 on elsewhere.
    targets : array of int, shape (B,), values 0 to 3
        Twice the early cue plus the late one.
    """

    xs: np.ndarray
    targets: np.ndarray


def draw_cues(rng: np.random.Generator, B: int, T: int) -> Cues:
    """Draw B sequences of T symbols."""
    xs = rng.integers(4, D, (T, B))
    early, late = rng.integers(0, 2, (2, B))
    xs[0], xs[-2] = early, 2 + late
    return Cues(xs, 2 * early + late)


class Steps(NamedTuple):
    """The recurrent matrices of all steps; ``forward`` and ``backward`` run the network.

    Attributes
    ----------
    weights : dict of arrays
        W_xh (D, H), W_hh (T, H, H), b_h (H,), W_hy (H, 4), b_y (4,).
    """

    weights: dict[str, np.ndarray]

    def forward(self, xs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the states (T + 1, B, H), zeros first, and the scores (B, 4)."""
        w = self.weights
        hs = np.zeros((len(xs) + 1, xs.shape[1], len(w["b_h"])))
        entering = w["W_xh"][xs] + w["b_h"]  # (T, B, H)
        for t, z in enumerate(entering):
            hs[t + 1] = np.tanh(z + hs[t] @ w["W_hh"][t])
        return hs, hs[-1] @ w["W_hy"] + w["b_y"]

    def gradients(self, xs: np.ndarray, targets: np.ndarray) -> tuple[float, dict]:
        """Return the mean cross-entropy in nats and its gradients, each step's matrix by itself."""
        w = self.weights
        hs, scores = self.forward(xs)
        d_scores = d_softmax_cross_entropy(scores, targets)
        d_h = d_scores @ w["W_hy"].T
        d_zs = np.empty_like(hs[1:])
        for t in reversed(range(len(xs))):
            d_zs[t] = d_h * (1 - hs[t + 1] ** 2)
            d_h = d_zs[t] @ w["W_hh"][t].T
        rows = one_hot(xs, len(w["W_xh"])).reshape(-1, len(w["W_xh"]))
        return float(softmax_cross_entropy(scores, targets)), {
            "d_W_xh": rows.T @ d_zs.reshape(len(rows), -1),
            "d_W_hh": hs[:-1].transpose(0, 2, 1) @ d_zs,
            "d_b_h": d_zs.sum(axis=(0, 1)),
            "d_W_hy": hs[-1].T @ d_scores,
            "d_b_y": d_scores.sum(axis=0),
        }


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    select = [
        ("select", network, seed, rate)
        for network in settings["networks"]
        for rate in settings["candidates"][network.split(", ")[1]]
        for seed in settings["selection_seeds"]
    ]
    measure = [
        ("measure", network, seed, settings["learning_rates"][network])
        for network in settings["networks"]
        for seed in settings["seeds"]
    ]
    return [dict(zip(KEY, job, strict=True)) for job in select + measure]


def live_job(network: str, seed: int = 0) -> dict[str, Any]:
    """Return a job of the measurement, to be run live in a notebook.

    Raises
    ------
    ValueError
        If there is no such network.
    """
    if network not in NETWORKS:
        raise ValueError(f"network is {network!r}; expected one of {'; '.join(NETWORKS)}.")
    return dict(
        zip(KEY, ("measure", network, seed, SETTINGS["learning_rates"][network]), strict=True)
    )


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network for the whole budget and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `loss` in nats, the mean over the last 50 updates; `early` and
        `late`, the accuracies of both cues on new sequences; for each step from 1 to T,
        `start_01` …, the Frobenius norm of its part of the gradient of the recurrent weights, mean
        over the first 20 updates, `end_01` …, over the last 20, and `change_01` …, the relative
        change ‖W - W_0‖/‖W_0‖ of the matrix that it uses.
    """
    kind, optimiser = job["network"].split(", ")
    T, updates = settings["T"], settings["updates"]
    rng = np.random.default_rng([job["seed"], 0])
    test = draw_cues(np.random.default_rng([job["seed"], 1]), settings["test_sequences"], T)
    model = build(rng, settings["hidden"], K=4, D=D)
    own = Steps({**model.weights, "W_hh": np.repeat(model.cell.W_hh[None], T, axis=0)})
    if kind == "own weights":  # each drawn by itself, as the one matrix was
        size = settings["hidden"] ** -0.5
        own.weights["W_hh"][...] = rng.uniform(-size, size, own.weights["W_hh"].shape)
    weights = own.weights if kind == "own weights" else model.weights
    first = weights["W_hh"].copy()
    rule, limited = OPTIMISERS[optimiser](job["learning_rate"]), limiter("norm", settings["clip"])

    losses, parts = [], []
    for _ in range(updates):
        xs, targets = draw_cues(rng, settings["batch"], T)
        if kind == "own weights":
            loss, gradients = own.gradients(xs, targets)
            by_step = gradients["d_W_hh"]
        else:
            computed = model.loss_and_gradients(xs, targets)
            loss, gradients = computed.loss, computed.gradients
            d_hs = np.zeros_like(computed.sequence.hs)
            d_hs[-1] = d_softmax_cross_entropy(computed.logits, targets) @ model.output.W_hy.T
            by_step = gradient_by_step(d_hs, computed.sequence, model.cell)
        losses.append(loss)
        parts.append(np.linalg.norm(by_step, axis=(1, 2)))
        rule.step(weights, limited(gradients))

    if kind == "own weights":
        scores = own.forward(test.xs)[1]
    else:
        scores = model.forward(test.xs).logits[-1]
    answer = scores.argmax(axis=1)
    changed = np.linalg.norm(weights["W_hh"] - first, axis=(-2, -1))
    change = np.broadcast_to(changed / np.linalg.norm(first, axis=(-2, -1)), T)
    return {
        **job,
        "loss": float(np.mean(losses[-50:])),
        "early": float((answer // 2 == test.targets // 2).mean()),
        "late": float((answer % 2 == test.targets % 2).mean()),
        **_by_step("start", np.mean(parts[:20], axis=0)),
        **_by_step("end", np.mean(parts[-20:], axis=0)),
        **_by_step("change", change),
    }


def _by_step(name: str, values: np.ndarray) -> dict[str, float]:
    return {f"{name}_{t:02d}": float(value) for t, value in enumerate(values, start=1)}


def by_step(rows: pd.DataFrame, network: str, name: str) -> np.ndarray:
    """Return what each step's columns hold, shape (seeds, T); `name`: "start", "end", "change".

    Raises
    ------
    ValueError
        If there is no such network or column.
    """
    if network not in NETWORKS or name not in ("start", "end", "change"):
        raise ValueError(
            f"network {network!r}, name {name!r}; expected one of {'; '.join(NETWORKS)} and one of "
            "start, end, change."
        )
    chosen = rows[(rows.phase == "measure") & (rows.network == network)]
    return chosen[[f"{name}_{t:02d}" for t in range(1, SETTINGS["T"] + 1)]].to_numpy(dtype=float)


def step_curve(rows: pd.DataFrame, network: str, when: str = "start") -> Curve:
    """Return the size of each step's part of the gradient, geometric means with t intervals.

    Parameters
    ----------
    when : {"start", "end"}
        Over the first or the last 20 updates.
    """
    return _curve(np.log(np.maximum(by_step(rows, network, when), 1e-300)), np.exp)


def change_curve(rows: pd.DataFrame, network: str) -> Curve:
    """Return the relative change of each step's weights in training, means with t intervals."""
    return _curve(by_step(rows, network, "change"), np.asarray)


def _curve(values: np.ndarray, back: Any) -> Curve:
    ends = np.array([t_interval(column)[:3] for column in values.T]).T
    return Curve(np.arange(1, values.shape[1] + 1, dtype=float), *(back(end) for end in ends))


def cues(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rates at which each cue is learnt, one row per network and cue."""
    measured = rows[rows.phase == "measure"]
    long = measured.melt(["network", "seed"], ["early", "late"], "cue", "share")
    return success_table(long.assign(success=long.share >= LEARNT), ["network", "cue"])


def evidence(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the rule looks at, one row per network.

    Returns
    -------
    DataFrame
        `network`; `ratio`, the part of the first third of the steps over that of the last third at
        the start of training; `change`, the relative change of the early third's weights over the
        last third's; `moved`, the relative change of the early third's weights. Each with
        `_low` and `_high`, geometric means.
    """
    third = SETTINGS["T"] // 3
    frames = []
    for network in NETWORKS:
        start = np.maximum(by_step(rows, network, "start"), 1e-300)
        change = np.maximum(by_step(rows, network, "change"), 1e-300)
        early = change[:, :third].mean(axis=1)
        values = {
            "ratio": start[:, :third].mean(axis=1) / start[:, -third:].mean(axis=1),
            "change": early / change[:, -third:].mean(axis=1),
            "moved": early,
        }
        row: dict[str, Any] = {"network": network}
        for name, column in values.items():
            found = mean_table(
                pd.DataFrame({"n": network, "v": column}), ["n"], "v", logarithmic=True
            ).iloc[0]
            row |= {name: found["mean"], f"{name}_low": found.low, f"{name}_high": found.high}
        frames.append(row)
    return pd.DataFrame(frames)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    check_learning_rates(rows, "network", SETTINGS["learning_rates"])
    table = evidence(rows)
    at = table.set_index("network")
    rates = cues(rows).set_index(["network", "cue"])
    counting = [
        n
        for n in NETWORKS
        if rates.loc[(n, "early")].high <= 0.5
        and rates.loc[(n, "late")].low >= SURE
        and at.loc[n].ratio_high < 1e-3
    ]
    confirmed = [n for n in counting if at.loc[n].change_high < 0.1]
    refuted = [n for n in counting if at.loc[n].change_low > 0.5 and at.loc[n].moved_low > 0.01]
    word = decide(confirmed, refuted, counting or NETWORKS)
    numbers = "; ".join(
        f"{n}: early cue learnt in {percent(rates.loc[(n, 'early')])}, late cue in "
        f"{percent(rates.loc[(n, 'late')])}, part of the early steps {at.loc[n].ratio:.0e} of the "
        f"late ones, change of early over late weights {_text(at.loc[n], 'change')}, of the early "
        f"weights themselves {_text(at.loc[n], 'moved')}"
        for n in NETWORKS
    )
    when = ""
    if word == "holds only when":
        when = f"In {' and '.join(confirmed)}, not in {' and '.join(refuted) or 'others'}. "
    text = (
        f"{when}{numbers}. In the RNN there is one matrix: it goes on learning from the late "
        "steps, and the early steps' part drowns in theirs."
    )
    return Verdict("C22", STATEMENT, word, text, _budget(), table)


def _text(row: pd.Series, name: str) -> str:
    return f"{row[name]:.2g} [{row[f'{name}_low']:.2g}, {row[f'{name}_high']:.2g}]"


def _budget() -> str:
    return (
        f"{SETTINGS['updates']} updates on {SETTINGS['batch']} new sequences of {SETTINGS['T']} "
        f"symbols each, {SETTINGS['hidden']} hidden units, gradients clipped at norm "
        f"{SETTINGS['clip']:g}, {len(SETTINGS['seeds'])} seeds, learning rates chosen on other "
        "seeds; 95 % Wilson intervals of rates, t intervals of geometric means."
    )


EXPERIMENT = Experiment(
    claim="C22",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c22.csv",
    plan=("networks", "seeds", "candidates", "learning_rates", "selection_seeds"),
    unused=GATED,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
