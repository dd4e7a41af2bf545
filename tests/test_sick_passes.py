"""The four broken passes: each is wrong in the one line that exercises 03 ask for."""

import numpy as np
import pytest

from utils.bptt import bptt, broken_bptt
from utils.cells import OutputWeights, RNNWeights
from utils.checks import REGISTRY
from utils.sick_passes import LETTERS, sick_gradients

MISTAKES = {
    "a": "d_W_hh_with_h_t",
    "b": "nothing_handed_on",
    "c": "target_not_subtracted",
    "d": "slope_at_z",
}
CHECK = REGISTRY["03_rnn_backward"]["rnn_gradients"]


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_pass_makes_the_mistake_that_the_check_of_the_gradients_knows(letter, seed):
    (mistake,) = (m for m in CHECK.mistakes if m.key == MISTAKES[letter])
    for case in CHECK.cases(seed):
        expected = CHECK.compute(case.inputs, [mistake])
        found = sick_gradients(letter, case.inputs)
        assert set(found) == set(CHECK.outputs) - {"loss"}
        for name, array in found.items():
            np.testing.assert_allclose(array, expected[name], rtol=1e-9, atol=1e-10, err_msg=name)


@pytest.mark.parametrize(("letter", "broken"), [("a", "shifted"), ("b", "future")])
def test_two_of_them_are_passes_of_the_course_too(letter, broken):
    inputs = CHECK.cases(4)[0].inputs
    cell = RNNWeights(*(inputs[name] for name in ("W_xh", "W_hh", "b_h")))
    output = OutputWeights(inputs["W_hy"], inputs["b_y"])
    given = (inputs["xs"], inputs["targets"], cell, output, inputs["h_0"])
    expected, right = broken_bptt(broken, *given).gradients, bptt(*given).gradients
    found = sick_gradients(letter, inputs)
    for name, array in found.items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-9, atol=1e-10, err_msg=name)
    assert any(not np.allclose(array, right[name]) for name, array in found.items())


@pytest.mark.parametrize("letter", ["A", "", "e", None])
def test_an_unknown_pass_is_refused(letter):
    with pytest.raises(ValueError, match="expected one of a, b, c, d"):
        sick_gradients(letter, {})
