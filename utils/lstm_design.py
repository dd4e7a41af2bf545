"""What a cell built from parts is on paper: its equations, its direct path, its states' reach.

The cells themselves are in `utils.cells.lstm_variants`; here is what can be said about each of them
before anything is trained.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from utils.cells.lstm_variants import FUNCTIONS, OPTIONS, LSTMVariant, as_variant
from utils.sequence.lstm_variants import VariantSequence
from utils.validation import Array, as_count

__all__ = [
    "Equation",
    "Reach",
    "changed_parts",
    "direct_factors",
    "direct_path",
    "equations",
    "reach",
]

_GATE = {"sigmoid": r"\sigma(z_%s)", "tanh": r"\tanh(z_%s)", "linear": "z_%s"}
_CONSTANT = {"one": "1", "zero": "0", "coupled": "1 - f_t"}
_LETTERS = {"input_gate": "i", "forget_gate": "f", "candidate": "g", "output_gate": "o"}
_SQUASHED = {"tanh": r"\tanh(c_t)", "sigmoid": r"\sigma(c_t)", "linear": "c_t"}
_SLOPE = {
    "tanh": r" \odot (1 - \tanh^2 c_{t-1})",
    "sigmoid": r" \odot \sigma'(c_{t-1})",
    "linear": "",
}
_RANGES = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "linear": (-math.inf, math.inf),
    "one": (1.0, 1.0),
    "zero": (0.0, 0.0),
}


class Equation(NamedTuple):
    """Hold one line of a cell.

    Attributes
    ----------
    role : str
        "input_gate", "forget_gate", "candidate", "output_gate", "cell_state" or "hidden_state".
    text : str
        The line in LaTeX, without dollar signs.
    changed : bool
        Whether the standard LSTM has another line there.
    """

    role: str
    text: str
    changed: bool


class Reach(NamedTuple):
    """Hold the bounds of the states after some steps: never left, and approached arbitrarily.

    Attributes
    ----------
    c_low, c_high : float
        Of every number of c_t; may be infinite.
    h_low, h_high : float
        Of every number of h_t.
    """

    c_low: float
    c_high: float
    h_low: float
    h_high: float

    def __str__(self) -> str:
        def side(value: float) -> str:
            return ("−" if value < 0 else "") + ("∞" if math.isinf(value) else f"{abs(value):.3g}")

        c, h = (self.c_low, self.c_high), (self.h_low, self.h_high)
        return ", ".join(
            f"{name} in ({side(low)}, {side(high)})" for name, (low, high) in (("c", c), ("h", h))
        )


def changed_parts(variant: str | LSTMVariant) -> tuple[str, ...]:
    """Return the parts in which a variant differs from the standard LSTM.

    Parameters
    ----------
    variant : str or LSTMVariant

    Returns
    -------
    tuple of str
        Out of ``LSTMVariant``'s attributes, in their order; none for the standard LSTM.

    Raises
    ------
    TypeError, ValueError
        If there is no such variant.
    """
    variant, standard = as_variant(variant), LSTMVariant()
    return tuple(part for part in OPTIONS if getattr(variant, part) != getattr(standard, part))


def equations(variant: str | LSTMVariant) -> tuple[Equation, ...]:
    r"""Write a cell down, the sums z of its parts taken as given.

    Factors of 1 and terms of 0 are left out: without an input gate
    :math:`c_t = f_t \odot c_{t-1} + g_t`.

    Parameters
    ----------
    variant : str or LSTMVariant

    Returns
    -------
    tuple of Equation
        Input gate, forget gate, candidate, output gate, cell state, hidden state.

    Raises
    ------
    TypeError, ValueError
        If there is no such variant.
    """
    variant = as_variant(variant)
    lines, standard = _lines(variant), _lines(LSTMVariant())
    return tuple(Equation(role, text, text != standard[role]) for role, text in lines.items())


def _lines(variant: LSTMVariant) -> dict[str, str]:
    lines, signs = {}, {}
    for part, letter in _LETTERS.items():
        kind = getattr(variant, part)
        value = _CONSTANT[kind] if kind in _CONSTANT else _GATE[kind] % letter
        lines[part] = f"{letter}_t = {value}"
        signs[letter] = {"one": "1", "zero": "0"}.get(kind, f"{letter}_t")
    memory = "c_{t-1}" if variant.memory == "cell" else "h_{t-1}"
    terms = [_product(signs["f"], memory), _product(signs["i"], signs["g"])]
    lines["cell_state"] = "c_t = " + " + ".join(term for term in terms if term)
    lines["hidden_state"] = "h_t = " + _product(signs["o"], _SQUASHED[variant.squash])
    return lines


def _product(one: str, other: str) -> str:
    if "0" in (one, other):
        return ""
    factors = [factor for factor in (one, other) if factor != "1"]
    return r" \odot ".join(factors) or "1"


def direct_path(variant: str | LSTMVariant) -> str:
    r"""Write down ∂c_t/∂c_{t-1} along the direct path, where gates and candidate are held fixed.

    With a cell line that is the forget gate. Without one the memory goes through the output gate
    and the squash of the step before: :math:`f_t \odot o_{t-1} \odot (1 - \tanh^2 c_{t-1})`.

    Parameters
    ----------
    variant : str or LSTMVariant

    Returns
    -------
    str
        In LaTeX, without dollar signs.

    Raises
    ------
    TypeError, ValueError
        If there is no such variant.
    """
    variant = as_variant(variant)
    f = _CONSTANT.get(variant.forget_gate, "f_t")
    if variant.memory == "cell" or f == "0":
        return f
    o = _CONSTANT.get(variant.output_gate, "o_{t-1}")
    text = (_product(f, o) + _SLOPE[variant.squash]).removeprefix(r"1 \odot ")
    return text


def direct_factors(sequence: VariantSequence) -> Array:
    r"""Compute ∂c_t/∂c_{t-1} along the direct path for every unit.

    .. math:: f_t \quad\text{or, without a cell line,}\quad f_t \odot o_{t-1} \odot \psi'(c_{t-1})

    with the squash ψ. All gates and candidates are held fixed, so this is one number per unit.

    Parameters
    ----------
    sequence : VariantSequence
        As `utils.sequence.lstm_variants.lstm_variant_sequence` returned it, without a mask.

    Returns
    -------
    array, shape (T - 1, B, H)
        Entry t is the factor from ``cs[t]`` to ``cs[t + 1]``.

    Raises
    ------
    ValueError
        If the sequence has a mask.
    """
    if sequence.mask is not None:
        raise ValueError("sequence has a mask; expected one without, where every step moves c.")
    variant, factors = sequence.variant, np.array(sequence.forget_gate[1:])
    if variant.memory == "hidden":
        squash = FUNCTIONS[variant.squash]
        factors *= sequence.output_gate[:-1] * squash.slope(squash.value(sequence.cs[:-1]))
    return factors


def reach(variant: str | LSTMVariant, T: int) -> Reach:
    """Bound the states of a cell after T steps from zero, whatever its weights and inputs are.

    Parameters
    ----------
    variant : str or LSTMVariant
    T : int, at least 1
        Steps.

    Returns
    -------
    Reach
        For the standard LSTM c in (-T, T) and h in (-tanh T, tanh T).

    Raises
    ------
    TypeError, ValueError
        If there is no such variant, or `T` is not a whole number of at least 1.
    """
    variant, T = as_variant(variant), as_count("T", T)
    g, o = (_RANGES[getattr(variant, part)] for part in ("candidate", "output_gate"))
    squash = FUNCTIONS[variant.squash].value
    c = h = (0.0, 0.0)
    for _ in range(T):
        memory = c if variant.memory == "cell" else h
        if variant.input_gate == "coupled":  # between the memory and the candidate
            c = min(memory[0], g[0]), max(memory[1], g[1])
        else:
            kept = _between(_RANGES[variant.forget_gate], memory)
            new = _between(_RANGES[variant.input_gate], g)
            c = kept[0] + new[0], kept[1] + new[1]
        with np.errstate(over="ignore"):
            h = _between(o, tuple(float(squash(np.array(end))) for end in c))
    return Reach(*c, *h)


def _between(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Bound the product of two numbers, each between its bounds; 0 times infinity is 0."""
    ends = [0.0 if 0.0 in (a, b) else a * b for a in one for b in other]
    return min(ends), max(ends)
