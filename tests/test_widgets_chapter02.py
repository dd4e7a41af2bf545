"""Live figures of chapter 02: what they compute, both ends of every control, what they say."""

import ipywidgets
import numpy as np
import pytest

from utils.data.task_shapes import TASK_SHAPES
from utils.unrolled import run_unrolled, two_step_example
from utils.widgets import explore_hidden_states, explore_task_shapes, explore_unrolled
from utils.widgets.chapter02 import (
    compute_memory,
    compute_steps,
    compute_wirings,
    explain_step,
)

ENTRIES = [0.3, -0.9, -0.4, -0.5, 0.9, -0.4, 0.5, 2.0, 1.3, -0.4]


def ends(control):
    """Give both ends of a control, or all of its options."""
    options = getattr(control, "options", None)
    if options is None:
        return [control.min, control.max]
    return [option[1] if isinstance(option, tuple) else option for option in options]


@pytest.mark.parametrize("explore", [explore_unrolled, explore_hidden_states, explore_task_shapes])
def test_both_ends_of_every_control(explore):
    live = explore()
    start, frames, texts = live.values, {live.frame}, {live.alt}
    for name, control in live.controls.items():
        assert control.description, f"{name} has no words"
        for value in ends(control):
            live.set(**{name: value})
            frames.add(live.frame)
            texts.add(live.alt)
        live.set(**{name: start[name]})
    assert live.error == ""
    assert len(frames) > len(live.controls)
    assert len(texts) > 2
    assert live.full_redraws == 1  # the background is drawn once


@pytest.mark.parametrize("explore", [explore_unrolled, explore_hidden_states, explore_task_shapes])
def test_a_still_figure_is_left_without_a_kernel(explore):
    live = explore()
    bundle = live._repr_mimebundle_()
    assert {"image/png", "text/html", "text/plain"} <= set(bundle)
    assert live.alt in bundle["text/plain"]


def test_steps_start_with_the_example_of_the_chapter():
    live = explore_unrolled()
    run = run_unrolled(*two_step_example())
    np.testing.assert_allclose([live.values[f"value_{i}"] for i in range(3, 13)], ENTRIES)
    assert "(-0.722, +0.531)" in live.alt
    assert f"{run.probabilities[1, 0]:.3f}" in live.alt
    live.set(step=1)
    assert "(+0.291, -0.716)" in live.alt
    live.set(step=0)
    assert "No step" in live.alt


def test_no_recurrent_weights_mean_no_memory():
    live = explore_unrolled()
    live.set(step=3, **{f"value_{i}": 0.0 for i in range(5, 9)})
    before = live.alt
    live.set(value_0=-3.0, value_1=4.0)
    assert live.alt == before
    live.set(value_5=1.0)
    assert live.alt != before


def test_compute_steps_equals_the_course_and_refuses():
    run = compute_steps([1.0, -0.5], ENTRIES)
    for ours, theirs in zip(run, run_unrolled(*two_step_example()), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="entries has shape"):
        compute_steps([1.0], ENTRIES[:9])
    with pytest.raises(ValueError, match="NaN or infinite"):
        compute_steps([np.nan], ENTRIES)


def test_explain_step_writes_every_product():
    run = compute_steps([1.0, -0.5], ENTRIES)
    lines = explain_step(run, ENTRIES, 2).splitlines()
    assert len(lines) == 6
    assert lines[0] == "z1 = (-0.500)(+0.300) + (+0.291)(-0.400) + (-0.716)(+0.900) = -0.911"
    assert "(-0.722, +0.531)" in lines[2]
    assert lines[4].endswith("= -1.656")
    assert "(+0.879, +0.121)" in lines[5]
    assert len(explain_step(run, ENTRIES, 0).splitlines()) == 1


def test_memory_grows_with_the_recurrent_weights():
    left = [compute_memory(scale) for scale in (0.0, 0.7, 3.0)]
    kept = [memory.distances[-1] / memory.distances[1] for memory in left]
    assert kept[0] == 0
    assert kept[0] < kept[1] < 1e-3 < kept[2]
    for memory in left:
        assert memory.distances[0] == 0  # both sentences start with the same word
        assert np.abs(memory.hs).max() <= 1
    with pytest.raises(ValueError, match="recurrent_scale is -1"):
        compute_memory(-1)


def test_wirings_are_those_of_the_examples():
    wirings = compute_wirings()
    assert set(wirings) == {(name, number) for name in TASK_SHAPES for number in (1, 2, 3)}
    for name, shape in TASK_SHAPES.items():
        for index in range(len(shape.examples)):
            assert wirings[name, index + 1] == shape.wiring(index)


def test_picker_shows_one_wiring_at_a_time():
    live = explore_task_shapes()
    (picker,) = [c for c in live.controls.values() if isinstance(c, ipywidgets.ToggleButtons)]
    assert [title for title, _ in picker.options] == [s.title for s in TASK_SHAPES.values()]
    for name, shape in TASK_SHAPES.items():
        for number in (1, 2, 3):
            live.set(shape=name, example=number)
            wiring = compute_wirings()[name, number]
            written = [
                text.get_text()
                for axes in live.figure.findobj(lambda artist: hasattr(artist, "texts"))
                for text in axes.texts
                if text.get_visible()
            ]
            words = [w for w in (*wiring.inputs, *wiring.outputs) if w is not None]
            assert sorted(set(words)) == sorted(set(written) & set(words))
            assert len(written) == len(words) + 2  # heading and explanation
            assert shape.task in live.alt


def test_memory_figure_names_the_word_that_differs():
    live = explore_hidden_states()
    left, right = live.figure.axes
    words = [label.get_text() for label in left.get_xticklabels()]
    pairs = [label.get_text() for label in right.get_xticklabels()]
    assert [pair for word, pair in zip(words, pairs, strict=True) if pair != word] == ["cat / cats"]


def test_task_shapes_alt_names_the_example_and_its_answer():
    live = explore_task_shapes()
    texts = set()
    for shape in TASK_SHAPES:
        for example in (1, 2, 3):
            live.set(shape=shape, example=example)
            assert "It reads: " in live.alt
            texts.add(live.alt)
    assert len(texts) == 3 * len(TASK_SHAPES)
