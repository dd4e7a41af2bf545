"""The checks of chapter 08: every mistake its message, right ways accepted."""

import numpy as np
import pytest
import torch

from tests import checks_contract as contract
from tests.answers_chapter08 import back, before, blend, convert, step
from utils.cells import (
    GRUStepValues,
    GRUWeights,
    gru_step,
    gru_step_backward,
    init_gru_weights,
    init_lstm_weights,
    init_rnn_weights,
)
from utils.checks import chapter08 as checks
from utils.checks.chapter08 import by_hand as hand
from utils.checks.chapter08.counting import D, H
from utils.checks.chapter08.study import EXAMPLE, LISTS, UNDECIDED
from utils.checks.studies import QUANTILES, interval_of

STUDY = checks.check_fair_comparison


# --- pairs of mistakes, and options -------------------------------------------------------------


@pytest.mark.parametrize("check", [checks.check_gate_ends, STUDY], ids=contract.identify)
def test_wrong_options_are_reported(check):
    assert contract.wrong_options_are_reported(check) >= 4


def test_every_choice_of_a_wrong_end_has_its_reason():
    check = checks.check_gate_ends
    right = contract.outputs_of(check, {})
    reasons = 0
    for name, option in contract.options(check):
        report = check.report({**right, name: option})
        assert len(report.mistakes) == 1, (name, option)
        reasons += 1
    assert reasons == len(check.mistakes) == 15


# --- the reference beside the course's own functions ---------------------------------------------


def test_the_steps_forward_agree_with_the_course():
    for case in checks.check_gru_step.cases(3):
        x_t, h_prev, *weights = case.inputs.values()
        for value, name in zip(
            gru_step(x_t, h_prev, GRUWeights(*weights)), GRUStepValues._fields, strict=True
        ):
            np.testing.assert_allclose(case.right[name], value, atol=1e-14)
    for case in checks.check_reset_before.cases(3):
        x_t, h_prev, W_x, W_h, b = case.inputs.values()
        weights = GRUWeights(W_x, W_h, b, np.zeros(h_prev.shape[1]))
        values = gru_step(x_t, h_prev, weights, reset_after=False)
        np.testing.assert_allclose(case.right["candidate"], values.candidate, atol=1e-14)
        np.testing.assert_allclose(case.right["h_t"], values.h_t, atol=1e-14)


def test_the_steps_back_agree_with_the_course():
    for case in checks.check_gru_back.cases(3):
        d_h_t, h_prev, r, z, n, W_h, b_hn = case.inputs.values()
        B, units = h_prev.shape
        weights = GRUWeights(np.zeros((B, 3 * units)), W_h, np.zeros(3 * units), b_hn)
        values = GRUStepValues(r, z, n, (1 - z) * n + z * h_prev)
        found = gru_step_backward(d_h_t, np.eye(B), h_prev, values, weights)
        sums = np.concatenate([case.right[name] for name in ("d_a_r", "d_a_z", "d_a_n")], axis=1)
        np.testing.assert_allclose(sums, found.d_W_x, atol=1e-13)
        for name in ("d_h_prev", "d_W_h", "d_b", "d_b_hn"):
            np.testing.assert_allclose(case.right[name], getattr(found, name), atol=1e-13)
    for case in checks.check_blend_back.cases(3):
        d_h_t, h_prev, z, n = case.inputs.values()
        units = h_prev.shape[1]
        zero = np.zeros((units, 3 * units)), np.zeros(units)
        whole = checks.check_gru_back.compute(
            {"d_h_t": d_h_t, "h_prev": h_prev, "reset_gate": 0 * z, "update_gate": z}
            | {"candidate": n, "W_h": zero[0], "b_hn": zero[1]}
        )
        np.testing.assert_allclose(case.right["d_a_z"], whole["d_a_z"], atol=1e-14)
        np.testing.assert_allclose(case.right["d_a_n"], whole["d_a_n"], atol=1e-14)
        np.testing.assert_allclose(case.right["d_h_direct"], whole["d_h_prev"], atol=0.5)
        np.testing.assert_allclose(case.right["d_h_direct"], d_h_t * z, atol=1e-14)


