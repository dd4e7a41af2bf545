"""How much of a gradient at the last state of a gated cell arrives at every earlier state.

The state s_t of a plain RNN and of a GRU is h_t; that of an LSTM is h_t and c_t together, since the
next step reads both. The gradients of all numbers of s_T travel back through all steps in one
batch, a row for each, so that the result is exact; after each step they are scaled and the
logarithm of the factor is kept, so that neither 1e-400 nor 1e+400 is out of reach.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from utils.cells import GRUWeights, LSTMWeights
from utils.cells.lstm_variants import FUNCTIONS, PARTS, LSTMVariant, variant_axes
from utils.jacobians import backward_gains
from utils.sequence import GRUSequence, RNNSequence
from utils.validation import Array, as_choice, as_weights, describe

__all__ = ["CellLineGains", "cell_line_gains", "state_gains"]

_GRU_AXES = {"W_x": "D 3H", "W_h": "H 3H", "b": "3H", "b_hn": "H"}


class CellLineGains(NamedTuple):
    """Hold how much of a gradient at the last cell state arrives at the earlier ones.

    Attributes
    ----------
    direct : array of float64, shape (T + 1, B)
        log10 along the cell line alone: the root mean square, over the units, of the product of
        their forget gates.
    total : array of float64, shape (T + 1, B)
        log10 of ‖∂c_T/∂c_t‖_F/√H: along every path, also those that leave the line for h_t and
        come back through the gates.
    """

    direct: Array
    total: Array


def state_gains(sequence: Any, weights: Any, last: str = "state") -> Array:
    r"""Measure how much of a gradient at the last state arrives at every earlier state.

    .. math:: \text{gain}_t = \frac{1}{\sqrt n}
              \left\lVert \frac{\partial s_T}{\partial s_t} \right\rVert_F

    It is the factor by which the length of a random vector changes on its way back from s_T to
    s_t, as a root mean square; 1 at t = T. For a plain RNN it is what
    `utils.jacobians.backward_gains` measures.

    Parameters
    ----------
    sequence : RNNSequence, LSTMSequence, VariantSequence or GRUSequence
        As `utils.sequence` returned it; a GRU's says where its reset gate stands.
    weights : RNNWeights, LSTMWeights or GRUWeights
        The ones that it was run with.
    last : {"state", "h", "c"}
        Of an LSTM, where the gradient starts: at all n = 2H numbers of s_T = (h_T, c_T), or at the
        H of one of them. At the earlier steps it is always all of s_t, h_t and c_t taken as numbers
        of their own. Other cells have "state" and "h", which are the same.

    Returns
    -------
    array of float64, shape (T + 1, B)
        log10 of the gain; entry t belongs to the state after t steps, entry T is 0. It is minus
        infinity where nothing arrives.

    Raises
    ------
    TypeError, ValueError
        If `sequence` is none of these, the weights do not belong to it, or a value is NaN or
        infinite.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks,
    ICML, section 2.
    """
    if isinstance(sequence, RNNSequence):
        as_choice("last", last, ("state", "h"))
        return backward_gains(sequence, weights, probes=None)
    if isinstance(sequence, GRUSequence):
        as_choice("last", last, ("state", "h"))
        T, B, H = sequence.hs.shape
        back = _gru_back(sequence, weights)
        return _travel(np.eye(H), T, B, back)
    T, B, H = _lstm_sizes(sequence)
    rows = {"state": np.eye(2 * H), "h": np.eye(H, 2 * H), "c": np.eye(H, 2 * H, H)}
    return _travel(rows[as_choice("last", last, tuple(rows))], T, B, _lstm_back(sequence, weights))


def cell_line_gains(sequence: Any, weights: LSTMWeights) -> CellLineGains:
    r"""Compare the direct path of the cell state with all that goes from c_t to c_T.

    .. math::
        \text{direct}_t = \sqrt{\frac{1}{H} \sum_{j=1}^{H} \prod_{k=t+1}^{T} f_{k,j}^2}, \qquad
        \text{total}_t = \frac{1}{\sqrt H}
            \left\lVert \frac{\partial c_T}{\partial c_t} \right\rVert_F

    The total includes what c_t does through h_t: into the gates and the candidate of step t+1, and
    from there on. At t = 0 the state h_0 is given and does not depend on c_0.

    Parameters
    ----------
    sequence : LSTMSequence or VariantSequence
        As `utils.sequence` returned it.
    weights : LSTMWeights
        The ones that it was run with.

    Returns
    -------
    CellLineGains
        log10 of both, (T + 1, B); entry t belongs to the cell state after t steps, entry T is 0,
        minus infinity stands where nothing arrives. Without a cell line (a variant that keeps its
        memory in h) nothing goes along it.

    Raises
    ------
    TypeError, ValueError
        If `sequence` is not an LSTM's, the weights do not belong to it, or a value is NaN or
        infinite.

    References
    ----------
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9(8): the direct
    path is their constant error carousel, with the forget gate of Gers, Schmidhuber and Cummins
    (2000), Neural Computation 12(10).
    """
    T, B, H = _lstm_sizes(sequence)
    back = _lstm_back(sequence, weights)
    through_h = np.concatenate([np.zeros((1, B, H)), _into_c(sequence)])  # ∂h_t/∂c_t, h_0 given
    if sequence.mask is not None:
        # Where the state stayed, h_t is an older state's; so is its way from the cell state.
        for t in range(T):
            stayed = sequence.mask[t] == 0
            through_h[t + 1] = np.where(stayed, through_h[t], through_h[t + 1])

    def of_c(rows: Array, t: int) -> Array:
        return rows[..., H:] + rows[..., :H] * through_h[t]

    total = _travel(np.eye(H, 2 * H, H), T, B, back, of_c)
    keeps = np.zeros((T, B, H)) if _variant(sequence).memory == "hidden" else _kept(sequence)
    with np.errstate(divide="ignore"):
        logs = np.log10(keeps)
    logs = np.concatenate([np.cumsum(logs[::-1], axis=0)[::-1], np.zeros((1, B, H))])
    top = logs.max(axis=-1)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        mean = np.mean(10.0 ** (2 * (logs - top[..., None])), axis=-1)
        return CellLineGains(top + np.log10(mean) / 2, total)


def _travel(
    rows: Array,
    T: int,
    B: int,
    back: Callable[[Array, int], Array],
    look: Callable[[Array, int], Array] = lambda rows, t: rows,
) -> Array:
    """Carry rows back from step T to step 0; log10 of their root mean square length on the way.

    Parameters
    ----------
    rows : array, shape (n, S)
        At the end.
    back : callable
        Takes the rows (n, B, S) at the state after step t, and t; gives those one step earlier.
    look : callable
        Gives the part that is measured, from the rows and the number of steps made.
    """
    rows = np.repeat(rows[:, None], B, axis=1)  # (n, B, S)
    logs, scale = np.empty((T + 1, B)), np.zeros(B)

    def size(part: Array) -> Array:
        return np.sqrt(np.mean(np.sum(part**2, axis=-1), axis=0))  # (B,)

    for t in range(T, -1, -1):
        with np.errstate(divide="ignore"):
            logs[t] = scale + np.log10(size(look(rows, t)))
        if t:
            rows = back(rows, t - 1)
            factor = size(rows)
            factor = np.where(factor > 0, factor, 1.0)
            rows /= factor[:, None]
            scale += np.log10(factor)
    return logs


def _product(rows: Array, W: Array) -> Array:
    """Return rows (n, B, ...) times a matrix, in one product."""
    return (rows.reshape(-1, len(W)) @ W).reshape(*rows.shape[:-1], W.shape[1])


def _gru_back(sequence: GRUSequence, weights: Any) -> Callable[[Array, int], Array]:
    """Return the step back of a GRU for rows of gradients; see `utils.cells.gru_step_backward`."""
    H = sequence.hs.shape[-1]
    sizes = {"H": H, "3H": 3 * H}
    W_h = as_weights("weights", weights, GRUWeights, _GRU_AXES, sizes).W_h.astype(np.float64)
    gates = sequence.gates.astype(np.float64).swapaxes(0, 1)
    r, z, n = gates  # each (T, B, H)
    h_prevs = sequence.h_prevs.astype(np.float64)
    of_n = (1 - z) * (1 - n**2)
    of_z = (h_prevs - n) * z * (1 - z)
    keeps = z
    if sequence.mask is not None:
        of_n, of_z = of_n * sequence.mask, of_z * sequence.mask
        keeps = z * sequence.mask + (1 - sequence.mask)
    W_r_T, W_z_T, W_n_T = (np.ascontiguousarray(W.T) for W in np.split(W_h, 3, axis=1))
    of_r = r * (1 - r) * (sequence.candidate_from_h if sequence.reset_after else h_prevs)
    together = np.concatenate([W_r_T, W_z_T, W_n_T])  # (3H, H)

    def back(rows: Array, t: int) -> Array:
        d_a_n = rows * of_n[t]
        before = rows * keeps[t]
        if sequence.reset_after:
            d_r, d_n = d_a_n * of_r[t], d_a_n * r[t]
            return before + _product(np.concatenate([d_r, rows * of_z[t], d_n], axis=-1), together)
        d_reset_h = _product(d_a_n, W_n_T)
        d_sums = np.concatenate([d_reset_h * of_r[t], rows * of_z[t]], axis=-1)
        return before + d_reset_h * r[t] + _product(d_sums, together[: 2 * H])

    return back


def _lstm_sizes(sequence: Any) -> tuple[int, int, int]:
    """Return T, B and H of an LSTM's sequence, whichever variant it is."""
    if not all(hasattr(sequence, name) for name in ("hs", "cs", "c_prevs", *PARTS)):
        raise TypeError(
            f"sequence is {describe(sequence)}; expected what one of the functions of "
            "utils.sequence returned for a cell of the right kind."
        )
    return sequence.hs.shape


