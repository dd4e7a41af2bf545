"""Code: three summaries of a padded batch that was read in both directions."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter10.formulas import CHAPTER, Array, draw_lengths, within
from utils.checks.ordering import OrderedCheck


def summaries_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw outputs as `pad_packed_sequence` leaves them, with zeros in the padding.

    One unit of each direction is below 0 at every step, so that a zero of the padding would be
    the largest of its values.
    """
    B, T, H = (sizes[name] for name in "BTH")
    lengths = draw_lengths(rng, B, 2, T)
    output = rng.uniform(-0.95, 0.95, size=(B, T, 2 * H))
    output[..., [0, H]] = -0.05 - np.abs(output[..., [0, H]])
    return {"output": output * within(lengths, T).T[..., None], "lengths": lengths}


def both_ends(output: Array, forward: Array, backward: Array, halves: str) -> Array:
    """Join one step of the forward half with one of the backward half, (B, 2H).

    Parameters
    ----------
    output : array, shape (B, T, 2H)
    forward, backward : array of int, shape (B,)
        The steps to be taken, counted from the end where below 0.
    halves : {"both", "exchanged", "turned"}
        Which columns are taken of each step; ``"both"`` takes the first half for the forward
        direction, ``"turned"`` puts the backward half in front.
    """
    rows, H = np.arange(len(output)), output.shape[-1] // 2
    first, second = output[rows, forward], output[rows, backward]
    if halves == "exchanged":
        return np.concatenate([first[:, H:], second[:, :H]], axis=1)
    if halves == "turned":
        return np.concatenate([second[:, H:], first[:, :H]], axis=1)
    return np.concatenate([first[:, :H], second[:, H:]], axis=1)


def with_places(values: Array) -> Array:
    """Return the largest values over time, and the steps at which they stand, (2, B, 2H)."""
    return np.stack([values.max(axis=1), values.argmax(axis=1)])


