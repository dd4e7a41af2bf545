"""The checks of chapter 11: the right values, what is said of odd ones, the notebook."""

import numpy as np
import pytest

from tests import checks_contract as contract
from tests.answers_chapter11 import band, cut, go_on, one_step, roll, scale
from utils.checks import chapter11 as checks
from utils.checks.chapter11.by_hand import CAME, KNOWN, PERIOD
from utils.checks.chapter11.predict import LEAKS
from utils.checks.chapter11.study import EXAMPLE, UNDECIDED, gap_interval
from utils.checks.studies import QUANTILES
from utils.data import series
from utils.forecasting import (
    Drift,
    Evaluation,
    Naive,
    SeasonalMean,
    SeasonalNaive,
    calibrate,
    coverage,
    fit_scaler,
    mae,
    make_windows,
    mase,
    mase_scale,
    origins_of,
    rmse,
    rolling_origin,
)

STUDY = checks.check_network_study
NAME = "11_forecasting"


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [checks.check_leaks, STUDY], ids=contract.identify)
def test_wrong_options_are_reported(check):
    assert contract.wrong_options_are_reported(check) >= 3


# --- the right values beside those of the course --------------------------------------------------


@pytest.mark.parametrize(
    ("output", "test", "lead"),
    [("co2_lead_1", 120, 1), ("co2_lead_12", 120, 12), ("el_nino_lead_6", 144, 6)],
)
def test_the_better_baselines_are_the_ones_that_measure_better(output, test, lead):
    chosen = series.load(output.partition("_lead")[0]).without_gaps()
    origins = origins_of(len(chosen), len(chosen) - test, 12)
    found = {
        model.name: rolling_origin(model, chosen.values, origins, 12).mae(lead)
        for model in (Naive(), SeasonalNaive(12), SeasonalMean(12))
    }
    choices = [name for name in checks.check_leaks.outputs[output] if name in found]
    right = contract.outputs_of(checks.check_leaks, {})[output]
    if right == "they agree":
        assert found[choices[0]] == found[choices[1]]
    else:
        other = next(name for name in choices if name != right)
        assert found[right] < 0.8 * found[other]


def test_four_of_the_seven_steps_leak_each_in_a_way_of_its_own():
    leaks = [reason for reason in LEAKS.values() if reason != "no leak"]
    assert len(LEAKS) == 7
    assert len(leaks) == len(set(leaks)) == 4


def test_the_errors_by_hand_are_those_of_the_course():
    right = contract.outputs_of(checks.check_errors_by_hand, {})
    forecast = SeasonalNaive(PERIOD).forecast(np.array(KNOWN), len(CAME))
    scale_of = mase_scale(np.array(KNOWN), PERIOD)
    np.testing.assert_array_equal(right["forecast"], forecast)
    assert right["mae"] == pytest.approx(mae(forecast, CAME))
    assert right["rmse"] == pytest.approx(rmse(forecast, CAME))
    assert right["scale"] == pytest.approx(scale_of)
    assert right["mase"] == pytest.approx(mase(forecast, np.array(CAME), scale_of))


def test_the_windows_are_those_of_the_course():
    for case in checks.check_split_windows.cases(3):
        values, past, horizon, border = case.inputs.values()
        windows = make_windows(values, past, horizon)
        for name, part in (("train", (0, border)), ("test", (border, len(values)))):
            chosen = windows.between(*part)
            np.testing.assert_array_equal(case.right[f"{name}_past"], chosen.past)
            np.testing.assert_array_equal(case.right[f"{name}_future"], chosen.future)


def test_the_scaled_parts_are_those_of_the_course():
    for case in checks.check_scaled_parts.cases(3):
        values, border, outputs = case.inputs.values()
        scaler = fit_scaler(values[:border])
        np.testing.assert_allclose(case.right["test"], scaler.transform(values[border:]))
        np.testing.assert_allclose(case.right["forecast"], scaler.inverse(outputs))


def test_the_drift_is_that_of_the_course():
    for case in checks.check_rolling_drift.cases(3):
        values, first, every, horizon = case.inputs.values()
        origins = origins_of(len(values), first, horizon, every)
        found = rolling_origin(Drift(), values, origins, horizon, refit_every=1)
        np.testing.assert_allclose(case.right["forecasts"], found.forecasts)
        np.testing.assert_allclose(case.right["mae_by_lead"], found.mae_by_lead())


def test_the_band_is_that_of_the_course():
    for case in checks.check_calibrated_band.cases(3):
        past_forecasts, past_actual, forecasts, actual, level = case.inputs.values()
        origins = np.arange(len(past_actual))
        fitted = calibrate(Evaluation("", origins, past_forecasts, past_actual), level)
        ends = fitted.around(forecasts)
        np.testing.assert_allclose(case.right["low"], ends.low)
        np.testing.assert_allclose(case.right["high"], ends.high)
        np.testing.assert_allclose(case.right["coverage"], coverage(ends, actual).by_lead)


