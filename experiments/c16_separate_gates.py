"""C16: forget and input gate must be separate.

The usual argument: what is to be forgotten and what is to be written are two decisions, so they
need two gates. The cell that is meant:

coupled gates
    c_t = f c_{t-1} + (1 - f) g: one gate decides both; the memory is an average.

Two more are compared with it, in which one of the two decisions is not made at all:

no input gate
    c_t = f c_{t-1} + g: everything is written.
no forget gate
    c_t = c_{t-1} + i g: nothing is forgotten, as in the LSTM of 1997.

Prediction, after pilots on other seeds and before the runs: false. Coupled gates learn what the
LSTM learns, in no more updates for adding, counting and order; of the two gates the input gate is
missed more than the forget gate, since no task here asks for forgetting.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
Tasks that count are those of `experiments.memory_study` on which the LSTM succeeds (low end
≥ 0.50, at least nine of ten runs). A case is "coupled gates" on one of these tasks. It confirms the
claim if the cell is helpless there (high end ≤ 0.50, at most one of ten), and refutes it if it
succeeds. The two other cells are reported and not judged.

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 07 uses it
----------------------
::

    rows, verdict = c16_separate_gates.load()   # verdict.evidence: rate, low, high by task and cell
    labels, values = memory_study.bars(rows, "adding")
    memory_study.means(rows, "updates")         # how long it takes

References
----------
Greff, Srivastava, Koutník, Steunebrink and Schmidhuber (2017), LSTM: a search space odyssey, IEEE
Transactions on Neural Networks and Learning Systems 28(10); their "coupled input and forget gate".
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import memory_study
from experiments.common import Verdict
from experiments.memory_claims import judge_readings, looks_at

STATEMENT = "forget and input gate must be separate"
COUPLED = "coupled gates"
BESIDE = ("no input gate", "no forget gate")


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    return judge_readings(rows, "C16", STATEMENT, (COUPLED,), beside=BESIDE)


EXPERIMENT = memory_study.EXPERIMENT.judge(
    "C16", Path(__file__), verdict, looks_at(COUPLED, *BESIDE)
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
