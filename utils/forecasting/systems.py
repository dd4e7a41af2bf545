"""Generated series with known noise, on which one can say how good a forecast can be at all."""

from __future__ import annotations

import math

import numpy as np

from utils.validation import Array, as_count, as_generator, as_number


def mackey_glass(rng: np.random.Generator, N: int, noise: float = 0.02, delay: int = 17) -> Array:
    r"""Draw a series whose next value depends on a value long ago, in a way that no line follows.

    .. math::
        y_{t+1} = 0.9\, y_t + \frac{0.2\, y_{t-\tau}}{1 + y_{t-\tau}^{10}} + \sigma \varepsilon_t

    with standard normal ε. The best forecast of the next value is the right side without the noise;
    its mean absolute error is :math:`\sigma \sqrt{2/\pi}`, see `noise_floor`.

    Parameters
    ----------
    rng : numpy.random.Generator
    N : int, at least 1
    noise : float, at least 0
        σ; the series itself has a standard deviation of about 0.25.
    delay : int, at least 1
        τ, in steps.

    Returns
    -------
    array, shape (N,)

    References
    ----------
    Mackey and Glass (1977), Oscillation and chaos in physiological control systems, Science 197;
    in steps of one unit of time.
    """
    rng, N = as_generator("rng", rng), as_count("N", N)
    delay, noise = as_count("delay", delay), as_number("noise", noise, at_least=0)
    forgotten = 300  # steps until the start no longer matters
    y = np.empty(delay + 1 + forgotten + N)
    y[: delay + 1] = 1.2 + 0.1 * rng.standard_normal(delay + 1)
    shocks = noise * rng.standard_normal(y.size)
    for t in range(delay, y.size - 1):
        y[t + 1] = mackey_glass_next(y[t], y[t - delay]) + shocks[t]
    return y[-N:]


def mackey_glass_next(now: float | Array, before: float | Array) -> float | Array:
    """Return the next value of the system of `mackey_glass` without noise.

    Parameters
    ----------
    now, before : float or array
        The last value, and the one ``delay`` steps before it.

    Returns
    -------
    float or array
    """
    return 0.9 * now + 0.2 * before / (1 + before**10)


def related_series(rng: np.random.Generator, S: int, N: int, noise: float = 0.1) -> Array:
    r"""Draw many short series of one family: stocks that run down and are filled up again.

    Each has its own period m between 6 and 14 steps (any real number), its own start, level and
    size, and no two are alike:

    .. math:: y_t = \text{level} + \text{size} \cdot \big(1 - (t/m + \text{start}) \bmod 1\big)
              + \text{size} \cdot \sigma \varepsilon_t

    What they share is the shape, which one short series hardly shows and many do.

    Parameters
    ----------
    rng : numpy.random.Generator
    S : int, at least 1
        Series.
    N : int, at least 1
        Values in each.
    noise : float, at least 0
        σ, in units of the size.

    Returns
    -------
    array, shape (S, N)
        Scaled so that size is between 0.5 and 2. The best forecast's mean absolute error is about
        size · `noise_floor`.
    """
    rng, S, N = as_generator("rng", rng), as_count("S", S), as_count("N", N)
    noise = as_number("noise", noise, at_least=0)
    period = rng.uniform(6, 14, (S, 1))
    start = rng.uniform(0, 1, (S, 1))
    level = rng.uniform(-5, 5, (S, 1))
    size = np.exp(rng.uniform(math.log(0.5), math.log(2), (S, 1)))
    left = 1 - (np.arange(N) / period + start) % 1
    return level + size * (left + noise * rng.standard_normal((S, N)))


def noise_floor(noise: float) -> float:
    r"""Return the mean absolute error that normal noise leaves to the best forecast.

    .. math:: \sigma \sqrt{2/\pi}

    Parameters
    ----------
    noise : float, at least 0
        The σ of the formula.

    Returns
    -------
    float
        In the unit of `noise`.
    """
    return as_number("noise", noise, at_least=0) * math.sqrt(2 / math.pi)
