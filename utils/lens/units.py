"""Unit by unit: how long it sits at an end of its range, and how long it would hold a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from utils.lens.backward import WayBack
from utils.lens.layers import LayerPass
from utils.validation import as_number

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ends_of", "half_lives", "saturations"]

Every = Iterable[tuple[int, str, LayerPass]]


def ends_of(
    done: LayerPass, low: float, high: float, tanh: float
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Give for each quantity with ends the shares of steps at them: (name, low, high), each (H,).

    Parameters
    ----------
    done : LayerPass
    low, high, tanh : float
        As in `Trace.saturation`.

    Yields
    ------
    name : str
    low, high : array, shape (H,), values in [0, 1]
    """
    for name, values in done.values.items():
        own = values[done.mask]  # (steps, H)
        if name.endswith("_gate"):
            yield name, (own < low).mean(axis=0), (own > high).mean(axis=0)
        elif name == "candidate" or name == "tanh_cell":
            yield name.removeprefix("tanh_"), (own < -tanh).mean(axis=0), (own > tanh).mean(axis=0)
        elif name == "hidden" and done.kind == "rnn":
            if done.relu:
                yield name, (own == 0).mean(axis=0), np.zeros(own.shape[1])
            else:
                yield name, (own < -tanh).mean(axis=0), (own > tanh).mean(axis=0)


def saturations(every: Every, low: float, high: float, tanh: float) -> pd.DataFrame:
    """Return `ends_of` for all layers and directions as a table; see `Trace.saturation`.

    Parameters
    ----------
    every : iterable of (layer, direction, LayerPass)
    low, high, tanh : float in (0, 1)
        As in `Trace.saturation`.

    Returns
    -------
    pandas.DataFrame
        Columns layer, direction, quantity, unit, low, high.

    Raises
    ------
    TypeError, ValueError
        If a limit is not in (0, 1), or `high` is not above `low`.
    """
    import pandas as pd

    low = as_number("low", low, above=0, below=1)
    high = as_number("high", high, above=low, below=1)
    tanh = as_number("tanh", tanh, above=0, below=1)
    parts = [
        pd.DataFrame(
            {
                "layer": layer,
                "direction": direction,
                "quantity": name,
                "unit": np.arange(len(at_low)),
                "low": at_low,
                "high": at_high,
            }
        )
        for layer, direction, done in every
        for name, at_low, at_high in ends_of(done, low, high, tanh)
    ]
    return pd.concat(parts, ignore_index=True)


def half_lives(every: Every) -> pd.DataFrame:
    """Return the half-life of every unit along its direct path; see `Trace.half_life`.

    Parameters
    ----------
    every : iterable of (layer, direction, LayerPass)

    Returns
    -------
    pandas.DataFrame
        Columns layer, direction, unit, factor, half_life (in steps).
    """
    import pandas as pd

    parts = []
    for layer, direction, done in every:
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            logs = np.log(np.abs(WayBack(done).own_path))[done.mask].mean(axis=0)
            steps = np.where(logs < 0, np.log(0.5) / logs, np.inf)
        parts.append(
            pd.DataFrame(
                {
                    "layer": layer,
                    "direction": direction,
                    "unit": np.arange(len(logs)),
                    "factor": np.exp(logs),
                    "half_life": steps,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
