"""By hand: the terms of ∂E_3/∂W_hh, one for each state that the gradient passes through."""

from __future__ import annotations

import numpy as np

from utils.checks.chapter03.formulas import CHAPTER
from utils.checks.engine import Check

# One hidden unit, two classes; steps counted from 0. Going back: s_3, s_2, s_1, s_0, then s_{-1}.
STATES = np.array([0.6, -0.4, 0.5, 0.2])
BEFORE = np.array([-0.4, 0.5, 0.2, -0.5])  # the state that each of these steps read
W_HH = 1.5
W_HY = np.array([-1.0, 1.5])
Y_HAT = np.array([0.7, 0.3])
TARGET = np.array([1.0, 0.0])


def chain(first, slopes, weight):
    """Return ∂E_3/∂s_k for k = 3, 2, 1, 0."""
    d_s = [first]
    for slope in slopes[:-1]:
        d_s.append(d_s[-1] * slope * weight)
    return np.array(d_s)


check_e3_terms = Check(
    "e3_terms",
    chapter=CHAPTER,
    title="The terms of ∂E_3/∂W_hh by hand",
    outputs={"d_s": "S", "terms": "S", "total": ""},
    steps={
        "error": lambda: Y_HAT - TARGET,
        "slopes": lambda: 1 - STATES**2,
        "weight": lambda: W_HH,
        "way_back": lambda error, slopes, weight: chain(error @ W_HY, slopes, weight),
        "d_s": lambda way_back: way_back,
        "local": lambda slopes: slopes,
        "read": lambda: BEFORE,
        "terms": lambda d_s, local, read: d_s * local * read,
        "total": lambda terms: terms.sum(),
    },
    decimals=3,
    hints=(
        "Go from the right to the left. First the gradient that reaches `s_3` from its output; "
        "then, one step at a time, multiply by what lies between a state and the one before it.",
        "∂E_3/∂o is ŷ minus the one-hot target; times the two weights of `W_hy`, added up, it is "
        "∂E_3/∂s_3. Between `s_3` and `s_2` lie two factors: the slope 1 − s_3² and `W_hh`.",
        "The term of `s_k` is ∂E_3/∂s_k times the slope 1 − s_k² times the state that step k has "
        "read, s_{k−1}. The total is the sum of the four terms.",
    ),
)
for _key, _message, _replaces in (
    (
        "target_not_subtracted",
        "The one-hot target is not taken away: the gradient at the scores is ŷ − y, not ŷ.",
        {"error": lambda: Y_HAT},
    ),
    (
        "error_sign",
        "The sign of the error is turned: this is target minus prediction. The gradient points "
        "uphill, ŷ − y.",
        {"error": lambda: TARGET - Y_HAT},
    ),
    (
        "other_class",
        "The 1 is taken away from the other class. The right class is the first one.",
        {"error": lambda: Y_HAT - TARGET[::-1]},
    ),
    (
        "right_class_only",
        "The right class alone comes back to `s_3`. The softmax ties the classes together, so "
        "the other score has a gradient too.",
        {"error": lambda: (Y_HAT - TARGET) * TARGET},
    ),
    (
        "output_weights_missing",
        "`W_hy` is missing between the scores and `s_3`: each error goes through a weight.",
        {"way_back": lambda error, slopes, weight: chain(error[0], slopes, weight)},
    ),
    (
        "slope_missing",
        "The slope of tanh is left out everywhere: every step back multiplies by 1 − s² as well.",
        {"slopes": lambda: np.ones(4)},
    ),
    (
        "slope_missing_on_the_way",
        "From state to state only `W_hh` is multiplied in. Between two states lies tanh as well, "
        "with the slope 1 − s².",
        {"way_back": lambda error, weight: chain(error @ W_HY, np.ones(4), weight)},
    ),
    (
        "slope_at_the_sum",
        "The slope is taken as 1 − z², with the sum before tanh. It is 1 − s², with the state.",
        {"slopes": lambda: 1 - np.arctanh(STATES) ** 2},
    ),
    (
        "slope_of_tanh_again",
        "tanh was taken once more: 1 − tanh(s)². The state is the tanh already, so the slope is "
        "1 − s².",
        {"slopes": lambda: 1 - np.tanh(STATES) ** 2},
    ),
    (
        "slope_not_squared",
        "The slope is taken as 1 − s. The state is squared in it, 1 − s².",
        {"slopes": lambda: 1 - STATES},
    ),
    (
        "slope_of_state_before",
        "The slope is that of the state before. The step that made s_k has the slope 1 − s_k².",
        {"slopes": lambda: 1 - BEFORE**2},
    ),
    (
        "weight_missing",
        "`W_hh` is left out on the way from one state to the one before it.",
        {"weight": lambda: 1.0},
    ),
    (
        "same_everywhere",
        "The same gradient stands at every state. On the way back each step multiplies by its "
        "slope and by `W_hh`.",
        {"way_back": lambda error: np.full(4, error @ W_HY)},
    ),
    (
        "terms_without_slope",
        "The slope of the step itself is missing in the terms: from s_k to its sum the gradient "
        "passes tanh once more.",
        {"local": lambda: np.ones(4)},
    ),
    (
        "terms_without_state",
        "These are the gradients at the sums. `W_hh` is multiplied by s_{k−1} there, so that is "
        "one factor more.",
        {"read": lambda: np.ones(4)},
    ),
    (
        "terms_with_own_state",
        "The terms use s_k for s_{k−1}. `W_hh` multiplies the state that the step has read, the "
        "one before.",
        {"read": lambda: STATES},
    ),
    (
        "last_term_zero",
        "The last term counts `s_{−1}` as 0. Here the state before the first step is −0.5, so "
        "step 0 has a term too.",
        {"read": lambda: np.array([-0.4, 0.5, 0.2, 0.0])},
    ),
    (
        "terms_added_on_the_way",
        "These are running sums of the terms. Give each term by itself; the total adds them up.",
        {"terms": lambda d_s, local, read: np.cumsum(d_s * local * read)},
    ),
    (
        "d_s_in_order_of_time",
        "They stand in the order of time. Asked is the order of the way back, `s_3` first.",
        {  # the terms by themselves are not touched: each list is told its own order
            "d_s": lambda way_back: way_back[::-1],
            "terms": lambda way_back, local, read: way_back * local * read,
        },
    ),
    (
        "terms_in_order_of_time",
        "The terms stand in the order of time. Asked is the order of the way back, that of `s_3` "
        "first.",
        {"terms": lambda d_s, local, read: (d_s * local * read)[::-1]},
    ),
    (
        "immediate_only",
        "This is the immediate term alone, with `s_2` held fixed. `s_2`, `s_1` and `s_0` depend on "
        "`W_hh` too: add all four terms.",
        {"total": lambda terms: terms[0]},
    ),
    (
        "start_left_out",
        "The term of step 0 is left out of the sum. It is not zero here.",
        {"total": lambda terms: terms[:3].sum()},
    ),
    (
        "first_left_out",
        "The term of step 3 is left out of the sum: the immediate one counts too.",
        {"total": lambda terms: terms[1:].sum()},
    ),
    (
        "farthest_only",
        "This is the term of step 0 alone, the longest path. Shorter paths count too: add up all.",
        {"total": lambda terms: terms[-1]},
    ),
    (
        "averaged",
        "The terms are averaged. The same weight stands at every step, so its gradient is their "
        "sum.",
        {"total": lambda terms: terms.mean()},
    ),
    (
        "multiplied",
        "The terms are multiplied. Factors along one path are multiplied; different paths are "
        "added.",
        {"total": lambda terms: terms.prod()},
    ),
    (
        "sizes_added",
        "The signs are lost: the terms were added up without them. Terms may cancel one another.",
        {"total": lambda terms: np.abs(terms).sum()},
    ),
):
    check_e3_terms.add_mistake(_key, _message, _replaces)
