"""Drawings of a GRU: its cell as a graph, and one unit whose gates are set by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from numpy.typing import ArrayLike

from utils.plots.style import ROLE

__all__ = ["GRUUnitPicture", "draw_gru_cell", "draw_gru_unit"]

_FLOOR = -9.0
_INK = "#000000"
_TOP, _MIDDLE, _LOW = 4.0, 2.75, 1.3  # rows of the cell: state, gates, candidate


def draw_gru_cell(ax: Axes, reset_after: bool = True, title: str = "") -> None:
    """Draw what flows where in a GRU: boxes have parameters, circles only compute.

    Parameters
    ----------
    ax : Axes
        Cleared of ticks and frame by this function.
    reset_after : bool
        Whether the reset gate stands after the product with W_hn or before it.
    title : str
    """
    ax.set_axis_off()
    ax.set(xlim=(-0.6, 10.7), ylim=(0.3, 4.6), title=title, aspect="equal")
    product, reset = (2.0, 3.6) if reset_after else (3.8, 2.3)
    state, gate = ROLE["hidden_state"], ROLE["update_gate"]

    def arrow(start: tuple[float, float], end: tuple[float, float], role: str, bend: float = 0):
        look = ROLE[role]
        ax.add_patch(
            FancyArrowPatch(
                start,
                end,
                arrowstyle="-|>",
                mutation_scale=12,
                shrinkA=0,
                shrinkB=0,
                connectionstyle=f"arc3,rad={bend}",
                color=look["color"],
                linestyle=look["linestyle"],
                linewidth=look["linewidth"],
                zorder=1,
            )
        )

    def box(x: float, y: float, text: str, role: str, width: float = 0.9) -> None:
        patch = FancyBboxPatch(
            (x - width / 2, y - 0.3),
            width,
            0.6,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor="white",
            edgecolor=ROLE[role]["color"],
            linewidth=2.2,
            zorder=3,
        )
        ax.add_patch(patch)
        ax.text(x, y, text, ha="center", va="center", fontsize=11, zorder=4)

    def node(x: float, y: float, text: str) -> None:
        ax.add_patch(
            Circle((x, y), 0.24, facecolor="white", edgecolor=_INK, linewidth=1.3, zorder=3)
        )
        ax.text(x, y, text, ha="center", va="center", fontsize=11, zorder=4)

    def from_x(x: float, y: float) -> None:  # every box with parameters sees the input
        arrow((x - 0.95, y - 0.62), (x - 0.42, y - 0.3), "input")
        ax.text(x - 1.0, y - 0.62, "$x_t$", ha="right", va="center", color=ROLE["input"]["color"])

    # The state runs along the top: kept times z, plus the candidate times 1 - z.
    arrow((-0.1, _TOP), (6.56, _TOP), "hidden_state")
    arrow((7.04, _TOP), (8.56, _TOP), "hidden_state")
    arrow((9.04, _TOP), (10.1, _TOP), "hidden_state")
    ax.text(-0.15, _TOP, "$h_{t-1}$", ha="right", va="center", fontsize=12)
    ax.text(10.15, _TOP, "$h_t$", ha="left", va="center", fontsize=12)
    node(6.8, _TOP, "⊙")
    node(8.8, _TOP, "+")
    # The update gate
    arrow((5.6, _TOP), (6.35, _MIDDLE + 0.3), "hidden_state")
    box(6.8, _MIDDLE, "σ  z", "update_gate")
    from_x(6.8, _MIDDLE)
    arrow((6.8, _MIDDLE + 0.3), (6.8, _TOP - 0.24), "update_gate")
    arrow((7.25, _MIDDLE - 0.1), (8.63, _LOW + 0.18), "update_gate")
    ax.text(7.75, 1.75, "1 − z", color=gate["color"], ha="right", fontsize=11)
    # The candidate and the reset gate before it
    arrow((0.45, _TOP), (0.45, _LOW), "hidden_state")
    first, second = sorted((product, reset))
    half = {product: 0.5, reset: 0.24}
    arrow((0.45, _LOW), (first - half[first], _LOW), "hidden_state")
    arrow((first + half[first], _LOW), (second - half[second], _LOW), "hidden_state")
    arrow((second + half[second], _LOW), (4.8, _LOW), "hidden_state")
    box(product, _LOW, "$W_{hn}$", "candidate", width=1.0)
    node(reset, _LOW, "⊙")
    arrow((reset - 0.9, _TOP), (reset - 0.25, _MIDDLE + 0.3), "hidden_state")
    box(reset, _MIDDLE, "σ  r", "reset_gate")
    from_x(reset, _MIDDLE)
    arrow((reset, _MIDDLE - 0.3), (reset, _LOW + 0.24), "reset_gate")
    box(5.5, _LOW, "tanh  n", "candidate", width=1.4)
    from_x(5.45, _LOW)
    arrow((6.2, _LOW), (8.56, _LOW), "candidate")
    node(8.8, _LOW, "⊙")
    arrow((8.8, _LOW + 0.24), (8.8, _TOP - 0.24), "candidate")
    ax.text(3.2, _TOP + 0.2, "kept as far as z lets it", color=state["color"], ha="center")


@dataclass
class GRUUnitPicture:
    """Own the artists of a unit's picture and move them."""

    state: Artist
    candidate: Artist
    reset: Artist
    update: Artist
    kept: Artist
    total: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return tuple(vars(self).values())

    def move(
        self,
        hs: ArrayLike,
        candidates: ArrayLike,
        reset: ArrayLike,
        update: ArrayLike,
        kept: ArrayLike,
        total: ArrayLike,
    ) -> None:
        """Show another run; the last two begin at the step after which changes are followed.

        Parameters
        ----------
        hs, candidates, reset, update : array, shape (T,)
        kept, total : array, shape (T - first,)
            What is left of a change, along the blend and in all; drawn as log10 of the size.
        """
        steps = np.arange(1, len(np.asarray(hs)) + 1)
        for artist, values in (
            (self.state, hs),
            (self.candidate, candidates),
            (self.reset, reset),
            (self.update, update),
        ):
            artist.set_data(steps, values)
        for artist, values in ((self.kept, kept), (self.total, total)):
            sizes = np.abs(np.asarray(values, dtype=float))
            with np.errstate(divide="ignore"):
                logs = np.maximum(np.log10(sizes), _FLOOR - 2)
            artist.set_data(np.arange(len(logs)), logs)