def test_no_rank_is_a_whole_number_before_it_is_rounded():
    for sizes in checks.check_calibrated_band.sizes:
        rank = (sizes["n"] + 1) * (1 - sizes["percent"] / 100) / 2
        assert 0.01 < rank % 1 < 0.99  # so that no learner's floor depends on rounding errors


# --- nothing of the future is used ----------------------------------------------------------------


def test_later_values_change_no_forecast():
    values, origin, weights, bias, horizon = checks.check_recursive.cases()[0].inputs.values()
    other = values.copy()
    other[origin:] = 9.0
    for one, two in zip(
        go_on(values, origin, weights, bias, horizon),
        go_on(other, origin, weights, bias, horizon),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
    values, first, every, horizon = checks.check_rolling_drift.cases()[0].inputs.values()
    other = values.copy()
    other[first:] += 7.0
    one, two = (roll(y, first, every, horizon)[0] for y in (values, other))
    np.testing.assert_array_equal(one[0], two[0])
    assert (one[1:] != two[1:]).all()


def test_no_training_window_holds_a_value_of_the_test_part():
    for case in checks.check_split_windows.cases():
        values, past, horizon, border = case.inputs.values()
        train_past, train_future, _, test_future = cut(values, past, horizon, border)
        seen = {*train_past.ravel(), *train_future.ravel()}
        assert seen == set(values[:border])
        assert set(test_future.ravel()) == set(values[border:])


def test_scaled_training_values_have_mean_0_and_spread_1_and_test_values_have_not():
    values, border, outputs = checks.check_scaled_parts.cases()[0].inputs.values()
    train, test, _ = scale(values, border, outputs)
    assert train.mean() == pytest.approx(0, abs=1e-12)
    assert train.std() == pytest.approx(1)
    assert test.mean() > 1


def test_a_long_calibration_part_gives_about_the_level():
    rng = np.random.default_rng(0)
    drawn = rng.gamma(2.0, 1.0, size=(4, 999, 2))
    share = band(*drawn, 0.8)[2]
    np.testing.assert_allclose(share, 0.8, atol=0.05)


# --- what is said where no known mistake fits -----------------------------------------------------


def test_outputs_in_another_order_are_told():
    def turned(*arguments):
        low, high, share = band(*arguments)
        return high, low, share

    text = contract.texts(checks.check_calibrated_band.report(turned))
    assert "`low` and `high` have changed places" in text

    def forecasts_first(*arguments):
        return go_on(*arguments)[::-1]

    text = contract.texts(checks.check_recursive.report(forecasts_first))
    assert "`windows` and `forecasts` have changed places" in text


def test_a_series_changed_in_place_is_told():
    def appends_in_place(values, origin, weights, bias, horizon):
        found = go_on(values, origin, weights, bias, horizon)
        values[origin : origin + horizon] = found[1]
        return found

    text = contract.texts(checks.check_recursive.report(appends_in_place))
    assert "changes its input `values` in place" in text


def test_a_window_of_another_length_stops_no_check():
    def growing(values, origin, weights, bias, horizon):
        window = list(values[origin - len(weights) : origin])
        for _ in range(horizon):
            window.append(one_step(np.array(window), weights, bias))
        return window, window[-horizon:]

    report = checks.check_recursive.report(growing)
    assert report.status == "stopped"
    assert "ValueError" in contract.texts(report)


def test_a_scale_that_is_wrong_makes_mase_follow():
    right = contract.outputs_of(checks.check_errors_by_hand, {})
    wrong = {**right, "scale": 53 / 7, "mase": 3.75 / (53 / 7)}
    report = checks.check_errors_by_hand.report(wrong)
    assert report.mistakes == ("scale_of_one_step",)
    assert "`mase` is wrong only because of `scale`" in contract.texts(report)


# --- the study, which takes measurements as they come ---------------------------------------------


def test_the_study_keeps_the_contract(capsys):
    contract.study_keeps_the_contract(STUDY, capsys)


def test_messages_about_intervals_speak_of_origins():
    messages = {mistake.key: mistake.message for mistake in STUDY.mistakes}
    assert "origin by origin" in messages["not_paired"]
    assert "With n origins there are n − 1." in messages["quantile_of_n"]
    assert "spread_of_origins" in messages


@pytest.mark.parametrize("seed", range(6))
def test_a_perturbed_interval_names_no_mistake(seed):
    contract.perturbation_names_no_mistake(STUDY, seed, 0.01 * (1 + seed**2))


@pytest.mark.parametrize(("seeds", "origins"), [(3, 5), (12, 12), (4, 9), (5, 8)])
def test_any_number_of_seeds_and_origins_is_judged_by_its_own_numbers(seeds, origins):
    rng = np.random.default_rng(seeds)
    arrays = {
        "runs": rng.uniform(0.2, 1.4, size=(seeds, origins)),
        "seasonal": rng.uniform(0.2, 1.5, size=origins),
        "other": rng.uniform(0.2, 1.5, size=origins),
    }
    found = contract.study(STUDY, **arrays)
    assert STUDY.report(found).status == "right"
    gap = arrays["runs"].mean(axis=0) - arrays["other"]
    half = QUANTILES[origins - 1] * gap.std(ddof=1) / np.sqrt(origins)
    np.testing.assert_allclose(found["interval_other"], [gap.mean() - half, gap.mean() + half])
    pooled = {
        f"interval_{name}": gap_interval(
            arrays["runs"], arrays[name], "all", 1, "mean", "paired", "t", 1, "root"
        )
        for name in ("seasonal", "other")
    }
    report = STUDY.report({**found, **pooled})
    assert report.mistakes[0] == "all_runs_independent", str(report)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"runs": EXAMPLE["runs"] - 0.5}, "Take absolute values before the mean"),
        ({"runs": EXAMPLE["runs"][[0, 1, 1]]}, "Does the seed go into the network?"),
        ({"other": EXAMPLE["seasonal"]}, "Choose another baseline"),
        ({"runs": 30 * EXAMPLE["runs"]}, "in the unit of the series"),
    ],
)
def test_measurements_that_cannot_be_are_asked_about(changed, words):
    report = STUDY.report(contract.study(STUDY, **changed))
    assert report.status == "wrong"
    assert 0 < report.score < 1
    assert words in contract.texts(report)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"runs": EXAMPLE["runs"][0]},
            "`runs`: one row per seed, each with one number per origin,",
        ),
        ({"runs": EXAMPLE["runs"][:2]}, "`runs` has 2 rows; expected those of 3 to 12 seeds."),
        ({"runs": "three"}, "`runs`: one row per seed"),
        ({"seasonal": EXAMPLE["runs"]}, "`seasonal`: a list, one number per origin, is expected."),
        ({"seasonal": np.full(8, np.nan)}, "`seasonal` holds a value that is NaN"),
        ({"other": EXAMPLE["other"][1:]}, "`runs` 8, `seasonal` 8, `other` 7."),
        (
            {name: values[..., :4] for name, values in EXAMPLE.items()},
            "`runs` has 4 columns; expected 5 to 12 origins.",
        ),
        ({"runs": [[0.1, 0.2], [0.3]]}, "`runs` is a list whose rows have different lengths"),
    ],
)
def test_arrays_of_another_form_are_told(changed, words):
    report = STUDY.report({**contract.study(STUDY), **changed})
    assert report.status == "wrong"
    assert report.score == 0
    assert words in contract.texts(report)


