"""The claims of chapter 05: each rule on made-up rows, and the networks that its runs train."""

import numpy as np
import pandas as pd
import pytest

from experiments import (
    c02_ten_steps,
    c03_slopes,
    c04_tanh,
    c05_relu,
    c06_clipping,
    c07_value_or_norm,
    c08_l2,
    c22_early_layers,
    training,
)
from utils.data import grammar
from utils.validation import NotFiniteError


def made_up(script, fill, used):
    """Return a row for each job: `fill(job)` gives its columns, `used(job)` the chosen rate."""
    rows = []
    for job in script.jobs():
        row = {"updates": 300, "loss": 0.1, "accuracy": 1.0, **fill(job)}
        if job["phase"] == "select":
            row |= {
                "updates": 300,
                "accuracy": 1.0,
                "loss": float(job["learning_rate"] != used(job)),
            }
        rows.append({**job, **row})
    return pd.DataFrame(rows)


def succeeding(job, good):
    """Accuracy of a run where `good` of the ten seeds succeed."""
    return {"accuracy": 1.0 if job["seed"] < good else 0.5, "gain": 1.0, "gain_before": 0.9}


# C02


def ten_steps(reach, at_five=10):
    """Rows in which each way succeeds in all runs up to a distance and in none beyond."""

    def fill(job):
        good = at_five if job["distance"] == 5 else 10 * (job["distance"] <= reach[job["way"]])
        return succeeding(job, good)

    return made_up(
        c02_ten_steps, fill, lambda j: c02_ten_steps.SETTINGS["learning_rates"][j["way"]]
    )


WAYS = c02_ten_steps.WAYS


@pytest.mark.parametrize(
    ("reach", "word"),
    [
        (dict.fromkeys(WAYS, 15), "holds"),
        (dict.fromkeys(WAYS, 20), "is false"),
        ({**dict.fromkeys(WAYS, 40), "usual": 10}, "holds only when"),
    ],
)
def test_c02_rule(reach, word):
    rows = ten_steps(reach)
    found = c02_ten_steps.verdict(rows)
    assert found.word == word
    assert f"usual: {'100' if reach['usual'] >= 20 else '0'} %" in found.text
    line = c02_ten_steps.success_curve(rows, "usual")
    assert line.estimate.tolist() == [float(d <= reach["usual"]) for d in line.x]
    np.testing.assert_allclose(c02_ten_steps.gain_curve(rows, "longer").estimate, 1.0)


def test_c02_refuses_what_decides_nothing_and_rates_not_chosen():
    with pytest.raises(ValueError, match="did not even learn 5 words"):
        c02_ten_steps.verdict(ten_steps(dict.fromkeys(WAYS, 20), at_five=3))
    rows = ten_steps(dict.fromkeys(WAYS, 20))
    rows.loc[(rows.phase == "select") & (rows.learning_rate == 0.03), "loss"] = -1.0
    with pytest.raises(ValueError, match=r"usual was run with .*; the selection runs prefer 0.03"):
        c02_ten_steps.verdict(rows)


# C03


def slopes(gains):
    """Rows with a factor per step before and after training for each network, with some spread."""

    def fill(job):
        before, after = gains[job["network"]]
        spread = 1 + 0.001 * job["seed"]
        columns = ("largest_weight_before", "singular_value", "singular_value_before")
        return {
            "gain_before": before * spread,
            "gain": after * spread,
            "bound_before": 2.0,
            "bound": 2.0,
            **dict.fromkeys(columns, 0.5),
        }

    return made_up(c03_slopes, fill, lambda j: c03_slopes.SETTINGS["learning_rates"][j["network"]])


