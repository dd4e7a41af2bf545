"""Taggers with a hidden future: prefixes, look ahead, and what must not depend on it."""

import numpy as np
import pytest

from utils.data import entities, one_form
from utils.look_ahead import accuracy_by_look_ahead, look_ahead, prefix_beliefs
from utils.losses import softmax
from utils.stacked_model import init_stacked_model

V, K = len(one_form.VOCABULARY), len(one_form.TAGS)


def tagger(both, D=V, classes=K):
    return init_stacked_model(D, 5, classes, np.random.default_rng(0), both_directions=both)


@pytest.fixture(scope="module")
def words():
    return one_form.batch(np.random.default_rng(1), 6, 4)


def test_each_prefix_is_a_reading_of_its_own(words):
    model = tagger(both=True)
    beliefs = prefix_beliefs(model, words.xs)
    T, B = words.xs.shape
    assert beliefs.shape == (T, T, B, K)
    for n in (1, 4, T):
        expected = softmax(model.forward(words.xs[:n]).outputs)
        np.testing.assert_allclose(beliefs[n - 1, :n], expected, rtol=0, atol=1e-15)
        assert np.isnan(beliefs[n - 1, n:]).all()


def test_a_forward_reader_does_not_care_what_is_hidden(words):
    beliefs = prefix_beliefs(tagger(both=False), words.xs)
    for ahead in (0, 2, None):
        np.testing.assert_array_equal(look_ahead(beliefs, ahead), look_ahead(beliefs, 1))
    both = prefix_beliefs(tagger(both=True), words.xs)
    assert np.abs(look_ahead(both, 0) - look_ahead(both, None)).max() > 1e-3


def test_look_ahead_picks_the_prefix_that_ends_there(words):
    beliefs = prefix_beliefs(tagger(both=True), words.xs)
    T = len(words.xs)
    seen = look_ahead(beliefs, 3)
    for t in range(T):
        np.testing.assert_array_equal(seen[t], beliefs[min(t + 3, T - 1), t])
    assert not np.isnan(seen).any()
    np.testing.assert_array_equal(look_ahead(beliefs, None), beliefs[-1])
    np.testing.assert_array_equal(look_ahead(beliefs, 99), beliefs[-1])


def test_mask_hides_padding_from_both_directions():
    batch = entities.batch(np.random.default_rng(2), 5)
    model = tagger(True, len(entities.VOCABULARY), len(entities.TAGS))
    beliefs = prefix_beliefs(model, batch.xs, batch.mask)
    shortest = int(batch.mask.sum(axis=0).argmin())
    n = int(batch.mask[:, shortest].sum())
    alone = prefix_beliefs(model, batch.xs[:n, shortest : shortest + 1])
    found = look_ahead(beliefs, None)[:n, shortest]
    np.testing.assert_allclose(found, look_ahead(alone, None)[:, 0], rtol=0, atol=1e-14)


def test_accuracy_counts_the_chosen_words(words):
    model = tagger(both=True)
    nouns = words.tags > 0
    shares = accuracy_by_look_ahead(model, words.xs, words.tags, nouns, 4)
    assert shares.shape == (5,)
    beliefs = prefix_beliefs(model, words.xs)
    for ahead, share in enumerate(shares):
        guesses = look_ahead(beliefs, ahead).argmax(axis=-1)
        assert share == (guesses == words.tags)[nouns].mean()


def test_errors_say_what_was_expected(words):
    model = tagger(both=True)
    with pytest.raises(TypeError, match="expected a StackedModel"):
        prefix_beliefs("model", words.xs)
    with pytest.raises(ValueError, match="xs"):
        prefix_beliefs(model, words.xs + V)
    mask = np.ones(words.xs.shape)
    mask[0, 0] = 0
    with pytest.raises(ValueError, match="mask is 0 at the first word"):
        prefix_beliefs(model, words.xs, mask)
    beliefs = prefix_beliefs(model, words.xs)
    with pytest.raises(ValueError, match="expected \\(T, T, B, K\\)"):
        look_ahead(beliefs[0], 1)
    with pytest.raises(ValueError, match="ahead is -1"):
        look_ahead(beliefs, -1)
    with pytest.raises(ValueError, match="at least one word"):
        accuracy_by_look_ahead(model, words.xs, words.tags, words.tags > 9, 2)
    with pytest.raises(ValueError, match="chosen has shape"):
        accuracy_by_look_ahead(model, words.xs, words.tags, words.tags[1:] > 0, 2)
