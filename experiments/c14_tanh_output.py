"""C14: an output gate of tanh alone only adds noise.

The usual argument: without the sigmoid every part of the memory shows in h at every step, wanted or
not, and disturbs all that reads h. Two cells can be meant:

no output gate
    h_t = tanh(c_t): the tanh stands alone; o is 1. "Output path tanh only" is this cell.
tanh output gate
    h_t = tanh(z_o) tanh(c_t): the gate is a tanh in place of the sigmoid.

Prediction, after pilots on other seeds and before the runs: false. Both learn most of what the LSTM
learns; without an output gate more updates are needed for copying, where the answer has to wait.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
Tasks that count are those of `experiments.memory_study` on which the LSTM succeeds (low end
≥ 0.50, at least nine of ten runs). A case is one of the two cells on one of these tasks. It
confirms the claim if the cell is helpless there (high end ≤ 0.50, at most one of ten), and refutes
it if the cell succeeds.

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 07 uses it
----------------------
::

    rows, verdict = c14_tanh_output.load()      # verdict.evidence: rate, low, high by task and cell
    labels, values = memory_study.bars(rows, "copying")
    memory_study.means(rows, "gain", logarithmic=True)          # are gradients larger?

References
----------
Greff, Srivastava, Koutník, Steunebrink and Schmidhuber (2017), LSTM: a search space odyssey, IEEE
Transactions on Neural Networks and Learning Systems 28(10); their "no output gate".
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import memory_study
from experiments.common import Verdict
from experiments.memory_claims import judge_readings, looks_at

STATEMENT = "an output gate of tanh alone only adds noise"
READINGS = ("no output gate", "tanh output gate")


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    return judge_readings(rows, "C14", STATEMENT, READINGS)


EXPERIMENT = memory_study.EXPERIMENT.judge("C14", Path(__file__), verdict, looks_at(*READINGS))


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
