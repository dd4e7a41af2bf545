"""Rolling origin, measures of error, intervals with their coverage, and generated systems."""

import numpy as np
import pytest
from scipy import stats

from utils.forecasting import (
    Band,
    Drift,
    Evaluation,
    ExponentialSmoothing,
    LinearAutoregression,
    Mean,
    Naive,
    SeasonallyAdjusted,
    SeasonalMean,
    SeasonalNaive,
    calibrate,
    coverage,
    difference_interval,
    interval_score,
    mackey_glass,
    mackey_glass_next,
    mae,
    mase,
    mase_scale,
    noise_floor,
    origins_of,
    paired_differences,
    related_series,
    rmse,
    rolling_origin,
)

Y = 10 + np.sin(np.arange(80) / 3) + 0.2 * np.random.default_rng(0).normal(size=80)
FORECASTERS = {
    "naive": Naive,
    "mean": Mean,
    "drift": Drift,
    "seasonal naive": lambda: SeasonalNaive(6),
    "seasonal mean": lambda: SeasonalMean(6),
    "recursive": lambda: LinearAutoregression(4),
    "direct": lambda: LinearAutoregression(4, "direct", 5),
    "adjusted": lambda: SeasonallyAdjusted(LinearAutoregression(2), 6),
    "smoothing": lambda: ExponentialSmoothing(6),
}


def evaluation(errors, name="made", actual=0.0):
    errors = np.array(errors, dtype=float)
    truth = np.full(errors.shape, actual)
    return Evaluation(name, np.arange(1, len(errors) + 1), truth + errors, truth)


def test_origins_leave_a_whole_horizon():
    assert origins_of(20, 12, 4, 3).tolist() == [12, 15]
    assert origins_of(20, 16, 4).tolist() == [16]
    with pytest.raises(ValueError, match=r"first is 17; expected at most .* = 16"):
        origins_of(20, 17, 4)


def test_rolling_origin_by_hand():
    found = rolling_origin(Naive(), np.array([1.0, 2, 4, 8, 16, 32]), [2, 4], 2)
    assert found.forecasts.tolist() == [[2, 2], [8, 8]]
    assert found.actual.tolist() == [[4, 8], [16, 32]]
    assert found.errors.tolist() == [[-2, -6], [-8, -24]]
    assert (found.mae(), found.mae(1), found.rmse(2)) == (10, 5, pytest.approx(306**0.5))
    assert found.mae_by_lead().tolist() == [5, 15]
    assert found.mase(5, lead=2) == 3
    table = found.table()
    assert table[table.origin == 4].error.tolist() == [-8, -24]
    with pytest.raises(ValueError, match="lead is 3; expected 1 to 2"):
        found.mae(3)


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize("refit_every", [None, 2])
def test_changing_the_future_changes_no_forecast(name, refit_every):
    """No forecaster may see a value at or after its origin."""
    changed = Y.copy()
    changed[60:] = 1000 * np.arange(20)

    def forecasts(values):
        forecaster = FORECASTERS[name]().fit(values[:50])
        return rolling_origin(forecaster, values, [50, 53, 60], 5, refit_every).forecasts

    assert np.array_equal(forecasts(Y), forecasts(changed))


def test_a_forecaster_that_peeks_is_handed_no_future():
    seen = []

    class Peeker(Naive):
        def forecast(self, past, horizon):
            seen.append(past.copy())
            past[:] = -1  # nor can it spoil the series
            return np.zeros(horizon)

    values = Y.copy()
    rolling_origin(Peeker(), values, [5, 9], 3)
    assert [len(past) for past in seen] == [5, 9]
    assert seen[1].base is None
    assert np.array_equal(values, Y)


def test_refitting_happens_as_often_as_asked():
    fitted = []

    class Counter(Naive):
        def fit(self, values):
            fitted.append(len(values))
            return self

    rolling_origin(Counter(), Y, [10, 12, 14, 16, 18], 2, refit_every=2)
    assert fitted == [10, 14, 18]


