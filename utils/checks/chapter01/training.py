"""Code and repair: a step with momentum, and a training step whose loss will not fall."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter01.formulas import CHAPTER, at_targets, one_hot, softmax
from utils.checks.engine import Check

# --- code: one step with momentum ----------------------------------------------------------------


def momentum_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw weights, a velocity and a gradient."""
    shape = (sizes["D"], sizes["H"])
    return {
        "W": rng.normal(size=shape),
        "velocity": rng.normal(size=shape),
        "d_W": rng.normal(size=shape),
        "learning_rate": float(rng.uniform(0.1, 0.4)),
        "momentum": float(rng.uniform(0.6, 0.8)),
    }


check_momentum_step = Check(
    "momentum_step",
    chapter=CHAPTER,
    title="One step of gradient descent with momentum",
    sizes=({"D": 3, "H": 4}, {"D": 5, "H": 2}),
    inputs=momentum_inputs,
    outputs={"velocity_new": "D H", "W_new": "D H"},
    steps={
        "velocity_new": lambda velocity, d_W, momentum: momentum * velocity + d_W,
        "W_new": lambda W, velocity_new, learning_rate: W - learning_rate * velocity_new,
    },
    hints=(
        "Two lines: first the velocity, then the weights, which move by the new velocity.",
        "The velocity keeps its share `momentum` of itself and collects the gradient as it is. "
        "The learning rate comes in when the weights move.",
        "Section 7 has both formulas under 'Momentum'. Make new arrays (`velocity * momentum`), "
        "not `velocity *= momentum`, which changes the caller's array.",
    ),
)
for _key, _message, _replaces in (
    (
        "momentum_missing",
        "The velocity is the bare gradient. It also keeps its share of what it was before.",
        {"velocity_new": lambda d_W: d_W},
    ),
    (
        "velocity_not_updated",
        "The old velocity comes back unchanged. The next step needs the new one.",
        {"velocity_new": lambda velocity: velocity},
    ),
    (
        "gradient_subtracted",
        "The gradient is taken away from the velocity. Here the velocity collects gradients, and "
        "the minus stands where the weights move.",
        {"velocity_new": lambda velocity, d_W, momentum: momentum * velocity - d_W},
    ),
    (
        "learning_rate_in_velocity",
        "The learning rate is in the velocity. In this convention it comes in once, where the "
        "weights move.",
        {
            "velocity_new": lambda velocity, d_W, momentum, learning_rate: (
                momentum * velocity + learning_rate * d_W
            )
        },
    ),
    (
        "other_convention",
        "This is the other convention, where the velocity holds −η times the gradient and the "
        "weights add it. Here the velocity collects bare gradients.",
        {
            "velocity_new": lambda velocity, d_W, momentum, learning_rate: (
                momentum * velocity - learning_rate * d_W
            )
        },
    ),
    (
        "averaged",
        "The gradient is weighted with 1 − momentum, as in a moving average. Here it is added "
        "with its full weight.",
        {
            "velocity_new": lambda velocity, d_W, momentum: (
                momentum * velocity + (1 - momentum) * d_W
            )
        },
    ),
    (
        "momentum_on_gradient",
        "`momentum` stands before the gradient. It is the share of the old velocity that is kept.",
        {"velocity_new": lambda velocity, d_W, momentum: velocity + momentum * d_W},
    ),
    (
        "momentum_on_both",
        "`momentum` stands before the sum. Only the old velocity is shortened; the gradient comes "
        "in whole.",
        {"velocity_new": lambda velocity, d_W, momentum: momentum * (velocity + d_W)},
    ),
    (
        "nothing_forgotten",
        "The old velocity is kept whole. Only the share `momentum` of it stays.",
        {"velocity_new": lambda velocity, d_W: velocity + d_W},
    ),
    (
        "uphill",
        "The weights move along the velocity, so the loss rises. The gradient points uphill: "
        "go against it.",
        {"W_new": lambda W, velocity_new, learning_rate: W + learning_rate * velocity_new},
    ),
    (
        "learning_rate_missing",
        "The learning rate is missing from the step of the weights.",
        {"W_new": lambda W, velocity_new: W - velocity_new},
    ),
    (
        "velocity_added_bare",
        "The velocity is added as it is. The weights go against it, by the learning rate times it.",
        {"W_new": lambda W, velocity_new: W + velocity_new},
    ),
    (
        "learning_rate_twice",
        "The learning rate is applied twice to the step of the weights.",
        {"W_new": lambda W, velocity_new, learning_rate: W - learning_rate**2 * velocity_new},
    ),
    (
        "old_velocity",
        "The weights move by the velocity from before. Update the velocity first, then use it.",
        {"W_new": lambda W, velocity, learning_rate: W - learning_rate * velocity},
    ),
    (
        "velocity_unused",
        "The weights move by the bare gradient; the velocity is computed and not used.",
        {"W_new": lambda W, d_W, learning_rate: W - learning_rate * d_W},
    ),
    (
        "nesterov",
        "This is Nesterov's variant, which looks one step ahead. Plain momentum moves by the new "
        "velocity itself.",
        {
            "W_new": lambda W, velocity_new, d_W, momentum, learning_rate: (
                W - learning_rate * (d_W + momentum * velocity_new)
            )
        },
    ),
    (
        "gradient_twice",
        "The gradient is in the step of the weights a second time. The velocity has collected it "
        "already.",
        {
            "W_new": lambda W, velocity_new, d_W, learning_rate: (
                W - learning_rate * (velocity_new + d_W)
            )
        },
    ),
    (
        "momentum_twice",
        "The step of the weights is shortened by `momentum`, which has done its part in the "
        "velocity.",
        {
            "W_new": lambda W, velocity_new, momentum, learning_rate: (
                W - learning_rate * momentum * velocity_new
            )
        },
    ),
    (
        "step_without_weights",
        "This is the step alone. Return the weights after it.",
        {"W_new": lambda velocity_new, learning_rate: -learning_rate * velocity_new},
    ),
    (
        "weights_not_moved",
        "The weights come back as they were.",
        {"W_new": lambda W: W},
    ),
):
    check_momentum_step.add_mistake(_key, _message, _replaces)


