"""What a learner's variable holds, as plain values that can cross to the grader."""

from __future__ import annotations

import dataclasses
import numbers
import sys
import types
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from .wire import (
    CLASS_COSTS,
    DEPTH,
    ENTRIES,
    LARGEST_KEY,
    NAME,
    NODES,
    Opaque,
    Record,
    well_formed,
)

MOST_OBJECTS = 10_000  # entries of an array of objects that are looked at one by one
LARGEST_INTEGER = 10**900
TAKEN = ("fields", "class_name", "is_tuple")  # attributes of a Record


class _TooMuch(Exception):
    """The value has more parts than can cross."""


def plain(value: Any) -> Any:
    """Turn any value into a tree that `wire.encode` takes.

    Parameters
    ----------
    value : object
        Whatever a learner's code has made. Reading it may run more of that code.

    Returns
    -------
    tree
        Containers, numbers, texts, arrays, Records; `Opaque` where something is none of these.
    """
    try:
        return _Reader().read(value, 0)
    except (_TooMuch, RecursionError):
        return _opaque(value)


def _opaque(value: Any) -> Opaque:
    return Opaque(type(value).__name__, callable(value))


class _Reader:
    def __init__(self) -> None:
        self.left = NODES // 2  # fewer than can cross, as keys and pairs count there too

    def _count(self, parts: int) -> None:
        self.left -= parts
        if self.left < 0:
            raise _TooMuch

    def _opaque(self, value: Any) -> Opaque:
        self._count(CLASS_COSTS)
        return _opaque(value)

    def read(self, value: Any, depth: int) -> Any:
        self._count(1)
        if depth > DEPTH - 4:
            return self._opaque(value)
        try:
            return self._read(value, depth)
        except (_TooMuch, MemoryError):
            raise
        except Exception:  # whatever a learner's object does when it is read: only its type crosses
            return self._opaque(value)

    def _read(self, value: Any, depth: int) -> Any:
        if value is None or value is True or value is False or value is Ellipsis:
            return value
        if isinstance(value, (type, types.FunctionType)):
            return self._opaque(value)
        if isinstance(value, np.generic):
            return self._scalar(value, depth)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            number = int(value)
            return number if abs(number) < LARGEST_INTEGER else self._opaque(value)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, complex):
            return complex(value)
        if isinstance(value, np.ndarray):
            return self._array(value, depth)
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            return self._record(value, value._asdict(), True, depth)
        if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
            return self._record(value, {n: getattr(value, n) for n in names}, False, depth)
        if isinstance(value, Mapping):
            if len(value) > ENTRIES:
                return self._opaque(value)
            return {self._key(k): self.read(v, depth + 1) for k, v in value.items()}
        if isinstance(value, range):
            value = list(value[: NODES + 1])
        if isinstance(value, (list, tuple)):
            items = [self.read(item, depth + 1) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        if isinstance(value, (Decimal, numbers.Real)):
            return float(value)
        return self._foreign(value, depth)

    def _key(self, key: Any) -> Any:
        self._count(1)
        if isinstance(key, tuple):
            return tuple(self._key(item) for item in key)
        if isinstance(key, np.generic):
            key = key.item()
        if isinstance(key, int) and abs(key) >= LARGEST_KEY:
            raise TypeError("a key that is too large to cross")
        if key is None or (type(key) in (str, int, float, bool) and key == key):
            return key
        if isinstance(key, str):
            return str.__str__(key)
        raise TypeError("a key that cannot cross")

    def _scalar(self, value: np.generic, depth: int) -> Any:
        if isinstance(value, np.str_):
            return str(value)
        if value.dtype.kind not in "biufc":
            return self._opaque(value)
        return value

    def _array(self, value: np.ndarray, depth: int) -> Any:
        if isinstance(value, np.ma.MaskedArray):
            return self._opaque(value)
        array = np.array(value, subok=False)
        if array.dtype.kind in "biufc":
            return array
        if array.dtype.kind == "U" and array.size <= NODES and array.dtype.itemsize < 400_000:
            texts = np.array([well_formed(text) for text in array.ravel().tolist()], dtype=str)
            return texts.reshape(array.shape)
        if array.dtype.kind == "O" and array.size <= MOST_OBJECTS:
            return self.read(array.tolist(), depth + 1)
        return self._opaque(value)

    def _record(self, value: Any, fields: Mapping[str, Any], is_tuple: bool, depth: int) -> Any:
        for name in fields:
            if not NAME.fullmatch(name) or name.startswith("__") or name in TAKEN:
                return self._opaque(value)
        self._count(CLASS_COSTS)
        read = {name: self.read(item, depth + 1) for name, item in fields.items()}
        return Record(type(value).__name__, read, is_tuple)

    def _foreign(self, value: Any, depth: int) -> Any:
        """Read a tensor, or a table, or whatever else knows how to become an array of numbers."""
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            tensor = value.detach().cpu()
            if tensor.dtype is torch.bfloat16:
                tensor = tensor.float()
            return self._array(tensor.numpy(), depth)
        if hasattr(type(value), "__array__"):
            return self._array(np.asarray(value), depth)
        return self._opaque(value)
