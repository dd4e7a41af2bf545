"""Train the composer: it expects the next note of a melody, and can go on from a beginning.

The melodies are few, so a network that trains long enough knows them by heart. What counts is the
next note in melodies that it has never seen, beside two guesses that need no network: the note
that is most frequent, and the one that most often followed the last one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pretrained.recipe import Recipe, Report, accuracy
from utils.data import tunes
from utils.pytorch.models import Composer
from utils.pytorch.stored import build_model, round_weights
from utils.pytorch.training import composer_loss, falling_rate, make_step
from utils.training import train

SETTINGS = {
    "composer": {
        "model": {
            "kind": "Composer",
            "arguments": {
                "V": len(tunes.VOCABULARY),
                "D": 32,
                "H": 96,
                "cell": "lstm",
            },
        },
        "seed": 0,
        "updates": 300,
        "batch": 12,
        "learning_rate": 5e-3,
    }
}


def run_job(
    settings: Mapping[str, Any], report: Report | None = None
) -> tuple[Composer, dict[str, Any]]:
    """Train the composer and measure it; see `Recipe`."""
    torch.manual_seed(settings["seed"])
    rng = np.random.default_rng(settings["seed"])
    model = build_model(settings)
    step = make_step(
        model,
        composer_loss,
        lambda: tunes.batch(rng, settings["batch"]),
        falling_rate(settings["learning_rate"], settings["updates"]),
    )
    history = train(step, settings["updates"], report)
    if history.ended != "finished":
        raise RuntimeError(history.reason)
    round_weights(model)
    return model, measure(model)


@torch.no_grad()
def measure(model: Composer) -> dict[str, Any]:
    """Return how often the note that a model holds for the most probable one comes next."""
    model.eval()
    result = {"what": "notes of held-out melodies that were expected the most"}
    for entry, held_out in (("accuracy", True), ("seen", False)):
        names = [name for name in tunes.TUNES if (name in tunes.HELD_OUT) == held_out]
        batch = tunes.as_batch(names)
        said = model(torch.from_numpy(batch.xs))[0].argmax(dim=-1).numpy()
        real = batch.mask > 0
        result[entry] = accuracy(int((said == batch.targets)[real].sum()), int(real.sum()))
    result["most frequent"], result["after the last"] = guesses()
    return result


def guesses() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return how often the two guesses without a network are right on held-out melodies."""
    singles: Counter[int] = Counter()
    pairs: dict[int, Counter[int]] = {}
    for name in tunes.TUNES.keys() - set(tunes.HELD_OUT):
        for last, following in _pairs(name):
            singles[following] += 1
            pairs.setdefault(last, Counter())[following] += 1
    best = max(singles, key=lambda event: (singles[event], -event))
    after = {a: max(c, key=lambda event: (c[event], -event)) for a, c in pairs.items()}
    held_out = [pair for name in tunes.HELD_OUT for pair in _pairs(name)]
    plain = sum(following == best for _, following in held_out)
    paired = sum(following == after.get(last, best) for last, following in held_out)
    return accuracy(plain, len(held_out)), accuracy(paired, len(held_out))


def _pairs(name: str) -> list[tuple[int, int]]:
    batch = tunes.as_batch([name])
    return list(zip(batch.xs[:, 0].tolist(), batch.targets[:, 0].tolist(), strict=True))


RECIPES = tuple(Recipe(name, Path(__file__), SETTINGS[name], run_job) for name in SETTINGS)
