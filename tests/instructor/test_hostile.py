"""Hostile and broken submissions: what comes of each, and that none harms another.

The first part reads and merges them, which needs no sandbox and runs nothing of theirs. The second
part grades all of them in one warm sandbox, with honest submissions between, and looks at what is
left of the class folder, the processes and the network afterwards.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

from instructor.assignment import Assignment
from instructor.collecting import collect
from instructor.grading import Graded, Grader
from instructor.merging import merge
from instructor.records import Records
from instructor.results import GRADED, Result
from instructor.sandbox import Limits
from instructor.submission import Rejected, read_submission
from tests.instructor.classes import small_class, with_environment
from tests.instructor.hostile import ALL, ESCAPED, HONEST, NAME, Hostile, Sheet, World
from tests.instructor.hostile.archives import HELD
from tests.instructor.making import make_submissions
from tests.needs import needs_bubblewrap

ROOT = Path(__file__).resolve().parents[2]
SECRET = "swordfish-7f3a-of-the-grader"
EXERCISES = {f"{name}-check" for name in HONEST}


def load(name: str = NAME) -> Assignment:
    return Assignment.load(ROOT / "exercises" / name / f"{name}.ipynb")


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return load()


@pytest.fixture(scope="module")
def others() -> list[Assignment]:
    return [load("01_backprop_recap"), load("03_rnn_backward")]


# --- the set itself -----------------------------------------------------------------------------


def test_the_set_is_large_and_every_member_says_what_it_does():
    assert len(ALL) >= 100
    for case in ALL.values():
        assert re.fullmatch(r"[A-Z].*\.", case.story.strip(), re.DOTALL), case.name
    assert len({case.data() for case in ALL.values()}) == len(ALL)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_member_is_made_the_same_each_time(name):
    assert ALL[name].data() == ALL[name].data()


# --- reading and merging ------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_is_no_submission_is_refused_before_anything_runs(name, assignment, others):
    case = ALL[name]
    read = read_submission(case.data(), assignment, others)
    if isinstance(read, Rejected):
        assert read.reason in case.status
        assert not case.runs
        assert re.search(case.detail, read.detail)
        assert_plain(read.detail)
        return
    merged = merge(assignment, read)
    expected = "edited tests" if merged.edited else GRADED
    if case.runs:
        assert "edited tests" not in case.status or expected in case.status
        assert expected == GRADED or expected in case.status
    else:
        assert expected in case.status
    assert any(
        re.search(case.note, note) for note in [*merged.notes, ""] if case.note == "" or note
    )
    for note in merged.notes:
        assert_plain(note)
    for cell, released in zip(
        [cell for cell in merged.cells if cell.role in ("given", "check")],
        [cell for cell in assignment.cells if cell.role in ("given", "check")],
        strict=True,
    ):
        assert (cell.grade_id, cell.source) == (released.grade_id, released.source)


def assert_plain(text: str) -> None:
    """Assert that a text can be shown on a terminal: short, and without control characters."""
    assert len(text) < 2000
    assert text.replace("\n", "").isprintable(), repr(text)


# --- collecting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(HELD))
def test_archives_are_collected_without_harm(name, tmp_path):
    case, world = HELD[name], make_world(tmp_path)
    before = fingerprints(world)
    (tmp_path / "in" / "deep" / "deeper").mkdir(parents=True)
    source = case.build(tmp_path / "in" / "deep" / "deeper", world)
    known = {NAME: load().grade_ids}
    with collect(source, NAME, known) as found:
        problems, students = found.problems, {item.student for item in found.submissions}
        for item in found.submissions:
            assert SECRET.encode() not in item.read()
    assert {problem.kind for problem in problems} >= case.problems
    assert students >= case.students
    assert all(re.fullmatch(r"[\w.@+-][\w .@+-]*", student) for student in students), students
    for problem in problems:
        assert_plain(str(problem))
    assert fingerprints(world) == before
    assert not list(tmp_path.rglob("pwned*"))
    assert not Path("/pwned").exists()


# --- grading ------------------------------------------------------------------------------------


def make_world(folder: Path, port: int = 9) -> World:
    """Make a class folder with what nobody may read or change."""
    world = World(folder / "classroom", SECRET, port)
    for path in world.files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"of ada: {SECRET}\n")
        path.chmod(0o666)  # what protects it is the sandbox, and not the mode of the file
    return world


def fingerprints(world: World) -> dict[str, str]:
    """Return a digest of every file of the class folder."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(world.classroom.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def visits() -> Iterator[tuple[int, list[object]]]:
    """Count who connects to a server on this machine, by TCP and by an abstract name."""
    seen: list[object] = []
    servers = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
    servers[1].bind("\0unrolled")
    servers[1].listen()

    def listen(server: socket.socket) -> None:
        while True:
            try:
                seen.append(server.accept())
            except OSError:
                return

    for server in servers:
        threading.Thread(target=listen, args=(server,), daemon=True).start()
    yield servers[0].getsockname()[1], seen
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory, visits) -> Iterator[World]:
    """A class folder in the home of whoever grades, and a secret in the environment."""
    folder = tmp_path_factory.mktemp("hostile")
    os.environ["SECRET_OF_THE_GRADER"] = f"postgresql://teacher:{SECRET}@localhost/gradebook"
    yield make_world(folder, visits[0])
    del os.environ["SECRET_OF_THE_GRADER"]
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def grader(assignment, others, world) -> Iterator[Grader]:
    """One warm sandbox for the whole class, with short limits."""
    limits = Limits(
        seconds=60.0,
        cell_seconds=8.0,
        cpu_seconds=60.0,
        memory=1200 * 2**20,
        processes=32,
        output=300_000,
        disk=32 * 2**20,
    )
    with Grader(assignment, SECRET, limits, others=others) as made:
        yield made