@pytest.mark.parametrize(
    ("gains", "word"),
    [
        ((0.2, 0.2, 1.0, 1.0, 1.0), "holds"),
        ((0.2, 0.9, 1.0, 1.0, 1.0), "holds only when"),
        ((0.2, 0.2, 0.6, 1.0, 1.0), "holds only when"),
        ((0.2, 0.9, 0.6, 1.0, 1.0), "is false"),
    ],
)
def test_c03_rule(gains, word):
    each = dict(zip(c03_slopes.NETWORKS, ((g, g) for g in gains), strict=True))
    rows = slopes(each)
    found = c03_slopes.verdict(rows)
    assert found.word == word
    table = c03_slopes.gains(rows)
    assert table.network.tolist() == list(c03_slopes.NETWORKS)
    np.testing.assert_allclose(table.before, gains, rtol=0.01)
    assert ((table.before_low < table.before) & (table.before < table.before_high)).all()


def test_c03_refuses_what_decides_nothing():
    mixed = dict.fromkeys(c03_slopes.NETWORKS, (0.5, 1.0))
    with pytest.raises(ValueError, match="decide nothing"):
        c03_slopes.verdict(slopes(mixed))


def test_c03_equal_entries_are_orthogonal():
    W = c03_slopes.equal_entries(np.random.default_rng(0), 32)
    np.testing.assert_allclose(W @ W.T, np.eye(32), atol=1e-12)
    np.testing.assert_allclose(np.abs(W), 32**-0.5)
    with pytest.raises(ValueError, match="H is 24; expected a power of two"):
        c03_slopes.equal_entries(np.random.default_rng(0), 24)


def test_c03_networks_are_what_the_claim_is_about():
    xs, _ = grammar.batch(np.random.default_rng(0), 16, 20)
    seen = {}
    for network in c03_slopes.NETWORKS:
        model = c03_slopes.start(network, np.random.default_rng(1))
        seen[network] = {**training.probe(model, xs), "activation": model.activation}
    for network in c03_slopes.PREMISES_TRUE:
        assert seen[network]["activation"] == "sigmoid"
        assert seen[network]["largest_weight"] < 1
    assert seen["sigmoid"]["gain"] < 0.25 < 0.9 < seen["sigmoid, ±0.71"]["gain"] < 1
    assert seen["relu"]["gain"] < 0.8
    assert seen["tanh, saturated"]["gain"] < 0.8 < 1.49 < seen["tanh, saturated"]["singular_value"]


# C04


def tanh_rows(good):
    """Rows in which `good(network, distance)` of ten seeds succeed."""
    return made_up(
        c04_tanh,
        lambda job: succeeding(job, good(job["network"], job["distance"])),
        lambda job: c04_tanh.SETTINGS["learning_rates"][job["network"]],
    )


@pytest.mark.parametrize(
    ("sigmoid", "tanh", "word"),
    [(10, 80, "holds"), (10, 30, "holds only when"), (10, 10, "is false")],
)
def test_c04_rule(sigmoid, tanh, word):
    reach = {"sigmoid": sigmoid, "tanh": tanh}
    rows = tanh_rows(lambda network, d: 10 * (d <= reach.get(network, 20)))
    assert c04_tanh.verdict(rows).word == word
    assert c04_tanh.success_curve(rows, "tanh").x.tolist() == c04_tanh.DISTANCES


def test_c04_refuses_what_decides_nothing():
    with pytest.raises(ValueError, match="decide nothing"):
        c04_tanh.verdict(tanh_rows(lambda network, d: 5))


def test_c04_the_twin_is_the_same_function_and_passes_gradients_alike():
    rng = np.random.default_rng(3)
    xs, targets = grammar.batch(rng, 8, 12)
    for start in ("uniform", "normal"):
        model = training.build(rng, 16, start)
        twin = training.as_sigmoid(model)
        np.testing.assert_array_equal(twin.cell.W_hh, 4 * model.cell.W_hh)
        one, two = (training.step(m, xs, targets) for m in (model, twin))
        np.testing.assert_allclose(one.logits, two.logits, atol=1e-12)
        np.testing.assert_allclose(
            training.gain_per_step(model, xs), training.gain_per_step(twin, xs), rtol=1e-9
        )
    with pytest.raises(ValueError, match="activation is 'sigmoid'; expected"):
        training.as_sigmoid(twin)


