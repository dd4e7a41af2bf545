"""For tests that need programs beside Python: a skip says what is missing."""

import glob
import os
import shutil
from pathlib import Path

import pytest

from tools.browser import find_chromium, why_none


def postgresql_programs() -> Path | None:
    """Return the folder of `initdb` and `postgres`, which Debian keeps off the PATH."""
    found = shutil.which("initdb")
    folders = [os.path.dirname(found)] if found else []
    folders += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    for folder in folders:
        if all(Path(folder, name).exists() for name in ("initdb", "postgres")):
            return Path(folder)
    return None


needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap (the command bwrap) is not installed"
)
needs_postgresql = pytest.mark.skipif(
    postgresql_programs() is None, reason="PostgreSQL's server programs are not installed"
)


def require_browser() -> None:
    """Skip the test, or all that use the fixture, where no browser can be driven."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    if find_chromium() is None:
        pytest.skip(why_none())
