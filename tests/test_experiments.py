"""Claims: intervals, stored rows and their fingerprints, and the rule of each verdict."""

import importlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

import experiments
from experiments import agreement_distances, runner
from experiments import c01_position as c01
from experiments.common import Experiment, StaleResultsError, Verdict
from experiments.intervals import (
    check_learning_rates,
    curve,
    decide,
    mean_table,
    mean_text,
    percent,
    success_table,
    t_interval,
    wilson_interval,
)

SCRIPTS = [module.rpartition(".")[2] for module in runner.discover()]


def experiment(name):
    return importlib.import_module(f"experiments.{name}").EXPERIMENT


CLAIMS = [name for name in SCRIPTS if experiment(name).verdict]
OWNERS = [name for name in SCRIPTS if not experiment(name).study]  # others judge rows of a study


def jobs_of(name):
    return experiment(name).jobs(experiment(name).settings)


@pytest.mark.parametrize("name", SCRIPTS)
def test_stored_rows_are_complete_and_not_stale(name):
    script = importlib.import_module(f"experiments.{name}")
    rows, verdict = script.EXPERIMENT.load()
    assert len(rows) == len(jobs_of(name))
    if script.EXPERIMENT.verdict is not None:
        assert verdict.budget
        assert str(verdict).splitlines()[0].startswith(script.EXPERIMENT.claim)
        assert max(map(len, str(verdict).splitlines())) <= 88


@pytest.mark.parametrize("name", CLAIMS)
def test_the_statement_and_the_rule_stand_at_the_head(name):
    script = importlib.import_module(f"experiments.{name}")
    head = script.__doc__
    if name[0] == "c":
        words = script.__doc__.partition(": ")[2].split(".\n")[0]
        assert words.replace("\n", " ").casefold() == script.STATEMENT.casefold()
        assert head.startswith(script.EXPERIMENT.claim)
    for part in ("redict", "The rule of the verdict", '"holds', '"is false'):
        assert part in head, f"the docstring of {name} lacks {part}"
    assert head.index("redict") < head.index("The rule of the verdict")


@pytest.mark.parametrize("name", [name for name in OWNERS if experiment(name).plan])
def test_no_job_reads_the_plan(name):
    """Settings that only say which jobs there are may change without new rows."""
    script = importlib.import_module(f"experiments.{name}")
    rest = {k: v for k, v in script.SETTINGS.items() if k not in script.EXPERIMENT.plan}
    for kind in ("updates", "training_sentences", "test_sentences", "test_sequences"):
        if isinstance(rest.get(kind), int):
            rest[kind] = 40
        elif kind in rest:
            rest[kind] = dict.fromkeys(rest[kind], 40)
    job = min(script.jobs(), key=lambda job: job.get("distance", 0))
    wanted = script.EXPERIMENT.read().columns
    assert list({**job, **script.run_job(job, rest)}) == list(wanted)


