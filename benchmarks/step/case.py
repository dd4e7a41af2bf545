"""One case of the benchmark: sizes, weights and a batch, the same for every contender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from utils.cells import (
    OutputWeights,
    init_gru_weights,
    init_lstm_weights,
    init_output_weights,
    init_rnn_weights,
)
from utils.validation import Array, IndexArray

V = 64
LEARNING_RATE = 0.1
MAX_NORM = 1.0
CELLS = ("rnn", "gru", "lstm")
BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}

_INIT = {"rnn": init_rnn_weights, "gru": init_gru_weights, "lstm": init_lstm_weights}


@dataclass(frozen=True)
class Case:
    """Hold a batch of windows and the weights from which every contender starts.

    Attributes
    ----------
    name : {"rnn", "gru", "lstm"}
    cell : RNNWeights, GRUWeights or LSTMWeights
    output : OutputWeights
    xs, targets : array of int, shape (T, B)
    """

    name: str
    cell: Any
    output: OutputWeights
    xs: IndexArray
    targets: IndexArray

    @property
    def classes(self) -> int:
        """How many different inputs and targets there are."""
        return self.output.W_hy.shape[1]

    def weights(self) -> dict[str, Array]:
        """Return copies of all weights by name, for a contender to train."""
        return {
            name: w.copy() for name, w in {**self.cell._asdict(), **self.output._asdict()}.items()
        }


class Contender(Protocol):
    """One way to make a training step."""

    def __init__(self, case: Case) -> None: ...

    def gradients(self) -> tuple[float, dict[str, Array]]:
        """Return the loss and its gradients before clipping, ``d_`` before our weights' names."""

    def step(self) -> float:
        """Make the whole step: forward, loss, backward, clip, update; return the loss."""

    def weights(self) -> dict[str, Array]:
        """Return the weights under our names, in our layout."""


def make_case(
    name: str, T: int, B: int, H: int, dtype: Any = np.float32, classes: int = V, seed: int = 0
) -> Case:
    """Draw a case: a language model's task on random indices."""
    rng = np.random.default_rng(seed)
    cell = _INIT[name](classes, H, rng, dtype=dtype)
    biases = {
        field: rng.normal(size=a.shape).astype(dtype)
        for field, a in cell._asdict().items()
        if a.ndim == 1
    }
    xs, targets = rng.integers(0, classes, (2, T, B))
    output = init_output_weights(H, classes, rng, dtype=dtype)
    return Case(name, cell._replace(**biases), output, xs, targets)


def needed_operations(name: str, T: int, B: int, H: int) -> float:
    """Return the multiplications and additions of the products that a step cannot do without.

    State and output layer, forward once and backward twice. The input is a look-up.
    """
    return 6.0 * T * B * (BLOCKS[name] * H * H + H * V)
