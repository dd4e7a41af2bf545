"""Losses of a recurrent network with something in it moved, and the check that moves everything.

What the derivation of backpropagation through time is held to: each function answers what the
loss would be if one thing were different, and knows nothing of gradients.
"""

from __future__ import annotations

import numpy as np

from utils.bptt import Example, bptt, broken_bptt, sequence_loss
from utils.cells import OutputWeights, RNNWeights
from utils.gradients import GradientReport, check_gradients
from utils.losses import softmax_cross_entropy
from utils.validation import Array, as_array, as_choice

__all__ = ["check_bptt", "loss_at", "loss_from", "loss_of_copies", "parameters_of"]


def parameters_of(example: Example) -> dict[str, Array]:
    """Return the six parameters by name: W_xh, W_hh, b_h, W_hy, b_y and h_0.

    Parameters
    ----------
    example : Example

    Returns
    -------
    dict of str to array
    """
    return {**example.weights._asdict(), **example.output._asdict(), "h_0": example.h_0}


def loss_at(example: Example, **parameters: Array) -> float:
    """Return the loss of an example, summed over all steps, with some parameters exchanged.

    Parameters
    ----------
    example : Example
    **parameters : array
        By the names of `parameters_of`; those left out stay as they are.

    Returns
    -------
    loss : float, at least 0, in nats

    Raises
    ------
    TypeError, ValueError
        If there is no such parameter, and as `bptt` does.
    """
    p = parameters_of(example)
    for name in parameters:
        as_choice("the parameter", name, p)
    p |= parameters
    weights = RNNWeights(p["W_xh"], p["W_hh"], p["b_h"])
    output = OutputWeights(p["W_hy"], p["b_y"])
    return sequence_loss(example.xs, example.targets, weights, output, p["h_0"])


def loss_from(example: Example, t: int, h_t: Array, follow: bool = True) -> float:
    """Return the loss from step t on, L_t + … + L_T, when step t leaves another state behind.

    Parameters
    ----------
    example : Example
    t : int, from 0 to T - 1
        The step, counted from 0.
    h_t : array, shape (B, H)
        The state after it.
    follow : bool
        Whether the later states follow. If not they are held fixed, and L_t alone is returned,
        since the later losses do not change.

    Returns
    -------
    loss : float, at least 0, in nats

    Raises
    ------
    TypeError, ValueError
        As `bptt` does.
    """
    xs, targets, weights, output, _ = example
    logits = as_array("h_t", h_t, "B H") @ output.W_hy + output.b_y
    loss = float(softmax_cross_entropy(logits, targets[t], "sum"))
    if follow and t + 1 < len(xs):
        loss += sequence_loss(xs[t + 1 :], targets[t + 1 :], weights, output, h_t)
    return loss


def loss_of_copies(example: Example, W_hh_copies: Array) -> float:
    """Return the loss when every step has a recurrent matrix of its own.

    Parameters
    ----------
    example : Example
    W_hh_copies : array, shape (T, H, H)
        One matrix for each step; with T equal ones the loss is that of the network itself.

    Returns
    -------
    loss : float, at least 0, in nats
        Summed over all steps.

    Raises
    ------
    TypeError, ValueError
        If the shape is another one.
    """
    xs, targets, weights, output, h_t = example
    T, H = len(xs), h_t.shape[1]
    copies = as_array("W_hh_copies", W_hh_copies, (str(T), str(H), str(H)))
    logits = []
    for x_t, W_hh in zip(xs, copies, strict=True):
        h_t = np.tanh(x_t @ weights.W_xh + h_t @ W_hh + weights.b_h)
        logits.append(h_t @ output.W_hy + output.b_y)
    return float(softmax_cross_entropy(np.stack(logits), targets, "sum"))


def check_bptt(example: Example, broken: str | None = None) -> GradientReport:
    """Hold the gradients of all six parameters to central differences of the loss.

    Parameters
    ----------
    example : Example
    broken : str, optional
        A key of `utils.bptt.BROKEN_TERMS`: the mistake to make on the way back. Without it, none.

    Returns
    -------
    GradientReport
        With the rows W_xh, W_hh, b_h, W_hy, b_y and h_0.

    Raises
    ------
    TypeError, ValueError
        If there is no such mistake, and as `bptt` does.
    """
    run = bptt(*example) if broken is None else broken_bptt(broken, *example)
    return check_gradients(lambda p: loss_at(example, **p), parameters_of(example), run.gradients)
