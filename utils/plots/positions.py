"""Drawing of what networks know about a pattern at each of its positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from utils.plots.style import ROLE, SEQUENTIAL

__all__ = ["draw_accuracy_by_position", "draw_accuracy_grid"]

_LOOKS = {
    "flat": {"color": "#000000", "linestyle": (0, (4, 2)), "linewidth": 1.8, "marker": "s"},
    "rnn": {**ROLE["hidden_state"], "linewidth": 2.4, "marker": "o"},
    "conv": {**ROLE["reference"], "linewidth": 1.6, "marker": "^"},
}


def draw_accuracy_by_position(
    ax: Axes, curves: Mapping[str, Sequence], names: Mapping[str, str] | None = None
) -> None:
    """Draw accuracy against the position of a pattern, with the positions of training shaded.

    Parameters
    ----------
    ax : Axes
    curves : table with the columns network, position, accuracy, low, high, shown
        One row per network and position, such as a pandas frame; accuracies in [0, 1], ``low``
        and ``high`` the ends of the interval, ``shown`` whether training showed the position.
    names : mapping of str to str, optional
        What to write beside the line of each network; its own name if left out.

    Raises
    ------
    ValueError
        If the table holds a network without a look.
    """
    network = np.asarray(curves["network"])
    unknown = sorted(set(network) - set(_LOOKS))
    if unknown:
        raise ValueError(f"curves holds the networks {unknown}; expected some of {list(_LOOKS)}.")
    columns = {key: np.asarray(curves[key]) for key in ("position", "accuracy", "low", "high")}
    shown = np.unique(columns["position"][np.asarray(curves["shown"], dtype=bool)])
    for position in shown:
        ax.axvspan(position - 0.5, position + 0.5, color="#E8E8E8", linewidth=0, zorder=0)
    ax.axhline(0.5, **ROLE["reference"])
    for key in (name for name in _LOOKS if name in network):
        x, y, low, high = (columns[c][network == key] for c in columns)
        ax.fill_between(x, low, high, color=_LOOKS[key]["color"], alpha=0.2, linewidth=0)
        ax.plot(x, y, markersize=4.5, label=(names or {}).get(key, key), **_LOOKS[key])
    if shown.size:  # written into the widest stretch
        stretch = max(np.split(shown, np.flatnonzero(np.diff(shown) > 1) + 1), key=len)
        ax.text(stretch.mean(), 0.34, "shown in training", ha="center", fontsize=10)
    ax.set(xlabel="position of the pair", ylabel="accuracy", ylim=(0.3, 1.03))
    ax.set_xticks(np.unique(columns["position"]))
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def draw_accuracy_grid(
    ax: Axes, accuracies: ArrayLike, title: str = "", legend: bool = True
) -> None:
    """Draw the accuracies of several networks at several distances, a row for each network.

    Parameters
    ----------
    ax : Axes
    accuracies : array, shape (networks, distances), values in [0, 1]
        Column d belongs to the distance d + 1.
    title : str
    legend : bool
        Whether a bar beside the grid says which colour is which accuracy.

    Raises
    ------
    ValueError
        If `accuracies` does not have two axes.
    """
    grid = np.asarray(accuracies, dtype=float)
    if grid.ndim != 2:
        raise ValueError(f"accuracies has shape {grid.shape}; expected (networks, distances).")
    extent = (0.5, grid.shape[1] + 0.5, grid.shape[0] + 0.5, 0.5)
    image = ax.imshow(grid, vmin=0, vmax=1, cmap=SEQUENTIAL, extent=extent, aspect="auto")
    ax.set(xlabel="words between noun and verb", ylabel="network", title=title)
    ax.set_xticks(range(1, grid.shape[1] + 1, 2))
    ax.set_yticks(range(1, grid.shape[0] + 1, 3))
    ax.grid(False)
    if legend:
        ax.figure.colorbar(image, ax=ax, label="accuracy", ticks=[0, 0.5, 1])
