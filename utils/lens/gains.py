"""What is left, in the last state, of a change of the state at every step: direct and in total."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.lens.backward import WayBack
from utils.lens.layers import LayerPass
from utils.validation import as_count, as_number

__all__ = ["Gains", "compute_gains"]


class Gains(NamedTuple):
    """Hold how much of a change at step t is left at the last step, as powers of ten.

    Attributes
    ----------
    direct : array, shape (T, B)
        log10 along the direct path alone: root mean square, over the units, of the products of
        their gates.
    total : array, shape (T, B)
        log10 of ‖∂c_T/∂c_t‖_F/√H, or of h: along every path.
    unit_direct, unit_total : array, shape (T, B, H)
        The same unit by unit: its own product, and the length of its row of the Jacobian: how
        much a change of this one unit changes the whole last state.
    steps_back : array of int, shape (T, B)
        From every step to the last one that is read; it means nothing at padded steps.
    """

    direct: np.ndarray
    total: np.ndarray
    unit_direct: np.ndarray
    unit_total: np.ndarray
    steps_back: np.ndarray

    def reach(self, left: float = 0.5) -> np.ndarray:
        """Return how many steps back a change of each unit still has its share in the last state.

        Parameters
        ----------
        left : float, above 0
            The share: the furthest step is taken whose total gain is at least this.

        Returns
        -------
        array, shape (B, H), in steps
            At most the length of the sample less one, where the first step still counts.

        Raises
        ------
        ValueError
            If `left` is not above 0.
        """
        enough = self.unit_total >= np.log10(as_number("left", left, above=0))
        return np.max(np.where(enough, self.steps_back[..., None], 0), axis=0)


def compute_gains(done: LayerPass, probes: int | None = None) -> Gains:
    """Carry all rows of ∂s_T/∂s_T = 1, or random mixtures of them, back to every step.

    Parameters
    ----------
    done : LayerPass
    probes : int, at least 1, optional
        Rows; all H and exact where none are given.

    Returns
    -------
    Gains
    """
    way = WayBack(done)
    cell = done.kind == "lstm"
    T, B, H = (done.values["cell"] if cell else done.values["hidden"]).shape
    rows = np.eye(H)
    if probes is not None:
        n = as_count("probes", probes)
        rows = np.random.default_rng(0).choice([-1.0, 1.0], size=(n, H)) / np.sqrt(n)
    rows = np.repeat(rows[:, None], B, axis=1)  # (n, B, H)
    d_h, d_c = rows, None
    if cell:
        d_h, d_c = np.zeros((len(rows), B, done.h_0.shape[-1])), rows
    scale = np.zeros(B)
    unit_total, unit_direct = np.empty((T, B, H)), np.empty((T, B, H))
    along = np.zeros((B, H))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for t in reversed(done.steps):
            there = done.mask[t]
            d_out, d_c_here = way.at(t, d_h, d_c)
            here = d_c_here if cell else d_out
            unit_total[t] = scale[:, None] + np.log10(np.sqrt(np.sum(here**2, axis=0)))
            unit_direct[t] = along
            _, (new_h, new_c) = way.step(t, d_out, d_c_here)
            size = np.sqrt(np.sum(new_h**2, axis=(0, 2)))
            if cell:
                size = np.sqrt(size**2 + np.sum(new_c**2, axis=(0, 2)))
            size = np.where((size > 0) & np.isfinite(size), size, 1.0)
            keep = there[:, None]
            d_h = np.where(keep, new_h / size[:, None], d_h)
            d_c = None if d_c is None else np.where(keep, new_c / size[:, None], d_c)
            scale += np.where(there, np.log10(size), 0.0)
            along = along + np.where(keep, np.log10(np.abs(way.own_path[t])), 0.0)
        unit_total[~done.mask] = unit_direct[~done.mask] = np.nan
        steps = np.arange(T)[:, None]
        back = np.repeat(steps, B, axis=1) if done.backward else done.mask.sum(axis=0) - 1 - steps
        return Gains(_rms(unit_direct), _rms(unit_total), unit_direct, unit_total, back)


def _rms(logs: np.ndarray) -> np.ndarray:
    """Return log10 of the root mean square over the last axis of numbers given as log10."""
    top = np.max(logs, axis=-1)
    top = np.where(np.isneginf(top), 0.0, top)
    mean = np.mean(10.0 ** (2 * (logs - top[..., None])), axis=-1)
    return top + np.log10(mean) / 2
