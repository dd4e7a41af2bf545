"""Decoders: width 1 is greedy, scores are the model's own, and wide beams find the best text."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.pytorch import decoding, models
from utils.pytorch.decoding import beam_search, compose, greedy, sequence_log_probability
from utils.pytorch.models import Composer, EncoderDecoder

V = 5
seeds = st.integers(0, 2**31 - 1)


def make(cell="gru", attention=True, seed=0, scale=4.0):
    """A decoder with opinions: weights far from their small beginnings."""
    torch.manual_seed(seed)
    model = EncoderDecoder(7, V, 3, 6, cell, attention)
    with torch.no_grad():
        for p in model.parameters():
            p *= scale
    return model


models_ = st.builds(make, st.sampled_from(sorted(models.CELLS)), st.booleans(), seeds)


@settings(max_examples=25, deadline=None)
@given(models_, st.integers(1, 6), seeds)
def test_width_1_is_greedy(model, steps, seed):
    xs = np.random.default_rng(seed).integers(0, 7, 5)
    one = greedy(model, xs[:, None], max_steps=steps)
    beam = beam_search(model, xs, width=1, max_steps=steps)
    assert beam.best.tokens == tuple(one.tokens[: len(beam.best.tokens), 0])
    assert beam.best.log_probability == pytest.approx(one.log_probabilities[0], abs=1e-4)
    assert len(beam.hypotheses) == 1
    assert len(beam.nodes) == 1 + len(beam.best.tokens)


@settings(max_examples=25, deadline=None)
@given(models_, st.integers(1, 6), st.integers(1, 5), seeds)
def test_scores_are_the_models_own(model, width, steps, seed):
    xs = np.random.default_rng(seed).integers(0, 7, 4)
    beam = beam_search(model, xs, width, steps)
    assert 1 <= len(beam.hypotheses) <= width
    for hypothesis in beam.hypotheses:
        own = sequence_log_probability(model, xs, hypothesis.tokens)
        assert hypothesis.log_probability == pytest.approx(own, abs=1e-4)
        assert hypothesis.score == hypothesis.log_probability  # length_power is 0
    for node in beam.nodes[1:]:
        tokens = [n.token for n in beam.path(node.index)]
        own = sequence_log_probability(model, xs, tokens)
        assert node.log_probability == pytest.approx(own, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(models_, st.integers(1, 6), st.integers(1, 5), seeds)
def test_the_tree(model, width, steps, seed):
    xs = np.random.default_rng(seed).integers(0, 7, 4)
    beam = beam_search(model, xs, width, steps)
    root, *rest = beam.nodes
    assert root[:4] == (0, -1, 0, model.start)
    assert [node.index for node in beam.nodes] == list(range(len(beam.nodes)))
    children = {node.parent for node in rest}
    for node in rest:
        parent = beam.nodes[node.parent]
        assert node.step == parent.step + 1
        assert node.log_probability <= parent.log_probability + 1e-6
        assert parent.fate == "kept"
        assert node.fate == "kept" or node.index not in children
    ended = [node for node in rest if node.fate == "finished"]
    assert sorted(h.node for h in beam.hypotheses) == sorted(node.index for node in ended)
    for hypothesis in beam.hypotheses:
        assert tuple(node.token for node in beam.path(hypothesis.node)) == hypothesis.tokens
        assert hypothesis.finished == (hypothesis.tokens[-1] == 2)
        assert hypothesis.finished or len(hypothesis.tokens) == steps
        assert 2 not in hypothesis.tokens[:-1]
    scores = [hypothesis.score for hypothesis in beam.hypotheses]
    assert scores == sorted(scores, reverse=True)
    for step in range(1, steps + 1):
        there = [node for node in rest if node.step == step]
        survivors = [node.log_probability for node in there if node.fate != "pruned"]
        pruned = [node.log_probability for node in there if node.fate == "pruned"]
        assert len(survivors) <= width
        assert not pruned or not survivors or min(survivors) >= max(pruned)


def every_text(steps):
    """All texts that end with an end mark, or after `steps` characters."""
    others = [token for token in range(V) if token != 2]
    for length in range(1, steps + 1):
        for start in itertools.product(others, repeat=length - 1):
            yield (*start, 2)
    yield from itertools.product(others, repeat=steps)


@pytest.mark.parametrize("attention", [False, True])
def test_a_beam_that_drops_nothing_finds_the_most_probable_text(attention):
    for seed in range(6):
        model = make(attention=attention, seed=seed)
        xs = np.array([1, 4, 2, 6])
        own = {text: sequence_log_probability(model, xs, text) for text in every_text(3)}
        assert np.exp(list(own.values())).sum() == pytest.approx(1, abs=1e-4)
        beam = beam_search(model, xs, width=200, max_steps=3)
        assert set(own) == {h.tokens for h in beam.hypotheses}
        assert beam.best.log_probability == pytest.approx(max(own.values()), abs=1e-4)
        assert beam.best.tokens == max(own, key=own.get)


def test_greedy_can_miss_what_a_beam_finds():
    missed = 0
    for seed in range(30):
        model, xs = make(seed=seed, scale=3.0), np.array([1, 4, 2])
        best = beam_search(model, xs, 20, 5).best.log_probability
        missed += best > greedy(model, xs[:, None], max_steps=5).log_probabilities[0] + 1e-3
    assert missed >= 2


def test_length_power_divides_by_the_length():
    model, xs = make(seed=3), np.array([1, 4, 2])
    plain = beam_search(model, xs, 8, 6)
    mean = beam_search(model, xs, 8, 6, length_power=1)
    assert plain.nodes == mean.nodes  # the search is the same, the order at its end is not
    for hypothesis in mean.hypotheses:
        expected = hypothesis.log_probability / len(hypothesis.tokens)
        assert hypothesis.score == pytest.approx(expected)
    lengths = [np.mean([len(h.tokens) for h in beam.hypotheses[:3]]) for beam in (plain, mean)]
    assert lengths[0] <= lengths[1]


@settings(max_examples=20, deadline=None)
@given(models_, st.integers(2, 4), seeds)
def test_greedy_on_a_padded_batch_is_greedy_on_each_text(model, B, seed):
    generator = np.random.default_rng(seed)
    xs, lengths = generator.integers(0, 7, (6, B)), generator.integers(1, 7, B)
    together = greedy(model, xs, lengths, max_steps=5)
    assert together.tokens.shape[1] == B
    for b in range(B):
        alone = greedy(model, xs[: lengths[b], b : b + 1], max_steps=5)
        n = len(alone.tokens)
        np.testing.assert_array_equal(together.tokens[:n, b], alone.tokens[:, 0])
        assert not together.tokens[n:, b].any()
        np.testing.assert_allclose(
            together.log_probabilities[b], alone.log_probabilities[0], atol=1e-4
        )
        if model.attention is not None:
            seen = together.attention[:n, b]
            np.testing.assert_allclose(seen[:, : lengths[b]], alone.attention[:, 0], atol=1e-4)
            assert not seen[:, lengths[b] :].any()


def test_decoding_leaves_the_model_as_it_was():
    model = make()
    assert model.training
    before = {name: value.clone() for name, value in model.state_dict().items()}
    greedy(model, np.array([[1], [2]]))
    beam_search(model, np.array([1, 2]))
    assert model.training
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name])
    assert all(p.grad is None for p in model.parameters())


# --- composing --------------------------------------------------------------------------------


def composer(seed=0):
    torch.manual_seed(seed)
    model = Composer(6, 3, 8, layers=2, dropout=0.5)
    with torch.no_grad():
        model.output.bias += torch.tensor([-9.0, -9.0, -2.0, 0, 0, 0])
    return model


def test_compose():
    model = composer()
    drawn = compose(model, [1], 50, np.random.default_rng(0))
    assert drawn == compose(model, [1], 50, np.random.default_rng(0))
    assert drawn != compose(model, [1], 50, np.random.default_rng(1))
    assert len(drawn) <= 50
    assert set(drawn) <= {3, 4, 5}
    assert model.training
    endless = compose(model, [1], 200, np.random.default_rng(0), end=None)
    assert len(endless) == 200
    assert 2 in endless


def test_compose_with_one_choice_is_the_most_probable():
    model = composer().eval()
    drawn = compose(model, [1, 3], 8, np.random.default_rng(0), k=1, end=None)
    read = [1, 3]
    for token in drawn:
        logits, _ = model(torch.tensor(read)[:, None])
        assert token == logits[-1, 0].argmax().item()
        read.append(token)
    cold = compose(model, [1, 3], 8, np.random.default_rng(5), temperature=1e-3, end=None)
    assert cold == drawn


def test_compose_draws_by_probability():
    model = composer().eval()
    logits, _ = model(torch.tensor([[1]]))
    p = torch.softmax(logits[0, 0], dim=0).detach().numpy()
    generator = np.random.default_rng(0)
    drawn = [compose(model, [1], 1, generator, end=None)[0] for _ in range(1500)]
    np.testing.assert_allclose(np.bincount(drawn, minlength=6) / 1500, p, atol=0.05)


XS = np.array([1, 2])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: greedy(make(), XS), ValueError, "a text has shape (2,); expected (T, B)."),
        (lambda: greedy(make(), XS[:, None] * 1.0), TypeError, "a text holds torch.float64; exp"),
        (lambda: greedy(make(), XS[:, None], max_steps=0), ValueError, "max_steps is 0; expected"),
        (lambda: beam_search(make(), XS, 0), ValueError, "width is 0; expected a whole number"),
        (
            lambda: beam_search(make(), np.ones((2, 2), int)),
            ValueError,
            "a text has shape (2, 2); expected (T,) or (T, 1).",
        ),
        (
            lambda: beam_search(make(), XS, length_power=-1),
            ValueError,
            "length_power is -1; expected a number at least 0.",
        ),
        (lambda: compose(composer(), [], 3, np.random.default_rng()), ValueError, "start has "),
        (lambda: compose(composer(), [9], 3, np.random.default_rng()), ValueError, "start holds 9"),
        (lambda: compose(composer(), [1], 0, np.random.default_rng()), ValueError, "n is 0; expec"),
        (lambda: compose(composer(), [1], 3, 0), TypeError, "rng is an int; expected a random"),
        (
            lambda: compose(composer(), [1], 3, np.random.default_rng(), temperature=0),
            ValueError,
            "temperature is 0; expected a number above 0.",
        ),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        call()


def test_a_beam_says_which_one_is_best():
    beam = beam_search(make(), XS)
    assert replace(beam).best is beam.hypotheses[0]
    assert decoding.Beam is type(beam)
    assert beam.path(0) == ()
