"""C24: the gates help only because they add parameters.

The usual argument: an LSTM has four times the parameters of a plain RNN with as many units, so of
course it learns more. Three pairs of networks have equally many parameters, as near as whole units
allow:

- the LSTM, and a plain RNN with more units;
- an LSTM with fewer units, and the plain RNN;
- a GRU with fewer units, and the plain RNN.

Prediction, after pilots on other seeds and before the runs: false. More units help a plain RNN a
little, and the small LSTM and the small GRU learn what the plain RNN does not.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
Tasks that count are those of `experiments.memory_study` on which gates help at equal units: the
LSTM succeeds (low end ≥ 0.50, at least nine of ten runs) and the plain RNN is helpless (high end
≤ 0.50, at most one of ten). A case is one of the three pairs on one of these tasks. It refutes the
claim if the gated network of the pair succeeds and the plain one is helpless: gates help at equal
parameters. It confirms the claim if both succeed or both are helpless: at equal parameters no
difference is left.

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 07 uses it
----------------------
::

    rows, verdict = c24_parameters.load()       # verdict.evidence: rate, low, high by task and cell
    c24_parameters.sizes(rows)                  # units and parameters by task and cell
    labels, values = memory_study.bars(rows, "adding", c24_parameters.CELLS)

References
----------
Chung, Gulcehre, Cho and Bengio (2014), Empirical evaluation of gated recurrent neural networks on
sequence modeling, arXiv:1412.3555; who compare at equal parameters.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import memory_study
from experiments.common import Verdict
from experiments.intervals import decide
from experiments.memory_claims import (
    LSTM,
    Case,
    bits_text,
    budget,
    learnt_by_lstm,
    looks_at,
    names,
    numbers,
    outcomes,
    undecided,
)
from experiments.memory_study import LARGE_RNN, RNN, SMALL_GRU, SMALL_LSTM

STATEMENT = "the gates help only because they add parameters"
PAIRS = {LSTM: LARGE_RNN, SMALL_LSTM: RNN, SMALL_GRU: RNN}
CELLS = (LSTM, LARGE_RNN, SMALL_LSTM, SMALL_GRU, RNN)


def sizes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the units and parameters of every cell, by task."""
    return (
        memory_study.measured(rows)
        .drop_duplicates(["task", "cell"])[["task", "cell", "units", "parameters"]]
        .reset_index(drop=True)
    )


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    found = outcomes(rows)
    tasks = learnt_by_lstm(found, rnn_helpless=True)
    confirmed: list[Case] = []
    refuted: list[Case] = []
    for gated, plain in PAIRS.items():
        for task in tasks:
            pair = [Case(gated, task), Case(plain, task)]
            if pair[0] in found.succeed and pair[1] in found.helpless:
                refuted.append(pair[0])
            elif any(all(case in group for case in pair) for group in found[1:]):
                confirmed.append(pair[0])
    word = decide(confirmed, refuted, [(pair, task) for pair in PAIRS for task in tasks])
    between = undecided(found, [cell for cell in CELLS if cell != LSTM], tasks)
    when = f"When it is: {names(confirmed)}. " if word == "holds only when" else ""
    against = f"At equal parameters gates still decide: {names(refuted)}. " if refuted else ""
    text = (
        f"{when}{against}{between}"
        f"Success at {numbers(found, CELLS, tasks)}. {bits_text(rows, CELLS)}."
    )
    return Verdict("C24", STATEMENT, word, text, budget(), found.table)


EXPERIMENT = memory_study.EXPERIMENT.judge("C24", Path(__file__), verdict, looks_at(*CELLS))


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
