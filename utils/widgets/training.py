"""Training that can be watched and stopped while it runs.

``train_live`` is awaited in a cell and returns the history; ``TrainingControls`` are buttons
that train in the background of a live figure. Both keep what was learnt when they are stopped.
"""

from __future__ import annotations

import html
import math
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np

from utils.notebook import in_notebook
from utils.plots.style import DRAWING, ROLE, new_figure
from utils.training import History, Record, train, train_async
from utils.widgets.live_figure import LiveFigure
from utils.widgets.messages import error_line, mime_data, one_line, status_line

Step = Callable[[int], "float | Mapping[str, float]"]

_REPORT_EVERY = 0.2  # seconds between two reports while training
_MOST_POINTS = 600  # a curve has no room for more


async def train_live(
    step: Step,
    n_steps: int,
    *,
    title: str = "Training",
    metrics: Sequence[str] = (),
    draw: Callable[[Record], Any] | None = None,
) -> History:
    """Train while a panel shows progress, loss, time left and a Stop button.

    Await it at the top level of a cell: ``history = await train_live(step, 500)``. The button
    works while the cell runs, because training pauses for the notebook every 50 ms;
    interrupting the kernel also ends the training and keeps the history. In a script,
    ``asyncio.run(train_live(...))`` shows a bar in the terminal.

    Parameters
    ----------
    step : callable
        ``step(i)`` does update number ``i`` (from 0) and returns the loss, or a mapping with
        ``"loss"`` and further numbers.
    n_steps : int, at least 1
        Updates after which training ends by itself.
    title : str
        Heading of the panel, in words.
    metrics : sequence of str
        Which numbers to show beside the loss; all that `step` returns if left out.
    draw : callable, optional
        ``draw(record)`` is called with a ``utils.training.Record`` at most five times a second
        and once after the last update, for example to ``refresh`` a live figure of what is
        being learnt.

    Returns
    -------
    history : utils.training.History
        ``ended`` says whether it finished, was stopped, was interrupted or diverged.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or `step` returns something else than numbers.
    """
    for name, function in (("step", step), ("draw", draw)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} is a {type(function).__name__}; expected a function.")
    steps = _checked_steps(n_steps)
    names = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    view: _Panel | _Bar = (_Panel if in_notebook() else _Bar)(title, steps, names)
    report = _Throttled([view.report] if draw is None else [view.report, draw])

    def keep(record: Record) -> None:
        view.losses.append(record.loss)
        report(record)

    view.begin()
    try:
        history = await train_async(step, steps, keep, should_stop=view.stop_asked)
        report.finish()
    except BaseException as error:
        view.end(f"Ended by an error. {one_line(error)}")
        raise
    view.end(history.reason)
    return history


