"""The benchmark of training steps: its gate, its summaries, its verdict."""

import math

import numpy as np
import pytest
import torch

from benchmarks import training_step
from benchmarks.step import figures, gate, processor, worker
from benchmarks.step.case import CELLS, make_case, needed_operations
from benchmarks.step.numpy_steps import Ours, Textbook
from benchmarks.step.summary import Interval, geometric_mean, median_interval, ratios
from benchmarks.step.torch_steps import Embedded
from benchmarks.step.without import STEPS, Without


@pytest.fixture(autouse=True)
def one_thread():
    """Keep torch's threads from waiting for one another on a machine that is at work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_geometric_mean_is_the_root_of_the_product():
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1)
    assert geometric_mean([1.0, 4.0, 16.0]) == pytest.approx(4)
    for wrong in ([], [1.0, 0.0], [-1.0]):
        with pytest.raises(ValueError, match="expected at least one, all above 0"):
            geometric_mean(wrong)


def test_interval_of_the_median_is_made_of_order_statistics():
    assert median_interval([3.0]) == Interval(3, 3, 3)
    assert median_interval([5.0, 1.0, 3.0]) == Interval(3, 1, 5)
    nine = [float(v) for v in range(1, 10)]  # 2 (1 + 9) / 512 = 3.9 % outside the second ones
    assert median_interval(nine) == Interval(5, 2, 8)
    assert median_interval(nine, level=0.97) == Interval(5, 1, 9)
    assert str(Interval(0.5, 0.456, 0.6)) == "0.50 [0.46, 0.60]"
    with pytest.raises(ValueError, match="values is empty"):
        median_interval([])


@pytest.mark.parametrize("n", [6, 9, 16])
def test_interval_holds_the_true_median_as_often_as_it_says(n):
    rng = np.random.default_rng(n)
    inside = 0
    for _ in range(2000):
        _, low, high = median_interval(list(rng.exponential(size=n)))
        inside += low <= math.log(2) <= high
    assert inside / 2000 > 0.935


def test_ratios_are_those_of_neighbours():
    assert ratios([1.0, 3.0], [2.0, 3.0]) == [0.5, 1.0]
    with pytest.raises(ValueError, match="ours has 1 times and theirs 2"):
        ratios([1.0], [1.0, 2.0])


def test_gate_lets_all_contenders_through():
    assert gate.pass_gate(worker.CONTENDERS) > 400


def broken(key, change):
    """Return a contender whose gradient of one weight is changed."""

    class Broken(Ours):
        def gradients(self):
            loss, gradients = super().gradients()
            if key == "loss":
                return change(loss), gradients
            return loss, {**gradients, key: change(gradients[key])}

    return Broken


@pytest.mark.parametrize(
    ("key", "change", "words"),
    [
        ("d_W_hh", lambda g: g * (1 + 1e-8), "rnn, float64, .*d_W_hh of other differs from ours"),
        ("d_W_hh", lambda g: g.T.copy(), "d_W_hh of other differs from ours by"),
        ("d_b_y", lambda g: g * np.nan, "d_b_y of other differs from ours by nan"),
        ("d_W_xh", lambda g: g[:-1], r"d_W_xh of other has shape \(10, 7\); ours has \(11, 7\)"),
        ("loss", lambda loss: loss + 1e-6, "loss of other differs from ours"),
    ],
)
def test_gate_refuses_a_broken_gradient(key, change, words):
    with pytest.raises(gate.GateError, match=words):
        gate.pass_gate({"ours": Ours, "other": broken(key, change)})


def test_gate_refuses_a_wrong_update_and_a_missing_gradient():
    class Upwards(Textbook):
        def step(self):
            loss, gradients = self.gradients()
            for name, w in self.own.items():
                w += gradients[f"d_{name}"]
            return loss

    class Less(Ours):
        def gradients(self):
            loss, gradients = super().gradients()
            return loss, {k: g for k, g in gradients.items() if k != "d_b_y"}

    with pytest.raises(gate.GateError, match="after the update differs from ours"):
        gate.pass_gate({"ours": Ours, "upwards": Upwards})
    with pytest.raises(gate.GateError, match=r"less gives .*; ours gives"):
        gate.pass_gate({"ours": Ours, "less": Less})


def test_a_shut_gate_ends_the_benchmark_before_any_timing(monkeypatch, capsys):
    asked = []

    def work(kernels, task, *rest):
        asked.append(task)
        yield {"refused": "d_b of torch differs", "kernels": "Zen", "peaks": {"numpy": 1.0}}

    monkeypatch.setattr(training_step, "work", work)
    assert training_step.main([]) == 1
    assert "The gate is shut: d_b of torch differs" in capsys.readouterr().out
    assert asked == ["gate"]


def made_up(ratio, loop=0.3):
    """Return results of two processes in which ours takes `ratio` of torch's time."""
    times = {"ours": [ratio, 2 * ratio], "torch": [1.0, 2.0], "textbook": [3.0, 6.0]}
    times["torch loop"] = [t / loop for t in times["ours"]]
    return [dict.fromkeys(training_step.GRID, times)] * 2


