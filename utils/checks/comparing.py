"""Compare a learner's arrays with the right ones, and say where they first part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

FLOAT32_TOLERANCE = 1e-4
TIME = ("T", "T+1")  # names of an axis of time
ABSOLUTE_FLOOR = 1e-12  # for quantities that are exactly zero


def is_close(value: Any, right: Any, tolerance: float = 1e-6, decimals: int | None = None) -> bool:
    """Tell whether two values agree: the same text, or arrays of one shape within the tolerance.

    Parameters
    ----------
    value, right : array or str
    tolerance : float
        Largest difference allowed, as a share of the largest absolute value in `right`. A
        float32 answer gets 1e-4 at least.
    decimals : int, optional
        For numbers worked out by hand: instead of `tolerance`, a difference of one unit in this
        decimal place is allowed.

    Returns
    -------
    bool
        False too where `value` is no array, or `right` is not finite.
    """
    if isinstance(value, str) or isinstance(right, str):
        return isinstance(value, str) and isinstance(right, str) and value == right
    if not isinstance(value, np.ndarray):
        return False  # still open, or not made of numbers
    right = np.asarray(right)
    if not np.isfinite(right).all():
        return False  # nothing is within a share of infinity
    return value.shape == right.shape and not wrong_places(value, right, tolerance, decimals).any()


def wrong_places(
    value: np.ndarray, right: np.ndarray, tolerance: float = 1e-6, decimals: int | None = None
) -> np.ndarray:
    """Mark the entries of `value`, of the shape of `right`, that are outside the tolerance.

    Parameters
    ----------
    value, right : array of one shape
    tolerance, decimals
        As in `is_close`.

    Returns
    -------
    array of bool, the same shape
        True where the entry is wrong; NaN is always wrong.
    """
    if decimals is not None:
        allowed = 1.0001 * 10.0**-decimals
    else:
        if value.dtype.kind == "f" and value.dtype.itemsize < 8:
            tolerance = max(tolerance, FLOAT32_TOLERANCE)
        allowed = tolerance * float(np.max(np.abs(right), initial=0.0)) + ABSOLUTE_FLOOR
    with np.errstate(invalid="ignore", over="ignore"):
        return ~(np.abs(value.astype(float) - right) <= allowed)


def relation(
    values: Sequence[np.ndarray],
    rights: Sequence[np.ndarray],
    axes: Sequence[str],
    sizes: Sequence[Mapping[str, int]],
    tolerance: float = 1e-6,
) -> str | None:
    """Name a plain relation of wrong arrays to right ones that holds in every case, if any does.

    Looks for: the negative, a constant factor (named when it is a size or one over it), the
    transpose, and the order of time turned round. Returns a sentence, or None.

    Parameters
    ----------
    values, rights : sequence of array
        One of each per case.
    axes : sequence of str
        Names of the axes, the same in every case.
    sizes : sequence of mapping of str to int
        Sizes by name, one mapping per case.
    tolerance : float
        As in `is_close`.

    Returns
    -------
    str or None
    """

    def every(change: Any) -> bool:
        return all(
            is_close(value, change(right), tolerance)
            for value, right in zip(values, rights, strict=True)
        )

    if any(np.max(np.abs(right), initial=0.0) == 0.0 for right in rights):
        return None
    if every(lambda right: -right):
        return "It is the right value with its sign turned."
    if all(right.ndim == 2 for right in rights) and every(lambda right: right.T):
        return "It is the transpose of the right value."
    axis = next((i for i, name in enumerate(axes) if name in TIME), None)
    if (
        axis is not None
        and all(right.ndim > axis for right in rights)
        and every(lambda right: np.flip(right, axis))
    ):
        return "It is the right value in reversed order of time."
    return _constant_factor(values, rights, sizes, tolerance)


def _constant_factor(
    values: Sequence[np.ndarray],
    rights: Sequence[np.ndarray],
    sizes: Sequence[Mapping[str, int]],
    tolerance: float,
) -> str | None:
    factors = []
    for value, right in zip(values, rights, strict=True):
        if value.shape != right.shape:
            return None
        factor = float(np.vdot(right, value) / np.vdot(right, right))
        if abs(factor) < 1e-6 or not is_close(value, factor * right, tolerance):
            return None
        factors.append(factor)
    single = any(right.size < 2 for right in rights)
    lead = "It is {} times the right value." if single else "Every value is {} times the right one."
    for text, numbers in _factor_names(sizes).items():
        if np.allclose(factors, numbers, rtol=1e-4) and not (single and len(set(numbers)) < 2):
            return lead.format(text)
    if not single and np.allclose(factors, factors[0], rtol=1e-4):
        return lead.format(f"{factors[0]:.4g}")
    return None


def _factor_names(sizes: Sequence[Mapping[str, int]]) -> dict[str, list[float]]:
    """Sizes, their inverses and T·B that could explain a constant factor, one number a case."""
    common = [name for name in sizes[0] if all(name in case for case in sizes)]
    named = {name: [float(case[name]) for case in sizes] for name in common}
    if "T" in common and "B" in common:
        named["T·B"] = [float(case["T"] * case["B"]) for case in sizes]
    inverse = {f"1/({n})" if "·" in n else f"1/{n}": [1 / x for x in v] for n, v in named.items()}
    positive = {**named, **inverse}
    return {**positive, **{f"−{n}": [-x for x in v] for n, v in positive.items()}}


def locate(masks: Sequence[np.ndarray], axes: Sequence[str]) -> list[str]:
    """Say at which steps, in which rows and in which gate the wrong entries lie.

    Parameters
    ----------
    masks : sequence of boolean arrays
        One per case that is wrong; True where the entry is wrong.
    axes : sequence of str
        A name per axis: ``"T"``, ``"B"`` or another size; a gate axis lists its blocks, as in
        ``"4H:input,forget,candidate,output"``.

    Returns
    -------
    list of str
        Clauses such as "right at t = 0, wrong from t = 1 on"; only those true in every case.
    """
    clauses = []
    for axis, name in enumerate(axes):
        if any(mask.ndim <= axis for mask in masks):
            continue
        label, _, blocks = name.partition(":")
        hit = [mask.any(axis=tuple(i for i in range(mask.ndim) if i != axis)) for mask in masks]
        if blocks:
            clause = _locate_block(hit, blocks.split(","))
        elif label in TIME:
            clause = _locate_step(hit)
        elif label == "B":
            clause = _locate_row(hit)
        else:
            clause = None
        if clause:
            clauses.append(clause)
    return clauses


def _locate_step(hits: Sequence[np.ndarray]) -> str | None:
    hits = [hit for hit in hits if hit.size > 1]
    if not hits:
        return None
    first = {int(np.argmax(hit)) for hit in hits}
    last = {int(hit.size - 1 - np.argmax(hit[::-1])) - hit.size for hit in hits}
    alone = all(hit.sum() == 1 for hit in hits)
    if alone and len(first) == 1 and 0 in first:
        return "wrong at t = 0 only"
    if alone and last == {-1}:
        return "right at every step but the last"
    if all(hit[np.argmax(hit) :].all() for hit in hits) and len(first) == 1 and 0 not in first:
        k = first.pop()
        return f"right at t = {'0' if k == 1 else f'0 … {k - 1}'}, wrong from t = {k} on"
    if all(hit[: np.argmin(hit)].all() and not hit[np.argmin(hit) :].any() for hit in hits):
        if last == {-2}:
            return "right at the last step, wrong at every step before it"
        return None
    return None


def _locate_row(hits: Sequence[np.ndarray]) -> str | None:
    hits = [hit for hit in hits if hit.size > 1]
    if not hits:
        return None
    if all(not hit[0] and hit[1:].all() for hit in hits):
        return "right for the first sample of the batch, wrong for all others"
    if all(hit[0] and not hit[1:].any() for hit in hits):
        return "wrong for the first sample of the batch only"
    if all(hit[-1] and not hit[:-1].any() for hit in hits):
        return "wrong for the last sample of the batch only"
    return None


def _locate_block(hits: Sequence[np.ndarray], blocks: Sequence[str]) -> str | None:
    wrong = []
    for hit in hits:
        parts = np.split(hit, len(blocks)) if hit.size % len(blocks) == 0 else []
        wrong.append(tuple(b for b, part in zip(blocks, parts, strict=True) if part.any()))
    if len(set(wrong)) != 1 or len(wrong[0]) in (0, len(blocks)):
        return None
    *others, last = wrong[0]
    if others:
        return f"only the {', '.join(others)} and {last} blocks are wrong"
    return f"only the {last} block is wrong"
