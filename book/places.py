"""Where the course is, where its book is built, and where it is published if that is known."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from book.errors import BookError

ROOT = Path(__file__).resolve().parents[1]
"""The folder of the course."""

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


def source_address(path: str, address: str) -> str:
    """Return where the repository at an address shows a file of the course, on its main branch.

    Parameters
    ----------
    path : str
        From the folder of the course: ``"utils/cells/lstm.py"``.
    address : str
        As `repository` gives it.
    """
    return f"{address}/blob/HEAD/{path}"  # HEAD, whatever the name of the branch


def binder_address(path: str, address: str) -> str:
    """Return where Binder opens a notebook; empty where Binder does not know the host.

    The arguments are those of `source_address`.
    """
    found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", address)
    if found is None:
        return ""
    return f"https://mybinder.org/v2/gh/{found[1]}/HEAD?urlpath=lab/tree/{path}"
