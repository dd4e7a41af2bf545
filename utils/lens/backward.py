"""The way back through one layer: local slopes for all steps at once, then one step at a time.

The rows that go back are a gradient, or many at once: one for each column of a Jacobian.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from utils.lens.layers import LayerPass

__all__ = ["WayBack", "backpropagate"]

Rows = tuple[np.ndarray, np.ndarray | None]


class WayBack:
    """Carry rows of ∂/∂(h_t, c_t) back through the steps of one layer and direction.

    Parameters
    ----------
    done : LayerPass
    """

    def __init__(self, done: LayerPass) -> None:
        self.done = done
        self.W_h = np.ascontiguousarray(done.weights["weight_hh"])  # (G H, P)
        self.W_x = done.weights["weight_ih"]  # (G H, D)
        self.W_hr = done.weights.get("weight_hr")  # (P, H)
        with np.errstate(over="ignore", invalid="ignore"):
            self.slopes, self.keeps, self.into_c = getattr(self, f"_{done.kind}")()

    # What each step multiplies with: slopes of the sums' parts, (T, B, G, H)

    def _rnn(self) -> tuple[np.ndarray, None, None]:
        hs = self.done.values["hidden"]
        slope = (hs > 0).astype(hs.dtype) if self.done.relu else (1 - hs) * (1 + hs)
        return slope[:, :, None], None, None

    def _gru(self) -> tuple[np.ndarray, np.ndarray, None]:
        v = self.done.values
        r, z, n = v["reset_gate"], v["update_gate"], v["candidate"]
        slopes = np.empty((*r.shape[:2], 3, r.shape[2]))
        of_n = (1 - z) * (1 - n) * (1 + n)
        np.multiply(of_n * v["candidate_from_h"], r * (1 - r), out=slopes[:, :, 0])
        np.multiply(self.done.before("hidden") - n, z * (1 - z), out=slopes[:, :, 1])
        slopes[:, :, 2] = of_n
        return slopes, z, None

    def _lstm(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        v = self.done.values
        i, f, g, o = (v[k] for k in ("input_gate", "forget_gate", "candidate", "output_gate"))
        tanh_c = v["tanh_cell"]
        slopes = np.empty((*i.shape[:2], 4, i.shape[2]))
        np.multiply(i * (1 - i), g, out=slopes[:, :, 0])
        np.multiply(f * (1 - f), self.done.before("cell"), out=slopes[:, :, 1])
        np.multiply(i, (1 - g) * (1 + g), out=slopes[:, :, 2])
        np.multiply(o * (1 - o), tanh_c, out=slopes[:, :, 3])
        return slopes, f, o * (1 - tanh_c) * (1 + tanh_c)

    def at(self, t: int, d_h: np.ndarray, d_c: np.ndarray | None) -> Rows:
        """Return what reaches (what the output gate lets out, c_t) at step t, h_t's part included.

        Parameters
        ----------
        t : int
        d_h : array, shape (..., B, P)
        d_c : array, shape (..., B, H), or None
            From the next step, and from the loss directly.

        Returns
        -------
        pair of arrays, shapes (..., B, H)
            The second is None for a cell without a cell state.
        """
        if d_c is None:
            return d_h, None
        d_out = d_h if self.W_hr is None else d_h @ self.W_hr
        return d_out, d_c + d_out * self.into_c[t]

    def step(
        self, t: int, d_out: np.ndarray, d_c: np.ndarray | None, out: np.ndarray | None = None
    ) -> tuple[np.ndarray, Rows]:
        """Go back through step t.

        Parameters
        ----------
        t : int
        d_out, d_c : array
            As `at` returned them.
        out : array, shape (..., B, G, H), optional
            Where ∂/∂ of the sums is to be put.

        Returns
        -------
        d_sums : array, shape (..., B, G, H)
        rows : (d_h_prev, d_c_prev)
        """
        slopes = self.slopes[t]
        if self.done.kind == "lstm":
            d_sums = np.multiply(d_c[..., None, :], slopes, out=out)
            np.multiply(d_out, slopes[:, 3], out=d_sums[..., 3, :])
            return d_sums, (self._to_h(d_sums), d_c * self.keeps[t])
        d_sums = np.multiply(d_out[..., None, :], slopes, out=out)
        if self.done.kind == "rnn":
            return d_sums, (self._to_h(d_sums), None)
        inside = d_sums.copy()  # the candidate's part from h stands inside the reset gate
        inside[..., 2, :] *= self.done.values["reset_gate"][t]
        return d_sums, (self._to_h(inside) + d_out * self.keeps[t], None)

    def _to_h(self, d_sums: np.ndarray) -> np.ndarray:
        lead = d_sums.shape[:-2]
        rows = d_sums.reshape(-1, len(self.W_h))
        return (rows @ self.W_h).reshape(*lead, self.W_h.shape[1])

    @cached_property
    def own_path(self) -> np.ndarray:
        """What a unit hands on to itself at each step along the direct path, (T, B, H).

        The forget gate of an LSTM, the update gate of a GRU, and for a plain RNN its own weight
        times its slope.
        """
        if self.keeps is not None:
            return self.keeps
        return np.diagonal(self.W_h) * self.slopes[:, :, 0]


def backpropagate(
    done: LayerPass, d_hs: np.ndarray, d_h_end: np.ndarray, d_c_end: np.ndarray | None
) -> np.ndarray:
    """Enter the total derivatives ∂L/∂h_t and ∂L/∂c_t of a layer, and return ∂L/∂x_t.

    Parameters
    ----------
    done : LayerPass
        Its ``d_values`` and ``d_start`` are filled.
    d_hs : array, shape (T, B, P)
        ∂⁺L/∂h_t: from the loss and from the layer above; not read at padded steps.
    d_h_end, d_c_end : array, shape (B, ·)
        ∂⁺L/∂ of the state after the last step that is read.

    Returns
    -------
    array, shape (T, B, D)
        What stands at padded steps means nothing.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return _backpropagate(WayBack(done), d_hs, d_h_end, d_c_end)


def _backpropagate(
    way: WayBack, d_hs: np.ndarray, d_h: np.ndarray, d_c: np.ndarray | None
) -> np.ndarray:
    done = way.done
    T, B = done.mask.shape
    d_hidden = np.zeros_like(done.values["hidden"])
    d_cell = None if d_c is None else np.zeros_like(done.values["cell"])
    d_sums = np.zeros_like(way.slopes)
    full = done.full
    for t in reversed(done.steps):
        rows = d_h, d_c
        d_h = d_h + d_hs[t]
        d_out, d_c = way.at(t, d_h, d_c)
        d_hidden[t] = d_h
        if d_cell is not None:
            d_cell[t] = d_c
        _, (d_h, d_c) = way.step(t, d_out, d_c, out=d_sums[t])
        if not full:  # a padded step hands on what came
            there = done.mask[t][:, None]
            d_h = np.where(there, d_h, rows[0])
            d_c = None if d_c is None else np.where(there, d_c, rows[1])
    done.d_values["d_hidden"], done.d_start["d_hidden"] = d_hidden, d_h
    if d_cell is not None:
        done.d_values["d_cell"], done.d_start["d_cell"] = d_cell, d_c
    d_xs = d_sums.reshape(T * B, -1) @ way.W_x
    return d_xs.reshape(T, B, -1)
