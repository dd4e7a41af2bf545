"""The checks of chapter 03: every mistake its message, pairs both named, right ways accepted."""

import os
import re

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests import checks_contract as contract
from tests.answers_chapter03 import (
    forward,
    gradients,
    loop,
    loop_truncated,
    loss,
    nudge,
    step,
)
from utils.bptt import bptt
from utils.cells import OutputWeights, RNNWeights
from utils.checks import REGISTRY
from utils.checks import chapter03 as checks
from utils.checks.chapter03.terms_needed import SCALES, terms_at
from utils.gradients import numerical_gradient, relative_error
from utils.sick_passes import sick_gradients

pytestmark = pytest.mark.usefixtures("computed_once")

CHECKS = list(REGISTRY["03_rnn_backward"].values())
FUNCTIONS = contract.of_functions(CHECKS)
PLAIN = [check for check in CHECKS if check.call is None]  # who takes what `inputs` makes
every_check = pytest.mark.parametrize("check", CHECKS, ids=contract.identify)
plain_check = pytest.mark.parametrize("check", PLAIN, ids=contract.identify)
every_function_check = pytest.mark.parametrize("check", FUNCTIONS, ids=contract.identify)


# --- what holds for every check ----------------------------------------------------------------


@every_check
def test_steps_give_the_same_again(check):
    contract.steps_repeat(check)


@every_check
def test_right_answer_passes(check):
    contract.right_answer_passes(check)


@pytest.mark.parametrize(("check", "key"), contract.known_mistakes(CHECKS))
def test_mistake_gets_its_own_message(check, key):
    contract.mistake_gets_its_own_message(check, key)


# Of all pairs of mistakes that can be made together, PAIRS are tried in each check: one for as many
# two places in which mistakes can be made as that allows (`pairs_by_place`), the rest out of all
# pairs, both drawn by a fixed seed, so that every run tries the same ones. UNROLLED_ALL_PAIRS=1
# tries every pair, and one for every two places in the check with a hundred mistakes.
PAIRS = 40
ALL_PAIRS = os.environ.get("UNROLLED_ALL_PAIRS") == "1"


def sampled_pairs(check):
    places = contract.pairs_by_place(check)
    if ALL_PAIRS:
        return places if len(check.mistakes) > 60 else contract.pairs(check, 10**9)
    chosen = np.random.default_rng(0).permutation(len(places))[: PAIRS // 2]
    sample = {(a.key, b.key): (a, b) for a, b in (places[i] for i in sorted(chosen))}
    sample |= {(a.key, b.key): (a, b) for a, b in contract.pairs(check, PAIRS - len(sample))}
    return list(sample.values())


@every_check
def test_pairs_of_mistakes_are_both_named_or_told_truly(check):
    among = sampled_pairs(check)
    whole_numbers = check is checks.check_terms_needed  # four of them: one slip often hides another
    least = (0.6 if whole_numbers else 0.75) * len(among)
    assert contract.pairs_are_both_named(check, among=among) >= least


@pytest.mark.parametrize("check", contract.of_numbers(CHECKS), ids=contract.identify)
@given(seed=st.integers(0, 10_000), size=st.floats(1e-3, 10.0))
@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
def test_random_perturbation_names_no_mistake(check, seed, size):
    contract.perturbation_names_no_mistake(check, seed, size)


@every_check
def test_stub_is_not_started(check, capsys):
    contract.stub_is_not_started(check, capsys)


@plain_check
def test_points_are_a_plain_float(check, capsys):
    contract.points_are_a_plain_float(check, capsys)


@plain_check
def test_float32_and_lists_pass(check):
    contract.float32_passes(check)
    contract.lists_pass(check)


@plain_check
def test_wrong_form_is_reported(check):
    contract.wrong_form_is_reported(check)


@every_check
def test_messages_read_well(check):
    contract.messages_read_well(check)


@pytest.mark.parametrize("check", contract.of_functions(PLAIN), ids=contract.identify)
def test_change_in_place_is_found(check):
    contract.change_in_place_is_found(check)


def test_parameters_left_nudged_in_place_are_found():
    def leaves(given_loss, parameters, epsilon):
        found = nudge(given_loss, {n: w.copy() for n, w in parameters.items()}, epsilon)
        parameters["W_hh"] += epsilon
        return found

    report = checks.check_numerical_gradients.report(leaves)
    assert [line.key for line in report.lines if line.key] == ["changes_input"]
    assert "`W_hh`" in contract.texts(report)
    assert report.score == 0.5


@pytest.mark.parametrize("check", contract.of_functions(PLAIN), ids=contract.identify)
def test_hard_coded_size_is_found(check):
    contract.hard_coded_size_is_found(check)


@every_function_check
def test_sizes_tell_axes_apart(check):
    contract.sizes_tell_axes_apart(check)


def test_nudging_with_a_hard_coded_size_is_found():
    def fixed(given_loss, parameters, epsilon):
        found = nudge(given_loss, parameters, epsilon)
        return {**found, "d_b_h": found["d_b_h"].reshape(2)}

    report = checks.check_numerical_gradients.report(fixed)
    assert report.status == "stopped"
    assert "Does a size stand in your code as a number" in contract.texts(report)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (lambda found: {n: d.astype("float32") for n, d in found.items()}, "right", ""),
        (lambda found: {**found, "d_b_h": found["d_b_h"] * np.nan}, "wrong", "NaN"),
        (lambda found: {"d_W_xh": found["d_W_xh"]}, "wrong", "no entry `d_W_hh`, `d_b_h`"),
        (lambda found: {n[2:]: d for n, d in found.items()}, "wrong", "no entry `d_W_xh`"),
        (lambda found: found["d_W_xh"] / "text", "stopped", "TypeError"),
        (lambda found: None, "wrong", "returns None"),
        (lambda found: list(found.values()), "right", ""),
        (lambda found: found["d_W_xh"], "wrong", "expected 3 values"),
    ],
)
def test_forms_of_nudged_gradients(change, status, words, capsys):
    def learner(given_loss, parameters, epsilon):
        return change(nudge(given_loss, parameters, epsilon))

    report = checks.check_numerical_gradients.report(learner)
    assert report.status == status, str(report)
    assert words in contract.texts(report)
    earned = checks.check_numerical_gradients(learner, points=3)
    assert type(earned) is float
    assert (earned == 3.0) == (status == "right")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "check", [checks.check_zero_gradients, checks.check_diagnosis, checks.check_terms_needed]
)
def test_every_wrong_option_has_its_reason(check):
    assert contract.wrong_options_are_reported(check) >= 2
    right = contract.outputs_of(check, {})
    for name, option in contract.options(check):
        assert len(check.report({**right, name: option}).mistakes) == 1, (name, option)


