"""Stored results of a claim: rates and means with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter
from numpy.typing import ArrayLike

from utils.plots.series import series_looks, written_name
from utils.plots.style import ROLE

__all__ = ["draw_interval_curves", "draw_interval_rows"]

_MOST = 6  # series that a figure can tell apart


def draw_interval_curves(
    ax: Axes,
    curves: Mapping[str, Any],
    *,
    xlabel: str = "words between noun and verb",
    ylabel: str = "share of networks that learn",
    title: str = "",
    logarithmic: bool = False,
    spread: float = 0.0,
    legend: bool | str = True,
) -> None:
    """Draw estimates against a setting, each with its interval as a vertical bar.

    Parameters
    ----------
    ax : Axes
    curves : mapping of str to curve
        A curve has ``x``, ``estimate``, ``low`` and ``high``, arrays of equal length, such as
        ``experiments.common.Curve``; one line for each name.
    xlabel, ylabel, title : str
    logarithmic : bool
        Whether the vertical axis is; values below 1e-100 are then left out.
    spread : float
        How far the lines stand apart along x, so that bars do not cover each other.
    legend : bool, "below" or "inside"
        Whether the names are written beside the axes; "below": under the whole figure, together
        with those of its other axes.

    Raises
    ------
    ValueError
        If there are more curves than looks, or `legend` is another word.
    """
    if len(curves) > _MOST:
        raise ValueError(f"curves holds {len(curves)} lines; expected at most {_MOST}.")
    looks = series_looks(curves)
    for i, (name, curve) in enumerate(curves.items()):
        x, estimate, low, high = (
            np.asarray(getattr(curve, key), dtype=float) for key in ("x", "estimate", "low", "high")
        )
        if logarithmic:
            x, estimate, low, high = (v[estimate > 1e-100] for v in (x, estimate, low, high))
        ax.errorbar(
            x + spread * (i - (len(curves) - 1) / 2),
            estimate,
            yerr=np.maximum([estimate - low, high - estimate], 0),
            label=written_name(name),
            **{**looks[i], "linewidth": 1.8},
            markersize=5,
            elinewidth=1.4,
            capsize=3,
        )
    ax.set(xlabel=xlabel, ylabel=ylabel, title=written_name(title))
    if logarithmic:
        ax.set_yscale("log")
        _number_few_decades(ax)
    else:
        ax.set_ylim(-0.04, 1.06)
        ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    _place_legend(ax, legend)


def draw_interval_rows(
    ax: Axes,
    labels: Sequence[str],
    groups: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    title: str = "",
    logarithmic: bool = False,
    reference: float | None = None,
    legend: bool | str = True,
) -> None:
    """Draw estimates with their intervals as horizontal bars, one row for each label.

    Parameters
    ----------
    ax : Axes
    labels : sequence of str
        What the rows are called, from the top.
    groups : mapping of str to (estimates, lows, highs)
        Arrays as long as `labels`; each group has a look of its own.
    xlabel, title : str
    logarithmic : bool
        Whether the horizontal axis is; values must then be above 0.
    reference : float, optional
        Where to draw a dotted line.
    legend : bool, "below" or "inside"
        Whether the groups' names, if there are several, are written beside the axes; "below":
        under the whole figure, together with those of its other axes.

    Raises
    ------
    ValueError
        If a group is not as long as `labels`, or `legend` is another word.
    """
    rows = np.arange(len(labels))
    looks = series_looks(groups)
    step = 0.6 / max(len(groups), 1)
    for i, (name, values) in enumerate(groups.items()):
        estimate, low, high = (np.asarray(v, dtype=float) for v in values)
        if not len(estimate) == len(low) == len(high) == len(labels):
            raise ValueError(
                f"group {name!r} has {len(estimate)} rows; expected {len(labels)}, one per label."
            )
        ax.errorbar(
            estimate,
            rows + step * (i - (len(groups) - 1) / 2),
            xerr=np.maximum([estimate - low, high - estimate], 0),
            label=written_name(name),
            **{**looks[i], "linestyle": "none", "linewidth": 1.8},
            markersize=6,
            elinewidth=1.6,
            capsize=3,
        )
    if reference is not None:
        ax.axvline(reference, **ROLE["reference"])
    ax.set(xlabel=xlabel, title=written_name(title), ylim=(len(labels) - 0.5, -0.5))
    ax.set_yticks(rows, [written_name(label) for label in labels])
    if logarithmic:
        ax.set_xscale("log")
    if len(groups) > 1:
        _place_legend(ax, legend)


def _place_legend(ax: Axes, where: bool | str) -> None:
    """Write the names beside the axes, inside of them, below the figure, or nowhere."""
    if where == "below":
        _legend_below(ax)
    elif where == "inside":
        ax.legend(loc="best")
    elif where is True:
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    elif where is not False:
        raise ValueError(f"legend is {where!r}; expected True, False, 'below' or 'inside'.")


def _legend_below(ax: Axes) -> None:
    """Write the names of all axes of a figure in one line below it, each of them once."""
    handles: dict[str, Any] = {}
    for panel in ax.figure.axes:
        for handle, name in zip(*panel.get_legend_handles_labels(), strict=True):
            handles.setdefault(name, handle)
    for earlier in list(ax.figure.legends):
        earlier.remove()
    place = {"loc": "outside lower center", "ncols": len(handles)}
    ax.figure.legend(list(handles.values()), list(handles), **place)


def _number_few_decades(ax: Axes) -> None:
    """Write 60, 100, 200, 500 where a vertical axis holds less than two powers of ten."""
    low, high = ax.get_ylim()
    if low >= 1 and high < 100 * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
