"""Chapter 00: the first live figure, the ten questions, and the drawings of the primers."""

import numpy as np
import pytest

from utils.plots.start import (
    compute_intervals,
    compute_matrix_image,
    compute_repeated_factor,
    draw_intervals,
    draw_matrix_image,
)
from utils.plots.style import new_figure
from utils.widgets import diagnostic, explore_repeated_factor
from utils.widgets.chapter00 import (
    PRIMERS,
    QUESTIONS,
    compute_result,
    describe_repeated_factor,
)

RIGHT = [question.right for question in QUESTIONS]


# What a repeated factor leaves


def test_both_ends_of_every_slider():
    live = explore_repeated_factor()
    start, frames, texts = live.values, {live.frame}, {live.alt}
    for name, control in live.controls.items():
        assert control.description
        for value in (control.min, control.max):
            live.set(**{name: value})
            frames.add(live.frame)
            texts.add(live.alt)
        live.set(**{name: start[name]})
    assert live.error == ""
    assert live.full_redraws == 1
    assert len(frames) == len(texts) == 5


def test_the_curve_stays_inside_the_axes_at_every_corner():
    live = explore_repeated_factor()
    low, high = live.figure.axes[0].get_ylim()
    for factor in (live.controls["factor"].min, live.controls["factor"].max):
        data = compute_repeated_factor(factor, live.controls["T"].max)
        assert low < data.left.min() <= data.left.max() < high


def test_repeated_factor_says_what_is_left():
    data = compute_repeated_factor(0.9, 50)
    np.testing.assert_allclose(data.left, [0.9**t for t in range(51)])
    assert data.half_after == pytest.approx(6.5788, abs=1e-4)
    assert "0.5% is left after 50 steps" in describe_repeated_factor(data)
    assert "half is gone after 6.6" in describe_repeated_factor(data)
    assert "everything is left" in describe_repeated_factor(compute_repeated_factor(1.0, 3))
    grown = compute_repeated_factor(1.1, 50)
    assert grown.half_after == np.inf
    assert "has grown to 1.2e+02" in describe_repeated_factor(grown)


def test_a_still_figure_is_left_without_a_kernel():
    live = explore_repeated_factor()
    bundle = live._repr_mimebundle_()
    assert {"image/png", "text/html", "text/plain"} <= set(bundle)
    assert live.alt in bundle["text/plain"]


# The ten questions


def test_ten_questions_cover_the_primers():
    assert len(QUESTIONS) == 10
    assert {question.primer for question in QUESTIONS} == set(PRIMERS)
    for question in QUESTIONS:
        assert len(question.options) == len(set(question.options)) == 4
        assert question.right in range(4)
        assert question.why.endswith(".")
    assert len(set(RIGHT)) >= 3  # the place of an option gives nothing away


def test_the_answers_of_the_questions_are_true():
    """What the questions with numbers claim is computed here."""
    rng = np.random.default_rng(0)
    assert str((np.ones((2, 3)) @ np.ones((3, 4))).shape) == QUESTIONS[0].options[RIGHT[0]]
    z, b = rng.normal(size=(2, 4)), rng.normal(size=4)
    np.testing.assert_array_equal(z + b, np.stack([z[0] + b, z[1] + b]))
    w, e = 1.0, 1e-6
    slope = (2 * (w + e) * (w + e) ** 2 - 2 * (w - e) * (w - e) ** 2) / (2 * e)
    assert f"{slope:.0f}" == QUESTIONS[2].options[RIGHT[2]]
    assert round(0.9**50, 3) == 0.005
    z = 1.959964
    assert round(1 / (1 + z**2 / 10), 2) == 0.72
    assert round(1 / 0.8**10) == 9


def test_all_right():
    result = compute_result(RIGHT)
    assert result.n_right == result.n_answered == 10
    assert result.to_read == ()
    assert result.by_primer == {"A": (4, 4), "B": (2, 2), "C": (2, 2), "D": (2, 2)}


