"""Gradients by layer and time: equal to torch, to the way back, and to nudging."""

import numpy as np
import pytest
import torch

from utils.layer_gradients import layers_over_words, state_gradients
from utils.layers.recurrent import init_layers, stacked, stacked_backward

KINDS = ("rnn", "lstm", "gru")


@pytest.mark.parametrize("both_directions", [False, True])
@pytest.mark.parametrize("residual", [False, True])
def test_whole_stacks_agree_with_the_gradients_of_their_biases(both_directions, residual):
    """The bias of a plain RNN gets the sum of ∂L/∂h_t times the slope of tanh, over all steps."""
    rng = np.random.default_rng(0)
    layers = init_layers(3, 4, rng, "rnn", depth=3, both_directions=both_directions)
    run = stacked(rng.normal(size=(5, 2, 3)), layers, dropout=0.3, rng=rng, residual=residual)
    d_hs = rng.normal(size=run.hs.shape)
    found = state_gradients(d_hs, run, layers)
    back = stacked_backward(d_hs, run, layers)
    assert len(found) == 3
    for of_states, of_layer, ran in zip(found, back.layers, run.layers, strict=True):
        summed = (of_states.forward * (1 - ran.forward.hs**2)).sum(axis=(0, 1))
        np.testing.assert_allclose(summed, of_layer.forward.d_b_h, rtol=1e-12, atol=1e-12)
        if both_directions:
            summed = (of_states.backward * (1 - ran.backward.hs[::-1] ** 2)).sum(axis=(0, 1))
            np.testing.assert_allclose(summed, of_layer.backward.d_b_h, rtol=1e-12, atol=1e-12)
        else:
            assert of_states.backward is None


@pytest.mark.parametrize("kind", KINDS)
def test_states_agree_with_nudging(kind):
    """Nudge a state by starting the rest of the sequence from another one."""
    rng = np.random.default_rng(1)
    (layer,) = init_layers(2, 3, rng, kind)
    xs = rng.normal(size=(6, 1, 2))
    d_hs = rng.normal(size=(6, 1, 3))
    run = stacked(xs, (layer,))
    found = state_gradients(d_hs, run, (layer,))[0].forward
    cell, t, epsilon = run.layers[0].forward, 2, 1e-5

    def loss(h):
        first = (h, cell.cs[t]) if kind == "lstm" else h
        rest = stacked(xs[t + 1 :], (layer,), states=[(first, None)])
        return (d_hs[t] * h).sum() + (d_hs[t + 1 :] * rest.hs).sum()

    for unit in range(3):
        nudge = epsilon * np.eye(3)[unit]
        slope = (loss(cell.hs[t] + nudge) - loss(cell.hs[t] - nudge)) / (2 * epsilon)
        assert found[t, 0, unit] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("residual", [False, True])
