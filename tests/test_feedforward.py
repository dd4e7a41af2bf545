"""The network of two layers: equal to torch, gradients by differences, limits, bad input."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from utils import feedforward as ff
from utils.activations import ACTIVATIONS
from utils.gradients import check_gradients, numerical_gradient

SETTINGS = [
    (hidden, output, loss)
    for hidden in ("sigmoid", "tanh", "relu", "leaky_relu", "identity")
    for loss, outputs in ff.PAIRS.items()
    for output in outputs
]
sizes = st.tuples(*[st.integers(1, 4)] * 4)  # B, D, H, K
seeds = st.integers(0, 2**32 - 1)


def make(B, D, H, K, loss, seed=0):
    rng = np.random.default_rng(seed)
    weights = ff.TwoLayerWeights(
        *(rng.standard_normal(shape) for shape in [(D, H), (H,), (H, K), (K,)])
    )
    x = rng.standard_normal((B, D))
    y = rng.integers(0, K, B) if loss == "cross_entropy" else rng.integers(0, 2, (B, K)) * 1.0
    return x, y, weights


def in_torch(x, y, weights, hidden, output, loss, reduction):
    """Return values and gradients of every value, by autograd."""
    leaves = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in (x, *weights)]
    tx, W1, b1, W2, b2 = leaves
    slope = {"leaky_relu": lambda z: F.leaky_relu(z, 0.01), "identity": lambda z: z * 1}
    z1 = tx @ W1 + b1
    a1 = (slope.get(hidden) or getattr(torch, hidden))(z1)
    z2 = a1 @ W2 + b2
    y_hat = {
        "sigmoid": torch.sigmoid,
        "identity": lambda z: z * 1,
        "softmax": lambda z: torch.softmax(z, 1),
    }[output](z2)
    for value in (z1, a1, z2, y_hat):
        value.retain_grad()
    target = torch.tensor(y)
    if loss == "squared_error":
        total = 0.5 * ((y_hat - target) ** 2).sum()
    elif loss == "binary_cross_entropy":
        total = F.binary_cross_entropy_with_logits(z2, target, reduction="sum")
    else:
        total = F.cross_entropy(z2, target, reduction="sum")
    total = total / (len(x) if reduction == "mean" else 1)
    total.backward()
    gradients = [leaf.grad for leaf in (W1, b1, W2, b2, z1, a1, z2, tx)]
    return total, (z1, a1, z2, y_hat), gradients


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("hidden", "output", "loss"), SETTINGS)
def test_equals_torch_forward_and_backward(hidden, output, loss, reduction):
    x, y, weights = make(5, 2, 4, 3, loss)
    total, expected, slopes = in_torch(x, y, weights, hidden, output, loss, reduction)
    values = ff.two_layer_forward(x, weights, hidden, output)
    for got, tensor in zip(values, expected, strict=True):
        np.testing.assert_allclose(got, tensor.detach().numpy(), rtol=0, atol=1e-10)
    got = ff.two_layer_loss(values, y, output, loss, reduction)
    assert got == pytest.approx(total.item(), rel=1e-12)
    gradients = ff.two_layer_backward(x, y, values, weights, hidden, output, loss, reduction)
    for got, tensor in zip(gradients, slopes, strict=True):
        assert got.shape == tuple(tensor.shape)
        np.testing.assert_allclose(got, tensor.numpy(), rtol=0, atol=1e-10)


@given(sizes, seeds)
def test_all_sizes_down_to_one(sizes, seed):
    for loss in ff.PAIRS:
        output = ff.PAIRS[loss][0]
        x, y, weights = make(*sizes, loss, seed)
        total, _, slopes = in_torch(x, y, weights, "tanh", output, loss, "mean")
        values = ff.two_layer_forward(x, weights, "tanh", output)
        np.testing.assert_allclose(
            ff.two_layer_loss(values, y, output, loss), total.item(), rtol=1e-10, atol=1e-12
        )
        gradients = ff.two_layer_backward(x, y, values, weights, "tanh", output, loss)
        for got, tensor in zip(gradients, slopes, strict=True):
            np.testing.assert_allclose(got, tensor.numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("hidden", "output", "loss"), SETTINGS)
def test_gradients_equal_central_differences(hidden, output, loss):
    x, y, weights = make(5, 2, 4, 3, loss)

    def total(weights, x=x):
        return ff.two_layer_loss(ff.two_layer_forward(x, weights, hidden, output), y, output, loss)

    values = ff.two_layer_forward(x, weights, hidden, output)
    gradients = ff.two_layer_backward(x, y, values, weights, hidden, output, loss)
    report = check_gradients(total, weights, gradients)
    assert report.passed, str(report)
    measured = numerical_gradient(lambda x: total(weights, x), x)
    np.testing.assert_allclose(gradients.d_x, measured, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("identity", "squared_error"),
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "cross_entropy"),
    ],
)
def test_pairs_that_belong_together_start_from_prediction_minus_target(output, loss):
    x, y, weights = make(5, 2, 4, 3, loss)
    values = ff.two_layer_forward(x, weights, output=output)
    gradients = ff.two_layer_backward(
        x, y, values, weights, output=output, loss=loss, reduction="sum"
    )
    target = np.eye(3)[y] if loss == "cross_entropy" else y
    np.testing.assert_allclose(gradients.d_z2, values.y_hat - target, atol=1e-12)


def test_hidden_units_that_start_equal_stay_equal():
    weights = ff.init_two_layer_weights(2, 4, 1, np.random.default_rng(0), scale=0)
    x, y, _ = make(5, 2, 4, 1, "squared_error")
    gradients = ff.two_layer_backward(x, y, ff.two_layer_forward(x, weights), weights)
    assert np.ptp(gradients.d_W2) == 0
    assert np.ptp(gradients.d_W1, axis=1).max() == 0


def test_saturated_sigmoid_is_corrected_only_by_cross_entropy():
    """Sure and wrong: the squared error's slope is gone, the cross-entropy's is 1."""
    weights = ff.TwoLayerWeights(np.ones((1, 1)), np.zeros(1), np.zeros((1, 1)), np.full(1, 100.0))
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    values = ff.two_layer_forward(x, weights)
    squared = ff.two_layer_backward(x, y, values, weights, loss="squared_error")
    cross = ff.two_layer_backward(x, y, values, weights, loss="binary_cross_entropy")
    assert abs(squared.d_b2[0]) < 1e-15
    assert cross.d_b2[0] == 1
    assert ff.two_layer_loss(values, y, loss="binary_cross_entropy") == 100


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_number_type_stays_and_nothing_is_changed(dtype):
    for loss in ff.PAIRS:
        output = ff.PAIRS[loss][0]
        x, y, weights = make(5, 2, 4, 3, loss)
        x = x.astype(dtype)
        weights = ff.TwoLayerWeights(*(array.astype(dtype) for array in weights))
        before = [array.copy() for array in (x, y, *weights)]
        values = ff.two_layer_forward(x, weights, "leaky_relu", output)
        assert all(array.dtype == dtype for array in values)
        assert ff.two_layer_loss(values, y, output, loss).dtype == dtype
        gradients = ff.two_layer_backward(x, y, values, weights, "leaky_relu", output, loss)
        assert all(array.dtype == dtype for array in gradients)
        for array, copy in zip((x, y, *weights), before, strict=True):
            np.testing.assert_array_equal(array, copy)


def test_identity_leaves_values_apart():
    """With no activation a1 equals z1 but is an array of its own."""
    x, _, weights = make(5, 2, 4, 3, "squared_error")
    values = ff.two_layer_forward(x, weights, "identity", "identity")
    assert not np.shares_memory(values.z1, values.a1)
    assert not np.shares_memory(values.z2, values.y_hat)


def test_first_weights():
    weights = ff.init_two_layer_weights(100, 400, 200, np.random.default_rng(0))
    assert [a.shape for a in weights] == [(100, 400), (400,), (400, 200), (200,)]
    assert weights.W1.std() == pytest.approx(0.1, rel=0.02)
    assert weights.W2.std() == pytest.approx(0.05, rel=0.02)
    assert not weights.b1.any()
    assert not weights.b2.any()
    scaled = ff.init_two_layer_weights(
        100, 400, 200, np.random.default_rng(0), scale=2, dtype=np.float32
    )
    assert scaled.W1.std() == pytest.approx(2, rel=0.02)
    assert scaled.W2.std() == pytest.approx(2, rel=0.02)
    assert all(array.dtype == np.float32 for array in scaled)
    with pytest.raises(ValueError, match=r"^K is 0; expected a whole number of at least 1"):
        ff.init_two_layer_weights(2, 3, 0, np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"^rng is an int; expected a random generator"):
        ff.init_two_layer_weights(2, 3, 1, 0)
    with pytest.raises(ValueError, match=r"^scale is -1; expected a number at least 0"):
        ff.init_two_layer_weights(2, 3, 1, np.random.default_rng(0), scale=-1)
    with pytest.raises(TypeError, match=r"^dtype is int64; expected float32 or float64"):
        ff.init_two_layer_weights(2, 3, 1, np.random.default_rng(0), dtype=int)


X, Y, WEIGHTS = make(5, 2, 4, 3, "squared_error")
VALUES = ff.two_layer_forward(X, WEIGHTS)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"x": "abc"}, TypeError, "x is a str; expected an array of numbers of shape (B, D) = (B"),
        ({"x": X[:, :1]}, ValueError, "x has shape (5, 1); expected (B, D) = (B, 2)."),
        ({"x": X[:0]}, ValueError, "x has shape (0, 2): B must be at least 1."),
        ({"x": X * np.nan}, ValueError, "x holds 10 values that are NaN or infinite, the first"),
        ({"weights": "abc"}, TypeError, "weights is a str; expected TwoLayerWeights(W1, b1, W2,"),
        (
            {"weights": WEIGHTS._replace(b1=np.ones(3))},
            ValueError,
            "b1 has shape (3,); expected (H,) = (4,).",
        ),
        ({"hidden": "swish"}, ValueError, "hidden is 'swish'; expected one of 'sigmoid', 'tanh'"),
        ({"output": "relu"}, ValueError, "output is 'relu'; expected one of 'sigmoid', 'softmax'"),
    ],
)
def test_bad_input(change, kind, message):
    arguments = {"x": X, "weights": WEIGHTS} | change
    with pytest.raises(kind, match=r"^" + re.escape(message)):
        ff.two_layer_forward(**arguments)
    with pytest.raises(kind, match=r"^" + re.escape(message)):
        ff.two_layer_backward(y=Y, values=VALUES, **arguments)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"y": Y[:, 0]}, ValueError, "y has shape (5,); expected (5, 3), the shape of y_hat."),
        ({"values": (1, 2)}, TypeError, "values is a tuple of 2; expected TwoLayerValues(z1, a1"),
        ({"loss": "hinge"}, ValueError, "loss is 'hinge'; expected one of 'squared_error', "),
        (
            {"loss": "cross_entropy"},
            ValueError,
            "output is 'sigmoid'; the loss 'cross_entropy' can only follow 'softmax'.",
        ),
        ({"reduction": "avg"}, ValueError, "reduction is 'avg'; expected one of 'mean', 'sum'."),
    ],
)
def test_bad_input_of_loss_and_backward(change, kind, message):
    arguments = {"y": Y, "values": VALUES} | change
    with pytest.raises(kind, match=r"^" + re.escape(message)):
        ff.two_layer_loss(**arguments)
    with pytest.raises(kind, match=r"^" + re.escape(message)):
        ff.two_layer_backward(x=X, weights=WEIGHTS, **arguments)


def test_values_of_another_batch_are_refused():
    with pytest.raises(ValueError, match=r"^z1 has shape \(5, 4\); expected \(B, H\) = \(3, 4\)"):
        ff.two_layer_backward(X[:3], Y[:3], VALUES, WEIGHTS)


def test_every_activation_can_stand_in_the_hidden_layer():
    assert {hidden for hidden, *_ in SETTINGS} == set(ACTIVATIONS)
