"""The checks of chapter 12: each patient's numbers, what is said of wrong ones, the notebook."""

import re
import subprocess
import sys

import numpy as np
import pytest

from tests import checks_contract as contract
from tests.answers_chapter12 import chance
from tests.test_patients import CURES
from utils import diagnoses, lens, patients
from utils.checks import REGISTRY
from utils.checks import chapter12 as checks
from utils.checks.chapter12 import ward, words
from utils.lens.tracking import correlations
from utils.patients import clinic

NAME = "12_open_your_model"
WARD = {name: REGISTRY[NAME][name.lower()] for name in patients.NAMES}
every_patient = pytest.mark.parametrize("name", patients.NAMES)


# --- choices --------------------------------------------------------------------------------------


def test_the_ward_is_the_one_of_the_clinic():
    assert tuple(words.TREATS) == tuple(patients.TREATMENTS)
    assert list(WARD) == list(patients.NAMES)
    assert list(REGISTRY[NAME]) == ["padded_gates", "chance", *map(str.lower, patients.NAMES)]
    assert len(diagnoses.DIAGNOSES) == len(set(diagnoses.DIAGNOSES)) >= 11
    assert set(words.IF_SO) == set(diagnoses.DIAGNOSES)
    right = [str(check.steps["diagnosis"]()) for check in WARD.values()]
    assert len(set(right)) == len(right)
    assert set(diagnoses.DIAGNOSES) - set(right) == {diagnoses.TOO_SHORT, diagnoses.BALANCE}
    assert list(diagnoses.DIAGNOSES) == sorted(diagnoses.DIAGNOSES)
    assert sum(diagnoses.DIAGNOSES[place] == own for place, own in enumerate(right)) <= 2
    assert diagnoses.DIAGNOSES[-1] == diagnoses.TOO_SHORT  # the example in the notebook: nobody's


@every_patient
def test_wrong_options_are_reported(name):
    assert contract.wrong_options_are_reported(WARD[name]) == 11 + 10


@every_patient
def test_every_wrong_choice_has_words_of_its_own(name):
    check = WARD[name]
    right = contract.outputs_of(check, {})
    for choice, option in contract.options(check):
        report = check.report({**right, choice: option})
        assert len(report.mistakes) == 1
        line = next(line.text for line in report.lines if line.kind == "mistake")
        other = str(right[choice])
        assert other not in line, f"{name}: {line} gives the answer away"


@every_patient
def test_the_right_treatment_is_the_one_that_heals(name):
    """The tests of the clinic measure all treatments; here it has to be the same one."""
    treatment = str(WARD[name].steps["treatment"]())
    assert treatment == CURES[name]
    assert patients.TREATMENTS[treatment](clinic.SCRIPTS[name][1]) != clinic.SCRIPTS[name][1]


# --- what messages say of a patient ---------------------------------------------------------------


def opened(name, network="fresh"):
    patient = patients.admit(name)
    inputs = patient.inputs if patient.lengths is None else (patient.inputs, patient.lengths)
    return patient, lens.trace(getattr(patient, network), inputs, patient.loss)


def shares(trace):
    """Return how much of the time each gate stands at an end, on average over the units."""
    table = trace.saturation()
    table = table[table.quantity.str.endswith("_gate")]
    return (table.low + table.high).groupby(table.quantity).mean()


@every_patient
def test_what_is_said_to_be_seen_is_seen_in_no_other_patient(name):
    """What a message says one would see if a diagnosis were right must not be there otherwise."""
    patient, fresh = opened(name)
    _, after = opened(name, "model")
    right = str(WARD[name].steps["diagnosis"]())
    gates = fresh.kind == "lstm"
    norms = fresh.norms("d_hidden").mean(axis=1)
    sequences, steps = patient.inputs.shape[1], len(fresh.mask)
    seen = {
        diagnoses.SCALE: patient.inputs.abs().mean() > 10,
        diagnoses.SHUT: gates and fresh.half_life().half_life.max() < 1,
        diagnoses.EXPLODES: norms[0] > 100 * norms[-1],
        diagnoses.DEAD: any("dead" in finding for finding in after.findings),
        diagnoses.LARGE_UPDATES: gates and shares(fresh).max() < 0.5 and shares(after).min() > 0.9,
        diagnoses.AXES: steps == sequences != len(patient.inputs),
        diagnoses.PADDING: patient.lengths is not None,
        diagnoses.ONE_STEP: steps == 1,
        diagnoses.BALANCE: abs(patient.targets.double().mean() - 0.5) > 0.2,
    }
    assert [diagnosis for diagnosis, there in seen.items() if there] == [
        diagnosis for diagnosis in seen if diagnosis == right
    ]


