"""The language model: truncated backpropagation, training with carried state, score, writing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.classifier import SequenceClassifier, init_classifier
from utils.data.text import Vocabulary, count_windows, windows
from utils.interop import to_torch
from utils.language_model import (
    LanguageModelTrainer,
    bits,
    choose,
    evaluate,
    generate,
    init_language_model,
    linear_decay,
    next_probabilities,
    perplexity,
    read,
)
from utils.losses import log_softmax
from utils.optim import SGD, Adam
from utils.training import train
from utils.truncation import truncated_gradients

EXACT = {"rtol": 0, "atol": 1e-10}
OUTPUT = ("d_W_hy", "d_b_y")


def draw(steps=12, B=3, H=5, V=4, seed=0):
    rng = np.random.default_rng(seed)
    model = init_classifier(V, H, V, rng)
    xs, targets = rng.integers(0, V, size=(2, steps, B))
    return model, xs, targets, rng.normal(size=(B, H))


def full(model, xs, targets, state=None):
    return model.loss_and_gradients(xs, targets, state, reduction="sum")


def close(ours, theirs, names=None):
    names = names or ours
    return all(np.allclose(ours[name], theirs[name], **EXACT) for name in names)


# Truncated backpropagation


@given(
    st.integers(1, 14), st.integers(1, 16), st.integers(1, 3), st.integers(1, 5), st.integers(0, 9)
)
def test_states_and_loss_are_those_of_the_whole_whatever_the_windows(steps, T, B, H, seed):
    model, xs, targets, state = draw(steps, B, H, seed=seed)
    whole = full(model, xs, targets, state)
    for detach in (True, False):
        run = truncated_gradients(model, xs, targets, T, state, detach=detach)
        np.testing.assert_allclose(run.states, whole.sequence.hs, **EXACT)
        assert run.loss == pytest.approx(whole.loss, abs=1e-9)
        assert close(run.gradients, whole.gradients, OUTPUT)  # no path over a border
        assert len(run.borders) == -(-steps // T) - 1
    # not detached, what the borders carried is there again
    assert close(run.gradients, whole.gradients)


@given(st.integers(1, 8), st.integers(0, 5), st.integers(0, 9))
def test_one_window_is_full_backpropagation(steps, longer, seed):
    model, xs, targets, state = draw(steps, seed=seed)
    run = truncated_gradients(model, xs, targets, steps + longer, state)
    assert close(run.gradients, full(model, xs, targets, state).gradients)
    assert run.borders == []


@given(st.integers(1, 11), st.integers(0, 9))
def test_several_windows_are_not_full_backpropagation(T, seed):
    model, xs, targets, state = draw(seed=seed)
    run = truncated_gradients(model, xs, targets, T, state)
    whole = full(model, xs, targets, state).gradients
    assert any(np.abs(border).max() > 1e-6 for border in run.borders)
    for name in ("d_W_xh", "d_W_hh", "d_b_h"):
        assert np.abs(run.gradients[name] - whole[name]).max() > 1e-6, name


@given(st.integers(1, 11), st.integers(0, 9))
def test_windows_are_exact_where_nothing_comes_back_over_the_borders(T, seed):
    model, xs, targets, state = draw(seed=seed)
    no_memory = SequenceClassifier(model.cell._replace(W_hh=np.zeros((5, 5))), model.output)
    run = truncated_gradients(no_memory, xs, targets, T, state)
    assert not any(border.any() for border in run.borders)
    assert close(run.gradients, full(no_memory, xs, targets, state).gradients)
    saturated = SequenceClassifier(model.cell._replace(b_h=np.full(5, 60.0)), model.output)
    run = truncated_gradients(saturated, xs, targets, T, state)
    assert close(run.gradients, full(saturated, xs, targets, state).gradients)


def test_what_is_lost_is_what_the_borders_would_have_carried():
    """With two windows the missing part is one backward pass that starts at the border."""
    model, xs, targets, state = draw()
    T = 5
    run = truncated_gradients(model, xs, targets, T, state)
    (border,) = truncated_gradients(model, xs[: 2 * T], targets[: 2 * T], T, state).borders
    whole = full(model, xs[: 2 * T], targets[: 2 * T], state).gradients
    cut = truncated_gradients(model, xs[: 2 * T], targets[: 2 * T], T, state).gradients
    nudged = {}
    for name, array in model.cell._asdict().items():  # ∂(border · h_T)/∂W by nudging
        nudged[name] = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            values = []
            for shift in (1e-5, -1e-5):
                other = array.copy()
                other[place] += shift
                moved = SequenceClassifier(model.cell._replace(**{name: other}), model.output)
                h_T = moved.forward(xs[:T], state).sequence.last_state
                values.append((border * h_T).sum())
            nudged[name][place] = (values[0] - values[1]) / 2e-5
        lost = whole[f"d_{name}"] - cut[f"d_{name}"]
        np.testing.assert_allclose(nudged[name], lost, rtol=0, atol=1e-7)
    assert len(run.borders) == 2


def test_it_is_what_detach_does_in_torch():
    model, xs, targets, _ = draw()
    module, output = to_torch(model.cell), torch.nn.Linear(5, 4, dtype=torch.float64)
    output.load_state_dict(
        {
            "weight": torch.tensor(model.output.W_hy.T.copy()),
            "bias": torch.tensor(model.output.b_y),
        }
    )
    h = torch.zeros(1, 3, 5, dtype=torch.float64)
    vectors = torch.nn.functional.one_hot(torch.tensor(xs), 4).double()
    for start in range(0, 12, 4):
        hs, h = module(vectors[start : start + 4], h.detach())
        right = torch.tensor(targets[start : start + 4]).reshape(-1)
        loss = torch.nn.functional.cross_entropy(output(hs).reshape(-1, 4), right, reduction="sum")
        loss.backward()  # gradients add up over the windows
    ours = truncated_gradients(model, xs, targets, 4).gradients
    np.testing.assert_allclose(ours["d_W_hh"], module.weight_hh_l0.grad.T, **EXACT)
    np.testing.assert_allclose(ours["d_W_xh"], module.weight_ih_l0.grad.T, **EXACT)
    np.testing.assert_allclose(ours["d_W_hy"], output.weight.grad.T, **EXACT)


def test_without_carrying_every_window_starts_from_zero():
    model, xs, targets, state = draw()
    run = truncated_gradients(model, xs, targets, 4, state, carry=False)
    alone = [
        full(model, xs[i : i + 4], targets[i : i + 4], None if i else state) for i in (0, 4, 8)
    ]
    np.testing.assert_allclose(
        run.states, np.concatenate([step.sequence.hs for step in alone]), **EXACT
    )
    assert run.borders == []
    assert np.abs(run.states[4:] - full(model, xs, targets, state).sequence.hs[4:]).max() > 1e-3
    with pytest.raises(ValueError, match="detach is False and carry is False"):
        truncated_gradients(model, xs, targets, 4, carry=False, detach=False)


# Training


def text_of_pairs(n=400):
    """Return a text over two letters that is certain given the two characters before."""
    return np.array([0, 0, 1, 1] * (n // 4) + [0])


def test_a_trainer_carries_its_state_and_starts_the_text_again():
    model, _, _, _ = draw(V=2)
    text = text_of_pairs(60)
    trainer = LanguageModelTrainer(model, SGD(1e-12), text, T=4, B=3)
    count = count_windows(len(text), 4, 3)
    expected, state = [], None
    for window in windows(text, 4, 3):
        step = model.loss_and_gradients(window.xs, window.targets, state)
        state = step.sequence.last_state
        expected.append(step.loss)
    losses = [trainer.step()["loss"] for _ in range(2 * count)]
    np.testing.assert_allclose(losses, 2 * expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(trainer.state, state, rtol=0, atol=1e-9)
    assert trainer.epochs == 2
    assert trainer.characters_read == 2 * count * 12
    reset = LanguageModelTrainer(model, SGD(1e-12), text, T=4, B=3, carry=False)
    assert reset.step()["loss"] == pytest.approx(expected[0])
    assert abs(reset.step()["loss"] - expected[1]) > 1e-6


def test_a_trainer_clips_and_follows_the_learning_rate():
    model, _, _, _ = draw(V=2)
    before = {name: array.copy() for name, array in model.weights.items()}
    optimiser = SGD(1.0)
    trainer = LanguageModelTrainer(
        model, optimiser, text_of_pairs(), 8, 4, max_norm=1e-3, learning_rate=linear_decay(2.0, 10)
    )
    norm = trainer.step()["norm"]
    assert norm > 1e-3
    assert optimiser.learning_rate == pytest.approx(2.0 / 20)
    moved = sum(((model.weights[n] - before[n]) ** 2).sum() for n in before) ** 0.5
    assert moved == pytest.approx(1e-3 * optimiser.learning_rate)


def test_dropout_hides_entries_from_the_output_layer_alone():
    text = text_of_pairs()

    def first_step(dropout, seed=0):
        model, _, _, _ = draw(V=2)
        rng = np.random.default_rng(seed) if dropout else None
        trainer = LanguageModelTrainer(model, SGD(1e-9), text, 8, 4, None, None, True, dropout, rng)
        return trainer.step()["loss"], trainer.state, trainer

    without, state, _ = first_step(0.0)
    tiny, same, _ = first_step(1e-12)
    assert tiny == pytest.approx(without)
    losses = [first_step(0.5, seed)[0] for seed in range(40)]
    assert len(set(losses)) == 40
    np.testing.assert_allclose(first_step(0.5)[1], state, atol=1e-12)  # states see none of it
    np.testing.assert_allclose(same, state, atol=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_any_cell_can_be_trained_with_dropout(cell):
    model = init_language_model(2, 12, np.random.default_rng(0), np.float64, cell)
    rng = np.random.default_rng(1)
    trainer = LanguageModelTrainer(model, Adam(0.02), text_of_pairs(), 8, 4, dropout=0.25, rng=rng)
    train(trainer.step, 200)
    assert evaluate(model, text_of_pairs()).bits_per_character < 0.1


def test_linear_decay():
    rate = linear_decay(4.0, 100, warm_up=2)
    assert rate(0) == 2
    assert rate(1) == pytest.approx(4 * 0.99)
    assert rate(50) == 2
    assert rate(99) == rate(1000) == pytest.approx(0.04)


def test_it_learns_what_can_be_learnt():
    model = init_language_model(2, 8, np.random.default_rng(0), np.float64)
    trainer = LanguageModelTrainer(model, Adam(0.01), text_of_pairs(), 8, 4)
    history = train(trainer.step, 200)
    assert history.losses[-1] < 0.05
    score = evaluate(model, text_of_pairs())
    assert score.bits_per_character < 0.1
    assert generate(model, Vocabulary("ab"), "aabb", 8) == "aabbaabb"


def test_targets_that_are_not_shifted_teach_nothing():
    """The input itself is the target then: a loss near 0, and a model that predicts nothing."""
    text = np.random.default_rng(0).integers(0, 4, size=2000)
    model = init_language_model(4, 8, np.random.default_rng(1), np.float64)
    optimiser = Adam(0.02)
    for window in windows(text, 10, 4):
        step = model.loss_and_gradients(window.xs, window.xs)
        optimiser.step(model.weights, step.gradients)
    assert step.loss < 0.1
    assert evaluate(model, text).bits_per_character > 3


# Score


@given(st.integers(2, 40), st.integers(0, 9))
@settings(max_examples=25)
def test_evaluation_is_the_mean_surprise_of_one_reading(N, seed):
    model, _, _, _ = draw(seed=seed)
    text = np.random.default_rng(seed).integers(0, 4, size=N)
    run = model.forward(text[:-1, None])
    right = np.take_along_axis(log_softmax(run.logits[:, 0]), text[1:, None], axis=1)
    score = evaluate(model, text)
    assert score.nats == pytest.approx(-right.mean())
    assert score.N == N - 1
    np.testing.assert_allclose(score.state, run.sequence.last_state)
    np.testing.assert_allclose(next_probabilities(model, text), np.exp(right[:, 0]))


def test_evaluation_in_pieces_equals_that_in_one(monkeypatch):
    model, _, _, _ = draw()
    text = np.random.default_rng(0).integers(0, 4, size=50)
    whole = evaluate(model, text)
    monkeypatch.setattr("utils.language_model._CHUNK", 7)
    assert evaluate(model, text).nats == pytest.approx(whole.nats)
    halves = evaluate(model, text[:26]), None
    second = evaluate(model, text[25:], halves[0].state)
    assert (halves[0].nats * 25 + second.nats * 24) / 49 == pytest.approx(whole.nats)


def test_bits_and_perplexity():
    assert bits(np.log(8)) == pytest.approx(3)
    assert perplexity(np.log(8)) == pytest.approx(8)
    model, _, _, _ = draw()
    flat = SequenceClassifier(model.cell, model.output._replace(W_hy=np.zeros((5, 4))))
    score = evaluate(flat, [0, 1, 2, 3])
    assert score.perplexity == pytest.approx(4)
    assert score.bits_per_character == pytest.approx(2)


# Writing


def test_writing_reads_what_it_wrote():
    model, _, _, _ = draw(V=4, seed=3)
    vocabulary = Vocabulary("abcd")
    text = generate(model, vocabulary, "ab", 12)
    for place in range(12):  # each character is the best one after all before it
        logits, _ = read(model, vocabulary.encode("ab" + text[:place]))
        assert text[place] == "abcd"[logits.argmax()]


def test_writing_is_repeatable_and_follows_temperature_and_k():
    model, _, _, _ = draw(V=4, seed=3)
    vocabulary = Vocabulary("abcd")

    def write(**options):
        return generate(model, vocabulary, "a", 200, np.random.default_rng(1), **options)

    assert write() == write()
    assert len(write()) == 200
    greedy = generate(model, vocabulary, "a", 200)
    assert write(k=1) == greedy
    assert write(temperature=1e-6) == greedy
    assert write() != greedy
    assert write(k=4) == write()
    counts = np.bincount(vocabulary.encode(write(temperature=1e6)), minlength=4)
    assert counts.min() > 30
    assert choose(np.array([0.0, 5.0, 1.0])) == 1


@given(st.floats(0.05, 3), st.one_of(st.none(), st.integers(1, 4)), st.integers(0, 9))
@settings(max_examples=30)
def test_writing_is_the_loop_of_read_and_choose(temperature, k, seed):
    model, _, _, _ = draw(V=4, seed=seed)
    rng = np.random.default_rng(seed)
    logits, state = read(model, np.array([0, 1]))
    written = []
    for _ in range(30):
        written.append(choose(logits, rng, temperature, k))
        logits, state = read(model, np.array(written[-1:]), state)
    rng = np.random.default_rng(seed)
    assert generate(model, Vocabulary("abcd"), "ab", 30, rng, temperature, k) == "".join(
        "abcd"[i] for i in written
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: generate(m, Vocabulary("abc"), "a", 3), ValueError, "holds 3 characters; exp"),
        (lambda m: generate(m, Vocabulary("abcd"), "x", 3), ValueError, "text holds 'x'"),
        (lambda m: generate(m, Vocabulary("abcd"), "", 3), ValueError, "text is empty"),
        (lambda m: generate(m, Vocabulary("abcd"), "a", 0), ValueError, "length is 0"),
        (lambda m: generate(m, Vocabulary("abcd"), "a", 1, 5), TypeError, "rng is an int"),
        (lambda m: evaluate(m, [0]), ValueError, "expected at least two"),
        (lambda m: evaluate(m, [0, 4]), ValueError, "indices holds 4"),
        (lambda m: LanguageModelTrainer(m, SGD(1), [0, 1] * 9, 8, 9), ValueError, "too short"),
        (lambda m: LanguageModelTrainer(3, SGD(1), [0, 1] * 9, 2, 2), TypeError, "model is an int"),
        (
            lambda m: LanguageModelTrainer(m, SGD(1), [0, 1] * 9, 2, 2, max_norm=0),
            ValueError,
            "max_norm is 0",
        ),
        (
            lambda m: LanguageModelTrainer(m, SGD(1), [0, 1] * 9, 2, 2, dropout=1.0),
            ValueError,
            "dropout is 1",
        ),
        (
            lambda m: LanguageModelTrainer(m, SGD(1), [0, 1] * 9, 2, 2, dropout=0.5),
            TypeError,
            "rng is None",
        ),
        (lambda m: truncated_gradients(m, [[9]], [[1]], 1), ValueError, "xs holds 9"),
        (lambda m: truncated_gradients(m, [[1]], [[1]], 0), ValueError, "T is 0"),
        (lambda m: linear_decay(0, 3), ValueError, "start is 0"),
    ],
)
def test_bad_input_is_told_in_one_line(call, error, words):
    with pytest.raises(error, match=words):
        call(draw()[0])


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gated_cells_are_trained_scored_and_write_as_well(cell):
    model = init_classifier(2, 8, 2, np.random.default_rng(0), cell=cell)
    trainer = LanguageModelTrainer(model, Adam(0.02), text_of_pairs(), 8, 4)
    assert train(trainer.step, 150).losses[-1] < 0.1
    assert evaluate(model, text_of_pairs()).bits_per_character < 0.2
    assert generate(model, Vocabulary("ab"), "aabb", 8) == "aabbaabb"
