"""Drawings of forecasts: a series and its parts, errors by lead, intervals, and leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from numpy.typing import ArrayLike

from utils.plots.style import ROLE, UNDER_TEXT

__all__ = [
    "ForecastPicture",
    "LeakPicture",
    "draw_coverage",
    "draw_errors_by_lead",
    "draw_forecast",
    "draw_forecasts",
    "draw_leak",
    "draw_series",
]

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#882255", "#000000", "#666666")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)), ":")
_SHADES = ("#FFFFFF", "#EEF2F6", "#F8EBDD")
_BAND = "#9CC3E0"
REPORTED, LATER = "#0072B2", "#D55E00"


def _look(i: int) -> dict[str, Any]:
    return {"color": _COLORS[i], "linestyle": _DASHES[i], "linewidth": 2.0}


def _checked(curves: Mapping[str, Any]) -> None:
    if len(curves) > len(_COLORS):
        raise ValueError(f"curves holds {len(curves)} lines; expected at most {len(_COLORS)}.")


def _months(longest: int) -> list[int]:
    """Give ticks at 1 and at every half year, or everywhere if there are few."""
    return [1, *range(6, longest + 1, 6)] if longest >= 12 else list(range(1, longest + 1))


# Still pictures


def draw_series(
    ax: Axes,
    x: ArrayLike,
    values: ArrayLike,
    parts: Mapping[str, slice] | None = None,
    *,
    ylabel: str = "",
) -> None:
    """Draw a series, its parts in time as shaded stretches, and a mark where a value is missing.

    Parameters
    ----------
    ax : Axes
    x : array, shape (N,)
        Time, such as years with decimals.
    values : array, shape (N,)
        NaN where a value is missing.
    parts : mapping of str to slice, optional
        Names and places of the parts, in time.
    ylabel : str

    Raises
    ------
    ValueError
        If `x` and `values` differ in length, or there are more than three parts.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(values, dtype=float)
    if x.shape != y.shape:
        raise ValueError(f"x has shape {x.shape}; expected {y.shape}, that of values.")
    parts = parts or {}
    if len(parts) > len(_SHADES):
        raise ValueError(f"parts holds {len(parts)} slices; expected at most {len(_SHADES)}.")
    ax.plot(x, y, color=ROLE["input"]["color"], linestyle="-", linewidth=1.3)
    for i, (name, part) in enumerate(parts.items()):
        inside = x[part]
        stop = part.stop if part.stop is not None and part.stop < len(x) else len(x) - 1
        ax.axvspan(inside[0], x[stop], color=_SHADES[i], linewidth=0, zorder=0)
        ax.text(
            (inside[0] + x[stop]) / 2, 0.97, name, transform=ax.get_xaxis_transform(),
            ha="center", va="top", fontsize=10,
        )  # fmt: skip
        if i:
            ax.axvline(inside[0], **ROLE["reference"])
    gaps = x[np.isnan(y)]
    if gaps.size:
        ax.plot(
            gaps, np.full(gaps.size, 0.03), "v", color=LATER, markersize=7,
            transform=ax.get_xaxis_transform(), label="no value",
        )  # fmt: skip
        ax.legend(loc="lower right")
    ax.set(xlim=(x[0], x[-1]), ylabel=ylabel)


def draw_forecasts(
    ax: Axes,
    x: ArrayLike,
    actual: ArrayLike,
    place: int,
    forecasts: Mapping[str, ArrayLike],
    *,
    ylabel: str = "",
) -> None:
    """Draw what several forecasters say from one origin, beside what came.

    Parameters
    ----------
    ax : Axes
    x, actual : array, shape (N,)
        A stretch of the series.
    place : int
        How many of these values are known.
    forecasts : mapping of str to array, shape (H,)
    ylabel : str

    Raises
    ------
    ValueError
        If there are more lines than looks.
    """
    _checked(forecasts)
    x, y = np.asarray(x, dtype=float), np.asarray(actual, dtype=float)
    ax.plot(x[:place], y[:place], color=ROLE["input"]["color"], linestyle="-", linewidth=1.4)
    ax.plot(x[place:], y[place:], **ROLE["target"], label="what came")
    for i, (name, values) in enumerate(forecasts.items()):
        values = np.asarray(values, dtype=float)
        ax.plot(x[place : place + len(values)], values, **_look(i), label=name)
    ax.axvline((x[place - 1] + x[place]) / 2, **ROLE["reference"])
    ax.set(xlim=(x[0], x[-1]), ylabel=ylabel)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def draw_errors_by_lead(ax: Axes, curves: Mapping[str, ArrayLike], *, ylabel: str) -> None:
    """Draw mean absolute errors against the lead, one line for each forecaster.

    Parameters
    ----------
    ax : Axes
    curves : mapping of str to array, shape (H,)
        Errors at leads 1 … H.
    ylabel : str

    Raises
    ------
    ValueError
        If there are more lines than looks.
    """
    _checked(curves)
    for i, (name, errors) in enumerate(curves.items()):
        errors = np.asarray(errors, dtype=float)
        ax.plot(np.arange(1, len(errors) + 1), errors, **_look(i), label=name)
    longest = max(len(np.asarray(errors)) for errors in curves.values())
    ax.set(xlim=(1, longest), xlabel="lead, months ahead", ylabel=ylabel)
    ax.set_xticks(_months(longest))
    ax.set_ylim(bottom=0)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def draw_coverage(ax: Axes, curves: Mapping[str, ArrayLike], level: float) -> None:
    """Draw which share of the values lay in their interval, by lead, and the share promised.

    Parameters
    ----------
    ax : Axes
    curves : mapping of str to array, shape (H,)
        Shares in [0, 1] at leads 1 … H.
    level : float
        The share that was promised.

    Raises
    ------
    ValueError
        If there are more lines than looks.
    """
    draw_errors_by_lead(ax, curves, ylabel="share inside")
    ax.axhline(level, **ROLE["reference"])
    end = ax.get_xlim()[1]
    ax.text(end, level + 0.02, f"promised: {level:.0%}", ha="right", va="bottom", fontsize=10)
    ax.set_ylim(0, 1.08)


