"""The variants of `utils.cells.lstm_variants` over a whole sequence: run these to train them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from utils.cells.lstm import LSTMWeights
from utils.cells.lstm_variants import (
    CONSTANTS,
    FUNCTIONS,
    PARTS,
    LSTMVariant,
    as_variant,
    variant_axes,
)
from utils.layers import weight_gradient
from utils.sequence.gates import (
    arrange,
    project_gates,
    read_gated_weights,
    sigmoid_from_half,
    state_product,
)
from utils.sequence.inputs import (
    Inputs,
    from_the_end,
    number_type,
    project_backward,
    read_inputs,
    read_mask,
    read_state,
    states,
    stretches,
    transposed,
)
from utils.sequence.lstm import LSTMSequenceGradients
from utils.validation import Array, as_array

_IN_ORDER = ("sigmoid", "tanh", "linear")
_FACTORS = {"sigmoid": 0.5, "tanh": 1.0, "linear": 1.0}  # σ(z) is computed from tanh(z/2)


class VariantSequence(NamedTuple):
    """Hold the states and gates of a sequence: all that the way back needs.

    Attributes
    ----------
    hs, cs : array, shape (T, B, H)
        Hidden state and cell state after every step.
    h_prevs, c_prevs : array, shape (T, B, H)
        The same before every step: the same memory, one step earlier.
    input_gate, forget_gate, candidate, output_gate : array, shape (T, B, H)
        A part without parameters is a constant, and not to be written to.
    xs : array, shape (T, B, D) or (T, B)
        The inputs as they went in.
    mask : array of 0 and 1, shape (T, B, 1), or None
    variant : LSTMVariant
    """

    hs: Array
    cs: Array
    h_prevs: Array
    c_prevs: Array
    input_gate: Array
    forget_gate: Array
    candidate: Array
    output_gate: Array
    xs: Inputs
    mask: Array | None
    variant: LSTMVariant

    @property
    def last_state(self) -> tuple[Array, Array]:
        """Hidden and cell state after the last step: ``h_0`` and ``c_0`` of what comes next."""
        return self.hs[-1], self.cs[-1]


def lstm_variant_sequence(
    xs: Any,
    h_0: Array | None,
    c_0: Array | None,
    weights: LSTMWeights,
    mask: Array | None = None,
    variant: str | LSTMVariant = "lstm",
) -> VariantSequence:
    r"""Run a variant of the LSTM over a sequence.

    .. math::
        c_t = f_t \odot m_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \psi(c_t)

    with the parts of `utils.cells.lstm_variant_step`; where the mask is 0, both states stay.

    Parameters
    ----------
    xs : array, shape (T, B, D), or whole numbers, shape (T, B)
        The inputs; whole numbers below D stand for one-hot vectors.
    h_0, c_0 : array, shape (B, H), or None
        Hidden and cell state before the first step; None stands for zeros.
    weights : LSTMWeights
        W_x (D, G·H), W_h (H, G·H), b (G·H,), where G parts have parameters.
    mask : array of 0 and 1, shape (T, B), optional
        Where it is 0 there is no item and both states stay as they were.
    variant : str or LSTMVariant

    Returns
    -------
    VariantSequence

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, an axis is empty, or a value is NaN or infinite.
    """
    variant = as_variant(variant)
    (W_x, W_h, b), sizes = read_gated_weights(weights, LSTMWeights, variant_axes(variant))
    xs = read_inputs(xs, sizes)
    h_0, c_0 = read_state("h_0", h_0, sizes), read_state("c_0", c_0, sizes)
    dtype = number_type(xs, h_0, c_0, W_x, W_h, b)
    mask = read_mask(mask, sizes, dtype)

    all_h, all_c = states(h_0, sizes, dtype), states(c_0, sizes, dtype)
    h_prevs, hs, c_prevs, cs = all_h[:-1], all_h[1:], all_c[:-1], all_c[1:]
    order, factors = _arrangement(variant)
    W_x, W_h, b = (arrange(W.astype(dtype, copy=False), order, factors) for W in (W_x, W_h, b))
    blocks = project_gates(xs, W_x, b, dtype)  # sums at first; each step turns its part into gates
    parts = _parts(variant, blocks, order)
    from_h, multiply = state_product(W_h, sizes["B"])
    written, half = np.empty_like(hs[0]), np.array(0.5, dtype)
    kinds = [getattr(variant, variant.blocks[k]) for k in order]
    n_sigmoid = kinds.count("sigmoid")
    n_curved = n_sigmoid + kinds.count("tanh")
    squash = _squash_into(variant.squash, half)
    coupled = variant.input_gate == "coupled"
    memories = c_prevs if variant.memory == "cell" else h_prevs

    steps = zip(blocks, *(parts[p] for p in PARTS), h_prevs, c_prevs, memories, hs, cs, strict=True)
    for t, (z, i, f, g, o, h_prev, c_prev, memory, h_t, c_t) in enumerate(steps):
        multiply(h_prev)
        z += from_h
        np.tanh(z[:n_curved], out=z[:n_curved])
        sigmoid_from_half(z[:n_sigmoid], half)
        if coupled:
            np.subtract(1, f, out=i)
        np.multiply(i, g, out=written)
        np.multiply(f, memory, out=c_t)
        c_t += written
        squash(c_t, h_t)
        h_t *= o
        if mask is not None:
            np.copyto(c_t, c_prev, where=mask[t] == 0)
            np.copyto(h_t, h_prev, where=mask[t] == 0)
    return VariantSequence(hs, cs, h_prevs, c_prevs, **parts, xs=xs, mask=mask, variant=variant)


def lstm_variant_sequence_backward(
    d_hs: Array,
    sequence: VariantSequence,
    weights: LSTMWeights,
    d_last_c: Array | None = None,
) -> LSTMSequenceGradients:
    """Carry the gradient of the loss back through a whole sequence of a variant.

    The formulas are those of `utils.cells.lstm_variant_step_backward`, step after step.

    Parameters
    ----------
    d_hs : array, shape (T, B, H)
        ∂⁺L/∂h_t for every step; zeros where a state has no output.
    sequence : VariantSequence
        As `lstm_variant_sequence` returned it.
    weights : LSTMWeights
        The ones that it was called with.
    d_last_c : array, shape (B, H), optional
        ∂⁺L/∂c_T, where the loss takes something from the last cell state directly.

    Returns
    -------
    LSTMSequenceGradients

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.
    """
    variant, mask, h_prevs = sequence.variant, sequence.mask, sequence.h_prevs
    T, B, H = sequence.hs.shape
    axes = variant_axes(variant)
    (W_x, W_h, _), sizes = read_gated_weights(weights, LSTMWeights, axes, T=T, B=B, H=H)
    d_hs = as_array("d_hs", d_hs, "T B H", sizes)
    d_last_c = read_state("d_last_c", d_last_c, sizes)

    dtype, G = sequence.hs.dtype, len(variant.blocks)
    W_h_T = transposed(W_h, B, dtype)
    d_zs = np.empty((T, B, G * H), dtype)
    d_blocks = d_zs.reshape(T, B, G, H).swapaxes(1, 2)  # (T, G, B, H)
    of_cell = G - ("output_gate" in variant.blocks)  # the output gate's block is the last
    d_h, part = np.zeros_like(sequence.hs[0]), np.empty_like(sequence.hs[0])
    d_c = np.zeros_like(d_h) if d_last_c is None else d_last_c.astype(dtype)
    for steps in stretches(T, B * H):
        into_c, slopes, keeps = _local_factors(sequence, steps)
        stays = np.zeros((len(keeps), 1, 1), dtype)
        if mask is not None:
            there, stays = mask[steps], 1 - mask[steps]
            into_c, slopes, keeps = into_c * there, slopes * there[:, None], keeps * there
        for d_own, d_z, d_block, to_c, slope, keep, stay in from_the_end(
            d_hs[steps], d_zs[steps], d_blocks[steps], into_c, slopes, keeps, stays
        ):
            d_h += d_own
            np.multiply(d_h, to_c, out=part)
            d_c_here = d_c + part  # both paths into c_t
            np.multiply(d_c_here, slope[:of_cell], out=d_block[:of_cell])
            np.multiply(d_h, slope[of_cell:], out=d_block[of_cell:])
            from_z, d_memory = d_z @ W_h_T, d_c_here * keep
            d_h = from_z if mask is None else from_z + stay * d_h
            d_c = np.zeros_like(d_c) if mask is None else stay * d_c
            if variant.memory == "cell":
                d_c += d_memory
            else:
                d_h += d_memory

    d_xs, d_W_x, d_b = project_backward(d_zs, sequence.xs, W_x)
    return LSTMSequenceGradients(d_xs, d_h, d_c, d_W_x, weight_gradient(h_prevs, d_zs), d_b)


def _arrangement(variant: LSTMVariant) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the order of the blocks in memory, sigmoids first, with the factors of the sums."""
    kinds = [getattr(variant, name) for name in variant.blocks]
    order = sorted(range(len(kinds)), key=lambda k: _IN_ORDER.index(kinds[k]))
    return tuple(order), tuple(_FACTORS[kinds[k]] for k in order)


