"""The glossary of the book: its terms, the page that shows them, links from chapters and exercises.

`terms.toml` holds the terms, `glossary` reads and checks it, `matching` finds terms in a text,
`linking` links them while Sphinx reads a page, and `page` is the directive of the glossary page.
The package is a Sphinx extension: name it in `extensions`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register the directive of the glossary page and the transform that links terms.

    Sphinx is imported here only, so that the terms can be read without it.

    Parameters
    ----------
    app : Sphinx
        The application that is being set up.

    Returns
    -------
    metadata : dict
        What Sphinx wants to know of an extension.
    """
    from book.terms import linking, page

    linking.register(app)
    page.register(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
