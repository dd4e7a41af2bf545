"""The chain of single neurons: against numerical derivatives, its bound, and the power of T."""

import numpy as np
import pytest

from utils.gradients import numerical_gradient
from utils.scalar_chain import compare_products, gradient_bound, run_chain

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "identity")


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_derivatives_equal_central_differences(activation):
    weights = np.array([1.3, 0.7 if "relu" in activation else -0.7, 0.9, 2.1])
    chain = run_chain(weights, 0.5, activation, bias=0.2)

    def last(a_0=0.5, w=weights):
        return run_chain(w, float(a_0), activation, bias=0.2).values[-1]

    by_input = numerical_gradient(lambda a: last(a_0=a[0]), np.array([0.5]))[0]
    assert 10 ** chain.logs[0] == pytest.approx(abs(by_input), rel=1e-6)
    by_weights = numerical_gradient(lambda w: last(w=w), weights)
    np.testing.assert_allclose(chain.d_weights, by_weights, atol=1e-9)
    np.testing.assert_allclose(10.0 ** chain.logs[0], np.abs(np.prod(chain.factors)), rtol=1e-12)
    assert chain.logs[-1] == 0
    np.testing.assert_allclose(np.diff(chain.logs), -np.log10(np.abs(chain.factors)), atol=1e-12)


def test_a_shared_weight_has_the_sum_of_the_derivatives():
    w = 1.4
    chain = run_chain(np.full(5, w), 0.3, "tanh", bias=-0.1)
    shared = numerical_gradient(
        lambda v: run_chain(np.full(5, v[0]), 0.3, "tanh", bias=-0.1).values[-1], np.array([w])
    )
    assert chain.d_weights.sum() == pytest.approx(shared[0], rel=1e-7)
    slopes = 1 - chain.values[1:] ** 2
    assert 10 ** chain.logs[0] == pytest.approx(w**5 * np.prod(slopes))


@pytest.mark.parametrize("w", [0.5, 2.0, 3.9, 4.0])
def test_the_bound_holds_and_is_reached_where_every_sum_is_zero(w):
    assert run_chain(np.full(30, w)).logs[0] <= np.log10(gradient_bound(w, 30)) + 1e-12
    centred = run_chain(np.full(30, w), 0.5, "sigmoid", bias=-w / 2)  # sigmoid(0) = 0.5
    np.testing.assert_array_equal(centred.sums, 0)
    assert centred.logs[0] == pytest.approx(np.log10(gradient_bound(w, 30)))


def test_bounds():
    assert gradient_bound(1.0, 2) == 0.0625
    assert gradient_bound(4.0, 50) == 1
    assert gradient_bound(0.5, 3, "tanh") == 0.125
    assert gradient_bound(1e10, 100, "relu") == np.inf


def test_dead_relu_leaves_nothing():
    chain = run_chain(np.array([1.0, -1.0, 1.0]), 0.5, "relu")
    np.testing.assert_array_equal(chain.logs[:2], -np.inf)
    np.testing.assert_array_equal(chain.d_weights[:2], 0)


def test_products_scatter_with_the_root_of_T_and_powers_with_T():
    made = compare_products(np.random.default_rng(0), 4000, 64)
    one_log = np.pi / (2 * np.sqrt(2)) / np.log(10)
    for T in (16, 64):
        assert made["own weights"][:, T].std() == pytest.approx(one_log * np.sqrt(T), rel=0.06)
        assert made["one weight"][:, T].std() == pytest.approx(one_log * T, rel=0.06)
    for logs in made.values():
        assert logs.shape == (4000, 65)
        np.testing.assert_array_equal(logs[:, 0], 0)
    np.testing.assert_allclose(
        np.diff(made["one weight"][0], 2), 0, atol=1e-10
    )  # a straight line for every weight


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: run_chain([]), ValueError, "weights has shape|weights is empty"),
        (lambda: run_chain([1.0], activation="cosine"), ValueError, "activation is 'cosine'"),
        (lambda: run_chain([1.0], a_0=np.nan), ValueError, "a_0 is nan"),
        (lambda: run_chain([1.0], bias="b"), TypeError, "bias is a str"),
        (lambda: gradient_bound(-1, 3), ValueError, "largest_weight is -1"),
        (lambda: gradient_bound(1, 0), ValueError, "T is 0"),
        (lambda: compare_products(1, 2, 3), TypeError, "rng is an int"),
        (lambda: compare_products(np.random.default_rng(0), 2, 3, 0), ValueError, "scale is 0"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
