"""How series of a figure are told apart, and how names and numbers are written in it.

A stored result calls a network ``rnn, uniform`` and an activation ``relu``; a figure writes
RNN and ReLU. A cell has the same colour, dash and marker in every chapter, and so has the
direct path of a gradient through the gates; what has no look of its own takes the next one of
the series.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from utils.plots.style import ROLE

__all__ = ["CELL_LOOK", "series_looks", "written_name", "written_number"]

CELL_LOOK: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "RNN": {"color": "#666666", "linestyle": (0, (1.2, 1.2)), "linewidth": 2.4, "marker": "s"},
        "GRU": {"color": "#882255", "linestyle": (0, (5, 1.5)), "linewidth": 2.2, "marker": "o"},
        "LSTM": {"color": "#000000", "linestyle": "-", "linewidth": 2.0, "marker": "^"},
    }
)
"""Colour, dash, width and marker of each cell."""

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#882255", "#000000", "#666666")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)), ":")
_MARKERS = ("o", "s", "^", "D", "v", "x")
_AGAIN = (0, (6, 1.5, 1.2, 1.5))  # the dash of a cell's second series

_WORDS = {
    "rnn": "RNN",
    "gru": "GRU",
    "lstm": "LSTM",
    "relu": "ReLU",
    "sgd": "SGD",
    "adam": "Adam",
    "co2": "CO₂",
    "el_nino": "El Niño",
    "mackey-glass": "Mackey-Glass",
}
_KNOWN = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, _WORDS))})(?!\w)")
_TIMES = re.compile(r"(?<=\w) x(?=\d)")
_MINUS = re.compile(r"(?<!\S)-(?=[\d.])")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def written_name(name: str) -> str:
    """Write the name of a network, an activation or a series as the text of the course does.

    Parameters
    ----------
    name : str
        As a stored result has it: ``rnn, bias -5``.

    Returns
    -------
    written : str
        As a figure shows it: ``RNN, bias −5``. What is not known stays as it is.
    """
    known = _KNOWN.sub(lambda found: _WORDS[found.group()], name)
    return _MINUS.sub("−", _TIMES.sub(" × ", known))


def written_number(value: float, digits: int = 2) -> str:
    """Write a number with a few digits that count, and with a power of ten where it needs one.

    Parameters
    ----------
    value : float
    digits : int, at least 1
        How many digits count.

    Returns
    -------
    written : str
        ``0.0052``, ``70,000``, ``7.4 × 10⁻⁸``; with a real minus sign.
    """
    rounded = float(f"{value:.{digits}g}")
    if rounded == 0 or 1e-4 <= abs(rounded) < 1e6:
        whole = abs(rounded) >= 10 ** (digits - 1)
        text = f"{rounded:,.0f}" if whole else f"{rounded:.{digits}g}"
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        text = f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"
    return text.replace("-", "−")


def series_looks(names: Iterable[str]) -> list[dict[str, Any]]:
    """Give each series the look by which a reader knows it from other chapters.

    Parameters
    ----------
    names : iterable of str
        The names of all series of one figure, in their order.

    Returns
    -------
    looks : list of dict
        ``color``, ``linestyle``, ``linewidth`` and ``marker``. A series that names a cell has
        that cell's look, a second one of the same cell an open marker and another dash; a
        direct path has the colour of the gate that it runs through. Where a cell has more than
        two series only the one called by its name alone is drawn like the cell.

    Raises
    ------
    ValueError
        If there are more series than looks.
    """
    names = list(names)
    if len(names) > len(_COLORS):
        raise ValueError(f"{len(names)} series; expected at most {len(_COLORS)}.")
    cells = [None if _is_direct(name) else _cell_of(name) for name in names]
    looks: list[dict[str, Any] | None] = []
    for i, (name, cell) in enumerate(zip(names, cells, strict=True)):
        alone = written_name(name) == cell
        if _is_direct(name):
            looks.append({**ROLE["forget_gate"], "linestyle": _AGAIN, "marker": "D"})
        elif cell is None or not (alone or cells.count(cell) <= 2):
            looks.append(None)
        elif cell in cells[:i]:
            looks.append({**CELL_LOOK[cell], "linestyle": _AGAIN, "markerfacecolor": "white"})
        else:
            looks.append(dict(CELL_LOOK[cell]))
    taken = [look for look in looks if look is not None]
    free = {
        key: iter(_unused_first(all_of, [look[key] for look in taken]))
        for key, all_of in (("color", _COLORS), ("linestyle", _DASHES), ("marker", _MARKERS))
    }
    return [
        {"linewidth": 2.0, **{key: next(values) for key, values in free.items()}}
        if look is None
        else look
        for look in looks
    ]


def _unused_first(values: Sequence[Any], used: Sequence[Any]) -> list[Any]:
    """Give all values, those that are in use behind the others."""
    return sorted(values, key=lambda value: value in used)


def _is_direct(name: str) -> bool:
    """Tell whether a series is the path of a gradient through the gates alone."""
    return "direct" in name.split(", ")[-1].split() or "∏" in name


def _cell_of(name: str) -> str | None:
    """Give the cell that a series names, as in ``rnn, uniform`` and ``plain RNN``."""
    head = written_name(name).split(",")[0].removeprefix("plain ")
    return head if head in CELL_LOOK else None