# C05


@pytest.mark.parametrize(
    ("reach", "word"),
    [
        ((20, 80, 80, 80), "holds"),
        ((20, 5, 5, 80), "holds only when"),
        ((20, 5, 5, 5), "is false"),
    ],
)
def test_c05_rule(reach, word):
    reach = dict(zip(c05_relu.NETWORKS, reach, strict=True))
    rows = made_up(
        c05_relu,
        lambda job: {
            **succeeding(job, 10 * (job["distance"] <= reach[job["network"]])),
            "largest_norm": 5e3,
        },
        lambda job: c05_relu.SETTINGS["learning_rates"][job["network"]],
    )
    found = c05_relu.verdict(rows)
    assert found.word == word
    assert "5e+03" in found.text
    if word == "holds only when":
        assert found.text.startswith("When the network is: relu identity. ")
    rows.loc[rows.network == "tanh", "accuracy"] = 1.0
    with pytest.raises(ValueError, match="tanh is helpless at no distance"):
        c05_relu.verdict(rows)


# C06


def clipping(without, with_, norm=500.0):
    """Rows by case: how many of ten seeds succeed without and with clipping, at every rate."""

    def fill(job):
        good = dict(zip(c06_clipping.CASES, zip(without, with_, strict=True), strict=True))
        return {
            **succeeding(job, good[job["case"]][job["clip"] == "norm"]),
            "largest_norm": norm,
        }

    rates = c06_clipping.SETTINGS["learning_rates"]
    return made_up(c06_clipping, fill, lambda j: rates[f"{j['case']}, {j['clip']}"])


@pytest.mark.parametrize(
    ("without", "with_", "word"),
    [
        ((0, 0, 1), (10, 10, 9), "holds"),
        ((0, 0, 0), (10, 10, 0), "holds only when"),
        ((0, 10, 0), (10, 10, 10), "holds only when"),
        ((0, 0, 0), (0, 5, 1), "is false"),
    ],
)
def test_c06_rule(without, with_, word):
    assert c06_clipping.verdict(clipping(without, with_)).word == word


def test_c06_cases_that_do_not_explode_decide_nothing():
    with pytest.raises(ValueError, match="decide nothing"):
        c06_clipping.verdict(clipping((0, 0, 0), (10, 10, 10), norm=2.0))
    line = c06_clipping.success_curve(clipping((0,) * 3, (10,) * 3), c06_clipping.CASES[0], "norm")
    assert line.x.tolist() == c06_clipping.SETTINGS["measured_rates"]


# C07


def value_or_norm(angle, faster):
    """Rows with an angle by value, and how many updates earlier clipping by value learns."""

    def fill(job):
        by_value = job["clip"] == "value"
        return {
            "angle": angle + 0.01 * job["seed"] if by_value else 0.0,
            "updates": 300 + 7 * (job["seed"] % 3) - (faster if by_value else 0) + job["seed"] % 2,
        }

    rows = made_up(c07_value_or_norm, fill, lambda job: job["learning_rate"])
    for name, (rate, limit) in c07_value_or_norm.SETTINGS["chosen"].items():
        case, _, clip = name.rpartition(", ")
        best = (rows["case"] == case) & (rows["clip"] == clip) & (rows.phase == "select")
        best &= (rows.learning_rate == rate) & (rows.limit == limit)
        rows.loc[best, "loss"] = -1.0
    return rows


@pytest.mark.parametrize(
    ("angle", "faster", "word"),
    [(0.1, 0, "holds"), (40, 0, "holds only when"), (40, 100, "is false"), (0.1, 99, "is false")],
)
def test_c07_rule(angle, faster, word):
    rows = value_or_norm(angle, faster)
    if not faster:  # otherwise the same for both
        value = (rows["clip"] == "value") & (rows.phase == "measure")
        rows.loc[value & (rows.seed % 2 == 0), "updates"] += 2
        rows.loc[value & (rows.seed % 2 == 1), "updates"] -= 2
    assert c07_value_or_norm.verdict(rows).word == word
    assert len(c07_value_or_norm.angles(rows)) == 4


