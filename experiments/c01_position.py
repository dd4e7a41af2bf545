"""C01: a plain network cannot use at one position what it learnt at another.

The task: sequences of symbols; class 1 holds "ab", class 0 holds "ba" in its place (see
`utils.data.positions`). Training shows the pair at some positions, the test at others. Outside the
pair all symbols occur at all positions in training, except in the split "short".

Three networks read the same sequences, with the same loss, optimiser and number of updates:

flat
    The one-hot vectors of all T symbols side by side, one hidden layer of tanh units, one output.
    Sequences that are too short are filled up with zeros at the end.
rnn
    A plain RNN that reads one symbol at a time; the output sees its last hidden state.
conv
    The same small weight matrix on every two neighbours, ReLU, the maximum over all positions,
    one output. It shares weights over positions and forgets where it found something.

What can be predicted before the runs: will the flat network do better than chance (0.5) at the
positions that are held out? Will the RNN, which has one set of weights for all positions?

The rule of the verdict, on accuracies at held-out positions, 95 % t intervals over seeds
----------------------------------------------------------------------------------------
A split counts as evidence if the flat network learnt what it was shown (accuracy at the positions
shown: low end ≥ 0.90) and the task can be solved from these data (conv, held out: low end ≥ 0.90).
In such a split the claim is confirmed if the flat network's accuracy at held-out positions has a
high end < 0.55. In addition, the flat network trained on all positions must reach 0.90 (low end):
otherwise its size or the budget is at fault, and there is no verdict.

- "holds": confirmed in every split that is evidence, and there is at least one.
- "holds only when": confirmed in some; the text says in which.
- "is false": confirmed in none.

The second half of the usual story, "a recurrent network can, since it has the same weights at every
step", gets its own verdict by the same runs: confirmed in a split if the RNN's accuracy at held-out
positions has a low end ≥ 0.90.

How chapter 02 uses it
----------------------
::

    from experiments import c01_position
    rows, verdict = c01_position.load()     # one row per job: pandas frame; refuses stale rows
    print(verdict)                          # the word, the numbers, the budget
    c01_position.rnn_verdict(rows)          # the same for "a recurrent network can"
    curves = c01_position.accuracy_by_position(rows, "early")   # to draw: see its docstring
    row = c01_position.run_job(c01_position.live_job("flat", "early", seed=0))   # a second or two

    c01_position.compare_alignments(rows)   # does the RNN go by the step, or by the steps left?

To draw: position of the pair on the x axis, one line per network from `curves` with the interval
as a band, the positions shown in training shaded (column `shown`), chance at 0.5.

Run all: ``python -m experiments.c01_position`` (three to five minutes on one core).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from experiments.common import RESULTS, Experiment, Verdict
from experiments.intervals import Interval, check_learning_rates, t_interval
from utils.data import positions as data

T = data.LENGTH
V = len(data.SYMBOLS)
SPLITS = data.position_splits(T)
NETWORKS = ("flat", "rnn", "conv")
STATEMENT = "a plain network cannot use at one position what it learnt at another"
RNN_STATEMENT = "a recurrent network can, since it has the same weights at every step"

SETTINGS: dict[str, Any] = {
    "T": T,
    "hidden": 32,
    "batch": 64,
    "updates": 800,
    "clip": 1.0,
    "test_sequences": 400,  # per position
    "longer": 15,  # symbols in a second test, which tells counting from the start and from the end
    "splits": list(SPLITS),
    "networks": list(NETWORKS),
    "seeds": list(range(10)),
    # Chosen by the loss at the end of training (every update sees new sequences), the mean over two
    # of the splits, on seeds of their own: the rows of phase "select"; the verdict compares them.
    "learning_rates": {"flat": 0.03, "rnn": 0.01, "conv": 0.03},
    "candidates": [0.003, 0.01, 0.03],
    "selection_seeds": [1001, 1002],
    "selection_splits": ["all", "short"],
}

LEARNT = 0.90
CHANCE_BAND = 0.55


class Flat(nn.Module):
    """Two layers on the concatenated one-hot vectors of all T symbols."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(T * V, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        """Map one-hot symbols (L, B, V), L at most T, to logits (B,)."""
        filled = torch.zeros(T, *xs.shape[1:])
        filled[: len(xs)] = xs
        return self.layers(filled.transpose(0, 1).flatten(1))[:, 0]  # (B, T·V) → (B,)


class Recurrent(nn.Module):
    """A plain RNN and an output layer on its last hidden state."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.rnn = nn.RNN(V, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        """Map one-hot symbols (L, B, V) to logits (B,)."""
        hs, _ = self.rnn(xs)
        return self.output(hs[-1])[:, 0]


class Convolution(nn.Module):
    """One weight matrix for every two neighbours, and the maximum over positions."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.pairs = nn.Linear(2 * V, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, xs: torch.Tensor) -> torch.Tensor:
        """Map one-hot symbols (L, B, V) to logits (B,)."""
        found = torch.relu(self.pairs(torch.cat([xs[:-1], xs[1:]], dim=2)))  # (L-1, B, H)
        return self.output(found.amax(dim=0))[:, 0]


