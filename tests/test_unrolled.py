"""The network of chapter 02 laid out in time: numbers, arithmetic as text, counts, memory."""

import re

import numpy as np
import pytest
import torch

from utils.cells import (
    OutputWeights,
    RNNWeights,
    init_output_weights,
    init_rnn_weights,
    rnn_unroll,
)
from utils.interop import to_torch
from utils.unrolled import (
    count_parameters,
    memory_of_first_word,
    product_lines,
    run_unrolled,
    two_step_example,
)


@pytest.fixture
def network():
    rng = np.random.default_rng(0)
    return init_rnn_weights(3, 4, rng), init_output_weights(4, 5, rng), rng


def test_run_unrolled_keeps_what_the_loop_computes(network):
    weights, output, rng = network
    xs, h_0 = rng.standard_normal((6, 3)), rng.standard_normal(4)
    run = run_unrolled(xs, weights, output, h_0)
    assert [a.shape for a in run] == [(6, 3), (4,), (6, 4), (6, 4), (6, 5), (6, 5)]
    np.testing.assert_array_equal(run.hs, rnn_unroll(xs[:, None], h_0[None], weights)[:, 0])
    np.testing.assert_allclose(np.tanh(run.zs), run.hs, rtol=0, atol=1e-15)
    np.testing.assert_allclose(run.logits, run.hs @ output.W_hy + output.b_y)
    np.testing.assert_allclose(run.probabilities.sum(axis=1), 1)
    zero = run_unrolled(xs, weights, output)
    assert not zero.h_0.any()
    assert not np.allclose(zero.hs[0], run.hs[0])


def test_run_unrolled_equals_torch(network):
    weights, output, rng = network
    weights = weights._replace(b_h=rng.standard_normal(4))
    xs = rng.standard_normal((7, 3))
    with torch.no_grad():
        hs, _ = to_torch(weights)(torch.tensor(xs)[:, None])
    run = run_unrolled(xs, weights, output)
    np.testing.assert_allclose(run.hs, hs[:, 0].numpy(), rtol=0, atol=1e-10)
    logits = torch.tensor(run.hs @ output.W_hy + output.b_y)
    np.testing.assert_allclose(run.probabilities, torch.softmax(logits, -1).numpy(), atol=1e-10)


@pytest.mark.parametrize(
    ("xs", "message"),
    [
        (np.zeros((0, 3)), "T must be at least 1"),
        (np.zeros((4, 2)), r"xs has shape \(4, 2\); expected \(T, D\) = \(T, 3\)"),
        ([[1.0, np.nan, 0.0]], "NaN or infinite"),
    ],
)
def test_run_unrolled_refuses(network, xs, message):
    with pytest.raises(ValueError, match=message):
        run_unrolled(xs, *network[:2])


def test_run_unrolled_refuses_text_and_unfit_weights(network):
    weights, output, _ = network
    with pytest.raises(TypeError, match="xs is a str; expected an array of numbers"):
        run_unrolled("abc", weights, output)
    with pytest.raises(ValueError, match="W_hy has shape"):
        run_unrolled(np.zeros((2, 3)), weights, OutputWeights(np.zeros((3, 5)), np.zeros(5)))
    with pytest.raises(ValueError, match="h_0 has shape"):
        run_unrolled(np.zeros((2, 3)), weights, output, np.zeros(5))


def test_two_step_example_is_the_draw_that_it_says():
    xs, weights, output = two_step_example()
    drawn = np.random.RandomState(43).standard_normal(10).round(1)  # the frozen stream
    ours = [weights.W_xh.ravel(), weights.W_hh.ravel(), output.W_hy.ravel()]
    np.testing.assert_array_equal(np.concatenate(ours), drawn)
    assert not weights.b_h.any()
    assert not output.b_y.any()
    run = run_unrolled(xs, weights, output)
    np.testing.assert_allclose(run.zs, [[0.3, -0.9], [-0.911, 0.591]], atol=5e-4)
    np.testing.assert_allclose(run.hs, [[0.291, -0.716], [-0.722, 0.531]], atol=5e-4)
    np.testing.assert_allclose(run.probabilities, [[0.160, 0.840], [0.879, 0.121]], atol=6e-4)


