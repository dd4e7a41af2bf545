"""Class folders for tests of grading: made once for each file, copied where a test writes."""

import shutil

import pytest

from tests.instructor.classes import small_class


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A class folder with one assignment in its gradebook; not for writing."""
    return small_class(tmp_path_factory.mktemp("class")).root


@pytest.fixture
def classroom(original, tmp_path):
    """A copy of it; the address of the gradebook in its settings follows it."""
    return shutil.copytree(original, tmp_path / "classroom")
