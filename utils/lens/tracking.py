"""Which units follow a signal, and how well some unit would by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.lens.errors import LensError
from utils.validation import as_array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["correlations", "track"]

_SURROGATES = 200
_QUANTILE = 0.95


def correlations(signals: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of every signal with every unit.

    Parameters
    ----------
    signals : array, shape (S, N)
    units : array, shape (N, U)

    Returns
    -------
    array, shape (S, U), values in [-1, 1]
        NaN where one of the two never changes.
    """
    a, b = _standard(signals.T), _standard(units)
    return np.clip(a.T @ b, -1, 1)


def _standard(columns: np.ndarray) -> np.ndarray:
    """Return columns with mean 0 and length 1; NaN where a column does not change."""
    centred = columns - columns.mean(axis=0)
    length = np.sqrt(np.sum(centred**2, axis=0))
    noise = 1e-12 * np.sqrt(len(columns)) * np.abs(columns).max(axis=0, initial=0)
    return centred / np.where(length > noise, length, np.nan)


def track(
    series: Mapping[tuple[int, str, str], np.ndarray], signal: Any, mask: np.ndarray, seed: int
) -> pd.DataFrame:
    """Return the table of `Trace.tracking`.

    Parameters
    ----------
    series : mapping
        (layer, direction, quantity) to array (T, B, units).
    signal : array, shape (T, B) or (T,)
    mask : array of bool, shape (T, B)
    seed : int

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    LensError
        If the signal has another shape, or never changes.
    """
    import pandas as pd

    signal = _read_signal(signal, mask)
    told = mask & np.isfinite(signal)
    if told.sum() < 3 or np.ptp(signal[told]) == 0:
        raise LensError(
            "the signal never changes over the steps that count, so nothing follows it."
        )
    units = np.concatenate([values[told] for values in series.values()], axis=-1)  # (N, U)
    found = correlations(signal[told][None], units)[0]
    chance = _chance(signal, mask, told, units, np.random.default_rng(seed))
    parts = [
        pd.DataFrame(
            {"layer": layer, "direction": d, "quantity": q, "unit": np.arange(v.shape[-1])}
        )
        for (layer, d, q), v in series.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    table["correlation"], table["chance"] = found, chance
    table["beats_chance"] = table["correlation"].abs() > chance + 1e-9  # not by rounding
    order = np.argsort(-np.nan_to_num(np.abs(found), nan=-1.0), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _read_signal(signal: Any, mask: np.ndarray) -> np.ndarray:
    signal = as_array("signal", signal, finite=False, dtype=np.float64)
    T, B = mask.shape
    if signal.shape == (T,):
        signal = np.repeat(signal[:, None], B, axis=1)
    if signal.shape != (T, B):
        raise LensError(f"the signal has shape {signal.shape}; expected ({T}, {B}) or ({T},).")
    return signal


def _chance(
    signal: np.ndarray,
    mask: np.ndarray,
    told: np.ndarray,
    units: np.ndarray,
    rng: np.random.Generator,
) -> float:
    """Return the level below which the largest correlation of meaningless signals mostly stays.

    Each takes the signal of another sample, from a random step on and round the end; so it changes
    as slowly as the real one and knows nothing of this sample.
    """
    B = mask.shape[1]
    lengths = mask.sum(axis=0)
    own = [signal[:n, b] for b, n in enumerate(lengths)]
    own = [np.where(np.isfinite(s), s, np.nanmean(s) if np.isfinite(s).any() else 0) for s in own]
    made = np.zeros((_SURROGATES, *signal.shape))
    for one in made:
        for b, other in enumerate(rng.permutation(B)):
            turned = np.roll(own[other], rng.integers(len(own[other])))
            one[: lengths[b], b] = np.resize(turned, lengths[b])
    largest = np.abs(correlations(made[:, told], units))
    largest = np.nan_to_num(largest, nan=0.0).max(axis=1)
    return float(np.quantile(largest, _QUANTILE))
