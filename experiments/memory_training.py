"""Recurrent cells of every kind on tasks of memory, trained by the course's own engine.

A `Task` draws sequences and scores a model on new ones; `build` makes a model for it, `train`
trains it until it has learnt the task or the budget is used up, and `gain_per_step` asks how much
of a gradient at the end comes back to the beginning. Several claims share this module; see
`experiments.memory_study`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from experiments.training import LAST, OPTIMISERS, Training, draw_sentences
from utils.cells import LSTMVariant
from utils.clipping import clip_by_global_norm, global_norm
from utils.data import grammar, tasks, text
from utils.losses import softmax_cross_entropy
from utils.sequence_model import SequenceModel, count_parameters, init_sequence_model
from utils.state_gains import state_gains
from utils.validation import Array, IndexArray, NotFiniteError, as_choice

FIRST = 2  # steps after which the state is asked what of it reaches the end: "the cats"
Batch = tuple[Array | IndexArray, Array | IndexArray]


@dataclass(frozen=True)
class Task:
    """Say what a model reads, what it answers, and how good its answers are.

    Attributes
    ----------
    D, K : int
        Input features, or symbols, and outputs of the model.
    draw : callable
        ``draw(rng, B)`` gives xs (T, B) or (T, B, D) and targets for training.
    draw_new : callable
        The same for the test: sequences that training has not seen.
    score : callable
        ``score(model, xs, targets)``: the share of right answers, in [0, 1]; of the text, bits per
        character.
    stop : float
        Mean loss over the last updates below which the task counts as learnt; 0 for never.
    blind : float
        The score of a model that has learnt nothing.
    """

    D: int
    K: int
    draw: Callable[[np.random.Generator, int], Batch]
    draw_new: Callable[[np.random.Generator, int], Batch]
    score: Callable[[SequenceModel, Array | IndexArray, Array | IndexArray], float]
    stop: float
    blind: float


def agreement(distance: int, sentences: int = 4000) -> Task:
    """Return agreement sentences: "was" or "were", `distance` words after the noun.

    Parameters
    ----------
    distance : int, at least 1
    sentences : int
        How many different ones there are in training.
    """
    return Task(
        D=len(grammar.VOCABULARY),
        K=2,
        draw=lambda rng, B: draw_sentences(rng, B, distance, sentences),
        draw_new=lambda rng, B: grammar.batch(rng, B, distance),
        score=share_of_classes,
        stop=0.02,
        blind=0.5,
    )


def adding(T: int, tolerance: float = 0.1) -> Task:
    """Return sums of two marked numbers among T; right is what is closer than the tolerance."""
    return _drawn(
        lambda rng, B: tasks.adding(rng, B, T),
        2,
        1,
        closer_than(tolerance),
        0.1 * tolerance**2,
        0.2,
    )


def temporal_order(T: int) -> Task:
    """Return the order of two marks among T symbols."""
    D, K = len(tasks.ORDER_SYMBOLS), len(tasks.ORDER_CLASSES)
    draw = functools.partial(_temporal_order, T=T)
    return _drawn(draw, D, K, share_of_classes, 0.02, 1 / K)


def _temporal_order(rng: np.random.Generator, B: int, T: int) -> Batch:
    return tasks.temporal_order(rng, B, T)


def copying(symbols: int, delay: int, alphabet: int) -> Task:
    """Return symbols that are to be said again; right is a symbol at its place in the answer."""

    def score(model: SequenceModel, xs: IndexArray, targets: IndexArray) -> float:
        said = model.forward(xs).outputs[-symbols:].argmax(axis=-1)
        return float((said == targets[-symbols:]).mean())

    return _drawn(
        lambda rng, B: tasks.copying(rng, B, symbols, delay, alphabet),
        alphabet + 2,
        alphabet + 1,
        score,
        0.1 * symbols * np.log(alphabet) / (2 * symbols + delay),
        1 / alphabet,
    )


def counting(T: int, resets: int = 0) -> Task:
    """Return the sum of + and -; right is what rounds to it."""
    draw = functools.partial(_counting, T=T, resets=resets)
    return _drawn(draw, len(tasks.COUNT_SYMBOLS), 1, closer_than(0.5), 0.02, 0.1)


def _counting(rng: np.random.Generator, B: int, T: int, resets: int) -> Batch:
    return tasks.signed_count(rng, B, T, resets)


def characters(T: int) -> Task:
    """Return windows of T characters of the Python manual; each is asked for the next one.

    The score is the cross-entropy in bits per character on text that training has not seen, every
    window beginning with an empty memory.
    """
    source = manual()

    def windows(indices: IndexArray) -> Callable[[np.random.Generator, int], Batch]:
        def draw(rng: np.random.Generator, B: int) -> Batch:
            places = rng.integers(0, len(indices) - T, B) + np.arange(T + 1)[:, None]
            return indices[places[:-1]], indices[places[1:]]

        return draw

    return Task(
        D=source.size,
        K=source.size,
        draw=windows(source.train),
        draw_new=windows(source.test),
        score=bits_per_character,
        stop=0.0,
        blind=float(np.log2(source.size)),
    )


class Manual(NamedTuple):
    """The text of the course as numbers."""

    train: IndexArray
    test: IndexArray
    size: int
    """Different characters."""


@functools.lru_cache(maxsize=1)
def manual() -> Manual:
    """Return the Python manual in its two parts; see `utils.data.text`."""
    whole = text.topics_text()
    vocabulary, parts = text.Vocabulary.of(whole), text.split_text(whole)
    return Manual(vocabulary.encode(parts.train), vocabulary.encode(parts.test), len(vocabulary))


def _drawn(
    draw: Callable[[np.random.Generator, int], Batch],
    D: int,
    K: int,
    score: Callable[..., float],
    stop: float,
    blind: float,
) -> Task:
    """Return a task whose sequences are drawn anew each time, in training as in the test."""
    return Task(D, K, draw, draw, score, float(stop), blind)


def share_of_classes(model: SequenceModel, xs: IndexArray, targets: IndexArray) -> float:
    """Return the share of right classes after the last step."""
    return float((model.predict(xs) == targets).mean())


def closer_than(tolerance: float) -> Callable[..., float]:
    """Return the score of numbers: the share that is closer to its target than the tolerance."""

    def score(model: SequenceModel, xs: Any, targets: Array) -> float:
        return float((np.abs(model.predict(xs) - targets) < tolerance).mean())

    return score


def bits_per_character(model: SequenceModel, xs: IndexArray, targets: IndexArray) -> float:
    """Return the cross-entropy at all steps, in bits."""
    return float(softmax_cross_entropy(model.forward(xs).outputs, targets) / np.log(2))


TASKS: Mapping[str, Callable[..., Task]] = {
    "agreement": agreement,
    "adding": adding,
    "temporal order": temporal_order,
    "copying": copying,
    "counting": counting,
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
    cell: str = "lstm",
    variant: str | Mapping[str, str] = "lstm",
    forget_bias: float = 0.0,
) -> SequenceModel:
    """Return a new model for a task, in float32.

    Parameters
    ----------
    H : int
        Hidden units.
    cell : {"rnn", "lstm", "gru"}
    variant : str or mapping
        Of an LSTM: its name in `LSTM_VARIANTS`, or its parts as `LSTMVariant` takes them.
    forget_bias : float
        Of an LSTM with a forget gate.
    """
    parts = variant if isinstance(variant, str) else LSTMVariant(**variant)
    return init_sequence_model(
        task.D, H, task.K, rng, cell, parts, forget_bias=forget_bias, dtype=np.float32
    )


@functools.lru_cache(maxsize=512)
def units_for(parameters: int, D: int, K: int, cell: str, variant: str = "lstm") -> int:
    """Return the number of hidden units whose model comes closest to a number of parameters."""
    rng, sizes = np.random.default_rng(0), []
    while not sizes or sizes[-1] < parameters:
        model = init_sequence_model(D, len(sizes) + 1, K, rng, cell, variant, dtype=np.float32)
        sizes.append(count_parameters(model))
    return int(np.argmin(np.abs(np.array(sizes) - parameters))) + 1


def as_float32(batch: Batch) -> Batch:
    """Return arrays with numbers as float32, and symbols and classes as they were."""
    return tuple(a.astype(np.float32) if a.dtype.kind == "f" else a for a in batch)


def train(
    model: SequenceModel,
    draw: Callable[[], Batch],
    learning_rate: float,
    updates: int,
    limit: float | None = 1.0,
    stop: float = 0.0,
    optimiser: str = "adam",
    watch: Callable[[int, Any], None] | None = None,
) -> Training:
    """Train a model in place until it has learnt, the budget ends, or it is ruined.

    A model is ruined when its loss, its gradient or a weight is no longer finite; its last
    weights stay as they were.

    Parameters
    ----------
    draw : callable
        Gives a new batch each time: xs and targets.
    learning_rate : float above 0
    updates : int
        The budget.
    limit : float, optional
        Of the global norm of the gradient; None for no clipping.
    stop : float
        Mean loss over `LAST` updates below which the task counts as learnt.
    optimiser : {"adam", "sgd"}
    watch : callable, optional
        Called before each update with its number and what the model computed.

    Returns
    -------
    Training
        Losses and norms by update, and whether the task was learnt; see `experiments.training`.
    """
    rule = OPTIMISERS[optimiser](learning_rate)
    losses: list[float] = []
    norms: list[float] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(updates):
            try:
                computed = model.loss_and_gradients(*as_float32(draw()))
                norm, gradients = global_norm(computed.gradients), computed.gradients
                if watch is not None:
                    watch(update, computed)
                if limit is not None:
                    gradients = clip_by_global_norm(gradients, limit).gradients
                rule.step(model.weights, gradients)
            except NotFiniteError:
                losses.append(np.inf)
                norms.append(np.inf)
                break
            losses.append(computed.loss)
            norms.append(norm)
            if len(losses) >= LAST and np.mean(losses[-LAST:]) < stop:
                return Training(np.array(losses), np.array(norms), True)
    return Training(np.array(losses), np.array(norms), False)


def score_on(task: Task, model: SequenceModel, xs: Any, targets: Any) -> float:
    """Return the score of a model on a batch; a ruined model has that of one that knows nothing."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return task.score(model, *as_float32((xs, targets)))
    except NotFiniteError:
        return task.blind


