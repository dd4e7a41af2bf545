"""Does an RNN that agrees at one distance agree at others? Chapter 02's opening prediction.

The sentences of `utils.data.grammar`: the first noun decides between "was" and "were", with
`distance` words in between. Two ways to train the same network:

one distance
    6 words in between, always.
six distances
    1 to 6 words in between, drawn anew for each update.

Test, without further training: 1 to 20 words in between.

What can be predicted before the runs: trained with 6 words, how often is the network right with 9?

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds at a distance if its accuracy there is at least 0.90; outcomes are nearly
all-or-nothing, so success rates are counted and not accuracies averaged. A way of training is
evidence if it succeeds at the distance 6 that both ways show (low end ≥ 0.70, which is ten of ten).
It confirms the statement if it also succeeds at 9 (low end ≥ 0.70).

- "holds": both ways are evidence and confirm.
- "holds only when": one does; the text says which.
- "is false": none does.

How chapter 02 uses it
----------------------
::

    from experiments import agreement_distances
    rows, verdict = agreement_distances.load()
    grid = agreement_distances.accuracy_grid(rows, "one distance")   # (seeds, 20)

Run all: ``python -m experiments.agreement_distances`` (about two minutes on one core).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from experiments.common import RESULTS, Experiment, Verdict
from experiments.intervals import check_learning_rates, wilson_interval
from utils.data import grammar

V = len(grammar.VOCABULARY)
STATEMENT = "an RNN that agrees with 6 words in between agrees with 9 as well"
TRAININGS = {"one distance": [6], "six distances": [1, 2, 3, 4, 5, 6]}
SUCCESS = 0.90
SURE = 0.70

SETTINGS: dict[str, Any] = {
    "trainings": TRAININGS,
    "tested": list(range(1, 21)),
    "hidden": 32,
    "batch": 32,
    "updates": 400,
    "test_sentences": 200,  # per distance
    "seeds": list(range(10)),
    "selection_seeds": [100, 101, 102],
    "candidates": [1e-3, 3e-3, 1e-2],
    "learning_rates": {"one distance": 1e-2, "six distances": 1e-2},
}


class Agreement(nn.Module):
    """A plain RNN over one-hot words, read out after the last one."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.rnn = nn.RNN(V, hidden)
        self.readout = nn.Linear(hidden, 2)

    def forward(self, xs: np.ndarray) -> torch.Tensor:
        """Map words (T, B) to logits (B, 2)."""
        hs, _ = self.rnn(torch.eye(V)[torch.from_numpy(xs)])
        return self.readout(hs[-1])


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    select = [
        {"phase": "select", "training": training, "seed": seed, "learning_rate": rate}
        for training in settings["trainings"]
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    measure = [
        {
            "phase": "measure",
            "training": training,
            "seed": seed,
            "learning_rate": settings["learning_rates"][training],
        }
        for training in settings["trainings"]
        for seed in settings["seeds"]
    ]
    return select + measure


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `loss`, in nats, the mean over the last 50 updates; `at_01` … the
        accuracy in [0, 1] with that many words in between.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job["seed"])
        model = Agreement(settings["hidden"])
    rng = np.random.default_rng([job["seed"], 0])
    test_rng = np.random.default_rng([job["seed"], 1])
    optimiser = torch.optim.Adam(model.parameters(), lr=job["learning_rate"])
    losses = []
    for _ in range(settings["updates"]):
        distance = int(rng.choice(settings["trainings"][job["training"]]))
        xs, targets = grammar.batch(rng, settings["batch"], distance)
        loss = nn.functional.cross_entropy(model(xs), torch.from_numpy(targets))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())

    row = {**job, "loss": float(np.mean(losses[-50:]))}
    for distance in settings["tested"]:
        xs, targets = grammar.batch(test_rng, settings["test_sentences"], distance)
        with torch.no_grad():
            right = model(xs).argmax(dim=1).numpy() == targets
        row[f"at_{distance:02d}"] = float(right.mean())
    return row


def accuracy_grid(rows: pd.DataFrame, training: str) -> np.ndarray:
    """Return what to draw: accuracies, one row per seed, one column per distance 1, 2, … 20.

    Raises
    ------
    ValueError
        If there is no such way of training.
    """
    if training not in TRAININGS:
        raise ValueError(f"training is {training!r}; expected one of {', '.join(TRAININGS)}.")
    measured = rows[(rows.phase == "measure") & (rows.training == training)]
    return measured[[f"at_{d:02d}" for d in SETTINGS["tested"]]].to_numpy()


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or no way of
        training learnt the distance that it was shown.
    """
    check_learning_rates(rows, "training", SETTINGS["learning_rates"])
    table, confirmed, shown = [], [], []
    for training in TRAININGS:
        grid = accuracy_grid(rows, training)
        rates = {
            d: wilson_interval(int((grid[:, d - 1] >= SUCCESS).sum()), len(grid)) for d in (6, 9)
        }
        shown += [training] if rates[6].low >= SURE else []
        confirmed += [training] if min(rates[6].low, rates[9].low) >= SURE else []
        table += [(training, d, r.estimate, r.low, r.high) for d, r in rates.items()]
    if not shown:
        raise ValueError("The runs decide nothing: no network learnt what it was shown.")
    frame = pd.DataFrame(table, columns=["training", "distance", "success", "low", "high"])
    at_nine = frame[frame.distance == 9].set_index("training")
    text = " ".join(
        f"Trained on {name}, a network is right at 9 in {row.success:.0%} of the runs "
        f"[{row.low:.0%}, {row.high:.0%}]."
        for name, row in at_nine.iterrows()
    )
    word = {0: "is false", len(shown): "holds"}.get(len(confirmed), "holds only when")
    if word == "holds only when":
        text = f"When it is trained on {confirmed[0]}. {text}"
    return Verdict("agreement at another distance", STATEMENT, word, text, _budget(), frame)


def _budget() -> str:
    return (
        f"{SETTINGS['updates']} updates of Adam on {SETTINGS['batch']} new sentences each, "
        f"{SETTINGS['hidden']} hidden units, {len(SETTINGS['seeds'])} seeds, learning rates chosen "
        "on other seeds; success is an accuracy of at least 90 %; 95 % Wilson intervals."
    )


EXPERIMENT = Experiment(
    claim="agreement at another distance",
    settings=SETTINGS,
    script=Path(__file__),
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=("phase", "training", "seed", "learning_rate"),
    results=RESULTS / "agreement_distances.csv",
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