@pytest.mark.parametrize("name", [name for name in CLAIMS if experiment(name).unused])
def test_modules_said_to_be_unused_are_not_called(name, monkeypatch):
    script = importlib.import_module(f"experiments.{name}")

    def called(*args, **kwargs):
        pytest.fail("a job calls a module that is said to be unused")

    names = set()
    for module in script.EXPERIMENT.unused:
        loaded = importlib.import_module(module)
        for key, thing in list(vars(loaded).items()):
            if getattr(thing, "__module__", "") == module and not isinstance(thing, type):
                names.add(key)
                monkeypatch.setattr(loaded, key, called)
    import utils.classifier

    for key in names & set(vars(utils.classifier)):
        monkeypatch.setattr(utils.classifier, key, called)
    settings = {**script.SETTINGS, "test_sentences": 20, "training_sentences": 20}
    updates = settings["updates"]
    settings["updates"] = dict.fromkeys(updates, 3) if isinstance(updates, dict) else 21
    for job in script.jobs()[:: max(1, len(script.jobs()) // 3)]:
        script.run_job(job, settings)
    assert names >= {"lstm_sequence", "gru_sequence", "lstm_step"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_jobs_are_independent_and_selection_seeds_are_not_used_again(name):
    jobs = jobs_of(name)
    names = {tuple(job[k] for k in experiment(name).key) for job in jobs}
    assert len(names) == len(jobs)
    json.dumps(jobs)
    seeds = {p: {j["seed"] for j in jobs if j["phase"] == p} for p in ("select", "measure")}
    assert not seeds["select"] & seeds["measure"]
    # Ten where runs succeed or fail; five where a claim judges means of errors alone.
    assert len(seeds["measure"]) >= (10 if name in CLAIMS and name != "c20_forecasting" else 5)


@pytest.mark.parametrize("name", SCRIPTS)
def test_readme_lists_the_script(name):
    readme = Path(experiments.__path__[0], "README.md").read_text(encoding="utf-8")
    assert f"{name}.py" in readme


# Intervals


def test_t_interval_against_scipy():
    values = np.random.default_rng(0).normal(3, 2, size=11)
    low, high = stats.t.interval(0.9, 10, values.mean(), stats.sem(values))
    got = t_interval(values, level=0.9)
    np.testing.assert_allclose(got[:3], (values.mean(), low, high), rtol=1e-12)
    assert got.n == 11


def test_t_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(1)
    inside = [
        low <= 0 <= high for low, high in (t_interval(rng.normal(size=8))[1:3] for _ in range(1000))
    ]
    assert 0.93 < np.mean(inside) < 0.97


def test_t_interval_of_equal_values_and_bounds():
    assert t_interval([1.0, 1.0, 1.0])[:3] == (1, 1, 1)
    assert t_interval([0.9, 1.0], bounds=(0, 1))[:3] == (0.95, pytest.approx(0.3147, abs=1e-4), 1)


def test_wilson_interval_by_hand():
    # 8 of 10, z = 1.959964: centre (0.8 + z²/20)/(1 + z²/10), Wilson (1927)
    z = 1.959963984540054
    centre, scale = (0.8 + z**2 / 20) / (1 + z**2 / 10), 1 + z**2 / 10
    half = z * np.sqrt(0.8 * 0.2 / 10 + z**2 / 400) / scale
    np.testing.assert_allclose(wilson_interval(8, 10)[:3], (0.8, centre - half, centre + half))
    assert wilson_interval(10, 10).low < 1
    assert wilson_interval(10, 10).high == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: t_interval([1.0]), r"values has shape \(1,\); expected at least two"),
        (lambda: t_interval([1.0, np.nan]), "expected at least two finite"),
        (lambda: t_interval([1.0, 2.0], level=95), "level is 95; expected"),
        (lambda: wilson_interval(3, 2), "3 successes of 2; expected"),
        (lambda: wilson_interval(0, 0), "0 successes of 0; expected"),
        (
            lambda: Verdict("C00", "s", "maybe", "t", "b", pd.DataFrame()),
            "word is 'maybe'; expected 'holds'",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Stored rows


def small(tmp_path, ran, settings=None, fail_at=None, plan=()):
    """Return an experiment of four quick jobs that notes in `ran` what it runs."""
    source = tmp_path / "c00_small.py"
    if not source.exists():
        source.write_text("def run_job(job):\n    return 1\n", encoding="utf-8")

    def run_job(job):
        if job["seed"] == fail_at:
            raise KeyboardInterrupt
        ran.append(job["seed"])
        return {"value": job["seed"] / 3}

    return Experiment(
        claim="C00",
        script=source,
        settings=settings or {"seeds": [0, 1, 2, 3]},
        plan=plan,
        jobs=lambda s: [{"seed": seed} for seed in s["seeds"]],
        run_job=run_job,
        verdict=lambda rows: Verdict("C00", "s", "holds", str(len(rows)), "none", rows),
        key=("seed",),
        results=tmp_path / "c00.csv",
    )


def test_run_writes_rows_that_load_reads(tmp_path):
    ran = []
    rows, verdict = small(tmp_path, ran).run()
    assert ran == [0, 1, 2, 3]
    assert verdict.text == "4"
    np.testing.assert_allclose(rows.value, np.arange(4) / 3, rtol=1e-5)
    assert [p.name for p in tmp_path.glob("*.csv")] == ["c00.csv"]
    assert b"\r" not in (tmp_path / "c00.csv").read_bytes()
    small(tmp_path, ran).run()
    assert ran == [0, 1, 2, 3]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    ran = []
    with pytest.raises(KeyboardInterrupt):
        small(tmp_path, ran, fail_at=2).run()
    with pytest.raises(StaleResultsError, match=r"c00.csv does not exist; run `make exp"):
        small(tmp_path, ran).load()
    rows, _ = small(tmp_path, ran).run()
    assert ran == [0, 1, 2, 3]
    assert rows.seed.tolist() == [0, 1, 2, 3]


def test_other_settings_or_sources_make_rows_stale(tmp_path):
    small(tmp_path, []).run()
    with pytest.raises(StaleResultsError, match="fingerprint"):
        small(tmp_path, [], settings={"seeds": [0, 1, 2, 3], "updates": 2}).load()
    small(tmp_path, []).load()
    (tmp_path / "c00_small.py").write_text("def run_job(job):\n    return 2\n", encoding="utf-8")
    with pytest.raises(StaleResultsError, match="fingerprint"):
        small(tmp_path, []).load()
    ran = []
    small(tmp_path, ran).run()
    assert ran == [0, 1, 2, 3]


def test_line_ends_of_another_system_do_not_make_rows_stale(tmp_path):
    small(tmp_path, []).run()
    (tmp_path / "c00_small.py").write_bytes(b"def run_job(job):\r\n    return 1\r\n")
    small(tmp_path, []).load()


def test_a_change_of_the_plan_asks_for_what_is_missing_alone(tmp_path):
    ran = []
    small(tmp_path, ran, plan=("seeds",)).run()
    wanted = {"seeds": [2, 1, 7]}
    with pytest.raises(StaleResultsError, match=r"lacks 1 of 3 jobs; run `make experiments ONLY"):
        small(tmp_path, ran, wanted, plan=("seeds",)).load()
    rows, _ = small(tmp_path, ran, wanted, plan=("seeds",)).run()
    assert ran == [0, 1, 2, 3, 7]
    assert rows.seed.tolist() == [2, 1, 7]
    rows, _ = small(tmp_path, ran, {"seeds": [1]}, plan=("seeds",)).load()
    assert rows.seed.tolist() == [1]


def test_incomplete_rows_are_refused(tmp_path):
    small(tmp_path, []).run()
    path = tmp_path / "c00.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(StaleResultsError, match="lacks 1 of 4 jobs"):
        small(tmp_path, []).load()


# Tables


def runs():
    """Rows of two groups at two places, ten seeds each."""
    return pd.DataFrame(
        [
            {"kind": kind, "x": x, "ok": seed < good, "v": float(seed + x)}
            for kind, goods in (("b", (10, 8)), ("a", (0, 1)))
            for x, good in zip((2, 1), goods, strict=True)
            for seed in range(10)
        ]
    )


def test_success_table_and_curve():
    table = success_table(runs(), ["kind", "x"], "ok")
    assert table.kind.tolist() == ["b", "b", "a", "a"]
    assert table.successes.tolist() == [10, 8, 0, 1]
    np.testing.assert_allclose(table.low[1], wilson_interval(8, 10).low)
    line = curve(table, "x", kind="b")
    assert line.x.tolist() == [1, 2]
    assert line.estimate.tolist() == [0.8, 1.0]
    assert (line.low < line.estimate).all()
    assert percent(table.iloc[1]) == "80 % [49, 94]"
    with pytest.raises(ValueError, match="kind is 'c'; expected one of b, a"):
        curve(table, "x", kind="c")


def test_mean_table_plain_and_geometric():
    table = mean_table(runs(), ["kind", "x"], "v")
    np.testing.assert_allclose(table["mean"], [6.5, 5.5, 6.5, 5.5])
    np.testing.assert_allclose(table.low[0], t_interval(np.arange(10) + 2.0).low)
    geometric = mean_table(runs(), ["kind"], "v", logarithmic=True)
    logs = np.log(np.r_[np.arange(10) + 2.0, np.arange(10) + 1.0])
    np.testing.assert_allclose(geometric["high"][0], np.exp(t_interval(logs).high))
    assert mean_text(table.iloc[0], 1) == "6.5 [4.3, 8.7]"
    gone = mean_table(runs().assign(v=np.nan), ["kind"], "v")
    assert gone.runs.tolist() == [0, 0]
    assert np.isnan(gone["mean"]).all()


def test_the_word_of_a_verdict():
    assert decide(["a", "b"], [], ["a", "b"]) == "holds"
    assert decide(["a"], [], ["a", "b"]) == "holds only when"
    assert decide(["a"], ["b"], ["a", "b"]) == "holds only when"
    assert decide([], ["b"], ["a", "b"]) == "is false"
    with pytest.raises(ValueError, match="The runs decide nothing about a, b"):
        decide([], [], ["a", "b"])


def test_learning_rates_are_ranked_by_several_columns():
    rows = pd.DataFrame(
        [("select", "n", rate, failed, loss) for rate, failed, loss in
         ((0.1, 1, 0.0), (0.2, 0, 0.5), (0.3, 0, 0.4))],
        columns=["phase", "kind", "learning_rate", "failed", "loss"],
    )  # fmt: skip
    check_learning_rates(rows, "kind", {"n": 0.3}, by=("failed", "loss"))
    check_learning_rates(rows, "kind", {"n": 0.1})
    with pytest.raises(ValueError, match=r"n was run with learning rate 0.2; .* prefer 0.3"):
        check_learning_rates(rows, "kind", {"n": 0.2}, by=("failed", "loss"))


# C01


@pytest.fixture(scope="module")
def rows():
    return c01.load()[0]


def test_c01_verdict(rows):
    verdict = c01.verdict(rows)
    assert verdict.word == "holds"
    assert c01.rnn_verdict(rows).word == "holds only when"
    assert "those of 'short', not of 'early', 'late', 'gaps'" in c01.rnn_verdict(rows).text


def test_c01_rule_follows_the_numbers(rows):
    def change(network, split, column, value):
        other = rows.copy()
        chosen = (other.phase == "measure") & (other.network == network) & (other.split == split)
        other.loc[chosen, column] = value
        return other

    some = change("flat", "gaps", "held_out", 0.8)
    assert c01.verdict(some).word == "holds only when"
    assert "those of 'early', 'late', 'short', not of 'gaps'" in c01.verdict(some).text
    none = rows.copy()
    none.loc[none.network == "flat", "held_out"] = 0.8
    assert c01.verdict(none).word == "is false"
    # a split that conv cannot solve, or that was not learnt, is no evidence
    assert "late: " not in c01.verdict(change("conv", "late", "held_out", 0.6)).text
    assert "late: " not in c01.verdict(change("flat", "late", "shown", 0.6)).text
    with pytest.raises(ValueError, match="decide nothing"):
        c01.verdict(change("flat", "all", "shown", 0.8))
    good = rows.copy()
    good.loc[good.network == "rnn", "held_out"] = 0.99
    assert c01.rnn_verdict(good).word == "holds"


def test_c01_refuses_a_learning_rate_that_was_not_chosen(rows):
    other = rows.copy()
    chosen = (other.phase == "select") & (other.network == "flat") & (other.learning_rate == 0.01)
    other.loc[chosen, "loss"] = 0.0
    with pytest.raises(ValueError, match="flat was run with learning rate"):
        c01.verdict(other)


def test_c01_live_run_is_deterministic_and_like_the_stored_one(rows):
    state = torch.random.get_rng_state()
    job = c01.live_job("flat", "early", seed=3)
    one, two = c01.run_job(job), c01.run_job(job)
    assert one == two
    assert torch.equal(torch.random.get_rng_state(), state)
    chosen = (rows.phase == "measure") & (rows.network == "flat") & (rows.split == "early")
    stored = rows[chosen & (rows.seed == 3)].iloc[0]
    assert one["shown"] == pytest.approx(stored.shown, abs=0.03)
    assert one["held_out"] == pytest.approx(stored.held_out, abs=0.05)
    assert one["parameters"] == 12 * 6 * 32 + 32 + 32 + 1


@pytest.mark.parametrize("network", c01.NETWORKS)
@pytest.mark.parametrize("length", [4, 12])
def test_c01_networks_read_every_length_in_use(network, length):
    model = c01.build(network, 0)
    batch = c01.data.sample_patterns(np.random.default_rng(0), 3, T=length)
    assert model(c01.one_hot(batch.xs)).shape == (3,)


def test_c01_conv_is_blind_to_position_and_flat_is_not():
    xs = c01.one_hot(c01.data.encode(["cccccccccabc", "ccabcccccccc"]))
    with torch.no_grad():
        conv, flat = (c01.build(n, 0)(xs) for n in ("conv", "flat"))
    assert conv[0] == pytest.approx(conv[1].item(), abs=1e-6)
    assert abs(flat[0] - flat[1]) > 1e-3


def test_c01_training_shows_only_what_the_split_says():
    rng = np.random.default_rng(0)
    for split in c01.SPLITS.values():
        drawn = [c01.draw_training(rng, 40, split) for _ in range(30)]
        assert {p for batch in drawn for p in batch.positions} == set(split.shown)
        assert {len(batch.xs) for batch in drawn} == set(split.lengths)


def test_c01_curves(rows):
    curves = c01.accuracy_by_position(rows, "early")
    assert len(curves) == 3 * 11
    assert (curves.low <= curves.accuracy).all()
    assert (curves.accuracy <= curves.high).all()
    assert set(curves[curves.shown].position) == {0, 1, 2, 3, 4}
    with pytest.raises(ValueError, match="split is 'x'; expected one of early"):
        c01.accuracy_by_position(rows, "x")
    with pytest.raises(ValueError, match="network 'x', split 'all'; expected"):
        c01.live_job("x", "all")


def test_c01_alignment_finds_what_the_accuracy_goes_with(rows):
    usual = [f"at_{p:02d}" for p in range(c01.T - 1)]
    longer = [f"longer_{p:02d}" for p in range(c01.SETTINGS["longer"] - 1)]
    pattern = np.resize([1.0, 0.5, 0.5], len(longer))
    from_start, from_end = rows.copy(), rows.copy()
    from_start[longer], from_start[usual] = pattern, pattern[: len(usual)]
    from_end[longer], from_end[usual] = pattern, pattern[-len(usual) :]
    assert c01.compare_alignments(from_start)["aligned at the start"] == 0
    assert c01.compare_alignments(from_end)["aligned at the end"] == 0
    with pytest.raises(ValueError, match="expected one of"):
        c01.compare_alignments(rows, "none")


# Agreement at another distance


def agreement_rows(one, six):
    """Rows whose accuracy at every distance but 6 is given for each seed; at 6 all are right."""
    rows = []
    for job in agreement_distances.jobs():
        at_others = {"one distance": one, "six distances": six}[job["training"]]
        accuracy = at_others if job["seed"] < 5 or at_others in (0, 1) else 1 - at_others
        row = {**job, "loss": abs(job["learning_rate"] - 1e-2)}
        row |= {f"at_{d:02d}": 1.0 if d == 6 else accuracy for d in range(1, 21)}
        rows.append(row)
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("one", "six", "word"),
    [(1, 1, "holds"), (0, 1, "holds only when"), (0.02, 1, "holds only when"), (0, 0, "is false")],
)
def test_agreement_rule(one, six, word):
    assert agreement_distances.verdict(agreement_rows(one, six)).word == word


def test_agreement_rule_refuses_what_decides_nothing():
    rows = agreement_rows(0, 1)
    with pytest.raises(ValueError, match="decide nothing"):
        agreement_distances.verdict(rows.assign(at_06=0.5))
    rows.loc[rows.learning_rate == 1e-3, "loss"] = -1
    with pytest.raises(ValueError, match=r"prefer 0\.001"):
        agreement_distances.verdict(rows)


def test_agreement_grid():
    rows, _ = agreement_distances.load()
    grid = agreement_distances.accuracy_grid(rows, "one distance")
    assert grid.shape == (10, 20)
    with pytest.raises(ValueError, match="expected one of one distance, six distances"):
        agreement_distances.accuracy_grid(rows, "two")


def test_agreement_job_is_deterministic_and_learns():
    settings = {**agreement_distances.SETTINGS, "updates": 60}
    job = agreement_distances.jobs()[-1]
    state = torch.get_rng_state()
    first, second = (agreement_distances.run_job(job, settings) for _ in range(2))
    assert first == second
    assert torch.equal(state, torch.get_rng_state())
    assert first["loss"] < np.log(2)
