"""Recurrent networks on agreement sentences, trained by the course's own engine, for many claims.

A network reads a sentence up to its verb and chooses between "was" and "were". It starts in one of
several ways, is trained until it has learnt its sentences or the budget is used up, and is then
asked how much of a gradient at the verb comes back to the noun.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from utils.classifier import ClassifierStep, SequenceClassifier, init_classifier
from utils.clipping import clip_by_global_norm, clip_by_value, global_norm
from utils.data import grammar
from utils.initialisation import identity_matrix, normal_matrix, orthogonal_matrix
from utils.jacobians import backward_gains
from utils.optim import SGD, Adam
from utils.validation import Array, IndexArray, NotFiniteError, as_choice

V = len(grammar.VOCABULARY)
STARTS = ("uniform", "normal", "orthogonal", "identity")
GATED = (
    "utils.cells.gru",
    "utils.cells.lstm",
    "utils.sequence.gates",
    "utils.sequence.gru",
    "utils.sequence.lstm",
)
"""Modules that come with `utils.classifier` and that no network of this module calls."""
OPTIMISERS = {"adam": Adam, "sgd": SGD}
NOUN = 2  # steps after which the noun has been read: "the cats"
LAST = 50  # updates over which the loss is averaged


class Training(NamedTuple):
    """What happened on the way.

    Attributes
    ----------
    losses : array, shape (updates,)
        In nats, before each update.
    norms : array, shape (updates,)
        Global norm of the gradient before clipping; infinite where it could not be computed.
    learnt : bool
        Whether training stopped because the mean loss over `LAST` updates fell below the limit.
    """

    losses: Array
    norms: Array
    learnt: bool

    @property
    def updates(self) -> int:
        """How many updates were made."""
        return len(self.losses)

    @property
    def loss(self) -> float:
        """Mean loss over the last updates, in nats; 99 where it is not finite or larger."""
        loss = float(np.mean(self.losses[-LAST:]))
        return min(loss, 99.0) if np.isfinite(loss) else 99.0

    @property
    def largest_norm(self) -> float:
        """The largest norm of a gradient on the way; at most 1e99."""
        return float(min(np.max(self.norms), 1e99))


def build(
    rng: np.random.Generator,
    H: int,
    start: str = "uniform",
    activation: str = "tanh",
    gain: float = 1.0,
    K: int = 2,
    D: int = V,
) -> SequenceClassifier:
    r"""Return a new network.

    Every array starts uniform between :math:`\pm 1/\sqrt H`, as ``torch.nn.RNN`` does it; then
    W_hh is replaced, unless `start` is "uniform", and b_h set to zero.

    Parameters
    ----------
    start : {"uniform", "normal", "orthogonal", "identity"}
        W_hh: left as it is; normal numbers of standard deviation gain/√H; a random orthogonal
        matrix times the gain; the identity times the gain.
    gain : float of at least 0
        Not for "uniform", where it must be 1.

    Raises
    ------
    ValueError
        If `start` is another word, or "uniform" is given a gain.
    """
    as_choice("start", start, STARTS)
    model = init_classifier(D, H, K, rng, activation=activation)
    for array in model.weights.values():
        array[...] = rng.uniform(-(H**-0.5), H**-0.5, array.shape)
    if start == "uniform":
        if gain != 1:
            raise ValueError(f"gain is {gain}; expected 1 where all arrays start uniform.")
        return model
    matrices: dict[str, Callable[[], Array]] = {
        "normal": lambda: normal_matrix(rng, (H, H), gain * H**-0.5, np.float64),
        "orthogonal": lambda: orthogonal_matrix(rng, H, gain),
        "identity": lambda: identity_matrix(H, gain),
    }
    model.cell.W_hh[...] = matrices[start]()
    model.cell.b_h[...] = 0
    return model


def as_sigmoid(model: SequenceClassifier) -> SequenceClassifier:
    r"""Return the sigmoid network that computes what a tanh network computes.

    From :math:`\sigma(z) = (1 + \tanh(z/2))/2`: the sigmoid's state is h = (1 + g)/2 where that of
    tanh is g, and the weights are

    .. math:: W_{xh} \to 2 W_{xh}, \quad W_{hh} \to 4 W_{hh}, \quad
              b_h \to 2 b_h - 2 \cdot \mathbf 1 W_{hh}, \quad
              W_{hy} \to 2 W_{hy}, \quad b_y \to b_y - \mathbf 1 W_{hy}

    so the slope of at most 1/4 meets recurrent weights that are four times as large.

    Raises
    ------
    ValueError
        If the activation of `model` is not tanh.
    """
    as_choice("activation", model.activation, ("tanh",))
    (W_xh, W_hh, b_h), (W_hy, b_y) = model.cell, model.output
    return SequenceClassifier(
        type(model.cell)(2 * W_xh, 4 * W_hh, 2 * b_h - 2 * W_hh.sum(axis=0)),
        type(model.output)(2 * W_hy, b_y - W_hy.sum(axis=0)),
        "sigmoid",
    )


def first_state(model: SequenceClassifier, B: int) -> Array:
    """Return the middle of the activation's range: 0.5 for the sigmoid, 0 for the others."""
    H = len(model.cell.b_h)
    return np.full((B, H), 0.5 if model.activation == "sigmoid" else 0.0)


