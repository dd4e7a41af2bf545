"""Dates as many languages write them, to be translated into one form: 2021-09-03.

    3 September 2021 · 3. syyskuuta 2021 · ٣ سبتمبر ٢٠٢١ · 2021年9月3日   →   2021-09-03

Babel knows how each language writes a date: in full with the day of the week, with the month in
words or shortened, and in numbers alone. Where a language has digits of its own, they are used.
The text is read character by character, in lower case; what is to be written is the ten
characters of ISO 8601 and an end mark.

A text must name one date, whichever language it is read in. These rules see to it:

1. Years are written in full, since two digits do not tell the century.
2. Where day and month are numbers, the year is either in front and the month follows
   (2021/9/3), or at the end and the day is in front (3/9/2021). English with the month in front,
   as in the United States, 9/3/2021, is left out; its other forms are there.
3. For reading, marks that are not seen, such as those of the direction of writing, are taken
   away, and every kind of space is the same one.

The split into what one trains on and what is held out is by date and language: a fifth of the
days of each language is held out. As some languages write some dates alike ("3 september 2021"),
a text that is held out for one of them is not trained on for any.

>>> import datetime
>>> day = datetime.date(2021, 9, 3)
>>> [write(day, language) for language in ("en", "de", "fi", "ja")]
['Friday, September 3, 2021', 'Freitag, 3. September 2021', 'perjantai 3. syyskuuta 2021', \
'2021年9月3日金曜日']

References
----------
ISO 8601. Unicode Common Locale Data Repository, through Babel.
"""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from utils.data.date_forms import LANGUAGES, formats, read, tidy, write
from utils.validation import (
    Array,
    IndexArray,
    as_choice,
    as_count,
    as_generator,
    as_indices,
    describe,
)

__all__ = [
    "END",
    "FIRST_DAY",
    "LANGUAGES",
    "LAST_DAY",
    "PADDING",
    "SOURCE",
    "SPLITS",
    "START",
    "TARGET",
    "TARGET_STEPS",
    "UNKNOWN",
    "DateBatch",
    "DateExample",
    "as_batch",
    "batch",
    "decode",
    "decode_iso",
    "encode",
    "encode_iso",
    "formats",
    "is_held_out",
    "make_example",
    "read",
    "sharing",
    "tidy",
    "write",
]

FIRST_DAY = datetime.date(1950, 1, 1)
LAST_DAY = datetime.date(2049, 12, 31)
SPLITS = ("train", "held_out")

PADDING, START, END = 0, 1, 2
"""Indices of both vocabularies that stand for no character; `START` and `END` are of `TARGET`."""

UNKNOWN = 1
"""The index of `SOURCE` for characters that it lacks."""

_LETTERS = (
    "abcdefghijklmnopqrstuvwxyzáäçéìûüąğıłśşźΐάέήίαβγδεζηθικλμνξοπρςστυφχψωόύώ"
    "абвгдежзийклмнопрстуфхцчшщъыьэюя"
    "ءآأئابةتثجحخدذرزسشصضطظعغفقكلمنهوىئپچژکگی"
    "ंएऑकखगघचजझटठडढणतथदधनपफबभमयरलळवशषसहािीुूृॅेैॉोौ्"
    "一三二五六四土年日星曜月期木水火金"
)
_DIGITS = "0123456789٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९"

#: The characters that are read; the index of a character is its place here.
SOURCE: tuple[str, ...] = ("<pad>", "<unknown>", *" ,-./،", *_DIGITS, *_LETTERS)

#: The characters that are written.
TARGET: tuple[str, ...] = ("<pad>", "<start>", "<end>", *"0123456789-")

#: Steps that a target takes: ten characters and the end mark.
TARGET_STEPS = 11

_SOURCE_INDEX = {character: index for index, character in enumerate(SOURCE)}
_TARGET_INDEX = {character: index for index, character in enumerate(TARGET)}


class DateExample(NamedTuple):
    """Hold one date to translate.

    Attributes
    ----------
    text : str
        As the language writes it.
    iso : str
        The same date as year-month-day.
    language : str
        A key of `LANGUAGES`.
    pattern : str
        The form, in the letters of Unicode's date patterns, such as ``"d MMMM y"``.
    """

    text: str
    iso: str
    language: str
    pattern: str


