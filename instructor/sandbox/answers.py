"""Answers of functions from inside, put together again where nothing of the sender is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from utils.checks.running import NOT_STARTED, Answer, Attempt, Problem, conclude

from .inside.wire import BrokenFrame, Record

KINDS = ("not started", "no return", "raised", "wrong count", "not numbers", "not a function")
LONGEST_TEXT = 2000
MOST_WARNINGS = 50


def without_function(what: Any, name: str, check: str) -> Answer:
    """Return the answer where there is no function to call.

    Parameters
    ----------
    what : str
        "missing", "untouched", or the type of the value that stands in its place.
    name : str
        Of the variable.
    check : str
        Name of the check, for its message; the variable's if empty.
    """
    if not isinstance(what, str):
        raise BrokenFrame("It is not said what stands in place of the function.")
    if what == "missing":
        text = (
            f"`{name}` does not exist: its cell did not run to the end, or it has another name "
            "now. Run all cells from the top."
        )
        return Answer({}, Problem("not started", text))
    if what == "untouched":
        return Answer({}, NOT_STARTED)
    text = (
        f"The check needs a function and got a value, {_cut(what, 80)}: "
        f"`check_{check or name}(your_function)`, with no parentheses after your function's name."
    )
    return Answer({}, Problem("not a function", text))


def to_answer(raw: Any, inputs: Mapping[str, Any], outputs: Sequence[str]) -> Answer:
    """Turn what came back for one case into an Answer, compared with the inputs as they were sent.

    Raises
    ------
    BrokenFrame
        If it has another form than an honest session gives it.
    """
    if not isinstance(raw, dict):
        raise BrokenFrame("An answer has no known form.")
    problem = raw.get("problem")
    if problem is not None:
        problem = _problem(problem)
    first = None if problem is not None else _named(raw.get("first"), outputs)
    second, after = raw.get("second"), raw.get("after")
    again = None if second is None or first is None else _named(second, outputs)
    if after is not None and not isinstance(after, dict):
        raise BrokenFrame("The inputs after a call have no known form.")
    notes = raw.get("warnings")
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise BrokenFrame("The warnings of a call are no texts.")
    printed = raw.get("printed")
    if not isinstance(printed, str):
        raise BrokenFrame("What a call printed is no text.")
    attempt = Attempt(
        first,
        again,
        after,
        problem,
        tuple(_cut(note) for note in notes[:MOST_WARNINGS]),
        _cut(printed, 20 * LONGEST_TEXT),
    )
    return conclude(attempt, inputs)


def _named(raw: Any, outputs: Sequence[str]) -> dict[str, Any]:
    if not isinstance(raw, dict) or set(raw) != set(outputs):
        raise BrokenFrame("The outputs of a call do not have the names that were asked for.")
    return {name: _output(raw[name]) for name in outputs}


def _output(value: Any) -> Any:
    """Let pass what `name_outputs` makes: an array of real numbers, a text, None, a Problem."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Record):
        return _problem(value)
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value
    raise BrokenFrame("An output of a call is neither an array of numbers nor a text.")


def _problem(value: Any) -> Problem:
    fields = value.fields if isinstance(value, Record) else {}
    kind, text = fields.get("kind"), fields.get("text")
    number, line = fields.get("line_number"), fields.get("line")
    if not all(isinstance(part, str) for part in (kind, text, line)) or kind not in KINDS:
        raise BrokenFrame("A problem of a call has no known form.")
    if number is not None and (type(number) is not int or not 0 <= number < 10**6):
        raise BrokenFrame("The line of a problem is no number.")
    return Problem(kind, _cut(text), number, _cut(line))


def _cut(text: str, most: int = LONGEST_TEXT) -> str:
    return text if len(text) <= most else text[:most] + " …"
