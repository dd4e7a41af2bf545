"""C17: GRU is as good as LSTM and cheaper.

The usual argument: a GRU has three blocks of weights where an LSTM has four, so it needs three
quarters of the parameters and of the time, and learns as well. Both comparisons are made here: on
equal parameters, where a GRU has more units than an LSTM, with equally many updates; and on equal
time, where each cell may make as many updates as it can in the time that the LSTM takes for its
budget. A plain RNN of as many parameters stands beside them. LSTMs start with a forget bias of 1;
all cells start normal, of standard deviation one over the root of the rows of each matrix.

Tasks: agreement over 40 words, adding (two marked numbers among 30), temporal order (of two marks
among 40 symbols), copying (two symbols, after 15 steps), and text: the next character of the Python
manual, in bits per character on held-out text. They are those of `experiments.memory_study`, with
the same budgets of updates.

`STEP_TIMES` says how long a training step takes with equal parameters, in times of the LSTM's:
medians of ``python benchmarks/equal_parameters.py`` for our own engine, NumPy in float32, one
thread. Other engines have other ratios.

Prediction, after pilots of agreement on other seeds and before the runs: it holds only when memory
is asked for no longer than an untrained update gate allows. On text and the shorter tasks both are
alike. On agreement over 40 words the LSTM, whose forget gate starts open, learns in fewer updates.
With equal parameters a step of the GRU is not cheaper: its matrices are larger, and our engine
spends as much on each of its blocks.

Learning rates were chosen from 0.003, 0.01 and 0.03 at first; 0.001, 0.1 and 0.3 were added, since
the best often stood at an end of that row. The GRU prefers 0.1 on four of the five tasks.

The rule of the verdict, over seeds, 95 % intervals
---------------------------------------------------
A run succeeds if at least 90 % of its answers to new sequences are right. A task with success is a
case once for equally many updates and once for equal time, if LSTM or GRU succeeds there (low end
of its Wilson interval ≥ 0.50, at least nine of ten runs). It confirms the claim if the GRU
succeeds, and refutes it if the LSTM alone does. The text is a case twice as well: the mean
difference in bits per character between GRU and LSTM, over seeds, confirms if the high end of its
t interval is at most 0.05, and refutes if the low end is above 0.05. One more case is the price:
the geometric mean over the tasks of the step time, in `STEP_TIMES`, confirms if it is at most 0.95
and refutes if it is at least 1.

- "holds": all cases confirm.
- "holds only when": some do; the text says which do not.
- "is false": none does, and at least one refutes.

How chapter 08 uses it
----------------------
::

    rows, verdict = c17_gru_or_lstm.load()      # verdict.evidence: task, cell, budget, rate
    c17_gru_or_lstm.success_rates(rows)         # task, cell, budget ("updates" or "time"), rate …
    c17_gru_or_lstm.bits(rows)                  # cell, budget, mean, low, high: bits per character
    labels, groups = c17_gru_or_lstm.bars(rows, "time")     # for draw_interval_rows: by cell
    c17_gru_or_lstm.learning_times(rows)        # task, cell: updates until learnt; in LSTM steps
    c17_gru_or_lstm.sizes(rows)                 # task, cell, units, parameters, step_time
    row = c17_gru_or_lstm.run_job(c17_gru_or_lstm.live_job("gru", "adding", seed=0))

References
----------
Chung, Gulcehre, Cho and Bengio (2014), Empirical evaluation of gated recurrent neural networks on
sequence modeling, arXiv:1412.3555. Jozefowicz, Zaremba and Sutskever (2015), An empirical
exploration of recurrent network architectures, ICML. Greff et al. (2017), LSTM: a search space
odyssey, IEEE Transactions on Neural Networks and Learning Systems 28(10).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments import memory_study
from experiments.common import RESULTS, Experiment, Verdict
from experiments.intervals import (
    PREFERRED,
    Curve,
    check_learning_rates,
    decide,
    mean_table,
    percent,
    success_table,
    t_interval,
)
from experiments.memory_training import build, make_task, score_on, train, units_for
from utils.sequence_model import count_parameters

STATEMENT = "GRU is as good as LSTM and cheaper"
CELLS = ("rnn", "gru", "lstm")
BUDGETS = ("updates", "time")
TEXT = "text"
SUCCESS = 0.90
SURE = 0.50
MARGIN = 0.05  # bits per character
CHEAPER, NOT_CHEAPER = 0.95, 1.0

STEP_TIMES: dict[str, dict[str, float]] = {
    "agreement": {"rnn": 0.62, "gru": 1.16, "lstm": 1.0},
    "adding": {"rnn": 0.53, "gru": 1.05, "lstm": 1.0},
    "temporal order": {"rnn": 0.52, "gru": 1.12, "lstm": 1.0},
    "copying": {"rnn": 0.63, "gru": 1.12, "lstm": 1.0},
    "text": {"rnn": 0.77, "gru": 1.17, "lstm": 1.0},
}
TASKS = tuple(STEP_TIMES)

SETTINGS: dict[str, Any] = {
    "hidden": 24,  # of the LSTM
    "batch": 32,
    "clip": 1.0,
    "forget_bias": 1.0,
    "test_sequences": 400,
    "tasks": {task: memory_study.SETTINGS["tasks"][task] for task in TASKS},
    "updates": {task: memory_study.SETTINGS["updates"][task] for task in TASKS},
    "step_times": STEP_TIMES,
    "seeds": {task: list(range(5 if task == TEXT else 10)) for task in TASKS},
    # Chosen for each task and cell on seeds of their own, at equally many updates: fewest failures,
    # then least updates until learnt, then least loss.
    "selection_seeds": [100, 101],
    "candidates": [0.001, 0.003, 0.01, 0.03, 0.1, 0.3],
    "learning_rates": {
        "rnn, agreement": 0.003,
        "gru, agreement": 0.1,
        "lstm, agreement": 0.003,
        "rnn, adding": 0.003,
        "gru, adding": 0.1,
        "lstm, adding": 0.03,
        "rnn, temporal order": 0.003,
        "gru, temporal order": 0.1,
        "lstm, temporal order": 0.03,
        "rnn, copying": 0.01,
        "gru, copying": 0.1,
        "lstm, copying": 0.03,
        "rnn, text": 0.03,
        "gru, text": 0.03,
        "lstm, text": 0.1,
    },
}
LEARNT = tuple(task for task in TASKS if task != TEXT)
KEY = ("phase", "task", "cell", "seed", "learning_rate")


def units(cell: str, task: str, settings: Mapping[str, Any] = SETTINGS) -> int:
    """Return the hidden units with which a cell has the parameters of the LSTM of a task."""
    made = make_task(task, settings["tasks"][task])
    lstm = build(np.random.default_rng(0), made, settings["hidden"], "lstm")
    return units_for(count_parameters(lstm), made.D, made.K, cell)


def arm(job: Mapping[str, Any]) -> str:
    """Return the name of what a learning rate is chosen for, such as "gru, adding"."""
    return f"{job['cell']}, {job['task']}"


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    arms = [(task, cell) for task in settings["tasks"] for cell in CELLS]
    select = [
        ("select", task, cell, seed, rate)
        for task, cell in arms
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    rates = settings["learning_rates"]
    measure = [
        ("measure", task, cell, seed, rates[f"{cell}, {task}"])
        for task, cell in arms * bool(rates)
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
    rate = SETTINGS["learning_rates"][f"{cell}, {task}"]
    return dict(zip(KEY, ("measure", task, cell, seed, rate), strict=True))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one cell on one task, as long as the larger of its two budgets, and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `units` and `parameters` of the model; `budget` and `time_budget`, in
        updates; `learnt`, 1 if training stopped because the task was learnt, after `updates`;
        `loss`, the mean over the last 50 updates; `score_updates` and `score_time` on new
        sequences, after the one budget and after the other: the share of right answers, or of the
        text bits per character; `largest_norm` of a gradient on the way.
    """
    name, cell = job["task"], job["cell"]
    task = make_task(name, settings["tasks"][name])
    rng, test_rng = (np.random.default_rng([job["seed"], k]) for k in (0, 1))
    test = task.draw_new(test_rng, settings["test_sequences"])
    H = units(cell, name, settings)
    bias = {"forget_bias": settings["forget_bias"]} if cell == "lstm" else {}
    model = build(rng, task, H, cell, **bias)
    updates = settings["updates"][name]
    in_time = round(updates / settings["step_times"][name][cell])
    if job["phase"] == "select":
        in_time = updates
    shorter, longer = sorted((updates, in_time))
    scores: dict[int, float] = {}

    def watch(update: int, _: Any) -> None:
        if update == shorter:
            scores[shorter] = score_on(task, model, *test)

    training = train(
        model,
        lambda: task.draw(rng, settings["batch"]),
        job["learning_rate"],
        longer,
        limit=settings["clip"],
        stop=task.stop,
        watch=watch,
    )
    scores[longer] = score_on(task, model, *test)
    scores.setdefault(shorter, scores[longer])  # learnt before
    return {
        **job,
        "units": H,
        "parameters": count_parameters(model),
        "budget": updates,
        "time_budget": in_time,
        "learnt": int(training.learnt),
        "updates": training.updates,
        "loss": training.loss,
        "score_updates": scores[updates],
        "score_time": scores[in_time],
        "largest_norm": training.largest_norm,
    }


