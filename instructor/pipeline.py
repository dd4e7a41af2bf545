"""Grade what a class has handed in, so that a stop at any moment costs only what was under way.

For each submission three things are written, in this order: the autograded notebook, the record,
the gradebook. The record is the one that counts. Without it, the submission is graded by the next
run; with it, the next run writes what is missing from the gradebook.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from instructor.assignment import Assignment
from instructor.errors import InstructorError
from instructor.gradebook import Gradebook
from instructor.records import Record, Records
from instructor.results import without_score
from instructor.worker import Job, Outcome
from tools.files import remove_unfinished, write_atomically


@dataclass(frozen=True)
class Submission:
    """A file that was handed in.

    Attributes
    ----------
    student : str
    path : Path
    digest : str
        SHA-256 of its bytes, in hexadecimal digits.
    timestamp : str
        When it was handed in, ISO 8601 with UTC; empty where nobody knows.
    late_seconds : float or None
        0 when on time, None where nobody knows.
    """

    student: str
    path: Path
    digest: str
    timestamp: str = ""
    late_seconds: float | None = None

    def read(self) -> Job:
        """Read the file.

        Raises
        ------
        InstructorError
            If it is gone, or another one by now.
        """
        try:
            job = Job(self.student, self.path.read_bytes())
        except OSError as error:
            raise InstructorError(
                f"{self.path} cannot be read ({error.strerror or error}). Run the same command "
                "again: what was graded is recorded."
            ) from None
        if job.digest != self.digest:
            raise InstructorError(
                f"{self.path} was changed while it waited to be graded. Run the same command "
                "again: what was graded is recorded."
            )
        return job


@dataclass(frozen=True)
class Plan:
    """What is to be done for an assignment.

    Attributes
    ----------
    open : tuple of Submission
        Those that are to be graded.
    done : tuple of Record
        The records that hold for the others.
    """

    open: tuple[Submission, ...]
    done: tuple[Record, ...]


class Runs(Protocol):
    """What grades: a `Cluster`, or something quicker in a test."""

    def run(self, jobs: Iterable[Job]) -> Iterator[object]: ...


@dataclass
class Grading:
    """The grading of one assignment in the folder of a class.

    Attributes
    ----------
    classroom : Path
    assignment : Assignment
    gradebook : Gradebook
    key : str
        What the gradings depend on beside the submitted bytes, as `grading_key` gives it.
    limits : str
        The limits of the sandbox, as text.
    records : Records
    """

    classroom: Path
    assignment: Assignment
    gradebook: Gradebook
    key: str
    limits: str = ""
    records: Records = field(init=False)

    def __post_init__(self) -> None:
        self.records = Records(self.classroom, self.assignment.name)

    def plan(self, submissions: Iterable[Submission], again: Collection[str] | None = ()) -> Plan:
        """Say which submissions have a record that holds, and which are to be graded.

        Parameters
        ----------
        submissions : iterable of Submission
        again : collection of str or None
            Students whose work is graded again whatever its record says; None for all.
        """
        latest = self.records.latest()
        open_, done = [], []
        for submission in submissions:
            record = latest.get(submission.student)
            asked = again is None or submission.student in again
            holds = record is not None and record.holds_for(
                submission.digest, self.key, self.limits
            )
            if holds and not asked and self._notebook(submission.student).is_file():
                done.append(record)
            else:
                open_.append(submission)
        return Plan(tuple(open_), tuple(done))

    def run(self, submissions: Iterable[Submission], cluster: Runs) -> Iterator[Record]:
        """Grade submissions, store each as it is done, and give its record.

        Raises
        ------
        InstructorError
            If a file cannot be read, or the gradebook, the scheduler or the workers do not answer.
            All that was given before is stored.
        """
        waiting = {submission.student: submission for submission in submissions}
        jobs = (submission.read() for submission in list(waiting.values()))
        for answer in cluster.run(jobs):
            outcome = answer if isinstance(answer, Outcome) else self._lost(answer)
            result = outcome.result
            submission = waiting.pop(result.student)
            if not result.key:  # the grading failed before it had one
                outcome = replace(outcome, result=replace(result, key=self.key))
            told = result.assignment, result.digest, outcome.result.key
            if told != (self.assignment.name, submission.digest, self.key):
                raise InstructorError(
                    f"A grading of other bytes, or with other settings, came back for "
                    f"{result.student} than were sent. The workers do not do what they are told; "
                    "nothing of it was stored."
                )
            yield store(
                self.classroom,
                self.gradebook,
                outcome,
                timestamp=submission.timestamp,
                late_seconds=submission.late_seconds,
                limits=self.limits,
            )

    def _notebook(self, student: str) -> Path:
        return notebook_path(self.classroom, student, self.assignment.name)

    def _lost(self, lost: object) -> Outcome:
        result = without_score(
            lost.student,
            self.assignment,
            lost.digest,
            "worker lost",
            "The process that graded it ended each time; the next run tries again.",
            self.key,
        )
        return Outcome(result)


def notebook_path(classroom: Path, student: str, assignment: str) -> Path:
    """Return where the autograded notebook of a student lies, as nbgrader has it."""
    return classroom / "autograded" / student / assignment / f"{assignment}.ipynb"


def store(
    classroom: Path,
    gradebook: Gradebook,
    outcome: Outcome,
    timestamp: str = "",
    late_seconds: float | None = None,
    limits: str = "",
) -> Record:
    """Store a graded submission: autograded notebook, record and gradebook, in this order.

    Parameters
    ----------
    classroom : Path
    gradebook : Gradebook
    outcome : Outcome
    timestamp : str
        When it was handed in, ISO 8601 with UTC; empty where nobody knows.
    late_seconds : float or None
    limits : str
        Those of the sandbox, as text.

    Returns
    -------
    record : Record
    """
    result = outcome.result
    records = Records(classroom, result.assignment)
    record = Record(
        result,
        number=records.next_number(result.student),
        timestamp=timestamp,
        late_seconds=late_seconds,
        no_response=outcome.no_response,
        limits=limits,
        graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    if outcome.notebook:
        path = notebook_path(classroom, result.student, result.assignment)
        remove_unfinished(path.parent)
        write_atomically(path, outcome.notebook.encode())
    if outcome.fault:
        fault = records.folder.parent / "faults" / f"{result.student}-{record.number:03d}.txt"
        write_atomically(fault, outcome.fault.encode())
    records.add(record)
    gradebook.apply(record)
    return record
