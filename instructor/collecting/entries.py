"""What a folder or an archive holds: one entry per file, read with limits and never followed."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from instructor.errors import InstructorError

TIMESTAMP = "timestamp.txt"  # nbgrader's name for the time of a submission
IN_MEMORY = 64 * 2**20  # bytes of archives that are kept in memory before they go to a file
CHUNK = 2**18  # bytes


class CollectError(InstructorError, ValueError):
    """Collecting cannot go on; the message says what was found and what to do."""


@dataclass(frozen=True)
class Problem:
    """Something that was left out or that an instructor should look at.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    origin : str
        Where it was found: a path, for archives ``archive: path``, or a student.
    text : str
        What was found and what to do, in one or two sentences.
    """

    kind: str
    origin: str
    text: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.text}"


KINDS = (
    "path",
    "link",
    "archive",
    "bomb",
    "encrypted",
    "nested",
    "unreadable",
    "too large",
    "not a notebook",
    "other assignment",
    "no student",
    "duplicate",
    "collision",
    "not in roster",
    "missing",
    "empty",
)


@dataclass(frozen=True)
class ArchiveLimits:
    """How much of a source is read.

    Attributes
    ----------
    file_bytes : int
        Largest file, in bytes after unpacking; also the largest archive inside an archive or
        among the files of a folder of submissions.
    total_bytes : int
        All files of the source together, in bytes after unpacking.
    entries : int
        Files and folders of the source, those in archives included.
    ratio : float
        Unpacked over packed size, for files above 1 MiB; deflate reaches about 1000.
    depth : int
        Archives within archives: 1 reads no archive inside another, 2 reads those, and so on.

    Raises
    ------
    ValueError
        If a limit is not positive.
    """

    file_bytes: int = 20_000_000
    total_bytes: int = 8 * 2**30
    entries: int = 200_000
    ratio: float = 200.0
    depth: int = 2

    def __post_init__(self) -> None:
        for name in ("file_bytes", "total_bytes", "entries", "ratio", "depth"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected more than 0.")


class Budget:
    """Counts down what may still be read from one source; `problems` says what was left out."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self.limits = limits
        self.bytes = limits.total_bytes
        self.entries = limits.entries
        self.problems: list[Problem] = []

    def report(self, kind: str, origin: str, text: str) -> None:
        """Note that something was left out."""
        self.problems.append(Problem(kind, origin, text))

    def take_entry(self, origin: str) -> bool:
        """Count one file or folder; False, and reported once, when there were too many."""
        self.entries -= 1
        if self.entries == -1:
            self.report(
                "bomb",
                origin,
                f"there are more than {self.limits.entries:,} files; the rest was not read. "
                "Collect it in parts.",
            )
        return self.entries >= 0

    def take_bytes(self, count: int, origin: str) -> bool:
        """Count bytes that were read; False, and reported once, when there were too many."""
        enough = self.bytes >= 0
        self.bytes -= count
        if self.bytes < 0 and enough:
            self.report(
                "bomb",
                origin,
                f"the source holds more than {self.limits.total_bytes:,} bytes; the rest was not "
                "read. Collect it in parts.",
            )
        return self.bytes >= 0


class Spool:
    """The contents of archives, one after the other in memory and then in an unnamed file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self._lock = threading.Lock()  # several threads may read submissions at once
        self._close = weakref.finalize(self, self._file.close)

    def add(self, data: bytes) -> Callable[[], bytes]:
        """Keep `data`; return a function that gives it back."""
        with self._lock:
            start = self._file.seek(0, os.SEEK_END)
            self._file.write(data)

        def read() -> bytes:
            with self._lock:
                if self._file.closed:
                    raise CollectError("The collection was closed; read its submissions before.")
                self._file.seek(start)
                return self._file.read(len(data))

        return read

    def close(self) -> None:
        """Give the space back."""
        self._close()


@dataclass(frozen=True)
class Entry:
    """One file of a source.

    Attributes
    ----------
    path : str
        Below the source, with ``/`` between folders; an archive on the way counts as a folder
        named like it, without its suffix.
    origin : str
        The same for people: ``export.zip: Jane Doe_1_assignsubmission_file_/05.ipynb``.
    size : int
        Bytes.
    digest : str
        SHA-256 as hexadecimal digits.
    time : datetime or None
        With time zone.
    time_of : {"file", "archive"}
        Where `time` comes from.
    read : callable
        Gives the bytes.
    """

    path: str
    origin: str
    size: int
    digest: str
    time: datetime | None
    time_of: str
    read: Callable[[], bytes]

    @property
    def parts(self) -> tuple[str, ...]:
        """Folders and the file's name."""
        return tuple(self.path.split("/"))

    @property
    def name(self) -> str:
        """The file's name."""
        return self.parts[-1]

    @property
    def folder(self) -> str:
        """Path of the folder."""
        return "/".join(self.parts[:-1])


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def open_regular(path: Path) -> int:
    """Open an ordinary file for reading and return its descriptor.

    Raises
    ------
    OSError
        If it cannot be opened, is a symbolic link, or is no ordinary file: a named pipe would
        keep its reader waiting for ever.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is no ordinary file")
    return descriptor


def read_regular(path: Path, limit: int) -> bytes:
    """Return at most `limit` + 1 bytes of an ordinary file; OSError as in `open_regular`."""
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read(limit + 1)
