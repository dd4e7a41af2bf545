"""The trainer and the study of memory: tasks, models, rows, and claims that judge them."""

import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from experiments import memory_study as study
from experiments import memory_training as training
from experiments import runner
from experiments.common import Experiment, StaleResultsError, Verdict
from utils.cells import LSTM_VARIANTS
from utils.sequence_model import count_parameters
from utils.state_gains import state_gains

SMALL = {
    "agreement": {"distance": 3},
    "adding": {"T": 5},
    "temporal order": {"T": 8},
    "copying": {"symbols": 1, "delay": 2, "alphabet": 3},
    "counting": {"T": 5},
    "text": {"T": 6},
}


def generator(seed=0):
    return np.random.default_rng(seed)


# Tasks


@pytest.mark.parametrize("name", training.TASKS)
def test_a_task_draws_what_its_model_reads_and_scores_a_blind_model_as_it_says(name):
    task = training.make_task(name, SMALL[name])
    xs, targets = task.draw_new(generator(), 600)
    assert xs.shape[1] == 600
    assert (xs.shape[2] if xs.ndim == 3 else xs.max() + 1) <= task.D
    blind = training.build(generator(), task, 4, "rnn")
    for array in blind.weights.values():
        array[...] = 0
    if name in ("adding", "counting"):
        assert task.K == 1
        blind.output.b_y[0] = 1.0 * (name == "adding")  # the mean
    else:
        assert targets.max() < task.K
        if name == "copying":
            blind.output.b_y[0] = 1  # says the first symbol always
    assert training.score_on(task, blind, xs, targets) == pytest.approx(task.blind, abs=0.12)


def test_scores_count_what_is_right():
    class Says:
        def __init__(self, *outputs):
            self.outputs = np.array(outputs)

        def predict(self, xs):
            return self.outputs

        def forward(self, xs):
            return self

    assert training.share_of_classes(Says(1, 0, 2, 2), None, np.array([1, 1, 2, 2])) == 0.75
    assert training.closer_than(0.5)(Says(1.4, 2.0), None, np.array([1.0, 3.0])) == 0.5
    half = Says(*np.zeros((3, 2, 4)))
    assert training.bits_per_character(half, None, np.zeros((3, 2), int)) == pytest.approx(2)
    task = training.copying(symbols=2, delay=1, alphabet=3)
    said = np.eye(4)[[[3], [3], [3], [0], [1]]]
    assert task.score(Says(*said), None, np.array([[3], [3], [3], [0], [2]])) == 0.5


def test_text_is_tested_on_what_training_has_not_seen():
    manual = training.manual()
    assert len(manual.train) > 10 * len(manual.test) > 0
    task = training.characters(60)  # so long that a window stands in one part alone
    for draw, part in ((task.draw, manual.train), (task.draw_new, manual.test)):
        xs, targets = draw(generator(), 3)
        np.testing.assert_array_equal(xs[1:], targets[:-1])
        window = [*xs[:, 0], targets[-1, 0]]
        found = np.flatnonzero(part[: -len(window)] == window[0])
        assert any(np.array_equal(part[p : p + len(window)], window) for p in found)


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="task is 'sorting'; expected one of 'agreement', 'add"):
        training.make_task("sorting", {})


# Models


def test_models_are_what_the_cells_of_the_study_say():
    task = training.make_task("adding", {"T": 5})
    for cell, made in study.CELLS.items():
        made = {k: v for k, v in made.items() if k != "parameters_of"}
        model = training.build(generator(), task, 6, **made)
        assert all(array.dtype == np.float32 for array in model.weights.values()), cell
        if made["cell"] == "lstm" and "forget_bias" in made and "variant" not in made:
            np.testing.assert_array_equal(model.cell.b[6:12], made["forget_bias"])
    assert set(LSTM_VARIANTS) < set(study.CELLS)
    linear = training.build(generator(), task, 6, **study.CELLS["no tanh"]).variant
    assert (linear.candidate, linear.squash, linear.input_gate) == ("linear", "linear", "sigmoid")


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_units_come_as_near_to_the_parameters_as_can_be(cell):
    task = training.make_task("adding", {"T": 5})
    H = training.units_for(700, task.D, task.K, cell)
    off = [
        abs(count_parameters(training.build(generator(), task, h, cell)) - 700)
        for h in (H - 1, H, H + 1)
    ]
    assert off[1] == min(off)


def test_training_stops_when_the_task_is_learnt_and_repeats_itself():
    task = training.make_task("agreement", {"distance": 2, "sentences": 40})

    def trained(**options):
        rng = generator(1)
        model = training.build(rng, task, 8, forget_bias=1.0)
        return training.train(model, lambda: task.draw(rng, 16), 0.03, 400, **options), model

    one, model = trained(stop=0.05)
    assert one.learnt
    assert training.LAST <= one.updates < 400
    assert np.mean(one.losses[-training.LAST :]) < 0.05
    assert training.score_on(task, model, *task.draw_new(generator(2), 100)) > 0.95
    two, _ = trained(stop=0.05)
    np.testing.assert_array_equal(one.losses, two.losses)
    full, _ = trained()
    assert full.updates == 400
    assert not full.learnt


