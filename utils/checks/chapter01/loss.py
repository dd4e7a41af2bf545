"""Code: softmax cross-entropy and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter01.formulas import CHAPTER, at_targets, one_hot, sigmoid, softmax
from utils.checks.engine import Check


def _loss(p, targets):
    return -np.log(at_targets(p, targets)).mean()


def _slope(p, targets):
    return (p - one_hot(p, targets)) / len(targets)


def _binary_loss(p, targets):
    y = one_hot(p, targets)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum() / len(targets)


def _short_width(targets):
    """Return ones at the targets, as wide as the largest target asks for."""
    return np.eye(targets.max() + 1)[targets]


def classifier_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw logits and the classes that were right."""
    B, K = sizes["B"], sizes["K"]
    targets = rng.integers(K, size=B)
    targets[:2] = (0, K - 1)[:B]  # both ends; a single sample has class 0, so that the last is out
    # One logit of each row is negative, never that of the target. It is small, so that the row's
    # sum is positive and even a ratio taken without exp has a logarithm at the target.
    logits = rng.uniform(1, 4, size=(B, K))
    logits[np.arange(B), (targets + rng.integers(1, K, size=B)) % K] = rng.uniform(-1.5, -0.5, B)
    return {"logits": logits, "targets": targets}


check_softmax_cross_entropy = Check(
    "softmax_cross_entropy",
    chapter=CHAPTER,
    title="Softmax cross-entropy and its gradient",
    sizes=({"B": 5, "K": 3}, {"B": 2, "K": 4}, {"B": 7, "K": 5}, {"B": 1, "K": 6}),
    inputs=classifier_inputs,
    outputs={"probabilities": "B K", "loss": "", "d_logits": "B K"},
    steps={
        "probabilities": lambda logits: softmax(logits),
        "loss": lambda probabilities, targets: -np.log(at_targets(probabilities, targets)).mean(),
        "d_logits": lambda probabilities, targets: (
            (probabilities - one_hot(probabilities, targets)) / len(targets)
        ),
    },
    hints=(
        "Three steps. Probabilities: every row adds up to 1. Loss: one number from the "
        "probabilities of the right classes. Gradient: the pair's short form from section 4.",
        "`keepdims=True` keeps a sum over `axis=1` as a column that divides its row. "
        "`p[np.arange(B), targets]` takes one entry of each row.",
        "The loss is the mean over the batch of minus the logarithm of those entries. The "
        "gradient starts as a copy of the probabilities; take 1 away where the target is, and "
        "remember what the mean does to every sample's share.",
    ),
)
for _key, _message, _replaces in (
    (
        "softmax_over_batch",
        "The softmax runs over the batch: each column adds up to 1. Each sample, a row, shall "
        "have probabilities that add up to 1.",
        {"probabilities": lambda logits: softmax(logits, axis=0)},
    ),
    (
        "softmax_over_everything",
        "All entries together add up to 1: the sum below the line runs over the whole array. "
        "Sum over the classes of each sample alone.",
        {"probabilities": lambda logits: np.exp(logits) / np.exp(logits).sum()},
    ),
    (
        "softmax_of_minus",
        "This is the softmax of −`logits`: the largest logit gets the smallest probability.",
        {"probabilities": lambda logits: softmax(-logits)},
    ),
    (
        "exp_missing",
        "The logits are divided by their sum without `np.exp` before. Make them positive first.",
        {"probabilities": lambda logits: logits / logits.sum(axis=1, keepdims=True)},
    ),
    (
        "sizes_of_logits",
        "This is the softmax of the absolute values of `logits`. A negative logit stands for a "
        "small probability: `np.exp` makes it positive, and keeps the order.",
        {"probabilities": lambda logits: softmax(np.abs(logits))},
    ),
    (
        "negative_logits_cut",
        "The negative logits were set to 0 before the softmax. `np.exp` makes every logit "
        "positive by itself.",
        {"probabilities": lambda logits: softmax(np.maximum(logits, 0))},
    ),
    (
        "overwritten",
        "This is the gradient. Perhaps `d = p` gave the probabilities a second name, and what was "
        "taken away there is missing here: start from `p.copy()`.",
        {
            "probabilities": lambda logits, targets: _slope(softmax(logits), targets),
            "loss": lambda logits, targets: _loss(softmax(logits), targets),
            "d_logits": lambda logits, targets: _slope(softmax(logits), targets),
        },
    ),
    (
        "overwritten_before_division",
        "1 is missing at the targets. Perhaps `d = p` gave the probabilities a second name, and "
        "what was taken away there is missing here: start from `p.copy()`.",
        {
            "probabilities": lambda logits, targets: softmax(logits) - one_hot(logits, targets),
            "loss": lambda logits, targets: _loss(softmax(logits), targets),
            "d_logits": lambda logits, targets: _slope(softmax(logits), targets),
        },
    ),
    (
        "not_normalised",
        "The exponentials are not divided by their sum, so a row does not add up to 1.",
        {"probabilities": lambda logits: np.exp(logits)},
    ),
    (
        "sigmoid_for_softmax",
        "This is the sigmoid of each logit, which treats the classes as separate questions. They "
        "exclude each other: use softmax.",
        {"probabilities": lambda logits: sigmoid(logits)},
    ),
    (
        "softmax_of_softmax",
        "Softmax is applied to what is a softmax already. Apply it once.",
        {"probabilities": lambda logits: softmax(softmax(logits))},
    ),
    (
        "loss_applies_softmax_again",
        "Softmax is applied a second time before the logarithm, as when probabilities are handed "
        "to a loss that wants logits. Take the logarithm of the probabilities themselves.",
        {"loss": lambda probabilities, targets: _loss(softmax(probabilities), targets)},
    ),
    (
        "loss_summed",
        "The loss is summed over the batch; asked is the mean over its samples.",
        {"loss": lambda probabilities, targets: _loss(probabilities, targets) * len(targets)},
    ),
    (
        "loss_mean_over_classes",
        "The loss is divided by B·K, as `np.mean` over all entries does. Divide by the number of "
        "samples: a sample has one right class.",
        {
            "loss": lambda probabilities, targets: (
                _loss(probabilities, targets) / probabilities.shape[1]
            )
        },
    ),
    (
        "loss_negative",
        "The minus is missing: the logarithm of a probability is below 0, a loss is above.",
        {"loss": lambda probabilities, targets: -_loss(probabilities, targets)},
    ),
    (
        "loss_in_bits",
        "This is the logarithm to base 2. The loss is asked in nats, with the natural logarithm.",
        {"loss": lambda probabilities, targets: _loss(probabilities, targets) / np.log(2)},
    ),
    (
        "loss_base_ten",
        "This is the logarithm to base 10. The loss is asked in nats, with the natural logarithm.",
        {"loss": lambda probabilities, targets: _loss(probabilities, targets) / np.log(10)},
    ),
    (
        "log_of_mean",
        "This is the logarithm of a mean. Take the logarithm for each sample, then the mean.",
        {"loss": lambda probabilities, targets: -np.log(at_targets(probabilities, targets).mean())},
    ),
    (
        "log_missing",
        "This is 1 minus the probability of the right class. The loss is minus its logarithm.",
        {"loss": lambda probabilities, targets: 1 - at_targets(probabilities, targets).mean()},
    ),
    (
        "log_missing_with_minus",
        "This is minus the mean probability of the right classes. The loss is minus the mean of "
        "its logarithm.",
        {"loss": lambda probabilities, targets: -at_targets(probabilities, targets).mean()},
    ),
    (
        "loss_width_from_largest_target",
        "The width of the one-hot rows was taken from the largest target. A class that this batch "
        "does not hold still exists: `logits` has a column for each.",
        {
            "loss": lambda probabilities, targets: (
                -(_short_width(targets) * np.log(probabilities)).sum() / len(targets)
            )
        },
    ),
    (
        "loss_of_every_class",
        "The logarithms of all classes are in this loss. Only the class that was right counts.",
        {"loss": lambda probabilities, targets: -np.log(probabilities).sum() / len(targets)},
    ),
    (
        "loss_mean_of_every_class",
        "The logarithms of all entries are averaged here. Only the class that was right counts.",
        {"loss": lambda probabilities: -np.log(probabilities).mean()},
    ),
    (
        "loss_of_likeliest_class",
        "The loss is taken at the likeliest class. Take it at the class that `targets` names, "
        "however unlikely.",
        {"loss": lambda probabilities: -np.log(probabilities.max(axis=1)).mean()},
    ),
    (
        "loss_of_class_before",
        "The loss is taken at the class before the right one, as if classes were numbered from "
        "1. They are numbered from 0.",
        {"loss": lambda probabilities, targets: _loss(probabilities, targets - 1)},
    ),
    (
        "loss_of_columns",
        "`p[:, targets]` takes whole columns, B by B entries. One entry of each row is wanted: "
        "give the rows an index too.",
        {"loss": lambda probabilities, targets: -np.log(probabilities[:, targets]).mean()},
    ),
    (
        "binary_cross_entropy_per_class",
        "This is binary cross-entropy for each class, with the terms ln(1 − p) of the wrong ones. "
        "Those belong to sigmoids; with softmax only the right class counts.",
        {"loss": lambda probabilities, targets: _binary_loss(probabilities, targets)},
    ),
    (
        "gradient_applies_softmax_again",
        "The gradient is taken of a loss that applies softmax to `probabilities` once more. They "
        "are a softmax already.",
        {"d_logits": lambda probabilities, targets: _slope(softmax(probabilities), targets)},
    ),
    (
        "gradient_summed",
        "This is the gradient of the sum over the batch. The loss is a mean: each sample counts "
        "for one B-th of it.",
        {"d_logits": lambda probabilities, targets: _slope(probabilities, targets) * len(targets)},
    ),
    (
        "gradient_mean_over_classes",
        "The gradient is divided by B·K; the loss is a mean over the B samples only.",
        {
            "d_logits": lambda probabilities, targets: (
                _slope(probabilities, targets) / probabilities.shape[1]
            )
        },
    ),
    (
        "one_hot_missing",
        "The target is not taken away: these are the probabilities over B. At the right class "
        "the gradient is smaller by its one-hot 1.",
        {"d_logits": lambda probabilities, targets: probabilities / len(targets)},
    ),
    (
        "width_from_largest_target",
        "The width of the one-hot rows was taken from the largest target, too small where the "
        "last class does not occur. `logits` has a column for each class.",
        {
            "d_logits": lambda probabilities, targets: (
                (probabilities - _short_width(targets)) / len(targets)
            )
        },
    ),
    (
        "gradient_of_class_before",
        "1 is taken away at the class before the right one, as if classes were numbered from 1. "
        "They are numbered from 0.",
        {"d_logits": lambda probabilities, targets: _slope(probabilities, targets - 1)},
    ),
    (
        "gradient_sign",
        "The sign is turned: this is target minus prediction, the direction to go. The gradient "
        "points uphill.",
        {"d_logits": lambda probabilities, targets: -_slope(probabilities, targets)},
    ),
    (
        "gradient_of_probabilities",
        "This is the gradient for `probabilities`, −1/p at the right class. It still has to go "
        "back through the softmax to reach the logits.",
        {
            "d_logits": lambda probabilities, targets: (
                -one_hot(probabilities, targets) / probabilities / len(targets)
            )
        },
    ),
    (
        "gradient_at_target_only",
        "Only the right class gets a gradient. Raising any other logit takes probability from it, "
        "so the others have a gradient too.",
        {
            "d_logits": lambda probabilities, targets: (
                _slope(probabilities, targets) * one_hot(probabilities, targets)
            )
        },
    ),
    (
        "one_from_every_class",
        "1 is taken away from every class. Take it away at the right one only.",
        {"d_logits": lambda probabilities, targets: (probabilities - 1) / len(targets)},
    ),
    (
        "one_from_columns",
        "`p[:, targets] -= 1` changes whole columns, for every sample. One entry of each row is "
        "meant: give the rows an index too.",
        {
            "d_logits": lambda probabilities, targets: (
                (probabilities - np.isin(np.arange(probabilities.shape[1]), targets)) / len(targets)
            )
        },
    ),
    (
        "slope_twice",
        "The difference is multiplied by p(1 − p) as well, as behind squared error. In this pair "
        "the activation's slope has cancelled.",
        {
            "d_logits": lambda probabilities, targets: (
                _slope(probabilities, targets) * probabilities * (1 - probabilities)
            )
        },
    ),
):
    check_softmax_cross_entropy.add_mistake(_key, _message, _replaces)
