"""Drawings of hidden states over a sentence, and of how many weights a network has to learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from utils.plots.style import DIVERGING, ROLE
from utils.unrolled import ParameterCounts

Array = np.ndarray

__all__ = [
    "SMALLEST_DISTANCE",
    "draw_distances",
    "draw_hidden_states",
    "draw_parameter_counts",
    "draw_state_sizes",
]

SMALLEST_DISTANCE = 1e-6  #: floor of the logarithmic axis of `draw_distances`
HIDDEN = ROLE["hidden_state"]["color"]


def draw_hidden_states(ax: Axes, hs: Array, words: Sequence[str], *, title: str = "") -> AxesImage:
    """Draw the hidden states of one sentence: a column for each word, a row for each unit.

    Parameters
    ----------
    ax : Axes
    hs : array, shape (T, H), values in [-1, 1]
    words : sequence of str
        T labels under the columns.
    title : str

    Returns
    -------
    AxesImage
        Its ``set_data(hs.T)`` shows other states of the same shape.
    """
    picture = ax.imshow(
        np.asarray(hs).T, cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto", interpolation="nearest"
    )
    ax.set_xticks(range(len(words)), words, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks([0, np.shape(hs)[1] - 1], ["1", str(np.shape(hs)[1])])
    ax.set(ylabel="hidden unit", title=title)
    ax.tick_params(length=0)
    ax.grid(False)
    return picture


def draw_distances(ax: Axes, distances: Array, words: Sequence[str], *, title: str = "") -> Line2D:
    """Draw on a logarithmic axis how far the states of two sentences are apart after each word.

    Parameters
    ----------
    ax : Axes
    distances : array, shape (T,)
        Below `SMALLEST_DISTANCE` the line stays on the lower edge of the picture.
    words : sequence of str
        T labels under the points.
    title : str

    Returns
    -------
    Line2D
        Its ``set_ydata`` shows other distances.
    """
    (line,) = ax.plot(
        np.maximum(distances, SMALLEST_DISTANCE), color=HIDDEN, linewidth=2.2, marker="o"
    )
    ax.set_yscale("log")
    ax.set_ylim(SMALLEST_DISTANCE * 0.7, 20)
    decades = range(round(np.log10(SMALLEST_DISTANCE)), 2)
    floor = f"≤ $10^{{{decades[0]}}}$"  # what stands there may be smaller
    ax.set_yticks([10.0**k for k in decades], [floor, *(f"$10^{{{k}}}$" for k in decades[1:])])
    ax.minorticks_off()
    ax.set_xlim(-0.5, len(words) - 0.5)
    ax.set_xticks(range(len(words)), words, rotation=45, ha="right", rotation_mode="anchor")
    ax.set(ylabel="distance of the two states", title=title)
    return line


def draw_parameter_counts(ax: Axes, counts: ParameterCounts) -> None:
    """Draw the number of parameters of three networks against the number of steps.

    Parameters
    ----------
    ax : Axes
    counts : ParameterCounts
        As `utils.unrolled.count_parameters` returns it.
    """
    curves = (
        (counts.flat_every_step, "flat, an answer at every step", "#000000", ":", 1.6),
        (counts.flat, "flat, one answer", "#000000", "--", 1.6),
        (counts.recurrent, "recurrent", HIDDEN, "-", 2.6),
    )
    for values, name, colour, dash, width in curves:
        ax.plot(counts.lengths, values, color=colour, linestyle=dash, linewidth=width)
        ax.annotate(
            name,
            (counts.lengths[-1], values[-1]),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    ax.set(yscale="log", xlabel="sequence length T (steps)", ylabel="parameters to learn")
    ax.margins(x=0.02)


def draw_state_sizes(ax: Axes, tanh_sizes: Array, relu_sizes: Array) -> None:
    """Draw the largest entry of the hidden state over time for tanh and for ReLU.

    Parameters
    ----------
    ax : Axes
    tanh_sizes, relu_sizes : array, shape (T, N)
        Largest absolute entry of the state after each step, a column for each network.
    """
    steps = np.arange(1, len(tanh_sizes) + 1)
    looks = ((relu_sizes, "ReLU", "#000000", "--", 1.0), (tanh_sizes, "tanh", HIDDEN, "-", 1.6))
    for sizes, name, colour, dash, width in looks:
        ax.plot(steps, sizes, color=colour, linestyle=dash, linewidth=width, alpha=0.8)
        ax.annotate(
            name,
            (steps[-1], np.median(sizes[-1])),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    ax.set(yscale="log", xlabel="step t", ylabel="largest |entry| of $h_t$")