def test_equals_torch_at_every_layer_and_step(residual):
    """One layer at a time in torch, so that every state is a tensor whose gradient it keeps."""
    torch.manual_seed(0)
    rng = np.random.default_rng(2)
    layers = init_layers(4, 4, rng, "rnn", depth=2)
    xs = rng.normal(size=(5, 2, 4))
    run = stacked(xs, layers, residual=residual)
    d_hs = rng.normal(size=run.hs.shape)
    found = state_gradients(d_hs, run, layers)
    below = torch.tensor(xs)
    kept = []
    for place, layer in enumerate(layers):
        W_xh, W_hh, b_h = (torch.tensor(w) for w in layer.forward)
        h, states = torch.zeros(2, 4, dtype=torch.float64), []
        for t in range(5):
            h = torch.tanh(below[t] @ W_xh + h @ W_hh + b_h)
            h.retain_grad() if h.requires_grad else h.requires_grad_()
            states.append(h)
        kept.append(states)
        out = torch.stack(states)
        below = out + below if residual and place else out
    (below * torch.tensor(d_hs)).sum().backward()
    for of_layer, states in zip(found, kept, strict=True):
        expected = np.stack([h.grad.numpy() for h in states])
        np.testing.assert_allclose(of_layer.forward, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_backward_direction_is_the_forward_one_of_the_turned_sequence(kind):
    rng = np.random.default_rng(3)
    (layer,) = init_layers(2, 3, rng, kind, both_directions=True)
    xs, d_hs = rng.normal(size=(5, 2, 2)), rng.normal(size=(5, 2, 6))
    found = state_gradients(d_hs, stacked(xs, (layer,)), (layer,))[0]
    alone = (type(layer)(layer.backward),)
    turned = state_gradients(d_hs[::-1, :, 3:], stacked(xs[::-1], alone), alone)[0]
    np.testing.assert_allclose(found.backward, turned.forward[::-1], rtol=1e-12, atol=1e-15)


def test_mask_stops_the_gradient_at_the_last_item():
    rng = np.random.default_rng(4)
    (layer,) = init_layers(2, 3, rng, "gru")
    xs, mask = rng.normal(size=(5, 2, 2)), np.ones((5, 2))
    mask[3:, 1] = 0
    d_hs = np.zeros((5, 2, 3))
    d_hs[-1] = 1
    found = state_gradients(d_hs, stacked(xs, (layer,), mask=mask), (layer,))[0].forward
    np.testing.assert_array_equal(found[2, 1], 1.0)  # carried over the padding as it was
    assert np.abs(found[1, 1] - 1).max() > 1e-3


def test_refuses_what_does_not_belong_together():
    rng = np.random.default_rng(5)
    layers = init_layers(2, 3, rng, "rnn", depth=2)
    run = stacked(rng.normal(size=(4, 1, 2)), layers)
    with pytest.raises(TypeError, match="expected the StackedRun"):
        state_gradients(run.hs, run.hs, layers)
    with pytest.raises(ValueError, match="layers has 1 entries; the run has 2"):
        state_gradients(run.hs, run, layers[:1])
    with pytest.raises(ValueError, match="d_hs"):
        state_gradients(run.hs[1:], run, layers)


@pytest.mark.parametrize("cell", KINDS)
def test_layers_over_words_give_a_row_for_each_layer_and_direction(cell):
    found = layers_over_words(cell, 2, True, False, 4, "gradients", "every word", 0)
    assert found.values.shape == (4, 9)
    assert found.rows == ("layer 1 →", "layer 1 ←", "layer 2 →", "layer 2 ←")
    assert len(found.words) == 9
    assert np.isfinite(found.values).all()
    one = layers_over_words(cell, 3, False, False, 4, "gradients", "every word", 0)
    assert one.rows == ("layer 1", "layer 2", "layer 3")
    states = layers_over_words(cell, 2, True, False, 4, "states", "every word", 0).values
    assert (states > 0).all()
    assert (states < 1).all()


def test_a_loss_at_one_word_reaches_what_that_word_has_read():
    found = layers_over_words("lstm", 1, True, False, 4, "gradients", "noun", 0).values
    np.testing.assert_array_equal(np.isfinite(found[0]), np.arange(9) <= 1)  # the past, forward
    np.testing.assert_array_equal(np.isfinite(found[1]), np.arange(9) >= 1)  # the future, backward
    last = layers_over_words("lstm", 1, True, False, 4, "gradients", "last word", 0).values
    assert np.isfinite(last[0]).all()
    np.testing.assert_array_equal(np.isfinite(last[1]), np.arange(9) == 8)


def test_residual_connections_carry_the_gradient_down():
    plain, residual = (
        layers_over_words("lstm", 6, False, res, 4, "gradients", "last word", 0).values
        for res in (False, True)
    )
    assert plain[0, -1] < plain[-1, -1] - 2
    assert residual[0, -1] > residual[-1, -1] - 0.5


def test_layers_over_words_refuse():
    with pytest.raises(ValueError, match="part is 'weights'"):
        layers_over_words("rnn", 1, False, False, 2, "weights", "noun", 0)
    with pytest.raises(ValueError, match="where is 'verb'"):
        layers_over_words("rnn", 1, False, False, 2, "states", "verb", 0)
