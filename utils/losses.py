"""Losses in nats (squared error in squared units of y), each beside its derivative.

How samples are counted, the same in every function: the last axis holds the outputs of one
sample and is summed; the axes before it, such as (B,) or (T, B), count samples.
``reduction="mean"`` divides the total by the number of samples, ``"sum"`` does not. In the
two elementwise losses an array with a single axis, (B,), is B samples of one output each.
The derivatives are those of the reduced loss, so they carry the same division.
"""

import math

import numpy as np

from utils.activations import sigmoid
from utils.validation import Array, IndexArray, as_array, as_choice, as_indices, as_shape_of

REDUCTIONS = ("mean", "sum")


def softmax(logits: Array, axis: int = -1) -> Array:
    r"""Turn scores into probabilities that add up to 1 along one axis.

    .. math:: p_k = \frac{e^{z_k - m}}{\sum_j e^{z_j - m}}, \quad m = \max_j z_j

    Taking the largest score away changes nothing in exact arithmetic and keeps every
    exponential at or below 1.

    Parameters
    ----------
    logits : array, shape (..., V)
        Scores in nats; finite.
    axis : int
        The axis along which the probabilities add up to 1.

    Returns
    -------
    array, the shape of logits, values in [0, 1]

    Raises
    ------
    TypeError
        If `logits` is not made of numbers.
    ValueError
        If `logits` is empty, holds NaN or infinite values, or has no axis `axis`.
    """
    z = _scores(logits, axis)
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(logits: Array, axis: int = -1) -> Array:
    r"""Return the logarithm of the softmax, also where the probability itself rounds to 0.

    .. math:: \log p_k = z_k - m - \log \sum_j e^{z_j - m}, \quad m = \max_j z_j

    Parameters
    ----------
    logits : array, shape (..., V)
    axis : int

    Returns
    -------
    array, the shape of logits, values in (-inf, 0], in nats

    Raises
    ------
    TypeError, ValueError
        As `softmax` does.
    """
    z = _scores(logits, axis)
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def d_softmax(logits: Array) -> Array:
    r"""Return the Jacobian of the softmax along the last axis.

    .. math:: \partial p_k / \partial z_j = p_k (\delta_{kj} - p_j)

    Parameters
    ----------
    logits : array, shape (..., V)

    Returns
    -------
    array, shape (..., V, V)
        Entry [..., k, j] is the derivative of probability k with respect to score j; every
        row and every column adds up to 0.

    Raises
    ------
    TypeError, ValueError
        As `softmax` does.
    """
    p = softmax(logits)
    return p[..., :, None] * (np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :])


def squared_error(y_hat: Array, y: Array, reduction: str = "mean") -> np.floating:
    r"""Return half the squared distance between prediction and target.

    .. math:: L = \tfrac12 \sum_k (\hat y_k - y_k)^2 \quad\text{per sample}

    The half is a convention: with it the derivative is ŷ - y, the same as that of the two
    cross-entropies with respect to their scores. ``torch.nn.functional.mse_loss`` has no
    half and divides by the number of outputs too.

    Parameters
    ----------
    y_hat : array, shape (..., K)
        Predictions.
    y : array, shape (..., K)
        Targets; read in the number type of `y_hat`.
    reduction : {"mean", "sum"}
        Over samples; see the top of the module.

    Returns
    -------
    loss : float of the number type of y_hat, at least 0

    Raises
    ------
    TypeError
        If an argument is not made of numbers.
    ValueError
        If the shapes differ, an array is empty, a value is NaN or infinite, or `reduction`
        is neither word.
    """
    y_hat, y = _prediction_and_target(y_hat, y)
    return 0.5 * ((y_hat - y) ** 2).sum() / _divisor(y_hat, reduction)


