"""Drawings of layers on top of each other: values by layer and time, and depth against width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from utils.plots.style import SEQUENTIAL
from utils.wording import counted

__all__ = [
    "DepthRacePicture",
    "LayerTimePicture",
    "draw_depth_race",
    "draw_layer_time",
]

_NUMBERED = 130  # fields; with more of them the numbers would be small, and slow to draw
_COLORS = ("#000000", "#0072B2", "#D55E00", "#882255")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))


@dataclass
class LayerTimePicture:
    """Own the artists of a field of values by layer and time, and move them."""

    image: Artist
    words: list[Artist]
    rows: list[Artist]
    numbers: list[list[Artist]]
    heading: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        numbers = (text for row in self.numbers for text in row)
        return (self.image, self.heading, *self.words, *self.rows, *numbers)

    def move(
        self, values: ArrayLike, rows: Sequence[str], words: Sequence[str], heading: str = ""
    ) -> None:
        """Show other values.

        Parameters
        ----------
        values : array, shape (n, T)
            From the lowest row upwards; NaN is left white.
        rows, words : sequence of str
            Names of the n rows and of the T columns.
        heading : str

        Raises
        ------
        ValueError
            If there is no room for the values.
        """
        values = np.asarray(values, dtype=float)
        n, T = values.shape
        most, room = len(self.rows), len(self.words)
        if n > most or room < T:
            raise ValueError(f"values has shape {values.shape}; there is room for {(most, room)}.")
        self.image.set_data(values)
        for i, text in enumerate(self.rows):
            text.set_text(rows[i] if i < n else "")
            text.set_y((i + 0.5) / n)
        for t, text in enumerate(self.words):
            text.set_text(words[t] if t < T else "")
            text.set_x((t + 0.5) / T)
        low, high = self.image.get_clim()
        middle, digits = (low + high) / 2, 2 if high - low <= 1 else 1
        for i, row in enumerate(self.numbers):
            for t, text in enumerate(row):
                value = values[i, t] if i < n and t < T else np.nan
                shown = np.isfinite(value) and n * T <= _NUMBERED
                text.set_text(_written(value, digits) if shown else "")
                text.set_color("black" if value > middle else "white")
                text.set_position(((t + 0.5) / T, (i + 0.5) / n))
        self.heading.set_text(heading)

    def limits(self, low: float, high: float) -> None:
        """Set the values of the darkest and of the lightest colour.

        Parameters
        ----------
        low, high : float
        """
        if self.image.get_clim() != (low, high):
            self.image.set_clim(low, high)


def draw_layer_time(
    ax: Axes, most: int, room: int, limits: tuple[float, float] = (-4.0, 0.0)
) -> LayerTimePicture:
    """Draw a field of values: a row for each layer, the lowest at the bottom, a column for a word.

    Parameters
    ----------
    ax : Axes
    most, room : int
        Rows and columns that fit in.
    limits : (float, float)
        Values of the darkest and of the lightest colour.

    Returns
    -------
    LayerTimePicture
        Still empty; ``move`` fills it.
    """
    low, high = limits
    image = ax.imshow(
        np.full((most, room), np.nan),
        cmap=SEQUENTIAL,
        vmin=low,
        vmax=high,
        aspect="auto",
        origin="lower",
        extent=(0, 1, 0, 1),
    )
    ax.figure.colorbar(image, ax=ax, pad=0.01, fraction=0.03)
    ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
    ax.set_ylabel(" ", labelpad=62)  # room for the names of the rows
    ax.grid(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    numbers = [
        [ax.text(0, 0, "", ha="center", va="center", fontsize=9) for _ in range(room)]
        for _ in range(most)
    ]
    words = [
        ax.text(0, -0.02, "", rotation=40, ha="right", va="top", fontsize=9) for _ in range(room)
    ]
    for text in words:
        text.set_rotation_mode("anchor")
    rows = [ax.text(-0.01, 0, "", ha="right", va="center", fontsize=10) for _ in range(most)]
    heading = ax.text(0, 1.02, "", transform=ax.transAxes, va="bottom", weight="bold")
    return LayerTimePicture(image, words, rows, numbers, heading)


def _written(value: float, digits: int) -> str:
    """Write a number with a few decimals and a true minus sign, and no minus before a zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


@dataclass
class DepthRacePicture:
    """Own the artists of a race of networks of several depths and move them."""

    ax: Axes
    lines: dict[int, Artist]
    boxes: dict[int, list[Artist]]
    notes: dict[int, Artist]

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        boxes = (box for group in self.boxes.values() for box in group)
        return (*self.lines.values(), *boxes, *self.notes.values())

    def move(
        self,
        curves: Mapping[int, ArrayLike],
        units: Mapping[int, int],
        notes: Mapping[int, str],
    ) -> None:
        """Show how far the networks have come.

        Parameters
        ----------
        curves : mapping of int to array
            The loss after every update, by the number of layers.
        units : mapping of int to int
            How wide each network is.
        notes : mapping of int to str
            What stands under each network.
        """
        widest = max(units.values())
        for depth, line in self.lines.items():
            losses = np.maximum(np.asarray(curves[depth], dtype=float), 1e-4)
            line.set_data(np.arange(1, len(losses) + 1), losses)
            for box in self.boxes[depth]:
                width = 0.84 * units[depth] / widest
                middle = self._middle(depth)
                box.set_x(middle - width / 2)
                box.set_width(width)
            self.notes[depth].set_text(notes[depth])

    def _middle(self, depth: int) -> float:
        return float(list(self.lines).index(depth))


def draw_depth_race(axes: Sequence[Axes], depths: Sequence[int], n_steps: int) -> DepthRacePicture:
    """Draw the losses of networks of several depths, and how deep and wide each of them is.

    Parameters
    ----------
    axes : two Axes, side by side
    depths : sequence of int
        Layers of each network.
    n_steps : int
        Right end of the axis of updates.

    Returns
    -------
    DepthRacePicture
        Still empty; ``move`` fills it.

    Raises
    ------
    ValueError
        If there are more networks than looks.
    """
    if len(depths) > len(_COLORS):
        raise ValueError(f"depths holds {len(depths)} networks; expected at most {len(_COLORS)}.")
    left, right = axes
    left.set(xlim=(0, n_steps), ylim=(1e-4, 3), xlabel="updates", ylabel="loss (nats)")
    left.set_yscale("log")
    lines, boxes, notes = {}, {}, {}
    deepest = max(depths)
    for i, depth in enumerate(depths):
        look = {"color": _COLORS[i], "linestyle": _DASHES[i], "linewidth": 2.0}
        name = counted(depth, "layer")
        (lines[depth],) = left.plot([], [], label=name, **look)
        boxes[depth] = [
            right.add_patch(
                Rectangle((i - 0.4, level), 0.8, 0.75, facecolor="#ECECEC", edgecolor=_COLORS[i])
            )
            for level in range(depth)
        ]
        notes[depth] = right.text(i, -0.35, "", ha="center", va="top", fontsize=9, linespacing=1.4)
    left.legend(loc="upper right")
    right.set(xlim=(-0.6, len(depths) - 0.4), ylim=(-3.4, deepest + 0.3))
    right.set_axis_off()
    right.set_title("layers, and units of each")
    return DepthRacePicture(left, lines, boxes, notes)
