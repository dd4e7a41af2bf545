"""Code: both directions over sequences of different lengths, padded to one."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter09.formulas import (
    CHAPTER,
    HALVES,
    constant,
    draw_cell,
    inside,
    joined,
    read,
    states_at,
    turn_within,
)
from utils.checks.engine import Check

Array = np.ndarray


def padded_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw sequences with something in their padding, their lengths, and two cells.

    Lengths differ from one another, and none is 1 or T − 1. With more than two samples one fills
    all steps, and it is neither the first nor the last.
    """
    T, B, D, H = (sizes[name] for name in "TBDH")
    lengths = rng.permutation(np.arange(2, T - 1))[: max(B - 1, 1)]
    if B > 1:
        lengths = np.insert(lengths, B // 2, T)
    names = ("W_xh", "W_hh", "b_h"), ("V_xh", "V_hh", "c_h")
    drawn = {"xs": rng.normal(size=(T, B, D)), "lengths": lengths}
    for cell in names:
        drawn |= dict(zip(cell, draw_cell(rng, D, H), strict=True))
    return drawn


def from_zeros(xs: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    """Run a cell over all steps, padding too, from a state of zeros."""
    return read(xs @ W_x + b, np.zeros((xs.shape[1], len(b))), W_h)


def folded(xs: Array, lengths: Array) -> Array:
    """Turn each sequence item by item in its own place, so that half of the items are lost."""
    xs = xs.copy()
    for sample, n in enumerate(lengths):
        for t in range(n):
            xs[t, sample] = xs[n - 1 - t, sample]
    return xs


check_padded_both = Check(
    "padded_both",
    chapter=CHAPTER,
    title="Both directions with padding",
    outputs={"turned": "T B D", "hs": f"T B {HALVES}", "summary": f"B {HALVES}"},
    inputs=padded_inputs,
    sizes=(
        {"T": 7, "B": 4, "D": 5, "H": 3},
        {"T": 9, "B": 5, "D": 3, "H": 2},
        {"T": 6, "B": 1, "D": 2, "H": 4},
    ),
    steps={
        "within": lambda xs, lengths: inside(len(xs), lengths),  # (T, B, 1)
        "around": lambda xs, lengths: turn_within(xs, lengths),
        "turned": lambda around, within: around * within,
        "read_f": lambda xs: xs,
        "W_x": lambda W_xh: W_xh,
        "W_h": lambda W_hh: W_hh,
        "b": lambda b_h: b_h,
        "all_forward": lambda read_f, W_x, W_h, b: from_zeros(read_f, W_x, W_h, b),
        "read_b": lambda turned: turned,
        "V_x": lambda V_xh: V_xh,
        "V_h": lambda V_hh: V_hh,
        "c": lambda c_h: c_h,
        "in_order": lambda read_b, V_x, V_h, c: from_zeros(read_b, V_x, V_h, c),
        "back_around": lambda in_order, lengths: turn_within(in_order, lengths),
        "kept_f": lambda within: within,
        "kept_b": lambda within: within,
        "forward": lambda all_forward, kept_f: all_forward * kept_f,
        "backward": lambda back_around, kept_b: back_around * kept_b,
        "order": constant("forward first"),
        "hs": lambda forward, backward, order: joined(forward, backward, order),
        "end": lambda lengths: lengths - 1,
        "last_f": lambda all_forward, end: states_at(all_forward, end),
        "last_b": lambda backward: backward[0],
        "summary": lambda last_f, last_b, order: joined(last_f, last_b, order),
    },
    hints=(
        "The forward cell meets padding after each sequence, where it can do no harm: leave out "
        "what it writes there. The backward cell must not meet any before it: turn each sequence "
        "within its own length.",
        "Sample i has the items `xs[:n, i]` with n its length. Turned they are `xs[:n, i][::-1]`, "
        "and the same line turns the states of the backward cell back. Start from an array of "
        "zeros, and the padding is 0 already.",
        "Summary: the forward half at step n − 1 of each sample, `forward[lengths - 1, "
        "np.arange(B)]`, and the backward half at step 0, where the backward cell has read all of "
        "its items.",
    ),
)
for _key, _message, _replaces in (
    (
        "turned_as_a_whole",
        "All T steps were turned, so that the backward cell meets the padding first. Turn each "
        "sequence within its own length.",
        {
            "around": lambda xs: xs[::-1],
            "turned": lambda around: around,
            "back_around": lambda in_order: in_order[::-1],
        },
    ),
    (
        "turned_as_a_whole_and_cut",
        "All T steps were turned and then cut at the lengths: what stands there now is padding. "
        "Turn each sequence within its own length.",
        {"around": lambda xs: xs[::-1]},
    ),
    (
        "padding_moved_to_the_front",
        "The padding was set to 0 and all T steps were turned, so that the backward cell meets "
        "zeros first. Turn each sequence within its own length, from step 0 on.",
        {
            "turned": lambda xs, within: (xs * within)[::-1],
            "back_around": lambda in_order: in_order[::-1],
        },
    ),
    (
        "padding_left_in_turned",
        "What stood in the padding of `xs` stands in `turned` too. Behind the end of each sequence "
        "it is 0.",
        {"turned": lambda around: around},
    ),
    (
        "not_turned",
        "The sequences are cut at their lengths and not turned: the last item of each comes first.",
        {"around": lambda xs: xs},
    ),
    (
        "turned_within_the_longest",
        "Every sequence was turned within the length of the longest one. Each has a length of its "
        "own.",
        {"around": lambda xs, lengths: turn_within(xs, 0 * lengths + lengths.max())},
    ),
    (
        "turned_within_the_first",
        "Every sequence was turned within the length of the first one. Each has a length of its "
        "own.",
        {"around": lambda xs, lengths: turn_within(xs, 0 * lengths + lengths[0])},
    ),
    (
        "turned_one_short",
        "The last item of each sequence was left out of the turn. A sequence of n items ends at "
        "step n − 1, and that item comes first.",
        {"around": lambda xs, lengths: turn_within(xs, lengths - 1)},
    ),
    (
        "lengths_descending",
        "The lengths were sorted, the longest first, so they belong to other samples now. Leave "
        "them in the order of the batch.",
        {
            "within": lambda xs, lengths: inside(len(xs), np.sort(lengths)[::-1]),
            "around": lambda xs, lengths: turn_within(xs, np.sort(lengths)[::-1]),
            "back_around": lambda in_order, lengths: turn_within(in_order, np.sort(lengths)[::-1]),
            "end": lambda lengths: np.sort(lengths)[::-1] - 1,
        },
    ),
    (
        "turned_onto_itself",
        "Items were written over before they were read: the array was turned in its own place. "
        "Read from `xs`, write into a new array.",
        {"around": lambda xs, lengths: folded(xs, lengths)},
    ),
    (
        "batch_turned",
        "The batch was turned in the place of time. Time is the first axis.",
        {"around": lambda xs: xs[:, ::-1]},
    ),
    (
        "features_turned",
        "The features of each item were turned. Turn the order of the items, along the first axis.",
        {"around": lambda xs: xs[..., ::-1]},
    ),
    (
        "W_weights_shared",
        "Both directions run with the weights of the forward cell. The backward cell has its own, "
        "`V_xh`, `V_hh` and `c_h`.",
        {"V_x": lambda W_xh: W_xh, "V_h": lambda W_hh: W_hh, "c": lambda b_h: b_h},
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
        "forward_reads_turned",
        "The forward cell read the turned sequences too. It reads `xs`.",
        {"read_f": lambda turned: turned},
    ),
    (
        "backward_reads_unturned",
        "The backward cell read `xs` as it came. It reads `turned`.",
        {"read_b": lambda xs: xs},
    ),
    (
        "backward_reads_padding_first",
        "The backward cell read `xs[::-1]`: the padding first, and its memory is full of it when "
        "the items come. Let it read `turned`.",
        {"read_b": lambda xs: xs[::-1], "back_around": lambda in_order: in_order[::-1]},
    ),
    (
        "backward_reads_zeros_first",
        "The backward cell met the padding first. Zeros are no start state: with a bias, the cell "
        "moves while it reads them. Let it read `turned`.",
        {
            "read_b": lambda xs, within: (xs * within)[::-1],
            "back_around": lambda in_order: in_order[::-1],
        },
    ),
    (
        "not_turned_back",
        "The backward states are not turned back: they stand in the order in which they were made. "
        "Turn them within the lengths, as you turned the items.",
        {"back_around": lambda in_order: in_order},
    ),
    (
        "turned_back_as_a_whole",
        "The backward states were turned back over all T steps. Turn them within the lengths, as "
        "you turned the items.",
        {"back_around": lambda in_order: in_order[::-1]},
    ),
    (
        "padding_left_in_hs",
        "The states behind the end of the sequences are not 0. What a cell makes of padding "
        "belongs to no item.",
        {"kept_f": lambda within: 1 + 0 * within, "kept_b": lambda within: 1 + 0 * within},
    ),
    (
        "padding_left_in_forward",
        "The forward states behind the end of the sequences are not 0, the backward ones are. Cut "
        "both halves at the lengths.",
        {"kept_f": lambda within: 1 + 0 * within},
    ),
    (
        "padding_left_in_backward",
        "The backward states behind the end of the sequences are not 0, the forward ones are. Cut "
        "both halves at the lengths.",
        {"kept_b": lambda within: 1 + 0 * within},
    ),
    (
        "halves_exchanged",
        "The halves have changed places. The forward one comes first.",
        {"order": constant("backward first")},
    ),
    (
        "summary_is_last_step",
        "Both halves were taken behind the end, as with `hs[-1]`: zeros stand there. Where a "
        "sequence fills all steps, the backward half at the last one has read one item.",
        {
            "last_f": lambda forward: forward[-1],
            "last_b": lambda backward: backward[-1],
        },
    ),
    (
        "summary_is_first_step",
        "This is `hs[0]`. There the forward cell has read one item: take its half at step n − 1 of "
        "each sample.",
        {"last_f": lambda forward: forward[0]},
    ),
    (
        "summary_both_at_the_end",
        "Both halves were taken at the last item of each sequence. There the backward cell has "
        "read that one item; it has read all at step 0.",
        {"last_b": lambda backward, end: states_at(backward, end)},
    ),
    (
        "forward_after_padding",
        "The forward half was taken at step T − 1, where the cell has read padding after the "
        "sequence. Take it at step n − 1 of each sample.",
        {"last_f": lambda all_forward: all_forward[-1]},
    ),
    (
        "forward_after_the_cut",
        "The forward half was read off `hs` behind the end of the sequences, where it is 0. Take "
        "it at step n − 1 of each sample.",
        {"last_f": lambda forward: forward[-1]},
    ),
    (
        "backward_after_padding",
        "The backward half was taken after the last of the T steps, where the cell has read on "
        "into the padding. Once turned back, its half stands at step 0.",
        {"last_b": lambda in_order: in_order[-1]},
    ),
    (
        "end_one_too_early",
        "The forward half is one step too early: the last item of each sequence is not in it. A "
        "sequence of n items ends at step n − 1.",
        {"end": lambda lengths: lengths - 2},
    ),
    (
        "end_one_too_late",
        "The forward half is one step too late: the cell has read one item of padding more. A "
        "sequence of n items ends at step n − 1.",
        {"end": lambda xs, lengths: np.minimum(lengths, len(xs) - 1)},
    ),
    (
        "end_of_the_longest",
        "The forward half was taken where the longest sequence ends, for all samples. Each has a "
        "length of its own.",
        {"end": lambda lengths: 0 * lengths + lengths.max() - 1},
    ),
    (
        "end_of_the_first",
        "The forward half was taken where the first sequence ends, for all samples. Each has a "
        "length of its own.",
        {"end": lambda lengths: 0 * lengths + lengths[0] - 1},
    ),
    (
        "summary_mean_of_items",
        "This is the mean over the items. The summary holds the state of each cell after it has "
        "read all.",
        {
            "summary": lambda forward, backward, order, lengths: (
                joined(forward, backward, order).sum(axis=0) / lengths[:, None]
            )
        },
    ),
    (
        "summary_mean_of_steps",
        "This is the mean over all T steps, padding too. The summary holds the state of each cell "
        "after it has read all.",
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
        "summary_largest_of_items",
        "This is the largest value over the items. The summary holds the state of each cell after "
        "it has read all.",
        {
            "summary": lambda forward, backward, order, within: np.where(
                within > 0, joined(forward, backward, order), -np.inf
            ).max(axis=0)
        },
    ),
    (
        "summary_of_all_samples",
        "`hs[lengths - 1]` takes all samples at each of these steps. Give the samples too: "
        "`hs[lengths - 1, np.arange(B)]`, for the forward half.",
        {"summary": lambda forward, backward, order, end: joined(forward, backward, order)[end]},
    ),
    (
        "summary_exchanged",
        "In the summary alone the halves have changed places. The forward one comes first here "
        "too.",
        {"summary": lambda last_f, last_b: np.concatenate([last_b, last_f], axis=-1)},
    ),
    (
        "summary_added",
        "In the summary the two states were added. They stand side by side, 2H numbers.",
        {"summary": lambda last_f, last_b: last_f + last_b},
    ),
):
    check_padded_both.add_mistake(_key, _message, _replaces)
