"""Three cells at one budget: counts against torch, one start for all, and an honest log."""

import numpy as np
import pytest
import torch

from utils.cell_race import (
    CELLS,
    CellRace,
    CellTrainer,
    TrainerGroup,
    build_reader,
    count_reader,
    draw_sentences,
    largest_units,
    start_training,
)
from utils.data import grammar
from utils.optim import Adam
from utils.sequence_model import SequenceModel

V = len(grammar.VOCABULARY)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("H", [1, 7, 32])
def test_counts_are_those_of_the_arrays_and_of_torch(cell, H):
    model = build_reader(cell, H, seed=0)
    assert sum(array.size for array in model.weights.values()) == count_reader(cell, H)
    module = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](V, H)
    theirs = sum(p.numel() for p in module.parameters())
    redundant = {"rnn": H, "gru": 2 * H, "lstm": 4 * H}[cell]  # of the second bias
    assert count_reader(cell, H) == theirs - redundant + 2 * (H + 1)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("budget", [300, 1000, 9000])
def test_largest_units_fit_and_one_more_does_not(cell, budget):
    H = largest_units(cell, budget)
    assert count_reader(cell, H) <= budget < count_reader(cell, H + 1)


def test_a_budget_too_small_is_refused():
    with pytest.raises(ValueError, match=r"budget is 9; expected at least 43"):
        largest_units("rnn", 9)
    with pytest.raises(ValueError, match="cell is 'cnn'"):
        count_reader("cnn", 3)


def test_only_the_gate_that_keeps_has_a_bias():
    for cell in ("gru", "lstm"):
        b = build_reader(cell, 5, seed=0, keep_bias=1.5).cell.b
        np.testing.assert_array_equal(b[5:10], 1.5)
        assert np.count_nonzero(b) == 5
    assert np.count_nonzero(build_reader("rnn", 5, seed=0).cell.b_h) == 0


def test_sentences_have_the_distances_asked_for():
    draw = draw_sentences((4, 9), "random", B=3)
    rng = np.random.default_rng(0)
    lengths = {draw(rng)[0].shape for _ in range(30)}
    assert lengths == {(6, 3), (11, 3)}


def test_trainer_learns_and_keeps_a_log():
    trainer = CellTrainer(
        build_reader("gru", 16, seed=0), draw_sentences(3), Adam(0.01), np.random.default_rng(0)
    )
    assert trainer.recent_accuracy() == trainer.milliseconds == 0
    trainer.run(120)
    assert trainer.recent_accuracy(20) > 0.95
    assert len(trainer.losses) == len(trainer.accuracies) == len(trainer.seconds) == 120
    assert trainer.milliseconds == pytest.approx(1000 * np.median(trainer.seconds))
    smooth = trainer.smoothed(20)
    assert smooth.shape == (120,)
    assert smooth[0] == trainer.accuracies[0]
    assert smooth[-1] == pytest.approx(trainer.recent_accuracy(20))
    assert smooth[9] == pytest.approx(np.mean(trainer.accuracies[:10]))


def test_trainer_takes_a_sequence_model_as_well():
    model = build_reader("gru", 6, seed=0)
    copies = [type(part)(*(a.copy() for a in part)) for part in (model.cell, model.output)]
    logs = [
        CellTrainer(m, draw_sentences(3), Adam(0.01), np.random.default_rng(0)).run(5)
        for m in (model, SequenceModel(*copies))
    ]
    np.testing.assert_allclose(logs[0].losses, logs[1].losses, rtol=1e-12)
    assert logs[0].accuracies == logs[1].accuracies


def test_group_trains_each_of_its_members():
    alone = start_training(build_reader("rnn", 5, 0), 3, learning_rate=0.01, seed=4).run(3)
    group = TrainerGroup(
        {
            "a": start_training(build_reader("rnn", 5, 0), 3, learning_rate=0.01, seed=4),
            "b": start_training(build_reader("gru", 5, 0), (4, 5), "random"),
        }
    )
    for i in range(3):
        done = group.step(i)
    assert group.names == ("a", "b")
    assert group["a"].losses == alone.losses
    assert done["loss"] == pytest.approx((group["a"].losses[-1] + group["b"].losses[-1]) / 2)
    assert (done["a"], done["b"]) == (group["a"].accuracies[-1], group["b"].accuracies[-1])
    assert group.models["b"] is group["b"].model
    with pytest.raises(ValueError, match="trainers is empty"):
        TrainerGroup({})
    with pytest.raises(ValueError, match="learning_rate is 0"):
        start_training(build_reader("rnn", 5, 0), 3, learning_rate=0)


def test_race_starts_alike_and_restarts_as_told():
    race = CellRace(budget=1500, distance=3, seed=2)
    assert race.updates == 0
    race.step()
    race.step()
    assert race.updates == 2
    assert {
        cell: count_reader(cell, H) <= 1500 for cell, H in race.units().items()
    } == dict.fromkeys(CELLS, True)
    states = {str(t.rng.bit_generator.state) for t in race.trainers.values()}
    assert len(states) == 1  # all have read the same sentences
    losses = race.trainers["gru"].losses
    race.restart()
    assert race.settings["budget"] == 1500
    race.step()
    assert race.trainers["gru"].losses == losses[:1]
    race.restart(budget=3000, keep_bias=-1.0)
    assert race.settings["distance"] == 3
    assert race.trainers["gru"].model.cell.b[race.units()["gru"]] == -1


def test_curves_count_updates_or_seconds():
    race = CellRace(budget=800, distance=2)
    for _ in range(4):
        race.step()
    by_updates, by_seconds = race.curves(), race.curves("seconds")
    for cell, trainer in race.trainers.items():
        np.testing.assert_array_equal(by_updates[cell][0], [1, 2, 3, 4])
        np.testing.assert_allclose(by_seconds[cell][0], np.cumsum(trainer.seconds))
        np.testing.assert_array_equal(by_updates[cell][1], trainer.smoothed())
    with pytest.raises(ValueError, match="axis is 'hours'"):
        race.curves("hours")
