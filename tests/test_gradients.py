"""Measuring gradients: central differences, relative error, the report, the V-shaped curve."""

import re
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import gradients as gr
from utils.activations import d_tanh, tanh


class Weights(NamedTuple):
    W: np.ndarray
    b: np.ndarray


X = np.array([[0.5, -1.0], [2.0, 0.3], [-0.7, 1.1]])
WEIGHTS = Weights(W=np.array([[0.4, -0.2], [0.1, 0.8]]), b=np.array([0.3, -0.6]))


def loss(weights):
    if isinstance(weights, dict):
        weights = Weights(**weights)
    return (tanh(X @ weights.W + weights.b) ** 2).sum()


def right_gradients():
    z = X @ WEIGHTS.W + WEIGHTS.b
    d_z = 2 * tanh(z) * d_tanh(z)
    return {"d_W": X.T @ d_z, "d_b": d_z.sum(axis=0)}


# --- numerical_gradient -----------------------------------------------------------------------


@given(st.lists(st.integers(1, 3), max_size=3), st.integers(0, 2**32 - 1))
def test_numerical_gradient_of_a_known_function(shape, seed):
    x = np.random.default_rng(seed).standard_normal(shape)
    got = gr.numerical_gradient(lambda a: (a**3).sum(), x)
    assert got.shape == x.shape
    np.testing.assert_allclose(got, 3 * x**2, rtol=1e-8, atol=1e-9)


def test_error_of_the_formula_is_of_second_order():
    """For x³ the central difference is off by exactly ε²."""
    for epsilon in (0.1, 0.01):
        got = gr.numerical_gradient(lambda a: a**3, 2.0, epsilon)
        assert got == pytest.approx(12 + epsilon**2, abs=1e-9)


