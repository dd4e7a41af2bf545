"""An RNN that predicts the next character: its training through windows, its score, its writing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from utils.cells import RNNWeights
from utils.classifier import SequenceClassifier, init_classifier
from utils.clipping import clip_by_global_norm, global_norm
from utils.data.text import Vocabulary, Window, count_windows, windows
from utils.initialisation import orthogonal_matrix
from utils.losses import log_softmax
from utils.sampling import sample, tempered, top_k
from utils.validation import (
    Array,
    IndexArray,
    as_count,
    as_generator,
    as_indices,
    as_number,
    describe,
)

_CHUNK = 1_000  # steps of a text that are evaluated at a time


class Optimiser(Protocol):
    """What trains: a learning rate and a step (`utils.optim`)."""

    learning_rate: float

    def step(self, weights: Any, gradients: Any) -> None:
        """Change the weights in place.

        Parameters
        ----------
        weights : mapping or NamedTuple of arrays
        gradients : mapping or NamedTuple of arrays
        """


class Evaluation(NamedTuple):
    """Say how well a model predicts a text.

    Attributes
    ----------
    nats : float
        Mean cross-entropy of a character.
    N : int
        Characters that were predicted.
    state : any
        The state after the text.
    """

    nats: float
    N: int
    state: Any

    @property
    def bits_per_character(self) -> float:
        """The mean cross-entropy in bits."""
        return bits(self.nats)

    @property
    def perplexity(self) -> float:
        """How many equally probable characters would be as hard to predict."""
        return perplexity(self.nats)


def init_language_model(
    V: int, H: int, rng: np.random.Generator, dtype: Any = np.float32, cell: str = "rnn"
) -> SequenceClassifier:
    r"""Draw a network that reads and predicts characters.

    A one-hot input picks a single row of the input matrix, so a sum over the input has one term
    and not V: these rows are drawn with standard deviation 1. The recurrent matrix of a plain RNN
    starts as an orthogonal one, all others with standard deviation :math:`1/\sqrt H`, biases at
    zero.

    Parameters
    ----------
    V, H : int, at least 1
        Characters of the vocabulary and hidden units.
    rng : numpy.random.Generator
    dtype : float32 or float64
    cell : {"rnn", "lstm", "gru"}

    Returns
    -------
    SequenceClassifier
        For a plain RNN W_xh (V, H), W_hh (H, H), b_h (H,), W_hy (H, V), b_y (V,).

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1, or an argument not one of those named.
    """
    model = init_classifier(V, H, V, rng, cell=cell, dtype=dtype)
    model.cell[0][:] = rng.standard_normal(model.cell[0].shape)
    if cell == "rnn":
        model.cell.W_hh[:] = orthogonal_matrix(rng, H)
    return model


def bits(nats: float) -> float:
    r"""Return a cross-entropy in bits.

    .. math:: \text{bits} = \text{nats} / \ln 2

    Parameters
    ----------
    nats : float

    Returns
    -------
    float
    """
    return float(nats) / math.log(2)


def perplexity(nats: float) -> float:
    r"""Return the perplexity that belongs to a mean cross-entropy.

    .. math:: \text{perplexity} = e^{\text{nats}} = 2^{\text{bits}}

    Parameters
    ----------
    nats : float
        Mean cross-entropy of a symbol.

    Returns
    -------
    float, at least 1
        V for a model that gives every one of V symbols the same probability.
    """
    return math.exp(nats)


def linear_decay(start: float, n_steps: int, warm_up: int = 20) -> Callable[[int], float]:
    r"""Give a learning rate that rises for a few updates and then falls in a straight line.

    .. math:: \eta_i = \eta \cdot \min\!\left(1, \frac{i + 1}{\text{warm-up}}\right)
              \cdot \left(1 - \frac{i}{n}\right)

    Parameters
    ----------
    start : float above 0
        η, the largest learning rate.
    n_steps : int, at least 1
        n, the updates in all; the rate is near 0 at the last one.
    warm_up : int, at least 1
        Updates over which it rises.

    Returns
    -------
    callable
        From the number i of an update, counted from 0, to its learning rate; past the end it
        stays at that of the last update.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.
    """
    start = as_number("start", start, above=0)
    n_steps, warm_up = as_count("n_steps", n_steps), as_count("warm_up", warm_up)

    def rate(i: int) -> float:
        return start * min(1.0, (i + 1) / warm_up) * (1 - min(i, n_steps - 1) / n_steps)

    return rate


@dataclass
class LanguageModelTrainer:
    """Train a model window by window, carrying its state on; at the end of the text start again.

    ``trainer.step(i)`` is what `utils.training.train` and ``train_live`` take.

    Parameters
    ----------
    model : SequenceClassifier
        Its weights are changed in place.
    optimiser : SGD or Adam
    indices : array of int, shape (N,)
        The training text.
    T, B : int, at least 1
        Steps of a window, and pieces of the text side by side.
    max_norm : float above 0, or None
        Limit on the norm of all gradients together; None does without clipping.
    learning_rate : callable, optional
        From the number of an update to its learning rate; without it the optimiser's stays.
    carry : bool
        Begin a window with the last state of the one before; with zeros otherwise.
    dropout : float in [0, 1)
        Share of the state's entries that the output layer does not see in an update, drawn anew
        for every step; the others are enlarged by 1 / (1 - dropout).
    rng : numpy.random.Generator, optional
        Draws what is dropped.

    Attributes
    ----------
    state : any
        What the next window begins with; None at the start of the text.
    updates : int
        Updates made.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the text too short for one window.

    References
    ----------
    Zaremba, Sutskever and Vinyals (2014), Recurrent neural network regularization,
    arXiv:1409.2329: dropout on the way out, not on the way through time.
    """

    model: SequenceClassifier
    optimiser: Optimiser
    indices: IndexArray
    T: int
    B: int
    max_norm: float | None = 1.0
    learning_rate: Callable[[int], float] | None = None
    carry: bool = True
    dropout: float = 0.0
    rng: np.random.Generator | None = None
    state: Any = field(default=None, init=False)
    updates: int = field(default=0, init=False)
    _windows: Iterator[Window] = field(default=iter(()), init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.model, SequenceClassifier):
            raise TypeError(f"model is {describe(self.model)}; expected a SequenceClassifier.")
        self.indices = as_indices("indices", self.indices, self.V, "N")
        count_windows(len(self.indices), self.T, self.B)
        if self.max_norm is not None:
            as_number("max_norm", self.max_norm, above=0)
        if as_number("dropout", self.dropout, at_least=0, below=1):
            as_generator("rng", self.rng)

    @property
    def V(self) -> int:
        """Size of the vocabulary."""
        return int(self.model.output.b_y.shape[0])

    @property
    def characters_read(self) -> int:
        """Characters that went into updates so far."""
        return self.updates * self.T * self.B

    @property
    def epochs(self) -> float:
        """How many times the text was read so far."""
        return self.updates / count_windows(len(self.indices), self.T, self.B)

    def step(self, i: int | None = None) -> dict[str, float]:
        """Make one update.

        Parameters
        ----------
        i : int, optional
            Not needed: updates are counted.

        Returns
        -------
        dict
            ``"loss"`` in nats per character, ``"bits"`` per character, and ``"norm"`` of the
            gradient before clipping.
        """
        window = next(self._windows, None)
        if window is None:
            self._windows, self.state = windows(self.indices, self.T, self.B), None
            window = next(self._windows)
        step = self.model.loss_and_gradients(
            window.xs, window.targets, self.state, keep=self._keep()
        )
        gradients = step.gradients
        if self.max_norm is None:
            norm = global_norm(gradients)
        else:
            gradients, norm, _ = clip_by_global_norm(gradients, self.max_norm)
        if self.learning_rate is not None:
            self.optimiser.learning_rate = self.learning_rate(self.updates)
        self.optimiser.step(self.model.weights, gradients)
        self.state = step.sequence.last_state if self.carry else None
        self.updates += 1
        return {"loss": step.loss, "bits": bits(step.loss), "norm": norm}

    def _keep(self) -> Array | None:
        """Draw which entries of the states the output layer sees, as factors on them."""
        if not self.dropout:
            return None
        H, dtype = self.model.output.W_hy.shape[0], self.model.output.W_hy.dtype
        kept = self.rng.random((self.T, self.B, H), dtype=np.float32) >= self.dropout
        return kept.astype(dtype) / dtype.type(1 - self.dropout)


def evaluate(model: SequenceClassifier, indices: Any, state: Any = None) -> Evaluation:
    r"""Measure how well a model predicts each character of a text from all those before it.

    .. math:: -\frac{1}{N - 1} \sum_{t=1}^{N-1} \ln \hat y_{t, c_{t+1}}

    The text is read in one go, from its first character to its last, with the state carried on.

    Parameters
    ----------
    model : SequenceClassifier
    indices : array of int, shape (N,), N at least 2
        The text; nothing is predicted for its first character.
    state : any, optional
        To begin with, such as that after the text before; zeros without it.

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError, ValueError
        If `indices` is not a text of at least two indices below V.
    """
    nats, state = _surprises(model, indices, state)
    return Evaluation(float(nats.mean()), len(nats), state)


def next_probabilities(model: SequenceClassifier, indices: Any, state: Any = None) -> Array:
    """Return the probability that was given to each character but the first of a text.

    Parameters
    ----------
    model, indices, state
        As in `evaluate`.

    Returns
    -------
    array, shape (N - 1,), values in [0, 1]

    Raises
    ------
    TypeError, ValueError
        As `evaluate` does.
    """
    return np.exp(-_surprises(model, indices, state)[0])


def generate(
    model: SequenceClassifier,
    vocabulary: Vocabulary,
    start: str,
    length: int,
    rng: np.random.Generator | None = None,
    temperature: float = 1.0,
    k: int | None = None,
) -> str:
    """Let a model write on from the start of a text, one character at a time.

    Each character that is drawn is read as the next input.

    Parameters
    ----------
    model : SequenceClassifier
    vocabulary : Vocabulary
    start : str, at least one character
        Read first; not part of what is returned.
    length : int, at least 1
        Characters to write.
    rng : numpy.random.Generator, optional
        Draws the characters; without it the most probable one is taken every time (greedy).
    temperature : float above 0
        See `utils.sampling.tempered`.
    k : int in 1 … V, optional
        Draw among the k most probable characters alone.

    Returns
    -------
    str, `length` characters

    Raises
    ------
    TypeError, ValueError
        If `start` holds a character that is not in the vocabulary, the vocabulary does not fit
        the model, or a number is out of range.
    """
    V = model.output.b_y.shape[0]
    if len(vocabulary) != V:
        raise ValueError(
            f"vocabulary holds {len(vocabulary)} characters; expected the {V} of the model."
        )
    length = as_count("length", length)
    logits, state = read(model, vocabulary.encode(start))
    written = [choose(logits, rng, temperature, k)]  # which checks temperature and k, once
    step = _reader(model)
    for _ in range(length - 1):
        logits, state = step(written[-1], state)
        written.append(_draw(logits, rng, temperature, k))
    return vocabulary.decode(written)


def read(model: SequenceClassifier, indices: IndexArray, state: Any = None) -> tuple[Array, Any]:
    """Read some characters and return the scores of the next one, with the state after them.

    Parameters
    ----------
    model : SequenceClassifier
    indices : array of int, shape (N,)
    state : any, optional
        Zeros without it.

    Returns
    -------
    logits : array, shape (V,)
    state : any
    """
    run = model.forward(np.asarray(indices)[:, None], state)
    return run.logits[-1, 0], run.sequence.last_state


def choose(
    logits: Array,
    rng: np.random.Generator | None = None,
    temperature: float = 1.0,
    k: int | None = None,
) -> int:
    """Pick the next character from its scores.

    Parameters
    ----------
    logits : array, shape (V,)
    rng, temperature, k
        As in `generate`.

    Returns
    -------
    int in 0 … V-1
    """
    if rng is None:
        return int(np.argmax(logits))
    p = tempered(logits, temperature)
    return sample(p if k is None else top_k(p, k), as_generator("rng", rng))


def _reader(model: SequenceClassifier) -> Callable[[int, Array], tuple[Array, Array]]:
    """Return what reads one character, without the checks that `read` makes each time."""
    if not isinstance(model.cell, RNNWeights) or model.activation != "tanh":
        return lambda index, state: read(model, np.array([index]), state)
    W_xh, W_hh, b_h = model.cell
    W_hy, b_y = model.output
    from_input = W_xh + b_h  # (V, H)

    def step(index: int, state: Array) -> tuple[Array, Array]:
        state = np.tanh(from_input[index] + state @ W_hh)  # (1, H)
        return (state @ W_hy + b_y)[0], state

    return step


def _draw(logits: Array, rng: Any, temperature: float, k: int | None) -> int:
    """Do what `choose` does, without its checks and without dividing by the sum."""
    if rng is None:
        return int(logits.argmax())
    scores = (logits - logits.max()).astype(np.float64) / temperature
    weights = np.exp(np.maximum(scores, -700.0))
    if k is not None:
        weights[np.argsort(-weights, kind="stable")[k:]] = 0.0
    upper = weights.cumsum()
    return int(upper.searchsorted(rng.random() * upper[-1], side="right"))


def _surprises(model: SequenceClassifier, indices: Any, state: Any) -> tuple[Array, Any]:
    """Return -ln ŷ of every character but the first, shape (N - 1,), and the last state."""
    text = as_indices("indices", indices, model.output.b_y.shape[0], "N")
    if len(text) < 2:
        raise ValueError(f"indices has shape {text.shape}; expected at least two characters.")
    nats = []
    for start in range(0, len(text) - 1, _CHUNK):
        xs = text[start : min(start + _CHUNK, len(text) - 1), None]  # (T, 1)
        run = model.forward(xs, state)
        log_p = log_softmax(run.logits[:, 0].astype(np.float64))
        right = text[start + 1 : start + 1 + len(xs)]
        nats.append(-log_p[np.arange(len(right)), right])
        state = run.sequence.last_state
    return np.concatenate(nats), state
