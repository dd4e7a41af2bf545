"""Live figures of chapter 11: a forecast from any origin, and three ways to split, two leaking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ipywidgets
import numpy as np

from utils.data.series import Series
from utils.forecasting import (
    Band,
    Calibration,
    Forecaster,
    Windows,
    coverage,
    mae,
    shared_values,
)
from utils.plots.forecasts import draw_forecast, draw_leak
from utils.plots.style import new_figure
from utils.validation import Array, as_count
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

__all__ = [
    "RECALL",
    "LeakCase",
    "LeakErrors",
    "compute_leak_errors",
    "compute_times",
    "explore_forecast",
    "explore_leak",
]

_SHOWN = 36  # values before the first origin that a picture shows


def compute_times(series: Series) -> Array:
    """Return the dates of a series as years with decimals, shape (N,).

    The middle of 1960 is 1960.5; a leap year is divided into 366 days.

    Parameters
    ----------
    series : Series

    Returns
    -------
    array, shape (N,)
    """
    years = series.dates.astype("datetime64[Y]")
    start, stop = (y.astype("datetime64[s]") for y in (years, years + 1))
    share = (series.dates.astype("datetime64[s]") - start) / (stop - start)
    return years.astype(int) + 1970 + share


# A forecast from any origin


def explore_forecast(
    series: Series,
    forecasters: Sequence[Forecaster],
    first: int,
    horizon: int,
    scale: float,
    calibrations: Mapping[str, Calibration] | None = None,
) -> LiveFigure:
    """Choose forecaster, origin and horizon, and see forecast, interval and what came.

    Parameters
    ----------
    series : Series
        Without missing values.
    forecasters : sequence of Forecaster
        Fitted already, to nothing after `first`; they are asked for forecasts and not fitted again.
    first : int
        The first origin that can be chosen: where the test part begins.
    horizon : int
        The longest that can be chosen.
    scale : float
        What errors are divided by; see `utils.forecasting.mase_scale`.
    calibrations : mapping of str to Calibration, optional
        Intervals by the forecasters' names; those without one are shown without interval.

    Returns
    -------
    LiveFigure

    Raises
    ------
    ValueError
        If there is no forecaster, two have the same name, or `first` and `horizon` do not fit.
    """
    if not forecasters:
        raise ValueError("forecasters is empty; expected fitted ones.")
    by_name = {forecaster.name: forecaster for forecaster in forecasters}
    if len(by_name) < len(forecasters):
        raise ValueError("two of the forecasters have the same name; expected different ones.")
    calibrations = dict(calibrations or {})
    horizon, y, N = as_count("horizon", horizon), series.values, len(series)
    if not 1 <= as_count("first", first) <= N - horizon:
        raise ValueError(f"first is {first}; expected 1 to N − horizon = {N - horizon}.")
    start = max(first - _SHOWN, 0)
    times = compute_times(series)
    levels = {calibration.level for calibration in calibrations.values()}
    level = levels.pop() if len(levels) == 1 else None
    figure, ax = new_figure(size=(10.5, 3.9))
    picture = draw_forecast(ax, times[start:], y[start:], ylabel=series.unit, level=level)
    ends: dict[str, tuple[float, float]] = {}

    def limits(name: str) -> tuple[float, float]:
        """Return limits that hold for every origin of a forecaster, near enough."""
        if name not in ends:
            told = [by_name[name].forecast(y[:o], horizon) for o in (first, N - horizon)]
            every = np.concatenate([y[start:], *told])
            room = 0.12 * np.ptp(every)
            ends[name] = (float(every.min() - 0.5 * room), float(every.max() + 1.6 * room))
        return ends[name]

    def update(forecaster: str, origin: int, horizon: int) -> str:
        place = first + origin
        found = by_name[forecaster].forecast(y[:place], horizon)
        actual = y[place : place + horizon]
        error = mae(found, actual)
        band, inside = None, ""
        if forecaster in calibrations:
            c = calibrations[forecaster]
            band = Band(found + c.low[:horizon], found + c.high[:horizon])
            held = coverage(Band(band.low[None], band.high[None]), actual[None]).by_lead
            inside = f"; the {c.level:.0%} interval holds {int(held.sum())} of {horizon}"
        text = f"error {error:.2f} {series.unit}, MASE {error / scale:.2f}{inside}"
        picture.limits(*limits(forecaster))
        stretch = slice(max(place - _SHOWN, 0), place)
        shown = (times[stretch], y[stretch])
        picture.move(shown, times[place : place + horizon], found, band, text)
        steps = counted(horizon, series.step)
        return f"{forecaster}, {steps} after {series.label(place - 1)}: {text}."

    names = list(by_name)
    controls = {
        "forecaster": ipywidgets.Dropdown(options=names, value=names[0], description="forecaster"),
        "origin": ipywidgets.IntSlider(
            0,
            min=0,
            max=N - horizon - first,
            description=f"origin, {series.step}s into the test part",
        ),
        "horizon": ipywidgets.IntSlider(
            horizon, min=1, max=horizon, description=f"horizon in {series.step}s"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="One forecast at a time",
        steps={"origin": 6, "forecaster": None},
    )


# Leaks


class LeakCase(NamedTuple):
    """Hold a trained forecaster with the windows that it was trained on and judged by.

    Attributes
    ----------
    forecaster : object with ``forecast_many(past) -> (n, H)``
        Such as `utils.pytorch.forecaster.NeuralForecaster`.
    train, test : Windows
        Test windows are those whose error would be reported.
    """

    forecaster: object
    train: Windows
    test: Windows


class LeakErrors(NamedTuple):
    """Say what a case reports, and what that was worth.

    Attributes
    ----------
    reported, later : float
        Mean absolute errors on the test windows, and on windows that came after all of them.
    seen : float
        Share of the test windows' future values that stand in a training window.
    """

    reported: float
    later: float
    seen: float


def compute_leak_errors(case: LeakCase, later: Windows) -> LeakErrors:
    """Measure a case on its own test windows, and on later ones.

    Parameters
    ----------
    case : LeakCase
    later : Windows
        Kept away from training, scaling, and every choice.

    Returns
    -------
    LeakErrors
    """
    reported, after = (
        mae(case.forecaster.forecast_many(part.past), part.future) for part in (case.test, later)
    )
    return LeakErrors(reported, after, shared_values(case.train, case.test))


def _covered(windows: Windows) -> Array:
    """Return the places of all values in some windows, ascending."""
    steps = np.arange(-windows.past.shape[1], windows.future.shape[1])
    return np.unique(windows.origins[:, None] + steps)


def _stretches(places: Array, times: Array) -> list[tuple[float, float]]:
    """Return from when to when places without a gap run."""
    parts = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return [(float(times[part[0]]), float(times[part[-1]])) for part in parts]


def explore_leak(series: Series, cases: Mapping[str, LeakCase], later: Windows) -> LiveFigure:
    """Choose a leak and a test window; see which of the values asked for stood in training.

    Parameters
    ----------
    series : Series
    cases : mapping of str to LeakCase
        By what leaks, in words; with equally many test windows each.
    later : Windows
        Windows of the years after, kept away from everything.

    Returns
    -------
    LiveFigure

    Raises
    ------
    ValueError
        If there is no case, or they have different numbers of test windows.
    """
    if not cases:
        raise ValueError("cases is empty; expected trained forecasters by what leaks.")
    counts = {case.test.n for case in cases.values()}
    if len(counts) > 1:
        raise ValueError(f"cases have {sorted(counts)} test windows; expected equally many.")
    times, y, n = compute_times(series), series.values, counts.pop()
    found = {name: compute_leak_errors(case, later) for name, case in cases.items()}
    told = {name: case.forecaster.forecast_many(case.test.past) for name, case in cases.items()}
    covered = {name: _covered(case.train) for name, case in cases.items()}
    trained = {name: _stretches(places, times) for name, places in covered.items()}
    most = 1.3 * max(max(errors[:2]) for errors in found.values())
    figure, axes = new_figure(1, 2, size=(11, 4.2), width_ratios=[3.4, 1])
    picture = draw_leak(axes, times, y, float(times[later.origins[0]]), most, series.unit)

    def update(leak: str, window: int) -> str:
        case, errors = cases[leak], found[leak]
        origin = int(case.test.origins[window - 1])
        P, H = case.test.past.shape[1], case.test.future.shape[1]
        past, future = slice(origin - P, origin), slice(origin, origin + H)
        seen = np.isin(np.arange(origin, origin + H), covered[leak])
        error = mae(told[leak][window - 1], y[future])
        picture.move(
            (times[past], y[past]),
            times[future],
            y[future],
            told[leak][window - 1],
            seen,
            trained[leak],
            errors[:2],
            f"this window: error {error:.1f}, {int(seen.sum())} of {H} values seen in training",
        )
        return (
            f"Leak: {leak}. In the window after {series.label(origin - 1)}, {int(seen.sum())} of "
            f"{H} values asked for stood in a training window, and the error is {error:.1f}. "
            f"Reported over {counted(n, 'window')} ({errors.seen:.0%} of values seen): "
            f"{errors.reported:.1f}; in the years after: {errors.later:.1f}."
        )

    controls = {
        "leak": ipywidgets.ToggleButtons(
            options=list(cases),
            value=list(cases)[-1],
            description="leak",
            style={"button_width": "auto"},
        ),
        "window": ipywidgets.IntSlider(
            (n + 1) // 2, min=1, max=n, description="test window, in order of time"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="What a leak buys, and what it was worth",
        steps={"window": 5, "leak": None},
    )


RECALL = (
    (
        "A colleague scales a series to [0, 1], cuts it into windows, shuffles them and keeps 20 % "
        "as a test. What has leaked, and how often?",
        "Twice. The scaler saw the future's range, and nearly every value asked for in the test "
        "stands in some training window, because neighbouring windows overlap.",
    ),
    (
        "A forecaster has a MASE of 0.9 at one series and 1.4 at another. Did it lose at the "
        "second?",
        "Not by that alone. 1 is the error of the seasonal naive forecast *on the training part*, "
        "one season ahead; on the test part and at other leads that forecast has another error. "
        "Compare with baselines at the same origins and leads.",
    ),
    (
        "Why does an LSTM trained on levels fail on a series with a trend, and what is the least "
        "that helps?",
        "The test part has levels that it never saw, and its bounded states say nothing sensible "
        "there. Subtract the last known value from every window and forecast changes: the anchor.",
    ),
    (
        "Intervals calibrated for 90 % hold fewer values on the test part. Which two reasons may "
        "that have?",
        "Errors of the test part are not drawn as those of the validation part were: the series "
        "or its distance from the training part changed. And neighbouring origins share errors, so "
        "that few of the residuals tell something of their own.",
    ),
    (
        "Chapter 09: dropout between the layers of a stack, or from step to step inside a cell: "
        "which is meant in the articles' form, and what happens to it when you forecast?",
        "Between the layers. It is switched off, and values keep their size because those that "
        "stayed were divided by 1 − p while training.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
