"""A released notebook to spoil, what is known of the world around it, and what should come out."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from instructor.results import GRADED

ROOT = Path(__file__).resolve().parents[3]
NAME = "02_rnn_forward"
HONEST = {"count": 5.0, "last": 3.0}  # what the author of a hostile submission has earned
ESCAPED = "ESC" + "APED"  # printed by an attack that got out; never in the text of a cell


def released(name: str = NAME) -> str:
    """Return the text of a released notebook of the course."""
    return (ROOT / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8")


@cache
def _solved(name: str) -> dict[str, str]:
    notebook = json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    marked = {}
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if about.get("solution"):
            text = "".join(cell["source"])
            marked[about["grade_id"]] = re.sub(r"\n? *### (BEGIN|END) SOLUTION", "", text)
    return marked


def solved(grade_id: str, name: str = NAME) -> str:
    """Return the course's own answer to a cell, without the marks around it."""
    return _solved(name)[grade_id]


@dataclass(frozen=True)
class World:
    """What an attacker is told, as if they knew the grader's machine as well as the grader does.

    Attributes
    ----------
    classroom : Path
        A class folder with a gradebook, a private seed and submissions of others.
    secret : str
        A text that stands in each of these files and in the grader's environment. It may not
        show up in anything that comes out of a submission.
    port : int
        Of a server on this machine that counts who connects.
    """

    classroom: Path = Path("/nowhere/classroom")
    secret: str = "not-a-secret"
    port: int = 9

    @property
    def files(self) -> list[Path]:
        """The files that must be the same afterwards, and that nobody may read."""
        return [
            self.classroom / "gradebook.db",
            self.classroom / "private_seed",
            self.classroom / "submitted" / "ada" / NAME / f"{NAME}.ipynb",
        ]


class Sheet:
    """A notebook as JSON, with its cells found by their grade id.

    It begins as an honest submission: exercise 1 (`count`, the first) and exercise 8b (`last`,
    behind most others) are solved, all the rest is as it was handed out.
    """

    def __init__(self, name: str = NAME, honest: bool = True) -> None:
        self.notebook: dict[str, Any] = json.loads(released(name))
        if honest and name == NAME:
            for exercise in HONEST:
                self.answer(exercise, solved(f"{exercise}-answer"))

    @classmethod
    def solution(cls, name: str = NAME) -> Sheet:
        """Return a submission with the course's own answer in every cell for one."""
        sheet = cls(name, honest=False)
        for cell in sheet.cells:
            about = cell["metadata"].get("nbgrader", {})
            if about.get("solution"):
                cell["source"] = solved(about["grade_id"], name)
        return sheet

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells, to change in place."""
        return self.notebook["cells"]

    def cell(self, grade_id: str) -> dict[str, Any]:
        """Return the first cell of a grade id."""
        for cell in self.cells:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
                return cell
        raise KeyError(f"the notebook has no cell {grade_id!r}")

    def answer(self, exercise: str, source: str) -> None:
        """Put lines into the answer cell of an exercise; their common indentation goes."""
        self.cell(f"{exercise}-answer")["source"] = flush(source)

    def before(self, grade_id: str, source: str, cell_type: str = "code") -> None:
        """Add a cell of the learner's own before another one."""
        self._insert(self.cells.index(self.cell(grade_id)), source, cell_type)

    def after(self, grade_id: str, source: str, cell_type: str = "code") -> None:
        """Add a cell of the learner's own behind another one."""
        self._insert(self.cells.index(self.cell(grade_id)) + 1, source, cell_type)

    def _insert(self, place: int, source: str, cell_type: str) -> None:
        cell = {**own_cell(source, cell_type), "id": f"own-{len(self.cells)}"}
        self.cells.insert(place, cell)

    def remove(self, grade_id: str) -> None:
        """Delete a cell."""
        self.cells.remove(self.cell(grade_id))

    def data(self) -> bytes:
        """Return the bytes that are handed in."""
        return json.dumps(self.notebook, ensure_ascii=False).encode("utf-8")


def flush(source: str) -> str:
    """Take the common indentation and the blank ends off a text in triple quotes."""
    return textwrap.dedent(source).strip("\n")


def own_cell(source: str, cell_type: str = "code") -> dict[str, Any]:
    """Make a cell without nbgrader's marks and without an id, as old editors do."""
    cell: dict[str, Any] = {"cell_type": cell_type, "metadata": {}, "source": flush(source)}
    if cell_type == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


Maker = Callable[[Sheet, World], "bytes | None"]


@dataclass(frozen=True)
class Hostile:
    """A hostile or broken submission and what has to come of it.

    Attributes
    ----------
    name, family, story : str
        Of its function: its name, the module it stands in, its docstring.
    make : callable
        ``make(sheet, world)`` edits the sheet, or returns other bytes.
    status : tuple of str
        The statuses that are right; one of them has to come out.
    points : mapping of str to float
        Exercise to the points that were earned; every other exercise has 0. With another status
        than "graded" there is no total: these are upper bounds, exact for what was reached
        (`reached`).
    reached : tuple of str
        Exercises that keep their points although the submission has no total.
    note : str
        A regular expression that one of the notes has to match.
    detail : str
        A regular expression that the reason has to match.
    runs : bool
        Whether any code of it gets as far as the sandbox.
    """

    name: str
    family: str
    story: str
    make: Maker
    status: tuple[str, ...] = (GRADED,)
    points: Mapping[str, float] = field(default_factory=dict)
    reached: tuple[str, ...] = ()
    note: str = ""
    detail: str = ""
    runs: bool = True

    def data(self, world: World | None = None) -> bytes:
        """Return the bytes of this submission."""
        sheet = Sheet()
        made = self.make(sheet, world or World())
        return sheet.data() if made is None else made


ALL: dict[str, Hostile] = {}


def hostile(
    *status: str,
    earns: Mapping[str, float] | None = None,
    reached: tuple[str, ...] = ("count",),
    note: str = "",
    detail: str = "",
    runs: bool = True,
) -> Callable[[Maker], Maker]:
    """Register a function as a hostile submission.

    Parameters
    ----------
    *status : str
        What may come out; "graded" if left out.
    earns : mapping of str to float, optional
        Points of exercises that differ from `HONEST`.
    reached, note, detail, runs
        As in `Hostile`.
    """

    def register(make: Maker) -> Maker:
        name = make.__name__
        if name in ALL:
            raise ValueError(f"there are two hostile submissions named {name}.")
        if not make.__doc__:
            raise ValueError(f"{name} has no docstring; say what the author tries.")
        statuses = status or (GRADED,)
        ALL[name] = Hostile(
            name,
            make.__module__.rpartition(".")[2],
            make.__doc__,
            make,
            statuses,
            {**HONEST, **(earns or {})},
            reached if statuses != (GRADED,) else (),
            note,
            detail,
            runs,
        )
        return make

    return register
