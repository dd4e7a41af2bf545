"""Choices as learners write them, brought into the form of the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.checks.engine import Case, Check
from utils.checks.running import Answer


def in_form(answer: Any, outputs: Mapping[str, Any]) -> Any:
    """Return a learner's dictionary with each choice as its option is written.

    Capitals and space around an option do not matter; ``True``, ``False`` and numbers become text,
    so that a report quotes them as they were given. Anything that is no dictionary comes back as
    it is.

    Parameters
    ----------
    answer : mapping, or anything else
    outputs : mapping of str to tuple of str, or of str
        For each output its options, or, where there is nothing to choose, its axes.

    Returns
    -------
    dict, or `answer` itself
    """
    if not isinstance(answer, Mapping):
        return answer
    return {
        name: _as_option(value, outputs[name]) if isinstance(outputs.get(name), tuple) else value
        for name, value in answer.items()
    }


def _as_option(value: Any, options: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        folded = {option.casefold(): option for option in options}
        return folded.get(value.strip().casefold(), value)
    return str(value) if isinstance(value, (bool, np.bool_, int, float)) else value


@dataclass
class ChoiceCheck(Check):
    """A check of choices that does not mind capitals, and quotes what is no option as given."""

    def run(self, answer: Any, cases: list[Case]) -> list[Answer]:
        """Run as `Check` does, with the choices in the form of the options.

        Parameters
        ----------
        answer : mapping, or anything else
        cases : list of Case

        Returns
        -------
        list of Answer
        """
        return super().run(in_form(answer, self.outputs), cases)
