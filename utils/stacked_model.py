"""Any stack of recurrent layers, in one or both directions, with a linear output, for training.

`utils.layers.recurrent` runs the layers forwards and backwards; here they get an output layer, a
loss, and their arrays by name, so that an optimiser can train them. What is asked for once per
sequence is read off the summary of the last layer: of the forward cell after the last step, of the
backward cell after its own last step, which is the first one of the sequence.
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
    init_output_weights,
)
from utils.layers import weight_gradient
from utils.layers.recurrent import (
    Layer,
    StackedGradients,
    StackedRun,
    init_layers,
    stacked,
    stacked_backward,
)
from utils.losses import (
    d_softmax_cross_entropy,
    d_squared_error,
    softmax_cross_entropy,
    squared_error,
)
from utils.parameter_counts import count_network
from utils.validation import (
    Array,
    IndexArray,
    as_array,
    as_choice,
    as_count,
    as_number,
    as_weights,
)

DIRECTIONS = Layer._fields
"""Names of the two cells of a layer."""


class StackedModelRun(NamedTuple):
    """Hold what a model computed on its way forward.

    Attributes
    ----------
    outputs : array, shape (T, B, K)
        Scores of classes in nats, or numbers, at every step.
    stack : StackedRun
        The states of all layers, with what the way back needs.
    """

    outputs: Array
    stack: StackedRun


class StackedModelStep(NamedTuple):
    """Hold the loss of a batch with the gradients that it gives.

    Attributes
    ----------
    loss : float
        In nats, or in squared units of the target.
    gradients : dict of arrays
        Those of the weights by name, with ``d_`` in front: ``d_layer0.forward.W_x``.
    outputs : array, shape (T, B, K) or (B, K)
        Those that the loss looked at.
    stack : StackedRun
    back : StackedGradients
        What came back through the layers; see `gradients_by_layer`.
    d_hs : array, shape (T, B, H) or (T, B, 2H)
        ∂⁺L/∂ of the output of the last layer.
    """

    loss: float
    gradients: dict[str, Array]
    outputs: Array
    stack: StackedRun
    back: StackedGradients
    d_hs: Array

    @property
    def gradients_by_layer(self) -> tuple[Array, ...]:
        """∂L/∂ of the output of each layer, the lowest first, each (T, B, H) or (T, B, 2H).

        That of the last layer is what the loss takes from it; that of a lower one what the layer
        above reads, with what goes past it where there is a residual connection. Dropout counts
        as part of the layer above.
        """
        found = [self.d_hs]
        for place in reversed(range(1, len(self.stack.layers))):
            d_below = self.back.layers[place].d_xs
            if self.stack.residual:
                keep = self.stack.keeps[place]
                d_below = d_below + (found[0] if keep is None else found[0] * keep)
            found.insert(0, d_below)
        return tuple(found)


@dataclass(frozen=True)
class StackedModel:
    r"""A stack of recurrent layers whose last one goes through a linear output layer.

    .. math:: o_t = h^{(L)}_t W_{hy} + b_y, \qquad
              o = [\overrightarrow h^{(L)}_T, \overleftarrow h^{(L)}_1] W_{hy} + b_y

    The first where something is asked for at every step, the second where once per sequence.

    Attributes
    ----------
    layers : tuple of Layer
        From the one that reads the inputs upwards; see `utils.layers.recurrent`.
    output : OutputWeights
        W_hy (H, K) or (2H, K), b_y (K,).
    residual : bool
        Whether every layer but the first adds its input to its output.
    activation : str
        Of plain RNNs; see `utils.cells.RNN_ACTIVATIONS`.
    reset_after : bool
        Of GRUs: whether the reset gate acts after the product or before it.
    """

    layers: tuple[Layer, ...]
    output: OutputWeights
    residual: bool = False
    activation: str = "tanh"
    reset_after: bool = True

    @property
    def weights(self) -> dict[str, Array]:
        """The arrays themselves by name, so that an optimiser's step on them trains the model.

        ``layer0.forward.W_x``, ``layer0.backward.W_x``, … and ``W_hy``, ``b_y``.
        """
        found = {}
        for place, layer in enumerate(self.layers):
            for direction, cell in zip(DIRECTIONS, layer, strict=True):
                if cell is not None:
                    arrays = cell._asdict().items()
                    found |= {f"layer{place}.{direction}.{name}": array for name, array in arrays}
        return {**found, **self.output._asdict()}

    @property
    def both_directions(self) -> bool:
        """Whether the last layer has a cell that reads from the end."""
        return self.layers[-1].backward is not None

    def forward(
        self,
        xs: Any,
        mask: Array | None = None,
        dropout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> StackedModelRun:
        """Read a batch of sequences and compute the outputs at every step.

        Parameters
        ----------
        xs : array, shape (T, B, D), or whole numbers, shape (T, B)
            Whole numbers below D stand for one-hot vectors.
        mask : array of 0 and 1, shape (T, B), optional
            Where it is 0 there is no item and states stay as they were.
        dropout, rng
            Between layers; see `utils.layers.recurrent.stacked`.

        Returns
        -------
        StackedModelRun

        Raises
        ------
        TypeError, ValueError
            If the shapes do not agree, or a value is NaN or infinite.
        """
        stack = self._run(xs, mask, dropout, rng)
        return StackedModelRun(self._outputs(stack.hs), stack)

    def summary(self, stack: StackedRun) -> Array:
        """Return what the last layer knows after it has read everything, (B, H) or (B, 2H).

        Of two directions the forward half of the last step and the backward half of the first;
        with what residual connections add.

        Parameters
        ----------
        stack : StackedRun

        Returns
        -------
        array, shape (B, H) or (B, 2H)
        """
        H = stack.layers[-1].forward.hs.shape[-1]
        return np.concatenate([stack.hs[-1, :, :H], stack.hs[0, :, H:]], axis=-1)

    def loss_and_gradients(
        self,
        xs: Any,
        targets: Any,
        mask: Array | None = None,
        dropout: float = 0.0,
        rng: np.random.Generator | None = None,
        reduction: str = "mean",
    ) -> StackedModelStep:
        r"""Compute the loss of a batch and its gradient by backpropagation through time.

        Parameters
        ----------
        xs, mask, dropout, rng
            As in `forward`.
        targets : array of int, shape (T, B) or (B,), or of floats, shape (B,)
            Classes at every step, or once per sequence from the summary, for the cross-entropy;
            or a number per sequence, for half the squared error, where the model has one output
            (K = 1). Classes where the mask is 0 do not count.
        reduction : {"mean", "sum"}
            Over all samples that count.

        Returns
        -------
        StackedModelStep

        Raises
        ------
        TypeError, ValueError
            If the shapes do not agree, a target is not in [0, K), no sample counts, or a value is
            NaN or infinite.
        """
        stack = self._run(xs, mask, dropout, rng)
        targets = np.asarray(targets)
        every_step = targets.ndim == 2
        read = stack.hs if every_step else self.summary(stack)
        outputs = self._outputs(read)
        counts = mask if every_step else None
        loss, d_outputs = _loss_and_slopes(outputs, targets, counts, reduction)
        d_read = d_outputs @ self.output.W_hy.T
        d_hs = d_read if every_step else self._from_summary(d_read, stack)
        back = stacked_backward(d_hs, stack, self.layers)
        gradients = {}
        for place, found in enumerate(back.layers):
            layer = self.layers[place]
            for direction, cell in zip(DIRECTIONS, layer, strict=True):
                for name in () if cell is None else cell._fields:
                    gradient = getattr(getattr(found, direction), f"d_{name}")
                    gradients[f"d_layer{place}.{direction}.{name}"] = gradient
        gradients["d_W_hy"] = weight_gradient(read, d_outputs)
        gradients["d_b_y"] = d_outputs.reshape(-1, d_outputs.shape[-1]).sum(axis=0)
        return StackedModelStep(loss, gradients, outputs, stack, back, d_hs)

    def predict(self, xs: Any, mask: Array | None = None) -> Array | IndexArray:
        """Return the class with the highest score, or the number (K = 1), from the summary.

        Parameters
        ----------
        xs, mask
            As in `forward`.

        Returns
        -------
        array of int, or of floats, shape (B,)
        """
        outputs = self._outputs(self.summary(self._run(xs, mask, 0.0, None)))
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs.argmax(axis=1)

    def predict_steps(self, xs: Any, mask: Array | None = None) -> IndexArray:
        """Return the class with the highest score at every step of `xs`, shape (T, B).

        Where `mask` is 0 they say nothing.
        """
        return self.forward(xs, mask).outputs.argmax(axis=-1)

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
        targets = as_array("targets", targets, kind="int")
        if targets.ndim == 1:
            return float((self.predict(xs, mask) == targets).mean())
        right = self.predict_steps(xs, mask) == targets
        return float(right.mean() if mask is None else right[np.asarray(mask, bool)].mean())

    def _run(
        self, xs: Any, mask: Array | None, dropout: float, rng: np.random.Generator | None
    ) -> StackedRun:
        cell, options = self.layers[0].forward, {}
        if isinstance(cell, RNNWeights):
            options = {"activation": self.activation}
        elif isinstance(cell, GRUWeights):
            options = {"reset_after": self.reset_after}
        return stacked(xs, self.layers, None, mask, dropout, rng, self.residual, **options)

    def _from_summary(self, d_summary: Array, stack: StackedRun) -> Array:
        """Return ∂⁺L/∂h of every step where the loss looks at the summary alone."""
        H = stack.layers[-1].forward.hs.shape[-1]
        d_hs = np.zeros_like(stack.hs)
        d_hs[-1, :, :H] = d_summary[:, :H]
        d_hs[0, :, H:] = d_summary[:, H:]
        return d_hs

    def _outputs(self, hs: Array) -> Array:
        """Return h W_hy + b_y, for all steps in one product."""
        sizes = {"H": hs.shape[-1]}
        axes = {"W_hy": "H K", "b_y": "K"}
        W_hy, b_y = as_weights("output", self.output, OutputWeights, axes, sizes)
        return (hs.reshape(-1, sizes["H"]) @ W_hy + b_y).reshape(*hs.shape[:-1], sizes["K"])


def _loss_and_slopes(
    outputs: Array, targets: Array, mask: Array | None, reduction: str
) -> tuple[float, Array]:
    """Return the loss and ∂L/∂outputs, zeros where the mask is 0."""
    if targets.dtype.kind == "f":
        if outputs.shape[-1] != 1:
            raise ValueError(
                f"targets are numbers and the model has K = {outputs.shape[-1]} outputs; expected "
                "K = 1 for numbers, or whole numbers as classes."
            )
        numbers = as_array("targets", targets, "B", {"B": len(outputs)})[:, None]
        loss = squared_error(outputs, numbers, reduction)
        return float(loss), d_squared_error(outputs, numbers, reduction)
    if mask is None:
        loss = softmax_cross_entropy(outputs, targets, reduction)
        return float(loss), d_softmax_cross_entropy(outputs, targets, reduction)
    there = np.asarray(mask, dtype=bool)
    if targets.shape != there.shape:
        raise ValueError(f"targets has shape {targets.shape}; expected {there.shape}, (T, B).")
    if not there.any():
        raise ValueError("mask holds no 1; expected at least one step that counts.")
    chosen, right = outputs[there], targets[there]
    slopes = np.zeros_like(outputs)
    slopes[there] = d_softmax_cross_entropy(chosen, right, reduction)
    return float(softmax_cross_entropy(chosen, right, reduction)), slopes


def init_stacked_model(
    D: int,
    H: int,
    K: int,
    rng: np.random.Generator,
    cell: str = "lstm",
    depth: int = 1,
    both_directions: bool = False,
    residual: bool = False,
    forget_bias: float = 0.0,
    activation: str = "tanh",
    reset_after: bool = True,
    scale: float | None = None,
    dtype: Any = np.float64,
) -> StackedModel:
    """Draw a model from normal distributions around zero, biases zero.

    Parameters
    ----------
    D, H, K : int
        Input features, hidden units of every cell, and outputs.
    rng : numpy.random.Generator
    cell : {"rnn", "lstm", "gru"}
    depth : int
        How many layers.
    both_directions : bool
        Whether every layer has a second cell that reads from the end.
    residual : bool
        Whether every layer but the first adds its input to its output.
    forget_bias : float
        Bias of the forget gates of LSTMs; all others start at zero.
    activation : str
        Of plain RNNs.
    reset_after : bool
        Of GRUs.
    scale : float, optional
        Standard deviation of all matrices; without it 1 over the root of their rows.
    dtype : float32 or float64

    Returns
    -------
    StackedModel

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1, or an argument not one of those named.

    Examples
    --------
    >>> model = init_stacked_model(5, 8, 3, np.random.default_rng(0), depth=2)
    >>> model.forward(np.array([[0], [4]])).outputs.shape
    (2, 1, 3)
    """
    forget_bias = as_number("forget_bias", forget_bias)
    layers = init_layers(D, H, rng, cell, depth, both_directions, scale, dtype)
    for layer in layers:
        for weights in layer:
            if isinstance(weights, LSTMWeights):
                weights.b[H : 2 * H] = forget_bias
    output = init_output_weights(layers[-1].size, K, rng, scale, dtype)
    return StackedModel(layers, output, residual, activation, reset_after)


def count_parameters(
    D: int,
    H: int,
    K: int,
    cell: str = "lstm",
    depth: int = 1,
    both_directions: bool = False,
    reset_after: bool = True,
) -> int:
    """Return how many numbers training can change in such a model, with those of the output.

    A GRU that resets before the product has a b_hn that stands nowhere; it does not count.

    Parameters
    ----------
    D, H, K, cell, depth, both_directions, reset_after
        As for `init_stacked_model`.

    Returns
    -------
    int

    Examples
    --------
    >>> count_parameters(D=10, H=20, K=2)
    2522
    """
    network = count_network(cell, D, H, depth, both_directions)
    extra = H * depth * network.directions if cell == "gru" and reset_after else 0
    return network.total + extra + (network.directions * H + 1) * as_count("K", K)


def sized_for(
    parameters: int,
    D: int,
    K: int,
    cell: str = "lstm",
    depth: int = 1,
    both_directions: bool = False,
    reset_after: bool = True,
) -> int:
    """Return the hidden units H with which a model comes closest to a number of parameters.

    Parameters
    ----------
    parameters : int, at least 1
        The budget, with the output layer.
    D, K, cell, depth, both_directions, reset_after
        As for `init_stacked_model`.

    Returns
    -------
    H : int, at least 1

    Raises
    ------
    ValueError
        If a model of one unit has more than twice that many parameters.

    Examples
    --------
    >>> [sized_for(5000, D=10, K=2, depth=depth) for depth in (1, 2, 3)]
    [30, 18, 15]
    """
    parameters = as_count("parameters", parameters)

    def count(H: int) -> int:
        return count_parameters(D, H, K, cell, depth, both_directions, reset_after)

    as_choice("cell", cell, ("rnn", "lstm", "gru"))
    if count(1) > 2 * parameters:
        raise ValueError(
            f"parameters is {parameters}; expected more: a model of one unit has {count(1)}."
        )
    H = 1
    while count(H + 1) <= parameters:
        H += 1
    return H if parameters - count(H) <= count(H + 1) - parameters else H + 1
