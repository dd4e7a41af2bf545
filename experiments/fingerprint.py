"""Which source text decides the rows of an experiment, and its hash.

Rows follow from what `run_job` computes. Of the script that is every top-level definition that it
reaches, but for `SETTINGS`, whose values count; which jobs there are, the verdict, and what only a
drawing uses may change without a new run of the jobs that have been run. Of the modules of this
project that these definitions import, directly or through others, it is the whole text. Comments,
docstrings, blank lines and spaces at line ends do not count, so that better words do not force
hours of computation.

Text is cut out by position and not printed from a parsed tree: trees differ between versions of
Python, positions do not.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import json
import tokenize
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds the packages of the project."""

PACKAGES = ("utils", "experiments")
"""Other imports are packages from elsewhere, whose versions stand in the head of each result."""

ROOTS = ("run_job",)
"""The definitions of a script that rows come from."""

BY_VALUE = "SETTINGS"
"""The name in a script whose values are hashed in place of its text."""

EXCLUDED = {
    "utils.validation": "it refuses arguments, and returns those that it accepts as they are",
    "utils.plots": "drawings come after the rows",
    "experiments.common": "it stores rows and judges them; it computes none",
    "experiments.fingerprint": "it names the text that counts",
}
"""Modules whose change cannot change a row, each with the reason."""

Reader = Callable[[Path], str]


@functools.lru_cache(maxsize=256)
def code_of(text: str) -> str:
    """Return a module's text without comments, docstrings, blank lines and spaces at line ends.

    A docstring here is any statement that is nothing but a string: it has no effect. Where it is
    all that a body has, ``...`` stands in its place.

    Raises
    ------
    SyntaxError
        If the text is not Python.
    """
    lines = text.splitlines()
    cuts: list[tuple[tuple[int, int, int, int], str]] = []  # row, column, row, column; from row 1
    for node in ast.walk(ast.parse(text)):
        for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(body, list):
                strings = [statement for statement in body if _is_string(statement)]
                alone = len(strings) == len(body) and not isinstance(node, ast.Module)
                for place, string in enumerate(strings):
                    cuts.append((_characters(lines, string), "..." if alone and not place else ""))
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
        if token.type == tokenize.COMMENT:
            cuts.append(((*token.start, *token.end), ""))
    for (row, column, last_row, last_column), instead in sorted(cuts, reverse=True):
        rest = lines[last_row - 1][last_column:]
        lines[row - 1 : last_row] = [lines[row - 1][:column] + instead + rest]
    return "".join(f"{line.rstrip()}\n" for line in lines if line.strip())


def _characters(lines: list[str], node: ast.stmt) -> tuple[int, int, int, int]:
    """Return where a node begins and ends, in characters: `ast` counts bytes."""

    def column(row: int, offset: int) -> int:
        return len(lines[row - 1].encode()[:offset].decode())

    start, end = node.lineno, node.end_lineno
    return start, column(start, node.col_offset), end, column(end, node.end_col_offset)


def read_text(path: Path) -> str:
    """Return a file's text, line ends as ``\\n``."""
    return path.read_text(encoding="utf-8")


def file_of(module: str, root: Path = ROOT, packages: Collection[str] = PACKAGES) -> Path | None:
    """Return the file of a module of these packages, or None where there is no such module."""
    if module.split(".")[0] not in packages:
        return None
    path = root.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def is_excluded(module: str) -> bool:
    """Tell whether a module, or the package that it is in, is one of `EXCLUDED`."""
    parts = module.split(".")
    return any(".".join(parts[:n]) in EXCLUDED for n in range(1, len(parts) + 1))


def imported_modules(
    tree: ast.AST, package: str = "", root: Path = ROOT, read: Reader = read_text
) -> set[str]:
    """Return the modules of this project that a piece of code imports, anywhere in it.

    A name that comes from a package stands for the module in which it is defined:
    ``from utils.cells import RNNWeights`` leads to `utils.cells.rnn`, and leaves the other cells
    of that package alone.

    Parameters
    ----------
    tree : ast.AST
    package : str
        The package that relative imports start from.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = imported_from(node, package)
            found |= {origin(module, alias.name, root, read) for alias in node.names}
    return {name for name in found if file_of(name, root) is not None}


def imported_from(node: ast.ImportFrom, package: str) -> str:
    """Return the module that a ``from`` statement names, in code of this package."""
    return resolve_name("." * node.level + (node.module or ""), package or None)


def origin(
    module: str,
    name: str,
    root: Path = ROOT,
    read: Reader = read_text,
    packages: Collection[str] = PACKAGES,
) -> str:
    """Return the module that defines what ``from module import name`` gives.

    A package that hands on a name is followed; a module of other packages stands for itself.
    """
    if file_of(f"{module}.{name}", root, packages) is not None:
        return f"{module}.{name}"
    path = file_of(module, root, packages)
    if path is None or path.name != "__init__.py":
        return module
    for node in ast.walk(parsed(read(path))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return origin(imported_from(node, module), alias.name, root, read, packages)
    return module


@functools.lru_cache(maxsize=512)
def parsed(text: str) -> ast.Module:
    """Return the tree of a module's text, of each text once."""
    return ast.parse(text)


