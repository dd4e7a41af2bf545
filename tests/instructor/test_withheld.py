"""What is withheld from submissions: every check has its list, and no list can be got around."""

import hashlib
import re

import nbformat
import pytest

from instructor import course_copy, withholding
from instructor.references import Course, course
from instructor.withholding import CopyError, Pass
from tests import checks_contract as contract
from tests.instructor.copies import run_in_copies
from tests.instructor.delegates import DELEGATES, PARTLY_RIGHT, REACHED
from utils.checks import REGISTRY
from utils.checks.running import Answer

ASSIGNMENTS = [name for name in REGISTRY if name != "00_start_here"]
every_assignment = pytest.mark.parametrize("name", ASSIGNMENTS)
EACH = [
    pytest.param(chapter, name, place, id=f"{chapter[:2]}-{name}-{place}")
    for chapter, answers in DELEGATES.items()
    for name, sources in answers.items()
    for place in range(len(sources))
]


def seed_of(number: int, check) -> int:
    """Return a large whole number, as a grader derives them."""
    text = f"{number} {check.chapter} {check.name}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def functions_of(name):
    return [check for check in REGISTRY[name].values() if check.inputs is not None]


# --- the table -----------------------------------------------------------------------------------


def test_every_check_has_an_entry_and_every_entry_a_check():
    table = withholding._table()
    assert {chapter: list(part) for chapter, part in table.items()} == {
        chapter: list(checks) for chapter, checks in REGISTRY.items()
    }
    assert all("withheld" in entry for part in table.values() for entry in part.values())


def test_names_of_checks_are_unique_in_the_course():
    names = [name for checks in REGISTRY.values() for name in checks]
    assert len(names) == len(set(names))


@every_assignment
def test_checks_of_functions_withhold_something(name):
    withheld = course_copy.withheld_for(name)
    free = {check.name for check in functions_of(name) if not withheld[check.name]}
    # A loss and a training run to repair, and three ways of clipping to measure: the functions of
    # the course are what these exercises are about.
    assert free <= {"repaired_step", "turned_angles"}


def test_a_group_is_put_in_and_names_are_where_they_are_defined():
    found = course_copy.withheld_for("02_rnn_forward", ["rnn_step"])
    assert set(found) == {"rnn_step"}
    assert {"utils.cells.rnn.rnn_step", "utils.sequence.rnn.rnn_sequence"} <= found["rnn_step"]


def test_checks_are_found_in_other_notebooks():
    assert course_copy.withheld_for("my_own", ["clip"])["clip"]
    assert course_copy.plan("my_own", ["clip", "rnn_step"], given=["import numpy as np"]) == [
        Pass(
            course_copy.own_pass("my_own", "clip").withheld
            | course_copy.own_pass("my_own", "rnn_step").withheld,
            ("clip", "rnn_step"),
        )
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: course_copy.withheld_for("my_own"), "my_own is no notebook of the course"),
        (lambda: course_copy.withheld_for("my_own", ["nothing"]), "no check named nothing"),
        (lambda: course_copy.own_pass("02_rnn_forward", "nothing"), "no check named nothing"),
        (lambda: course_copy.plan("my_own", ["clip"]), "hand over the given cells"),
    ],
)
def test_what_cannot_be_found_is_named(call, message):
    with pytest.raises(CopyError, match=message):
        call()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('withheld = ["utils.cells.rnn_step"]', "no function of the course under this name"),
        ('withheld = ["utils.cells.rnn.RNNWeights"]', "no function of the course"),
        ('withheld = ["@nothing"]', "no such group"),
        ("witheld = []", "has witheld; expected"),
    ],
)
def test_a_mistake_in_the_table_is_named(entry, message, tmp_path, monkeypatch):
    table = tmp_path / "withheld.toml"
    table.write_text(f"[groups]\n[02_rnn_forward.rnn_step]\n{entry}\n", encoding="utf-8")
    monkeypatch.setattr(withholding, "TABLE", table)
    withholding._table.cache_clear()
    try:
        with pytest.raises(CopyError, match=message):
            course_copy.withheld_for("02_rnn_forward", ["rnn_step"])
    finally:
        withholding._table.cache_clear()


# --- the passes ----------------------------------------------------------------------------------


@every_assignment
def test_a_plan_asks_every_check_once_and_withholds_what_it_has_to(name):
    withheld = course_copy.withheld_for(name)
    passes = course_copy.plan(name)
    asked = [check for run in passes for check in run.checks]
    assert sorted(asked) == sorted(REGISTRY[name])
    for run in passes:
        assert list(run.checks) == [check for check in REGISTRY[name] if check in run.checks]
        for check in run.checks:
            assert withheld[check] <= run.withheld
            allowed = withholding._names(REGISTRY[name][check], "allowed")
            assert run.withheld.isdisjoint(course().reached(names=allowed))
    assert passes[0].withheld.isdisjoint(course_copy.needed_by_given(name))
    assert len(passes) <= 3


