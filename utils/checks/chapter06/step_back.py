"""Code: one whole step of an LSTM, backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.checks.chapter06.formulas import CHAPTER, GATES, ORDERS, block, constant, named, sigmoid
from utils.checks.chapter06.step import cell_inputs
from utils.checks.engine import Check

Array = np.ndarray
LETTERS = "ifgo"


def logit(gate: Array) -> Array:
    """Return the sum whose sigmoid is `gate`."""
    return np.log(gate / (1 - gate))


def back_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a step, compute its gates and its cell state, and draw what arrives at both states."""
    given = cell_inputs(rng, sizes)
    z = given["x_t"] @ given["W_x"] + given["h_prev"] @ given["W_h"] + given.pop("b")
    z_i, z_f, z_g, z_o = (block(z, np.arange(4), place) for place in range(4))
    i, f, g, o = sigmoid(z_i), sigmoid(z_f), np.tanh(z_g), sigmoid(z_o)
    shape = given["h_prev"].shape
    return {
        "d_h_t": rng.normal(size=shape),
        "d_c_next": rng.normal(size=shape),
        "x_t": given["x_t"],
        "h_prev": given["h_prev"],
        "c_prev": given["c_prev"],
        "gates": np.stack([i, f, g, o]),
        "c_t": f * given["c_prev"] + i * g,
        "W_x": given["W_x"],
        "W_h": given["W_h"],
    }


