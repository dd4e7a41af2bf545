"""The four ways through a GRU: against torch's Jacobian, and each against the cell held fixed."""

import numpy as np
import pytest
import torch

from utils.cells import GRUWeights, gru_step, init_gru_weights
from utils.gru_paths import (
    direct_gains,
    flip_update_gate,
    gru_paths,
    pin_gates,
    reset_difference,
    run_gru_unit,
    state_difference,
)
from utils.jacobians import jacobian_products
from utils.sequence import gru_sequence
from utils.state_gains import state_gains


def drawn(D=3, H=4, seed=0):
    rng = np.random.default_rng(seed)
    weights = init_gru_weights(D, H, rng)
    weights.b[:], weights.b_hn[:] = rng.normal(0, 0.3, 3 * H), rng.normal(0, 0.3, H)
    return weights


def run(T=5, B=2, D=3, H=4, reset_after=True, mask=None):
    rng = np.random.default_rng(1)
    weights = drawn(D, H)
    xs, h_0 = rng.standard_normal((T, B, D)), rng.normal(0, 0.5, (B, H))
    return gru_sequence(xs, h_0, weights, mask=mask, reset_after=reset_after), weights


def torch_step(h, x, weights, reset_after, hold=()):
    """One step for one sample; what is named in `hold` does not see the change of h."""
    W_x, W_h, b, b_hn = (torch.tensor(array) for array in weights)
    H = len(b_hn)
    seen = {name: h.detach() if name in hold else h for name in ("blend", "z", "r", "n")}
    from_x = x @ W_x + b
    r = torch.sigmoid(from_x[:H] + seen["r"] @ W_h[:, :H])
    z = torch.sigmoid(from_x[H : 2 * H] + seen["z"] @ W_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[2 * H :] + r * (seen["n"] @ W_h[:, 2 * H :] + b_hn))
    else:
        n = torch.tanh(from_x[2 * H :] + (r * seen["n"]) @ W_h[:, 2 * H :])
    return (1 - z) * n + z * seen["blend"]


@pytest.mark.parametrize("reset_after", [True, False])
def test_each_path_is_what_torch_finds_with_the_others_held(reset_after):
    sequence, weights = run(reset_after=reset_after)
    paths = gru_paths(sequence, weights)
    ways = {"kept": "blend", "update": "z", "candidate": "n", "reset": "r"}
    t, b = 3, 1
    h, x = torch.tensor(sequence.h_prevs[t, b]), torch.tensor(sequence.xs[t, b])
    for name, way in ways.items():
        hold = set(ways.values()) - {way}
        found = torch.autograd.functional.jacobian(
            lambda h, hold=hold: torch_step(h, x, weights, reset_after, hold), h
        )
        np.testing.assert_allclose(getattr(paths, name)[t, b], found.numpy().T, atol=1e-12)
    whole = torch.autograd.functional.jacobian(lambda h: torch_step(h, x, weights, reset_after), h)
    np.testing.assert_allclose(paths.total[t, b], whole.numpy().T, atol=1e-12)


@pytest.mark.parametrize("reset_after", [True, False])
def test_products_of_the_total_are_the_gains(reset_after):
    sequence, weights = run(T=6, reset_after=reset_after)
    products = jacobian_products(gru_paths(sequence, weights).total)
    norms = np.linalg.norm(products, axis=(-2, -1)) / 2  # √H
    np.testing.assert_allclose(np.log10(norms), state_gains(sequence, weights), atol=1e-9)


def test_direct_gains_are_products_of_the_update_gate():
    sequence, _ = run(T=4)
    z = sequence.update_gate
    gains = direct_gains(sequence)
    assert gains.shape == (5, 2)
    np.testing.assert_array_equal(gains[4], 0)
    for t in range(4):
        product = np.prod(z[t:], axis=0)
        np.testing.assert_allclose(10 ** gains[t], np.sqrt((product**2).mean(axis=-1)))


def test_direct_gains_reach_where_floats_end():
    weights = drawn()
    weights.b[4:8] = -30.0  # z is about 1e-13
    sequence = gru_sequence(np.zeros((40, 1, 3)), None, weights)
    gains = direct_gains(sequence)
    assert np.isfinite(gains).all()
    assert gains[0, 0] < -400
    sequence.gates[:, 1] = 0
    assert np.isneginf(direct_gains(sequence)[:4]).all()


