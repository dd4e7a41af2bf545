"""How sixteen languages write a date, by Babel, and how such a text is read by rule.

`utils.data.dates` makes examples of it, and says which rules keep a text from naming two dates.
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

from babel import Locale
from babel.dates import DateTimePattern, parse_pattern

from utils.validation import as_choice, describe

LANGUAGES: dict[str, str] = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "tr": "Turkish",
    "fi": "Finnish",
    "ru": "Russian",
    "el": "Greek",
    "ar": "Arabic",
    "fa": "Persian",
    "mr": "Marathi",
    "ja": "Japanese",
    "zh": "Chinese",
}
"""The languages by the code that Babel knows them by."""

# English of the United Kingdom lends its forms, Arabic of Egypt its digits.
_LOCALES = {"en": ("en", "en_GB"), "ar": ("ar_EG",)}
_STYLES = ("full", "long", "medium", "short")
_MONTH_FIRST = re.compile(r"^M+\W")
_ZEROS = {"arab": "٠", "arabext": "۰", "deva": "०"}
_FIELD = re.compile(r"'([^']*)'|([A-Za-z])\2*|.")


@lru_cache(maxsize=32)
def formats(language: str) -> tuple[str, ...]:
    """Return the forms in which a language writes dates, the longest first.

    Parameters
    ----------
    language : str
        A key of `LANGUAGES`.

    Returns
    -------
    tuple of str
        Unicode's date patterns, three to eight of them.

    Raises
    ------
    ValueError
        If the language is none of `LANGUAGES`.
    """
    as_choice("language", language, LANGUAGES)
    found = {}
    for style in _STYLES:
        for locale in _locales(language):
            pattern = tidy(locale.date_formats[style].pattern)
            pattern = re.sub("y+", "y", pattern)
            if not (_is_numeric(pattern) and _MONTH_FIRST.match(pattern)):
                found[pattern] = None
    return tuple(found)


def write(date: datetime.date, language: str, pattern: str | None = None) -> str:
    """Write a date in a language, with the digits of that language.

    Parameters
    ----------
    date : datetime.date
    language : str
        A key of `LANGUAGES`.
    pattern : str, optional
        One that ``formats`` returns; the longest if it is left out.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If `date` is no date.
    ValueError
        If there is no such language, or it has no such form.
    """
    if not isinstance(date, datetime.date):
        raise TypeError(f"date is {describe(date)}; expected a datetime.date.")
    patterns = formats(language)
    pattern = patterns[0] if pattern is None else as_choice("pattern", pattern, patterns)
    text = _parsed(pattern).apply(date, _locales(language)[0])
    return " ".join(text.split()).translate(_digits(language))


def read(text: str, language: str) -> datetime.date:
    """Read a date that a language wrote: what a network is to learn, by rule.

    Parameters
    ----------
    text : str
        In one of the forms of the language.
    language : str
        A key of `LANGUAGES`.

    Returns
    -------
    datetime.date

    Raises
    ------
    TypeError
        If `text` is not a text.
    ValueError
        If there is no such language, or the text has none of its forms or names no day.

    Examples
    --------
    >>> read("3. syyskuuta 2021", "fi")
    datetime.date(2021, 9, 3)
    """
    wanted = tidy(text).lower()
    for pattern in formats(language):
        expression, months = _reader(language, pattern)
        match = expression.fullmatch(wanted)
        if match:
            month = match["M"]
            number = months[month] if month in months else int(month)
            return datetime.date(int(match["y"]), number, int(match["d"]))
    raise ValueError(f"{text!r} has none of the forms of {LANGUAGES[language]} dates.")


def tidy(text: str) -> str:
    """Take away marks that are not seen, and make every kind of space the same one.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        With no space at either end.

    Raises
    ------
    TypeError
        If `text` is not a text.
    """
    if not isinstance(text, str):
        raise TypeError(f"text is {describe(text)}; expected a text.")
    return " ".join(re.sub("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", "", text).split())


def _is_numeric(pattern: str) -> bool:
    return "MMM" not in pattern and not re.search("[Ec]", pattern)


@lru_cache(maxsize=32)
def _locales(language: str) -> tuple[Locale, ...]:
    return tuple(Locale.parse(name) for name in _LOCALES.get(language, (language,)))


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> DateTimePattern:
    return parse_pattern(pattern)


@lru_cache(maxsize=32)
def _digits(language: str) -> dict[int, str]:
    """Return which character stands for each of 0 to 9 in a language."""
    zero = _ZEROS.get(_locales(language)[0].default_numbering_system, "0")
    return {ord("0") + n: chr(ord(zero) + n) for n in range(10)}


@lru_cache(maxsize=256)
def _reader(language: str, pattern: str) -> tuple[re.Pattern, dict[str, int]]:
    """Return what matches a form of a language, and the numbers of its months in words."""
    names = _locales(language)[0].months["format"]
    months: dict[str, int] = {}
    parts = []
    for field in _FIELD.finditer(pattern):
        quoted, letter, whole = field[1], field[2], field[0]
        if letter == "M" and len(whole) > 2:
            width = names["wide" if len(whole) == 4 else "abbreviated"]
            months = {tidy(name).lower(): number for number, name in width.items()}
            words = sorted(months, key=len, reverse=True)
            parts.append(f"(?P<M>{'|'.join(map(re.escape, words))})")
        elif letter and letter in "dMy":
            parts.append(rf"(?P<{letter}>\d+)")
        elif letter and letter in "Ec":
            parts.append(r"\D+?")
        else:
            parts.append(re.escape((quoted if quoted is not None else whole).lower()))
    return re.compile("".join(parts)), months
