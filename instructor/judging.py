"""The trusted side of a check: choose inputs, take what came back apart, judge it.

Everything here runs in the grader's own process. What comes out of the sandbox has been decoded
into plain values by then; this module cuts it down to what a check may meet (sizes, lengths,
kinds), so that no value can make the comparison slow, large or fail.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from instructor.sandbox import Opaque, Record
from utils.cells.lstm_variants import LSTMVariant
from utils.checks import REGISTRY, Check
from utils.checks.engine import Case
from utils.checks.reporting import Line, Report
from utils.checks.running import Answer, Problem

MAX_NUMBERS = 20_000  # numbers and entries of one value, nested ones included
MAX_DEPTH = 12
MAX_TEXT = 300  # characters of one text that a check reads
MAX_MESSAGE = 2_000
MAX_PRINTED = 8_000
MAX_AXES = 8
TOO_LARGE_BY = 4  # times the size of the right array, and
SPARE = 1_000  # numbers more: beyond that an array is not compared
LARGEST_WHOLE = 2**63 - 1
KINDS = ("not started", "no return", "raised", "wrong count", "not numbers", "not a function")

#: Records that a check reads, rebuilt here from their fields.
RECORDS: Mapping[str, type] = {"LSTMVariant": LSTMVariant}


# Characters that would steer a terminal or turn the direction of the text around them.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def shown(text: object, most: int) -> str:
    """Return text of a submission as it may stand in a report: cut, and nothing that steers."""
    return STEERING.sub("\N{REPLACEMENT CHARACTER}", str(text)[:most])


class JudgingError(Exception):
    """Our own code failed while it judged: this says nothing about the answer."""


class BrokenAnswer(Exception):
    """What came back is not what was asked for."""


class _TooLarge(Exception):
    """A value holds more than any answer."""


# --- inputs ----------------------------------------------------------------------------------


def derived_seed(seed: str | None, chapter: str, check: str) -> int | None:
    """Return the seed of one check's inputs: 64 bits that follow from the private seed.

    Without a private seed, None: the inputs are those of the public course.
    """
    if seed is None:
        return None
    told = json.dumps([seed, chapter, check]).encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big")


@functools.lru_cache(maxsize=512)
def _cases(chapter: str, name: str, seed: int | None) -> tuple[Case, ...]:
    return tuple(REGISTRY[chapter][name].cases(seed))


def cases_of(check: Check, seed: str | None) -> tuple[Case, ...]:
    """Return the inputs and right values of a check; made once in a process.

    Raises
    ------
    JudgingError
        If making them fails.
    """
    number = derived_seed(seed, check.chapter, check.name)
    return _guarded(check, lambda: _cases(check.chapter, check.name, number))


def _guarded(check: Check, work: Callable[[], Any]) -> Any:
    """Do our own work; say where it failed if it does, without any value."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return work()
    except Exception as error:  # a bug of ours must not count against the learner
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
        raise JudgingError(
            f"check_{check.name} failed with {type(error).__name__} ({where})."
        ) from error


# --- functions -------------------------------------------------------------------------------


def judge_function(check: Check, cases: Sequence[Case], answers: Sequence[Answer]) -> Report:
    """Judge the answers of a learner's function to all cases.

    Raises
    ------
    BrokenAnswer
        If there is not one answer for each case.
    JudgingError
        If our own code fails.
    """
    if len(answers) != len(cases):
        raise BrokenAnswer(f"{len(answers)} answers came back; expected {len(cases)}.")
    tame = [_tame_answer(check, case, answer) for case, answer in zip(cases, answers, strict=True)]
    return _guarded(check, lambda: check.judge(cases, tame))


def _tame_answer(check: Check, case: Case, answer: Answer) -> Answer:
    """Return an answer with all outputs of the check and nothing that a check does not expect."""
    if answer.problem is not None:
        problem = _tame_problem(answer.problem)
        return replace(_tame_conduct(answer, case), outputs={}, problem=problem)
    missing = [name for name in check.outputs if name not in answer.outputs]
    if missing:
        raise BrokenAnswer(f"No output {missing[0]!r} came back.")
    outputs = {
        name: _tame_output(name, answer.outputs[name], case.right.get(name))
        for name in check.outputs
    }
    return replace(_tame_conduct(answer, case), outputs=outputs, problem=None)


def _tame_conduct(answer: Answer, case: Case) -> Answer:
    return replace(
        answer,
        changed_inputs=tuple(name for name in answer.changed_inputs if name in case.inputs),
        repeatable=bool(answer.repeatable),
        warnings=tuple(shown(text, MAX_TEXT) for text in answer.warnings[:10]),
        printed=shown(answer.printed, MAX_PRINTED),
    )


