"""Medians, their intervals and geometric means of measured times."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """Hold a median with an interval that contains the true one.

    Attributes
    ----------
    median, low, high : float
    """

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}]"


def geometric_mean(values: Iterable[float]) -> float:
    """Return the root of the product: ratios of 1/2 and 2 give 1.

    Raises
    ------
    ValueError
        If there is no value, or one is not above 0.
    """
    values = list(values)
    if not values or min(values) <= 0:
        raise ValueError(f"values is {values}; expected at least one, all above 0.")
    return math.exp(statistics.fmean(math.log(v) for v in values))


def median_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    r"""Return the median and two of the values that hold the true median between them.

    The k-th smallest and the k-th largest of n values do so with the probability

    .. math:: 1 - 2 \sum_{j < k} \binom{n}{j} 2^{-n}

    whatever their distribution; k is the largest that reaches `level`, and 1 where none does.

    Raises
    ------
    ValueError
        If there is no value.
    """
    if not values:
        raise ValueError("values is empty; expected at least one.")
    ordered = sorted(values)
    n, k, outside = len(ordered), 1, 2 * 0.5 ** len(ordered)
    while 2 * (k + 1) <= n:
        outside += 2 * math.comb(n, k) * 0.5**n
        if 1 - outside < level:
            break
        k += 1
    return Interval(statistics.median(ordered), ordered[k - 1], ordered[n - k])


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return the ratios of neighbouring runs, which load on the machine meets alike.

    Raises
    ------
    ValueError
        If there are not as many of one as of the other.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"ours has {len(ours)} times and theirs {len(theirs)}; expected as many.")
    return [a / b for a, b in zip(ours, theirs, strict=True)]
