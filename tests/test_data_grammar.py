"""Agreement sentences: the distance is exact and the fillers tell nothing."""

import doctest
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.data import grammar

seeds = st.integers(0, 2**32 - 1)
NOUNS = set(grammar.SINGULAR_NOUNS) | set(grammar.PLURAL_NOUNS)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_vocabulary():
    assert 20 <= len(grammar.VOCABULARY) <= 40
    assert len(set(grammar.VOCABULARY)) == len(grammar.VOCABULARY)
    assert len(grammar.SINGULAR_NOUNS) == len(grammar.PLURAL_NOUNS)


@given(st.integers(0, 40), st.sampled_from([None, *grammar.NUMBERS]), seeds)
def test_distance_is_exact_and_verb_agrees(distance, number, seed):
    sentence = grammar.make_sentence(rng(seed), distance, number)
    words = sentence.words
    assert sentence.distance == distance
    assert number in (None, sentence.number)
    singular = words[sentence.subject] in grammar.SINGULAR_NOUNS
    assert words[sentence.subject] in NOUNS
    assert words[sentence.verb] == ("was" if singular else "were")
    assert sentence.number == ("singular" if singular else "plural")
    assert grammar.VERBS[sentence.target] == words[sentence.verb]
    assert sentence.prefix == words[: 2 + distance]
    assert len(words) == distance + 5
    assert words[-1] == "."
    assert set(words) <= set(grammar.VOCABULARY)
    fillers = set(words[2 : sentence.verb])
    assert not fillers & (NOUNS | set(grammar.VERBS))


@given(st.integers(0, 40), st.sampled_from(["none", "random"]), seeds)
def test_fillers_tell_nothing_about_the_number(distance, distractors, seed):
    """The same draw with the other number changes the noun and the verb, and nothing else."""
    if distractors == "random":
        distance += grammar.SHORTEST_WITH_DISTRACTOR
    one, many = (
        grammar.make_sentence(rng(seed), distance, number, distractors)
        for number in grammar.NUMBERS
    )
    differ = [i for i, (a, b) in enumerate(zip(one.words, many.words, strict=True)) if a != b]
    assert differ == [one.subject, one.verb]
    assert one.words[1] + "s" == many.words[1]


@given(st.integers(0, 20), seeds)
def test_asking_for_the_number_that_would_be_drawn_changes_nothing(distance, seed):
    drawn = grammar.make_sentence(rng(seed), distance)
    assert grammar.make_sentence(rng(seed), distance, drawn.number) == drawn


@given(st.integers(4, 40), st.sampled_from(["random", "opposite"]), seeds)
def test_exactly_one_distractor(distance, distractors, seed):
    sentence = grammar.make_sentence(rng(seed), distance, distractors=distractors)
    assert sentence.distance == distance
    others = [word for word in sentence.words[2 : sentence.verb] if word in NOUNS]
    assert len(others) == 1
    if distractors == "opposite":
        assert (others[0] in grammar.SINGULAR_NOUNS) == (sentence.number == "plural")


def test_random_distractors_say_nothing_and_opposite_ones_everything():
    generator = rng()
    for distractors, low, high in [("random", 0.45, 0.55), ("opposite", 0, 0)]:
        same = []
        for _ in range(1000):
            sentence = grammar.make_sentence(generator, 8, distractors=distractors)
            other = next(w for w in sentence.words[2 : sentence.verb] if w in NOUNS)
            same.append((other in grammar.SINGULAR_NOUNS) == (sentence.number == "singular"))
        assert low <= np.mean(same) <= high


def test_every_word_is_used_and_every_distance_has_variety():
    generator = rng()
    sentences = [
        grammar.make_sentence(generator, 4 + i % 20, distractors="random") for i in range(2000)
    ]
    sentences += [grammar.make_sentence(generator, i % 20) for i in range(2000)]
    assert {word for s in sentences for word in s.words} == set(grammar.VOCABULARY)
    for distance in (1, 2, 5, 20):
        drawn = {grammar.make_sentence(generator, distance).text for _ in range(100)}
        assert len(drawn) > 20


def test_sentences_read_as_english():
    allowed = re.compile(
        r"The \w+( (already|often|still)|( that [\w ]+)|(, which [\w ]+,))? (was|were) "
        r"(full|happy|tired)\."
    )
    generator = rng()
    for distance in range(30):
        text = str(grammar.make_sentence(generator, distance))
        assert allowed.fullmatch(text), text
        assert "and and" not in text
        assert not re.search(r"\band (was|were|,)|(which|that) and\b", text)


