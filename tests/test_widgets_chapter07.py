"""Live figures of chapter 07: both ends of every control, what they say, training that stops."""

import numpy as np
import pytest

from tests.helpers import from_browser, visit_ends, wait_until
from utils.cell_builder import LIVE_TASKS
from utils.cells.lstm_variants import LSTM_VARIANTS, OPTIONS, LSTMVariant
from utils.plots.variant_results import CellResult
from utils.widgets import explore_own_cell, explore_variant_results
from utils.widgets.chapter07 import RECALL, CellBench, name_of_cell, problem_with, split_settings

SETTINGS = {
    **{part: getattr(LSTMVariant(), part) for part in OPTIONS},
    "task": "counting",
    "seed": 0,
}


@pytest.fixture(scope="module")
def results():
    rng = np.random.default_rng(0)

    def result():
        points = rng.random(4)
        return CellResult(points, points.mean(), points.min(), points.max())

    return {
        measure: {task: {cell: result() for cell in LSTM_VARIANTS} for task in tasks}
        for measure, tasks in (("share", ("adding", "copying")), ("bits", ("text",)))
    }


LIMITS = {"share": (-0.03, 1.03), "bits": (0, 2)}


# The cell builder


def test_every_part_of_the_engine_can_be_chosen():
    live = explore_own_cell(first=0)
    for part, options in OPTIONS.items():
        offered = [value for _, value in live.controls[part].options]
        assert sorted(offered) == sorted(options), part
    assert [value for _, value in live.controls["task"].options] == list(LIVE_TASKS)
    assert all(control.description for control in live.controls.values())


def test_both_ends_of_every_control_of_the_builder():
    live = explore_own_cell(first=0)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 10
    assert len({visit.pixels.tobytes() for visit in visits}) > 15
    bundle = live._repr_mimebundle_()
    assert {"image/png", "text/html", "text/plain"} <= set(bundle)
    assert live.alt in bundle["text/plain"]
    assert "Not trained yet" in live.alt


def test_builder_starts_with_a_cell_that_was_trained():
    live = explore_own_cell(first=20)
    assert live.alt.startswith("No cell line, ")
    assert "After 20 of 300 updates" in live.alt
    share = live.bench.trial.scores()
    assert f"{share['own']:.0%} of its answers are right" in live.alt
    assert len(live.bench.measure()) >= 5  # the curves have points


@pytest.mark.parametrize("first", [1, 5, 15, 99])
def test_builder_makes_as_many_updates_as_asked(first):
    live = explore_own_cell(first=first)
    assert live.bench.trial.updates == len(live.training.losses) == first
    assert list(live.bench.measure())[-1] == first
    assert len(live.bench.measure()) == min(first, 10)


def test_builder_trains_its_whole_budget_at_most():
    assert explore_own_cell(first=1000).bench.trial.updates == LIVE_TASKS["agreement"].updates
    with pytest.raises(ValueError, match="first is -1; expected a whole number of at least 0"):
        explore_own_cell(first=-1)


def test_a_change_of_a_part_begins_anew():
    live = explore_own_cell(first=20)
    live.set(memory="cell", candidate="linear")
    assert live.bench.trial.variant == LSTM_VARIANTS["linear candidate"]
    assert live.bench.trial.updates == 0
    assert live.training.losses == []
    assert live.alt.startswith("Linear candidate, ")
    live.set(task="adding")
    assert live.training.n_steps == LIVE_TASKS["adding"].updates
    assert "adding" not in live.alt
    assert LIVE_TASKS["adding"].words in live.alt


def test_training_runs_in_the_background_and_stops():
    live = explore_own_cell(first=0)
    live.set(task="counting", memory="cell")
    weights = live.bench.trial.own.weights["W_h"].copy()
    live.training.start()
    wait_until(lambda: live.bench.trial.updates > 3, 30)
    live.training.stop()
    done = live.bench.trial.updates
    assert not live.training.running
    assert 3 < done < live.training.n_steps
    assert len(live.training.losses) == done
    assert f"After {done} of 400 updates" in live.alt
    assert not np.array_equal(weights, live.bench.trial.own.weights["W_h"])
    live.training.start()
    wait_until(lambda: live.bench.trial.updates > done, 30)
    live.training.reset()
    assert live.bench.trial.updates == 0
    assert live.training.losses == []
    assert live.training.error == ""


