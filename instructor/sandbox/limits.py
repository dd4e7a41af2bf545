"""How much a submission may use of the machine that grades it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Real
from typing import Any

__all__ = ["Limits"]

MEBIBYTE = 2**20
SMALLEST = {
    "memory": 16 * MEBIBYTE,
    "processes": 4,
    "output": 1000,
    "picture_bytes": 0,
    "disk": MEBIBYTE,
    "answer_bytes": MEBIBYTE,
}


@dataclass(frozen=True)
class Limits:
    """The limits of one session, all its processes taken together.

    Attributes
    ----------
    seconds : float
        Wall time of the whole session, in seconds.
    cell_seconds : float
        Wall time of one cell, one call for a check or one value, in seconds.
    cpu_seconds : float
        Processor time of all processes, in seconds.
    memory : int
        Bytes, on top of what the warm process holds already; at least 16 MiB.
    processes : int
        Processes and threads that exist at one time; at least 4.
    output : int
        Characters of text that the cells of a session may print; at least 1000.
    picture_bytes : int
        Bytes of PNG pictures of a session. Pictures beyond it are left out, which stops nothing.
    disk : int
        Bytes of files in the only folder that can be written; at least 1 MiB.
    answer_bytes : int
        Bytes that may come back for one check; at least 1 MiB.

    Raises
    ------
    ValueError
        If a number is not finite, too small to run anything, or of the wrong kind.
    """

    seconds: float = 300.0
    cell_seconds: float = 120.0
    cpu_seconds: float = 300.0
    memory: int = 4 * 1024 * MEBIBYTE
    processes: int = 32
    output: int = 1_000_000
    picture_bytes: int = 16 * MEBIBYTE
    disk: int = 64 * MEBIBYTE
    answer_bytes: int = 32 * MEBIBYTE

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or not isinstance(value, Real):
                raise ValueError(f"{item.name} is {value!r}; expected a number.")
            if item.name in SMALLEST:
                if not isinstance(value, int) or not SMALLEST[item.name] <= value <= 2**50:
                    raise ValueError(
                        f"{item.name} is {value!r}; expected a whole number of at least "
                        f"{SMALLEST[item.name]}."
                    )
            elif not (math.isfinite(value) and 0 < value <= 10**6):
                raise ValueError(
                    f"{item.name} is {value!r}; expected seconds above 0 and at most 1,000,000."
                )

    def to_json(self) -> dict[str, Any]:
        """Return the limits as a dictionary that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Limits:
        """Make limits from what `to_json` gave; what is missing has its default.

        Raises
        ------
        ValueError
            If there is an entry that is no limit.
        """
        unknown = set(data) - {item.name for item in fields(cls)}
        if unknown:
            raise ValueError(f"{sorted(unknown)[0]!r} is no limit of the sandbox.")
        return cls(**data)
