"""Train the translators of dates: sixteen languages to ISO, with and without attention.

Both read and write with the same sizes, on the same data, for the same number of updates; they
differ in whether the decoder may look back. Whole dates count: all ten characters and the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pretrained.recipe import Recipe, Report, accuracy
from utils.data import dates
from utils.pytorch.decoding import greedy
from utils.pytorch.models import EncoderDecoder
from utils.pytorch.stored import build_model, round_weights
from utils.pytorch.training import falling_rate, make_step, translation_loss
from utils.training import train


def _settings(attention: bool) -> dict[str, Any]:
    return {
        "model": {
            "kind": "EncoderDecoder",
            "arguments": {
                "V_source": len(dates.SOURCE),
                "V_target": len(dates.TARGET),
                "D": 24,
                "H": 80,
                "cell": "gru",
                "attention": attention,
                "start": dates.START,
            },
        },
        "seed": 0,
        "updates": 1200,
        "batch": 64,
        "learning_rate": 4e-3,
        "held_out": {"seed": 1, "per_language": 125},
    }


SETTINGS = {"dates": _settings(True), "dates_without_attention": _settings(False)}


def run_job(
    settings: Mapping[str, Any], report: Report | None = None
) -> tuple[EncoderDecoder, dict[str, Any]]:
    """Train one translator and measure it; see `Recipe`."""
    torch.manual_seed(settings["seed"])
    rng = np.random.default_rng(settings["seed"])
    model = build_model(settings)
    step = make_step(
        model,
        translation_loss,
        lambda: dates.batch(rng, settings["batch"]),
        falling_rate(settings["learning_rate"], settings["updates"]),
    )
    history = train(step, settings["updates"], report)
    if history.ended != "finished":
        raise RuntimeError(history.reason)
    round_weights(model)
    return model, measure(model, **settings["held_out"])


def measure(model: EncoderDecoder, seed: int, per_language: int) -> dict[str, Any]:
    """Return how many held-out dates a model translates without a fault, also by language."""
    rng = np.random.default_rng(seed)
    right = {}
    for language in dates.LANGUAGES:
        drawn = dates.batch(rng, per_language, "held_out", [language])
        lengths = drawn.mask.sum(axis=0).astype(int)
        said = greedy(model, drawn.xs, lengths, max_steps=dates.TARGET_STEPS, end=dates.END)
        texts = [dates.decode_iso(column) for column in said.tokens.T]
        right[language] = sum(a == b for a, b in zip(texts, drawn.isos, strict=True))
    return {
        "what": "held-out dates translated without a fault",
        "accuracy": accuracy(sum(right.values()), per_language * len(right)),
        "languages": {language: accuracy(n, per_language) for language, n in right.items()},
    }


RECIPES = tuple(Recipe(name, Path(__file__), SETTINGS[name], run_job) for name in SETTINGS)
