"""Training of stacked and bidirectional networks: batches with a mask, and depth against width."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from utils.cell_race import CellTrainer, Race
from utils.data import entities, grammar, one_form
from utils.optim import Adam
from utils.stacked_model import StackedModel, count_parameters, init_stacked_model, sized_for
from utils.validation import Array, IndexArray, as_choice, as_count, as_number

__all__ = [
    "DEPTHS",
    "TASKS",
    "DepthRace",
    "StackedTrainer",
    "Task",
    "TrainingBatch",
    "build_tagger",
    "draw_agreement",
    "draw_entities",
    "draw_numbers",
    "start_stacked",
]

DEPTHS = (1, 2, 4, 8)
"""How many layers the networks of `DepthRace` have."""


class TrainingBatch(NamedTuple):
    """Hold what an update needs.

    Attributes
    ----------
    xs : array of int, shape (T, B)
    targets : array of int, shape (T, B) or (B,)
    mask : array of 0 and 1, shape (T, B), or None
    """

    xs: IndexArray
    targets: IndexArray
    mask: Array | None = None


Draw = Callable[[np.random.Generator], TrainingBatch]


class StackedTrainer(CellTrainer):
    """Train one stack of layers on new sequences at every update, and keep a log.

    Parameters
    ----------
    model : StackedModel
        Trained in place.
    draw : callable
        Takes a random generator, returns a `TrainingBatch`.
    optimiser, rng, max_norm
        As for `utils.cell_race.CellTrainer`, whose logs it keeps as well.
    dropout : float in [0, 1)
        Between layers, while training.
    """

    def __init__(
        self,
        model: StackedModel,
        draw: Draw,
        optimiser: Any,
        rng: np.random.Generator,
        max_norm: float = 1.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(model, draw, optimiser, rng, max_norm)
        self.dropout = as_number("dropout", dropout, at_least=0, below=1)

    def _loss_and_gradients(self, batch: TrainingBatch) -> Any:
        dropped = {"dropout": self.dropout, "rng": self.rng} if self.dropout else {}
        return self.model.loss_and_gradients(*batch, **dropped)

    def _share_right(self, scores: Array, batch: TrainingBatch) -> float:
        hits = scores.argmax(axis=-1) == batch.targets
        if batch.mask is not None:
            hits = hits[np.asarray(batch.mask, dtype=bool)]
        return float(hits.mean())


def draw_agreement(distances: Any, B: int = 32) -> Draw:
    """Return a function that draws agreement sentences: which verb follows, once per sentence.

    Parameters
    ----------
    distances : int or sequence of int
        Words between noun and verb; one of them is drawn for every batch.
    B : int, at least 1

    Returns
    -------
    callable
        Takes a numpy Generator, returns a `TrainingBatch`.
    """
    distances = np.atleast_1d(distances)

    def draw(rng: np.random.Generator) -> TrainingBatch:
        return TrainingBatch(*grammar.batch(rng, B, int(rng.choice(distances))))

    return draw


def draw_numbers(distances: Any, share: float = 0.5, B: int = 32) -> Draw:
    """Return a function that draws sentences of `utils.data.one_form`, with a tag for each word.

    Parameters
    ----------
    distances
        As in `draw_agreement`.
    share : float in [0, 1]
        How likely the subject is a noun of one form.
    B : int, at least 1
        As in `draw_agreement`.

    Returns
    -------
    callable
        From a random generator to a TrainingBatch.
    """
    distances = np.atleast_1d(distances)

    def draw(rng: np.random.Generator) -> TrainingBatch:
        done = one_form.batch(rng, B, int(rng.choice(distances)), share)
        return TrainingBatch(done.xs, done.tags)

    return draw


def draw_entities(split: str = "train", asides: int = 1, B: int = 32) -> Draw:
    """Return a function that draws tagged sentences of `utils.data.entities`, padded, with a mask.

    Parameters
    ----------
    split, asides
        As in `utils.data.entities.batch`.
    B : int, at least 1

    Returns
    -------
    callable
        From a random generator to a TrainingBatch.
    """

    def draw(rng: np.random.Generator) -> TrainingBatch:
        done = entities.batch(rng, B, split, asides)
        return TrainingBatch(done.xs, done.tags, done.mask)

    return draw


class Task(NamedTuple):
    """Say what a network of `DepthRace` learns.

    Attributes
    ----------
    draw : callable
        As for `StackedTrainer`.
    D, K : int
        Words of the vocabulary, and classes.
    """

    draw: Draw
    D: int
    K: int


TASKS: Mapping[str, Task] = {
    "agreement": Task(draw_agreement((8, 9, 10, 11, 12)), len(grammar.VOCABULARY), 2),
    "numbers": Task(draw_numbers((4, 5, 6, 7, 8)), len(one_form.VOCABULARY), len(one_form.TAGS)),
    "entities": Task(draw_entities(), len(entities.VOCABULARY), len(entities.TAGS)),
}
"""What `DepthRace` and `build_tagger` know: the verb after 8 to 12 words, the number of every noun
with 4 to 8 words between subject and verb, and named entities."""


def build_tagger(
    task: str,
    parameters: int,
    both_directions: bool,
    seed: int,
    cell: str = "lstm",
    depth: int = 1,
    residual: bool = False,
) -> StackedModel:
    """Return a new network for a task, with as many units as come closest to a budget.

    Parameters
    ----------
    task : str
        A key of `TASKS`.
    parameters : int, at least 1
        Output layer included.
    both_directions : bool
    seed : int
    cell : {"rnn", "lstm", "gru"}
        The forget gates of an LSTM start with a bias of 1.
    depth : int, at least 1
    residual : bool

    Returns
    -------
    StackedModel
        Of float32 arrays, which train faster.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    _, D, K = TASKS[as_choice("task", task, TASKS)]
    H = sized_for(parameters, D, K, cell, depth, both_directions)
    rng = np.random.default_rng(seed)
    bias = 1.0 if cell == "lstm" else 0.0
    return init_stacked_model(
        D, H, K, rng, cell, depth, both_directions, residual, bias, dtype=np.float32
    )