class TrainingControls(ipywidgets.VBox):
    """Offer Start, Stop and Reset for a training that runs in the background.

    Put them below a live figure (``extra=[controls]``) and let `draw` refresh it. Training
    runs in a thread of its own, so that sliders and cells go on working meanwhile; ``run``
    trains in the calling thread instead, to give a figure something to show from the start.

    Parameters
    ----------
    step : callable
        ``step(i)`` does update number ``i`` since the last reset, and returns the loss or a
        mapping with ``"loss"``.
    n_steps : int, at least 1
        Updates in all, until the next reset.
    draw : callable, optional
        ``draw()`` is called at most `draws_per_second` times a second while training, after
        the last update, and after a reset.
    reset : callable, optional
        ``reset()`` puts the weights back as they were before the first update.
    pace : float, optional
        Most updates per second, where training is too fast to watch.
    draws_per_second : float, positive

    Attributes
    ----------
    losses : list of float
        The loss of every update since the last reset.
    status : str
        Where training stands, in words.
    error : str
        The line that reports an error in `step` or `draw`; empty if there is none.

    Raises
    ------
    TypeError
        If `step`, `draw` or `reset` is not callable.
    ValueError
        If `n_steps`, `pace` or `draws_per_second` is not positive.
    """

    def __init__(
        self,
        step: Step,
        n_steps: int,
        *,
        draw: Callable[[], Any] | None = None,
        reset: Callable[[], Any] | None = None,
        pace: float | None = None,
        draws_per_second: float = 8.0,
    ) -> None:
        for name, function in (("step", step), ("draw", draw), ("reset", reset)):
            if not callable(function) and (name == "step" or function is not None):
                raise TypeError(f"{name} is a {type(function).__name__}; expected a function.")
        for name, number in (("pace", pace), ("draws_per_second", draws_per_second)):
            if number is not None and not number > 0:
                raise ValueError(f"{name} is {number!r}; expected a positive number.")
        self.n_steps = _checked_steps(n_steps)
        self.losses: list[float] = []
        self.status = self.error = ""
        self._step, self._draw, self._reset, self._pace = step, draw, reset, pace
        self._every = 1 / draws_per_second
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._start_button = _button("Start", "Train on from here", "play", 120)
        self._stop_button = _button("Stop", "Stop and keep what was learnt", "stop", 120)
        self._reset_button = _button("Reset", "Forget what was learnt", "undo", 120)
        self._line = ipywidgets.HTML()
        self._start_button.on_click(lambda _: self.start())
        self._stop_button.on_click(lambda _: self.stop())
        self._reset_button.on_click(lambda _: self.reset())
        buttons = ipywidgets.HBox([self._start_button, self._stop_button, self._reset_button])
        super().__init__([buttons, self._line])
        self._rest("Not started.")

    @property
    def running(self) -> bool:
        """Tell whether training is going on in the background."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Train in the background until all steps are done or ``stop`` is called."""
        if self.running or len(self.losses) >= self.n_steps:
            return
        self._stop.clear()
        self._show_buttons(running=True)
        self._thread = threading.Thread(target=self._work, name="training", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop and keep what was learnt; return when the update under way is done."""
        was_running = self.running
        self._stop.set()
        self.wait()
        if was_running:
            self._redraw()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until training in the background has ended, at most so many seconds.

        Parameters
        ----------
        seconds : float, optional
            Without it as long as it takes.
        """
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def reset(self) -> None:
        """Stop, put the weights back and forget the losses."""
        self.stop()
        self.losses.clear()
        if self._reset is not None:
            self._reset()
        self._redraw()
        self._rest("Not started.")

    def run(self, n_steps: int | None = None) -> None:
        """Train in the calling thread and draw once at the end; errors are raised.

        Parameters
        ----------
        n_steps : int, optional
            Updates to do; all that are left if not given.
        """
        self.stop()
        self._stop.clear()
        left = self.n_steps - len(self.losses)
        self._train(left if n_steps is None else min(_checked_steps(n_steps), left), None, math.inf)

    def _work(self) -> None:
        try:
            self._train(self.n_steps - len(self.losses), self._pace, self._every)
        except Exception as error:
            self._rest("", one_line(error))  # in a thread nobody can catch it: show it

    def _train(self, n_steps: int, pace: float | None, every: float) -> None:
        if n_steps < 1:
            return
        first, started = len(self.losses), time.perf_counter()

        def step(i: int) -> float | Mapping[str, float]:
            result = self._step(first + i)
            if pace is not None:
                self._stop.wait(max(0.0, started + (i + 1) / pace - time.perf_counter()))
            return result

        report = _Throttled([self._report], every)

        def keep(record: Record) -> None:
            self.losses.append(record.loss)
            report(record)

        history = train(step, n_steps, keep, should_stop=self._stop.is_set)
        self._redraw()
        done = len(self.losses)
        if history.ended == "diverged":
            self._rest(history.reason)
        elif done < self.n_steps:
            self._rest(f"Stopped after {done} of {self.n_steps} steps. {self._last_loss()}")
        else:
            all_of_them = "the only step" if done == 1 else f"all {done} steps"
            self._rest(f"Finished {all_of_them}. {self._last_loss()}")

    def _redraw(self) -> None:
        """Draw, unless asked to stop while somebody else draws: they may be waiting for us."""
        if self._draw is None:
            return
        while not DRAWING.acquire(timeout=0.02):
            if threading.current_thread() is self._thread and self._stop.is_set():
                return
        try:
            self._draw()
        finally:
            DRAWING.release()

    def _report(self, record: Record) -> None:
        self._redraw()
        text = [f"Step {len(self.losses)} of {self.n_steps}", f"loss {_number(record.loss)}"]
        self.status = ", ".join(text + [f"{k} {_number(v)}" for k, v in record.metrics.items()])
        self._line.value = html.escape(self.status)

    def _last_loss(self) -> str:
        return f"Loss {_number(self.losses[-1])}." if self.losses else ""

    def _rest(self, text: str, error: str = "") -> None:
        self.status, self.error = text.strip(), error
        self._line.value = error_line(error) if error else status_line(self.status)
        self._show_buttons(running=False)

    def _show_buttons(self, running: bool) -> None:
        done = len(self.losses)
        self._start_button.description = "Continue" if 0 < done < self.n_steps else "Start"
        self._start_button.disabled = running or done >= self.n_steps
        self._stop_button.disabled = not running

    def __repr__(self) -> str:
        return f"TrainingControls({len(self.losses)} of {self.n_steps} steps)"


class _Throttled:
    """Pass records on, at most one in so many seconds, and the last one for certain."""

    def __init__(
        self, reports: Sequence[Callable[[Record], Any]], every: float = _REPORT_EVERY
    ) -> None:
        self._reports, self._every = reports, every
        self._next = time.perf_counter() + min(every, _REPORT_EVERY / 2)
        self._waiting: Record | None = None

    def __call__(self, record: Record) -> None:
        self._waiting = record
        if self._every < math.inf and time.perf_counter() >= self._next:
            self.finish()

    def finish(self) -> None:
        if self._waiting is not None:
            for report in self._reports:
                report(self._waiting)
        self._waiting = None
        self._next = time.perf_counter() + self._every


class _Panel(ipywidgets.VBox):
    """Show a training in a notebook; its loss curve stays behind where there is no kernel."""

    def __init__(self, title: str, n_steps: int, metrics: tuple[str, ...]) -> None:
        self._title, self._metrics = title, metrics
        self._text = "Not started."
        self._record: Record | None = None
        self._asked = threading.Event()
        self._handle: Any = None
        self.losses: list[float] = []
        self._bar = ipywidgets.IntProgress(max=n_steps, layout={"width": "min(100%, 440px)"})
        self._button = _button("Stop", "Stop and keep what was learnt", "stop", 140)
        self._button.on_click(self._on_stop)
        self._line = ipywidgets.HTML()
        self._curve = _loss_curve(n_steps, self.losses)
        heading = ipywidgets.HTML(f"<b>{html.escape(title)}</b>")
        row = ipywidgets.HBox([self._bar, self._button])
        super().__init__([heading, row, self._line, self._curve])

    def begin(self) -> None:
        from IPython.display import display

        self._handle = display(self, display_id=True)

    def stop_asked(self) -> bool:
        return self._asked.is_set()

    def report(self, record: Record) -> None:
        self._record, self._text = record, _standing(record, self._metrics)
        self._bar.value = record.step
        self._line.value = html.escape(self._text)
        self._curve.refresh()

    def end(self, text: str) -> None:
        self._text = text
        if self._record is not None:
            numbers = ", ".join(_numbers(self._record, self._metrics))
            self._text += f" {numbers.capitalize()}, after {_duration(self._record.seconds)}."
        self._button.disabled = True
        self._button.description = "Ended"
        self._line.value = status_line(self._text)
        if self._handle is not None:
            self._handle.update(self)

    def _on_stop(self, _button: Any) -> None:
        self._asked.set()
        self._button.description = "Stopping …"
        self._button.disabled = True

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = mime_data(super()._repr_mimebundle_(**kwargs))
        still = self._curve._repr_mimebundle_()
        about = f"<p><b>{html.escape(self._title)}.</b> {html.escape(self._text)}</p>"
        data["image/png"] = still["image/png"]
        data["text/html"] = about + still["text/html"]
        data["text/plain"] = repr(self)
        return data

    def __repr__(self) -> str:
        return f"{self._title}. {self._text}"


class _Bar:
    """Show a training as one line in a terminal."""

    def __init__(self, title: str, n_steps: int, metrics: tuple[str, ...]) -> None:
        self.losses: list[float] = []
        self._title, self._n_steps, self._metrics = title, n_steps, metrics
        self._bar: Any = None

    def begin(self) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=self._n_steps, desc=self._title, unit="step", file=sys.stderr)

    def stop_asked(self) -> bool:
        return False

    def report(self, record: Record) -> None:
        self._bar.n = record.step
        self._bar.set_postfix_str(", ".join(_numbers(record, self._metrics)))

    def end(self, text: str) -> None:
        self._bar.close()
        print(f"{self._title}. {text}", file=sys.stderr)


