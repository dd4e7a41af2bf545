"""The LSTM cell with parts exchanged, one time step at a time: what is each part for?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from utils.activations import sigmoid
from utils.cells.lstm import LSTMStepGradients, LSTMStepValues, LSTMWeights
from utils.initialisation import normal_matrix
from utils.validation import (
    Array,
    as_array,
    as_choice,
    as_count,
    as_float_type,
    as_generator,
    as_number,
    as_weights,
    describe,
)

PARTS = ("input_gate", "forget_gate", "candidate", "output_gate")


class Function(NamedTuple):
    """A function that a part of the cell can have, with its slope in terms of its value."""

    value: Callable[[Array], Array]  #: of the sum
    slope: Callable[[Array], Array]  #: of the value


FUNCTIONS: Mapping[str, Function] = {
    "sigmoid": Function(sigmoid, lambda s: s * (1 - s)),
    "tanh": Function(np.tanh, lambda s: 1 - s * s),
    "linear": Function(np.array, np.ones_like),
}
CONSTANTS: Mapping[str, float] = {"one": 1.0, "zero": 0.0}
"""What a part can be in the place of a function of x_t and h_{t-1}; it has no parameters then."""


@dataclass(frozen=True)
class LSTMVariant:
    """Say what each part of an LSTM is; as it stands without arguments, the LSTM itself.

    Attributes
    ----------
    input_gate : {"sigmoid", "tanh", "one", "coupled"}
        What the candidate is multiplied with; "coupled" is 1 minus the forget gate.
    forget_gate : {"sigmoid", "one", "zero"}
        What the memory is multiplied with.
    candidate : {"tanh", "sigmoid", "linear", "one"}
        What is offered to the memory.
    output_gate : {"sigmoid", "tanh", "one"}
        What the memory is multiplied with on its way out.
    squash : {"tanh", "sigmoid", "linear"}
        What the memory goes through before that.
    memory : {"cell", "hidden"}
        What the forget gate keeps: c_{t-1}, or in its place h_{t-1}, so that nothing runs beside
        the hidden state.

    Raises
    ------
    TypeError, ValueError
        If a part is not one of those named, if no part has parameters, or if the input gate is
        coupled to a forget gate that is no sigmoid.
    """

    input_gate: str = "sigmoid"
    forget_gate: str = "sigmoid"
    candidate: str = "tanh"
    output_gate: str = "sigmoid"
    squash: str = "tanh"
    memory: str = "cell"

    def __post_init__(self) -> None:
        for part, options in OPTIONS.items():
            as_choice(part, getattr(self, part), options)
        if self.input_gate == "coupled" and self.forget_gate != "sigmoid":
            raise ValueError(
                f"input_gate is 'coupled' and forget_gate {self.forget_gate!r}; expected a "
                "forget gate 'sigmoid', which 1 minus it makes an input gate."
            )
        if not self.blocks:
            raise ValueError(
                "No part has parameters; expected at least one sigmoid, tanh or linear."
            )

    @property
    def blocks(self) -> tuple[str, ...]:
        """The parts that have parameters, in the order in which their columns stand."""
        return tuple(part for part in PARTS if getattr(self, part) in FUNCTIONS)


OPTIONS: Mapping[str, tuple[str, ...]] = {
    "input_gate": ("sigmoid", "tanh", "one", "coupled"),
    "forget_gate": ("sigmoid", "one", "zero"),
    "candidate": ("tanh", "sigmoid", "linear", "one"),
    "output_gate": ("sigmoid", "tanh", "one"),
    "squash": ("tanh", "sigmoid", "linear"),
    "memory": ("cell", "hidden"),
}

#: The cells that articles compare, by name; the first is the standard one.
LSTM_VARIANTS: Mapping[str, LSTMVariant] = {
    "lstm": LSTMVariant(),
    "no forget gate": LSTMVariant(forget_gate="one"),
    "no input gate": LSTMVariant(input_gate="one"),
    "no output gate": LSTMVariant(output_gate="one"),
    "coupled gates": LSTMVariant(input_gate="coupled"),
    "sigmoid candidate": LSTMVariant(candidate="sigmoid"),
    "linear candidate": LSTMVariant(candidate="linear"),
    "tanh input gate": LSTMVariant(input_gate="tanh"),
    "tanh output gate": LSTMVariant(output_gate="tanh"),
    "input path sigmoid only": LSTMVariant(candidate="one"),
    "output path without tanh": LSTMVariant(squash="linear"),
    "output path sigmoid(c)": LSTMVariant(squash="sigmoid"),
    "overwriting": LSTMVariant(forget_gate="zero"),
    "no cell line": LSTMVariant(memory="hidden"),
}

VARIANT_ALIASES: Mapping[str, str] = {
    "input path tanh only": "no input gate",
    "output path tanh only": "no output gate",
}
"""Other names of the same cells: where the sigmoid is left out, the tanh stands alone."""


def as_variant(variant: str | LSTMVariant) -> LSTMVariant:
    """Return a variant, given itself or its name in `LSTM_VARIANTS` or `VARIANT_ALIASES`.

    Parameters
    ----------
    variant : str or LSTMVariant

    Returns
    -------
    LSTMVariant

    Raises
    ------
    TypeError
        If it is neither an LSTMVariant nor a word.
    ValueError
        If there is no variant of that name.
    """
    if isinstance(variant, LSTMVariant):
        return variant
    if not isinstance(variant, str):
        raise TypeError(f"variant is {describe(variant)}; expected its name, or an LSTMVariant.")
    as_choice("variant", variant, (*LSTM_VARIANTS, *VARIANT_ALIASES))
    return LSTM_VARIANTS[VARIANT_ALIASES.get(variant, variant)]


def variant_axes(variant: LSTMVariant) -> dict[str, str]:
    """Return the axes of the weights by name: 4H columns for four parts with parameters.

    Parameters
    ----------
    variant : LSTMVariant

    Returns
    -------
    dict of str to str
        Such as ``{"W_x": "D 4H", "W_h": "H 4H", "b": "4H"}``.
    """
    columns = f"{len(variant.blocks)}H"
    return {"W_x": f"D {columns}", "W_h": f"H {columns}", "b": columns}


def init_variant_weights(
    variant: str | LSTMVariant,
    D: int,
    H: int,
    rng: np.random.Generator,
    scale: float | None = None,
    forget_bias: float = 0.0,
    dtype: Any = np.float64,
) -> LSTMWeights:
    r"""Draw the weights of a variant from normal distributions around zero.

    Parameters
    ----------
    variant : str or LSTMVariant
    D, H : int
        Input features and hidden units.
    rng : numpy.random.Generator
    scale : float, optional
        Standard deviation of both matrices. Without it :math:`1/\sqrt D` for W_x and
        :math:`1/\sqrt H` for W_h.
    forget_bias : float
        Bias of the forget gate, where it has one; all other biases start at zero.
    dtype : float32 or float64

    Returns
    -------
    LSTMWeights
        W_x (D, G·H), W_h (H, G·H), b (G·H,), where G parts have parameters.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    blocks = as_variant(variant).blocks
    D, H, rng = as_count("D", D), as_count("H", H), as_generator("rng", rng)
    dtype = as_float_type("dtype", dtype)
    b = np.zeros((len(blocks), H), dtype=dtype)
    forget_bias = as_number("forget_bias", forget_bias)
    if "forget_gate" in blocks:
        b[blocks.index("forget_gate")] = forget_bias
    return LSTMWeights(
        W_x=normal_matrix(rng, (D, b.size), scale, dtype),
        W_h=normal_matrix(rng, (H, b.size), scale, dtype),
        b=b.ravel(),
    )


