"""Names of students and files, whatever a platform or a learner puts into them."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instructor.collecting.layouts import CANVAS, MOODLE, Layout
from instructor.collecting.names import (
    LONGEST,
    LONGEST_BYTES,
    assign_ids,
    letters,
    safe_id,
    split_stem,
    without_copy_mark,
)

TRICKS = ["", ".", "..", "../../etc", "/etc/passwd", "C:\\x", "CON", "nul.txt", "a\x00b", " ", "-"]
labels = st.one_of(st.text(max_size=300), st.sampled_from(TRICKS))


@given(labels)
@example("\u0345 1\u0301")
@example("ﬀ" * 100)
def test_an_id_is_one_safe_folder_name(label):
    student = safe_id(label)
    assert 1 <= len(student) <= LONGEST
    assert len(student.encode("utf-8")) <= LONGEST_BYTES
    assert unicodedata.normalize("NFC", student) == student
    assert PurePosixPath(student).parts == (student,)
    assert PureWindowsPath(student).parts == (student,)
    assert not student.startswith((".", "-", "=", "+", "@"))
    assert not student.endswith(".")
    assert not any(unicodedata.category(c)[0] in "CZ" for c in student)
    assert student.split(".")[0].lower() not in {"con", "nul", "aux", "prn", "com1"}
    assert not set(student) & set("/\\:*?\"<>|,;[]{}$'`&")


@given(labels)
def test_an_id_made_safe_twice_is_the_same(label):
    assert safe_id(safe_id(label)) == safe_id(label)


@pytest.mark.parametrize(
    ("label", "student"),
    [
        ("Jane Doe", "Jane-Doe"),
        ("Zoë Müller", "Zoë-Müller"),
        ("Zoe\u0308", "Zoë"),
        ("李 小龙", "李-小龙"),
        ("jane@uni.example", "jane@uni.example"),
        ("../../jane", "jane"),
        ("=HYPERLINK(1)", "HYPERLINK-1"),
        ("bitdiddle", "bitdiddle"),
    ],
)
def test_names_stay_readable(label, student):
    assert safe_id(label) == student


@given(st.dictionaries(st.text(max_size=20), st.tuples(labels, st.sampled_from(["", "7", "8"]))))
def test_every_student_gets_an_id_of_their_own(wanted):
    ids, _ = assign_ids(wanted)
    assert ids.keys() == wanted.keys()
    assert len({student.casefold() for student in ids.values()}) == len(wanted)
    assert all(safe_id(student) == student for student in ids.values())
    backwards = dict(reversed(wanted.items()))
    assert assign_ids(backwards)[0] == ids


def test_whoever_wants_an_id_that_is_taken_gets_an_ending():
    wanted = {"a": ("Jane Doe", "17"), "b": ("jane-doe", ""), "c": ("Joe", "")}
    ids, collisions = assign_ids(wanted, taken=["JOE"])
    assert ids["a"] == "Jane-Doe-17"
    assert ids["b"].startswith("jane-doe-")
    assert ids["c"].startswith("Joe-")
    assert sorted(name for names in collisions.values() for name in names) == [
        "Jane Doe",
        "Joe",
        "jane-doe",
    ]


@pytest.mark.parametrize(
    ("stem", "rest", "number"),
    [
        ("05_fade", [], 0),
        ("jane_05_fade", ["jane"], 0),
        ("05_fade_jane", ["jane"], 0),
        ("05 Fade - Jane Doe", ["Jane Doe"], 0),
        ("05_fade-2", [], 2),
        ("05_fade (1)", [], 1),
        ("05_fade-Copy3", [], 3),
        ("jane_05_fade-1 (2)", ["jane"], 3),
        ("jane_05_fade_final", ["jane", "final"], 0),
    ],
)
def test_the_name_of_the_assignment_is_taken_out_of_a_file_name(stem, rest, number):
    assert split_stem(stem, "05_fade") == (rest, number)


def test_an_assignment_within_a_longer_word_is_not_its_name():
    assert split_stem("105_fade", "05_fade") is None
    assert split_stem("05_fader", "05_fade") is None


def test_a_number_after_a_dash_is_part_of_a_name_unless_an_assignment_stands_before_it():
    assert without_copy_mark("jane-1", numbers=False) == ("jane-1", 0)
    assert without_copy_mark("jane (1)", numbers=False) == ("jane", 1)
    assert without_copy_mark("(1)", numbers=True) == ("(1)", 0)


@given(st.text(max_size=60))
def test_reading_any_path_ends_in_a_place(path):
    place = Layout([path], ["05_fade"]).place(path)
    assert place.label == " ".join(place.label.split())
    assert place.assignment in (None, "05_fade")


simple = st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=12)


@given(simple, st.booleans(), st.integers(0, 10**12), st.integers(0, 10**12), simple)
def test_names_of_canvas_are_taken_apart(name, late, user, submission, file):
    text = f"{name}_{'LATE_' if late else ''}{user}_{submission}_{file}.ipynb"
    found = CANVAS.fullmatch(text)
    assert found
    assert found["name"] == name
    assert (found["late"] is not None) == late
    assert (found["user"], found["submission"]) == (str(user), str(submission))
    assert found["file"] == f"{file}.ipynb"


@given(simple, simple, st.integers(0, 10**12))
def test_folders_of_moodle_are_taken_apart(first, last, number):
    found = MOODLE.fullmatch(f"{first} {last}_{number}_assignsubmission_file_")
    assert found
    assert found["name"] == f"{first} {last}"
    assert found["user"] == str(number)


def test_names_are_compared_by_their_letters():
    assert letters("Müller, Zoë") == letters("muller zoe") == "mullerzoe"
