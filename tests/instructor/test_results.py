"""Results: points only where they are honest, and the same after a journey as JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructor.assignment import Assignment
from instructor.results import (
    GRADED,
    REASONS,
    ExerciseResult,
    ManualResult,
    Result,
    without_score,
)
from instructor.sandbox import REASONS as STOPS

ROOT = Path(__file__).resolve().parents[2]
NAME = "02_rnn_forward"
ASSIGNMENT = Assignment.load(ROOT / "exercises" / NAME / f"{NAME}.ipynb")

RIGHT = ExerciseResult("a-check", "a", "Title", 3.0, 3.0, "right", hints=("1", "2", "3"))
HALF = ExerciseResult(
    *("b-check", "b", "<b>Other</b>", 2.0, 1.0, "wrong"),
    mistakes=("no_tanh",),
    lines=(("mistake", "The `tanh` is missing & <more>.", "no_tanh"), ("right", "`x` is.", "")),
    hints=("first", "second", "third"),
    seconds=0.25,
)
RESULT = Result(
    *("ada", NAME, "ff" * 32, GRADED, ""),
    exercises=(RIGHT, HALF),
    manual=(ManualResult("open", 5.0, True),),
    notes=("A note.",),
    seconds=1.5,
    key="k",
)


def test_the_sum():
    assert (RESULT.points, RESULT.possible) == (4.0, 5.0)
    tenths = replace(RIGHT, possible=0.3, points=0.1)
    assert replace(RESULT, exercises=(tenths,) * 3).points == 0.3


def test_no_sum_without_an_honest_score():
    stopped = replace(RESULT, status="timed out", exercises=(RIGHT, replace(HALF, points=None)))
    assert stopped.points is None
    assert stopped.exercises[0].points == 3.0


def test_contradictions_are_refused():
    with pytest.raises(ValueError, match="has no points"):
        replace(RESULT, exercises=(replace(HALF, points=None),))
    with pytest.raises(ValueError, match="expected 'graded' or one of"):
        replace(RESULT, status="fine")
    for points in (-1.0, 2.5, float("nan")):
        with pytest.raises(ValueError, match=r"expected 0 to 2\.0"):
            replace(HALF, points=points)


def test_every_reason_of_the_sandbox_is_known():
    assert set(STOPS) - {"sandbox lost"} <= set(REASONS)  # what was lost is the grader's fault


def test_a_journey_as_json():
    text = RESULT.to_json()
    assert Result.from_json(text) == RESULT
    assert Result.from_json(text).to_json() == text
    assert text.isascii()


texts = st.text(max_size=8)


@given(texts, st.lists(st.tuples(texts, texts, texts), max_size=3), st.floats(0, 2))
def test_a_journey_with_any_text(text, lines, points):
    exercise = replace(HALF, title=text, lines=tuple(lines), points=points)
    result = replace(RESULT, student=text, notes=(text,), exercises=(exercise,))
    assert Result.from_json(result.to_json()) == result


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        RESULT.to_json()[:-5],
        json.dumps({**json.loads(RESULT.to_json()), "more": 1}),
        json.dumps({**json.loads(RESULT.to_json()), "exercises": [3]}),
        json.dumps({**json.loads(RESULT.to_json()), "exercises": None}),
        json.dumps({**json.loads(RESULT.to_json()), "status": "excellent"}),
        RESULT.to_json().replace('"points": 1.0', '"points": 100.0'),
        RESULT.to_json().replace('"points": 1.0', '"points": "1"'),
    ],
)
def test_what_is_no_result_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"\w"):
        Result.from_json(text)


def test_the_report_is_the_checks_own():
    assert HALF.report.mistakes == ("no_tanh",)
    assert "Other" in HALF.text
    assert "(50% of it is)" in HALF.text
    assert "&lt;more&gt;" in HALF.html
    assert "<b>Other" not in HALF.html


def test_without_points_the_reason_is_shown():
    stopped = replace(HALF, points=None, status="timed out")
    assert stopped.report is None
    assert "timed out" in stopped.text
    assert "timed out" in stopped.html


def test_a_result_without_score_lists_every_exercise():
    result = without_score("ada", ASSIGNMENT, "d", "did not parse", "Empty.", "k", ["note"])
    assert [item.grade_id for item in result.exercises] == [
        item.grade_id for item in ASSIGNMENT.exercises
    ]
    assert {item.points for item in result.exercises} == {None}
    assert [item.answered for item in result.manual] == [False]
    assert (result.points, result.possible) == (None, ASSIGNMENT.possible)
    assert Result.from_json(result.to_json()) == result
