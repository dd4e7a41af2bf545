"""The checks of chapter 09: every mistake its message, alone and in pairs; right ways accepted."""

import numpy as np
import pytest
import torch

from tests import checks_contract as contract
from tests.answers_chapter09 import both, layer_back, padded, stack_run
from utils.cells import RNNWeights
from utils.checks import chapter09 as checks
from utils.checks.chapter09 import by_hand as hand
from utils.checks.chapter09.counting import DEPTH, D, H, K
from utils.checks.chapter09.study import CEILING, EXAMPLE, LISTS, UNDECIDED
from utils.checks.studies import QUANTILES, interval_of
from utils.gradients import numerical_gradient
from utils.layers.recurrent import Layer, bidirectional
from utils.parameter_counts import count_network

NAME = "09_bidirectional_deep"
STUDY = checks.check_who_needs_what


# --- options -----------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [checks.check_context_seen, STUDY], ids=contract.identify)
def test_wrong_options_are_reported(check):
    assert contract.wrong_options_are_reported(check) >= 4


def test_every_choice_of_what_was_seen_has_its_reason():
    check = checks.check_context_seen
    right = contract.outputs_of(check, {})
    reasons = 0
    for name, option in contract.options(check):
        report = check.report({**right, name: option})
        assert len(report.mistakes) == 1, (name, option)
        reasons += 1
    assert reasons == len(check.mistakes) == 27


@pytest.mark.parametrize("value", ["No", " NO ", False, 0, "nope"])
def test_a_choice_is_taken_in_any_case_of_letters_and_quoted_as_given(value):
    check = checks.check_context_seen
    report = check.report({**contract.outputs_of(check, {}), "tag_at_once": value})
    if str(value).strip().lower() == "no":
        assert report.status == "right"
    else:
        quoted = f"`tag_at_once` is '{value}': choose one of `yes`, `no`."
        assert quoted in contract.texts(report)


@pytest.mark.parametrize("value", ["Not decided", "yes", 0])
def test_a_verdict_is_one_of_three_in_any_case_of_letters(value):
    report = STUDY.report({**contract.study(STUDY), "verdict_both": value})
    if value == "Not decided":
        assert report.status == "right"
    else:
        assert f"`verdict_both` is '{value}': choose one of" in contract.texts(report)
        assert "does not say" not in contract.texts(report)


# --- the reference beside the course's own functions, and torch's --------------------------------


def test_what_was_seen_is_what_a_change_of_an_item_reaches():
    """Change one item after the other and look which numbers move."""
    T, t, units = 6, 3, 4
    rng = np.random.default_rng(0)
    right = contract.outputs_of(checks.check_context_seen, {})

    def cell(features):
        shapes = (features, units), (units, units), units
        return RNNWeights(*(rng.standard_normal(shape) / 2 for shape in shapes))

    lower, upper = Layer(cell(2), cell(2)), Layer(cell(2 * units), cell(2 * units))
    one_way, upper_one_way = Layer(cell(2)), Layer(cell(units))

    def numbers(xs):
        out = bidirectional(xs, lower).hs[:, 0]
        deep = bidirectional(bidirectional(xs, lower).hs, upper).hs[:, 0]
        flat = bidirectional(bidirectional(xs, one_way).hs, upper_one_way).hs[:, 0]
        return {
            "forward_half": out[t, :units],
            "backward_half": out[t, units:],
            "forward_of_first": out[0, :units],
            "backward_of_last": out[-1, units:],
            "upper_one_way": flat[t],
            "upper_both_ways": deep[t, :units],
        }

    expected = {
        "the first item alone": {0},
        "the last item alone": {T - 1},
        "the items up to t": set(range(t + 1)),
        "the items from t on": set(range(t, T)),
        "all items": set(range(T)),
    }
    xs = rng.standard_normal((T, 1, 2))
    before = numbers(xs)
    moved = {name: set() for name in before}
    for item in range(T):
        other = xs.copy()
        other[item] += 1
        for name, value in numbers(other).items():
            if np.abs(value - before[name]).max() > 1e-12:
                moved[name].add(item)
    for name, items in moved.items():
        assert items == expected[str(right[name])], name


