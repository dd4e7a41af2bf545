"""Files for Canvas, Moodle and others: empty where there is no score, and no formulas."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructor.collecting import Roster
from instructor.exporting import (
    ExportError,
    Score,
    parse_columns,
    write_canvas,
    write_generic,
    write_moodle,
)
from instructor.exporting.columns import FIELDS
from instructor.tables import guarded, number
from tests.instructor.collecting_sources import write
from tests.instructor.test_collecting_roster import CANVAS, MOODLE

NAME = "05_fade"


def read(path, delimiter=","):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def score(student, points, **more):
    return Score(student, points, 12.0, **more)


@pytest.fixture
def canvas(tmp_path):
    return write(tmp_path, {"canvas.csv": CANVAS}) / "canvas.csv"


@pytest.fixture
def moodle(tmp_path):
    return write(tmp_path, {"moodle.csv": MOODLE}) / "moodle.csv"


# --- Canvas ----------------------------------------------------------------------------------


def test_canvas_with_its_own_file_filled_in(tmp_path, canvas):
    roster = Roster.load(canvas)
    scores = [score("jdoe", 7.5), score("jroe", None, reason="timed out")]
    done = write_canvas(tmp_path / "out.csv", NAME, scores, roster, canvas)
    assert read(tmp_path / "out.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "05_fade (77)", "Final Score"],
        ["    Points Possible", "", "", "", "", "12", "(read only)"],
        ["Doe, Jane", "123", "u123", "jdoe", "Monday", "7.5", ""],
        ["Roe, Joe", "124", "u124", "jroe", "Monday", "", ""],
        ["Student, Test", "999", "", "abc", "Monday", "", ""],
    ]
    assert (done.rows, done.scored, done.without, done.unmatched) == (2, 1, ("jroe",), ())
    assert done.notes == ()


def test_a_zero_that_was_earned_is_a_zero_and_no_score_is_none(tmp_path, canvas):
    scores = [score("jdoe", 0.0), score("jroe", None)]
    write_canvas(tmp_path / "out.csv", NAME, scores, None, canvas)
    assert [row[5] for row in read(tmp_path / "out.csv")[2:4]] == ["0", ""]


@pytest.mark.parametrize("student", ["jdoe", "doejane_123", "u123", "Jane-Doe"])
def test_students_of_canvas_are_found_without_a_roster(tmp_path, canvas, student):
    done = write_canvas(tmp_path / "out.csv", NAME, [score(student, 5)], None, canvas)
    assert done.unmatched == ()
    assert read(tmp_path / "out.csv")[2][5] == "5"


def test_students_whom_canvas_does_not_know_are_reported(tmp_path, canvas):
    scores = [score("jdoe", 5), score("stranger", 6)]
    done = write_canvas(tmp_path / "out.csv", NAME, scores, None, canvas)
    assert done.unmatched == ("stranger",)
    assert done.rows == 1
    assert [row[5] for row in read(tmp_path / "out.csv")[2:4]] == ["5", ""]


def test_points_possible_that_differ_are_reported(tmp_path, canvas):
    done = write_canvas(tmp_path / "out.csv", NAME, [Score("jdoe", 5, 20.0)], None, canvas)
    assert "Canvas has 12 points possible for 05_fade, the gradebook 20" in done.notes[0]


def test_a_column_that_canvas_lacks_is_added_and_two_are_refused(tmp_path, canvas):
    done = write_canvas(tmp_path / "out.csv", "06_lstm", [score("jdoe", 5)], None, canvas)
    rows = read(tmp_path / "out.csv")
    assert [row[-1] for row in rows] == ["06_lstm", "12", "5", "", ""]
    assert "one was added" in done.notes[0]
    text = CANVAS.replace("Final Score", "05_Fade (78)")
    twice = write(tmp_path, {"twice.csv": text}) / "twice.csv"
    with pytest.raises(ExportError, match=r"2 columns for 05_fade: 05_fade \(77\), 05_Fade \(78\)"):
        write_canvas(tmp_path / "out.csv", NAME, [score("jdoe", 5)], None, twice)


def test_the_form_of_canvas_file_is_kept(tmp_path):
    text = "\ufeff" + CANVAS.replace('"Doe, Jane"', "Doe J").replace('"Roe, Joe"', "Roe J")
    text = text.replace('"Student, Test"', "Test Student").replace(",", ";")
    path = write(tmp_path, {"canvas.csv": text}) / "canvas.csv"
    write_canvas(tmp_path / "out.csv", NAME, [score("jdoe", 5)], None, path)
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfStudent;ID;")


def test_a_new_file_for_canvas(tmp_path, canvas):
    roster = Roster.load(canvas)
    done = write_canvas(tmp_path / "out.csv", NAME, [score("jdoe", 7), score("x", 1)], roster)
    assert read(tmp_path / "out.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "05_fade"],
        ["    Points Possible", "", "", "", "", "12"],
        ["Doe, Jane", "123", "u123", "jdoe", "Monday", "7"],
        ["x", "", "", "", "", "1"],
    ]
    assert "1 of 2 have neither ID nor login" in done.notes[0]


def test_a_file_that_canvas_did_not_export_is_refused(tmp_path, moodle):
    with pytest.raises(ExportError, match="has no column Student, ID"):
        write_canvas(tmp_path / "out.csv", NAME, [score("jdoe", 5)], None, moodle)
    assert not (tmp_path / "out.csv").exists()


# --- Moodle ----------------------------------------------------------------------------------


def test_moodles_own_worksheet_filled_in(tmp_path, moodle):
    scores = [
        score("jane@uni.example", 7.25, comment="Well begun."),
        score("joe@uni.example", None, comment="Stopped after 300 s."),
    ]
    done = write_moodle(tmp_path / "out.csv", NAME, scores, Roster.load(moodle), moodle)
    rows = read(tmp_path / "out.csv")
    assert [row[4:] for row in rows[1:]] == [
        ["7.25", "12.00", "Well begun."],
        ["", "12.00", "Stopped after 300 s."],
    ]
    assert rows[0] == next(csv.reader([MOODLE.splitlines()[0]]))
    assert (done.without, done.unmatched, done.notes) == (("joe@uni.example",), (), ())


def test_another_maximum_in_moodle_is_reported(tmp_path, moodle):
    done = write_moodle(tmp_path / "o.csv", NAME, [Score("Jane-Doe", 5, 20.0)], None, moodle)
    assert "Moodle has 12.00 as the maximum grade, the gradebook 20" in done.notes[0]
    assert done.unmatched == ()


def test_a_new_worksheet_for_moodle(tmp_path, moodle):
    roster = Roster.load(moodle)
    scores = [score("jane@uni.example", 7), score("guest", None)]
    done = write_moodle(tmp_path / "out.csv", NAME, scores, roster)
    assert read(tmp_path / "out.csv")[1:] == [
        ["Participant 11", "Jane Doe", "jane@uni.example", "7", "12", ""],
        ["", "guest", "", "", "12", ""],
    ]
    assert "1 of 2 have none" in done.notes[0]


# --- columns of one's own --------------------------------------------------------------------


def test_columns_of_ones_own(tmp_path, canvas):
    columns = parse_columns(
        'Nr=sis_id,"Name, full=name",Points=points,%=percent,Chain=points:chain'
    )
    scores = [
        score("jdoe", 6, exercises={"chain": 2.0}, late=True),
        score("jroe", None, reason="crashed", exercises={"chain": None}),
    ]
    write_generic(tmp_path / "out.csv", NAME, scores, columns, Roster.load(canvas))
    assert read(tmp_path / "out.csv") == [
        ["Nr", "Name, full", "Points", "%", "Chain"],
        ["u123", "Jane Doe", "6", "50", "2"],
        ["u124", "Joe Roe", "", "", ""],
    ]


def test_every_field_can_be_a_column(tmp_path):
    columns = {name: name for name in FIELDS}
    write_generic(tmp_path / "out.csv", NAME, [score("jdoe", 6, late=False)], columns)
    row = dict(zip(*read(tmp_path / "out.csv"), strict=True))
    assert row["student"] == row["name"] == "jdoe"
    assert (row["late"], row["assignment"], row["possible"]) == ("no", NAME, "12")


def test_columns_if_none_are_asked_for(tmp_path):
    write_generic(tmp_path / "out.csv", NAME, [score("jdoe", None, reason="timed out")])
    assert read(tmp_path / "out.csv")[1] == ["jdoe", "", "12", "timed out", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("points", "expected HEADING=FIELD"),
        ("=points", "expected HEADING=FIELD"),
        ("a=points,a=name", "'a' stands twice"),
        ("", "no columns"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(text, message):
    with pytest.raises(ExportError, match=message):
        parse_columns(text)


def test_unknown_fields_and_exercises_are_refused(tmp_path):
    with pytest.raises(ExportError, match="'grade' is no field; there are student, first_name"):
        write_generic(tmp_path / "o.csv", NAME, [], {"a": "grade"})
    scores = [score("jdoe", 1, exercises={"chain": 1.0})]
    with pytest.raises(ExportError, match="no exercise 'chan'; there are chain"):
        write_generic(tmp_path / "o.csv", NAME, scores, {"a": "points:chan"})


# --- all -------------------------------------------------------------------------------------


@pytest.mark.parametrize("writer", [write_canvas, write_moodle, write_generic])
def test_two_scores_of_one_student_are_refused(tmp_path, writer):
    with pytest.raises(ExportError, match="two scores"):
        writer(tmp_path / "out.csv", NAME, [score("a", 1), score("a", 2)])


@pytest.mark.parametrize("writer", [write_canvas, write_moodle])
def test_scores_against_different_releases_are_refused(tmp_path, writer):
    with pytest.raises(ExportError, match=r"different maxima \(10, 12\)"):
        writer(tmp_path / "out.csv", NAME, [score("a", 1), Score("b", 2, 10.0)])


@pytest.mark.parametrize("writer", [write_canvas, write_moodle, write_generic])
def test_no_cell_of_a_file_is_a_formula(tmp_path, writer):
    roster = Roster.load(
        write(tmp_path, {"r.csv": 'id,name,email\na,"=cmd|calc!A1",@SUM(1)\n'}) / "r.csv"
    )
    scores = [score("a", 3, comment="+1+1", reason="-x")]
    more = {"columns": {"n": "name", "c": "comment"}} if writer is write_generic else {}
    writer(tmp_path / "out.csv", NAME, scores, roster=roster, **more)
    cells = [cell for row in read(tmp_path / "out.csv") for cell in row]
    assert "'=cmd|calc!A1" in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


@given(st.text(max_size=20))
def test_guarded_text_is_no_formula_and_loses_nothing(text):
    safe = guarded(text)
    assert safe in (text, "'" + text)
    if safe.lstrip().startswith(("=", "@")):
        raise AssertionError(safe)
    if safe.lstrip(" ").startswith(("+", "-")) and safe.strip() != "-":
        assert safe.strip()[1:].replace(",", ".", 1).replace(".", "", 1).isdigit()


@pytest.mark.parametrize("text", ["-1.5", "+3", "12", "-", "a=b", "u-1"])
def test_numbers_and_harmless_text_stay(text):
    assert guarded(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0.0, "0"), (-0.0, "0"), (7.5, "7.5"), (2 / 3, "0.6667"), (100.0, "100")],
)
def test_points_are_written_short(value, text):
    assert number(value) == text


def test_what_cannot_be_written_says_so(tmp_path):
    write(tmp_path, {"file": b""})
    with pytest.raises(ExportError, match="cannot be written"):
        write_generic(tmp_path / "file" / "out.csv", NAME, [score("a", 1)])
