"""The fast GRU, reset after and before: equal to its cell in a loop, to torch, and to nudging."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import sequences
from utils.cells import GRUWeights, gru_step
from utils.sequence import gru_sequence, inputs

SIZES = st.integers(1, 5)
AFTER, BEFORE = KINDS = [
    sequences.Kind("gru", GRUWeights, 3, ("h_0",), {"reset_after": after})
    for after in (True, False)
]
both = pytest.mark.parametrize("kind", KINDS, ids=["after", "before"])


@both
@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_gru_equals_its_cell_in_a_loop(kind, T, B, D, H, seed):
    sequences.check_against_the_loop(kind, T, B, D, H, seed)


@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_gru_with_reset_after_equals_torch(T, B, D, H, seed):
    sequences.check_against_torch(AFTER, T, B, D, H, seed)


@both
@pytest.mark.parametrize("few", [inputs.FEW, 0])  # by a product, by bringing rows together
def test_gru_of_indices_equals_that_of_one_hot_vectors(kind, few, monkeypatch):
    monkeypatch.setattr(inputs, "FEW", few)
    sequences.check_indices(kind)


@both
def test_gru_with_a_mask_is_each_sequence_at_its_own_length(kind):
    sequences.check_lengths(kind)


@both
@pytest.mark.parametrize("B", [1, 3])
def test_gru_gradients_with_a_mask_agree_with_nudging(kind, B):
    sequences.check_nudging(kind, B=B)


@both
def test_gates_stand_under_their_names(kind):
    given_, weights, _ = kind.draw()
    done, h_t = kind.run(given_, weights), given_["h_0"]
    for t, x_t in enumerate(given_["xs"]):
        step = gru_step(x_t, h_t, weights, **kind.options)
        h_t = step.h_t
        for name in ("reset_gate", "update_gate", "candidate"):
            np.testing.assert_allclose(getattr(done, name)[t], getattr(step, name), atol=1e-12)


@both
def test_open_update_gate_keeps_the_state_exactly(kind):
    given_, weights, _ = kind.draw(T=50)
    b = weights.b.copy()
    b[5:10] = 1e4
    done = gru_sequence(*given_.values(), weights._replace(b=b), **kind.options)
    np.testing.assert_allclose(done.hs, np.broadcast_to(given_["h_0"], done.hs.shape), atol=1e-13)


@both
def test_gru_leaves_its_inputs_alone_and_keeps_its_number_type(kind):
    sequences.check_number_types_and_inputs(kind)


@both
def test_gru_over_several_stretches(kind):
    sequences.check_long(kind)


@both
def test_bad_input_is_told_in_one_line(kind):
    sequences.check_refusals(kind)
    given_, _, _ = kind.draw()
    wrong = GRUWeights(np.zeros((2, 16)), np.zeros((5, 16)), np.zeros(16), np.zeros(5))
    with pytest.raises(ValueError, match=r"W_h has shape \(5, 16\); expected \(H, 3H\) = \(5, 15"):
        kind.run(given_, wrong)
