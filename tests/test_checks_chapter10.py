"""The checks of chapter 10: the right values, what is said of odd ones, the notebook."""

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from tests import checks_contract as contract
from tests.answers_chapter10 import beam, masked, pack, pairs, summarise, windows
from utils.cells import GRUWeights, init_lstm_weights
from utils.checks import chapter10 as checks
from utils.checks.chapter10.entities import SENTENCES
from utils.checks.chapter10.formulas import draw_lengths, within
from utils.checks.chapter10.predict import RIGHT as SHAPES
from utils.checks.chapter10.study import EXAMPLE, LISTS, UNDECIDED
from utils.checks.studies import QUANTILES, interval_of
from utils.data.entities import TAGS, entities_of, entity_score
from utils.keras_names import keras_layer
from utils.sequence import gru_sequence

STUDY = checks.check_padding_study
NAME = "10_sequence_tasks"


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [checks.check_torch_shapes, STUDY], ids=contract.identify)
def test_wrong_options_are_reported(check):
    assert contract.wrong_options_are_reported(check) >= 3


# --- the right values beside torch, Keras and the course ------------------------------------------


def test_the_predicted_shapes_are_those_of_torch():
    found = {}
    output, (h_n, c_n) = nn.LSTM(5, 8, num_layers=2, bidirectional=True)(torch.zeros(7, 3, 5))
    found |= {"deep_output": output, "deep_h_n": h_n, "deep_c_n": c_n}
    found["first_output"], found["first_h_n"] = nn.GRU(5, 8, batch_first=True)(torch.ones(3, 7, 5))
    packed = pack_padded_sequence(torch.zeros(7, 3, 5), torch.tensor([7, 4, 2]))
    output, found["packed_h_n"] = nn.GRU(5, 8, bidirectional=True)(packed)
    found["packed_data"] = output.data
    for name, tensor in found.items():
        assert SHAPES[name] == tuple(tensor.shape)
    assert set(SHAPES) - set(found) == {"keras_plain", "keras_sequences"}


def test_the_shapes_of_keras_are_those_of_its_names():
    rng = np.random.default_rng(0)
    weights = init_lstm_weights(5, 8, rng)
    xs = rng.normal(size=(3, 7, 5))
    plain = keras_layer(xs, weights)
    every = keras_layer(xs, weights, return_sequences=True)
    handed = keras_layer(xs, weights, return_sequences=True, return_state=True)
    assert plain.shape == SHAPES["keras_plain"]
    assert every.shape == SHAPES["keras_sequences"]
    assert len(handed) == contract.outputs_of(checks.check_torch_shapes, {})["keras_arrays"]
    np.testing.assert_array_equal(plain, every[:, -1])  # as `keras_in_torch` says


def test_converted_weights_give_the_states_of_torch():
    for case in checks.check_from_torch_gru.cases(3):
        D, H = case.sizes["D"], case.sizes["H"]
        module = nn.GRU(D, H).double()
        with torch.no_grad():
            for parameter, array in zip(module.parameters(), case.inputs.values(), strict=True):
                parameter.copy_(torch.tensor(array))
        xs = np.random.default_rng(0).normal(size=(6, 2, D))
        weights = GRUWeights(*(case.right[n] for n in ("W_x", "W_h", "b", "b_hn")))
        ours = gru_sequence(xs, np.zeros((2, H)), weights).hs
        theirs = module(torch.tensor(xs))[0].detach().numpy()
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_the_packing_is_the_one_of_torch():
    for case in checks.check_packing.cases(4):
        xs, lengths = map(torch.tensor, case.inputs.values())
        theirs = pack_padded_sequence(xs, lengths, enforce_sorted=False)
        np.testing.assert_array_equal(case.right["data"], theirs.data)
        np.testing.assert_array_equal(case.right["batch_sizes"], theirs.batch_sizes)
        np.testing.assert_array_equal(case.right["order"], theirs.sorted_indices)
        assert case.inputs["lengths"].max() < len(xs)  # so that zeros at the end would show


def test_the_masked_loss_is_the_one_of_torch():
    for case in checks.check_masked_loss.cases(4):
        logits, targets, lengths = map(torch.tensor, case.inputs.values())
        there = torch.arange(len(logits))[:, None] < lengths
        loss = nn.functional.cross_entropy(logits[there], targets[there])
        assert case.right["loss"] == pytest.approx(loss.item(), rel=1e-12)
        assert (targets[there] == 0).any()  # 0 is a class too, so that it cannot be the mask


