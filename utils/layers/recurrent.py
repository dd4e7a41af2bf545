"""Recurrent layers side by side and on top of each other: bidirectional and stacked, over any cell.

A `Layer` is one cell that reads from the start, or two of which the second reads from the end.
`bidirectional` runs one, `stacked` several, each reading what the one below wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from utils.cells import (
    GRUWeights,
    LSTMWeights,
    RNNWeights,
    init_gru_weights,
    init_lstm_weights,
    init_rnn_weights,
)
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
    as_array,
    as_choice,
    as_count,
    as_generator,
    as_number,
    describe,
)

CellWeights = RNNWeights | LSTMWeights | GRUWeights
CellRun = RNNSequence | LSTMSequence | GRUSequence
State = Array | tuple[Array, Array]


class Layer(NamedTuple):
    """One cell, or two that read in opposite directions.

    Attributes
    ----------
    forward : RNNWeights, LSTMWeights or GRUWeights
        Reads from the first step to the last.
    backward : of the same kind, or None
        Reads from the last step to the first.
    """

    forward: CellWeights
    backward: CellWeights | None = None

    @property
    def size(self) -> int:
        """Features of the output: H, or 2H of a bidirectional layer."""
        return sum(cell[1].shape[0] for cell in self if cell is not None)


class LayerRun(NamedTuple):
    """Hold what a layer computed.

    Attributes
    ----------
    hs : array, shape (T, B, H) or (T, B, 2H)
        States of the forward cell, then of the backward one: at step t that has read the inputs
        from the end down to t.
    forward, backward
        The sequences of the two cells, the backward one in its own order of time; None where
        there is no such cell.
    """

    hs: Array
    forward: CellRun
    backward: CellRun | None

    @property
    def summary(self) -> Array:
        """What each cell knows after it has read everything, side by side, (B, H) or (B, 2H).

        Of a bidirectional layer that is not ``hs[-1]``: there, the backward cell has read one item.
        """
        runs = [run for run in (self.forward, self.backward) if run is not None]
        return np.concatenate([run.hs[-1] for run in runs], axis=-1)

    @property
    def last_states(self) -> tuple[State, State | None]:
        """The state of each cell after its last step."""
        return self.forward.last_state, self.backward and self.backward.last_state


class LayerGradients(NamedTuple):
    """Hold ∂L/∂ of what entered a layer.

    Attributes
    ----------
    d_xs : array, shape (T, B, D), or None
        None where the inputs were indices.
    forward, backward
        The gradients of each cell's weights and first state, as the cell's own function gives them.
    """

    d_xs: Array | None
    forward: Any
    backward: Any | None


class StackedRun(NamedTuple):
    """Hold what a stack of layers computed.

    Attributes
    ----------
    hs : array, shape (T, B, H) or (T, B, 2H)
        The output of the last layer.
    layers : tuple of LayerRun
    keeps : tuple of (array or None)
        What the output of each layer but the last was multiplied with by dropout.
    residual : bool
    """

    hs: Array
    layers: tuple[LayerRun, ...]
    keeps: tuple[Array | None, ...]
    residual: bool


class StackedGradients(NamedTuple):
    """Hold ∂L/∂ of what entered a stack.

    Attributes
    ----------
    d_xs : array, shape (T, B, D), or None
    layers : tuple of LayerGradients
    """

    d_xs: Array | None
    layers: tuple[LayerGradients, ...]


def init_layers(
    D: int,
    H: int,
    rng: np.random.Generator,
    cell: str = "lstm",
    depth: int = 1,
    both_directions: bool = False,
    scale: float | None = None,
    dtype: Any = np.float64,
) -> tuple[Layer, ...]:
    """Draw a stack of layers of one kind of cell.

    Parameters
    ----------
    D, H : int
        Input features of the first layer, hidden units of every cell.
    rng : numpy.random.Generator
    cell : {"rnn", "lstm", "gru"}
    depth : int
        How many layers.
    both_directions : bool
        Whether every layer has a second cell that reads from the end.
    scale, dtype
        As for `utils.cells.init_rnn_weights`.

    Returns
    -------
    tuple of Layer

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    as_choice("cell", cell, _INITS)
    H, depth = as_count("H", H), as_count("depth", depth)
    layers: list[Layer] = []
    for _ in range(depth):
        features = layers[-1].size if layers else D
        cells = [
            _INITS[cell](features, H, rng, scale=scale, dtype=dtype)
            for _ in range(1 + both_directions)
        ]
        layers.append(Layer(*cells))
    return tuple(layers)


