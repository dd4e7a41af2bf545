"""The claims of chapter 07: each rule on made-up rows, and the networks of C25."""

import numpy as np
import pandas as pd
import pytest

from experiments import (
    c12_two_tanh,
    c13_tanh_input,
    c14_tanh_output,
    c15_sigmoid_alone,
    c16_separate_gates,
    c24_parameters,
    c25_output_gate,
    memory_claims,
)
from experiments import memory_study as study
from experiments.memory_study import LARGE_RNN, LEARNT, NO_TANH, RNN, SMALL_GRU, SMALL_LSTM
from experiments.memory_training import make_task

HARD = ("adding", "counting")
"""Tasks on which the made-up plain RNN is helpless, unless a test says otherwise."""


def made_up(script, good=None, preferred=None, **columns):
    """Return a row for each job of a claim.

    Parameters
    ----------
    good : dict, optional
        By (cell, task) how many of ten seeds succeed; all, but for the RNN at HARD.
    preferred : function, optional
        Gives the learning rate that the selection runs prefer, from a job.
    **columns : dict
        By cell the value of a column, 1 where there is none.
    """
    good = {**{(RNN, task): 0 for task in HARD}, **(good or {})}
    rates = study.SETTINGS["learning_rates"]
    preferred = preferred or (lambda job: rates[job["task"]][job["cell"]])
    rows = []
    for job in script.EXPERIMENT.jobs(study.SETTINGS):
        success = job["seed"] < good.get((job["cell"], job["task"]), 10)
        row = {"units": 24, "parameters": 1000, "updates": 300, "loss": 0.1, "success": success}
        row |= {"score": 1.0, "gain": 1.0, "gain_before": 1.0}
        row |= {"largest_memory": 1.0, "largest_norm": 1.0}
        wobble = 1 + 0.01 * (job["seed"] % 10)
        row |= {name: by_cell.get(job["cell"], 1.0) * wobble for name, by_cell in columns.items()}
        if job["phase"] == "select":
            row |= {"success": True, "loss": float(job["learning_rate"] != preferred(job))}
        rows.append({**job, **row, "success": int(row["success"])})
    return pd.DataFrame(rows)


def everywhere(cell, n, tasks=LEARNT):
    return {(cell, task): n for task in tasks}


CLAIMS = (
    c12_two_tanh,
    c13_tanh_input,
    c14_tanh_output,
    c15_sigmoid_alone,
    c16_separate_gates,
    c24_parameters,
)


@pytest.mark.parametrize("script", CLAIMS)
def test_another_learning_rate_than_the_preferred_one_is_refused(script):
    script.verdict(made_up(script, everywhere(LARGE_RNN, 0)))
    with pytest.raises(ValueError, match="the selection runs prefer"):
        script.verdict(made_up(script, preferred=lambda job: 0.003 if job["seed"] else 0))


@pytest.mark.parametrize("script", CLAIMS)
def test_claims_look_at_the_lstm_the_rnn_and_the_cells_that_they_name(script):
    cells = {job["cell"] for job in script.EXPERIMENT.jobs(study.SETTINGS)}
    assert {"lstm", RNN} < cells <= set(study.CELLS)
    named = getattr(script, "READINGS", None) or getattr(script, "CELLS", ())
    assert set(named) <= cells
    for cell in cells - {"lstm", RNN, LARGE_RNN, SMALL_LSTM, SMALL_GRU}:
        assert cell in script.__doc__


def test_a_case_needs_nine_of_ten():
    rows = made_up(c14_tanh_output, {("no output gate", "adding"): 8, ("lstm", "copying"): 8,
                                     ("no output gate", "counting"): 2})  # fmt: skip
    found = memory_claims.outcomes(rows)
    for case in (("no output gate", "adding"), ("no output gate", "counting")):
        assert case not in found.succeed
        assert case not in found.helpless
    assert memory_claims.learnt_by_lstm(found) == [task for task in LEARNT if task != "copying"]
    assert memory_claims.learnt_by_lstm(found, rnn_helpless=True) == list(HARD)
    with pytest.raises(ValueError, match="there is no task that counts"):
        memory_claims.learnt_by_lstm(
            memory_claims.outcomes(made_up(c14_tanh_output, everywhere("lstm", 8)))
        )


