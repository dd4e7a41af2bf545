"""The inside of a recurrent module over time: all units, the gates of one, the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.text import Text
from numpy.typing import ArrayLike

from utils.plots.style import DIVERGING, ROLE, SEQUENTIAL

__all__ = ["LensPicture", "draw_lens"]

_NOTHING = "#D9D9D9"  # where there is no step or no unit
_MOST_LABELS = 42
_LABELS = {
    "input_gate": "input gate",
    "forget_gate": "forget gate",
    "output_gate": "output gate",
    "reset_gate": "reset gate",
    "update_gate": "update gate",
    "candidate": "candidate",
    "cell_state": "tanh(c)",
    "hidden_state": "h",
}
_NORMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "hidden": ("‖∂L/∂h‖", ROLE["gradient"]),
    "cell": ("‖∂L/∂c‖", ROLE["cell_state"]),
    "unit": ("this unit’s", {"color": "#0072B2", "linestyle": "none", "marker": "."}),
}


@dataclass
class LensPicture:
    """Own the artists of a look into a module, and show other layers, samples and units."""

    axes: Sequence[Axes]
    image: AxesImage
    mark: Artist
    lines: dict[str, Artist]
    norms: dict[str, Artist]
    labels: list[Text]
    title: Text
    subtitle: Text

    @property
    def moving(self) -> list[Artist]:
        """List every artist that `move` changes."""
        still = [self.image, self.mark, self.title, self.subtitle]
        return [*still, *self.lines.values(), *self.norms.values(), *self.labels]

    def move(
        self,
        values: ArrayLike,
        limits: tuple[float, float],
        labels: Sequence[str],
        unit: int,
        curves: Mapping[str, ArrayLike],
        norms: Mapping[str, ArrayLike],
        titles: tuple[str, str],
    ) -> None:
        """Show another view.

        Parameters
        ----------
        values : array, shape (units, T)
            A row for each unit; NaN where there is none.
        limits : (float, float)
            Ends of the colours; with a negative first one white is in the middle, at zero.
        labels : sequence of str
            One for each step of the sample, at most as many as the picture has steps.
        unit : int
            The row that is marked, from 0.
        curves : mapping of str to array, shape (T,)
            For the middle panel, by the names it was drawn with.
        norms : mapping of str to array, shape (T,)
            For the lowest panel: "hidden", "cell" and "unit"; zero and NaN leave a gap.
        titles : (str, str)
            Above the picture and above the lines.
        """
        values = np.asarray(values, dtype=float)
        T = values.shape[1]
        self.image.set_data(values)
        name = DIVERGING if limits[0] < 0 else SEQUENTIAL
        self.image.set_cmap(matplotlib.colormaps[name].with_extremes(bad=_NOTHING))
        self.image.set_clim(*limits)
        around = max(0.5, 0.008 * len(values))  # many thin rows: the frame stands outside its row
        low, high = unit - around, unit + around
        self.mark.set_data([-0.5, T - 0.5, T - 0.5, -0.5, -0.5], [low, low, high, high, low])
        for name, line in self.lines.items():
            line.set_data(np.arange(T), np.asarray(curves[name], dtype=float))
        self.axes[1].set_ylim(_value_ends(list(curves.values())))
        for name, line in self.norms.items():
            sizes = np.asarray(norms[name], dtype=float)
            line.set_data(np.arange(T), np.where(np.isfinite(sizes) & (sizes > 0), sizes, np.nan))
        self.axes[2].set_ylim(_decades([size for name, size in norms.items() if name != "unit"]))
        every = _every(len(self.labels))
        for t, text in enumerate(self.labels):
            text.set_text(labels[t] if t < len(labels) and t % every == 0 else "")
        self.title.set_text(titles[0])
        self.subtitle.set_text(titles[1])


def _every(T: int) -> int:
    """Return which steps have a label: each, or every second, fifth, tenth …"""
    for every in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        if T / every <= _MOST_LABELS:
            return every
    return 1000


def _value_ends(curves: list[ArrayLike]) -> tuple[float, float]:
    """Return −1 to 1 with a little room, or as much as an unbounded state needs."""
    values = np.concatenate([np.ravel(curve) for curve in curves])
    values = values[np.isfinite(values)]
    low, high = values.min(initial=0.0), values.max(initial=0.0)
    if max(-low, high) <= 1:
        return -1.08, 1.08
    unit = 10.0 ** np.floor(np.log10(max(-low, high)))  # whole steps, so that axes rarely move
    return float((np.floor(low / unit) - 0.1) * unit), float((np.ceil(high / unit) + 0.1) * unit)


def _decades(norms: list[ArrayLike]) -> tuple[float, float]:
    """Return whole powers of ten around the lengths, with room for single units below them.

    At most 24, and the same for all units, so that the axes stay where they are.
    """
    sizes = np.concatenate([np.ravel(size) for size in norms])
    logs = np.log10(sizes[np.isfinite(sizes) & (sizes > 0)])
    if not logs.size:
        return 1e-3, 1.0
    top = int(np.ceil(logs.max() + 0.05))
    low = max(int(np.floor(logs.min() - 1.3)), top - 24)
    return 10.0 ** max(low, -300), 10.0 ** min(max(top, low + 1), 300)


def draw_lens(
    axes: Sequence[Axes], units: int, steps: int, curves: Sequence[str], norms: Sequence[str]
) -> LensPicture:
    """Draw room for all units over time, for the gates of one of them, and for the gradient.

    Parameters
    ----------
    axes : three Axes, one above the other
    units, steps : int
        Rows and columns of the picture.
    curves : sequence of str
        Roles of the lines in the middle: gates, "candidate", "cell_state", "hidden_state".
    norms : sequence of str
        Of "hidden", "cell" and "unit".

    Returns
    -------
    LensPicture
        Empty; its ``move`` fills it.
    """
    top, middle, low = axes
    colours = matplotlib.colormaps[SEQUENTIAL].with_extremes(bad=_NOTHING)
    image = top.imshow(
        np.full((units, steps), np.nan),
        aspect="auto",
        interpolation="nearest",
        cmap=colours,
        vmin=0,
        vmax=1,
    )
    top.set_yticks(sorted({0, units - 1}))
    top.set_xticks([])
    top.set(ylabel="unit")
    top.grid(False)
    middle.axhline(0, **ROLE["reference"])
    middle.set_xticks([])
    low.set_yscale("log")
    low.set(ylabel="gradient", ylim=(1e-3, 1))
    low.set_xticks([0], [" " * 18], rotation=90, fontsize=9)  # leaves room for the labels
    low.tick_params(axis="x", length=0)
    low.grid(axis="x", visible=False)
    for ax in axes:
        ax.set_xlim(-0.5, steps - 0.5)
    place = low.get_xaxis_transform()
    labels = [
        low.text(t, -0.06, "", rotation=90, ha="center", va="top", fontsize=9, transform=place)
        for t in range(steps)
    ]
    lines = {name: middle.plot([], [], **ROLE[name], label=_LABELS[name])[0] for name in curves}
    sizes = {n: low.plot([], [], **_NORMS[n][1], label=_NORMS[n][0])[0] for n in norms}
    for ax in (middle, low):
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    at = {"loc": "left", "fontsize": 12, "fontweight": "bold"}
    return LensPicture(
        axes=axes,
        image=image,
        mark=top.plot([], [], color="#D55E00", linewidth=2, linestyle="-")[0],
        lines=lines,
        norms=sizes,
        labels=labels,
        title=top.set_title(" ", **at),
        subtitle=middle.set_title(" ", **at),
    )
