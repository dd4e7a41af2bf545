"""Reading a series in time from a text file; every fault is named with its line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

from utils.data.series import PERIODS, Series, SeriesError
from utils.validation import Array, as_choice, as_count

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NOTHING = {"", "na", "n/a", "nan", "null", "none", "-", "?"}
_ISO = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?")
_QUARTER = re.compile(r"(\d{4})[- ]?[qQ]([1-4])")
_PARTS = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4})")
_SECONDS = {60: "minute", 3600: "hour", 86400: "day", 7 * 86400: "week"}
_MONTHS = {1: "month", 3: "quarter", 12: "year"}
_DAY = 86400


class _Rows(NamedTuple):
    """The two columns as text, with the line of the file that each row stands on."""

    dates: list[str]
    values: list[str]
    lines: list[int]
    date: str
    value: str


class _Grid(NamedTuple):
    """Where dates stand on an even grid."""

    step: str
    places: np.ndarray
    """Whole numbers from 0; those that are left out are gaps."""
    dates: np.ndarray
    """Of every place."""


def read(
    path: str | PathLike[str],
    value: str | None,
    date: str | None,
    *,
    period: int | None,
    gaps: str,
    date_format: str | None,
    separator: str | None,
    decimal: str,
    at_least: int,
    unit: str,
) -> Series:
    """Read a series; arguments, result and errors are those of `utils.data.series.from_csv`.

    Parameters
    ----------
    path, value, date, period, gaps, date_format, separator, decimal, at_least, unit
        As in `utils.data.series.from_csv`.

    Returns
    -------
    Series

    Raises
    ------
    SeriesError
        If the file does not hold one series in time; the message names the line.
    TypeError, ValueError
        If an option is not as described there.
    """
    as_choice("gaps", gaps, ("refuse", "keep"))
    as_choice("decimal", decimal, (".", ","))
    at_least = as_count("at_least", at_least)
    file = Path(path)
    rows = _columns(file, value, date, separator)
    numbers = _numbers(file.name, rows, decimal, gaps)
    if len(numbers) < max(at_least, 3):
        raise SeriesError(
            f"{file.name} has {len(numbers)} rows; expected at least {max(at_least, 3)} values."
        )
    dates = _dates(file.name, rows, date_format)
    _check_order(file.name, rows, dates)
    grid = _grid(file.name, rows, dates)
    if gaps == "refuse":
        _refuse_gaps(file.name, rows, grid)
    values = np.full(len(grid.dates), np.nan)
    values[grid.places] = numbers
    return Series(
        file.stem,
        rows.value,
        unit,
        grid.step,
        PERIODS.get(grid.step, 1) if period is None else as_count("period", period),
        grid.dates,
        values,
        str(file),
    )


def _columns(file: Path, value: str | None, date: str | None, separator: str | None) -> _Rows:
    """Read the two columns that are asked for."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SeriesError(
            f"{file} does not exist; expected a text file, seen from {Path.cwd()}."
        ) from None
    except IsADirectoryError:
        raise SeriesError(f"{file} is a folder; expected a text file.") from None
    except UnicodeDecodeError:
        raise SeriesError(
            f"{file.name} is not text in UTF-8; save it as CSV in that encoding."
        ) from None
    head, _, _ = text.lstrip("\r\n").partition("\n")
    if not head.strip():
        raise SeriesError(f"{file.name} is empty; expected a header line and rows.")
    if separator is None:
        separator = max(",;\t", key=head.count)
    reader = csv.reader(text.splitlines(), delimiter=separator)
    table = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    names = table[0][1]
    listed = ", ".join(map(repr, names))
    if len(names) < 2:
        raise SeriesError(
            f"{file.name} has one column, {listed}; expected one of dates and one of values, with "
            "a comma, semicolon or tab between them."
        )
    if all(_NUMBER.fullmatch(name) or _ISO.fullmatch(name) for name in names):
        raise SeriesError(f"{file.name} begins with {listed}; expected a line with column names.")
    date = names[0] if date is None else date
    others = [name for name in names if name != date]
    if value is None and len(others) != 1:
        raise SeriesError(
            f"{file.name} has the columns {listed}; say which one holds the values: value=…"
        )
    value = others[0] if value is None else value
    for kind, name in (("date", date), ("value", value)):
        if names.count(name) != 1:
            found = "no" if name not in names else "more than one"
            raise SeriesError(
                f"{file.name} has {found} column {name!r} for {kind}; its columns are {listed}."
            )
    where = names.index(date), names.index(value)
    for line, row in table[1:]:
        if len(row) != len(names):
            raise SeriesError(
                f"{file.name}, line {line}: {len(row)} cells; expected {len(names)}, as in the "
                "header line."
            )
    body = table[1:]
    dates, values = ([row[k] for _, row in body] for k in where)
    return _Rows(dates, values, [line for line, _ in body], date, value)