def lstm_variant_step(
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    weights: LSTMWeights,
    variant: str | LSTMVariant = "lstm",
) -> LSTMStepValues:
    r"""Advance a variant of the LSTM by one time step.

    .. math::
        i, f, g, o &= \phi(x_t W_x + h_{t-1} W_h + b), \quad\text{or a constant} \\
        c_t &= f \odot m_{t-1} + i \odot g, \qquad h_t = o \odot \psi(c_t)

    with the φ of each part, ψ its squash and m its memory, c or h.

    Parameters
    ----------
    x_t : array, shape (B, D)
        Input at time t.
    h_prev, c_prev : array, shape (B, H)
        Hidden state and cell state at time t-1; zeros before the first step.
    weights : LSTMWeights
        W_x (D, G·H), W_h (H, G·H), b (G·H,): a block of columns for each of the G parts that have
        parameters, in the order input gate, forget gate, candidate, output gate.
    variant : str or LSTMVariant

    Returns
    -------
    LSTMStepValues
        Gates, candidate, c_t and h_t, each (B, H).

    Raises
    ------
    TypeError, ValueError
        If there is no such variant, the shapes do not agree, or a value is NaN or infinite.

    References
    ----------
    Greff, Srivastava, Koutník, Steunebrink and Schmidhuber (2017), LSTM: a search space odyssey,
    IEEE Transactions on Neural Networks and Learning Systems 28(10); eight of such variants.
    """
    variant = as_variant(variant)
    x_t, h_prev, c_prev, weights = _read(x_t, h_prev, c_prev, weights, variant)
    z = x_t @ weights.W_x + h_prev @ weights.W_h + weights.b  # (B, G·H)
    sums = dict(zip(variant.blocks, np.split(z, len(variant.blocks), axis=1), strict=True))

    def part(name: str) -> Array:
        kind = getattr(variant, name)
        return FUNCTIONS[kind].value(sums[name]) if name in sums else _constant(kind, h_prev)

    forget_gate, candidate, output_gate = map(part, ("forget_gate", "candidate", "output_gate"))
    coupled = variant.input_gate == "coupled"
    input_gate = 1 - forget_gate if coupled else part("input_gate")
    memory = c_prev if variant.memory == "cell" else h_prev
    c_t = forget_gate * memory + input_gate * candidate
    h_t = output_gate * FUNCTIONS[variant.squash].value(c_t)
    return LSTMStepValues(input_gate, forget_gate, candidate, output_gate, c_t, h_t)