MODELS = {"flat": Flat, "rnn": Recurrent, "conv": Convolution}


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    select = [
        {"phase": "select", "network": n, "split": split, "seed": s, "learning_rate": rate}
        for split in settings["selection_splits"]
        for n in settings["networks"]
        for rate in settings["candidates"]
        for s in settings["selection_seeds"]
    ]
    measure = [
        {
            "phase": "measure",
            "network": n,
            "split": split,
            "seed": s,
            "learning_rate": settings["learning_rates"][n],
        }
        for split in settings["splits"]
        for n in settings["networks"]
        for s in settings["seeds"]
    ]
    return select + measure


def live_job(network: str, split: str, seed: int = 0) -> dict[str, Any]:
    """Return a job of the measurement, to be run live in a notebook.

    Raises
    ------
    ValueError
        If the network or the split is not among those of the settings.
    """
    if network not in MODELS or split not in SPLITS:
        raise ValueError(
            f"network {network!r}, split {split!r}; expected one of {', '.join(MODELS)} "
            f"and one of {', '.join(SPLITS)}."
        )
    rate = SETTINGS["learning_rates"][network]
    keys = ("phase", "network", "split", "seed", "learning_rate")
    return dict(zip(keys, ("measure", network, split, seed, rate), strict=True))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `parameters`, the number of weights; `loss`, in nats, the mean over
        the last 50 updates; `shown`, the accuracy on new sequences drawn as in training;
        `held_out`, the accuracy on T symbols with the pair at held-out positions (NaN if there are
        none); `at_00` …, the accuracy on T symbols with the pair at that position; `longer_00` …
        the same on `longer` symbols, NaN for the flat network. Accuracies are in [0, 1]; chance
        is 0.5.
    """
    split = SPLITS[job["split"]]
    rng = np.random.default_rng([job["seed"], 0])
    test_rng = np.random.default_rng([job["seed"], 1])
    model = build(job["network"], job["seed"], settings)
    optimiser = torch.optim.Adam(model.parameters(), lr=job["learning_rate"])
    losses = []
    for _ in range(settings["updates"]):
        batch = draw_training(rng, settings["batch"], split)
        logits = model(one_hot(batch.xs))
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits, torch.from_numpy(batch.targets).float()
        )
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
        optimiser.step()
        losses.append(loss.item())

    n = settings["test_sequences"]
    shown = [accuracy(model, draw_training(test_rng, n, split)) for _ in range(5)]
    at = [accuracy(model, data.sample_patterns(test_rng, n, [p], T)) for p in data.all_positions(T)]
    later = settings["longer"]
    longer = [
        accuracy(model, data.sample_patterns(test_rng, n, [p], later))
        if job["network"] != "flat"  # which is made for T symbols
        else np.nan
        for p in data.all_positions(later)
    ]
    return {
        **job,
        "parameters": sum(p.numel() for p in model.parameters()),
        "loss": float(np.mean(losses[-50:])),
        "shown": float(np.mean(shown)),
        "held_out": float(np.mean([at[p] for p in split.held_out])) if split.held_out else np.nan,
        **{f"at_{p:02d}": value for p, value in enumerate(at)},
        **{f"longer_{p:02d}": value for p, value in enumerate(longer)},
    }


def build(network: str, seed: int, settings: Mapping[str, Any] = SETTINGS) -> nn.Module:
    """Return a new network; its weights depend on the seed alone, not on torch's global state."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MODELS[network](settings["hidden"])


