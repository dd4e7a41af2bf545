"""Records of gradings, the private seed, and the lines that are printed."""

import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from instructor import lines, records, seeds
from instructor.errors import InstructorError
from instructor.records import Record, Records
from instructor.results import GRADED
from tests.instructor.quick import ASSIGNMENT, NAME, ROOT, result_of
from tools.files import SUFFIX


@pytest.fixture
def record():
    result = result_of(ASSIGNMENT, b"other bytes", "ada")
    return Record(
        result,
        1,
        timestamp="2025-03-01T12:00:00+00:00",
        late_seconds=60.0,
        no_response=("count-answer",),
        limits='{"seconds": 300}',
        graded_at="2025-03-02T12:00:00+00:00",
    )


def test_a_record_survives_the_disk(tmp_path, record):
    found = Records(tmp_path, NAME)
    assert found.latest() == {}
    assert found.next_number("ada") == 1
    path = found.add(record)
    assert path == tmp_path / "grading" / NAME / "records" / "ada" / "001.json"
    assert found.latest() == {"ada": record}
    assert found.next_number("ada") == 2


def test_records_are_kept_and_the_newest_counts(tmp_path, record):
    found = Records(tmp_path, NAME)
    for number in (1, 2, 9, 10, 1000):
        found.add(replace(record, number=number))
    assert [r.number for r in found.of("ada")] == [1, 2, 9, 10, 1000]
    assert found.latest()["ada"].number == 1000
    with pytest.raises(FileExistsError, match=r"009\.json exists; expected a number without"):
        found.add(replace(record, number=9))


def test_a_file_that_was_being_written_is_no_record(tmp_path, record):
    found = Records(tmp_path, NAME)
    path = found.add(record)
    path.with_name(f".0123{SUFFIX}").write_text("{")
    assert found.latest() == {"ada": record}
    found.add(replace(record, number=2))
    assert sorted(p.name for p in path.parent.iterdir()) == ["001.json", "002.json"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1}', '{"version": 2}', "null"])
def test_a_damaged_record_is_named(tmp_path, record, text):
    found = Records(tmp_path, NAME)
    found.add(record).write_text(text)
    with pytest.raises(InstructorError, match=r"001\.json cannot be read .* Move the file away"):
        found.latest()


def test_a_record_in_the_wrong_folder_is_named(tmp_path, record):
    path = Records(tmp_path, NAME).add(record)
    path.parent.rename(path.parent.with_name("grace"))
    with pytest.raises(InstructorError, match="a record of the student ada; expected one of grace"):
        Records(tmp_path, NAME).latest()


def test_when_a_record_holds(record):
    asked = record.digest, record.key, record.limits
    assert record.result.status == GRADED
    assert record.holds_for(*asked)
    assert not record.holds_for("0" * 64, *asked[1:])
    assert not record.holds_for(asked[0], "another key", asked[2])
    assert record.holds_for(*asked[:2], "other limits")  # it was within the limits
    stopped = replace(record, result=replace(record.result, status="timed out"))
    assert stopped.holds_for(*asked)
    assert not stopped.holds_for(*asked[:2], "other limits")
    unread = replace(record, result=replace(record.result, status="did not parse"))
    assert unread.holds_for(*asked[:2], "other limits")
    for status in ("worker lost", "grader's fault"):
        assert not replace(record, result=replace(record.result, status=status)).holds_for(*asked)


def test_two_graders_of_one_class_wait_for_each_other(tmp_path):
    code = (
        "import sys; from pathlib import Path; from instructor.records import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    said, entered = [], threading.Event()

    def enter():
        with records.locked(tmp_path, said.append):
            entered.set()

    with other:
        assert other.stdout.readline() == "held\n"
        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.5)
        assert said == [f"Another command is grading in {tmp_path}; waiting for it to end."]
        other.kill()  # the lock ends with its holder, however it ends
        assert entered.wait(30)
        waiting.join()


# --- the private seed ------------------------------------------------------------------------


def test_a_seed_is_made_once(tmp_path):
    path = seeds.make(tmp_path / "class")
    text = seeds.read(tmp_path / "class")
    assert len(text) >= 40
    assert seeds.make(tmp_path / "class") == path
    assert seeds.read(tmp_path / "class") == text
    assert seeds.make(tmp_path / "other") != path
    assert seeds.read(tmp_path / "other") != text
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_fingerprint_tells_seeds_apart_without_giving_them_away(tmp_path):
    one, other = "a private seed of last year", "a private seed of this year"
    assert seeds.fingerprint(one) == seeds.fingerprint(one)
    assert seeds.fingerprint(one) != seeds.fingerprint(other)
    assert len(seeds.fingerprint(one)) == 12


def test_an_own_seed_replaces_the_present_one(tmp_path):
    seeds.make(tmp_path)
    seeds.replace(tmp_path, "  sixteen letters or more\n")
    assert seeds.read(tmp_path) == "sixteen letters or more"
    seeds.replace(tmp_path)
    assert seeds.read(tmp_path) != "sixteen letters or more"


def test_seeds_that_will_not_do(tmp_path):
    with pytest.raises(InstructorError, match="is missing; expected the private seed"):
        seeds.read(tmp_path)
    with pytest.raises(InstructorError, match="has 5 characters; expected at least 16"):
        seeds.replace(tmp_path, "short")
    path = seeds.make(tmp_path)
    path.write_text("short\n")
    with pytest.raises(InstructorError, match="holds 5 characters; expected at least 16"):
        seeds.read(tmp_path)
    path.write_bytes(b"\xff" * 40)
    with pytest.raises(InstructorError, match="cannot be read"):
        seeds.read(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_a_seed_that_others_can_read_is_refused(tmp_path):
    path = seeds.make(tmp_path)
    path.chmod(0o640)
    with pytest.raises(InstructorError, match=r"has the permissions 640.*chmod 600"):
        seeds.read(tmp_path)


# --- what is printed -------------------------------------------------------------------------


def test_the_line_of_a_submission(record):
    text = lines.line(record, width=8)
    points = f"{record.result.points:g} of {record.result.possible:g} points"
    assert text.startswith(f"ada       {points}")
    assert "0.1 s" in text
    assert "late" in text
    wrong = [e.check for e in record.result.exercises if e.points == 0]
    assert wrong
    assert f"{wrong[0]}: no_tanh" in text


def test_a_line_without_a_score_has_the_reason_and_no_number_of_points(record):
    result = replace(
        record.result,
        status="crashed",
        detail="It ended with \x1b[31msignal 11\x1b[0m\n(segmentation fault).",
    )
    text = lines.line(replace(record, result=result), width=8)
    assert "no score: crashed" in text
    assert "points" not in text
    assert "signal 11" in text
    assert "\x1b" not in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x1b]0;title\x07", "?]0;title?"),
        ("turned \u202e round", "turned ? round"),
        ("é and 統", "é and 統"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_nothing_steers_the_terminal(text, shown):
    assert lines.printable(text) == shown


def test_the_summary_counts(record):
    graded = [replace(record, result=result_of(ASSIGNMENT, bytes([n]), f"s{n}")) for n in range(8)]
    lost = replace(record, result=replace(record.result, status="worker lost"))
    text = "\n".join(lines.summary([*graded, lost]))
    scored = sum(r.result.status == GRADED for r in graded)
    assert f"9 submissions: {scored} with a score, {9 - scored} without (" in text
    assert "1 worker lost" in text
    assert "9 submissions came late." in text
    assert lines.retried([*graded, lost]) == [lost]
    assert lines.summary([]) == ["There are no submissions."]
