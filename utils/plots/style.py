"""One look for every figure of the course, and figures that carry their finding as text.

A role (a gate, a state, a gradient) has the same colour, dash and width in every chapter, so
that a reader recognises it and nobody has to tell lines apart by colour alone::

    fig, ax = new_figure(size=(7, 3))
    ax.plot(steps, forget_gate, **ROLE["forget_gate"])
    show(fig, "The forget gate stays above 0.9 until the verb and then closes.")

Figures are made without pyplot: they belong to the variable that holds them, nothing stays
open in the background, and the same lines work in a notebook and in a script.
"""

from __future__ import annotations

import base64
import html
import io
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from utils.notebook import in_notebook

DPI = 100
SEQUENTIAL = "cividis"
DIVERGING = "RdBu_r"

# matplotlib must not draw from two threads at once. A slider's events arrive in another
# thread than the cell that runs, so everything in this course that draws takes this lock.
DRAWING = threading.RLock()


def _role(color: str, linestyle: Any, linewidth: float) -> Mapping[str, Any]:
    return MappingProxyType({"color": color, "linestyle": linestyle, "linewidth": linewidth})


# A patch of paper under a text that may come to stand on a line.
UNDER_TEXT = MappingProxyType(
    {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
)

ROLE: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "input_gate": _role("#009E73", (0, (5, 1.5)), 2.0),
        "forget_gate": _role("#D55E00", "-", 2.0),
        "update_gate": _role("#D55E00", "-", 2.0),
        "output_gate": _role("#0072B2", (0, (1.2, 1.2)), 2.4),
        "reset_gate": _role("#0072B2", (0, (1.2, 1.2)), 2.4),
        "candidate": _role("#CC79A7", (0, (6, 1.5, 1.2, 1.5)), 2.2),
        "cell_state": _role("#000000", "-", 3.0),
        "hidden_state": _role("#666666", "-", 1.6),
        "input": _role("#332288", "-", 1.8),
        "prediction": _role("#0072B2", "-", 2.2),
        "target": _role("#000000", (0, (4, 2)), 1.6),
        "loss": _role("#000000", "-", 1.8),
        "gradient": _role("#882255", (0, (5, 2)), 2.0),
        "reference": _role("#666666", ":", 1.2),
    }
)
"""Colour, dash and width of each role, as keyword arguments for ``ax.plot``."""

