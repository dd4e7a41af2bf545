"""One page of feedback per submission: points, what the checks say, and what people wrote.

A page is one HTML file that asks no server for anything and runs no script: a policy in its head
forbids both, and whatever a learner wrote is escaped or rendered from a short list of elements.
It shows the findings of the checks and their hints, the learner's own answers beside them, and the
comments of the person who graded. It shows no right answer, and nothing of what a learner's
function printed, since that could be the private inputs.
"""

from __future__ import annotations

import functools
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from markupsafe import Markup
from nbformat import NotebookNode

from instructor.marks import Mark, Marked
from instructor.rendering import clean, code_html, message_html, text_html
from instructor.results import GRADED, ExerciseResult, ManualResult, Result
from tools.files import write_atomically
from utils.checks.reporting import HINTED, MARKS, STATUS

UNREAD = ("did not parse", "wrong notebook", "wrong kernel")
"""Statuses with which a page shows no answers: none were found in the file."""

ADVICE: Mapping[str, str] = {
    "timed out": "Restart the kernel and run all cells. One of them does not come to an end, or "
    "takes far longer than its exercise asks for: look for a loop whose condition stays true, and "
    "for experiments with many more steps than the exercise names.",
    "out of memory": "Restart the kernel and run all cells while you watch the memory. Look for a "
    "list that grows in a loop, and for an array one of whose axes is much larger than you meant.",
    "crashed": "Restart the kernel and run all cells. If the kernel dies on your machine too, the "
    "last cell that it reached is the one to look at: endless recursion, `exit()` and `os._exit()` "
    "do this.",
    "too much output": "Look for a `print` inside a loop, and print what you need once, after it.",
    "too many processes": "The exercises need no processes or threads of their own: take out what "
    "starts them, such as `multiprocessing` or `subprocess`.",
    "broken answer": "Return arrays of numbers, of the shapes that the exercise names. Much larger "
    "ones, and other objects in their place, cannot be checked.",
    "did not parse": "Open the file in JupyterLab. If it opens, save it there and hand in that "
    "file; if it does not, look for a whole copy. An export (HTML, PDF, .py) cannot be graded.",
    "wrong notebook": "Compare the file's name with the assignment's, and hand in the notebook of "
    "this assignment. If its cells are lost, take a fresh copy and move your answers into it.",
    "wrong kernel": "Open the notebook in JupyterLab, choose the kernel Python 3, run all cells, "
    "save, and hand that in.",
    "edited tests": "Take a fresh copy of the notebook and move your answers into it. Leave the "
    "cells that check as they are; try things out in cells of your own.",
    "grader's fault": "You need not do anything. Your instructor can see that the grading itself "
    "failed.",
    "worker lost": "You need not do anything. Your instructor can have it graded once more.",
}
"""What a learner can do, by the reason why there is no score."""

UNKNOWN = "no score: not reached"
WORDS = {status: words for status, (_, words, _) in STATUS.items()}
ERROR_CHARACTERS = 2000  # of an error that a page shows
PAGE_CHARACTERS = 50_000  # of cells that a learner added; answers are shown in any case
CELL_CHARACTERS = 200  # what a cell takes on a page beside its text
FOR_EXCHANGE = ("timestamp.txt", "submission_secret.txt")
"""What `nbgrader release_feedback` looks for beside a page; both come with a submission that
`nbgrader collect` fetched."""
EXCHANGE_BYTES = 1000

MOMENT = (1980, 1, 1, 0, 0, 0)  # the time that zip files get, so that equal pages give equal bytes


@dataclass(frozen=True)
class Piece:
    """One cell of the learner's on the page, under a heading of ours."""

    heading: str
    html: Markup


