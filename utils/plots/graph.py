"""Drawings of a recurrent network: unrolled with its numbers, folded, and wired for a task.

Every ``draw_*`` paints what it is given and computes nothing. A drawing that a widget moves
returns an object with ``moving`` (the artists that change) and ``update``.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.text import Text

from utils.data.task_shapes import Wiring
from utils.plots.style import ROLE
from utils.unrolled import UnrolledRun

__all__ = [
    "UnrolledPicture",
    "draw_folded",
    "draw_unrolled",
    "draw_wiring",
    "paint_arrow",
    "paint_box",
]

HIDDEN = ROLE["hidden_state"]["color"]
EDGE = {"x": ROLE["input"]["color"], "h": HIDDEN, "y": ROLE["prediction"]["color"]}
INK = "#000000"
WAITING = "#8c8c8c"  # a step that has not happened yet; 3.4:1 on white
CURRENT = "#fff0b3"  # fill of the step that is being computed
PAPER = "#ffffff"
STATE = "#ececec"

STEP = 3.2  # distance of two time steps
ROWS = {"x": 0.0, "h": 2.3, "y": 4.6}
WIDTH, HEIGHT = 1.5, 1.15
SHOWN = 4  # numbers that fit into a box


def paint_box(
    ax: Axes, x: float, y: float, *, kind: str, width: float = WIDTH, height: float = HEIGHT
) -> FancyBboxPatch:
    """Paint a box around (x, y): square for an input "x", round for a state "h", dashed for "y".

    Parameters
    ----------
    ax : Axes
    x, y : float
        Its centre.
    kind : {"x", "h", "y"}
    width, height : float

    Returns
    -------
    FancyBboxPatch
    """
    style = "square,pad=0" if kind == "x" else "round,pad=0,rounding_size=0.25"
    box = FancyBboxPatch(
        (x - width / 2, y - height / 2),
        width,
        height,
        boxstyle=style,
        facecolor=STATE if kind == "h" else PAPER,
        edgecolor=EDGE[kind],
        linewidth=2.2 if kind == "h" else 1.4,
        linestyle=(0, (4, 2)) if kind == "y" else "-",
        zorder=2,
    )
    ax.add_patch(box)
    return box


def paint_arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], *, kind: str, bend: float = 0.0
) -> FancyArrowPatch:
    """Paint an arrow: thick grey for a state "h", thin for an input "x", dashed for an output "y".

    Parameters
    ----------
    ax : Axes
    start, end : tuple of two floats
    kind : {"x", "h", "y", "feedback"}
    bend : float
        How far it leaves the straight line, as a share of its length.

    Returns
    -------
    FancyArrowPatch
    """
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle="-|>",
        mutation_scale=13,
        shrinkA=0,
        shrinkB=0,
        connectionstyle=f"arc3,rad={bend}",
        color=EDGE.get(kind, INK),
        linewidth={"x": 1.4, "h": 2.6, "y": 1.4, "feedback": 1.4}[kind],
        linestyle={"y": (0, (4, 2)), "feedback": (0, (1, 2))}.get(kind, "-"),
        zorder=1,
    )
    ax.add_patch(arrow)
    return arrow


def _stack(values: Sequence[float], sign: str = "+") -> str:
    """Write a vector as one number a line; what does not fit becomes an ellipsis."""
    lines = [f"{value + 0.0:{sign}.3f}".replace("-", "−") for value in values]
    if len(lines) > SHOWN:
        lines = [*lines[: SHOWN - 1], "⋮"]
    return "\n".join(lines)


class UnrolledPicture:
    """The artists of an unrolled graph; ``update`` writes other numbers into the same drawing.

    Attributes
    ----------
    moving : list of Artist
        Boxes and numbers: everything that ``update`` changes.
    """

    def __init__(
        self,
        boxes: list[dict[str, FancyBboxPatch]],
        numbers: list[dict[str, Text]],
        start: Text,
        note: Text,
    ) -> None:
        self._boxes, self._numbers, self._start, self._note = boxes, numbers, start, note
        self.moving: list[Artist] = [start, note]
        for per_step in (*boxes, *numbers):
            self.moving.extend(per_step.values())

    def update(self, run: UnrolledRun, step: int | None = None, note: str = "") -> None:
        """Write the numbers of a run into the boxes.

        Parameters
        ----------
        run : UnrolledRun
            As many steps as the drawing has columns.
        step : int, optional
            Steps that have happened, 0 to T. Later boxes keep a question mark, the box of
            this step is highlighted. Left out: all steps have happened, none is highlighted.
        note : str
            Lines written under the graph.

        Raises
        ------
        ValueError
            If the run has another number of steps than the drawing, or `step` is outside 0..T.
        """
        T = len(self._boxes)
        if len(run.xs) != T:
            raise ValueError(f"run has {len(run.xs)} steps; expected {T}, as the drawing has.")
        if step is not None and not 0 <= step <= T:
            raise ValueError(f"step is {step}; expected 0 to {T}.")
        self._start.set_text(_stack(run.h_0))
        self._note.set_text(note)
        done = T if step is None else step
        for t, (boxes, numbers) in enumerate(zip(self._boxes, self._numbers, strict=True)):
            happened, current = t < done, step is not None and t == step - 1
            values = {"x": run.xs[t], "h": run.hs[t], "y": run.probabilities[t]}
            for kind, box in boxes.items():
                shown = happened or kind == "x"
                sign = "" if kind == "y" else "+"  # a probability has none
                numbers[kind].set_text(_stack(values[kind], sign) if shown else "?")
                numbers[kind].set_color(INK if happened else HIDDEN)
                fill = STATE if kind == "h" else PAPER
                box.set_facecolor(CURRENT if current else fill)
                box.set_edgecolor(EDGE[kind] if happened else WAITING)


def draw_unrolled(
    ax: Axes,
    run: UnrolledRun,
    step: int | None = None,
    *,
    words: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    note_lines: int = 0,
) -> UnrolledPicture:
    """Draw a network unrolled in time, from left to right, with the numbers in its boxes.

    Parameters
    ----------
    ax : Axes
        Cleared of ticks and frame by this function.
    run : UnrolledRun
        The numbers; the drawing has a column for each of its T steps.
    step : int, optional
        Steps that have happened, 0 to T; left out: all, and none is highlighted.
    words : sequence of str, optional
        What each input stands for, written under it; T of them.
    classes : sequence of str, optional
        What each output probability stands for, written above the first output.
    note_lines : int
        How many lines of room to leave under the graph for the note of ``update``.

    Returns
    -------
    UnrolledPicture
        Its ``update`` writes other numbers into the same drawing.

    Raises
    ------
    ValueError
        If there are not as many words as steps.
    """
    T = len(run.xs)
    if words is not None and len(words) != T:
        raise ValueError(f"words has {len(words)} entries; expected {T}, one for each step.")
    boxes, numbers = [], []
    start = _draw_start(ax)
    for t in range(T):
        x = t * STEP
        boxes.append({kind: paint_box(ax, x, y, kind=kind) for kind, y in ROWS.items()})
        numbers.append({kind: _number(ax, x, y) for kind, y in ROWS.items()})
        _name(ax, x, ROWS["x"], f"$x_{{{t + 1}}}$")
        _name(ax, x, ROWS["h"], f"$h_{{{t + 1}}}$")
        _name(ax, x, ROWS["y"], rf"$\hat{{y}}_{{{t + 1}}}$")
        _draw_step_arrows(ax, x)
        if words is not None:
            ax.text(x, -HEIGHT / 2 - 0.15, words[t], ha="center", va="top", style="italic")
    if classes is not None:
        label = "probabilities of\n" + ", ".join(classes)
        ax.text(-STEP, ROWS["y"], label, ha="center", va="center", fontsize=9)
    bottom = -HEIGHT / 2 - (0.75 if words is not None else 0.2)
    written = ax.text(-STEP - WIDTH / 2, bottom - 0.1, "", va="top", family="monospace", fontsize=9)
    bottom -= 0.40 * note_lines + (0.2 if note_lines else 0)
    _frame(ax, (-STEP - WIDTH / 2 - 0.1, (T - 1) * STEP + WIDTH / 2 + 0.1), (bottom, 5.8))
    picture = UnrolledPicture(boxes, numbers, start, written)
    picture.update(run, step)
    return picture


def _draw_start(ax: Axes) -> Text:
    """Paint the box of h_0, one column before the first step."""
    paint_box(ax, -STEP, ROWS["h"], kind="h").set_linestyle((0, (1, 1.5)))
    _name(ax, -STEP, ROWS["h"], "$h_0$")
    return _number(ax, -STEP, ROWS["h"])


def _draw_step_arrows(ax: Axes, x: float) -> None:
    """Paint the three arrows of one step with the same three names at every step."""
    low, middle, high = ROWS.values()
    half = HEIGHT / 2
    paint_arrow(ax, (x, low + half), (x, middle - half), kind="x")
    paint_arrow(ax, (x, middle + half), (x, high - half), kind="y")
    paint_arrow(ax, (x - STEP + WIDTH / 2, middle), (x - WIDTH / 2, middle), kind="h")
    ax.text(x + 0.12, (low + middle) / 2, "$W_{xh}$", va="center", fontsize=10)
    ax.text(x + 0.12, (middle + high) / 2, "$W_{hy}$", va="center", fontsize=10)
    ax.text(x - STEP / 2, middle + 0.18, "$W_{hh}$", ha="center", va="bottom", fontsize=10)


def _number(ax: Axes, x: float, y: float) -> Text:
    return ax.text(x, y, "", ha="center", va="center", fontsize=9.5, linespacing=1.15, zorder=3)


def _name(ax: Axes, x: float, y: float, name: str) -> None:
    ax.text(x - WIDTH / 2, y + HEIGHT / 2 + 0.07, name, ha="left", va="bottom", fontsize=11)


def _frame(ax: Axes, xlim: tuple[float, float], ylim: tuple[float, float]) -> None:
    ax.set(xlim=xlim, ylim=ylim, xticks=[], yticks=[])
    ax.set_frame_on(False)


def draw_folded(ax: Axes) -> None:
    """Draw the same network folded: one step, and an arrow from the state back into itself.

    The black square on the arrow stands for a delay of one step.

    Parameters
    ----------
    ax : Axes
        Cleared of ticks and frame by this function; its limits match those of
        `draw_unrolled` without words, so that the two stand side by side.
    """
    low, middle, high = ROWS.values()
    half = HEIGHT / 2
    for (kind, y), name in zip(ROWS.items(), ("$x_t$", "$h_t$", r"$\hat{y}_t$"), strict=True):
        paint_box(ax, 0, y, kind=kind)
        ax.text(0, y, name, ha="center", va="center", fontsize=13, zorder=3)
    paint_arrow(ax, (0, low + half), (0, middle - half), kind="x")
    paint_arrow(ax, (0, middle + half), (0, high - half), kind="y")
    right, out = WIDTH / 2, 1.1
    corners = [(right, middle + 0.35), (right + out, middle + 0.35), (right + out, middle - 0.35)]
    ax.plot(*zip(*corners, strict=True), color=HIDDEN, linewidth=2.6, zorder=1)
    paint_arrow(ax, corners[-1], (right, middle - 0.35), kind="h")
    ax.add_patch(Rectangle((right + out - 0.17, middle - 0.17), 0.34, 0.34, color=INK, zorder=3))
    ax.text(right + out / 2, middle + 0.45, "$W_{hh}$", ha="center", va="bottom", fontsize=10)
    ax.text(right + 0.15, middle - 0.55, "one step\nlater", ha="left", va="top", fontsize=9)
    ax.text(0.12, (low + middle) / 2, "$W_{xh}$", va="center", fontsize=10)
    ax.text(0.12, (middle + high) / 2, "$W_{hy}$", va="center", fontsize=10)
    _frame(ax, (-1.2, right + out + 0.5), (-half - 0.2, 5.8))


def draw_wiring(ax: Axes, wiring: Wiring, *, steps: int | None = None) -> list[Artist]:
    """Draw which steps of a network take an input and which give an output.

    Parameters
    ----------
    ax : Axes
        Cleared of ticks and frame by this function.
    wiring : Wiring
        Labels of inputs and outputs, one entry per step, None for nothing.
    steps : int, optional
        Room for so many steps, at least those of the wiring; centres a short wiring in it.

    Returns
    -------
    list of Artist
        Everything that was painted, so that a picker can show and hide it.

    Raises
    ------
    ValueError
        If inputs and outputs differ in length or there is no room for the steps.
    """
    T = len(wiring.inputs)
    room = T if steps is None else steps
    if len(wiring.outputs) != T or T == 0:
        raise ValueError(
            f"wiring has {T} inputs and {len(wiring.outputs)} outputs; expected one "
            "entry of each per step, at least one step."
        )
    if room < T:
        raise ValueError(f"steps is {room}; the wiring has {T} steps.")
    before = set(ax.get_children())
    shift, gap, width = (room - T) / 2, 2.0, 1.75
    for t, (given, wanted) in enumerate(zip(wiring.inputs, wiring.outputs, strict=True)):
        x = (t + shift) * gap
        decoder = wiring.decoder_from is not None and t >= wiring.decoder_from
        _draw_wiring_step(ax, x, given, wanted, decoder, width)
        if t > 0 and wiring.recurrent:
            paint_arrow(ax, (x - gap + 0.55, 1.6), (x - 0.55, 1.6), kind="h")
        if t > 0 and wiring.feedback and given is not None and wiring.outputs[t - 1] is not None:
            paint_arrow(ax, (x - gap + 0.7, 2.82), (x - 0.6, 0.38), kind="feedback")
    _frame(ax, (-gap / 2, (room - 0.5) * gap), (-0.5, 3.7))
    return [artist for artist in ax.get_children() if artist not in before]


def _draw_wiring_step(
    ax: Axes, x: float, given: str | None, wanted: str | None, decoder: bool, width: float
) -> None:
    """Paint one step of a wiring: the state, and what goes in and comes out."""
    state = paint_box(ax, x, 1.6, kind="h", width=1.1, height=0.75)
    if decoder:
        state.set(hatch="///", facecolor=PAPER)
    if given is not None:
        paint_box(ax, x, 0, kind="x", width=width, height=0.75)
        ax.text(x, 0, given, ha="center", va="center", fontsize=9.5, zorder=3)
        paint_arrow(ax, (x, 0.375), (x, 1.225), kind="x")
    if wanted is not None:
        paint_box(ax, x, 3.2, kind="y", width=width, height=0.75)
        ax.text(x, 3.2, wanted, ha="center", va="center", fontsize=9.5, zorder=3)
        paint_arrow(ax, (x, 1.975), (x, 2.825), kind="y")