@every_patient
def test_findings_are_empty_or_not_as_the_messages_have_it(name):
    found = [*opened(name)[1].findings, *opened(name, "model")[1].findings]
    nothing = next((m for m in WARD[name].mistakes if m.key == f"says {diagnoses.NOTHING}"), None)
    silent = name in ("Fay", "Gus", "Hal", "Joe")
    assert bool(found) != silent
    if nothing is not None and nothing.message == words.SOMETHING:
        assert found


def test_plain_networks_are_told_from_gated_ones():
    for name, check in WARD.items():
        messages = {m.key: m.message for m in check.mistakes}
        for diagnosis in (diagnoses.SHUT, diagnoses.LARGE_UPDATES):
            said = messages.get(f"says {diagnosis}")
            if said is not None:
                assert (opened(name)[1].kind == "rnn") == ("has no gates" in said)
        said = messages.get(f"says {diagnoses.SCALE}", "")
        assert opened(name)[1].kind == "lstm" or "gates" not in said


# --- the numbers of evidence, computed in another way ---------------------------------------------


def right(name):
    return {key: float(value) for key, value in _numbers(name).items()}


def _numbers(name):
    outputs = contract.outputs_of(WARD[name], {})
    return {key: v for key, v in outputs.items() if key not in ("diagnosis", "treatment")}


def test_gates_and_half_lives_are_those_of_the_lens_tables():
    table = opened("Ada")[1].saturation().query("quantity == 'forget_gate'")
    assert right("Ada")["ends"] == pytest.approx((table.low + table.high).mean())
    assert right("Ada")["ends"] > 0.9
    assert right("Ada")["slope"] < 0.02
    for network, name in (("fresh", "before"), ("model", "after")):
        assert right("Eve")[name] == pytest.approx(shares(opened("Eve", network)[1]).mean())
    assert right("Eve")["before"] < 0.1 < 0.9 < right("Eve")["after"]
    assert right("Ben")["half_life"] < 0.2
    assert right("Ben")["decades"] > 10
    assert 5 < right("Joe")["half_life"] < 10


def test_plain_networks_explode_die_and_drift():
    assert 1.1 < right("Cleo")["factor"] < right("Cleo")["stretch"]
    dan = opened("Dan", "model")[1]
    told = next(finding for finding in dan.findings if "dead" in finding)
    assert told.startswith(f"{right('Dan')['units']:.0f} of 16 units are dead")
    assert right("Dan")["share"] < 0.6
    gus, trace = opened("Gus")
    moved = [
        np.ptp(np.stack([trace["hidden"][n - 1, b], trace["hidden"][-1, b]]), axis=0).max()
        for b, n in enumerate(gus.lengths.tolist())
    ]
    assert right("Gus")["change"] == pytest.approx(max(moved))
    assert right("Gus")["share"] > 0.8


def test_what_stands_around_the_layer():
    assert right("Fay") == {"steps": 32, "others": 22}
    assert right("Ivy")["steps"] == 1
    assert right("Ivy")["difference"] > 0.3
    assert right("Hal")["in_windows"] < 0.65 < 0.75 < right("Hal")["in_one_go"]
    hal = patients.admit("Hal")
    window = lens.trace(hal.model, hal.inputs[8:16])  # as the hint has it: nothing came with it
    new = window["input_gate"][0] * window["candidate"][0]
    np.testing.assert_allclose(window["cell"][0], new, atol=1e-12)
    joe = patients.admit("Joe")
    up = [float(reading) == 1 for reading in joe.inputs[0, :, 0]]
    told = [u == bool(target) for u, target in zip(up, joe.targets, strict=True)]
    assert right("Joe")["share"] == pytest.approx(sum(told) / len(told))
    assert 0.3 < right("Joe")["share"] < 0.7


# --- what is said of numbers ----------------------------------------------------------------------


