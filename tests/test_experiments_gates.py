"""C09, C10, C11 and C23: each rule on made-up rows, and the networks of their study."""

import numpy as np
import pandas as pd
import pytest

from experiments import (
    c09_vanishing,
    c10_exploding,
    c11_forget_bias,
    c23_gru,
    gated_claims,
    training,
)
from experiments import gated_study as study
from experiments.memory_training import agreement
from utils.sequence_model import count_parameters

CLAIMS = (c09_vanishing, c10_exploding, c11_forget_bias, c23_gru)
LSTM = "lstm, bias 1"
WILD = {"rnn": {4: 100.0, 8: 1000.0, 16: 1000.0}}
"""Factors from verb to noun, by network and scale; 1 where nothing stands."""


def made_up(script, reach, grown=None, good=None, preferred=None):
    """Return a row for each job of a claim.

    Parameters
    ----------
    reach : dict
        By network, or (network, start), up to which distance all runs succeed; beyond it none.
    grown, good : dict
        By network and scale: the factor of a gradient, and how many of ten runs succeed.
    preferred : function, optional
        Gives the learning rate that the selection runs prefer.
    """
    grown, good = grown or WILD, good or {}
    preferred = preferred or (lambda job: study.SETTINGS["learning_rates"][study.arm(job)])
    rows = []
    for job in script.EXPERIMENT.jobs(study.SETTINGS):
        network, scale = job["network"], job["scale"]
        spread = 1 + 0.001 * (job["seed"] % 10)
        if job["part"] == "remember":
            far = reach.get((network, job["start"]), reach.get(network, 999))
            succeeds, gain = job["distance"] <= far, 0.9
        else:
            succeeds = job["seed"] < good.get(network, {}).get(scale, 10)
            gain = grown.get(network, {}).get(scale, 1.0) ** (1 / job["distance"])
        row = {"updates": 300, "loss": 0.1, "accuracy": 1.0 if succeeds else 0.5, "ruined": 0}
        row |= {"largest_norm": 2.0 * spread, "gain_before": gain * spread, "gain": 1.0 * spread}
        row |= {"direct_before": 0.5 * spread, "direct": 0.9, "long_before": 3.0 * spread}
        if job["phase"] == "select":
            row |= {"accuracy": 1.0, "loss": float(job["learning_rate"] != preferred(job))}
        rows.append({**job, **row})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("script", CLAIMS)
def test_another_learning_rate_than_the_preferred_one_is_refused(script):
    script.verdict(made_up(script, {"rnn": 20, "lstm, bias 0": 20}))
    rows = made_up(script, {"rnn": 20}, preferred=lambda job: 0.03 if job["seed"] == 100 else 0)
    rows.loc[(rows.phase == "select") & (rows.learning_rate == 0.03), "loss"] = -1.0
    rows.loc[(rows.phase == "select") & (rows.learning_rate == 0.003), "loss"] = 9.0
    used = [study.SETTINGS["learning_rates"][study.arm(row)] for row in rows.to_dict("records")]
    if set(used) != {0.03}:
        with pytest.raises(ValueError, match=r"the selection runs prefer 0.03"):
            script.verdict(rows)


@pytest.mark.parametrize(
    ("reach", "word", "said"),
    [
        ({"rnn": 20}, "holds", "lstm, bias 0 succeeds at all of them"),
        (
            {"rnn": 20, "lstm, bias 0": 20},
            "holds only when",
            "lstm, bias 0 at none",
        ),
        (
            {"rnn": 20, ("rnn", "normal"): 40, LSTM: 40},
            "holds only when",
            "lstm, bias 1 at 40 words (uniform)",
        ),
        ({"rnn": 20, **dict.fromkeys(c09_vanishing.LSTMS, 20)}, "is false", "bias 5 at none"),
    ],
)
def test_c09_rule(reach, word, said):
    rows = made_up(c09_vanishing, reach)
    found = c09_vanishing.verdict(rows)
    assert found.word == word
    assert said in found.text
    line = c09_vanishing.success_curve(rows, "rnn", "uniform")
    assert line.estimate.tolist() == [float(d <= 20) for d in line.x]
    before = c09_vanishing.gain_curve(rows, LSTM, "gain_before", "normal")
    np.testing.assert_allclose(before.estimate, 0.9, rtol=0.01)
    assert (before.low < before.estimate).all()
    direct = c09_vanishing.gain_curve(rows, LSTM, "direct_before")
    np.testing.assert_allclose(direct.estimate, 0.5, rtol=0.01)


def test_c09_needs_a_distance_at_which_the_plain_rnn_is_helpless():
    with pytest.raises(ValueError, match="decide nothing: the plain RNN is helpless nowhere"):
        c09_vanishing.verdict(made_up(c09_vanishing, {"rnn": 999}))


