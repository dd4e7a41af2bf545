"""A chain of one neuron per layer, and the recurrent unit that uses one weight at every step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.activations import ACTIVATIONS
from utils.validation import (
    Array,
    as_array,
    as_choice,
    as_count,
    as_generator,
    as_number,
)

__all__ = ["ScalarChain", "compare_products", "gradient_bound", "run_chain"]


class ScalarChain(NamedTuple):
    """Hold one pass through a chain, with all that the gradient needs.

    Attributes
    ----------
    values : array, shape (T + 1,)
        a_0 to a_T.
    sums : array, shape (T,)
        z_1 to z_T.
    factors : array, shape (T,)
        w_i f'(z_i): what layer i multiplies a gradient by on its way back.
    logs : array, shape (T + 1,)
        log10 \\|∂a_T/∂a_i\\| for i = 0 … T; minus infinity where nothing is left.
    d_weights : array, shape (T,)
        ∂a_T/∂w_i, each weight taken as one of its own. Where all layers share one weight, its
        derivative is the sum of these.
    """

    values: Array
    sums: Array
    factors: Array
    logs: Array
    d_weights: Array


def run_chain(
    weights: Array, a_0: float = 0.5, activation: str = "sigmoid", bias: float = 0.0
) -> ScalarChain:
    r"""Send one number through a chain of single neurons, and its gradient back.

    .. math::
        a_i = f(z_i), \quad z_i = w_i a_{i-1} + b, \qquad
        \frac{\partial a_T}{\partial a_i} = \prod_{j=i+1}^{T} w_j f'(z_j), \qquad
        \frac{\partial a_T}{\partial w_i} = \frac{\partial a_T}{\partial a_i} f'(z_i)\, a_{i-1}

    Equal weights make it a recurrent network of one unit that reads no input.

    Parameters
    ----------
    weights : array, shape (T,)
        The weight of every layer.
    a_0 : float
        What enters.
    activation : {"sigmoid", "tanh", "relu", "leaky_relu", "identity"}
    bias : float
        The bias of every layer.

    Returns
    -------
    ScalarChain

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or a value of the chain overflows.
    """
    weights = as_array("weights", weights, "T", dtype=np.float64)
    a_0 = as_number("a_0", a_0)
    bias = as_number("bias", bias)
    f = ACTIVATIONS[as_choice("activation", activation, ACTIVATIONS)]
    T = len(weights)
    values, sums = np.empty(T + 1), np.empty(T)
    values[0] = a_0
    for i, w in enumerate(weights):
        sums[i] = w * values[i] + bias
        values[i + 1] = f.function(sums[i : i + 1])[0]
    slopes = f.derivative(sums)
    factors = weights * slopes
    with np.errstate(divide="ignore"):
        steps = np.log10(np.abs(factors))
    logs = np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]])
    products = np.concatenate([np.cumprod(factors[::-1])[::-1], [1.0]])  # ∂a_T/∂a_i
    return ScalarChain(values, sums, factors, logs, products[1:] * slopes * values[:-1])


def gradient_bound(largest_weight: float, T: int, activation: str = "sigmoid") -> float:
    r"""Return the most that a gradient can be multiplied by in T layers of a chain.

    .. math:: \left\lvert \prod_{i=1}^{T} w_i f'(z_i) \right\rvert
              \le \left( \max_i \lvert w_i \rvert \cdot \max_z f'(z) \right)^T

    Parameters
    ----------
    largest_weight : float of at least 0
        The largest absolute value of a weight.
    T : int, at least 1
    activation : {"sigmoid", "tanh", "relu", "leaky_relu", "identity"}
        The largest slope of the sigmoid is 0.25, that of the others 1.

    Returns
    -------
    float of at least 0
        Infinite where it is beyond the largest float.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    largest_weight = as_number("largest_weight", largest_weight, at_least=0)
    T = as_count("T", T)
    f = ACTIVATIONS[as_choice("activation", activation, ACTIVATIONS)]
    try:
        return (largest_weight * f.derivative_bound) ** T
    except OverflowError:
        return float("inf")


def compare_products(
    rng: np.random.Generator, n: int, T: int, scale: float = 1.0
) -> dict[str, Array]:
    r"""Multiply T weights of a chain of linear units: own weights, and one weight T times.

    .. math:: \ln \lvert w_1 w_2 \cdots w_T \rvert = \sum_i \ln \lvert w_i \rvert
              \qquad \text{and} \qquad \ln \lvert w^T \rvert = T \ln \lvert w \rvert

    With weights drawn from a normal distribution, the logarithm of a product of own weights
    scatters with a standard deviation that grows with √T; that of a power grows with T. One
    logarithm ln\|w\| has the standard deviation π/(2√2) ≈ 1.11, whatever the scale.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int, at least 1
        Chains of each kind.
    T : int, at least 1
        Layers, or steps.
    scale : float above 0
        Standard deviation of the weights.

    Returns
    -------
    dict
        ``"own weights"`` and ``"one weight"``, each of shape (n, T + 1): log10 of the absolute
        value of the product after 0 … T factors.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    rng = as_generator("rng", rng)
    n, T = as_count("n", n), as_count("T", T)
    scale = as_number("scale", scale, above=0)
    own = np.log10(np.abs(scale * rng.standard_normal((n, T))))
    one = np.repeat(np.log10(np.abs(scale * rng.standard_normal((n, 1)))), T, axis=1)
    return {
        name: np.concatenate([np.zeros((n, 1)), np.cumsum(logs, axis=1)], axis=1)
        for name, logs in (("own weights", own), ("one weight", one))
    }
