"""C18: looking both ways always helps.

The usual argument: a network that reads a sequence from both ends knows at each word what comes
before it and what comes after, which is never less than what comes before. Three readers are
compared, each one layer of LSTMs: one cell that reads forwards; two cells, one for each direction,
each as wide as that one; and two cells with as many parameters together as the one has, so that
each is narrower.

Tasks
-----
entities
    Tagging persons, places, dates and money (`utils.data.entities`); some words need what comes
    after them. The score is the F1 of whole entities, in sentences whose names are new.
entities, online
    The same networks, but each word is tagged before the next one comes: they read the sentence up
    to the word and no further.
agreement, 40 words; agreement, 200 words
    "was" or "were", asked for once, so many words after the noun. The past has all that is needed.
copying
    Two symbols, said again after ten steps, with something to say at every step. What comes later
    says nothing.
next character
    Of the Python manual, asked for once after 25 characters: in bits per character on held-out
    text. What comes later is what is asked for, so both cells read the past.

Whoever is asked once reads the summary: the forward cell after the last step, and the backward cell
after its own last step, at the first word. All forget gates start with a bias of 1.

Prediction, after pilots on other seeds and before the runs: it holds only where what decides comes
later, or where the backward cell has a shorter way from it to the answer. Entities: both readers
gain more than 10 points. Agreement: nothing to gain over 40 words; over 200 words both readers
succeed where the forward one does not, and not because they look ahead: the backward cell reads the
noun last. Entities online, copying and the next character: no gain, at equal parameters a loss.

Learning rates are chosen from five between 0.001 and 0.1. Many readers prefer the highest; a trial
of 0.3 on the selection seeds, for the entities and for agreement over 40 words, was no better.

The rule of the verdict, over seeds, 95 % intervals
---------------------------------------------------
Each task is a case twice: at equal width and at equal parameters. On the entities, the entities
online and the next character the mean difference in score between both directions and one, by
seed, decides: it confirms the claim if the low end of its t interval is above zero and the mean is
a gain of at least 0.01 in F1 or 0.05 bits per character; it refutes the claim if the end of the
interval on the side of the gain is below that margin. On the other tasks a run succeeds if at least
90 % of its answers to new sequences are right. Two directions confirm the claim if they succeed
(low end of the Wilson interval ≥ 0.50, at least nine of ten runs) and that interval lies above the
forward reader's; they refute it if the forward reader succeeds, so that there is nothing to gain,
or if they are helpless (high end ≤ 0.50).

- "holds": all cases confirm.
- "holds only when": some do; the text says which do not.
- "is false": none does, and at least one refutes.

How chapter 09 uses it
----------------------
::

    rows, verdict = c18_both_directions.load()       # verdict.evidence: task, reader, mean, …
    c18_both_directions.scores(rows)                 # task, reader, runs, mean, low, high
    c18_both_directions.success_rates(rows)          # task, reader, runs, successes, rate, …
    labels, groups = c18_both_directions.bars(rows)  # for draw_interval_rows: by reader
    c18_both_directions.words(rows)                  # tags of words that need their right context
    c18_both_directions.halves(rows)                 # agreement read off one half of the summary
    c18_both_directions.learning_times(rows)         # updates until learnt, task and reader
    c18_both_directions.sizes(rows)                  # units, parameters, time of a step
    job = c18_both_directions.live_job("both, equal width", "entities", seed=0)
    row = c18_both_directions.run_job(job)

References
----------
Schuster and Paliwal (1997), Bidirectional recurrent neural networks, IEEE Transactions on Signal
Processing 45(11). Graves and Schmidhuber (2005), Framewise phoneme classification with
bidirectional LSTM and other neural network architectures, Neural Networks 18(5-6).
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
    Interval,
    check_learning_rates,
    decide,
    mean_table,
    percent,
    success_table,
    t_interval,
)
from experiments.stacked_training import (
    build,
    f1_online,
    make_task,
    one_half,
    right_where,
    tagged_sentences,
    train_and_score,
)
from utils.stacked_model import count_parameters, sized_for

STATEMENT = "looking both ways always helps"
FORWARD, WIDE, EQUAL = "forward", "both, equal width", "both, equal parameters"
READERS = (FORWARD, WIDE, EQUAL)
ENTITIES, ONLINE, TEXT = "entities", "entities, online", "next character"
SUCCESS = 0.90
SURE = 0.50
MARGINS = {ENTITIES: 0.01, ONLINE: 0.01, TEXT: 0.05}
"""The least gain that counts as help, in F1 or in bits per character."""

STEP_TIMES: dict[str, dict[str, float]] = {
    "entities": {FORWARD: 1.0, WIDE: 1.82, EQUAL: 1.55},
    "agreement, 40 words": {FORWARD: 1.0, WIDE: 2.68, EQUAL: 1.58},
    "agreement, 200 words": {FORWARD: 1.0, WIDE: 2.04, EQUAL: 1.56},
    "copying": {FORWARD: 1.0, WIDE: 1.75, EQUAL: 1.5},
    "next character": {FORWARD: 1.0, WIDE: 1.87, EQUAL: 1.42},
}
"""How long a training step takes in times of the forward reader's: medians of
``python benchmarks/stacked_steps.py`` for our own engine. No verdict looks at them."""

SETTINGS: dict[str, Any] = {
    "hidden": 24,  # of the forward reader
    "batch": 32,
    "clip": 1.0,
    "test_sequences": 400,
    "tasks": {
        ENTITIES: {"kind": "entities", "sentences": 4000, "new_sentences": 400},
        "agreement, 40 words": {"kind": "agreement", "distance": 40},
        "agreement, 200 words": {"kind": "agreement", "distance": 200},
        "copying": {"kind": "copying", "symbols": 2, "delay": 10, "alphabet": 4},
        TEXT: {"kind": "next character", "T": 25},
    },
    "updates": {
        ENTITIES: 300,
        "agreement, 40 words": 400,
        "agreement, 200 words": 400,
        "copying": 800,
        TEXT: 400,
    },
    "seeds": list(range(10)),
    # Chosen for each task and reader on seeds of their own: fewest failures, then least updates
    # until learnt, then least loss.
    "selection_seeds": [100, 101],
    "candidates": [0.001, 0.003, 0.01, 0.03, 0.1],
    "learning_rates": {
        "forward; entities": 0.1,
        "both, equal width; entities": 0.1,
        "both, equal parameters; entities": 0.1,
        "forward; agreement, 40 words": 0.003,
        "both, equal width; agreement, 40 words": 0.1,
        "both, equal parameters; agreement, 40 words": 0.1,
        "forward; agreement, 200 words": 0.003,
        "both, equal width; agreement, 200 words": 0.1,
        "both, equal parameters; agreement, 200 words": 0.1,
        "forward; copying": 0.03,
        "both, equal width; copying": 0.03,
        "both, equal parameters; copying": 0.03,
        "forward; next character": 0.03,
        "both, equal width; next character": 0.03,
        "both, equal parameters; next character": 0.03,
    },
}
TASKS = tuple(SETTINGS["tasks"])
SCORED = (ENTITIES, ONLINE, TEXT)
LEARNT = tuple(task for task in TASKS if task not in SCORED)
KEY = ("phase", "task", "reader", "seed", "learning_rate")


def units(reader: str, D: int, K: int, settings: Mapping[str, Any] = SETTINGS) -> int:
    """Return the hidden units of each cell of a reader."""
    H = settings["hidden"]
    if reader != EQUAL:
        return H
    return sized_for(count_parameters(D, H, K), D, K, both_directions=True)


def arm(job: Mapping[str, Any]) -> str:
    """Return the name of what a learning rate is chosen for, such as "forward; copying"."""
    return f"{job['reader']}; {job['task']}"


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    arms = [(task, reader) for task in settings["tasks"] for reader in READERS]
    select = [
        ("select", task, reader, seed, rate)
        for task, reader in arms
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    rates = settings["learning_rates"]
    measure = [
        ("measure", task, reader, seed, rates[f"{reader}; {task}"])
        for task, reader in arms * bool(rates)
        for seed in settings["seeds"]
    ]
    return [dict(zip(KEY, job, strict=True)) for job in select + measure]


def live_job(reader: str, task: str, seed: int = 0) -> dict[str, Any]:
    """Return a job to be run live in a notebook, with the learning rate chosen for it.

    Raises
    ------
    ValueError
        If there is no such reader or task.
    """
    for name, value, options in (("reader", reader, READERS), ("task", task, TASKS)):
        if value not in options:
            raise ValueError(f"{name} is {value!r}; expected one of {'; '.join(options)}.")
    rate = SETTINGS["learning_rates"][f"{reader}; {task}"]
    return dict(zip(KEY, ("measure", task, reader, seed, rate), strict=True))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one reader on one task and return its row.

    Returns
    -------
    row : dict
        The job's own entries; `units` of each cell and `parameters` of the model; the `budget` of
        updates; `learnt`, 1 if training stopped because the task was learnt, after `updates`;
        `loss`, the mean over the last 50 updates; `score` on new sequences: F1, the share of right
        answers, or bits per character. Of the entities `online`, the F1 where each word is tagged
        before the next one comes, and the shares of right tags of words that need what comes after
        them (`need_right`) and of the others (`other_words`). Of agreement the score of the answer
        that is read off one half of the summary, `forward_half` and `backward_half`. NaN where an
        entry does not apply.
    """
    asked = dict(settings["tasks"][job["task"]])
    kind = asked.pop("kind")
    task = make_task(kind, asked)
    rng, test_rng = (np.random.default_rng([job["seed"], k]) for k in (0, 1))
    test = task.draw_new(test_rng, settings["test_sequences"])
    H = units(job["reader"], task.D, task.K, settings)
    model = build(rng, task, H, both_directions=job["reader"] != FORWARD)
    updates = settings["updates"][job["task"]]
    rate, batch, clip = job["learning_rate"], settings["batch"], settings["clip"]
    training, found = train_and_score(model, task, rng, test, rate, [updates], batch, clip)
    nothing = float("nan")
    online = need_right = other_words = forward_half = backward_half = nothing
    if kind == "entities" and job["phase"] == "measure":
        needed = tagged_sentences("held_out", asked["new_sentences"]).needs_right
        online = f1_online(model, *test)
        need_right = right_where(model, *test, needed)
        other_words = right_where(model, *test, (test[2] == 1) & ~needed[: len(test[2])])
    if kind == "agreement" and job["reader"] != FORWARD:
        forward_half, backward_half = (task.score(one_half(model, n), *test) for n in (0, 1))
    return {
        **job,
        "units": H,
        "parameters": count_parameters(task.D, H, task.K, both_directions=model.both_directions),
        "budget": updates,
        "learnt": int(training.learnt),
        "updates": training.updates,
        "loss": training.loss,
        "score": found[updates],
        "online": online,
        "need_right": need_right,
        "other_words": other_words,
        "forward_half": forward_half,
        "backward_half": backward_half,
        "largest_norm": training.largest_norm,
    }