def draw_gru_unit(axes: np.ndarray, xs: ArrayLike, first: int) -> GRUUnitPicture:
    """Draw a unit over time: its state and candidate, its gates, and what is left of an input.

    Parameters
    ----------
    axes : three Axes
        For the state, the gates, and what is left.
    xs : array, shape (T,)
        The input; steps at which it is not 0 are marked.
    first : int
        The step, from 0, after which changes are followed.

    Returns
    -------
    GRUUnitPicture
        Still empty; ``move`` fills it.
    """
    above, below, right = axes
    xs = np.asarray(xs, dtype=float)
    T = len(xs)
    for ax in (above, below):
        ax.set(xlim=(0.5, T + 0.5))
        for t in np.flatnonzero(xs):
            ax.axvspan(t + 0.5, t + 1.5, color="#E8E8E8", linewidth=0, zorder=0)
    for t in np.flatnonzero(xs):
        above.text(t + 1, 1.16, f"x = {xs[t]:+.0f}".replace("-", "−"), ha="center", va="bottom")
    above.axhline(0, **ROLE["reference"])
    above.set(ylim=(-1.12, 1.12), ylabel="value")
    above.tick_params(labelbottom=False)
    below.set(ylim=(-0.08, 1.08), xlabel="step t", ylabel="gate")
    right.axhline(0, **ROLE["reference"])
    right.set(xlim=(0, T - first - 1), ylim=(_FLOOR, 2.5), xlabel="steps after the first input")
    right.set(
        ylabel=r"$\log_{10} |\partial h_{later} / \partial h|$",
        title="what is left of the first state",
    )
    steps = {"drawstyle": "steps-mid"}
    picture = GRUUnitPicture(
        state=above.plot([], [], **{**ROLE["hidden_state"], "linewidth": 2.6}, label="state h")[0],
        candidate=above.plot([], [], **ROLE["candidate"], label="candidate n")[0],
        reset=below.plot([], [], **steps, **ROLE["reset_gate"], label="reset r")[0],
        update=below.plot([], [], **steps, **ROLE["update_gate"], label="update z")[0],
        kept=right.plot([], [], **ROLE["update_gate"], label="along the blend, ∏ z")[0],
        total=right.plot([], [], **{**ROLE["gradient"], "linewidth": 2.6}, label="in all")[0],
    )
    for ax in (above, below):
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    right.legend(loc="upper right")
    return picture
