"""Code: one step of an LSTM."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter06.formulas import (
    CHAPTER,
    ORDERS,
    READ_OUT,
    SQUASH,
    UPDATE,
    block,
    constant,
    named,
    sums,
    sums_unit_by_unit,
)
from utils.checks.ordering import OrderedCheck

Array = np.ndarray


def cell_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw an input, both states, and weights that spread the gates over (0, 1)."""
    B, D, H = (sizes[name] for name in "BDH")
    return {
        "x_t": rng.normal(size=(B, D)),
        "h_prev": rng.uniform(-0.9, 0.9, size=(B, H)),
        "c_prev": 1.5 * rng.normal(size=(B, H)),
        "W_x": rng.normal(size=(D, 4 * H)) / np.sqrt(D),
        "W_h": 1.2 * rng.normal(size=(H, 4 * H)) / np.sqrt(H),
        "b": 0.6 * rng.normal(size=4 * H),
    }


check_lstm_step = OrderedCheck(
    "lstm_step",
    chapter=CHAPTER,
    title="One step of an LSTM",
    outputs={
        "input_gate": "B H",
        "forget_gate": "B H",
        "candidate": "B H",
        "output_gate": "B H",
        "c_t": "B H",
        "h_t": "B H",
    },
    inputs=cell_inputs,
    sizes=({"B": 3, "D": 2, "H": 5}, {"B": 2, "D": 7, "H": 3}, {"B": 1, "D": 3, "H": 6}),
    steps={
        "read": lambda h_prev: h_prev,
        "bias": lambda b: b,
        "z": lambda x_t, read, W_x, W_h, bias: sums(x_t, read, W_x, W_h, bias),
        "order": constant(np.arange(4)),
        "i_squash": constant("sigmoid"),
        "f_squash": constant("sigmoid"),
        "g_squash": constant("tanh"),
        "o_squash": constant("sigmoid"),
        "input_gate": lambda z, order, i_squash: SQUASH[str(i_squash)](block(z, order, 0)),
        "forget_gate": lambda z, order, f_squash: SQUASH[str(f_squash)](block(z, order, 1)),
        "candidate": lambda z, order, g_squash: SQUASH[str(g_squash)](block(z, order, 2)),
        "kept": lambda c_prev: c_prev,
        "update": constant("right"),
        "cell": lambda input_gate, forget_gate, candidate, kept, update: UPDATE[str(update)](
            input_gate, forget_gate, candidate, kept
        ),
        "z_o": lambda z, order: block(z, order, 3),
        "output_gate": lambda z_o, o_squash: SQUASH[str(o_squash)](z_o),
        "read_out": constant("right"),
        "c_t": lambda cell: cell,
        "seen": lambda c_t: c_t,
        "h_t": lambda output_gate, seen, kept, read_out: READ_OUT[str(read_out)](
            output_gate, seen, kept
        ),
    },
    hints=(
        "One line makes the sums of all four blocks at once, of shape (B, 4H). Then cut it into "
        "four parts of H columns, in the order input, forget, candidate, output.",
        "`np.split(z, 4, axis=1)` cuts. Three of the parts are gates and go through the sigmoid, "
        "the third one is the candidate and goes through tanh.",
        "`c_t = forget_gate * c_prev + input_gate * candidate`, all entry by entry. The output "
        "gate then multiplies `np.tanh(c_t)`, not `c_t`.",
    ),
)
for _order in ORDERS:
    _message = (
        f"The four blocks of the sums are read as {named(_order)}. In this course they stand as "
        "input, forget, candidate, output."
    )
    if _order == (1, 0, 2, 3):
        _message = (
            "Input gate and forget gate have changed places: the first H columns belong to the "
            "input gate, the next H to the forget gate."
        )
    check_lstm_step.add_mistake(
        "order_" + "".join("ifgo"[k] for k in _order),
        _message,
        {"order": constant(np.array(_order))},
    )

for _letter, _gate in (("i", "input gate"), ("f", "forget gate"), ("o", "output gate")):
    check_lstm_step.add_mistake(
        f"{_letter}_tanh",
        f"The {_gate} went through tanh. A gate is a share between 0 and 1: the sigmoid.",
        {f"{_letter}_squash": constant("tanh")},
    )
    check_lstm_step.add_mistake(
        f"{_letter}_not_squashed",
        f"The {_gate} is its sum as it stands. Put it through the sigmoid, so that it lies "
        "between 0 and 1.",
        {f"{_letter}_squash": constant("none")},
    )
    check_lstm_step.add_mistake(
        f"{_letter}_mirrored",
        f"The {_gate} is mirrored: this is 1/(1 + exp(z)), which is 1 − σ(z). The exponent needs "
        "its minus.",
        {f"{_letter}_squash": constant("mirrored")},
    )
