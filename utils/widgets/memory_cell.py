"""A memory cell that is driven by hand: write, keep, erase and read, one step after the other."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets
import numpy as np

from utils.memory import MemoryRun, drive_memory
from utils.plots.lstm_cell import draw_lstm_cell
from utils.plots.memory import GATE_NAMES, draw_memory
from utils.plots.style import new_figure
from utils.widgets.controls import Stops
from utils.widgets.live_figure import LiveFigure
from utils.widgets.picture import encode_png

__all__ = ["COMMANDS", "MOST_STEPS", "STORY", "MemoryCellFigure", "describe_command"]

MOST_STEPS = 12

COMMANDS: Mapping[str, tuple[float, float, float, float]] = {
    "write +1": (1.0, 0.0, 1.0, 0.0),
    "write −1": (1.0, 0.0, -1.0, 0.0),
    "keep": (0.0, 1.0, 0.0, 0.0),
    "erase": (0.0, 0.0, 0.0, 0.0),
    "read": (0.0, 1.0, 0.0, 1.0),
}
"""Input gate, forget gate, candidate and output gate of what one can do with a memory cell."""

STORY = (
    *("write +1", "keep", "keep", "read", "keep", "write −1"),
    *("read", "erase", "write −1", "keep", "read", "erase"),
)
"""What a reader without a kernel sees: bits are written, kept, read, overwritten and erased."""


def describe_command(
    input_gate: float, forget_gate: float, candidate: float, output_gate: float
) -> str:
    """Say in words what gates like these do to the memory.

    Parameters
    ----------
    input_gate, forget_gate, output_gate : float in [0, 1]
    candidate : float in [-1, 1]

    Returns
    -------
    str
        Such as ``keep`` or ``keep, write, read``.
    """
    words = []
    writes = input_gate * abs(candidate) >= 0.5
    if forget_gate >= 0.9:
        words.append("keep")
    elif forget_gate > 0.1:
        words.append("fade")
    elif not writes:
        words.append("erase")
    if writes:
        words.append("write +" if candidate > 0 else "write −")
    if output_gate >= 0.5:
        words.append("read")
    return ", ".join(words)


class MemoryCellFigure(LiveFigure):
    """Drive one memory cell by its gates, one step after the other.

    The sliders show the step that comes next; ``make_step`` makes it. Starts with a bit that was
    written and kept for two steps, and with the sliders where they read it.

    Attributes
    ----------
    gates : list of tuple of float
        Input gate, forget gate, candidate and output gate of every step made.
    """

    def __init__(self) -> None:
        self.gates: list[tuple[float, float, float, float]] = []
        figure, (left, right) = new_figure(1, 2, size=(12, 4.2), width_ratios=[1.2, 1])
        cell, timeline = draw_lstm_cell(left), draw_memory(right, MOST_STEPS)
        left.set_title("the step that the sliders show")

        def update(**gates: float) -> str:
            preview = len(self.gates) < MOST_STEPS
            now = tuple(gates[name] for name in GATE_NAMES)
            steps = [*self.gates, now] if preview else list(self.gates)
            run = _drive(steps)
            cell.update(_numbers(steps[-1], run))
            words = [describe_command(*step) for step in steps]
            table = dict(zip(GATE_NAMES, np.array(steps).T, strict=True))
            timeline.move(run, table, [word.replace(", ", "\n") for word in words], preview)
            return self._say(steps[-1], run, words, preview)

        def slider(value: float, low: float, name: str) -> ipywidgets.FloatSlider:
            return ipywidgets.FloatSlider(
                value, min=low, max=1, step=0.05, readout_format=".2f", description=name
            )

        reading = COMMANDS["read"]
        controls = {
            "input_gate": slider(reading[0], 0, "input gate i, share written"),
            "forget_gate": slider(reading[1], 0, "forget gate f, share kept"),
            "candidate": slider(reading[2], -1, "candidate g, what is offered"),
            "output_gate": slider(reading[3], 0, "output gate o, share let out"),
        }
        self.gates += [COMMANDS[name] for name in ("write +1", "keep", "keep")]
        self._step = _button("Make the step", self.make_step)
        self._back = _button("Take it back", self.take_back)
        self._empty = _button("Start again", self.start_again)
        commands = [
            _button(name, functools.partial(self.choose, name), "90px") for name in COMMANDS
        ]
        super().__init__(
            figure,
            update,
            moving=[*cell.moving, *timeline.moving],
            controls=controls,
            extra=[
                ipywidgets.HBox(commands, layout={"flex_flow": "row wrap"}),
                ipywidgets.HBox([self._step, self._back, self._empty]),
            ],
            title="Drive one memory cell",
        )

    @property
    def steps(self) -> tuple[Stops, ...]:
        """Give the steps that `STORY` begins with, as far as they are what was done here."""
        words = tuple(f"{number}: {name}" for number, name in enumerate(STORY, start=1))
        told = [COMMANDS[name] for name in STORY]
        done = [*self.gates, tuple(self.values[name] for name in GATE_NAMES)]
        if done != told[: len(done)]:
            return ()  # the reader of the notebook has a story of their own
        places = tuple(range(len(STORY)))
        return (Stops("story", "step", places, words, len(done) - 1, True, True),)

    def pictures_at(
        self,
        choices: Iterable[Mapping[str, Any]],
        ratio: float = 1.0,
        encode: Callable[[np.ndarray], bytes] = encode_png,
    ) -> list[tuple[bytes, str]]:
        """Draw the figure at steps of `STORY`, and leave the steps that were made as they are.

        Parameters
        ----------
        choices : iterable of mappings
            For each picture the step, from 0.
        ratio, encode
            As in `LiveFigure.pictures_at`.

        Returns
        -------
        list of (bytes, str)
            Each picture with its alternative text.
        """
        drawn, kept = [], list(self.gates)
        for choice in choices:
            place = choice["story"]
            gates = dict(zip(GATE_NAMES, COMMANDS[STORY[place]], strict=True))
            self.gates[:] = [COMMANDS[name] for name in STORY[:place]]
            try:
                drawn += super().pictures_at([gates], ratio, encode)
            finally:
                self.gates[:] = kept
        super().pictures_at([], ratio)  # puts the artists back
        return drawn

    def choose(self, command: str) -> None:
        """Put the sliders where one of `COMMANDS` has them.

        Parameters
        ----------
        command : str
        """
        self.set(**dict(zip(GATE_NAMES, COMMANDS[command], strict=True)))

    def make_step(self) -> None:
        """Make the step that the sliders show, if there is room for it."""
        if len(self.gates) < MOST_STEPS:
            self.gates.append(tuple(self.values[name] for name in GATE_NAMES))
        self._after()

    def take_back(self) -> None:
        """Undo the last step."""
        if self.gates:
            self.gates.pop()
        self._after()

    def start_again(self) -> None:
        """Undo all steps."""
        self.gates.clear()
        self._after()

    def _after(self) -> None:
        self._step.disabled = len(self.gates) >= MOST_STEPS
        self._back.disabled = self._empty.disabled = not self.gates
        self.refresh()

    def _say(self, now: tuple[float, ...], run: MemoryRun, words: list[str], preview: bool) -> str:
        i, f, g, o = now
        c_prev, c_t = run.cs[-2:]
        before = "; ".join(words[: len(self.gates)][-4:]) or "nothing"
        comes = f"Step {len(words)} would be" if preview else f"No room after step {len(words)},"
        return (
            f"Done so far: {before}. {comes} {words[-1]}: {f:.2f} of the old c = {c_prev:.2f} "
            f"stays, {i:.2f} of the candidate {g:.2f} is added, c becomes {c_t:.2f}, and "
            f"{o:.2f} of tanh(c) leaves, h = {run.hs[-1]:.2f}."
        )


def _button(description: str, act: Any, width: str = "130px") -> ipywidgets.Button:
    button = ipywidgets.Button(description=description, layout={"width": width})
    button.on_click(lambda _: act())
    return button


def _drive(steps: list[tuple[float, float, float, float]]) -> MemoryRun:
    i, f, g, o = np.array(steps).T
    return drive_memory(i, f, g, o)


def _numbers(now: tuple[float, float, float, float], run: MemoryRun) -> dict[str, float]:
    """Return what is written beside the lines of the cell for the last step of a run."""
    i, f, g, o = now
    return {
        "c_prev": run.cs[-2],
        "f": f,
        "i": i,
        "g": g,
        "o": o,
        "kept": run.kept[-1],
        "written": run.written[-1],
        "c_t": run.cs[-1],
        "h_t": run.hs[-1],
    }
