"""From a fork of the warm process to a process that may run a learner's code.

Three processes in a row: the fork itself makes new namespaces and ends; its child is process 1 of
them, shuts the doors and waits; the child of that runs the learner's code. When process 1 ends,
the kernel ends whatever the learner's code has started.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from . import linux

OPEN_FILES = 128
LESS_URGENT = 5  # than the process that watches them
SPARE_PROCESSES = 16  # beyond the limit, so that it is passed where somebody watches
FILES = 4096  # that the writable folder may hold
TOO_MUCH_OUTPUT = 97  # exit codes of the process that runs the learner's code
CHANNEL_CLOSED = 98


def enter(
    channel: int,
    status: int,
    limits: Mapping[str, Any],
    nested: bool,
    walled: bool,
    serve: Callable[[socket.socket, Mapping[str, Any]], int],
) -> None:
    """Turn a fresh fork into a jail, and never return.

    Parameters
    ----------
    channel : int
        Descriptor of the connection to the grader, which alone goes in.
    status : int
        Descriptor of the pipe to the warm process: the number of process 1, then how the
        learner's process ended, each a JSON object on a line.
    limits : mapping
        As `Limits.to_json` gives them.
    nested : bool
        Whether to make namespaces.
    walled : bool
        Whether bubblewrap is around all this; if not, only resource limits hold.
    serve : callable
        ``serve(connection, limits)`` runs the learner's code and returns an exit code.
    """
    try:
        os.setsid()
        channel, status = _keep_only(channel, status)
        if nested:
            _new_namespaces()
        first = os.fork()
        if first:
            _say(status, {"first": first})
            os._exit(0)
        if nested:
            _shut_doors(limits)
        elif sys.platform == "linux":
            linux.adopt_orphans()
        if walled:
            linux.drop_privileges()
            linux.filter_calls()
        learner = os.fork()
        if learner == 0:
            os.close(status)
            _limit(limits)
            connection = socket.socket(fileno=channel)
            os._exit(serve(connection, limits))
        os.close(channel)
        _say(status, {"ended": _wait_for(learner)})
    except BaseException as error:  # nothing above this frame may go on in a fork
        with contextlib.suppress(OSError):
            _say(status, {"failed": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(0)


def try_namespaces() -> str:
    """Try in a fork what `enter` does first; return why it failed, or nothing."""
    listening, telling = os.pipe()
    fork = os.fork()
    if fork == 0:
        try:
            _new_namespaces()
            if os.fork() == 0:
                _shut_doors({"disk": 2**20})
                os.write(telling, b"done")
        except OSError as error:
            os.write(telling, str(error).encode())
        finally:
            os._exit(0)
    os.close(telling)
    with os.fdopen(listening, "rb") as file:
        said = file.read().decode("utf-8", "replace")
    with contextlib.suppress(ChildProcessError):
        while True:  # the fork, and its child, which was adopted here
            os.waitpid(-1, 0)
    return "" if said == "done" else said or "no answer"


def _new_namespaces() -> None:
    """Put what this process starts from now on into namespaces of its own."""
    user, group = os.getuid(), os.getgid()
    linux.unshare(linux.ALL_NAMESPACES)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def _keep_only(*wanted: int) -> list[int]:
    """Close every descriptor but these, move them to 3, 4, …, and point 0, 1, 2 at nothing."""
    copies = [os.dup2(fd, 200 + i, inheritable=False) for i, fd in enumerate(wanted)]
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.closerange(3, copies[0])
    kept = [os.dup2(fd, 3 + i, inheritable=False) for i, fd in enumerate(copies)]
    os.closerange(3 + len(kept), os.sysconf("SC_OPEN_MAX") if sys.platform != "linux" else 65536)
    return kept


def _shut_doors(limits: Mapping[str, Any]) -> None:
    """Leave one small folder to write in, no /proc, no capability, few system calls."""
    linux.mount("none", "/", None, linux.PRIVATE)
    with contextlib.suppress(OSError):  # the filter of system calls says the same
        _write("/proc/sys/user/max_user_namespaces", "0")
    with contextlib.suppress(OSError):  # only a hint to the kernel whom to end first
        _write("/proc/self/oom_score_adj", "1000")
    plain = linux.NO_SET_UID | linux.NO_DEVICES
    nothing = plain | linux.READ_ONLY | linux.NO_PROGRAMS
    linux.mount("nothing", "/proc", "tmpfs", nothing, "size=4k,nr_inodes=1,mode=555")
    size = f"size={limits['disk']},nr_inodes={FILES},mode=700"
    work = os.environ["HOME"]
    linux.mount("work", work, "tmpfs", plain, size)
    os.chdir(work)


def _limit(limits: Mapping[str, Any]) -> None:
    """Set the limits that the kernel holds for each process."""
    os.umask(0o077)
    if "folder" in limits:
        os.environ.update(HOME=limits["folder"], TMPDIR=limits["folder"])
        os.chdir(limits["folder"])
    os.nice(LESS_URGENT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": int(limits["cpu_seconds"]) + 2,
        "RLIMIT_FSIZE": limits["disk"],
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_SIGPENDING": 1024,
    }
    if limits.get("address_space"):
        wanted["RLIMIT_AS"] = limits["address_space"]
    if limits.get("count_processes"):
        wanted["RLIMIT_NPROC"] = limits["processes"] + SPARE_PROCESSES
    for name, value in wanted.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue  # not known to this system
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))


def _wait_for(learner: int) -> dict[str, int]:
    """Bury everything that dies here until the learner's process does; say how it ended."""
    while True:
        pid, code = os.waitpid(-1, 0)
        if pid == learner:
            ended = os.waitstatus_to_exitcode(code)
            return {"signal": -ended} if ended < 0 else {"code": ended}


def _say(status: int, event: Mapping[str, Any]) -> None:
    os.write(status, json.dumps(event).encode() + b"\n")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
