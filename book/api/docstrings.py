"""How Sphinx reads the docstrings of `utils`: names become links, sections lists."""

from __future__ import annotations

import functools
import inspect
import itertools
import re
from types import ModuleType
from typing import Any

from numpydoc.docscrape_sphinx import SphinxDocString
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

from book.api.addresses import source_link
from book.api.names import PACKAGE, QUOTED, module_of, names_of, resolve
from book.api.subjects import public_modules

LONGEST_VALUE = 160
"""Up to so many characters of a constant's value are shown; of a longer one only its words."""

_HEADED = re.compile(r"^[A-Z][A-Za-z ]+$")
_TYPED = {"Parameters", "Other Parameters", "Attributes", "Returns", "Yields"}
_UNTOLD = re.compile(r"<(class|function|module|object)|Path\('")
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
        text += f"\n\nSource: {source_link(module)}\n\n.. module-summary:: {name}\n"
    elif inspect.isclass(thing) and (bases := bases_of(thing)):
        text += f"\n\nBuilds on {', '.join(bases)}.\n"
    lines[:] = text.split("\n")


@functools.cache
def _template() -> Any:
    """Return numpydoc's template; by itself it would compile it for every docstring."""
    return SphinxDocString("").template


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


def _on_description(app: Sphinx, domain: str, kind: str, content: addnodes.desc_content) -> None:
    """Take the value of a constant away where it would fill the page or say nothing.

    What is written as the name of a class or function says nothing, and a path is one of the
    machine on which the book is built.
    """
    for value in [*content.parent.findall(addnodes.desc_annotation)]:
        text = value.astext().strip()
        if text.startswith("=") and (len(text) > LONGEST_VALUE or _UNTOLD.search(text)):
            value.parent.remove(value)


def register(app: Sphinx) -> None:
    """Register the handlers of what autodoc finds.

    Parameters
    ----------
    app : Sphinx
    """
    app.connect("autodoc-process-docstring", _on_docstring)
    app.connect("autodoc-skip-member", _on_member)
    app.connect("object-description-transform", _on_description)