def test_c07_refuses_what_decides_nothing_and_settings_not_chosen():
    rows = value_or_norm(5.0, 100).assign(angle=5.0)
    with pytest.raises(ValueError, match="the angle is near 5 degrees"):
        c07_value_or_norm.verdict(rows)
    rows = value_or_norm(40, 100)
    other = rows.limit == c07_value_or_norm.SETTINGS["limits"]["norm"][0]
    rows.loc[(rows.phase == "select") & other & (rows.learning_rate == 0.01), "loss"] = -2.0
    with pytest.raises(ValueError, match="selection runs prefer"):
        c07_value_or_norm.verdict(rows)


def test_c07_angle():
    one = {"a": np.array([1.0, 0.0]), "b": np.array([[0.0]])}
    assert c07_value_or_norm.angle(one, {"a": np.array([1e-9, 0.0]), "b": np.zeros((1, 1))}) == 0
    right = {"a": np.array([0.0, 0.0]), "b": np.array([[1e200]])}
    assert c07_value_or_norm.angle(one, right) == pytest.approx(90)
    half = {"a": np.array([2.0, 2.0]), "b": np.array([[0.0]])}
    assert c07_value_or_norm.angle(one, half) == pytest.approx(45)


# C08


@pytest.mark.parametrize(
    ("penalties", "word"),
    [
        (((0, 0, 10), (10, 0, 0)), "holds"),
        (((0, 0, 0), (0, 0, 9)), "holds only when"),
        (((0, 1, 0), (0, 0, 0)), "is false"),
    ],
)
def test_c08_rule(penalties, word):
    good = {
        case: dict(zip(c08_l2.CURES, (0, *each, 10), strict=True))
        for case, each in zip(c08_l2.CASES, penalties, strict=True)
    }
    rates = c08_l2.SETTINGS["learning_rates"]
    rows = made_up(
        c08_l2,
        lambda job: succeeding(job, good[job["case"]][job["cure"]]),
        lambda job: rates[f"{job['case']}, {job['cure']}"],
    )
    found = c08_l2.verdict(rows)
    assert found.word == word
    assert "leaves out" not in found.text
    rows.loc[(rows.cure == "nothing") & (rows.phase == "measure"), "accuracy"] = 1.0
    with pytest.raises(ValueError, match="decide nothing"):
        c08_l2.verdict(rows)


def test_c08_leaves_out_a_case_that_clipping_does_not_cure_and_says_what_it_speaks_for():
    rates = c08_l2.SETTINGS["learning_rates"]

    def made(penalty):
        good = {c08_l2.CASES[0]: (0, 0, 0, 0, 10), c08_l2.CASES[1]: (0, 0, 1, penalty, 8)}
        return made_up(
            c08_l2,
            lambda job: succeeding(job, good[job["case"]][c08_l2.CURES.index(job["cure"])]),
            lambda job: rates[f"{job['case']}, {job['cure']}"],
        )

    found = c08_l2.verdict(made(10))
    assert found.word == "is false"
    assert "leaves out tanh x4, 10 words, where a penalty succeeds, which speaks" in found.text
    found = c08_l2.verdict(made(5))
    assert found.word == "is false"
    assert found.text.endswith("The rule leaves out tanh x4, 10 words.")


# C22


