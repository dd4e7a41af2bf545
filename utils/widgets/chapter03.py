"""Live figures of chapter 03: an error on its way back, and a gradient check to break."""

from __future__ import annotations

from functools import lru_cache

import ipywidgets
import numpy as np

from utils.bptt import BROKEN_TERMS, Example
from utils.cells import RNNWeights, init_output_weights, init_rnn_weights
from utils.gradient_flow import ErrorFlow, e3_example, error_flow
from utils.gradients import GradientReport
from utils.nudging import check_bptt
from utils.plots.gradient_flow import draw_error_flow, draw_gradient_check, in_words
from utils.plots.style import new_figure
from utils.widgets.live_figure import LiveFigure

__all__ = [
    "RECALL",
    "check_example",
    "compute_check",
    "compute_error_flow",
    "explore_error_flow",
    "explore_gradient_check",
    "unseen_mistakes",
]

_T = 4  # steps of the E_3 example
_PARAMETERS = ("W_hh", "W_xh", "b_h")


def compute_error_flow(error_at: int = 3, W_hh: float = 0.9, start: float = 0.5) -> ErrorFlow:
    """Compute the way back of one step's error in the E_3 example.

    Parameters
    ----------
    error_at : int, from 0 to 3
        The step whose error goes back.
    W_hh : float
        The recurrent weight.
    start : float, from -1 to 1
        The state before the first step.

    Returns
    -------
    ErrorFlow

    Raises
    ------
    TypeError, ValueError
        If an argument is outside these bounds.
    """
    return error_flow(e3_example(W_hh, start), error_at)


def explore_error_flow() -> LiveFigure:
    """Put the error at a step of the unrolled graph and watch its gradient flow back.

    Returns
    -------
    LiveFigure
        Starts with E_3 and all of its four terms.
    """
    controls: dict[str, ipywidgets.Widget] = {
        "error_at": ipywidgets.IntSlider(3, 0, _T - 1, description="error at step"),
        "steps_back": ipywidgets.IntSlider(_T, 0, _T, description="terms shown, latest first"),
        "W_hh": ipywidgets.FloatSlider(
            0.9, min=-2, max=2, step=0.1, readout_format=".1f", description="W_hh"
        ),
        "start": ipywidgets.FloatSlider(
            0.5, min=-1, max=1, step=0.1, readout_format=".1f", description="state before step 0"
        ),
        "parameter": ipywidgets.ToggleButtons(
            options=_PARAMETERS, value="W_hh", description="gradient of"
        ),
    }
    figure, (graph, bars) = new_figure(2, 1, size=(9.4, 5.6), height_ratios=[3.1, 1.2])
    picture = draw_error_flow(graph, bars, compute_error_flow())

    def update(error_at: int, steps_back: int, W_hh: float, start: float, parameter: str) -> str:
        flow = compute_error_flow(error_at, W_hh, start)
        picture.update(flow, parameter, steps_back)
        return _tell_flow(flow, parameter, steps_back)

    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="An error on its way back, term by term",
        steps=["error_at", "steps_back"],
    )


def _tell_flow(flow: ErrorFlow, parameter: str, steps_back: int) -> str:
    e = flow.error_at
    terms = flow.terms[parameter][: e + 1][::-1][:steps_back]
    if not len(terms):
        return f"The error E_{e} is {flow.error:.3f} nats; nothing has gone back yet."
    names = ", ".join(f"s_{e - i}" for i in range(len(terms)))
    numbers = ", ".join(f"{term + 0.0:+.3f}" for term in terms)
    total = flow.totals[parameter]
    missing = e + 1 - len(terms)
    rest = (
        f"{missing} of {e + 1} terms not shown, the whole is {total + 0.0:+.3f}"
        if missing
        else "the whole gradient"
    )
    told = f"Of ∂E_{e}/∂{parameter} the "
    if len(terms) == 1:
        told += f"term of {names} is {numbers}, {rest}."
    else:
        told += f"terms of {names} are {numbers}; together {terms.sum() + 0.0:+.3f}, {rest}."
        first, last = flow.d_states[e] + 0.0, flow.d_states[missing] + 0.0
        told += (
            f" From s_{e} back to s_{missing} the gradient goes from {first:+.3f} to {last:+.3f}."
        )
    return told


