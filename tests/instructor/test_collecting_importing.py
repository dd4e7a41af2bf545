"""Submissions in the class folder: nothing is lost, and a second import changes nothing."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from instructor.collecting import CollectError, collect, import_into, read_ledger
from instructor.collecting.entries import digest_of
from tests.instructor.collecting_sources import KNOWN, archive, entry, notebook, set_time, write

NAME = "05_fade"
DUE = datetime(2025, 3, 1, 12, tzinfo=UTC)


def bring(classroom, source, **options):
    with collect(source, NAME, KNOWN, **options) as found:
        return {one.student: one.action for one in import_into(classroom, found)}


def contents(root):
    """Return every file below a folder with its bytes."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def hand_in(source, student, text, hours=0):
    path = source / student / NAME / f"{NAME}.ipynb"
    write(source, {f"{student}/{NAME}/{NAME}.ipynb": notebook(text=text)})
    set_time(path, DUE + timedelta(hours=hours))
    return notebook(text=text)


@pytest.fixture
def source(tmp_path):
    return tmp_path / "in"


@pytest.fixture
def classroom(tmp_path):
    return tmp_path / "class"


def test_the_bytes_arrive_as_they_came_with_their_time(source, classroom):
    data = hand_in(source, "jane", "a")
    write(source, {"joe/05_fade/05_fade.ipynb": b"\xff broken"})
    assert bring(classroom, source) == {"jane": "new", "joe": "new"}
    there = contents(classroom)
    assert there["submitted/jane/05_fade/05_fade.ipynb"] == data
    assert there["submitted/joe/05_fade/05_fade.ipynb"] == b"\xff broken"
    assert there["submitted/jane/05_fade/timestamp.txt"] == b"2025-03-01 12:00:00.000000 UTC"


def test_nbgrader_reads_the_time(source, classroom):
    from nbgrader.utils import parse_utc

    hand_in(source, "jane", "a")
    bring(classroom, source)
    text = (classroom / "submitted/jane/05_fade/timestamp.txt").read_text()
    assert parse_utc(text) == DUE.replace(tzinfo=None)


def test_importing_again_changes_nothing(source, classroom):
    hand_in(source, "jane", "a")
    (source / "jane" / NAME / "older.ipynb").write_bytes(notebook(text="older"))
    set_time(source / "jane" / NAME / "older.ipynb", DUE - timedelta(hours=1))
    bring(classroom, source, due=DUE)
    before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in classroom.rglob("*")}
    assert bring(classroom, source, due=DUE) == {"jane": "unchanged"}
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in classroom.rglob("*")} == before


def test_a_newer_one_takes_the_place_of_an_older_one_which_is_kept(source, classroom):
    first = hand_in(source, "jane", "first")
    bring(classroom, source)
    second = hand_in(source, "jane", "second", hours=5)
    assert bring(classroom, source) == {"jane": "replaced"}
    there = contents(classroom)
    assert there["submitted/jane/05_fade/05_fade.ipynb"] == second
    assert b"17:00:00" in there["submitted/jane/05_fade/timestamp.txt"]
    old = f"grading/05_fade/superseded/jane/20250301T120000Z-{digest_of(first)[:12]}.ipynb"
    assert there[old] == first
    assert read_ledger(classroom, NAME)["jane"].digest == digest_of(second)


def test_an_older_one_does_not_take_the_place_of_a_newer_one(source, classroom):
    newer = hand_in(source, "jane", "newer", hours=5)
    bring(classroom, source, due=DUE)
    older = hand_in(source, "jane", "older")
    assert bring(classroom, source, due=DUE) == {"jane": "kept newer"}
    assert bring(classroom, source, due=DUE) == {"jane": "kept newer"}
    there = contents(classroom)
    assert there["submitted/jane/05_fade/05_fade.ipynb"] == newer
    assert sorted(there.values()).count(older) == 1
    assert read_ledger(classroom, NAME)["jane"].late is True


def test_without_times_the_last_import_counts_and_the_first_does_not_come_back(classroom, tmp_path):
    sources = []
    for text in "ab":
        files = [(entry("jane_05_fade.ipynb", time=datetime(1980, 1, 1)), notebook(text=text))]
        sources.append(tmp_path / f"{text}.zip")
        sources[-1].write_bytes(archive(files))
    done = [bring(classroom, source)["jane"] for source in (*sources, *sources)]
    assert done == ["new", "replaced", "kept newer", "unchanged"]
    there = contents(classroom)
    assert there["submitted/jane/05_fade/05_fade.ipynb"] == notebook(text="b")
    assert "submitted/jane/05_fade/timestamp.txt" not in there
    (old,) = [path for path in there if "superseded" in path]
    assert Path(old).name.startswith("no-time-")


def test_bytes_of_an_unknown_time_do_not_keep_the_time_of_others(source, classroom, tmp_path):
    hand_in(source, "jane", "a")
    bring(classroom, source)
    files = [(entry("jane_05_fade.ipynb", time=datetime(1980, 1, 1)), notebook(text="b"))]
    (tmp_path / "x.zip").write_bytes(archive(files))
    assert bring(classroom, tmp_path / "x.zip") == {"jane": "replaced"}
    assert "submitted/jane/05_fade/timestamp.txt" not in contents(classroom)