# C12


def test_c12_holds_when_gradients_shrink_faster_and_nothing_is_learnt():
    smaller = dict.fromkeys(c12_two_tanh.WITHOUT, 0.5)
    bad = {k: v for cell in smaller for k, v in everywhere(cell, 3, ["agreement"]).items()}
    assert c12_two_tanh.verdict(made_up(c12_two_tanh, bad, gain_before=smaller)).word == "holds"
    verdict = c12_two_tanh.verdict(made_up(c12_two_tanh, gain_before=dict.fromkeys(smaller, 1.5)))
    assert verdict.word == "is false"
    one = {NO_TANH: 0.5}
    verdict = c12_two_tanh.verdict(
        made_up(c12_two_tanh, everywhere(NO_TANH, 3), gain_before=one, largest_memory={NO_TANH: 9})
    )
    assert verdict.word == "holds only when"
    assert verdict.text.startswith("When it is: no tanh.")
    at = verdict.evidence.set_index("cell")
    assert at.largest_memory[NO_TANH] == pytest.approx(9.4, abs=0.2)
    assert at.gain_before_low[NO_TANH] < at.gain_before[NO_TANH] < at.gain_before_high[NO_TANH]


def test_c12_decides_nothing_from_gradients_or_success_alone():
    smaller = dict.fromkeys(c12_two_tanh.WITHOUT, 0.5)
    with pytest.raises(ValueError, match="decide nothing"):
        c12_two_tanh.verdict(made_up(c12_two_tanh, gain_before=smaller))
    bad = {k: v for cell in smaller for k, v in everywhere(cell, 0).items()}
    with pytest.raises(ValueError, match="decide nothing"):
        c12_two_tanh.verdict(made_up(c12_two_tanh, bad))


# C13, C14


def test_c13_asks_where_the_plain_rnn_is_helpless():
    good = everywhere("no input gate", 0) | everywhere("tanh input gate", 1)
    assert c13_tanh_input.verdict(made_up(c13_tanh_input, good)).word == "holds"
    good = everywhere("no input gate", 0, [task for task in LEARNT if task not in HARD])
    assert c13_tanh_input.verdict(made_up(c13_tanh_input, good)).word == "is false"
    good = {("no input gate", "adding"): 0}
    verdict = c13_tanh_input.verdict(made_up(c13_tanh_input, good))
    assert verdict.word == "holds only when"
    assert verdict.text.startswith("When it is: no input gate at adding.")
    assert "tanh input gate at adding and counting" in verdict.text
    with pytest.raises(ValueError, match="no task that counts"):
        c13_tanh_input.verdict(made_up(c13_tanh_input, everywhere(RNN, 10)))


def test_c14_asks_where_the_lstm_succeeds():
    assert c14_tanh_output.verdict(made_up(c14_tanh_output)).word == "is false"
    good = everywhere("no output gate", 0) | everywhere("tanh output gate", 0)
    assert c14_tanh_output.verdict(made_up(c14_tanh_output, good)).word == "holds"
    verdict = c14_tanh_output.verdict(
        made_up(c14_tanh_output, everywhere("tanh output gate", 0, ["agreement"]))
    )
    assert verdict.word == "holds only when"
    assert "When it is: tanh output gate at agreement." in verdict.text


# C15


