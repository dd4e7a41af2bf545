"""Gradient clipping: limits on the size of a gradient before it is used."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from utils.validation import Array, as_array, as_named, as_number


class Clipped(NamedTuple):
    """Hold gradients of limited norm, with what was done to them.

    Attributes
    ----------
    gradients : dict of arrays
        New arrays under the names that were given.
    norm : float
        Norm of all gradients together before clipping.
    factor : float in [0, 1]
        What every entry was multiplied by; 1 if the norm was within the limit.
    """

    gradients: dict[str, Array]
    norm: float
    factor: float


def global_norm(gradients: Any) -> float:
    r"""Return the length of all gradients together, as if they were one long vector.

    .. math:: \lVert g \rVert = \sqrt{\sum_{\text{arrays}} \sum_i g_i^2}

    Parameters
    ----------
    gradients : mapping or NamedTuple of arrays
        Every array counts. Pass the gradients of weights alone: those of inputs and initial
        states are no part of an update.

    Returns
    -------
    norm : float, at least 0

    Raises
    ------
    TypeError
        If the argument does not hold arrays of numbers by name.
    ValueError
        If there is no array, or one is empty.
    NotFiniteError
        If a value is NaN or infinite.
    """
    return _norm(_read(gradients))


def clip_by_global_norm(gradients: Any, max_norm: float) -> Clipped:
    r"""Shorten all gradients by one factor if together they are longer than a limit.

    .. math:: g \leftarrow g \cdot \min\!\left(1, \frac{c}{\lVert g \rVert}\right)

    One factor for all arrays keeps the direction of the update. ``torch`` divides by
    :math:`\lVert g \rVert + 10^{-6}` instead, which makes the clipped norm that much shorter.

    Parameters
    ----------
    gradients : mapping or NamedTuple of arrays
        Not changed; see `global_norm` for which to pass.
    max_norm : float above 0
        The limit c, in the unit of the gradients.

    Returns
    -------
    Clipped
        ``.gradients``, a dict of new arrays, ``.norm`` before clipping, and ``.factor``.

    Raises
    ------
    TypeError, ValueError
        As `global_norm` does, and if `max_norm` is not a number above 0.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural
    networks, ICML, algorithm 1.
    """
    max_norm = as_number("max_norm", max_norm, above=0)
    arrays = _read(gradients)
    norm = _norm(arrays)
    factor = min(1.0, max_norm / norm) if norm else 1.0
    return Clipped({name: g * g.dtype.type(factor) for name, g in arrays.items()}, norm, factor)


def clip_by_value(gradients: Any, limit: float) -> dict[str, Array]:
    r"""Cut every entry of every gradient to a range, each on its own.

    .. math:: g_i \leftarrow \max(-c, \min(c, g_i))

    Large entries lose more than small ones, so the direction of the update changes.

    Parameters
    ----------
    gradients : mapping or NamedTuple of arrays
        Not changed.
    limit : float above 0
        The limit c, in the unit of the gradients.

    Returns
    -------
    dict of arrays
        New arrays under the names that were given, values in [-limit, limit].

    Raises
    ------
    TypeError, ValueError
        As `clip_by_global_norm` does.
    """
    limit = as_number("limit", limit, above=0)
    return {name: np.clip(as_array(name, g), -limit, limit) for name, g in _read(gradients).items()}


def _read(gradients: Any) -> dict[str, Array]:
    arrays = {
        name: as_array(name, g, finite=False)
        for name, g in as_named("gradients", gradients).items()
    }
    if not arrays:
        raise ValueError("gradients is empty; expected at least one array by name.")
    return arrays


def _norm(arrays: dict[str, Array]) -> float:
    squares = sum(float(np.vdot(g, g)) for g in arrays.values())
    if math.isfinite(squares):
        return math.sqrt(squares)
    # Either a value is not finite, which is refused here, or its square overflows.
    largest = max(float(np.abs(as_array(name, g)).max()) for name, g in arrays.items())
    return largest * math.sqrt(sum(float(np.sum((g / largest) ** 2)) for g in arrays.values()))
