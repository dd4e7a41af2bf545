"""Losses with masks and the steps of training, on each of the four shapes."""

import doctest
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.data import dates, entities, negation, tunes
from utils.pytorch import training
from utils.pytorch.models import Classifier, Composer, EncoderDecoder, Tagger
from utils.training import train

seeds = st.integers(0, 2**31 - 1)


def rng(seed=0):
    return np.random.default_rng(seed)


TASKS = {
    "classifier": (
        lambda: Classifier(len(negation.VOCABULARY), 8, 16, 2),
        training.classifier_loss,
        lambda generator: negation.batch(generator, 8),
    ),
    "tagger": (
        lambda: Tagger(len(entities.VOCABULARY), 8, 16, len(entities.TAGS), both_directions=True),
        training.tagger_loss,
        lambda generator: entities.batch(generator, 8),
    ),
    "composer": (
        lambda: Composer(len(tunes.VOCABULARY), 8, 16),
        training.composer_loss,
        lambda generator: tunes.batch(generator, 4),
    ),
    "translator": (
        lambda: EncoderDecoder(len(dates.SOURCE), len(dates.TARGET), 8, 16, attention=True),
        training.translation_loss,
        lambda generator: dates.batch(generator, 8),
    ),
}


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(2, 6), seeds)
def test_masked_cross_entropy(T, B, K, seed):
    generator = rng(seed)
    logits, targets = generator.normal(size=(T, B, K)), generator.integers(0, K, (T, B))
    mask = generator.integers(0, 2, (T, B)).astype(float)
    mask[0, 0] = 1
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    nats = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    as_tensors = [torch.from_numpy(array) for array in (logits, targets, mask)]
    found = training.masked_cross_entropy(*as_tensors).item()
    assert found == pytest.approx((nats * mask).sum() / mask.sum())
    assert training.masked_cross_entropy(*as_tensors[:2]).item() == pytest.approx(nats.mean())


@pytest.mark.parametrize("name", TASKS)
def test_steps_are_updates_by_hand(name):
    make, loss, draw = TASKS[name]
    torch.manual_seed(0)
    model = make()
    torch.manual_seed(0)
    twin = make()
    step = training.make_step(model, loss, lambda: draw(rng(1)), learning_rate=0.01, max_norm=0.1)
    optimiser = torch.optim.Adam(twin.parameters(), lr=0.01)
    for i in range(2):  # a second one, for gradients that would be left over from the first
        said = step(i)
        optimiser.zero_grad()
        result = loss(twin, draw(rng(1)))
        result.loss.backward()
        gradients = [p.grad for p in twin.parameters() if p.grad is not None]
        norm = torch.sqrt(sum((g**2).sum() for g in gradients))
        for g in gradients:
            g *= 0.1 / max(norm + 1e-6, 0.1)
        optimiser.step()
        assert said == pytest.approx({"loss": result.loss.item(), "accuracy": result.accuracy})
    for one, other in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", TASKS)
def test_training_learns(name):
    make, loss, draw = TASKS[name]
    torch.manual_seed(0)
    model, batch = make(), draw(rng(1))
    step = training.make_step(model, loss, lambda: batch, learning_rate=0.01)
    before = training.evaluate(model, loss, batch)
    history = train(step, 40)
    after = training.evaluate(model, loss, batch)
    assert history.ended == "finished"
    assert set(history.metrics) == {"accuracy"}
    assert after["loss"] < 0.8 * before["loss"]
    assert model.training  # evaluate puts it back


@pytest.mark.parametrize("name", TASKS)
def test_what_stands_at_padding_does_not_count(name):
    make, loss, draw = TASKS[name]
    torch.manual_seed(0)
    model, batch = make().double(), draw(rng(2))
    assert (batch.mask == 0).any()
    padding = batch.mask == 0
    other = batch.xs.copy()
    other[padding] = rng(3).integers(1, 10, padding.sum())
    changed = batch._replace(xs=other)
    if name in ("tagger", "composer"):
        field = "tags" if name == "tagger" else "targets"
        wrong = getattr(batch, field).copy()
        wrong[padding] = 1
        changed = changed._replace(**{field: wrong})
    one, two = loss(model, batch), loss(model, changed)
    assert one.loss.item() == pytest.approx(two.loss.item(), rel=1e-12)
    assert one.accuracy == two.accuracy


