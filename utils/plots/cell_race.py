"""Drawings of three cells side by side: what they make of a sentence, and how fast they learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from utils.plots.series import CELL_LOOK
from utils.plots.style import DIVERGING, ROLE

__all__ = ["RacePicture", "SentencePicture", "draw_cell_race", "draw_sentence_reading"]


def _line(name: str) -> dict[str, Any]:
    return {key: value for key, value in CELL_LOOK[name].items() if key != "marker"}


@dataclass
class SentencePicture:
    """Own the artists of a reading and move them to another sentence."""

    lines: dict[str, Artist]
    image: Artist
    heading: Artist
    words: list[Artist]
    numbers: list[Artist]

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return (*self.lines.values(), self.image, self.heading, *self.words, *self.numbers)

    def move(
        self,
        words: Sequence[str],
        chances: Mapping[str, ArrayLike],
        values: ArrayLike,
        heading: str,
    ) -> None:
        """Show another sentence.

        Parameters
        ----------
        words : sequence of str, at most as many as there is room for
        chances : mapping of str to array, shape (T,)
            The probability of "were" after each word, by name of the cell.
        values : array, shape (T, H), values in [-1, 1]
            What the picture below shows.
        heading : str
            Its title.

        Raises
        ------
        ValueError
            If there are more words than room.
        """
        room = len(self.words)
        T = len(words)
        if room < T:
            raise ValueError(f"words holds {T} words; there is room for {room}.")
        for name, line in self.lines.items():
            line.set_data(np.arange(T), chances[name])
        H = np.shape(values)[1]
        shown = np.full((H, room), np.nan)
        shown[:, :T] = np.asarray(values).T
        self.image.set_data(shown)
        self.heading.set_text(heading)
        for i, text in enumerate(self.words):
            text.set_text(words[i] if i < T else "")
        every = 5 * -(-H // (5 * len(self.numbers)))  # so that the numbers suffice
        for unit, text in zip(
            range(0, every * len(self.numbers), every), self.numbers, strict=True
        ):
            text.set_text(str(unit) if unit < H else "")
            text.set_y((unit + 0.5) / H)


def draw_sentence_reading(
    axes: Sequence[Axes], cells: Sequence[str], room: int = 34
) -> SentencePicture:
    """Draw what networks expect after each word of a sentence, and the inside of one of them.

    Parameters
    ----------
    axes : two Axes, one above the other
    cells : sequence of str
        Names of the lines, keys of `CELL_LOOK`.
    room : int
        Words that fit in.

    Returns
    -------
    SentencePicture
        Still empty; ``move`` fills it.
    """
    above, below = axes
    above.axhline(0.5, **ROLE["reference"])
    above.set(xlim=(-0.7, room - 0.3), ylim=(-0.05, 1.05), ylabel="probability of “were”")
    above.set_xticks([])
    lines = {
        name: above.plot([], [], **CELL_LOOK[name], markersize=4, label=name)[0] for name in cells
    }
    above.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    words = [
        below.text(i, 1.03, "", rotation=60, ha="left", va="bottom", fontsize=9, clip_on=False)
        for i in range(room)
    ]
    for text in words:
        text.set_transform(below.get_xaxis_transform())
        text.set_rotation_mode("anchor")
    image = below.imshow(
        np.full((1, room), np.nan),
        cmap=DIVERGING,
        vmin=-1,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, room - 0.5, 1, 0),  # whatever the number of units
    )
    below.set(xlim=(-0.7, room - 0.3), ylim=(1, 0))
    below.set_xticks([])
    below.set_yticks([])
    below.grid(False)
    below.set_ylabel("units", labelpad=22)
    numbers = [below.text(-1.0, 0, "", ha="right", va="center", fontsize=8) for _ in range(9)]
    heading = below.text(0.0, -0.04, "", transform=below.transAxes, ha="left", va="top")
    return SentencePicture(lines, image, heading, words, numbers)


@dataclass
class RacePicture:
    """Own the artists of a race and move them."""

    ax: Axes
    lines: dict[str, Artist]
    rows: dict[str, list[Artist]]

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return (*self.lines.values(), *(a for row in self.rows.values() for a in row))

    def move(
        self,
        curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
        rows: Mapping[str, Sequence[str]],
        xlabel: str,
        longest: float,
    ) -> None:
        """Show how far the cells have come.

        Parameters
        ----------
        curves : mapping of str to (x, accuracy)
        rows : mapping of str to sequence of str
            What stands in the table beside each cell's name: four entries.
        xlabel : str
        longest : float
            Right end of the horizontal axis.
        """
        for name, (x, y) in curves.items():
            self.lines[name].set_data(x, y)
        for name, entries in rows.items():
            for text, entry in zip(self.rows[name], entries, strict=True):
                text.set_text(entry)
        self.ax.set(xlabel=xlabel, xlim=(0, longest))


def draw_cell_race(axes: Sequence[Axes], cells: Sequence[str]) -> RacePicture:
    """Draw accuracy while three cells learn, and a table of what they have and need.

    Parameters
    ----------
    axes : two Axes, side by side
    cells : sequence of str
        Keys of `CELL_LOOK`.

    Returns
    -------
    RacePicture
        Still empty; ``move`` fills it.
    """
    left, right = axes
    left.axhline(0.5, **ROLE["reference"])
    left.set(ylim=(0.35, 1.03), ylabel="share of right verbs")
    lines = {name: left.plot([], [], **_line(name), label=name)[0] for name in cells}
    left.legend(loc="lower right")
    right.set_axis_off()
    right.set(xlim=(0, 1), ylim=(0, 1))
    columns = (0.2, 0.42, 0.68, 0.95)
    heads = ("units H", "parameters", "ms an update", "right")
    for x, head in zip(columns, heads, strict=True):
        right.text(x, 0.86, head, ha="center", fontsize=10, weight="bold")
    rows = {}
    for i, name in enumerate(cells):
        y = 0.7 - 0.16 * i
        right.text(0.0, y, name, ha="left", weight="bold", color=CELL_LOOK[name]["color"])
        rows[name] = [right.text(x, y, "", ha="center", fontsize=11) for x in columns]
    return RacePicture(left, lines, rows)
