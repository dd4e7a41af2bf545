"""Stored results of a claim: rates and means with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from utils.plots.style import ROLE

__all__ = ["draw_interval_curves", "draw_interval_rows"]

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#882255", "#000000", "#666666")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)), ":")
_MARKERS = ("o", "s", "^", "D", "v", "x")


def draw_interval_curves(
    ax: Axes,
    curves: Mapping[str, Any],
    *,
    xlabel: str = "words between noun and verb",
    ylabel: str = "share of networks that learn",
    title: str = "",
    logarithmic: bool = False,
    spread: float = 0.0,
    legend: bool = True,
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
    legend : bool
        Whether the names are written beside the figure.

    Raises
    ------
    ValueError
        If there are more curves than looks.
    """
    if len(curves) > len(_COLORS):
        raise ValueError(f"curves holds {len(curves)} lines; expected at most {len(_COLORS)}.")
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
            label=name,
            color=_COLORS[i],
            linestyle=_DASHES[i],
            marker=_MARKERS[i],
            markersize=5,
            linewidth=1.8,
            elinewidth=1.4,
            capsize=3,
        )
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if logarithmic:
        ax.set_yscale("log")
    else:
        ax.set_ylim(-0.04, 1.06)
    if legend:
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def draw_interval_rows(
    ax: Axes,
    labels: Sequence[str],
    groups: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    title: str = "",
    logarithmic: bool = False,
    reference: float | None = None,
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

    Raises
    ------
    ValueError
        If a group is not as long as `labels`.
    """
    rows = np.arange(len(labels))
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
            label=name,
            color=_COLORS[i],
            marker=_MARKERS[i],
            linestyle="none",
            markersize=6,
            elinewidth=1.6,
            capsize=3,
        )
    if reference is not None:
        ax.axvline(reference, **ROLE["reference"])
    ax.set(xlabel=xlabel, title=title, ylim=(len(labels) - 0.5, -0.5))
    ax.set_yticks(rows, labels)
    if logarithmic:
        ax.set_xscale("log")
    if len(groups) > 1:
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