def test_the_score_by_hand_is_the_one_of_the_course():
    numbers = {**{tag: i for i, tag in enumerate(TAGS)}, ".": 0}
    right = contract.outputs_of(checks.check_entity_scores, {})
    rows = [
        [[numbers[tag] for tag in row.split()] for row in rows] for _, *rows in SENTENCES
    ]  # [sentence][right or predicted]
    T = max(len(one) for one, _ in rows)
    arrays = np.array([[row + [0] * (T - len(row)) for row in pair] for pair in rows])
    true, predicted = arrays.transpose(1, 2, 0)  # each (T, B)
    score = entity_score(predicted, true)
    assert (score.true, score.predicted) == (right["true"], right["predicted"])
    for name in ("precision", "recall", "f1"):
        assert getattr(score, name) == pytest.approx(float(right[name]))
    assert score.right == right["hits"]
    words = [one == other for pair in rows for one, other in zip(*pair, strict=True)]
    assert len(words) == 35
    assert np.mean(words) == pytest.approx(float(right["words"]))
    assert np.mean([one == other for one, other in rows]) == right["sentences"]
    assert len(entities_of(predicted[:, 3])) == 3


def test_a_beam_of_width_one_is_greedy_search_and_a_wide_one_finds_the_best():
    rng = np.random.default_rng(1)
    table = np.log(rng.dirichlet(np.ones(5), size=5))
    for width in (1, 400):
        scores = np.array([0.0] + [-1e9] * (width - 1))
        state = scores, np.zeros(width, int), np.zeros(width), np.zeros(width, int)
        for _ in range(3):
            scores, lengths, finished, last = state
            scores, _, last, lengths = beam(scores, lengths, finished, table[last], 2)
            state = scores, lengths, (last == 2) * 1.0, last
        best = _best_path(table, 3) if width > 1 else _greedy(table, 3)
        assert state[0][0] == pytest.approx(best)


def _greedy(table, steps):
    score, last = 0.0, 0
    for _ in range(steps):
        if last == 2:
            break
        score, last = score + table[last].max(), int(table[last].argmax())
    return score


def _best_path(table, steps, last=0, score=0.0):
    if steps == 0 or (last == 2 and score < 0):
        return score
    return max(_best_path(table, steps - 1, v, score + table[last, v]) for v in range(len(table)))


@pytest.mark.parametrize("seed", [None, *range(6)])
def test_every_beam_has_one_that_ends_now_and_a_finished_one_that_moves(seed):
    for case in checks.check_beam_step.cases(seed):
        parents, symbols = case.right["parents"], case.right["symbols"]
        done = case.inputs["finished"] > 0
        assert ((symbols == case.inputs["end"]) & ~done[parents]).any()
        assert (done[parents] & ~done).any()


def test_what_a_decoder_says_is_what_it_reads_next():
    for case in checks.check_decoder_pairs.cases(5):
        inputs, targets, mask = (case.right[name] for name in ("inputs", "targets", "mask"))
        went_on = (mask[1:] > 0) & (targets[:-1] != 2)
        np.testing.assert_array_equal(inputs[1:][went_on], targets[:-1][went_on])
        assert ((targets == 2).sum(axis=0) == 1).all()
        np.testing.assert_array_equal(mask > 0, targets > 0)


@pytest.mark.parametrize("B", [1, 2, 3, 4, 6])
def test_drawn_lengths_differ_and_are_in_no_order(B):
    for seed in range(20):
        lengths = draw_lengths(np.random.default_rng(seed), B, 2, 9)
        assert len(set(lengths)) == B
        assert lengths.max() == 9
        assert B == 1 or lengths[-1] != 9
        assert B < 3 or lengths[0] != 9
        assert within(lengths, 9).sum() == lengths.sum()


def test_padding_is_drawn_so_that_it_shows():
    for case in checks.check_summaries.cases(2):
        output, lengths = case.inputs.values()
        assert (output.max(axis=1)[lengths < output.shape[1]] == 0).any()
    xs, lengths = checks.check_packing.cases()[0].inputs.values()
    assert (xs[lengths.max() :] != 0).all()


def test_other_numbers_in_the_padding_change_nothing_that_is_right():
    for case in checks.check_masked_loss.cases(7):
        logits, targets, lengths = case.inputs.values()
        padding = within(lengths, len(logits)) == 0
        logits[padding], targets[padding] = 7.0, 1
        found = dict(zip(("mask", "loss", "accuracy"), masked(*case.inputs.values()), strict=True))
        for name, value in found.items():
            np.testing.assert_allclose(value, case.right[name])


# --- tensors, packed sequences and arrays alike ---------------------------------------------------


def test_tensors_that_carry_a_gradient_are_taken():
    def in_torch(output, lengths):
        return [torch.tensor(np.asarray(v), requires_grad=True) for v in summarise(output, lengths)]

    assert checks.check_summaries.report(in_torch).status == "right"


def test_a_packed_sequence_is_taken_apart():
    def wrong(xs, lengths):
        turned = torch.tensor(xs).flip(0)
        return pack_padded_sequence(turned, torch.tensor(lengths), enforce_sorted=False)

    report = checks.check_packing.report(wrong)
    assert "`batch_sizes` is right." in contract.texts(report)
    assert "`order` is right." in contract.texts(report)
    assert report.status == "wrong"


