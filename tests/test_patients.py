"""Sick networks: each is sick, one treatment heals it, and all that is said of them is so."""

import numpy as np
import pytest
import torch

from utils import patients
from utils.patients import clinic, switches

CURES = {
    "Ada": "standardise the inputs",
    "Ben": "start with the forget gate open",
    "Cleo": "start W_hh orthogonal",
    "Dan": "divide the learning rate by 100",
    "Eve": "divide the learning rate by 100",
    "Fay": "hand in the axes in the module's order",
    "Gus": "read the state at the last real step",
    "Hal": "carry the state from window to window",
    "Ivy": "hand in whole sequences",
    "Joe": "put every answer beside its own sequence",
}
every_patient = pytest.mark.parametrize("name", patients.NAMES)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@every_patient
def test_patient_is_sick_and_its_cure_heals(name):
    before = patients.admit(name)
    assert before.accuracy < 0.75
    assert before.complaint.endswith(".")
    after = patients.treat(name, CURES[name])
    assert after.accuracy > 0.95


@pytest.mark.slow
@every_patient
def test_no_other_treatment_heals(name):
    found = patients.outcomes(name)
    assert set(found) == set(patients.TREATMENTS)
    assert [treatment for treatment, accuracy in found.items() if accuracy > 0.95] == [CURES[name]]


def test_the_same_patient_is_admitted_twice():
    state = torch.random.get_rng_state()
    one = patients.admit("Ben")
    clinic._run.cache_clear()  # a training is kept, and would not be repeated
    other = patients.admit("Ben")
    assert torch.equal(state, torch.random.get_rng_state())
    assert one.losses == other.losses
    assert torch.equal(one.inputs, other.inputs)
    for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_what_is_done_to_one_patient_does_not_reach_the_next():
    one = patients.admit("Ben")
    with torch.no_grad():
        for parameter in (*one.model.parameters(), *one.fresh.parameters(), one.inputs):
            parameter.zero_()
    other = patients.admit("Ben")
    assert other.name == "Ben"
    assert other.inputs.any()
    assert all(p.any() for p in (*other.model.parameters(), other.fresh.recurrent.weight_hh_l0))


@every_patient
def test_batch_and_loss_fit_the_model(name):
    patient = patients.admit(name)
    assert len(patient.losses) == len(patient.norms) == 150
    loss = patient.loss(patient.model(patient.inputs, patient.lengths))
    assert loss.shape == ()
    assert torch.isfinite(loss)
    assert all(p.grad is None for p in patient.model.parameters())
    changed = [
        not torch.equal(a, b)
        for a, b in zip(patient.model.parameters(), patient.fresh.parameters(), strict=True)
    ]
    assert any(changed)


def test_what_each_owner_did_wrong_can_be_seen():
    assert patients.admit("Ada").inputs.mean() > 100
    assert patients.admit("Ben").fresh.recurrent.bias_ih_l0[16:32].max() == -6
    singular = torch.linalg.svdvals(patients.admit("Cleo").fresh.recurrent.weight_hh_l0)
    assert singular.max() > 4 > 1 > singular.min()
    assert patients.admit("Fay").model.recurrent.batch_first
    gus = patients.admit("Gus")
    assert gus.inputs.shape[0] == 72
    assert gus.lengths.max() <= 12
    assert patients.admit("Ivy").inputs.shape == (1, 512, 3)
    assert patients.admit("Hal").inputs.shape == (40, 32, 3)


def test_the_order_of_the_lists_gives_nothing_away():
    assert list(patients.TREATMENTS) == sorted(patients.TREATMENTS)
    listed = list(patients.TREATMENTS)
    assert sum(listed[place] == CURES[name] for place, name in enumerate(patients.NAMES)) <= 2


def test_a_patient_says_what_its_owner_says():
    ben = patients.admit("Ben")
    told = " ".join(str(ben).split())
    trained = "150 updates with Adam, learning rate 0.01, gradient clipped at norm 1."
    assert ben.training == trained
    assert told.startswith(f"Ben: {ben.complaint} {trained} Right answers")
    assert patients.admit("Cleo").training.endswith("gradient not clipped.")
    assert max(map(len, str(ben).splitlines())) <= 90
    assert repr(ben) == f"Patient('Ben', accuracy={ben.accuracy:.3f})"


def test_a_treatment_that_finds_nothing_to_change_says_so():
    same = patients.treat("Ben", "carry the state from window to window")
    assert same.accuracy == patients.admit("Ben").accuracy
    assert same.note.startswith("Nothing to change: Ben")
    assert str(same).endswith(same.note)
    assert patients.admit("Ben").note == ""
    assert patients.treat("Ben", CURES["Ben"]).note == ""


def test_wrong_names_are_told():
    with pytest.raises(ValueError, match="name is 'Zoe'; expected one of"):
        patients.admit("Zoe")
    with pytest.raises(ValueError, match="treatment is 'rest'; expected one of"):
        patients.treat("Ada", "rest")


# The task


def test_the_switch_is_set_at_the_first_step_and_kept():
    xs, states = switches.batch(np.random.default_rng(0), B=500, T=12)
    assert xs.shape == (12, 500, switches.FEATURES)
    assert xs.dtype == np.float32
    np.testing.assert_array_equal(xs[0, :, 0], 2 * states[0] - 1)
    assert not xs[1:, :, 0].any()
    assert (states == states[0]).all()
    assert 0.4 < states[0].mean() < 0.6


def test_the_state_is_the_last_setting():
    xs, states = switches.batch(np.random.default_rng(1), B=50, T=40, flip=0.2)
    for b in range(50):
        now = None
        for t in range(40):
            if xs[t, b, 0]:
                now = int(xs[t, b, 0] > 0)
            assert states[t, b] == now
    assert 0.15 < (xs[1:, :, 0] != 0).mean() < 0.25


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"B": 0, "T": 3}, "B is 0"),
        ({"B": 2, "T": 0}, "T is 0"),
        ({"B": 2, "T": 3, "flip": 1.5}, "flip is 1.5"),
    ],
)
def test_wrong_sizes_are_told(arguments, words):
    with pytest.raises(ValueError, match=words):
        switches.batch(np.random.default_rng(0), **arguments)
