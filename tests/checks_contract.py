"""What every check of every chapter has to do; the chapters' test files call these functions.

A test file parametrises over its checks::

    CHECKS = list(REGISTRY["02_rnn_forward"].values())

    @pytest.mark.parametrize(("check", "key"), contract.known_mistakes(CHECKS))
    def test_mistake(check, key):
        contract.mistake_gets_its_own_message(check, key)
"""

import ast
import itertools
import json
import linecache
import pickle
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.computed_once import CASES, COMPUTE
from utils.checks.engine import Check, Mistake
from utils.checks.reporting import Report
from utils.checks.running import Answer
from utils.checks.studies import StudyCheck

SOLUTION = re.compile(r"(?ms)^([ \t]*)### BEGIN SOLUTION.*?### END SOLUTION[^\n]*\n?")
BANNED = re.compile(r"\b(simply|just|obviously|of course|easy|easily|trivial)\b|!", re.IGNORECASE)


# --- parameters for pytest ---------------------------------------------------------------------


def identify(value: Any) -> str | None:
    """Give pytest a readable name for a check in a parameter list (``ids=identify``)."""
    return value.name if isinstance(value, Check) else None


def known_mistakes(checks: Iterable[Check]) -> list[Any]:
    """List (check, key) for every known mistake, for ``parametrize(("check", "key"), …)``."""
    return [
        pytest.param(check, mistake.key, id=f"{check.name}-{mistake.key}")
        for check in checks
        for mistake in check.mistakes
    ]


def of_functions(checks: Iterable[Check]) -> list[Check]:
    """Keep the checks whose answer is a function."""
    return [check for check in checks if check.inputs is not None]


def of_numbers(checks: Iterable[Check]) -> list[Check]:
    """Keep the checks that ask for numbers, and not for choices alone."""
    return [check for check in checks if _numeric(check)]


# --- answers made by the check itself ----------------------------------------------------------


def find(check: Check, key: str) -> Mistake:
    """Return the known mistake of this key."""
    return next(mistake for mistake in check.mistakes if mistake.key == key)


def outputs_of(check: Check, inputs: dict[str, Any], *mistakes: Mistake) -> dict[str, Any]:
    """Compute what a learner who makes these mistakes hands in."""
    values = check.compute(inputs, mistakes)
    return {name: values[name] for name in check.outputs}


def reports(check: Check, *mistakes: Mistake, seed: int | None = None) -> Report:
    """Judge a learner who makes these mistakes and no others."""
    cases = check.cases(seed)
    return check.judge(cases, [Answer(outputs_of(check, c.inputs, *mistakes)) for c in cases])


def as_learner(check: Check, *mistakes: Mistake, change=lambda outputs: outputs) -> Any:
    """Make a function, or a dictionary of values, that answers like such a learner."""
    if check.inputs is None:
        return change(outputs_of(check, {}, *mistakes))
    names = list(check.cases()[0].inputs)

    def learner(*arguments):
        inputs = dict(zip(names, arguments, strict=True))
        outputs = tuple(change(outputs_of(check, inputs, *mistakes)).values())
        return outputs[0] if len(outputs) == 1 else outputs

    return learner


def study(check: StudyCheck, **changed: Any) -> dict[str, Any]:
    """Give a study as learners hand it in, with some measurements exchanged."""
    measured = {**check.example, **changed}
    found = {**measured, **check.compute(measured)}
    return {name: found[name] for name in check.outputs}


def space_of(notebook: str, *cells: str) -> dict[str, Any]:
    """Run the imports and the named cells of a solution and return what they define."""
    text, space = sources(notebook), {}
    exec(re.sub(r"(?m)^use_style.*$", "", text["imports"]), space)
    space["predict"] = lambda *arguments, **options: None
    for cell in cells:
        exec(text[cell], space)
    return space


def texts(report: Report) -> str:
    """Join all lines of a report."""
    return "\n".join(line.text for line in report.lines)


