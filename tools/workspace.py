"""Fill the learner's folder `work/` with copies of the course's notebooks, and never overwrite one.

A manifest, `work/.course.json`, records for each copy the hash of the course version it came from.
A copy that still has those bytes is the course's and follows it; every other file is the learner's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.environment import LOCK, SetupError
from tools.locking import locked

FOLDER = "work"
MANIFEST = ".course.json"
SUFFIX = ".course-copy"  # of temporary files; a killed copy leaves one, the next start removes it


@dataclass(frozen=True)
class Event:
    """One thing that `fill` did or noticed.

    Attributes
    ----------
    kind : {"copied", "updated", "offered", "left"}
        `copied` a missing file, `updated` one that the learner had not changed, `offered` a new
        version beside a changed one, `left` alone something that is no ordinary file.
    path : str
        The learner's file, relative to `work/`.
    beside : str
        Where the new version was put, for `offered`; else empty.
    """

    kind: str
    path: str
    beside: str = ""


def course_notebooks(root: Path) -> Iterator[str]:
    """Yield the notebooks that a learner works in, relative to the project, in order."""
    for path in sorted(root.glob("chapters/*.ipynb")):
        yield path.relative_to(root).as_posix()
    for path in sorted(root.glob("exercises/*/*.ipynb")):
        yield path.relative_to(root).as_posix()


def content_hash(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(work: Path) -> dict[str, dict[str, str]]:
    """Return the records by file; empty where the manifest is missing or cannot be read."""
    try:
        files = json.loads((work / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {
            path: {key: value for key, value in record.items() if isinstance(value, str)}
            for path, record in files.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that at every moment the old or the new one is there, whole."""
    descriptor, name = tempfile.mkstemp(suffix=SUFFIX, prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _free_name(target: Path, record: dict[str, str]) -> Path:
    """Return where to put a new version beside `target`.

    An earlier offer that the learner has not touched gives up its name; a touched one keeps it.
    """
    number = 1
    while True:
        tag = "new-version" if number == 1 else f"new-version-{number}"
        beside = target.with_name(f"{target.stem}.{tag}{target.suffix}")
        if not os.path.lexists(beside):
            return beside
        untouched = beside.name == record.get("offered_as") and beside.is_file()
        if untouched and content_hash(beside.read_bytes()) == record.get("offered"):
            return beside
        number += 1


def _bring(target: Path, new: bytes, record: dict[str, str]) -> tuple[str, str]:
    """Bring one file up to date, changing `record`; return the kind of event and the new name."""
    version = content_hash(new)
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, new)
        record["from"] = version
        return "copied", ""
    if target.is_symlink() or not target.is_file():
        return "left", ""
    present = content_hash(target.read_bytes())
    if present == version:
        record["from"] = version
        return "", ""
    if present in (record.get("from"), record.get("offered")):
        write_atomically(target, new)
        record["from"] = version
        return "updated", ""
    if version in (record.get("from"), record.get("offered")):
        return "", ""
    beside = _free_name(target, record)
    write_atomically(beside, new)
    record["offered"] = version
    record["offered_as"] = beside.name
    return "offered", beside.name


def fill(root: Path, say: Callable[[str], None] = print) -> list[Event]:
    """Bring the copies in `work/` up to date with the course, keeping all that the learner wrote.

    Parameters
    ----------
    root : Path
        The project's folder.
    say : callable
        Called when another command holds the lock.

    Returns
    -------
    events : list of Event
        What was done, in the order of the course.

    Raises
    ------
    SetupError
        If a file or folder cannot be read or written; what was done before stands.
    """
    work = root / FOLDER
    events = []
    try:
        work.mkdir(exist_ok=True)
        with locked(root / LOCK, say):
            for folder in (work, *work.glob("chapters"), *work.glob("exercises/*")):
                for leftover in folder.glob(f".*{SUFFIX}"):
                    leftover.unlink()
            records = read_manifest(work)
            before = json.dumps(records)
            try:
                for path in course_notebooks(root):
                    record = records.setdefault(path, {})
                    new = (root / path).read_bytes()
                    kind, name = _bring(work / path, new, record)
                    if kind:
                        beside = Path(path).with_name(name).as_posix() if name else ""
                        events.append(Event(kind, path, beside))
            finally:
                if json.dumps(records) != before or not (work / MANIFEST).exists():
                    text = json.dumps({"version": 1, "files": records}, indent=1) + "\n"
                    write_atomically(work / MANIFEST, text.encode())
    except OSError as error:
        place = error.filename2 or error.filename or work
        raise SetupError(
            f"{place}: {error.strerror or error}. The learner's copies in {FOLDER}{os.sep} need a "
            "folder that can be written; nothing of yours was changed."
        ) from None
    return events


def report(events: list[Event], say: Callable[[str], None] = print) -> None:
    """Print what `fill` did, each offered version by name."""
    counts = {kind: sum(event.kind == kind for event in events) for kind in ("copied", "updated")}
    if counts["copied"]:
        say(f"Copied {_notebooks(counts['copied'])} to {FOLDER}/.")
    if counts["updated"]:
        say(f"Updated {_notebooks(counts['updated'])} in {FOLDER}/ that you had not changed.")
    for event in events:
        if event.kind == "offered":
            say(
                f"{FOLDER}/{event.path} has your changes and stays as it is; the course's new "
                f"version is beside it: {FOLDER}/{event.beside}"
            )
        elif event.kind == "left":
            say(f"{FOLDER}/{event.path} is not an ordinary file and was left alone.")


def _notebooks(count: int) -> str:
    return "1 notebook" if count == 1 else f"{count} notebooks"
