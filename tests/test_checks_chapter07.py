"""The checks of chapter 07: every mistake its message, right ways accepted."""

import itertools
import re

import numpy as np
import pytest

from tests import checks_contract as contract
from tests.answers_chapter07 import paths
from utils.cells import LSTMWeights, init_rnn_weights
from utils.cells.lstm import LSTMStepValues
from utils.cells.lstm_variants import (
    LSTM_VARIANTS,
    LSTMVariant,
    lstm_variant_step,
    lstm_variant_step_backward,
)
from utils.checks import chapter07 as checks
from utils.checks.chapter07 import study

STUDY = checks.check_study
PAIRED = checks.check_paired_comparison


# --- pairs of mistakes, and options ---------------------------------------------------------------


def test_every_wrong_choice_of_a_range_has_its_reason():
    check = checks.check_ranges
    assert contract.wrong_options_are_reported(check) == len(check.mistakes) == 25
    right = contract.outputs_of(check, {})
    for name, option in contract.options(check):
        assert len(check.report({**right, name: option}).mistakes) == 1


# --- the references beside the course's own functions ---------------------------------------------

COUPLED = LSTM_VARIANTS["coupled gates"]


def test_the_coupled_step_agrees_with_the_course():
    for case in checks.check_coupled_step.cases(3):
        x_t, h_prev, c_prev, W_x, W_h, b = case.inputs.values()
        values = lstm_variant_step(x_t, h_prev, c_prev, LSTMWeights(W_x, W_h, b), COUPLED)
        for name in checks.check_coupled_step.outputs:
            np.testing.assert_allclose(case.right[name], getattr(values, name), atol=1e-14)


def test_the_way_back_agrees_with_the_course():
    for case in checks.check_coupled_back.cases(3):
        d_h_t, d_c_t, c_prev, f, g, o, c_t = case.inputs.values()
        B, H = c_t.shape
        values = LSTMStepValues(1 - f, f, g, o, c_t, o * np.tanh(c_t))
        weights = LSTMWeights(np.eye(3 * H), np.zeros((H, 3 * H)), np.zeros(3 * H))
        x_t, h_prev = np.zeros((B, 3 * H)), np.zeros((B, H))  # d_x_t is then d_z itself
        found = lstm_variant_step_backward(
            d_h_t, d_c_t, x_t, h_prev, c_prev, values, weights, COUPLED
        )
        d_z = np.concatenate([case.right[n] for n in ("d_z_f", "d_z_g", "d_z_o")], axis=1)
        np.testing.assert_allclose(d_z, found.d_x_t, atol=1e-14)
        np.testing.assert_allclose(case.right["d_c_prev"], found.d_c_prev, atol=1e-14)


def test_the_two_paths_equal_central_differences():
    rng = np.random.default_rng(2)
    T, H, e = 6, 3, 1e-6
    f, i, o = (rng.uniform(0.2, 0.9, (T, H)) for _ in range(3))
    g = rng.uniform(-0.9, 0.9, (T, H))

    def last(line, nudged=None, by=0.0):
        c, h, cs = np.zeros(H), np.zeros(H), []
        for t in range(T):
            c = f[t] * (c if line else h) + i[t] * g[t]
            c = c + (by if t == nudged else 0.0)
            h = o[t] * np.tanh(c)
            cs.append(c)
        return np.array(cs)

    for number, line in enumerate((True, False)):
        found = paths(f, o, last(line))[number]
        for t in range(T):
            slope = (last(line, t, e) - last(line, t, -e))[-1] / (2 * e)
            np.testing.assert_allclose(found[t], slope, rtol=1e-7)
    for case in checks.check_memory_paths.cases(3):
        expected = dict(
            zip(("with_line", "without_line"), paths(*case.inputs.values()), strict=True)
        )
        for name, value in expected.items():
            np.testing.assert_allclose(case.right[name], value, rtol=1e-12)


def test_the_matched_units_are_nearest_and_counted_as_the_course_does():
    rng = np.random.default_rng(0)
    for case in checks.check_matched_units.cases():
        D, H = case.sizes["D"], int(case.right["H_rnn"])
        counts = [sum(w.size for w in init_rnn_weights(D, k, rng)) for k in range(1, 2 * H)]
        gaps = np.abs(np.array(counts) - case.right["n_lstm"])
        assert int(gaps.argmin()) + 1 == H
        assert np.sort(gaps)[1] > gaps.min()  # no tie
        assert counts[H - 1] == case.right["n_rnn"]
    # One case rounds up and one down, so that cutting off shows, and rounding up does.
    fractions = [float(case.right["exact"]) % 1 for case in checks.check_matched_units.cases()]
    assert min(fractions) < 0.5 < max(fractions)