def test_given_cells_that_need_a_function_make_another_run():
    run = ["from utils import cells", "def f(x, h, w):\n    return cells.rnn_unroll(x, h, w)"]
    assert "utils.cells.rnn.rnn_step" in course_copy.needed_by_given("o", ["rnn_step"], run)
    (first, second) = course_copy.plan("o", ["rnn_step", "clip"], given=run)
    assert first.checks == ("clip",)
    assert second.checks == ("rnn_step",)


def test_a_name_is_read_from_an_error():
    assert course_copy.withheld_name("Withheld: utils.a.b is what an exercise") == "utils.a.b"
    assert course_copy.withheld_name("Your code stopped: Withheld: utils.a.B.c is") == "utils.a.B.c"
    assert course_copy.withheld_name("NameError: name 'Withheld' is not defined") is None
    assert course_copy.withheld_name(None) is None


# --- what code can reach -------------------------------------------------------------------------


def test_references_go_through_imports_methods_and_tables(tmp_path):
    package = tmp_path / "pack"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("from .inner import twice\n")
    (package / "inner" / "__init__.py").write_text("from pack.inner.deep import twice, Thing\n")
    (package / "inner" / "deep.py").write_text(
        "def base(): return 1\n"
        "def twice(): return 2 * base()\n"
        "def alone(): pass\n"
        "TABLE = {'a': twice}\n"
        "def by_table(key): return TABLE[key]()\n"
        "class Base:\n"
        "    def __init__(self): self.start()\n"
        "    def start(self): twice()\n"
        "    def other(self): alone()\n"
        "class Thing(Base):\n"
        "    def go(self): return 1\n"
    )
    found = Course(package)
    deep = "pack.inner.deep."
    assert found.resolve("pack.twice") == deep + "twice"
    assert found.reached(["from pack import twice\ntwice()"]) == {deep + "twice", deep + "base"}
    assert found.reached(["import pack.inner as p\nf = p.twice"]) == {deep + "twice", deep + "base"}
    assert deep + "base" in found.reached(["from pack.inner.deep import by_table\nby_table('a')"])
    thing = found.reached(["from pack.inner import Thing\n", "%magic\nx = Thing()", "1 +"])
    assert found.reached(names=[deep + "Base.other"]) == {
        deep + n for n in ("Base.other", "alone", "Base.__init__", "Base.start", "twice", "base")
    }
    assert thing == {deep + n for n in ("Base.__init__", "Base.start", "twice", "base")}
    assert deep + "alone" in found.reached(["from pack.inner import Thing\nThing().other()"])
    assert found.reached(["print(1)"]) == frozenset()


# --- answers that delegate -----------------------------------------------------------------------


def test_there_is_one_for_every_check_of_a_function():
    for name in ASSIGNMENTS:
        withheld = course_copy.withheld_for(name)
        wanted = {check.name for check in functions_of(name) if withheld[check.name]}
        assert set(DELEGATES[name]) == wanted


@pytest.mark.parametrize(("chapter", "name", "place"), EACH)
def test_outside_a_copy_it_gives_right_numbers(chapter, name, place):
    space = {}
    exec(DELEGATES[chapter][name][place], space)
    report = REGISTRY[chapter][name].report(space["answer"])
    if (chapter, name, place) in REACHED:
        assert report.status == "wrong", str(report)
    elif (chapter, name, place) in PARTLY_RIGHT:
        assert 0.4 < report.score < 1, str(report)
    else:
        assert report.status == "right", str(report)


def stopped_by(runs, tmp_path):
    """Run answers in copies; return by which function each is stopped.

    `runs` is a list of (chapter, pass, list of (check's name, source)).
    """
    jobs = []
    for chapter, run, answers in runs:
        steps = []
        for name, source in answers:
            check = REGISTRY[chapter][name]
            inputs = [case.inputs for case in check.cases(seed_of(0, check))]
            call = ("answer", list(check.outputs), inputs, course_copy.call_of(check))
            steps += [("run", source), ("call", *call, check.parameters)]
        jobs.append((course_copy.cached_copy(tmp_path / "copies", chapter, run.withheld), steps))
    reasons = []
    for (_, _, answers), found in zip(runs, run_in_copies(jobs, tmp_path), strict=True):
        for (name, _), defined, called in zip(answers, found[::2], found[1::2], strict=True):
            assert defined is None, (name, defined)
            assert all(outputs == {} and kind == "raised" for outputs, _, kind in called), name
            reasons.append({course_copy.withheld_name(problem) for _, problem, _ in called})
    return reasons