def test_c15_asks_at_counting_alone():
    elsewhere = [task for task in LEARNT if task != "counting"]
    good = {}
    for cell in c15_sigmoid_alone.READINGS:
        good |= everywhere(cell, 0, elsewhere)
    assert c15_sigmoid_alone.verdict(made_up(c15_sigmoid_alone, good)).word == "is false"
    good = {(cell, "counting"): 0 for cell in c15_sigmoid_alone.READINGS}
    assert c15_sigmoid_alone.verdict(made_up(c15_sigmoid_alone, good)).word == "holds"
    good = {(cell, "counting"): 0 for cell in c15_sigmoid_alone.INPUT}
    verdict = c15_sigmoid_alone.verdict(made_up(c15_sigmoid_alone, good))
    assert verdict.word == "holds only when"
    assert "sigmoid candidate at counting; input path sigmoid only at counting. " in verdict.text
    with pytest.raises(ValueError, match="the LSTM does not succeed at counting"):
        c15_sigmoid_alone.verdict(made_up(c15_sigmoid_alone, {("lstm", "counting"): 5}))


# C16


def test_c16_judges_coupled_gates_alone():
    good = everywhere("no input gate", 0) | everywhere("no forget gate", 0)
    assert c16_separate_gates.verdict(made_up(c16_separate_gates, good)).word == "is false"
    good = everywhere("coupled gates", 0)
    assert c16_separate_gates.verdict(made_up(c16_separate_gates, good)).word == "holds"
    good = everywhere("coupled gates", 0, ["copying"]) | {("no input gate", "adding"): 4}
    verdict = c16_separate_gates.verdict(made_up(c16_separate_gates, good))
    assert verdict.word == "holds only when"
    assert "When it is: coupled gates at copying." in verdict.text
    assert "adding: lstm 10/10, coupled gates 10/10, no input gate 4/10, no for" in verdict.text


# C24


def test_c24_compares_pairs_of_equal_parameters():
    # More units do it, and the small gated networks fail with the small RNN: parameters alone.
    alone = everywhere(SMALL_LSTM, 0) | everywhere(SMALL_GRU, 0)
    assert c24_parameters.verdict(made_up(c24_parameters, alone)).word == "holds"
    gates = everywhere(LARGE_RNN, 0)
    verdict = c24_parameters.verdict(made_up(c24_parameters, gates))
    assert verdict.word == "is false"
    assert f"{SMALL_GRU} at adding and counting" in verdict.text
    verdict = c24_parameters.verdict(made_up(c24_parameters, everywhere(LARGE_RNN, 0, ["adding"])))
    assert verdict.word == "holds only when"
    assert "When it is: lstm at counting." in verdict.text
    between = everywhere(LARGE_RNN, 5) | everywhere(SMALL_LSTM, 5) | everywhere(SMALL_GRU, 5)
    with pytest.raises(ValueError, match="decide nothing"):
        c24_parameters.verdict(made_up(c24_parameters, between))


def test_c24_lists_sizes():
    sizes = c24_parameters.sizes(made_up(c24_parameters))
    assert list(sizes.columns) == ["task", "cell", "units", "parameters"]
    assert len(sizes) == len(study.TASKS) * 5


# C25


def shut(left, good=10, open_left=1.0):
    """Return made-up rows of C25: what is left after 35 steps by forget bias."""
    rows = []
    for job in c25_output_gate.jobs():
        wobble = 1 + 0.01 * (job["seed"] % 10)
        gate = 1 / (1 + np.exp(-job["output_bias"]))
        of = open_left if job["output_bias"] == 0 else left[job["forget_bias"]]
        share = {5: gate, 10: gate, 20: gate, 40: gate * of * wobble}
        row = {"updates": 100, "loss": 0.1, "accuracy": 1.0 if job["seed"] < good else 0.5}
        row |= {f"share_{k}_before": v for k, v in share.items()}
        row |= {f"share_{k}": v for k, v in share.items()} | {"output_gate": gate}
        if job["phase"] == "select":
            name = c25_output_gate.pair(job["forget_bias"], job["output_bias"])
            used = c25_output_gate.SETTINGS["learning_rates"][name]
            row |= {"accuracy": 1.0, "loss": float(job["learning_rate"] != used)}
        rows.append({**job, **row})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("left", "word"),
    [
        ({1.0: 1e-5, 5.0: 1e-3}, "holds"),
        ({1.0: 1e-5, 5.0: 0.8}, "holds only when"),
        ({1.0: 0.5, 5.0: 0.8}, "is false"),
    ],
)
def test_c25_asks_what_is_left_over_distance(left, word):
    verdict = c25_output_gate.verdict(shut(left))
    assert verdict.word == word
    assert verdict.text.startswith("When the forget bias is 1.") == (word == "holds only when")
    at = verdict.evidence.set_index(["forget_bias", "output_bias"])
    assert at.left[1.0, -5.0] == pytest.approx(left[1.0], rel=0.1)
    assert at.excess[1.0, -5.0] == pytest.approx(left[1.0], rel=0.1)
    assert at.per_step[5.0, -5.0] == pytest.approx(left[5.0] ** (1 / 35), rel=0.01)