def _parts(variant: LSTMVariant, blocks: Array, order: tuple[int, ...]) -> dict[str, Array]:
    """Return each part of all steps (T, B, H): a view of its block, or a constant."""
    T, _, B, H = blocks.shape
    places = {variant.blocks[block]: place for place, block in enumerate(order)}
    parts = {}
    for name in PARTS:
        if name in places:
            parts[name] = blocks[:, places[name]]
        elif getattr(variant, name) == "coupled":
            parts[name] = np.empty((T, B, H), blocks.dtype)
        else:
            value = np.array(CONSTANTS[getattr(variant, name)], blocks.dtype)
            parts[name] = np.broadcast_to(value, (T, B, H))
    return parts


def _squash_into(squash: str, half: Array) -> Callable[[Array, Array], None]:
    """Return the function that writes ψ of its first argument into its second."""

    def by_sigmoid(c: Array, out: Array) -> None:
        np.multiply(c, half, out=out)
        np.tanh(out, out=out)
        sigmoid_from_half(out, half)

    ways = {"tanh": lambda c, out: np.tanh(c, out=out), "linear": lambda c, out: np.copyto(out, c)}
    return by_sigmoid if squash == "sigmoid" else ways[squash]


def _local_factors(sequence: VariantSequence, steps: slice) -> tuple[Array, Array, Array]:
    """Return, for a few steps, all that gradients are multiplied with.

    Returns
    -------
    into_c : array, shape (n, B, H)
        ∂⁺h_t/∂c_t.
    slopes : array, shape (n, G, B, H)
        ∂⁺c_t/∂z of the blocks that lead into the cell, then ∂⁺h_t/∂z of the output gate.
    keeps : array, shape (n, B, H)
        ∂⁺c_t/∂m_{t-1}, the forget gate.
    """
    variant = sequence.variant
    i, f, g, o = (getattr(sequence, name)[steps] for name in PARTS)
    memory = (sequence.c_prevs if variant.memory == "cell" else sequence.h_prevs)[steps]
    squash = FUNCTIONS[variant.squash]
    squashed = squash.value(sequence.cs[steps])
    coupled = variant.input_gate == "coupled"
    factors = {
        "input_gate": (i, g),
        "forget_gate": (f, memory - g if coupled else memory),
        "candidate": (g, i),
        "output_gate": (o, squashed),
    }
    slopes = np.empty((len(f), len(variant.blocks), *f.shape[1:]), f.dtype)
    for block, name in enumerate(variant.blocks):
        value, factor = factors[name]
        slopes[:, block] = FUNCTIONS[getattr(variant, name)].slope(value) * factor
    return o * squash.slope(squashed), slopes, f