@every_patient
def test_a_number_that_nothing_explains_is_asked_for_again(name):
    outputs = contract.outputs_of(WARD[name], {})
    for key, value in _numbers(name).items():
        counts = WARD[name].evidence[key].kind == "count"
        changed = float(value) + (7 if counts else -0.013 * float(value))
        report = WARD[name].report({**outputs, key: changed})
        assert report.mistakes == ()
        assert report.score == pytest.approx(0.75)
        text = contract.texts(report)
        assert f"`{key}` is not right. It is the" in text.replace("It is by how", "It is the")


@every_patient
def test_a_rounded_number_is_called_rounded(name):
    outputs = contract.outputs_of(WARD[name], {})
    for key, value in _numbers(name).items():
        short = np.round(value, 2)
        if WARD[name].report({**outputs, key: float(short)}).score < 1:
            report = WARD[name].report({**outputs, key: float(short)})
            if not report.mistakes:
                assert f"`{key}` is the right number, rounded" in contract.texts(report)


@every_patient
def test_no_known_mistake_gives_the_right_number(name):
    for item in WARD[name].evidence.values():
        outputs = contract.outputs_of(WARD[name], {})
        for key, _, wrong in item.mistakes:
            report = WARD[name].report({**outputs, item.name: float(wrong())})
            assert report.score < 1, key


def test_a_wrong_number_near_the_right_one_is_told_what_it_is():
    told = set()
    for name in ("Ben", "Cleo", "Eve"):
        outputs = contract.outputs_of(WARD[name], {})
        for item in WARD[name].evidence.values():
            for key, message, wrong in item.mistakes:
                if key in ward.NEAR:
                    report = WARD[name].report({**outputs, item.name: float(wrong())})
                    assert report.score == pytest.approx(0.75)
                    assert message in contract.texts(report)
                    told.add(key)
    assert told == ward.NEAR


@pytest.mark.parametrize(("name", "key"), [("Eve", "after"), ("Ivy", "difference")])
def test_what_hangs_on_a_training_may_be_a_little_off(name, key):
    outputs = contract.outputs_of(WARD[name], {})
    for off, status in ((0.0025, "right"), (-0.0025, "right"), (-0.004, "wrong")):
        chart = {**outputs, key: float(outputs[key]) + off}
        assert WARD[name].report(chart).status == status


def test_impossible_numbers_are_told():
    outputs = contract.outputs_of(WARD["Fay"], {})
    text = contract.texts(WARD["Fay"].report({**outputs, "steps": 31.5}))
    assert "`steps` is 31.5; expected a whole number." in text
    outputs = contract.outputs_of(WARD["Hal"], {})
    text = contract.texts(WARD["Hal"].report({**outputs, "in_one_go": 84.375}))
    assert "`in_one_go` is 84.375; a share lies between 0 and 1." in text


def test_importing_the_checks_imports_no_torch():
    code = "import sys; from utils import checks; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- the two functions beside the lens ------------------------------------------------------------


def test_correlations_are_those_of_the_lens():
    for case in checks.check_chance.cases(5):
        states, signal = case.inputs["states"], case.inputs["signal"]
        flat = states.reshape(-1, states.shape[2])
        found = correlations(signal.reshape(1, -1), flat)[0]
        np.testing.assert_allclose(case.right["correlation"], found, atol=1e-12)
        assert 2 <= case.right["beats"].sum() < len(found)
        assert case.right["chance"] == pytest.approx(chance(**case.inputs)[1])


def test_gates_without_padding_are_those_of_the_lens():
    _, trace = opened("Hal", "model")  # its gates stand at both ends now and then
    function = checks.check_padded_gates
    found = function.compute({"forget": trace["forget_gate"]})
    table = trace.saturation().query("quantity == 'forget_gate'")
    np.testing.assert_allclose(found["decides"], table.low + table.high)
    np.testing.assert_allclose(found["half_life"], trace.half_life().half_life)
    for case in function.cases(3):
        assert {0.0, 1.0} == set(case.right["stuck"])


# --- the notebook around the checks ---------------------------------------------------------------


def test_the_minutes_add_up_to_what_is_stated():
    text = "\n".join(contract.sources(NAME).values())
    minutes = [int(m) for m in re.findall(r"· (\d+) minutes", text)]
    assert sum(minutes) == 86
    assert len(minutes) == 13
    assert "About 86 minutes in all" in text
