"""Run a submission where it can reach nothing, and get plain values back.

The grader's process asks, a process behind bubblewrap answers; between the two only arrays,
numbers and short texts cross. `Sandbox` keeps a warm process with the imports behind it and makes
one `Session` per submission from it.
"""

from .errors import REASONS, SandboxError, Stopped
from .inside.wire import MISSING, Opaque, Record
from .limits import Limits
from .session import CellOutcome, Session
from .warden import Sandbox

__all__ = [
    "MISSING",
    "REASONS",
    "CellOutcome",
    "Limits",
    "Opaque",
    "Record",
    "Sandbox",
    "SandboxError",
    "Session",
    "Stopped",
]
