"""A grader that takes milliseconds, for tests of everything around the grading.

Its results follow from the submitted bytes alone, so that two runs can be compared row by row. It
notes each submission that it begins and ends in a file, which tells how often something was graded.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from instructor.assignment import Assignment
from instructor.gradebook import open_gradebook
from instructor.grading import Graded, grading_key
from instructor.pipeline import Grading, Submission
from instructor.results import GRADED, ExerciseResult, ManualResult, Result
from instructor.worker import Job, Outcome, Spec, outcome_of

LOG = "UNROLLED_QUICK_LOG"
"""Environment variable with the file that beginnings and ends are noted in."""

NAME = "02_rnn_forward"
ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = Assignment.load(ROOT / "exercises" / NAME / f"{NAME}.ipynb")
KEY = "quick"


class Quick:
    """Grades by the hash of the bytes; what the bytes say may also make it stop or end."""

    def __init__(self, assignment: Assignment, seconds: float = 0.03, key: str = KEY) -> None:
        self.assignment = assignment
        self.seconds = seconds
        self.key = key

    def grade(self, data: bytes, student: str) -> Graded:
        """Return a result that follows from the bytes."""
        note(f"begin {student}")
        time.sleep(self.seconds)
        if b"end this worker" in data:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"end one worker" in data and not seen(f"ended for {student}"):
            note(f"ended for {student}")
            os.kill(os.getpid(), signal.SIGKILL)
        if b"a bug of ours" in data:
            raise ZeroDivisionError("on purpose, in a test")
        note(f"end {student}")
        result = replace(result_of(self.assignment, data, student), key=self.key)
        return Graded(result, self.assignment.notebook)

    def close(self) -> None:
        """Nothing to end."""


def result_of(assignment: Assignment, data: bytes, student: str) -> Result:
    """Return a result that follows from the bytes: points, a reason, texts that were written."""
    digest = hashlib.sha256(data).hexdigest()
    draws = [int(sign, 16) for sign in digest]
    status = "timed out" if draws[0] == 0 else GRADED
    exercises = []
    for place, item in enumerate(assignment.exercises):
        points = round(item.points * (draws[place + 1] % 5) / 4, 6)
        if status != GRADED and place > 2:
            points = None
        exercises.append(
            ExerciseResult(
                item.grade_id,
                item.check,
                item.title,
                item.points,
                points,
                "not reached" if points is None else "right" if points == item.points else "wrong",
                mistakes=("no_tanh",) if points == 0 else (),
            )
        )
    manual = tuple(
        ManualResult(cell.grade_id, cell.points, bool(draws[-1] % 2)) for cell in assignment.manual
    )
    detail = "" if status == GRADED else "It ran longer than 5 s."
    return Result(
        student, assignment.name, digest, status, detail, tuple(exercises), manual, (), 0.1, KEY
    )


def make(spec: Spec) -> Quick:
    """Make the quick grader, as a worker does."""
    return Quick(spec.assignment, key=grading_key(spec.assignment, spec.seed, spec.options))


def note(text: str) -> None:
    """Add a line to the file that the environment names, if it names one."""
    if path := os.environ.get(LOG):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{text}\n")


def seen(text: str) -> bool:
    """Tell whether this line was noted before."""
    path = Path(os.environ[LOG])
    return path.exists() and text in path.read_text(encoding="utf-8").splitlines()


class Here:
    """Stands in for a cluster: grades in this process."""

    workers, notes, address = 1, (), "here"

    def __init__(self, grade: Callable[[bytes, str], Graded] | None = None) -> None:
        self.grade = grade or Quick(ASSIGNMENT, seconds=0.0).grade

    def run(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """Grade one after the other."""
        for job in jobs:
            yield outcome_of(self.grade(job.data, job.student), ASSIGNMENT)


def hand_in(classroom: Path, students: Iterable[str], text: str = "") -> list[Submission]:
    """Write a submission of each student into the folder of a class."""
    made = []
    for student in students:
        notebook = json.loads(ASSIGNMENT.notebook)
        notebook["metadata"]["remark"] = f"{student} {text}"
        data = json.dumps(notebook).encode()
        folder = classroom / "submitted" / student / NAME
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{NAME}.ipynb").write_bytes(data)
        (folder / "timestamp.txt").write_text("2025-03-01 12:00:00 UTC")
        made.append(
            Submission(
                student,
                folder / f"{NAME}.ipynb",
                hashlib.sha256(data).hexdigest(),
                "2025-03-01T12:00:00+00:00",
                0.0,
            )
        )
    return made


def grading(classroom: Path, url: str | None = None) -> Grading:
    """Return the grading of the class with the quick grader's key; its gradebook is open."""
    return Grading(classroom, ASSIGNMENT, open_gradebook(classroom, url), key=KEY)


def rows(classroom: Path, url: str | None = None) -> dict[str, list[tuple[object, ...]]]:
    """Return everything that a gradebook holds, row by row, but for the ids it made up.

    Rows name students, cells and notebooks in place of ids, so that two databases can be compared.
    """
    with open_gradebook(classroom, url) as gradebook:
        engine = gradebook.nbgrader.engine
        with engine.connect() as connection:
            tables = sa.MetaData()
            tables.reflect(engine)
            content = {
                name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for name, table in tables.tables.items()
            }
    names = _names(content)
    return {
        name: sorted(
            (
                tuple(names.get(value, value) if isinstance(value, str) else value for value in row)
                for row in (list(entry.values()) for entry in entries)
            ),
            key=repr,
        )
        for name, entries in content.items()
    }


def _names(content: dict[str, list[dict[str, object]]]) -> dict[str, str]:
    """Return what each made-up id stands for."""
    names = {row["id"]: f"assignment {row['name']}" for row in content["assignment"]}
    for row in content["notebook"]:
        names[row["id"]] = f"notebook {row['name']}"
    for row in content["base_cell"]:
        names[row["id"]] = f"{row['type']} {row['name']}"
    for row in content["source_cell"]:
        names[row["id"]] = f"source {row['name']}"
    for row in content["submitted_assignment"]:
        names[row["id"]] = f"{names[row['assignment_id']]} of {row['student_id']}"
    for row in content["submitted_notebook"]:
        names[row["id"]] = f"{names[row['notebook_id']]} in {names[row['assignment_id']]}"
    for kind in ("grade", "comment"):
        for row in content[kind]:
            names[row["id"]] = f"{kind} {names[row['cell_id']]} {names[row['notebook_id']]}"
    return names
