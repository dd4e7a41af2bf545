"""One submission in the sandbox, as the grader sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import answers, outputs
from .channel import Channel, ChannelClosed, TooLate
from .errors import REASONS, Stopped
from .inside.wire import BrokenFrame
from .limits import Limits
from .warm import ProcessLost, WarmProcess

if TYPE_CHECKING:
    from utils.checks.running import Answer

GRACE = 3.0  # seconds for a cell to end by itself once its time is up
LAST_WORDS = 2.0  # seconds in which a session whose connection is closed should have ended
LATER_TEXT = 10_000  # characters of a cell after the limit, as inside/shell.py has it
DETAILS = {  # what the inside may give as a reason, in our words
    "timed out": "It ran longer than {cell_seconds:g} seconds.",
    "out of memory": "It asked for more memory than the {mebibytes:.0f} MiB there are.",
    "too much output": (
        "It printed more than {output} characters, or handed over more than {answer:.0f} MiB or "
        "what cannot be written down."
    ),
    "crashed": "It was interrupted.",
}


@dataclass(frozen=True)
class CellOutcome:
    """What running one cell gave.

    Attributes
    ----------
    outputs : list of dict
        Outputs as nbformat has them: streams, texts and PNG pictures only, and no errors.
    error : str or None
        The error in one line, such as ``"NameError: name 'x' is not defined"``.
    seconds : float
        Wall time, measured outside.
    stopped : str or None
        The reason, one of `REASONS`, if a limit ended this cell and the session goes on.
    line : str
        The learner's line that the error comes from; may be empty.
    line_number : int or None
        Its number within the cell, from 1.
    """

    outputs: list[dict[str, Any]]
    error: str | None
    seconds: float
    stopped: str | None = None
    line: str = ""
    line_number: int | None = None


class Session:
    """One submission in a process of its own; made by `Sandbox.session`, used in a ``with``."""

    def __init__(
        self, process: WarmProcess, number: int, limits: Limits, owns: bool = False
    ) -> None:
        self.limits = limits
        self._process, self._number, self._owns = process, number, owns
        self._started = time.monotonic()
        self._gone: Stopped | None = None
        self._cells = 0
        self._text_left = limits.output
        try:
            self._channel = Channel(process.fork(number, limits.to_json()))
        except ProcessLost as error:
            raise Stopped("sandbox lost", "The warm process was gone.") from error

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether orders can still be given."""
        return self._gone is None

    @property
    def seconds(self) -> float:
        """Wall time since the session began, in seconds."""
        return time.monotonic() - self._started

    def run_cell(self, source: str, name: str = "") -> CellOutcome:
        """Run one cell.

        Parameters
        ----------
        source : str
            As it stands in the notebook; magics and top-level ``await`` work.
        name : str
            For messages.

        Returns
        -------
        CellOutcome
            An exception of the cell is no failure of the session.

        Raises
        ------
        Stopped
            If the session is over; its `alive` is False then.
        """
        where = f"In cell `{name}`: " if name else ""
        began = time.monotonic()
        most = 4 * self.limits.output + self.limits.picture_bytes + 2**20
        reply = self._ask({"do": "cell", "source": source}, most, where)
        taken = time.monotonic() - began
        self._cells += 1
        try:
            return self._outcome(reply, taken)
        except BrokenFrame as error:
            raise self._end("broken answer", f"{where}{error}") from error

    def _outcome(self, reply: Mapping[str, Any], taken: float) -> CellOutcome:
        shown = outputs.to_notebook(
            reply.get("outputs", []), self._cells, max(self._text_left, LATER_TEXT)
        )
        self._text_left -= sum(len(item.get("text", "")) for item in shown)
        error, line = reply.get("error"), reply.get("line", "")
        number, stopped = reply.get("line_number"), reply.get("stopped")
        if not (error is None or isinstance(error, str)) or not isinstance(line, str):
            raise BrokenFrame("The error of a cell is no text.")
        if number is not None and type(number) is not int:
            raise BrokenFrame("The line of an error is no number.")
        if stopped is None and taken > self.limits.cell_seconds + GRACE:
            stopped = "timed out"
        error = None if error is None else error[: answers.LONGEST_TEXT]
        return CellOutcome(shown, error, taken, stopped, line[: answers.LONGEST_TEXT], number)

    def call(
        self,
        name: str,
        outputs: Sequence[str],
        cases: Sequence[Mapping[str, Any]],
        call: str | None = None,
        parameters: Sequence[str] | None = None,
        check: str = "",
    ) -> list[Answer]:
        """Call a function of the submission on every case.

        Parameters
        ----------
        name : str
            The variable that holds the function.
        outputs : sequence of str
            Names of what it returns.
        cases : sequence of mapping of str to array, number or str
            The inputs of each case, in the order of the parameters.
        call : str, optional
            ``"module:name"`` of an adapter in the copy of the course, as `Check.call`.
        parameters : sequence of str, optional
            As `Check.parameters`.
        check : str
            Name of the check, for messages.

        Returns
        -------
        list of Answer
            One per case. What changed of the inputs, and whether a second call gave the same, is
            compared here and not inside.

        Raises
        ------
        Stopped
            If a limit ended the call (`alive` says whether the session goes on), or the session.
        """
        order = {
            "do": "call",
            "name": name,
            "outputs": list(outputs),
            "cases": [dict(case) for case in cases],
            "call": call,
            "parameters": None if parameters is None else list(parameters),
        }
        where = f"In the check of `{name}`: "
        reply = self._ask(order, self.limits.answer_bytes, where)
        try:
            if reply.get("stopped") is not None:
                raise self._soft(reply, where)
            if "no_function" in reply:
                return [answers.without_function(reply["no_function"], name, check)] * len(cases)
            attempts = reply.get("attempts")
            if not isinstance(attempts, list) or len(attempts) != len(cases):
                raise BrokenFrame("There are not as many answers as cases.")
            return [
                answers.to_answer(raw, inputs, outputs)
                for raw, inputs in zip(attempts, cases, strict=True)
            ]
        except BrokenFrame as error:
            raise self._end("broken answer", f"{where}{error}") from error

    def value(self, name: str) -> Any:
        """Return what a variable of the submission holds, as plain values.

        Parameters
        ----------
        name : str
            The variable; no expression.

        Returns
        -------
        tree
            Containers, numbers, texts and arrays; `Record` for dataclasses and NamedTuples,
            `Opaque` for what cannot cross, `MISSING` if there is no such variable.

        Raises
        ------
        Stopped
            As `call` does.
        """
        where = f"Reading `{name}`: "
        reply = self._ask({"do": "value", "name": name}, self.limits.answer_bytes, where)
        try:
            if reply.get("stopped") is not None:
                raise self._soft(reply, where)
            if "value" not in reply:
                raise BrokenFrame("There is no value in the answer.")
        except BrokenFrame as error:
            raise self._end("broken answer", f"{where}{error}") from error
        return reply["value"]

    def close(self) -> None:
        """End the session and everything that it has started."""
        if self._gone is None:
            self._end("crashed", "The session was closed.")

    # --- orders and endings ------------------------------------------------------------------

    def _ask(self, order: dict[str, Any], most: int, where: str) -> dict[str, Any]:
        """Give an order and return its reply; end the session where there is none."""
        if self._gone is not None:
            raise self._gone
        left = self.limits.seconds - self.seconds
        seconds = max(0.01, min(self.limits.cell_seconds, left))
        deadline = time.monotonic() + min(seconds + GRACE, max(left, 0.01))
        try:
            reply = self._channel.ask({**order, "seconds": seconds}, deadline, most)
            if not isinstance(reply, dict):
                raise BrokenFrame("The answer has no known form.")
        except TooLate as error:
            whole = left <= seconds + GRACE
            limit = self.limits.seconds if whole else self.limits.cell_seconds
            what = "The whole submission" if whole else "It"
            text = f"{where}{what} ran longer than {limit:g} seconds and did not end when told to."
            raise self._end("timed out", text) from error
        except ChannelClosed as error:
            raise self._find_ending(where) from error
        except BrokenFrame as error:
            raise self._end("broken answer", f"{where}{error}") from error
        stopped = reply.get("stopped")
        if stopped is not None and not (isinstance(stopped, str) and stopped in DETAILS):
            raise self._end("broken answer", f"{where}An unknown reason was given.")
        return reply

    def _soft(self, reply: Mapping[str, Any], where: str) -> Stopped:
        """Return what to raise where an order was stopped and the session goes on.

        The words are ours: those of a reply could be the learner's.
        """
        reason = reply["stopped"]
        return Stopped(reason, f"{where}{self._describe(reason)}", alive=True)

    def _describe(self, reason: str) -> str:
        limits = self.limits
        values = {**limits.to_json(), "mebibytes": limits.memory / 2**20}
        values["answer"] = limits.answer_bytes / 2**20
        return DETAILS.get(reason, reason).format(**values)

    def _find_ending(self, where: str) -> Stopped:
        """Find out why the connection is closed."""
        try:
            ended = self._process.ending(self._number, LAST_WORDS)
        except ProcessLost:
            return self._over("sandbox lost", f"{where}The warm process is gone.")
        if ended is None:
            text = "The connection to the grader was closed from inside."
            return self._end("broken answer", f"{where}{text}")
        reason, detail = ended
        return self._over(reason if reason in REASONS else "crashed", f"{where}{detail}")

    def _end(self, reason: str, detail: str) -> Stopped:
        """Kill the session; return what to raise."""
        self._process.kill(self._number, reason, detail)
        try:
            ended = self._process.ending(self._number)
        except ProcessLost:
            ended = None
        if ended is None and self._process.alive:
            self._process.close()  # it does not obey: nothing of it may stay
        return self._over(reason, detail)

    def _over(self, reason: str, detail: str) -> Stopped:
        self._channel.close()
        if self._owns:
            self._process.close()
        self._gone = Stopped(reason, detail)
        return self._gone
