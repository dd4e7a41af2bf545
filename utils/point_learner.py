"""A two-layer network that learns to tell two classes of points apart, one update at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np

from utils.data.points import blobs, circles, moons, spirals
from utils.feedforward import (
    TwoLayerWeights,
    init_two_layer_weights,
    two_layer_backward,
    two_layer_forward,
)
from utils.losses import binary_cross_entropy
from utils.optim import SGD
from utils.validation import Array
from utils.wording import counted

DATA = {
    "two moons": moons,
    "circle in a ring": circles,
    "two spirals": spirals,
    "two blobs": blobs,
}
"""From the name of a set of points to the function that draws it."""


class PointLearner:
    """Train a two-layer network on points of two classes, one minibatch at a time.

    Parameters
    ----------
    data : str
        A key of ``DATA``.
    n_hidden : int, at least 1
        Hidden units H.
    activation : str
        Of the hidden layer.
    learning_rate : float above 0
    scale : float, at least 0
        Standard deviation of the initial weights, in units of 1/√D for the first layer and
        1/√H for the second; 0 makes all units equal.
    seed : int
        Of the points, the weights and the minibatches.

    Attributes
    ----------
    x : array, shape (n, 2)
    y : array, shape (n, 1)
    weights : TwoLayerWeights
    losses : list of float
        Loss of every minibatch since the start, in nats.

    Raises
    ------
    ValueError
        If there are no such data.
    """

    N_POINTS, NOISE, BATCH, MOMENTUM = 300, 0.1, 32, 0.9

    def __init__(
        self,
        data: str = "two moons",
        n_hidden: int = 8,
        activation: str = "tanh",
        learning_rate: float = 0.3,
        scale: float = 1.0,
        seed: int = 0,
    ) -> None:
        if data not in DATA:
            raise ValueError(f"data is {data!r}; expected one of {', '.join(map(repr, DATA))}.")
        self._lock = threading.RLock()
        self.settings = {
            "data": data,
            "n_hidden": n_hidden,
            "activation": activation,
            "learning_rate": learning_rate,
            "scale": scale,
            "seed": seed,
        }
        self.restart()

    def restart(self, **settings: object) -> None:
        """Draw points and weights anew and forget the losses; `settings` are those that change."""
        with self._lock:
            self.settings = {**self.settings, **settings}
            chosen = self.settings
            self._rng = np.random.default_rng(chosen["seed"])
            self.x, self.y = DATA[chosen["data"]](self._rng, self.N_POINTS, noise=self.NOISE)
            drawn = init_two_layer_weights(2, chosen["n_hidden"], 1, self._rng)
            scale = chosen["scale"]
            self.weights = TwoLayerWeights(scale * drawn.W1, drawn.b1, scale * drawn.W2, drawn.b2)
            self._optimiser = SGD(chosen["learning_rate"], momentum=self.MOMENTUM)
            self.losses: list[float] = []

    def step(self, _i: int = 0) -> Mapping[str, float]:
        """Make one update on a random minibatch; its number is not used.

        Returns
        -------
        dict
            ``loss``, in nats.
        """
        with self._lock:
            rows = self._rng.integers(0, len(self.x), self.BATCH)
            x, y, hidden = self.x[rows], self.y[rows], self.settings["activation"]
            values = two_layer_forward(x, self.weights, hidden=hidden)
            gradients = two_layer_backward(
                x, y, values, self.weights, hidden=hidden, loss="binary_cross_entropy"
            )
            self._optimiser.step(self.weights, gradients)
            self.losses.append(float(binary_cross_entropy(values.y_hat, y)))
            return {"loss": self.losses[-1]}

    def predict(self, x: Array) -> Array:
        """Return the probability of class 1, shape (B, 1), for inputs `x` of shape (B, 2)."""
        hidden = self.settings["activation"]
        return two_layer_forward(x, self.weights, hidden=hidden).y_hat

    def accuracy(self) -> float:
        """Return the share, in [0, 1], of the training points on the right side of the boundary."""
        with self._lock:
            return float(np.mean((self.predict(self.x) > 0.5) == (self.y > 0.5)))

    def weights_now(self) -> TwoLayerWeights:
        """Return a copy of the weights, all of them after the same number of updates."""
        with self._lock:
            return TwoLayerWeights(*(array.copy() for array in self.weights))

    def describe(self) -> str:
        """Return in words how far the network has come."""
        chosen = self.settings
        return (
            f"After {counted(len(self.losses), 'update')} {self.accuracy():.1%} of the points of "
            f"{chosen['data']} are on the right side; "
            f"{counted(chosen['n_hidden'], 'hidden unit')}."
        )
