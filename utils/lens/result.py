"""What a trace holds: arrays by name, layer and direction, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.lens.gains import Gains, compute_gains
from utils.lens.layers import DIRECTIONS, LayerPass
from utils.lens.tracking import track
from utils.lens.units import half_lives, saturations
from utils.validation import describe

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QUANTITIES", "Trace"]

QUANTITIES = {
    "rnn": ("sum", "hidden"),
    "gru": ("reset_gate", "update_gate", "candidate", "hidden"),
    "lstm": ("input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"),
}
"""The values of each kind of cell by name; gradients are added to them."""


class Trace:
    """Hold everything that a recurrent module did over one batch; `utils.lens.trace` makes it.

    ``trace["forget_gate", 0, "forward"]`` is an array (T, B, H), time first whatever the module
    takes, NaN at padded steps. Layers count from 0; the last one and the forward direction are
    meant where none is said: ``trace["hidden"]``. In the backward direction entry t still belongs
    to step t of the input; the state before it is that of step t + 1.

    Parameters
    ----------
    passes : list of lists of LayerPass
        By layer and direction.
    **about
        The attributes that no pass knows, by name.

    Attributes
    ----------
    kind : {"rnn", "lstm", "gru"}
    activation : {"tanh", "relu"}
        Of the hidden state of a plain RNN; "tanh" for the others.
    layers : int
    directions : tuple of str
        ("forward",) or ("forward", "backward").
    hidden_size, proj_size : int
        Units H of a layer and direction; numbers of a hidden state if it is projected, else 0.
    lengths : array of int, shape (B,)
        Steps of every sample.
    mask : array of bool, shape (T, B)
        False at padded steps.
    names : tuple of str
        The quantities, gradients included.
    output : array, shape (T, B, directions · H)
        What the module gave, in float64.
    loss : float
    precision : str
        Number type of the module's own weights, such as "float32".
    divergence : array, shape (T, B), or None
        Largest difference between the module's output in its own precision and in float64, step
        by step; None for a float64 module.
    findings : list of str
        What is worth knowing, as sentences.
    """

    def __init__(self, passes: list[list[LayerPass]], **about: Any) -> None:
        self._passes = passes
        first = passes[0][0]
        self.kind: str = first.kind
        self.activation = "relu" if first.relu else "tanh"
        self.layers = len(passes)
        self.directions: tuple[str, ...] = DIRECTIONS[: len(passes[0])]
        self.mask: np.ndarray = first.mask
        self.lengths: np.ndarray = about.pop("lengths")
        self.output: np.ndarray = about.pop("output")
        self.loss: float = about.pop("loss")
        self.precision: str = about.pop("precision")
        self.divergence: np.ndarray | None = about.pop("divergence")
        self.findings: list[str] = []
        projects = "weight_hr" in first.weights
        self.hidden_size = first.weights["weight_hh"].shape[0] // _blocks(self.kind)
        self.proj_size = first.weights["weight_hh"].shape[1] if projects else 0
        names = list(QUANTITIES[self.kind])
        if projects:
            names.insert(-1, "before_projection")
        self.names = (*names, *first.d_values)
        self._masked: dict[tuple[str, int, str], np.ndarray] = {}

    def __repr__(self) -> str:
        T, B = self.mask.shape
        return (
            f"Trace({self.kind}, {self.layers} layer{'s' * (self.layers > 1)}, "
            f"{' and '.join(self.directions)}, T = {T}, B = {B}, H = {self.hidden_size}, "
            f"loss {self.loss:.4g}, {len(self.findings)} findings)"
        )

    def keys(self) -> list[tuple[str, int, str]]:
        """Return every (name, layer, direction).

        Returns
        -------
        list of tuples
        """
        return [
            (name, layer, direction)
            for layer in range(self.layers)
            for direction in self.directions
            for name in self.names
        ]

    def __iter__(self) -> Iterator[tuple[str, int, str]]:
        return iter(self.keys())

    def __getitem__(self, key: str | tuple) -> np.ndarray:
        """Return one quantity, (T, B, H), by (name, layer, direction) or the first of these."""
        name, layer, direction = self._read_key(key)
        if (name, layer, direction) not in self._masked:
            done = self._pass(layer, direction)
            values = done.d_values.get(name, done.values.get(name))
            if not done.full:
                values = np.where(self.mask[..., None], values, np.nan)
            values.setflags(write=False)
            self._masked[name, layer, direction] = values
        return self._masked[name, layer, direction]

    def initial(self, name: str, layer: int = -1, direction: str = "forward") -> np.ndarray:
        """Return the state before the first step that is read, or the gradient there, (B, ·).

        Parameters
        ----------
        name : {"hidden", "cell", "d_hidden", "d_cell"}
        layer : int
        direction : {"forward", "backward"}

        Returns
        -------
        array, shape (B, ·)

        Raises
        ------
        KeyError
            If there is no such state, layer or direction.
        """
        name, layer, direction = self._read_key((name, layer, direction))
        done = self._pass(layer, direction)
        given = {"hidden": done.h_0, "cell": done.c_0, **done.d_start}
        if name not in given:
            raise KeyError(f"{name!r} is no state; expected one of {', '.join(map(repr, given))}.")
        return given[name]

    def norms(self, name: str, layer: int = -1, direction: str = "forward") -> np.ndarray:
        """Return the Euclidean length of a quantity over the units at every step, (T, B).

        Parameters
        ----------
        name : str
            One of `names`, such as "d_hidden".
        layer : int
        direction : {"forward", "backward"}

        Returns
        -------
        array, shape (T, B)
            NaN at padded steps; no overflow where the numbers themselves do not.
        """
        values = np.abs(self[name, layer, direction])
        top = values.max(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = values / np.where((top > 0) & np.isfinite(top), top, 1.0)
            return top[..., 0] * np.sqrt(np.sum(scaled**2, axis=-1))

    def _pass(self, layer: int, direction: str) -> LayerPass:
        return self._passes[layer][self.directions.index(direction)]

    def _read_key(self, key: str | tuple) -> tuple[str, int, str]:
        parts = key if isinstance(key, tuple) else (key,)
        if not 1 <= len(parts) <= 3:
            raise KeyError(f"{key!r} has {len(parts)} parts; expected (name, layer, direction).")
        name, layer, direction = (*parts, *(None, -1, "forward")[len(parts) :])
        if name not in self.names:
            raise KeyError(f"no quantity {name!r}; this {self.kind} has {', '.join(self.names)}.")
        if isinstance(layer, bool) or not isinstance(layer, int | np.integer):
            raise KeyError(f"the layer is {describe(layer)}; expected a whole number.")
        if not -self.layers <= layer < self.layers:
            raise KeyError(f"no layer {layer}; there are layers 0 to {self.layers - 1}.")
        if direction not in self.directions:
            known = " and ".join(map(repr, self.directions))
            raise KeyError(f"no direction {direction!r}; this module has {known}.")
        return name, int(layer) % self.layers, direction

    def _every(self) -> Iterable[tuple[int, str, LayerPass]]:
        for layer, passes in enumerate(self._passes):
            yield from zip([layer] * len(passes), self.directions, passes, strict=True)

    def table(self, quantities: Iterable[str] | None = None) -> pd.DataFrame:
        """Return all values as a tidy table, one row for each number.

        Parameters
        ----------
        quantities : iterable of str, optional
            Which of `names`; all where none are given.

        Returns
        -------
        pandas.DataFrame
            Columns step, sample, layer, direction, unit (all from 0), quantity, value. Padded
            steps have no rows.
        """
        import pandas as pd

        names = self.names if quantities is None else tuple(quantities)
        parts = []
        for layer in range(self.layers):
            for direction in self.directions:
                for name in names:
                    values = self[name, layer, direction]
                    step, sample = np.nonzero(self.mask)
                    units = values.shape[-1]
                    columns = {
                        "step": np.repeat(step, units),
                        "sample": np.repeat(sample, units),
                        "layer": np.full(len(step) * units, layer),
                        "unit": np.tile(np.arange(units), len(step)),
                        "value": values[self.mask].ravel(),
                    }
                    part = pd.DataFrame(columns)
                    part.insert(
                        3,
                        "direction",
                        pd.Categorical.from_codes(
                            np.full(len(part), self.directions.index(direction)), self.directions
                        ),
                    )
                    part.insert(
                        5,
                        "quantity",
                        pd.Categorical.from_codes(
                            np.full(len(part), names.index(name)), list(names)
                        ),
                    )
                    parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def saturation(self, low: float = 0.1, high: float = 0.9, tanh: float = 0.99) -> pd.DataFrame:
        r"""Return for every unit the share of steps at which it sits at an end of its range.

        Parameters
        ----------
        low, high : float in (0, 1)
            A gate is shut below the one and open above the other.
        tanh : float in (0, 1)
            A value of a tanh (candidate, tanh of the cell, hidden state of a plain RNN) sits at
            an end beyond plus or minus this. A ReLU's lower end is 0.

        Returns
        -------
        pandas.DataFrame
            Columns layer, direction, quantity, unit, low, high: shares of all steps of all
            samples, in [0, 1].

        Raises
        ------
        ValueError
            If a bound is not as described.
        """
        return saturations(self._every(), low, high, tanh)

    def half_life(self) -> pd.DataFrame:
        r"""Return for every unit how long half of what it holds would stay.

        .. math:: n = \frac{\ln \frac12}{\frac1N \sum \ln f}

        along the direct path alone: the forget gate of an LSTM, the update gate of a GRU; for a
        plain RNN a unit's own weight times its slope. The total derivative often lasts longer:
        compare `total_gains`, whose ``reach`` counts every path.

        Returns
        -------
        pandas.DataFrame
            Columns layer, direction, unit, factor (geometric mean over all steps of all samples)
            and half_life in steps, infinite where the factor is 1 or more.
        """
        return half_lives(self._every())

    def total_gains(
        self, layer: int = -1, direction: str = "forward", probes: int | None = None
    ) -> Gains:
        r"""Measure how much of a change of the state at step t is left in the last state.

        .. math:: \text{total}_t = \frac{1}{\sqrt H}
                  \left\lVert \frac{\partial c_T}{\partial c_t} \right\rVert_F

        (of h for RNN and GRU), beside the direct path, the product of the gates that keep.

        Parameters
        ----------
        layer : int
        direction : {"forward", "backward"}
        probes : int, optional
            So many random rows in place of all H, which are exact; their error is about
            1/√(probes · H), for a single unit 1/√(2 · probes). H = 256 at T = 200 takes some
            seconds exactly.

        Returns
        -------
        Gains
            ``direct`` and ``total`` (T, B), ``unit_direct`` and ``unit_total`` (T, B, H), all
            log10; 0 at the last step that is read, NaN at padded steps.
        """
        _, layer, direction = self._read_key(("hidden", layer, direction))
        return compute_gains(self._pass(layer, direction), probes)

    def tracking(self, signal: Any, quantities: Iterable[str] | None = None, seed: int = 0) -> Any:
        """Return which units follow a signal, by the size of their correlation with it.

        Among hundreds of units some follow any signal by chance, the more so as both change
        slowly. The column ``chance`` says how large the largest correlation of all units is for
        signals that mean nothing: the same ones, shifted in time and exchanged between samples.

        Parameters
        ----------
        signal : array, shape (T, B) or (T,)
            One number for each step; NaN where it says nothing. (T,) serves all samples.
        quantities : iterable of str, optional
            Which of `names`; hidden states and, of an LSTM, cell states where none are given.
        seed : int
            Of the 200 meaningless signals.

        Returns
        -------
        pandas.DataFrame
            Columns layer, direction, quantity, unit, correlation in [-1, 1], chance (95 % of the
            meaningless signals stay below it with all units), and beats_chance; sorted, the
            largest absolute correlation first. Units that never change have none and come last.

        Raises
        ------
        LensError
            If the signal has another shape, or never changes.
        """
        if quantities is None:
            quantities = ("hidden", "cell") if self.kind == "lstm" else ("hidden",)
        series = {
            (layer, direction, name): self[name, layer, direction]
            for layer in range(self.layers)
            for direction in self.directions
            for name in quantities
        }
        return track(series, signal, self.mask, seed)


def _blocks(kind: str) -> int:
    return {"rnn": 1, "gru": 3, "lstm": 4}[kind]
