"""The sandbox of one assignment: a warm process, and sessions made from it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from . import bubblewrap
from .errors import SandboxError
from .limits import Limits
from .session import Session
from .warm import WarmProcess

_warned: set[str] = set()


class Sandbox:
    """A warm process with the imports behind it, from which every submission gets a fork.

    Parameters
    ----------
    course : Path
        Folder with the copy of the course: ``utils`` without answers, first on `sys.path` inside.
    warm_up : sequence of str
        Import statements that are run once, before any submission.
    limits : Limits
        What a session may use, if it is not given limits of its own.
    unsafe : bool
        Run without bubblewrap: a submission can then do whatever the grader's user may.

    Raises
    ------
    SandboxError
        If `course` has no ``utils``.

    Examples
    --------
    >>> with Sandbox(course) as sandbox, sandbox.session() as session:  # doctest: +SKIP
    ...     session.run_cell("x = 1 + 1")
    ...     session.value("x")
    2
    """

    def __init__(
        self,
        course: Path,
        warm_up: Sequence[str] = (),
        limits: Limits | None = None,
        unsafe: bool = False,
    ) -> None:
        self.course = Path(course).resolve()
        if not (self.course / "utils" / "checks" / "running.py").is_file():
            raise SandboxError(
                f"{self.course} is no copy of the course: it has no utils/checks/running.py."
            )
        self.warm_up = tuple(warm_up)
        self.limits = limits or Limits()
        self.unsafe = unsafe
        self.warm_up_seconds = 0.0
        self._process: WarmProcess | None = None
        self._cold = False  # whether every session needs a warm process of its own
        self._number = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether there is a warm process; without one the next session starts it."""
        return self._process is not None and self._process.alive

    def start(self) -> None:
        """Start the warm process, if it does not run.

        Raises
        ------
        SandboxError
            If bubblewrap cannot be used here, or a warm-up fails.
        """
        with self._lock:
            self._start()

    def session(self, limits: Limits | None = None) -> Session:
        """Make a session for one submission.

        Raises
        ------
        SandboxError
            As `start` does.
        """
        with self._lock:
            self._start()
            self._number += 1
            process = self._process
            if self._cold:
                self._process = None  # its one session ends it
            return Session(process, self._number, limits or self.limits, owns=self._cold)

    def close(self) -> None:
        """End the warm process and every session of it."""
        with self._lock:
            if self._process is not None:
                self._process.close()
            self._process = None

    def _start(self) -> None:
        if self.alive:
            return
        if self._process is not None:
            self._process.close()
            self._process = None
        began = time.monotonic()
        if self.unsafe:
            _warn_once(
                "submissions run without a sandbox. They can read, change and delete whatever you "
                "can, other submissions and the gradebook included."
            )
        else:
            bubblewrap.require()
        nested = not self.unsafe and not self._cold
        self._process = WarmProcess(self.course, self.warm_up, self.unsafe, nested)
        if nested and not self._process.can_nest:
            why = self._process.why_not_nested
            _warn_once(
                "this system allows no namespaces within the sandbox, so each submission starts a "
                f"sandbox of its own, which takes some seconds more. The system said: {why}."
            )
            self._cold = True
        self.warm_up_seconds = time.monotonic() - began


def _warn_once(text: str) -> None:
    if text not in _warned:
        _warned.add(text)
        print(f"Warning: {text}", file=sys.stderr)
