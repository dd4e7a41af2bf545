"""What a tagger believes of each word when only so many words after it may be read."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.losses import softmax
from utils.stacked_model import StackedModel
from utils.validation import Array, IndexArray, as_array, as_count, as_indices, describe

__all__ = ["accuracy_by_look_ahead", "look_ahead", "prefix_beliefs"]


def prefix_beliefs(model: StackedModel, xs: IndexArray, mask: Array | None = None) -> Array:
    r"""Let a tagger read the beginnings of sentences: one word, two words, and so on to the end.

    .. math:: P_{n, t} = p(\text{tag of word } t \mid \text{words } 1, \dots, n), \qquad t \le n

    A network that reads from left to right believes the same of a word whatever n is. For one with
    a backward cell, every n is a reading of its own: that cell starts at word n.

    Parameters
    ----------
    model : StackedModel
        With an output for each tag.
    xs : array of int, shape (T, B)
    mask : array of 0 and 1, shape (T, B), optional
        1 where there is a word; the first word of every sentence must be there.

    Returns
    -------
    array, shape (T, T, B, K)
        Probabilities: entry [n - 1, t] after n words, for the word in place t (counted from 0);
        NaN where that word has not been read.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    if not isinstance(model, StackedModel):
        raise TypeError(f"model is {describe(model)}; expected a StackedModel.")
    D = model.layers[0].forward[0].shape[0]
    xs = as_indices("xs", xs, D, "T B")
    T, B = xs.shape
    if mask is not None:
        mask = as_array("mask", mask, "T B", {"T": T, "B": B})
        if not mask[0].all():
            raise ValueError("mask is 0 at the first word; expected a word there.")
    found = np.full((T, T, B, model.output.W_hy.shape[1]), np.nan)
    for n in range(1, T + 1):
        there = None if mask is None else mask[:n]
        found[n - 1, :n] = softmax(model.forward(xs[:n], there).outputs)
    return found


def look_ahead(beliefs: Array, ahead: int | None) -> Array:
    """Pick, for every word, the belief after that word and so many more have been read.

    Parameters
    ----------
    beliefs : array, shape (T, T, B, K)
        As `prefix_beliefs` returned it.
    ahead : int, at least 0, or None
        Words of the future that may be read; None for all of them.

    Returns
    -------
    array, shape (T, B, K)

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    T = len(beliefs)
    if np.ndim(beliefs) != 4 or np.shape(beliefs)[1] != T:
        raise ValueError(f"beliefs has shape {np.shape(beliefs)}; expected (T, T, B, K).")
    ahead = T if ahead is None else as_count("ahead", ahead, at_least=0)
    places = np.arange(T)
    return beliefs[np.minimum(places + ahead, T - 1), places]


def accuracy_by_look_ahead(
    model: StackedModel,
    xs: IndexArray,
    tags: IndexArray,
    chosen: Any,
    most: int,
    mask: Array | None = None,
) -> Array:
    """Measure how often a tagger is right about some words, by how far it may look ahead.

    Parameters
    ----------
    model, xs, mask
        As in `prefix_beliefs`.
    tags : array of int, shape (T, B)
        The right ones.
    chosen : array of bool, shape (T, B)
        Which words count.
    most : int, at least 0
        The longest look ahead, in words.

    Returns
    -------
    array, shape (most + 1,), values in [0, 1]
        Share of right tags with 0, 1, …, `most` words ahead.

    Raises
    ------
    TypeError, ValueError
        If no word is chosen, or an argument is not as described.
    """
    beliefs = prefix_beliefs(model, xs, mask)
    T, B = beliefs.shape[1:3]
    tags = as_array("tags", tags, "T B", {"T": T, "B": B}, kind="int")
    chosen = np.asarray(chosen, dtype=bool)
    if chosen.shape != (T, B) or not chosen.any():
        raise ValueError(
            f"chosen has shape {chosen.shape} and {chosen.sum()} words; expected shape {(T, B)} "
            "and at least one word."
        )
    most = as_count("most", most, at_least=0)
    right = [look_ahead(beliefs, k).argmax(axis=-1) == tags for k in range(most + 1)]
    return np.array([hits[chosen].mean() for hits in right])
