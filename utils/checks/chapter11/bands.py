"""Code: intervals from calibrated residuals, and how much of what came they hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter11.formulas import CHAPTER, Array
from utils.checks.ordering import OrderedCheck


def band_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw two parts of a rolling evaluation: n origins to calibrate on, m to test.

    Errors grow with the lead, lean to one side, and are larger in the test part.
    """
    n, m, H = (sizes[name] for name in "nmH")
    spread = 1 + 0.7 * np.arange(H)
    parts = []
    for count, wider in ((n, 1.0), (m, 1.4)):
        actual = 30 + 4 * rng.normal(size=(count, H))
        errors = wider * spread * (rng.gamma(2.0, 1.0, size=(count, H)) - 1.2)
        parts.append((actual + errors, actual))
    (past_forecasts, past_actual), (forecasts, actual) = parts
    return {
        "past_forecasts": past_forecasts,
        "past_actual": past_actual,
        "forecasts": forecasts,
        "actual": actual,
        "level": sizes["percent"] / 100,
    }


check_calibrated_band = OrderedCheck(
    "calibrated_band",
    chapter=CHAPTER,
    title="A band, and what it holds",
    outputs={"low": "m H", "high": "m H", "coverage": "H"},
    inputs=band_inputs,
    sizes=(
        {"n": 24, "m": 31, "H": 3, "percent": 80},
        {"n": 26, "m": 37, "H": 4, "percent": 85},
        {"n": 44, "m": 29, "H": 5, "percent": 90},
    ),
    steps={
        "residuals": lambda past_forecasts, past_actual: past_actual - past_forecasts,
        "tail": lambda level: (1 - level) / 2,
        "count": lambda residuals: len(residuals) + 1,
        "low_rank": lambda count, tail: np.floor(count * tail + 1e-9),
        "high_rank": lambda count, tail: np.ceil(count * (1 - tail) - 1e-9),
        "below": lambda residuals, low_rank: np.sort(residuals, axis=0)[int(low_rank) - 1],
        "above": lambda residuals, high_rank: np.sort(residuals, axis=0)[int(high_rank) - 1],
        "low": lambda forecasts, below: forecasts + below,
        "high": lambda forecasts, above: forecasts + above,
        "inside": lambda actual, low, high: (low <= actual) & (actual <= high),
        "coverage": lambda inside: inside.mean(axis=0),
    },
    hints=(
        "A residual says what has to be added to a forecast to get what came. How many residuals "
        "are there at each lead, and which of them leave about α/2 of all on either side?",
        "Sort the residuals `past_actual - past_forecasts` at each lead by itself. The ranks, "
        "counted from 1, are ⌊(n + 1) α/2⌋ and ⌈(n + 1)(1 − α/2)⌉. Coverage is counted on the test "
        "part, one share for each lead.",
        "With `r = np.sort(past_actual - past_forecasts, axis=0)` and `tail = (1 - level) / 2` the "
        "offsets are `r[math.floor((n + 1) * tail) - 1]` and `r[math.ceil((n + 1) * (1 - tail)) - "
        "1]`. Add both to `forecasts`; then `((low <= actual) & (actual <= high)).mean(axis=0)`.",
    ),
)


def _quantile_at(residuals: Array, share: float) -> Array:
    return np.quantile(residuals, share, axis=0)


def _normal(residuals: Array, tail: Array, side: int) -> Array:
    """Return mean plus or minus z standard deviations; z for the levels of the cases."""
    z = {0.1: 1.2815515655446004, 0.075: 1.4395314709384563, 0.05: 1.6448536269514722}
    factor = next((v for k, v in z.items() if abs(k - tail) < 1e-6), 1.0)
    return residuals.mean(axis=0) + side * factor * residuals.std(axis=0)


def _largest(residuals: Array, level_rank: Array) -> Array:
    """Return the absolute residual of one rank at each lead, (H,)."""
    ordered = np.sort(np.abs(residuals), axis=0)
    return ordered[min(int(level_rank), len(ordered)) - 1]