@lru_cache(maxsize=64)
def check_example(T: int, B: int, zero_start: bool = False) -> Example:
    """Draw the small network and the sequences of the gradient check, the same at each call.

    Parameters
    ----------
    T, B : int, at least 1
        Steps and sequences.
    zero_start : bool
        Whether the state before the first step is zero instead of random numbers.

    Returns
    -------
    Example
        D = 2, H = 3, K = 4.
    """
    rng = np.random.default_rng(10 * T + B)
    weights = init_rnn_weights(2, 3, rng)
    h_0 = rng.normal(0, 0.5, (B, 3))
    return Example(
        xs=rng.standard_normal((T, B, 2)),
        targets=rng.integers(0, 4, (T, B)),
        weights=RNNWeights(weights.W_xh, weights.W_hh, rng.normal(0, 0.3, 3)),
        output=init_output_weights(3, 4, rng),
        h_0=np.zeros_like(h_0) if zero_start else h_0,
    )


def compute_check(
    broken: str = "none", T: int = 4, B: int = 2, zero_start: bool = False
) -> GradientReport:
    """Check the gradients of all parameters numerically, with one line of the way back wrong.

    Parameters
    ----------
    broken : str
        ``"none"`` or a key of `utils.bptt.BROKEN_TERMS`.
    T, B : int, at least 1
    zero_start : bool
        As in `check_example`.

    Returns
    -------
    GradientReport

    Raises
    ------
    ValueError
        If there is no such mistake, or a size is below 1.
    """
    return check_bptt(check_example(T, B, zero_start), None if broken == "none" else broken)


def unseen_mistakes(T: int, B: int, zero_start: bool = False) -> list[str]:
    """Name the broken terms that the check does not see at these sizes.

    Parameters
    ----------
    T, B : int, at least 1
    zero_start : bool
        As in `check_example`.

    Returns
    -------
    list of str
        Keys of `utils.bptt.BROKEN_TERMS`.
    """
    return [key for key in BROKEN_TERMS if compute_check(key, T, B, zero_start).passed]


def explore_gradient_check() -> LiveFigure:
    """Break a line of backpropagation through time and see whose check fails.

    Returns
    -------
    LiveFigure
        Starts with W_hh not transposed, on four steps of two sequences.
    """
    options = [("nothing", "none"), *((term.title, key) for key, term in BROKEN_TERMS.items())]
    controls: dict[str, ipywidgets.Widget] = {
        "broken": ipywidgets.Dropdown(options=options, value="transpose", description="broken"),
        "T": ipywidgets.IntSlider(4, 1, 6, description="steps T"),
        "B": ipywidgets.IntSlider(2, 1, 3, description="sequences B"),
        "zero_start": ipywidgets.ToggleButtons(
            options=[("random", False), ("zero", True)], value=False, description="h_0 is"
        ),
    }
    figure, ax = new_figure(size=(8.4, 3.9))
    picture = draw_gradient_check(ax, compute_check("transpose"), " \n ")

    def update(broken: str, T: int, B: int, zero_start: bool) -> str:
        report = compute_check(broken, T, B, zero_start)
        picture.update(report, _code(broken))
        return _tell_check(report, broken, T, B)

    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="A gradient check to break",
        steps=["broken", "T"],
    )


def _code(broken: str) -> str:
    if broken == "none":
        return "as derived:  d_h = d_o @ W_hy.T + d_h_next\n             d_z = d_h * (1 - h**2)"
    term = BROKEN_TERMS[broken]
    return f"broken:  {term.line}\nright:   {term.right_line}"


def _tell_check(report: GradientReport, broken: str, T: int, B: int) -> str:
    what = "Nothing broken" if broken == "none" else f"Broken: {BROKEN_TERMS[broken].title}"
    caught = ""
    if broken != "none" and report.passed:
        caught = " The check does not see this mistake at these sizes."
    return f"{what}, with T = {T} and B = {B}. Gradients {in_words(report)}.{caught}"


RECALL = (
    (
        "Through which two paths does $h_t$ reach the loss?",
        "Through its own output $o_t$, and through the next state $h_{t+1}$.",
    ),
    (
        "What is $\\partial^+ h_t/\\partial W_{hh}$, and what does it hold fixed?",
        "The immediate derivative of step t alone: it holds $h_{t-1}$ fixed, although that "
        "depends on $W_{hh}$ too.",
    ),
    (
        "A check of all gradients passes with T = 1. What may still be wrong?",
        "What passes between the steps: the gradient from t + 1, the outputs of earlier steps, the "
        "sum over the steps. A missing transpose of $W_{hh}$ is seen even then, but only by $h_0$.",
    ),
    (
        "You halve the memory per state by using float32. What grows with T all the same?",
        "The cache: every state of every step is kept until the way back has used it. "
        "Checkpointing keeps about √T of them.",
    ),
    (
        "Chapter 02: which of weights, states and gradients exist once for all steps?",
        "The weights, and so their gradients, which are sums over the steps. States exist once "
        "for each step.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
