"""Real series, and the reader's own from a CSV file."""

import numpy as np
import pytest

from utils.data import series
from utils.data.series import Series, SeriesError


def made(values, step="month", start="1990-01"):
    values = np.array(values, dtype=float)
    dates = (np.datetime64(start, "M") + np.arange(len(values))).astype("datetime64[s]")
    return Series("made", "Made up", "", step, 12, dates, values)


@pytest.mark.parametrize(
    ("name", "N", "first", "last", "missing", "period"),
    [
        ("co2", 526, "1958-03", "2001-12", 5, 12),
        ("el_nino", 732, "1950-01", "2010-12", 0, 12),
        ("sunspots", 309, "1700", "2008", 0, 11),
    ],
)
def test_the_series_of_statsmodels(name, N, first, last, missing, period):
    found = series.load(name)
    assert (len(found), found.label(0), found.label(N - 1)) == (N, first, last)
    assert len(found.missing) == missing
    assert found.period == period
    assert not found.filled.any()
    assert found.unit
    assert "public domain" in found.source or name == "sunspots"


def test_known_values():
    co2 = series.load("co2")
    assert co2.values[0] == pytest.approx(316.1)  # March 1958 has one sample
    assert co2.values[1] == pytest.approx(np.mean([317.3, 317.6, 317.5, 316.4]))
    assert [co2.label(i) for i in co2.missing] == [
        "1958-06",
        "1958-10",
        "1964-02",
        "1964-03",
        "1964-04",
    ]
    el_nino = series.load("el_nino")
    assert el_nino.values[:2] == pytest.approx([23.11, 24.20])
    assert el_nino.values[12 * 7 + 11] == pytest.approx(el_nino.cut("1957-12", "1957-12").values[0])
    assert series.load("sunspots").cut("1957", "1957").values == pytest.approx([190.2])


def test_values_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        series.load("sunspots").values[0] = 1
    mine = np.arange(3.0)
    made(mine)
    mine[0] = 5  # and the caller's own array stays writable


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="'co2', 'el_nino', 'sunspots'"):
        series.load("gold")


def test_without_gaps_is_the_longest_stretch():
    co2 = series.load("co2").without_gaps()
    assert (co2.label(0), len(co2), len(co2.missing)) == ("1964-05", 452, 0)
    assert made([1, np.nan, 2, 3, np.nan, 4, 5]).without_gaps().values.tolist() == [2, 3]
    with pytest.raises(SeriesError, match="no value"):
        made([np.nan, np.nan]).without_gaps()


def test_filling_is_asked_for_and_marked():
    gappy = made([1, np.nan, np.nan, 4, np.nan, 8])
    line, last = gappy.fill("line"), gappy.fill("last")
    assert line.values.tolist() == [1, 2, 3, 4, 6, 8]
    assert last.values.tolist() == [1, 1, 1, 4, 4, 8]
    assert line.filled.tolist() == last.filled.tolist() == [0, 1, 1, 0, 1, 0]
    assert np.isnan(gappy.values[1])
    assert "3 filled in" in repr(line)
    assert line.table().filled.sum() == 3


def test_filling_with_the_last_value_looks_at_nothing_later():
    values = np.array([1.0, np.nan, 3.0, np.nan, 5.0])
    changed = values.copy()
    changed[2:] = 99
    assert made(values).fill("last").values[1] == made(changed).fill("last").values[1]
    assert made(values).fill("line").values[1] != made(changed).fill("line").values[1]


def test_nothing_to_fill_from():
    for values, method in (([np.nan, 1], "line"), ([1, np.nan], "line"), ([np.nan, 1], "last")):
        with pytest.raises(SeriesError, match="lacks its"):
            made(values).fill(method)
    assert made([1, np.nan]).fill("last").values.tolist() == [1, 1]
    with pytest.raises(ValueError, match="method is 'spline'"):
        made([1, 2]).fill("spline")


def test_cut_includes_both_ends():
    year = made(range(24)).cut("1990-03", "1990-05")
    assert year.values.tolist() == [2, 3, 4]
    assert len(made(range(24)).cut("1991")) == 12
    assert len(made(range(24)).cut(last="1990")) == 12
    with pytest.raises(SeriesError, match="Nothing lies between 1995"):
        made(range(24)).cut("1995")
    with pytest.raises(SeriesError, match="'spring' is not a date"):
        made(range(24)).cut("spring")


