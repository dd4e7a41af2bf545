"""Optimisers: equal to torch over many steps, in place, limits, bad input."""

import re
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.optim import SGD, Adam
from utils.validation import NotFiniteError


class Weights(NamedTuple):
    W: np.ndarray
    b: np.ndarray


class Gradients(NamedTuple):
    d_W: np.ndarray
    d_b: np.ndarray
    d_x: np.ndarray


PAIRS = [
    (lambda: SGD(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    (lambda: SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    (lambda: Adam(0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
    (
        lambda: Adam(0.3, beta1=0.5, beta2=0.7, epsilon=1e-3),
        lambda p: torch.optim.Adam(p, lr=0.3, betas=(0.5, 0.7), eps=1e-3),
    ),
]
names = ["sgd", "momentum", "adam", "adam with other settings"]
OURS = [ours for ours, _ in PAIRS]


def make(D=3, H=2, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return Weights(rng.standard_normal((D, H)).astype(dtype), rng.standard_normal(H).astype(dtype))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=names)
@given(D=st.integers(1, 4), H=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_equals_torch_over_many_steps(ours, theirs, D, H, seed):
    weights = make(D, H, seed)
    parameters = [torch.tensor(array.copy(), requires_grad=True) for array in weights]
    optimiser, reference = ours(), theirs(parameters)
    rng = np.random.default_rng(seed + 1)
    for _ in range(8):
        gradients = [rng.standard_normal(array.shape) for array in weights]
        optimiser.step(weights, {"d_W": gradients[0], "d_b": gradients[1]})
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = torch.tensor(gradient)
        reference.step()
    for array, parameter in zip(weights, parameters, strict=True):
        np.testing.assert_allclose(array, parameter.detach().numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("ours", OURS, ids=names)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_changes_weights_in_place_and_gradients_not(ours, dtype):
    weights = make(dtype=dtype)
    before = [array.copy() for array in weights]
    gradients = Gradients(np.ones((3, 2), dtype), np.ones(2, dtype), np.ones((7, 7)))
    optimiser = ours()
    for _ in range(3):
        assert optimiser.step(weights, gradients) is None
    for array, copy in zip(weights, before, strict=True):
        assert array.dtype == dtype
        assert (array < copy).all()  # downhill everywhere
    assert (gradients.d_W == 1).all()
    assert (gradients.d_b == 1).all()


def test_plain_step_by_hand():
    weights = {"w": np.array([1.0, 2.0])}
    SGD(0.5).step(weights, {"w": np.array([2.0, -2.0])})
    assert weights["w"].tolist() == [0, 3]


def test_momentum_by_hand():
    weights, optimiser = {"w": np.zeros(1)}, SGD(1.0, momentum=0.5)
    seen = []
    for _ in range(3):
        optimiser.step(weights, {"d_w": np.ones(1)})
        seen.append(float(weights["w"][0]))
    assert seen == [-1, -2.5, -4.25]


def test_first_step_of_adam_is_the_learning_rate_whatever_the_gradient():
    for size in (1e-3, 1.0, 1e3):
        weights = {"w": np.zeros(1)}
        Adam(0.01).step(weights, {"d_w": np.array([size])})
        assert weights["w"][0] == pytest.approx(-0.01, rel=1e-4)


@pytest.mark.parametrize("ours", OURS, ids=names)
def test_zero_gradient_changes_nothing_at_first(ours):
    weights = make()
    before = weights.W.copy()
    ours().step(weights, {"d_W": np.zeros((3, 2)), "d_b": np.zeros(2)})
    np.testing.assert_array_equal(weights.W, before)


@pytest.mark.parametrize("ours", OURS[:3], ids=names[:3])
def test_finds_the_bottom_of_a_bowl(ours):
    weights, optimiser = {"w": np.array([3.0, -2.0])}, ours()
    for _ in range(2000):
        optimiser.step(weights, {"d_w": weights["w"] * [1.0, 4.0]})
    np.testing.assert_allclose(weights["w"], 0, atol=1e-2)


@pytest.mark.parametrize("ours", OURS, ids=names)
def test_reset_forgets(ours):
    once, again = make(), make()
    optimiser = ours()
    optimiser.step(make(seed=5), {"d_W": np.full((3, 2), 9.0), "d_b": np.ones(2)})
    optimiser.reset()
    optimiser.step(once, {"d_W": np.ones((3, 2)), "d_b": np.ones(2)})
    ours().step(again, {"d_W": np.ones((3, 2)), "d_b": np.ones(2)})
    np.testing.assert_array_equal(once.W, again.W)


@pytest.mark.parametrize("ours", OURS, ids=names)
def test_learning_rate_can_be_changed_between_steps(ours):
    weights, optimiser = make(), ours()
    gradients = {"d_W": np.ones((3, 2)), "d_b": np.ones(2)}
    optimiser.step(weights, gradients)
    before = weights.W.copy()
    optimiser.learning_rate = 0.0
    optimiser.step(weights, gradients)
    np.testing.assert_array_equal(weights.W, before)


@pytest.mark.parametrize("ours", OURS, ids=names)
@pytest.mark.parametrize(
    ("weights", "gradients", "kind", "message"),
    [
        (
            {"W": np.ones(2), "b": np.ones(1)},
            {"d_W": np.ones(2)},
            ValueError,
            "gradients holds d_W; expected also d_b.",
        ),
        (
            {"W": np.ones(2), "b": np.ones(1)},
            {"d_W": np.ones(2), "d_b": np.ones(3)},
            ValueError,
            "d_b has shape (3,); expected (1,), the shape of b.",
        ),
        (
            {"W": np.ones(2), "b": np.ones(1)},
            {"d_W": np.ones(2), "d_b": np.array([np.nan])},
            NotFiniteError,
            "d_b holds 1 value that is NaN or infinite, at index (0,).",
        ),
        (
            {"W": np.ones(2), "b": np.array([np.inf])},
            {"d_W": np.ones(2), "d_b": np.ones(1)},
            NotFiniteError,
            "b holds 1 value that is NaN or infinite, at index (0,).",
        ),
        (
            {"W": np.ones(2), "b": np.ones(1, int)},
            {"d_W": np.ones(2), "d_b": np.ones(1)},
            TypeError,
            "b is an array of kind int64; expected float32 or float64 that can be changed in pla",
        ),
        (
            {"W": np.ones(2), "b": np.broadcast_to(1.0, 1)},
            {"d_W": np.ones(2), "d_b": np.ones(1)},
            TypeError,
            "b is an array of kind read-only; expected float32 or float64 that can be changed in",
        ),
        (
            {"W": np.ones(2), "b": [1.0]},
            {"d_W": np.ones(2), "d_b": np.ones(1)},
            TypeError,
            "b is a list; expected a float array that can be changed in place.",
        ),
    ],
)
def test_refusals_change_nothing(ours, weights, gradients, kind, message):
    weights = dict(weights, W=np.ones(2))
    optimiser = ours()
    with pytest.raises(kind, match="^" + re.escape(message)):
        optimiser.step(weights, gradients)
    assert (weights["W"] == 1).all()


@pytest.mark.parametrize("ours", OURS, ids=names)
def test_things_that_hold_no_arrays_by_name(ours):
    message = r"is a str; expected arrays by name, in a dict or a NamedTuple\.$"
    with pytest.raises(TypeError, match=r"^weights " + message):
        ours().step("abc", {})
    with pytest.raises(TypeError, match=r"^gradients " + message):
        ours().step({"W": np.ones(2)}, "abc")


@pytest.mark.parametrize("ours", OURS[1:], ids=names[1:])
def test_new_weights_want_a_new_optimiser(ours):
    optimiser = ours()
    optimiser.step({"W": np.ones(2)}, {"d_W": np.ones(2)})
    message = r"^W has shape \(3,\); expected \(2,\), as in the steps before\. Make a new optimi"
    with pytest.raises(ValueError, match=message):
        optimiser.step({"W": np.ones(3)}, {"d_W": np.ones(3)})


@pytest.mark.parametrize(
    ("make_it", "kind", "message"),
    [
        (lambda: SGD(0), ValueError, "learning_rate is 0; expected a number above 0."),
        (lambda: SGD("fast"), TypeError, "learning_rate is a str; expected a number above 0."),
        (
            lambda: SGD(0.1, momentum=1),
            ValueError,
            "momentum is 1; expected a number at least 0 and below 1.",
        ),
        (lambda: Adam(-1), ValueError, "learning_rate is -1; expected a number above 0."),
        (
            lambda: Adam(beta1=1),
            ValueError,
            "beta1 is 1; expected a number at least 0 and below 1.",
        ),
        (
            lambda: Adam(beta2=-0.1),
            ValueError,
            "beta2 is -0.1; expected a number at least 0 and below 1.",
        ),
        (lambda: Adam(epsilon=0), ValueError, "epsilon is 0; expected a number above 0."),
    ],
)
def test_bad_settings(make_it, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        make_it()


def test_settings_are_shown():
    assert repr(SGD(0.1, momentum=0.9)) == "SGD(learning_rate=0.1, momentum=0.9)"
