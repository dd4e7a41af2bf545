"""What a memory cell holds over time, for how long, and what its gates did over a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.text import Text
from numpy.typing import ArrayLike

from utils.memory import MemoryRun, half_life, memory_left
from utils.plots.style import DIVERGING, ROLE, SEQUENTIAL

__all__ = [
    "GATE_NAMES",
    "GatesPicture",
    "HalfLifePicture",
    "MemoryPicture",
    "draw_gates_over_words",
    "draw_half_life",
    "draw_memory",
]

GATE_NAMES = ("input_gate", "forget_gate", "candidate", "output_gate")
"""The four parts of the cell with parameters, in the order of the blocks."""
_LETTERS = {"input_gate": "i", "forget_gate": "f", "candidate": "g", "output_gate": "o"}
_DARK = {**{name: ROLE[name]["color"] for name in GATE_NAMES}, "candidate": "#9c3f78"}
_ENDS = (-2.2, 3.2)  # of c in the picture of a driven memory
_LEAST = 1e-4  # share that is left, at the lower edge of the picture
TOTAL = r"total $\partial c_T / \partial c_t$"


# One memory cell, driven by hand


@dataclass
class MemoryPicture:
    """Own the artists of a memory driven step by step."""

    cells: Artist
    outputs: Artist
    next_cell: Artist
    next_output: Artist
    table: dict[str, list[Text]]
    commands: list[Text]

    @property
    def moving(self) -> list[Artist]:
        """List every artist that `move` changes."""
        still = [self.cells, self.outputs, self.next_cell, self.next_output, *self.commands]
        return still + [text for texts in self.table.values() for text in texts]

    def move(
        self, run: MemoryRun, gates: Mapping[str, ArrayLike], commands: Sequence[str], preview: bool
    ) -> None:
        """Show another run.

        Parameters
        ----------
        run : MemoryRun
            At most as many steps as the picture has room for.
        gates : mapping of str to array, shape (T,)
            By the names in `GATE_NAMES`.
        commands : sequence of str
            One word for each step.
        preview : bool
            Whether the last step has not been made yet; it is drawn hollow.
        """
        T = len(run.hs)
        made = T - 1 if preview else T
        self.cells.set_data(np.arange(made + 1), np.clip(run.cs[: made + 1], *_ENDS))
        self.outputs.set_data(np.arange(1, made + 1), run.hs[:made])
        self.next_cell.set_data([T] * preview, np.clip(run.cs[T:], *_ENDS)[:preview])
        self.next_output.set_data([T] * preview, run.hs[T - 1 :][:preview])
        for step, word in enumerate(self.commands):
            word.set_text(commands[step].replace(" ", "\n") if step < T else "")
            word.set_alpha(0.6 if preview and step == T - 1 else 1.0)
        for name, texts in self.table.items():
            for step, text in enumerate(texts):
                text.set_text(_in_a_column(np.asarray(gates[name])[step]) if step < T else "")


def _in_a_column(value: float) -> str:
    """Write a gate with one decimal, or with two and no leading zero where one would hide it."""
    value = round(float(value), 2) + 0.0
    whole = value == round(value, 1)
    return (f"{value:.1f}" if whole else f"{value:.2f}".replace("0.", ".")).replace("-", "−")


def draw_memory(ax: Axes, steps: int) -> MemoryPicture:
    """Draw what a memory cell holds and lets out, with the gates of every step under it.

    Parameters
    ----------
    ax : Axes
    steps : int
        Room for so many steps.

    Returns
    -------
    MemoryPicture
        Empty; its ``move`` fills it.
    """
    ax.axhline(0, **ROLE["reference"])
    ax.set(xlim=(-0.5, steps + 0.6), ylim=(-5.0, 5.4))
    ax.set_yticks([-2, -1, 0, 1, 2, 3])
    ax.set_xticks(range(steps + 1))
    ax.set(xlabel="step t", title="what it holds (c) and lets out (h)")
    cell, hidden = dict(ROLE["cell_state"]), dict(ROLE["hidden_state"])
    rows = dict(zip(GATE_NAMES, (-2.75, -3.3, -3.85, -4.4), strict=True))
    for name, y in rows.items():
        ax.text(-0.1, y, f"${_LETTERS[name]}$", ha="center", va="center", color=_DARK[name])
    table = {
        name: [
            ax.text(t, y, "", ha="center", va="center", fontsize=9.5, color=_DARK[name])
            for t in range(1, steps + 1)
        ]
        for name, y in rows.items()
    }
    words = [ax.text(t, 5.2, "", ha="center", va="top", fontsize=9) for t in range(1, steps + 1)]
    look = {"markerfacecolor": "white", "linestyle": "none"}
    picture = MemoryPicture(
        cells=ax.plot([], [], **cell, marker="o", markersize=6, label="c")[0],
        outputs=ax.plot([], [], **hidden, marker="s", markersize=5, label="h")[0],
        next_cell=ax.plot([], [], color=cell["color"], marker="o", markersize=10, **look)[0],
        next_output=ax.plot([], [], color=hidden["color"], marker="s", markersize=7, **look)[0],
        table=table,
        commands=words,
    )
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2)
    return picture


# Half-life


@dataclass
class HalfLifePicture:
    """Own the artists of a picture of how fast a memory fades."""

    constant: Artist
    direct: Artist
    total: Artist
    half: Artist
    point: Artist
    note: Text

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return tuple(vars(self).values())

    def move(self, bias: float, direct: ArrayLike, total: ArrayLike, note: str) -> None:
        """Show another forget bias.

        Parameters
        ----------
        bias : float
        direct, total : array, shape (T + 1,)
            What is left after 0 … T steps, along the cell line and along all paths.
        note : str
        """
        direct, total = np.asarray(direct, dtype=float), np.asarray(total, dtype=float)
        steps = np.arange(len(direct))
        gate = 1 / (1 + np.exp(-bias))
        self.constant.set_data(steps, memory_left(np.full(len(steps) - 1, gate)))
        self.direct.set_data(steps, direct)
        self.total.set_data(steps, total)
        self.half.set_data([half_life(gate)] * 2, [_LEAST, 0.5])
        self.point.set_data([bias], [half_life(gate)])
        self.note.set_text(note)


def draw_half_life(
    axes: Sequence[Axes], steps: int, biases: tuple[float, float]
) -> HalfLifePicture:
    """Draw how a memory fades over the steps, and the half-life against the forget bias.

    Parameters
    ----------
    axes : two Axes
    steps : int
        Right end of the left panel.
    biases : (float, float)
        Ends of the right panel.

    Returns
    -------
    HalfLifePicture
        Empty; its ``move`` fills it.
    """
    left, right = axes
    left.axhline(0.5, **ROLE["reference"])
    left.set(xlim=(0, steps), ylim=(_LEAST, 500), xlabel="steps", ylabel="share that is left")
    left.set_yscale("log")
    left.set_title("what is left of a memory")
    line = np.linspace(*biases, 200)
    right.semilogy(line, half_life(1 / (1 + np.exp(-line))), **ROLE["forget_gate"])
    right.set(xlabel="forget bias b", ylabel="half-life (steps)", xlim=biases, ylim=(0.1, 2000))
    right.set_title("half-life against the bias")
    forget, cell = ROLE["forget_gate"], ROLE["cell_state"]
    dot = {"color": "black", "marker": "o", "markersize": 9, "linestyle": "none"}
    picture = HalfLifePicture(
        constant=left.plot([], [], color="#000000", linestyle=":", label="gate at σ(b) always")[0],
        direct=left.plot([], [], **forget, label="direct, ∏ f of the network")[0],
        total=left.plot([], [], **{**cell, "linewidth": 2}, label=TOTAL)[0],
        half=left.plot([], [], color="#000000", linestyle="-", linewidth=1)[0],
        point=right.plot([], [], **dot, clip_on=False)[0],
        note=right.text(0.03, 0.96, "", transform=right.transAxes, va="top", fontsize=10),
    )
    picture.total.set(linestyle=(0, (6, 1.5, 1.2, 1.5)))
    left.legend(loc="upper right")
    return picture


# Gates over a sentence


@dataclass
class GatesPicture:
    """Own the artists of a picture of gates over a sentence, and show other sentences in it."""

    image: AxesImage
    words: list[Text]
    mark: Artist
    lines: dict[str, Artist]
    title: Text
    subtitle: Text

    @property
    def moving(self) -> list[Artist]:
        """List every artist that `move` changes."""
        artists = [self.image, self.mark, self.title, self.subtitle]
        return [*artists, *self.words, *self.lines.values()]

    def move(
        self,
        values: ArrayLike,
        words: Sequence[str],
        unit: int,
        curves: Mapping[str, ArrayLike],
        title: str,
        signed: bool,
    ) -> None:
        """Show another sentence, quantity or unit.

        Parameters
        ----------
        values : array, shape (H, T)
            A row for each unit; in [0, 1], or in [-1, 1] if signed.
        words : sequence of str
            T of them, at most as many as the picture has room for.
        unit : int
            The row that is marked, from 0.
        curves : mapping of str to array, shape (T,)
            For the lower panel, by the names it was drawn with.
        title : str
        signed : bool
            Whether the values have a sign, so that white stands for zero.
        """
        values = np.asarray(values, dtype=float)
        H, T = values.shape
        room = len(self.words)
        padded = np.full((H, room), np.nan)
        padded[:, :T] = values
        self.image.set_data(padded)
        self.image.set_cmap(DIVERGING if signed else SEQUENTIAL)
        self.image.set_clim(-1.0 if signed else 0.0, 1.0)
        for t, text in enumerate(self.words):
            text.set_text(words[t] if t < T else "")
        self.mark.set_data([-0.5, T - 0.5, T - 0.5, -0.5, -0.5], _around(unit))
        for name, line in self.lines.items():
            line.set_data(np.arange(T), np.asarray(curves[name], dtype=float))
        self.title.set_text(title)
        self.subtitle.set_text(f"unit {unit + 1}, marked above; and what the network says")


def _around(row: int) -> list[float]:
    return [row - 0.5, row - 0.5, row + 0.5, row + 0.5, row - 0.5]


def draw_gates_over_words(axes: Sequence[Axes], H: int, room: int) -> GatesPicture:
    """Draw what every unit does at every word, and below all gates of one unit.

    Parameters
    ----------
    axes : two Axes, one above the other
    H : int
        Units.
    room : int
        Words of the longest sentence.

    Returns
    -------
    GatesPicture
        Empty; its ``move`` fills it. The lower panel has the lines ``input_gate``, ``forget_gate``,
        ``output_gate``, ``cell_state`` and ``prediction``.
    """
    top, low = axes
    image = top.imshow(
        np.full((H, room), np.nan), aspect="auto", interpolation="nearest", vmin=0, vmax=1
    )
    top.set_yticks([0, H - 1], ["1", str(H)])
    top.set_xticks([])
    top.set(ylabel="unit", xlim=(-0.5, room - 0.5))
    top.grid(False)
    low.axhline(0, **ROLE["reference"])
    low.set(xlim=(-0.5, room - 0.5), ylim=(-1.08, 1.08))
    low.set_xticks(range(room), [" " * 16] * room, rotation=90, fontsize=9)  # leaves room for words
    low.grid(axis="x", visible=False)
    place = low.get_xaxis_transform()
    words = [
        low.text(t, -0.03, "", rotation=90, ha="center", va="top", fontsize=9, transform=place)
        for t in range(room)
    ]
    labels = {
        "input_gate": "input gate",
        "forget_gate": "forget gate",
        "output_gate": "output gate",
        "cell_state": "tanh(c)",
    }
    lines = {name: low.plot([], [], **ROLE[name], label=label)[0] for name, label in labels.items()}
    said = {"color": "#882255", "linestyle": "none", "marker": "D", "markersize": 5}
    lines["prediction"] = low.plot([], [], **said, label="probability\nof “were”")[0]
    low.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    at = {"loc": "left", "fontsize": 12, "fontweight": "bold"}
    return GatesPicture(
        image=image,
        words=words,
        mark=top.plot([], [], color="#D55E00", linewidth=2, linestyle="-")[0],
        lines=lines,
        title=top.set_title(" ", **at),
        subtitle=low.set_title(" ", **at),
    )
