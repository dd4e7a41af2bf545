"""The pages of the book that are made from notebooks."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from book.errors import BookError
from book.places import ROOT

KINDS = ("chapter", "exercise", "solution")
"""The kinds of page that show one notebook, in the order in which the book has them."""

_WHERE = {
    "chapter": "chapters/*.ipynb",
    "exercise": "exercises/*/*.ipynb",
    "solution": "solutions/*/*.ipynb",
}


@dataclass(frozen=True)
class Page:
    """A page of the book that is made from a notebook, or from several.

    Attributes
    ----------
    kind : {"chapter", "exercise", "solution", "claims"}
        The last is the page of all claims, which is made from the chapters; it is not among
        `all_pages`.
    name : str
        Of the notebook, without its suffix: ``"05_vanishing_exploding"``.
    docname : str
        Of the page: ``"chapters/05_vanishing_exploding"``.
    source : Path
        The notebook that the page is made from; of the claims the text that lists them.
    number : str
        Of the chapter, two digits; empty for the claims.
    title : str
        First heading of the notebook.
    minutes : str
        What the notebook says about the time it takes; empty if it says nothing.
    needs : str
        What the notebook says it needs; empty if it says nothing.
    """

    kind: str
    name: str
    docname: str
    source: Path
    number: str
    title: str
    minutes: str
    needs: str

    @property
    def is_executed(self) -> bool:
        """Tell whether the page shows results: exercises wait for the learner's answers."""
        return self.kind != "exercise"


def read_page(kind: str, source: Path) -> Page:
    """Describe the page that a notebook becomes.

    Raises
    ------
    BookError
        If the notebook cannot be read, or its first cell is not a heading.
    """
    try:
        first = json.loads(source.read_text(encoding="utf-8"))["cells"][0]
        head = "".join(first["source"])
    except (OSError, ValueError, LookupError) as error:
        raise BookError(
            f"{source} is not a notebook with cells ({type(error).__name__}: {error}). "
            f"Open it in JupyterLab or restore it: git checkout -- {source}"
        ) from None
    title = re.match(r"# (.+)", head)
    if title is None:
        raise BookError(
            f"{source} begins with {head[:40]!r}; expected a heading, such as '# 05 · Title'."
        )
    time = paragraph(head, "Time")
    if not time and (total := re.search(r"About (\d+) minutes in all", head)):
        time = f"{total[1]} minutes"
    return Page(
        kind=kind,
        name=source.stem,
        docname=f"{kind}s/{source.stem}",
        source=source,
        number=source.stem[:2],
        title=title[1].strip(),
        minutes=time,
        needs=paragraph(head, "You need"),
    )


def paragraph(text: str, opening: str) -> str:
    """Return what follows ``**opening**`` up to the end of its line; empty if there is none."""
    found = re.search(rf"^\*\*{re.escape(opening)}\*\* *(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def add_tag(cell: NotebookNode, tag: str) -> None:
    """Give a cell one more tag, by which myst-nb and the style sheets know it."""
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), tag]


@functools.cache  # notebooks do not come or go during a build
def all_pages(root: Path = ROOT) -> tuple[Page, ...]:
    """Return every page that shows one notebook: chapters, exercises, solutions, in order."""
    found = [
        read_page(kind, source) for kind in KINDS for source in sorted(root.glob(_WHERE[kind]))
    ]
    if not found:
        raise BookError(f"{root} holds no notebooks; expected {', '.join(_WHERE.values())} there.")
    return tuple(found)
