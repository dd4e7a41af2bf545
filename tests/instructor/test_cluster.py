"""A scheduler and workers that are programs of their own: the right ones, lost ones, late ones."""

import contextlib
import os
import shutil
import signal

import psutil
import pytest

from instructor import seeds
from instructor.gradebook import open_gradebook
from instructor.grading import Options, grading_key
from instructor.pipeline import Grading
from instructor.records import Records
from instructor.sandbox import Limits
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
    scheduler,
    start,
    wait_for,
)
from tests.instructor.quick import ASSIGNMENT, LOG, NAME, Here, hand_in, rows
from tests.needs import needs_bubblewrap

pytestmark = [
    pytest.mark.instructor,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.name == "nt", reason="processes are ended in another way there"),
]


@pytest.fixture
def address(tmp_path):
    with scheduler(tmp_path) as found:
        yield found


@pytest.fixture
def log(tmp_path):
    return tmp_path / "begun"


@pytest.fixture
def worker(address, tmp_path, log):
    """Give a function that starts a worker, which ends with the test."""
    with contextlib.ExitStack() as stack:

        def join(*path, **settings):
            file = tmp_path / "worker.log"
            return stack.enter_context(
                dask_worker(address, file, *path, **{LOG: str(log), **settings})
            )

        yield join


@pytest.fixture
def grade(classroom, address):
    """Give a function that starts the command on the cluster."""
    started = []

    def run(*arguments, maker=quick.__name__ + ":make"):
        line = command(
            "grade", NAME, "--class", classroom, "--scheduler", address, *arguments, maker=maker
        )
        started.append(start(line, env=environment()))
        return started[-1]

    yield run
    for process in started:
        end(process)


def count(classroom):
    return sum(1 for _ in (classroom / "grading" / NAME / "records").glob("*/[0-9]*.json"))


def without_the_course(tmp_path):
    """Return a folder that hides an installed course from the worker that starts with it.

    A module, no package: the finder of an editable install would still find the modules of a
    package, whoever provides the package itself.
    """
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "instructor.py").write_text("")
    return folder


def expected_rows(original, tmp_path, students, text=""):
    twin = shutil.copytree(original, tmp_path / "twin")
    seed = seeds.read(twin)
    spec = Spec(ASSIGNMENT, (), seed, Limits(), Options())
    with open_gradebook(twin) as gradebook:
        run = Grading(twin, ASSIGNMENT, gradebook, grading_key(ASSIGNMENT, seed, Options()))
        for _ in run.run(hand_in(twin, students, text), Here(quick.make(spec).grade)):
            pass
    return rows(twin)


def test_workers_that_go_and_come(classroom, original, worker, grade, tmp_path, log):
    """One is killed in the middle, another joins: all is graded, and the secrets stay secret."""
    students = [f"student{number:03d}" for number in range(60)]
    hand_in(classroom, students)
    first = worker()
    worker()
    process = grade()
    wait_for(lambda: count(classroom) > 3, 120)
    end(first)
    worker()
    code, text = finish(process, 240)
    assert code == 0, text
    assert "60 submissions: " in text
    assert rows(classroom) == expected_rows(original, tmp_path, students)
    records = Records(classroom, NAME)
    assert {len(records.of(student)) for student in students} == {1}
    # What dask writes down and shows names neither students nor the seed.
    written = (tmp_path / "worker.log").read_text() + (tmp_path / "scheduler.log").read_text()
    assert "distributed.worker" in written
    assert seeds.read(classroom) not in written
    assert "student0" not in written


def test_a_submission_that_ends_its_worker_takes_no_other_with_it(
    classroom, worker, grade, tmp_path
):
    hand_in(classroom, [f"student{number}" for number in range(8)])
    hand_in(classroom, ["always"], "end this worker")
    hand_in(classroom, ["once"], "end one worker")
    hand_in(classroom, ["bug"], "a bug of ours")
    worker(nanny=True)
    worker(nanny=True)
    code, text = finish(grade(), 300)
    assert code == 1, text
    records = Records(classroom, NAME).latest()
    statuses = {student: record.result.status for student, record in records.items()}
    assert len(statuses) == 11
    assert statuses.pop("always") == "worker lost"
    assert statuses.pop("bug") == "grader's fault"
    assert set(statuses.values()) <= {"graded", "timed out"}
    assert "always    no score: worker lost" in text
    assert "(always, bug)" in text
    written = (tmp_path / "worker.log").read_text() + (tmp_path / "scheduler.log").read_text()
    assert seeds.read(classroom) not in written
    assert "ZeroDivisionError" not in written


