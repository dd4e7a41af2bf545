"""Plain values as bytes and back: the only form in which anything crosses the wall.

A frame is two lengths, a JSON header with the structure, and a body with the raw bytes of arrays
and long texts in the order of the header. There is no pickle, and no class of the sender is ever
made by the receiver. `decode` is used on bytes of a hostile sender: it checks every length, type
and shape before it believes it, and raises `BrokenFrame` for everything that is not right.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

PREFIX = struct.Struct(">IQ")  # bytes of the header, bytes of the body
HEADER_BYTES = 4 * 2**20
DEPTH = 24
NODES = 100_000
TEXT = 200  # characters that still stand in the header
LONGEST_TEXT = 4_000_000
DIMENSIONS = 16
LONGEST_AXIS_OF_NOTHING = 2**24
ENTRIES = 2000  # of one dictionary: keys with equal hashes, made on purpose, would take very long
LARGEST_KEY = 2**63
CLASS_COSTS = 20  # parts that a Record or an Opaque counts for, each has a class of its own
DTYPES = re.compile(r"\|b1|\|[iu]1|<[iu][248]|<f[248]|<c(8|16)|<U[1-9][0-9]{0,4}|<U0")
NAME = re.compile(r"[^\W\d]\w{0,99}")
DIGITS = re.compile(r"-?[0-9]{1,1000}")


class BrokenFrame(ValueError):
    """The bytes are no frame, or one that breaks a limit."""


class _Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()  # stands for a variable that does not exist


class Opaque:
    """Something that cannot cross: only the name of its type did.

    Its own class carries that name, so that ``type(value).__name__`` in a message reads right.

    Attributes
    ----------
    type_name : str
    callable : bool
    """

    type_name: str
    callable: bool

    def __new__(cls, type_name: str, callable: bool = False) -> Opaque:
        self = object.__new__(type(class_name(type_name), (Opaque,), {}))
        self.type_name, self.callable = class_name(type_name), callable
        return self

    def __init__(self, *_: Any) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        mine = (self.type_name, self.callable)
        return isinstance(other, Opaque) and mine == (other.type_name, other.callable)

    __hash__ = None

    def __repr__(self) -> str:
        return f"<{self.type_name}>"


class Record:
    """The fields of a dataclass; of a NamedTuple it is a `TupleRecord`, which is a tuple too.

    Attributes
    ----------
    class_name : str
    fields : dict of str to value
        Each can be read as an attribute as well.
    is_tuple : bool
    """

    class_name: str
    fields: dict[str, Any]
    is_tuple = False

    def __new__(cls, class_name: str, fields: Mapping[str, Any], is_tuple: bool = False) -> Record:
        base = TupleRecord if is_tuple else Record
        made = type(_identifier(class_name), (base,), {})
        self = tuple.__new__(made, fields.values()) if is_tuple else object.__new__(made)
        self.class_name, self.fields = made.__name__, dict(fields)
        return self

    def __init__(self, *_: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("fields", {})
        if name in fields:
            return fields[name]
        raise AttributeError(f"{type(self).__name__} has no field {name!r}.")

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.class_name}({inner})"


class TupleRecord(Record, tuple):
    """A NamedTuple that crossed: iterates, indexes and unpacks as one."""

    is_tuple = True

    def _asdict(self) -> dict[str, Any]:
        return dict(self.fields)


def class_name(text: str) -> str:
    """Return `text` as something that can name a class and stand in a message."""
    plain = "".join(c for c in str(text)[:80] if c.isprintable() and c not in "<>&`\ufffd")
    return plain.encode("utf-8", "ignore").decode() or "object"


def _identifier(text: str) -> str:
    return text if NAME.fullmatch(text) else "Record"


def well_formed(text: str) -> str:
    """Return `text` with everything replaced that UTF-8 cannot hold."""
    return str.encode(text, "utf-8", "replace").decode("utf-8")


# --- to bytes --------------------------------------------------------------------------------


def encode(value: Any) -> bytes:
    """Turn a tree of plain values into a frame.

    Parameters
    ----------
    value : tree of dict, list, tuple, array, NumPy scalar, str, bytes, number, bool, None,
        Ellipsis, MISSING, Record and Opaque
        Text arrays and numbers of the widths that every machine has.

    Raises
    ------
    TypeError
        If there is anything else in it.
    BrokenFrame
        If it is too deep or has too many parts.
    """
    parts: list[bytes] = []
    budget = [NODES]
    node = _encode(value, parts, budget, 0)
    header = json.dumps(node, separators=(",", ":")).encode()
    if len(header) > HEADER_BYTES:
        raise BrokenFrame(f"The header has {len(header)} bytes; at most {HEADER_BYTES} can cross.")
    body = b"".join(parts)
    return b"".join([PREFIX.pack(len(header), len(body)), header, body])


def _encode(value: Any, parts: list[bytes], budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > DEPTH:
        raise BrokenFrame("The value is too deep or has too many parts to cross.")

    def inner(item: Any) -> Any:
        return _encode(item, parts, budget, depth + 1)

    if value is None or value is True or value is False:
        return value
    if value is Ellipsis:
        return ["e"]
    if value is MISSING:
        return ["m"]
    if isinstance(value, Record):
        pairs = [[name, inner(item)] for name, item in value.fields.items()]
        return ["r", value.class_name, value.is_tuple, pairs]
    if isinstance(value, Opaque):
        return ["o", value.type_name, value.callable]
    kind = type(value)
    if kind is str:
        return _encode_text(value, parts)
    if kind is int:
        return value if abs(value) < 2**53 else ["i", str(value)]
    if kind is float:
        return value
    if kind is complex:
        return ["c", value.real, value.imag]
    if kind is bytes:
        parts.append(value)
        return ["b", len(value)]
    if kind is list or kind is tuple:
        return ["l" if kind is list else "t", [inner(item) for item in value]]
    if kind is dict:
        return ["d", [[inner(key), inner(item)] for key, item in value.items()]]
    if isinstance(value, np.ndarray):
        return ["a", *_encode_array(value, parts)]
    if isinstance(value, np.generic):
        return ["s", _encode_array(np.asarray(value), parts)[0]]
    raise TypeError(f"{kind.__name__} cannot cross; make it an array, a number or a text.")


def _encode_text(value: str, parts: list[bytes]) -> Any:
    if len(value) <= TEXT:
        return well_formed(value)
    raw = value.encode("utf-8", "replace")
    parts.append(raw)
    return ["x", len(raw)]


def _encode_array(array: np.ndarray, parts: list[bytes]) -> tuple[str, list[int]]:
    if array.dtype.kind not in "biufcU":
        raise TypeError(f"an array of {array.dtype} cannot cross; expected numbers or texts.")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    if array.dtype.kind == "c" and array.dtype.itemsize > 16:
        array = array.astype(np.complex128)
    dtype = array.dtype.newbyteorder("<")
    if not DTYPES.fullmatch(dtype.str) or array.ndim > DIMENSIONS:
        raise TypeError(f"an array of {array.dtype} with {array.ndim} axes cannot cross.")
    parts.append(np.ascontiguousarray(array, dtype=dtype).tobytes())
    return dtype.str, [int(n) for n in array.shape]


# --- and back --------------------------------------------------------------------------------


def lengths(prefix: bytes, most: int) -> tuple[int, int]:
    """Read the two lengths that begin a frame.

    Parameters
    ----------
    prefix : bytes, ``PREFIX.size`` of them
    most : int
        Bytes that the body may have.

    Raises
    ------
    BrokenFrame
        If either length is beyond its limit.
    """
    header, body = PREFIX.unpack(prefix)
    if not 0 < header <= HEADER_BYTES:
        raise BrokenFrame(f"A header of {header} bytes was announced, which no honest one has.")
    if body > most:
        raise BrokenFrame(f"An answer of {body} bytes was announced; at most {most} may come back.")
    return header, body


def decode(header: bytes, body: bytes) -> Any:
    """Turn the two parts of a frame into plain values; arrays are copies of their own.

    Raises
    ------
    BrokenFrame
        If anything about it is not as `encode` would have made it.
    """
    try:
        node = json.loads(header.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BrokenFrame("The header is no JSON.") from error
    reader = _Reader(memoryview(body))
    value = reader.read(node, 0)
    if reader.position != len(body):
        raise BrokenFrame(f"{len(body) - reader.position} bytes belong to nothing.")
    return value


class _Reader:
    """Walks through a header and takes from the body what it announces."""

    def __init__(self, body: memoryview) -> None:
        self.body = body
        self.position = 0
        self.left = NODES
        self.kinds: dict[str, tuple[int, Callable[..., Any]]] = {
            "e": (0, lambda depth: Ellipsis),
            "m": (0, lambda depth: MISSING),
            "c": (2, self._complex),
            "i": (1, self._integer),
            "x": (1, self._long_text),
            "b": (1, self._bytes),
            "l": (1, self._list),
            "t": (1, lambda depth, items: tuple(self._list(depth, items))),
            "d": (1, self._dictionary),
            "a": (2, self._array),
            "s": (1, lambda depth, dtype: self._array(depth, dtype, [])[()]),
            "r": (3, self._record),
            "o": (2, self._opaque),
        }

    def read(self, node: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > DEPTH:
            raise BrokenFrame("Too deep, or too many parts.")
        if node is None or isinstance(node, (bool, int, float)):
            return node
        if isinstance(node, str):
            return _checked_text(node)
        if isinstance(node, list) and node and isinstance(node[0], str) and node[0] in self.kinds:
            count, read = self.kinds[node[0]]
            if len(node) == count + 1:
                return read(depth, *node[1:])
        raise BrokenFrame("A part of the header has no known form.")

    def _take(self, count: Any) -> memoryview:
        if type(count) is not int or not 0 <= count <= len(self.body) - self.position:
            raise BrokenFrame("More bytes were announced than came.")
        taken = self.body[self.position : self.position + count]
        self.position += count
        return taken

    def _complex(self, depth: int, real: Any, imaginary: Any) -> complex:
        if not all(type(part) in (int, float) for part in (real, imaginary)):
            raise BrokenFrame("A complex number is not made of two numbers.")
        try:
            return complex(real, imaginary)
        except OverflowError as error:
            raise BrokenFrame("A complex number is too large.") from error

    def _integer(self, depth: int, digits: Any) -> int:
        if not isinstance(digits, str) or not DIGITS.fullmatch(digits):
            raise BrokenFrame("A whole number is not made of digits.")
        return int(digits)

    def _long_text(self, depth: int, count: Any) -> str:
        raw = self._take(count)
        if len(raw) > LONGEST_TEXT:
            raise BrokenFrame("A text is too long.")
        try:
            return bytes(raw).decode("utf-8")
        except UnicodeDecodeError as error:
            raise BrokenFrame("A text is not UTF-8.") from error

    def _bytes(self, depth: int, count: Any) -> bytes:
        return bytes(self._take(count))

    def _list(self, depth: int, items: Any) -> list[Any]:
        if not isinstance(items, list):
            raise BrokenFrame("A list is none.")
        return [self.read(item, depth + 1) for item in items]

    def _pairs(self, items: Any) -> Sequence[tuple[Any, Any]]:
        if not isinstance(items, list) or not all(
            isinstance(pair, list) and len(pair) == 2 for pair in items
        ):
            raise BrokenFrame("Entries are not in pairs.")
        return items

    def _dictionary(self, depth: int, items: Any) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        if len(self._pairs(items)) > ENTRIES:
            raise BrokenFrame("A dictionary has too many entries.")
        for raw, item in items:
            key = self.read(raw, depth + 1)
            if not _is_key(key) or key in made:
                raise BrokenFrame("A key of a dictionary is doubled or no plain value.")
            made[key] = self.read(item, depth + 1)
        return made

    def _array(self, depth: int, dtype: Any, shape: Any) -> np.ndarray:
        if not isinstance(dtype, str) or not DTYPES.fullmatch(dtype):
            raise BrokenFrame("An array is of a type that may not cross.")
        if not isinstance(shape, list) or len(shape) > DIMENSIONS:
            raise BrokenFrame("An array has no shape.")
        if not all(type(n) is int and n >= 0 for n in shape):
            raise BrokenFrame("The shape of an array is not made of whole numbers.")
        kind = np.dtype(dtype)
        if math.prod(n for n in shape if n) > LONGEST_AXIS_OF_NOTHING and not all(shape):
            raise BrokenFrame("An empty array is said to be huge.")
        raw = self._take(math.prod(shape) * kind.itemsize)
        if kind.kind == "b" and len(raw) and np.frombuffer(raw, np.uint8).max() > 1:
            raise BrokenFrame("A truth value is neither 0 nor 1.")
        if kind.kind == "U" and len(raw):
            points = np.frombuffer(raw, "<u4")
            if points.max() > 0x10FFFF or ((points >= 0xD800) & (points < 0xE000)).any():
                raise BrokenFrame("A text in an array holds what is no character.")
        if kind.itemsize == 0:
            return np.zeros(shape, kind)
        native = kind.newbyteorder("=")
        return np.frombuffer(raw, kind).reshape(shape).astype(native, copy=True)

    def _record(self, depth: int, name: Any, is_tuple: Any, items: Any) -> Record:
        if not isinstance(name, str) or type(is_tuple) is not bool:
            raise BrokenFrame("A record has no name.")
        self.left -= CLASS_COSTS
        fields: dict[str, Any] = {}
        for field, item in self._pairs(items):
            if not isinstance(field, str) or not NAME.fullmatch(field) or field in fields:
                raise BrokenFrame("A field of a record has no proper name.")
            if field.startswith("__") or field in ("fields", "class_name", "is_tuple"):
                raise BrokenFrame("A field of a record has a name that is taken.")
            fields[field] = self.read(item, depth + 1)
        return Record(_checked_text(name), fields, is_tuple)

    def _opaque(self, depth: int, name: Any, is_callable: Any) -> Opaque:
        if not isinstance(name, str) or type(is_callable) is not bool:
            raise BrokenFrame("A type has no name.")
        self.left -= CLASS_COSTS
        return Opaque(_checked_text(name), is_callable)


def _is_key(key: Any) -> bool:
    if isinstance(key, tuple):
        return not isinstance(key, Record) and all(_is_key(item) for item in key)
    if isinstance(key, int):
        return abs(key) < LARGEST_KEY
    return key is None or (isinstance(key, (str, float)) and key == key)


def _checked_text(text: str) -> str:
    if len(text) > LONGEST_TEXT or any(0xD800 <= ord(c) < 0xE000 for c in text):
        raise BrokenFrame("A text is too long or holds what is no character.")
    return text
