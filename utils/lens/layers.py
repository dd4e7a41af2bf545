"""Every gate and state of one layer and direction, recomputed from the weights and checked.

torch gives the hidden states of each layer; from them and the layer's input all gates of all steps
are one product each, without a loop, and only the cell line of an LSTM is followed step by step.
The hidden states that these gates lead to must be the module's own. Since every step starts from
the module's state before it, an ill-conditioned network cannot blow a rounding error up.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from utils.lens.errors import LensError
from utils.lens.opening import kind_of
from utils.lens.running import Caught

__all__ = [
    "DIRECTIONS",
    "TOLERANCE",
    "LayerPass",
    "Sequences",
    "read_sequences",
    "recompute",
    "run_in",
]

TOLERANCE = 1e-10
"""How far the recomputation may be from the module, relative to the largest state, at least 1."""

_HUGE = 1e100  # beyond it a sum of states may be infinite, or infinity minus infinity

DIRECTIONS = ("forward", "backward")


@dataclass
class LayerPass:
    """Hold one layer and direction: its weights, what it read, all that it computed.

    Attributes
    ----------
    kind : {"rnn", "lstm", "gru"}
    relu : bool
        Of a plain RNN.
    backward : bool
        Whether it reads from the end.
    mask : array of bool, shape (T, B)
    weights : dict of arrays
        As torch names them, without the suffix: weight_ih (G·H, D), weight_hh (G·H, P), weight_hr.
    values : dict of arrays, shape (T, B, ·)
        By the names of the trace; what stands at padded steps means nothing.
    h_0, c_0 : array, shape (B, ·)
        Before the first step that is read.
    d_values : dict of arrays
        ``d_hidden``, ``d_cell``, entered by `utils.lens.backward`.
    d_start : dict of arrays, shape (B, ·)
        The same before the first step that is read.
    """

    kind: str
    relu: bool
    backward: bool
    mask: np.ndarray
    weights: dict[str, np.ndarray]
    values: dict[str, np.ndarray]
    h_0: np.ndarray
    c_0: np.ndarray | None
    d_values: dict[str, np.ndarray] = field(default_factory=dict)
    d_start: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def steps(self) -> range:
        """The steps in the order in which they are read."""
        T = len(self.mask)
        return range(T - 1, -1, -1) if self.backward else range(T)

    @property
    def full(self) -> bool:
        """Whether no step is padded."""
        return bool(self.mask.all())

    def before(self, name: str) -> np.ndarray:
        """Return the state before every step, (T, B, ·), for "hidden" or "cell".

        Parameters
        ----------
        name : {"hidden", "cell"}

        Returns
        -------
        array, shape (T, B, ·)
        """
        start = self.h_0 if name == "hidden" else self.c_0
        return before(self.values[name], start, self.mask, self.backward)

    def at_end(self, name: str) -> np.ndarray:
        """Return the state after the last step that is read, (B, ·).

        Parameters
        ----------
        name : {"hidden", "cell"}

        Returns
        -------
        array, shape (B, ·)
            Of a backward pass the state at the first step, which it reads last.
        """
        if self.backward:
            return self.values[name][0]
        last = self.mask.sum(axis=0) - 1
        return self.values[name][last, np.arange(len(last))]


def before(states: Any, start: Any, mask: Any, backward: bool) -> Any:
    """Return the states before every step, in the time of the input, tensors or arrays.

    Parameters
    ----------
    states : tensor or array, shape (T, B, ·)
        After every step.
    start : tensor or array, shape (B, ·)
        Before the first step that is read.
    mask : array of bool, shape (T, B)
    backward : bool

    Returns
    -------
    tensor or array, shape (T, B, ·)
    """
    if not backward:
        joined = [start[None], states[:-1]]
    else:
        held = states
        if not mask.all():
            hidden_by = mask[..., None]
            if isinstance(states, Tensor):
                held = torch.where(torch.from_numpy(hidden_by), states, start)
            else:
                held = np.where(hidden_by, states, start)
        joined = [held[1:], start[None]]
    return torch.cat(joined) if isinstance(states, Tensor) else np.concatenate(joined)


@dataclass
class Sequences:
    """Hold what was caught in one form: time first, padded, in the order of the samples.

    Attributes
    ----------
    given : Tensor or PackedSequence
        For the first layer; a tensor is (T, B, D).
    lengths : array of int, shape (B,)
    mask : array of bool, shape (T, B)
    output, d_output : Tensor, shape (T, B, ·)
    starts, ends, d_ends : tuple of Tensor, shape (layers · directions, B, ·)
    """

    given: Tensor | PackedSequence
    lengths: np.ndarray
    mask: np.ndarray
    output: Tensor
    d_output: Tensor
    starts: tuple[Tensor, ...]
    ends: tuple[Tensor, ...]
    d_ends: tuple[Tensor, ...]


def read_sequences(module: nn.RNNBase, caught: Caught) -> Sequences:
    """Bring inputs and outputs into one form, whatever form the module takes.

    Parameters
    ----------
    module : torch.nn.RNNBase
    caught : Caught

    Returns
    -------
    Sequences
        Time first, with a batch axis and a mask; gradients in the same form.
    """
    given, output, d_output = caught.given, caught.output, caught.d_output
    ends, d_ends, state = caught.last, caught.d_last, caught.state
    packed = isinstance(given, PackedSequence)
    if state is not None and isinstance(state, Tensor):
        state = (state,)
    if packed:
        output, lengths = pad_packed_sequence(given._replace(data=output))
        d_output, _ = pad_packed_sequence(given._replace(data=d_output))
        lengths = lengths.numpy()
    elif given.dim() == 2:
        given, output, d_output = (part[:, None] for part in (given, output, d_output))
        ends, d_ends = (tuple(part[:, None] for part in parts) for parts in (ends, d_ends))
        state = None if state is None else tuple(part[:, None] for part in state)
    elif module.batch_first:
        given, output, d_output = (part.transpose(0, 1) for part in (given, output, d_output))
    if state is None:
        state = tuple(torch.zeros_like(part) for part in ends)
    T, B = output.shape[:2]
    if not packed:
        lengths = np.full(B, T)
    mask = np.arange(T)[:, None] < lengths
    return Sequences(given, lengths, mask, output, d_output, state, ends, d_ends)


def recompute(module: nn.RNNBase, sequences: Sequences) -> list[list[LayerPass]]:
    """Recompute all layers and directions and hold them against the module's own numbers.

    Parameters
    ----------
    module : torch.nn.RNNBase
        In float64 on the CPU.
    sequences : Sequences

    Returns
    -------
    list of list of LayerPass
        By layer, then by direction.

    Raises
    ------
    LensError
        If a state differs from the module's by more than 1e-10.
    """
    directions = 2 if module.bidirectional else 1
    given, layers = sequences.given, []
    for layer in range(module.num_layers):
        rows = slice(layer * directions, (layer + 1) * directions)
        starts = tuple(part[rows].contiguous() for part in sequences.starts)
        ends = tuple(part[rows] for part in sequences.ends)
        weights = [_weights(module, layer, backward) for backward in range(directions)]
        output = run_layer(module, given, starts, weights)
        padded_in, padded_out = (_padded(part) for part in (given, output))
        passes = [
            _recompute_pass(
                module,
                (layer, direction),
                padded_in,
                padded_out.chunk(directions, dim=-1)[direction],
                [part[direction] for part in starts],
                weights[direction],
                sequences.mask,
            )
            for direction in range(directions)
        ]
        for direction, one in enumerate(passes):
            for name, end in zip(("hidden", "cell"), ends, strict=False):
                where = f"{name} state after the last step, {_place(layer, direction)}"
                _compare(where, one.at_end(name), end[direction].numpy())
        layers.append(passes)
        given = output
    _compare("output", _where(padded_out, sequences), _where(sequences.output, sequences))
    return layers


def _where(padded: Tensor, sequences: Sequences) -> np.ndarray:
    return np.where(sequences.mask[..., None], padded.numpy(), 0.0)


def _padded(given: Tensor | PackedSequence) -> Tensor:
    return pad_packed_sequence(given)[0] if isinstance(given, PackedSequence) else given


def _weights(module: nn.RNNBase, layer: int, backward: int) -> dict[str, Tensor]:
    suffix = f"_l{layer}" + ("_reverse" if backward else "")
    names = ["weight_ih", "weight_hh"]
    names += ["bias_ih", "bias_hh"] * bool(module.bias) + ["weight_hr"] * bool(module.proj_size)
    return {name: getattr(module, name + suffix).detach() for name in names}


def run_layer(
    module: nn.RNNBase,
    given: Tensor | PackedSequence,
    starts: tuple[Tensor, ...],
    weights: list[dict[str, Tensor]],
) -> Tensor | PackedSequence:
    """Run one layer as a module of its own.

    Parameters
    ----------
    module : torch.nn.RNNBase
        The one that the layer belongs to.
    given : Tensor or PackedSequence
        What the layer reads.
    starts : tuple of Tensor
        h, and of an LSTM c, before the first step, each (directions, B, ·).
    weights : list of dict of str to Tensor
        One dict per direction.

    Returns
    -------
    Tensor or PackedSequence
    """
    single = _single_layer(module, weights)
    state = starts if module.mode == "LSTM" else starts[0]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's notes on which kernel it takes
        return single(given, state)[0]


def run_in(dtype: torch.dtype, module: nn.RNNBase, sequences: Sequences) -> Tensor:
    """Run the module's layers in another number type and return the output, (T, B, ·), padded.

    Parameters
    ----------
    dtype : torch.dtype
    module : torch.nn.RNNBase
    sequences : Sequences

    Returns
    -------
    Tensor, shape (T, B, ·)
    """
    directions = 2 if module.bidirectional else 1
    given = _cast(sequences.given, dtype)
    for layer in range(module.num_layers):
        rows = slice(layer * directions, (layer + 1) * directions)
        starts = tuple(part[rows].to(dtype).contiguous() for part in sequences.starts)
        weights = [
            {name: weight.to(dtype) for name, weight in _weights(module, layer, back).items()}
            for back in range(directions)
        ]
        given = run_layer(module, given, starts, weights)
    return _padded(given)


def _cast(given: Tensor | PackedSequence, dtype: torch.dtype) -> Tensor | PackedSequence:
    if isinstance(given, PackedSequence):
        return given._replace(data=given.data.to(dtype))
    return given.to(dtype)


def _single_layer(module: nn.RNNBase, weights: list[dict[str, Tensor]]) -> nn.RNNBase:
    """Build a module of one layer, time first, that holds the given weights and no random ones."""
    kind = {"LSTM": nn.LSTM, "GRU": nn.GRU}.get(module.mode, nn.RNN)
    options: dict[str, Any] = {"bias": module.bias, "bidirectional": module.bidirectional}
    if module.proj_size:
        options["proj_size"] = module.proj_size
    if kind is nn.RNN:
        options["nonlinearity"] = module.mode.removeprefix("RNN_").lower()
    inputs = weights[0]["weight_ih"].shape[1]
    single = kind(inputs, module.hidden_size, device="meta", **options)
    for suffix, own in zip(("_l0", "_l0_reverse"), weights, strict=False):
        for name, weight in own.items():
            setattr(single, name + suffix, nn.Parameter(weight, requires_grad=False))
    return single.eval()


def _place(layer: int, direction: int) -> str:
    return f"layer {layer}, {DIRECTIONS[direction]} direction"


def _recompute_pass(
    module: nn.RNNBase,
    place: tuple[int, int],
    xs: Tensor,
    hs: Tensor,
    starts: list[Tensor],
    weights: dict[str, Tensor],
    mask: np.ndarray,
) -> LayerPass:
    kind, backward = kind_of(module), bool(place[1])
    h_prevs = before(hs, starts[0], mask, backward)
    from_x = functional.linear(xs, weights["weight_ih"], weights.get("bias_ih"))
    from_h = functional.linear(h_prevs, weights["weight_hh"], weights.get("bias_hh"))
    arrays = {name: weight.numpy() for name, weight in weights.items()}
    done = LayerPass(
        kind,
        module.mode == "RNN_RELU",
        backward,
        mask,
        arrays,
        {},
        starts[0].numpy(),
        starts[1].numpy() if kind == "lstm" else None,
    )
    values, again = _VALUES[kind](done, from_x, from_h, h_prevs)
    done.values.update({name: _numpy(value) for name, value in values.items()})
    done.values["hidden"] = _numpy(hs)
    there = mask & _moderate(xs) & _moderate(h_prevs)
    there = there[..., None]
    _compare(
        f"hidden state, {_place(*place)}",
        np.where(there, again.numpy(), 0.0),
        np.where(there, done.values["hidden"], 0.0),
    )
    return done


def _numpy(tensor: Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.numpy())


Values = tuple[dict[str, Tensor], Tensor]


def _rnn_values(done: LayerPass, from_x: Tensor, from_h: Tensor, h_prevs: Tensor) -> Values:
    total = from_x + from_h
    return {"sum": total}, torch.relu(total) if done.relu else torch.tanh(total)


def _gru_values(done: LayerPass, from_x: Tensor, from_h: Tensor, h_prevs: Tensor) -> Values:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = from_x.chunk(3, dim=-1), from_h.chunk(3, dim=-1)
    r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
    n = torch.tanh(n_x + r * n_h)
    done.values["candidate_from_h"] = _numpy(n_h)
    return {"reset_gate": r, "update_gate": z, "candidate": n}, n + z * (h_prevs - n)


def _lstm_values(done: LayerPass, from_x: Tensor, from_h: Tensor, h_prevs: Tensor) -> Values:
    from_x += from_h
    i, f, g, o = from_x.chunk(4, dim=-1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    cs = torch.from_numpy(_cell_line(done, f.numpy(), (i * g).numpy()))
    tanh_c = torch.tanh(cs)
    h = o * tanh_c
    done.values["tanh_cell"] = tanh_c.numpy()
    values = {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o, "cell": cs}
    if "weight_hr" in done.weights:
        values["before_projection"] = h
        h = functional.linear(h, torch.from_numpy(done.weights["weight_hr"]))
    return values, h


def _cell_line(done: LayerPass, kept: np.ndarray, written: np.ndarray) -> np.ndarray:
    """Return c_t = f_t c_{t-1} + i_t g_t for all steps; a padded step holds the state."""
    cs, c = written, done.c_0  # what is written becomes the state, in place
    for t in done.steps:
        new = written[t]
        new += kept[t] * c
        if not done.full:
            np.copyto(new, c, where=~done.mask[t][:, None])
        c = cs[t]
    return cs


_VALUES = {"rnn": _rnn_values, "gru": _gru_values, "lstm": _lstm_values}


def _moderate(states: Tensor) -> np.ndarray:
    """Return at which steps of which samples, (T, B), no number is beyond reach of rounding."""
    return (states.abs() < _HUGE).all(dim=-1).numpy()


def _compare(what: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Raise unless both agree to 1e-10, in units of the largest state of the step, at least 1."""
    compared = (
        np.abs(theirs) < _HUGE
    )  # a network that explodes leaves numbers behind that say nothing
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(ours - theirs)
        sizes = np.where(compared, np.abs(theirs), 0.0)
        scale = np.max(sizes, axis=-1, keepdims=True, initial=1.0)
        wrong = compared & ~(gap <= TOLERANCE * scale)
    if wrong.any():
        index = np.unravel_index(int(np.argmax(wrong)), gap.shape)
        raise LensError(
            f"the recomputed {what} differs from the module's own, first at index "
            f"{tuple(map(int, index))}: {ours[index]:.6g} instead of {theirs[index]:.6g}; allowed "
            f"is {TOLERANCE:g}. This module does not compute what nn.RNN, nn.LSTM and nn.GRU do "
            "(its forward may be its own)."
        )
