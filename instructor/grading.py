"""Grade one submission: read it, run it in the sandbox, judge what comes back.

A check is asked at its place in the notebook, when the cells before it have run. Its function is
called in the sandbox on inputs that this process has chosen; arrays come back and are judged
here. Where one course copy cannot serve all checks, the notebook runs once for each *pass*, in a
copy that withholds other functions (`instructor.course_copy`).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType

from instructor import course_copy, seeds
from instructor.asking import Asked, Run
from instructor.assignment import Assignment, Exercise
from instructor.autograded import Shown, autograded_notebook
from instructor.merging import Merged, merge
from instructor.results import (
    GRADED,
    GRADERS_FAULT,
    REASONS,
    ExerciseResult,
    ManualResult,
    Result,
    without_score,
)
from instructor.sandbox import Limits, Sandbox
from instructor.skipping import dispensable
from instructor.submission import Rejected, read_submission

VERSION = 1  # of how results come about: raise it when the same file would get other points
ROOT = Path(__file__).resolve().parents[1]
SPARE_SANDBOXES = 2  # warm ones for single checks, beside those of the plan
SHORTEST = 0.1  # seconds: with less left no session is worth beginning
LOST = "sandbox lost"


@dataclass(frozen=True)
class Options:
    """How to grade.

    Attributes
    ----------
    restore_tests : bool
        Whether a submission whose cells that grade were changed is graded with the released ones;
        if not, it gets no score.
    """

    restore_tests: bool = False


@dataclass(frozen=True)
class Graded:
    """What grading a submission gives.

    Attributes
    ----------
    result : Result
    notebook : str
        The autograded notebook as JSON text.
    """

    result: Result
    notebook: str


def course_version() -> str:
    """Return 16 hexadecimal digits that change with any source of the checks and their course."""
    digest = hashlib.sha256(str(VERSION).encode())
    files = [*sorted((ROOT / "utils").rglob("*.py")), ROOT / "instructor" / "withheld.toml"]
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def grading_key(
    assignment: Assignment, seed: str | None = None, options: Options | None = None
) -> str:
    """Return what a result depends on beside the bytes and the limits, as 16 hexadecimal digits.

    The seed cannot be found from it but by guessing the seed.
    """
    told = {
        "assignment": [assignment.name, assignment.fingerprint],
        "seed": "public" if seed is None else seeds.fingerprint(seed),
        "course": course_version(),
        "options": asdict(options or Options()),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


class Grader:
    """Grades submissions of one assignment, one after the other, in sandboxes that it keeps warm.

    Parameters
    ----------
    assignment : Assignment
    seed : str, optional
        The private seed; without it the inputs are those of the public course.
    limits : Limits, optional
    options : Options, optional
    unsafe : bool
        Whether to do without bubblewrap.
    others : iterable of Assignment
        Assignments that a wrong notebook may belong to.

    Raises
    ------
    SandboxError
        From `grade`, if the sandbox cannot run on this machine.
    """

    def __init__(
        self,
        assignment: Assignment,
        seed: str | None = None,
        limits: Limits | None = None,
        options: Options | None = None,
        unsafe: bool = False,
        others: Iterable[Assignment] = (),
    ) -> None:
        self.assignment, self.seed = assignment, seed
        self.limits, self.options = limits or Limits(), options or Options()
        self.unsafe, self.others = unsafe, tuple(others)
        self.key = grading_key(assignment, seed, self.options)
        names = [exercise.check for exercise in assignment.exercises]
        self._given = [
            cell.source
            for cell in assignment.cells
            if cell.role == "given" and cell.cell_type == "code"
        ]
        self.plan = course_copy.plan(assignment.name, names, self._given) if names else []
        self._folder = tempfile.TemporaryDirectory(prefix="course-copies-")
        self._sandboxes: OrderedDict[frozenset[str], Sandbox] = OrderedDict()

    def __enter__(self) -> Grader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the sandboxes and remove the course copies."""
        while self._sandboxes:
            self._sandboxes.popitem()[1].close()
        self._folder.cleanup()

    def warm(self) -> None:
        """Start the sandboxes that every submission needs, where they do not run already.

        Raises
        ------
        SandboxError
            If the sandbox cannot run on this machine.
        """
        for one in self.plan:
            self._sandbox(one.withheld)

    def grade(self, data: bytes, student: str) -> Graded:
        """Grade the bytes of one file.

        Returns
        -------
        Graded
            Always: whatever the submission does, its result says so.
        """
        started = time.monotonic()
        digest = hashlib.sha256(data).hexdigest()

        def refused(status: str, detail: str, merged: Merged | None = None) -> Graded:
            notes = merged.notes if merged else ()
            seconds = time.monotonic() - started
            result = without_score(
                student, self.assignment, digest, status, detail, self.key, notes, seconds
            )
            if merged:
                result = replace(result, manual=self._manual(merged))
            return Graded(result, autograded_notebook(self.assignment, merged, result))

        read = read_submission(data, self.assignment, self.others)
        if isinstance(read, Rejected):
            return refused(read.reason, read.detail)
        merged = merge(self.assignment, read)
        if merged.edited and not self.options.restore_tests:
            names = ", ".join(merged.edited)
            detail = f"Cells that grade were changed: {names}; expected them as they were released."
            return refused("edited tests", detail, merged)
        begun = time.monotonic()
        self.warm()
        started += time.monotonic() - begun  # what serves all is not the first one's time
        run, shown = self._run(merged)
        if run.reason == LOST:
            run, shown = self._run(merged)
        status, detail = _status(run)
        result = Result(
            student,
            self.assignment.name,
            digest,
            status,
            detail,
            tuple(_exercise(item, run.asked.get(item.check)) for item in self.assignment.exercises),
            self._manual(merged),
            merged.notes,
            round(time.monotonic() - started, 3),
            self.key,
        )
        return Graded(result, autograded_notebook(self.assignment, merged, result, shown))

    def _manual(self, merged: Merged) -> tuple[ManualResult, ...]:
        return tuple(
            ManualResult(item.grade_id, item.points, merged.answered.get(item.grade_id, False))
            for item in self.assignment.manual
        )

    # --- passes ------------------------------------------------------------------------------

    def _run(self, merged: Merged) -> tuple[Run, dict[int, Shown]]:
        """Run the notebook once for each pass and ask the checks in it."""
        run = Run(self.assignment, self.seed)
        first, *others = self.plan or [course_copy.Pass(frozenset(), ())]
        shown = self._one(run, merged, first, whole=True)
        for one in others:
            self._one(run, merged, one)
        for check in run.unfair(course_copy.withheld_for(self.assignment.name, list(run.asked))):
            alone = course_copy.own_pass(self.assignment.name, check)
            before = run.asked.pop(check)
            self._one(run, merged, alone)
            run.asked.setdefault(check, before)
        return run, shown

    def _one(
        self, run: Run, merged: Merged, one: course_copy.Pass, whole: bool = False
    ) -> dict[int, Shown]:
        """Run the notebook for one pass, without cells that it does not need if not `whole`."""
        spared = frozenset() if whole else dispensable(self.assignment, merged, one.checks)
        shown = self._session(run, merged, one, whole, spared)
        if spared and run.is_doubtful(one.checks):
            self._session(run, merged, one, whole, frozenset())
        return shown

    def _session(
        self,
        run: Run,
        merged: Merged,
        one: course_copy.Pass,
        whole: bool,
        spared: frozenset[int],
    ) -> dict[int, Shown]:
        """Run the notebook in a session, which has the time that earlier ones have left over."""
        if run.over:
            return {}
        began = time.monotonic()
        sandbox = self._sandbox(one.withheld)
        if one not in self.plan:  # what a submission can make us start is on its own time
            run.used += time.monotonic() - began
        left = self.limits.seconds - run.used
        if left < SHORTEST:
            run.stop("timed out", f"All runs together took longer than {self.limits.seconds:g} s.")
            return {}
        with sandbox.session(replace(self.limits, seconds=left)) as session:
            return run.through(session, merged, one, whole, spared)

    def _sandbox(self, withheld: frozenset[str]) -> Sandbox:
        """Return a warm sandbox with a copy that withholds these functions."""
        if withheld in self._sandboxes:
            self._sandboxes.move_to_end(withheld)
            return self._sandboxes[withheld]
        planned = {one.withheld for one in self.plan}
        spare = [key for key in self._sandboxes if key not in planned]
        for key in spare[: max(0, len(spare) - SPARE_SANDBOXES + 1)]:
            self._sandboxes.pop(key).close()
        name = self.assignment.name
        copy = course_copy.cached_copy(Path(self._folder.name), name, withheld)
        imports = course_copy.warm_up(name, self._given)
        sandbox = Sandbox(copy, imports, self.limits, self.unsafe)
        sandbox.start()
        self._sandboxes[withheld] = sandbox
        return sandbox


