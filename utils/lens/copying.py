"""A float64 copy of a model on the CPU, run so that nothing of the original is touched.

The copy is made tensor by tensor: gradients, graphs and hooks stay behind. While it runs, a mode
of torch turns every number that enters or leaves an operation into float64 on the CPU, so that a
``.float()`` or a target on another device inside a model or a loss does not stop it.
"""

from __future__ import annotations

import copy
import random
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.overrides import TorchFunctionMode

from utils.lens.errors import LensError

__all__ = ["Float64OnCPU", "copy_to_float64", "to_float64", "untouched"]

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def copy_to_float64(model: nn.Module) -> tuple[nn.Module, int]:
    """Copy a model to the CPU, in float64 and eval mode, without hooks and without gradients.

    Parameters
    ----------
    model : torch.nn.Module
        It is only read.

    Returns
    -------
    copied : torch.nn.Module
    hooks : int
        How many hooks were left out. Those that belong to torch itself (``weight_norm`` and the
        like compute weights in one) are kept.

    Raises
    ------
    LensError
        If something in the model cannot be copied.
    """
    memo: dict[int, Any] = {}
    hooks = 0
    try:
        for module in model.modules():
            for key, value in vars(module).items():
                if key in _HOOKS:
                    kept = OrderedDict((k, h) for k, h in value.items() if _of_torch(h))
                    hooks += len(value) - len(kept)
                    memo[id(value)] = kept
                elif key != "_modules":
                    _copy_tensors(value, memo)
        copied = copy.deepcopy(model, memo)
    except Exception as error:
        raise LensError(
            f"the model could not be copied, and the lens works on a copy "
            f"({_one_line(error)}); give it the recurrent module alone."
        ) from error
    return copied.eval(), hooks


def _of_torch(hook: Callable[..., Any]) -> bool:
    home = getattr(hook, "__module__", None) or type(hook).__module__
    return home.partition(".")[0] == "torch"


def _copy_tensors(value: Any, memo: dict[int, Any]) -> None:
    """Enter a float64 copy of every tensor inside `value` into what deepcopy knows already."""
    if isinstance(value, Tensor):
        if id(value) not in memo:
            new = _detached(value).clone()
            is_weight = isinstance(value, nn.Parameter)
            memo[id(value)] = nn.Parameter(new, requires_grad=False) if is_weight else new
    elif isinstance(value, dict):
        for part in value.values():
            _copy_tensors(part, memo)
    elif isinstance(value, list | tuple | set):
        for part in value:
            _copy_tensors(part, memo)


def _detached(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu()
    return tensor.double() if tensor.is_floating_point() else tensor


def to_float64(value: Any) -> Any:
    """Return tensors and arrays, also inside tuples, lists and dicts, in float64 on the CPU.

    Whole numbers and truth values keep their type; nothing is changed in place.

    Parameters
    ----------
    value : any

    Returns
    -------
    the same kind of thing
        An array becomes a tensor.
    """
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(np.array(value))
    if isinstance(value, Tensor):
        return _detached(value).clone()
    if isinstance(value, PackedSequence):
        return PackedSequence(*(None if part is None else to_float64(part) for part in value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(to_float64, value))
    if isinstance(value, tuple | list):
        return type(value)(map(to_float64, value))
    if isinstance(value, dict):
        return {key: to_float64(part) for key, part in value.items()}
    return value


class Float64OnCPU(TorchFunctionMode):
    """Make every operation of torch take and give float64 on the CPU."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: Any = None
    ) -> Any:
        """Call one operation with its numbers, and the number types it is told, converted."""
        if func in _NARROWING:
            func = Tensor.double
        return _converted(func(*_converted(args), **_converted(kwargs or {})))


_NARROWING = (Tensor.float, Tensor.half, Tensor.bfloat16)
_NARROW = (torch.float32, torch.float16, torch.bfloat16)


def _converted(value: Any) -> Any:
    if isinstance(value, torch.dtype):
        return torch.float64 if value in _NARROW else value
    if isinstance(value, Tensor):
        if value.device.type != "cpu" and value.device.type != "meta":
            value = value.cpu()
        if value.is_floating_point() and value.dtype != torch.float64:
            value = value.double()
        return value
    if type(value) in (tuple, list):
        return type(value)(map(_converted, value))
    if type(value) is dict:
        return {key: _converted(part) for key, part in value.items()}
    return value


@contextmanager
def untouched() -> Iterator[None]:
    """Put every random generator and setting of torch back as it was, also after an error.

    Inside, gradients are computed even under ``torch.no_grad`` or ``torch.inference_mode``,
    autocast is off, and new tensors are float64 on the CPU.

    Yields
    ------
    None
    """
    python, legacy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    dtype = torch.get_default_dtype()
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autocast("cpu", enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        try:
            torch.set_default_dtype(torch.float64)
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_rng_state(cpu)
            if cuda is not None:
                torch.cuda.set_rng_state_all(cuda)
            np.random.set_state(legacy)  # noqa: NPY002
            random.setstate(python)


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
