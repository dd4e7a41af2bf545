"""C13: an input gate of tanh alone makes the LSTM a plain RNN.

The usual argument: if what comes in passes a tanh and no sigmoid, everything is written down, new
information takes too large a share, and the cell state is no better than the state of a plain RNN.
Two cells can be meant:

no input gate
    c_t = f c_{t-1} + tanh(z): the tanh stands alone; i is 1. "Input path tanh only" is this cell.
tanh input gate
    c_t = f c_{t-1} + tanh(z_i) tanh(z_g): the gate is a tanh in place of the sigmoid.

Both keep the cell line and the forget gate, and a plain RNN has neither.

Prediction, after pilots on other seeds and before the runs: false. Where a plain RNN is helpless
both cells succeed on some task; "no input gate" needs more updates than the LSTM, most of all
where many numbers have to be kept out (adding), and "tanh input gate" does as well as the LSTM.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
Tasks that count are those of `experiments.memory_study` on which the LSTM succeeds (low end
≥ 0.50, at least nine of ten runs) and the plain RNN with as many units is helpless (high end
≤ 0.50, at most one of ten). A case is one of the two cells on one of these tasks. It confirms the
claim if the cell is helpless as the plain RNN is, and refutes it if it succeeds as the LSTM does.

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 07 uses it
----------------------
::

    rows, verdict = c13_tanh_input.load()       # verdict.evidence: rate, low, high by task and cell
    labels, values = memory_study.bars(rows, "adding")
    memory_study.means(rows, "largest_memory")  # how large the cell state becomes

References
----------
Greff, Srivastava, Koutník, Steunebrink and Schmidhuber (2017), LSTM: a search space odyssey, IEEE
Transactions on Neural Networks and Learning Systems 28(10); their "no input gate".
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import memory_study
from experiments.common import Verdict
from experiments.memory_claims import judge_readings, looks_at

STATEMENT = "an input gate of tanh alone makes the LSTM a plain RNN"
READINGS = ("no input gate", "tanh input gate")


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    return judge_readings(rows, "C13", STATEMENT, READINGS, rnn_helpless=True)


EXPERIMENT = memory_study.EXPERIMENT.judge("C13", Path(__file__), verdict, looks_at(*READINGS))


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
