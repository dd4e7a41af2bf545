"""C20: the parts of each series, the rows, and the rule of the verdict on rows that are made up."""

import copy

import numpy as np
import pandas as pd
import pytest

from experiments import c20_forecasting as c20
from utils.forecasting import Naive, SeasonalNaive

RATES = {
    f"{name}, {network}": c20.SETTINGS["candidates"][c20.kind(network)][0]
    for name, networks in c20.SETTINGS["networks"].items()
    for network in networks
}


@pytest.mark.parametrize("name", c20.SERIES)
def test_parts_lie_one_after_the_other(name):
    s, problem = c20.SETTINGS["series"][name], c20.make_problem(name)
    for pasts, futures in (problem.validation, problem.test):
        assert len(pasts) == len(futures)
        assert futures.shape[1] == s["horizon"] >= max(s["leads"])
        assert min(map(len, pasts)) >= s["past"]
    assert [len(scale) for scale in problem.scales] == [
        len(problem.validation[1]),
        len(problem.test[1]),
    ]
    if name == "related":
        assert len(problem.train) == s["training_series"]
        return
    train = problem.train[0]
    assert np.array_equal(problem.validation[0][0], train)
    last = problem.validation[0][-1]
    assert len(last) + s["horizon"] == len(problem.test[0][0])  # no future of one in the other
    assert problem.test[0][0][: len(train)] == pytest.approx(train)
    assert len(problem.test[0][1]) - len(problem.test[0][0]) == s["every"]


def test_baselines_are_what_they_are_called():
    problem, s = c20.make_problem("sunspots"), c20.SETTINGS["series"]["sunspots"]
    past = problem.test[0][3]
    for name, expected in (("naive", Naive()), ("seasonal naive", SeasonalNaive(11))):
        (make,) = c20.baseline(name, problem, s).values()
        assert np.array_equal(make().forecast(past, 5), expected.forecast(past, 5))
    assert list(c20.baseline("direct autoregression", problem, s)) == [
        f"order {p}" for p in s["orders"]
    ]
    made = {
        setting: make().fit(problem.train[0])
        for setting, make in c20.baseline("exponential smoothing", problem, s).items()
    }
    assert made["period 11, no trend"].trend is False
    assert made["period 1, damped trend"].damped is True


def test_jobs_are_told_apart_and_networks_keep_their_seeds_apart():
    found = c20.jobs({**c20.SETTINGS, "learning_rates": RATES})
    assert len({tuple(job[k] for k in c20.KEY) for job in found}) == len(found)
    seeds = {phase: {j["seed"] for j in found if j["phase"] == phase} for phase in
             ("select", "measure")}  # fmt: skip
    assert not seeds["select"] & seeds["measure"]
    assert len(seeds["measure"]) >= 5


@pytest.mark.parametrize(
    ("series", "forecaster"), [("sunspots", "recursive, anchored"), ("related", "small, anchored")]
)
def test_a_network_gives_a_row(series, forecaster):
    settings = copy.deepcopy(dict(c20.SETTINGS))
    settings["updates"] = dict.fromkeys(settings["updates"], 2)
    job = dict(zip(c20.KEY, ("measure", series, forecaster, 0, 0.01), strict=True))
    row = c20.run_job(job, settings)
    errors = c20._numbers(row["errors"])
    assert errors.shape == (4, len(c20.make_problem(series).test[1]))
    assert row["mase"] == pytest.approx(errors.mean(), abs=1e-3)
    assert c20.run_job(job, settings) == row


