"""Prediction intervals from errors on a calibration part, and how much of the truth they hold.

References
----------
Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), Distribution-free predictive inference for
regression, JASA 113 (split conformal intervals). Winkler (1972), A decision-theoretic approach to
interval estimation, JASA 67. Gneiting and Raftery (2007), Strictly proper scoring rules,
prediction, and estimation, JASA 102.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from utils.validation import Array, as_array, as_number

if TYPE_CHECKING:
    from utils.forecasting.evaluation import Evaluation


class Band(NamedTuple):
    """Hold the ends of intervals.

    Attributes
    ----------
    low, high : array, shape (H,) or (n, H)
        In the unit of the series.
    """

    low: Array
    high: Array


class Calibration(NamedTuple):
    """Hold how far a forecaster was off on a part of the series that it was not fitted on.

    Attributes
    ----------
    level : float
        The share of values that the interval is to hold.
    low, high : array, shape (H,)
        What is added to a forecast, for each lead.
    n : int
        Errors per lead that they come from.
    """

    level: float
    low: Array
    high: Array
    n: int

    def around(self, forecasts: Array) -> Band:
        """Return the band around forecasts of shape (H,) or (n, H).

        Parameters
        ----------
        forecasts : array, shape (H,) or (n, H)

        Returns
        -------
        Band
            low and high of the same shape.

        Raises
        ------
        ValueError
            If the last axis is not that of the calibration.
        """
        f = as_array("forecasts", forecasts)
        if f.shape[-1:] != self.low.shape:
            raise ValueError(
                f"forecasts has shape {f.shape}; expected {self.low.size} leads in its last axis."
            )
        return Band(f + self.low, f + self.high)


class Coverage(NamedTuple):
    """Hold how often values lay inside their band.

    Attributes
    ----------
    share : float
        Over all values.
    by_lead : array, shape (H,)
    n : int
        Origins. Neighbouring origins share values, so they count for less than n.
    width : float
        Mean width of the band, in the unit of the series.
    """

    share: float
    by_lead: Array
    n: int
    width: float


def calibrate(evaluation: Evaluation, level: float = 0.9) -> Calibration:
    r"""Take the interval of each lead from the errors of a rolling-origin evaluation.

    With n sorted values of "actual − forecast" the ends are those of rank
    :math:`\lfloor (n+1)\,\alpha/2 \rfloor` and :math:`\lceil (n+1)(1-\alpha/2) \rceil`, where
    :math:`\alpha = 1 - \text{level}`. If new errors are drawn as those were, independently, the
    interval holds at least `level` of them, whatever their distribution.

    Parameters
    ----------
    evaluation : Evaluation
        On origins that are neither used for fitting nor for the final test.
    level : float in (0, 1)

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If there are too few origins for the outermost rank: fewer than 2/α − 1.
    """
    level = as_number("level", level, above=0, below=1)
    residuals = np.sort(-evaluation.errors, axis=0)  # (n, H)
    n, tail = len(residuals), (1 - level) / 2
    low = math.floor((n + 1) * tail + 1e-9)
    high = math.ceil((n + 1) * (1 - tail) - 1e-9)
    if low < 1 or high > n:
        raise ValueError(
            f"evaluation has {n} origins; an interval of level {level:g} needs at least "
            f"{math.ceil(1 / tail - 1 - 1e-9)}."
        )
    return Calibration(level, residuals[low - 1].copy(), residuals[high - 1].copy(), n)


def coverage(band: Band, actual: Array) -> Coverage:
    """Count how many values lie inside their band, ends included.

    Parameters
    ----------
    band : Band
        low and high of the shape of `actual`.
    actual : array, shape (n, H)

    Returns
    -------
    Coverage

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    low, high, y = _same(band, actual)
    inside = (low <= y) & (y <= high)  # (n, H)
    return Coverage(
        float(inside.mean()), inside.mean(axis=0), len(inside), float((high - low).mean())
    )


def interval_score(band: Band, actual: Array, level: float) -> float:
    r"""Return the mean score of intervals: their width, and a fine for every value outside.

    .. math:: (u - \ell) + \frac2\alpha (\ell - y)_+ + \frac2\alpha (y - u)_+

    A wide band covers everything and scores badly; no band scores better in expectation than the
    true quantiles.

    Parameters
    ----------
    band : Band
        low ℓ and high u of the shape of `actual`.
    actual : array, shape (n, H)
    level : float in (0, 1)
        1 − α.

    Returns
    -------
    float
        In the unit of the series; smaller is better.
    """
    level = as_number("level", level, above=0, below=1)
    low, high, y = _same(band, actual)
    fine = 2 / (1 - level)
    outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return float((high - low + fine * outside).mean())


def _same(band: Band, actual: Array) -> tuple[Array, Array, Array]:
    sizes: dict[str, int] = {}
    y = as_array("actual", actual, "n H", sizes)
    return as_array("low", band[0], "n H", sizes), as_array("high", band[1], "n H", sizes), y
