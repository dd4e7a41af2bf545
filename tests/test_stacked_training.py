"""Training of stacks: masks and dropout are used, budgets are kept, runs can be repeated."""

import numpy as np
import pytest

from utils.data import entities, grammar, one_form
from utils.optim import Adam
from utils.stacked_model import count_parameters
from utils.stacked_training import (
    DEPTHS,
    TASKS,
    DepthRace,
    StackedTrainer,
    TrainingBatch,
    build_tagger,
    draw_agreement,
    draw_entities,
    draw_numbers,
    start_stacked,
)


def test_draws_are_the_tasks_own_batches():
    agreement = draw_agreement(5, B=7)(np.random.default_rng(0))
    rng = np.random.default_rng(0)
    rng.choice(np.atleast_1d(5))
    np.testing.assert_array_equal(agreement.xs, grammar.batch(rng, 7, 5).xs)
    assert agreement.targets.shape == (7,)
    assert agreement.mask is None
    numbers = draw_numbers((2, 3), share=1, B=4)(np.random.default_rng(1))
    assert numbers.xs.shape == numbers.targets.shape
    assert len(numbers.xs) in (7, 8)
    assert (numbers.xs[1] >= len(grammar.VOCABULARY)).all()
    tagged = draw_entities("held_out", B=5)(np.random.default_rng(2))
    expected = entities.batch(np.random.default_rng(2), 5, "held_out")
    np.testing.assert_array_equal(tagged.targets, expected.tags)
    np.testing.assert_array_equal(tagged.mask, expected.mask)


def test_an_update_is_one_step_of_the_optimiser_on_the_masked_loss():
    batch = entities.batch(np.random.default_rng(3), 6)
    batch = TrainingBatch(batch.xs, batch.tags, batch.mask)
    model, twin = (build_tagger("entities", 6000, True, seed=0) for _ in range(2))
    trainer = StackedTrainer(model, lambda _: batch, Adam(0.01), np.random.default_rng(0), 1e9)
    done = trainer.step()
    expected = twin.loss_and_gradients(*batch)
    Adam(0.01).step(twin.weights, expected.gradients)
    assert done["loss"] == expected.loss == trainer.losses[0]
    for name, array in model.weights.items():
        np.testing.assert_array_equal(array, twin.weights[name])
    hits = expected.outputs.argmax(axis=-1) == batch.targets
    assert done["accuracy"] == hits[batch.mask == 1].mean()


def test_dropout_is_used_while_training():
    def after(dropout):
        model = build_tagger("numbers", 3000, False, seed=0, depth=2)
        rng = np.random.default_rng(0)
        StackedTrainer(model, draw_numbers(3), Adam(0.01), rng, dropout=dropout).run(2)
        return model.weights["W_hy"]

    np.testing.assert_array_equal(after(0.5), after(0.5))
    assert np.abs(after(0.5) - after(0.0)).max() > 1e-4
    with pytest.raises(ValueError, match="dropout"):
        after(1.0)


def test_a_second_direction_learns_what_one_cannot():
    shares = {}
    new = one_form.batch(np.random.default_rng(9), 200, 3, share=1)
    for both in (False, True):
        model = build_tagger("numbers", 4000, both, seed=0)
        assert start_stacked(model, draw_numbers((2, 3))).run(80).losses[-1] < 0.5
        hits = model.predict_steps(new.xs) == new.tags
        shares[both] = hits[new.one_form].mean()
    assert shares[False] < 0.65
    assert shares[True] > 0.9


def test_taggers_keep_their_budget():
    for depth in DEPTHS:
        model = build_tagger("agreement", 9000, False, seed=1, depth=depth)
        size = sum(array.size for array in model.weights.values())
        assert abs(size - 9000) < 900
        assert len(model.layers) == depth
    assert build_tagger("agreement", 9000, False, 0).layers[0].forward.b[32:64].min() == 1
    with pytest.raises(ValueError, match="task is 'chess'"):
        build_tagger("chess", 9000, False, seed=1)


def test_race_keeps_the_budget_and_can_be_repeated():
    race = DepthRace(task="numbers", parameters=4000)
    for depth, H in race.units().items():
        task = TASKS["numbers"]
        counted = count_parameters(task.D, H, task.K, depth=depth, both_directions=True)
        assert race.parameters()[depth] == counted
        held = sum(a.size for a in race.trainers[depth].model.weights.values())
        assert counted == held
    first = [race.step()["loss"] for _ in range(3)]
    assert race.updates == 3
    curves = race.curves()
    assert set(curves) == set(DEPTHS)
    np.testing.assert_allclose(curves[2], np.cumsum(race.trainers[2].losses) / [1, 2, 3])
    race.restart()
    assert race.updates == 0
    assert [race.step()["loss"] for _ in range(3)] == first
    race.restart(cell="gru", residual=True, both_directions=False, seed=1)
    assert race.settings["parameters"] == 4000
    assert race.trainers[4].model.residual
    assert race.trainers[4].model.layers[0].backward is None
    losses = {depth: trainer.step()["loss"] for depth, trainer in race.trainers.items()}
    assert len(set(losses.values())) == 4


def test_race_refuses():
    with pytest.raises(ValueError, match="a setting is 'depth'"):
        DepthRace(depth=3)
    race = DepthRace(task="agreement", both_directions=False, parameters=3000)
    with pytest.raises(ValueError, match="task is 'chess'"):
        race.restart(task="chess")
    assert race.settings["task"] == "agreement"  # as it was
