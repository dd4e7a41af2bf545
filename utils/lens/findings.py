"""What is worth knowing about a trace, as sentences; each states the number it goes by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from utils.lens.opening import Found
from utils.lens.result import Trace
from utils.lens.running import Caught
from utils.lens.units import ends_of

__all__ = ["findings"]

_APART = 20  # rounding errors of its number type between the output and that in float64
_MOSTLY = 0.95  # share of steps at one end of the range from which a unit counts as stuck there
_LONG = f"{_MOSTLY:.0%} or more of the steps"
_FEW = 0.1  # share of stuck units from which they are worth a sentence
_FADED, _GROWN = 1e-6, 1e3  # ratio of gradient norms, first step to largest


def findings(trace: Trace, found: Found, caught: Caught, hooks: int) -> list[str]:
    """Return the findings, the gravest first.

    Parameters
    ----------
    trace : Trace
    found : Found
        The model itself, which says what its mode is.
    caught : Caught
    hooks : int
        How many hooks the copy was run without.

    Returns
    -------
    list of str
    """
    return [
        *_input(caught),
        *_not_finite(trace),
        *_divergence(trace),
        *_axes(trace, found),
        *_loss(trace, caught),
        *_stuck(trace),
        *_flow(trace),
        *_mode(found, hooks),
    ]


def _place(trace: Trace, layer: int, direction: str) -> str:
    parts = [f"layer {layer}"] * (trace.layers > 1)
    parts += [f"{direction} direction"] * (len(trace.directions) > 1)
    return f" ({', '.join(parts)})" if parts else ""


def _everywhere(trace: Trace) -> Iterator[tuple[int, str, str]]:
    for layer in range(trace.layers):
        for direction in trace.directions:
            yield layer, direction, _place(trace, layer, direction)


def _not_finite(trace: Trace) -> Iterator[str]:
    for layer, direction, place in _everywhere(trace):
        for name in ("cell", "hidden"):
            if name not in trace.names:
                continue
            wrong = ~np.isfinite(trace[name, layer, direction]).all(axis=-1) & trace.mask
            if wrong.any():
                steps = np.flatnonzero(wrong.any(axis=1))
                step = steps[-1] if direction == "backward" else steps[0]
                yield (
                    f"The {name} state is not finite (NaN, or beyond the range of float64) at "
                    f"{len(steps)} of {len(trace.mask)} steps, from step {step} on{place}."
                )
                break


def _input(caught: Caught) -> Iterator[str]:
    wrong = int((~torch.isfinite(caught.given.data)).sum())
    if wrong:
        yield f"The input of the recurrent module holds {wrong} numbers that are NaN or infinite."


def _axes(trace: Trace, found: Found) -> Iterator[str]:
    T, B = trace.mask.shape
    if T == 1 and B > 1:
        order = "(B, T, D)" if found.recurrent.batch_first else "(T, B, D)"
        yield (
            f"Every sample has a single step, so the recurrent weights carry nothing: the input "
            f"was read as {order} with T = 1 and B = {B}. Check the order of "
            f"the axes, and whether there is an axis of steps at all."
        )


def _divergence(trace: Trace) -> Iterator[str]:
    if trace.divergence is None:
        return
    scale = max(1.0, float(np.nanmax(np.abs(trace.output), initial=0.0)))
    limit = _APART * torch.finfo(getattr(torch, trace.precision)).eps * scale
    gap = np.where(np.isfinite(trace.divergence), trace.divergence, -1.0)
    if gap.max() > limit:
        step = int(np.flatnonzero((gap > limit).any(axis=1))[0])
        yield (
            f"The network is ill-conditioned: in {trace.precision} the module's output is up to "
            f"{gap.max():.2g} away from its output in float64, and more than {limit:.2g} for the "
            f"first time at step {step}. What it does in {trace.precision} depends on rounding; "
            "the trace shows float64."
        )


def _loss(trace: Trace, caught: Caught) -> Iterator[str]:
    if not caught.reached:
        yield (
            "No gradient of the loss reaches the recurrent module: the loss does not depend on its "
            "output, or something between them is detached."
        )
    elif not np.isfinite(trace.loss):
        yield f"The loss is {trace.loss}."


def _stuck(trace: Trace) -> Iterator[str]:
    for layer, direction, place in _everywhere(trace):
        for name, low, high in ends_of(trace._pass(layer, direction), 0.1, 0.9, 0.99):
            counts = [int((share >= _MOSTLY).sum()) for share in (low, high, low + high)]
            of = f"{{}} of {len(low)} units"
            enough = max(1, _FEW * len(low))
            if name.endswith("_gate"):
                for n, state in zip(counts, ("shut", "open"), strict=False):
                    if n >= enough:
                        gate = name.replace("_", " ")
                        yield f"The {gate} is {state} at {_LONG} in {of.format(n)}{place}."
            elif counts[2] >= enough and trace.activation == "relu" and name == "hidden":
                yield f"{of.format(counts[2])} are dead: their ReLU gives 0 at {_LONG}{place}."
            elif counts[2] >= enough:
                what = {"cell": "tanh of the cell state", "hidden": "hidden state"}.get(name, name)
                yield (
                    f"The {what} is saturated (beyond ±0.99) at {_LONG} in "
                    f"{of.format(counts[2])}{place}."
                )


def _flow(trace: Trace) -> Iterator[str]:
    """Compare the gradient's size at the first step that is read with its largest."""
    name = "d_cell" if "d_cell" in trace.names else "d_hidden"
    symbol = "∂L/∂c" if name == "d_cell" else "∂L/∂h"
    for layer, direction, place in _everywhere(trace):
        first, last, largest = _ends_of_gradient(trace, name, layer, direction)
        if not np.isfinite(largest):
            if np.isfinite(trace.norms("hidden", layer, direction)[trace.mask]).all():
                yield f"The gradient explodes: {symbol} leaves the range of float64{place}."
        elif first < _FADED * largest:
            yield (
                f"The gradient vanishes: ‖{symbol}‖ is {first:.2g} at the first step that is read "
                f"and {largest:.2g} where it is largest{place}."
            )
        elif first > _GROWN * last > 0:
            yield (
                f"The gradient explodes: ‖{symbol}‖ is {first:.2g} at the first step that is read "
                f"and {last:.2g} at the last{place}."
            )


