"""The checks of chapter 05: every mistake its message, right ways accepted."""

import re

import numpy as np
import pytest

from tests import checks_contract as contract
from tests.answers_chapter05 import RIGHT, norms, run
from utils.cells import RNNWeights, rnn_step
from utils.checks import chapter05 as checks
from utils.checks.chapter05.reach import GAINS, RADII, curve_back, set_up
from utils.checks.chapter05.training import LARGE, PLANTED, WIDE
from utils.clipping import global_norm
from utils.jacobians import gradient_by_step, jacobian_products, step_jacobians
from utils.sequence import rnn_sequence

# --- pairs of mistakes, and options ---------------------------------------------------------------


@pytest.mark.parametrize("check", [checks.check_fates, checks.check_reach], ids=contract.identify)
def test_wrong_options_are_reported(check):
    assert contract.wrong_options_are_reported(check) >= 2


# --- answers as people write them ---------------------------------------------------------------


def test_every_choice_of_a_wrong_fate_has_its_reason():
    check = checks.check_fates
    right = contract.outputs_of(check, {})
    reasons = 0
    for name, option in contract.options(check):
        reasons += len(check.report({**right, name: option}).mistakes)
    assert reasons == len(check.mistakes) >= 20


# --- the reference beside the course's own functions -------------------------------------------


def test_the_references_agree_with_the_course():
    for case in checks.check_step_jacobian.cases(3):
        x_t, h_prev, *weights = case.inputs.values()
        weights = RNNWeights(*weights)
        h_t = rnn_step(x_t[None], h_prev[None], weights)
        np.testing.assert_allclose(h_t[0], case.right["h_t"], atol=1e-14)
        sequence = rnn_sequence(x_t[None, None], h_prev[None], weights)
        J_t = step_jacobians(sequence, weights)[0, 0]
        np.testing.assert_allclose(J_t, case.right["J_t"], atol=1e-14)
    for case in checks.check_backward_norms.cases(3):
        products = jacobian_products(case.inputs["Js"][:, None])[:, 0]
        expected = np.linalg.norm(products, 2, axis=(1, 2))
        np.testing.assert_allclose(case.right["norms"], expected, rtol=1e-12)
    for case in checks.check_split_gradient.cases(3):
        d_h_last, hs, h_0, W_hh, near = case.inputs.values()
        d_hs = np.zeros_like(hs)
        d_hs[-1] = d_h_last
        T, B, H = hs.shape
        weights = RNNWeights(np.zeros((1, H)), W_hh, np.zeros(H))
        sequence = rnn_sequence(np.zeros((T, B, 1)), h_0, weights)._replace(hs=hs)
        G = gradient_by_step(d_hs, sequence, weights)
        np.testing.assert_allclose(case.right["G"], G, atol=1e-13)
        assert 1 <= near < T


def test_the_chain_by_hand_equals_central_differences():
    right = contract.outputs_of(checks.check_scalar_chain, {})

    def last(w=2.0, h=0.5, first=0):
        for x in (-0.6, 0.2, -1.8)[first:]:
            h = 1 / (1 + np.exp(-(x + w * h)))
        return h

    def slope(f, at):
        return (f(at + 1e-6) - f(at - 1e-6)) / 2e-6

    assert right["h"][2] == pytest.approx(last())
    assert right["d_h3_d_h0"] == pytest.approx(slope(lambda h: last(h=h), 0.5), rel=1e-7)
    from_h_1 = slope(lambda h: last(h=h, first=1), right["h"][0])
    assert right["d_h3_d_h1"] == pytest.approx(from_h_1, rel=1e-7)
    assert right["w_terms"].sum() == pytest.approx(slope(lambda w: last(w=w), 2.0), rel=1e-7)