def bidirectional(
    xs: Any,
    layer: Layer,
    states: tuple[State | None, State | None] = (None, None),
    mask: Array | None = None,
    **options: Any,
) -> LayerRun:
    r"""Run one layer, in one direction or in both.

    .. math::
        \overrightarrow h_t = \mathrm{cell}(x_t, \overrightarrow h_{t-1}), \qquad
        \overleftarrow h_t = \mathrm{cell}'(x_t, \overleftarrow h_{t+1}), \qquad
        h_t = [\overrightarrow h_t, \overleftarrow h_t]

    Parameters
    ----------
    xs : array, shape (T, B, D), or whole numbers, shape (T, B)
    layer : Layer
    states : two of (array, shape (B, H); for an LSTM a pair of them; or None)
        Where each cell starts; None stands for zeros.
    mask : array of 0 and 1, shape (T, B), optional
        Where it is 0 there is no item and states stay as they were: the backward cell starts
        at the last item of each sequence.
    **options
        For the cell: ``activation`` of a plain RNN, ``reset_after`` of a GRU.

    Returns
    -------
    LayerRun

    Raises
    ------
    TypeError, ValueError
        If the two cells are of different kinds, or an argument is not as described.

    References
    ----------
    Schuster and Paliwal (1997), Bidirectional recurrent neural networks, IEEE Transactions on
    Signal Processing 45(11).
    """
    _check_layer(layer)
    forward = _run(layer.forward, xs, states[0], mask, options)
    if layer.backward is None:
        return LayerRun(forward.hs, forward, None)
    turned = None if mask is None else np.asarray(mask)[::-1]
    backward = _run(layer.backward, np.asarray(xs)[::-1], states[1], turned, options)
    hs = np.concatenate([forward.hs, backward.hs[::-1]], axis=-1)  # (T, B, 2H)
    return LayerRun(hs, forward, backward)


def bidirectional_backward(d_hs: Array, run: LayerRun, layer: Layer) -> LayerGradients:
    """Carry the gradient of the loss back through one layer.

    Parameters
    ----------
    d_hs : array, shape of ``run.hs``
        ∂⁺L/∂h_t, from everything that reads the layer's output.
    run : LayerRun
        As `bidirectional` returned it.
    layer : Layer
        The one that it was called with.

    Returns
    -------
    LayerGradients

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.
    """
    T, B, F = run.hs.shape
    d_hs = as_array("d_hs", d_hs, "T B F", {"T": T, "B": B, "F": F})
    H = run.forward.hs.shape[-1]
    forward = _run_backward(d_hs[..., :H], run.forward, layer.forward)
    if layer.backward is None:
        return LayerGradients(forward.d_xs, forward, None)
    backward = _run_backward(d_hs[::-1, :, H:], run.backward, layer.backward)
    d_xs = None if forward.d_xs is None else forward.d_xs + backward.d_xs[::-1]
    return LayerGradients(d_xs, forward, backward)


