"""Short reviews in which the order of the words decides whether they praise.

    the film was good , but not funny .          negative
    the film was not funny , but good .          positive

Both hold the same words. Two rules decide: a negation turns the word after it round, and of two
opinions with "but" between them the second one counts. Nearly every review has such a twin, the
same words in another order with the other class, and both are equally likely. Whatever counts
words without their order, a bag of words, can therefore do no better than a coin on them. A share
of the reviews, ``plain``, has no twin: two opinions that agree, without a negation. That gives the
ceiling of a bag of words: `bag_ceiling`.

>>> import numpy as np
>>> review = make_review(np.random.default_rng(4), plain=0)
>>> print(review)
on the whole the plot was clever , but hardly moving .
>>> print(twin(review))
on the whole the plot was hardly moving , but clever .
"""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.validation import (
    Array,
    IndexArray,
    as_choice,
    as_count,
    as_generator,
    as_indices,
    as_number,
    describe,
)

CLASSES = ("negative", "positive")
"""The classes; the index of a class is its place here."""

PADDING = "<pad>"
SPLITS = ("train", "held_out")

#: Words that praise.
POSITIVE = ("good", "funny", "clever", "moving", "brilliant", "original")
#: Words that do not.
NEGATIVE = ("bad", "boring", "silly", "weak", "dull", "tedious")
NEGATIONS = ("not", "never", "hardly")

_THINGS = ("film", "plot", "music", "end", "cast", "story", "book", "play")
_FRONTS = ("", "", "i thought", "to my mind", "as a friend said", "on the whole")

#: All words that are read; the index of a word is its place here.
VOCABULARY: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            PADDING,
            *(".", ",", "the", "was", "but", "and"),
            *POSITIVE,
            *NEGATIVE,
            *NEGATIONS,
            *_THINGS,
            *" ".join(_FRONTS).split(),
        )
    )
)

_INDEX = {word: index for index, word in enumerate(VOCABULARY)}


@dataclass(frozen=True)
class Review:
    """Hold one review.

    Attributes
    ----------
    words : tuple of str
        In lower case; commas and the full stop are words of their own.
    target : int
        The place of its class in `CLASSES`: 0 negative, 1 positive.
    plain : bool
        Whether it has no negation and no "but", and so no twin.
    opinions : tuple of two (str or None, str)
        The two opinions, each a negation or None, and a word of `POSITIVE` or `NEGATIVE`.
    """

    words: tuple[str, ...]
    target: int
    plain: bool
    opinions: tuple[tuple[str | None, str], tuple[str | None, str]]

    @property
    def text(self) -> str:
        """The words with spaces between them."""
        return " ".join(self.words)

    def __str__(self) -> str:
        return self.text


class ReviewBatch(NamedTuple):
    """Hold many reviews, time first, the shorter ones padded at their ends.

    Attributes
    ----------
    xs : array of int, shape (T, B), values in [0, V)
        Words as indices into `VOCABULARY`; 0 is padding.
    targets : array of int, shape (B,)
        0 negative, 1 positive.
    mask : array, shape (T, B), of 0.0 and 1.0
        1 where there is a word.
    words : tuple of tuple of str
        The words of each review.
    """

    xs: IndexArray
    targets: IndexArray
    mask: Array
    words: tuple[tuple[str, ...], ...]