@pytest.mark.parametrize(
    ("grown", "good", "word"),
    [
        ({}, {}, "holds"),
        ({4: 2.0, 8: 5.0, 16: 100.0}, {}, "holds only when"),
        ({4: 2.0, 8: 100.0, 16: 100.0}, {4: 5, 8: 10, 16: 10}, "is false"),
        ({}, {4: 10, 8: 1, 16: 0}, "holds only when"),
        ({4: 20.0, 8: 100.0, 16: 100.0}, {}, "is false"),
    ],
)
def test_c10_rule(grown, good, word):
    rows = made_up(c10_exploding, {}, {**WILD, LSTM: grown}, {LSTM: good})
    found = c10_exploding.verdict(rows)
    assert found.word == word
    assert found.evidence.scale.tolist() == [4, 8, 16]
    np.testing.assert_allclose(found.evidence.rnn, [100, 1000, 1000], rtol=0.06)
    assert "success without clipping" in found.text
    growth = c10_exploding.growth_curve(rows, "rnn")
    np.testing.assert_allclose(growth.estimate, [1, 1, 100, 1000, 1000], rtol=0.06)
    np.testing.assert_allclose(c10_exploding.long_curve(rows, LSTM).estimate, 3, rtol=0.01)
    np.testing.assert_allclose(c10_exploding.norm_curve(rows, LSTM).estimate, 2, rtol=0.01)
    rate = c10_exploding.explosion_curve(rows, LSTM)
    assert rate.estimate.tolist() == [good.get(s, 10) / 10 for s in rate.x]


def test_c10_names_the_scales_at_which_it_holds():
    rows = made_up(c10_exploding, {}, {**WILD, LSTM: {4: 2.0, 8: 5.0, 16: 100.0}})
    assert c10_exploding.verdict(rows).text.startswith("When W_h is 4 or 8 times as large. ")


def test_c10_needs_a_scale_at_which_the_plain_rnn_explodes():
    with pytest.raises(ValueError, match="decide nothing: the plain RNN's gradient explodes"):
        c10_exploding.verdict(made_up(c10_exploding, {}, {"rnn": {16: 5.0}}))


@pytest.mark.parametrize(
    ("reach", "word", "said"),
    [
        ({"lstm, bias 0": 40, LSTM: 120}, "holds", "0 is helpless: at 80 and 120 words"),
        ({"lstm, bias 0": 40, LSTM: 80}, "holds only when", "a larger one succeeds: at 120 words"),
        ({"lstm, bias 0": 40, LSTM: 40}, "is false", "larger one succeeds: at 80 and 120 words"),
        ({"lstm, bias 0": 80, LSTM: 20}, "is false", "another succeeds"),
    ],
)
def test_c11_rule(reach, word, said):
    rows = made_up(c11_forget_bias, reach)
    found = c11_forget_bias.verdict(rows)
    assert found.word == word
    assert said in found.text
    updates = c11_forget_bias.updates_curve(rows, "lstm, bias 2", "normal")
    np.testing.assert_allclose(updates.estimate, 300)


def test_c11_decides_nothing_where_all_biases_do_the_same():
    with pytest.raises(ValueError, match="decide nothing"):
        c11_forget_bias.verdict(made_up(c11_forget_bias, {}))


def test_c11_bias_1_that_succeeds_half_of_the_time_refutes_nothing():
    rows = made_up(c11_forget_bias, {"lstm, bias 0": 20})
    half = (rows.network == LSTM) & (rows.distance == 120) & (rows.seed < 5)
    rows.loc[half, "accuracy"] = 0.5
    assert c11_forget_bias.verdict(rows).word == "holds"


@pytest.mark.parametrize(
    ("reach", "grown", "word"),
    [
        (120, {}, "holds"),
        (40, {}, "holds only when"),
        (120, {16: 1000.0}, "holds only when"),
        (20, {4: 100.0, 8: 100.0, 16: 1000.0}, "is false"),
    ],
)
def test_c23_rule(reach, grown, word):
    rows = made_up(c23_gru, {"rnn": 20, "gru": reach}, {**WILD, "gru": grown})
    found = c23_gru.verdict(rows)
    assert found.word == word
    assert "at 40 and 80 and 120 words (uniform)" in found.text
    assert ("the GRU never does" in found.text) == (reach == 20)
    assert ("and not at 80 and 120 words (uniform)" in found.text) == (reach == 40)


# The study


