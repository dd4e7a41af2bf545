"""Baselines against closed forms and statsmodels; none of them may see the future."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from utils.forecasting import (
    Drift,
    ExponentialSmoothing,
    LinearAutoregression,
    Mean,
    Naive,
    SeasonallyAdjusted,
    SeasonalMean,
    SeasonalNaive,
    lag_matrix,
)


def seasonal(N=120, seed=0, noise=0.3):
    t = np.arange(N)
    rng = np.random.default_rng(seed)
    return 0.05 * t + 2 * np.sin(2 * np.pi * t / 12) + noise * rng.normal(size=N)


def test_baselines_by_hand():
    past = np.array([1.0, 5.0, 3.0, 7.0])
    assert Naive().fit(past).forecast(past, 3).tolist() == [7, 7, 7]
    assert Mean().forecast(past, 2).tolist() == [4, 4]
    assert Drift().forecast(past, 2).tolist() == [9, 11]
    assert SeasonalNaive(2).forecast(past, 5).tolist() == [3, 7, 3, 7, 3]
    assert SeasonalNaive(1).forecast(past, 2).tolist() == Naive().forecast(past, 2).tolist()
    assert SeasonalMean(2).forecast(past, 3).tolist() == [2, 6, 2]
    assert SeasonalMean(1).forecast(past, 2).tolist() == Mean().forecast(past, 2).tolist()
    assert SeasonalMean(3).forecast(past, 4).tolist() == [5, 3, 4, 5]  # places 1, 2, 0, 1


@given(N=st.integers(5, 40), m=st.integers(1, 5), H=st.integers(1, 12))
@settings(max_examples=50, deadline=None)
def test_seasonal_forecasts_keep_the_place_in_the_season(N, m, H):
    past = np.arange(N) % m
    expected = (N + np.arange(H)) % m
    for forecaster in (SeasonalNaive(m), SeasonalMean(m)):
        assert forecaster.forecast(past, H) == pytest.approx(expected)


def test_too_short_or_gappy_pasts():
    with pytest.raises(ValueError, match="past has 3 values; seasonal naive needs at least 4"):
        SeasonalNaive(4).forecast(np.arange(3.0), 1)
    with pytest.raises(ValueError, match="drift needs at least 2"):
        Drift().forecast([1.0], 1)
    with pytest.raises(ValueError, match="past lacks 1 of 2 numbers"):
        Naive().forecast([1.0, np.nan], 1)
    with pytest.raises(ValueError, match="horizon is 0"):
        Naive().forecast([1.0], 0)


def test_lags_by_hand():
    X, y = lag_matrix(np.arange(6.0), order=3, lead=2)
    assert X.tolist() == [[0, 1, 2], [1, 2, 3]]
    assert y.tolist() == [4, 5]


@pytest.mark.parametrize("order", [1, 3, 13])
def test_autoregression_equals_that_of_statsmodels(order):
    y = seasonal()
    ours = LinearAutoregression(order).fit(y)
    theirs = AutoReg(y, order, trend="c").fit()
    constant, *newest_first = theirs.params
    assert ours.coefficients[0] == pytest.approx([constant, *newest_first[::-1]], abs=1e-8)
    assert ours.forecast(y, 24) == pytest.approx(theirs.forecast(24), abs=1e-7)


def test_direct_and_recursive_agree_at_the_first_lead_only():
    y = seasonal()
    recursive = LinearAutoregression(6).fit(y)
    direct = LinearAutoregression(6, "direct", horizon=4).fit(y)
    assert direct.coefficients.shape == (4, 7)
    one, many = recursive.forecast(y, 4), direct.forecast(y, 4)
    assert one[0] == pytest.approx(many[0])
    assert abs(one[3] - many[3]) > 1e-4
    X, target = lag_matrix(y, 6, lead=4)
    A = np.column_stack([np.ones(len(X)), X])
    assert direct.coefficients[3] == pytest.approx(np.linalg.solve(A.T @ A, A.T @ target))


def test_a_linear_recurrence_is_forecast_exactly():
    t = np.arange(40)
    y = 3 + np.cos(0.3 * t)  # obeys y_t = c + 2 cos(0.3) y_{t-1} - y_{t-2}
    future = 3 + np.cos(0.3 * np.arange(40, 60))
    for strategy in ("recursive", "direct"):
        model = LinearAutoregression(2, strategy, 20).fit(y)
        assert model.forecast(y, 20) == pytest.approx(future, abs=1e-9)


def test_many_series_share_their_weights():
    a, b = seasonal(60, 1), seasonal(60, 2)
    together = LinearAutoregression(3).fit([a, b]).coefficients[0]
    assert np.array_equal(together, LinearAutoregression(3).fit(np.array([a, b])).coefficients[0])
    rows = [lag_matrix(y, 3) for y in (a, b)]
    X = np.vstack([part.X for part in rows])
    A = np.column_stack([np.ones(len(X)), X])
    y = np.concatenate([part.y for part in rows])
    assert together == pytest.approx(np.linalg.lstsq(A, y, rcond=None)[0])


def test_ridge_shrinks_the_weights_and_not_the_mean():
    y = seasonal()
    plain, shrunk = (LinearAutoregression(12, ridge=r).fit(y).coefficients[0] for r in (0, 10.0))
    assert np.abs(shrunk[1:]).sum() < np.abs(plain[1:]).sum() * 0.7
    flat = LinearAutoregression(12, ridge=1e9).fit(y)
    assert flat.forecast(y, 1)[0] == pytest.approx(y[12:].mean(), abs=1e-4)
    X, target = lag_matrix(y, 12)
    A, b = X - X.mean(axis=0), target - target.mean()
    closed = np.linalg.solve(A.T @ A + 10 * len(b) * np.eye(12), A.T @ b)
    assert shrunk[1:] == pytest.approx(closed)


def test_bad_autoregressions():
    with pytest.raises(ValueError, match="is not fitted"):
        LinearAutoregression(2).forecast(np.arange(9.0), 1)
    with pytest.raises(ValueError, match="strategy is 'both'"):
        LinearAutoregression(2, "both")
    with pytest.raises(ValueError, match="5 rows of 4 lags at lead 1; expected more"):
        LinearAutoregression(4).fit(np.arange(9.0))
    model = LinearAutoregression(2, "direct", 3).fit(seasonal())
    with pytest.raises(ValueError, match="horizon is 4; this direct model was made for 3"):
        model.forecast(seasonal(), 4)
    with pytest.raises(ValueError, match="past has 1 values"):
        model.forecast([1.0], 1)


def test_seasonal_adjustment_takes_the_season_off_and_puts_it_back():
    t = np.arange(60)
    y = np.array([5.0, -1.0, 2.0])[t % 3]
    model = SeasonallyAdjusted(Naive(), 3).fit(y)
    assert model.forecast(y[:-1], 4) == pytest.approx(y[[59, 0, 1, 2]])
    assert model.forecast(y, 3) == pytest.approx(y[:3])
    shifted = y + 7  # what remains is carried on
    assert model.forecast(shifted, 3) == pytest.approx(shifted[:3])
    with pytest.raises(ValueError, match="is not fitted"):
        SeasonallyAdjusted(Naive(), 3).forecast(y, 1)


def test_exponential_smoothing_equals_that_of_statsmodels():
    y = seasonal()
    model = ExponentialSmoothing(12).fit(y)
    theirs = ETSModel(y, trend="add", seasonal="add", seasonal_periods=12).fit(disp=False)
    assert model.forecast(y, 12) == pytest.approx(theirs.forecast(12), abs=1e-6)
    assert model.weights["smoothing_level"] == pytest.approx(theirs.smoothing_level, abs=1e-6)


def test_simple_exponential_smoothing_by_hand():
    y = np.random.default_rng(3).normal(size=40).cumsum()
    model = ExponentialSmoothing(None, trend=False).fit(y[:20])  # later values change no weight
    level, alpha = model.weights["initial_level"], model.weights["smoothing_level"]
    for value in y:
        level += alpha * (value - level)
    assert model.forecast(y, 3) == pytest.approx([level] * 3)


def test_smoothing_follows_later_values_with_the_same_weights():
    y = seasonal() + np.random.default_rng(5).normal(size=120).cumsum()  # its level wanders
    model = ExponentialSmoothing(12).fit(y[:90])
    before = dict(model.weights)
    jumped = np.concatenate([y[:90], y[90:100] + 5])
    assert model.forecast(jumped, 1)[0] - model.forecast(y[:100], 1)[0] > 0.5
    assert model.weights == before
    band = model.interval(y[:100], 6, 0.8)
    assert np.all(band.low < model.forecast(y[:100], 6))
    wider = model.interval(y[:100], 6, 0.95)
    assert np.all(wider.high - wider.low > band.high - band.low)


def test_bad_smoothing():
    with pytest.raises(ValueError, match="is not fitted"):
        ExponentialSmoothing().forecast(seasonal(), 1)
    with pytest.raises(ValueError, match="needs at least 24"):
        ExponentialSmoothing(12).fit(seasonal(20))
    model = ExponentialSmoothing(12).fit(seasonal())
    with pytest.raises(ValueError, match="from its start"):
        model.forecast(seasonal()[1:], 1)
    with pytest.raises(ValueError, match="level is 90"):
        model.interval(seasonal(), 2, 90)
