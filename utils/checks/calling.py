"""How checks call functions that take more than arrays, or may return more than arrays.

These adapters run where the learner's function runs, in a grader's other process as well: they
know the inputs of an exercise and nothing of its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray


def with_curved_loss(
    function: Callable[..., Any], w: Array, x: Array, y: Array, epsilon: float
) -> Any:
    """Hand over a loss of an array of weights, the array, and the step.

    Parameters
    ----------
    function : callable
        The learner's: ``function(f, w, epsilon)``.
    w, x, y : array
        As in `curved_loss`.
    epsilon : float

    Returns
    -------
    whatever the function returns
    """
    return function(lambda weights: curved_loss(weights, x, y), w, epsilon)


def curved_loss(w: Array, x: Array, y: Array) -> float:
    """Return a loss of weights (D, H) that is curved enough for a one-sided slope to show.

    Parameters
    ----------
    w : array, shape (D, H)
    x : array, shape (B, D)
    y : array, shape (B, H)
        Weights of the entries in the sum.

    Returns
    -------
    float
    """
    return float((np.exp(0.3 * np.tanh(np.asarray(x) @ w)) * y).sum() + 3.0)


def with_loss_of_parameters(
    function: Callable[..., Any],
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    xs: Array,
    targets: Array,
    W_hy: Array,
    epsilon: float,
) -> Any:
    """Hand over a loss of a dictionary of parameters, the dictionary, and the step.

    Parameters
    ----------
    function : callable
        The learner's: ``function(f, parameters, epsilon)``.
    W_xh, W_hh, b_h : array
        The parameters that it moves.
    xs, targets, W_hy : array
        As in `loss_of_parameters`.
    epsilon : float

    Returns
    -------
    whatever the function returns
    """
    parameters = {"W_xh": W_xh, "W_hh": W_hh, "b_h": b_h}
    return function(lambda given: loss_of_parameters(given, xs, targets, W_hy), parameters, epsilon)


def loss_of_parameters(
    parameters: Mapping[str, Array], xs: Array, targets: Array, W_hy: Array
) -> float:
    """Return the summed cross-entropy of sequences that a plain RNN reads from zeros, in nats.

    Parameters
    ----------
    parameters : mapping of str to array
        W_xh (D, H), W_hh (H, H) and b_h (H,).
    xs : array, shape (T, B, D)
    targets : array of whole numbers, shape (T, B)
    W_hy : array, shape (H, V)

    Returns
    -------
    float
        Over all steps and samples.
    """
    W_xh, W_hh, b_h = (np.asarray(parameters[name]) for name in ("W_xh", "W_hh", "b_h"))
    state, total = np.zeros((xs.shape[1], len(W_hy))), 0.0
    for x_t, right in zip(xs, targets, strict=True):
        state = np.tanh(x_t @ W_xh + state @ W_hh + b_h)
        scores = state @ W_hy
        scores = scores - scores.max(axis=-1, keepdims=True)
        of_right = np.take_along_axis(scores, np.asarray(right, dtype=int)[:, None], axis=-1)
        total += float(np.log(np.exp(scores).sum(axis=-1)).sum() - of_right.sum())
    return total


def tuple_as_list(function: Callable[..., Any], **inputs: Any) -> Any:
    """Call the learner's function; numbers in a tuple are as good as an array.

    Parameters
    ----------
    function : callable
        The learner's.
    **inputs
        Handed over in their order, without their names.

    Returns
    -------
    whatever the function returns
        A tuple as a list.
    """
    result = function(*inputs.values())
    return list(result) if isinstance(result, tuple) else result


def unpacked(function: Callable[..., Any], **inputs: Any) -> Any:
    """Call the function, and take the three parts out of a ``PackedSequence`` if one comes back.

    Parameters
    ----------
    function : callable
        The learner's.
    **inputs
        Handed over in their order, without their names.

    Returns
    -------
    whatever the function returns
        Of a ``PackedSequence`` its data, batch sizes and sorted indices.
    """
    found = function(*inputs.values())
    if hasattr(found, "batch_sizes"):
        return found.data, found.batch_sizes, found.sorted_indices
    return found
