"""Open a model: copy, run, recompute, check, go back, and report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from utils.lens.backward import backpropagate
from utils.lens.copying import copy_to_float64, to_float64, untouched
from utils.lens.findings import findings
from utils.lens.layers import LayerPass, Sequences, read_sequences, recompute, run_in
from utils.lens.opening import find_recurrent
from utils.lens.result import Trace
from utils.lens.running import pack_inputs, run

__all__ = ["trace"]


def trace(
    model: nn.Module,
    inputs: Any,
    loss: Callable[[Any], Tensor] | None = None,
    *,
    lengths: Any = None,
    state: Any = None,
    module: str | None = None,
    call: int | None = None,
) -> Trace:
    r"""Record every gate and state of a recurrent module, and the loss's gradient at each of them.

    The model is copied to the CPU, in float64 and eval mode (dropout passes everything on), and the
    copy is run once. All gates and states are recomputed from the weights and compared with what
    the copy gave. The model itself is only read: weights, gradients, mode, hooks and random
    generators stay as they were, also if something fails.

    Parameters
    ----------
    model : torch.nn.Module
        nn.RNN (tanh or relu), nn.LSTM or nn.GRU of any size and on any device, or a model that
        contains one.
    inputs : tensor, array, PackedSequence, tuple or dict
        What the model is called with; a tuple holds several arguments, a dict arguments by name.
    loss : callable, optional
        Takes what the model returns (in float64 on the CPU) and gives one number, as a tensor. Left
        out it is ½‖h_T‖², summed over the samples: the top layer's last hidden state, of both
        directions if there are two.
    lengths : whole numbers, shape (B,), optional
        For a bare module with a padded input: how many steps of each sample count. The input is
        then packed, as ``pack_padded_sequence(…, enforce_sorted=False)`` does.
    state : tensor or pair of tensors, optional
        For a bare module: the initial state, in torch's shape.
    module : str, optional
        Which recurrent module, if the model has several: its name in ``model.named_modules()``.
    call : int, optional
        Which call of it, from 0, if the model makes several.

    Returns
    -------
    Trace
        Arrays by ``trace[name, layer, direction]``: of an LSTM input_gate, forget_gate, candidate,
        output_gate, cell, hidden; of a GRU reset_gate, update_gate, candidate, hidden; of a plain
        RNN sum, hidden; and the total derivatives d_hidden = ∂L/∂h_t and, of an LSTM,
        d_cell = ∂L/∂c_t. Total means along every path, later steps and layers above included.

    Raises
    ------
    LensError
        If the model cannot be opened, does not run on these inputs, or the recomputation differs
        from it by more than 1e-10. It is a ValueError.
    TypeError
        If `model` is no module or `loss` no function.

    Notes
    -----
    What it cannot open, and says so: loops over nn.RNNCell, nn.LSTMCell and nn.GRUCell, cells of
    one's own, TorchScript, quantised modules, weights that are not there (device "meta", lazy
    modules), models that ``copy.deepcopy`` cannot copy. Hooks of the model are not run, but for
    torch's own; `Trace.findings` counts them. A model that draws random numbers in eval mode is
    traced for one draw.

    Examples
    --------
    >>> import torch
    >>> from utils import lens
    >>> trace = lens.trace(torch.nn.LSTM(3, 5), torch.ones(7, 2, 3))
    >>> trace["forget_gate"].shape, trace["d_cell", 0, "forward"].shape
    ((7, 2, 5), (7, 2, 5))
    """
    found = find_recurrent(model, module)
    with untouched():
        inputs = to_float64(inputs)
        inputs = pack_inputs(found.name, found.recurrent, inputs, lengths, state)
        copied, hooks = copy_to_float64(found.model)
        caught = run(copied, found.name, to_float64(inputs), loss, call)
        recurrent = copied.get_submodule(found.name)
        sequences = read_sequences(recurrent, caught)
        passes = recompute(recurrent, sequences)
        _go_back(passes, sequences)
        dtype = next(found.recurrent.parameters()).dtype
        result = Trace(
            passes,
            lengths=sequences.lengths,
            output=np.where(sequences.mask[..., None], sequences.output.numpy(), np.nan),
            loss=caught.loss,
            precision=str(dtype).removeprefix("torch."),
            divergence=_own_precision(dtype, recurrent, sequences),
        )
    result.findings = findings(result, found, caught, hooks)
    return result


def _go_back(passes: list[list[LayerPass]], sequences: Sequences) -> None:
    """Enter the gradients of all layers, from the top."""
    d_output = sequences.d_output.numpy()
    directions = len(passes[0])
    for layer in reversed(range(len(passes))):
        d_hs = np.split(d_output, directions, axis=-1)
        d_inputs = [
            backpropagate(
                done,
                d_hs[direction],
                *(part[layer * directions + direction].numpy() for part in sequences.d_ends),
                *([None] * (done.kind != "lstm")),
            )
            for direction, done in enumerate(passes[layer])
        ]
        d_output = sum(d_inputs)


def _own_precision(
    dtype: torch.dtype, recurrent: nn.RNNBase, sequences: Sequences
) -> np.ndarray | None:
    """Return how far the module's output in its own number type is from float64, (T, B)."""
    if dtype == torch.float64:
        return None
    try:
        output = run_in(dtype, recurrent, sequences)
    except RuntimeError:  # a number type that the CPU does not compute in
        return None
    gap = np.abs(output.double().numpy() - sequences.output.numpy()).max(axis=-1)
    return np.where(sequences.mask, gap, np.nan)
