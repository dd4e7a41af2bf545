"""A recurrent cell with a softmax output: classes at every step, or one class after the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from utils.cells import (
    GRUWeights,
    LSTMWeights,
    OutputWeights,
    RNNWeights,
    init_gru_weights,
    init_lstm_weights,
    init_output_weights,
    init_rnn_weights,
)
from utils.layers import weight_gradient
from utils.sequence import (
    GRUSequence,
    LSTMSequence,
    RNNSequence,
    gru_sequence,
    gru_sequence_backward,
    lstm_sequence,
    lstm_sequence_backward,
    rnn_sequence,
    rnn_sequence_backward,
)
from utils.validation import (
    Array,
    IndexArray,
    as_array,
    as_choice,
    as_indices,
    as_shape_of,
    as_weights,
    describe,
)

CELLS = ("rnn", "lstm", "gru")

Cell = RNNWeights | LSTMWeights | GRUWeights
Sequence = RNNSequence | LSTMSequence | GRUSequence
State = Array | tuple[Array, Array]


class ClassifierRun(NamedTuple):
    """Hold what a classifier computed on its way forward.

    Attributes
    ----------
    logits : array, shape (T, B, K)
        Scores in nats, at every step.
    sequence : RNNSequence, LSTMSequence or GRUSequence
        The states, with what the way back needs; ``.last_state`` is the one to carry on.
    """

    logits: Array
    sequence: Sequence


class ClassifierStep(NamedTuple):
    """Hold the loss of a batch with the gradients that it gives.

    Attributes
    ----------
    loss : float
        In nats.
    gradients : dict of arrays
        ``d_W_xh`` and so on: those of the weights alone, named as in the classifier's ``weights``
        with ``d_`` in front.
    logits : array, shape (T, B, K) or (B, K)
        Scores at the steps that the loss looked at.
    sequence : RNNSequence, LSTMSequence or GRUSequence
        ``.last_state`` is the one to carry on.
    d_state : array, shape (B, H), or two of them
        Gradient of the loss with respect to the initial state, of an LSTM h and c.
    """

    loss: float
    gradients: dict[str, Array]
    logits: Array
    sequence: Sequence
    d_state: State


@dataclass(frozen=True)
class SequenceClassifier:
    r"""A recurrent cell whose hidden state goes through an output layer and a softmax.

    .. math:: h_t = \mathrm{cell}(x_t, h_{t-1}), \qquad
              \hat y_t = \mathrm{softmax}(h_t W_{hy} + b_y)

    Attributes
    ----------
    cell : RNNWeights, LSTMWeights or GRUWeights
        Their kind decides which cell it is; a GRU resets after the product.
    output : OutputWeights
        W_hy (H, K), b_y (K,).
    activation : str
        What stands in the place of tanh; see `utils.cells.RNN_ACTIVATIONS`.
    """

    cell: Cell
    output: OutputWeights
    activation: str = "tanh"

    @property
    def weights(self) -> dict[str, Array]:
        """The arrays themselves by name, so that an optimiser's step on them trains the model."""
        return {**self.cell._asdict(), **self.output._asdict()}

    def forward(
        self, xs: Any, state: State | None = None, mask: Array | None = None
    ) -> ClassifierRun:
        """Read a batch of sequences and score the classes at every step.

        Parameters
        ----------
        xs : array, shape (T, B, D), or whole numbers, shape (T, B)
            Whole numbers below D stand for one-hot vectors.
        state : array, shape (B, H), or for an LSTM two of them, optional
            The state before the first step, of an LSTM h and c; zeros without it.
        mask : array of 0 and 1, shape (T, B), optional
            Where it is 0 there is no item and the state stays as it was.

        Returns
        -------
        ClassifierRun

        Raises
        ------
        TypeError, ValueError
            If the shapes do not agree, or a value is NaN or infinite.
        """
        sequence = self._run(xs, state, mask)
        return ClassifierRun(self._scores(sequence.hs), sequence)

    def loss_and_gradients(
        self,
        xs: Any,
        targets: IndexArray,
        state: State | None = None,
        mask: Array | None = None,
        reduction: str = "mean",
        keep: Array | None = None,
    ) -> ClassifierStep:
        r"""Compute the cross-entropy of a batch and its gradient by backpropagation through time.

        .. math:: L = -\sum_{t, b} \ln \hat y_{t, b, k_{t, b}}

        divided by T·B, or for targets after the last step by B, where the reduction is the mean.

        Parameters
        ----------
        xs, state, mask
            As in `forward`. The gradient does not go beyond `state`: handed on from an earlier
            window it counts as a constant, which is truncated backpropagation.
        targets : array of int, shape (T, B) or (B,), values in [0, K)
            The right class at every step, or after the last step alone. With a mask, (T, B)
            counts the steps that have an item.
        reduction : {"mean", "sum"}
            Over all samples that count.
        keep : array, shape (T, B, H) or (B, H), optional
            Factors on the states that the output layer sees, one for each entry: dropout on the
            way out. The way through time is left alone.

        Returns
        -------
        ClassifierStep

        Raises
        ------
        TypeError, ValueError
            If the shapes do not agree, a target is not in [0, K), or a value is NaN or infinite.

        References
        ----------
        Werbos (1990), Backpropagation through time: what it does and how to do it, Proceedings
        of the IEEE 78(10).
        """
        as_choice("reduction", reduction, ("mean", "sum"))
        sequence = self._run(xs, state, mask)
        every_step = np.ndim(targets) == 2
        hs = sequence.hs if every_step else sequence.hs[-1]
        if keep is not None:
            keep = as_shape_of("keep", keep, "the states", hs, dtype=hs.dtype)
            hs = hs * keep
        logits = self._scores(hs)
        there = None if mask is None or not every_step else np.asarray(mask, dtype=bool)
        loss, d_logits = _loss_and_slopes(logits, targets, there, reduction)

        d_read = (d_logits @ self.output.W_hy.T).reshape(hs.shape)
        if keep is not None:
            d_read *= keep
        d_hs = d_read
        if not every_step:
            d_hs = np.zeros_like(sequence.hs)
            d_hs[-1] = d_read
        gradients, d_state = self._run_backward(d_hs, sequence)
        gradients["d_W_hy"] = weight_gradient(hs, d_logits)
        gradients["d_b_y"] = d_logits.sum(axis=0)
        return ClassifierStep(loss, gradients, logits, sequence, d_state)

    def accuracy(self, xs: Any, targets: IndexArray, mask: Array | None = None) -> float:
        """Return the share of targets, in [0, 1], that get the highest score.

        Parameters
        ----------
        xs, mask
            As in `forward`.
        targets : array of int, shape (T, B) or (B,)
            As in `loss_and_gradients`.

        Returns
        -------
        float in [0, 1]
            Over the steps where the mask is 1, if there is one.
        """
        logits = self.forward(xs, mask=mask).logits
        targets = as_array("targets", targets, kind="int")
        every_step = targets.ndim == 2
        right = (logits if every_step else logits[-1]).argmax(axis=-1) == targets
        if mask is not None and every_step:
            right = right[np.asarray(mask, dtype=bool)]
        return float(right.mean())

    def _run(self, xs: Any, state: State | None, mask: Array | None) -> Sequence:
        """Run the cell, of whichever kind, from the state over the inputs."""
        if isinstance(self.cell, LSTMWeights):
            if state is not None and not (isinstance(state, tuple) and len(state) == 2):
                raise TypeError(
                    f"state is {describe(state)}; expected a tuple of two, hidden state and cell "
                    "state, for an LSTM."
                )
            return lstm_sequence(xs, *(state or (None, None)), self.cell, mask)
        if isinstance(self.cell, GRUWeights):
            return gru_sequence(xs, state, self.cell, mask)
        return rnn_sequence(xs, state, self.cell, mask, activation=self.activation)

    def _run_backward(self, d_hs: Array, sequence: Sequence) -> tuple[dict[str, Array], State]:
        """Return the gradients of the cell's weights by name, and that of the initial state."""
        if isinstance(sequence, LSTMSequence):
            back = lstm_sequence_backward(d_hs, sequence, self.cell)
            d_state = back.d_h_0, back.d_c_0
        elif isinstance(sequence, GRUSequence):
            back = gru_sequence_backward(d_hs, sequence, self.cell)
            d_state = back.d_h_0
        else:
            back = rnn_sequence_backward(d_hs, sequence, self.cell)
            d_state = back.d_h_0
        return {f"d_{name}": getattr(back, f"d_{name}") for name in self.cell._fields}, d_state

    def _scores(self, hs: Array) -> Array:
        """Return h W_hy + b_y, for all steps in one product."""
        sizes = {"H": hs.shape[-1]}
        axes = {"W_hy": "H K", "b_y": "K"}
        W_hy, b_y = as_weights("output", self.output, OutputWeights, axes, sizes)
        logits = hs.reshape(-1, sizes["H"]) @ W_hy
        logits += b_y
        return logits.reshape(*hs.shape[:-1], sizes["K"])