def named(report: Report) -> set[str]:
    """Return the keys of all mistakes that a report names, alternatives among them."""
    return {key for keys in report.mistakes for key in keys.split("|")}


# --- what must hold ----------------------------------------------------------------------------


def steps_repeat(check: Check) -> None:
    """Steps give the same numbers for the same inputs again, and leave the inputs as they were.

    What `computed_once` keeps rests on it. Computed here without it.
    """
    (first, *_), (second, *_) = CASES(check), CASES(check)
    for mistakes in ((), *((mistake,) for mistake in check.mistakes)):
        once, again = (
            COMPUTE(check, case.inputs, mistakes, right=case.right) for case in (first, second)
        )
        if pickle.dumps(once) != pickle.dumps(again):  # quick, and strict about 0.0 and -0.0
            np.testing.assert_equal(once, again)
    for case in (first, second):
        np.testing.assert_equal(COMPUTE(check, case.inputs), dict(case.right))


def right_answer_passes(check: Check, seeds: Iterable[int | None] = (None, 1, 2, 3, 4)) -> None:
    """The right answer scores 1 and no mistake is named, on inputs of any seed."""
    for seed in seeds:
        report = reports(check, seed=seed)
        assert report.status == "right", str(report)
        assert report.score == 1.0
        assert report.mistakes == ()


def mistake_gets_its_own_message(check: Check, key: str) -> None:
    """A known mistake is named, with its message, and nothing else is."""
    mistake = find(check, key)
    for seed in (None, 1, 2):
        report = reports(check, mistake, seed=seed)
        assert report.mistakes == (key,), str(report)
        assert mistake.message in texts(report)
        assert report.status == "wrong"
        assert report.score < 1.0
        assert not [line for line in report.lines if line.kind == "wrong"], str(report)


def pairs(check: Check, most: int = 40) -> list[tuple[Mistake, Mistake]]:
    """List pairs of mistakes that can be made together; at most `most`, drawn by a fixed seed."""
    possible = [
        (one, other)
        for one, other in itertools.combinations(check.mistakes, 2)
        if not set(one.replaces) & set(other.replaces)
    ]
    if len(possible) <= most:
        return possible
    chosen = np.random.default_rng(0).choice(len(possible), size=most, replace=False)
    return [possible[i] for i in sorted(chosen)]


def pairs_are_both_named(
    check: Check, most: int = 40, among: list[tuple[Mistake, Mistake]] | None = None
) -> int:
    """Two mistakes at once are both named, unless one hides the other. Returns how many were seen.

    One hides the other where the numbers of the two together are those of a smaller set of
    mistakes, or of other mistakes: then the numbers do not prove the pair, and whatever is named
    has to be true of the output for which it is named.
    """
    seen = 0
    singles = [_numbers(check), *(_numbers(check, mistake) for mistake in check.mistakes)]
    for one, other in pairs(check, most) if among is None else among:
        try:
            together = _numbers(check, one, other)
        except (ValueError, IndexError):
            continue  # shapes of the two do not fit together: no learner gets that far
        if any(_equal(check, together, single) for single in singles):
            continue
        if not _finite(check, together):
            continue  # the report says so; what is no number proves no mistake
        report = reports(check, one, other)
        if {one.key, other.key} <= named(report):
            seen += 1
            continue
        others = [tuple(find(check, key) for key in named(report))]
        assert others != [()], f"{one.key} and {other.key}: {report}"
        # An output in which the two mistakes cancel is right, and proves neither of them.
        wrong = [n for n in check.outputs if not _equal(check, together, _numbers(check), [n])]
        assert _equal(check, together, _numbers(check, *others[0]), wrong) or _each_is_true(
            check, report, together
        ), f"{one.key} and {other.key} were taken for {named(report)}:\n{report}"
    return seen