def test_the_step_by_hand_agrees_with_the_course():
    right = contract.outputs_of(checks.check_gru_by_hand, {})
    zero = np.zeros((2, 2))
    W_h = np.concatenate([zero, zero, hand.W_HN], axis=1)
    b = np.concatenate([hand.SUM_R, hand.SUM_Z, hand.FROM_X])
    weights = GRUWeights(np.zeros((1, 6)), W_h, b, hand.B_HN)
    for after, place in ((True, "after"), (False, "before")):
        values = gru_step(np.zeros((1, 1)), hand.H_PREV[None], weights, reset_after=after)
        np.testing.assert_allclose(right["r"], values.reset_gate[0])
        np.testing.assert_allclose(right["z"], values.update_gate[0])
        np.testing.assert_allclose(right[f"n_{place}"], values.candidate[0])
        np.testing.assert_allclose(right[f"h_{place}"], values.h_t[0])
    assert np.abs(right["h_after"] - right["h_before"]).min() > 0.04  # the two forms differ
    for name in ("after", "before"):
        low, high = np.sort([hand.H_PREV, right[f"n_{name}"]], axis=0)
        assert ((low < right[f"h_{name}"]) & (right[f"h_{name}"] < high)).all()


@pytest.mark.parametrize("decimals", [4, 5, 8])
def test_the_step_by_hand_may_be_rounded_at_every_line(decimals):
    def cut(value):
        return np.round(value, decimals)

    r, z = cut(1 / (1 + np.exp(-hand.SUM_R))), cut(1 / (1 + np.exp(-hand.SUM_Z)))
    q = cut(hand.H_PREV @ hand.W_HN + hand.B_HN)
    n_after = cut(np.tanh(cut(hand.FROM_X + cut(r * q))))
    n_before = cut(np.tanh(cut(hand.FROM_X + cut(cut(r * hand.H_PREV) @ hand.W_HN))))
    values = {"r": r, "z": z, "n_after": n_after, "n_before": n_before}
    for name, n in (("h_after", n_after), ("h_before", n_before)):
        values[name] = cut((1 - z) * n + z * hand.H_PREV)
    assert checks.check_gru_by_hand.report(values).status == "right"


def test_the_counts_agree_with_the_course_and_with_torch():
    right = contract.outputs_of(checks.check_gru_counts, {})
    rng = np.random.default_rng(0)

    def size(weights):
        return sum(array.size for array in weights)

    gru = init_gru_weights(D, H, rng)
    assert right["rnn"] == size(init_rnn_weights(D, H, rng))
    assert right["lstm"] == size(init_lstm_weights(D, H, rng))
    assert right["gru_after"] == size(gru)
    assert right["gru_before"] == size(gru[:3])
    assert right["torch_gru"] == sum(p.numel() for p in torch.nn.GRU(D, H).parameters())
    assert size(init_gru_weights(D, int(right["width"]), rng)) <= right["lstm"]
    assert size(init_gru_weights(D, int(right["width"]) + 1, rng)) > right["lstm"]


# --- the study, which takes measurements as they come ---------------------------------------------


def test_the_study_keeps_the_contract(capsys):
    contract.study_keeps_the_contract(STUDY, capsys)


@pytest.mark.parametrize("seed", range(8))
def test_a_perturbed_interval_names_no_mistake(seed):
    contract.perturbation_names_no_mistake(STUDY, seed, 0.01 * (1 + seed**2))


def test_the_study_is_open_and_is_graded_as_a_plain_float(capsys):
    contract.stub_is_not_started(STUDY, capsys)
    contract.points_are_a_plain_float(STUDY, capsys)
    begun = dict.fromkeys(STUDY.outputs) | {"lstm": [50, 60, 70, 80, 90]}
    report = STUDY.report(begun)
    assert report.status == "open"
    assert "`gru_open` is still open." in contract.texts(report)
    measured = contract.study(STUDY)
    report = STUDY.report({**measured, "verdict": None, "verdict_open": None})
    assert report.status == "open"
    assert report.score == pytest.approx(6 / 8)


@pytest.mark.parametrize("n", [5, 9, 12])
def test_any_number_of_seeds_is_judged_by_its_own_numbers(n):
    rng = np.random.default_rng(n)
    lists = {name: rng.integers(20, 90, size=n) for name in LISTS}
    found = contract.study(STUDY, **lists)
    assert STUDY.report(found).status == "right"
    gap = np.sqrt(n) * (lists["lstm"] - lists["gru"]) / (lists["lstm"] - lists["gru"]).std(ddof=1)
    decided = abs(gap.mean()) > QUANTILES[n - 1]
    assert (found["verdict"] != UNDECIDED) == decided
    wrong = {**found, "interval": interval_of(*(lists[k] for k in LISTS[:2]), *OWN_NORMAL)}
    assert STUDY.report(wrong).mistakes[0] == "normal_quantile"


