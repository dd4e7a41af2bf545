"""A copy of the course for submissions: its checks know no answers, some functions do not work.

The copy is what a sandbox shows to a submission as ``utils``. It holds source files alone. In place
of the checks stands one module that knows their names and titles; of the functions that exercises
ask for, name, parameters and docstring are left, and a call raises `Withheld`.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from instructor.references import FUNCTIONS, PACKAGE, source_files
from instructor.withholding import (
    CopyError,
    Pass,
    needed_by_given,
    own_pass,
    plan,
    released_cells,
    withheld_for,
    withheld_name,
)
from utils.checks import REGISTRY
from utils.checks.engine import Check

__all__ = [
    "CopyError",
    "Pass",
    "cached_copy",
    "call_of",
    "fingerprint",
    "needed_by_given",
    "own_pass",
    "plan",
    "warm_up",
    "withheld_for",
    "withheld_name",
    "write_copy",
]

CALLING = "utils.checks.calling"
KEPT_CHECKS = ("running", "calling")  # the modules of utils.checks that run beside a submission
SECRET_CHECKS = ("engine", "judging", "comparing", "chapter")  # what these must never import
LIBRARIES = {"math", "matplotlib", "numpy", "pandas", "statsmodels", "torch", "utils"}

WITHHELD = '''\
"""What a function says that an exercise asks for."""


class Withheld(RuntimeError):
    """A function was called that does not work while a submission is graded.

    Parameters
    ----------
    name : str
        The function, as a dotted name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is what an exercise of this notebook asks for, so it does not work while "
            "the notebook is graded. Use your own function."
        )
'''

CHECKS = '''\
"""The checks of the exercises, as a notebook sees them while it is graded: names and titles.

What an answer is worth is decided later, by the grader, and not in this process.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """What a check says while a notebook is graded: nothing yet."""

    title: str
    status: str = "not started"
    score: float = 0.0
    lines: tuple = ()
    hints: tuple = ()
    name: str = ""
    summary: str = ""
    mistakes: tuple = ()

    def __str__(self):
        return f"… {{self.title}}: graded later"


@dataclass(frozen=True, eq=False)
class Check:
    """The name and title of a check."""

    name: str
    chapter: str
    title: str

    def __call__(self, answer, points=1):
        """Say that the answer is graded later; 0.0 has no meaning."""
        print(self.report(answer))
        return 0.0

    def report(self, answer, seed=None):
        """Return a report of score 0, whatever the answer is."""
        return Report(self.title, name=self.name)

    def hint(self, number=None):
        """Print that hints are not given while a notebook is graded."""
        print("There are no hints while a notebook is graded.")


NAMES = {names}
REGISTRY = {{
    chapter: {{name: Check(name, chapter, title) for name, title in checks.items()}}
    for chapter, checks in NAMES.items()
}}
for _checks in REGISTRY.values():
    for _check in _checks.values():
        globals()[f"check_{{_check.name}}"] = _check
'''


def write_copy(target: Path, assignment: str, withheld: Iterable[str] = ()) -> None:
    """Write the course as a submission sees it.

    Parameters
    ----------
    target : Path
        A folder that does not exist or is empty. It gets ``utils/``.
    assignment : str
        Name of the notebook; only for errors, since every notebook sees the same files.
    withheld : iterable of str
        Functions that shall not work, as dotted names, where they are defined.

    Raises
    ------
    CopyError
        If the folder holds something, or there is no such function.
    """
    if target.exists() and any(target.iterdir()):
        raise CopyError(f"{target} is not empty; a course copy goes into a folder of its own.")
    for name, text in _files(assignment, withheld):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        path.chmod(0o644)
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        folder.chmod(0o755)  # a sandbox may run as another user


def cached_copy(folder: Path, assignment: str, withheld: Iterable[str] = ()) -> Path:
    """Return a course copy in a folder of copies, and write it if it is not there.

    Several processes may ask at the same time: the copy appears whole, or not at all.

    Parameters
    ----------
    folder : Path
        Made if missing.
    assignment, withheld
        As in `write_copy`.

    Raises
    ------
    CopyError
        If there is no such function.
    """
    withheld = frozenset(withheld)
    target = folder / f"course-{fingerprint(assignment, withheld)[:20]}"
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="being-written-") as scratch:
        made = Path(scratch, "course")
        write_copy(made, assignment, withheld)
        try:
            os.rename(made, target)
        except OSError:
            if not target.is_dir():
                raise
            shutil.rmtree(made)  # another process was faster
    return target


def fingerprint(assignment: str, withheld: Iterable[str] = ()) -> str:
    """Return a text that changes with every byte of the copy that these arguments make.

    Raises
    ------
    CopyError
        If there is no such function.
    """
    digest = hashlib.sha256()
    for name, text in _files(assignment, withheld):
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def call_of(check: Check) -> str | None:
    """Return where a check's adapter is found in the copy, ``"module:name"``; None without one.

    Raises
    ------
    CopyError
        If the adapter is not in the one module that a copy has for them.
    """
    if check.call is None:
        return None
    if check.call.__module__ != CALLING or "<" in check.call.__qualname__:
        raise CopyError(
            f"The check {check.name} calls its function through {check.call.__qualname__} of "
            f"{check.call.__module__}; expected a function of {CALLING}, since the check's own "
            "module stays with the grader."
        )
    return f"{CALLING}:{check.call.__qualname__}"


def warm_up(assignment: str, given: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the import statements of a notebook, to be run once for many submissions.

    Parameters
    ----------
    assignment : str
    given : sequence of str, optional
        The sources of its given cells; those of the course's release if left out.

    Returns
    -------
    tuple of str
        Imports of the course and of the libraries that it needs; others are left out.

    Raises
    ------
    CopyError
        If there is nothing to read the given cells from.
    """
    found = []
    for source in released_cells(assignment) if given is None else given:
        try:
            statements = ast.parse(source).body
        except SyntaxError:  # magics; such a cell is run all the same, without a warm start
            continue
        for node in statements:
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module or ""]
            else:
                continue
            if all(module.partition(".")[0] in LIBRARIES for module in modules):
                found.append(ast.unparse(node))
    return tuple(dict.fromkeys(found))


