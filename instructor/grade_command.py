"""``python -m instructor grade``: collect, grade in sandboxes, store, and say what came out."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime

from tqdm import tqdm

from instructor import lines, seeds
from instructor.assignment import Assignment, AssignmentError
from instructor.classroom import Classroom, find
from instructor.cluster import open_cluster
from instructor.collecting import (
    Roster,
    collect,
    import_into,
    known_assignments,
    parse_due,
    read_ledger,
)
from instructor.errors import InstructorError
from instructor.gradebook import Gradebook, open_gradebook
from instructor.grading import Options, grading_key
from instructor.pipeline import Grading, Submission
from instructor.records import locked
from instructor.sandbox import Limits
from instructor.worker import Spec

GIB = 2**30
ROSTER = "roster.csv"
"""The list of a class, used where it lies in its folder and no other one is named."""

DONE, UNGRADED, STOPPED = 0, 1, 130


def grade(arguments: argparse.Namespace) -> int:
    """Grade an assignment; return the exit code."""
    classroom = find(arguments.folder)
    assignment, others = load_assignments(classroom, arguments.name)
    seed = seeds.read(classroom.root)
    limits = limits_of(arguments)
    options = Options(restore_tests=arguments.restore_tests)
    spec = Spec(assignment, others, seed, limits, options, arguments.unsafe)
    if arguments.maker:
        spec = replace(spec, maker=arguments.maker)
    with ExitStack() as stack:
        stack.enter_context(_stopped_by_sigterm())
        stack.enter_context(locked(classroom.root))
        gradebook = stack.enter_context(open_gradebook(classroom.root, arguments.db))
        gradebook.check(assignment)
        submissions = gather(arguments, classroom, assignment.name, gradebook)
        grading = Grading(
            classroom.root,
            assignment,
            gradebook,
            key=grading_key(assignment, seed, options),
            limits=json.dumps(limits.to_json(), sort_keys=True),
        )
        return _grade(arguments, grading, submissions, spec)


def _grade(
    arguments: argparse.Namespace,
    grading: Grading,
    submissions: list[Submission],
    spec: Spec,
) -> int:
    name = grading.assignment.name
    if arguments.only:
        lacking = set(arguments.only) - {submission.student for submission in submissions}
        if lacking:
            raise InstructorError(
                f"There is no submission of {', '.join(sorted(lacking))}; expected students with "
                f"a folder in {grading.classroom / 'submitted'}."
            )
        submissions = [s for s in submissions if s.student in arguments.only]
    plan = grading.plan(submissions, again=None if arguments.again else ())
    healed = grading.gradebook.reconcile(grading.records.latest().values())
    if healed:
        print(f"Wrote {lines.counted(healed, 'grading')} that the gradebook did not have.")
    if plan.done:
        print(
            f"{lines.counted(len(plan.done), 'submission')} graded before; they stay as they are."
        )
    try:
        if plan.open:
            _run(arguments, grading, plan.open, spec)
    except KeyboardInterrupt:
        left = grading.plan(submissions).open
        print(
            f"\nStopped. {len(submissions) - len(left)} of "
            f"{lines.counted(len(submissions), 'submission')} are graded, and stored. The same "
            "command goes on with the others."
        )
        return STOPPED
    latest = grading.records.latest()
    records = [latest[s.student] for s in submissions if s.student in latest]
    print("\n".join(["", *lines.summary(records)]))
    if failed := lines.retried(records):
        named = ", ".join(lines.printable(record.student) for record in failed[:5])
        print(
            f"{lines.counted(len(failed), 'submission')} could not be graded for a reason on our "
            f"side ({named}{' …' if len(failed) > 5 else ''}). The same command tries them again; "
            f"what went wrong stands in {grading.records.folder.parent / 'faults'}."
        )
    elif records:
        print(
            f"Next: python -m instructor report {name} · feedback {name} · export {name}\n"
            "and formgrader for the texts (make instructor)."
        )
    return UNGRADED if failed else DONE


def _run(
    arguments: argparse.Namespace,
    grading: Grading,
    submissions: tuple[Submission, ...],
    spec: Spec,
) -> None:
    """Grade submissions with a bar and one line for each."""
    workers = min(arguments.workers or processors(), len(submissions))
    with open_cluster(spec, arguments.scheduler, workers, security(arguments)) as cluster:
        for note in cluster.notes:
            print(note)
        print(
            f"Grading {lines.counted(len(submissions), 'submission')} with "
            f"{lines.counted(cluster.workers, 'worker')}."
        )
        width = lines.width_of(submission.student for submission in submissions)
        with tqdm(
            total=len(submissions), unit="submission", file=sys.stderr, leave=False, disable=None
        ) as bar:
            for record in grading.run(submissions, cluster):
                if not arguments.quiet:
                    bar.write(lines.line(record, width), file=sys.stdout)
                    sys.stdout.flush()
                bar.update()


def load_assignments(classroom: Classroom, name: str) -> tuple[Assignment, tuple[Assignment, ...]]:
    """Return the assignment of this name as it was released, and the other ones of the class.

    Raises
    ------
    ClassroomError
        If the class has no such assignment.
    AssignmentError
        If the assignment cannot be graded by checks; others that cannot are left out.
    """
    assignment = Assignment.load(classroom.released(name))
    others = []
    for other in classroom.assignments():
        if other != name:
            try:
                others.append(Assignment.load(classroom.released(other)))
            except AssignmentError as error:  # concerns another assignment: said, not fatal
                print(f"note: {other} is no assignment that can be graded here: {error}")
    return assignment, tuple(others)


def gather(
    arguments: argparse.Namespace, classroom: Classroom, name: str, gradebook: Gradebook
) -> list[Submission]:
    """Collect what was handed in, and list what lies in the class's folder then.

    Problems are printed; none of them keeps the other submissions from being graded.
    """
    known = known_assignments(classroom.release)
    roster = load_roster(arguments, classroom)
    due = gradebook.due(name)
    if arguments.due:
        due = due_of(arguments.due)
        gradebook.set_due(name, due)
    if arguments.submissions:
        with collect(
            arguments.submissions, name, known, roster=roster, pattern=arguments.pattern, due=due
        ) as collection:
            _say_problems(collection.problems)
            imported = import_into(classroom.root, collection)
        counts = {action: sum(i.action == action for i in imported) for action in _ACTIONS}
        told = [f"{count} {action}" for action, count in counts.items() if count]
        print(f"Collected from {arguments.submissions}: {', '.join(told) or 'nothing'}.")
    if not classroom.submitted.is_dir():
        raise InstructorError(
            f"{classroom.submitted} is missing, so there is nothing to grade. Name a folder or zip "
            f"of submissions: python -m instructor grade {name} FOLDER_OR_ZIP"
        )
    with collect(classroom.submitted, name, known, due=due) as collection:
        if not arguments.submissions:
            _say_problems(collection.problems)
        submissions = submissions_of(classroom, name, collection)
    if roster is not None:
        gradebook.set_names(names_of(roster, {s.student for s in submissions}))
        missing = sorted({s.id for s in roster.students} - {s.student for s in submissions})
        if missing:
            more = f" … and {len(missing) - 10} more" if len(missing) > 10 else ""
            print(f"Nothing handed in: {', '.join(missing[:10])}{more}.")
    return submissions


_ACTIONS = ("new", "replaced", "unchanged", "kept newer")


def submissions_of(classroom: Classroom, name: str, collection: object) -> list[Submission]:
    """Return what lies in the class's folder, with what was known when it was collected."""
    ledger = read_ledger(classroom.root, name)
    found = []
    for item in collection.submissions:
        entry = ledger.get(item.student)
        late, when = item.late_seconds, item.timestamp
        if entry is not None and entry.digest == item.digest:
            late = entry.late_seconds if late is None else late
            when = when or entry.timestamp
        found.append(
            Submission(
                item.student,
                classroom.submission(item.student, name),
                item.digest,
                when.isoformat() if isinstance(when, datetime) else when or "",
                late,
            )
        )
    return found


