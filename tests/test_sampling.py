"""Sampling: temperature, the top k, entropy, and drawing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.losses import softmax
from utils.sampling import entropy, sample, tempered, top_k

SCORES = st.lists(st.floats(-20, 20), min_size=2, max_size=8).map(np.array)


@given(SCORES, st.floats(0.01, 100))
def test_temperature_divides_the_scores(logits, temperature):
    p = tempered(logits, temperature)
    np.testing.assert_allclose(p, softmax(logits / temperature), rtol=0, atol=1e-12)
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p.argmax() in np.flatnonzero(p == p.max())


@given(SCORES, st.floats(0.05, 5), st.floats(1.01, 3))
def test_entropy_grows_with_the_temperature(logits, temperature, factor):
    cold, hot = (float(entropy(tempered(logits, t))) for t in (temperature, factor * temperature))
    assert cold <= hot + 1e-9
    assert 0 <= cold <= np.log2(len(logits)) + 1e-9


def test_limits_of_the_temperature():
    logits = np.array([1.0, 3.0, 2.0])
    np.testing.assert_allclose(tempered(logits, 1e-9), [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(tempered(logits, 1e9), 1 / 3, atol=1e-8)
    np.testing.assert_allclose(tempered(logits), softmax(logits))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        np.testing.assert_array_equal(tempered([0.0, -300.0], 1e-300), [1, 0])


def test_float32_scores_give_probabilities_that_add_up():
    logits = np.random.default_rng(0).normal(size=(50, 100)).astype(np.float32)
    np.testing.assert_allclose(tempered(logits).sum(axis=-1), 1, rtol=0, atol=1e-14)


@given(SCORES, st.data())
def test_top_k_keeps_exactly_k_and_their_ratios(logits, data):
    k = data.draw(st.integers(1, len(logits)))
    p = softmax(logits)
    q = top_k(p, k)
    assert (q > 0).sum() <= k
    assert q.sum() == pytest.approx(1)
    kept = q > 0
    np.testing.assert_allclose(q[kept] / q[kept][0], p[kept] / p[kept][0])
    if kept.any() and not kept.all():
        assert p[kept].min() >= p[~kept].max() - 1e-15


def test_top_k_by_hand_and_among_equals():
    np.testing.assert_allclose(top_k([0.5, 0.2, 0.3], 2), [0.625, 0, 0.375])
    np.testing.assert_allclose(top_k([0.25] * 4, 2), [0.5, 0.5, 0, 0])
    np.testing.assert_allclose(top_k([[0.5, 0.2, 0.3], [0.1, 0.1, 0.8]], 1), [[1, 0, 0], [0, 0, 1]])


def test_entropy_in_bits():
    assert entropy([0.25] * 4) == 2
    assert entropy([1, 0, 0]) == 0
    np.testing.assert_allclose(entropy([[0.5, 0.5], [0.9, 0.1]]), [1, 0.4690], atol=1e-4)


def test_samples_follow_the_probabilities():
    p = np.array([0.5, 0.0, 0.2, 0.3])
    rng = np.random.default_rng(0)
    counts = np.bincount([sample(p, rng) for _ in range(4000)], minlength=4)
    assert counts[1] == 0
    assert (np.abs(counts / 4000 - p) < 0.03).all()
    assert sample([0, 0, 1.0], rng) == 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tempered([1.0, 2.0], 0), "temperature is 0"),
        (lambda: tempered([1.0, np.nan]), "logits holds 1 value that is NaN"),
        (lambda: top_k([0.5, 0.5], 3), "k is 3; expected at most V = 2"),
        (lambda: top_k([0.5, 0.5], 0), "k is 0"),
        (lambda: top_k([0.5, 0.4], 1), "probabilities adds up to 0.9; expected 1"),
        (lambda: entropy([1.5, -0.5]), "probabilities holds -0.5"),
        (lambda: sample([[0.5, 0.5]], np.random.default_rng(0)), "expected"),
    ],
)
def test_bad_input_is_told_in_one_line(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_sample_needs_a_generator():
    with pytest.raises(TypeError, match="rng is an int"):
        sample([1.0], 3)
