r"""C03: gradients vanish because sigmoid' ≤ 0.25 and weights are below 1.

The usual argument: on its way back a gradient is multiplied, at each step, by a weight and by a
slope; the slope of the sigmoid is at most 0.25, the weight below 1, so the product shrinks at least
fourfold per step. For a chain of single neurons that is true. Is it the reason in a network of
several units? Five networks of 32 units, each on agreement sentences with 20 words in between:

sigmoid
    Every weight starts uniform between ±1/√H. Slopes ≤ 0.25, weights below 1.
sigmoid, ±0.71
    Every entry of W_hh is +0.71 or -0.71: four times an orthogonal matrix of equal entries, with
    biases that keep the sums around zero. Slopes ≤ 0.25, weights below 1 as well.
tanh
    Uniform start; slopes up to 1.
relu
    Uniform start; slopes 0 or 1.
tanh, saturated
    W_hh starts as 1.5 times an orthogonal matrix and inputs are
    twenty times as large as usual; slopes up to 1, singular values all 1.5.

Measured before and after training: the factor per step by which a gradient changes on its way from
verb to noun, the root mean square over directions, the geometric mean over steps and sentences.

Prediction, before the runs: the first vanishes as told, the second does not, since all its singular
values are 4 and the slopes near 0.25; and the other three vanish although a premise is broken. What
decides is the product of slopes and singular values, not the slope's bound and single weights.

The rule of the verdict, on geometric means over seeds, 95 % t intervals
-----------------------------------------------------------------------
A network vanishes if the factor per step is below 0.8 before and after training (both high ends),
which leaves less than a hundredth after 20 steps; it does not if both low ends are above 0.8.
Otherwise it counts as neither. The claim has two halves:

- enough: where both premises are true, the gradient vanishes (all such networks vanish; broken by
  one that does not);
- needed: where one is false, it does not (no such network vanishes; broken by one that does).

"holds" if both halves stand, "is false" if both are broken, "holds only when" if one is; halves of
which neither can be said leave no verdict.

How chapter 05 uses it
----------------------
::

    rows, verdict = c03_slopes.load()
    c03_slopes.gains(rows)             # one row per network: factor before and after, with ends
    row = c03_slopes.run_job(c03_slopes.live_job("sigmoid, ±0.71", seed=0))
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.common import RESULTS, Experiment, Verdict
from experiments.intervals import PREFERRED, check_learning_rates, mean_table, mean_text
from experiments.training import GATED, accuracy, as_sigmoid, build, draw_sentences, probe, train
from utils.activations import ACTIVATIONS
from utils.classifier import SequenceClassifier
from utils.data import grammar

STATEMENT = "gradients vanish because sigmoid' ≤ 0.25 and weights are below 1"
NETWORKS = ("sigmoid", "sigmoid, ±0.71", "tanh", "relu", "tanh, saturated")
PREMISES_TRUE = ("sigmoid", "sigmoid, ±0.71")
LIMIT = 0.8
SUCCESS = 0.90

SETTINGS: dict[str, Any] = {
    "hidden": 32,
    "batch": 32,
    "updates": 600,
    "clip": 1.0,
    "distance": 20,
    "training_sentences": 4000,  # of each distance
    "test_sentences": 400,
    "gain": 1.5,  # of the saturated network's W_hh
    "inputs": 20.0,  # what its W_xh is multiplied by
    "networks": list(NETWORKS),
    "seeds": list(range(10)),
    # Chosen on seeds of their own: fewest failures, then
    # least updates until learnt, then least loss.
    "selection_seeds": [100, 101, 102],
    "candidates": [0.003, 0.01, 0.03],
    "learning_rates": {
        "sigmoid": 0.03,
        "sigmoid, ±0.71": 0.003,
        "tanh": 0.01,
        "relu": 0.003,
        "tanh, saturated": 0.003,
    },
}
KEY = ("phase", "network", "seed", "learning_rate")


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    select = [
        dict(zip(KEY, ("select", network, seed, rate), strict=True))
        for network in settings["networks"]
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    measure = [
        dict(zip(KEY, ("measure", network, s, settings["learning_rates"][network]), strict=True))
        for network in settings["networks"]
        for s in settings["seeds"]
    ]
    return select + measure


def live_job(network: str, seed: int = 0) -> dict[str, Any]:
    """Return a job of the measurement, to be run live in a notebook.

    Raises
    ------
    ValueError
        If there is no such network.
    """
    if network not in NETWORKS:
        raise ValueError(f"network is {network!r}; expected one of {'; '.join(NETWORKS)}.")
    values = ("measure", network, seed, SETTINGS["learning_rates"][network])
    return dict(zip(KEY, values, strict=True))


def equal_entries(rng: np.random.Generator, H: int) -> np.ndarray:
    r"""Return an orthogonal matrix whose entries are all :math:`\pm 1/\sqrt H`.

    Sylvester's construction doubles a Hadamard matrix; rows and columns then get random signs and
    the rows a random order.

    Parameters
    ----------
    H : int
        A power of two.

    Raises
    ------
    ValueError
        If it is not.

    References
    ----------
    Sylvester (1867), Thoughts on inverse orthogonal matrices, Philosophical Magazine 34.
    """
    matrix = np.ones((1, 1))
    while len(matrix) < H:
        matrix = np.kron([[1, 1], [1, -1]], matrix)
    if len(matrix) != H:
        raise ValueError(f"H is {H}; expected a power of two.")
    matrix = matrix[rng.permutation(H)] * rng.choice([-1, 1], H) * rng.choice([-1, 1], (H, 1))
    return matrix / np.sqrt(H)


def start(
    network: str, rng: np.random.Generator, settings: Mapping[str, Any] = SETTINGS
) -> SequenceClassifier:
    """Return one of the networks before training."""
    H = settings["hidden"]
    if network == "sigmoid, ±0.71":
        model = build(rng, H, "orthogonal")
        model.cell.W_hh[...] = equal_entries(rng, H)
        return as_sigmoid(model)
    if network == "tanh, saturated":
        model = build(rng, H, "orthogonal", gain=settings["gain"])
        model.cell.W_xh[...] *= settings["inputs"]
        return model
    return build(rng, H, "uniform", network)


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `updates`, `loss` in nats, `accuracy`; and before and after training
        the factor per step `gain`, the largest absolute entry of W_hh `largest_weight`, its largest
        `singular_value`, and `bound`, that value times the largest slope of the activation.
    """
    rng = np.random.default_rng([job["seed"], 0])
    test = grammar.batch(
        np.random.default_rng([job["seed"], 1]), settings["test_sentences"], settings["distance"]
    )
    model = start(job["network"], rng, settings)
    before = probe(model, test.xs)
    training = train(
        model,
        lambda: draw_sentences(
            rng, settings["batch"], settings["distance"], settings["training_sentences"]
        ),
        job["learning_rate"],
        settings["updates"],
        limit=settings["clip"],
    )
    after = probe(model, test.xs)
    slope = ACTIVATIONS[model.activation].derivative_bound
    return {
        **job,
        "updates": training.updates,
        "loss": training.loss,
        "accuracy": accuracy(model, *test),
        **{f"{name}_before": value for name, value in before.items()},
        "bound_before": slope * before["singular_value"],
        **after,
        "bound": slope * after["singular_value"],
    }


