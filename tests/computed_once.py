"""Compute what known mistakes give once for each set of inputs, where a test asks again and again.

A report compares an answer with every known mistake and every pair of them. A test that judges
hundreds of answers to the same inputs would spend nearly all of its time on the same wrong results.
Steps are functions of what they are handed alone, which `steps_repeat` in `checks_contract` holds
them to, so that a result can be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest

from utils.checks.engine import Case, Check, Mistake

COMPUTE, CASES = Check.compute, Check.cases


class _Kept:
    """What was computed for the check that was asked last; of any other check it is forgotten.

    Keys hold the ids of inputs and mistakes; these are kept beside the values, so that no other
    object gets the same id meanwhile.
    """

    def __init__(self) -> None:
        self._check: Check | None = None
        self._cases: dict[int | None, list[Case]] = {}
        self._values: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def _turn_to(self, check: Check) -> None:
        if check is not self._check:
            self._check, self._cases, self._values = check, {}, {}

    def cases(self, check: Check, seed: int | None = None) -> list[Case]:
        """Do what `Check.cases` does."""
        self._turn_to(check)
        if seed not in self._cases:
            self._cases[seed] = CASES(check, seed)
        return list(self._cases[seed])

    def compute(
        self,
        check: Check,
        inputs: Mapping[str, Any],
        mistakes: Iterable[Mistake] = (),
        pinned: Mapping[str, Any] | None = None,
        right: Mapping[str, Any] | None = None,
        until: str | None = None,
    ) -> dict[str, Any]:
        """Do what `Check.compute` does, with arrays that cannot be written to."""
        # A check with a `compute` of its own makes other inputs for each call.
        if pinned or type(check).compute is not Check.compute:
            return COMPUTE(check, inputs, mistakes, pinned, right, until)
        self._turn_to(check)
        mistakes = tuple(mistakes)
        # Some checks make a mistake for each answer, under one name: its key would not do.
        key = (id(inputs), id(right), tuple(map(id, mistakes)), until)
        if key not in self._values:
            try:
                values = COMPUTE(check, inputs, mistakes, None, right, until)
            except (ValueError, IndexError, TypeError) as error:
                self._values[key] = (inputs, right, mistakes, error)
            else:
                for value in values.values():
                    if isinstance(value, np.ndarray):
                        value.setflags(write=False)
                self._values[key] = (inputs, right, mistakes, values)
        found = self._values[key][-1]
        if isinstance(found, Exception):
            raise found
        return dict(found)


_KEPT = _Kept()


def keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let checks keep their cases and the results of known mistakes until the patch is undone."""
    monkeypatch.setattr(Check, "cases", lambda check, seed=None: _KEPT.cases(check, seed))
    monkeypatch.setattr(
        Check,
        "compute",
        lambda check, *arguments, **options: _KEPT.compute(check, *arguments, **options),
    )
