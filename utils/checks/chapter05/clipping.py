"""Code: how far three ways of clipping turn a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.calling import tuple_as_list
from utils.checks.chapter05.predict import CHAPTER
from utils.checks.comparing import wrong_places
from utils.checks.engine import Check

Array = np.ndarray


def angle_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw three gradients, one of them far longer than the others, and two limits."""
    D, H = sizes["D"], sizes["H"]
    d_W_xh = 0.4 * rng.normal(size=(D, H))
    d_W_hh = rng.normal(size=(H, H))
    d_W_hh *= 6 * np.linalg.norm(d_W_xh) / np.linalg.norm(d_W_hh)
    d_b_h = rng.normal(size=H)
    d_b_h *= 0.8 * np.linalg.norm(d_W_xh) / np.linalg.norm(d_b_h)
    return {
        "d_W_xh": d_W_xh,
        "d_W_hh": d_W_hh,
        "d_b_h": d_b_h,
        "limit": float(0.3 * np.abs(d_W_hh).max()),
        "max_norm": float(1.5 * np.linalg.norm(d_W_xh)),
    }


def shortened(g: Array, max_norm: float, whole: bool = False) -> Array:
    """Shorten `g` to `max_norm` where it is longer, or give it that length in any case."""
    factor = max_norm / np.linalg.norm(g)
    return g * (factor if whole else min(1.0, factor))


def flat(*gradients: Array) -> Array:
    """Return all gradients as one long vector."""
    return np.concatenate([g.ravel() for g in gradients])


def cosine(a: Array, b: Array) -> float:
    """Return the cosine of the angle between two vectors; 0 where one of them is zero."""
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / lengths) if lengths else 0.0


class AngleCheck(Check):
    """The check of the angles; NaN has one common cause here, and the report names it."""

    def describe(self, name: str, value: Any, right: Any) -> str:
        """Say where NaN angles come from."""
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.isnan(value).any():
            return (
                f"`{name}` holds NaN. `np.arccos` gives that for a number above 1, and rounding "
                "can push a cosine there: `np.clip(cosine, -1, 1)`."
            )
        if isinstance(value, np.ndarray) and value.shape == right.shape:
            good = ~wrong_places(value, right, self.tolerance)
            if good.any():
                words = ("by value", "each array alone", "by global norm")
                wrong = " and ".join(w for w, g in zip(words, good, strict=True) if not g)
                rest = " and ".join(w for w, g in zip(words, good, strict=True) if g)
                return f"`{name}`: not right for {wrong}; right for {rest}."
        return ""


