"""Bidirectional and stacked layers: equal to torch, gradients by nudging, masks, dropout."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from utils.gradients import numerical_gradient, relative_error
from utils.interop import from_torch
from utils.layers.recurrent import (
    Layer,
    bidirectional,
    bidirectional_backward,
    init_layers,
    stacked,
    stacked_backward,
)

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
SIZES = st.integers(1, 4)
EXACT = {"rtol": 1e-10, "atol": 1e-10}
every_kind = pytest.mark.parametrize("kind", KINDS)
both = pytest.mark.parametrize("both_directions", [False, True])


def from_module(module):
    """Return the weights of all layers of a torch module."""
    directions = (False, True) if module.bidirectional else (False,)
    return tuple(
        Layer(*(from_torch(module, layer, reverse) for reverse in directions))
        for layer in range(module.num_layers)
    )


def expected_gradients(module):
    """Return torch's gradients under our names, by layer and direction."""
    found = {}
    for layer in range(module.num_layers):
        for direction in ("forward", "backward")[: 1 + module.bidirectional]:
            end = f"_l{layer}" + ("_reverse" if direction == "backward" else "")
            grad = {n: getattr(module, n + end).grad for n in ("weight_ih", "weight_hh", "bias_ih")}
            names = ("d_W_xh", "d_W_hh", "d_b_h") if isinstance(module, nn.RNN) else None
            names = names or ("d_W_x", "d_W_h", "d_b")
            arrays = (grad["weight_ih"].T, grad["weight_hh"].T, grad["bias_ih"])
            found |= {(layer, direction, n): a for n, a in zip(names, arrays, strict=True)}
    return found


@given(
    st.sampled_from(sorted(KINDS)),
    st.booleans(),
    SIZES,
    SIZES,
    SIZES,
    SIZES,
    SIZES,
    st.integers(0, 99),
)
def test_stacks_equal_torch(kind, both_directions, depth, T, B, D, H, seed):
    torch.manual_seed(seed)
    module = KINDS[kind](D, H, depth, bidirectional=both_directions, dtype=torch.float64)
    layers = from_module(module)
    xs = torch.randn(T, B, D, dtype=torch.float64, requires_grad=True)
    out, last = module(xs)
    d_hs = torch.randn(out.shape, dtype=torch.float64)
    (out * d_hs).sum().backward()

    run = stacked(xs.detach().numpy(), layers)
    np.testing.assert_allclose(run.hs, out.detach(), **EXACT)
    h_n = last[0] if kind == "lstm" else last
    ours = [cell.hs[-1] for layer in run.layers for cell in (layer.forward, layer.backward) if cell]
    np.testing.assert_allclose(ours, h_n.detach(), **EXACT)

    back = stacked_backward(d_hs.numpy(), run, layers)
    np.testing.assert_allclose(back.d_xs, xs.grad, **EXACT)
    for (layer, direction, name), gradient in expected_gradients(module).items():
        found = getattr(getattr(back.layers[layer], direction), name)
        np.testing.assert_allclose(found, gradient, err_msg=f"{layer} {direction} {name}", **EXACT)


@every_kind
def test_masked_layers_equal_packed_torch(kind):
    torch.manual_seed(0)
    T, lengths = 6, [6, 4, 1]
    module = KINDS[kind](3, 4, 2, bidirectional=True, dtype=torch.float64)
    xs = torch.randn(T, 3, 3, dtype=torch.float64)
    packed = nn.utils.rnn.pack_padded_sequence(xs, lengths)
    out, _ = nn.utils.rnn.pad_packed_sequence(module(packed)[0])
    mask = np.arange(T)[:, None] < np.array(lengths)
    run = stacked(xs.numpy(), from_module(module), mask=mask)
    np.testing.assert_allclose(run.hs[mask], out.detach().numpy()[mask], **EXACT)


@every_kind
@both
def test_summary_is_what_each_direction_knows_in_the_end(kind, both_directions):
    rng = np.random.default_rng(0)
    (layer,) = init_layers(3, 4, rng, kind, both_directions=both_directions)
    xs = rng.normal(size=(5, 2, 3))
    run = bidirectional(xs, layer)
    assert run.summary.shape == (2, layer.size)
    np.testing.assert_array_equal(run.summary[:, :4], run.hs[-1, :, :4])
    if both_directions:
        np.testing.assert_array_equal(run.summary[:, 4:], run.hs[0, :, 4:])
        changed = xs.copy()
        changed[0] += 1  # the backward half of hs[-1] has read the last item alone
        again = bidirectional(changed, layer)
        np.testing.assert_array_equal(again.hs[-1, :, 4:], run.hs[-1, :, 4:])
        assert np.abs(again.summary[:, 4:] - run.summary[:, 4:]).max() > 1e-3


