"""Two leaks, made on purpose: what many notebooks do, kept here to measure what it buys.

Nothing else in the package uses these functions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.forecasting.scaling import Scaler, fit_scaler
from utils.forecasting.windows import Windows
from utils.validation import Array, as_generator, as_number


class RandomSplit(NamedTuple):
    """Hold windows that were dealt out at random."""

    train: Windows  #: to fit to
    test: Windows  #: to judge by


def leaky_scaler(values: Array, kind: str = "range") -> Scaler:
    """Take shift and scale from the whole series, the test part included.

    The network is told how high and low the future will go: with ``"range"`` the scaled future
    lies in [0, 1] by construction.

    Parameters
    ----------
    values : array, shape (N,)
    kind : str
        As in `fit_scaler`.

    Returns
    -------
    Scaler
    """
    return fit_scaler(values, kind)


def random_split(windows: Windows, share: float, rng: np.random.Generator) -> RandomSplit:
    """Deal windows out at random, so that test windows lie between training windows.

    Parameters
    ----------
    windows : Windows
    share : float in (0, 1)
        Of windows that become the test.
    rng : numpy.random.Generator

    Returns
    -------
    RandomSplit
        Each part in the order of its origins.

    Raises
    ------
    ValueError
        If a part would be empty.
    """
    share = as_number("share", share, above=0, below=1)
    n_test = round(share * windows.n)
    if not 0 < n_test < windows.n:
        raise ValueError(f"share is {share:g} of {windows.n} windows; expected two parts.")
    order = as_generator("rng", rng).permutation(windows.n)
    test, train = np.sort(order[:n_test]), np.sort(order[n_test:])
    return RandomSplit(windows.take(train), windows.take(test))


def shared_values(train: Windows, test: Windows) -> float:
    """Return the share of the test's future values that stand in a training window, 0 … 1.

    A value counts by its place in the series, be it in the past or in the future of a training
    window. After a split in time it is 0.

    Parameters
    ----------
    train, test : Windows
        Of one series.

    Returns
    -------
    float in [0, 1]
    """
    P, H = train.past.shape[1], train.future.shape[1]
    steps = np.arange(-P, H)
    seen = np.unique(train.origins[:, None] + steps)  # places in the series
    asked = test.origins[:, None] + np.arange(test.future.shape[1])
    return float(np.isin(asked, seen).mean())
