"""What each step to the fast LSTM is worth: the fast one with one of them taken back at a time."""

from __future__ import annotations

import numpy as np

from benchmarks.step.case import Case
from benchmarks.step.numpy_steps import Ours
from utils.layers import weight_gradient
from utils.sequence.inputs import project_backward, stretches
from utils.validation import Array

STEPS = {
    "look-up": "x W_x for all steps before the loop",
    "one product": "all gates in one product a step, forward and back",
    "one tanh": "sigmoids from the tanh that the candidate needs as well",
    "gates in blocks": "each gate's numbers unbroken in memory, not columns of (B, 4H)",
    "factors at once": "what the gradient is multiplied with, for several steps at once",
    "in place": "results written into arrays that are there",
    "outputs at once": "output layer and softmax once for all steps",
    "rows together": "gradients of looked-up rows by product or by groups, not np.add.at",
    "sums at the end": "each weight gradient one product after the loop",
    "float32": "numbers of half the size",
}


class Without(Ours):
    """An LSTM written out with a switch for each step; all give the same numbers.

    Parameters
    ----------
    case : Case
        Of an LSTM.
    off : str
        One of `STEPS` but for "float32", which is the case's own; or "" for none.
    """

    def __init__(self, case: Case, off: str = "") -> None:
        super().__init__(case)
        self.off = off

    def gradients(self) -> tuple[float, dict[str, Array]]:
        W_x, W_h, b = self.model.cell
        gates, hs, cs = self._forward(W_x, W_h, b)
        loss, d_hs, d_W_hy, d_b_y = self._read_out(hs[1:])
        d_zs, d_W_h = self._backward(gates, hs, cs, d_hs, W_h)
        if self.off == "rows together":
            d_W_x = np.zeros_like(W_x)
            np.add.at(d_W_x, self.xs.ravel(), d_zs.reshape(-1, W_x.shape[1]))
            d_b = d_zs.sum(axis=(0, 1))
        else:
            _, d_W_x, d_b = project_backward(d_zs, self.xs, W_x)
        names = ("d_W_x", "d_W_h", "d_b", "d_W_hy", "d_b_y")
        return loss, dict(zip(names, (d_W_x, d_W_h, d_b, d_W_hy, d_b_y), strict=True))

    def _forward(self, W_x: Array, W_h: Array, b: Array) -> tuple[Array, Array, Array]:
        """Return gates (T, 4, B, H) as input, forget, output, candidate, and both states."""
        off, (T, B), H = self.off, self.xs.shape, len(W_h)
        order = [0, 1, 3, 2]

        def arranged(W: Array) -> Array:
            blocks = W.reshape(-1, 4, H)[:, order]
            if off != "one tanh":
                blocks = blocks * np.array([0.5, 0.5, 0.5, 1], W.dtype)[:, None]
            return np.ascontiguousarray(blocks.swapaxes(0, 1))  # (4, rows, H)

        W_x, W_h, b = arranged(W_x), arranged(W_h), arranged(b)
        rows, place = (W_x + b).reshape(-1, H), W_x.shape[1] * np.arange(4)[:, None]
        memory = (T, B, 4, H) if off == "gates in blocks" else (T, 4, B, H)
        gates = np.empty(memory, W_h.dtype)
        if off == "gates in blocks":
            gates = gates.swapaxes(1, 2)
        if off != "look-up":
            gates[...] = rows[self.xs[:, None, :] + place]
        hs, cs = np.zeros((2, T + 1, B, H), W_h.dtype)
        from_h, one_row = np.empty((4, B, H), W_h.dtype), W_h.swapaxes(0, 1).reshape(H, 4 * H)
        for t, z in enumerate(gates):
            if off == "look-up":
                z[...] = rows[self.xs[t] + place]
            if off == "one product":
                for k in range(4):
                    z[k] += hs[t] @ W_h[k]
            elif B == 1:
                np.dot(hs[t], one_row, out=from_h.reshape(1, -1))
                z += from_h
            else:
                np.matmul(hs[t], W_h, out=from_h)
                z += from_h
            if off == "one tanh":
                for k in range(3):
                    z[k] = 1 / (1 + np.exp(-z[k]))
                np.tanh(z[3], out=z[3])
            else:
                np.tanh(z, out=z)
                z[:3] *= 0.5
                z[:3] += 0.5
            i, f, o, g = z
            if off == "in place":
                cs[t + 1] = f * cs[t] + i * g
                hs[t + 1] = o * np.tanh(cs[t + 1])
            else:
                c_t = np.multiply(f, cs[t], out=cs[t + 1])
                c_t += i * g
                np.multiply(np.tanh(c_t, out=hs[t + 1]), o, out=hs[t + 1])
        return gates, hs, cs

    def _read_out(self, hs: Array) -> tuple[float, Array, Array, Array]:
        """Return the loss, ∂L/∂ of the states, of W_hy and b_y."""
        (W_hy, b_y), (T, B, H) = self.model.output, hs.shape
        parts = range(T) if self.off == "outputs at once" else [slice(None)]
        loss, d_hs, d_W_hy, d_b_y = 0.0, np.empty_like(hs), 0.0, 0.0
        for part in parts:
            h, right = hs[part].reshape(-1, H), self.targets[part].ravel()
            samples = np.arange(len(h))
            scores = h @ W_hy + b_y
            p = scores - scores[samples, scores.argmax(axis=1)][:, None]
            of_right = p[samples, right]
            np.exp(p, out=p)
            total = p @ np.ones(p.shape[1], p.dtype)
            loss += float((np.log(total) - of_right).sum()) / (T * B)
            p *= (1 / (total * (T * B)))[:, None].astype(p.dtype)
            p[samples, right] -= 1 / (T * B)
            d_hs[part] = (p @ W_hy.T).reshape(hs[part].shape)
            d_W_hy, d_b_y = d_W_hy + h.T @ p, d_b_y + p.sum(axis=0)
        return loss, d_hs, d_W_hy, d_b_y

    def _backward(self, gates: Array, hs: Array, cs: Array, d_hs: Array, W_h: Array):
        """Return ∂L/∂ of the sums (T, B, 4H) and of W_h."""
        off, (T, B, H) = self.off, d_hs.shape
        W_h_T, d_W_h = np.ascontiguousarray(W_h.T), np.zeros_like(W_h)
        d_zs = np.empty((T, B, 4 * H), hs.dtype)
        d_blocks = d_zs.reshape(T, B, 4, H).swapaxes(1, 2)
        d_h, d_c = np.zeros((2, B, H), hs.dtype)
        at_once = [slice(t, t + 1) for t in reversed(range(T))]
        for steps in at_once if off == "factors at once" else stretches(T, B * H):
            into_c, slopes, keeps = self._factors(gates[steps], cs[:-1][steps], cs[1:][steps])
            for k in reversed(range(len(keeps))):
                t = steps.start + k
                if off == "in place":
                    d_h = d_h + d_hs[t]
                    d_c = d_c + d_h * into_c[k]
                    d_blocks[t, :3] = d_c * slopes[k, :3]
                    d_blocks[t, 3] = d_h * slopes[k, 3]
                    d_c = d_c * keeps[k]
                else:
                    d_h += d_hs[t]
                    d_c += d_h * into_c[k]
                    np.multiply(d_c, slopes[k, :3], out=d_blocks[t, :3])
                    np.multiply(d_h, slopes[k, 3], out=d_blocks[t, 3])
                    d_c *= keeps[k]
                if off == "one product":
                    parts = [slice(j * H, (j + 1) * H) for j in range(4)]
                    d_h = sum(d_zs[t][:, part] @ W_h_T[part] for part in parts)
                elif off == "in place":
                    d_h = d_zs[t] @ W_h_T
                else:
                    np.dot(d_zs[t], W_h_T, out=d_h)
                if off == "sums at the end":
                    d_W_h += hs[t].T @ d_zs[t]
        return d_zs, d_W_h if off == "sums at the end" else weight_gradient(hs[:-1], d_zs)

    @staticmethod
    def _factors(gates: Array, c_prevs: Array, cs: Array) -> tuple[Array, Array, Array]:
        """Return ∂h/∂c, the slopes of input, forget, candidate and output, and the forget gate."""
        i, f, o, g = gates.swapaxes(0, 1)
        tanh_c = np.tanh(cs)
        slopes = np.empty((len(g), 4, *g.shape[1:]), g.dtype)
        np.multiply(i * (1 - i), g, out=slopes[:, 0])
        np.multiply(f * (1 - f), c_prevs, out=slopes[:, 1])
        np.multiply((1 - g) * (1 + g), i, out=slopes[:, 2])
        np.multiply(o * (1 - o), tanh_c, out=slopes[:, 3])
        return o * (1 - tanh_c) * (1 + tanh_c), slopes, f