def _loss_and_slopes(
    logits: Array, targets: IndexArray, there: Array | None, reduction: str
) -> tuple[float, Array]:
    """Return the cross-entropy and ∂L/∂logits (samples, K), the softmax computed once for both.

    Parameters
    ----------
    logits : array, shape (..., K)
    targets : array of int, shape (...,)
    there : array of bool, shape (...,), or None
        Which samples count.
    reduction : {"mean", "sum"}
    """
    K = logits.shape[-1]
    targets = as_array("targets", targets, kind="int")
    if targets.shape != logits.shape[:-1]:
        raise ValueError(
            f"targets has shape {targets.shape}; expected {logits.shape[:-1]}, one class for each "
            f"sample of logits {logits.shape}."
        )
    right = as_indices("targets", targets, K, count_name="K").ravel()
    scores = as_array("logits", logits).reshape(-1, K)
    samples = np.arange(len(scores))
    count = 1.0
    if reduction == "mean":
        count = float(len(scores) if there is None else max(1, np.count_nonzero(there)))

    top = scores[samples, scores.argmax(axis=1)]  # argmax is faster than max along short rows
    slopes = scores - top[:, None]
    of_right = slopes[samples, right]
    np.exp(slopes, out=slopes)
    total = slopes @ np.ones(K, slopes.dtype)  # a product is the fastest sum along rows
    losses = np.log(total) - of_right
    slopes *= (1 / (count * total))[:, None]
    slopes[samples, right] -= 1 / count
    if there is not None:
        losses = losses[there.ravel()]
        slopes *= there.reshape(-1, 1)
    return float(losses.sum() / count), slopes


