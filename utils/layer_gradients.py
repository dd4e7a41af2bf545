"""States and gradients in a stack of layers: how large they are, by layer and by time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from utils.data import one_form
from utils.layers.recurrent import (
    CellRun,
    CellWeights,
    Layer,
    StackedRun,
    bidirectional_backward,
)
from utils.losses import d_softmax_cross_entropy
from utils.sequence import (
    GRUSequence,
    RNNSequence,
    gru_sequence_backward,
    lstm_sequence_backward,
    rnn_sequence_backward,
)
from utils.stacked_model import init_stacked_model
from utils.validation import Array, as_array, as_choice, describe

__all__ = ["LOOKS", "LayerTime", "StateGradients", "layers_over_words", "state_gradients"]

_BACKWARD = {RNNSequence: rnn_sequence_backward, GRUSequence: gru_sequence_backward}


_H = 24

LOOKS = {
    "every word": "the loss looks at every word",
    "last word": "the loss looks at the last word alone",
    "noun": "the loss looks at the noun alone",
}
"""Where the loss of `layers_over_words` may look, in words."""


class StateGradients(NamedTuple):
    """Hold ∂L/∂h_t of one layer, along every path, in the order of the inputs.

    Attributes
    ----------
    forward : array, shape (T, B, H)
    backward : array, shape (T, B, H), or None
        Entry t belongs to the state that has read the inputs from the end down to t.
    """

    forward: Array
    backward: Array | None


def state_gradients(
    d_hs: Array, run: StackedRun, layers: Sequence[Layer]
) -> tuple[StateGradients, ...]:
    r"""Return the total derivative of the loss by every hidden state of every layer.

    .. math:: \frac{\partial L}{\partial h^{(l)}_t}
              = \underbrace{\frac{\partial^+ L}{\partial h^{(l)}_t}}_{\text{layer above, or loss}}
              + \underbrace{\frac{\partial L}{\partial h^{(l)}_{t+1}}
                \frac{\partial h^{(l)}_{t+1}}{\partial h^{(l)}_t}}_{\text{next step}}

    with t - 1 in the place of t + 1 for a cell that reads from the end; an LSTM's second way to the
    next step, through its cell state, is part of the sum.

    Parameters
    ----------
    d_hs : array, shape of ``run.hs``
        ∂⁺L/∂h_t of the last layer: what the loss takes from each of its outputs directly.
    run : StackedRun
        As `utils.layers.recurrent.stacked` returned it.
    layers : sequence of Layer
        The ones that it was called with.

    Returns
    -------
    tuple of StateGradients
        From the layer that reads the inputs upwards.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    Schmidhuber (1992), Learning complex, extended sequences using the principle of history
    compression, Neural Computation 4(2); Pascanu, Gulcehre, Cho and Bengio (2014), How to construct
    deep recurrent neural networks, ICLR.
    """
    if not isinstance(run, StackedRun):
        raise TypeError(f"run is {describe(run)}; expected the StackedRun that stacked returned.")
    if len(layers) != len(run.layers):
        raise ValueError(f"layers has {len(layers)} entries; the run has {len(run.layers)}.")
    T, B, F = run.hs.shape
    d_out = as_array("d_hs", d_hs, "T B F", {"T": T, "B": B, "F": F})
    found: list[StateGradients] = []
    for place in reversed(range(len(layers))):
        layer, of_layer = layers[place], run.layers[place]
        if run.keeps[place] is not None:
            d_out = d_out * run.keeps[place]
        H = of_layer.forward.hs.shape[-1]
        forward = _by_step(d_out[..., :H], of_layer.forward, layer.forward)
        backward = None
        if layer.backward is not None:
            backward = _by_step(d_out[::-1, :, H:], of_layer.backward, layer.backward)[::-1]
        found.insert(0, StateGradients(forward, backward))
        if place:
            d_below = bidirectional_backward(d_out, of_layer, layer).d_xs
            d_out = d_below + d_out if run.residual else d_below
    return tuple(found)


def _by_step(d_own: Array, run: CellRun, weights: CellWeights) -> Array:
    """Return ∂L/∂h_t, (T, B, H), in the cell's own order of time: one step back at a time."""
    totals = np.empty(d_own.shape)
    d_h, d_c = np.zeros(d_own.shape[1:]), None
    for t in reversed(range(len(d_own))):
        totals[t] = d_h + d_own[t]
        arrays = {k: v for k, v in run._asdict().items() if isinstance(v, np.ndarray)}
        step = run._replace(**{name: values[t : t + 1] for name, values in arrays.items()})
        if type(run) in _BACKWARD:
            d_h = _BACKWARD[type(run)](totals[t : t + 1], step, weights).d_h_0
        else:
            back = lstm_sequence_backward(totals[t : t + 1], step, weights, d_c)
            d_h, d_c = back.d_h_0, back.d_c_0
    return totals


