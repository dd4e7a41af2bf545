"""Reading arguments: what is accepted, what is bound, and every message word for word."""

import re
from collections import OrderedDict
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import validation as v


class Pair(NamedTuple):
    W: np.ndarray
    b: np.ndarray


def says(kind, message):
    return pytest.raises(kind, match=f"^{re.escape(message)}$")


# --- what is accepted -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_arrays_come_back_as_themselves(dtype):
    x = np.ones((2, 3), dtype=dtype)
    assert v.as_array("x", x, "B D") is x


@pytest.mark.parametrize(
    "value", [3, True, [1, 2], np.arange(3), np.array([True, False]), np.float16(1), [[1.0]]]
)
def test_other_numbers_become_float64(value):
    assert v.as_array("x", value).dtype == np.float64


def test_dtype_converts():
    assert v.as_array("x", [1, 2], dtype=np.float32).dtype == np.float32


def test_single_number_has_no_axes():
    assert v.as_array("x", 2.5, "").shape == ()


def test_whole_numbers():
    got = v.as_array("i", np.array([1, 2], dtype=np.uint8), "N", kind="int")
    assert got.dtype == np.intp


def test_tensors_of_torch_are_read():
    import torch

    assert v.as_array("x", torch.ones(2, 3), "B D").dtype == np.float32
    with pytest.raises(TypeError, match=r"^x is a Tensor that NumPy cannot read \(.*requires grad"):
        v.as_array("x", torch.ones(2, requires_grad=True))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_sizes_are_bound_and_compared(shape):
    names = [f"A{i}" for i in range(len(shape))]
    sizes = {}
    v.as_array("x", np.zeros(shape), " ".join(names), sizes)
    assert sizes == dict(zip(names, shape, strict=True))
    v.as_array("y", np.zeros(shape), tuple(names), sizes)
    with pytest.raises(ValueError, match=r"^z has shape"):
        v.as_array("z", np.zeros([n + 1 for n in shape]), names, sizes)


def test_nothing_is_bound_by_a_refused_array():
    sizes = {"D": 3}
    with pytest.raises(ValueError, match=r"^x has shape"):
        v.as_array("x", np.zeros((2, 4)), "B D", sizes)
    assert sizes == {"D": 3}


def test_one_name_twice_means_square():
    with says(ValueError, "W has shape (2, 3); expected (H, H)."):
        v.as_array("W", np.zeros((2, 3)), "H H")


def test_leading_axes_and_fixed_sizes():
    sizes = {}
    for shape in [(5,), (2, 5), (3, 2, 5)]:
        assert v.as_array("x", np.zeros(shape), "... V", sizes).shape == shape
    assert sizes == {"V": 5}
    assert v.as_array("x", np.zeros((7, 2)), "N 2").shape == (7, 2)
    with says(ValueError, "x has shape (7, 3); expected (N, 2)."):
        v.as_array("x", np.zeros((7, 3)), "N 2")
    with says(ValueError, "x has shape (2, 4); expected (..., V) = (..., 5)."):
        v.as_array("x", np.zeros((2, 4)), "... V", sizes)
    with says(ValueError, "x has shape (); expected (..., V)."):
        v.as_array("x", 1.0, "... V")


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("abc", TypeError, "x_t is a str; expected an array of numbers of shape (B, D)."),
        (None, TypeError, "x_t is None; expected an array of numbers of shape (B, D)."),
        ({}, TypeError, "x_t is a dict; expected an array of numbers of shape (B, D)."),
        (
            OrderedDict(a=1),
            TypeError,
            "x_t is an OrderedDict; expected an array of numbers of shape (B, D).",
        ),
        ([["a"]], TypeError, "x_t holds text; expected an array of numbers of shape (B, D)."),
        ([[None]], TypeError, "x_t holds None; expected an array of numbers of shape (B, D)."),
        (
            [[{}]],
            TypeError,
            "x_t holds a dict; expected an array of numbers of shape (B, D).",
        ),
        (
            [[1j]],
            TypeError,
            "x_t holds complex numbers; expected an array of numbers of shape (B, D).",
        ),
        (
            np.array(["2020"], dtype="M8[Y]"),
            TypeError,
            "x_t holds datetime64[Y] values; expected an array of numbers of shape (B, D).",
        ),
        (
            [[1, 2], [3]],
            ValueError,
            "x_t is a list whose rows differ in length; expected an array of numbers of shape "
            "(B, D).",
        ),
        ([1.0, 2.0], ValueError, "x_t has shape (2,); expected (B, D)."),
        (np.zeros((0, 3)), ValueError, "x_t has shape (0, 3): B must be at least 1."),
        (np.zeros((2, 0)), ValueError, "x_t has shape (2, 0): D must be at least 1."),
        ([[np.nan]], ValueError, "x_t holds 1 value that is NaN or infinite, at index (0, 0)."),
        (
            [[0, np.inf], [np.nan, 0]],
            ValueError,
            "x_t holds 2 values that are NaN or infinite, the first at index (0, 1).",
        ),
    ],
)
def test_refusals(value, kind, message):
    with says(kind, message):
        v.as_array("x_t", value, "B D")


