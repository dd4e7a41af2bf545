"""What the checks of chapter 11 share.

Errors are forecast − actual, an origin says how many values are known, a lead how many steps
ahead of them a forecast lies. A choice inside a computation (where a window begins, which
statistics scale it) is a quantity of its own in the checks, so that a mistake replaces one choice
and mistakes combine.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray
CHAPTER = "11_forecasting"


def draw_series(rng: np.random.Generator, N: int) -> Array:
    """Draw a series (N,) with a trend, whose later values lie higher and spread more."""
    steps = np.arange(N)
    return 20 + 0.6 * steps + (1 + 0.08 * steps) * rng.normal(size=N)
