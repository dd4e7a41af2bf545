"""Live figures of chapter 04: what they compute, both ends of every control, what they say."""

import warnings

import numpy as np
import pytest

from tests.helpers import visit_ends
from utils import plots
from utils.data.text import Vocabulary
from utils.language_model import LanguageModelTrainer, evaluate, generate, init_language_model
from utils.optim import Adam
from utils.plots.language_model import draw_written, visible
from utils.sampling import entropy, tempered, top_k
from utils.training import train
from utils.widgets import explore_sampling, explore_training, explore_truncation
from utils.widgets.chapter04 import RECALL, STEPS, compute_next, compute_truncation

TEXT = "the cat sat on the mat and the cats sat on the mats.\n" * 40
VOCABULARY = Vocabulary.of(TEXT)
INDICES = VOCABULARY.encode(TEXT)


def model(H=12, seed=0):
    return init_language_model(len(VOCABULARY), H, np.random.default_rng(seed))


def training(n=40):
    trainer = LanguageModelTrainer(model(), Adam(0.02), INDICES, 8, 4)
    return trainer, explore_training(
        trainer, VOCABULARY, INDICES[:200], n, {"uniform": 3.9}, "the "
    )


@pytest.mark.parametrize(
    "explore", [explore_truncation, lambda: explore_sampling(model(), VOCABULARY, "the ")]
)
def test_both_ends_of_every_control(explore):
    live = explore()
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 3
    assert len({visit.pixels.tobytes() for visit in visits}) > 3
    assert live.full_redraws == 1  # the background is drawn once
    for control in live.controls.values():
        assert control.description


def test_a_still_figure_is_left_without_a_kernel():
    for live in (explore_truncation(), explore_sampling(model(), VOCABULARY, "a"), training()[1]):
        bundle = live._repr_mimebundle_()
        assert {"image/png", "text/html", "text/plain"} <= set(bundle)
        assert live.alt in bundle["text/plain"]


# Truncation


def test_truncation_without_memory_and_in_one_window_is_exact():
    assert np.abs(compute_truncation(factor=0).errors).max() < 1e-12
    study = compute_truncation()
    assert study.errors.shape == (STEPS,)
    assert study.errors[-1] == 0
    assert study.errors[0] > 0.2
    assert study.errors[0] > study.errors[7] > study.errors[23]
    assert (study.cosines <= 1 + 1e-12).all()
    assert compute_truncation("random", 1.4).errors[7] > compute_truncation("random", 0.5).errors[7]


def test_truncation_says_what_is_lost():
    live = explore_truncation()
    study = compute_truncation()
    assert f"off by {study.errors[7]:.0%}" in live.alt
    live.set(window=STEPS)
    assert "nothing is dropped" in live.alt
    live.set(window=STEPS - 1, factor=0.0)
    assert "off by 0%" in live.alt


def test_truncation_refuses():
    with pytest.raises(ValueError, match="network is 'x'; expected one of 'random', 'trained'"):
        compute_truncation("x")
    with pytest.raises(ValueError, match="factor is -1"):
        compute_truncation(factor=-1)


# Training


def test_a_training_is_measured_and_shown_while_it_runs(monkeypatch):
    monkeypatch.setattr("utils.widgets.chapter04._EVERY", 0.0)
    trainer, live = training()
    first = live.frame
    assert live.measured[0][0] == 0
    train(trainer.step, 40, live.draw)
    assert [updates for updates, _ in live.measured] == list(range(41))
    assert live.measured[-1][1] < live.measured[0][1]
    assert live.measured[-1][1] == pytest.approx(
        evaluate(trainer.model, INDICES[:200]).bits_per_character
    )
    assert live.frame != first
    assert "After 40 updates" in live.alt
    left = live.figure.axes[0]
    assert any(len(line.get_xdata()) == 40 for line in left.lines)


def test_measurements_are_a_second_apart_and_the_last_one_is_certain():
    trainer, live = training()
    train(trainer.step, 40, live.draw)
    assert len(live.measured) <= 4
    assert live.measured[-1][0] == 40


