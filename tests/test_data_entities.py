"""Tagged sentences: one side decides each word, held-out names stay out, entities are counted."""

import doctest
import re
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import entities

seeds = st.integers(0, 2**32 - 1)
splits = st.sampled_from(entities.SPLITS)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def drawn():
    """A batch of each split, large enough for every template."""
    return {split: entities.batch(rng(1), 3000, split) for split in entities.SPLITS}


def seen_from_the_left(batches):
    """Count tags by what was read up to a word; apart for the words that need their right side."""
    clear, open_ = defaultdict(Counter), defaultdict(Counter)
    for batch in batches:
        for b in range(batch.xs.shape[1]):
            for t in range(int(batch.mask[:, b].sum())):
                counts = open_ if batch.needs_right[t, b] else clear
                counts[tuple(batch.xs[: t + 1, b])][batch.tags[t, b]] += 1
    return clear, open_


def test_what_came_before_decides_all_words_but_those_marked(drawn):
    clear, open_ = seen_from_the_left(drawn.values())
    undecided = [(entities.decode(np.array(k)), v) for k, v in clear.items() if len(v) > 1]
    assert not undecided
    total = sum(sum(counts.values()) for counts in open_.values())
    best = sum(max(counts.values()) for counts in open_.values())
    assert total > 2000
    assert 0.45 < best / total < 0.7  # at the words marked no reader from the left does well


def test_every_tag_is_there_and_most_words_have_none(drawn):
    batch = drawn["train"]
    shares = np.bincount(batch.tags[batch.mask > 0]) / batch.mask.sum()
    assert len(shares) == len(entities.TAGS)
    assert shares[0] > 0.5
    assert shares[1:].min() > 0.03


@given(seeds, splits, st.integers(0, 3))
def test_a_sentence(seed, split, asides):
    sentence = entities.make_sentence(rng(seed), split, asides)
    assert len(sentence.words) == len(sentence.tags) == len(sentence.opening)
    assert set(sentence.tags) <= set(entities.TAGS)
    assert sentence.words[-1] == "."
    assert sentence.words.count(",") <= 2 * asides + 4
    assert not re.search(r"[{}_]", sentence.text)
    for word, tag, name in zip(sentence.words, sentence.tags, sentence.names, strict=True):
        assert not name or tag in ("PERSON", "PLACE"), word


@given(seeds, splits)
def test_two_entities_of_one_kind_never_touch(seed, split):
    """So that a longest run of a tag is one entity: money is one sum, a date one date."""
    sentence = entities.make_sentence(rng(seed), split)
    for entity in entities.entities_of(sentence.tags):
        words = sentence.words[entity.start : entity.stop]
        assert len(words) <= {"PERSON": 2, "PLACE": 3, "DATE": 5, "MONEY": 2}[entity.kind], words
        numbers = sum(word[0].isdigit() for word in words)
        assert numbers == 1 if entity.kind == "MONEY" else numbers <= 2


@given(seeds, st.integers(0, 3))
def test_twins_begin_alike_and_differ_in_the_first_tag(seed, asides):
    person, other = entities.twins(rng(seed), asides)
    assert person.words[0] == other.words[0]
    assert (person.tags[0], other.tags[0]) in {("PERSON", "PLACE"), ("PERSON", "DATE")}
    assert person.needs_right[0]
    assert other.needs_right[0]
    commas = [place for place, word in enumerate(person.words) if word == ","]
    if asides:
        last = commas[asides]
        assert person.words[: last + 1] == other.words[: last + 1]
    assert entities.twins(rng(seed), asides) == (person, other)


def test_held_out_names_are_in_no_training_sentence(drawn):
    names = {}
    for split, batch in drawn.items():
        made = [entities.make_sentence(rng(seed), split) for seed in range(1500)]
        names[split] = {
            word
            for sentence in made
            for word, name in zip(sentence.words, sentence.names, strict=True)
            if name
        }
        known = set(entities.VOCABULARY)
        if split == "train":
            assert {word.lower() for word in names[split]} <= known
        else:
            hidden = (batch.xs == 1).sum() / batch.mask.sum()
            assert hidden > 0.06
    assert len(names["held_out"]) > 30
    shared = names["held_out"] & names["train"]
    assert shared <= {"South"}, shared  # of South Africa and South Korea


def test_hidden_names_in_training():
    for hidden, low, high in [(0, 0, 0), (1, 1, 1), (0.2, 0.15, 0.25)]:
        batch = entities.batch(rng(3), 400, hidden=hidden)
        names = sum(
            word.lower() in {n.lower() for n in (*entities.PEOPLE, *entities.SURNAMES)}
            for words in batch.words
            for word in words
        )
        people = (batch.xs == 1) & (batch.tags == 1)
        assert low <= people.sum() / names <= high


# --- encode and decode ------------------------------------------------------------------------


@given(seeds)
def test_encode_and_decode(seed):
    sentence = entities.make_sentence(rng(seed))
    indices = entities.encode(sentence)
    back = entities.decode(indices)
    assert len(back) == len(sentence.words)
    assert entities.UNKNOWN not in back
    assert list(back) == [re.sub(r"\d", "0", word.lower()) for word in sentence.words]
    np.testing.assert_array_equal(entities.encode(back), indices)
    np.testing.assert_array_equal(entities.encode(" ".join(sentence.words)), indices)