check_turned_angles = AngleCheck(
    "turned_angles",
    chapter=CHAPTER,
    title="How far does clipping turn a gradient?",
    sizes=({"D": 3, "H": 4}, {"D": 5, "H": 2}, {"D": 2, "H": 3}),
    inputs=angle_inputs,
    call=tuple_as_list,
    outputs={"angles": "ways"},
    steps={
        "limit_used": lambda limit: limit,
        "norm_used": lambda max_norm: max_norm,
        "whole": lambda d_W_xh, d_W_hh, d_b_h: flat(d_W_xh, d_W_hh, d_b_h),
        "by_value": lambda whole, limit_used: np.clip(whole, -limit_used, limit_used),
        "each_alone": lambda d_W_xh, d_W_hh, d_b_h, norm_used: flat(
            *(shortened(g, float(norm_used)) for g in (d_W_xh, d_W_hh, d_b_h))
        ),
        "by_norm": lambda whole, norm_used: shortened(whole, float(norm_used)),
        "looked_at": lambda whole: np.ones(len(whole)),
        "cosines": lambda whole, by_value, each_alone, by_norm, looked_at: np.array(
            [
                cosine(looked_at * whole, looked_at * clipped)
                for clipped in (by_value, each_alone, by_norm)
            ]
        ),
        "radians": lambda cosines: np.arccos(np.clip(cosines, -1, 1)),
        "unit": lambda: 180 / np.pi,
        "angles": lambda radians, unit: unit * radians,
    },
    tolerance=1e-4,  # near 0 degrees, rounding in a cosine shows in the fifth digit
    hints=(
        "Make one long vector of the three gradients before clipping, and one of them after it: "
        "`np.concatenate([g.ravel() for g in gradients.values()])`.",
        "The cosine of the angle between two vectors is their dot product over the product of "
        "their lengths. `np.arccos` gives the angle in radians, `np.degrees` makes degrees of it.",
        "`clip_by_value` and `clip_by_global_norm` take a dictionary. To clip each array alone, "
        "give the second one a dictionary with one entry at a time. Rounding: "
        "`np.clip(cosine, -1, 1)` before `arccos`.",
    ),
)
for _key, _message, _replaces in (
    (
        "limits_swapped",
        "The two limits have changed places: `limit` bounds an entry, `max_norm` the length.",
        {"limit_used": lambda max_norm: max_norm, "norm_used": lambda limit: limit},
    ),
    (
        "limit_is_max_norm",
        "Clipping by value was done with `max_norm`. Its bound for each entry is `limit`.",
        {"limit_used": lambda max_norm: max_norm},
    ),
    (
        "max_norm_is_limit",
        "Clipping by norm was done with `limit`. The bound of a length is `max_norm`.",
        {"norm_used": lambda limit: limit},
    ),
    (
        "upper_limit_only",
        "By value, only entries above `limit` were cut. Those below `-limit` are cut too.",
        {"by_value": lambda whole, limit_used: np.minimum(whole, limit_used)},
    ),
    (
        "negative_entries_lost",
        "By value, negative entries became 0. The range is from `-limit` to `limit`.",
        {"by_value": lambda whole, limit_used: np.clip(whole, 0, limit_used)},
    ),
    (
        "signs_alone",
        "By value, every entry became `limit` with a sign. Entries within the range stay as they "
        "are.",
        {"by_value": lambda whole, limit_used: limit_used * np.sign(whole)},
    ),
    (
        "large_entries_dropped",
        "By value, entries beyond `limit` became 0. They are set to the limit, with their sign.",
        {"by_value": lambda whole, limit_used: np.where(np.abs(whole) > limit_used, 0.0, whole)},
    ),
    (
        "short_arrays_stretched",
        "Alone, every array was given the length `max_norm`, the short ones too. Clipping only "
        "shortens: the factor is at most 1.",
        {
            "each_alone": lambda d_W_xh, d_W_hh, d_b_h, norm_used: flat(
                *(shortened(g, float(norm_used), whole=True) for g in (d_W_xh, d_W_hh, d_b_h))
            )
        },
    ),
    (
        "one_factor_for_each",
        "The second angle should be that of clipping each array on its own: a norm and a factor "
        "for each. Here one factor went to all of them.",
        {"each_alone": lambda whole, norm_used: shortened(whole, float(norm_used))},
    ),
    (
        "norm_of_each_array",
        "By global norm, each array was clipped by its own norm, so the factors differ and the "
        "direction turns. The norm is that of all arrays together.",
        {"by_norm": lambda each_alone: each_alone},
    ),
    (
        "value_for_norm",
        "By global norm, the entries were cut one by one, as in clipping by value. One factor "
        "for the whole gradient keeps its direction.",
        {"by_norm": lambda by_value: by_value},
    ),
    (
        "recurrent_alone",
        "The angle was taken for `d_W_hh` alone. The update moves all weights together, so all "
        "three arrays belong into the vector.",
        {
            "looked_at": lambda d_W_xh, d_W_hh, d_b_h: flat(
                0 * d_W_xh, np.ones_like(d_W_hh), 0 * d_b_h
            )
        },
    ),
    (
        "bias_left_out",
        "The bias is left out of the vectors between which the angle is measured.",
        {
            "looked_at": lambda d_W_xh, d_W_hh, d_b_h: flat(
                np.ones_like(d_W_xh), np.ones_like(d_W_hh), 0 * d_b_h
            )
        },
    ),
    (
        "input_weights_left_out",
        "`d_W_xh` is left out of the vectors between which the angle is measured.",
        {
            "looked_at": lambda d_W_xh, d_W_hh, d_b_h: flat(
                0 * d_W_xh, np.ones_like(d_W_hh), np.ones_like(d_b_h)
            )
        },
    ),
    (
        "mean_of_angles",
        "An angle was taken for each array, and their mean returned. Join the arrays to one "
        "vector first; it has one angle.",
        {
            "radians": lambda d_W_xh, d_W_hh, d_b_h, by_value, each_alone, by_norm: np.array(
                [
                    np.mean(_angles_of_parts((d_W_xh, d_W_hh, d_b_h), clipped))
                    for clipped in (by_value, each_alone, by_norm)
                ]
            )
        },
    ),
    (
        "lengths_left_out",
        "The dot product was not divided by the two lengths before `arccos`.",
        {
            "cosines": lambda whole, by_value, each_alone, by_norm: np.array(
                [whole @ clipped for clipped in (by_value, each_alone, by_norm)]
            )
        },
    ),
    (
        "one_length",
        "The dot product was divided by the square of one length. The clipped gradient has a "
        "length of its own.",
        {
            "cosines": lambda whole, by_value, each_alone, by_norm: np.array(
                [whole @ clipped / (whole @ whole) for clipped in (by_value, each_alone, by_norm)]
            )
        },
    ),
    (
        "angle_to_what_was_cut",
        "This is the angle between the gradient and what clipping took away. Compare the gradient "
        "before with the gradient after.",
        {
            "cosines": lambda whole, by_value, each_alone, by_norm: np.array(
                [cosine(whole, whole - clipped) for clipped in (by_value, each_alone, by_norm)]
            )
        },
    ),
    (
        "cosines_returned",
        "These are the cosines. The angles are `np.degrees(np.arccos(cosine))`.",
        {"angles": lambda cosines: cosines},
    ),
    (
        "one_minus_cosine",
        "These are cosine distances, 1 − cos. Asked for are angles in degrees.",
        {"angles": lambda cosines: 1 - cosines},
    ),
    (
        "in_radians",
        "The angles are in radians. Asked for are degrees: `np.degrees`.",
        {"unit": lambda: 1.0},
    ),
    (
        "degrees_to_radians",
        "The angles went through the conversion the wrong way: `np.radians` takes degrees. The "
        "way from radians is `np.degrees`.",
        {"unit": lambda: np.pi / 180},
    ),
    (
        "sine_for_cosine",
        "`np.arcsin` was used. The dot product over the lengths is a cosine.",
        {"radians": lambda cosines: np.arcsin(np.clip(cosines, -1, 1))},
    ),
    (
        "order_reversed",
        "The three angles stand in reversed order. Asked for: by value, each array alone, by "
        "global norm.",
        {"angles": lambda radians, unit: unit * radians[::-1]},
    ),
    (
        "norms_swapped",
        "The second and the third angle have changed places: first each array alone, then the "
        "global norm.",
        {"angles": lambda radians, unit: unit * radians[[0, 2, 1]]},
    ),
    (
        "shares_of_the_norm",
        "This is how much of the length is left. Asked for is by how much the direction turns.",
        {
            "angles": lambda whole, by_value, each_alone, by_norm: np.array(
                [
                    np.linalg.norm(clipped) / np.linalg.norm(whole)
                    for clipped in (by_value, each_alone, by_norm)
                ]
            )
        },
    ),
):
    check_turned_angles.add_mistake(_key, _message, _replaces)


def _angles_of_parts(parts: tuple[Array, ...], clipped: Array) -> list[float]:
    """Return an angle in radians for each array."""
    ends = np.cumsum([part.size for part in parts])[:-1]
    return [
        float(np.arccos(np.clip(cosine(part.ravel(), cut), -1, 1)))
        for part, cut in zip(parts, np.split(clipped, ends), strict=True)
    ]
