"""Live figures of chapter 05: scalar chain, spectral radius, the cliff, agreement at a distance."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import ipywidgets
import numpy as np

from utils.agreement import accuracy_by_distance, gains_over_sentence
from utils.cells import RNNWeights
from utils.cells.rnn import slope_at_output
from utils.classifier import SequenceClassifier
from utils.cliff import CliffDescent, descend_cliff
from utils.data.grammar import SHORTEST_WITH_DISTRACTOR
from utils.initialisation import orthogonal_matrix
from utils.jacobians import backward_gains, power_norms, singular_values, spectral_radius
from utils.plots.cliff import compute_cliff_grid, draw_cliff_walk
from utils.plots.gains import draw_chain, draw_gains
from utils.plots.style import ROLE, new_figure
from utils.scalar_chain import ScalarChain, gradient_bound, run_chain
from utils.sequence import rnn_sequence
from utils.validation import Array, as_choice, as_count, as_number
from utils.widgets.live_figure import LiveFigure
from utils.wording import counted

__all__ = [
    "CLIFF_START",
    "RECALL",
    "RecurrentGains",
    "compute_chain_weights",
    "compute_recurrent_gains",
    "describe_cliff_walk",
    "explore_agreement_distance",
    "explore_cliff",
    "explore_scalar_chain",
    "explore_spectral_radius",
]

MOST_LAYERS = 60
KINDS = {
    "normal": "random numbers",
    "orthogonal": "orthogonal",
    "one-sided": "non-normal: each unit feeds the next ones",
}
CLIFF_START = (4.6, -1.8)
CLIFF_STEPS = 150
STUCK = 0.03
"""A walk on the cliff whose last loss is above this has been thrown off."""

_TITLES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "leaky ReLU"}


# The chain of single neurons


def compute_chain_weights(weight: float, T: int, kind: str) -> Array:
    """Return the weights of the explorer's chain: one weight T times, or own weights around it.

    Parameters
    ----------
    weight : float
        The weight, or what the own weights scatter around.
    T : int, at least 1
        Layers or steps.
    kind : {"one", "own"}
        Own weights are between 0.5 and 1.5 times `weight`.

    Returns
    -------
    array, shape (T,)

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    weight, T = as_number("weight", weight), as_count("T", T)
    if as_choice("kind", kind, ("one", "own")) == "one":
        return np.full(T, weight)
    return weight * np.random.default_rng(5).uniform(0.5, 1.5, T)