def test_the_t_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(1)
    from_check = {case.sizes["S"]: case.inputs["t_factor"] for case in PAIRED.cases()}
    for S, factor in from_check.items():
        draws = rng.standard_normal((20_000, S))
        half = factor * draws.std(axis=1, ddof=1) / np.sqrt(S)
        assert np.mean(np.abs(draws.mean(axis=1)) < half) == pytest.approx(0.95, abs=0.006)


def test_pairs_share_most_of_their_noise():
    for case in PAIRED.cases(2):
        a, v = case.inputs["lstm_losses"], case.inputs["variant_losses"]
        assert (v - a).std(ddof=1) < 0.7 * np.sqrt(a.var(ddof=1) + v.var(ddof=1))


# --- what is predicted, tried out -----------------------------------------------------------------

CELLS = {
    "no_line": LSTM_VARIANTS["no cell line"],
    "coupled": COUPLED,
    "linear_candidate": LSTM_VARIANTS["linear candidate"],
    "overwriting": LSTM_VARIANTS["overwriting"],
    "no_output_tanh": LSTM_VARIANTS["output path without tanh"],
    "tanh_only_in": LSTM_VARIANTS["no input gate"],
    "tanh_only_out": LSTM_VARIANTS["no output gate"],
    "tanh_output_gate": LSTM_VARIANTS["tanh output gate"],
    "sigmoid_in": LSTM_VARIANTS["sigmoid candidate"],
    "sigmoid_out": LSTM_VARIANTS["output path sigmoid(c)"],
}


def hundred_steps(variant, b, x=0.0):
    """Run one unit that reads its biases, and inputs `x` through weights 1, for 100 steps."""
    G = len(variant.blocks)
    weights = LSTMWeights(np.ones((1, G)), np.zeros((1, G)), np.full(G, b) if np.isscalar(b) else b)
    h, c, hs, cs = np.zeros((1, 1)), np.zeros((1, 1)), [], []
    for x_t in np.broadcast_to(x, 100):
        values = lstm_variant_step(np.full((1, 1), x_t), h, c, weights, variant)
        h, c = values.h_t, values.c_t
        hs.append(h.item())
        cs.append(c.item())
    return np.array(hs), np.array(cs)


@pytest.mark.parametrize("name", list(CELLS)[:6])
def test_the_sizes_predicted_are_reached_and_not_passed(name):
    bound = {"below 1": 1.0, "below 2": 2.0, "below 100": 100.0, "no bound": np.inf}
    limit = bound[str(contract.outputs_of(checks.check_ranges, {})[name])]
    smaller = max((b for b in bound.values() if b < limit), default=0.5)
    sizes = []
    for biases in itertools.product([-9.0, 9.0], repeat=len(CELLS[name].blocks)):
        hs, cs = hundred_steps(CELLS[name], np.array(biases))
        sizes.append(np.abs(hs if name == "no_output_tanh" else cs)[-1])
    assert max(sizes) > smaller
    assert max(sizes) <= limit


@pytest.mark.parametrize("name", list(CELLS)[6:])
def test_the_signs_predicted_are_those_that_come(name):
    rng, agree, signs = np.random.default_rng(4), set(), set()
    for _ in range(20):
        biases = rng.normal(size=len(CELLS[name].blocks))
        hs, cs = hundred_steps(CELLS[name], biases, 2 * rng.normal(size=100))
        agree |= set(np.sign(hs) == np.sign(cs))
        signs |= set(np.sign(cs if name == "sigmoid_in" else hs))
    expected = {
        "never negative": signs <= {0.0, 1.0},
        "the sign of c": signs == {-1.0, 1.0} and agree == {True},
        "either sign": signs == {-1.0, 1.0} and agree == {True, False},
    }
    assert expected[str(contract.outputs_of(checks.check_ranges, {})[name])]


