"""Plain RNN, GRU and LSTM of one number of parameters, trained side by side."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from utils.classifier import SequenceClassifier, init_classifier
from utils.clipping import clip_by_global_norm
from utils.data import grammar
from utils.optim import Adam
from utils.parameter_counts import count_network
from utils.sequence_model import SequenceModel
from utils.validation import Array, IndexArray, as_choice, as_count, as_number

__all__ = [
    "CELLS",
    "CellRace",
    "CellTrainer",
    "Race",
    "TrainerGroup",
    "build_reader",
    "count_reader",
    "draw_sentences",
    "largest_units",
    "start_training",
]

CELLS: Mapping[str, str] = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
"""From the short name of a cell to the one that is written."""

V = len(grammar.VOCABULARY)
K = len(grammar.VERBS)
Draw = Callable[[np.random.Generator], tuple[Any, Any]]
# Computing time of a thread; on Windows it is counted in ticks that are longer than an update.
_clock = time.perf_counter if sys.platform == "win32" else time.thread_time


def count_reader(cell: str, H: int, D: int = V, classes: int = K) -> int:
    r"""Count the parameters of a cell with its output layer, as `utils.classifier` has them.

    .. math:: \text{RNN } H(D + H + 1), \quad \text{GRU } 3H(D + H + 1) + H, \quad
              \text{LSTM } 4H(D + H + 1), \quad \text{and } K(H + 1)

    Parameters
    ----------
    cell : {"rnn", "gru", "lstm"}
    H, D, classes : int, at least 1
        Hidden units, input features, classes.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    as_choice("cell", cell, CELLS)
    H, D, classes = as_count("H", H), as_count("D", D), as_count("classes", classes)
    b_hn = H if cell == "gru" else 0
    return count_network(cell, D, H).total + b_hn + classes * (H + 1)


def largest_units(cell: str, budget: int, D: int = V, classes: int = K) -> int:
    """Return how many hidden units a cell may have within a budget of parameters.

    Parameters
    ----------
    cell : {"rnn", "gru", "lstm"}
    budget : int
        Parameters, output layer included.
    D, classes : int, at least 1

    Returns
    -------
    int, at least 1

    Raises
    ------
    TypeError, ValueError
        If the budget is too small for one unit, or an argument is not as described.
    """
    budget = as_count("budget", budget)
    H = 0
    while count_reader(cell, H + 1, D, classes) <= budget:
        H += 1
    if H == 0:
        raise ValueError(
            f"budget is {budget}; expected at least {count_reader(cell, 1, D, classes)}, which one "
            f"unit of a cell {cell!r} takes."
        )
    return H


