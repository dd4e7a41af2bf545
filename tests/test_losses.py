"""Losses: equal to torch forward and backward, differences, limits, dtype, bad input."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from utils import losses
from utils.activations import sigmoid
from utils.gradients import numerical_gradient

REDUCTIONS = ("mean", "sum")
shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
seeds = st.integers(0, 2**32 - 1)


def samples(shape):
    """Return how many samples an elementwise loss counts in an array of this shape."""
    return shape[0] if len(shape) == 1 else math.prod(shape[:-1])


def compare(value, slope, tensor_loss, tensor):
    tensor_loss.backward()
    np.testing.assert_allclose(value, tensor_loss.item(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(slope, tensor.grad.numpy(), rtol=0, atol=1e-10)


def leaf(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


# --- softmax ----------------------------------------------------------------------------------


@given(shapes, seeds)
def test_softmax_equals_torch_along_every_axis(shape, seed):
    z = 5 * np.random.default_rng(seed).standard_normal(shape)
    for axis in range(-len(shape), len(shape)):
        expected = torch.softmax(torch.tensor(z), dim=axis).numpy()
        np.testing.assert_allclose(losses.softmax(z, axis), expected, atol=1e-12)
        logs = torch.log_softmax(torch.tensor(z), dim=axis).numpy()
        np.testing.assert_allclose(losses.log_softmax(z, axis), logs, atol=1e-12)


def test_softmax_limits():
    np.testing.assert_allclose(losses.softmax(np.zeros(5)), 0.2)
    assert losses.softmax([1e4, 0, -1e4]).tolist() == [1, 0, 0]
    assert losses.log_softmax([1e4, 0, -1e4]).tolist() == [0, -1e4, -2e4]
    assert losses.softmax([[3.0]]).tolist() == [[1]]
    z = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(losses.softmax(z), losses.softmax(z + 100), rtol=1e-12)


@given(shapes, seeds)
def test_softmax_jacobian_equals_autograd(shape, seed):
    z = np.random.default_rng(seed).standard_normal(shape)
    got = losses.d_softmax(z).reshape(-1, shape[-1], shape[-1])
    for row, jacobian in zip(z.reshape(-1, shape[-1]), got, strict=True):
        expected = torch.autograd.functional.jacobian(
            lambda t: torch.softmax(t, dim=0), torch.tensor(row)
        )
        np.testing.assert_allclose(jacobian, expected.numpy(), atol=1e-12)


@pytest.mark.parametrize("axis", [2, -3, 0.5, None])
def test_softmax_axis_that_is_not_there(axis):
    with pytest.raises(ValueError, match=r"^axis is .*; logits of shape \(2, 3\) has no such axis"):
        losses.softmax(np.zeros((2, 3)), axis=axis)


# --- elementwise losses -----------------------------------------------------------------------


@pytest.mark.parametrize("reduction", REDUCTIONS)
@given(shape=shapes, seed=seeds)
def test_squared_error_equals_half_of_torch(reduction, shape, seed):
    rng = np.random.default_rng(seed)
    y_hat, y = rng.standard_normal(shape), rng.standard_normal(shape)
    tensor = leaf(y_hat)
    expected = 0.5 * F.mse_loss(tensor, torch.tensor(y), reduction="sum")
    expected = expected / (samples(shape) if reduction == "mean" else 1)
    value = losses.squared_error(y_hat, y, reduction)
    compare(value, losses.d_squared_error(y_hat, y, reduction), expected, tensor)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@given(shape=shapes, seed=seeds)
def test_binary_cross_entropy_equals_torch(reduction, shape, seed):
    rng = np.random.default_rng(seed)
    y_hat = rng.uniform(0.001, 0.999, shape)
    for y in (rng.integers(0, 2, shape), rng.uniform(0, 1, shape)):
        tensor = leaf(y_hat)
        target = torch.tensor(y, dtype=torch.float64)
        expected = F.binary_cross_entropy(tensor, target, reduction="sum")
        expected = expected / (samples(shape) if reduction == "mean" else 1)
        value = losses.binary_cross_entropy(y_hat, y, reduction)
        expected.backward()
        np.testing.assert_allclose(value, expected.item(), rtol=1e-12)
        slope = losses.d_binary_cross_entropy(y_hat, y, reduction)
        np.testing.assert_allclose(slope, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@given(shape=shapes, seed=seeds)
def test_sigmoid_binary_cross_entropy_equals_torch(reduction, shape, seed):
    rng = np.random.default_rng(seed)
    z, y = 10 * rng.standard_normal(shape), rng.integers(0, 2, shape)
    tensor = leaf(z)
    expected = F.binary_cross_entropy_with_logits(
        tensor, torch.tensor(y, dtype=torch.float64), reduction="sum"
    )
    expected = expected / (samples(shape) if reduction == "mean" else 1)
    value = losses.sigmoid_binary_cross_entropy(z, y, reduction)
    compare(value, losses.d_sigmoid_binary_cross_entropy(z, y, reduction), expected, tensor)


def test_mean_of_one_axis_and_of_two_agree_with_torch_as_it_is():
    rng = np.random.default_rng(0)
    y_hat, y = rng.uniform(0.1, 0.9, 6), rng.integers(0, 2, 6)
    expected = F.binary_cross_entropy(torch.tensor(y_hat), torch.tensor(y, dtype=torch.float64))
    for shape in [(6,), (6, 1), (2, 3, 1)]:
        value = losses.binary_cross_entropy(y_hat.reshape(shape), y.reshape(shape))
        assert value == pytest.approx(expected.item(), rel=1e-12)


def test_single_numbers_are_one_sample():
    assert losses.squared_error(3.0, 1.0) == 2
    assert losses.d_squared_error(3.0, 1.0) == 2
    assert losses.binary_cross_entropy(0.5, 1.0) == pytest.approx(math.log(2))


def test_probabilities_of_exactly_zero_and_one():
    """Right and certain costs nothing, wrong and certain costs infinity, without a warning."""
    y_hat, y = np.array([0.0, 1.0]), np.array([0.0, 1.0])
    assert losses.binary_cross_entropy(y_hat, y) == 0
    assert not np.signbit(losses.binary_cross_entropy(y_hat, y))
    assert losses.d_binary_cross_entropy(y_hat, y, "sum").tolist() == [1, -1]
    assert losses.binary_cross_entropy(y_hat, 1 - y) == np.inf
    assert losses.d_binary_cross_entropy(y_hat, 1 - y).tolist() == [-np.inf, np.inf]
    assert losses.cross_entropy([[0.0, 1.0]], [1]) == 0
    assert not np.signbit(losses.cross_entropy([[0.0, 1.0]], [1]))
    assert losses.cross_entropy([[0.0, 1.0]], [0]) == np.inf
    assert losses.d_cross_entropy([[0.0, 1.0]], [0]).tolist() == [[-np.inf, 0]]


def test_scores_far_out_stay_finite():
    z = np.array([-1000.0, 1000.0])
    assert losses.sigmoid_binary_cross_entropy(z, [0, 1], "sum") == 0
    assert losses.sigmoid_binary_cross_entropy(z, [1, 0], "sum") == 2000
    assert losses.d_sigmoid_binary_cross_entropy(z, [1, 0], "sum").tolist() == [-1, 1]
    assert losses.softmax_cross_entropy([[1000.0, -1000.0]], [1]) == 2000
    nothing = losses.softmax_cross_entropy([[1000.0, -1000.0]], [0])
    assert nothing == 0
    assert not np.signbit(nothing)
    assert losses.softmax_cross_entropy([[1e30, -1e30]], [1]) == 2e30
    assert losses.d_softmax_cross_entropy([[1000.0, -1000.0]], [1]).tolist() == [[1, -1]]


@given(shapes, seeds)
def test_scores_and_probabilities_give_the_same_loss(shape, seed):
    rng = np.random.default_rng(seed)
    z, y = rng.standard_normal(shape), rng.integers(0, 2, shape)
    np.testing.assert_allclose(
        losses.sigmoid_binary_cross_entropy(z, y),
        losses.binary_cross_entropy(sigmoid(z), y),
        rtol=1e-10,
    )
    targets = rng.integers(0, shape[-1], shape[:-1])
    np.testing.assert_allclose(
        losses.softmax_cross_entropy(z, targets),
        losses.cross_entropy(losses.softmax(z), targets),
        rtol=1e-10,
        atol=1e-14,
    )


# --- cross-entropy over classes ---------------------------------------------------------------


@pytest.mark.parametrize("reduction", REDUCTIONS)
@given(shape=shapes, seed=seeds)
def test_softmax_cross_entropy_equals_torch(reduction, shape, seed):
    rng = np.random.default_rng(seed)
    z = 5 * rng.standard_normal(shape)
    targets = rng.integers(0, shape[-1], shape[:-1])
    tensor = leaf(z)
    expected = F.cross_entropy(
        tensor.reshape(-1, shape[-1]), torch.tensor(targets).reshape(-1), reduction=reduction
    )
    value = losses.softmax_cross_entropy(z, targets, reduction)
    compare(value, losses.d_softmax_cross_entropy(z, targets, reduction), expected, tensor)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@given(shape=shapes, seed=seeds)
def test_cross_entropy_equals_torch(reduction, shape, seed):
    rng = np.random.default_rng(seed)
    p = losses.softmax(rng.standard_normal(shape))
    targets = rng.integers(0, shape[-1], shape[:-1])
    tensor = leaf(p)
    expected = F.nll_loss(
        tensor.log().reshape(-1, shape[-1]), torch.tensor(targets).reshape(-1), reduction=reduction
    )
    value = losses.cross_entropy(p, targets, reduction)
    compare(value, losses.d_cross_entropy(p, targets, reduction), expected, tensor)


def test_equal_scores_cost_ln_v():
    assert losses.softmax_cross_entropy(np.zeros((4, 3, 7)), np.zeros((4, 3), int)) == (
        pytest.approx(math.log(7))
    )
    assert losses.softmax_cross_entropy(np.zeros((4, 3, 7)), np.zeros((4, 3), int), "sum") == (
        pytest.approx(12 * math.log(7))
    )


def test_softmax_twice_cannot_come_below_its_floor():
    V = 5
    p = np.eye(V)[:1]
    floor = math.log(math.e + V - 1) - 1
    assert losses.softmax_cross_entropy(p, [0]) == pytest.approx(floor)


# --- derivatives by differences ---------------------------------------------------------------

Y = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
P = np.array([[0.2, 0.7, 0.1], [0.5, 0.4, 0.9]])
K = np.array([2, 0])
PAIRS = [
    (losses.squared_error, losses.d_squared_error, P, Y),
    (losses.binary_cross_entropy, losses.d_binary_cross_entropy, P, Y),
    (losses.sigmoid_binary_cross_entropy, losses.d_sigmoid_binary_cross_entropy, P, Y),
    (losses.cross_entropy, losses.d_cross_entropy, P, K),
    (losses.softmax_cross_entropy, losses.d_softmax_cross_entropy, P, K),
]
names = [f.__name__ for f, *_ in PAIRS]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("loss", "slope", "x", "y"), PAIRS, ids=names)
def test_slope_is_the_central_difference(loss, slope, x, y, reduction):
    measured = numerical_gradient(lambda a: loss(a, y, reduction), x)
    np.testing.assert_allclose(slope(x, y, reduction), measured, rtol=1e-7, atol=1e-8)


# --- number type, purity, bad input -----------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "slope", "x", "y"), PAIRS, ids=names)
def test_number_type_stays_and_nothing_is_changed(loss, slope, x, y, dtype):
    x, y = x.astype(dtype), y.copy()
    before = x.copy(), y.copy()
    for reduction in REDUCTIONS:
        assert loss(x, y, reduction).dtype == dtype
        assert slope(x, y, reduction).dtype == dtype
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])
    assert losses.softmax(x).dtype == losses.log_softmax(x).dtype == dtype
    assert losses.d_softmax(x).dtype == dtype


@pytest.mark.parametrize(("loss", "slope", "x", "y"), PAIRS, ids=names)
def test_unknown_reduction(loss, slope, x, y):
    for f in (loss, slope):
        with pytest.raises(ValueError, match=r"^reduction is 'avg'; expected one of 'mean', 'sum'"):
            f(x, y, "avg")


@pytest.mark.parametrize(("loss", "slope", "x", "y"), PAIRS, ids=names)
@pytest.mark.parametrize(
    ("bad", "kind", "message"),
    [
        ("abc", TypeError, "is a str; expected an array of numbers"),
        (np.full((2, 3), np.nan), ValueError, "holds 6 values that are NaN or infinite"),
        (np.zeros((0, 3)), ValueError, r"has shape \(0, 3\): "),
    ],
)
def test_bad_first_argument(loss, slope, x, y, bad, kind, message):
    for f in (loss, slope):
        with pytest.raises(kind, match=message):
            f(bad, y)


@pytest.mark.parametrize(("loss", "slope", "x", "y"), PAIRS[:3], ids=names[:3])
def test_targets_are_not_broadcast(loss, slope, x, y):
    for f in (loss, slope):
        with pytest.raises(ValueError, match=r"^y has shape \(3,\); expected \(2, 3\), the shape"):
            f(x, y[0])


@pytest.mark.parametrize(("loss", "slope", "x", "y"), PAIRS[3:], ids=names[3:])
@pytest.mark.parametrize(
    ("targets", "kind", "message"),
    [
        ([0, 3], ValueError, r"^targets holds 3 at index \(1,\); expected whole numbers from 0 "),
        ([0, -1], ValueError, r"^targets holds -1 at index \(1,\); expected whole numbers from 0 "),
        ([0.0, 1.0], TypeError, r"^targets holds float64 values; expected an array of whole num"),
        ([0], ValueError, r"^targets has shape \(1,\); expected \(2,\), the shape \(2, 3\) of "),
        ("ab", TypeError, r"^targets is a str; expected an array of whole numbers"),
    ],
)
def test_bad_targets(loss, slope, x, y, targets, kind, message):
    for f in (loss, slope):
        with pytest.raises(kind, match=message):
            f(x, targets)


@pytest.mark.parametrize("f", [losses.binary_cross_entropy, losses.d_binary_cross_entropy])
def test_probabilities_outside_their_range(f):
    with pytest.raises(ValueError, match=r"^y_hat holds 1.5; expected probabilities in \[0, 1\]"):
        f([1.5], [1])
    with pytest.raises(ValueError, match=r"^y holds -1; expected probabilities in \[0, 1\]"):
        f([0.5], [-1])


@pytest.mark.parametrize(
    "f", [losses.sigmoid_binary_cross_entropy, losses.d_sigmoid_binary_cross_entropy]
)
def test_targets_outside_their_range(f):
    with pytest.raises(ValueError, match=r"^y holds 2; expected probabilities in \[0, 1\]"):
        f([0.5], [2])


@pytest.mark.parametrize("f", [losses.cross_entropy, losses.d_cross_entropy])
def test_scores_given_where_probabilities_belong(f):
    with pytest.raises(ValueError, match=r"^y_hat holds -1; expected probabilities in \[0, 1\]"):
        f([[-1.0, 2.0]], [0])
