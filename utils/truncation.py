"""What truncated backpropagation keeps and what it drops, pair of steps by pair of steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.classifier import SequenceClassifier
from utils.layers import linear, one_hot, weight_gradient
from utils.losses import d_softmax_cross_entropy
from utils.sequence import rnn_sequence, rnn_sequence_backward
from utils.validation import Array, IndexArray, as_array, as_count, as_indices


class TruncatedRun(NamedTuple):
    """Hold the sum over the windows of a sequence.

    Attributes
    ----------
    loss : float
        Cross-entropy added up over all steps and sequences, in nats.
    gradients : dict of arrays
        Its gradient, as the windows give it, under ``d_W_xh`` and so on.
    states : array, shape (T, B, H)
        The hidden states of all steps.
    borders : list of arrays, shape (B, H) each
        ∂L/∂ of the state that each window but the first began with: what truncation drops.
    """

    loss: float
    gradients: dict[str, Array]
    states: Array
    borders: list[Array]


class CreditByPair(NamedTuple):
    r"""Hold how the loss of every step reaches the sums of every earlier step.

    Attributes
    ----------
    d_zs : array, shape (T, T, B, H)
        Entry [t, s] is ∂L_t/∂z_s, the loss added up over the batch; zero for s > t.
    norms : array, shape (T, T)
        Its length; zero for s > t.
    h_prevs : array, shape (T, B, H)
        The state that went into every step.
    """

    d_zs: Array
    norms: Array
    h_prevs: Array


class TruncationError(NamedTuple):
    """Say how far the gradient of W_hh through windows is from the full one.

    Attributes
    ----------
    windows : array of int, shape (W,)
        Steps of a window.
    relative : array, shape (W,)
        ‖g_T - g‖ / ‖g‖; 0 if the two are equal.
    cosine : array, shape (W,), values in [-1, 1]
        Of the angle between the two; 1 if they point the same way.
    """

    windows: IndexArray
    relative: Array
    cosine: Array


def truncated_gradients(
    model: SequenceClassifier,
    xs: IndexArray,
    targets: IndexArray,
    T: int,
    state: Array | None = None,
    *,
    carry: bool = True,
    detach: bool = True,
) -> TruncatedRun:
    r"""Add up the loss and its gradient over the windows of a sequence, all with the same weights.

    States and loss are those of the whole sequence, whatever the windows. The gradient is not:
    at a border the state counts as a constant, so the sum lacks

    .. math:: \sum_{\text{borders } s} \frac{\partial L_{> s}}{\partial h_s}
              \frac{\partial h_s}{\partial W}

    It equals the full gradient if there is one window, or if nothing comes back over the borders.
    That of the output layer is complete always: its weights meet the loss in the same step.

    Parameters
    ----------
    model : SequenceClassifier
        Of a plain RNN.
    xs, targets : array of int, shape (steps, B)
    T : int, at least 1
        Steps of a window; the last one may be shorter.
    state : array, shape (B, H), optional
        Before the first step; zeros without it.
    carry : bool
        Begin a window with the last state of the one before; with zeros otherwise.
    detach : bool
        Stop the gradient at the borders. Without it the windows are gone back through from the
        last to the first, what comes back over a border enters the window before, and the sum
        is the full gradient.

    Returns
    -------
    TruncatedRun

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit together, or `detach` is False while states are not carried.

    References
    ----------
    Williams and Peng (1990), An efficient gradient-based algorithm for on-line training of
    recurrent network trajectories, Neural Computation 2(4).
    """
    xs = as_indices("xs", xs, model.cell.W_xh.shape[0], "T B")
    T = as_count("T", T)
    if not carry and not detach:
        raise ValueError("detach is False and carry is False; no gradient can pass a border then.")
    targets = as_array("targets", targets, kind="int")
    steps = []
    for start in range(0, len(xs), T):
        part = slice(start, start + T)
        steps.append(model.loss_and_gradients(xs[part], targets[part], state, reduction="sum"))
        state = steps[-1].sequence.last_state if carry else None
    borders = [step.d_state for step in steps[1:]] if carry else []
    totals = {name: sum(s.gradients[name] for s in steps) for name in steps[0].gradients}
    if not detach:
        d_last: Array = np.zeros_like(steps[-1].d_state)
        for place in reversed(range(len(steps) - 1)):
            d_last = d_last + borders[place]
            d_hs = np.zeros_like(steps[place].sequence.hs)
            d_hs[-1] = d_last
            back = rnn_sequence_backward(d_hs, steps[place].sequence, model.cell)
            for name in model.cell._fields:
                totals[f"d_{name}"] = totals[f"d_{name}"] + getattr(back, f"d_{name}")
            d_last = back.d_h_0
    states = np.concatenate([step.sequence.hs for step in steps])
    return TruncatedRun(sum(step.loss for step in steps), totals, states, borders)


def credit_by_pair(
    model: SequenceClassifier, xs: IndexArray, targets: IndexArray, state: Array | None = None
) -> CreditByPair:
    r"""Go back from the loss of every step on its own, all of them at once.

    .. math::
        \frac{\partial L_t}{\partial z_t} &= \Big(\frac{\partial L_t}{\partial o_t} W_{hy}^\top\Big)
            \odot (1 - h_t^2) \\
        \frac{\partial L_t}{\partial z_{s-1}} &= \Big(\frac{\partial L_t}{\partial z_s}
            W_{hh}^\top\Big) \odot (1 - h_{s-1}^2)

    Parameters
    ----------
    model : SequenceClassifier
        Of a plain RNN with tanh.
    xs, targets : array of int, shape (T, B)
    state : array, shape (B, H), optional
        Before the first step; zeros without it.

    Returns
    -------
    CreditByPair
        T² B H numbers: meant for a few dozen steps of a small network.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or the model has another activation.
    """
    if model.activation != "tanh":
        raise ValueError(f"model has activation {model.activation!r}; expected 'tanh'.")
    sequence = rnn_sequence(xs, state, model.cell)
    hs, T = sequence.hs, len(sequence.hs)
    d_os = d_softmax_cross_entropy(linear(hs, *model.output), targets, reduction="sum")
    d_hs = d_os @ model.output.W_hy.T  # (T, B, H)
    slopes = 1 - hs * hs
    d_zs = np.zeros((T, *hs.shape), dtype=hs.dtype)
    d_h = np.zeros_like(hs)  # by step of the loss: (T, B, H)
    for s in reversed(range(T)):
        d_h[s] = d_hs[s]
        d_zs[s:, s] = d_h[s:] * slopes[s]
        d_h[s:] = d_zs[s:, s] @ model.cell.W_hh.T
    h_prevs = np.concatenate([sequence.h_0[None], hs[:-1]])
    return CreditByPair(d_zs, np.sqrt((d_zs**2).sum(axis=(2, 3))), h_prevs)


def kept_by_windows(T: int, window: int) -> Array:
    """Mark the pairs (step of the loss, step of the state) that lie in one window.

    Parameters
    ----------
    T : int
        Steps in all.
    window : int, at least 1
        Steps of a window.

    Returns
    -------
    array of bool, shape (T, T)
        True at [t, s] where s ≤ t and both are in the same window.
    """
    step = np.arange(as_count("T", T))
    of = step // as_count("window", window)
    return (of[:, None] == of) & (step[:, None] >= step)


def windowed_gradient(credit: CreditByPair, window: int) -> Array:
    r"""Return ∂L/∂W_hh as windows give it: the sum over the pairs that lie in one window.

    .. math:: \sum_{(t, s) \text{ in one window}} h_{s-1}^\top
              \frac{\partial L_t}{\partial z_s}

    Parameters
    ----------
    credit : CreditByPair
    window : int, at least 1
        Steps of a window; T or more gives the full gradient.

    Returns
    -------
    array, shape (H, H)
    """
    kept = kept_by_windows(len(credit.norms), window)
    d_z = np.einsum("ts,tsbh->sbh", kept.astype(credit.d_zs.dtype), credit.d_zs)
    return weight_gradient(credit.h_prevs, d_z)


def truncation_error(credit: CreditByPair, windows: IndexArray) -> TruncationError:
    """Compare the gradient of W_hh through windows with the full one, for several windows.

    Parameters
    ----------
    credit : CreditByPair
    windows : array of int, shape (W,), at least 1

    Returns
    -------
    TruncationError
    """
    full = windowed_gradient(credit, len(credit.norms))
    size = np.linalg.norm(full)
    relative, cosine = [], []
    for window in windows:
        part = windowed_gradient(credit, int(window))
        relative.append(np.linalg.norm(part - full) / size if size else 0.0)
        lengths = np.linalg.norm(part) * size
        cosine.append((part * full).sum() / lengths if lengths else 0.0)
    return TruncationError(np.asarray(windows), np.array(relative), np.array(cosine))


def bits_by_context(
    model: SequenceClassifier,
    indices: IndexArray,
    contexts: IndexArray,
    n: int = 2_000,
    seed: int = 0,
) -> Array:
    r"""Measure how well a model predicts characters when it has read only the last few.

    .. math:: \frac{1}{n} \sum_{i=1}^n -\log_2 p(c_{t_i} \mid c_{t_i - C}, \dots, c_{t_i - 1})

    Every reading begins with the state zero; the places in the text are the same for all
    lengths.

    Parameters
    ----------
    model : SequenceClassifier
    indices : array of int, shape (N,)
        A text.
    contexts : array of int, shape (C,), at least 1, below N
        How many characters are read before the one that is predicted.
    n : int, at least 1
        Places of the text, drawn at random.
    seed : int

    Returns
    -------
    array, shape (C,), in bits

    Raises
    ------
    TypeError, ValueError
        If a length of context is not a whole number of at least 1, or the text is too short.
    """
    lengths = [as_count("contexts", int(length)) for length in contexts]
    text = as_indices("indices", indices, model.output.b_y.shape[0], "N")
    if max(lengths) >= len(text):
        raise ValueError(
            f"contexts holds {max(lengths)}; expected less than the {len(text)} characters of text."
        )
    places = np.random.default_rng(seed).integers(max(lengths), len(text), size=as_count("n", n))
    results = []
    for length in lengths:
        xs = text[places - length + np.arange(length)[:, None]]  # (length, n)
        last = rnn_sequence(xs, None, model.cell, activation=model.activation).last_state
        scores = linear(last, *model.output).astype(np.float64)
        scores -= scores.max(axis=-1, keepdims=True)
        right = (one_hot(text[places], scores.shape[-1]) * scores).sum(axis=-1)
        results.append((np.log(np.exp(scores).sum(axis=-1)) - right).mean() / np.log(2))
    return np.array(results)