OWN_NORMAL = ("mean", "paired", "normal", 1, "root")


def test_a_verdict_against_a_clear_interval_is_told():
    found = contract.study(STUDY, lstm=EXAMPLE["gru"] + 30 + np.arange(8))
    assert found["verdict"] == "the GRU needs fewer"
    report = STUDY.report({**found, "verdict": "the LSTM needs fewer"})
    assert report.mistakes == ("read_the_wrong_way",)
    report = STUDY.report({**found, "verdict": UNDECIDED})
    assert report.mistakes == ("undecided",)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"gru": [60, 70, 80, 90, 95]}, "The lists differ in length"),
        ({name: [60, 70, 80] for name in LISTS}, "expected those of 5 to 12 seeds"),
        ({"gru": 60}, "`gru`: a list with one number per seed is expected"),
        ({"gru": [60, "many", 80, 70, 60, 70, 80, 90]}, "`gru` holds text"),
        ({"lstm": [60, np.inf, 80, 70, 60, 70, 80, 90]}, "NaN or infinite"),
    ],
)
def test_lists_that_are_no_measurements_are_reported(changed, words):
    report = STUDY.report({**contract.study(STUDY), **changed})
    assert report.status == "wrong"
    assert report.score == 0
    assert words in contract.texts(report)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"lstm": EXAMPLE["lstm"] / 100}, "a run takes between 10 and 400 updates"),
        ({"lstm": np.full(8, 57.0)}, "one list holds the same number for every seed"),
        ({"lstm_open": EXAMPLE["lstm"]}, "two of the four lists are the same"),
    ],
)
def test_measurements_that_cannot_be_are_asked_about(changed, words):
    report = STUDY.report(contract.study(STUDY, **changed))
    assert report.status == "wrong"
    assert 0 < report.score < 1
    assert words in contract.texts(report)


def test_an_interval_of_one_number_is_asked_for_again():
    text = contract.texts(STUDY.report({**contract.study(STUDY), "interval": 0.75}))
    assert "two numbers are expected, the lower end and the upper end" in text


# --- what is said where no known mistake fits -----------------------------------------------------


def test_the_block_that_is_wrong_is_named():
    def third_block(*arguments):
        found = list(back(*arguments))
        third = 2 * found[4].shape[1] // 3
        found[4][:, third:] *= 1.1 + np.arange(len(found[4]))[:, None]
        return found

    report = checks.check_gru_back.report(third_block)
    assert report.mistakes == ()
    assert "Only the candidate block is wrong." in contract.texts(report)


def test_outputs_in_another_order_are_told():
    def swapped(*arguments):
        r, z, n, h_t = step(*arguments)
        return z, r, n, h_t

    text = contract.texts(checks.check_gru_step.report(swapped))
    assert "`reset_gate` and `update_gate` have changed places: each holds the right" in text
    assert "blocks" not in text


def test_a_state_before_its_candidate_is_no_mistake_in_the_blend():
    def candidate_last(*arguments):
        r, z, n, h_t = step(*arguments)
        return r, z, h_t, n

    report = checks.check_gru_step.report(candidate_last)
    assert report.mistakes == ()
    assert "`candidate` and `h_t` have changed places" in contract.texts(report)

    def direct_second(*arguments):
        d_a_z, d_a_n, d_h_direct = blend(*arguments)
        return d_a_z, d_h_direct, d_a_n

    report = checks.check_blend_back.report(direct_second)
    assert report.mistakes == ()
    assert "`d_a_n` and `d_h_direct` have changed places" in contract.texts(report)


def test_the_candidate_returned_as_the_state_is_one_mistake():
    def twice(*arguments):
        r, z, n, _ = step(*arguments)
        return r, z, n, n

    assert checks.check_gru_step.report(twice).mistakes == ("candidate_for_state",)


def test_states_changed_in_place_are_told():
    def in_place(x_t, h_prev, W_x, W_h, b):
        found = before(x_t, h_prev, W_x, W_h, b)
        h_prev *= 0.5
        return found

    report = checks.check_reset_before.report(in_place)
    assert "changes its input `h_prev` in place" in contract.texts(report)

    def bias_in_place(V_x, V_h, b_x, b_h):
        found = convert(V_x, V_h, b_x, b_h)
        b_x += b_h
        return found

    report = checks.check_other_convention.report(bias_in_place)
    assert "changes its input `b_x` in place" in contract.texts(report)


