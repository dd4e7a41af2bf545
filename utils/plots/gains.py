"""What is left of a gradient on its way back: chains, gains, and the parts of a shared weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from utils.plots.series import series_looks, written_name
from utils.plots.style import ROLE
from utils.scalar_chain import ScalarChain

__all__ = [
    "ChainPicture",
    "GainsPicture",
    "draw_chain",
    "draw_gains",
    "draw_gradient_parts",
    "draw_power_norms",
    "draw_products",
    "draw_training_gains",
]

FLOOR = -18.0
"""log10 below which lines are not drawn."""
_SERIES = ("#0072B2", "#D55E00", "#009E73", "#882255", "#000000")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)))


def _look(i: int) -> dict:
    return {"color": _SERIES[i % 5], "linestyle": _DASHES[i % 5], "linewidth": 2.0}


def _visible(logs: ArrayLike) -> np.ndarray:
    return np.maximum(np.asarray(logs, dtype=float), FLOOR - 2)


@dataclass
class ChainPicture:
    """Own the artists of a chain's picture and move them to another chain."""

    line: Artist
    bound: Artist
    factors: Artist
    values: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return tuple(vars(self).values())

    def move(self, chain: ScalarChain, bound_log: float) -> None:
        """Show another chain; `bound_log` is log10 of the largest possible factor of a layer.

        Parameters
        ----------
        chain : ScalarChain
        bound_log : float
        """
        T = len(chain.sums)
        layers = np.arange(T + 1)
        self.line.set_data(layers, _visible(chain.logs))
        self.bound.set_data(layers, _visible(bound_log * (T - layers)))
        self.factors.set_data(layers[1:], np.minimum(np.abs(chain.factors), 4))
        self.values.set_data(layers, np.clip(chain.values, -4, 4))


def draw_chain(
    axes: Sequence[Axes], chain: ScalarChain, bound_log: float, longest: int = 60
) -> ChainPicture:
    """Draw what is left of ∂a_T/∂a_i along a chain, and beside it the factors and the values.

    Parameters
    ----------
    axes : two Axes
    chain : ScalarChain
    bound_log : float
        log10 of the largest factor that a layer can have.
    longest : int
        Right end of the axis of layers.

    Returns
    -------
    ChainPicture
    """
    left, right = axes
    left.axhline(0, **ROLE["reference"])
    left.set(xlim=(0, longest), ylim=(FLOOR, 12), xlabel="layer i (step i)")
    left.set(ylabel=r"$\log_{10} |\partial a_T / \partial a_i|$")
    left.set_title("gradient of the last value at layer i")
    right.axhline(1, **ROLE["reference"])
    right.set(xlim=(0, longest), ylim=(-1.3, 4.1), xlabel="layer i (step i)")
    right.set_title("what each layer multiplies by")
    picture = ChainPicture(
        line=left.plot([], [], **{**ROLE["gradient"], "linewidth": 2.6}, label="this chain")[0],
        bound=left.plot([], [], color="#000000", linestyle=":", linewidth=2, label="the bound")[0],
        factors=right.plot([], [], **ROLE["gradient"], marker="o", ms=3, label="$|w f\\,'(z)|$")[0],
        values=right.plot([], [], **ROLE["hidden_state"], label="value $a_i$")[0],
    )
    left.legend(loc="lower right")
    right.legend(loc="upper right")
    picture.move(chain, bound_log)
    return picture


def draw_products(axes: Sequence[Axes], products: Mapping[str, ArrayLike]) -> None:
    """Draw many products of weights as lines, one panel for each kind.

    Parameters
    ----------
    axes : Axes, as many as there are kinds
    products : mapping of str to array, shape (n, T + 1)
        log10 of the absolute values, as `utils.scalar_chain.compare_products` returns them.
    """
    for i, (ax, (name, logs)) in enumerate(zip(axes, products.items(), strict=True)):
        logs = np.asarray(logs)
        ax.plot(logs.T, color=_SERIES[i], linestyle="-", linewidth=0.7, alpha=0.35)
        spread = logs.std(axis=0)
        for sign in (-1, 1):
            ax.plot(logs.mean(axis=0) + sign * spread, color="black", linestyle="--", linewidth=1.8)
        ax.set(xlabel="factors", title=name, ylim=(-60, 40))
        ax.axhline(0, **ROLE["reference"])
    axes[0].set_ylabel("log₁₀ |product|")


@dataclass
class GainsPicture:
    """Own the lines of a picture of gains and move them."""

    lines: dict[str, Artist]
    note: Artist

    @property
    def moving(self) -> tuple[Artist, ...]:
        """List every artist that `move` changes."""
        return (*self.lines.values(), self.note)

    def move(self, curves: Mapping[str, ArrayLike], note: str = "") -> None:
        """Show other curves under the same names; entry k belongs to k steps back.

        Parameters
        ----------
        curves : mapping of str to array
            Logarithms to base 10, by the names that were drawn first.
        note : str
        """
        for name, line in self.lines.items():
            logs = _visible(curves[name])
            line.set_data(np.arange(len(logs)), logs)
        self.note.set_text(note)