def test_a_study_that_is_half_done_is_open():
    found = contract.study(STUDY)
    report = STUDY.report({**dict.fromkeys(found), "seasonal": found["seasonal"]})
    assert report.status == "open"
    assert "`runs` is still open." in contract.texts(report)


def test_the_example_decides_one_question_and_leaves_the_other():
    found = contract.study(STUDY)
    assert found["verdict_other"] == "network better"
    assert found["verdict_seasonal"] == UNDECIDED


# --- the notebook around the checks ---------------------------------------------------------------


def test_the_options_of_the_notebook_are_those_of_the_checks():
    space = contract.space_of(NAME, "leaks-answer", "study-setup")
    assert tuple(space["reasons"]) == checks.check_leaks.outputs["one_scaler"]
    assert tuple(space["verdicts"]) == STUDY.outputs["verdict_other"]
    assert {n: QUANTILES[n] for n in space["T_QUANTILE"]} == space["T_QUANTILE"]
    offered = set(space["winners"])
    for output in ("co2_lead_1", "co2_lead_12", "el_nino_lead_6"):
        assert set(checks.check_leaks.outputs[output]) <= offered


def test_the_numbers_by_hand_are_those_of_the_notebook():
    text = contract.sources(NAME)["hand-task"].replace("\\ ", " ")
    for numbers in (KNOWN, CAME):
        assert ", ".join(f"{number:.0f}" for number in numbers) in text


def test_one_step_of_the_notebook_is_the_one_of_the_check():
    space = contract.space_of(NAME, "recursive-setup")
    case = checks.check_recursive.cases()[0]
    window, weights = case.right["windows"][0], case.inputs["weights"]
    found = space["one_step"](window, weights, case.inputs["bias"])
    assert found == pytest.approx(float(case.right["forecasts"][0]))


def test_origins_apart_share_no_value():
    space = contract.space_of(NAME, "study-setup", "study-errors")
    values = series.load("el_nino").values
    origins = space["origins_apart"](values, 12)
    assert len(origins) == 10
    assert (np.diff(origins) == 12).all()
    assert origins[-1] + 12 == len(values)
    found = space["errors_by_origin"](SeasonalNaive(12), values, origins, 12)
    expected = [np.abs(values[o - 12 : o] - values[o : o + 12]).mean() for o in origins]
    np.testing.assert_allclose(found, expected)
