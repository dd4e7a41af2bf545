"""The checks of chapter 04: every mistake its message, every right way accepted."""

import re

import numpy as np
import pytest

from tests import answers_chapter04 as answers
from tests import checks_contract as contract
from utils.cells import OutputWeights, RNNWeights
from utils.checks import REGISTRY
from utils.checks import chapter04 as checks
from utils.checks.chapter04 import experiment
from utils.checks.chapter04.formulas import run_window
from utils.classifier import SequenceClassifier
from utils.clipping import clip_by_global_norm
from utils.data.text import windows as course_windows
from utils.sampling import tempered, top_k

CHECKS = list(REGISTRY["04_language_model"].values())


# --- pairs of mistakes, and options ---------------------------------------------------------------


def test_the_notebook_has_a_check_for_every_name():
    assert {f"check_{check.name}" for check in CHECKS} == set(checks.__all__)


@pytest.mark.parametrize(
    "check", [checks.check_predictions, checks.check_truncation_error], ids=contract.identify
)
def test_every_wrong_option_has_its_reason(check):
    assert contract.wrong_options_are_reported(check) >= 4
    right = contract.outputs_of(check, {})
    for name, option in contract.options(check):
        assert len(check.report({**right, name: option}).mistakes) == 1, (name, option)


# --- answers as people write them ---------------------------------------------------------------


def test_clipping_in_place_is_told():
    report = checks.check_clip.report(answers.clip_in_place)
    assert [line.key for line in report.lines if line.kind == "wrong"] == ["changes_input"]
    assert "`d_W_xh`" in contract.texts(report)


def test_a_threshold_without_equal_sign_is_told():
    report = checks.check_sampling.report(answers.sampling_by_strict_threshold)
    assert report.mistakes == ("ties_all_dropped",), str(report)


def test_other_characters_of_equal_score_are_told():
    def some_of_the_tied(logits, temperature, k):  # as `np.argpartition` may leave them
        p = answers.sampling(logits, temperature, k)
        for row, scores in zip(p, logits, strict=True):
            tied = np.flatnonzero(scores == scores[row > 0].min())
            row[tied] = np.roll(row[tied], 2)
        return p

    report = checks.check_sampling.report(some_of_the_tied)
    assert report.mistakes == ()
    text = contract.texts(report)
    assert "not all of them at the right characters" in text, text


def test_errors_of_two_decimals_are_told():
    right = contract.outputs_of(checks.check_truncation_error, {})
    report = checks.check_truncation_error.report({**right, "errors": right["errors"].round(2)})
    assert "right to two decimals; give three" in contract.texts(report)


def test_rounded_scores_are_told():
    def rounded(logits, targets):
        return [round(float(number), 3) for number in answers.score(logits, targets)]

    text = contract.texts(checks.check_text_score.report(rounded))
    assert "`bits` was rounded." in text
    assert "`perplexity` was rounded." in text


def test_one_array_is_not_taken_for_two_outputs():
    report = checks.check_windows.report(lambda indices, T, B: answers.windows(indices, T, B)[0])
    assert "One ndarray came back; expected 2 values" in contract.texts(report)
    assert report.status == "wrong"


def test_nats_for_bits_leave_the_perplexity_right():
    report = checks.check_text_score.report(answers.score_left_in_nats)
    assert "`perplexity` is right." in contract.texts(report)


def test_what_follows_by_hand_is_told():
    surprise = [1, 2, 3, 2, 4, 3]
    wrong = {"surprise": surprise, "bits": 2.75, "nats": 1.906, "perplexity": 6.727}
    report = checks.check_bits_by_hand.report(wrong)
    assert report.mistakes == ("mean_of_window_means",)
    assert report.score == pytest.approx(1 / 4)
    text = contract.texts(report)
    assert "`nats` is wrong only because of `bits`" in text
    assert "`perplexity` is wrong only because of `bits`" in text
    slip = {"surprise": [1, 2, 3, 2, 4, 4], "bits": 16 / 6, "nats": 1.848, "perplexity": 6.350}
    report = checks.check_bits_by_hand.report(slip)
    assert report.mistakes == ()
    assert "Entry 6 is wrong" in contract.texts(report)
    assert "`bits` is wrong only because of `surprise`" in contract.texts(report)


def test_a_list_of_another_length_is_told_what_is_counted():
    right = contract.outputs_of(checks.check_truncation_error, {})
    report = checks.check_truncation_error.report({**right, "errors": [0.5, 0.2, 0.1]})
    assert "six numbers are expected" in contract.texts(report)


# --- the checks' formulas and the course's own code --------------------------------------------


def test_the_windows_are_those_of_the_course():
    for case in checks.check_windows.cases(3):
        made = list(course_windows(*case.inputs.values()))
        np.testing.assert_array_equal(case.right["xs"], [window.xs for window in made])
        np.testing.assert_array_equal(case.right["targets"], [window.targets for window in made])


