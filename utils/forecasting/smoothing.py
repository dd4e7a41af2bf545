"""Exponential smoothing by statsmodels, with weights that are estimated once.

References
----------
Hyndman, Koehler, Ord and Snyder (2008), Forecasting with exponential smoothing: the state space
approach.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from utils.forecasting.baselines import as_past
from utils.forecasting.intervals import Band
from utils.validation import Array, as_count, as_number

if TYPE_CHECKING:
    from statsmodels.tsa.exponential_smoothing.ets import ETSResults


class ExponentialSmoothing:
    r"""Track level, trend and season, each by an exponentially weighted mean, and go on from them.

    .. math::
        \hat y_t &= \ell_{t-1} + b_{t-1} + s_{t-m} , \quad e_t = y_t - \hat y_t \\
        \ell_t &= \ell_{t-1} + b_{t-1} + \alpha e_t , \quad
        b_t = b_{t-1} + \beta e_t , \quad s_t = s_{t-m} + \gamma e_t

    The parts b and s are left out where they are not asked for. `fit` estimates α, β, γ and the
    first level, trend and season by maximum likelihood; `forecast` runs over the past with these,
    so that later origins use later values and no new estimate.

    Parameters
    ----------
    period : int, optional
        m, the steps of a season; None or 1 for no season.
    trend : bool
    damped : bool
        Whether the trend fades out.

    Attributes
    ----------
    weights : dict of str to float
        The estimates by their names in statsmodels, such as ``"smoothing_level"``.
    """

    def __init__(self, period: int | None = None, trend: bool = True, damped: bool = False) -> None:
        self.period = None if period is None else as_count("period", period)
        self.trend, self.damped = bool(trend), bool(damped)
        self.name = "exponential smoothing"
        self.weights: dict[str, float] = {}
        self._params: Array | None = None
        self._first: Array | None = None

    def fit(self, values: Array) -> Self:
        """Estimate the weights from a series, shape (N,).

        Parameters
        ----------
        values : array, shape (N,)

        Returns
        -------
        ExponentialSmoothing

        Raises
        ------
        ValueError
            If a value is missing, or there are fewer than two seasons (and ten values).
        """
        y = as_past(values, max(10, 2 * (self.period or 1)), self.name)
        with warnings.catch_warnings():
            # The likelihood is flat where a weight is near 0; the estimate serves all the same.
            warnings.simplefilter("ignore")
            found = self._model(y).fit(disp=False)
        self._params = np.asarray(found.params)
        self.weights = dict(zip(found.param_names, map(float, self._params), strict=True))
        self._first = y[: self.period or 1].copy()
        return self

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the next `horizon` values, shape (horizon,).

        Parameters
        ----------
        past : array, shape (N,)
            Must begin where the values of `fit` began: level, trend and season start there.
        horizon : int

        Returns
        -------
        array, shape (horizon,)

        Raises
        ------
        ValueError
            If it is not fitted, or `past` begins elsewhere.
        """
        return np.asarray(self._run(past).forecast(as_count("horizon", horizon)))

    def interval(self, past: Array, horizon: int, level: float = 0.9) -> Band:
        """Return the band that holds each coming value with chance `level`, if the model is right.

        It follows from normal errors of the size seen so far, and knows nothing of errors in the
        weights or the model.

        Parameters
        ----------
        past, horizon
            As in `forecast`.
        level : float in (0, 1)

        Returns
        -------
        Band
            low and high, each (horizon,).
        """
        H = as_count("horizon", horizon)
        level = as_number("level", level, above=0, below=1)
        run = self._run(past)
        n = len(run.model.endog)
        table = run.get_prediction(start=n, end=n + H - 1).summary_frame(alpha=1 - level)
        return Band(table["pi_lower"].to_numpy(), table["pi_upper"].to_numpy())

    def _run(self, past: Array) -> ETSResults:
        if self._params is None or self._first is None:
            raise ValueError(f"{self.name} is not fitted; expected fit(values) first.")
        y = as_past(past, len(self._first), self.name)
        if not np.array_equal(y[: len(self._first)], self._first):
            raise ValueError(
                "past begins with other values than fit had; expected the series from its start: "
                "level, trend and season are followed from there."
            )
        return self._model(y).smooth(self._params)

    def _model(self, y: Array) -> Any:
        import pandas as pd
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        seasonal = self.period is not None and self.period > 1
        return ETSModel(
            pd.Series(y),
            error="add",
            trend="add" if self.trend else None,
            damped_trend=self.damped and self.trend,
            seasonal="add" if seasonal else None,
            seasonal_periods=self.period if seasonal else None,
        )
