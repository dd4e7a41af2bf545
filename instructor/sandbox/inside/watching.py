"""What the processes of a session use, read from /proc by the warm process outside of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """One line of the table of processes.

    Attributes
    ----------
    parent : int
    threads : int
    seconds : float
        Processor time, with that of children which have ended.
    resident : int
        Bytes in memory, shared ones counted in full.
    """

    parent: int
    threads: int
    seconds: float
    resident: int


def read_processes() -> dict[int, Process]:
    """Read the table of processes; empty where there is no /proc."""
    found = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return {}
    for name in names:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            times = sum(int(fields[i]) for i in (11, 12, 13, 14))
            found[int(name)] = Process(
                int(fields[1]), int(fields[17]), times / TICKS, int(fields[21]) * PAGE
            )
    return found


def family(first: int, processes: dict[int, Process]) -> list[int]:
    """Return `first`, if it lives, and every descendant of it."""
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    found, open_ = [], [first] if first in processes else []
    while open_:
        pid = open_.pop()
        found.append(pid)
        open_.extend(children.get(pid, ()))
    return found


def memory(pids: Iterable[int], processes: dict[int, Process]) -> int:
    """Return the bytes that processes hold together, a shared page shared among its holders."""
    return sum(_proportional(pid, processes[pid].resident) for pid in pids)


def _proportional(pid: int, otherwise: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return 0 if os.path.exists("/proc/self/smaps_rollup") else otherwise
    except PermissionError:  # this kernel does not say
        return otherwise
    return otherwise


@dataclass(frozen=True)
class Footprint:
    """What this process holds itself.

    Attributes
    ----------
    addresses : int
        Bytes of address space; 0 where there is no /proc.
    held : int
        Bytes that a fork may fill without asking for new ones: what is in memory, and what is
        reserved for data and not used yet.
    """

    addresses: int = 0
    held: int = 0


def footprint() -> Footprint:
    """Measure this process."""
    try:
        with open("/proc/self/statm", "rb") as file:
            sizes = [int(field) * PAGE for field in file.read().split()]
    except OSError:
        return Footprint()
    return Footprint(sizes[0], sizes[1] + sizes[5])
