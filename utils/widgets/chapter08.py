"""Live figures of chapter 08: two gates by hand, three cells on a sentence, three at one budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import ipywidgets
import numpy as np

from utils.cell_race import CELLS, CellRace, count_reader
from utils.classifier import SequenceClassifier
from utils.data import grammar
from utils.gru_paths import GRUUnitRun, run_gru_unit
from utils.losses import softmax
from utils.memory import half_life
from utils.plots.cell_race import draw_cell_race, draw_sentence_reading
from utils.plots.gru import draw_gru_unit
from utils.plots.style import new_figure
from utils.validation import Array, as_choice, as_count
from utils.widgets.controls import value_of
from utils.widgets.learning_figure import LearningFigure, make_learning_figure
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

__all__ = [
    "INPUTS",
    "RECALL",
    "ROOM",
    "Reading",
    "compute_reading",
    "compute_unit",
    "explore_equal_parameters",
    "explore_gru_gates",
    "explore_three_cells",
    "make_words",
]

_T = 24
_FIRST, _SECOND = 2, 13  # steps, from 0, at which the unit gets an input
INPUTS = np.zeros(_T)
INPUTS[[_FIRST, _SECOND]] = 1.0, -1.0
INPUTS.setflags(write=False)
"""What the unit of `explore_gru_gates` reads: +1 at one step, -1 at a later one, else nothing."""

ROOM = 34
"""Words that fit into the picture of a sentence."""

PARTS = {
    "hs": "hidden state, from −1 (blue) to 1 (red)",
    "keep": "gate that keeps (update, forget), from 0 (white) to 1 (red)",
    "new": "reset or input gate, from 0 (white) to 1 (red)",
    "candidate": "candidate, from −1 (blue) to 1 (red)",
}


# Two gates by hand


def compute_unit(
    z_between: float, z_input: float, r_between: float, r_input: float, w_h: float
) -> tuple[GRUUnitRun, Array, Array]:
    """Run the unit of `explore_gru_gates` over its 24 steps.

    Parameters
    ----------
    z_between, z_input : float in [0, 1]
        Update gate at the steps without and with an input.
    r_between, r_input : float in [0, 1]
        Reset gate.
    w_h : float
        Weight of the state in the candidate.

    Returns
    -------
    run : GRUUnitRun
    reset, update : array, shape (24,)
        The gates, step by step.

    Raises
    ------
    TypeError, ValueError
        If a gate is not in [0, 1].
    """
    busy = INPUTS != 0
    reset = np.where(busy, r_input, r_between)
    update = np.where(busy, z_input, z_between)
    return run_gru_unit(INPUTS, reset, update, w_h=w_h), reset, update


def explore_gru_gates() -> LiveFigure:
    """Set the two gates of one unit by hand: write, keep, forget, start anew.

    Returns
    -------
    LiveFigure
        Starts with a unit that writes its two inputs and keeps each for a while.
    """
    figure = new_figure(size=(11, 4.3))[0]
    figure.clear()
    grid = figure.add_gridspec(2, 2, width_ratios=[1.35, 1], height_ratios=[1.6, 1])
    axes = [figure.add_subplot(grid[place]) for place in ((0, 0), (1, 0), (slice(None), 1))]
    picture = draw_gru_unit(axes, INPUTS, _FIRST)

    def update(
        z_between: float, z_input: float, r_between: float, r_input: float, w_h: float
    ) -> str:
        run, reset, gate = compute_unit(z_between, z_input, r_between, r_input, w_h)
        kept, total = run.left(_FIRST, "kept"), run.left(_FIRST)
        picture.move(run.hs, run.candidates, reset, gate, kept, total)
        n = half_life(z_between)
        life = "for ever" if np.isinf(n) else f"with a half-life of {n:.1f} steps"
        return (
            f"With z at {z_between:.2f} between the inputs the blend keeps a state {life}. The "
            f"first input leaves {run.hs[_FIRST]:+.2f}, of which {run.hs[_SECOND - 1]:+.2f} is "
            f"there before the second; after it the state is {run.hs[_SECOND]:+.2f}. Of a change "
            f"of the first state {total[-1]:.2g} is left at the end, {kept[-1]:.2g} of it along "
            "the blend."
        )

    def gate(value: float, words: str) -> ipywidgets.FloatSlider:
        return ipywidgets.FloatSlider(value, min=0, max=1, step=0.01, description=words)

    controls = {
        "z_between": gate(0.95, "update gate z between the inputs"),
        "z_input": gate(0.1, "update gate z at an input"),
        "r_between": gate(0.0, "reset gate r between the inputs"),
        "r_input": gate(0.5, "reset gate r at an input"),
        "w_h": ipywidgets.FloatSlider(
            1.0, min=-3, max=3, step=0.1, description="weight of the state in the candidate"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="Reset and update gate by hand",
        steps={
            "z_between": (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 1.0),
            "r_between": (0.0, 0.5, 1.0),
        },
    )


# Three cells on one sentence


class Reading(NamedTuple):
    """Hold what a network did while it read a sentence.

    Attributes
    ----------
    chances : array, shape (T,)
        Probability of "were" after each word.
    values : array, shape (T, H)
        The part of it that was asked for.
    """

    chances: Array
    values: Array


def make_words(noun: str, distance: int, distractors: str, seed: int = 5) -> tuple[str, ...]:
    """Make the beginning of an agreement sentence, up to its verb.

    Parameters
    ----------
    noun : str
        A noun of `utils.data.grammar`.
    distance : int, at least 0
        Words between noun and verb.
    distractors : {"none", "random", "opposite"}
    seed : int
        Of the words in between.

    Returns
    -------
    tuple of str

    Raises
    ------
    TypeError, ValueError
        If there is no such noun, or the distance does not fit.
    """
    plural = as_choice("noun", noun, grammar.SINGULAR_NOUNS + grammar.PLURAL_NOUNS) in (
        grammar.PLURAL_NOUNS
    )
    rng = np.random.default_rng(seed)
    sentence = grammar.make_sentence(rng, distance, grammar.NUMBERS[plural], distractors)
    words = list(sentence.prefix)
    words[sentence.subject] = noun
    return tuple(words)


def compute_reading(model: SequenceClassifier, xs: Array, part: str = "hs") -> Reading:
    """Let a network read a sentence.

    Parameters
    ----------
    model : SequenceClassifier
        With two classes, "was" and "were".
    xs : array of int, shape (T,)
        Words as places in the vocabulary.
    part : {"hs", "keep", "new", "candidate"}
        Which of its values to return: the hidden state; the update or forget gate; the reset or
        input gate; the candidate. A plain RNN has the hidden state alone, and gives it.

    Returns
    -------
    Reading

    Raises
    ------
    TypeError, ValueError
        If a word or the part does not exist.
    """
    as_choice("part", part, PARTS)
    run = model.forward(np.asarray(xs)[:, None])
    names = {
        "keep": ("update_gate", "forget_gate"),
        "new": ("reset_gate", "input_gate"),
        "candidate": ("candidate",),
    }.get(part, ())
    found = [getattr(run.sequence, name) for name in names if hasattr(run.sequence, name)]
    values = found[0] if found else run.sequence.hs
    return Reading(softmax(run.logits[:, 0])[:, 1], values[:, 0])


def explore_three_cells(models: Mapping[str, SequenceClassifier]) -> LiveFigure:
    """Let three trained networks read one sentence, word by word.

    Parameters
    ----------
    models : mapping of str to SequenceClassifier
        Trained networks by the names "RNN", "GRU", "LSTM" (some of them); they are not changed.

    Returns
    -------
    LiveFigure
        Above what each network expects after every word, below the inside of one of them; all of
        it computed anew at every move. A sentence may also be typed.

    Raises
    ------
    ValueError
        If there is no network, or one of another name.
    """
    if not models:
        raise ValueError("models is empty; expected trained networks by name.")
    for name in models:
        as_choice("the name of a network", name, tuple(CELLS.values()))
    figure, axes = new_figure(2, 1, size=(10.5, 5.4), height_ratios=[1, 1.1])
    picture = draw_sentence_reading(axes, tuple(models), ROOM)

    def update(
        noun: str, distance: int, distractors: str, inside: str, part: str, typed: str
    ) -> str:
        if typed.strip():
            words = tuple(grammar.VOCABULARY[i] for i in grammar.encode(typed))[:ROOM]
        else:
            distance = max(
                distance, 0 if distractors == "none" else grammar.SHORTEST_WITH_DISTRACTOR
            )
            words = make_words(noun, distance, distractors)
        xs = grammar.encode(words)
        readings = {name: compute_reading(model, xs, part) for name, model in models.items()}
        shown = PARTS["hs" if inside == "RNN" else part]
        chances = {name: reading.chances for name, reading in readings.items()}
        picture.move(words, chances, readings[inside].values, f"{inside}: {shown}")
        ends = ", ".join(f"{name} {reading.chances[-1]:.2f}" for name, reading in readings.items())
        return (
            f"After “{' '.join(words)}” the probability of “were” is: {ends}. Below: the "
            f"{inside}'s {shown}; mean {readings[inside].values.mean():.2f}."
        )

    controls = {
        "noun": ipywidgets.Dropdown(
            options=[*grammar.SINGULAR_NOUNS, *grammar.PLURAL_NOUNS],
            value="cats",
            description="noun",
        ),
        "distance": ipywidgets.IntSlider(
            14, min=0, max=ROOM - 2, description="words between noun and verb"
        ),
        "distractors": ipywidgets.Dropdown(
            options=[("no other noun", "none"), ("another noun, of the other number", "opposite")],
            value="opposite",
            description="in between",
        ),
        "inside": ipywidgets.ToggleButtons(
            options=list(models),
            value="GRU" if "GRU" in models else next(iter(models)),
            description="look inside",
            style={"button_width": "auto"},
        ),
        "part": ipywidgets.Dropdown(
            options=[
                ("hidden state", "hs"),
                ("update gate, forget gate", "keep"),
                ("reset gate, input gate", "new"),
                ("candidate", "candidate"),
            ],
            value="keep",
            description="at its",
        ),
        "typed": ipywidgets.Text(
            "", description="or type a beginning", placeholder="The dogs, which saw the cat,"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="Three cells read one sentence",
        steps={"distance": (4, 8, 11, 14, 20, 26, 32), "inside": None},
    )


# Three cells at one budget


def _right_end(largest: float) -> float:
    """Return a round number of seconds that is not below the largest, so that axes rarely move."""
    for end in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500):
        if largest <= end:
            return end
    return float(largest)


def _race_controls() -> dict[str, ipywidgets.Widget]:
    return {
        "budget": ipywidgets.IntSlider(
            9000,
            min=500,
            max=30000,
            step=500,
            description="parameters at most",
            continuous_update=False,
        ),
        "distance": ipywidgets.IntSlider(
            20,
            min=2,
            max=60,
            description="words between noun and verb",
            continuous_update=False,
        ),
        "learning_rate": ipywidgets.FloatLogSlider(
            0.005,
            base=10,
            min=-3.5,
            max=-1,
            step=0.1,
            readout_format=".4f",
            description="learning rate of Adam",
            continuous_update=False,
        ),
        "keep_bias": ipywidgets.FloatSlider(
            1.0,
            min=-2,
            max=4,
            step=0.5,
            description="bias of update and forget gate at the start",
            continuous_update=False,
        ),
        "seed": ipywidgets.IntSlider(
            0, min=0, max=9, description="random seed", continuous_update=False
        ),
        "axis": ipywidgets.ToggleButtons(
            options=["updates", "seconds"], value="updates", description="against"
        ),
    }


def explore_equal_parameters(n_steps: int = 400, first: int = 40) -> LearningFigure:
    """Train RNN, GRU and LSTM side by side, with as many parameters as you allow.

    A change of a setting (not of the axis) starts all three anew.

    Parameters
    ----------
    n_steps : int, at least 1
        Updates in all.
    first : int, at least 0
        Updates made before the figure is shown, so that it has something to show.

    Returns
    -------
    LearningFigure
        With Start, Stop and Reset below; its ``training`` holds these buttons, its ``race`` the
        three networks.

    Raises
    ------
    ValueError
        If `n_steps` is below 1 or `first` negative.
    """
    n_steps = as_count("n_steps", n_steps)
    first = as_count("first", first, at_least=0)
    controls = _race_controls()
    settings = {name: value_of(control) for name, control in controls.items() if name != "axis"}
    race = CellRace(**settings)
    figure, axes = new_figure(1, 2, size=(10.5, 3.9), width_ratios=[1.25, 1])
    picture = draw_cell_race(axes, tuple(CELLS.values()))

    def update(axis: str, **settings: Any) -> str:
        if settings != race.settings:
            race.restart(**settings)
        curves = race.curves(axis)
        units, trainers = race.units(), race.trainers
        rows = {
            name: (
                str(units[cell]),
                f"{count_reader(cell, units[cell]):,}",
                f"{trainers[cell].milliseconds:.1f}" if trainers[cell].losses else "–",
                f"{trainers[cell].recent_accuracy(20):.0%}" if trainers[cell].losses else "–",
            )
            for cell, name in CELLS.items()
        }
        lines = {name: curves[cell] for cell, name in CELLS.items()}
        end = float(n_steps)
        if axis == "seconds":
            end = _right_end(max((x[-1] for x, _ in lines.values() if len(x)), default=0.5))
        words = "updates" if axis == "updates" else "seconds of its own computing time"
        picture.move(lines, rows, words, end)
        so_far = "; ".join(
            f"{name} with {counted(units[cell], 'unit')}"
            + (f" {rows[name][3]} right" if trainers[cell].losses else "")
            for cell, name in CELLS.items()
        )
        return (
            f"At most {settings['budget']:,} parameters, {settings['distance']} words in between, "
            f"learning rate {settings['learning_rate']:.4f}, gates with bias "
            f"{settings['keep_bias']:.1f}, after {counted(race.updates, 'update')} each: "
            f"{so_far}."
        )

    live = make_learning_figure(
        figure,
        update,
        race.step,
        n_steps,
        reset=race.restart,
        twin=lambda: explore_equal_parameters(n_steps, first=0),
        updates=(0, 40, 80, 150, 250, 400),
        steps={"keep_bias": (-1.0, 1.0)},
        moving=picture.moving,
        controls=controls,
        title="RNN, GRU and LSTM with equally many parameters",
        display_only={"axis"},
        draws_per_second=5,
    )
    live.race = race
    if first:
        live.training.run(first)
    return live


RECALL = (
    (
        "The update gate of a GRU is at 1 for ten steps. What has become of the state, and of its "
        "gradient?",
        "Both are what they were: $h_t = h_{t-1}$ exactly, and so are the Jacobians the identity.",
    ),
    (
        "You copy the weights of a GRU into a library that writes $h_t = (1 - z) h_{t-1} + z n$. "
        "What do you change?",
        "The sign of the update gate's block in $W_x$, $W_h$ and $b$: σ(−a) = 1 − σ(a).",
    ),
    (
        "Which of torch's two biases of a GRU could be left out, and which part of them not?",
        "One of the two for reset and update gate, where only their sum counts. For the candidate "
        "both are needed: one stands inside the reset gate.",
    ),
    (
        "A GRU with its reset gate held at 1 is which LSTM?",
        "One with coupled gates (i = 1 − f), without output gate and without the tanh on the way "
        "out: h = c.",
    ),
    (
        "Chapter 05: what does clipping by the global norm keep, that clipping by value does not?",
        "The direction of the gradient.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
