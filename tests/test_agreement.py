"""The agreement trainer: what it logs, what it clips, and its tests at a distance."""

import numpy as np
import pytest

from utils.agreement import (
    AgreementTrainer,
    accuracy_by_distance,
    fixed_sentences,
    gains_over_sentence,
    gradient_parts,
    run_with_long_batch,
)
from utils.classifier import init_classifier
from utils.data import grammar
from utils.jacobians import jacobian_products, step_jacobians
from utils.optim import SGD, Adam

V = len(grammar.VOCABULARY)


def trainer(distances=3, optimiser=None, seed=0, **settings):
    rng = np.random.default_rng(seed)
    model = init_classifier(V, 8, 2, rng)
    return AgreementTrainer(model, distances, optimiser or SGD(0.1), rng, **settings)


def test_it_learns_and_logs():
    run = trainer(range(1, 4), Adam(0.02), max_norm=1.0).run(200)
    assert run.recent_accuracy() > 0.95
    assert len(run.losses) == len(run.norms) == len(run.accuracies) == 200
    assert run.losses[-1] < 0.1 < run.losses[0]


def test_one_step_is_a_step_down_the_gradient():
    run = trainer()
    before = {name: array.copy() for name, array in run.model.weights.items()}
    xs, targets = grammar.batch(_as_drawn(run), 32, 3)
    done = run.model.loss_and_gradients(xs, targets)
    told = run.step()
    assert told["loss"] == run.losses[0] == done.loss
    for name, array in run.model.weights.items():
        np.testing.assert_allclose(
            array, before[name] - 0.1 * done.gradients[f"d_{name}"], atol=1e-15
        )


def _as_drawn(run):
    """Return a copy of the generator in the state in which the sentences are drawn."""
    copy = np.random.default_rng()
    copy.bit_generator.state = run.rng.bit_generator.state
    copy.choice(run.distances)
    return copy


@pytest.mark.parametrize("always", [True, False])
def test_clipping_limits_the_update(always):
    run = trainer(max_norm=0.01 if always else None)
    before = {name: array.copy() for name, array in run.model.weights.items()}
    run.step(max_norm=None if always else 0.01)
    moved = sum(((run.model.weights[name] - before[name]) ** 2).sum() for name in before)
    assert np.sqrt(moved) == pytest.approx(0.1 * 0.01)
    assert run.norms[0] > 0.01  # the log has the norm before clipping


def test_one_batch_may_have_another_distance():
    seen = []
    run = trainer()
    inner = run.model.loss_and_gradients
    spy = lambda xs, targets: seen.append(len(xs)) or inner(xs, targets)  # noqa: E731
    object.__setattr__(run.model, "loss_and_gradients", spy)
    run.step()
    run.step(distance=9)
    assert seen == [5, 11]


def test_fixed_sentences_are_fixed():
    first, second = fixed_sentences(4), fixed_sentences(4)
    assert first is second
    assert first.xs.shape == (6, 100)
    assert not np.array_equal(first.xs, fixed_sentences(4, seed=1).xs)


def test_accuracy_and_gains():
    run = trainer(range(1, 4), Adam(0.02), max_norm=1.0).run(200)
    accuracies = accuracy_by_distance(run.model, [1, 3, 12])
    assert accuracies.shape == (3,)
    assert accuracies[:2].min() > 0.9
    assert accuracies[0] == run.model.accuracy(*fixed_sentences(1))
    gains = gains_over_sentence(run.model, 5, 4)
    sequence = run.model.forward(fixed_sentences(5, 4).xs).sequence
    products = jacobian_products(step_jacobians(sequence, run.model.cell))
    norms = np.linalg.norm(products, axis=(-2, -1)) / np.sqrt(8)
    np.testing.assert_allclose(gains, np.log10(norms).mean(axis=1), atol=1e-10)


def test_gains_are_watched():
    run = trainer((2, 4), watch=(0, 3)).run(5)
    assert list(run.gains) == [0, 3]
    assert run.gains[0].shape == (4 + 2 + 1,)
    np.testing.assert_array_equal(trainer((2, 4)).run(5).losses, run.losses)  # it only looks


def test_gradient_parts_add_up():
    run = trainer()
    xs, targets = fixed_sentences(6, 20)
    parts = gradient_parts(run.model, xs, targets)
    assert parts.shape == (8, 8, 8)
    whole = run.model.loss_and_gradients(xs, targets).gradients["d_W_hh"]
    np.testing.assert_allclose(parts.sum(axis=0), whole, atol=1e-14)


def test_the_long_batch_comes_after_200_updates():
    free, clipped = (run_with_long_batch(2, clip, 203) for clip in (False, True))
    assert free.losses[:201] == clipped.losses[:201]
    assert free.norms[200] == clipped.norms[200] > 100 * np.median(free.norms[150:200])
    assert free.losses[202] > 0.3 > clipped.losses[202]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: trainer([]), ValueError, "distances is empty"),
        (lambda: trainer(-1), ValueError, "distances is -1"),
        (lambda: trainer(max_norm=0), ValueError, "max_norm is 0"),
        (lambda: trainer(B=0), ValueError, "B is 0"),
        (lambda: trainer().run(0), ValueError, "updates is 0"),
        (lambda: fixed_sentences(-1), ValueError, "distance is -1"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