def d_squared_error(y_hat: Array, y: Array, reduction: str = "mean") -> Array:
    r"""Return the derivative of `squared_error` with respect to y_hat.

    .. math:: \partial L / \partial \hat y = \hat y - y

    divided by the number of samples where the reduction is the mean.

    Parameters
    ----------
    y_hat, y, reduction
        As in `squared_error`.

    Returns
    -------
    array, the shape of y_hat

    Raises
    ------
    TypeError, ValueError
        As `squared_error` does.
    """
    y_hat, y = _prediction_and_target(y_hat, y)
    return (y_hat - y) / _divisor(y_hat, reduction)


def binary_cross_entropy(y_hat: Array, y: Array, reduction: str = "mean") -> np.floating:
    r"""Return the surprise, in nats, at yes-or-no targets under predicted probabilities.

    .. math:: L = -\sum_k \left[ y_k \ln \hat y_k + (1 - y_k) \ln (1 - \hat y_k) \right]

    At exactly 0 or 1 nothing is clipped. A prediction of exactly 0 or 1 that is right adds
    0 nats (0 ln 0 counts as 0); one that is wrong adds infinity, and the loss is then
    ``inf``, without a warning. Where ŷ comes from a sigmoid, `sigmoid_binary_cross_entropy`
    takes the score itself and stays finite.

    Parameters
    ----------
    y_hat : array, shape (..., K), values in [0, 1]
        Probabilities of yes.
    y : array, shape (..., K), values in [0, 1]
        Targets, 0 or 1 (or a probability); read in the number type of `y_hat`.
    reduction : {"mean", "sum"}
        Over samples; see the top of the module.

    Returns
    -------
    loss : float of the number type of y_hat, in [0, inf], in nats

    Raises
    ------
    TypeError
        If an argument is not made of numbers.
    ValueError
        If the shapes differ, an array is empty, a value lies outside [0, 1], or `reduction`
        is neither word.
    """
    y_hat, y = _prediction_and_target(y_hat, y)
    _check_probabilities("y_hat", y_hat)
    _check_probabilities("y", y)
    loss = -(_times_log(y, y_hat) + _times_log(1.0 - y, 1.0 - y_hat)).sum()
    return loss / _divisor(y_hat, reduction) + 0.0


def d_binary_cross_entropy(y_hat: Array, y: Array, reduction: str = "mean") -> Array:
    r"""Return the derivative of `binary_cross_entropy` with respect to y_hat.

    .. math:: \partial L / \partial \hat y = \frac{1 - y}{1 - \hat y} - \frac{y}{\hat y}

    divided by the number of samples where the reduction is the mean. A term whose numerator
    is 0 counts as 0; a prediction of exactly 0 or 1 that is wrong gives an infinite slope,
    without a warning.

    Parameters
    ----------
    y_hat, y, reduction
        As in `binary_cross_entropy`.

    Returns
    -------
    array, the shape of y_hat, values in [-inf, inf]

    Raises
    ------
    TypeError, ValueError
        As `binary_cross_entropy` does.
    """
    y_hat, y = _prediction_and_target(y_hat, y)
    _check_probabilities("y_hat", y_hat)
    _check_probabilities("y", y)
    slope = _times_inverse(1.0 - y, 1.0 - y_hat) - _times_inverse(y, y_hat)
    return slope / _divisor(y_hat, reduction)


def sigmoid_binary_cross_entropy(z: Array, y: Array, reduction: str = "mean") -> np.floating:
    r"""Return the binary cross-entropy of sigmoid(z), computed from the score z itself.

    .. math:: L = \sum_k \max(z_k, 0) - z_k y_k + \ln\left(1 + e^{-|z_k|}\right)

    It equals ``binary_cross_entropy(sigmoid(z), y)`` and is finite at every finite z: at
    large scores on the wrong side it grows like the absolute value of z.

    Parameters
    ----------
    z : array, shape (..., K)
        Scores in nats (log-odds of yes).
    y : array, shape (..., K), values in [0, 1]
        Targets; read in the number type of `z`.
    reduction : {"mean", "sum"}
        Over samples; see the top of the module.

    Returns
    -------
    loss : float of the number type of z, at least 0, in nats

    Raises
    ------
    TypeError
        If an argument is not made of numbers.
    ValueError
        If the shapes differ, an array is empty, a value is NaN or infinite, a target lies
        outside [0, 1], or `reduction` is neither word.
    """
    z, y = _prediction_and_target(z, y, "z")
    _check_probabilities("y", y)
    loss = np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return loss.sum() / _divisor(z, reduction)