def by_budget(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the measured rows once for each budget, with columns `allowed` and `score`."""
    measured = rows[rows.phase == "measure"]
    return pd.concat(
        [measured.assign(allowed=budget, score=measured[f"score_{budget}"]) for budget in BUDGETS],
        ignore_index=True,
    )


def success_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return task, cell, budget, runs, successes, and the rate with its Wilson interval."""
    found = by_budget(rows)
    found = found[found.task != TEXT].drop(columns="budget").rename(columns={"allowed": "budget"})
    return success_table(found.assign(success=found.score >= SUCCESS), ["task", "cell", "budget"])


def bits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return cell, budget, runs, and the mean bits per character with its t interval."""
    found = by_budget(rows)
    found = found[found.task == TEXT].drop(columns="budget").rename(columns={"allowed": "budget"})
    return mean_table(found, ["cell", "budget"], "score")


def bars(
    rows: pd.DataFrame, budget: str = "updates"
) -> tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Return what `utils.plots.claims.draw_interval_rows` draws: tasks, and rates by cell.

    Parameters
    ----------
    rows : DataFrame
    budget : {"updates", "time"}
    """
    at = success_rates(rows).set_index(["cell", "budget", "task"])
    groups = {}
    for cell in CELLS:
        chosen = at.loc[[(cell, budget, task) for task in LEARNT]]
        groups[cell] = tuple(chosen[column].to_numpy() for column in ("rate", "low", "high"))
    return list(LEARNT), groups


def learning_times(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how long the runs took that learnt their task within the larger budget.

    Returns
    -------
    DataFrame
        task, cell, runs (those that learnt), and geometric means with t intervals of the updates
        until learnt: `updates`, `low`, `high`; and `steps`, the same in steps of the LSTM.
    """
    measured = rows[(rows.phase == "measure") & (rows.task != TEXT)]
    learnt = measured.assign(until=measured.updates.where(measured.learnt == 1))
    table = mean_table(learnt, ["task", "cell"], "until", logarithmic=True)
    ratios = [STEP_TIMES[row.task][row.cell] for row in table.itertuples()]
    return table.rename(columns={"mean": "updates"}).assign(steps=lambda t: t.updates * ratios)


def sizes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return task, cell, units, parameters, and the time of a step in times of the LSTM's."""
    measured = rows[rows.phase == "measure"]
    table = measured.groupby(["task", "cell"], sort=False)[["units", "parameters"]].first()
    table = table.reset_index()
    times = [STEP_TIMES[row.task][row.cell] for row in table.itertuples()]
    return table.assign(step_time=times)


def step_time(cell: str) -> float:
    """Return the geometric mean over the tasks of a cell's step time, in times of the LSTM's."""
    return float(np.exp(np.mean([np.log(STEP_TIMES[task][cell]) for task in TASKS])))


def difference(rows: pd.DataFrame, budget: str) -> Curve:
    """Return the mean of GRU − LSTM in bits per character over seeds, with its t interval.

    As arrays of one entry.
    """
    found = by_budget(rows)
    found = found[(found.task == TEXT) & (found.allowed == budget)]
    by_seed = found.pivot_table(index="seed", columns="cell", values="score")
    interval = t_interval(by_seed.gru - by_seed.lstm)
    return Curve(np.zeros(1), *(np.array([value]) for value in interval[:3]))


def cases(rows: pd.DataFrame) -> dict[str, int]:
    """Return what each case says: 1 where it confirms the claim, -1 where it refutes it, or 0."""
    at = success_rates(rows).set_index(["task", "cell", "budget"])
    found = {}
    for budget in BUDGETS:
        for task in LEARNT:
            gru, lstm = at.loc[(task, "gru", budget)], at.loc[(task, "lstm", budget)]
            if max(gru.low, lstm.low) >= SURE:
                found[f"{task} on equal {budget}"] = 1 if gru.low >= SURE else -1
        _, _, low, high = (values[0] for values in difference(rows, budget))
        found[f"text on equal {budget}"] = int(high <= MARGIN) - int(low > MARGIN)
    price = step_time("gru")
    found["price"] = int(price <= CHEAPER) - int(price >= NOT_CHEAPER)
    return found


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    learnable = rows.task != TEXT
    named = rows.assign(
        arm=[arm(row) for row in rows.to_dict("records")],
        failed=learnable & (rows.score_updates < SUCCESS),
    )
    check_learning_rates(named, "arm", SETTINGS["learning_rates"], by=PREFERRED)
    rates = success_rates(rows)
    at = rates.set_index(["task", "cell", "budget"])
    told = cases(rows)
    confirmed = [case for case, value in told.items() if value == 1]
    refuted = [case for case, value in told.items() if value == -1]
    word = decide(confirmed, refuted, list(told))
    open_ = [case for case, value in told.items() if value == 0]
    parts = [f"{len(confirmed)} of {len(told)} cases say so"]
    if refuted:
        parts.append(f"against it: {', '.join(refuted)}")
    if open_:
        parts.append(f"undecided: {', '.join(open_)}")
    numbers = "; ".join(
        f"{task} gru {percent(at.loc[(task, 'gru', 'time')])}, "
        f"lstm {percent(at.loc[(task, 'lstm', 'time')])}, "
        f"rnn {percent(at.loc[(task, 'rnn', 'time')])}"
        for task in LEARNT
    )
    _, mean, low, high = (values[0] for values in difference(rows, "time"))
    text = (
        f"{'; '.join(parts)}. On equal time: {numbers}. Text, GRU less LSTM: {mean:+.3f} "
        f"[{low:+.3f}, {high:+.3f}] bits per character. With equal parameters a step of the GRU "
        f"takes {step_time('gru'):.2f} times as long as the LSTM's, of the plain RNN "
        f"{step_time('rnn'):.2f} times."
    )
    return Verdict("C17", STATEMENT, word, text, _budget(), rates)


def _budget() -> str:
    updates = ", ".join(f"{task} {SETTINGS['updates'][task]}" for task in TASKS)
    return (
        f"at most so many updates of Adam on {SETTINGS['batch']} sequences each: {updates}; on "
        "equal time as many as the LSTM's budget leaves time for; parameters of an LSTM of "
        f"{SETTINGS['hidden']} units, gradients clipped at norm {SETTINGS['clip']:g}, "
        f"{len(SETTINGS['seeds'][LEARNT[0]])} seeds ({len(SETTINGS['seeds'][TEXT])} for the text), "
        "learning rates chosen on other seeds for each cell and "
        "task; success is at least 90 % right answers; 95 % intervals."
    )


EXPERIMENT = Experiment(
    claim="C17",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c17.csv",
    plan=("seeds", "candidates", "learning_rates", "selection_seeds"),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
