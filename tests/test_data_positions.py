"""The symbol sequences whose class is decided by two neighbours."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.data import positions as data


@given(st.integers(4, 20), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_pair_stands_where_it_is_said_and_class_is_right(T, n, seed):
    batch = data.sample_patterns(np.random.default_rng(seed), n, T=T)
    texts = data.decode(batch.xs)
    assert batch.xs.shape == (T, n)
    for text, target, position in zip(texts, batch.targets, batch.positions, strict=True):
        assert text.count("ab") == target
        assert text[position : position + 2] == ("ab" if target else "ba")


def test_classes_are_equally_frequent_and_positions_are_those_asked_for():
    batch = data.sample_patterns(np.random.default_rng(1), 1000, positions=[2, 7])
    assert batch.targets.sum() == 500
    assert set(batch.positions) == {2, 7}
    for position in (2, 7):
        assert 0.4 < (batch.positions == position).mean() < 0.6


def test_same_generator_state_gives_same_batch():
    one, two = (data.sample_patterns(np.random.default_rng(5), 30) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_single_symbols_tell_next_to_nothing():
    """Counting symbols, whatever their order, stays near chance: order decides."""
    batch = data.sample_patterns(np.random.default_rng(2), 20_000)
    counts = np.stack([(batch.xs == v).sum(axis=0) for v in range(len(data.SYMBOLS))], axis=1)
    design = np.column_stack([counts, np.ones(len(counts))]).astype(float)
    train, test = slice(0, 10_000), slice(10_000, None)
    weights, *_ = np.linalg.lstsq(design[train], batch.targets[train] * 2.0 - 1, rcond=None)
    accuracy = ((design[test] @ weights > 0) == batch.targets[test]).mean()
    assert accuracy < 0.56


def test_every_symbol_occurs_at_positions_without_the_pair():
    batch = data.sample_patterns(np.random.default_rng(3), 2000, positions=[0, 1])
    for t in range(3, data.LENGTH):
        assert set(batch.xs[t]) == set(range(len(data.SYMBOLS)))


@pytest.mark.parametrize("T", [10, 12, 17])
def test_held_out_positions_share_no_symbol_with_those_shown(T):
    for name, split in data.position_splits(T).items():
        shown = {p + k for p in split.shown for k in (0, 1)}
        held_out = {p + k for p in split.held_out for k in (0, 1)}
        assert not shown & held_out, name
        assert held_out or name == "all"
        assert max(split.lengths) <= T
        assert max(held_out | shown) <= T - 1
        assert all(any(p <= length - 2 for p in split.shown) for length in split.lengths)


def test_short_sequences_never_reach_a_held_out_position():
    split = data.position_splits(12)["short"]
    assert max(split.lengths) <= min(split.held_out)
    assert max(split.shown) == max(split.lengths) - 2


def test_encode_and_decode_are_inverse():
    texts = ["cabd", "abba", "ffee"]
    xs = data.encode(texts)
    assert xs.shape == (4, 3)
    assert data.decode(xs) == texts
    assert data.encode("cab").shape == (3, 1)
    assert data.count_pattern(data.encode(["abab", "baba", "bbaa"])).tolist() == [2, 1, 0]


def test_examples_in_the_docstring():
    result = doctest.testmod(data)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda rng: data.sample_patterns("rng", 3), TypeError, "rng is a str; expected a numpy"),
        (lambda rng: data.sample_patterns(rng, 0), ValueError, "n is 0; expected a whole number"),
        (lambda rng: data.sample_patterns(rng, 2.5), ValueError, "n is 2.5; expected"),
        (lambda rng: data.sample_patterns(rng, 3, T=0), ValueError, "T is 0; expected"),
        (lambda rng: data.sample_patterns(rng, 3, T="x"), ValueError, "T is 'x'; expected"),
        (
            lambda rng: data.sample_patterns(rng, 3, positions=[11]),
            ValueError,
            r"positions is \[11\]; expected one or more whole numbers in 0 … 10",
        ),
        (lambda rng: data.sample_patterns(rng, 3, positions=[]), ValueError, r"positions is \[\]"),
        (lambda rng: data.position_splits(9), ValueError, "T is 9; expected at least 10"),
        (lambda rng: data.encode(["ab", "abc"]), ValueError, r"lengths \[2, 3\]; expected one"),
        (lambda rng: data.encode([]), ValueError, r"texts have lengths \[\]"),
        (lambda rng: data.encode(["axb"]), ValueError, r"texts hold \['x'\]"),
        (lambda rng: data.decode(np.zeros(3)), ValueError, r"xs has shape \(3,\) and type float64"),
        (lambda rng: data.decode(np.array([[6]])), ValueError, "xs holds values from 6 to 6"),
        (lambda rng: data.count_pattern(np.array([1])), ValueError, "xs has shape"),
    ],
)
def test_bad_input_is_one_line(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call(np.random.default_rng(0))
    assert "\n" not in str(caught.value)
