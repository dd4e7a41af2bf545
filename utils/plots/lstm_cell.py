"""The LSTM cell as a drawing: from outside, and from inside with one part in focus or with numbers.

Boxes have parameters; circles only compute. Every ``draw_*`` paints what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Text

from utils.plots.style import ROLE

__all__ = ["CELL_PARTS", "LSTMCellPicture", "draw_cell_outside", "draw_lstm_cell"]

INK = "#000000"
PALE = "#b8b8b8"  # what is out of focus
PAPER = "#ffffff"
FILL = "#ececec"
LINE_C, LINE_H = ROLE["cell_state"]["color"], ROLE["hidden_state"]["color"]

CELL_PARTS = ("forget", "input", "candidate", "update", "output")
"""The parts that can be in focus, in the order in which the chapter takes them."""

_READERS = ("forget", "input", "candidate", "output")  # the boxes that read x_t and h_{t-1}
_BOXES = {  # name: (x, label, role, parts)
    "f": (2.0, "σ", "forget_gate", ("forget", "update")),
    "i": (4.0, "σ", "input_gate", ("input", "update")),
    "g": (6.0, "tanh", "candidate", ("candidate", "update")),
    "o": (8.0, "σ", "output_gate", ("output",)),
}
_NAMES = {"f": "forget gate", "i": "input gate", "g": "candidate", "o": "output gate"}
_BOX_Y, _TOP, _LOW, _PRODUCT_Y, _OUT_X, _OUT_Y = 1.5, 5.0, 0.0, 3.4, 9.6, 2.7
_CIRCLES = {  # name: (x, y, label, parts)
    "keep": (2.0, _TOP, "×", ("update",)),
    "write": (5.0, _PRODUCT_Y, "×", ("update",)),
    "add": (5.0, _TOP, "+", ("update",)),
    "squash": (_OUT_X, 3.9, "tanh", ("output",)),
    "read": (_OUT_X, _OUT_Y, "×", ("output",)),
}
_NUMBERS = {  # name: (x, y, horizontal, vertical, colour)
    "c_prev": (-0.1, _TOP + 0.3, "left", "bottom", LINE_C),
    "h_prev": (0.15, _LOW + 0.15, "left", "bottom", LINE_H),
    "x_t": (1.12, -0.95, "left", "center", ROLE["input"]["color"]),
    "f": (2.14, 3.3, "left", "center", ROLE["forget_gate"]["color"]),
    "i": (3.9, 2.75, "right", "center", ROLE["input_gate"]["color"]),
    "g": (6.1, 2.75, "left", "center", "#9c3f78"),
    "o": (8.0, 3.0, "center", "bottom", ROLE["output_gate"]["color"]),
    "kept": (3.5, _TOP + 0.15, "center", "bottom", LINE_C),
    "written": (5.14, 4.25, "left", "center", LINE_C),
    "c_t": (10.9, _TOP + 0.3, "right", "bottom", LINE_C),
    "h_t": (11.35, _OUT_Y - 0.45, "center", "top", LINE_H),
}


class LSTMCellPicture:
    """The drawing of a cell; ``update`` writes other numbers beside its lines.

    Attributes
    ----------
    moving : list of Artist
        The numbers: everything that ``update`` changes.
    """

    def __init__(self, numbers: Mapping[str, Text]) -> None:
        self._numbers = dict(numbers)
        self.moving: list[Artist] = list(self._numbers.values())

    def update(self, values: Mapping[str, float]) -> None:
        """Write numbers beside the lines; those that are left out stay empty.

        Parameters
        ----------
        values : mapping of str to float
            By the names ``c_prev, h_prev, x_t, f, i, g, o, kept, written, c_t, h_t``.

        Raises
        ------
        ValueError
            If a name is another one.
        """
        unknown = sorted(set(values) - set(_NUMBERS))
        if unknown:
            raise ValueError(
                f"values holds {', '.join(unknown)}; expected names out of {', '.join(_NUMBERS)}."
            )
        for name, text in self._numbers.items():
            shown = f"{values[name] + 0.0:.3f}" if name in values else ""
            text.set_text(shown.replace("-", "−"))


def draw_lstm_cell(
    ax: Axes, part: str | None = None, values: Mapping[str, float] | None = None
) -> LSTMCellPicture:
    """Draw the inside of an LSTM cell, with numbers if they are given.

    The cell line runs along the top, the hidden state comes in below. Boxes have parameters,
    circles have none.

    Parameters
    ----------
    ax : Axes
        Cleared of ticks and frame by this function.
    part : {"forget", "input", "candidate", "update", "output"}, optional
        What is in focus; all else is pale. Without it everything is drawn in full.
    values : mapping of str to float, optional
        As `LSTMCellPicture.update` takes them.

    Returns
    -------
    LSTMCellPicture

    Raises
    ------
    ValueError
        If there is no such part.
    """
    if part is not None and part not in CELL_PARTS:
        raise ValueError(f"part is {part!r}; expected one of {', '.join(CELL_PARTS)}.")

    def ink(color: str, *parts: str) -> dict[str, Any]:
        focused = part is None or part in parts
        return {"color": color if focused else PALE, "zorder": 2 if focused else 1}

    _draw_lines(ax, ink)
    for name, (x, label, role, parts) in _BOXES.items():
        _draw_box(ax, name, x, label, ink(ROLE[role]["color"], *parts))
    for x, y, label, parts in _CIRCLES.values():
        _draw_circle(ax, x, y, label, ink(INK, *parts))
    for x, y, name, color, parts in (
        (-0.35, _TOP, "$c_{t-1}$", LINE_C, ("update",)),
        (-0.35, _LOW, "$h_{t-1}$", LINE_H, _READERS),
        (1.0, -1.25, "$x_t$", ROLE["input"]["color"], _READERS),
        (11.35, _TOP, "$c_t$", LINE_C, ("update", "output")),
        (11.35, _OUT_Y, "$h_t$", LINE_H, ("output",)),
    ):
        ax.text(x, y, name, ha="center", va="center", fontsize=13, **ink(color, *parts))
    numbers = {
        name: ax.text(x, y, "", ha=ha, va=va, color=color, fontsize=11, weight="bold", zorder=5)
        for name, (x, y, ha, va, color) in _NUMBERS.items()
    }
    ax.set(xlim=(-0.9, 11.8), ylim=(-1.6, 5.8), xticks=[], yticks=[], aspect="equal")
    ax.set_frame_on(False)
    ax.grid(False)
    picture = LSTMCellPicture(numbers)
    picture.update({} if values is None else values)
    return picture


def _draw_lines(ax: Axes, ink: Any) -> None:
    """Paint every line of the cell, the way the numbers take."""
    role = {name: ROLE[role]["color"] for name, (_, _, role, _) in _BOXES.items()}
    _line(ax, [(0.1, _LOW), (8.0, _LOW)], ink(LINE_H, *_READERS), 1.8)
    _line(ax, [(1.0, -0.95), (1.0, _LOW)], ink(ROLE["input"]["color"], *_READERS), 1.8)
    for x, *_rest, parts in _BOXES.values():
        _arrow(ax, (x, _LOW), (x, _BOX_Y - 0.45), ink(LINE_H, parts[0]), 1.6)
    _arrow(ax, (0.1, _TOP), (1.7, _TOP), ink(LINE_C, "update"), 3)
    _arrow(ax, (2.3, _TOP), (4.7, _TOP), ink(LINE_C, "update"), 3)
    _arrow(ax, (5.3, _TOP), (11.0, _TOP), ink(LINE_C, "update", "output"), 3)
    _arrow(ax, (2.0, _BOX_Y + 0.45), (2.0, _TOP - 0.3), ink(role["f"], "forget", "update"), 2)
    for name, end in (("i", 4.7), ("g", 5.3)):
        x, *_rest, parts = _BOXES[name]
        _line(ax, [(x, _BOX_Y + 0.45), (x, _PRODUCT_Y)], ink(role[name], *parts), 2)
        _arrow(ax, (x, _PRODUCT_Y), (end, _PRODUCT_Y), ink(role[name], *parts), 2)
    _arrow(ax, (5.0, _PRODUCT_Y + 0.3), (5.0, _TOP - 0.3), ink(LINE_C, "update"), 2)
    _arrow(ax, (_OUT_X, _TOP), (_OUT_X, 3.9 + 0.3), ink(LINE_C, "output"), 2)
    _arrow(ax, (_OUT_X, 3.9 - 0.3), (_OUT_X, _OUT_Y + 0.3), ink(LINE_C, "output"), 2)
    _line(ax, [(8.0, _BOX_Y + 0.45), (8.0, _OUT_Y)], ink(role["o"], "output"), 2)
    _arrow(ax, (8.0, _OUT_Y), (_OUT_X - 0.3, _OUT_Y), ink(role["o"], "output"), 2)
    _arrow(ax, (_OUT_X + 0.3, _OUT_Y), (11.0, _OUT_Y), ink(LINE_H, "output"), 2)


def _draw_box(ax: Axes, name: str, x: float, label: str, look: Mapping[str, Any]) -> None:
    box = FancyBboxPatch(
        (x - 0.62, _BOX_Y - 0.45),
        1.24,
        0.9,
        boxstyle="square,pad=0",
        facecolor=FILL,
        edgecolor=look["color"],
        linewidth=2.4,
        zorder=look["zorder"] + 1,
    )
    ax.add_patch(box)
    ax.text(
        x,
        _BOX_Y,
        f"${name}$: {label}",
        ha="center",
        va="center",
        fontsize=10,
        color=INK if look["color"] != PALE else PALE,
        zorder=4,
    )
    ax.text(
        x + 0.1,
        _LOW + 0.5,
        _NAMES[name],
        ha="left",
        va="center",
        fontsize=9,
        color=look["color"] if name != "g" or look["color"] == PALE else "#9c3f78",
        zorder=4,
    )


def _draw_circle(ax: Axes, x: float, y: float, label: str, look: Mapping[str, Any]) -> None:
    wide = len(label) > 1
    circle = Circle((x, y), 0.3, facecolor=PAPER, edgecolor=look["color"], linewidth=1.6, zorder=4)
    ax.add_patch(circle)
    size = 7 if wide else 12
    ax.text(x, y, label, ha="center", va="center", fontsize=size, color=look["color"], zorder=5)


def _line(
    ax: Axes, points: list[tuple[float, float]], look: Mapping[str, Any], width: float
) -> None:
    ax.plot(
        *zip(*points, strict=True), linewidth=width, linestyle="-", solid_capstyle="butt", **look
    )


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    look: Mapping[str, Any],
    width: float,
) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=12,
            shrinkA=0,
            shrinkB=0,
            linewidth=width,
            **look,
        )
    )


def draw_cell_outside(ax: Axes, cell: str) -> None:
    """Draw what enters and leaves one step of a cell, and nothing of its inside.

    Parameters
    ----------
    ax : Axes
        Cleared of ticks and frame by this function.
    cell : {"RNN", "LSTM"}

    Raises
    ------
    ValueError
        If `cell` is another word.
    """
    if cell not in ("RNN", "LSTM"):
        raise ValueError(f"cell is {cell!r}; expected 'RNN' or 'LSTM'.")
    ax.add_patch(
        FancyBboxPatch(
            (2.0, 0.0),
            3.0,
            3.0,
            boxstyle="round,pad=0,rounding_size=0.3",
            facecolor=FILL,
            edgecolor=INK,
            linewidth=1.8,
        )
    )
    ax.text(3.5, 1.5, cell, ha="center", va="center", fontsize=15, weight="bold")
    h, c = {"color": LINE_H, "zorder": 2}, {"color": LINE_C, "zorder": 2}
    lines = [("h", 0.8, h, 2.0)] + ([("c", 2.3, c, 3.4)] if cell == "LSTM" else [])
    for name, y, look, width in lines:
        _arrow(ax, (0.6, y), (2.0, y), look, width)
        _arrow(ax, (5.0, y), (6.4, y), look, width)
        ax.text(0.5, y, f"${name}_{{t-1}}$", ha="right", va="center", fontsize=13, **look)
        ax.text(6.5, y, f"${name}_t$", ha="left", va="center", fontsize=13, **look)
    x = {"color": ROLE["input"]["color"], "zorder": 2}
    _arrow(ax, (3.5, -1.2), (3.5, 0.0), x, 2.0)
    ax.text(3.5, -1.5, "$x_t$", ha="center", va="center", fontsize=13, **x)
    _arrow(ax, (3.5, 3.0), (3.5, 4.1), h, 2.0)
    ax.text(3.5, 4.45, "$h_t$, to the output layer", ha="center", va="center", fontsize=11, **h)
    ax.set(xlim=(-1.2, 7.5), ylim=(-2.0, 4.8), xticks=[], yticks=[], aspect="equal")
    ax.set_frame_on(False)
    ax.grid(False)
