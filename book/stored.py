"""Results of notebooks that were executed: where they are kept, and whether they are up to date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from book.errors import BookError
from book.keys import Code, changed_parts
from book.notebooks import Page


@dataclass(frozen=True)
class Job:
    """A notebook to execute.

    Attributes
    ----------
    page : Page
    parts : mapping of str to str
        What its results depend on.
    reason : str
        Why it is executed, for the reader of the terminal.
    seconds : float
        What it took last time; 0 where that is not known.
    cells : int
        Number of code cells that are not empty.
    has_results : bool
        Whether there are results of an earlier state.
    """

    page: Page
    parts: Mapping[str, str]
    reason: str
    seconds: float
    cells: int
    has_results: bool


def stored_path(page: Page, folder: Path) -> Path:
    """Return where the executed notebook of a page is kept."""
    return folder / f"{page.docname}.ipynb"


def read_stored(page: Page, folder: Path) -> NotebookNode | None:
    """Return the executed notebook of a page, or None where there is none that can be read."""
    path = stored_path(page, folder)
    if not path.is_file():
        return None
    try:
        notebook = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))
        return notebook if "parts" in notebook.metadata["unrolled"] else None
    except (ValueError, LookupError, AttributeError):
        return None  # half-written or of another make: the same as none, it is executed again


def job_for(page: Page, folder: Path, code: Code, fresh: bool = False) -> Job | None:
    """Return what has to be executed for a page, or None where its results are up to date.

    Parameters
    ----------
    page : Page
    folder : Path
        Where executed notebooks are kept.
    code : Code
        Reads the code of the course.
    fresh : bool
        Whether to execute it in any case.
    """
    notebook = json.loads(page.source.read_text(encoding="utf-8"))
    try:
        parts = code.parts(notebook)
    except SyntaxError as error:
        raise BookError(
            f"{page.source.name}, or code that it imports, is not Python: {error}. "
            f"Find the place with: make lint"
        ) from None
    stored = read_stored(page, folder)
    about = stored.metadata["unrolled"] if stored else {"parts": {}, "seconds": 0.0}
    if fresh:
        reason = "asked for by --fresh"
    elif stored is None:
        reason = "no results yet"
    elif changed := changed_parts(about["parts"], parts):
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        reason = f"changed: {', '.join(changed[:3])}{more}"
    else:
        return None
    cells = sum(
        cell["cell_type"] == "code" and bool("".join(cell["source"]).strip())
        for cell in notebook["cells"]
    )
    return Job(page, parts, reason, about["seconds"], cells, stored is not None)


def with_results(page: Page, folder: Path) -> tuple[NotebookNode, bool]:
    """Return a page's notebook as it is now, with the outputs that are stored for its cells.

    Returns
    -------
    notebook : NotebookNode
    executed : bool
        Whether there were results.
    """
    notebook = nbformat.read(page.source, as_version=4)
    stored = read_stored(page, folder) if page.is_executed else None
    if stored is None:
        return notebook, False
    outputs = {cell.id: cell for cell in stored.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in outputs:
            cell.outputs = outputs[cell.id].outputs
            cell.execution_count = outputs[cell.id].execution_count
    return notebook, True
