"""Pages of exercises, with hints to unfold, and pages of their solutions.

Both come from notebooks for nbgrader, whose cells have the same names: `fates-task` says what to
do, `fates-answer` is where the answer goes, `fates-check` checks it. A page of exercises is not
executed. What a check would offer on demand, its three hints, is unfolded here one out of the
other. A page of solutions is executed; it shows each answer with the check's report, and says which
mistakes the check knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from book.errors import BookError
from book.notebooks import Page, add_tag
from utils import checks
from utils.checks.engine import Check, Mistake

_TASK = re.compile(
    r"^\*\*(?:(?P<part>[a-z])\) )?(?P<kind>[^·*]+) · (?P<minutes>\d+) minutes · "
    r"(?P<points>[\d.]+) points?\.\*\* (?P<rest>.*)$",
    re.MULTILINE,
)
_HEADING = re.compile(r"^(?P<marks>##+) (?P<text>(?P<number>\d+) · .+)$", re.MULTILINE)
_CALL = re.compile(r"^checks\.check_(?P<name>\w+)\(.+, points=(?P<points>[\d.]+)\)$", re.MULTILINE)
_MARKER = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)
_SIGN = "*You know it is right when*"


@dataclass(frozen=True)
class Task:
    """What an exercise, or a part of one, says about itself."""

    label: str
    """The part of the cell's name that task, answer and check share."""
    number: str
    title: str
    part: str
    """Letter of the part; empty where the exercise has none."""
    kind: str
    minutes: str
    points: str


def transform(notebook: NotebookNode, page: Page) -> None:
    """Turn a notebook of exercises or of solutions into what its page shows.

    Parameters
    ----------
    notebook : NotebookNode
        A copy; changed in place. Pages of another kind are left as they are.
    page : Page

    Raises
    ------
    BookError
        If a cell is not built as the course builds its exercises, or if a solution does not get
        all its points.
    """
    if page.kind not in ("exercise", "solution"):
        return
    found = tasks(notebook, page)
    is_solution = page.kind == "solution"
    first, *others = _without_progress(notebook.cells, page)
    cells = (_solutions_head if is_solution else _exercises_head)(first, found, page)
    label = ""
    for cell in others:
        label = _stem(cell) or label
        cells.extend((_solution if is_solution else _exercise)(cell, page, label))
    notebook.cells = cells


def tasks(notebook: NotebookNode, page: Page) -> tuple[Task, ...]:
    """List what the exercises of a notebook say about themselves, in order.

    Raises
    ------
    BookError
        If no exercise is found, or one stands before the first heading.
    """
    found, number, title = [], "", ""
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        if heading := _HEADING.search(cell.source):
            number, _, title = heading["text"].partition(" · ")
        if said := _TASK.search(cell.source):
            if not number:
                raise _unlike(page, cell, "a heading such as '## 1 · Title' above the first task")
            label = cell.id.removesuffix("-task")
            found.append(
                Task(
                    label=label,
                    number=number,
                    title=title,
                    part=said["part"] or "",
                    kind=said["kind"],
                    minutes=said["minutes"],
                    points=said["points"],
                )
            )
    if not found:
        raise BookError(
            f"{page.source} holds no exercise; expected paragraphs such as "
            "'**Code · 6 minutes · 3 points.** *Delivers:* …'."
        )
    return tuple(found)


def _exercise(cell: NotebookNode, page: Page, label: str) -> Iterator[NotebookNode]:
    """Give what stands on the page of exercises in the place of a cell."""
    role = cell.metadata.get("nbgrader", {})
    if role.get("grade") and cell.cell_type == "code":
        check, points = _check_of(cell, page)
        link = _link("solution", page, label, "The solution")
        after = f"{link} stands on a page of its own; come back and write yours."
        yield new_markdown_cell(_check_box(check, points, after), id=cell.id)
        return
    if role.get("grade"):
        link = _link("solution", page, label, "a model answer")
        cell.source = _box(
            "unrolled-answer",
            f"**Your text** · {_in_points(role['points'])}",
            f"Write it in the notebook or on paper. Then compare it with {link}.",
        )
    elif cell.cell_type == "markdown":
        cell.source = _TASK.sub(_task_box, _anchored(cell, page, label))
    yield cell


