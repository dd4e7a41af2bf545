"""How Sphinx reads the docstrings of `utils`: links from names, summaries, links to the source."""

from __future__ import annotations

import functools
import inspect
import itertools
import re
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from numpydoc.docscrape_sphinx import SphinxDocString
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

from book.api.names import PACKAGE, QUOTED, module_of, names_of, resolve
from book.api.subjects import SUBJECTS, public_modules
from book.places import ROOT, repository
from utils.checks.engine import Check

LONGEST_VALUE = 160
"""Up to so many characters of a constant's value are shown; of a longer one only its words."""

_HEADED = re.compile(r"^[A-Z][A-Za-z ]+$")
_TYPED = {"Parameters", "Other Parameters", "Attributes", "Returns", "Yields"}
_WORD = re.compile(r"(?<![\w.`\"'])[A-Za-z_][\w.]*\w(?![\w`\"'])")


def link_names(text: str, module: ModuleType, owner: type | None, own: set[str]) -> str:
    """Make links of the names between single backticks.

    Parameters
    ----------
    text : str
        A docstring or a part of it.
    module : module
        The one that it stands in.
    owner : type or None
        The class that it belongs to.
    own : set of str
        Parameters and fields, which become code without a link.

    Returns
    -------
    str
        A name that is neither own nor found stays as it is, and Sphinx then reports it.
    """

    def link(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name in own:
            return f"``{name}``"
        target = resolve(name, module, owner)
        return match[0] if target is None else f":py:obj:`{name} <{target}>`"

    return QUOTED.sub(link, text)


def link_types(lines: list[str], module: ModuleType) -> list[str]:
    """Make links of the classes of the package that stand in types; other words stay plain.

    Parameters
    ----------
    lines : list of str
        A docstring.
    module : module
        The one that it stands in; a class is linked if this module can see it.

    Returns
    -------
    list of str
    """

    def link(match: re.Match[str]) -> str:
        target = resolve(match[0], module)
        if target is None or not inspect.isclass(_thing(target)):
            return match[0]
        return f":py:obj:`{match[0]} <{target}>`"

    section, result = "", []
    for line, below in itertools.zip_longest(lines, lines[1:], fillvalue=""):
        if _HEADED.match(line) and re.fullmatch("-{3,}", below):
            section = line
        elif section in _TYPED and line and not line[0].isspace() and "---" not in line:
            name, colon, kind = line.partition(" : ")
            if colon:
                line = f"{name} : {_WORD.sub(link, kind)}"
            elif section in ("Returns", "Yields"):
                line = _WORD.sub(link, name)
        result.append(line)
    return result


def _thing(full_name: str) -> Any:
    thing: Any = module_of(full_name)
    for part in full_name.removeprefix(thing.__name__).split(".")[1:]:
        thing = getattr(thing, part)
    return thing


def _on_docstring(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Turn one docstring into reStructuredText: names into links, sections into lists."""
    if name.split(".")[0] != PACKAGE:
        return
    module = module_of(name)
    owner = _owner(name, module)
    described = what not in ("attribute", "data")
    own = names_of(thing, "\n".join(lines)) if described else set()
    if owner is not None:
        own |= names_of(owner)
    text = link_names("\n".join(link_types(lines, module)), module, owner, own)
    if described:
        text = str(SphinxDocString(text, config={"template": _template()}))
    if what == "module":
        text += f"\n\nSource: {_source_link(module)}\n\n.. module-summary:: {name}\n"
    elif inspect.isclass(thing) and (bases := bases_of(thing)):
        text += f"\n\nBuilds on {', '.join(bases)}.\n"
    lines[:] = text.split("\n")


@functools.cache
def _template() -> Any:
    """Return numpydoc's template; by itself it would compile it for every docstring."""
    return SphinxDocString("").template


def _source_link(module: ModuleType) -> str:
    path, address = path_of(module), repository()
    return f"`{path} <{address}/blob/main/{path}>`__" if address else f"``{path}``"


def _owner(name: str, module: ModuleType) -> type | None:
    """Return the class that a full name leads through, if any."""
    first = name.removeprefix(module.__name__).strip(".").split(".")[0]
    thing = vars(module).get(first)
    return thing if inspect.isclass(thing) else None


def _on_member(app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any) -> Any:
    """Leave out traits, and fields of a named tuple that have no words of their own."""
    if hasattr(thing, "this_class"):
        return True
    if type(thing).__name__ == "_tuplegetter":
        module, owner = (app.env.temp_data[f"autodoc:{key}"] for key in ("module", "class"))
        return (owner, name) not in ModuleAnalyzer.for_module(module).find_attr_docs()
    return None


def bases_of(thing: type) -> list[str]:
    """Return what a class builds on, as reStructuredText; classes of the package as links.

    Parameters
    ----------
    thing : type

    Returns
    -------
    list of str
        Empty for a class that builds on ``object`` alone; private classes are left out.
    """
    named = []
    for base in getattr(thing, "__orig_bases__", thing.__bases__):
        module, name = getattr(base, "__module__", ""), getattr(base, "__name__", str(base))
        if module in public_modules() and not name.startswith("_"):
            named.append(f":py:obj:`{name} <{module}.{name}>`")
        elif not module.startswith(PACKAGE) and base is not object:
            home = "" if module in ("builtins", "typing") else f"{module.split('.')[0]}."
            named.append(f"``{home}{name}``")
    return named


_UNTOLD = re.compile(r"<(class|function|module|object)|Path\('")


def _on_description(app: Sphinx, domain: str, kind: str, content: addnodes.desc_content) -> None:
    """Take the value of a constant away where it would fill the page or say nothing.

    What is written as the name of a class or function says nothing, and a path is one of the
    machine on which the book is built.
    """
    for value in [*content.parent.findall(addnodes.desc_annotation)]:
        text = value.astext().strip()
        if text.startswith("=") and (len(text) > LONGEST_VALUE or _UNTOLD.search(text)):
            value.parent.remove(value)


def source_of(domain: str, info: dict[str, str]) -> str | None:
    """Return the address of the lines that define something, for `sphinx.ext.linkcode`.

    Parameters
    ----------
    domain : str
        "py" for all that is described here.
    info : dict of str to str
        "module" and "fullname".

    Returns
    -------
    str or None
        None where nothing can be pointed at: constants, and while no repository is known.
    """
    address = repository()
    if domain != "py" or not address or not info["module"]:
        return None
    thing: Any = module_of(info["module"])
    for part in info["fullname"].split("."):
        thing = inspect.getattr_static(thing, part, None)
    if isinstance(thing, property):
        thing = thing.fget
    if isinstance(thing, staticmethod | classmethod):
        thing = thing.__func__
    if not (inspect.isfunction(thing) or inspect.isclass(thing)):
        return None
    lines, first = inspect.getsourcelines(inspect.unwrap(thing))
    file = path_of(module_of(thing.__module__))
    return f"{address}/blob/main/{file}#L{first}-L{first + len(lines) - 1}"


def path_of(module: ModuleType) -> str:
    """Return where the source of a module stands in the repository.

    Parameters
    ----------
    module : module

    Returns
    -------
    str
        Such as "utils/cells/lstm.py".
    """
    return Path(str(module.__file__)).resolve().relative_to(ROOT).as_posix()


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
        lines = [".. list-table::", "   :widths: 35 65", "   :class: unrolled-summary", ""]
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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and handlers.

    Parameters
    ----------
    app : Sphinx

    Returns
    -------
    dict
    """
    app.add_directive("module-list", ModuleList)
    app.add_directive("module-summary", ModuleSummary)
    app.connect("autodoc-process-docstring", _on_docstring)
    app.connect("object-description-transform", _on_description)
    app.connect("html-page-context", _on_page)
    app.connect("autodoc-skip-member", _on_member)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