def test_starts_differ_in_what_their_names_say():
    task, H = agreement(5), 8
    for name, network in study.NETWORKS.items():
        models = {
            start: study.build(np.random.default_rng(0), task, H, network, start)
            for start in study.STARTS
        }
        bias = network.get("forget_bias", 0.0)
        for start, model in models.items():
            b = np.array(model.cell[2], dtype=float)
            if network["cell"] == "lstm":
                b[H : 2 * H] -= bias
            assert (np.abs(b) <= (H**-0.5 if start == "uniform" else 0)).all(), name
            assert all(array.dtype == np.float32 for array in model.weights.values())
        assert np.abs(models["uniform"].cell[1]).max() <= H**-0.5
        assert np.abs(models["normal"].cell[1]).max() > H**-0.5
        larger = study.build(np.random.default_rng(0), task, H, network, "normal", 4)
        np.testing.assert_array_equal(larger.cell[1], 4 * models["normal"].cell[1])
        np.testing.assert_array_equal(larger.cell[0], models["normal"].cell[0])
        assert count_parameters(larger) == count_parameters(models["uniform"])


def test_the_direct_path_is_what_the_bias_says_while_weights_are_small():
    task = agreement(10)
    xs, _ = task.draw_new(np.random.default_rng(0), 4)
    for bias, name in study.BIASES.items():
        model = study.build(np.random.default_rng(0), task, 8, study.NETWORKS[name], "normal")
        for matrix in model.cell[:2]:
            matrix[...] = 0
        open_ = 1 / (1 + np.exp(-bias))
        assert study.direct_per_step(model, xs) == pytest.approx(open_, rel=1e-5)
    rnn = study.build(np.random.default_rng(0), task, 8, study.NETWORKS["rnn"], "normal")
    assert np.isnan(study.direct_per_step(rnn, xs))


def test_jobs_of_both_parts():
    jobs = study.jobs()
    parts = {job["part"] for job in jobs}
    assert parts == {"remember", "explode"}
    assert {job["scale"] for job in jobs if job["part"] == "remember"} == {1}
    assert {job["start"] for job in jobs if job["part"] == "explode"} == {"normal"}
    wanted = [len(script.EXPERIMENT.jobs(study.SETTINGS)) for script in CLAIMS]
    assert all(0 < n < len(jobs) for n in wanted)
    assert wanted[0] > wanted[2]  # C11 looks at the LSTMs alone


@pytest.mark.parametrize("network", ["rnn", LSTM, "gru"])
def test_live_runs_are_deterministic_and_learn(network):
    job = study.live_job(network, distance=4, seed=3, start="normal", learning_rate=0.01)
    row, again = study.run_job(job), study.run_job(job)
    assert row["accuracy"] >= study_success()
    assert row["updates"] < study.SETTINGS["updates"]
    assert {k: v for k, v in row.items() if v == v} == {k: v for k, v in again.items() if v == v}
    assert np.isnan(row["long_before"])
    assert np.isnan(row["direct"]) == (network != LSTM)


def study_success():
    return gated_claims.SUCCESS


def test_large_weights_explode_without_clipping():
    calm, wild = (
        study.run_job({**study.live_explosion("rnn", scale, seed=1, learning_rate=0.1)})
        for scale in (1, 16)
    )
    assert calm["accuracy"] >= study_success() > wild["accuracy"]
    assert wild["long_before"] > 6 > calm["long_before"]
    assert wild["largest_norm"] > 20 * calm["largest_norm"]


def test_only_the_part_that_remembers_clips(monkeypatch):
    seen = []

    def train(model, draw, learning_rate, updates, limit, stop, optimiser):
        seen.append((limit, optimiser))
        return training.Training(np.array([1.0]), np.array([1.0]), False)

    monkeypatch.setattr(study, "train", train)
    study.run_job(study.live_job("rnn", distance=4))
    study.run_job(study.live_explosion("rnn", 1))
    assert seen == [(1.0, "adam"), (None, "sgd")]


def test_a_ruined_run_gives_a_row():
    settings = {**study.SETTINGS, "large_updates": 60}
    row = study.run_job(study.live_explosion("rnn", 16, learning_rate=1e30), settings)
    assert row["ruined"] in (0, 1)
    assert row["loss"] <= 99
    assert row["accuracy"] <= 0.7


def test_live_jobs_use_the_chosen_rates_and_refuse_other_names():
    rates = study.SETTINGS["learning_rates"]
    job = study.live_job("gru", distance=45)
    assert (job["distance"], job["learning_rate"]) == (45, rates["gru, uniform, 40 words"])
    assert study.live_explosion("gru", 4)["learning_rate"] == rates["gru, x4"]
    with pytest.raises(ValueError, match="network 'cnn', start 'uniform'; expected one of rnn"):
        study.live_job("cnn")
    with pytest.raises(ValueError, match="start 'warm'; expected"):
        study.live_job("gru", start="warm")
    with pytest.raises(ValueError, match="network 'gru', scale 3; expected one of rnn"):
        study.live_explosion("gru", 3)
    with pytest.raises(ValueError, match="network 'lstm, bias 2'"):
        study.live_explosion("lstm, bias 2", 4)


def test_vocabulary_is_that_of_the_other_studies():
    assert agreement(10).D == training.V
