"""The check engine: inputs → function → comparison, and only what the numbers prove."""

import itertools
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.checks.comparing import is_close, locate, relation
from utils.checks.engine import REGISTRY, Check, Property
from utils.checks.running import name_outputs, run

CHAPTER = "99_engine_test"


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def make_inputs(rng, sizes):
    T, B, D, H, V = (sizes[name] for name in "TBDHV")
    return {
        "xs": rng.normal(size=(T, B, D)),
        "h_0": rng.normal(size=(B, H)),
        "W_xh": rng.normal(size=(D, H)),
        "W_hh": rng.normal(size=(H, H)),
        "W_hy": rng.normal(size=(H, V)),
    }


def unroll(xs, h_0, W_xh, W_hh):
    hs, h_t = [], h_0
    for x_t in xs:
        h_t = np.tanh(x_t @ W_xh + h_t @ W_hh)
        hs.append(h_t)
    return np.stack(hs)


@pytest.fixture
def check(request):
    REGISTRY.pop(CHAPTER, None)
    check = Check(
        "unroll",
        chapter=CHAPTER,
        title="Unroll",
        sizes=[
            {"T": 4, "B": 2, "D": 3, "H": 5, "V": 6},
            {"T": 3, "B": 5, "D": 2, "H": 4, "V": 7},
        ],
        inputs=make_inputs,
        steps={
            "hs": unroll,
            "logits": lambda hs, W_hy: hs @ W_hy,
            "probabilities": lambda logits: softmax(logits),
        },
        outputs={"hs": "T B H", "probabilities": "T B V"},
        hints=("first", "second", "third"),
    )

    @check.mistake("hs", "`h_0` is ignored.")
    def h_0_ignored(xs, h_0, W_xh, W_hh):
        return unroll(xs, np.zeros_like(h_0), W_xh, W_hh)

    @check.mistake("logits", "`logits` come from the step before.")
    def logits_shifted(hs, W_hy):
        return np.roll(hs, 1, axis=0) @ W_hy

    @check.mistake("probabilities", "The softmax runs over the wrong axis.")
    def wrong_axis(logits):
        return softmax(logits, axis=0)

    yield check
    REGISTRY.pop(CHAPTER, None)


def right(xs, h_0, W_xh, W_hh, W_hy):
    hs = unroll(xs, h_0, W_xh, W_hh)
    return hs, softmax(hs @ W_hy)


def right_as_lists(*arguments):
    hs, probabilities = right(*arguments)
    return hs.tolist(), probabilities.tolist()


def right_in_float32(*arguments):
    return right(*(a.astype(np.float32) for a in arguments))


def right_as_dictionary(*arguments):
    hs, probabilities = right(*arguments)
    return {"probabilities": probabilities, "hs": hs}


def right_with_einsum(xs, h_0, W_xh, W_hh, W_hy):
    hs = np.empty((len(xs), *h_0.shape))
    for t, x_t in enumerate(xs):
        before = hs[t - 1] if t else h_0
        hs[t] = np.tanh(np.einsum("bd,dh->bh", x_t, W_xh) + np.einsum("bi,ih->bh", before, W_hh))
    return hs, softmax(np.einsum("tbh,hv->tbv", hs, W_hy))


def right_in_place_on_copies(xs, h_0, W_xh, W_hh, W_hy):
    xs, h_0 = xs.copy(), h_0.copy()
    hs = np.zeros((xs.shape[0], *h_0.shape))
    for t in range(xs.shape[0]):
        h_0 @= W_hh
        h_0 += xs[t] @ W_xh
        np.tanh(h_0, out=h_0)
        hs[t] = h_0
    return [hs, softmax(hs @ W_hy)]


@pytest.mark.parametrize(
    "answer",
    [
        right,
        right_as_lists,
        right_in_float32,
        right_as_dictionary,
        right_with_einsum,
        right_in_place_on_copies,
    ],
)
def test_right_answers_written_differently_pass(check, answer):
    report = check.report(answer)
    assert report.status == "right", str(report)
    assert report.score == 1.0
    assert report.mistakes == ()


def test_one_output_that_is_no_array_leaves_the_others_their_score(check):
    def answer(*arguments):
        hs, probabilities = right(*arguments)
        return hs, probabilities.astype(complex)

    report = check.report(answer)
    assert report.score == 0.5
    assert "`probabilities` holds complex numbers" in str(report)


