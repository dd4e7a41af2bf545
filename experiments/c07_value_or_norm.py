"""C07: clipping by value and by norm are the same thing.

Two networks whose gradients explode (`experiments.exploding`), trained by plain gradient descent
with one of two limits, each with its learning rate and its limit chosen on other seeds:

norm
    All gradients together are shortened by one factor if their norm is above the limit.
value
    Every entry is cut to ±limit on its own.

Measured: the angle between the gradient and what the limit makes of it, averaged over the updates
in which the limit changed anything; whether the network learns, and after how many updates.

Prediction, before the runs: by norm the angle is 0, by value it is some tens of degrees; both keep
the step finite, so both learn, and which is faster depends on the case.

The rule of the verdict, 95 % t intervals over seeds
----------------------------------------------------
The same thing means the same direction and the same outcome.

- direction: the same if the mean angle by value has a high end below 5 degrees in every case,
  another if it has a low end above 5 degrees in every case;
- outcome: another in a case if the t interval of the difference in updates until learnt, taken
  seed by seed, leaves out 0; the same if it does not, in every case.

"holds" if both are the same, "is false" if the direction is another and the outcome is another in
at least one case, "holds only when" if the outcome alone is the same: when one asks for no more
than training. Anything else leaves no verdict.

How chapter 05 uses it
----------------------
::

    rows, verdict = c07_value_or_norm.load()
    c07_value_or_norm.angles(rows)          # mean angle in degrees with ends, per case and clip
    c07_value_or_norm.updates(rows)         # updates until learnt, likewise
    row = c07_value_or_norm.run_job(c07_value_or_norm.live_job(case, "value", seed=0))
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments import exploding
from experiments.common import RESULTS, Experiment, Verdict
from experiments.intervals import PREFERRED, mean_table, mean_text, t_interval
from experiments.training import GATED, limiter
from utils.classifier import ClassifierStep

STATEMENT = "clipping by value and by norm are the same thing"
CASES = ("relu identity, 30 words", "tanh x4, 10 words")
CLIPS = ("norm", "value")
SAME = 5.0  # degrees
SUCCESS = 0.90

SETTINGS: dict[str, Any] = {
    "cases": {case: exploding.CASES[case] for case in CASES},
    "hidden": 32,
    "batch": 32,
    "updates": 600,
    "training_sentences": 4000,  # of each distance
    "test_sentences": 400,
    "seeds": list(range(10)),
    # Learning rate and limit are chosen together on seeds of their own: fewest failures, then least
    # updates until learnt, then least loss.
    "selection_seeds": [100, 101],
    "candidates": [0.01, 0.03, 0.1],
    "limits": {"norm": [0.3, 1.0, 3.0], "value": [0.01, 0.03, 0.1]},
    "chosen": {  # learning rate, limit
        "relu identity, 30 words, norm": [0.1, 0.3],
        "relu identity, 30 words, value": [0.1, 0.1],
        "tanh x4, 10 words, norm": [0.01, 3.0],
        "tanh x4, 10 words, value": [0.1, 0.01],
    },
}
KEY = ("phase", "case", "clip", "limit", "seed", "learning_rate")


def jobs(settings: Mapping[str, Any] = SETTINGS) -> list[dict[str, Any]]:
    """Return one dict per run; each can be run alone, in any order, on any machine."""
    select = [
        ("select", case, clip, limit, seed, rate)
        for case in settings["cases"]
        for clip in CLIPS
        for limit in settings["limits"][clip]
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    measure = []
    for case in settings["cases"]:
        for clip in CLIPS:
            rate, limit = settings["chosen"][f"{case}, {clip}"]
            measure += [("measure", case, clip, limit, seed, rate) for seed in settings["seeds"]]
    return [dict(zip(KEY, job, strict=True)) for job in select + measure]


def live_job(case: str, clip: str, seed: int = 0) -> dict[str, Any]:
    """Return a job of the measurement, to be run live in a notebook.

    Raises
    ------
    ValueError
        If there is no such case or no such way to clip.
    """
    if case not in CASES or clip not in CLIPS:
        raise ValueError(
            f"case {case!r}, clip {clip!r}; expected one of {'; '.join(CASES)} and one of "
            f"{', '.join(CLIPS)}."
        )
    rate, limit = SETTINGS["chosen"][f"{case}, {clip}"]
    return dict(zip(KEY, ("measure", case, clip, limit, seed, rate), strict=True))


def angle(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> float:
    r"""Return the angle between two gradients, all arrays of each taken as one vector.

    .. math:: \arccos \frac{\langle g, g' \rangle}{\lVert g \rVert \lVert g' \rVert}

    Parameters
    ----------
    one, other : mapping of arrays with the same names
        Neither all zero.

    Returns
    -------
    float
        Degrees, in [0, 180]; computed from the chord, which is exact for small angles.
    """
    g = np.concatenate([array.ravel() for array in one.values()])
    h = np.concatenate([other[name].ravel() for name in one])
    g, h = (v / np.abs(v).max() for v in (g, h))
    g, h = (v / np.linalg.norm(v) for v in (g, h))
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(g - h), np.linalg.norm(g + h))))


def run_job(job: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> dict[str, Any]:
    """Train one network and return its row.

    Returns
    -------
    row : dict
        As `experiments.exploding.run`, with `angle`, in degrees, the mean over the updates in which
        the limit changed the gradient (NaN if it never did), and `limited`, their share.
    """
    limited = limiter(job["clip"], job["limit"])
    found: list[float] = []

    def watch(_: int, computed: ClassifierStep) -> None:
        gradients = computed.gradients
        used = limited(gradients)
        if any(np.any(used[name] != gradients[name]) for name in gradients):
            found.append(angle(gradients, used))

    row, training = exploding.run(job, settings, clip=job["clip"], limit=job["limit"], watch=watch)
    return {
        **row,
        "angle": float(np.mean(found)) if found else float("nan"),
        "limited": len(found) / training.updates,
    }


def angles(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean angle in degrees with its t interval, one row per case and clipping."""
    return mean_table(rows[rows.phase == "measure"], ["case", "clip"], "angle", bounds=(0, 180))


