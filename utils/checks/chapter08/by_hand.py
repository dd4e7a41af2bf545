"""By hand: one step of a GRU with two units, the reset gate after and before the product."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import CHAPTER, candidate_sum, constant, sigmoid
from utils.checks.engine import Check

H_PREV = np.array([0.8, -0.4])
SUM_R = np.array([np.log(3), -np.log(3)])
SUM_Z = np.array([0.0, np.log(4)])
FROM_X = np.array([0.2, 0.3])
W_HN = np.array([[1.0, 0.5], [-1.0, 2.0]])
B_HN = np.array([0.1, -0.2])


def blend(kept: Any, candidate: Any) -> Any:
    """Mix the old state and the candidate; `kept` is the share of the old state."""
    return (1 - kept) * candidate + kept * H_PREV


check_gru_by_hand = Check(
    "gru_by_hand",
    chapter=CHAPTER,
    title="One step by hand, the reset gate in both places",
    outputs=dict.fromkeys(("r", "z", "n_after", "h_after", "n_before", "h_before"), "unit"),
    steps={
        "r": lambda: sigmoid(SUM_R),
        "z": lambda: sigmoid(SUM_Z),
        "old": constant(H_PREV),
        "gate": lambda r: r,
        "W_hn": constant(W_HN),
        "inner": constant(B_HN),
        "placement_after": constant("after"),
        "n_after": lambda old, gate, W_hn, inner, placement_after: np.tanh(
            candidate_sum(FROM_X, old, gate, W_hn, inner, str(placement_after))
        ),
        "kept": lambda z: z,
        "h_after": lambda kept, n_after: blend(kept, n_after),
        "inner_before": lambda: 0 * B_HN,
        "placement_before": constant("before"),
        "n_before": lambda old, gate, W_hn, inner_before, placement_before: np.tanh(
            candidate_sum(FROM_X, old, gate, W_hn, inner_before, str(placement_before))
        ),
        "h_before": lambda kept, n_before: blend(kept, n_before),
    },
    decimals=3,
    hints=(
        "The sigmoid of ln 3 is 3/4, since e to the power −ln 3 is 1/3. Then the two candidates: "
        "in one of them the product with `W_hn` comes first, in the other the reset gate.",
        "A row vector times `W_hn`: the first entry is made with the first column. After: "
        "product, plus `b_hn`, times r. Before: old state times r, then the product.",
        "After: the product is (1.2, −0.4), with `b_hn` (1.3, −0.6), times r (0.975, −0.15), then "
        "add the part of the input and take tanh. Before: r times the old state is (0.6, −0.1). "
        "Blend: (1 − z) times n plus z times the old state.",
    ),
)
for _key, _message, _replaces in (
    (
        "r_through_tanh",
        "The sum went through tanh. A gate goes through the sigmoid, between 0 and 1.",
        {"r": lambda: np.tanh(SUM_R)},
    ),
    (
        "r_turned",
        "This is 1 − r, the sigmoid of minus the sum.",
        {"r": lambda: sigmoid(-SUM_R)},
    ),
    (
        "r_is_the_sum",
        "This is the sum. The gate is its sigmoid.",
        {"r": lambda: SUM_R},
    ),
    (
        "z_through_tanh",
        "The sum went through tanh. A gate goes through the sigmoid: a sum of 0 gives one half.",
        {"z": lambda: np.tanh(SUM_Z)},
    ),
    (
        "z_turned",
        "This is 1 − z, the sigmoid of minus the sum.",
        {"z": lambda: sigmoid(-SUM_Z)},
    ),
    (
        "z_is_the_sum",
        "This is the sum. The update gate is its sigmoid.",
        {"z": lambda: SUM_Z},
    ),
    (
        "gate_is_z",
        "In the candidate stands z. What comes from the old state is multiplied by r there.",
        {"gate": lambda z: z},
    ),
    (
        "gate_turned",
        "In the candidate stands 1 − r. What comes from the old state is multiplied by r.",
        {"gate": lambda r: 1 - r},
    ),
    (
        "W_hn_transposed",
        "`W_hn` is transposed in the product. States are rows on its left: entry j of the product "
        "is made with column j.",
        {"W_hn": constant(W_HN.T)},
    ),
    (
        "after_is_before",
        "r was multiplied in before the product, and `b_hn` added. Asked is after: product, plus "
        "`b_hn`, then times r.",
        {"placement_after": constant("before")},
    ),
    (
        "after_is_the_paper_s",
        "r was multiplied in before the product, without `b_hn`. Asked is after: product, plus "
        "`b_hn`, then times r.",
        {
            "n_after": lambda old, gate, W_hn: np.tanh(
                candidate_sum(FROM_X, old, gate, W_hn, 0 * B_HN, "before")
            )
        },
    ),
    (
        "b_hn_outside",
        "`b_hn` was added outside the reset gate. It stands inside: product plus `b_hn`, all of it "
        "times r.",
        {"placement_after": constant("bias outside")},
    ),
    (
        "b_hn_forgotten",
        "`b_hn` is missing. It is added to the product before r is multiplied in.",
        {"inner": lambda: 0 * B_HN},
    ),
    (
        "r_ignored",
        "The reset gate is missing from the candidate.",
        {"placement_after": constant("ignored")},
    ),
    (
        "r_times_everything",
        "r multiplies the part of the input too. It belongs to the part of the old state alone.",
        {"placement_after": constant("everything")},
    ),
    (
        "n_after_is_the_sum",
        "This is the sum. The candidate is its tanh.",
        {
            "n_after": lambda old, gate, W_hn, inner, placement_after: candidate_sum(
                FROM_X, old, gate, W_hn, inner, str(placement_after)
            )
        },
    ),
    (
        "n_after_through_sigmoid",
        "The candidate went through the sigmoid. It goes through tanh, so that it can be negative.",
        {
            "n_after": lambda old, gate, W_hn, inner, placement_after: sigmoid(
                candidate_sum(FROM_X, old, gate, W_hn, inner, str(placement_after))
            )
        },
    ),
    (
        "blend_swapped",
        "z and 1 − z have changed places in the blend: here z is the share of the old state.",
        {"kept": lambda z: 1 - z},
    ),
    (
        "blend_with_r",
        "The blend was made with r. It is made with z.",
        {"kept": lambda r: r},
    ),
    (
        "h_after_whole_candidate",
        "The candidate was added whole. It has the share 1 − z.",
        {"h_after": lambda kept, n_after: n_after + kept * H_PREV},
    ),
    (
        "h_after_without_old",
        "The old state is missing from the blend: its share is z.",
        {"h_after": lambda kept, n_after: (1 - kept) * n_after},
    ),
    (
        "before_is_after",
        "r was multiplied in after the product, without `b_hn`. Asked is before: old state times "
        "r, then the product.",
        {"placement_before": constant("after")},
    ),
    (
        "before_is_torch_s",
        "This is the candidate with the reset gate after the product and `b_hn` in it. Asked is "
        "before: old state times r, then the product, no `b_hn`.",
        {
            "n_before": lambda old, gate, W_hn: np.tanh(
                candidate_sum(FROM_X, old, gate, W_hn, B_HN, "after")
            )
        },
    ),
    (
        "before_with_b_hn",
        "`b_hn` was added. With the reset gate before the product there is no such bias.",
        {"inner_before": constant(B_HN)},
    ),
    (
        "before_r_ignored",
        "Here the reset gate is missing: multiply the old state by r, then by `W_hn`.",
        {"placement_before": constant("ignored")},
    ),
    (
        "n_before_is_the_sum",
        "This is the sum inside. The candidate is its tanh.",
        {
            "n_before": lambda old, gate, W_hn, inner_before, placement_before: candidate_sum(
                FROM_X, old, gate, W_hn, inner_before, str(placement_before)
            )
        },
    ),
    (
        "h_before_swapped",
        "In this blend z and 1 − z have changed places: z is the share of the old state.",
        {"h_before": lambda z, n_before: blend(1 - z, n_before)},
    ),
    (
        "h_before_with_reset_state",
        "The blend has r times the old state in it. The reset gate acts inside the candidate "
        "alone; the blend takes the old state as it is.",
        {"h_before": lambda z, r, n_before: (1 - z) * n_before + z * r * H_PREV},
    ),
):
    check_gru_by_hand.add_mistake(_key, _message, _replaces)
