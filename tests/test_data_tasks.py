"""The tasks that a memory alone can solve: every target recomputed by hand."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.data import tasks

SEEDS = st.integers(0, 2**32 - 1)


def generator(seed=0):
    return np.random.default_rng(seed)


@given(SEEDS, st.integers(1, 9), st.integers(2, 30))
def test_adding_is_the_sum_of_two_marked_numbers(seed, B, T):
    xs, targets = tasks.adding(generator(seed), B, T)
    assert xs.shape == (T, B, 2)
    assert targets.shape == (B,)
    assert ((xs >= 0) & (xs <= 1)).all()
    for b in range(B):
        marked = [t for t in range(T) if xs[t, b, 1] == 1]
        assert len(marked) == 2
        assert marked[0] < T // 2 <= marked[1]
        assert targets[b] == pytest.approx(sum(xs[t, b, 0] for t in marked))


def test_adding_without_memory_is_as_bad_as_the_docstring_says():
    xs, targets = tasks.adding(generator(), 20_000, 10)
    second = (xs[5:, :, 0] * xs[5:, :, 1]).sum(axis=0)
    assert np.mean((targets - 1) ** 2) == pytest.approx(1 / 6, rel=0.03)
    assert np.mean((targets - second - 0.5) ** 2) == pytest.approx(1 / 12, rel=0.03)


@given(SEEDS, st.integers(1, 9), st.integers(6, 60))
def test_temporal_order_is_the_order_of_two_marks(seed, B, T):
    xs, targets = tasks.temporal_order(generator(seed), B, T)
    assert xs.shape == (T, B)
    for column, target in zip(xs.T, targets, strict=True):
        text = "".join(tasks.ORDER_SYMBOLS[k] for k in column)
        marks = [t for t in range(T) if text[t] in "XY"]
        assert "".join(text[t] for t in marks) == tasks.ORDER_CLASSES[target]
        assert T // 10 <= marks[0] <= T // 5 < T // 2 <= marks[1] <= T // 2 + T // 10 < T


def test_temporal_order_has_equally_frequent_classes_and_all_distractors():
    xs, targets = tasks.temporal_order(generator(), 8000, 20)
    np.testing.assert_allclose(np.bincount(targets) / 8000, 0.25, atol=0.02)
    assert set(xs[-1]) == {2, 3, 4, 5}


@given(SEEDS, st.integers(1, 6), st.integers(1, 5), st.integers(0, 9), st.integers(2, 6))
def test_copying_says_the_symbols_again(seed, B, symbols, delay, alphabet):
    xs, targets = tasks.copying(generator(seed), B, symbols, delay, alphabet)
    blank, request = alphabet, alphabet + 1
    assert xs.shape == targets.shape == (2 * symbols + delay, B)
    assert (xs[:symbols] < alphabet).all()
    assert (xs == request).sum(axis=0).tolist() == [1] * B
    asked = symbols + delay
    assert (xs[asked] == request).all()
    assert (np.delete(xs[symbols:], delay, axis=0) == blank).all()
    assert (targets[:asked] == blank).all()
    np.testing.assert_array_equal(targets[asked:], xs[:symbols])


@given(SEEDS, st.integers(1, 6), st.integers(1, 20), st.data())
def test_signed_count_is_the_sum_since_the_last_reset(seed, B, T, data):
    resets = data.draw(st.integers(0, T))
    xs, targets = tasks.signed_count(generator(seed), B, T, resets)
    assert xs.shape == (T, B)
    assert targets.dtype == float
    for column, target in zip(xs.T, targets, strict=True):
        text = "".join(tasks.COUNT_SYMBOLS[k] for k in column)
        assert text.count("0") == resets
        rest = text.rpartition("0")[2]
        assert target == rest.count("+") - rest.count("-")


def test_signed_count_has_the_variance_of_the_docstring():
    _, targets = tasks.signed_count(generator(), 20_000, 30)
    assert targets.mean() == pytest.approx(0, abs=0.1)
    assert targets.var() == pytest.approx(20, rel=0.05)


DRAWS = {
    "adding": lambda rng, B, T: tasks.adding(rng, B, T),
    "temporal_order": lambda rng, B, T: tasks.temporal_order(rng, B, T),
    "copying": lambda rng, B, T: tasks.copying(rng, B, 2, T - 4, 3),
    "signed_count": lambda rng, B, T: tasks.signed_count(rng, B, T, 2),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_generator_decides_and_shapes_follow_B_and_T(name):
    one, two, three = (DRAWS[name](generator(seed), 5, 12) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one.xs, three.xs)
    assert one.xs.shape[:2] == (12, 5)
    for array in one:
        assert array.dtype in (np.int64, np.float64)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: tasks.adding(0, 2, 4), TypeError, "rng is an int; expected a random"),
        (lambda: tasks.adding(generator(), 0, 4), ValueError, "B is 0; expected a whole"),
        (lambda: tasks.adding(generator(), 1, 1), ValueError, "T is 1; .* at least 2"),
        (lambda: tasks.adding(generator(), 1, 4.0), TypeError, "T is 4.0; expected a whole"),
        (lambda: tasks.temporal_order(0, 2, 9), TypeError, "rng is"),
        (lambda: tasks.temporal_order(generator(), 0, 9), ValueError, "B is 0"),
        (lambda: tasks.temporal_order(generator(), 2, 5), ValueError, "T is 5; .* at least 6"),
        (lambda: tasks.copying(0, 2, 3, 4, 5), TypeError, "rng is"),
        (lambda: tasks.copying(generator(), 2, 0, 4, 5), ValueError, "symbols is 0"),
        (lambda: tasks.copying(generator(), 2, 3, -1, 5), ValueError, "delay is -1"),
        (lambda: tasks.copying(generator(), 2, 3, 4, 1), ValueError, "alphabet is 1"),
        (lambda: tasks.signed_count(0, 2, 9), TypeError, "rng is"),
        (lambda: tasks.signed_count(generator(), 2, 0), ValueError, "T is 0"),
        (lambda: tasks.signed_count(generator(), 2, 3, -1), ValueError, "resets is -1"),
        (lambda: tasks.signed_count(generator(), 2, 3, 4), ValueError, "resets is 4; .* T = 3"),
    ],
)
def test_errors_say_what_was_given_and_what_was_expected(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_examples_in_the_docstrings():
    assert doctest.testmod(tasks).failed == 0