class DateBatch(NamedTuple):
    """Hold many dates to translate, time first, the shorter texts padded at their ends.

    Attributes
    ----------
    xs : array of int, shape (T, B), values in [0, len(SOURCE))
        Characters as indices into `SOURCE`; 0 is padding.
    mask : array, shape (T, B), of 0.0 and 1.0
        1 where there is a character.
    targets : array of int, shape (11, B), values in [0, len(TARGET))
        The ten characters of the ISO form and the end mark, as indices into `TARGET`.
    texts, isos, languages : tuple of str, B of each
        The same in words.
    """

    xs: IndexArray
    mask: Array
    targets: IndexArray
    texts: tuple[str, ...]
    isos: tuple[str, ...]
    languages: tuple[str, ...]


def is_held_out(date: datetime.date, language: str) -> bool:
    """Tell whether a date in a language is kept from training; about one in five is.

    Parameters
    ----------
    date : datetime.date
    language : str
        One of `LANGUAGES`.

    Returns
    -------
    bool
        The same on every machine and in every session.

    Raises
    ------
    TypeError
        If `date` is no date.
    ValueError
        If there is no such language.
    """
    as_choice("language", language, LANGUAGES)
    if not isinstance(date, datetime.date):
        raise TypeError(f"date is {describe(date)}; expected a datetime.date.")
    return zlib.crc32(f"{date.isoformat()} {language}".encode()) % 5 == 0


@lru_cache(maxsize=256)
def sharing(language: str, pattern: str) -> frozenset[str]:
    """Return the languages that write some dates exactly as this form does, as texts are read.

    Dutch and English both write "3 september 2021", so each is in the other's set. A date is
    trained on in this form only if none of these languages holds it out.

    Parameters
    ----------
    language : str
        A key of `LANGUAGES`; it is in the result itself.
    pattern : str
        One of its formats.

    Returns
    -------
    frozenset of str

    Raises
    ------
    ValueError
        If there is no such language, or it has no such form.
    """
    as_choice("pattern", pattern, formats(language))
    return frozenset([language]).union(
        other
        for writers in _writers().values()
        if (language, pattern) in writers
        for other, _ in writers
    )


