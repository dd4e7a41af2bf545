"""Linear autoregression by least squares, with both ways to forecast several steps ahead.

*Recursive*: one model for the next value, fed with its own forecasts. *Direct*: one model for each
lead, trained on exactly what it is asked.

References
----------
Marcellino, Stock and Watson (2006), A comparison of direct and iterated multistep AR methods for
forecasting macroeconomic time series, Journal of Econometrics 135.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from utils.forecasting.baselines import as_past
from utils.forecasting.windows import _complete, make_windows
from utils.validation import Array, as_choice, as_count, as_number

STRATEGIES = ("recursive", "direct")


class Lags(NamedTuple):
    """Hold the rows of a least-squares problem: known values, and the value that followed.

    Attributes
    ----------
    X : array, shape (n, order)
        The newest value last.
    y : array, shape (n,)
    """

    X: Array
    y: Array


def lag_matrix(values: Array, order: int, lead: int = 1) -> Lags:
    r"""Return for every origin the last `order` values, and the value `lead` steps later.

    .. math:: (y_{o-p+1}, …, y_o) \to y_{o+k}

    Parameters
    ----------
    values : array, shape (N,)
    order : int, at least 1
        The p of the formula.
    lead : int, at least 1
        The k of the formula.

    Returns
    -------
    Lags

    Raises
    ------
    ValueError
        If a value is missing, or the series is too short for one row.
    """
    found = make_windows(values, order, lead)
    return Lags(found.past, found.future[:, -1])


class LinearAutoregression:
    r"""Forecast by a weighted sum of the last values.

    .. math:: \hat y_{o+k} = b^{(k)} + \sum_{j=1}^{p} w^{(k)}_j \, y_{o-p+j}

    Recursive models have only k = 1 and put their own forecasts in place of values that are not
    known yet; direct ones have weights for each lead k.

    Parameters
    ----------
    order : int, at least 1
        p, how many values are looked at.
    strategy : {"recursive", "direct"}
    horizon : int, at least 1
        The furthest lead of a direct model; a recursive one reaches any.
    ridge : float, at least 0
        Penalty on the squared weights (of deviations from their means, per row); 0 is plain least
        squares.

    Attributes
    ----------
    coefficients : array, shape (leads, 1 + order)
        A row per lead: the constant b, then the weights, the newest value's last.
    """

    def __init__(
        self, order: int, strategy: str = "recursive", horizon: int = 1, ridge: float = 0.0
    ) -> None:
        self.order = as_count("order", order)
        self.strategy = as_choice("strategy", strategy, STRATEGIES)
        self.horizon = as_count("horizon", horizon)
        self.ridge = as_number("ridge", ridge, at_least=0)
        self.name = f"linear autoregression, {strategy}"
        self.coefficients: Array | None = None

    def fit(self, values: Array | Sequence[Array]) -> Self:
        """Find the weights of least squared error.

        Parameters
        ----------
        values : array, shape (N,) or (S, N), or list of arrays of shape (N,)
            One series, or several that share their weights.

        Returns
        -------
        LinearAutoregression

        Raises
        ------
        ValueError
            If a value is missing, or there are no more rows than weights.
        """
        several = isinstance(values, list | tuple) and len(values) > 0 and np.ndim(values[0]) > 0
        if isinstance(values, np.ndarray) and values.ndim == 2:
            several = True
        many = [_complete(v) for v in values] if several else [_complete(values)]
        leads = self.horizon if self.strategy == "direct" else 1
        self.coefficients = np.array([self._solve(many, lead) for lead in range(1, leads + 1)])
        return self

    def _solve(self, many: Sequence[Array], lead: int) -> Array:
        rows = [lag_matrix(y, self.order, lead) for y in many if y.size >= self.order + lead]
        n = sum(len(part.y) for part in rows)
        if n <= self.order + 1:
            raise ValueError(
                f"values give {n} rows of {self.order} lags at lead {lead}; expected more than "
                f"the {self.order + 1} weights."
            )
        X, y = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        X_mean, y_mean = X.mean(axis=0), y.mean()
        A, b = X - X_mean, y - y_mean  # deviations: the constant is not penalised
        if self.ridge:
            A = np.vstack([A, np.sqrt(self.ridge * n) * np.eye(self.order)])
            b = np.concatenate([b, np.zeros(self.order)])
        weights = np.linalg.lstsq(A, b, rcond=None)[0]
        return np.concatenate([[y_mean - X_mean @ weights], weights])

    def forecast(self, past: Array, horizon: int) -> Array:
        """Return the next `horizon` values, shape (horizon,).

        Parameters
        ----------
        past : array, shape (N,)
            The last values are read, as many as the order.
        horizon : int, at least 1

        Returns
        -------
        array, shape (horizon,)

        Raises
        ------
        ValueError
            If the model is not fitted, `past` is shorter than the order, or `horizon` lies beyond
            that of a direct model.
        """
        H = as_count("horizon", horizon)
        if self.coefficients is None:
            raise ValueError(f"{self.name} is not fitted; expected fit(values) first.")
        y = as_past(past, self.order, self.name)[-self.order :]
        if self.strategy == "direct":
            if self.horizon < H:
                raise ValueError(f"horizon is {H}; this direct model was made for {self.horizon}.")
            return self.coefficients[:H, 0] + self.coefficients[:H, 1:] @ y
        constant, weights = self.coefficients[0, 0], self.coefficients[0, 1:]
        known = np.concatenate([y, np.zeros(H)])
        for k in range(H):
            known[self.order + k] = constant + known[k : k + self.order] @ weights
        return known[self.order :]
