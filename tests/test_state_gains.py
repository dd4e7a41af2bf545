"""Gains of gated cells: against nudging, torch's autograd, and what can be said on paper."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.activations import sigmoid
from utils.cells import (
    LSTM_VARIANTS,
    GRUWeights,
    LSTMWeights,
    gru_step,
    init_gru_weights,
    init_lstm_weights,
    init_rnn_weights,
    init_variant_weights,
    lstm_step,
    lstm_variant_step,
)
from utils.jacobians import backward_gains
from utils.sequence import gru_sequence, lstm_sequence, lstm_variant_sequence, rnn_sequence
from utils.state_gains import cell_line_gains, state_gains

T, B, D, H = 5, 2, 3, 4
MASK = np.array([[0, 1], [1, 1], [0, 0], [1, 0], [0, 1]])  # each case, also at the ends


def run(cell, masked=False, reset_after=True, dtype=np.float64, steps=T):
    """Return a sequence with weights that are large enough for all terms to count."""
    rng = np.random.default_rng(3)
    init = {"rnn": init_rnn_weights, "lstm": init_lstm_weights, "gru": init_gru_weights}[cell]
    weights = init(D, H, rng)
    weights = weights._make((1.5 * rng.standard_normal(a.shape)).astype(dtype) for a in weights)
    xs = rng.standard_normal((steps, B, D)).astype(dtype)
    h_0, c_0 = rng.standard_normal((2, B, H)).astype(dtype)
    mask = MASK if masked else None
    if cell == "lstm":
        return lstm_sequence(xs, h_0, c_0, weights, mask), weights
    if cell == "gru":
        return gru_sequence(xs, h_0, weights, mask, reset_after), weights
    return rnn_sequence(xs, h_0, weights, mask), weights


def states(sequence):
    """Return the state before the first step and after each: (T + 1, B, S)."""
    parts = ["h", "c"] if hasattr(sequence, "cs") else ["h"]
    before = [getattr(sequence, f"{p}_prevs")[:1] for p in parts]
    after = [getattr(sequence, f"{p}s") for p in parts]
    pairs = zip(before, after, strict=True)
    return np.concatenate([np.concatenate(pair) for pair in pairs], axis=-1)


def advance(sequence, weights, state, t):
    """Make the steps after t from another state (B, S), with the readable cells."""
    for k in range(t, len(sequence.xs)):
        x_t = sequence.xs[k]
        if isinstance(weights, LSTMWeights):
            variant = getattr(sequence, "variant", None)
            step, options = (lstm_variant_step, (variant,)) if variant else (lstm_step, ())
            done = step(x_t, *np.split(state, 2, axis=1), weights, *options)
            new = np.concatenate([done.h_t, done.c_t], axis=1)
        else:
            new = gru_step(x_t, state, weights, sequence.reset_after).h_t
        state = new if sequence.mask is None else np.where(sequence.mask[k] == 0, state, new)
    return state


def nudged(sequence, weights, t):
    """Return ∂s_T/∂s_t by central differences: (B, S, S), rows are what is changed."""
    start = states(sequence)[t]
    jacobian = np.empty((*start.shape, start.shape[1]))
    for j in range(start.shape[1]):
        nudge = np.zeros_like(start)
        nudge[:, j] = 1e-6
        further = advance(sequence, weights, start + nudge, t)
        less = advance(sequence, weights, start - nudge, t)
        jacobian[:, j] = (further - less) / 2e-6
    return jacobian


CASES = [("lstm", True), ("gru", True), ("gru", False)]


@pytest.mark.parametrize(("cell", "reset_after"), CASES)
@pytest.mark.parametrize("masked", [False, True])
def test_gains_equal_central_differences(cell, reset_after, masked):
    sequence, weights = run(cell, masked, reset_after)
    gains = state_gains(sequence, weights)
    assert gains.shape == (T + 1, B)
    for t in range(T + 1):
        jacobian = nudged(sequence, weights, t)
        norms = np.linalg.norm(jacobian, axis=(1, 2)) / np.sqrt(jacobian.shape[-1])
        np.testing.assert_allclose(10 ** gains[t], norms, rtol=1e-6)


def run_variant(variant, masked=False):
    """Return a variant's sequence, its weights small enough for linear parts to stay in reach."""
    rng = np.random.default_rng(4)
    weights = init_variant_weights(variant, D, H, rng, scale=0.7)
    weights = weights._replace(b=rng.standard_normal(len(weights.b)))
    xs, (h_0, c_0) = rng.standard_normal((T, B, D)), rng.standard_normal((2, B, H))
    mask = MASK if masked else None
    return lstm_variant_sequence(xs, h_0, c_0, weights, mask, variant), weights


