"""Sentences whose words are to be tagged as person, place, date, money or none of these.

    Jordan , as we heard , has two airports .           Jordan is a place
    Jordan , as we heard , has two sisters .            Jordan is a person

Templates are filled with names of countries, dates and sums of money as Babel writes them in
English. Some words have two meanings, and the sentences are made so that a known side of the
word decides: for "Jordan" above only what comes later does; in "we flew to Jordan" and "we
talked to Jordan" what came before. `EntityBatch.needs_right` marks the words of the first
kind. A network that reads from left to right cannot know their tags.

Every word has one tag, and two entities of one kind never touch, so that an entity is a longest
run of one tag, and no tags for beginnings are needed.

Letters are lowered before they become indices, so that a capital gives nothing away, and a
number becomes its shape: 1,250 is read as ``0,000``. A fifth of the names is held out: the
vocabulary does not have them, they are read as ``<unknown>``, and a network can only tag them
by what stands around them. In training sentences a share of the names is hidden in the same way.

>>> import numpy as np
>>> for sentence in twins(np.random.default_rng(0)):
...     print(sentence)
May[PERSON] , as we heard , forgot the keys .
May[DATE] , as we heard , cost us 40,494[MONEY] won[MONEY] .

References
----------
Tjong Kim Sang and De Meulder (2003), Introduction to the CoNLL-2003 shared task:
language-independent named entity recognition, CoNLL; the score is theirs. Unicode Common Locale
Data Repository, through Babel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from utils.data.entity_sentences import (
    MONTH_OR_PERSON,
    PADDING,
    PEOPLE,
    PLACE_OR_PERSON,
    PLACES,
    SPLITS,
    SURNAMES,
    TAGS,
    UNKNOWN,
    VOCABULARY,
    TaggedSentence,
    make_sentence,
    read_as,
    tokenise,
    twins,
)
from utils.validation import (
    Array,
    IndexArray,
    as_array,
    as_choice,
    as_count,
    as_indices,
    as_number,
    describe,
)

__all__ = [
    "MONTH_OR_PERSON",
    "PADDING",
    "PEOPLE",
    "PLACES",
    "PLACE_OR_PERSON",
    "SPLITS",
    "SURNAMES",
    "TAGS",
    "UNKNOWN",
    "VOCABULARY",
    "Entity",
    "EntityBatch",
    "Score",
    "TaggedSentence",
    "batch",
    "decode",
    "encode",
    "entities_of",
    "entity_score",
    "make_sentence",
    "tokenise",
    "twins",
]

_INDEX = {word: index for index, word in enumerate(VOCABULARY)}


class Entity(NamedTuple):
    """Name one entity of a sentence.

    Attributes
    ----------
    kind : str
        One of `TAGS` but "O".
    start, stop : int
        Its first word, and the one after its last, counted from 0.
    """

    kind: str
    start: int
    stop: int


class EntityBatch(NamedTuple):
    """Hold many tagged sentences, time first, the shorter ones padded at their ends.

    Attributes
    ----------
    xs : array of int, shape (T, B), values in [0, V)
        Words as indices into `VOCABULARY`; 0 is padding.
    tags : array of int, shape (T, B), values in [0, K)
        Indices into `TAGS`; 0, which is "O", at padding.
    mask : array, shape (T, B), of 0.0 and 1.0
        1 where there is a word.
    needs_right : array of bool, shape (T, B)
        Where the tag can be told only with what comes after the word.
    words : tuple of tuple of str
        The words of each sentence as written, before anything was hidden.
    """

    xs: IndexArray
    tags: IndexArray
    mask: Array
    needs_right: np.ndarray
    words: tuple[tuple[str, ...], ...]


class Score(NamedTuple):
    """Say how many entities were found exactly: kind, first and last word.

    Attributes
    ----------
    precision, recall, f1 : float in [0, 1]
        Share of the entities predicted that are right, share of the true ones that were found,
        and their harmonic mean. 0 where there is nothing to divide by.
    right, predicted, true : int
        Entities that agree, that were predicted, and that there are.
    """

    precision: float
    recall: float
    f1: float
    right: int
    predicted: int
    true: int


def encode(words: str | Iterable[str]) -> IndexArray:
    """Turn words into their places in `VOCABULARY`; words that it lacks become ``<unknown>``.

    Capitals do not matter, and a number becomes its shape, such as ``0,000``.

    Parameters
    ----------
    words : str or iterable of str
        A text is split into words with `tokenise`.

    Returns
    -------
    array of int, shape (T,), values in [0, V)

    Raises
    ------
    TypeError
        If `words` is neither a text nor made of texts.
    ValueError
        If there is no word.
    """
    if isinstance(words, str):
        words = tokenise(words)
    elif isinstance(words, TaggedSentence):
        words = words.words
    elif not isinstance(words, Iterable):
        raise TypeError(f"words is {describe(words)}; expected a text or a list of words.")
    indices = []
    for position, word in enumerate(words):
        if not isinstance(word, str):
            raise TypeError(
                f"words holds {describe(word)} at position {position}; expected a text."
            )
        indices.append(_INDEX.get(read_as(word), _INDEX[UNKNOWN]))
    if not indices:
        raise ValueError("words is empty; expected at least one word.")
    return np.array(indices)


def decode(indices: IndexArray) -> tuple[str, ...]:
    """Turn places in `VOCABULARY` back into words in lower case; padding is left out.

    Parameters
    ----------
    indices : array of int, shape (T,), values in [0, V)

    Returns
    -------
    tuple of str

    Raises
    ------
    TypeError, ValueError
        If `indices` is not as described.
    """
    indices = as_indices("indices", indices, len(VOCABULARY), "T")
    return tuple(VOCABULARY[i] for i in indices if VOCABULARY[i] != PADDING)


def batch(
    rng: np.random.Generator,
    B: int,
    split: str = "train",
    asides: int = 1,
    hidden: float = 0.2,
) -> EntityBatch:
    """Draw many tagged sentences, the shorter ones padded at their ends.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        How many sentences.
    split, asides
        As in `make_sentence`.
    hidden : float in [0, 1]
        Share of the names of one meaning that is read as ``<unknown>`` all the same, so that a
        network learns to do without them. Of no effect on held-out names, all of which are.

    Returns
    -------
    EntityBatch

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> xs, tags, mask, needs_right, words = batch(np.random.default_rng(0), B=32)
    >>> xs.shape == tags.shape == mask.shape == needs_right.shape
    True
    """
    B, hidden = as_count("B", B), as_number("hidden", hidden, at_least=0, at_most=1)
    sentences = [make_sentence(rng, split, asides) for _ in range(B)]
    T = max(len(sentence.words) for sentence in sentences)
    xs, tags = np.zeros((T, B), dtype=np.intp), np.zeros((T, B), dtype=np.intp)
    mask, needs_right = np.zeros((T, B)), np.zeros((T, B), dtype=bool)
    for b, sentence in enumerate(sentences):
        n = len(sentence.words)
        names = np.array(sentence.names)
        read = encode(sentence.words)
        read[names & (rng.random(n) < hidden)] = _INDEX[UNKNOWN]
        xs[:n, b] = read
        tags[:n, b] = [TAGS.index(tag) for tag in sentence.tags]
        mask[:n, b] = 1
        told = names & (read != _INDEX[UNKNOWN])
        needs_right[:n, b] = np.array(sentence.opening) & ~told
    return EntityBatch(xs, tags, mask, needs_right, tuple(s.words for s in sentences))


def entities_of(tags: Sequence[str] | IndexArray) -> list[Entity]:
    """Return the entities of one sentence: the longest runs of one tag other than "O".

    Parameters
    ----------
    tags : sequence of str, or array of int of shape (T,)
        Tags of `TAGS`, or their places in it.

    Returns
    -------
    list of Entity, in the order of the sentence

    Raises
    ------
    TypeError, ValueError
        If a tag is none of `TAGS`.

    Examples
    --------
    >>> entities_of(["PLACE", "PLACE", "O", "DATE"])
    [Entity(kind='PLACE', start=0, stop=2), Entity(kind='DATE', start=3, stop=4)]
    """
    if not isinstance(tags, np.ndarray) and all(isinstance(tag, str) for tag in tags):
        tags = [TAGS.index(as_choice("tag", tag, TAGS)) for tag in tags]
    places = as_indices("tags", tags, len(TAGS), "T", count_name="K")
    ends = np.flatnonzero(np.diff(places, append=-1))
    found, start = [], 0
    for end in ends.tolist():
        if places[start]:
            found.append(Entity(TAGS[places[start]], start, end + 1))
        start = end + 1
    return found


def entity_score(
    predicted: IndexArray, tags: IndexArray, mask: Array | None = None, kind: str | None = None
) -> Score:
    r"""Compare entities, each right only if kind, first and last word are.

    .. math:: F_1 = \frac{2PR}{P + R}, \quad P = \frac{\text{right}}{\text{predicted}},
              \quad R = \frac{\text{right}}{\text{true}}

    Words right are no measure of entities right: most words belong to none.

    Parameters
    ----------
    predicted, tags : array of int, shape (T, B), values in [0, K)
        Places in `TAGS`.
    mask : array, shape (T, B), of 0 and 1, optional
        Where there are words; everywhere if it is left out.
    kind : str, optional
        Count only entities of this tag.

    Returns
    -------
    Score

    Raises
    ------
    TypeError, ValueError
        If shapes differ, values are no places in `TAGS`, or `kind` is no tag of entities.

    References
    ----------
    Tjong Kim Sang and De Meulder (2003), section 2.2.
    """
    sizes: dict[str, int] = {}
    tags = as_indices("tags", tags, len(TAGS), "T B", sizes, count_name="K")
    predicted = as_indices("predicted", predicted, len(TAGS), "T B", sizes, count_name="K")
    real = np.ones(tags.shape) if mask is None else as_array("mask", mask, "T B", sizes)
    if kind is not None:
        as_choice("kind", kind, TAGS[1:])
    right = found = true = 0
    for b in range(tags.shape[1]):
        words = real[:, b] > 0
        there, said = (
            {e for e in entities_of(a[words, b]) if kind in (None, e.kind)}
            if words.any()
            else set()
            for a in (tags, predicted)
        )
        right, found, true = right + len(there & said), found + len(said), true + len(there)
    precision, recall = right / max(found, 1), right / max(true, 1)
    f1 = 2 * right / max(found + true, 1)
    return Score(precision, recall, f1, right, found, true)
