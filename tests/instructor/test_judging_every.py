"""Every check of the course against values that nobody would hand over by accident.

Long: `test_judging.py` has a sample of it.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from instructor.judging import cases_of, judge_function, judge_value
from instructor.sandbox import Opaque, Record
from tests.instructor.test_judging import ODD, SEED
from utils.checks import REGISTRY
from utils.checks.running import Answer, Problem

pytestmark = pytest.mark.usefixtures("computed_once")

CHECKS = [check for chapter in REGISTRY.values() for check in chapter.values()]
FUNCTIONS = [check for check in CHECKS if check.inputs is not None]
VALUES = [check for check in CHECKS if check.inputs is None]


def name_of(check):
    return f"{check.chapter[:2]}-{check.name}"


@pytest.mark.instructor
@pytest.mark.parametrize("check", VALUES, ids=name_of)
def test_odd_values_are_judged_and_earn_nothing(check):
    for told, odd in ODD.items():
        report = judge_value(check, odd)
        assert report.score == 0, told
        assert len(str(report)) < 20_000, told


@pytest.mark.instructor
@pytest.mark.parametrize("check", VALUES, ids=name_of)
def test_odd_values_in_every_place(check):
    right = cases_of(check, None)[0].right
    for told, odd in ODD.items():
        everywhere = dict.fromkeys(check.outputs, odd)
        assert judge_value(check, everywhere).score < 1, told
        first, *others = check.outputs
        rest = {name: right[name] for name in others if name in right}
        report = judge_value(check, {**dict.fromkeys(check.outputs), first: odd, **rest})
        assert len(str(report)) < 20_000, told


@pytest.mark.instructor
@pytest.mark.parametrize("check", FUNCTIONS, ids=name_of)
def test_odd_results_of_functions_are_judged(check):
    cases = cases_of(check, SEED)
    for told, odd in ODD.items():
        if isinstance(odd, (list, dict, Opaque, Record, int, float)) or odd is ...:
            odd = Problem("not numbers", "x" * 10**6)  # the sandbox makes arrays or problems
        first, *others = check.outputs
        answers = [
            Answer({first: odd, **{name: case.right.get(name) for name in others}})
            for case in cases
        ]
        report = judge_function(check, cases, answers)
        assert report.score < 1, told
        assert len(str(report)) < 40_000, told
        answers = [Answer(dict.fromkeys(check.outputs, odd)) for _ in cases]
        assert judge_function(check, cases, answers).score == 0, told


@pytest.mark.instructor
@pytest.mark.parametrize("check", FUNCTIONS, ids=name_of)
def test_right_results_earn_everything_with_a_private_seed(check):
    cases = cases_of(check, SEED)
    if not all(name in check.steps for name in check.outputs):
        pytest.skip("an output has no single right value")
    answers = [Answer({name: np.asarray(c.right[name]) for name in check.outputs}) for c in cases]
    assert judge_function(check, cases, answers).score == 1
    unlike = [replace(answer, changed_inputs=tuple(cases[0].inputs)) for answer in answers]
    assert judge_function(check, cases, unlike).score < 1
    forged = [replace(answer, changed_inputs=("no such input",)) for answer in answers]
    assert judge_function(check, cases, forged).score == 1
    again = [replace(answer, repeatable=False) for answer in answers]
    assert judge_function(check, cases, again).score < 1


@pytest.mark.instructor
@settings(max_examples=100)
@given(
    st.lists(
        hnp.arrays(
            st.sampled_from([np.float64, np.float32, np.int64, np.uint8]),
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
        ),
        min_size=5,
        max_size=5,
    ),
    st.sampled_from(FUNCTIONS),
)
def test_arrays_of_any_shape_are_judged(arrays, check):
    cases = cases_of(check, SEED)
    answers = [Answer({name: arrays[i % 5] for i, name in enumerate(check.outputs)}) for _ in cases]
    assert judge_function(check, cases, answers).score < 1
