"""The reference of `utils` in the book: one page for each public module, from its docstrings.

Pages are short: a title and a few directives, which Sphinx fills while it reads them. It imports
`utils` for that, and reads a page again when the source of a module on it changes.
"""

from __future__ import annotations

from typing import Any

from book.api.subjects import SUBJECTS, WAYS, public_modules
from book.errors import BookError
from book.places import repository

EXTENSIONS = ("sphinx.ext.autodoc", *(["sphinx.ext.linkcode"] if repository() else []))

SETTINGS: dict[str, Any] = {
    "add_module_names": False,
    "autodoc_default_options": {
        "ignore-module-all": True,  # a package describes what it defines, not what it exports
        "members": True,
    },
    "autodoc_member_order": "bysource",
    "autodoc_typehints": "none",
    "default_role": "py:obj",
    "toc_object_entries_show_parents": "hide",
}
"""Settings of Sphinx; types stand in the docstrings, with shapes and ranges, not in signatures."""


def pages() -> dict[str, str]:
    """Return every page of the reference as reStructuredText.

    Returns
    -------
    dict of str to str
        File name in the source tree, such as "api/utils.cells.rnn.rst", to text.

    Raises
    ------
    BookError
        If a module belongs to no subject.
    """
    modules = [name for subject in SUBJECTS for name in subject.modules]
    without = sorted(set(public_modules()) - set(modules))
    if without:
        raise BookError(
            f"{', '.join(without)}: no subject of the reference names this; "
            "add it to one in book/api/subjects.py."
        )
    return {"api/index.rst": _index()} | {f"api/{name}.rst": _page(name) for name in modules}


def _page(module: str) -> str:
    return "\n".join(
        (
            ":orphan:",
            "",
            *_heading(module, "="),
            f".. automodule:: {module}",
            "",
        )
    )


def _index() -> str:
    lines = [
        *_heading("Reference of utils", "="),
        "The chapters import everything that they share from one package, ``utils``, which is",
        "installed with the course. Each of its modules has a page here, made from what stands in",
        "its source. Arrays are time first, (T, B, D): T steps, B samples, D features; H is the",
        "number of hidden units. A type such as *array, shape (T, B, H)* names the axes.",
        "",
        *_heading("Where to look", "-"),
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: 60 40",
        "",
        "   * - You want to",
        "     - Open",
    ]
    for wish, module in WAYS:
        lines += [f"   * - {wish}", f"     - :doc:`{module} </api/{module}>`"]
    lines.append("")
    for subject in SUBJECTS:
        lines += [
            *_heading(subject.title, "-"),
            subject.sentence,
            "",
            f".. module-list:: {' '.join(subject.modules)}",
            "",
        ]
    return "\n".join(lines)


def _heading(title: str, mark: str) -> tuple[str, str, str]:
    return title, mark * len(title), ""


def setup(app: Any) -> dict[str, Any]:
    """Give Sphinx the directives of these pages and the handlers that read docstrings.

    Parameters
    ----------
    app : sphinx.application.Sphinx

    Returns
    -------
    dict
        What Sphinx asks of an extension.
    """
    from book.api import docstrings, neighbours, tables  # Sphinx, which `pages` does without

    docstrings.register(app)
    tables.register(app)
    neighbours.register(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