def stacked(
    xs: Any,
    layers: Sequence[Layer],
    states: Sequence[tuple[State | None, State | None]] | None = None,
    mask: Array | None = None,
    dropout: float = 0.0,
    rng: np.random.Generator | None = None,
    residual: bool = False,
    **options: Any,
) -> StackedRun:
    r"""Run layers on top of each other: each reads what the one below wrote.

    .. math:: h^{(l)}_t = \mathrm{layer}^{(l)}(h^{(l-1)} \odot k^{(l-1)})_t
              \;[\,+\; h^{(l-1)}_t \odot k^{(l-1)}_t\,], \qquad h^{(0)}_t = x_t

    with the sum in brackets from the second layer on where `residual` is set.

    Parameters
    ----------
    xs : array, shape (T, B, D), or whole numbers, shape (T, B)
    layers : sequence of Layer
        From the one that reads the inputs upwards.
    states : sequence of pairs, optional
        For every layer as in `bidirectional`; zeros without it.
    mask : array of 0 and 1, shape (T, B), optional
    dropout : float in [0, 1)
        Share of the entries between two layers that are set to 0; the others are multiplied with
        1/(1 - dropout), so that nothing has to change when dropout is off. As in ``torch``, none
        after the last layer, and never on the way through time.
    rng : numpy.random.Generator, optional
        Draws what is dropped; needed where `dropout` is above 0.
    residual : bool
        Whether every layer but the first adds its input to its output.
    **options
        For the cells, as in `bidirectional`.

    Returns
    -------
    StackedRun

    Raises
    ------
    TypeError, ValueError
        If there is no layer, the sizes of two layers do not fit, or an argument is not as
        described.

    References
    ----------
    Zaremba, Sutskever and Vinyals (2014), Recurrent neural network regularization,
    arXiv:1409.2329; on dropout between layers alone.
    """
    layers = tuple(layers)
    if not layers:
        raise ValueError("layers is empty; expected at least one.")
    dropout = as_number("dropout", dropout, at_least=0, below=1)
    if dropout:
        rng = as_generator("rng", rng)
    states = states or [(None, None)] * len(layers)
    if len(states) != len(layers):
        raise ValueError(f"states has {len(states)} entries; expected {len(layers)}, one a layer.")
    runs: list[LayerRun] = []
    keeps: list[Array | None] = []
    below = xs
    for place, (layer, first) in enumerate(zip(layers, states, strict=True)):
        run = bidirectional(below, layer, first, mask, **options)
        runs.append(run)
        out = run.hs
        if residual and place:
            _check_residual(place, below, out)
            out = out + below
        keep = None
        if dropout and place < len(layers) - 1:
            keep = ((rng.random(out.shape) >= dropout) / (1 - dropout)).astype(out.dtype)
            out = out * keep
        keeps.append(keep)
        below = out
    return StackedRun(below, tuple(runs), tuple(keeps), residual)


def stacked_backward(d_hs: Array, run: StackedRun, layers: Sequence[Layer]) -> StackedGradients:
    """Carry the gradient of the loss back through a stack of layers.

    Parameters
    ----------
    d_hs : array, shape of ``run.hs``
    run : StackedRun
        As `stacked` returned it.
    layers : sequence of Layer
        The ones that it was called with.

    Returns
    -------
    StackedGradients
        Of the layers from the one that reads the inputs upwards.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.
    """
    T, B, F = run.hs.shape
    d_out = as_array("d_hs", d_hs, "T B F", {"T": T, "B": B, "F": F})
    gradients: list[LayerGradients] = []
    for place in reversed(range(len(run.layers))):
        if run.keeps[place] is not None:
            d_out = d_out * run.keeps[place]
        found = bidirectional_backward(d_out, run.layers[place], layers[place])
        gradients.insert(0, found)
        d_out = found.d_xs + d_out if run.residual and place else found.d_xs
    return StackedGradients(d_out, tuple(gradients))


_INITS = {"rnn": init_rnn_weights, "lstm": init_lstm_weights, "gru": init_gru_weights}


def _check_layer(layer: Layer) -> None:
    if not isinstance(layer, Layer):
        raise TypeError(f"layer is {describe(layer)}; expected a Layer.")
    if layer.backward is not None and type(layer.backward) is not type(layer.forward):
        raise TypeError(
            f"backward is {describe(layer.backward)}; expected {type(layer.forward).__name__}, the "
            "kind that forward is."
        )


def _check_residual(place: int, below: Array, out: Array) -> None:
    if below.shape != out.shape:
        raise ValueError(
            f"layer {place} reads {below.shape[-1]} features and writes {out.shape[-1]}; expected "
            "as many of one as of the other where its input is added to its output."
        )


def _run(
    cell: CellWeights, xs: Any, state: State | None, mask: Array | None, options: dict[str, Any]
) -> CellRun:
    """Run a cell, of whichever kind, over the inputs."""
    if isinstance(cell, LSTMWeights):
        if state is not None and not (isinstance(state, tuple) and len(state) == 2):
            raise TypeError(
                f"states holds {describe(state)}; expected a tuple of two, hidden state and cell "
                "state, for an LSTM."
            )
        return lstm_sequence(xs, *(state or (None, None)), cell, mask, **options)
    if isinstance(cell, GRUWeights):
        return gru_sequence(xs, state, cell, mask, **options)
    if isinstance(cell, RNNWeights):
        return rnn_sequence(xs, state, cell, mask, **options)
    raise TypeError(f"cell is {describe(cell)}; expected RNNWeights, LSTMWeights or GRUWeights.")


def _run_backward(d_hs: Array, run: CellRun, cell: CellWeights) -> Any:
    backward = {
        RNNSequence: rnn_sequence_backward,
        LSTMSequence: lstm_sequence_backward,
        GRUSequence: gru_sequence_backward,
    }[type(run)]
    return backward(d_hs, run, cell)
