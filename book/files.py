"""Files that are written only when their content changed, so that Sphinx reads only those."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_if_changed(path: Path, content: str | bytes) -> bool:
    """Write a file unless it holds this content already; return whether it was written.

    The file appears as a whole or not at all, also when the build is stopped meanwhile.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.part")
    scratch.write_bytes(data)
    os.replace(scratch, path)
    return True


def remove_others(folder: Path, wanted: Iterable[Path]) -> list[Path]:
    """Remove every file below a folder that is not wanted, and folders that this leaves empty.

    Returns
    -------
    gone : list of Path
        The files that were removed.
    """
    keep = set(wanted)
    gone = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in keep]
    for path in gone:
        path.unlink()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return gone
