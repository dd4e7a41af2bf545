"""Optimisers: rules that use a gradient to change weights. They change arrays in place."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from utils.gradients import match_gradients
from utils.validation import Array, as_array, as_named, as_number, describe


@dataclass
class SGD:
    r"""Follow the gradient downhill, with momentum if asked.

    .. math:: v \leftarrow \mu v + g, \qquad w \leftarrow w - \eta v

    With μ = 0 this is w ← w - η g. The same as ``torch.optim.SGD``; some books put η into
    the first equation instead, which differs only while η changes.

    Parameters
    ----------
    learning_rate : float above 0
        The step η; may be changed between steps.
    momentum : float in [0, 1)
        The share μ of the last change that is kept.

    Raises
    ------
    TypeError, ValueError
        If a setting is not a number or lies outside its range.

    References
    ----------
    Robbins and Monro (1951), A stochastic approximation method, Annals of Mathematical
    Statistics 22(3). Polyak (1964), Some methods of speeding up the convergence of iteration
    methods, USSR Computational Mathematics and Mathematical Physics 4(5).
    """

    learning_rate: float
    momentum: float = 0.0
    _velocity: dict[str, Array] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        as_number("learning_rate", self.learning_rate, above=0)
        as_number("momentum", self.momentum, at_least=0, below=1)

    def step(self, weights: Any, gradients: Any) -> None:
        """Change every weight once, in place; nothing changes if any of them is refused.

        Parameters
        ----------
        weights : mapping or NamedTuple of float arrays
            Changed in place.
        gradients : mapping or NamedTuple of arrays
            The gradient of ``W1`` under the name ``d_W1`` (or ``W1``); not changed. Entries
            that belong to no weight are ignored.

        Raises
        ------
        TypeError
            If the arguments do not hold arrays by name, or a weight is no float array.
        ValueError
            If a gradient is missing, misshapen, or holds NaN or infinite values, or if the
            optimiser has been used with weights of another shape.
        """
        arrays, slopes = _read(weights, gradients)
        if self.momentum:
            _prepare(self._velocity, arrays)
        for name, w in arrays.items():
            g = slopes[name]
            if self.momentum:
                v = self._velocity[name]
                v *= self.momentum
                v += g
                g = v
            w -= self.learning_rate * g

    def reset(self) -> None:
        """Forget the velocity, as if no step had been made."""
        self._velocity.clear()


@dataclass
class Adam:
    r"""Divide the averaged gradient by its averaged size, for each weight on its own.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        s \leftarrow \beta_2 s + (1 - \beta_2) g^2, \qquad
        w \leftarrow w - \eta\, \frac{m / (1 - \beta_1^n)}{\sqrt{s / (1 - \beta_2^n)} + \epsilon}

    n counts the steps from 1; the two divisions correct for averages that start at zero.
    The first change of every weight is therefore about η, whatever the size of its gradient.

    Parameters
    ----------
    learning_rate : float above 0
        The step η; may be changed between steps.
    beta1, beta2 : float in [0, 1)
        How much of the two averages is kept from step to step.
    epsilon : float above 0
        Keeps the division defined where gradients are zero.

    Raises
    ------
    TypeError, ValueError
        If a setting is not a number or lies outside its range.

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR, algorithm 1.
    """

    learning_rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    _mean: dict[str, Array] = field(default_factory=dict, init=False, repr=False)
    _square: dict[str, Array] = field(default_factory=dict, init=False, repr=False)
    _steps: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        as_number("learning_rate", self.learning_rate, above=0)
        as_number("beta1", self.beta1, at_least=0, below=1)
        as_number("beta2", self.beta2, at_least=0, below=1)
        as_number("epsilon", self.epsilon, above=0)

    def step(self, weights: Any, gradients: Any) -> None:
        """Change every weight once, in place; nothing changes if any of them is refused.

        Parameters
        ----------
        weights : mapping or NamedTuple of float arrays
            Changed in place.
        gradients : mapping or NamedTuple of arrays
            The gradient of ``W1`` under the name ``d_W1`` (or ``W1``); not changed. Entries
            that belong to no weight are ignored.

        Raises
        ------
        TypeError, ValueError
            As `SGD.step` does.
        """
        arrays, slopes = _read(weights, gradients)
        _prepare(self._mean, arrays)
        _prepare(self._square, arrays)
        self._steps += 1
        for name, w in arrays.items():
            g, m, s = slopes[name], self._mean[name], self._square[name]
            m += (1 - self.beta1) * (g - m)
            s += (1 - self.beta2) * (g * g - s)
            m_hat = m / (1 - self.beta1**self._steps)
            s_hat = s / (1 - self.beta2**self._steps)
            w -= self.learning_rate * m_hat / (np.sqrt(s_hat) + self.epsilon)

    def reset(self) -> None:
        """Forget both averages and the step count, as if no step had been made."""
        self._mean.clear()
        self._square.clear()
        self._steps = 0


def _read(weights: Any, gradients: Any) -> tuple[dict[str, Array], dict[str, Array]]:
    """Read weights that can be changed in place, and the gradient of each under its name."""
    arrays = as_named("weights", weights)
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"{name} is {describe(array)}; expected a float array that can be changed in place."
            )
        if array.dtype not in (np.float32, np.float64) or not array.flags.writeable:
            kind = array.dtype if array.flags.writeable else "read-only"
            raise TypeError(
                f"{name} is an array of kind {kind}; expected float32 or float64 that can be "
                "changed in place."
            )
        as_array(name, array)
    return arrays, match_gradients(arrays, gradients)


def _prepare(state: dict[str, Array], arrays: dict[str, Array]) -> None:
    """Start the state of weights seen for the first time at zero."""
    for name, array in arrays.items():
        if state.setdefault(name, np.zeros_like(array)).shape != array.shape:
            raise ValueError(
                f"{name} has shape {array.shape}; expected {state[name].shape}, as in the steps "
                "before. Make a new optimiser for new weights."
            )
