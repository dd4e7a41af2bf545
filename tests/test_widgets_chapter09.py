"""Live figures of chapter 09: what they compute, both ends of every control, what they say."""

import numpy as np
import pytest

from tests.helpers import visit_ends, wait_until
from utils.data import one_form
from utils.layer_gradients import layers_over_words
from utils.look_ahead import look_ahead, prefix_beliefs
from utils.stacked_training import DEPTHS, build_tagger, draw_numbers, start_stacked
from utils.widgets import explore_depth_and_width, explore_future, explore_layer_time
from utils.widgets.chapter09 import RECALL, ROOM, TAGGED


@pytest.fixture(scope="module")
def models():
    found = {}
    for name, both in (("forward", False), ("both", True)):
        found[name] = build_tagger("numbers", 4000, both, seed=0)
        start_stacked(found[name], draw_numbers(range(6))).run(80)
    return found


def test_both_ends_of_the_future(models):
    live = explore_future(models, "numbers")
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 8
    assert len({visit.pixels.tobytes() for visit in visits}) > 8
    assert all(control.description for control in live.controls.values())
    assert {"image/png", "text/html", "text/plain"} <= set(live._repr_mimebundle_())


def test_future_says_what_the_network_believes(models):
    live = explore_future(models, "numbers", ["The sheep that ran were full."])
    xs = one_form.encode("The sheep that ran were full.")
    beliefs = prefix_beliefs(models["both"], xs[:, None])
    for ahead in (0, 3):
        live.set(ahead=ahead)
        chance = look_ahead(beliefs, ahead)[1, 0].max()
        assert f"may read {ahead} words ahead" in live.alt
        assert f"with a probability of {chance:.2f}" in live.alt
    assert "the words up to “were”" in live.alt
    assert "believes “plural”" in live.alt
    live.set(network="forward")
    hidden = live.alt.split("believes")[1]
    live.set(ahead=0)
    assert live.alt.split("believes")[1] == hidden  # nothing changes for it


def test_future_reads_what_is_typed(models):
    live = explore_future(models, "numbers")
    live.set(typed="The deer was tired.", ahead=2, word=ROOM)
    assert "the deer was tired ." in live.alt
    assert "Of “.” in" in live.alt
    with pytest.raises(ValueError, match="holds 'elephant'"):
        live.set(typed="The elephant")
    assert "elephant" in live.error
    live.set(typed="the " * (ROOM + 4))
    assert live.error == ""


def test_future_shows_entities_as_they_are_written():
    model = build_tagger("entities", 6000, True, seed=0)
    live = explore_future({"mine": model}, "entities")
    assert "“Georgia , as we heard" in live.alt
    assert any(tag in live.alt for tag in TAGGED["entities"].tags)
    live.set(typed="May met Zaphod on 3 May 1984.")
    assert "Zaphod on 3 May 1984 ." in live.alt


def test_future_refuses(models):
    with pytest.raises(ValueError, match="data is 'verbs'"):
        explore_future(models, "verbs")
    with pytest.raises(ValueError, match="at least one network and one sentence"):
        explore_future({}, "numbers")
    with pytest.raises(ValueError, match="has 3 outputs; expected 5"):
        explore_future(models, "entities")


def test_both_ends_of_layers_by_time():
    live = explore_layer_time()
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 12
    assert len({visit.pixels.tobytes() for visit in visits}) > 12
    assert not any("nan" in visit.alt for visit in visits)
    assert all(control.description for control in live.controls.values())


def test_layers_by_time_say_what_was_measured():
    live = explore_layer_time()
    live.set(depth=3, distance=4)
    found = layers_over_words("lstm", 3, False, False, 4, "gradients", "last word", 0).values
    assert "3 layers of LSTM, residual off" in live.alt
    assert f"last word: {found[0, -1]:.2g} and {found[-1, -1]:.2g}" in live.alt
    live.set(where="noun", depth=1, both_directions=True)
    assert "nothing in the highest" in live.alt  # the first word is no future of the noun
    live.set(part="states", residual=True, cell="gru")
    assert "1 layer of GRU, residual on, size of the state" in live.alt


def test_both_ends_of_depth_and_width():
    live = explore_depth_and_width(n_steps=2, first=1)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 8
    assert all(control.description for control in live.controls.values())


def test_race_trains_stops_and_starts_anew():
    live = explore_depth_and_width(n_steps=100_000, first=2)
    assert live.race.updates == 2
    assert f"1 layer of {live.race.units()[1]} units" in live.alt
    live.training.start()
    wait_until(lambda: live.race.updates > 4)
    live.training.stop()
    done = live.race.updates
    assert not live.training.running
    assert f"after {done} updates" in live.alt
    live.set(parameters=4000)
    assert live.race.updates == 0
    assert live.training.losses == []
    assert "About 4,000 parameters each, after 0 updates" in live.alt
    assert tuple(live.race.trainers) == DEPTHS
    live.set(task="entities", residual=True)
    assert live.race.settings["task"] == "entities"
    assert live.race.trainers[8].model.residual
    with pytest.raises(ValueError, match="n_steps is 0"):
        explore_depth_and_width(n_steps=0)


def test_recall_has_five_questions():
    assert len(RECALL) == 5
    assert all(question.endswith("?") and answer for question, answer in RECALL)


def test_sentences_to_choose_from_can_be_read():
    for read, tags, sentences in TAGGED.values():
        assert len(tags) >= 3
        for sentence in sentences:
            words, xs = read(sentence)
            assert len(words) == len(xs) <= ROOM
            assert np.issubdtype(xs.dtype, np.integer)