def _numbers(name: str, rows: _Rows, decimal: str, gaps: str) -> Array:
    """Return the values, NaN where a cell says that there is none."""
    numbers = []
    for line, text in zip(rows.lines, rows.values, strict=True):
        where = f"{name}, line {line}, column {rows.value!r}"
        if text.casefold() in _NOTHING:
            if gaps == "refuse":
                raise SeriesError(
                    f"{where}: {text!r}, no value; expected a number. With gaps='keep' it is read "
                    "as missing."
                )
            numbers.append(np.nan)
            continue
        plain = text if decimal == "." else text.replace(",", ".", 1)
        if not _NUMBER.fullmatch(plain) or (decimal == "," and "." in text):
            hint = " Is the comma a decimal sign? Then pass decimal=','." if "," in text else ""
            raise SeriesError(f"{where}: {text!r} is text; expected a number.{hint}")
        numbers.append(float(plain))
        if not np.isfinite(numbers[-1]):
            raise SeriesError(f"{where}: {text!r} is too large for a number.")
    return np.array(numbers)


def _dates(name: str, rows: _Rows, date_format: str | None) -> np.ndarray:
    """Return the dates, in seconds."""
    day_first = None if date_format else _day_first(name, rows)
    found = []
    for line, text in zip(rows.lines, rows.dates, strict=True):
        try:
            if date_format:
                moment = datetime.strptime(text, date_format)
            else:
                moment = _moment(text, day_first)
        except ValueError:
            wanted = f"the form {date_format!r}" if date_format else "a date such as 1958-03-29"
            hint = "" if date_format else " Another form can be given as date_format='%d %b %Y'."
            raise SeriesError(
                f"{name}, line {line}, column {rows.date!r}: {text!r}; expected {wanted}.{hint}"
            ) from None
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        found.append(np.datetime64(moment, "s"))
    return np.array(found)