def grade(
    data: bytes,
    assignment: Assignment,
    student: str,
    seed: str | None = None,
    limits: Limits | None = None,
    options: Options | None = None,
    unsafe: bool = False,
) -> Graded:
    """Grade a single submission; see `Grader`, which is faster for several."""
    with Grader(assignment, seed, limits, options, unsafe) as grader:
        return grader.grade(data, student)


def _status(run: Run) -> tuple[str, str]:
    """Return the status of a submission and a sentence on it."""
    if run.reason == LOST:
        return GRADERS_FAULT, f"The sandbox was lost twice: {run.detail}"
    if run.reason:
        return run.reason, run.detail or REASONS[run.reason]
    faults = [asked.detail for asked in run.asked.values() if asked.reason]
    if faults:
        return GRADERS_FAULT, faults[0]
    return GRADED, ""


def _exercise(item: Exercise, asked: Asked | None) -> ExerciseResult:
    """Return the result of one exercise."""
    if asked is None:
        return ExerciseResult(
            item.grade_id, item.check, item.title, item.points, None, "not reached"
        )
    if asked.report is None:
        status = GRADERS_FAULT if asked.reason == LOST else asked.reason
        return ExerciseResult(
            item.grade_id,
            item.check,
            item.title,
            item.points,
            None,
            status,
            seconds=round(asked.seconds, 3),
        )
    report = asked.report
    share = min(max(report.score, 0.0), 1.0)
    return ExerciseResult(
        item.grade_id,
        item.check,
        report.title,
        item.points,
        min(round(item.points * share, 6), item.points),
        report.status,
        report.mistakes,
        tuple((line.kind, line.text, line.key) for line in report.lines),
        tuple(report.hints),
        report.summary,
        round(asked.seconds, 3),
    )