def test_the_lists_by_hand_agree_with_torch():
    rnn = torch.nn.RNN(1, 1, nonlinearity="relu", bidirectional=True, dtype=torch.float64)
    cells = hand.FORWARD, hand.BACKWARD
    numbers = [v for c in cells for v in (c["w"], c["u"], c["b"], 0.0)]
    with torch.no_grad():
        for parameter, number in zip(rnn.parameters(), numbers, strict=True):
            parameter.fill_(number)
    xs = torch.tensor(hand.XS[:, None, None], requires_grad=True)
    out, h_n = rnn(xs)
    h_n.sum().backward()
    right = contract.outputs_of(checks.check_both_by_hand, {})
    np.testing.assert_allclose(right["forward"], out[:, 0, 0].detach())
    np.testing.assert_allclose(right["backward"], out[:, 0, 1].detach())
    np.testing.assert_allclose(right["joined_2"], out[1, 0].detach())
    np.testing.assert_allclose(right["last"], out[-1, 0].detach())
    np.testing.assert_allclose(right["summary"], h_n[:, 0, 0].detach())
    np.testing.assert_allclose(right["d_xs"], xs.grad[:, 0, 0])


def test_the_way_back_agrees_with_nudging():
    case = checks.check_layer_back.cases(3)[0]
    d_out, below, keep, hs, *weights = case.inputs.values()
    units = hs.shape[2] // 2
    x = below * keep
    # the biases that made `hs`, from its first steps
    b = np.arctanh(hs[0, 0, :units]) - x[0, 0] @ weights[0]
    c = np.arctanh(hs[-1, 0, units:]) - x[-1, 0] @ weights[2]
    layer = Layer(RNNWeights(*weights[:2], b), RNNWeights(*weights[2:], c))

    def loss_of(lower):
        read = lower * keep
        return float(((bidirectional(read, layer).hs + read) * d_out).sum())

    np.testing.assert_allclose(bidirectional(x, layer).hs, hs, atol=1e-12)
    nudged = numerical_gradient(loss_of, below)
    np.testing.assert_allclose(case.right["d_below"], nudged, atol=1e-7)


def test_the_counts_agree_with_the_course_and_with_torch():
    right = contract.outputs_of(checks.check_deep_counts, {})
    one_way = count_network("lstm", D, H, DEPTH).total
    assert right["one_way"] == one_way
    assert right["both_ways"] == count_network("lstm", D, H, DEPTH, True).total
    module = torch.nn.LSTM(D, H, num_layers=DEPTH, bidirectional=True)
    assert right["torch_both"] == sum(p.numel() for p in module.parameters())
    assert right["output"] == sum(p.numel() for p in torch.nn.Linear(2 * H, K).parameters())
    for name, layers, both_ways in (("width_both", DEPTH, True), ("width_flat", 1, False)):
        width = int(right[name])
        assert count_network("lstm", D, width, layers, both_ways).total <= one_way
        assert count_network("lstm", D, width + 1, layers, both_ways).total > one_way


def test_no_sum_of_two_parts_tells_equal_bits_from_unequal_ones():
    """Try every f and g on a fine grid: three of four cases is the most."""
    values = np.linspace(-1, 1, 9)
    f_0, f_1, g_0, g_1 = np.meshgrid(values, values, values, values)
    right = (f_0 + g_0 > 0) * 1 + (f_1 + g_1 > 0) + (f_0 + g_1 <= 0) + (f_1 + g_0 <= 0)
    assert right.max() / 4 == CEILING == contract.outputs_of(STUDY, dict(EXAMPLE))["ceiling"]


# --- the study, which takes measurements as they come ---------------------------------------------


def test_the_study_keeps_the_contract(capsys):
    contract.study_keeps_the_contract(STUDY, capsys)
    assert contract.pairs_are_both_named(STUDY, most=25) >= 20


@pytest.mark.parametrize("seed", range(8))
def test_a_perturbed_number_names_no_mistake(seed):
    contract.perturbation_names_no_mistake(STUDY, seed, 0.013 * (1 + seed**2))


def test_the_study_is_open_and_is_graded_as_a_plain_float(capsys):
    contract.stub_is_not_started(STUDY, capsys)
    contract.points_are_a_plain_float(STUDY, capsys)
    begun = dict.fromkeys(STUDY.outputs) | {"one_way": [0.5, 0.49, 0.51, 0.52, 0.5]}
    report = STUDY.report(begun)
    assert report.status == "open"
    assert "`two_layers` is still open." in contract.texts(report)
    report = STUDY.report({**contract.study(STUDY), "verdict_both": None, "ceiling": None})
    assert report.status == "open"
    assert report.score == pytest.approx(7 / 9)


