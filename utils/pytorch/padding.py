"""Sequences of different lengths in one tensor: pad, mask, pack, and find what leaks.

Tensors are time first, (T, B, ...), and real items come first: padding stands at the end. What
reads a padded tensor has to be told where each sequence ends, by its length or by the mask; each
function here does that for one place where it is easily forgotten. `padding_leak` looks for the
places where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from utils.validation import as_count, as_generator, describe

__all__ = [
    "Leak",
    "Packing",
    "Padded",
    "last_outputs",
    "make_mask",
    "masked_loss",
    "masked_mean",
    "packing",
    "pad",
    "pad_to",
    "padding_leak",
    "run_packed",
    "turn_round",
]


class Padded(NamedTuple):
    """Hold sequences of different lengths in one tensor.

    Attributes
    ----------
    xs : tensor, shape (T, B) or (T, B, D)
        T is the length of the longest; behind the end of the others stands padding.
    lengths : tensor of int64, shape (B,), values in [1, T]
        Items of each sequence, on the CPU, where packing wants them.
    mask : tensor of bool, shape (T, B)
        True where there is an item.
    """

    xs: Tensor
    lengths: Tensor
    mask: Tensor


class Packing(NamedTuple):
    """Say where each item of a padded tensor goes in a packed one.

    Attributes
    ----------
    order : tuple of int
        Sequences from the longest to the shortest, by their place in the batch.
    batch_sizes : tuple of int
        How many sequences still have an item at step 0, 1, …; their sum is the number of items.
    items : tuple of (int, int)
        Step and sequence of every item, in the order of packing.
    """

    order: tuple[int, ...]
    batch_sizes: tuple[int, ...]
    items: tuple[tuple[int, int], ...]


class Leak(NamedTuple):
    """Hold how far a result moves where nothing but padding was changed.

    Attributes
    ----------
    changed : float
        Largest difference with other numbers in the padding.
    longer : float
        Largest difference with more steps of padding.
    """

    changed: float
    longer: float

    @property
    def worst(self) -> float:
        """The larger one of the two; 0, or rounding, where nothing leaks."""
        return max(self)


def pad(sequences: Sequence[Any], value: float = 0.0) -> Padded:
    """Put sequences of different lengths into one tensor.

    Parameters
    ----------
    sequences : sequence of arrays or tensors, each of shape (T_b,) or (T_b, D)
        At least one, none of them empty; one number type and one D.
    value : float
        What stands in the padding.

    Returns
    -------
    Padded

    Raises
    ------
    TypeError
        If `sequences` does not hold arrays or tensors.
    ValueError
        If there is no sequence, or one is empty, or their features differ.
    """
    if isinstance(sequences, str | Tensor | np.ndarray) or not isinstance(sequences, Sequence):
        raise TypeError(f"sequences is {describe(sequences)}; expected a list of arrays.")
    if not sequences:
        raise ValueError("sequences is empty; expected at least one.")
    tensors = [torch.as_tensor(sequence) for sequence in sequences]
    for place, tensor in enumerate(tensors):
        if tensor.ndim == 0 or len(tensor) == 0:
            raise ValueError(f"sequences holds nothing at position {place}; expected an item.")
        if tensor.shape[1:] != tensors[0].shape[1:]:
            raise ValueError(
                f"sequences holds items of shape {tuple(tensor.shape[1:])} at position {place}; "
                f"expected {tuple(tensors[0].shape[1:])}, as at position 0."
            )
    lengths = torch.tensor([len(tensor) for tensor in tensors])
    xs = nn.utils.rnn.pad_sequence(tensors, padding_value=value)  # (T, B, ...)
    return Padded(xs, lengths, make_mask(lengths, len(xs)))


def pad_to(xs: Tensor, lengths: Any, T: int, front: bool = False, value: float = 0.0) -> Tensor:
    """Give padded sequences other padding: more or less of it, behind them or in front.

    The other functions here expect it behind. Keras's ``pad_sequences`` puts it in front unless
    told otherwise.

    Parameters
    ----------
    xs : tensor, shape (T', B) or (T', B, D)
        Padded behind.
    lengths : whole numbers, shape (B,), not above T
    T : int
        Steps of the result.
    front : bool
        Put the padding in front, so that every sequence ends with the last step.
    value : float
        What stands in the padding.

    Returns
    -------
    tensor, shape (T, B) or (T, B, D)

    Raises
    ------
    TypeError, ValueError
        If there is not one length for each sequence, or one is longer than T.
    """
    steps, B = _steps_and_batch(xs)
    lengths = _as_lengths(lengths, min(steps, as_count("T", T)), B)
    padded = xs.new_full((T, *xs.shape[1:]), value)
    for b, length in enumerate(lengths.tolist()):
        start = T - length if front else 0
        padded[start : start + length, b] = xs[:length, b]
    return padded


def make_mask(lengths: Any, T: int | None = None) -> Tensor:
    r"""Mark the steps at which each sequence has an item.

    .. math:: m_{tb} = [\, t \le T_b \,]

    Parameters
    ----------
    lengths : tensor, array or list of whole numbers, shape (B,)
    T : int, optional
        Steps of the padded tensor; the longest length if it is not given.

    Returns
    -------
    tensor of bool, shape (T, B)

    Raises
    ------
    TypeError, ValueError
        If a length is not a whole number from 1 to T.
    """
    lengths = _as_lengths(lengths, T)
    steps = int(lengths.max()) if T is None else T
    return torch.arange(steps)[:, None] < lengths


def last_outputs(outputs: Tensor, lengths: Any) -> Tensor:
    """Take the output at the last item of each sequence.

    Right for a network that reads forwards. Of a bidirectional one the backward half has read a
    single item there; take its ``h_n`` from `run_packed`.

    Parameters
    ----------
    outputs : tensor, shape (T, B, F)
    lengths : whole numbers, shape (B,)

    Returns
    -------
    tensor, shape (B, F)

    Raises
    ------
    TypeError, ValueError
        If there is not one length for each sequence, from 1 to T.
    """
    lengths = _as_lengths(lengths, *_steps_and_batch(outputs))
    return outputs[lengths.to(outputs.device) - 1, torch.arange(len(lengths))]


def masked_mean(values: Tensor, mask: Any) -> Tensor:
    r"""Average over the items of each sequence and leave the padding out.

    .. math:: \bar v_b = \frac{\sum_t m_{tb}\, v_{tb}}{\sum_t m_{tb}}

    Parameters
    ----------
    values : tensor, shape (T, B) or (T, B, F)
    mask : tensor or array of bool or 0 and 1, shape (T, B)

    Returns
    -------
    tensor, shape (B,) or (B, F)

    Raises
    ------
    ValueError
        If the mask has another shape, or a sequence has no item.
    """
    mask = _as_mask(mask, values)
    counts = mask.sum(dim=0)  # (B,)
    if (counts == 0).any():
        raise ValueError(f"mask has no item for sequence {int((counts == 0).int().argmax())}.")
    wide = mask.reshape(*mask.shape, *[1] * (values.ndim - 2))
    total = torch.where(wide, values, torch.zeros_like(values)).sum(dim=0)
    return total / counts.reshape(-1, *[1] * (values.ndim - 2))


def masked_loss(losses: Tensor, mask: Any) -> Tensor:
    r"""Average over all items of all sequences and leave the padding out.

    .. math:: L = \frac{\sum_{tb} m_{tb}\, L_{tb}}{\sum_{tb} m_{tb}}

    Every item has the same weight, whichever sequence it is from.

    Parameters
    ----------
    losses : tensor, shape (T, B)
        One for each step, as from ``cross_entropy(..., reduction="none")``.
    mask : tensor or array of bool or 0 and 1, shape (T, B)

    Returns
    -------
    tensor, a single number

    Raises
    ------
    ValueError
        If the mask has another shape, or there is no item at all.
    """
    mask = _as_mask(mask, losses)
    if not mask.any():
        raise ValueError("mask has no item; expected at least one.")
    return losses[mask].mean()


def run_packed(
    module: nn.RNNBase, xs: Tensor, lengths: Any, state: Any = None
) -> tuple[Tensor, Any]:
    """Run a recurrent module over each sequence up to its own end.

    Parameters
    ----------
    module : torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU
        Any number of layers and directions; time first or batch first.
    xs : tensor, shape (T, B, D), or (B, T, D) for a module with ``batch_first=True``
    lengths : whole numbers, shape (B,)
        In any order.
    state : optional
        ``h_0``, or for an LSTM ``(h_0, c_0)``.

    Returns
    -------
    output : tensor, shape (T, B, F), or (B, T, F)
        As many steps as went in; zeros in the padding.
    state
        ``h_n``, or ``(h_n, c_n)``: of every sequence the state at its own end, for the backward
        direction at its start.

    Raises
    ------
    TypeError, ValueError
        If `module` is none of the three, or there is not one length for each sequence.
    """
    if not isinstance(module, nn.RNNBase):
        raise TypeError(f"module is {describe(module)}; expected nn.RNN, nn.LSTM or nn.GRU.")
    first = module.batch_first
    steps, batch = _steps_and_batch(xs.transpose(0, 1) if first else xs)
    lengths = _as_lengths(lengths, steps, batch)
    packed = pack_padded_sequence(xs, lengths, batch_first=first, enforce_sorted=False)
    output, state = module(packed, state)
    return pad_packed_sequence(output, batch_first=first, total_length=steps)[0], state


def turn_round(xs: Tensor, lengths: Any) -> Tensor:
    """Reverse each sequence within its own length; the padding stays at the end.

    Parameters
    ----------
    xs : tensor, shape (T, B) or (T, B, D)
    lengths : whole numbers, shape (B,)

    Returns
    -------
    tensor, shape of `xs`
        Turned round once more it is `xs` again.

    Raises
    ------
    TypeError, ValueError
        If there is not one length for each sequence, from 1 to T.
    """
    T, B = _steps_and_batch(xs)
    lengths = _as_lengths(lengths, T, B)
    steps = torch.arange(T)[:, None]  # (T, 1)
    source = torch.where(steps < lengths, lengths - 1 - steps, steps)  # (T, B)
    return xs[source.to(xs.device), torch.arange(B)]


def packing(lengths: Any) -> Packing:
    """Say how ``torch`` packs sequences of these lengths: longest first, step by step.

    Parameters
    ----------
    lengths : whole numbers, shape (B,)

    Returns
    -------
    Packing

    Raises
    ------
    TypeError, ValueError
        If a length is not a whole number of at least 1.
    """
    lengths = _as_lengths(lengths)
    T, B = int(lengths.max()), len(lengths)
    numbers = torch.arange(T * B).reshape(T, B)  # t B + b tells step and sequence
    packed: PackedSequence = pack_padded_sequence(numbers, lengths, enforce_sorted=False)
    items = tuple(divmod(int(number), B) for number in packed.data)
    order = tuple(b for _, b in items[:B])
    return Packing(order, tuple(packed.batch_sizes.tolist()), items)


def padding_leak(
    read: Callable[[Tensor, Tensor], Tensor],
    xs: Tensor,
    lengths: Any,
    rng: np.random.Generator,
    extra: int = 5,
) -> Leak:
    """Measure how far a result depends on what stands behind the end of each sequence.

    Parameters
    ----------
    read : callable
        ``read(xs, lengths)`` gives the result: a loss, or anything without a time axis. It should
        draw nothing: dropout would look like a leak.
    xs : tensor, shape (T, B) or (T, B, D)
        Padded at the end. Whole numbers stay within the range that they have.
    lengths : whole numbers, shape (B,), the smallest below T
    rng : numpy.random.Generator
        Draws what is put into the padding.
    extra : int, at least 1
        Steps of padding to add.

    Returns
    -------
    Leak

    Raises
    ------
    TypeError, ValueError
        If there is no padding, or an argument is not as described.
    """
    T, B = _steps_and_batch(xs)
    lengths = _as_lengths(lengths, T, B)
    rng, extra = as_generator("rng", rng), as_count("extra", extra)
    mask = make_mask(lengths, T)
    if mask.all():
        raise ValueError(f"lengths are all {T}; expected a sequence with padding behind it.")

    def noise(like: Tensor) -> Tensor:
        shape = tuple(like.shape)
        if like.is_floating_point():
            return torch.as_tensor(rng.standard_normal(shape)).to(like)
        return torch.as_tensor(rng.integers(int(xs.min()), int(xs.max()) + 1, shape)).to(like)

    wide = mask.reshape(T, B, *[1] * (xs.ndim - 2)).to(xs.device)
    changed = torch.where(wide, xs, noise(xs))
    longer = torch.cat([xs, noise(xs[:1].expand(extra, *xs.shape[1:]))])
    with torch.no_grad():
        right = read(xs, lengths)
        moved = [float((read(other, lengths) - right).abs().max()) for other in (changed, longer)]
    return Leak(*moved)


def _steps_and_batch(xs: Tensor) -> tuple[int, int]:
    if not isinstance(xs, Tensor) or xs.ndim < 2:
        given = f"of shape {tuple(xs.shape)}" if isinstance(xs, Tensor) else describe(xs)
        raise ValueError(f"xs is {given}; expected a tensor with axes (T, B, ...).")
    return xs.shape[0], xs.shape[1]


def _as_lengths(lengths: Any, T: int | None = None, B: int | None = None) -> Tensor:
    """Return lengths as int64 on the CPU after checking that each is from 1 to T."""
    tensor = torch.as_tensor(lengths).cpu()
    if tensor.is_floating_point() or tensor.dtype == torch.bool:
        raise TypeError(f"lengths holds {tensor.dtype}; expected whole numbers.")
    if tensor.ndim != 1 or not len(tensor) or (B is not None and len(tensor) != B):
        wanted = "(B,)" if B is None else f"(B,) = ({B},)"
        raise ValueError(f"lengths has shape {tuple(tensor.shape)}; expected {wanted}.")
    most = int(tensor.max())
    if int(tensor.min()) < 1 or (T is not None and most > T):
        wrong = int(tensor.min()) if int(tensor.min()) < 1 else most
        limit = "" if T is None else f" to T = {T}"
        raise ValueError(f"lengths holds {wrong}; expected values from 1{limit}.")
    return tensor.long()


def _as_mask(mask: Any, values: Tensor) -> Tensor:
    """Return a mask as bool beside the values after comparing their shapes."""
    tensor = torch.as_tensor(mask).to(values.device)
    if tensor.shape != values.shape[:2]:
        raise ValueError(
            f"mask has shape {tuple(tensor.shape)}; expected {tuple(values.shape[:2])}, one entry "
            "for each step of each sequence."
        )
    return tensor.bool()