def test_a_wrong_and_a_missing_answer_point_to_their_primers():
    answers = list(RIGHT)
    answers[4] = (RIGHT[4] + 1) % 4
    answers[9] = None
    result = compute_result(answers)
    assert (result.n_right, result.n_answered) == (8, 9)
    assert result.to_read == ("B", "D")
    assert result.by_primer["B"] == (1, 2)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([0], "1 answers; expected 10, one per question"),
        ([4] + [None] * 9, r"answer 1 is 4; expected None or a whole number in 0 … 3"),
        ([None] * 9 + ["2"], "answer 10 is '2'; expected None"),
    ],
)
def test_answers_that_are_none(answers, message):
    with pytest.raises(ValueError, match=message):
        compute_result(answers)


def test_widget_shows_a_result_only_when_asked_and_keeps_it_up_to_date():
    widget = diagnostic()
    assert widget.answers == [None] * 10
    widget.choices[0].value = RIGHT[0]
    assert widget.outcome.value == ""
    widget.button.click()
    assert "1 of 10 right." in widget.outcome.value
    assert "9 not answered" in widget.outcome.value
    for name in PRIMERS.values():
        assert name in widget.outcome.value
    for choice, right in zip(widget.choices, RIGHT, strict=True):
        choice.value = right
    assert "10 of 10 right." in widget.outcome.value
    assert "leave out all four primers" in widget.outcome.value
    widget.choices[8].value = 0
    assert "Primer D, torch in ten minutes (1 of 2 right)" in widget.outcome.value
    assert "Primer A" not in widget.outcome.value
    assert "The answer: 7." in widget.outcome.value
    widget.again.click()
    assert widget.answers == [None] * 10
    assert widget.outcome.value == ""


def test_every_option_of_every_question_can_be_chosen():
    widget = diagnostic()
    widget.button.click()
    for choice, question in zip(widget.choices, QUESTIONS, strict=True):
        for index in range(len(question.options)):
            choice.value = index
    assert widget.answers == [3] * 10


def test_questions_are_left_as_text_without_a_kernel():
    bundle = diagnostic()._repr_mimebundle_()
    assert QUESTIONS[0].text in bundle["text/plain"]
    page = bundle["text/html"]
    assert page.count("<details>") == 10
    assert "d_y Wᵀ" in page
    assert all(option in page for question in QUESTIONS for option in question.options)


# The drawings of the primers


@pytest.mark.parametrize("seed", range(4))
def test_matrix_image_is_the_decomposition(seed):
    W = np.random.default_rng(seed).normal(size=(2, 2))
    image = compute_matrix_image(W, 100)
    np.testing.assert_allclose(image.inputs @ W, image.outputs, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(image.outputs, axis=1), image.values)
    lengths = np.linalg.norm(image.image, axis=1)
    assert lengths.max() <= image.values[0] + 1e-12
    assert lengths.min() >= image.values[1] - 1e-12
    assert (image.outputs[:, 0] > -1e-3).all()


def test_matrix_image_is_drawn_with_its_lengths():
    figure, axes = new_figure(1, 2)
    draw_matrix_image(axes, compute_matrix_image(np.diag([3.0, 0.5])))
    texts = {text.get_text() for text in axes[1].texts}
    assert texts == {"s₁ = 3.00", "s₂ = 0.50"}
    looks = {(line.get_color(), line.get_linestyle()) for line in axes[1].lines[1::2]}
    assert len({dash for _, dash in looks}) == 2
    figure.canvas.draw()


def test_intervals_cover_as_often_as_they_say():
    study = compute_intervals(np.random.default_rng(0), 20_000, 5, 2.776, truth=3.0, spread=2.0)
    assert study.covers.mean() == pytest.approx(0.95, abs=0.005)
    narrow = compute_intervals(np.random.default_rng(0), 20_000, 5, 1.96)
    assert narrow.covers.mean() < 0.90  # the normal quantile is too small for five values


def test_intervals_that_miss_are_drawn_differently():
    study = compute_intervals(np.random.default_rng(0), 60, 5, 2.776)
    figure, ax = new_figure()
    draw_intervals(ax, study)
    hit, missed = (container.lines[0] for container in ax.containers)
    assert len(missed.get_xdata()) == (~study.covers).sum() > 0
    assert hit.get_marker() != missed.get_marker()
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compute_repeated_factor(0, 3), "factor is 0"),
        (lambda: compute_repeated_factor(0.9, 0), "T is 0"),
        (lambda: compute_matrix_image(np.ones((2, 3))), r"W has shape \(2, 3\)"),
        (lambda: compute_intervals(np.random.default_rng(0), 3, 1, 2.0), "n_seeds is 1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