def d_sigmoid_binary_cross_entropy(z: Array, y: Array, reduction: str = "mean") -> Array:
    r"""Return the derivative of `sigmoid_binary_cross_entropy` with respect to z.

    .. math:: \partial L / \partial z = \hat y - y, \quad \hat y = \sigma(z)

    divided by the number of samples where the reduction is the mean. The slope of the
    sigmoid has cancelled, so a confident wrong prediction is corrected at full strength.

    Parameters
    ----------
    z, y, reduction
        As in `sigmoid_binary_cross_entropy`.

    Returns
    -------
    array, the shape of z, values in [-1, 1]

    Raises
    ------
    TypeError, ValueError
        As `sigmoid_binary_cross_entropy` does.
    """
    z, y = _prediction_and_target(z, y, "z")
    _check_probabilities("y", y)
    return (sigmoid(z) - y) / _divisor(z, reduction)


def cross_entropy(y_hat: Array, targets: IndexArray, reduction: str = "mean") -> np.floating:
    r"""Return the surprise, in nats, at the class that was right, given probabilities.

    .. math:: L = -\ln \hat y_{k}, \quad k = \text{target}

    A right class that was given probability 0 makes the loss ``inf``, without a warning.
    Where ŷ comes from a softmax, `softmax_cross_entropy` takes the scores and stays finite.

    Parameters
    ----------
    y_hat : array, shape (..., V), values in [0, 1]
        Probabilities. That they add up to 1 is not checked, so that the derivative with
        respect to one of them can be measured.
    targets : array of int, shape (...,), values in [0, V)
    reduction : {"mean", "sum"}
        Over samples; see the top of the module.

    Returns
    -------
    loss : float of the number type of y_hat, in [0, inf], in nats

    Raises
    ------
    TypeError
        If `y_hat` is not made of numbers or `targets` not of whole numbers.
    ValueError
        If the shapes do not fit, a probability lies outside [0, 1], a target outside
        [0, V), or `reduction` is neither word.
    """
    y_hat, targets = _scores_and_targets("y_hat", y_hat, targets)
    _check_probabilities("y_hat", y_hat)
    right = np.take_along_axis(y_hat, targets[..., None], axis=-1)
    with np.errstate(divide="ignore"):
        return -np.log(right).sum() / _divisor(right, reduction) + 0.0


def d_cross_entropy(y_hat: Array, targets: IndexArray, reduction: str = "mean") -> Array:
    r"""Return the derivative of `cross_entropy` with respect to the probabilities.

    .. math:: \partial L / \partial \hat y_k = -1 / \hat y_k
              \text{ at the target}, \quad 0 \text{ elsewhere}

    divided by the number of samples where the reduction is the mean; ``-inf`` where the
    right class has probability 0, without a warning.

    Parameters
    ----------
    y_hat, targets, reduction
        As in `cross_entropy`.

    Returns
    -------
    array, the shape of y_hat, values in [-inf, 0]

    Raises
    ------
    TypeError, ValueError
        As `cross_entropy` does.
    """
    y_hat, targets = _scores_and_targets("y_hat", y_hat, targets)
    _check_probabilities("y_hat", y_hat)
    right = np.take_along_axis(y_hat, targets[..., None], axis=-1)
    slope = np.zeros_like(y_hat)
    with np.errstate(divide="ignore"):
        np.put_along_axis(slope, targets[..., None], -1.0 / right, axis=-1)
    return slope / _divisor(right, reduction)


