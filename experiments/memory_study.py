"""One study for many claims: recurrent cells, tasks that ask for a memory, seeds.

Every cell is trained on every task with one budget per task; the claims of chapter 07 judge the
rows, each those it needs, by a rule of its own (`c12_two_tanh` and the scripts beside it). What
differs between two cells is what their names say; everything else is equal.

Cells
-----
The variants of `utils.cells.LSTM_VARIANTS`, which differ from the LSTM in one part, and

no tanh
    Candidate linear, and nothing between memory and output gate: both tanh gone.
forget bias 0, forget bias 5
    The LSTM; everywhere else the bias of the forget gate starts at 1, where there is one.
rnn
    A plain RNN with as many units.
rnn with the parameters of the lstm
    A plain RNN with more units, its parameters as near to the LSTM's as can be.
lstm with the parameters of the rnn, gru with the parameters of the rnn
    With fewer units; all biases of the GRU start at 0.

Tasks
-----
agreement
    "was" or "were", 40 words after the noun.
adding
    The sum of two marked numbers among 30; right within 0.1.
temporal order
    Which of two marks came first and second, among 40 symbols: four classes.
copying
    Two symbols of four, said again after a delay of 15 steps.
counting
    24 symbols, + and - and neither; right is what rounds to the sum.
text
    The next character of the Python manual, in windows of 25; bits per character on text that
    training has not seen, after all updates.

A run succeeds if at least 90 % of its answers to new sequences are right. It stops early when the
mean loss over 50 updates says that the task has been learnt; on the text it never does.

Learning rates are chosen from 0.003, 0.01 and 0.03; many cells prefer an end of that row. A later
trial on the selection seeds of rates beyond the ends, for four of the pairs that fail (no input
gate and the larger plain RNN at adding, overwriting at agreement, input path sigmoid only at
counting), changed none of these outcomes: at most one run of three succeeded.

How chapter 07 uses it
----------------------
::

    rows, _ = memory_study.load()
    memory_study.success_rates(rows)                        # one row per task and cell
    memory_study.bits(rows)                                 # the text, likewise
    labels, values = memory_study.bars(rows, "adding")      # for draw_interval_rows
    memory_study.means(rows, "gain", logarithmic=True)      # any column, one row per task and cell
    row = memory_study.run_job(memory_study.live_job("no input gate", "adding", seed=0))

References
----------
Greff, Srivastava, Koutník, Steunebrink and Schmidhuber (2017), LSTM: a search space odyssey, IEEE
Transactions on Neural Networks and Learning Systems 28(10). Jozefowicz, Zaremba and Sutskever
(2015), An empirical exploration of recurrent network architectures, ICML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.common import RESULTS, Experiment
from experiments.intervals import PREFERRED, check_learning_rates, mean_table, success_table
from experiments.memory_training import (
    build,
    gain_per_step,
    largest_memory,
    make_task,
    score_on,
    train,
    units_for,
)
from utils.cells import LSTM_VARIANTS
from utils.sequence_model import count_parameters

SUCCESS = 0.90
RNN, LARGE_RNN = "rnn", "rnn with the parameters of the lstm"
SMALL_LSTM, SMALL_GRU = (f"{cell} with the parameters of the rnn" for cell in ("lstm", "gru"))
NO_TANH = "no tanh"

CELLS: dict[str, dict[str, Any]] = {
    **{name: {"cell": "lstm", "variant": name, "forget_bias": 1.0} for name in LSTM_VARIANTS},
    NO_TANH: {
        "cell": "lstm",
        "variant": {"candidate": "linear", "squash": "linear"},
        "forget_bias": 1.0,
    },
    "forget bias 0": {"cell": "lstm", "forget_bias": 0.0},
    "forget bias 5": {"cell": "lstm", "forget_bias": 5.0},
    RNN: {"cell": "rnn"},
    LARGE_RNN: {"cell": "rnn", "parameters_of": "lstm"},
    SMALL_LSTM: {"cell": "lstm", "forget_bias": 1.0, "parameters_of": "rnn"},
    SMALL_GRU: {"cell": "gru", "parameters_of": "rnn"},
}

SETTINGS: dict[str, Any] = {
    "hidden": 24,
    "batch": 32,
    "clip": 1.0,
    "test_sequences": 400,
    "cells": CELLS,
    "tasks": {
        "agreement": {"distance": 40},
        "adding": {"T": 30},
        "temporal order": {"T": 40},
        "copying": {"symbols": 2, "delay": 15, "alphabet": 4},
        "counting": {"T": 24},
        "text": {"T": 25},
    },
    "updates": {
        "agreement": 500,
        "adding": 800,
        "temporal order": 500,
        "copying": 800,
        "counting": 800,
        "text": 500,
    },
    "seeds": {
        "agreement": list(range(10)),
        "adding": list(range(10)),
        "temporal order": list(range(10)),
        "copying": list(range(10)),
        "counting": list(range(10)),
        "text": list(range(5)),
    },
    # Chosen for each task and cell on seeds of their own: fewest failures, then least updates
    # until learnt, then least loss in training.
    "selection_seeds": {
        "agreement": [100, 101, 102],
        "adding": [100, 101, 102],
        "temporal order": [100, 101, 102],
        "copying": [100, 101, 102],
        "counting": [100, 101, 102],
        "text": [100, 101],
    },
    "candidates": [0.003, 0.01, 0.03],
    "learning_rates": {
        "agreement": {
            "lstm": 0.003,
            "no forget gate": 0.01,
            "no input gate": 0.003,
            "no output gate": 0.01,
            "coupled gates": 0.01,
            "sigmoid candidate": 0.003,
            "linear candidate": 0.003,
            "tanh input gate": 0.003,
            "tanh output gate": 0.003,
            "input path sigmoid only": 0.03,
            "output path without tanh": 0.003,
            "output path sigmoid(c)": 0.03,
            "overwriting": 0.003,
            "no cell line": 0.003,
            "no tanh": 0.01,
            "forget bias 0": 0.003,
            "forget bias 5": 0.01,
            "rnn": 0.003,
            "rnn with the parameters of the lstm": 0.003,
            "lstm with the parameters of the rnn": 0.01,
            "gru with the parameters of the rnn": 0.03,
        },
        "adding": {
            "lstm": 0.03,
            "no forget gate": 0.03,
            "no input gate": 0.003,
            "no output gate": 0.03,
            "coupled gates": 0.03,
            "sigmoid candidate": 0.03,
            "linear candidate": 0.03,
            "tanh input gate": 0.01,
            "tanh output gate": 0.03,
            "input path sigmoid only": 0.03,
            "output path without tanh": 0.01,
            "output path sigmoid(c)": 0.03,
            "overwriting": 0.01,
            "no cell line": 0.03,
            "no tanh": 0.03,
            "forget bias 0": 0.03,
            "forget bias 5": 0.01,
            "rnn": 0.003,
            "rnn with the parameters of the lstm": 0.003,
            "lstm with the parameters of the rnn": 0.03,
            "gru with the parameters of the rnn": 0.03,
        },
        "temporal order": {
            "lstm": 0.03,
            "no forget gate": 0.03,
            "no input gate": 0.003,
            "no output gate": 0.003,
            "coupled gates": 0.03,
            "sigmoid candidate": 0.01,
            "linear candidate": 0.03,
            "tanh input gate": 0.003,
            "tanh output gate": 0.03,
            "input path sigmoid only": 0.01,
            "output path without tanh": 0.01,
            "output path sigmoid(c)": 0.03,
            "overwriting": 0.003,
            "no cell line": 0.003,
            "no tanh": 0.003,
            "forget bias 0": 0.003,
            "forget bias 5": 0.01,
            "rnn": 0.003,
            "rnn with the parameters of the lstm": 0.003,
            "lstm with the parameters of the rnn": 0.01,
            "gru with the parameters of the rnn": 0.03,
        },
        "copying": {
            "lstm": 0.01,
            "no forget gate": 0.03,
            "no input gate": 0.01,
            "no output gate": 0.01,
            "coupled gates": 0.03,
            "sigmoid candidate": 0.03,
            "linear candidate": 0.01,
            "tanh input gate": 0.01,
            "tanh output gate": 0.03,
            "input path sigmoid only": 0.03,
            "output path without tanh": 0.01,
            "output path sigmoid(c)": 0.03,
            "overwriting": 0.01,
            "no cell line": 0.003,
            "no tanh": 0.03,
            "forget bias 0": 0.01,
            "forget bias 5": 0.03,
            "rnn": 0.01,
            "rnn with the parameters of the lstm": 0.01,
            "lstm with the parameters of the rnn": 0.01,
            "gru with the parameters of the rnn": 0.03,
        },
        "counting": {
            "lstm": 0.03,
            "no forget gate": 0.03,
            "no input gate": 0.003,
            "no output gate": 0.03,
            "coupled gates": 0.03,
            "sigmoid candidate": 0.003,
            "linear candidate": 0.003,
            "tanh input gate": 0.01,
            "tanh output gate": 0.03,
            "input path sigmoid only": 0.003,
            "output path without tanh": 0.03,
            "output path sigmoid(c)": 0.03,
            "overwriting": 0.003,
            "no cell line": 0.003,
            "no tanh": 0.01,
            "forget bias 0": 0.03,
            "forget bias 5": 0.03,
            "rnn": 0.003,
            "rnn with the parameters of the lstm": 0.003,
            "lstm with the parameters of the rnn": 0.03,
            "gru with the parameters of the rnn": 0.03,
        },
        "text": {
            "lstm": 0.03,
            "no forget gate": 0.03,
            "no input gate": 0.03,
            "no output gate": 0.03,
            "coupled gates": 0.03,
            "sigmoid candidate": 0.03,
            "linear candidate": 0.03,
            "tanh input gate": 0.03,
            "tanh output gate": 0.03,
            "input path sigmoid only": 0.03,
            "output path without tanh": 0.03,
            "output path sigmoid(c)": 0.03,
            "overwriting": 0.03,
            "no cell line": 0.03,
            "no tanh": 0.03,
            "forget bias 0": 0.03,
            "forget bias 5": 0.03,
            "rnn": 0.03,
            "rnn with the parameters of the lstm": 0.03,
            "lstm with the parameters of the rnn": 0.03,
            "gru with the parameters of the rnn": 0.03,
        },
    },
}
TASKS = tuple(SETTINGS["tasks"])
TEXT = "text"
LEARNT = tuple(task for task in TASKS if task != TEXT)
"""The tasks on which a run succeeds or fails."""

KEY = ("phase", "task", "cell", "seed", "learning_rate")


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    select = [
        ("select", task, cell, seed, rate)
        for task in settings["tasks"]
        for cell in settings["cells"]
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"][task]
    ]
    measure = [
        ("measure", task, cell, seed, settings["learning_rates"][task][cell])
        for task in settings["learning_rates"]
        for cell in settings["cells"]
        for seed in settings["seeds"][task]
    ]
    return [dict(zip(KEY, job, strict=True)) for job in select + measure]


def live_job(cell: str, task: str, seed: int = 0) -> dict[str, Any]:
    """Return a job to be run live in a notebook, with the learning rate chosen for it.

    Raises
    ------
    ValueError
        If there is no such cell or task.
    """
    for name, value, options in (("cell", cell, CELLS), ("task", task, TASKS)):
        if value not in options:
            raise ValueError(f"{name} is {value!r}; expected one of {'; '.join(options)}.")
    job = ("measure", task, cell, seed, SETTINGS["learning_rates"][task][cell])
    return dict(zip(KEY, job, strict=True))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one cell on one task and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `units` and `parameters` of the model; `updates` made until the
        task was learnt, or the budget; `loss`, the mean over the last 50 updates; `score` on new
        sequences, the share of right answers or bits per character; `success`, 1 or 0, 0 for the
        text; `largest_norm` of a gradient on the way; `gain_before` and `gain`, the factor per
        step by which a gradient changes on its way from the end to the beginning, before and
        after training; `largest_memory`, the largest absolute cell state, after training.
    """
    task = make_task(job["task"], settings["tasks"][job["task"]])
    rng, test_rng = (np.random.default_rng([job["seed"], k]) for k in (0, 1))
    test = task.draw_new(test_rng, settings["test_sequences"])
    made = dict(settings["cells"][job["cell"]])
    reference = made.pop("parameters_of", None)
    units = settings["hidden"]
    if reference:
        forget = np.random.default_rng(0)
        like = count_parameters(build(forget, task, units, reference))
        units = units_for(like, task.D, task.K, made["cell"])
    model = build(rng, task, units, **made)
    few = test[0][:, :8]
    before = gain_per_step(model, few)
    training = train(
        model,
        lambda: task.draw(rng, settings["batch"]),
        job["learning_rate"],
        settings["updates"][job["task"]],
        limit=settings["clip"],
        stop=task.stop,
    )
    score = score_on(task, model, *test)
    return {
        **job,
        "units": units,
        "parameters": count_parameters(model),
        "updates": training.updates,
        "loss": training.loss,
        "score": score,
        "success": int(task.stop > 0 and score >= SUCCESS),
        "largest_norm": training.largest_norm,
        "gain_before": before,
        "gain": gain_per_step(model, few),
        "largest_memory": largest_memory(model, few),
    }