def make_example(
    rng: np.random.Generator, split: str = "train", language: str | None = None
) -> DateExample:
    """Draw one date from 1950 to 2049, and a language and a form to write it in.

    Parameters
    ----------
    rng : numpy.random.Generator
    split : {"train", "held_out"}
    language : str, optional
        A key of `LANGUAGES`; drawn if it is left out.

    Returns
    -------
    DateExample

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    rng, held_out = as_generator("rng", rng), as_choice("split", split, SPLITS) == "held_out"
    codes = tuple(LANGUAGES) if language is None else (as_choice("language", language, LANGUAGES),)
    days = (LAST_DAY - FIRST_DAY).days + 1
    while True:
        date = FIRST_DAY + datetime.timedelta(int(rng.random() * days))
        code = codes[int(rng.random() * len(codes))]
        if is_held_out(date, code) != held_out:
            continue
        patterns = formats(code)
        pattern = patterns[int(rng.random() * len(patterns))]
        if held_out or not any(is_held_out(date, other) for other in sharing(code, pattern)):
            return DateExample(write(date, code, pattern), date.isoformat(), code, pattern)


def batch(
    rng: np.random.Generator,
    B: int,
    split: str = "train",
    languages: Sequence[str] | None = None,
) -> DateBatch:
    """Draw many dates to translate.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int, at least 1
    split : {"train", "held_out"}
    languages : sequence of str, optional
        Keys of `LANGUAGES` to draw from, each equally often; all if it is left out.

    Returns
    -------
    DateBatch

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> drawn = batch(np.random.default_rng(0), B=8)
    >>> drawn.targets.shape, drawn.xs.shape == drawn.mask.shape
    ((11, 8), True)
    """
    rng, B = as_generator("rng", rng), as_count("B", B)
    codes = tuple(LANGUAGES) if languages is None else tuple(languages)
    if not codes:
        raise ValueError("languages is empty; expected at least one.")
    drawn = [make_example(rng, split, codes[int(rng.random() * len(codes))]) for _ in range(B)]
    return as_batch(drawn)


def as_batch(examples: Sequence[DateExample]) -> DateBatch:
    """Turn examples into arrays, the shorter texts padded at their ends.

    Parameters
    ----------
    examples : sequence of DateExample

    Returns
    -------
    DateBatch

    Raises
    ------
    ValueError
        If there is no example.
    """
    if not examples:
        raise ValueError("examples is empty; expected at least one.")
    read = [encode(example.text) for example in examples]
    T = max(map(len, read))
    xs, mask = np.zeros((T, len(read)), dtype=np.intp), np.zeros((T, len(read)))
    for b, indices in enumerate(read):
        xs[: len(indices), b] = indices
        mask[: len(indices), b] = 1
    targets = np.stack([encode_iso(example.iso) for example in examples], axis=1)  # (11, B)
    texts, isos, languages, _ = zip(*examples, strict=True)
    return DateBatch(xs, mask, targets, texts, isos, languages)


def encode(text: str) -> IndexArray:
    """Turn a text into places in `SOURCE`, in lower case; other characters become ``<unknown>``.

    Parameters
    ----------
    text : str

    Returns
    -------
    array of int, shape (T,), values in [0, len(SOURCE))

    Raises
    ------
    TypeError
        If `text` is not a text.
    ValueError
        If it holds no character that is seen.
    """
    characters = tidy(text).lower()
    if not characters:
        raise ValueError("text is empty; expected at least one character.")
    return np.array([_SOURCE_INDEX.get(character, UNKNOWN) for character in characters])


def decode(indices: IndexArray) -> str:
    """Turn places in `SOURCE` back into a text in lower case; padding is left out.

    Unknown characters come back as "?".

    Parameters
    ----------
    indices : array of int, shape (T,), values in [0, len(SOURCE))

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        If `indices` is no array of places in `SOURCE`, shape (T,).
    """
    indices = as_indices("indices", indices, len(SOURCE), "T")
    return "".join("?" if i == UNKNOWN else SOURCE[i] for i in indices if i != PADDING)


def encode_iso(iso: str) -> IndexArray:
    """Turn an ISO date into places in `TARGET`, with the end mark.

    Parameters
    ----------
    iso : str
        Such as ``"2021-09-03"``.

    Returns
    -------
    array of int, shape (11,), values in [0, len(TARGET))

    Raises
    ------
    TypeError, ValueError
        If `iso` is not of the form 2021-09-03, or names no day.
    """
    if not isinstance(iso, str):
        raise TypeError(f"iso is {describe(iso)}; expected a text such as '2021-09-03'.")
    try:
        good = datetime.date.fromisoformat(iso).isoformat() == iso
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"iso is {iso!r}; expected a day, such as '2021-09-03'.")
    return np.array([*(_TARGET_INDEX[character] for character in iso), END])


def decode_iso(indices: IndexArray) -> str:
    """Turn places in `TARGET` into a text, up to the end mark; it need not be a date.

    Parameters
    ----------
    indices : array of int, shape (S,), values in [0, len(TARGET))

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        If `indices` is no array of places in `TARGET`, shape (S,).
    """
    indices = as_indices("indices", indices, len(TARGET), "S").tolist()
    if END in indices:
        indices = indices[: indices.index(END)]
    return "".join(TARGET[i] for i in indices if i not in (PADDING, START))


@lru_cache(maxsize=1)
def _writers() -> dict[str, set[tuple[str, str]]]:
    """Return who writes what, for dates of all months and days of the week, before and after 10."""
    found: dict[str, set[tuple[str, str]]] = {}
    for place in range(2 * 365):
        day = datetime.date(2021, 1, 1) + datetime.timedelta(place)
        if day.day < 8 or 20 <= day.day < 27:  # seven of one digit, and seven of two
            for language in LANGUAGES:
                for pattern in formats(language):
                    text = tidy(write(day, language, pattern)).lower()
                    found.setdefault(text, set()).add((language, pattern))
    return {text: writers for text, writers in found.items() if len(writers) > 1}