def explore_scalar_chain() -> LiveFigure:
    """Follow a gradient back through a chain of single neurons.

    Returns
    -------
    LiveFigure
        Starts with the sigmoid, weight 1, 20 layers.
    """
    start = {"activation": "sigmoid", "weight": 1.0, "bias": 0.0, "T": 20, "kind": "one"}
    figure, axes = new_figure(1, 2, size=(10, 3.8))

    def run(
        activation: str, weight: float, bias: float, T: int, kind: str
    ) -> tuple[ScalarChain, float]:
        weights = compute_chain_weights(weight, T, kind)
        bound = gradient_bound(float(np.abs(weights).max()), 1, activation)
        return run_chain(weights, 0.5, activation, bias), float(np.log10(bound))

    picture = draw_chain(axes, *run(**start), MOST_LAYERS)

    def update(activation: str, weight: float, bias: float, T: int, kind: str) -> str:
        chain, bound = run(activation, weight, bias, T, kind)
        picture.move(chain, bound)
        left = chain.logs[0]
        size = "nothing" if np.isneginf(left) else f"10 to the power {left:.1f}"
        whose = "the same weight" if kind == "one" else "weights of their own"
        return (
            f"{_TITLES[activation]}, {counted(T, 'layer')} with {whose}, {weight:.2f} in the "
            f"middle and bias {bias:.1f}: {size} is left of the gradient at the first layer."
        )

    controls = {
        "activation": ipywidgets.Dropdown(
            options=[(title, name) for name, title in _TITLES.items()],
            value=start["activation"],
            description="activation",
        ),
        "kind": ipywidgets.ToggleButtons(
            options=[("one weight, T times (RNN)", "one"), ("own weights (deep chain)", "own")],
            value=start["kind"],
            description="weights",
            style={"button_width": "auto"},
        ),
        "weight": ipywidgets.FloatSlider(
            start["weight"], min=0.1, max=6, step=0.05, description="weight w"
        ),
        "bias": ipywidgets.FloatSlider(
            start["bias"], min=-3, max=3, step=0.1, readout_format=".1f", description="bias b"
        ),
        "T": ipywidgets.IntSlider(
            start["T"], min=1, max=MOST_LAYERS, description="length T (layers)"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="A chain of single neurons",
        steps={
            "weight": (0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0),
            "activation": ("sigmoid", "tanh", "relu"),
        },
    )


# Spectral radius


class RecurrentGains(NamedTuple):
    """Gains of a random recurrent network and the powers that they are compared with."""

    gains: Array  #: (T + 1,) log10, after 0 … T steps back
    powers: Array  #: (T + 1,) log10 of the largest singular value of W^k
    radius: float  #: largest absolute eigenvalue of W
    largest_singular_value: float  #: of W
    mean_slope: float  #: of the activation, over steps and units


def compute_recurrent_gains(
    radius: float,
    kind: str = "normal",
    activation: str = "tanh",
    drive: float = 0.3,
    T: int = 100,
    H: int = 48,
    seed: int = 0,
) -> RecurrentGains:
    """Measure the gradient norm over time in a random network of a given spectral radius.

    Parameters
    ----------
    radius : float above 0
        Spectral radius of W_hh.
    kind : {"normal", "orthogonal", "one-sided"}
        How W_hh is drawn before it is scaled.
    activation : {"tanh", "relu", "sigmoid", "leaky_relu"}
    drive : float of at least 0
        Standard deviation of the sum that the input adds at every unit.
    T, H : int
        Steps and hidden units.
    seed : int

    Returns
    -------
    RecurrentGains

    Raises
    ------
    TypeError, ValueError
        If a setting is not as described.
    """
    radius = as_number("radius", radius, above=0)
    drive = as_number("drive", drive, at_least=0)
    as_choice("kind", kind, KINDS)
    base, base_powers = _recurrent_matrix(kind, H, T, seed)
    W_hh = radius * base
    rng = np.random.default_rng([seed, 1])
    D = 8
    weights = RNNWeights(rng.standard_normal((D, H)) / np.sqrt(D), W_hh, np.zeros(H))
    xs = drive * rng.standard_normal((T, 8, D))
    sequence = rnn_sequence(xs, None, weights, activation=activation)
    logs = backward_gains(sequence, weights)[::-1]  # (T + 1, B), from the last state back
    powers = base_powers + np.arange(T + 1) * np.log10(radius)
    return RecurrentGains(
        logs.mean(axis=1),
        powers,
        spectral_radius(W_hh),
        float(singular_values(W_hh)[0]),
        float(slope_at_output(sequence.hs, activation).mean()),
    )


@lru_cache(maxsize=8)
def _recurrent_matrix(kind: str, H: int, T: int, seed: int) -> tuple[Array, Array]:
    """Return a matrix of spectral radius 1, and log10 of the norms of its powers."""
    rng = np.random.default_rng(seed)
    if kind == "orthogonal":
        W = orthogonal_matrix(rng, H)
    else:
        W = rng.standard_normal((H, H)) / np.sqrt(H)
        if kind == "one-sided":
            W = np.eye(H) + np.triu(W, 1)  # all eigenvalues are 1
    W = W / spectral_radius(W)
    return W, power_norms(W, T)


def explore_spectral_radius() -> LiveFigure:
    """Compare the spectral radius of W_hh with the gradient norm over time that it leads to.

    Returns
    -------
    LiveFigure
        Starts with random numbers and a radius of 1.1, where the powers of W_hh grow and the
        gradient nevertheless vanishes.
    """
    T = 100
    start = compute_recurrent_gains(1.1)
    figure, ax = new_figure(size=(9.5, 4.2))
    powers, radii = r"$\Vert W_{hh}^k \Vert_2$", "radius$^k$"
    curves = {"gain, measured": start.gains, powers: start.powers}
    curves[radii] = np.arange(T + 1) * np.log10(1.1)
    picture = draw_gains(ax, curves, ylim=(-16, 12), beside=True)

    def update(radius: float, kind: str, activation: str, drive: float) -> str:
        data = compute_recurrent_gains(radius, kind, activation, drive)
        ideal = np.arange(T + 1) * np.log10(radius)
        note = (
            f"spectral radius {data.radius:.2f}, largest singular value "
            f"{data.largest_singular_value:.2f}\nmean slope of the activation "
            f"{data.mean_slope:.2f}"
        )
        moved = {"gain, measured": data.gains, powers: data.powers, radii: ideal}
        picture.move(moved, note)
        end = data.gains[-1]
        left = "nothing" if np.isneginf(end) else f"10 to the power {end:.1f}"
        return (
            f"W_hh {KINDS[kind]}, spectral radius {radius:.2f}, {_TITLES[activation]}: after "
            f"{T} steps back {left} is left of the gradient; the powers of W_hh alone have "
            f"reached 10 to the power {data.powers[-1]:.1f}."
        )

    controls = {
        "radius": ipywidgets.FloatSlider(
            1.1, min=0.3, max=2.0, step=0.01, description="spectral radius"
        ),
        "kind": ipywidgets.Dropdown(
            options=[(words, kind) for kind, words in KINDS.items()], description="W_hh"
        ),
        "activation": ipywidgets.Dropdown(
            options=[(title, name) for name, title in _TITLES.items()],
            value="tanh",
            description="activation",
        ),
        "drive": ipywidgets.FloatSlider(
            0.3, min=0, max=2, step=0.05, description="strength of the input"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="Spectral radius against gradient norm over time",
        steps={"radius": (0.3, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0), "kind": None},
    )


# The cliff


def describe_cliff_walk(descent: CliffDescent) -> tuple[str, str]:
    """Say in a word and in a sentence how a walk on the cliff ended.

    Parameters
    ----------
    descent : CliffDescent

    Returns
    -------
    word, sentence : str
    """
    largest, at = float(descent.norms.max()), int(descent.norms.argmax())
    w, b = descent.path[-1]
    where = f"It ends at w = {w:.2f}, b = {b:.2f} with a loss of {descent.losses[-1]:.2g}"
    met = f"the longest gradient, {largest:.3g}, is met at update {at}"
    if descent.losses[-1] > STUCK:
        return "not arrived", f"{where}, far from the minimum; {met}."
    return "arrived" if descent.losses[-1] < 1e-3 else "on its way", f"{where}; {met}."


def explore_cliff() -> LiveFigure:
    """Walk down to the cliff with a clipping threshold of your choice.

    Returns
    -------
    LiveFigure
        Starts without clipping, where one step throws the parameters off the map.
    """
    grid = compute_cliff_grid()
    figure, axes = new_figure(1, 2, size=(10.5, 4.3), width_ratios=[1.35, 1])
    first = descend_cliff(CLIFF_START, 0.5, CLIFF_STEPS)
    picture = draw_cliff_walk(axes, grid, first, "", CLIFF_STEPS)

    def update(clipping: str, threshold: float, learning_rate: float) -> str:
        walk = descend_cliff(CLIFF_START, learning_rate, CLIFF_STEPS, clipping, threshold)
        word, sentence = describe_cliff_walk(walk)
        picture.move(walk, word)
        how = "Without clipping" if clipping == "none" else f"Clipped by {clipping}"
        limit = "" if clipping == "none" else f" to {threshold:.3g}"
        return f"{how}{limit}, learning rate {learning_rate:.2f}: {word}. {sentence}"

    controls = {
        "clipping": ipywidgets.ToggleButtons(
            options=[("no clipping", "none"), ("by norm", "norm"), ("by value", "value")],
            value="none",
            description="clipping",
            style={"button_width": "auto"},
        ),
        "threshold": ipywidgets.FloatLogSlider(
            0.1, min=-3, max=2, step=0.1, readout_format=".3g", description="threshold c"
        ),
        "learning_rate": ipywidgets.FloatSlider(
            0.5, min=0.05, max=3, step=0.05, description="learning rate"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="A walk to the cliff",
        steps={"clipping": None, "threshold": (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)},
    )


# Agreement


def explore_agreement_distance(models: Mapping[str, SequenceClassifier]) -> LiveFigure:
    """Test trained networks at all distances, with their recurrent weights scaled as you like.

    Parameters
    ----------
    models : mapping of str to SequenceClassifier
        Networks to choose from, by a name in words; they are not changed.

    Returns
    -------
    LiveFigure
        Left the share of right verbs at 1 to 30 words, right the gain from the verb back to the
        noun; both are computed anew at every move.

    Raises
    ------
    ValueError
        If there is no network.
    """
    if not models:
        raise ValueError("models is empty; expected at least one trained network by name.")
    distances = np.arange(1, 31)
    figure, (left, right) = new_figure(1, 2, size=(10, 3.8))
    left.axhline(0.5, **ROLE["reference"])
    left.set(xlim=(0.5, 30.5), ylim=(-0.03, 1.05), xlabel="words between noun and verb")
    left.set(ylabel="share of right verbs", title="tested at every distance")
    (line,) = left.plot([], [], **ROLE["prediction"], marker="o", markersize=5)
    picture = draw_gains(
        right,
        {"gain": np.zeros(31)},
        xlabel="steps back from the verb",
        ylim=(-18, 6),
        title="gradient at earlier states",
    )

    def update(name: str, factor: float, distractors: str) -> str:
        model = models[name]
        cell = model.cell._replace(W_hh=factor * model.cell.W_hh)
        scaled = SequenceClassifier(cell, model.output, model.activation)
        shortest = 0 if distractors == "none" else SHORTEST_WITH_DISTRACTOR
        possible = distances[distances >= shortest]
        accuracies = accuracy_by_distance(scaled, possible, 60, distractors)
        line.set_data(possible, accuracies)
        gains = gains_over_sentence(scaled, 30, 8)[::-1]
        picture.move({"gain": gains[:31]})
        far = float(accuracies[-1])
        return (
            f"Network {name}, W_hh times {factor:.2f}: {accuracies[0]:.0%} right with "
            f"{counted(possible[0], 'word')} between noun and verb, {far:.0%} with 30; of the "
            f"gradient 10 to the power {gains[30]:.1f} is left after 30 steps back."
        )

    controls = {
        "name": ipywidgets.Dropdown(options=list(models), description="trained on (words)"),
        "factor": ipywidgets.FloatSlider(
            1.0, min=0.2, max=2.0, step=0.05, description="factor on W_hh"
        ),
        "distractors": ipywidgets.Dropdown(
            options=[
                ("no other noun", "none"),
                ("another noun, at random", "random"),
                ("another noun, of the other number", "opposite"),
            ],
            description="in between",
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=[line, *picture.moving],
        controls=controls,
        title="Agreement against distance",
        steps={"factor": (0.2, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0), "name": None},
    )


RECALL = (
    (
        "Which two things stand in the Jacobian of one step, and on which side is the slope?",
        "$W_{hh}$ and the slopes: $J_t = W_{hh}\\,\\mathrm{diag}(f'(z_t))$ with row vectors. The "
        "slope of unit $j$ scales column $j$.",
    ),
    (
        "What is the difference between a deep chain with own weights and a recurrent network, "
        "when the product is small?",
        "In the chain every layer has a weight of its own, and the early ones hardly move. In the "
        "recurrent network there is one weight; its gradient is a sum over the steps, in which "
        "the near ones drown the far ones.",
    ),
    (
        "The spectral radius of $W_{hh}$ is 0.9. Can a gradient grow on its way back?",
        "Yes, for a while: the largest singular value may be above 1. In the end the powers of "
        "$W_{hh}$ vanish.",
    ),
    (
        "Why does clipping by value turn the gradient and clipping by norm not?",
        "By norm all entries get the same factor. By value only the large ones are cut, so that "
        "their share shrinks.",
    ),
    (
        "Chapter 03: which two paths lead into $\\partial L/\\partial h_t$?",
        "The one through the output of step t, and the one through $h_{t+1}$.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
