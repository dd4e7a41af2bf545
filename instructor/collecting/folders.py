"""Read a folder of submissions: ordinary files and zip archives, no links."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from instructor.collecting.archives import OTHER_ARCHIVES, is_junk, shown, walk_archive
from instructor.collecting.entries import (
    Budget,
    CollectError,
    Entry,
    Spool,
    digest_of,
    open_regular,
    read_regular,
)

DEEPEST = 12  # folders; nbgrader's layout has three


def walk_folder(
    source: Path,
    budget: Budget,
    spool: Spool,
    zone: tzinfo | None = None,
    wanted: Callable[[str], bool] = lambda path: True,
) -> Iterator[Entry]:
    """Yield the files below a folder, and those in zip archives there, in order of their paths.

    Parameters
    ----------
    source : Path
    budget : Budget
        What may be read; it takes the reports.
    spool : Spool
        Keeps what comes out of archives; files are read again from where they lie.
    zone : tzinfo, optional
        For times in archives without a zone.
    wanted : callable
        ``wanted(path)`` is False for files that need not be read.

    Raises
    ------
    CollectError
        If the folder itself cannot be listed.
    """
    try:
        yield from _walk(source, (), budget, spool, zone, wanted)
    except PermissionError as error:
        raise CollectError(f"{source} cannot be read ({error.strerror}).") from None


def _walk(
    folder: Path,
    above: tuple[str, ...],
    budget: Budget,
    spool: Spool,
    zone: tzinfo | None,
    wanted: Callable[[str], bool],
) -> Iterator[Entry]:
    with os.scandir(folder) as listing:
        found = sorted(listing, key=lambda item: item.name)
    for item in found:
        name = unicodedata.normalize("NFC", item.name)
        parts = (*above, name)
        path = "/".join(parts)
        where = shown(path)
        if is_junk((name,)):
            continue
        if not budget.take_entry(where):
            return
        if any(unicodedata.category(c) in ("Cc", "Cs") for c in name) or "\\" in name:
            budget.report(
                "path", where, "the name holds characters that no path should; it was not read."
            )
        elif item.is_symlink():
            budget.report("link", where, "it is a symbolic link and was not followed.")
        elif item.is_dir(follow_symlinks=False):
            if len(parts) > DEEPEST:
                budget.report("path", where, f"more than {DEEPEST} folders deep; not read.")
                continue
            try:
                yield from _walk(Path(item.path), parts, budget, spool, zone, wanted)
            except PermissionError as error:
                budget.report("unreadable", where, f"the folder cannot be read ({error.strerror}).")
        elif name.lower().endswith(".zip"):
            try:
                descriptor = open_regular(Path(item.path))
            except OSError as error:
                budget.report(
                    "unreadable", where, f"it cannot be read ({error.strerror or error})."
                )
                continue
            with os.fdopen(descriptor, "rb") as file:
                yield from walk_archive(file, where, f"{path[:-4]}/", budget, spool, zone)
        elif name.lower().endswith(OTHER_ARCHIVES):
            budget.report("nested", where, "only zip archives are opened. Unpack it by hand.")
        elif wanted(path):
            entry = file_entry(Path(item.path), path, where, budget)
            if entry is not None:
                yield entry


def file_entry(file: Path, path: str, where: str, budget: Budget) -> Entry | None:
    """Return the entry of one file on disk, or None and a report if it cannot be read."""
    limit = budget.limits.file_bytes
    try:
        data = read_regular(file, limit)
        changed = os.lstat(file)
    except OSError as error:
        budget.report("unreadable", where, f"it cannot be read ({error.strerror or error}).")
        return None
    if not stat.S_ISREG(changed.st_mode):
        budget.report("unreadable", where, "it was replaced while it was read.")
        return None
    if len(data) > limit:
        budget.report("too large", where, f"it has more than {limit:,} bytes and was not read.")
        return None
    if not budget.take_bytes(len(data), where):
        return None
    digest = digest_of(data)

    def read() -> bytes:
        try:
            again = read_regular(file, limit)
        except OSError as error:
            raise CollectError(
                f"{file} can no longer be read ({error.strerror or error})."
            ) from None
        if digest_of(again) != digest:
            raise CollectError(f"{file} has changed since it was collected; collect it again.")
        return again

    return Entry(
        path=path,
        origin=where,
        size=len(data),
        digest=digest,
        time=datetime.fromtimestamp(changed.st_mtime, UTC),
        time_of="file",
        read=read,
    )
