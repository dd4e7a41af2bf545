"""Windows, splits, scaling, and the two leaks that are there to be measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.forecasting import (
    Windows,
    fit_scaler,
    join_windows,
    leaky_scaler,
    make_windows,
    random_split,
    shared_values,
    split_in_time,
)

SERIES = np.arange(20.0)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_windows_are_past_and_what_follows(data):
    N = data.draw(st.integers(2, 60))
    past = data.draw(st.integers(1, N - 1))
    horizon = data.draw(st.integers(1, N - past))
    every = data.draw(st.integers(1, 5))
    values = np.random.default_rng(N).normal(size=N)
    found = make_windows(values, past, horizon, every)
    assert found.n == (N - past - horizon) // every + 1
    assert found.past.shape == (found.n, past)
    assert found.future.shape == (found.n, horizon)
    for x, y, origin in zip(*found, strict=True):
        assert np.array_equal(x, values[origin - past : origin])
        assert np.array_equal(y, values[origin : origin + horizon])
    assert found.origins[0] == past
    assert np.all(np.diff(found.origins) == every)


def test_windows_are_copies():
    values = SERIES.copy()
    found = make_windows(values, 3, 2)
    values[:] = -1
    assert found.past[0].tolist() == [0, 1, 2]


@given(start=st.integers(0, 20), length=st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_between_keeps_whole_futures_inside(start, length):
    windows, stop = make_windows(SERIES, 4, 3), start + length
    expected = [o for o in windows.origins if start <= o and o + 3 <= stop]
    if not expected:
        with pytest.raises(ValueError, match="No window of 4 past and 3 future"):
            windows.between(start, stop)
    else:
        assert windows.between(start, stop).origins.tolist() == expected


def test_parts_of_windows_share_no_future_value():
    windows, split = make_windows(SERIES, 4, 3), split_in_time(20, 5, 6)
    parts = [windows.between(part.start, part.stop) for part in split]
    futures = [set(part.future.ravel()) for part in parts]
    assert not futures[0] & futures[1]
    assert not futures[1] & futures[2]
    assert max(futures[0] | set(parts[0].past.ravel())) < min(futures[1])


def test_bad_windows():
    with pytest.raises(ValueError, match=r"20 entries; expected at least .* = 21"):
        make_windows(SERIES, 18, 3)
    gappy = SERIES.copy()
    gappy[[4, 7]] = np.nan
    with pytest.raises(ValueError, match=r"lacks 2 of 20 numbers, the first at 4.*Series.fill"):
        make_windows(gappy, 3, 1)
    with pytest.raises(ValueError, match="past is 0"):
        make_windows(SERIES, 0, 1)
    with pytest.raises(ValueError, match=r"\(N,\)"):
        make_windows(SERIES[:, None], 2, 1)


def test_windows_of_several_series_are_joined():
    both = join_windows([make_windows(SERIES, 3, 2), make_windows(SERIES[:9] + 100, 3, 2)])
    assert both.n == 16 + 5
    assert both.past[16].tolist() == [100, 101, 102]
    with pytest.raises(ValueError, match=r"\[\(3, 1\), \(3, 2\)\]"):
        join_windows([make_windows(SERIES, 3, 2), make_windows(SERIES, 3, 1)])
    with pytest.raises(ValueError, match="parts is empty"):
        join_windows([])


@given(N=st.integers(10, 500), validation=st.integers(1, 4), test=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_a_split_covers_everything_once_and_in_order(N, validation, test):
    places = np.arange(N)
    parts = [places[part] for part in split_in_time(N, validation, test)]
    assert np.array_equal(np.concatenate(parts), places)
    assert (len(parts[1]), len(parts[2])) == (validation, test)


def test_a_split_by_shares_and_bad_splits():
    assert split_in_time(100, 0.2, 0.25).test == slice(75, 100)
    for sizes, words in (
        ((60, 40), "expected some for training"),
        ((0.001, 10), "at least one value"),
        ((1.5, 10), "a share below 1"),
    ):
        with pytest.raises(ValueError, match=words):
            split_in_time(100, *sizes)


@pytest.mark.parametrize("kind", ["standard", "range"])
def test_a_scaler_goes_there_and_back(kind):
    values = np.random.default_rng(1).normal(5, 3, 50)
    scaler = fit_scaler(values, kind)
    assert scaler.inverse(scaler.transform(values)) == pytest.approx(values)
    scaled = scaler.transform(values)
    if kind == "standard":
        assert (scaled.mean(), scaled.std()) == pytest.approx((0, 1))
    else:
        assert (scaled.min(), scaled.max()) == pytest.approx((0, 1))


def test_bad_scaling():
    with pytest.raises(ValueError, match="all 3"):
        fit_scaler(np.full(4, 3.0))
    with pytest.raises(ValueError, match="kind is 'log'"):
        fit_scaler(SERIES, "log")


def test_a_scaler_of_the_training_part_knows_no_future_and_a_leaky_one_does():
    changed = SERIES.copy()
    changed[15:] += 50
    assert fit_scaler(SERIES[:15]) == fit_scaler(changed[:15])
    assert leaky_scaler(SERIES) != leaky_scaler(changed)
    assert leaky_scaler(changed).transform(changed).max() == 1
    assert fit_scaler(changed[:15], "range").transform(changed).max() > 1


def test_a_random_split_leaks_and_a_split_in_time_does_not():
    windows = make_windows(np.random.default_rng(0).normal(size=200), 12, 6)
    train, test = random_split(windows, 0.25, np.random.default_rng(1))
    assert train.n + test.n == windows.n
    assert test.n == round(0.25 * windows.n)
    assert not set(train.origins) & set(test.origins)
    assert shared_values(train, test) > 0.95
    assert shared_values(windows.between(0, 150), windows.between(150, 200)) == 0


def test_shared_values_by_hand():
    windows = make_windows(SERIES, 2, 2)
    train, test = windows.take([0]), windows.take([1, 4])  # places 0–3; futures 3, 4 and 6, 7
    assert shared_values(train, test) == 0.25
    assert isinstance(train, Windows)
    assert shared_values(windows.take([4]), windows.take([2])) == 1  # 4 and 5 stand in its past


def test_bad_random_splits():
    windows = make_windows(SERIES[:5], 2, 2)
    with pytest.raises(ValueError, match="expected two parts"):
        random_split(windows, 0.01, np.random.default_rng(0))
    with pytest.raises(TypeError, match="random generator"):
        random_split(windows, 0.5, 3)
