"""A sandbox that protects from nothing and says what it is told to: for tests of what is around it.

Cells run in this process. A cell that consists of ``STOP reason`` ends the session with this
reason; one that consists of ``SOFT reason`` is stopped alone.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import linecache
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from instructor.sandbox import MISSING, CellOutcome, Opaque, Stopped
from utils.checks.running import NOT_STARTED, Answer, run


class PretendSession:
    """One submission's namespace."""

    seconds = 1.0

    def __init__(self, changes: Mapping[str, Any] | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.changes = dict(changes or {})
        self.cells: list[str] = []

    def __enter__(self) -> PretendSession:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def run_cell(self, source: str, name: str = "") -> CellOutcome:
        """Run a cell, or be stopped by it."""
        self.cells.append(name)
        word, _, reason = source.partition(" ")
        if word == "STOP":
            raise Stopped(reason, f"It was {reason}.", alive=False)
        if word == "SOFT":
            return CellOutcome([], None, 0.1, reason)
        printed, error, file = io.StringIO(), None, f"<ipython-{name}-{len(self.cells)}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(source, file, "exec"), self.names)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        text = printed.getvalue()
        outputs = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
        place = ("the line", 2) if error else ("", None)
        return CellOutcome(outputs, error, 0.1, None, *place)

    def value(self, name: str) -> Any:
        """Return a variable."""
        value = self.names.get(name, MISSING)
        return Opaque(type(value).__name__, True) if callable(value) else value

    def call(
        self,
        name: str,
        outputs: list[str],
        cases: list[Mapping[str, Any]],
        call: str | None = None,
        parameters: list[str] | None = None,
        check: str = "",
    ) -> list[Answer]:
        """Call a function on all cases, or do what the test has asked for."""
        if name in self.changes:
            changed = self.changes[name]
            if isinstance(changed, Exception):
                raise changed
            return changed(cases)
        function = self.names.get(name)
        if not callable(function):
            return [Answer({}, NOT_STARTED) for _ in cases]
        adapter = None
        if call:
            module, _, qualified = call.partition(":")
            adapter = getattr(importlib.import_module(module), qualified)
        with np.errstate(all="ignore"):
            return [run(function, case, outputs, adapter, parameters) for case in cases]


class PretendSandbox:
    """Stands for `Sandbox`; tests look at what was started."""

    changes: ClassVar[Mapping[str, Any]] = {}
    started: ClassVar[list[PretendSandbox]] = []
    sessions: ClassVar[list[PretendSession]] = []

    def __init__(self, course: Any, warm_up: Any = (), limits: Any = None, unsafe: bool = False):
        self.course, self.closed = course, False

    def start(self) -> None:
        """Note that it was started."""
        self.started.append(self)

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def session(self, limits: Any = None) -> PretendSession:
        """Return a fresh session."""
        session = PretendSession(self.changes)
        session.limits = limits
        self.sessions.append(session)
        return session