def test_bad_evaluations():
    for origins in ([0], [79], [5, 5], [9, 5]):
        with pytest.raises(ValueError, match="expected ascending numbers from 1"):
            rolling_origin(Naive(), Y, origins, 2)

    class Wrong(Naive):
        def forecast(self, past, horizon):
            return np.zeros(horizon + 1)

    with pytest.raises(ValueError, match=r"naive returned shape \(3,\) at origin 5"):
        rolling_origin(Wrong(), Y, [5], 2)


def test_measures_by_hand():
    forecast, actual = np.array([1.0, 4.0]), np.array([3.0, 3.0])
    assert mae(forecast, actual) == 1.5
    assert rmse(forecast, actual) == pytest.approx(2.5**0.5)
    scale = mase_scale([1.0, 2.0, 4.0, 4.0], period=2)
    assert scale == 2.5
    assert mase(forecast, actual, scale) == 0.6
    with pytest.raises(ValueError, match="forecast has shape"):
        mae(forecast[:1], actual)
    with pytest.raises(ValueError, match="expected more than period = 4"):
        mase_scale([1.0, 2.0, 3.0, 4.0], 4)
    with pytest.raises(ValueError, match="repeat their season"):
        mase_scale([1.0, 2.0, 1.0, 2.0], 2)


def test_the_seasonal_naive_forecast_has_a_mase_of_one_on_its_own_ground():
    training = Y[:60]
    found = rolling_origin(SeasonalNaive(6), training, origins_of(60, 6, 1), 1)
    assert found.mase(mase_scale(training, 6)) == pytest.approx(1)


def test_paired_differences_by_hand():
    a, b = evaluation([[1, -3], [2, 0]]), evaluation([[-2, 2], [0, 0]], "other")
    assert paired_differences(a, b).tolist() == [0, 1]
    assert paired_differences(a, b, lead=1).tolist() == [-1, 2]
    with pytest.raises(ValueError, match="different origins"):
        paired_differences(a, evaluation([[1, 1]]))
    with pytest.raises(ValueError, match="made and made were evaluated at different"):
        paired_differences(a, evaluation([[1, -3], [2, 0]], actual=5.0))


def test_without_overlap_it_is_the_t_interval():
    d = np.random.default_rng(1).normal(size=12)
    found = difference_interval(d)
    low, high = stats.t.interval(0.95, 11, d.mean(), stats.sem(d))
    assert found[:3] == pytest.approx((d.mean(), low, high))


def test_overlap_widens_the_interval_of_correlated_differences():
    rng = np.random.default_rng(2)
    hits = {1: 0, 6: 0}
    for _ in range(300):
        shocks = rng.normal(size=85)
        d = np.convolve(shocks, np.ones(6), "valid")  # mean 0, related over 6 origins
        for overlap in hits:
            _, low, high, _ = difference_interval(d, overlap)
            hits[overlap] += low <= 0 <= high
    assert hits[1] < 0.7 * 300
    assert 0.82 * 300 < hits[6] < 0.97 * 300
    e = d - d.mean()
    gammas = [e @ e, *(e[j:] @ e[:-j] for j in (1, 2))]
    variance = (gammas[0] + 2 * (2 / 3 * gammas[1] + 1 / 3 * gammas[2])) / 80
    expected = stats.t.ppf(0.975, 79) * (variance / 79) ** 0.5
    assert difference_interval(d, 3).high - d.mean() == pytest.approx(expected)
    with pytest.raises(ValueError, match="expected at least 5 for overlap 4"):
        difference_interval(d[:4], 4)


