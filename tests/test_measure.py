"""Peak memory and shortest time of a computation."""

import time
import tracemalloc

import numpy as np
import pytest

from utils.measure import peak_bytes, shortest_seconds


def test_counts_what_is_held_at_the_same_time():
    def one_after_the_other():
        for _ in range(4):
            np.ones(50_000)

    def together():
        return [np.ones(50_000) for _ in range(4)]

    assert peak_bytes(one_after_the_other) == pytest.approx(400_000, rel=0.05)
    assert peak_bytes(together) == pytest.approx(1_600_000, rel=0.05)


def test_does_not_count_what_was_there_before_and_cleans_up():
    there = np.ones(200_000)
    assert peak_bytes(lambda: there.sum()) < 10_000
    assert not tracemalloc.is_tracing()
    with pytest.raises(ZeroDivisionError):
        peak_bytes(lambda: 1 / 0)
    assert not tracemalloc.is_tracing()


def test_leaves_a_tracing_that_runs_alone():
    tracemalloc.start()
    try:
        np.ones(500_000)  # a higher peak from before does not count
        assert peak_bytes(lambda: np.ones(100_000)) == pytest.approx(800_000, rel=0.05)
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_refuses_what_cannot_be_called():
    with pytest.raises(TypeError, match="function is an int; expected a function"):
        peak_bytes(3)


def test_times_take_turns_and_the_shortest_counts():
    calls = []

    def slow():
        calls.append("slow")
        time.sleep(0.01)

    times = shortest_seconds(slow, lambda: calls.append("fast"), repeats=3)
    assert calls == ["slow", "fast"] * 3
    assert times[0] >= 0.01 > times[1] > 0


def test_times_refuse():
    with pytest.raises(ValueError, match="functions is empty"):
        shortest_seconds()
    with pytest.raises(TypeError, match="function is a str"):
        shortest_seconds("slow")
    with pytest.raises(ValueError, match="repeats is 0"):
        shortest_seconds(list, repeats=0)
