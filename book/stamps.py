"""What pages, site and PDF were made from: a hash that is kept with each tells when it is stale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from book.paper import LEFT_OUT
from book.places import BOOK, build_folder


def hash_of(files: Iterable[Path], *texts: str) -> str:
    """Return a hash of the names and contents of files, and of texts; a file may be missing."""
    digest = hashlib.sha256("\n".join(texts).encode())
    for path in files:
        digest.update(f"\n{path.name}\n".encode())
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    return digest.hexdigest()[:16]


def code_hash(book: Path = BOOK) -> str:
    """Return the hash of what makes pages out of sources and the PDF out of pages.

    These are the modules and templates of the book, wherever it is built.
    """
    built = build_folder()
    made_by = [*book.rglob("*.py"), *(book / "templates").glob("*")]
    paths = sorted(path for path in made_by if built not in path.parents)
    return hash_of(paths, *(path.relative_to(book).as_posix() for path in paths))


def site_hash(site: Path) -> str:
    """Return the hash of what the PDF shows of a site: pages, style sheets, names of pictures."""
    static = site / "_static"
    pictures = [path.name for path in sorted((static / "pictures").rglob("*.webp"))]
    named = {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}
    pages = [path for name, path in named.items() if not name.startswith(LEFT_OUT)]
    return hash_of([*sorted(pages), *sorted(static.glob("*.css"))], *pictures)
