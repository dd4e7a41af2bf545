"""The folder of a class: where everything lies in it, and the settings that it keeps.

::

    classroom/
      nbgrader_config.py                       nbgrader's settings
      private_seed                             from which the inputs of hidden checks are made
      gradebook.db                             nbgrader's gradebook, unless it is a PostgreSQL one
      source/NAME/NAME.ipynb                   assignments with their solutions
      release/NAME/NAME.ipynb                  what learners get
      submitted/STUDENT/NAME/NAME.ipynb        what they handed in, byte for byte
      autograded/STUDENT/NAME/NAME.ipynb       what formgrader shows
      feedback/STUDENT/NAME/NAME.html          what they get back
      grading/NAME/                            one record for every grading
      reports/NAME/                            report on the class, files for the LMS

``make instructor`` makes and repairs it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from instructor.errors import InstructorError

FOLDER = "classroom"
CONFIG = "nbgrader_config.py"
VARIABLE = "UNROLLED_CLASS"
"""The environment variable that names a class folder where the command line does not."""


class ClassroomError(InstructorError):
    """There is no class folder, or something in it is missing or cannot be read."""


@dataclass(frozen=True)
class Classroom:
    """A class folder.

    Attributes
    ----------
    root : Path
        The folder itself, an absolute path.
    """

    root: Path

    @property
    def config_file(self) -> Path:
        """nbgrader's settings."""
        return self.root / CONFIG

    @property
    def source(self) -> Path:
        """Assignments with their solutions, `NAME/NAME.ipynb`."""
        return self.root / "source"

    @property
    def release(self) -> Path:
        """Assignments as learners get them, `NAME/NAME.ipynb`."""
        return self.root / "release"

    @property
    def submitted(self) -> Path:
        """What was handed in, `STUDENT/NAME/NAME.ipynb`."""
        return self.root / "submitted"

    @property
    def autograded(self) -> Path:
        """What formgrader shows, `STUDENT/NAME/NAME.ipynb`."""
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        """What learners get back, `STUDENT/NAME/NAME.html`."""
        return self.root / "feedback"

    @property
    def grading(self) -> Path:
        """Records of every grading, in one folder for each assignment."""
        return self.root / "grading"

    @property
    def reports(self) -> Path:
        """Reports on the class and files for the LMS, in one folder for each assignment."""
        return self.root / "reports"

    def assignments(self) -> list[str]:
        """Return the names of the assignments that were released, in order."""
        return sorted(
            path.stem for path in self.release.glob("*/*.ipynb") if path.stem == path.parent.name
        )

    def released(self, name: str) -> Path:
        """Return the learners' version of an assignment.

        Raises
        ------
        ClassroomError
            If there is none of this name.
        """
        names = self.assignments()
        if name not in names:
            those = ", ".join(names) if names else "none; run make instructor"
            raise ClassroomError(f"{self.release} has no assignment {name!r}. There are: {those}.")
        return self.release / name / f"{name}.ipynb"

    def submission(self, student: str, name: str) -> Path:
        """Return where a student's submission to an assignment is, whether or not it is there."""
        return self.submitted / student / name / f"{name}.ipynb"

    def autograded_notebook(self, student: str, name: str) -> Path:
        """Return where the graded notebook is, whether or not it is there."""
        return self.autograded / student / name / f"{name}.ipynb"

    def students(self, name: str) -> list[str]:
        """Return who has submitted something to an assignment, in order."""
        return sorted(
            path.parent.parent.name for path in self.submitted.glob(f"*/{name}/{name}.ipynb")
        )

    def db_url(self) -> str:
        """Return the address of the gradebook, as `nbgrader_config.py` gives it.

        Raises
        ------
        ClassroomError
            If the settings cannot be read.
        """
        from traitlets.config.loader import PyFileConfigLoader

        try:
            config = PyFileConfigLoader(CONFIG, path=str(self.root)).load_config()
        except Exception as error:  # the file is the instructor's own Python
            raise ClassroomError(
                f"{self.config_file} stops with {type(error).__name__}: {error}. Mend it, or move "
                "it away and run make instructor, which makes it again."
            ) from error
        given = config.CourseDirectory.get("db_url")
        return given or f"sqlite:///{self.root / 'gradebook.db'}"


def find(path: Path | str | None = None) -> Classroom:
    """Return the class folder that is meant.

    Parameters
    ----------
    path : Path or str, optional
        The folder. Without it, the one that `UNROLLED_CLASS` names; else `classroom` in the
        working folder; else the working folder itself.

    Raises
    ------
    ClassroomError
        If there is no class folder.
    """
    named = path or os.environ.get(VARIABLE)
    candidates = [Path(named).expanduser()] if named else [Path(FOLDER), Path()]
    for folder in candidates:
        if (folder / CONFIG).is_file():
            return Classroom(folder.resolve())
    missing = candidates[0].absolute()
    what = f"has no {CONFIG}" if missing.is_dir() else "is no folder"
    raise ClassroomError(
        f"{missing} {what}; expected the folder of a class. `make instructor` makes it, by default "
        f"{FOLDER}/ in the folder of the course; `make instructor CLASS=dir` makes one elsewhere."
    )