def softmax_cross_entropy(
    logits: Array, targets: IndexArray, reduction: str = "mean"
) -> np.floating:
    r"""Return the cross-entropy of softmax(logits), computed from the scores themselves.

    .. math:: L = -\ln p_k = m + \ln \sum_j e^{z_j - m} - z_k, \quad k = \text{target}

    Equal scores for all V classes give ln V. The argument is scores, not probabilities:
    on probabilities the softmax would be applied twice and the loss could not come below
    ln(e + V - 1) - 1.

    Parameters
    ----------
    logits : array, shape (..., V)
        Scores in nats, with any leading axes, such as (B, V) or (T, B, V).
    targets : array of int, shape (...,), values in [0, V)
        The class that is right, for every sample.
    reduction : {"mean", "sum"}
        Over samples; see the top of the module.

    Returns
    -------
    loss : float of the number type of logits, at least 0, in nats

    Raises
    ------
    TypeError
        If `logits` is not made of numbers or `targets` not of whole numbers.
    ValueError
        If the shapes do not fit, an array is empty, a score is NaN or infinite, a target
        lies outside [0, V), or `reduction` is neither word.
    """
    logits, targets = _scores_and_targets("logits", logits, targets)
    right = np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)
    return -right.sum() / _divisor(right, reduction) + 0.0


def d_softmax_cross_entropy(logits: Array, targets: IndexArray, reduction: str = "mean") -> Array:
    r"""Return the derivative of `softmax_cross_entropy` with respect to the scores.

    .. math:: \partial L / \partial z_k = p_k - [k = \text{target}]

    divided by the number of samples where the reduction is the mean: prediction minus
    one-hot target.

    Parameters
    ----------
    logits, targets, reduction
        As in `softmax_cross_entropy`.

    Returns
    -------
    array, the shape of logits, values in [-1, 1], adding up to 0 along the last axis

    Raises
    ------
    TypeError, ValueError
        As `softmax_cross_entropy` does.
    """
    logits, targets = _scores_and_targets("logits", logits, targets)
    slope = softmax(logits)
    right = np.take_along_axis(slope, targets[..., None], axis=-1)
    np.put_along_axis(slope, targets[..., None], right - 1.0, axis=-1)
    return slope / _divisor(right, reduction)


def _scores(logits: Array, axis: int) -> Array:
    z = as_array("logits", logits)
    if not isinstance(axis, int) or not -z.ndim <= axis < z.ndim:
        raise ValueError(f"axis is {axis!r}; logits of shape {z.shape} has no such axis.")
    return z


def _prediction_and_target(y_hat: Array, y: Array, name: str = "y_hat") -> tuple[Array, Array]:
    y_hat = as_array(name, y_hat)
    return y_hat, as_shape_of("y", y, name, y_hat, dtype=y_hat.dtype)


def _scores_and_targets(name: str, scores: Array, targets: IndexArray) -> tuple[Array, IndexArray]:
    """Read scores (..., V) and targets (...,), and hold the second to the first."""
    scores = as_array(name, scores, "... V")
    targets = as_array("targets", targets, kind="int")
    if targets.shape != scores.shape[:-1]:
        raise ValueError(
            f"targets has shape {targets.shape}; expected {scores.shape[:-1]}, "
            f"the shape {scores.shape} of {name} without its last axis."
        )
    return scores, as_indices("targets", targets, scores.shape[-1])


def _divisor(y_hat: Array, reduction: str) -> int:
    """Return by how many samples the total is divided: all of them, or 1 for a sum."""
    if as_choice("reduction", reduction, REDUCTIONS) == "sum":
        return 1
    return y_hat.size if y_hat.ndim < 2 else math.prod(y_hat.shape[:-1])


def _check_probabilities(name: str, p: Array) -> None:
    if p.min() < 0 or p.max() > 1:
        wrong = p.min() if p.min() < 0 else p.max()
        raise ValueError(f"{name} holds {wrong:g}; expected probabilities in [0, 1].")


def _times_log(weight: Array, p: Array) -> Array:
    """Return weight · ln p, counting 0 · ln 0 as 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight == 0, p.dtype.type(0), weight * np.log(p))


def _times_inverse(weight: Array, p: Array) -> Array:
    """Return weight / p, counting 0 / 0 as 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight == 0, p.dtype.type(0), weight / p)
