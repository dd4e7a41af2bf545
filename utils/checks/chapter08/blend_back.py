"""Code: back through the blend, to the sums of update gate and candidate and to the old state."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import CHAPTER
from utils.checks.chapter08.slopes import add_sigmoid_mistakes, add_tanh_mistakes
from utils.checks.engine import Check
from utils.checks.ordering import OrderedCheck

Array = np.ndarray


def blend_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a gradient at the new state, and what the blend was made of."""
    shape = sizes["B"], sizes["H"]
    return {
        "d_h_t": rng.normal(size=shape),
        "h_prev": rng.uniform(-0.9, 0.9, size=shape),
        "update_gate": rng.uniform(0.1, 0.9, size=shape),
        "candidate": rng.uniform(-0.9, 0.9, size=shape),
    }


# From the gradient at the new state to the two sums; the whole step back starts with these too.
TO_SUMS = {
    "slope_n": lambda candidate: 1 - candidate**2,
    "taken": lambda update_gate: 1 - update_gate,
    "d_a_n": lambda d_h_t, taken, slope_n: d_h_t * taken * slope_n,
    "gap": lambda h_prev, candidate: h_prev - candidate,
    "slope_z": lambda update_gate: update_gate * (1 - update_gate),
    "d_a_z": lambda d_h_t, gap, slope_z: d_h_t * gap * slope_z,
}

check_blend_back = OrderedCheck(
    "blend_back",
    chapter=CHAPTER,
    title="Back through the blend",
    outputs=dict.fromkeys(("d_a_z", "d_a_n", "d_h_direct"), "B H"),
    inputs=blend_inputs,
    sizes=({"B": 3, "H": 2}, {"B": 2, "H": 5}, {"B": 1, "H": 4}),
    steps={
        **TO_SUMS,
        "kept": lambda update_gate: update_gate,
        "d_h_direct": lambda d_h_t, kept: d_h_t * kept,
    },
    hints=(
        "h_t = (1 − z) n + z h_prev is a sum of products, entry by entry. Take the derivative of "
        "`h_t` in n, in z and in `h_prev`, the two others held fixed.",
        "They are 1 − z, h_prev − n, and z. Two of the three answers then go back through one "
        "function more, tanh or the sigmoid, since they belong to the sums.",
        "The slope of tanh is 1 − n², that of the sigmoid z(1 − z). So `d_a_n` has three factors: "
        "`d_h_t`, 1 − z and 1 − n²; `d_a_z` has `d_h_t`, h_prev − n and z(1 − z).",
    ),
)


def add_blend_mistakes(check: Check) -> None:
    """Let a check with the steps `TO_SUMS` and `kept` know the mistakes on the way to the sums."""
    add_tanh_mistakes(check)
    add_sigmoid_mistakes(check, "update_gate", "z")
    for key, message, replaces in (
        (
            "blend_swapped",
            "z and 1 − z have changed places, as if `h_t` were z n + (1 − z) h_prev. Here z is the "
            "share of the old state.",
            {
                "taken": lambda update_gate: update_gate,
                "gap": lambda h_prev, candidate: candidate - h_prev,
                "kept": lambda update_gate: 1 - update_gate,
            },
        ),
        (
            "taken_swapped",
            "`h_t` takes 1 − z of the candidate, so this factor is 1 − z, not z.",
            {"taken": lambda update_gate: update_gate},
        ),
        (
            "taken_missing",
            "The factor 1 − z is left out: `h_t` takes only this share of the candidate.",
            {"taken": lambda update_gate: np.ones(update_gate.shape)},
        ),
        (
            "gap_turned",
            "The sign is turned: with z rising, `h_t` moves from n to `h_prev`, so the factor is "
            "h_prev − n.",
            {"gap": lambda h_prev, candidate: candidate - h_prev},
        ),
        (
            "gap_without_candidate",
            "z stands twice in the blend: in z h_prev and in (1 − z) n. The second gives −n, which "
            "is missing here.",
            {"gap": lambda h_prev: h_prev},
        ),
        (
            "gap_without_state",
            "z stands twice in the blend: in (1 − z) n and in z h_prev. The second gives + h_prev, "
            "which is missing here.",
            {"gap": lambda candidate: -candidate},
        ),
        (
            "gap_added",
            "The factor is h_prev − n, not h_prev + n: the share of n is 1 − z, which falls "
            "when z rises.",
            {"gap": lambda h_prev, candidate: h_prev + candidate},
        ),
        (
            "gap_missing",
            "The factor h_prev − n is left out: it says how far `h_t` moves with z.",
            {"gap": lambda h_prev: np.ones(h_prev.shape)},
        ),
    ):
        check.add_mistake(key, message, replaces)


add_blend_mistakes(check_blend_back)
for _key, _message, _step in (
    (
        "direct_swapped",
        "The old state has the share z in `h_t`, not 1 − z.",
        lambda update_gate: 1 - update_gate,
    ),
    (
        "direct_unweighted",
        "z is missing: `h_t` keeps only this share of the old state.",
        lambda update_gate: np.ones(update_gate.shape),
    ),
    (
        "direct_through_sigmoid",
        "z(1 − z) belongs to the way to the sum of the gate. The old state is multiplied by z.",
        lambda update_gate: update_gate * (1 - update_gate),
    ),
):
    check_blend_back.add_mistake(_key, _message, {"kept": _step})
