"""How much memory and how much time a computation takes."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from utils.validation import Array, as_count, describe

__all__ = ["peak_bytes", "shortest_seconds"]


def peak_bytes(function: Callable[[], object]) -> int:
    """Run a function and return the most memory that it held at any moment beyond the start.

    Counted is what Python and NumPy allocate, as ``tracemalloc`` sees it; what torch allocates is
    not. Counting takes time, so measure memory and time in separate runs.

    Parameters
    ----------
    function : callable
        Takes no arguments; what it returns is thrown away.

    Returns
    -------
    int, at least 0, in bytes

    Raises
    ------
    TypeError
        If `function` cannot be called.
    """
    _check_function(function)
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        function()
        return max(tracemalloc.get_traced_memory()[1] - before, 0)
    finally:
        if not tracing:
            tracemalloc.stop()


def shortest_seconds(*functions: Callable[[], object], repeats: int = 9) -> Array:
    """Return the shortest of several running times of each function.

    The functions take turns, so that whatever else the machine is doing meets all of them. The
    shortest time is the one that was disturbed least; compare by its ratios.

    Parameters
    ----------
    *functions : callable
        Each takes no arguments.
    repeats : int, at least 1
        How often each is run.

    Returns
    -------
    array, one time for each function, in seconds

    Raises
    ------
    TypeError, ValueError
        If something cannot be called, there is no function, or `repeats` is not a whole number
        of at least 1.
    """
    if not functions:
        raise ValueError("functions is empty; expected at least one function.")
    for function in functions:
        _check_function(function)
    times = np.empty((as_count("repeats", repeats), len(functions)))
    for row in times:
        for i, function in enumerate(functions):
            begin = time.perf_counter()
            function()
            row[i] = time.perf_counter() - begin
    return times.min(axis=0)


def _check_function(function: object) -> None:
    if not callable(function):
        raise TypeError(f"function is {describe(function)}; expected a function.")