def script_parts(tree: ast.Module, roots: Iterable[str] = ROOTS) -> list[ast.stmt]:
    """Return the top-level statements of a script that the roots reach, in their order.

    Statements that bind no name, such as a call at the top level, always count, but for the block
    that runs when the script is started by hand.

    Raises
    ------
    ValueError
        If a root is not defined in the script.
    """
    binders: dict[str, list[int]] = {}
    free: list[int] = []
    for place, statement in enumerate(tree.body):
        names = _bound(statement) - {BY_VALUE}
        if BY_VALUE in _bound(statement):
            continue
        for name in names:
            binders.setdefault(name, []).append(place)
        if not names and not _is_main_block(statement) and not _is_string(statement):
            free.append(place)
    lacking = [name for name in roots if name not in binders]
    if lacking:
        raise ValueError(f"The script defines no {', '.join(lacking)}; expected functions.")
    reached = set(free)
    open_ = [*(place for name in roots for place in binders[name]), *free]
    while open_:
        place = open_.pop()
        reached.add(place)
        for node in ast.walk(tree.body[place]):
            if isinstance(node, ast.Name):
                open_ += [p for p in binders.get(node.id, ()) if p not in reached]
                reached |= set(binders.get(node.id, ()))
    return [tree.body[place] for place in sorted(reached)]


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _is_main_block(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in {
        node.id for node in ast.walk(statement.test) if isinstance(node, ast.Name)
    }


def _is_string(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def sources(
    script: Path, root: Path = ROOT, read: Reader = read_text, unused: Iterable[str] = ()
) -> dict[str, str]:
    """Return the code that decides an experiment's rows: module name to text.

    Parameters
    ----------
    script : Path
        The experiment's own file, of which only what the rows come from is taken.
    root : Path
        The folder that holds `utils` and `experiments`.
    read : callable
        Gives the text of a file.
    unused : iterable of str
        Modules that are left out, with what they alone import: imported, and never called.
    """
    unused = set(unused)
    text = code_of(read(script))
    lines = text.splitlines(keepends=True)
    parts = script_parts(parsed(text))
    # An import statement may bring more names than the parts use; only those used count.
    used = {n.id for p in parts for n in ast.walk(p) if isinstance(n, ast.Name)}
    parts = [_only(p, used) for p in parts]
    found = {"": "".join(_text(p, lines) for p in parts)}
    trimmed = ast.Module(parts, type_ignores=[])
    open_ = imported_modules(trimmed, _package(script, root), root, read)
    while open_:
        module = open_.pop()
        if module in found or module in unused or is_excluded(module):
            continue
        path = file_of(module, root)
        code = code_of(read(path))
        found[module] = code
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        open_ |= imported_modules(parsed(code), package, root, read)
    return dict(sorted(found.items()))


def _text(statement: ast.stmt, lines: list[str]) -> str:
    if isinstance(statement, ast.ImportFrom):
        names = sorted(f"{alias.name} as {alias.asname or alias.name}" for alias in statement.names)
        return f"from {'.' * statement.level}{statement.module or ''} import {', '.join(names)}\n"
    if isinstance(statement, ast.Pass):
        return ""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(d.lineno for d in decorators)])
    return "".join(lines[first - 1 : statement.end_lineno])


def _only(statement: ast.stmt, used: set[str]) -> ast.stmt:
    if isinstance(statement, ast.ImportFrom):
        names = [a for a in statement.names if (a.asname or a.name) in used]
        return ast.ImportFrom(statement.module, names, statement.level) if names else ast.Pass()
    return statement


def _package(script: Path, root: Path) -> str:
    try:
        return ".".join(script.resolve().relative_to(root).parent.parts)
    except ValueError:
        return ""


def fingerprint(
    script: Path,
    settings: Mapping[str, Any],
    root: Path = ROOT,
    read: Reader = read_text,
    unused: Iterable[str] = (),
) -> str:
    """Return the hash of settings and code, 16 hexadecimal digits; equal on every system.

    Arguments are those of `sources`, and the settings of the experiment.

    Raises
    ------
    TypeError
        If the settings cannot be written as JSON.
    SyntaxError, ValueError
        If a source is not Python, or the script lacks `run_job`.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for module, code in sources(script, root, read, unused).items():
        digest.update(f"\n# {module}\n{code}".encode())
    return digest.hexdigest()[:16]
