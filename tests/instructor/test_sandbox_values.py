"""What a learner's values, answers and outputs become on their way to the grader."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest

from instructor.sandbox import Opaque, Record
from instructor.sandbox.answers import to_answer, without_function
from instructor.sandbox.inside import values
from instructor.sandbox.inside.wire import BrokenFrame
from instructor.sandbox.outputs import NO_PICTURE, is_picture, to_notebook
from tests.instructor.sandboxes import same, there_and_back

# --- values of a learner ---------------------------------------------------------------------


class Step(NamedTuple):
    h_t: np.ndarray
    name: str


@dataclass
class Variant:
    candidate: str = "tanh"
    size: int = 3


def crossed(value):
    return there_and_back(values.plain(value))


def test_named_tuples_and_dataclasses_keep_their_fields():
    step = crossed(Step(np.ones(2), "a"))
    assert isinstance(step, Record)
    assert isinstance(step, tuple)
    assert type(step).__name__ == step.class_name == "Step"
    assert step.h_t.tolist() == [1, 1]
    h_t, name = step
    assert (h_t is step[0], name, len(step), list(step._asdict())) == (
        True,
        "a",
        2,
        ["h_t", "name"],
    )
    variant = crossed({"variant": Variant("sigmoid")})["variant"]
    assert (type(variant).__name__, variant.fields) == (
        "Variant",
        {"candidate": "sigmoid", "size": 3},
    )
    assert not variant.is_tuple
    with pytest.raises(AttributeError, match="Variant has no field 'other'"):
        variant.other  # noqa: B018


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (OrderedDict(a=1), {"a": 1}),
        ({np.int64(3): np.float32(0.5)}, {3: np.float32(0.5)}),
        (range(3), [0, 1, 2]),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (np.array([1, "a", None], dtype=object), [1, "a", None]),
        (np.str_("a"), "a"),
        (np.bool_(True), np.bool_(True)),
        (10**30, 10**30),
        ("\ud800", "?"),
        (memoryview(b"ab"), Opaque("memoryview")),
        ({1, 2}, Opaque("set")),
        (b"ab", Opaque("bytes")),
        (len, Opaque("builtin_function_or_method", True)),
        (int, Opaque("type", True)),
        (10**2000, Opaque("int")),
        ({frozenset(): 1}, Opaque("dict")),
        ((i for i in "ab"), Opaque("generator")),
        (np.array([{1}, {2}], dtype=object), [Opaque("set"), Opaque("set")]),
        (np.zeros(2, dtype="f8,i4"), Opaque("ndarray")),
        (np.ma.masked_array([1.0], [True]), Opaque("MaskedArray")),
        ([math.inf, ..., None], [math.inf, ..., None]),
    ],
)
def test_values_cross_as_what_a_check_would_take_them_for(value, expected):
    assert same(crossed(value), expected)


def test_tensors_and_tables_cross_as_arrays():
    torch = pytest.importorskip("torch")
    pandas = pytest.importorskip("pandas")
    tensor = torch.ones(2, 3, requires_grad=True)
    assert same(crossed(tensor), np.ones((2, 3), dtype=np.float32))
    assert crossed(tensor.bfloat16()).shape == (2, 3)
    assert same(crossed(pandas.Series([1.0, 2.0])), np.array([1.0, 2.0]))
    assert crossed(pandas.Series([1, "a"])) == [1, "a"]


def test_the_name_of_a_type_shows_in_messages_and_holds_no_markup():
    opaque = crossed({1})
    assert type(opaque).__name__ == "set"
    assert not callable(opaque)
    assert type(Opaque("<b>`x`</b>\n\x00" * 50)).__name__ == ("bx/b" * 7)[:-1]


def test_big_endian_and_sliced_arrays_arrive_in_order():
    array = np.arange(12, dtype=">i4").reshape(3, 4)[::2, ::-1]
    back = there_and_back(array)
    assert back.tolist() == array.tolist()
    assert back.dtype == np.dtype("=i4")
    assert back.flags.writeable


# --- answers and outputs ---------------------------------------------------------------------


def raw_answer(**changes):
    answer = {
        "first": {"y": np.ones(2)},
        "second": {"y": np.ones(2)},
        "after": {"x": np.zeros(2)},
        "problem": None,
        "warnings": [],
        "printed": "",
    }
    return {**answer, **changes}


def test_an_answer_is_compared_on_this_side():
    inputs = {"x": np.zeros(2)}
    fine = to_answer(raw_answer(), inputs, ["y"])
    assert fine.repeatable
    assert not fine.changed_inputs
    changed = to_answer(raw_answer(after={"x": np.ones(2)}), inputs, ["y"])
    assert changed.changed_inputs == ("x",)
    assert to_answer(raw_answer(after=None), inputs, ["y"]).changed_inputs == ("x",)
    assert not to_answer(raw_answer(second={"y": np.zeros(2)}), inputs, ["y"]).repeatable
    assert not to_answer(raw_answer(second=None), inputs, ["y"]).repeatable


def problem(**changes):
    fields = {"kind": "raised", "text": "It stopped.", "line_number": 3, "line": "1 / 0"}
    return Record("Problem", {**fields, **changes})


def test_a_problem_crosses_and_a_long_one_is_cut():
    answer = to_answer(raw_answer(problem=problem(text="x" * 9999)), {}, ["y"])
    assert answer.problem.kind == "raised"
    assert len(answer.problem.text) < 2100
    mixed = to_answer(raw_answer(first={"y": problem()}), {}, ["y"])
    assert mixed.outputs["y"].line_number == 3


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        raw_answer(first=None),
        raw_answer(first={}),
        raw_answer(first={"y": 1.0, "z": 2.0}),
        raw_answer(first={"y": [1, 2]}),
        raw_answer(first={"y": np.array(["a"])}),
        raw_answer(first={"y": np.ones(2, dtype=complex)}),
        raw_answer(first={"y": Opaque("set")}),
        raw_answer(second={"z": np.ones(2)}),
        raw_answer(after=[1]),
        raw_answer(warnings="a"),
        raw_answer(warnings=[1]),
        raw_answer(printed=None),
        raw_answer(problem="wrong"),
        raw_answer(problem=problem(kind="right")),
        raw_answer(problem=problem(line_number=-1)),
        raw_answer(problem=problem(text=None)),
    ],
)
def test_answers_of_another_form_are_refused(raw):
    with pytest.raises(BrokenFrame):
        to_answer(raw, {"x": np.zeros(2)}, ["y"])


def test_what_stands_in_place_of_a_function_is_told():
    assert without_function("missing", "f", "").problem.kind == "not started"
    assert "`f` does not exist" in without_function("missing", "f", "").problem.text
    assert without_function("untouched", "f", "").problem.kind == "not started"
    assert "a value, dict: `check_rnn(" in without_function("dict", "f", "rnn").problem.text
    with pytest.raises(BrokenFrame):
        without_function(None, "f", "")


def png(width, height):
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + size + bytes(20)


def test_outputs_are_texts_and_pictures_and_nothing_else():
    raw = [
        {"kind": "stream", "name": "stdout", "text": "abc"},
        {"kind": "display_data", "text": "<figure>", "png": png(3, 4)},
        {"kind": "execute_result", "text": "1", "png": None},
        {"kind": "display_data", "text": None, "png": b"<script>" * 9},
    ]
    made = to_notebook(raw, 7, 100)
    assert [output["output_type"] for output in made] == [
        "stream",
        "display_data",
        "execute_result",
        "display_data",
    ]
    assert set(made[1]["data"]) == {"text/plain", "image/png"}
    assert made[2]["execution_count"] == 7
    assert made[3]["data"] == {"text/plain": NO_PICTURE}
    assert to_notebook(raw, 7, 2)[0]["text"] == "ab"
    assert not is_picture(png(10**5, 10**5))
    for bad in (
        None,
        [1],
        [{"kind": "stream", "name": "other", "text": ""}],
        [{"kind": "stream", "name": "stdout", "text": None}],
        [{"kind": "display_data", "text": 1}],
        [{"kind": "html", "text": "<b>"}],
        [{}] * 1001,
    ):
        with pytest.raises(BrokenFrame):
            to_notebook(bad, 1, 100)