def build_reader(cell: str, H: int, seed: int, keep_bias: float = 1.0) -> SequenceClassifier:
    r"""Return a new network that reads agreement sentences.

    Weights are normal with a standard deviation of :math:`1/\sqrt{\text{rows}}`, biases zero, but
    for the gate that keeps.

    Parameters
    ----------
    cell : {"rnn", "gru", "lstm"}
    H : int, at least 1
    seed : int
    keep_bias : float
        Bias of the LSTM's forget gate or of the GRU's update gate; a plain RNN has neither.

    Returns
    -------
    SequenceClassifier

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    as_choice("cell", cell, CELLS)
    model = init_classifier(V, H, K, np.random.default_rng(seed), cell=cell)
    if cell != "rnn":  # the second block of both: forget gate, update gate
        model.cell.b[H : 2 * H] = as_number("keep_bias", keep_bias)
    return model


def draw_sentences(distances: Any, distractors: str = "none", B: int = 32) -> Draw:
    """Return a function that draws a batch of agreement sentences from a random generator.

    Parameters
    ----------
    distances : int or sequence of int
        Words between noun and verb; one of them is drawn for every batch.
    distractors : {"none", "random", "opposite"}
        As in `utils.data.grammar.make_sentence`; with a distractor at least 4 words.
    B : int, at least 1
        Sentences in a batch.

    Returns
    -------
    callable
        Takes a numpy Generator, returns xs (T, B) and targets (B,).
    """
    distances = np.atleast_1d(distances)

    def draw(rng: np.random.Generator) -> tuple[IndexArray, IndexArray]:
        return grammar.batch(rng, B, int(rng.choice(distances)), distractors)

    return draw


class CellTrainer:
    """Train one network on new sequences at every update, and keep a log.

    Parameters
    ----------
    model : SequenceClassifier or SequenceModel
        Trained in place.
    draw : callable
        Takes a random generator, returns inputs and one class for each sequence.
    optimiser : object with ``step(weights, gradients)``
    rng : numpy.random.Generator
        Draws the sequences.
    max_norm : float above 0
        Clips every gradient to this global norm.

    Attributes
    ----------
    losses, accuracies, seconds : list of float
        One entry per update: loss in nats and share of right classes before it, and the seconds
        that it took the processor, whatever else the machine was doing (on Windows the seconds
        that went by).
    """

    def __init__(
        self,
        model: SequenceClassifier | SequenceModel,
        draw: Draw,
        optimiser: Any,
        rng: np.random.Generator,
        max_norm: float = 1.0,
    ) -> None:
        self.model, self.draw, self.optimiser, self.rng = model, draw, optimiser, rng
        self.max_norm = as_number("max_norm", max_norm, above=0)
        self.losses: list[float] = []
        self.accuracies: list[float] = []
        self.seconds: list[float] = []

    def step(self, i: int = 0) -> dict[str, float]:
        """Make one update; `i` is not used and lets ``train_live`` call the method.

        Returns
        -------
        dict
            ``loss`` and ``accuracy``.
        """
        batch = self.draw(self.rng)
        started = _clock()
        done = self._loss_and_gradients(batch)
        gradients = clip_by_global_norm(done.gradients, self.max_norm).gradients
        self.optimiser.step(self.model.weights, gradients)
        self.seconds.append(_clock() - started)
        self.losses.append(done.loss)
        scores = done.logits if hasattr(done, "logits") else done.outputs
        self.accuracies.append(self._share_right(scores, batch))
        return {"loss": self.losses[-1], "accuracy": self.accuracies[-1]}

    def _loss_and_gradients(self, batch: Any) -> Any:
        xs, targets = batch
        return self.model.loss_and_gradients(xs, targets)

    def _share_right(self, scores: Array, batch: Any) -> float:
        return float((scores.argmax(axis=-1) == batch[1]).mean())

    def run(self, updates: int) -> CellTrainer:
        """Make many updates and return the trainer itself.

        Parameters
        ----------
        updates : int, at least 1

        Returns
        -------
        CellTrainer
        """
        for i in range(as_count("updates", updates)):
            self.step(i)
        return self

    def recent_accuracy(self, n: int = 50) -> float:
        """Return the share of right classes over the last n updates; 0 before the first.

        Parameters
        ----------
        n : int, at least 1

        Returns
        -------
        float in [0, 1]
        """
        return float(np.mean(self.accuracies[-n:])) if self.accuracies else 0.0

    def smoothed(self, n: int = 20) -> Array:
        """Return the running mean of the accuracies over the last n updates, one entry each.

        Parameters
        ----------
        n : int, at least 1

        Returns
        -------
        array, shape (updates,), values in [0, 1]
        """
        sums = np.concatenate([[0.0], np.cumsum(self.accuracies)])
        ends = np.arange(1, len(sums))
        starts = np.maximum(ends - n, 0)
        return (sums[ends] - sums[starts]) / (ends - starts)

    @property
    def milliseconds(self) -> float:
        """Median time of an update, in milliseconds; 0 before the first."""
        return 1000 * float(np.median(self.seconds)) if self.seconds else 0.0


def start_training(
    model: SequenceClassifier | SequenceModel,
    distances: Any,
    distractors: str = "none",
    learning_rate: float = 0.005,
    seed: int | Sequence[int] = 1,
) -> CellTrainer:
    """Return a trainer for agreement sentences, with Adam and gradients clipped to norm 1.

    Parameters
    ----------
    model : SequenceClassifier or SequenceModel
        Trained in place.
    distances, distractors
        As in `draw_sentences`.
    learning_rate : float above 0
    seed : int or sequence of int
        Of the sentences.

    Returns
    -------
    CellTrainer

    Raises
    ------
    TypeError, ValueError
        If a setting is out of range.
    """
    adam = Adam(as_number("learning_rate", learning_rate, above=0))
    draw = draw_sentences(distances, distractors)
    return CellTrainer(model, draw, adam, np.random.default_rng(seed))


class TrainerGroup:
    """Train several networks side by side, one update each in turn.

    Parameters
    ----------
    trainers : mapping of str to CellTrainer

    Raises
    ------
    ValueError
        If there is no trainer.
    """

    def __init__(self, trainers: Mapping[str, CellTrainer]) -> None:
        if not trainers:
            raise ValueError("trainers is empty; expected at least one by name.")
        self.trainers = dict(trainers)

    def __getitem__(self, name: str) -> CellTrainer:
        return self.trainers[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order; ``train_live`` shows an accuracy for each."""
        return tuple(self.trainers)

    @property
    def models(self) -> dict[str, Any]:
        """The networks themselves, by name."""
        return {name: trainer.model for name, trainer in self.trainers.items()}

    def step(self, i: int = 0) -> dict[str, float]:
        """Make one update of each; `i` is not used.

        Returns
        -------
        dict
            ``loss``, the mean of all, and under each name the accuracy.
        """
        done = {name: trainer.step(i) for name, trainer in self.trainers.items()}
        losses = [one["loss"] for one in done.values()]
        return {"loss": float(np.mean(losses))} | {k: one["accuracy"] for k, one in done.items()}


