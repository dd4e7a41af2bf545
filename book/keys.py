"""What the results of a notebook depend on, part by part, and what has changed of it.

Results follow from the code cells, from the code of this course that they reach, from stored
results and weights, and from the versions of packages. Words do not count: a better sentence in a
chapter, a comment or a docstring executes nothing again.

A name that comes from a package leads to the module that defines it, so that a change in the
drawings of one chapter leaves the other chapters alone.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from book.places import ROOT
from experiments.fingerprint import code_of, file_of, imported_from, origin, parsed, read_text

PACKAGES = ("utils", "experiments", "pretrained", "book")
"""Packages of the course whose code may reach a result."""

LIBRARIES = (
    "anywidget",
    "babel",
    "ipython",
    "ipywidgets",
    "matplotlib",
    "numpy",
    "pandas",
    "pillow",
    "statsmodels",
    "torch",
)
"""Packages from elsewhere whose version may show in a result."""

KERNEL_EXTENSION = "book.frames.kernel"
"""The module that every kernel loads: it computes what a reader steps through."""

BY_NAME = {"experiments.ledger": "experiments"}
"""Modules that import whatever a package holds by its name, and that package."""

RESULTS = "experiments/results/*.csv"
"""Stored results; each counts for the notebooks that reach a module with its name in the code."""

WEIGHTS = ("utils.pytorch.stored", "pretrained/weights/*.npz")
"""The module that reads stored weights, and where they are."""


def changed_parts(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the names of parts that differ, those of the course first."""
    names = {name for name in {*before, *now} if before.get(name) != now.get(name)}
    return sorted(names, key=lambda name: (name in LIBRARIES, name))


@functools.cache
def versions() -> dict[str, str]:
    """Return the version of each of `LIBRARIES`, and of Python."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return {"Python": python} | {name: metadata.version(name) for name in LIBRARIES}


class Code:
    """Read the code of the course as it is now, each module once.

    Parameters
    ----------
    root : Path
        The folder of the course.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._file_of = functools.cache(functools.partial(file_of, root=root, packages=PACKAGES))
        self._read = functools.cache(read_text)
        self._codes: dict[str, str] = {}
        self._imports: dict[str, set[str]] = {}
        self._hashes: dict[Path, str] = {}

    def parts(self, notebook: Mapping) -> dict[str, str]:
        """Return what the results of a notebook depend on: the name of each part to its hash.

        Parameters
        ----------
        notebook : mapping
            The notebook as read from its file.

        Raises
        ------
        SyntaxError
            If a cell or a module is not Python.
        """
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        texts = ["".join(cell["source"]) for cell in cells]
        modules = self.reached(texts)
        parts = {"its code cells": _hash(json.dumps(texts).encode())}
        parts |= {name: _hash(self._code(name).encode()) for name in sorted(modules)}
        for path in sorted(self._root.glob(RESULTS)):
            if any(f'"{path.name}"' in self._code(name) for name in modules):
                parts[self._shown(path)] = self._hash_of(path)
        if WEIGHTS[0] in modules:
            for path in sorted(self._root.glob(WEIGHTS[1])):
                parts[self._shown(path)] = self._hash_of(path)
        return parts | versions()

    def reached(self, texts: list[str]) -> set[str]:
        """Return the modules of the course that code cells reach, directly or through others."""
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        trees = [compile(text, "cell", "exec", flags) for text in texts]
        together = ast.Module([node for tree in trees for node in tree.body], [])
        open_ = self._imported(together, "")
        open_ |= {KERNEL_EXTENSION} if self._file_of(KERNEL_EXTENSION) else set()
        found: set[str] = set()
        while open_:
            module = open_.pop()
            if module not in found:
                found.add(module)
                open_ |= self._imported_by(module)
        return found

    # Files

    def _is_package(self, module: str) -> bool:
        path = self._file_of(module)
        return path is not None and path.name == "__init__.py"

    def _tree(self, module: str) -> ast.Module:
        return parsed(self._read(self._file_of(module)))

    def _code(self, module: str) -> str:
        """Return the code of a module; of a package, what it does besides handing on names."""
        if module not in self._codes:
            if self._is_package(module):
                own = _own_statements(self._tree(module))
                self._codes[module] = "\n".join(map(ast.unparse, own))
            else:
                self._codes[module] = code_of(self._read(self._file_of(module)))
        return self._codes[module]

    def _hash_of(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = _hash(path.read_bytes())
        return self._hashes[path]

    def _shown(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    # Imports

    def _imported_by(self, module: str) -> set[str]:
        if module not in self._imports:
            if module in BY_NAME:
                self._imports[module] = self._whole(BY_NAME[module])
            elif not self._is_package(module):
                package = module.rpartition(".")[0]
                self._imports[module] = self._imported(self._tree(module), package)
            elif _own_statements(self._tree(module)):
                self._imports[module] = self._imported(self._tree(module), module)
            else:  # it hands on names, which `origin` has followed
                self._imports[module] = set()
        return self._imports[module]

    def _imported(self, tree: ast.Module, package: str) -> set[str]:
        """Return the modules that a piece of code imports and uses, anywhere in it.

        ``from utils import plots`` followed by ``plots.draw_x`` leads to the module that defines
        ``draw_x``. Where the package itself is handed to somebody, all of it counts.
        """
        found: set[str] = set()
        packages: dict[str, str] = {}  # the name that stands for a package in this code

        def note(module: str, name: str) -> None:
            if self._file_of(module) is not None:
                found.add(module)
                if self._is_package(module):
                    packages[name] = module

        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    note(alias.name, alias.asname or alias.name)
            elif isinstance(node, ast.ImportFrom):
                module = imported_from(node, package)
                if module.split(".")[0] in PACKAGES:
                    for alias in node.names:
                        note(self._origin(module, alias.name), alias.asname or alias.name)
        if packages:
            found |= self._through(tree, packages)
        return found

    def _origin(self, module: str, name: str) -> str:
        return origin(module, name, self._root, self._read, PACKAGES)

    def _through(self, tree: ast.Module, packages: Mapping[str, str]) -> set[str]:
        """Return the modules that code reaches as ``package.name``, or as the package itself."""
        found: set[str] = set()
        parts_of_longer: set[int] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and (name := _dotted(node.value)) in packages:
                parts_of_longer.add(id(node.value))
                home = self._origin(packages[name], node.attr)
                found.add(home)
                if self._is_package(home) and home != packages[name]:
                    found |= self._whole(home)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and id(node) not in parts_of_longer:
                found |= self._whole(packages[node.id]) if node.id in packages else set()
        return found

    def _whole(self, package: str) -> set[str]:
        files = self._file_of(package).parent.rglob("*.py")
        names = {".".join(path.relative_to(self._root).with_suffix("").parts) for path in files}
        return {name.removesuffix(".__init__") for name in names}


def _own_statements(tree: ast.Module) -> list[ast.stmt]:
    """Return the statements of a package's file that do more than hand on names."""

    def hands_on(node: ast.stmt) -> bool:
        if isinstance(node, ast.Assign):
            return [getattr(target, "id", None) for target in node.targets] == ["__all__"]
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        return is_text or isinstance(node, ast.Import | ast.ImportFrom)

    return [node for node in tree.body if not hands_on(node)]


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
