"""Put a submission into its assignment: what is run, in which order, and what was changed.

Given cells and cells that grade are the released ones, whatever the file holds. Answers are the
learner's, by their `grade_id`, in the released order; cells of the learner's own stay behind the
cell that they stood behind.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from instructor.assignment import AssignedCell, Assignment, check_call
from instructor.submission import Submission, SubmittedCell

START = ""  # stands for the place before the first cell of the assignment
NAMED = 6  # ids that a note lists


@dataclass(frozen=True)
class MergedCell:
    """One cell of the notebook that is graded.

    Attributes
    ----------
    grade_id : str
        Empty for a cell of the learner's own.
    role : {"given", "answer", "check", "manual", "own"}
    cell_type : {"code", "markdown", "raw"}
    source : str
    attachments : dict
        Pictures of a text: name to {MIME type: base64 text}.
    """

    grade_id: str
    role: str
    cell_type: str
    source: str
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Merged:
    """A submission put into its assignment.

    Attributes
    ----------
    cells : tuple of MergedCell
        All of them, in the order in which they run.
    notes : tuple of str
    edited : tuple of str
        `grade_id` of the cells that grade and were changed.
    answered : dict of str to bool
        For each cell that a person grades, whether it holds more than what was released.
    """

    cells: tuple[MergedCell, ...]
    notes: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    answered: Mapping[str, bool] = field(default_factory=dict)


def merge(assignment: Assignment, submission: Submission) -> Merged:
    """Return the cells to run: the released ones with the learner's answers and own cells."""
    released = {cell.grade_id: cell for cell in assignment.cells if cell.grade_id}
    first, own, doubled = _sort(released, submission.cells)
    cells = [*own.get(START, ())]
    for grade_id, cell in released.items():
        cells.append(_chosen(cell, first.get(grade_id)))
        cells.extend(own.get(grade_id, ()))
    manual = [item.grade_id for item in assignment.manual]
    edited = tuple(
        grade_id
        for grade_id, cell in released.items()
        if cell.role == "check" and grade_id in first and not _grades_alike(cell, first[grade_id])
    )
    answered = {
        grade_id: _is_answered(released[grade_id], first.get(grade_id), own.get(grade_id, ()))
        for grade_id in manual
    }
    notes = [*submission.notes, *_notes(released, first, doubled)]
    if edited:
        notes.append(f"Cells that grade were changed: {_list(edited)}.")
    return Merged(tuple(cells), tuple(notes), edited, answered)


def _sort(
    released: Mapping[str, AssignedCell], cells: Iterable[SubmittedCell]
) -> tuple[dict[str, SubmittedCell], dict[str, list[MergedCell]], list[str]]:
    """Tell the assignment's cells from the learner's own, which are listed by the cell before.

    Jupyter copies the `grade_id` when a cell is split or copied: the first one is the cell of the
    assignment then, and the others run behind it as cells of the learner's own.
    """
    first: dict[str, SubmittedCell] = {}
    own: dict[str, list[MergedCell]] = {}
    doubled: list[str] = []
    last = START
    for cell in cells:
        known = released.get(cell.grade_id)
        if known is not None and cell.grade_id not in first:
            first[cell.grade_id] = cell
            last = cell.grade_id
            continue
        if known is not None:
            doubled.append(cell.grade_id)
            if known.role == "check":
                if _grades_alike(known, cell):
                    first[cell.grade_id] = cell
                continue
        added = MergedCell("", "own", cell.cell_type, cell.source, cell.attachments)
        own.setdefault(last, []).append(added)
    return first, own, doubled


def _chosen(released: AssignedCell, submitted: SubmittedCell | None) -> MergedCell:
    """Return the learner's answer, or the released cell where it is not theirs to change."""
    role = released.role
    if submitted is None or role not in ("answer", "manual"):
        return MergedCell(released.grade_id, role, released.cell_type, released.source)
    pictures = submitted.attachments if released.cell_type == "markdown" else {}
    return MergedCell(released.grade_id, role, released.cell_type, submitted.source, pictures)


