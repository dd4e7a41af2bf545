"""What every test shares."""

import sys

import pytest
from hypothesis import settings

from tests.instructor.needs import needs_bubblewrap, needs_postgresql

# The first example of a test may import torch, so no example has a time limit of its own;
# pytest's own limit holds. Failures are printed in a form that can be run again.
settings.register_profile("unrolled", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("unrolled")


@pytest.fixture(autouse=True)
def own_progress(monkeypatch, tmp_path_factory):
    """Keep tests out of the learner's progress: each writes into a folder of its own."""
    home = tmp_path_factory.mktemp("progress", numbered=True)
    monkeypatch.setenv("UNROLLED_HOME", str(home))
    return home


def pytest_collection_modifyitems(config, items):
    """Leave out what only Linux has the programs for; a skip would say that they are missing."""
    if sys.platform == "linux":
        return
    linux_only = (needs_bubblewrap.mark, needs_postgresql.mark)
    left_out = [item for item in items if any(m in linux_only for m in item.iter_markers("skipif"))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
