"""A lock between processes that the operating system lifts when its holder dies."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def _try_lock(descriptor: int) -> bool:
    """Take the lock if it is free and tell whether it was."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL):
            return True  # a file system without locks: go on without one
        raise
    return True


@contextlib.contextmanager
def locked(path: Path, say: Callable[[str], None] = print, poll: float = 0.2) -> Iterator[int]:
    """Hold the lock file `path` for the time of the `with` block, waiting for it if need be.

    The lock belongs to the open file, so it ends with the process, however the process ends: no
    stale lock is left behind. A child process that is given the descriptor holds it as well.

    Parameters
    ----------
    path : Path
        The lock file; made if missing, never removed.
    say : callable
        Called once with a sentence when the lock is held elsewhere.
    poll : float
        Seconds between two attempts.

    Yields
    ------
    descriptor : int
        The open file that carries the lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        waited = False
        while not _try_lock(descriptor):
            if not waited:
                say("Another command of the course is preparing its files; waiting for it to end.")
                waited = True
            time.sleep(poll)
        yield descriptor
    finally:
        os.close(descriptor)
