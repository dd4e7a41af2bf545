"""Records of completed gradings: one file each, which is there whole or not at all.

``classroom/grading/NAME/records/STUDENT/001.json`` is the first grading of a student's work. A
further one, of a newer submission or with another seed, is ``002.json``: nothing is overwritten, so
that the files say how often something was graded and what came out. The newest one counts.

A record holds all that the gradebook needs. It is written after the autograded notebook and before
the gradebook, so that a kill at any moment leaves nothing that the next run does not put right.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from instructor.errors import InstructorError
from instructor.results import GRADED, Result
from tools.files import remove_unfinished, write_atomically
from tools.locking import locked as _locked

VERSION = 1
FOLDER = "grading"
LOCK = ".lock"
RETRIED = ("worker lost", "grader's fault")
"""Statuses that say nothing about the submission: the next run tries again."""

NEVER_MEASURED = ("did not parse", "wrong notebook", "wrong kernel", "edited tests")
"""Statuses that no other limits would change."""

_NUMBERED = re.compile(r"(\d{3,})\.json")


@dataclass(frozen=True)
class Record:
    """One completed grading.

    Attributes
    ----------
    result : Result
    number : int
        1 for the first grading of this student's work in the assignment.
    timestamp : str
        When the work was handed in, ISO 8601 with UTC; empty where nobody knows.
    late_seconds : float or None
        How much too late, in seconds; 0 when on time, None where nobody knows.
    no_response : tuple of str
        `grade_id` of every answer cell that was handed in as it was released.
    limits : str
        The limits of the sandbox, as text: a submission that was stopped by them is worth another
        try when they change.
    graded_at : str
        When the grading was completed, ISO 8601 with UTC.
    """

    result: Result
    number: int
    timestamp: str = ""
    late_seconds: float | None = None
    no_response: tuple[str, ...] = ()
    limits: str = ""
    graded_at: str = ""

    @property
    def student(self) -> str:
        """The student's id."""
        return self.result.student

    @property
    def assignment(self) -> str:
        """The assignment's name."""
        return self.result.assignment

    @property
    def digest(self) -> str:
        """SHA-256 of the submitted bytes, in hexadecimal digits."""
        return self.result.digest

    @property
    def key(self) -> str:
        """What the grading depends on beside these bytes."""
        return self.result.key

    def holds_for(self, digest: str, key: str, limits: str) -> bool:
        """Tell whether grading these bytes again would bring nothing new."""
        if (self.digest, self.key) != (digest, key) or self.result.status in RETRIED:
            return False
        limited = self.result.status not in (GRADED, *NEVER_MEASURED)
        return not limited or self.limits == limits

    def to_json(self) -> str:
        """Return the record as JSON text."""
        fields = {
            "version": VERSION,
            "number": self.number,
            "timestamp": self.timestamp,
            "late_seconds": self.late_seconds,
            "no_response": list(self.no_response),
            "limits": self.limits,
            "graded_at": self.graded_at,
            "result": json.loads(self.result.to_json()),
        }
        return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Return the record that `to_json` wrote.

        Raises
        ------
        ValueError
            If the text is no record of this version.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.get("version") != VERSION:
            raise ValueError(f"it is no record of version {VERSION}")
        try:
            return cls(
                result=Result.from_json(json.dumps(fields["result"])),
                number=int(fields["number"]),
                timestamp=fields["timestamp"],
                late_seconds=fields["late_seconds"],
                no_response=tuple(fields["no_response"]),
                limits=fields["limits"],
                graded_at=fields["graded_at"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"it lacks {error}") from None


class Records:
    """The records of one assignment in the folder of a class.

    Parameters
    ----------
    classroom : Path
    assignment : str
    """

    def __init__(self, classroom: Path, assignment: str) -> None:
        self.folder = classroom / FOLDER / assignment / "records"

    def of(self, student: str) -> list[Record]:
        """Return all records of a student, the oldest first."""
        return [self._read(path) for path in self._files(self.folder / student)]

    def latest(self) -> dict[str, Record]:
        """Return the newest record of every student who has one, by student, in order.

        Raises
        ------
        InstructorError
            If a record cannot be read.
        """
        if not self.folder.is_dir():
            return {}
        found = {}
        for folder in sorted(self.folder.iterdir()):
            if files := self._files(folder):
                found[folder.name] = self._read(files[-1])
        return found

    def next_number(self, student: str) -> int:
        """Return the number of the record that would be written next."""
        files = self._files(self.folder / student)
        return int(files[-1].stem) + 1 if files else 1

    def add(self, record: Record) -> Path:
        """Write a record and return its file.

        Raises
        ------
        FileExistsError
            If there is one with this number: records are never overwritten.
        """
        path = self.folder / record.student / f"{record.number:03d}.json"
        if path.exists():
            raise FileExistsError(f"{path} exists; expected a number without a record.")
        remove_unfinished(path.parent)
        write_atomically(path, record.to_json().encode())
        return path

    def _files(self, folder: Path) -> list[Path]:
        if not folder.is_dir():
            return []
        numbered = [path for path in folder.iterdir() if _NUMBERED.fullmatch(path.name)]
        return sorted(numbered, key=lambda path: int(path.stem))

    def _read(self, path: Path) -> Record:
        try:
            record = Record.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InstructorError(
                f"{path} cannot be read ({error}); expected the record of a grading. Move the file "
                "away and run the command again: the submission is then graded anew."
            ) from None
        if record.student != path.parent.name:
            raise InstructorError(
                f"{path} is a record of the student {record.student}; expected one of "
                f"{path.parent.name}. Move the file back or away and run the command again."
            )
        return record


@contextlib.contextmanager
def locked(classroom: Path, say: Callable[[str], None] = print) -> Iterator[None]:
    """Hold the lock of a class for the time of the block: two graders would grade everything twice.

    The system opens the lock when its holder ends, however it ends.

    Parameters
    ----------
    classroom : Path
    say : callable
        Called with a sentence when another command holds the lock; then this one waits.
    """
    folder = classroom / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    waiting = f"Another command is grading in {classroom}; waiting for it to end."
    with _locked(folder / LOCK, lambda _: say(waiting)):
        yield