def test_clipping_and_the_optimiser_are_those_that_were_asked_for():
    task = training.make_task("counting", {"T": 8})

    def first_change(**options):
        rng = generator(1)
        model = training.build(rng, task, 8, "rnn")
        before = {name: array.copy() for name, array in model.weights.items()}
        done = training.train(model, lambda: task.draw(rng, 16), 0.1, 1, optimiser="sgd", **options)
        change = [before[name] - array for name, array in model.weights.items()]
        return done.norms[0], np.sqrt(sum((part**2).sum() for part in change)) / 0.1

    norm, moved = first_change(limit=None)
    assert moved == pytest.approx(norm, rel=1e-4)
    norm, moved = first_change(limit=norm / 3)
    assert moved == pytest.approx(norm / 3, rel=1e-4)


def test_a_ruined_model_ends_training_and_scores_as_one_that_knows_nothing():
    task = training.make_task("counting", {"T": 8})
    rng = generator()
    model = training.build(rng, task, 8, "rnn")
    seen = []
    done = training.train(
        model,
        lambda: task.draw(rng, 16),
        1e30,
        20,
        optimiser="sgd",
        watch=lambda update, step: seen.append(step.loss),
    )
    assert done.updates < 20
    assert done.losses[-1] == np.inf
    assert done.loss == 99
    assert seen[0] == done.losses[0]
    model.cell.W_hh[...] = np.nan
    xs, targets = task.draw_new(generator(), 10)
    assert training.score_on(task, model, xs, targets) == task.blind
    assert np.isnan(training.gain_per_step(model, xs))
    assert np.isnan(training.largest_memory(model, xs))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_gain_per_step_is_that_of_all_paths(cell):
    task = training.make_task("temporal order", {"T": 9})
    model = training.build(generator(), task, 5, cell)
    xs, _ = task.draw_new(generator(1), 4)
    sequence = model.forward(xs).sequence
    logs = state_gains(sequence, model.cell, last="h")[2] / 7
    assert training.gain_per_step(model, xs) == pytest.approx(10 ** logs.mean())
    memory = sequence.cs if cell == "lstm" else sequence.hs
    assert training.largest_memory(model, xs) == pytest.approx(np.abs(memory).max())


# Rows


QUICK = {
    **study.SETTINGS,
    "hidden": 6,
    "batch": 4,
    "test_sequences": 12,
    "tasks": SMALL,
    "updates": dict.fromkeys(SMALL, 2),
}


@pytest.mark.parametrize("task", SMALL)
def test_a_row_has_all_columns_for_every_cell(task):
    wanted = None
    for cell in ("lstm", "no tanh", study.RNN, study.LARGE_RNN, study.SMALL_GRU):
        job = {"phase": "select", "task": task, "cell": cell, "seed": 100, "learning_rate": 0.01}
        row = study.run_job(job, QUICK)
        assert row == study.run_job(job, QUICK)
        wanted = wanted or list(row)
        assert list(row) == wanted
        assert row["updates"] == 2
        assert row["success"] == int(task != "text" and row["score"] >= 0.9)
    assert {"units", "parameters", "gain_before", "gain", "largest_memory"} <= set(wanted)


def test_cells_of_equal_parameters_have_them_on_every_task():
    for task in study.TASKS:
        sizes = {}
        for cell in ("lstm", study.RNN, study.LARGE_RNN, study.SMALL_LSTM, study.SMALL_GRU):
            job = {"phase": "x", "task": task, "cell": cell, "seed": 1, "learning_rate": 0.01}
            small = {"tasks": SMALL, "updates": dict.fromkeys(SMALL, 1), "test_sequences": 2}
            sizes[cell] = study.run_job(job, {**study.SETTINGS, **small})["parameters"]
        assert sizes[study.LARGE_RNN] == pytest.approx(sizes["lstm"], rel=0.03)
        for small in (study.SMALL_LSTM, study.SMALL_GRU):
            assert sizes[small] == pytest.approx(sizes[study.RNN], rel=0.1)


def test_live_job_has_the_learning_rate_that_was_chosen():
    job = study.live_job("no input gate", "adding", seed=77)
    assert job["learning_rate"] == study.SETTINGS["learning_rates"]["adding"]["no input gate"]
    assert job["seed"] == 77
    with pytest.raises(ValueError, match="cell is 'peephole'; expected one of lstm; no forget"):
        study.live_job("peephole", "adding")
    with pytest.raises(ValueError, match="task is 'sorting'; expected one of agreement; adding"):
        study.live_job("lstm", "sorting")


