"""The figures of the benchmark: time and memory against length, ratios over the grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from utils.plots import new_figure, use_style

LOOKS = {
    "rnn": {"color": "#666666", "marker": "o"},
    "gru": {"color": "#D55E00", "marker": "s"},
    "lstm": {"color": "#0072B2", "marker": "^"},
}


def draw_lengths(results: Sequence[dict]) -> tuple[Figure, dict[str, float]]:
    """Draw milliseconds a step and bytes per T·B·H against T, one line for each cell.

    Parameters
    ----------
    results : list of dict
        As the worker's task "lengths" prints them.

    Returns
    -------
    figure : matplotlib.figure.Figure
    exponents : dict of str to float
        By cell, the p of a fit of time ~ T^p from T = 100 on; 1 is linear.
    """
    use_style()
    figure, (left, right) = new_figure(1, 2, size=(10, 4.2))
    exponents = {}
    for cell, look in LOOKS.items():
        rows = sorted((r for r in results if r["cell"] == cell), key=lambda r: r["T"])
        T = np.array([r["T"] for r in rows])
        ours = np.array([r["times"]["ours"] for r in rows])
        exponents[cell] = length_exponent(T, ours)
        ways = {"ours": ours, "torch": [r["times"]["torch"] for r in rows]}
        for (way, times), style in zip(ways.items(), ("-", ":"), strict=True):
            left.plot(T, times, linestyle=style, label=f"{cell.upper()}, {way}", **look)
        for way, style in (("kept", "-"), ("most", "--")):
            bytes_each = [r[way] for r in rows]
            right.plot(T, bytes_each, linestyle=style, label=f"{cell.upper()}, {way}", **look)
    left.set(xlabel="steps T", ylabel="milliseconds", title="one training step")
    right.set(xlabel="steps T", ylabel="bytes per T·B·H", title="memory of ours")
    right.set_ylim(bottom=0)
    for ax in (left, right):
        ax.legend(fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    return figure, exponents


def length_exponent(T: Sequence[int], times: Sequence[float]) -> float:
    """Return the p of the best fit of times ~ T^p, from T = 100 on where there are two such T."""
    T, times = np.asarray(T, dtype=float), np.asarray(times, dtype=float)
    long = T >= 100 if (T >= 100).sum() > 1 else T > 0
    return float(np.polyfit(np.log(T[long]), np.log(times[long]), 1)[0])


def draw_grid(medians: dict[tuple, float]) -> Figure:
    """Draw ours / torch of every case, one panel for each cell.

    Parameters
    ----------
    medians : dict
        (cell, T, B, H) → median ratio.
    """
    use_style()
    figure, axes = new_figure(1, 3, size=(10, 3.4))
    for ax, cell in zip(axes, LOOKS, strict=True):
        for H, marker in ((32, "o"), (128, "s"), (256, "^")):
            for T, style in ((35, "-"), (100, "--")):
                points = sorted(
                    (B, r) for (c, t, B, h), r in medians.items() if (c, t, h) == (cell, T, H)
                )
                xs, ys = zip(*points, strict=True)
                shade = {32: "#999999", 128: "#0072B2", 256: "#000000"}[H]
                label = f"H = {H}, T = {T}"
                ax.plot(xs, ys, marker=marker, linestyle=style, color=shade, label=label)
        ax.axhline(1, color="#D55E00", linewidth=0.8)
        ax.set(xlabel="batch B", ylabel="ours / torch", title=cell.upper())
        ax.set_ylim(bottom=0)
    axes[-1].legend(fontsize="x-small")
    return figure


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write the figure as a PNG file and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    figure.savefig(path, dpi=120)
    return path
