"""How many bits per character does an RNN need, and how many does counting? Chapter 04.

Text: Python's reference manual without its repeated paragraphs (`utils.data.text.topics_text`), the
first 90 % for training, 5 % for choosing, the last 5 % for the score. What was trained, with
`utils.language_model` in float32:

short
    256 units for about as long as the live run of the chapter (some 25 s on one core).
long
    512 units and more updates, three to four times the computation, with dropout on the way to
    the output layer, since a large network learns the text by heart.
gates
    256 units as in "short", of the gated cell of chapter 08 (GRU), with dropout; about two
    and a half times the computation of "short".
SGD; SGD, clipped; Adam; Adam, clipped
    A small network for 500 updates each, to compare the optimisers.

Counted: n-grams of 0, 1, 3, 5 and 8 characters with Kneser–Ney smoothing, discounts chosen on the
validation text. Mixed: the probabilities of a network and of the 5-gram, averaged with the share
that is best on the validation text.

Learning rates are chosen on the validation text, with seeds that are not used again (that of the
long runs, with their number of updates, in a pilot on the same text). The score is
on the test text and decides nothing. No claim of the ledger is judged here.

The text differs a little between versions of Python: rows are those of the version in the head of
the result file, networks and counts on the same text.

How chapter 04 uses it
----------------------
::

    from experiments import language_model
    rows, _ = language_model.load()
    language_model.score_table(rows)          # networks with intervals, and counts
    language_model.bits_curve(rows, "long")   # Curve: bits against characters read
    language_model.optimiser_table(rows)

Run all: ``make experiments ONLY=language_model`` (about ten minutes on two cores).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.common import RESULTS, Experiment
from experiments.intervals import Curve, t_interval
from utils.classifier import SequenceClassifier
from utils.data.text import Vocabulary, split_text, topics_text
from utils.language_model import (
    LanguageModelTrainer,
    evaluate,
    init_language_model,
    linear_decay,
    next_probabilities,
)
from utils.ngrams import fit_ngrams
from utils.optim import SGD, Adam
from utils.validation import Array, IndexArray, NotFiniteError

NETWORKS = ("short", "long", "gates")
OPTIMISERS = ("SGD", "SGD, clipped", "Adam", "Adam, clipped")
COUNTS = {"uniform": 0, "unigram": 1, "trigram": 3, "5-gram": 5, "8-gram": 8}
CHECKPOINTS = 10
LSTM = ("utils.cells.lstm", "utils.sequence.lstm")  # imported with the others, and not called
RUINED = 20.0  # bits, for a run whose numbers were no longer finite

SETTINGS: dict[str, Any] = {
    "T": 24,
    "B": 24,
    "networks": {
        "short": {"H": 256, "updates": 5500, "dropout": 0.0, "max_norm": 0.5},
        "long": {"H": 512, "updates": 6000, "dropout": 0.4, "max_norm": 0.5},
        "gates": {"H": 256, "updates": 5000, "dropout": 0.3, "max_norm": 0.5, "cell": "gru"},
        "SGD": {"H": 64, "updates": 500, "dropout": 0.0, "max_norm": None},
        "SGD, clipped": {"H": 64, "updates": 500, "dropout": 0.0, "max_norm": 0.5},
        "Adam": {"H": 64, "updates": 500, "dropout": 0.0, "max_norm": None},
        "Adam, clipped": {"H": 64, "updates": 500, "dropout": 0.0, "max_norm": 0.5},
    },
    "decay": ["short", "long", "gates"],  # the learning rate of the others stays
    "checkpoints": CHECKPOINTS,
    "counts": COUNTS,
    "seeds": [0, 1, 2, 3, 4],
    "selection_seeds": {"short": [100], "gates": [100], "others": [100, 101]},
    "candidates": {
        "short": [0.002, 0.005, 0.0125],
        "gates": [0.002, 0.004, 0.008],
        "SGD": [0.25, 1.0, 4.0, 16.0],
        "Adam": [0.001, 0.003, 0.01, 0.03, 0.1],
    },
    "learning_rates": {
        "short": 0.005,
        "long": 0.003,
        "gates": 0.004,
        "SGD": 1.0,
        "SGD, clipped": 1.0,
        "Adam": 0.01,
        "Adam, clipped": 0.01,
    },
}


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    found = [_job("counts", name, 0.0, 0) for name in settings["counts"]]
    for network in settings["networks"]:
        family = network.split(",")[0]
        seeds = settings["selection_seeds"].get(network, settings["selection_seeds"]["others"])
        for rate in settings["candidates"].get(family, []):
            found += [_job("select", network, rate, seed) for seed in seeds]
    for network in settings["networks"]:
        rate = settings["learning_rates"][network]
        found += [_job("measure", network, rate, seed) for seed in settings["seeds"]]
    return found


def _job(phase: str, model: str, rate: float, seed: int) -> dict[str, Any]:
    return {"phase": phase, "model": model, "learning_rate": rate, "seed": seed}


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train, or count, and score.

    Returns
    -------
    row : dict
        ``loss`` (validation) and ``bits`` (test), both in bits per character; for measured
        networks ``mixed`` with the 5-gram (test) and the ``share`` of the network in it;
        ``updates``, ``characters`` read, ``epochs``, ``seconds``; ``at_00`` … the bits on the test
        text after ``read_00`` … characters.
    """
    text = topics_text()
    vocabulary = Vocabulary.of(text)
    train, validation, test = (vocabulary.encode(part) for part in split_text(text))
    V = len(vocabulary)
    if job["phase"] == "counts":
        model = fit_ngrams(train, settings["counts"][job["model"]], V)
        model = model.choose_discounts(validation)
        scores = model.bits_per_character(validation), model.bits_per_character(test)
        return _row(settings, loss=scores[0], bits=scores[1])

    options, measured = settings["networks"][job["model"]], job["phase"] == "measure"
    rng = np.random.default_rng(job["seed"])
    network = init_language_model(V, options["H"], rng, cell=options.get("cell", "rnn"))
    rate, n = job["learning_rate"], options["updates"]
    trainer = LanguageModelTrainer(
        network,
        (SGD if job["model"].startswith("SGD") else Adam)(rate),
        train,
        settings["T"],
        settings["B"],
        options["max_norm"],
        linear_decay(rate, n) if job["model"] in settings["decay"] else None,
        dropout=options["dropout"],
        rng=rng,
    )
    stops = np.unique(np.geomspace(n / 50, n, settings["checkpoints"]).astype(int))
    curve: dict[str, float] = {}
    begun = time.perf_counter()
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            for update in range(1, n + 1):
                trainer.step()
                if measured and update in stops and job["model"] in settings["decay"]:
                    place = int(np.searchsorted(stops, update))
                    curve[f"read_{place:02d}"] = trainer.characters_read
                    curve[f"at_{place:02d}"] = evaluate(network, test).bits_per_character
            loss = evaluate(network, validation).bits_per_character
            bits = evaluate(network, test).bits_per_character
    except NotFiniteError:
        loss = bits = RUINED
    row = _row(
        settings,
        loss=loss,
        bits=bits,
        updates=trainer.updates,
        characters=trainer.characters_read,
        epochs=trainer.epochs,
        seconds=time.perf_counter() - begun,
        **curve,
    )
    if measured and job["model"] in settings["decay"]:
        row |= mix(network, train, validation, test)
    return row


