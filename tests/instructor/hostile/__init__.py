"""Hostile and broken submissions, each a function that spoils a released notebook.

The modules go from the outside in: `files` are bytes that hold no submission, `edits` change what
was handed out, `lies` hand over values that are not what they seem, `cheating` looks for answers
in memory and on disk, `patching` changes what runs around an answer, `limits` never ends,
`escapes` wants out, `forgeries` speaks in the sandbox's name. `archives` are whole folders and zips
that are made to harm whoever collects them.
"""

from tests.instructor.hostile import (
    cheating,
    edits,
    escapes,
    files,
    forgeries,
    lies,
    limits,
    patching,
)
from tests.instructor.hostile.sheet import ALL, ESCAPED, HONEST, NAME, Hostile, Sheet, World

__all__ = [
    "ALL",
    "ESCAPED",
    "HONEST",
    "NAME",
    "Hostile",
    "Sheet",
    "World",
    "cheating",
    "edits",
    "escapes",
    "files",
    "forgeries",
    "lies",
    "limits",
    "patching",
]
