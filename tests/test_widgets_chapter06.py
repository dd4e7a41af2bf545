"""Live figures of chapter 06: what they compute, both ends of every control, what they say."""

import numpy as np
import pytest

from tests.helpers import visit_ends
from utils.agreement import AgreementTrainer
from utils.classifier import init_classifier
from utils.data import grammar
from utils.memory import compute_fading
from utils.optim import Adam
from utils.parameter_counts import count_network
from utils.sentence_gates import carrying_units, cells_apart, gates_over_sentence, sentence_of
from utils.widgets import (
    explore_gates,
    explore_half_life,
    explore_memory_cell,
    explore_parameter_counts,
)
from utils.widgets.chapter06 import RECALL
from utils.widgets.memory_cell import COMMANDS, MOST_STEPS, describe_command


@pytest.fixture(scope="module")
def models():
    V = len(grammar.VOCABULARY)
    new, learnt = (
        init_classifier(V, 8, 2, np.random.default_rng(seed), cell="lstm", forget_bias=3.0)
        for seed in (0, 1)
    )
    AgreementTrainer(learnt, (1, 2, 3), Adam(0.01), np.random.default_rng(0), 1.0).run(150)
    return {"new": new, "learnt": learnt}


EXPLORE = {
    "memory": lambda models: explore_memory_cell(),
    "half-life": lambda models: explore_half_life(),
    "gates": explore_gates,
    "counts": lambda models: explore_parameter_counts(),
}


@pytest.mark.parametrize("name", EXPLORE)
def test_both_ends_of_every_control(name, models):
    live = EXPLORE[name](models)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 3
    assert len({visit.pixels.tobytes() for visit in visits}) > 3
    assert live.full_redraws == 1  # the background is drawn once
    assert all(control.description for control in live.controls.values())
    bundle = live._repr_mimebundle_()
    assert {"image/png", "text/html", "text/plain"} <= set(bundle)
    assert live.alt in bundle["text/plain"]


def test_commands_say_what_they_do():
    words = {name: describe_command(*gates) for name, gates in COMMANDS.items()}
    assert words == {
        "write +1": "write +",
        "write −1": "write −",
        "keep": "keep",
        "erase": "erase",
        "read": "keep, read",
    }
    assert describe_command(1, 1, 1, 1) == "keep, write +, read"
    assert describe_command(0, 0.5, 1, 0) == "fade"
    assert describe_command(0.2, 0, 1, 0) == "erase"


def test_a_bit_is_written_kept_read_and_erased():
    live = explore_memory_cell()
    assert "c = 1.00 stays" in live.alt
    assert "h = 0.76" in live.alt
    live.make_step()
    for _ in range(2):
        live.choose("keep")
        live.make_step()
    live.choose("read")
    assert "h = 0.76" in live.alt  # the same, two steps later
    live.choose("erase")
    live.make_step()
    live.choose("read")
    assert "h = 0.00" in live.alt
    live.take_back()
    assert "h = 0.76" in live.alt
    live.start_again()
    assert live.gates == []
    assert "Done so far: nothing." in live.alt
    live.choose("write −1")
    assert "c becomes -1.00" in live.alt


def test_buttons_end_where_there_is_nothing_to_do():
    live = explore_memory_cell()
    live.choose("keep")
    for _ in range(MOST_STEPS + 3):
        live._step.click()
    assert len(live.gates) == MOST_STEPS
    assert live._step.disabled
    assert "No room" in live.alt
    live.set(input_gate=1.0)  # changes nothing that is drawn as done
    assert len(live.gates) == MOST_STEPS
    live._back.click()
    assert not live._step.disabled
    live._empty.click()
    assert live._back.disabled
    live.take_back()
    assert live.gates == []


def test_half_life_is_stated():
    live = explore_half_life()
    assert "a gate at 0.731 halves a memory in 2.21 steps" in live.alt
    live.set(bias=4.0, scale=0.0)
    left = compute_fading(4.0, 0.0).direct[-1]
    assert f"{left:.2g} is left along the cell line and {left:.2g} along all paths" in live.alt


def test_gates_are_those_of_the_network(models):
    live = explore_gates(models)
    live.set(model="learnt", number="plural", distance=2, draw=4)
    run = gates_over_sentence(models["learnt"], sentence_of("plural", 2, 4))
    assert run.were[-1] > 0.9
    assert f"“were” has probability {run.were[-1]:.2f} in the end" in live.alt
    unit = np.argmax(
        np.mean([np.abs(cells_apart(models["learnt"], 20, d)[-1]) for d in range(10)], axis=0)
    )
    held = run.values["cell_state"][:, unit]
    assert f"tanh(c) = {held[1]:.2f} after the noun and {held[-1]:.2f} before" in live.alt
    last = run.values["cell_state"][-1, carrying_units(models["learnt"])]
    for place in (2, 8):
        live.set(unit=place)
        assert f"Unit {place} holds" in live.alt
        assert f"and {last[place - 1]:.2f} before the verb" in live.alt
    live.set(number="singular")
    assert f"between {run.words[1][:-1]} and" in live.alt
    live.set(distractors="random")
    assert "4 words between" in live.alt  # a noun does not fit into two words
    with pytest.raises(ValueError, match="models is empty"):
        explore_gates({})
    other = init_classifier(len(grammar.VOCABULARY), 5, 2, np.random.default_rng(0), cell="lstm")
    with pytest.raises(ValueError, match=r"models have \[5, 8\] units"):
        explore_gates({**models, "other": other})


def test_counts_are_those_of_the_module():
    live = explore_parameter_counts()
    assert f"{count_network('lstm', 64, 128, biases=2).total:,} parameters" in live.alt
    live.set(projection=0.5, layers=3, directions=2, D=7, H=10, biases=1)
    total = count_network("lstm", 7, 10, 3, True, 5, 1).total
    assert f"LSTM {total:,}." in live.alt
    live.set(cell="gru")
    assert live.alt.startswith("GRU")
    assert f": {count_network('gru', 7, 10, 3, True).total:,} parameters" in live.alt


def test_recall_has_five_questions():
    assert len(RECALL) == 5
    assert any("Chapter 05" in question for question, _ in RECALL)
