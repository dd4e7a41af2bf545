"""The middle of a check: call the learner's function and keep what came back as plain arrays.

Nothing here knows the right answer. Inputs go in as arrays, an `Answer` of arrays and short texts
comes out, so that a grader can run this part alone in another process.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import linecache
import sysconfig
import textwrap
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
LIBRARY_FOLDERS = tuple(
    Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")
)
PRINTED_LINES = 20
LINE_LENGTH = 300
PRINTED_CHARACTERS = 100_000  # that are kept; far more than are shown
ENTRIES = 8  # of a dictionary that are named


@dataclass(frozen=True)
class Problem:
    """Why there is no array to compare.

    Attributes
    ----------
    kind : {"not started", "no return", "raised", "wrong count", "not numbers", "not a function"}
    text : str
        One or two sentences for the learner; names in backquotes.
    line_number, line : int or None, str
        Where the learner's own code stopped, when it did.
    """

    kind: str
    text: str
    line_number: int | None = None
    line: str = ""


NOT_STARTED = Problem("not started", "Not started yet: replace the `...` by your own lines.")


@dataclass(frozen=True)
class Answer:
    """What one call of the learner's function left behind.

    Attributes
    ----------
    outputs : dict of str to array, str, None or Problem
        Output name to value; None where a value has not been filled in yet, a Problem where it
        is not made of numbers. Empty if there is a `problem`.
    problem : Problem or None
    changed_inputs : tuple of str
        Inputs whose values the call changed.
    repeatable : bool
        Whether a second call with equal inputs gave equal outputs.
    warnings : tuple of str
        Warnings that the learner's code raised, each with its line.
    printed : str
        What the first call printed, at most twenty lines.
    """

    outputs: Mapping[str, Any]
    problem: Problem | None = None
    changed_inputs: tuple[str, ...] = ()
    repeatable: bool = True
    warnings: tuple[str, ...] = ()
    printed: str = ""


@dataclass(frozen=True)
class Attempt:
    """What two calls of the learner's function gave, before anything is compared.

    Attributes
    ----------
    first, second : dict of str to array, str, None or Problem; or None
        The named outputs of the first call and of the second, with equal inputs; None where there
        are none.
    after : dict of str to array or number, or None
        The inputs as the first call left them.
    problem : Problem or None
        Why there are no outputs of the first call.
    warnings : tuple of str
    printed : str
    """

    first: Mapping[str, Any] | None
    second: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    problem: Problem | None = None
    warnings: tuple[str, ...] = ()
    printed: str = ""


def run(
    function: Callable[..., Any],
    inputs: Mapping[str, Any],
    outputs: Sequence[str],
    call: Callable[..., Any] | None = None,
    parameters: Sequence[str] | None = None,
) -> Answer:
    """Call `function` twice on copies of `inputs` and describe the result.

    Parameters
    ----------
    function : callable
        The learner's function. It gets the inputs by position, in their order.
    inputs : mapping of str to array or number
    outputs : sequence of str
        The names of what `function` returns, in order.
    call : callable, optional
        ``call(function, **inputs)``; for functions that take more than arrays.
    parameters : sequence of str, optional
        The parameters of the stub, in order; the names of the inputs if left out.

    Returns
    -------
    Answer
        Never raises for what the learner's code does; a KeyboardInterrupt passes through.
    """
    return conclude(attempt(function, inputs, outputs, call, parameters), inputs)


def attempt(
    function: Callable[..., Any],
    inputs: Mapping[str, Any],
    outputs: Sequence[str],
    call: Callable[..., Any] | None = None,
    parameters: Sequence[str] | None = None,
) -> Attempt:
    """Do the part of `run` that needs the learner's function: call it, and name what came back.

    Parameters
    ----------
    function : callable
        The learner's.
    inputs : mapping of str to array or number
        Copied before every call.
    outputs : sequence of str
        Names of what it returns.
    call : callable, optional
        ``call(function, **inputs)`` in place of the plain call.
    parameters : sequence of str, optional
        Names that the function's parameters should have; those of the inputs without it.

    Returns
    -------
    Attempt
        What went wrong stands in it and is not raised.
    """
    names = list(inputs if parameters is None else parameters)
    if swapped := _swapped_parameters(function, names):
        return Attempt(None, problem=swapped)
    given = _copy(inputs)
    first, problem, notes, printed = _call(function, given, call, names)
    if problem is not None:
        return Attempt(None, problem=problem, warnings=notes, printed=printed)
    values = name_outputs(first, outputs, function)
    if isinstance(values, Problem):
        return Attempt(None, problem=values, warnings=notes, printed=printed)
    after = _copy(given)  # a function may keep its arguments and change them at its next call
    second, problem, _, _ = _call(function, _copy(inputs), call, names)
    again = None if problem else name_outputs(second, outputs, function)
    again = None if isinstance(again, Problem) else again
    return Attempt(values, again, after, None, notes, printed)


def conclude(attempt: Attempt, inputs: Mapping[str, Any]) -> Answer:
    """Do the other part of `run`: compare the two calls, and the inputs with what is left of them.

    Parameters
    ----------
    attempt : Attempt
    inputs : mapping of str to array or number
        As they were before the call.

    Returns
    -------
    Answer
    """
    if attempt.problem is not None or attempt.first is None:
        return Answer({}, attempt.problem, warnings=attempt.warnings, printed=attempt.printed)
    after, again = attempt.after or {}, attempt.second or {}
    changed = tuple(n for n in inputs if n not in after or not _same(after[n], inputs[n]))
    repeatable = all(
        name in again and _same(value, again[name]) for name, value in attempt.first.items()
    )
    return Answer(attempt.first, None, changed, repeatable, attempt.warnings, attempt.printed)


def name_outputs(
    returned: Any, outputs: Sequence[str], function: Callable[..., Any] | None = None
) -> dict[str, Any] | Problem:
    """Give what a function returned its names, each value as an array of numbers or a string.

    Lists, torch tensors and float32 are welcome; a tuple, list or dictionary holds several
    outputs.

    Parameters
    ----------
    returned : any
    outputs : sequence of str
    function : callable, optional
        The learner's; where nothing came back, the message can then say why.

    Returns
    -------
    dict or Problem
        A dict holds for each output an array, a string, None, or a Problem with this one output;
        a Problem concerns all of them.
    """
    if returned is None or returned is Ellipsis:
        return _nothing_returned(function, returned)
    if inspect.iscoroutine(returned):
        returned.close()
        return Problem("not numbers", "Your function is a coroutine: write `def` without `async`.")
    if len(outputs) == 1 and not isinstance(returned, dict):
        if isinstance(returned, tuple) and not _is_row_of_arrays(returned):
            return Problem(
                "wrong count",
                f"A tuple of {_count(len(returned), 'value')} came back; "
                f"expected `{outputs[0]}` alone.",
            )
        returned = (list(returned) if isinstance(returned, tuple) else returned,)
    elif hasattr(returned, "_asdict") or (
        hasattr(returned, "tolist") and np.ndim(returned) and len(returned) == len(outputs)
    ):
        returned = tuple(returned)
    if isinstance(returned, dict):
        missing = [name for name in outputs if name not in returned]
        if missing:
            return Problem(
                "wrong count",
                f"The dictionary has no entry {_list(missing)}; {_entries(returned)}.",
            )
        returned = tuple(returned[name] for name in outputs)
    if not isinstance(returned, (tuple, list)):
        return Problem(
            "wrong count",
            f"One {type(returned).__name__} came back; expected {_count(len(outputs), 'value')}: "
            f"{_list(outputs)}.",
        )
    if len(returned) != len(outputs):
        return Problem(
            "wrong count",
            f"{_count(len(returned), 'value')} came back; expected {len(outputs)}: "
            f"{_list(outputs)}.",
        )
    values = {}
    for name, value in zip(outputs, returned, strict=True):
        values[name] = _plain(name, value)
    if all(value is None for value in values.values()):
        return _nothing_returned(function, *returned)
    return values


def _plain(name: str, value: Any) -> Any:
    """Turn one returned value into an array, a string or None, or say why it is none of these."""
    if value is None or value is Ellipsis or isinstance(value, str):
        return None if value is Ellipsis else value
    if inspect.isgenerator(value):
        text = f"`{name}` is a generator: collect the values in a list and return that."
        return Problem("not numbers", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            array = np.array(_detached(value))
            if array.dtype.kind == "O" and not any(item is None for item in array.flat):
                array = array.astype(float)  # fractions, decimals, a table of mixed columns
    except Exception:  # whatever a learner's object does when it is read: it is no array
        return Problem(
            "not numbers",
            f"`{name}` is {_a(type(value).__name__)} whose rows have different lengths or that "
            "holds other things than numbers; expected an array of numbers.",
        )
    if array.dtype.kind == "U" and array.size == 1:
        return str(array.item())
    if array.dtype.kind == "b":
        return array.astype(float)  # True and False are 1 and 0, as everywhere in NumPy
    if array.dtype.kind not in "fiu":
        kinds = {"O": "objects", "c": "complex numbers", "U": "text", "S": "text"}
        got = kinds.get(array.dtype.kind, str(array.dtype))
        return Problem("not numbers", f"`{name}` holds {got}; expected real numbers.")
    return array


def _detached(value: Any) -> Any:
    """Return torch tensors, alone or in lists, as arrays; torch is not imported for it."""
    if isinstance(value, (list, tuple)):
        return [_detached(item) for item in value]
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _is_row_of_arrays(values: tuple[Any, ...]) -> bool:
    """Tell whether a tuple holds arrays of one shape, so that it reads as one more axis."""
    shapes = {getattr(value, "shape", None) for value in values}
    return len(values) > 1 and len(shapes) == 1 and shapes not in ({None}, {()})


def _nothing_returned(function: Callable[..., Any] | None, *returned: Any) -> Problem:
    if function is None or _is_stub(function):
        return NOT_STARTED
    if Ellipsis in returned:
        return Problem("no return", "Your function returns `...`: replace every `...` in it.")
    return Problem(
        "no return",
        "Your function returns None. Does its last line `return` the result, "
        "and is every `...` replaced?",
    )


def _is_stub(function: Callable[..., Any]) -> bool:
    """Whether the body holds nothing but a docstring, ``...``, ``pass`` or ``return None``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    if not isinstance(tree.body[0], ast.FunctionDef):
        return False
    body = tree.body[0].body

    def empty(node: ast.stmt) -> bool:
        if isinstance(node, ast.Return):
            node = ast.Expr(node.value) if node.value else ast.Pass()
        constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        return isinstance(node, ast.Pass) or constant

    return all(empty(node) for node in body)