def updates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean number of updates until learnt (the budget for runs that did not learn)."""
    return mean_table(
        rows[rows.phase == "measure"], ["case", "clip"], "updates", bounds=(0, np.inf)
    )


def verdict(rows: pd.DataFrame) -> Verdict:
    """Apply the rule that stands at the head of this script to the rows.

    Raises
    ------
    ValueError
        If the selection runs prefer other settings than those used, or the runs decide nothing.
    """
    _check_chosen(rows)
    measured = rows[rows.phase == "measure"]
    found = angles(rows).set_index(["case", "clip"])
    by_value = found.xs("value", level="clip")
    times = updates(rows).set_index(["case", "clip"])
    learnt = (measured.accuracy >= SUCCESS).groupby([measured["case"], measured["clip"]]).sum()
    differences = {}
    for case in CASES:
        pair = measured[measured["case"] == case].pivot(
            index="seed", columns="clip", values="updates"
        )
        differences[case] = t_interval(pair["value"] - pair["norm"])
    other = [case for case, d in differences.items() if not d.low <= 0 <= d.high]
    if (by_value.high < SAME).all():
        word = "is false" if other else "holds"
    elif (by_value.low > SAME).all():
        word = "is false" if other else "holds only when"
    else:
        raise ValueError("The runs decide nothing: the angle is near 5 degrees.")
    parts = [
        f"{case}: by value {mean_text(by_value.loc[case], 1)} degrees, by norm "
        f"{found.loc[(case, 'norm'), 'mean']:.1f}; learnt in {learnt[(case, 'value')]} and "
        f"{learnt[(case, 'norm')]} of {len(SETTINGS['seeds'])} runs, after "
        f"{mean_text(times.loc[(case, 'value')], 0)} and {mean_text(times.loc[(case, 'norm')], 0)} "
        "updates"
        for case in CASES
    ]
    when = "When one asks for no more than training. " if word == "holds only when" else ""
    text = f"{when}Angle between the gradient and the limited gradient: {'; '.join(parts)}."
    return Verdict("C07", STATEMENT, word, text, _budget(), found.reset_index())


def _check_chosen(rows: pd.DataFrame) -> None:
    select = rows[rows.phase == "select"]
    select = select.assign(failed=select.accuracy < SUCCESS)
    by = ["case", "clip", "learning_rate", "limit"]
    means = select.groupby(by)[list(PREFERRED)].mean()
    for name, (rate, limit) in SETTINGS["chosen"].items():
        case, _, clip = name.rpartition(", ")
        ranked = means.loc[(case, clip)].sort_values(list(PREFERRED), kind="stable")
        if ranked.index[0] != (rate, limit):
            raise ValueError(
                f"{name} was run with learning rate {rate} and limit {limit}; the selection runs "
                f"prefer {ranked.index[0]}:\n{ranked.to_string()}"
            )


def _budget() -> str:
    return (
        f"at most {SETTINGS['updates']} updates of plain gradient descent on {SETTINGS['batch']} "
        f"of {SETTINGS['training_sentences']} sentences "
        f"each, {SETTINGS['hidden']} hidden units, {len(SETTINGS['seeds'])} seeds, "
        "learning rates and limits chosen on other seeds; 95 % t intervals."
    )


EXPERIMENT = Experiment(
    claim="C07",
    script=Path(__file__),
    settings=SETTINGS,
    jobs=jobs,
    run_job=run_job,
    verdict=verdict,
    key=KEY,
    results=RESULTS / "c07.csv",
    plan=("seeds", "candidates", "limits", "chosen", "selection_seeds"),
    unused=GATED,
)


load = EXPERIMENT.load


if __name__ == "__main__":
    EXPERIMENT.run_as_script()
