"""Rosters as instructors write them and as platforms export them."""

import pytest

from instructor.collecting import Roster, RosterError, RosterStudent
from tests.instructor.collecting_sources import write

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,05_fade (77),Final Score
    Points Possible,,,,,12,(read only)
"Doe, Jane",123,u123,jdoe,Monday,,
"Roe, Joe",124,u124,jroe,Monday,3,
"Student, Test",999,,abc,Monday,,
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum grade,Feedback comments
Participant 11,Jane Doe,jane@uni.example,Submitted for grading,,12.00,
Participant 12,Joe van der Roe,joe@uni.example,No submission,,12.00,
"""


def load(tmp_path, text, encoding="utf-8"):
    path = write(tmp_path, {"roster.csv": text.encode(encoding)}) / "roster.csv"
    return Roster.load(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_ones_own_roster_in_every_common_form(tmp_path, delimiter, encoding):
    rows = ["id,First name,last_name,E-mail", "zm1,Zoë,Müller,zoe@uni.example", ",,,"]
    roster = load(tmp_path, "\r\n".join(rows).replace(",", delimiter), encoding)
    (zoe,) = roster.students
    assert zoe == RosterStudent("zm1", "zm1", "Zoë", "Müller", "zoe@uni.example")
    assert zoe.name == "Zoë Müller"
    assert roster.get("zm1") is zoe
    assert roster.get("other") is None


def test_the_gradebook_that_canvas_exports(tmp_path):
    roster = load(tmp_path, CANVAS)
    assert [s.id for s in roster.students] == ["jdoe", "jroe"]
    jane = roster.students[0]
    assert (jane.name, jane.canvas_id, jane.sis_id, jane.section) == (
        "Jane Doe",
        "123",
        "u123",
        "Monday",
    )
    assert roster.find(["doejane"], "123", "canvas") is jane
    assert roster.find(["doejane"]) is jane
    assert roster.find(["doejane"], "124", "canvas").id == "jroe"


def test_the_worksheet_that_moodle_exports(tmp_path):
    roster = load(tmp_path, MOODLE)
    assert [s.id for s in roster.students] == ["jane@uni.example", "joe@uni.example"]
    assert roster.find(["Somebody"], "12", "moodle").name == "Joe van der Roe"
    assert roster.find(["Joe van der Roe"]).participant == "12"
    assert roster.find(["Roe Joe van der"]).participant == "12"
    assert roster.find(["Joe Roe"]) is None


def test_two_participants_of_one_name_are_told_apart_by_their_numbers(tmp_path):
    text = "Identifier,Full name,Grade\nParticipant 1,Ann Lee,\nParticipant 2,Ann Lee,\n"
    roster = load(tmp_path, text)
    assert [s.id for s in roster.students] == ["Ann-Lee-1", "Ann-Lee-2"]
    assert roster.find(["Ann Lee"]) is None
    assert roster.find(["Ann Lee"], "2", "moodle").id == "Ann-Lee-2"


def test_nbgraders_own_list_of_students(tmp_path):
    roster = load(tmp_path, "id,first_name,last_name,email,lms_user_id\nbit,B,Diddle,,55\n")
    assert roster.find(["x"], "55", "canvas").id == "bit"


def test_ids_that_are_no_names_of_folders_are_made_so(tmp_path):
    roster = load(tmp_path, "id,name\n../a b,Ann\n=1+1,Bob\nA-B,Cleo\n")
    ids = [s.id for s in roster.students]
    assert ids[1] == "1-1"
    assert {ids[0][:4].lower(), ids[2][:4].lower()} == {"a-b-"}
    assert len({i.lower() for i in ids}) == 3
    assert roster.students[0].given_id == "../a b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("id\n", "no student below it"),
        ("points,grade\n1,2\n", "expected `id`"),
        ("id,name\nx,Ann\nx,Bob\n", "has 'x' in 2 rows"),
    ],
)
def test_a_roster_that_is_none_says_what_was_expected(tmp_path, text, message):
    with pytest.raises(RosterError, match=message):
        load(tmp_path, text)


def test_a_roster_that_is_not_there(tmp_path):
    with pytest.raises(RosterError, match="cannot be read"):
        Roster.load(tmp_path / "none.csv")


def test_two_students_of_one_id():
    with pytest.raises(RosterError, match="stands twice"):
        Roster([RosterStudent("a", "a"), RosterStudent("a", "b")])
