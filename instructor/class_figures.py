"""The figures of a class report, in the course's look; they draw and count nothing."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from instructor.class_summary import LEVELS, ExerciseSummary, MistakeCount
from utils.plots import new_figure
from utils.plots.style import DRAWING

LOOK: dict[str, dict[str, Any]] = {  # level to colour and pattern: never colour alone
    "full points": {"facecolor": "#009E73", "hatch": ""},
    "half or more": {"facecolor": "#8CC8E8", "hatch": "//"},
    "below half": {"facecolor": "#F0C27A", "hatch": ".."},
    "no points": {"facecolor": "#D55E00", "hatch": "xx"},
    "not started": {"facecolor": "#CCCCCC", "hatch": ""},
    "no score": {"facecolor": "#FFFFFF", "hatch": "--"},
}
WIDTH, ROW = 9.0, 0.42  # inches: of a figure, and of a row of bars
TITLE, SHOWN = 44, 12  # characters of a title on an axis; mistakes in the figure


def draw_levels(ax: Any, exercises: Sequence[ExerciseSummary]) -> None:
    """Draw for each exercise how many students reached each level, with the numbers."""
    rows = np.arange(len(exercises))[::-1]
    start = np.zeros(len(exercises))
    for level in LEVELS:
        counts = np.array([exercise.levels[level] for exercise in exercises], dtype=float)
        bars = ax.barh(
            rows,
            counts,
            left=start,
            height=0.72,
            edgecolor="#333333",
            linewidth=0.6,
            label=level,
            **LOOK[level],
        )
        for bar, count in zip(bars, counts, strict=True):
            if count:
                middle = bar.get_x() + bar.get_width() / 2
                ax.text(
                    middle,
                    bar.get_y() + bar.get_height() / 2,
                    f"{count:.0f}",
                    ha="center",
                    va="center",
                    fontsize=9,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.85},
                )
        start += counts
    ax.set_yticks(rows, [_short(exercise.title) for exercise in exercises])
    ax.set(xlabel="students", xlim=(0, max(start.max(initial=0), 1)))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="y", visible=False)
    ax.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1.01))


def draw_totals(ax: Any, totals: Sequence[float]) -> None:
    """Draw how many students have how much of the automatic points, in ten classes."""
    counts, edges = np.histogram(totals, bins=10, range=(0, 1))
    ax.bar(
        100 * edges[:-1],
        counts,
        width=10,
        align="edge",
        color="#0072B2",
        edgecolor="white",
        linewidth=1.5,
    )
    for edge, count in zip(edges, counts, strict=False):
        if count:
            ax.annotate(
                str(count),
                (100 * edge + 5, count),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=9,
            )
    ax.set(
        xlabel="share of the automatic points (%)",
        ylabel="students",
        xlim=(0, 100),
        ylim=(0, 1.15 * max(counts.max(initial=0), 1)),
    )
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="x", visible=False)


def draw_mistakes(ax: Any, mistakes: Sequence[MistakeCount]) -> None:
    """Draw how many students made each of the most common recognised mistakes."""
    shown = mistakes[:SHOWN]
    rows = np.arange(len(shown))[::-1]
    names = [f"{_short(m.exercise)}\n{_short(_words(m.key), 52)}" for m in shown]
    ax.barh(rows, [m.students for m in shown], height=0.6, color="#D55E00")
    for row, mistake in zip(rows, shown, strict=True):
        ax.annotate(
            str(mistake.students),
            (mistake.students, row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    ax.set_yticks(rows, names, fontsize=8.5)
    most = max((mistake.students for mistake in shown), default=1)
    ax.set(xlabel="students", xlim=(0, 1.08 * most))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="y", visible=False)


def levels_figure(exercises: Sequence[ExerciseSummary]) -> Figure:
    """Make the figure of `draw_levels`, as high as it needs to be."""
    fig, ax = new_figure(size=(WIDTH, min(30.0, 1.6 + ROW * len(exercises))))
    draw_levels(ax, exercises)
    return fig


def totals_figure(totals: Sequence[float]) -> Figure:
    """Make the figure of `draw_totals`."""
    fig, ax = new_figure(size=(WIDTH, 3.0))
    draw_totals(ax, totals)
    return fig


def mistakes_figure(mistakes: Sequence[MistakeCount]) -> Figure:
    """Make the figure of `draw_mistakes`, as high as it needs to be."""
    fig, ax = new_figure(size=(WIDTH, 0.9 + ROW * 1.15 * min(len(mistakes), SHOWN)))
    draw_mistakes(ax, mistakes)
    return fig


def as_svg(figure: Figure) -> bytes:
    """Encode a figure as SVG, with the same bytes for the same figure."""
    with DRAWING, io.BytesIO() as file:
        with matplotlib.rc_context({"svg.hashsalt": "class report", "svg.fonttype": "path"}):
            figure.savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue()


def _words(key: str) -> str:
    return key.replace("|", " or ").replace("_", " ")


def _short(text: str, width: int = TITLE) -> str:
    """Shorten a title in its middle: the part of the exercise at its end stays."""
    tail = found.group() if (found := re.search(r" \(part .\)$", text)) else ""
    head = textwrap.shorten(text.removesuffix(tail), width - len(tail), placeholder=" …")
    return f"{head}{tail}".replace("$", r"\$")
