"""One recurrent layer of any kind with a linear output: classes or a number from a sequence.

`utils.classifier` trains the three cells of the course on classes. This one takes the variants of
the LSTM and both resets of the GRU as well, and also learns numbers, which tasks of memory ask for.
"""

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
    init_output_weights,
    init_rnn_weights,
)
from utils.cells.lstm_variants import LSTMVariant, as_variant, init_variant_weights
from utils.layers import weight_gradient
from utils.losses import (
    d_softmax_cross_entropy,
    d_squared_error,
    softmax_cross_entropy,
    squared_error,
)
from utils.sequence import (
    GRUSequence,
    RNNSequence,
    gru_sequence,
    gru_sequence_backward,
    rnn_sequence,
    rnn_sequence_backward,
)
from utils.sequence.lstm_variants import (
    VariantSequence,
    lstm_variant_sequence,
    lstm_variant_sequence_backward,
)
from utils.validation import Array, IndexArray, as_array, as_choice, as_weights, describe

CELLS = ("rnn", "lstm", "gru")

Sequence = RNNSequence | VariantSequence | GRUSequence


class ModelRun(NamedTuple):
    """Hold what a model computed on its way forward.

    Attributes
    ----------
    outputs : array, shape (T, B, K)
        Scores of classes in nats, or numbers.
    sequence : RNNSequence, VariantSequence or GRUSequence
        The states, with what the way back needs; ``.last_state`` is the one to carry on.
    """

    outputs: Array
    sequence: Sequence


class ModelStep(NamedTuple):
    """Hold the loss of a batch with the gradients that it gives.

    Attributes
    ----------
    loss : float
        In nats, or in squared units of the target.
    gradients : dict of arrays
        Those of the weights by name, with ``d_`` in front.
    outputs : array, shape (T, B, K) or (B, K)
        Those that the loss looked at.
    sequence : RNNSequence, VariantSequence or GRUSequence
    """

    loss: float
    gradients: dict[str, Array]
    outputs: Array
    sequence: Sequence


@dataclass(frozen=True)
class SequenceModel:
    r"""A recurrent cell whose hidden state goes through a linear output layer.

    .. math:: h_t = \mathrm{cell}(x_t, h_{t-1}), \qquad o_t = h_t W_{hy} + b_y

    Attributes
    ----------
    cell : RNNWeights, LSTMWeights or GRUWeights
        Their kind decides which cell it is.
    output : OutputWeights
        W_hy (H, K), b_y (K,).
    variant : str or LSTMVariant
        Of an LSTM; see `utils.cells.lstm_variants`.
    activation : str
        Of a plain RNN; see `utils.cells.RNN_ACTIVATIONS`.
    reset_after : bool
        Of a GRU: whether the reset gate acts after the product or before it.
    """

    cell: RNNWeights | LSTMWeights | GRUWeights
    output: OutputWeights
    variant: str | LSTMVariant = "lstm"
    activation: str = "tanh"
    reset_after: bool = True

    @property
    def weights(self) -> dict[str, Array]:
        """The arrays themselves by name, so that an optimiser's step on them trains the model."""
        return {**self.cell._asdict(), **self.output._asdict()}

    def forward(self, xs: Any, state: Any = None) -> ModelRun:
        """Read a batch of sequences and compute the outputs at every step.

        Parameters
        ----------
        xs : array, shape (T, B, D), or whole numbers, shape (T, B)
            Whole numbers below D stand for one-hot vectors.
        state : array, shape (B, H), or for an LSTM two of them, optional
            The state before the first step, of an LSTM h and c; zeros without it.

        Returns
        -------
        ModelRun

        Raises
        ------
        TypeError, ValueError
            If the shapes do not agree, or a value is NaN or infinite.
        """
        sequence = self._run(xs, state)
        return ModelRun(self._outputs(sequence.hs), sequence)

    def loss_and_gradients(
        self, xs: Any, targets: Any, reduction: str = "mean", state: Any = None
    ) -> ModelStep:
        r"""Compute the loss of a batch and its gradient by backpropagation through time.

        Parameters
        ----------
        xs, state
            As in `forward`; the gradient does not go beyond `state`.
        targets : array of int, shape (T, B) or (B,), or of floats, shape (B,)
            Classes at every step, or after the last one, for the cross-entropy; or numbers after
            the last step, for half the squared error, where the model has one output (K = 1).
        reduction : {"mean", "sum"}
            Over all samples that count.

        Returns
        -------
        ModelStep

        Raises
        ------
        TypeError, ValueError
            If the shapes do not agree, a target is not in [0, K), or a value is NaN or infinite.
        """
        sequence = self._run(xs, state)
        targets = np.asarray(targets)
        every_step = targets.ndim == 2
        hs = sequence.hs if every_step else sequence.hs[-1]
        outputs = self._outputs(hs)
        if targets.dtype.kind == "f":
            targets = self._read_numbers(targets, outputs)
            loss = squared_error(outputs, targets, reduction)
            d_outputs = d_squared_error(outputs, targets, reduction)
        else:
            loss = softmax_cross_entropy(outputs, targets, reduction)
            d_outputs = d_softmax_cross_entropy(outputs, targets, reduction)

        d_hs = d_outputs @ self.output.W_hy.T
        if not every_step:
            d_hs, d_last = np.zeros_like(sequence.hs), d_hs
            d_hs[-1] = d_last
        gradients = self._run_backward(d_hs, sequence)
        gradients["d_W_hy"] = weight_gradient(hs, d_outputs)
        gradients["d_b_y"] = d_outputs.reshape(-1, outputs.shape[-1]).sum(axis=0)
        return ModelStep(float(loss), gradients, outputs, sequence)

    def predict(self, xs: Any) -> Array | IndexArray:
        """Return the class with the highest score, or the number (K = 1), after the last step.

        Parameters
        ----------
        xs
            As in `forward`.

        Returns
        -------
        array of int, or of floats, shape (B,)
        """
        outputs = self._outputs(self._run(xs, None).hs[-1])
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs.argmax(axis=1)

    def _run(self, xs: Any, state: Any) -> Sequence:
        """Run the cell, of whichever kind, from the state over the inputs."""
        if isinstance(self.cell, LSTMWeights):
            if state is not None and not (isinstance(state, tuple) and len(state) == 2):
                raise TypeError(
                    f"state is {describe(state)}; expected a tuple of two, hidden state and cell "
                    "state, for an LSTM."
                )
            h_0, c_0 = state or (None, None)
            return lstm_variant_sequence(xs, h_0, c_0, self.cell, variant=self.variant)
        if isinstance(self.cell, GRUWeights):
            return gru_sequence(xs, state, self.cell, reset_after=self.reset_after)
        return rnn_sequence(xs, state, self.cell, activation=self.activation)

    def _run_backward(self, d_hs: Array, sequence: Sequence) -> dict[str, Array]:
        """Return the gradients of the cell's weights by name."""
        backward = {
            VariantSequence: lstm_variant_sequence_backward,
            GRUSequence: gru_sequence_backward,
            RNNSequence: rnn_sequence_backward,
        }[type(sequence)]
        back = backward(d_hs, sequence, self.cell)
        return {f"d_{name}": getattr(back, f"d_{name}") for name in self.cell._fields}

    def _outputs(self, hs: Array) -> Array:
        """Return h W_hy + b_y, for all steps in one product."""
        sizes = {"H": hs.shape[-1]}
        axes = {"W_hy": "H K", "b_y": "K"}
        W_hy, b_y = as_weights("output", self.output, OutputWeights, axes, sizes)
        return (hs.reshape(-1, sizes["H"]) @ W_hy + b_y).reshape(*hs.shape[:-1], sizes["K"])

    def _read_numbers(self, targets: Array, outputs: Array) -> Array:
        """Return targets that are numbers with the axis of the single output."""
        if outputs.shape[-1] != 1:
            raise ValueError(
                f"targets are numbers and the model has K = {outputs.shape[-1]} outputs; expected "
                "K = 1 for numbers, or whole numbers as classes."
            )
        return as_array("targets", targets, "B", {"B": len(outputs)})[:, None]


