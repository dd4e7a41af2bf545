"""Drawings of chapter 00: what repeated factors leave, what a matrix does, intervals over seeds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from utils.plots.series import written_number
from utils.plots.style import ROLE, UNDER_TEXT
from utils.validation import Array, as_array, as_count, as_number

__all__ = [
    "IntervalStudy",
    "MatrixImage",
    "RepeatedFactor",
    "compute_intervals",
    "compute_matrix_image",
    "compute_repeated_factor",
    "draw_intervals",
    "draw_matrix_image",
    "draw_repeated_factor",
]

MOST_STEPS = 60
_LIMITS = (1e-9, 1e7)


class RepeatedFactor(NamedTuple):
    """What is left of 1 after each of T multiplications by one factor."""

    factor: float  #: what each step multiplies by
    left: Array  #: (T + 1,), from 1 before the first step
    half_after: float  #: steps until one half is left; infinite if it never is


def compute_repeated_factor(factor: float, T: int) -> RepeatedFactor:
    r"""Multiply 1 by the same factor at each of T steps.

    .. math:: v_t = a^t, \qquad t_{1/2} = \ln \tfrac12 / \ln a \quad (a < 1)

    Parameters
    ----------
    factor : float, above 0
        The factor a of one step.
    T : int, at least 1
        Steps.

    Returns
    -------
    RepeatedFactor

    Raises
    ------
    ValueError
        If the factor is not above 0 or T is below 1.
    """
    factor, T = as_number("factor", factor, above=0), as_count("T", T)
    half_after = np.log(0.5) / np.log(factor) if factor < 1 else np.inf
    return RepeatedFactor(factor, factor ** np.arange(T + 1.0), float(half_after))


def draw_repeated_factor(
    ax: Axes, data: RepeatedFactor, artists: list[Artist] | None = None
) -> list[Artist]:
    """Draw what is left after each step, on a logarithmic axis, and label where it ends.

    Parameters
    ----------
    ax : Axes
    data : RepeatedFactor
    artists : list of Artist, optional
        What an earlier call returned for these axes; it is moved. Left out, all is drawn.

    Returns
    -------
    artists : list of Artist
        The line, its end and the label of the end.
    """
    if artists is None:
        ax.axhline(1.0, **ROLE["reference"])
        ax.set(xlabel="step", ylabel="what is left of 1", yscale="log", ylim=_LIMITS)
        ax.set_xlim(0, MOST_STEPS + 12)
        (line,) = ax.plot([], [], **{**ROLE["gradient"], "linewidth": 2.6})
        (end,) = ax.plot([], [], "o", color=ROLE["gradient"]["color"], markersize=7)
        label = ax.text(0, 1, "", va="center", fontsize=11, bbox=UNDER_TEXT)
        artists = [line, end, label]
    line, end, label = artists
    steps, last = np.arange(len(data.left)), data.left[-1]
    line.set_data(steps, data.left)
    end.set_data([steps[-1]], [last])
    label.set_position((steps[-1] + 1.2, last))
    label.set_text(written_number(float(last)))
    return artists


class MatrixImage(NamedTuple):
    """The unit circle, what a matrix makes of it, and the directions that only change length."""

    circle: Array  #: (N, 2)
    image: Array  #: (N, 2), circle @ W
    inputs: Array  #: (2, 2), rows of length 1 that W sends to the rows of `outputs`
    outputs: Array  #: (2, 2), the half-axes of the image, the longer one first
    values: Array  #: (2,), the singular values, their lengths


def compute_matrix_image(W: Array, n_points: int = 241) -> MatrixImage:
    r"""Send the unit circle through a matrix: x ↦ x W.

    .. math:: W = U\,\mathrm{diag}(s)\,V^\top, \qquad u_i W = s_i v_i

    Parameters
    ----------
    W : array, shape (2, 2)
    n_points : int, at least 1
        Points on the circle.

    Returns
    -------
    MatrixImage

    Raises
    ------
    ValueError
        If W is not of shape (2, 2) or holds a value that is not finite.
    """
    W = as_array("W", W, "2 2")
    angle = np.linspace(0, 2 * np.pi, as_count("n_points", n_points))
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    U, s, Vt = np.linalg.svd(W)
    sign = np.where(Vt @ [1.0, 1e-3] < 0, -1.0, 1.0)[:, None]  # both half-axes to the right
    return MatrixImage(circle, circle @ W, sign * U.T, sign * s[:, None] * Vt, s)


def draw_matrix_image(axes: tuple[Axes, Axes], data: MatrixImage) -> None:
    """Draw the unit circle on the left, its image on the right, and the special directions in both.

    Parameters
    ----------
    axes : two Axes
    data : MatrixImage
    """
    looks = (ROLE["prediction"], {**ROLE["gradient"], "linewidth": 3.0})
    sides = (("before: all x of length 1", data.circle, data.inputs, ("u₁", "u₂")),)
    names = tuple(f"s{sub} = {value:.2f}" for sub, value in zip("₁₂", data.values, strict=True))
    sides += (("after: x W", data.image, data.outputs, names),)
    reach = 1.75 * max(1.0, float(np.abs(data.image).max()))
    for ax, (title, curve, arrows, labels) in zip(axes, sides, strict=True):
        ax.plot(*curve.T, color="#000000", linewidth=1.6)
        for (x, y), label, look in zip(arrows, labels, looks, strict=True):
            ax.plot([0, x], [0, y], **look)
            ax.plot([x], [y], "o", color=look["color"])
            sideways = abs(x) > abs(y)
            ax.annotate(
                label,
                (x, y),
                (9 * np.sign(x) if sideways else 0, 0 if sideways else 9 * np.sign(y)),
                textcoords="offset points",
                ha=("left" if x > 0 else "right") if sideways else "center",
                va="center" if sideways else ("bottom" if y > 0 else "top"),
            )
        ax.set(title=title, aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
        whole = np.arange(np.ceil(-reach), reach)
        ax.set(xticks=whole, yticks=whole)


class IntervalStudy(NamedTuple):
    """Many repetitions of one small study: means, half-widths, and whether they cover the truth."""

    truth: float  #: the mean that the intervals are to hold
    means: Array  #: (R,)
    half_widths: Array  #: (R,)
    covers: Array  #: (R,), bool


def compute_intervals(
    rng: np.random.Generator,
    n_repetitions: int,
    n_seeds: int,
    quantile: float,
    truth: float = 0.0,
    spread: float = 1.0,
) -> IntervalStudy:
    r"""Repeat a study of normal values and give each repetition its interval.

    .. math:: \bar v \pm t\, \mathrm{sd} / \sqrt n

    Parameters
    ----------
    rng : numpy.random.Generator
    n_repetitions : int, at least 1
        Repetitions R of the study.
    n_seeds : int, at least 2
        Values n in each, as from runs with n seeds.
    quantile : float, above 0
        The quantile t of Student's distribution with n - 1 degrees of freedom.
    truth, spread : float
        Mean and standard deviation of the values, `spread` above 0.

    Returns
    -------
    IntervalStudy

    Raises
    ------
    ValueError
        If a number lies outside its range.
    """
    R, n = as_count("n_repetitions", n_repetitions), as_count("n_seeds", n_seeds, at_least=2)
    quantile = as_number("quantile", quantile, above=0)
    spread = as_number("spread", spread, above=0)
    values = rng.normal(as_number("truth", truth), spread, size=(R, n))
    means = values.mean(axis=1)
    half_widths = quantile * values.std(axis=1, ddof=1) / np.sqrt(n)
    return IntervalStudy(truth, means, half_widths, np.abs(means - truth) <= half_widths)


def draw_intervals(ax: Axes, data: IntervalStudy) -> None:
    """Draw one interval per repetition; those that miss the truth are marked by form and colour.

    Parameters
    ----------
    ax : Axes
    data : IntervalStudy
    """
    places = np.arange(1, len(data.means) + 1)
    looks = (
        (data.covers, "#666666", "o", 1.4),
        (~data.covers, ROLE["forget_gate"]["color"], "D", 2.6),
    )
    for chosen, color, marker, width in looks:
        style = {"color": color, "marker": marker, "linestyle": "none", "elinewidth": width}
        ax.errorbar(
            places[chosen], data.means[chosen], data.half_widths[chosen], markersize=5, **style
        )
    ax.axhline(data.truth, **{**ROLE["reference"], "color": "#000000"})
    end = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
    ax.annotate("the truth", (len(places) + 1, data.truth), (5, 0), **end)
    ax.set(xlabel="repetition of the study", ylabel="accuracy", xlim=(0, len(places) + 1))