def gain_per_step(model: SequenceModel, xs: Array | IndexArray) -> float:
    r"""Return the factor by which a gradient changes per step, from the end to the beginning.

    .. math:: \left( \frac{1}{\sqrt H}
              \left\lVert \frac{\partial h_T}{\partial s_2} \right\rVert_F \right)^{1/(T-2)}

    s_2 is all that the cell carries from step to step after it has read two items, of an LSTM h
    and c; h_T is what the output layer reads. All paths count. The geometric mean over the
    sequences.

    Parameters
    ----------
    xs : array, shape (T, B) or (T, B, D), T at least 3

    Returns
    -------
    float
        At least 1e-6; NaN for a ruined model.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            sequence = model.forward(*as_float32((xs,))).sequence
            logs = state_gains(sequence, model.cell, last="h")[FIRST]
    except NotFiniteError:
        return float("nan")
    return float(10 ** np.mean(np.maximum(logs / (len(xs) - FIRST), -6)))


def largest_memory(model: SequenceModel, xs: Array | IndexArray) -> float:
    """Return the largest absolute value of a cell state, or where there is none of a state.

    At most 1e9; NaN for a ruined model.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            sequence = model.forward(*as_float32((xs,))).sequence
    except NotFiniteError:
        return float("nan")
    return float(min(np.abs(getattr(sequence, "cs", sequence.hs)).max(), 1e9))