for _key, _message, _replaces in (
    (
        "gates_tanh",
        "All three gates went through tanh. A gate is a share between 0 and 1: the sigmoid. Only "
        "the candidate has tanh.",
        dict.fromkeys(("i_squash", "f_squash", "o_squash"), constant("tanh")),
    ),
    (
        "gates_mirrored",
        "The gates are mirrored: this is 1/(1 + exp(z)), which is 1 − σ(z). The exponent needs "
        "its minus.",
        dict.fromkeys(("i_squash", "f_squash", "o_squash"), constant("mirrored")),
    ),
    (
        "candidate_sigmoid",
        "The candidate went through a sigmoid, so nothing negative can be written into the cell. "
        "The candidate has tanh.",
        {"g_squash": constant("sigmoid")},
    ),
    (
        "candidate_not_squashed",
        "The candidate is its sum as it stands. It goes through tanh.",
        {"g_squash": constant("none")},
    ),
    (
        "sigmoid_and_tanh_exchanged",
        "Sigmoid and tanh have changed places: the gates have the sigmoid, the candidate has tanh.",
        {
            **dict.fromkeys(("i_squash", "f_squash", "o_squash"), constant("tanh")),
            "g_squash": constant("sigmoid"),
        },
    ),
    (
        "h_prev_ignored",
        "`h_prev` is left out of the sums: the gates see the input alone.",
        {"read": lambda h_prev: 0 * h_prev},
    ),
    (
        "c_prev_in_the_sums",
        "The sums are made with `c_prev`. Gates and candidate read the hidden state, `h_prev`; "
        "the cell state goes along its own line.",
        {"read": lambda c_prev: c_prev},
    ),
    (
        "tanh_c_prev_in_the_sums",
        "The sums are made with tanh of `c_prev`. Gates and candidate read the hidden state, "
        "`h_prev`, as it was handed over.",
        {"read": lambda c_prev: np.tanh(c_prev)},
    ),
    (
        "states_exchanged",
        "`h_prev` and `c_prev` have changed places: the gates read `h_prev`, and the forget gate "
        "multiplies `c_prev`.",
        {"read": lambda c_prev: c_prev, "kept": lambda h_prev: h_prev},
    ),
    (
        "both_states_in_the_sums",
        "The sums are made with `h_prev` and `c_prev` added. Gates and candidate read the hidden "
        "state alone; the cell state goes along its own line.",
        {"read": lambda h_prev, c_prev: h_prev + c_prev},
    ),
    (
        "bias_missing",
        "The bias `b` is left out of the sums.",
        {"bias": lambda b: 0 * b},
    ),
    (
        "bias_twice",
        "The bias is added twice, once with each product. This cell has one bias.",
        {"bias": lambda b: 2 * b},
    ),
    (
        "interleaved",
        "The columns are cut as if the four blocks took turns, column by column. Each block is H "
        "columns side by side.",
        {
            "z": lambda x_t, read, W_x, W_h, bias: np.concatenate(
                [sums(x_t, read, W_x, W_h, bias)[:, k::4] for k in range(4)], axis=1
            )
        },
    ),
    (
        "reshaped_by_rows",
        "The sums are reshaped to (4, B, H), which mixes samples and blocks. Cut along the last "
        "axis.",
        {
            "z": lambda x_t, read, W_x, W_h, bias: np.concatenate(
                list(sums(x_t, read, W_x, W_h, bias).reshape(4, len(x_t), -1)), axis=1
            )
        },
    ),
    (
        "unit_by_unit",
        "Each unit reads the new h of the units before it, as when a loop over the units "
        "overwrites `h` on its way. All units of a step read `h_prev`.",
        {
            "z": lambda x_t, read, c_prev, W_x, W_h, bias: sums_unit_by_unit(
                x_t, read, c_prev, W_x, W_h, bias
            )
        },
    ),
    (
        "h_prev_kept",
        "The forget gate multiplies `h_prev`. What is kept is the cell state, `c_prev`.",
        {"kept": lambda h_prev: h_prev},
    ),
    (
        "roles_exchanged",
        "In the update the gates have changed roles: the forget gate belongs to `c_prev`, the "
        "input gate to the candidate.",
        {"update": constant("swapped")},
    ),
    (
        "no_forget_gate",
        "The forget gate is left out of the update: `c_prev` is kept whole.",
        {"update": constant("no forget")},
    ),
    (
        "no_input_gate",
        "The input gate is left out of the update: the candidate is written whole.",
        {"update": constant("no input")},
    ),
    (
        "coupled",
        "What is written has the share 1 − f. This LSTM has an input gate of its own.",
        {"update": constant("coupled")},
    ),
    (
        "coupled_to_input",
        "What is kept has the share 1 − i. This LSTM has a forget gate of its own.",
        {"update": constant("coupled to input")},
    ),
    (
        "overwritten",
        "`c_prev` is missing in the update: the cell is overwritten. Add what the forget gate "
        "lets through.",
        {"update": constant("overwritten")},
    ),
    (
        "nothing_written",
        "The update keeps and writes nothing: input gate times candidate is missing.",
        {"update": constant("kept only")},
    ),
    (
        "forget_gate_turned",
        "The forget gate is used as 1 − f. In spite of its name it says what is kept: 1 keeps.",
        {"update": constant("turned")},
    ),
    (
        "cell_through_tanh",
        "The cell state went through tanh. It is a plain sum; tanh stands between it and `h_t`.",
        {"update": constant("tanh")},
    ),
    (
        "updated_cell_used_again",
        "The forget gate is multiplied in twice, as when `c` is overwritten and then used once "
        "more. Both terms start from `c_prev`.",
        {"update": constant("twice")},
    ),
    (
        "forget_gate_around_both",
        "The forget gate multiplies what is written as well. It belongs to `c_prev` alone.",
        {"update": constant("around both")},
    ),
    (
        "input_gate_around_both",
        "The input gate multiplies what is kept as well. It belongs to the candidate alone.",
        {"update": constant("input around both")},
    ),
    (
        "terms_multiplied",
        "What is kept and what is written are multiplied. They are added.",
        {"update": constant("multiplied")},
    ),
    (
        "terms_subtracted",
        "What is written is taken away. It is added.",
        {"update": constant("subtracted")},
    ),
    (
        "forget_gate_added",
        "The forget gate is added to `c_prev`. A gate multiplies.",
        {"update": constant("gates added")},
    ),
    (
        "output_gate_reads_c_t",
        "The output gate is made with the new `c_t` in the place of `h_prev`, as when one name "
        "is overwritten. All four blocks read `h_prev`.",
        {
            "z_o": lambda x_t, cell, W_x, W_h, bias, order: block(
                sums(x_t, cell, W_x, W_h, bias), order, 3
            )
        },
    ),
    (
        "output_gate_reads_tanh_c_t",
        "The output gate is made with tanh of the new `c_t` in the place of `h_prev`. All four "
        "blocks read `h_prev`.",
        {
            "z_o": lambda x_t, cell, W_x, W_h, bias, order: block(
                sums(x_t, np.tanh(cell), W_x, W_h, bias), order, 3
            )
        },
    ),
    (
        "peephole",
        "`c_t` is added to the sum of the output gate, as a peephole does. This cell has none.",
        {"z_o": lambda z, order, cell: block(z, order, 3) + cell},
    ),
    (
        "no_tanh_on_c",
        "`h_t` is o · c, without tanh, so it can leave the range from −1 to 1. Put `c_t` through "
        "tanh first.",
        {"read_out": constant("no tanh")},
    ),
    (
        "sigmoid_on_c",
        "`c_t` went through a sigmoid on its way to `h_t`, which loses its sign. It goes through "
        "tanh.",
        {"read_out": constant("sigmoid")},
    ),
    (
        "no_output_gate",
        "The output gate is missing in `h_t`: this is tanh of the cell state alone.",
        {"read_out": constant("no gate")},
    ),
    (
        "h_from_c_prev",
        "`h_t` is made from the cell state before the update. It reads the new `c_t`.",
        {"read_out": constant("before")},
    ),
    (
        "tanh_around_both",
        "tanh stands around the product of output gate and cell. It belongs around `c_t` alone.",
        {"read_out": constant("tanh of both")},
    ),
    (
        "tanh_twice",
        "`c_t` went through tanh twice on its way to `h_t`.",
        {"read_out": constant("twice")},
    ),
    (
        "c_prev_returned",
        "`c_t` is `c_prev` as it came in. Return the cell state that the update has made.",
        {"c_t": lambda c_prev: c_prev, "seen": lambda cell: cell},
    ),
    (
        "h_prev_returned",
        "`h_t` is `h_prev` as it came in. Return the new hidden state.",
        {"h_t": lambda h_prev: h_prev},
    ),
    (
        "states_returned_in_turned_order",
        "`c_t` and `h_t` have changed places in what you return: first `c_t`, then `h_t`.",
        {
            "c_t": lambda output_gate, cell, kept, read_out: READ_OUT[str(read_out)](
                output_gate, cell, kept
            ),
            "seen": lambda cell: cell,
            "h_t": lambda seen: seen,
        },
    ),
):
    check_lstm_step.add_mistake(_key, _message, _replaces)
