"""Experiment: how wide to draw the first weights of a deep network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from utils.checks.chapter01.formulas import CHAPTER, Array, constant, sigmoid
from utils.checks.engine import Check, Property

# --- measure: the spread of the values in every layer --------------------------------------------


def spread_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a batch and one weight matrix for each of the layers."""
    L, B, H = (sizes[name] for name in "LBH")
    return {
        "x": rng.normal(size=(B, H)),
        "weights": 1.5 * rng.normal(size=(L, H, H)) / np.sqrt(H),
    }


def values_of_layers(x, weights, activation=np.tanh):
    """Return the values of every layer, stacked: (L, B, H)."""
    values = []
    for W in weights:
        x = activation(x @ W)
        values.append(x)
    return np.stack(values)


check_layer_spread = Check(
    "layer_spread",
    chapter=CHAPTER,
    title="The spread of the values, layer by layer",
    sizes=({"L": 4, "B": 6, "H": 5}, {"L": 2, "B": 3, "H": 7}),
    inputs=spread_inputs,
    outputs={"spread": "L"},
    steps={"spread": lambda x, weights: values_of_layers(x, weights).std(axis=(1, 2))},
    hints=(
        "A loop over the layers. Each layer reads what the one before has put out.",
        "`for W in weights` visits the layers. Keep one variable for the values and replace it "
        "in each turn; note its `.std()` in a list.",
        "In each turn: the values become tanh of the values times `W`, then their standard "
        "deviation over all entries goes onto the list. Return the list as an array.",
    ),
)
for _key, _message, _replace in (
    (
        "before_tanh",
        "This is the spread of the sums, before tanh. Measure what the layer puts out.",
        lambda x, weights: _sums(x, weights).std(axis=(1, 2)),
    ),
    (
        "tanh_missing",
        "There is no tanh between the layers: this is a chain of products alone.",
        lambda x, weights: values_of_layers(x, weights, lambda z: z).std(axis=(1, 2)),
    ),
    (
        "sigmoid_for_tanh",
        "The layers have sigmoids here. Asked are tanh units.",
        lambda x, weights: values_of_layers(x, weights, sigmoid).std(axis=(1, 2)),
    ),
    (
        "every_layer_reads_x",
        "Every layer reads `x`. From the second on, a layer reads the values of the one before.",
        lambda x, weights: np.array([np.tanh(x @ W).std() for W in weights]),
    ),
    (
        "weights_turned",
        "The weights are transposed. Samples are rows, so `W` stands on the right as it is.",
        lambda x, weights: values_of_layers(x, weights.transpose(0, 2, 1)).std(axis=(1, 2)),
    ),
    (
        "spread_of_input_too",
        "The list starts with the spread of `x`. Asked is one number for each layer, L in all.",
        lambda x, weights: np.append(x.std(), values_of_layers(x, weights).std(axis=(1, 2))),
    ),
    (
        "one_layer_late",
        "The spread is noted before the layer is computed: the first number is that of `x`, and "
        "the last layer is missing.",
        lambda x, weights: np.append(x.std(), values_of_layers(x, weights).std(axis=(1, 2))[:-1]),
    ),
    (
        "variance",
        "This is the variance. The standard deviation is its square root.",
        lambda x, weights: values_of_layers(x, weights).var(axis=(1, 2)),
    ),
    (
        "root_mean_square",
        "This is the root of the mean square. For the standard deviation the mean of the values "
        "is taken away first.",
        lambda x, weights: np.sqrt((values_of_layers(x, weights) ** 2).mean(axis=(1, 2))),
    ),
    (
        "mean_of_units",
        "The spread is taken for each unit, then averaged over the units. Take one standard "
        "deviation over all entries of a layer.",
        lambda x, weights: values_of_layers(x, weights).std(axis=1).mean(axis=1),
    ),
    (
        "mean_of_samples",
        "The spread is taken for each sample, then averaged over the samples. Take one standard "
        "deviation over all entries of a layer.",
        lambda x, weights: values_of_layers(x, weights).std(axis=2).mean(axis=1),
    ),
    (
        "mean_size",
        "This is the mean of the absolute values. Asked is the standard deviation.",
        lambda x, weights: np.abs(values_of_layers(x, weights)).mean(axis=(1, 2)),
    ),
    (
        "mean",
        "This is the mean of the values. Asked is their standard deviation.",
        lambda x, weights: values_of_layers(x, weights).mean(axis=(1, 2)),
    ),
    (
        "spread_per_unit",
        "There is a number for each unit: the spread over the batch alone. Take it over all "
        "entries of a layer, one number per layer.",
        lambda x, weights: values_of_layers(x, weights).std(axis=1),
    ),
    (
        "spread_per_sample",
        "There is a number for each sample: the spread over the units alone. Take it over all "
        "entries of a layer, one number per layer.",
        lambda x, weights: values_of_layers(x, weights).std(axis=2),
    ),
    (
        "last_layer_only",
        "This is the last layer only. Note one number in every turn of the loop.",
        lambda x, weights: values_of_layers(x, weights)[-1].std(),
    ),
    (
        "values_returned",
        "These are the values of all layers. Asked is one number per layer, their standard "
        "deviation.",
        lambda x, weights: values_of_layers(x, weights),
    ),
    (
        "degrees_of_freedom",
        "The sum of squares is divided by the count minus one. Divide by the count, as "
        "`np.std` does.",
        lambda x, weights: values_of_layers(x, weights).std(axis=(1, 2), ddof=1),
    ),
):
    check_layer_spread.add_mistake(_key, _message, {"spread": _replace})


