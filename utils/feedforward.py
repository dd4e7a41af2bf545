"""A network of two layers: forward pass, loss, and backward pass with every gradient by name."""

from typing import Any, NamedTuple

import numpy as np

from utils.activations import ACTIVATIONS, d_sigmoid, identity, sigmoid
from utils.initialisation import normal_matrix
from utils.layers import linear_backward
from utils.losses import (
    d_sigmoid_binary_cross_entropy,
    d_softmax_cross_entropy,
    d_squared_error,
    sigmoid_binary_cross_entropy,
    softmax,
    softmax_cross_entropy,
    squared_error,
)
from utils.validation import (
    Array,
    as_array,
    as_choice,
    as_count,
    as_float_type,
    as_generator,
    as_weights,
)

OUTPUTS = {"sigmoid": sigmoid, "softmax": softmax, "identity": identity}

#: Which outputs each loss can follow.
PAIRS = {
    "squared_error": ("sigmoid", "identity"),
    "binary_cross_entropy": ("sigmoid",),
    "cross_entropy": ("softmax",),
}


class TwoLayerWeights(NamedTuple):
    """Hold the weights of a network of two layers.

    Attributes
    ----------
    W1 : array, shape (D, H)
    b1 : array, shape (H,)
    W2 : array, shape (H, K)
    b2 : array, shape (K,)
    """

    W1: Array
    b1: Array
    W2: Array
    b2: Array


class TwoLayerValues(NamedTuple):
    """Hold what the forward pass computes, in that order.

    Attributes
    ----------
    z1 : array, shape (B, H)
        Sums of the hidden layer.
    a1 : array, shape (B, H)
        Activations of the hidden layer.
    z2 : array, shape (B, K)
        Sums of the output layer.
    y_hat : array, shape (B, K)
        Predictions.
    """

    z1: Array
    a1: Array
    z2: Array
    y_hat: Array


class TwoLayerGradients(NamedTuple):
    """Hold ∂L/∂ of every weight, and of every value on the way back.

    Attributes
    ----------
    d_W1 : array, shape (D, H)
    d_b1 : array, shape (H,)
    d_W2 : array, shape (H, K)
    d_b2 : array, shape (K,)
    d_z1 : array, shape (B, H)
    d_a1 : array, shape (B, H)
    d_z2 : array, shape (B, K)
    d_x : array, shape (B, D)
    """

    d_W1: Array
    d_b1: Array
    d_W2: Array
    d_b2: Array
    d_z1: Array
    d_a1: Array
    d_z2: Array
    d_x: Array


_AXES = {"W1": "D H", "b1": "H", "W2": "H K", "b2": "K"}


def init_two_layer_weights(
    D: int,
    H: int,
    K: int,
    rng: np.random.Generator,
    scale: float | None = None,
    dtype: Any = np.float64,
) -> TwoLayerWeights:
    r"""Draw the weights from normal distributions around zero, biases zero.

    Parameters
    ----------
    D, H, K : int
        Input features, hidden units and outputs.
    rng : numpy.random.Generator
    scale : float, optional
        Standard deviation of both matrices. Without it :math:`1/\sqrt D` for W1 and
        :math:`1/\sqrt H` for W2. With 0 all hidden units start equal and stay equal.
    dtype : float32 or float64

    Returns
    -------
    TwoLayerWeights
        W1 (D, H), b1 (H,), W2 (H, K), b2 (K,).

    Raises
    ------
    TypeError
        If a size is not a whole number, `rng` not a generator, or `dtype` another number type.
    ValueError
        If a size is below 1, or `scale` is negative.
    """
    D, H, K = as_count("D", D), as_count("H", H), as_count("K", K)
    rng, dtype = as_generator("rng", rng), as_float_type("dtype", dtype)
    return TwoLayerWeights(
        W1=normal_matrix(rng, (D, H), scale, dtype),
        b1=np.zeros(H, dtype=dtype),
        W2=normal_matrix(rng, (H, K), scale, dtype),
        b2=np.zeros(K, dtype=dtype),
    )


def two_layer_forward(
    x: Array, weights: TwoLayerWeights, hidden: str = "sigmoid", output: str = "sigmoid"
) -> TwoLayerValues:
    r"""Compute the prediction of a network of two layers, and every value on the way to it.

    .. math:: z_1 = x W_1 + b_1, \quad a_1 = f(z_1), \quad z_2 = a_1 W_2 + b_2, \quad
              \hat y = g(z_2)

    Parameters
    ----------
    x : array, shape (B, D)
    weights : TwoLayerWeights
        W1 (D, H), b1 (H,), W2 (H, K), b2 (K,).
    hidden : {"sigmoid", "tanh", "relu", "leaky_relu", "identity"}
        The activation f of the hidden layer.
    output : {"sigmoid", "softmax", "identity"}
        The function g that makes the prediction; softmax runs over the K outputs.

    Returns
    -------
    TwoLayerValues
        z1 (B, H), a1 (B, H), z2 (B, K), y_hat (B, K).

    Raises
    ------
    TypeError
        If an argument is not made of numbers, or `weights` does not hold W1, b1, W2, b2.
    ValueError
        If the sizes D, H, K do not agree, an array is empty, a value is NaN or infinite,
        or `hidden` or `output` is not one of the words above.
    """
    sizes: dict[str, int] = {}
    W1, b1, W2, b2 = as_weights("weights", weights, TwoLayerWeights, _AXES, sizes)
    x = as_array("x", x, "B D", sizes)
    as_choice("hidden", hidden, ACTIVATIONS)
    as_choice("output", output, OUTPUTS)

    z1 = x @ W1 + b1  # (B, H)
    a1 = ACTIVATIONS[hidden].function(z1)
    z2 = a1 @ W2 + b2  # (B, K)
    y_hat = OUTPUTS[output](z2)
    return TwoLayerValues(z1, a1, z2, y_hat)


