"""What an LSTM does at every word of an agreement sentence: its gates, its states, its answer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.cells import LSTMWeights
from utils.classifier import SequenceClassifier
from utils.data import grammar
from utils.losses import softmax
from utils.validation import Array, IndexArray, as_count

__all__ = [
    "GatesOverSentence",
    "carrying_units",
    "cells_apart",
    "gates_over_sentence",
    "sentence_of",
]

_GATES = ("input_gate", "forget_gate", "candidate", "output_gate")


class GatesOverSentence(NamedTuple):
    """Hold what an LSTM does at every word of a sentence.

    Attributes
    ----------
    words : tuple of str
        T of them, up to the verb, which is left out.
    values : dict of arrays, shape (T, H)
        ``input_gate``, ``forget_gate``, ``candidate``, ``output_gate``, ``cell_state`` (its tanh)
        and ``hidden_state``.
    were : array, shape (T,)
        Probability of "were" if the verb came after this word.
    """

    words: tuple[str, ...]
    values: dict[str, Array]
    were: Array


def gates_over_sentence(model: SequenceClassifier, sentence: grammar.Sentence) -> GatesOverSentence:
    """Run an LSTM over one sentence, up to its verb, and keep what every unit does.

    Parameters
    ----------
    model : SequenceClassifier
        With an LSTM as its cell, the words of `utils.data.grammar` as inputs and the two verbs as
        classes.
    sentence : Sentence

    Returns
    -------
    GatesOverSentence

    Raises
    ------
    TypeError
        If the cell is no LSTM.
    """
    if not isinstance(model.cell, LSTMWeights):
        raise TypeError(f"the cell is {type(model.cell).__name__}; expected LSTMWeights.")
    run = model.forward(_indices(sentence.prefix))
    sequence = run.sequence
    values = {name: getattr(sequence, name)[:, 0] for name in _GATES}
    values["cell_state"], values["hidden_state"] = np.tanh(sequence.cs[:, 0]), sequence.hs[:, 0]
    return GatesOverSentence(sentence.prefix, values, softmax(run.logits)[:, 0, 1])


def _indices(words: tuple[str, ...]) -> IndexArray:
    return grammar.encode(words)[:, None]  # (T, 1)


def sentence_of(
    number: str, distance: int, draw: int, distractors: str = "none"
) -> grammar.Sentence:
    """Return a sentence by its number, the same whenever it is asked for.

    Parameters
    ----------
    number : {"singular", "plural"}
        Of the noun; what stands between noun and verb is the same for both.
    distance : int, at least 0
        Words between noun and verb.
    draw : int, at least 0
        Which sentence.
    distractors : {"none", "random", "opposite"}
        As in `utils.data.grammar.make_sentence`.

    Returns
    -------
    Sentence

    Raises
    ------
    TypeError, ValueError
        As `utils.data.grammar.make_sentence` does, and if `draw` is negative.
    """
    distance, draw = as_count("distance", distance, at_least=0), as_count("draw", draw, at_least=0)
    rng = np.random.default_rng([draw, distance])
    return grammar.make_sentence(rng, distance, number, distractors)


def cells_apart(
    model: SequenceClassifier, distance: int, draw: int, distractors: str = "none"
) -> Array:
    """Compare the cell states of two sentences that differ in the number of the noun alone.

    Parameters
    ----------
    model : SequenceClassifier
        As in `gates_over_sentence`.
    distance, draw, distractors
        As in `sentence_of`.

    Returns
    -------
    array, shape (T, H), values in (-2, 2)
        tanh(c) of the singular sentence minus that of the plural one.

    Raises
    ------
    TypeError, ValueError
        As `gates_over_sentence` and `sentence_of` do.
    """
    one, many = (
        gates_over_sentence(model, sentence_of(number, distance, draw, distractors)).values[
            "cell_state"
        ]
        for number in grammar.NUMBERS
    )
    return one - many


def carrying_units(model: SequenceClassifier, distance: int = 20, n: int = 10) -> IndexArray:
    """Return the units in the order in which they carry the number of the noun to the verb.

    Parameters
    ----------
    model : SequenceClassifier
        As in `gates_over_sentence`.
    distance, n : int
        Words between noun and verb, and how many pairs of sentences are compared.

    Returns
    -------
    array of int, shape (H,)
        The first one's tanh(c) before the verb differs most between singular and plural.

    Raises
    ------
    TypeError, ValueError
        As `gates_over_sentence` does, and if a number is below 1.
    """
    distance, n = as_count("distance", distance), as_count("n", n)
    apart = [np.abs(cells_apart(model, distance, draw, "none")[-1]) for draw in range(n)]
    return np.argsort(-np.mean(apart, axis=0), kind="stable")