def test_accuracy_counts_real_places_only():
    logits = torch.zeros(2, 2, 3)
    logits[..., 1] = 1  # says class 1 everywhere
    targets, mask = torch.tensor([[1, 0], [1, 1]]), torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    assert training._compare(logits, targets, mask).accuracy == pytest.approx(2 / 3)


def test_as_tensors():
    batch = entities.batch(rng(), 5)
    given_ = training.as_tensors(batch)
    assert set(given_) == {"xs", "tags", "mask", "needs_right", "lengths"}
    assert given_["lengths"].tolist() == [len(words) for words in batch.words]
    assert given_["xs"].dtype == given_["lengths"].dtype == torch.int64
    assert given_["mask"].dtype == torch.float32


def test_falling_rate():
    rate = training.falling_rate(0.1, 100, rise=10)
    assert rate(0) == pytest.approx(0.01)
    assert max(map(rate, range(100))) == pytest.approx(0.091, rel=0.02)
    assert rate(99) == pytest.approx(0.001)
    assert rate(500) == rate(99)
    model = Composer(5, 2, 3)
    seen = []
    optimiser = torch.optim.Adam(model.parameters(), lr=0.5)
    step = training.make_step(model, training.composer_loss, lambda: BATCH, rate)
    step(99)
    other = training.make_step(
        model, training.composer_loss, lambda: BATCH, rate, optimiser=optimiser
    )
    other(99)
    seen.append(optimiser.param_groups[0]["lr"])
    assert seen == [0.5]  # an optimiser of one's own keeps its rate


BATCH = {"xs": np.array([[1, 2]]), "targets": np.array([[2, 3]]), "mask": np.ones((1, 2))}


def test_a_rate_that_changes_is_used():
    """With a rate of nearly nothing the weights stay, whatever it was before."""
    torch.manual_seed(0)
    model = Composer(5, 2, 3)
    step = training.make_step(
        model, training.composer_loss, lambda: BATCH, lambda i: 0.1 if i == 0 else 1e-12
    )
    before = model.output.weight.clone()
    step(0)
    moved = model.output.weight.clone()
    assert not torch.allclose(before, moved)
    step(1)
    torch.testing.assert_close(moved, model.output.weight)


def test_evaluate_switches_dropout_off():
    torch.manual_seed(0)
    model = Composer(len(tunes.VOCABULARY), 4, 6, layers=2, dropout=0.5)
    batch = tunes.batch(rng(), 2)
    results = {training.evaluate(model, training.composer_loss, batch)["loss"] for _ in range(3)}
    assert len(results) == 1
    assert model.training


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: training.masked_cross_entropy(torch.zeros(2, 3, 4), torch.zeros(2, 4)),
            ValueError,
            "logits have shape (2, 3, 4) and targets (2, 4); expected those of logits without",
        ),
        (
            lambda: training.masked_cross_entropy(
                torch.zeros(2, 3, 4), torch.zeros(2, 3).long(), torch.zeros(2, 4)
            ),
            ValueError,
            "mask has shape (2, 4); expected (2, 3)",
        ),
        (
            lambda: training.masked_cross_entropy(
                torch.zeros(2, 3, 4), torch.zeros(2, 3).long(), torch.zeros(2, 3)
            ),
            ValueError,
            "mask has no item",
        ),
        (
            lambda: training.as_tensors({"mask": np.array([[0.0], [1.0]])}),
            ValueError,
            "mask has a 0 above a 1; expected padding at the end of a text only.",
        ),
        (lambda: training.as_tensors(3), TypeError, "batch is an int; expected arrays by name"),
        (
            lambda: training.make_step(Composer(5, 2, 3), 3, print),
            TypeError,
            "loss is an int; expected a function.",
        ),
        (
            lambda: training.make_step(3, print, print),
            TypeError,
            "model is an int; expected an nn.Module.",
        ),
        (
            lambda: training.make_step(Composer(5, 2, 3), print, print, learning_rate=0),
            ValueError,
            "learning_rate is 0; expected a number above 0.",
        ),
        (
            lambda: training.make_step(Composer(5, 2, 3), print, print, max_norm=-1),
            ValueError,
            "max_norm is -1; expected a number above 0.",
        ),
        (lambda: training.falling_rate(0, 9), ValueError, "peak is 0; expected a number above 0."),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        call()


def test_examples_in_the_docstrings():
    result = doctest.testmod(training)
    assert result.attempted >= 5
    assert result.failed == 0
