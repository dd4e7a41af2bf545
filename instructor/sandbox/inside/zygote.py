"""The warm process: it imports once, forks once per submission, and watches what the forks use."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import jail, linux, watching

LENGTH = struct.Struct(">I")
LONGEST_MESSAGE = 2**20
PAUSE = 0.05  # seconds between two looks at what the sessions use
PATIENCE = 10.0  # seconds until a fresh fork has said where it is


@dataclass
class Cell:
    """One session, as the warm process sees it."""

    first: int  # its process 1, by the number it has out here
    status: int
    limits: Mapping[str, Any]
    verdict: tuple[str, str] | None = None
    said: bytes = b""


def send(control: socket.socket, message: Mapping[str, Any]) -> None:
    """Send one message of the control connection."""
    raw = json.dumps(message).encode()
    control.sendall(LENGTH.pack(len(raw)) + raw)


def receive(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive one message and the descriptors that came with it.

    Raises
    ------
    EOFError
        If the other side is gone.
    """
    head, descriptors, _, _ = socket.recv_fds(control, LENGTH.size, 1)
    while 0 < len(head) < LENGTH.size:
        head += control.recv(LENGTH.size - len(head)) or b""
    if not head:
        raise EOFError("The control connection is closed.")
    (count,) = LENGTH.unpack(head)
    raw = b""
    while len(raw) < count:
        part = control.recv(count - len(raw))
        if not part:
            raise EOFError("The control connection is closed.")
        raw += part
    return json.loads(raw), list(descriptors)


def main(control_fd: int, course: str, libraries: list[str], nested: bool, walled: bool) -> None:
    """Warm up, then fork and watch until the control connection closes.

    Parameters
    ----------
    control_fd : int
        Descriptor of the connection to the grader.
    course : str
        Folder of the copy of the course.
    libraries : list of str
        Folders of installed packages.
    nested : bool
        Whether every session gets namespaces of its own; found out if it cannot.
    walled : bool
        Whether this process is behind bubblewrap.
    """
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the grader decides when this ends
    if sys.platform == "linux":
        linux.adopt_orphans()
    _set_path(course, libraries)
    try:
        sources, _ = receive(control)
        runner = warm_up(sources["warm_up"])
    except EOFError:
        return
    except BaseException as error:
        send(control, {"event": "failed", "detail": f"{type(error).__name__}: {error}"})
        return
    why = jail.try_namespaces() if nested else "not asked for"
    send(control, {"event": "ready", "nested": not why, "why": why})
    Zygote(control, nested and not why, walled, runner).run()