def lstm_variant_step_backward(
    d_h_t: Array,
    d_c_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    values: LSTMStepValues,
    weights: LSTMWeights,
    variant: str | LSTMVariant = "lstm",
) -> LSTMStepGradients:
    r"""Carry the gradient of the loss back through one time step of a variant.

    .. math::
        d_c = \frac{\partial L}{\partial c_t} &= \mathtt{d\_c\_t} + \frac{\partial L}{\partial h_t}
               \odot o \odot \psi'(c_t) \\
        \frac{\partial L}{\partial i} &= d_c \odot g, \quad
        \frac{\partial L}{\partial f} = d_c \odot m_{t-1}, \quad
        \frac{\partial L}{\partial g} = d_c \odot i, \quad
        \frac{\partial L}{\partial o} = \frac{\partial L}{\partial h_t} \odot \psi(c_t), \quad
        \frac{\partial L}{\partial m_{t-1}} = d_c \odot f

    each times the slope of its part on the way to z. Coupled gates share one z: the forget gate
    then gets d_c ⊙ (m − g).

    Parameters
    ----------
    d_h_t, d_c_t, x_t, h_prev, c_prev
        As for `utils.cells.lstm_step_backward`.
    values : LSTMStepValues
        As `lstm_variant_step` returned them.
    weights : LSTMWeights
    variant : str or LSTMVariant

    Returns
    -------
    LSTMStepGradients
        d_x_t (B, D), d_h_prev and d_c_prev (B, H), d_W_x (D, G·H), d_W_h (H, G·H), d_b (G·H,).

    Raises
    ------
    TypeError, ValueError
        As `lstm_variant_step` does.
    """
    variant = as_variant(variant)
    x_t, h_prev, c_prev, weights = _read(x_t, h_prev, c_prev, weights, variant)
    sizes = {"B": len(x_t), "H": h_prev.shape[1]}
    values = as_weights("values", values, LSTMStepValues, _VALUE_AXES, sizes)
    d_h_t = as_array("d_h_t", d_h_t, "B H", sizes)
    d_c_t = as_array("d_c_t", d_c_t, "B H", sizes)

    squash = FUNCTIONS[variant.squash]
    squashed = squash.value(values.c_t)
    memory = c_prev if variant.memory == "cell" else h_prev
    d_c = d_c_t + d_h_t * values.output_gate * squash.slope(squashed)  # both paths into c_t
    d_parts = {
        "input_gate": d_c * values.candidate,
        "forget_gate": d_c * memory,
        "candidate": d_c * values.input_gate,
        "output_gate": d_h_t * squashed,
    }
    if variant.input_gate == "coupled":
        d_parts["forget_gate"] -= d_parts["input_gate"]
    d_z = np.concatenate(
        [
            d_parts[name] * FUNCTIONS[getattr(variant, name)].slope(getattr(values, name))
            for name in variant.blocks
        ],
        axis=1,
    )  # (B, G·H)
    d_h_prev, d_memory = d_z @ weights.W_h.T, d_c * values.forget_gate
    return LSTMStepGradients(
        d_x_t=d_z @ weights.W_x.T,
        d_h_prev=d_h_prev if variant.memory == "cell" else d_h_prev + d_memory,
        d_c_prev=d_memory if variant.memory == "cell" else np.zeros_like(d_memory),
        d_W_x=x_t.T @ d_z,
        d_W_h=h_prev.T @ d_z,
        d_b=d_z.sum(axis=0),
    )


_VALUE_AXES = dict.fromkeys(LSTMStepValues._fields, "B H")


def _constant(kind: str, like: Array) -> Array:
    return np.full_like(like, CONSTANTS[kind])


def _read(
    x_t: Array, h_prev: Array, c_prev: Array, weights: LSTMWeights, variant: LSTMVariant
) -> tuple[Array, Array, Array, LSTMWeights]:
    """Check one step's arguments against each other."""
    sizes: dict[str, int] = {}
    h_prev = as_array("h_prev", h_prev, "B H", sizes)
    G = len(variant.blocks)
    sizes[f"{G}H"] = G * sizes["H"]
    weights = as_weights("weights", weights, LSTMWeights, variant_axes(variant), sizes)
    x_t = as_array("x_t", x_t, "B D", sizes)
    return x_t, h_prev, as_array("c_prev", c_prev, "B H", sizes), weights