def test_flipped_weights_mean_the_same_in_the_other_convention():
    weights = drawn()
    flipped = flip_update_gate(weights)
    rng = np.random.default_rng(2)
    x_t, h_prev = rng.standard_normal((2, 3)), rng.normal(0, 0.5, (2, 4))
    ours, theirs = (gru_step(x_t, h_prev, w) for w in (weights, flipped))
    np.testing.assert_allclose(theirs.update_gate, 1 - ours.update_gate, atol=1e-15)
    z = theirs.update_gate
    np.testing.assert_allclose((1 - z) * h_prev + z * theirs.candidate, ours.h_t, atol=1e-15)
    again = flip_update_gate(flipped)
    assert all(np.array_equal(a, b) for a, b in zip(again, weights, strict=True))
    with pytest.raises(ValueError, match="W_x"):
        flip_update_gate(GRUWeights(np.ones((2, 5)), np.ones((2, 6)), np.ones(6), np.ones(2)))


def test_pinned_gates_stay_at_their_ends():
    weights = drawn()
    rng = np.random.default_rng(2)
    x_t, h_prev = 100 * rng.standard_normal((2, 3)), rng.normal(0, 0.5, (2, 4))
    free = gru_step(x_t, h_prev, weights)
    for end in (0, 1):
        values = gru_step(x_t, h_prev, pin_gates(weights, reset=end))
        np.testing.assert_allclose(values.reset_gate, end, atol=1e-15)
        np.testing.assert_array_equal(values.update_gate, free.update_gate)
        values = gru_step(x_t, h_prev, pin_gates(weights, update=end))
        np.testing.assert_allclose(values.update_gate, end, atol=1e-15)
        np.testing.assert_array_equal(values.candidate, free.candidate)
    kept = gru_step(x_t, h_prev, pin_gates(weights, update=1))
    np.testing.assert_array_equal(kept.h_t, h_prev)
    np.testing.assert_array_equal(gru_step(x_t, h_prev, weights).h_t, free.h_t)  # not changed
    with pytest.raises(ValueError, match=r"reset is 0\.5; expected 0 or 1"):
        pin_gates(weights, reset=0.5)


def test_state_difference_is_a_share():
    reference = np.array([[3.0, 4.0]])
    assert state_difference(1.1 * reference, reference) == pytest.approx(0.1)
    assert state_difference(reference, reference) == 0
    with pytest.raises(ValueError, match="hs has shape"):
        state_difference(np.ones(2), reference)


def test_one_unit_cannot_tell_where_the_reset_stands():
    assert reset_difference(1, seed=0) < 1e-12
    assert reset_difference(1, seed=0) != reset_difference(2, seed=0) > 0.01
    assert reset_difference(8, seed=0) != reset_difference(8, seed=1)


def test_unit_by_hand_is_the_cell_with_its_gates_pinned():
    rng = np.random.default_rng(3)
    xs, reset, update = rng.standard_normal(7), rng.random(7), rng.random(7)
    done = run_gru_unit(xs, reset, update, w_x=1.3, w_h=-0.8, h_0=0.4)
    logit = lambda p: np.log(p / (1 - p))  # noqa: E731
    h = np.array([[0.4]])
    for t in range(7):
        weights = GRUWeights(
            np.array([[0.0, 0.0, 1.3]]),
            np.array([[0.0, 0.0, -0.8]]),
            np.array([logit(reset[t]), logit(update[t]), 0.0]),
            np.zeros(1),
        )
        values = gru_step(xs[t : t + 1, None], h, weights)
        moved = [gru_step(xs[t : t + 1, None], h + e, weights).h_t for e in (1e-6, -1e-6)]
        h = values.h_t
        assert done.hs[t] == pytest.approx(h[0, 0])
        assert done.candidates[t] == pytest.approx(values.candidate[0, 0])
        assert done.total[t] == pytest.approx((moved[0] - moved[1])[0, 0] / 2e-6, abs=1e-8)
    np.testing.assert_allclose(done.left(2), [1, *np.cumprod(done.total[3:])])
    np.testing.assert_allclose(done.left(2, "kept"), [1, *np.cumprod(update[3:])])


def test_refusals():
    sequence, weights = run()
    with pytest.raises(TypeError, match="expected a GRUSequence"):
        direct_gains(3)
    with pytest.raises(ValueError, match="W_x has shape"):
        gru_paths(sequence, drawn(H=5))
    masked, _ = run(mask=np.ones((5, 2)))
    with pytest.raises(ValueError, match="sequence has a mask"):
        gru_paths(masked, weights)
    with pytest.raises(ValueError, match=r"reset holds values from 0 to 2"):
        run_gru_unit([1.0, 1.0], [0, 2.0], [0, 1.0])
