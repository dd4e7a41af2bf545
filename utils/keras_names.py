"""What recurrent layers of Keras return, said in NumPy, and their weights in the course's names.

Keras is not needed. Arrays are batch first here, (B, T, D), which Keras calls [samples, timesteps,
features]. A test compares each statement with numbers that Keras 3 itself has computed.

References
----------
Keras documentation, layers.SimpleRNN, layers.LSTM, layers.GRU, layers.Bidirectional,
https://keras.io/api/layers/recurrent_layers/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.cells import GRUWeights, LSTMWeights, RNNWeights, gru_step, lstm_step, rnn_step
from utils.validation import Array, as_array, as_choice, describe

__all__ = ["MERGE_MODES", "from_keras", "keras_bidirectional", "keras_layer", "to_keras"]

Weights = RNNWeights | LSTMWeights | GRUWeights

MERGE_MODES = ("concat", "sum", "mul", "ave", None)
"""What Keras's Bidirectional can do with the outputs of its two layers; None returns both."""

_KINDS = {"rnn": RNNWeights, "lstm": LSTMWeights, "gru": GRUWeights}


def from_keras(kind: str, arrays: Sequence[Any]) -> Weights:
    """Read the weights of a Keras layer, as its ``get_weights()`` returns them.

    Keras multiplies row vectors, as this course does, so nothing is transposed. Its LSTM has the
    gates in our order. Its GRU has update, reset, candidate, and with ``reset_after=True``, its
    default, two biases, (2, 3H).

    Parameters
    ----------
    kind : {"rnn", "lstm", "gru"}
        SimpleRNN, LSTM or GRU.
    arrays : sequence of three arrays
        kernel (D, nH), recurrent_kernel (H, nH), bias (nH,) or (2, nH); n is 1, 4 or 3.

    Returns
    -------
    RNNWeights, LSTMWeights or GRUWeights
        Copies. Of a GRU with one bias ``b_hn`` is zero: it is one with ``reset_after=False``.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not three, or their shapes do not agree.
    """
    as_choice("kind", kind, _KINDS)
    if len(arrays) != 3:
        raise ValueError(
            f"arrays has {len(arrays)} entries; expected kernel, recurrent_kernel, bias."
        )
    n = {"rnn": 1, "lstm": 4, "gru": 3}[kind]
    recurrent = as_array("recurrent_kernel", arrays[1], "H nH")
    H = recurrent.shape[0]
    sizes = {"H": H, "nH": n * H}
    as_array("recurrent_kernel", recurrent, "H nH", sizes)
    kernel = as_array("kernel", arrays[0], "D nH", sizes)
    double = kind == "gru" and np.ndim(arrays[2]) == 2
    bias = as_array("bias", arrays[2], "2 nH" if double else "nH", sizes)
    if kind != "gru":
        return _KINDS[kind](kernel.copy(), recurrent.copy(), bias.copy())
    first, second = (_swap(b) for b in (bias if double else (bias, np.zeros_like(bias))))
    b_hn = second[2 * H :].copy()
    second[2 * H :] = 0
    return GRUWeights(_swap(kernel), _swap(recurrent), first + second, b_hn)


def to_keras(weights: Weights) -> list[Array]:
    """Arrange weights as the ``set_weights`` of a Keras layer takes them.

    Parameters
    ----------
    weights : RNNWeights, LSTMWeights or GRUWeights

    Returns
    -------
    list of three arrays
        kernel (D, nH), recurrent_kernel (H, nH), bias (nH,), for a GRU (2, 3H): Keras's GRU with
        ``reset_after=True``. Copies.

    Raises
    ------
    TypeError
        If `weights` is none of the three.
    """
    if isinstance(weights, GRUWeights):
        second = np.zeros_like(weights.b)
        second[-len(weights.b_hn) :] = weights.b_hn
        bias = np.stack([_swap(weights.b), second])
        return [_swap(weights.W_x), _swap(weights.W_h), bias]
    if isinstance(weights, RNNWeights | LSTMWeights):
        return [array.copy() for array in weights]
    raise TypeError(
        f"weights is {describe(weights)}; expected RNNWeights, LSTMWeights or GRUWeights."
    )