def test_calibration_takes_the_ranks_that_it_says():
    errors = -np.arange(1.0, 20)[:, None]  # residuals 1 … 19
    found = calibrate(evaluation(errors[::-1]), 0.9)
    assert (found.low[0], found.high[0], found.n) == (1, 19, 19)
    found = calibrate(evaluation(errors), 0.8)
    assert (found.low[0], found.high[0]) == (2, 18)
    twenty = calibrate(evaluation(np.append(errors, [[-20.0]], axis=0)), 0.8)  # 21 · 0.1 = 2.1
    assert (twenty.low[0], twenty.high[0]) == (2, 19)
    with pytest.raises(
        ValueError, match=r"19 origins; an interval of level 0.95 needs at least 39"
    ):
        calibrate(evaluation(errors), 0.95)
    band = found.around(np.array([[10.0], [20.0]]))
    assert band.low.tolist() == [[12], [22]]
    with pytest.raises(ValueError, match="expected 1 leads"):
        found.around(np.zeros((2, 3)))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_intervals_cover_as_much_as_they_promise_on_simulated_errors(level):
    """Skew errors, 39 of them per calibration: the mean coverage is the level, or little above."""
    rng = np.random.default_rng(3)
    shares = []
    for _ in range(300):
        errors = rng.exponential(size=(39, 2)) * [1, 3]
        new = rng.exponential(size=(200, 2)) * [1, 3]
        band = calibrate(evaluation(errors), level).around(np.zeros((200, 2)))
        shares.append(coverage(band, -new).by_lead)
    shares = np.mean(shares, axis=0)
    assert np.all(shares > level - 0.015)
    assert np.all(shares < level + 0.03)


def test_smoothing_intervals_cover_where_the_model_is_right():
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(25):
        y = rng.normal(size=200).cumsum()  # simple smoothing with weight 1 is right
        band = ExponentialSmoothing(None, trend=False).fit(y[:190]).interval(y[:190], 10, 0.8)
        inside.append(coverage(Band(band.low[None], band.high[None]), y[None, 190:]).share)
    assert 0.65 < np.mean(inside) < 0.92


def test_coverage_and_score_by_hand():
    band = Band(np.array([[0.0, 0], [0, 0]]), np.array([[1.0, 3], [1, 3]]))
    actual = np.array([[1.0, 4], [-0.5, 2]])
    found = coverage(band, actual)
    assert (found.share, found.by_lead.tolist(), found.n, found.width) == (0.5, [0.5, 0.5], 2, 2)
    assert interval_score(band, actual, 0.8) == pytest.approx((1 + 13 + 6 + 3) / 4)
    with pytest.raises(ValueError, match="low has shape"):
        coverage(Band(band.low[:1], band.high), actual)


def test_the_true_quantiles_score_best():
    y = np.random.default_rng(5).normal(size=(20_000, 1))
    scores = [
        interval_score(Band(np.full_like(y, -z), np.full_like(y, z)), y, 0.9)
        for z in (1.2, stats.norm.ppf(0.95), 2.2)
    ]
    assert np.argmin(scores) == 1


def test_mackey_glass_obeys_its_equation_up_to_the_noise():
    y = mackey_glass(np.random.default_rng(6), 3000, noise=0.02)
    shocks = y[18:] - mackey_glass_next(y[17:-1], y[:-18])
    assert shocks.std() == pytest.approx(0.02, rel=0.05)
    assert np.abs(shocks).mean() == pytest.approx(noise_floor(0.02), rel=0.05)
    assert abs(np.corrcoef(shocks[1:], shocks[:-1])[0, 1]) < 0.06
    quiet = mackey_glass(np.random.default_rng(6), 100, noise=0)
    assert quiet[18:] == pytest.approx(mackey_glass_next(quiet[17:-1], quiet[:-18]))
    assert 0.15 < y.std() < 0.35
    assert np.array_equal(y, mackey_glass(np.random.default_rng(6), 3000, noise=0.02))


def test_related_series_share_a_shape_and_nothing_else():
    quiet = related_series(np.random.default_rng(7), 50, 200, noise=0)
    falls = np.diff(quiet, axis=1)
    sizes = np.ptp(quiet, axis=1)
    assert np.all((sizes > 0.4) & (sizes < 2.1))
    up = (falls > 0).mean(axis=1)  # one step up per period
    assert np.all((up > 1 / 14.5) & (up < 1 / 5.7))
    steps = np.sort(falls, axis=1)[:, :100]
    assert np.ptp(steps, axis=1) == pytest.approx(0, abs=1e-9)  # it runs down evenly
    loud = related_series(np.random.default_rng(7), 50, 200, noise=0.1)
    assert (np.abs(loud - quiet).mean(axis=1) / sizes).mean() == pytest.approx(
        noise_floor(0.1), rel=0.1
    )