# Pictures that move


@dataclass
class ForecastPicture:
    """Own the artists of a forecast with its interval, and move them."""

    ax: Axes
    band: Artist
    forecast: Artist
    known: Artist
    origin: Artist
    note: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return (self.band, self.known, self.forecast, self.origin, self.note)

    def move(
        self,
        known: tuple[ArrayLike, ArrayLike],
        x: ArrayLike,
        forecast: ArrayLike,
        band: tuple[ArrayLike, ArrayLike] | None,
        note: str = "",
    ) -> None:
        """Show another forecast.

        Parameters
        ----------
        known : (x, values)
            The stretch that the forecaster looks at; its end is the origin.
        x, forecast : array, shape (H,)
        band : (low, high), or None
            Arrays of shape (H,).
        note : str
        """
        x, values = np.asarray(x, dtype=float), np.asarray(forecast, dtype=float)
        self.known.set_data(*known)
        self.forecast.set_data(x, values)
        self.forecast.set_marker("o" if len(x) == 1 else "")
        self.origin.set_xdata([known[0][-1]] * 2)
        self.band.set_visible(band is not None)
        if band is not None:
            low, high = (np.asarray(end, dtype=float) for end in band)
            half = 0.04 if len(x) == 1 else 0.0  # an interval of one step has no width in time
            xs = np.concatenate([[x[0] - half], x[1:], [x[-1] + half]]) if half else x
            low, high = (np.resize(end, len(xs)) if half else end for end in (low, high))
            self.band.set_xy(
                np.column_stack([np.concatenate([xs, xs[::-1]]), np.concatenate([high, low[::-1]])])
            )
        self.note.set_text(note)

    def limits(self, low: float, high: float) -> None:
        """Set the ends of the vertical axis, if they are others.

        Parameters
        ----------
        low, high : float
        """
        if self.ax.get_ylim() != (low, high):
            self.ax.set_ylim(low, high)


