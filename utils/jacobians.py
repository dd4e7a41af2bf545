"""How a change of the hidden state travels through time: Jacobians, their products, their size.

Rows are what is changed, columns what changes with it. With states as rows a small change goes
forward as ``d_h_t = d_h_prev @ J_t``, so a product of Jacobians is written in the order of time,
and a gradient goes back through the transposes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.cells import RNNWeights
from utils.cells.rnn import slope_at_output
from utils.sequence import RNNSequence
from utils.validation import Array, as_array, as_count, as_generator, as_weights

__all__ = [
    "NearAndFar",
    "backward_gains",
    "gradient_by_step",
    "jacobian_products",
    "near_and_far",
    "power_norms",
    "singular_values",
    "spectral_radius",
    "step_jacobians",
]

_AXES = {"W_xh": "D H", "W_hh": "H H", "b_h": "H"}


class NearAndFar(NamedTuple):
    """Hold the gradient of a shared weight, split by how far back its parts come from.

    Attributes
    ----------
    near : array, shape (H, H)
        Sum of the parts of the last steps.
    far : array, shape (H, H)
        Sum of the parts of all steps before.
    share : float in [0, 1]
        ‖far‖ / (‖near‖ + ‖far‖), Frobenius norms; 0 where both are zero.
    """

    near: Array
    far: Array
    share: float


def step_jacobians(sequence: RNNSequence, weights: RNNWeights) -> Array:
    r"""Return ∂h_t/∂h_{t-1} for every step and every sequence of a batch.

    .. math:: J_t = \frac{\partial h_t}{\partial h_{t-1}} = W_{hh} \operatorname{diag}(f'(z_t)),
              \qquad (J_t)_{ij} = \frac{\partial h_{t,j}}{\partial h_{t-1,i}}

    Column j is scaled by the slope of unit j. Where a mask hides an item the state stays, and its
    Jacobian is the identity.

    Parameters
    ----------
    sequence : RNNSequence
        As `utils.sequence.rnn_sequence` returned it.
    weights : RNNWeights
        The ones that it was called with.

    Returns
    -------
    array, shape (T, B, H, H)
        Entry t belongs to ``hs[t]`` and the state before it; for t = 0 that is h_0.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.
    """
    W_hh, slopes = _read(sequence, weights)
    jacobians = W_hh * slopes[:, :, None, :]  # (T, B, H, H)
    if sequence.mask is not None:
        jacobians += (1 - sequence.mask)[..., None] * np.eye(len(W_hh), dtype=W_hh.dtype)
    return jacobians


def jacobian_products(jacobians: Array) -> Array:
    r"""Return ∂h_T/∂h_t for every t, from the Jacobians of the steps.

    .. math:: \frac{\partial h_T}{\partial h_t} = J_{t+1} J_{t+2} \cdots J_T

    Parameters
    ----------
    jacobians : array, shape (T, B, H, H)
        As `step_jacobians` returns them.

    Returns
    -------
    array, shape (T + 1, B, H, H)
        Entry t is ∂h_T/∂h_t: entry 0 belongs to h_0, entry T is the identity.

    Raises
    ------
    TypeError, ValueError
        If `jacobians` has another shape, or a value is NaN or infinite.
    """
    sizes: dict[str, int] = {}
    jacobians = as_array("jacobians", jacobians, "T B H H", sizes)
    T, B, H = (sizes[name] for name in "TBH")
    products = np.empty((T + 1, B, H, H), dtype=jacobians.dtype)
    products[T] = np.eye(H)
    for t in reversed(range(T)):
        products[t] = jacobians[t] @ products[t + 1]
    return products


def backward_gains(
    sequence: RNNSequence,
    weights: RNNWeights,
    rng: np.random.Generator | None = None,
    probes: int | None = 16,
) -> Array:
    r"""Measure how much of a gradient at the last state arrives at every earlier state.

    .. math:: \text{gain}_t = \frac{1}{\sqrt H}
              \left\lVert \frac{\partial h_T}{\partial h_t} \right\rVert_F

    The gain is the factor by which the length of a random vector changes on its way back from
    h_T to h_t, as a root mean square; it is 1 at t = T and at most the largest singular value.
    It is not computed from the matrices: a few random vectors, at right angles to each other,
    travel back together. After each step they are scaled to length 1 and the logarithm of the
    factor is kept, so that neither 1e-400 nor 1e+400 is out of reach.

    Parameters
    ----------
    sequence : RNNSequence
        As `utils.sequence.rnn_sequence` returned it.
    weights : RNNWeights
        The ones that it was called with.
    rng : numpy.random.Generator, optional
        For the random vectors; ``default_rng(0)`` if it is left out.
    probes : int of at least 1, or None
        How many vectors; 16 come within a tenth of a decade or so. None, or H and more, gives
        the exact value.

    Returns
    -------
    array of float64, shape (T + 1, B)
        log10 of the gain; entry t belongs to the state after t steps, entry T is 0. It is
        minus infinity where nothing arrives.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, a value is NaN or infinite, or `probes` is below 1.
    """
    W_hh, slopes = _read(sequence, weights)
    T, B, H = slopes.shape
    rng = np.random.default_rng(0) if rng is None else as_generator("rng", rng)
    n = H if probes is None else min(as_count("probes", probes), H)
    vectors = np.eye(H) if n == H else np.linalg.qr(rng.standard_normal((H, n)))[0].T  # (n, H)
    travelling = np.repeat(vectors[:, None].astype(np.float64), B, axis=1)  # (n, B, H)
    W_hh_T = np.ascontiguousarray(W_hh.T, dtype=np.float64)
    logs = np.zeros((T + 1, B))
    for t in reversed(range(T)):
        arrived = ((travelling * slopes[t]).reshape(n * B, H) @ W_hh_T).reshape(n, B, H)
        if sequence.mask is not None:
            arrived += (1 - sequence.mask[t]) * travelling
        size = np.sqrt(np.mean(np.sum(arrived**2, axis=-1), axis=0))  # (B,)
        with np.errstate(divide="ignore"):
            logs[t] = logs[t + 1] + np.log10(size)
        travelling = arrived / np.where(size > 0, size, 1.0)[:, None]
    return logs


def gradient_by_step(d_hs: Array, sequence: RNNSequence, weights: RNNWeights) -> Array:
    r"""Return the gradient of the shared W_hh as the parts that its steps contribute.

    .. math:: \frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T} G_t, \qquad
              G_t = h_{t-1}^\top \, \frac{\partial L}{\partial z_t}

    Parameters
    ----------
    d_hs : array, shape (T, B, H)
        ∂⁺L/∂h_t for every step, as for `utils.sequence.rnn_sequence_backward`.
    sequence : RNNSequence
    weights : RNNWeights

    Returns
    -------
    array, shape (T, H, H)
        Part t (counted from 0) belongs to the step that made ``hs[t]``; they add up to
        ``d_W_hh``.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not agree, or a value is NaN or infinite.
    """
    W_hh, slopes = _read(sequence, weights)
    T, B, H = slopes.shape
    d_hs = as_array("d_hs", d_hs, "T B H", {"T": T, "B": B, "H": H})
    parts = np.empty((T, H, H), dtype=sequence.hs.dtype)
    d_h = np.zeros_like(sequence.h_0)
    for t in reversed(range(T)):
        d_h = d_h + d_hs[t]
        d_z = d_h * slopes[t]
        h_prev = sequence.hs[t - 1] if t else sequence.h_0
        parts[t] = h_prev.T @ d_z
        stays = 0.0 if sequence.mask is None else (1 - sequence.mask[t]) * d_h
        d_h = d_z @ W_hh.T + stays
    return parts


def near_and_far(parts: Array, near: int) -> NearAndFar:
    r"""Split the gradient of a shared weight into the last steps and all before.

    .. math:: \sum_{t=1}^{T} G_t = \sum_{t \le T - k} G_t + \sum_{t > T - k} G_t

    Parameters
    ----------
    parts : array, shape (T, H, H)
        As `gradient_by_step` returns them.
    near : int in 1 … T
        The number k of last steps that count as near.

    Returns
    -------
    NearAndFar

    Raises
    ------
    TypeError, ValueError
        If `parts` has another shape, or `near` is not in 1 … T.
    """
    parts = as_array("parts", parts, "T H H")
    near = as_count("near", near)
    if near > len(parts):
        raise ValueError(f"near is {near}; expected at most T = {len(parts)}.")
    last, before = parts[len(parts) - near :].sum(axis=0), parts[: len(parts) - near].sum(axis=0)
    sizes = np.linalg.norm(last), np.linalg.norm(before)
    return NearAndFar(last, before, float(sizes[1] / sum(sizes)) if sum(sizes) else 0.0)


def singular_values(W: Array) -> Array:
    r"""Return the factors by which a matrix stretches, the largest first.

    .. math:: u_i W = s_i v_i

    Parameters
    ----------
    W : array, shape (rows, columns)

    Returns
    -------
    array, shape (min(rows, columns),), values of at least 0

    Raises
    ------
    TypeError, ValueError
        If `W` does not have two axes, or a value is NaN or infinite.
    """
    return np.linalg.svd(as_array("W", W, "rows columns"), compute_uv=False)


def spectral_radius(W: Array) -> float:
    r"""Return the largest absolute value of an eigenvalue.

    .. math:: \rho(W) = \max_i \lvert \lambda_i \rvert = \lim_{n \to \infty} \lVert W^n \rVert^{1/n}

    It decides whether the powers of W vanish in the end. The largest singular value, which is
    never smaller, decides what one product can do.

    Parameters
    ----------
    W : array, shape (H, H)

    Returns
    -------
    float of at least 0

    Raises
    ------
    TypeError, ValueError
        If `W` is not square, or a value is NaN or infinite.
    """
    return float(np.abs(np.linalg.eigvals(as_array("W", W, "H H"))).max())


def power_norms(W: Array, n: int) -> Array:
    r"""Return the largest singular value of every power of a matrix, as logarithms.

    .. math:: \log_{10} \lVert W^k \rVert_2, \qquad k = 0, \dots, n

    Parameters
    ----------
    W : array, shape (H, H)
    n : int, at least 1

    Returns
    -------
    array of float64, shape (n + 1,)
        Entry 0 is 0; minus infinity from where a power is zero.

    Raises
    ------
    TypeError, ValueError
        If `W` is not square, a value is NaN or infinite, or `n` is below 1.
    """
    W = as_array("W", W, "H H", dtype=np.float64)
    n = as_count("n", n)
    logs, power = np.zeros(n + 1), np.eye(len(W))
    for k in range(1, n + 1):
        power = power @ W
        size = np.linalg.norm(power, ord=2)
        with np.errstate(divide="ignore"):
            logs[k] = logs[k - 1] + np.log10(size)
        power /= size or 1.0
    return logs


def _read(sequence: RNNSequence, weights: RNNWeights) -> tuple[Array, Array]:
    """Return W_hh and the slopes of all steps, those of masked items set to zero."""
    sizes = dict(zip("TBH", np.shape(sequence.hs), strict=True))
    W_hh = as_weights("weights", weights, RNNWeights, _AXES, sizes).W_hh
    slopes = slope_at_output(as_array("hs", sequence.hs, "T B H", sizes), sequence.activation)
    return W_hh, slopes if sequence.mask is None else slopes * sequence.mask