def test_known_sizes_stand_in_the_message():
    with says(ValueError, "x_t has shape (2, 4); expected (B, D) = (B, 3)."):
        v.as_array("x_t", np.zeros((2, 4)), "B D", {"D": 3})
    with says(TypeError, "b is a str; expected an array of numbers of shape (H,) = (4,)."):
        v.as_array("b", "0", "H", {"H": 4})


def test_empty_sequence_and_empty_array():
    with says(ValueError, "xs has shape (0, 2, 3): T must be at least 1."):
        v.as_array("xs", np.zeros((0, 2, 3)), "T B D")
    with says(ValueError, "z has shape (0,): it must hold at least one number."):
        v.as_array("z", [])
    with says(ValueError, "z has shape (0, 2): every axis must be at least 1."):
        v.as_array("z", np.zeros((0, 2)), "... V")


def test_without_axes_and_for_single_numbers():
    with says(TypeError, "z is a str; expected an array of numbers."):
        v.as_array("z", "abc")
    with says(TypeError, "z is a str; expected a single number."):
        v.as_array("z", "abc", "")
    with says(ValueError, "z is nan; expected a finite number."):
        v.as_array("z", np.nan)


def test_finite_can_be_switched_off():
    assert np.isnan(v.as_array("z", [np.nan], finite=False)).all()


def test_refused_for_nan_is_an_error_of_its_own():
    with pytest.raises(v.NotFiniteError):
        v.as_array("z", [np.inf])


def test_whole_numbers_are_asked_for():
    with says(TypeError, "i holds float64 values; expected an array of whole numbers."):
        v.as_array("i", [1.0], kind="int")
    with says(TypeError, "i holds bool values; expected an array of whole numbers of shape (N,)."):
        v.as_array("i", [True], "N", kind="int")
    with says(TypeError, "i is a str; expected an array of whole numbers."):
        v.as_array("i", "1", kind="int")


def test_indices():
    np.testing.assert_array_equal(v.as_indices("i", [0, 4], 5), [0, 4])
    message = "i holds 5 at index (1, 0); expected whole numbers from 0 to V - 1 = 4."
    with says(ValueError, message):
        v.as_indices("i", [[0], [5]], 5)
    with says(ValueError, "i holds -1; expected whole numbers from 0 to K - 1 = 4."):
        v.as_indices("i", -1, 5, count_name="K")


def test_shape_of_another_array():
    y = np.zeros((4, 1))
    assert v.as_shape_of("y", y, "y_hat", y) is y
    with says(ValueError, "y has shape (4,); expected (4, 1), the shape of y_hat."):
        v.as_shape_of("y", np.zeros(4), "y_hat", y)


# --- numbers, counts, choices -----------------------------------------------------------------


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int64(1), np.array(0.5)])
def test_numbers(value):
    assert type(v.as_number("s", value, at_least=0, at_most=1)) is float


