"""The checks of chapter 06: what is said of no mistake, and the notebook around."""

import re

import numpy as np
import pytest

from tests import checks_contract as contract
from tests.answers_chapter06 import RIGHT, back, line, path, step, unroll
from utils.activations import sigmoid
from utils.cells import LSTMStepValues, LSTMWeights, lstm_step, lstm_step_backward
from utils.checks import chapter06 as checks
from utils.checks.chapter06 import by_hand, counts, experiment
from utils.checks.chapter06.formulas import BLOCKS, ORDERS, block, named
from utils.checks.chapter06.predict import FATES
from utils.parameter_counts import count_network
from utils.sequence import lstm_sequence
from utils.state_gains import cell_line_gains

WITH_BLOCKS = [
    checks.check_lstm_by_hand,
    checks.check_lstm_step,
    checks.check_lstm_unroll,
    checks.check_lstm_step_back,
]


# --- pairs of mistakes, and options ---------------------------------------------------------------


def test_every_wrong_prediction_is_reported():
    assert contract.wrong_options_are_reported(checks.check_gate_fates) == 31


def test_most_wrong_predictions_have_their_reason():
    check = checks.check_gate_fates
    right = contract.outputs_of(check, {})
    reasons = [
        len(check.report({**right, name: option}).mistakes)
        for name, option in contract.options(check)
    ]
    assert sum(reasons) == len(check.mistakes) >= 25


# --- the order of the blocks ----------------------------------------------------------------------


@pytest.mark.parametrize("check", WITH_BLOCKS, ids=contract.identify)
def test_every_order_of_the_blocks_is_known(check):
    assert len(ORDERS) == 23
    found = [mistake for mistake in check.mistakes if mistake.key.startswith("order_")]
    assert len({mistake.key for mistake in found}) == 23
    for mistake in found:
        order = ["ifgo".index(letter) for letter in mistake.key.removeprefix("order_")]
        swapped = order == [1, 0, 2, 3] and check in WITH_BLOCKS[1:3]
        words = "changed places" if swapped else named(order)
        assert words in mistake.message


@pytest.mark.parametrize("order", ORDERS[::4])
def test_an_order_is_named_as_the_learner_reads_the_blocks(order):
    def read_in_order(x_t, h_prev, c_prev, W_x, W_h, b):
        parts = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
        taken = {BLOCKS[place]: z for place, z in zip(order, parts, strict=True)}
        i, f, o = (sigmoid(taken[name]) for name in ("input", "forget", "output"))
        g = np.tanh(taken["candidate"])
        c_t = f * c_prev + i * g
        return i, f, g, o, c_t, o * np.tanh(c_t)

    report = checks.check_lstm_step.report(read_in_order)
    assert report.mistakes == ("order_" + "".join("ifgo"[k] for k in order),)


@pytest.mark.parametrize("order", ORDERS[1::4])
def test_an_order_is_named_as_the_learner_puts_the_blocks_together(order):
    def put_in_order(*arguments):
        *given, W_x, W_h = arguments
        x_t, h_prev = given[2:4]
        d_z, _, _, d_c_prev, *_ = back(*arguments)
        d_z = np.concatenate([block(d_z, np.arange(4), place) for place in order], axis=1)
        d_states = d_z @ W_x.T, d_z @ W_h.T, d_c_prev
        return d_z, *d_states, x_t.T @ d_z, h_prev.T @ d_z, d_z.sum(axis=0)

    report = checks.check_lstm_step_back.report(put_in_order)
    assert report.mistakes == ("order_" + "".join("ifgo"[k] for k in order),)


# --- the reference beside the course's own functions -------------------------------------------


def test_the_references_agree_with_the_course():
    for case in checks.check_lstm_step.cases(3):
        x_t, h_prev, c_prev, *weights = case.inputs.values()
        values = lstm_step(x_t, h_prev, c_prev, LSTMWeights(*weights))
        for name, value in values._asdict().items():
            np.testing.assert_allclose(case.right[name], value, atol=1e-14)
    for case in checks.check_lstm_unroll.cases(3):
        xs, h_0, c_0, *weights = case.inputs.values()
        run = lstm_sequence(xs, h_0, c_0, LSTMWeights(*weights))
        np.testing.assert_allclose(case.right["hs"], run.hs, atol=1e-13)
        np.testing.assert_allclose(case.right["cs"], run.cs, atol=1e-13)
    for case in checks.check_lstm_step_back.cases(3):
        d_h_t, d_c_t, x_t, h_prev, c_prev, gates, c_t, W_x, W_h = case.inputs.values()
        weights = LSTMWeights(W_x, W_h, np.zeros(W_x.shape[1]))
        values = LSTMStepValues(*gates, c_t, gates[3] * np.tanh(c_t))
        found = lstm_step_backward(d_h_t, d_c_t, x_t, h_prev, c_prev, values, weights)
        for name, value in found._asdict().items():
            np.testing.assert_allclose(case.right[name], value, atol=1e-13)


