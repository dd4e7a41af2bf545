"""Train a cell that was put together from parts beside the standard LSTM, on tasks of memory.

Small enough to be watched: both networks read the same batches, and a run takes some seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from utils.cells.lstm_variants import LSTMVariant, as_variant
from utils.clipping import clip_by_global_norm
from utils.data import grammar, tasks
from utils.optim import Adam
from utils.sequence_model import SequenceModel, count_parameters, init_sequence_model
from utils.validation import Array, NotFiniteError, as_choice, as_count

__all__ = ["LIVE_TASKS", "CellTrial", "LiveTask", "score"]

H = 24
B = 32
LEARNING_RATE = 0.01
MAX_NORM = 1.0
FORGET_BIAS = 1.0
TESTED = 256  # sequences that a score looks at
SUCCESS = 0.9
_RUINED = 99.0  # what stands for the loss of a network whose numbers are no longer finite


@dataclass(frozen=True)
class LiveTask:
    """A task at a size that is learnt within seconds, or not at all.

    Attributes
    ----------
    words : str
        What is asked, in one line.
    draw : callable
        ``draw(rng, B)`` gives ``(xs, targets)``.
    D, K : int
        Input features and outputs.
    updates : int
        The budget of a run.
    tolerance : float or None
        How far a number may be off and still count as right; None for classes.
    answers : int
        Steps at the end of a sequence whose classes are asked for, where targets are (T, B).
    """

    words: str
    draw: Callable[[np.random.Generator, int], tuple[Array, Array]]
    D: int
    K: int
    updates: int
    tolerance: float | None = None
    answers: int = 1


@lru_cache(maxsize=1)
def _sentences() -> grammar.AgreementBatch:
    """Return sentences to draw from: making one takes longer than training on it."""
    return grammar.batch(np.random.default_rng(7), 3000, 30)


def _draw_sentences(rng: np.random.Generator, B: int) -> tuple[Array, Array]:
    chosen = rng.integers(0, 3000, B)
    return _sentences().xs[:, chosen], _sentences().targets[chosen]


LIVE_TASKS = {
    "agreement": LiveTask(
        "was or were, 30 words after the noun",
        _draw_sentences,
        *(len(grammar.VOCABULARY), 2, 300),
    ),
    "copying": LiveTask(
        "say two symbols of four again, after 12 blanks",
        lambda rng, B: tasks.copying(rng, B, symbols=2, delay=12, alphabet=4),
        *(6, 5, 600),
        answers=2,
    ),
    "adding": LiveTask(
        "add the two marked numbers out of 30",
        lambda rng, B: tasks.adding(rng, B, 30),
        *(2, 1, 600, 0.1),
    ),
    "temporal order": LiveTask(
        "which two marks came, and in which order, 30 symbols",
        lambda rng, B: tasks.temporal_order(rng, B, 30),
        *(len(tasks.ORDER_SYMBOLS), len(tasks.ORDER_CLASSES), 400),
    ),
    "counting": LiveTask(
        "count + up and − down, 16 symbols",
        lambda rng, B: tasks.signed_count(rng, B, 16),
        *(len(tasks.COUNT_SYMBOLS), 1, 400, 0.5),
    ),
}
"""The tasks by name."""


def score(model: SequenceModel, task: LiveTask, xs: Array, targets: Array) -> float:
    """Return the share of right answers.

    Parameters
    ----------
    model : SequenceModel
    task : LiveTask
    xs : array, shape (T, B, D) or (T, B)
    targets : array, shape (B,) or (T, B)

    Returns
    -------
    float in [0, 1]
        0 for a network whose numbers are no longer finite.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = model.forward(xs).outputs[-task.answers :]  # (answers, B, K)
    except NotFiniteError:
        return 0.0
    asked = np.atleast_2d(targets)[-task.answers :]
    if task.tolerance is None:
        return float(np.mean(outputs.argmax(axis=-1) == asked))
    return float(np.mean(np.abs(outputs[..., 0] - asked) < task.tolerance))


