"""The system calls that Python has no function for; each says what failed."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from itertools import chain

NEW_USERS, NEW_PROCESSES, NEW_MOUNTS = 0x10000000, 0x20000000, 0x00020000
NEW_IPC, NEW_NETWORK, NEW_HOST_NAME, NEW_CGROUPS = 0x08000000, 0x40000000, 0x04000000, 0x02000000
ALL_NAMESPACES = (
    NEW_USERS | NEW_PROCESSES | NEW_MOUNTS | NEW_IPC | NEW_NETWORK | NEW_HOST_NAME | NEW_CGROUPS
)
READ_ONLY, NO_SET_UID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
PRIVATE = (1 << 18) | 0x4000  # and everything below it

_SET_SECCOMP, _DROP_BOUNDING, _SUBREAPER, _NO_NEW_PRIVILEGES = 22, 24, 36, 38
_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63

# Refused inside, as (number on x86_64, number on aarch64): reading other processes' memory, mounts
# and namespaces, memory that no limit counts, keys, and parts of the kernel with many past holes.
REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "vmsplice": (278, 75),
    "fanotify_init": (300, 262),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "quotactl": (179, 60),
}
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, audit number
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_LOCAL = 1  # the family of sockets within one machine


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Give this process namespaces of its own."""
    _checked(_libc().unshare(flags), "new namespaces")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount a file system; `kind` None changes flags of one that is there."""
    _checked(
        _libc().mount(
            source.encode(),
            target.encode(),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            data.encode() if data else None,
        ),
        f"mount on {target}",
    )


def adopt_orphans() -> None:
    """Become the parent of what descendants leave behind."""
    _checked(_libc().prctl(_SUBREAPER, 1, 0, 0, 0), "adopting orphans")


def drop_privileges() -> None:
    """Give up every capability for good, and every way to new ones."""
    libc = _libc()
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_DROP_BOUNDING, capability, 0, 0, 0)  # fails for those the kernel has not
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _checked(libc.capset(header, bytes(24)), "dropping capabilities")
    _checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")


def call_filter(machine: str) -> bytes:
    """Return the filter of system calls as the kernel's classic BPF program.

    Parameters
    ----------
    machine : str
        As `platform.machine` gives it.

    Returns
    -------
    bytes
        Empty for a machine whose numbers are not known here.
    """
    if machine not in MACHINES:
        return b""
    column, audit = MACHINES[machine]

    def step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("=HBBI", code, then, otherwise, value)

    def load(offset: int) -> bytes:
        return step(0x20, offset)

    def refuse(number: int) -> bytes:
        return step(0x06, 0x00050000 | number)

    equal, at_least, any_bit = 0x15, 0x35, 0x45
    allow = step(0x06, 0x7FFF0000)
    program = [load(4), step(equal, audit, 1, 0), refuse(_ENOSYS), load(0)]
    if machine == "x86_64":  # the same calls once more, under other numbers
        program += [step(at_least, 0x40000000, 0, 1), refuse(_ENOSYS)]
    program += [step(equal, CLONE3[column], 0, 1), refuse(_ENOSYS)]  # the C library then uses clone
    spaces = ALL_NAMESPACES
    program += [step(equal, CLONE[column], 0, 4), load(16), step(any_bit, spaces, 0, 1)]
    program += [refuse(_EPERM), allow]
    program += [step(equal, SOCKET[column], 0, 4), load(16), step(equal, _LOCAL, 1, 0)]
    program += [refuse(_EAFNOSUPPORT), allow]
    program += chain.from_iterable(
        (step(equal, numbers[column], 0, 1), refuse(_EPERM)) for numbers in REFUSED.values()
    )
    return b"".join([*program, allow])


def filter_calls() -> None:
    """Install the filter of system calls for this process and all that it starts."""
    program = call_filter(platform.machine())
    if not program:
        return
    buffer = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    _checked(_libc().prctl(_SET_SECCOMP, 2, described, 0, 0), "filtering system calls")