def test_the_step_back_goes_through_a_step_that_fits_its_gates():
    for case in checks.check_lstm_step_back.cases(2):
        gates, c_t = case.inputs["gates"], case.inputs["c_t"]
        kept = gates[1] * case.inputs["c_prev"] + gates[0] * gates[2]
        np.testing.assert_allclose(c_t, kept, atol=1e-14)


def test_the_direct_path_is_what_the_course_measures():
    rng = np.random.default_rng(0)
    weights = LSTMWeights(*(rng.standard_normal(s) for s in ((3, 20), (5, 20), (20,))))
    start = np.zeros((2, 5))
    run = lstm_sequence(rng.standard_normal((6, 2, 3)), start, start, weights)
    shares, _ = path(run.forget_gate)
    measured = cell_line_gains(run, weights).direct
    np.testing.assert_allclose(np.sqrt((shares**2).mean(axis=2)), 10**measured, rtol=1e-9)


def test_the_counts_agree_with_the_course():
    right = contract.outputs_of(checks.check_lstm_counts, {})

    def total(cell, D, H, biases=1):
        return count_network(cell, D, H, biases=biases).total

    assert right["one_bias"] == right["longer"] == total("lstm", 10, 16) == 1728
    assert right["two_biases"] == total("lstm", 10, 16, 2) == 1792
    assert right["second_layer"] == total("lstm", 16, 16)
    H = int(right["largest_H"])
    assert total("lstm", 10, H) == 9680 <= counts.BUDGET < total("lstm", 10, H + 1) == 10_080
    H = int(right["rnn_H"])
    assert total("rnn", 10, H) == 1692 <= 1728 < total("rnn", 10, H + 1) == 1776


def test_half_lives_that_the_text_names():
    gates, lives, needed = RIGHT["half_life"][0](np.array([1e-9, 2.0]), np.array([1.0, 14.0]))
    assert lives == pytest.approx([1.0, 5.46], abs=0.005)
    assert needed[0] == pytest.approx(0.0, abs=1e-9)
    assert gates[1] ** lives[1] == pytest.approx(0.5)
    assert sigmoid(needed[1:]) ** 14 == pytest.approx(0.5)


@pytest.mark.parametrize("decimals", [4, 5, 8])
def test_the_step_by_hand_may_be_rounded_at_every_line(decimals):
    sums = np.round(by_hand.X * by_hand.W_X + by_hand.H_PREV * by_hand.W_H + by_hand.B, decimals)
    i, f, o = (round(float(sigmoid(sums[[k]])[0]), decimals) for k in (0, 1, 3))
    g = round(float(np.tanh(sums[2])), decimals)
    parts = [round(f * by_hand.C_PREV, decimals), round(i * g, decimals)]
    c_t = round(sum(parts), decimals)
    tanh_c = round(float(np.tanh(c_t)), decimals)
    factors = [o, round(1 - tanh_c**2, decimals), f]
    values = {"sums": sums, "gates": [i, f, g, o], "parts": parts, "c_t": c_t}
    values |= {"h_t": round(o * tanh_c, decimals), "factors": factors}
    values["dh_dc_prev"] = round(factors[0] * factors[1] * factors[2], decimals)
    assert checks.check_lstm_by_hand.report(values).status == "right"


