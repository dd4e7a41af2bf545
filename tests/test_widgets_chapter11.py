"""Live figures of chapter 11: what they compute, both ends of every control, what they say."""

import numpy as np
import pytest

from tests.helpers import visit_ends
from utils import forecasting
from utils.data import series
from utils.widgets import explore_forecast, explore_leak
from utils.widgets.chapter11 import (
    RECALL,
    LeakCase,
    compute_leak_errors,
    compute_times,
)


@pytest.fixture(scope="module")
def co2():
    return series.load("co2").without_gaps()


@pytest.fixture(scope="module")
def fitted(co2):
    train = co2.values[:332]
    return [
        forecasting.SeasonalNaive(12),
        forecasting.LinearAutoregression(13).fit(train),
    ]


@pytest.fixture(scope="module")
def bands(co2, fitted):
    origins = forecasting.origins_of(332, 236, 12)
    return {
        fitted[1].name: forecasting.calibrate(
            forecasting.rolling_origin(fitted[1], co2.values, origins, 12), 0.9
        )
    }


class Linear:
    """Forecasts many windows at once, by the last value."""

    def forecast_many(self, past):
        return np.repeat(past[:, -1:], 5, axis=1)


@pytest.fixture(scope="module")
def leaks():
    spots = series.load("sunspots")
    windows = forecasting.make_windows(spots.values, 10, 5)
    before, later = windows.between(0, 239), windows.between(239, 309)
    in_time = windows.between(0, 189), windows.between(189, 239)
    share = in_time[1].n / before.n
    at_random = forecasting.random_split(before, share, np.random.default_rng(0))
    cases = {
        "none": LeakCase(Linear(), *in_time),
        "at the split": LeakCase(Linear(), *at_random),
    }
    return spots, cases, later


def test_times_are_years_with_decimals(co2):
    times = compute_times(co2)
    assert times[0] == pytest.approx(1964 + 121 / 366)  # 1 May of a leap year
    assert times[8] == 1965
    assert (np.diff(times) > 0).all()
    assert compute_times(series.load("sunspots"))[0] == 1700


def test_both_ends_of_the_forecast(co2, fitted, bands):
    live = explore_forecast(co2, fitted, 332, 12, 1.25, bands)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) >= 5
    assert len({visit.pixels.tobytes() for visit in visits}) >= 5
    assert all(control.description for control in live.controls.values())
    assert {"image/png", "text/html", "text/plain"} <= set(live._repr_mimebundle_())


def test_forecast_says_what_is_there(co2, fitted, bands):
    live = explore_forecast(co2, fitted, 332, 12, 1.25, bands)
    y, found = co2.values, fitted[1].forecast(co2.values[:340], 6)
    live.set(forecaster=fitted[1].name, origin=8, horizon=6)
    error = np.abs(found - y[340:346]).mean()
    band = bands[fitted[1].name]
    inside = (found + band.low[:6] <= y[340:346]) & (y[340:346] <= found + band.high[:6])
    assert f"6 months after {co2.label(339)}: error {error:.2f} ppm" in live.alt
    assert f"MASE {error / 1.25:.2f}; the 90% interval holds {inside.sum()} of 6" in live.alt
    live.set(forecaster="seasonal naive", horizon=1)
    error = abs(y[328] - y[340])
    assert f"1 month after {co2.label(339)}: error {error:.2f} ppm" in live.alt
    assert "interval" not in live.alt


def test_forecast_sees_no_later_value(co2, bands):
    seen = []

    class Watching(forecasting.Naive):
        def forecast(self, past, horizon):
            seen.append(len(past))
            return super().forecast(past, horizon)

        def fit(self, values):
            raise AssertionError("fitted again")

    live = explore_forecast(co2, [Watching()], 332, 12, 1.25)
    seen.clear()
    live.set(origin=17)
    assert seen == [332 + 17]


def test_forecast_redraws_all_only_for_another_forecaster(co2, fitted, bands):
    live = explore_forecast(co2, fitted, 332, 12, 1.25, bands)
    for origin in (3, 40, 100):
        live.set(origin=origin)
    assert live.full_redraws == 1


def test_forecast_refuses(co2, fitted):
    with pytest.raises(ValueError, match="forecasters is empty"):
        explore_forecast(co2, [], 332, 12, 1.0)
    with pytest.raises(ValueError, match="the same name"):
        explore_forecast(co2, [fitted[0], fitted[0]], 332, 12, 1.0)
    with pytest.raises(ValueError, match="first is 445; expected 1 to N − horizon = 440"):
        explore_forecast(co2, fitted, 445, 12, 1.0)


def test_leak_errors_are_those_of_the_windows(leaks):
    _, cases, later = leaks
    for name, share in {"none": 0.0, "at the split": 1.0}.items():
        case = cases[name]
        errors = compute_leak_errors(case, later)
        told = np.abs(case.test.past[:, -1:] - case.test.future).mean()
        assert errors.reported == pytest.approx(told)
        assert errors.later == pytest.approx(np.abs(later.past[:, -1:] - later.future).mean())
        assert errors.seen == pytest.approx(share, abs=0.05)


def test_both_ends_of_the_leak(leaks):
    live = explore_leak(*leaks)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 4
    assert len({visit.pixels.tobytes() for visit in visits}) > 4
    assert live.full_redraws == 1
    assert all(control.description for control in live.controls.values())


def test_leak_says_what_was_seen(leaks):
    spots, cases, later = leaks
    live = explore_leak(*leaks)
    assert live.values["leak"] == "at the split"
    assert "5 of 5 values asked for stood in a training window" in live.alt
    live.set(leak="none", window=1)
    origin = cases["none"].test.origins[0]
    errors = compute_leak_errors(cases["none"], later)
    assert f"after {spots.label(origin - 1)}, 0 of 5 values" in live.alt
    assert f"(0% of values seen): {errors.reported:.1f}" in live.alt
    assert f"in the years after: {errors.later:.1f}" in live.alt


def test_leak_refuses(leaks):
    spots, cases, later = leaks
    with pytest.raises(ValueError, match="cases is empty"):
        explore_leak(spots, {}, later)
    short = cases["none"]._replace(test=cases["none"].test.take([0, 1]))
    with pytest.raises(ValueError, match="test windows; expected equally many"):
        explore_leak(spots, {**cases, "none": short}, later)


def test_recall_has_five_questions():
    assert len(RECALL) == 5
    assert all(question.endswith("?") and answer for question, answer in RECALL)
