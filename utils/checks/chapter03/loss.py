"""Code: the loss of a sequence, and the gradient that it sends back into the scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter03.formulas import CHAPTER, at_label, one_hot, softmax_over
from utils.checks.engine import Check


def loss_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw scores and the right class of every step and sample."""
    T, B, K = (sizes[name] for name in "TBK")
    logits = 1.5 * rng.normal(size=(T, B, K))
    used = K - 1 if K > 2 else K  # one class is never right, so that "everywhere" shows
    drawn = rng.integers(used, size=(T, B))
    drawn[1] = (drawn[0] + 1) % used  # a shift by one step shows, and so does a fixed class
    targets = rng.permutation(K)[drawn]
    return {"logits": logits, "targets": targets}


def hot_where_right(labels, K, axes):
    """Return 1 at every class that is right anywhere along some axes, (T, B, K)."""
    hot = one_hot(labels, K)
    return np.broadcast_to(hot.max(axis=axes, keepdims=True), hot.shape)


def first_everywhere(targets):
    """Give every step the targets of the first one."""
    return np.repeat(targets[:1], len(targets), axis=0)


check_sequence_loss = Check(
    "sequence_loss",
    chapter=CHAPTER,
    title="The loss of a sequence",
    outputs={"losses": "T", "loss": "", "d_logits": "T B K"},
    inputs=loss_inputs,
    sizes=({"T": 4, "B": 3, "K": 5}, {"T": 7, "B": 5, "K": 2}, {"T": 6, "B": 1, "K": 4}),
    steps={
        "scores": lambda logits: logits,
        "axis": lambda: -1,
        "y_hats": lambda scores, axis: softmax_over(scores, axis),
        "labels": lambda targets: targets,
        "surprises": lambda y_hats, labels: -np.log(at_label(y_hats, labels)),  # (T, B)
        "share": lambda: 1.0,
        "losses": lambda surprises, share: share * surprises.sum(axis=1),
        "loss": lambda losses: losses.sum(),
        "back_y_hats": lambda y_hats: y_hats,
        "errors": lambda back_y_hats, labels: back_y_hats - one_hot(labels, back_y_hats.shape[-1]),
        "back_share": lambda: 1.0,
        "d_logits": lambda errors, back_share: back_share * errors,
    },
    hints=(
        "Three stages: probabilities with a softmax over the classes, then −ln of the one that "
        "stands at the right class, then sums: over the batch for a step, over the steps for all.",
        "`np.take_along_axis(y_hats, targets[..., None], axis=-1)[..., 0]` picks the probability "
        "of the right class for every step and sample: shape (T, B).",
        "The gradient at the scores is `y_hats` with 1 taken away at the right class: "
        "`y_hats - np.eye(K)[targets]`. The loss is a sum, so there is no divisor.",
    ),
)
for _key, _message, _replaces in (
    (
        "softmax_over_time",
        "The softmax runs over time: the probabilities of one class add up to 1 over the steps. "
        "They have to add up to 1 over the classes, the last axis.",
        {"axis": lambda: 0},
    ),
    (
        "softmax_over_batch",
        "The softmax runs over the batch: probabilities of different samples add up to 1. They "
        "have to add up to 1 over the classes, the last axis.",
        {"axis": lambda: 1},
    ),
    (
        "softmax_over_all",
        "One softmax runs over everything at once. Each step of each sample has its own, over the "
        "classes.",
        {"axis": lambda: np.array([0, 1, 2])},
    ),
    (
        "softmax_twice",
        "The softmax was applied twice: what goes into it are the scores, not probabilities.",
        {"scores": lambda logits: softmax_over(logits, -1)},
    ),
    (
        "softmax_twice_in_loss",
        "Where the loss is computed the softmax was applied twice, as when probabilities go into a "
        "function that expects scores.",
        {"surprises": lambda y_hats, labels: -np.log(at_label(softmax_over(y_hats, -1), labels))},
    ),
    (
        "next_targets",
        "Every step is compared with the target of the next one. `targets[t]` belongs to "
        "`logits[t]`.",
        {"labels": lambda targets: np.roll(targets, -1, axis=0)},
    ),
    (
        "previous_targets",
        "Every step is compared with the target of the one before. `targets[t]` belongs to "
        "`logits[t]`.",
        {"labels": lambda targets: np.roll(targets, 1, axis=0)},
    ),
    (
        "first_targets",
        "Every step is compared with `targets[0]`. With step t goes `targets[t]`.",
        {"labels": first_everywhere},
    ),
    (
        "first_targets_in_loss",
        "In the loss every step is compared with `targets[0]`. With step t goes `targets[t]`.",
        {
            "surprises": lambda y_hats, labels: -np.log(at_label(y_hats, first_everywhere(labels))),
        },
    ),
    (
        "every_class",
        "−ln ŷ is added up over all classes. The right class alone counts: pick its probability "
        "first, then take the logarithm.",
        {"surprises": lambda y_hats: -np.log(y_hats).sum(axis=-1)},
    ),
    (
        "bits",
        "This loss is in bits: the logarithm has base 2. Nats are asked for, `np.log`.",
        {"surprises": lambda y_hats, labels: -np.log2(at_label(y_hats, labels))},
    ),
    (
        "sign_missing",
        "The minus is missing: the logarithm of a probability is negative, a loss is not.",
        {"surprises": lambda y_hats, labels: np.log(at_label(y_hats, labels))},
    ),
    (
        "no_logarithm",
        "The probability of the right class was taken away from 1. The loss is minus its "
        "logarithm.",
        {"surprises": lambda y_hats, labels: 1 - at_label(y_hats, labels)},
    ),
    (
        "no_softmax",
        "The scores of the right classes were added up as they are. First the softmax, then minus "
        "the logarithm.",
        {"surprises": lambda logits, labels: -at_label(logits, labels)},
    ),
    (
        "log_of_the_sum",
        "The probabilities of a step were added up before the logarithm. Every sample has its own "
        "logarithm; then add up.",
        {"losses": lambda y_hats, labels, share: -share * np.log(at_label(y_hats, labels).sum(1))},
    ),
    (
        "log_of_the_mean",
        "The probabilities of a step were averaged before the logarithm. Every sample has its own "
        "logarithm; then add up.",
        {"losses": lambda y_hats, labels, share: -share * np.log(at_label(y_hats, labels).mean(1))},
    ),
    (
        "every_class_binary",
        "Terms of the wrong classes, ln(1 − ŷ), are in it: that is binary cross-entropy. With a "
        "softmax the right class alone counts.",
        {
            "surprises": lambda y_hats, labels: (
                -np.log(at_label(y_hats, labels))
                - np.log(np.maximum(1 - y_hats, 1e-300)).sum(axis=-1)
                + np.log(np.maximum(1 - at_label(y_hats, labels), 1e-300))
            )
        },
    ),
    (
        "squared_error",
        "This is half the squared error of the probabilities. Asked is cross-entropy.",
        {
            "surprises": lambda y_hats, labels: (
                ((y_hats - one_hot(labels, y_hats.shape[-1])) ** 2).sum(axis=-1) / 2
            )
        },
    ),
    (
        "mean_over_batch",
        "Divided by B: the mean over the batch. Asked is the sum over the batch.",
        dict.fromkeys(("share", "back_share"), lambda targets: 1 / targets.shape[1]),
    ),
    (
        "mean_over_all",
        "Divided by T·B: the mean over steps and samples. Asked is the sum.",
        dict.fromkeys(("share", "back_share"), lambda targets: 1 / targets.size),
    ),
    (
        "mean_over_steps",
        "Divided by T: the mean over the steps. Asked is the sum.",
        dict.fromkeys(("share", "back_share"), lambda targets: 1 / len(targets)),
    ),
    (
        "mean_over_classes",
        "Divided by K. The classes of one sample are no samples: a loss is never averaged over "
        "them.",
        dict.fromkeys(("share", "back_share"), lambda logits: 1 / logits.shape[-1]),
    ),
    (
        "mean_over_entries",
        "Divided by T·B·K, as `.mean()` over the whole array of scores does. Asked is the sum.",
        dict.fromkeys(("share", "back_share"), lambda logits: 1 / logits.size),
    ),
    (
        "losses_per_sample",
        "There is one loss for each sample: summed over time. Asked is one for each step, summed "
        "over the batch.",
        {"losses": lambda surprises, share: share * surprises.sum(axis=0)},
    ),
    (
        "losses_not_summed",
        "Every sample of every step has its own loss here. Asked is one for each step, summed over "
        "the batch.",
        {"losses": lambda surprises, share: share * surprises},
    ),
    (
        "losses_averaged",
        "The losses of the steps are means over the batch. A step's loss is the sum over the "
        "batch.",
        {
            "share": lambda: 1.0,
            "losses": lambda surprises: surprises.mean(axis=1),
            "loss": lambda surprises: surprises.sum(),
        },
    ),
    (
        "losses_running",
        "These are running sums over the steps. Give each step its own loss.",
        {
            "losses": lambda surprises, share: np.cumsum(share * surprises.sum(axis=1)),
            "loss": lambda surprises, share: share * surprises.sum(),
        },
    ),
    (
        "losses_is_the_total",
        "This is one number, the loss of the whole sequence. Asked is one for each step, summed "
        "over the batch.",
        {"losses": lambda surprises, share: share * surprises.sum()},
    ),
    (
        "losses_and_loss_swapped",
        "`losses` and `loss` have changed places. Return the losses of the steps first, then the "
        "loss of the sequence.",
        {
            "losses": lambda surprises, share: share * surprises.sum(),
            "loss": lambda surprises, share: share * surprises.sum(axis=1),
        },
    ),
    (
        "last_step_only",
        "This is the loss of the last step alone. Every step has a target: add up all of them.",
        {"loss": lambda losses: losses[-1]},
    ),
    (
        "loss_is_mean_of_steps",
        "The losses of the steps are averaged. Asked is their sum.",
        {"loss": lambda losses: losses.mean()},
    ),
    (
        "loss_over_batch",
        "The loss of the sequence is divided by B, and those of the steps are not. Asked is the "
        "sum.",
        {"loss": lambda losses, targets: losses.sum() / targets.shape[1]},
    ),
    (
        "loss_over_all",
        "The loss of the sequence is divided by T·B, and those of the steps are not. Asked is the "
        "sum.",
        {"loss": lambda losses, targets: losses.sum() / targets.size},
    ),
    (
        "target_not_subtracted",
        "The one-hot target is not taken away: these are the probabilities themselves.",
        {"errors": lambda back_y_hats: back_y_hats},
    ),
    (
        "error_sign",
        "The sign is turned: this is target minus prediction. The gradient points uphill.",
        {
            "errors": lambda back_y_hats, labels: (
                one_hot(labels, back_y_hats.shape[-1]) - back_y_hats
            )
        },
    ),
    (
        "one_everywhere",
        "1 is taken away from every class. Take it away at the right class alone.",
        {"errors": lambda back_y_hats: back_y_hats - 1},
    ),
    (
        "one_at_all_steps_and_samples",
        "1 is taken away at the right classes of all other steps and samples too, as "
        "`d[:, :, targets] -= 1` does: `:` means every one. Use `np.eye(K)[targets]`.",
        {
            "errors": lambda back_y_hats, labels: (
                back_y_hats - hot_where_right(labels, back_y_hats.shape[-1], (0, 1))
            )
        },
    ),
    (
        "one_at_all_steps",
        "1 is taken away at the right classes of all other steps too, as "
        "`d[:, np.arange(B), targets] -= 1` does: `:` means every step. Use `np.eye(K)[targets]`.",
        {
            "errors": lambda back_y_hats, labels: (
                back_y_hats - hot_where_right(labels, back_y_hats.shape[-1], 0)
            )
        },
    ),
    (
        "one_at_all_samples",
        "1 is taken away at the right classes of all other samples of the step too: `:` in the "
        "place of the samples means every one. Use `np.eye(K)[targets]`.",
        {
            "errors": lambda back_y_hats, labels: (
                back_y_hats - hot_where_right(labels, back_y_hats.shape[-1], 1)
            )
        },
    ),
    (
        "first_targets_in_gradient",
        "In `d_logits` 1 is taken away at the class of `targets[0]` at every step. With step t "
        "goes `targets[t]`.",
        {
            "errors": lambda back_y_hats, labels: (
                back_y_hats - one_hot(first_everywhere(labels), back_y_hats.shape[-1])
            )
        },
    ),
    (
        "class_number_subtracted",
        "The number of the class is taken away, not its one-hot vector: `np.eye(K)[targets]`.",
        {"errors": lambda back_y_hats, labels: back_y_hats - labels[..., None]},
    ),
    (
        "right_class_only",
        "The gradient stands at the right class alone. The softmax ties the classes together: the "
        "wrong ones have a gradient too, their probability.",
        {
            "errors": lambda back_y_hats, labels: (
                (back_y_hats - 1) * one_hot(labels, back_y_hats.shape[-1])
            )
        },
    ),
    (
        "stopped_at_y_hats",
        "This is the gradient for the probabilities, −1/ŷ at the right class. It still has to go "
        "back through the softmax.",
        {
            "errors": lambda back_y_hats, labels: (
                -one_hot(labels, back_y_hats.shape[-1]) / back_y_hats
            )
        },
    ),
    (
        "slope_left_in",
        "ŷ(1 − ŷ) is multiplied in, the slope of a sigmoid. With softmax and cross-entropy it "
        "cancels: ŷ − y is all.",
        {
            "errors": lambda back_y_hats, labels: (
                (back_y_hats - one_hot(labels, back_y_hats.shape[-1]))
                * back_y_hats
                * (1 - back_y_hats)
            )
        },
    ),
    (
        "gradient_from_scores",
        "The target is taken away from the scores. It is taken away from the probabilities, after "
        "the softmax.",
        {"back_y_hats": lambda logits: logits},
    ),
    (
        "gradient_over_batch",
        "`d_logits` is divided by B, and the loss is a sum. Loss and gradient have the same "
        "divisor; here it is 1.",
        {"back_share": lambda targets: 1 / targets.shape[1]},
    ),
    (
        "gradient_over_all",
        "`d_logits` is divided by T·B, and the loss is a sum. Loss and gradient have the same "
        "divisor; here it is 1.",
        {"back_share": lambda targets: 1 / targets.size},
    ),
    (
        "gradient_over_steps",
        "`d_logits` is divided by T, and the loss is a sum. Loss and gradient have the same "
        "divisor; here it is 1.",
        {"back_share": lambda targets: 1 / len(targets)},
    ),
):
    check_sequence_loss.add_mistake(_key, _message, _replaces)
