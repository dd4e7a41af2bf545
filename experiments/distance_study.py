"""Jobs that train some kinds of network on agreement at several distances; for C02, C04 and C05."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.training import accuracy, draw_sentences, probe, train
from utils.classifier import SequenceClassifier
from utils.data import grammar
from utils.validation import IndexArray


def columns(kind: str) -> tuple[str, ...]:
    """Return the columns that name a job: `kind` is what differs, such as "network"."""
    return ("phase", kind, "distance", "seed", "learning_rate")


def make_jobs(settings: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return one dict per run.

    Parameters
    ----------
    settings : mapping
        ``distances``: for each name the distances of the measurement; ``seeds`` and
        ``learning_rates`` (by name) of the measurement; ``selection_distance`` (by name),
        ``selection_seeds`` and ``candidates`` of the runs that choose the learning rates.
    kind : str
        The column that holds the names.
    """
    select = [
        ("select", name, settings["selection_distance"][name], seed, rate)
        for name in settings["distances"]
        for rate in settings["candidates"]
        for seed in settings["selection_seeds"]
    ]
    measure = [
        ("measure", name, distance, seed, settings["learning_rates"][name])
        for name, distances in settings["distances"].items()
        for distance in distances
        for seed in settings["seeds"]
    ]
    return [dict(zip(columns(kind), job, strict=True)) for job in select + measure]


def make_live_job(
    settings: Mapping[str, Any], kind: str, name: str, distance: int, seed: int
) -> dict[str, Any]:
    """Return a job to be run live in a notebook; any distance from 1 on will do.

    Raises
    ------
    ValueError
        If there is no such name.
    """
    if name not in settings["distances"]:
        raise ValueError(f"{kind} is {name!r}; expected one of {'; '.join(settings['distances'])}.")
    job = ("measure", name, distance, seed, settings["learning_rates"][name])
    return dict(zip(columns(kind), job, strict=True))


def run(
    job: Mapping[str, Any],
    settings: Mapping[str, Any],
    start: Callable[[np.random.Generator], SequenceClassifier],
    updates: int,
    draw_distance: Callable[[np.random.Generator], int] | None = None,
) -> dict[str, Any]:
    """Train one network with Adam and return its row.

    Parameters
    ----------
    job, settings
        As `make_jobs` has them; the settings also give ``batch``, ``clip`` (the limit on the
        global norm), ``training_sentences`` (of each distance) and ``test_sentences``.
    start : callable
        Gives the network before training.
    updates : int
        The budget.
    draw_distance : callable, optional
        Gives the distance of each batch; without it, that of the job.

    Returns
    -------
    row : dict
        The job's own entries; `updates` made until the sentences were learnt, or the budget;
        `loss` in nats, the mean over the last 50; `accuracy` on new sentences of the distance;
        `largest_norm` of a gradient on the way; `gain_before` and `gain`, the factor per step by
        which a gradient changes on its way from verb to noun, before and after training.
    """
    distance = job["distance"]
    rng = np.random.default_rng([job["seed"], 0])
    test_rng = np.random.default_rng([job["seed"], 1])
    test = grammar.batch(test_rng, settings["test_sentences"], distance)
    model = start(rng)
    before = probe(model, test.xs)

    def draw() -> tuple[IndexArray, IndexArray]:
        d = draw_distance(rng) if draw_distance else distance
        return draw_sentences(rng, settings["batch"], d, settings["training_sentences"])

    training = train(model, draw, job["learning_rate"], updates, limit=settings["clip"])
    return {
        **job,
        "updates": training.updates,
        "loss": training.loss,
        "accuracy": accuracy(model, *test),
        "largest_norm": training.largest_norm,
        "gain_before": before["gain"],
        "gain": probe(model, test.xs)["gain"],
    }
