"""What the processes that grade run: one submission at a time, in sandboxes that stay warm.

A worker is told once what to grade with (`install`), and then gets one submission after the other
(`grade_one`). What it was told stays in its memory: neither the names of tasks nor what dask writes
to logs holds the private seed, a student or a submission.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import hashlib
import importlib
import json
import platform
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from distributed import get_worker

from instructor.assignment import Assignment
from instructor.grading import Graded, Grader, Options
from instructor.results import GRADERS_FAULT, Result, without_score
from instructor.sandbox import Limits, SandboxError
from instructor.sandbox.bubblewrap import require

ROOT = Path(__file__).resolve().parents[1]
DECIDES = ("utils", "instructor")
"""The packages whose files decide what a submission gets."""

COMPARED = ("numpy", "torch", "nbformat")
"""Packages from elsewhere that may change a result; other versions are reported, not refused."""

GRACE = 60.0
"""Seconds beside those of the sandbox after which a worker that hangs ends itself."""


class _Grades(Protocol):
    def grade(self, data: bytes, student: str) -> Graded: ...

    def close(self) -> None: ...


@dataclass(frozen=True, repr=False)
class Spec:
    """Everything that grading depends on beside the submission.

    Its text form says nothing: it would stand in logs.

    Attributes
    ----------
    assignment : Assignment
    others : tuple of Assignment
        The other assignments of the class, to recognise a notebook that was handed in for this one.
    seed : str or None
        The private seed; None for the public inputs.
    limits : Limits
    options : Options
    unsafe : bool
        Grade without bubblewrap.
    maker : str
        ``module:function`` that makes the grader from the spec; tests put a quick one here.
    """

    assignment: Assignment
    others: tuple[Assignment, ...] = ()
    seed: str | None = None
    limits: Limits = field(default_factory=Limits)
    options: Options = field(default_factory=Options)
    unsafe: bool = False
    maker: str = "instructor.worker:make_grader"

    def __repr__(self) -> str:
        return f"<what {self.assignment.name} is graded with>"


@dataclass(frozen=True, repr=False)
class Job:
    """One submission; its text form says nothing, as it would stand in logs.

    Attributes
    ----------
    student : str
    data : bytes
        The file as it was handed in.
    """

    student: str
    data: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    def __repr__(self) -> str:
        return "<a submission>"


@dataclass(frozen=True, repr=False)
class Outcome:
    """A graded submission.

    Attributes
    ----------
    result : Result
    notebook : str
        The autograded notebook as JSON; empty where there is none.
    no_response : tuple of str
        `grade_id` of every answer cell that is as it was released.
    fault : str
        For the status "grader's fault": where the grading itself failed, for whoever mends it.
    """

    result: Result
    notebook: str = ""
    no_response: tuple[str, ...] = ()
    fault: str = ""

    def __repr__(self) -> str:
        return "<a graded submission>"


@dataclass(frozen=True)
class NotInstalled:
    """The answer of a worker that was not told yet what to grade with."""

    worker: str


@dataclass(frozen=True)
class Unable:
    """The answer of a worker that cannot grade at all, such as for want of a sandbox."""

    worker: str
    reason: str


def make_grader(spec: Spec) -> Grader:
    """Make the real thing: a grader that runs submissions in sandboxes."""
    return Grader(
        spec.assignment,
        seed=spec.seed,
        limits=spec.limits,
        options=spec.options,
        unsafe=spec.unsafe,
        others=spec.others,
    )


def untouched(notebook: str, assignment: Assignment) -> tuple[str, ...]:
    """Return the `grade_id` of every answer cell that is as it was released.

    nbgrader's `SaveAutoGrades` tells it by a check sum of the source; this compares the source.

    Parameters
    ----------
    notebook : str
        The autograded notebook as JSON.
    assignment : Assignment
    """
    released = {
        cell.grade_id: cell.source
        for cell in assignment.cells
        if cell.nbgrader.get("solution") and not cell.nbgrader.get("task")
    }
    found = {
        cell["metadata"].get("nbgrader", {}).get("grade_id"): "".join(cell["source"])
        for cell in (json.loads(notebook)["cells"] if notebook else ())
    }
    return tuple(name for name, source in released.items() if found.get(name) == source)


def outcome_of(graded: Graded, assignment: Assignment) -> Outcome:
    """Return a graded submission as it travels and is stored."""
    return Outcome(graded.result, graded.notebook, untouched(graded.notebook, assignment))


# --- in the worker -------------------------------------------------------------------------------


class _CannotBegin(Exception):
    """This worker cannot grade anything; the message says why."""


class _Installed:
    """What this process grades with."""

    def __init__(self, token: str, spec: Spec) -> None:
        self.token = token
        self.spec = spec
        self.grader: _Grades | None = None

    def open(self) -> _Grades:
        """Return the grader, made when the first submission comes."""
        if self.grader is None:
            module, _, name = self.spec.maker.partition(":")
            try:
                self.grader = getattr(importlib.import_module(module), name)(self.spec)
            except Exception as error:  # of any kind: nothing was graded, and nothing will be
                raise _CannotBegin(f"{type(error).__name__}: {error}") from error
        return self.grader

    def close(self) -> None:
        if self.grader is not None:
            self.grader.close()
            self.grader = None


_installed: _Installed | None = None
_one_at_a_time = threading.Lock()
"""Judging redirects output and warnings of the whole process: two at once would mix them up."""


def install(token: str, spec: Spec) -> None:
    """Tell this process what to grade with from now on."""
    global _installed
    with _one_at_a_time:
        if _installed is not None and _installed.token == token:
            return
        _forget()
        _installed = _Installed(token, spec)


def uninstall(token: str) -> None:
    """Forget what was installed under this token, and end the sandboxes."""
    with _one_at_a_time:
        if _installed is not None and _installed.token == token:
            _forget()


def _forget() -> None:
    global _installed
    if _installed is not None:
        _installed.close()
    _installed = None


def grade_one(token: str, job: Job, worker: str = "") -> Outcome | NotInstalled | Unable:
    """Grade one submission.

    Parameters
    ----------
    token : str
        That of `install`.
    job : Job
    worker : str
        The name of this worker in messages; its address if left out.

    Returns
    -------
    Outcome
        With the status "grader's fault" where the grading itself failed; or why this worker could
        not begin.
    """
    name = worker or _own_name()
    with _one_at_a_time:
        if _installed is None or _installed.token != token:
            return NotInstalled(name)
        spec = _installed.spec
        try:
            with _within_a_worker(3 * spec.limits.seconds + GRACE):
                return _grade(_installed.open(), spec, job)
        except _CannotBegin as error:
            return Unable(name, str(error))


def _grade(grader: _Grades, spec: Spec, job: Job) -> Outcome:
    try:
        return outcome_of(grader.grade(job.data, job.student), spec.assignment)
    except SandboxError as error:
        raise _CannotBegin(str(error)) from error
    except Exception as error:  # a bug of ours is never the learner's zero: it gets a status
        result = without_score(
            job.student,
            spec.assignment,
            job.digest,
            GRADERS_FAULT,
            f"The grader stopped with {type(error).__name__}.",
            key="",
        )
        return Outcome(result, fault="".join(traceback.format_exception(error)))


@contextlib.contextmanager
def _within_a_worker(patience: float) -> Iterator[None]:
    """Make a process that belongs to dask safe to kill, and end it when it hangs.

    Temporary files go where dask removes them after a kill; nobody else would. The limits of the
    sandbox hold for the submission, `patience` (seconds) is for us: a worker that hangs while it
    judges ends itself, and the submission is tried once more on its own.
    """
    try:
        folder = get_worker().local_directory
    except ValueError:  # the process is somebody else's
        yield
        return
    before, tempfile.tempdir = tempfile.tempdir, folder
    faulthandler.dump_traceback_later(patience, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        tempfile.tempdir = before


def _own_name() -> str:
    try:
        return get_worker().address
    except ValueError:  # not in a worker of dask
        return platform.node()


# --- is this worker the right one? ---------------------------------------------------------------


@functools.cache
def course_fingerprint() -> str:
    """Return the hash of all files that decide what a submission gets, 16 hexadecimal digits.

    A process keeps the code that it has imported: this is asked first when it imports this module.
    """
    digest = hashlib.sha256()
    for package in DECIDES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".toml") and path.is_file():
                name = path.relative_to(ROOT).as_posix()
                content = path.read_bytes().replace(b"\r\n", b"\n")
                digest.update(f"\n{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def describe(unsafe: bool) -> dict[str, Any]:
    """Describe this process for the coordinator.

    Returns
    -------
    dict
        ``course``: the fingerprint; ``versions``: of Python and packages; ``sandbox``: why there
        can be none, or empty; ``host``: the machine's name.
    """
    problem = ""
    if not unsafe:
        try:
            require()
        except Exception as error:  # whatever keeps the sandbox from running is for the instructor
            problem = str(error)
    return {
        "course": course_fingerprint(),
        "versions": _versions(),
        "sandbox": problem,
        "host": platform.node(),
    }


def _versions() -> Mapping[str, str]:
    found = {"Python": platform.python_version()}
    for package in COMPARED:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


course_fingerprint()
