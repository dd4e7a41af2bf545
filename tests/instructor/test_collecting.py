"""Whose submission is whose, which one counts, and what is reported."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from instructor.collecting import (
    CollectError,
    Roster,
    RosterStudent,
    collect,
    known_assignments,
    parse_due,
    recognise,
)
from instructor.collecting.contents import grade_ids, looks_like_notebook
from instructor.collecting.times import describe_lateness, parse_time
from tests.instructor.collecting_sources import KNOWN, archive, entry, notebook, set_time, write

NAME = "05_fade"
DUE = datetime(2025, 3, 1, 12, tzinfo=UTC)


def taken(found):
    return {one.student: one.origin for one in found.submissions}


def kinds(found):
    return sorted(problem.kind for problem in found.problems)


def gather(tmp_path, files, **options):
    with collect(write(tmp_path / "in", files), NAME, KNOWN, **options) as found:
        for one in found.submissions:
            one.read()
        return found


def unpack(tmp_path, files, **options):
    (tmp_path / "export.zip").write_bytes(archive(files))
    with collect(tmp_path / "export.zip", NAME, KNOWN, **options) as found:
        for one in (*found.submissions, *found.older):
            one.read()
        return found


# --- layouts ---------------------------------------------------------------------------------

LAYOUTS = {
    "nbgrader": {
        "jane/05_fade/05_fade.ipynb": notebook(),
        "joe/05_fade/05_fade.ipynb": notebook(),
        "joe/06_lstm/06_lstm.ipynb": notebook("06_lstm"),
    },
    "nbgrader below submitted": {
        "submitted/jane/05_fade/05_fade.ipynb": notebook(),
        "submitted/joe/05_fade/05_fade.ipynb": notebook(),
    },
    "flat, student first": {
        "jane_05_fade.ipynb": notebook(),
        "joe 05-fade (2).ipynb": notebook(),
        "jane_06_lstm.ipynb": notebook("06_lstm"),
    },
    "flat, student last": {"05_fade-jane.ipynb": notebook(), "05_fade_joe.ipynb": notebook()},
    "flat, student alone": {"jane.ipynb": notebook(), "joe (1).ipynb": notebook()},
    "flat below a folder": {"all/jane.ipynb": notebook(), "all/joe.ipynb": notebook()},
    "flat below the assignment": {
        "x/05_fade/jane.ipynb": notebook(),
        "x/05_fade/joe.ipynb": notebook(),
    },
    "flat below the assignment, with its name": {
        "x/05_fade/jane_05_fade.ipynb": notebook(),
        "x/05_fade/joe_05_fade.ipynb": notebook(),
    },
    "a folder per student": {
        "jane/homework.ipynb": notebook(),
        "joe/deep/er/05_fade.ipynb": notebook(),
    },
    "folders per assignment": {
        "05_fade/jane/work.ipynb": notebook(),
        "05_fade/joe/work.ipynb": notebook(),
        "06_lstm/joe/work.ipynb": notebook("06_lstm"),
    },
    "archives per student": {
        "jane.zip": archive({"05_fade.ipynb": notebook()}),
        "joe.zip": archive({"sub/05_fade.ipynb": notebook()}),
    },
    "saved under another suffix": {
        "jane_05_fade.ipynb.txt": notebook(),
        "joe_05_fade.json": notebook(),
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("way", [gather, unpack])
def test_every_layout_gives_the_same_students(tmp_path, layout, way):
    found = way(tmp_path, LAYOUTS[layout])
    assert [one.student for one in found.submissions] == ["jane", "joe"]
    assert found.problems == found.older == found.missing == ()


@pytest.mark.parametrize("path", ["jane/05_fade/05_fade.ipynb", "jane/05_fade.ipynb", "jane.ipynb"])
def test_one_submission_alone_is_enough(tmp_path, path):
    found = gather(tmp_path, {path: notebook()})
    assert [one.student for one in found.submissions] == ["jane"]


def test_several_notebooks_in_nbgraders_folder_are_one_students(tmp_path):
    files = {f"jane/05_fade/{name}.ipynb": notebook(text=name) for name in ("05_fade", "b")}
    found = gather(tmp_path, files)
    assert [one.student for one in (*found.submissions, *found.older)] == ["jane", "jane"]


def test_a_name_that_begins_with_a_dot_is_a_name(tmp_path):
    files = {".Jane Doe_1_assignsubmission_file_/.05_fade.ipynb": notebook()}
    assert set(taken(gather(tmp_path, files))) == {"Jane-Doe"}


def test_one_notebook_may_be_the_source(tmp_path):
    write(tmp_path, {"jane_05_fade.ipynb": notebook()})
    with collect(tmp_path / "jane_05_fade.ipynb", NAME, KNOWN) as found:
        assert taken(found) == {"jane": "jane_05_fade.ipynb"}
        assert found.submissions[0].read() == notebook()


def test_what_canvas_exports(tmp_path):
    files = {
        "doejane_LATE_123_456_05_fade-1.ipynb": notebook(),
        "roejoe_124_457_homework.ipynb": notebook(),
        "doejane_125_458_05_fade.ipynb": notebook(text="of another Jane Doe"),
        "poejim_126_459_essay.pdf": b"%PDF",
        "moejay_127_460_all.zip": archive({"05_fade.ipynb": notebook()}),
    }
    found = unpack(tmp_path, files)
    assert [one.student for one in found.submissions] == [
        "doejane_123",
        "doejane_125",
        "moejay_127",
        "roejoe_124",
    ]
    late = {one.lms_id: (one.late, one.late_seconds) for one in found.submissions}
    assert late == {"123": (True, None), "124": (False, 0), "125": (False, 0), "127": (False, 0)}
    assert found.submissions[0].notes == ("Marked as late by Canvas.",)
    assert "homework.ipynb; recognised by its cells" in found.submissions[3].notes[0]
    assert [(p.kind, p.origin) for p in found.problems] == [
        ("not a notebook", "export.zip: poejim_126_459_essay.pdf")
    ]


def test_of_several_attempts_on_canvas_the_last_counts_whatever_the_times_are(tmp_path):
    files = [
        (entry("doejane_1_12_05_fade-2.ipynb", time=datetime(2025, 1, 1)), notebook(text="third")),
        (entry("doejane_1_11_05_fade-1.ipynb", time=datetime(2025, 1, 3)), notebook(text="second")),
        (entry("doejane_1_10_05_fade.ipynb", time=datetime(2025, 1, 2)), notebook(text="first")),
    ]
    found = unpack(tmp_path, files)
    assert taken(found) == {"doejane_1": "export.zip: doejane_1_12_05_fade-2.ipynb"}
    assert [one.origin[-10:] for one in found.older] == ["de-1.ipynb", "fade.ipynb"]
    assert kinds(found) == ["duplicate"]


def test_what_moodle_exports(tmp_path):
    files = {
        "Jane Doe_11_assignsubmission_file_/05_fade.ipynb": notebook(),
        "Joe Roe_12_assignsubmission_file_/Untitled.ipynb": notebook(),
        "Joe Roe_12_assignsubmission_onlinetext_/onlinetext.html": b"<p>see file</p>",
        "Jim Poe_13_assignsubmission_file_05_fade.ipynb": notebook(),
        "Jay Moe_14_assignsubmission_onlinetext_/onlinetext.html": b"<p>my dog</p>",
    }
    found = unpack(tmp_path, files)
    assert [(one.student, one.lms_id) for one in found.submissions] == [
        ("Jane-Doe", "11"),
        ("Jim-Poe", "13"),
        ("Joe-Roe", "12"),
    ]
    assert [(p.kind, p.text[:7]) for p in found.problems] == [("not a notebook", "Jay Moe")]


def test_two_students_of_one_name_on_moodle_are_kept_apart_and_reported(tmp_path):
    files = {
        f"Jane Doe_{number}_assignsubmission_file_/05_fade.ipynb": notebook(text=str(number))
        for number in (11, 12)
    }
    found = unpack(tmp_path, files)
    assert [one.student for one in found.submissions] == ["Jane-Doe-11", "Jane-Doe-12"]
    assert kinds(found) == ["collision"]


def test_a_pattern_says_where_the_student_stands(tmp_path):
    files = {
        "g1/final-jane-20250302T101500.ipynb": notebook(),
        "g2/final-joe-20250228T101500.ipynb": notebook(),
        "g2/readme.ipynb": notebook(),
    }
    pattern = r"final-(?P<student>\w+)-(?P<timestamp>\w+)\.ipynb$"
    found = gather(tmp_path, files, pattern=pattern, due=DUE)
    assert {one.student: one.late for one in found.submissions} == {"jane": True, "joe": False}
    assert [(p.kind, p.origin) for p in found.problems] == [("no student", "g2/readme.ipynb")]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(", "is no regular expression"),
        (r"\w+", "has no group for the student"),
        (r"(?P<student>\w+)_(?P<timestamp>\w+)", "as the time of jane_05_fade.ipynb"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(tmp_path, pattern, text):
    with pytest.raises(CollectError, match=text):
        gather(tmp_path, {"jane_05_fade.ipynb": notebook()}, pattern=pattern)


# --- contents --------------------------------------------------------------------------------


def test_a_notebook_under_the_name_of_another_assignment_is_recognised(tmp_path):
    found = gather(tmp_path, {"jane_06_lstm.ipynb": notebook(), "joe.ipynb": notebook()})
    assert set(taken(found)) == {"jane", "joe"}
    assert found.submissions[0].notes == (
        "Handed in under the name of 06_lstm; recognised by its cells.",
    )


def test_a_student_with_only_a_wrong_notebook_is_collected_and_reported(tmp_path):
    found = gather(tmp_path, {"jane_05_fade.ipynb": notebook("06_lstm"), "joe.ipynb": notebook()})
    assert set(taken(found)) == {"jane", "joe"}
    assert found.submissions[0].notes == ("Its cells are those of 06_lstm.",)
    assert kinds(found) == ["other assignment"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe{", b'{"cells": []}', b"[" * 100_000])
def test_a_broken_notebook_is_collected_for_its_grading_to_say_so(tmp_path, data):
    found = gather(tmp_path, {"jane/05_fade/05_fade.ipynb": data})
    assert set(taken(found)) == {"jane"}
    assert found.submissions[0].notes == ("None of its cells has an id of an assignment.",)


def test_a_right_notebook_comes_before_newer_ones_that_are_not(tmp_path):
    source = write(
        tmp_path,
        {
            "jane/work.ipynb": notebook(),
            "jane/05_fade.ipynb": b"{",
            "jane/notes.ipynb": notebook("06_lstm"),
            "joe/work.ipynb": notebook(),
        },
    )
    set_time(source / "jane/work.ipynb", DUE)
    with collect(source, NAME, KNOWN) as found:
        assert taken(found)["jane"] == "jane/work.ipynb"
    assert kinds(found) == ["other assignment", "other assignment"]
    assert found.older == ()


def test_of_several_right_ones_the_newest_counts_and_the_others_are_kept(tmp_path):
    files = {f"jane/{name}.ipynb": notebook(text=name) for name in "abc"}
    source = write(tmp_path, {**files, "joe/05_fade.ipynb": notebook()})
    for name, hours in zip("abc", (1, 3, 2), strict=True):
        set_time(source / f"jane/{name}.ipynb", DUE + timedelta(hours=hours))
    with collect(source, NAME, KNOWN) as found:
        assert taken(found)["jane"] == "jane/b.ipynb"
        assert [one.origin for one in found.older] == ["jane/c.ipynb", "jane/a.ipynb"]
        assert [one.read() for one in found.older] == [notebook(text="c"), notebook(text="a")]
    (problem,) = found.problems
    assert (problem.kind, problem.origin) == ("duplicate", "jane")
    assert "jane/b.ipynb is the newest" in problem.text


def test_copies_that_are_the_same_to_the_byte_are_no_problem(tmp_path):
    files = {"jane/05_fade.ipynb": notebook(), "jane/05_fade (1).ipynb": notebook()}
    found = gather(tmp_path, {**files, "joe/05_fade.ipynb": notebook()})
    assert found.older == found.problems == ()
    assert "the same to the byte" in found.submissions[0].notes[-1]


def test_two_files_of_one_name_in_an_archive_are_both_seen(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive([(entry("jane_05_fade.ipynb"), notebook(text=t)) for t in "ab"])
    (tmp_path / "export.zip").write_bytes(data)
    with collect(tmp_path / "export.zip", NAME, KNOWN) as found:
        texts = {one.read() for one in (*found.submissions, *found.older)}
    assert texts == {notebook(text="a"), notebook(text="b")}


def test_a_file_without_a_student_is_reported(tmp_path):
    files = {"week 5/05_fade.ipynb": notebook(), "week 5/jane.ipynb": notebook()}
    found = gather(tmp_path, files)
    assert set(taken(found)) == {"jane"}
    assert [(p.kind, p.origin) for p in found.problems] == [("no student", "week 5/05_fade.ipynb")]


def test_other_files_are_counted_and_not_collected(tmp_path):
    found = gather(tmp_path, {"jane.ipynb": notebook(), "syllabus.pdf": b"%PDF", "a.csv": b"1,2"})
    assert [(p.kind, p.origin) for p in found.problems] == [
        ("not a notebook", "a.csv, syllabus.pdf")
    ]


@pytest.mark.parametrize("way", [gather, unpack])
def test_a_source_without_a_notebook_says_so(tmp_path, way):
    (tmp_path / "in").mkdir()
    found = way(tmp_path, {})
    assert found.submissions == ()
    assert kinds(found) == ["empty"]


def test_an_id_in_the_text_of_a_cell_is_no_id_of_a_cell():
    assert grade_ids(notebook("", text='"grade_id": "fates-answer"')) == frozenset()
    assert grade_ids(b'{"grade_id" : "a\\u0062", "grade_id":"\xff"}') == {"ab"}


def test_an_assignment_is_recognised_by_most_of_its_cells():
    assert recognise({"fates-answer", "chain-answer"}, KNOWN, "06_lstm") == "05_fade"
    assert recognise({"fates-answer"}, KNOWN, "06_lstm") == "06_lstm"
    assert recognise({"title"}, KNOWN, "05_fade") == "05_fade"
    assert recognise({"other"}, KNOWN, "05_fade") is None


@pytest.mark.parametrize("data", [notebook(), b'\xef\xbb\xbf{\n "cells": []}'])
def test_a_notebook_is_known_by_its_bytes(data):
    assert looks_like_notebook(data)
    assert not looks_like_notebook(b"see cells: [" + data)


def test_the_assignments_of_the_course_are_known_and_differ(pytestconfig):
    known = known_assignments(pytestconfig.rootpath / "solutions")
    assert len(known) == 12
    for name, ids in known.items():
        assert len(ids) > 20
        half = sorted(ids)[::2]
        assert recognise(half, known, "") == name


def test_a_folder_without_assignments_is_refused(tmp_path):
    with pytest.raises(CollectError, match="holds no assignment"):
        known_assignments(tmp_path)
    write(tmp_path, {"own/own.ipynb": notebook("none")})
    with pytest.raises(CollectError, match="no cell with a grade_id"):
        known_assignments(tmp_path)


# --- times -----------------------------------------------------------------------------------


def test_late_ones_are_flagged_by_the_time_that_nbgrader_wrote(tmp_path):
    files = {}
    for student, minutes in (("jane", -1), ("joe", 0), ("jim", 90)):
        stamp = (DUE + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        files[f"{student}/05_fade/05_fade.ipynb"] = notebook()
        files[f"{student}/05_fade/timestamp.txt"] = stamp
    found = gather(tmp_path, files, due=DUE)
    late = {one.student: (one.late, one.late_seconds) for one in found.submissions}
    assert late == {"jane": (False, 0.0), "joe": (False, 0.0), "jim": (True, 5400.0)}
    (jim,) = [one for one in found.submissions if one.late]
    assert jim.timestamp == DUE + timedelta(minutes=90)
    assert jim.notes == ("Late by 1 hour 30 minutes, going by its time.",)


def test_times_in_archives_are_those_of_the_zone_of_the_due_date(tmp_path):
    zone = timezone(timedelta(hours=5))
    files = [(entry("jane_05_fade.ipynb", time=datetime(2025, 3, 1, 12, 30)), notebook())]
    due = datetime(2025, 3, 1, 12, tzinfo=zone)
    found = unpack(tmp_path, files, due=due)
    assert found.submissions[0].late_seconds == 1800.0
    assert found.submissions[0].timestamp == datetime(2025, 3, 1, 7, 30, tzinfo=UTC)
    assert "the time in the archive" in found.submissions[0].notes[-1]


def test_without_a_due_date_nothing_is_late_and_nothing_on_time(tmp_path):
    found = gather(tmp_path, {"jane.ipynb": notebook()})
    assert (found.submissions[0].late, found.submissions[0].late_seconds) == (None, None)


def test_a_timestamp_that_cannot_be_read_is_reported(tmp_path):
    files = {"jane/05_fade/05_fade.ipynb": notebook(), "jane/05_fade/timestamp.txt": "yesterday"}
    found = gather(tmp_path, files)
    assert kinds(found) == ["unreadable"]
    assert found.submissions[0].timestamp is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-01 23:59 Europe/Berlin", datetime(2025, 3, 1, 22, 59, tzinfo=UTC)),
        ("2025-07-01 23:59 Europe/Berlin", datetime(2025, 7, 1, 21, 59, tzinfo=UTC)),
        ("2025-03-01T23:59:00+02:00", datetime(2025, 3, 1, 21, 59, tzinfo=UTC)),
        ("2025-03-01 UTC", datetime(2025, 3, 1, 23, 59, 59, tzinfo=UTC)),
        ("2025-03-01 10:00", datetime(2025, 3, 1, 15, tzinfo=UTC)),
    ],
)
def test_due_dates_have_a_zone(text, expected):
    due = parse_due(text, "America/New_York")
    assert due.tzinfo is not None
    assert due == expected


@pytest.mark.parametrize("text", ["soon", "2025-03-01 25:00", "2025-03-01 Mars/Base", "", "1 UTC"])
def test_what_is_no_due_date_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        parse_due(text)


def test_a_due_date_without_a_zone_is_this_machines():
    assert parse_due("2025-03-01 10:00") == datetime(2025, 3, 1, 10).astimezone()


def test_times_out_of_range_are_refused():
    with pytest.raises(ValueError, match="out of the range"):
        parse_time("0001-01-01 00:00", timezone(timedelta(hours=9)))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 minute"), (3600, "1 hour"), (90_061, "1 day 1 hour"), (172_800, "2 days")],
)
def test_lateness_in_words(seconds, words):
    assert describe_lateness(seconds) == words


def test_a_due_date_given_without_zone_and_an_unknown_assignment_are_refused(tmp_path):
    with pytest.raises(CollectError, match="has no time zone"):
        collect(tmp_path, NAME, KNOWN, due=datetime(2025, 1, 1))
    with pytest.raises(CollectError, match="there are 05_fade, 06_lstm"):
        collect(tmp_path, "07", KNOWN)


def test_a_source_that_is_none_is_refused(tmp_path):
    with pytest.raises(CollectError, match="cannot be read"):
        collect(tmp_path / "none", NAME, KNOWN)
    (tmp_path / "x.rar").write_bytes(b"x")
    with pytest.raises(CollectError, match="neither a folder nor"):
        collect(tmp_path / "x.rar", NAME, KNOWN)


# --- rosters ---------------------------------------------------------------------------------

ROSTER = Roster(
    [
        RosterStudent("jd1", "jd1", "Jane", "Doe", "jane@uni.example", canvas_id="123"),
        RosterStudent("jr2", "jr2", "Joe", "Roe", "joe@uni.example", canvas_id="124"),
        RosterStudent("jp3", "jp3", "Jim", "Poe", participant="13"),
    ]
)


@pytest.mark.parametrize(
    "path",
    [
        "jd1/05_fade/05_fade.ipynb",
        "JD1_05_fade.ipynb",
        "doejane_123_9_x.ipynb",
        "renamed_123_9_x.ipynb",
        "Jane Doe_77_assignsubmission_file_/x.ipynb",
        "Doe Jane_77_assignsubmission_file_/x.ipynb",
        "final_05_fade_jane.ipynb",
        "jane@uni.example_05_fade.ipynb",
    ],
)
def test_a_roster_gives_the_id_whatever_the_platform_calls_them(tmp_path, path):
    found = gather(tmp_path, {path: notebook(), "jr2_05_fade.ipynb": notebook()}, roster=ROSTER)
    assert [one.student for one in found.submissions] == ["jd1", "jr2"]
    assert found.missing == ("jp3",)
    assert [(p.kind, p.origin) for p in found.problems] == [("missing", "jp3 (Jim Poe)")]


def test_files_of_one_student_under_several_names_meet(tmp_path):
    files = {"jd1_05_fade.ipynb": notebook(text="a"), "doejane_123_9_x.ipynb": notebook(text="b")}
    found = gather(tmp_path, files, roster=ROSTER)
    assert len(found.submissions) == len(found.older) == 1


def test_somebody_who_is_not_in_the_roster_is_reported_and_takes_nobodys_id(tmp_path):
    files = {"Jp3 (guest)_5_assignsubmission_file_/05_fade.ipynb": notebook()}
    files["-jp3_900_901_05_fade.ipynb"] = notebook()
    files["jp3!.ipynb"] = notebook()
    found = gather(tmp_path, files, roster=ROSTER)
    assert "jp3" not in taken(found)
    assert len(found.submissions) == 3
    assert found.missing == ("jd1", "jp3", "jr2")
    assert kinds(found) == ["collision", *["missing"] * 3, *["not in roster"] * 3]


def test_a_name_that_fits_two_students_is_nobodys(tmp_path):
    twins = Roster([RosterStudent(f"t{n}", f"t{n}", "Ann", "Lee") for n in (1, 2)])
    files = {"Ann Lee_5_assignsubmission_file_/05_fade.ipynb": notebook()}
    found = gather(tmp_path, files, roster=twins)
    assert set(taken(found)) == {"Ann-Lee"}
    assert "not in roster" in kinds(found)
