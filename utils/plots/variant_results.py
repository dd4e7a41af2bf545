"""Results of many cells on one task: an interval for each, and every seed as a point."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from utils.plots.series import written_name
from utils.plots.style import ROLE

__all__ = ["CellResult", "ResultsPicture", "draw_results"]

_PLAIN, _CHOSEN, _POINT = "#888888", "#000000", "#0072B2"


class CellResult(NamedTuple):
    """Hold what one cell reached on one task.

    Attributes
    ----------
    points : array, shape (seeds,)
        One number per run.
    estimate, low, high : float
        Their summary, such as a rate or a mean, with the ends of its interval.
    """

    points: ArrayLike
    estimate: float
    low: float
    high: float


@dataclass
class ResultsPicture:
    """Own the artists of the results and move them to another task."""

    cells: list[str]
    points: Artist
    bars: list[Artist]
    markers: Artist
    chosen: Artist
    names: list[Artist]

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return (self.points, *self.bars, self.markers, self.chosen, *self.names)

    def move(self, results: dict[str, CellResult], highlighted: Collection[str] = ()) -> None:
        """Show other results.

        Parameters
        ----------
        results : mapping of str to CellResult
            By the names that the picture was drawn with; a cell that is missing has no row.
        highlighted : collection of str
            Cells that stand out.
        """
        offsets, faces, places, emphasised = [], [], [], []
        for row, cell in enumerate(self.cells):
            stands_out = cell in highlighted
            self.names[row].set_color(_CHOSEN if stands_out or not highlighted else _PLAIN)
            self.names[row].set_fontweight("bold" if stands_out else "normal")
            bar = self.bars[row]
            bar.set_data([], [])
            if cell not in results:
                continue
            result = results[cell]
            points = np.sort(np.asarray(result.points, dtype=float))
            spread = row + 0.26 * np.where(np.arange(len(points)) % 2, 1, -1)
            offsets += list(zip(points, spread, strict=True))
            faces += [_POINT if stands_out or not highlighted else "#BBBBBB"] * len(points)
            bar.set_data([result.low, result.high], [row, row])
            bar.set_color(_CHOSEN if stands_out or not highlighted else _PLAIN)
            (emphasised if stands_out or not highlighted else places).append((result.estimate, row))
        self.points.set_offsets(np.array(offsets).reshape(-1, 2))
        self.points.set_facecolor(faces)
        for artist, these in ((self.markers, places), (self.chosen, emphasised)):
            artist.set_data(*np.array(these, dtype=float).reshape(-1, 2).T)


def draw_results(
    ax: Axes,
    cells: Sequence[str],
    results: dict[str, CellResult],
    highlighted: Collection[str] = (),
) -> ResultsPicture:
    """Draw one row for each cell: its runs as points, its estimate with the interval.

    Parameters
    ----------
    ax : Axes
    cells : sequence of str
        The rows, from the top.
    results : mapping of str to CellResult
    highlighted : collection of str

    Returns
    -------
    ResultsPicture
    """
    ax.set_ylim(len(cells) - 0.5, -0.5)
    ax.set_yticks(np.arange(len(cells)), [""] * len(cells))
    names = [
        ax.annotate(
            written_name(cell),
            (0, row),
            (-8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=10,
            annotation_clip=False,
        )
        for row, cell in enumerate(cells)
    ]
    bars = [ax.plot([], [], "-", linewidth=2.2, solid_capstyle="butt", zorder=3)[0] for _ in cells]
    points = ax.scatter([], [], s=16, marker="|", linewidths=1.6, zorder=2)
    points.set_facecolor(_POINT)
    markers = ax.plot([], [], "o", color=_PLAIN, markersize=6, zorder=4)[0]
    chosen = ax.plot([], [], "D", color=_CHOSEN, markersize=7, zorder=5)[0]
    ax.axhline(0.5, **ROLE["reference"])
    picture = ResultsPicture(list(cells), points, bars, markers, chosen, names)
    picture.move(results, highlighted)
    return picture