@every_kind
@both
@pytest.mark.parametrize("residual", [False, True])
def test_gradients_with_dropout_and_residuals_agree_with_nudging(kind, both_directions, residual):
    rng = np.random.default_rng(0)
    layers = init_layers(3, 2, rng, kind, depth=3, both_directions=both_directions)
    xs = rng.normal(size=(4, 2, 3))
    mask = np.arange(4)[:, None] < np.array([4, 2])
    d_hs = rng.normal(size=(4, 2, layers[-1].size))

    def run():
        drop = np.random.default_rng(7)
        return stacked(xs, layers, mask=mask, dropout=0.4, rng=drop, residual=residual)

    done = run()
    back = stacked_backward(d_hs, done, layers)

    def loss_of(array):
        def loss(values):
            before = array.copy()
            array[...] = values
            found = float((run().hs * d_hs).sum())
            array[...] = before
            return found

        return loss

    measured = numerical_gradient(loss_of(xs), xs.copy())
    assert relative_error(back.d_xs, measured) < 1e-7
    for layer, found in zip(layers, back.layers, strict=True):
        for direction in ("forward", "backward")[: 1 + both_directions]:
            for name, array in getattr(layer, direction)._asdict().items():
                measured = numerical_gradient(loss_of(array), array.copy())
                ours = getattr(getattr(found, direction), f"d_{name}")
                assert relative_error(ours, measured) < 1e-6, (direction, name)


def test_dropout_keeps_the_mean_and_leaves_the_top_alone():
    rng = np.random.default_rng(0)
    layers = init_layers(3, 40, rng, "gru", depth=2)
    xs = rng.normal(size=(20, 8, 3))
    run = stacked(xs, layers, dropout=0.25, rng=np.random.default_rng(1))
    keep, top = run.keeps
    assert top is None
    assert set(np.unique(keep)) == {0.0, 1 / 0.75}
    assert abs(keep.mean() - 1) < 0.03
    assert stacked(xs, layers).keeps == (None, None)


def test_states_are_handed_on():
    rng = np.random.default_rng(0)
    for kind in KINDS:
        layers = init_layers(3, 4, rng, kind, depth=2)
        xs = rng.normal(size=(6, 2, 3))
        whole, first = stacked(xs, layers), stacked(xs[:2], layers)
        second = stacked(xs[2:], layers, [run.last_states for run in first.layers])
        np.testing.assert_allclose(second.hs, whole.hs[2:], **EXACT)


def test_bad_input_is_told_in_one_line():
    rng = np.random.default_rng(0)
    layers = init_layers(3, 4, rng, "lstm", depth=2)
    xs = rng.normal(size=(6, 2, 3))
    with pytest.raises(ValueError, match="layers is empty"):
        stacked(xs, ())
    with pytest.raises(ValueError, match="states has 1 entries; expected 2"):
        stacked(xs, layers, [(None, None)])
    with pytest.raises(TypeError, match="expected a tuple of two"):
        bidirectional(xs, layers[0], (np.zeros((2, 4)), None))
    with pytest.raises(TypeError, match=r"backward is .*; expected LSTMWeights"):
        bidirectional(xs, Layer(layers[0].forward, init_layers(3, 4, rng, "gru")[0].forward))
    with pytest.raises(ValueError, match="dropout is 1"):
        stacked(xs, layers, dropout=1.0, rng=rng)
    with pytest.raises(TypeError, match="rng"):
        stacked(xs, layers, dropout=0.5)
    with pytest.raises(ValueError, match=r"d_hs has shape \(6, 2, 3\)"):
        bidirectional_backward(xs, bidirectional(xs, layers[0]), layers[0])
    other = (layers[0], init_layers(4, 5, rng, "lstm")[0])
    with pytest.raises(ValueError, match="layer 1 reads 4 features and writes 5"):
        stacked(xs, other, residual=True)
    with pytest.raises(ValueError, match=r"xs has shape \(6, 2, 4\)"):
        stacked(xs, (layers[0], layers[0]))