@dataclass
class Section:
    """One exercise on the page."""

    grade_id: str
    title: str
    possible: float
    points: float | None
    status: str
    words: str
    by_person: bool
    waits: bool
    pieces: list[Piece] = field(default_factory=list)
    lines: list[tuple[str, str, Markup | str]] = field(default_factory=list)
    hints: list[Markup] = field(default_factory=list)
    comments: list[Markup] = field(default_factory=list)


def feedback_page(
    result: Result,
    notebook: NotebookNode | None,
    marked: Marked | None = None,
    *,
    late_seconds: float | None = None,
    student_name: str = "",
    title: str = "",
) -> str:
    """Return the page of one submission.

    Parameters
    ----------
    result : Result
    notebook : NotebookNode or None
        The autograded one, with the learner's answers; None where there is none.
    marked : Marked, optional
        Points and comments that people gave.
    late_seconds : float, optional
        How late it was handed in, where the gradebook does not know.
    student_name : str
        Shown beside the student's id.
    title : str
        Of the assignment; by default the notebook's first heading, or the assignment's name.

    Returns
    -------
    html : str
        A whole document.
    """
    marked = marked or Marked()
    cells = [] if notebook is None else list(notebook.cells)
    sections = _sections(result, cells, marked)
    points, waiting = _total(result, sections, marked)
    late = max(marked.late_seconds, late_seconds or 0.0)
    return template("feedback.html").render(
        result=result,
        title=clean(title or _first_heading(cells) or result.assignment),
        student=clean(result.student),
        name=clean(student_name),
        sections=sections,
        details=any(s.pieces or s.lines or s.comments or s.points is not None for s in sections),
        points=points,
        possible=sum(section.possible for section in sections),
        waiting=waiting,
        waiting_points=sum(section.possible for section in waiting),
        graded=result.status == GRADED,
        detail=message_html(result.detail),
        advice=message_html(ADVICE.get(result.status, "")),
        notes=[message_html(note) for note in result.notes],
        late=say_duration(late) if late > 0 else "",
        penalty=marked.penalty,
    )


def write_feedback(
    classroom: Path,
    result: Result,
    notebook: NotebookNode | None,
    marked: Marked | None = None,
    **words: Any,
) -> Path:
    """Write the page of one submission to ``feedback/STUDENT/NAME/NAME.html`` of the class.

    Parameters
    ----------
    classroom : Path
        The folder of the class.
    result, notebook, marked, **words
        As in `feedback_page`.

    Returns
    -------
    path : Path
        A file that says the same already is left as it is.
    """
    page = feedback_page(result, notebook, marked, **words).encode()
    path = classroom / "feedback" / result.student / result.assignment
    path = path / f"{result.assignment}.html"
    _write(path, page)
    submitted = classroom / "submitted" / result.student / result.assignment
    for name in FOR_EXCHANGE:
        if data := _small_file(submitted / name):
            _write(path.with_name(name), data)
    return path