STYLE: Mapping[str, Any] = MappingProxyType(
    {
        "figure.dpi": DPI,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "savefig.dpi": DPI,
        "text.hinting": "none",  # hinted at 100 dpi, bold figures look as if they had serifs
        "font.family": "DejaVu Sans",
        "font.size": 11,
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 11,
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
        "legend.fontsize": 10,
        "legend.frameon": False,
        "axes.facecolor": "white",
        "axes.edgecolor": "#444444",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#DDDDDD",
        "grid.linewidth": 0.8,
        "lines.linewidth": 2.0,
        "lines.markersize": 6,
        "image.cmap": SEQUENTIAL,
        "axes.prop_cycle": cycler(color=["#0072B2", "#D55E00", "#009E73", "#882255", "#000000"])
        + cycler(linestyle=["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), "-"]),
    }
)

_state = {"applied": False}


def use_style() -> None:
    """Apply the course's look to every figure made from now on.

    ``new_figure`` calls this once by itself; call it yourself to bring the look back after
    changing ``matplotlib.rcParams``, or before drawing with pyplot.
    """
    matplotlib.rcParams.update(STYLE)
    _state["applied"] = True


def new_figure(
    nrows: int = 1, ncols: int = 1, size: tuple[float, float] = (7.0, 3.5), **subplots: Any
) -> tuple[Figure, Any]:
    """Make a figure in the course's look, with its axes, outside pyplot.

    Parameters
    ----------
    nrows, ncols : int, at least 1
        Rows and columns of axes.
    size : tuple of two floats, in inches, each in (0, 30]
        Width and height; an inch is 100 pixels on the screen.
    **subplots
        Passed to ``Figure.subplots`` (``sharex``, ``width_ratios``, ``squeeze``, ...).

    Returns
    -------
    figure : matplotlib.figure.Figure
        With a ``FigureCanvasAgg`` and constrained layout.
    axes : Axes or array of Axes
        One Axes if there is one; otherwise an array as from ``pyplot.subplots``.

    Raises
    ------
    ValueError
        If `nrows` or `ncols` is below 1 or `size` is not two positive numbers up to 30.
    """
    for name, number in (("nrows", nrows), ("ncols", ncols)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise ValueError(f"{name} is {number!r}; expected a whole number of at least 1.")
    try:
        width, height = (float(side) for side in size)
    except (TypeError, ValueError):
        raise ValueError(f"size is {size!r}; expected (width, height) in inches.") from None
    if not (0 < width <= 30 and 0 < height <= 30):
        raise ValueError(f"size is {size!r}; expected two lengths in inches, each in (0, 30].")
    if not _state["applied"]:
        use_style()
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(nrows, ncols, **subplots)


def show(fig: Figure, alt: str) -> None:
    """Display a figure together with a text that states its finding.

    In a notebook the output holds the picture with `alt` as its alternative text, a plain
    PNG, and `alt` itself as plain text; in a script `alt` is printed.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The finished figure.
    alt : str
        What the figure shows, as a sentence: the finding, not the kind of plot.

    Raises
    ------
    ValueError
        If `alt` is empty.
    TypeError
        If `fig` is not a matplotlib figure or `alt` is not a string.
    """
    if not isinstance(fig, Figure):
        raise TypeError(f"fig is a {type(fig).__name__}; expected a matplotlib Figure.")
    alt = checked_alt(alt)
    if not in_notebook():
        print(alt)
        return
    from IPython.display import display

    with DRAWING, io.BytesIO() as file:
        fig.savefig(file, format="png", dpi=2 * DPI)
        png = file.getvalue()
    width, height = (round(side * DPI) for side in fig.get_size_inches())
    display(
        picture_bundle(png, alt, width),
        raw=True,
        metadata={"image/png": {"width": width, "height": height}},
    )


def picture_bundle(png: bytes, alt: str, width: int) -> dict[str, str]:
    """Give a picture in the forms in which a notebook stores it, with its alternative text.

    Parameters
    ----------
    png : bytes
        The encoded picture.
    alt : str
        What it shows.
    width : int, in CSS pixels
        How wide to show it where there is room.

    Returns
    -------
    bundle : dict
        ``text/html`` (an ``<img alt>``), ``image/png`` (base64) and ``text/plain`` (`alt`).
    """
    encoded = base64.b64encode(png).decode("ascii")
    image = (
        f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(alt)}" width="{width}"'
        ' style="max-width: 100%; height: auto; background: white">'
    )
    return {"text/html": image, "image/png": encoded, "text/plain": alt}


def checked_alt(alt: object) -> str:
    """Return an alternative text with its spaces tidied, or say in one line what is wrong with it.

    Parameters
    ----------
    alt : str

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If it is empty.
    """
    if not isinstance(alt, str):
        raise TypeError(
            f"alt is a {type(alt).__name__}; expected a sentence that says the finding."
        )
    tidy = " ".join(alt.split())
    if not tidy:
        raise ValueError("alt is empty; expected a sentence that says what the figure shows.")
    return tidy


def symmetric_limits(values: Any, at_least: float = 1e-12) -> tuple[float, float]:
    """Give limits (-m, m) for a diverging colour map, so that zero is its white middle.

    Parameters
    ----------
    values : array of any shape
        What is drawn; values that are not finite are left out.
    at_least : float, positive
        Smallest m.

    Returns
    -------
    limits : tuple of two floats
        m is the largest absolute value in `values`.
    """
    array = np.abs(np.asarray(values, dtype=float))
    finite = array[np.isfinite(array)]
    largest = max(float(finite.max(initial=0.0)), float(at_least))
    return -largest, largest