@pytest.mark.instructor
def test_in_the_copy_it_is_stopped(tmp_path):
    runs = [
        (chapter, run, [(name, source) for name in run.checks for source in answers.get(name, ())])
        for chapter, answers in DELEGATES.items()
        for run in course_copy.plan(chapter)
    ]
    reasons = iter(stopped_by(runs, tmp_path))
    again = []
    for chapter, run, answers in runs:
        for name, source in answers:
            reason = next(reasons)
            assert reason <= run.withheld, (name, reason)
            if not reason <= course_copy.withheld_for(chapter)[name]:
                again.append((chapter, course_copy.own_pass(chapter, name), [(name, source)]))
    # Stopped by what another exercise asks for: then the check's own list alone has to do it, since
    # such an answer is asked once more with that.
    for (_, run, _), reason in zip(again, stopped_by(again, tmp_path), strict=True):
        assert reason <= run.withheld
    assert len(EACH) == sum(len(answers) for _, _, answers in runs)


# --- the solutions -------------------------------------------------------------------------------


def solution_steps(name, asked):
    """Return the steps of a run that asks for functions, and the checks of its calls.

    Answers of other exercises that hold no function are left out: they train networks.
    """
    steps, checks, answer = [], [], None
    for cell in nbformat.read(f"solutions/{name}/{name}.ipynb", as_version=4).cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code":
            continue
        found = re.search(r"checks\.check_(\w+)\((\w+)", contract.SOLUTION.sub("", cell.source))
        if marks.get("grade") and found and not marks.get("solution"):
            check = REGISTRY[name][found[1]]
            if check.inputs is not None:
                steps += answer
            if check.name in asked and check.inputs is not None:
                inputs = [case.inputs for case in check.cases(seed_of(1, check))]
                call = (found[2], list(check.outputs), inputs, course_copy.call_of(check))
                steps.append(("call", *call, check.parameters))
                checks.append(check)
            answer = None
        elif marks.get("solution"):
            answer = [*(answer or []), ("run", cell.source)]
        elif name != "12_open_your_model" or "admit" not in cell.source:
            steps.append(("run", cell.source))
        if len(checks) == sum(REGISTRY[name][c].inputs is not None for c in asked):
            break
    return steps, checks


@every_assignment
def test_a_whole_solution_calls_nothing_that_the_first_run_withholds(name):
    cells = nbformat.read(f"solutions/{name}/{name}.ipynb", as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    assert not course().reached(sources) & course_copy.plan(name)[0].withheld


@pytest.mark.instructor
def test_the_solutions_of_functions_run_in_the_copy(tmp_path):
    jobs, told = [], []
    for name in ASSIGNMENTS:
        for run in course_copy.plan(name):
            steps, checks = solution_steps(name, run.checks)
            if checks:
                copy = course_copy.cached_copy(tmp_path / "copies", name, run.withheld)
                jobs.append((copy, steps))
                told.append(checks)
    results = run_in_copies(jobs, tmp_path)
    judged = set()
    for checks, found in zip(told, results, strict=True):
        calls = [answers for answers in found if isinstance(answers, list)]
        for check, answers in zip(checks, calls, strict=True):
            cases = check.cases(seed_of(1, check))
            assert all(problem is None for _, problem, _ in answers), (check.name, answers)
            report = check.judge(cases, [Answer(outputs) for outputs, _, _ in answers])
            assert report.status == "right", str(report)
            judged.add(check.name)
    assert judged == {check.name for name in ASSIGNMENTS for check in functions_of(name)}


# --- inputs of other seeds -----------------------------------------------------------------------


@pytest.mark.instructor
@pytest.mark.usefixtures("computed_once")
@pytest.mark.parametrize(
    "check",
    [check for name in REGISTRY for check in functions_of(name)],
    ids=contract.identify,
)
def test_the_right_answer_gets_full_marks_for_thirty_other_seeds(check):
    for number in range(30):
        seed = seed_of(number, check)
        cases = check.cases(seed)
        if set(check.outputs) <= set(check.steps):
            contract.right_answer_passes(check, [seed])
        for mistake in check.mistakes if number < 3 else ():
            wrong = [check.compute(case.inputs, [mistake], right=case.right) for case in cases]
            answers = [Answer({name: values[name] for name in check.outputs}) for values in wrong]
            report = check.judge(cases, answers)
            assert report.score < 1, (mistake.key, seed)
            assert report.mistakes == (mistake.key,), str(report)
