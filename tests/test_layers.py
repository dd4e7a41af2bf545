"""Linear, one-hot and embedding: equal to torch forward and backward, limits, bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils import layers
from utils.gradients import numerical_gradient

seeds = st.integers(0, 2**32 - 1)
leading = st.lists(st.integers(1, 4), min_size=0, max_size=3).map(tuple)
size = st.integers(1, 4)


def leaf(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


@given(leading, size, size, seeds)
def test_linear_equals_torch_forward_and_backward(axes, D, K, seed):
    rng = np.random.default_rng(seed)
    x, W, b = (rng.standard_normal(s) for s in [(*axes, D), (D, K), (K,)])
    d_y = rng.standard_normal((*axes, K))
    leaves = [leaf(x), leaf(W), leaf(b)]
    out = torch.nn.functional.linear(leaves[0], leaves[1].T, leaves[2])
    out.backward(torch.tensor(d_y))
    np.testing.assert_allclose(layers.linear(x, W, b), out.detach().numpy(), rtol=0, atol=1e-10)
    for gradient, tensor in zip(layers.linear_backward(d_y, x, W), leaves, strict=True):
        assert gradient.shape == tuple(tensor.shape)
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=0, atol=1e-10)


def test_linear_backward_equals_central_differences():
    rng = np.random.default_rng(0)
    arguments = [rng.standard_normal(s) for s in [(2, 3), (3, 4), (4,)]]
    d_y = rng.standard_normal((2, 4))
    for i, gradient in enumerate(layers.linear_backward(d_y, *arguments[:2])):
        measured = numerical_gradient(
            lambda a, i=i: (d_y * layers.linear(*arguments[:i], a, *arguments[i + 1 :])).sum(),
            arguments[i],
        )
        np.testing.assert_allclose(gradient, measured, rtol=1e-7, atol=1e-8)


@given(leading, st.integers(1, 6), seeds)
def test_one_hot_equals_torch(axes, V, seed):
    indices = np.random.default_rng(seed).integers(0, V, axes)
    expected = torch.nn.functional.one_hot(torch.tensor(indices), V).numpy()
    got = layers.one_hot(indices, V)
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == np.float64
    assert layers.one_hot(indices, V, dtype=np.float32).dtype == np.float32


@given(leading, st.integers(1, 6), size, seeds)
def test_embedding_equals_torch_and_the_product(axes, V, D, seed):
    rng = np.random.default_rng(seed)
    indices, W = rng.integers(0, V, axes), rng.standard_normal((V, D))
    d_x = rng.standard_normal((*axes, D))
    table = leaf(W)
    out = torch.nn.functional.embedding(torch.tensor(indices), table)
    out.backward(torch.tensor(d_x))
    got = layers.embedding(indices, W)
    np.testing.assert_array_equal(got, out.detach().numpy())
    np.testing.assert_allclose(got, layers.one_hot(indices, V) @ W, atol=1e-14)
    d_W = layers.embedding_backward(d_x, indices, V)
    np.testing.assert_allclose(d_W, table.grad.numpy(), rtol=0, atol=1e-10)


def test_rows_that_were_not_looked_up_get_no_gradient():
    d_W = layers.embedding_backward(np.ones((3, 2)), [0, 2, 2], V=4)
    assert d_W.tolist() == [[1, 1], [0, 0], [2, 2], [0, 0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_number_type_stays_and_nothing_is_changed(dtype):
    x, W, b = np.ones((2, 3), dtype), np.ones((3, 4), dtype), np.ones(4, dtype)
    y = layers.linear(x, W, b)
    assert y.dtype == dtype
    assert all(g.dtype == dtype for g in layers.linear_backward(y, x, W))
    rows = layers.embedding([0, 1], W)
    assert rows.dtype == layers.embedding_backward(rows, [0, 1], 3).dtype == dtype
    rows += 1  # must not reach W
    for array in (x, W, b):
        assert (array == 1).all()


@pytest.mark.parametrize(
    ("x", "W", "b", "kind", "message"),
    [
        ("abc", np.ones((3, 4)), np.ones(4), TypeError, r"^x is a str; expected an array of num"),
        (
            np.ones((2, 2)),
            np.ones((3, 4)),
            np.ones(4),
            ValueError,
            r"^x has shape \(2, 2\); expected \(\.\.\., D\) = \(\.\.\., 3\)\.$",
        ),
        (
            np.ones((2, 3)),
            np.ones((3, 4)),
            np.ones(3),
            ValueError,
            r"^b has shape \(3,\); expected \(K,\) = \(4,\)\.$",
        ),
        (np.ones((2, 3)), np.ones(3), np.ones(4), ValueError, r"^W has shape \(3,\); expected \(D"),
        (np.ones((0, 3)), np.ones((3, 4)), np.ones(4), ValueError, r"^x has shape \(0, 3\): every"),
        ([[np.nan] * 3], np.ones((3, 4)), np.ones(4), ValueError, "^x holds 3 values that are NaN"),
    ],
)
def test_bad_input_of_linear(x, W, b, kind, message):
    with pytest.raises(kind, match=message):
        layers.linear(x, W, b)


def test_bad_gradient_of_linear():
    message = r"^d_y has shape \(2, 3\); expected \(2, 4\), the shape of x W \+ b"
    with pytest.raises(ValueError, match=message):
        layers.linear_backward(np.ones((2, 3)), np.ones((2, 3)), np.ones((3, 4)))


@pytest.mark.parametrize(
    ("indices", "kind", "message"),
    [
        ([3], ValueError, r"^indices holds 3 at index \(0,\); expected whole numbers from 0 to V"),
        ([-1], ValueError, r"^indices holds -1 at index \(0,\); expected whole numbers from 0 to"),
        ([0.0], TypeError, "^indices holds float64 values; expected an array of whole numbers"),
        ([], ValueError, r"^indices has shape \(0,\): it must hold at least one number"),
        ("abc", TypeError, "^indices is a str; expected an array of whole numbers"),
    ],
)
def test_bad_indices(indices, kind, message):
    for f in (
        lambda: layers.one_hot(indices, 3),
        lambda: layers.embedding(indices, np.ones((3, 2))),
        lambda: layers.embedding_backward(np.ones((1, 2)), indices, 3),
    ):
        with pytest.raises(kind, match=message):
            f()


def test_other_bad_input():
    with pytest.raises(TypeError, match=r"^dtype is int64; expected float32 or float64"):
        layers.one_hot([0], 1, dtype=int)
    with pytest.raises(ValueError, match=r"^V is 0; expected a whole number of at least 1"):
        layers.one_hot([0], 0)
    with pytest.raises(ValueError, match=r"^W has shape \(3,\); expected \(V, D\)"):
        layers.embedding([0], np.ones(3))
    message = r"^d_x has shape \(3, 2\); expected the shape \(2,\) of indices and one axis more"
    with pytest.raises(ValueError, match=message):
        layers.embedding_backward(np.ones((3, 2)), [0, 1], 3)