def test_the_derivative_by_hand_is_the_one_with_the_gates_held_fixed():
    right = contract.outputs_of(checks.check_lstm_by_hand, {})
    i, f, g, o = right["gates"]

    def h(c_prev):
        return o * np.tanh(f * c_prev + i * g)

    slope = (h(by_hand.C_PREV + 1e-6) - h(by_hand.C_PREV - 1e-6)) / 2e-6
    assert right["dh_dc_prev"] == pytest.approx(slope, rel=1e-7)
    weights = LSTMWeights(by_hand.W_X[None], by_hand.W_H[None], by_hand.B)
    states = np.array([[by_hand.X]]), np.array([[by_hand.H_PREV]]), np.array([[by_hand.C_PREV]])
    assert right["h_t"] == pytest.approx(lstm_step(*states, weights).h_t.item())


def test_what_becomes_of_the_cell_is_what_a_loop_gives():
    right = contract.outputs_of(checks.check_gate_fates, {})
    held = {"keep": (1, 0), "erase": (0, 0), "replace": (0, 1), "add": (1, 1)}
    held |= {"half": (0.5, 0.5), "leak": (0.99, 0), "leak_and_add": (0.99, 0.02)}
    ends = {"stays at 0.8": 0.8, "goes to 0": 0.0, "goes to 0.5": 0.5, "goes to 1": 1.0}
    for name, (f, i) in held.items():
        c = 0.8
        for _ in range(1000):
            c = f * c + i * 0.5
        if right[name] == "grows without end":
            assert c > 100
        else:
            assert c == pytest.approx(ends[str(right[name])], abs=1e-3), name
    assert set(ends) | {"grows without end"} == set(FATES)


# --- what is said where no known mistake fits --------------------------------------------------


def test_the_first_wrong_quantity_of_a_step_is_named():
    def wider(x_t, h_prev, c_prev, W_x, W_h, b):
        i, f, g, o, _, _ = step(x_t, h_prev, c_prev, W_x, W_h, b)
        f = f**1.1
        c_t = f * c_prev + i * g
        return i, f, g, o, c_t, o * np.tanh(c_t)

    report = checks.check_lstm_step.report(wider)
    assert report.mistakes == ()
    text = contract.texts(report)
    assert "`input_gate` is right." in text
    assert "`forget_gate` is the first quantity that is wrong." in text
    assert "`c_t` is wrong only because of `forget_gate`" in text


def test_the_step_from_which_states_are_wrong_is_named():
    def drifts(xs, h_0, c_0, W_x, W_h, b):
        hs, cs = (values.copy() for values in unroll(xs, h_0, c_0, W_x, W_h, b))
        hs[2:] *= 1.01
        return hs, cs

    report = checks.check_lstm_unroll.report(drifts)
    assert report.mistakes == ()
    assert "right at t = 0 … 1, wrong from t = 2 on" in contract.texts(report)


def test_the_block_that_is_wrong_is_named():
    def odd(*arguments):
        d_z, *others = back(*arguments)
        d_z, H = d_z.copy(), d_z.shape[1] // 4
        d_z[:, H : 2 * H] *= np.linspace(1.1, 1.4, H)
        return d_z, *others

    report = checks.check_lstm_step_back.report(odd)
    assert report.mistakes == ()
    assert "Only the forget block is wrong." in contract.texts(report)


@pytest.mark.parametrize("order", [(1, 0, 2, 3, 4, 5), (0, 1, 3, 2, 5, 4), (5, 4, 0, 1, 2, 3)])
def test_right_results_in_another_order_are_no_mistakes_inside(order):
    def turned(*arguments):
        found = step(*arguments)
        return [found[place] for place in order]

    report = checks.check_lstm_step.report(turned)
    assert report.status == "wrong"
    assert report.mistakes == ()
    names = list(checks.check_lstm_step.outputs)
    wrong = [name for place, name in enumerate(names) if order[place] != place]
    told = report.lines[0].text
    assert "have changed places: each holds the right values of another one" in told
    assert all((f"`{name}`" in told) == (name in wrong) for name in names)


def test_another_order_hides_no_mistake_inside():
    def turned_and_wrong(x_t, h_prev, c_prev, W_x, W_h, b):
        i, f, g, o, c_t, _ = step(x_t, h_prev, c_prev, W_x, W_h, b)
        return f, i, g, o, c_t, o * c_t

    report = checks.check_lstm_step.report(turned_and_wrong)
    assert "no_tanh_on_c" in report.mistakes


