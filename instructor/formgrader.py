"""Formgrader's buttons do what ``python -m instructor grade`` and ``feedback`` do.

nbgrader lets a class name the exporters through which `autograde` and `generate_feedback` send each
notebook, and the `nbgrader_config.py` of a class folder names the two that are here.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter
from traitlets import Bool, Float, Integer, default

from instructor import seeds, worker
from instructor.classroom import Classroom, find
from instructor.collecting import read_ledger
from instructor.collecting.entries import TIMESTAMP
from instructor.collecting.times import parse_time
from instructor.errors import InstructorError, UnavailableError
from instructor.feedback import feedback_page
from instructor.grade_command import load_assignments
from instructor.gradebook import open_gradebook
from instructor.grading import Options, grading_key
from instructor.lines import line
from instructor.marks import read_marks
from instructor.pipeline import Grading, Submission
from instructor.records import Records, locked
from instructor.sandbox import Limits
from instructor.worker import Job, Outcome, Spec


class _Exporter(Exporter):
    """What both have in common: nbgrader tells whose notebook a file is, of which assignment."""

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return what nbgrader writes in the place of the notebook, and what it has to know of it.

        Raises
        ------
        InstructorError
            If it cannot be made; nbgrader shows the message.
        """
        resources = self._init_resources(resources)
        names = resources["nbgrader"]
        return self.text_of(Path(filename), names["student"], names["assignment"]), resources

    def text_of(self, path: Path, student: str, name: str) -> str:
        """Return what is written; each button's own."""
        raise NotImplementedError


class SandboxedExporter(_Exporter):
    """Grade a submission in the sandbox where nbgrader would run it with all rights.

    nbgrader's `autograde` sends each notebook through its exporter twice: once from submitted/ to
    autograded/, to take out what the learner must not change, and once within autograded/, to run
    it. Here the first grades and stores, and the second gives the notebook back as it is.
    """

    seconds = Float(300.0, help="Longest time for one submission, in seconds.").tag(config=True)
    memory = Integer(4 * 1024**3, help="Memory for one submission, in bytes.").tag(config=True)
    restore_tests = Bool(
        False, help="Whether edited check cells are put back and graded; else they have no score."
    ).tag(config=True)
    unsafe = Bool(
        False, help="Whether to grade without bubblewrap: submissions then run with your rights."
    ).tag(config=True)

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".ipynb"

    def text_of(self, path: Path, student: str, name: str) -> str:
        """Return the graded notebook, as JSON."""
        coursedir = self.parent.coursedir
        graded = Path(coursedir.format_path(coursedir.autograded_directory, student, name))
        if path.parent == graded:
            return path.read_text(encoding="utf-8")
        _remove_companions(graded, path.name)
        return self._grade(path, student, name)

    def _grade(self, path: Path, student: str, name: str) -> str:
        """Grade the submission in `path`, store what came out, and return the graded notebook."""
        if path.is_symlink() or not path.is_file():
            raise InstructorError(f"{path} is a link or no file; expected a notebook.")
        classroom = find(self.parent.coursedir.root)
        with locked(classroom.root, _refuse), open_gradebook(classroom.root) as gradebook:
            assignment, others = load_assignments(classroom, name)
            seed = seeds.read(classroom.root)
            options = Options(restore_tests=self.restore_tests)
            try:
                whole = self.seconds
                limits = Limits(
                    seconds=whole,
                    cell_seconds=min(whole, Limits().cell_seconds),
                    cpu_seconds=whole,
                    memory=self.memory,
                )
            except ValueError as error:
                raise InstructorError(f"{classroom.config_file}: {error}") from None
            grading = Grading(
                classroom.root,
                assignment,
                gradebook,
                key=grading_key(assignment, seed, options),
                limits=json.dumps(limits.to_json(), sort_keys=True),
            )
            spec = Spec(assignment, others, seed, limits, options, self.unsafe)
            submission = _submission(classroom, student, name, gradebook.due(name))
            (record,) = grading.run([submission], _Here(spec))
        self.log.info(line(record, len(student)))
        return classroom.autograded_notebook(student, name).read_text(encoding="utf-8")


class _Here:
    """Grades in this process, in a sandbox that stays warm for the next submission."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def run(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        spec = self.spec
        key = grading_key(spec.assignment, spec.seed, spec.options)
        others = [one.fingerprint for one in spec.others]
        settings = repr((key, spec.limits, spec.unsafe, others))
        token = hashlib.sha256(settings.encode()).hexdigest()
        worker.install(token, spec)
        for job in jobs:
            answer = worker.grade_one(token, job, worker="formgrader")
            if not isinstance(answer, Outcome):
                raise UnavailableError(f"Nothing can be graded here: {answer.reason}")
            yield answer


def _submission(classroom: Classroom, student: str, name: str, due: datetime | None) -> Submission:
    """Describe the submission that lies in the class's folder, with what collecting it told."""
    path = classroom.submission(student, name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = read_ledger(classroom.root, name).get(student)
    known = entry if entry is not None and entry.digest == digest else None
    written = path.with_name(TIMESTAMP)
    time = parse_time(written.read_text(encoding="utf-8"), UTC) if written.is_file() else None
    late = known.late_seconds if known is not None else None
    if late is None and due is not None and time is not None:
        late = max(0.0, (time - due).total_seconds())
    return Submission(student, path, digest, time.isoformat() if time else "", late)


def _refuse(sentence: str) -> None:
    """Stop in place of waiting: a page that waits would keep all of JupyterLab waiting."""
    raise UnavailableError(
        f"{sentence.partition(';')[0]}. Press the button again when it has ended."
    )


def _remove_companions(folder: Path, notebook: str) -> None:
    """Remove what nbgrader copied from a submission beside its notebook.

    Formgrader gives files of this folder to the browser as pages of the Jupyter server, with the
    rights of the instructor.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in (notebook, TIMESTAMP):
            path.unlink()


class FeedbackExporter(_Exporter):
    """Give formgrader's button "Generate feedback" the pages of ``python -m instructor feedback``.

    nbgrader's own pages show a submission as formgrader does; these say what a learner can use.
    """

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def text_of(self, path: Path, student: str, name: str) -> str:
        """Return the page for the learner whose autograded notebook this is.

        Raises
        ------
        InstructorError
            If the submission was not graded in the sandbox.
        """
        classroom = find(self.parent.coursedir.root)
        records = Records(classroom.root, name).of(student)
        if not records:
            raise InstructorError(
                f"There is no record of a grading of {name} by {student}; expected one in "
                f"{classroom.grading / name}. Autograde the submission again."
            )
        with open_gradebook(classroom.root) as gradebook:
            marked = read_marks(gradebook.nbgrader.db, name).get(student)
            person = gradebook.nbgrader.find_student(student)
            full_name = f"{person.first_name or ''} {person.last_name or ''}".strip()
        return feedback_page(
            records[-1].result,
            nbformat.read(path, as_version=4),
            marked,
            late_seconds=records[-1].late_seconds,
            student_name=full_name,
        )
