"""Weights that go to torch and back keep every number, and the networks stay the same."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.cells import (
    GRUWeights,
    LSTMWeights,
    RNNWeights,
    gru_step,
    lstm_step,
    rnn_step,
)
from utils.interop import from_torch, to_torch

KINDS = {
    torch.nn.RNN: (RNNWeights, 1),
    torch.nn.LSTM: (LSTMWeights, 4),
    torch.nn.GRU: (GRUWeights, 3),
}
SIZES = st.integers(1, 5)
modules = pytest.mark.parametrize("module", KINDS)


def draw(module, D=3, H=4, dtype=np.float64, seed=0):
    kind, blocks = KINDS[module]
    rng = np.random.default_rng(seed)
    shapes = [(D, blocks * H), (H, blocks * H), (blocks * H,), (H,)][: len(kind._fields)]
    return kind(*(rng.normal(size=shape).astype(dtype) for shape in shapes))


def run_ours(weights, xs, module=None):
    h = np.zeros((xs.shape[1], weights[1].shape[0]), xs.dtype)
    c, hs = h, []
    for x_t in xs:
        if isinstance(weights, LSTMWeights):
            *_, c, h = lstm_step(x_t, h, c, weights)
        elif isinstance(weights, GRUWeights):
            h = gru_step(x_t, h, weights).h_t
        else:
            h = rnn_step(x_t, h, weights, getattr(module, "nonlinearity", "tanh"))
        hs.append(h)
    return np.stack(hs)


@modules
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip_from_our_side_is_exact(module, dtype):
    weights = draw(module, dtype=dtype)
    back = from_torch(to_torch(weights))
    assert type(back) is type(weights)
    for name, array in weights._asdict().items():
        assert getattr(back, name).dtype == dtype
        assert np.array_equal(getattr(back, name), array), name


@given(st.sampled_from(list(KINDS)), SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_the_built_module_is_the_same_network(module, T, B, D, H, seed):
    weights = draw(module, D, H, seed=seed)
    xs = np.random.default_rng(seed).normal(size=(T, B, D))
    with torch.no_grad():
        theirs, _ = to_torch(weights)(torch.tensor(xs))
    np.testing.assert_allclose(run_ours(weights, xs), theirs, rtol=0, atol=1e-10)


@modules
@pytest.mark.parametrize("bias", [True, False])
def test_every_layer_and_direction_of_a_module_can_be_read(module, bias):
    torch.manual_seed(0)
    deep = module(3, 4, 2, bias=bias, bidirectional=True, dtype=torch.float64)
    xs = torch.randn(5, 2, 3, dtype=torch.float64)
    with torch.no_grad():
        theirs = deep(xs)[0].numpy()
    layer_input = xs.numpy()
    for layer in (0, 1):
        forward = run_ours(from_torch(deep, layer), layer_input)
        backward = run_ours(from_torch(deep, layer, reverse=True), layer_input[::-1])[::-1]
        layer_input = np.concatenate([forward, backward], axis=-1)
    np.testing.assert_allclose(layer_input, theirs, rtol=0, atol=1e-10)


def test_relu_and_batch_first_are_passed_on():
    weights = draw(torch.nn.RNN)
    module = to_torch(weights, nonlinearity="relu", batch_first=True)
    xs = np.random.default_rng(1).normal(size=(5, 2, 3))
    with torch.no_grad():
        theirs = module(torch.tensor(xs).transpose(0, 1))[0].transpose(0, 1).numpy()
    np.testing.assert_allclose(run_ours(weights, xs, module), theirs, rtol=0, atol=1e-10)


@modules
def test_nothing_is_shared_and_nothing_is_changed(module):
    weights = draw(module)
    built = to_torch(weights)
    before = [array.copy() for array in weights]
    with torch.no_grad():
        for parameter in built.parameters():
            parameter += 1
    assert all(np.array_equal(a, b) for a, b in zip(before, weights, strict=True))
    read = from_torch(built)
    read[0][:] = 0
    assert built.weight_ih_l0.detach().numpy().any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: to_torch((1, 2)), "weights is a tuple; expected RNNWeights"),
        (lambda: to_torch(draw(torch.nn.GRU), num_layers=2), "num_layers would change the weights"),
        (
            lambda: to_torch(draw(torch.nn.LSTM)._replace(b=np.zeros(4))),
            r"b has shape \(4,\); expected \(4H,\) = \(16,\)",
        ),
        (lambda: from_torch(torch.nn.Linear(2, 3)), "module is a Linear; expected nn.RNN"),
        (lambda: from_torch(torch.nn.GRU(2, 3), 1), "layer is 1; the module has layers 0 to 0"),
        (lambda: from_torch(torch.nn.GRU(2, 3), reverse=True), "reads in one direction only"),
        (lambda: from_torch(torch.nn.LSTM(2, 3, proj_size=2)), "proj_size is 2"),
    ],
)
def test_what_cannot_be_moved_is_told(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