class CellTrial:
    """Train a cell and the standard LSTM beside it, update by update, on the same batches.

    Both have 24 units, start from the same seed with a bias of 1 at the forget gate (if there is
    one), and are trained by Adam at 0.01 with gradients clipped to norm 1.

    Parameters
    ----------
    variant : str or LSTMVariant
        The cell.
    task : str
        One of `LIVE_TASKS`.
    seed : int, at least 0
        Of the weights and of all sequences.

    Attributes
    ----------
    variant : LSTMVariant
    task : LiveTask
    seed : int
    own, standard : SequenceModel
        The two networks, trained in place.
    losses : dict of str to list of float
        "own" and "standard", one entry per update: half the squared error, or nats. 99 from the
        update on at which a network's numbers are no longer finite.

    Raises
    ------
    TypeError, ValueError
        If there is no such variant or task, or `seed` is not a whole number of at least 0.
    """

    def __init__(self, variant: str | LSTMVariant, task: str, seed: int = 0) -> None:
        self.seed = seed = as_count("seed", seed, at_least=0)
        self.variant = as_variant(variant)
        self.task = LIVE_TASKS[as_choice("task", task, tuple(LIVE_TASKS))]
        self._rng = np.random.default_rng([seed, 1])
        self._test = self.task.draw(np.random.default_rng([seed, 2]), TESTED)
        self.own, self.standard = (
            init_sequence_model(
                *(self.task.D, H, self.task.K, np.random.default_rng(seed)),
                cell="lstm",
                variant=kind,
                forget_bias=FORGET_BIAS,
                dtype=np.float32,
            )
            for kind in (self.variant, LSTMVariant())
        )
        self._optimisers = Adam(LEARNING_RATE), Adam(LEARNING_RATE)
        self.losses: dict[str, list[float]] = {"own": [], "standard": []}

    @property
    def updates(self) -> int:
        """How many updates were made."""
        return len(self.losses["own"])

    def step(self, i: int = 0) -> dict[str, float]:
        """Make one update of both networks.

        Parameters
        ----------
        i : int
            Not used; lets a training loop call the method.

        Returns
        -------
        dict
            ``loss`` of the cell, and ``standard``, that of the LSTM.
        """
        xs, targets = self.task.draw(self._rng, B)
        xs = xs if xs.dtype.kind == "i" else xs.astype(np.float32)
        targets = targets if targets.dtype.kind == "i" else targets.astype(np.float32)
        for name, optimiser in zip(self.losses, self._optimisers, strict=True):
            self.losses[name].append(self._update(name, optimiser, xs, targets))
        return {"loss": self.losses["own"][-1], "standard": self.losses["standard"][-1]}

    def scores(self) -> dict[str, float]:
        """Return the share of right answers on 256 new sequences, for "own" and "standard".

        Returns
        -------
        dict of str to float in [0, 1]
        """
        xs, targets = self._test
        return {name: score(getattr(self, name), self.task, xs, targets) for name in self.losses}

    @property
    def T(self) -> int:
        """Steps of a sequence."""
        return len(self._test[0])

    def parameters(self) -> dict[str, int]:
        """Return how many numbers training can change, for "own" and "standard".

        Returns
        -------
        dict of str to int
        """
        return {name: count_parameters(getattr(self, name)) for name in self.losses}

    def _update(self, name: str, optimiser: Adam, xs: Array, targets: Array) -> float:
        if self.losses[name] and self.losses[name][-1] == _RUINED:
            return _RUINED
        model: SequenceModel = getattr(self, name)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                done = model.loss_and_gradients(xs, targets)
                clipped = clip_by_global_norm(done.gradients, MAX_NORM).gradients
                optimiser.step(model.weights, clipped)
        except NotFiniteError:
            return _RUINED
        return min(done.loss, _RUINED) if np.isfinite(done.loss) else _RUINED
