"""Real series in time, and the reader's own from a CSV file; nothing is filled in silently.

Three series in the public domain that come with statsmodels, so that no network is needed:

- ``"co2"``: carbon dioxide in the air at Mauna Loa, monthly means of weekly samples, 1958 to 2001.
  It has a trend, a season, and five months without a sample.
- ``"el_nino"``: the temperature of the sea off Peru and Ecuador (region Niño 1+2), monthly, 1950 to
  2010. It has a season, and warm and cold years at irregular distances.
- ``"sunspots"``: the yearly number of sunspots, 1700 to 2008. It has no calendar season and a cycle
  of about eleven years whose height and length change.

A missing value is NaN and stays NaN until somebody asks for `Series.without_gaps` or
`Series.fill`, which marks what it has made up.

References
----------
Keeling and Whorf (2004), Atmospheric CO2 concentrations derived from flask air samples at sites in
the SIO network, CDIAC. NOAA National Weather Service, ERSST.V3B, Niño 1+2. National Geophysical
Data Center, yearly sunspot numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from utils.validation import Array, IndexArray, as_choice

if TYPE_CHECKING:
    import pandas as pd

#: The series that `load` knows.
NAMES = ("co2", "el_nino", "sunspots")

PERIODS = {"month": 12, "quarter": 4, "week": 52, "day": 7, "business day": 5, "hour": 24}
"""How many steps make the season that one thinks of first; other steps have none."""


class SeriesError(ValueError):
    """Says in one line what is wrong with a series, and where."""


@dataclass(frozen=True)
class Series:
    """Hold equally spaced values in time.

    Attributes
    ----------
    name : str
    title : str
        What is measured, in words.
    unit : str
        The unit of the values, such as ``"ppm"``.
    step : str
        What lies between two values: ``"month"``, ``"year"``, ``"day"``, ``"15 minutes"`` …
    period : int
        Steps in a season, 1 where there is none.
    dates : array of datetime64, shape (N,)
        Where each value belongs, in order, without gaps.
    values : array, shape (N,)
        NaN where a value is missing.
    source : str
    filled : array of bool, shape (N,)
        True where a value is not measured and `fill` made it up.
    """

    name: str
    title: str
    unit: str
    step: str
    period: int
    dates: np.ndarray
    values: Array
    source: str = ""
    filled: np.ndarray = field(default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        filled = np.zeros(len(self.values), dtype=bool) if self.filled is None else self.filled
        arrays = {"dates": self.dates, "values": self.values, "filled": filled}
        for name, array in arrays.items():
            own = np.array(array)  # a copy, so that nothing of the caller's becomes read-only
            own.setflags(write=False)
            object.__setattr__(self, name, own)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        gaps = f", {len(self.missing)} missing" if len(self.missing) else ""
        made = f", {int(self.filled.sum())} filled in" if self.filled.any() else ""
        span = f"{self.label(0)} to {self.label(len(self) - 1)}" if len(self) else "empty"
        return (
            f"<Series {self.name}: {len(self)} values, {span}, one every {self.step}{gaps}{made}>"
        )

    @property
    def missing(self) -> IndexArray:
        """The places of values that are missing."""
        return np.flatnonzero(np.isnan(self.values))

    def label(self, i: int) -> str:
        """Return the date of value `i` as one would write it, such as ``"1958-03"``.

        Parameters
        ----------
        i : int

        Returns
        -------
        str
        """
        unit = {"year": "Y", "month": "M", "quarter": "M"}.get(self.step)
        if unit is None:
            whole_days = (self.dates == self.dates.astype("datetime64[D]")).all()
            unit = "D" if whole_days else "m"
        return str(self.dates[i].astype(f"datetime64[{unit}]")).replace("T", " ")

    def table(self) -> pd.DataFrame:
        """Return the series as a table with the columns date, value and filled.

        Returns
        -------
        pandas.DataFrame
            One row per value.
        """
        import pandas as pd

        return pd.DataFrame({"date": self.dates, "value": self.values, "filled": self.filled})

    def between(self, start: int, stop: int) -> Series:
        """Return the part from value `start` up to, and without, value `stop`.

        Parameters
        ----------
        start, stop : int
            Counted from 0.

        Returns
        -------
        Series
        """
        part = slice(start, stop)
        return replace(
            self,
            dates=self.dates[part],
            values=self.values[part],
            filled=self.filled[part],
        )

    def cut(self, first: str | None = None, last: str | None = None) -> Series:
        """Return the part between two dates, both included.

        Parameters
        ----------
        first, last : str, optional
            Such as ``"1964-05"`` or ``"1990"``; a year or a month stands for all of it.

        Returns
        -------
        Series

        Raises
        ------
        SeriesError
            If a text is not a date, or nothing lies between them.
        """
        ends = [None if text is None else _as_date(text) for text in (first, last)]
        start = 0 if ends[0] is None else int((self.dates < ends[0]).sum())
        stop = len(self) if ends[1] is None else int((self.dates < ends[1] + 1).sum())
        if start >= stop:
            raise SeriesError(
                f"Nothing lies between {first or 'the start'} and {last or 'the end'}; the series "
                f"runs from {self.label(0)} to {self.label(len(self) - 1)}."
            )
        return self.between(start, stop)

    def without_gaps(self) -> Series:
        """Return the longest stretch in which no value is missing; the first of equally long ones.

        Returns
        -------
        Series

        Raises
        ------
        SeriesError
            If all values are missing.
        """
        edges = np.concatenate([[-1], self.missing, [len(self)]])
        longest = int(np.argmax(np.diff(edges)))
        start, stop = int(edges[longest]) + 1, int(edges[longest + 1])
        if start >= stop:
            raise SeriesError(f"{self.name} has no value that is not missing.")
        return self.between(start, stop)

    def fill(self, method: str) -> Series:
        """Return a copy whose missing values are made up, and marked in `filled`.

        Parameters
        ----------
        method : {"line", "last"}
            ``"line"`` draws a straight line from the value before a gap to the value after it. A
            forecaster that starts inside the gap could not have known the latter: use it only
            where the gap lies well before the first forecast. ``"last"`` repeats the value before
            the gap, which looks at nothing later.

        Returns
        -------
        Series

        Raises
        ------
        ValueError
            If there is no such method.
        SeriesError
            If a value is missing at the start (or, for ``"line"``, at the end), where no value
            stands on that side.
        """
        as_choice("method", method, ("line", "last"))
        gaps = np.isnan(self.values)
        ends = [0, -1] if method == "line" else [0]
        for end in ends if len(self) else []:
            if gaps[end]:
                raise SeriesError(
                    f"{self.name} lacks its {'first' if end == 0 else 'last'} value, of "
                    f"{self.label(end)}; expected a value there to fill from. Cut it off first."
                )
        places = np.arange(len(self))
        values = self.values.copy()
        if method == "line":
            values[gaps] = np.interp(places[gaps], places[~gaps], values[~gaps])
        else:
            values = values[np.maximum.accumulate(np.where(gaps, 0, places))]
        return replace(self, values=values, filled=self.filled | gaps)


def load(name: str) -> Series:
    """Return one of the series in `NAMES`, as it was measured.

    Parameters
    ----------
    name : {"co2", "el_nino", "sunspots"}

    Returns
    -------
    Series
        "co2": ppm, 526 months of which 5 have no sample. "el_nino": °C, 732 months. "sunspots": a
        count, 309 years; its period is given as 11, the mean length of the cycle, and no two
        cycles are alike.

    Raises
    ------
    ValueError
        If there is no such series.

    Examples
    --------
    >>> load("co2")
    <Series co2: 526 values, 1958-03 to 2001-12, one every month, 5 missing>
    """
    as_choice("name", name, NAMES)
    return {"co2": _co2, "el_nino": _el_nino, "sunspots": _sunspots}[name]()


def from_csv(
    path: str | PathLike[str],
    value: str | None = None,
    date: str | None = None,
    *,
    period: int | None = None,
    gaps: str = "refuse",
    date_format: str | None = None,
    separator: str | None = None,
    decimal: str = ".",
    at_least: int = 30,
    unit: str = "",
) -> Series:
    """Read a series from a text file with a header line, one date and one value per line.

    Parameters
    ----------
    path : str or path
    value : str, optional
        The column of the values; without it, the only column besides the dates.
    date : str, optional
        The column of the dates; without it the first column.
    period : int, optional
        Steps in a season; found from the distance of the dates if it is left out: 12 for months,
        4 for quarters, 52 for weeks, 7 for days, 5 for business days, 24 for hours, else 1.
    gaps : {"refuse", "keep"}
        What happens to dates and values that are missing: an error, or NaN at their place. None is
        ever filled in; see `Series.fill` and `Series.without_gaps`.
    date_format : str, optional
        Such as ``"%d/%m/%Y"``. Without it dates are read that are clear by themselves: ISO
        (``1958``, ``1958-03``, ``1958-03-29``, with or without a time), quarters (``1958-Q1``),
        ``29.03.1958``, and ``29/03/1958`` or ``03/29/1958`` if the column decides which it is.
    separator : str, optional
        Between columns; without it whichever of comma, semicolon and tab the header line has.
    decimal : {".", ","}
    at_least : int
        The fewest values that are accepted.
    unit : str

    Returns
    -------
    Series

    Raises
    ------
    SeriesError
        In one line, with file, line and column: no such file or column; text, nothing or an
        infinite number in place of a value; a date that is unreadable, ambiguous, duplicate, out of
        order or off the grid of the others; a gap in time; too few values.

    Examples
    --------
    ``from_csv("sales.csv", value="units", date="month")``
    """
    from utils.data import series_csv

    return series_csv.read(
        path,
        value,
        date,
        period=period,
        gaps=gaps,
        date_format=date_format,
        separator=separator,
        decimal=decimal,
        at_least=at_least,
        unit=unit,
    )


def _as_date(text: str) -> np.datetime64:
    try:
        return np.datetime64(text)
    except ValueError:
        raise SeriesError(f"{text!r} is not a date; expected one such as '1964-05'.") from None


def _co2() -> Series:
    from statsmodels.datasets import co2

    monthly = co2.load_pandas().data["co2"].resample("MS").mean()  # of the weeks that have a sample
    return Series(
        "co2",
        "Carbon dioxide in the air at Mauna Loa, Hawaii",
        "ppm",
        "month",
        12,
        monthly.index.to_numpy().astype("datetime64[s]"),
        monthly.to_numpy(dtype=np.float64),
        "Keeling and Whorf (2004), public domain, with statsmodels; monthly means of weekly values",
    )


def _el_nino() -> Series:
    from statsmodels.datasets import elnino

    wide = elnino.load_pandas().data
    first = np.datetime64(f"{int(wide['YEAR'].iloc[0])}-01", "M")
    values = wide.drop(columns="YEAR").to_numpy(dtype=np.float64).ravel()
    return Series(
        "el_nino",
        "Temperature of the sea off Peru and Ecuador (region Niño 1+2)",
        "°C",
        "month",
        12,
        (first + np.arange(values.size)).astype("datetime64[s]"),
        values,
        "NOAA National Weather Service, ERSST.V3B, public domain, with statsmodels",
    )


def _sunspots() -> Series:
    from statsmodels.datasets import sunspots

    table = sunspots.load_pandas().data
    first = np.datetime64(str(int(table["YEAR"].iloc[0])), "Y")
    return Series(
        "sunspots",
        "Sunspots, yearly mean",
        "sunspots",
        "year",
        11,
        (first + np.arange(len(table))).astype("datetime64[s]"),
        table["SUNACTIVITY"].to_numpy(dtype=np.float64),
        "National Geophysical Data Center, public domain, with statsmodels",
    )
