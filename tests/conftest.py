"""What every test shares."""

import pytest
from hypothesis import settings

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
