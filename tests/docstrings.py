"""What is wrong with a docstring, held against the code below it.

The rules, for everything that has a place in the reference of `utils`:

- The first paragraph is a sentence. Sections stand once each, in numpydoc's order.
- **Parameters** name the parameters of the signature, all of them, in its order; of a class they
  and **Attributes** together name its fields, or what its ``__init__`` takes. A field may have
  its words beside it instead; the artists of a picture, which only it moves, need none.
- **Returns** or **Yields** is there if, and only if, something comes back.
- **Raises** names every error that the function raises by itself. ``NotImplementedError`` is left
  out: it marks what a subclass has to write.
- A short form is enough where one sentence says it all: it has neither of these sections, names
  every parameter between backquotes, and begins with a word for what comes back. Nor needs a
  method sections that another class of the package describes already under its name.
- A default lies within the values that the type lists, and where it is None the type says so.
- A name between single backquotes is a parameter, a field, or something that can be found.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import enum
import functools
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from numpydoc.docscrape import NumpyDocString

from book.api.names import QUOTED, names_of, resolve
from utils import lens, validation

SECTIONS = (
    "Parameters",
    "Other Parameters",
    "Attributes",
    "Returns",
    "Yields",
    "Raises",
    "Notes",
    "References",
    "Examples",
)
SAYING = ("Return", "Give", "Tell", "Say", "Yield")
NOTHING = (None, "None", "NoReturn")
ERRORS = {
    name
    for home in (builtins, validation, lens)
    for name, kind in vars(home).items()
    if inspect.isclass(kind) and issubclass(kind, Exception)
}
"""Errors that functions pass on from below, where their own module need not name them."""


class Described(NamedTuple):
    """Something with a docstring.

    Attributes
    ----------
    name : str
        Within its module; empty for the module.
    thing : module, class, function or property
    owner : type or None
        The class that a method belongs to.
    bound : bool
        Whether the first parameter is filled in by Python.
    """

    name: str
    thing: Any
    owner: type | None = None
    bound: bool = False

    @property
    def doc(self) -> str:
        own = (
            self.thing.__doc__ if not isinstance(self.thing, property) else self.thing.fget.__doc__
        )
        return inspect.cleandoc(own) if own else ""


def described(module: ModuleType) -> Iterator[Described]:
    """Give what the reference describes of a module, the module first."""
    yield Described("", module)
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing):
            yield Described(name, thing)
            yield from _members(name, thing)
        elif inspect.isfunction(inspect.unwrap(thing)):
            yield Described(name, inspect.unwrap(thing))


def _members(name: str, thing: type) -> Iterator[Described]:
    for key, member in vars(thing).items():
        if key.startswith("_"):
            continue
        place = f"{name}.{key}"
        if isinstance(member, property):
            yield Described(place, member, thing)
        elif isinstance(member, staticmethod | classmethod):
            yield Described(place, member.__func__, thing, isinstance(member, classmethod))
        elif inspect.isfunction(member) and member.__module__ == thing.__module__:
            yield Described(place, inspect.unwrap(member), thing, True)


def faults(one: Described, module: ModuleType) -> list[str]:
    """Return what is wrong with one docstring, a sentence each."""
    if not one.doc:
        return ["has no docstring"]
    found = [*_summary(one.doc), *_layout(one.doc), *_names(one, module)]
    if found:
        return found
    sections = NumpyDocString(one.doc)
    if inspect.isclass(one.thing):
        found += _fields(one, sections)
        found += _raises(_init(one.thing), sections, module)
    elif inspect.isfunction(one.thing):
        if not _described_by_a_base(one):
            found += _parameters(one, sections)
            found += _returns(one, sections)
        found += _raises([one.thing], sections, module)
    return found


def _summary(doc: str) -> Iterator[str]:
    first = doc.partition("\n\n")[0]
    if not first.endswith((".", ":", "?", "::")):
        yield f"its first paragraph, {first.splitlines()[0]!r}, does not end like a sentence"
    if first[0].islower():
        yield f"its first paragraph begins with a small letter: {first.splitlines()[0]!r}"


def _layout(doc: str) -> Iterator[str]:
    headings = re.findall(r"^([A-Z][\w ]*)\n(-{3,})$", doc, re.MULTILINE)
    names = [name for name, _ in headings]
    if any(name not in SECTIONS for name in names):
        yield f"has sections {names}; expected some of {', '.join(SECTIONS)}"
    elif names != sorted(set(names), key=SECTIONS.index):
        yield f"has its sections in the order {names}"
    for name, line in headings:
        if len(name) != len(line):
            yield f"underlines {name} with {len(line)} hyphens"
    for name in names:
        if not re.search(rf"^{name}\n-+\n\S", doc, re.MULTILINE):
            yield f"has nothing under {name}"


def _names(one: Described, module: ModuleType) -> Iterator[str]:
    own = names_of(one.thing, one.doc) | (names_of(one.owner) if one.owner else set())
    owner = one.thing if inspect.isclass(one.thing) else one.owner
    for match in QUOTED.finditer(one.doc):
        name = match["name"]
        if name is not None and name not in own and resolve(name, module, owner) is None:
            yield f"`{name}` is no parameter and cannot be found; is it ``code``?"


def _parameters(one: Described, sections: NumpyDocString) -> Iterator[str]:
    parameters = _taken(one.thing, one.bound)
    entries = [*sections["Parameters"], *sections["Other Parameters"]]
    if not entries:
        said = _quoted(one.doc)
        missing = [n for n in parameters if n.lstrip("*") not in said and n[0] != "_"]
        if missing:
            yield f"says nothing of {', '.join(missing)}"
        return
    named = [name.strip() for entry in entries for name in entry.name.split(",")]
    order = list(parameters)
    if sorted(named) != sorted(order) or not _in_order(entries, order):
        yield f"has Parameters {named}; the signature has {order}"
        return
    for entry in entries:
        for name in entry.name.split(","):
            yield from _default(parameters[name.strip()], entry.type)


def _in_order(entries: list[Any], order: list[str]) -> bool:
    """Tell whether entries follow the signature; one entry may gather names from further on."""
    groups = [[order.index(n.strip()) for n in entry.name.split(",")] for entry in entries]
    return all(group == sorted(group) for group in groups) and groups == sorted(groups)


def _default(parameter: inspect.Parameter, kind: str) -> Iterator[str]:
    default, name = parameter.default, parameter.name
    if default is parameter.empty:
        if kind.endswith("optional"):
            yield f"calls {name} optional; it has no default"
    elif default is None:
        if kind and not re.search(r"\boptional\b|\bNone\b", kind):
            yield f"has the type {kind!r} for {name}, whose default is None"
    elif re.fullmatch(r"\{[^{}…]*\}", kind):
        values = ast.literal_eval(kind)
        if default not in values:
            yield f"lists {kind} for {name}, whose default is {default!r}"


def _returns(one: Described, sections: NumpyDocString) -> Iterator[str]:
    hint = inspect.signature(one.thing).return_annotation
    says = bool(sections["Returns"] or sections["Yields"])
    if hint in NOTHING:
        if says:
            yield "has Returns; the function returns None"
        return
    if hint is inspect.Signature.empty:
        yield "has no type hint for what it returns"
    short = not sections["Parameters"] and one.doc.split()[0] in SAYING
    if not says and not short:
        kind = hint if isinstance(hint, str) else inspect.formatannotation(hint)
        yield f"says nothing of the {kind} that comes back"


def _raises(functions: list[Any], sections: NumpyDocString, module: ModuleType) -> Iterator[str]:
    named = {name.strip() for entry in sections["Raises"] for name in entry.type.split(",")}
    for name in named - ERRORS:
        kind = getattr(module, name, None)
        if not (inspect.isclass(kind) and issubclass(kind, BaseException)):
            yield f"has {name!r} under Raises, which is no error of Python, its module or utils"
    for function in functions:
        missing = sorted(raised(function) - named)
        if missing:
            yield f"raises {', '.join(missing)} and does not say so"


def raised(function: Any) -> set[str]:
    """Return the errors that a function raises by itself and does not catch itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    return set(_raised_in(tree.body))


