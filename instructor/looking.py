"""``python -m instructor status``, ``seed`` and ``doctor``: look at things, change little."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from instructor import lines, seeds, worker
from instructor.assignment import Assignment
from instructor.classroom import Classroom, find
from instructor.course_copy import write_copy
from instructor.errors import InstructorError
from instructor.grade_command import DONE, UNGRADED
from instructor.gradebook import open_gradebook
from instructor.records import Records
from instructor.results import GRADED
from instructor.sandbox import Limits, Sandbox, Stopped
from instructor.sandbox.bubblewrap import require
from tools.clusters import connect


def status(arguments: argparse.Namespace) -> int:
    """Say for each assignment what was handed in, graded, and is in the gradebook."""
    classroom = find(arguments.folder)
    names = [arguments.name] if arguments.name else classroom.assignments()
    with open_gradebook(classroom.root, arguments.db) as gradebook:
        print(f"Class: {classroom.root}\nGradebook: {gradebook.address}")
        print(f"{'assignment':<26} handed in  graded  no score  to read  in the gradebook")
        for name in names:
            classroom.released(name)
            students = set(classroom.students(name))
            records = Records(classroom.root, name).latest()
            known = {s: r for s, r in records.items() if s in students}
            graded = sum(r.result.status == GRADED for r in known.values())
            texts = sum(cell.answered for r in known.values() for cell in r.result.manual)
            applied = gradebook.applied(name)
            same = sum(applied.get(s) == (r.digest, r.key, r.number) for s, r in known.items())
            print(
                f"{name:<26} {len(students):>9}  {graded:>6}  {len(known) - graded:>8}  "
                f"{texts:>7}  {same:>16}"
            )
    if arguments.name:
        width = lines.width_of(students)
        for student in sorted(students):
            record = records.get(student)
            print(lines.line(record, width) if record else f"{student:<{width}}  not graded yet")
    return DONE


def seed(arguments: argparse.Namespace) -> int:
    """Make, replace or describe the private seed."""
    classroom = find(arguments.folder)
    path = classroom.root / seeds.FILE
    if arguments.new or arguments.own:
        text = sys.stdin.readline() if arguments.own else None
        if path.exists() and not arguments.replace:
            raise InstructorError(
                f"{path} is there already. Another seed means other inputs: the next `grade` then "
                "grades everything anew. If you want that, add --replace."
            )
        seeds.replace(classroom.root, text)
        print(f"Wrote {path}, which you alone can read.")
    text = seeds.read(classroom.root)
    print(
        f"{path}: fingerprint {seeds.fingerprint(text)}. Keep a copy in a safe place: with it, the "
        "inputs of every hidden check of this class can be made again, by you and by anybody else."
    )
    return DONE


def doctor(arguments: argparse.Namespace) -> int:
    """Try what grading needs, one thing after the other, and say what is missing."""
    found: list[bool] = []

    def look(what: str, action: Callable[[], str]) -> None:
        try:
            text = action()
        except Exception as error:  # each trouble is a line of the answer
            found.append(False)
            print(f"✗ {what}: {error}")
        else:
            found.append(True)
            print(f"✓ {what}: {text}")

    look(
        "Python",
        lambda: ", ".join(f"{k} {v}" for k, v in worker.describe(True)["versions"].items()),
    )
    look("bubblewrap", lambda: require() or "it runs here")
    look("sandbox", _try_sandbox)
    look("class", lambda: str(find(arguments.folder).root))
    if found[-1]:
        classroom = find(arguments.folder)
        look("private seed", lambda: f"fingerprint {seeds.fingerprint(seeds.read(classroom.root))}")
        look("gradebook", lambda: _try_gradebook(classroom, arguments.db))
        look("assignments", lambda: _try_assignments(classroom))
    if arguments.scheduler:
        look("scheduler", lambda: _try_scheduler(arguments.scheduler))
    print("All is well." if all(found) else "Something is missing: see the lines with ✗.")
    return DONE if all(found) else UNGRADED


PROBED = "02_rnn_forward"
"""The assignment whose course copy the sandbox is tried with."""

_PROBE = """
import os, socket
found = []
try:
    socket.create_connection(("192.0.2.1", 9), timeout=2)
    found.append("the network answers")
except (TimeoutError, ConnectionRefusedError) as error:
    found.append(f"there is a network ({error})")
except OSError:
    found.append("no network")
found.append("the class is visible" if os.path.exists(PLACE) else "the class's folder is not there")
try:
    open("/probe", "w")
    found.append("/ can be written")
except OSError:
    found.append("only /tmp can be written")
answer = "; ".join(found)
"""
_GOOD = "no network; the class's folder is not there; only /tmp can be written"


def _try_sandbox() -> str:
    """Run a few lines in a sandbox that look for what must not be there."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder, "course")
        write_copy(course, PROBED)
        secret = Path(folder, "secret")
        secret.write_text("not to be seen")
        with Sandbox(course, limits=Limits(seconds=60.0, cell_seconds=30.0)) as sandbox:
            with sandbox.session() as session:
                outcome = session.run_cell(f"PLACE = {str(secret)!r}\n{_PROBE}")
                answer = session.value("answer")
            warm = sandbox.warm_up_seconds
            with sandbox.session(Limits(seconds=20.0, cell_seconds=1.0)) as session:
                try:
                    stopped = session.run_cell("while True: pass").stopped
                except Stopped as error:
                    stopped = error.reason
    if answer != _GOOD:
        raise InstructorError(f"{answer or outcome.error}; expected: {_GOOD}.")
    if stopped != "timed out":
        raise InstructorError(f"an endless loop ended with {stopped!r}; expected 'timed out'.")
    return f"{answer}; an endless loop is stopped (warm after {warm:.1f} s)"


def _try_gradebook(classroom: Classroom, url: str | None) -> str:
    with open_gradebook(classroom.root, url) as gradebook:
        names = [assignment.name for assignment in gradebook.nbgrader.assignments]
        return f"{gradebook.address} answers, with {lines.counted(len(names), 'assignment')}"


def _try_assignments(classroom: Classroom) -> str:
    names = classroom.assignments()
    for name in names:
        Assignment.load(classroom.released(name))
    if not names:
        raise InstructorError(f"{classroom.release} has none. Run: make instructor")
    return f"{len(names)} can be graded, from {names[0]} to {names[-1]}"


def _try_scheduler(address: str) -> str:
    with connect(address) as client:
        workers = client.nthreads()
        if not workers:
            raise InstructorError("it has no workers")
        call = "__import__('instructor.worker', fromlist=['worker']).describe"
        answers = client.run(eval, f"{call}(False)", on_error="return")
    here = worker.course_fingerprint()
    for name, answer in answers.items():
        if isinstance(answer, BaseException):
            raise InstructorError(f"the worker {name} says {answer!r}")
        if answer["course"] != here:
            raise InstructorError(f"the worker {name} has another version of the course")
        if answer["sandbox"]:
            raise InstructorError(f"the worker {name}: {answer['sandbox']}")
    return f"{lines.counted(len(workers), 'worker')} with the same course and a sandbox"
