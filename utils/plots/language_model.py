"""Drawings of text in windows, truncated gradients, bits per character, and what a model writes."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib
import matplotlib.font_manager
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.container import BarContainer
from matplotlib.ft2font import FT2Font
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import ArrayLike

from utils.plots.style import ROLE, SEQUENTIAL
from utils.validation import Array

__all__ = [
    "CreditPicture",
    "NextPicture",
    "TrainingPicture",
    "WrittenPicture",
    "draw_bits_by_context",
    "draw_credit",
    "draw_learning_rates",
    "draw_next_characters",
    "draw_stored_bits",
    "draw_training_bits",
    "draw_windows",
    "draw_written",
    "visible",
]

LEARNING = ROLE["prediction"]
GRADIENT = ROLE["gradient"]
GREY = "#666666"
SHADES = ("#DCE9F5", "#FFFFFF")
SMALLEST_CREDIT = 1e-4  # of the largest; smaller ones have the colour of this one
LARGEST_ERROR = 1.2  # upper end of the axis of a relative error
MOST_BITS = 7.0  # upper end of the axis of a training
_BLANKS = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥"})


def visible(character: str) -> str:
    """Return a character as it can be shown alone: blank, line end and tab get a sign.

    Parameters
    ----------
    character : str

    Returns
    -------
    str
        Characters that the course's font lacks become an empty square.
    """
    return _drawable(character.translate(_BLANKS))


def draw_windows(ax: Axes, text: str, T: int, B: int, windows: int = 3) -> None:
    """Draw the pieces of a text below one another, cut into windows.

    Parameters
    ----------
    ax : Axes
    text : str
        At least B · windows · T + 1 characters; the pieces are as long as they can be.
    T, B : int
        Steps of a window, and pieces.
    windows : int
        How many windows to show.
    """
    length = (len(text) - 1) // B
    for w in range(windows):
        ax.axvspan(w * T - 0.5, (w + 1) * T - 0.5, color=SHADES[w % 2], linewidth=0)
        ax.text(w * T + (T - 1) / 2, -1.05, f"window {w + 1}", ha="center", fontsize=11)
        for b in range(B if w else 0):
            ax.annotate(
                "",
                (w * T - 0.12, b + 0.36),
                (w * T - 0.88, b + 0.36),
                arrowprops={"arrowstyle": "->", "color": ROLE["hidden_state"]["color"]},
            )
    for b in range(B):
        for t in range(windows * T):
            character = visible(text[b * length + t])
            ax.text(t, b, character, ha="center", va="center", family="DejaVu Sans Mono")
    ax.set(xlim=(-0.6, windows * T - 0.4), ylim=(B - 0.4, -1.5))
    ax.set_yticks(range(B), [f"piece {b + 1}" for b in range(B)])
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.grid(False)
    for side in ax.spines.values():
        side.set_visible(False)


@dataclass(frozen=True)
class CreditPicture:
    """Hold the moving parts of `draw_credit`."""

    image: AxesImage
    borders: list[Line2D]
    error: Line2D
    here: Line2D

    @property
    def moving(self) -> list[Artist]:
        """The artists that change."""
        return [self.image, *self.borders, self.error, self.here]

    def update(self, norms: Array, kept: Array, window: int, errors: Array) -> None:
        """Show other credits `norms` and `kept`, another length `window`, and its `errors`."""
        self.image.set_data(_faded(norms, kept))
        T = len(norms)
        for number, line in enumerate(self.borders, start=1):
            place = number * window - 0.5
            inside = place < T - 1
            line.set_data(
                *(([-0.5, place, place], [place, place, T - 0.5]) if inside else ([], []))
            )
        errors = np.minimum(errors, LARGEST_ERROR)
        self.error.set_ydata(errors)
        self.here.set_data([window], [errors[window - 1]])


def draw_credit(
    axes: Sequence[Axes], norms: Array, kept: Array, window: int, errors: Array
) -> CreditPicture:
    """Draw which credits windows keep, beside the error of the gradient for every window.

    Parameters
    ----------
    axes : two Axes
    norms : array, shape (T, T)
        How strongly the loss of step t (row) reaches step s (column).
    kept : array of bool, shape (T, T)
        Which pairs lie in one window.
    window : int in 1 … T
    errors : array, shape (T,)
        Relative error of the gradient for windows of 1 … T steps.

    Returns
    -------
    CreditPicture
    """
    left, right = axes
    T = len(norms)
    image = left.imshow(
        _faded(norms, kept), origin="upper", interpolation="nearest", extent=_square(T)
    )
    borders = [
        left.plot([], [], color="#D55E00", linewidth=1.8, linestyle="-")[0] for _ in range(1, T)
    ]
    left.set(
        xlabel="step s that the error reaches",
        ylabel="step t of the loss",
        title="yellow much, blue little, grey dropped",
        xlim=(-0.5, T - 0.5),
        ylim=(T - 0.5, -0.5),
    )
    ticks = [0, T // 4, T // 2, 3 * T // 4, T - 1]
    left.set_xticks(ticks, [str(t + 1) for t in ticks])
    left.set_yticks(ticks, [str(t + 1) for t in ticks])
    left.grid(False)
    (line,) = right.plot(np.arange(1, T + 1), errors, **GRADIENT)
    (here,) = right.plot([window], [errors[window - 1]], "o", color="#000000", markersize=9)
    right.set(
        xlabel="steps of a window, T",
        ylabel=r"relative error of $\partial L / \partial W_{hh}$",
        title="error of the gradient",
        xlim=(0, T + 1),
        ylim=(-0.03, LARGEST_ERROR),
    )
    picture = CreditPicture(image, borders, line, here)
    picture.update(norms, kept, window, errors)
    return picture


def _square(T: int) -> tuple[float, float, float, float]:
    return (-0.5, T - 0.5, T - 0.5, -0.5)


def _faded(norms: Array, kept: Array) -> Array:
    """Return colours (T, T, 3): kept pairs in colour, dropped ones grey, later steps white."""
    largest = max(float(np.max(norms)), 1e-300)
    scale = LogNorm(SMALLEST_CREDIT, 1, clip=True)(np.maximum(norms / largest, SMALLEST_CREDIT))
    colours = matplotlib.colormaps[SEQUENTIAL](np.asarray(scale))[..., :3]
    grey = (0.94 - 0.44 * np.asarray(scale))[..., None]
    colours = np.where(np.asarray(kept)[..., None], colours, np.broadcast_to(grey, colours.shape))
    earlier = np.tril(np.ones(norms.shape, dtype=bool))
    return np.where(earlier[..., None], colours, 1.0)


@dataclass(frozen=True)
class TrainingPicture:
    """Hold the moving parts of `draw_training_bits`."""

    loss: Line2D
    held_out: Line2D

    @property
    def moving(self) -> list[Artist]:
        """The artists that change."""
        return [self.loss, self.held_out]


def draw_training_bits(ax: Axes, n_updates: int, baselines: Mapping[str, float]) -> TrainingPicture:
    """Draw an empty training: bits per character against updates, with baselines as lines.

    Parameters
    ----------
    ax : Axes
    n_updates : int
        Right end of the axis.
    baselines : mapping of str to float
        Bits per character by name.

    Returns
    -------
    TrainingPicture
        ``set_data`` of its lines shows the run.
    """
    _baselines(ax, baselines)
    (loss,) = ax.plot([], [], color="#B5B5B5", linewidth=1.0, linestyle="-")
    (held_out,) = ax.plot([], [], marker="o", markersize=3.5, **LEARNING)
    lowest = min([*baselines.values(), 2.0])
    ax.set(
        xlim=(0, n_updates),
        ylim=(lowest - 0.5, MOST_BITS),
        xlabel="updates",
        ylabel="bits per character",
        title="blue: text not trained on, grey: windows",
    )
    return TrainingPicture(loss, held_out)


def draw_stored_bits(
    ax: Axes, curves: Mapping[str, Sequence[ArrayLike]], baselines: Mapping[str, float]
) -> None:
    """Draw the bits per character of stored runs against the characters that they read.

    Parameters
    ----------
    ax : Axes
    curves : mapping of str to four arrays
        By name of the network: characters read in training, mean over the runs, and the ends of
        its interval.
    baselines : mapping of str to float
        Bits per character by name.
    """
    looks = (
        (LEARNING["color"], "-", "o"),
        ("#D55E00", (0, (5, 1.5)), "s"),
        ("#882255", (0, (1.2, 1.2)), "^"),
    )
    ends = []
    for place, (name, curve) in enumerate(curves.items()):
        colour, dash, marker = looks[place % len(looks)]
        x, mean, low, high = (np.asarray(array, dtype=float) for array in curve)
        ax.fill_between(x / 1e6, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(x / 1e6, mean, marker=marker, ms=4, color=colour, linestyle=dash, label=name)
        ends += [x[0] / 1e6, x[-1] / 1e6]
    _baselines(ax, baselines)
    ax.set(
        xlabel="characters read in training, in millions",
        ylabel="bits per character",
        xscale="log",
        xlim=(min(ends) * 0.9, max(ends) * 1.1),
    )
    ticks = [tick for tick in (0.03, 0.1, 0.3, 1, 3, 10) if min(ends) <= tick <= max(ends)]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.legend(loc="upper right", handlelength=3.4)


def draw_learning_rates(
    ax: Axes, curves: Mapping[str, tuple[ArrayLike, ArrayLike]], most: float
) -> None:
    """Draw what each optimiser reaches at each learning rate.

    Parameters
    ----------
    ax : Axes
    curves : mapping of str to (array, array)
        Learning rates and bits per character, by the name of the optimiser; names that end in
        "clipped" are drawn in full, others dashed.
    most : float
        Upper end of the axis; what lies above is drawn there, with an arrow.
    """
    for name, (rates, bits) in curves.items():
        colour = LEARNING["color"] if name.startswith("Adam") else "#D55E00"
        clipped = name.endswith("clipped")
        dash, marker = ("-", "o") if clipped else ((0, (4, 2)), "s")
        bits = np.asarray(bits, dtype=float)
        drawn = np.minimum(bits, most)
        ax.plot(rates, drawn, marker=marker, linestyle=dash, color=colour, label=name)
        for rate, value in zip(np.asarray(rates), bits, strict=True):
            if value > most:
                ax.annotate(
                    f"↑ {value:.0f}",
                    (rate, most),
                    (4 if clipped else -4, 5),
                    textcoords="offset points",
                    ha="left" if clipped else "right",
                    color=colour,
                    annotation_clip=False,
                )
    ax.set(xscale="log", xlabel="learning rate", ylabel="bits per character")
    ax.set_ylim(top=most)
    ax.legend(loc="center left", bbox_to_anchor=(1.06, 0.5), handlelength=3.4)


def draw_bits_by_context(
    ax: Axes, contexts: ArrayLike, network: ArrayLike, counts: Mapping[int, float]
) -> None:
    """Draw how bits per character fall with the number of characters that are read before.

    Parameters
    ----------
    ax : Axes
    contexts : array, shape (C,)
        Characters read before the one that is predicted.
    network : array, shape (C,)
        Bits per character of the network.
    counts : mapping of int to float
        Bits per character of n-grams, by the characters that they look at.
    """
    ax.plot(contexts, network, marker="o", markersize=4.5, **LEARNING)
    lengths, values = list(counts), list(counts.values())
    ax.plot(lengths, values, "s", linestyle=(0, (4, 2)), color="#000000", linewidth=1)
    for length, value, name, place in (
        (np.ravel(contexts)[-1], np.ravel(network)[-1], "network", (6, 0)),
        (lengths[-1], values[-1], "counts", (8, -4)),
    ):
        ax.annotate(name, (length, value), place, textcoords="offset points", annotation_clip=False)
    ax.set(
        xscale="log", xlabel="characters read before, from state zero", ylabel="bits per character"
    )
    ticks = [int(c) for c in np.ravel(contexts)]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()


@dataclass(frozen=True)
class NextPicture:
    """Hold the moving parts of `draw_next_characters`."""

    before: BarContainer
    after: BarContainer
    names: list[Text]
    values: list[Text]

    @property
    def moving(self) -> list[Artist]:
        """The artists that change."""
        return [*self.before, *self.after, *self.names, *self.values]

    def update(self, characters: Sequence[str], before: ArrayLike, after: ArrayLike) -> None:
        """Show other `characters`, the most probable first; chances are `before` and `after`."""
        rows = zip(self.before, self.after, self.names, self.values, strict=True)
        for row, character, p, q in zip(rows, characters, before, after, strict=False):
            row[0].set_width(p)
            row[1].set_width(q)
            row[2].set_text(visible(character))
            row[3].set_text(f"{q:.3f}" if q else "ruled out")
            row[3].set_x(max(p, q) + 0.015)


def draw_next_characters(
    ax: Axes, characters: Sequence[str], before: ArrayLike, after: ArrayLike
) -> NextPicture:
    """Draw the probabilities of the next character, as the model gives them and as used.

    Parameters
    ----------
    ax : Axes
    characters : sequence of str
        R rows from the top.
    before, after : array, shape (R,), values in [0, 1]
        At temperature 1 among all characters, and with the temperature and the k in use.

    Returns
    -------
    NextPicture
    """
    rows = np.arange(len(characters))
    used = ax.barh(rows, after, height=0.72, color=LEARNING["color"], alpha=0.85)
    given = ax.barh(rows, before, height=0.72, fill=False, edgecolor="#000000", linewidth=1.2)
    names = [
        ax.text(-0.02, row, "", ha="right", va="center", family="DejaVu Sans Mono", fontsize=12)
        for row in rows
    ]
    values = [ax.text(0, row, "", va="center", fontsize=9.5, color="#333333") for row in rows]
    for text in names:
        text.set_parse_math(False)
    ax.set(
        xlim=(0, 1.2),
        ylim=(len(rows) - 0.4, -0.6),
        xlabel="probability of the next character",
        title="outline: the model's, blue: in use",
    )
    ax.set_yticks([])
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    picture = NextPicture(given, used, names, values)
    picture.update(characters, before, after)
    return picture


@dataclass(frozen=True)
class WrittenPicture:
    """Hold the moving parts of `draw_written`."""

    text: Text
    columns: int
    rows: int

    @property
    def moving(self) -> list[Artist]:
        """The artists that change."""
        return [self.text]

    def update(self, start: str, written: str) -> None:
        """Show another text: the `start` that was given, and after a bar what is `written`."""
        lines: list[str] = []
        for line in _drawable(f"{start}|{written}").expandtabs(4).split("\n"):
            lines += textwrap.wrap(line, self.columns, drop_whitespace=False) or [""]
        self.text.set_text("\n".join(lines[: self.rows]))


def draw_written(ax: Axes, columns: int = 50, rows: int = 14, title: str = "") -> WrittenPicture:
    """Draw an empty sheet for text that a model writes.

    Parameters
    ----------
    ax : Axes
    columns, rows : int
        Size of the sheet in characters; what does not fit is left out.
    title : str

    Returns
    -------
    WrittenPicture
    """
    ax.set_axis_off()
    ax.set_title(title)
    text = ax.text(
        0,
        1,
        "",
        transform=ax.transAxes,
        va="top",
        family="DejaVu Sans Mono",
        fontsize=10.5,
        linespacing=1.35,
        parse_math=False,
    )
    return WrittenPicture(text, columns, rows)


def _baselines(ax: Axes, baselines: Mapping[str, float]) -> None:
    for name, value in baselines.items():
        ax.axhline(value, **{**ROLE["target"], "color": GREY})
        ax.annotate(
            name,
            (1, value),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=10,
            annotation_clip=False,
        )


@functools.lru_cache(maxsize=1)
def _font() -> FT2Font:
    return FT2Font(matplotlib.font_manager.findfont("DejaVu Sans Mono"))


@functools.lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    return bool(_font().get_char_index(ord(character)))


def _drawable(text: str) -> str:
    """Replace what the font lacks, line ends and tabs aside, by an empty square."""
    return "".join(c if c in "\n\t" or _has_glyph(c) else "□" for c in text)
