"""Class folders, made once for each file and copied where a test writes; a small sandbox."""

import shutil

import pytest

from instructor.sandbox import Sandbox
from instructor.sandbox import session as sessions
from tests.instructor.classes import small_class
from tests.instructor.sandboxes import LIMITS, small_course


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A class folder with one assignment in its gradebook; not for writing."""
    return small_class(tmp_path_factory.mktemp("class")).root


@pytest.fixture
def classroom(original, tmp_path):
    """A copy of it; the address of the gradebook in its settings follows it."""
    return shutil.copytree(original, tmp_path / "classroom")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """A sandbox with limits that are soon reached."""
    with Sandbox(small_course(tmp_path_factory.mktemp("course")), limits=LIMITS) as made:
        made.start()
        yield made


@pytest.fixture
def short_grace(monkeypatch):
    """Wait less than a grader would for a session that is told to end."""
    monkeypatch.setattr(sessions, "GRACE", 0.7)
