"""C15: sigmoid alone loses the sign: of new information at the input, of the memory at the output.

The usual argument: a sigmoid is above 0, so that what passes nothing but a sigmoid is never below.
Two cells can be meant at the input, and two at the output:

input path sigmoid only
    c_t = f c_{t-1} + i: the candidate is left out. The cell state is never below 0.
sigmoid candidate
    c_t = f c_{t-1} + i σ(z_g): the candidate goes through a sigmoid. The same holds.
output path without tanh
    h_t = o c_t: the sigmoid stands alone, as the gate that it is. The sign of c_t passes.
output path sigmoid(c)
    h_t = o σ(c_t): the memory goes through a sigmoid. h_t is never below 0.

That the sign of one number is lost, where it is, follows from the formulas. Whether the network
loses it is the question: it could keep what comes in with a plus in one unit and what comes in with
a minus in another, and the output layer can take their difference. The task of counting adds up
signs and asks for their sum.

Prediction, after pilots on other seeds and before the runs: holds only when the candidate is left
out; then what is written is never more than a gate. The other three learn to count.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
The LSTM has to succeed at counting (low end ≥ 0.50, at least nine of ten runs), or nothing is
decided. A case is one of the four cells. It confirms the claim if it is helpless at counting (high
end ≤ 0.50, at most one of ten), and refutes it if it succeeds.

- "holds": all four confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 07 uses it
----------------------
::

    rows, verdict = c15_sigmoid_alone.load()    # verdict.evidence: rate, low, high by task and cell
    labels, values = memory_study.bars(rows, "counting")
    memory_study.means(rows, "score")           # share of right sums, also of runs that fail

References
----------
Weiss, Goldberg and Yahav (2018), On the practical computational power of finite precision RNNs for
language recognition, ACL; on cells that can count.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import memory_study
from experiments.common import Verdict
from experiments.intervals import decide
from experiments.memory_claims import (
    LSTM,
    among,
    bits_text,
    budget,
    learnt_by_lstm,
    looks_at,
    names,
    numbers,
    outcomes,
    undecided,
)

STATEMENT = (
    "sigmoid alone loses the sign: of new information at the input, of the memory at the output"
)
TASK = "counting"
INPUT = ("input path sigmoid only", "sigmoid candidate")
OUTPUT = ("output path without tanh", "output path sigmoid(c)")
READINGS = (*INPUT, *OUTPUT)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    found = outcomes(rows)
    learnt = learnt_by_lstm(found)
    if TASK not in learnt:
        raise ValueError(f"The runs decide nothing: the LSTM does not succeed at {TASK}.")
    confirmed, refuted = (among(c, READINGS, [TASK]) for c in (found.helpless, found.succeed))
    word = decide(confirmed, refuted, READINGS)
    between = undecided(found, READINGS, [TASK])
    when = f"When it is: {names(confirmed)}. " if word == "holds only when" else ""
    cells = (LSTM, *READINGS)
    others = [task for task in learnt if task != TASK]
    text = (
        f"{when}{between}Success at {numbers(found, cells, [TASK])}. At the other tasks, "
        f"{numbers(found, cells, others)}. {bits_text(rows, cells)}."
    )
    return Verdict("C15", STATEMENT, word, text, budget(), found.table)


EXPERIMENT = memory_study.EXPERIMENT.judge("C15", Path(__file__), verdict, looks_at(*READINGS))


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
