"""The gate: nothing is timed unless every contender computes the same numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.step.case import CELLS, Contender, make_case

SMALL, IN_GRID = (5, 3, 7), (35, 16, 32)  # T, B, H
TOLERANCE = {np.float64: 1e-10, np.float32: 1e-4}
CLIPPED = 1e-5  # torch divides by the norm + 1e-6 where we divide by the norm


class GateError(Exception):
    """Says which contender computes something else, and by how much."""


def pass_gate(contenders: Mapping[str, type[Contender]]) -> int:
    """Compare loss, all gradients and the updated weights of all contenders with the first's.

    Parameters
    ----------
    contenders : mapping of str to class
        The first is the one that the others are held to.

    Returns
    -------
    comparisons : int
        How many arrays have been compared.

    Raises
    ------
    GateError
        If a gradient or the loss differs by more than the tolerance, relative to its largest
        entry: 1e-10 in float64, 1e-4 in float32.
    """
    compared = 0
    for cell in CELLS:
        for dtype, tolerance in TOLERANCE.items():
            for sizes in (SMALL, IN_GRID, (SMALL[0], 1, SMALL[2])):
                where = f"{cell}, {np.dtype(dtype).name}, T, B, H = {sizes}"
                compared += _compare(contenders, cell, sizes, dtype, tolerance, where)
    return compared


def _compare(contenders, cell, sizes, dtype, tolerance, where) -> int:
    compared = 0
    case = make_case(cell, *sizes, dtype=dtype, classes=11)
    first, *others = contenders
    ours = contenders[first](case)
    loss, gradients = ours.gradients()
    ours.step()
    for name in others:
        theirs = contenders[name](case)
        other_loss, other = theirs.gradients()
        if set(other) != set(gradients):
            raise GateError(f"{name} gives {sorted(other)}; {first} gives {sorted(gradients)}.")
        _hold(loss, other_loss, tolerance, f"{where}: loss of {name}", first)
        for key, gradient in gradients.items():
            _hold(gradient, other[key], tolerance, f"{where}: {key} of {name}", first)
        theirs.step()
        compared += len(gradients) + 1
        if not getattr(theirs, "second_bias", False):  # whose gradient has a part in the norm
            trained = theirs.weights()
            for key, weight in ours.weights().items():
                what = f"{where}: {key} of {name} after the update"
                _hold(weight, trained[key], max(CLIPPED, tolerance), what, first)
            compared += len(trained)
    return compared


def _hold(ours, theirs, tolerance, what, first) -> None:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.shape != theirs.shape:
        raise GateError(f"{what} has shape {theirs.shape}; {first} has {ours.shape}.")
    difference = float(np.abs(ours - theirs).max()) / max(1e-30, float(np.abs(ours).max()))
    if not difference <= tolerance:  # which NaN fails as well
        raise GateError(
            f"{what} differs from {first} by {difference:.1e} of its largest entry; "
            f"allowed is {tolerance:.0e}. Nothing was timed."
        )
