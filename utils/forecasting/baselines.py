"""Forecasts that need no training, and the form that all forecasters share.

A forecaster has a name, ``fit(values)``, which learns from a series and returns the forecaster, and
``forecast(past, horizon)``, which is handed what is known and nothing else. `rolling_origin` and
everything after it ask for no more than that.
"""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np

from utils.forecasting.windows import _complete
from utils.validation import Array, as_count


class Forecaster(Protocol):
    """What every forecaster can do."""

    name: str

    def fit(self, values: Array) -> Self:
        """Learn from a series, shape (N,).

        Parameters
        ----------
        values : array, shape (N,)

        Returns
        -------
        the forecaster itself
        """

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the next `horizon` values, shape (horizon,), after `past`, shape (N,).

        Parameters
        ----------
        past : array, shape (N,)
            Everything that is known at the origin.
        horizon : int, at least 1

        Returns
        -------
        array, shape (horizon,)
        """


class _Untrained:
    """A forecaster that learns nothing."""

    name = ""
    needs = 1

    def fit(self, values: Array) -> Self:
        """Return the forecaster as it is: it has nothing to learn."""
        return self

    def _read(self, past: Array, horizon: int) -> tuple[Array, int]:
        return as_past(past, self.needs, self.name), as_count("horizon", horizon)


class Naive(_Untrained):
    r"""Repeat the last value.

    .. math:: \hat y_{o+k} = y_o
    """

    name = "naive"

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the last value `horizon` times, shape (horizon,).

        Parameters
        ----------
        past : array, shape (N,)
        horizon : int, at least 1

        Returns
        -------
        array, shape (horizon,)
        """
        y, H = self._read(past, horizon)
        return np.full(H, y[-1])


class Mean(_Untrained):
    r"""Forecast the mean of everything that is known.

    .. math:: \hat y_{o+k} = \frac1o \sum_{t \le o} y_t
    """

    name = "mean"

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the mean `horizon` times, shape (horizon,).

        Parameters
        ----------
        past : array, shape (N,)
        horizon : int, at least 1

        Returns
        -------
        array, shape (horizon,)
        """
        y, H = self._read(past, horizon)
        return np.full(H, y.mean())


class Drift(_Untrained):
    r"""Go on along the straight line from the first value to the last.

    .. math:: \hat y_{o+k} = y_o + k \, \frac{y_o - y_1}{o - 1}
    """

    name = "drift"
    needs = 2

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return points on the line, shape (horizon,).

        Parameters
        ----------
        past : array, shape (N,)
        horizon : int, at least 1

        Returns
        -------
        array, shape (horizon,)
        """
        y, H = self._read(past, horizon)
        return y[-1] + np.arange(1, H + 1) * (y[-1] - y[0]) / (y.size - 1)


class SeasonalNaive(_Untrained):
    r"""Repeat the last season.

    .. math:: \hat y_{o+k} = y_{o+k-jm}, \quad j = \lceil k/m \rceil

    Parameters
    ----------
    period : int, at least 1
        m, the steps of a season; with 1 it is the naive forecast.
    """

    name = "seasonal naive"

    def __init__(self, period: int) -> None:
        self.period = self.needs = as_count("period", period)

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the last season, over and over, shape (horizon,).

        Parameters
        ----------
        past : array, shape (N,)
        horizon : int, at least 1

        Returns
        -------
        array, shape (horizon,)
        """
        y, H = self._read(past, horizon)
        return np.resize(y[-self.period :], H)


class SeasonalMean(_Untrained):
    r"""Forecast the mean of all values that stand at the same place of the season.

    Called climatology where the series is the weather. It forgets what was unusual of late, which
    is right for leads at which the unusual has passed.

    .. math::
        \hat y_{o+k} = \text{mean of } y_{o+k-jm} \text{ over all } j \text{ with }
        1 \le o + k - jm \le o

    Parameters
    ----------
    period : int, at least 1
        m, the steps of a season.
    """

    name = "seasonal mean"

    def __init__(self, period: int) -> None:
        self.period = self.needs = as_count("period", period)

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the means of the season's places, over and over, shape (horizon,).

        Parameters
        ----------
        past : array, shape (N,)
        horizon : int, at least 1

        Returns
        -------
        array, shape (horizon,)
        """
        y, H = self._read(past, horizon)
        m = self.period
        # y[::-1][m - 1 - i :: m] are the values that stand at place i of the coming season.
        means = [y[::-1][m - 1 - i :: m].mean() for i in range(m)]
        return np.resize(means, H)


class SeasonallyAdjusted:
    r"""Take the season off, forecast what remains, and put the season back.

    .. math:: \hat y_{o+k} = s_{(o+k) \bmod m} + \text{forecast of } (y_t - s_{t \bmod m})

    where s are the seasonal means of the series that it was fitted to.

    Parameters
    ----------
    forecaster : Forecaster
        For what remains, such as a linear autoregression.
    period : int, at least 1
        m, the steps of a season.
    """

    def __init__(self, forecaster: Forecaster, period: int) -> None:
        self.inner = forecaster
        self.period = as_count("period", period)
        self.name = f"{forecaster.name}, seasonally adjusted"
        self.season: Array | None = None

    def fit(self, values: Array) -> Self:
        """Take the seasonal means of a series, shape (N,), and fit the forecaster to the rest.

        Parameters
        ----------
        values : array, shape (N,)

        Returns
        -------
        SeasonallyAdjusted

        Raises
        ------
        ValueError
            If a value is missing, or there is less than one season.
        """
        y, m = as_past(values, self.period, self.name), self.period
        self.season = np.array([y[place::m].mean() for place in range(m)])
        self.inner.fit(y - np.resize(self.season, y.size))
        return self

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the next `horizon` values, shape (horizon,).

        Parameters
        ----------
        past : array, shape (N,)
            Must begin where the values of `fit` began, or whole seasons later.
        horizon : int

        Returns
        -------
        array, shape (horizon,)

        Raises
        ------
        ValueError
            If it is not fitted.
        """
        y, H = as_past(past, 1, self.name), as_count("horizon", horizon)
        if self.season is None:
            raise ValueError(f"{self.name} is not fitted; expected fit(values) first.")
        seasons = np.resize(self.season, y.size + H)
        return self.inner.forecast(y - seasons[: y.size], H) + seasons[y.size :]


def as_past(past: Array, needs: int, name: str) -> Array:
    """Return `past` as float64 after checking that it is complete and long enough.

    Parameters
    ----------
    past : array, shape (N,)
    needs : int
        How many values there must be.
    name : str
        Who needs them, for the message.

    Returns
    -------
    array, shape (N,)

    Raises
    ------
    ValueError
        If a value is missing, or there are fewer than `needs`.
    """
    y = _complete(past, "past")
    if y.size < needs:
        raise ValueError(f"past has {y.size} values; {name} needs at least {needs}.")
    return y