@pytest.mark.parametrize("decimals", [4, 5, 8])
def test_the_chain_by_hand_may_be_rounded_at_every_line(decimals):
    h, states = 0.5, []
    for x in (-0.6, 0.2, -1.8):
        z = round(x + 2 * h, decimals)
        h = round(1 / (1 + np.exp(-z)), decimals)
        states.append(h)
    slopes = [round(h * (1 - h), decimals) for h in states]
    factors = [round(2 * slope, decimals) for slope in slopes]
    two = round(factors[2] * factors[1], decimals)
    terms = [0.5 * slopes[0] * two, states[0] * slopes[1] * factors[2], states[1] * slopes[2]]
    values = {"h": states, "slopes": slopes, "factors": factors, "d_h3_d_h1": two}
    values["d_h3_d_h0"] = round(two * factors[0], decimals)
    values["w_terms"] = [round(term, decimals) for term in terms]
    values["own_weights"] = round(-10 / 64, decimals)
    assert checks.check_scalar_chain.report(values).status == "right"


# --- what is said where no known mistake fits --------------------------------------------------


def test_the_first_wrong_step_on_the_way_back_is_named():
    def wrong_from_the_third_on(Js):
        right = norms(Js)
        right[: len(right) - 3] *= 1.01
        return right

    report = checks.check_backward_norms.report(wrong_from_the_third_on)
    assert report.mistakes == ()
    text = contract.texts(report)
    assert "right at t = 5 … 3 (for T = 5) and wrong at t = 2, the first wrong step" in text


def test_a_rough_numerical_jacobian_is_told_by_its_size():
    def nudged(x_t, h_prev, W_xh, W_hh, b_h):
        def state(h):
            return np.tanh(x_t @ W_xh + h @ W_hh + b_h)

        rows = [(state(h_prev + e) - state(h_prev)) / 1e-4 for e in 1e-4 * np.eye(len(h_prev))]
        return state(h_prev), np.array(rows)

    report = checks.check_step_jacobian.report(nudged)
    assert report.mistakes == ()
    assert "`J_t` is near the right one, and off by" in contract.texts(report)


def test_an_arccos_of_more_than_one_is_explained():
    def unguarded(*arguments):
        return np.array([20.0, 10.0, np.nan])

    text = contract.texts(checks.check_turned_angles.report(unguarded))
    assert "`np.arccos` gives that for a number above 1" in text


def test_an_angle_that_is_wrong_alone_is_named():
    def second_wrong(*arguments):
        angles = RIGHT["turned_angles"][0](*arguments)
        angles[1] += 1.0
        return angles

    text = contract.texts(checks.check_turned_angles.report(second_wrong))
    assert "not right for each array alone; right for by value and by global norm" in text


@pytest.mark.parametrize(
    ("start", "rate", "words"),
    [
        (1.0, 0.5, "The learning rate is 0.5 times the one that was handed in."),
        (2.0, 1.0, "`W_hh` starts 2 times as large as it was handed in."),
        (
            2.0,
            3.0,
            "`W_hh` starts 2 times as large as it was handed in, and the learning rate is 3 times "
            "the one that was handed in.",
        ),
    ],
)
def test_other_factors_of_the_run_are_read_off(start, rate, words):
    def other(xs, targets, W_xh, W_hh, b_h, W_hy, b_y, learning_rate, max_norm):
        return run(xs, targets, W_xh, start * W_hh, b_h, W_hy, b_y, rate * learning_rate, max_norm)

    assert words in contract.texts(checks.check_repaired_run.report(other))


@pytest.mark.parametrize(
    ("position", "value", "words"),
    [
        (7, 0.1, "The learning rate is always 0.1, whatever is handed in."),
        (8, 0.5, "The limit of the clipping is always 0.5, whatever is handed in."),
    ],
)
def test_a_number_in_the_place_of_an_argument_is_read_off(position, value, words):
    def fixed(*arguments):
        arguments = list(arguments)
        arguments[position] = value
        return run(*arguments)

    assert words in contract.texts(checks.check_repaired_run.report(fixed))


def test_a_choice_that_is_a_number_is_asked_for_again():
    right = contract.outputs_of(checks.check_reach, {})
    text = contract.texts(checks.check_reach.report({**right, "without_input": 2}))
    assert "`without_input` is `2`: choose one of" in text


