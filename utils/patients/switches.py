"""The task on which the patients were trained: which way does a switch stand?

Sensors report three numbers at every step: +1 or -1 at the steps at which a switch is set, 0 at the
others, and two numbers of noise that have nothing to do with it. A network that remembers the last
setting is always right; one that reads the step at hand alone has to guess between two settings.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.validation import Array, IndexArray, as_count, as_generator, as_number

FEATURES = 3
NOISE = 0.5


class SwitchBatch(NamedTuple):
    """Sequences of readings with what the switch is at every step.

    Attributes
    ----------
    xs : array, shape (T, B, 3), float32
        The setting (+1, -1, or 0 where the switch is left alone) and two numbers of noise.
    states : array, shape (T, B), whole numbers
        1 where the switch is up, 0 where it is down.
    """

    xs: Array
    states: IndexArray


def batch(rng: np.random.Generator, B: int, T: int, flip: float = 0.0) -> SwitchBatch:
    """Draw sequences in which the switch is set at the first step, and later by chance.

    Parameters
    ----------
    rng : numpy.random.Generator
    B, T : int
        Sequences, and steps of each.
    flip : float in [0, 1]
        Chance that the switch is set anew at a step, to up or down with equal chances.

    Returns
    -------
    SwitchBatch

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    rng, B, T = as_generator("rng", rng), as_count("B", B), as_count("T", T)
    flip = as_number("flip", flip, at_least=0, at_most=1)
    set_here = rng.random((T, B)) < flip
    set_here[0] = True
    drawn = rng.integers(0, 2, (T, B))
    last = np.maximum.accumulate(np.where(set_here, np.arange(T)[:, None], 0), axis=0)
    states = np.take_along_axis(drawn, last, axis=0)
    xs = np.empty((T, B, FEATURES), np.float32)
    xs[..., 0] = np.where(set_here, 2 * states - 1, 0)
    xs[..., 1:] = rng.normal(0, NOISE, (T, B, FEATURES - 1))
    return SwitchBatch(xs, states)