# --- what is said where no known mistake fits -----------------------------------------------------


def test_the_first_wrong_step_of_the_loop_is_named():
    def slips_once(d_hs_out, hs, W_hh):
        d_hs, d_zs, d_h_0 = loop(d_hs_out, hs, W_hh)
        d_hs[:-1] *= 1.37  # no known mistake
        return d_hs, d_zs, d_h_0

    text = contract.texts(checks.check_back_through_time.report(slips_once))
    assert "`d_hs` is the first quantity that is wrong." in text
    assert "right at the last step, wrong at every step before it" in text
    assert "`d_zs` is right." in text


def test_a_gradient_off_by_a_size_is_told_by_how_much():
    def divides(*arguments):
        found = gradients(*arguments)
        found["d_W_xh"] = found["d_W_xh"] / len(arguments[2])
        return found

    report = checks.check_rnn_gradients.report(divides)
    assert report.mistakes == ()
    assert "Every value is 1/B times the right one." in contract.texts(report)


def test_gradients_under_each_others_names_are_noticed():
    def swaps(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
        d_z, d_x, d_h, d_W_xh, d_W_hh, d_b = step(d_h_t, x_t, h_prev, h_t, W_xh, W_hh)
        return d_h, d_x, d_z, d_W_xh, d_W_hh, d_b

    text = contract.texts(checks.check_step_back.report(swaps))
    assert "It holds what belongs to `d_h_prev`" in text


def test_a_missing_entry_of_the_dictionary_is_named():
    def forgets(*arguments):
        found = gradients(*arguments)
        del found["d_h_0"]
        return found

    assert "no entry `d_h_0`" in contract.texts(checks.check_rnn_gradients.report(forgets))


def test_part_of_the_gradients_is_counted():
    def leaves_open(*arguments):
        return {**gradients(*arguments), "d_h_0": None}

    report = checks.check_rnn_gradients.report(leaves_open)
    assert report.status == "open"
    assert report.score == pytest.approx(6 / 7)


def test_a_wrong_list_counted_on_follows_by_hand():
    values = contract.outputs_of(checks.check_e3_terms, {})
    values["d_s"] = [0.75, 0.72, 0.9, 1.1]  # two slips of the pen
    values["terms"] = np.array(values["d_s"]) * [0.64, 0.84, 0.75, 0.96] * [-0.4, 0.5, 0.2, -0.5]
    values["total"] = values["terms"].sum()
    report = checks.check_e3_terms.report(values)
    follows = [line.text for line in report.lines if line.kind == "follows"]
    assert follows == [
        f"`{name}` is wrong only because of `d_s`: mend that first." for name in ("terms", "total")
    ]
    assert "Entries 3 and 4 are wrong, entries 1 and 2 are right." in contract.texts(report)


def test_lists_in_the_order_of_time_are_told_each_by_itself():
    values = contract.outputs_of(checks.check_e3_terms, {})
    for turned in (["d_s"], ["terms"], ["d_s", "terms"]):
        answer = {n: v[::-1] if n in turned else v for n, v in values.items()}
        report = checks.check_e3_terms.report(answer)
        assert list(report.mistakes) == [f"{name}_in_order_of_time" for name in turned]
        assert "only because" not in contract.texts(report)


@pytest.mark.parametrize("decimals", [3, 4, 8])
def test_the_terms_by_hand_may_be_rounded_at_every_line(decimals):
    d_s, terms, d = [], [], 0.75
    for slope, read in zip((0.64, 0.84, 0.75, 0.96), (-0.4, 0.5, 0.2, -0.5), strict=True):
        d_s.append(d)
        d_z = round(d * slope, decimals)
        terms.append(round(d_z * read, decimals))
        d = round(1.5 * d_z, decimals)
    values = {"d_s": d_s, "terms": terms, "total": round(sum(terms), decimals)}
    assert checks.check_e3_terms.report(values).status == "right"


def test_a_list_with_a_number_for_scale_2_is_told_so():
    findings = {"needed": [4, 6, 19, 39, 40], "middle_at_2": None}
    text = contract.texts(checks.check_terms_needed.report(findings))
    assert "four numbers are expected" in text
    assert "shape" not in text


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        ([4, 6, 19, 38], "wrong at scale 1.5, and right at scale 0.25, 0.5, 1."),
        ([1, 6, 2, 39], "wrong at scale 0.25, 1, and right at scale 0.5, 1.5."),
        ([11, 12, 3, 1], "`needed` is the first quantity that is wrong."),
    ],
)
def test_wrong_counts_of_no_known_mistake_are_told_by_scale(needed, words):
    findings = {
        "needed": needed,
        "middle_at_2": checks.check_terms_needed.outputs["middle_at_2"][2],
    }
    report = checks.check_terms_needed.report(findings)
    assert report.mistakes == ()
    assert words in contract.texts(report)