def test_a_curve_that_never_falls_is_told_from_a_list_that_is_open():
    right = contract.outputs_of(checks.check_reach, {})
    text = contract.texts(checks.check_reach.report({**right, "normal": [12, 21, None, 55]}))
    assert "`normal`: one entry is None (radius 1.1): that curve never falls below 0.01?" in text
    as_tuple = (right["normal"], [None, 23, None], right["without_input"])
    report = checks.check_reach.report(as_tuple)
    assert "`orthogonal`: 2 entries are None (radius 0.7, 1.1): those curves never fall" in str(
        report
    )
    assert report.status == "wrong"
    assert report.score == pytest.approx(2 / 3)
    report = checks.check_reach.report({**right, "normal": [None] * 4})
    assert report.status == "open"
    assert "`normal` is still open." in contract.texts(report)
    text = contract.texts(checks.check_reach.report({**right, "normal": [12, None]}))
    assert "holds objects" in text
    for which, scales in (("normal", RADII), ("orthogonal", GAINS)):
        assert all((curve_back(which, scale) < 0.01).any() for scale in scales)


def test_the_factor_in_the_place_of_the_slope_is_one_mistake():
    right = contract.outputs_of(checks.check_scalar_chain, {})
    h, factors = right["h"], right["factors"]
    terms = [0.5 * factors[0] * factors[1] * factors[2], h[0] * factors[1] * factors[2]]
    terms.append(h[1] * factors[2])
    report = checks.check_scalar_chain.report({**right, "w_terms": np.round(terms, 4)})
    assert report.mistakes == ("own_weight_in_terms",)
    assert "slope of the step itself is missing" not in contract.texts(report)


def test_the_word_that_the_shut_unit_invites_has_a_reason():
    right = contract.outputs_of(checks.check_fates, {})
    assert right["relu_shut"] == "vanishes"
    text = contract.sources(NAME)["fates-task"]
    assert "its sum below 0 at steps 10, 20, …, 200 and above 0 at all others" in text
    factors = [0 if t % 10 == 0 else 3 for t in range(1, 201)]
    assert np.cumprod(factors[::-1]).max() == 0  # it never grows on the way back
    report = checks.check_fates.report({**right, "relu_shut": "grows first, then vanishes"})
    assert "The first step on the way back is step 200, and it is shut" in contract.texts(report)


def test_a_run_that_trains_what_it_was_given_is_caught():
    def in_place(xs, targets, W_xh, W_hh, b_h, W_hy, b_y, learning_rate, max_norm):
        losses, lengths, trained = run(
            xs, targets, W_xh, W_hh, b_h, W_hy, b_y, learning_rate, max_norm
        )
        W_hh[...] = trained
        return losses, lengths, W_hh

    report = checks.check_repaired_run.report(in_place)
    assert report.score < 1
    assert "changes its input `W_hh` in place" in contract.texts(report)


def test_the_update_at_which_a_run_goes_wrong_is_named():
    def odd(*arguments):
        losses, lengths, W_hh = run(*arguments)
        return [*losses[:2], *(value + 0.3 for value in losses[2:])], lengths, W_hh

    text = contract.texts(checks.check_repaired_run.report(odd))
    assert "`losses` is right before update 3 and wrong from there on." in text


def test_runs_have_gradients_below_and_above_the_limit():
    for seed in (None, 0, 1, 2):
        for case in checks.check_repaired_run.cases(seed):
            lengths, limit = case.right["norms"], case.inputs["max_norm"]
            assert (lengths > limit).any()
            assert len(lengths) == 1 or (lengths < limit).any()


def test_every_set_of_planted_faults_is_named():
    check = checks.check_repaired_run
    found = [contract.find(check, key) for key in PLANTED]
    for bits in range(1, 2 ** len(found)):
        chosen = [mistake for i, mistake in enumerate(found) if bits >> i & 1]
        report = contract.reports(check, *chosen)
        assert set(report.mistakes) == {mistake.key for mistake in chosen}, str(report)