def measured(rows: pd.DataFrame, tasks: Sequence[str] = TASKS) -> pd.DataFrame:
    """Return the rows of the measurement, of some tasks."""
    return rows[(rows.phase == "measure") & rows.task.isin(tasks)]


def success_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return task, cell, runs, successes, and the rate with the ends of its Wilson interval."""
    return success_table(measured(rows, LEARNT), ["task", "cell"])


def bits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return cell, runs, and the mean bits per character of the text with its t interval."""
    return mean_table(measured(rows, [TEXT]), ["cell"], "score")


def means(rows: pd.DataFrame, column: str, logarithmic: bool = False) -> pd.DataFrame:
    """Return task, cell, runs, and the mean of a column with its t interval.

    Parameters
    ----------
    rows : DataFrame
    column : str
        Such as "gain", "updates" or "largest_memory".
    logarithmic : bool
        For the geometric mean.
    """
    return mean_table(measured(rows), ["task", "cell"], column, logarithmic=logarithmic)


def bars(
    rows: pd.DataFrame, task: str, cells: Sequence[str] | None = None
) -> tuple[list[str], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return what `utils.plots.claims.draw_interval_rows` draws: labels, and one group.

    Success rates, or for the text bits per character; one row for each of the cells.
    """
    table = bits(rows) if task == TEXT else success_rates(rows)
    if task != TEXT:
        table = table[table.task == task]
    table = table.set_index("cell").loc[list(cells or dict.fromkeys(table.cell))]
    estimate = "mean" if task == TEXT else "rate"
    values = tuple(table[column].to_numpy(float) for column in (estimate, "low", "high"))
    return list(table.index), values


def check_rates(rows: pd.DataFrame) -> None:
    """Compare the learning rates of the measurement with those that the selection runs prefer.

    Only cells and tasks that the rows hold are looked at.

    Raises
    ------
    ValueError
        If another rate is preferred for one of them.
    """
    rows = rows.assign(failed=1 - rows.success)
    for task, of_task in rows.groupby("task"):
        there = set(of_task.cell)
        used = {c: r for c, r in SETTINGS["learning_rates"][task].items() if c in there}
        check_learning_rates(of_task, "cell", used, by=PREFERRED)


EXPERIMENT = Experiment(
    claim="memory study",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=None,
    key=KEY,
    results=RESULTS / "memory_study.csv",
    plan=("seeds", "candidates", "learning_rates", "selection_seeds"),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
