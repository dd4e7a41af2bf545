"""Scaling a series for a network, by numbers that are known when the forecast is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from utils.forecasting.windows import _complete
from utils.validation import Array, as_choice


@dataclass(frozen=True)
class Scaler:
    r"""Shift and scale values, and back.

    .. math:: \text{scaled} = (y - \text{shift}) / \text{scale}

    Attributes
    ----------
    shift, scale : float
        In the unit of the series; `scale` is positive.
    kind : {"standard", "range"}
        Mean and standard deviation, or least value and range (scaled into [0, 1]).
    """

    shift: float
    scale: float
    kind: str = "standard"

    def transform(self, values: Array) -> Array:
        """Return the values scaled.

        Parameters
        ----------
        values : array, any shape
            In the unit of the series.

        Returns
        -------
        array of float64, the same shape
        """
        return (np.asarray(values, dtype=np.float64) - self.shift) / self.scale

    def inverse(self, scaled: Array) -> Array:
        """Return scaled values in the unit of the series.

        Parameters
        ----------
        scaled : array, any shape

        Returns
        -------
        array of float64, the same shape
        """
        return np.asarray(scaled, dtype=np.float64) * self.scale + self.shift


def fit_scaler(values: Array, kind: str = "standard") -> Scaler:
    """Take shift and scale from values: hand in the training part, and nothing else.

    Parameters
    ----------
    values : array, shape (N,)
    kind : {"standard", "range"}

    Returns
    -------
    Scaler

    Raises
    ------
    ValueError
        If a value is missing, all values are equal, or there is no such kind.
    """
    y = _complete(values)
    as_choice("kind", kind, ("standard", "range"))
    shift, scale = (y.mean(), y.std()) if kind == "standard" else (y.min(), np.ptp(y))
    if np.ptp(y) == 0:
        raise ValueError(f"values are all {y[0]:g}; expected values that differ.")
    return Scaler(float(shift), float(scale), kind)
