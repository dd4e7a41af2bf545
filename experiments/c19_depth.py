"""C19: deeper is better.

The usual argument: each layer reads what the one below has made of the sequence, so more layers
can find more complicated things in it, as they do in images. LSTMs of one to four layers are
compared on equal parameters, where a deeper stack has narrower layers, after equally many updates
and after equal time; and at equal width, where a deeper stack has more of everything. Each stack is
wired twice: plain, and with residual connections, where every layer but the first adds its input to
its output. All forget gates start with a bias of 1.

Tasks
-----
entities
    Tagging persons, places, dates and money, both directions in every layer, with 200 sentences to
    learn from, others for each seed. The score is the F1 of whole entities, in sentences whose
    names are new.
agreement
    "was" or "were", 40 words after the noun.
counting
    24 symbols, + and - and neither, and two that set the count back; right is what rounds to the
    sum.
text
    The next character of the Python manual at every step, in windows of 25; bits per character on
    held-out text.

Equal parameters are those of one layer with the units in `SETTINGS`. Equal time is the time that
one layer takes for all updates; `SETTINGS["step_times"]` says how long a step takes in times of
that of one layer of as many parameters, medians of ``python benchmarks/stacked_steps.py`` for our
own engine. Learning rates are chosen on equal parameters after equally many updates, of entities
and text by the score itself, since the rate that fits 200 sentences best is not the one that serves
new sentences; at equal width each stack takes that of its depth and wiring. That rule for the rates
came after the selection runs, in which the least training loss had picked 0.1 for the entities, and
before any measurement. The text had five seeds at first and five more when residual stacks came out
near the margin: the case of three residual layers on equal parameters was undecided with five and
is confirmed with ten, so it was looked at in between.

Prediction, after pilots of all tasks on other seeds and before the runs: it is no rule. With plain
wiring and equal parameters no task gains, and text and entities lose the more the deeper the stack.
Residual connections take most of that back; text gains a little, by less than 0.1 bits. In equal
time one layer is best nearly everywhere.

The rule of the verdict, over seeds
-----------------------------------
A case is a stack of 2, 3 or 4 layers, plain or residual, beside one layer, on one task: on equal
parameters after equally many updates, on equal parameters in equal time, and, of 2 and 4 layers, at
equal width after equally many updates. On the entities and the text the mean difference in score,
by seed, decides, with a 99 % t interval, since there are many cases: it confirms the claim if the
whole interval is a gain and the mean at least 0.01 in F1 or 0.05 bits per character; it refutes the
claim if the whole interval is below that margin. On the other tasks
a run succeeds if at least 90 % of its answers to new sequences are right. A deeper stack confirms
the claim if it succeeds (low end of the Wilson interval ≥ 0.50, at least nine of ten runs) and that
interval lies above that of one layer; it refutes the claim if one layer succeeds, so that there is
nothing to gain, or if the deeper stack is helpless (high end ≤ 0.50).

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 09 uses it
----------------------
::

    rows, verdict = c19_depth.load()           # verdict.evidence: the table of cases
    c19_depth.scores(rows)                     # task, budget, wiring, depth, runs, mean, low, high
    c19_depth.success_rates(rows)              # the same with successes and rate; two tasks
    c19_depth.score_curve(rows, "text", "residual", "updates")      # Curve over depth
    c19_depth.cases(rows)                      # task, budget, wiring, depth, gain, low, high, tells
    c19_depth.learning_times(rows)             # updates until learnt; in steps of one layer
    c19_depth.sizes(rows)                      # units, parameters, time of a step
    job = c19_depth.live_job("text", depth=3, wiring="residual", seed=0)
    row = c19_depth.run_job(job)

Budgets are "updates" and "time", both on equal parameters, and "width".

References
----------
Graves, Mohamed and Hinton (2013), Speech recognition with deep recurrent neural networks, ICASSP.
Hermans and Schrauwen (2013), Training and analysing deep recurrent neural networks, NIPS. Melis,
Dyer and Blunsom (2018), On the state of the art of evaluation in neural language models, ICLR. He,
Zhang, Ren and Sun (2016), Deep residual learning for image recognition, CVPR.
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
    Interval,
    check_learning_rates,
    curve,
    decide,
    mean_table,
    success_table,
    t_interval,
)
from experiments.stacked_training import build, make_task, train_and_score
from utils.stacked_model import count_parameters, sized_for

STATEMENT = "deeper is better"
DEPTHS = (1, 2, 3, 4)
WIDE = (2, 4)
"""The depths of the comparison at equal width, beside one layer."""
PLAIN, RESIDUAL = "plain", "residual"
WIRINGS = (PLAIN, RESIDUAL)
BUDGETS = ("updates", "time", "width")
ENTITIES, TEXT = "entities", "text"
SUCCESS = 0.90
SURE = 0.50
MARGINS = {ENTITIES: 0.01, TEXT: 0.05}
"""The least gain that counts as better, in F1 or in bits per character."""
LEVEL = 0.99
STACKS = tuple((d, w) for w in WIRINGS for d in DEPTHS if d > 1 or w == PLAIN)
RATES = {  # of each of these stacks
    ENTITIES: (0.03, 0.01, 0.01, 0.03, 0.01, 0.01, 0.03),
    "agreement": (0.003, 0.01, 0.01, 0.003, 0.003, 0.003, 0.01),
    "counting": (0.1, 0.1, 0.03, 0.03, 0.1, 0.1, 0.1),
    TEXT: (0.03,) * 7,
}
UPDATES = {ENTITIES: 200, "agreement": 400, "counting": 500, TEXT: 400}

SETTINGS: dict[str, Any] = {
    "batch": 32,
    "clip": 1.0,
    "test_sequences": 400,
    "tasks": {
        ENTITIES: {"kind": "entities", "sentences": 200, "new_sentences": 400},
        "agreement": {"kind": "agreement", "distance": 40},
        "counting": {"kind": "counting", "T": 24, "resets": 2},
        TEXT: {"kind": "text", "T": 25},
    },
    "hidden": {ENTITIES: 16, "agreement": 24, "counting": 24, TEXT: 32},  # of one layer
    "both_directions": [ENTITIES],
    "updates": UPDATES,
    # On equal parameters, a step of 1, 2, 3, 4 layers in times of that of one.
    "step_times": {
        ENTITIES: [1.0, 1.61, 2.25, 2.69],
        "agreement": [1.0, 1.76, 2.27, 2.71],
        "counting": [1.0, 1.61, 2.23, 2.75],
        TEXT: [1.0, 1.47, 1.84, 2.27],
    },
    "seeds": list(range(10)),
    # Chosen for each task, depth and wiring on seeds of their own, on equal parameters: the best
    # score, or fewest failures, then least updates until learnt, then least loss.
    "selection_seeds": [100, 101],
    "candidates": {
        ENTITIES: [0.003, 0.01, 0.03, 0.1],
        "agreement": [0.001, 0.003, 0.01],
        "counting": [0.01, 0.03, 0.1],
        TEXT: [0.01, 0.03, 0.1],
    },
    "learning_rates": {
        f"{task}, {depth} {wiring}": rate
        for task, rates in RATES.items()
        for (depth, wiring), rate in zip(STACKS, rates, strict=True)
    },
}
TASKS = tuple(SETTINGS["tasks"])
SCORED = (ENTITIES, TEXT)
LEARNT = tuple(task for task in TASKS if task not in SCORED)
KEY = ("phase", "task", "sized", "depth", "wiring", "seed", "learning_rate")


def units(
    task: str, D: int, K: int, depth: int, sized: str, settings: Mapping[str, Any] = SETTINGS
) -> int:
    """Return the hidden units of each cell: of equal parameters, or of equal width."""
    H, both = settings["hidden"][task], task in settings["both_directions"]
    if sized == "width":
        return H
    budget = count_parameters(D, H, K, both_directions=both)
    return sized_for(budget, D, K, depth=depth, both_directions=both)


def arm(job: Mapping[str, Any]) -> str:
    """Return the name of what a learning rate is chosen for, such as "text, 2 plain"."""
    return f"{job['task']}, {job['depth']} {job['wiring']}"


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    rates = settings["learning_rates"]
    arms = [(task, *stack) for task in settings["tasks"] for stack in STACKS]
    select = [
        ("select", task, "parameters", depth, wiring, seed, rate)
        for task, depth, wiring in arms
        for rate in settings["candidates"][task]
        for seed in settings["selection_seeds"]
    ]
    measure = [
        ("measure", task, sized, depth, wiring, seed, rates[f"{task}, {depth} {wiring}"])
        for task, depth, wiring in arms * bool(rates)
        for sized in ("parameters", "width")[: 1 + (depth in WIDE)]
        for seed in settings["seeds"]
    ]
    return [dict(zip(KEY, job, strict=True)) for job in select + measure]


def live_job(
    task: str, depth: int, wiring: str = PLAIN, sized: str = "parameters", seed: int = 0
) -> dict[str, Any]:
    """Return a job to be run live in a notebook, with the learning rate chosen for it.

    Parameters
    ----------
    task : str
        One of `TASKS`.
    depth : int
        1, 2, 3 or 4.
    wiring : {"plain", "residual"}
    sized : {"parameters", "width"}
        What it has in common with one layer.
    seed : int

    Raises
    ------
    ValueError
        If there is no such task or stack.
    """
    wiring = PLAIN if depth == 1 else wiring
    for name, value, options in (
        ("task", task, TASKS),
        ("sized", sized, ("parameters", "width")),
        ("stack", (depth, wiring), STACKS),
    ):
        if value not in options:
            wanted = "; ".join(map(str, options))
            raise ValueError(f"{name} is {value!r}; expected one of {wanted}.")
    rate = SETTINGS["learning_rates"][f"{task}, {depth} {wiring}"]
    return dict(zip(KEY, ("measure", task, sized, depth, wiring, seed, rate), strict=True))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one stack on one task and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `units` of each cell and `parameters` of the model; `budget` and
        `time_budget`, in updates; `learnt`, 1 if training stopped because the task was learnt,
        after `updates`; `loss`, the mean over the last 50 updates; `score_updates` and
        `score_time` on new sequences, after the one budget and after the other: F1, the share of
        right answers, or bits per character; `largest_norm` of a gradient on the way.
    """
    name, depth = job["task"], job["depth"]
    asked = dict(settings["tasks"][name])
    if name == ENTITIES:
        asked["seed"] = job["seed"]
    task = make_task(asked.pop("kind"), asked)
    rng, test_rng = (np.random.default_rng([job["seed"], k]) for k in (0, 1))
    test = task.draw_new(test_rng, settings["test_sequences"])
    both = name in settings["both_directions"]
    H = units(name, task.D, task.K, depth, job["sized"], settings)
    model = build(rng, task, H, depth, both, job["wiring"] == RESIDUAL)
    updates = settings["updates"][name]
    in_time = min(updates, round(updates / settings["step_times"][name][depth - 1]))
    rate, batch, clip = job["learning_rate"], settings["batch"], settings["clip"]
    budgets = (updates, in_time)
    training, found = train_and_score(model, task, rng, test, rate, budgets, batch, clip)
    return {
        **job,
        "units": H,
        "parameters": count_parameters(task.D, H, task.K, "lstm", depth, both),
        "budget": updates,
        "time_budget": in_time,
        "learnt": int(training.learnt),
        "updates": training.updates,
        "loss": training.loss,
        "score_updates": found[updates],
        "score_time": found[in_time],
        "largest_norm": training.largest_norm,
    }