def months(n, start="1990-01"):
    return [str(np.datetime64(start, "M") + k) for k in range(n)]


def written(folder, lines, name="mine.csv", encoding="utf-8"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def rows(n=36, sep=","):
    return [sep.join((date, str(k + 0.5))) for k, date in enumerate(months(n))]


def test_a_plain_file(tmp_path):
    found = series.from_csv(written(tmp_path, ["month,sales", *rows()]), unit="pieces")
    assert (found.name, found.title, found.unit) == ("mine", "sales", "pieces")
    assert (found.step, found.period, len(found)) == ("month", 12, 36)
    assert found.values[:2].tolist() == [0.5, 1.5]
    assert found.label(35) == "1992-12"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_are_found(tmp_path, separator):
    lines = [separator.join(("when", "what")), *rows(sep=separator)]
    assert len(series.from_csv(written(tmp_path, lines))) == 36


def test_decimal_commas_need_to_be_said(tmp_path):
    path = written(tmp_path, ["when;what", *(f"{d};{k},5" for k, d in enumerate(months(36)))])
    assert series.from_csv(path, decimal=",").values[1] == 1.5
    with pytest.raises(SeriesError, match=r"line 2, column 'what': '0,5' is text.*decimal=','"):
        series.from_csv(path)


def test_a_byte_order_mark_and_empty_lines_do_no_harm(tmp_path):
    path = written(tmp_path, ["month,sales", "", *rows(), "", ","], encoding="utf-8-sig")
    assert len(series.from_csv(path)) == 36


@pytest.mark.parametrize(
    ("dates", "step", "period"),
    [
        ([str(1700 + k) for k in range(40)], "year", 1),
        ([f"{1990 + k // 4}-Q{k % 4 + 1}" for k in range(40)], "quarter", 4),
        ([str(np.datetime64("2024-02-27") + k) for k in range(40)], "day", 7),
        ([str(np.datetime64("2024-02-27") + 7 * k) for k in range(40)], "week", 52),
        ([str(np.busday_offset("2024-02-27", k)) for k in range(40)], "business day", 5),
        ([f"2024-01-0{1 + k // 24}T{k % 24:02d}:00" for k in range(40)], "hour", 24),
        ([f"2024-01-01 {k // 4:02d}:{k % 4 * 15:02d}:00" for k in range(40)], "15 minutes", 1),
        ([str(np.datetime64("1990-01") + 2 * k) for k in range(40)], "2 months", 1),
        ([str(np.datetime64("2024-01-01") + 3 * k) for k in range(40)], "3 days", 1),
        ([f"{15 + k % 2}.{k % 12 + 1:02d}.{1990 + k // 12}" for k in range(40)], "month", 12),
        ([f"{k % 12 + 1}/15/{1990 + k // 12}" for k in range(40)], "month", 12),
        ([str(np.datetime64("1990-02", "M") + k - np.timedelta64(1, "D")) for k in range(40)],
         "month", 12),
    ],
)  # fmt: skip
def test_steps_are_found(tmp_path, dates, step, period):
    found = series.from_csv(written(tmp_path, ["d,v", *(f"{d},1.5" for d in dates)]))
    assert (found.step, found.period, len(found)) == (step, period, 40)


def test_a_form_of_dates_can_be_given(tmp_path):
    lines = ["d,v", *(f"{k % 12 + 1:02d}/01/{1990 + k // 12},{k}" for k in range(36))]
    path = written(tmp_path, lines)
    with pytest.raises(SeriesError, match="'01/01/1990' may be a day or a month first"):
        series.from_csv(path)
    assert series.from_csv(path, date_format="%m/%d/%Y").step == "month"
    with pytest.raises(SeriesError, match=r"line 2, column 'd'.*expected the form"):
        series.from_csv(path, date_format="%Y")


def replaced(k, line):
    lines = ["month,sales", *rows()]
    lines[k] = line
    return lines


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (replaced(4, "1990-04,many"), r"mine.csv, line 5, column 'sales': 'many' is text"),
        (replaced(4, "1990-04,"), r"line 5, column 'sales': '', no value.*gaps='keep'"),
        (replaced(4, "1990-04,NaN"), r"line 5.*'NaN', no value"),
        (replaced(4, "1990-04,1e999"), r"line 5.*too large"),
        (replaced(4, "1990-04,inf"), r"line 5.*'inf' is text"),
        (replaced(4, "1990-04,1_000"), r"line 5.*'1_000' is text"),
        (replaced(4, "April,3"), r"line 5, column 'month': 'April'; expected a date"),
        (replaced(4, "1990-13,3"), r"line 5, column 'month': '1990-13'"),
        (replaced(4, "1990-04,3,4"), r"line 5: 3 cells; expected 2"),
        (replaced(4, "1990-03,3"), r"line 5.*1990-03-01 stands on line 4 already"),
        (replaced(4, "1989-03,3"), r"line 5.*1989-03-01 comes after 1990-03-01.*Sort"),
        (["month,sales", *rows()[:4], *rows()[6:]],
         r"line 6.*a gap, 1990-05-01 is missing \(2 in all\); expected one value every month"),
        (["month,sales", *rows(12)], r"has 12 rows; expected at least 30"),
        (["month,sales"], r"has 0 rows"),
        ([""], r"mine.csv is empty"),
        (["sales", "1", "2"], r"one column, 'sales'"),
        (rows(), r"begins with '1990-01', '0.5'; expected a line with column names"),
        (["a,b,c", "1990-01,1,2"], r"columns 'a', 'b', 'c'; say which.*value="),
        (["d,v", *(f"2024-01-01T{k // 2:02d}:{k % 2 * 30:02d}:00,1" for k in range(40)),
          "2024-01-01T22:10,1"],
         r"line 42.*2024-01-01 22:10:00 does not fit dates that are 30 minutes apart"),
        (["d,v", *(f"{m},1" for m in months(36)[:35]), "1992-11-15,1"],
         r"line 37.*1992-11-15 does not fit dates that are a month apart"),
    ],
)  # fmt: skip
def test_faults_of_a_file_are_named_in_one_line(tmp_path, lines, message):
    with pytest.raises(SeriesError, match=message) as caught:
        series.from_csv(written(tmp_path, lines))
    assert "\n" not in str(caught.value)


