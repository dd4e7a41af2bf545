"""What the book adds to Sphinx: the glossary, the reference of the code, mathematics offline."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from book import api
from book.errors import BookError

MATHJAX = "tex-svg.js"
"""The build of MathJax: browsers refuse web fonts from file://, and svg needs none."""

MATHJAX_PACKAGE = "sphinx-mathjax-offline"
"""It ships MathJax; of the package only these files are used."""

_MATHJAX_PARTS = (MATHJAX, "a11y", "input/tex/extensions", "sre")
"""The build, and what it loads when a reader asks for it in the menu of a formula."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what the modules of the book bring."""
    app.config.mathjax_path = f"mathjax/{MATHJAX}"
    app.connect("build-finished", copy_mathjax)
    app.setup_extension("book.terms")
    api.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


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