def test_numerical_gradient_changes_nothing_and_shares_nothing():
    x = np.array([1.0, 2.0], dtype=np.float32)
    seen = []

    def f(a):
        seen.append(a)
        value = float((a**2).sum())
        a[:] = 99  # a careless function must not spoil the next entry
        return value

    got = gr.numerical_gradient(f, x)
    np.testing.assert_allclose(got, [2, 4], rtol=1e-7)
    assert got.dtype == np.float64
    assert x.tolist() == [1, 2]
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("f", "x", "epsilon", "kind", "message"),
    [
        (np.sum, "abc", 1e-5, TypeError, "x is a str; expected an array of numbers."),
        (np.sum, [], 1e-5, ValueError, "x has shape (0,): it must hold at least one number."),
        (np.sum, [np.nan], 1e-5, ValueError, "x holds 1 value that is NaN or infinite, at ind"),
        (np.sum, [1.0], 0, ValueError, "epsilon is 0; expected a number above 0."),
        (
            np.copy,
            [1.0, 2.0],
            1e-5,
            TypeError,
            "the function returned an array of shape (2,); expected one number.",
        ),
        (lambda a: None, [1.0], 1e-5, TypeError, "the function returned None; expected one numb"),
        (lambda a: "1.0", [1.0], 1e-5, TypeError, "the function returned a str; expected one num"),
        (
            lambda a: np.inf,
            [1.0],
            1e-5,
            ValueError,
            "the function returned inf; expected a finite number.",
        ),
    ],
)
def test_bad_input_of_numerical_gradient(f, x, epsilon, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        gr.numerical_gradient(f, x, epsilon)


# --- relative_error ---------------------------------------------------------------------------


def test_relative_error():
    assert gr.relative_error([1.0, 2.0], [1.0, 2.0]) == 0
    assert gr.relative_error([1.0, -2.0], [-1.0, 2.0]) == 2
    assert gr.relative_error([1.0, 2.0], [1.0, 1.0]) == 0.5
    assert gr.relative_error([0.0, 0.0], [0.0, 0.0]) == 0
    assert gr.relative_error(1e-300, 1e-300) == 0
    assert gr.relative_error([1e308, 0.0], [-1e308, 0.0]) == 2
    # a difference near zero does not count beside a large entry
    assert gr.relative_error([1.0, 1e-12], [1.0, -1e-12]) < 1e-11
    with pytest.raises(ValueError, match=r"^b has shape \(3,\); expected \(2,\), the shape of a"):
        gr.relative_error([1, 2], [1, 2, 3])


# --- check_gradients --------------------------------------------------------------------------


@pytest.mark.parametrize("as_dict", [True, False])
def test_right_gradients_pass(as_dict):
    weights = WEIGHTS._asdict() if as_dict else WEIGHTS
    report = gr.check_gradients(loss, weights, right_gradients())
    assert report.passed
    assert [row.name for row in report.rows] == ["W", "b"]
    assert [row.shape for row in report.rows] == [(2, 2), (2,)]
    assert all(row.relative_error < 1e-8 for row in report.rows)


def test_gradients_may_carry_the_name_of_the_weight_and_have_company():
    right = right_gradients()
    plain = {"W": right["d_W"], "b": right["d_b"], "d_x": np.ones(7)}
    assert gr.check_gradients(loss, WEIGHTS, plain).passed


def test_wrong_gradient_is_named_with_its_place_and_both_values():
    wrong = right_gradients()
    wrong["d_W"] = wrong["d_W"].copy()
    wrong["d_W"][1, 0] += 0.25
    report = gr.check_gradients(loss, WEIGHTS, wrong)
    assert not report.passed
    assert not report["W"].passed
    assert report["b"].passed
    row = report["W"]
    assert row.worst_index == (1, 0)
    assert row.largest_difference == pytest.approx(0.25, rel=1e-6)
    assert row.given - row.numerical == pytest.approx(0.25, rel=1e-6)
    assert "Not equal: W; at W[1, 0] the gradient is" in str(report)
    with pytest.raises(KeyError, match="'c' was not checked; there are W, b"):
        report["c"]


def test_small_errors_are_found_and_tolerance_is_kept():
    near = {name: 1.00001 * array for name, array in right_gradients().items()}
    assert not gr.check_gradients(loss, WEIGHTS, near).passed
    assert gr.check_gradients(loss, WEIGHTS, near, tolerance=1e-4).passed


def test_gradient_that_is_zero_passes_where_only_rounding_is_measured():
    """x + c/x has its bottom at x = √c: the difference there is rounding and nothing else."""
    weights = {"x": np.array([np.sqrt(3.0)])}
    report = gr.check_gradients(
        lambda w: float((w["x"] + 3.0 / w["x"])[0]), weights, {"d_x": np.zeros(1)}
    )
    assert report.rows[0].numerical != 0
    assert report.rows[0].relative_error == 1
    assert report.passed


def test_rounding_of_a_large_loss_is_allowed_for():
    weights, right = {"x": np.array([1.0])}, {"d_x": np.array([2.0])}
    report = gr.check_gradients(lambda w: float((1e7 + w["x"] ** 2)[0]), weights, right)
    assert report.rows[0].relative_error > report.tolerance
    assert report.passed


def test_weights_are_not_changed_and_single_numbers_work():
    def careless(w):
        value = float(w["s"] ** 2)
        w["s"][...] = 7
        return value

    weights = {"s": np.array(3.0)}
    report = gr.check_gradients(careless, weights, {"d_s": 6.0})
    assert report.passed
    assert report.rows[0].shape == ()
    assert weights["s"] == 3
    bad = gr.check_gradients(careless, weights, {"d_s": 5.0})
    assert "at s the gradient is 5, measured 6" in str(bad)


def test_report_as_text():
    lines = str(gr.check_gradients(loss, WEIGHTS, right_gradients())).splitlines()
    assert lines[0].startswith("parameter  shape")
    assert lines[0].endswith("largest difference  relative error  verdict")
    assert [line.split()[0] for line in lines[1:3]] == ["W", "b"]
    assert all(line.endswith("ok") for line in lines[1:3])
    assert lines[3] == ("All gradients agree (central differences, ε = 1e-05, tolerance 1e-06).")


def test_report_as_html():
    report = gr.check_gradients(
        lambda w: float((w["<W>"] ** 2).sum()), {"<W>": np.ones(2)}, {"d_<W>": np.ones(2)}
    )
    page = report._repr_html_()
    assert page.startswith("<table>")
    assert "&lt;W&gt;" in page
    assert "<W>" not in page
    assert "not equal" in page
    assert page.count("<tr>") == 2
    assert page.count('scope="col"') == 5


@pytest.mark.parametrize(
    ("weights", "gradients", "kind", "message"),
    [
        (
            WEIGHTS,
            {"d_W": np.ones((2, 2))},
            ValueError,
            "gradients holds d_W; expected also d_b.",
        ),
        (
            WEIGHTS,
            {"dW": np.ones((2, 2)), "db": np.ones(2)},
            ValueError,
            "gradients holds dW, db; expected also d_W, d_b.",
        ),
        (WEIGHTS, {}, ValueError, "gradients holds nothing; expected also d_W, d_b."),
        (
            WEIGHTS,
            {"d_W": np.ones((2, 2)), "d_b": np.ones((3, 2))},
            ValueError,
            "d_b has shape (3, 2); expected (2,), the shape of b.",
        ),
        (
            WEIGHTS,
            {"d_W": np.ones((2, 2)), "b": np.ones(3)},
            ValueError,
            "the gradient of b has shape (3,); expected (2,), the shape of b.",
        ),
        (
            WEIGHTS,
            {"d_W": np.full((2, 2), np.nan), "d_b": np.ones(2)},
            ValueError,
            "d_W holds 4 values that are NaN or infinite, the first at index (0, 0).",
        ),
        (
            WEIGHTS,
            {"d_W": "abc", "d_b": np.ones(2)},
            TypeError,
            "d_W is a str; expected an array of numbers.",
        ),
        (
            WEIGHTS,
            [1, 2],
            TypeError,
            "gradients is a list; expected arrays by name, in a dict or a NamedTuple.",
        ),
        ("abc", {}, TypeError, "weights is a str; expected arrays by name, in a dict or a Nam"),
        ({}, {}, ValueError, "weights is empty; expected at least one array by name."),
    ],
)
def test_bad_input_of_check_gradients(weights, gradients, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        gr.check_gradients(loss, weights, gradients)


def test_bad_settings_and_losses():
    right = right_gradients()
    with pytest.raises(ValueError, match=r"^epsilon is -1; expected a number above 0"):
        gr.check_gradients(loss, WEIGHTS, right, epsilon=-1)
    with pytest.raises(ValueError, match=r"^tolerance is 0; expected a number above 0"):
        gr.check_gradients(loss, WEIGHTS, right, tolerance=0)
    with pytest.raises(TypeError, match=r"^the function returned an array of shape \(3, 2\)"):
        gr.check_gradients(lambda w: X, WEIGHTS, right)
    with pytest.raises(ValueError, match=r"^the function returned nan; expected a finite numb"):
        gr.check_gradients(lambda w: np.nan, WEIGHTS, right)


# --- difference_errors ------------------------------------------------------------------------


def test_orders_of_the_two_errors():
    """One-sided falls with ε, central with ε²: one decade apart, 10 and 100 times smaller."""
    errors = gr.difference_errors(tanh, d_tanh, np.array([0.3, 0.9]), [1e-2, 1e-3])
    assert errors["epsilons"].tolist() == [1e-2, 1e-3]
    assert errors["one_sided"][0] / errors["one_sided"][1] == pytest.approx(10, rel=0.05)
    assert errors["central"][0] / errors["central"][1] == pytest.approx(100, rel=0.05)


def test_both_ends_of_the_curve_are_higher_than_its_middle():
    epsilons = np.logspace(-14, 0, 15)
    errors = gr.difference_errors(tanh, d_tanh, 0.5, epsilons)
    for name, best in (("one_sided", 1e-8), ("central", 1e-5)):
        low = epsilons[errors[name].argmin()]
        assert best / 100 < low < best * 100
        assert errors[name][0] > 1000 * errors[name].min()
        assert errors[name][-1] > 1000 * errors[name].min()


def test_float32_leaves_less_room():
    epsilons = np.logspace(-7, -1, 13)
    exact = gr.difference_errors(tanh, d_tanh, np.float64(0.5), epsilons)["central"]
    coarse = gr.difference_errors(tanh, d_tanh, np.float32(0.5), epsilons)["central"]
    assert coarse.min() > 1000 * exact.min()
    assert coarse[0] > 10 * coarse.min()  # smaller steps make it worse


def test_bad_input_of_difference_errors():
    with pytest.raises(ValueError, match=r"^epsilons holds 0; expected steps above 0"):
        gr.difference_errors(tanh, d_tanh, 0.5, [0.1, 0])
    with pytest.raises(TypeError, match=r"^epsilons is a str; expected an array of numbers of sh"):
        gr.difference_errors(tanh, d_tanh, 0.5, "abc")
    with pytest.raises(ValueError, match=r"^x holds 1 value that is NaN or infinite"):
        gr.difference_errors(tanh, d_tanh, [np.nan], [0.1])
