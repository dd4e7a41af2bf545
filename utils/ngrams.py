"""Language models that count: how often did each character follow the n-1 before it?

A context that was seen often is believed; one that was seen seldom, or never, is interpolated
with the shorter context inside it, down to one over V. The smoothing is that of Kneser and Ney
with three discounts per length, the strongest one known for such counts.

>>> import numpy as np
>>> text = np.array([0, 1, 0, 1, 0, 2, 0, 1])  # a b a b a c a b
>>> model = fit_ngrams(text, order=2, V=3)
>>> model.probabilities([0]).round(3)
array([0.188, 0.656, 0.156])
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from utils.validation import Array, IndexArray, as_count, as_indices

_START = 0.75  # a discount before it is chosen
_GRID = np.linspace(0.05, 1.0, 20)  # of a discount, relative to the count that it is taken from


class _Table(NamedTuple):
    """Counts for contexts of one length; grams and contexts are numbers in base V, in order."""

    grams: IndexArray  # context followed by a character
    counts: IndexArray
    contexts: IndexArray
    totals: IndexArray  # of the counts in a context
    kinds: IndexArray  # (contexts, 3): characters in it that were counted 1, 2, and 3 times or more


class _Found(NamedTuple):
    """What a table says about every place of a text."""

    count: IndexArray
    total: IndexArray
    kinds: IndexArray


@dataclass(frozen=True)
class NGramModel:
    r"""Predict a character from the n-1 before it, by discounted counts.

    .. math::
        p_m(w \mid h) = \frac{\max(c(hw) - D_m(c(hw)), 0)}{c(h)}
            + \frac{\sum_{j=1}^3 D_m(j)\, N_j(h)}{c(h)}\; p_{m-1}(w \mid h')

    for m = 1 … n with p_0 = 1/V: h are the m-1 characters before w, h' is h without its first,
    c counts, :math:`N_j(h)` is the number of characters that followed h once, twice, and three
    times or more. What the discounts D take from the counts is given to the shorter context, so
    that the probabilities add up to 1. Below n, c counts in how many different longer contexts
    hw occurred. A context that never occurred passes the shorter one's probabilities on.

    Attributes
    ----------
    order : int
        n: 1 is the unigram, 3 the trigram; 0 gives every character 1/V.
    V : int
        Size of the vocabulary.
    discounts : array, shape (order, 3)
        D_m for the counts 1, 2, and 3 or more; each between 0 and the count.

    References
    ----------
    Kneser and Ney (1995), Improved backing-off for m-gram language modeling, ICASSP.
    Chen and Goodman (1999), An empirical study of smoothing techniques for language modeling,
    Computer Speech and Language 13(4), equation 25.
    """

    order: int
    V: int
    discounts: Array
    _tables: tuple[_Table, ...] = field(repr=False)

    def probabilities(self, context: Any = ()) -> Array:
        """Return the probability of every character after a context.

        Parameters
        ----------
        context : array of int, shape (C,), values in [0, V)
            The characters before; only the last order - 1 are looked at, fewer will do.

        Returns
        -------
        array, shape (V,), values in [0, 1], adding up to 1

        Raises
        ------
        TypeError, ValueError
            If the context is not made of indices in [0, V).
        """
        context = self._read(context)
        context = context[max(0, len(context) - max(self.order - 1, 0)) :]
        p = np.full(self.V, 1 / self.V)
        followers = np.arange(self.V)
        for m in range(1, min(self.order, len(context) + 1) + 1):
            code = _codes(context[len(context) - m + 1 :], self.V)
            found = _find(self._tables[m - 1], code * self.V + followers, np.full(self.V, code))
            p = _interpolate(p, found, self.discounts[m - 1])
        return p

    def next_probabilities(self, indices: Any) -> Array:
        """Return the probability that was given to each character but the first of a text.

        Parameters
        ----------
        indices : array of int, shape (N,), N at least 2, values in [0, V)

        Returns
        -------
        array, shape (N - 1,), values in [0, 1]
            The first few characters have shorter contexts.

        Raises
        ------
        TypeError, ValueError
            If the text is not made of indices in [0, V), or shorter than two characters.
        """
        return _next_probabilities(self._look_up(self._read_text(indices)), self.discounts, self.V)

    def bits_per_character(self, indices: Any) -> float:
        r"""Return the mean surprise at every character but the first of a text.

        .. math:: -\frac{1}{N-1} \sum_{t=1}^{N-1} \log_2 p(c_{t+1} \mid c_1 \dots c_t)

        Parameters
        ----------
        indices : array of int, shape (N,), N at least 2, values in [0, V)

        Returns
        -------
        float, in bits; infinite if a character had probability 0

        Raises
        ------
        TypeError, ValueError
            As `next_probabilities` does.
        """
        return _bits(self.next_probabilities(indices))

    def choose_discounts(self, validation: Any, rounds: int = 2) -> NGramModel:
        """Return the same counts with the discounts that fit another text best.

        One discount after the other is set to the best of twenty values, in rounds.

        Parameters
        ----------
        validation : array of int, shape (N,), N at least 2, values in [0, V)
            A text that was not counted.
        rounds : int, at least 1

        Returns
        -------
        NGramModel

        Raises
        ------
        TypeError, ValueError
            As `next_probabilities` does.
        """
        found = self._look_up(self._read_text(validation))
        discounts = np.array(self.discounts)
        for _ in range(as_count("rounds", rounds)):
            for place in np.ndindex(discounts.shape):
                tries = []
                for value in _GRID * (place[1] + 1):
                    discounts[place] = value
                    tries.append((_bits(_next_probabilities(found, discounts, self.V)), value))
                discounts[place] = min(tries)[1]
        return replace(self, discounts=discounts)

    def _look_up(self, text: IndexArray) -> list[_Found]:
        """Find every place of a text but the first in all tables; places too early find nothing."""
        found = []
        for m, table in enumerate(self._tables, start=1):
            grams = np.full(len(text), -1)
            contexts = np.full(len(text), -1)
            if m <= len(text):
                grams[m - 1 :] = _gram_codes(text, m, self.V)
                contexts[m - 1 :] = grams[m - 1 :] // self.V
            found.append(_find(table, grams[1:], contexts[1:]))
        return found or [_nothing(len(text) - 1)]

    def _read(self, indices: Any) -> IndexArray:
        if np.size(indices) == 0:
            return np.array([], dtype=np.int64)
        return as_indices("context", indices, self.V, "C")

    def _read_text(self, indices: Any) -> IndexArray:
        return _read_text(indices, self.V)


def fit_ngrams(indices: Any, order: int, V: int) -> NGramModel:
    """Count what followed what in a text.

    Parameters
    ----------
    indices : array of int, shape (N,), N at least 2 and `order`, values in [0, V)
        The training text.
    order : int, at least 0
        n: how many characters are looked at together, the predicted one among them.
    V : int, at least 1
        Size of the vocabulary; its power `order` must stay below 2⁶³.

    Returns
    -------
    NGramModel
        With all discounts at 0.75; see `NGramModel.choose_discounts`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    order, V = as_count("order", order, at_least=0), as_count("V", V)
    text = _read_text(indices, V)
    if order > len(text):
        raise ValueError(f"order is {order}; expected at most the {len(text)} characters of text.")
    if V**order >= 2**63:
        raise ValueError(f"order is {order} with V = {V}; expected V to the power of it below 2⁶³.")
    tables = []
    for m in range(1, order + 1):
        if m == order:
            grams, counts = np.unique(_gram_codes(text, m, V), return_counts=True)
        else:  # in how many different contexts that are longer by one
            longer = np.unique(_gram_codes(text, m + 1, V))
            grams, counts = np.unique(longer % V**m, return_counts=True)
        contexts, of = np.unique(grams // V, return_inverse=True)
        totals = np.bincount(of, weights=counts).astype(np.int64)
        kinds = np.stack(
            [np.bincount(of, weights=np.minimum(counts, 3) == j) for j in (1, 2, 3)], axis=1
        )
        tables.append(_Table(grams, counts, contexts, totals, kinds.astype(np.int64)))
    return NGramModel(order, V, np.full((order, 3), _START), tuple(tables))


def _read_text(indices: Any, V: int) -> IndexArray:
    text = as_indices("indices", indices, V, "N").astype(np.int64)
    if len(text) < 2:
        raise ValueError(f"indices has shape {text.shape}; expected at least two characters.")
    return text


def _codes(context: IndexArray, V: int) -> int:
    code = 0
    for index in context:
        code = code * V + int(index)
    return code


def _gram_codes(text: IndexArray, m: int, V: int) -> IndexArray:
    """Return every m characters in a row as one number in base V, shape (N - m + 1,)."""
    codes = np.zeros(len(text) - m + 1, dtype=np.int64)
    for j in range(m):
        codes = codes * V + text[j : len(text) - m + 1 + j]
    return codes


def _find(table: _Table, grams: IndexArray, contexts: IndexArray) -> _Found:
    count, there = _places(table.grams, grams)
    context, known = _places(table.contexts, contexts)
    return _Found(
        np.where(there, table.counts[count], 0),
        np.where(known, table.totals[context], 0),
        np.where(known[:, None], table.kinds[context], 0),
    )


def _places(keys: IndexArray, wanted: IndexArray) -> tuple[IndexArray, Any]:
    """Return where each wanted number stands among sorted keys, and whether it does."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return places, keys[places] == wanted


def _nothing(N: int) -> _Found:
    return _Found(np.zeros(N, int), np.zeros(N, int), np.zeros((N, 3), int))


def _next_probabilities(found: list[_Found], discounts: Array, V: int) -> Array:
    p = np.full(len(found[0].count), 1 / V)
    for one, own in zip(found, discounts, strict=False):
        p = _interpolate(p, one, own)
    return p


def _interpolate(shorter: Array, found: _Found, discounts: Array) -> Array:
    """Return p_m from p_{m-1}; where the context never occurred the two are equal."""
    taken = np.concatenate([[0.0], discounts])[np.minimum(found.count, 3)]
    given = found.kinds @ discounts
    p = (found.count - taken + given * shorter) / np.maximum(found.total, 1)
    return np.where(found.total > 0, p, shorter)


def _bits(p: Array) -> float:
    with np.errstate(divide="ignore"):
        return float(-np.log2(p).mean())