def _is_answered(
    released: AssignedCell, submitted: SubmittedCell | None, behind: Iterable[MergedCell]
) -> bool:
    if released.role != "manual":
        return True  # a task: the answer stands in cells of the learner's own
    told = submitted.source.strip() if submitted else ""
    parts = [cell.source for cell in behind if cell.cell_type == released.cell_type]
    return bool(told and told != released.source.strip()) or any(part.strip() for part in parts)


# --- what was changed ------------------------------------------------------------------------


def _grades_alike(released: AssignedCell, submitted: SubmittedCell) -> bool:
    """Tell whether a cell that grades says the same, but for comments, white space and hints."""
    if submitted.cell_type != "code":
        return False
    try:
        body = ast.parse(submitted.source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    rest = [statement for statement in body if not _is_hint(statement)]
    if not rest:
        return True  # emptied, which is as good as deleted
    try:
        told = check_call("\n".join(ast.unparse(statement) for statement in rest))
    except RecursionError:
        return False
    return told is not None and told == check_call(released.source)


def _is_hint(statement: ast.stmt) -> bool:
    """Tell whether a statement is ``checks.check_NAME.hint()`` or ``.hint(2)``."""
    match statement:
        case ast.Expr(
            ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="checks"), attr=check), attr="hint"
                ),
                args=arguments,
                keywords=[],
            )
        ):
            return check.startswith("check_") and all(
                isinstance(argument, ast.Constant) for argument in arguments
            )
    return False


def _notes(
    released: Mapping[str, AssignedCell],
    first: Mapping[str, SubmittedCell],
    doubled: Iterable[str],
) -> list[str]:
    """Say what differs from the released notebook, apart from the answers."""
    notes = []
    answers = [i for i, c in released.items() if c.role in ("answer", "manual") and i not in first]
    others = [i for i, c in released.items() if i not in first and i not in answers]
    if answers:
        notes.append(f"Cells for answers were deleted: {_list(answers)}.")
    if others:
        notes.append(f"Cells were deleted, the released ones were used: {_list(others)}.")
    if doubled := list(dict.fromkeys(doubled)):
        notes.append(
            f"Several cells have the same id: {_list(doubled)}. The first is the answer; the "
            "others were run after it."
        )
    if moved := _moved(list(released), list(first)):
        notes.append(f"Cells were moved, the released order was used: {_list(moved)}.")
    given = {i: c for i, c in first.items() if released[i].role == "given"}
    changed = [i for i, c in given.items() if _text(c) != _text(released[i])]
    if changed:
        notes.append(f"Given cells were changed, the released ones were used: {_list(changed)}.")
    kinds = [i for i, c in first.items() if c.cell_type != released[i].cell_type]
    if kinds:
        notes.append(f"Cells were turned into another kind, and turned back: {_list(kinds)}.")
    metadata = [
        i
        for i, c in first.items()
        if any(released[i].nbgrader.get(key, value) != value for key, value in c.nbgrader.items())
    ]
    if metadata:
        notes.append(f"Metadata were changed, the released ones were used: {_list(metadata)}.")
    return notes


def _text(cell: AssignedCell | SubmittedCell) -> list[str]:
    return [line.rstrip() for line in cell.source.strip().splitlines()]


def _moved(order: list[str], found: list[str]) -> list[str]:
    """Return the fewest ids whose moving explains the order that was found."""
    place = {grade_id: number for number, grade_id in enumerate(order)}
    best: list[list[str]] = []  # the longest orderly lists, each by the id at its end
    for grade_id in found:
        before = [kept for kept in best if place[kept[-1]] < place[grade_id]]
        best.append([*max(before, key=len, default=[]), grade_id])
    kept = set(max(best, key=len, default=[]))
    return [grade_id for grade_id in found if grade_id not in kept]


def _list(grade_ids: Iterable[str]) -> str:
    names = list(grade_ids)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
