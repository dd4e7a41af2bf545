"""One layer of any cell with a linear output: gradients, equal to the classifier, refusals."""

import numpy as np
import pytest

from utils.cells import GRUWeights, LSTMWeights, OutputWeights, RNNWeights
from utils.classifier import SequenceClassifier
from utils.gradients import numerical_gradient, relative_error
from utils.optim import Adam
from utils.sequence_model import SequenceModel, count_parameters, init_sequence_model

KINDS = {
    "rnn": {"cell": "rnn"},
    "relu": {"cell": "rnn", "activation": "relu"},
    "lstm": {"cell": "lstm", "forget_bias": 1.0},
    "coupled": {"cell": "lstm", "variant": "coupled gates"},
    "gru": {"cell": "gru"},
    "gru, reset before": {"cell": "gru", "reset_after": False},
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def make(kind, K=3, **options):
    return init_sequence_model(4, 5, K, np.random.default_rng(1), **{**KINDS[kind], **options})


def draw_targets(sort, rng, T=6, B=3):
    if sort == "classes at every step":
        return rng.integers(0, 3, size=(T, B))
    return rng.integers(0, 3, size=B) if sort == "classes at the end" else rng.normal(size=B)


@every_kind
@pytest.mark.parametrize("sort", ["classes at the end", "classes at every step", "numbers"])
def test_gradients_agree_with_nudging(kind, sort):
    rng = np.random.default_rng(0)
    model = make(kind, K=1 if sort == "numbers" else 3)
    xs, targets = rng.normal(size=(6, 3, 4)), draw_targets(sort, rng)
    gradients = model.loss_and_gradients(xs, targets).gradients
    assert set(gradients) == {f"d_{name}" for name in model.weights}
    for name, array in model.weights.items():

        def loss(values, array=array):
            before = array.copy()
            array[...] = values
            found = model.loss_and_gradients(xs, targets).loss
            array[...] = before
            return found

        measured = numerical_gradient(loss, array.copy())
        if name == "b_hn" and kind == "gru, reset before":
            assert not gradients["d_b_hn"].any()
            assert not measured.any()
        else:
            assert relative_error(gradients[f"d_{name}"], measured) < 1e-6, name


@pytest.mark.parametrize("kind", ["rnn", "relu", "lstm", "gru"])
@pytest.mark.parametrize("sort", ["classes at the end", "classes at every step"])
def test_model_and_classifier_compute_the_same(kind, sort):
    rng = np.random.default_rng(0)
    model = make(kind)
    classifier = SequenceClassifier(model.cell, model.output, model.activation)
    xs, targets = rng.integers(0, 4, size=(6, 3)), draw_targets(sort, rng)
    ours, theirs = model.loss_and_gradients(xs, targets), classifier.loss_and_gradients(xs, targets)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-12)
    for name, gradient in theirs.gradients.items():
        np.testing.assert_allclose(ours.gradients[name], gradient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.forward(xs).outputs, classifier.forward(xs).logits)
    np.testing.assert_array_equal(model.predict(xs), classifier.forward(xs).logits[-1].argmax(-1))


def test_numbers_cost_half_their_squared_error_and_the_sum_is_b_times_the_mean():
    rng = np.random.default_rng(0)
    model, xs, targets = make("gru", K=1), rng.normal(size=(6, 3, 4)), rng.normal(size=3)
    expected = 0.5 * np.mean((model.predict(xs) - targets) ** 2)
    assert model.loss_and_gradients(xs, targets).loss == pytest.approx(expected)
    total = model.loss_and_gradients(xs, targets, reduction="sum").loss
    assert total == pytest.approx(3 * expected)


@every_kind
def test_reading_in_two_parts_is_reading_at_once(kind):
    xs, model = np.random.default_rng(0).normal(size=(6, 3, 4)), make(kind)
    first = model.forward(xs[:2])
    second = model.forward(xs[2:], first.sequence.last_state)
    np.testing.assert_allclose(second.outputs, model.forward(xs).outputs[2:], atol=1e-12)
    later = model.loss_and_gradients(xs[2:], np.zeros(3, int), state=first.sequence.last_state)
    np.testing.assert_allclose(later.outputs, second.outputs[-1], atol=1e-12)


@every_kind
def test_float32_stays_and_a_few_updates_learn(kind):
    rng = np.random.default_rng(2)
    model, optimiser = make(kind, K=2, dtype=np.float32), Adam(0.02)
    losses = []
    for _ in range(60):
        xs = rng.integers(0, 4, size=(5, 16))
        done = model.loss_and_gradients(xs, xs[0] // 2)  # what the first symbol was
        losses.append(done.loss)
        optimiser.step(model.weights, done.gradients)
    assert {g.dtype for g in done.gradients.values()} == {np.dtype("float32")}
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_parameters_are_those_that_training_can_change():
    D, H, K = 4, 5, 3
    output = H * K + K
    assert count_parameters(make("rnn")) == H * (D + H + 1) + output
    assert count_parameters(make("lstm")) == 4 * H * (D + H + 1) + output
    assert count_parameters(make("coupled")) == 3 * H * (D + H + 1) + output
    assert count_parameters(make("gru")) == 3 * H * (D + H + 1) + H + output
    assert count_parameters(make("gru, reset before")) == 3 * H * (D + H + 1) + output


def test_bad_input_is_told_in_one_line():
    xs, model = np.zeros((6, 3, 4)), make("lstm")
    with pytest.raises(ValueError, match=r"the model has K = 3 outputs; expected K = 1"):
        model.loss_and_gradients(xs, np.zeros(3))
    with pytest.raises(ValueError, match=r"targets has shape \(2,\); expected \(B,\) = \(3,\)"):
        make("rnn", K=1).loss_and_gradients(xs, np.zeros(2))
    with pytest.raises(TypeError, match="expected a tuple of two, hidden state and cell state"):
        model.forward(xs, np.zeros((3, 5)))
    with pytest.raises(ValueError, match="cell is 'mlp'; expected one of"):
        init_sequence_model(4, 5, 3, np.random.default_rng(0), "mlp")
    with pytest.raises(ValueError, match="variant is 'none'; expected one of"):
        init_sequence_model(4, 5, 3, np.random.default_rng(0), "lstm", "none")
    wrong = SequenceModel(model.cell, OutputWeights(np.zeros((4, 2)), np.zeros(2)))
    with pytest.raises(ValueError, match=r"W_hy has shape \(4, 2\); expected \(H, K\) = \(5, K\)"):
        wrong.forward(xs)
    assert {RNNWeights, LSTMWeights, GRUWeights} == {
        type(make(kind).cell) for kind in ("rnn", "lstm", "gru")
    }
