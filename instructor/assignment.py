"""Read an assignment: which cells grade, with which check, and which cells belong to the learner.

A cell that grades by itself is one line, ``checks.check_NAME(VARIABLE, points=P)``, with comments
where one likes. Nothing else is run as a test: inputs are chosen and answers judged by the grader,
and a line of this form says all that the grader needs to know.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from instructor.errors import InstructorError
from utils.checks import REGISTRY, Check

CODE_STUB, TEXT_STUB = "...", "*Your answer here.*"  # as in the course's own exercises
SOLUTION = "BEGIN SOLUTION"
FORM = "checks.check_NAME(VARIABLE, points=P)"


class AssignmentError(InstructorError):
    """A notebook cannot be graded as it is; the message says where and what to do."""


@dataclass(frozen=True)
class Exercise:
    """A cell that grades by itself.

    Attributes
    ----------
    grade_id : str
    check : str
        Name of the check, without ``check_``.
    variable : str
        What it judges: the name of a function or value of the learner's.
    points : float
    title : str
    is_function : bool
        Whether the learner hands over a function, which is called on inputs of the grader's.
    chapter : str
        The chapter under which the check is registered.
    """

    grade_id: str
    check: str
    variable: str
    points: float
    title: str
    is_function: bool
    chapter: str


@dataclass(frozen=True)
class ManualCell:
    """A cell that a person grades.

    Attributes
    ----------
    grade_id : str
    points : float
    cell_type : {"markdown", "code"}
    """

    grade_id: str
    points: float
    cell_type: str


@dataclass(frozen=True)
class AssignedCell:
    """One cell as it was released.

    Attributes
    ----------
    grade_id : str
        Empty for a "free" cell.
    role : {"given", "answer", "check", "manual", "free"}
        "given": the grader runs the original. "answer", "manual": the learner's, the second one
        graded by a person. "check": grades by itself. "free": not held by nbgrader in any way.
    cell_type : {"code", "markdown", "raw"}
    source : str
    nbgrader : dict
        nbgrader's metadata of the cell.
    """

    grade_id: str
    role: str
    cell_type: str
    source: str
    nbgrader: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Assignment:
    """An assignment as it was released.

    Attributes
    ----------
    name : str
    notebook : str
        The released notebook as JSON text.
    cells : tuple of AssignedCell
        In order.
    exercises : tuple of Exercise
    manual : tuple of ManualCell
    fingerprint : str
        Changes with anything that grading depends on; 16 hexadecimal digits.
    """

    name: str
    notebook: str
    cells: tuple[AssignedCell, ...]
    exercises: tuple[Exercise, ...]
    manual: tuple[ManualCell, ...]
    fingerprint: str

    @property
    def grade_ids(self) -> frozenset[str]:
        """The ids of all cells that nbgrader holds."""
        return frozenset(cell.grade_id for cell in self.cells if cell.grade_id)

    @property
    def possible(self) -> float:
        """Most points that the automatic exercises give."""
        return round(sum(exercise.points for exercise in self.exercises), 6)

    def check(self, exercise: Exercise) -> Check:
        """Return the check of an exercise, from this process's own registry."""
        return REGISTRY[exercise.chapter][exercise.check]

    def node(self) -> NotebookNode:
        """Return a fresh copy of the released notebook."""
        return nbformat.from_dict(json.loads(self.notebook))

    @classmethod
    def load(cls, path: Path, checks: Mapping[str, Mapping[str, Check]] = REGISTRY) -> Assignment:
        """Read ``NAME/NAME.ipynb``, as released or with the solutions in it.

        Raises
        ------
        AssignmentError
            If the file is missing or no notebook, or a cell that grades is no check.
        """
        try:
            notebook = nbformat.read(path, as_version=4)
        except FileNotFoundError as error:
            raise AssignmentError(f"{path} does not exist; expected NAME/NAME.ipynb.") from error
        except Exception as error:  # nbformat has no common class for what it cannot read
            raise AssignmentError(f"{path} is no notebook that can be read: {error}") from error
        return cls.of(notebook, Path(path).stem, checks)

    @classmethod
    def of(
        cls,
        notebook: NotebookNode,
        name: str,
        checks: Mapping[str, Mapping[str, Check]] = REGISTRY,
    ) -> Assignment:
        """Read a notebook that is open already; see `load`."""
        notebook = _released(notebook, name)
        cells = tuple(_assigned(cell, name) for cell in notebook.cells)
        _refuse_doubles([cell.grade_id for cell in cells if cell.grade_id], name, "two cells named")
        exercises = tuple(_exercise(cell, name, checks) for cell in cells if cell.role == "check")
        _refuse_doubles([item.check for item in exercises], name, "two cells that grade with check")
        manual = tuple(
            ManualCell(cell.grade_id, _points(cell, name), cell.cell_type)
            for cell in cells
            if cell.role == "manual" or cell.nbgrader.get("task")
        )
        if not exercises and not manual:
            raise AssignmentError(
                f"{name} has no cell that grades; expected a cell with {FORM}, marked as "
                "'Autograder tests' in JupyterLab's assignment panel."
            )
        text = json.dumps(notebook, sort_keys=True)
        graded = [
            [c.grade_id, c.role, c.cell_type, c.source, c.nbgrader.get("points")] for c in cells
        ]
        fingerprint = hashlib.sha256(json.dumps([name, graded]).encode()).hexdigest()[:16]
        return cls(name, text, cells, exercises, manual, fingerprint)