# --- the files of a copy -------------------------------------------------------------------------


def _files(assignment: str, withheld: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the copy: its path, with slashes, and its bytes."""
    wanted: dict[str, list[str]] = {}
    paths = {_module_of(path): path for path in source_files(PACKAGE)}
    for name in sorted(withheld):
        module = name
        while module and module not in paths:
            module = module.rpartition(".")[0]
        if not module or module == name:
            raise CopyError(f"{assignment}: {name} is no function of the course.")
        wanted.setdefault(module, []).append(name[len(module) + 1 :])
    for module, path in paths.items():
        text = path.read_bytes()
        if module in wanted:
            text = withhold(text.decode(), module, wanted[module]).encode()
        yield f"utils/{path.relative_to(PACKAGE).as_posix()}", text
    names = {
        chapter: {name: check.title for name, check in checks.items()}
        for chapter, checks in REGISTRY.items()
    }
    yield "utils/checks/__init__.py", CHECKS.format(names=repr(names)).encode()
    yield "utils/checks/withheld.py", WITHHELD.encode()
    for path in _kept_checks():
        yield f"utils/checks/{path.name}", path.read_bytes()


def _module_of(path: Path) -> str:
    parts = (PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(part for part in parts if part != "__init__")


def _kept_checks() -> list[Path]:
    """Return the modules of ``utils.checks`` that run beside a submission, and what they import."""
    found: dict[str, Path] = {}
    left = list(KEPT_CHECKS)
    while left:
        name = left.pop()
        if name in found:
            continue
        path = PACKAGE / "checks" / f"{name}.py"
        if name.startswith(SECRET_CHECKS) or not path.exists():
            raise CopyError(
                f"A module of utils.checks that runs beside submissions imports {name}, which "
                "knows answers or is no single file; it must not."
            )
        found[name] = path
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            if module == "utils.checks":
                left += [alias.name for alias in node.names]
            elif module and module.startswith("utils.checks."):
                left.append(module.split(".")[2])
            elif isinstance(node, ast.Import):
                left += [a.name.split(".")[2] for a in node.names if a.name.count(".") > 1]
    return [found[name] for name in sorted(found)]


def withhold(source: str, module: str, names: Iterable[str]) -> str:
    """Take the bodies out of functions; signature, docstring and all other code stay.

    Parameters
    ----------
    source : str
        A module's code.
    module : str
        Its dotted name, for the error that calls raise.
    names : iterable of str
        Functions, or methods as ``"Class.method"``.

    Raises
    ------
    CopyError
        If the module has no such function.
    """
    lines = source.splitlines()
    found = []
    for name in names:
        nodes = list(_functions(ast.parse(source), name.split(".")))
        if not nodes:
            raise CopyError(f"{module}.{name} is no function of the course under this name.")
        found += [(node, name) for node in nodes]
    for node, name in sorted(found, key=lambda pair: -pair[0].lineno):
        body = node.body
        if body[0].lineno <= node.lineno:
            raise CopyError(f"{module}.{name} has its body in the line of its `def`.")
        kept = ast.get_docstring(node, clean=False) is not None
        first = body[0].end_lineno if kept else _first_line(body[0]) - 1
        indent = " " * body[0].col_offset
        lines[first : node.end_lineno] = [
            f"{indent}from utils.checks.withheld import Withheld",
            "",
            f'{indent}raise Withheld("{module}.{name}")',
        ]
    return "\n".join(lines) + "\n"


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", []))])


def _functions(tree: ast.AST, parts: Sequence[str]) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if len(parts) == 1 and isinstance(node, FUNCTIONS) and node.name == parts[0]:
            yield node
        elif len(parts) > 1 and isinstance(node, ast.ClassDef) and node.name == parts[0]:
            yield from _functions(node, parts[1:])
