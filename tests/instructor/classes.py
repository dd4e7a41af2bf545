"""Class folders for tests, made by the course's own command and small."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from instructor import preparing
from instructor.classroom import Classroom

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("02_rnn_forward",)


def with_environment(environ: dict[str, str] | None = None) -> dict[str, str]:
    """Return environment variables with the programs of this Python first on the PATH."""
    environ = dict(os.environ if environ is None else environ)
    programs = str(Path(sys.executable).parent)
    return {**environ, "PATH": os.pathsep.join([programs, environ.get("PATH", os.defpath)])}


def small_course(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """Write a course with a few solutions into `folder`: as much as a class folder is made from."""
    for name in names:
        (folder / "solutions" / name).mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / name / f"{name}.ipynb", folder / "solutions" / name)
    (folder / "instructor" / "templates").mkdir(parents=True)
    shutil.copy(
        ROOT / "instructor/templates" / preparing.CONFIG, folder / "instructor" / "templates"
    )
    return folder


def make(course: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command that makes a class folder, for the course in another folder than ours."""
    code = (
        "import sys; from pathlib import Path; from instructor import preparing; "
        "preparing.ROOT = Path(sys.argv[1]); sys.exit(preparing.main(sys.argv[2:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, course, folder],
        cwd=ROOT,
        env=with_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


@functools.cache
def _original(names: tuple[str, ...]) -> tuple[tempfile.TemporaryDirectory[str], Path]:
    scratch = tempfile.TemporaryDirectory(prefix="course-class-")
    course = small_course(Path(scratch.name, "course"), names)
    folder = Path(scratch.name, "classroom")
    made = make(course, folder)
    if made.returncode != 0:
        raise RuntimeError(f"The class folder was not made:\n{made.stdout}")
    return scratch, folder


def small_class(folder: Path, names: tuple[str, ...] = NAMES) -> Classroom:
    """Make a class folder with a few assignments, `folder/classroom`, and return it.

    It is made once in a process, in some seconds, and copied from then on.
    """
    target = folder / "classroom"
    shutil.copytree(_original(names)[1], target)
    return Classroom(target.resolve())