def test_numbers_capitals_and_unknown_words():
    words = entities.tokenise("Zorro paid R$1,250 on May 3, 2021.")
    assert words == ["Zorro", "paid", "R$", "1,250", "on", "May", "3", ",", "2021", "."]
    assert entities.decode(entities.encode(words)) == (
        *("<unknown>", "paid", "r$", "0,000", "on", "may", "0", ",", "0000", "."),
    )
    assert entities.decode(np.array([0, 1, 0])) == ("<unknown>",)
    assert entities.VOCABULARY[:2] == (entities.PADDING, entities.UNKNOWN)
    assert len(set(entities.VOCABULARY)) == len(entities.VOCABULARY)


# --- batch ------------------------------------------------------------------------------------


@given(st.integers(1, 8), splits, seeds)
def test_batch(B, split, seed):
    batch = entities.batch(rng(seed), B, split)
    T = max(map(len, batch.words))
    for array in batch[:4]:
        assert array.shape == (T, B)
    assert batch.mask.sum(axis=0).astype(int).tolist() == [len(words) for words in batch.words]
    assert (np.diff(batch.mask, axis=0) <= 0).all()
    padding = batch.mask == 0
    assert not batch.xs[padding].any()
    assert not batch.tags[padding].any()
    assert not batch.needs_right[padding].any()
    assert (batch.xs[~padding] > 0).all()
    again = entities.batch(rng(seed), B, split)
    for one, other in zip(batch[:4], again[:4], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"rng": 0}, TypeError, "rng is an int; expected a random generator"),
        ({"B": 0}, ValueError, "B is 0; expected a whole number of at least 1."),
        ({"split": "test"}, ValueError, "split is 'test'; expected one of 'train', 'held_out'."),
        ({"asides": -1}, ValueError, "asides is -1; expected a whole number of at least 0."),
        ({"hidden": 2}, ValueError, "hidden is 2; expected a number at least 0 and at most 1."),
    ],
)
def test_bad_input_of_batch(change, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        entities.batch(**{"rng": rng(), "B": 2} | change)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: entities.encode(""), ValueError, "words is empty; expected at least one word."),
        (lambda: entities.encode([1]), TypeError, "words holds an int at position 0; expected"),
        (lambda: entities.encode(3), TypeError, "words is an int; expected a text or a list"),
        (lambda: entities.decode([9999]), ValueError, "indices holds 9999 at index (0,)"),
        (lambda: entities.tokenise(3), TypeError, "text is an int; expected a text."),
        (lambda: entities.entities_of(["X"]), ValueError, "tag is 'X'; expected one of 'O',"),
    ],
)
def test_bad_words(call, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        call()


# --- entities and their score -----------------------------------------------------------------


def test_entities_by_hand():
    tags = ["PLACE", "PLACE", "O", "DATE", "MONEY", "MONEY"]
    found = [("PLACE", 0, 2), ("DATE", 3, 4), ("MONEY", 4, 6)]
    assert entities.entities_of(tags) == found
    assert entities.entities_of(np.array([2, 2, 0, 3, 4, 4])) == found
    assert entities.entities_of(["O", "O"]) == []


def test_score_by_hand():
    tags = np.array([[2, 1], [2, 0], [0, 4], [3, 4]])  # four entities
    predicted = np.array([[2, 1], [0, 1], [0, 4], [3, 4]])  # PLACE too short, PERSON too long
    score = entities.entity_score(predicted, tags)
    assert (score.right, score.predicted, score.true) == (2, 4, 4)
    assert score[:3] == (0.5, 0.5, 0.5)
    assert entities.entity_score(tags, tags).f1 == 1
    assert entities.entity_score(0 * tags, tags)[:3] == (0, 0, 0)
    assert entities.entity_score(predicted, tags, kind="MONEY").f1 == 1
    assert entities.entity_score(predicted, tags, kind="PLACE").f1 == 0
    # 4 predicted, 3 there: a mask that hides the first word of the second text hides its entity
    mask = np.ones((4, 2))
    mask[0, 1] = 0
    assert entities.entity_score(predicted, tags, mask).true == 3


@settings(max_examples=50)
@given(seeds, st.integers(1, 4), st.integers(1, 8))
def test_score_is_between_0_and_1_and_symmetric(seed, B, T):
    generator = rng(seed)
    a, b = generator.integers(0, 5, (2, T, B))
    one, other = entities.entity_score(a, b), entities.entity_score(b, a)
    assert one.f1 == other.f1
    assert one.precision == other.recall
    assert 0 <= one.f1 <= 1
    if one.precision + one.recall:
        harmonic = 2 * one.precision * one.recall / (one.precision + one.recall)
        assert one.f1 == pytest.approx(harmonic)


def test_score_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"^predicted has shape \(3, 1\); expected \(T, B\)"):
        entities.entity_score(np.zeros((3, 1), int), np.zeros((4, 1), int))
    with pytest.raises(ValueError, match=r"^kind is 'O'; expected one of 'PERSON'"):
        entities.entity_score(np.zeros((3, 1), int), np.zeros((3, 1), int), kind="O")


def test_examples_in_the_docstrings():
    result = doctest.testmod(entities)
    assert result.attempted >= 3
    assert result.failed == 0
