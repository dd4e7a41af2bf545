"""What people gave and wrote in formgrader, read from nbgrader's gradebook.

The checks give points; a person may give others, add extra credit, grade texts, and comment on
any answer. `read_marks` reads all of it for one assignment in a handful of queries, so that
feedback and reports for a large class need no query per student.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from nbgrader import api
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Mark:
    """The points of one graded cell, as the gradebook has them.

    Attributes
    ----------
    possible : float
        Points of a full answer.
    auto : float or None
        What the checks gave; None where they gave nothing.
    manual : float or None
        What a person gave in its place.
    extra : float
        Extra credit.
    needs_grading : bool
        Whether a person still has to look at the cell.
    """

    possible: float
    auto: float | None = None
    manual: float | None = None
    extra: float = 0.0
    needs_grading: bool = False

    @property
    def points(self) -> float | None:
        """The points that count; None where a person still has to look."""
        if self.manual is not None:
            return self.manual + self.extra
        if self.needs_grading or self.auto is None:
            return None
        return self.auto + self.extra


@dataclass(frozen=True)
class Marked:
    """What the gradebook knows of one submission.

    Attributes
    ----------
    cells : dict of str to Mark
        By the grade id of the cell that carries the points.
    comments : dict of str to str
        What a person wrote, by the grade id of the answer's cell; never empty texts.
    late_seconds : float
        After the due date, extensions counted; 0 if in time or if there is no due date.
    penalty : float
        Points taken off for being late.
    """

    cells: Mapping[str, Mark] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    late_seconds: float = 0.0
    penalty: float = 0.0


def read_marks(session: Session, assignment: str) -> dict[str, Marked]:
    """Read the marks and comments of every submission of an assignment.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        On the gradebook's database, such as ``nbgrader.api.Gradebook(url).db``; nothing is changed.
    assignment : str
        The assignment's name; a name that the gradebook does not know has no marks.

    Returns
    -------
    dict of str to Marked, by the student's id
    """
    own = (
        (api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        & (api.SubmittedAssignment.assignment_id == api.Assignment.id)
        & (api.Assignment.name == assignment)
    )
    student = api.SubmittedAssignment.student_id
    cells: dict[str, dict[str, Mark]] = defaultdict(dict)
    possible = {
        cell.id: float(cell.max_score)
        for kind in (api.GradeCell, api.TaskCell)
        for cell in session.query(kind)
        .join(api.Notebook, api.Notebook.id == kind.notebook_id)
        .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
        .filter(api.Assignment.name == assignment)
    }
    grades = session.query(
        student,
        api.BaseCell.name,
        api.Grade.cell_id,
        api.Grade.auto_score,
        api.Grade.manual_score,
        api.Grade.extra_credit,
        api.Grade.needs_manual_grade,
    ).filter(
        own,
        api.Grade.notebook_id == api.SubmittedNotebook.id,
        api.BaseCell.id == api.Grade.cell_id,
    )
    for who, name, cell, auto, manual, extra, needed in grades:
        cells[who][name] = Mark(possible.get(cell, 0.0), auto, manual, extra or 0.0, bool(needed))
    comments: dict[str, dict[str, str]] = defaultdict(dict)
    written = session.query(student, api.BaseCell.name, api.Comment.manual_comment).filter(
        own,
        api.Comment.notebook_id == api.SubmittedNotebook.id,
        api.BaseCell.id == api.Comment.cell_id,
        api.Comment.manual_comment.isnot(None),
    )
    for who, name, text in written:
        if text.strip():
            comments[who][name] = text
    penalties: dict[str, float] = defaultdict(float)
    taken = session.query(student, api.SubmittedNotebook.late_submission_penalty).filter(own)
    for who, penalty in taken:
        penalties[who] += penalty or 0.0
    submissions = (
        session.query(api.SubmittedAssignment)
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .filter(api.Assignment.name == assignment)
    )
    return {
        submission.student_id: Marked(
            cells[submission.student_id],
            comments[submission.student_id],
            float(_seconds_late(submission)),
            penalties[submission.student_id],
        )
        for submission in submissions
    }


def _seconds_late(submission: api.SubmittedAssignment) -> float:
    """Seconds after the due date; nbgrader's own rule fails on an extension without a date."""
    if submission.assignment.duedate is None:
        return 0.0
    return submission.total_seconds_late