def layers(changes, early=0.5, late=1.0):
    """Rows with the relative change of early and of late weights for each network."""
    T = c22_early_layers.SETTINGS["T"]

    def fill(job):
        spread = 1 + 0.01 * job["seed"]
        first, last = changes[job["network"]]
        change = np.repeat([first, last], [T // 2, T - T // 2]) * spread
        parts = np.geomspace(1e-9, 1, T) * spread
        return {
            "early": early,
            "late": late,
            **c22_early_layers._by_step("start", parts),
            **c22_early_layers._by_step("end", parts),
            **c22_early_layers._by_step("change", change),
        }

    rates = c22_early_layers.SETTINGS["learning_rates"]
    return made_up(c22_early_layers, fill, lambda job: rates[job["network"]])


@pytest.mark.parametrize(
    ("own", "rnn", "word"),
    [
        ((1e-4, 1.0), (1e-4, 1.0), "holds"),
        ((1e-4, 1.0), (0.3, 0.3), "holds only when"),
        ((0.9, 1.0), (0.3, 0.3), "is false"),
    ],
)
def test_c22_rule(own, rnn, word):
    changes = {n: own if n.startswith("own") else rnn for n in c22_early_layers.NETWORKS}
    rows = layers(changes)
    assert c22_early_layers.verdict(rows).word == word
    line = c22_early_layers.step_curve(rows, "rnn, sgd")
    assert line.x.tolist() == list(range(1, 31))
    assert (np.diff(line.estimate) > 0).all()
    assert c22_early_layers.change_curve(rows, "rnn, sgd").estimate.shape == (30,)


def test_c22_refuses_what_decides_nothing():
    changes = dict.fromkeys(c22_early_layers.NETWORKS, (0.3, 0.3))
    for rows in (layers(changes, early=1.0), layers(changes, late=0.5)):
        with pytest.raises(ValueError, match="decide nothing"):
            c22_early_layers.verdict(rows)


def test_c22_cues_and_the_network_with_weights_of_its_own():
    rng = np.random.default_rng(0)
    xs, targets = c22_early_layers.draw_cues(rng, 50, 9)
    assert xs.shape == (9, 50)
    np.testing.assert_array_equal(targets, 2 * xs[0] + xs[-2] - 2)
    middle = np.delete(xs, [0, 7], axis=0)
    assert (middle.min(), middle.max()) == (4, c22_early_layers.D - 1)
    # with equal weights at every step it is the RNN, and its gradients add up to the RNN's
    model = training.build(rng, 5, K=4, D=c22_early_layers.D)
    steps = c22_early_layers.Steps(
        {**model.weights, "W_hh": np.repeat(model.cell.W_hh[None], 9, axis=0)}
    )
    loss, gradients = steps.gradients(xs, targets)
    computed = model.loss_and_gradients(xs, targets)
    assert loss == pytest.approx(computed.loss, rel=1e-12)
    gradients["d_W_hh"] = gradients["d_W_hh"].sum(axis=0)
    for name, gradient in computed.gradients.items():
        np.testing.assert_allclose(gradients[name], gradient, atol=1e-12)


# Training


def test_training_stops_when_learnt_and_reports_ruin():
    rng = np.random.default_rng(0)
    model = training.build(rng, 16, "orthogonal")
    done = training.train(model, lambda: training.draw_sentences(rng, 32, 3, 400), 0.01, 400)
    assert done.learnt
    assert training.LAST <= done.updates < 400
    assert done.loss < 0.02
    xs, targets = grammar.batch(rng, 100, 3)
    assert training.accuracy(model, xs, targets) > 0.95

    wild = training.build(rng, 16, "normal", "relu", gain=30.0)
    ruined = training.train(
        wild, lambda: training.draw_sentences(rng, 32, 30, 400), 10.0, 50, "sgd", "none"
    )
    assert not ruined.learnt
    assert ruined.loss == 99.0
    assert ruined.largest_norm == 1e99
    assert training.accuracy(wild, xs, targets) == 0.5 or ruined.updates < 50


def test_gain_per_step_of_a_network_that_keeps_all_and_of_one_that_keeps_nothing():
    xs, _ = grammar.batch(np.random.default_rng(0), 4, 10)
    model = training.build(np.random.default_rng(0), 8, "orthogonal")
    model.cell.W_xh[...] = 0  # the state stays 0, where the slope of tanh is 1
    assert training.gain_per_step(model, xs) == pytest.approx(1)
    model.cell.W_hh[...] *= 0.5
    assert training.gain_per_step(model, xs) == pytest.approx(0.5)
    model.cell.W_hh[...] = 0
    assert training.gain_per_step(model, xs) == pytest.approx(1e-6)


def test_starts():
    rng = np.random.default_rng(0)
    uniform = training.build(rng, 25)
    assert all(np.abs(array).max() <= 0.2 for array in uniform.weights.values())
    np.testing.assert_array_equal(
        training.build(rng, 4, "identity", gain=2).cell.W_hh, 2 * np.eye(4)
    )
    normal = training.build(rng, 400, "normal", gain=3)
    assert normal.cell.W_hh.std() == pytest.approx(3 / 20, rel=0.02)
    with pytest.raises(ValueError, match="gain is 2; expected 1"):
        training.build(rng, 4, gain=2)
    with pytest.raises(ValueError, match="start is 'x'; expected"):
        training.build(rng, 4, "x")


def test_sentences_are_the_same_in_every_run_and_not_those_of_the_test():
    xs, targets = training.sentences(6, 50)
    assert training.sentences(6, 50).xs is xs
    drawn, answers = training.draw_sentences(np.random.default_rng(0), 8, 6, 50)
    known = {tuple(column): target for column, target in zip(xs.T, targets, strict=True)}
    assert all(known[tuple(c)] == t for c, t in zip(drawn.T, answers, strict=True))


def test_decay_pulls_matrices_alone():
    rng = np.random.default_rng(0)
    models = [training.build(np.random.default_rng(1), 8) for _ in range(2)]
    batch = grammar.batch(rng, 8, 3)
    for model, decay in zip(models, (0.0, 0.5), strict=True):
        training.train(model, lambda: batch, 0.1, 1, "sgd", "none", decay=decay)
    before = training.build(np.random.default_rng(1), 8)
    for name, array in before.weights.items():
        pull = models[0].weights[name] - models[1].weights[name]
        expected = 0.1 * 0.5 * array if array.ndim == 2 else 0 * array
        np.testing.assert_allclose(pull, expected, atol=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: c02_ten_steps.live_job("x"), "way is 'x'; expected one of usual"),
        (lambda: c03_slopes.live_job("x"), "network is 'x'; expected one of sigmoid"),
        (lambda: c04_tanh.live_job("x"), "network is 'x'; expected one of sigmoid"),
        (lambda: c05_relu.live_job("x"), "network is 'x'; expected one of tanh"),
        (lambda: c06_clipping.live_job("x", "norm"), "case 'x', clip 'norm'; expected"),
        (lambda: c07_value_or_norm.live_job("x", "norm"), "case 'x', clip 'norm'; expected"),
        (lambda: c08_l2.live_job("x", "nothing"), "case 'x', cure 'nothing'; expected"),
        (lambda: c22_early_layers.live_job("x"), "network is 'x'; expected one of rnn"),
        (lambda: c22_early_layers.by_step(pd.DataFrame(), "x", "start"), "network 'x', name"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("script", "job"),
    [
        (c02_ten_steps, c02_ten_steps.live_job("orthogonal", 8, 1)),
        (c04_tanh, c04_tanh.live_job("sigmoid orthogonal", 5, 1)),
        (c05_relu, c05_relu.live_job("relu identity", 8, 1)),
        (c06_clipping, c06_clipping.live_job(c06_clipping.CASES[0], "norm", 1)),
    ],
)
def test_a_live_run_is_deterministic_and_learns(script, job):
    one, two = script.run_job(job), script.run_job(job)
    assert one == two
    assert one["accuracy"] > 0.9


def test_ruin_is_the_engines_own_error():
    model = training.build(np.random.default_rng(0), 4)
    model.cell.W_hh[0, 0] = np.inf
    xs, targets = grammar.batch(np.random.default_rng(0), 4, 3)
    with pytest.raises(NotFiniteError):
        training.step(model, xs, targets)
    assert training.accuracy(model, xs, targets) == 0.5
    assert np.isnan(training.gain_per_step(model, xs))
    assert np.isnan(training.probe(model, xs)["singular_value"])
