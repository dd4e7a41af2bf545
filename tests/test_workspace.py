"""The learner's folder: what is copied, what is updated, and that nothing of theirs is lost."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tools import files, workspace
from tools.environment import SetupError
from tools.files import SUFFIX
from tools.workspace import MANIFEST, Event, fill, report

CHAPTER = "chapters/02_rnn_forward.ipynb"
EXERCISE = "exercises/02_rnn_forward/02_rnn_forward.ipynb"


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def text(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture
def root(tmp_path):
    put(tmp_path / CHAPTER, "chapter 1")
    put(tmp_path / EXERCISE, "exercise 1")
    return tmp_path


def snapshot(root):
    work = root / "work"
    return {
        path.relative_to(work).as_posix(): path.read_bytes()
        for path in work.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def test_everything_missing_is_copied(root):
    put(root / "chapters/.ipynb_checkpoints/02-checkpoint.ipynb", "no")
    put(root / "exercises/02_rnn_forward/notes.txt", "no")
    assert fill(root) == [Event("copied", CHAPTER), Event("copied", EXERCISE)]
    assert snapshot(root) == {CHAPTER: b"chapter 1", EXERCISE: b"exercise 1"}
    assert fill(root) == []


def test_second_start_writes_nothing(root, monkeypatch):
    fill(root)
    monkeypatch.setattr(workspace, "write_atomically", None)
    assert fill(root) == []


def test_deleted_copy_comes_back(root):
    fill(root)
    (root / "work" / CHAPTER).unlink()
    assert fill(root) == [Event("copied", CHAPTER)]


def test_unchanged_copy_follows_the_course(root):
    fill(root)
    put(root / CHAPTER, "chapter 2")
    assert fill(root) == [Event("updated", CHAPTER)]
    assert text(root / "work" / CHAPTER) == "chapter 2"
    assert fill(root) == []


def test_changed_copy_stays_and_the_new_version_is_beside_it_once(root):
    fill(root)
    put(root / "work" / EXERCISE, "mine")
    assert fill(root) == []
    put(root / EXERCISE, "exercise 2")
    beside = EXERCISE.replace(".ipynb", ".new-version.ipynb")
    assert fill(root) == [Event("offered", EXERCISE, beside)]
    assert text(root / "work" / EXERCISE) == "mine"
    assert text(root / "work" / beside) == "exercise 2"
    assert fill(root) == []
    (root / "work" / beside).unlink()
    assert fill(root) == []


def test_untouched_offer_is_renewed_and_a_touched_one_kept(root):
    fill(root)
    put(root / "work" / CHAPTER, "mine")
    first = root / "work" / CHAPTER.replace(".ipynb", ".new-version.ipynb")
    second = root / "work" / CHAPTER.replace(".ipynb", ".new-version-2.ipynb")
    for version in ("chapter 2", "chapter 3"):
        put(root / CHAPTER, version)
        assert [event.kind for event in fill(root)] == ["offered"]
        assert text(first) == version
    put(first, "mine as well")
    put(root / CHAPTER, "chapter 4")
    fill(root)
    assert (text(first), text(second)) == ("mine as well", "chapter 4")
    put(root / CHAPTER, "chapter 5")
    fill(root)
    assert (text(first), text(second)) == ("mine as well", "chapter 5")
    assert text(root / "work" / CHAPTER) == "mine"


def test_learner_who_takes_the_new_version_is_followed_again(root):
    fill(root)
    put(root / "work" / CHAPTER, "mine")
    put(root / CHAPTER, "chapter 2")
    fill(root)
    put(root / "work" / CHAPTER, "chapter 2")
    put(root / CHAPTER, "chapter 3")
    assert fill(root) == [Event("updated", CHAPTER)]
    assert text(root / "work" / CHAPTER) == "chapter 3"


MANIFESTS = ["", "{", "null", "[]", '{"files": 3}', '{"files": {"a": 1}}', '{"files": {"a": [2]}}']


@pytest.mark.parametrize("manifest", [None, *MANIFESTS])
def test_lost_manifest_overwrites_nothing(root, manifest):
    fill(root)
    put(root / CHAPTER, "chapter 2")
    if manifest is None:
        (root / "work" / MANIFEST).unlink()
    else:
        put(root / "work" / MANIFEST, manifest)
    events = fill(root)
    assert [(event.kind, event.path) for event in events] == [("offered", CHAPTER)]
    assert text(root / "work" / CHAPTER) == "chapter 1"
    assert EXERCISE in json.loads(text(root / "work" / MANIFEST))["files"]


def test_files_of_the_learner_are_left_alone(root):
    put(root / "work/chapters/notes.ipynb", "notes")
    put(root / "work/exercises/mine/mine.ipynb", "mine")
    put(root / "work" / CHAPTER, "there before the first start")
    fill(root)
    files = snapshot(root)
    assert files["chapters/notes.ipynb"] == b"notes"
    assert files["exercises/mine/mine.ipynb"] == b"mine"
    assert files[CHAPTER] == b"there before the first start"


def test_chapter_that_the_course_drops_stays(root):
    fill(root)
    (root / CHAPTER).unlink()
    assert fill(root) == []
    assert (root / "work" / CHAPTER).exists()


def test_folder_in_place_of_a_file_is_left_alone(root):
    (root / "work" / CHAPTER).mkdir(parents=True)
    assert Event("left", CHAPTER) in fill(root)


if os.name != "nt":  # links need a privilege on Windows

    def test_link_is_left_alone(root):
        fill(root)
        mine = root / "mine.ipynb"
        mine.write_text("chapter 1", encoding="utf-8")
        (root / "work" / CHAPTER).unlink()
        (root / "work" / CHAPTER).symlink_to(mine)
        put(root / CHAPTER, "chapter 2")
        assert fill(root) == [Event("left", CHAPTER)]
        assert text(mine) == "chapter 1"


def test_work_that_is_a_file_is_an_error_of_one_line(root):
    put(root / "work", "a file")
    with pytest.raises(SetupError, match=r"work: File exists|work: .*already exists") as caught:
        fill(root)
    assert "\n" not in str(caught.value)


def test_read_only_folder_is_an_error_and_keeps_everything(root, monkeypatch):
    fill(root)
    put(root / CHAPTER, "chapter 2")
    before = snapshot(root)

    def refuse(path, *_, **options):
        raise PermissionError(13, "Permission denied", str(path.parent))

    monkeypatch.setattr(files, "open", refuse, raising=False)
    with pytest.raises(SetupError, match="chapters: Permission denied"):
        fill(root)
    assert snapshot(root) == before


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_kill_in_the_middle_loses_nothing(root, monkeypatch, step):
    fill(root)
    put(root / CHAPTER, "chapter 2")
    put(root / EXERCISE, "exercise 2")
    put(root / "work" / EXERCISE, "mine")
    before = snapshot(root)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files.os, step, killed)
        patch.setattr(files.os, "unlink", lambda path: None)  # a kill cleans nothing up
        with pytest.raises(KeyboardInterrupt):
            fill(root)
    after = snapshot(root)
    assert {path: after[path] for path in before} == before
    assert any(path.endswith(SUFFIX) for path in after)
    assert [event.kind for event in fill(root)] == ["updated", "offered"]
    assert not any(path.endswith(SUFFIX) for path in snapshot(root))


def test_killed_between_a_copy_and_its_record(root):
    fill(root)
    manifest = text(root / "work" / MANIFEST)
    put(root / CHAPTER, "chapter 2")
    fill(root)
    put(root / "work" / MANIFEST, manifest)
    assert fill(root) == []
    put(root / CHAPTER, "chapter 3")
    assert fill(root) == [Event("updated", CHAPTER)]


def test_report_names_the_new_version(root, capsys):
    report(fill(root))
    put(root / "work" / CHAPTER, "mine")
    put(root / CHAPTER, "chapter 2")
    put(root / EXERCISE, "exercise 2")
    report(fill(root))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Copied 2 notebooks to work/."
    assert lines[1] == "Updated 1 notebook in work/ that you had not changed."
    assert lines[2].endswith("beside it: work/chapters/02_rnn_forward.new-version.ipynb")


class LearnerAndCourse(RuleBasedStateMachine):
    """Course and learner change the same notebook in any order; no word of the learner is lost."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="course-test-")
        self.root = Path(self.folder.name)
        self.number = 0
        self.written = set()  # texts of the learner that must still be in some file
        self.course()

    def teardown(self):
        self.folder.cleanup()

    def files(self):
        return sorted((self.root / "work").rglob("*.ipynb"))

    @rule()
    def course(self):
        self.number += 1
        put(self.root / CHAPTER, f"course {self.number}")

    @rule()
    def back(self):
        put(self.root / CHAPTER, "course 1")

    @rule()
    def start(self):
        fill(self.root)
        before = snapshot(self.root)
        assert fill(self.root) == []
        assert snapshot(self.root) == before

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def write(self, data):
        path = data.draw(st.sampled_from(self.files()))
        self.number += 1
        self.written.discard(text(path))
        self.written.add(f"mine {self.number}")
        put(path, f"mine {self.number}")

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def delete(self, data):
        path = data.draw(st.sampled_from(self.files()))
        self.written.discard(text(path))
        path.unlink()

    @rule()
    def lose_manifest(self):
        (self.root / "work" / MANIFEST).unlink(missing_ok=True)

    @invariant()
    def nothing_is_lost(self):
        assert self.written <= {text(path) for path in self.files()}


TestLearnerAndCourse = LearnerAndCourse.TestCase
TestLearnerAndCourse.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
