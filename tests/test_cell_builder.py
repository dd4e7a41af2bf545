"""A cell in training beside the standard LSTM: same batches, right scores, ruined networks."""

import numpy as np
import pytest

from utils.cell_builder import LIVE_TASKS, CellTrial, score
from utils.cells.lstm_variants import LSTMVariant
from utils.sequence_model import count_parameters


@pytest.mark.parametrize("name", LIVE_TASKS)
def test_tasks_have_the_sizes_that_they_state(name):
    task = LIVE_TASKS[name]
    xs, targets = task.draw(np.random.default_rng(0), 50)
    if xs.dtype.kind == "i":
        assert 0 <= xs.min() <= xs.max() < task.D
    else:
        assert xs.shape[-1] == task.D
    assert (targets.dtype.kind == "f") == (task.K == 1) == (task.tolerance is not None)
    if task.K > 1:
        assert set(np.unique(targets)) <= set(range(task.K))
    trial = CellTrial("lstm", name, seed=3)
    assert len(xs) == trial.T
    step = trial.step()
    assert np.isfinite(step["loss"])
    assert set(trial.scores()) == {"own", "standard"}


def test_the_standard_cell_and_its_companion_stay_equal():
    trial = CellTrial("lstm", "counting", seed=1)
    for _ in range(4):
        trial.step()
    assert trial.losses["own"] == trial.losses["standard"]
    assert len(set(trial.losses["own"])) == 4  # a new batch each time
    for name, array in trial.own.weights.items():
        np.testing.assert_array_equal(array, trial.standard.weights[name])
    assert trial.updates == 4


def test_seeds_decide_weights_and_batches():
    runs = [CellTrial("coupled gates", "adding", seed) for seed in (0, 0, 1)]
    losses = [run.step()["loss"] for run in runs]
    assert losses[0] == losses[1] != losses[2]
    assert not np.array_equal(runs[0]._test[0], runs[2]._test[0])


def test_training_learns_and_a_cell_without_memory_does_not():
    trial = CellTrial("overwriting", "copying", seed=0)
    before = trial.scores()
    for _ in range(450):
        trial.step()
    after = trial.scores()
    assert before["standard"] < 0.5 < 0.6 < after["standard"]
    assert after["own"] < 0.5
    assert np.mean(trial.losses["standard"][-20:]) < np.mean(trial.losses["own"][-20:])


def test_score_counts_answers():
    trial = CellTrial("lstm", "adding", seed=0)
    xs, _ = trial._test
    answers = trial.own.predict(xs)
    task = trial.task
    assert score(trial.own, task, xs, answers + 0.05) == 1
    assert score(trial.own, task, xs, answers + 0.15) == 0
    half = answers + np.where(np.arange(len(answers)) % 2, 0.0, 1.0)
    assert score(trial.own, task, xs, half) == 0.5


def test_score_looks_at_the_answers_of_copying_alone():
    trial = CellTrial("lstm", "copying", seed=0)
    xs, targets = trial._test
    said = trial.own.forward(xs).outputs.argmax(axis=-1)
    wrong_before = np.where(np.arange(len(said))[:, None] < len(said) - 2, 99, said)
    assert score(trial.own, trial.task, xs, wrong_before) == 1
    assert score(trial.own, trial.task, xs, said[::-1] + 7) == 0
    assert targets.shape == said.shape


def test_a_ruined_network_stays_ruined_and_the_other_one_goes_on():
    trial = CellTrial(LSTMVariant(squash="linear"), "counting", seed=0)
    trial.own.output.W_hy[0] = np.nan
    first, second = trial.step(), trial.step()
    assert first["loss"] == second["loss"] == 99
    assert second["standard"] != 99
    assert trial.scores()["own"] == 0.0
    trial.own.output.W_hy[0] = 0.0
    assert trial.step()["loss"] == 99  # nothing is learnt from ruined steps, even if it could be


def test_parameters():
    trial = CellTrial("no input gate", "adding")
    counts = trial.parameters()
    assert counts["standard"] == count_parameters(trial.standard) == 4 * 24 * (2 + 24 + 1) + 25
    assert counts["own"] == 3 * 24 * (2 + 24 + 1) + 25


def test_refuses():
    with pytest.raises(ValueError, match="task is 'chess'"):
        CellTrial("lstm", "chess")
    with pytest.raises(ValueError, match="seed is -1"):
        CellTrial("lstm", "adding", -1)
    with pytest.raises(ValueError, match="variant is 'peepholes'"):
        CellTrial("peepholes", "adding")
