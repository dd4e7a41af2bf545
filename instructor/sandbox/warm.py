"""The grader's side of a warm process: start it, ask it for sessions, hear how they ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.variables import ONE_THREAD

from . import bubblewrap
from .errors import SandboxError

INSIDE = Path(__file__).resolve().parent / "inside"
START = "import sys; sys.path.insert(0, {folder!r}); from inside.zygote import main; main({rest})"
WARM_UP_SECONDS = 180.0
ENDING_SECONDS = 10.0
LENGTH = struct.Struct(">I")
LONGEST_MESSAGE = 2**20
LONGEST_DETAIL = 1000


class ProcessLost(ConnectionError):
    """The warm process has ended, or no longer answers."""


class WarmProcess:
    """One warm process, behind bubblewrap or, if `unsafe`, as a plain child.

    Parameters
    ----------
    course : Path
        The copy of the course.
    warm_up : sequence of str
        Import statements that are run once.
    unsafe : bool
    nested : bool
        Whether each session gets namespaces of its own.

    Raises
    ------
    SandboxError
        If it does not start, or a warm-up fails.
    """

    def __init__(self, course: Path, warm_up: Sequence[str], unsafe: bool, nested: bool) -> None:
        self._hearing, self._sending = threading.Lock(), threading.Lock()
        self._ended: dict[int, tuple[str, str]] = {}
        self._folder = ""  # made where one is needed
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._control, theirs = socket.socketpair()
        self._buffer = b""
        self.dead = False
        try:
            with theirs:
                self._process = self._start(course, theirs.fileno(), unsafe, nested)
        except BaseException:
            self._clean_up()
            raise
        try:
            self._send({"warm_up": list(warm_up)})
            ready = self._hear(time.monotonic() + WARM_UP_SECONDS)
        except (ProcessLost, TimeoutError) as error:
            said = self._last_words()
            self.close()
            raise SandboxError(f"The sandbox did not start. {said or error}") from error
        except BaseException:
            self.close()
            raise
        if ready.get("event") != "ready":
            self.close()
            raise SandboxError(f"The sandbox could not warm up: {ready.get('detail')}")
        self.can_nest = bool(ready.get("nested"))
        self.why_not_nested = str(ready.get("why", ""))

    def _start(
        self, course: Path, control: int, unsafe: bool, nested: bool
    ) -> subprocess.Popen[bytes]:
        inside, where = INSIDE, str(course)
        home = bubblewrap.WORK
        if unsafe:
            home = os.path.join(self._own_folder(), "home")
            os.mkdir(home)
        else:
            if os.geteuid() == 0:
                inside, course = self._readable(inside, "inside"), self._readable(course, "course")
            where = bubblewrap.COURSE
        folder = os.path.dirname(bubblewrap.INSIDE) if not unsafe else str(inside.parent)
        rest = f"{control}, {where!r}, {bubblewrap.library_folders()!r}, {nested}, {not unsafe}"
        python = [sys.executable, "-s", "-B", "-c", START.format(folder=folder, rest=rest)]
        if not unsafe:
            python = bubblewrap.command(course, inside, python)
        return subprocess.Popen(
            python,
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            pass_fds=[control],
            env=environment(home, os.environ if unsafe else {}),
            cwd=home if unsafe else "/",
            start_new_session=True,
        )

    def _own_folder(self) -> str:
        """Make a folder that goes when this process is closed."""
        if not self._folder:
            self._folder = tempfile.mkdtemp(prefix="sandbox-")
        return self._folder

    def _readable(self, folder: Path, name: str) -> Path:
        """Return the folder, or a copy that every user may read: root's sandbox is nobody."""
        everything = [folder, *folder.rglob("*")]
        if all(_others_may_read(path) for path in everything):
            return folder
        copy = Path(self._own_folder(), name)
        shutil.copytree(folder, copy, symlinks=False)
        for path in [copy, *copy.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        return copy

    # --- sessions ----------------------------------------------------------------------------

    def fork(self, number: int, limits: Mapping[str, Any]) -> socket.socket:
        """Have a session made; return the grader's end of the connection into it.

        Raises
        ------
        ProcessLost
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                message = {"do": "fork", "session": number, "limits": dict(limits)}
                self._send(message, [theirs.fileno()])
            except ProcessLost:
                ours.close()
                raise
        return ours

    def kill(self, number: int, reason: str, detail: str) -> None:
        """Have a session ended; `ending` tells when it has."""
        with contextlib.suppress(ProcessLost):  # `ending` says so
            self._send({"do": "kill", "session": number, "reason": reason, "detail": detail})

    def ending(self, number: int, seconds: float = ENDING_SECONDS) -> tuple[str, str] | None:
        """Wait for the end of a session.

        Returns
        -------
        (reason, detail), or None if it has not ended within `seconds`.

        Raises
        ------
        ProcessLost
        """
        deadline = time.monotonic() + seconds
        while True:
            with self._hearing:
                if number in self._ended:
                    return self._ended.pop(number)
                try:
                    event = self._hear(min(deadline, time.monotonic() + 0.1))
                except TimeoutError:
                    if time.monotonic() >= deadline:
                        return None
                    continue
                if event.get("event") == "ended":
                    told = str(event.get("reason")), str(event.get("detail"))[:LONGEST_DETAIL]
                    self._ended[int(event["session"])] = told

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return not self.dead and self._process.poll() is None

    def close(self) -> None:
        """End the process and everything that it has started."""
        self.dead = True
        self._control.close()  # on which it ends by itself
        try:
            self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._clean_up()

    def _clean_up(self) -> None:
        self._control.close()
        self._errors.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    # --- messages ----------------------------------------------------------------------------

    def _send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        raw = json.dumps(message).encode()
        if len(raw) > LONGEST_MESSAGE:
            raise SandboxError(f"A message of {len(raw)} bytes is too long for the sandbox.")
        data = LENGTH.pack(len(raw)) + raw
        try:
            with self._sending:
                sent = socket.send_fds(self._control, [data], list(descriptors))
                self._control.sendall(data[sent:])
        except OSError as error:
            self.dead = True
            raise ProcessLost("The warm process is gone.") from error

    def _hear(self, deadline: float) -> dict[str, Any]:
        """Receive one message of the warm process."""
        while True:
            if len(self._buffer) >= LENGTH.size:
                (count,) = LENGTH.unpack(self._buffer[: LENGTH.size])
                if count > LONGEST_MESSAGE:
                    self.dead = True
                    raise ProcessLost("The warm process said something that is no message.")
                if len(self._buffer) >= LENGTH.size + count:
                    raw = self._buffer[LENGTH.size : LENGTH.size + count]
                    self._buffer = self._buffer[LENGTH.size + count :]
                    return json.loads(raw)
            poll = select.poll()
            poll.register(self._control, select.POLLIN)
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError("The warm process did not answer in time.")
            try:
                part = self._control.recv(65536)
            except OSError as error:
                part, self.dead = b"", True
                raise ProcessLost("The warm process is gone.") from error
            if not part:
                self.dead = True
                raise ProcessLost("The warm process is gone.")
            self._buffer += part

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read(65536).decode("utf-8", "replace").strip().splitlines()
        return f"It said: {' / '.join(lines[-3:])}" if lines else ""


def environment(home: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the warm process: nothing of the grader's but what is needed."""
    kept = {name: inherited[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in inherited}
    return {
        "PATH": "/usr/bin:/bin",
        **kept,
        **ONE_THREAD,
        "HOME": home,
        "TMPDIR": home,
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "MPLBACKEND": "agg",
        "IPYTHONDIR": f"{home}/ipython",
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",  # else each thread reserves addresses, which are limited
        "PYTHONHASHSEED": "0",
        "PYTHONSAFEPATH": "1",
        "USER": "learner",
        "LOGNAME": "learner",
    }


def _others_may_read(path: Path) -> bool:
    mode = path.stat().st_mode
    needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
    return mode & needed == needed
