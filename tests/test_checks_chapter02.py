"""The checks of chapter 02: every mistake its message, every right way accepted."""

import numpy as np
import pytest

from tests import checks_contract as contract
from tests.answers_chapter02 import (
    distance,
    joined_turned_round,
    read_out_over_time,
)
from utils.checks import chapter02 as checks
from utils.checks.chapter02.memory import fading_curve

# --- pairs of mistakes, and options ---------------------------------------------------------------


@pytest.mark.parametrize("check", [checks.check_task_shapes, checks.check_fading])
def test_wrong_options_are_reported(check):
    assert contract.wrong_options_are_reported(check) >= 2


# --- answers as people write them ---------------------------------------------------------------


def test_no_length_stands_where_a_short_cut_would_find_it():
    for seed in (None, *range(9)):
        for case in checks.check_last_states.cases(seed):
            lengths = case.inputs["lengths"]
            assert len(set(lengths)) == len(lengths)
            assert lengths.min() > 1
            assert lengths.max() < len(case.inputs["hs"])
            if len(lengths) > 3:
                assert {lengths.min(), lengths.max()}.isdisjoint({lengths[0], lengths[-1]})
        assert len(checks.check_last_states.cases(seed)[0].inputs["lengths"]) > 3


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((20, 16, 4, 1), "you gave 4 axes; 3 axes are expected"),
        (20, "one number; 3 axes are expected"),
        ((16, 4, 20), "the number of axes is right"),
        ("(20, 4, 16)", "without quotation marks"),
    ],
)
def test_a_wrong_shape_is_told_by_its_axes(shape, words):
    right = contract.outputs_of(checks.check_parameter_counts, {})
    report = checks.check_parameter_counts.report({**right, "hs_shape": shape})
    told = [line.text for line in report.lines if line.kind == "wrong"]
    assert len(told) == 1
    assert words in told[0]
    assert "has shape" not in told[0]


def test_weights_counted_once_per_sequence():
    right = contract.outputs_of(checks.check_parameter_counts, {})
    counts = {
        **right,
        "rnn_20": 20 * right["rnn_20"],
        "rnn_40": 40 * right["rnn_40"],
        "flat_20": 4 * 20 * 10 * 16 + 16,
    }
    report = checks.check_parameter_counts.report(counts)
    assert report.mistakes == ("once_per_step", "flat_weights_once_per_sample")
    text = contract.texts(report)
    assert "`rnn_40` is wrong only because of the mistake in `rnn_20`: mend that first." in text


def test_every_choice_of_a_wrong_shape_has_its_reason():
    check = checks.check_task_shapes
    right = contract.outputs_of(check, {})
    for name, option in contract.options(check):
        report = check.report({**right, name: option})
        assert len(report.mistakes) == 1, (name, option)


def test_a_list_with_a_number_for_scale_3_is_told_so():
    findings = {"faded_at": [4, 6, 10, 16, 60], "at_scale_3": None}
    text = contract.texts(checks.check_fading.report(findings))
    assert "four numbers are expected, for 0.25, 0.5, 0.75 and 1" in text
    assert "shape" not in text
    findings["faded_at"] = [4, 6, 10, 17]
    assert "four numbers" not in contract.texts(checks.check_fading.report(findings))


def test_a_slip_in_one_entry_by_hand_is_located():
    values = contract.outputs_of(checks.check_two_steps, {})
    values["z_1"] = values["z_1"] + np.array([0.0, 0.6])  # 0.3 added in place of taken away
    text = contract.texts(checks.check_two_steps.report(values))
    assert "`z_1` is the first quantity that is wrong. Entry 2 is wrong, entry 1 is right." in text


def test_the_sign_of_the_second_input_is_missed():
    values = contract.outputs_of(checks.check_two_steps, {})
    values["z_2"] = [0.6804, -1.3796]
    values["h_2"] = np.tanh(values["z_2"]).round(4)
    report = checks.check_two_steps.report(values)
    assert report.mistakes == ("sign_of_second_input",)
    assert "`h_2` is wrong only because of `z_2`" in contract.texts(report)


def test_swapped_order_on_both_sides_leaves_the_state_right():
    report = checks.check_joined_step.report(joined_turned_round)
    assert "`h_t` is right." in contract.texts(report)


def test_a_state_counted_on_wrongly_follows():
    values = contract.outputs_of(checks.check_two_steps, {})
    x_2, W_xh, W_hh, b_h = -1.0, [0.8, -0.6], np.array([[0.3, -0.7], [0.5, 0.2]]), [0.1, -0.3]
    values["h_1"] = np.array([0.9, 0.1])  # a slip of the pen, no known mistake
    values["z_2"] = x_2 * np.array(W_xh) + values["h_1"] @ W_hh + b_h
    values["h_2"] = np.tanh(values["z_2"])
    report = checks.check_two_steps.report(values)
    assert report.mistakes == ()
    follows = [line.text for line in report.lines if line.kind == "follows"]
    assert follows == [
        f"`{name}` is wrong only because of `h_1`: mend that first." for name in ("z_2", "h_2")
    ]
    assert "`z_1` is right." in contract.texts(report)


@pytest.mark.parametrize("decimals", [3, 4, 8])
def test_two_steps_by_hand_may_be_rounded_at_every_line(decimals):
    x, h = [0.5, -1.0], np.array([0.4, -0.2])
    W_hh, values = np.array([[0.3, -0.7], [0.5, 0.2]]), {}
    for t in (1, 2):
        z = np.round(x[t - 1] * np.array([0.8, -0.6]) + h @ W_hh + [0.1, -0.3], decimals)
        h = np.round(np.tanh(z), decimals)
        values |= {f"z_{t}": z.tolist(), f"h_{t}": h.tolist()}
    assert checks.check_two_steps.report(values).status == "right"


def test_the_wrong_axis_of_the_softmax_says_where_the_sum_is_one():
    text = contract.texts(checks.check_read_out.report(read_out_over_time))
    assert "over time" in text
    assert "`picks` is wrong only because of `y_hats`" in text


# --- the notebook around the checks ------------------------------------------------------------

NAME = "02_rnn_forward"


def test_the_check_measures_what_the_notebook_sets_up():
    cells = contract.sources(NAME)
    space = {"np": np, "predict": lambda *arguments, **options: None}
    exec(cells["fading-setup"], space)
    runs = [space[name] for name in ("xs", "xs_other", "W_xh", "W_hh", "b_h")]
    curve = distance(*runs[:3], 0.5 * runs[3], runs[4])[:, 0]
    np.testing.assert_allclose(curve, fading_curve(0.5), rtol=0, atol=1e-12)
    assert tuple(space["outcomes"]) == checks.check_fading.outputs["at_scale_3"]


def test_the_notebook_reveals_what_scale_1_does():
    text = contract.notebook(NAME).read_text(encoding="utf-8")
    assert 'predict(\\"With W_hh as drawn' in text
    assert "guess.reveal(outcomes[0]" in text
    assert checks.check_fading.outputs["at_scale_3"][0] == "dies out"
    assert fading_curve(1.0)[-1] < 1e-3 * fading_curve(1.0)[0]


def test_the_numbers_read_off_the_curves_hold_on_other_machines():
    right = checks.check_fading.cases()[0].right
    for curve, step in zip(right["curves"], right["faded_at"], strict=True):
        assert curve[step] < 0.95 * 0.01 * curve[0]
        assert (curve[:step] > 1.05 * 0.01 * curve[0]).all()
    assert fading_curve(3.0)[10:].min() > 0.5 * fading_curve(3.0)[0]
