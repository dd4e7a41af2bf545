"""Live figures of chapter 08: what they compute, both ends of every control, what they say."""

import numpy as np
import pytest

from tests.helpers import visit_ends, wait_until
from utils.cell_race import CELLS, CellTrainer, build_reader, count_reader, draw_sentences
from utils.data import grammar
from utils.losses import softmax
from utils.optim import Adam
from utils.widgets import explore_equal_parameters, explore_gru_gates, explore_three_cells
from utils.widgets.chapter08 import (
    INPUTS,
    RECALL,
    ROOM,
    compute_reading,
    compute_unit,
    make_words,
)


@pytest.fixture(scope="module")
def models():
    trained = {}
    for cell, name in CELLS.items():
        model = build_reader(cell, 14, seed=0)
        CellTrainer(model, draw_sentences((1, 2, 3)), Adam(0.01), np.random.default_rng(0)).run(120)
        trained[name] = model
    return trained


@pytest.fixture
def race():
    live = explore_equal_parameters(n_steps=12, first=3)
    yield live
    live.training.stop()


def test_both_ends_of_the_gates():
    live = explore_gru_gates()
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 8
    assert len({visit.pixels.tobytes() for visit in visits}) > 8
    assert live.full_redraws == 1
    assert all(control.description for control in live.controls.values())
    assert {"image/png", "text/html", "text/plain"} <= set(live._repr_mimebundle_())


def test_both_ends_of_the_three_cells(models):
    live = explore_three_cells(models)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 15
    assert len({visit.pixels.tobytes() for visit in visits}) > 15
    assert live.full_redraws == 1
    assert live.alt in live._repr_mimebundle_()["text/plain"]


def test_gates_by_hand_say_what_is_there():
    live = explore_gru_gates()
    assert "half-life of 13.5 steps" in live.alt
    live.set(z_between=1.0, z_input=0.0, r_input=0.0, r_between=0.0)
    assert "keeps a state for ever" in live.alt
    assert f"The first input leaves {np.tanh(2):+.2f}, of which {np.tanh(2):+.2f}" in live.alt
    assert f"after it the state is {-np.tanh(2):+.2f}" in live.alt
    assert "0 is left at the end, 0 of it" in live.alt


def test_unit_has_its_gates_where_the_inputs_are():
    run, reset, update = compute_unit(0.9, 0.2, 0.3, 0.7, 1.0)
    busy = INPUTS != 0
    assert set(reset[busy]) == {0.7}
    assert set(reset[~busy]) == {0.3}
    assert set(update[busy]) == {0.2}
    assert set(update[~busy]) == {0.9}
    assert run.hs.shape == INPUTS.shape
    with pytest.raises(ValueError, match=r"update holds values from 0\.2 to 1\.5"):
        compute_unit(1.5, 0.2, 0.3, 0.7, 1.0)


def test_words_are_a_sentence_with_the_noun_asked_for():
    words = make_words("cats", 14, "opposite")
    assert len(words) == 16
    assert words[:2] == ("the", "cats")
    others = set(words[2:]) & {*grammar.SINGULAR_NOUNS, *grammar.PLURAL_NOUNS}
    assert len(others) == 1
    assert others <= set(grammar.SINGULAR_NOUNS)
    assert make_words("cat", 5, "none")[2:] == make_words("cats", 5, "none")[2:]
    with pytest.raises(ValueError, match="noun is 'table'"):
        make_words("table", 3, "none")


