"""Kill the grading at any moment and run it again: nothing is lost, nothing is graded twice."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import psutil
import pytest
import sqlalchemy as sa
from nbgrader import api

from instructor.cluster import IN_HAND
from instructor.gradebook import VARIABLE, open_gradebook
from instructor.grading import Options, grading_key
from instructor.pipeline import Grading
from instructor.records import Records
from instructor.sandbox import Limits
from instructor.seeds import read
from instructor.worker import Spec
from tests.instructor import quick
from tests.instructor.making import make_submissions
from tests.instructor.processes import (
    ROOT,
    command,
    dask_worker,
    end,
    environment,
    finish,
    postgresql,
    scheduler,
    start,
)
from tests.instructor.quick import ASSIGNMENT, LOG, NAME, Here, hand_in, rows
from tests.needs import needs_bubblewrap, needs_postgresql

pytestmark = [
    pytest.mark.instructor,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.name == "nt", reason="processes are ended in another way there"),
]
WORKERS = 2


def notebooks(classroom):
    return {
        path.relative_to(classroom).as_posix(): path.read_bytes()
        for path in sorted((classroom / "autograded").rglob("*.ipynb"))
    }


def count(classroom):
    return sum(1 for _ in (classroom / "grading" / NAME / "records").glob("*/[0-9]*.json"))


def undisturbed(classroom, submissions):
    """Grade in this process, without a cluster and without a kill."""
    seed = read(classroom)
    key = grading_key(ASSIGNMENT, seed, Options())
    spec = Spec(ASSIGNMENT, (), seed, Limits(), Options())
    with open_gradebook(classroom) as gradebook:
        run = Grading(classroom, ASSIGNMENT, gradebook, key)
        for _ in run.run(submissions, Here(quick.make(spec).grade)):
            pass


def kill(process, how):
    """Kill the coordinator alone, or its whole group; see that no process stays behind."""
    family = psutil.Process(process.pid).children(recursive=True)
    if how == "group":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert [p.cmdline() for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def kill_again_and_again(line, classroom, how, kills, longest, rng, starting=4.0, **variables):
    """Start the command and kill it, `kills` times; return what was recorded at each kill.

    A third of the kills come within `starting` seconds of the start, the others within `longest`
    seconds of the first result.
    """
    seen = []
    while len(seen) < kills:
        before = count(classroom)
        with (classroom / "output").open("w") as output:
            process = start(line, env=environment(**variables), stdout=output)
        try:
            if len(seen) % 3 == 2:  # also while it starts
                time.sleep(rng.uniform(0, starting))
            else:
                while count(classroom) == before and process.poll() is None:
                    time.sleep(0.002)
                time.sleep(rng.uniform(0, longest))
            # If it was done before the kill: hand in more.
            assert process.poll() is None, (classroom / "output").read_text()
            kill(process, how)
        finally:
            end(process)
        seen.append(count(classroom))
    return seen


STUDENTS = [f"student{number:03d}" for number in range(120)]


@pytest.fixture(scope="module")
def graded_in_peace(original, tmp_path_factory):
    """Return a class whose submissions were graded without a cluster and without a kill."""
    folder = shutil.copytree(original, tmp_path_factory.mktemp("peace") / "classroom")
    undisturbed(folder, hand_in(folder, STUDENTS))
    return folder


@contextlib.contextmanager
def workers_elsewhere(folder, log):
    """Start a scheduler with workers that outlive the command; give the options that name it."""
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(scheduler(folder))
        for _ in range(WORKERS):
            file = folder / "worker.log"
            stack.enter_context(dask_worker(address, file, **{LOG: str(log)}))
        yield ["--scheduler", address]


@pytest.mark.parametrize(
    ("how", "database", "place", "kills"),
    [
        ("group", "SQLite", "here", 6),
        ("coordinator", "SQLite", "here", 4),
        pytest.param("coordinator", "PostgreSQL", "elsewhere", 10, marks=needs_postgresql),
    ],
)
def test_killed_at_random_moments(original, graded_in_peace, tmp_path, how, database, place, kills):
    """Twenty kills in all, of which six while processes start.

    The command starts workers of its own, or uses those of a scheduler, which go on with what they
    were handed while the command is started again.
    """
    rng = random.Random()
    classroom = shutil.copytree(original, tmp_path / "classroom")
    hand_in(classroom, STUDENTS)
    log = tmp_path / "log"
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{classroom / 'gradebook.db'}"
        if database == "PostgreSQL":
            url = stack.enter_context(postgresql())
        _copy_assignment(classroom, url)
        # Where no worker has to be started, the command is sooner at work and further in it.
        options, longest, starting = ["--workers", WORKERS], 0.4, 4.0
        if place == "elsewhere":
            options = stack.enter_context(workers_elsewhere(tmp_path, log))
            longest, starting = 0.25, 1.5
        variables = {LOG: str(log), VARIABLE: url}
        line = command("grade", NAME, "--class", classroom, *options)
        seen = kill_again_and_again(
            line, classroom, how, kills, longest, rng, starting, **variables
        )
        assert 0 < seen[-1] < len(STUDENTS)
        code, text = finish(start(line, env=environment(**variables)))
        assert code == 0, text
        assert f"{len(STUDENTS)} submissions: " in text
        assert rows(classroom, url) == rows(graded_in_peace)
    assert notebooks(classroom) == notebooks(graded_in_peace)

    records = Records(classroom, NAME)
    assert {student: len(records.of(student)) for student in STUDENTS} == dict.fromkeys(STUDENTS, 1)
    # What was under way at a kill is begun again, and nothing else is.
    begun = Counter(line for line in log.read_text().splitlines() if line.startswith("begin"))
    assert set(begun) == {f"begin {student}" for student in STUDENTS}
    assert sum(begun.values()) - len(STUDENTS) <= kills * WORKERS * IN_HAND


def _copy_assignment(classroom, url):
    """Copy the gradebook of the class, which holds assignments alone, into another database."""
    source = f"sqlite:///{classroom / 'gradebook.db'}"
    if url == source:
        return
    with (
        open_gradebook(classroom, source) as old,
        open_gradebook(classroom, url) as new,
        old.nbgrader.engine.connect() as left,
        new.nbgrader.engine.begin() as right,
    ):
        for table in api.Base.metadata.sorted_tables:
            entries = [dict(row) for row in left.execute(sa.select(table)).mappings()]
            if entries:
                right.execute(sa.insert(table), entries)


def test_killed_after_every_step_of_storing(original, tmp_path):
    """A process that stores submissions is killed at each step; then it is run again.

    A step is a statement or a commit of the database, a file that is forced to the disk or put in
    its place. The gradebook, the records and the notebooks are then those of a run that nobody
    disturbed.
    """
    classroom = shutil.copytree(original, tmp_path / "classroom")
    twin = shutil.copytree(original, tmp_path / "undisturbed")
    run = [sys.executable, "-m", "tests.instructor.killed", classroom, twin]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["steps"] > 50
    assert told["kinds"] == ["commit", "fsync", "replace", "statement"]
    assert told["different"] == []
    assert told["graded twice"] == []


@needs_bubblewrap
def test_killed_while_sandboxes_run(original, tmp_path):
    """The real thing: submissions that run in sandboxes, killed and run again."""
    rng = random.Random()
    classroom = shutil.copytree(original, tmp_path / "classroom")
    made = make_submissions(10, seed=6)
    for one in made:
        folder = classroom / "submitted" / one.student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_bytes(one.data)
    twin = shutil.copytree(classroom, tmp_path / "twin")
    options = ["--workers", WORKERS]
    real = command(
        "grade", NAME, "--class", classroom, *options, maker="instructor.worker:make_grader"
    )
    for how in ("group", "coordinator", "group"):
        kill_again_and_again(real, classroom, how, 1, 0.8, rng)
    for folder in (classroom, twin):
        line = command("grade", NAME, "--class", folder, *options, maker="")
        code, text = finish(start(line), 240)
        assert code == 0, text
        assert "10 submissions: " in text
    assert rows(classroom) == rows(twin)
    assert notebooks(classroom) == notebooks(twin)
    records = Records(classroom, NAME)
    assert {one.student: len(records.of(one.student)) for one in made} == {
        one.student: 1 for one in made
    }
