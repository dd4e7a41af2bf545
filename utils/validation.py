"""Reading what a caller hands in, with one-line errors that name what was given.

Every public function of the numeric modules reads its arguments through this module, so
that a wrong shape, a NaN, an empty sequence or a string in place of an array is reported
in the same words everywhere: what was given, and what was expected.
"""

import numbers
import operator
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
IndexArray = NDArray[np.integer]

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))

WeightsType = TypeVar("WeightsType", bound=tuple)


class NotFiniteError(ValueError):
    """Says that an array holds NaN or infinite values; a training loop reads it as divergence."""


def as_array(
    name: str,
    value: Any,
    axes: str | tuple[str, ...] | None = None,
    sizes: dict[str, int] | None = None,
    *,
    dtype: Any = None,
    finite: bool = True,
    kind: str = "float",
) -> NDArray:
    """Return `value` as a NumPy array after checking numbers, axes, sizes and finiteness.

    The array itself is returned where nothing has to be converted, so it is not a copy.

    Parameters
    ----------
    name : str
        What the caller calls the value; every message starts with it.
    value : array or nested list of numbers
        float32 and float64 stay what they are; integers, booleans and other real number
        types become float64.
    axes : str or tuple of str, optional
        The names of the axes, such as ``"T B D"`` or ``("T", "B", "D")``. A number stands
        for a fixed size; ``"..."`` in first place for any number of leading axes; the
        empty string for a single number. Without it any shape is accepted.
    sizes : dict, optional
        Sizes by axis name. A name that is not in it yet is entered (in place) and compared
        from then on, which is how two arguments are held to one B.
    dtype : dtype, optional
        Convert to this type at the end.
    finite : bool
        Refuse NaN and infinite values.
    kind : {"float", "int"}
        ``"int"`` asks for whole numbers (indices) and returns them as ``np.intp``.

    Returns
    -------
    array

    Raises
    ------
    TypeError
        If `value` is not made of numbers, or not of whole numbers where those are asked for.
    ValueError
        If the axes or sizes differ, an axis is empty, or a list has rows of unequal length.
    NotFiniteError
        If a value is NaN or infinite; it is a ValueError.
    """
    names = None if axes is None else axis_names(axes)
    array = _read_numbers(name, value, names, sizes, kind)
    _check_shape(name, array.shape, names, sizes)
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        raise NotFiniteError(_not_finite_message(name, array))
    return array if dtype is None else array.astype(dtype, copy=False)


def as_indices(
    name: str,
    value: Any,
    count: int,
    axes: str | tuple[str, ...] | None = None,
    sizes: dict[str, int] | None = None,
    *,
    count_name: str = "V",
) -> IndexArray:
    """Return `value` as an array of whole numbers from 0 to `count` - 1.

    Parameters
    ----------
    name, value
        As in `as_array`.
    count : int
        How many different indices there are.
    axes, sizes
        As in `as_array`.
    count_name : str
        What that count is called in messages, such as ``"V"``.

    Returns
    -------
    array of int

    Raises
    ------
    TypeError
        If `value` is not made of whole numbers.
    ValueError
        If an index is below 0 or not below `count`, or the shape differs from `axes`.
    """
    array = as_array(name, value, axes, sizes, kind="int")
    wrong = (array < 0) | (array >= count)
    if wrong.any():
        where = _first_index(wrong)
        place = f" at index {where}" if array.ndim else ""
        raise ValueError(
            f"{name} holds {array[where]}{place}; expected whole numbers from 0 to "
            f"{count_name} - 1 = {count - 1}."
        )
    return array


def as_shape_of(
    name: str, value: Any, other_name: str, other: Array, *, dtype: Any = None
) -> Array:
    """Return `value` as an array after checking that it has the shape of `other`.

    Nothing is broadcast: (B,) beside (B, 1) is an error, since subtracting one from the
    other would silently give (B, B).

    Parameters
    ----------
    name : str
        What the caller calls the value; every message starts with it.
    value : array or nested list of numbers
    other_name : str
        What the caller calls `other`.
    other : array
    dtype : dtype, optional
        Convert to this type at the end.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If the two shapes differ.
    """
    array = as_array(name, value, dtype=dtype)
    if array.shape != other.shape:
        raise ValueError(
            f"{name} has shape {array.shape}; expected {other.shape}, the shape of {other_name}."
        )
    return array