# --- what is said where no known mistake fits -----------------------------------------------------


@pytest.mark.parametrize("order", [[99, -7, 3, 0, 1], [2.5, 0, 1, 3, 4], [1e9] * 5])
def test_an_order_that_cannot_be_stops_no_check(order):
    def learner(xs, lengths):
        data, batch_sizes, right = pack(xs, lengths)
        return data, 1000 * batch_sizes, np.resize(order, len(right))

    report = checks.check_packing.report(learner)
    assert report.status == "wrong"
    assert "`data` is right." in contract.texts(report)


def test_parents_that_cannot_be_stop_no_check():
    def learner(*arguments):
        best, parents, symbols, grown = beam(*arguments)
        return best, parents * 1000 - 5, symbols, grown

    report = checks.check_beam_step.report(learner)
    assert report.status == "wrong"
    assert "`new_lengths` is right." in contract.texts(report)


def test_outputs_in_another_order_are_told():
    def packed(xs, lengths):
        data, batch_sizes, order = pack(xs, lengths)
        return order, batch_sizes, data

    text = contract.texts(checks.check_packing.report(packed))
    assert "`data` and `order` have changed places" in text

    def searched(*arguments):
        best, parents, symbols, grown = beam(*arguments)
        return best, symbols, parents, grown

    text = contract.texts(checks.check_beam_step.report(searched))
    assert "`parents` and `symbols` have changed places" in text


def test_lengths_changed_in_place_are_told():
    def learner(output, lengths):
        found = summarise(output, lengths)
        lengths -= 1
        return found

    text = contract.texts(checks.check_summaries.report(learner))
    assert "changes its input `lengths` in place" in text

    def symbols_in_place(symbols, lengths):
        found = pairs(symbols, lengths)
        symbols[lengths - 1, np.arange(len(lengths))] = 2
        return found

    text = contract.texts(checks.check_decoder_pairs.report(symbols_in_place))
    assert "changes its input `symbols` in place" in text


def test_a_size_of_the_first_case_is_told():
    def fixed(series, timesteps):
        xs, targets = windows(series, timesteps)
        return xs[:, :4], targets

    text = contract.texts(checks.check_series_windows.report(fixed))
    assert "does a size stand in your code" in text.lower()


def test_wrong_shapes_count_their_axes():
    right = contract.outputs_of(checks.check_torch_shapes, {})
    text = contract.texts(checks.check_torch_shapes.report({**right, "deep_output": (7, 48)}))
    assert "`deep_output`: you gave 2 axes; 3 axes are expected." in text


def test_a_share_in_per_cent_and_a_broken_count_are_told():
    right = contract.outputs_of(checks.check_entity_scores, {})
    text = contract.texts(checks.check_entity_scores.report({**right, "precision": 54.5}))
    assert "`precision` is in per cent" in text
    text = contract.texts(checks.check_entity_scores.report({**right, "hits": 6.5}))
    assert "`hits` is 6.5; expected a whole number." in text


def test_shares_that_follow_from_wrong_counts_are_told():
    wrong = {"true": 9, "predicted": 11, "hits": 7, "precision": 7 / 11, "recall": 7 / 9}
    wrong |= {"f1": 14 / 20, "words": 32 / 35, "sentences": 0.25}
    report = checks.check_entity_scores.report(wrong)
    assert report.mistakes == ("hits_of_any_kind",)
    assert contract.texts(report).count("is wrong only because of `hits`") == 3


# --- the study, which takes measurements as they come ---------------------------------------------


def test_the_study_keeps_the_contract(capsys):
    contract.study_keeps_the_contract(STUDY, capsys)


@pytest.mark.parametrize("seed", range(6))
def test_a_perturbed_interval_names_no_mistake(seed):
    contract.perturbation_names_no_mistake(STUDY, seed, 0.01 * (1 + seed**2))


def ends(one, other, *changed):
    """Give the interval of a study, with some of its choices exchanged."""
    how = {"centre": "mean", "pairing": "paired", "quantile": "t", "ddof": 1, "divisor": "root"}
    how |= dict(changed)
    return interval_of(EXAMPLE[one], EXAMPLE[other], *how.values())


def test_intervals_in_another_form_and_of_unpaired_lists_are_told():
    found = contract.study(STUDY)
    both = {"interval": ("packed", "padded"), "interval_longer": ("padded", "padded_longer")}
    for change, key in (
        (lambda one, other: ends(one, other).mean() * np.array([1, 0]), None),
        (
            lambda one, other: np.array([ends(one, other).mean(), np.ptp(ends(one, other)) / 2]),
            "middle_and_half_width",
        ),
        (lambda one, other: ends(one, other)[::-1], "ends_exchanged"),
        (lambda one, other: ends(one, other, ("pairing", "apart")), "not_paired"),
        (
            lambda one, other: ends(one, other, ("pairing", "apart"), ("quantile", "both lists")),
            "two_independent_lists",
        ),
    ):
        wrong = {**found, **{name: change(*lists) for name, lists in both.items()}}
        named = set(STUDY.report(wrong).mistakes)
        assert named == ({key} if key else set()), STUDY.report(wrong)


