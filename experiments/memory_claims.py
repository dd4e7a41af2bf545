"""What the claims about rows of `experiments.memory_study` share: cases, their outcome, numbers.

A case is a cell on a task that the LSTM can learn. It *succeeds* if the low end of the 95 % Wilson
interval of its success rate is at least 0.50 (at least nine of ten runs), and is *helpless* if the
high end is at most 0.50 (at most one of ten). In between it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from experiments import memory_study
from experiments.common import Verdict
from experiments.intervals import decide, mean_text
from experiments.memory_study import LEARNT, RNN, SETTINGS, TEXT

SURE = 0.50
LSTM = "lstm"


class Case(NamedTuple):
    """A cell on a task."""

    cell: str
    task: str

    def __str__(self) -> str:
        return f"{self.cell} at {self.task}"


class Outcomes(NamedTuple):
    """How the cases stand that a claim looks at."""

    table: pd.DataFrame
    """Success rates of all tasks and cells in the rows; see `memory_study.success_rates`."""
    succeed: list[Case]
    helpless: list[Case]

    def rate(self, cell: str, task: str) -> Any:
        """Return the row of a case."""
        return self.table.set_index(["cell", "task"]).loc[(cell, task)]


def looks_at(*cells: str) -> Any:
    """Return what says of a job whether it belongs to one of these cells, the LSTM or the RNN."""
    wanted = {LSTM, RNN, *cells}
    return lambda job: job["cell"] in wanted


def outcomes(rows: pd.DataFrame) -> Outcomes:
    """Return which cases succeed and which are helpless, after a check of the learning rates.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the one that was used.
    """
    memory_study.check_rates(rows)
    table = memory_study.success_rates(rows)
    succeed, helpless = (
        [Case(row.cell, row.task) for row in table[chosen].itertuples()]
        for chosen in (table.low >= SURE, table.high <= SURE)
    )
    return Outcomes(table, succeed, helpless)


def learnt_by_lstm(found: Outcomes, rnn_helpless: bool = False) -> list[str]:
    """Return the tasks that count: the LSTM succeeds, and on request the plain RNN is helpless.

    Raises
    ------
    ValueError
        If there is none.
    """
    tasks = [
        task
        for task in LEARNT
        if Case(LSTM, task) in found.succeed
        and (not rnn_helpless or Case(RNN, task) in found.helpless)
    ]
    if not tasks:
        raise ValueError("The runs decide nothing: there is no task that counts.")
    return tasks


def among(cases: Iterable[Case], cells: Sequence[str], tasks: Sequence[str]) -> list[Case]:
    """Return the cases of some cells on some tasks."""
    return [case for case in cases if case.cell in cells and case.task in tasks]


def undecided(found: Outcomes, cells: Sequence[str], tasks: Sequence[str]) -> str:
    """Write the cases that neither succeed nor are helpless, as a sentence; nothing without any."""
    decided = {*found.succeed, *found.helpless}
    cases = [Case(cell, task) for cell in cells for task in tasks]
    left = [case for case in cases if case not in decided]
    return f"Neither succeeds nor is helpless: {names(left)}. " if left else ""


def names(cases: Sequence[Case]) -> str:
    """Write cases by cell: ``no input gate at adding and copying; ...``."""
    tasks: dict[str, list[str]] = {}
    for cell, task in cases:
        tasks.setdefault(cell, []).append(task)
    return "; ".join(f"{cell} at {' and '.join(found)}" for cell, found in tasks.items())


def numbers(found: Outcomes, cells: Sequence[str], tasks: Sequence[str]) -> str:
    """Write how many runs of some cells succeed, task by task: ``adding: lstm 10/10, rnn 0/10``."""

    def share(cell: str, task: str) -> str:
        row = found.rate(cell, task)
        return f"{cell} {row.successes:.0f}/{row.runs:.0f}"

    return "; ".join(f"{task}: " + ", ".join(share(c, task) for c in cells) for task in tasks)


def bits_text(rows: pd.DataFrame, cells: Sequence[str]) -> str:
    """Write the bits per character of some cells."""
    table = memory_study.bits(rows).set_index("cell")
    return "Bits per character of the text: " + ", ".join(
        f"{cell} {mean_text(table.loc[cell])}" for cell in cells
    )


def judge_readings(
    rows: pd.DataFrame,
    claim: str,
    statement: str,
    readings: Sequence[str],
    beside: Sequence[str] = (),
    rnn_helpless: bool = False,
) -> Verdict:
    """Judge the claim that some cells are helpless: one that succeeds is against it.

    Parameters
    ----------
    rows : DataFrame
        Of `experiments.memory_study`.
    claim, statement
        As for `Verdict`.
    readings : sequence of str
        The cells that the claim can mean.
    beside : sequence of str
        Cells that are reported and not judged.
    rnn_helpless : bool
        Whether a task counts only where the plain RNN is helpless; it is then reported too.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    found = outcomes(rows)
    tasks = learnt_by_lstm(found, rnn_helpless)
    confirmed, refuted = (among(c, readings, tasks) for c in (found.helpless, found.succeed))
    word = decide(confirmed, refuted, [(cell, task) for cell in readings for task in tasks])
    when = f"When it is: {names(confirmed)}. " if word == "holds only when" else ""
    against = f"Against it: {names(refuted)}. " if refuted else ""
    cells = (LSTM, *([RNN] if rnn_helpless else []), *readings, *beside)
    text = (
        f"{when}{against}{undecided(found, readings, tasks)}"
        f"Success at {numbers(found, cells, tasks)}. {bits_text(rows, cells)}."
    )
    return Verdict(claim, statement, word, text, budget(), found.table)


def budget(settings: Mapping[str, Any] = SETTINGS) -> str:
    """Write the effort of the study: what its verdicts were reached with."""
    updates = settings["updates"]
    learnt = ", ".join(f"{task} {updates[task]}" for task in LEARNT)
    seeds = {task: len(settings["seeds"][task]) for task in settings["tasks"]}
    return (
        f"at most so many updates of Adam on {settings['batch']} sequences each: {learnt}, text "
        f"{updates[TEXT]}; {settings['hidden']} hidden units, forget bias 1, gradients clipped at "
        f"norm {settings['clip']:g}, {seeds[LEARNT[0]]} seeds ({seeds[TEXT]} for the text), "
        "learning rates chosen on other seeds for each cell and task; success is at least 90 % "
        "right answers; 95 % Wilson intervals, and t intervals of means."
    )
