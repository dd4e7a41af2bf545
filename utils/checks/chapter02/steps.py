"""Code: one step of a plain RNN, the loop over many, and the step as one matrix.

A choice inside a computation (which state comes in, which function squashes) is a quantity of its
own, so that a mistake replaces one choice and mistakes combine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.activations import sigmoid
from utils.checks.engine import Check

Array = np.ndarray
CHAPTER = "02_rnn_forward"
SQUASH: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda z: np.maximum(z, 0.0),
    "none": lambda z: z,
}


def squash_with(z: Array, squash: str) -> Array:
    """Put `z` through the function that `squash` names, a key of ``SQUASH``."""
    return SQUASH[squash](z)


# --- Exercise 3: one step ----------------------------------------------------------------------


def step_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the arguments of one step."""
    B, D, H = (sizes[name] for name in "BDH")
    return {
        "x_t": rng.normal(size=(B, D)),
        "h_prev": rng.uniform(-0.9, 0.9, size=(B, H)),
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H),
    }


STEP_SIZES = ({"B": 2, "D": 3, "H": 4}, {"B": 3, "D": 5, "H": 2}, {"B": 1, "D": 4, "H": 6})

check_rnn_step = Check(
    "rnn_step",
    chapter=CHAPTER,
    title="One step of a plain RNN",
    outputs={"h_t": "B H"},
    inputs=step_inputs,
    sizes=STEP_SIZES,
    steps={
        "recurrent": lambda W_hh: W_hh,
        "from_input": lambda x_t, W_xh: x_t @ W_xh,
        "from_state": lambda h_prev, recurrent: h_prev @ recurrent,
        "bias": lambda b_h: b_h,
        "z_t": lambda from_input, from_state, bias: from_input + from_state + bias,
        "h_t": lambda z_t: np.tanh(z_t),
    },
    hints=(
        "The formula has three summands. Compute each on its own first and look at its shape.",
        "Row vectors stand on the left: `x_t` of shape (B, D) times `W_xh` of shape (D, H) gives "
        "(B, H), and so does `h_prev` times `W_hh`. NumPy adds `b_h` to every row by itself.",
        "Add the three summands to one array, then call `np.tanh` once, on the whole sum, and "
        "return what it gives.",
    ),
)
check_rnn_step.add_mistake(
    "recurrent_transposed",
    "`W_hh` went in transposed. With row vectors the state stands on its left, as it is.",
    {"recurrent": lambda W_hh: W_hh.T},
)
check_rnn_step.add_mistake(
    "input_ignored",
    "The input is left out: `x_t` has to come in through `W_xh`.",
    {"from_input": lambda x_t, W_xh: 0 * (x_t @ W_xh)},
)
check_rnn_step.add_mistake(
    "state_ignored",
    "The previous state is left out, so this network has no memory: `h_prev` comes in through "
    "`W_hh`.",
    {"from_state": lambda h_prev: 0 * h_prev},
)
check_rnn_step.add_mistake(
    "state_without_weights",
    "The previous state was added as it is. It has to go through `W_hh` first.",
    {"from_state": lambda h_prev: h_prev},
)
check_rnn_step.add_mistake(
    "bias_forgotten",
    "The bias is missing: `b_h` is part of the sum.",
    {"bias": lambda b_h: 0 * b_h},
)
check_rnn_step.add_mistake(
    "bias_twice",
    "The bias went in twice, perhaps once with each product. This formula has one bias.",
    {"bias": lambda b_h: 2 * b_h},
)
check_rnn_step.add_mistake(
    "no_tanh",
    "The tanh is missing: what you return is the sum itself, which can lie outside (−1, 1).",
    {"h_t": lambda z_t: z_t},
)
check_rnn_step.add_mistake(
    "sigmoid_for_tanh",
    "You took the sigmoid, which is never negative. The formula has tanh.",
    {"h_t": lambda z_t: squash_with(z_t, "sigmoid")},
)
check_rnn_step.add_mistake(
    "relu_for_tanh",
    "You took ReLU. That is another network; the formula here has tanh.",
    {"h_t": lambda z_t: squash_with(z_t, "relu")},
)
check_rnn_step.add_mistake(
    "tanh_of_input_only",
    "The tanh closes too early: the part from `h_prev` was added after it. All of the sum goes "
    "through tanh.",
    {"h_t": lambda from_input, from_state, bias: np.tanh(from_input + bias) + from_state},
)
check_rnn_step.add_mistake(
    "tanh_of_state_only",
    "The tanh was put on the part from `h_prev` alone. All of the sum goes through tanh.",
    {"h_t": lambda from_input, from_state, bias: from_input + bias + np.tanh(from_state)},
)
check_rnn_step.add_mistake(
    "tanh_of_first_product",
    "Only the first product is inside tanh. Add everything first; then all of the sum goes "
    "through tanh.",
    {"h_t": lambda from_input, from_state, bias: np.tanh(from_input) + from_state + bias},
)
check_rnn_step.add_mistake(
    "tanh_of_state_and_bias",
    "The first product is outside tanh. Add everything first; then all of the sum goes through "
    "tanh.",
    {"h_t": lambda from_input, from_state, bias: from_input + np.tanh(from_state + bias)},
)
check_rnn_step.add_mistake(
    "bias_after_tanh",
    "The bias was added after tanh. It belongs inside, so that the result stays in (−1, 1).",
    {"h_t": lambda from_input, from_state, bias: np.tanh(from_input + from_state) + bias},
)
check_rnn_step.add_mistake(
    "tanh_of_each",
    "Each product went through its own tanh. Add everything first; there is one tanh.",
    {"h_t": lambda from_input, from_state, bias: np.tanh(from_input) + np.tanh(from_state) + bias},
)
check_rnn_step.add_mistake(
    "tanh_of_each_with_input_bias",
    "Each product went through its own tanh, the bias with that of the input. Add everything "
    "first; there is one tanh.",
    {"h_t": lambda from_input, from_state, bias: np.tanh(from_input + bias) + np.tanh(from_state)},
)
check_rnn_step.add_mistake(
    "tanh_of_each_with_state_bias",
    "Each product went through its own tanh, the bias with that of the state. Add everything "
    "first; there is one tanh.",
    {"h_t": lambda from_input, from_state, bias: np.tanh(from_input) + np.tanh(from_state + bias)},
)
check_rnn_step.add_mistake(
    "tanh_of_each_with_bias",
    "Each product went through its own tanh together with the bias. Add everything first; there "
    "is one tanh and one bias.",
    {
        "h_t": lambda from_input, from_state, bias: (
            np.tanh(from_input + bias) + np.tanh(from_state + bias)
        )
    },
)
check_rnn_step.add_mistake(
    "tanh_twice",
    "The sum went through tanh twice. Once is enough.",
    {"h_t": lambda z_t: np.tanh(np.tanh(z_t))},
)
check_rnn_step.add_mistake(
    "bias_subtracted",
    "The bias was taken away. It is added.",
    {"bias": lambda b_h: -b_h},
)
check_rnn_step.add_mistake(
    "previous_state_added",
    "`h_prev` was added once more after tanh. The new state replaces the previous one.",
    {"h_t": lambda z_t, h_prev: h_prev + np.tanh(z_t)},
)


