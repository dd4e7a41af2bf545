"""Sentences with a noun of one form, whose number only a later word tells.

    The sheep, which already ate fresh bread, was full.
    The sheep, which already ate fresh bread, were full.

Up to the verb the two are the same. The sentences are those of `utils.data.grammar`, whole ones,
and every word has a tag: a noun its number, all others none. The number of "cats" stands in the
word, the number of "sheep" in the verb, as many words later as one asks for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from utils.data import grammar
from utils.data.grammar import NUMBERS, PLURAL_NOUNS, SINGULAR_NOUNS, Sentence
from utils.validation import Array, IndexArray, as_count, as_generator, as_number, describe

#: Nouns whose plural is written like their singular.
ONE_FORM_NOUNS = ("sheep", "deer", "fish")
TAGS = ("no noun", *NUMBERS)

#: All words; the index of a word is its place here. The words of `grammar` keep theirs.
VOCABULARY: tuple[str, ...] = (*grammar.VOCABULARY, *ONE_FORM_NOUNS)

_INDEX = {word: index for index, word in enumerate(VOCABULARY)}


class NumberBatch(NamedTuple):
    """Hold many whole sentences of one length, with a tag for each word.

    Attributes
    ----------
    xs : array of int, shape (T, B), values in [0, V)
        Words as indices into `VOCABULARY`, time first; T = distance + 5.
    tags : array of int, shape (T, B)
        0 for a word that is no noun, 1 for a noun in the singular, 2 for one in the plural.
    one_form : array of bool, shape (T, B)
        Where a noun of one form stands.
    """

    xs: IndexArray
    tags: IndexArray
    one_form: Array


def make_sentence(
    rng: np.random.Generator,
    distance: int,
    number: str | None = None,
    one_form: bool = True,
    distractors: str = "none",
) -> Sentence:
    """Draw one sentence with exactly `distance` words between noun and verb.

    Parameters
    ----------
    rng : numpy.random.Generator
    distance : int, at least 0
    number : {"singular", "plural"}, optional
        Drawn with equal chances if it is not given. From the same state of `rng`, singular and
        plural give the same sentence up to the verb (as long as the distractors are not
        "opposite").
    one_form : bool
        Whether the subject is one of `ONE_FORM_NOUNS`; otherwise its form tells its number.
    distractors : {"none", "random", "opposite"}
        As in `utils.data.grammar.make_sentence`; such a noun has two forms.

    Returns
    -------
    Sentence

    Raises
    ------
    TypeError, ValueError
        As `utils.data.grammar.make_sentence` does.

    Examples
    --------
    >>> import numpy as np
    >>> sentence = make_sentence(np.random.default_rng(0), distance=0, number="plural")
    >>> sentence.words[sentence.subject] in ONE_FORM_NOUNS, sentence.words[sentence.verb]
    (True, 'were')
    """
    rng = as_generator("rng", rng)
    noun = ONE_FORM_NOUNS[int(rng.random() * len(ONE_FORM_NOUNS))]
    sentence = grammar.make_sentence(rng, distance, number, distractors)
    if not one_form:
        return sentence
    words = list(sentence.words)
    words[sentence.subject] = noun
    return Sentence(tuple(words), sentence.subject, sentence.verb, sentence.number)


def tags_of(sentence: Sentence) -> tuple[str, ...]:
    """Return the tag of every word: "no noun", "singular" or "plural".

    Parameters
    ----------
    sentence : Sentence
        The subject's number is the sentence's; that of another noun stands in its form.

    Returns
    -------
    tuple of str
    """
    forms = dict.fromkeys(SINGULAR_NOUNS, NUMBERS[0]) | dict.fromkeys(PLURAL_NOUNS, NUMBERS[1])
    tags = [forms.get(word, TAGS[0]) for word in sentence.words]
    tags[sentence.subject] = sentence.number
    return tuple(tags)


def encode(words: str | Iterable[str]) -> IndexArray:
    """Turn words into their places in `VOCABULARY`.

    Parameters
    ----------
    words : str or iterable of str
        A text is split into words, commas and full stops are words of their own; capitals do not
        matter.

    Returns
    -------
    array of int, shape (T,)

    Raises
    ------
    TypeError
        If `words` is neither a text nor made of texts.
    ValueError
        If there is no word, or one that is not in the vocabulary.

    Examples
    --------
    >>> encode("The sheep were tired.")
    array([ 0, 37, 19, 36,  2])
    """
    if isinstance(words, Sentence):
        words = words.words
    elif isinstance(words, str):
        words = words.replace(",", " , ").replace(".", " . ").split()
    elif not isinstance(words, Iterable):
        raise TypeError(f"words is {describe(words)}; expected a text or a list of words.")
    indices = []
    for position, word in enumerate(words):
        if not isinstance(word, str):
            raise TypeError(
                f"words holds {describe(word)} at position {position}; expected a text."
            )
        if word.lower() not in _INDEX:
            near = difflib.get_close_matches(word.lower(), VOCABULARY, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"words holds {word!r} at position {position}; expected one of the "
                f"{len(VOCABULARY)} words of VOCABULARY.{hint}"
            )
        indices.append(_INDEX[word.lower()])
    if not indices:
        raise ValueError("words is empty; expected at least one word.")
    return np.array(indices)


def batch(
    rng: np.random.Generator,
    B: int,
    distance: int,
    share: float = 0.5,
    distractors: str = "none",
) -> NumberBatch:
    """Draw many whole sentences of one distance, with the number of every noun.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        How many sentences.
    distance : int, at least 0
        Words between noun and verb, the same in every sentence.
    share : float in [0, 1]
        How likely the subject is a noun of one form.
    distractors : {"none", "random", "opposite"}
        As in `make_sentence`.

    Returns
    -------
    NumberBatch

    Raises
    ------
    TypeError, ValueError
        As `make_sentence` does, if B is below 1 or `share` not in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> xs, tags, one_form = batch(np.random.default_rng(0), B=32, distance=5)
    >>> xs.shape, tags.shape, one_form.shape
    ((10, 32), (10, 32), (10, 32))
    """
    rng, B = as_generator("rng", rng), as_count("B", B)
    share = as_number("share", share, at_least=0, at_most=1)
    sentences = [
        make_sentence(rng, distance, one_form=bool(rng.random() < share), distractors=distractors)
        for _ in range(B)
    ]
    xs = np.array([encode(sentence) for sentence in sentences]).T
    tags = np.array([[TAGS.index(tag) for tag in tags_of(s)] for s in sentences]).T
    xs, tags = np.ascontiguousarray(xs), np.ascontiguousarray(tags)
    return NumberBatch(xs, tags, xs >= len(grammar.VOCABULARY))