def test_learning_rates_are_chosen_for_every_cell_and_task():
    for task in study.TASKS:
        rates = study.SETTINGS["learning_rates"][task]
        assert set(rates) == set(study.CELLS)
        assert set(rates.values()) <= set(study.SETTINGS["candidates"])


def test_tables_take_rates_from_the_measurement_alone_and_bits_from_the_text():
    rows = pd.DataFrame(
        [
            {"phase": phase, "task": task, "cell": cell, "seed": seed, "success": seed % 2,
             "score": seed + 1.0, "gain": 10.0 ** (seed - 1)}
            for phase in ("select", "measure")
            for task in ("adding", "text")
            for cell in ("lstm", "rnn")
            for seed in ((0, 1, 2) if phase == "measure" else (9,))
        ]
    )  # fmt: skip
    rates = study.success_rates(rows)
    assert list(rates.task) == ["adding", "adding"]
    assert list(rates.runs) == [3, 3]
    assert list(rates.successes) == [1, 1]
    bits = study.bits(rows)
    assert list(bits["mean"]) == [2, 2]
    gains = study.means(rows, "gain", logarithmic=True)
    assert len(gains) == 4
    np.testing.assert_allclose(gains["mean"], 1)
    labels, (estimate, low, high) = study.bars(rows, "adding", ["rnn", "lstm"])
    assert labels == ["rnn", "lstm"]
    np.testing.assert_allclose(estimate, 1 / 3)
    assert (low < estimate).all()
    assert (high > estimate).all()
    labels, (estimate, _, _) = study.bars(rows, "text")
    assert labels == ["lstm", "rnn"]
    np.testing.assert_allclose(estimate, 2)


# A claim about the rows of a study


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """Make a study of six jobs and a claim about two of them, as modules that can be imported."""
    ran = []

    def jobs(settings):
        return [{"phase": "measure", "seed": seed} for seed in range(settings["jobs"])]

    def run_job(job):
        ran.append(job["seed"])
        return {**job, "value": job["seed"] / 2}

    def verdict(rows):
        return Verdict("C00", "it runs", "holds", f"{len(rows)} rows.", "none", rows)

    def module(name, experiment):
        made = ModuleType(name)
        made.EXPERIMENT = experiment
        monkeypatch.setitem(sys.modules, name, made)
        return experiment

    source = "def run_job(job):\n    return job\n"
    for name in ("quick_study", "quick_judge"):
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    owner = Experiment(
        "study",
        tmp_path / "quick_study.py",
        {"jobs": 6},
        jobs,
        run_job,
        None,
        ("phase", "seed"),
        tmp_path / "study.csv",
    )
    judge = owner.judge("C00", tmp_path / "quick_judge.py", verdict, lambda j: j["seed"] in (1, 4))
    module("quick_study", owner)
    module("quick_judge", judge)
    return owner, judge, ran


def test_a_claim_loads_its_rows_from_the_study(quick):
    owner, judge, ran = quick
    with pytest.raises(StaleResultsError, match="ONLY=quick_judge"):
        judge.load()
    rows, verdict = judge.run()
    assert ran == [0, 1, 2, 3, 4, 5]
    assert list(rows.seed) == [1, 4]
    assert verdict.text == "2 rows."
    assert len(owner.load()[0]) == 6
    assert judge.fingerprint() == owner.fingerprint()
    judge.run()
    assert len(ran) == 6


def test_the_runner_runs_the_study_of_a_claim_once(quick, capsys):
    owner, _, ran = quick
    assert runner.with_studies(["quick_judge"]) == ["quick_study", "quick_judge"]
    both = ["quick_judge", "quick_study"]
    assert runner.with_studies(both) == both[::-1]
    works = runner.plan(both)
    assert [(w.name, len(w.missing)) for w in works] == [("quick_study", 6), ("quick_judge", 0)]
    assert runner.main(["--check", "--only", "quick_j"], modules=both) == 1
    assert "judges 2 runs of quick_study" in capsys.readouterr().out
    owner.run()
    assert runner.main(["--only", "quick_j"], modules=both) == 0
    said = capsys.readouterr().out
    assert "Verdict: holds. 2 rows." in said
    assert said.index("quick_study") < said.index("quick_judge")
    assert runner.main(["--check"], modules=both) == 0
    assert len(ran) == 6


def test_fresh_rows_of_a_claim_are_those_of_its_study(quick):
    owner, _, _ = quick
    owner.run()
    works = runner.plan(["quick_judge"], fresh=True)
    assert not owner.results.exists()
    assert [len(work.missing) for work in works] == [6, 0]


def test_a_stale_study_makes_its_claims_stale(quick):
    owner, judge, _ = quick
    owner.run()
    owner.script.write_text("def run_job(job):\n    return 2\n", encoding="utf-8")
    with pytest.raises(StaleResultsError, match="carries fingerprint"):
        judge.load()
    assert runner.main(["--check"], modules=["quick_judge"]) == 1