def test_a_mistake_beside_an_unknown_one_is_named_where_it_is_alone():
    def two_mistakes(x_t, h_prev, c_prev, W_x, W_h, b):
        z_i, z_f, z_g, z_o = np.split(x_t @ W_x + h_prev @ W_h, 4, axis=1)
        i, f, g, o = sigmoid(1.1 * z_i), sigmoid(z_f), np.tanh(z_g), sigmoid(z_o)
        c_t = f * c_prev + i * g
        return i, f, g, o, c_t, o * np.tanh(c_t)

    report = checks.check_lstm_step.report(two_mistakes)
    assert report.mistakes == ("bias_missing",)
    assert report.lines[0].text.startswith("`input_gate` is the first quantity that is wrong.")


def test_rounded_results_are_told():
    def rounded(*arguments):
        return [values.round(3) for values in line(*arguments)]

    report = checks.check_cell_line.report(rounded)
    assert "It is right to 3 decimals: do not round" in contract.texts(report)


def test_a_count_that_is_no_whole_number_is_told():
    right = contract.outputs_of(checks.check_lstm_counts, {})
    report = checks.check_lstm_counts.report({**right, "largest_H": 44.7})
    assert "`largest_H` is 44.7; expected a whole number." in contract.texts(report)


@pytest.mark.parametrize("listing", [(1, 0, 2, 3), (0, 1, 3, 2)])
def test_gates_listed_in_another_order_are_told_from_another_reading(listing):
    right = contract.outputs_of(checks.check_lstm_by_hand, {})
    listed = {**right, "gates": right["gates"][list(listing)]}
    report = checks.check_lstm_by_hand.report(listed)
    assert report.mistakes == ("listed_" + "".join("ifgo"[k] for k in listing),)


# --- the experiment: results that only properties judge -----------------------------------------


FOUND = {
    "distance": 30,
    "bias": 3.0,
    "with_0": [0.51, 0.49, 0.5, 0.52, 0.48],
    "with_bias": [1.0, 0.97, 1.0, 1.0, 0.5],
    "reading": experiment.BUDGET,
}


@pytest.fixture
def quick(monkeypatch):
    """Let the check's own runs end as if bias 0 stopped at 20 words, and more bias at 50."""

    def pretend(bias, distance, seed):
        return 1.0 if distance <= (50 if bias >= 1 else 20) else 0.5

    monkeypatch.setattr(experiment, "train", pretend)


def judged(**changes):
    return checks.check_forget_bias.report({**FOUND, **changes})


def test_a_result_that_repeats_is_right(quick, capsys):
    assert judged().status == "right", str(judged())
    earned = checks.check_forget_bias({**FOUND, "with_0": np.array(FOUND["with_0"])}, points=6)
    assert type(earned) is float
    assert earned == 6.0
    assert checks.check_forget_bias(tuple(FOUND.values()), points=6) == 6.0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("changes", "held", "words"),
    [
        ({"distance": 2.5}, 4, "`distance` is 2.5; a whole number of words from 1 to 60"),
        ({"distance": 200}, 4, "`distance` is 200; a whole number of words from 1 to 60"),
        ({"distance": [20, 30]}, 4, "`distance` and `bias` are one number each."),
        ({"bias": 0}, 4, "`bias` is 0; a number above 0, and at most 20"),
        ({"bias": -1.5}, 4, "`bias` is -1.5; a number above 0"),
        ({"with_0": [0.5, 0.5]}, 5, "`with_0` has shape (2,); five numbers are expected"),
        ({"with_bias": [99, 98, 97, 100, 95]}, 5, "in per cent, perhaps?"),
        ({"distance": 10}, 4, "`with_0` has 0.5 for seed 2; with this distance and bias `train`"),
        ({"with_bias": [1.0, 1.0, 0.95, 1.0, 1.0]}, 5, "`with_bias` has 0.95 for seed 2; with"),
        ({"with_0": [-0.1, 0.5, 0.5, 0.5, 0.5]}, 5, "`with_0` holds numbers outside 0 to 1."),
        ({"with_0": [1.0, 0.95, 0.5, 0.5, 0.5]}, 4, "2 of yours do. Try a larger distance."),
        ({"with_bias": [1.0, 0.5, 1.0, 0.5, 1.0]}, 4, "3 of yours do. Try another bias"),
        ({"distance": 10}, 4, "solved 3 of 3 with bias 0 and 3 of 3 with bias 3. At this"),
        ({"distance": 55}, 4, "0 of 3 with bias 3. Are the numbers of this distance"),
        ({"reading": experiment.ALWAYS}, 5, "one distance and two biases cannot say that"),
        ({"reading": experiment.NEVER}, 5, "200 updates cannot say that"),
    ],
)
def test_each_property_says_what_does_not_hold(quick, changes, held, words):
    report = judged(**changes)
    assert report.status == "wrong"
    assert words in contract.texts(report), str(report)
    assert report.score == pytest.approx(held / 6)
    assert report.mistakes == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reading": 2}, "`reading` is `2`: choose one of"),
        ({"bias": "three"}, "`bias` is the text 'three'; expected a number."),
        ({"with_0": [np.nan] * 5}, "`with_0` holds 5 values that are NaN or infinite"),
        ({"with_0": None}, "`with_0` is still open."),
    ],
)
def test_what_cannot_be_judged_is_said(quick, changes, words):
    report = judged(**changes)
    assert report.status in ("wrong", "open", "not started")
    assert words in contract.texts(report), str(report)
    assert report.score < 1