def _solution(cell: NotebookNode, page: Page, label: str) -> Iterator[NotebookNode]:
    """Give what stands on the page of solutions in the place of a cell."""
    role = cell.metadata.get("nbgrader", {})
    if role.get("grade") and cell.cell_type == "code":
        check, points = _check_of(cell, page)
        _settle(cell, points, page)
        add_tag(cell, "remove-input")
        yield cell
        yield new_markdown_cell(_knowledge(check, page, label), id=f"{cell.id}-knows")
        return
    if role.get("grade"):
        title = f"**Model answer** · {_in_points(role['points'])}"
        cell.source = _box("unrolled-answer", title, cell.source)
    elif cell.cell_type == "markdown":
        cell.source = _folded(_anchored(cell, page, label), label == _stem(cell))
    elif role.get("solution"):
        cell.source = _MARKER.sub("", cell.source).rstrip("\n")
        add_tag(cell, "unrolled-solution")
    yield cell


def _without_progress(cells: Iterable[NotebookNode], page: Page) -> list[NotebookNode]:
    """Leave out the table of what is solved: without a kernel nobody has solved anything."""
    cells = list(cells)
    if len(cells) < 2 or cells[-1].source.strip() != "progress()":
        raise _unlike(page, cells[-1], "progress() in the last cell and its heading above")
    return cells[:-2]


def _exercises_head(title: NotebookNode, found: Iterable[Task], page: Page) -> list[NotebookNode]:
    words = (
        "Here you can read the exercises and unfold the hints of each check, one after the other."
        " To solve them, take the notebook into JupyterLab, where the checks run. The"
        f" [solutions](../../solutions/{page.name}/{page.name}.ipynb) are on a page of their own."
    )
    return [title, new_markdown_cell(f"{words}\n\n{_table(found, page)}", id="overview")]


def _solutions_head(title: NotebookNode, found: Iterable[Task], page: Page) -> list[NotebookNode]:
    heading = re.match(r"# Exercises (.+)", title.source)
    if heading is None:
        raise _unlike(page, title, "a first line such as '# Exercises 05 · Title'")
    words = (
        f"The [exercises](../../exercises/{page.name}/{page.name}.ipynb) come first: a solution"
        " that you have read is one that you no longer find. Each task is folded here above its"
        " solution; under it stands what the check said about it, and which mistakes that check"
        " recognises."
    )
    title.source = f"# Solutions {heading[1]}\n\n{words}"
    return [title, new_markdown_cell(_table(found, page), id="overview")]


def _table(found: Iterable[Task], page: Page) -> str:
    lines = ["| exercise | kind | minutes | points |", "| --- | --- | ---: | ---: |"]
    for task in found:
        name = f"{task.number}{task.part} · {task.title}"
        link = _link(page.kind, page, task.label, name)
        lines.append(f"| {link} | {task.kind.lower()} | {task.minutes} | {task.points} |")
    return "\n".join(lines)


def _anchored(cell: NotebookNode, page: Page, label: str) -> str:
    """Give the text of a cell with a target in front if it is the task of an exercise."""
    if label != _stem(cell):
        return cell.source
    return f"({_label(page.kind, page, label)})=\n{cell.source}"


def _task_box(said: re.Match[str]) -> str:
    """Turn the paragraph with kind, minutes and points into a box with these as its title."""
    deliver, known, sign = said["rest"].partition(_SIGN)
    lines = [deliver.strip(), f"{known}{sign}".strip()]
    part = f"{said['part']}) " if said["part"] else ""
    title = f"{part}{said['kind']} · {said['minutes']} minutes · {_in_points(said['points'])}"
    body = "\n\n".join(line for line in lines if line)
    return f"````{{admonition}} {title}\n:class: unrolled-task\n\n{body}\n````"