def init_sequence_model(
    D: int,
    H: int,
    K: int,
    rng: np.random.Generator,
    cell: str = "rnn",
    variant: str | LSTMVariant = "lstm",
    activation: str = "tanh",
    forget_bias: float = 0.0,
    reset_after: bool = True,
    scale: float | None = None,
    dtype: Any = np.float64,
) -> SequenceModel:
    """Draw a model from normal distributions around zero, biases zero.

    Parameters
    ----------
    D, H, K : int
        Input features, hidden units and outputs.
    rng : numpy.random.Generator
    cell : {"rnn", "lstm", "gru"}
    variant : str or LSTMVariant
        Of an LSTM.
    activation : str
        Of a plain RNN.
    forget_bias : float
        Bias of an LSTM's forget gate, where it has one; all others start at zero.
    reset_after : bool
        Of a GRU.
    scale : float, optional
        Standard deviation of all matrices; without it 1 over the root of their rows.
    dtype : float32 or float64

    Returns
    -------
    SequenceModel

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1, or an argument not one of those named.
    """
    as_choice("cell", cell, CELLS)
    variant = variant if variant == "lstm" else as_variant(variant)
    if cell == "lstm":
        weights = init_variant_weights(variant, D, H, rng, scale, forget_bias, dtype)
    elif cell == "gru":
        weights = init_gru_weights(D, H, rng, scale, dtype)
    else:
        weights = init_rnn_weights(D, H, rng, scale, dtype)
    output = init_output_weights(H, K, rng, scale, dtype)
    return SequenceModel(weights, output, variant, activation, reset_after)


def count_parameters(model: SequenceModel) -> int:
    """Return how many numbers training can change, with those of the output layer.

    A GRU that resets before the product has a b_hn that stands nowhere; it does not count.

    Parameters
    ----------
    model : SequenceModel

    Returns
    -------
    int
    """
    unused = isinstance(model.cell, GRUWeights) and not model.reset_after
    sizes = {name: array.size for name, array in model.weights.items()}
    return sum(sizes.values()) - (sizes["b_hn"] if unused else 0)
