"""Backpropagation through time with every term kept, and with terms broken on purpose.

The readable version: one step after the other, and nothing added up before it was stored. To train,
use ``utils.sequence``, which computes the same gradients and keeps less.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.cells import OutputWeights, RNNWeights
from utils.losses import d_softmax_cross_entropy, softmax, softmax_cross_entropy
from utils.validation import Array, IndexArray, as_array, as_choice, as_indices, as_weights

__all__ = [
    "BPTT",
    "BROKEN_TERMS",
    "BrokenTerm",
    "Example",
    "ForwardPass",
    "bptt",
    "broken_bptt",
    "rnn_forward",
    "sequence_loss",
]

_RNN_AXES = {"W_xh": "D H", "W_hh": "H H", "b_h": "H"}
_OUTPUT_AXES = {"W_hy": "H K", "b_y": "K"}
REDUCTIONS = ("sum", "mean")


class Example(NamedTuple):
    """Hold a network with sequences for it, in the order that `bptt` takes them.

    Attributes
    ----------
    xs : array, shape (T, B, D)
    targets : array of int, shape (T, B), values in [0, K)
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,).
    output : OutputWeights
        W_hy (H, K), b_y (K,).
    h_0 : array, shape (B, H)
    """

    xs: Array
    targets: IndexArray
    weights: RNNWeights
    output: OutputWeights
    h_0: Array


class ForwardPass(NamedTuple):
    """Hold what the way back needs from the way forward.

    Attributes
    ----------
    hs : array, shape (T, B, H), values in [-1, 1]
    logits, y_hats : array, shape (T, B, K)
        Scores in nats, and probabilities.
    """

    hs: Array
    logits: Array
    y_hats: Array


class BPTT(NamedTuple):
    """Hold a loss with all its gradients, added up and step by step.

    Attributes
    ----------
    loss : float
        In nats.
    gradients : dict of arrays
        ``d_W_xh``, ``d_W_hh``, ``d_b_h``, ``d_W_hy``, ``d_b_y``, ``d_h_0``, each of the shape
        of its parameter.
    terms : dict of arrays
        The summand of every step under the same names, d_h_0 left out: (T, D, H) for
        ``d_W_xh``. Their sum over the first axis is the gradient.
    d_os : array, shape (T, B, K)
        ∂L/∂o_t.
    d_hs : array, shape (T, B, H)
        ∂L/∂h_t, both paths.
    d_zs : array, shape (T, B, H)
        ∂L/∂z_t, with z_t the sum before tanh.
    forward : ForwardPass
    """

    loss: float
    gradients: dict[str, Array]
    terms: dict[str, Array]
    d_os: Array
    d_hs: Array
    d_zs: Array
    forward: ForwardPass


def rnn_forward(xs: Array, weights: RNNWeights, output: OutputWeights, h_0: Array) -> ForwardPass:
    r"""Read sequences and give the states and the answers of every step.

    .. math:: h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h), \qquad
              o_t = h_t W_{hy} + b_y, \qquad \hat y_t = \mathrm{softmax}(o_t)

    Parameters
    ----------
    xs : array, shape (T, B, D)
    weights : RNNWeights
    output : OutputWeights
    h_0 : array, shape (B, H)
        The shapes are checked by `bptt` and `sequence_loss`, not here.

    Returns
    -------
    ForwardPass
    """
    h_t = h_0
    hs = np.empty((len(xs), *h_0.shape), dtype=np.result_type(xs, h_0, *weights))
    for t, x_t in enumerate(xs):
        h_t = np.tanh(x_t @ weights.W_xh + h_t @ weights.W_hh + weights.b_h)  # (B, H)
        hs[t] = h_t
    logits = hs @ output.W_hy + output.b_y  # (T, B, K)
    return ForwardPass(hs, logits, softmax(logits))


def sequence_loss(
    xs: Array,
    targets: IndexArray,
    weights: RNNWeights,
    output: OutputWeights,
    h_0: Array | None = None,
    *,
    steps: Iterable[int] | None = None,
    reduction: str = "sum",
) -> float:
    r"""Return the cross-entropy of sequences, over all steps or over some of them.

    .. math:: L = \sum_{t \in S} L_t, \qquad L_t = -\sum_b \ln \hat y_{t, b, k_{t, b}}

    The mean divides by the number of steps in S times B.

    Parameters
    ----------
    xs, targets, weights, output, h_0, steps, reduction
        As in `bptt`.

    Returns
    -------
    loss : float, at least 0, in nats

    Raises
    ------
    TypeError, ValueError
        As `bptt` does.
    """
    example, counted = _read(xs, targets, weights, output, h_0, steps, reduction)
    logits = rnn_forward(example.xs, example.weights, example.output, example.h_0).logits
    return float(softmax_cross_entropy(logits[counted], example.targets[counted], reduction))


def bptt(
    xs: Array,
    targets: IndexArray,
    weights: RNNWeights,
    output: OutputWeights,
    h_0: Array | None = None,
    *,
    steps: Iterable[int] | None = None,
    reduction: str = "sum",
) -> BPTT:
    r"""Compute the gradient of every parameter by backpropagation through time.

    From the last step to the first, with :math:`\partial L/\partial z_{T+1} = 0`:

    .. math::
        \frac{\partial L}{\partial o_t} &= \hat y_t - y_t \\
        \frac{\partial L}{\partial h_t} &= \frac{\partial L}{\partial o_t} W_{hy}^\top
            + \frac{\partial L}{\partial z_{t+1}} W_{hh}^\top, \qquad
        \frac{\partial L}{\partial z_t} = \frac{\partial L}{\partial h_t} \odot (1 - h_t^2) \\
        \frac{\partial L}{\partial W_{hh}} &= \sum_t h_{t-1}^\top
            \frac{\partial L}{\partial z_t}, \quad
        \frac{\partial L}{\partial W_{xh}} = \sum_t x_t^\top
            \frac{\partial L}{\partial z_t}, \quad
        \frac{\partial L}{\partial b_h} = \sum_{t, b} \frac{\partial L}{\partial z_t} \\
        \frac{\partial L}{\partial W_{hy}} &= \sum_t h_t^\top
            \frac{\partial L}{\partial o_t}, \quad
        \frac{\partial L}{\partial b_y} = \sum_{t, b} \frac{\partial L}{\partial o_t}, \quad
        \frac{\partial L}{\partial h_0} = \frac{\partial L}{\partial z_1} W_{hh}^\top

    Parameters
    ----------
    xs : array, shape (T, B, D)
        The inputs, time first.
    targets : array of int, shape (T, B), values in [0, K)
        The right class at every step.
    weights : RNNWeights
        W_xh (D, H), W_hh (H, H), b_h (H,).
    output : OutputWeights
        W_hy (H, K), b_y (K,).
    h_0 : array, shape (B, H), optional
        Hidden state before the first step; zeros without it.
    steps : iterable of int, values in [0, T), optional
        The steps, counted from 0, whose loss counts; all of them without it.
    reduction : {"sum", "mean"}
        Over the steps that count and the batch.

    Returns
    -------
    BPTT

    Raises
    ------
    TypeError
        If an argument is not made of numbers, or does not hold the weights named above.
    ValueError
        If the sizes do not agree, an array is empty, a value is NaN or infinite, or a step is
        not in [0, T) or stands there twice.

    References
    ----------
    Werbos (1990), Backpropagation through time: what it does and how to do it, Proceedings
    of the IEEE 78(10).
    """
    example, counted = _read(xs, targets, weights, output, h_0, steps, reduction)
    return _backward(example, counted, reduction)


@dataclass(frozen=True)
class BrokenTerm:
    """Describe a mistake in the way back.

    Attributes
    ----------
    title : str
        The mistake in a few words.
    line : str
        The wrong line, as code.
    right_line : str
        The line as it should be.
    """

    title: str
    line: str
    right_line: str


#: The terms that can be left out or spoiled on the way back, by name.
BROKEN_TERMS: dict[str, BrokenTerm] = {
    "slope": BrokenTerm("1 − h² left out", "d_z = d_h", "d_z = d_h * (1 - h**2)"),
    "slope_at_z": BrokenTerm(
        "slope taken at z", "d_z = d_h * (1 - z**2)", "d_z = d_h * (1 - h**2)"
    ),
    "transpose": BrokenTerm(
        "W_hh not transposed", "d_h_next = d_z @ W_hh", "d_h_next = d_z @ W_hh.T"
    ),
    "future": BrokenTerm(
        "gradient from t + 1 dropped", "d_h = d_o @ W_hy.T", "d_h = d_o @ W_hy.T + d_h_next"
    ),
    "own_output": BrokenTerm(
        "own outputs dropped, but the last",
        "d_h = d_h_next",
        "d_h = d_o @ W_hy.T + d_h_next",
    ),
    "last_step": BrokenTerm(
        "d_W_hh of the last step alone", "d_W_hh = h_prev.T @ d_z", "d_W_hh += h_prev.T @ d_z"
    ),
    "shifted": BrokenTerm(
        "d_W_hh with h_t for h_prev", "d_W_hh += h_t.T @ d_z", "d_W_hh += h_prev.T @ d_z"
    ),
    "bias": BrokenTerm(
        "bias not summed over the batch", "d_b_h += d_z[0]", "d_b_h += d_z.sum(axis=0)"
    ),
    "start": BrokenTerm("d_h_0 not taken through W_hh", "d_h_0 = d_z", "d_h_0 = d_z @ W_hh.T"),
    "mean": BrokenTerm(
        "gradient of the mean, loss the sum", "d_o = (y_hat - y) / (T * B)", "d_o = y_hat - y"
    ),
}
"""Mistakes that `broken_bptt` can make, by key."""


def broken_bptt(
    broken: str,
    xs: Array,
    targets: IndexArray,
    weights: RNNWeights,
    output: OutputWeights,
    h_0: Array | None = None,
) -> BPTT:
    """Compute the gradients as `bptt` does, with one line of it wrong.

    Parameters
    ----------
    broken : str
        A key of `BROKEN_TERMS`.
    xs, targets, weights, output, h_0
        As in `bptt`; the loss is the sum over all steps.

    Returns
    -------
    BPTT
        The right loss, and gradients some of which are wrong.

    Raises
    ------
    TypeError, ValueError
        If there is no such mistake, and as `bptt` does.
    """
    as_choice("broken", broken, BROKEN_TERMS)
    example, counted = _read(xs, targets, weights, output, h_0, None, "sum")
    return _backward(example, counted, "sum", broken)


def _read(
    xs: Array,
    targets: IndexArray,
    weights: RNNWeights,
    output: OutputWeights,
    h_0: Array | None,
    steps: Iterable[int] | None,
    reduction: str,
) -> tuple[Example, list[int]]:
    """Return the arguments checked, and the steps that count."""
    sizes: dict[str, int] = {}
    weights = as_weights("weights", weights, RNNWeights, _RNN_AXES, sizes)
    output = as_weights("output", output, OutputWeights, _OUTPUT_AXES, sizes)
    xs = as_array("xs", xs, "T B D", sizes)
    targets = as_indices("targets", targets, sizes["K"], "T B", sizes, count_name="K")
    if h_0 is None:
        h_0 = np.zeros((sizes["B"], sizes["H"]), dtype=weights.W_hh.dtype)
    h_0 = as_array("h_0", h_0, "B H", sizes)
    as_choice("reduction", reduction, REDUCTIONS)
    T = sizes["T"]
    counted = list(range(T)) if steps is None else [int(step) for step in steps]
    if not counted or len(set(counted)) < len(counted) or not set(counted) <= set(range(T)):
        raise ValueError(f"steps is {counted}; expected different steps from 0 to T - 1 = {T - 1}.")
    return Example(xs, targets, weights, output, h_0), counted


def _backward(
    example: Example, counted: list[int], reduction: str, broken: str | None = None
) -> BPTT:
    """Go forward and back; `broken` names the line that is to be wrong."""
    xs, targets, weights, output, h_0 = example
    forward = rnn_forward(xs, weights, output, h_0)
    hs, logits = forward.hs, forward.logits
    h_prevs = np.concatenate([h_0[None], hs[:-1]])  # (T, B, H): h_{t-1} beside h_t

    loss = softmax_cross_entropy(logits[counted], targets[counted], reduction)
    d_os = np.zeros_like(logits)  # (T, B, K); zero where no loss looks
    d_os[counted] = d_softmax_cross_entropy(logits[counted], targets[counted], reduction)
    if broken == "mean":
        d_os = d_os / targets.size

    slopes = 1 - hs**2  # (T, B, H)
    if broken == "slope":
        slopes = np.ones_like(hs)
    elif broken == "slope_at_z":
        slopes = 1 - np.arctanh(hs) ** 2
    W_back = weights.W_hh if broken == "transpose" else weights.W_hh.T

    d_hs, d_zs = np.empty_like(hs), np.empty_like(hs)
    d_h_next = np.zeros_like(h_0)
    for t in reversed(range(len(xs))):
        d_h_out = d_os[t] @ output.W_hy.T  # through its own output, (B, H)
        if broken == "own_output" and t < len(xs) - 1:
            d_h_out = np.zeros_like(d_h_out)
        if broken == "future":
            d_h_next = np.zeros_like(d_h_next)
        d_hs[t] = d_h_out + d_h_next
        d_zs[t] = d_hs[t] * slopes[t]
        d_h_next = d_zs[t] @ W_back  # through step t to the state before it
    if broken == "start":
        d_h_next = d_zs[0].copy()

    terms = {
        "d_W_xh": _products(xs, d_zs),  # (T, D, H)
        "d_W_hh": _products(hs if broken == "shifted" else h_prevs, d_zs),  # (T, H, H)
        "d_b_h": d_zs[:, 0] if broken == "bias" else d_zs.sum(axis=1),  # (T, H)
        "d_W_hy": _products(hs, d_os),  # (T, H, K)
        "d_b_y": d_os.sum(axis=1),  # (T, K)
    }
    gradients = {name: term.sum(axis=0) for name, term in terms.items()}
    if broken == "last_step":
        gradients["d_W_hh"] = terms["d_W_hh"][-1]
    gradients["d_h_0"] = d_h_next
    return BPTT(float(loss), gradients, terms, d_os, d_hs, d_zs, forward)


def _products(left: Array, right: Array) -> Array:
    """Return ``left[t].T @ right[t]`` for every step."""
    return np.swapaxes(left, 1, 2) @ right
