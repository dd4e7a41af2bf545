"""Losses with something moved: what they hold fixed and what they let follow."""

import numpy as np
import pytest

from tests.test_bptt import draw
from utils.bptt import bptt
from utils.cells import rnn_unroll
from utils.gradients import numerical_gradient
from utils.losses import softmax_cross_entropy
from utils.nudging import check_bptt, loss_at, loss_from, loss_of_copies, parameters_of


def test_parameters_are_the_six_in_order():
    example = draw()
    parameters = parameters_of(example)
    assert list(parameters) == ["W_xh", "W_hh", "b_h", "W_hy", "b_y", "h_0"]
    assert parameters["W_hh"] is example.weights.W_hh
    assert loss_at(example) == pytest.approx(bptt(*example).loss)
    assert loss_at(example, **parameters) == loss_at(example)
    moved = example._replace(weights=example.weights._replace(b_h=example.weights.b_h + 1))
    assert loss_at(example, b_h=example.weights.b_h + 1) == pytest.approx(bptt(*moved).loss)


@pytest.mark.parametrize("t", range(4))
def test_the_state_moves_alone_or_with_all_that_follow(t):
    example = draw()
    run = bptt(*example)
    hs = run.forward.hs
    total, immediate = (
        numerical_gradient(lambda h, f=follow: loss_from(example, t, h, follow=f), hs[t])
        for follow in (True, False)
    )
    np.testing.assert_allclose(run.d_hs[t], total, atol=1e-8)
    np.testing.assert_allclose(run.d_os[t] @ example.output.W_hy.T, immediate, atol=1e-8)
    rest = softmax_cross_entropy(run.forward.logits[t:], example.targets[t:], "sum")
    assert loss_from(example, t, hs[t]) == pytest.approx(rest)


def test_equal_copies_are_the_network_and_one_copy_is_one_step():
    example = draw()
    W_hh = example.weights.W_hh
    copies = np.stack([W_hh] * 4)
    assert loss_of_copies(example, copies) == pytest.approx(bptt(*example).loss)
    copies[3] = 0  # the last step forgets
    last = np.tanh(example.xs[3] @ example.weights.W_xh + example.weights.b_h)
    hs = np.concatenate([rnn_unroll(example.xs[:3], example.h_0, example.weights), last[None]])
    logits = hs @ example.output.W_hy + example.output.b_y
    expected = softmax_cross_entropy(logits, example.targets, "sum")
    assert loss_of_copies(example, copies) == pytest.approx(expected)


def test_errors_name_what_was_given():
    example = draw()
    with pytest.raises(ValueError, match="the parameter is 'W'; expected"):
        loss_at(example, W=np.zeros((5, 5)))
    with pytest.raises(ValueError, match=r"h_0 has shape \(1, 5\)"):
        loss_at(example, h_0=np.zeros((1, 5)))
    with pytest.raises(ValueError, match=r"W_hh_copies has shape \(3, 5, 5\)"):
        loss_of_copies(example, np.zeros((3, 5, 5)))
    with pytest.raises(ValueError, match="broken is 'everything'"):
        check_bptt(example, "everything")