def made_up(network_error, seeds_differ=0.0, noise=0.01):
    """Return rows in which every network's error is `network_error` and every baseline's 1."""
    rng, rows = np.random.default_rng(0), []
    origins = {name: len(c20.make_problem(name).test[1]) for name in c20.SERIES}
    for job in c20.jobs({**c20.SETTINGS, "learning_rates": RATES}):
        best = job["phase"] == "baseline" or job["learning_rate"] == RATES[c20.arm(job)]
        level = 1.0 if job["phase"] == "baseline" else network_error
        level += seeds_differ * (job["seed"] % 2)
        errors = level + noise * rng.normal(size=(4, origins[job["series"]]))
        rows.append(
            {
                **job,
                "setting": f"order {c20.SETTINGS['series'][job['series']]['orders'][0]}",
                "updates": 1,
                "validation": " ".join([f"{1.0 if best else 2.0}"] * 4),
                "mase": errors.mean() if job["phase"] != "select" else np.nan,
                "errors": "|".join(" ".join(f"{e:.3f}" for e in at) for at in errors)
                if job["phase"] != "select"
                else "none",
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture
def rates(monkeypatch):
    monkeypatch.setitem(c20.SETTINGS, "learning_rates", RATES)


@pytest.mark.parametrize(
    ("network_error", "word", "says"), [(0.8, "holds", 1), (1.2, "is false", -1)]
)
def test_the_rule(rates, network_error, word, says):
    rows = made_up(network_error)
    found = c20.verdict(rows)
    assert found.word == word
    assert set(c20.differences(rows).says) == {says}
    assert c20.differences(rows).difference.mean() == pytest.approx(network_error - 1, abs=0.01)


def test_some_series_decide_holds_only_when(rates):
    better, worse = made_up(0.8), made_up(1.2)
    rows = pd.concat([better[better.series == "sunspots"], worse[worse.series != "sunspots"]])
    found = c20.verdict(rows)
    assert found.word == "holds only when"
    assert "sunspots: better at 1, 3, 6, 11, worse at none" in found.text


def test_seeds_that_disagree_decide_nothing(rates):
    """Means over 5 seeds that jump between 0.5 and 1.1: sure over origins, not over seeds."""
    rows = made_up(0.5, seeds_differ=0.9)
    found = c20.differences(rows)
    assert set(found.says) == {0}
    assert (found.high < 0).all()
    assert (found.seed_high > 0).all()
    with pytest.raises(ValueError, match="The runs decide nothing"):
        c20.verdict(rows)


def test_the_best_on_validation_stands_for_its_kind(rates):
    rows = made_up(0.8)
    good = (rows.forecaster == "recursive") & (rows.phase == "select")
    good &= rows.learning_rate == RATES["co2, recursive"]
    rows.loc[good, "validation"] = "2 0.5 0.5 2"
    rows.loc[rows.forecaster == "drift", "validation"] = "0.4 2 2 0.4"
    found = c20.differences(rows)
    co2 = found[found.series == "co2"]
    assert list(co2.network) == ["stacked", "recursive", "recursive", "stacked"]
    assert list(co2.baseline) == ["drift", "naive", "naive", "drift"]
    alone = c20.differences(rows, ("stacked",))
    assert set(alone.network) == {"stacked"}
    assert set(alone.series) == set(c20.REAL)


def test_another_learning_rate_is_refused(rates):
    rows = made_up(0.8)
    other = c20.SETTINGS["candidates"]["small"][1]
    rows.loc[(rows.forecaster == "small") & (rows.learning_rate == other), "validation"] = "0 0 0 0"
    with pytest.raises(ValueError, match=r"small was run with .* prefer"):
        c20.verdict(rows)


def test_what_figures_draw(rates):
    rows = made_up(0.8)
    labels, groups = c20.bars(rows, "related")
    assert labels == ["lead 1", "lead 3", "lead 6", "lead 12"]
    assert all(len(values) == 4 for bar in groups.values() for values in bar)
    table = c20.errors(rows)
    naive = table[(table.forecaster == "naive") & (table.series == "co2")]
    assert (naive.low == naive.high).all()
    assert (table[table.forecaster == "small"].runs == 5).all()
    assert 0.4 < c20.floor() < 0.7


def test_refitting_puts_other_errors_in_the_place_of_the_baseline(rates):
    rows = made_up(0.8)
    found = c20.refitted(rows)
    assert set(found.series) == set(c20.REAL)
    assert set(found.baseline) == {"autoregression"}  # the first of equals
    assert found.network_mase.to_numpy() == pytest.approx(0.8, abs=0.01)
    problem = c20.make_problem("sunspots")
    make = c20.baseline("autoregression", problem, c20.SETTINGS["series"]["sunspots"])["order 2"]
    by_hand = [
        abs(make().fit(past).forecast(past, 3)[2] - future[2]) / problem.scales[1][0]
        for past, future in zip(*problem.test, strict=True)
    ]
    case = found[(found.series == "sunspots") & (found.lead == 3)]
    assert case.baseline_mase.iloc[0] == pytest.approx(np.mean(by_hand))


def test_what_the_stored_rows_say():
    """On real series a win is a win over a baseline that was never fitted again."""
    rows, verdict = c20.load()
    says = verdict.evidence.set_index("series").says
    assert verdict.word == "holds only when"
    assert list(says["mackey-glass"]) == [0, 1, 1, 1]
    assert (says[["sunspots", "el_nino"]] <= 0).all()
    assert (c20.refitted(rows).says <= 0).all()
    assert (c20.differences(rows, ("stacked",)).says <= 0).all()
