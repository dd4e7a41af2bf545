"""Training of a plain recurrent network on agreement sentences, with a log of what happened."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from utils.classifier import SequenceClassifier, init_classifier
from utils.clipping import clip_by_global_norm, global_norm
from utils.data import grammar
from utils.jacobians import backward_gains, gradient_by_step
from utils.losses import d_softmax_cross_entropy
from utils.optim import SGD
from utils.validation import Array, IndexArray, as_count, as_number

__all__ = [
    "AgreementTrainer",
    "accuracy_by_distance",
    "fixed_sentences",
    "gains_over_sentence",
    "gradient_parts",
    "run_with_long_batch",
]


class AgreementTrainer:
    """Train a classifier on new agreement sentences at every update, and keep a log.

    Parameters
    ----------
    model : SequenceClassifier
        Trained in place; its inputs are the words of `utils.data.grammar`, its classes the verbs.
    distances : int or iterable of int
        Words between noun and verb; one of them is drawn for every batch.
    optimiser : object with ``step(weights, gradients)``
        Such as `utils.optim.SGD`.
    rng : numpy.random.Generator
        Draws the sentences.
    max_norm : float above 0, optional
        Clips every gradient to this global norm.
    B : int
        Sentences in a batch.
    watch : iterable of int
        Updates, counted from 0, before which the gains over a sentence are measured.

    Attributes
    ----------
    losses, norms, accuracies : list of float
        One entry per update: the loss in nats and the share of right verbs before it, and the
        global norm of the gradient before clipping.
    gains : dict of int to array
        For the updates of `watch`, what `gains_over_sentence` returns at the largest distance.

    Raises
    ------
    TypeError, ValueError
        If a setting is not as described.
    """

    def __init__(
        self,
        model: SequenceClassifier,
        distances: int | Iterable[int],
        optimiser: Any,
        rng: np.random.Generator,
        max_norm: float | None = None,
        B: int = 32,
        watch: Iterable[int] = (),
    ) -> None:
        given = list(distances) if isinstance(distances, Iterable) else [distances]
        self.model = model
        self.distances = [as_count("distances", d, at_least=0) for d in given]
        if not self.distances:
            raise ValueError("distances is empty; expected at least one number of words.")
        self.optimiser = optimiser
        self.rng = rng
        self.max_norm = max_norm if max_norm is None else as_number("max_norm", max_norm, above=0)
        self.B = as_count("B", B)
        self.watch = frozenset(watch)
        self.gains: dict[int, Array] = {}
        self.losses: list[float] = []
        self.norms: list[float] = []
        self.accuracies: list[float] = []

    def step(
        self, i: int = 0, distance: int | None = None, max_norm: float | None = None
    ) -> dict[str, float]:
        """Make one update.

        Parameters
        ----------
        i : int
            Not used; lets `utils.widgets.train_live` call the method.
        distance : int, optional
            Words between noun and verb in this batch alone.
        max_norm : float above 0, optional
            Clip this gradient alone, where the others are not clipped.

        Returns
        -------
        dict
            ``loss``, ``accuracy`` and ``norm``.
        """
        if len(self.losses) in self.watch:
            self.gains[len(self.losses)] = gains_over_sentence(self.model, max(self.distances))
        if distance is None:
            distance = int(self.rng.choice(self.distances))
        xs, targets = grammar.batch(self.rng, self.B, distance)
        done = self.model.loss_and_gradients(xs, targets)
        gradients, limit = done.gradients, max_norm or self.max_norm
        self.losses.append(done.loss)
        self.norms.append(global_norm(gradients))
        self.accuracies.append(float((done.logits.argmax(axis=-1) == targets).mean()))
        if limit is not None:
            gradients = clip_by_global_norm(gradients, limit).gradients
        self.optimiser.step(self.model.weights, gradients)
        return {
            "loss": self.losses[-1],
            "accuracy": self.accuracies[-1],
            "norm": self.norms[-1],
        }

    def run(self, updates: int) -> AgreementTrainer:
        """Make many updates and return the trainer itself.

        Parameters
        ----------
        updates : int, at least 1

        Returns
        -------
        AgreementTrainer

        Raises
        ------
        TypeError, ValueError
            If `updates` is no whole number, or below 1.
        """
        for i in range(as_count("updates", updates)):
            self.step(i)
        return self

    def recent_accuracy(self, n: int = 50) -> float:
        """Return the share of right verbs over the last n updates, in [0, 1].

        Parameters
        ----------
        n : int, at least 1

        Returns
        -------
        float in [0, 1]
            0 before the first update.
        """
        return float(np.mean(self.accuracies[-n:])) if self.accuracies else 0.0


@lru_cache(maxsize=512)
def fixed_sentences(
    distance: int, n: int = 100, distractors: str = "none", seed: int = 99
) -> grammar.AgreementBatch:
    """Return sentences for testing, the same ones whenever they are asked for.

    Parameters
    ----------
    distance : int, at least 0
    n : int, at least 1
    distractors : {"none", "random", "opposite"}
        As in `utils.data.grammar.make_sentence`.
    seed : int

    Returns
    -------
    AgreementBatch
        Not to be changed.

    Raises
    ------
    TypeError, ValueError
        As `utils.data.grammar.batch` does.
    """
    distance = as_count("distance", distance, at_least=0)
    return grammar.batch(np.random.default_rng([seed, distance]), n, distance, distractors)


def accuracy_by_distance(
    model: SequenceClassifier, distances: Iterable[int], n: int = 100, distractors: str = "none"
) -> Array:
    """Test a network on sentences of several distances.

    Parameters
    ----------
    model : SequenceClassifier
    distances : iterable of int
    n : int
        Sentences at each.
    distractors : {"none", "random", "opposite"}

    Returns
    -------
    array, one value in [0, 1] for each distance

    Raises
    ------
    TypeError, ValueError
        As `utils.data.grammar.batch` does.
    """
    return np.array(
        [model.accuracy(*fixed_sentences(d, n, distractors)) for d in distances], dtype=float
    )


def gains_over_sentence(model: SequenceClassifier, distance: int, n: int = 16) -> Array:
    """Measure how much of a gradient at the verb arrives at every earlier state.

    Parameters
    ----------
    model : SequenceClassifier
    distance : int, at least 0
        Words between noun and verb.
    n : int
        Sentences over which the logarithms are averaged.

    Returns
    -------
    array, shape (T + 1,), T = distance + 2
        Mean of log10 of the gain (see `utils.jacobians.backward_gains`); the state after the noun
        is entry 2.

    Raises
    ------
    TypeError, ValueError
        As `utils.data.grammar.batch` does.
    """
    sequence = model.forward(fixed_sentences(distance, n).xs).sequence
    return backward_gains(sequence, model.cell).mean(axis=1)


def gradient_parts(model: SequenceClassifier, xs: IndexArray, targets: IndexArray) -> Array:
    r"""Return the gradient of W_hh as the parts that the steps of a sentence contribute.

    .. math:: \frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T} G_t

    Parameters
    ----------
    model : SequenceClassifier
    xs : array of int, shape (T, B)
    targets : array of int, shape (B,)
        Classes after the last step; the loss is the mean cross-entropy.

    Returns
    -------
    array, shape (T, H, H)
        As `utils.jacobians.gradient_by_step` returns it.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a target is no class.
    """
    run = model.forward(xs)
    d_hs = np.zeros_like(run.sequence.hs)
    d_hs[-1] = d_softmax_cross_entropy(run.logits[-1], targets) @ model.output.W_hy.T
    return gradient_by_step(d_hs, run.sequence, model.cell)


def run_with_long_batch(seed: int, clip: bool, updates: int = 400) -> AgreementTrainer:
    """Train on 4 to 6 words in between, with one batch of 40 words after 200 updates.

    Plain gradient descent with learning rate 0.1, 32 tanh units, and no clipping but for that one
    batch, if asked.

    Parameters
    ----------
    seed : int
        Of the network and of all sentences.
    clip : bool
        Whether the gradient of the long batch is limited to a global norm of 1.
    updates : int, at least 1
        Up to 200 of them come before the long batch.

    Returns
    -------
    AgreementTrainer
        After its last update.

    Raises
    ------
    TypeError, ValueError
        If `updates` is below 1.
    """
    V, H = len(grammar.VOCABULARY), 32
    model = init_classifier(V, H, 2, np.random.default_rng(seed))
    trainer = AgreementTrainer(model, (4, 5, 6), SGD(0.1), np.random.default_rng(100 + seed))
    for i in range(as_count("updates", updates)):
        long = i == 200
        trainer.step(i, distance=40 if long else None, max_norm=1.0 if long and clip else None)
    return trainer