def draw_training(rng: np.random.Generator, n: int, split: data.Split) -> data.PatternBatch:
    """Draw n sequences as training shows them: of one length, which is itself drawn."""
    length = int(rng.choice(split.lengths))
    shown = [p for p in split.shown if p <= length - 2]
    return data.sample_patterns(rng, n, shown, length)


def one_hot(xs: np.ndarray) -> torch.Tensor:
    """Turn symbols (L, B) into one-hot vectors (L, B, V)."""
    return torch.eye(V)[torch.from_numpy(xs)]


def accuracy(model: nn.Module, batch: data.PatternBatch) -> float:
    """Return the share of sequences that the network puts into the right class."""
    with torch.no_grad():
        return float(((model(one_hot(batch.xs)) > 0).numpy() == batch.targets).mean())


def evidence(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the 95 % t intervals over seeds, one row per split and network."""
    measured = rows[rows.phase == "measure"]
    table = []
    for split in SPLITS:
        for network in NETWORKS:
            these = measured[(measured.split == split) & (measured.network == network)]
            row: dict[str, Any] = {"split": split, "network": network, "seeds": len(these)}
            for column in ("shown", "held_out"):
                if column == "held_out" and not SPLITS[split].held_out:
                    interval = Interval(np.nan, np.nan, np.nan, len(these))
                else:
                    interval = t_interval(these[column], bounds=(0, 1))
                row.update(
                    {
                        column: interval.estimate,
                        f"{column}_low": interval.low,
                        f"{column}_high": interval.high,
                    }
                )
            table.append(row)
    return pd.DataFrame(table)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the runs decide nothing: no split is evidence, or the flat network does not learn the
        task even when it is shown all positions.
    """
    check_learning_rates(rows, "network", SETTINGS["learning_rates"])
    table = evidence(rows)
    at = table.set_index(["network", "split"])
    everywhere = at.loc[("flat", "all")]
    splits = [
        s
        for s in _with_held_out()
        if at.loc[("flat", s)].shown_low >= LEARNT and at.loc[("conv", s)].held_out_low >= LEARNT
    ]
    if everywhere.shown_low < LEARNT or not splits:
        raise ValueError(
            "The runs decide nothing: the networks did not learn what they were shown."
        )
    confirmed = [s for s in splits if at.loc[("flat", s)].held_out_high < CHANCE_BAND]
    lowest = at.loc["conv"].loc[splits].held_out.min()
    numbers = "; ".join(f"{s}: {_range(at.loc[('flat', s)])}" for s in splits)
    text = (
        f"Accuracy of the flat network at held-out positions, chance being 0.5: {numbers}. Shown "
        f"all positions, it reaches {_range(everywhere, 'shown')}: it can learn each position, but "
        "needs examples at each. With one set of weights for every two neighbours and the maximum "
        f"over positions, accuracy there is at least {lowest:.2f}."
    )
    return Verdict("C01", STATEMENT, *_word(confirmed, splits, text), _budget(), table)


def rnn_verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule for the second half of the story: that a recurrent network can."""
    check_learning_rates(rows, "network", SETTINGS["learning_rates"])
    table = evidence(rows)
    at = table.set_index(["network", "split"])
    splits = [s for s in _with_held_out() if at.loc[("rnn", s)].shown_low >= LEARNT]
    confirmed = [s for s in splits if at.loc[("rnn", s)].held_out_low >= LEARNT]
    numbers = "; ".join(f"{s}: {_range(at.loc[('rnn', s)])}" for s in splits)
    text = (
        f"Accuracy of the RNN at held-out positions, chance being 0.5: {numbers}. It has one "
        "set of weights for all steps, so where it does worse, its state makes the difference."
    )
    return Verdict("C01", RNN_STATEMENT, *_word(confirmed, splits, text), _budget(), table)


def accuracy_by_position(rows: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return what to draw: accuracy against the position of the pair, for each network.

    Returns
    -------
    curves : DataFrame
        Columns `network`, `position` (0 … T-2), `accuracy` in [0, 1], `low`, `high` (95 % t
        interval over seeds), `shown` (whether training showed the pair there).

    Raises
    ------
    ValueError
        If there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(SPLITS)}.")
    measured = rows[(rows.phase == "measure") & (rows.split == split)]
    table = []
    for network in NETWORKS:
        for position in data.all_positions(T):
            values = measured[measured.network == network][f"at_{position:02d}"]
            mean, low, high, *_ = t_interval(values, bounds=(0, 1))
            shown = position in SPLITS[split].shown
            table.append((network, position, mean, low, high, shown))
    return pd.DataFrame(table, columns=["network", "position", "accuracy", "low", "high", "shown"])


def compare_alignments(rows: pd.DataFrame, split: str = "gaps") -> dict[str, float]:
    """Ask what the RNN's accuracy goes with: the step of the pair, or the steps left after it.

    The mean accuracies at all positions of T symbols are laid over those of `longer` symbols,
    once with the first symbols and once with the last symbols on top of each other.

    Returns
    -------
    differences : dict
        The mean absolute difference of the accuracies, in [0, 1], under ``"aligned at the start"``
        and ``"aligned at the end"``; the smaller one tells what the accuracy goes with.

    Raises
    ------
    ValueError
        If there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(SPLITS)}.")
    own = (rows.phase == "measure") & (rows.split == split) & (rows.network == "rnn")
    usual = rows.loc[own, [f"at_{p:02d}" for p in data.all_positions(T)]].mean().to_numpy()
    positions = data.all_positions(SETTINGS["longer"])
    longer = rows.loc[own, [f"longer_{p:02d}" for p in positions]].mean().to_numpy()
    n = len(usual)
    return {
        "aligned at the start": float(np.abs(usual - longer[:n]).mean()),
        "aligned at the end": float(np.abs(usual - longer[-n:]).mean()),
    }


