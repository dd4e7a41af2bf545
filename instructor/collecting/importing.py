"""Put collected submissions into a class folder, where nbgrader and the grading look for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from instructor.collecting.collect import Collected, Collection
from instructor.collecting.entries import TIMESTAMP, CollectError, digest_of
from instructor.collecting.names import safe_id
from instructor.collecting.times import format_time, parse_time
from tools.files import remove_unfinished, write_atomically

SUBMITTED = "submitted"
LEDGER = "collected.json"
LEDGER_VERSION = 1
UNKNOWN_TIME = "no-time"


@dataclass(frozen=True)
class Imported:
    """What became of one submission.

    Attributes
    ----------
    student : str
    action : {"new", "replaced", "unchanged", "kept newer"}
        "kept newer": the class folder has a newer one, and this one went to the superseded.
    path : Path
        Where it lies now.
    digest : str
        SHA-256 as hexadecimal digits.
    """

    student: str
    action: str
    path: Path
    digest: str


@dataclass(frozen=True)
class LedgerEntry:
    """What is known of the submission that counts; attributes as those of `Collected`."""

    student: str
    label: str
    lms_id: str
    digest: str
    timestamp: datetime | None
    late: bool | None
    late_seconds: float | None
    origin: str
    notes: tuple[str, ...]


def submitted_path(classroom: Path, student: str, assignment: str) -> Path:
    """Return where the notebook of a submission lies in a class folder."""
    return classroom / SUBMITTED / student / assignment / f"{assignment}.ipynb"


def import_into(classroom: Path, collection: Collection) -> tuple[Imported, ...]:
    """Copy a collection into a class folder; nothing that lies there is lost.

    The bytes go as they came to ``submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb`` with nbgrader's
    timestamp.txt beside. A newer submission takes the place of an older one, which moves to
    ``grading/ASSIGNMENT/superseded/STUDENT/``. Importing the same again changes no file, and after
    an interruption it goes on.

    Parameters
    ----------
    classroom : Path
    collection : Collection

    Returns
    -------
    tuple of Imported
        One per submission of the collection, in its order.

    Raises
    ------
    CollectError
        If a file cannot be written, or one of the source has changed since it was collected.
    """
    try:
        for older in collection.older:
            _supersede(classroom, collection.assignment, older.student, older.read(), older)
        done = [_import_one(classroom, collection.assignment, c) for c in collection.submissions]
        _write_ledger(classroom, collection, {one.student: one.action for one in done})
    except OSError as error:
        raise CollectError(
            f"{error.filename or classroom}: {error.strerror or error}. What was imported before "
            "stands; run the command again to go on."
        ) from None
    return tuple(done)


def _import_one(classroom: Path, assignment: str, one: Collected) -> Imported:
    if safe_id(one.student) != one.student:
        raise CollectError(f"{one.student!r} is no safe name for a folder; it was not imported.")
    target = submitted_path(classroom, one.student, assignment)
    present = target.read_bytes() if target.is_file() else None
    if present is not None and digest_of(present) == one.digest:
        time = _time_of(target)
        if one.timestamp is not None and (time is None or one.timestamp > time):
            # Also what an interruption between the two files leaves behind is mended here.
            _write_time(target, one.timestamp)
        return Imported(one.student, "unchanged", target, one.digest)
    data = one.read()
    if present is None:
        _write(target, data, one.timestamp)
        return Imported(one.student, "new", target, one.digest)
    time = _time_of(target)
    stored = _superseded(classroom, assignment, one.student, one.digest)
    if time is not None and one.timestamp is not None:
        is_newer = one.timestamp > time
    else:
        is_newer = stored is None  # what was superseded once does not come back by itself
    if not is_newer:
        path = _supersede(classroom, assignment, one.student, data, one)
        return Imported(one.student, "kept newer", path, one.digest)
    _supersede(classroom, assignment, one.student, present, time)
    _write(target, data, one.timestamp)
    return Imported(one.student, "replaced", target, one.digest)


def _write(target: Path, data: bytes, time: datetime | None) -> None:
    remove_unfinished(target.parent)
    if time is None:
        # An older time must not stand beside newer bytes, whenever this stops.
        (target.parent / TIMESTAMP).unlink(missing_ok=True)
    write_atomically(target, data)
    if time is not None:
        _write_time(target, time)


def _write_time(target: Path, time: datetime) -> None:
    write_atomically(target.parent / TIMESTAMP, format_time(time).encode())


def _time_of(target: Path) -> datetime | None:
    """Return the time beside a submission; None where there is none or it cannot be read."""
    try:
        return parse_time((target.parent / TIMESTAMP).read_text("utf-8"), UTC).astimezone(UTC)
    except (FileNotFoundError, ValueError):
        return None


def _superseded_folder(classroom: Path, assignment: str, student: str) -> Path:
    return classroom / "grading" / assignment / "superseded" / student


def _superseded(classroom: Path, assignment: str, student: str, digest: str) -> Path | None:
    """Return where a superseded submission lies, or None."""
    folder = _superseded_folder(classroom, assignment, student)
    return next(iter(sorted(folder.glob(f"*-{digest[:12]}.ipynb"))), None)


def _supersede(
    classroom: Path, assignment: str, student: str, data: bytes, of: Collected | datetime | None
) -> Path:
    """Keep a submission that does not count; return where."""
    digest = digest_of(data)
    stored = _superseded(classroom, assignment, student, digest)
    if stored is not None:
        return stored
    time = of.timestamp if isinstance(of, Collected) else of
    stamp = time.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") if time else UNKNOWN_TIME
    folder = _superseded_folder(classroom, assignment, student)
    path = folder / f"{stamp}-{digest[:12]}.ipynb"
    write_atomically(path, data)
    return path


# --- the ledger: what a later report or export knows of the source ---------------------------


def _ledger_path(classroom: Path, assignment: str) -> Path:
    return classroom / "grading" / assignment / LEDGER


def _write_ledger(classroom: Path, collection: Collection, actions: dict[str, str]) -> None:
    path = _ledger_path(classroom, collection.assignment)
    students = {name: _to_json(entry) for name, entry in _read(path).items()}
    for one in collection.submissions:
        if actions[one.student] == "kept newer":
            continue
        before = students.get(one.student)
        if before is not None and before["digest"] == one.digest:
            # A second look at the same bytes, such as in the class folder itself, may know less.
            if before["lms_id"] and not one.lms_id:
                continue
            if before["late"] is not None and one.late is None:
                continue
        students[one.student] = _to_json(_entry(one))
    text = json.dumps(
        {"version": LEDGER_VERSION, "students": dict(sorted(students.items()))},
        indent=1,
        ensure_ascii=False,
    )
    data = (text + "\n").encode("utf-8", "replace")
    if not path.exists() or path.read_bytes() != data:
        write_atomically(path, data)


def read_ledger(classroom: Path, assignment: str) -> dict[str, LedgerEntry]:
    """Return what was imported of an assignment, by student; empty if nothing was.

    Raises
    ------
    CollectError
        If the file is damaged.
    """
    return _read(_ledger_path(classroom, assignment))


def _read(path: Path) -> dict[str, LedgerEntry]:
    try:
        stored = json.loads(path.read_text("utf-8"))
        if stored["version"] != LEDGER_VERSION:
            raise CollectError(
                f"{path} was written by another version of the course ({stored['version']}; "
                f"expected {LEDGER_VERSION})."
            )
        return {name: _from_json(name, one) for name, one in stored["students"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise CollectError(
            f"{path} cannot be read ({error}). Move it away and import the submissions again."
        ) from None


def _entry(one: Collected) -> LedgerEntry:
    return LedgerEntry(
        one.student,
        one.label,
        one.lms_id,
        one.digest,
        one.timestamp,
        one.late,
        one.late_seconds,
        one.origin,
        one.notes,
    )


def _to_json(entry: LedgerEntry) -> dict[str, object]:
    values = {**entry.__dict__, "notes": list(entry.notes)}
    values["timestamp"] = entry.timestamp.isoformat() if entry.timestamp else None
    del values["student"]
    return values


def _from_json(student: str, values: dict) -> LedgerEntry:
    time = values["timestamp"]
    return LedgerEntry(
        student=student,
        **{**values, "timestamp": datetime.fromisoformat(time) if time else None}
        | {"notes": tuple(values["notes"])},
    )
