"""From a name in a docstring to the thing that it stands for.

The rule of the course's docstrings: a name between single backticks is a parameter or field of
what is described, or something of the package that its module can see. Everything else that is
code (names of other packages, expressions, values) stands between double backticks.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

PACKAGE = "utils"

QUOTED = re.compile(
    r"::\n(?:\n|[ ]+[^\n]*(?:\n|\Z))+"  # an indented block of code or mathematics
    r"|``.+?``"  # code
    r"|:[\w:]+:`[^`]+`"  # a role of Sphinx
    r"|`(?P<name>[^`]+)`_{0,2}",
    re.DOTALL,
)
"""Names between single backticks, and all that is not to be searched for them."""

_SECTIONS = re.compile(
    r"^(Parameters|Other Parameters|Attributes|Returns|Yields|Raises|Warns)\n-+$", re.MULTILINE
)
_NAMED_SECTIONS = ("Parameters", "Other Parameters", "Attributes", "Returns", "Yields")


def module_of(full_name: str) -> ModuleType:
    """Return the module that a full name such as ``utils.optim.SGD.step`` belongs to.

    Parameters
    ----------
    full_name : str

    Returns
    -------
    module

    Raises
    ------
    LookupError
        If no part of the name is a module.
    """
    parts = full_name.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        try:
            return sys.modules[name] if name in sys.modules else importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise LookupError(f"{full_name!r} is in no module; expected a name such as 'utils.optim.SGD'.")


def names_of(thing: Any, doc: str | None = None) -> set[str]:
    """Return the names that a docstring may use for what belongs to the thing itself.

    Parameters
    ----------
    thing : function, class, property or module
    doc : str, optional
        Its docstring, where it is at hand.

    Returns
    -------
    set of str
        Parameters, fields, and what the sections of the docstring name.
    """
    names: set[str] = set()
    if isinstance(thing, property):
        thing = thing.fget
    if inspect.isclass(thing):
        names |= set(getattr(thing, "_fields", ())) | set(_annotations(thing))
    if callable(thing):
        with contextlib.suppress(TypeError, ValueError):  # a built-in class has none to read
            names |= set(inspect.signature(thing).parameters)
    doc = (inspect.getdoc(thing) or "") if doc is None else doc
    return names | {name for name in _named_in_sections(doc) if name.isidentifier()}


def resolve(text: str, module: ModuleType, owner: type | None = None) -> str | None:
    """Return the full name of the place in the reference that a name in a docstring stands for.

    Parameters
    ----------
    text : str
        Such as ``lstm_step``, ``Trace.keys`` or ``utils.cells``.
    module : module
        The one whose docstring uses the name.
    owner : type, optional
        The class whose docstring, or whose method's docstring, uses it.

    Returns
    -------
    str or None
        Where the thing is defined, such as ``utils.cells.lstm.lstm_step``; of a field its class;
        None if there is no such thing in the package.
    """
    for place in _places(text, module, owner):
        found = place()
        if found is not None:
            return found
    return None


def _places(
    text: str, module: ModuleType, owner: type | None
) -> Iterator[Callable[[], str | None]]:
    """Give the places where a name may be found, nearest first."""
    parts = text.removesuffix("()").split(".")
    if owner is not None:
        yield lambda: _follow(owner, _home(owner), parts)
    yield lambda: _follow(module, module.__name__, parts)
    if module.__name__.count("."):
        parent = importlib.import_module(module.__name__.rpartition(".")[0])
        yield lambda: _follow(parent, parent.__name__, parts)
    if parts[0] == PACKAGE:
        yield lambda: _absolute(parts)


def _absolute(parts: list[str]) -> str | None:
    try:
        module = module_of(".".join(parts))
    except LookupError:
        return None
    return _follow(module, module.__name__, parts[len(module.__name__.split(".")) :])


def _follow(thing: Any, name: str | None, parts: list[str]) -> str | None:
    """Go from a thing to its attribute's attribute, and say where what is found stands."""
    for part in parts:
        if inspect.isclass(thing):
            if part in _fields_of(thing):
                return name  # a field is described with its class
            holder = next((base for base in thing.__mro__ if part in vars(base)), None)
            if holder is None or not holder.__module__.startswith(PACKAGE):
                return None
            thing, name = vars(holder)[part], f"{_home(holder)}.{part}"
            continue
        if not inspect.ismodule(thing) or not hasattr(thing, part):
            return None
        value = inspect.unwrap(getattr(thing, part))
        if inspect.ismodule(value):
            name = value.__name__
        elif inspect.isfunction(value) or inspect.isclass(value):
            name = _home(value)
        else:
            name = _home_of_value(part, value, thing)
        thing = value
    return name if name and name.split(".")[0] == PACKAGE else None


def _home(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _home_of_value(name: str, value: Any, module: ModuleType) -> str | None:
    """Return the full name of a constant, which does not know by itself where it was defined."""
    if name in _assigned(module.__name__):
        return f"{module.__name__}.{name}"
    for other in sorted(n for n in sys.modules if n.split(".")[0] == PACKAGE):
        if name in _assigned(other) and getattr(sys.modules[other], name, None) is value:
            return f"{other}.{name}"
    return None


@functools.cache
def _assigned(module: str) -> frozenset[str]:
    """Return the names that a module assigns at its top level."""
    found: set[str] = set()
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if isinstance(node, ast.AnnAssign):
            targets = (node.target,)
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            found |= {part.id for part in parts if isinstance(part, ast.Name)}
    return frozenset(found)


def _annotations(thing: type) -> dict[str, Any]:
    return {
        name: hint
        for base in thing.__mro__
        if base.__module__.startswith(PACKAGE)
        for name, hint in inspect.get_annotations(base).items()
    }


def _fields_of(thing: type) -> set[str]:
    own = set(getattr(thing, "_fields", ())) | set(_annotations(thing))
    return own | {
        name
        for name in _named_in_sections(inspect.getdoc(thing) or "", ("Attributes",))
        if not isinstance(getattr(thing, name, None), property)
    }


def _named_in_sections(doc: str, sections: tuple[str, ...] = _NAMED_SECTIONS) -> Iterator[str]:
    """Give the names at the left edge of the sections of a docstring."""
    marks = list(_SECTIONS.finditer(doc))
    for mark in marks:
        if mark.group(1) not in sections:
            continue
        rest = doc[mark.end() :]
        stop = re.search(r"\n[^\n]+\n---+(\n|$)", rest)
        for line in rest[: stop.start() if stop else None].splitlines():
            if line and not line[0].isspace():
                names = line.partition(" : ")[0]
                yield from (name.strip().lstrip("*") for name in names.split(","))