class LayerTime(NamedTuple):
    """Hold a number for every layer, direction and word.

    Attributes
    ----------
    values : array, shape (n, T)
        From the lowest layer upwards; of two directions the forward one first.
    rows, words : tuple of str
    """

    values: Array
    rows: tuple[str, ...]
    words: tuple[str, ...]


def layers_over_words(
    cell: str,
    depth: int,
    both_directions: bool,
    residual: bool,
    distance: int,
    part: str,
    where: str,
    seed: int,
) -> LayerTime:
    """Run a new network over a sentence and measure its states or its gradients.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
        Each with 24 units; the forget gates of an LSTM start with a bias of 1.
    depth : int, at least 1
    both_directions, residual : bool
    distance : int, at least 0
        Words between noun and verb.
    part : {"gradients", "states"}
        log10 of the length of ∂L/∂h_t, along all paths, or the root mean square of h_t.
    where : {"every word", "last word", "noun"}
        Which outputs the loss looks at: the sum of their cross-entropies.
    seed : int

    Returns
    -------
    LayerTime

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    as_choice("part", part, ("gradients", "states"))
    as_choice("where", where, LOOKS)
    sentence = one_form.make_sentence(np.random.default_rng(5), distance, "plural")
    V, K = len(one_form.VOCABULARY), len(one_form.TAGS)
    bias = 1.0 if cell == "lstm" else 0.0
    rng = np.random.default_rng(seed)
    model = init_stacked_model(V, _H, K, rng, cell, depth, both_directions, residual, bias)
    run = model.forward(one_form.encode(sentence)[:, None])
    if part == "states":
        pairs = [
            (layer.forward.hs, layer.backward and layer.backward.hs[::-1])
            for layer in run.stack.layers
        ]
    else:
        tags = [[one_form.TAGS.index(tag)] for tag in one_form.tags_of(sentence)]
        slopes = d_softmax_cross_entropy(run.outputs, np.array(tags), "sum")
        looked = {"every word": slice(None), "last word": -1, "noun": sentence.subject}[where]
        d_outputs = np.zeros_like(slopes)
        d_outputs[looked] = slopes[looked]
        pairs = state_gradients(d_outputs @ model.output.W_hy.T, run.stack, model.layers)
    values, rows = [], []
    for number, pair in enumerate(pairs, start=1):
        for arrow, found in zip("→←", pair, strict=True):
            if found is not None:
                values.append(_sizes(found[:, 0], part))
                rows.append(f"layer {number} {arrow}" if both_directions else f"layer {number}")
    return LayerTime(np.array(values), tuple(rows), sentence.words)


def _sizes(found: Array, part: str) -> Array:
    """Return a number for each step: log10 of the length, or the root mean square."""
    if part == "states":
        return np.sqrt((found**2).mean(axis=-1))
    lengths = np.sqrt((found**2).sum(axis=-1))
    with np.errstate(divide="ignore"):
        logs = np.log10(lengths)
    return np.where(lengths > 0, logs, np.nan)
