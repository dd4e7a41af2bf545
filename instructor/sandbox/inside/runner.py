"""The process that runs a learner's code: it takes orders from the grader, one at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import signal
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from . import shell as shells
from . import values, wire
from .jail import CHANNEL_CLOSED
from .shell import Halt

AGAIN = 0.5  # seconds until a cell that has swallowed its end is told once more
FIGURE = """
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([0, 1], label="a")
ax.legend()
ax.set(title="$a_1$", xlabel="b")
plt.show()
"""
_state: dict[str, Any] = {}


def prepare() -> None:
    """Make the shell and import what every session needs; called once, before any fork."""
    _state["shell"], _state["collector"] = shells.make_shell()
    _state["running"] = importlib.import_module("utils.checks.running")


def draw_once() -> None:
    """Draw one figure to nowhere, so that fonts are read before the forks."""
    shell, collector = _state["shell"], _state["collector"]
    collector.text_left = collector.bytes_left = 10**6
    before = dict(shell.user_ns)
    shell.run_cell(FIGURE, store_history=False)
    shell.user_ns.clear()
    shell.user_ns.update(before)
    if not any(output.get("png") for output in collector.take()):
        raise RuntimeError("matplotlib draws no pictures here.")


def serve(connection: socket.socket, limits: Mapping[str, Any]) -> int:
    """Obey orders until the connection ends; return the exit code of this process."""
    collector = _state["collector"]
    collector.text_left, collector.bytes_left = limits["output"], limits["picture_bytes"]
    actions = {"cell": _run_cell, "call": _call, "value": _value}
    signal.signal(signal.SIGALRM, _time_is_up)
    stream = connection.makefile("rwb")
    while True:
        try:
            prefix = stream.read(wire.PREFIX.size)
            if len(prefix) < wire.PREFIX.size:
                return 0
            header, body = wire.PREFIX.unpack(prefix)
            order = wire.decode(stream.read(header), stream.read(body))
            reply = _obey(actions[order["do"]], order)
            raw = _fitting(reply, limits["answer_bytes"], order["do"])
            stream.write(raw)
            stream.flush()
        except (OSError, ValueError):  # closed or written over by the learner's code
            return CHANNEL_CLOSED


def _obey(action: Any, order: Mapping[str, Any]) -> dict[str, Any]:
    """Run one order within its time."""
    collector = _state["collector"]
    collector.begin()
    try:
        try:
            with _time_limit(order["seconds"]):
                return action(order)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Halt as halt:
        return {"stopped": halt.reason, "outputs": collector.take()}
    except MemoryError:
        return {"stopped": "out of memory", "outputs": collector.take()}
    except KeyboardInterrupt:
        return {"stopped": "crashed", "outputs": collector.take()}


def _fitting(reply: dict[str, Any], most: int, kind: str) -> bytes:
    """Encode a reply, or say that it is too large to come back."""
    try:
        raw = wire.encode(reply)
        if kind == "cell" or len(raw) <= most:
            return raw
    except (wire.BrokenFrame, TypeError):
        pass  # what cannot be written down is refused as what is too long
    return wire.encode({"stopped": "too much output"})


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _time_is_up(*_: Any) -> None:
    raise Halt("timed out")


def _run_cell(order: Mapping[str, Any]) -> dict[str, Any]:
    shell, collector = _state["shell"], _state["collector"]
    result = shell.run_cell(order["source"], store_history=True, silent=False)
    error = result.error_before_exec or result.error_in_exec
    reply: dict[str, Any] = {"outputs": [], "error": None, "stopped": None}
    if isinstance(error, Halt):
        reply["stopped"] = error.reason
    elif error is not None:
        text, line, number = shells.describe_error(error)
        reply.update(error=text, line=line, line_number=number)
        if isinstance(error, MemoryError):
            reply["stopped"] = "out of memory"
    reply["outputs"] = collector.take()
    return reply


def _value(order: Mapping[str, Any]) -> dict[str, Any]:
    found = _state["shell"].user_ns.get(order["name"], wire.MISSING)
    return {"value": values.plain(found) if found is not wire.MISSING else found}


def _call(order: Mapping[str, Any]) -> dict[str, Any]:
    running = _state["running"]
    function = _state["shell"].user_ns.get(order["name"], wire.MISSING)
    if function is wire.MISSING:
        return {"no_function": "missing"}
    if not callable(function):
        untouched = function is None or function is Ellipsis
        return {"no_function": "untouched" if untouched else type(function).__name__}
    adapter = _adapter(order["call"]) if order["call"] else None
    attempts = []
    for inputs in order["cases"]:
        attempt = running.attempt(function, inputs, order["outputs"], adapter, order["parameters"])
        if attempt.problem is not None and "MemoryError" in attempt.problem.text[:60]:
            raise MemoryError
        attempts.append(_attempt_to_plain(attempt))
    return {"attempts": attempts}


def _adapter(dotted: str) -> Any:
    module, _, name = dotted.partition(":")
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _attempt_to_plain(attempt: Any) -> dict[str, Any]:
    return {
        "first": _outputs(attempt.first),
        "second": _outputs(attempt.second),
        "after": None if attempt.after is None else {n: _item(v) for n, v in attempt.after.items()},
        "problem": _item(attempt.problem),
        "warnings": list(attempt.warnings),
        "printed": attempt.printed,
    }


def _outputs(outputs: Any) -> Any:
    return None if outputs is None else {name: _item(item) for name, item in outputs.items()}


def _item(item: Any) -> Any:
    if isinstance(item, _state["running"].Problem):
        return wire.Record("Problem", dataclasses.asdict(item))
    return values.plain(item)