check_summaries = OrderedCheck(
    "summaries",
    chapter=CHAPTER,
    title="Three summaries of a padded batch",
    outputs={"ends": "B 2H", "mean": "B 2H", "largest": "B 2H"},
    inputs=summaries_inputs,
    sizes=(
        {"B": 4, "T": 7, "H": 3},
        {"B": 5, "T": 9, "H": 2},
        {"B": 3, "T": 6, "H": 4},
    ),
    steps={
        "forward": lambda lengths: lengths - 1,
        "backward": lambda lengths: 0 * lengths,
        "halves": constant("both"),
        "ends": lambda output, forward, backward, halves: both_ends(
            output, forward, backward, str(halves)
        ),
        "divisor": lambda lengths: lengths[:, None],
        "mean": lambda output, divisor: output.sum(axis=1) / divisor,
        "outside": constant(-np.inf),
        "largest": lambda output, lengths, outside: np.where(
            within(lengths, output.shape[1]).T[..., None] > 0, output, outside
        ).max(axis=1),
    },
    hints=(
        "Which step has read the whole sentence? For the forward direction it is the last one "
        "that is there, for the backward direction another. And what do the zeros of the padding "
        "do to a sum, and to a maximum?",
        "The first H columns are the forward direction, the others the backward one. "
        "`output[np.arange(B), steps]` takes one step for each sample.",
        "The forward half at step `lengths - 1`, the backward half at step 0. The sum over time "
        "divided by `lengths[:, None]`. For the maximum put −∞ into the padding first: "
        "`np.where(mask[..., None], output, -np.inf)`.",
    ),
)
for _key, _message, _replaces in (
    (
        "end_of_padding",
        "Both halves were taken in the padding, as with `output[:, -1]`: zeros for all samples but "
        "the longest. The last state of a sentence stands at `lengths` − 1.",
        dict.fromkeys(("forward", "backward"), lambda lengths: 0 * lengths - 1),
    ),
    (
        "backward_at_the_end",
        "The backward half was taken where the sentence ends. There that direction has read the "
        "last word alone; it has read all of them at step 0.",
        {"backward": lambda lengths: lengths - 1},
    ),
    (
        "forward_at_the_start",
        "The forward half was taken at step 0, where that direction has read one word.",
        {"forward": lambda lengths: 0 * lengths},
    ),
    (
        "ends_exchanged",
        "Each direction was taken where it has read one word: forward at step 0, backward at the "
        "end. It is the other way round.",
        {"forward": lambda lengths: 0 * lengths, "backward": lambda lengths: lengths - 1},
    ),
    (
        "forward_in_the_padding",
        "The forward half was taken in the padding, which is 0 for all samples but the longest. "
        "The last state of a sentence stands at `lengths` − 1.",
        {"forward": lambda lengths: 0 * lengths - 1},
    ),
    (
        "one_too_early",
        "The forward half was taken one step too early: the last word is not read yet.",
        {"forward": lambda lengths: lengths - 2},
    ),
    (
        "lengths_sorted",
        "The lengths were sorted, so they belong to other samples now.",
        {"forward": lambda lengths: np.sort(lengths)[::-1] - 1},
    ),
    (
        "halves_exchanged",
        "The second half of the columns was taken for the forward direction. The forward direction "
        "comes first.",
        {"halves": constant("exchanged")},
    ),
    (
        "halves_turned",
        "The backward half stands in front here. Keep the order of the columns, forward first.",
        {"halves": constant("turned")},
    ),
    (
        "forward_half_alone",
        "These are the H columns of the forward direction. Both directions are asked for.",
        {
            "ends": lambda output, forward: output[
                np.arange(len(output)), forward, : output.shape[-1] // 2
            ]
        },
    ),
    (
        "last_sample",
        "This is `output[-1]`, the last sample at every step: the batch comes first here.",
        {"ends": lambda output: output[-1]},
    ),
    (
        "every_pair",
        "Every length was combined with every sample, so there is an axis too much. Pick one step "
        "for each sample.",
        {"ends": lambda output, forward: output[:, forward % output.shape[1]]},
    ),
    (
        "mean_of_all_steps",
        "The sum was divided by T, as if the padding counted. Divide by the number of steps that "
        "are there.",
        {"divisor": lambda output: np.array(output.shape[1])},
    ),
    (
        "mean_length_for_all",
        "The sum was divided by the mean length. Each sample has a length of its own.",
        {"divisor": lambda lengths: lengths.mean()},
    ),
    (
        "mean_one_too_many",
        "The sum was divided by one step too many. A sentence of n words has n of them.",
        {"divisor": lambda lengths: lengths[:, None] + 1},
    ),
    (
        "mean_not_divided",
        "This is the sum over time. Asked for is the mean.",
        {"divisor": constant(1.0)},
    ),
    (
        "mean_over_batch",
        "This is a mean over the samples. The steps are the second axis here.",
        {"mean": lambda output: output.mean(axis=0)},
    ),
    (
        "largest_with_places",
        "There are two arrays here, the largest values and where they stand, as `torch.max` along "
        "an axis returns them. Take the first, `.values`.",
        {
            "largest": lambda output, lengths, outside: with_places(
                np.where(within(lengths, output.shape[1]).T[..., None] > 0, output, outside)
            )
        },
    ),
    (
        "largest_with_zeros",
        "Where all states of a sentence are below 0, a zero of its padding came out as the "
        "largest. Keep the padding out of the maximum.",
        {"outside": constant(0.0)},
    ),
    (
        "largest_size",
        "This is the largest absolute value. Asked for is the largest value, which may be below 0.",
        {"largest": lambda output: np.abs(output).max(axis=1)},
    ),
    (
        "largest_over_batch",
        "This is a maximum over the samples. The steps are the second axis here.",
        {"largest": lambda output: output.max(axis=0)},
    ),
    (
        "where_the_largest_is",
        "These are the steps at which the largest values stand. Asked for are the values.",
        {
            "largest": lambda output, lengths, outside: np.where(
                within(lengths, output.shape[1]).T[..., None] > 0, output, outside
            ).argmax(axis=1)
        },
    ),
    (
        "smallest",
        "These are the smallest values.",
        {
            "largest": lambda output, lengths: np.where(
                within(lengths, output.shape[1]).T[..., None] > 0, output, np.inf
            ).min(axis=1)
        },
    ),
):
    check_summaries.add_mistake(_key, _message, _replaces)