@pytest.mark.parametrize("variant", LSTM_VARIANTS)
@pytest.mark.parametrize("masked", [False, True])
def test_gains_of_every_variant_equal_central_differences(variant, masked):
    sequence, weights = run_variant(variant, masked)
    gains = state_gains(sequence, weights)
    for t in range(T + 1):
        norms = np.linalg.norm(nudged(sequence, weights, t), axis=(1, 2)) / np.sqrt(2 * H)
        np.testing.assert_allclose(10 ** gains[t], norms, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("variant", LSTM_VARIANTS)
@pytest.mark.parametrize("masked", [False, True])
def test_the_cell_line_of_every_variant(variant, masked):
    """The total is ∂c_T/∂c_t and, where h_t is a function of c_t, what goes through it."""
    sequence, weights = run_variant(variant, masked)
    direct, total = cell_line_gains(sequence, weights)
    there = MASK[..., None] if masked else np.ones((T, B, 1))
    forget = sequence.forget_gate * (sequence.variant.memory == "cell")
    forget = np.where(there, forget, 1.0 * (sequence.variant.memory == "cell"))
    squash = {"tanh": np.tanh, "linear": np.array, "sigmoid": sigmoid}[sequence.variant.squash]
    into_h = np.zeros((B, H))  # h_0 is given
    for t in range(T + 1):
        path = np.prod(forget[t:], axis=0)
        root = np.sqrt(np.mean(path**2, axis=-1))
        np.testing.assert_allclose(10 ** direct[t], root, rtol=1e-12)
        jacobian = nudged(sequence, weights, t)[..., H:]  # (B, 2H, H): from h_t, then from c_t
        if t:
            c_t, o_t = sequence.cs[t - 1], sequence.output_gate[t - 1]
            slope = (squash(c_t + 1e-6) - squash(c_t - 1e-6)) / 2e-6
            into_h = np.where(there[t - 1], o_t * slope, into_h)
        from_c = jacobian[:, H:] + into_h[:, :, None] * jacobian[:, :H]
        norms = np.linalg.norm(from_c, axis=(1, 2)) / np.sqrt(H)
        np.testing.assert_allclose(10 ** total[t], norms, rtol=1e-6, atol=1e-9)


def test_the_variant_that_is_the_lstm():
    sequence, weights = run("lstm", masked=True)
    args = sequence.xs, sequence.h_prevs[0], sequence.c_prevs[0], weights, MASK
    again = lstm_variant_sequence(*args, "lstm")
    expected = state_gains(sequence, weights), *cell_line_gains(sequence, weights)
    found = state_gains(again, weights), *cell_line_gains(again, weights)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("last", ["h", "c"])
def test_a_gradient_may_start_at_one_half_of_the_state(last, masked):
    sequence, weights = run("lstm", masked)
    gains = state_gains(sequence, weights, last=last)
    columns = slice(0, H) if last == "h" else slice(H, 2 * H)
    for t in range(T + 1):
        norms = np.linalg.norm(nudged(sequence, weights, t)[..., columns], axis=(1, 2))
        np.testing.assert_allclose(10 ** gains[t], norms / np.sqrt(H), rtol=1e-6)


def torch_cell_jacobian(sequence, weights, t, b):
    """Return ∂c_T/∂c_t with h_t as what it is, o_t tanh(c_t), by automatic differentiation."""
    W_x, W_h, bias = (torch.tensor(a) for a in weights)
    xs = torch.tensor(sequence.xs[:, b])

    def last(c):
        h = torch.tensor(sequence.h_prevs[0, b])
        if t:
            h = torch.tensor(sequence.output_gate[t - 1, b]) * torch.tanh(c)
        for x in xs[t:]:
            i, f, g, o = (x @ W_x + h @ W_h + bias).chunk(4)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return c

    start = sequence.cs[t - 1, b] if t else sequence.c_prevs[0, b]
    return torch.autograd.functional.jacobian(last, torch.tensor(start)).numpy()


def test_both_paths_of_the_cell_line():
    sequence, weights = run("lstm")
    direct, total = cell_line_gains(sequence, weights)
    assert direct.shape == total.shape == (T + 1, B)
    np.testing.assert_allclose(direct[T], 0)
    np.testing.assert_allclose(total[T], 0, atol=1e-12)
    for t in range(T):
        path = np.prod(sequence.forget_gate[t:], axis=0)
        np.testing.assert_allclose(10 ** direct[t], np.sqrt(np.mean(path**2, axis=-1)), rtol=1e-12)
        for b in range(B):
            norm = np.linalg.norm(torch_cell_jacobian(sequence, weights, t, b)) / np.sqrt(H)
            np.testing.assert_allclose(10 ** total[t, b], norm, rtol=1e-10)


def test_where_h_is_cut_off_the_total_is_the_direct_path():
    """With W_h zero nothing comes back from h to the cell, and both are the product of gates."""
    sequence, weights = run("lstm")
    weights = weights._replace(W_h=np.zeros_like(weights.W_h))
    sequence = lstm_sequence(sequence.xs, None, None, weights)
    direct, total = cell_line_gains(sequence, weights)
    np.testing.assert_allclose(total, direct, atol=1e-12)
    assert direct[0].max() < -0.1


def test_a_masked_tail_changes_nothing():
    """Steps without an item hand the state on, so the gains are those of the shorter sequence."""
    sequence, weights = run("lstm")
    tail = np.concatenate([sequence.xs, np.ones((3, B, D))])
    mask = np.repeat([[1], [0]], [T, 3], axis=0) * np.ones((1, B))
    longer = lstm_sequence(tail, sequence.h_prevs[0], sequence.c_prevs[0], weights, mask)
    for measure in (state_gains, lambda *a: cell_line_gains(*a).total):
        short, long = measure(sequence, weights), measure(longer, weights)
        np.testing.assert_allclose(long[:T], short[:T], rtol=1e-10)
        np.testing.assert_allclose(long[T:], 0, atol=1e-12)
    direct = cell_line_gains(longer, weights).direct
    np.testing.assert_allclose(direct[:T], cell_line_gains(sequence, weights).direct[:T])
    np.testing.assert_allclose(direct[T:], 0)


def test_a_plain_rnn_gets_what_backward_gains_measures():
    sequence, weights = run("rnn")
    expected = backward_gains(sequence, weights, probes=None)
    np.testing.assert_array_equal(state_gains(sequence, weights), expected)


def test_logarithms_reach_beyond_the_range_of_floats():
    """Forget gates of e⁻⁵ over 2000 steps: e⁻¹⁰⁰⁰⁰, far below the smallest float."""
    zeros = LSTMWeights(np.zeros((1, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H))
    zeros.b[H : 2 * H] = -5
    sequence = lstm_sequence(np.zeros((2000, 1, 1)), None, None, zeros)
    per_step = -np.log10(1 + np.exp(5))
    for logs in cell_line_gains(sequence, zeros):
        np.testing.assert_allclose(logs[:, 0], per_step * np.arange(2000, -1, -1), atol=1e-8)
    # of the state, only its c half stays: half of the squares
    logs = state_gains(sequence, zeros, last="c")
    np.testing.assert_allclose(logs[0, 0], 2000 * per_step, atol=1e-6)
    # an update gate of 1 - e⁻⁵ keeps a GRU's state, from either side of the range
    gru = GRUWeights(np.zeros((1, 3 * H)), np.zeros((H, 3 * H)), np.zeros(3 * H), np.zeros(H))
    gru.b[H : 2 * H] = -5
    logs = state_gains(gru_sequence(np.zeros((2000, 1, 1)), None, gru), gru)
    np.testing.assert_allclose(logs[0, 0], 2000 * per_step, atol=1e-6)


def test_where_nothing_arrives_the_logarithm_is_minus_infinity():
    """A forget gate that is shut to the last bit, and no way through h."""
    weights = LSTMWeights(np.zeros((1, 4)), np.zeros((1, 4)), np.array([0, -1e4, 0, 0.0]))
    sequence = lstm_sequence(np.zeros((3, 1, 1)), None, None, weights)
    for logs in (state_gains(sequence, weights), *cell_line_gains(sequence, weights)):
        assert np.isneginf(logs[:3]).all()
        np.testing.assert_allclose(logs[3], 0, atol=1e-12)


@given(
    st.sampled_from(["lstm", "gru before", "gru after"]),
    *[st.integers(1, n) for n in (6, 3, 5)],
)
@settings(max_examples=25, deadline=None)
def test_all_sizes_and_number_types(cell, steps, batch, units):
    rng = np.random.default_rng(steps)
    xs = rng.integers(0, 2, (steps, batch))
    found = []
    for dtype in (np.float32, np.float64):
        if cell == "lstm":
            weights = init_lstm_weights(2, units, np.random.default_rng(0), dtype=dtype)
            sequence = lstm_sequence(xs, None, None, weights)
        else:
            weights = init_gru_weights(2, units, np.random.default_rng(0), dtype=dtype)
            sequence = gru_sequence(xs, None, weights, reset_after=cell == "gru after")
        found.append(state_gains(sequence, weights))
        assert found[-1].shape == (steps + 1, batch)
        assert found[-1].dtype == np.float64
        np.testing.assert_allclose(found[-1][-1], 0, atol=1e-12)
    np.testing.assert_allclose(*found, atol=1e-3)


def test_refusals():
    lstm, lstm_weights = run("lstm")
    gru, gru_weights = run("gru")
    rnn, rnn_weights = run("rnn")
    with pytest.raises(TypeError, match=r"weights is .*; expected LSTMWeights\(W_x, W_h, b\)"):
        state_gains(lstm, gru_weights)
    with pytest.raises(TypeError, match="expected GRUWeights"):
        state_gains(gru, lstm_weights)
    smaller = init_lstm_weights(D, H - 1, np.random.default_rng(0))
    with pytest.raises(
        ValueError, match=r"W_x has shape \(3, 12\); expected \(D, 4H\) = \(D, 16\)"
    ):
        cell_line_gains(lstm, smaller)
    for other in (gru, rnn, "lstm"):
        with pytest.raises(TypeError, match=r"sequence is .*; expected what one of the functions"):
            cell_line_gains(other, lstm_weights)
    with pytest.raises(TypeError, match="sequence is "):
        state_gains(None, lstm_weights)
    with pytest.raises(ValueError, match="last is 'o'; expected"):
        state_gains(lstm, lstm_weights, last="o")
    for sequence, weights in ((gru, gru_weights), (rnn, rnn_weights)):
        with pytest.raises(ValueError, match="last is 'c'; expected"):
            state_gains(sequence, weights, last="c")
