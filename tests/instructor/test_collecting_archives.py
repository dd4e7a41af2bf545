"""Archives with tricks: reported, never followed, and the good files beside them are read."""

import io
import os
import struct
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructor.collecting import ArchiveLimits, CollectError, collect
from instructor.collecting.archives import (
    RECORD,
    _count_records,
    bad_name,
    shown,
    walk_archive,
)
from instructor.collecting.entries import CHUNK, Budget, Spool
from instructor.collecting.times import time_of_entry
from tests.instructor.collecting_sources import KNOWN, archive, entry, notebook, write

GOOD = "jane_05_fade.ipynb"
LIMITS = ArchiveLimits(file_bytes=3_000_000, total_bytes=20_000_000, entries=50)


def walk(data, limits=LIMITS):
    budget, spool = Budget(limits), Spool()
    entries = list(walk_archive(io.BytesIO(data), "x.zip", "", budget, spool))
    read = {one.path: one.read() for one in entries}
    spool.close()
    return read, [(problem.kind, problem.origin) for problem in budget.problems]


def test_files_come_back_as_they_went_in():
    files = {"a/b.ipynb": notebook(), "c.txt": b"", "ü.ipynb": bytes(range(256))}
    read, problems = walk(archive(files))
    assert read == files
    assert problems == []


@pytest.mark.parametrize(
    "name",
    [
        "../evil.ipynb",
        "a/../../evil.ipynb",
        "/etc/evil.ipynb",
        "C:evil.ipynb",
        "C:/evil.ipynb",
        "..\\evil.ipynb",
        "\\\\server\\evil.ipynb",
        "evil.ipynb\x00.txt",
        "a//evil.ipynb",
        "./evil.ipynb",
        "new\nline.ipynb",
        "\x1b[31mred.ipynb",
        "long" * 80 + ".ipynb",
        "/".join(["deep"] * 300) + "/evil.ipynb",
    ],
)
def test_names_with_path_tricks_are_reported_and_not_read(name):
    read, problems = walk(archive([(entry(name), b"evil"), (entry(GOOD), notebook())]))
    assert list(read) == [GOOD]
    assert [kind for kind, _ in problems] == ["path"]
    assert problems[0][1].isprintable()
    assert len(problems[0][1]) < 200


@given(st.text(max_size=40))
def test_a_name_without_an_objection_stays_below_its_folder(name):
    if bad_name(name):
        return
    inside = os.path.normpath(os.path.join("/base", name))
    assert inside.startswith("/base/")
    assert "\x00" not in name
    assert shown(name) == name or not name.isprintable()


def test_a_symbolic_link_is_not_followed():
    files = [(entry("evil.ipynb", link=True), b"/etc/passwd"), (entry(GOOD), notebook())]
    read, problems = walk(archive(files))
    assert list(read) == [GOOD]
    assert [kind for kind, _ in problems] == ["link"]


def test_a_file_that_unpacks_to_a_multiple_of_its_size_is_not_read():
    read, problems = walk(archive({"bomb.ipynb": b"0" * 2_500_000, GOOD: notebook()}))
    assert list(read) == [GOOD]
    assert problems == [("bomb", "x.zip: bomb.ipynb")]


def test_a_file_above_the_limit_is_not_read():
    data = os.urandom(LIMITS.file_bytes + 1)
    read, problems = walk(archive({"large.ipynb": data, GOOD: notebook()}))
    assert list(read) == [GOOD]
    assert problems == [("too large", "x.zip: large.ipynb")]


def test_a_file_at_the_limit_is_read():
    data = os.urandom(LIMITS.file_bytes)
    assert walk(archive({"large.ipynb": data})) == ({"large.ipynb": data}, [])


def test_a_record_that_lies_about_the_size_gains_nothing():
    data = bytearray(archive({"bomb.ipynb": b"0" * 2_500_000}))
    where = data.index(b"PK\x01\x02") + 24  # the unpacked size in the archive's directory
    data[where : where + 4] = struct.pack("<I", 100)
    read, problems = walk(bytes(data))
    assert all(len(content) <= 100 for content in read.values())
    assert len(problems) == 1


