"""Nouns of one form: nothing before the verb tells their number, and every word has its tag."""

import numpy as np
import pytest

from utils.data import grammar, one_form
from utils.data.one_form import ONE_FORM_NOUNS, TAGS, VOCABULARY, batch, encode, make_sentence


@pytest.mark.parametrize("distance", [0, 1, 4, 11])
@pytest.mark.parametrize("seed", range(5))
def test_singular_and_plural_are_the_same_up_to_the_verb(distance, seed):
    one, many = (
        make_sentence(np.random.default_rng(seed), distance, number) for number in grammar.NUMBERS
    )
    assert one.words[: one.verb] == many.words[: many.verb]
    assert (one.words[one.verb], many.words[many.verb]) == grammar.VERBS
    assert one.words[one.subject] in ONE_FORM_NOUNS
    assert one.distance == distance


def test_a_noun_of_two_forms_is_the_grammar_s_own():
    sentence = make_sentence(np.random.default_rng(0), 6, "plural", one_form=False)
    assert sentence.words[sentence.subject] in grammar.PLURAL_NOUNS


def test_tags_are_those_of_the_nouns():
    rng = np.random.default_rng(1)
    for _ in range(20):
        sentence = make_sentence(rng, 8, distractors="random")
        tags = one_form.tags_of(sentence)
        assert len(tags) == len(sentence.words)
        for place, (word, tag) in enumerate(zip(sentence.words, tags, strict=True)):
            if place == sentence.subject:
                assert tag == sentence.number
            elif word in grammar.SINGULAR_NOUNS:
                assert tag == "singular"
            elif word in grammar.PLURAL_NOUNS:
                assert tag == "plural"
            else:
                assert tag == "no noun"
        assert sum(tag != "no noun" for tag in tags) == 2


def test_batches_hold_what_the_sentences_say():
    xs, tags, marks = batch(np.random.default_rng(2), 200, 5)
    assert xs.shape == tags.shape == marks.shape == (10, 200)
    assert set(np.unique(tags)) == {0, 1, 2}
    np.testing.assert_array_equal((tags > 0).sum(axis=0), 1)
    np.testing.assert_array_equal(marks, np.isin(xs, encode(ONE_FORM_NOUNS)))
    assert 70 < marks[1].sum() < 130
    verbs = grammar.encode(grammar.VERBS)
    np.testing.assert_array_equal(tags[1], 1 + (xs[7] == verbs[1]))
    assert not batch(np.random.default_rng(2), 20, 5, share=0).one_form.any()
    assert batch(np.random.default_rng(2), 20, 5, share=1).one_form[1].all()
    np.testing.assert_array_equal(batch(np.random.default_rng(2), 200, 5).xs, xs)


def test_numbers_of_one_form_nouns_are_balanced():
    tags = batch(np.random.default_rng(3), 1000, 2, share=1).tags[1]
    assert 440 < (tags == 1).sum() < 560


def test_encode_reads_sentences_and_texts():
    assert VOCABULARY[: len(grammar.VOCABULARY)] == grammar.VOCABULARY
    assert TAGS == ("no noun", "singular", "plural")
    np.testing.assert_array_equal(encode("The Sheep were tired."), [0, 37, 19, 36, 2])
    sentence = make_sentence(np.random.default_rng(4), 3)
    assert [VOCABULARY[i] for i in encode(sentence)] == list(sentence.words)


def test_errors_say_what_was_expected():
    with pytest.raises(ValueError, match=r"holds 'sheeps' at position 1.*Did you mean 'sheep'"):
        encode("the sheeps")
    with pytest.raises(ValueError, match="words is empty"):
        encode("  ")
    with pytest.raises(TypeError, match="expected a text or a list of words"):
        encode(3)
    with pytest.raises(TypeError, match="at position 1; expected a text"):
        encode(["the", 3])
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="share"):
        batch(rng, 2, 3, share=1.5)
    with pytest.raises(ValueError, match="B is 0"):
        batch(rng, 0, 3)
    with pytest.raises(TypeError, match="rng"):
        make_sentence(3, 3)
    with pytest.raises(ValueError, match="number is 'dual'"):
        make_sentence(rng, 3, "dual")