def two_layer_loss(
    values: TwoLayerValues,
    y: Array,
    output: str = "sigmoid",
    loss: str = "squared_error",
    reduction: str = "mean",
) -> np.floating:
    r"""Return the loss of a forward pass, taken from the sums z2 where that is more exact.

    Parameters
    ----------
    values : TwoLayerValues
        What `two_layer_forward` returned.
    y : array
        Targets: shape (B, K) for "squared_error" and "binary_cross_entropy"; whole numbers
        of shape (B,), the class of every sample, for "cross_entropy".
    output : {"sigmoid", "softmax", "identity"}
        The one that `two_layer_forward` was called with.
    loss : {"squared_error", "binary_cross_entropy", "cross_entropy"}
        Half the squared error after "sigmoid" or "identity"; binary cross-entropy after
        "sigmoid"; cross-entropy after "softmax".
    reduction : {"mean", "sum"}
        Over the B samples.

    Returns
    -------
    loss : float, at least 0; the two cross-entropies in nats

    Raises
    ------
    TypeError, ValueError
        As the loss itself does, and if `loss` cannot follow `output`.
    """
    _check_pair(output, loss)
    values = _read_values(values, {})
    if loss == "squared_error":
        return squared_error(values.y_hat, y, reduction)
    if loss == "binary_cross_entropy":
        return sigmoid_binary_cross_entropy(values.z2, y, reduction)
    return softmax_cross_entropy(values.z2, y, reduction)


def two_layer_backward(
    x: Array,
    y: Array,
    values: TwoLayerValues,
    weights: TwoLayerWeights,
    hidden: str = "sigmoid",
    output: str = "sigmoid",
    loss: str = "squared_error",
    reduction: str = "mean",
) -> TwoLayerGradients:
    r"""Compute the gradient of the loss, from the loss back to the input, layer by layer.

    .. math::
        \frac{\partial L}{\partial W_2} &= a_1^\top \frac{\partial L}{\partial z_2}, \quad
        \frac{\partial L}{\partial b_2} = \sum_B \frac{\partial L}{\partial z_2}, \quad
        \frac{\partial L}{\partial a_1} = \frac{\partial L}{\partial z_2} W_2^\top \\
        \frac{\partial L}{\partial z_1} &= \frac{\partial L}{\partial a_1} \odot f'(z_1) \\
        \frac{\partial L}{\partial W_1} &= x^\top \frac{\partial L}{\partial z_1}, \quad
        \frac{\partial L}{\partial b_1} = \sum_B \frac{\partial L}{\partial z_1}, \quad
        \frac{\partial L}{\partial x} = \frac{\partial L}{\partial z_1} W_1^\top

    It starts from ∂L/∂z2, which is ŷ - y for the three pairs that belong together (identity
    with squared error, sigmoid with binary cross-entropy, softmax with cross-entropy) and
    (ŷ - y) ⊙ σ'(z2) for sigmoid with squared error; divided by B where the reduction is the
    mean.

    Parameters
    ----------
    x : array, shape (B, D)
    y : array
        Targets, as in `two_layer_loss`.
    values : TwoLayerValues
        What `two_layer_forward` returned for `x` and `weights`.
    weights : TwoLayerWeights
    hidden, output : str
        The ones that `two_layer_forward` was called with.
    loss : {"squared_error", "binary_cross_entropy", "cross_entropy"}
    reduction : {"mean", "sum"}
        Over the B samples.

    Returns
    -------
    TwoLayerGradients
        Of every weight (d_W1, d_b1, d_W2, d_b2) and of every value on the way (d_z1, d_a1,
        d_z2, d_x).

    Raises
    ------
    TypeError, ValueError
        As `two_layer_forward` and `two_layer_loss` do.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating
    errors, Nature 323.
    """
    sizes: dict[str, int] = {}
    W1, _, W2, _ = as_weights("weights", weights, TwoLayerWeights, _AXES, sizes)
    x = as_array("x", x, "B D", sizes)
    z1, a1, z2, y_hat = _read_values(values, sizes)
    as_choice("hidden", hidden, ACTIVATIONS)
    _check_pair(output, loss)

    if loss == "squared_error":
        d_z2 = d_squared_error(y_hat, y, reduction)  # (B, K)
        if output == "sigmoid":
            d_z2 = d_z2 * d_sigmoid(z2)
    elif loss == "binary_cross_entropy":
        d_z2 = d_sigmoid_binary_cross_entropy(z2, y, reduction)
    else:
        d_z2 = d_softmax_cross_entropy(z2, y, reduction)

    d_a1, d_W2, d_b2 = linear_backward(d_z2, a1, W2)
    d_z1 = d_a1 * ACTIVATIONS[hidden].derivative(z1)  # (B, H)
    d_x, d_W1, d_b1 = linear_backward(d_z1, x, W1)
    return TwoLayerGradients(d_W1, d_b1, d_W2, d_b2, d_z1, d_a1, d_z2, d_x)


def _read_values(values: TwoLayerValues, sizes: dict[str, int]) -> TwoLayerValues:
    axes = {"z1": "B H", "a1": "B H", "z2": "B K", "y_hat": "B K"}
    return as_weights("values", values, TwoLayerValues, axes, sizes)


def _check_pair(output: str, loss: str) -> None:
    as_choice("output", output, OUTPUTS)
    as_choice("loss", loss, PAIRS)
    if output not in PAIRS[loss]:
        fitting = " or ".join(map(repr, PAIRS[loss]))
        raise ValueError(f"output is {output!r}; the loss {loss!r} can only follow {fitting}.")
