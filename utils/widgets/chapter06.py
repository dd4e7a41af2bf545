"""Live figures of chapter 06: a memory cell, half-lives, gates over a sentence, parameters."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets
import numpy as np

from utils.classifier import SequenceClassifier
from utils.data import grammar
from utils.memory import compute_fading, half_life
from utils.parameter_counts import BLOCKS, count_network
from utils.plots.counts import count_lines, draw_counts
from utils.plots.memory import draw_gates_over_words, draw_half_life
from utils.plots.style import new_figure
from utils.sentence_gates import (
    carrying_units,
    cells_apart,
    gates_over_sentence,
    sentence_of,
)
from utils.validation import Array
from utils.widgets.live_figure import LiveFigure
from utils.widgets.memory_cell import MemoryCellFigure
from utils.wording import counted

__all__ = [
    "RECALL",
    "explore_gates",
    "explore_half_life",
    "explore_memory_cell",
    "explore_parameter_counts",
]

LONGEST = 40
"""Words between noun and verb in `explore_gates`, at most."""
BIASES = (-3.0, 7.0)


# One memory cell, driven by hand


def explore_memory_cell() -> MemoryCellFigure:
    """Write, keep, erase and read a bit in one memory cell, with the gates as sliders.

    Returns
    -------
    MemoryCellFigure
    """
    return MemoryCellFigure()


# Forget bias and half-life


def explore_half_life() -> LiveFigure:
    """Turn the forget bias and see for how many steps a memory lasts.

    Returns
    -------
    LiveFigure
        Starts with a bias of 1, where half of a memory is gone after little more than 2 steps.
    """
    T = 60
    figure, axes = new_figure(1, 2, size=(10, 4), width_ratios=[1.35, 1])
    picture = draw_half_life(axes, T, BIASES)

    def update(bias: float, scale: float) -> str:
        fading = compute_fading(bias, scale, T)
        gate = 1 / (1 + np.exp(-bias))
        life = half_life(gate)
        shown = f"{bias + 0.0:.1f}".replace("-", "−")
        steps = counted(life, "step", digits=".3g")
        note = f"σ({shown}) = {gate:.3f}\nhalf-life {steps}"
        picture.move(bias, fading.direct, fading.total, note)
        return (
            f"Forget bias {bias:.1f}: a gate at {gate:.3f} halves a memory in {steps}. "
            f"In a random network with weights times {scale:.2f}, after {T} steps "
            f"{_share(fading.direct)} is left along the cell line and {_share(fading.total)} "
            "along all paths."
        )

    controls = {
        "bias": ipywidgets.FloatSlider(
            1.0,
            min=BIASES[0],
            max=BIASES[1],
            step=0.1,
            readout_format=".1f",
            description="forget bias b",
        ),
        "scale": ipywidgets.FloatSlider(
            1.0, min=0, max=2, step=0.05, description="factor on the weights"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="Forget bias and half-life",
    )


def _share(left: Array) -> str:
    return f"{left[-1]:.2g}" if left[-1] >= 1e-4 else "less than 0.0001"


# Gates of a trained network


QUANTITIES = {
    "forget gate (dark: 0, bright: 1)": "forget_gate",
    "input gate (dark: 0, bright: 1)": "input_gate",
    "output gate (dark: 0, bright: 1)": "output_gate",
    "candidate (blue: −1, red: 1)": "candidate",
    "tanh(c) (blue: −1, red: 1)": "cell_state",
    "hidden state (blue: −1, red: 1)": "hidden_state",
    "tanh(c), half of singular minus plural": "difference",
}


def explore_gates(models: Mapping[str, SequenceClassifier]) -> LiveFigure:
    """See what every unit of an LSTM does at every word of a sentence of your choice.

    Parameters
    ----------
    models : mapping of str to SequenceClassifier
        Networks to choose from, by a name in words; all with as many units.

    Returns
    -------
    LiveFigure
        Above one quantity of all units, sorted by how much they carry the number of the noun;
        below all gates of one unit. Everything is computed anew at every move.

    Raises
    ------
    TypeError
        If a cell is no LSTM.
    ValueError
        If there is no network, or they differ in size.
    """
    if not models:
        raise ValueError("models is empty; expected at least one trained network by name.")
    orders = {name: carrying_units(model) for name, model in models.items()}
    sizes = {len(order) for order in orders.values()}
    if len(sizes) > 1:
        raise ValueError(f"models have {sorted(sizes)} units; expected the same number in all.")
    (H,) = sizes
    figure, axes = new_figure(2, 1, size=(10.5, 6.6), height_ratios=[1.25, 1])
    picture = draw_gates_over_words(axes, H, LONGEST + 2)
    names = {value: name for name, value in QUANTITIES.items()}

    def update(
        model: str,
        number: str,
        distance: int,
        draw: int,
        distractors: str,
        quantity: str,
        unit: int,
    ) -> str:
        network, order = models[model], orders[model]
        if distractors != "none":
            distance = max(distance, grammar.SHORTEST_WITH_DISTRACTOR)
        run = gates_over_sentence(network, sentence_of(number, distance, draw, distractors))
        if quantity == "difference":
            shown = cells_apart(network, distance, draw, distractors) / 2
        else:
            shown = run.values[quantity]
        signed = quantity in ("candidate", "cell_state", "hidden_state", "difference")
        at = order[unit - 1]
        curves = {name: values[:, at] for name, values in run.values.items()}
        curves["prediction"] = run.were
        title = names[quantity]
        picture.move(shown[:, order].T, run.words, unit - 1, curves, title, signed)
        held, gates = curves["cell_state"], curves["forget_gate"][2:]
        kept = f"the product of its forget gates after the noun is {np.prod(gates):.2g}"
        return (
            f"Network {model}, {counted(distance, 'word')} between {run.words[1]} and the verb: "
            f"“were” has probability {run.were[-1]:.2f} in the end. Unit {unit} holds tanh(c) = "
            f"{held[1]:.2f} after the noun and {held[-1]:.2f} before the verb; {kept}."
        )

    controls = {
        "model": ipywidgets.Dropdown(options=list(models), description="network"),
        "number": ipywidgets.ToggleButtons(
            options=[("one: was", "singular"), ("many: were", "plural")], description="noun"
        ),
        "distance": ipywidgets.IntSlider(
            30, min=1, max=LONGEST, description="words between noun and verb"
        ),
        "draw": ipywidgets.IntSlider(1, min=0, max=20, description="sentence, number"),
        "distractors": ipywidgets.Dropdown(
            options=[("no other noun", "none"), ("another noun, at random", "random")],
            description="in between",
        ),
        "quantity": ipywidgets.Dropdown(options=QUANTITIES, description="shown above"),
        "unit": ipywidgets.IntSlider(1, min=1, max=H, description="unit shown below"),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="Gates over a sentence",
        steps={"unit": (1, 2, 3, 5, 8, H), "number": None},
    )


# Parameters


def explore_parameter_counts() -> LiveFigure:
    """Count the parameters of a recurrent network with the settings that ``torch`` has.

    Returns
    -------
    LiveFigure
        Starts with one LSTM layer of 128 units on 64 inputs, and the two biases of ``torch``.
    """
    figure, axes = new_figure(1, 2, size=(10, 3.4), width_ratios=[1.2, 1])
    picture = draw_counts(axes)

    def update(
        cell: str, D: int, H: int, layers: int, directions: int, projection: float, biases: int
    ) -> str:
        P = max(1, round(projection * H)) if projection < 1 and H > 1 else None
        settings = {"layers": layers, "bidirectional": directions == 2, "biases": biases}
        counts = {
            name: count_network(name, D, H, projection=P if name == "lstm" else None, **settings)
            for name in BLOCKS
        }
        chosen = counts[cell]
        lines = count_lines(chosen, biases)
        if P is not None:
            whose = "" if cell == "lstm" else " (of the LSTM alone)"
            lines.append(f"state projected to {P} of {H}{whose}")
        lines.append(f"in all {chosen.total:,}")
        picture.move({name: count.total for name, count in counts.items()}, cell, lines)
        return (
            f"{cell.upper()}, {counted(D, 'input')}, {counted(H, 'unit')}, "
            f"{counted(layers, 'layer')}, {counted(directions, 'direction')}, "
            f"{counted(biases, 'bias', 'biases')}: {chosen.total:,} parameters. RNN "
            f"{counts['rnn'].total:,}, GRU {counts['gru'].total:,}, LSTM {counts['lstm'].total:,}."
        )

    controls = {
        "cell": ipywidgets.ToggleButtons(
            options=[(name.upper(), name) for name in BLOCKS], value="lstm", description="cell"
        ),
        "D": ipywidgets.IntSlider(64, min=1, max=512, description="inputs D"),
        "H": ipywidgets.IntSlider(128, min=1, max=1024, description="units H"),
        "layers": ipywidgets.IntSlider(1, min=1, max=4, description="layers"),
        "directions": ipywidgets.ToggleButtons(
            options=[("one", 1), ("both", 2)], description="directions"
        ),
        "projection": ipywidgets.FloatSlider(
            1.0, min=0.1, max=1, step=0.1, description="state projected to, share of H"
        ),
        "biases": ipywidgets.ToggleButtons(
            options=[("none", 0), ("one", 1), ("two, as torch", 2)], value=2, description="biases"
        ),
    }
    return LiveFigure(
        figure,
        update,
        moving=picture.moving,
        controls=controls,
        title="How many parameters",
        steps={"H": (1, 32, 64, 128, 256, 512, 768, 1024), "cell": None},
    )


RECALL = (
    (
        "Write the two lines of the LSTM that have no weights in them. What is the factor from "
        "$c_{t-1}$ to $c_t$ along the cell line?",
        "$c_t = f_t \\odot c_{t-1} + i_t \\odot g_t$ and $h_t = o_t \\odot \\tanh(c_t)$. The "
        "factor is $f_t$, entry by entry: no matrix, no slope.",
    ),
    (
        "Which two paths lead into $\\partial L/\\partial c_t$?",
        "The one through $h_t$, times $o_t (1 - \\tanh^2 c_t)$, and the one from $c_{t+1}$, times "
        "$f_{t+1}$.",
    ),
    (
        "A forget gate stands at 0.5, at 0.9, at 0.99. After how many steps is half of a memory "
        "gone?",
        "After 1, 6.6 and 69 steps: $\\ln \\frac12 / \\ln f$.",
    ),
    (
        "An LSTM has 10 inputs and 20 units. How many parameters, with one bias for each gate and "
        "with torch's two?",
        "$4 \\cdot 20 \\cdot (10 + 20 + 1) = 2480$, and 80 more: 2560.",
    ),
    (
        "Chapter 05: what does a plain RNN multiply a gradient with at every step back?",
        "With $J_t^\\top$, $J_t = W_{hh}\\,\\mathrm{diag}(1 - h_t^2)$: the whole matrix and all "
        "slopes, whether or not there was anything to be changed.",
    ),
)
"""Questions and answers for ``recall`` at the end of the chapter."""
