"""Experiment: how far back a gradient reaches, by spectral radius, by kind of matrix, by input."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from utils.checks.chapter05.norms import products_back, sizes_of
from utils.checks.chapter05.predict import CHAPTER, EXPLODES, KEEPS, VANISHES
from utils.checks.engine import Case, Check
from utils.checks.running import Answer, Problem
from utils.initialisation import orthogonal_matrix

Array = np.ndarray
T, D, H = 100, 4, 32
RADII = (0.7, 0.9, 1.1, 1.3)
GAINS = (0.7, 0.9, 1.1)


@functools.cache
def set_up() -> tuple[Array, Array, Array, Array]:
    """Draw what the exercise draws: inputs, W_xh, a normal and an orthogonal W_hh of radius 1."""
    rng = np.random.default_rng(5)
    xs = rng.standard_normal((T, D))
    W_xh = 0.3 * rng.standard_normal((D, H)) / np.sqrt(D)
    normal = rng.standard_normal((H, H))
    normal = normal / np.abs(np.linalg.eigvals(normal)).max()
    return xs, W_xh, normal, orthogonal_matrix(rng, H)


@functools.cache
def curve_back(
    which: str, radius: float, input_scale: float = 1.0, kind: str = "spectral", way: str = "right"
) -> Array:
    """Measure ‖∂h_T/∂h_{T−k}‖ for k = 0 … T of the network that the exercise sets up."""
    xs, W_xh, normal, orthogonal = set_up()
    W_hh = radius * (normal if which == "normal" else orthogonal)
    h_t, Js = np.zeros(H), []
    for x_t in input_scale * xs:
        h_t = np.tanh(x_t @ W_xh + h_t @ W_hh)
        Js.append(W_hh * (1 - h_t**2 if way != "no slope" else 1.0))
    order = "reversed" if way == "reversed" else "right"
    return sizes_of(products_back(np.stack(Js), order), kind)[::-1]


def first_below(curves: Array, limit: float) -> Array:
    """Return for each curve over k the first k at which it lies below the limit."""
    return (curves < limit).argmax(axis=1)


def curves_of(which: str, scales: tuple[float, ...], input_scale: Any, kind: Any, way: Any):
    """Stack the curves of several scales: (scales, T + 1)."""
    return np.stack([curve_back(which, s, float(input_scale), str(kind), str(way)) for s in scales])


class ReachCheck(Check):
    """The check of two lists and a choice; of a list of another length it says what is counted.

    A None within a list is told apart from a list that is still open.
    """

    def run(self, answer: Any, cases: Sequence[Case]) -> list[Answer]:
        """Name the radii of entries that are None; a list of nothing else is still open."""
        answers = super().run(answer, cases)
        if isinstance(answer, (tuple, list)) and len(answer) == len(self.outputs):
            answer = dict(zip(self.outputs, answer, strict=True))
        if not isinstance(answer, Mapping):
            return answers
        outputs = dict(answers[0].outputs)
        for name, scales in (("normal", RADII), ("orthogonal", GAINS)):
            values = answer.get(name)
            if name not in outputs or not isinstance(values, (tuple, list)):
                continue
            missing = [value is None for value in values]
            if values and all(missing):
                outputs[name] = None
            elif any(missing) and len(values) == len(scales):
                outputs[name] = Problem("not numbers", _missing_text(name, scales, missing))
        return [Answer(outputs, answers[0].problem)] * len(cases)

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say how many numbers are expected, or which of them are wrong."""
        if name == "without_input" or not isinstance(value, np.ndarray):
            return ""
        scales = RADII if name == "normal" else GAINS
        if value.shape != right.shape:
            listed = ", ".join(map(str, scales))
            return f"`{name}`: one number for each of {listed} is expected, in one list."
        wrong = [str(s) for s, v, r in zip(scales, value, right, strict=True) if v != r]
        if 0 < len(wrong) < len(scales):
            return f"`{name}` is wrong at radius {', '.join(wrong)} and right at the others."
        return ""


def _missing_text(name: str, scales: Sequence[float], missing: Sequence[bool]) -> str:
    """Say at which radii a list has None, and what that would mean of a curve."""
    places = ", ".join(str(scale) for scale, none in zip(scales, missing, strict=True) if none)
    count = sum(missing)
    entries = "one entry is" if count == 1 else f"{count} entries are"
    curves = "that curve never falls" if count == 1 else "those curves never fall"
    return (
        f"`{name}`: {entries} None (radius {places}): {curves} below 0.01? All seven right curves "
        "do, within the 100 steps."
    )


