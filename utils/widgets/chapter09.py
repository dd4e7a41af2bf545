"""Live figures of chapter 09: masks over the future, layers by time, depth against width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets
import numpy as np

from utils.data import entities, one_form
from utils.layer_gradients import LOOKS, layers_over_words
from utils.look_ahead import look_ahead, prefix_beliefs
from utils.plots.directions import draw_beliefs
from utils.plots.layers import draw_depth_race, draw_layer_time
from utils.plots.style import new_figure
from utils.stacked_model import StackedModel
from utils.stacked_training import DEPTHS, DepthRace
from utils.validation import Array, IndexArray, as_choice, as_count
from utils.widgets.learning_figure import LearningFigure, make_learning_figure
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

__all__ = [
    "RECALL",
    "ROOM",
    "TAGGED",
    "Tagged",
    "explore_depth_and_width",
    "explore_future",
    "explore_layer_time",
]

ROOM = 20
"""Words that fit into the picture of a sentence."""

_DEEPEST = 8


# Mask the future


class Tagged(NamedTuple):
    """Say how a kind of sentences is read.

    Attributes
    ----------
    read : callable
        From a text to its words and their places in the vocabulary.
    tags : tuple of str
    sentences : tuple of str
        Some to choose from.
    """

    read: Callable[[str], tuple[tuple[str, ...], IndexArray]]
    tags: tuple[str, ...]
    sentences: tuple[str, ...]


def _read_numbers(text: str) -> tuple[tuple[str, ...], IndexArray]:
    xs = one_form.encode(text)
    return tuple(one_form.VOCABULARY[i] for i in xs), xs


def _read_entities(text: str) -> tuple[tuple[str, ...], IndexArray]:
    words = entities.tokenise(text)
    return tuple(words), entities.encode(words)


TAGGED: Mapping[str, Tagged] = {
    "numbers": Tagged(
        _read_numbers,
        one_form.TAGS,
        (
            "The sheep, which already ate fresh bread, were full.",
            "The sheep, which already ate fresh bread, was full.",
            "The cats, which already ate fresh bread, were full.",
            "The deer that ran was tired.",
        ),
    ),
    "entities": Tagged(
        _read_entities,
        entities.TAGS,
        (
            "Georgia, as we heard, has two airports.",
            "Georgia, as we heard, has two sisters.",
            "May, so the paper says, was the coldest month in Peru.",
            "May, so the paper says, was ill on Monday.",
            "We flew to Jordan with May on 12 May 1984.",
        ),
    ),
}
"""What `explore_future` can show: the number of nouns, and named entities."""


def explore_future(
    models: Mapping[str, StackedModel], data: str, sentences: Sequence[str] | None = None
) -> LiveFigure:
    """Hide the future from taggers and see what they believe of each word.

    Parameters
    ----------
    models : mapping of str to StackedModel
        Trained networks by name; they are not changed.
    data : {"numbers", "entities"}
        Which sentences they were trained on: `utils.data.one_form` or `utils.data.entities`.
    sentences : sequence of str, optional
        Others to choose from than those of `TAGGED`.

    Returns
    -------
    LiveFigure
        Starts with the last network, which may read no word ahead. A sentence may also be typed.

    Raises
    ------
    TypeError, ValueError
        If there is no network or no sentence, a sentence cannot be read, or a network does not
        have the tags.
    """
    read, tags, given = TAGGED[as_choice("data", data, TAGGED)]
    sentences = tuple(given if sentences is None else sentences)
    if not models or not sentences:
        raise ValueError("expected at least one network and one sentence.")
    for name, model in models.items():
        if model.output.W_hy.shape[1] != len(tags):
            raise ValueError(
                f"network {name!r} has {model.output.W_hy.shape[1]} outputs; expected "
                f"{len(tags)}, one for each tag of {data!r}."
            )
    figure, ax = new_figure(size=(11, 0.9 + 0.52 * len(tags) + 1.2))
    picture = draw_beliefs(ax, tags, ROOM)
    kept: dict[tuple[str, tuple[int, ...]], Array] = {}

    def beliefs_of(network: str, xs: IndexArray) -> Array:
        key = (network, tuple(xs))
        if key not in kept:
            if len(kept) > 30:
                kept.clear()
            kept[key] = prefix_beliefs(models[network], xs[:, None])
        return kept[key]

    def update(network: str, sentence: str, ahead: int, word: int, typed: str) -> str:
        words, xs = read(typed if typed.strip() else sentence)
        words, xs = words[:ROOM], xs[:ROOM]
        T = len(words)
        believed = look_ahead(beliefs_of(network, xs), ahead)[:, 0]
        at = min(word, T) - 1
        until = min(at + ahead, T - 1)
        heading = f"{network}; for “{words[at]}” the words up to “{words[until]}” have been read"
        picture.move(words, believed, heading, at, ahead)
        best = int(believed[at].argmax())
        return (
            f"{network}, which may read {counted(ahead, 'word')} ahead. Of “{words[at]}” in “"
            f"{' '.join(words)}” it has read the words up to “{words[until]}” and believes "
            f"“{tags[best]}” with a probability of {believed[at, best]:.2f}. Most likely tags of "
            f"all words: {', '.join(tags[k] for k in believed.argmax(axis=1))}."
        )

    first = 2 if data == "numbers" else 1
    controls = {
        "network": ipywidgets.ToggleButtons(
            options=list(models),
            value=list(models)[-1],
            description="network",
            style={"button_width": "auto"},
        ),
        "sentence": ipywidgets.Dropdown(options=sentences, description="sentence"),
        "ahead": ipywidgets.IntSlider(
            0, min=0, max=ROOM - 1, description="words of the future that may be read"
        ),
        "word": ipywidgets.IntSlider(
            first, min=1, max=ROOM, description="the word in bold, counted from the start"
        ),
        "typed": ipywidgets.Text("", description="or type a sentence", placeholder=sentences[0]),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="What a tagger believes when the future is hidden",
        steps={"ahead": (0, 1, 2, 3, 4, 6, 8), "sentence": sentences[:3]},
    )


# Layers by time


def explore_layer_time() -> LiveFigure:
    """Watch states, or the gradient of a loss, in every layer at every word.

    Returns
    -------
    LiveFigure
        Starts with the gradient in six layers of LSTM, before any training.
    """
    figure, ax = new_figure(size=(11, 5.4))
    picture = draw_layer_time(ax, 2 * _DEEPEST, ROOM, (-4.0, 0.5))

    def update(
        part: str,
        where: str,
        cell: str,
        depth: int,
        residual: bool,
        both_directions: bool,
        distance: int,
        seed: int,
    ) -> str:
        found = layers_over_words(
            cell, depth, both_directions, residual, distance, part, where, seed
        )
        states = part == "states"
        picture.limits(*((0.0, 1.0) if states else (-4.0, 0.5)))
        what = "size of the state" if states else f"log₁₀ of the gradient; {LOOKS[where]}"
        picture.move(found.values, found.rows, found.words, what)
        name = {"rnn": "plain RNN", "lstm": "LSTM", "gru": "GRU"}[cell]
        low, high = found.values[0], found.values[-1]
        seen = np.isfinite(found.values)
        return (
            f"{counted(depth, 'layer')} of {name}, residual {'on' if residual else 'off'}, {what}. "
            f"First word: {_said(low[0])} in the lowest row, {_said(high[0])} in the highest; "
            f"last word: {_said(low[-1])} and {_said(high[-1])}. All values lie between "
            f"{found.values[seen].min():.2g} and {found.values[seen].max():.2g}."
        )

    controls = {
        "part": ipywidgets.ToggleButtons(
            options=["gradients", "states"], value="gradients", description="show"
        ),
        "where": ipywidgets.Dropdown(
            options=[(words, name) for name, words in LOOKS.items()],
            value="last word",
            description="for gradients",
        ),
        "cell": ipywidgets.ToggleButtons(
            options=[("plain RNN", "rnn"), ("LSTM", "lstm"), ("GRU", "gru")],
            value="lstm",
            description="cell",
        ),
        "depth": ipywidgets.IntSlider(6, min=1, max=_DEEPEST, description="layers"),
        "residual": ipywidgets.Checkbox(False, description="residual connections"),
        "both_directions": ipywidgets.Checkbox(False, description="both directions"),
        "distance": ipywidgets.IntSlider(
            8, min=0, max=ROOM - 5, description="words between noun and verb"
        ),
        "seed": ipywidgets.IntSlider(0, min=0, max=9, description="random seed of the weights"),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="Layers by time",
        steps=["depth", "cell"],
    )


# Depth and width


def _race_controls() -> dict[str, ipywidgets.Widget]:
    return {
        "task": ipywidgets.Dropdown(
            options=[
                ("the number of every noun", "numbers"),
                ("the verb after 8 to 12 words", "agreement"),
                ("named entities", "entities"),
            ],
            value="numbers",
            description="task",
        ),
        "parameters": ipywidgets.IntSlider(
            6000,
            min=4000,
            max=40000,
            step=1000,
            description="parameters of each network",
            continuous_update=False,
        ),
        "cell": ipywidgets.ToggleButtons(
            options=[("plain RNN", "rnn"), ("LSTM", "lstm"), ("GRU", "gru")],
            value="lstm",
            description="cell",
        ),
        "both_directions": ipywidgets.Checkbox(True, description="both directions"),
        "residual": ipywidgets.Checkbox(False, description="residual connections"),
        "learning_rate": ipywidgets.FloatLogSlider(
            0.01,
            base=10,
            min=-3,
            max=-1,
            step=0.1,
            readout_format=".4f",
            description="learning rate of Adam",
            continuous_update=False,
        ),
        "seed": ipywidgets.IntSlider(
            0, min=0, max=9, description="random seed", continuous_update=False
        ),
    }


def explore_depth_and_width(n_steps: int = 300, first: int = 20) -> LearningFigure:
    """Train networks of 1, 2, 4 and 8 layers side by side, with as many parameters as you allow.

    A change of a setting starts all of them anew.

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
        networks.

    Raises
    ------
    ValueError
        If `n_steps` is below 1 or `first` negative.
    """
    n_steps = as_count("n_steps", n_steps)
    first = as_count("first", first, at_least=0)
    race = DepthRace(task="numbers", parameters=6000)
    controls = _race_controls()
    figure, axes = new_figure(1, 2, size=(11, 4.3), width_ratios=[1.2, 1])
    picture = draw_depth_race(axes, DEPTHS, n_steps)

    def update(**settings: Any) -> str:
        if any(race.settings[name] != value for name, value in settings.items()):
            race.restart(**settings)
        curves, units, parameters = race.curves(), race.units(), race.parameters()
        right = {
            depth: trainer.recent_accuracy(10) if trainer.losses else None
            for depth, trainer in race.trainers.items()
        }
        notes = {
            depth: f"{counted(units[depth], 'unit')}\n{parameters[depth]:,}\nparameters"
            + ("" if right[depth] is None else f"\n{right[depth]:.1%} right")
            for depth in DEPTHS
        }
        picture.move(curves, units, notes)
        so_far = "; ".join(
            f"{counted(depth, 'layer')} of {counted(units[depth], 'unit')}"
            + (f" {counted(curves[depth][-1], 'nat', digits='.2g')}" if len(curves[depth]) else "")
            for depth in DEPTHS
        )
        return (
            f"Task: {settings['task']}. About {settings['parameters']:,} parameters each, after "
            f"{counted(race.updates, 'update')}: {so_far}."
        )

    live = make_learning_figure(
        figure,
        update,
        race.step,
        n_steps,
        reset=race.restart,
        twin=lambda: explore_depth_and_width(n_steps, first=0),
        updates=(0, 20, 50, 100, 150),
        steps={"cell": ("rnn", "lstm")},
        moving=picture.moving,
        controls=controls,
        title="Deep or wide, with equally many parameters",
        draws_per_second=5,
    )
    live.race = race
    if first:
        live.training.run(first)
    return live


def _said(value: float) -> str:
    return f"{value:.2g}" if np.isfinite(value) else "nothing"


RECALL = (
    (
        "A bidirectional layer has read a sentence of T words. Which of its 2H numbers at the last "
        "word have seen the first word?",
        "The H of the forward half. The backward half starts at the last word and has read that "
        "one alone.",
    ),
    (
        "Someone trains a bidirectional network to predict the next word, and the loss falls far "
        "below that of a forward network. What has it learnt?",
        "To copy: at word t the backward cell has read word t + 1, which is the answer. Where "
        "there is no future to read, as in writing, it is of no use.",
    ),
    (
        "An LSTM of two layers reads in both directions, with D inputs and H units. What is the "
        "shape of $W_x$ in a cell of the second layer?",
        "$(2H, 4H)$: it reads the states of both directions of the layer below.",
    ),
    (
        "Why is dropout put between layers and not on the state on its way through time, with a "
        "new mask at each step?",
        "On that way the same number passes T masks and survives with a probability of "
        "$(1 - p)^T$; between layers it passes one mask for each layer.",
    ),
    (
        "Chapter 08: which LSTM is a GRU whose reset gate is held at 1?",
        "One with coupled gates (i = 1 − f), without output gate and without the tanh on the way "
        "out.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
