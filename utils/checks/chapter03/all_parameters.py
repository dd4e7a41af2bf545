"""Code: loss and gradients of all parameters of a plain RNN, forward and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.checks.chapter03.formulas import (
    CHAPTER,
    SQUASH,
    at_label,
    handed_to_start,
    one_hot,
    shifted_back,
    softmax_over,
    sweep,
    terms_of,
    unroll_sums,
)
from utils.checks.engine import Check

Array = np.ndarray


def sequence_inputs(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Any]:
    """Draw sequences with targets, a start state that is not zero, and all parameters."""
    T, B, D, H, K = (sizes[name] for name in "TBDHK")
    targets = rng.integers(K, size=(T, B))
    targets[1] = (targets[0] + 1) % K  # a shift by one step shows
    return {
        "xs": rng.normal(size=(T, B, D)),
        "targets": targets,
        "h_0": rng.uniform(-0.9, 0.9, size=(B, H)),
        "W_xh": rng.normal(size=(D, H)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": 0.5 * rng.normal(size=H),
        "W_hy": 1.5 * rng.normal(size=(H, K)) / np.sqrt(H),
        "b_y": 0.5 * rng.normal(size=K),
    }


check_rnn_gradients = Check(
    "rnn_gradients",
    chapter=CHAPTER,
    title="The gradient of every parameter",
    outputs={
        "loss": "",
        "d_W_hy": "H K",
        "d_b_y": "K",
        "d_W_xh": "D H",
        "d_W_hh": "H H",
        "d_b_h": "H",
        "d_h_0": "B H",
    },
    inputs=sequence_inputs,
    sizes=(
        {"T": 5, "B": 3, "D": 2, "H": 4, "K": 6},
        {"T": 4, "B": 5, "D": 6, "H": 3, "K": 2},
        {"T": 6, "B": 1, "D": 3, "H": 2, "K": 5},
    ),
    steps={
        # forward
        "start": lambda h_0: h_0,
        "back_start": lambda h_0: h_0,
        "recurrent": lambda W_hh: W_hh,
        "bias": lambda b_h: b_h,
        "squash": lambda: "tanh",
        "carry": lambda: "state",
        "zs": lambda xs, start, W_xh, recurrent, bias, squash, carry: unroll_sums(
            xs, start, W_xh, recurrent, bias, squash, carry
        ),
        "hs": lambda zs, squash: SQUASH[squash](zs),
        "out_bias": lambda b_y: b_y,
        "scores": lambda hs, W_hy, out_bias: hs @ W_hy + out_bias,
        "axis": lambda: -1,
        "y_hats": lambda scores, axis: softmax_over(scores, axis),
        "labels": lambda targets: targets,
        "losses": lambda y_hats, labels: -np.log(at_label(y_hats, labels)),  # (T, B)
        "share": lambda: 1.0,
        "loss": lambda losses, share: share * losses.sum(),
        # back through the outputs
        "errors": lambda y_hats, labels: y_hats - one_hot(labels, y_hats.shape[-1]),
        "back_share": lambda: 1.0,
        "d_logits": lambda errors, back_share: back_share * errors,
        "read_by_output": lambda hs: hs,
        "W_hy_terms": lambda read_by_output, d_logits: terms_of(read_by_output, d_logits),
        "d_W_hy": lambda W_hy_terms: W_hy_terms.sum(axis=0),
        "b_y_rows": lambda d_logits: d_logits,
        "d_b_y": lambda b_y_rows: b_y_rows.sum(axis=(0, 1)),
        # back through time
        "d_hs_out": lambda d_logits, W_hy: d_logits @ W_hy.T,
        "slopes": lambda hs: 1 - hs**2,
        "back": lambda W_hh: W_hh.T,
        "passing": lambda: "through",
        "order": lambda: "backward",
        "d_hs": lambda d_hs_out, slopes, back, passing, order: sweep(
            d_hs_out, slopes, back, passing, order
        ),
        "d_zs": lambda d_hs, slopes: d_hs * slopes,
        # the sums over the steps
        "W_xh_terms": lambda xs, d_zs: terms_of(xs, d_zs),
        "d_W_xh": lambda W_xh_terms: W_xh_terms.sum(axis=0),
        "h_prevs": lambda back_start, hs: shifted_back(back_start, hs),
        "W_hh_terms": lambda h_prevs, d_zs: terms_of(h_prevs, d_zs),
        "d_W_hh": lambda W_hh_terms: W_hh_terms.sum(axis=0),
        "b_h_rows": lambda d_zs: d_zs,
        "d_b_h": lambda b_h_rows: b_h_rows.sum(axis=(0, 1)),
        "d_h_0": lambda d_hs, d_zs, d_hs_out, slopes, back, passing, order: handed_to_start(
            d_hs, d_zs, d_hs_out, slopes, back, passing, -1 if order == "forward" else 0
        ),
    },
    hints=(
        "Three parts, each of which you have written before: forward with the loss and "
        "`d_logits`, the loop back, and one sum over all steps for each parameter.",
        "Between the outputs and the loop stands one product: `d_hs_out = d_logits @ W_hy.T`. "
        "After the loop `d_zs` is all that `W_xh`, `W_hh` and `b_h` need.",
        "`d_W_hh` adds up `h_prevs[t].T @ d_zs[t]`, where `h_prevs` is `h_0` followed by all "
        "states but the last. `d_W_xh` has `xs[t]` there, `d_W_hy` has `hs[t].T @ d_logits[t]`; a "
        "bias adds up over steps and samples, `axis=(0, 1)`.",
    ),
)
for _key, _message, _replaces in (
    # forward
    (
        "start_ignored",
        "On the way forward `h_0` is ignored: the network starts from zeros. The state before the "
        "first step is `h_0`.",
        {"start": lambda h_0: 0 * h_0},
    ),
    (
        "start_at_every_step",
        "On the way forward every step starts from `h_0` again. Carry the new state on.",
        {"carry": lambda: "start"},
    ),
    (
        "state_not_carried",
        "On the way forward the previous state is zero from the second step on. Carry the new "
        "state on.",
        {"carry": lambda: "nothing"},
    ),
    (
        "sum_carried",
        "On the way forward the sum before tanh is carried on. The state is its tanh.",
        {"carry": lambda: "sum"},
    ),
    (
        "no_tanh",
        "On the way forward the tanh is missing at every step.",
        {"squash": lambda: "none"},
    ),
    (
        "sigmoid_for_tanh",
        "On the way forward the states went through a sigmoid. This network has tanh.",
        {"squash": lambda: "sigmoid"},
    ),
    (
        "recurrent_transposed",
        "On the way forward `W_hh` went in transposed. There it stands as it is; transposed it is "
        "on the way back.",
        {"recurrent": lambda W_hh: W_hh.T},
    ),
    (
        "bias_forgotten",
        "On the way forward `b_h` is missing.",
        {"bias": lambda b_h: 0 * b_h},
    ),
    (
        "output_bias_forgotten",
        "On the way forward `b_y` is missing from the scores.",
        {"out_bias": lambda b_y: 0 * b_y},
    ),
    # loss
    (
        "softmax_over_time",
        "The softmax runs over time. Probabilities add up to 1 over the classes, the last axis.",
        {"axis": lambda: 0},
    ),
    (
        "softmax_over_batch",
        "The softmax runs over the batch. Probabilities add up to 1 over the classes, the last "
        "axis.",
        {"axis": lambda: 1},
    ),
    (
        "softmax_over_all",
        "One softmax runs over everything at once. Each step of each sample has its own.",
        {"axis": lambda: np.array([0, 1, 2])},
    ),
    (
        "softmax_twice",
        "The softmax was applied twice, in the loss and in the error: scores go into it, not "
        "probabilities.",
        {"y_hats": lambda scores, axis: softmax_over(softmax_over(scores, axis), -1)},
    ),
    (
        "softmax_twice_in_loss",
        "In the loss the softmax was applied twice, as when probabilities go into a function that "
        "expects scores.",
        {"losses": lambda y_hats, labels: -np.log(at_label(softmax_over(y_hats, -1), labels))},
    ),
    (
        "next_targets",
        "Every step is compared with the target of the next one. `targets[t]` belongs to the "
        "output of step t.",
        {"labels": lambda targets: np.roll(targets, -1, axis=0)},
    ),
    (
        "previous_targets",
        "Every step is compared with the target of the one before. `targets[t]` belongs to the "
        "output of step t.",
        {"labels": lambda targets: np.roll(targets, 1, axis=0)},
    ),
    (
        "bits",
        "The loss is in bits: the logarithm has base 2. Nats are asked for, `np.log`.",
        {"losses": lambda y_hats, labels: -np.log2(at_label(y_hats, labels))},
    ),
    (
        "loss_sign",
        "The loss has the wrong sign: it is minus the logarithm of a probability.",
        {"losses": lambda y_hats, labels: np.log(at_label(y_hats, labels))},
    ),
    (
        "mean_over_all",
        "Loss and gradients are divided by T·B: the mean over steps and samples. Asked is the sum.",
        dict.fromkeys(("share", "back_share"), lambda targets: 1 / targets.size),
    ),
    (
        "mean_over_batch",
        "Loss and gradients are divided by B: the mean over the batch. Asked is the sum.",
        dict.fromkeys(("share", "back_share"), lambda targets: 1 / targets.shape[1]),
    ),
    (
        "mean_over_steps",
        "Loss and gradients are divided by T: the mean over the steps. Asked is the sum.",
        dict.fromkeys(("share", "back_share"), lambda targets: 1 / len(targets)),
    ),
    (
        "loss_alone_over_all",
        "The loss is divided by T·B, and the gradients are those of the sum. Both belong to one "
        "loss; asked is the sum.",
        {"share": lambda targets: 1 / targets.size},
    ),
    (
        "loss_alone_over_batch",
        "The loss is divided by B, and the gradients are those of the sum. Both belong to one "
        "loss; asked is the sum.",
        {"share": lambda targets: 1 / targets.shape[1]},
    ),
    (
        "loss_alone_over_steps",
        "The loss is divided by T, and the gradients are those of the sum. Both belong to one "
        "loss; asked is the sum.",
        {"share": lambda targets: 1 / len(targets)},
    ),
    (
        "last_loss_only",
        "The loss is that of the last step alone. Every step has a target: add up all of them.",
        {"loss": lambda losses, share: share * losses[-1].sum()},
    ),
    (
        "gradients_over_all",
        "Divided by T·B: this is the gradient of the mean, and the loss is a sum.",
        {"back_share": lambda targets: 1 / targets.size},
    ),
    (
        "gradients_over_batch",
        "Divided by B: this is the gradient of a mean over the batch, and the loss is a sum.",
        {"back_share": lambda targets: 1 / targets.shape[1]},
    ),
    (
        "gradients_over_steps",
        "Divided by T: this is the gradient of a mean over the steps, and the loss is a sum.",
        {"back_share": lambda targets: 1 / len(targets)},
    ),
):
    check_rnn_gradients.add_mistake(_key, _message, _replaces)