def test_reading_is_that_of_the_network(models):
    xs = grammar.encode(make_words("dogs", 6, "none"))
    run = models["GRU"].forward(xs[:, None])
    reading = compute_reading(models["GRU"], xs, "keep")
    np.testing.assert_array_equal(reading.values, run.sequence.update_gate[:, 0])
    np.testing.assert_allclose(reading.chances, softmax(run.logits[:, 0])[:, 1])
    lstm = models["LSTM"].forward(xs[:, None]).sequence
    for part, gate in (("keep", "forget_gate"), ("new", "input_gate"), ("candidate", "candidate")):
        values = compute_reading(models["LSTM"], xs, part).values
        np.testing.assert_array_equal(values, getattr(lstm, gate)[:, 0])
    rnn = models["RNN"].forward(xs[:, None]).sequence
    np.testing.assert_array_equal(compute_reading(models["RNN"], xs, "keep").values, rnn.hs[:, 0])
    with pytest.raises(ValueError, match="part is 'cell'"):
        compute_reading(models["GRU"], xs, "cell")


def test_three_cells_read_what_is_typed(models):
    before = {name: model.weights["W_hy"].copy() for name, model in models.items()}
    live = explore_three_cells(models)
    live.set(typed="The dog, which saw the cats,")
    assert "After “the dog , which saw the cats ,”" in live.alt
    xs = grammar.encode("The dog, which saw the cats,")
    chance = compute_reading(models["LSTM"], xs).chances[-1]
    assert f"LSTM {chance:.2f}" in live.alt
    with pytest.raises(ValueError, match="holds 'elephant' at position 1"):
        live.set(typed="The elephant")
    assert "elephant" in live.error
    live.set(typed="")
    assert live.error == ""
    live.set(noun="dog", distance=1, distractors="none")
    singular = compute_reading(models["GRU"], grammar.encode(make_words("dog", 1, "none")))
    assert f"GRU {singular.chances[-1]:.2f}" in live.alt
    assert singular.chances[-1] < 0.1
    live.set(distance=0, distractors="opposite")  # a second noun needs room
    assert "After “the dog that" in live.alt
    live.set(typed="the " * (ROOM + 5))
    assert live.alt.count("the ") >= ROOM
    for name, model in models.items():
        np.testing.assert_array_equal(model.weights["W_hy"], before[name])


def test_three_cells_refuse_other_networks(models):
    with pytest.raises(ValueError, match="models is empty"):
        explore_three_cells({})
    with pytest.raises(ValueError, match="the name of a network is 'mine'"):
        explore_three_cells({"mine": models["GRU"]})
    alone = explore_three_cells({"RNN": models["RNN"]})
    assert alone.values["inside"] == "RNN"
    assert "hidden state" in alone.alt


def test_both_ends_of_the_race():
    live = explore_equal_parameters(n_steps=3, first=1)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 8
    assert all(control.description for control in live.controls.values())


def test_race_trains_on_request_stops_and_starts_anew(race):
    assert race.race.updates == 3
    units = race.race.units()
    assert f"GRU with {units['gru']} units" in race.alt
    race.training.start()
    race.training.wait(60)
    assert race.race.updates == 12
    assert "after 12 updates each" in race.alt
    assert "Finished all 12 steps" in race.training.status
    race.set(axis="seconds")
    assert race.race.updates == 12  # the axis is no reason to forget
    race.set(budget=2000)
    assert race.race.updates == 0
    assert race.training.losses == []
    assert "At most 2,000 parameters" in race.alt
    for cell, H in race.race.units().items():
        assert count_reader(cell, H) <= 2000


def test_race_can_be_stopped_while_it_trains():
    live = explore_equal_parameters(n_steps=100_000, first=0)
    assert "after 0 updates each" in live.alt
    live.training.start()
    wait_until(lambda: live.race.updates > 3)
    live.training.stop()
    done = live.race.updates
    assert not live.training.running
    assert 3 < done < 100_000
    assert f"after {done} updates each" in live.alt
    live.set(distance=9)
    assert live.race.updates == 0


def test_race_refuses():
    with pytest.raises(ValueError, match="n_steps is 0"):
        explore_equal_parameters(n_steps=0)
    with pytest.raises(ValueError, match="first is -1"):
        explore_equal_parameters(first=-1)


def test_recall_has_five_questions():
    assert len(RECALL) == 5
    assert all(question.endswith("?") and answer for question, answer in RECALL)
