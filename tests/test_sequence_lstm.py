"""The fast LSTM: equal to its cell in a loop, to torch, and to nudging."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import sequences
from utils.cells import LSTMWeights, lstm_step
from utils.gradients import numerical_gradient, relative_error
from utils.sequence import inputs, lstm_sequence

SIZES = st.integers(1, 5)
LSTM = sequences.Kind("lstm", LSTMWeights, 4, ("h_0", "c_0"), {})


@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_lstm_equals_its_cell_in_a_loop(T, B, D, H, seed):
    sequences.check_against_the_loop(LSTM, T, B, D, H, seed)


@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_lstm_equals_torch(T, B, D, H, seed):
    sequences.check_against_torch(LSTM, T, B, D, H, seed)


@pytest.mark.parametrize("few", [inputs.FEW, 0])  # by a product, by bringing rows together
def test_lstm_of_indices_equals_that_of_one_hot_vectors(few, monkeypatch):
    monkeypatch.setattr(inputs, "FEW", few)
    sequences.check_indices(LSTM)


def test_lstm_with_a_mask_is_each_sequence_at_its_own_length():
    sequences.check_lengths(LSTM)


@pytest.mark.parametrize("B", [1, 3])
def test_lstm_gradients_with_a_mask_agree_with_nudging(B):
    sequences.check_nudging(LSTM, B=B)


def test_gradient_of_the_last_cell_state_with_a_mask_agrees_with_nudging():
    given_, weights, d_hs = LSTM.draw()
    d_last_c = np.random.default_rng(7).normal(size=(3, 5))
    mask = np.arange(4)[:, None] < np.array([4, 1, 2])
    back = LSTM.back(d_hs, LSTM.run(given_, weights, mask), weights, d_last_c=d_last_c)

    def loss(c_0):
        done = LSTM.run({**given_, "c_0": c_0}, weights, mask)
        return float((done.hs * d_hs).sum() + (done.cs[-1] * d_last_c).sum())

    assert relative_error(back.d_c_0, numerical_gradient(loss, given_["c_0"])) < 1e-7
    with pytest.raises(ValueError, match=r"d_last_c has shape \(3, 4\); expected \(B, H\)"):
        LSTM.back(d_hs, LSTM.run(given_, weights), weights, d_last_c=d_last_c[:, :4])


def test_gates_stand_under_their_names():
    given_, weights, _ = LSTM.draw()
    done = lstm_sequence(*given_.values(), weights)
    states = [(given_["h_0"], given_["c_0"])]
    for t, x_t in enumerate(given_["xs"]):
        step = lstm_step(x_t, *states[-1], weights)
        states.append((step.h_t, step.c_t))
        for name in ("input_gate", "forget_gate", "candidate", "output_gate"):
            np.testing.assert_allclose(getattr(done, name)[t], getattr(step, name), atol=1e-12)


def test_shut_input_gate_and_open_forget_gate_keep_the_cell_state_exactly():
    given_, weights, _ = LSTM.draw(T=50)
    b = weights.b.copy()
    b[:5], b[5:10] = -1e4, 1e4
    done = lstm_sequence(*given_.values(), weights._replace(b=b))
    assert np.array_equal(done.cs, np.broadcast_to(given_["c_0"], done.cs.shape))


def test_lstm_leaves_its_inputs_alone_and_keeps_its_number_type():
    sequences.check_number_types_and_inputs(LSTM)


def test_lstm_over_several_stretches():
    sequences.check_long(LSTM)


def test_bad_input_is_told_in_one_line():
    sequences.check_refusals(LSTM)
    given_, weights, _ = LSTM.draw()
    with pytest.raises(ValueError, match=r"c_0 has shape \(3, 4\); expected \(B, H\) = \(3, 5\)"):
        LSTM.run({**given_, "c_0": np.zeros((3, 4))}, weights)
    wrong = LSTMWeights(np.zeros((2, 18)), np.zeros((5, 18)), np.zeros(18))
    with pytest.raises(ValueError, match=r"W_h has shape \(5, 18\); expected \(H, 4H\) = \(5, 20"):
        LSTM.run(given_, wrong)
