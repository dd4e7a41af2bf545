"""The E_3 example and the sizes of a gradient on its way back."""

import numpy as np
import pytest

from utils.bptt import bptt, sequence_loss
from utils.cells import init_output_weights, init_rnn_weights
from utils.gradient_flow import e3_example, error_flow, sizes_back, sizes_by_step


@pytest.mark.parametrize("error_at", range(4))
@pytest.mark.parametrize("W_hh", [-1.3, 0.0, 0.9])
def test_terms_are_products_along_the_way(error_at, W_hh):
    example = e3_example(W_hh, start=-0.4)
    flow = error_flow(example, error_at)
    slopes = 1 - flow.states**2
    np.testing.assert_allclose(flow.factors, W_hh * slopes)
    before = np.array([-0.4, *flow.states[:-1]])
    for k in range(4):
        way = np.prod(flow.factors[k + 1 : error_at + 1]) if k <= error_at else 0.0
        d_state = flow.d_states[error_at] * way
        assert flow.d_states[k] == pytest.approx(d_state)
        assert flow.terms["W_hh"][k] == pytest.approx(d_state * slopes[k] * before[k])
        assert flow.terms["W_xh"][k] == pytest.approx(d_state * slopes[k] * flow.xs[k])
        assert flow.terms["b_h"][k] == pytest.approx(d_state * slopes[k])
    assert flow.d_start == pytest.approx(flow.d_states[0] * flow.factors[0])
    for name, terms in flow.terms.items():
        assert flow.totals[name] == pytest.approx(terms.sum())


def test_the_total_is_what_nudging_measures():
    flow, epsilon = error_flow(e3_example(), 3), 1e-5
    right, left = (sequence_loss(*e3_example(0.9 + e), steps=[3]) for e in (epsilon, -epsilon))
    assert flow.totals["W_hh"] == pytest.approx((right - left) / (2 * epsilon), abs=1e-8)
    right, left = (
        sequence_loss(*e3_example(start=0.5 + e), steps=[3]) for e in (epsilon, -epsilon)
    )
    assert flow.d_start == pytest.approx((right - left) / (2 * epsilon), abs=1e-8)
    assert flow.error == pytest.approx(sequence_loss(*e3_example(), steps=[3]))


def test_the_numbers_of_the_chapter():
    flow = error_flow(e3_example(), 3)
    np.testing.assert_allclose(flow.terms["W_hh"][::-1], [0.473, 0.262, 0.251, 0.069], atol=6e-4)
    assert flow.totals["W_hh"] == pytest.approx(1.056, abs=6e-4)


def test_sizes_are_relative_to_the_last_step():
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((5, 3, 4))
    sizes = sizes_by_step(gradients)
    norms = np.linalg.norm(gradients, axis=-1)
    np.testing.assert_allclose(sizes, (norms / norms[-1]).mean(axis=1))
    assert sizes[-1] == 1
    np.testing.assert_allclose(sizes_by_step(7 * gradients), sizes)


def test_sizes_back_are_those_of_the_last_steps_error():
    rng = np.random.default_rng(1)
    weights, output = init_rnn_weights(3, 4, rng), init_output_weights(4, 2, rng)
    xs, targets = rng.standard_normal((6, 5, 3)), rng.integers(0, 2, 5)
    sizes = sizes_back(xs, targets, weights, output)
    anywhere = np.zeros((6, 5), dtype=int)
    anywhere[-1] = targets  # what stands at earlier steps does not matter
    run = bptt(xs, anywhere, weights, output, steps=[5])
    np.testing.assert_allclose(sizes, sizes_by_step(run.d_hs))


def test_errors_name_what_was_given():
    with pytest.raises(ValueError, match=r"start is 1\.5; expected a number at least -1"):
        e3_example(start=1.5)
    with pytest.raises(TypeError, match="W_hh is a str"):
        e3_example("0.9")
    with pytest.raises(ValueError, match=r"steps is \[4\]"):
        error_flow(e3_example(), 4)
    rng = np.random.default_rng(0)
    wide = e3_example()._replace(
        weights=init_rnn_weights(1, 2, rng),
        output=init_output_weights(2, 2, rng),
        h_0=np.zeros((1, 2)),
    )
    with pytest.raises(ValueError, match=r"W_hh has shape \(2, 2\)"):
        error_flow(wide, 3)
    none = bptt(*e3_example(), steps=[1]).d_hs
    with pytest.raises(ValueError, match="gradients is zero at the last step"):
        sizes_by_step(none)