def test_a_move_in_the_browser_while_it_trains_begins_anew():
    live = explore_own_cell(first=0)
    live.training.start()
    wait_until(lambda: live.bench.trial.updates > 2, 30)
    from_browser(live.controls["seed"], value=4)
    wait_until(lambda: live.bench.settings["seed"] == 4 and "Not trained yet" in live.alt, 30)
    assert not live.training.running
    assert live.error == ""
    assert live.training.error == ""


def test_parts_that_make_no_cell_are_named_and_not_trained():
    live = explore_own_cell(first=0)
    live.set(input_gate="coupled")
    from_browser(live.controls["forget_gate"], index=2)
    wait_until(lambda: live.alt.startswith("These parts make no cell."))
    assert "forget_gate 'one'" in live.alt
    live.training.start()
    wait_until(lambda: not live.training.running)
    assert "forget_gate 'one'" in live.training.error
    assert live.bench.trial.updates == 0
    from_browser(live.controls["forget_gate"], index=0)
    wait_until(lambda: live.alt.startswith("A cell of your own"))
    assert live.error == ""
    live.training.start()
    wait_until(lambda: live.bench.trial.updates > 0, 30)
    live.training.stop()
    assert live.training.error == ""


def test_bench_keeps_what_was_measured_until_it_restarts():
    bench = CellBench(**SETTINGS)
    assert bench.measure() == {}
    bench.step()
    first = bench.measure()
    assert list(first) == [1]
    assert first[1] == bench.trial.scores()
    bench.step()
    assert list(bench.measure()) == [1, 2]
    assert [len(v) for v in bench.losses().values()] == [2, 2]
    bench.restart()
    assert bench.measure() == {}
    old = bench.trial
    with pytest.raises(ValueError, match="coupled"):
        bench.restart(**{**SETTINGS, "input_gate": "coupled", "forget_gate": "one"})
    assert bench.trial is old
    assert bench.settings == SETTINGS


def test_names_of_cells():
    assert name_of_cell(LSTMVariant()) == "the standard LSTM"
    assert name_of_cell(LSTMVariant(input_gate="coupled")) == "coupled gates"
    own = name_of_cell(LSTMVariant(input_gate="tanh", squash="linear"))
    assert own == "a cell of your own (input gate i: tanh(z_i); on the way to h: c itself)"
    assert split_settings(SETTINGS)["variant"] == LSTMVariant()
    assert problem_with(SETTINGS) == ""
    nothing = {"input_gate": "one", "forget_gate": "one", "candidate": "one", "output_gate": "one"}
    assert problem_with({**SETTINGS, **nothing}).startswith("No part has parameters")


# The results explorer


def test_both_ends_of_every_control_of_the_explorer(results):
    live = explore_variant_results(results, list(LSTM_VARIANTS), LIMITS)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) >= 8
    assert len({visit.pixels.tobytes() for visit in visits}) >= 8
    assert all(control.description for control in live.controls.values())


def test_explorer_says_the_numbers_of_the_question(results):
    live = explore_variant_results(results, list(LSTM_VARIANTS), LIMITS)
    assert live.alt.startswith("adding, share")
    assert live.alt.count("[") == len(LSTM_VARIANTS)
    question = next(q for q in live.controls["question"].options if q.startswith("question 2"))
    live.set(task="copying", question=question)
    assert live.alt.count("[") == 4  # the LSTM and three variants
    own = results["share"]["copying"]["coupled gates"]
    assert f"coupled gates {own.estimate:.2f} [{own.low:.2f}, {own.high:.2f}]" in live.alt
    live.set(measure="bits")
    assert live.alt == "copying: bits was not measured there."
    live.set(task="text")
    assert live.alt.startswith("text, bits")


def test_explorer_refuses(results):
    with pytest.raises(ValueError, match="results is empty"):
        explore_variant_results({}, [], {})
    with pytest.raises(ValueError, match="limits lacks 'bits'"):
        explore_variant_results(results, list(LSTM_VARIANTS), {"share": (0, 1)})


def test_recall_has_five_questions():
    assert len(RECALL) == 5
    assert all(question.endswith("?") for question, _ in RECALL)
