"""From scores to a symbol: the most probable one, or one drawn at a temperature among the top k."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.losses import softmax
from utils.validation import Array, as_array, as_count, as_generator, as_number


def tempered(logits: Any, temperature: float = 1.0) -> Array:
    r"""Turn scores into probabilities at a temperature.

    .. math:: p_k = \frac{e^{o_k / \tau}}{\sum_j e^{o_j / \tau}}

    At τ = 1 this is the softmax. Towards 0 the largest score takes all; towards infinity all
    symbols become equally probable.

    Parameters
    ----------
    logits : array, shape (..., V)
        Scores in nats.
    temperature : float above 0
        τ, without unit. For the limit 0 take the largest score instead: ``logits.argmax()``.

    Returns
    -------
    array, shape (..., V), values in [0, 1], adding up to 1
        In float64, so that the sum is 1 to 1e-15 for float32 scores as well.

    Raises
    ------
    TypeError, ValueError
        If the scores are not finite numbers, or `temperature` is not above 0.

    References
    ----------
    Ackley, Hinton and Sejnowski (1985), A learning algorithm for Boltzmann machines,
    Cognitive Science 9(1), equation 5.
    """
    logits = as_array("logits", logits, "... V", dtype=np.float64)
    temperature = as_number("temperature", temperature, above=0)
    below = logits - logits.max(axis=-1, keepdims=True)  # first, so that the largest stays 0
    with np.errstate(over="ignore"):
        return softmax(np.maximum(below / temperature, -1e4))


def top_k(probabilities: Any, k: int) -> Array:
    r"""Keep the k most probable symbols and rule the others out.

    .. math:: q_i = \frac{p_i\, [i \in \text{top } k]}{\sum_{j \in \text{top } k} p_j}

    Exactly k are kept: among equally probable ones those with the lower index.

    Parameters
    ----------
    probabilities : array, shape (..., V)
        At least 0, adding up to 1.
    k : int in 1 … V

    Returns
    -------
    array, shape (..., V)
        Adding up to 1; exactly 0 outside the top k.

    Raises
    ------
    TypeError, ValueError
        If the probabilities are not as described, or k lies outside 1 … V.

    References
    ----------
    Fan, Lewis and Dauphin (2018), Hierarchical neural story generation, ACL, section 5.1.
    """
    p = _probabilities(probabilities)
    k = as_count("k", k)
    if k > p.shape[-1]:
        raise ValueError(f"k is {k}; expected at most V = {p.shape[-1]}.")
    kept = np.argsort(-p, axis=-1, kind="stable")[..., :k]
    q = np.zeros_like(p)
    np.put_along_axis(q, kept, np.take_along_axis(p, kept, axis=-1), axis=-1)
    return q / q.sum(axis=-1, keepdims=True)


def entropy(probabilities: Any) -> Array:
    r"""Return how uncertain a distribution is, in bits.

    .. math:: H(p) = -\sum_k p_k \log_2 p_k

    Terms with p = 0 count as 0. It is the mean surprise of symbols drawn from p: 0 if one
    symbol is certain, log2 V if all are equally probable.

    Parameters
    ----------
    probabilities : array, shape (..., V)
        At least 0, adding up to 1.

    Returns
    -------
    array, shape (...,), values in [0, log2 V], in bits

    Raises
    ------
    TypeError, ValueError
        If the probabilities are not as described.

    References
    ----------
    Shannon (1948), A mathematical theory of communication, Bell System Technical Journal 27.
    """
    p = _probabilities(probabilities)
    return -(p * np.log2(np.where(p > 0, p, 1))).sum(axis=-1) + 0.0


def sample(probabilities: Any, rng: np.random.Generator) -> int:
    """Draw one symbol.

    Parameters
    ----------
    probabilities : array, shape (V,)
        At least 0, adding up to 1.
    rng : numpy.random.Generator
        Gives one uniform number.

    Returns
    -------
    int in 0 … V-1
        Never one of probability 0.

    Raises
    ------
    TypeError, ValueError
        If the probabilities are not as described, or `rng` is no generator.
    """
    p = _probabilities(as_array("probabilities", probabilities, "V"))
    upper = np.cumsum(p)
    u = as_generator("rng", rng).random() * upper[-1]
    return int(np.searchsorted(upper, u, side="right"))


def _probabilities(value: Any) -> Array:
    p = as_array("probabilities", value, "... V", dtype=np.float64)
    if p.min() < 0:
        raise ValueError(f"probabilities holds {p.min():g}; expected numbers of at least 0.")
    total = p.sum(axis=-1)
    if not np.allclose(total, 1, rtol=0, atol=1e-5):
        wrong = np.ravel(total)[np.abs(np.ravel(total) - 1).argmax()]
        raise ValueError(f"probabilities adds up to {wrong:.6g}; expected 1.")
    return p
