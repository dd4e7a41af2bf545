"""A cell that was put together from parts: its equations, and how it learns beside the LSTM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.text import Text
from numpy.typing import ArrayLike

from utils.lstm_design import Equation
from utils.plots.boundary import compute_running_mean
from utils.plots.series import CELL_LOOK
from utils.plots.style import ROLE, UNDER_TEXT

__all__ = ["BuiltCellPicture", "EquationsPicture", "draw_built_cell", "draw_equations"]

_TRIALS: Mapping[str, Mapping[str, object]] = {
    "own": {**ROLE["prediction"], "linestyle": (0, (5, 1.5))},
    "standard": {key: CELL_LOOK["LSTM"][key] for key in ("color", "linestyle", "linewidth")},
}
_TITLES = {"own": "your cell", "standard": "standard LSTM"}
_LOSSES = (1e-4, 30.0)
_LARGEST_LOSS = 99.0


@dataclass
class EquationsPicture:
    """Own the lines of a cell's equations and show those of another one."""

    lines: list[Text]
    note: Text

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return (*self.lines, self.note)

    def move(self, equations: Sequence[Equation], note: str = "") -> None:
        """Show other equations.

        Parameters
        ----------
        equations : sequence of Equation, as many as there are lines
            Those marked as changed are bold in the margin.
        note : str
            What stands below them; may hold formulas in dollar signs.

        Raises
        ------
        ValueError
            If there are more equations than lines.
        """
        if len(equations) > len(self.lines):
            raise ValueError(
                f"equations holds {len(equations)} lines; there is room for {len(self.lines)}."
            )
        for line, equation in zip(self.lines, equations, strict=False):
            line.set_text(f"${equation.text}$" + ("   ◂ changed" if equation.changed else ""))
            line.set_color(ROLE[equation.role]["color"])
        self.note.set_text(note)


def draw_equations(
    ax: Axes, equations: Sequence[Equation], note: str = "", title: str = ""
) -> EquationsPicture:
    """Write the equations of a cell, each in the colour of what it computes.

    Parameters
    ----------
    ax : Axes
        Its axes are hidden.
    equations : sequence of Equation
        As `utils.lstm_design.equations` returns them.
    note : str
        What stands below them.
    title : str

    Returns
    -------
    EquationsPicture
    """
    ax.set_axis_off()
    ax.set_title(title)
    heights = np.linspace(0.93, 0.93 - 0.118 * (len(equations) - 1), len(equations))
    lines = [
        ax.text(0.0, y, "", transform=ax.transAxes, va="center", fontsize=13.5) for y in heights
    ]
    below = ax.text(
        0.0, heights[-1] - 0.09, "", transform=ax.transAxes, va="top", linespacing=1.5, size=10
    )
    picture = EquationsPicture(lines, below)
    picture.move(equations, note)
    return picture


@dataclass
class BuiltCellPicture:
    """Own the artists of a trial and move them to another one."""

    equations: EquationsPicture
    losses: dict[str, Artist]
    shares: dict[str, Artist]
    budget: list[Artist]
    notes: dict[str, Text]

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        others = (*self.losses.values(), *self.shares.values(), *self.budget, *self.notes.values())
        return (*self.equations.moving, *others)

    def move(
        self,
        losses: Mapping[str, ArrayLike],
        shares: Mapping[str, tuple[ArrayLike, ArrayLike]],
        budget: int,
    ) -> None:
        """Show how far the two networks have come.

        Parameters
        ----------
        losses : mapping of "own" and "standard" to array, one entry per update
        shares : the same to (updates, shares of right answers)
        budget : int
            Updates in all.
        """
        for name, line in self.losses.items():
            values = np.minimum(np.asarray(losses[name], dtype=float), _LARGEST_LOSS)
            mean = compute_running_mean(values) if len(values) else values
            line.set_data(np.arange(1, len(values) + 1), np.maximum(mean, _LOSSES[0]))
        for name, line in self.shares.items():
            line.set_data(*shares[name])
            last = np.asarray(shares[name][1])
            known = f"{last[-1]:.0%} right" if len(last) else "not tested yet"
            self.notes[name].set_text(f"{_TITLES[name]}: {known}")
        for line in self.budget:
            line.set_xdata([budget, budget])


def draw_built_cell(
    axes: Sequence[Axes], equations: Sequence[Equation], most_updates: int, success: float = 0.9
) -> BuiltCellPicture:
    """Draw the equations of a cell, its loss, and its share of right answers beside the LSTM's.

    Parameters
    ----------
    axes : three Axes
    equations : sequence of Equation
    most_updates : int
        Right end of the axes.
    success : float
        The share from which on a run counts as a success; drawn as a line.

    Returns
    -------
    BuiltCellPicture
    """
    first, left, right = axes
    left.set(xlim=(0, most_updates), ylim=_LOSSES, yscale="log", xlabel="updates")
    left.set_title("loss")
    right.set(xlim=(0, most_updates), ylim=(-0.03, 1.03), xlabel="updates")
    right.set_title("share of right answers")
    right.axhline(success, **ROLE["reference"])
    budget = [ax.axvline(most_updates, **ROLE["reference"]) for ax in (left, right)]
    losses = {
        name: left.plot([], [], **look, label=_TITLES[name])[0] for name, look in _TRIALS.items()
    }
    shares = {
        name: right.plot([], [], **look, marker="o", markersize=4)[0]
        for name, look in _TRIALS.items()
    }
    left.legend(loc="upper right")
    notes = {
        name: right.text(
            0.97,
            y,
            "",
            transform=right.transAxes,
            ha="right",
            color=_TRIALS[name]["color"],
            bbox=UNDER_TEXT,
        )
        for name, y in (("own", 0.15), ("standard", 0.05))
    }
    picture = draw_equations(first, equations, title="your cell")
    return BuiltCellPicture(picture, losses, shares, budget, notes)
