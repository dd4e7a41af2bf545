"""Code: a padded batch packed by hand, as `pack_padded_sequence` does it."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.calling import unpacked
from utils.checks.chapter08.formulas import constant
from utils.checks.chapter10.formulas import CHAPTER, Array, draw_lengths
from utils.checks.ordering import OrderedCheck


def packing_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw a padded batch whose padding holds numbers like any others.

    The lengths are all different, so that there is one order only, and none of them is T.
    """
    T, B, D = (sizes[name] for name in "TBD")
    return {"xs": rng.normal(size=(T, B, D)), "lengths": draw_lengths(rng, B, 2, T - 1)}


def gathered(xs: Array, order: Array, counts: Array, layout: str) -> Array:
    """Return the rows of a packed batch, (N, D), or what a learner takes for them.

    Parameters
    ----------
    xs : array, shape (T, B, D)
    order : array of int, shape (B,)
    counts : array of int
        How many samples are still there at each step.
    layout : str
        ``"step by step"`` is right; the others are what learners write.
    """
    T, B, D = xs.shape
    order, counts = order.astype(int) % B, counts[:T].astype(int)  # of learners, so any numbers
    if layout == "padded":
        return xs[:, order].reshape(-1, D)
    if layout == "padded to the longest":
        return xs[: len(counts), order].reshape(-1, D)
    if layout == "padded sample by sample":
        return xs[:, order].swapaxes(0, 1).reshape(-1, D)
    steps = [(t, b) for t, count in enumerate(counts) for b in order[:count]]
    if layout == "sample by sample":
        places = {b: i for i, b in enumerate(order)}
        steps.sort(key=lambda step: (places[step[1]], step[0]))
    if layout == "samples of the batch":
        steps.sort(key=lambda step: (step[1], step[0]))
    if layout == "batch order":
        steps.sort()
    return np.array([xs[step] for step in steps]).reshape(-1, D)


