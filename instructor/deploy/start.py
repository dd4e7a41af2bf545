"""Bring a learner's copies of the notebooks up to date, then start the server.

``python -m instructor.deploy.start COMMAND …`` is the entry point of the container. The copies are
in `work/` in the learner's home, which stays when the container goes: what is missing is copied,
what the learner has not changed follows the course, and nothing of theirs is overwritten.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools import workspace
from tools.environment import SetupError

COURSE = Path(__file__).resolve().parents[2]
LOCK = ".unrolled.lock"


def prepare(home: Path) -> Path:
    """Fill the learner's folder and return it.

    A home that is full or cannot be written does not keep the server from starting: it is where
    the learner can delete something. The reason goes to the log.
    """
    work = home / workspace.FOLDER
    originals = [(path, COURSE / path) for path in workspace.course_notebooks(COURSE)]
    try:
        workspace.report(workspace.follow(work, originals, home / LOCK))
    except SetupError as error:
        print(f"warning: the copies were not brought up to date. {error}", file=sys.stderr)
    return work


def main(arguments: list[str]) -> int:
    """Prepare the learner's folder and become the given command."""
    if not arguments:
        print(
            "error: no command was given; expected for example `jupyterhub-singleuser`.",
            file=sys.stderr,
        )
        return 2
    work = prepare(Path.home())
    sys.stdout.flush()
    try:
        os.execvpe(arguments[0], arguments, {**os.environ, "UNROLLED_HOME": str(work)})
    except OSError as error:
        print(f"error: {arguments[0]} cannot be started ({error.strerror}).", file=sys.stderr)
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