def slope_at(place: int, slope: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Make the step that takes a slope at one of the four gates."""
    return lambda taken: slope(taken[place])


def unpacked(order: tuple[int, ...]) -> Callable[[Array], Array]:
    """Make the step that takes the four gates for those that `order` lists."""
    return lambda gates: gates[np.argsort(order)]


def stacked(parts: list[Array], order: Array) -> Array:
    """Put the four blocks (B, H) side by side in `order`: (B, 4H)."""
    return np.concatenate([parts[place] for place in order], axis=1)


check_lstm_step_back = Check(
    "lstm_step_back",
    chapter=CHAPTER,
    title="One step of an LSTM, backward",
    outputs={
        "d_z": f"B {GATES}",
        "d_x_t": "B D",
        "d_h_prev": "B H",
        "d_c_prev": "B H",
        "d_W_x": f"D {GATES}",
        "d_W_h": f"H {GATES}",
        "d_b": GATES,
    },
    inputs=back_inputs,
    sizes=({"B": 3, "D": 2, "H": 5}, {"B": 2, "D": 7, "H": 3}, {"B": 1, "D": 3, "H": 6}),
    steps={
        "taken": lambda gates: gates,
        # into the cell state
        "c_slope": lambda c_t: 1 - np.tanh(c_t) ** 2,
        "from_h": lambda d_h_t, taken, c_slope: d_h_t * taken[3] * c_slope,
        "from_next": lambda d_c_next: d_c_next,
        "d_c": lambda from_next, from_h: from_next + from_h,
        # to the gates
        "d_i": lambda d_c, taken: d_c * taken[2],
        "d_f": lambda d_c, c_prev: d_c * c_prev,
        "d_g": lambda d_c, taken: d_c * taken[0],
        "read_out": lambda c_t: np.tanh(c_t),
        "d_o": lambda d_h_t, read_out: d_h_t * read_out,
        # through their slopes to the sums
        "i_slope": lambda taken: taken[0] * (1 - taken[0]),
        "f_slope": lambda taken: taken[1] * (1 - taken[1]),
        "g_slope": lambda taken: 1 - taken[2] ** 2,
        "o_slope": lambda taken: taken[3] * (1 - taken[3]),
        "order": constant(np.arange(4)),
        "d_z": lambda d_i, d_f, d_g, d_o, i_slope, f_slope, g_slope, o_slope, order: stacked(
            [d_i * i_slope, d_f * f_slope, d_g * g_slope, d_o * o_slope], order
        ),
        # to everything that went into the sums
        "to_input": lambda W_x: W_x.T,
        "d_x_t": lambda d_z, to_input: d_z @ to_input,
        "back": lambda W_h: W_h.T,
        "d_h_prev": lambda d_z, back: d_z @ back,
        "share": lambda taken: taken[1],
        "d_c_prev": lambda d_c, share: d_c * share,
        "d_W_x": lambda x_t, d_z: x_t.T @ d_z,
        "read": lambda h_prev: h_prev,
        "d_W_h": lambda read, d_z: read.T @ d_z,
        "d_b": lambda d_z: d_z.sum(axis=0),
    },
    hints=(
        "Go from the right to the left: first `d_c`, the sum of two paths, as in the exercise "
        "before. From there to the three that made `c_t`; the output gate hangs on `h_t` alone.",
        "Each gate gets the gradient of its product times the other factor, then times its own "
        "slope: i(1 − i), f(1 − f), o(1 − o), and 1 − g² for the candidate.",
        "`d_z` puts `d_c*g*i*(1-i)`, `d_c*c_prev*f*(1-f)`, `d_c*i*(1-g**2)` and "
        "`d_h_t*tanh(c_t)*o*(1-o)` side by side. From there on it is the step back of a plain RNN.",
    ),
)
for _order in ORDERS:
    check_lstm_step_back.add_mistake(
        "order_" + "".join(LETTERS[k] for k in _order),
        f"The four blocks are put together as {named(_order)}. The weights have them as input, "
        "forget, candidate, output.",
        {"order": constant(np.array(_order))},
    )
for _order in (
    (0, 1, 3, 2),
    (1, 0, 2, 3),
    (1, 0, 3, 2),
    (0, 2, 1, 3),
    (0, 3, 1, 2),
):
    check_lstm_step_back.add_mistake(
        "unpacked_" + "".join(LETTERS[k] for k in _order),
        f"`gates` is unpacked as {named(_order)}. It holds input, forget, candidate, output.",
        {"taken": unpacked(_order)},
    )
for _letter, _place, _gate in (("i", 0, "input"), ("f", 1, "forget"), ("o", 3, "output")):
    check_lstm_step_back.add_mistake(
        f"{_letter}_slope_missing",
        f"The slope of the {_gate} gate is left out of its block: σ(1 − σ), from gate to sum.",
        {f"{_letter}_slope": slope_at(_place, lambda gate: np.ones(gate.shape))},
    )
    check_lstm_step_back.add_mistake(
        f"{_letter}_slope_of_tanh",
        f"The {_gate} gate has the slope of tanh, 1 − σ². It went through a sigmoid: σ(1 − σ).",
        {f"{_letter}_slope": slope_at(_place, lambda gate: 1 - gate**2)},
    )
for _key, _message, _slope in (
    (
        "missing",
        "The slopes of the three gates are left out. From a gate to its sum stands σ(1 − σ).",
        lambda gate: np.ones(gate.shape),
    ),
    (
        "of_tanh",
        "The three gates have the slope of tanh, 1 − σ². They went through sigmoids: σ(1 − σ).",
        lambda gate: 1 - gate**2,
    ),
    (
        "again",
        "For the three gates the sigmoid was taken once more inside the slope. What came in is "
        "the sigmoid already: σ(1 − σ).",
        lambda gate: sigmoid(gate) * (1 - sigmoid(gate)),
    ),
    (
        "at_z",
        "The slopes of the three gates are taken at the sums, z(1 − z). They are σ(1 − σ), with "
        "the gates.",
        lambda gate: logit(gate) * (1 - logit(gate)),
    ),
):
    check_lstm_step_back.add_mistake(
        f"gate_slopes_{_key}",
        _message,
        {
            f"{letter}_slope": slope_at(place, _slope)
            for letter, place in zip("ifo", (0, 1, 3), strict=True)
        },
    )
for _key, _message, _replaces in (
    # the slopes of the two tanh
    (
        "candidate_slope_missing",
        "The slope of the candidate is left out: 1 − g², from the candidate to its sum.",
        {"g_slope": slope_at(2, lambda g: np.ones(g.shape))},
    ),
    (
        "candidate_slope_at_z",
        "The slope of the candidate is taken at its sum, 1 − z². It is 1 − g².",
        {"g_slope": slope_at(2, lambda g: 1 - np.arctanh(g) ** 2)},
    ),
    (
        "candidate_slope_again",
        "For the candidate tanh was taken once more, 1 − tanh² g. g is the tanh already: 1 − g².",
        {"g_slope": slope_at(2, lambda g: 1 - np.tanh(g) ** 2)},
    ),
    (
        "candidate_slope_not_squared",
        "The slope of the candidate is taken as 1 − g. The candidate is squared in it.",
        {"g_slope": slope_at(2, lambda g: 1 - g)},
    ),
    (
        "candidate_slope_of_sigmoid",
        "The candidate has the slope of a sigmoid, g(1 − g). It went through tanh: 1 − g².",
        {"g_slope": slope_at(2, lambda g: g * (1 - g))},
    ),
    (
        "cell_slope_missing",
        "On the path from `h_t` to `c_t` the slope of tanh is left out: 1 − tanh² c.",
        {"c_slope": lambda c_t: np.ones(c_t.shape)},
    ),
    (
        "cell_slope_at_c",
        "On the path from `h_t` to `c_t` the slope is taken as 1 − c². `c_t` stands before the "
        "tanh: 1 − tanh² c.",
        {"c_slope": lambda c_t: 1 - c_t**2},
    ),
    (
        "cell_slope_not_squared",
        "On the path from `h_t` to `c_t` the slope is taken as 1 − tanh c. The tanh is squared "
        "in it.",
        {"c_slope": lambda c_t: 1 - np.tanh(c_t)},
    ),
    (
        "cell_slope_square_outside",
        "On the path from `h_t` to `c_t` the slope is taken as (1 − tanh c)². Only the tanh is "
        "squared: 1 − tanh² c.",
        {"c_slope": lambda c_t: (1 - np.tanh(c_t)) ** 2},
    ),
    (
        "cell_slope_again",
        "On the path from `h_t` to `c_t` tanh was taken twice inside the slope. It is 1 − tanh² c.",
        {"c_slope": lambda c_t: 1 - np.tanh(np.tanh(c_t)) ** 2},
    ),
    # the two paths into the cell state
    (
        "next_step_missing",
        "What comes from step t + 1 along the cell line is not added: `d_c_next` is missing.",
        {"from_next": lambda d_c_next: 0 * d_c_next},
    ),
    (
        "path_through_h_missing",
        "The path through `h_t` is missing from `d_c`: add d_h · o · (1 − tanh² c).",
        {"from_h": lambda d_h_t: 0 * d_h_t},
    ),
    (
        "output_gate_missing",
        "On the path from `h_t` to `c_t` the output gate is left out.",
        {"from_h": lambda d_h_t, c_slope: d_h_t * c_slope},
    ),
    (
        "output_gate_through_its_slope",
        "On the path from `h_t` to `c_t` stands o(1 − o). There the gate is a plain factor; its "
        "slope belongs to its own block.",
        {"from_h": lambda d_h_t, taken, c_slope: d_h_t * taken[3] * (1 - taken[3]) * c_slope},
    ),
    (
        "next_step_forgets_again",
        "`d_c_next` is multiplied by this step's forget gate before the paths are added. It comes "
        "at `c_t`, behind that gate.",
        {"from_next": lambda d_c_next, taken: d_c_next * taken[1]},
    ),
    # the other factor of each product
    (
        "input_gate_own_factor",
        "In the block of the input gate stands the gate itself as the other factor. The product "
        "is i · g: for i it is g.",
        {"d_i": lambda d_c, taken: d_c * taken[0]},
    ),
    (
        "candidate_own_factor",
        "In the block of the candidate stands g itself as the other factor. The product is "
        "i · g: for g it is i.",
        {"d_g": lambda d_c, taken: d_c * taken[2]},
    ),
    (
        "input_gate_with_c_prev",
        "In the block of the input gate stands `c_prev`. The input gate multiplies the candidate.",
        {"d_i": lambda d_c, c_prev: d_c * c_prev},
    ),
    (
        "forget_gate_with_c_t",
        "In the block of the forget gate stands `c_t`. The forget gate multiplies `c_prev`.",
        {"d_f": lambda d_c, c_t: d_c * c_t},
    ),
    (
        "forget_gate_with_candidate",
        "In the block of the forget gate stands the candidate. The forget gate multiplies "
        "`c_prev`.",
        {"d_f": lambda d_c, taken: d_c * taken[2]},
    ),
    (
        "forget_gate_with_h_prev",
        "In the block of the forget gate stands `h_prev`. The forget gate multiplies `c_prev`.",
        {"d_f": lambda d_c, h_prev: d_c * h_prev},
    ),
    (
        "output_gate_with_c_t",
        "In the block of the output gate stands `c_t` without tanh. The gate multiplies tanh c.",
        {"read_out": lambda c_t: c_t},
    ),
    (
        "output_gate_with_tanh_c_prev",
        "In the block of the output gate stands tanh of `c_prev`. The gate multiplies tanh of the "
        "new `c_t`.",
        {"read_out": lambda c_prev: np.tanh(c_prev)},
    ),
    (
        "output_gate_from_d_c",
        "The block of the output gate goes on from `d_c`. That gate does not touch the cell "
        "state: go on from `d_h_t`.",
        {"d_o": lambda d_c, read_out: d_c * read_out},
    ),
    (
        "writing_from_next_alone",
        "Input gate, forget gate and candidate go on from `d_c_next` alone. Go on from `d_c`, with "
        "what came through `h_t`.",
        {
            "d_i": lambda d_c_next, taken: d_c_next * taken[2],
            "d_f": lambda d_c_next, c_prev: d_c_next * c_prev,
            "d_g": lambda d_c_next, taken: d_c_next * taken[0],
        },
    ),
    # what went into the sums
    (
        "interleaved",
        "The four blocks are interleaved, column by column. Each block is H columns side by side.",
        {
            "d_z": lambda d_i, d_f, d_g, d_o, i_slope, f_slope, g_slope, o_slope: np.stack(
                [d_i * i_slope, d_f * f_slope, d_g * g_slope, d_o * o_slope], axis=-1
            ).reshape(len(d_i), -1)
        },
    ),
    (
        "input_weights_reshaped",
        "`W_x` is reshaped to (4H, D), which shuffles its entries. Transpose it.",
        {"to_input": lambda W_x: W_x.reshape(W_x.shape[::-1])},
    ),
    (
        "recurrent_weights_reshaped",
        "`W_h` is reshaped to (4H, H), which shuffles its entries. Transpose it.",
        {"back": lambda W_h: W_h.reshape(W_h.shape[::-1])},
    ),
    (
        "recurrent_blocks_not_transposed",
        "The four blocks of `W_h` are not transposed on the way to `h_prev`. Forward each mixes "
        "from row to column, backward from column to row.",
        {"back": lambda W_h: np.concatenate(np.split(W_h, 4, axis=1), axis=0)},
    ),
    (
        "h_prev_from_candidate_alone",
        "`d_h_prev` counts the block of the candidate alone. `h_prev` went into all four sums.",
        {"d_h_prev": lambda d_z, back, order: block(d_z, order, 2) @ np.split(back, 4)[2]},
    ),
    (
        "h_prev_without_output_gate",
        "`d_h_prev` leaves the block of the output gate out. `h_prev` went into all four sums.",
        {"d_h_prev": lambda d_z, back: d_z[:, : -len(back) // 4] @ back[: -len(back) // 4]},
    ),
    (
        "h_prev_plus_d_h_t",
        "`d_h_t` was added to `d_h_prev`. What `h_prev` gets through this step is the product "
        "alone.",
        {"d_h_prev": lambda d_z, back, d_h_t: d_z @ back + d_h_t},
    ),
    (
        "h_prev_with_its_slope",
        "In `d_h_prev` the slope 1 − h² is multiplied in. Here `h_prev` goes into the sums as it "
        "is.",
        {"d_h_prev": lambda d_z, back, h_prev: (d_z @ back) * (1 - h_prev**2)},
    ),
    (
        "forget_gate_missing",
        "The forget gate is left out on the way to `c_prev`: this is `d_c`.",
        {"share": lambda taken: np.ones(taken[1].shape)},
    ),
    (
        "forget_gate_through_its_slope",
        "On the way to `c_prev` stands f(1 − f). There the gate is a plain factor, f.",
        {"share": lambda taken: taken[1] * (1 - taken[1])},
    ),
    (
        "input_gate_for_forget_gate",
        "On the way to `c_prev` stands the input gate. The forget gate multiplies `c_prev`.",
        {"share": lambda taken: taken[0]},
    ),
    (
        "c_prev_from_next_alone",
        "`d_c_prev` goes on from `d_c_next` alone. Go on from `d_c`, with what came through `h_t`.",
        {"d_c_prev": lambda d_c_next, share: d_c_next * share},
    ),
    (
        "c_prev_from_h_alone",
        "`d_c_prev` goes on from the path through `h_t` alone. Go on from `d_c`, the sum of both.",
        {"d_c_prev": lambda from_h, share: from_h * share},
    ),
    # the weights
    (
        "d_W_x_turned",
        "`d_W_x` is turned: what the weights read stands on the left, `x_t.T @ d_z`.",
        {"d_W_x": lambda x_t, d_z: d_z.T @ x_t},
    ),
    (
        "d_W_x_divided",
        "`d_W_x` is divided by B. Asked is the sum over the samples; the product adds them up.",
        {"d_W_x": lambda x_t, d_z: x_t.T @ d_z / len(x_t)},
    ),
    (
        "d_W_x_per_sample",
        "`d_W_x` keeps the samples apart, on an axis of their own. One `W_x` serves them all: "
        "add up.",
        {"d_W_x": lambda x_t, d_z: x_t[:, :, None] * d_z[:, None, :]},
    ),
    (
        "d_W_h_with_h_t",
        "`d_W_h` is made with the new hidden state. `W_h` multiplies the one that the step has "
        "read, `h_prev`.",
        {"read": lambda taken, c_t: taken[3] * np.tanh(c_t)},
    ),
    (
        "d_W_h_with_c_prev",
        "`d_W_h` is made with `c_prev`. The sums read the hidden state, `h_prev`.",
        {"read": lambda c_prev: c_prev},
    ),
    (
        "d_W_h_turned",
        "`d_W_h` is turned: what the weights read stands on the left, `h_prev.T @ d_z`.",
        {"d_W_h": lambda read, d_z: d_z.T @ read},
    ),
    (
        "d_W_h_divided",
        "`d_W_h` is divided by B. Asked is the sum over the samples; the product adds them up.",
        {"d_W_h": lambda read, d_z: read.T @ d_z / len(read)},
    ),
    (
        "d_W_h_per_sample",
        "`d_W_h` keeps the samples apart, on an axis of their own. One `W_h` serves them all: "
        "add up.",
        {"d_W_h": lambda read, d_z: read[:, :, None] * d_z[:, None, :]},
    ),
    (
        "d_b_not_summed",
        "`d_b` has a row for every sample. One `b` serves all of them: sum over the batch.",
        {"d_b": lambda d_z: d_z},
    ),
    (
        "d_b_mean",
        "In `d_b` the rows are averaged. Add them up.",
        {"d_b": lambda d_z: d_z.mean(axis=0)},
    ),
    (
        "d_b_kept_axis",
        "`d_b` has kept its axis: shape (1, 4H). `b` has one axis, (4H,).",
        {"d_b": lambda d_z: d_z.sum(axis=0, keepdims=True)},
    ),
    (
        "d_b_other_axis",
        "`d_b` is summed over the columns, one number per sample. Sum over the samples.",
        {"d_b": lambda d_z: d_z.sum(axis=1)},
    ),
):
    check_lstm_step_back.add_mistake(_key, _message, _replaces)
