"""Write a file whole: at every moment, also when the machine stops, the old or the new is there."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

SUFFIX = ".course-copy"
"""How the name of a file ends, after a dot at its beginning, that is still being written: a kill
may leave one behind."""


def write_atomically(path: Path, data: bytes, mode: int = 0o666) -> None:
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
    beside = path.with_name(f".{secrets.token_hex(8)}{SUFFIX}")
    try:
        # Only ever a new file: nothing that lies there already is followed or written into.
        with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed `write_atomically` left in a folder; nobody may be writing there."""
    for leftover in folder.glob(f".*{SUFFIX}"):
        leftover.unlink()


def _sync_folder(folder: Path) -> None:
    """Force the folder's own entry to the disk, without which a power cut may undo the renaming."""
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that cannot do this
            raise
    finally:
        os.close(descriptor)