def by_budget(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the measured rows once for each budget and wiring, with columns `allowed`, `score`.

    One layer counts for both wirings and, on equal parameters as it is, for equal width.
    """
    measured = rows[rows.phase == "measure"]
    one = measured.depth == 1
    measured = pd.concat([measured, measured[one].assign(wiring=RESIDUAL)])
    order = {name: place for place, name in enumerate((*TASKS, *WIRINGS))}
    measured = measured.sort_values(
        ["task", "wiring", "depth"], key=lambda column: column.replace(order), kind="stable"
    )
    parts = []
    for budget in BUDGETS:
        sized = "width" if budget == "width" else "parameters"
        chosen = measured[(measured.sized == sized) | (measured.depth == 1)]
        score = chosen.score_time if budget == "time" else chosen.score_updates
        parts.append(chosen.assign(allowed=budget, score=score))
    return pd.concat(parts, ignore_index=True).drop(columns="budget")


def scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score with its t interval: F1, bits per character, or right answers.

    Returns
    -------
    DataFrame
        task, budget, wiring, depth, runs, mean, low, high.
    """
    found = by_budget(rows).rename(columns={"allowed": "budget"})
    return mean_table(found, ["task", "budget", "wiring", "depth"], "score")


def success_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its Wilson interval, for the tasks that runs learn or do not.

    Returns
    -------
    DataFrame
        task, budget, wiring, depth, runs, successes, rate, low, high.
    """
    found = by_budget(rows).rename(columns={"allowed": "budget"})
    found = found[found.task.isin(LEARNT)]
    by = ["task", "budget", "wiring", "depth"]
    return success_table(found.assign(success=found.score >= SUCCESS), by)


def score_curve(rows: pd.DataFrame, task: str, wiring: str, budget: str = "updates") -> Curve:
    """Return what to draw: score or success rate over depth, with 95 % intervals."""
    table = success_rates(rows) if task in LEARNT else scores(rows)
    return curve(table, "depth", task=task, budget=budget, wiring=wiring)


def learning_times(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how long the runs took that learnt their task, on equal parameters.

    Returns
    -------
    DataFrame
        task, wiring, depth, runs (those that learnt), geometric means with t intervals of the
        updates until learnt: `updates`, `low`, `high`; and `steps`, the same in steps of one layer.
    """
    found = by_budget(rows)
    found = found[(found.allowed == "updates") & found.task.isin(LEARNT)]
    learnt = found.assign(until=found.updates.where(found.learnt == 1))
    table = mean_table(learnt, ["task", "wiring", "depth"], "until", logarithmic=True)
    ratios = [SETTINGS["step_times"][row.task][row.depth - 1] for row in table.itertuples()]
    return table.rename(columns={"mean": "updates"}).assign(steps=lambda t: t.updates * ratios)


def sizes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return task, sized, depth, units, parameters, and the step time on equal parameters."""
    measured = rows[rows.phase == "measure"]
    by = ["task", "sized", "depth"]
    table = measured.groupby(by, sort=False)[["units", "parameters"]].first().reset_index()
    times = [
        SETTINGS["step_times"][row.task][row.depth - 1] if row.sized == "parameters" else np.nan
        for row in table.itertuples()
    ]
    return table.assign(step_time=times)


def step_time(depth: int) -> float:
    """Return the geometric mean over the tasks of the step time, in times of one layer."""
    times = [SETTINGS["step_times"][task][depth - 1] for task in TASKS]
    return float(np.exp(np.mean(np.log(times))))


def cases(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare every deeper stack with one layer.

    Returns
    -------
    DataFrame
        task, budget, wiring, depth; `gain`, `low`, `high`, the mean gain over one layer in F1 or
        bits per character with its 99 % t interval, and of the other tasks the success rate with
        its Wilson interval; `tells`, 1 where it confirms the claim, -1 where it refutes it, or 0.
    """
    found = by_budget(rows)
    rates = success_rates(rows).set_index(["task", "budget", "wiring", "depth"])
    table = []
    for (task, budget, wiring), group in found.groupby(["task", "allowed", "wiring"], sort=False):
        by_seed = group.pivot_table(index="seed", columns="depth", values="score")
        for depth in WIDE if budget == "width" else DEPTHS[1:]:
            if task in SCORED:
                more = _gain(by_seed, depth, task)
                better = more.low > 0 and more.estimate >= MARGINS[task]
                tells = int(better) - int(more.high < MARGINS[task])
            else:
                one, own = (rates.loc[(task, budget, wiring, d)] for d in (1, depth))
                more = Interval(own.rate, own.low, own.high, int(own.runs))
                better = own.low >= SURE and own.low > one.high
                tells = int(better) - int(one.low >= SURE or own.high <= SURE)
            table.append((task, budget, wiring, depth, *more[:3], tells))
    columns = ["task", "budget", "wiring", "depth", "gain", "low", "high", "tells"]
    return pd.DataFrame(table, columns=columns)


def _gain(by_seed: pd.DataFrame, depth: int, task: str) -> Interval:
    """Return the mean gain of a depth over one layer, over seeds, with its interval."""
    difference = by_seed[depth] - by_seed[1]
    return t_interval(-difference if task == TEXT else difference, LEVEL)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    learnt = rows.task.isin(LEARNT)
    lack = rows.score_updates.where(rows.task == TEXT, 1 - rows.score_updates)
    named = rows.assign(
        arm=[arm(row) for row in rows.to_dict("records")],
        failed=learnt & (rows.score_updates < SUCCESS),
        loss=rows.loss.where(learnt, lack),
    )
    check_learning_rates(named, "arm", SETTINGS["learning_rates"], by=PREFERRED)
    table = cases(rows)
    names = [f"{c.task}, {c.depth} {c.wiring}, {c.budget}" for c in table.itertuples()]
    confirmed, refuted = (
        [name for name, tells in zip(names, table.tells, strict=True) if tells == sign]
        for sign in (1, -1)
    )
    word = decide(confirmed, refuted, names)
    at = table.set_index(["task", "budget", "wiring", "depth"])
    gains = [
        f"{task} {wiring} {', '.join(f'{at.loc[(task, b, wiring, 4)].gain:+.3f}' for b in BUDGETS)}"
        for task in SCORED
        for wiring in WIRINGS
    ]
    times = ", ".join(f"{step_time(depth):.2f}" for depth in DEPTHS[1:])
    text = (
        f"{len(confirmed)} of {len(names)} cases say so, {len(refuted)} say the contrary"
        f"{_where(table[table.tells == 1])}. Gains of four layers on one, in F1 or bits, on equal "
        f"parameters after equal updates, in equal time, and at equal width: {'; '.join(gains)}. "
        f"With equal parameters a step of 2, 3, 4 layers takes {times} times as long as of one."
    )
    return Verdict("C19", STATEMENT, word, text, _budget(), table)


def _where(table: pd.DataFrame) -> str:
    """Write which cases confirm the claim: ``: text, residual, 2 and 3 layers (updates); …``."""
    if table.empty:
        return ""
    parts = []
    for (task, wiring, budget), group in table.groupby(["task", "wiring", "budget"], sort=False):
        depths = " and ".join(map(str, group.depth))
        parts.append(f"{task}, {wiring}, {depths} layers ({budget})")
    return f"; for it: {'; '.join(parts)}"


def _budget() -> str:
    updates = ", ".join(
        f"{task} {SETTINGS['updates'][task]} ({SETTINGS['hidden'][task]} units)" for task in TASKS
    )
    return (
        f"at most so many updates of Adam on {SETTINGS['batch']} sequences each, on the parameters "
        f"of one layer of so many units: {updates}; gradients clipped at norm "
        f"{SETTINGS['clip']:g}, {len(SETTINGS['seeds'])} seeds, learning rates chosen on other "
        "seeds for each task, depth and wiring on equal parameters; success is at least 90 % right "
        "answers; intervals of gains 99 %, of rates 95 %."
    )


EXPERIMENT = Experiment(
    claim="C19",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c19.csv",
    plan=("seeds", "candidates", "learning_rates", "selection_seeds"),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