def _set_path(course: str, libraries: list[str]) -> None:
    """Put the course first, and leave out what an editable installation points to."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    kept = [p for p in sys.path if p and os.path.abspath(p) != own]
    sys.path[:] = [course, *kept, *(p for p in libraries if p not in kept)]
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if "editable" not in getattr(finder, "__name__", "")
    ]
    importlib.invalidate_caches()


def warm_up(sources: list[str]) -> types.ModuleType:
    """Import what every submission needs, and draw one figure."""
    runner = importlib.import_module(".runner", __package__)
    runner.prepare()
    scratch: dict[str, Any] = {"__name__": "warm_up"}
    for source in sources:
        exec(compile(source, "<warm-up>", "exec"), scratch)
    runner.draw_once()
    if "torch" in sys.modules:  # a fork, without /proc, would take the slowest of its kernels
        sys.modules["torch"].backends.cpu.get_cpu_capability()
    scratch.clear()
    gc.collect()
    gc.freeze()  # so that collections in the forks do not touch, and so copy, these pages
    return runner


class Zygote:
    """The loop of the warm process after its imports."""

    def __init__(
        self, control: socket.socket, nested: bool, walled: bool, runner: types.ModuleType
    ) -> None:
        self.control = control
        self.nested = nested
        self.walled = walled
        self.runner = runner
        self.cells: dict[int, Cell] = {}
        self.base = watching.footprint()

    def run(self) -> None:
        """Serve until the grader's end of the control connection closes."""
        looked = time.monotonic()
        while True:
            waiting = {cell.status: number for number, cell in self.cells.items()}
            ready, _, _ = select.select(
                [self.control, *waiting], [], [], PAUSE if self.cells else None
            )
            for fd in ready:
                if fd is not self.control:
                    self._listen(waiting[fd])
            if self.control in ready:
                try:
                    self._obey(*receive(self.control))
                except (EOFError, ConnectionError):
                    for cell in self.cells.values():
                        self._end(cell)
                    return
            if self.cells and time.monotonic() - looked >= PAUSE:
                self._watch()
                looked = time.monotonic()

    def _obey(self, message: Mapping[str, Any], descriptors: list[int]) -> None:
        number = message["session"]
        if message["do"] == "fork":
            self._fork(number, message["limits"], descriptors[0])
        elif number in self.cells:
            cell = self.cells[number]
            cell.verdict = cell.verdict or (message["reason"], message["detail"])
            self._end(cell)

    def _fork(self, number: int, limits: dict[str, Any], channel: int) -> None:
        if self.base.addresses:
            limits["address_space"] = self.base.addresses + limits["memory"]
        limits["count_processes"] = self.nested  # otherwise it would count all of this user's
        if not self.nested:  # else it gets an empty file system
            limits["folder"] = tempfile.mkdtemp(prefix="session-", dir=os.environ["HOME"])
        listening, status = os.pipe()
        fork = os.fork()
        if fork == 0:
            jail.enter(channel, status, limits, self.nested, self.walled, self.runner.serve)
        os.close(channel)
        os.close(status)
        cell = Cell(0, listening, limits)
        os.waitpid(fork, 0)
        event = self._first_word(cell)
        if "first" not in event:
            detail = event.get("failed", "the fork ended at once")
            os.close(listening)
            self._tell(number, "sandbox lost", f"No new session could be made: {detail}.")
            return
        cell.first = event["first"]
        self.cells[number] = cell

    def _first_word(self, cell: Cell) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in cell.said and time.monotonic() < deadline:
            if select.select([cell.status], [], [], 0.1)[0]:
                part = os.read(cell.status, 4096)
                if not part:
                    return {}
                cell.said += part
        line, _, cell.said = cell.said.partition(b"\n")
        return json.loads(line or b"{}")

    def _listen(self, number: int) -> None:
        """Take what process 1 of a session says last, and bury it."""
        cell = self.cells[number]
        part = os.read(cell.status, 4096)
        if part:
            cell.said += part
            return
        if not self.nested:
            self._end(cell)
            shutil.rmtree(cell.limits["folder"], ignore_errors=True)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(cell.first, 0)
        os.close(cell.status)
        del self.cells[number]
        self._tell(number, *(cell.verdict or read_ending(cell.said)))

    def _tell(self, number: int, reason: str, detail: str) -> None:
        event = {"event": "ended", "session": number, "reason": reason, "detail": detail}
        with contextlib.suppress(ConnectionError):  # a grader that is gone is noticed in `run`
            send(self.control, event)

    def _end(self, cell: Cell) -> None:
        """Kill process 1, and with it all of its namespace; or each process, without namespaces."""
        victims = [cell.first]
        if not self.nested:
            victims = watching.family(cell.first, watching.read_processes())
        for pid in victims or [cell.first]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def _watch(self) -> None:
        processes = watching.read_processes()
        for cell in self.cells.values():
            pids = watching.family(cell.first, processes)
            cell.verdict = cell.verdict or self._judge(cell.limits, pids, processes)
            if cell.verdict:
                self._end(cell)

    def _judge(
        self,
        limits: Mapping[str, Any],
        pids: list[int],
        processes: dict[int, watching.Process],
    ) -> tuple[str, str] | None:
        """Say which limit the processes of a session are beyond; None if they keep to all."""
        count = sum(processes[pid].threads for pid in pids) - 1  # without process 1
        if count > limits["processes"]:
            most = limits["processes"]
            return "too many processes", f"It ran {count} processes and threads; {most} may be."
        if sum(processes[pid].seconds for pid in pids) > limits["cpu_seconds"]:
            most = limits["cpu_seconds"]
            return "timed out", f"It used more than {most:g} seconds of processor time."
        allowed = limits["memory"] + self.base.held
        if sum(processes[pid].resident for pid in pids) > allowed:
            held = watching.memory(pids, processes)
            if held > allowed:
                most = limits["memory"] / 2**20
                return "out of memory", f"All its processes together held more than {most:.0f} MiB."
        return None


def read_ending(said: bytes) -> tuple[str, str]:
    """Turn the last word of process 1 into a reason and a sentence."""
    try:
        event = json.loads(said.strip().rpartition(b"\n")[2])
    except ValueError:
        return "crashed", "Its first process ended without a word."
    if "failed" in event:
        return "sandbox lost", f"The session could not be made: {event['failed']}."
    ended = event["ended"]
    if "signal" in ended:
        number = ended["signal"]
        if number == signal.SIGXCPU:
            return "timed out", "One process used all the processor time there is."
        if number == signal.SIGALRM:  # outlives a change to another program
            return "timed out", "Its time was up."
        name = signal.strsignal(number) or "unknown"
        return "crashed", f"The process was ended by signal {number} ({name.lower()})."
    code = ended["code"]
    if code == jail.TOO_MUCH_OUTPUT:
        return "too much output", "It went on to print after its output was cut."
    if code == jail.CHANNEL_CLOSED:
        return "broken answer", "The connection to the grader was closed from inside."
    return "crashed", f"The process ended itself with exit code {code}."