# --- repair: a training step whose loss will not fall --------------------------------------------


def repair_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw points with their classes and the weights of one layer."""
    B, D, K = (sizes[name] for name in "BDK")
    targets = rng.integers(K, size=B)
    targets[:2] = (0, K - 1)[:B]  # both ends; a single sample has class 0, so that the last is out
    return {
        "x": rng.normal(size=(B, D)),
        "targets": targets,
        "W": rng.normal(size=(D, K)),
        "b": rng.normal(size=K),
        "learning_rate": float(rng.uniform(0.5, 0.9)),
    }


check_repaired_step = Check(
    "repaired_step",
    chapter=CHAPTER,
    title="A training step, repaired",
    sizes=({"B": 5, "D": 2, "K": 3}, {"B": 3, "D": 4, "K": 5}, {"B": 1, "D": 3, "K": 4}),
    inputs=repair_inputs,
    outputs={"loss": "", "W_new": "D K", "b_new": "K"},
    steps={
        "scores": lambda x, W, b: x @ W + b,
        "loss": lambda scores, targets: -np.log(at_targets(softmax(scores), targets)).mean(),
        "d_scores": lambda scores, targets: (
            (softmax(scores) - one_hot(scores, targets)) / len(targets)
        ),
        "rate": lambda learning_rate: learning_rate,
        "W_new": lambda x, W, d_scores, rate: W - rate * x.T @ d_scores,
        "b_new": lambda b, d_scores, rate: b - rate * d_scores.sum(axis=0),
    },
    hints=(
        "There are two faults. One puts a floor under the loss, the other makes learning slow. "
        "What does each function want to be given, and what does it return?",
        "Read the docstring of `losses.softmax_cross_entropy` with `help`: its first argument. "
        "Then follow the division by B: how often does it happen?",
        "A loss with 'softmax' in its name applies it. And its gradient is one of a mean over "
        "the batch already.",
    ),
)
for _key, _message, _replaces in (
    (
        "softmax_twice_in_loss",
        "Softmax is applied before a loss that applies it itself. With K classes such a loss "
        "cannot fall below ln(e + K − 1) − 1: hand it the logits.",
        {
            "loss": lambda scores, targets: (
                -np.log(at_targets(softmax(softmax(scores)), targets)).mean()
            )
        },
    ),
    (
        "softmax_twice_in_gradient",
        "The gradient is computed from probabilities; the function that computes it applies "
        "softmax itself and wants logits.",
        {
            "d_scores": lambda scores, targets: (
                (softmax(softmax(scores)) - one_hot(scores, targets)) / len(targets)
            )
        },
    ),
    (
        "batch_divided_twice",
        "The step is divided by B although the gradient is that of a mean already, so learning "
        "is B times too slow.",
        {"rate": lambda learning_rate, x: learning_rate / len(x)},
    ),
    (
        "loss_summed",
        "The loss is summed over the batch; report the mean, as the given code does.",
        {"loss": lambda scores, targets: -np.log(at_targets(softmax(scores), targets)).sum()},
    ),
    (
        "gradient_summed",
        "The gradient is summed over the batch, so the step grows with the batch. Keep the mean.",
        {"d_scores": lambda scores, targets: softmax(scores) - one_hot(scores, targets)},
    ),
    (
        "uphill",
        "The weights and the bias move along the gradient, so the loss rises. Go against it.",
        {"rate": lambda learning_rate: -learning_rate},
    ),
    (
        "bias_averaged",
        "The bias moves by the mean of the rows of the gradient. The mean is in them already: "
        "add them up.",
        {"b_new": lambda b, d_scores, rate: b - rate * d_scores.mean(axis=0)},
    ),
    (
        "bias_not_moved",
        "The bias comes back as it was: it was not moved, or the gradient was summed over the "
        "classes too, which gives 0. Sum over the samples alone.",
        {"b_new": lambda b: b},
    ),
    (
        "logits_without_bias",
        "The bias is missing from the logits. It is given, and it is moved below; add it.",
        {"scores": lambda x, W: x @ W},
    ),
    (
        "width_from_largest_target",
        "The width of the one-hot rows was taken from the largest target, too small where the "
        "last class does not occur. `W` has a column for each class.",
        {
            "d_scores": lambda scores, targets: (
                (softmax(scores) - np.eye(targets.max() + 1)[targets]) / len(targets)
            )
        },
    ),
    (
        "loss_width_from_largest_target",
        "The width of the one-hot rows in the loss was taken from the largest target. A class "
        "that this batch does not hold still has a column in `W`.",
        {
            "loss": lambda scores, targets: (
                -(np.eye(targets.max() + 1)[targets] * np.log(softmax(scores))).sum() / len(targets)
            )
        },
    ),
    (
        "step_alone",
        "This is learning rate times gradient alone. Return the weights and the bias after the "
        "step: take it away from them.",
        {
            "W_new": lambda x, d_scores, rate: rate * x.T @ d_scores,
            "b_new": lambda d_scores, rate: rate * d_scores.sum(axis=0),
        },
    ),
    (
        "step_alone_with_minus",
        "This is the step alone, with its minus. Return the weights and the bias after it: add "
        "them.",
        {
            "W_new": lambda x, d_scores, rate: -rate * x.T @ d_scores,
            "b_new": lambda d_scores, rate: -rate * d_scores.sum(axis=0),
        },
    ),
    (
        "weights_not_moved",
        "The weights come back as they were.",
        {"W_new": lambda W: W},
    ),
    (
        "learning_rate_missing",
        "The learning rate is missing from the step.",
        {"rate": lambda: 1.0},
    ),
):
    check_repaired_step.add_mistake(_key, _message, _replaces)
