"""The fast plain RNN: equal to its cell in a loop, to torch, and to nudging."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import sequences
from utils.cells import RNN_ACTIVATIONS, RNNWeights
from utils.sequence import inputs, rnn_sequence

SIZES = st.integers(1, 5)
KINDS = {
    activation: sequences.Kind("rnn", RNNWeights, 1, ("h_0",), {"activation": activation})
    for activation in RNN_ACTIVATIONS
}
TANH = KINDS["tanh"]


@pytest.mark.parametrize("activation", RNN_ACTIVATIONS)
@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_rnn_equals_its_cell_in_a_loop(activation, T, B, D, H, seed):
    sequences.check_against_the_loop(KINDS[activation], T, B, D, H, seed)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_rnn_equals_torch(activation, T, B, D, H, seed):
    kind = KINDS[activation]
    sequences.check_against_torch(kind, T, B, D, H, seed, nonlinearity=activation)


@pytest.mark.parametrize("few", [inputs.FEW, 0])  # by a product, by bringing rows together
def test_rnn_of_indices_equals_that_of_one_hot_vectors(few, monkeypatch):
    monkeypatch.setattr(inputs, "FEW", few)
    sequences.check_indices(TANH)


@pytest.mark.parametrize("activation", RNN_ACTIVATIONS)
def test_rnn_with_a_mask_is_each_sequence_at_its_own_length(activation):
    sequences.check_lengths(KINDS[activation])


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("B", [1, 3])
def test_rnn_gradients_with_a_mask_agree_with_nudging(activation, B):
    sequences.check_nudging(KINDS[activation], B=B)


@pytest.mark.parametrize("activation", RNN_ACTIVATIONS)
def test_rnn_leaves_its_inputs_alone_and_keeps_its_number_type(activation):
    sequences.check_number_types_and_inputs(KINDS[activation])


def test_rnn_over_several_stretches():
    sequences.check_long(TANH)


def test_bad_input_is_told_in_one_line():
    sequences.check_refusals(TANH)
    given_, weights, _ = TANH.draw()
    with pytest.raises(ValueError, match="activation is 'sin'; expected one of 'tanh', 'relu'"):
        rnn_sequence(*given_.values(), weights, activation="sin")


def test_states_before_and_after_share_their_memory():
    given_, weights, _ = TANH.draw()
    done = TANH.run(given_, weights)
    assert np.array_equal(done.h_0, given_["h_0"])
    assert np.shares_memory(done.h_prevs[1:], done.hs[:-1])
    assert np.array_equal(done.h_prevs[1:], done.hs[:-1])


@given(st.integers(1, 60), st.integers(1, 70000))
def test_stretches_cover_every_step_once_from_the_end(T, size):
    parts = list(inputs.stretches(T, size))
    steps = [t for part in parts for t in reversed(range(T)[part])]
    assert steps == list(reversed(range(T)))
    longest = max(part.stop - part.start for part in parts)
    assert longest == 1 or longest * size <= inputs.IN_CACHE
