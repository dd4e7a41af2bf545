"""Run the copy of a model once: catch what enters its recurrent module, and the loss's gradient.

The output of the recurrent module is handed on as fresh leaves of a graph, so that what the loss
takes from it directly, ∂⁺L/∂h, comes from autograd, and all that lies inside the module, through
time and layers, is left to `utils.lens.backward`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from utils.lens.copying import Float64OnCPU, to_float64
from utils.lens.errors import LensError
from utils.validation import describe

__all__ = ["Caught", "pack_inputs", "run"]

Loss = Callable[[Any], Tensor]


@dataclass
class Caught:
    """Hold what went into the recurrent module and out of it, as torch gives them, in float64.

    Attributes
    ----------
    given : Tensor or PackedSequence
        The input of the recurrent module.
    state : Tensor, pair of Tensors, or None
        Its initial state.
    output : Tensor
        Its output, the data of the packed sequence where the input was packed.
    last : tuple of Tensor
        (h_n,) or (h_n, c_n).
    d_output, d_last : the same, gradients
        ∂⁺L/∂ of the two.
    loss : float
    reached : bool
        Whether the loss depends on the recurrent module at all.
    """

    given: Tensor | PackedSequence
    state: Any
    output: Tensor
    last: tuple[Tensor, ...]
    d_output: Tensor | None = None
    d_last: tuple[Tensor, ...] = ()
    loss: float = float("nan")
    reached: bool = True


def pack_inputs(found_name: str, module: nn.RNNBase, inputs: Any, lengths: Any, state: Any) -> Any:
    """Return what the model is called with, for a bare module with lengths or an initial state.

    Parameters
    ----------
    found_name : str
        Where in the model the module stands; empty if it is the model.
    module : torch.nn.RNNBase
    inputs : tensor, or what the model takes
    lengths : sequence of int, or None
        Steps of every sample.
    state : tensor, pair of tensors, or None
        Before the first step.

    Returns
    -------
    `inputs`, or a tuple of arguments

    Raises
    ------
    LensError
        If the model only contains the module, or the lengths do not fit.
    """
    if lengths is None and state is None:
        return inputs
    given = " and ".join(n for n, v in (("lengths", lengths), ("state", state)) if v is not None)
    if found_name:
        raise LensError(
            f"{given} can be given to a bare nn.RNN, nn.LSTM or nn.GRU. Whether and how this model "
            f"hands such things to its {found_name!r} is up to its forward: put them in inputs."
        )
    if isinstance(inputs, tuple) and not isinstance(inputs, PackedSequence):
        if len(inputs) > 1:
            raise LensError(f"{given} is given beside a tuple of inputs; expected one tensor.")
        inputs = inputs[0]
    inputs = to_float64(inputs)
    if lengths is not None:
        inputs = _pack(inputs, lengths, module.batch_first)
    return (inputs,) if state is None else (inputs, state)


def _pack(inputs: Any, lengths: Any, batch_first: bool) -> PackedSequence:
    if not isinstance(inputs, Tensor) or inputs.dim() != 3:
        raise LensError("lengths goes with a padded tensor of three axes; the input is none.")
    lengths = torch.as_tensor(to_float64(lengths)).flatten()
    T, B = inputs.shape[:2] if not batch_first else inputs.shape[1::-1]
    if lengths.is_floating_point() or lengths.dtype == torch.bool or len(lengths) != B:
        raise LensError(f"lengths is {lengths.tolist()}; expected {B} whole numbers, one a sample.")
    if lengths.min() < 1 or lengths.max() > T:
        raise LensError(f"lengths is {lengths.tolist()}; expected numbers from 1 to T = {T}.")
    return pack_padded_sequence(inputs, lengths, batch_first, enforce_sorted=False)


def run(
    model: nn.Module, name: str, inputs: Any, loss: Loss | None, call: int | None = None
) -> Caught:
    """Run a copy and return what its recurrent module read and wrote, with the loss's gradient.

    Parameters
    ----------
    model : torch.nn.Module
        The copy, in float64 on the CPU, without hooks.
    name : str
        The recurrent module inside it.
    inputs : tensor, PackedSequence, tuple of arguments, or dict of arguments by name
        In float64 on the CPU.
    loss : callable or None
        Takes what the model returns. None stands for ½‖h_T‖², over all samples: the module's own
        output at the last step of each (of the backward direction at the first).
    call : int, optional
        Which call of the module, from 0, if the model makes several.

    Returns
    -------
    Caught

    Raises
    ------
    LensError
        If the model does not run, does not call the module once, or the loss is no scalar.
    """
    recurrent = model.get_submodule(name)
    calls: list[tuple[Any, Any]] = []
    caught: list[Caught] = []

    def catch(module: nn.Module, args: tuple, kwargs: dict, result: Any) -> Any:
        given = kwargs.get("input", args[0] if args else None)
        state = kwargs.get("hx", args[1] if len(args) > 1 else None)
        calls.append((given, state))
        if len(calls) - 1 != (call or 0):
            return None
        found, handed_on = _leaves(given, state, result)
        caught.append(found)
        return handed_on

    handle = recurrent.register_forward_hook(catch, with_kwargs=True)
    try:
        with Float64OnCPU():
            answer = _call(model, inputs)
            _check_calls(name, len(calls), call)
            found = caught[0]
            _check_finite_graph(found)
            _differentiate(found, answer, loss)
    finally:
        handle.remove()
    return found


def _call(model: nn.Module, inputs: Any) -> Any:
    try:
        if isinstance(inputs, dict):
            return model(**inputs)
        if isinstance(inputs, tuple) and not isinstance(inputs, PackedSequence):
            return model(*inputs)
        return model(inputs)
    except Exception as error:
        words = f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]
        raise LensError(
            f"a float64 copy of the model on the CPU does not run on these inputs ({words})."
        ) from error


def _check_calls(name: str, made: int, call: int | None) -> None:
    what = f"the recurrent module{f' {name!r}' if name else ''}"
    if made == 0:
        raise LensError(f"{what} was not called when the model ran on these inputs.")
    if call is None and made > 1:
        raise LensError(
            f"{what} was called {made} times in one run, as a decoder's loop does; say call=0 to "
            f"call={made - 1} to open one of them, or give the module itself with its whole input."
        )
    if call is not None and not 0 <= call < made:
        raise LensError(f"call={call}; {what} was called {made} times, so 0 to {made - 1}.")


def _leaves(given: Any, state: Any, result: Any) -> tuple[Caught, Any]:
    """Return what was caught, and the same result made of fresh leaves for what comes next."""
    try:
        output, last = result
    except (TypeError, ValueError):
        raise LensError(
            f"the recurrent module returned {describe(result)}; expected (output, state)."
        ) from None
    packed = isinstance(output, PackedSequence)
    data = output.data if packed else output
    pair = last if isinstance(last, tuple) else (last,)
    leaf, ends = _leaf(data), tuple(map(_leaf, pair))
    handed_on = output._replace(data=leaf) if packed else leaf
    given = given._replace(data=given.data.detach()) if packed else given.detach()
    if isinstance(state, tuple | list):
        state = tuple(part.detach() for part in state)
    elif state is not None:
        state = state.detach()
    caught = Caught(given, state, leaf, ends)
    return caught, (handed_on, ends if isinstance(last, tuple) else ends[0])


def _leaf(tensor: Tensor) -> Tensor:
    return tensor.detach().clone().requires_grad_()


def _check_finite_graph(found: Caught) -> None:
    if found.output.numel() == 0:
        raise LensError("the recurrent module read an empty batch; expected at least one sample.")


def _differentiate(found: Caught, answer: Any, loss: Loss | None) -> None:
    """Enter the loss and its gradient with respect to what the module gave."""
    leaves = (found.output, *found.last)
    if loss is None:
        # h_n holds the last state of every layer; of them the top layer's count.
        directions = _directions(found)
        h_n = found.last[0]
        value = h_n[-directions:].square().sum() / 2
    else:
        value = _value_of(loss, answer)
    found.loss = float(value.detach())
    gradients: tuple[Tensor | None, ...] = (None,) * len(leaves)
    if value.requires_grad:
        gradients = torch.autograd.grad(value, leaves, allow_unused=True)
    found.reached = any(gradient is not None for gradient in gradients)
    filled = [
        torch.zeros_like(leaf) if gradient is None else gradient
        for leaf, gradient in zip(leaves, gradients, strict=True)
    ]
    found.d_output, found.d_last = filled[0], tuple(filled[1:])
    found.output, found.last = found.output.detach(), tuple(end.detach() for end in found.last)


def _directions(found: Caught) -> int:
    return found.output.shape[-1] // found.last[0].shape[-1]


def _value_of(loss: Loss, answer: Any) -> Tensor:
    if not callable(loss):
        raise TypeError(f"loss is {describe(loss)}; expected a function of the model's output.")
    try:
        value = loss(answer)
    except Exception as error:
        words = f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]
        raise LensError(
            f"the loss failed on what the model returned, {_shape_words(answer)} ({words})."
        ) from error
    if not isinstance(value, Tensor) or value.numel() != 1:
        given = _shape_words(value) if isinstance(value, Tensor) else describe(value)
        raise LensError(f"the loss returned {given}; expected a tensor with one number.")
    return value.reshape(())


def _shape_words(value: Any) -> str:
    if isinstance(value, PackedSequence):
        return "a PackedSequence"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {', '.join(map(_shape_words, value))}"
    return describe(value)