def test_verdict_goes_by_the_bars():
    text, held = training_step.judge(made_up(0.49))
    assert held
    assert text.count("holds") == 4
    assert "RNN   ours / torch      0.49 [0.49, 0.49]     bar 0.5  holds" in text
    text, held = training_step.judge(made_up(0.51))
    assert not held
    assert text.count("is MISSED") == 2  # RNN and GRU
    assert not training_step.judge(made_up(0.49, loop=0.41))[1]


def test_table_has_a_line_for_each_case_with_the_share_of_the_peak():
    lines = training_step.table(made_up(0.5), "lstm", peak=100.0).splitlines()
    assert len(lines) == 1 + len(training_step.GRID) / len(CELLS)
    share = needed_operations("lstm", 35, 16, 128) / 0.75e-3 / 100e9
    (line,) = (line for line in lines if line.split()[:3] == ["35", "16", "128"])
    assert f"{share:.0%}" in line


def test_operations_are_those_of_the_products():
    T, B, H, V = 2, 3, 5, 64
    state, output = T * B * H * 4 * H, T * B * H * V  # multiplications forward
    assert needed_operations("lstm", T, B, H) == 2 * 3 * (state + output)


def test_worker_environment(monkeypatch):
    assert processor.environment("SkylakeX")["OPENBLAS_CORETYPE"] == "SkylakeX"
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert processor.environment(None)["OMP_NUM_THREADS"] == "1"
    assert "OPENBLAS_CORETYPE" not in processor.environment(None)


def test_length_exponent_is_one_for_linear_growth():
    T = [25, 50, 100, 200, 400]
    assert figures.length_exponent(T, [2 + 3 * t for t in T]) == pytest.approx(1, abs=0.01)
    assert figures.length_exponent(T, [t**2 for t in T]) == pytest.approx(2)


def test_figures_draw_what_the_worker_prints(tmp_path):
    rows = [
        {"cell": cell, "T": T, "times": {"ours": T, "torch": 2 * T}, "kept": 24, "most": 60}
        for cell in CELLS
        for T in worker.LENGTHS
    ]
    figure, exponents = figures.draw_lengths(rows)
    assert exponents == pytest.approx(dict.fromkeys(CELLS, 1))
    assert figures.save(figure, tmp_path / "new", "a.png").stat().st_size > 10_000
    drawn = figures.draw_grid(dict.fromkeys(training_step.GRID, 0.5))
    assert all(len(ax.lines) == 7 for ax in drawn.axes)


@pytest.mark.parametrize(("cell", "kept"), [("rnn", 4), ("gru", 20), ("lstm", 24)])
def test_kept_memory_is_that_of_the_states_and_gates(cell, kept):
    measured = worker.memory(cell, 50, 4, 16)
    assert kept <= measured["kept"] < kept * 1.05
    assert measured["most"] > measured["kept"]


def test_worker_measures_every_contender_in_turn():
    times = worker.measure(worker.CONTENDERS, ("gru", 3, 2, 4), rounds=2)
    assert list(times) == list(worker.CONTENDERS)
    assert all(len(values) == 2 and min(values) > 0 for values in times.values())
    step = Embedded(make_case("gru", 3, 2, 4))
    assert step.step() > 0


@pytest.mark.parametrize("off", ["", *(name for name in STEPS if name != "float32")])
@pytest.mark.parametrize("B", [1, 3])
def test_steps_taken_back_change_no_number(off, B):
    case = make_case("lstm", 5, B, 7, dtype=np.float64, classes=11)
    loss, gradients = Ours(case).gradients()
    other, same = Without(case, off).gradients()
    assert other == pytest.approx(loss, abs=1e-12)
    assert set(same) == set(gradients)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(same[name], gradient, rtol=0, atol=1e-12, err_msg=name)


def test_a_process_that_fails_is_told():
    with pytest.raises(RuntimeError, match="the measuring process ended with code 2"):
        list(training_step.work(None, "nothing"))