@pytest.mark.parametrize("n", [5, 9, 12])
def test_any_number_of_seeds_is_judged_by_its_own_numbers(n):
    rng = np.random.default_rng(n)
    lists = {name: rng.uniform(0.45, 0.55, size=n) for name in ("one_way", "both_ways")}
    lists |= {name: rng.uniform(0.9, 1.0, size=n) for name in ("delayed", "two_layers")}
    found = contract.study(STUDY, **lists)
    assert STUDY.report(found).status == "right"
    gap = lists["both_ways"] - lists["one_way"]
    decided = np.sqrt(n) * abs(gap.mean()) / gap.std(ddof=1) > QUANTILES[n - 1]
    assert (found["verdict_both"] != UNDECIDED) == decided
    wrong = interval_of(lists["both_ways"], lists["one_way"], "mean", "paired", "normal", 1, "root")
    assert STUDY.report({**found, "interval_both": wrong}).mistakes[0] == "normal_quantile"


def test_the_example_shows_what_the_model_answer_says():
    found = contract.study(STUDY)
    assert found["verdict_both"] == UNDECIDED
    assert found["verdict_delayed"] == "better than one_way"
    assert min(EXAMPLE["delayed"].min(), EXAMPLE["two_layers"].min()) > 0.99
    assert abs(EXAMPLE["both_ways"].mean() - 0.5) < 0.02
    text = contract.sources(NAME)["open-answer"]
    counts = contract.outputs_of(checks.check_deep_counts, {})
    for number in (counts["one_way"], counts["both_ways"], 4 * H * (D + H + 1)):
        assert f" {number}" in text
    assert (
        f"{counts['width_both']} units in each cell, one flat layer {counts['width_flat']}" in text
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"delayed": np.ones(7)}, "The lists differ in length"),
        ({name: EXAMPLE[name][:3] for name in LISTS}, "expected those of 5 to 12 seeds"),
        ({"both_ways": 0.5}, "`both_ways`: a list with one number per seed is expected"),
        ({"both_ways": ["half", *EXAMPLE["both_ways"][1:]]}, "`both_ways` holds text"),
        ({"both_ways": [np.nan, *EXAMPLE["both_ways"][1:]]}, "NaN or infinite"),
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
        ({name: 100 * EXAMPLE[name] for name in LISTS}, "an accuracy lies between 0 and 1"),
        ({"one_way": np.full(6, 0.5)}, "one list holds the same number for every seed"),
        ({"both_ways": EXAMPLE["one_way"]}, "are the same list"),
        ({"both_ways": 0.9 + EXAMPLE["both_ways"] / 10}, "cannot pass the ceiling"),
        ({"two_layers": EXAMPLE["both_ways"]}, "stay at three quarters or below"),
    ],
)
def test_measurements_that_cannot_be_are_asked_about(changed, words):
    report = STUDY.report(contract.study(STUDY, **changed))
    assert report.status == "wrong"
    assert 0 < report.score < 1
    assert words in contract.texts(report)


# --- what is said where no known mistake fits -----------------------------------------------------


def test_the_half_that_is_wrong_is_named():
    def other_half(*arguments):
        hs, summary = both(*arguments)
        units = summary.shape[1] // 2
        hs[..., units:] += 0.01 * np.arange(1, 1 + hs[..., units:].size).reshape(
            hs[..., units:].shape
        )
        return hs, summary

    report = checks.check_both_directions.report(other_half)
    assert report.mistakes == ()
    assert "Only the backward block is wrong." in contract.texts(report)


def test_a_right_summary_beside_unturned_states_is_told():
    def unturned(xs, h_0, g_0, W_xh, W_hh, b_h, *backward):
        _, summary = both(xs, h_0, g_0, W_xh, W_hh, b_h, *backward)
        hs, _ = both(xs, h_0, g_0, W_xh, W_hh, b_h, *backward)
        units = len(b_h)
        return np.concatenate([hs[..., :units], hs[::-1, :, units:]], axis=-1), summary

    report = checks.check_both_directions.report(unturned)
    assert report.mistakes == ("not_turned_back",)
    assert "`summary` is right." in contract.texts(report)


def test_padding_that_is_changed_in_place_is_told():
    def in_place(xs, lengths, *weights):
        found = padded(xs, lengths, *weights)
        for i, n in enumerate(lengths):
            xs[n:, i] = 0
        return found

    report = checks.check_padded_both.report(in_place)
    assert "changes its input `xs` in place" in contract.texts(report)