def keras_layer(
    xs: Array,
    weights: Weights,
    *,
    return_sequences: bool = False,
    return_state: bool = False,
    go_backwards: bool = False,
    mask: Any = None,
    initial_state: Sequence[Array] | None = None,
    zero_output_for_mask: bool = False,
) -> Any:
    r"""Compute what a SimpleRNN, LSTM or GRU of Keras returns.

    At a masked step (mask 0) the state stays and the last output is repeated:

    .. math:: h_t = m_t \odot \mathrm{cell}(x_t, h_{t-1}) + (1 - m_t) \odot h_{t-1}

    Parameters
    ----------
    xs : array, shape (B, T, D)
        [samples, timesteps, features].
    weights : RNNWeights, LSTMWeights or GRUWeights
    return_sequences : bool
        Return the output of every step; otherwise that of the last.
    return_state : bool
        Return the last state as well.
    go_backwards : bool
        Read from the last step to the first. The outputs stay in the order of reading.
    mask : array of bool or 0 and 1, shape (B, T), optional
        0 where a step is left out, anywhere in the sequence.
    initial_state : sequence of arrays, each of shape (B, H), optional
        [h], for an LSTM [h, c]; zeros without it. A layer with ``stateful=True`` starts each batch
        with the last state of the batch before.
    zero_output_for_mask : bool
        Return zeros at masked steps where Keras would repeat the last output.

    Returns
    -------
    array, shape (B, H) or (B, T, H)
        With `return_state` a tuple: it, h, and for an LSTM c, each (B, H).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    step, states = _STEPS.get(type(weights), (None, 0))
    if step is None:
        raise TypeError(
            f"weights is {describe(weights)}; expected RNNWeights, LSTMWeights or GRUWeights."
        )
    sizes = {"D": weights[0].shape[0], "H": weights[1].shape[0]}
    xs = as_array("xs", xs, "B T D", sizes)
    B, T, H = sizes["B"], sizes["T"], sizes["H"]
    kept = np.ones((B, T), bool) if mask is None else _as_mask(mask, sizes)
    state = [np.zeros((B, H), xs.dtype)] * states
    if initial_state is not None:
        if len(initial_state) != states:
            raise ValueError(f"initial_state has {len(initial_state)} arrays; expected {states}.")
        state = [as_array("initial_state", array, "B H", sizes) for array in initial_state]
    shown, outputs = np.zeros((B, H), xs.dtype), []
    for t in reversed(range(T)) if go_backwards else range(T):
        here = kept[:, t, None]  # (B, 1)
        new = step(xs[:, t], state, weights)
        state = [np.where(here, *pair) for pair in zip(new, state, strict=True)]
        shown = np.where(here, state[0], shown)
        outputs.append(here * shown if zero_output_for_mask else shown)
    result = np.stack(outputs, axis=1) if return_sequences else outputs[-1]
    return (result, *state) if return_state else result


def keras_bidirectional(
    xs: Array,
    forward: Weights,
    backward: Weights,
    *,
    merge_mode: str | None = "concat",
    return_sequences: bool = False,
    return_state: bool = False,
    mask: Any = None,
) -> Any:
    """Compute what Keras's Bidirectional returns.

    Parameters
    ----------
    xs : array, shape (B, T, D)
    forward, backward : RNNWeights, LSTMWeights or GRUWeights
        The second one reads from the last step to the first.
    merge_mode : {"concat", "sum", "mul", "ave"} or None
        "ave" is half of the sum; with None the two outputs stay apart.
    return_sequences : bool
        Outputs of every step, those of the backward layer turned back into the order of time.
        Otherwise each layer's own last output: the backward layer's is that at the first step.
    return_state : bool
        Return the last states of the forward layer and then of the backward layer as well.
    mask : array of bool or 0 and 1, shape (B, T), optional
        With `return_sequences` the outputs of masked steps are zeros here.

    Returns
    -------
    array, shape (B, F) or (B, T, F), F = 2H for "concat" and H otherwise
        A pair of arrays for None. With `return_state` a tuple that begins with it.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    if merge_mode not in MERGE_MODES:
        raise ValueError(f"merge_mode is {merge_mode!r}; expected one of {MERGE_MODES}.")
    options = {"return_sequences": return_sequences, "return_state": True, "mask": mask}
    options["zero_output_for_mask"] = return_sequences
    ahead, *ahead_state = keras_layer(xs, forward, **options)
    back, *back_state = keras_layer(xs, backward, go_backwards=True, **options)
    if return_sequences:
        back = back[:, ::-1]
    merged = {
        "concat": lambda: np.concatenate([ahead, back], axis=-1),
        "sum": lambda: ahead + back,
        "mul": lambda: ahead * back,
        "ave": lambda: (ahead + back) / 2,
        None: lambda: (ahead, back),
    }[merge_mode]()
    if not return_state:
        return merged
    first = merged if merge_mode is None else (merged,)
    return (*first, *ahead_state, *back_state)


def _rnn(x_t: Array, state: list[Array], weights: RNNWeights) -> list[Array]:
    return [rnn_step(x_t, state[0], weights)]


def _lstm(x_t: Array, state: list[Array], weights: LSTMWeights) -> list[Array]:
    values = lstm_step(x_t, *state, weights)
    return [values.h_t, values.c_t]


def _gru(x_t: Array, state: list[Array], weights: GRUWeights) -> list[Array]:
    return [gru_step(x_t, state[0], weights).h_t]


_STEPS = {RNNWeights: (_rnn, 1), LSTMWeights: (_lstm, 2), GRUWeights: (_gru, 1)}


def _swap(array: Array) -> Array:
    """Exchange the first two of three blocks along the last axis: reset and update gate."""
    first, second, third = np.split(array, 3, axis=-1)
    return np.concatenate([second, first, third], axis=-1)


def _as_mask(mask: Any, sizes: dict[str, int]) -> Array:
    numbers = as_array("mask", mask, "B T", sizes)
    if not np.isin(numbers, (0, 1)).all():
        wrong = numbers[~np.isin(numbers, (0, 1))].flat[0]
        raise ValueError(
            f"mask holds {wrong:g}; expected 1 where there is an item and 0 elsewhere."
        )
    return numbers.astype(bool)