def test_several_notebooks_of_one_student_are_all_kept(source, classroom):
    hand_in(source, "joe", "x")
    files = {f"jane/{NAME}/{name}.ipynb": notebook(text=name) for name in "abc"}
    write(source, files)
    bring(classroom, source)
    there = contents(classroom)
    assert set(files.values()) <= set(there.values())


def test_other_files_in_the_class_folder_stay(source, classroom):
    hand_in(source, "jane", "a")
    write(classroom, {"submitted/jane/05_fade/mine.txt": "keep", "gradebook.db": "keep"})
    bring(classroom, source)
    there = contents(classroom)
    assert there["submitted/jane/05_fade/mine.txt"] == there["gradebook.db"] == b"keep"


def test_the_class_folder_itself_may_be_the_source(source, classroom):
    hand_in(source, "jane", "a", hours=2)
    bring(classroom, source)
    before = contents(classroom)
    assert bring(classroom, classroom / "submitted") == {"jane": "unchanged"}
    assert contents(classroom).keys() == before.keys()
    assert bring(classroom, classroom / "submitted", due=DUE) == {"jane": "unchanged"}
    assert read_ledger(classroom, NAME)["jane"].late_seconds == 7200
    bring(classroom, classroom / "submitted")  # without the due date: nothing is forgotten
    assert read_ledger(classroom, NAME)["jane"].late_seconds == 7200


def test_the_ledger_keeps_what_the_platform_knew(classroom, tmp_path):
    (tmp_path / "x.zip").write_bytes(archive({"doejane_LATE_7_8_05_fade.ipynb": notebook()}))
    bring(classroom, tmp_path / "x.zip")
    before = read_ledger(classroom, NAME)
    assert before["doejane_7"].late is True
    assert before["doejane_7"].lms_id == "7"
    assert before["doejane_7"].notes == ("Marked as late by Canvas.",)
    bring(classroom, classroom / "submitted", due=datetime(2099, 1, 1, tzinfo=UTC))
    assert read_ledger(classroom, NAME) == before


def test_no_import_no_ledger(classroom):
    assert read_ledger(classroom, NAME) == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 9, "students": {}}', '{"version": 1, "students": [1]}']
)
def test_a_damaged_ledger_says_so(classroom, text):
    write(classroom, {f"grading/{NAME}/collected.json": text})
    with pytest.raises(CollectError, match=r"collected\.json (cannot be read|was written by)"):
        read_ledger(classroom, NAME)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses to make such folders")
def test_hostile_names_stay_within_the_class_folder(classroom, tmp_path):
    names = ["....", "~root", "-rf", "a\tb", "CON", "x" * 250, "$(id)", "jane.ipynb", "\u202egnp"]
    source = write(tmp_path / "in", {f"{n}/{NAME}/{NAME}.ipynb": notebook(text=n) for n in names})
    before = set(contents(tmp_path))
    done = bring(classroom, source)
    new = set(contents(tmp_path)) - before
    assert all(path.startswith("class/") for path in new)
    assert len(done) == len(names) - 1  # the tab is a control character: reported, not read
    assert not any(name in done for name in ("CON", "~root", "-rf", "$(id)"))


def test_what_cannot_be_written_says_so(source, classroom):
    hand_in(source, "jane", "a")
    write(classroom, {"submitted/jane": "a file where a folder should be"})
    with pytest.raises(CollectError, match="run the command again"):
        bring(classroom, source)


IMPORT = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from instructor.collecting import collect, import_into
from tests.instructor.collecting_sources import KNOWN
steps = int(sys.argv[3])
def counted(name, function):
    def call(*args, **kwargs):
        global steps
        steps -= 1
        if steps < 0:
            os._exit(9)  # as a kill does: nothing is tidied up
        return function(*args, **kwargs)
    setattr(os, name, call)
for name in ("fsync", "replace", "unlink"):
    counted(name, getattr(os, name))
with collect(Path(sys.argv[1]), "05_fade", KNOWN, due=datetime(2025, 3, 1, 12, tzinfo=UTC)) as c:
    import_into(Path(sys.argv[2]), c)
"""


def test_an_import_killed_anywhere_goes_on_and_ends_the_same(tmp_path, pytestconfig):
    first, second = tmp_path / "first", tmp_path / "second"
    for student in ("jane", "joe"):
        hand_in(first, student, f"{student} first")
        hand_in(second, student, f"{student} second", hours=3)
    whole = tmp_path / "whole"
    bring(whole, first, due=DUE)
    bring(whole, second, due=DUE)
    expected = contents(whole)
    broken = tmp_path / "broken"
    bring(broken, first, due=DUE)
    environment = {**os.environ, "PYTHONPATH": str(pytestconfig.rootpath)}
    killed, steps = 0, 0
    while True:
        done = subprocess.run(
            [sys.executable, "-c", IMPORT, str(second), str(broken), str(steps)],
            env=environment,
            cwd=pytestconfig.rootpath,
            capture_output=True,
            text=True,
            timeout=60,
        )
        for student in ("jane", "joe"):  # at every moment whole, and nothing lost
            there = set(contents(broken).values())
            assert notebook(text=f"{student} first") in there
            data = (broken / "submitted" / student / NAME / f"{NAME}.ipynb").read_bytes()
            assert json.loads(data)["nbformat"] == 4
        if done.returncode == 0:
            break
        assert done.returncode == 9, done.stderr
        killed, steps = killed + 1, steps + 1
        assert killed < 40
    assert killed >= 5
    left = {p: d for p, d in contents(broken).items() if not p.endswith(".course-copy")}
    assert left == expected
