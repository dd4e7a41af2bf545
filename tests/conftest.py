"""What every test shares."""

import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.needs import needs_bubblewrap, needs_postgresql

# The first example of a test may import torch, so no example has a time limit of its own;
# pytest's own limit holds. Failures are printed in a form that can be run again.
settings.register_profile("unrolled", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("unrolled")


HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def all_progress(tmp_path_factory):
    """Give the folder of the next fixture: pytest reads through its own for each numbered name."""
    return tmp_path_factory.mktemp("progress")


@pytest.fixture(autouse=True)
def own_progress(monkeypatch, all_progress):
    """Keep tests out of the learner's progress: each writes into a folder of its own."""
    home = Path(tempfile.mkdtemp(dir=all_progress))
    monkeypatch.setenv("UNROLLED_HOME", str(home))
    return home


@pytest.fixture(scope="module")
def computed_once():
    """Compute what known mistakes of a check give once, however many answers a file judges."""
    from tests.computed_once import keep  # the checks are a second to import

    with pytest.MonkeyPatch.context() as patch:
        keep(patch)
        yield


@pytest.fixture(scope="session")
def book_site():
    """Give the folder of the built book."""
    from book.places import build_folder

    site = build_folder() / "html"
    if not (site / "index.html").is_file():
        pytest.skip(f"there is no book in {site}; make test PART=book builds it")
    return site.resolve()


# Two workers share the tests out by file. What takes longest begins first, so that no worker is
# left with it alone at the end.
LONG_FILES = (
    "instructor/test_kills.py",
    "instructor/test_cluster.py",
    "instructor/test_grading_every.py",
    "instructor/test_judging_every.py",
    "instructor/test_hostile.py",
    "instructor/test_withheld.py",
    "instructor/test_exchange.py",
    "instructor/test_grading_benchmark.py",
    "instructor/test_formgrader.py",
    "browser/test_widgets.py",
    "browser/test_formgrader.py",
    "browser/test_chapter06.py",
    "browser/test_chapter10.py",
)


def pytest_collection_modifyitems(config, items):
    """Put long tests first, and leave out what only Linux has the programs for.

    A skip would say that the programs are missing.
    """
    places = {HERE / name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    if sys.platform == "linux":
        return
    linux_only = (needs_bubblewrap.mark, needs_postgresql.mark)
    left_out = [item for item in items if any(m in linux_only for m in item.iter_markers("skipif"))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