def test_distance_zero_by_hand():
    sentence = grammar.make_sentence(rng(), 0, "singular")
    assert re.fullmatch(r"The \w+ was \w+\.", sentence.text)


# --- encode and decode ------------------------------------------------------------------------


@given(st.integers(0, 20), seeds)
def test_encode_and_decode_are_inverse(distance, seed):
    sentence = grammar.make_sentence(rng(seed), distance)
    indices = grammar.encode(sentence)
    assert indices.shape == (distance + 5,)
    assert grammar.decode(indices) == sentence.text
    np.testing.assert_array_equal(grammar.encode(sentence.text), indices)
    np.testing.assert_array_equal(grammar.encode(sentence.words), indices)
    assert [grammar.VOCABULARY[i] for i in indices] == list(sentence.words)


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (
            "the zebra was full",
            ValueError,
            "words holds 'zebra' at position 1; expected one of the 37 words of VOCABULARY.",
        ),
        (
            ["the", "hors"],
            ValueError,
            "words holds 'hors' at position 1; expected one of the 37 words of VOCABULARY. Did "
            "you mean 'horse'?",
        ),
        ("", ValueError, "words is empty; expected at least one word."),
        ([], ValueError, "words is empty; expected at least one word."),
        (3, TypeError, "words is an int; expected a text or a list of words."),
        ([3], TypeError, "words holds an int at position 0; expected a text."),
    ],
)
def test_bad_words(words, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        grammar.encode(words)


@pytest.mark.parametrize(
    ("indices", "kind", "message"),
    [
        ([37], ValueError, "indices holds 37 at index (0,); expected whole numbers from 0 to V"),
        ([[0]], ValueError, "indices has shape (1, 1); expected (T,)."),
        ([], ValueError, "indices has shape (0,): T must be at least 1."),
        ("abc", TypeError, "indices is a str; expected an array of whole numbers of shape (T,)."),
        ([0.5], TypeError, "indices holds float64 values; expected an array of whole numbers of"),
    ],
)
def test_bad_indices(indices, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        grammar.decode(indices)


# --- batch ------------------------------------------------------------------------------------


@given(st.integers(1, 8), st.integers(0, 20), seeds)
def test_batch(B, distance, seed):
    xs, targets = grammar.batch(rng(seed), B, distance)
    assert xs.shape == (distance + 2, B)
    assert targets.shape == (B,)
    assert xs.dtype.kind == targets.dtype.kind == "i"
    singular = set(grammar.encode(grammar.SINGULAR_NOUNS).tolist())
    assert [int(noun not in singular) for noun in xs[1]] == targets.tolist()
    first = grammar.make_sentence(rng(seed), distance)
    np.testing.assert_array_equal(xs[:, 0], grammar.encode(first.prefix))


def test_batch_is_balanced_and_repeats_with_its_seed():
    xs, targets = grammar.batch(rng(1), 2000, 5)
    assert 0.45 < targets.mean() < 0.55
    again = grammar.batch(rng(1), 2000, 5)
    np.testing.assert_array_equal(xs, again.xs)
    np.testing.assert_array_equal(targets, again.targets)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"rng": 0}, TypeError, "rng is an int; expected a random generator, such as numpy"),
        ({"B": 0}, ValueError, "B is 0; expected a whole number of at least 1."),
        ({"distance": -1}, ValueError, "distance is -1; expected a whole number of at least 0."),
        ({"distance": 2.5}, TypeError, "distance is 2.5; expected a whole number of at least 0."),
        (
            {"distance": 3, "distractors": "random"},
            ValueError,
            "distance is 3; expected at least 4 words, so that a distractor fits in.",
        ),
        (
            {"distractors": "some"},
            ValueError,
            "distractors is 'some'; expected one of 'none', 'random', 'opposite'.",
        ),
    ],
)
def test_bad_input_of_batch(change, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        grammar.batch(**{"rng": rng(), "B": 2, "distance": 5} | change)


def test_bad_number():
    message = r"^number is 'dual'; expected one of 'singular', 'plural'\.$"
    with pytest.raises(ValueError, match=message):
        grammar.make_sentence(rng(), 3, "dual")


def test_examples_in_the_docstrings():
    result = doctest.testmod(grammar)
    assert result.attempted >= 6
    assert result.failed == 0