def pairs_by_place(check: Check) -> list[tuple[Mistake, Mistake]]:
    """List one pair of mistakes for every two places in which mistakes can be made.

    For checks with so many mistakes that all pairs of them would take minutes: a place is the set
    of quantities that a mistake replaces.
    """
    chosen: dict[tuple[frozenset[str], ...], list[tuple[Mistake, Mistake]]] = {}
    for pair in pairs(check, 10**9):
        chosen.setdefault(tuple(frozenset(m.replaces) for m in pair), []).append(pair)
    rng = np.random.default_rng(0)
    return [options[rng.integers(len(options))] for options in chosen.values()]


def _each_is_true(check: Check, report: Report, numbers: list[dict[str, Any]]) -> bool:
    """Tell whether each mistake is true of the output for which it is named, by itself.

    An output is what the named mistakes make of the inputs, of the outputs named wrong before it,
    or of the learner's own earlier outputs.
    """
    before: list[Mistake] = []
    for line in (line for line in report.lines if line.kind == "mistake"):
        name = re.match(r"`(\w+)`", line.text)[1]
        keys = line.key.split("|")
        known = [find(check, key) for key in keys]
        order = list(check.outputs)
        starts = [
            (given, {n: case[n] for n in order[: order.index(name)]} if own else {})
            for given in ([], before)
            for own in (False, True)
            for case in numbers[:1]
        ]
        ways = [known] if "either of these ways" not in line.text else [[m] for m in known]
        case, value = check.cases()[0], numbers[0][name]
        for way in ways:
            made = [check.compute(case.inputs, [*given, *way], own) for given, own in starts]
            if not any(check.agrees(value, values[name]) for values in made):
                return False
        before += known
    return True


def _numbers(check: Check, *mistakes: Mistake) -> list[dict[str, Any]]:
    return [outputs_of(check, case.inputs, *mistakes) for case in check.cases()]


def _finite(check: Check, numbers: list[dict[str, Any]]) -> bool:
    return all(np.isfinite(case[name]).all() for case in numbers for name in _numeric(check))


def _equal(
    check: Check,
    one: list[dict[str, Any]],
    other: list[dict[str, Any]],
    names: Iterable[str] | None = None,
) -> bool:
    names = list(check.outputs if names is None else names)
    return all(
        check.agrees(a[name], b[name]) for a, b in zip(one, other, strict=True) for name in names
    )


def perturbation_names_no_mistake(check: Check, seed: int, size: float) -> None:
    """Wrong numbers that belong to no known mistake are called wrong, and no mistake is named.

    Parameters
    ----------
    check : Check
    seed : int
        Of the noise.
    size : float
        Of the noise, as a share of the largest absolute value of the output.
    """
    rng = np.random.default_rng([seed, 7])
    numeric = _numeric(check)
    name = numeric[rng.integers(len(numeric))]
    cases, answers = check.cases(), []
    for case in cases:
        outputs = {n: case.right[n] for n in check.outputs}
        right = np.asarray(outputs[name], dtype=float)
        largest = float(np.max(np.abs(right), initial=0.0)) or 1.0
        noise = rng.uniform(0.5, 1.0, right.shape) * rng.choice([-1.0, 1.0], right.shape)
        least = 3 * 10.0**-check.decimals if check.decimals is not None else 0.0
        outputs[name] = right + max(size * largest, least) * noise
        answers.append(Answer(outputs))
    report = check.judge(cases, answers)
    assert report.mistakes == (), str(report)
    assert report.status == "wrong"
    assert any(line.kind == "wrong" and f"`{name}`" in line.text for line in report.lines)
    rights = [n for n in check.outputs if f"`{n}` is right." in texts(report)]
    assert name not in rights


def _is_choice(check: Check, name: str) -> bool:
    return isinstance(check.outputs[name], tuple)


def _numeric(check: Check) -> list[str]:
    return [n for n in check.outputs if n in check.steps and not _is_choice(check, n)]


