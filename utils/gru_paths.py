"""The ways a GRU's state takes from one step to the next, one by one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.cells import GRUWeights, init_gru_weights
from utils.sequence import GRUSequence, gru_sequence
from utils.validation import Array, as_array, as_number, as_shape_of, as_weights, describe

__all__ = [
    "GRUPaths",
    "GRUUnitRun",
    "direct_gains",
    "flip_update_gate",
    "gru_paths",
    "pin_gates",
    "reset_difference",
    "run_gru_unit",
    "state_difference",
]

_AXES = {"W_x": "D 3H", "W_h": "H 3H", "b": "3H", "b_hn": "H"}


class GRUPaths(NamedTuple):
    """Hold ∂h_t/∂h_{t-1} of every step as four parts, one for each way through the cell.

    Attributes
    ----------
    kept : array, shape (T, B, H, H)
        Along the blend: diagonal, with the update gate z on it.
    update : array, shape (T, B, H, H)
        Through the update gate.
    candidate : array, shape (T, B, H, H)
        Through the candidate, the reset gate held fixed.
    reset : array, shape (T, B, H, H)
        Through the reset gate, and from there through the candidate.
    """

    kept: Array
    update: Array
    candidate: Array
    reset: Array

    @property
    def total(self) -> Array:
        """The Jacobian itself, (T, B, H, H): the sum of the four."""
        return self.kept + self.update + self.candidate + self.reset


def gru_paths(sequence: GRUSequence, weights: GRUWeights) -> GRUPaths:
    r"""Return the Jacobian of every step, split into the four ways from h_{t-1} to h_t.

    Rows are what is changed, columns what changes with it, as in `utils.jacobians`. With
    :math:`u = (1 - z) \odot (1 - n^2)`, for reset after the product

    .. math::
        J_t = \operatorname{diag}(z)
              + W_{hz} \operatorname{diag}\big((h_{t-1} - n)\, z (1 - z)\big)
              + W_{hn} \operatorname{diag}(r\, u)
              + W_{hr} \operatorname{diag}\big(r (1 - r)\, q\, u\big)

    and for reset before it the last two are :math:`\operatorname{diag}(r)\, W_{hn}
    \operatorname{diag}(u)` and :math:`W_{hr} \operatorname{diag}(r (1 - r)\, h_{t-1})\, W_{hn}
    \operatorname{diag}(u)`.

    Parameters
    ----------
    sequence : GRUSequence
        As `utils.sequence.gru_sequence` returned it, without a mask.
    weights : GRUWeights
        The ones that it was run with.

    Returns
    -------
    GRUPaths

    Raises
    ------
    TypeError, ValueError
        If `sequence` is not a GRU's, it has a mask, or the weights do not belong to it.
    """
    sequence = _read(sequence)
    T, B, H = sequence.hs.shape
    weights = as_weights("weights", weights, GRUWeights, _AXES, {"H": H, "3H": 3 * H})
    W_hr, W_hz, W_hn = np.split(weights.W_h, 3, axis=1)  # each (H, H)
    r, z, n = sequence.reset_gate, sequence.update_gate, sequence.candidate
    h_prevs, q = sequence.h_prevs, sequence.candidate_from_h
    of_n = (1 - z) * (1 - n**2)  # from the candidate's sum to h_t
    kept = np.zeros((T, B, H, H))
    kept[..., np.arange(H), np.arange(H)] = z
    update = W_hz * ((h_prevs - n) * z * (1 - z))[..., None, :]
    if sequence.reset_after:
        candidate = W_hn * (r * of_n)[..., None, :]
        reset = W_hr * (r * (1 - r) * q * of_n)[..., None, :]
    else:
        from_reset_h = W_hn * of_n[..., None, :]  # (T, B, H, H)
        candidate = r[..., :, None] * from_reset_h
        reset = (W_hr * (r * (1 - r) * h_prevs)[..., None, :]) @ from_reset_h
    return GRUPaths(kept, update, candidate, reset)


def direct_gains(sequence: GRUSequence) -> Array:
    r"""Measure how much of a gradient comes back along the blend alone.

    .. math:: \text{direct}_t = \sqrt{\frac1H \sum_{j=1}^{H} \prod_{k=t+1}^{T} z_{k,j}^2}

    It is what `utils.state_gains.state_gains` would measure if there were no way through the
    update gate, the candidate and the reset gate.

    Parameters
    ----------
    sequence : GRUSequence
        Without a mask.

    Returns
    -------
    array of float64, shape (T + 1, B)
        log10; entry t belongs to the state after t steps, entry T is 0, minus infinity where every
        product is zero.

    Raises
    ------
    TypeError, ValueError
        If `sequence` is not a GRU's, or has a mask.
    """
    sequence = _read(sequence)
    with np.errstate(divide="ignore"):
        logs = np.log10(sequence.update_gate.astype(np.float64))
    ends = np.zeros((1, *logs.shape[1:]))
    logs = np.concatenate([np.cumsum(logs[::-1], axis=0)[::-1], ends])  # (T + 1, B, H)
    top = logs.max(axis=-1)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return top + np.log10(np.mean(10.0 ** (2 * (logs - top[..., None])), axis=-1)) / 2


def flip_update_gate(weights: GRUWeights) -> GRUWeights:
    r"""Return the weights that mean the same where the two ends of the update gate are exchanged.

    .. math:: \sigma(-a_z) = 1 - \sigma(a_z)

    A GRU written with :math:`h_t = (1 - z) h_{t-1} + z\, n` computes with these what one written
    with :math:`h_t = (1 - z)\, n + z\, h_{t-1}` computes with the others.

    Parameters
    ----------
    weights : GRUWeights
        Not changed.

    Returns
    -------
    GRUWeights
        The blocks of the update gate in W_x, W_h and b with their signs changed.

    Raises
    ------
    TypeError, ValueError
        If the shapes of `weights` do not agree.
    """
    weights, H = _read_weights(weights)
    sign = np.repeat([1.0, -1.0, 1.0], H).astype(weights.b.dtype)
    W_x, W_h, b = (array * sign for array in weights[:3])
    return GRUWeights(W_x, W_h, b, weights.b_hn)


def pin_gates(
    weights: GRUWeights, reset: float | None = None, update: float | None = None
) -> GRUWeights:
    r"""Return weights with which a gate stays at one of its ends, whatever is read.

    Its weights are zero and its bias is 50 or -50: :math:`\sigma(50)` is 1 in floats.

    Parameters
    ----------
    weights : GRUWeights
        Not changed.
    reset, update : {0, 1}, optional
        Where to hold the gate; left out, it stays free.

    Returns
    -------
    GRUWeights

    Raises
    ------
    TypeError, ValueError
        If an end is neither 0 nor 1, or the shapes of `weights` do not agree.
    """
    weights, H = _read_weights(weights)
    W_x, W_h, b = (array.copy() for array in weights[:3])
    for block, (name, end) in enumerate((("reset", reset), ("update", update))):
        if end is None:
            continue
        if end not in (0, 1):
            raise ValueError(f"{name} is {end!r}; expected 0 or 1.")
        columns = slice(block * H, (block + 1) * H)
        W_x[:, columns] = W_h[:, columns] = 0
        b[columns] = 50 if end else -50
    return GRUWeights(W_x, W_h, b, weights.b_hn)


def state_difference(hs: Array, reference: Array) -> float:
    r"""Return how far states are from others, as a share of the size of the others.

    .. math:: \sqrt{\frac{\overline{(h - h')^2}}{\overline{h'^2}}}

    Parameters
    ----------
    hs, reference : array of any shape, the same for both

    Returns
    -------
    float of at least 0

    Raises
    ------
    TypeError, ValueError
        If the shapes differ.
    """
    reference = as_array("reference", reference, dtype=np.float64)
    hs = as_shape_of("hs", hs, "reference", reference, dtype=np.float64)
    return float(np.sqrt(np.mean((hs - reference) ** 2) / np.mean(reference**2)))


def reset_difference(H: int, seed: int, T: int = 50) -> float:
    """Return how far apart the states are if one random GRU is run with both resets.

    Parameters
    ----------
    H : int, at least 1
        Hidden units; the weights are those of `init_gru_weights` for 8 features, b_hn is zero.
    seed : int
    T : int, at least 1
        Steps; the input is normal noise, 16 sequences.

    Returns
    -------
    float
        As `state_difference` has it, with reset after the product as the reference.

    Raises
    ------
    TypeError, ValueError
        If a size is below 1.
    """
    rng = np.random.default_rng(seed)
    weights, xs = init_gru_weights(8, H, rng), rng.standard_normal((T, 16, 8))
    after, before = (gru_sequence(xs, None, weights, reset_after=way).hs for way in (True, False))
    return state_difference(before, after)


class GRUUnitRun(NamedTuple):
    """Hold what one unit with gates set by hand did over time.

    Attributes
    ----------
    candidates, hs : array, shape (T,)
    kept, total : array, shape (T,)
        Of ∂h_t/∂h_{t-1}: the part along the blend, and all of it.
    """

    candidates: Array
    hs: Array
    kept: Array
    total: Array

    def left(self, first: int, which: str = "total") -> Array:
        """Return ∂h_t/∂h_first for every t from `first` on, (T - first,); entry 0 is 1.

        Parameters
        ----------
        first : int from 0 to T - 1
        which : {"total", "kept"}
            Whose factors are multiplied: all of the derivative, or the part along the blend.

        Returns
        -------
        array, shape (T - first,)
        """
        return np.cumprod([1.0, *getattr(self, which)[first + 1 :]])


def run_gru_unit(
    xs: Array,
    reset: Array,
    update: Array,
    w_x: float = 2.0,
    w_h: float = 1.0,
    h_0: float = 0.0,
) -> GRUUnitRun:
    r"""Run one unit of a GRU whose gates somebody else sets.

    .. math::
        n_t = \tanh(w_x x_t + r_t\, w_h h_{t-1}), \qquad h_t = (1 - z_t)\, n_t + z_t h_{t-1},
        \qquad \frac{\partial h_t}{\partial h_{t-1}} = z_t + (1 - z_t)(1 - n_t^2)\, r_t w_h

    Parameters
    ----------
    xs : array, shape (T,)
    reset, update : array, shape (T,), values in [0, 1]
        r_t and z_t.
    w_x, w_h, h_0 : float

    Returns
    -------
    GRUUnitRun

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a gate is not in [0, 1].
    """
    sizes: dict[str, int] = {}
    xs, reset, update = (
        as_array(name, value, "T", sizes, dtype=np.float64)
        for name, value in (("xs", xs), ("reset", reset), ("update", update))
    )
    for name, gate in (("reset", reset), ("update", update)):
        if gate.min() < 0 or gate.max() > 1:
            raise ValueError(
                f"{name} holds values from {gate.min():g} to {gate.max():g}; expected 0 to 1."
            )
    w_x, w_h, h = as_number("w_x", w_x), as_number("w_h", w_h), as_number("h_0", h_0)
    candidates, hs = np.empty_like(xs), np.empty_like(xs)
    for t, (x, r, z) in enumerate(zip(xs, reset, update, strict=True)):
        candidates[t] = np.tanh(w_x * x + r * w_h * h)
        hs[t] = h = (1 - z) * candidates[t] + z * h
    through = (1 - update) * (1 - candidates**2) * reset * w_h
    return GRUUnitRun(candidates, hs, update, update + through)


def _read_weights(weights: GRUWeights) -> tuple[GRUWeights, int]:
    H = np.shape(weights.W_h)[0] if isinstance(weights, GRUWeights) else 0
    return as_weights("weights", weights, GRUWeights, _AXES, {"3H": 3 * H} if H else {}), H


def _read(sequence: GRUSequence) -> GRUSequence:
    if not isinstance(sequence, GRUSequence):
        raise TypeError(f"sequence is {describe(sequence)}; expected a GRUSequence.")
    if sequence.mask is not None:
        raise ValueError("sequence has a mask; expected one in which every step has an item.")
    return sequence