def measured(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the measured rows, those of the entities once more as a task of their own, online."""
    found = rows[rows.phase == "measure"]
    again = found[found.task == ENTITIES]
    return pd.concat([found, again.assign(task=ONLINE, score=again.online)], ignore_index=True)


def scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Return task, reader, runs, and the mean score with its t interval, where scores decide.

    F1 in [0, 1], or bits per character.
    """
    found = measured(rows)
    return mean_table(found[found.task.isin(SCORED)], ["task", "reader"], "score")


def success_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return task, reader, runs, successes, and the rate with its Wilson interval."""
    found = measured(rows)
    found = found[found.task.isin(LEARNT)]
    return success_table(found.assign(success=found.score >= SUCCESS), ["task", "reader"])


def bars(
    rows: pd.DataFrame,
) -> tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Return what `utils.plots.claims.draw_interval_rows` draws, by reader; all in [0, 1].

    The mean F1 of the entities, also online, and the success rates of the other tasks but for the
    next character, whose unit is another.
    """
    means = scores(rows).set_index(["task", "reader"]).rename(columns={"mean": "rate"})
    rates = success_rates(rows).set_index(["task", "reader"])
    at = pd.concat([means, rates])[["rate", "low", "high"]].clip(0, 1)
    labels = [ENTITIES, ONLINE, *LEARNT]
    groups = {}
    for reader in READERS:
        chosen = at.loc[[(task, reader) for task in labels]]
        groups[reader] = tuple(chosen[column].to_numpy() for column in ("rate", "low", "high"))
    return labels, groups


def words(rows: pd.DataFrame) -> pd.DataFrame:
    """Return which tags are right in whole sentences: reader, words, mean, low, high.

    `words` is "need_right", those that need what comes after them, or "other_words".
    """
    found = rows[(rows.phase == "measure") & (rows.task == ENTITIES)]
    tables = [
        mean_table(found, ["reader"], column, bounds=(0, 1)).assign(words=column)
        for column in ("need_right", "other_words")
    ]
    return pd.concat(tables, ignore_index=True)[["reader", "words", "runs", "mean", "low", "high"]]


def halves(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how agreement is answered off one half of the summary: task, reader, half, mean, …

    The other half counts as zeros. `half` is "forward_half" or "backward_half"; the mean share of
    right answers with its t interval.
    """
    found = rows[(rows.phase == "measure") & rows.forward_half.notna()]
    tables = [
        mean_table(found, ["task", "reader"], column, bounds=(0, 1)).assign(half=column)
        for column in ("forward_half", "backward_half")
    ]
    columns = ["task", "reader", "half", "runs", "mean", "low", "high"]
    return pd.concat(tables, ignore_index=True)[columns]


def learning_times(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how long the runs took that learnt their task within the budget.

    Returns
    -------
    DataFrame
        task, reader, runs (those that learnt), geometric means with t intervals of the updates
        until learnt: `updates`, `low`, `high`; and `steps`, the same in steps of the forward
        reader.
    """
    found = measured(rows)
    found = found[found.task.isin(LEARNT)]
    learnt = found.assign(until=found.updates.where(found.learnt == 1))
    table = mean_table(learnt, ["task", "reader"], "until", logarithmic=True)
    ratios = [STEP_TIMES[row.task][row.reader] for row in table.itertuples()]
    return table.rename(columns={"mean": "updates"}).assign(steps=lambda t: t.updates * ratios)


def sizes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return task, reader, units, parameters, and the time of a step in times of the forward's."""
    found = rows[rows.phase == "measure"]
    table = found.groupby(["task", "reader"], sort=False)[["units", "parameters"]].first()
    table = table.reset_index()
    times = [STEP_TIMES[row.task][row.reader] for row in table.itertuples()]
    return table.assign(step_time=times)


def step_time(reader: str) -> float:
    """Return the geometric mean over the tasks of a reader's step time, in the forward one's."""
    return float(np.exp(np.mean([np.log(STEP_TIMES[task][reader]) for task in TASKS])))


def gain(rows: pd.DataFrame, task: str, reader: str) -> Interval:
    """Return by how much two directions are better than one, over seeds, with its t interval.

    In F1, or in bits per character fewer.
    """
    found = measured(rows)
    by_seed = found[found.task == task].pivot_table(index="seed", columns="reader", values="score")
    difference = by_seed[reader] - by_seed[FORWARD]
    return t_interval(-difference if task == TEXT else difference)


def cases(rows: pd.DataFrame) -> dict[str, int]:
    """Return what each case says: 1 where it confirms the claim, -1 where it refutes it, or 0."""
    at = success_rates(rows).set_index(["task", "reader"])
    found = {}
    for task in (ENTITIES, ONLINE, *TASKS[1:]):
        for reader in (WIDE, EQUAL):
            if task in SCORED:
                more = gain(rows, task, reader)
                helps = more.low > 0 and more.estimate >= MARGINS[task]
                told = int(helps) - int(more.high < MARGINS[task])
            else:
                one, two = at.loc[(task, FORWARD)], at.loc[(task, reader)]
                helps = two.low >= SURE and two.low > one.high
                told = int(helps) - int(one.low >= SURE or two.high <= SURE)
            found[f"{task} ({reader[6:]})"] = told
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
        arm=[arm(row) for row in rows.to_dict("records")],
        failed=rows.task.isin(LEARNT) & (rows.score < SUCCESS),
    )
    check_learning_rates(named, "arm", SETTINGS["learning_rates"], by=PREFERRED)
    told = cases(rows)
    confirmed = [case for case, value in told.items() if value == 1]
    refuted = [case for case, value in told.items() if value == -1]
    open_ = [case for case, value in told.items() if value == 0]
    word = decide(confirmed, refuted, list(told))
    parts = [f"{len(confirmed)} of {len(told)} cases say so"]
    for name, chosen in (("for it", confirmed), ("against it", refuted), ("undecided", open_)):
        if chosen:
            parts.append(f"{name}: {', '.join(chosen)}")
    gains = [
        f"{task} {gain(rows, task, WIDE).estimate:+.3f} and {gain(rows, task, EQUAL).estimate:+.3f}"
        for task in SCORED
    ]
    at = success_rates(rows).set_index(["task", "reader"])
    rates = [f"{task} {', '.join(percent(at.loc[(task, r)]) for r in READERS)}" for task in LEARNT]
    text = (
        f"{'; '.join(parts)}. Gains at equal width and at equal parameters, in F1 or bits: "
        f"{'; '.join(gains)}. Success of the forward reader, of both directions at equal width and "
        f"at equal parameters: {'; '.join(rates)}. A step with both directions takes "
        f"{step_time(WIDE):.2f} times as long at equal width, {step_time(EQUAL):.2f} times at "
        "equal parameters."
    )
    evidence = pd.concat(
        [scores(rows), success_rates(rows).rename(columns={"rate": "mean"})], ignore_index=True
    )
    return Verdict("C18", STATEMENT, word, text, _budget(), evidence)


def _budget() -> str:
    updates = ", ".join(f"{task} {SETTINGS['updates'][task]}" for task in TASKS)
    return (
        f"at most so many updates of Adam on {SETTINGS['batch']} sequences each: {updates}; one "
        f"layer, {SETTINGS['hidden']} units of the forward LSTM, gradients clipped at norm "
        f"{SETTINGS['clip']:g}, {len(SETTINGS['seeds'])} seeds, learning rates chosen on other "
        "seeds for each reader and task; success is at least 90 % right answers; 95 % intervals."
    )


EXPERIMENT = Experiment(
    claim="C18",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c18.csv",
    plan=("seeds", "candidates", "learning_rates", "selection_seeds"),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