def test_a_size_of_the_first_case_is_told():
    def fixed(x_t, h_prev, W_x, W_h, b, b_hn):
        from_x, from_h = x_t @ W_x + b, h_prev @ W_h
        gates = 1 / (1 + np.exp(-from_x - from_h))
        n = np.tanh(from_x[:, 4:6] + gates[:, :2] * (from_h[:, 4:6] + b_hn))
        return gates[:, :2], gates[:, 2:4], n, n + gates[:, 2:4] * (h_prev - n)

    report = checks.check_gru_step.report(fixed)
    assert "does a size stand in your code" in contract.texts(report).lower()


def test_a_count_that_is_no_whole_number_is_told():
    right = contract.outputs_of(checks.check_gru_counts, {})
    text = contract.texts(checks.check_gru_counts.report({**right, "width": 26.67}))
    assert "`width` is 26.67; expected a whole number." in text


def test_counts_of_another_library_and_exchanged_ones_are_recognised():
    right = contract.outputs_of(checks.check_gru_counts, {})
    torchs = {**right, "lstm": right["lstm"] + 4 * H}
    assert "the LSTM of `torch`" in contract.texts(checks.check_gru_counts.report(torchs))
    exchanged = {**right, "gru_before": right["gru_after"], "gru_after": right["gru_before"]}
    assert "have changed places" in contract.texts(checks.check_gru_counts.report(exchanged))
    wide = {**right, "width": right["width"] + 2}
    assert "more parameters than the LSTM" in contract.texts(checks.check_gru_counts.report(wide))


# --- the notebook around the checks ---------------------------------------------------------------

NAME = "08_gru"


def test_their_program_and_the_converted_weights_give_one_state():
    their_step = contract.space_of(NAME, "convert-theirs")["their_step"]
    rng = np.random.default_rng(0)
    for case in checks.check_other_convention.cases(2):
        theirs, right = case.inputs, case.right
        x_t = rng.standard_normal((4, case.sizes["D"]))
        h_prev = rng.uniform(-1, 1, (4, case.sizes["H"]))
        names = ("W_x", "W_h", "b", "b_hn")
        ours = gru_step(x_t, h_prev, GRUWeights(*(right[name] for name in names)))
        np.testing.assert_allclose(ours.h_t, their_step(x_t, h_prev, *theirs.values()), atol=1e-13)


def test_the_two_cells_have_the_parameters_that_the_text_states(capsys):
    space = contract.space_of(NAME, "race-setup")
    out = capsys.readouterr().out
    assert "lstm 24 units, 6002 parameters" in out
    assert "gru  29 units, 5918 parameters" in out
    wider = space["init_sequence_model"](space["V"], 30, 2, np.random.default_rng(0), "gru")
    assert space["count_parameters"](wider) > 6002  # so 29 is the widest
    text = contract.sources(NAME)["race-task"]
    assert "24 units has 6002 parameters" in text
    assert "29 units has 5918" in text
    assert tuple(space["verdicts"]) == STUDY.outputs["verdict"]
    assert {n: QUANTILES[n] for n in space["T_QUANTILE"]} == space["T_QUANTILE"]


def test_a_run_repeats_and_takes_as_many_updates_as_the_check_allows():
    updates_needed = contract.space_of(NAME, "race-setup")["updates_needed"]
    found = updates_needed("lstm", 24, 3, 1)
    assert found == updates_needed("lstm", 24, 3, 1)
    assert 10 <= found <= 400


def test_the_quantiles_are_those_of_the_distribution():
    from scipy import stats

    for degrees, value in QUANTILES.items():
        assert value == pytest.approx(stats.t.ppf(0.975, degrees), abs=6e-4)


def test_the_model_answer_says_what_the_example_shows():
    found = contract.study(STUDY)
    assert found["verdict"] == UNDECIDED
    assert found["verdict_open"] == "the LSTM needs fewer"
    means = {name: EXAMPLE[name].mean() for name in LISTS}
    assert means["lstm_open"] < 0.65 * means["lstm"]
    assert means["gru_open"] < 0.9 * means["gru"]


def test_a_mistake_that_an_earlier_right_output_disproves_is_not_named():
    check = checks.check_gru_back
    pair = (contract.find(check, key) for key in ("slope_n_missing", "b_hn_without_reset"))
    report = contract.reports(check, *pair)
    # r left out on the whole way would have spoilt d_h_prev and d_W_h too
    assert report.mistakes == ("slope_n_missing", "b_hn_without_reset"), str(report)
