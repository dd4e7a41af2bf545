"""Drawings of chapter 10: padded and packed sequences, a melody, a tree of a beam search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from utils.plots.style import ROLE

__all__ = [
    "BeamPicture",
    "MelodyPicture",
    "PackingPicture",
    "draw_beam",
    "draw_melody",
    "draw_packing",
]

_TINTS = ("#cfe3f3", "#fbdcc4", "#c9ecdf", "#f2d5e4", "#ddd8f0", "#f3ecc0", "#d9d9d9", "#e6cfd3")
_INK = "#000000"
_READ = ROLE["forget_gate"]["color"]


# Padding and packing


@dataclass
class PackingPicture:
    """The artists of `draw_packing`.

    Attributes
    ----------
    moving : list of Artist
    """

    moving: list[Artist]
    _grids: tuple[_Grid, _Grid]
    _sizes: list[Text]
    _note: Text

    def move(
        self,
        lengths: Sequence[int],
        order: Sequence[int],
        batch_sizes: Sequence[int],
        reads: Sequence[tuple[int, int]],
        packed: bool,
        note: str,
    ) -> None:
        """Show other sequences, or another moment.

        Parameters
        ----------
        lengths : sequence of int
            Items of each sequence; not more than the picture has room for.
        order : sequence of int
            The sequences from the longest to the shortest, by their place in the batch.
        batch_sizes : sequence of int
            How many sequences have an item at each step.
        reads : sequence of (int, int)
            Step and sequence of the places that are being read.
        packed : bool
            Whether they are read in the packed tensor, on the right, or in the padded one.
        note : str
            A line under the picture.
        """
        T = max(lengths)
        rows = {b: row for row, b in enumerate(order)}
        here = [(t, rows[b] if packed else b) for t, b in reads]
        self._grids[0].fill(range(len(lengths)), lengths, T, [] if packed else here)
        self._grids[1].fill(order, lengths, 0, here if packed else [])
        for t, text in enumerate(self._sizes):
            text.set_text(str(batch_sizes[t]) if t < T else "")
        self._note.set_text(note)


class _Grid:
    """A grid of named places, a row for each sequence and a column for each step."""

    def __init__(self, ax: Axes, height: int, width: int, title: str) -> None:
        ax.set_axis_off()
        ax.set(title=title)
        self._pixels = np.ones((height, width, 4))
        self._image = ax.imshow(self._pixels, aspect="auto", interpolation="nearest")
        ax.set(xlim=(-0.55, width - 0.45), ylim=(height + 0.3, -0.55))
        self._texts = [
            [ax.text(t, b, "", ha="center", va="center", fontsize=9) for t in range(width)]
            for b in range(height)
        ]
        self._frame = PatchCollection([], facecolor="none", edgecolor=_READ, linewidth=2.6)
        ax.add_collection(self._frame)
        self.moving = [self._image, *(text for row in self._texts for text in row), self._frame]

    def fill(
        self,
        rows: Sequence[int],
        lengths: Sequence[int],
        padded_to: int,
        reads: Sequence[tuple[int, int]],
    ) -> None:
        """Write the sequences into the rows, and zeros behind them up to a length."""
        self._pixels[:] = 1
        for row, texts in enumerate(self._texts):
            b = rows[row] if row < len(rows) else None
            for t, text in enumerate(texts):
                real = b is not None and t < lengths[b]
                if real:
                    self._pixels[row, t] = to_rgba(_TINTS[b])
                padding = "0" if b is not None and t < padded_to else ""
                text.set_text(f"{'abcdefgh'[b]}{t + 1}" if real else padding)
                text.set_color(_INK if real else ROLE["reference"]["color"])
        self._image.set_data(self._pixels)
        self._frame.set_paths([Rectangle((t - 0.46, b - 0.46), 0.92, 0.92) for t, b in reads])


def draw_packing(axes: Sequence[Axes], most: int, longest: int) -> PackingPicture:
    """Draw a padded tensor, a row for each sequence, beside the same sequences packed.

    Parameters
    ----------
    axes : two Axes
    most, longest : int
        Sequences and steps to leave room for; at most 8 sequences.

    Returns
    -------
    PackingPicture
        Empty until its ``move`` is called. A letter names the sequence, a number the step.
    """
    titles = ("padded: 0 is padding", "packed: longest first, stored column by column")
    first, second = (
        _Grid(ax, most, longest, title) for ax, title in zip(axes, titles, strict=True)
    )
    bottom = most - 0.1
    sizes = [axes[1].text(t, bottom, "", ha="center", va="center") for t in range(longest)]
    for text in sizes:
        text.set(fontsize=10, fontweight="bold")
    note = axes[0].text(-0.5, bottom, "", va="center", fontsize=10)
    moving = [*first.moving, *second.moving, *sizes, note]
    return PackingPicture(moving, (first, second), sizes, note)


# A melody


@dataclass
class MelodyPicture:
    """The artists of `draw_melody`.

    Attributes
    ----------
    moving : list of Artist
    """

    moving: list[Artist]
    _bars: PatchCollection
    _note: Text
    _beats: float

    def move(self, notes: Sequence[tuple[float, float, float]], note: str) -> None:
        """Show another melody.

        Parameters
        ----------
        notes : sequence of (start in beats, length in beats, MIDI pitch)
        note : str
            A line in the corner.
        """
        boxes = [
            Rectangle((start + 0.04, pitch - 0.42), max(beats - 0.08, 0.05), 0.84)
            for start, beats, pitch in notes
            if start < self._beats
        ]
        self._bars.set_paths(boxes)
        self._note.set_text(note)


def draw_melody(
    ax: Axes, beats: float, low: int, high: int, names: dict[int, str]
) -> MelodyPicture:
    """Draw notes as bars: time to the right, pitch upwards.

    Parameters
    ----------
    ax : Axes
    beats : float
        Length of the time axis; what goes beyond it is not drawn.
    low, high : int
        Lowest and highest MIDI pitch.
    names : dict of int to str
        Pitches to name on the axis.

    Returns
    -------
    MelodyPicture
        Empty until its ``move`` is called.
    """
    ax.set(xlim=(0, beats), ylim=(low - 1, high + 1), xlabel="beats")
    ax.set_yticks(list(names), list(names.values()))
    ax.set_xticks(np.arange(0, beats + 1, 4))
    look = ROLE["prediction"]
    bars = PatchCollection([], facecolor=look["color"], edgecolor=_INK, linewidth=0.6)
    ax.add_collection(bars)
    note = ax.text(0.995, 0.97, "", transform=ax.transAxes, ha="right", va="top", fontsize=10)
    return MelodyPicture([bars, note], bars, note, beats)


# A beam search


@dataclass
class BeamPicture:
    """The artists of `draw_beam`.

    Attributes
    ----------
    moving : list of Artist
    """

    moving: list[Artist]
    _lines: dict[str, LineCollection]
    _texts: list[Text]
    _note: Text

    def move(
        self,
        places: dict[int, tuple[float, float]],
        edges: Sequence[tuple[int, int, str]],
        labels: dict[int, str],
        note: str,
    ) -> None:
        """Show another tree.

        Parameters
        ----------
        places : dict of int to (float, float)
            Step and height of every node.
        edges : sequence of (int, int, str)
            Parent, child, and what became of the child: "best", "kept" or "pruned".
        labels : dict of int to str
            What is written into a node; as many as the picture has room for.
        note : str
            A line above the tree.
        """
        for fate, lines in self._lines.items():
            lines.set_segments([[places[a], places[b]] for a, b, what in edges if what == fate])
        fates = {child: fate for _, child, fate in edges}
        written = sorted(labels.items(), key=lambda pair: fates.get(pair[0]) == "pruned")
        for text, (node, label) in zip(self._texts, written, strict=False):
            best, lost = fates.get(node, "best") == "best", fates.get(node) == "pruned"
            text.set(position=places[node], text=label, visible=True)
            text.set_fontweight("bold" if best else "normal")
            text.set_color(ROLE["reference"]["color"] if lost else _INK)
        for text in self._texts[len(written) :]:
            text.set_visible(False)
        self._note.set_text(note)


def draw_beam(ax: Axes, steps: int, room: int) -> BeamPicture:
    """Draw a tree that grows to the right: best path thick, kept ones thin, dropped ones dashed.

    Parameters
    ----------
    ax : Axes
    steps : int
        Columns to the right of the root.
    room : int
        Labels that there is room for.

    Returns
    -------
    BeamPicture
        Empty until its ``move`` is called. Heights of nodes go from 0 to 1.
    """
    ax.set(xlim=(-0.4, steps + 0.6), ylim=(-0.06, 1.12), xlabel="characters written")
    ax.set_yticks([])
    ax.set_xticks(range(0, steps + 1))
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    looks = {
        "pruned": {"colors": "#8c8c8c", "linewidths": 0.9, "linestyles": [(0, (3, 2))]},
        "kept": {"colors": ROLE["prediction"]["color"], "linewidths": 1.8},
        "best": {"colors": _READ, "linewidths": 4.0},
    }
    lines = {}
    for order, (fate, look) in enumerate(looks.items()):
        lines[fate] = LineCollection([], zorder=1 + 0.1 * order, **look)
        ax.add_collection(lines[fate])
    box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
    texts = [
        ax.text(0, 0, "", ha="center", va="center", fontsize=10, bbox=box, visible=False)
        for _ in range(room)
    ]
    note = ax.text(0.005, 0.985, "", transform=ax.transAxes, va="top", fontsize=10)
    return BeamPicture([*lines.values(), *texts, note], lines, texts, note)