@pytest.mark.parametrize(
    ("value", "bounds", "kind", "message"),
    [
        (-1, {"above": 0}, ValueError, "s is -1; expected a number above 0."),
        (0, {"above": 0}, ValueError, "s is 0; expected a number above 0."),
        (
            1,
            {"at_least": 0, "below": 1},
            ValueError,
            "s is 1; expected a number at least 0 and below 1.",
        ),
        (
            1.5,
            {"at_least": 0, "at_most": 1},
            ValueError,
            "s is 1.5; expected a number at least 0 and at most 1.",
        ),
        (np.nan, {}, ValueError, "s is nan; expected a finite number."),
        (np.inf, {"above": 0}, ValueError, "s is inf; expected a number above 0."),
        ("1", {"above": 0}, TypeError, "s is a str; expected a number above 0."),
        (True, {}, TypeError, "s is a bool; expected a finite number."),
        (np.ones(2), {}, TypeError, "s is an array of shape (2,); expected a finite number."),
    ],
)
def test_numbers_refused(value, bounds, kind, message):
    with says(kind, message):
        v.as_number("s", value, **bounds)


def test_counts():
    assert v.as_count("n", np.int32(3)) == 3
    assert v.as_count("n", 0, at_least=0) == 0
    with says(ValueError, "n is 0; expected a whole number of at least 1."):
        v.as_count("n", 0)
    with says(TypeError, "n is 2.5; expected a whole number of at least 1."):
        v.as_count("n", 2.5)
    with says(TypeError, "n is a str; expected a whole number of at least 1."):
        v.as_count("n", "3")
    with says(TypeError, "n is a bool; expected a whole number of at least 1."):
        v.as_count("n", True)


def test_choices():
    assert v.as_choice("reduction", "mean", ("mean", "sum")) == "mean"
    with says(ValueError, "reduction is 'avg'; expected one of 'mean', 'sum'."):
        v.as_choice("reduction", "avg", ("mean", "sum"))
    with says(ValueError, "reduction is None; expected one of 'mean', 'sum'."):
        v.as_choice("reduction", None, ("mean", "sum"))


def test_generators():
    rng = np.random.default_rng(0)
    assert v.as_generator("rng", rng) is rng
    message = "rng is an int; expected a random generator, such as numpy.random.default_rng(0)."
    with says(TypeError, message):
        v.as_generator("rng", 0)


def test_number_types():
    assert v.as_float_type("dtype", np.float32) == np.float32
    assert v.as_float_type("dtype", "float64") == np.float64
    for value, words in [
        (int, "int64"),
        ("float16", "float16"),
        (None, "None"),
        ("abc", "a str"),
        (3, "an int"),
    ]:
        with says(TypeError, f"dtype is {words}; expected float32 or float64."):
            v.as_float_type("dtype", value)


# --- arrays by name ---------------------------------------------------------------------------


def test_named_entries_are_not_copied():
    W = np.ones((2, 3))
    assert v.as_named("weights", {"W": W})["W"] is W
    assert v.as_named("weights", Pair(W, W[0]))["W"] is W
    message = "weights is a list; expected arrays by name, in a dict or a NamedTuple."
    with says(TypeError, message):
        v.as_named("weights", [W])


def test_weights():
    axes, W, b = {"W": "D H", "b": "H"}, np.ones((2, 3)), np.zeros(3)
    for value in (Pair(W, b), (W, b), {"W": W, "b": b}):
        sizes = {}
        got = v.as_weights("weights", value, Pair, axes, sizes)
        assert isinstance(got, Pair)
        assert got.W is W
        assert sizes == {"D": 2, "H": 3}
    with says(ValueError, "b has shape (2,); expected (H,) = (3,)."):
        v.as_weights("weights", Pair(W, np.zeros(2)), Pair, axes, {})
    for value, words in [
        ((W,), "a tuple of 1"),
        ({"W": W}, "a dict"),
        ("abc", "a str"),
        (SimpleNamespace(W=W, b=b), "a SimpleNamespace"),
    ]:
        with says(TypeError, f"weights is {words}; expected Pair(W, b)."):
            v.as_weights("weights", value, Pair, axes, {})


def test_weights_of_another_kind_are_refused():
    class Other(NamedTuple):
        A: np.ndarray
        B: np.ndarray

    with says(TypeError, "weights is an Other; expected Pair(W, b)."):
        v.as_weights(
            "weights", Other(np.ones((2, 3)), np.ones(3)), Pair, {"W": "D H", "b": "H"}, {}
        )


def test_every_message_is_one_line():
    with pytest.raises(TypeError) as caught:
        v.as_array("x", SimpleNamespace(a=1, __array__=lambda: None), "B D")
    assert "\n" not in str(caught.value)
