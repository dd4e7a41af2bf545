"""C12: the two tanh in the LSTM are there against vanishing gradients.

The usual argument: tanh has the steeper slope of the two usual functions, so it keeps gradients
alive. But what is added to the cell state goes along the cell line afterwards without meeting a
tanh, and the slope of tanh is at most 1: where it acts on a gradient, it makes it smaller. Cells:

linear candidate
    c_t = f c_{t-1} + i z_g: the tanh of the candidate is gone.
output path without tanh
    h_t = o c_t: the tanh before the output gate is gone.
no tanh
    Both are gone.

Prediction, after pilots on other seeds and before the runs: false. Without a tanh gradients shrink
less, not more; what grows are the numbers: cell states, and the largest gradients. With one tanh
gone agreement is learnt all the same; with both gone training becomes less sure.

The rule of the verdict, on agreement, whose way is the longest
---------------------------------------------------------------
The factor per step is the one by which a gradient changes on its way from the last step back to
the beginning, before training (geometric mean over the seeds, 95 % t interval). A cell confirms
the claim if its factor lies below the LSTM's, intervals apart, and its runs do not succeed (low end
of the 95 % Wilson interval below 0.50). It refutes the claim if its factor does not lie below the
LSTM's and its runs succeed (low end ≥ 0.50, at least nine of ten).

- "holds": all three confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 07 uses it
----------------------
::

    rows, verdict = c12_two_tanh.load()         # verdict.evidence: by cell, all that follows
    c12_two_tanh.table(rows)                    # success, gain before and after, memory, norm
    labels, values = memory_study.bars(rows, "agreement", c12_two_tanh.CELLS)

References
----------
Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8). Greff,
Srivastava, Koutník, Steunebrink and Schmidhuber (2017), LSTM: a search space odyssey, IEEE
Transactions on Neural Networks and Learning Systems 28(10); their "no output activation function".
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
    looks_at,
    numbers,
    outcomes,
)
from experiments.memory_study import LEARNT, NO_TANH

STATEMENT = "the two tanh in the LSTM are there against vanishing gradients"
TASK = "agreement"
WITHOUT = ("linear candidate", "output path without tanh", NO_TANH)
CELLS = (LSTM, *WITHOUT)
MEASURES = ("gain_before", "gain", "largest_memory", "largest_norm")


def table(rows: pd.DataFrame, task: str = TASK) -> pd.DataFrame:
    """Return one row per cell with all that the verdict looks at.

    Returns
    -------
    DataFrame
        `cell`; `runs`, `successes`, `rate`, `low`, `high`; then for the factor per step before
        training (`gain_before`) and after it (`gain`), for the largest cell state after it
        (`largest_memory`) and the largest norm of a gradient on the way (`largest_norm`): the
        geometric mean under that name, and its ends with ``_low`` and ``_high``.
    """
    rates = memory_study.success_rates(rows)
    found = rates[(rates.task == task) & rates.cell.isin(CELLS)].drop(columns="task")
    for column in MEASURES:
        means = memory_study.means(rows, column, logarithmic=True)
        means = means[means.task == task].rename(
            columns={"mean": column, "low": f"{column}_low", "high": f"{column}_high"}
        )
        found = found.merge(means.drop(columns=["task", "runs"]), on="cell")
    return found


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    found, evidence = outcomes(rows), table(rows)
    at = evidence.set_index("cell")
    smaller = [c for c in WITHOUT if at.gain_before_high[c] < at.gain_before_low[LSTM]]
    succeed = [case.cell for case in among(found.succeed, WITHOUT, [TASK])]
    confirmed = [c for c in smaller if c not in succeed]
    refuted = [c for c in succeed if c not in smaller]
    word = decide(confirmed, refuted, WITHOUT)
    when = f"When it is: {', '.join(confirmed)}. " if word == "holds only when" else ""

    def said(column: str, digits: str = ".3f") -> str:
        return ", ".join(f"{cell} {at[column][cell]:{digits}}" for cell in CELLS)

    text = (
        f"{when}A gradient changes per step, before training, by the factor "
        f"{said('gain_before')}, and after it by {said('gain')}. Success at "
        f"{numbers(found, CELLS, LEARNT)}. The largest cell state on {TASK}: "
        f"{said('largest_memory', '.3g')}; the largest norm of a gradient: "
        f"{said('largest_norm', '.3g')} (geometric means). {bits_text(rows, CELLS)}."
    )
    return Verdict("C12", STATEMENT, word, text, budget(), evidence)


EXPERIMENT = memory_study.EXPERIMENT.judge("C12", Path(__file__), verdict, looks_at(*WITHOUT))


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
