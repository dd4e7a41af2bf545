"""Read what was handed in: bytes of unknown origin become cells, or a reason why they cannot.

Nothing of the file is trusted. Its outputs are not read, its metadata is only compared with what
was released, and what is too large or too deep is refused before anything walks through it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat

from instructor.assignment import Assignment

MAX_BYTES = 20_000_000
MAX_CELLS = 2_000
MAX_SOURCE = 2_000_000  # characters of all cells together
MAX_DEPTH = 100
MAX_TABLES = 1_000_000  # opening brackets: what keeps a small file from filling the memory
CELL_TYPES = ("code", "markdown", "raw")
PICTURES = ("image/png", "image/jpeg")
HELD = ("grade", "solution", "locked", "points", "task", "cell_type")


@dataclass(frozen=True)
class Rejected:
    """Why a file cannot be graded.

    Attributes
    ----------
    reason : {"did not parse", "wrong notebook", "wrong kernel"}
    detail : str
        One sentence that says what was got and what was expected.
    """

    reason: str
    detail: str


@dataclass(frozen=True)
class SubmittedCell:
    """One cell as it was handed in.

    Attributes
    ----------
    grade_id : str
        Empty where there is none.
    cell_type : {"code", "markdown", "raw"}
    source : str
    nbgrader : dict
        What nbgrader's metadata of the cell say, those entries alone that are compared.
    attachments : dict
        Name to {MIME type: base64 text} of pictures in a text.
    """

    grade_id: str
    cell_type: str
    source: str
    nbgrader: Mapping[str, Any] = field(default_factory=dict)
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """A notebook that can be graded.

    Attributes
    ----------
    cells : tuple of SubmittedCell
    notes : tuple of str
    """

    cells: tuple[SubmittedCell, ...]
    notes: tuple[str, ...] = ()


class _Refused(Exception):
    """Carries the reason and the sentence of a `Rejected`."""


def read_submission(
    data: bytes, assignment: Assignment, others: Iterable[Assignment] = ()
) -> Submission | Rejected:
    """Read a submitted notebook.

    Parameters
    ----------
    data : bytes
        The file as it came.
    assignment : Assignment
        What it should be a submission of.
    others : iterable of Assignment
        Assignments that a wrong notebook may belong to, so that it can be named.
    """
    try:
        notebook, notes = _parse(data)
        _require_python(notebook)
        cells = _cells(notebook)
    except _Refused as refusal:
        return Rejected(*refusal.args)
    found = {cell.grade_id for cell in cells if cell.grade_id}
    own = _likeness(found, assignment)
    better = [other for other in others if other.name != assignment.name]
    better = [other for other in better if _likeness(found, other) > own]
    if better:
        other = max(better, key=lambda item: _likeness(found, item))
        return Rejected(
            "wrong notebook",
            f"The notebook is one of {other.name}; expected {assignment.name}.",
        )
    if not own:
        return Rejected(
            "wrong notebook",
            f"No cell of {assignment.name} is in the notebook; expected the released notebook "
            "with answers in it.",
        )
    return Submission(tuple(cells), tuple(notes))


def recognise(data: bytes, assignments: Iterable[Assignment]) -> Assignment | None:
    """Return the assignment that a file is a notebook of, by the ids of its cells; None if none."""
    try:
        cells = _cells(_parse(data)[0])
    except _Refused:
        return None
    found = {cell.grade_id for cell in cells if cell.grade_id}
    known = [(_likeness(found, assignment), assignment) for assignment in assignments]
    most = max((likeness for likeness, _ in known), default=0.0)
    best = [assignment for likeness, assignment in known if likeness == most]
    return best[0] if most and len(best) == 1 else None


def _likeness(found: set[str], assignment: Assignment) -> float:
    """Return the share of an assignment's cells with answers and checks that a notebook has."""
    asked = {cell.grade_id for cell in assignment.cells if cell.role not in ("given", "free")}
    return len(found & asked) / max(len(asked), 1)


# --- from bytes to a notebook ----------------------------------------------------------------


