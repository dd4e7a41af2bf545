"""The trusted side of a check: nothing that comes back can make it slow, large or fail."""

from dataclasses import replace

import numpy as np
import pytest

from instructor.judging import (
    MAX_NUMBERS,
    BrokenAnswer,
    JudgingError,
    cases_of,
    derived_seed,
    judge_function,
    judge_value,
)
from instructor.sandbox import Opaque, Record
from utils.cells.lstm_variants import LSTMVariant
from utils.checks import REGISTRY
from utils.checks.running import NOT_STARTED, Answer, Problem

SEED = "a secret of this test"


def deep(levels):
    value = 1.0
    for _ in range(levels):
        value = [value]
    return value


#: What may stand where a number, a list or a choice is expected.
ODD = {
    "nan": np.nan,
    "infinity": -np.inf,
    "array of nan": np.full(5, np.nan),
    "huge number": 1e308,
    "whole number without end": 10**4000,
    "negative one": -(10**400),
    "largest bits": np.array([2**64 - 1], dtype=np.uint64),
    "smallest bits": np.array([-(2**63)]),
    "half": np.array([1.5, 65504.0], dtype=np.float16),
    "complex": 1j,
    "array of complex": np.array([1j, 2]),
    "true": True,
    "text": "yes",
    "10 MB of text": "x" * 10_000_000,
    "odd text": "\0\x1b[31m\u202e\n' <script>",
    "array of text": np.array(["a", "b"]),
    "nothing": None,
    "dots": ...,
    "empty list": [],
    "empty array": np.zeros((0, 3)),
    "wide empty array": np.zeros((0, 10**9)),
    "many axes": np.zeros((1,) * 30),
    "nested": deep(8),
    "nested too deep": deep(60),
    "ragged": [[1.0, 2.0], [3.0]],
    "long": list(range(5_000)),
    "too long": [0.0] * (MAX_NUMBERS + 1),
    "large array": np.zeros((300, 300)),
    "tall": np.ones((4_000, 1)),
    "flat": np.ones(4_000),
    "mapping": {"a": 1},
    "mapping of numbers": {1: 2, None: 3, (1, 2): 4, 2.5: 5},
    "mixed": [1, "two", None, [3.0], {}],
    "lists of none": [None, None, None],
    "opaque": Opaque("set", False),
    "opaque function": Opaque("function", True),
    "opaque with a name": Opaque("a'b\n<x>" * 50, False),
    "record": Record("Point", {"x": 1.0, "y": 2.0}, False),
    "named tuple": Record("Pair", {"x": np.zeros(2), "y": None}, True),
    "variant": Record("LSTMVariant", {"forget_gate": "zero"}, False),
    "variant of numbers": Record("LSTMVariant", {"forget_gate": 1e300}, False),
    "variant of arrays": Record("LSTMVariant", {"input_gate": np.zeros(3)}, False),
    "variant without parts": Record(
        "LSTMVariant", dict.fromkeys(("input_gate", "forget_gate"), "one") | {"nonsense": 1}, False
    ),
}


QUICK = ("two_steps", "fading", "lstm_counts", "deep_counts", "reach", "context_seen")


@pytest.mark.parametrize("name", QUICK)
def test_odd_values_are_judged(name):
    (check,) = [chapter[name] for chapter in REGISTRY.values() if name in chapter]
    for told, odd in ODD.items():
        report = judge_value(check, odd)
        assert report.score == 0, told
        assert len(str(report)) < 20_000, told
        report = judge_value(check, dict.fromkeys(check.outputs, odd))
        assert report.score == 0, told
        assert len(str(report)) < 20_000, told


def rnn_step():
    return REGISTRY["02_rnn_forward"]["rnn_step"]


def right_answers():
    check = rnn_step()
    return [Answer({n: c.right[n] for n in check.outputs}) for c in cases_of(check, SEED)]


def test_what_the_sandbox_should_never_send():
    check, cases = rnn_step(), cases_of(rnn_step(), SEED)
    with pytest.raises(BrokenAnswer, match="1 answers came back; expected 3"):
        judge_function(check, cases, right_answers()[:1])
    with pytest.raises(BrokenAnswer, match="No output"):
        judge_function(check, cases, [Answer({}) for _ in cases])
    objects = [Answer(dict.fromkeys(check.outputs, np.array([object()]))) for _ in cases]
    assert judge_function(check, cases, objects).score == 0
    strange = Problem("right", "t" * 10**6, "nine", "l" * 10**6)
    report = judge_function(check, cases, [Answer({}, strange) for _ in cases])
    assert (report.status, report.score) == ("stopped", 0)
    assert len(str(report)) < 10_000


