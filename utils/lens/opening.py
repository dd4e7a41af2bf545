"""Find the recurrent module inside a model, or say why there is none that can be opened."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from utils.lens.errors import LensError
from utils.validation import describe

__all__ = ["Found", "find_recurrent"]

_KINDS = {"RNN_TANH": "rnn", "RNN_RELU": "rnn", "LSTM": "lstm", "GRU": "gru"}
_CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)
_ASKED = "the lens opens nn.RNN, nn.LSTM and nn.GRU, or a model that contains one"


class Found(NamedTuple):
    """Hold a model without its wrappers, and which of its modules is the recurrent one.

    Attributes
    ----------
    model : torch.nn.Module
        The model itself, not a copy.
    name : str
        Of the recurrent module inside it; empty if the model is that module.
    """

    model: nn.Module
    name: str

    @property
    def recurrent(self) -> nn.RNNBase:
        """The recurrent module."""
        return self.model.get_submodule(self.name)


def kind_of(module: nn.RNNBase) -> str:
    """Return "rnn", "lstm" or "gru".

    Parameters
    ----------
    module : torch.nn.RNNBase

    Returns
    -------
    {"rnn", "lstm", "gru"}
    """
    return _KINDS[module.mode]


def find_recurrent(model: nn.Module, name: str | None = None) -> Found:
    """Find the one recurrent module of a model.

    Parameters
    ----------
    model : torch.nn.Module
        An nn.RNN, nn.LSTM or nn.GRU, or a model that contains one. Wrappers (``torch.compile``,
        ``DataParallel``) are taken off.
    name : str, optional
        Which one, where there are several: as in ``model.named_modules()``.

    Returns
    -------
    Found

    Raises
    ------
    LensError
        If there is none, there are several and no name, the name is unknown, or the weights are
        not there (device "meta", lazy modules).
    TypeError
        If `model` is not a module.
    """
    if not isinstance(model, nn.Module):
        hint = " (give the object, not the class)" if isinstance(model, type) else ""
        raise TypeError(f"model is {describe(model)}{hint}; expected a torch.nn.Module.")
    model = _unwrapped(model)
    if isinstance(model, torch.jit.ScriptModule):
        raise LensError(
            "the model is compiled to TorchScript, which hides its modules; give the lens the "
            "model as it was before torch.jit."
        )
    names = {key: module for key, module in model.named_modules() if _opens(module)}
    if name is not None:
        return _by_name(model, name, names)
    if len(names) > 1:
        listed = ", ".join(f"{key!r} ({type(m).__name__})" for key, m in names.items())
        raise LensError(f"the model has {len(names)} recurrent modules: {listed}; say module=….")
    if not names:
        raise LensError(_why_none(model))
    found = Found(model, next(iter(names)))
    _check_weights(found)
    return found


def _opens(module: nn.Module) -> bool:
    return isinstance(module, nn.RNNBase) and getattr(module, "mode", None) in _KINDS


def _unwrapped(model: nn.Module) -> nn.Module:
    while True:
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            model = model.module
        elif isinstance(getattr(model, "_orig_mod", None), nn.Module):  # torch.compile
            model = model._orig_mod
        else:
            return model


def _by_name(model: nn.Module, name: str, names: dict[str, nn.Module]) -> Found:
    if name not in names:
        known = ", ".join(map(repr, names)) or "none"
        there = dict(model.named_modules()).get(name)
        given = "" if there is None else f" (it is a {type(there).__name__})"
        raise LensError(f"module={name!r} is no recurrent module{given}; the model has: {known}.")
    found = Found(model, name)
    _check_weights(found)
    return found


def _why_none(model: nn.Module) -> str:
    """Say what stands where a recurrent module was expected."""
    modules = dict(model.named_modules())
    for name, module in modules.items():
        kind, place = type(module).__name__, f" at {name!r}" if name else ""
        home = type(module).__module__
        if isinstance(module, _CELLS):
            return (
                f"the model steps through an nn.{kind}{place} in a loop of its own; {_ASKED}. Put "
                f"its weights into an nn.{kind.removesuffix('Cell')} to look inside."
            )
        if "quantized" in home:
            return (
                f"the model holds a quantised {kind}{place}, whose weights are not float numbers; "
                "give the lens the model as it was before."
            )
        if isinstance(module, torch.jit.ScriptModule):
            return (
                f"the model holds TorchScript{place}, which hides its modules; give the lens the "
                "model as it was before torch.jit."
            )
    kinds = sorted({type(module).__name__ for module in modules.values()} - {type(model).__name__})
    inside = f" ({', '.join(kinds[:6])}{', …' if len(kinds) > 6 else ''})" if kinds else ""
    return f"there is no recurrent module in this {type(model).__name__}{inside}; {_ASKED}."


def _check_weights(found: Found) -> None:
    for name, weight in [*found.model.named_parameters(), *found.model.named_buffers()]:
        if is_lazy(weight):
            raise LensError(f"{name} has no shape yet (a lazy module); run the model once.")
        if weight.is_meta:
            raise LensError(
                f"{name} is on the device 'meta', which has shapes and no numbers; load the "
                "weights first."
            )
    for name, weight in found.recurrent.named_parameters():
        if not weight.is_floating_point():
            raise LensError(f"{name} holds {weight.dtype}; expected real float numbers.")
