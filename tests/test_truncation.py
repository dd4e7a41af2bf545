"""The credit that each step's loss gives to each earlier step, and what windows keep of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.classifier import SequenceClassifier, init_classifier
from utils.language_model import evaluate
from utils.truncation import (
    bits_by_context,
    credit_by_pair,
    kept_by_windows,
    truncated_gradients,
    truncation_error,
    windowed_gradient,
)


def draw(steps=9, B=2, H=4, V=3, seed=0):
    rng = np.random.default_rng(seed)
    model = init_classifier(V, H, V, rng)
    xs, targets = rng.integers(0, V, size=(2, steps, B))
    return model, xs, targets, rng.normal(size=(B, H))


@given(st.integers(1, 9), st.integers(1, 11), st.integers(0, 9))
def test_pairs_in_one_window_add_up_to_what_the_windows_give(steps, T, seed):
    model, xs, targets, state = draw(steps, seed=seed)
    credit = credit_by_pair(model, xs, targets, state)
    expected = truncated_gradients(model, xs, targets, T, state).gradients["d_W_hh"]
    np.testing.assert_allclose(windowed_gradient(credit, T), expected, rtol=0, atol=1e-10)


def test_one_loss_alone_reaches_no_later_step():
    model, xs, targets, _ = draw()
    credit = credit_by_pair(model, xs, targets)
    assert not np.triu(credit.norms, 1).any()
    assert (credit.norms[np.tril_indices(9)] > 0).all()
    np.testing.assert_allclose(credit.norms[4, 2], np.linalg.norm(credit.d_zs[4, 2]))
    assert not credit.h_prevs[0].any()


def test_kept_pairs_by_hand():
    kept = kept_by_windows(4, 2)
    np.testing.assert_array_equal(kept, [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]])
    assert kept_by_windows(4, 4).sum() == kept_by_windows(4, 9).sum() == 10
    assert kept_by_windows(4, 1).sum() == 4


def test_the_error_is_zero_for_one_window_and_without_memory():
    model, xs, targets, _ = draw()
    error = truncation_error(credit_by_pair(model, xs, targets), np.arange(1, 10))
    assert error.relative[-1] == 0
    assert error.cosine[-1] == pytest.approx(1)
    assert (error.relative[:-1] > 1e-3).all()
    blind = SequenceClassifier(model.cell._replace(W_hh=np.zeros((4, 4))), model.output)
    error = truncation_error(credit_by_pair(blind, xs, targets), np.arange(1, 10))
    np.testing.assert_allclose(error.relative, 0, atol=1e-14)


def test_nothing_flows_back_gives_zero_and_no_warning():
    model, xs, targets, _ = draw()
    mute = SequenceClassifier(model.cell, model.output._replace(W_hy=np.zeros((4, 3))))
    error = truncation_error(credit_by_pair(mute, xs, targets), [1, 9])
    np.testing.assert_array_equal(error.relative, 0)


def test_bits_by_context():
    model, _, _, _ = draw(V=3)
    text = np.random.default_rng(0).integers(0, 3, size=300)
    ours = bits_by_context(model, text, [1, 5], n=40, seed=2)
    places = np.random.default_rng(2).integers(5, 300, size=40)
    for bits, length in zip(ours, (1, 5), strict=True):
        alone = []
        for place in places:
            both = text[place - length : place + 1]
            last = evaluate(model, both).nats * length
            before = evaluate(model, both[:-1]).nats * (length - 1) if length > 1 else 0
            alone.append((last - before) / np.log(2))
        assert bits == pytest.approx(np.mean(alone))
    with pytest.raises(ValueError, match="contexts holds 300; expected less than the 300"):
        bits_by_context(model, text, [300])
    with pytest.raises(ValueError, match="contexts is 0"):
        bits_by_context(model, text, [0])


def test_other_activations_are_refused():
    model, xs, targets, _ = draw()
    with pytest.raises(ValueError, match="activation 'relu'; expected 'tanh'"):
        credit_by_pair(SequenceClassifier(model.cell, model.output, "relu"), xs, targets)
    with pytest.raises(ValueError, match="window is 0"):
        kept_by_windows(3, 0)