def make_review(rng: np.random.Generator, split: str = "train", plain: float = 0.25) -> Review:
    """Draw one review.

    Parameters
    ----------
    rng : numpy.random.Generator
    split : {"train", "held_out"}
        A fifth of all pairs of twins is held out, both of them.
    plain : float in [0, 1]
        Share of the reviews that have no twin.

    Returns
    -------
    Review

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    rng, plain = as_generator("rng", rng), as_number("plain", plain, at_least=0, at_most=1)
    as_choice("split", split, SPLITS)
    while True:
        review = _draw(rng, bool(rng.random() < plain))
        if is_held_out(review) == (split == "held_out"):
            return review


def is_held_out(review: Review) -> bool:
    """Tell whether a review is kept from training; its twin is then kept too.

    Parameters
    ----------
    review : Review

    Returns
    -------
    bool
        About one in five is; the same on every machine.
    """
    return zlib.crc32(" ".join(sorted(review.words)).encode()) % 5 == 0


def twin(review: Review) -> Review | None:
    """Return the review of the same words in another order and of the other class.

    The two opinions change places; where that changes nothing, the words that they negate do.

    Parameters
    ----------
    review : Review

    Returns
    -------
    Review or None
        None for a plain review, which has no twin. The twin of the twin is the review.
    """
    if review.plain:
        return None
    front, thing, joined = _parts(review)
    first, second = review.opinions
    if joined == "but":
        return _review(front, thing, joined, second, first)
    return _review(front, thing, joined, (first[0], second[1]), (second[0], first[1]))


def bag_ceiling(plain: float = 0.25) -> float:
    r"""Return the best accuracy of anything that does not see the order of the words.

    .. math:: p + \frac{1 - p}{2}

    with p = `plain`: it is right on all reviews without a twin, and on half of the others.

    Parameters
    ----------
    plain : float in [0, 1]

    Returns
    -------
    float in [0.5, 1]

    Raises
    ------
    TypeError, ValueError
        If `plain` is not as described.
    """
    plain = as_number("plain", plain, at_least=0, at_most=1)
    return plain + (1 - plain) / 2


def batch(
    rng: np.random.Generator, B: int, split: str = "train", plain: float = 0.25
) -> ReviewBatch:
    """Draw many reviews, the shorter ones padded at their ends.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
    split, plain
        As in `make_review`.

    Returns
    -------
    ReviewBatch

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> xs, targets, mask, words = batch(np.random.default_rng(0), B=32)
    >>> xs.shape == mask.shape, targets.shape
    (True, (32,))
    """
    B = as_count("B", B)
    reviews = [make_review(rng, split, plain) for _ in range(B)]
    T = max(len(review.words) for review in reviews)
    xs, mask = np.zeros((T, B), dtype=np.intp), np.zeros((T, B))
    for b, review in enumerate(reviews):
        xs[: len(review.words), b] = encode(review.words)
        mask[: len(review.words), b] = 1
    targets = np.array([review.target for review in reviews])
    return ReviewBatch(xs, targets, mask, tuple(review.words for review in reviews))


def encode(words: str | Iterable[str]) -> IndexArray:
    """Turn words into their places in `VOCABULARY`.

    Parameters
    ----------
    words : str or iterable of str
        A text is split into words, with commas and full stops as words of their own; capitals
        do not matter.

    Returns
    -------
    array of int, shape (T,), values in [0, V)

    Raises
    ------
    TypeError
        If `words` is neither a text nor made of texts.
    ValueError
        If there is no word, or one that is not in the vocabulary.

    Examples
    --------
    >>> encode("The film was good, but never funny.")
    array([ 3, 22,  4,  7,  2,  5, 20,  8,  1])
    """
    if isinstance(words, str):
        words = words.replace(",", " , ").replace(".", " . ").split()
    elif isinstance(words, Review):
        words = words.words
    elif not isinstance(words, Iterable):
        raise TypeError(f"words is {describe(words)}; expected a text or a list of words.")
    indices = []
    for position, word in enumerate(words):
        if not isinstance(word, str):
            raise TypeError(
                f"words holds {describe(word)} at position {position}; expected a text."
            )
        if word.lower() not in _INDEX or word == PADDING:
            near = difflib.get_close_matches(word.lower(), VOCABULARY[1:], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"words holds {word!r} at position {position}; expected one of the "
                f"{len(VOCABULARY) - 1} words of VOCABULARY.{hint}"
            )
        indices.append(_INDEX[word.lower()])
    if not indices:
        raise ValueError("words is empty; expected at least one word.")
    return np.array(indices)


def decode(indices: IndexArray) -> str:
    """Turn places in `VOCABULARY` back into a text; padding is left out.

    Parameters
    ----------
    indices : array of int, shape (T,), values in [0, len(VOCABULARY))

    Returns
    -------
    str
        The words with a space between them.

    Raises
    ------
    TypeError, ValueError
        If `indices` is no array of places in `VOCABULARY`, shape (T,).
    """
    indices = as_indices("indices", indices, len(VOCABULARY), "T")
    return " ".join(VOCABULARY[i] for i in indices if VOCABULARY[i] != PADDING)


def _pick(rng: np.random.Generator, options: Sequence) -> object:
    return options[int(rng.random() * len(options))]


def _draw(rng: np.random.Generator, plain: bool) -> Review:
    front, thing = _pick(rng, _FRONTS), _pick(rng, _THINGS)
    good, bad = _pick(rng, POSITIVE), _pick(rng, NEGATIVE)
    if plain:
        words = POSITIVE if _pick(rng, (True, False)) else NEGATIVE
        first = _pick(rng, words)
        second = _pick(rng, [word for word in words if word != first])
        return _review(front, thing, "and", (None, first), (None, second))
    negation = _pick(rng, NEGATIONS)
    if _pick(rng, ("but", "but", "and")) == "and":  # good and not bad: they agree
        first, second = _pick(rng, ((good, bad), (bad, good)))
        return _review(front, thing, "and", (None, first), (negation, second))
    words = POSITIVE if _pick(rng, (True, False)) else NEGATIVE
    first = _pick(rng, words)
    second = _pick(rng, [word for word in words if word != first])
    both = [(None, first), (negation, second)]  # good but not funny, or bad but never dull
    if _pick(rng, (True, False)):
        both.reverse()
    return _review(front, thing, "but", *both)


def _review(
    front: str,
    thing: str,
    joined: str,
    first: tuple[str | None, str],
    second: tuple[str | None, str],
) -> Review:
    said = [" ".join(word for word in opinion if word) for opinion in (first, second)]
    comma = " ," if joined == "but" else ""
    text = f"{front} the {thing} was {said[0]}{comma} {joined} {said[1]} ."
    plain = first[0] is None and second[0] is None
    return Review(tuple(text.split()), _praises(second), plain, (first, second))


def _praises(opinion: tuple[str | None, str]) -> int:
    negation, word = opinion
    return int((word in POSITIVE) != (negation is not None))


def _parts(review: Review) -> tuple[str, str, str]:
    at = review.words.index("was")
    joined = "but" if "but" in review.words else "and"
    return " ".join(review.words[: at - 2]), review.words[at - 1], joined