# --- Exercise 4: the loop over the sequence ----------------------------------------------------


def unroll_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw the arguments of a whole sequence; h_0 is not zero, so that it is seen to be used."""
    T, B, D, H = (sizes[name] for name in "TBDH")
    return {
        "xs": rng.normal(size=(T, B, D)),
        "h_0": rng.uniform(-0.9, 0.9, size=(B, H)),
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": 0.5 * rng.normal(size=H),
    }


def unroll(
    xs: Array,
    start: Array,
    W_xh: Array,
    recurrent: Array,
    bias: Array,
    squash: str = "tanh",
    carry: str = "state",
) -> Array:
    """Run a plain RNN over `xs` (T, B, D); `carry` says what goes into the next step."""
    came_in, hs = start, []
    for x_t in xs:
        z_t = x_t @ W_xh + came_in @ recurrent + bias
        hs.append(squash_with(z_t, squash))
        came_in = {"state": hs[-1], "sum": z_t, "start": start, "nothing": 0 * start}[carry]
    return np.stack(hs)


def unroll_with_first_bias(
    xs: Array, start: Array, W_xh: Array, recurrent: Array, bias: Array, squash: str
) -> Array:
    """Run a plain RNN whose bias comes in at the first step alone."""
    first = unroll(xs[:1], start, W_xh, recurrent, bias, squash)
    rest = unroll(xs[1:], first[-1], W_xh, recurrent, 0 * bias, squash)
    return np.concatenate([first, rest])


def unroll_through_samples(
    xs: Array, start: Array, W_xh: Array, recurrent: Array, bias: Array, squash: str
) -> Array:
    """Run sample after sample, each from the state in which the one before it has ended."""
    came_in, runs = start[:1], []
    for b in range(xs.shape[1]):
        runs.append(unroll(xs[:, b : b + 1], came_in, W_xh, recurrent, bias, squash))
        came_in = runs[-1][-1]
    return np.concatenate(runs, axis=1)


def unroll_over_batch(xs: Array, W_xh: Array, recurrent: Array, bias: Array, squash: str) -> Array:
    """Run the loop over the batch axis, as if the samples followed one another in time."""
    start = np.zeros((len(xs), recurrent.shape[0]))
    return unroll(np.swapaxes(xs, 0, 1), start, W_xh, recurrent, bias, squash)  # (B, T, H)


check_unroll = Check(
    "unroll",
    chapter=CHAPTER,
    title="The loop over the sequence",
    outputs={"hs": "T B H"},
    inputs=unroll_inputs,
    sizes=(
        {"T": 4, "B": 2, "D": 3, "H": 5},
        {"T": 3, "B": 5, "D": 2, "H": 4},
        {"T": 6, "B": 1, "D": 3, "H": 2},
    ),
    steps={
        "read": lambda xs: xs,
        "start": lambda h_0: h_0,
        "recurrent": lambda W_hh: W_hh,
        "bias": lambda b_h: b_h,
        "squash": lambda: "tanh",
        "carry": lambda: "state",
        "states": lambda read, start, W_xh, recurrent, bias, squash, carry: unroll(
            read, start, W_xh, recurrent, bias, str(squash), str(carry)
        ),
        "hs": lambda states: states,
    },
    hints=(
        "Two things live outside the loop: a variable for the state, which starts as `h_0`, and a "
        "list that is empty at first.",
        "`for x_t in xs:` walks along the first axis, which is time. Inside: one step from `x_t` "
        "and the state, then put the new state into the list.",
        "The variable for the state must be overwritten in the loop, so that the next round finds "
        "the new one. After the loop, `np.stack` makes one array of the list.",
    ),
)
check_unroll.add_mistake(
    "start_ignored",
    "`h_0` is ignored: your loop starts from zeros. The state before the first step is `h_0`.",
    {"start": lambda h_0: 0 * h_0},
)
check_unroll.add_mistake(
    "start_at_every_step",
    "Every step starts from `h_0` again. Carry the new state on to the next step.",
    {"carry": lambda: "start"},
)
check_unroll.add_mistake(
    "state_not_carried",
    "From the second step on, the previous state is zero: nothing is remembered. Carry the new "
    "state on to the next step.",
    {"carry": lambda: "nothing"},
)
check_unroll.add_mistake(
    "sum_carried",
    "The sum before tanh is carried on. What goes into the next step is the state, after tanh.",
    {"carry": lambda: "sum"},
)
check_unroll.add_mistake(
    "read_backwards",
    "The sequence is read from its end to its beginning. Start with `xs[0]`.",
    {"read": lambda xs: xs[::-1]},
)
check_unroll.add_mistake(
    "first_input_always",
    "Every step reads `xs[0]`. Step `t` reads `xs[t]`.",
    {"read": lambda xs: np.repeat(xs[:1], len(xs), axis=0)},
)
check_unroll.add_mistake(
    "input_one_late",
    "Step `t` reads `xs[t - 1]`, and the first step reads the last input. The input belongs to "
    "the step itself; it is the state that comes from the step before.",
    {"read": lambda xs: np.roll(xs, 1, axis=0)},
)
check_unroll.add_mistake(
    "recurrent_transposed",
    "`W_hh` went in transposed. With row vectors the state stands on its left, as it is.",
    {"recurrent": lambda W_hh: W_hh.T},
)
check_unroll.add_mistake(
    "bias_forgotten",
    "The bias is missing: `b_h` is added at every step.",
    {"bias": lambda b_h: 0 * b_h},
)
check_unroll.add_mistake(
    "bias_twice",
    "The bias went in twice at every step. This formula has one bias.",
    {"bias": lambda b_h: 2 * b_h},
)
check_unroll.add_mistake(
    "bias_at_first_step_only",
    "The bias came in at the first step alone. `b_h` is added at every step.",
    {
        "states": lambda read, start, W_xh, recurrent, bias, squash: unroll_with_first_bias(
            read, start, W_xh, recurrent, bias, str(squash)
        )
    },
)
check_unroll.add_mistake(
    "carried_to_next_sample",
    "A sample starts from the state in which the sample before it has ended. Each starts from its "
    "own row of `h_0`; samples never meet.",
    {
        "states": lambda read, start, W_xh, recurrent, bias, squash: unroll_through_samples(
            read, start, W_xh, recurrent, bias, str(squash)
        )
    },
)
check_unroll.add_mistake(
    "no_tanh",
    "The tanh is missing at every step.",
    {"squash": lambda: "none"},
)
check_unroll.add_mistake(
    "sigmoid_for_tanh",
    "You took the sigmoid. The state of this network goes through tanh.",
    {"squash": lambda: "sigmoid"},
)
check_unroll.add_mistake(
    "along_the_batch",
    "The loop runs over the batch axis: one sample's state went into the next sample's step. "
    "Time is the first axis of `xs`, and samples never meet.",
    {
        "states": lambda read, W_xh, recurrent, bias, squash: np.swapaxes(
            unroll_over_batch(read, W_xh, recurrent, bias, str(squash)), 0, 1
        )
    },
)
check_unroll.add_mistake(
    "along_the_batch_first",
    "The loop runs over the batch axis, and the result has shape `(B, T, H)`: one sample's state "
    "went into the next sample's step. Time is the first axis of `xs`.",
    {
        "states": lambda read, W_xh, recurrent, bias, squash: unroll_over_batch(
            read, W_xh, recurrent, bias, str(squash)
        )
    },
)
check_unroll.add_mistake(
    "list_reversed",
    "The states stand in reversed order: the latest is at the front. Put each new state at the "
    "end of the list.",
    {"hs": lambda states: states[::-1]},
)
check_unroll.add_mistake(
    "last_state_only",
    "You return the last state alone. Keep the state of every step.",
    {"hs": lambda states: states[-1]},
)
check_unroll.add_mistake(
    "one_array_many_times",
    "Every entry is the last state. Perhaps one array is overwritten in place and stands in the "
    "list many times; make a new array at each step.",
    {"hs": lambda states: np.repeat(states[-1:], len(states), axis=0)},
)
check_unroll.add_mistake(
    "start_included",
    "`h_0` stands at the front, so there is one entry more than steps. `hs` holds the states "
    "after the steps.",
    {"hs": lambda start, states: np.concatenate([start[None], states])},
)
check_unroll.add_mistake(
    "kept_before_update",
    "The state was put into the list before it was updated: the list begins with `h_0` and lacks "
    "the last state.",
    {"hs": lambda start, states: np.concatenate([start[None], states[:-1]])},
)
check_unroll.add_mistake(
    "start_in_place_of_first",
    "`hs[0]` is `h_0`: the first item was never read. `hs[0]` is the state after `xs[0]`.",
    {
        "states": lambda read, start, W_xh, recurrent, bias, squash, carry: np.concatenate(
            [
                start[None],
                unroll(read[1:], start, W_xh, recurrent, bias, str(squash), str(carry)),
            ]
        )
    },
)
check_unroll.add_mistake(
    "batch_first",
    "The states are stacked batch first, `(B, T, H)`. The arrays of this course are time first.",
    {"hs": lambda states: np.swapaxes(states, 0, 1)},
)
check_unroll.add_mistake(
    "steps_joined",
    "The steps were joined along the batch axis. They need an axis of their own, the first: "
    "that is the difference between `np.concatenate` and `np.stack`.",
    {"hs": lambda states: states.reshape(-1, states.shape[-1])},
)


# --- Exercise 5: one matrix on [x_t, h_prev] ---------------------------------------------------

check_joined_step = Check(
    "joined_step",
    chapter=CHAPTER,
    title="One matrix on [x_t, h_prev]",
    outputs={"joined": "B D+H", "W": "D+H H", "h_t": "B H"},
    inputs=step_inputs,
    sizes=STEP_SIZES,
    steps={
        "joined": lambda x_t, h_prev: np.concatenate([x_t, h_prev], axis=1),
        "recurrent": lambda W_hh: W_hh,
        "W": lambda W_xh, recurrent: np.concatenate([W_xh, recurrent], axis=0),
        "bias": lambda b_h: b_h,
        "h_t": lambda joined, W, bias: np.tanh(joined @ W + bias),
    },
    hints=(
        "Draw one row: first the D numbers of `x_t`, then the H numbers of `h_prev`. What shape "
        "must a matrix have to take D + H numbers to H?",
        "`np.concatenate([a, b], axis=...)` joins two arrays along an axis that exists. The two "
        "inputs are joined along their features, the two matrices along the axis that meets them.",
        "Row `k` of `W` meets entry `k` of `joined`: the rows of `W_xh` come first because `x_t` "
        "comes first. Then it is the step that you know, with one product in place of two.",
    ),
)
check_joined_step.add_mistake(
    "state_first",
    "The state stands in front of the input. The order agreed on here is `[x_t, h_prev]`.",
    {"joined": lambda x_t, h_prev: np.concatenate([h_prev, x_t], axis=1)},
)
check_joined_step.add_mistake(
    "recurrent_rows_first",
    "The rows of `W_hh` stand on top. The first D entries of `joined` come from `x_t`, so the "
    "first D rows are those that belong to `x_t`.",
    {"W": lambda W_xh, recurrent: np.concatenate([recurrent, W_xh], axis=0)},
)
check_joined_step.add_mistake(
    "recurrent_transposed",
    "`W_hh` was transposed on its way into `W`. Its rows belong to the entries of `h_prev`, so "
    "it goes in as it is.",
    {"recurrent": lambda W_hh: W_hh.T},
)
check_joined_step.add_mistake(
    "bias_forgotten",
    "The bias is missing. `W` takes the place of two matrices; `b_h` is still added.",
    {"bias": lambda b_h: 0 * b_h},
)
check_joined_step.add_mistake(
    "bias_twice",
    "The bias went in twice. One product, one bias.",
    {"bias": lambda b_h: 2 * b_h},
)
check_joined_step.add_mistake(
    "no_tanh",
    "The tanh is missing: the product with `W` gives the sum, and the state is its tanh.",
    {"h_t": lambda joined, W, bias: joined @ W + bias},
)
check_joined_step.add_mistake(
    "sigmoid_for_tanh",
    "You took the sigmoid. The state of this network goes through tanh.",
    {"h_t": lambda joined, W, bias: squash_with(joined @ W + bias, "sigmoid")},
)
