"""Stacks of layers, in one or both directions, on tasks of several shapes; for C18 and C19.

The tasks of `experiments.memory_training` serve here as they are, since a `StackedModel` is asked
and trained like a `SequenceModel`; two more are made here: words to be tagged, with sentences of
different lengths, and the next character, asked for once after a window.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from experiments.memory_training import (
    Task,
    adding,
    agreement,
    as_float32,
    characters,
    copying,
    counting,
    manual,
    train,
)
from experiments.training import Training
from utils.data import entities
from utils.stacked_model import StackedModel, init_stacked_model
from utils.validation import Array, IndexArray, NotFiniteError, as_choice

FORGET_BIAS = 1.0


class Tagged(NamedTuple):
    """Many sentences with their tags, all as long as the longest.

    Attributes
    ----------
    xs, tags : array of int, shape (T, N)
    mask : array of 0 and 1, shape (T, N)
    needs_right : array of bool, shape (T, N)
        Where a tag can be told only with what comes after the word.
    """

    xs: IndexArray
    tags: IndexArray
    mask: Array
    needs_right: Array

    def some(self, chosen: IndexArray) -> tuple[IndexArray, IndexArray, Array]:
        """Return words, tags and mask of some sentences, cut where the longest of them ends."""
        mask = self.mask[:, chosen]
        T = int(mask.sum(axis=0).max())
        return self.xs[:T, chosen], self.tags[:T, chosen], mask[:T]


@functools.lru_cache(maxsize=8)
def tagged_sentences(split: str, sentences: int, seed: int = 0) -> Tagged:
    """Return sentences of one split, the same ones for one seed; see `utils.data.entities`."""
    rng = np.random.default_rng([entities.SPLITS.index(split), sentences, seed])
    return Tagged(*entities.batch(rng, sentences, split)[:4])


def tagging(sentences: int = 4000, new_sentences: int = 400, seed: int = 0) -> Task:
    """Return the tagging of persons, places, dates and money in sentences.

    The score is the F1 of whole entities, in sentences whose names training has not seen.

    Parameters
    ----------
    sentences, new_sentences : int
        How many there are in training and in the test.
    seed : int
        Decides which ones.
    """

    def draw(rng: np.random.Generator, B: int) -> tuple[Any, ...]:
        return tagged_sentences("train", sentences, seed).some(rng.integers(0, sentences, B))

    def draw_new(rng: np.random.Generator, B: int) -> tuple[Any, ...]:
        return tagged_sentences("held_out", new_sentences, seed).some(np.arange(new_sentences))

    D, K = len(entities.VOCABULARY), len(entities.TAGS)
    return Task(D, K, draw, draw_new, f1, stop=0.0, blind=0.0)


def f1(model: StackedModel, xs: IndexArray, tags: IndexArray, mask: Array) -> float:
    """Return the F1 of whole entities where each sentence is read as a whole."""
    return entities.entity_score(model.predict_steps(xs, mask), tags, mask).f1


def f1_online(model: StackedModel, xs: IndexArray, tags: IndexArray, mask: Array) -> float:
    """Return the F1 of whole entities where every word is tagged before the next one comes.

    At each word the model reads the sentence as far as it goes then. For one direction that is the
    same as reading it as a whole.
    """
    return entities.entity_score(predict_online(model, xs, mask), tags, mask).f1


def predict_online(model: StackedModel, xs: IndexArray, mask: Array) -> IndexArray:
    """Return the class of each word, (T, B), told from what has come up to that word."""
    if not model.both_directions:
        return model.predict_steps(xs, mask)
    said = np.zeros_like(xs)
    for t in range(len(xs)):
        there = mask[t] == 1  # the others have ended
        if there.any():
            beginning = xs[: t + 1, there]
            said[t, there] = model.predict_steps(beginning)[-1]
    return said


def right_where(
    model: StackedModel, xs: IndexArray, tags: IndexArray, mask: Array, where: Array
) -> float:
    """Return the share of right tags among the words that `where` picks."""
    right = model.predict_steps(xs, mask) == tags
    return float(right[where[: len(right)]].mean())


def one_half(model: StackedModel, half: int) -> StackedModel:
    """Return a model whose output layer sees one half of what it reads; the other counts as zeros.

    Parameters
    ----------
    half : {0, 1}
        That of the forward cell, or that of the backward one.
    """
    W_hy = model.output.W_hy.copy()
    H = len(W_hy) // 2
    W_hy[(1 - half) * H : (2 - half) * H] = 0
    return replace(model, output=model.output._replace(W_hy=W_hy))


def next_character(T: int) -> Task:
    """Return windows of T characters of the Python manual, each asked for the next one, once.

    The score is the cross-entropy in bits per character on text that training has not seen.
    """
    whole = characters(T)

    def once(draw: Callable[..., Any]) -> Callable[..., Any]:
        def cut(rng: np.random.Generator, B: int) -> tuple[IndexArray, IndexArray]:
            xs, targets = draw(rng, B)
            return xs, targets[-1]

        return cut

    size = manual().size
    return Task(size, size, once(whole.draw), once(whole.draw_new), bits, 0.0, whole.blind)


def bits(model: StackedModel, xs: IndexArray, targets: IndexArray) -> float:
    """Return the cross-entropy in bits."""
    return model.loss_and_gradients(xs, targets).loss / float(np.log(2))


TASKS: Mapping[str, Callable[..., Task]] = {
    "entities": tagging,
    "agreement": agreement,
    "copying": copying,
    "adding": adding,
    "counting": counting,
    "next character": next_character,
    "text": characters,
}


def make_task(name: str, sizes: Mapping[str, Any]) -> Task:
    """Return a task by its name in `TASKS`.

    Raises
    ------
    ValueError
        If there is no task of that name.
    """
    return TASKS[as_choice("task", name, TASKS)](**sizes)


def build(
    rng: np.random.Generator,
    task: Task,
    H: int,
    depth: int = 1,
    both_directions: bool = False,
    residual: bool = False,
) -> StackedModel:
    """Return a new stack of LSTMs for a task, in float32, forget biases at 1."""
    options = (both_directions, residual, FORGET_BIAS)
    return init_stacked_model(task.D, H, task.K, rng, "lstm", depth, *options, dtype=np.float32)


def score_on(task: Task, model: StackedModel, batch: Sequence[Any]) -> float:
    """Return the score of a model on a batch; a ruined model has that of one that knows nothing."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return task.score(model, *as_float32(batch))
    except NotFiniteError:
        return task.blind


def train_and_score(
    model: StackedModel,
    task: Task,
    rng: np.random.Generator,
    test: Sequence[Any],
    learning_rate: float,
    updates: Sequence[int],
    batch: int,
    clip: float,
) -> tuple[Training, dict[int, float]]:
    """Train a model in place and score it after several numbers of updates.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the batches.
    test : sequence of arrays
        As the task draws them.
    updates : sequence of int
        After which to score; the largest is the budget.
    batch : int
        Sequences in each update.
    clip : float
        Limit of the global norm of a gradient.

    Returns
    -------
    training : Training
    scores : dict
        By number of updates. Where the task was learnt before, the model stayed as it was then.
    """
    scores: dict[int, float] = {}
    budget = max(updates)

    def watch(update: int, _: Any) -> None:
        if update in updates and update < budget:
            scores[update] = score_on(task, model, test)

    def draw() -> Any:
        return task.draw(rng, batch)

    training = train(model, draw, learning_rate, budget, clip, task.stop, watch=watch)
    last = score_on(task, model, test)
    return training, {n: scores.get(n, last) for n in updates}
