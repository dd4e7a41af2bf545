"""Activations: equal to torch forward and backward, slopes by differences, limits, bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils import activations as act

TORCH = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda z: torch.nn.functional.leaky_relu(z, 0.01),
    "identity": lambda z: z * 1,
}
NAMES = sorted(TORCH)
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)
arrays = shapes.flatmap(lambda s: hnp.arrays(np.float64, s, elements=st.floats(-50, 50)))


def test_every_activation_is_listed():
    assert sorted(act.ACTIVATIONS) == NAMES
    assert all(name == entry.name for name, entry in act.ACTIVATIONS.items())


@pytest.mark.parametrize("name", NAMES)
@given(z=arrays)
def test_equals_torch_forward_and_backward(name, z):
    entry = act.ACTIVATIONS[name]
    tensor = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    out = TORCH[name](tensor)
    out.sum().backward()
    np.testing.assert_allclose(entry.function(z), out.detach().numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(entry.derivative(z), tensor.grad.numpy(), rtol=0, atol=1e-10)
    assert np.shape(entry.function(z)) == np.shape(entry.derivative(z)) == z.shape


@pytest.mark.parametrize("name", NAMES)
def test_slope_is_the_central_difference(name):
    entry = act.ACTIVATIONS[name]
    z = np.linspace(-4, 4, 40)  # no point at the kink of ReLU
    measured = (entry.function(z + 1e-6) - entry.function(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(entry.derivative(z), measured, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_bound_of_the_slope_is_reached_and_not_passed(name):
    entry = act.ACTIVATIONS[name]
    z = np.linspace(-10, 10, 2001)  # holds 0
    assert entry.derivative(z).max() == pytest.approx(entry.derivative_bound, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_number_type_stays_and_input_is_not_changed(name, dtype):
    entry = act.ACTIVATIONS[name]
    z = np.linspace(-3, 3, 7, dtype=dtype)
    before = z.copy()
    for f in (entry.function, entry.derivative):
        out = f(z)
        assert out.dtype == dtype
        out += 1  # must not reach z
        np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_at_extremes(dtype):
    z = np.array([-1000, -50, 0, 50, 1000], dtype=dtype)
    np.testing.assert_allclose(act.sigmoid(z), [0, 0, 0.5, 1, 1], atol=1e-15)
    assert act.d_sigmoid(z)[[0, -1]].tolist() == [0, 0]
    big = np.finfo(dtype).max
    assert act.sigmoid(np.array([-big, big], dtype=dtype)).tolist() == [0, 1]


def test_known_values():
    assert act.sigmoid(0.0) == 0.5
    assert act.d_sigmoid(0.0) == 0.25
    assert act.d_tanh(0.0) == 1.0
    assert act.relu([-1, 0, 2]).tolist() == [0, 0, 2]
    assert act.d_relu([-1, 0, 2]).tolist() == [0, 0, 1]
    assert act.leaky_relu([-2, 3], slope=0.1).tolist() == [-0.2, 3]
    assert act.d_leaky_relu([-2, 0, 3], slope=0.1).tolist() == [0.1, 0.1, 1]
    assert act.leaky_relu([-2, 3], slope=0).tolist() == act.relu([-2, 3]).tolist()
    assert act.leaky_relu([-2, 3], slope=1).tolist() == [-2, 3]


FUNCTIONS = [f for e in act.ACTIVATIONS.values() for f in (e.function, e.derivative)]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("z", "kind", "message"),
    [
        ("abc", TypeError, r"^z is a str; expected an array of numbers\.$"),
        (None, TypeError, r"^z is None; expected an array of numbers\.$"),
        ([], ValueError, r"^z has shape \(0,\): it must hold at least one number\.$"),
        ([0, np.nan], ValueError, r"^z holds 1 value that is NaN or infinite, at index \(1,\)\.$"),
    ],
)
def test_bad_input(f, z, kind, message):
    with pytest.raises(kind, match=message):
        f(z)


@pytest.mark.parametrize("f", [act.leaky_relu, act.d_leaky_relu])
def test_bad_slope(f):
    with pytest.raises(ValueError, match=r"^slope is 2; expected a number at least 0 and at most"):
        f([1.0], slope=2)
