"""What the book adds to Sphinx: the glossary, the reference of the code, mathematics offline."""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from book import api
from book.errors import BookError

MATHJAX = "tex-svg.js"
"""The build of MathJax: browsers refuse web fonts from file://, and svg needs none."""

MATHJAX_PACKAGE = "sphinx-mathjax-offline"
"""It ships MathJax; of the package only these files are used."""

_MATHJAX_PARTS = (MATHJAX, "a11y", "input/tex/extensions", "sre")
"""The build, and what it loads when a reader asks for it in the menu of a formula."""

_FOLD_NAME = ' aria-label="Toggle hidden content"'
_PUNCTUATION = re.compile(r"[.,;:?!)]+")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what the modules of the book bring."""
    app.config.mathjax_path = f"mathjax/{MATHJAX}"
    app.connect("build-finished", copy_mathjax)
    app.connect("html-page-context", name_folds_by_their_words)
    app.add_post_transform(KeepPunctuation)
    app.setup_extension("book.terms")
    api.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class KeepPunctuation(SphinxPostTransform):
    """Keep a full stop or comma in the line of the formula before it."""

    default_priority = 900  # after references are resolved

    def run(self, **kwargs: Any) -> None:
        """Wrap each formula that such a mark follows, together with the mark."""
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(descend=False, siblings=True)
            if not isinstance(after, nodes.Text):
                continue
            mark = _PUNCTUATION.match(after)
            if mark is None:
                continue
            parent = formula.parent
            place = parent.index(formula)
            together = nodes.inline("", "", formula, nodes.Text(mark[0]))
            together["classes"] = ["unrolled-together"]
            parent[place : place + 2] = [together, nodes.Text(after[mark.end() :])]


def name_folds_by_their_words(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Let folded cells be called by the words that are seen; myst-nb gives all one other name."""
    if "body" in context:
        context["body"] = context["body"].replace(_FOLD_NAME, "")


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Put MathJax beside the pages, where it is not there yet."""
    target = Path(app.outdir, "_static", "mathjax")
    if exception is not None or app.builder.format != "html" or (target / MATHJAX).is_file():
        return
    spec = find_spec(MATHJAX_PACKAGE)
    if spec is None:
        raise BookError(
            f"The package {MATHJAX_PACKAGE} is missing. Run: python -m pip install -e .[book]"
        )
    source = Path(spec.submodule_search_locations[0], "static", "mathjax")
    for part in reversed(_MATHJAX_PARTS):  # the build last: it says that all is there
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / part, target / part)