def _moment(text: str, day_first: bool | None) -> datetime:
    """Read one date; ValueError if it is none."""
    if match := _ISO.fullmatch(text):
        return datetime(*(int(part or 1) for part in match.groups()))
    if match := _QUARTER.fullmatch(text):
        return datetime(int(match[1]), 3 * int(match[2]) - 2, 1)
    if match := _PARTS.fullmatch(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        return datetime(year, second, first) if day_first else datetime(year, first, second)
    return datetime.fromisoformat(text)


def _day_first(name: str, rows: _Rows) -> bool | None:
    """Tell whether dates such as 29/03/1958 have the day first; None if there are none such."""
    found = [match for text in rows.dates if (match := _PARTS.fullmatch(text))]
    if not found:
        return None
    if any(match[2] == "." for match in found):
        return True
    first, second = (max(int(match[k]) for match in found) for k in (1, 3))
    if first <= 12 and second <= 12:
        raise SeriesError(
            f"{name}, column {rows.date!r}: {found[0][0]!r} may be a day or a month first; pass "
            "date_format='%d/%m/%Y' or '%m/%d/%Y'."
        )
    return first > 12


def _check_order(name: str, rows: _Rows, dates: np.ndarray) -> None:
    """Refuse dates that are not each later than the one before."""
    seen: dict[np.datetime64, int] = {}
    for line, moment in zip(rows.lines, dates, strict=True):
        if moment in seen:
            raise SeriesError(
                f"{name}, line {line}, column {rows.date!r}: {_text(moment)} stands on line "
                f"{seen[moment]} already; expected one value per date."
            )
        seen[moment] = line
    back = np.flatnonzero(np.diff(dates).astype(int) < 0)
    if back.size:
        k = int(back[0])
        raise SeriesError(
            f"{name}, line {rows.lines[k + 1]}, column {rows.date!r}: {_text(dates[k + 1])} comes "
            f"after {_text(dates[k])}; expected dates in order. Sort the file by date."
        )


def _grid(name: str, rows: _Rows, dates: np.ndarray) -> _Grid:
    """Find the step between dates and the place of each one; refuse dates between two places."""
    seconds = dates.astype("datetime64[s]").astype(np.int64)
    if _most_common(np.diff(seconds)) >= 28 * _DAY:
        months = dates.astype("datetime64[M]").astype(np.int64)
        size = max(_most_common(np.diff(months)), 1)
        step = _MONTHS.get(size, f"{size} months")
        places = _places(name, rows, dates, months - months[0], size, step)
        start = dates[0].astype("datetime64[M]")
        all_dates = (start + size * np.arange(places[-1] + 1)).astype("datetime64[s]")
    else:
        size = _most_common(np.diff(seconds))
        days = dates.astype("datetime64[D]")
        weekdays = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        if size == _DAY and len(dates) > 7 and weekdays.max() < 5:
            passed = np.busday_count(days[0], days)
            places = _places(name, rows, dates, passed, 1, "business day")
            every = np.busday_offset(days[0], np.arange(places[-1] + 1))
            return _Grid("business day", places, _with(every.astype(dates.dtype), places, dates))
        step = _SECONDS.get(size) or (
            f"{size // _DAY} days"
            if size % _DAY == 0
            else f"{size // 60} minutes"
            if size % 60 == 0
            else f"{size} seconds"
        )
        places = _places(name, rows, dates, seconds - seconds[0], size, step)
        all_dates = dates[0] + (size * np.arange(places[-1] + 1)).astype("timedelta64[s]")
    return _Grid(step, places, _with(all_dates, places, dates))


def _places(
    name: str, rows: _Rows, dates: np.ndarray, passed: np.ndarray, size: int, step: str
) -> np.ndarray:
    """Return how many steps have passed since the first date, or refuse what lies between."""
    off = np.flatnonzero((passed % size != 0) | (np.diff(passed, prepend=-size) == 0))
    if off.size:
        k = int(off[0])
        raise SeriesError(
            f"{name}, line {rows.lines[k]}, column {rows.date!r}: {_text(dates[k])} does not fit "
            f"dates that are {_one(step)} apart; expected equal distances."
        )
    return passed // size


def _with(all_dates: np.ndarray, places: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """Return the dates of the grid, those of the file where it has them."""
    full = all_dates.copy()
    full[places] = dates
    return full


def _refuse_gaps(name: str, rows: _Rows, grid: _Grid) -> None:
    lacking = len(grid.dates) - len(grid.places)
    if lacking:
        k = int(np.flatnonzero(np.diff(grid.places) > 1)[0])
        missing = grid.dates[grid.places[k] + 1]
        raise SeriesError(
            f"{name}, line {rows.lines[k + 1]}, column {rows.date!r}: a gap, {_text(missing)} is "
            f"missing ({lacking} in all); expected one value every {grid.step}. With gaps='keep' "
            "they are read as missing."
        )


def _most_common(differences: Sequence[int] | np.ndarray) -> int:
    """Return the most frequent difference, the smallest of equally frequent ones."""
    counts = Counter(int(d) for d in differences)
    most = max(counts.values())
    return min(d for d, n in counts.items() if n == most)


def _one(step: str) -> str:
    """Write a step with its article: "a month", "15 minutes"."""
    if step[0].isdigit():
        return step
    return f"an {step}" if step == "hour" else f"a {step}"


def _text(moment: np.datetime64) -> str:
    """Write a date without a time at midnight."""
    return str(moment).removesuffix("T00:00:00").replace("T", " ")
