"""Which functions of the course a submission may not call, and in how many runs it is graded.

`withheld.toml` names for every check the functions that would answer it. Where given cells need
one of them, the notebook runs once more, for the checks that ask for what it does: `plan` says
which runs there are, what each withholds, and which checks are asked in it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from instructor.errors import InstructorError
from instructor.references import course
from utils.checks import REGISTRY
from utils.checks.engine import Check

TABLE = Path(__file__).with_name("withheld.toml")
EXERCISES = Path(__file__).resolve().parent.parent / "exercises"
KEYS = {"withheld", "allowed"}


class CopyError(InstructorError):
    """No course copy can be made; the message says why, and what to do."""


@dataclass(frozen=True)
class Pass:
    """One run of a notebook.

    Attributes
    ----------
    withheld : frozenset of str
        Functions that raise an error in this run, by their dotted names.
    checks : tuple of str
        Names of the checks that are asked in it.
    """

    withheld: frozenset[str]
    checks: tuple[str, ...]


def find_check(assignment: str, name: str) -> Check:
    """Return a check by its name, in the assignment of this name or anywhere in the course.

    Raises
    ------
    CopyError
        If there is none, or several of other chapters.
    """
    if name in REGISTRY.get(assignment, {}):
        return REGISTRY[assignment][name]
    found = [chapter[name] for chapter in REGISTRY.values() if name in chapter]
    if len(found) != 1:
        many = ", ".join(check.chapter for check in found)
        raise CopyError(
            f"There are checks named {name} in {many}, and none in {assignment}: give one of them "
            "another name."
            if found
            else f"There is no check named {name}. Is the module that makes it imported?"
        )
    return found[0]


def withheld_for(assignment: str, checks: Iterable[str] | None = None) -> dict[str, frozenset[str]]:
    """Return the functions that answer each check.

    Parameters
    ----------
    assignment : str
        Name of the notebook, such as ``"02_rnn_forward"``.
    checks : iterable of str, optional
        Names of its checks; all checks of the course's own notebook if left out. An assignment of
        one's own needs them.

    Returns
    -------
    dict of str to frozenset of str
        Name of the check to dotted names, where the functions are defined. Empty for a check that
        `withheld.toml` does not know.

    Raises
    ------
    CopyError
        If there is no such assignment or check.
    """
    return {check.name: _names(check, "withheld") for check in _checks(assignment, checks)}


def needed_by_given(
    assignment: str,
    checks: Iterable[str] | None = None,
    given: Sequence[str] | None = None,
) -> frozenset[str]:
    """Return the withheld functions that given cells can call, by themselves or in functions.

    Parameters
    ----------
    assignment, checks
        As in `withheld_for`.
    given : sequence of str, optional
        The sources of the given cells; those of the course's release if left out.

    Raises
    ------
    CopyError
        If there is no such assignment, or nothing to read its given cells from.
    """
    withheld = withheld_for(assignment, checks).values()
    given = released_cells(assignment) if given is None else given
    return course().reached(given) & frozenset().union(*withheld)


def plan(
    assignment: str,
    checks: Iterable[str] | None = None,
    given: Sequence[str] | None = None,
) -> list[Pass]:
    """Say in how many runs a notebook is graded.

    In the first run all given cells work, and every check is asked in it whose functions they do
    not need; values come before functions. In a later run given cells may stop.

    Parameters
    ----------
    assignment, checks, given
        As in `needed_by_given`.

    Returns
    -------
    list of Pass
        At least one; every check is in exactly one of them, in the order of the notebook.

    Raises
    ------
    CopyError
        If there is no such assignment or check, or one that allows what it withholds.
    """
    found = list(_checks(assignment, checks))
    names = [check.name for check in found]
    own = {check.name: _names(check, "withheld") for check in found}
    allowed = {check.name: course().reached(names=_names(check, "allowed")) for check in found}
    for name in names:
        if both := own[name] & allowed[name]:
            raise CopyError(f"{name} withholds {min(both)} and needs it to be callable.")
    functions = {check.name for check in found if check.inputs is not None}
    left = sorted(names, key=lambda name: name in functions)
    working = needed_by_given(assignment, names, given)
    passes: list[Pass] = []
    while left or not passes:
        withheld: set[str] = set()
        chosen: set[str] = set()
        for name in left:
            if own[name].isdisjoint(working) and allowed[name].isdisjoint(withheld):
                chosen.add(name)
                withheld |= own[name]
                working = working | allowed[name]
        passes.append(Pass(frozenset(withheld), tuple(n for n in names if n in chosen)))
        left = [name for name in left if name not in chosen]
        working = frozenset()
    return passes


def own_pass(assignment: str, check: str) -> Pass:
    """Return the run that withholds what one check asks for, and nothing else.

    For a check whose answer has called, as a helper, what only another exercise asks for.

    Raises
    ------
    CopyError
        If there is no such check.
    """
    return Pass(_names(find_check(assignment, check), "withheld"), (check,))


def withheld_name(text: str | None) -> str | None:
    """Return the function that was withheld, from the text of an error; None for other errors."""
    found = re.search(r"\bWithheld: ((?:\w+\.)+\w+)", text or "")
    return found[1] if found else None


def released_cells(assignment: str) -> list[str]:
    """Return the sources of the given code cells of the course's release of an assignment.

    Raises
    ------
    CopyError
        If the release is not there.
    """
    path = EXERCISES / assignment / f"{assignment}.ipynb"
    if not path.exists():
        raise CopyError(
            f"{path} does not exist: hand over the given cells of {assignment} as `given`."
        )
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code" and not _is_graded(cell)]


def _is_graded(cell: Any) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    return bool(marks.get("solution") or marks.get("grade"))


def _checks(assignment: str, checks: Iterable[str] | None) -> Collection[Check]:
    if checks is not None:
        return [find_check(assignment, name) for name in checks]
    if assignment not in REGISTRY:
        raise CopyError(
            f"{assignment} is no notebook of the course, which has {', '.join(REGISTRY)}: name "
            "its checks."
        )
    return REGISTRY[assignment].values()


def _names(check: Check, key: str) -> frozenset[str]:
    return _table().get(check.chapter, {}).get(check.name, {}).get(key, frozenset())


@cache
def _table() -> dict[str, dict[str, dict[str, frozenset[str]]]]:
    """Return `withheld.toml`, its groups put in and its names looked up."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    groups = table.pop("groups")
    return {
        chapter: {name: _entry(f"{chapter}.{name}", entry, groups) for name, entry in part.items()}
        for chapter, part in table.items()
    }


def _entry(
    where: str, entry: dict[str, list[str]], groups: dict[str, list[str]]
) -> dict[str, frozenset[str]]:
    if unknown := set(entry) - KEYS:
        raise CopyError(f"{TABLE.name}: {where} has {min(unknown)}; expected {sorted(KEYS)}.")
    names: dict[str, frozenset[str]] = {}
    for key, listed in entry.items():
        for name in listed:
            if name.startswith("@") and name[1:] not in groups:
                raise CopyError(f"{TABLE.name}: {where} names {name}, and there is no such group.")
        whole = [n for name in listed for n in (groups[name[1:]] if name[0] == "@" else [name])]
        for name in whole:
            known = course().definitions if key == "allowed" else {}
            if name not in known and not course().is_function(name):
                raise CopyError(
                    f"{TABLE.name}: {where} names {name}, which is no function of the course under "
                    "this name. Was it renamed? Name it where it is defined."
                )
        names[key] = frozenset(whole)
    return names