def test_a_list_of_another_length_is_told_what_belongs_in_it():
    right = contract.outputs_of(checks.check_reach, {})
    text = contract.texts(checks.check_reach.report({**right, "orthogonal": [1, 2, 3, 4]}))
    assert "one number for each of 0.7, 0.9, 1.1 is expected" in text
    wrong = right["normal"] + np.array([0, 3, 0, 0])
    text = contract.texts(checks.check_reach.report({**right, "normal": wrong}))
    assert "`normal` is wrong at radius 0.9 and right at the others." in text


# --- the notebook around the checks ------------------------------------------------------------

NAME = "05_vanishing_exploding"


def test_the_faults_in_the_notebook_are_those_that_the_check_knows():
    cells, space = contract.sources(NAME), {"predict": lambda *arguments, **options: None}
    exec(re.sub(r"(?m)^use_style.*$", "", cells["imports"]), space)
    exec(cells["repair-given"], space)
    report = checks.check_repaired_run.report(space["faulty_run"])
    assert set(report.mistakes) == set(PLANTED)
    assert f"{WIDE:g} * W_hh" in cells["repair-given"]
    assert f"SGD({LARGE:g} * learning_rate)" in cells["repair-given"]


def test_the_repaired_run_learns_and_the_faulty_one_does_not(capsys):
    cells, space = contract.sources(NAME), {}
    exec(re.sub(r"(?m)^use_style.*$", "", cells["imports"]), space)
    exec(cells["repair-given"] + "\n" + cells["repair-run"], space)
    batches = (space["sentences"], space["verbs"], *space["start"].values(), 0.1, 1.0)
    losses, lengths, _ = space["faulty_run"](*batches)
    assert np.mean(losses[-100:]) > 5
    assert np.mean(losses[-20:]) == pytest.approx(15, abs=8)
    assert min(losses[-20:]) < 5 < 20 < max(losses[-20:])  # it jumps about
    assert max(lengths) <= 1 + 1e-9
    losses, lengths, _ = run(*batches)
    assert max(losses[-20:]) < 0.05
    assert max(lengths) > 1


def test_the_check_measures_what_the_notebook_sets_up():
    cells, space = contract.sources(NAME), {"predict": lambda *arguments, **options: None}
    exec(re.sub(r"(?m)^use_style.*$", "", cells["imports"]), space)
    space["predict"] = lambda *arguments, **options: None
    exec(cells["reach-setup"], space)
    for here, there in zip(("xs", "W_xh", "normal", "orthogonal"), set_up(), strict=True):
        np.testing.assert_array_equal(space[here], there)
    measured = norms(space["jacobians_of"](1.1 * space["normal"], space["xs"]))
    np.testing.assert_allclose(measured[::-1], curve_back("normal", 1.1), rtol=1e-9)
    assert tuple(space["outcomes"]) == checks.check_reach.outputs["without_input"]


def test_the_numbers_read_off_the_curves_hold_on_other_machines():
    for which, scales in (("normal", RADII), ("orthogonal", GAINS)):
        for scale in scales:
            curve = curve_back(which, scale)
            first = int((curve < 0.01).argmax())
            assert 0 < first < 90
            assert curve[first] < 0.98 * 0.01
            assert curve[:first].min() > 1.02 * 0.01
            first = int((curve < 1).argmax())  # as for the mistake of that limit
            assert curve[first] < 0.98
            assert curve[1:first].min(initial=2) > 1.0001
    assert curve_back("normal", 1.3, 0.0)[-1] > 1e10
    assert curve_back("normal", 1.3)[-1] < 1e-3


def test_what_the_texts_claim_in_numbers():
    skewed = np.array([[0.9, 5.0], [0.0, 0.9]])
    assert np.linalg.svd(skewed, compute_uv=False) == pytest.approx([5.2, 0.16], abs=0.05)
    powers = [np.linalg.norm(np.linalg.matrix_power(skewed, k), 2) for k in range(201)]
    assert max(powers) == pytest.approx(19.4, abs=0.5)
    assert powers[200] < 1e-4
    assert global_norm({"g": np.array([3.0, 4.0])}) == 5.0
    assert curve_back("normal", 0.9)[1] > 1.2  # a radius below 1, and it grows first
