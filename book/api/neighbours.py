"""The place of a page of the reference: its parent, and the pages before and after it."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from book.api.subjects import SUBJECTS


def _on_page(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Give a page its place: parent and neighbours, which it has from no table of contents.

    All of the book's pages carry the whole tree of contents at their side; with more than a
    hundred modules in it, writing the book would take twice as long.
    """
    order = [f"api/{name}" for subject in SUBJECTS for name in subject.modules]
    if page not in order:
        return

    def link(place: str) -> dict[str, str]:
        title = app.env.titles[place].astext()
        return {"link": app.builder.get_relative_uri(page, place), "title": title}

    around = ["api/index", *order, None]
    at = around.index(page)
    context["parents"] = [link("api/index")]
    context["prev"] = link(around[at - 1])
    context["next"] = link(around[at + 1]) if around[at + 1] else None


def register(app: Sphinx) -> None:
    """Register the handler of a page that is about to be written.

    Parameters
    ----------
    app : Sphinx
    """
    app.connect("html-page-context", _on_page)
