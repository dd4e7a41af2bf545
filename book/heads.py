"""The head of a page, and links between pages.

A notebook says in its first cell what it needs and how long it takes, and it refers to other
notebooks by their place in the repository. A page says the first in a box below its title,
together with what one can do with it, and refers to other pages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from nbformat import NotebookNode

from book.errors import BookError
from book.notebooks import Page, add_tag
from book.places import ROOT, binder_address, source_address

_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)((?:#[^)\s]*)?)\)")
_NUMBER = re.compile(r"\[[^]]*\]\([^)]*\)|\b((?:[Cc]hapters? )?)(\d\d)\b")
_KINDS = {"chapter": "Chapter", "exercise": "Exercises", "solution": "Solutions"}


def transform(notebook: NotebookNode, page: Page, pages: Sequence[Page], repository: str) -> None:
    """Rewrite links between notebooks, put the head below the title, fold the imports; in place.

    Raises
    ------
    BookError
        If a link leads to a file that is no page of the book.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _with_links(cell.source, page, pages)
    title = notebook.cells[0]
    for opening in ("You need", "Time"):
        title.source = re.sub(rf"^\*\*{opening}\*\* .*\n?", "", title.source, flags=re.MULTILINE)
    imports = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    if imports is not None and imports.source.lstrip().startswith(("import ", "from ")):
        add_tag(imports, "hide-input")
        words = {"code_prompt_show": "Show the imports", "code_prompt_hide": "Hide the imports"}
        imports.metadata["mystnb"] = words
    heading, _, rest = title.source.partition("\n")
    head = page_head(page, pages, repository)
    title.source = f"{heading}\n\n{head}\n\n{rest.strip()}\n"


def _with_links(text: str, page: Page, pages: Sequence[Page]) -> str:
    by_source = {other.source.resolve(): other for other in pages}

    def rewrite(found: re.Match[str]) -> str:
        if not found[1].endswith(".ipynb"):
            return found[0]
        place = (page.source.parent / found[1]).resolve()
        if place not in by_source:
            raise BookError(
                f"{page.source.name} has a link to {found[1]}, which is no page of the book; "
                "expected a notebook in chapters, exercises or solutions."
            )
        return f"]({link(page, by_source[place])}{found[2]})"

    return _LINK.sub(rewrite, text)


def link(page: Page, other: Page) -> str:
    """Return the target of a link from one page to another, as Markdown takes it."""
    start = os.path.dirname(page.docname)
    return os.path.relpath(f"{other.docname}.ipynb", start).replace(os.sep, "/")


def page_head(page: Page, pages: Sequence[Page], repository: str) -> str:
    """Return the box below a page's title, in Markdown.

    Parameters
    ----------
    page : Page
    pages : sequence of Page
        All pages, to which the head may refer.
    repository : str
        Address of the repository; empty where it is not known.
    """
    facts = []
    if page.needs:
        facts.append(f"**You need** {_link_chapters(page.needs, page, pages)}")
    if page.minutes:
        facts.append(f"**Time** {page.minutes}")
    same = [other for other in pages if other.number == page.number and other != page]
    related = [f"[{_KINDS[other.kind]} {other.number}]({link(page, other)})" for other in same]
    up = "../" * page.docname.count("/")
    buttons = [f"[Download the notebook](path:{up}{download_path(page)})"]
    if repository:
        path = page.source.relative_to(ROOT).as_posix()
        binder = binder_address(path, repository)
        buttons += [f"[Open in Binder]({binder})"] if binder else []
        buttons.append(f"[Source]({source_address(path, repository)})")
    box = [*facts, f"```{{div}} unrolled-buttons\n{' '.join([*related, *buttons])}\n```"]
    return "\n\n".join(["````{div} unrolled-page-head", *box, "````"])


def download_path(page: Page) -> str:
    """Return where the source tree holds the notebook as the learner gets it."""
    return f"notebooks/{page.kind}s/{page.name}.ipynb"


def _link_chapters(text: str, page: Page, pages: Sequence[Page]) -> str:
    chapters = {other.number: other for other in pages if other.kind == "chapter"}

    def linked(found: re.Match[str]) -> str:
        other = chapters.get(found[2] or "")
        if other is None or other == page:
            return found[0]
        return f"[{found[1]}{found[2]}]({link(page, other)})"

    return _NUMBER.sub(linked, text)
