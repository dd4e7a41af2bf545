"""Code: a plain RNN in both directions, all sequences of one length."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter09.formulas import CHAPTER, HALVES, constant, draw_cell, joined, read
from utils.checks.engine import Check

Array = np.ndarray


def both_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw sequences, two start states, and the weights of two cells."""
    T, B, D, H = (sizes[name] for name in "TBDH")
    names = ("W_xh", "W_hh", "b_h"), ("V_xh", "V_hh", "c_h")
    drawn = {
        "xs": rng.normal(size=(T, B, D)),
        "h_0": rng.uniform(-0.9, 0.9, size=(B, H)),
        "g_0": rng.uniform(-0.9, 0.9, size=(B, H)),
    }
    for cell in names:
        drawn |= dict(zip(cell, draw_cell(rng, D, H), strict=True))
    return drawn


def interleaved(forward: Array, backward: Array) -> Array:
    """Let the columns of two arrays alternate."""
    return np.stack([forward, backward], axis=-1).reshape(*forward.shape[:-1], -1)


check_both_directions = Check(
    "both_directions",
    chapter=CHAPTER,
    title="A plain RNN in both directions",
    outputs={"hs": f"T B {HALVES}", "summary": f"B {HALVES}"},
    inputs=both_inputs,
    sizes=(
        {"T": 4, "B": 3, "D": 5, "H": 2},
        {"T": 3, "B": 2, "D": 4, "H": 5},
        {"T": 5, "B": 1, "D": 2, "H": 3},
    ),
    steps={
        "squash": constant("tanh"),
        "carry": constant("state"),
        "xs_f": lambda xs: xs,
        "start_f": lambda h_0: h_0,
        "W_x": lambda W_xh: W_xh,
        "W_h": lambda W_hh: W_hh,
        "b": lambda b_h: b_h,
        "in_order_f": lambda xs_f, start_f, W_x, W_h, b, squash, carry: read(
            xs_f @ W_x + b, start_f, W_h, squash, carry
        ),
        "forward": lambda in_order_f: in_order_f,
        "xs_b": lambda xs: xs[::-1],
        "start_b": lambda g_0: g_0,
        "V_x": lambda V_xh: V_xh,
        "V_h": lambda V_hh: V_hh,
        "c": lambda c_h: c_h,
        "in_order": lambda xs_b, start_b, V_x, V_h, c, squash, carry: read(
            xs_b @ V_x + c, start_b, V_h, squash, carry
        ),
        "backward": lambda in_order: in_order[::-1],
        "order": constant("forward first"),
        "hs": lambda forward, backward, order: joined(forward, backward, order),
        "last_f": lambda forward: forward[-1],
        "last_b": lambda backward: backward[0],
        "summary_order": lambda order: str(order),
        "summary": lambda last_f, last_b, summary_order: joined(last_f, last_b, summary_order),
    },
    hints=(
        "Write the run of one direction first, a loop with a list of states. The second direction "
        "is the same loop with other weights, another start, and the items in the other order.",
        "The backward cell makes its states from the last step down. Its list begins with the "
        "state of step T − 1, so it has to be turned before it stands beside the other.",
        "`xs[::-1]` turns the axis of time, and `states[::-1]` turns the list back; then "
        "`np.concatenate([forward, backward], axis=-1)`. The summary joins `forward[-1]` and, once "
        "it is turned back, `backward[0]`.",
    ),
)
for _key, _message, _replaces in (
    (
        "bias_forgotten_forward",
        "The bias `b_h` of the forward cell is missing.",
        {"b": lambda b_h: 0 * b_h},
    ),
    (
        "bias_forgotten_backward",
        "The bias `c_h` of the backward cell is missing.",
        {"c": lambda c_h: 0 * c_h},
    ),
    (
        "tanh_forgotten",
        "The tanh is missing: the states are the sums themselves.",
        {"squash": constant("none")},
    ),
    (
        "relu_for_tanh",
        "The sums went through a ReLU. These cells have tanh.",
        {"squash": constant("relu")},
    ),
    (
        "sigmoid_for_tanh",
        "The sums went through the sigmoid. These cells have tanh.",
        {"squash": constant("sigmoid")},
    ),
    (
        "start_at_every_step",
        "At every step the cells read their start state. From their second step on they read the "
        "state that they made before.",
        {"carry": constant("start")},
    ),
    (
        "no_memory",
        "From its second step on no cell reads the state before. Each state is made from item and "
        "old state.",
        {"carry": constant("nothing")},
    ),
    (
        "W_hh_transposed",
        "`W_hh` is transposed in the forward cell. States are rows on its left: `h @ W_hh`.",
        {"W_h": lambda W_hh: W_hh.T},
    ),
    (
        "V_hh_transposed",
        "`V_hh` is transposed in the backward cell. States are rows on its left: `g @ V_hh`.",
        {"V_h": lambda V_hh: V_hh.T},
    ),
    (
        "h_0_ignored",
        "The forward cell starts from zeros. It starts from `h_0`.",
        {"start_f": lambda h_0: 0 * h_0},
    ),
    (
        "g_0_ignored",
        "The backward cell starts from zeros. It starts from `g_0`, before the last item.",
        {"start_b": lambda g_0: 0 * g_0},
    ),
    (
        "starts_exchanged",
        "The start states have changed places: `h_0` belongs to the forward cell, `g_0` to the "
        "backward one.",
        {"start_f": lambda g_0: g_0, "start_b": lambda h_0: h_0},
    ),
    (
        "h_0_for_both",
        "Both cells start from `h_0`. The backward cell starts from `g_0`.",
        {"start_b": lambda h_0: h_0},
    ),
    (
        "goes_on_from_forward",
        "The backward cell goes on from the last state of the forward one. It starts from `g_0` "
        "and knows nothing of the other.",
        {"start_b": lambda forward: forward[-1]},
    ),
    (
        "weights_shared",
        "Both directions run with the weights of the forward cell. The backward cell has its own, "
        "`V_xh`, `V_hh` and `c_h`.",
        {"V_x": lambda W_xh: W_xh, "V_h": lambda W_hh: W_hh, "c": lambda b_h: b_h},
    ),
    (
        "W_xh_shared",
        "The backward cell reads its items through `W_xh`. Its own matrix is `V_xh`.",
        {"V_x": lambda W_xh: W_xh},
    ),
    (
        "W_hh_shared",
        "The backward cell reads its old state through `W_hh`. Its own matrix is `V_hh`.",
        {"V_h": lambda W_hh: W_hh},
    ),
    (
        "bias_shared",
        "The backward cell has the bias `b_h`. Its own is `c_h`.",
        {"c": lambda b_h: b_h},
    ),
    (
        "biases_exchanged",
        "The biases have changed places: `b_h` belongs to the forward cell, `c_h` to the backward "
        "one.",
        {"b": lambda c_h: c_h, "c": lambda b_h: b_h},
    ),
    (
        "state_matrices_exchanged",
        "The matrices of the state have changed places: `W_hh` belongs to the forward cell, `V_hh` "
        "to the backward one.",
        {"W_h": lambda V_hh: V_hh, "V_h": lambda W_hh: W_hh},
    ),
    (
        "input_matrices_exchanged",
        "The matrices of the input have changed places: `W_xh` belongs to the forward cell, `V_xh` "
        "to the backward one.",
        {"W_x": lambda V_xh: V_xh, "V_x": lambda W_xh: W_xh},
    ),
    (
        "weights_exchanged",
        "The weights have changed places: `W_xh`, `W_hh`, `b_h` belong to the forward cell, "
        "`V_xh`, `V_hh`, `c_h` to the backward one.",
        {
            **{"W_x": lambda V_xh: V_xh, "W_h": lambda V_hh: V_hh, "b": lambda c_h: c_h},
            **{"V_x": lambda W_xh: W_xh, "V_h": lambda W_hh: W_hh, "c": lambda b_h: b_h},
        },
    ),
    (
        "directions_exchanged",
        "The forward cell was run from the end and the backward cell from the start. The forward "
        "cell reads step 0 first.",
        {
            "xs_f": lambda xs: xs[::-1],
            "forward": lambda in_order_f: in_order_f[::-1],
            "xs_b": lambda xs: xs,
            "backward": lambda in_order: in_order,
        },
    ),
    (
        "both_from_the_end",
        "Both cells read from the end, perhaps because `xs` was turned before the first run. The "
        "forward cell reads step 0 first.",
        {"xs_f": lambda xs: xs[::-1]},
    ),
    (
        "both_from_the_start",
        "Both cells read from the start. The backward cell reads the last step first, and its "
        "states are turned back afterwards.",
        {"xs_b": lambda xs: xs, "backward": lambda in_order: in_order},
    ),
    (
        "read_unturned",
        "The backward cell read from the start, and its states were turned afterwards. Turn the "
        "items first: it reads the last step first.",
        {"xs_b": lambda xs: xs},
    ),
    (
        "not_turned_back",
        "The backward states are not turned back: they stand in the order in which they were made, "
        "step T − 1 first. Turn them, so that `hs[t]` holds two states of the same item.",
        {"backward": lambda in_order: in_order},
    ),
    (
        "forward_turned",
        "The forward states were turned. They are made in the order of time already; it is the "
        "backward ones that have to be turned back.",
        {
            "forward": lambda in_order_f: in_order_f[::-1],
            "last_f": lambda in_order_f: in_order_f[-1],
        },
    ),
    (
        "step_0_left_out",
        "At step 0 there is no backward state, only zeros. A loop down to step 0 is "
        "`range(T - 1, -1, -1)`: the second number itself is left out.",
        {
            "backward": lambda in_order: (
                in_order[::-1] * (np.arange(len(in_order)) > 0)[:, None, None]
            )
        },
    ),
    (
        "step_0_read_first",
        "The backward cell read step 0 first and then the others from the end, as the index −t "
        "does. Counted from the end, the last step is −1.",
        {"xs_b": lambda xs: np.concatenate([xs[:1], xs[:0:-1]])},
    ),
    (
        "batch_turned",
        "For the backward cell the batch was turned in the place of time, there and back. Time is "
        "the first axis: `xs[::-1]`.",
        {"xs_b": lambda xs: xs[:, ::-1], "backward": lambda in_order: in_order[:, ::-1]},
    ),
    (
        "batch_read_turned",
        "For the backward cell the batch of `xs` was turned in the place of time. Time is the "
        "first axis: `xs[::-1]`.",
        {"xs_b": lambda xs: xs[:, ::-1]},
    ),
    (
        "batch_turned_back",
        "The backward states were turned along the batch. Turn them along time, the first axis.",
        {"backward": lambda in_order: in_order[:, ::-1]},
    ),
    (
        "features_read_turned",
        "For the backward cell the features of each item were turned. Turn the order of the items: "
        "`xs[::-1]`, the first axis.",
        {"xs_b": lambda xs: xs[..., ::-1]},
    ),
    (
        "all_axes_read_turned",
        "All axes of `xs` were turned, as `np.flip` does without an axis. Turn time alone: "
        "`xs[::-1]`.",
        {"xs_b": lambda xs: np.flip(xs)},
    ),
    (
        "all_axes_turned_back",
        "All axes of the backward states were turned, as `np.flip` does without an axis. Turn time "
        "alone: `states[::-1]`.",
        {"backward": lambda in_order: np.flip(in_order)},
    ),
    (
        "all_axes_turned",
        "All axes were turned, of `xs` and of the backward states, as `np.flip` does without an "
        "axis. Turn time alone: `xs[::-1]`.",
        {"xs_b": lambda xs: np.flip(xs), "backward": lambda in_order: np.flip(in_order)},
    ),
    (
        "shifted_by_one",
        "The backward half at step t has not read item t: it stands one step too early. At every "
        "step both cells have read the item of that step.",
        {
            "backward": lambda in_order, start_b: np.concatenate(
                [in_order[::-1][1:], start_b[None]]
            ),
            "last_b": lambda in_order: in_order[-1],
        },
    ),
    (
        "halves_exchanged",
        "The halves have changed places. The forward one comes first.",
        {"order": constant("backward first")},
    ),
    (
        "halves_added",
        "The two states were added. They stand side by side, 2H numbers.",
        {"hs": lambda forward, backward: forward + backward},
    ),
    (
        "halves_averaged",
        "The two states were averaged. They stand side by side, 2H numbers.",
        {"hs": lambda forward, backward: (forward + backward) / 2},
    ),
    (
        "halves_interleaved",
        "The columns of the two halves alternate. The H columns of the forward cell come first, "
        "then those of the backward one.",
        {"hs": lambda forward, backward: interleaved(forward, backward)},
    ),
    (
        "batch_first",
        "`hs` has the batch as its first axis. Time comes first, as in `xs`.",
        {
            "hs": lambda forward, backward, order: np.swapaxes(
                joined(forward, backward, order), 0, 1
            )
        },
    ),
    (
        "start_states_in_front",
        "`hs` has T + 1 steps: the start states stand in front. It holds the states of the T "
        "items.",
        {
            "hs": lambda forward, backward, start_f, start_b, order: np.concatenate(
                [joined(start_f, start_b, order)[None], joined(forward, backward, order)]
            )
        },
    ),
    (
        "joined_along_time",
        "The halves were joined along time, which gives 2T steps. Join them along the last axis.",
        {"hs": lambda forward, backward: np.concatenate([forward, backward])},
    ),
    (
        "joined_along_batch",
        "The halves were joined along the batch. Join them along the last axis.",
        {"hs": lambda forward, backward: np.concatenate([forward, backward], axis=1)},
    ),
    (
        "stacked_in_front",
        "The halves were stacked along a new axis, two in number. Join them along the last axis "
        "with `np.concatenate`.",
        {"hs": lambda forward, backward: np.stack([forward, backward])},
    ),
    (
        "stacked_behind",
        "The halves were stacked along a new last axis. Join them along the one that is there, "
        "with `np.concatenate`.",
        {"hs": lambda forward, backward: np.stack([forward, backward], axis=-1)},
    ),
    (
        "summary_is_last",
        "This is `hs[-1]`. There the backward cell has read one item, the last. Its half of the "
        "summary stands at step 0, where it has read all.",
        {"last_b": lambda backward: backward[-1]},
    ),
    (
        "summary_is_first",
        "This is `hs[0]`. There the forward cell has read one item, the first. Its half of the "
        "summary stands at step T − 1, where it has read all.",
        {"last_f": lambda forward: forward[0]},
    ),
    (
        "summary_where_they_began",
        "Each half was taken where its cell has read one item. Take it where the cell has read "
        "all.",
        {"last_f": lambda forward: forward[0], "last_b": lambda backward: backward[-1]},
    ),
    (
        "summary_forward_twice",
        "Both halves of the summary are the last state of the forward cell. The second one is the "
        "last state that the backward cell made.",
        {"last_b": lambda last_f: last_f},
    ),
    (
        "summary_mean",
        "This is the mean over the steps. The summary holds the state of each cell after it has "
        "read all.",
        {"summary": lambda forward, backward, order: joined(forward, backward, order).mean(0)},
    ),
    (
        "summary_sum",
        "This is the sum over the steps. The summary holds the state of each cell after it has "
        "read all.",
        {"summary": lambda forward, backward, order: joined(forward, backward, order).sum(0)},
    ),
    (
        "summary_largest",
        "This is the largest value over the steps. The summary holds the state of each cell after "
        "it has read all.",
        {"summary": lambda forward, backward, order: joined(forward, backward, order).max(0)},
    ),
    (
        "summary_of_last_sample",
        "This is `hs[:, -1]`, the last sample at all steps. Time is the first axis, the batch the "
        "second.",
        {"summary": lambda forward, backward, order: joined(forward, backward, order)[:, -1]},
    ),
    (
        "summary_exchanged",
        "In the summary alone the halves have changed places. The forward one comes first here "
        "too.",
        {"summary_order": constant("backward first")},
    ),
    (
        "summary_added",
        "In the summary the two states were added. They stand side by side, 2H numbers.",
        {"summary": lambda last_f, last_b: last_f + last_b},
    ),
    (
        "summary_joined_along_batch",
        "In the summary the halves stand below one another, (2B, H). Join them along the last "
        "axis.",
        {"summary": lambda last_f, last_b: np.concatenate([last_f, last_b])},
    ),
):
    check_both_directions.add_mistake(_key, _message, _replaces)