def wrong_options_are_reported(check: Check) -> int:
    """Every wrong option of every choice is wrong, and the right choices beside it stay right."""
    seen = 0
    right = outputs_of(check, {})
    for name, option in options(check):
        report = check.report({**right, name: option})
        assert report.status == "wrong", str(report)
        assert report.score == pytest.approx(1 - 1 / len(check.outputs))
        assert f"`{name}`" in texts(report)
        for line in report.lines:
            assert line.kind == "right" or f"`{name}`" in line.text, str(report)
        seen += 1
    return seen


def stub_is_not_started(check: Check, capsys: Any) -> None:
    """A stub, None and ``...`` are work to do: 0 points, no error, nothing on stderr."""

    def stub(*arguments):
        """Docstring of the stub."""
        ...

    answers = [None, ...]
    if check.inputs is None:
        answers += [dict.fromkeys(check.outputs, ...), dict.fromkeys(check.outputs)]
    else:
        answers.append(stub)
    for answer in answers:
        assert check.report(answer).status == "not started", str(check.report(answer))
        score = check(answer, points=3)
        assert type(score) is float
        assert score == 0.0
    assert capsys.readouterr().err == ""


def points_are_a_plain_float(check: Check, capsys: Any) -> None:
    """nbgrader reads a plain float and counts anything on stderr as a failure."""
    for mistakes in ((), *((mistake,) for mistake in check.mistakes)):
        earned = check(as_learner(check, *mistakes), points=3)
        assert type(earned) is float
        assert earned == 3.0 if not mistakes else 0.0 <= earned < 3.0
    assert capsys.readouterr().err == ""


def float32_passes(check: Check) -> None:
    """Rounding to float32 is no mistake."""

    def single(outputs):
        return {
            name: value.astype(np.float32) if np.asarray(value).dtype.kind == "f" else value
            for name, value in outputs.items()
        }

    report = check.report(as_learner(check, change=single))
    assert report.status == "right", str(report)


def lists_pass(check: Check) -> None:
    """Nested lists are as welcome as arrays."""
    report = check.report(
        as_learner(check, change=lambda outputs: {n: _listed(v) for n, v in outputs.items()})
    )
    assert report.status == "right", str(report)


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def change_in_place_is_found(check: Check) -> None:
    """Right numbers, and an input array that is changed on the way: found, and named."""
    names = list(check.cases()[0].inputs)
    arrays = [n for n in names if isinstance(check.cases()[0].inputs[n], np.ndarray)]
    right = as_learner(check)
    for name in arrays:
        position = names.index(name)

        def changes(*arguments, at=position):
            result = right(*(_copied(a) for a in arguments))
            arguments[at][...] = arguments[at] + 1
            return result

        report = check.report(changes)
        assert report.status == "wrong", str(report)
        assert report.score < 1.0
        found = [line for line in report.lines if line.key == "changes_input"]
        assert len(found) == 1
        assert f"`{name}`" in found[0].text


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def hard_coded_size_is_found(check: Check) -> None:
    """Right at the first sizes and not at the second: the report asks about a fixed size."""
    assert len(check.sizes) >= 2, f"{check.name} has one case only: a fixed size would not show"
    right = as_learner(check)
    first = check.cases()[0].inputs
    shapes = [np.shape(value) for value in first.values()]

    def raises(*arguments):
        if [np.shape(a) for a in arguments] != shapes:
            raise ValueError("cannot reshape array")
        return right(*arguments)

    def cuts(*arguments):
        result = right(*arguments)
        if [np.shape(a) for a in arguments] != shapes:
            parts = result if isinstance(result, tuple) else (result,)
            cut = tuple(np.zeros(np.shape(p)) + 0.5 for p in parts)
            result = cut if isinstance(result, tuple) else cut[0]
        return result

    for learner in (raises, cuts):
        report = check.report(learner)
        assert report.status in ("wrong", "stopped"), str(report)
        assert report.score < 1.0
        assert report.mistakes == (), str(report)
        assert "size stand in your code" in texts(report), str(report)


