"""C09: LSTM solves vanishing gradients.

The usual argument: c_t = f c_{t-1} + i g has a direct path along which nothing is multiplied but
the forget gates, so a gradient comes back over any distance. Whether it does depends on these
gates, and an untrained forget gate with a bias of 0 is half open: the direct path then loses half
at each step. So the claim is asked of LSTMs whose forget gate starts with a bias of 0, 1, 2 and 5,
beside a plain RNN of as many units, each from two kinds of start; the runs are those of
`experiments.gated_study`.

Prediction, after pilots on other seeds and before the runs: it holds only when the forget gate
starts open enough for the distance. With a bias of 0 and the uniform start of ``torch`` the
gradient of an untrained LSTM shrinks as fast as the plain RNN's, by about 0.6 per step, and where
the RNN is helpless this LSTM is too. With 5 it succeeds everywhere. After training the factor per
step of those that succeed is close to 1.

The rule of the verdict, on success rates over seeds, 95 % Wilson intervals
---------------------------------------------------------------------------
A run succeeds if its accuracy on new sentences is at least 0.90. Starts and distances at which the
plain RNN is helpless (high end ≤ 0.50, at most one of ten runs) are those at which there is
something to solve; there must be one. A case is one of the four LSTMs at one of them, with the
same start. It confirms the claim if it succeeds (low end ≥ 0.50, at least nine of ten), and refutes
it if it is helpless as well.

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 06 uses it
----------------------
::

    rows, verdict = c09_vanishing.load()          # verdict.evidence: network, start, distance, rate
    c09_vanishing.NETWORKS                        # "rnn", "lstm, bias 0", 1, 2, 5
    curve = c09_vanishing.success_curve(rows, "lstm, bias 1", start="uniform")  # over distance
    c09_vanishing.gain_curve(rows, "lstm, bias 1", "gain_before", start="uniform")
    row = c09_vanishing.run_job(c09_vanishing.live_job("lstm, bias 1", distance=30, seed=0))

Columns of `gain_curve` are factors per step: "gain_before" and "gain" along all paths from h_T to
the state that has read the noun, "direct_before" and "direct" along the product of forget gates,
before and after training.

References
----------
Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8). Gers,
Schmidhuber and Cummins (2000), Learning to forget, Neural Computation 12(10).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import gated_claims, gated_study
from experiments.common import Verdict
from experiments.gated_claims import (
    by_start,
    gain_curve,
    means,
    success_curve,
    tells,
)
from experiments.gated_study import BIASES, live_job, run_job
from experiments.intervals import decide, percent

__all__ = ["gain_curve", "live_job", "load", "means", "run_job", "success_curve", "verdict"]

STATEMENT = "LSTM solves vanishing gradients"
LSTMS = tuple(BIASES.values())
NETWORKS = ("rnn", *LSTMS)


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
    ill = gated_claims.helpless_cases(rows)
    found = {name: [tells(at.loc[(name, *case)]) for case in ill] for name in LSTMS}
    cases = [(name, case) for name in LSTMS for case in ill]
    outcome = [value for values in found.values() for value in values]
    confirmed, refuted = (
        [case for case, value in zip(cases, outcome, strict=True) if value == wanted]
        for wanted in (1, -1)
    )
    word = decide(confirmed, refuted, cases)
    everywhere = [name for name in LSTMS if min(found[name]) == 1]
    partly = {
        name: [case for case, value in zip(ill, found[name], strict=True) if value == 1]
        for name in LSTMS
        if name not in everywhere and 1 in found[name]
    }
    nowhere = [name for name in LSTMS if 1 not in found[name]]
    parts = [f"{name} succeeds at all of them" for name in everywhere]
    parts += [f"{name} at {by_start(cases)}" for name, cases in partly.items()]
    parts += [f"{name} at none" for name in nowhere]
    before, after = (
        gated_claims.means(rows, column).set_index(["network", "start", "distance"])["mean"]
        for column in ("gain_before", "gain")
    )
    start, distance = ill[0]
    numbers = "; ".join(
        f"{name} {percent(at.loc[(name, start, distance)])}, factor per step "
        f"{before[(name, start, distance)]:.2f} before and {after[(name, start, distance)]:.2f} "
        "after training"
        for name in NETWORKS
    )
    text = (
        f"Where the plain RNN is helpless, {by_start(ill)}: {'; '.join(parts)}. At {distance} "
        f"words with the {start} start: {numbers}."
    )
    return Verdict("C09", STATEMENT, word, text, gated_claims.budget("remember"), rates)


EXPERIMENT = gated_study.EXPERIMENT.judge(
    "C09",
    Path(__file__),
    verdict,
    wanted=lambda job: job["part"] == "remember" and job["network"] in NETWORKS,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