# --- by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize("decimals", [4, 5, 8])
def test_the_memory_by_hand_may_be_rounded_at_every_line(decimals):
    f, i, z = (0.9, 0.5, 0.8, 0.5), (0.5, 0.8, 0.4, 0.9), (1.0, -2.0, 0.5, -1.0)

    def short(number):
        return round(float(number), decimals)

    def logistic(number):
        return 1 / (1 + np.exp(-number))

    values = {}
    for prefix, squash in (("", np.tanh), ("sigmoid_", logistic)):
        g, cs = [short(squash(number)) for number in z], [0.3]
        for f_t, i_t, g_t in zip(f, i, g, strict=True):
            cs.append(short(short(f_t * cs[-1]) + short(i_t * g_t)))
        values |= {f"{prefix}g": g, f"{prefix}c": cs[1:]}
        values[f"{prefix}h_4"] = short(0.6 * short(np.tanh(cs[-1])))
    values["read_by_sigmoid"] = short(0.6 * short(logistic(values["c"][-1])))
    values["empty"] = 0.3
    assert checks.check_four_steps.report(values).status == "right"


def test_the_table_of_the_exercise_is_the_one_that_is_checked():
    rows = re.findall(
        r"^\| \d \| (.+?) \| (.+?) \| (.+?) \|$", contract.sources(NAME)["hand-task"], re.MULTILINE
    )
    table = np.array([[float(cell.replace("−", "-")) for cell in row] for row in rows])
    steps = checks.check_four_steps.steps
    np.testing.assert_array_equal(table[:, 0], steps["kept"]())
    np.testing.assert_array_equal(table[:, 1], steps["written"]())
    np.testing.assert_allclose(np.tanh(table[:, 2]), steps["g"]())
    right = contract.outputs_of(checks.check_four_steps, {})
    assert right["c"].min() < 0 < right["sigmoid_c"].min()


# --- the study: every variant is judged by what it does itself ------------------------------------


def done(variant, **other):
    """Return the answer of a learner who has done all as asked."""
    inputs = {"code": study.encode(variant)}
    values = {name: STUDY.compute(inputs)[name] for name in STUDY.outputs}
    return {**values, "variant": variant, **other}


@pytest.mark.parametrize(
    ("part", "value"),
    [("candidate", "sigmoid"), ("squash", "linear"), ("input_gate", "one"), ("memory", "hidden")],
)
def test_a_variant_of_ones_own_is_right(part, value):
    answer = done(LSTMVariant(**{part: value}))
    report = STUDY.report(answer)
    assert report.status == "right", str(report)
    assert STUDY.report(tuple(answer.values())).status == "right"


def test_all_three_verdicts_come_up():
    variants = (
        LSTMVariant(**change)
        for change in ({"candidate": "sigmoid"}, {"squash": "linear"}, {"output_gate": "one"})
    )
    verdicts = [str(done(variant)["verdict"]) for variant in variants]
    assert verdicts == ["the change costs", "the change helps", "not decided"]


def test_a_variant_may_be_named():
    answer = {**done(LSTM_VARIANTS["overwriting"]), "variant": "overwriting"}
    assert STUDY.report(answer).status == "right"
    text = contract.texts(STUDY.report({**answer, "variant": "overwritten"}))
    assert "there is none called 'overwritten'" in text


@pytest.mark.parametrize("variant", [LSTMVariant, 3, object()])
def test_what_is_no_variant_is_asked_for_again(variant):
    answer = {**done(LSTM_VARIANTS["overwriting"]), "variant": variant}
    report = STUDY.report(answer)
    assert report.status == "wrong"
    assert "Expected is what you trained, such as `LSTMVariant(" in contract.texts(report)
    alone = {**dict.fromkeys(answer), "variant": variant}
    assert STUDY.report(alone).score == 0
    assert STUDY.report(alone).status == "wrong"


def test_two_changes_are_told_apart_from_one_and_from_none():
    report = STUDY.report(done(LSTMVariant(candidate="sigmoid", squash="linear")))
    assert report.status == "wrong"
    assert report.score == pytest.approx(5 / 6)
    assert report.mistakes == ()
    assert "2 parts differ from the LSTM, `candidate`, `squash`." in contract.texts(report)
    report = STUDY.report(done(LSTMVariant()))
    assert report.score < 1
    assert "this is the LSTM itself" in contract.texts(report)


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({"output_gate": "one"}, "the change costs", "0 lies in the interval"),
        ({"candidate": "sigmoid"}, "not decided", "0 does not lie in the interval"),
        ({"candidate": "sigmoid"}, "the change helps", "turned round"),
        ({"squash": "linear"}, "the change costs", "turned round"),
    ],
)
def test_a_verdict_against_the_rule_is_told_why(change, verdict, words):
    report = STUDY.report(done(LSTMVariant(**change), verdict=verdict))
    assert report.score == pytest.approx(5 / 6)
    assert report.mistakes == ()
    assert words in contract.texts(report)