def wrong_form_is_reported(check: Check) -> None:
    """Text, NaN, too many values and an exception become a sentence, never a traceback."""
    names = list(check.outputs)
    numeric = [n for n in names if not _is_choice(check, n)]

    def broken(outputs):
        name = numeric[0]
        return {**outputs, name: np.full(np.shape(outputs[name]), np.nan)}

    if numeric:
        report = check.report(as_learner(check, change=broken))
        assert report.status == "wrong"
        assert "NaN" in texts(report), str(report)
    too_many = tuple(range(len(names) + 1))
    answer = too_many if check.inputs is None else lambda *arguments: too_many
    report = check.report(answer)
    assert report.status == "wrong"
    assert "expected" in texts(report), str(report)
    if check.inputs is not None:

        def stops(*arguments):
            return arguments[0][0] / "text"

        report = check.report(stops)
        assert report.status == "stopped"
        assert "TypeError" in texts(report)


def messages_read_well(check: Check) -> None:
    """Messages and hints: sentences, paired backquotes, no banned words, none twice."""
    assert len(check.hints) == 3
    messages = [mistake.message for mistake in check.mistakes]
    assert len(set(messages)) == len(messages), f"{check.name}: a message is there twice"
    for text in (*messages, *check.hints):
        assert text.strip() == text
        assert text[-1] in ".?", text
        assert text.count("`") % 2 == 0, text
        assert not BANNED.search(re.sub(r"`[^`]*`", "", text)), text
        assert "  " not in text, text
    for message in messages:
        assert len(message) <= 240, message
        assert 1 <= len(re.findall(r"[.?](?= |$)", message)) <= 3, message


def sizes_tell_axes_apart(check: Check) -> None:
    """Between the first two cases every size differs, so that no size can stand as a number."""
    first, second = check.sizes[:2]
    assert all(first[name] != second[name] for name in first), (first, second)


def options(check: Check) -> Iterator[tuple[str, str]]:
    """Yield (output, wrong option) for every wrong answer to the choices of a check."""
    right = check.cases()[0].right
    for name, choice in check.outputs.items():
        if isinstance(choice, tuple):
            yield from ((name, option) for option in choice if option != str(right[name]))


# --- the notebooks around the checks -----------------------------------------------------------


def notebook(name: str) -> Path:
    """Return the solution notebook of a chapter."""
    return Path(__file__).resolve().parents[1] / f"solutions/{name}/{name}.ipynb"


def sources(name: str) -> dict[str, str]:
    """Return the cells of a chapter's solution notebook: id to text."""
    cells = json.loads(notebook(name).read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def graded_cells(path: Path, solved: bool) -> list[tuple[str, float, Any]]:
    """Run a solution notebook, or what a learner gets of it, without a kernel.

    Parameters
    ----------
    path : Path
        A notebook with nbgrader's solution markers.
    solved : bool
        False replaces every solution by ``...`` first, as the release does.

    Returns
    -------
    list of (cell id, points, last value)
        One entry for each cell that a check grades.
    """
    graded = []
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        if not solved:
            source = SOLUTION.sub(r"\1...\n", source)
        name = f"<{cell['id']}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), space)
        expression = ast.Expression(last.value) if last else ast.parse("None", mode="eval")
        value = eval(compile(expression, name, "eval"), space)
        about = cell["metadata"].get("nbgrader", {})
        if about.get("grade") and not about["solution"]:
            graded.append((cell["id"], about["points"], value))
    return graded


def study_keeps_the_contract(check: StudyCheck, capsys: Any) -> None:
    """Hold a check of measurements, in which only properties judge some outputs, to the rules."""
    right_answer_passes(check)
    for mistake in check.mistakes:
        mistake_gets_its_own_message(check, mistake.key)
    float32_passes(check)
    lists_pass(check)
    wrong_form_is_reported(check)
    messages_read_well(check)
    stub_is_not_started(check, capsys)
    points_are_a_plain_float(check, capsys)