def test_c25_blames_the_gate_only_for_what_the_open_gate_does_not_lose():
    with pytest.raises(ValueError, match="decide nothing"):
        c25_output_gate.verdict(shut({1.0: 1e-5, 5.0: 1e-5}, open_left=1e-5))


def test_c25_draws_shares_and_counts_successes():
    rows = shut({1.0: 1e-5, 5.0: 0.8}, good=9)
    curve = c25_output_gate.share_curve(rows, 1, -5)
    assert list(curve.x) == list(c25_output_gate.STEPS)
    assert curve.estimate[-1] / curve.estimate[0] == pytest.approx(1e-5, rel=0.1)
    assert (c25_output_gate.table(rows).successes == 9).all()
    assert len(c25_output_gate.table(rows)) == 8
    with pytest.raises(ValueError, match="output_bias is -3"):
        c25_output_gate.share_curve(rows, 1, -3)
    with pytest.raises(ValueError, match="the biases are forget 1, output -3; expected one of"):
        c25_output_gate.live_job(1, -3)
    assert c25_output_gate.live_job(5, -5, seed=3)["learning_rate"] > 0


def test_c25_starts_its_output_gates_where_it_says():
    small = {**c25_output_gate.SETTINGS, "hidden": 6, "batch": 4, "updates": 1}
    small |= {"distance": 45, "test_sentences": 10}
    job = {"phase": "x", "seed": 1, "learning_rate": 1e-9, "forget_bias": 5.0}
    rows = {
        b: c25_output_gate.run_job({**job, "output_bias": b}, small) for b in (0.0, -5.0, -12.0)
    }
    assert rows[0.0]["output_gate"] == pytest.approx(0.5, abs=0.1)
    assert rows[-5.0]["output_gate"] == pytest.approx(1 / (1 + np.exp(5)), rel=0.3)
    assert rows[-12.0]["output_gate"] < 1e-4
    for k in c25_output_gate.STEPS:
        assert rows[0.0][f"share_{k}_before"] == pytest.approx(rows[0.0][f"share_{k}"], rel=1e-3)
    # What is left over distance, with no path but the cell line: the product of forget gates.
    shares = [rows[-12.0][f"share_{k}_before"] for k in (5, 40)]
    assert 0.6 < shares[1] / shares[0] < 1


def test_c25_measures_what_differences_measure():
    """One number of h_T, disturbed by one number of the cell state k steps earlier."""
    task = make_task("agreement", {"distance": 43})
    rng = np.random.default_rng(0)
    model = c25_output_gate.build(rng, task, 4, "lstm", forget_bias=1.0)
    cell = type(model.cell)(*(array.astype(float) for array in model.cell))
    model = type(model)(cell, model.output, model.variant)
    xs, _ = task.draw_new(rng, 1)
    k, step = 5, 1e-6
    h, c = model.forward(xs[:-k]).sequence.last_state
    total = 0.0
    for state in (h, c):
        for j in range(4):
            state[0, j] += step
            up = model.forward(xs[-k:], (h, c)).sequence.hs[-1].copy()
            state[0, j] -= 2 * step
            down = model.forward(xs[-k:], (h, c)).sequence.hs[-1].copy()
            state[0, j] += step
            total += (((up - down) / (2 * step)) ** 2).sum()
    assert c25_output_gate.shares(model, xs)[k] == pytest.approx(np.sqrt(total / 4), rel=1e-5)