def _parse(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """Return the notebook as plain dictionaries of format 4, and notes."""
    if not data.strip():
        raise _Refused("did not parse", "The file is empty; expected a notebook.")
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1e6:.0f} MB"
        raise _Refused(
            "did not parse",
            f"The file has {size}; expected at most {MAX_BYTES / 1e6:.0f} MB. Clear the outputs "
            "and hand it in again.",
        )
    if data.count(b"[") + data.count(b"{") > MAX_TABLES:
        raise _Refused("did not parse", "The JSON holds more lists and tables than any notebook.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refused(
            "did not parse",
            f"The file is not UTF-8 text (byte {error.start}); expected a notebook as Jupyter "
            "saves it.",
        ) from None
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise _Refused("did not parse", "The JSON is nested too deeply.") from None
    except ValueError as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "a number"
        raise _Refused(
            "did not parse", f"The file is not valid JSON ({where}); expected a notebook."
        ) from None
    _require_flat(notebook)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("metadata", {}), dict):
        raise _Refused("did not parse", "The JSON is no notebook; expected cells and metadata.")
    version = notebook.get("nbformat")
    if version == 3 and isinstance(notebook.get("worksheets"), list):
        return _from_version_3(notebook)
    if version != 4 or not isinstance(notebook.get("cells"), list):
        got = f"nbformat {version}" if isinstance(version, int) else "no nbformat"
        raise _Refused(
            "did not parse", f"The JSON is no notebook of format 4 ({got}, or no list of cells)."
        )
    return notebook, []


def _from_version_3(notebook: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Convert a notebook of the old format."""
    try:
        converted = nbformat.convert(nbformat.from_dict(notebook), 4)
    except Exception as error:  # whatever nbformat does with what only looks like a notebook
        raise _Refused(
            "did not parse",
            f"The notebook is of format 3 and cannot be converted ({type(error).__name__}); "
            "open it in Jupyter and save it again.",
        ) from None
    return dict(converted), ["The notebook was of format 3 and was converted."]


def _require_flat(value: Any) -> None:
    """Refuse JSON that is nested deeper than any notebook, without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        nested = [item for item in level if isinstance(item, (dict, list))]
        level = [
            child
            for item in nested
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise _Refused("did not parse", "The JSON is nested too deeply.")


def _require_python(notebook: Mapping[str, Any]) -> None:
    """Refuse a notebook for another language."""
    metadata = notebook.get("metadata", {})
    kernel, language = (_table(metadata.get(key)) for key in ("kernelspec", "language_info"))
    told = [kernel.get("language"), language.get("name")]
    for name in told:
        if isinstance(name, str) and name and not name.lower().startswith(("python", "ipython")):
            raise _Refused(
                "wrong kernel",
                f"The notebook is for {name[:40]!r}; expected Python. In Jupyter, choose Kernel, "
                "Change Kernel, and save it again.",
            )


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


# --- from a notebook to cells ----------------------------------------------------------------


def _cells(notebook: Mapping[str, Any]) -> list[SubmittedCell]:
    """Return the cells; what is no cell refuses the notebook."""
    told = notebook["cells"]
    if len(told) > MAX_CELLS:
        raise _Refused(
            "did not parse", f"The notebook has {len(told)} cells; expected at most {MAX_CELLS}."
        )
    cells = [_cell(cell, number) for number, cell in enumerate(told, start=1)]
    length = sum(len(cell.source) for cell in cells)
    if length > MAX_SOURCE:
        raise _Refused(
            "did not parse",
            f"The cells hold {length} characters of text; expected at most {MAX_SOURCE}.",
        )
    return cells


def _cell(told: Any, number: int) -> SubmittedCell:
    cell = _table(told)
    source, kind = cell.get("source", ""), cell.get("cell_type")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or kind not in CELL_TYPES:
        raise _Refused(
            "did not parse",
            f"Cell {number} is no cell of a notebook; expected cell_type and source.",
        )
    held = _table(_table(cell.get("metadata")).get("nbgrader"))
    grade_id = held.get("grade_id")
    return SubmittedCell(
        grade_id if isinstance(grade_id, str) else "",
        kind,
        _clean(source),
        {key: held[key] for key in HELD if isinstance(held.get(key), (bool, int, float, str))},
        _attachments(cell.get("attachments")) if kind == "markdown" else {},
    )


def _clean(text: str) -> str:
    """Return text that can be written as UTF-8: lone halves of a character become �."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _attachments(told: Any) -> dict[str, dict[str, str]]:
    """Keep the pictures of a text, and nothing that only calls itself a picture."""
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in _table(told).items():
        for kind, text in _table(bundle).items():
            if kind in PICTURES and isinstance(text, str) and _is_picture(kind, text):
                kept[_clean(name)[:200]] = {kind: text}
    return kept


def _is_picture(kind: str, text: str) -> bool:
    start = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}[kind]
    try:
        return base64.b64decode("".join(text.split()), validate=True).startswith(start)
    except (binascii.Error, ValueError):
        return False