def test_single_terms_are_told_whatever_they_are_compared_with():
    sizes = [np.linalg.norm(terms_at(scale), axis=(1, 2))[::-1] for scale in SCALES]
    full = [np.linalg.norm(terms_at(scale).sum(axis=0)) for scale in SCALES]
    for what, of in (
        ("sum", full),
        ("sizes", [s.sum() for s in sizes]),
        ("last", [s[0] for s in sizes]),
        ("last", [s.max() for s in sizes]),
    ):
        before = [int(np.argmax(s < 0.01 * o)) for s, o in zip(sizes, of, strict=True)]
        for more, how in enumerate(("stopped", "counted")):
            findings = {"needed": [n + more for n in before], "middle_at_2": None}
            report = checks.check_terms_needed.report(findings)
            assert report.mistakes == (f"single_terms_{how}_of_the_{what}",), str(report)


def test_a_gradient_truncated_to_one_step_is_told_from_outputs_that_are_handed_in_as_totals():
    def names_the_outputs(d_hs_out, hs, W_hh):
        _, d_zs, d_h_0 = loop(d_hs_out, hs, W_hh)
        return d_hs_out.copy(), d_zs, d_h_0

    check = checks.check_back_through_time
    assert check.report(names_the_outputs).mistakes == ("d_hs_are_outputs",)
    assert check.report(loop_truncated).mistakes == ("nothing_handed_on",)


# --- the numbers in the checks ------------------------------------------------------------------


def test_the_reference_gradients_equal_central_differences():
    check = checks.check_rnn_gradients
    for case in check.cases():
        names = [name for name in case.inputs if name not in ("xs", "targets")]
        for name in names:
            slope = numerical_gradient(
                lambda w, name=name, case=case: float(
                    check.compute({**case.inputs, name: w}, until="loss")["loss"]
                ),
                case.inputs[name],
            )
            assert relative_error(case.right["d_" + name], slope) < 1e-7, name


def test_the_reference_loop_equals_the_one_written_out():
    for case in checks.check_back_through_time.cases():
        for value, name in zip(loop(*case.inputs.values()), ("d_hs", "d_zs", "d_h_0"), strict=True):
            np.testing.assert_allclose(value, case.right[name], rtol=0, atol=1e-12)


