"""C11: the forget gate should start open (bias 1).

The usual advice is a bias of 1; a gate that starts at σ(1) = 0.73 halves what it keeps in 2.2
steps, one at σ(0) = 0.5 at every step, at σ(2) = 0.88 in 5.5, at σ(5) = 0.993 in 103. LSTMs that
start with a bias of 0, 1, 2 and 5, each with learning rates of its own, on agreement at several
distances and from two kinds of start; the runs are those of `experiments.gated_study`.

Prediction, after pilots on other seeds and before the runs: 1 is better than 0, and not enough.
It holds only when the distance is short: at 40 words 1 succeeds where 0 is helpless, at 80 and more
1 is helpless too, where 2 or 5 succeed. The half-life has to fit the distance.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds if its accuracy on new sentences is at least 0.90. A case is a start and a distance.
It confirms the claim if bias 1 succeeds (low end ≥ 0.50, at least nine of ten runs) where bias 0
is helpless (high end ≤ 0.50, at most one of ten), and refutes it if bias 1 is helpless where one of
the others succeeds. Other cases do not count.

- "holds": some cases confirm and none refutes.
- "holds only when": some confirm and some refute; the text says which.
- "is false": none confirms, and at least one refutes.

How chapter 06 uses it
----------------------
::

    rows, verdict = c11_forget_bias.load()   # verdict.evidence: network, start, distance, rate
    c11_forget_bias.BIASES                         # {0: "lstm, bias 0", 1: ..., 2: ..., 5: ...}
    curve = c11_forget_bias.success_curve(rows, "lstm, bias 2", start="normal")   # over distance
    c11_forget_bias.updates_curve(rows, "lstm, bias 2", start="normal")   # updates until learnt
    row = c11_forget_bias.run_job(c11_forget_bias.live_job("lstm, bias 5", distance=60, seed=0))

References
----------
Gers, Schmidhuber and Cummins (2000), Learning to forget, Neural Computation 12(10). Jozefowicz,
Zaremba and Sutskever (2015), An empirical exploration of recurrent network architectures, ICML: the
advice of a bias of 1. Tallec and Ollivier (2018), Can recurrent neural networks warp time?, ICLR:
biases that fit the distance.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import gated_claims, gated_study
from experiments.common import Verdict
from experiments.gated_claims import (
    by_start,
    gain_curve,
    success_curve,
    tells,
)
from experiments.gated_study import BIASES, STARTS, live_job, run_job
from experiments.intervals import Curve, curve, decide, percent

__all__ = [
    "BIASES",
    "gain_curve",
    "live_job",
    "load",
    "run_job",
    "success_curve",
    "updates_curve",
    "verdict",
]

STATEMENT = "the forget gate should start open (bias 1)"


def updates_curve(rows: pd.DataFrame, network: str, start: str = "uniform") -> Curve:
    """Return updates until learnt, or the budget, over distance; geometric means."""
    return curve(gated_claims.means(rows, "updates"), "distance", network=network, start=start)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer another learning rate than the settings, or the runs decide
        nothing.
    """
    gated_claims.check_rates(rows)
    rates = gated_claims.success(rows)
    at = rates.set_index(["network", "start", "distance"])
    cases = [(start, d) for start in STARTS for d in dict.fromkeys(rates.distance)]
    told = {
        case: {bias: tells(at.loc[(name, *case)]) for bias, name in BIASES.items()}
        for case in cases
    }
    confirmed = [case for case in cases if told[case][1] == 1 and told[case][0] == -1]
    refuted = [case for case in cases if told[case][1] == -1 and max(told[case].values()) == 1]
    word = decide(confirmed, refuted, confirmed + refuted)
    parts = []
    if confirmed:
        parts.append(f"Bias 1 succeeds where 0 is helpless: at {by_start(confirmed)}.")
    if refuted:
        parts.append(
            f"Bias 1 is helpless where a larger one succeeds: at {by_start(refuted)}."
            if all(told[case][0] < 1 for case in refuted)
            else f"Bias 1 is helpless where another succeeds: at {by_start(refuted)}."
        )
    for start, distance in (confirmed[-1:] or cases[:1]) + refuted[-1:]:
        numbers = ", ".join(
            f"bias {bias} {percent(at.loc[(name, start, distance)])}"
            for bias, name in BIASES.items()
        )
        parts.append(f"At {distance} words ({start}): {numbers}.")
    budget = gated_claims.budget("remember")
    return Verdict("C11", STATEMENT, word, " ".join(parts), budget, rates)


EXPERIMENT = gated_study.EXPERIMENT.judge(
    "C11",
    Path(__file__),
    verdict,
    wanted=lambda job: job["part"] == "remember" and job["network"] in BIASES.values(),
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
