"""Tables of modules, and of what a module defines, with the first sentence of each."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from book.api.docstrings import link_names
from book.api.names import module_of, names_of, resolve
from book.api.subjects import public_modules
from utils.checks.engine import Check


def first_sentence(thing: Any) -> str:
    """Return the first paragraph of a docstring on one line; of an exercise's check its title.

    Parameters
    ----------
    thing : module, class, function or Check

    Returns
    -------
    str
    """
    if isinstance(thing, Check):
        return f"{thing.title} (chapter {thing.chapter[:2]})"
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


class _Table(SphinxDirective):
    """A table of names with their first sentences; the page depends on the sources they are in."""

    has_content = False
    required_arguments = 1
    final_argument_whitespace = True

    def table(self, rows: list[tuple[str, Any]]) -> list[nodes.Node]:
        lines = [".. list-table::", "   :widths: 35 65", ""]
        for link, thing in rows:
            home = thing if inspect.ismodule(thing) else module_of(thing.__module__)
            self.env.note_dependency(home.__file__)
            sentence = link_names(first_sentence(thing), home, None, names_of(thing))
            lines += [f"   * - {link}", f"     - {sentence}"]
        if not rows:
            return []
        container = nodes.container()
        content = StringList(lines, source=self.env.doc2path(self.env.docname))
        self.state.nested_parse(content, self.content_offset, container)
        return container.children


class ModuleList(_Table):
    """``.. module-list:: utils.a utils.b``: modules with the first sentence of each."""

    def run(self) -> list[nodes.Node]:
        modules = [module_of(name) for name in self.arguments[0].split()]
        return self.table([(f":py:mod:`{m.__name__}`", m) for m in modules])


class ModuleSummary(_Table):
    """``.. module-summary:: utils.a``: what the module defines, or what the package exports."""

    def run(self) -> list[nodes.Node]:
        module = module_of(self.arguments[0])
        self.env.note_dependency(module.__file__)
        names = getattr(module, "__all__", None) or [n for n in vars(module) if n[0] != "_"]
        return self.table([row for name in names for row in self._row(name, module)])

    def _row(self, name: str, module: ModuleType) -> list[tuple[str, Any]]:
        thing = getattr(module, name)
        own = getattr(thing, "__module__", None) == module.__name__
        exported = hasattr(module, "__path__") and name in getattr(module, "__all__", ())
        if not callable(thing) or not (own or exported):
            return []
        target = resolve(name, module)
        if target is not None and module_of(target).__name__ in public_modules():
            return [(f":py:obj:`{name} <{target}>`", thing)]
        return [(f"``{name}``", thing)] if exported else []


def register(app: Sphinx) -> None:
    """Register the directives `module-list` and `module-summary`.

    Parameters
    ----------
    app : Sphinx
    """
    app.add_directive("module-list", ModuleList)
    app.add_directive("module-summary", ModuleSummary)
