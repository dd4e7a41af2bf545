"""The source tree that Sphinx reads: notebooks and written pages, each in the form of the book."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode

from book import api, cards, claims, exercises, given, heads, outputs, study
from book.errors import BookError
from book.files import remove_others, write_if_changed
from book.notebooks import Page, all_pages
from book.places import BOOK, ROOT, repository
from book.stamps import code_hash, hash_of
from book.stored import stored_path, with_results

STAMPS = "sources.json"
"""The file beside the tree that holds what each of its pages was made from, as a hash."""


class Tree:
    """Write the source tree, and of it only what has changed.

    Parameters
    ----------
    build : Path
        The folder of everything that is made.

    Attributes
    ----------
    source : Path
        The tree.
    """

    def __init__(self, build: Path) -> None:
        self.source = build / "source"
        self._executed = build / "executed"
        self._stamps_path = build / STAMPS
        self._before = _read_stamps(self._stamps_path)
        self._stamps: dict[str, str] = {}
        self._wanted: set[Path] = set()
        self._changed: list[str] = []
        self._code = code_hash(BOOK)
        self._repository = repository()

    def write(self, on_page: Callable[[str], None] = lambda docname: None) -> list[str]:
        """Write all pages and remove what belongs to none.

        Returns
        -------
        changed : list of str
            Names of the files that were written or removed, relative to the tree.

        Raises
        ------
        BookError
            If a page cannot be made; the message says of which notebook and why.
        """
        for page in all_pages():
            self._put(heads.download_path(page), page.source.read_bytes())
            self._page(page)
            on_page(page.docname)
        self._claims()
        on_page("claims")
        self._written_pages()
        removed = remove_others(self.source, self._wanted)
        self._changed += [path.relative_to(self.source).as_posix() for path in removed]
        write_if_changed(self._stamps_path, json.dumps(self._stamps, indent=1))
        return self._changed

    def _put(self, name: str, content: str | bytes) -> None:
        path = self.source / name
        if write_if_changed(path, content):
            self._changed.append(name)
        self._wanted.add(path)

    # Pages from notebooks

    def _page(self, page: Page) -> None:
        read = [page.source]
        read += [stored_path(page, self._executed)] if page.is_executed else []
        if page.kind != "chapter":
            read += sorted((ROOT / "utils" / "checks").rglob("*.py"))  # hints come from there
        solution = _solution_of(page) if page.kind == "exercise" else None
        if solution is not None:  # what the cells of the task print is stored there
            read += [solution.source, stored_path(solution, self._executed)]
        stamp = self._stamp(*read)
        if self._is_made(page.docname, stamp):
            return
        notebook, _ = with_results(page, self._executed)
        if solution is not None:
            given.add_outputs(notebook, with_results(solution, self._executed)[0])
        exercises.transform(notebook, page)
        study.transform(notebook, page)
        claims.transform(notebook, page)
        heads.transform(notebook, page, all_pages(), self._repository)
        self._finish(notebook, page, stamp)

    def _claims(self) -> None:
        chapters = [page for page in all_pages() if page.kind == "chapter"]
        stored = [stored_path(page, self._executed) for page in chapters]
        scripts = sorted((ROOT / "experiments").glob("*.py"))
        results = sorted((ROOT / "experiments" / "results").glob("*.csv"))
        stamp = self._stamp(*(page.source for page in chapters), *stored, *scripts, *results)
        if self._is_made("claims", stamp):
            return
        executed = {page.name: with_results(page, self._executed) for page in chapters}
        given = {name: notebook for name, (notebook, ran) in executed.items() if ran}
        notebook = claims.notebook(given)
        source = ROOT / "experiments" / "README.md"
        page = Page("claims", "claims", "claims", source, "", "Claims", "", "")
        self._finish(notebook, page, stamp)

    def _finish(self, notebook: NotebookNode, page: Page, stamp: str) -> None:
        static = self.source / "_static"
        outputs.transform(notebook, page, static)
        text = _notebook_text(notebook)
        self._put(f"{page.docname}.ipynb", text)
        folder = outputs.pictures_folder(page, static)
        pictures = {path for path in folder.glob("*") if path.name in text}
        self._wanted |= pictures
        self._stamps[page.docname] = stamp

    def _stamp(self, *files: Path) -> str:
        """Return the hash of all that a page is made from; its head refers to other pages."""
        docnames = (page.docname for page in all_pages())
        return hash_of(files, self._code, self._repository, *docnames)

    def _is_made(self, docname: str, stamp: str) -> bool:
        """Tell whether a page is there as it would be made now, and keep it and its pictures."""
        path = self.source / f"{docname}.ipynb"
        if self._before.get(docname) != stamp or not path.is_file():
            return False
        self._stamps[docname] = stamp
        folder = self.source / "_static" / "pictures" / docname
        self._wanted |= {path, *folder.glob("*")}
        return True

    # Written pages

    def _written_pages(self) -> None:
        for path in sorted((BOOK / "pages").iterdir()):
            text = path.read_text(encoding="utf-8")
            self._put(path.name, cards.filled(text, all_pages(), self._repository))
        self._put("pictures/widget.png", (ROOT / "docs" / "widget.png").read_bytes())
        for name, text in api.pages().items():
            self._put(name, text)


def _solution_of(exercise: Page) -> Page:
    for page in all_pages():
        if page.kind == "solution" and page.name == exercise.name:
            return page
    raise BookError(
        f"{exercise.source} has no solution; expected solutions/{exercise.name}/"
        f"{exercise.name}.ipynb, from which `make exercises` generates it."
    )


def _notebook_text(notebook: NotebookNode) -> str:
    for cell in notebook.cells:
        for name in ("nbgrader", "deletable", "editable"):
            cell.metadata.pop(name, None)
    notebook.metadata.pop("unrolled", None)
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _read_stamps(path: Path) -> dict[str, str]:
    try:
        stamps = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # nothing is known of a build before: every page is made
    return stamps if isinstance(stamps, dict) else {}
