"""Counts of parameters are those of ``torch`` and of this course's own weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from utils.cells import init_gru_weights, init_lstm_weights, init_rnn_weights
from utils.parameter_counts import count_network

MODULES = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
small = st.integers(1, 9)


def numbers(module):
    return sum(array.numel() for array in module.parameters())


@given(st.sampled_from(sorted(MODULES)), small, small, st.integers(1, 3), st.booleans())
def test_as_torch_with_two_biases_and_with_none(cell, D, H, layers, bidirectional):
    for bias, biases in ((True, 2), (False, 0)):
        module = MODULES[cell](D, H, layers, bias=bias, bidirectional=bidirectional)
        count = count_network(cell, D, H, layers, bidirectional, biases=biases)
        assert count.total == numbers(module)


@given(small, st.integers(2, 9), st.integers(1, 3), st.booleans(), st.data())
def test_projected_as_torch(D, H, layers, bidirectional, data):
    P = data.draw(st.integers(1, H - 1))
    module = nn.LSTM(D, H, layers, bidirectional=bidirectional, proj_size=P)
    count = count_network("lstm", D, H, layers, bidirectional, P, biases=2)
    assert count.total == numbers(module)
    parts = {name: array.numel() for name, array in module.named_parameters()}
    for number, layer in enumerate(count.layers):
        assert layer.W_x == parts[f"weight_ih_l{number}"]
        assert layer.W_h == parts[f"weight_hh_l{number}"]
        assert layer.W_p == parts[f"weight_hr_l{number}"]
        assert layer.b == parts[f"bias_ih_l{number}"] + parts[f"bias_hh_l{number}"]


def test_one_bias_is_what_our_cells_have():
    rng = np.random.default_rng(0)
    for init, cell, extra in (
        (init_rnn_weights, "rnn", 0),
        (init_lstm_weights, "lstm", 0),
        (init_gru_weights, "gru", 5),  # b_hn, inside the reset gate
    ):
        ours = sum(array.size for array in init(3, 5, rng))
        assert count_network(cell, 3, 5).total == ours - extra


def test_formula():
    assert count_network("lstm", 10, 20).total == 4 * 20 * (10 + 20 + 1) == 2480
    second = count_network("lstm", 10, 20, layers=2, bidirectional=True).layers[1]
    assert (second.inputs, second.state) == (40, 20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cell": "cnn"}, "cell is 'cnn'"),
        ({"D": 0}, "D is 0"),
        ({"H": 0}, "H is 0"),
        ({"layers": 0}, "layers is 0"),
        ({"biases": 3}, "biases is 3; expected 0, 1 or 2"),
        ({"biases": -1}, "biases is -1"),
        ({"projection": 5}, "projection is 5; expected less than H = 5"),
        ({"projection": 0}, "projection is 0"),
        ({"cell": "gru", "projection": 2}, "projection is 2; expected none for the cell 'gru'"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        count_network(**{"cell": "lstm", "D": 3, "H": 5, **arguments})


def test_refuses_other_types():
    with pytest.raises(TypeError, match="bidirectional is an int"):
        count_network("lstm", 3, 5, bidirectional=1)
