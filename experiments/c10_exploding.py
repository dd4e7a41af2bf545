"""C10: LSTM solves exploding gradients.

The usual argument: along the cell state a gradient is multiplied with forget gates, which are at
most 1, so it cannot grow. That is the direct path alone. Through h_t and the four matrices of W_h a
gradient comes back as in a plain RNN, and with recurrent weights that are large it may grow there.
A plain RNN and an LSTM (forget bias 1) start from normal weights with W_h times 1, 2, 4, 8 and 16;
the runs are those of `experiments.gated_study`.

Prediction, after pilots on other seeds and before the runs: it holds only when the weights are not
too large. Gates that are slopes of a sigmoid weaken what goes through h, so the LSTM stands weights
of two to four times the usual size at which the plain RNN explodes, and trains there without
clipping; at 16 times its gradient grows as far as the RNN's.

The rule of the verdict, over seeds, 95 % intervals
---------------------------------------------------
A gradient explodes if, before training, it has grown tenfold on its way from the verb to the noun
10 words before (low end of the geometric mean ≥ 10), and does not if the high end is below that.
A run succeeds if its accuracy on new sentences is at least 0.90, trained by plain gradient descent
without clipping. A case is a scale of W_h at which the plain RNN's gradient explodes. It confirms
the claim if the LSTM's does not and the LSTM succeeds (low end of its Wilson interval ≥ 0.50), and
refutes it if the LSTM's gradient explodes too, or the LSTM is helpless (high end ≤ 0.50).

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 06 uses it
----------------------
::

    rows, verdict = c10_exploding.load()               # verdict.evidence: growth and success
    c10_exploding.growth_curve(rows, "rnn")            # factor from verb to noun over the scale
    c10_exploding.explosion_curve(rows, "lstm, bias 1")   # success over the scale
    c10_exploding.norm_curve(rows, "rnn")              # largest gradient norm on the way
    c10_exploding.long_curve(rows, "lstm, bias 1")     # log10 of the factor over 60 words
    row = c10_exploding.run_job(c10_exploding.live_explosion("lstm, bias 1", scale=8, seed=0))

References
----------
Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks, ICML.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import gated_claims, gated_study
from experiments.common import Verdict
from experiments.gated_claims import (
    explosion_curve,
    explosions,
    growth_curve,
    long_curve,
    norm_curve,
)
from experiments.gated_study import live_explosion, run_job
from experiments.intervals import decide

__all__ = [
    "explosion_curve",
    "growth_curve",
    "live_explosion",
    "load",
    "long_curve",
    "norm_curve",
    "run_job",
    "verdict",
]

STATEMENT = "LSTM solves exploding gradients"
LSTM = "lstm, bias 1"
NETWORKS = ("rnn", LSTM)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    gated_claims.check_rates(rows)
    table = explosions(rows, LSTM)
    confirmed, refuted = (table[table.tells == value] for value in (1, -1))
    word = decide(list(confirmed.scale), list(refuted.scale), list(table.scale))
    when = ""
    if word == "holds only when":
        when = f"When W_h is {' or '.join(f'{s:g}' for s in confirmed.scale)} times as large. "
    numbers = "; ".join(f"x{row.scale:g}: {row.words}" for row in table.itertuples())
    text = f"{when}Of the scales at which the plain RNN's gradient explodes, {numbers}."
    return Verdict("C10", STATEMENT, word, text, gated_claims.budget("explode"), table)


EXPERIMENT = gated_study.EXPERIMENT.judge(
    "C10",
    Path(__file__),
    verdict,
    wanted=lambda job: job["part"] == "explode" and job["network"] in NETWORKS,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
