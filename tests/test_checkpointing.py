"""Checkpointed backpropagation: the same gradients as with all states kept, in less memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.cells import RNN_ACTIVATIONS, init_rnn_weights
from utils.measure import peak_bytes
from utils.sequence import rnn_sequence, rnn_sequence_backward
from utils.sequence.checkpointing import (
    rnn_checkpointed_backward,
    rnn_checkpoints,
    segment_length,
)

NAMES = ("d_h_0", "d_W_xh", "d_W_hh", "d_b_h")


def draw(T, B=2, D=3, H=4, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    weights = init_rnn_weights(D, H, rng, dtype=dtype)
    xs, h_0 = rng.standard_normal((T, B, D)).astype(dtype), rng.normal(0, 0.5, (B, H))
    return xs, h_0.astype(dtype), weights, rng.standard_normal((T, B, H)).astype(dtype)


def squares(wanted):
    """Give a loss that looks at every state: half the squared distance from `wanted`."""

    def segment_loss(start, hs):
        error = hs - wanted[start : start + len(hs)]
        return 0.5 * (error**2).sum(), error

    return segment_loss


def both_ways(xs, h_0, weights, wanted, every=None, **options):
    mask, activation = options.get("mask"), options.get("activation", "tanh")
    sequence = rnn_sequence(xs, h_0, weights, mask, activation)
    loss, d_hs = squares(wanted)(0, sequence.hs)
    straight = rnn_sequence_backward(d_hs, sequence, weights)
    kept = rnn_checkpoints(xs, h_0, weights, every, **options)
    return sequence, loss, straight, kept, rnn_checkpointed_backward(squares(wanted), kept, weights)


def hold_equal(loss, straight, again):
    assert again.loss == pytest.approx(loss)
    for name in NAMES:
        ours, theirs = getattr(again, name), getattr(straight, name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * max(1, abs(theirs).max()))


@settings(max_examples=30, deadline=None)
@given(T=st.integers(1, 12), every=st.one_of(st.none(), st.integers(1, 13)), B=st.integers(1, 3))
def test_equal_to_keeping_all_states(T, every, B):
    xs, h_0, weights, wanted = draw(T, B)
    sequence, loss, straight, kept, again = both_ways(xs, h_0, weights, wanted, every)
    hold_equal(loss, straight, again)
    step = every or segment_length(T)
    assert kept.every == step
    assert len(kept.states) == -(-T // step)
    before = np.concatenate([h_0[None], sequence.hs])
    np.testing.assert_allclose(kept.states, before[:T:step], atol=1e-14)
    np.testing.assert_allclose(kept.last_state, sequence.hs[-1], atol=1e-14)


@pytest.mark.parametrize("activation", RNN_ACTIVATIONS)
def test_masks_and_activations(activation):
    xs, h_0, weights, wanted = draw(7, B=3)
    mask = np.arange(7)[:, None] < np.array([7, 4, 1])
    _, loss, straight, _, again = both_ways(
        xs, h_0, weights, wanted, 3, mask=mask.astype(float), activation=activation
    )
    hold_equal(loss, straight, again)


def test_indices_and_a_start_of_zeros():
    _, _, weights, wanted = draw(9)
    indices = np.random.default_rng(1).integers(0, 3, (9, 2))
    _, loss, straight, kept, again = both_ways(indices, None, weights, wanted)
    hold_equal(loss, straight, again)
    assert not kept.states[0].any()


def test_the_loss_is_asked_once_for_every_segment_from_the_end():
    xs, h_0, weights, wanted = draw(10)
    asked = []

    def segment_loss(start, hs):
        asked.append((start, len(hs)))
        return squares(wanted)(start, hs)

    rnn_checkpointed_backward(segment_loss, rnn_checkpoints(xs, h_0, weights, 4), weights)
    assert asked == [(8, 2), (4, 4), (0, 4)]


def test_takes_less_memory_and_stays_float32():
    xs, h_0, weights, wanted = draw(400, B=16, D=4, H=64, dtype=np.float32)

    def keep_all():
        sequence = rnn_sequence(xs, h_0, weights)
        return rnn_sequence_backward(squares(wanted)(0, sequence.hs)[1], sequence, weights)

    def keep_few():
        kept = rnn_checkpoints(xs, h_0, weights)
        return rnn_checkpointed_backward(squares(wanted), kept, weights)

    assert peak_bytes(keep_few) < peak_bytes(keep_all) / 5
    again = keep_few()
    assert {getattr(again, name).dtype for name in NAMES} == {np.dtype(np.float32)}


def test_segments_of_the_root_keep_the_fewest_states():
    for T in range(1, 200):
        states = {every: -(-T // every) + every for every in range(1, T + 1)}
        assert states[segment_length(T)] == min(states.values())


def test_nothing_that_came_in_is_changed():
    xs, h_0, weights, wanted = draw(6)
    d_seen = []

    def segment_loss(start, hs):
        loss, d_hs = squares(wanted)(start, hs)
        d_seen.append((d_hs, d_hs.copy()))
        return loss, d_hs

    before = [array.copy() for array in (xs, h_0, *weights)]
    rnn_checkpointed_backward(segment_loss, rnn_checkpoints(xs, h_0, weights, 2), weights)
    for old, new in zip(before, (xs, h_0, *weights), strict=True):
        np.testing.assert_array_equal(old, new)
    for given_array, copy in d_seen:
        np.testing.assert_array_equal(given_array, copy)


def test_errors_name_what_was_given():
    xs, h_0, weights, _ = draw(6)
    with pytest.raises(ValueError, match="every is 0"):
        rnn_checkpoints(xs, h_0, weights, 0)
    with pytest.raises(ValueError, match=r"h_0 has shape \(1, 4\)"):
        rnn_checkpoints(xs, h_0[:1], weights)
    with pytest.raises(ValueError, match="T is 0"):
        segment_length(0)
    kept = rnn_checkpoints(xs, h_0, weights, 3)
    with pytest.raises(ValueError, match=r"d_hs has shape \(2, 2, 4\)"):
        rnn_checkpointed_backward(lambda start, hs: (0.0, hs[1:]), kept, weights)