def _released(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return the notebook without its solutions, as nbgrader's release step makes it."""
    notebook = nbformat.from_dict(notebook)
    if not any(SOLUTION in cell.source for cell in notebook.cells):
        return notebook
    # Imported here: it takes more than a second, and processes that grade never come this far.
    from nbgrader.preprocessors import ClearSolutions, ComputeChecksums, LockCells

    try:
        resources: dict[str, Any] = {}
        clear = ClearSolutions(code_stub={"python": CODE_STUB}, text_stub=TEXT_STUB)
        for step in (LockCells(), clear, ComputeChecksums()):
            notebook, resources = step.preprocess(notebook, resources)
    except (RuntimeError, ValueError) as error:
        raise AssignmentError(f"The solutions of {name} cannot be taken out: {error}.") from error
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _assigned(cell: NotebookNode, name: str) -> AssignedCell:
    held = dict(cell.metadata.get("nbgrader", {}))
    grade_id = held.get("grade_id", "")
    grade, solution = bool(held.get("grade")), bool(held.get("solution"))
    if held and not isinstance(grade_id, str):
        raise AssignmentError(f"{name}: a cell has the grade_id {grade_id!r}; expected text.")
    if grade and not solution and cell.cell_type != "code":
        raise AssignmentError(
            f"{name}: {grade_id} is a text that grades by itself; expected a cell of code, or "
            "'Manually graded answer' as its kind."
        )
    if grade or solution:
        role = ("manual" if grade else "answer") if solution else "check"
    else:
        role = "given" if held.get("locked") or held.get("task") else "free"
    if role != "free" and not grade_id:
        raise AssignmentError(
            f"{name}: a cell that nbgrader holds has no grade_id: {cell.source!r}"
        )
    return AssignedCell(grade_id if role != "free" else "", role, cell.cell_type, cell.source, held)


def _points(cell: AssignedCell, name: str) -> float:
    points = cell.nbgrader.get("points")
    if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 <= points < 1e6:
        raise AssignmentError(
            f"{name}: {cell.grade_id} is worth {points!r} points; expected a number of at least 0."
        )
    return float(points)


def check_call(source: str) -> tuple[str, str, float] | None:
    """Return (check, variable, points) of a cell of the form that grades, or None.

    Comments and white space do not matter; anything else does.
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match body:
        case [
            ast.Expr(
                ast.Call(
                    func=ast.Attribute(value=ast.Name(id="checks"), attr=function),
                    args=[ast.Name(id=variable)],
                    keywords=[ast.keyword(arg="points", value=ast.Constant(value=points))],
                )
            )
        ] if function.startswith("check_") and type(points) in (int, float):
            return function.removeprefix("check_"), variable, float(points)
    return None


def _exercise(cell: AssignedCell, name: str, checks: Mapping[str, Mapping[str, Check]]) -> Exercise:
    """Read a cell that grades by itself."""
    call = check_call(cell.source)
    if call is None:
        raise AssignmentError(
            f"{name}: the cell {cell.grade_id} grades with other code than a check; expected "
            f"nothing but {FORM}. Write a Check for it: instructor/README.md shows how, and bare "
            "asserts are not run, since they would have to run beside the learner's code. The "
            f"cell holds:\n{cell.source}"
        )
    check_name, variable, points = call
    chapters = [name] if check_name in checks.get(name, {}) else list(checks)
    found = [chapter for chapter in chapters if check_name in checks[chapter]]
    if len(found) != 1:
        said = "in several chapters" if found else "in no chapter"
        raise AssignmentError(
            f"{name}: the cell {cell.grade_id} asks for check_{check_name}, which is registered "
            f"{said}; expected one in utils.checks."
        )
    if points != _points(cell, name):
        raise AssignmentError(
            f"{name}: the cell {cell.grade_id} says points={points:g} and is worth "
            f"{_points(cell, name):g} in nbgrader's panel; expected the same number in both."
        )
    check = checks[found[0]][check_name]
    is_function = check.inputs is not None
    return Exercise(cell.grade_id, check_name, variable, points, check.title, is_function, found[0])


def _refuse_doubles(names: Sequence[str], assignment: str, what: str) -> None:
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise AssignmentError(f"{assignment} has {what} {doubles[0]!r}; expected one.")