check_packing = OrderedCheck(
    "packing",
    chapter=CHAPTER,
    title="A packed batch, by hand",
    outputs={"data": "N D", "batch_sizes": "T", "order": "B"},
    inputs=packing_inputs,
    parameters=("xs", "lengths"),
    call=unpacked,
    sizes=(
        {"T": 7, "B": 4, "D": 3},
        {"T": 9, "B": 5, "D": 2},
        {"T": 6, "B": 3, "D": 4},
    ),
    steps={
        "ranks": lambda lengths: np.argsort(-lengths),
        "order": lambda ranks: ranks,
        "steps": lambda lengths: np.arange(lengths.max()),
        "batch_sizes": lambda lengths, steps: (lengths[:, None] > steps).sum(axis=0),
        "counts": lambda batch_sizes: batch_sizes,
        "taken": lambda order: order,
        "layout": constant("step by step"),
        "data": lambda xs, taken, counts, layout: gathered(xs, taken, counts, str(layout)),
    },
    hints=(
        "Begin with `order`: which sample is the longest, which comes next? `np.argsort` sorts "
        "upwards and gives the places, not the values.",
        "At step t those samples are there whose length is above t; their number is "
        "`batch_sizes[t]`. After the sorting they are the first ones, always.",
        "`data` goes through time, not through samples: for each t the rows "
        "`xs[t, order[:batch_sizes[t]]]`, all of them put together by `np.concatenate`.",
    ),
)
for _key, _message, _replaces in (
    (
        "not_sorted",
        "The samples were left in the order of the batch. They have to be sorted, the longest "
        "first, so that those still there are always the first ones.",
        {"ranks": lambda lengths: np.arange(len(lengths))},
    ),
    (
        "shortest_first",
        "The shortest sample comes first. Sorted the other way, those still there are the first "
        "ones at every step.",
        {"ranks": lambda lengths: np.argsort(lengths)},
    ),
    (
        "places_for_samples",
        "This says for each sample at which place it stands: what `torch` calls "
        "`unsorted_indices`. Asked for is which sample stands at each place.",
        {"order": lambda ranks: np.argsort(ranks)},
    ),
    (
        "lengths_for_places",
        "These are the sorted lengths themselves. Asked for is which sample stands at each place.",
        {
            "order": lambda lengths: np.sort(lengths)[::-1],
            "taken": lambda ranks: ranks,
        },
    ),
    (
        "counted_from_one",
        "The samples are counted from 1 here. Indices start at 0.",
        {"order": lambda ranks: ranks + 1, "taken": lambda ranks: ranks},
    ),
    (
        "lengths_for_batch_sizes",
        "These are the sorted lengths, one number for each sample. `batch_sizes` has one number "
        "for each step: how many samples are there.",
        {
            "batch_sizes": lambda lengths: np.sort(lengths)[::-1],
            "counts": lambda lengths, steps: (lengths[:, None] > steps).sum(axis=0),
        },
    ),
    (
        "one_step_too_many",
        "A sample of length n is counted at step n too. Counted from 0 its last step is n − 1.",
        {
            "steps": lambda lengths: np.arange(lengths.max() + 1),
            "batch_sizes": lambda lengths, steps: (lengths[:, None] >= steps).sum(axis=0),
        },
    ),
    (
        "end_counted_in",
        "At its step n a sample of length n is counted too: compare with `lengths > t`. Counted "
        "from 0 its last step is n − 1.",
        {"batch_sizes": lambda lengths, steps: (lengths[:, None] >= steps).sum(axis=0)},
    ),
    (
        "last_step_not_counted",
        "At its last step, n − 1, a sample of length n is not counted any more, so the list ends "
        "with a 0: compare with `lengths > t`.",
        {"batch_sizes": lambda lengths, steps: (lengths[:, None] > steps + 1).sum(axis=0)},
    ),
    (
        "last_step_missing",
        "The last step of each sample is missing: a sample of length n is there at step n − 1.",
        {
            "steps": lambda lengths: np.arange(lengths.max() - 1),
            "batch_sizes": lambda lengths, steps: (lengths[:, None] > steps + 1).sum(axis=0),
        },
    ),
    (
        "zeros_at_the_end",
        "There are entries of 0 for steps that no sample has. `batch_sizes` ends with the longest "
        "sample, not with T.",
        {"steps": lambda xs: np.arange(len(xs))},
    ),
    (
        "no_padding_left_out",
        "This counts all B samples at every step, padding among them.",
        {
            "batch_sizes": lambda xs, lengths, steps: np.full(len(steps), len(lengths)),
        },
    ),
    (
        "added_up",
        "These are running sums. `batch_sizes[t]` is the number of samples at step t alone.",
        {
            "batch_sizes": lambda lengths, steps: (lengths[:, None] > steps).sum(axis=0).cumsum(),
            "counts": lambda lengths, steps: (lengths[:, None] > steps).sum(axis=0),
        },
    ),
    (
        "steps_ascending",
        "The numbers rise. Step 0 has all samples, and the later the step, the fewer there are.",
        {
            "batch_sizes": lambda lengths, steps: (lengths[:, None] > steps).sum(axis=0)[::-1],
            "counts": lambda lengths, steps: (lengths[:, None] > steps).sum(axis=0),
        },
    ),
    (
        "sample_by_sample",
        "The rows go through one sample after the other. The network takes a step for all samples "
        "at once: first the rows of step 0, then those of step 1.",
        {"layout": constant("sample by sample")},
    ),
    (
        "samples_as_they_come",
        "The rows go through one sample after the other, in the order of the batch. They go step "
        "by step, and in each step by `order`.",
        {"layout": constant("samples of the batch")},
    ),
    (
        "batch_order_in_step",
        "Within a step the rows stand in the order of the batch. They stand in that of `order`, "
        "the longest sample first.",
        {"layout": constant("batch order")},
    ),
    (
        "padding_packed_too",
        "The padding is packed too: there are T · B rows. Take of each step the rows that are "
        "there.",
        {"layout": constant("padded")},
    ),
    (
        "padded_to_the_longest",
        "The padding up to the longest sample is packed too: each step has B rows here. Take of "
        "each step the rows that are there, `batch_sizes[t]` of them.",
        {"layout": constant("padded to the longest")},
    ),
    (
        "padding_sample_by_sample",
        "The padding is packed too, and the rows go through one sample after the other. Go step by "
        "step, and take the rows that are there.",
        {"layout": constant("padded sample by sample")},
    ),
    (
        "first_ones_unsorted",
        "Of each step the first samples of the batch were taken, as if it were sorted. Take those "
        "that `order` names.",
        {"taken": lambda lengths: np.arange(len(lengths))},
    ),
):
    check_packing.add_mistake(_key, _message, _replaces)
