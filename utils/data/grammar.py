"""Agreement sentences: the subject decides between "was" and "were", many words later.

    The cat, which already ate fresh bread, was full.
    The cats, which already ate fresh bread, were full.

Between subject and verb stand as many filler words as one asks for. They are in the past
tense, in which English verbs have one form for both numbers, so they say nothing about the
subject: a network can only choose the verb by remembering the noun.

Commas and the full stop are words of their own. The distance of a sentence is the number of
words between the noun and the verb, commas included.

References
----------
Elman (1991), Distributed representations, simple recurrent networks, and grammatical
structure, Machine Learning 7. Linzen, Dupoux and Goldberg (2016), Assessing the ability of
LSTMs to learn syntax-sensitive dependencies, TACL 4.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.validation import (
    IndexArray,
    as_choice,
    as_count,
    as_generator,
    as_indices,
    describe,
)

SINGULAR_NOUNS = ("cat", "dog", "bird", "horse", "goat", "duck")
PLURAL_NOUNS = ("cats", "dogs", "birds", "horses", "goats", "ducks")
#: The two answers: singular first.
VERBS = ("was", "were")
NUMBERS = ("singular", "plural")
DISTRACTORS = ("none", "random", "opposite")

_ADVERBS = ("already", "often", "still")
_INTRANSITIVE = ("slept", "ran", "played")
_TRANSITIVE = ("ate", "saw", "found")
_SUBSTANCES = ("bread", "rice", "cheese")
_QUALITIES = ("fresh", "warm")
_STATES = ("full", "happy", "tired")

#: All words; the index of a word is its place here.
VOCABULARY: tuple[str, ...] = (
    *("the", ",", ".", "which", "that", "and"),
    *SINGULAR_NOUNS,
    *PLURAL_NOUNS,
    *VERBS,
    *_ADVERBS,
    *_INTRANSITIVE,
    *_TRANSITIVE,
    *_SUBSTANCES,
    *_QUALITIES,
    *_STATES,
)

_INDEX = {word: index for index, word in enumerate(VOCABULARY)}

_WITH_NOUN = 3  # words of the shortest predicate with a noun: "saw the dogs"
_LONGEST = 4  # words of the longest predicate: "already ate fresh bread"

#: The shortest distance at which a distractor fits in: "that saw the dogs".
SHORTEST_WITH_DISTRACTOR = 1 + _WITH_NOUN


@dataclass(frozen=True)
class Sentence:
    """Hold one agreement sentence.

    Attributes
    ----------
    words : tuple of str
        Every word in lower case; commas and the full stop count as words.
    subject : int
        Where the noun stands in `words`, counted from 0.
    verb : int
        Where "was" or "were" stands.
    number : {"singular", "plural"}
        The number of the noun, and so of the verb.
    """

    words: tuple[str, ...]
    subject: int
    verb: int
    number: str

    @property
    def distance(self) -> int:
        """How many words stand between noun and verb."""
        return self.verb - self.subject - 1

    @property
    def prefix(self) -> tuple[str, ...]:
        """The words before the verb: what a network reads before it has to choose."""
        return self.words[: self.verb]

    @property
    def target(self) -> int:
        """0 for "was", 1 for "were": the place of the verb in `VERBS`."""
        return NUMBERS.index(self.number)

    @property
    def text(self) -> str:
        """The sentence as one would write it."""
        return _written(self.words)

    def __str__(self) -> str:
        return self.text


class AgreementBatch(NamedTuple):
    """Hold many sentences of one length, cut off before the verb.

    Attributes
    ----------
    xs : array of int, shape (T, B), values in [0, V)
        Words as indices into `VOCABULARY`, time first; T = distance + 2.
    targets : array of int, shape (B,)
        0 where the verb is "was", 1 where it is "were".
    """

    xs: IndexArray
    targets: IndexArray


def make_sentence(
    rng: np.random.Generator,
    distance: int,
    number: str | None = None,
    distractors: str = "none",
) -> Sentence:
    """Draw one sentence with exactly `distance` words between noun and verb.

    The fillers are drawn in the same way for both numbers: from the same state of `rng`,
    singular and plural give the same sentence but for noun and verb (as long as the
    distractors are not "opposite").

    Parameters
    ----------
    rng : numpy.random.Generator
    distance : int, at least 0
        Words between noun and verb, commas included.
    number : {"singular", "plural"}, optional
        Drawn with equal chances if it is not given.
    distractors : {"none", "random", "opposite"}
        Nouns among the fillers: none; exactly one, of a number that is drawn at random and
        so says nothing about the subject; or exactly one of the other number than the
        subject. A network trained on "opposite" could read the answer off the distractor,
        so it is meant for testing.

    Returns
    -------
    Sentence

    Raises
    ------
    TypeError
        If `rng` is not a generator or `distance` not a whole number.
    ValueError
        If `distance` is negative, or below 4 where a distractor has to fit in, or a word is
        not one of the choices.

    Examples
    --------
    >>> import numpy as np
    >>> sentence = make_sentence(np.random.default_rng(0), distance=6, number="plural")
    >>> sentence.distance, sentence.words[sentence.verb]
    (6, 'were')
    """
    rng = as_generator("rng", rng)
    distance = as_count("distance", distance, at_least=0)
    as_choice("distractors", distractors, DISTRACTORS)
    if distractors != "none" and distance < SHORTEST_WITH_DISTRACTOR:
        raise ValueError(
            f"distance is {distance}; expected at least {SHORTEST_WITH_DISTRACTOR} words, so "
            "that a distractor fits in."
        )
    drawn = _pick(rng, NUMBERS)
    number = drawn if number is None else as_choice("number", number, NUMBERS)
    noun = _pick(rng, range(len(SINGULAR_NOUNS)))
    other = None
    if distractors == "random":
        other = _pick(rng, NUMBERS)
    elif distractors == "opposite":
        other = NUMBERS[1 - NUMBERS.index(number)]
    fillers = _fillers(rng, distance, other)
    words = ("the", _nouns(number)[noun], *fillers, VERBS[NUMBERS.index(number)])
    return Sentence((*words, _pick(rng, _STATES), "."), 1, 2 + distance, number)


def encode(words: str | Iterable[str]) -> IndexArray:
    """Turn words into their places in `VOCABULARY`.

    Parameters
    ----------
    words : str or iterable of str
        A text is split into words, with commas and full stops as words of their own;
        capitals do not matter.

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
    >>> encode("The cats, which ran, were tired.")
    array([ 0, 12,  1,  3, 24,  1, 19, 36,  2])
    """
    if isinstance(words, str):
        words = words.replace(",", " , ").replace(".", " . ").split()
    elif isinstance(words, Sentence):
        words = words.words
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


def decode(indices: IndexArray) -> str:
    """Turn places in `VOCABULARY` back into a text, as one would write it.

    Parameters
    ----------
    indices : array of int, shape (T,), values in [0, V)

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If `indices` is not made of whole numbers.
    ValueError
        If it is empty, has another number of axes, or an index lies outside [0, V).

    Examples
    --------
    >>> decode([0, 12, 1, 3, 24, 1, 19, 36, 2])
    'The cats, which ran, were tired.'
    """
    indices = as_indices("indices", indices, len(VOCABULARY), "T")
    return _written(tuple(VOCABULARY[i] for i in indices))


def batch(
    rng: np.random.Generator, B: int, distance: int, distractors: str = "none"
) -> AgreementBatch:
    """Draw many sentences of one distance, cut off before the verb, with the verb as target.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
        How many sentences.
    distance : int, at least 0
        Words between noun and verb, the same in every sentence.
    distractors : {"none", "random", "opposite"}
        As in `make_sentence`.

    Returns
    -------
    AgreementBatch
        xs (T, B) with T = distance + 2, and targets (B,), 0 for "was" and 1 for "were".

    Raises
    ------
    TypeError, ValueError
        As `make_sentence` does, and if B is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> xs, targets = batch(np.random.default_rng(0), B=32, distance=5)
    >>> xs.shape, targets.shape
    ((7, 32), (32,))
    """
    B = as_count("B", B)
    sentences = [make_sentence(rng, distance, distractors=distractors) for _ in range(B)]
    xs = np.array([[_INDEX[word] for word in sentence.prefix] for sentence in sentences]).T
    return AgreementBatch(
        xs=np.ascontiguousarray(xs),  # (T, B)
        targets=np.array([sentence.target for sentence in sentences]),  # (B,)
    )


def _nouns(number: str) -> tuple[str, ...]:
    return SINGULAR_NOUNS if number == "singular" else PLURAL_NOUNS


def _pick(rng: np.random.Generator, options: Sequence) -> object:
    """Draw one of a few options; several times faster than ``rng.choice``."""
    return options[int(rng.random() * len(options))]


def _fillers(rng: np.random.Generator, distance: int, other: str | None) -> tuple[str, ...]:
    """Return exactly `distance` words that may stand between a noun and its verb."""
    if distance == 0:
        return ()
    if distance == 1:
        return (_pick(rng, _ADVERBS),)
    # Between commas where there is room for it: ", which" at the front and "," at the end.
    shortest = 4 if other is None else 3 + _WITH_NOUN
    if distance >= shortest:
        return (",", "which", *_predicates(rng, distance - 3, other), ",")
    return ("that", *_predicates(rng, distance - 1, other))


def _predicates(rng: np.random.Generator, length: int, other: str | None) -> tuple[str, ...]:
    """Return predicates joined by "and", `length` words in all, one of them with a noun."""
    sizes = []
    left = length
    smallest = 1 if other is None else _WITH_NOUN
    while left:
        # What is left over must be nothing, or an "and" and at least one word more.
        fitting = [k for k in range(1, _LONGEST + 1) if k == left or k <= left - 2]
        if not sizes:
            fitting = [k for k in fitting if k >= smallest]
        sizes.append(_pick(rng, fitting))
        left -= sizes[-1] + (0 if sizes[-1] == left else 1)
    with_noun = None
    if other is not None:
        large = [place for place, size in enumerate(sizes) if size >= _WITH_NOUN]
        with_noun = _pick(rng, large)
    words: list[str] = []
    for place, size in enumerate(sizes):
        if place:
            words.append("and")
        words += _predicate(rng, size, other if place == with_noun else None)
    return tuple(words)


def _predicate(rng: np.random.Generator, size: int, other: str | None) -> list[str]:
    """Return one predicate of 1 to 4 words, with a noun of number `other` if that is given."""
    verb = _pick(rng, _TRANSITIVE)
    if other is not None:
        words = [_pick(rng, ("saw", "found")), "the", _pick(rng, _nouns(other))]
        return words if size == _WITH_NOUN else [_pick(rng, _ADVERBS), *words]
    if size == 1:
        return [_pick(rng, _INTRANSITIVE)]
    if size == 2:
        choices = (
            [verb, _pick(rng, _SUBSTANCES)],
            [_pick(rng, _ADVERBS), _pick(rng, _INTRANSITIVE)],
        )
        return _pick(rng, choices)
    if size == 3 and _pick(rng, (True, False)):
        return [_pick(rng, _ADVERBS), verb, _pick(rng, _SUBSTANCES)]
    words = [verb, _pick(rng, _QUALITIES), _pick(rng, _SUBSTANCES)]
    return words if size == 3 else [_pick(rng, _ADVERBS), *words]


def _written(words: Sequence[str]) -> str:
    """Join words into a text with a capital at its start and no space before punctuation."""
    text = " ".join(words).replace(" ,", ",").replace(" .", ".")
    return text[:1].upper() + text[1:]
