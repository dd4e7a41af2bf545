"""By hand: one step of an LSTM of one unit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from utils.checks.chapter06.formulas import (
    CHAPTER,
    ORDERS,
    READ_OUT,
    SQUASH,
    constant,
    named,
)
from utils.checks.engine import Check

Array = np.ndarray
# One input, one unit; the four blocks in the order input, forget, candidate, output.
X, H_PREV, C_PREV = 1.0, 0.5, 1.2
W_X = np.array([0.5, 1.0, -1.2, 0.4])
W_H = np.array([-0.6, 0.4, 1.0, 0.8])
B = np.array([0.1, 0.5, 0.2, -0.6])


def squashed(sums: Array, order: Array, squash: str) -> Array:
    """Return input gate, forget gate, candidate and output gate, for sums read in `order`."""
    found = (sums[list(order).index(place)] for place in range(4))
    return np.array([SQUASH[name](v) for name, v in zip(str(squash).split(), found, strict=True)])


def listed(order: tuple[int, ...]) -> Callable[..., Array]:
    """Make the step that computes all four values and writes them down in another order."""
    return lambda found: found[list(order)]


check_lstm_by_hand = Check(
    "lstm_by_hand",
    chapter=CHAPTER,
    title="One step of an LSTM by hand",
    outputs={
        "sums": "G",
        "gates": "G",
        "parts": "P",
        "c_t": "",
        "h_t": "",
        "factors": "F",
        "dh_dc_prev": "",
    },
    steps={
        "x": constant(X),
        "h": constant(H_PREV),
        "bias": constant(B),
        "sums": lambda x, h, bias: x * W_X + h * W_H + bias,
        "order": constant(np.arange(4)),
        "squash": constant("sigmoid sigmoid tanh sigmoid"),
        "found": squashed,
        "gates": lambda found: found,
        "taken": lambda gates: gates,
        "old": constant(C_PREV),
        "shares": lambda taken: taken[[1, 0]],
        "parts": lambda shares, old, taken: shares * np.array([old, taken[2]]),
        "c_t": lambda parts: parts.sum(),
        "read_out": constant("right"),
        "h_t": lambda taken, c_t, old, read_out: READ_OUT[str(read_out)](taken[3], c_t, old),
        "slope": lambda c_t: 1 - np.tanh(c_t) ** 2,
        "passed": lambda taken: taken[[3, 1]],
        "factors": lambda passed, slope: np.array([passed[0], slope, passed[1]]),
        "dh_dc_prev": lambda factors: factors.prod(),
    },
    decimals=3,
    hints=(
        "Four sums, each input times its weight plus state times its weight plus bias; then three "
        "sigmoids and, for the candidate, tanh.",
        "The cell state is f times its old value plus i times g. The hidden state is o times tanh "
        "of the new cell state.",
        "From `h_t` back to the old cell state stand three factors: the output gate, the slope "
        "1 − tanh² of the new cell state, and the forget gate.",
    ),
)
for _order in ORDERS:
    check_lstm_by_hand.add_mistake(
        "order_" + "".join("ifgo"[k] for k in _order),
        f"The four sums were taken for {named(_order)}. They stand as input, forget, candidate, "
        "output.",
        {"order": constant(np.array(_order))},
    )
for _order in ((1, 0, 2, 3), (0, 1, 3, 2), (1, 0, 3, 2), (0, 2, 1, 3)):
    check_lstm_by_hand.add_mistake(
        "listed_" + "".join("ifgo"[k] for k in _order),
        f"The four values are listed as {named(_order)}. Asked is the order input, forget, "
        "candidate, output.",
        {"gates": listed(_order), "taken": lambda found: found},
    )
for _key, _message, _replaces in (
    (
        "h_prev_ignored",
        "The hidden state is left out of the sums: each has h times its weight too.",
        {"h": constant(0.0)},
    ),
    (
        "c_prev_in_the_sums",
        "The cell state went into the sums. They read the hidden state, 0.5; the cell state goes "
        "along its own line.",
        {"h": constant(C_PREV)},
    ),
    ("x_ignored", "The input is left out of the sums.", {"x": constant(0.0)}),
    ("bias_missing", "The biases are left out of the sums.", {"bias": constant(np.zeros(4))}),
    (
        "states_exchanged",
        "The two states have changed places: 0.5 goes into the sums, 1.2 is what the forget gate "
        "multiplies.",
        {"h": constant(C_PREV), "old": constant(H_PREV)},
    ),
    (
        "candidate_sigmoid",
        "The candidate went through a sigmoid. It goes through tanh, so that it can be negative.",
        {"squash": constant("sigmoid sigmoid sigmoid sigmoid")},
    ),
    (
        "gates_tanh",
        "The gates went through tanh. A gate is a share between 0 and 1: the sigmoid.",
        {"squash": constant("tanh tanh tanh tanh")},
    ),
    (
        "sigmoid_and_tanh_exchanged",
        "Sigmoid and tanh have changed places: the three gates have the sigmoid, the candidate "
        "has tanh.",
        {"squash": constant("tanh tanh sigmoid tanh")},
    ),
    (
        "gates_mirrored",
        "The gates are mirrored: the exponent has lost its minus, 1/(1 + exp(−z)).",
        {"squash": constant("mirrored mirrored tanh mirrored")},
    ),
    (
        "candidate_not_squashed",
        "The candidate is its sum as it stands. It goes through tanh.",
        {"squash": constant("sigmoid sigmoid none sigmoid")},
    ),
    (
        "roles_exchanged",
        "The gates have changed roles: the forget gate belongs to the old cell state, the input "
        "gate to the candidate.",
        {"shares": lambda taken: taken[[0, 1]]},
    ),
    (
        "no_forget_gate",
        "The old cell state is kept whole. It is multiplied by the forget gate.",
        {"shares": lambda taken: np.array([1.0, taken[0]])},
    ),
    (
        "no_input_gate",
        "The candidate is written whole. It is multiplied by the input gate.",
        {"shares": lambda taken: np.array([taken[1], 1.0])},
    ),
    (
        "coupled",
        "What is written has the share 1 − f. This LSTM has an input gate of its own.",
        {"shares": lambda taken: np.array([taken[1], 1 - taken[1]])},
    ),
    (
        "forget_gate_turned",
        "The forget gate is used as 1 − f. In spite of its name it says what is kept.",
        {"shares": lambda taken: np.array([1 - taken[1], taken[0]])},
    ),
    (
        "parts_in_turned_order",
        "The two parts have changed places: first what is kept, then what is written.",
        {"parts": lambda shares, old, taken: (shares * np.array([old, taken[2]]))[::-1]},
    ),
    (
        "old_state_zero",
        "The old cell state is counted as 0. It is 1.2 here, and the forget gate keeps a part.",
        {"old": constant(0.0)},
    ),
    (
        "kept_alone",
        "This is what is kept alone. What is written is added.",
        {"c_t": lambda parts: parts[0]},
    ),
    (
        "written_alone",
        "This is what is written alone. What is kept is added.",
        {"c_t": lambda parts: parts[1]},
    ),
    (
        "parts_subtracted",
        "What is written is taken away. It is added, and the candidate has its own sign.",
        {"c_t": lambda parts: parts[0] - parts[1]},
    ),
    (
        "cell_through_tanh",
        "The cell state went through tanh. tanh stands on the way to `h_t` alone.",
        {"c_t": lambda parts: np.tanh(parts.sum())},
    ),
    (
        "h_prev_kept",
        "The forget gate multiplies 0.5, the hidden state. It multiplies the old cell state.",
        {"old": constant(H_PREV)},
    ),
    (
        "no_tanh_on_c",
        "`h_t` is o · c, without tanh. Put the cell state through tanh first.",
        {"read_out": constant("no tanh")},
    ),
    (
        "sigmoid_on_c",
        "The cell state went through a sigmoid on its way to `h_t`. It goes through tanh.",
        {"read_out": constant("sigmoid")},
    ),
    (
        "no_output_gate",
        "The output gate is missing in `h_t`: this is tanh of the cell state.",
        {"read_out": constant("no gate")},
    ),
    (
        "h_from_c_prev",
        "`h_t` is made from the old cell state. It reads the new one.",
        {"read_out": constant("before")},
    ),
    (
        "slope_at_c",
        "The slope of tanh is taken as 1 − c². The cell state stands before the tanh: 1 − tanh² c.",
        {"slope": lambda c_t: 1 - c_t**2},
    ),
    (
        "slope_not_squared",
        "The slope of tanh is taken as 1 − tanh c. The tanh is squared in it.",
        {"slope": lambda c_t: 1 - np.tanh(c_t)},
    ),
    (
        "slope_at_h",
        "The slope of tanh is taken as 1 − h². tanh stands before the output gate: 1 − tanh² c.",
        {"slope": lambda h_t: 1 - h_t**2},
    ),
    (
        "slope_missing",
        "The slope of tanh is left out, or counted as 1: it is 1 − tanh² c.",
        {"slope": lambda c_t: 1.0 + 0 * c_t},
    ),
    (
        "gates_through_their_slopes",
        "The gates stand there as σ(1 − σ). On the way from `h_t` to the old cell state they are "
        "plain factors.",
        {"passed": lambda taken: (taken * (1 - taken))[[3, 1]]},
    ),
    (
        "input_gate_in_the_way",
        "The last factor is the input gate. The old cell state is multiplied by the forget gate.",
        {"passed": lambda taken: taken[[3, 0]]},
    ),
    (
        "factors_in_turned_order",
        "The factors stand in the order of the way forward. Asked is the way back, the output "
        "gate first.",
        {"factors": lambda passed, slope: np.array([passed[1], slope, passed[0]])},
    ),
    (
        "factors_added",
        "The factors are added. Along one path factors are multiplied.",
        {"dh_dc_prev": lambda factors: factors.sum()},
    ),
    (
        "up_to_the_new_state",
        "This is the derivative with respect to the new cell state: the forget gate is left out.",
        {"dh_dc_prev": lambda factors: factors[0] * factors[1]},
    ),
    (
        "without_the_first_factor",
        "The first factor is left out of the product: the path begins at `h_t`.",
        {"dh_dc_prev": lambda factors: factors[1] * factors[2]},
    ),
    (
        "forget_gate_alone",
        "This is the forget gate: it leads from the old cell state to the new one. To `h_t` two "
        "factors more are needed.",
        {"dh_dc_prev": lambda factors: factors[2]},
    ),
    (
        "with_the_old_value",
        "The old cell state is multiplied in. That belongs to the gradient of the forget gate.",
        {"dh_dc_prev": lambda factors, old: factors.prod() * old},
    ),
):
    check_lstm_by_hand.add_mistake(_key, _message, _replaces)