def _check_box(check: Check, points: float, after: str) -> str:
    """Show a check with its hints, each inside of the one before, and at last a link."""
    hints = after
    for number in range(len(check.hints), 0, -1):
        summary = f"Hint {number} of {len(check.hints)}"
        hints = _details(summary, f"{check.hints[number - 1]}\n\n{hints}", "unrolled-hint")
    called = f"**Check** `checks.check_{check.name}` · {_in_points(points)}"
    return _box("unrolled-check", called, hints)


def _knowledge(check: Check, page: Page, label: str) -> str:
    """List the mistakes that a check recognises, folded, and lead back to the exercise."""
    back = _link("exercise", page, label, "Back to the exercise")
    said = [_mistake(check, mistake) for mistake in check.mistakes]
    messages = list(dict.fromkeys(said))
    if not messages:
        return back
    summary = f"Mistakes that this check recognises ({len(messages)})"
    listed = "\n".join(f"- {message}" for message in messages)
    return f"{_details(summary, listed, 'unrolled-mistakes')}\n\n{back}"


def _mistake(check: Check, mistake: Mistake) -> str:
    """Say a mistake's message, and of which value where several are asked for by name."""
    names = [name for name in mistake.replaces if name in check.outputs]
    if check.inputs is not None or not names or len(check.outputs) < 2:
        return mistake.message
    return f"{', '.join(f'`{name}`' for name in names)}: {mistake.message}"


def _folded(text: str, is_task: bool) -> str:
    """Fold the text of a task under its heading."""
    if not is_task:
        return text
    lines = text.split("\n")
    kept = 1 + max(i for i, line in enumerate(lines) if i == 0 or re.match(r"##+ ", line))
    body = "\n".join(lines[kept:]).strip()
    said = _TASK.search(body)
    part = f" {said['part']})" if said and said["part"] else ""
    body = _TASK.sub(_task_box, body)
    if kept == 1:  # no heading, and raw html cannot be the target of a link
        return _details(f"The task{part}", f"{lines[0]}\n{body}", "unrolled-fold")
    folded = _details(f"The task{part}", body, "unrolled-fold")
    return "\n".join(lines[:kept]) + "\n\n" + folded


def _settle(cell: NotebookNode, points: float, page: Page) -> None:
    """Take the number of points from the outputs of a check, after a look at it."""
    scores = [o for o in cell.outputs if o.output_type == "execute_result"]
    earned = scores[0].data.get("text/plain") if len(scores) == 1 else None
    if earned is None or float(earned) != points:
        raise BookError(
            f"{page.source}, cell {cell.id}: the solution earns {earned} of {points:g} points."
            " Run the notebook and mend the solution or its check."
        )
    cell.outputs = [output for output in cell.outputs if output not in scores]


def _check_of(cell: NotebookNode, page: Page) -> tuple[Check, float]:
    called = _CALL.search(cell.source)
    check = checks.REGISTRY.get(page.name, {}).get(called["name"]) if called else None
    if check is None:
        raise _unlike(page, cell, f"checks.check_NAME(answer, points=…) of {page.name}")
    return check, float(called["points"])


def _stem(cell: NotebookNode) -> str:
    return cell.id.removesuffix("-task") if cell.id.endswith("-task") else ""


def _label(kind: str, page: Page, label: str) -> str:
    return f"{kind}-{page.number}-{label}"


def _link(kind: str, page: Page, label: str, words: str) -> str:
    return f"[{words}](#{_label(kind, page, label)})"


def _in_points(points: float | str) -> str:
    return f"{float(points):g} point" + ("" if float(points) == 1 else "s")


def _box(name: str, *paragraphs: str) -> str:
    body = "\n\n".join(paragraphs)
    return f'<div class="{name}">\n\n{body}\n\n</div>'


def _details(summary: str, body: str, name: str) -> str:
    return f'<details class="{name}"><summary>{summary}</summary>\n\n{body.strip()}\n\n</details>'


def _unlike(page: Page, cell: NotebookNode, expected: str) -> BookError:
    return BookError(
        f"{page.source}, cell {cell.id}: got {cell.source[:60]!r}; expected {expected}."
    )
