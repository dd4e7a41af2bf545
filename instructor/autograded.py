"""The notebook that formgrader and feedback show: the merged cells with outputs of our own making.

No output of the submitted file is in it. What cells printed and drew comes from the sandbox, whose
decoder lets text and PNG pictures through and nothing else; what stands below a cell that grades is
the check's report, made here. nbgrader reads the points there as its own autograder would.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode, v4

from instructor.assignment import Assignment
from instructor.merging import Merged, MergedCell
from instructor.results import ExerciseResult, Result

METADATA = "unrolled"  # the entry of the notebook's metadata with status and detail


@dataclass(frozen=True)
class Shown:
    """What running one cell left behind.

    Attributes
    ----------
    outputs : list of dict
        Outputs of nbformat 4: streams of text, and text/plain or image/png.
    error : str or None
        Such as "NameError: name 'x' is not defined".
    line, line_number : str, int or None
        Where the learner's code stopped.
    """

    outputs: Sequence[Mapping[str, Any]] = field(default_factory=list)
    error: str | None = None
    line: str = ""
    line_number: int | None = None


def autograded_notebook(
    assignment: Assignment,
    merged: Merged | None,
    result: Result,
    shown: Mapping[int, Shown] | None = None,
) -> str:
    """Return the autograded notebook as JSON text.

    Parameters
    ----------
    assignment : Assignment
    merged : Merged or None
        None where the file could not be read: the notebook is the released one then.
    result : Result
    shown : dict of int to Shown, optional
        By place in ``merged.cells``.
    """
    released = {
        cell.metadata.get("nbgrader", {}).get("grade_id") or f"\0{number}": cell
        for number, cell in enumerate(assignment.node().cells)
    }
    exercises = {exercise.grade_id: exercise for exercise in result.exercises}
    notebook = v4.new_notebook(
        metadata={
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
            METADATA: {"status": result.status, "detail": result.detail},
        }
    )
    cells = merged.cells if merged else _as_released(assignment)
    taken = {cell.get("id") for cell in released.values()}
    own = 0
    for place, cell in enumerate(cells):
        if cell.grade_id in released:
            node = _held_cell(cell, released[cell.grade_id])
        else:
            own += 1
            while (name := f"own-{own}") in taken:
                own += 1
            node = _new_cell(cell, name)
        if cell.grade_id in exercises:
            node.outputs = _verdict(exercises[cell.grade_id])
        elif cell.cell_type == "code" and shown and place in shown:
            node.outputs = _outputs(shown[place])
        notebook.cells.append(node)
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=True)


def _as_released(assignment: Assignment) -> list[MergedCell]:
    return [
        MergedCell(cell.grade_id, cell.role, cell.cell_type, cell.source)
        for cell in assignment.cells
        if cell.role != "free"
    ]


def _held_cell(cell: MergedCell, released: NotebookNode) -> NotebookNode:
    """Return a cell of the assignment with the released metadata and the merged text."""
    node = _new_cell(cell, released.get("id") or cell.grade_id)
    node.metadata = nbformat.from_dict(dict(released.metadata))
    return node


def _new_cell(cell: MergedCell, name: str) -> NotebookNode:
    make = {
        "code": v4.new_code_cell,
        "markdown": v4.new_markdown_cell,
        "raw": v4.new_raw_cell,
    }[cell.cell_type]
    node = make(cell.source)
    node.id = _identifier(name)
    if cell.attachments and cell.cell_type == "markdown":
        node.attachments = nbformat.from_dict(
            {name: dict(bundle) for name, bundle in cell.attachments.items()}
        )
    return node


def _identifier(name: str) -> str:
    """Return a name as nbformat allows it for a cell: letters, digits, - and _, at most 64."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)[:64]


def _outputs(shown: Shown) -> list[NotebookNode]:
    outputs = [nbformat.from_dict(dict(output)) for output in shown.outputs]
    if shown.error:
        name, _, message = shown.error.partition(": ")
        where = f"line {shown.line_number}: {shown.line}" if shown.line_number else shown.line
        told = [text for text in (where, shown.error) if text]
        outputs.append(v4.new_output("error", ename=name, evalue=message, traceback=told))
    return outputs


def _verdict(exercise: ExerciseResult) -> list[NotebookNode]:
    """Return the report, and the points as the float in which nbgrader looks for them.

    Without an honest score an error stands there, which nobody takes for points.
    """
    report = {"text/html": exercise.html, "text/plain": exercise.text}
    shown = v4.new_output("display_data", data=report)
    if exercise.points is None:
        text = f"no score: {exercise.status}"
        return [shown, v4.new_output("error", ename="NoScore", evalue=text, traceback=[text])]
    points = {"text/plain": repr(float(exercise.points))}
    return [shown, v4.new_output("execute_result", data=points, execution_count=None)]
