"""The report on one assignment over the whole class: what went well, what to talk about.

`write_class_report` writes to ``reports/NAME/`` of the class: ``index.html``, one page with its
figures inside, which runs no script and asks no server for anything; the figures as SVG; and the
tables as ``exercises.csv`` and ``mistakes.csv``.
"""

from __future__ import annotations

import base64
import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from matplotlib.figure import Figure

from instructor.class_figures import as_svg, levels_figure, mistakes_figure, totals_figure
from instructor.class_summary import (
    LEVELS,
    TALK_RULE,
    ClassSummary,
    summarise,
)
from instructor.feedback import say_duration, say_points, template, titles_of
from instructor.marks import Marked
from instructor.rendering import clean, message_html
from instructor.results import REASONS, Result
from instructor.tables import guarded
from tools.files import write_atomically

NAMED = 20  # students, mistakes and notes that a list of the page names; files have all of them


@dataclass(frozen=True)
class Picture:
    """A figure of the page, as SVG, with a sentence that says what it shows."""

    name: str
    svg: bytes
    alt: str

    @property
    def address(self) -> str:
        """The picture itself as an address, so that the page is one file."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"


def write_class_report(
    classroom: Path,
    assignment: str,
    results: Sequence[Result],
    marks: Mapping[str, Marked] | None = None,
    late: Mapping[str, float] | None = None,
    missing: Sequence[str] = (),
) -> Path:
    """Write the report on an assignment.

    Parameters
    ----------
    classroom : Path
        The folder of the class; titles are read from ``release/NAME/NAME.ipynb``, if it is there.
    assignment : str
    results, marks, late, missing
        As in `instructor.class_summary.summarise`.

    Returns
    -------
    path : Path
        ``reports/NAME/index.html``.

    Raises
    ------
    ValueError
        If there are no results, or results of another assignment.
    """
    if not results:
        raise ValueError(
            f"There is no result for {assignment}; grade first: python -m instructor grade "
            f"{assignment}"
        )
    release = classroom / "release" / assignment / f"{assignment}.ipynb"
    cells = nbformat.read(release, as_version=4).cells if release.is_file() else []
    summary = summarise(assignment, results, marks, late, missing, titles_of(cells))
    pictures = make_pictures(summary)
    folder = classroom / "reports" / assignment
    for picture in pictures:
        write_atomically(folder / picture.name, picture.svg)
    write_atomically(folder / "exercises.csv", _csv(_exercise_rows(summary)))
    write_atomically(folder / "mistakes.csv", _csv(_mistake_rows(summary)))
    write_atomically(folder / "index.html", report_page(summary, pictures).encode())
    return folder / "index.html"


def report_page(summary: ClassSummary, pictures: Sequence[Picture]) -> str:
    """Return the page as a whole HTML document."""
    totals = summary.totals
    return template("report.html").render(
        summary=summary,
        pictures={picture.name.removesuffix(".svg"): picture for picture in pictures},
        median=f"{statistics.median(totals):.0%}" if totals else "",
        levels=LEVELS,
        rule=TALK_RULE,
        talk=[(clean(title), message_html(said)) for title, said in summary.talk_about],
        reasons=[(reason, count, REASONS[reason]) for reason, count in summary.reasons.items()],
        without=[(clean(s), reason, clean(d)) for s, reason, d in summary.without_score[:NAMED]],
        mistakes=[(mistake, message_html(mistake.message)) for mistake in summary.mistakes[:NAMED]],
        late=[(clean(s), say_duration(seconds)) for s, seconds in summary.late[:NAMED]],
        missing=[clean(student) for student in summary.missing[:NAMED]],
        notes=[(message_html(note), count) for note, count in summary.notes[:NAMED]],
        named=NAMED,
        waiting=sum(text.waiting for text in summary.texts),
        time=_say_time(summary),
    )


def make_pictures(summary: ClassSummary) -> list[Picture]:
    """Draw what there is to draw; the alternative texts say what it shows."""
    made: list[tuple[str, Figure, str]] = []
    scored = [exercise for exercise in summary.exercises if exercise.scored]
    if scored:
        best = max(scored, key=lambda exercise: exercise.solved)
        worst = min(scored, key=lambda exercise: exercise.solved)
        alt = f"{_say_solved(best)}."
        if worst is not best:
            alt = f"Most often solved: {_say_solved(best)}. Least often: {_say_solved(worst)}."
        made.append(("scores", levels_figure(summary.exercises), alt))
    if summary.totals:
        middle, half = statistics.median(summary.totals), sum(t >= 0.5 for t in summary.totals)
        alt = (
            f"Half of the class has {middle:.0%} of the automatic points or more; {half} of "
            f"{len(summary.totals)} reach half of them."
        )
        made.append(("totals", totals_figure(summary.totals), alt))
    if summary.mistakes:
        first = summary.mistakes[0]
        alt = f"The most common mistake is in {first.exercise}, by {first.students}: "
        made.append(("mistakes", mistakes_figure(summary.mistakes), alt + first.message))
    return [Picture(f"{name}.svg", as_svg(figure), clean(alt)) for name, figure, alt in made]


def _say_solved(exercise: Any) -> str:
    full = exercise.levels["full points"]
    return f"{exercise.title}, with full points for {full} of {exercise.scored}"


def _say_time(summary: ClassSummary) -> str:
    if not summary.seconds:
        return ""
    median, longest = statistics.median(summary.seconds), summary.seconds[-1]
    return (
        f"Grading took {median:.1f} s per submission (median); the longest took {longest:.1f} s "
        f"({clean(summary.slowest)})."
    )


def _exercise_rows(summary: ClassSummary) -> list[list[Any]]:
    rows: list[list[Any]] = [
        ["assignment", "grade_id", "check", "title", "points", "with_score", "mean_share", *LEVELS]
    ]
    for exercise in summary.exercises:
        mean = "" if exercise.mean is None else f"{exercise.mean:.4f}"
        rows.append(
            [summary.assignment, exercise.grade_id, exercise.check, exercise.title]
            + [say_points(exercise.possible), exercise.scored, mean]
            + [exercise.levels[level] for level in LEVELS]
        )
    return rows


def _mistake_rows(summary: ClassSummary) -> list[list[Any]]:
    rows: list[list[Any]] = [
        ["assignment", "exercise", "check", "mistake", "students", "share", "message"]
    ]
    rows += [
        [summary.assignment, m.exercise, m.check, m.key, m.students, f"{m.share:.4f}", m.message]
        for m in summary.mistakes
    ]
    return rows


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    """Write a table; texts that a spreadsheet would take for formulas are guarded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow(guarded(cell) if isinstance(cell, str) else cell for cell in row)
    return text.getvalue().encode()
