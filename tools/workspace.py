"""Fill the learner's folder `work/` with copies of the course's notebooks, and never overwrite one.

A manifest in that folder, `.course.json`, records for each copy the hash of the course version it
came from. A copy that still has those bytes is the course's and follows it; every other file is the
learner's. An instructor's class folder is kept in the same way.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.environment import LOCK, SetupError
from tools.files import remove_unfinished, write_atomically
from tools.locking import locked

FOLDER = "work"
MANIFEST = ".course.json"


@dataclass(frozen=True)
class Event:
    """One thing that `fill` did or noticed.

    Attributes
    ----------
    kind : {"copied", "updated", "offered", "left"}
        `copied` a missing file, `updated` one that its owner had not changed, `offered` a new
        version beside one that stays, `left` alone something that is no ordinary file.
    path : str
        The owner's file, relative to the folder of the copies.
    beside : str
        Where the new version was put, relative to it, for `offered`; else empty.
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


def _free_name(first: Path, record: dict[str, str]) -> Path:
    """Return where to put a new version: `first`, or that name with a number.

    An earlier offer that the learner has not touched gives up its name; a touched one keeps it.
    """
    number = 1
    while True:
        beside = first if number == 1 else first.with_name(f"{first.stem}-{number}{first.suffix}")
        if not os.path.lexists(beside):
            return beside
        untouched = beside.name == record.get("offered_as") and beside.is_file()
        if untouched and content_hash(beside.read_bytes()) == record.get("offered"):
            return beside
        number += 1


def _next_to(target: Path) -> Path:
    return target.with_name(f"{target.stem}.new-version{target.suffix}")


def _bring(
    target: Path, new: bytes, record: dict[str, str], held: bool, offer: Callable[[Path], Path]
) -> tuple[str, Path | None]:
    """Bring one file up to date, changing `record`; return the kind of event and the new file."""
    version = content_hash(new)
    if not os.path.lexists(target):
        write_atomically(target, new)
        record["from"] = version
        return "copied", None
    if target.is_symlink() or not target.is_file():
        return "left", None
    present = content_hash(target.read_bytes())
    if present == version:
        record["from"] = version
        return "", None
    if present in (record.get("from"), record.get("offered")) and not held:
        write_atomically(target, new)
        record["from"] = version
        return "updated", None
    if version in (record.get("from"), record.get("offered")):
        return "", None
    beside = _free_name(offer(target), record)
    write_atomically(beside, new)
    record["offered"] = version
    record["offered_as"] = beside.name
    return "offered", beside


def follow(
    folder: Path,
    originals: Iterable[tuple[str, Path]],
    lock: Path,
    say: Callable[[str], None] = print,
    held: Collection[str] = (),
    offer: Callable[[Path], Path] = _next_to,
) -> list[Event]:
    """Bring the copies in a folder up to date, keeping all that its owner wrote.

    Parameters
    ----------
    folder : Path
        Where the copies are; made if missing.
    originals : iterable of (str, Path)
        Each file's place in `folder` and the course's file it is a copy of, in order.
    lock : Path
        The lock file that keeps two commands from doing this at once.
    say : callable
        Called when another command holds the lock.
    held : collection of str
        Places whose file stays as it is though nobody changed it.
    offer : callable
        Gives the file for the new version of one that stays as it is.

    Returns
    -------
    events : list of Event
        What was done, in order.

    Raises
    ------
    SetupError
        If a file or folder cannot be read or written; what was done before stands.
    """
    events = []
    originals = list(originals)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(lock, say):
            for place in sorted({folder, *((folder / path).parent for path, _ in originals)}):
                remove_unfinished(place)
            records = read_manifest(folder)
            before = json.dumps(records)
            try:
                for path, original in originals:
                    record = records.setdefault(path, {})
                    new = original.read_bytes()
                    kind, beside = _bring(folder / path, new, record, path in held, offer)
                    if kind:
                        name = beside.relative_to(folder).as_posix() if beside else ""
                        events.append(Event(kind, path, name))
            finally:
                if json.dumps(records) != before or not (folder / MANIFEST).exists():
                    text = json.dumps({"version": 1, "files": records}, indent=1) + "\n"
                    write_atomically(folder / MANIFEST, text.encode())
    except OSError as error:
        place = error.filename2 or error.filename or folder
        raise SetupError(
            f"{place}: {error.strerror or error}. The copies in {folder.name}{os.sep} need a "
            "folder that can be written; nothing of yours was changed."
        ) from None
    return events


def fill(root: Path, say: Callable[[str], None] = print) -> list[Event]:
    """Bring the learner's copies in `work/` up to date with the course; see `follow`.

    Parameters
    ----------
    root : Path
        The project's folder.
    say : callable
    """
    originals = [(path, root / path) for path in course_notebooks(root)]
    return follow(root / FOLDER, originals, root / LOCK, say)


def report(
    events: list[Event],
    say: Callable[[str], None] = print,
    folder: str = FOLDER,
    noun: str = "notebook",
) -> None:
    """Print what `fill` or `follow` did, each offered version by name."""
    counts = {kind: sum(event.kind == kind for event in events) for kind in ("copied", "updated")}
    numbers = {kind: f"{n} {noun}{'' if n == 1 else 's'}" for kind, n in counts.items()}
    if counts["copied"]:
        say(f"Copied {numbers['copied']} to {folder}/.")
    if counts["updated"]:
        say(f"Updated {numbers['updated']} in {folder}/ that you had not changed.")
    for event in events:
        if event.kind == "offered":
            say(
                f"{folder}/{event.path} has your changes and stays as it is; the course's new "
                f"version is beside it: {folder}/{event.beside}"
            )
        elif event.kind == "left":
            say(f"{folder}/{event.path} is not an ordinary file and was left alone.")
