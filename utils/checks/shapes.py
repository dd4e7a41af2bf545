"""Checks of predicted shapes: what is said of a wrong one speaks of its axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.checks.engine import Check


@dataclass
class ShapeCheck(Check):
    """A check of values of which some are shapes: those in `shapes`.

    A shape is an array of sizes to the engine, which would speak of the shape of that array. Where
    no known mistake fits, the report of a wrong shape counts its axes instead.

    Parameters
    ----------
    shapes : sequence of str
        The outputs that are shapes; all others as in `Check`.
    """

    shapes: Sequence[str] = ()

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Count the axes of a wrong shape.

        Parameters
        ----------
        name : str
        value, right : any
            What came, and the right shape.

        Returns
        -------
        str
            Empty where the number of axes is right.
        """
        text = shape_fault(value, len(right)) if name in self.shapes else None
        return f"`{name}`: {text}" if text else ""


def shape_fault(value: Any, axes: int) -> str | None:
    """Say what is wrong with a wrong shape, without giving its sizes away.

    Parameters
    ----------
    value : array, str or other
        What the learner handed over, known to be no right shape.
    axes : int
        Count of axes that the right shape has.

    Returns
    -------
    str, or None where `value` is no shape and no attempt at one.
    """
    if isinstance(value, str):
        return "this is text. A shape is written without quotation marks, such as (5, 7)."
    if not isinstance(value, np.ndarray) or not np.isfinite(value).all():
        return None
    if value.ndim == 0:
        if axes > 1:
            return f"this is one number; {_count(axes)} expected, such as (5, 7)."
        return "this is one number. The shape of an array with one axis is written (5,)."
    if value.ndim > 1:
        return "this is no shape but an array. A shape is a tuple of sizes, such as (5, 7)."
    if len(value) != axes:
        return f"you gave {len(value)} {'axis' if len(value) == 1 else 'axes'}; " + (
            f"{_count(axes)} expected."
        )
    return "the number of axes is right, and at least one size is not."


def _count(axes: int) -> str:
    return "1 axis is" if axes == 1 else f"{axes} axes are"