def test_booleans_are_zeros_and_ones():
    assert is_close(name_outputs(np.eye(2) > 0, ["one_hots"])["one_hots"], np.eye(2))


def test_float32_gets_the_tolerance_that_its_digits_allow():
    value = np.array([1.0, 2.0, 3.0])
    assert is_close(np.float32(value * (1 + 2e-5)), value)
    assert not is_close(np.float32(value * (1 + 1e-3)), value)


def test_torch_tensors_pass(check):
    torch = pytest.importorskip("torch")

    def answer(*arguments):
        return tuple(torch.tensor(a, requires_grad=True) for a in right(*arguments))

    assert check.report(answer).status == "right"


def test_two_mistakes_in_two_outputs_are_both_found(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs = unroll(xs, np.zeros_like(h_0), W_xh, W_hh)
        return hs, softmax(hs @ W_hy, axis=0)

    assert check.report(answer).mistakes == ("h_0_ignored", "wrong_axis")


def test_two_mistakes_in_one_output_are_both_found(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs = unroll(xs, h_0, W_xh, W_hh)
        return hs, softmax(np.roll(hs, 1, axis=0) @ W_hy, axis=0)

    assert set(check.report(answer).mistakes) == {"logits_shifted", "wrong_axis"}


def test_known_mistake_after_an_unknown_one_is_found(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs = unroll(xs, h_0, W_xh, W_hh) ** 3 + 0.1
        return hs, softmax(hs @ W_hy, axis=0)

    report = check.report(answer)
    assert report.mistakes == ("wrong_axis",)
    assert "`hs` is the first quantity that is wrong" in str(report)


def test_what_follows_from_a_wrong_quantity_is_said_to_follow(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs = unroll(xs, h_0, W_xh, W_hh) ** 3 + 0.1
        return hs, softmax(hs @ W_hy)

    report = check.report(answer)
    assert report.score == 0.0  # what follows from garbage earns nothing
    assert "`probabilities` is wrong only because of `hs`: mend that first." in str(report)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.sampled_from([1e-4, 1e-2, 1.0, 100.0]),
    which=st.sampled_from(["hs", "probabilities", "both"]),
)
def test_random_perturbations_name_no_mistake(seed, size, which):
    check = next(iter(CHECK_FOR_HYPOTHESIS))
    rng = np.random.default_rng(seed)
    noise = {}

    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs, probabilities = right(xs, h_0, W_xh, W_hh, W_hy)
        if hs.shape not in noise:
            noise[hs.shape] = rng.normal(size=hs.shape), rng.normal(size=probabilities.shape)
        a, b = noise[hs.shape]
        hs = hs + size * a * (which != "probabilities")
        return hs, probabilities + size * b * (which != "hs")

    report = check.report(answer)
    assert report.status == "wrong"
    assert report.mistakes == ()


@pytest.fixture(autouse=True)
def _check_for_hypothesis(check):
    CHECK_FOR_HYPOTHESIS[:] = [check]


CHECK_FOR_HYPOTHESIS: list[Check] = []


def test_input_changed_in_place_is_told_and_costs_half(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        result = right(xs, h_0, W_xh, W_hh, W_hy)
        xs *= 0
        return result

    report = check.report(answer)
    assert report.status == "wrong"
    assert report.score == 0.5
    assert "`xs` in place" in str(report)


def test_answer_with_memory_is_told(check):
    calls = itertools.count()

    def answer(*arguments):
        hs, probabilities = right(*arguments)
        return hs, probabilities + (next(calls) % 2)

    assert "gave different results" in str(check.report(answer))


def test_hard_coded_size_is_told(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs = np.zeros((4, 2, 5))
        h_t = h_0
        for t in range(4):
            h_t = np.tanh(xs[t] @ W_xh + h_t @ W_hh)
            hs[t] = h_t
        return hs, softmax(hs @ W_hy)

    report = check.report(answer)
    assert "right for T = 4, B = 2, D = 3, H = 5, V = 6 and fails for T = 3" in str(report)
    assert report.score == 0.0


def test_hard_coded_size_that_does_not_raise_is_told(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs, probabilities = right(xs, h_0, W_xh, W_hh, W_hy)
        return hs[:, :2], probabilities

    text = str(check.report(answer))
    assert "does a size stand in your code" in text
    assert "shape (3, 2, 4)" in text
    assert "(T, B, H) = (3, 5, 4)" in text


def stub(xs, h_0, W_xh, W_hh, W_hy):
    """Return the states and the probabilities."""
    ...


def forgotten_return(xs, h_0, W_xh, W_hh, W_hy):
    unroll(xs, h_0, W_xh, W_hh)


@pytest.mark.parametrize("answer", [stub, None, ...])
def test_untouched_stub_is_not_started(check, answer):
    report = check.report(answer)
    assert report.status == "not started"
    assert report.score == 0.0


def test_value_where_a_function_belongs_is_told(check):
    report = check.report(np.zeros(3))
    assert report.status == "wrong"
    assert "no parentheses after your function's name" in str(report)


def test_missing_return_is_told(check):
    report = check.report(forgotten_return)
    assert report.status == "wrong"
    assert "returns None" in str(report)


def test_own_error_points_at_own_line(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        states = xs @ W_hh  # this line is wrong
        return states, states

    report = check.report(answer)
    assert report.status == "stopped"
    assert "states = xs @ W_hh  # this line is wrong" in str(report)
    assert "Traceback" not in str(report)
    assert "`xs` of shape (4, 2, 3)" in str(report)


def test_error_inside_a_library_points_at_the_learners_line(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        states = np.stack([])
        return states, states

    assert "states = np.stack([])" in str(check.report(answer))


def test_wrong_parameters_are_told(check):
    assert "it gets 5 arguments" in str(check.report(lambda xs, h_0: xs))


def test_exit_does_not_end_the_notebook(check):
    def answer(*arguments):
        sys.exit("done")

    assert check.report(answer).status == "stopped"


def test_interrupt_passes_through(check):
    def answer(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.report(answer)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: np.full_like(a, np.nan), "NaN or infinite"),
        (lambda a: a.astype(complex), "complex numbers"),
        (lambda a: np.array([None]), "objects"),
        (lambda a: "states", "is the text 'states'"),
        (lambda a: [[1.0], [1.0, 2.0]], "different lengths"),
        (lambda a: a.astype(int), "whole numbers (int64)"),
        (lambda a: a.astype(np.float16), "float16"),
        (lambda a: -a, "sign turned"),
        (lambda a: 2 * a, "2 times the right one"),
        (lambda a: a / a.shape[1], "1/B times the right one"),
        (lambda a: a[::-1], "reversed order of time"),
        (lambda a: a[..., None], "has shape (4, 2, 5, 1)"),
        (lambda a: np.concatenate([a[:1], a[1:] + 1]), "right at t = 0, wrong from t = 1 on"),
        (lambda a: np.concatenate([a[:-1], a[-1:] + 1]), "right at every step but the last"),
        (lambda a: a + (np.arange(a.shape[1]) > 0)[:, None], "first sample of the batch"),
    ],
)
def test_what_is_wrong_is_said(check, change, words):
    def answer(*arguments):
        hs, probabilities = right(*arguments)
        return change(hs), probabilities

    report = check.report(answer)
    assert report.status == "wrong"
    assert words in str(report)
    assert report.mistakes == ()


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (lambda a, b: (a,), "1 values came back; expected 2"),
        (lambda a, b: a, "8"),
        (lambda a, b: 3.0, "One float came back"),
        (lambda a, b: {"hs": a}, "no entry `probabilities`"),
    ],
)
def test_wrong_number_of_outputs_is_told(check, returned, words):
    def answer(*arguments):
        return returned(*(np.concatenate([o, o]) for o in right(*arguments)))

    report = check.report(answer)
    assert report.status in ("wrong", "stopped")
    assert report.score == 0.0
    assert words in str(report) or "came back" in str(report)


def test_gate_block_is_named():
    mask = np.zeros((3, 2, 8), bool)
    mask[:, :, 2:4] = True
    clauses = locate([mask], ["T", "B", "4H:input,forget,candidate,output"])
    assert clauses == ["only the forget block is wrong"]


def test_relation_names_sizes_only_when_every_case_agrees():
    rights = [np.arange(1.0, 7.0).reshape(2, 3), np.arange(1.0, 11.0).reshape(5, 2)]
    sizes = [{"B": 2, "D": 3}, {"B": 5, "D": 2}]
    assert "B times" in relation([2 * rights[0], 5 * rights[1]], rights, ["B", "D"], sizes)
    assert relation([2 * rights[0], 3 * rights[1]], rights, ["B", "D"], sizes) is None
    assert "transpose" in relation([r.T for r in rights], rights, ["B", "D"], sizes)


def test_partial_credit_is_a_plain_float(check, capsys):
    def answer(*arguments):
        hs, probabilities = right(*arguments)
        return hs, probabilities**2

    earned = check(answer, points=3)
    assert type(earned) is float
    assert earned == 1.5
    assert capsys.readouterr().err == ""


def test_learners_warnings_and_prints_are_shown_not_leaked(check, capfd):
    def answer(*arguments):
        print("hello from the function")
        print("oh", file=sys.stderr)
        np.log(np.zeros(1))
        return right(*arguments)

    check(answer)
    out, err = capfd.readouterr()
    assert err == ""
    assert "RuntimeWarning: divide by zero" in out
    assert "np.log(np.zeros(1))" in out
    assert "hello from the function" in out


def test_other_seed_gives_other_inputs(check):
    public, private = check.cases(), check.cases(seed=7)
    assert not np.allclose(public[0].inputs["xs"], private[0].inputs["xs"])
    assert np.array_equal(public[0].inputs["xs"], check.cases()[0].inputs["xs"])


def test_three_parts_work_apart(check):
    cases = check.cases()
    answers = check.run(right, [cases[1], cases[0]])[::-1]
    assert check.judge(cases, answers).status == "right"


def test_a_title_that_asks_is_followed_by_a_sentence(check):
    check.title = "Which way?"
    assert str(check.report(right)).startswith("✓ Which way? Right.")
    assert "✓ Which way? Right.</strong>" in check.report(right)._repr_html_()


def test_hints_come_one_by_one(check, capsys):
    for text in ("Hint 1 of 3: first", "Hint 2 of 3: second", "Hint 3 of 3: third"):
        check.hint()
        assert capsys.readouterr().out.strip() == text
    check.hint(1)
    assert "first" in capsys.readouterr().out
    with pytest.raises(ValueError, match="hint 4 does not exist"):
        check.hint(4)


def test_html_escapes_what_learners_write(check):
    def answer(*arguments):
        raise ValueError("<script>alert(1)</script>")

    page = check.report(answer)._repr_html_()
    assert "<script>" not in page
    assert "Hint 1 of 3" in page
    assert "role='status'" in page


# --- values, choices, properties -------------------------------------------------------------


@pytest.fixture
def by_hand():
    REGISTRY.pop(CHAPTER, None)
    check = Check(
        "by_hand",
        chapter=CHAPTER,
        title="By hand",
        steps={
            "h_0": lambda: np.tanh(0.5),
            "h_1": lambda h_0: np.tanh(0.5 + h_0),
            "shape": lambda: "many-to-one",
        },
        outputs={"h_0": "", "h_1": "", "shape": ("one-to-one", "many-to-one")},
        decimals=3,
    )
    check.mistake("h_1", "`h_0` is not carried on.")(lambda: np.tanh(0.5))
    yield check
    REGISTRY.pop(CHAPTER, None)


def test_values_worked_out_by_hand(by_hand):
    answer = {"h_0": 0.462, "h_1": 0.745, "shape": "many-to-one"}
    assert by_hand.report(answer).status == "right"
    assert by_hand.report({**answer, "h_1": 0.462}).mistakes == ("<lambda>",)
    assert "choose one of" in str(by_hand.report({**answer, "shape": "two"}))
    part = by_hand.report({**answer, "h_1": ...})
    assert part.score == pytest.approx(2 / 3)
    assert "`h_1` is still open" in str(part)
    assert part.status == "open"
    for shown in (str(part), part._repr_html_()):
        assert "By hand: 2 of 3 right, 1 still open" in shown
        assert "not right" not in shown
        assert "67%" not in shown
        assert "✗" not in shown
    assert "#5a5a5a" in part._repr_html_()
    wrong = by_hand.report({**answer, "h_0": 0.1, "h_1": ...})
    assert wrong.status == "wrong"
    assert "not right yet (33% of it is)" in str(wrong)
    assert by_hand.report({"h_0": ..., "h_1": None, "shape": ...}).status == "not started"


def test_properties_take_the_place_of_one_right_value():
    REGISTRY.pop(CHAPTER, None)
    check = Check(
        "orthogonal",
        chapter=CHAPTER,
        title="An orthogonal matrix",
        inputs=lambda rng, sizes: {"H": sizes["H"]},
        sizes=[{"H": 3}, {"H": 5}],
        outputs={"W": "H H"},
        properties=[
            Property(
                "orthogonality",
                lambda inputs, outputs: np.allclose(
                    outputs["W"] @ outputs["W"].T, np.eye(inputs["H"])
                ),
                "W Wᵀ is not the identity.",
            )
        ],
    )
    assert check.report(lambda H: np.eye(H)[::-1]).status == "right"
    report = check.report(lambda H: 2 * np.eye(H))
    assert report.status == "wrong"
    assert report.score == 0.0
    assert "W Wᵀ is not the identity" in str(report)
    REGISTRY.pop(CHAPTER, None)


# --- definitions that cannot be right are refused --------------------------------------------


def definition(**changes):
    base = {
        "name": "x",
        "chapter": CHAPTER,
        "title": "X",
        "inputs": lambda rng, sizes: {"a": rng.normal(size=(sizes["B"], sizes["D"]))},
        "sizes": [{"B": 2, "D": 3}],
        "steps": {"b": lambda a: a + 1},
        "outputs": {"b": "B D"},
    }
    return Check(**{**base, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": {"b": lambda c: c}}, "needs 'c' before it is computed"),
        ({"sizes": [{"B": 3, "D": 3}]}, "equal sizes"),
        ({"outputs": {"c": "B D"}}, "no step computes the output c"),
        ({"hints": ("one",)}, "expected three"),
    ],
)
def test_impossible_definitions_are_refused(changes, words):
    REGISTRY.pop(CHAPTER, None)
    with pytest.raises(ValueError, match=words):
        definition(**changes)
    REGISTRY.pop(CHAPTER, None)


def test_impossible_mistakes_are_refused():
    REGISTRY.pop(CHAPTER, None)
    check = definition()
    with pytest.raises(ValueError, match="replaces unknown 'z'"):
        check.add_mistake("m", "text", {"z": lambda a: a})
    with pytest.raises(ValueError, match="needs 'q'"):
        check.add_mistake("m", "text", {"b": lambda q: q})
    check.add_mistake("m", "text", {"b": lambda a: a})
    with pytest.raises(ValueError, match="named m already"):
        check.add_mistake("m", "text", {"b": lambda a: a})
    with pytest.raises(ValueError, match="named x already"):
        definition()
    REGISTRY.pop(CHAPTER, None)


def test_zero_arrays_and_tolerance():
    zero = np.zeros((2, 3))
    assert is_close(zero + 1e-15, zero)
    assert not is_close(zero + 1e-9, zero)
    assert not is_close(np.zeros((3, 2)), zero)
    assert is_close(np.float32([1, 2, 3]) * np.float32(1.00001), np.array([1.0, 2, 3]))
    assert not is_close(np.array([1, 2, 3]) * 1.00001, np.array([1.0, 2, 3]))


def test_run_gives_plain_arrays_and_texts():
    answer = run(lambda a: [1, 2], {"a": np.zeros(2)}, ["b"])
    assert isinstance(answer.outputs["b"], np.ndarray)
    assert name_outputs((1, 2), ["b"]).kind == "wrong count"


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ({"hs": 1.0, "ys": 2.0}, "no entry `d_hs`, `d_ys`; it has `hs`, `ys`."),
        ({"d_hs": 1.0, 3: 2.0}, "no entry `d_ys`; it has `d_hs`, `3`."),
        ({}, "no entry `d_hs`, `d_ys`; it is empty."),
        ({f"W_{i}": 0.0 for i in range(11)}, "`W_6`, `W_7` and 3 more."),
    ],
)
def test_a_dictionary_with_other_entries_is_told_which_it_has(returned, words):
    problem = name_outputs(returned, ["d_hs", "d_ys"])
    assert problem.kind == "wrong count"
    assert problem.text.endswith(words)
    assert "expected" not in problem.text


def test_outside_a_notebook_the_report_is_text_on_standard_output(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import numpy as np
            from utils.checks import Check
            check = Check("double", chapter="x", title="Double", outputs={"b": ""},
                          steps={"b": lambda: np.array(2.0)})
            print(repr(check(3.0, points=2)))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=True,
        env={**__import__("os").environ, "UNROLLED_HOME": str(tmp_path)},
    )
    assert "✗ Double: not right yet" in done.stdout
    assert done.stdout.splitlines()[-1] == "0.0"
    assert done.stderr == ""
    assert json.loads((tmp_path / "progress.json").read_text())


# --- what wrong answers of real learners have shown ------------------------------------------


def test_rows_in_a_tuple_are_an_array_and_two_results_are_not(check):
    cases = check.cases()
    rows = tuple(cases[0].right["hs"])
    assert np.array_equal(name_outputs(rows, ["hs"])["hs"], cases[0].right["hs"])
    assert name_outputs((rows[0], 3.0), ["hs"]).kind == "wrong count"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((x for x in [1.0]), "generator"),
        (np.array([None, 1.0]), "objects"),
        ([[1.0], [1.0, 2.0]], "different lengths"),
        (np.array(["a", "b"]), "holds text"),
    ],
)
def test_values_that_are_no_numbers_are_told(value, words):
    assert words in name_outputs({"a": value}, ["a"])["a"].text


