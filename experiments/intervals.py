"""Intervals and tables of runs: what a verdict looks at and what a figure draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW


class Interval(NamedTuple):
    """An estimate with the ends of its confidence interval."""

    estimate: float
    low: float
    high: float
    n: int
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"


def t_interval(
    values: ArrayLike,
    level: float = 0.95,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Interval:
    r"""Return the mean of independent values with its t interval.

    .. math:: \bar v \pm t_{n-1,\,(1+\text{level})/2} \; s / \sqrt n

    Parameters
    ----------
    values : array, shape (n,), n at least 2
        One value per independent run, in any unit.
    level : float in (0, 1)
        Share of such intervals that cover the true mean when the values are normal.
    bounds : (float, float)
        Range that the mean cannot leave, such as (0, 1) for accuracies; the ends are cut there.

    Returns
    -------
    interval : Interval
        In the unit of the values. Both ends equal the mean if all values are equal.

    Raises
    ------
    ValueError
        If there are fewer than two values, a value is not finite, or `level` is not in (0, 1).

    References
    ----------
    Student (1908), The probable error of a mean, Biometrika 6(1).
    """
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1 or v.size < 2 or not np.isfinite(v).all():
        raise ValueError(f"values has shape {v.shape}; expected at least two finite numbers.")
    _check_level(level)
    if np.ptp(v) == 0:
        return Interval(float(v[0]), float(v[0]), float(v[0]), v.size, level)
    low, high = DescrStatsW(v).tconfint_mean(alpha=1 - level)
    low, high = np.clip([low, high], *bounds)
    return Interval(float(v.mean()), float(low), float(high), v.size, level)


def wilson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    r"""Return a success rate with its Wilson interval.

    .. math::
        \frac{\hat p + z^2/2n \pm z\sqrt{\hat p (1-\hat p)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    successes : int in 0 … n
        Runs that succeeded.
    n : int, at least 1
        Independent runs.
    level : float in (0, 1)
        Nominal share of such intervals that cover the true rate.

    Returns
    -------
    interval : Interval
        Values in [0, 1].

    Raises
    ------
    ValueError
        If `n` is below 1, `successes` is not in 0 … n, or `level` is not in (0, 1).

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22(158).
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}; expected 0 ≤ successes ≤ n, n at least 1.")
    _check_level(level)
    low, high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    return Interval(successes / n, float(low), float(high), int(n), level)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level is {level!r}; expected a number between 0 and 1.")


class Curve(NamedTuple):
    """What a figure draws: a line with its band, arrays of equal length."""

    x: np.ndarray
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray


def success_table(rows: pd.DataFrame, by: Sequence[str], success: str = "success") -> pd.DataFrame:
    """Count successes, with 95 % Wilson intervals.

    Parameters
    ----------
    rows : DataFrame
        One row per run.
    by : sequence of str
        Columns whose values make a group; groups come in the order of their first row.
    success : str
        A column of 0 and 1, or of truth values.

    Returns
    -------
    DataFrame
        The columns of `by`, then `runs`, `successes`, `rate`, `low`, `high`.
    """
    table = []
    for names, group in rows.groupby(list(by), sort=False):
        n = int(group[success].sum())
        interval = wilson_interval(n, len(group))
        table.append((*names, len(group), n, *interval[:3]))
    return pd.DataFrame(table, columns=[*by, "runs", "successes", "rate", "low", "high"])


def mean_table(
    rows: pd.DataFrame,
    by: Sequence[str],
    column: str,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    logarithmic: bool = False,
) -> pd.DataFrame:
    """Average a column, with 95 % t intervals.

    Parameters
    ----------
    rows, by
        As for `success_table`.
    column : str
        What is averaged; groups of fewer than two finite values get NaN.
    bounds : (float, float)
        As for `t_interval`.
    logarithmic : bool
        Whether the mean and its interval are taken of logarithms: a geometric mean, for factors.

    Returns
    -------
    DataFrame
        The columns of `by`, then `runs`, `mean`, `low`, `high`.
    """
    table = []
    for names, group in rows.groupby(list(by), sort=False):
        values = group[column].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        ends = (np.nan, np.nan, np.nan)
        if len(values) >= 2:
            found = t_interval(np.log(values) if logarithmic else values)[:3]
            ends = tuple(np.clip(np.exp(found) if logarithmic else found, *bounds))
        table.append((*names, len(values), *ends))
    return pd.DataFrame(table, columns=[*by, "runs", "mean", "low", "high"])


def curve(table: pd.DataFrame, x: str, **where: object) -> Curve:
    """Take a line out of a table of `success_table` or `mean_table`.

    Parameters
    ----------
    table : DataFrame
    x : str
        The column of the x axis.
    **where
        Values that other columns must have, such as ``network="relu"``.

    Raises
    ------
    ValueError
        If no row has these values; the message lists those that there are.
    """
    chosen = table
    for column, value in where.items():
        there = list(dict.fromkeys(table[column]))
        if value not in there:
            raise ValueError(
                f"{column} is {value!r}; expected one of {', '.join(map(str, there))}."
            )
        chosen = chosen[chosen[column] == value]
    chosen = chosen.sort_values(x)
    estimate = "rate" if "rate" in chosen else "mean"
    columns = (x, estimate, "low", "high")
    return Curve(*(chosen[column].to_numpy(dtype=float) for column in columns))


def percent(row: Any) -> str:
    """Write a success rate of a table's row with its interval: ``90 % [60, 98]``."""
    return f"{row.rate:.0%} [{100 * row.low:.0f}, {100 * row.high:.0f}]".replace("%", " %")


def mean_text(row: Any, digits: int = 2) -> str:
    """Write a mean of a table's row with its interval: ``0.58 [0.57, 0.60]``."""
    low, high = row["low"], row["high"]
    return f"{row['mean']:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def budget_text(settings: Mapping[str, Any], updates: str, chosen: str = "") -> str:
    """Write the effort of a study of agreement: what its verdict was reached with.

    Parameters
    ----------
    settings : mapping
        With `batch`, `training_sentences`, `hidden`, `clip` and `seeds`.
    updates : str
        Such as ``"600 updates of Adam"``.
    chosen : str
        What learning rates were chosen for, such as ``" for each network"``.
    """
    return (
        f"at most {updates} on {settings['batch']} of {settings['training_sentences']} sentences "
        f"each, {settings['hidden']} hidden units, gradients clipped at norm "
        f"{settings['clip']:g}, {len(settings['seeds'])} seeds, learning rates chosen on other "
        f"seeds{chosen}; success is an accuracy of at least 90 %; 95 % Wilson intervals."
    )


def decide(confirmed: Sequence[Any], refuted: Sequence[Any], all_: Sequence[Any]) -> str:
    """Return the word of a verdict from what is confirmed and what is refuted.

    Returns
    -------
    word : str
        "holds" if all are confirmed, "is false" if none is and at least one is refuted, "holds
        only when" if some are.

    Raises
    ------
    ValueError
        If nothing is confirmed and nothing refuted: the runs decide nothing.
    """
    if not confirmed and not refuted:
        raise ValueError(f"The runs decide nothing about {', '.join(map(str, all_))}.")
    if not confirmed:
        return "is false"
    return "holds" if len(confirmed) == len(all_) else "holds only when"


PREFERRED = ("failed", "updates", "loss")
"""How learning rates are chosen where runs fail or succeed: fewest failures, then least updates
until learnt, then least loss."""


def check_learning_rates(
    rows: pd.DataFrame,
    group: str,
    used: Mapping[str, float],
    by: Sequence[str] = ("loss",),
) -> None:
    """Compare the learning rates of the measurement with those that the selection runs prefer.

    Parameters
    ----------
    rows : DataFrame
        With columns `phase`, `learning_rate`, `group` and those of `by`; preferred is the rate of
        the lowest mean over the rows of phase "select".
    group : str
        The column that learning rates were chosen for, such as ``"network"``.
    used : mapping of str to float
        The learning rate that each value of that column was measured with.
    by : sequence of str
        What is to be low; a later column decides where the earlier ones are equal.

    Raises
    ------
    ValueError
        If another rate is preferred for one of them.
    """
    select = rows[rows.phase == "select"]
    means = select.groupby([group, "learning_rate"])[list(by)].mean()
    for name, rate in used.items():
        ranked = means.loc[name].sort_values(list(by), kind="stable")
        preferred = float(ranked.index[0])
        if preferred != rate:
            raise ValueError(
                f"{name} was run with learning rate {rate}; the selection runs prefer "
                f"{preferred}:\n{ranked.to_string()}"
            )
