"""Checking gradients against numerical ones, parameter by parameter."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.validation import (
    Array,
    NotFiniteError,
    as_array,
    as_named,
    as_number,
    as_shape_of,
    describe,
)


def numerical_gradient(f: Callable[[Array], float], x: Array, epsilon: float = 1e-5) -> Array:
    r"""Measure the gradient of f at x by central differences, one entry of x after the other.

    .. math:: \frac{\partial f}{\partial x_i} \approx
              \frac{f(x + \varepsilon e_i) - f(x - \varepsilon e_i)}{2 \varepsilon}

    The error is of order ε² from the formula and of order :math:`10^{-16} |f| / \varepsilon` from
    rounding; near ε = 1e-5 the two are about equal. Everything is computed in float64, and f is
    called twice for every entry, each time with a copy of its own.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `x` and returns one number.
    x : array, any shape
        Where the gradient is measured; not changed.
    epsilon : float above 0
        The step to either side, in the units of x.

    Returns
    -------
    array of float64, the shape of x

    Raises
    ------
    TypeError
        If `x` is not made of numbers or f does not return a number.
    ValueError
        If `x` is empty, a value is NaN or infinite, or `epsilon` is not above 0.
    """
    x = as_array("x", x, dtype=np.float64)
    epsilon = as_number("epsilon", epsilon, above=0)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        right, left = x.copy(), x.copy()
        right[index] += epsilon
        left[index] -= epsilon
        gradient[index] = (_value(f, right) - _value(f, left)) / (2 * epsilon)
    return gradient


def relative_error(a: Array, b: Array) -> float:
    r"""Return the largest difference between two arrays, relative to their largest entry.

    .. math:: \frac{\max_i |a_i - b_i|}{\max(\max_i |a_i|, \max_i |b_i|)}

    The whole array shares one yardstick, because single entries near zero would make a
    ratio of two rounding errors. Two arrays of zeros have relative error 0.

    Parameters
    ----------
    a, b : array, the same shape

    Returns
    -------
    float in [0, 2]
        0 for equal arrays, 2 for arrays of opposite sign.

    Raises
    ------
    TypeError
        If an argument is not made of numbers.
    ValueError
        If the shapes differ, an array is empty, or a value is NaN or infinite.
    """
    a = as_array("a", a, dtype=np.float64)
    b = as_shape_of("b", b, "a", a, dtype=np.float64)
    size = max(np.abs(a).max(), np.abs(b).max())
    return float(np.abs(a / size - b / size).max()) if size > 0 else 0.0


@dataclass(frozen=True)
class GradientRow:
    """Say how one parameter's gradient compares with the numerical one.

    Attributes
    ----------
    name : str
        Of the parameter, such as ``"W1"``.
    shape : tuple of int
    largest_difference : float
        Between an entry of the given gradient and the same entry of the numerical one.
    relative_error : float
        See `relative_error`.
    worst_index : tuple of int
        Where the largest difference stands.
    given, numerical : float
        The two values there.
    passed : bool
    """

    name: str
    shape: tuple[int, ...]
    largest_difference: float
    relative_error: float
    worst_index: tuple[int, ...]
    given: float
    numerical: float
    passed: bool


@dataclass(frozen=True)
class GradientReport:
    """Hold the outcome of a gradient check; prints as a table, one row per parameter.

    Attributes
    ----------
    rows : tuple of GradientRow
    epsilon, tolerance : float
        The settings that it was made with.
    """

    rows: tuple[GradientRow, ...]
    epsilon: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether every parameter passed."""
        return all(row.passed for row in self.rows)

    def __getitem__(self, name: str) -> GradientRow:
        """Return the row of one parameter by its name."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"{name!r} was not checked; there are {_names(r.name for r in self.rows)}.")

    def __str__(self) -> str:
        head, *body = [_HEADER, *map(_cells, self.rows)]
        widths = [max(len(line[column]) for line in [head, *body]) for column in range(len(head))]
        lines = [
            "  ".join(
                cell.rjust(width) if column in (2, 3) else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in [head, *body]
        ]
        return "\n".join([*lines, self._summary()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="text-align:left">{cell}</th>' for cell in _HEADER)
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in _cells(row)
            )
            + "</tr>"
            for row in self.rows
        )
        return (
            f"<table><caption>{html.escape(self._summary())}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _summary(self) -> str:
        wrong = [row for row in self.rows if not row.passed]
        settings = f"central differences, ε = {self.epsilon:g}, tolerance {self.tolerance:g}"
        if not wrong:
            return f"All gradients agree ({settings})."
        worst = max(wrong, key=lambda row: row.relative_error)
        place = list(worst.worst_index) if worst.worst_index else ""
        return (
            f"Not equal: {_names(row.name for row in wrong)}; at {worst.name}{place} the gradient "
            f"is {worst.given:.6g}, measured {worst.numerical:.6g} ({settings})."
        )


_HEADER = ("parameter", "shape", "largest difference", "relative error", "verdict")


def _cells(row: GradientRow) -> tuple[str, ...]:
    return (
        row.name,
        str(row.shape),
        f"{row.largest_difference:.1e}",
        f"{row.relative_error:.1e}",
        "ok" if row.passed else "not equal",
    )


def check_gradients(
    loss: Callable[[Any], float],
    weights: Any,
    gradients: Any,
    epsilon: float = 1e-5,
    tolerance: float = 1e-6,
) -> GradientReport:
    r"""Compare the gradient of every parameter with central differences of the loss.

    A parameter passes if its relative error is at most `tolerance`, or if the two gradients
    differ by no more than the rounding noise of the measurement itself,
    10 · 2.2e-16 · max(1, \|loss\|) / ε: without this a gradient that is exactly zero could
    not pass.

    Parameters
    ----------
    loss : callable
        Takes weights of the same form as `weights` and returns one number.
    weights : mapping or NamedTuple of arrays
        Not changed; `loss` is handed float64 copies.
    gradients : mapping or NamedTuple of arrays
        The gradient of ``W1`` under the name ``d_W1`` (or ``W1``). Further entries, such as
        gradients of values between the layers, are ignored.
    epsilon : float above 0
        The step of the central differences.
    tolerance : float above 0
        The largest relative error that passes.

    Returns
    -------
    GradientReport
        ``.passed``, ``.rows`` and ``report["W1"]``; prints as a table.

    Raises
    ------
    TypeError
        If `weights` or `gradients` does not hold arrays by name.
    ValueError
        If a gradient is missing, has another shape than its parameter, or holds NaN or
        infinite values; or if the loss is not finite.
    """
    epsilon = as_number("epsilon", epsilon, above=0)
    tolerance = as_number("tolerance", tolerance, above=0)
    exact = {
        name: as_array(name, array, dtype=np.float64)
        for name, array in as_named("weights", weights).items()
    }
    if not exact:
        raise ValueError("weights is empty; expected at least one array by name.")
    given = match_gradients(exact, gradients)

    def loss_at(**changed: Array) -> float:
        copies = {name: array.copy() for name, array in exact.items()} | changed
        return loss(type(weights)(**copies) if isinstance(weights, tuple) else copies)

    noise = (
        10 * np.finfo(np.float64).eps * max(1.0, abs(_value(lambda w: loss_at(), None))) / epsilon
    )
    rows = []
    for name, array in exact.items():
        measured = numerical_gradient(lambda w, name=name: loss_at(**{name: w}), array, epsilon)
        difference = np.abs(given[name] - measured)
        worst = np.unravel_index(int(difference.argmax()), difference.shape)
        error = relative_error(given[name], measured)
        rows.append(
            GradientRow(
                name=name,
                shape=array.shape,
                largest_difference=float(difference.max()),
                relative_error=error,
                worst_index=tuple(int(i) for i in worst),
                given=float(given[name][worst]),
                numerical=float(measured[worst]),
                passed=error <= tolerance or float(difference.max()) <= noise,
            )
        )
    return GradientReport(tuple(rows), epsilon, tolerance)


def match_gradients(weights: dict[str, Array], gradients: Any) -> dict[str, Array]:
    """Return the gradient of every weight under the weight's name, checked for shape.

    Parameters
    ----------
    weights : dict of arrays
    gradients : mapping or NamedTuple of arrays
        The gradient of ``W1`` is looked for as ``d_W1``, then as ``W1``; entries that belong
        to no weight are left out.

    Returns
    -------
    dict of arrays
        By the names of the weights.

    Raises
    ------
    TypeError
        If `gradients` does not hold arrays by name.
    ValueError
        If a gradient is missing or has another shape than its weight.
    NotFiniteError
        If a gradient holds NaN or infinite values.
    """
    named = as_named("gradients", gradients)
    missing = [name for name in weights if f"d_{name}" not in named and name not in named]
    if missing:
        raise ValueError(
            f"gradients holds {_names(named)}; expected also {_names(f'd_{n}' for n in missing)}."
        )
    matched = {}
    for name, array in weights.items():
        key = f"d_{name}" if f"d_{name}" in named else name
        matched[name] = as_shape_of(
            key if key != name else f"the gradient of {name}", named[key], name, array
        )
    return matched


def difference_errors(
    f: Callable[[Array], Array],
    derivative: Callable[[Array], Array],
    x: Array,
    epsilons: Array,
) -> dict[str, Array]:
    r"""Measure how far one-sided and central differences are from the derivative, for many ε.

    .. math:: \left| \frac{f(x + \varepsilon) - f(x)}{\varepsilon} - f'(x) \right|, \qquad
              \left| \frac{f(x + \varepsilon) - f(x - \varepsilon)}{2\varepsilon} - f'(x) \right|

    On logarithmic axes both fall as ε shrinks, with slope 1 and slope 2, and rise again
    where rounding takes over: a V. The differences are computed in the number type of x, so
    that a float32 x shows how little room float32 leaves.

    Parameters
    ----------
    f, derivative : callable
        Elementwise: array to array of the same shape.
    x : array, any shape
        Where to measure; the largest error over all of its entries is kept.
    epsilons : array, shape (N,), values above 0
        Steps, in the units of x.

    Returns
    -------
    dict
        ``"epsilons"``, ``"one_sided"`` and ``"central"``, each of shape (N,), float64.

    Raises
    ------
    TypeError
        If `x` or `epsilons` is not made of numbers.
    ValueError
        If an array is empty, a value is NaN or infinite, or a step is not above 0.
    """
    x = as_array("x", x)
    epsilons = as_array("epsilons", epsilons, "N", dtype=np.float64)
    if epsilons.min() <= 0:
        raise ValueError(f"epsilons holds {epsilons.min():g}; expected steps above 0.")
    true = np.asarray(derivative(x.astype(np.float64)))
    one_sided, central = np.empty_like(epsilons), np.empty_like(epsilons)
    for i, step in enumerate(epsilons.astype(x.dtype)):
        right, middle, left = f(x + step), f(x), f(x - step)
        one_sided[i] = np.abs((right - middle) / step - true).max()
        central[i] = np.abs((right - left) / (2 * step) - true).max()
    return {"epsilons": epsilons, "one_sided": one_sided, "central": central}


def _value(f: Callable[[Any], float], x: Any) -> float:
    """Call f and return its value as a finite float, or say what it returned instead."""
    value = f(x)
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        shape = getattr(value, "shape", None)
        given = describe(value) if shape is None else f"an array of shape {tuple(shape)}"
        raise TypeError(f"the function returned {given}; expected one number.") from None
    if not np.isfinite(number):
        raise NotFiniteError(f"the function returned {number}; expected a finite number.")
    return number


def _names(names: Any) -> str:
    return ", ".join(names) or "nothing"