def _row(settings: Mapping[str, Any], **values: float) -> dict[str, float]:
    columns = ["loss", "bits", "mixed", "share", "updates", "characters", "epochs", "seconds"]
    for place in range(settings["checkpoints"]):
        columns += [f"read_{place:02d}", f"at_{place:02d}"]
    return {column: values.get(column, np.nan) for column in columns}


def mix(
    network: SequenceClassifier, train: IndexArray, validation: IndexArray, test: IndexArray
) -> dict[str, float]:
    """Average the probabilities of a network with those of the 5-gram.

    Returns
    -------
    dict
        ``share`` of the network, the best of 0, 0.05, … 1 on the validation text, and ``mixed``,
        the bits per character on the test text.
    """
    counted = fit_ngrams(train, 5, network.output.b_y.shape[0]).choose_discounts(validation)

    def bits(share: float, pair: tuple[Array, Array]) -> float:
        return float(-np.log2(share * pair[0] + (1 - share) * pair[1]).mean())

    on_validation, on_test = (
        (next_probabilities(network, part), counted.next_probabilities(part))
        for part in (validation, test)
    )
    share = min(np.linspace(0, 1, 21), key=lambda s: bits(s, on_validation))
    return {"mixed": bits(share, on_test), "share": float(share)}


def score_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the bits per character on the test text, networks with 95 % t intervals.

    Returns
    -------
    DataFrame
        Columns `model`, `bits`, `low`, `high`, `runs`; counts have no interval. Rows such as
        "long with 5-gram" are mixtures.
    """
    counts = rows[rows.phase == "counts"]
    table = [(row.model, row.bits, np.nan, np.nan, 1) for row in counts.itertuples()]
    measured = rows[rows.phase == "measure"]
    for network in NETWORKS:
        for column, words in (("bits", ""), ("mixed", " with 5-gram")):
            values = measured[measured.model == network][column]
            table.append((network + words, *t_interval(values)[:3], len(values)))
    return pd.DataFrame(table, columns=["model", "bits", "low", "high", "runs"])


def baselines(rows: pd.DataFrame) -> dict[str, float]:
    """Return the bits per character of counting, by name, from the weakest to the strongest."""
    counts = rows[rows.phase == "counts"]
    return dict(zip(counts.model, counts.bits, strict=True))


def bits_curve(rows: pd.DataFrame, network: str) -> Curve:
    """Return what to draw: bits on the test text against characters read, with t intervals.

    Raises
    ------
    ValueError
        If the network is none of `NETWORKS`.
    """
    if network not in NETWORKS:
        raise ValueError(f"network is {network!r}; expected one of {', '.join(NETWORKS)}.")
    runs = rows[(rows.phase == "measure") & (rows.model == network)]
    places = [f"{p:02d}" for p in range(CHECKPOINTS) if runs[f"at_{p:02d}"].notna().all()]
    intervals = np.array([t_interval(runs[f"at_{place}"])[:3] for place in places])
    read = np.array([runs[f"read_{place}"].iloc[0] for place in places], dtype=float)
    return Curve(read, *intervals.T)


def optimiser_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what each optimiser reached on the test text, with 95 % t intervals.

    Returns
    -------
    DataFrame
        Columns `optimiser`, `learning_rate`, `bits`, `low`, `high`.
    """
    measured = rows[rows.phase == "measure"]
    table = []
    for name in OPTIMISERS:
        runs = measured[measured.model == name]
        table.append((name, runs.learning_rate.iloc[0], *t_interval(runs.bits)[:3]))
    return pd.DataFrame(table, columns=["optimiser", "learning_rate", "bits", "low", "high"])


