"""Programs that tests start: the command itself, a scheduler, workers, PostgreSQL."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.needs import postgresql_programs

ROOT = Path(__file__).resolve().parents[2]
QUICK = "tests.instructor.quick:make"

# A test that runs in the background of a shell would hand down that Control-C is ignored.
_MAIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from instructor.commands import main
sys.exit(main({arguments}, {maker!r}))
"""


def environment(*path: Path, **variables: str) -> dict[str, str]:
    """Return environment variables for a program that imports from `path`."""
    folders = os.pathsep.join(map(str, path or (ROOT,)))
    return {**os.environ, "PYTHONPATH": folders, "OMP_NUM_THREADS": "1", **variables}


def command(*arguments: object, maker: str = QUICK) -> list[str]:
    """Return the command line of the grading command, with a quick grader unless told otherwise."""
    return [
        sys.executable,
        "-c",
        _MAIN.format(arguments="sys.argv[1:]", maker=maker),
        *map(str, arguments),
    ]


def start(line: Sequence[str], **settings: object) -> subprocess.Popen[str]:
    """Start a program in a process group of its own."""
    return subprocess.Popen(
        line,
        **{
            "cwd": ROOT,
            "env": environment(),
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
            "start_new_session": True,
            **settings,
        },
    )


def finish(process: subprocess.Popen[str], seconds: float = 120) -> tuple[int, str]:
    """Wait for a program; return its exit code and what it printed."""
    text, _ = process.communicate(timeout=seconds)
    return process.returncode, text


def end(process: subprocess.Popen[str]) -> None:
    """Kill a program with all of its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until a condition holds; fail if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.02)


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """Start a dask scheduler as a program of its own and give its address."""
    file = folder / "scheduler.json"
    line = [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0"]
    with (folder / "scheduler.log").open("w") as log:
        process = start(
            [*line, "--no-dashboard", "--scheduler-file", str(file)],
            cwd=folder,
            stdout=log,
            env=environment(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0"),
        )
        try:
            wait_for(lambda: file.exists() and file.read_text().rstrip().endswith("}"))
            yield json.loads(file.read_text())["address"]
        finally:
            end(process)


@contextmanager
def dask_worker(
    address: str, log: Path, *path: Path, nanny: bool = False, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a dask worker as a program of its own."""
    line = [sys.executable, "-m", "dask", "worker", address, "--nthreads", "1"]
    line += ["--no-dashboard", "--death-timeout", "60"] + ([] if nanny else ["--no-nanny"])
    with log.open("a") as file:
        process = start(line, env=environment(*path, **variables), cwd=log.parent, stdout=file)
        try:
            yield process
        finally:
            end(process)


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL server with an empty database and give its address.

    It refuses to run as root: then it runs as `nobody`, who owns its folder.
    """
    programs = postgresql_programs()
    folder = Path(tempfile.mkdtemp(prefix="gradebook-", dir="/tmp"))
    owner = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", "grader", "-A", "trust", "-E", "UTF8", "--no-sync"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
        **owner,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **owner,
    )
    url = f"postgresql+psycopg://grader@/postgres?host={folder}"
    try:
        wait_for(lambda: _answers(url))
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
        shutil.rmtree(folder)


def _answers(url: str) -> bool:
    engine = sa.create_engine(url)
    try:
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()
