"""The part of a chapter that a browser has to show: what a reader works with, and what that needs.

Every cell of every chapter is run without a browser, when its notebook is tested. Run here as well,
cells that train and draw would take most of the time of a test that looks at widgets.
"""

from __future__ import annotations

import ast
import dis
import json
from collections.abc import Sequence
from pathlib import Path
from types import CodeType

WORKED_WITH = {"widgets", "recall"}
"""Names of the course that put controls below a cell."""


def live_part(chapter: Path, also: Sequence[str] = ()) -> str:
    """Give a chapter with fewer code cells as the text of its file.

    Kept are the cells that read one of `WORKED_WITH` or hold one of the texts of `also`, and the
    cells that bound last what a kept cell reads.
    """
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    needed: set[str] = set()
    kept = []
    for cell in reversed(notebook["cells"]):
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            bound, read = _names(source)
            live = not WORKED_WITH.isdisjoint(read) or any(text in source for text in also)
            if not live and bound.isdisjoint(needed):
                continue
            needed = needed - bound | read
        kept.append(cell)
    return json.dumps({**notebook, "cells": kept[::-1]})


def _names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell binds, and those that it reads before it binds them."""
    code = compile(source, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    bound: set[str] = set()
    read: set[str] = set()
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            bound.add(step.argval)
        elif step.opname == "LOAD_NAME" and step.argval not in bound:
            read.add(step.argval)
    return bound, read | (_globals_of(code) - bound)


def _globals_of(code: CodeType) -> set[str]:
    """Return the global names that the functions of a piece of code read when they are called."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    own = {s.argval for s in dis.get_instructions(code) if s.opname == "LOAD_GLOBAL"}
    return own.union(*map(_globals_of, inner))