class Race:
    """Train several networks side by side, one update each in turn, and begin anew on demand.

    A subclass states its settings with their first values, and builds its trainers from them.
    Methods may be called from several threads.

    Parameters
    ----------
    **settings
        Those that differ from the first values.

    Attributes
    ----------
    settings : dict
    trainers : dict of str or int to CellTrainer
    """

    FIRST: Mapping[str, Any] = {}

    def __init__(self, **settings: Any) -> None:
        self._lock = threading.RLock()
        self.settings: dict[str, Any] = dict(self.FIRST)
        self.trainers: dict[Any, CellTrainer] = {}
        self.restart(**settings)

    def build(self, settings: Mapping[str, Any]) -> dict[Any, CellTrainer]:
        """Return new trainers for these settings; each kind of race says which.

        Parameters
        ----------
        settings : mapping of str to value

        Returns
        -------
        dict of trainers
        """
        raise NotImplementedError

    def restart(self, **settings: Any) -> None:
        """Begin anew, with the settings that are given and the earlier ones for the others.

        Parameters
        ----------
        **settings
            New values by name.

        Raises
        ------
        TypeError, ValueError
            If there is no such setting, or one is out of range; the race goes on as it was.
        """
        with self._lock:
            for name in settings:
                as_choice("a setting", name, self.settings)
            chosen = self.settings | settings
            self.trainers = self.build(chosen)
            self.settings = chosen

    def step(self, i: int = 0) -> dict[str, float]:
        """Make one update of each; `i` is not used.

        Returns
        -------
        dict
            ``loss``, the mean of all.
        """
        with self._lock:
            losses = [trainer.step()["loss"] for trainer in self.trainers.values()]
            return {"loss": float(np.mean(losses))}

    @property
    def updates(self) -> int:
        """How many updates each network has made."""
        with self._lock:
            return min(len(trainer.losses) for trainer in self.trainers.values())


class CellRace(Race):
    """Train the three cells at one budget of parameters, all on the same sentences.

    Parameters
    ----------
    budget : int, at first 9000
        Parameters that each network may have at most.
    distance : int, at first 20
        Words between noun and verb.
    learning_rate : float above 0, at first 0.005
        Of Adam, the same for all three.
    keep_bias : float, at first 1
        As in `build_reader`.
    seed : int, at first 0

    Attributes
    ----------
    trainers : dict of str to CellTrainer
        By the short name of the cell.
    """

    FIRST: Mapping[str, Any] = {
        "budget": 9000,
        "distance": 20,
        "learning_rate": 0.005,
        "keep_bias": 1.0,
        "seed": 0,
    }

    def build(self, settings: Mapping[str, Any]) -> dict[str, CellTrainer]:
        """Return a new trainer for each of the three cells, by the cell's short name."""
        distance = as_count("distance", settings["distance"])
        sentences = [settings["seed"], 1]  # the same for all three
        trainers = {}
        for cell in CELLS:
            H = largest_units(cell, settings["budget"])
            model = build_reader(cell, H, settings["seed"], settings["keep_bias"])
            trainers[cell] = start_training(
                model, distance, learning_rate=settings["learning_rate"], seed=sentences
            )
        return trainers

    def units(self) -> dict[str, int]:
        """Return the hidden units of each network, by the short name of its cell."""
        with self._lock:
            return {cell: len(trainer.model.output.W_hy) for cell, trainer in self.trainers.items()}

    def curves(self, axis: str = "updates") -> dict[str, tuple[Array, Array]]:
        """Return the running accuracy of each network, against updates or against its own time.

        Parameters
        ----------
        axis : {"updates", "seconds"}

        Returns
        -------
        dict of str to (x, accuracy)
            Arrays with an entry per update.

        Raises
        ------
        ValueError
            If `axis` is another word.
        """
        as_choice("axis", axis, ("updates", "seconds"))
        with self._lock:
            return {
                cell: (
                    np.arange(1.0, len(trainer.losses) + 1)
                    if axis == "updates"
                    else np.cumsum(trainer.seconds),
                    trainer.smoothed(),
                )
                for cell, trainer in self.trainers.items()
            }