def gains(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what to draw: one row per network.

    Returns
    -------
    DataFrame
        `network`; `before`, `before_low`, `before_high` and `after`, …: factor per step, geometric
        means over seeds with t intervals; `weight`, the mean over seeds of the largest entry of
        W_hh before training; `premises`, whether slope and weights are as the claim has them;
        `accuracy`, the mean after training.
    """
    measured = rows[rows.phase == "measure"]
    tables = {
        when: mean_table(measured, ["network"], column, logarithmic=True).set_index("network")
        for when, column in (("before", "gain_before"), ("after", "gain"))
    }
    means = measured.groupby("network")[["largest_weight_before", "accuracy"]].mean()
    return pd.DataFrame(
        {
            "network": list(NETWORKS),
            **{
                f"{when}{end}": [tables[when].loc[n, column] for n in NETWORKS]
                for when in tables
                for end, column in (("", "mean"), ("_low", "low"), ("_high", "high"))
            },
            "weight": [means.loc[n, "largest_weight_before"] for n in NETWORKS],
            "premises": [n in PREMISES_TRUE for n in NETWORKS],
            "accuracy": [means.loc[n, "accuracy"] for n in NETWORKS],
        }
    )


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
    table = gains(rows)
    vanishes = (table.before_high < LIMIT) & (table.after_high < LIMIT)
    stays = (table.before_low > LIMIT) & (table.after_low > LIMIT)
    enough = _half(vanishes[table.premises], stays[table.premises])
    needed = _half(stays[~table.premises], vanishes[~table.premises])
    if enough is None or needed is None:
        raise ValueError("The runs decide nothing: see the factors per step of each network.")
    word = {2: "holds", 1: "holds only when", 0: "is false"}[enough + needed]
    measured = rows[rows.phase == "measure"]
    share = max(
        (measured.gain_before / measured.bound_before).max(), (measured.gain / measured.bound).max()
    )
    numbers = "; ".join(
        f"{row.network}: {_text(row, 'before')} and {_text(row, 'after')}"
        for _, row in table.iterrows()
    )
    halves = (
        f"the premises {'are' if enough else 'are not'} enough and "
        f"{'are' if needed else 'are not'} needed for a gradient to vanish"
    )
    text = (
        f"In networks of many units {halves}. Factor per step before and after training: "
        f"{numbers}. What bounds the factor in every run is the largest slope times the largest "
        f"singular value of W_hh, not single weights (largest quotient {share:.2f})."
    )
    return Verdict("C03", STATEMENT, word, text, _budget(), table)


def _half(as_told: pd.Series, broken: pd.Series) -> bool | None:
    """Return whether a half of the claim stands, or None where the runs cannot say."""
    if broken.any():
        return False
    return True if as_told.all() else None


def _text(row: pd.Series, when: str) -> str:
    ends = {"mean": row[when], "low": row[f"{when}_low"], "high": row[f"{when}_high"]}
    return mean_text(ends)


def _budget() -> str:
    return (
        f"{SETTINGS['distance']} words in between, at most {SETTINGS['updates']} updates of Adam "
        f"on {SETTINGS['batch']} of {SETTINGS['training_sentences']} sentences "
        f"each, {SETTINGS['hidden']} hidden units, "
        f"{len(SETTINGS['seeds'])} seeds, learning rates chosen on other seeds; 95 % t intervals."
    )


EXPERIMENT = Experiment(
    claim="C03",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c03.csv",
    plan=("networks", "seeds", "candidates", "learning_rates", "selection_seeds"),
    unused=GATED,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
