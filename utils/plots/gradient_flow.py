"""Drawings of the way back: an error on the unrolled graph, checked gradients, sizes and memory.

Every ``draw_*`` paints what it is given and computes nothing but where to put it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from utils.gradient_flow import ErrorFlow
from utils.gradients import GradientReport
from utils.plots.graph import paint_arrow, paint_box
from utils.plots.style import ROLE
from utils.validation import Array

__all__ = [
    "ErrorFlowPicture",
    "GradientCheckPicture",
    "draw_cache_sizes",
    "draw_error_flow",
    "draw_gradient_check",
    "draw_sizes_by_step",
    "draw_two_paths",
    "in_words",
]

GRADIENT = ROLE["gradient"]["color"]
PALE = "#767676"
PASSED, FAILED = "#0072B2", "#D55E00"
STEP, WIDTH, HEIGHT = 3.2, 1.5, 1.15
ROWS = {"x": 0.0, "h": 2.6, "y": 5.0}
SMALLEST_ERROR, LARGEST_ERROR = 1e-13, 10.0  # ends of the axis of `draw_gradient_check`
_SUBSCRIPTS = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


def _signed(value: float) -> str:
    return f"{value + 0.0:+.3f}".replace("-", "−")


def _low(k: int) -> str:
    """Write a step as a subscript."""
    return str(k).translate(_SUBSCRIPTS)


class ErrorFlowPicture:
    """The artists of an error on its way back; ``update`` shows another way.

    Attributes
    ----------
    moving : list of Artist
        Everything that ``update`` changes.
    """

    def __init__(self, graph: Axes, bars: Axes, T: int) -> None:
        self._T = T
        self._values = {k: _text(graph, k, ROWS["h"] + 0.22) for k in range(-1, T)}
        self._grads = {k: _text(graph, k, ROWS["h"] - 0.25, bold=True) for k in range(-1, T)}
        self._errors = [_text(graph, k, ROWS["y"]) for k in range(T)]
        self._down = [_back_arrow(graph, (k, ROWS["y"]), (k, ROWS["h"])) for k in range(T)]
        self._back = [_back_arrow(graph, (k, ROWS["h"]), (k - 1, ROWS["h"])) for k in range(T)]
        label = {"color": GRADIENT, "fontsize": 9, "weight": "bold"}
        self._down_labels = [
            graph.text(k * STEP + 0.45, 3.8, "", ha="left", va="center", **label) for k in range(T)
        ]
        self._back_labels = [
            graph.text((k - 0.5) * STEP, ROWS["h"] - 0.5, "", ha="center", va="top", **label)
            for k in range(T)
        ]
        self._line = graph.text(-STEP - WIDTH / 2, 6.25, "", va="center", fontsize=10)
        places = [k * STEP for k in range(T + 1)]
        self._bars = bars.bar(
            places,
            [0.0] * (T + 1),
            0.9,
            color=GRADIENT,
            edgecolor="white",  # of the hatch; an outline would cover the line at 0
            linewidth=0,
            hatch=[*[""] * T, "///"],
        )
        self._bar_labels = [bars.text(x, 0, "", ha="center", fontsize=9) for x in places]
        self.moving: list[Artist] = [
            *self._values.values(),
            *self._grads.values(),
            *self._errors,
            *self._down,
            *self._back,
            *self._down_labels,
            *self._back_labels,
            self._line,
            *self._bars,
            *self._bar_labels,
        ]

    def update(self, flow: ErrorFlow, parameter: str, steps_back: int) -> None:
        """Show the way back of one error.

        Parameters
        ----------
        flow : ErrorFlow
            As many steps as the drawing has columns, and its inputs.
        parameter : {"W_hh", "W_xh", "b_h"}
            Whose gradient the bars show.
        steps_back : int, at least 0
            How many terms are shown, from the error's own step back; those that do not exist
            are left out.

        Raises
        ------
        ValueError
            If the number of steps differs from that of the drawing.
        """
        if len(flow.states) != self._T:
            raise ValueError(f"flow has {len(flow.states)} steps; expected {self._T}.")
        e = flow.error_at
        shown = range(e, max(e - steps_back, -1), -1)  # the steps whose terms are shown
        self._write_graph(flow, shown)
        self._write_bars(flow, parameter, shown)
        self._line.set_text(_last_term(flow, parameter, shown))

    def _write_graph(self, flow: ErrorFlow, shown: range) -> None:
        e = flow.error_at
        whole = len(shown) == e + 1
        self._values[-1].set_text(_signed(flow.start))
        self._grads[-1].set_text(_signed(flow.d_start) if whole else "")
        for k in range(self._T):
            here, at_error = k in shown, k == e
            self._values[k].set_text(_signed(flow.states[k]))
            self._grads[k].set_text(_signed(flow.d_states[k]) if here else "")
            self._errors[k].set_text(f"E{_low(k)}" + (f"\n{flow.error:.3f}" if at_error else ""))
            self._errors[k].set_color("black" if at_error else PALE)
            self._down[k].set_visible(at_error and here)
            self._down_labels[k].set_text(_signed(flow.d_states[k]) if at_error and here else "")
            leaves = here and (k - 1 in shown or (k == 0 and whole))
            self._back[k].set_visible(leaves)
            self._back_labels[k].set_text(f"×({_signed(flow.factors[k])})" if leaves else "")

    def _write_bars(self, flow: ErrorFlow, parameter: str, shown: range) -> None:
        terms = flow.terms[parameter]
        part = float(sum(terms[k] for k in shown))
        scale = max(np.abs(terms).max(), abs(flow.totals[parameter]), abs(part), 1e-12)
        heights = [terms[k] if k in shown else 0.0 for k in range(self._T)] + [part]
        for i, height in enumerate(heights):
            bar, label = self._bars[i], self._bar_labels[i]
            bar.set_height(height / scale)
            label.set_text(_signed(height) if i in shown or i == self._T else "")
            label.set_y(height / scale + (0.08 if height >= 0 else -0.08))
            label.set_va("bottom" if height >= 0 else "top")


def _last_term(flow: ErrorFlow, parameter: str, shown: range) -> str:
    """Write out the last term that is shown, factor by factor."""
    if not shown:
        return "Nothing has gone back yet."
    e, k = flow.error_at, shown[-1]
    before = ("s" + _low(k - 1), flow.states[k - 1] if k else flow.start)
    enters = {"W_hh": before, "W_xh": ("x" + _low(k), flow.xs[k]), "b_h": ("1", 1.0)}
    name, value = enters[parameter]
    factors = [
        _signed(flow.d_states[e]),
        *(f"({_signed(flow.factors[j])})" for j in range(e, k, -1)),
        f"(1 − s{_low(k)}² = {1 - flow.states[k] ** 2:.3f})",
        "1" if name == "1" else f"({name} = {_signed(value)})",
    ]
    product, term = " × ".join(factors), _signed(flow.terms[parameter][k])
    name = "{}_{{{}}}".format(*parameter.split("_"))
    return f"term of s{_low(k)} in ∂E{_low(e)}/∂${name}$:   {product}  =  {term}"


def _text(ax: Axes, k: int, y: float, bold: bool = False) -> Text:
    look = {"color": GRADIENT, "weight": "bold"} if bold else {}
    return ax.text(k * STEP, y, "", ha="center", va="center", fontsize=9.5, zorder=4, **look)


def _back_arrow(ax: Axes, start: tuple[int, float], end: tuple[int, float]) -> FancyArrowPatch:
    """Paint the way of a gradient from one box to another, beside the arrow forward."""
    (k, y), (k_end, y_end) = start, end
    if k == k_end:
        ends = (k * STEP + 0.3, y - HEIGHT / 2), (k * STEP + 0.3, y_end + HEIGHT / 2)
    else:
        ends = (k * STEP - WIDTH / 2, y - 0.32), (k_end * STEP + WIDTH / 2, y - 0.32)
    return ax.add_patch(_gradient_arrow(*ends))


def _gradient_arrow(start: tuple[float, float], end: tuple[float, float]) -> FancyArrowPatch:
    return FancyArrowPatch(
        start,
        end,
        arrowstyle="-|>",
        mutation_scale=14,
        shrinkA=0,
        shrinkB=0,
        color=GRADIENT,
        linewidth=2.0,
        linestyle=(0, (4, 2)),
        zorder=3,
    )


def draw_error_flow(
    graph: Axes, bars: Axes, flow: ErrorFlow, parameter: str = "W_hh", steps_back: int | None = None
) -> ErrorFlowPicture:
    """Draw the unrolled graph with an error on its way back, and its terms as bars below.

    Forward values are black on solid arrows, gradients bold on dashed ones. The bars are drawn
    relative to the largest of them; their numbers are the terms themselves.

    Parameters
    ----------
    graph, bars : Axes
        One above the other, of equal width.
    flow : ErrorFlow
    parameter : {"W_hh", "W_xh", "b_h"}
        Whose gradient the bars show.
    steps_back : int, optional
        How many terms are shown; all of them without it.

    Returns
    -------
    ErrorFlowPicture
    """
    T = len(flow.states)
    low, middle, high = ROWS.values()
    half = HEIGHT / 2
    for k in range(-1, T):
        x = k * STEP
        box = paint_box(graph, x, middle, kind="h")
        graph.text(x - WIDTH / 2, middle + half + 0.07, f"$s_{{{k}}}$", va="bottom")
        if k < 0:
            box.set_linestyle((0, (1, 1.5)))
            continue
        paint_box(graph, x, low, kind="x", height=0.8)
        _text(graph, k, low).set_text(f"{flow.xs[k]:g}".replace("-", "−"))
        graph.text(x - WIDTH / 2, low + 0.45, f"$x_{k}$", va="bottom")
        paint_box(graph, x, high, kind="y")
        paint_arrow(graph, (x, low + 0.4), (x, middle - half), kind="x")
        paint_arrow(graph, (x - 0.3, middle + half), (x - 0.3, high - half), kind="y")
        left, right = x - STEP + WIDTH / 2, x - WIDTH / 2
        paint_arrow(graph, (left, middle + 0.3), (right, middle + 0.3), kind="h")
        graph.text(x - STEP / 2, middle + 0.42, "$W_{hh}$", ha="center", va="bottom", fontsize=10)
    legend = "upper: s\nlower, bold:\n∂E/∂s, on its\nway back"
    graph.text(T * STEP, middle, legend, ha="center", va="center", fontsize=9, linespacing=1.4)
    limits = (-STEP - WIDTH / 2 - 0.1, T * STEP + WIDTH / 2 + 0.35)
    graph.set(xlim=limits, ylim=(-0.5, 6.6), xticks=[], yticks=[])
    graph.set_frame_on(False)
    names = [f"term of $s_{k}$" for k in range(T)] + ["sum of these"]
    bars.set_xticks([k * STEP for k in range(T + 1)], names)
    bars.set(xlim=limits, ylim=(-1.4, 1.4), yticks=[0])
    bars.set_yticklabels(["0"])
    bars.tick_params(length=0)
    bars.grid(False)
    bars.axhline(0, color="#444444", linewidth=0.8)
    bars.spines[["left", "bottom"]].set_visible(False)
    picture = ErrorFlowPicture(graph, bars, T)
    picture.update(flow, parameter, T if steps_back is None else steps_back)
    return picture


class GradientCheckPicture:
    """The artists of a gradient check; ``update`` shows another report.

    Attributes
    ----------
    moving : list of Artist
        Everything that ``update`` changes.
    """

    def __init__(self, ax: Axes, names: Sequence[str]) -> None:
        self._names = list(names)
        beside = {"xytext": (8, 0), "textcoords": "offset points", "annotation_clip": False}
        self._stems, self._marks, self._verdicts = [], [], []
        for i in range(len(names)):
            self._stems += ax.plot([SMALLEST_ERROR] * 2, [i, i], linewidth=2.5)
            self._marks += ax.plot([], [], markersize=9)
            place = {"xycoords": ("axes fraction", "data"), "va": "center"}
            self._verdicts.append(ax.annotate("", (1.0, i), **place, **beside))
        self._lines = ax.annotate(
            "",
            (0.0, 1.0),
            xycoords="axes fraction",
            **{**beside, "xytext": (0, 12)},
            va="bottom",
            family="monospace",
            fontsize=10,
            linespacing=1.5,
        )
        self.moving: list[Artist] = [*self._stems, *self._marks, *self._verdicts, self._lines]

    def update(self, report: GradientReport, lines: str = "") -> None:
        """Show a report.

        Parameters
        ----------
        report : GradientReport
            With a row for each parameter of the drawing.
        lines : str
            Written above: the line of code in question.
        """
        self._lines.set_text(lines)
        artists = zip(self._names, self._stems, self._marks, self._verdicts, strict=True)
        for i, (name, stem, mark, verdict) in enumerate(artists):
            row = report[name]
            error = float(np.clip(row.relative_error, SMALLEST_ERROR, LARGEST_ERROR))
            colour = PASSED if row.passed else FAILED
            stem.set_xdata([SMALLEST_ERROR, error])
            stem.set(color=colour, linestyle="-" if row.passed else (0, (4, 2)))
            mark.set_data([error], [i])
            mark.set(color=colour, marker="o" if row.passed else "X")
            verdict.set_text("equal" if row.passed else "not equal")
            verdict.set(color=colour, weight="normal" if row.passed else "bold")


def draw_gradient_check(ax: Axes, report: GradientReport, lines: str = "") -> GradientCheckPicture:
    """Draw the relative error of every parameter's gradient beside the tolerance.

    Parameters
    ----------
    ax : Axes
    report : GradientReport
    lines : str
        Written above: the line of code in question, up to two lines.

    Returns
    -------
    GradientCheckPicture
    """
    names = [row.name for row in report.rows]
    signs = [f"${name.replace('_', '_{', 1)}}}$" for name in names]
    ax.axvline(report.tolerance, **ROLE["reference"])
    ax.annotate(
        "tolerance",
        (report.tolerance, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=9,
    )
    ax.set_xscale("log")
    ax.set(xlim=(SMALLEST_ERROR, LARGEST_ERROR), ylim=(len(names) - 0.5, -0.9))
    ax.set_yticks(range(len(names)), signs)
    ax.set_xticks([1e-12, 1e-9, 1e-6, 1e-3, 1])
    ax.minorticks_off()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("relative error against central differences")
    picture = GradientCheckPicture(ax, names)
    picture.update(report, lines)
    return picture


def in_words(report: GradientReport) -> str:
    """Say which parameters of a report are equal and which are not.

    Parameters
    ----------
    report : GradientReport

    Returns
    -------
    str
        Such as ``"equal: W_hy, b_y; not equal: W_xh, W_hh, b_h, h_0"``.
    """
    parts = []
    for words, passed in (("equal", True), ("not equal", False)):
        names = [row.name for row in report.rows if row.passed == passed]
        parts.append(f"{words}: {', '.join(names) or 'none'}")
    return "; ".join(parts)


def draw_sizes_by_step(ax: Axes, sizes: Mapping[str, Array]) -> None:
    """Draw how much of the gradient arrives, by how many steps it has gone back.

    Parameters
    ----------
    ax : Axes
    sizes : mapping from str to array, shape (N, T)
        Under the name of each group a row for each of its N networks: the size of the gradient
        at every step relative to the last, as `utils.gradient_flow.sizes_by_step` gives it. Up to
        three groups.
    """
    looks = [("#0072B2", "-", "o"), (GRADIENT, (0, (5, 2)), "s"), ("#000000", ":", "^")]
    at_noun = {name: float(np.median(rows, axis=0)[1]) for name, rows in sizes.items()}
    for (name, rows), (colour, dash, marker) in zip(sizes.items(), looks, strict=False):
        rows = np.asarray(rows)
        higher = sum(value > at_noun[name] for value in at_noun.values())
        back = np.arange(rows.shape[1])[::-1]
        ax.plot(back, rows.T, color=colour, linewidth=0.8, alpha=0.45, linestyle=dash)
        middle = np.median(rows, axis=0)
        ax.plot(back, middle, color=colour, linestyle=dash, linewidth=2.6)
        ax.plot(back[1], middle[1], marker, color=colour)
        ax.annotate(
            name,
            (back[1], middle[1]),
            xytext=(24, 12 * (1 - higher)),  # the highest moves up, the lowest down
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
    ax.set(
        yscale="log",
        xlabel="steps back from the last item (marked: the noun)",
        ylabel="size of ∂L/∂h, relative",
    )
    ax.set_title("Thin: single networks. Thick: their median", fontsize=10, weight="normal")


def draw_two_paths(ax: Axes) -> None:
    """Draw the two places that a state goes to, and the two gradients that come back.

    Parameters
    ----------
    ax : Axes
        Cleared of ticks and frame by this function.
    """
    half, gap = HEIGHT / 2, 5.4
    boxes = {"$h_{t-1}$": (-gap, 0.0), "$h_t$": (0.0, 0.0), "$h_{t+1}$": (gap, 0.0)}
    for name, (x, y) in {**boxes, "$o_t$": (0.0, 3.0)}.items():
        paint_box(ax, x, y, kind="h" if name in boxes else "y")
        ax.text(x, y, name, ha="center", va="center", fontsize=13, zorder=4)
    paint_arrow(ax, (-0.25, half), (-0.25, 3 - half), kind="y")
    ways = (
        (0.25, 3 - half, 0.25, half, 0.55, 1.5, r"\partial o_t} W_{hy}^\top"),
        (gap - WIDTH / 2, -0.25, WIDTH / 2, -0.25, gap / 2, -1, r"\partial z_{t+1}} W_{hh}^\top"),
        (-WIDTH / 2, -0.25, WIDTH / 2 - gap, -0.25, -gap / 2, -1, r"\partial z_t} W_{hh}^\top"),
    )
    for x, y, x_end, y_end, x_text, y_text, what in ways:
        ax.add_patch(_gradient_arrow((x, y), (x_end, y_end)))
        formula = r"$\dfrac{\partial L}{" + what + "$"
        side = "left" if y_text > 0 else "center"
        look = {"color": GRADIENT, "fontsize": 11.5, "va": "center", "ha": side}
        ax.text(x_text, y_text, formula, **look)
        if y_text < 0:
            paint_arrow(ax, (x_end, 0.25), (x, 0.25), kind="h")
    words = (
        "$\\partial L/\\partial h_t$ is the sum of the\ntwo thick dashed arrows\nthat end at $h_t$"
    )
    ax.text(3.3, 2.2, words, va="center", fontsize=10)
    ax.set(xlim=(-gap - 1, gap + 1.4), ylim=(-1.7, 3.7), xticks=[], yticks=[])
    ax.set_frame_on(False)


def draw_cache_sizes(
    ax: Axes, lengths: Sequence[int], sizes: Mapping[str, Sequence[float]]
) -> None:
    """Draw the most memory that a way forward and back takes, against the length.

    Parameters
    ----------
    ax : Axes
    lengths : sequence of int
        Values of T, in steps.
    sizes : mapping from str to sequence of float
        Bytes under the name of each way of doing it, one for every length. Up to two ways.
    """
    looks = [("#000000", "-", "o"), (GRADIENT, (0, (5, 2)), "s")]
    for (name, values), (colour, dash, marker) in zip(sizes.items(), looks, strict=False):
        mebibytes = np.asarray(values) / 2**20
        ax.plot(lengths, mebibytes, color=colour, linestyle=dash, marker=marker)
        ax.annotate(
            name,
            (lengths[-1], mebibytes[-1]),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.set_xticks(lengths, [str(T) for T in lengths])
    ax.minorticks_off()
    ax.set(xlabel="length T (steps)", ylabel="peak memory (MiB)")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
