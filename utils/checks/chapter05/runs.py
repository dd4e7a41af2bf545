"""The training run of the repair: inputs for it, and the ways in which learners run it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.cells import OutputWeights, RNNWeights
from utils.classifier import SequenceClassifier

Array = np.ndarray
WEIGHTS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def run_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw N batches, the weights to start from, and a limit for gradients short and long."""
    while True:  # until the first of several batches, all right, has a far shorter gradient
        inputs = draw_run(rng, sizes)
        short, entry = gradients_of_two(inputs)
        if sizes["N"] == 1 or short < 0.3 * entry:
            break
    limit = np.sqrt(short * entry) if sizes["N"] > 1 else 0.5 * entry
    return {**inputs, "max_norm": float(limit)}


def draw_run(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw all arguments of a run but the limit."""
    N, T, B, D, H, K = (sizes[name] for name in "NTBDHK")
    return {
        "xs": rng.integers(D, size=(N, T, B)),
        "targets": rng.integers(K, size=(N, B)),
        "W_xh": rng.normal(size=(D, H)),
        "W_hh": 1.2 * rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": 0.3 * rng.normal(size=H),
        "W_hy": 3.5 * rng.normal(size=(H, K)) / np.sqrt(H),
        "b_y": 0.3 * rng.normal(size=K),
        "learning_rate": float(rng.uniform(0.3, 0.5)),
    }


def gradients_of_two(inputs: dict[str, Any]) -> tuple[float, float]:
    """Set the targets of the first batch right and of the second wrong, and measure gradients.

    A single batch is all wrong. Returned are the length of the first batch's gradient and the
    largest entry of the second's.
    """
    model, second = model_of(inputs), min(1, len(inputs["xs"]) - 1)
    found = []
    for batch, pick in ((0, np.argmax), (second, np.argmin)):
        x, target = inputs["xs"][batch], inputs["targets"][batch]
        target[:] = pick(model.forward(x).logits[-1], axis=1)
        gradients = model.loss_and_gradients(x, target).gradients
        found.append((length_of(gradients), max(np.abs(g).max() for g in gradients.values())))
    return found[0][0], float(found[1][1])


def model_of(weights: dict[str, Any]) -> SequenceClassifier:
    """Return a network with copies of these weights."""
    cell = RNNWeights(*(np.array(weights[name]) for name in WEIGHTS[:3]))
    return SequenceClassifier(cell, OutputWeights(*(np.array(weights[n]) for n in WEIGHTS[3:])))


def length_of(gradients: dict[str, Array]) -> float:
    """Return the length of all gradients together."""
    return float(np.sqrt(sum(np.vdot(g, g) for g in gradients.values())))


def share_left(length: float, limit: float) -> float:
    """Return the factor of a clipping; 1 for a gradient that is zero."""
    return min(1.0, limit / length) if length else 1.0


def clipped(gradients: dict[str, Array], limit: float, way: str) -> dict[str, Array]:
    """Limit gradients in one of the ways that learners know, `way`."""
    if way == "value":
        return {name: np.clip(g, -limit, limit) for name, g in gradients.items()}
    if way == "each":
        return {n: g * share_left(np.linalg.norm(g), limit) for n, g in gradients.items()}
    if way == "recurrent":
        g = gradients["d_W_hh"]
        return {**gradients, "d_W_hh": g * share_left(np.linalg.norm(g), limit)}
    length = length_of(gradients)
    factor = {
        "global": share_left(length, limit),
        "stretch": limit / length if length else 1.0,
        "nothing": 1.0,
    }[way]
    return {name: factor * g for name, g in gradients.items()}


def train(
    batches: Sequence[tuple[Array, Array]],
    weights: dict[str, Array],
    rate: float,
    limit: float,
    clip: str,
    reduction: str,
    kept: str,
    logged: str,
    loss_at: str,
) -> Array:
    """Train, and return the N losses, the N norms and W_hh at the end in one vector.

    `clip`, `kept`, `logged` and `loss_at` say which way of clipping, which gradients, which norm
    and which loss; see the mistakes below.
    """
    model = model_of(weights)
    moved = {"output": WEIGHTS[3:], "cell": WEIGHTS[:3]}.get(kept, WEIGHTS)
    losses, norms = [], []
    total = {f"d_{name}": np.zeros_like(value) for name, value in model.weights.items()}
    for x, target in batches:
        step = model.loss_and_gradients(x, target, reduction=reduction)
        gradients = step.gradients
        if kept == "all":
            gradients = total = {name: total[name] + g for name, g in gradients.items()}
        norms.append(norm_logged(gradients, limit, clip, logged))
        limited = clipped(gradients, limit, clip)
        for name in moved:
            model.weights[name][...] -= rate * limited[f"d_{name}"]
        if loss_at == "after":
            step = model.loss_and_gradients(x, target, reduction=reduction)
        losses.append(step.loss)
    return np.concatenate([losses, norms, model.cell.W_hh.ravel()])


def norm_logged(gradients: dict[str, Array], limit: float, clip: str, logged: str) -> float:
    """Return the number that a learner notes as the norm of the gradient."""
    if logged == "after":  # clipped too late or for nothing, it is still what is seen
        return length_of(clipped(gradients, limit, "global" if clip == "nothing" else clip))
    length = length_of(gradients)
    if logged in ("added", "largest"):
        lengths = [float(np.linalg.norm(g)) for g in gradients.values()]
        return sum(lengths) if logged == "added" else max(lengths)
    return {
        "before": length,
        "squared": length**2,
        "W_hh": float(np.linalg.norm(gradients["d_W_hh"])),
        "factor": share_left(length, limit),
    }[logged]


def whole_run(
    xs, targets, W_xh, start, b_h, W_hy, b_y, rate, limit, clip, reduction, kept, logged, loss_at
):
    """Run the training that the quantities of the check describe."""
    return train(
        list(zip(xs, targets, strict=True)),
        {"W_xh": W_xh, "W_hh": start, "b_h": b_h, "W_hy": W_hy, "b_y": b_y},
        float(rate),
        float(limit),
        *(str(choice) for choice in (clip, reduction, kept, logged, loss_at)),
    )