def test_unusual_numbers_are_read():
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2)]
    assert name_outputs(tensors, ["hs"])["hs"].shape == (2, 2)
    assert name_outputs({"a": np.array([1.5], object)}, ["a"])["a"].dtype == float
    assert list(name_outputs(np.array([1.0, 2.0]), ["a", "b"])) == ["a", "b"]
    assert name_outputs({"a": np.array("many")}, ["a"])["a"] == "many"


def test_an_array_that_cannot_be_read_is_told():
    class Locked:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("no")

    assert "a Locked" in name_outputs({"a": Locked()}, ["a"])["a"].text


def test_coroutine_is_told(check):
    async def answer(*arguments):
        return right(*arguments)

    assert "without `async`" in str(check.report(answer))


def test_parameters_in_another_order_are_told(check):
    def answer(xs, W_hh, W_xh, h_0, W_hy):
        return right(xs, h_0, W_xh, W_hh, W_hy)

    assert "in another order than in the stub" in str(check.report(answer))


def test_restored_input_counts_as_unchanged(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        xs += 0.1
        xs -= 0.1
        return right(xs, h_0, W_xh, W_hh, W_hy)

    assert check.report(answer).status == "right"


def test_remaining_dots_are_told(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs = ...
        probabilities = ...
        return hs, probabilities

    assert "replace every `...`" in str(check.report(answer))
    assert "returns None" in str(check.report(lambda *arguments: None))


def test_errors_and_warnings_without_words_are_told(check):
    class Silent(Exception):
        def __str__(self):
            raise ValueError

    def answer(*arguments):
        raise Silent

    assert "Your code stopped: Silent." in str(check.report(answer))

    def warns(*arguments):
        __import__("warnings").warn("", UserWarning, stacklevel=1)
        return right(*arguments)

    assert check.report(warns).status == "right"


def test_long_texts_are_cut(check):
    def answer(*arguments):
        print("x" * 100_000)
        raise ValueError("a" * 100_000)

    assert len(str(check.report(answer))) < 2000


def test_memory_between_calls_is_told_in_place_of_a_size(check):
    kept = []

    def answer(xs, h_0, W_xh, W_hh, W_hy):
        h_t = h_0
        for x_t in xs:
            h_t = np.tanh(x_t @ W_xh + h_t @ W_hh)
            kept.append(h_t)
        return np.stack(kept), right(xs, h_0, W_xh, W_hh, W_hy)[1]

    text = str(check.report(answer))
    assert "remembers something between calls" in text
    assert "size" not in text


def test_memory_that_was_never_written_is_thought_of(check):
    leftovers = iter(range(100))  # what `np.empty` finds there differs from call to call

    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs = np.full((len(xs), *h_0.shape), float(next(leftovers)))
        for t, x_t in enumerate(xs):
            hs[t] = np.tanh(x_t @ W_xh + hs[t - 1] @ W_hh)
        return hs, softmax(hs @ W_hy)

    assert "reads an entry of `np.empty` before writing it" in str(check.report(answer))


def test_exchanged_outputs_are_told():
    REGISTRY.pop(CHAPTER, None)
    check = definition(
        steps={"b": lambda a: a + 1, "c": lambda a: 2 * a}, outputs={"b": "B D", "c": "B D"}
    )
    text = str(check.report(lambda a: (2 * a, a + 1)))
    assert "`b` is the first quantity that is wrong. It holds what belongs to `c`" in text
    assert "`c` is not right. It holds what belongs to `b`" in text
    assert "one array under two names" in str(check.report(lambda a: (2 * a, 2 * a)))
    REGISTRY.pop(CHAPTER, None)


def test_first_is_said_once_and_only_if_all_before_is_given():
    REGISTRY.pop(CHAPTER, None)
    check = definition(
        steps={"b": lambda a: a + 1, "c": lambda a: 2 * a, "d": lambda b: b**2},
        outputs={"b": "B D", "c": "B D", "d": "B D"},
    )
    report = check.report(lambda a: (a**2, a**3, a**5))
    assert str(report).count("first quantity") == 1
    assert "`d` is wrong too; it may follow from `b`." in str(report)
    assert "first quantity" not in str(check.report(lambda a: (None, a**3, a**5)))
    REGISTRY.pop(CHAPTER, None)


def test_axis_of_length_one_is_told():
    REGISTRY.pop(CHAPTER, None)
    check = definition(sizes=[{"B": 2, "D": 3}, {"B": 1, "D": 4}])
    assert "as with `squeeze`" in str(check.report(lambda a: (a + 1).squeeze()))
    REGISTRY.pop(CHAPTER, None)


def test_factor_of_a_single_number_is_named_by_its_size():
    REGISTRY.pop(CHAPTER, None)
    check = definition(
        sizes=[{"B": 2, "D": 3}, {"B": 4, "D": 5}],
        steps={"b": lambda a: a.sum()},
        outputs={"b": ""},
    )
    assert "1/B times the right value" in str(check.report(lambda a: a.sum() / len(a)))
    assert "−D times" in str(check.report(lambda a: -a.sum() * a.shape[1]))
    assert "times" not in str(check.report(lambda a: 0.3 * a.sum()))
    assert "expected one number" in str(check.report(lambda a: a))
    REGISTRY.pop(CHAPTER, None)


def test_infinite_references_match_nothing():
    assert not is_close(np.array([1.0, 2.0]), np.array([1.0, np.inf]))


def test_numbers_by_hand_meet_no_pair_by_chance(by_hand):
    by_hand.add_mistake("first", "first", {"h_0": lambda: np.array(0.1)})
    by_hand.add_mistake("second", "second", {"h_1": lambda h_0: h_0 + 1})
    both = {"h_0": np.tanh(0.5), "h_1": 1.1, "shape": "many-to-one"}
    assert by_hand.report(both).mistakes == ()  # would be both mistakes, against h_0 given
    assert by_hand.report({**both, "h_0": None, "h_1": np.tanh(0.6)}).mistakes == ()
    assert by_hand.report({**both, "h_0": 0.1}).mistakes == ("first", "second")


def test_open_outputs_beside_a_changed_input_are_wrong(check):
    def answer(xs, h_0, W_xh, W_hh, W_hy):
        hs = right(xs, h_0, W_xh, W_hh, W_hy)[0]
        xs *= 0
        return hs, None

    assert check.report(lambda *a: (right(*a)[0], None)).status == "open"
    assert check.report(answer).status == "wrong"


def test_an_output_that_only_properties_judge_earns_nothing_unjudged():
    REGISTRY.pop(CHAPTER, None)
    large = Property("size", lambda inputs, outputs: outputs["c"] > 0, "too small.")
    check = definition(outputs={"b": "B D", "c": ""}, properties=[large])
    report = check.report(lambda a: (None, -1.0))
    assert (report.status, report.score) == ("open", 0.0)
    assert "0 of 2 right, 1 still open" in str(report)
    assert check.report(lambda a: (a + 1, 1.0)).status == "right"
    REGISTRY.pop(CHAPTER, None)


def chain(**changes):
    """Make four quantities, worked out by hand, each of which comes from those before it."""
    return Check(
        **{
            "name": "chain",
            "chapter": CHAPTER,
            "title": "Chain",
            "steps": {
                "factor": lambda: 2.0,
                "a": lambda factor: factor * np.array([1.0, 2.0, 3.0]),
                "b": lambda factor: factor * np.array([5.0, 7.0, 9.0]),
                "c": lambda a: a + 1,
                "d": lambda b, c: b * c,
            },
            "outputs": dict.fromkeys("abcd", "H"),
            "decimals": 3,
            **changes,
        }
    )


def test_what_follows_names_what_it_follows_from():
    REGISTRY.pop(CHAPTER, None)
    check = chain()
    check.add_mistake("tripled", "Three in place of two.", {"factor": lambda: 3.0})
    a, b = np.array([1.0, 2.0, 3.0]), np.array([5.0, 7.0, 9.0])

    def follows(a, b, c, d):
        report = check.report({"a": a, "b": b, "c": c, "d": d})
        return [line.text for line in report.lines if line.kind == "follows"]

    slip = np.array([2.5, 3.0, 7.0])  # of no known mistake
    assert follows(slip, 2 * b, slip + 1, 2 * b * (slip + 1)) == [
        f"`{name}` is wrong only because of `a`: mend that first." for name in "cd"
    ]
    assert follows(slip, b + 3, slip + 1, (b + 3) * (slip + 1)) == [
        "`c` is wrong only because of `a`: mend that first.",
        "`d` is wrong only because of `a`, `b`: mend those first.",
    ]
    assert follows(3 * a, 3 * b, 3 * a + 1, 3 * b * (3 * a + 1)) == [
        "`b` is wrong only because of the mistake in `a`: mend that first.",
        "`c` is wrong only because of `a`: mend that first.",
        "`d` is wrong only because of `a`: mend that first.",
    ]
    REGISTRY.pop(CHAPTER, None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ([0, 0, 0.5], "Entry 3 is wrong, entries 1 and 2 are right."),
        ([0.3, 0, 0.5], "Entries 1 and 3 are wrong, entry 2 is right."),
    ],
)
def test_wrong_entries_of_a_short_vector_by_hand_are_numbered(change, words):
    REGISTRY.pop(CHAPTER, None)
    check = chain()
    answer = {name: check.cases()[0].right[name] for name in "abcd"}
    assert words in str(check.report({**answer, "b": answer["b"] + change}))
    assert "ntr" not in str(check.report({**answer, "b": answer["b"] + 0.5 * np.arange(1, 4)}))
    REGISTRY.pop(CHAPTER, None)
    long = chain(steps={"a": lambda: np.arange(7.0)}, outputs={"a": "H"}, title="Long")
    assert "ntr" not in str(long.report(np.arange(7.0) + (np.arange(7) == 3)))
    REGISTRY.pop(CHAPTER, None)


def test_fewer_decimals_are_told(by_hand):
    answer = {"h_0": 0.5, "h_1": 0.745, "shape": "many-to-one"}
    assert "It is right to 1 decimals; 3 are asked for" in str(by_hand.report(answer))


@pytest.mark.parametrize("points", [-1, "3", True, float("inf")])
def test_impossible_points_are_refused(check, points):
    with pytest.raises(ValueError, match="expected a number of at least 0"):
        check(right, points=points)


@pytest.mark.parametrize("number", [0, 4, 2.0, True])
def test_impossible_hints_are_refused(check, number):
    with pytest.raises(ValueError, match="does not exist"):
        check.hint(number)


def test_a_mistake_is_not_named_at_one_output_against_another():
    """One that would show in two outputs is no reading of the second if the first denies it."""
    REGISTRY.pop(CHAPTER, None)
    check = Check(
        "scaled",
        chapter=CHAPTER,
        title="Scaled",
        sizes=[{"N": 3}, {"N": 4}],
        inputs=lambda rng, sizes: {"a": rng.normal(size=sizes["N"]), "b": rng.normal(size=2)},
        steps={
            "factor": lambda a: 0.5 + (a**2).sum(),
            "first": lambda a, factor: factor * a,
            "second": lambda b, factor: factor * b,
        },
        outputs={"first": "N", "second": "M"},
    )
    check.add_mistake("half", "The factor is half of it.", {"factor": lambda a: (a**2).sum()})
    both = {"first": lambda a: a, "second": lambda b: b}
    check.add_mistake("neither", "Nothing was scaled.", both)
    check.add_mistake("second_not", "`second` was not scaled.", {"second": lambda b: b})
    report = check.report(lambda a, b: ((a**2).sum() * a, b))
    assert report.mistakes == ("half", "second_not"), str(report)
    assert check.report(lambda a, b: (a, b)).mistakes == ("neither",)
    REGISTRY.pop(CHAPTER, None)