def descendants() -> set[tuple[int, float]]:
    """Return the processes below this one, each with the time of its start."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.add((process.pid, process.create_time()))
        except psutil.NoSuchProcess:
            continue
    return found


def scores(result: Result) -> dict[str, float | None]:
    return {item.grade_id.removesuffix("-check"): item.points for item in result.exercises}


def without_times(graded: Graded) -> tuple[dict, dict]:
    """Return a result and its notebook without what differs from run to run."""
    told = json.loads(graded.result.to_json())
    for item in [told, *told["exercises"]]:
        item["seconds"] = 0
    return told, json.loads(graded.notebook)


@pytest.fixture(scope="module")
def alone(assignment, others) -> dict[str, Graded]:
    """What honest submissions come to in a sandbox that has seen nothing else."""
    with Grader(assignment, SECRET, others=others) as fresh:
        return {made.student: fresh.grade(made.data, made.student) for made in honest()}


def honest():
    """A few submissions of people who mean no harm."""
    made = make_submissions(12, seed=5)
    kinds = dict.fromkeys(item.kind for item in made)
    return [next(item for item in made if item.kind == kind) for kind in kinds if kind != "slow"]


def order() -> list[Hostile]:
    """Return the hostile ones in an order in which what one leaves is looked for by the next."""
    pairs = ["inputs_handed_on", "inputs_of_the_one_before"]
    rest = [case for name, case in ALL.items() if name not in pairs]
    return [*(ALL[name] for name in pairs), *rest]


@pytest.mark.instructor
@needs_bubblewrap
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", order(), ids=lambda case: case.name)
def test_hostile_submission(case, grader, world, visits):
    before, processes = fingerprints(world), descendants()
    graded = grader.grade(case.data(world), "mallory")
    result = graded.result
    assert result.status in case.status, (result.status, result.detail)
    assert_points_are_earned(case, result)
    assert any(re.search(case.note, note) for note in result.notes) or not case.note
    if result.status != GRADED:
        assert re.search(case.detail, result.detail), result.detail
        assert result.detail
    assert_harmless(graded)
    assert fingerprints(world) == before
    assert not visits[1]
    assert settled(processes), "a process of the submission is left"
    assert Result.from_json(result.to_json()) == result


def assert_points_are_earned(case: Hostile, result: Result) -> None:
    """Assert that each exercise has what was earned, and no total where something stopped it."""
    assert len(result.exercises) == 11
    for exercise, points in scores(result).items():
        earned = case.points.get(exercise, 0.0)
        if result.status == GRADED or exercise in case.reached:
            assert points == pytest.approx(earned, abs=1e-9), exercise
        else:
            assert points is None or points <= earned + 1e-9, exercise
    if result.status == GRADED:
        assert result.points == pytest.approx(sum(case.points.values()), abs=1e-9)
    else:
        assert result.points is None


def assert_harmless(graded: Graded) -> None:
    """Assert that nothing that comes out holds a secret, a script or a way out."""
    notebook = nbformat.reads(graded.notebook, as_version=4)
    nbformat.validate(notebook)
    outputs = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    told = graded.result.to_json()
    assert ESCAPED not in outputs + told
    assert SECRET not in graded.notebook.replace(SECRET[::-1], "") + told
    assert len(graded.notebook) < 8_000_000
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert set(output.get("data", {})) <= {"text/plain", "image/png", "text/html"}
            if "text/html" in output.get("data", {}):
                assert cell.metadata.nbgrader.grade_id.endswith("-check")
                assert not re.search(r"<(script|img|svg|iframe)", output["data"]["text/html"])
    assert_plain(graded.result.detail)
    for text in graded.result.notes:
        assert_plain(text)
    for exercise in graded.result.exercises:
        for _, text, _ in exercise.lines:
            shown = text.replace("\n", "").replace("\t", "")
            assert shown.isprintable(), f"control characters in {shown[:100]!r}"


def settled(before: set[tuple[int, float]], patience: float = 10.0) -> bool:
    """Wait until no process is left but those that were there, or a new warm one in place of it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if len(descendants()) <= max(len(before), warm_processes()):
            return not daemons()
        time.sleep(0.1)
    return False


