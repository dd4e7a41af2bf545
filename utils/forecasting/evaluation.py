"""Rolling origin: forecast again and again from later origins, and compare with what came.

A forecaster is handed ``values[:origin]`` and nothing else, so no later value can reach it.

References
----------
Tashman (2000), Out-of-sample tests of forecasting accuracy, International Journal of Forecasting
16. Hyndman and Koehler (2006), Another look at measures of forecast accuracy, the same, 22.
Diebold and Mariano (1995), Comparing predictive accuracy, Journal of Business and Economic
Statistics 13. Harvey, Leybourne and Newbold (1997), Testing the equality of prediction mean
squared errors, International Journal of Forecasting 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from utils.forecasting.baselines import Forecaster
from utils.forecasting.windows import _complete
from utils.validation import Array, IndexArray, as_array, as_count, as_number, as_shape_of

if TYPE_CHECKING:
    import pandas as pd


class DifferenceInterval(NamedTuple):
    """Hold the mean difference of two forecasters' absolute errors with its interval.

    Attributes
    ----------
    estimate, low, high : float
        Below 0 where the first forecaster is better; in the unit of the series.
    n : int
        Origins.
    """

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Evaluation:
    """Hold the forecasts from many origins beside what came.

    Attributes
    ----------
    name : str
        The forecaster's.
    origins : array of int, shape (n,)
        How many values were known.
    forecasts, actual : array, shape (n, H)
    """

    name: str
    origins: IndexArray
    forecasts: Array
    actual: Array

    @property
    def errors(self) -> Array:
        """Forecast minus actual, shape (n, H)."""
        return self.forecasts - self.actual

    @property
    def horizon(self) -> int:
        """H, the furthest lead."""
        return self.actual.shape[1]

    def at(self, lead: int | None) -> Array:
        """Return the errors at one lead, shape (n, 1), or at all, shape (n, H).

        Parameters
        ----------
        lead : int from 1 to H, or None
            None for all leads.

        Returns
        -------
        array, shape (n, 1) or (n, H)

        Raises
        ------
        ValueError
            If the lead is not in 1 … H.
        """
        if lead is None:
            return self.errors
        if not 1 <= as_count("lead", lead) <= self.horizon:
            raise ValueError(f"lead is {lead}; expected 1 to {self.horizon}.")
        return self.errors[:, lead - 1 : lead]

    def mae(self, lead: int | None = None) -> float:
        """Return the mean absolute error, at one lead or over all.

        Parameters
        ----------
        lead : int from 1 to H, optional

        Returns
        -------
        float
            In the unit of the series.
        """
        return float(np.abs(self.at(lead)).mean())

    def rmse(self, lead: int | None = None) -> float:
        """Return the root of the mean squared error, at one lead or over all.

        Parameters
        ----------
        lead : int from 1 to H, optional

        Returns
        -------
        float
            In the unit of the series.
        """
        return float(np.sqrt((self.at(lead) ** 2).mean()))

    def mase(self, scale: float, lead: int | None = None) -> float:
        """Return the mean absolute error in units of `mase_scale`.

        Parameters
        ----------
        scale : float above 0
            As `mase_scale` returns it.
        lead : int from 1 to H, optional

        Returns
        -------
        float
        """
        return self.mae(lead) / as_number("scale", scale, above=0)

    def mae_by_lead(self) -> Array:
        """Return the mean absolute error at every lead, shape (H,).

        Returns
        -------
        array, shape (H,)
        """
        return np.abs(self.errors).mean(axis=0)

    def table(self) -> pd.DataFrame:
        """Return a table of origin, lead, forecast, actual and error.

        Returns
        -------
        pandas.DataFrame
            One row per origin and lead.
        """
        import pandas as pd

        n, H = self.actual.shape
        return pd.DataFrame(
            {
                "origin": np.repeat(self.origins, H),
                "lead": np.tile(np.arange(1, H + 1), n),
                "forecast": self.forecasts.ravel(),
                "actual": self.actual.ravel(),
                "error": self.errors.ravel(),
            }
        )


def origins_of(N: int, first: int, horizon: int, every: int = 1) -> IndexArray:
    """Return the origins first, first + every, … that leave a whole horizon of N values.

    Parameters
    ----------
    N, first, horizon, every : int, at least 1

    Returns
    -------
    array of int

    Raises
    ------
    ValueError
        If there is none.
    """
    N, H = as_count("N", N), as_count("horizon", horizon)
    origins = np.arange(as_count("first", first), N - H + 1, as_count("every", every))
    if not origins.size:
        raise ValueError(f"first is {first}; expected at most N − horizon = {N} − {H} = {N - H}.")
    return origins


def rolling_origin(
    forecaster: Forecaster,
    values: Array,
    origins: Sequence[int] | IndexArray,
    horizon: int,
    refit_every: int | None = None,
) -> Evaluation:
    """Forecast `horizon` values from each origin, each time from a copy of the past alone.

    Parameters
    ----------
    forecaster : Forecaster
    values : array, shape (N,)
        The series from its start.
    origins : array of int, shape (n,)
        Each at least 1 and at most N − horizon, ascending.
    horizon : int
    refit_every : int, optional
        With k, the forecaster is fitted anew to the past at the first origin and at every k-th one
        after it. Without it the forecaster stays as it was fitted before; it is then up to the
        caller that it was fitted to nothing after the first origin.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If a value is missing, an origin leaves no past or no whole horizon, or a forecast has
        another shape than (horizon,) or is not finite.
    """
    y = _complete(values)
    H = as_count("horizon", horizon)
    places = as_array("origins", origins, "n", kind="int")
    if places.min() < 1 or places.max() > y.size - H or (np.diff(places) <= 0).any():
        raise ValueError(
            f"origins run from {places.min()} to {places.max()}; expected ascending numbers from 1 "
            f"to N − horizon = {y.size} − {H} = {y.size - H}."
        )
    every = None if refit_every is None else as_count("refit_every", refit_every)
    forecasts = []
    for place, origin in enumerate(places):
        if every is not None and place % every == 0:
            forecaster.fit(y[:origin].copy())
        found = np.asarray(forecaster.forecast(y[:origin].copy(), H), dtype=np.float64)
        if found.shape != (H,) or not np.isfinite(found).all():
            raise ValueError(
                f"{forecaster.name} returned shape {found.shape} at origin {origin}; expected "
                f"{H} finite numbers."
            )
        forecasts.append(found)
    actual = np.array([y[origin : origin + H] for origin in places])
    return Evaluation(forecaster.name, places, np.array(forecasts), actual)


def mae(forecast: Array, actual: Array) -> float:
    r"""Return the mean absolute error, :math:`\overline{|\hat y - y|}`, in the series' unit.

    Parameters
    ----------
    forecast, actual : array of one shape

    Returns
    -------
    float
    """
    return float(np.abs(_error(forecast, actual)).mean())


def rmse(forecast: Array, actual: Array) -> float:
    r"""Return the root mean squared error, :math:`\sqrt{\overline{(\hat y - y)^2}}`.

    Parameters
    ----------
    forecast, actual : array of one shape

    Returns
    -------
    float
        In the unit of the series.
    """
    return float(np.sqrt((_error(forecast, actual) ** 2).mean()))


def mase_scale(training_values: Array, period: int) -> float:
    r"""Return the mean absolute error of the seasonal naive forecast on the training part.

    .. math:: \frac1{N-m} \sum_{t>m} |y_t - y_{t-m}|

    Parameters
    ----------
    training_values : array, shape (N,)
        What forecasters are fitted to, and nothing later.
    period : int
        m; 1 for the naive forecast of one step.

    Returns
    -------
    float above 0

    Raises
    ------
    ValueError
        If there are no more values than a season has, or all differences are 0.
    """
    y, m = _complete(training_values, "training_values"), as_count("period", period)
    if y.size <= m:
        raise ValueError(f"training_values has {y.size} entries; expected more than period = {m}.")
    scale = float(np.abs(y[m:] - y[:-m]).mean())
    if scale == 0:
        raise ValueError("training_values repeat their season exactly; MASE has no scale then.")
    return scale


def mase(forecast: Array, actual: Array, scale: float) -> float:
    """Return the mean absolute error in units of `mase_scale`: no unit, and one for every series.

    Below 1 the forecast is better than the seasonal naive one was on the training part, one step
    (of a season) ahead.

    Parameters
    ----------
    forecast, actual : array of one shape
    scale : float above 0
        As `mase_scale` returns it.

    Returns
    -------
    float
    """
    return mae(forecast, actual) / as_number("scale", scale, above=0)


def paired_differences(a: Evaluation, b: Evaluation, lead: int | None = None) -> Array:
    """Return by how much a's absolute errors are larger than b's, for each origin.

    Parameters
    ----------
    a, b : Evaluation
    lead : int, optional
        Compare the errors at this lead; without it the mean over all leads.

    Returns
    -------
    array, shape (n,)
        Below 0 where `a` was nearer.

    Raises
    ------
    ValueError
        If the two were not evaluated at the same origins of the same series.
    """
    same = a.actual.shape == b.actual.shape and np.array_equal(a.origins, b.origins)
    if not same or not np.array_equal(a.actual, b.actual):
        raise ValueError(
            f"{a.name} and {b.name} were evaluated at different origins or on different values; "
            "expected the same."
        )
    return (np.abs(a.at(lead)) - np.abs(b.at(lead))).mean(axis=1)


def difference_interval(
    differences: Array, overlap: int = 1, level: float = 0.95
) -> DifferenceInterval:
    r"""Return the mean of differences in time with an interval that allows for their correlation.

    Errors of neighbouring origins are alike: an interval that takes them for independent is too
    narrow. The variance of the mean is Newey and West's, with lags up to q = `overlap` − 1,

    .. math::
        \frac1n \Big( \gamma_0 + 2 \sum_{j=1}^{q} \big(1 - \tfrac{j}{q+1}\big) \gamma_j \Big)
        \cdot \frac{n}{n-1} ,

    and the quantile is that of t with n − 1 degrees of freedom.

    Parameters
    ----------
    differences : array, shape (n,), n at least 2
        One per origin, in order.
    overlap : int, at least 1
        How many neighbouring origins are taken to be related; the furthest lead divided by the
        steps between origins is the least. 1 is the usual t interval.
    level : float in (0, 1)

    Returns
    -------
    DifferenceInterval

    Raises
    ------
    ValueError
        If there are fewer than two differences, or no more than `overlap`.
    """
    from scipy import stats

    d = as_array("differences", differences, "n", dtype=np.float64)
    level = as_number("level", level, above=0, below=1)
    n, lags = d.size, as_count("overlap", overlap) - 1
    if n < 2 or n <= lags + 1:
        raise ValueError(
            f"differences has {n} entries; expected at least {max(2, lags + 2)} for overlap "
            f"{overlap}."
        )
    e = d - d.mean()
    variance = e @ e / n
    for j in range(1, lags + 1):
        variance += 2 * (1 - j / (lags + 1)) * (e[j:] @ e[:-j]) / n
    half = stats.t.ppf((1 + level) / 2, n - 1) * np.sqrt(max(variance, 0.0) / (n - 1))
    return DifferenceInterval(float(d.mean()), float(d.mean() - half), float(d.mean() + half), n)


def _error(forecast: Array, actual: Array) -> Array:
    y = as_array("actual", actual, dtype=np.float64)
    return as_shape_of("forecast", forecast, "actual", y) - y