def draw_forecast(
    ax: Axes, x: ArrayLike, values: ArrayLike, *, ylabel: str = "", level: float | None = None
) -> ForecastPicture:
    """Draw a stretch of a series, on which a forecast can be moved about.

    Parameters
    ----------
    ax : Axes
    x, values : array, shape (N,)
        The stretch, of which every value is drawn thinly: what came.
    ylabel : str
    level : float, optional
        Of the interval, for its name.

    Returns
    -------
    ForecastPicture
        Still empty; ``move`` fills it.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(values, dtype=float)
    ax.plot(x, y, **ROLE["target"], label="what came")
    name = "interval" if level is None else f"{level:.0%} interval"
    band = Polygon([[x[0], y[0]]] * 3, closed=True, color=_BAND, alpha=0.6, lw=0, label=name)
    ax.add_patch(band)
    known = {**ROLE["input"], "linewidth": 2.6}
    picture = ForecastPicture(
        ax,
        band,
        ax.plot([], [], **ROLE["prediction"], label="forecast")[0],
        ax.plot([], [], **known, label="what it looks at")[0],
        ax.axvline(x[0], **ROLE["reference"]),
        ax.text(0.02, 0.97, "", transform=ax.transAxes, va="top", fontsize=10, bbox=UNDER_TEXT),
    )
    ax.set(xlim=(x[0], x[-1]), ylabel=ylabel)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return picture


@dataclass
class LeakPicture:
    """Own the artists of a test window beside the training windows, and move them."""

    past: Artist
    forecast: Artist
    seen: Artist
    unseen: Artist
    trained: list[Artist]
    bars: list[Artist]
    numbers: list[Artist]
    note: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        lines = (self.past, self.forecast, self.seen, self.unseen, self.note)
        return (*self.trained, *lines, *self.bars, *self.numbers)

    def move(
        self,
        past: tuple[ArrayLike, ArrayLike],
        x: ArrayLike,
        actual: ArrayLike,
        forecast: ArrayLike,
        seen: ArrayLike,
        trained: Sequence[tuple[float, float]],
        errors: tuple[float, float],
        note: str = "",
    ) -> None:
        """Show another test window.

        Parameters
        ----------
        past : (x, values)
        x, actual, forecast : array, shape (H,)
        seen : array of bool, shape (H,)
            Whether a value asked for stood in a training window.
        trained : sequence of (from, to)
            Stretches of time that training windows cover.
        errors : (reported, later)
            Mean absolute errors.
        note : str
        """
        x, actual = np.asarray(x, dtype=float), np.asarray(actual, dtype=float)
        seen = np.asarray(seen, dtype=bool)
        self.past.set_data(*past)
        self.forecast.set_data(x, np.asarray(forecast, dtype=float))
        self.seen.set_data(x[seen], actual[seen])
        self.unseen.set_data(x[~seen], actual[~seen])
        for i, line in enumerate(self.trained):
            start, stop = trained[i] if i < len(trained) else (np.nan, np.nan)
            line.set_xdata([start, stop])
        for bar, number, error in zip(self.bars, self.numbers, errors, strict=True):
            bar.set_width(error)
            number.set_x(error)
            number.set_text(f" {error:.1f}")
        self.note.set_text(note)


def draw_leak(
    axes: Sequence[Axes], x: ArrayLike, values: ArrayLike, later: float, most: float, unit: str
) -> LeakPicture:
    """Draw a series with room for a test window, and beside it two errors as bars.

    Parameters
    ----------
    axes : two Axes
    x, values : array, shape (N,)
    later : float
        Where the years begin that were kept away from everything.
    most : float
        Right end of the axis of errors.
    unit : str
        Of the values.

    Returns
    -------
    LeakPicture
        Still empty; ``move`` fills it.
    """
    left, right = axes
    x, y = np.asarray(x, dtype=float), np.asarray(values, dtype=float)
    left.plot(x, y, color="#666666", linestyle="-", linewidth=0.9)
    left.axvspan(later, x[-1], color=_SHADES[2], linewidth=0, zorder=0)
    left.text((later + x[-1]) / 2, 0.97, "the years after", ha="center", va="top", fontsize=10,
              transform=left.get_xaxis_transform())  # fmt: skip
    low, high = float(y.min()), float(y.max())
    room = 0.32 * (high - low)
    left.set(xlim=(x[0], x[-1]), ylim=(low - 0.4 * room, high + room), ylabel=unit)
    ground = left.get_xaxis_transform()
    trained = [
        left.plot([], [], color="#009E73", lw=6, solid_capstyle="butt", transform=ground)[0]
        for _ in range(3)
    ]
    for i, line in enumerate(trained):
        line.set_data([np.nan, np.nan], [0.02, 0.02])
        line.set_label("in training windows" if i == 0 else "_")
    names = ("reported on the test windows", "in the years after")
    bars = [
        right.barh([place], [0.0], height=0.5, color=colour, hatch=hatch, edgecolor="white")[0]
        for place, (colour, hatch) in enumerate(((REPORTED, ""), (LATER, "//")))
    ]
    picture = LeakPicture(
        left.plot([], [], color=ROLE["input"]["color"], lw=2.2, ls="-", label="test window")[0],
        left.plot([], [], **{**ROLE["prediction"], "linewidth": 2.6}, label="forecast")[0],
        left.plot([], [], "s", color="#D55E00", ms=5, ls="none", label="asked, seen in training")[
            0
        ],
        left.plot([], [], "o", mfc="white", color="black", ms=5, ls="none", label="asked, new")[0],
        trained,
        bars,
        [right.text(0, place, "", va="center", fontsize=11) for place in range(2)],
        left.text(0, 1.02, "", transform=left.transAxes, va="bottom", fontsize=11),
    )
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=5, fontsize=9)
    right.set_yticks(range(2), ["\n".join(_halves(name)) for name in names])
    right.set(xlim=(0, most), ylim=(1.5, -0.5), xlabel="mean absolute error")
    return picture


def _halves(text: str) -> tuple[str, str]:
    """Break a line at the space nearest to its middle."""
    spaces = [i for i, letter in enumerate(text) if letter == " "]
    middle = min(spaces, key=lambda i: abs(i - len(text) / 2))
    return text[:middle], text[middle + 1 :]