def _say_problems(problems: object) -> None:
    for problem in problems:
        print(f"note: {lines.printable(str(problem), 500)}")


def load_roster(arguments: argparse.Namespace, classroom: Classroom) -> Roster | None:
    """Return the list of the class: the one that was named, or ``roster.csv`` in its folder."""
    path = arguments.roster or classroom.root / ROSTER
    return Roster.load(path) if arguments.roster or path.is_file() else None


def names_of(roster: Roster, students: set[str]) -> dict[str, dict[str, str]]:
    """Return what the roster says about these students, as the gradebook names it."""
    return {
        s.id: {
            "first_name": s.first_name,
            "last_name": s.last_name or ("" if s.first_name else s.full_name),
            "email": s.email,
            "lms_user_id": s.canvas_id,
        }
        for s in roster.students
        if s.id in students
    }


def due_of(text: str) -> datetime:
    """Return the moment that ``--due`` names.

    Raises
    ------
    InstructorError
        If it cannot be read.
    """
    try:
        return parse_due(text)
    except ValueError as error:
        raise InstructorError(f"--due: {error}") from None


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Return the limits of the sandbox that the command line names.

    Raises
    ------
    InstructorError
        If one of them makes no sense.
    """
    given = {
        "seconds": arguments.seconds,
        "cell_seconds": arguments.cell_seconds,
        "cpu_seconds": arguments.seconds,
        "memory": None if arguments.memory is None else int(arguments.memory * GIB),
        "processes": arguments.processes,
    }
    if arguments.seconds is not None and arguments.cell_seconds is None:
        given["cell_seconds"] = min(arguments.seconds, Limits().cell_seconds)
    try:
        return Limits(**{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        raise InstructorError(f"The limits make no sense: {error}") from None


def security(arguments: argparse.Namespace) -> object | None:
    """Return the certificates for a scheduler that asks for them, or None."""
    files = (arguments.tls_ca, arguments.tls_cert, arguments.tls_key)
    if not any(files):
        return None
    if not all(files):
        raise InstructorError(
            "Some of --tls-ca, --tls-cert and --tls-key are missing; expected all three or none."
        )
    from distributed import Security

    ca, certificate, key = map(str, files)
    return Security(
        tls_ca_file=ca,
        tls_client_cert=certificate,
        tls_client_key=key,
        require_encryption=True,
    )


def processors() -> int:
    """Return how many processes this machine can run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let SIGTERM, with which clusters end their jobs, stop the command as Control-C does."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