def _with_held_out() -> list[str]:
    return [name for name, split in SPLITS.items() if split.held_out]


def _range(row: pd.Series, column: str = "held_out") -> str:
    return f"{row[column]:.2f} [{row[f'{column}_low']:.2f}, {row[f'{column}_high']:.2f}]"


def _word(confirmed: Iterable[str], splits: list[str], text: str) -> tuple[str, str]:
    confirmed = list(confirmed)
    if not confirmed:
        return "is false", text
    if len(confirmed) == len(splits):
        return "holds", text
    yes, no = (
        ", ".join(f"'{s}'" for s in splits if (s in confirmed) == wanted)
        for wanted in (True, False)
    )
    return "holds only when", f"The positions shown are those of {yes}, not of {no}. {text}"


def _budget() -> str:
    return (
        f"{SETTINGS['updates']} updates of Adam on {SETTINGS['batch']} new sequences each, "
        f"{SETTINGS['hidden']} hidden units, T = {T}, {len(SETTINGS['seeds'])} seeds, learning "
        "rates chosen on other seeds; 95 % t intervals over seeds."
    )


EXPERIMENT = Experiment(
    claim="C01",
    settings=SETTINGS,
    script=Path(__file__),
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=("phase", "network", "split", "seed", "learning_rate"),
    results=RESULTS / "c01.csv",
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
