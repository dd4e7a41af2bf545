"""C17 and C21: each rule on made-up rows, what their runs train, and the times that C17 uses."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import equal_parameters
from experiments import c17_gru_or_lstm as c17
from experiments import c21_forget_gate as c21
from experiments import memory_study

# C21


def remembering(reach, long=None, preferred=None):
    """Rows in which each cell agrees up to a distance; `long` is its long score in counting."""
    reach, long = dict.fromkeys(c21.CELLS, 80) | reach, long or {}
    preferred = preferred or (lambda job: c21.SETTINGS["learning_rates"][c21.arm(job)])
    rows = []
    for job in c21.jobs():
        spread = 0.001 * (job["seed"] % 10)
        good = job["task"] == "counting" or job["distance"] <= reach[job["cell"]]
        row = {"updates": 300, "loss": 0.1, "score": 1.0 if good else 0.5}
        row["long_score"] = float("nan")
        if job["task"] == "counting":
            row["long_score"] = long.get(job["cell"], 0.9) + spread
        row["largest_memory"] = 3.0 + spread
        if job["phase"] == "select":
            row |= {"score": 1.0, "loss": float(job["learning_rate"] != preferred(job))}
        rows.append({**job, **row})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("reach", "word"),
    [
        ({c21.WITHOUT: 0}, "holds"),
        ({c21.WITHOUT: 40}, "holds only when"),
        ({c21.WITHOUT: 80}, "is false"),
        ({c21.WITHOUT: 40, "lstm": 40}, "is false"),
    ],
)
def test_c21_rule(reach, word):
    rows = remembering({**reach, "overwriting": 0}, {c21.WITHOUT: 0.3})
    found = c21.verdict(rows)
    assert found.word == word
    assert "no forget gate 100 % and 30 %" in found.text
    far = 3 if reach.get("lstm", 80) == 80 else 2
    assert found.text.count("overwriting 0 % [0, 28]") == far
    if word == "holds only when":
        assert found.text.startswith("At 80 words. ")
    line = c21.success_curve(rows, c21.WITHOUT)
    assert line.estimate.tolist() == [float(d <= reach[c21.WITHOUT]) for d in (20, 40, 80)]
    counts = c21.counting(rows).set_index("cell")
    assert list(counts.index) == list(c21.CELLS)
    assert counts.long_score[c21.WITHOUT] == pytest.approx(0.3, abs=0.01)
    assert (counts.largest_memory_low <= counts.largest_memory).all()


def test_c21_refuses_what_decides_nothing_and_rates_not_chosen():
    with pytest.raises(ValueError, match="decide nothing: the LSTM succeeds at no distance"):
        c21.verdict(remembering({"lstm": 0}))
    with pytest.raises(ValueError, match=r"was run with .*; the selection runs prefer"):
        c21.verdict(remembering({}, preferred=lambda job: {0.003: 0.01}.get(_used(job), 0.003)))


def _used(job):
    return c21.SETTINGS["learning_rates"][c21.arm(job)]


def test_c21_runs_measure_what_they_say():
    settings = {**c21.SETTINGS, "updates": 60, "test_sequences": 50}
    job = {"phase": "measure", "seed": 0, "learning_rate": 0.03}
    for cell in c21.CELLS:
        row = c21.run_job({**job, "cell": cell, "task": "counting", "distance": 0}, settings)
        assert 0 <= row["long_score"] <= 1
        if cell in ("overwriting", "coupled gates"):
            assert row["largest_memory"] <= 1  # a mean of candidates, or one of them
        row = c21.run_job({**job, "cell": cell, "task": "agreement", "distance": 4}, settings)
        assert np.isnan(row["long_score"])
        assert row["updates"] <= 60


def test_c21_live_jobs():
    job = c21.live_job("no forget gate", 4, seed=1)
    row = c21.run_job(job)
    assert row == c21.run_job(job) | {"long_score": row["long_score"]}
    assert row["score"] >= c21.SUCCESS
    assert c21.live_job("lstm", "counting")["distance"] == 0
    for wrong in (("gru", 40), ("lstm", "adding")):
        with pytest.raises(ValueError, match=r"expected one of lstm; .* and a distance"):
            c21.live_job(*wrong)


# C17


def racing(good=None, bits=None, preferred=None):
    """Rows of C17: successes by (task, cell) or (task, cell, budget), bits by cell; 10, 2.5."""
    good, bits = good or {}, bits or {}
    preferred = preferred or (lambda job: c17.SETTINGS["learning_rates"][c17.arm(job)])
    rows = []
    for job in c17.jobs():
        task, cell = job["task"], job["cell"]
        row = {"units": 24, "parameters": 1000, "budget": 500, "time_budget": 400}
        row |= {"learnt": int(task != "text"), "updates": 200 + job["seed"], "loss": 0.1}
        for budget in c17.BUDGETS:
            number = good.get((task, cell, budget), good.get((task, cell), 10))
            score = 1.0 if job["seed"] < number or job["phase"] == "select" else 0.5
            if task == "text":
                score = bits.get((cell, budget), 2.5) + 0.01 * (job["seed"] % 3)
            row[f"score_{budget}"] = score
        row["largest_norm"] = 1.0
        if job["phase"] == "select":
            row["loss"] = float(job["learning_rate"] != preferred(job))
        rows.append({**job, **row})
    return pd.DataFrame(rows)


NO_GRU = {(task, "gru"): 3 for task in c17.LEARNT}


@pytest.mark.parametrize(
    ("good", "bits", "price", "word"),
    [
        ({}, {}, 0.9, "holds"),
        ({}, {}, 1.1, "holds only when"),
        ({("adding", "gru"): 9}, {}, 0.9, "holds"),
        ({("adding", "gru"): 3}, {}, 0.9, "holds only when"),
        ({}, {("gru", "time"): 2.7}, 0.9, "holds only when"),
        (NO_GRU, {("gru", b): 2.9 for b in c17.BUDGETS}, 1.1, "is false"),
        ({(t, c): 3 for t in c17.LEARNT for c in c17.CELLS}, {}, 0.9, "holds"),
    ],
)
def test_c17_rule(good, bits, price, word, monkeypatch):
    times = {task: {"rnn": 0.5, "gru": price, "lstm": 1.0} for task in c17.TASKS}
    monkeypatch.setattr(c17, "STEP_TIMES", times)
    rows = racing(good, bits)
    found = c17.verdict(rows)
    assert found.word == word
    assert f"takes {price:.2f} times as long" in found.text
    told = c17.cases(rows)
    for task in c17.LEARNT:
        name = f"{task} on equal updates"
        assert (name in told) == (max(good.get((task, c), 10) for c in ("gru", "lstm")) >= 9)
        if good.get((task, "gru"), 10) < 9 and name in told:
            assert told[name] == -1
            assert name in found.text


def test_c17_where_the_interval_straddles_the_margin_nothing_is_decided():
    rows = racing(bits={("gru", "time"): 2.5 + c17.MARGIN})
    rows.loc[(rows.task == "text") & (rows.cell == "gru") & (rows.seed == 0), "score_time"] += 0.05
    assert c17.cases(rows)["text on equal time"] == 0
    assert "undecided: text on equal time" in c17.verdict(rows).text


def test_c17_tables():
    rows = racing({("adding", "gru", "time"): 4}, {("gru", "time"): 2.7})
    labels, groups = c17.bars(rows, "time")
    assert labels == list(c17.LEARNT)
    assert list(groups) == list(c17.CELLS)
    assert groups["gru"][0][labels.index("adding")] == pytest.approx(0.4)
    assert c17.bars(rows, "updates")[1]["gru"][0].min() == 1
    bits = c17.bits(rows).set_index(["cell", "budget"])["mean"]
    assert bits[("gru", "time")] - bits[("lstm", "time")] == pytest.approx(0.2)
    times = c17.learning_times(rows).set_index(["task", "cell"])
    ratio = times.steps[("copying", "rnn")] / times.updates[("copying", "rnn")]
    assert ratio == pytest.approx(c17.STEP_TIMES["copying"]["rnn"])
    assert set(c17.sizes(rows).columns) == {"task", "cell", "units", "parameters", "step_time"}


def test_c17_refuses_rates_not_chosen():
    other = {0.003: 0.01}
    rates = c17.SETTINGS["learning_rates"]
    with pytest.raises(ValueError, match="the selection runs prefer"):
        c17.verdict(racing(preferred=lambda job: other.get(rates[c17.arm(job)], 0.003)))


def test_c17_sizes_are_equal_and_tasks_are_shared():
    assert set(c17.STEP_TIMES) == set(c17.SETTINGS["tasks"]) == set(c17.TASKS)
    for task in c17.TASKS:
        assert c17.SETTINGS["tasks"][task] == memory_study.SETTINGS["tasks"][task]
        assert list(c17.STEP_TIMES[task]) == list(c17.CELLS)
        assert c17.STEP_TIMES[task]["lstm"] == 1
        assert c17.units("lstm", task) == c17.SETTINGS["hidden"]
        assert c17.units("gru", task) < c17.units("rnn", task)


def test_c17_scores_after_either_budget():
    """A cell whose step takes half as long may make twice as many updates."""
    updates = dict.fromkeys(c17.TASKS, 30)
    settings = {**c17.SETTINGS, "updates": updates, "test_sequences": 100}
    times = {task: {"rnn": 0.5, "gru": 1.5, "lstm": 1.0} for task in c17.TASKS}
    settings["step_times"] = times
    job = {"phase": "measure", "task": "text", "seed": 0, "learning_rate": 0.01}
    rows = {cell: c17.run_job({**job, "cell": cell}, settings) for cell in c17.CELLS}
    assert [rows[cell]["time_budget"] for cell in c17.CELLS] == [60, 20, 30]
    assert rows["rnn"]["score_time"] < rows["rnn"]["score_updates"]  # bits: more updates, fewer
    assert rows["gru"]["score_time"] > rows["gru"]["score_updates"]
    assert rows["lstm"]["score_time"] == rows["lstm"]["score_updates"]
    parameters = [row["parameters"] for row in rows.values()]
    assert max(parameters) < 1.03 * min(parameters)
    short = c17.run_job({**job, "cell": "rnn"}, {**settings, "updates": {**updates, "text": 30},
                        "step_times": {"text": dict.fromkeys(c17.CELLS, 1.0)}})  # fmt: skip
    assert short["score_updates"] == rows["rnn"]["score_updates"]


def test_c17_live_jobs():
    assert (
        c17.live_job("gru", "adding")["learning_rate"]
        == (c17.SETTINGS["learning_rates"]["gru, adding"])
    )
    with pytest.raises(ValueError, match="cell is 'cnn'; expected one of rnn; gru; lstm"):
        c17.live_job("cnn", "adding")
    with pytest.raises(ValueError, match="task is 'counting'; expected one of agreement"):
        c17.live_job("gru", "counting")


# The benchmark of C17


def test_ratios_to_the_lstm():
    times = {"rnn": [1.0, 2.0, 3.0], "gru": [2.0, 4.0, 3.0], "lstm": [2.0, 4.0, 6.0]}
    found = equal_parameters.to_lstm(times)
    assert [found[cell].median for cell in times] == [0.5, 1.0, 1.0]


def test_every_task_and_cell_makes_a_step():
    steps = {
        f"{task} {cell}": equal_parameters.training_step(task, cell, 3)
        for task in c17.TASKS
        for cell in c17.CELLS
    }
    times = equal_parameters.measure(dict(list(steps.items())[:2]), rounds=2)
    assert all(len(values) == 2 and min(values) >= 0 for values in times.values())
    for step in steps.values():
        step()
