"""What the claims about rows of `experiments.gated_study` share: tables, curves, and words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from experiments.gated_study import SETTINGS, arm
from experiments.intervals import (
    PREFERRED,
    Curve,
    check_learning_rates,
    curve,
    mean_table,
    percent,
    success_table,
)

SUCCESS = 0.90
SURE = 0.50
"""Where the low end of a success rate is at least this, the network succeeds; where the high end is
at most this, it is helpless. Of ten runs that is at least nine, and at most one."""

EXPLODED = 10.0
"""A gradient that has grown by this factor, from verb to noun, has exploded."""


def measured(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return the rows of the measurement of one part, with a column `success`."""
    rows = rows[(rows.phase == "measure") & (rows.part == part)]
    return rows.assign(success=rows.accuracy >= SUCCESS)


def success(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its interval, one row per network, start and distance."""
    return success_table(measured(rows, "remember"), ["network", "start", "distance"])


def success_curve(rows: pd.DataFrame, network: str, start: str = "uniform") -> Curve:
    """Return what to draw: success rate over distance, with Wilson intervals."""
    return curve(success(rows), "distance", network=network, start=start)


def means(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the geometric mean of a column, one row per network, start and distance.

    Parameters
    ----------
    rows : DataFrame
    column : str
        "gain_before", "gain", "direct_before", "direct", "largest_norm" or "updates".
    """
    by = ["network", "start", "distance"]
    return mean_table(measured(rows, "remember"), by, column, logarithmic=True)


def gain_curve(
    rows: pd.DataFrame, network: str, column: str = "gain", start: str = "uniform"
) -> Curve:
    """Return the factor per step over distance: "gain_before", "gain", "direct_before", "direct".

    Geometric means with t intervals.
    """
    return curve(means(rows, column), "distance", network=network, start=start)


def explosion_success(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the success rate with its interval, one row per network and scale."""
    return success_table(measured(rows, "explode"), ["network", "scale"])


def explosion_curve(rows: pd.DataFrame, network: str) -> Curve:
    """Return what to draw: success rate over the scale of W_h, with Wilson intervals."""
    return curve(explosion_success(rows), "scale", network=network)


def explosion(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how far a gradient has grown from verb to noun before training.

    Returns
    -------
    DataFrame
        network, scale, runs, and the geometric mean of the factor with its t interval.
    """
    large = measured(rows, "explode")
    total = large.assign(total=large.gain_before**large.distance)
    return mean_table(total, ["network", "scale"], "total", logarithmic=True)


def growth_curve(rows: pd.DataFrame, network: str) -> Curve:
    """Return the factor of a gradient from verb to noun, before training, over the scale of W_h."""
    return curve(explosion(rows), "scale", network=network)


def long_curve(rows: pd.DataFrame, network: str) -> Curve:
    """Return log10 of the factor over a sentence of 60 words, before training, over the scale."""
    without = measured(rows, "explode")
    table = mean_table(without, ["network", "scale"], "long_before")
    return curve(table, "scale", network=network)


def norm_curve(rows: pd.DataFrame, network: str) -> Curve:
    """Return the largest gradient norm on the way over the scale of W_h; geometric means."""
    by = ["network", "scale"]
    table = mean_table(measured(rows, "explode"), by, "largest_norm", logarithmic=True)
    return curve(table, "scale", network=network)


def helpless_cases(rows: pd.DataFrame) -> list[tuple[str, int]]:
    """Return start and distance wherever the plain RNN is helpless: there is something to solve.

    Raises
    ------
    ValueError
        If there is none.
    """
    rnn = success(rows)
    rnn = rnn[(rnn.network == "rnn") & (rnn.high <= SURE)]
    if rnn.empty:
        raise ValueError("The runs decide nothing: the plain RNN is helpless nowhere.")
    return [(row.start, row.distance) for row in rnn.itertuples()]


def tells(row: Any) -> int:
    """Return 1 where a row of success rates says that the network succeeds, -1 helpless, or 0."""
    return int(row.low >= SURE) - int(row.high <= SURE)


def by_start(cases: list[tuple[str, int]]) -> str:
    """Write cases in words: ``40 and 80 words (uniform), 120 words (normal)``."""
    return ", ".join(
        f"{' and '.join(str(d) for s, d in cases if s == start)} words ({start})"
        for start in dict.fromkeys(s for s, _ in cases)
    )


def exploding_scales(rows: pd.DataFrame) -> list[int]:
    """Return the scales at which the plain RNN's gradient explodes: low end at least `EXPLODED`.

    Raises
    ------
    ValueError
        If there is none.
    """
    at = explosion(rows).set_index(["network", "scale"])
    large = [s for s in SETTINGS["scales"] if at.loc[("rnn", s)].low >= EXPLODED]
    if not large:
        raise ValueError("The runs decide nothing: the plain RNN's gradient explodes nowhere.")
    return large


def explosions(rows: pd.DataFrame, network: str) -> pd.DataFrame:
    """Compare a network with the plain RNN wherever the RNN's gradient explodes.

    Returns
    -------
    DataFrame
        One row per scale of W_h: `scale`; `rnn`, `mean`, `low`, `high`, the factor from verb to
        noun of the plain RNN and of the network before training; `rate`, `rate_low`, `rate_high`,
        the network's success without clipping; `tells`, 1 where its gradient does not explode and
        it succeeds, -1 where its gradient explodes or it is helpless, else 0; `words`, all that as
        a text.
    """
    grown = explosion(rows).set_index(["network", "scale"])
    rates = explosion_success(rows).set_index(["network", "scale"])
    table = []
    for scale in exploding_scales(rows):
        rnn, own = grown.loc[("rnn", scale)], grown.loc[(network, scale)]
        rate, rnn_rate = rates.loc[(network, scale)], rates.loc[("rnn", scale)]
        calm, wild = own.high < EXPLODED, own.low >= EXPLODED
        told = int(calm and tells(rate) == 1) - int(wild or tells(rate) == -1)
        words = (
            f"factor {own['mean']:.2g} [{own.low:.2g}, {own.high:.2g}] beside {rnn['mean']:.2g}, "
            f"success without clipping {percent(rate)} beside {percent(rnn_rate)}"
        )
        factors = rnn["mean"], own["mean"], own.low, own.high
        table.append((scale, *factors, rate.rate, rate.low, rate.high, told, words))
    names = ("scale", "rnn", "mean", "low", "high", "rate", "rate_low", "rate_high", "tells")
    return pd.DataFrame(table, columns=[*names, "words"])


def check_rates(rows: pd.DataFrame) -> None:
    """Compare the learning rates with those that the selection runs prefer, in the rows given.

    Raises
    ------
    ValueError
        If another rate is preferred.
    """
    named = rows.assign(
        arm=[arm(row) for row in rows.to_dict("records")], failed=rows.accuracy < SUCCESS
    )
    used = {name: SETTINGS["learning_rates"][name] for name in dict.fromkeys(named.arm)}
    check_learning_rates(named, "arm", used, by=PREFERRED)


def budget(part: str) -> str:
    """Return the effort in words: what a verdict was reached with."""
    explodes = part == "explode"
    rule = "plain gradient descent" if explodes else "Adam"
    updates = SETTINGS["large_updates" if explodes else "updates"]
    each = "network and scale" if explodes else "network, start and distance"
    clipping = "" if explodes else f"gradients clipped at norm {SETTINGS['limit']:g}, "
    return (
        f"at most {updates} updates of {rule} on {SETTINGS['batch']} sentences each, "
        f"{SETTINGS['hidden']} hidden units, {clipping}{len(SETTINGS['seeds'])} seeds, learning "
        f"rates chosen on other seeds for each {each}; success is an accuracy of at least 90 %; "
        "95 % intervals."
    )