def test_the_clipped_gradients_are_those_of_the_course():
    for case in checks.check_clip.cases(3):
        *gradients, max_norm = case.inputs.values()
        clipped = clip_by_global_norm(dict(zip("abc", gradients, strict=True)), max_norm)
        assert case.right["norm"] == pytest.approx(clipped.norm)
        wanted = (case.right[f"clipped_{name}"] for name in ("W_xh", "W_hh", "b_h"))
        for ours, theirs in zip(wanted, clipped.gradients.values(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_the_limits_lie_below_and_above_the_norms():
    for seed in (None, *range(9)):
        cases = checks.check_clip.cases(seed)
        shares = [float(case.right["factor"]) for case in cases]
        assert shares[0] < shares[1] < 1.0 == shares[2]
        *gradients, max_norm = cases[1].inputs.values()
        assert all(np.linalg.norm(gradient) < max_norm for gradient in gradients)


def test_the_probabilities_are_those_of_the_course():
    for case in checks.check_sampling.cases(3):
        logits, temperature, k = case.inputs.values()
        rows = [top_k(tempered(row, temperature), k) for row in logits]
        np.testing.assert_allclose(case.right["p"], rows, rtol=1e-12)


def test_scores_are_equal_at_the_border_in_some_cases():
    cases = checks.check_sampling.cases()
    tied = []
    for case in cases:
        best = np.sort(case.inputs["logits"], axis=1)[:, ::-1]
        tied.append(bool((best[:, case.inputs["k"] - 1] == best[:, case.inputs["k"]]).all()))
    assert tied == [True, False, True, False]


def test_one_window_is_that_of_the_course():
    for case in checks.check_truncated_pass.cases(3):
        xs, targets, h_0, *weights, _ = case.inputs.values()
        loss, d_W_hh, h_T = run_window(xs, targets, h_0, *weights)
        model = SequenceClassifier(RNNWeights(*weights[:3]), OutputWeights(*weights[3:]))
        step = model.loss_and_gradients(xs, targets, h_0, reduction="sum")
        assert loss == pytest.approx(step.loss)
        np.testing.assert_allclose(d_W_hh, step.gradients["d_W_hh"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(h_T, step.sequence.last_state, rtol=1e-12)


def test_the_cut_gradient_is_full_with_one_window():
    case = checks.check_cut_gradient.cases(3)[0]
    whole = {**case.inputs, "window": 6}
    right = checks.check_cut_gradient.compute(whole)["d_W_hh"]
    mistake = contract.find(checks.check_cut_gradient, "cut_nowhere")
    full = checks.check_cut_gradient.compute(case.inputs, [mistake])["d_W_hh"]
    np.testing.assert_allclose(right, full, rtol=1e-12)
    assert not np.allclose(case.right["d_W_hh"], full, rtol=1e-3)


def test_loss_and_state_do_not_depend_on_the_window():
    case = checks.check_truncated_pass.cases(3)[0]
    other = checks.check_truncated_pass.compute({**case.inputs, "window": 2})
    for name in ("loss", "h_T"):
        np.testing.assert_allclose(other[name], case.right[name], rtol=1e-12)
    assert not np.allclose(other["d_W_hh"], case.right["d_W_hh"], rtol=1e-3)


def test_the_findings_hold_on_other_machines():
    right = checks.check_truncation_error.cases()[0].right
    assert (np.abs(right["errors"] - 0.2) > 0.02).all()  # far from the limit
    assert right["errors"][-1] == 0.0
    assert (np.diff(right["errors"]) < -0.02).all()
    assert 0.15 < right["errors"][2] < 0.35  # what the notebook reveals of window 8
    reset = experiment.window_gradients(8, "zeros").sum(axis=0) - right["full"]
    assert np.linalg.norm(reset) / right["size"] > 1.5 * right["errors"][2]
    short, full = (experiment.window_gradients(w, scale=1.5).sum(axis=0) for w in (24, 48))
    assert np.linalg.norm(short - full) / np.linalg.norm(full) > 3 * right["errors"][4]


# --- the notebook around the checks ------------------------------------------------------------

NAME = "04_language_model"


def test_the_check_measures_what_the_notebook_sets_up():
    cells = contract.sources(NAME)
    space = {"np": np, "predict": lambda *arguments, **options: None}
    exec(cells["experiment-setup"], space)
    xs, targets, weights = experiment.set_up(1.0)
    np.testing.assert_array_equal(space["xs"], xs)
    np.testing.assert_array_equal(space["targets"], targets)
    for name, array in zip(("W_xh", "W_hh", "b_h", "W_hy", "b_y"), weights, strict=True):
        np.testing.assert_array_equal(space[name], array)
    assert space["poem"] == experiment.TEXT
    answer = cells["experiment-answer"].split("### BEGIN")[0]
    exec(answer, space)
    assert space["windows"] == experiment.WINDOWS
    assert space["reset"] == experiment.RESET
    assert space["larger"] == experiment.LARGER_WEIGHTS
    assert space["shares"][1] == "10 % to 40 %"
    exec(cells["predict-answer"].split("### BEGIN")[0], space)
    offered = checks.check_predictions.outputs
    assert offered["entropy_when_hotter"] == space["hotter"]
    assert offered["near_zero"] == space["cold"]
    assert offered["unshifted_loss"] == space["loss_goes"]
    assert offered["unshifted_writes"] == space["writes"]


def test_the_example_of_the_notebook_is_what_the_windows_are():
    text = np.array(list("abcdefghijk"))
    xs, targets = answers.windows(text, 2, 2)
    assert xs.shape == (2, 2, 2)
    np.testing.assert_array_equal(xs[0], [["a", "f"], ["b", "g"]])
    np.testing.assert_array_equal(targets[0], [["b", "g"], ["c", "h"]])


def test_the_minutes_add_up_to_what_the_head_says():
    text = contract.notebook(NAME).read_text(encoding="utf-8")
    minutes = re.findall(r"\*\*[^*\\]*?(\d+) minutes · [\d.]+ points\.\*\*", text)
    assert len(minutes) == len(CHECKS) + 1
    assert sum(map(int, minutes)) == 75
    assert "About 75 minutes in all" in text