def _loss_curve(n_steps: int, losses: list[float]) -> LiveFigure:
    """Make the figure of a loss that grows step by step."""
    figure, ax = new_figure(size=(6.0, 2.4))
    ax.set(xlim=(0, n_steps), ylim=(0, 1), xlabel="step", ylabel="loss")
    (each,) = ax.plot([], [], color="#888888", linewidth=0.9)
    (mean,) = ax.plot([], [], **ROLE["loss"])
    note = ax.text(0.99, 0.95, "", transform=ax.transAxes, ha="right", va="top", fontsize=10)

    def update() -> str:
        if not losses:
            return "Loss against step: no step has been done yet."
        values = np.array(losses)
        steps = np.arange(1, len(values) + 1)
        stride = -(-len(values) // _MOST_POINTS)
        each.set_data(steps[::stride], values[::stride])
        window = max(1, len(values) // 25)
        sums = np.cumsum(np.concatenate(([0.0], values)))
        means = (sums[window:] - sums[:-window]) / window
        mean.set_data(steps[window - 1 :][::stride], means[::stride])
        note.set_text(f"thick line: mean of {window} steps" if window > 1 else "")
        low, high = float(values.min()), float(values.max())
        ax.set_ylim(-_roof(-low) if low < 0 else 0.0, _roof(high) if high > 0 else 0.0001)
        lowest = int(values.argmin())
        return (
            f"Loss against step: {_number(values[0])} at step 1, {_number(values[-1])} at step"
            f" {len(values)}, lowest {_number(low)} at step {lowest + 1}."
        )

    return LiveFigure(figure, update, moving=[each, mean, note], controls={})


def _roof(value: float) -> float:
    """Give the next round number above a positive one, so that limits change seldom."""
    decade = 10.0 ** math.floor(math.log10(value))
    return next(decade * step for step in (1.2, 1.5, 2, 3, 5, 7, 10, 12) if decade * step > value)


def _standing(record: Record, metrics: tuple[str, ...]) -> str:
    parts = [f"Step {record.step} of {record.n_steps}", *_numbers(record, metrics)]
    if record.step < record.n_steps:
        parts.append(f"about {_duration(record.seconds_left)} left")
    return ", ".join(parts) + "."


def _numbers(record: Record, metrics: tuple[str, ...]) -> list[str]:
    names = metrics or tuple(record.metrics)
    shown = [(name, record.metrics[name]) for name in names if name in record.metrics]
    return [f"{name} {_number(value)}" for name, value in [("loss", record.loss), *shown]]


def _number(value: float) -> str:
    return f"{value:.4g}"


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def _checked_steps(n_steps: Any) -> int:
    whole = isinstance(n_steps, int | np.integer) and not isinstance(n_steps, bool)
    if not whole or n_steps < 1:
        raise ValueError(f"n_steps is {n_steps!r}; expected a whole number of at least 1.")
    return int(n_steps)


def _button(description: str, tooltip: str, icon: str, width: int) -> ipywidgets.Button:
    layout = {"width": f"{width}px"}
    return ipywidgets.Button(description=description, tooltip=tooltip, icon=icon, layout=layout)
