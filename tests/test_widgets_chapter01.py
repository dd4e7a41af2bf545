"""The live figures of chapter 01: every control to both ends, and what the figure then says."""

import time

import numpy as np
import pytest

from utils.plots.activations import compute_activation_curve
from utils.widgets import chapter01
from utils.widgets.chapter01 import (
    describe_activation,
    explore_activations,
    explore_backward_pass,
    explore_decision_boundary,
    explore_descent,
)


def positions(control):
    """Give every option of a control, or both ends of its scale."""
    if hasattr(control, "options"):
        return [o[1] if isinstance(o, tuple) else o for o in control.options]
    if hasattr(control, "base"):
        return [control.base**control.min, control.base**control.max]
    return [control.min, control.max]


EXPLORERS = [
    explore_activations,
    explore_descent,
    explore_backward_pass,
    explore_decision_boundary,
]


@pytest.mark.parametrize("explore", EXPLORERS)
def test_every_control_goes_to_both_ends(explore):
    live = explore()
    for name, control in live.controls.items():
        start = control.value
        said = set()
        for value in positions(control):
            live.set(**{name: value})
            assert control.value == (pytest.approx(value) if value != str(value) else value)
            if hasattr(live, "training"):  # a learning rate shows once something learns
                live.training.run(20)
                assert live.training.error == ""
            assert live.error == ""
            assert live.alt
            said.add(live.frame)
        assert len(said) >= 2, f"{name} changes nothing"
        live.set(**{name: start})


@pytest.mark.parametrize("explore", EXPLORERS)
def test_controls_carry_words_and_the_figure_stands_still_without_a_kernel(explore):
    live = explore()
    for control in live.controls.values():
        assert len(control.description) >= 4, control
    bundle = live._repr_mimebundle_()
    assert bundle["image/png"]
    assert live.alt in bundle["text/plain"]


@pytest.mark.parametrize("explore", [explore_activations, explore_backward_pass])
def test_a_move_redraws_only_what_moves(explore):
    live = explore()
    before = live.full_redraws
    for name, control in live.controls.items():
        for value in positions(control):
            live.set(**{name: value})
    assert live.full_redraws == before


def test_activations_say_value_and_slope():
    live = explore_activations()
    live.set(name="tanh", at=0.5)
    assert f"{np.tanh(0.5):.4f}" in live.alt
    assert f"{1 - np.tanh(0.5) ** 2:.4f}" in live.alt


@pytest.mark.parametrize(
    ("name", "at", "words"),
    [
        ("sigmoid", 0.0, "close to its largest, 0.25"),
        ("sigmoid", 5.0, "below a tenth of its largest, 0.25"),
        ("tanh", 0.9, "49% of its largest, 1"),
        ("relu", -1.0, "below a tenth of its largest, 1"),
    ],
)
def test_activation_in_words(name, at, words):
    assert words in describe_activation(compute_activation_curve(name, at))


def test_descent_starts_where_it_makes_the_point_and_follows_the_controls():
    live = explore_descent()
    assert live.alt.startswith("Oscillates")
    live.set(learning_rate=0.25)
    assert live.alt.startswith("Diverges")
    live.set(surface="round bowl", learning_rate=1.0)
    assert "after 1 update" in live.alt
    assert "round bowl" in live.alt


def test_descent_surface_can_change_back_and_forth():
    live = explore_descent()
    first = live.frame
    live.set(surface="sigmoid unit")
    live.set(surface="narrow valley")
    assert live.frame == first


def test_a_round_bowl_looks_round():
    live = explore_descent()
    live.set(surface="round bowl")
    surface = live.figure.axes[0]
    box = surface.get_window_extent()
    x, y = np.diff(surface.get_xlim()).item(), np.diff(surface.get_ylim()).item()
    assert box.width / x == pytest.approx(box.height / y, rel=0.04)


def test_backward_pass_starts_with_the_example_of_the_chapter():
    live = explore_backward_pass()
    live.set(step=16)
    for number in ("d_w1 = −0.0721", "d_b1 = −0.0360", "d_w2 = −0.0670", "d_b2 = −0.0916"):
        assert number in live.alt
    live.set(step=0)
    assert "Nothing is computed yet" in live.alt
    live.set(step=7, w2=0.0)
    assert "L = ½ (ŷ − y)²" in live.alt


def test_boundary_trains_stops_and_resets():
    live = explore_decision_boundary(n_steps=600, first=50)
    assert "After 50 updates" in live.alt
    live.training.start()
    end = time.monotonic() + 20
    while len(live.training.losses) < 60 and time.monotonic() < end:
        time.sleep(0.02)
    live.training.stop()
    done = len(live.training.losses)
    assert 60 <= done < 600
    assert f"After {done} updates" in live.alt
    live.training.reset()
    assert "After 0 updates" in live.alt
    assert live.training.losses == []
    live.training.run()
    assert "After 600 updates" in live.alt
    assert live.training.error == ""


def test_a_new_setting_starts_anew_even_while_training_runs():
    live = explore_decision_boundary(n_steps=2000, first=20)
    live.training.start()
    time.sleep(0.3)
    live.set(n_hidden=2)
    end = time.monotonic() + 20
    while live.training.running and time.monotonic() < end:
        time.sleep(0.02)
    assert not live.training.running
    live.training.reset()
    assert "After 0 updates" in live.alt
    assert "2 hidden units" in live.alt
    assert live.training.error == live.error == ""


def test_boundary_can_be_shown_untrained():
    live = explore_decision_boundary(first=0)
    assert "After 0 updates" in live.alt
    assert set(chapter01.DATA) == set(live.controls["data"].options)
