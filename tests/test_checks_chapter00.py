"""The check of chapter 00: every mistake its message, every right way accepted."""

import numpy as np
import pytest

from tests import checks_contract as contract
from utils.checks import REGISTRY, check_first_steps

CHECKS = list(REGISTRY["00_start_here"].values())


@pytest.mark.parametrize(("check", "key"), contract.known_mistakes(CHECKS))
def test_mistake_gets_its_own_message(check, key):
    contract.mistake_gets_its_own_message(check, key)


@pytest.mark.parametrize("check", CHECKS, ids=contract.identify)
def test_what_every_check_does(check, capsys):
    contract.right_answer_passes(check)
    contract.stub_is_not_started(check, capsys)
    contract.points_are_a_plain_float(check, capsys)
    contract.float32_passes(check)
    contract.lists_pass(check)
    contract.change_in_place_is_found(check)
    contract.hard_coded_size_is_found(check)
    contract.wrong_form_is_reported(check)
    contract.messages_read_well(check)
    contract.sizes_tell_axes_apart(check)
    assert contract.pairs_are_both_named(check) >= 3


@pytest.mark.parametrize("seed", range(10))
def test_perturbation_names_no_mistake(seed):
    contract.perturbation_names_no_mistake(check_first_steps, seed, 0.01 * (seed + 1))


def by_loop(h_0, factor, T):
    for _ in range(T):
        h_0 = h_0 * factor
    return h_0


def by_logarithm(h_0, factor, T):
    return h_0 * np.exp(T * np.log(factor))


def by_product(h_0, factor, T):
    return np.multiply(h_0, np.prod([factor] * T))


def by_recursion(h_0, factor, T):
    return h_0 if T == 0 else by_recursion(factor * h_0, factor, T - 1)


def by_list(h_0, factor, T):
    return [value * factor**T for value in h_0]


@pytest.mark.parametrize("way", [by_loop, by_logarithm, by_product, by_recursion, by_list])
def test_right_answers_of_many_forms_pass(way):
    assert check_first_steps.report(way).status == "right"


def test_the_mistake_that_the_chapter_suggests_is_named():
    report = check_first_steps.report(lambda h_0, factor, T: h_0 * factor * T)
    assert report.mistakes == ("product_for_power",)