@pytest.mark.parametrize("value", ["Padding costs", "yes", 0, True, None])
def test_a_verdict_is_one_of_three_in_any_case_of_letters(value):
    report = STUDY.report({**contract.study(STUDY), "verdict": value})
    text = contract.texts(report)
    if value == "Padding costs":
        assert report.status == "right"
    elif value is None:
        assert "`verdict` is still open." in text
    else:
        assert f"{value}" in text
        assert "choose one of `padding costs`, `padding helps`, `not decided`" in text
        assert "your interval does not say" not in text


@pytest.mark.parametrize("n", [5, 9, 12])
def test_any_number_of_seeds_is_judged_by_its_own_numbers(n):
    rng = np.random.default_rng(n)
    lists = {name: rng.uniform(0.75, 0.99, size=n) for name in LISTS}
    lists["packed_longer"] = lists["packed"]
    found = contract.study(STUDY, **lists)
    assert STUDY.report(found).status == "right"
    normal = interval_of(lists["packed"], lists["padded"], "mean", "paired", "normal", 1, "root")
    assert STUDY.report({**found, "interval": normal}).mistakes[0] == "normal_quantile"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"padded": 100 * EXAMPLE["padded"]}, "an accuracy is a share between 0 and 1"),
        ({"packed_longer": EXAMPLE["packed"] - 0.01}, "these two lists differ"),
        ({"padded_longer": EXAMPLE["padded"]}, "Were rows of padding added behind"),
        ({"padded": EXAMPLE["packed"]}, "Each way has classifiers of its own"),
        ({"padded": np.full(6, 0.6)}, "Does the seed go into `train`?"),
        (
            {name: np.full(6, 0.5) + 0.01 * np.arange(6) for name in LISTS[:2]},
            "Is each of them measured in the way in which it was trained",
        ),
    ],
)
def test_measurements_that_cannot_be_are_asked_about(changed, words):
    report = STUDY.report(contract.study(STUDY, **changed))
    assert report.status == "wrong"
    assert 0 < report.score < 1
    assert words in contract.texts(report)


# --- the notebook around the checks ---------------------------------------------------------------


def test_the_sentences_are_those_of_the_check(capsys):
    assert contract.space_of(NAME, "score-table")["SENTENCES"] == SENTENCES
    table = capsys.readouterr().out
    assert table.count("predicted") == 4
    assert "PLACE     PLACE" in re.sub(r" +", "     ", table)


def test_accuracy_in_the_notebook_packs_or_does_not():
    space = contract.space_of(NAME, "leak-setup", "leak-accuracy")
    assert tuple(space["verdicts"]) == STUDY.outputs["verdict"]
    assert {n: QUANTILES[n] for n in space["T_QUANTILE"]} == space["T_QUANTILE"]
    torch.manual_seed(0)  # no training is needed to see where padding goes
    model = space["Classifier"](len(space["negation"].VOCABULARY), 12, 16, 2, "rnn")
    packed, read = (
        [space["accuracy"](model, way, extra) for extra in (0, 1, 30)] for way in (True, False)
    )
    assert len(set(packed)) == 1
    assert len(set(read)) > 1


def test_the_example_decides_one_question_and_shows_who_has_nothing_to_lose():
    found = contract.study(STUDY)
    assert found["verdict"] == "padding costs"
    assert found["verdict_longer"] == UNDECIDED
    lost = EXAMPLE["padded"] - EXAMPLE["padded_longer"]
    at_chance = EXAMPLE["padded"] < 0.55
    assert lost[at_chance].max() < 0.05 < lost[~at_chance].mean()


def test_a_run_of_the_experiment_repeats_and_learns_where_it_is_packed():
    space = contract.space_of(NAME, "leak-setup", "leak-accuracy")
    train, accuracy = space["train"], space["accuracy"]
    found = accuracy(train(0, True), True, 0)
    assert found == accuracy(train(0, True), True, 30) > 0.95
    assert accuracy(train(0, False), False, 0) < found


def test_the_search_of_the_notebook_beats_greedy(capsys):
    search = contract.space_of(NAME, "beam-answer", "beam-check", "beam-run")["search"]
    assert search(1) == ("b.", pytest.approx(np.log(0.5 * 0.35)))
    assert search(2) == ("a.", pytest.approx(np.log(0.4 * 0.9)))
    assert search(3) == search(2)