def warm_processes() -> int:
    """Return how many processes two warm sandboxes have: bwrap, its child and Python, each."""
    return 6


def daemons() -> list[int]:
    """Return the processes anywhere on the machine that a submission has renamed and left."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if "unrolled-daemon-that-stays" in (process.info["cmdline"] or []):
            found.append(process.pid)
    return found


@pytest.mark.instructor
@needs_bubblewrap
@pytest.mark.timeout(900)
def test_honest_submissions_score_the_same_between_hostile_ones(grader, world, alone):
    rough = [
        "deleting_everything",
        "numpy_replaced",
        "channel_flooded",
        "killing_the_others",
        "segmentation_fault",
        "course_written_over",
        "inputs_handed_on",
        "daemon_that_stays",
    ]
    for number, made in enumerate(honest()):
        grader.grade(ALL[rough[number % len(rough)]].data(world), "mallory")
        between = grader.grade(made.data, made.student)
        assert without_times(between) == without_times(alone[made.student]), made.kind


@pytest.mark.instructor
@needs_bubblewrap
@pytest.mark.timeout(900)
def test_solution_earns_every_point_behind_all_of_them(grader, assignment):
    graded = grader.grade(Sheet.solution().data(), "grace")
    assert graded.result.status == GRADED, graded.result.detail
    assert graded.result.points == assignment.possible


@pytest.mark.instructor
@needs_bubblewrap
@pytest.mark.timeout(900)
def test_one_run_of_a_class_with_hostile_submissions_among_it(tmp_path, alone, assignment):
    classroom = small_class(tmp_path)
    good = {made.student: made.data for made in honest()}
    bad = {
        "exit": "exit_in_a_cell",
        "fault": "segmentation_fault",
        "bomb": "fork_bomb",
        "deletes": "deleting_everything",
        "empty": "empty_file",
        "edited": "more_points_in_the_check",
        "forger": "arrays_in_place_of_words",
    }
    world = World(classroom.root, "nothing", 9)
    files = {**good, **{student: ALL[name].data(world) for student, name in bad.items()}}
    for student, data in files.items():
        path = classroom.submission(student, NAME)
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    command = [sys.executable, "-m", "instructor", "grade", NAME, "--class", str(classroom.root)]
    done = subprocess.run(
        [*command, "--workers", "2", "--cell-seconds", "30"],
        cwd=ROOT,
        env=with_environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    records = Records(classroom.root, NAME).latest()
    assert set(records) == set(files)
    for student in good:
        assert scores(records[student].result) == scores(alone[student].result)
    for student, name in bad.items():
        assert records[student].result.status in ALL[name].status, done.stdout
        assert_points_are_earned(ALL[name], records[student].result)
    for student, data in files.items():
        assert classroom.submission(student, NAME).read_bytes() == data
