"""Weights to and from ``torch``: the names, the transposes and the two biases stand here alone.

``torch`` stores every matrix for column vectors, (outputs, inputs), the transpose of ours, and
adds two biases at every step. One of them is redundant but for the GRU, whose candidate has one
inside the reset gate: our ``b_hn``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from utils.cells import GRUWeights, LSTMWeights, RNNWeights
from utils.validation import as_count, as_weights, describe

__all__ = ["from_torch", "to_torch"]

Weights = RNNWeights | LSTMWeights | GRUWeights

_MODULES = {RNNWeights: nn.RNN, LSTMWeights: nn.LSTM, GRUWeights: nn.GRU}
_AXES = {
    RNNWeights: {"W_xh": "D H", "W_hh": "H H", "b_h": "H"},
    LSTMWeights: {"W_x": "D 4H", "W_h": "H 4H", "b": "4H"},
    GRUWeights: {"W_x": "D 3H", "W_h": "H 3H", "b": "3H", "b_hn": "H"},
}
_BLOCKS = {RNNWeights: 1, LSTMWeights: 4, GRUWeights: 3}


def to_torch(weights: Weights, nonlinearity: str = "tanh", **options: Any) -> nn.RNNBase:
    """Build a ``torch`` module of one layer that holds these weights.

    Parameters
    ----------
    weights : RNNWeights, LSTMWeights or GRUWeights
        All of one number type, which the module takes over.
    nonlinearity : {"tanh", "relu"}
        Of a plain RNN.
    **options
        For the module, such as ``batch_first=True``; not those that change its weights.

    Returns
    -------
    torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU
        Its second bias is zero, but for the GRU's ``b_hn``. Its GRU resets after the product.

    Raises
    ------
    TypeError
        If `weights` is none of the three.
    ValueError
        If the sizes of the arrays do not agree, or an option would change the weights.
    """
    kind = type(weights)
    if kind not in _MODULES:
        raise TypeError(
            f"weights is {describe(weights)}; expected RNNWeights, LSTMWeights or GRUWeights."
        )
    changing = sorted(set(options) & {"num_layers", "bidirectional", "proj_size", "bias"})
    if changing:
        raise ValueError(f"{changing[0]} would change the weights; one layer is built as it is.")
    H = np.asarray(weights[1]).shape[0]
    sizes = {"H": H, f"{_BLOCKS[kind]}H": _BLOCKS[kind] * H}
    weights = as_weights("weights", weights, kind, _AXES[kind], sizes)
    W_x, W_h, b = weights[:3]
    if kind is RNNWeights:
        options = {**options, "nonlinearity": nonlinearity}
    dtype = torch.from_numpy(np.zeros(0, np.result_type(*weights))).dtype
    module = _MODULES[kind](sizes["D"], H, dtype=dtype, **options)
    second = np.zeros_like(b)
    if kind is GRUWeights:
        second[2 * H :] = weights.b_hn
    arrays = {"weight_ih_l0": W_x.T, "weight_hh_l0": W_h.T, "bias_ih_l0": b, "bias_hh_l0": second}
    with torch.no_grad():
        for name, array in arrays.items():
            getattr(module, name).copy_(torch.from_numpy(np.ascontiguousarray(array)))
    return module


def from_torch(module: nn.RNNBase, layer: int = 0, reverse: bool = False) -> Weights:
    """Return the weights of one layer and direction of a ``torch`` module as NumPy arrays.

    Parameters
    ----------
    module : torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU
        Not changed; the arrays are copies.
    layer : int
        Which layer, from 0.
    reverse : bool
        The backward direction of a bidirectional module.

    Returns
    -------
    RNNWeights, LSTMWeights or GRUWeights
        In the module's number type. Where ``torch`` has two biases that are only ever added, ours
        is their sum; without biases it is zero.

    Raises
    ------
    TypeError
        If `module` is none of the three.
    ValueError
        If it has no such layer or direction, or projects its hidden state.
    """
    kinds = [kind for kind, known in _MODULES.items() if isinstance(module, known)]
    if not kinds:
        raise TypeError(f"module is {describe(module)}; expected nn.RNN, nn.LSTM or nn.GRU.")
    kind, layer = kinds[0], as_count("layer", layer, at_least=0)
    if layer >= module.num_layers:
        raise ValueError(f"layer is {layer}; the module has layers 0 to {module.num_layers - 1}.")
    if reverse and not module.bidirectional:
        raise ValueError("reverse is True; the module reads in one direction only.")
    if module.proj_size:
        raise ValueError(f"proj_size is {module.proj_size}; our cells have no projection.")
    suffix = f"_l{layer}" + ("_reverse" if reverse else "")

    def array(name: str) -> np.ndarray:
        return getattr(module, name + suffix).detach().cpu().numpy().copy()

    W_x, W_h = array("weight_ih").T.copy(), array("weight_hh").T.copy()
    H = W_h.shape[0]
    first, second = np.zeros((2, W_h.shape[1]), W_h.dtype)
    if module.bias:
        first, second = array("bias_ih"), array("bias_hh")
    if kind is GRUWeights:  # the last block of the second bias stands inside the reset gate
        b = first.copy()
        b[: 2 * H] += second[: 2 * H]
        return GRUWeights(W_x, W_h, b, second[2 * H :].copy())
    return kind(W_x, W_h, first + second)
