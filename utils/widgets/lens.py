"""The lens as a live figure: choose layer, direction, quantity, unit and sample, and look."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import ipywidgets
import numpy as np
from torch import Tensor, nn

from utils.lens import LensError, Trace, trace
from utils.memory import half_life
from utils.plots.lens import draw_lens
from utils.plots.style import new_figure, symmetric_limits
from utils.validation import describe
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

__all__ = ["View", "compute_view", "explore", "read_labels"]

_WORDS = {
    "input_gate": "input gate",
    "forget_gate": "forget gate",
    "output_gate": "output gate",
    "reset_gate": "reset gate",
    "update_gate": "update gate",
    "candidate": "candidate",
    "cell": "cell state",
    "hidden": "hidden state",
    "before_projection": "hidden state before the projection",
    "sum": "sum before the activation",
    "d_hidden": "gradient at the hidden state",
    "d_cell": "gradient at the cell state",
}
_CURVES = {
    "rnn": ("hidden_state",),
    "gru": ("reset_gate", "update_gate", "candidate", "hidden_state"),
    "lstm": (
        "input_gate",
        "forget_gate",
        "output_gate",
        "candidate",
        "cell_state",
        "hidden_state",
    ),
}
_KEEPS = {"lstm": "forget_gate", "gru": "update_gate"}


class View(NamedTuple):
    """Hold what the figure shows of one sample, layer and direction.

    Attributes
    ----------
    values : array, shape (H, T)
        The quantity; NaN beyond the sample's end, and below the numbers of a projected state.
    limits : (float, float)
        Ends of its colours.
    curves : dict of arrays, shape (T,)
        Gates and states of the unit, by role.
    norms : dict of arrays, shape (T,)
        Length of the gradient over all units, "hidden" and "cell", and its size at the "unit".
    unit : int
        The unit, as far as the quantity has so many.
    """

    values: np.ndarray
    limits: tuple[float, float]
    curves: dict[str, np.ndarray]
    norms: dict[str, np.ndarray]
    unit: int


def compute_view(
    trace: Trace, sample: int, layer: int, direction: str, quantity: str, unit: int
) -> View:
    """Take what the figure shows out of a trace.

    Parameters
    ----------
    trace : Trace
    sample, layer, unit : int
        From 0.
    direction : {"forward", "backward"}
    quantity : str
        One of ``trace.names``.

    Returns
    -------
    View

    Raises
    ------
    KeyError
        If the trace has no such quantity, layer or direction.
    """
    T, H = len(trace.mask), trace.hidden_size

    def series(name: str) -> np.ndarray:
        return trace[name, layer, direction][:, sample]  # (T, units)

    values = np.full((H, T), np.nan)
    shown = series(quantity).T
    values[: len(shown)] = shown
    limits = (0.0, 1.0)
    if not quantity.endswith("_gate"):
        bounded = quantity == "candidate" or (quantity == "hidden" and trace.activation == "tanh")
        limits = (-1.0, 1.0) if bounded and not trace.proj_size else symmetric_limits(shown)
    unit = min(unit, len(shown) - 1)

    def curve(role: str) -> np.ndarray:
        name = role.removesuffix("_state")
        own = series(name)
        line = own[:, min(unit, own.shape[1] - 1)]
        return np.tanh(line) if role == "cell_state" else line

    norms = {"hidden": trace.norms("d_hidden", layer, direction)[:, sample]}
    at_unit = "d_hidden"
    if trace.kind == "lstm":
        norms["cell"] = trace.norms("d_cell", layer, direction)[:, sample]
        at_unit = "d_cell"
    norms["unit"] = np.abs(series(at_unit)[:, min(unit, series(at_unit).shape[1] - 1)])
    return View(values, limits, {role: curve(role) for role in _CURVES[trace.kind]}, norms, unit)


def read_labels(labels: Any, lengths: Sequence[int]) -> list[list[str]]:
    """Return a label for every step of every sample.

    Parameters
    ----------
    labels : None, sequence of str, or sequence of sequences of str
        None stands for the numbers of the steps, from 0. A flat one serves all samples. A single
        string is split into its characters.
    lengths : sequence of int
        Steps of every sample.

    Returns
    -------
    list of list of str

    Raises
    ------
    LensError
        If there are fewer labels than steps, or not as many lists as samples.
    """
    if labels is None:
        labels = [str(t) for t in range(max(lengths))]
    if not isinstance(labels, Sequence | np.ndarray):
        raise LensError(f"labels is {describe(labels)}; expected words, one for each step.")
    rows = list(labels)
    nested = rows and all(isinstance(r, list | tuple | np.ndarray) for r in rows)
    if not nested and len(lengths) > 1 and all(isinstance(r, str) for r in rows):
        # several strings may be a sample each, if they are not one for each step
        nested = len(rows) == len(lengths) != max(lengths)
    if not nested:
        rows = [rows] * len(lengths)
    if len(rows) != len(lengths):
        raise LensError(f"labels holds {len(rows)} rows; expected {len(lengths)}, one a sample.")
    for sample, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        if len(row) < length:
            raise LensError(
                f"labels holds {len(row)} words for sample {sample}; it has {length} steps."
            )
    return [[str(word) for word in row[:n]] for row, n in zip(rows, lengths, strict=True)]


def explore(
    model: nn.Module | Trace,
    inputs: Any = None,
    labels: Any = None,
    loss: Callable[[Any], Tensor] | None = None,
    **options: Any,
) -> LiveFigure:
    """Look inside a recurrent module: every unit over time, one unit's gates, the gradient.

    Parameters
    ----------
    model : torch.nn.Module or Trace
        As `utils.lens.trace` takes it, or what it returned.
    inputs : tensor, array, PackedSequence, tuple or dict, optional
        As in `utils.lens.trace`; left out beside a trace.
    labels : sequence of str, or one for each sample, optional
        What stands under the steps, such as words; the numbers of the steps where none are given.
    loss : callable, optional
    **options
        ``lengths``, ``state``, ``module`` and ``call`` of `utils.lens.trace`.

    Returns
    -------
    LiveFigure
        Its ``trace`` is the trace that it shows; the findings stand below the controls.

    Raises
    ------
    LensError
        As `utils.lens.trace` does, and if the labels do not fit.
    """
    seen = model if isinstance(model, Trace) else trace(model, inputs, loss, **options)
    words = read_labels(labels, seen.lengths.tolist())
    figure, axes = new_figure(3, 1, size=(10.5, 7.2), height_ratios=[1.5, 1.1, 1])
    norms = ("hidden", "cell", "unit") if seen.kind == "lstm" else ("hidden", "unit")
    picture = draw_lens(axes, seen.hidden_size, len(seen.mask), _CURVES[seen.kind], norms)

    def update(
        quantity: str,
        unit: int,
        layer: int = 0,
        direction: str = "forward",
        sample: int = 0,
    ) -> str:
        view = compute_view(seen, sample, layer, direction, quantity, unit)
        own = words[sample]
        place = _place(seen, layer, direction, sample)
        titles = (_title(quantity, view.limits, place), f"unit {view.unit}, marked above")
        picture.move(*view[:2], own, view.unit, view.curves, view.norms, titles)
        return _finding(seen, view, own, quantity, place, direction)

    live = LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=_controls(seen),
        extra=[_findings(seen.findings)],
        title=f"Inside the {seen.kind.upper()}",
        steps=_steps(seen),
    )
    live.trace = seen
    return live


def _controls(seen: Trace) -> dict[str, ipywidgets.Widget]:
    """Return the controls; where there is one choice only, there is none."""
    first = _KEEPS.get(seen.kind, "hidden")
    controls: dict[str, ipywidgets.Widget] = {
        "quantity": ipywidgets.Dropdown(
            options=[(_WORDS[name], name) for name in seen.names],
            value=first,
            description="quantity",
        )
    }
    if seen.hidden_size > 1:
        controls["unit"] = ipywidgets.IntSlider(
            _start_unit(seen), min=0, max=seen.hidden_size - 1, description="unit, from 0"
        )
    else:
        controls["unit"] = ipywidgets.IntSlider(0, min=0, max=0, description="unit")
    if seen.layers > 1:
        controls["layer"] = ipywidgets.IntSlider(
            0, min=0, max=seen.layers - 1, description="layer, from 0"
        )
    if len(seen.directions) > 1:
        controls["direction"] = ipywidgets.ToggleButtons(
            options=list(seen.directions), description="direction", style={"button_width": "auto"}
        )
    B = seen.mask.shape[1]
    if B > 1:
        controls["sample"] = ipywidgets.IntSlider(0, min=0, max=B - 1, description="sample, from 0")
    return controls


def _steps(seen: Trace) -> dict[str, list[Any]]:
    """Return what a reader without a kernel steps through: some units, and what is told most."""
    units = np.unique(np.linspace(0, seen.hidden_size - 1, 6).round().astype(int)).tolist()
    told = [name for name in (_KEEPS.get(seen.kind), "hidden", "d_hidden") if name in seen.names]
    return {"unit": units, "quantity": told}


def _start_unit(seen: Trace) -> int:
    """Return the unit of the lowest layer that holds its value longest."""
    lives = seen.half_life()
    own = lives[(lives["layer"] == 0) & (lives["direction"] == "forward")]
    return int(own["factor"].abs().to_numpy().argmax())


def _findings(sentences: list[str]) -> ipywidgets.HTML:
    if not sentences:
        return ipywidgets.HTML("<p>Nothing else is conspicuous about this run.</p>")
    items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    return ipywidgets.HTML(f"<b>Findings</b><ul>{items}</ul>")


def _place(seen: Trace, layer: int, direction: str, sample: int) -> str:
    parts = [f"layer {layer}"] * (seen.layers > 1)
    parts += [f"{direction} direction"] * (len(seen.directions) > 1)
    parts += [f"sample {sample}"] * (seen.mask.shape[1] > 1)
    return ", ".join(parts)


def _title(quantity: str, limits: tuple[float, float], place: str) -> str:
    low, high = (f"{end:.3g}".replace("-", "−") for end in limits)
    ends = f"blue {low}, red {high}" if limits[0] < 0 else f"dark {low}, bright {high}"
    return " · ".join(filter(None, (f"{_WORDS[quantity]}, {ends}", place)))


def _finding(
    seen: Trace, view: View, words: list[str], quantity: str, place: str, direction: str
) -> str:
    """Say what the picture shows: the unit, all units, the gradient."""
    T = len(words)
    own, all_units = view.values[view.unit, :T], view.values[:, :T]
    name = _WORDS[quantity]
    where = f"{place[0].upper()}{place[1:]}: the" if place else "The"
    text = f"{where} {name} of unit {view.unit} "
    if np.isfinite(own).all():
        low, high = int(np.argmin(own)), int(np.argmax(own))
        mean = np.mean(all_units[np.isfinite(all_units)])
        text += (
            f"is {own.mean():.3g} on average, lowest at step {low} (“{words[low]}”, "
            f"{own[low]:.3g}) and highest at step {high} (“{words[high]}”, {own[high]:.3g}); over "
            f"all units it is {mean:.3g}. "
        )
    else:
        text += f"is not finite from step {int(np.argmin(np.isfinite(own)))} on. "
    if seen.kind in _KEEPS:
        gate = view.curves[_KEEPS[seen.kind]][:T]
        steps = half_life(float(np.exp(np.mean(np.log(np.maximum(gate, 1e-300))))))
        life = counted(steps, "step", digits=".3g")
        text += f"What it holds has a half-life of {life} along the direct path. "
    sizes = view.norms["cell" if "cell" in view.norms else "hidden"][:T]
    first, last = (sizes[-1], sizes[0]) if direction == "backward" else (sizes[0], sizes[-1])
    symbol = "∂L/∂c" if "cell" in view.norms else "∂L/∂h"
    return text + (
        f"The gradient ‖{symbol}‖ is {last:.2g} at the last step that is read and {first:.2g} at "
        "the first."
    )
