"""The private seed of a class: a secret text from which the inputs of hidden checks are made.

The public repository tells everybody which inputs a check uses when a learner calls it. A grader
uses others. They follow from the text in ``classroom/private_seed``, which only its owner can read:
whoever has it can compute the inputs of every hidden check of this class.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path

from instructor.errors import InstructorError
from tools.files import write_atomically

FILE = "private_seed"
SHORTEST = 16
"""Characters that an own seed needs at least; shorter ones can be found by trying."""


def make(classroom: Path) -> Path:
    """Make the private seed of a class where there is none, and return its file.

    Parameters
    ----------
    classroom : Path
        The folder of the class; made if missing.

    Returns
    -------
    path : Path
        A file with 256 random bits as text, readable by its owner alone. One that is there already
        is never overwritten.
    """
    path = classroom / FILE
    if not path.exists():
        write_atomically(path, f"{secrets.token_urlsafe(32)}\n".encode(), mode=0o600)
    return path


def replace(classroom: Path, text: str | None = None) -> Path:
    """Put another seed in the place of the present one; what is graded later has other inputs.

    Parameters
    ----------
    classroom : Path
    text : str, optional
        An own seed, at least 16 characters; a random one if left out.

    Raises
    ------
    InstructorError
        If the text is too short.
    """
    seed = secrets.token_urlsafe(32) if text is None else text.strip()
    if len(seed) < SHORTEST:
        raise InstructorError(
            f"The seed has {len(seed)} characters; expected at least {SHORTEST}, so that nobody "
            "finds it by trying. Leave the choice to the command: python -m instructor seed --new"
        )
    write_atomically(classroom / FILE, f"{seed}\n".encode(), mode=0o600)
    return classroom / FILE


def read(classroom: Path) -> str:
    """Return the private seed of a class.

    Raises
    ------
    InstructorError
        If there is none, it is too short, or other people can read it.
    """
    path = classroom / FILE
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise InstructorError(
            f"{path} is missing; expected the private seed of the class. Make one: python -m "
            "instructor seed --new"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InstructorError(
            f"{path} cannot be read ({error}); expected a line of text. Mend its permissions, or "
            "make another: python -m instructor seed --new"
        ) from None
    if len(text) < SHORTEST:
        raise InstructorError(
            f"{path} holds {len(text)} characters; expected at least {SHORTEST}. Make another: "
            "python -m instructor seed --new"
        )
    if os.name != "nt" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        mode = stat.S_IMODE(path.stat().st_mode)
        raise InstructorError(
            f"{path} has the permissions {mode:o}: other people of this machine can read it; "
            f"expected 600. Run: chmod 600 '{path}'"
        )
    return text


def fingerprint(seed: str) -> str:
    """Return 12 hexadecimal digits that tell two seeds apart and do not give the seed away."""
    return hashlib.sha256(b"fingerprint of a private seed\n" + seed.encode()).hexdigest()[:12]
