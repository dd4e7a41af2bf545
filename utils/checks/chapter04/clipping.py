"""Code: clipping by the norm of all gradients together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.checks.chapter04.formulas import CHAPTER, Array, constant
from utils.checks.engine import Check, Step

NAMES = ("W_xh", "W_hh", "b_h")
LIMITS = (0.1, 0.95, 8.0)  # of the norm: far below it; above each array's own; far above it
SCALES = (1.0, 1.0, 0.1)  # of the gradients: the norms are about 4, 4 and 0.4


def clip_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw three gradients of about equal norm."""
    D, H = sizes["D"], sizes["H"]
    drawn = [rng.normal(size=shape) for shape in ((D, H), (H, H), (H,))]
    scaled = [rng.uniform(2.0, 3.0) * d / np.sqrt((d**2).sum()) for d in drawn]
    gradients = {f"d_{name}": d for name, d in zip(NAMES, scaled, strict=True)}
    return {**gradients, "max_norm": length(*scaled)}


def length(*arrays: Array) -> float:
    """Return the Euclidean length of all arrays together."""
    return float(np.sqrt(sum((a**2).sum() for a in arrays)))


@dataclass
class ClipCheck(Check):
    """A check in which the limit is another share of the norm in every case."""

    def _make_inputs(self, case: int, seed: int | None = None) -> dict[str, Any]:
        drawn = super()._make_inputs(case, seed)
        inputs = {name: SCALES[case] * value for name, value in drawn.items()}
        return {**inputs, "max_norm": LIMITS[case] * inputs["max_norm"]}


def clipped_by(change: Any) -> dict[str, Step]:
    """Replace what happens to each gradient: ``change(gradient, max_norm, norm of all, cap)``."""
    return {
        "clipped_W_xh": lambda d_W_xh, max_norm, size, cap: change(d_W_xh, max_norm, size, cap),
        "clipped_W_hh": lambda d_W_hh, max_norm, size, cap: change(d_W_hh, max_norm, size, cap),
        "clipped_b_h": lambda d_b_h, max_norm, size, cap: change(d_b_h, max_norm, size, cap),
    }


