"""C23: GRU avoids vanishing and exploding gradients.

The usual argument: h_t = (1 − z) n + z h_{t-1} has a direct path along which nothing is multiplied
but the update gates z, between 0 and 1, so that a gradient neither vanishes nor explodes. An
untrained update gate is half open, as an LSTM's forget gate with a bias of 0 is; and a gradient
also comes back through W_h. A plain RNN and a GRU (reset after the product, all biases starting at
or around zero), as in C09 at several distances, and as in C10 with W_h times 1 to 16; the runs are
those of `experiments.gated_study`.

Prediction, after pilots on other seeds and before the runs: it holds only when learning can start,
and when the weights are not too large. Before training the GRU's gradient shrinks by about 0.6 per
step from the uniform start, as fast as the plain RNN's; yet it learns distances at which the RNN is
helpless, since it has a gate to open. At 8 and 16 times the usual W_h its gradient explodes.

The rule of the verdict, over seeds, 95 % intervals
---------------------------------------------------
A case of vanishing is a start and a distance at which the plain RNN is helpless (high end ≤ 0.50,
at most one of ten runs with an accuracy of 0.90): it confirms the claim if the GRU succeeds (low
end ≥ 0.50, at least nine of ten), and refutes it if the GRU is helpless too. A case of exploding is
a scale of W_h at which the plain RNN's gradient explodes: before training it has grown tenfold from
the verb to the noun 10 words before (low end of the geometric mean ≥ 10). It confirms if the GRU's
does not (high end below 10) and the GRU succeeds without clipping, and refutes if the GRU's
gradient explodes or the GRU is helpless.

- "holds": all cases confirm.
- "holds only when": some do; the text says which.
- "is false": none does, and at least one refutes.

How chapter 08 uses it
----------------------
::

    rows, verdict = c23_gru.load()           # verdict.evidence: network, start, distance, rate
    c23_gru.success_curve(rows, "gru", start="uniform")             # over distance; also "rnn"
    c23_gru.gain_curve(rows, "gru", "gain_before", start="normal")  # factor per step; "gain" after
    c23_gru.growth_curve(rows, "gru")               # factor from verb to noun over the scale of W_h
    c23_gru.explosion_curve(rows, "gru")            # success over the scale, no clipping
    row = c23_gru.run_job(c23_gru.live_job("gru", distance=30, seed=0))

References
----------
Cho et al. (2014), Learning phrase representations using RNN encoder–decoder for statistical
machine translation, EMNLP. Chung, Gulcehre, Cho and Bengio (2014), Empirical evaluation of gated
recurrent neural networks on sequence modeling, arXiv:1412.3555.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from experiments import gated_claims, gated_study
from experiments.common import Verdict
from experiments.gated_claims import (
    by_start,
    explosion_curve,
    explosions,
    gain_curve,
    growth_curve,
    long_curve,
    norm_curve,
    success_curve,
    tells,
)
from experiments.gated_study import live_explosion, live_job, run_job
from experiments.intervals import decide, percent

__all__ = [
    "explosion_curve",
    "gain_curve",
    "growth_curve",
    "live_explosion",
    "live_job",
    "load",
    "long_curve",
    "norm_curve",
    "run_job",
    "success_curve",
    "verdict",
]

STATEMENT = "GRU avoids vanishing and exploding gradients"
NETWORKS = ("rnn", "gru")


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
    large = explosions(rows, "gru")
    told = {("vanishing", case): tells(at.loc[("gru", *case)]) for case in ill}
    told |= {("exploding", row.scale): row.tells for row in large.itertuples()}
    confirmed = [case for case, value in told.items() if value == 1]
    refuted = [case for case, value in told.items() if value == -1]
    word = decide(confirmed, refuted, list(told))
    reached = [case for kind, case in confirmed if kind == "vanishing"]
    short = [case for case in ill if case not in reached]
    before = gated_claims.means(rows, "gain_before").set_index(["network", "start", "distance"])
    start, distance = ill[0]
    numbers = ", ".join(
        f"{name} {percent(at.loc[(name, start, distance)])}, factor per step before training "
        f"{before.loc[(name, start, distance)]['mean']:.2f}"
        for name in NETWORKS
    )
    scales = "; ".join(f"x{row.scale:g}: {row.words}" for row in large.itertuples())
    parts = [f"Vanishing: where the plain RNN is helpless, at {by_start(ill)},"]
    parts.append(f"the GRU succeeds at {by_start(reached)}" if reached else "the GRU never does")
    parts.append(f"and not at {by_start(short)};" if reached and short else ";")
    text = " ".join(parts).replace(" ;", ";") + (
        f" at {distance} words ({start}): {numbers}. Exploding: of the scales of W_h at which the "
        f"plain RNN's gradient explodes, {scales}."
    )
    budget = f"{gated_claims.budget('remember')} Exploding: {gated_claims.budget('explode')}"
    return Verdict("C23", STATEMENT, word, text, budget, rates)


EXPERIMENT = gated_study.EXPERIMENT.judge(
    "C23",
    Path(__file__),
    verdict,
    wanted=lambda job: job["network"] in NETWORKS,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
