"""One training loop that reports through a callback and keeps a history.

`train` runs to its end in one go. `train_async` does the same and hands control back to the
event loop every few hundredths of a second, so that a button in a notebook can stop it.
Both return what they have when they are interrupted.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from utils.validation import NotFiniteError, as_count, as_number, describe

Step = Callable[[int], Any]


@dataclass(frozen=True)
class Record:
    """Say how far a training run has come; handed to the callback after every step.

    Attributes
    ----------
    step : int
        Updates made so far, counted from 1.
    n_steps : int
        Updates asked for.
    loss : float
        What the last update returned as its loss.
    metrics : dict of str to float
        What the last update measured besides the loss.
    seconds : float
        Time since the start.
    seconds_left : float
        Estimate of the time still needed: the mean time per update so far, times the
        updates that are left.
    """

    step: int
    n_steps: int
    loss: float
    metrics: dict[str, float]
    seconds: float
    seconds_left: float


@dataclass(repr=False)
class History:
    """Hold what a training run measured, and how it ended.

    Attributes
    ----------
    steps : list of int
        Updates made, counted from 1; one entry for every update with a finite loss.
    losses : list of float
        As long as `steps`; the units are those of the loss, usually nats.
    metrics : dict of str to list of float
        Each as long as `steps`, NaN where an update did not measure it.
    seconds : list of float
        Time since the start, as long as `steps`.
    ended : {"finished", "stopped", "interrupted", "diverged"}
        All updates made; stopped on request; interrupted (KeyboardInterrupt or the kernel's
        interrupt button); a loss, weight or gradient was no longer finite.
    reason : str
        The same in one sentence.
    """

    steps: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    ended: str = "finished"
    reason: str = ""

    def __str__(self) -> str:
        return self.reason

    def __repr__(self) -> str:
        if not self.losses:
            return f"<History: {self.reason}>"
        return f"<History: {self.reason} Loss {self.losses[0]:.4g} → {self.losses[-1]:.4g}.>"


def train(
    step: Step,
    n_steps: int,
    callback: Callable[[Record], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> History:
    """Call `step` again and again, and keep its losses.

    A KeyboardInterrupt ends the run and keeps the history so far; the weights are as the
    last update left them. Overflow inside `step` raises no warning here: it shows as a loss
    that is not finite, and the run ends as "diverged".

    Parameters
    ----------
    step : callable
        ``step(i)`` makes update i, counted from 0, and returns the loss as a number, or a
        dict with the entry ``"loss"`` and further numbers (metrics) by name.
    n_steps : int, at least 1
        How many updates to make.
    callback : callable, optional
        Called with a `Record` after every update.
    should_stop : callable, optional
        Asked before every update; True ends the run as "stopped".

    Returns
    -------
    History

    Raises
    ------
    TypeError
        If `step` is not callable, `n_steps` not a whole number, or `step` returns something
        else than numbers.
    ValueError
        If `n_steps` is below 1.
    NotFiniteError
        If an array is refused as NaN or infinite at the very first update, before anything
        could diverge; it is a ValueError.
    """
    run = _Run(step, n_steps, callback, should_stop)
    try:
        for _ in run:
            pass
    except KeyboardInterrupt:
        run.interrupt()
    return run.close()


async def train_async(
    step: Step,
    n_steps: int,
    callback: Callable[[Record], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
    yield_every: float = 0.05,
    pause: Callable[[], Awaitable[Any]] | None = None,
) -> History:
    """Do what `train` does, letting the event loop run every `yield_every` seconds.

    In a notebook: ``history = await train_async(step, 1000)``. Clicks on widgets are
    handled while it trains. The kernel's interrupt button reaches awaited code as a
    cancellation, which ends the run as "interrupted" and is not passed on, so that the
    history is returned and the rest of the cell runs.

    Parameters
    ----------
    step, n_steps, callback, should_stop
        As in `train`.
    yield_every : float, at least 0
        Seconds of work between two pauses; 0 pauses after every update.
    pause : callable, optional
        Returns what is awaited in a pause; without it ``asyncio.sleep(0)``.

    Returns
    -------
    History

    Raises
    ------
    TypeError, ValueError
        As `train` does, and if `yield_every` is negative.
    """
    run = _Run(step, n_steps, callback, should_stop)
    yield_every = as_number("yield_every", yield_every, at_least=0)
    try:
        await _pause(pause)
        worked_since = time.perf_counter()
        for _ in run:
            if time.perf_counter() - worked_since >= yield_every:
                await _pause(pause)
                worked_since = time.perf_counter()
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        run.interrupt()
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None:
            task.uncancel()
    return run.close()


async def _pause(pause: Callable[[], Awaitable[Any]] | None) -> None:
    await (asyncio.sleep(0) if pause is None else pause())


class _Run:
    """One training run: iterating makes one update at a time, `close` gives the history."""

    def __init__(
        self,
        step: Step,
        n_steps: int,
        callback: Callable[[Record], Any] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        for name, value in (("callback", callback), ("should_stop", should_stop)):
            if value is not None and not callable(value):
                raise TypeError(f"{name} is {describe(value)}; expected a function.")
        if not callable(step):
            raise TypeError(
                f"step is {describe(step)}; expected a function of the step number that "
                "returns the loss."
            )
        if inspect.iscoroutinefunction(step):
            raise TypeError("step is an async function; expected one that returns the loss itself.")
        self.n_steps = as_count("n_steps", n_steps)
        self._step = step
        self._callback = callback
        self._should_stop = should_stop
        self._records: list[Record] = []
        self._ended = "finished"
        self._reason = ""

    def __iter__(self) -> Iterator[Record]:
        """Make one update after the other until the run ends, yielding a record of each."""
        start = time.perf_counter()
        for i in range(self.n_steps):
            if self._should_stop is not None and self._should_stop():
                self._end("stopped", f"Stopped on request after {self._done()}.")
                return
            try:
                # A run that diverges is reported in words, not as a shower of warnings.
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    loss, metrics = _read_result(self._step(i), i)
            except NotFiniteError as error:
                if i == 0:  # nothing has been learnt: the data or the first weights are at fault
                    raise
                self._end("diverged", f"Diverged at step {i + 1}: {error}{self._last_loss()}")
                return
            if not np.isfinite(loss):
                self._end(
                    "diverged", f"Diverged at step {i + 1}: the loss is {loss}.{self._last_loss()}"
                )
                return
            seconds = time.perf_counter() - start
            left = seconds / (i + 1) * (self.n_steps - i - 1)
            record = Record(i + 1, self.n_steps, loss, metrics, seconds, left)
            self._records.append(record)  # one list, so that an interrupt leaves nothing ragged
            if self._callback is not None:
                self._callback(record)
            yield record
        self._end("finished", f"Finished all {self._done()}.")

    def interrupt(self) -> None:
        """End the run at the records that there are."""
        self._end("interrupted", f"Interrupted after {self._done()}; what was learnt is kept.")

    def close(self) -> History:
        """Return the history of the records so far."""
        names = dict.fromkeys(name for record in self._records for name in record.metrics)
        return History(
            steps=[record.step for record in self._records],
            losses=[record.loss for record in self._records],
            metrics={
                name: [record.metrics.get(name, float("nan")) for record in self._records]
                for name in names
            },
            seconds=[record.seconds for record in self._records],
            ended=self._ended,
            reason=self._reason,
        )

    def _end(self, ended: str, reason: str) -> None:
        self._ended, self._reason = ended, reason

    def _done(self) -> str:
        done, asked = len(self._records), self.n_steps
        if done == asked:
            return f"{asked} step{'s' if asked != 1 else ''}"
        return f"{done} of {asked} step{'s' if asked != 1 else ''}"

    def _last_loss(self) -> str:
        if not self._records:
            return ""
        last = self._records[-1]
        return f" The last finite loss was {last.loss:.4g}, at step {last.step}."


def _read_result(result: Any, i: int) -> tuple[float, dict[str, float]]:
    """Read what a step returned as loss and metrics."""
    named = dict(result) if isinstance(result, Mapping) else {"loss": result}
    if "loss" not in named:
        there = ", ".join(map(repr, named)) or "nothing"
        raise TypeError(f"step({i}) returned a dict with {there}; expected the entry 'loss' too.")
    numbers = {}
    for name, value in named.items():
        try:
            if isinstance(value, str | bytes | bool):
                raise TypeError
            numbers[str(name)] = float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"step({i}) returned {describe(value)} as its {name}; expected one number."
            ) from None
    return numbers.pop("loss"), numbers
