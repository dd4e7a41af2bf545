"""Where the book is built, and where the course is published if that is known."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from book.errors import BookError
from book.notebooks import ROOT, Page

BOOK = ROOT / "book"


def build_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of everything that is made: `book/_build`, or the one BOOK_BUILD names."""
    named = environ.get("BOOK_BUILD", "").strip()
    return Path(named).expanduser().absolute() if named else BOOK / "_build"


def repository(environ: Mapping[str, str] = os.environ, root: Path = ROOT) -> str:
    """Return the address of the repository; empty where it is not known.

    It comes from the environment variable BOOK_REPOSITORY (an address, or ``owner/name`` on
    GitHub), else from ``[project.urls] Repository`` in pyproject.toml.

    Raises
    ------
    BookError
        If it is neither.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = environ.get("BOOK_REPOSITORY", "").strip()
    address = named or project.get("urls", {}).get("Repository", "")
    if re.fullmatch(r"[\w.-]+/[\w.-]+", address):
        address = f"https://github.com/{address}"
    address = address.rstrip("/").removesuffix(".git")
    if address and not re.fullmatch(r"https://[\w.-]+/[\w./-]+", address):
        raise BookError(
            f"The address of the repository is {address!r}; expected https://HOST/OWNER/NAME, or "
            "OWNER/NAME on GitHub. Set BOOK_REPOSITORY or [project.urls] in pyproject.toml."
        )
    return address


def binder_address(page: Page, address: str) -> str:
    """Return where Binder opens a page's notebook; empty where Binder does not know the host."""
    found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", address)
    if found is None:
        return ""
    path = page.source.relative_to(ROOT).as_posix()
    return f"https://mybinder.org/v2/gh/{found[1]}/HEAD?urlpath=lab/tree/{path}"
