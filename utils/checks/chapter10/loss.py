"""Code: loss and accuracy of a padded batch, counted over the steps that are there."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter08.formulas import constant
from utils.checks.chapter10.formulas import CHAPTER, Array, draw_lengths, within
from utils.checks.ordering import OrderedCheck
from utils.losses import softmax


def loss_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw scores, classes and lengths; one sequence is tagged without a fault, up to its end.

    The classes in the padding are 0, which is a class like the others.
    """
    T, B, K = (sizes[name] for name in "TBK")
    lengths = draw_lengths(rng, B, 2, T - 1)
    targets = rng.integers(0, K, size=(T, B))
    logits = 2 * rng.normal(size=(T, B, K))
    likely = np.where(rng.random((T, B)) < 0.5, targets, rng.integers(0, K, size=(T, B)))
    likely[:, -1] = targets[:, -1]
    logits += 9 * np.eye(K)[likely] * (rng.random((T, B, 1)) + 0.2)
    padding = within(lengths, T) == 0
    targets[padding] = 0
    logits[padding, 0] += 3 * rng.normal(size=int(padding.sum()))
    return {"logits": logits, "targets": targets, "lengths": lengths}


def picked_of(values: Array, targets: Array) -> Array:
    """Return the value of the right class at every step, (T, B)."""
    return np.take_along_axis(values, targets[..., None].astype(int), axis=-1)[..., 0]


def whole(hits: Array, mask: Array) -> Array:
    """Return the share of sequences with a hit at every step."""
    return ((hits * mask).sum(axis=0) == mask.sum(axis=0)).mean()


check_masked_loss = OrderedCheck(
    "masked_loss",
    chapter=CHAPTER,
    title="Loss and accuracy of a padded batch",
    outputs={"mask": "T B", "loss": "", "accuracy": ""},
    inputs=loss_inputs,
    sizes=(
        {"T": 11, "B": 5, "K": 4},
        {"T": 13, "B": 7, "K": 3},
        {"T": 9, "B": 4, "K": 6},
    ),
    steps={
        "mask": lambda logits, lengths: within(lengths, len(logits)),
        "probabilities": lambda logits: softmax(logits, axis=-1),
        "losses": lambda probabilities, targets: -np.log(picked_of(probabilities, targets)),
        "how": constant("pooled"),
        "loss": lambda losses, mask, lengths, how: averaged(losses, mask, lengths, str(how)),
        "hits": lambda logits, targets: (logits.argmax(axis=-1) == targets).astype(float),
        "how_hits": constant("pooled"),
        "accuracy": lambda hits, mask, lengths, how_hits: averaged(
            hits, mask, lengths, str(how_hits)
        ),
    },
    hints=(
        "Make the mask first: at step t, counted from 0, a sequence of length n is still there if "
        "t < n. `np.arange(T)[:, None] < lengths` compares every step with every length.",
        "Then two arrays of shape (T, B): the loss of every step, and 1 or 0 for a hit or a miss. "
        "Multiplied by the mask and added up, each is divided by the same number. Which?",
        "`np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]` picks the logarithm "
        "of the right class. Both sums are divided by `mask.sum()`, the number of steps that are "
        "there.",
    ),
)


def averaged(values: Array, mask: Array, lengths: Array, how: str) -> Array:
    """Return the mean of `values` over the steps of the mask, ``"pooled"``, or something near it.

    Parameters
    ----------
    values, mask : array, shape (T, B)
    lengths : array of int, shape (B,)
    how : str
        ``"pooled"`` is right; the others are what learners write.
    """
    kept = mask * values if mask.shape == values.shape else values
    T, B = values.shape
    divisor = {
        "pooled": mask.sum(),
        "unmasked": T * B,
        "all steps": T * B,
        "sum": 1,
        "samples": B,
        "steps": T,
        "longest": lengths.max() * B,
    }
    if how == "means":
        return (kept.sum(axis=0) / lengths).mean()
    if how == "steps' means":
        there = mask.sum(axis=1)
        return (kept.sum(axis=1)[there > 0] / there[there > 0]).mean()
    if how == "last":
        return values[lengths - 1, np.arange(B)].mean()
    return (values if how == "unmasked" else kept).sum() / divisor[how]