def step(model: SequenceClassifier, xs: IndexArray, targets: IndexArray) -> ClassifierStep:
    """Return loss and gradients of a batch, from the usual first state."""
    return model.loss_and_gradients(xs, targets, first_state(model, xs.shape[1]))


@functools.lru_cache(maxsize=128)
def sentences(distance: int, n: int) -> grammar.AgreementBatch:
    """Return the n sentences of a distance that networks are trained on, the same in every run.

    Drawing a sentence takes longer than training on it; runs that differ in their start and in the
    order of the sentences share these.

    Returns
    -------
    AgreementBatch
        xs (T, n) and targets (n,); not to be changed.
    """
    return grammar.batch(np.random.default_rng([distance, 2]), n, distance)


def draw_sentences(
    rng: np.random.Generator, B: int, distance: int, n: int
) -> tuple[IndexArray, IndexArray]:
    """Draw B of the n training sentences of a distance, with replacement.

    Returns
    -------
    xs : array of int, shape (T, B)
    targets : array of int, shape (B,)
    """
    pool = sentences(distance, n)
    chosen = rng.integers(0, n, B)
    return pool.xs[:, chosen], pool.targets[chosen]


def limiter(clip: str, limit: float) -> Callable[[dict[str, Array]], dict[str, Array]]:
    """Return the function that limits gradients: `clip` is "none", "norm" or "value"."""
    return {
        "none": lambda gradients: gradients,
        "norm": lambda gradients: clip_by_global_norm(gradients, limit).gradients,
        "value": lambda gradients: clip_by_value(gradients, limit),
    }[clip]


def train(
    model: SequenceClassifier,
    draw: Callable[[], tuple[IndexArray, IndexArray]],
    learning_rate: float,
    updates: int,
    optimiser: str = "adam",
    clip: str = "norm",
    limit: float = 1.0,
    decay: float = 0.0,
    stop: float = 0.02,
    watch: Callable[[int, ClassifierStep], None] | None = None,
) -> Training:
    """Train a network in place until it has learnt, the budget is used up, or it is ruined.

    A network is ruined when its loss, its gradient or a weight is no longer finite; its last
    weights stay as they were.

    Parameters
    ----------
    draw : callable
        Gives a new batch each time: words (T, B) and targets (B,).
    learning_rate : float above 0
    updates : int
        The budget.
    optimiser : {"adam", "sgd"}
    clip, limit
        As in `limiter`.
    decay : float of at least 0
        λ of the penalty λ/2 ‖W‖² on the matrices: λ W is added to their gradients, after clipping.
    stop : float
        Mean loss over `LAST` updates, in nats, below which the sentences count as learnt; 0 uses
        up the budget.
    watch : callable, optional
        Called before each update with its number and what the network computed.
    """
    rule, limited = OPTIMISERS[optimiser](learning_rate), limiter(clip, limit)
    matrices = [name for name, array in model.weights.items() if array.ndim == 2]
    losses: list[float] = []
    norms: list[float] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(updates):
            try:
                computed = step(model, *draw())
                norm = global_norm(computed.gradients)
                if watch is not None:
                    watch(update, computed)
                gradients = limited(computed.gradients)
                for name in matrices if decay else ():
                    gradients[f"d_{name}"] = gradients[f"d_{name}"] + decay * model.weights[name]
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


def accuracy(model: SequenceClassifier, xs: IndexArray, targets: IndexArray) -> float:
    """Return the share of right verbs, in [0, 1]; chance, 0.5, for a ruined network."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            logits = model.forward(xs, first_state(model, xs.shape[1])).logits[-1]
    except NotFiniteError:
        return 0.5
    return float((logits.argmax(axis=-1) == targets).mean())


def gain_per_step(model: SequenceClassifier, xs: IndexArray) -> float:
    r"""Return the factor by which a gradient changes per step, on its way from verb to noun.

    .. math:: \left( \frac{1}{\sqrt H}
              \left\lVert \frac{\partial h_T}{\partial h_2} \right\rVert_F \right)^{1/(T-2)}

    h_2 is the state that has read the noun, h_T the one that chooses the verb; the geometric mean
    over the sentences.

    Parameters
    ----------
    xs : array of int, shape (T, B), T at least 3

    Returns
    -------
    float
        At least 1e-6; NaN for a ruined network.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            run = model.forward(xs, first_state(model, xs.shape[1]))
            logs = backward_gains(run.sequence, model.cell, probes=None)[NOUN]
    except NotFiniteError:
        return float("nan")
    steps = len(xs) - NOUN
    return float(10 ** np.mean(np.maximum(logs / steps, -6)))


def probe(model: SequenceClassifier, xs: IndexArray, sentences: int = 16) -> dict[str, Any]:
    """Return what is measured before and after training: the gain, and the size of the weights."""
    W_hh = model.cell.W_hh
    finite = bool(np.isfinite(W_hh).all())
    return {
        "gain": gain_per_step(model, xs[:, :sentences]),
        "largest_weight": float(np.abs(W_hh).max()) if finite else float("nan"),
        "singular_value": float(np.linalg.norm(W_hh, 2)) if finite else float("nan"),
    }
