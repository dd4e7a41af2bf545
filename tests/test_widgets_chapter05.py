"""Live figures of chapter 05: what they compute, both ends of every control, what they say."""

import numpy as np
import pytest

from tests.helpers import visit_ends
from utils.agreement import AgreementTrainer, accuracy_by_distance, gains_over_sentence
from utils.classifier import SequenceClassifier, init_classifier
from utils.cliff import descend_cliff
from utils.data import grammar
from utils.optim import Adam
from utils.scalar_chain import run_chain
from utils.widgets import (
    explore_agreement_distance,
    explore_cliff,
    explore_scalar_chain,
    explore_spectral_radius,
)
from utils.widgets.chapter05 import (
    CLIFF_START,
    compute_chain_weights,
    compute_recurrent_gains,
    describe_cliff_walk,
)


@pytest.fixture(scope="module")
def models():
    rng = np.random.default_rng(0)
    new, learnt = (init_classifier(len(grammar.VOCABULARY), 16, 2, rng) for _ in range(2))
    AgreementTrainer(learnt, (1, 2, 3), Adam(0.01), rng, max_norm=1.0).run(150)
    return {"new": new, "learnt": learnt}


EXPLORE = {
    "chain": lambda models: explore_scalar_chain(),
    "radius": lambda models: explore_spectral_radius(),
    "cliff": lambda models: explore_cliff(),
    "agreement": explore_agreement_distance,
}


@pytest.mark.parametrize("name", EXPLORE)
def test_both_ends_of_every_control(name, models):
    live = EXPLORE[name](models)
    visits = visit_ends(live)
    assert len({visit.alt for visit in visits}) > 4
    assert len({visit.pixels.tobytes() for visit in visits}) > 4
    assert live.full_redraws == 1  # the background is drawn once
    assert all(control.description for control in live.controls.values())
    bundle = live._repr_mimebundle_()
    assert {"image/png", "text/html", "text/plain"} <= set(bundle)
    assert live.alt in bundle["text/plain"]


def test_chain_says_what_is_left():
    live = explore_scalar_chain()
    assert "10 to the power -12.9 is left" in live.alt
    live.set(weight=5.0, bias=-2.5)
    assert "10 to the power 1.9 is left" in live.alt
    live.set(activation="relu", weight=1.0, bias=-3.0)
    assert "nothing is left" in live.alt
    live.set(activation="relu", weight=1.05, bias=0.0, T=60)
    expected = run_chain(np.full(60, 1.05), 0.5, "relu").logs[0]
    assert f"10 to the power {expected:.1f} is left" in live.alt


def test_chain_weights():
    np.testing.assert_array_equal(compute_chain_weights(2.0, 3, "one"), [2, 2, 2])
    own = compute_chain_weights(2.0, 50, "own")
    assert len(set(own)) == 50
    assert own.min() >= 1
    assert own.max() <= 3
    with pytest.raises(ValueError, match="kind is 'two'"):
        compute_chain_weights(1.0, 3, "two")


@pytest.mark.parametrize("kind", ["normal", "orthogonal", "one-sided"])
def test_radius_is_the_one_asked_for(kind):
    data = compute_recurrent_gains(0.9, kind)
    assert data.radius == pytest.approx(0.9, rel=1e-6)
    assert data.largest_singular_value >= data.radius - 1e-12
    assert data.gains.shape == data.powers.shape == (101,)
    assert data.gains[0] == pytest.approx(0)
    if kind == "orthogonal":
        np.testing.assert_allclose(data.powers, np.arange(101) * np.log10(0.9), atol=1e-8)
    else:
        assert data.powers[1] > 0  # one product may grow where all powers shrink in the end


def test_without_input_the_gain_is_that_of_the_powers():
    data = compute_recurrent_gains(1.05, "orthogonal", drive=0.0)
    assert data.mean_slope == 1
    np.testing.assert_allclose(data.gains, data.powers, atol=1e-8)


def test_radius_refuses():
    for wrong, message in (
        ({"radius": 0.0}, "radius is 0"),
        ({"radius": 1.0, "kind": "sparse"}, "kind is 'sparse'"),
        ({"radius": 1.0, "drive": -1.0}, "drive is -1"),
    ):
        with pytest.raises(ValueError, match=message):
            compute_recurrent_gains(**wrong)


def test_cliff_starts_with_a_ruined_walk_and_clipping_saves_it():
    live = explore_cliff()
    assert "not arrived" in live.alt
    live.set(clipping="norm")
    assert "Clipped by norm to 0.1, learning rate 0.50: arrived." in live.alt
    walk = descend_cliff(CLIFF_START, 0.5, 150, "norm", 0.1)
    assert f"{walk.norms.max():.3g}" in live.alt


def test_words_for_walks():
    slow = descend_cliff(CLIFF_START, 0.05, 20)
    assert describe_cliff_walk(slow)[0] == "on its way"
    assert describe_cliff_walk(descend_cliff(CLIFF_START, 0.5, 40))[0] == "not arrived"


def test_agreement_tests_the_chosen_network_and_changes_none(models):
    before = models["learnt"].cell.W_hh.copy()
    live = explore_agreement_distance(models)
    live.set(name="learnt", factor=0.5)
    np.testing.assert_array_equal(models["learnt"].cell.W_hh, before)
    W_hh = 0.5 * models["learnt"].cell.W_hh
    weaker = SequenceClassifier(models["learnt"].cell._replace(W_hh=W_hh), models["learnt"].output)
    assert f"10 to the power {gains_over_sentence(weaker, 30, 8)[2]:.1f} is left" in live.alt
    live.set(factor=1.0)
    right = accuracy_by_distance(models["learnt"], [1], 60)[0]
    assert right > 0.9
    assert f"{right:.0%} right with 1 word between" in live.alt
    live.set(distractors="opposite")
    assert "right with 4 words between" in live.alt
    with pytest.raises(ValueError, match="models is empty"):
        explore_agreement_distance({})
