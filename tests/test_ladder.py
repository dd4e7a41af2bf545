"""Every rung computes the same; only the time differs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.classifier import init_classifier
from utils.ladder import RUNGS, gradients_at, time_rungs


def draw(T=4, B=3, H=5, V=6, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    model = init_classifier(V, H, V, rng, dtype=dtype)
    return model, *rng.integers(0, V, size=(2, T, B))


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 5), st.integers(1, 6))
def test_all_rungs_give_the_same_gradients(T, B, H, V):
    model, xs, targets = draw(T, B, H, V)
    loss, gradients = gradients_at("readable", model, xs, targets)
    for rung in RUNGS:
        other, others = gradients_at(rung, model, xs, targets)
        assert other == pytest.approx(loss)
        assert set(others) == set(gradients)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(others[name], gradient, rtol=0, atol=1e-12, err_msg=name)


def test_float32_stays_float32():
    model, xs, targets = draw(dtype=np.float32)
    for rung in RUNGS:
        _, gradients = gradients_at(rung, model, xs, targets)
        assert {g.dtype for g in gradients.values()} == {np.dtype(np.float32)}, rung


def test_timings():
    model, xs, targets = draw()
    timings = time_rungs(dict.fromkeys(RUNGS, model), xs, targets, repeats=2)
    assert [t.rung for t in timings] == list(RUNGS)
    assert timings[0].gain == 1
    assert all(t.milliseconds > 0 and t.gain > 0 for t in timings)
    with pytest.raises(ValueError, match="rung is 'x'; expected one of 'readable'"):
        gradients_at("x", model, xs, targets)
