"""Write files so that at every moment, also when the machine stops, the old or the new is there."""

from __future__ import annotations

import os
from pathlib import Path

PREFIX = ".unfinished-"
"""How the name of a file begins that is still being written; a kill may leave one behind."""


def write_durably(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write `data` beside `path`, force it to the disk, and put it in its place in one step.

    Parameters
    ----------
    path : Path
        The file; its folder is made if missing.
    data : bytes
    mode : int
        Permissions of the file, from which the process's umask takes its share.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{PREFIX}{path.name}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Force the folder's own entry to the disk, without which a power cut may undo the renaming."""
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