for _key, _message, _replaces in (
    (
        "residuals_turned",
        "The residuals have the wrong sign: forecast less actual. What has to be added to a "
        "forecast is actual less forecast.",
        {"residuals": lambda past_forecasts, past_actual: past_forecasts - past_actual},
    ),
    (
        "absolute_residuals",
        "The residuals lost their signs before they were sorted. A forecaster may err more to one "
        "side than to the other.",
        {"residuals": lambda past_forecasts, past_actual: np.abs(past_actual - past_forecasts)},
    ),
    (
        "residuals_of_the_test",
        "The residuals come from the test part itself, so that the coverage comes out by "
        "construction. Take those of the calibration part.",
        {"residuals": lambda forecasts, actual: actual - forecasts},
    ),
    (
        "whole_tail_on_each_side",
        "All of α was left out on either side. Leave out α/2 on each.",
        {"tail": lambda level: 1 - level},
    ),
    (
        "ranks_of_n",
        "The ranks were made with n. With n + 1 the new value counts as one more of the same kind, "
        "and the interval is wide enough.",
        {"count": lambda residuals: len(residuals)},
    ),
    (
        "low_rank_from_0",
        "The lower end is one rank too high: round the rank down, and remember that ranks count "
        "from 1 and Python's places from 0.",
        {"low_rank": lambda count, tail: np.floor(count * tail + 1e-9) + 1},
    ),
    (
        "high_rank_rounded_down",
        "The upper rank was rounded down, which makes the interval too narrow.",
        {"high_rank": lambda count, tail: np.floor(count * (1 - tail) + 1e-9)},
    ),
    (
        "high_rank_from_0",
        "The upper end is one rank too high: ranks count from 1 and Python's places from 0.",
        {
            "high_rank": lambda residuals, count, tail: np.minimum(
                np.ceil(count * (1 - tail) - 1e-9) + 1, len(residuals)
            )
        },
    ),
    (
        "interpolated",
        "These ends lie between two residuals, as `np.quantile` puts them. Take the residuals of "
        "the two ranks themselves.",
        {
            "below": lambda residuals, tail: _quantile_at(residuals, float(tail)),
            "above": lambda residuals, tail: _quantile_at(residuals, 1 - float(tail)),
        },
    ),
    (
        "normal_band",
        "These ends are the mean ± z standard deviations of the residuals, as if they were "
        "normal. Take ranks, which ask for no such shape.",
        {
            "below": lambda residuals, tail: _normal(residuals, tail, -1),
            "above": lambda residuals, tail: _normal(residuals, tail, 1),
        },
    ),
    (
        "one_band_for_all_leads",
        "The residuals of all leads were sorted together, so that near leads get too wide a band "
        "and far ones too narrow a one. Each lead has residuals of its own.",
        {
            "below": lambda residuals, tail: np.full(
                residuals.shape[1],
                np.sort(residuals, axis=None)[
                    int(np.floor((residuals.size + 1) * tail + 1e-9)) - 1
                ],
            ),
            "above": lambda residuals, tail: np.full(
                residuals.shape[1],
                np.sort(residuals, axis=None)[
                    int(np.ceil((residuals.size + 1) * (1 - tail) - 1e-9)) - 1
                ],
            ),
        },
    ),
    (
        "not_sorted",
        "The residuals were not sorted, so that the rank picks an origin.",
        {
            "below": lambda residuals, low_rank: residuals[int(low_rank) - 1],
            "above": lambda residuals, high_rank: residuals[int(high_rank) - 1],
        },
    ),
    (
        "symmetric",
        "The band is symmetric, from absolute residuals. Take a lower and an upper rank of the "
        "residuals with their signs.",
        {
            "below": lambda residuals, count, tail: (
                -_largest(residuals, np.ceil(count * (1 - 2 * tail) - 1e-9))
            ),
            "above": lambda residuals, count, tail: _largest(
                residuals, np.ceil(count * (1 - 2 * tail) - 1e-9)
            ),
        },
    ),
    (
        "low_alone",
        "`low` holds the offsets by themselves. Add them to the forecasts.",
        {"low": lambda forecasts, below: np.broadcast_to(below, forecasts.shape)},
    ),
    (
        "low_subtracted",
        "The lower offset was subtracted. It carries its sign: add it.",
        {"low": lambda forecasts, below: forecasts - below},
    ),
    (
        "low_around_the_truth",
        "The lower end was put around what came, not around the forecasts.",
        {"low": lambda actual, below: actual + below},
    ),
    (
        "high_alone",
        "`high` holds the offsets by themselves. Add them to the forecasts.",
        {"high": lambda forecasts, above: np.broadcast_to(above, forecasts.shape)},
    ),
    (
        "high_subtracted",
        "The upper offset was subtracted. Add it.",
        {"high": lambda forecasts, above: forecasts - above},
    ),
    (
        "high_around_the_truth",
        "The upper end was put around what came, not around the forecasts.",
        {"high": lambda actual, above: actual + above},
    ),
    (
        "counted_where_calibrated",
        "The coverage was counted on the calibration part, where it comes out by construction. "
        "Count it on the test part.",
        {
            "inside": lambda past_forecasts, past_actual, below, above: (
                (past_forecasts + below <= past_actual) & (past_actual <= past_forecasts + above)
            )
        },
    ),
    (
        "outside_counted",
        "That is the share that lies outside. Coverage is the share inside.",
        {"inside": lambda actual, low, high: (actual < low) | (actual > high)},
    ),
    (
        "upper_end_alone",
        "Only the upper end was looked at. What lies below the lower end is outside too.",
        {"inside": lambda actual, high: actual <= high},
    ),
    (
        "lower_end_alone",
        "Only the lower end was looked at. What lies above the upper end is outside too.",
        {"inside": lambda actual, low: actual >= low},
    ),
    (
        "forecasts_counted",
        "Counted are the forecasts inside their own band. Count what came.",
        {"inside": lambda forecasts, low, high: (low <= forecasts) & (forecasts <= high)},
    ),
    (
        "coverage_of_all",
        "That is one share over all leads. Give one for each lead: a band may be too wide at the "
        "near ones and too narrow at the far ones.",
        {"coverage": lambda inside: inside.mean()},
    ),
    (
        "coverage_by_origin",
        "There is one share for each origin. Asked for is one for each lead.",
        {"coverage": lambda inside: inside.mean(axis=1)},
    ),
    (
        "coverage_counts",
        "Those are counts. Divide by the number of origins.",
        {"coverage": lambda inside: inside.sum(axis=0)},
    ),
    (
        "coverage_in_per_cent",
        "Those are per cent. Give shares between 0 and 1.",
        {"coverage": lambda inside: 100 * inside.mean(axis=0)},
    ),
    (
        "level_as_coverage",
        "That is the level that was aimed at. The coverage is what came of it.",
        {"coverage": lambda inside, level: np.full(inside.shape[1], level)},
    ),
):
    check_calibrated_band.add_mistake(_key, _message, _replaces)
