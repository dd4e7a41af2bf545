"""Activation functions and their derivatives, each a function of the sum z that enters it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from utils.validation import Array, as_array, as_number


def sigmoid(z: Array) -> Array:
    r"""Squash every value into (0, 1), without overflow at any z.

    .. math:: \sigma(z) = \frac{1}{1 + e^{-z}} = \frac{1 + \tanh(z/2)}{2}

    The second form is the one computed: it has no branch and no exponential that could
    overflow. Its absolute error is about 1e-16 in float64; values below z = -37 round to
    exactly 0, which is why the losses that follow a sigmoid are computed from z itself.

    Parameters
    ----------
    z : array, any shape
        Finite values.

    Returns
    -------
    array, the shape of z, values in [0, 1]

    Raises
    ------
    TypeError
        If `z` is not made of numbers.
    ValueError
        If `z` is empty or holds NaN or infinite values.
    """
    z = as_array("z", z)
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def d_sigmoid(z: Array) -> Array:
    r"""Return the slope of the sigmoid at z, which is at most 0.25, reached at z = 0.

    .. math:: \sigma'(z) = \sigma(z) (1 - \sigma(z))

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of z, values in [0, 0.25]

    Raises
    ------
    TypeError, ValueError
        As `sigmoid` does.
    """
    a = sigmoid(z)
    return a * (1.0 - a)


def tanh(z: Array) -> Array:
    r"""Squash every value into (-1, 1), odd around zero.

    .. math:: \tanh(z) = \frac{e^z - e^{-z}}{e^z + e^{-z}} = 2 \sigma(2z) - 1

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of z, values in [-1, 1]

    Raises
    ------
    TypeError, ValueError
        As `sigmoid` does.
    """
    return np.tanh(as_array("z", z))


def d_tanh(z: Array) -> Array:
    r"""Return the slope of tanh at z, which is at most 1, reached at z = 0.

    .. math:: \tanh'(z) = 1 - \tanh^2(z)

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of z, values in [0, 1]

    Raises
    ------
    TypeError, ValueError
        As `sigmoid` does.
    """
    return 1.0 - np.tanh(as_array("z", z)) ** 2


def relu(z: Array) -> Array:
    r"""Keep positive values and set the others to zero.

    .. math:: \mathrm{ReLU}(z) = \max(0, z)

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of z, values in [0, inf)

    Raises
    ------
    TypeError, ValueError
        As `sigmoid` does.

    References
    ----------
    Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines, ICML.
    """
    return np.maximum(as_array("z", z), 0.0)


def d_relu(z: Array) -> Array:
    r"""Return the slope of ReLU at z: 1 above zero, 0 below.

    At z = 0 itself the function has a kink and no slope; 0 is returned, as in torch.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of z, values 0 or 1

    Raises
    ------
    TypeError, ValueError
        As `sigmoid` does.
    """
    z = as_array("z", z)
    return (z > 0).astype(z.dtype)


def leaky_relu(z: Array, slope: float = 0.01) -> Array:
    r"""Keep positive values and multiply the others by a small slope.

    .. math:: f(z) = z \text{ where } z > 0, \quad s z \text{ elsewhere}

    Parameters
    ----------
    z : array, any shape
    slope : float in [0, 1]
        The slope s below zero; 0 gives ReLU, 1 the identity.

    Returns
    -------
    array, the shape of z

    Raises
    ------
    TypeError, ValueError
        As `sigmoid` does, and if `slope` is not a number in [0, 1].

    References
    ----------
    Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic
    models, ICML.
    """
    z = as_array("z", z)
    slope = as_number("slope", slope, at_least=0, at_most=1)
    return np.maximum(z, slope * z)


def d_leaky_relu(z: Array, slope: float = 0.01) -> Array:
    r"""Return the slope of leaky ReLU at z: 1 above zero, `slope` elsewhere.

    At z = 0 itself `slope` is returned, as in torch.

    Parameters
    ----------
    z : array, any shape
    slope : float in [0, 1]

    Returns
    -------
    array, the shape of z, values 1 or `slope`

    Raises
    ------
    TypeError, ValueError
        As `leaky_relu` does.
    """
    z = as_array("z", z)
    slope = as_number("slope", slope, at_least=0, at_most=1)
    return np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))


def identity(z: Array) -> Array:
    """Return z as a new array: the activation of a layer that has none.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of z

    Raises
    ------
    TypeError, ValueError
        As `sigmoid` does.
    """
    return as_array("z", z).copy()


def d_identity(z: Array) -> Array:
    """Return the slope of the identity, which is 1 everywhere.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    array, the shape of z, all ones

    Raises
    ------
    TypeError, ValueError
        As `sigmoid` does.
    """
    return np.ones_like(as_array("z", z))


@dataclass(frozen=True)
class Activation:
    """Hold an activation function together with its derivative.

    Attributes
    ----------
    name : str
    function : callable
        z to a = f(z).
    derivative : callable
        z to f'(z).
    derivative_bound : float
        The largest value that f' takes: the most by which a layer can pass a gradient on
        before its weights are counted.
    """

    name: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    derivative_bound: float


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation("sigmoid", sigmoid, d_sigmoid, 0.25),
    "tanh": Activation("tanh", tanh, d_tanh, 1.0),
    "relu": Activation("relu", relu, d_relu, 1.0),
    "leaky_relu": Activation("leaky_relu", leaky_relu, d_leaky_relu, 1.0),
    "identity": Activation("identity", identity, d_identity, 1.0),
}