def test_a_table_of_the_wrong_form_or_with_one_wrong_column_is_located():
    right = done(LSTMVariant(candidate="sigmoid"))
    text = contract.texts(STUDY.report({**right, "losses": right["losses"][:, 1]}))
    assert "`losses` has shape (5,); expected (5, 2)" in text
    other = right["losses"] * [1.0, 1.3]
    text = contract.texts(STUDY.report({**right, "losses": other}))
    assert "the column of your variant is not what `final_loss` gives" in text


def test_one_half_done_is_open():
    right = done(LSTMVariant(candidate="sigmoid"))
    report = STUDY.report({**right, "interval": None, "verdict": ...})
    assert report.status == "open"
    assert "`verdict` is still open." in contract.texts(report)


def test_the_numbers_of_the_study_hold_on_other_machines():
    """Weights moved by their last digits lead to the same losses, to less than the tolerance."""
    for change in ({}, {"candidate": "sigmoid"}, {"squash": "linear"}, {"forget_gate": "zero"}):
        variant = LSTMVariant(**change)
        losses = study.losses_of(study.encode(variant), range(2))
        moved = [nudged_loss(variant, seed, 1e-15) for seed in range(2)]
        np.testing.assert_allclose(moved, losses, rtol=1e-4)


def nudged_loss(variant, seed, by):
    """Train as the study does, from weights that differ in their last digits."""
    begin = study.new_model

    def nudged(cell, seed):
        model = begin(cell, seed)
        for weight in model.weights.values():
            weight *= 1 + by * np.random.default_rng(9).standard_normal(weight.shape)
        return model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "new_model", nudged)
        return study.final_loss.__wrapped__(variant, seed)


# --- the notebook around the checks ---------------------------------------------------------------

NAME = "07_lstm_design"


def test_the_words_to_choose_from_are_those_of_the_check():
    cells, space = contract.sources(NAME), {"predict": lambda *arguments, **options: None}
    exec(cells["ranges-answer"].split("### BEGIN")[0], space)
    assert list(space["ranges"]) == list(checks.check_ranges.outputs)
    for words in checks.check_ranges.outputs.values():
        assert set(words) <= set(space["sizes"]) or set(words) <= set(space["signs"])
    exec(cells["study-setup"], space)
    assert tuple(space["verdicts"]) == STUDY.outputs["verdict"]


def test_the_check_trains_as_the_notebook_does():
    cells, space = contract.sources(NAME), {}
    exec(re.sub(r"(?m)^use_style.*$", "", cells["imports"]), space)
    space["predict"] = lambda *arguments, **options: None
    exec(cells["study-setup"], space)
    variant = LSTMVariant(candidate="sigmoid")
    for seed in (0, 3):
        assert space["final_loss"](variant, seed) == study.final_loss(variant, seed)
    count = space["count_parameters"](space["new_model"](variant, 0))
    assert count == study.parameters_of(variant)


def test_what_the_texts_claim_in_numbers():
    sigmoid_in, no_tanh = (
        done(LSTMVariant(**change)) for change in ({"candidate": "sigmoid"}, {"squash": "linear"})
    )
    assert sigmoid_in["interval"] == pytest.approx([0.16, 0.39], abs=0.01)
    assert sigmoid_in["losses"].max() < 1  # far below that of always saying 0
    assert str(no_tanh["verdict"]) == "the change helps"
    fresh = study.signed_count(np.random.default_rng(1000), 500, study.STEPS)
    assert np.mean(fresh.targets**2) / 2 == pytest.approx(5, abs=0.3)
    assert fresh.targets.max() > 1
    # A gate that is left out takes a quarter of the cell's parameters with it.
    whole, less = (
        study.parameters_of(LSTMVariant(**change)) for change in ({}, {"output_gate": "one"})
    )
    assert whole - less == (whole - study.UNITS - 1) / 4
