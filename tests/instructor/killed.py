"""Kill a process that stores gradings after its first step, its second, and so on.

``python -m tests.instructor.killed CLASSROOM UNDISTURBED`` prints what was found as JSON. It forks,
which is safe in a small process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from instructor.records import Records
from tests.instructor.quick import NAME, Here, grading, hand_in, rows

STUDENTS = ("ada", "bob")


def main(classroom: Path, undisturbed: Path) -> None:
    """Compare a run that is killed at each step with one that is not."""
    work(undisturbed)
    kinds = count_steps(shutil.copytree(classroom, classroom.with_name("counted")))
    different, twice = [], []
    expected = rows(undisturbed)
    for step in range(1, len(kinds) + 1):
        copy = shutil.copytree(classroom, classroom.with_name(f"killed-{step}"))
        pid = os.fork()
        if pid == 0:
            on_every_step(
                lambda seen, last=step: seen == last and os.kill(os.getpid(), signal.SIGKILL)
            )
            work(copy)
            os._exit(1)  # the kill did not come
        _, state = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(state), f"step {step} was not reached: {state}"
        assert os.WTERMSIG(state) == signal.SIGKILL
        work(copy)
        if rows(copy) != expected or files(copy) != files(undisturbed):
            different.append([step, kinds[step - 1]])
        counts = {student: len(Records(copy, NAME).of(student)) for student in STUDENTS}
        if set(counts.values()) != {1}:
            twice.append([step, counts])
        shutil.rmtree(copy)
    told = {
        "steps": len(kinds),
        "kinds": sorted(set(kinds)),
        "different": different,
        "graded twice": twice,
    }
    print(json.dumps(told))


def work(classroom: Path) -> None:
    """Grade and store what is open, as the command does."""
    submissions = hand_in(classroom, STUDENTS)
    run = grading(classroom)
    with run.gradebook:
        plan = run.plan(submissions)
        run.gradebook.reconcile(run.records.latest().values())
        for _ in run.run(plan.open, Here()):
            pass


def count_steps(classroom: Path) -> list[str]:
    """Return the kind of every step of a run, found in a process of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        kinds = on_every_step(lambda seen: None)
        work(classroom)
        os.write(writing, json.dumps(kinds).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        kinds = json.loads(file.read())
    os.waitpid(pid, 0)
    return kinds


def on_every_step(react: Callable[[int], object]) -> list[str]:
    """Call `react` with the number of each step after it; return the list that kinds go into."""
    kinds: list[str] = []

    def step(kind: str) -> None:
        kinds.append(kind)
        react(len(kinds))

    def wrap(name: str) -> None:
        original = getattr(os, name)

        def wrapped(*arguments: object) -> object:
            value = original(*arguments)
            step(name)
            return value

        setattr(os, name, wrapped)

    wrap("replace")
    wrap("fsync")
    sa.event.listen(sa.Engine, "after_cursor_execute", lambda *_: step("statement"))
    sa.event.listen(sa.Engine, "commit", lambda *_: step("commit"))
    return kinds


def files(classroom: Path) -> dict[str, bytes]:
    """Return the autograded notebooks."""
    return {
        path.relative_to(classroom).as_posix(): path.read_bytes()
        for path in sorted((classroom / "autograded").rglob("*.ipynb"))
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
