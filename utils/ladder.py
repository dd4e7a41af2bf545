"""One training step in several ways, from the readable cell to the fast one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from utils.cells import OutputWeights, RNNWeights, rnn_step, rnn_step_backward
from utils.classifier import SequenceClassifier
from utils.layers import linear, linear_backward, one_hot
from utils.losses import d_softmax_cross_entropy, softmax_cross_entropy
from utils.validation import Array, IndexArray, as_choice, as_count

RUNGS = {
    "readable": "one step after the other: cell, output layer, gradients",
    "outputs at once": "output layer and softmax once, for all steps",
    "look-up": "rows of W_xh looked up for all steps before the loop",
    "sums at the end": "every weight gradient one product after the loop",
    "library": "the same in utils.sequence: W_hh transposed once, results written in place",
    "float32": "numbers of half the size",
}
"""The rungs in order, each with what it changes against the one before."""


class Timing(NamedTuple):
    """Say how long a rung takes.

    Attributes
    ----------
    rung : str
    milliseconds : float
        Median of one step.
    gain : float
        How many times as fast as the rung before: median of the ratios of neighbouring runs.
    """

    rung: str
    milliseconds: float
    gain: float


def gradients_at(
    rung: str, model: SequenceClassifier, xs: IndexArray, targets: IndexArray
) -> tuple[float, dict[str, Array]]:
    """Compute the loss of a window and its gradients in the way of one rung.

    Parameters
    ----------
    rung : str
        One of `RUNGS`. All give the same numbers; "float32" those of a model in float32.
    model : SequenceClassifier
        Of a plain RNN with tanh.
    xs, targets : array of int, shape (T, B)

    Returns
    -------
    loss : float
        Mean cross-entropy in nats.
    gradients : dict of arrays
        Under ``d_W_xh``, ``d_W_hh``, ``d_b_h``, ``d_W_hy``, ``d_b_y``.

    Raises
    ------
    ValueError
        If the rung is unknown.
    """
    as_choice("rung", rung, RUNGS)
    if rung in ("library", "float32"):
        step = model.loss_and_gradients(xs, targets)
        return step.loss, step.gradients
    return _STEPS[rung](model.cell, model.output, xs, targets)


def _readable(
    cell: RNNWeights, output: OutputWeights, xs: IndexArray, targets: IndexArray
) -> tuple[float, dict[str, Array]]:
    vectors = one_hot(xs, cell.W_xh.shape[0], dtype=cell.W_xh.dtype)  # (T, B, V)
    h_t = np.zeros((xs.shape[1], cell.W_hh.shape[0]), dtype=cell.W_hh.dtype)
    hs, d_hs, loss = [h_t], [], 0.0
    d_W_hy, d_b_y = np.zeros_like(output.W_hy), np.zeros_like(output.b_y)
    for x_t, right in zip(vectors, targets, strict=True):
        h_t = rnn_step(x_t, h_t, cell)
        logits = linear(h_t, *output)
        loss += float(softmax_cross_entropy(logits, right)) / len(xs)
        back = linear_backward(d_softmax_cross_entropy(logits, right) / len(xs), h_t, output.W_hy)
        d_W_hy += back.d_W
        d_b_y += back.d_b
        d_hs.append(back.d_x)
        hs.append(h_t)
    gradients = _back_step_by_step(cell, vectors, hs, d_hs)
    return loss, {**gradients, "d_W_hy": d_W_hy, "d_b_y": d_b_y}


def _outputs_at_once(
    cell: RNNWeights, output: OutputWeights, xs: IndexArray, targets: IndexArray
) -> tuple[float, dict[str, Array]]:
    vectors = one_hot(xs, cell.W_xh.shape[0], dtype=cell.W_xh.dtype)
    hs = [np.zeros((xs.shape[1], cell.W_hh.shape[0]), dtype=cell.W_hh.dtype)]
    for x_t in vectors:
        hs.append(rnn_step(x_t, hs[-1], cell))
    loss, d_hs, from_output = _read_out(np.stack(hs[1:]), output, targets)
    return loss, {**_back_step_by_step(cell, vectors, hs, d_hs), **from_output}


def _look_up(
    cell: RNNWeights, output: OutputWeights, xs: IndexArray, targets: IndexArray
) -> tuple[float, dict[str, Array]]:
    hs = _forward(cell, xs)
    loss, d_hs, from_output = _read_out(np.stack(hs[1:]), output, targets)
    d_W_xh, d_W_hh, d_b_h = (np.zeros_like(w) for w in cell)
    d_h = np.zeros_like(hs[0])
    for t in reversed(range(len(xs))):
        d_z = (d_hs[t] + d_h) * (1 - hs[t + 1] ** 2)
        np.add.at(d_W_xh, xs[t], d_z)  # the way back of a look-up
        d_W_hh += hs[t].T @ d_z
        d_b_h += d_z.sum(axis=0)
        d_h = d_z @ cell.W_hh.T
    return loss, {"d_W_xh": d_W_xh, "d_W_hh": d_W_hh, "d_b_h": d_b_h, **from_output}


def _sums_at_the_end(
    cell: RNNWeights, output: OutputWeights, xs: IndexArray, targets: IndexArray
) -> tuple[float, dict[str, Array]]:
    hs = np.stack(_forward(cell, xs))  # (T + 1, B, H)
    loss, d_hs, from_output = _read_out(hs[1:], output, targets)
    d_zs = np.empty_like(d_hs)
    d_h = np.zeros_like(hs[0])
    for t in reversed(range(len(xs))):
        d_zs[t] = (d_hs[t] + d_h) * (1 - hs[t + 1] ** 2)
        d_h = d_zs[t] @ cell.W_hh.T
    H = d_zs.shape[-1]
    rows = d_zs.reshape(-1, H)  # (T B, H)
    vectors = one_hot(xs.ravel(), cell.W_xh.shape[0], dtype=rows.dtype)
    return loss, {
        "d_W_xh": vectors.T @ rows,
        "d_W_hh": hs[:-1].reshape(-1, H).T @ rows,
        "d_b_h": rows.sum(axis=0),
        **from_output,
    }


def _forward(cell: RNNWeights, xs: IndexArray) -> list[Array]:
    """Return h_0, a zero state, and the state after every step."""
    from_inputs = cell.W_xh[xs] + cell.b_h  # (T, B, H)
    hs = [np.zeros_like(from_inputs[0])]
    for from_input in from_inputs:
        hs.append(np.tanh(from_input + hs[-1] @ cell.W_hh))
    return hs


def _read_out(
    hs: Array, output: OutputWeights, targets: IndexArray
) -> tuple[float, Array, dict[str, Array]]:
    """Return the loss, ∂⁺L/∂h of all steps, and the gradients of the output layer."""
    logits = linear(hs, *output)
    back = linear_backward(d_softmax_cross_entropy(logits, targets), hs, output.W_hy)
    loss = float(softmax_cross_entropy(logits, targets))
    return loss, back.d_x, {"d_W_hy": back.d_W, "d_b_y": back.d_b}


def _back_step_by_step(
    cell: RNNWeights, vectors: Array, hs: list[Array], d_hs: Any
) -> dict[str, Array]:
    totals = [np.zeros_like(w) for w in cell]
    d_h = np.zeros_like(hs[0])
    for t in reversed(range(len(vectors))):
        back = rnn_step_backward(d_hs[t] + d_h, vectors[t], hs[t], hs[t + 1], cell)
        for total, part in zip(totals, (back.d_W_xh, back.d_W_hh, back.d_b_h), strict=True):
            total += part
        d_h = back.d_h_prev
    return dict(zip(("d_W_xh", "d_W_hh", "d_b_h"), totals, strict=True))


_STEPS = {
    "readable": _readable,
    "outputs at once": _outputs_at_once,
    "look-up": _look_up,
    "sums at the end": _sums_at_the_end,
}


def time_rungs(
    models: Mapping[str, SequenceClassifier], xs: IndexArray, targets: IndexArray, repeats: int = 9
) -> list[Timing]:
    """Time every rung, the rungs in turn, so that a busy machine is busy for all of them.

    Parameters
    ----------
    models : mapping of str to SequenceClassifier
        From rung to the model that it runs.
    xs, targets : array of int, shape (T, B)
    repeats : int, at least 1
        Runs of each; one more comes before them and is not counted.

    Returns
    -------
    list of Timing
        In the order of `models`; the first has gain 1.
    """
    repeats = as_count("repeats", repeats)
    seconds = np.empty((repeats + 1, len(models)))
    for row in seconds:
        for place, (rung, model) in enumerate(models.items()):
            start = time.perf_counter()
            gradients_at(rung, model, xs, targets)
            row[place] = time.perf_counter() - start
    seconds = seconds[1:]
    gains = np.ones(len(models))
    gains[1:] = np.median(seconds[:, :-1] / seconds[:, 1:], axis=0)
    medians = np.median(seconds, axis=0) * 1000
    return [
        Timing(rung, float(ms), float(gain))
        for rung, ms, gain in zip(models, medians, gains, strict=True)
    ]
