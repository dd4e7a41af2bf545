"""What can go wrong: on the grader's side, and with a submission."""

from __future__ import annotations

from instructor.errors import UnavailableError

__all__ = ["REASONS", "SandboxError", "Stopped"]

REASONS = (
    "timed out",
    "out of memory",
    "too many processes",
    "too much output",
    "crashed",
    "broken answer",
    "sandbox lost",
)


class SandboxError(UnavailableError, RuntimeError):
    """The sandbox itself cannot be had; the text says what is missing and what to do."""


class Stopped(Exception):
    """A submission was stopped, or stopped itself.

    Attributes
    ----------
    reason : str
        One of `REASONS`. "sandbox lost" is no fault of the submission: grade it again.
    detail : str
        A sentence for people.
    alive : bool
        Whether the session goes on: one order was stopped, and others may follow.
    """

    def __init__(self, reason: str, detail: str, alive: bool = False) -> None:
        if reason not in REASONS:
            raise ValueError(f"{reason!r} is no reason; expected one of {', '.join(REASONS)}.")
        super().__init__(reason, detail, alive)
        self.reason, self.detail, self.alive = reason, detail, alive

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"
