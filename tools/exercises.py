"""Generate `exercises/` from `solutions/` with nbgrader's own release step.

The result depends on the solutions alone, byte for byte, and nothing but it is left behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """\
c = get_config()  # noqa: F821
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"
c.NbGrader.logfile = ""
c.ClearSolutions.code_stub = {{"python": "..."}}
c.ClearSolutions.text_stub = "*Your answer here.*"
"""


class GenerationError(Exception):
    """The release step failed; the message says why."""


def assignments(solutions: Path) -> list[str]:
    """Return the names of the exercise notebooks: folders that hold a notebook of their name."""
    return sorted(
        path.stem for path in solutions.glob("*/*.ipynb") if path.stem == path.parent.name
    )


def release(solutions: Path, target: Path) -> list[str]:
    """Write the learner's version of every solution notebook to `target`.

    Parameters
    ----------
    solutions : Path
        Folder with `NAME/NAME.ipynb`, solutions between nbgrader's markers.
    target : Path
        Folder for `NAME/NAME.ipynb`; made if missing.

    Returns
    -------
    names : list of str
        The names of the notebooks, in order.

    Raises
    ------
    GenerationError
        If there is no solution, or nbgrader refuses one.
    """
    names = assignments(solutions)
    if not names:
        raise GenerationError(f"{solutions} holds no NAME/NAME.ipynb.")
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        course = Path(scratch).resolve()
        for name in names:
            folder = course / "source" / name
            folder.mkdir(parents=True)
            shutil.copyfile(solutions / name / f"{name}.ipynb", folder / f"{name}.ipynb")
        config = CONFIG.format(root=str(course))
        (course / "nbgrader_config.py").write_text(config, encoding="utf-8")
        private = {
            f"JUPYTER_{kind}_DIR": str(course / kind) for kind in ("CONFIG", "DATA", "RUNTIME")
        }
        command = [sys.executable, "-m", "nbgrader", "generate_assignment"]
        command += ["--CourseDirectory.assignment_id=*", "--no-db", "--force"]
        answer = subprocess.run(
            command,
            cwd=course,
            env={**os.environ, **private},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        released = [course / "release" / name / f"{name}.ipynb" for name in names]
        if answer.returncode != 0 or not all(path.exists() for path in released):
            raise GenerationError(f"nbgrader ended with code {answer.returncode}:\n{answer.stdout}")
        for name, path in zip(names, released, strict=True):
            (target / name).mkdir(parents=True, exist_ok=True)
            # Universal newlines in, one kind out: the same bytes on every system.
            text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
            (target / name / f"{name}.ipynb").write_text(text, encoding="utf-8", newline="\n")
    return names


def replace(solutions: Path, exercises: Path) -> list[str]:
    """Make `exercises` hold the learner's version of every solution, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        fresh = Path(scratch, "exercises")
        names = release(solutions, fresh)
        if exercises.exists():
            shutil.rmtree(exercises)
        shutil.copytree(fresh, exercises)
    return names


def main() -> int:
    """Generate the exercises of the course; return 0, or 1 where that fails."""
    try:
        names = replace(ROOT / "solutions", ROOT / "exercises")
    except GenerationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"exercises/ holds {len(names)} notebooks: {', '.join(names)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