def _call(
    function: Callable[..., Any],
    given: dict[str, Any],
    call: Callable[..., Any] | None,
    parameters: Sequence[str],
) -> tuple[Any, Problem | None, tuple[str, ...], str]:
    """Return (result, problem, warnings, printed text) of one call."""
    printed = _Printout()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                result = call(function, **given) if call else function(*given.values())
                problem = None
            except (Exception, SystemExit) as error:  # reported to the learner, with their line
                result, problem = None, _raised(error, function, given, parameters)
    notes = tuple(dict.fromkeys(_describe_warning(item) for item in caught))
    lines = [] if printed.closed else printed.getvalue().splitlines()
    count = len(lines) + printed.lines_left_out
    if count > PRINTED_LINES:
        lines = [*lines[:PRINTED_LINES], f"… and {count - PRINTED_LINES} lines more"]
    return result, problem, notes, "\n".join(_cut(line) for line in lines)


class _Printout(io.StringIO):
    """Keeps the beginning of what is printed, so that endless printing fills no memory."""

    lines_left_out = 0

    def write(self, text: str) -> int:
        if self.tell() < PRINTED_CHARACTERS:
            return super().write(text)
        self.lines_left_out += text.count("\n")
        return len(text)


def _raised(
    error: BaseException,
    function: Callable[..., Any],
    given: Mapping[str, Any],
    parameters: Sequence[str],
) -> Problem:
    text = f"{type(error).__name__}: {_first_line(error)}".removesuffix(": ").rstrip(".")
    shapes = [f"`{name}` {_shape(given[name])}" for name in parameters if name in given]
    called = f" It was called with {', '.join(shapes)}." if shapes else ""
    own = [f for f in traceback.extract_tb(error.__traceback__) if not _is_library(f.filename)]
    if own:
        frame = own[-1]
        line = frame.line or linecache.getline(frame.filename, frame.lineno or 0).strip()
        return Problem("raised", f"Your code stopped: {text}.{called}", frame.lineno, _cut(line))
    try:
        inspect.signature(function).bind(*parameters)
    except TypeError as mismatch:
        if not parameters:
            return Problem("raised", "A function came in; expected the value itself.")
        return Problem(
            "raised",
            f"The function cannot be called as the exercise asks ({mismatch}): it gets "
            f"{_count(len(parameters), 'argument')}, {_list(parameters)}. Keep the parameters of "
            "the stub.",
        )
    except ValueError:  # no signature to look at: a built-in function
        pass
    return Problem("raised", f"Your function stopped: {text}.{called}")


