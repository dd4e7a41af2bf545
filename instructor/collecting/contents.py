"""Which assignment a notebook belongs to, by the ids of its cells, without parsing it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from instructor.collecting.entries import CollectError

# In JSON a quotation mark within a text has a backslash before it, so this finds keys only.
GRADE_ID = re.compile(rb'"grade_id"\s{0,20}:\s{0,20}("(?:[^"\\\x00-\x1f]|\\.){1,200}")')
CELLS = re.compile(rb'"cells"\s{0,20}:\s{0,20}\[')


def grade_ids(data: bytes) -> frozenset[str]:
    """Return the ids of nbgrader's cells in the bytes of a notebook.

    They are searched as text: a submission may be broken, nested without end or made to fill the
    memory of whoever parses it.
    """
    found = set()
    for text in set(GRADE_ID.findall(data)):
        try:
            found.add(json.loads(text))
        except ValueError:  # bytes that are no UTF-8, or an escape that JSON does not have
            continue
    return frozenset(found)


def looks_like_notebook(data: bytes) -> bool:
    """Tell whether bytes are those of a notebook, whatever the file is called."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and CELLS.search(data) is not None


def recognise(
    ids: Collection[str], known: Mapping[str, Collection[str]], favourite: str
) -> str | None:
    """Return the assignment with which a notebook shares the most cells.

    Parameters
    ----------
    ids : collection of str
        From `grade_ids`.
    known : mapping of str to collection of str
        Ids of every assignment. Different assignments may share some.
    favourite : str
        Wins a tie.

    Returns
    -------
    str or None
        None if no assignment shares a cell with it.
    """
    shared = {name: len(set(ids) & set(cells)) for name, cells in known.items()}
    most = max(shared.values(), default=0)
    if most == 0:
        return None
    if shared.get(favourite) == most:
        return favourite
    return min(name for name, count in shared.items() if count == most)


def known_assignments(folder: Path) -> dict[str, frozenset[str]]:
    """Return the ids of every assignment below a `source/` or `release/` folder.

    Parameters
    ----------
    folder : Path
        With ``NAME/NAME.ipynb`` for each assignment.

    Raises
    ------
    CollectError
        If there is none, or one has no cell of nbgrader.
    """
    found = {}
    for path in sorted(folder.glob("*/*.ipynb")):
        if path.stem != path.parent.name:
            continue
        ids = grade_ids(path.read_bytes())
        if not ids:
            raise CollectError(
                f"{path} has no cell with a grade_id of nbgrader, so no submission of it can be "
                "recognised. Make it an assignment in JupyterLab (Create Assignment)."
            )
        found[path.stem] = ids
    if not found:
        raise CollectError(
            f"{folder} holds no assignment NAME/NAME.ipynb. `make instructor` writes them there."
        )
    return found