def _sums(x: Array, weights: Array) -> Array:
    before = np.concatenate([x[None], values_of_layers(x, weights)[:-1]])
    return before @ weights


# --- find: the width that keeps the spread -------------------------------------------------------

WIDTH, LAYERS, SAMPLES = 100, 10, 200
TARGET, TOLERANCE = 0.5, 0.05
SHRINKS, KEEPS, SATURATES = "shrinks towards 0", "stays in between", "sticks near -1 and 1"


def spread_after_ten_layers(gain: float, seed: int = 0) -> float:
    """Return the spread of the tenth layer for weights of standard deviation gain/√100."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((SAMPLES, WIDTH))
    with np.errstate(all="ignore"):  # a gain may be as large as a number can be
        weights = gain * rng.standard_normal((LAYERS, WIDTH, WIDTH)) / np.sqrt(WIDTH)
        return float(values_of_layers(x, weights)[-1].std())


def keeps_the_spread(gain: Array) -> bool:
    """Tell whether `gain` is one number above 0 that keeps the spread near one half."""
    if gain.size != 1 or not np.isfinite(gain).all() or not (gain > 0).all():
        return False
    return abs(spread_after_ten_layers(float(gain.item())) - TARGET) < TOLERANCE


check_width_regimes = Check(
    "width_regimes",
    chapter=CHAPTER,
    title="What three widths do to ten layers",
    outputs=dict.fromkeys(("gain_0.3", "gain_1", "gain_5"), (SHRINKS, KEEPS, SATURATES)),
    steps={
        "gain_0.3": lambda: SHRINKS,
        "gain_1": lambda: KEEPS,
        "gain_5": lambda: SATURATES,
    },
    hints=(
        "Print the spread of all ten layers for each gain and read along the row.",
        "tanh ends at −1 and 1. If nearly all values lie at the two ends, half of them at each, "
        "what is their standard deviation?",
        "One of the three falls by the same factor in every layer, one falls more slowly the "
        "further it goes, one stays above 0.9.",
    ),
)
for _quantity, _key, _value, _message in (
    ("gain_0.3", "narrow_kept", KEEPS, "Read the last number of the row: how far from 0 is it?"),
    (
        "gain_0.3",
        "narrow_saturated",
        SATURATES,
        "A spread near 0 says that all values are close to each other, around 0.",
    ),
    (
        "gain_1",
        "one_shrinks",
        SHRINKS,
        "It falls, but slowly: compare its last number with that of the smallest gain.",
    ),
    (
        "gain_1",
        "one_saturated",
        SATURATES,
        "For values at −1 and 1 the spread would be close to 1.",
    ),
    (
        "gain_5",
        "wide_kept",
        KEEPS,
        "The spread does stay, but where? Near 1 nearly every value sits at an end of tanh.",
    ),
    ("gain_5", "wide_shrinks", SHRINKS, "Read along the row: the spread does not fall."),
):
    check_width_regimes.add_mistake(_key, _message, {_quantity: constant(_value)})


def gain_fault(_inputs: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Say in which direction a gain misses, or that it is no gain."""
    gain = np.asarray(found["gain"])
    if gain.size != 1 or not gain.item() > 0:
        return "hand in one number above 0."
    spread = spread_after_ten_layers(gain.item())
    if not np.isfinite(spread):
        return "the values of layer ten are no finite numbers any more; draw less wide."
    way = "draw wider" if spread < 0.45 else "draw less wide"
    return f"your gain gives {spread:.2f} there; {way}."


check_initial_gain = Check(
    "initial_gain",
    chapter=CHAPTER,
    title="A width that keeps the spread at one half",
    outputs={"gain": ""},
    properties=(
        Property(
            "A spread between 0.45 and 0.55 in layer ten",
            lambda _, found: keeps_the_spread(found["gain"]),
            gain_fault,
        ),
    ),
    hints=(
        "Call your function with `gain * draws` for a gain between 1 and 5 and look at the last "
        "number.",
        "Too small a number: raise the gain. Too large: lower it. Halve the interval each time.",
        "At gain 1 the last number is too small, at gain 2 too large.",
    ),
)
