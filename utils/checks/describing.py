"""Put into words what is certain about a wrong output for which no known mistake fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.checks.comparing import locate, relation, wrong_places
from utils.checks.running import Answer

if TYPE_CHECKING:
    from utils.checks.engine import Case, Check


def own_words(check: Check, name: str, cases: Sequence[Case], answers: Sequence[Answer]) -> str:
    """Return what the check itself says of a wrong output, in the first case that it speaks of.

    Parameters
    ----------
    check : Check
    name : str
        The output.
    cases : sequence of Case
    answers : sequence of Answer
        To the cases, in their order.

    Returns
    -------
    str
        Empty if the check has nothing of its own to say.
    """
    if name not in check.steps:
        return ""
    texts = (
        check.describe(name, answer.outputs[name], case.right[name])
        for case, answer in zip(cases, answers, strict=True)
        if not check.agrees(answer.outputs[name], case.right[name])
    )
    return next(filter(None, texts), "")


def describe_wrong(
    check: Check, name: str, cases: Sequence[Case], answers: Sequence[Answer], first: bool
) -> str:
    """Say what is certain about a wrong output for which no known mistake fits.

    Parameters
    ----------
    check : Check
    name : str
        The output.
    cases : sequence of Case
    answers : sequence of Answer
        To the cases, in their order.
    first : bool
        Whether it is the first output that is wrong.

    Returns
    -------
    str
    """
    values = [answer.outputs[name] for answer in answers]
    rights = [case.right[name] for case in cases]
    lead = f"`{name}` is the first quantity that is wrong." if first else ""
    if isinstance(values[0], str):
        return f"`{name}` is {quote(values[0])}, which is not right."
    elsewhere = _belongs_elsewhere(check, name, cases, answers)
    for value, right, case in zip(values, rights, cases, strict=True):
        if value.shape != right.shape:
            sizes = sizes_text(case)
            expected = (
                f"{_axes_text(check.outputs[name])}{right.shape}{' for ' + sizes if sizes else ''}"
                if right.shape
                else "one number"
            )
            text = f"`{name}` has shape {value.shape}; expected {expected}."
            return " ".join(part for part in (lead, text, elsewhere) if part)
    axes = str(check.outputs[name]).split()
    related = relation(values, rights, axes, [c.sizes for c in cases], check.tolerance)
    masks = [
        wrong_places(value, right, check.tolerance, check.decimals)
        for value, right in zip(values, rights, strict=True)
    ]
    where = locate([mask for mask in masks if mask.any()], axes)
    parts = [lead or f"`{name}` is not right.", elsewhere, related or ""]
    parts += [_dtype_text(name, values, rights), _rounded_text(check, values, rights)]
    if where and not related and not elsewhere:
        blocks = [text for text in where if text.startswith("only ")]
        others = [text for text in where if text not in blocks]
        parts += [f"It is {'; '.join(others)}."] if others else []
        parts += [f"O{text[1:]}." for text in blocks]
    elif check.decimals is not None:
        parts.append(_entries_text(masks))
    return " ".join(part for part in parts if part)


def _belongs_elsewhere(
    check: Check, name: str, cases: Sequence[Case], answers: Sequence[Answer]
) -> str:
    """Say so if an output holds the right values of another one, or the very same numbers."""
    values = [answer.outputs[name] for answer in answers]
    for other in check.outputs:
        if other == name or other not in check.steps:
            continue
        theirs = [answer.outputs[other] for answer in answers]
        rights = [case.right[other] for case in cases]
        if not all(
            isinstance(value, np.ndarray) and value.size > 1 for value in [*theirs, *rights]
        ):
            continue
        pairs = zip(values, rights, cases, strict=True)
        if all(check.agrees(v, r) and not check.agrees(r, c.right[name]) for v, r, c in pairs):
            if all(np.array_equal(v, t) for v, t in zip(values, theirs, strict=True)):
                return f"It holds the same numbers as `{other}`: one array under two names?"
            return f"It holds what belongs to `{other}`: is the order of the outputs right?"
    return ""


def _rounded_text(check: Check, values: Sequence[np.ndarray], rights: Sequence[np.ndarray]) -> str:
    """Say when numbers are right to fewer decimals than are asked for, or were rounded in code."""
    if check.decimals is None:
        return _rounded_in_code(values, rights)
    for decimals in range((check.decimals or 0) - 1, 0, -1):
        if all(
            np.array_equal(value, np.round(right, decimals))
            for value, right in zip(values, rights, strict=True)
        ):
            return f"It is right to {decimals} decimals; {check.decimals} are asked for."
    return ""


def _rounded_in_code(values: Sequence[np.ndarray], rights: Sequence[np.ndarray]) -> str:
    """Say when every value is the right one cut to some decimals, and not a whole number."""
    for decimals in range(1, 6):
        rounded = [np.round(right, decimals) for right in rights]
        if all(
            value.dtype.kind == "f" and near.any() and np.allclose(value, near, rtol=0, atol=1e-12)
            for value, near in zip(values, rounded, strict=True)
        ):
            text = f"It is right to {decimals} decimal{'s' if decimals > 1 else ''}: "
            return text + "do not round, hand over what comes out."
    return ""


def _entries_text(masks: Sequence[np.ndarray]) -> str:
    """Name the wrong entries of a short vector worked out by hand, counted from 1 as in formulas.

    Empty unless some entries are right and some wrong, the same ones in every case.
    """
    first = masks[0]
    if first.ndim != 1 or first.size > 6 or any(not np.array_equal(m, first) for m in masks):
        return ""
    wrong, right = (np.flatnonzero(mask) + 1 for mask in (first, ~first))
    if not len(wrong) or not len(right):
        return ""
    text = f"{_numbered(wrong)} wrong, {_numbered(right)} right."
    return text[0].upper() + text[1:]


def _numbered(entries: Sequence[int]) -> str:
    """Return "entry 2 is", or "entries 1, 2 and 4 are"."""
    numbers = [str(entry) for entry in entries]
    if len(numbers) == 1:
        return f"entry {numbers[0]} is"
    return f"entries {', '.join(numbers[:-1])} and {numbers[-1]} are"


def _dtype_text(name: str, values: Sequence[np.ndarray], rights: Sequence[np.ndarray]) -> str:
    """Say when a number type that cannot hold the right value explains the difference."""
    dtype = values[0].dtype
    if dtype.kind in "iu" and any((right != np.round(right)).any() for right in rights):
        return f"It holds whole numbers ({dtype}), which cut fractions off: use floats."
    if dtype == np.float16:
        return "It is float16, which keeps three digits: use float64 or float32."
    return ""


def _axes_text(axes: Any) -> str:
    names = [axis.partition(":")[0] for axis in str(axes).split()]
    if not names:
        return ""
    return f"({names[0]},) = " if len(names) == 1 else f"({', '.join(names)}) = "


def sizes_text(case: Case) -> str:
    """Return the sizes of a case in words, such as ``"B = 2, D = 3"``.

    Parameters
    ----------
    case : Case

    Returns
    -------
    str
    """
    return ", ".join(f"{name} = {size}" for name, size in case.sizes.items())


def quote(value: Any) -> str:
    """Return a learner's value as it is quoted in a message: text in quotation marks.

    Parameters
    ----------
    value : any

    Returns
    -------
    str
    """
    return f"'{value}'" if isinstance(value, str) else f"`{value}`"