def start_stacked(
    model: StackedModel, draw: Draw, learning_rate: float = 0.01, seed: int = 1
) -> StackedTrainer:
    """Return a trainer with Adam and gradients clipped to norm 1.

    Parameters
    ----------
    model : StackedModel
        Trained in place.
    draw : callable
        As for `StackedTrainer`.
    learning_rate : float above 0
    seed : int
        Of the batches.

    Returns
    -------
    StackedTrainer
    """
    adam = Adam(as_number("learning_rate", learning_rate, above=0))
    return StackedTrainer(model, draw, adam, np.random.default_rng(seed))


class DepthRace(Race):
    """Train networks of 1, 2, 4 and 8 layers on one budget of parameters and the same sequences.

    Parameters
    ----------
    task : str, at first "entities"
        A key of `TASKS`.
    parameters : int, at first 12000
        Budget of each network.
    cell : {"rnn", "lstm", "gru"}, at first "lstm"
    both_directions : bool, at first True
    residual : bool, at first False
    learning_rate : float above 0, at first 0.01
    seed : int, at first 0

    Attributes
    ----------
    trainers : dict of int to StackedTrainer
        By the number of layers.
    """

    FIRST: Mapping[str, Any] = {
        "task": "entities",
        "parameters": 12000,
        "cell": "lstm",
        "both_directions": True,
        "residual": False,
        "learning_rate": 0.01,
        "seed": 0,
    }

    def build(self, settings: Mapping[str, Any]) -> dict[int, StackedTrainer]:
        """Return a new trainer for each number of layers.

        Parameters
        ----------
        settings : mapping of str to value
            With the names of `settings`.

        Returns
        -------
        dict of int to StackedTrainer
            By the number of layers.

        Raises
        ------
        TypeError, ValueError
            If a setting is out of range.
        """
        task = TASKS[as_choice("task", settings["task"], TASKS)]
        parameters = as_count("parameters", settings["parameters"])
        trainers = {}
        for depth in DEPTHS:
            model = build_tagger(
                settings["task"],
                parameters,
                settings["both_directions"],
                settings["seed"],
                settings["cell"],
                depth,
                settings["residual"],
            )
            trainers[depth] = start_stacked(
                model, task.draw, settings["learning_rate"], settings["seed"] + 1
            )
        return trainers

    def units(self) -> dict[int, int]:
        """Return the hidden units of each cell, by the number of layers.

        Returns
        -------
        dict of int to int
        """
        with self._lock:
            return {
                depth: trainer.model.layers[0].forward[1].shape[0]
                for depth, trainer in self.trainers.items()
            }

    def parameters(self) -> dict[int, int]:
        """Return how many parameters each network has, by the number of layers.

        Returns
        -------
        dict of int to int
        """
        with self._lock:
            _, D, K = TASKS[self.settings["task"]]
            cell, both = self.settings["cell"], self.settings["both_directions"]
            units = self.units()
            return {
                depth: count_parameters(D, H, K, cell, depth, both) for depth, H in units.items()
            }

    def curves(self) -> dict[int, Array]:
        """Return the mean loss of the last 10 updates, in nats, after every update.

        Returns
        -------
        dict of int to array, shape (updates,)
        """
        with self._lock:
            return {depth: _running_mean(t.losses, 10) for depth, t in self.trainers.items()}


def _running_mean(values: list[float], n: int) -> Array:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - n, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)
