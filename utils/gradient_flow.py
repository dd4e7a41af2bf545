"""The error of one step on its way back, term by term: the E_3 example, and sizes over time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from utils.bptt import Example, bptt
from utils.cells import OutputWeights, RNNWeights
from utils.validation import Array, IndexArray, as_array, as_number

__all__ = ["ErrorFlow", "e3_example", "error_flow", "sizes_back", "sizes_by_step"]


class ErrorFlow(NamedTuple):
    """Hold the way back of the error of one step through a network of one hidden unit.

    Steps count from 0. Values of steps after the error are 0.

    Attributes
    ----------
    error_at : int
        The step e whose error goes back.
    error : float
        E_e, in nats.
    xs, states : array, shape (T,)
        Inputs, and s_k after each step.
    start : float
        The state before the first step.
    factors : array, shape (T,)
        ∂s_k/∂s_{k-1} = W_hh (1 - s_k²): what the gradient is multiplied by from s_k to s_{k-1}.
    d_states : array, shape (T,)
        ∂E_e/∂s_k.
    d_start : float
        ∂E_e/∂s_{-1}.
    terms : dict of arrays, shape (T,)
        Under ``"W_hh"``, ``"W_xh"`` and ``"b_h"``: the summand of the gradient that belongs to
        step k, ∂E_e/∂s_k · ∂⁺s_k/∂W.
    totals : dict of float
        Their sums, the gradients.
    """

    error_at: int
    error: float
    xs: Array
    states: Array
    start: float
    factors: Array
    d_states: Array
    d_start: float
    terms: dict[str, Array]
    totals: dict[str, float]


def e3_example(W_hh: float = 0.9, start: float = 0.5) -> Example:
    """Give the example of four steps, counted from 0, that is worked by hand.

    One input, one hidden unit, two classes. The state before the first step is 0.5 rather than 0,
    so that no term of the gradient of W_hh is zero.

    Parameters
    ----------
    W_hh : float
        The recurrent weight.
    start : float, from -1 to 1
        The state before the first step.

    Returns
    -------
    Example
        T = 4, B = D = H = 1, K = 2.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a finite number, or `start` is outside [-1, 1].
    """
    W_hh = as_number("W_hh", W_hh)
    start = as_number("start", start, at_least=-1, at_most=1)
    return Example(
        xs=np.array([1.0, -0.5, 0.2, 0.6]).reshape(4, 1, 1),
        targets=np.array([0, 1, 0, 1]).reshape(4, 1),
        weights=RNNWeights(np.array([[0.4]]), np.array([[W_hh]]), np.array([0.1])),
        output=OutputWeights(np.array([[1.0, -1.0]]), np.zeros(2)),
        h_0=np.array([[start]]),
    )


def error_flow(example: Example, error_at: int) -> ErrorFlow:
    r"""Follow the error of one step back through a network of one hidden unit.

    .. math:: \frac{\partial E_e}{\partial W_{hh}} = \sum_{k=0}^{e}
              \frac{\partial E_e}{\partial s_e}
              \Big(\prod_{j=k+1}^{e} \frac{\partial s_j}{\partial s_{j-1}}\Big)
              \frac{\partial^+ s_k}{\partial W_{hh}}

    Parameters
    ----------
    example : Example
        With B = D = H = 1.
    error_at : int, from 0 to T - 1
        The step e.

    Returns
    -------
    ErrorFlow

    Raises
    ------
    ValueError
        If B, D or H is not 1, or there is no such step.
    """
    as_array("xs", example.xs, "T 1 1")
    as_array("W_hh", example.weights.W_hh, "1 1")
    run = bptt(*example, steps=[error_at])
    states = run.forward.hs.ravel()
    names = ("W_hh", "W_xh", "b_h")
    return ErrorFlow(
        error_at=error_at,
        error=run.loss,
        xs=np.ravel(example.xs),
        states=states,
        start=float(example.h_0.item()),
        factors=float(example.weights.W_hh.item()) * (1 - states**2),
        d_states=run.d_hs.ravel(),
        d_start=float(run.gradients["d_h_0"].item()),
        terms={name: run.terms[f"d_{name}"].ravel() for name in names},
        totals={name: float(run.gradients[f"d_{name}"].item()) for name in names},
    )


def sizes_by_step(gradients: Array) -> Array:
    r"""Return the size of the gradient that arrives at every step, relative to the last step's.

    .. math:: r_t = \frac{1}{B} \sum_b \frac{\lVert d_{t,b} \rVert}{\lVert d_{T,b} \rVert}

    Parameters
    ----------
    gradients : array, shape (T, B, H)
        Such as ∂L/∂h_t for all steps; the last step's must not be zero.

    Returns
    -------
    array, shape (T,), values at least 0
        The last one is 1.

    Raises
    ------
    TypeError, ValueError
        If `gradients` is not such an array, or a gradient of the last step is zero.
    """
    gradients = as_array("gradients", gradients, "T B H")
    norms = np.linalg.norm(gradients, axis=-1)  # (T, B)
    if not norms[-1].all():
        raise ValueError("gradients is zero at the last step; expected an error there.")
    return (norms / norms[-1]).mean(axis=1)


def sizes_back(xs: Array, targets: IndexArray, weights: RNNWeights, output: OutputWeights) -> Array:
    """Return the size of the gradient of the last step's loss at every state.

    Parameters
    ----------
    xs : array, shape (T, B, D)
    targets : array of int, shape (B,), values in [0, K)
        The right class after the last step.
    weights : RNNWeights
    output : OutputWeights

    Returns
    -------
    array, shape (T,), values at least 0
        As `sizes_by_step` returns it, for ∂L_T/∂h_t from the state h_0 = 0.

    Raises
    ------
    TypeError, ValueError
        As `utils.bptt.bptt` does.
    """
    every_step = np.broadcast_to(targets, (len(xs), *np.shape(targets)))  # the last one counts
    return sizes_by_step(bptt(xs, every_step, weights, output, steps=[len(xs) - 1]).d_hs)