def init_classifier(
    D: int,
    H: int,
    K: int,
    rng: np.random.Generator,
    cell: str = "rnn",
    activation: str = "tanh",
    dtype: Any = np.float64,
    scale: float | None = None,
    forget_bias: float = 0.0,
) -> SequenceClassifier:
    r"""Draw a classifier from normal distributions around zero, biases zero.

    Parameters
    ----------
    D, H, K : int
        Input features, hidden units and classes.
    rng : numpy.random.Generator
    cell : {"rnn", "lstm", "gru"}
    activation : str
        Of a plain RNN; see `utils.cells.RNN_ACTIVATIONS`. LSTM and GRU have theirs fixed.
    dtype : float32 or float64
    scale : float, optional
        Standard deviation of all matrices; without it 1 over the root of their rows.
    forget_bias : float
        Bias of an LSTM's forget gate; all others start at zero.

    Returns
    -------
    SequenceClassifier

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1, or an argument not one of those named.
    """
    as_choice("cell", cell, CELLS)
    if not isinstance(activation, str):
        raise TypeError(f"activation is {describe(activation)}; expected its name.")
    if cell != "rnn" and activation != "tanh":
        raise ValueError(
            f"activation is {activation!r}; it can be chosen for cell='rnn' alone, not {cell!r}."
        )
    if cell == "lstm":
        weights = init_lstm_weights(D, H, rng, scale, forget_bias, dtype)
    elif cell == "gru":
        weights = init_gru_weights(D, H, rng, scale, dtype)
    else:
        weights = init_rnn_weights(D, H, rng, scale, dtype)
    return SequenceClassifier(weights, init_output_weights(H, K, rng, scale, dtype), activation)
