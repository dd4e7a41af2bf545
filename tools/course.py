"""Run a command of the course: `python tools/course.py lab`; `help` lists the others.

This file also runs under a Python that is too old for the course. It looks for a suitable one,
hands over to it, and otherwise says what to install. It therefore keeps to syntax of Python 3.7.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NEWEST = (3, 14)  # the newest Python that the pinned PyTorch has builds for
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_suitable(version):
    """Tell whether the course runs under this Python version, given as (major, minor)."""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def find_python():
    """Return the command line of another, suitable Python on this machine, or None."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        commands = [["python3." + str(minor)]]
        if os.name == "nt":
            commands.insert(0, ["py", "-3." + str(minor)])
        for command in commands:
            path = shutil.which(command[0])
            if path is None:
                continue
            probe = [path, *command[1:], "-c", "import sys; print(*sys.version_info[:2])"]
            try:
                answer = subprocess.run(
                    probe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30
                )
            except (OSError, subprocess.TimeoutExpired):
                continue
            if answer.returncode == 0 and answer.stdout.split() == [b"3", str(minor).encode()]:
                return probe[:-2]
    return None


def unsuitable(version):
    """Return the sentence that says which Python is needed and where to get it."""
    return (
        "This is Python {}.{}; the course needs Python {}.{} to {}.{}. "
        "Install one from https://www.python.org/downloads/ or with your system's packages, "
        "and run the command again."
    ).format(*version[:2], *OLDEST, *NEWEST)


def main():
    """Hand over to `tools.commands` under a suitable Python and return the exit code."""
    # An activated environment, as with --here, is the learner's choice: only its age is checked.
    suitable = (
        sys.version_info[:2] >= OLDEST if "--here" in sys.argv else is_suitable(sys.version_info)
    )
    if not suitable:
        other = None if "--here" in sys.argv else find_python()
        if other is None:
            print("error: " + unsuitable(sys.version_info), file=sys.stderr)
            return 2
        return subprocess.call([*other, os.path.abspath(__file__), *sys.argv[1:]])
    sys.path[0] = ROOT
    from tools import commands

    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