def test_the_total_by_hand_is_the_slope_of_the_loss():
    """Inputs are chosen so that the states come out as the exercise gives them."""
    states = np.array([-0.5, 0.2, 0.5, -0.4, 0.6])
    pushes = np.arctanh(states[1:]) - 1.5 * states[:-1]
    bias = np.log(0.7 / 0.3) - 0.6 * (-1.0 - 1.5)  # so that y_hat is (0.7, 0.3)

    def loss_of(w):
        s = states[0]
        for push in pushes:
            s = np.tanh(push + w[0] * s)
        return loss(np.array([[[bias - s, 1.5 * s]]]), np.array([[0]]))[1]

    right = checks.check_e3_terms.cases()[0].right
    assert numerical_gradient(loss_of, np.array([1.5]))[0] == pytest.approx(right["total"])


def test_the_counts_hold_on_other_machines():
    right = checks.check_terms_needed.cases()[0].right
    limits = right["limit"]
    for missing, limit, count in zip(right["missing"], limits, right["needed"], strict=True):
        assert missing[count - 1] < 0.95 * limit
        assert (missing[: count - 1] > 1.05 * limit).all()
    norms = np.linalg.norm(terms_at(2.0), axis=(1, 2))
    assert norms[20] > 5 * norms[39]


# --- the notebook around the checks ------------------------------------------------------------

NAME = "03_rnn_backward"


def test_the_notebook_compares_with_torch_as_soon_as_both_are_there(capsys):
    contract.graded_cells(contract.notebook(NAME), solved=True)
    compared = re.findall(r"relative difference (\S+)", capsys.readouterr().out)
    assert len(compared) == 6
    assert max(map(float, compared)) < 1e-7  # seven digits, as exercise 7 says
    contract.graded_cells(contract.notebook(NAME), solved=False)
    assert "compared here as soon as both are right" in capsys.readouterr().out


def test_the_check_measures_what_the_notebook_sets_up():
    space = {
        "np": np,
        "bptt": bptt,
        "RNNWeights": RNNWeights,
        "OutputWeights": OutputWeights,
        "predict": lambda *arguments, **options: None,
    }
    exec(contract.sources(NAME)["terms-setup"], space)
    for scale in (*SCALES, 2.0):
        np.testing.assert_allclose(space["terms_at"](scale), terms_at(scale), rtol=1e-9, atol=1e-9)
    assert tuple(space["outcomes"]) == checks.check_terms_needed.outputs["middle_at_2"]


def test_the_tables_of_the_four_passes_show_what_the_diagnosis_needs():
    space = {
        "np": np,
        "RNNWeights": RNNWeights,
        "rnn_unroll": lambda xs, h_0, weights: forward(xs, h_0, *weights),
        "softmax_cross_entropy": lambda logits, targets, _: loss(logits, targets)[1],
    }
    exec(contract.sources(NAME)["sick-setup"], space)
    assert tuple(space["lines"]) == checks.check_diagnosis.outputs["a"]
    wrong = {}
    for T in (5, 1):
        given = space["draw"](T)
        for letter in "abcd":
            sick = sick_gradients(letter, given)
            for name in space["names"]:
                slope = numerical_gradient(
                    lambda w, name=name, given=given: space["total_loss"](**{**given, name: w}),
                    given[name],
                )
                error = relative_error(sick["d_" + name], slope)
                assert error < 1e-7 or error > 0.01, (letter, name)
                if error > 0.01:
                    wrong.setdefault((letter, T), []).append(name)
    hidden = ["W_xh", "W_hh", "b_h", "h_0"]
    assert wrong == {
        ("a", 5): ["W_hh"],
        ("b", 5): hidden,
        ("c", 5): ["W_hy", "b_y", *hidden],
        ("d", 5): hidden,
        ("a", 1): ["W_hh"],
        ("c", 1): ["W_hy", "b_y", *hidden],
        ("d", 1): hidden,
    }


def test_the_exercises_take_ninety_minutes_and_are_in_order():
    text = "\n".join(contract.sources(NAME).values())
    minutes = [int(n) for n in re.findall(r"\*\*[^*\n]*?(\d+) minutes\b", text)]
    assert sum(minutes) == 90
    asked = re.findall(r"^checks\.check_(\w+)\(", text, re.MULTILINE)
    assert asked == [check.name for check in CHECKS]
    kinds = re.findall(r"\*\*(?:\w\) )?([A-Z][a-z]+(?: hand)?) · \d+ minutes", text)
    assert set(kinds) == {"Predict", "By hand", "Code", "Experiment", "Open"}
    assert len(kinds) >= 8
