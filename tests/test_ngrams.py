"""n-gram models: they add up to 1, agree with counting by hand, and are judged fairly."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import ngrams
from utils.data.text import Vocabulary, split_text, topics_text
from utils.ngrams import fit_ngrams

TEXTS = st.lists(st.integers(0, 3), min_size=8, max_size=60).map(np.array)


@pytest.fixture(scope="module")
def parts():
    text = topics_text()
    vocabulary = Vocabulary.of(text)
    return len(vocabulary), [vocabulary.encode(part) for part in split_text(text)]


def test_examples_of_the_module():
    assert doctest.testmod(ngrams).failed == 0


@given(TEXTS, st.integers(0, 5), st.lists(st.integers(0, 4), max_size=7), st.integers(0, 9))
def test_probabilities_add_up_to_one(text, order, context, seed):
    model = fit_ngrams(text, order, V=5)
    for m in (model, model.choose_discounts(np.random.default_rng(seed).integers(0, 5, 20), 1)):
        p = m.probabilities(context)
        assert p.shape == (5,)
        assert p.sum() == pytest.approx(1, abs=1e-12)
        assert (p > 0).all()


@given(TEXTS, st.integers(0, 5), st.lists(st.integers(0, 4), min_size=2, max_size=20))
def test_one_by_one_equals_all_at_once(text, order, other):
    model = fit_ngrams(text, order, V=5)
    together = model.next_probabilities(other)
    alone = [model.probabilities(other[:t])[other[t]] for t in range(1, len(other))]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-14)
    assert model.bits_per_character(other) == pytest.approx(-np.log2(alone).mean())


def test_bigram_by_hand():
    # a b a b a c a b: after a stands b three times and c once; D = 0.75 everywhere
    text = np.array([0, 1, 0, 1, 0, 2, 0, 1])
    model = fit_ngrams(text, 2, V=3)
    # unigram from the kinds of pairs ab ba ac ca: b after 1 kind, c after 1, a after 2
    shares = np.array([2 - 0.75, 1 - 0.75, 1 - 0.75]) / 4
    unigram = shares + 3 * 0.75 / 4 / 3
    expected = np.array([0, 3 - 0.75, 1 - 0.75]) / 4 + 2 * 0.75 / 4 * unigram
    np.testing.assert_allclose(model.probabilities([0]), expected)
    np.testing.assert_allclose(model.probabilities([2, 2, 0]), expected)  # older ones are ignored
    np.testing.assert_allclose(model.probabilities([]), unigram)


def test_unigram_and_uniform():
    text = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    uniform = fit_ngrams(text, 0, V=4)
    assert uniform.bits_per_character(text) == 2
    unigram = fit_ngrams(text, 1, V=4)
    expected = np.array([6 - 0.75, 4 - 0.75, 0, 0]) / 10 + 0.15 / 4
    np.testing.assert_allclose(unigram.probabilities([3]), expected)


def test_an_unseen_context_passes_the_shorter_one_on():
    model = fit_ngrams(np.array([0, 1, 0, 1, 0, 2, 0, 1]), 3, V=4)
    np.testing.assert_array_equal(model.probabilities([3, 0]), model.probabilities([0]))
    np.testing.assert_array_equal(model.probabilities([3, 3]), model.probabilities([]))


def test_more_context_and_chosen_discounts_help_on_text_that_was_not_counted(parts):
    V, (train, validation, test) = parts
    models = [fit_ngrams(train, order, V) for order in (0, 1, 3, 5)]
    chosen = [model.choose_discounts(validation) for model in models]
    scores = [model.bits_per_character(test) for model in chosen]
    assert scores[0] == pytest.approx(np.log2(V))
    assert scores[0] > scores[1] + 1 > scores[2] + 2 > scores[3] + 2.4
    assert 1.4 < scores[3] < 2.1
    for before, after in zip(models[1:], chosen[1:], strict=True):
        assert after.bits_per_character(validation) < before.bits_per_character(validation)
        assert (after.discounts >= 0).all()
        assert (after.discounts <= [1, 2, 3]).all()
    assert chosen[3].bits_per_character(train) < scores[3]


def test_smoothing_is_no_worse_than_that_of_witten_and_bell(parts):
    V, (train, validation, test) = parts
    best = fit_ngrams(train, 5, V).choose_discounts(validation).bits_per_character(test)
    p = np.full(len(test) - 1, 1 / V)
    for m in range(1, 6):  # (c(hw) + N(h) p_shorter) / (c(h) + N(h)) from plain counts
        table = fit_ngrams(train, m, V)
        found = table._look_up(test)[-1]
        kinds = found.kinds.sum(axis=1)
        mixed = (found.count + kinds * p) / np.maximum(found.total + kinds, 1)
        p = np.where(found.total > 0, mixed, p)
    assert best < -np.log2(p).mean()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_ngrams([0, 1, 2], 2, V=2), "indices holds 2"),
        (lambda: fit_ngrams([0], 1, V=2), "expected at least two characters"),
        (lambda: fit_ngrams([0, 1], 3, V=2), "order is 3; expected at most the 2 characters"),
        (lambda: fit_ngrams([0] * 9, 9, V=200), "order is 9 with V = 200; expected V to the power"),
        (lambda: fit_ngrams([0, 1], -1, V=2), "order is -1"),
        (lambda: fit_ngrams([0, 1], 1, V=2).probabilities([5]), "context holds 5"),
        (lambda: fit_ngrams([0, 1], 1, V=2).next_probabilities([1]), "at least two characters"),
    ],
)
def test_bad_input_is_told_in_one_line(call, words):
    with pytest.raises(ValueError, match=words):
        call()
