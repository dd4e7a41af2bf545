"""What is solved is kept: in the right place, once, by several notebooks, and never lost."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from utils import progress


@pytest.fixture
def home(own_progress):
    return own_progress


def test_nothing_is_recorded_at_first(home):
    assert progress.read() == {}
    assert progress.path() == home / "progress.json"
    assert not progress.path().exists()


def test_record_and_read(home):
    assert progress.record("02_rnn_forward", "rnn_step", 2, 4) == ""
    assert progress.record("01_backprop_recap", "sigmoid", 1.0) == ""
    entry = progress.read()["02_rnn_forward"]["rnn_step"]
    assert (entry["score"], entry["max_score"]) == (2.0, 4.0)
    assert entry["when"].endswith("+00:00")
    assert sorted(progress.read()) == ["01_backprop_recap", "02_rnn_forward"]
    assert json.loads(progress.path().read_text())["version"] == 1


def test_the_best_score_is_kept(home):
    for score, kept in [(0.5, 0.5), (1.0, 1.0), (0.2, 1.0)]:
        assert progress.record("02", "a", score) == ""
        assert progress.read()["02"]["a"]["score"] == kept
    progress.record("02", "b", 3, 4)
    progress.record("02", "b", 2, 2)  # a higher share, though fewer points
    assert progress.read()["02"]["b"]["max_score"] == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("02", "a", 2), "score is 2 of 1.0; expected 0 <= score <= max_score."),
        (("02", "a", -1), "score is -1 of 1.0; expected"),
        (("02", "a", float("nan")), "score is nan"),
        (("02", "a", 0, 0), "expected 0 <= score <= max_score"),
        (("02", "a", None), "score is None of 1.0; expected numbers."),
        (("02", "", 1), "exercise is ''; expected a name."),
        ((None, "a", 1), "chapter is None; expected a name."),
    ],
)
def test_bad_values_come_back_as_a_reason(home, arguments, reason):
    assert reason in progress.record(*arguments)
    assert progress.read() == {}


@pytest.mark.parametrize(
    "content",
    [
        b"{broken",
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"version": 1}',
        b'{"version": 1, "chapters": {"02": 3}}',
        b'{"version": 1, "chapters": {"02": {"a": {"score": "x", "max_score": 1}}}}',
    ],
)
def test_a_file_that_cannot_be_read_is_kept_aside(home, content):
    progress.path().write_bytes(content)
    assert progress.read() == {}
    assert progress.path().read_bytes() == content  # reading changes nothing
    assert progress.record("02", "a", 1) == ""
    assert list(progress.read()) == ["02"]
    (aside,) = progress.set_aside()
    assert aside.name.startswith("progress.unreadable-")
    assert aside.read_bytes() == content


def test_a_file_of_a_newer_course_is_left_alone(home):
    content = '{"version": 2, "anything": []}'
    progress.path().write_text(content)
    assert "newer version of the course" in progress.record("02", "a", 1)
    assert progress.read() == {}
    assert progress.path().read_text() == content


def test_a_place_that_cannot_be_written_comes_back_as_a_reason(home, monkeypatch):
    (home / "file").write_text("not a folder")
    monkeypatch.setenv("UNROLLED_HOME", str(home / "file"))
    assert progress.record("02", "a", 1) != ""
    assert progress.read() == {}


def test_a_failed_write_leaves_the_old_file_and_no_other(home, monkeypatch):
    progress.record("02", "a", 1)

    def full_disk(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    assert progress.record("02", "b", 1) == "No space left on device"
    assert list(progress.read()["02"]) == ["a"]
    assert sorted(p.name for p in home.iterdir()) == [".progress.lock", "progress.json"]


def test_two_notebooks_at_once_lose_nothing(home):
    code = (
        "import sys; from utils import progress\n"
        "for i in range(25): assert progress.record('02', sys.argv[1] + str(i), 1) == ''"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(progress.read()["02"]) == 75


def test_a_lock_that_is_held_is_waited_for_and_then_reported(home, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.1)
    home.mkdir(exist_ok=True)
    with progress._locked(home / ".progress.lock"):
        assert "in use by another notebook" in progress.record("02", "a", 1)
    assert progress.record("02", "a", 1) == ""

    monkeypatch.setattr(progress, "PATIENCE", 5.0)
    held = threading.Event()

    def hold():
        with progress._locked(home / ".progress.lock"):
            held.set()
            time.sleep(0.2)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    assert progress.record("02", "b", 1) == ""
    holder.join()


def test_where_progress_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("UNROLLED_HOME", str(tmp_path))
    assert progress.path() == tmp_path / "progress.json"
    monkeypatch.setenv("UNROLLED_HOME", "  ")
    package = tmp_path / "checkout" / "utils" / "progress.py"
    monkeypatch.setattr(progress, "__file__", str(package))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert progress.path() == tmp_path / "home" / ".unrolled" / "progress.json"
    (tmp_path / "checkout" / "chapters").mkdir(parents=True)
    (tmp_path / "checkout" / "pyproject.toml").touch()
    assert progress.path() == tmp_path / "checkout" / "work" / "progress.json"


def test_only_the_standard_library_is_used():
    code = (
        "import sys; import utils.progress; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    others = set(done.stdout.split()) - set(sys.stdlib_module_names) - {"utils", "__main__"}
    assert not {name for name in others if not name.startswith("_")}
