"""Live figures of chapter 07: a cell built from parts while it trains, and results of them all."""

from __future__ import annotations

import functools
import itertools
import textwrap
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np

from utils.cell_builder import LIVE_TASKS, SUCCESS, CellTrial
from utils.cells.lstm_variants import LSTM_VARIANTS, OPTIONS, LSTMVariant
from utils.lstm_design import changed_parts, direct_path, equations, reach
from utils.lstm_questions import QUESTIONS
from utils.plots.cell_builder import draw_built_cell
from utils.plots.style import new_figure
from utils.plots.variant_results import CellResult, draw_results
from utils.validation import as_count
from utils.widgets.learning_figure import LearningFigure
from utils.widgets.live_figure import LiveFigure
from utils.widgets.training import TrainingControls

__all__ = [
    "RECALL",
    "CellBench",
    "describe_trial",
    "explore_own_cell",
    "explore_variant_results",
    "name_of_cell",
]

_WORDS = {
    "input_gate": {
        "sigmoid": "σ(z_i)",
        "coupled": "1 − f, coupled to the forget gate",
        "one": "1, none",
        "tanh": "tanh(z_i)",
    },
    "forget_gate": {"sigmoid": "σ(z_f)", "zero": "0, overwrite", "one": "1, never forget"},
    "candidate": {
        "tanh": "tanh(z_g)",
        "linear": "z_g, linear",
        "one": "1, none",
        "sigmoid": "σ(z_g)",
    },
    "output_gate": {"sigmoid": "σ(z_o)", "tanh": "tanh(z_o)", "one": "1, none"},
    "squash": {"tanh": "tanh(c)", "sigmoid": "σ(c)", "linear": "c itself"},
    "memory": {"cell": "c, a line of its own", "hidden": "h, no separate line"},
}
_TITLES = {
    "input_gate": "input gate i",
    "forget_gate": "forget gate f",
    "candidate": "candidate g",
    "output_gate": "output gate o",
    "squash": "on the way to h",
    "memory": "what f keeps",
}
_PARTS_OF_A_RUN = 10
_MOST_UPDATES = max(task.updates for task in LIVE_TASKS.values())


def name_of_cell(variant: LSTMVariant) -> str:
    """Return the name that a cell has in `LSTM_VARIANTS`, or what is changed in it.

    Parameters
    ----------
    variant : LSTMVariant

    Returns
    -------
    str
    """
    for name, known in LSTM_VARIANTS.items():
        if known == variant:
            return "the standard LSTM" if name == "lstm" else name
    changed = (
        f"{_TITLES[part]}: {_WORDS[part][getattr(variant, part)]}"
        for part in changed_parts(variant)
    )
    return f"a cell of your own ({'; '.join(changed)})"


class CellBench:
    """Keep the trial that belongs to the settings of the controls, and what was measured of it.

    One thread may train while another draws: the methods take a lock.

    Parameters
    ----------
    **settings
        Values of the controls by name.

    Attributes
    ----------
    settings : dict
        Parts, task and seed of the trial.
    trial : CellTrial
    """

    def __init__(self, **settings: Any) -> None:
        self._lock = threading.RLock()
        self.restart(**settings)

    def restart(self, **settings: Any) -> None:
        """Begin anew, with other settings if they are given.

        Parameters
        ----------
        **settings
            Values of the controls by name.

        Raises
        ------
        ValueError
            If the parts make no cell; the old trial is kept then.
        """
        with self._lock:
            settings = settings or self.settings
            self.trial = CellTrial(**split_settings(settings))
            self.settings = settings
            self._measured: dict[int, dict[str, float]] = {}

    def step(self, i: int = 0) -> dict[str, float]:
        """Make one update of both networks; see `CellTrial.step`.

        Parameters
        ----------
        i : int
            The number of the update.

        Returns
        -------
        dict of str to float
        """
        with self._lock:
            return self.trial.step(i)

    def measure(self) -> dict[int, dict[str, float]]:
        """Return the shares of right answers by number of updates, those of now among them.

        Returns
        -------
        dict of int to dict of str to float in [0, 1]
        """
        with self._lock:
            if self.trial.updates and self.trial.updates not in self._measured:
                self._measured[self.trial.updates] = self.trial.scores()
            return dict(self._measured)

    def losses(self) -> dict[str, np.ndarray]:
        """Return a copy of the losses so far, for "own" and "standard".

        Returns
        -------
        dict of str to array, shape (updates,)
        """
        with self._lock:
            return {name: np.array(values) for name, values in self.trial.losses.items()}