def test_the_experiment_keeps_the_contract_as_far_as_it_can(capsys):
    check = checks.check_forget_bias
    contract.stub_is_not_started(check, capsys)
    contract.messages_read_well(check)
    texts = [*experiment.TOO_MUCH.values(), *(item.name for item in check.properties)]
    for text in texts:
        assert not contract.BANNED.search(text), text


def test_the_runs_of_the_check_tell_the_two_biases_apart():
    """The distance and the bias of the solution, with the seeds of the check's own runs."""
    assert experiment.fresh_runs({"distance": 30, "bias": 3.0}) == (0, 3)


# --- the notebook around the checks ------------------------------------------------------------

NAME = "06_lstm"


def run_cells(*names):
    """Run the import cell and others of the notebook, without its plot style."""
    cells, space = contract.sources(NAME), {}
    exec(re.sub(r"(?m)^use_style.*$", "", cells["imports"]), space)
    for name in names:
        exec(cells[name], space)
    return space


def test_choices_in_the_notebook_are_those_of_the_checks():
    text = contract.sources(NAME)
    assert all(f'"{fate}"' in text["fates-answer"] for fate in FATES)
    for reading in (experiment.ALWAYS, experiment.NEVER, experiment.BUDGET):
        assert f'"{reading}"' in text["bias-answer"]


def test_the_numbers_of_the_step_by_hand_are_those_of_the_check():
    text = contract.sources(NAME)["hand-task"]
    for name, values in (("W_x", by_hand.W_X), ("W_h", by_hand.W_H), ("b", by_hand.B)):
        listed = re.search(rf"{name} = \(([^)]*)\)", text)[1].replace("\\", "")
        assert [float(number) for number in listed.split(",")] == values.tolist(), name
    assert r"x_t = 1, \quad h_{t-1} = 0.5, \quad c_{t-1} = 1.2" in text
    assert (by_hand.X, by_hand.H_PREV, by_hand.C_PREV) == (1.0, 0.5, 1.2)


def test_the_check_trains_what_the_notebook_trains():
    space = run_cells("bias-setup")
    assert space["train"](2.0, 6, 7) == experiment.train(2.0, 6, 7)
    assert experiment.UPDATES == 200
    assert f"{experiment.H} units" in contract.sources(NAME)["bias-task"]


def test_what_the_texts_say_of_the_two_paths(capsys):
    space = run_cells("path-guess", "path-measure")

    def gains(scale, bias):
        found = cell_line_gains(*space["drawn_gates"](scale, bias))
        return 10 ** found.direct[0, 0], 10 ** found.total[0, 0]

    assert gains(1, 0)[0] < 1e-7
    assert gains(1, 4)[0] == pytest.approx(0.45, abs=0.02)
    direct, total = gains(6, 0)
    assert direct < 1e-9
    assert total > 10
    assert 3e-5 < 0.99**1000 < 5e-5


@pytest.mark.slow
def test_what_the_texts_say_of_distance_and_bias():
    """The margin of exercise 8: solutions lie well away from an edge, and so does the guess."""
    for bias in (1.0, 4.0):
        assert all(experiment.train(bias, 30, seed) >= 0.9 for seed in range(3))
    assert all(experiment.train(0.0, 15, seed) >= 0.9 for seed in range(2))
    assert not any(experiment.train(0.0, 30, seed) >= 0.9 for seed in range(3))