check_reach = ReachCheck(
    "reach",
    chapter=CHAPTER,
    title="How far does the gradient reach?",
    outputs={
        "normal": "radius",
        "orthogonal": "radius",
        "without_input": (VANISHES, KEEPS, EXPLODES),
    },
    steps={
        "share": lambda: 0.01,
        "kind": lambda: "spectral",
        "way": lambda: "right",
        "input_scale": lambda: 1.0,
        "normal_curves": lambda input_scale, kind, way: curves_of(
            "normal", RADII, input_scale, kind, way
        ),
        "orthogonal_curves": lambda input_scale, kind, way: curves_of(
            "orthogonal", GAINS, input_scale, kind, way
        ),
        "shift": lambda: 0,
        "normal": lambda normal_curves, share, shift: first_below(normal_curves, share) + shift,
        "orthogonal": lambda orthogonal_curves, share, shift: (
            first_below(orthogonal_curves, share) + shift
        ),
        "without_input": lambda: EXPLODES,
    },
    hints=(
        "Each network gives one curve of norms. `norms[::-1]` starts at the end: entry k is what "
        "is left after k steps back.",
        "`norms[::-1] < 0.01` is an array of False and True; `np.argmax` of it is the index of "
        "the first True.",
        "For the last question call `jacobians_of(1.3 * normal, 0 * xs)` and print the norm at "
        "t = 0. With no input all states stay 0, so what is every slope?",
    ),
)
for _key, _message, _replaces in (
    (
        "last_step_above",
        "Each is one too small: these are the last steps back at which 1 % is still left.",
        {"shift": lambda: -1},
    ),
    (
        "counted_from_one",
        "Each is one too large. `norms[::-1][0]` belongs to k = 0, no step back at all.",
        {"shift": lambda: 1},
    ),
    (
        "ten_per_cent",
        "These are the steps back after which less than 10 % is left. Asked for is 1 %.",
        {"share": lambda: 0.1},
    ),
    (
        "one_per_mille",
        "These are the steps back after which less than 0.1 % is left. Asked for is 1 %.",
        {"share": lambda: 0.001},
    ),
    (
        "below_one",
        "These are the steps back after which the norm is below 1. Asked for are those "
        "after which it is below 0.01.",
        {"share": lambda: 1.0},
    ),
    (
        "frobenius",
        "The curves are Frobenius norms. Asked for is the spectral norm, "
        "`np.linalg.norm(product, 2)`.",
        {"kind": lambda: "frobenius"},
    ),
    (
        "gain",
        "The curves are mean gains, the Frobenius norm over the root of H. Asked for is the "
        "spectral norm.",
        {"kind": lambda: "gain"},
    ),
    (
        "spectral_radius",
        "The curves are spectral radii of the products. Asked for are their spectral norms.",
        {"kind": lambda: "radius"},
    ),
    (
        "factors_reversed",
        "The products have their factors in reversed order: the Jacobian of the earlier step "
        "stands on the left.",
        {"way": lambda: "reversed"},
    ),
    (
        "index_of_the_step",
        "These are indices t, counted from the start. Asked for is the number of steps back, "
        "`T − t`.",
        {
            "normal": lambda normal_curves, share, shift: (
                T - first_below(normal_curves, share) - shift
            ),
            "orthogonal": lambda orthogonal_curves, share, shift: (
                T - first_below(orthogonal_curves, share) - shift
            ),
        },
    ),
    (
        "from_the_wrong_end",
        "The curves were searched from t = 0, where next to nothing is left: the first entry is "
        "below 1 % at once. Turn them round first.",
        {
            "normal": lambda normal_curves, share: first_below(normal_curves[:, ::-1], share),
            "orthogonal": lambda orthogonal_curves, share: first_below(
                orthogonal_curves[:, ::-1], share
            ),
        },
    ),
    (
        "normal_for_orthogonal",
        "These are the numbers of the normal matrix. The orthogonal one keeps the gradient longer.",
        {
            "orthogonal": lambda normal_curves, share, shift: (
                first_below(normal_curves[:3], share) + shift
            )
        },
    ),
    (
        "orthogonal_for_normal",
        "The first three are the numbers of the orthogonal matrix.",
        {
            "normal": lambda orthogonal_curves, normal_curves, share, shift: (
                np.append(
                    first_below(orthogonal_curves, share),
                    first_below(normal_curves[3:], share),
                )
                + shift
            )
        },
    ),
    (
        "without_input_vanishes",
        "It did vanish with the input, which pushed tanh away from its middle. Without input all "
        "states stay 0, where the slope is 1: what is the Jacobian then?",
        {"without_input": lambda: VANISHES},
    ),
    (
        "without_input_keeps",
        "Without input every slope is 1, so every Jacobian is `W_hh` itself, whose spectral "
        "radius is 1.3. What is 1.3 to the power 100?",
        {"without_input": lambda: KEEPS},
    ),
):
    check_reach.add_mistake(_key, _message, _replaces)