def test_a_worker_of_another_version(classroom, worker, grade, tmp_path):
    hand_in(classroom, ["ada"])
    other = tmp_path / "other"
    skip = shutil.ignore_patterns("__pycache__")
    for package in ("utils", "instructor", "tools", "tests"):
        shutil.copytree(ROOT / package, other / package, ignore=skip)
    shutil.copytree(ROOT / "exercises", other / "exercises")
    shutil.copytree(ROOT / "solutions", other / "solutions")
    with (other / "instructor" / "lines.py").open("a") as file:
        file.write("\nOTHER = 1\n")
    worker(other)
    code, text = finish(grade())
    assert code == 3
    assert "has another version of the course" in text
    assert "Bring its copy to the version of this folder" in text
    assert "Traceback" not in text
    assert Records(classroom, NAME).latest() == {}


def test_a_worker_without_the_course(classroom, worker, grade, tmp_path):
    hand_in(classroom, ["ada"])
    worker(without_the_course(tmp_path))
    code, text = finish(grade())
    assert code == 3
    assert "does not have the course" in text
    assert "pip install -e '.[instructor]'" in text
    assert "Traceback" not in text


def test_a_worker_of_another_version_that_joins_late(classroom, worker, grade, tmp_path):
    hand_in(classroom, [f"student{number:03d}" for number in range(150)])
    worker()
    process = grade()
    wait_for(lambda: count(classroom) > 1, 120)
    worker(without_the_course(tmp_path))
    code, text = finish(process, 240)
    # Either it was done before the worker joined, or it says which worker is not the right one.
    if code == 0:
        assert count(classroom) == 150
    else:
        assert code == 3
        assert "needs the course, in the version of this folder" in text
        assert "Traceback" not in text.split("error: ")[1]
    assert 1 < count(classroom) <= 150


def test_no_workers_and_a_scheduler_that_goes(classroom, address, worker, grade, tmp_path):
    hand_in(classroom, [f"student{number:03d}" for number in range(150)])
    code, text = finish(grade())
    assert code == 3
    assert "has no workers. On each machine" in text
    assert f"dask worker {address} --nworkers N --nthreads 1" in text
    worker()
    process = grade()
    wait_for(lambda: count(classroom) > 3, 120)
    (found,) = [
        child
        for child in psutil.Process().children(recursive=True)
        if "scheduler" in child.cmdline() and str(tmp_path) in " ".join(child.cmdline())
    ]
    found.kill()
    code, text = finish(process)
    assert code == 3
    assert "What was graded is recorded. Start the scheduler again" in text
    assert "Traceback" not in text
    kept = count(classroom)
    assert 3 < kept < 150


def test_control_c(classroom, worker, grade):
    hand_in(classroom, [f"student{number:03d}" for number in range(150)])
    worker()
    for sent in (signal.SIGINT, signal.SIGTERM):
        before = count(classroom)
        process = grade()
        wait_for(lambda before=before: count(classroom) > before + 1, 120)
        process.send_signal(sent)
        code, text = finish(process)
        assert code == 130, text
        assert f"Stopped. {count(classroom)} of 150 submissions are graded" in text
        assert "Traceback" not in text
    code, text = finish(grade())
    assert code == 0, text
    assert "submissions graded before" in text
    records = Records(classroom, NAME)
    assert {len(records.of(student)) for student in records.latest()} == {1}
    assert count(classroom) == 150


def test_control_c_with_workers_of_its_own(classroom):
    """They share the terminal, so that Control-C reaches them as well; they leave it alone."""
    hand_in(classroom, [f"student{number:03d}" for number in range(150)])
    process = start(command("grade", NAME, "--class", classroom, "--workers", 2))
    wait_for(lambda: count(classroom) > 1, 120)
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    code, text = finish(process)
    assert code == 130, text
    assert "The same command goes on with the others." in text
    assert "Traceback" not in text
    assert psutil.wait_procs(family, timeout=30)[1] == []


@needs_bubblewrap
def test_the_real_thing_on_a_cluster(classroom, worker, grade, original, tmp_path):
    made = make_submissions(6, seed=2)
    for one in made:
        folder = classroom / "submitted" / one.student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_bytes(one.data)
    twin = shutil.copytree(classroom, tmp_path / "twin")
    for _ in range(2):
        worker()
    code, text = finish(grade(maker=""), 600)
    assert code == 0, text
    assert "Grading 6 submissions with 2 workers." in text
    assert "6 submissions: 6 with a score." in text
    alone = start(command("grade", NAME, "--class", twin, "--workers", 1, maker=""))
    code, text = finish(alone, 600)
    assert code == 0, text
    assert rows(classroom) == rows(twin)