for _key, _quantity, _function, _message in (
    (
        "mask_one_too_long",
        "mask",
        lambda logits, lengths: within(lengths, len(logits), 1),
        "The mask is one step too long: a sequence of length n ends at step n − 1, counted from 0.",
    ),
    (
        "mask_one_too_short",
        "mask",
        lambda logits, lengths: within(lengths, len(logits), -1),
        "The mask is one step too short: a sequence of length n has n steps, the last at n − 1.",
    ),
    (
        "mask_turned",
        "mask",
        lambda logits, lengths: 1 - within(lengths, len(logits)),
        "The mask is turned round: it is 1 in the padding. Here 1 stands for a step that counts.",
    ),
    (
        "mask_of_ones",
        "mask",
        lambda targets: np.ones(targets.shape),
        "The mask is 1 everywhere, in the padding too.",
    ),
    (
        "mask_of_targets",
        "mask",
        lambda targets: (targets != 0).astype(float),
        "The mask leaves out every step whose target is 0. That is the padding and a class of the "
        "data; only the lengths tell the two apart.",
    ),
    (
        "mask_at_the_end",
        "mask",
        lambda logits, lengths: within(lengths, len(logits))[::-1],
        "The mask has the padding in front. Here sequences begin at step 0, and padding follows.",
    ),
    (
        "mask_batch_first",
        "mask",
        lambda logits, lengths: within(lengths, len(logits)).T,
        "The mask is batch first, (B, T). Everything here is time first.",
    ),
    (
        "softmax_over_time",
        "probabilities",
        lambda logits: softmax(logits, axis=0),
        "The softmax runs over time. The probabilities of the classes of one step add up to 1.",
    ),
    (
        "softmax_over_batch",
        "probabilities",
        lambda logits: softmax(logits, axis=1),
        "The softmax runs over the batch. The probabilities of the classes of one step add up "
        "to 1.",
    ),
    (
        "softmax_twice",
        "probabilities",
        lambda logits: softmax(softmax(logits)),
        "The softmax was applied twice: once by you and once by a loss that applies it itself?",
    ),
    (
        "no_softmax",
        "losses",
        lambda logits, targets: -picked_of(logits, targets),
        "These are the scores of the right classes with their sign turned. The loss is −log of "
        "their probability, so a softmax comes first.",
    ),
    (
        "no_logarithm",
        "losses",
        lambda probabilities, targets: -picked_of(probabilities, targets),
        "The logarithm is missing: the loss of a step is −log of the right class's probability.",
    ),
    (
        "sign_turned",
        "losses",
        lambda probabilities, targets: np.log(picked_of(probabilities, targets)),
        "The sign is turned: this is the mean logarithm of the probabilities, below 0.",
    ),
    (
        "in_bits",
        "losses",
        lambda probabilities, targets: -np.log2(picked_of(probabilities, targets)),
        "This is in bits. Asked for are nats, the natural logarithm.",
    ),
    (
        "loss_over_padding",
        "how",
        constant("unmasked"),
        "This is the mean over all T · B steps, padding among them: the mask is not used.",
    ),
    (
        "loss_divided_by_all",
        "how",
        constant("all steps"),
        "The padding is out of the sum, but the sum was divided by all T · B steps. Divide by the "
        "number of those that are there.",
    ),
    (
        "loss_not_divided",
        "how",
        constant("sum"),
        "This is the sum over the steps. Asked for is the mean.",
    ),
    (
        "loss_per_sample",
        "how",
        constant("samples"),
        "The sum was divided by the number of sequences. Divide it by the number of steps that "
        "are there, of all of them.",
    ),
    (
        "loss_of_means",
        "how",
        constant("means"),
        "This is the mean of the sequences' own means, in which a step of a short sequence weighs "
        "more. Here every step weighs the same: one sum over one count.",
    ),
    (
        "loss_of_steps_means",
        "how",
        constant("steps' means"),
        "This is the mean of the time steps' own means, in which a late step with few sequences "
        "weighs as much as a full one. Here one sum is divided by one count.",
    ),
    (
        "loss_ignores_class_0",
        "loss",
        lambda losses, targets: losses[targets != 0].mean(),
        "Every step whose target is 0 was left out, as `ignore_index=0` does. 0 is a class too; "
        "only the lengths tell which steps are padding.",
    ),
    (
        "loss_zero_at_class_0",
        "loss",
        lambda losses, targets, mask: (losses * (targets != 0) * mask).sum() / mask.sum(),
        "Every step whose target is 0 has the loss 0 here, and the sum was divided by all steps "
        "that are there. 0 is a class too: its steps have a loss.",
    ),
    (
        "loss_over_T",
        "how",
        constant("steps"),
        "The sum was divided by T. Divide it by the number of steps that are there, over the "
        "whole batch.",
    ),
    (
        "loss_over_longest",
        "how",
        constant("longest"),
        "The sum was divided as if every sequence were as long as the longest.",
    ),
    (
        "loss_of_last_steps",
        "how",
        constant("last"),
        "This is the mean over the last step of each sequence. Every step that is there counts.",
    ),
    (
        "logits_masked",
        "loss",
        lambda losses, mask, logits: np.where(mask > 0, losses, np.log(logits.shape[-1])).mean(),
        "The scores were multiplied by the mask, not the losses. Scores of 0 still have a loss, "
        "ln K, and all T · B steps were averaged.",
    ),
    (
        "perplexity",
        "loss",
        lambda losses, mask: np.exp((losses * mask).sum() / mask.sum()),
        "This is the perplexity, e to the power of the loss. Asked for is the loss.",
    ),
    (
        "accuracy_over_padding",
        "how_hits",
        constant("unmasked"),
        "This is the share of hits in all T · B steps, padding among them: the mask is not used.",
    ),
    (
        "accuracy_divided_by_all",
        "how_hits",
        constant("all steps"),
        "The padding is out of the hits, but they were divided by all T · B steps, so that the "
        "padding counts as missed.",
    ),
    (
        "accuracy_not_divided",
        "how_hits",
        constant("sum"),
        "This is the number of hits. Asked for is their share of the steps that are there.",
    ),
    (
        "accuracy_of_means",
        "how_hits",
        constant("means"),
        "This is the mean of the sequences' own accuracies. Here every step weighs the same.",
    ),
    (
        "accuracy_of_steps_means",
        "how_hits",
        constant("steps' means"),
        "This is the mean of the time steps' own accuracies. Here every step of every sequence "
        "weighs the same.",
    ),
    (
        "accuracy_without_class_0",
        "accuracy",
        lambda hits, targets: hits[targets != 0].mean(),
        "This leaves out every step whose target is 0. 0 is a class too; only the lengths tell "
        "which steps are padding.",
    ),
    (
        "accuracy_zero_at_class_0",
        "accuracy",
        lambda hits, targets, mask: (hits * (targets != 0) * mask).sum() / mask.sum(),
        "A step whose target is 0 can be no hit here, and still counts among the steps. 0 is a "
        "class too.",
    ),
    (
        "accuracy_of_last_steps",
        "how_hits",
        constant("last"),
        "This counts the last step of each sequence alone. Every step that is there counts.",
    ),
    (
        "padding_as_hits",
        "accuracy",
        lambda hits, mask: np.maximum(hits, 1 - mask).mean(),
        "Every step of the padding counts as a hit here. It counts neither way.",
    ),
    (
        "in_per_cent",
        "accuracy",
        lambda hits, mask: 100 * (hits * mask).sum() / mask.sum(),
        "This is in per cent. Asked for is a share, between 0 and 1.",
    ),
    (
        "error_rate",
        "accuracy",
        lambda hits, mask: 1 - (hits * mask).sum() / mask.sum(),
        "This is the share of misses. Asked for is that of hits.",
    ),
    (
        "whole_sequences",
        "accuracy",
        lambda hits, mask: whole(hits, mask),
        "This is the share of sequences without any miss. Asked for is the share of steps.",
    ),
):
    check_masked_loss.add_mistake(_key, _message, {_quantity: _function})