check_clip = ClipCheck(
    "clip",
    chapter=CHAPTER,
    title="Clipping by the norm of all gradients",
    outputs={"clipped_W_xh": "D H", "clipped_W_hh": "H H", "clipped_b_h": "H", "norm": ""},
    inputs=clip_inputs,
    sizes=({"D": 3, "H": 4}, {"D": 5, "H": 2}, {"D": 3, "H": 4}),
    steps={
        "size": lambda d_W_xh, d_W_hh, d_b_h: length(d_W_xh, d_W_hh, d_b_h),
        "norm": lambda size: size,
        "ratio": lambda size, max_norm: max_norm / size,
        "cap": constant(1.0),
        "factor": lambda ratio, cap: min(cap, ratio),
        "clipped_W_xh": lambda d_W_xh, factor: d_W_xh * factor,
        "clipped_W_hh": lambda d_W_hh, factor: d_W_hh * factor,
        "clipped_b_h": lambda d_b_h, factor: d_b_h * factor,
    },
    hints=(
        "Think of all entries of the three arrays as one long vector. There is one norm, and one "
        "factor for everything.",
        "Square every entry, add up within each array, add up the three sums, and take the root "
        "once, at the end.",
        "The factor is `min(1.0, max_norm / norm)`: below the limit nothing changes. Multiply, "
        "which makes new arrays; `*=` would change the arrays that came in.",
    ),
)
for _key, _replaces, _message in (
    (
        "no_root",
        {"size": lambda d_W_xh, d_W_hh, d_b_h: length(d_W_xh, d_W_hh, d_b_h) ** 2},
        "The root is missing: this is the squared norm.",
    ),
    (
        "sum_of_norms",
        {"size": lambda d_W_xh, d_W_hh, d_b_h: length(d_W_xh) + length(d_W_hh) + length(d_b_h)},
        "The norms of the three arrays were added. Add their squares, and take the root of that.",
    ),
    (
        "largest_norm",
        {"size": lambda d_W_xh, d_W_hh, d_b_h: max(map(length, (d_W_xh, d_W_hh, d_b_h)))},
        "This is the largest of the three arrays' norms. All three make one norm.",
    ),
    (
        "mean_of_norms",
        {"size": lambda d_W_xh, d_W_hh, d_b_h: np.mean([*map(length, (d_W_xh, d_W_hh, d_b_h))])},
        "This is the mean of the three arrays' norms. All three make one norm: the root of the "
        "sum of all squares.",
    ),
    (
        "absolute_values",
        {
            "size": lambda d_W_xh, d_W_hh, d_b_h: sum(
                np.abs(d).sum() for d in (d_W_xh, d_W_hh, d_b_h)
            )
        },
        "The absolute values were added up. The norm squares, adds up and takes the root.",
    ),
    (
        "largest_entry",
        {
            "size": lambda d_W_xh, d_W_hh, d_b_h: max(
                np.abs(d).max() for d in (d_W_xh, d_W_hh, d_b_h)
            )
        },
        "This is the largest absolute value. The norm counts every entry.",
    ),
    (
        "mean_of_squares",
        {
            "size": lambda d_W_xh, d_W_hh, d_b_h: (
                length(d_W_xh, d_W_hh, d_b_h) / np.sqrt(d_W_xh.size + d_W_hh.size + d_b_h.size)
            )
        },
        "The squares were averaged. For a norm they are added up.",
    ),
    (
        "spectral_norms",
        {
            "size": lambda d_W_xh, d_W_hh, d_b_h: np.sqrt(
                np.linalg.norm(d_W_xh, 2) ** 2 + np.linalg.norm(d_W_hh, 2) ** 2 + (d_b_h**2).sum()
            )
        },
        "`np.linalg.norm(W, 2)` of a matrix is its largest singular value. Without the 2 it is "
        "the root of the sum of all squares.",
    ),
    (
        "bias_not_counted",
        {"size": lambda d_W_xh, d_W_hh: length(d_W_xh, d_W_hh)},
        "The norm leaves out `d_b_h`. All three arrays count.",
    ),
    (
        "input_weights_not_counted",
        {"size": lambda d_W_hh, d_b_h: length(d_W_hh, d_b_h)},
        "The norm leaves out `d_W_xh`. All three arrays count.",
    ),
    (
        "recurrent_weights_only",
        {"size": lambda d_W_hh: length(d_W_hh)},
        "This is the norm of `d_W_hh` alone. All three arrays count.",
    ),
    (
        "norm_after_clipping",
        {"norm": lambda size, max_norm: min(size, max_norm)},
        "This is the norm after clipping. Asked for is the one before: it is what tells you that "
        "a step was about to go wrong.",
    ),
    (
        "limit_for_norm",
        {"norm": lambda max_norm: max_norm},
        "This is the limit `max_norm`. Asked for is the norm that came in, before clipping.",
    ),
    (
        "factor_for_norm",
        {"norm": lambda size, max_norm: min(1.0, max_norm / size)},
        "This is the factor. Asked for is the norm before clipping.",
    ),
    (
        "ratio_turned_round",
        {"ratio": lambda size, max_norm: size / max_norm},
        "The ratio stands upside down: a norm of twice the limit needs the factor one half.",
    ),
    (
        "ratio_squared",
        {"ratio": lambda size, max_norm: (max_norm / size) ** 2},
        "The factor is squared. A vector times c has c times the length.",
    ),
    (
        "root_of_ratio",
        {"ratio": lambda size, max_norm: np.sqrt(max_norm / size)},
        "A root is taken of the ratio. A vector times c has c times the length.",
    ),
    (
        "unit_length",
        {"ratio": lambda size: 1 / size},
        "You divided by the norm alone, which gives length 1. The factor is `max_norm / norm`.",
    ),
    (
        "scaled_up",
        {"cap": constant(np.inf)},
        "A gradient within the limit was made longer. The factor is never above 1: "
        "`min(1.0, max_norm / norm)`.",
    ),
    (
        "max_for_min",
        {"factor": lambda ratio: max(1.0, ratio)},
        "You took the larger of 1 and the ratio, so long gradients stay and short ones grow. Take "
        "the smaller.",
    ),
    (
        "limit_as_factor",
        {"factor": lambda size, max_norm: max_norm if size > max_norm else 1.0},
        "Gradients above the limit were multiplied by `max_norm` itself. Divide by the norm too.",
    ),
    (
        "zero_above_the_limit",
        {"factor": lambda size, max_norm: float(size <= max_norm)},
        "Above the limit everything was set to zero. Shorten the gradient to the limit: its "
        "direction is still good.",
    ),
    (
        "by_value",
        clipped_by(lambda d, max_norm, size, cap: np.clip(d, -max_norm, max_norm)),
        "Each entry was clipped on its own, by value, which turns the direction. All entries get "
        "one factor.",
    ),
    (
        "not_clipped",
        clipped_by(lambda d, max_norm, size, cap: d),
        "The gradients come back as they were. Above the limit they are shortened to it.",
    ),
    (
        "norm_of_each",
        clipped_by(lambda d, max_norm, size, cap: d * min(cap, max_norm / length(d))),
        "Each array got a factor of its own, from its own norm. One norm over all arrays, one "
        "factor for all.",
    ),
    (
        "only_those_too_long",
        clipped_by(
            lambda d, max_norm, size, cap: d * (max_norm / size if length(d) > max_norm else 1.0)
        ),
        "Only arrays whose own norm is above the limit were multiplied. The factor is for all "
        "arrays as soon as the common norm is above the limit.",
    ),
    (
        "bias_not_clipped",
        {"clipped_b_h": lambda d_b_h: d_b_h},
        "`d_b_h` was not multiplied by the factor. All arrays get it.",
    ),
    (
        "recurrent_weights_not_clipped",
        {"clipped_W_hh": lambda d_W_hh: d_W_hh},
        "`d_W_hh` was not multiplied by the factor. All arrays get it.",
    ),
):
    check_clip.add_mistake(_key, _message, _replaces)
