"""What tests keep of the checks' computing: the same values, computed once, safe from changes."""

import numpy as np
import pytest

from tests import checks_contract as contract
from tests.computed_once import CASES, COMPUTE
from utils.checks import REGISTRY
from utils.checks.engine import Check, Mistake

pytestmark = pytest.mark.usefixtures("computed_once")
RNN_STEP = REGISTRY["02_rnn_forward"]["rnn_step"]


@pytest.fixture
def made(monkeypatch):
    """Give a function that makes a check of one step, outside the course's registry."""
    monkeypatch.setitem(REGISTRY, "a_test", {})

    def make(step, name="made"):
        return Check(
            name,
            "a_test",
            "A test",
            {"z": "N"},
            steps={"z": step},
            inputs=lambda rng, sizes: {"x": rng.standard_normal(3)},
        )

    return make


def test_values_are_those_that_are_computed_without_it():
    kept, fresh = RNN_STEP.cases(3), CASES(RNN_STEP, 3)
    for mistakes in ((), *((mistake,) for mistake in RNN_STEP.mistakes)):
        for one, other in zip(kept, fresh, strict=True):
            for right in (None, one.right):
                for _ in range(2):
                    found = RNN_STEP.compute(one.inputs, mistakes, right=right)
                    np.testing.assert_equal(found, COMPUTE(RNN_STEP, other.inputs, mistakes))
    last = next(iter(RNN_STEP.steps))
    assert list(RNN_STEP.compute(kept[0].inputs, until=last)) == [last]


def test_a_step_is_computed_once_for_each_case_and_again_where_a_value_is_given(made):
    seen = []
    check = made(lambda x: seen.append(1) or 2 * x)
    (case,) = check.cases()
    for _ in range(3):
        check.compute(case.inputs)
        assert check.cases()[0] is case
    assert len(seen) == 1
    assert check.compute(case.inputs, pinned={"z": np.ones(3)})["z"].tolist() == [1.0] * 3
    (other,) = check.cases(1)
    assert not np.array_equal(check.compute(other.inputs)["z"], case.right["z"])


def times(factor):
    return lambda x: factor * x


def test_mistakes_of_one_name_are_told_apart(made):
    check = made(lambda x: 2 * x)
    (case,) = check.cases()
    for factor in (3.0, 4.0):
        other = Mistake("other_factor", {"z": times(factor)}, "Another factor.")
        found = check.compute(case.inputs, [other], right=case.right)["z"]
        np.testing.assert_equal(found, factor * case.inputs["x"])


def test_an_error_comes_again_and_another_check_begins_anew(made):
    check, other = made(lambda x: x / 2), made(lambda x: x / 3, "other")
    check.mistake("z", "Shapes.")(lambda x: x + np.ones(2))
    (case,) = check.cases()
    for _ in range(2):
        with pytest.raises(ValueError, match="could not be broadcast"):
            check.compute(case.inputs, check.mistakes)
    (of_other,) = other.cases()
    np.testing.assert_equal(other.compute(of_other.inputs)["z"], of_other.inputs["x"] / 3)
    assert check.cases()[0] is not case


def test_what_is_kept_cannot_be_written_to(made):
    check = made(lambda x: 2 * x)
    (case,) = check.cases()
    with pytest.raises(ValueError, match="read-only"):
        check.compute(case.inputs)["z"][0] = 0.0


def test_steps_that_do_not_repeat_are_found(made):
    contract.steps_repeat(made(lambda x: 2 * x))
    count = iter(range(100))
    with pytest.raises(AssertionError):
        contract.steps_repeat(made(lambda x: x + next(count), "counts"))