def test_product_lines_show_every_product(network):
    *_, rng = network
    vector, matrix, bias = (
        rng.standard_normal(4),
        rng.standard_normal((4, 3)),
        rng.standard_normal(3),
    )
    lines = product_lines(vector, matrix, bias, name="q", digits=6)
    assert len(lines) == 3
    for j, line in enumerate(lines):
        assert line.startswith(f"q{j + 1} = ")
        numbers = [float(number) for number in re.findall(r"[+-]\d+\.\d+", line)]
        *factors, added, total = numbers
        np.testing.assert_allclose(factors, np.c_[vector, matrix[:, j]].ravel(), atol=1e-6)
        assert added == pytest.approx(bias[j], abs=1e-6)
        assert total == pytest.approx(vector @ matrix[:, j] + bias[j], abs=1e-6)


def test_product_lines_write_no_negative_zero_and_refuse_other_lengths():
    assert product_lines([-0.0, 0.0], [[1.0], [-1.0]], digits=1) == [
        "z1 = (+0.0)(+1.0) + (+0.0)(-1.0) = +0.0"
    ]
    with pytest.raises(ValueError, match=r"matrix has shape \(3, 1\)"):
        product_lines([1.0, 2.0], np.zeros((3, 1)))


def test_count_parameters_counts_real_arrays():
    D, H, V = 3, 4, 5
    rng = np.random.default_rng(1)
    counts = count_parameters([1, 2, 7], D, H, V)
    arrays = [*init_rnn_weights(D, H, rng), *init_output_weights(H, V, rng)]
    np.testing.assert_array_equal(counts.recurrent, sum(a.size for a in arrays))
    for T, flat, every in zip(counts.lengths, counts.flat, counts.flat_every_step, strict=True):
        one = [torch.nn.Linear(T * D, H), torch.nn.Linear(H, V)]
        each = [torch.nn.Linear(T * D, T * H), torch.nn.Linear(T * H, T * V)]
        assert flat == sum(p.numel() for layer in one for p in layer.parameters())
        assert every == sum(p.numel() for layer in each for p in layer.parameters())


@pytest.mark.parametrize("lengths", [[], [0], [1.5], "12", [[1, 2]]])
def test_count_parameters_refuses_lengths(lengths):
    with pytest.raises(ValueError, match="expected whole numbers of at least 1 step"):
        count_parameters(lengths, 1, 1, 1)


def test_count_parameters_refuses_sizes():
    with pytest.raises(ValueError, match="H is 0"):
        count_parameters([1], 2, 0, 2)


def test_memory_of_first_word_forgets_with_small_and_keeps_with_large_weights(network):
    weights, _, rng = network
    xs = rng.standard_normal((12, 3))
    other = xs.copy()
    other[0] += 1
    none = memory_of_first_word(xs, other, weights, 0.0)
    assert none.distances[0] > 0
    assert not none.distances[1:].any()
    some = memory_of_first_word(xs, other, weights, 0.5)
    np.testing.assert_allclose(some.distances, np.linalg.norm(some.hs - some.hs_other, axis=1))
    scaled = RNNWeights(weights.W_xh, 0.5 * weights.W_hh, weights.b_h)
    np.testing.assert_allclose(some.hs, rnn_unroll(xs[:, None], None, scaled)[:, 0], atol=1e-12)
    assert 0 < some.distances[-1] < some.distances[0]


def test_memory_of_first_word_refuses(network):
    weights = network[0]
    xs = np.zeros((4, 3))
    with pytest.raises(ValueError, match="recurrent_scale is -1"):
        memory_of_first_word(xs, xs, weights, -1)
    with pytest.raises(ValueError, match="xs_other has shape"):
        memory_of_first_word(xs, xs[:3], weights)