def _variant(sequence: Any) -> LSTMVariant:
    """Return what the parts of the cell are: those of the standard LSTM unless it says others."""
    return getattr(sequence, "variant", LSTMVariant())


def _squashed(sequence: Any) -> tuple[Array, Array]:
    """Return what c_t is on its way to h_t, and its slope; each (T, B, H)."""
    value, slope = FUNCTIONS[_variant(sequence).squash]
    out = value(sequence.cs.astype(np.float64))
    return out, slope(out)


def _into_c(sequence: Any) -> Array:
    """Return ∂h_t/∂c_t along the line through the output, (T, B, H); with h_t = o squash(c_t)."""
    return sequence.output_gate * _squashed(sequence)[1]


def _kept(sequence: Any) -> Array:
    """Return ∂c_t/∂c_{t-1} along the cell line, (T, B, H): the forget gate, 1 under a mask."""
    keeps = np.broadcast_to(sequence.forget_gate, sequence.cs.shape).astype(np.float64)
    if sequence.mask is None:
        return keeps
    return keeps * sequence.mask + (1 - sequence.mask)


def _lstm_back(sequence: Any, weights: Any) -> Callable[[Array, int], Array]:
    """Return the step back of rows by h_t and c_t; see `utils.cells.lstm_step_backward`."""
    variant, H = _variant(sequence), sequence.hs.shape[-1]
    G = len(variant.blocks)
    sizes = {"H": H, f"{G}H": G * H}
    W_h = as_weights("weights", weights, LSTMWeights, variant_axes(variant), sizes).W_h
    W_h_T = np.ascontiguousarray(W_h.T, dtype=np.float64)  # (G H, H)
    parts = [np.asarray(getattr(sequence, part), np.float64) for part in PARTS]
    i, f, g = parts[:3]
    hidden = variant.memory == "hidden"
    memory = sequence.h_prevs if hidden else sequence.c_prevs  # what the forget gate multiplies
    coupled = variant.input_gate == "coupled"
    # What a part does to c_t, or the output gate to h_t; then what its sum z does.
    does = (g, memory - g if coupled else memory, i, _squashed(sequence)[0])
    slopes = {
        part: FUNCTIONS[getattr(variant, part)].slope(value) * effect
        for part, value, effect in zip(PARTS, parts, does, strict=True)
        if part in variant.blocks
    }
    into_c, keeps = _into_c(sequence), _kept(sequence)
    there = None
    if sequence.mask is not None:
        there = sequence.mask
        slopes = {part: slope * there for part, slope in slopes.items()}

    def back(rows: Array, t: int) -> Array:
        d_h, d_c = rows[..., :H], rows[..., H:]
        if there is None:
            d_c, stays = d_c + d_h * into_c[t], 0.0
        else:
            d_c, stays = d_c + d_h * into_c[t] * there[t], (1 - there[t]) * d_h
        d_sums = np.concatenate(
            [(d_h if part == "output_gate" else d_c) * of_z[t] for part, of_z in slopes.items()],
            axis=-1,
        )
        d_h_prev = _product(d_sums, W_h_T) + stays
        kept = d_c * keeps[t]
        if not hidden:
            return np.concatenate([d_h_prev, kept], axis=-1)
        stays = 0.0 if there is None else 1 - there[t]
        return np.concatenate([d_h_prev + d_c * f[t] * (1 - stays), d_c * stays], axis=-1)

    return back