def test_all_files_together_have_a_limit():
    piece = os.urandom(10_000)
    limits = ArchiveLimits(total_bytes=50_000)
    read, problems = walk(archive({f"{n}.ipynb": piece for n in range(9)}), limits)
    assert len(read) == 5
    assert [kind for kind, _ in problems] == ["bomb"]


def test_too_many_files_are_not_even_listed():
    read, problems = walk(archive({f"{n}.ipynb": b"{}" for n in range(60)}))
    assert read == {}
    assert problems == [("bomb", "x.zip")]


def test_records_are_counted_across_the_pieces_that_are_read():
    for gap in range(5):
        assert _count_records(io.BytesIO(b"x" * (CHUNK - gap) + RECORD + b"x"), 10) == 1


def test_an_encrypted_file_is_reported():
    data = bytearray(archive({"secret.ipynb": b"x", GOOD: notebook()}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    read, problems = walk(bytes(data))
    assert list(read) == [GOOD]
    assert problems == [("encrypted", "x.zip: secret.ipynb")]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_without_a_bound_on_what_comes_out_are_refused(method):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as packed:
        packed.writestr("x.ipynb", b"0" * 1000)
    read, problems = walk(made.getvalue())
    assert read == {}
    assert problems == [("archive", "x.zip: x.ipynb")]


def test_an_archive_in_an_archive_is_read_and_one_in_that_is_not():
    inner = archive({"05_fade.ipynb": notebook(), "deeper.zip": archive({GOOD: b"{}"})})
    read, problems = walk(archive({"jane.zip": inner}))
    assert list(read) == ["jane/05_fade.ipynb"]
    assert problems == [("nested", "x.zip: jane.zip: deeper.zip")]


def test_a_bomb_in_an_archive_in_an_archive_is_found():
    inner = archive({"bomb.ipynb": b"0" * 2_500_000})
    read, problems = walk(archive({"jane.zip": inner}))
    assert read == {}
    assert problems == [("bomb", "x.zip: jane.zip: bomb.ipynb")]


def test_archives_of_other_kinds_are_reported():
    read, problems = walk(archive({"work.tar.gz": b"x", "work.rar": b"x"}))
    assert read == {}
    assert [kind for kind, _ in problems] == ["nested", "nested"]


def test_what_systems_leave_behind_is_passed_over():
    junk = {
        "__MACOSX/._05_fade.ipynb": b"x",
        "._05_fade.ipynb": b"x",
        ".DS_Store": b"x",
        "Thumbs.db": b"x",
        "jane/.ipynb_checkpoints/05_fade-checkpoint.ipynb": notebook(),
    }
    assert walk(archive(junk)) == ({}, [])


def test_a_damaged_file_is_reported_and_the_others_are_read():
    data = bytearray(archive({"broken.ipynb": os.urandom(2000), GOOD: notebook()}))
    data[60:70] = b"\0" * 10
    read, problems = walk(bytes(data))
    assert list(read) == [GOOD]
    assert problems == [("unreadable", "x.zip: broken.ipynb")]


@given(st.binary(max_size=200), st.integers(0, 2000), st.binary(min_size=1, max_size=20))
def test_random_bytes_are_an_archive_problem_and_nothing_else(data, place, patch):
    assert walk(data)[0] == {}
    mended = bytearray(archive({GOOD: notebook(), "b.ipynb": b"{}"}))
    place = min(place, len(mended) - len(patch))
    mended[place : place + len(patch)] = patch
    walk(bytes(mended))  # whatever is read or reported: no exception


def test_names_in_utf8_without_the_mark_are_read_as_macos_means_them():
    data = archive({"Zoe\u0308/05_fade.ipynb": notebook()})
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        where = data.index(mark) + offset
        data = data[:where] + bytes([data[where] & ~0x08]) + data[where + 1 :]
    assert list(walk(data)[0]) == ["Zoë/05_fade.ipynb"]


def test_the_extended_time_of_an_archive_is_in_utc():
    info = entry("x", time=datetime(2020, 1, 1))
    info.extra = struct.pack("<HHBi", 0x5455, 5, 1, 1_740_000_000)
    assert time_of_entry(info, None) == datetime.fromtimestamp(1_740_000_000, UTC)
    info.extra = b"\x55\x54\xff"
    assert time_of_entry(info, UTC) == datetime(2020, 1, 1, tzinfo=UTC)


def test_an_archive_that_knows_no_time_has_none():
    info = entry("x", time=datetime(1980, 1, 1))
    assert time_of_entry(info, UTC) is None
    info.date_time = (2025, 0, 0, 31, 0, 0)
    assert time_of_entry(info, UTC) is None


# --- folders ---------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")
def test_links_in_a_folder_are_not_followed(tmp_path):
    secret = write(tmp_path / "other", {"05_fade.ipynb": notebook()})
    source = write(tmp_path / "in", {GOOD: notebook()})
    (source / "joe_05_fade.ipynb").symlink_to(secret / "05_fade.ipynb")
    (source / "jim").symlink_to(secret, target_is_directory=True)
    (source / "jill.zip").symlink_to(secret)
    with collect(source, "05_fade", KNOWN) as found:
        assert [one.student for one in found.submissions] == ["jane"]
    assert sorted((p.kind, p.origin) for p in found.problems) == [
        ("link", "jill.zip"),
        ("link", "jim"),
        ("link", "joe_05_fade.ipynb"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes as files")
def test_a_named_pipe_does_not_keep_the_collection_waiting(tmp_path):
    source = write(tmp_path, {GOOD: notebook()})
    os.mkfifo(source / "joe_05_fade.ipynb")
    with collect(source, "05_fade", KNOWN) as found:
        assert [one.student for one in found.submissions] == ["jane"]
    assert [p.kind for p in found.problems] == ["unreadable"]


def test_a_large_file_and_a_broken_archive_are_reported(tmp_path):
    source = write(tmp_path, {GOOD: notebook(), "joe.zip": b"no archive"})
    (source / "jim_05_fade.ipynb").write_bytes(b" " * 3_000_001)
    with collect(source, "05_fade", KNOWN, limits=LIMITS) as found:
        assert [one.student for one in found.submissions] == ["jane"]
    assert sorted((p.kind, p.origin) for p in found.problems) == [
        ("archive", "joe.zip"),
        ("too large", "jim_05_fade.ipynb"),
    ]


def test_a_folder_without_end_has_an_end(tmp_path):
    folder = tmp_path / Path(*["d"] * 20)
    write(folder, {GOOD: notebook()})
    with collect(tmp_path, "05_fade", KNOWN) as found:
        assert found.submissions == ()
    assert [p.kind for p in found.problems] == ["path"]


def test_a_file_that_changes_after_collecting_is_not_handed_on(tmp_path):
    source = write(tmp_path, {GOOD: notebook()})
    with collect(source, "05_fade", KNOWN) as found:
        (one,) = found.submissions
        (source / GOOD).write_bytes(notebook(text="later"))
        with pytest.raises(CollectError, match="has changed since it was collected"):
            one.read()


def test_a_closed_collection_says_so(tmp_path):
    (tmp_path / "x.zip").write_bytes(archive({GOOD: notebook()}))
    with collect(tmp_path / "x.zip", "05_fade", KNOWN) as found:
        assert found.submissions[0].read() == notebook()
    with pytest.raises(CollectError, match="was closed"):
        found.submissions[0].read()


@pytest.mark.parametrize("name", ["file_bytes", "total_bytes", "entries", "ratio", "depth"])
def test_limits_are_positive(name):
    with pytest.raises(ValueError, match=f"{name} is 0; expected more than 0"):
        ArchiveLimits(**{name: 0})