def _tame_problem(problem: Problem) -> Problem:
    return Problem(
        problem.kind if problem.kind in KINDS else "raised",
        shown(problem.text, MAX_MESSAGE),
        problem.line_number if isinstance(problem.line_number, int) else None,
        shown(problem.line, MAX_TEXT),
    )


def _tame_output(name: str, value: Any, right: Any) -> Any:
    """Return one output as an array, a short text, None or a problem."""
    if value is None:
        return None
    if isinstance(value, Problem):
        return _tame_problem(value)
    if isinstance(value, str):
        return shown(value, MAX_TEXT)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        return Problem("not numbers", f"`{name}` holds other things than real numbers.")
    expected = np.size(right) if right is not None and not isinstance(right, str) else 0
    if _extent(value) > TOO_LARGE_BY * expected + SPARE or value.ndim > MAX_AXES:
        text = f"`{name}` has shape {value.shape}, far larger than what is asked for."
        return Problem("not numbers", text[:MAX_TEXT])
    return value


def _extent(value: np.ndarray) -> int:
    """Count entries, as if no axis were empty: an empty array can still make a large one."""
    count = 1
    for size in value.shape:
        count *= max(int(size), 1)
    return count


# --- values ----------------------------------------------------------------------------------


def judge_value(check: Check, value: Any) -> Report:
    """Judge a value that the learner has handed over.

    Parameters
    ----------
    check : Check
    value : Any
        A tree of plain values, `Record` and `Opaque`, as it came out of the sandbox.

    Raises
    ------
    JudgingError
        If our own code fails.
    """
    try:
        plain = _Taming().tree(value)
    except _TooLarge:
        text = "What was handed over is far larger than what is asked for."
        return plain_report(check, "wrong", [Line("wrong", text)])
    return _guarded(check, lambda: _report(check, plain))


def _report(check: Check, value: Any) -> Report:
    if type(check).report is not Check.report:
        return check.report(value)  # its right values depend on the answer
    cases = _cases(check.chapter, check.name, None)
    return check.judge(cases, check.run(value, cases))


def plain_report(check: Check, status: str, lines: Sequence[Line]) -> Report:
    """Return a report without points whose words are not the check's own."""
    return Report(check.title, status, 0.0, tuple(lines), tuple(check.hints), check.name)


class _Taming:
    """Rebuild a tree of values, with bounds on its size, depth and texts."""

    def __init__(self) -> None:
        self.left = MAX_NUMBERS

    def tree(self, value: Any, depth: int = 0) -> Any:
        """Return the value as a check may read it."""
        if depth > MAX_DEPTH:
            raise _TooLarge
        self._count(1)
        if isinstance(value, Record):
            return self._record(value, depth)
        if isinstance(value, Opaque):
            return _stand_in(value.type_name)
        if isinstance(value, dict):
            return {_key(key): self.tree(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.tree(item, depth + 1) for item in value)
        if isinstance(value, np.generic):
            return value if value.dtype.kind in "biufc" else self.tree(value.item(), depth + 1)
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, str):
            return shown(value, MAX_TEXT)
        if isinstance(value, int) and not isinstance(value, bool):
            return value if abs(value) <= LARGEST_WHOLE else (np.inf if value > 0 else -np.inf)
        if value is None or value is Ellipsis or isinstance(value, (bool, float, complex)):
            return value
        return _stand_in(type(value).__name__)

    def _count(self, number: int) -> None:
        self.left -= number
        if self.left < 0:
            raise _TooLarge

    def _array(self, array: np.ndarray) -> Any:
        self._count(_extent(array))
        if array.ndim > MAX_AXES or array.dtype.itemsize > 4 * MAX_TEXT:
            raise _TooLarge
        return array if array.dtype.kind in "biufcU" else _stand_in("array")

    def _record(self, record: Record, depth: int) -> Any:
        fields = {name: self.tree(item, depth + 1) for name, item in record.fields.items()}
        if record.is_tuple:
            return tuple(fields.values())
        try:
            return RECORDS[record.class_name](**fields)
        except (KeyError, TypeError, ValueError):
            return _stand_in(record.class_name)


def _key(key: Any) -> Any:
    return key if key is None or isinstance(key, (int, float)) else shown(key, MAX_TEXT)


def _stand_in(name: str) -> Any:
    """Return an object that is nothing but the name of its type, which messages quote."""
    name = name[:40] if name.isidentifier() else "object"
    return type(name, (), {"__slots__": ()})()
