"""What an LSTM does over a sentence, against its cell in a loop."""

import numpy as np
import pytest

from utils.cells import lstm_step
from utils.classifier import init_classifier
from utils.data import grammar
from utils.layers import linear, one_hot
from utils.losses import softmax
from utils.sentence_gates import carrying_units, cells_apart, gates_over_sentence, sentence_of

V = len(grammar.VOCABULARY)


@pytest.fixture
def model():
    return init_classifier(V, 6, 2, np.random.default_rng(0), cell="lstm", forget_bias=1.0)


def test_every_value_is_the_cells(model):
    sentence = sentence_of("plural", 5, 3)
    run = gates_over_sentence(model, sentence)
    assert run.words == sentence.prefix
    h, c = np.zeros((2, 1, 6))
    for t, x_t in enumerate(one_hot(grammar.encode(run.words)[:, None], V)):
        values = lstm_step(x_t, h, c, model.cell)
        h, c = values.h_t, values.c_t
        for name in ("input_gate", "forget_gate", "candidate", "output_gate"):
            np.testing.assert_allclose(run.values[name][t], getattr(values, name)[0], atol=1e-12)
        np.testing.assert_allclose(run.values["cell_state"][t], np.tanh(c[0]), atol=1e-12)
        np.testing.assert_allclose(run.values["hidden_state"][t], h[0], atol=1e-12)
        assert run.were[t] == pytest.approx(softmax(linear(h, *model.output))[0, 1])


def test_sentences_differ_in_noun_alone():
    for distractors in ("none", "random"):
        one, many = (sentence_of(number, 9, 2, distractors) for number in grammar.NUMBERS)
        assert one.words[1] + "s" == many.words[1]
        assert one.words[2:-3] == many.words[2:-3]
        assert one == sentence_of("singular", 9, 2, distractors)
    assert sentence_of("singular", 9, 2) != sentence_of("singular", 9, 3)


def test_the_unit_that_carries_comes_first(model):
    order = carrying_units(model, distance=4, n=2)
    assert sorted(order) == list(range(6))
    apart = np.mean([np.abs(cells_apart(model, 4, draw)[-1]) for draw in range(2)], axis=0)
    assert (np.diff(apart[order]) <= 0).all()
    one, many = (
        gates_over_sentence(model, sentence_of(number, 4, 0)).values["cell_state"]
        for number in ("singular", "plural")
    )
    np.testing.assert_array_equal(cells_apart(model, 4, 0), one - many)
    assert cells_apart(model, 4, 0)[0] == pytest.approx(0)  # "the" is the same in both
    assert np.abs(cells_apart(model, 4, 0)[1]).max() > 0


def test_refuses(model):
    with pytest.raises(TypeError, match="the cell is RNNWeights"):
        gates_over_sentence(
            init_classifier(V, 3, 2, np.random.default_rng(0)), sentence_of("plural", 3, 0)
        )
    with pytest.raises(ValueError, match="draw is -1"):
        sentence_of("plural", 3, -1)
    with pytest.raises(ValueError, match="n is 0"):
        carrying_units(model, n=0)