def test_random_dropout_of_ones_own_is_told():
    rng = np.random.default_rng(0)

    def own_numbers(xs, uniform, *arguments):
        return stack_run(xs, rng.uniform(size=uniform.shape), *arguments)

    text = contract.texts(checks.check_deep_run.report(own_numbers))
    assert "draws random numbers" in text


def test_a_residual_at_the_first_layer_stops_with_its_shapes():
    def residual_everywhere(xs, uniform, p, W_in, W_up, W_hh, b_h):
        return None, run_first(xs, W_in, W_hh[0], b_h[0]) + xs

    def run_first(xs, W_x, W_h, b):
        return np.tanh(xs @ W_x + b)

    report = checks.check_deep_run.report(residual_everywhere)
    assert report.status == "stopped"
    assert "could not be broadcast" in contract.texts(report)


def test_a_size_of_the_first_case_is_told():
    def fixed(d_out, below, keep, hs, *weights):
        found = list(layer_back(d_out, below, keep, hs, *weights))
        if hs.shape[2] != 4:
            found[2] = found[2] * 0 + 0.3
        return found

    text = contract.texts(checks.check_layer_back.report(fixed))
    assert "does a size stand in your code" in text.lower()


def test_a_count_that_is_no_whole_number_is_told():
    right = contract.outputs_of(checks.check_deep_counts, {})
    text = contract.texts(checks.check_deep_counts.report({**right, "width_flat": 27.71}))
    assert "`width_flat` is 27.71; expected a whole number." in text


@pytest.mark.parametrize(
    ("changed", "keys"),
    [
        ({"one_way": 5184}, {"upper_reads_the_inputs"}),
        ({"width_both": 11}, {"root_of_two"}),
        (
            {"one_way": 5184, "both_ways": 10368, "torch_both": 10752, "width_both": 10},
            {"upper_reads_the_inputs"},
        ),
    ],
)
def test_upper_layers_that_read_the_inputs_are_told(changed, keys):
    right = contract.outputs_of(checks.check_deep_counts, {})
    report = checks.check_deep_counts.report({**right, **changed})
    assert contract.named(report) == keys, report


def test_a_mistake_in_one_list_by_hand_carries_on():
    right = contract.outputs_of(checks.check_both_by_hand, {})
    forward, backward = right["forward"], np.array([0.0, 4.0, 2.0])
    mine = {**right, "backward": backward, "joined_2": [forward[1], backward[1]]}
    mine |= {"summary": [forward[2], backward[0]], "last": [forward[2], backward[2]]}
    report = checks.check_both_by_hand.report(mine)
    assert report.mistakes == ("not_turned_back",)
    assert "`summary` is wrong only because of `backward`" in contract.texts(report)


# --- the notebook around the checks ---------------------------------------------------------------


def test_the_tags_are_those_that_the_text_describes():
    space = contract.space_of(NAME, "needs-setup")
    for delay in (0, 2):
        xs, tags = space["draw"](np.random.default_rng(0), 300, delay)
        assert xs.shape == tags.shape == (12 + delay, 300)
        bits, tags = xs[:12], tags[delay:]
        for t in range(1, 10):
            np.testing.assert_array_equal(tags[t], bits[t - 1] == bits[t + 2])
        assert tags[[0, 10, 11]].max() == 0
        assert abs(tags[1:10].mean() - 0.5) < 0.03
    assert {n: QUANTILES[n] for n in space["T_QUANTILE"]} == space["T_QUANTILE"]


def test_a_run_repeats_and_two_layers_do_what_one_cannot():
    accuracy = contract.space_of(NAME, "needs-setup")["accuracy"]
    alone = accuracy(3)
    assert alone == accuracy(3)
    assert max(alone, accuracy(3, both_directions=True)) < 0.65
    assert min(accuracy(3, depth=2, both_directions=True), accuracy(3, delay=2)) > 0.95


def test_the_options_of_the_notebook_are_those_of_the_checks():
    text = contract.sources(NAME)
    space = {}
    exec(text["needs-answer"].partition("### BEGIN")[0], space)
    assert tuple(space["verdicts"]) == STUDY.outputs["verdict_both"]
    assert set(space["study"]) == set(STUDY.outputs)
    assert tuple(space["designs"]) == LISTS
    exec(text["seen-answer"].partition("### BEGIN")[0], space)
    seen = checks.check_context_seen
    assert set(space["seen"]) == set(seen.outputs)
    assert tuple(space["items"]) == seen.outputs["forward_half"]
    assert (space["yes"], space["no"]) == seen.outputs["tag_at_once"]