def write_all_feedback(
    classroom: Path,
    results: Iterable[Result],
    marks: Mapping[str, Marked] | None = None,
    names: Mapping[str, str] | None = None,
    late: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write the pages of a class, with the notebooks in ``autograded/``.

    Parameters
    ----------
    classroom : Path
    results : iterable of Result
        The newest of each student.
    marks : dict of str to Marked
        As `instructor.marks.read_marks` gives them.
    names : dict of str to str
        Names to show beside the students' ids.
    late : dict of str to float
        Seconds after the due date, where the gradebook does not know.
    """
    marks, names, late = marks or {}, names or {}, late or {}
    pages = []
    for result in results:
        path = classroom / "autograded" / result.student / result.assignment
        path = path / f"{result.assignment}.ipynb"
        notebook = nbformat.read(path, as_version=4) if path.is_file() else None
        pages.append(
            write_feedback(
                classroom,
                result,
                notebook,
                marks.get(result.student),
                late_seconds=late.get(result.student),
                student_name=names.get(result.student, ""),
            )
        )
    return pages


def zip_feedback(
    classroom: Path,
    assignment: str,
    target: Path,
    places: Mapping[str, str] | None = None,
) -> Path:
    """Pack every page of an assignment into one file for an LMS.

    Parameters
    ----------
    classroom : Path
    assignment : str
    target : Path
        The zip file.
    places : dict of str to str, optional
        Student to folder inside the zip. Moodle wants the folder's name of its own download,
        ``"Jane Doe_123_assignsubmission_file_"``; without it, the student's id is taken.

    Returns
    -------
    path : Path
        `target`; equal pages give equal bytes.

    Raises
    ------
    ValueError
        If there is no page to pack, or a place leads out of the zip.
    """
    pages = sorted((classroom / "feedback").glob(f"*/{assignment}/{assignment}.html"))
    if not pages:
        raise ValueError(
            f"{classroom / 'feedback'} holds no page for {assignment}; write the pages first: "
            f"python -m instructor feedback {assignment}"
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for page in pages:
            student = page.parents[1].name
            folder = (places or {}).get(student, student)
            if not folder or folder in (".", "..") or re.search(r"[/\\\0]", folder):
                raise ValueError(
                    f"The place of {student} in the zip is {folder!r}; expected one folder's name."
                )
            info = zipfile.ZipInfo(f"{folder}/{page.name}", MOMENT)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            file.writestr(info, page.read_bytes())
    write_atomically(target, packed.getvalue())
    return target


def _write(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        write_atomically(path, data)


def _small_file(path: Path) -> bytes:
    """Return what a file holds; nothing if it is missing, a link, or larger than such files are."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > EXCHANGE_BYTES:
        return b""
    return path.read_bytes()


def say_duration(seconds: float) -> str:
    """Put a duration into words, in its two largest units, rounded down; "1 day 2 hours"."""
    left, parts = int(max(seconds, 1)), []
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, left = divmod(left, length)
        if number:
            parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
    return " ".join(parts[:2])


def say_points(points: float | None) -> str:
    """Write points with at most two decimals; a dash where there are none."""
    return "–" if points is None else f"{points:.2f}".rstrip("0").rstrip(".")


# --- what is on the page ---------------------------------------------------------------------


def _sections(result: Result, cells: list[NotebookNode], marked: Marked) -> list[Section]:
    """Put every exercise together with the cells that answer it, in the notebook's order."""
    found: dict[str, ExerciseResult | ManualResult] = {
        item.grade_id: item for item in (*result.exercises, *result.manual)
    }
    sections, waiting, comments = [], [], []
    titles, shown = titles_of(cells), result.status not in UNREAD
    room = PAGE_CHARACTERS  # own cells may be as many as a file of 20 MB can hold
    for cell in cells:
        held = cell.metadata.get("nbgrader") or {}
        grade_id = str(held.get("grade_id", ""))
        own = held.get("solution") or not held
        if own and shown and cell.source.strip():
            if held:
                waiting.append(Piece("Your answer", _piece(cell)))
            elif room > 0:
                waiting.append(Piece("Your own cell", _piece(cell)))
                room -= len(cell.source) + CELL_CHARACTERS
                if room <= 0:
                    text = text_html("The page has no room for the cells of your own after this.")
                    waiting.append(Piece("More cells", text))
        if own and grade_id in marked.comments:
            comments.append(text_html(marked.comments[grade_id]))
        if grade_id in found:
            section = _section(found.pop(grade_id), marked, titles.get(grade_id, ""), shown)
            section.pieces, section.comments = waiting, comments
            sections.append(section)
            waiting, comments = [], []
    sections += [_section(item, marked, "", shown) for item in found.values()]
    if waiting and sections:
        sections[-1].pieces += waiting
    return sections


def _section(
    item: ExerciseResult | ManualResult, marked: Marked, title: str, read: bool
) -> Section:
    mark = marked.cells.get(item.grade_id, Mark(item.possible))
    if isinstance(item, ManualResult):
        points = mark.points if item.grade_id in marked.cells else None
        if not item.answered and mark.manual is None:
            words, status = ("not answered", "not started") if read else (UNKNOWN, "no score")
        elif points is None:
            words, status = "waits for a person", "open"
        else:
            words, status = "graded by a person", "read"
        return Section(
            item.grade_id,
            clean(title) or f"Text {item.grade_id}",
            item.possible,
            points,
            status,
            words,
            mark.manual is not None,
            points is None and item.answered,
        )
    by_person = mark.manual is not None
    report = item.report
    section = Section(
        item.grade_id,
        clean(title) or clean(item.title),
        item.possible,
        mark.points if by_person else item.points,
        item.status if report else "no score",
        (report.summary or WORDS[report.status]) if report else f"no score: {item.status}",
        by_person,
        False,
    )
    if report:
        section.lines = [
            (line.kind, MARKS.get(line.kind, ""), _line(line.kind, line.text))
            for line in report.lines
            if line.kind != "printed"
        ]
        if report.status in HINTED:
            section.hints = [message_html(hint) for hint in report.hints]
    return section


def _line(kind: str, text: str) -> Markup | str:
    return clean(text) if kind == "code" else message_html(text)


def _total(
    result: Result, sections: list[Section], marked: Marked
) -> tuple[float | None, list[Section]]:
    """Return the points that count so far, and the sections that wait for a person."""
    waiting = [section for section in sections if section.waits]
    known = [section.points for section in sections if section.points is not None]
    by_people = bool(sections) and all(section.by_person for section in sections)
    if result.status != GRADED and not by_people:
        return None, waiting
    return max(0.0, sum(known) - marked.penalty), waiting


def _piece(cell: NotebookNode) -> Markup:
    """Show an answer, and under code the error with which it stopped, if it did."""
    if cell.cell_type != "code":
        return text_html(cell.source)
    shown = code_html(cell.source)
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            said = clean(
                "\n".join(map(str, output.traceback)) or f"{output.ename}: {output.evalue}"
            )
            said = said[:ERROR_CHARACTERS]
            shown += Markup(
                '<p class="status is-stopped">✗ This cell stopped</p><pre>{}</pre>'
            ).format(said)
    return shown


def _heading_of(source: str, heading: str, part: str) -> tuple[str, str]:
    """Return the exercise's heading and part that hold after a released text cell."""
    if found := re.search(r"^##\s+(.+)$", source, flags=re.MULTILINE):
        heading, part = _plain(found.group(1)), ""
    if found := re.search(r"^\*\*([a-z])\)", source, flags=re.MULTILINE):
        part = f" (part {found.group(1)})"
    return heading, part


def titles_of(cells: Iterable[NotebookNode]) -> dict[str, str]:
    """Return the heading under which every graded cell stands, by its grade id."""
    heading, part, titles = "", "", {}
    for cell in cells:
        held = cell.metadata.get("nbgrader") or {}
        if held.get("locked") and cell.cell_type == "markdown":
            heading, part = _heading_of(cell.source, heading, part)
        if held.get("grade") and heading:
            titles[str(held.get("grade_id", ""))] = f"{heading}{part}"
    return titles


def _first_heading(cells: list[NotebookNode]) -> str:
    for cell in cells:
        held = cell.metadata.get("nbgrader") or {}
        found = re.search(r"^#\s+(.+)$", cell.source, flags=re.MULTILINE)
        if held.get("locked") and cell.cell_type == "markdown" and found:
            return _plain(found.group(1))
    return ""


def _plain(heading: str) -> str:
    """Return a heading's words without the marks of Markdown."""
    return re.sub(r"[*`]", "", heading).replace("$", "").strip()


@functools.cache
def template(name: str) -> jinja2.Template:
    """Return one of the templates of this package; every value in it is escaped."""
    loader = jinja2.PackageLoader("instructor", "templates")
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = say_points
    return environment.get_template(name)
