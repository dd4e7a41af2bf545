"""Backpropagation through time: against torch, nudging, and with terms broken on purpose."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.bptt import (
    BROKEN_TERMS,
    Example,
    bptt,
    broken_bptt,
    rnn_forward,
    sequence_loss,
)
from utils.cells import RNNWeights, init_output_weights, init_rnn_weights, rnn_unroll
from utils.gradients import numerical_gradient
from utils.nudging import check_bptt, loss_of_copies

NAMES = ("W_xh", "W_hh", "b_h", "W_hy", "b_y", "h_0")


def draw(T=4, B=3, D=2, H=5, K=6, seed=0):
    rng = np.random.default_rng(seed)
    weights = init_rnn_weights(D, H, rng)._replace(b_h=rng.normal(0, 0.3, H))
    output = init_output_weights(H, K, rng)._replace(b_y=rng.normal(0, 0.3, K))
    xs, targets = rng.standard_normal((T, B, D)), rng.integers(0, K, (T, B))
    return Example(xs, targets, weights, output, rng.normal(0, 0.5, (B, H)))


def by_torch(example, steps=None):
    """Give the loss and the gradients of a loop in torch."""
    xs, targets, weights, output, h_0 = example
    arrays = {**weights._asdict(), **output._asdict(), "h_0": h_0}
    p = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    h_t, loss = p["h_0"], torch.zeros((), dtype=torch.float64)
    for t in range(len(xs)):
        h_t = torch.tanh(torch.tensor(xs[t]) @ p["W_xh"] + h_t @ p["W_hh"] + p["b_h"])
        o_t = h_t @ p["W_hy"] + p["b_y"]
        if steps is None or t in steps:
            target = torch.tensor(targets[t])
            loss = loss + torch.nn.functional.cross_entropy(o_t, target, reduction="sum")
    loss.backward()
    return loss.item(), {f"d_{name}": leaf.grad.numpy() for name, leaf in p.items()}


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 4)] * 4), seed=st.integers(0, 99))
def test_equal_to_torch_at_all_sizes(sizes, seed):
    T, B, D, H = sizes
    example = draw(T, B, D, H, K=3, seed=seed)
    run = bptt(*example)
    loss, gradients = by_torch(example)
    assert run.loss == pytest.approx(loss, rel=1e-12)
    for name in NAMES:
        np.testing.assert_allclose(
            run.gradients[f"d_{name}"], gradients[f"d_{name}"], rtol=0, atol=1e-10
        )


@pytest.mark.parametrize("steps", [[0], [3], [1, 3]])
def test_the_error_of_some_steps_alone(steps):
    example = draw()
    run = bptt(*example, steps=steps)
    loss, gradients = by_torch(example, steps)
    assert run.loss == pytest.approx(loss, rel=1e-12)
    for name in NAMES:
        np.testing.assert_allclose(
            run.gradients[f"d_{name}"], gradients[f"d_{name}"], rtol=0, atol=1e-10
        )
    assert not run.d_zs[max(steps) + 1 :].any()  # nothing flows to later steps


def test_steps_add_up_and_the_mean_is_the_sum_divided():
    example = draw()
    whole, mean = bptt(*example), bptt(*example, reduction="mean")
    parts = [bptt(*example, steps=[t]) for t in range(4)]
    assert whole.loss == pytest.approx(sum(part.loss for part in parts))
    assert mean.loss == pytest.approx(whole.loss / 12)
    for name, gradient in whole.gradients.items():
        np.testing.assert_allclose(sum(p.gradients[name] for p in parts), gradient, atol=1e-12)
        np.testing.assert_allclose(12 * mean.gradients[name], gradient, atol=1e-12)


def test_terms_are_the_gradients_of_copies():
    example = draw(T=3)
    run = bptt(*example)

    measured = numerical_gradient(
        lambda copies: loss_of_copies(example, copies), np.stack([example.weights.W_hh] * 3)
    )
    np.testing.assert_allclose(run.terms["d_W_hh"], measured, atol=1e-8)
    for name, term in run.terms.items():
        np.testing.assert_allclose(term.sum(axis=0), run.gradients[name])


def test_forward_is_that_of_the_cell():
    xs, _, weights, output, h_0 = example = draw()
    forward = rnn_forward(xs, weights, output, h_0)
    np.testing.assert_allclose(forward.hs, rnn_unroll(xs, h_0, weights))
    np.testing.assert_allclose(forward.y_hats.sum(axis=-1), 1)
    assert sequence_loss(*example) == pytest.approx(bptt(*example).loss)
    assert sequence_loss(*example, steps=[2], reduction="mean") == pytest.approx(
        bptt(*example, steps=[2]).loss / 3
    )
    assert sequence_loss(*example[:4]) == pytest.approx(bptt(*example[:4], np.zeros((3, 5))).loss)


WRONG = {
    "slope": {"W_xh", "W_hh", "b_h", "h_0"},
    "slope_at_z": {"W_xh", "W_hh", "b_h", "h_0"},
    "transpose": {"W_xh", "W_hh", "b_h", "h_0"},
    "future": {"W_xh", "W_hh", "b_h", "h_0"},
    "own_output": {"W_xh", "W_hh", "b_h", "h_0"},
    "last_step": {"W_hh"},
    "shifted": {"W_hh"},
    "bias": {"b_h"},
    "start": {"h_0"},
    "mean": set(NAMES),
}


def test_nothing_broken_passes():
    assert check_bptt(draw()).passed


@pytest.mark.parametrize("broken", BROKEN_TERMS)
def test_each_broken_term_spoils_its_own_parameters(broken):
    example = draw()
    report = check_bptt(example, broken)
    assert {row.name for row in report.rows if not row.passed} == WRONG[broken]
    assert broken_bptt(broken, *example).loss == bptt(*example).loss


def test_what_the_broken_terms_compute():
    example = draw()
    right, h_0 = bptt(*example), example.h_0
    hs = right.forward.hs
    last = broken_bptt("last_step", *example).gradients["d_W_hh"]
    np.testing.assert_allclose(last, hs[-2].T @ right.d_zs[-1])
    shifted = broken_bptt("shifted", *example).gradients["d_W_hh"]
    np.testing.assert_allclose(shifted, np.einsum("tbh,tbk->hk", hs, right.d_zs))
    bias = broken_bptt("bias", *example).gradients["d_b_h"]
    np.testing.assert_allclose(bias, right.d_zs[:, 0].sum(axis=0))
    start = broken_bptt("start", *example).gradients["d_h_0"]
    np.testing.assert_allclose(start, right.d_zs[0])
    future = broken_bptt("future", *example)
    np.testing.assert_allclose(future.d_hs, right.d_os @ example.output.W_hy.T)
    own = broken_bptt("own_output", *example)
    np.testing.assert_allclose(own.d_hs, bptt(*example, steps=[3]).d_hs)
    z = np.arctanh(hs[-1])
    at_z = broken_bptt("slope_at_z", *example)
    np.testing.assert_allclose(at_z.d_zs[-1], right.d_hs[-1] * (1 - z**2))
    mean = broken_bptt("mean", *example).gradients
    for name, gradient in right.gradients.items():
        np.testing.assert_allclose(12 * mean[name], gradient)
    assert h_0.shape == start.shape


def test_one_step_hides_what_is_wrong_between_steps():
    alone = draw(T=1)
    unseen = {key for key in BROKEN_TERMS if check_bptt(alone, key).passed}
    assert unseen == {"future", "own_output", "last_step"}


def test_inputs_stay_as_they_were():
    example = draw()
    before = [np.array(array) for array in (example.xs, *example.weights, example.h_0)]
    bptt(*example)
    broken_bptt("start", *example)
    for old, new in zip(before, (example.xs, *example.weights, example.h_0), strict=True):
        np.testing.assert_array_equal(old, new)


def test_float32_stays_float32():
    xs, targets, weights, output, h_0 = draw()
    small = RNNWeights(*(array.astype(np.float32) for array in weights))
    run = bptt(
        xs.astype(np.float32),
        targets,
        small,
        output._replace(**{k: v.astype(np.float32) for k, v in output._asdict().items()}),
        h_0.astype(np.float32),
    )
    assert {gradient.dtype for gradient in run.gradients.values()} == {np.dtype(np.float32)}


def test_errors_name_what_was_given():
    xs, targets, weights, _, h_0 = example = draw()
    with pytest.raises(ValueError, match=r"xs has shape \(4, 3, 1\)"):
        bptt(xs[..., :1], *example[1:])
    with pytest.raises(ValueError, match="targets holds 6"):
        bptt(xs, np.full_like(targets, 6), *example[2:])
    with pytest.raises(ValueError, match="h_0 has shape"):
        bptt(*example[:4], h_0[:2])
    with pytest.raises(ValueError, match=r"steps is \[4\]; expected different steps from 0"):
        bptt(*example, steps=[4])
    with pytest.raises(ValueError, match=r"steps is \[1, 1\]"):
        bptt(*example, steps=[1, 1])
    with pytest.raises(ValueError, match=r"steps is \[\]"):
        sequence_loss(*example, steps=[])
    with pytest.raises(ValueError, match="reduction is 'none'"):
        bptt(*example, reduction="none")
    with pytest.raises(ValueError, match="broken is 'nothing'"):
        broken_bptt("nothing", *example)
    with pytest.raises(TypeError, match="output is"):
        bptt(xs, targets, weights, None, h_0)
