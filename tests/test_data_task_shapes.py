"""The five shapes of task: wiring, arrays and the points that the examples make."""

import dataclasses
import re

import numpy as np
import pytest

from utils.data import task_shapes as ts

NAMES = [
    "one_to_one",
    "one_to_many",
    "many_to_one",
    "many_to_many_aligned",
    "many_to_many_unaligned",
]
EVERY = [(shape, i) for shape in ts.TASK_SHAPES.values() for i in range(len(shape.examples))]
ids = [f"{shape.name}-{i}" for shape, i in EVERY]
every = pytest.mark.parametrize(("shape", "i"), EVERY, ids=ids)


def test_the_five():
    assert list(ts.TASK_SHAPES) == NAMES
    for name, shape in ts.TASK_SHAPES.items():
        assert shape.name == name
        assert len(shape.examples) == 3
        assert shape.question.endswith("?")
        assert shape.explanation.endswith(".")


@every
def test_wiring_holds_together(shape, i):
    wiring, example = shape.wiring(i), shape.examples[i]
    assert wiring.n_steps == len(wiring.inputs) == len(wiring.outputs) >= 1
    assert all(a or b for a, b in zip(wiring.inputs, wiring.outputs, strict=True))
    entering = [wiring.inputs[t] for t in wiring.input_steps]
    leaving = [wiring.outputs[t] for t in wiring.output_steps]
    assert tuple(entering[: len(example.inputs)]) == example.inputs
    assert tuple(leaving[: len(example.outputs)]) == example.outputs
    assert wiring.outputs[-1] is not None
    if wiring.feedback:  # what leaves at one step enters at the next
        for t in wiring.output_steps[:-1]:
            assert wiring.inputs[t + 1] == wiring.outputs[t]


@every
def test_arrays_stand_for_the_words(shape, i):
    xs, targets = shape.arrays(i)
    wiring = shape.wiring(i)
    assert xs.shape == (len(wiring.input_steps), 1, len(shape.input_vocabulary))
    assert targets.shape == (len(wiring.output_steps), 1)
    np.testing.assert_array_equal(xs.sum(axis=2), 1)
    words = [shape.input_vocabulary[k] for k in xs.argmax(axis=2)[:, 0]]
    assert words == [wiring.inputs[t] for t in wiring.input_steps]
    words = [shape.output_vocabulary[k] for k in targets[:, 0]]
    assert words == [wiring.outputs[t] for t in wiring.output_steps]


def steps(name, i=0):
    wiring = ts.TASK_SHAPES[name].wiring(i)
    return wiring.input_steps, wiring.output_steps


def test_where_inputs_and_outputs_stand():
    assert steps("one_to_one") == ((0,), (0,))
    assert steps("one_to_many") == (tuple(range(7)), tuple(range(7)))
    assert steps("many_to_one") == ((0, 1, 2, 3), (3,))
    assert steps("many_to_many_aligned") == (tuple(range(5)), tuple(range(5)))
    before, after = steps("many_to_many_unaligned")
    assert before == tuple(range(11))
    assert after == tuple(range(4, 11))


def test_who_remembers_feeds_back_and_decodes():
    wirings = {name: shape.wiring() for name, shape in ts.TASK_SHAPES.items()}
    assert [name for name in NAMES if not wirings[name].recurrent] == ["one_to_one"]
    assert [name for name in NAMES if wirings[name].feedback] == [NAMES[1], NAMES[4]]
    assert [wirings[name].decoder_from for name in NAMES] == [None, None, None, None, 4]


def test_only_the_first_note_is_given():
    shape = ts.TASK_SHAPES["one_to_many"]
    assert all(len(example.inputs) == 1 for example in shape.examples)
    assert len({example.inputs for example in shape.examples}) == len(shape.examples)


def test_sentiment_is_decided_by_order_alone():
    one, two, _ = ts.TASK_SHAPES["many_to_one"].examples
    assert sorted(one.inputs) == sorted(two.inputs)
    assert one.outputs != two.outputs


def test_named_entities_need_the_words_around():
    example = ts.TASK_SHAPES["many_to_many_aligned"].examples[1]
    labels = {
        label
        for word, label in zip(example.inputs, example.outputs, strict=True)
        if word == "Florence"
    }
    assert labels == {"person", "place"}


def test_translation_changes_lengths():
    shape = ts.TASK_SHAPES["many_to_many_unaligned"]
    assert any(len(example.inputs) != len(example.outputs) for example in shape.examples)
    assert ts.END in shape.output_vocabulary
    assert ts.START in shape.input_vocabulary


def test_nothing_can_be_changed():
    shape = ts.TASK_SHAPES["one_to_one"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        shape.name = "other"
    with pytest.raises(dataclasses.FrozenInstanceError):
        shape.examples[0].inputs = ()


def test_bad_input():
    shape = ts.TASK_SHAPES["many_to_one"]
    for f in (shape.wiring, shape.arrays):
        message = "example is 3; many-to-one has 3 examples, 0 to 2."
        with pytest.raises(ValueError, match="^" + re.escape(message)):
            f(3)
        with pytest.raises(TypeError, match=r"^example is a str; expected a whole number of at le"):
            f("first")
        with pytest.raises(ValueError, match=r"^example is -1; expected a whole number of at lea"):
            f(-1)