def learning_rate_curves(rows: pd.DataFrame) -> dict[str, tuple[Array, Array]]:
    """Return what to draw: for each optimiser its learning rates and the mean bits over seeds.

    The runs are those that the learning rates were chosen by; the bits are on validation text.
    """
    select = rows[rows.phase == "select"]
    curves = {}
    for name in OPTIMISERS:
        means = select[select.model == name].groupby("learning_rate").loss.mean()
        curves[name] = (means.index.to_numpy(dtype=float), means.to_numpy(dtype=float))
    return curves


EXPERIMENT = Experiment(
    claim="language model",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=None,
    key=("phase", "model", "learning_rate", "seed"),
    results=RESULTS / "language_model.csv",
    unused=LSTM,
)


def check_rates(rows: pd.DataFrame, used: Mapping[str, float], tolerance: float = 0.02) -> None:
    """Compare the learning rates of the measurement with what the selection runs say.

    Parameters
    ----------
    rows : DataFrame
    used : mapping of str to float
        The learning rate by model; models without selection runs are left out.
    tolerance : float, in bits per character
        How much worse than the best one a rate may be on the validation text: near the best the
        curve is flat, and which rate is lowest differs from machine to machine.

    Raises
    ------
    ValueError
        If another rate is better than one in use by more than that.
    """
    select = rows[rows.phase == "select"]
    for name in select.model.unique():
        means = select[select.model == name].groupby("learning_rate").loss.mean()
        if means[used[name]] > means.min() + tolerance:
            raise ValueError(
                f"{name} was run with learning rate {used[name]}; the selection runs prefer "
                f"{means.idxmin()}:\n{means.to_string()}"
            )


def load() -> tuple[pd.DataFrame, None]:
    """Return the stored rows; stale or missing rows, or a rate not chosen, are refused.

    Raises
    ------
    StaleResultsError, ValueError
    """
    rows, _ = EXPERIMENT.load()
    check_rates(rows, SETTINGS["learning_rates"])
    return rows, None


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
