"""Code: the drift forecast from a rolling origin, and its error at every lead."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter11.formulas import CHAPTER, Array, draw_series
from utils.checks.engine import Check


def rolling_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a series, the first origin, the steps between origins and the horizon."""
    return {
        "values": draw_series(rng, sizes["N"]),
        "first": sizes["o"],
        "every": sizes["e"],
        "horizon": sizes["H"],
    }


def line_slopes(values: Array, origins: Array) -> Array:
    """Return the slope of the least-squares line through the past of each origin, (n,)."""
    found = []
    for origin in origins.astype(int):
        steps = np.arange(origin) - (origin - 1) / 2
        found.append(steps @ values[:origin] / (steps @ steps))
    return np.array(found)


check_rolling_drift = Check(
    "rolling_drift",
    chapter=CHAPTER,
    title="A rolling origin",
    outputs={"forecasts": "n H", "mae_by_lead": "H"},
    inputs=rolling_inputs,
    sizes=(
        {"N": 29, "o": 11, "e": 2, "H": 5},
        {"N": 34, "o": 12, "e": 3, "H": 4},
        {"N": 26, "o": 9, "e": 4, "H": 6},
    ),
    steps={
        "stop": lambda values, horizon: len(values) - horizon + 1,
        "origins": lambda first, every, stop: np.arange(first, stop, every),
        "newest": lambda values, origins: values[origins - 1],
        "slopes": lambda values, origins: (values[origins - 1] - values[0]) / (origins - 1),
        "first_lead": constant(1),
        "forecasts": lambda newest, slopes, first_lead, horizon: (
            newest[:, None] + slopes[:, None] * (first_lead + np.arange(horizon))
        ),
        "actual": lambda values, origins, horizon: values[origins[:, None] + np.arange(horizon)],
        "size": lambda forecasts, actual: np.abs(forecasts - actual),
        "mae_by_lead": lambda size: size.mean(axis=0),
    },
    hints=(
        "At origin o, `past = values[:o]` is all there is. Which two of its values give the drift, "
        "over how many steps, and which origins leave a whole horizon?",
        "The slope is that from the first to the last known value, over o − 1 steps, anew at each "
        "origin. Lead k adds k slopes to the last known value. Each column of errors, one per "
        "lead, gets a mean of its own.",
        "For o in `range(first, len(values) - horizon + 1, every)`: `past[-1] + (past[-1] - "
        "past[0]) / (o - 1) * np.arange(1, horizon + 1)`, against `values[o : o + horizon]`. Then "
        "`np.abs(forecasts - actual).mean(axis=0)`.",
    ),
)
for _key, _message, _replaces in (
    (
        "last_origin_lost",
        "The last origin is missing: the one from which the horizon ends with the series.",
        {"stop": lambda values, horizon, every: len(values) - horizon + 1 - every},
    ),
    (
        "every_ignored",
        "There is a forecast from every step on. Origins lie `every` steps apart.",
        {"origins": lambda first, stop: np.arange(first, stop)},
    ),
    (
        "horizon_apart",
        "The origins lie a whole horizon apart. They lie `every` steps apart.",
        {"origins": lambda first, stop, horizon: np.arange(first, stop, horizon)},
    ),
    (
        "first_origin_skipped",
        "The first origin is missing: the forecasts begin `every` steps after `first`.",
        {"origins": lambda first, every, stop: np.arange(first + every, stop, every)},
    ),
    (
        "one_origin",
        "All forecasts come from the first origin. It has to move on.",
        {
            "newest": lambda values, first, origins: np.full(len(origins), values[first - 1]),
            "slopes": lambda values, first, origins: np.full(
                len(origins), (values[first - 1] - values[0]) / (first - 1)
            ),
        },
    ),
    (
        "begins_with_the_truth",
        "The forecasts start from `values[o]`, which is the first value to be forecast. The last "
        "one known at origin o is `values[o - 1]`.",
        {"newest": lambda values, origins: values[origins]},
    ),
    (
        "begins_one_early",
        "The forecasts start from `values[o - 2]`. The last value known at origin o is "
        "`values[o - 1]`.",
        {"newest": lambda values, origins: values[origins - 2]},
    ),
    (
        "begins_at_the_end",
        "The forecasts start from the last value of the whole series, which no origin knows.",
        {"newest": lambda values, origins: np.full(len(origins), values[-1])},
    ),
    (
        "slope_of_the_future",
        "The slope was taken from the whole series, the values to be forecast among them. At "
        "origin o only `values[:o]` is known.",
        {
            "slopes": lambda values, origins: np.full(
                len(origins), (values[-1] - values[0]) / (len(values) - 1)
            )
        },
    ),
    (
        "fitted_once",
        "The slope was fitted at the first origin and kept. Here it is fitted anew at each "
        "origin, to all that is known there.",
        {
            "slopes": lambda values, first, origins: np.full(
                len(origins), (values[first - 1] - values[0]) / (first - 1)
            )
        },
    ),
    (
        "slope_with_the_truth",
        "The slope reaches up to `values[o]`, the first value to be forecast.",
        {"slopes": lambda values, origins: (values[origins] - values[0]) / origins},
    ),
    (
        "slope_over_o",
        "The rise was divided by o. From the first to the last of o values there are o − 1 steps.",
        {"slopes": lambda values, origins: (values[origins - 1] - values[0]) / origins},
    ),
    (
        "last_step_as_slope",
        "The slope is that of the last step alone. Drift takes it from the first to the last known "
        "value.",
        {"slopes": lambda values, origins: values[origins - 1] - values[origins - 2]},
    ),
    (
        "line_fitted",
        "The slope is that of a line through all known values. Drift joins the first and the last "
        "of them.",
        {"slopes": line_slopes},
    ),
    (
        "slope_turned",
        "The slope has the wrong sign: last known value less the first.",
        {"slopes": lambda values, origins: (values[0] - values[origins - 1]) / (origins - 1)},
    ),
    (
        "no_slope",
        "That is the naive forecast: the slope is not added.",
        {"slopes": lambda origins: np.zeros(len(origins))},
    ),
    (
        "leads_from_0",
        "The leads were counted from 0, so that the first forecast is the last known value. The "
        "first lead adds one slope.",
        {"first_lead": constant(0)},
    ),
    (
        "leads_from_2",
        "The forecasts run one lead ahead: the first adds two slopes.",
        {"first_lead": constant(2)},
    ),
    (
        "one_slope_for_all_leads",
        "Every lead adds one slope. Lead k adds k of them.",
        {
            "forecasts": lambda newest, slopes, first_lead, horizon: np.repeat(
                (newest + first_lead * slopes)[:, None], horizon, axis=1
            )
        },
    ),
    (
        "compared_one_early",
        "The forecasts were compared with values one step too early, from `values[o - 1]` on.",
        {
            "actual": lambda values, origins, horizon: values[
                origins[:, None] - 1 + np.arange(horizon)
            ]
        },
    ),
    (
        "compared_with_lead_1",
        "All leads were compared with the value at lead 1. Each has a value of its own.",
        {"actual": lambda values, origins: values[origins][:, None]},
    ),
    (
        "signs_cancel",
        "In these means too high and too low cancel. Take absolute values first.",
        {"size": lambda forecasts, actual: forecasts - actual},
    ),
    (
        "squared",
        "The errors were squared. MAE takes their absolute values.",
        {"size": lambda forecasts, actual: (forecasts - actual) ** 2},
    ),
    (
        "in_per_cent",
        "The errors were divided by what came. MAE keeps the unit of the series.",
        {"size": lambda forecasts, actual: np.abs((forecasts - actual) / actual)},
    ),
    (
        "mean_by_origin",
        "There is one mean for each origin, over its leads. Asked for is one for each lead, over "
        "the origins.",
        {"mae_by_lead": lambda size: size.mean(axis=1)},
    ),
    (
        "mean_of_all",
        "That is one mean over all leads, which hides how the error grows. Give one for each lead.",
        {"mae_by_lead": lambda size: size.mean()},
    ),
    (
        "mean_up_to_the_lead",
        "At each lead stands the mean over all leads up to it. Asked for is the error at that lead "
        "alone.",
        {
            "mae_by_lead": lambda size: (
                np.cumsum(size.mean(axis=0)) / np.arange(1, size.shape[1] + 1)
            )
        },
    ),
    (
        "median_by_lead",
        "Those are the medians at each lead. MAE is a mean.",
        {"mae_by_lead": lambda size: np.median(size, axis=0)},
    ),
    (
        "sum_by_lead",
        "The errors of each lead were added up. Divide by the number of origins.",
        {"mae_by_lead": lambda size: size.sum(axis=0)},
    ),
    (
        "last_origin_alone",
        "Those are the errors from the last origin. Take the mean over all origins.",
        {"mae_by_lead": lambda size: size[-1]},
    ),
):
    check_rolling_drift.add_mistake(_key, _message, _replaces)