def _ends_of_gradient(
    trace: Trace, name: str, layer: int, direction: str
) -> tuple[float, float, float]:
    """Return the gradient's size at the first and last step that is read, and the largest.

    Of several samples the one whose gradient is largest speaks.
    """
    norms = trace.norms(name, layer, direction)
    size = np.where(trace.mask, np.nan_to_num(norms, nan=np.inf), -1.0)
    sample = int(np.argmax(size.max(axis=0)))
    own = size[: trace.lengths[sample], sample]
    if direction == "backward":
        own = own[::-1]
    return float(own[0]), float(own[-1]), float(own.max())


def _mode(found: Found, hooks: int) -> Iterator[str]:
    recurrent, modules = found.recurrent, [m for m in found.model.modules() if m.training]
    drops = recurrent.training and recurrent.num_layers > 1 and recurrent.dropout > 0
    drops = drops or any(isinstance(m, _DropoutNd) and m.p > 0 for m in modules)
    told = ["dropout, which passes everything on there"] * bool(drops)
    if any(isinstance(m, _BatchNorm) for m in modules):
        told.append("batch normalisation, which uses its running averages there")
    if told:
        yield (
            "The model is in train mode; the trace is of a copy in eval mode. The difference is "
            f"{', and '.join(told)}."
        )
    if hooks:
        yield f"The copy was run without the model's {hooks} hook{'s' * (hooks > 1)}."
