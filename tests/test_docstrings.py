"""Docstrings are complete and true to the code: names, order, defaults, errors, references."""

import importlib
import importlib.util
import sys

import pytest

from book.api import names
from book.api.subjects import public_modules
from tests.docstrings import described, faults


@pytest.mark.parametrize("name", public_modules())
def test_docstrings_tell_what_the_code_does(name):
    module = importlib.import_module(name)
    found = [
        f"{name}{'.' * bool(one.name)}{one.name} {fault}"
        for one in described(module)
        for fault in faults(one, module)
    ]
    assert not found, "\n" + "\n".join(found)


GOOD = '''
"""A module for this test."""

from dataclasses import dataclass
from typing import NamedTuple


class Pair(NamedTuple):
    """Hold two numbers.

    Attributes
    ----------
    one : int
    """

    one: int
    two: int  #: the other one


@dataclass
class Counter:
    """Count.

    Attributes
    ----------
    start, step : int
    now : int
        After the last step.

    Raises
    ------
    ValueError
        If `step` is below 1.
    """

    start: int = 0
    step: int = 1

    def __post_init__(self) -> None:
        if self.step < 1:
            raise ValueError("step is too small.")
        self.now = self.start

    @property
    def doubled(self) -> int:
        """Twice `now`, see `share`."""
        return 2 * self.now

    def add(self, times: int, mode: str = "up") -> int:
        """Add.

        Parameters
        ----------
        times : int
        mode : {"up", "down"}

        Returns
        -------
        int
        """
        return self.now + times

    def short(self, times: int) -> int:
        """Return `times` for `Counter.add`."""
        return times


class Other(Counter):
    """Count in another way."""

    def add(self, times: int, mode: str = "up") -> int:
        """Add twice."""
        return self.now + 2 * times


def share(
    part: float, whole: float, *rest: float, digits: int | None = None, **options: float
) -> float:
    """Give a share.

    Parameters
    ----------
    part, whole : float
    *rest : float
    digits : int, optional
    **options

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If something is amiss.
    """
    try:
        if whole == 0:
            raise ZeroDivisionError("caught below")
    except ZeroDivisionError:
        raise ValueError("whole is 0.") from None

    def inner() -> None:
        raise KeyError("not raised by itself")

    if digits is None:
        raise NotImplementedError
    return part / whole


def numbers(n: int) -> range:
    """Go on.

    Parameters
    ----------
    n : int

    Yields
    ------
    int
    """
    yield from range(n)
'''

SPOILT = [
    (
        "a fault in the summary",
        '"""Give a share.\n',
        '"""Give a share\n',
        "not end like a sentence",
    ),
    ("a small letter", '"""Give a share.', '"""give a share.', "small letter"),
    ("no docstring", '        """Add twice."""\n', "", "no docstring"),
    ("a parameter too few", "    digits : int, optional\n", "", "has Parameters"),
    (
        "a parameter too many",
        "    **options\n",
        "    **options\n    more : int\n",
        "has Parameters",
    ),
    ("another order", "part, whole : float", "whole, part : float", "has Parameters"),
    ("no star", "    *rest : float\n", "    rest : float\n", "has Parameters"),
    ("a lost default", "digits : int, optional", "digits : int", "whose default is None"),
    ("a false default", "whole : float\n", "whole : float, optional\n", "has no default"),
    ("a default not listed", '{"up", "down"}', '{"on", "off"}', "whose default is 'up'"),
    ("nothing returned", ") -> float:\n", ") -> None:\n", "returns None"),
    ("a silent result", "Returns\n    -------\n    float\n\n    ", "", "says nothing of the float"),
    ("a silent iterator", "    Yields\n    ------\n    int\n", "", "says nothing of the range"),
    ("no hint", "n: int) -> range", "n: int)", "no type hint"),
    ("an error left out", "TypeError, ValueError", "TypeError", "raises ValueError"),
    ("an unknown error", "TypeError, ValueError", "TypoError, ValueError", "'TypoError'"),
    (
        "an error of a class left out",
        "    ValueError\n        If `s",
        "    TypeError\n        If `s",
        "raises",
    ),
    ("a name that is nowhere", "`Counter.add`", "`Counter.sum`", "`Counter.sum` is no parameter"),
    ("a field left out", "  #: the other one", "", "says nothing of two"),
    ("a field that is not there", "    now : int\n", "    then : int\n", "attribute then"),
    ("a short form that is silent", "`times` for", "this for", "says nothing of times"),
    (
        "a short form with no result",
        '"""Return `times`',
        '"""Use `times`',
        "says nothing of the int",
    ),
    (
        "an unknown section",
        "Raises\n    ------\n    Type",
        "Errors\n    ------\n    Type",
        "has sections",
    ),
    (
        "an uneven line",
        "Raises\n    ------\n    Type",
        "Raises\n    -----\n    Type",
        "underlines Raises",
    ),
    (
        "an empty section",
        "    TypeError, ValueError\n        If something is amiss.\n",
        "",
        "nothing under",
    ),
    ("a bare override", "class Other(Counter)", "class Other(Pair)", "says nothing of times, mode"),
]


@pytest.fixture
def complaints(tmp_path, monkeypatch):
    """Return a function that gives the faults of a module in `utils`, made of a text."""

    def read(source):
        path = tmp_path / "made_up.py"
        path.write_text(source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location("utils.made_up", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "utils.made_up", module)
        spec.loader.exec_module(module)
        names._assigned.cache_clear()
        return [fault for one in described(module) for fault in faults(one, module)]

    return read


def test_a_module_that_keeps_the_rules_has_no_fault(complaints):
    assert complaints(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "words"), [s[1:] for s in SPOILT], ids=[s[0] for s in SPOILT]
)
def test_each_fault_is_seen(complaints, old, new, words):
    assert GOOD.count(old) == 1
    found = complaints(GOOD.replace(old, new))
    assert any(words in fault for fault in found), found
