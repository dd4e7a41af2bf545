"""How many parameters a recurrent network has, written out layer by layer and beside others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.text import Text

from utils.parameter_counts import BLOCKS, NetworkCount
from utils.plots.series import CELL_LOOK

__all__ = ["CountPicture", "count_lines", "draw_counts"]

_LOOKS = {cell.lower(): look for cell, look in CELL_LOOK.items()}
_LEAST, _MOST = 1.0, 1e9  # ends of the axis


def count_lines(count: NetworkCount, biases: int) -> list[str]:
    """Write the count of a network out, one line for each layer.

    Parameters
    ----------
    count : NetworkCount
    biases : int
        Biases of each block.

    Returns
    -------
    list of str
        A line for each layer, such as ``layer 1: 4·20·(10 + 20 + 1) = 2,480``.
    """
    blocks = BLOCKS[count.cell]
    G = f"{blocks}·" if blocks > 1 else ""
    twice = " × 2 directions" if count.directions == 2 else ""
    lines = []
    for number, layer in enumerate(count.layers, start=1):
        extra = f" + {count.H}·{layer.state}" if layer.W_p else ""
        product = f"{G}{count.H}·({layer.inputs} + {layer.state} + {biases}){extra}"
        lines.append(f"layer {number}: {product} = {layer.total:,}{twice}")
    return lines


@dataclass
class CountPicture:
    """Own the artists of a count and show other ones."""

    bars: dict[str, Artist]
    totals: dict[str, Text]
    lines: Text

    @property
    def moving(self) -> list[Artist]:
        """List every artist that `move` changes."""
        return [*self.bars.values(), *self.totals.values(), self.lines]

    def move(self, counts: Mapping[str, int], chosen: str, lines: Sequence[str]) -> None:
        """Show other counts.

        Parameters
        ----------
        counts : mapping of str to int
            For ``rnn``, ``gru`` and ``lstm``.
        chosen : str
            Whose bar is filled.
        lines : sequence of str
            Written beside the bars.
        """
        for cell, bar in self.bars.items():
            bar.set_width(counts[cell] - _LEAST)
            bar.set_alpha(1.0 if cell == chosen else 0.35)
            self.totals[cell].set_text(f"{counts[cell]:,}")
            self.totals[cell].set_x(counts[cell] * 1.25)
        self.lines.set_text("\n".join(lines))


def draw_counts(axes: Sequence[Axes]) -> CountPicture:
    """Draw the parameters of three cells as bars, and leave room for a count written out.

    Parameters
    ----------
    axes : two Axes
        The calculation stands in the first one, which is cleared of ticks and frame.

    Returns
    -------
    CountPicture
        Empty; its ``move`` fills it.
    """
    page, ax = axes
    page.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
    page.set_frame_on(False)
    page.grid(False)
    page.set_title("written out")
    written = page.text(0, 0.96, "", va="top", fontsize=11, linespacing=1.7)
    bars, totals = {}, {}
    for y, cell in enumerate(_LOOKS):
        color = _LOOKS[cell]["color"]
        bars[cell] = ax.barh(y, 0.0, left=_LEAST, height=0.6, color=color)[0]
        totals[cell] = ax.text(_LEAST, y, "", va="center", fontsize=11)
    ax.set_yticks(range(len(_LOOKS)), [cell.upper() for cell in _LOOKS])
    ax.set(xscale="log", xlim=(_LEAST, _MOST * 60), ylim=(len(_LOOKS) - 0.5, -0.5))
    ax.set(xlabel="parameters", title="the three cells beside each other")
    ax.grid(axis="y", visible=False)
    return CountPicture(bars, totals, written)
