"""Clipping by global norm and by value: the formula, torch, the direction, and bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from utils.cells import RNNWeights
from utils.clipping import clip_by_global_norm, clip_by_value, global_norm
from utils.validation import NotFiniteError


def draw(seed=0, scale=1.0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = {"d_W_xh": (3, 4), "d_W_hh": (4, 4), "d_b_h": (4,)}
    return {name: (scale * rng.normal(size=s)).astype(dtype) for name, s in shapes.items()}


def test_global_norm_by_hand():
    assert global_norm({"d_a": np.array([3.0, 0.0]), "d_b": np.array([[4.0]])}) == 5.0


@given(st.integers(0, 99), st.floats(1e-3, 1e3))
def test_clipping_by_norm_equals_torch(seed, max_norm):
    gradients = draw(seed)
    parameters = [torch.nn.Parameter(torch.zeros(g.shape)) for g in gradients.values()]
    for p, g in zip(parameters, gradients.values(), strict=True):
        p.grad = torch.tensor(g, dtype=p.dtype)
    norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    clipped = clip_by_global_norm(gradients, max_norm)
    assert clipped.norm == pytest.approx(float(norm), rel=1e-5)
    for p, g in zip(parameters, clipped.gradients.values(), strict=True):
        np.testing.assert_allclose(g, p.grad, rtol=1e-4, atol=1e-7)


@given(st.integers(0, 99), st.floats(1e-3, 1e3))
def test_clipping_by_norm_keeps_the_direction_and_never_lengthens(seed, max_norm):
    gradients = draw(seed)
    clipped = clip_by_global_norm(gradients, max_norm)
    assert 0 < clipped.factor <= 1
    assert global_norm(clipped.gradients) <= max_norm * (1 + 1e-12)
    for name, g in gradients.items():
        np.testing.assert_allclose(clipped.gradients[name], clipped.factor * g)
    if clipped.norm <= max_norm:
        assert clipped.factor == 1


def test_clipping_by_value_equals_torch_and_turns_the_direction():
    gradients = draw(scale=3)
    clipped = clip_by_value(gradients, 0.5)
    for name, g in gradients.items():
        np.testing.assert_array_equal(clipped[name], torch.tensor(g).clamp(-0.5, 0.5).numpy())
    flat, cut = (np.concatenate([a.ravel() for a in d.values()]) for d in (gradients, clipped))
    assert flat @ cut / np.linalg.norm(flat) / np.linalg.norm(cut) < 0.95


def test_zero_gradients_stay_zero():
    clipped = clip_by_global_norm({"d_b": np.zeros(3)}, 1.0)
    assert (clipped.norm, clipped.factor) == (0, 1)
    assert not clipped.gradients["d_b"].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_number_type_is_kept_and_inputs_are_not_changed(dtype):
    gradients = draw(dtype=dtype, scale=10)
    before = {name: g.copy() for name, g in gradients.items()}
    for after in (clip_by_global_norm(gradients, 0.1).gradients, clip_by_value(gradients, 0.1)):
        assert {g.dtype for g in after.values()} == {np.dtype(dtype)}
        assert all(after[name] is not g for name, g in gradients.items())
    untouched = clip_by_global_norm(gradients, 1e9).gradients
    assert not any(np.shares_memory(untouched[name], g) for name, g in gradients.items())
    assert all(np.array_equal(before[name], g) for name, g in gradients.items())


def test_squares_that_overflow_do_not_spoil_the_norm():
    gradients = {"d_a": np.array([3e30, 0], np.float32), "d_b": np.array([4e30], np.float32)}
    clipped = clip_by_global_norm(gradients, 1.0)
    assert clipped.norm == pytest.approx(5e30, rel=1e-6)
    np.testing.assert_allclose(clipped.gradients["d_a"], [0.6, 0], rtol=1e-6)


def test_a_namedtuple_will_do():
    gradients = RNNWeights(**{name[2:]: g for name, g in draw().items()})
    assert global_norm(gradients) == pytest.approx(global_norm(draw()))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: clip_by_global_norm(draw(), 0), ValueError, "max_norm is 0; expected"),
        (lambda: clip_by_value(draw(), -1), ValueError, "limit is -1; expected"),
        (lambda: global_norm({}), ValueError, "gradients is empty"),
        (lambda: global_norm([np.ones(2)]), TypeError, "expected arrays by name"),
        (lambda: global_norm({"d_W": [np.nan, 1.0]}), NotFiniteError, "d_W holds 1 value"),
        (
            lambda: clip_by_global_norm({"d_W": np.array([np.inf])}, 1),
            NotFiniteError,
            "d_W holds 1 value",
        ),
        (lambda: clip_by_value({"d_W": np.array([np.nan])}, 1), NotFiniteError, "d_W holds 1"),
    ],
)
def test_bad_input_is_told_in_one_line(call, error, words):
    with pytest.raises(error, match=words):
        call()
