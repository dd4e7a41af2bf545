"""What holds for every check of a chapter, whatever its exercise: one contract for all of them.

Chapters 00, 01 and 03 have checks of forms of their own (numbers rounded by hand, functions that
take functions) and hold theirs to the same contract in their own files.
"""

import re

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests import (
    answers_chapter02,
    answers_chapter03,
    answers_chapter04,
    answers_chapter05,
    answers_chapter06,
    answers_chapter07,
    answers_chapter08,
    answers_chapter09,
    answers_chapter10,
    answers_chapter11,
    answers_chapter12,
)
from tests import checks_contract as contract
from tests.computed_once import COMPUTE
from utils.checks import REGISTRY

pytestmark = pytest.mark.usefixtures("computed_once")

OWN = ("00_start_here", "01_backprop_recap", "03_rnn_backward")
# A result that only properties judge has no single right value to compare with; checks of such
# results are held to the contract in their chapter's file too.
CHECKS = [
    check
    for name, chapter in REGISTRY.items()
    if name not in OWN
    for check in chapter.values()
    if set(check.outputs) <= set(check.steps)
]
# Outputs that are whole numbers, or rounded, hide a smaller change.
SMALLEST = {"04_language_model": 2e-2, "05_vanishing_exploding": 1e-2, "07_lstm_design": 1e-2}
ANSWERS = {
    "02_rnn_forward": answers_chapter02,
    "03_rnn_backward": answers_chapter03,
    "04_language_model": answers_chapter04,
    "05_vanishing_exploding": answers_chapter05,
    "06_lstm": answers_chapter06,
    "07_lstm_design": answers_chapter07,
    "08_gru": answers_chapter08,
    "09_bidirectional_deep": answers_chapter09,
    "10_sequence_tasks": answers_chapter10,
    "11_forecasting": answers_chapter11,
    "12_open_your_model": answers_chapter12,
}
# How many of 25 pairs of mistakes, and which share of the pairs by place, must both be named. Where
# a check has one output, as in chapter 02, one mistake mostly hides another; what is named must be
# true there too.
PAIRS = {"02_rnn_forward": (3, 0.0)}
MOST_PLACES = 50
every_check = pytest.mark.parametrize("check", CHECKS, ids=contract.identify)
every_function_check = pytest.mark.parametrize(
    "check", contract.of_functions(CHECKS), ids=contract.identify
)


@pytest.mark.parametrize(
    "check",
    [check for check in CHECKS if type(check).compute is COMPUTE],  # others are not kept
    ids=contract.identify,
)
def test_steps_give_the_same_again(check):
    contract.steps_repeat(check)


@every_check
def test_right_answer_passes(check):
    contract.right_answer_passes(check)


@pytest.mark.parametrize(("check", "key"), contract.known_mistakes(CHECKS))
def test_mistake_gets_its_own_message(check, key):
    contract.mistake_gets_its_own_message(check, key)


@every_check
def test_pairs_of_mistakes_are_both_named(check):
    fewest, _ = PAIRS.get(check.chapter, (10, 0.7))
    assert contract.pairs_are_both_named(check, most=25) >= fewest


# All pairs of all checks would take many minutes. This is one pair for every two places in which
# a mistake can be made, thinned where there are many, drawn by a fixed seed.
@pytest.mark.slow
@every_check
def test_mistakes_in_every_two_places_are_both_named(check):
    among = contract.pairs_by_place(check)
    among = among[:: 1 + len(among) // MOST_PLACES]
    _, share = PAIRS.get(check.chapter, (10, 0.7))
    assert contract.pairs_are_both_named(check, among=among) >= share * len(among)


@pytest.mark.parametrize("check", contract.of_numbers(CHECKS), ids=contract.identify)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
@settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate])
def test_random_perturbation_names_no_mistake(check, seed, share):
    smallest = SMALLEST.get(check.chapter, 1e-3)
    contract.perturbation_names_no_mistake(check, seed, smallest + share * (10.0 - smallest))


@every_check
def test_stub_is_not_started(check, capsys):
    contract.stub_is_not_started(check, capsys)


@every_check
def test_points_are_a_plain_float(check, capsys):
    contract.points_are_a_plain_float(check, capsys)


@every_check
def test_float32_and_lists_pass(check):
    contract.float32_passes(check)
    contract.lists_pass(check)


@every_check
def test_wrong_form_is_reported(check):
    contract.wrong_form_is_reported(check)


@every_check
def test_messages_read_well(check):
    contract.messages_read_well(check)


@every_check
def test_no_message_calls_right_what_another_mistake_may_spoil(check):
    for mistake in check.mistakes:
        assert not re.search(r"\b(is|are) right\b", mistake.message), mistake.message


@every_function_check
def test_change_in_place_is_found(check):
    contract.change_in_place_is_found(check)


@every_function_check
def test_hard_coded_size_is_found(check):
    contract.hard_coded_size_is_found(check)
    contract.sizes_tell_axes_apart(check)


# Answers as people write them.


@pytest.mark.parametrize(
    ("check", "function"),
    [
        pytest.param(REGISTRY[chapter][name], function, id=f"{chapter[:2]}-{function.__name__}")
        for chapter, answers in ANSWERS.items()
        for name, functions in answers.RIGHT.items()
        for function in functions
    ],
)
def test_right_code_passes(check, function):
    for seed in (None, 5, 6):
        report = check.report(function, seed)
        assert report.status == "right", str(report)
    assert check(function, points=4) == 4.0


def test_every_code_exercise_has_five_right_versions():
    assert set(ANSWERS) >= {check.chapter for check in CHECKS}
    for chapter, answers in ANSWERS.items():
        functions = contract.of_functions(list(REGISTRY[chapter].values()))
        assert set(answers.RIGHT) == {check.name for check in functions}
        assert all(len(ways) >= 5 for ways in answers.RIGHT.values())


@pytest.mark.parametrize(
    ("check", "function", "keys"),
    [
        pytest.param(REGISTRY[chapter][name], function, keys, id=function.__name__)
        for chapter, answers in ANSWERS.items()
        for name, function, keys in answers.WRONG
    ],
)
def test_wrong_code_is_recognised(check, function, keys):
    for seed in (None, 1, 2):
        report = check.report(function, seed)
        assert sorted(report.mistakes) == sorted(keys), str(report)
        assert report.score < 1.0
        assert "size stand in your code" not in contract.texts(report)
