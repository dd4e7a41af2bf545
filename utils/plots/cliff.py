"""The cliff in the loss, descents along it, directions of clipped gradients, ruined runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from utils.cliff import STEPS, CliffDescent, cliff_loss
from utils.plots.style import ROLE, SEQUENTIAL
from utils.validation import as_count

__all__ = [
    "CliffGrid",
    "CliffPicture",
    "compute_cliff_grid",
    "draw_cliff",
    "draw_cliff_walk",
    "draw_clipped_directions",
    "draw_ruined_run",
]

W_RANGE, B_RANGE = (2.5, 8.0), (-4.5, 1.5)
_RUNS = ("#D55E00", "#0072B2", "#009E73")
_RUN_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)))


class CliffGrid(NamedTuple):
    """The loss over a grid of parameters."""

    w: np.ndarray  #: (n,)
    b: np.ndarray  #: (m,)
    losses: np.ndarray  #: (len(b), len(w))


def compute_cliff_grid(n: int = 201, T: int = STEPS) -> CliffGrid:
    """Evaluate the loss of `utils.cliff` over the range of its picture.

    Parameters
    ----------
    n : int, at least 2
        Points along each axis.
    T : int, at least 1
        Steps of the recurrent unit.

    Returns
    -------
    CliffGrid

    Raises
    ------
    TypeError, ValueError
        If a number is too small.
    """
    n = as_count("n", n, at_least=2)
    w, b = np.linspace(*W_RANGE, n), np.linspace(*B_RANGE, n)
    return CliffGrid(w, b, cliff_loss(w[None, :], b[:, None], T))


@dataclass
class CliffPicture:
    """Own the artists of a walk on the cliff and move them to another one."""

    path: Artist
    start: Artist
    end: Artist
    losses: Artist
    norms: Artist
    verdict: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return tuple(vars(self).values())

    def move(self, descent: CliffDescent, verdict: str) -> None:
        """Show another descent.

        Parameters
        ----------
        descent : CliffDescent
        verdict : str
            How it went, in a few words.
        """
        w, b = descent.path.T
        self.path.set_data(w, b)
        self.start.set_data(w[:1], b[:1])
        self.end.set_data(w[-1:], b[-1:])
        self.losses.set_data(np.arange(len(w)), np.maximum(descent.losses, 1e-12))
        self.norms.set_data(np.arange(len(descent.norms)), np.maximum(descent.norms, 1e-12))
        self.verdict.set_text(verdict)


def draw_cliff(ax: Axes, grid: CliffGrid) -> None:
    """Draw the loss over w and b as a map, dark where it is small.

    Parameters
    ----------
    ax : Axes
    grid : CliffGrid
    """
    image = ax.pcolormesh(
        grid.w, grid.b, grid.losses, cmap=SEQUENTIAL, shading="nearest", rasterized=True
    )
    ax.set(xlabel="recurrent weight w", ylabel="bias b", xlim=W_RANGE, ylim=B_RANGE)
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label="loss L", location="left", shrink=0.85)


def draw_cliff_walk(
    axes: Sequence[Axes], grid: CliffGrid, descent: CliffDescent, verdict: str, n_steps: int
) -> CliffPicture:
    """Draw a descent over the map of the loss, and beside it its losses and gradient norms.

    Parameters
    ----------
    axes : two Axes
    grid : CliffGrid
    descent : CliffDescent
    verdict : str
        A word or two, written over the right panel.
    n_steps : int
        Right end of the axis of updates.

    Returns
    -------
    CliffPicture
    """
    left, right = axes
    draw_cliff(left, grid)
    right.set(xlim=(0, n_steps), ylim=(1e-7, 1e4), yscale="log", xlabel="update")
    right.set_title("loss and gradient")
    picture = CliffPicture(
        path=left.plot([], [], "o-", color="white", markersize=3.5, linewidth=1.3, mec="black")[0],
        start=left.plot([], [], "s", color="white", markeredgecolor="black", markersize=9)[0],
        end=left.plot([], [], "*", color="white", markeredgecolor="black", markersize=15)[0],
        losses=right.plot([], [], **ROLE["loss"], label="loss")[0],
        norms=right.plot([], [], **ROLE["gradient"], label="‖gradient‖ before clipping")[0],
        verdict=right.text(0.97, 0.03, "", transform=right.transAxes, fontsize=12, weight="bold"),
    )
    picture.verdict.set_horizontalalignment("right")  # on the left a gradient falls to zero
    right.legend(loc="upper right")
    picture.move(descent, verdict)
    return picture


def draw_clipped_directions(
    ax: Axes, gradient: ArrayLike, clipped: Mapping[str, ArrayLike], limit: float
) -> None:
    """Draw a gradient of two entries as an arrow, and what two ways of clipping make of it.

    Parameters
    ----------
    ax : Axes
    gradient : array, shape (2,)
    clipped : mapping of str to array, shape (2,)
        One further arrow for each name.
    limit : float
        Drawn as a circle (norm) and as a square (value).
    """
    turn = np.linspace(0, 2 * np.pi, 181)
    ax.plot(limit * np.cos(turn), limit * np.sin(turn), **ROLE["reference"])
    square = limit * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    ax.plot(*square.T, **ROLE["reference"])
    arrows = {"gradient": gradient, **clipped}
    for i, (name, arrow) in enumerate(arrows.items()):
        x, y = np.asarray(arrow, dtype=float)
        color = ("#666666", *_RUNS)[i]
        ax.annotate(
            "",
            (x, y),
            (0, 0),
            arrowprops={"arrowstyle": "-|>", "color": color, "lw": 2.2, "shrinkA": 0, "shrinkB": 0},
        )
        place = ((8, -2), (4, -14), (8, 8))[min(i, 2)]
        ax.annotate(name, (x, y), place, textcoords="offset points", color=color, va="center")
    reach = 1.15 * max(np.abs(np.asarray(list(arrows.values()), dtype=float)).max(), limit)
    ax.set(xlim=(-0.45 * reach, 1.45 * reach), ylim=(-0.4 * reach, 0.5 * reach), aspect="equal")
    ax.set(xlabel="first entry", ylabel="second entry")


def draw_ruined_run(
    axes: Sequence[Axes], runs: Mapping[str, tuple[ArrayLike, ArrayLike]], bad: int
) -> None:
    """Draw losses and gradient norms of runs that differ in one update.

    Parameters
    ----------
    axes : two Axes
    runs : mapping of str to (losses, norms)
        Each of shape (updates,); one line for each name.
    bad : int
        The update in which they differ.
    """
    for ax, values, label in zip(axes, (0, 1), ("loss (nats)", "‖gradient‖"), strict=True):
        for i, (name, run) in enumerate(runs.items()):
            series = np.maximum(np.asarray(run[values], dtype=float), 1e-6)
            look = {"color": _RUNS[i], "linestyle": _RUN_DASHES[i], "linewidth": 1.6}
            ax.semilogy(np.arange(len(series)), series, label=name, **look)
        ax.axvline(bad, **ROLE["reference"])
        ax.set(xlabel="update", ylabel=label)
    axes[0].legend(loc="lower left")