def draw_gains(
    ax: Axes,
    curves: Mapping[str, ArrayLike],
    *,
    xlabel: str = "steps back from the last state",
    ylim: tuple[float, float] = (FLOOR, 6.0),
    title: str = "",
    beside: bool = False,
) -> GainsPicture:
    """Draw log10 of gains against the number of steps back, one line for each name.

    Parameters
    ----------
    ax : Axes
    curves : mapping of str to array, shape (n + 1,)
        log10 of the gain after 0 … n steps back.
    xlabel : str
    ylim : (float, float)
    title : str
    beside : bool
        Whether the names stand beside the axes and the note above them, for lines that move and
        would run through both.

    Returns
    -------
    GainsPicture
    """
    ax.axhline(0, **ROLE["reference"])
    lines = {
        name: ax.plot([], [], label=written_name(name), **{**look, "marker": "", "linewidth": 2.0})[
            0
        ]
        for name, look in zip(curves, series_looks(curves), strict=True)
    }
    where = {"y": 1.02, "va": "bottom"} if beside else {"y": 0.97, "va": "top"}
    note = ax.text(0.98, s="", transform=ax.transAxes, ha="right", fontsize=10, **where)
    longest = max(len(np.asarray(logs)) for logs in curves.values()) - 1
    ax.set(xlim=(0, longest), ylim=ylim, xlabel=xlabel, ylabel="log₁₀ gain", title=title)
    for axis, (low, high) in ((ax.xaxis, (0, longest)), (ax.yaxis, ylim)):
        whole = high - low > 3
        axis.set_major_locator(MaxNLocator("auto", integer=whole, steps=[1, 2, 5, 10]))
    if beside:
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    elif len(curves) > 1:
        ax.legend(loc="lower left")
    picture = GainsPicture(lines, note)
    picture.move(curves)
    return picture


def draw_training_gains(ax: Axes, gains: Mapping[int, ArrayLike], title: str = "") -> None:
    """Draw how gains change while a network is trained, one line for each stage of training.

    Parameters
    ----------
    ax : Axes
    gains : mapping of int to array, shape (T + 1,)
        From the number of updates to log10 of the gain of every state; the last entry is 0.
    title : str
    """
    ax.axhline(0, **ROLE["reference"])
    shades = np.linspace(0.75, 0.0, len(gains))
    for i, ((updates, logs), shade) in enumerate(zip(gains.items(), shades, strict=True)):
        steps_back = np.arange(len(logs))
        ax.plot(
            steps_back,
            _visible(np.asarray(logs)[::-1]),
            color=(shade, shade * 0.9, shade * 0.9 + 0.1 * (1 - shade)),
            linestyle=_DASHES[i % 5],
            linewidth=1.4 + 0.3 * i,
            label=f"{updates}",
        )
    ax.set(xlabel="steps back from the verb", ylabel="log₁₀ gain", title=title)
    ax.legend(title="updates", loc="lower left")


def draw_gradient_parts(ax: Axes, parts: Mapping[str, ArrayLike], near: int = 3) -> None:
    """Draw the size of each step's part of the gradient of W_hh, the near ones shaded.

    Parameters
    ----------
    ax : Axes
    parts : mapping of str to array, shape (T,)
        ‖G_t‖ for t = 1 … T, one line for each name; zeros are left out.
    near : int
        How many of the last steps count as near.
    """
    for i, (name, sizes) in enumerate(parts.items()):
        steps = np.arange(1, len(sizes) + 1)
        sizes = np.asarray(sizes, dtype=float)
        shown = np.where(sizes > 0, np.maximum(sizes, 10.0**FLOOR), np.nan)
        ax.semilogy(steps, shown, label=name, marker="o", markersize=4, **_look(i))
    T = max(len(sizes) for sizes in parts.values())
    ax.axvspan(T - near + 0.5, T + 0.5, color="#E8E8E8", linewidth=0, zorder=0)
    ax.text(T + 0.4, 0.03, "near", transform=ax.get_xaxis_transform(), ha="right", fontsize=10)
    ax.set(
        xlabel="step t",
        ylabel=r"size of the part, $\Vert G_t \Vert$",
        xlim=(0.5, T + 0.5),
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="upper left")


def draw_power_norms(ax: Axes, norms: Mapping[str, ArrayLike]) -> None:
    """Draw log10 of the norm of every power of some matrices, one line for each name.

    Parameters
    ----------
    ax : Axes
    norms : mapping of str to array, shape (n + 1,)
        As `utils.jacobians.power_norms` returns them.
    """
    ax.axhline(0, **ROLE["reference"])
    for i, (name, logs) in enumerate(norms.items()):
        ax.plot(np.arange(len(logs)), logs, label=name, **_look(i))
    ax.set(xlabel="power k", ylabel="log₁₀ ‖Wᵏ‖₂")
    ax.legend(loc="best")
