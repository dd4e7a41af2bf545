"""The contenders in NumPy: the library, and the loop that a textbook would write."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.step.case import LEARNING_RATE, MAX_NORM, Case
from utils.cells import OutputWeights
from utils.classifier import SequenceClassifier
from utils.clipping import clip_by_global_norm
from utils.optim import SGD
from utils.validation import Array


class Ours:
    """The library as a user calls it, all its checks of arguments included."""

    def __init__(self, case: Case) -> None:
        own = case.weights()
        self.model = SequenceClassifier(
            type(case.cell)(*(own[name] for name in case.cell._fields)),
            OutputWeights(own["W_hy"], own["b_y"]),
        )
        self.xs, self.targets = case.xs, case.targets
        self.optimiser = SGD(LEARNING_RATE)

    def gradients(self) -> tuple[float, dict[str, Array]]:
        done = self.model.loss_and_gradients(self.xs, self.targets)
        return done.loss, done.gradients

    def step(self) -> float:
        loss, gradients = self.gradients()
        clipped = clip_by_global_norm(gradients, MAX_NORM)
        self.optimiser.step(self.model.weights, clipped.gradients)
        return loss

    def weights(self) -> dict[str, Array]:
        return self.model.weights


class Textbook:
    """Each equation as it stands: a product per gate and step, gradients added up in the loop.

    The forms are those of many tutorials: a sigmoid by exp, an output layer and softmax at every
    step, and rows of the input matrix looked up, whose gradient ``np.add.at`` adds.
    """

    def __init__(self, case: Case) -> None:
        self.case, self.own = case, case.weights()

    def weights(self) -> dict[str, Array]:
        return self.own

    def gradients(self) -> tuple[float, dict[str, Array]]:
        forward, backward = getattr(self, f"_{self.case.name}"), f"_{self.case.name}_back"
        w, (T, B) = self.own, self.case.xs.shape
        grads = {f"d_{name}": np.zeros_like(a) for name, a in w.items()}
        h = c = np.zeros((B, len(w["W_hy"])), w["W_hy"].dtype)
        kept, slopes, loss = [], [], 0.0
        for x, y in zip(self.case.xs, self.case.targets, strict=True):
            h, c, values = forward(x, h, c)
            kept.append((x, h, *values))
            scores = h @ w["W_hy"] + w["b_y"]
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            loss -= float(np.log(p[np.arange(B), y]).sum()) / (T * B)
            p[np.arange(B), y] -= 1
            slopes.append(p / (T * B))
        d_h, d_c = np.zeros_like(h), np.zeros_like(h)
        for (x, h, *values), d_scores in zip(reversed(kept), reversed(slopes), strict=True):
            grads["d_W_hy"] += h.T @ d_scores
            grads["d_b_y"] += d_scores.sum(axis=0)
            d_h = d_h + d_scores @ w["W_hy"].T
            d_h, d_c = getattr(self, backward)(d_h, d_c, x, h, values, grads)
        return loss, grads

    def step(self) -> float:
        loss, grads = self.gradients()
        norm = math.sqrt(sum(float((g**2).sum()) for g in grads.values()))
        factor = min(1.0, MAX_NORM / norm)
        for name, w in self.own.items():
            w -= LEARNING_RATE * factor * grads[f"d_{name}"]
        return loss

    def _rnn(self, x, h_prev, c):
        w = self.own
        return np.tanh(w["W_xh"][x] + h_prev @ w["W_hh"] + w["b_h"]), c, (h_prev,)

    def _rnn_back(self, d_h, d_c, x, h, values, grads):
        (h_prev,) = values
        d_z = d_h * (1 - h**2)
        np.add.at(grads["d_W_xh"], x, d_z)
        grads["d_W_hh"] += h_prev.T @ d_z
        grads["d_b_h"] += d_z.sum(axis=0)
        return d_z @ self.own["W_hh"].T, d_c

    def _sums(self, x, h_prev, gates):
        """Return the sum of every gate, each by its own products."""
        w, H = self.own, h_prev.shape[1]
        parts = [slice(g * H, (g + 1) * H) for g in range(gates)]
        return [w["W_x"][x][:, p] + h_prev @ w["W_h"][:, p] + w["b"][p] for p in parts]

    def _lstm(self, x, h_prev, c_prev):
        i, f, g, o = self._sums(x, h_prev, 4)
        i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
        c = f * c_prev + i * g
        return o * np.tanh(c), c, (h_prev, c_prev, i, f, g, o, c)

    def _lstm_back(self, d_h, d_c, x, h, values, grads):
        h_prev, c_prev, i, f, g, o, c = values
        tanh_c = np.tanh(c)
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_sums = [
            d_c * g * i * (1 - i),
            d_c * c_prev * f * (1 - f),
            d_c * i * (1 - g**2),
            d_h * tanh_c * o * (1 - o),
        ]
        return self._into_weights(d_sums, d_sums, x, h_prev, grads), d_c * f

    def _gru(self, x, h_prev, c):
        w, H = self.own, h_prev.shape[1]
        r, z = (_sigmoid(s) for s in self._sums(x, h_prev, 2))
        q = h_prev @ w["W_h"][:, 2 * H :] + w["b_hn"]
        n = np.tanh(w["W_x"][x][:, 2 * H :] + w["b"][2 * H :] + r * q)
        return (1 - z) * n + z * h_prev, c, (h_prev, r, z, q, n)

    def _gru_back(self, d_h, d_c, x, h, values, grads):
        h_prev, r, z, q, n = values
        d_n = d_h * (1 - z) * (1 - n**2)
        d_z = d_h * (h_prev - n) * z * (1 - z)
        d_r = d_n * q * r * (1 - r)
        grads["d_b_hn"] += (d_n * r).sum(axis=0)
        return d_h * z + self._into_weights(
            [d_r, d_z, d_n], [d_r, d_z, d_n * r], x, h_prev, grads
        ), d_c

    def _into_weights(self, from_x, from_h, x, h_prev, grads):
        """Add the gradients of the weights gate by gate; return that of h_prev."""
        H, d_h_prev = h_prev.shape[1], 0.0
        for k, (d_x, d_h) in enumerate(zip(from_x, from_h, strict=True)):
            part = slice(k * H, (k + 1) * H)
            np.add.at(grads["d_W_x"][:, part], x, d_x)
            grads["d_W_h"][:, part] += h_prev.T @ d_h
            grads["d_b"][part] += d_x.sum(axis=0)
            d_h_prev = d_h_prev + d_h @ self.own["W_h"][:, part].T
        return d_h_prev


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))
