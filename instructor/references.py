"""Which functions of the course a piece of code can reach, read from the sources alone.

Nothing is run. What cannot be known from the text is taken for possible: ``model.step()`` can reach
every method `step` of a class that the code mentions, or that something it calls mentions. Special
methods are reached with their class, and so is `forward`, which a module of torch calls.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import utils

PACKAGE = Path(utils.__file__).parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LEFT_OUT = ("checks",)  # they know the answers, and no course copy has them


@dataclass
class _Module:
    """The names of one module.

    Attributes
    ----------
    scope : dict of str to str
        Name to what it stands for, as a dotted name.
    definitions : dict of str to list of node
        Dotted name of a function, method, class or variable to the code that belongs to it.
    """

    scope: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, list[ast.AST]] = field(default_factory=dict)


@dataclass(frozen=True)
class References:
    """What a piece of code mentions: dotted names, and attributes of it does not say what."""

    names: frozenset[str]
    attributes: frozenset[str]


class Course:
    """The definitions of a package and what each of them mentions.

    Parameters
    ----------
    package : Path
        A folder of Python sources; its name is the package's.
    """

    def __init__(self, package: Path = PACKAGE) -> None:
        self.modules: dict[str, _Module] = {}
        for path in source_files(package):
            parts = [package.name, *path.relative_to(package).with_suffix("").parts]
            name = ".".join(part for part in parts if part != "__init__")
            tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
            self.modules[name] = _read_module(tree, name, path.name == "__init__.py")
        self.definitions = {
            name: nodes
            for module in self.modules.values()
            for name, nodes in module.definitions.items()
        }
        self.classes = {
            name: []
            for name, nodes in self.definitions.items()
            if isinstance(nodes[0], ast.ClassDef)
        }
        for name in self.definitions:
            owner = name.rpartition(".")[0]
            if owner in self.classes:
                self.classes[owner].append(name)
        self._known: dict[str, References] = {}

    def is_function(self, name: str) -> bool:
        """Tell whether a dotted name is that of a function or method, where it is defined."""
        return isinstance(self.definitions.get(name, [None])[0], FUNCTIONS)

    def resolve(self, name: str) -> str:
        """Follow a dotted name through imports and re-exports to where it is defined."""
        seen = set()
        while name not in self.definitions and name not in self.modules and name not in seen:
            seen.add(name)
            owner, _, last = name.rpartition(".")
            owner = self.resolve(owner) if owner else ""
            module = self.modules.get(owner)
            name = module.scope.get(last, f"{owner}.{last}") if module else f"{owner}.{last}"
        return name

    def reached(self, sources: Iterable[str] = (), names: Iterable[str] = ()) -> frozenset[str]:
        """Return the functions and methods that code can call, itself or through others.

        Parameters
        ----------
        sources : iterable of str
            Pieces of one program, such as the cells of a notebook, in order.
        names : iterable of str
            Dotted names of functions, methods or classes that it calls besides.

        Returns
        -------
        frozenset of str
            Dotted names, where they are defined.
        """
        program = _read_module(_joined(sources), "", False)
        start = _references(program.definitions.get("", []), program.scope, self)
        to_do = {self.resolve(name) for name in (*start.names, *names)}
        reached: set[str] = set()
        attributes = set(start.attributes)
        while to_do:
            name = to_do.pop()
            if name in reached or name not in self.definitions:
                continue
            reached.add(name)
            to_do |= {name.rpartition(".")[0]} & self.classes.keys()  # a method: its object, too
            mentions = self._mentions(name)
            fresh = mentions.attributes - attributes
            attributes |= fresh
            to_do |= mentions.names
            for owner in reached & self.classes.keys() if fresh else ():
                to_do.update(m for m in self.classes[owner] if m.rpartition(".")[2] in fresh)
            for method in self.classes.get(name, ()):
                last = method.rpartition(".")[2]
                if last in attributes or last == "forward" or re.fullmatch(r"__\w+__", last):
                    to_do.add(method)
        return frozenset(name for name in reached if self.is_function(name))

    def _mentions(self, name: str) -> References:
        if name not in self._known:
            module = next(self.modules[owner] for owner in _owners(name) if owner in self.modules)
            self._known[name] = _references(self.definitions[name], module.scope, self)
        return self._known[name]


@cache
def course() -> Course:
    """Return the course of this process, read once."""
    return Course()


def source_files(package: Path) -> list[Path]:
    """Return the source files of the course but for the checks, always in the same order."""
    found = (path for path in package.rglob("*.py") if "__pycache__" not in path.parts)
    return sorted(p for p in found if p.relative_to(package).parts[0] not in _LEFT_OUT)


def _owners(name: str) -> Iterator[str]:
    while name:
        name = name.rpartition(".")[0]
        yield name


def _joined(sources: Iterable[str]) -> ast.Module:
    """Read pieces of a program as one; what Python cannot read, magics for example, is left out."""
    body: list[ast.stmt] = []
    for source in sources:
        try:
            body += ast.parse(source).body
        except SyntaxError:
            lines = source.splitlines()
            kept = "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))
            try:
                body += ast.parse(kept).body
            except SyntaxError:
                continue  # such a cell reaches nothing: Python cannot run it either
    return ast.Module(body, [])


def _read_module(tree: ast.Module, name: str, is_package: bool) -> _Module:
    """Enter what a module defines; with an empty name, all its code as one definition, ''."""
    module = _Module()
    for node in ast.walk(tree):  # imports inside functions too
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                module.scope[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, name, is_package)
            for alias in node.names:
                module.scope[alias.asname or alias.name] = f"{base}.{alias.name}"
    if not name:
        module.definitions[""] = list(tree.body)
        return module
    for node in tree.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            _define(module, name, node)
            module.scope[node.name] = f"{name}.{node.name}"
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        module.scope[part.id] = f"{name}.{part.id}"
                        module.definitions.setdefault(f"{name}.{part.id}", []).append(node)
    return module


def _base(node: ast.ImportFrom, name: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _define(module: _Module, owner: str, node: ast.stmt) -> None:
    name = f"{owner}.{node.name}"
    module.definitions.setdefault(name, []).append(node)
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, (*FUNCTIONS, ast.ClassDef)):
                _define(module, name, part)


def _references(nodes: list[ast.AST], scope: dict[str, str], known: Course) -> References:
    """Return what code mentions; of a class its bases and class variables, not its methods."""
    names: set[str] = set()
    attributes: set[str] = set()
    left = [part for node in nodes for part in _own_parts(node)]
    while left:
        node = left.pop()
        if isinstance(node, ast.Attribute):
            dotted = _dotted(node)
            head = dotted.partition(".")[0] if dotted else ""
            if head in scope:
                whole = known.resolve(scope[head] + dotted[len(head) :])
                if whole in known.definitions:
                    names.add(whole)
                else:  # an attribute of a value, or of another package
                    attributes.update(dotted.split(".")[1:])
                    names.add(known.resolve(scope[head]))
                continue
            attributes.add(node.attr)
        elif isinstance(node, ast.Name) and node.id in scope:
            names.add(known.resolve(scope[node.id]))
        left += [child for field_, child in _children(node) if field_ not in _ANNOTATIONS]
    return References(frozenset(names), frozenset(attributes))


_ANNOTATIONS = ("annotation", "returns")  # they call nothing


def _own_parts(node: ast.AST) -> list[ast.AST]:
    if not isinstance(node, ast.ClassDef):
        return [node]
    inner = (*FUNCTIONS, ast.ClassDef)
    body = [part for part in node.body if not isinstance(part, inner)]
    return [*node.bases, *node.keywords, *node.decorator_list, *body]


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield name, item


def _dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for attributes of a plain name, else an empty text."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
