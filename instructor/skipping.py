"""Which cells a later run of a notebook can do without.

Where a notebook runs several times (`instructor.course_copy.plan`), each run asks other checks. The
long cells are experiments: answers whose values only one check reads, in one of the runs. In the
others such a cell is left out, if no code that still runs uses a name that it makes.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection

from instructor.assignment import Assignment
from instructor.merging import Merged

# Names by which code reaches others that do not stand in its text.
INDIRECT = frozenset({"globals", "locals", "vars", "exec", "eval", "get_ipython", "__import__"})


def dispensable(assignment: Assignment, merged: Merged, checks: Collection[str]) -> frozenset[int]:
    """Return the places in ``merged.cells`` that a run for these checks can leave out.

    Parameters
    ----------
    assignment : Assignment
    merged : Merged
    checks : collection of str
        The checks that the run asks.

    Returns
    -------
    frozenset of int
        Answer cells before checks of values that this run does not ask, and nothing if any cell
        cannot be read or reaches names indirectly.
    """
    exercises = {item.grade_id: item for item in assignment.exercises}
    candidates: set[int] = set()
    used = {item.variable for item in assignment.exercises if item.check in checks}
    section: list[int] = []
    texts: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
    for place, cell in enumerate(merged.cells):
        if cell.role == "check":
            exercise = exercises[cell.grade_id]
            if not exercise.is_function and exercise.check not in checks:
                candidates.update(section)
            section = []
        elif cell.cell_type == "code" and cell.role != "given":
            names = _names(cell.source)
            if names is None:
                return frozenset()
            texts[place] = names
            if cell.role == "answer":
                section.append(place)
    # What stays may need what a candidate makes, and that candidate needs others in its turn.
    while True:
        stay = texts.keys() - candidates
        needed = used.union(*(texts[place][1] for place in stay))
        kept = {place for place in candidates if texts[place][0] & needed}
        if not kept:
            return frozenset(candidates)
        candidates -= kept


def _names(source: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the names that code makes and those that it reads; None where that cannot be told."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # magics of IPython, and what is no Python
    made: set[str] = set()
    read: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name):
                made.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                made.add(name)
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                made.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                made.update(names)
            case ast.alias(name="*"):
                return None
            case ast.alias(name=name, asname=other):
                made.add(other or name.partition(".")[0])
            # x[0] = 1, x.a = 1 and x.append(1) change what x is.
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                made.add(_root(node))
            case ast.Expr(ast.Call(func=ast.Attribute() as method)):
                made.add(_root(method))
    if read & INDIRECT:
        return None
    return frozenset(made - set(dir(builtins)) - {""}), frozenset(read)


def _root(node: ast.expr) -> str:
    """Return the name at the left end of ``a.b[c].d``; empty where there is none."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