@pytest.mark.parametrize("shape", [(2_000, 1), (0, 10**9), (10**6, 0, 10**6), (1,) * 12])
def test_arrays_far_larger_than_asked_for_are_not_compared(shape):
    check, cases = rnn_step(), cases_of(rnn_step(), SEED)
    report = judge_function(check, cases, [Answer({"h_t": np.zeros(shape)}) for _ in cases])
    assert (report.status, report.score) == ("wrong", 0)
    assert "far larger than what is asked for" in str(report)
    value = REGISTRY["02_rnn_forward"]["two_steps"]
    report = judge_value(value, {"z_1": np.zeros(MAX_NUMBERS), "h_1": 1.0})
    assert "far larger than what is asked for" in str(report)


def test_messages_are_cut():
    check, cases = rnn_step(), cases_of(rnn_step(), SEED)
    loud = [
        replace(a, warnings=("w" * 10**6,) * 1000, printed="p" * 10**7) for a in right_answers()
    ]
    report = judge_function(check, cases, loud)
    assert report.score == 1
    assert len(str(report)) < 20_000


def test_nothing_that_steers_a_terminal_is_in_a_report():
    check, cases = rnn_step(), cases_of(rnn_step(), SEED)
    odd = "a\x1b[31m\r\x9b\u202e\u2066b\tc\nd"
    answers = [replace(a, warnings=(odd,), printed=odd) for a in right_answers()]
    answers[0] = replace(answers[0], outputs={"h_t": Problem("not numbers", odd, 3, odd)})
    reports = [judge_function(check, cases, answers)]
    reports.append(judge_function(check, cases, [Answer({}, Problem("raised", odd, 3, odd))] * 3))
    reports.append(judge_value(REGISTRY["02_rnn_forward"]["two_steps"], {odd: odd}))
    for report in reports:
        assert not set(str(report)) & set("\x1b\r\x9b\u202e\u2066")
    assert "a\ufffd[31m" in str(reports[1])


def test_a_stub_is_not_started():
    check, cases = rnn_step(), cases_of(rnn_step(), SEED)
    report = judge_function(check, cases, [Answer({}, NOT_STARTED) for _ in cases])
    assert (report.status, report.score) == ("not started", 0)


def test_a_fault_of_ours_is_no_zero(monkeypatch):
    check, cases = rnn_step(), cases_of(rnn_step(), SEED)

    def fails(*arguments):
        raise KeyError("a private input: 0.123")

    monkeypatch.setattr(type(check), "judge", fails)
    with pytest.raises(JudgingError, match=r"check_rnn_step failed with KeyError \(test_judging"):
        judge_function(check, cases, right_answers())
    with pytest.raises(JudgingError) as caught:
        judge_value(REGISTRY["02_rnn_forward"]["two_steps"], {"z_1": [1.0, 2.0]})
    assert "0.123" not in str(caught.value)


def test_a_variant_is_rebuilt_from_its_fields():
    study = REGISTRY["07_lstm_design"]["study"]
    told = {"variant": Record("LSTMVariant", vars(LSTMVariant(forget_gate="zero")), False)}
    report = judge_value(study, dict.fromkeys(study.outputs) | told)
    assert any("`variant` is right" in line.text for line in report.lines)
    other = {"variant": Record("Variant", vars(LSTMVariant(forget_gate="zero")), False)}
    report = judge_value(study, dict.fromkeys(study.outputs) | other)
    assert any("of type Variant" in line.text for line in report.lines)


def test_seeds_are_derived_for_each_check():
    seeds = {
        derived_seed(seed, chapter, check)
        for seed in ("a", "b")
        for chapter in ("01", "02")
        for check in ("x", "y")
    }
    assert len(seeds) == 8
    assert derived_seed("a", "01", "x") in seeds
    assert derived_seed("a", "bc", "d") != derived_seed("a", "b", "cd")
    assert derived_seed(None, "01", "x") is None
    assert all(0 <= seed < 2**64 for seed in seeds)


def test_private_inputs_are_not_the_public_ones():
    check = rnn_step()
    public, private = cases_of(check, None)[0].inputs, cases_of(check, SEED)[0].inputs
    assert not np.array_equal(public["x_t"], private["x_t"])
    assert cases_of(check, SEED) is cases_of(check, SEED)
