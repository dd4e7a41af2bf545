"""Drawings of networks that read in both directions, and of what a tagger believes of each word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from utils.plots.graph import paint_arrow, paint_box
from utils.plots.style import ROLE, SEQUENTIAL

__all__ = ["BeliefPicture", "draw_beliefs", "draw_look_ahead", "draw_two_readers"]

_STEP, _WIDTH, _HEIGHT = 2.4, 1.5, 0.8
_FEWEST = 8  # words that fill the width; fewer leave some of it free
_LEVELS = {"x": 0.0, "forward": 1.5, "backward": 2.9, "y": 4.4}
_LOOKS = (
    {"color": "#666666", "linestyle": (0, (5, 1.5)), "marker": "s"},
    {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    {"color": "#D55E00", "linestyle": (0, (1.2, 1.2)), "marker": "^"},
)


def draw_two_readers(ax: Axes, words: Sequence[str], wrong: bool = False) -> None:
    """Draw a bidirectional layer over a few words: two rows of states that run against each other.

    Parameters
    ----------
    ax : Axes
        Cleared of ticks and frame by this function.
    words : sequence of str, at least two
    wrong : bool
        Whether the states that ``out[-1]`` takes for a summary are marked, rather than one output
        above each word.

    Raises
    ------
    ValueError
        If there are fewer than two words.
    """
    if len(words) < 2:
        raise ValueError(f"words holds {len(words)}; expected at least two.")
    T, half = len(words), _HEIGHT / 2
    low, right, left, high = _LEVELS.values()
    for t, word in enumerate(words):
        x = _STEP * t
        paint_box(ax, x, low, kind="x", width=_WIDTH, height=_HEIGHT)
        ax.text(x, low, word, ha="center", va="center", fontsize=11, zorder=3)
        for y, arrow in ((right, "→"), (left, "←")):
            paint_box(ax, x, y, kind="h", width=_WIDTH, height=_HEIGHT)
            over = r"\overrightarrow" if arrow == "→" else r"\overleftarrow"
            name = rf"${over}{{h}}_{t + 1}$"
            ax.text(x, y, name, ha="center", va="center", fontsize=12, zorder=3)
        paint_arrow(ax, (x - 0.25, low + half), (x - 0.25, right - half), kind="x")
        paint_arrow(ax, (x + 0.45, low + half), (x + 0.45, left - half), kind="x", bend=0.3)
        if t:
            gap = _WIDTH / 2
            paint_arrow(ax, (x - _STEP + gap, right), (x - gap, right), kind="h")
            paint_arrow(ax, (x - gap, left), (x - _STEP + gap, left), kind="h")
        if not wrong:
            paint_box(ax, x, high, kind="y", width=_WIDTH + 0.3, height=_HEIGHT)
            label = rf"$[\overrightarrow{{h}}_{t + 1}, \overleftarrow{{h}}_{t + 1}]$"
            ax.text(x, high, label, ha="center", va="center", fontsize=11, zorder=3)
            paint_arrow(ax, (x - 0.45, right + half), (x - 0.45, high - half), kind="y", bend=-0.3)
            paint_arrow(ax, (x + 0.25, left + half), (x + 0.25, high - half), kind="y")
    if wrong:
        _mark_summaries(ax, T)
    end = high + 0.6 if not wrong else left + 1.6
    ax.set(xlim=(-1.2, _STEP * (T - 1) + 1.2), ylim=(-0.6, end), xticks=[], yticks=[])
    ax.set_frame_on(False)


def _mark_summaries(ax: Axes, T: int) -> None:
    """Mark the states at the last place, and beside them those that have read everything."""
    right, left, last = _LEVELS["forward"], _LEVELS["backward"], _STEP * (T - 1)
    looks = {
        "out[-1]": ([(last, right), (last, left)], ROLE["forget_gate"]["color"], (0, (3, 1.5)), 0),
        "read everything": (
            [(last, right), (0.0, left)],
            ROLE["output_gate"]["color"],
            "-",
            0.12,
        ),
    }
    for label, (places, color, dash, more) in looks.items():
        for x, y in places:
            box = paint_box(
                ax, x, y, kind="h", width=_WIDTH + 0.25 + 2 * more, height=_HEIGHT + 0.25 + 2 * more
            )
            box.set(facecolor="none", edgecolor=color, linestyle=dash, linewidth=2.4)
        x = last if label == "out[-1]" else 0.0
        ax.text(x, left + 0.95, label, ha="center", va="bottom", color=color, weight="bold")


@dataclass
class BeliefPicture:
    """Own the artists of a picture of beliefs and move them to another sentence."""

    image: Artist
    words: list[Artist]
    numbers: list[list[Artist]]
    window: Artist
    heading: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        rows = (text for row in self.numbers for text in row)
        return (self.image, self.window, self.heading, *self.words, *rows)

    def move(
        self,
        words: Sequence[str],
        beliefs: ArrayLike,
        heading: str = "",
        at: int | None = None,
        ahead: int = 0,
    ) -> None:
        """Show another sentence.

        Parameters
        ----------
        words : sequence of str
        beliefs : array, shape (T, K)
            Probabilities of the tags for each word.
        heading : str
        at : int, optional
            A word around which a frame shows what has been read for it: up to `ahead` words on.
        ahead : int

        Raises
        ------
        ValueError
            If there are more words than room.
        """
        room, T = len(self.words), len(words)
        if room < T:
            raise ValueError(f"words holds {T} words; there is room for {room}.")
        beliefs = np.asarray(beliefs, dtype=float)
        self.image.set_data(beliefs.T)
        places = (np.arange(room) + 0.5) / max(T, _FEWEST)
        self.image.set_extent((0, T / max(T, _FEWEST), beliefs.shape[1] - 0.5, -0.5))
        for t, text in enumerate(self.words):
            text.set_text(words[t] if t < T else "")
            text.set_x(places[t])
            text.set_weight("bold" if t == at else "normal")
        for k, row in enumerate(self.numbers):
            for t, text in enumerate(row):
                value = beliefs[t, k] if t < T else 0.0
                text.set_text(f"{value:.2f}".lstrip("0") if 0.095 <= value < 0.995 else "")
                text.set_x(places[t])
                text.set_color("black" if value > 0.55 else "white")
        self.window.set_visible(at is not None)
        if at is not None:
            width = min(at + ahead + 1, T) / max(T, _FEWEST)
            self.window.set_bounds(0, -0.5, width, beliefs.shape[1])
        self.heading.set_text(heading)


def draw_beliefs(ax: Axes, tags: Sequence[str], room: int = 20) -> BeliefPicture:
    """Draw the probability of each tag for each word as a field of colours.

    Parameters
    ----------
    ax : Axes
    tags : sequence of str
        One row each.
    room : int
        Words that fit in.

    Returns
    -------
    BeliefPicture
        Still empty; ``move`` fills it.
    """
    K = len(tags)
    image = ax.imshow(np.full((K, room), np.nan), cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    ax.set(xlim=(-0.005, 1.005), ylim=(K - 0.4, -0.6), xticks=[])
    ax.set_yticks(range(K), tags)
    ax.grid(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0)
    words = [
        ax.text(0, -0.62, "", rotation=40, ha="left", va="bottom", fontsize=10) for t in range(room)
    ]
    for text in words:
        text.set_rotation_mode("anchor")
    numbers = [
        [ax.text(0, k, "", ha="center", va="center", fontsize=9) for _ in range(room)]
        for k in range(K)
    ]
    window = ax.add_patch(_window())
    heading = ax.text(0.0, -0.04, "", transform=ax.transAxes, ha="left", va="top", fontsize=11)
    return BeliefPicture(image, words, numbers, window, heading)


def _window() -> Artist:
    return Rectangle(
        (-0.5, -0.5),
        1,
        1,
        fill=False,
        edgecolor=ROLE["forget_gate"]["color"],
        linewidth=2.6,
        clip_on=False,
        visible=False,
        zorder=4,
    )


def draw_look_ahead(
    ax: Axes,
    curves: dict[str, ArrayLike],
    *,
    chance: float | None = None,
) -> None:
    """Draw how often a tagger is right against the words of the future that it may read.

    Parameters
    ----------
    ax : Axes
    curves : dict of str to array, shape (n + 1,)
        One line each, at most three.
    chance : float, optional
        Where to draw a dotted line.

    Raises
    ------
    ValueError
        If there are more curves than looks.
    """
    if len(curves) > len(_LOOKS):
        raise ValueError(f"curves holds {len(curves)} lines; expected at most {len(_LOOKS)}.")
    for (name, values), look in zip(curves.items(), _LOOKS, strict=False):
        ax.plot(np.asarray(values), label=name, linewidth=2.0, markersize=4.5, **look)
    if chance is not None:
        ax.axhline(chance, **ROLE["reference"])
    ax.set(
        xlabel="words of the future that may be read",
        ylabel="share of right tags",
        ylim=(0.0, 1.04),
    )
    ax.legend(loc="lower right")
