"""Networks whose gradients explode, trained with plain gradient descent; for C06, C07 and C08.

Gradient descent and not Adam: Adam divides by the size of recent gradients, which is a limit on
steps of its own and would hide what is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.training import Training, accuracy, build, draw_sentences, probe, train
from utils.classifier import ClassifierStep, SequenceClassifier
from utils.data import grammar

CASES: dict[str, dict[str, Any]] = {
    "relu identity, 30 words": {
        "start": "identity",
        "activation": "relu",
        "gain": 1.0,
        "distance": 30,
    },
    "tanh x4, 10 words": {"start": "normal", "activation": "tanh", "gain": 4.0, "distance": 10},
    "tanh x4, 20 words": {"start": "normal", "activation": "tanh", "gain": 4.0, "distance": 20},
}
"""ReLU that starts from the identity, and tanh with normal recurrent weights of spread 4/√H."""


def start(case: Mapping[str, Any], hidden: int, rng: np.random.Generator) -> SequenceClassifier:
    """Return the network of a case before training."""
    return build(rng, hidden, case["start"], case["activation"], case["gain"])


def run(
    job: Mapping[str, Any],
    settings: Mapping[str, Any],
    clip: str = "none",
    limit: float = 1.0,
    decay: float = 0.0,
    watch: Callable[[int, ClassifierStep], None] | None = None,
) -> tuple[dict[str, Any], Training]:
    """Train one network of the job's case and return its row, and what happened on the way.

    Parameters
    ----------
    job : mapping
        With ``case``, ``seed`` and ``learning_rate``.
    settings : mapping
        With ``cases``, ``hidden``, ``batch``, ``updates``, ``training_sentences`` and
        ``test_sentences``.
    clip, limit, decay, watch
        As for `experiments.training.train`.

    Returns
    -------
    row : dict
        The job's own entries; `updates` until the sentences were learnt, or the budget, or ruin;
        `loss` in nats, the mean over the last 50; `accuracy` on new sentences; `ruined`, 1 if a
        number was no longer finite; `largest_norm` of a gradient on the way; `gain_before` and
        `gain`, the factor per step of a gradient before and after training.
    training : Training
    """
    case = settings["cases"][job["case"]]
    rng = np.random.default_rng([job["seed"], 0])
    test_rng = np.random.default_rng([job["seed"], 1])
    test = grammar.batch(test_rng, settings["test_sentences"], case["distance"])
    model = start(case, settings["hidden"], rng)
    before = probe(model, test.xs)
    training = train(
        model,
        lambda: draw_sentences(
            rng, settings["batch"], case["distance"], settings["training_sentences"]
        ),
        job["learning_rate"],
        settings["updates"],
        "sgd",
        clip,
        limit,
        decay,
        watch=watch,
    )
    return {
        **job,
        "updates": training.updates if training.learnt else settings["updates"],
        "loss": training.loss,
        "accuracy": accuracy(model, *test),
        "ruined": int(not np.isfinite(training.norms).all()),
        "largest_norm": training.largest_norm,
        "gain_before": before["gain"],
        "gain": probe(model, test.xs)["gain"],
    }, training