def test_watching_does_not_change_the_training():
    trainer, live = training()
    train(trainer.step, 20, live.draw)
    alone = LanguageModelTrainer(model(), Adam(0.02), INDICES, 8, 4)
    train(alone.step, 20)
    for name, array in alone.model.weights.items():
        np.testing.assert_array_equal(trainer.model.weights[name], array)


def test_the_temperature_of_the_sample_moves_the_text_alone():
    _, live = training()
    measured, alt = list(live.measured), live.alt
    live.set(temperature=0.2)
    assert live.measured == measured
    assert live.alt != alt
    visit_ends(live)


# Sampling


def test_next_characters_are_those_of_the_model():
    net = model()
    result = compute_next(net, VOCABULARY, "the c", 0.5, 3, seed=4, length=20)
    logits = net.forward(VOCABULARY.encode("the c")[:, None]).logits[-1, 0]
    p, q = tempered(logits), top_k(tempered(logits, 0.5), 3)
    places = VOCABULARY.encode("".join(result.characters))
    np.testing.assert_allclose(result.before, p[places])
    np.testing.assert_allclose(result.after, q[places])
    assert (np.diff(result.before) <= 0).all()
    assert (result.after > 0).sum() == 3
    assert result.entropy == pytest.approx(entropy(q))
    rng = np.random.default_rng(4)
    assert result.written == generate(net, VOCABULARY, "the c", 20, rng, 0.5, 3)


def test_the_dice_change_the_text_and_not_the_probabilities():
    live = explore_sampling(model(), VOCABULARY, "the ")
    live.set(temperature=2.0)
    before = live.alt
    live.set(dice=3)
    assert live.alt != before
    assert live.alt.split("It writes")[0] == before.split("It writes")[0]
    live.set(k=1)
    assert "entropy is 0.00" in live.alt
    greedy = live.alt
    live.set(dice=5)
    assert live.alt == greedy


def test_a_start_that_cannot_be_read_is_answered_in_one_line():
    live = explore_sampling(model(), VOCABULARY, "the ")
    for start, words in (("π", "text holds 'π'"), ("", "text is empty")):
        with pytest.raises(ValueError, match=words):
            live.set(start=start)
        assert words in live.error
    live.set(start="cat")
    assert live.error == ""


def test_any_text_can_be_drawn():
    """Formula signs stay as they are, and what the font lacks becomes a square."""
    figure, ax = plots.new_figure()
    page = draw_written(ax, columns=10, rows=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page.update("$x_{", "^2$ 猫\tend of a long line\n\n\nlast")
        figure.canvas.draw()
    lines = page.text.get_text().split("\n")
    assert len(lines) == 3
    assert max(map(len, lines)) <= 10
    assert page.text.get_text().startswith("$x_{|^2$")
    assert "□" in page.text.get_text()
    assert [visible(c) for c in "a \n\t猫"] == ["a", "␣", "↵", "⇥", "□"]


# Figures


def test_figures_are_drawn_from_what_they_are_given():
    figure, axes = plots.new_figure(2, 2, size=(12, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.draw_windows(axes[0, 0], TEXT, 4, 3)
        read, bits = np.geomspace(1e4, 1e7, 5), np.linspace(4, 2, 5)
        band = (read, bits, bits - 0.1, bits + 0.1)
        plots.draw_stored_bits(axes[0, 1], {"short": band, "long": band}, {"5-gram": 1.8})
        plots.draw_bits_by_context(axes[1, 0], [1, 2, 4], [4, 3, 2], {1: 3.5, 2: 2.5})
        curves = {"SGD": ([0.1, 1], [3, 40]), "Adam, clipped": ([0.01, 0.1], [2.5, 4])}
        plots.draw_learning_rates(axes[1, 1], curves, most=6)
        figure.canvas.draw()
    shown = "".join(text.get_text() for text in axes[0, 0].texts)
    assert shown.count("window") == 3
    assert "the␣cat␣sat␣" in shown  # the first piece from its beginning
    assert [text.get_text() for text in axes[1, 1].texts] == ["↑ 40"]
    assert axes[1, 1].lines[0].get_ydata().max() == 6


def test_recall_has_five_questions():
    assert len(RECALL) == 5
    assert all(question.endswith("?") for question, _ in RECALL)