def test_wrong_columns_list_those_that_exist(tmp_path):
    path = written(tmp_path, ["month,sales", *rows()])
    with pytest.raises(SeriesError, match=r"no column 'price' for value.*'month', 'sales'"):
        series.from_csv(path, value="price")
    with pytest.raises(SeriesError, match="no column 'day' for date"):
        series.from_csv(path, value="sales", date="day")
    twice = written(tmp_path, ["a,b,b", "1990,1,2"])
    with pytest.raises(SeriesError, match="more than one column 'b'"):
        series.from_csv(twice, value="b")


def test_files_that_are_none(tmp_path):
    with pytest.raises(SeriesError, match="does not exist"):
        series.from_csv(tmp_path / "no.csv")
    with pytest.raises(SeriesError, match="is a folder"):
        series.from_csv(tmp_path)
    (tmp_path / "b.csv").write_bytes(b"d,v\n\xff\xfe,1\n")
    with pytest.raises(SeriesError, match="not text in UTF-8"):
        series.from_csv(tmp_path / "b.csv")


def test_gaps_are_kept_where_that_is_asked_for_and_never_filled(tmp_path):
    lines = ["month,sales", *rows()[:4], *rows()[6:]]
    lines[2] = "1990-02,NA"
    path = written(tmp_path, lines)
    found = series.from_csv(path, gaps="keep")
    assert len(found) == 36
    assert found.missing.tolist() == [1, 4, 5]
    assert [found.label(i) for i in found.missing] == ["1990-02", "1990-05", "1990-06"]
    assert not found.filled.any()
    days = [np.busday_offset("2024-01-01", k) for k in range(60) if k not in (7, 30)]
    path = written(tmp_path, ["d,v", *(f"{d},2" for d in days)])
    found = series.from_csv(path, gaps="keep")
    assert (found.step, found.missing.tolist()) == ("business day", [7, 30])