def _raised_in(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = ast.unparse(kind).rpartition(".")[2]
            if name[0].isupper() and name != "NotImplementedError":
                yield name
        elif isinstance(node, ast.Try):
            caught = {
                part.id
                for handler in node.handlers
                for part in ast.walk(handler.type or ast.Name("BaseException"))
                if isinstance(part, ast.Name)
            }
            yield from (name for name in _raised_in(node.body) if name not in caught)
            for handler in node.handlers:
                yield from _raised_in(handler.body)
            yield from _raised_in([*node.orelse, *node.finalbody])
        else:
            for field in ("body", "orelse"):
                inner = getattr(node, field, None)
                if isinstance(inner, list):
                    yield from _raised_in(inner)
            for case in getattr(node, "cases", ()):
                yield from _raised_in(case.body)


def _fields(one: Described, sections: NumpyDocString) -> Iterator[str]:
    entries = [*sections["Parameters"], *sections["Attributes"]]
    named = list(dict.fromkeys(n.strip() for entry in entries for n in entry.name.split(",")))
    wanted = _wanted(one.thing)
    beside = _documented_beside(one.thing) | _quoted(one.doc)
    missing = [n for n in wanted if n not in named and n.lstrip("*") not in beside]
    if missing and not _is_picture(one.thing):
        yield f"says nothing of {', '.join(missing)}"
    held = _held(one.thing)
    for entry in sections["Attributes"]:
        for name in entry.name.split(","):
            if name.strip() not in held:
                yield f"has the attribute {name.strip()}, which the class does not"
    listed = [name for name in named if name in wanted]
    if not missing and listed != [name for name in wanted if name in listed]:
        yield f"lists {listed}; the class has {wanted}"


def _is_picture(thing: type) -> bool:
    """Tell whether a class holds artists, which nobody but its own methods moves."""
    return thing.__module__.startswith("utils.plots.") and thing.__name__.endswith("Picture")


def _documented_beside(thing: type) -> set[str]:
    """Return the fields with a comment ``#: …`` behind them, or a text below them."""
    body, lines = _node(thing).body, _source(thing).splitlines()
    found = set()
    for node, below in zip(body, [*body[1:], None], strict=True):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if text or "#: " in lines[node.end_lineno - 1]:
            found.add(node.target.id)
    return found


def _source(thing: type) -> str:
    return inspect.getsource(sys.modules[thing.__module__])


def _node(thing: type) -> ast.ClassDef:
    """Return the syntax of a class; `inspect` would parse its whole module for each."""
    for node in _parsed(_source(thing)).body:
        if isinstance(node, ast.ClassDef) and node.name == thing.__qualname__:
            return node
    raise LookupError(f"{thing.__qualname__} is not at the top of {thing.__module__}.")


@functools.cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _wanted(thing: type) -> list[str]:
    """Return the fields of a class, or what its own ``__init__`` takes, without its bases'."""
    if issubclass(thing, BaseException | enum.Enum) or Protocol in thing.__bases__:
        return []
    if hasattr(thing, "_fields"):
        return list(thing._fields)
    if dataclasses.is_dataclass(thing):
        own = inspect.get_annotations(thing)
        return [
            field.name
            for field in dataclasses.fields(thing)
            if field.name in own and not field.name.startswith("_")
        ]
    return list(_taken(thing.__init__, True)) if "__init__" in vars(thing) else []


def _held(thing: type) -> set[str]:
    """Return every name that instances of a class have, as far as its source tells."""
    names = set(dir(thing)) | set(getattr(thing, "_fields", ()))
    for base in thing.__mro__:
        names |= set(inspect.get_annotations(base))
        if base.__module__.startswith("utils"):
            names |= {
                part.attr
                for part in ast.walk(_node(base))
                if isinstance(part, ast.Attribute)
                and isinstance(part.ctx, ast.Store)
                and ast.unparse(part.value) == "self"
            }
    return names


def _init(thing: type) -> list[Any]:
    return [vars(thing)[name] for name in ("__init__", "__post_init__") if _own(thing, name)]


def _own(thing: type, name: str) -> bool:
    function = vars(thing).get(name)
    return (
        inspect.isfunction(function)
        and function.__module__ == thing.__module__
        and (function.__code__.co_filename == sys.modules[thing.__module__].__file__)
    )


def _taken(function: Any, bound: bool) -> dict[str, inspect.Parameter]:
    """Return the parameters as a docstring names them, such as ``*arrays``."""
    parameters = list(inspect.signature(function).parameters.values())[1 if bound else 0 :]
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return {f"{stars.get(p.kind, '')}{p.name}": p for p in parameters}


def _quoted(doc: str) -> set[str]:
    return {match["name"].lstrip("*") for match in QUOTED.finditer(doc) if match["name"]}


def _described_by_a_base(one: Described) -> bool:
    """Tell whether another class of the package describes a method under the same name."""
    key = one.name.rpartition(".")[2]
    for base in (one.owner.__mro__ if one.owner else ())[1:]:
        method = vars(base).get(key)
        if inspect.isfunction(method) and base.__module__.startswith("utils"):
            theirs = Described(f"{base.__name__}.{key}", method, base, True)
            module = importlib.import_module(base.__module__)
            return not faults(theirs, module)
    return False