def split_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `CellTrial` out of the values of the controls.

    Parameters
    ----------
    settings : mapping of str to value
        Values of the controls by name.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If the parts make no cell.
    """
    parts = {part: settings[part] for part in OPTIONS}
    return {"variant": LSTMVariant(**parts), "task": settings["task"], "seed": settings["seed"]}


def problem_with(settings: Mapping[str, Any]) -> str:
    """Say why the parts make no cell; nothing if they make one.

    Parameters
    ----------
    settings : mapping of str to value
        Values of the controls by name.

    Returns
    -------
    str
    """
    try:
        split_settings(settings)
    except ValueError as error:
        return str(error)
    return ""


def describe_trial(trial: CellTrial, shares: Mapping[str, float]) -> str:
    """Say in words what was trained and how well it answers.

    Parameters
    ----------
    trial : CellTrial
    shares : mapping of str to float
        For "own" and "standard"; empty before the first update.

    Returns
    -------
    str
    """
    name, counts = name_of_cell(trial.variant), trial.parameters()
    head = (
        f"{name[0].upper()}{name[1:]}, {counts['own']:,} parameters (standard LSTM "
        f"{counts['standard']:,}); seed {trial.seed}; {trial.task.words}."
    )
    if not shares:
        return f"{head} Not trained yet."
    word = "Success" if shares["own"] >= SUCCESS else "No success"
    return (
        f"{head} After {trial.updates} of {trial.task.updates} updates {shares['own']:.0%} of its "
        f"answers are right, of the standard LSTM's {shares['standard']:.0%}. {word} so far."
    )


def explore_own_cell(first: int | None = None) -> LearningFigure:
    """Build a cell from parts and watch it train beside the standard LSTM.

    A change of any setting starts both networks anew.

    Parameters
    ----------
    first : int, optional
        Updates made before the figure is shown, so that it has something to show; the whole
        budget without it or if it is more than that, none if it is 0.

    Returns
    -------
    LearningFigure
        With Start, Stop and Reset below; its ``training`` holds these buttons, its ``bench`` the
        networks. Starts with the LSTM that lacks its cell line.

    Raises
    ------
    ValueError
        If `first` is negative.
    """
    if first is not None:
        first = as_count("first", first, at_least=0)
    parts = {
        part: ipywidgets.Dropdown(
            options=[(words, option) for option, words in _WORDS[part].items()],
            value="hidden" if part == "memory" else next(iter(_WORDS[part])),
            description=title,
        )
        for part, title in _TITLES.items()
    }
    controls: dict[str, Any] = {
        **parts,
        "task": ipywidgets.Dropdown(
            options=[(f"{name}: {task.words}", name) for name, task in LIVE_TASKS.items()],
            value="agreement",
            description="task",
        ),
        "seed": ipywidgets.IntSlider(
            0, min=0, max=9, description="random seed", continuous_update=False
        ),
    }
    bench = CellBench(**{name: control.value for name, control in controls.items()})
    figure, axes = new_figure(1, 3, size=(11.5, 4.3), width_ratios=(1.2, 1, 1))
    picture = draw_built_cell(axes, equations(bench.trial.variant), _MOST_UPDATES, SUCCESS)

    def update(**settings: Any) -> str:
        problem = problem_with(settings)
        if problem:
            picture.equations.note.set_text("\n".join(textwrap.wrap(problem, 52)))
            return f"These parts make no cell. {problem}"
        if settings != bench.settings:
            bench.restart(**settings)
        trial, measured = bench.trial, bench.measure()
        training.n_steps = trial.task.updates
        note = f"direct path $\\partial c_t/\\partial c_{{t-1}}$: ${direct_path(trial.variant)}$"
        note += f"\nafter {trial.T} steps {reach(trial.variant, trial.T)}"
        picture.equations.move(equations(trial.variant), note)
        shares = {
            name: (list(measured), [share[name] for share in measured.values()])
            for name in ("own", "standard")
        }
        picture.move(bench.losses(), shares, trial.task.updates)
        return describe_trial(trial, measured[max(measured)] if measured else {})

    def step(i: int) -> dict[str, float]:
        split_settings(live.values)  # parts that make no cell are refused here as well
        return bench.step(i)

    training = TrainingControls(
        step, bench.trial.task.updates, draw=lambda: live.refresh(), reset=bench.restart
    )
    live = LearningFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        extra=[training],
        title="Build your own cell",
        steps=["memory"],
    )
    live.training, live.bench = training, bench
    live.twin = functools.partial(explore_own_cell, first=0)
    budget = bench.trial.task.updates
    live.updates = tuple(range(0, budget + 1, budget // 5))
    for control in controls.values():
        control.observe(lambda _change: training.reset(), "value")
    marks = np.linspace(0, budget if first is None else first, _PARTS_OF_A_RUN + 1)
    for done, then in itertools.pairwise(marks.round().astype(int)):
        if then > done:  # in parts, so that the curves have points
            training.run(int(then - done))
    return live


def explore_variant_results(
    results: Mapping[str, Mapping[str, Mapping[str, CellResult]]],
    cells: Sequence[str],
    limits: Mapping[str, tuple[float, float]],
) -> LiveFigure:
    """Look up what every cell reached on every task, seed by seed.

    Parameters
    ----------
    results : mapping of measure to mapping of task to mapping of cell to CellResult
        What is measured, in words, such as "share of right answers".
    cells : sequence of str
        The rows, from the top.
    limits : mapping of measure to (low, high)
        Ends of the axis.

    Returns
    -------
    LiveFigure
        Three controls: the task, what is measured, and the question whose cells stand out.

    Raises
    ------
    ValueError
        If `results` is empty, or a measure has no limits.
    """
    if not results:
        raise ValueError("results is empty; expected at least one measure.")
    for measure in results:
        if measure not in limits:
            raise ValueError(f"limits lacks {measure!r}; expected ends of the axis for it.")
    chosen = {"all cells": ()} | {
        f"question {q.number}: {q.asks}": ("lstm", *q.variants) for q in QUESTIONS
    }
    tasks = list(dict.fromkeys(task for of_task in results.values() for task in of_task))
    measure, task = next(iter(results)), tasks[0]
    figure, ax = new_figure(size=(10, 0.27 * len(cells) + 1.3))
    picture = draw_results(ax, cells, dict(results[measure].get(task, {})))

    def update(task: str, measure: str, question: str) -> str:
        these = dict(results[measure].get(task, {}))
        ax.set(xlim=limits[measure], xlabel=measure)
        ax.set_title(task)
        picture.move(these, chosen[question])
        if not these:
            return f"{task}: {measure} was not measured there."
        shown = [cell for cell in (chosen[question] or cells) if cell in these]
        said = ", ".join(
            f"{cell} {r.estimate:.2f} [{r.low:.2f}, {r.high:.2f}]"
            for cell, r in ((cell, these[cell]) for cell in shown)
        )
        return f"{task}, {measure}, with 95 % intervals: {said}."

    controls = {
        "task": ipywidgets.Dropdown(options=tasks, value=task, description="task"),
        "measure": ipywidgets.Dropdown(
            options=list(results), value=measure, description="what is measured"
        ),
        "question": ipywidgets.Dropdown(options=list(chosen), description="stand out"),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="All cells, all tasks",
        steps={"task": tuple(results[measure]), "question": None},
    )


RECALL = (
    (
        "Which factor does the direct path from $c_{t-1}$ to $c_t$ have, and which one without a "
        "separate line?",
        "The forget gate $f_t$. Without the line, $f_t \\odot o_{t-1} \\odot "
        "(1 - \\tanh^2 c_{t-1})$: the memory goes through the output gate and the squash at every "
        "step.",
    ),
    (
        "Coupled gates, candidate in (−1, 1): how large can $|c_t|$ become after 100 steps? In the "
        "standard LSTM?",
        "Below 1, since $c_t$ lies between $c_{t-1}$ and $g_t$. In the standard LSTM up to 100.",
    ),
    (
        "An output gate is closed, $o_t = 0$, for 50 steps, then open. How much of the direct path "
        "is lost on the way?",
        "Nothing. $o$ is no factor of $\\partial c_t/\\partial c_{t-1}$; it is paid once, where a "
        "gradient enters from $h_t$.",
    ),
    (
        "$h = o \\odot \\sigma(c)$: is the sign of the memory lost?",
        "Not for a reader who knows o: $\\sigma$ rises all the way, c = −2 gives 0.12, c = 2 gives "
        "0.88, and $h > o/2$ says that c is positive. But h itself is never negative; with a tanh "
        "the sign of h is that of c, whatever o is.",
    ),
    (
        "Chapter 05: the two networks have the same size, and one learns longer distances. What "
        "else than the cell may be the reason?",
        "The start, the learning rate, the data. That is why contrasts change one thing, and rates "
        "are chosen for each cell on other seeds.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