def as_number(
    name: str,
    value: Any,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> float:
    """Return `value`, which messages call `name`, as a finite Python float within its bounds.

    The bounds, all optional, are `at_least`, `above`, `at_most` and `below`.

    Raises
    ------
    TypeError
        If `value` is not a number.
    ValueError
        If `value` is NaN, infinite or outside the bounds.
    """
    bounds = [("at least", at_least), ("above", above), ("at most", at_most), ("below", below)]
    wanted = " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)
    expected = f"expected a number {wanted}".rstrip() if wanted else "expected a finite number"
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {describe(value)}; {expected}.")
    number = float(value)
    within = (
        np.isfinite(number)
        and (at_least is None or number >= at_least)
        and (above is None or number > above)
        and (at_most is None or number <= at_most)
        and (below is None or number < below)
    )
    if not within:
        raise ValueError(f"{name} is {number:g}; {expected}.")
    return number


def as_count(name: str, value: Any, *, at_least: int = 1) -> int:
    """Return `value`, which messages call `name`, as an int of at least `at_least`.

    Raises
    ------
    TypeError
        If `value` is not a whole number.
    ValueError
        If `value` is below `at_least`.
    """
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        given = f"{value}" if isinstance(value, float) else describe(value)
        raise TypeError(
            f"{name} is {given}; expected a whole number of at least {at_least}."
        ) from None
    if number < at_least:
        raise ValueError(f"{name} is {number}; expected a whole number of at least {at_least}.")
    return number


def as_choice(name: str, value: Any, options: Collection[str]) -> str:
    """Return `value`, which messages call `name`, after checking that it is one of `options`.

    Raises
    ------
    ValueError
        If it is not.
    """
    if isinstance(value, str) and value in options:
        return value
    given = repr(value) if isinstance(value, str) else describe(value)
    raise ValueError(f"{name} is {given}; expected one of {', '.join(map(repr, options))}.")


def as_generator(name: str, value: Any) -> np.random.Generator:
    """Return `value`, which messages call `name`, after checking that it is a generator of NumPy.

    Raises
    ------
    TypeError
        If it is not.
    """
    if isinstance(value, np.random.Generator):
        return value
    raise TypeError(
        f"{name} is {describe(value)}; expected a random generator, such as "
        "numpy.random.default_rng(0)."
    )


def as_float_type(name: str, value: Any) -> np.dtype:
    """Return `value`, which messages call `name`, as a number type: float32 or float64.

    Raises
    ------
    TypeError
        If it is neither.
    """
    given = describe(value)
    if value is not None:  # which NumPy would read as float64
        try:
            dtype = np.dtype(value)
        except TypeError:
            pass
        else:
            if dtype in _FLOATS:
                return dtype
            given = str(dtype)
    raise TypeError(f"{name} is {given}; expected float32 or float64.")


def as_named(name: str, value: Any) -> dict[str, Any]:
    """Return the entries of `value`, a mapping or a NamedTuple, as a dict; messages call it `name`.

    The entries themselves are not copied.

    Raises
    ------
    TypeError
        If `value` is neither.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    raise TypeError(
        f"{name} is {describe(value)}; expected arrays by name, in a dict or a NamedTuple."
    )


def as_weights(
    name: str,
    value: Any,
    kind: type[WeightsType],
    axes: Mapping[str, str],
    sizes: dict[str, int],
) -> WeightsType:
    """Return `value` as the NamedTuple `kind`, each of its arrays checked by `as_array`.

    Parameters
    ----------
    name : str
        What the caller calls the whole.
    value : `kind`, tuple or mapping
        A plain tuple is read in the order of the fields, a mapping by name.
    kind : type
        A NamedTuple class such as RNNWeights.
    axes : mapping of str to str
        The axes of every field.
    sizes : dict
        Sizes by axis name, bound in place.

    Returns
    -------
    NamedTuple
        Of the class `kind`.

    Raises
    ------
    TypeError
        If `value` does not hold those fields.
    ValueError
        If an array has the wrong shape or holds NaN or infinite values.
    """
    fields = kind._fields
    if type(value) is not kind and isinstance(value, Mapping) and set(value) == set(fields):
        value = tuple(value[field] for field in fields)
    wrong_kind = hasattr(value, "_fields") and value._fields != fields
    if not isinstance(value, tuple) or wrong_kind or len(value) != len(fields):
        given = describe(value)
        if isinstance(value, tuple) and not wrong_kind:
            given += f" of {len(value)}"
        raise TypeError(f"{name} is {given}; expected {kind.__name__}({', '.join(fields)}).")
    return kind(
        *(
            as_array(field, array, axes[field], sizes)
            for field, array in zip(fields, value, strict=True)
        )
    )


def describe(value: Any) -> str:
    """Return what `value` is in words, such as ``"a str"``, ``"an int"`` or ``"None"``."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


@lru_cache(maxsize=256)
def _split(axes: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(axes.split()) if isinstance(axes, str) else tuple(axes)


def axis_names(axes: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of `axes` one by one: ``"T B D"`` becomes ``("T", "B", "D")``."""
    return _split(axes if isinstance(axes, str) else tuple(axes))


def shape_words(axes: str | tuple[str, ...], sizes: Mapping[str, int] | None = None) -> str:
    """Return a shape by its `axes`: ``"(B, D)"``, or ``"(B, D) = (B, 3)"`` where `sizes` has D."""
    names = axis_names(axes)
    known = [str((sizes or {}).get(axis, axis)) for axis in names]
    by_name = _bracket(names)
    return by_name if known == list(names) else f"{by_name} = {_bracket(known)}"


def _bracket(items: Collection[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _first_index(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _read_numbers(
    name: str,
    value: Any,
    names: tuple[str, ...] | None,
    sizes: Mapping[str, int] | None,
    kind: str,
) -> NDArray:
    """Turn `value` into an array of floats or of indices, or say in one line why it is none."""
    if type(value) is np.ndarray and kind == "float" and value.dtype in _FLOATS:
        return value
    things = "whole numbers" if kind == "int" else "numbers"
    if names == ():
        expected = "expected a single number"
    elif names is None:
        expected = f"expected an array of {things}"
    else:
        expected = f"expected an array of {things} of shape {shape_words(names, sizes)}"
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        if isinstance(error, ValueError) and isinstance(value, list | tuple):
            raise ValueError(
                f"{name} is {describe(value)} whose rows differ in length; {expected}."
            ) from None
        reason = " ".join(str(error).split()).rstrip(".")
        raise TypeError(
            f"{name} is {describe(value)} that NumPy cannot read ({reason}); {expected}."
        ) from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} {_content(value, array)}; {expected}.")
    if kind == "int":
        if array.dtype.kind not in "iu" and array.size:
            raise TypeError(f"{name} holds {array.dtype} values; {expected}.")
        return array.astype(np.intp, copy=False)
    return array if array.dtype in _FLOATS else array.astype(np.float64)


def _content(value: Any, array: NDArray) -> str:
    """Say what stands where numbers were expected."""
    if not isinstance(value, np.ndarray | list | tuple):
        return f"is {describe(value)}"
    if array.dtype.kind in "US":
        return "holds text"
    if array.dtype.kind == "c":
        return "holds complex numbers"
    if array.dtype.kind == "O" and array.size:
        wrong = [v for v in array.ravel() if not isinstance(v, numbers.Real)]
        if wrong:
            return f"holds {describe(wrong[0])}"
    return f"holds {array.dtype} values"


def _check_shape(
    name: str,
    shape: tuple[int, ...],
    names: tuple[str, ...] | None,
    sizes: dict[str, int] | None,
) -> None:
    """Compare a shape with the names of its axes, binding sizes that are not known yet."""
    if names is None:
        if 0 in shape:
            raise ValueError(f"{name} has shape {shape}: it must hold at least one number.")
        return
    leading = bool(names) and names[0] == "..."
    tail = names[1:] if leading else names
    known = {} if sizes is None else sizes
    right = len(shape) >= len(tail) if leading else len(shape) == len(tail)
    own = shape[len(shape) - len(tail) :] if right else ()
    if not right:
        raise ValueError(f"{name} has shape {shape}; expected {shape_words(names, known)}.")
    if 0 in shape:
        empty = shape.index(0) - (len(shape) - len(tail))
        axis = tail[empty] if empty >= 0 else "every axis"
        raise ValueError(f"{name} has shape {shape}: {axis} must be at least 1.")
    bound = dict(known)
    for axis, size in zip(tail, own, strict=True):
        if size != (int(axis) if axis.isdigit() else bound.setdefault(axis, size)):
            raise ValueError(f"{name} has shape {shape}; expected {shape_words(names, known)}.")
    known.update(bound)


def _not_finite_message(name: str, array: Array) -> str:
    wrong = ~np.isfinite(array)
    count = int(wrong.sum())
    if array.ndim == 0:
        return f"{name} is {array[()]}; expected a finite number."
    where = _first_index(wrong)
    if count == 1:
        return f"{name} holds 1 value that is NaN or infinite, at index {where}."
    return f"{name} holds {count} values that are NaN or infinite, the first at index {where}."
