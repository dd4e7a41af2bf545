"""The stored runs of chapter 04: how jobs are scored, what tables and curves say, which rates."""

import numpy as np
import pandas as pd
import pytest

from experiments import language_model as study
from utils.data.text import Vocabulary, split_text, topics_text
from utils.language_model import init_language_model, next_probabilities
from utils.ngrams import fit_ngrams

TINY = {
    **study.SETTINGS,
    "networks": {
        name: {**options, "H": 8, "updates": 12}
        for name, options in study.SETTINGS["networks"].items()
    },
}


@pytest.fixture(scope="module")
def rows():
    """One row for each job, with numbers that are easy to check."""
    table = []
    for job in study.jobs():
        at = {f"at_{p:02d}": 4 - 0.2 * p + 0.01 * job["seed"] for p in range(study.CHECKPOINTS)}
        read = {f"read_{p:02d}": 1000.0 * 2**p for p in range(study.CHECKPOINTS)}
        chosen = study.SETTINGS["learning_rates"].get(job["model"], 0.0)
        loss = 2 + abs(np.log(job["learning_rate"] / chosen)) if chosen else 2.0
        bits = 2 + 0.01 * job["seed"]
        table.append({**job, **study._row(study.SETTINGS, loss=loss, bits=bits, mixed=1.5)})
        if job["phase"] == "measure" and job["model"] in study.NETWORKS:
            table[-1] |= at | read
    return pd.DataFrame(table)


def test_every_model_is_measured_with_five_seeds_that_chose_nothing():
    jobs = study.jobs()
    assert len({tuple(job.values()) for job in jobs}) == len(jobs)
    for name in study.SETTINGS["networks"]:
        seeds = [j["seed"] for j in jobs if j["model"] == name and j["phase"] == "measure"]
        tried = [j["seed"] for j in jobs if j["model"] == name and j["phase"] == "select"]
        assert len(set(seeds)) == len(seeds) >= 5
        assert not set(seeds) & set(tried)


def test_a_run_is_repeatable_and_has_the_columns_of_all_others():
    job = {"phase": "measure", "model": "long", "learning_rate": 0.01, "seed": 1}
    first, second = (study.run_job(job, TINY) for _ in range(2))
    del first["seconds"], second["seconds"]
    np.testing.assert_equal(first, second)  # NaN included
    assert first["updates"] == 12
    assert first["characters"] == 12 * 24 * 24
    assert 0 <= first["share"] <= 1
    assert first["mixed"] <= first["bits"]
    read = [first[f"read_{p:02d}"] for p in range(study.CHECKPOINTS)]
    read = [value for value in read if np.isfinite(value)]
    assert read == sorted(read)
    assert read[-1] == first["characters"]
    optimiser = study.run_job({**job, "model": "SGD", "learning_rate": 1.0}, TINY)
    counts = study.run_job({**job, "phase": "counts", "model": "unigram"}, TINY)
    assert list(optimiser) == list(counts) == list(study._row(TINY))
    assert np.isnan(optimiser["mixed"])
    assert 4 < counts["bits"] < 5


def test_a_run_that_is_ruined_is_scored_and_not_lost():
    job = {"phase": "select", "model": "SGD", "learning_rate": 1e38, "seed": 1}
    assert study.run_job(job, TINY)["loss"] >= study.RUINED


def test_the_mixture_is_that_of_the_probabilities():
    text = topics_text()
    vocabulary = Vocabulary.of(text)
    parts = [vocabulary.encode(part[:6000]) for part in split_text(text)]
    network = init_language_model(len(vocabulary), 8, np.random.default_rng(0))
    mixed = study.mix(network, *parts)
    counted = fit_ngrams(parts[0], 5, len(vocabulary)).choose_discounts(parts[1])
    p, q = next_probabilities(network, parts[2]), counted.next_probabilities(parts[2])
    expected = -np.log2(mixed["share"] * p + (1 - mixed["share"]) * q).mean()
    assert mixed["mixed"] == pytest.approx(expected)
    assert mixed["share"] < 0.2  # the network is untrained


def test_tables_and_curves(rows):
    scores = study.score_table(rows).set_index("model")
    assert scores.loc["short", "bits"] == pytest.approx(2.02)
    assert scores.loc["short", "low"] < 2.02 < scores.loc["short", "high"]
    assert scores.loc["long with 5-gram", "bits"] == pytest.approx(1.5)
    assert scores.loc["5-gram", "runs"] == 1
    curve = study.bits_curve(rows, "long")
    np.testing.assert_allclose(curve.x, 1000.0 * 2 ** np.arange(study.CHECKPOINTS))
    np.testing.assert_allclose(curve.estimate, 4 - 0.2 * np.arange(study.CHECKPOINTS) + 0.02)
    assert (curve.low < curve.estimate).all()
    assert list(study.optimiser_table(rows).optimiser) == list(study.OPTIMISERS)
    rates, losses = study.learning_rate_curves(rows)["SGD"]
    assert rates.tolist() == study.SETTINGS["candidates"]["SGD"]
    assert losses.min() == 2
    assert list(study.baselines(rows)) == list(study.COUNTS)
    with pytest.raises(ValueError, match="network is 'SGD'; expected one of short, long, gates"):
        study.bits_curve(rows, "SGD")


def test_a_rate_that_was_not_chosen_is_refused(rows):
    study.check_rates(rows, study.SETTINGS["learning_rates"])
    near, far = rows.copy(), rows.copy()
    other = (rows.phase == "select") & (rows.model == "Adam") & (rows.learning_rate == 0.03)
    near.loc[other, "loss"] = 1.99
    study.check_rates(near, study.SETTINGS["learning_rates"])
    far.loc[other, "loss"] = 1.9
    with pytest.raises(ValueError, match=r"Adam was run with learning rate 0\.01; .* prefer"):
        study.check_rates(far, study.SETTINGS["learning_rates"])


def test_what_the_stored_runs_say():
    rows, _ = study.load()
    scores = study.score_table(rows).set_index("model").bits
    assert scores["5-gram"] < scores["long"] < scores["trigram"]
    assert scores["5-gram"] < scores["short"] < scores["trigram"]
    assert scores["gates"] < scores["5-gram"]
    for network in study.NETWORKS:
        assert scores[f"{network} with 5-gram"] < min(scores[network], scores["5-gram"])