def _swapped_parameters(function: Callable[..., Any], expected: Sequence[str]) -> Problem | None:
    """Say so if the function has the stub's parameters in another order."""
    try:
        own = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # no signature to look at
        return None
    if own == list(expected) or set(own) != set(expected):
        return None
    return Problem(
        "wrong count",
        f"The parameters stand in another order than in the stub, {_list(own)}; expected "
        f"{_list(expected)}.",
    )


def _is_library(filename: str) -> bool:
    if filename.startswith("<"):  # <frozen …>, <string>; notebook cells have a path or <ipython-…>
        return not filename.startswith("<ipython")
    path = Path(filename).resolve()
    return path.is_relative_to(PACKAGE_FOLDER) or any(
        path.is_relative_to(folder) for folder in LIBRARY_FOLDERS
    )


def _describe_warning(item: warnings.WarningMessage) -> str:
    line = linecache.getline(item.filename, item.lineno).strip()
    text = f"{item.category.__name__}: {_first_line(item.message)}".removesuffix(": ")
    if line and not _is_library(item.filename):
        return f"{text} (line {item.lineno}: `{line}`)"
    return text


def _copy(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in inputs.items()}


def _same(a: Any, b: Any) -> bool:
    """Tell whether two values are equal but for the rounding of an addition taken back."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or a.dtype.kind not in "fiu":
            return a.shape == b.shape and np.array_equal(a, b)
        size = float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b)))
        return bool(np.allclose(a, b, rtol=1e-12, atol=1e-12 * size, equal_nan=True))
    return type(a) is type(b) and (a is b or bool(a == b))


def _shape(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"of shape {value.shape}"
    return f"= {value!r}" if isinstance(value, (int, float, str)) else type(value).__name__


def _first_line(message: Any) -> str:
    try:
        lines = str(message).strip().splitlines()
    except Exception:  # a learner's own exception class whose text cannot be made
        lines = []
    return _cut(lines[0]) if lines else ""


def _cut(text: str) -> str:
    return text if len(text) <= LINE_LENGTH else text[:LINE_LENGTH] + " …"


# As `utils.wording` has it; this module also runs in the sandbox, where little else of ours is.
def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _entries(returned: Mapping[Any, Any]) -> str:
    """Say which entries a dictionary has."""
    names = [_cut(str(name)) for name in returned]
    if not names:
        return "it is empty"
    more = f" and {len(names) - ENTRIES} more" if len(names) > ENTRIES else ""
    return f"it has {_list(names[:ENTRIES])}{more}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
