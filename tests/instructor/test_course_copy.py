"""The course copy: what it holds, what it must not hold, how checks and functions behave in it."""

import ast
import inspect
import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import utils
from instructor import course_copy, withholding
from instructor.course_copy import CopyError
from tests.instructor.copies import run_in_copies
from utils import cells, parameter_counts
from utils.checks import REGISTRY
from utils.checks.engine import Check

NAME = "02_rnn_forward"
RNG = np.random.default_rng(0)
EVERYTHING = frozenset(
    name
    for chapter in withholding._table().values()
    for entry in chapter.values()
    for name in entry["withheld"]
)
CHECKS = [check for chapter in REGISTRY.values() for check in chapter.values()]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Write a copy that withholds everything that any exercise of the course asks for."""
    target = tmp_path_factory.mktemp("copy") / "course"
    course_copy.write_copy(target, NAME, EVERYTHING)
    return target


def texts(copy):
    return {path.relative_to(copy).as_posix(): path.read_text() for path in copy.rglob("*.py")}


# --- what is in it -------------------------------------------------------------------------------


def test_it_holds_sources_alone_and_four_files_in_place_of_the_checks(copy):
    files = [path for path in copy.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".py"}
    assert [path.name for path in copy.iterdir()] == ["utils"]
    kept = {path.name for path in (copy / "utils" / "checks").iterdir()}
    assert {"__init__.py", "running.py", "calling.py", "withheld.py"} <= kept
    assert not [name for name in kept if name.startswith(course_copy.SECRET_CHECKS)]
    assert all((path.stat().st_mode & 0o777) == 0o644 for path in files)


def test_no_hint_no_message_and_no_marker_of_a_solution_is_in_it(copy):
    whole = "\n".join(texts(copy).values())
    flat = re.sub(r'"\s*\n\s*f?"', "", whole)  # texts that go over several lines
    for check in CHECKS:
        for hint in check.hints:
            assert hint not in flat, hint
        for mistake in check.mistakes:
            assert mistake.message not in flat, mistake.message
    assert "BEGIN SOLUTION" not in whole
    assert "add_mistake" not in whole


def test_every_other_file_is_the_one_of_the_course(copy):
    plain = texts(copy)
    for module in course_copy.source_files(course_copy.PACKAGE):
        name = f"utils/{module.relative_to(course_copy.PACKAGE).as_posix()}"
        own = plain.pop(name)
        if not any(n.startswith(f"{course_copy._module_of(module)}.") for n in EVERYTHING):
            assert own == module.read_text(encoding="utf-8")
    assert all(name.startswith("utils/checks/") for name in plain)
    for name in ("running", "calling"):
        original = course_copy.PACKAGE / "checks" / f"{name}.py"
        assert plain[f"utils/checks/{name}.py"] == original.read_text(encoding="utf-8")


def test_a_withheld_function_has_no_body(copy):
    rnn = ast.parse((copy / "utils/cells/rnn.py").read_text())
    (step,) = [n for n in rnn.body if isinstance(n, ast.FunctionDef) and n.name == "rnn_step"]
    assert [type(part) for part in step.body] == [ast.Expr, ast.ImportFrom, ast.Raise]
    assert [part.arg for part in step.args.args] == list(
        inspect.signature(cells.rnn_step).parameters
    )
    assert "np.tanh" not in ast.unparse(ast.Module(step.body[1:], []))


# --- how it is made ------------------------------------------------------------------------------


def test_the_same_arguments_make_the_same_bytes(copy, tmp_path):
    course_copy.write_copy(tmp_path / "again", NAME, list(EVERYTHING)[::-1])
    assert texts(tmp_path / "again") == texts(copy)


def test_the_fingerprint_changes_with_what_is_withheld():
    few = {"utils.cells.rnn.rnn_step", "utils.cells.rnn.rnn_unroll"}
    assert course_copy.fingerprint(NAME, few) == course_copy.fingerprint(NAME, sorted(few))
    assert course_copy.fingerprint(NAME, few) != course_copy.fingerprint(NAME, ())


def test_several_at_a_time_make_one_copy(tmp_path):
    # Processes, as in grading: Python 3.11 cannot parse in several threads at once.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        made = [pool.submit(course_copy.cached_copy, tmp_path / "c", NAME) for _ in range(4)]
        found = [future.result() for future in made]
    assert {path.name for path in (tmp_path / "c").iterdir()} == {found[0].name}
    assert len(set(found)) == 1
    before = (found[0] / "utils" / "__init__.py").stat().st_mtime_ns
    assert course_copy.cached_copy(tmp_path / "c", NAME) == found[0]
    assert (found[0] / "utils" / "__init__.py").stat().st_mtime_ns == before
    assert course_copy.cached_copy(tmp_path / "c", NAME, ["utils.optim.SGD.step"]) != found[0]


@pytest.mark.parametrize(
    "name",
    ["numpy.tanh", "utils", "utils.cells", "utils.cells.rnn.nothing", "utils.cells.rnn.RNNWeights"],
)
def test_what_is_no_function_cannot_be_withheld(name, tmp_path):
    with pytest.raises(CopyError, match=rf"{re.escape(name)} is no function of the course"):
        course_copy.write_copy(tmp_path / "copy", NAME, [name])


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(CopyError, match="is not empty"):
        course_copy.write_copy(tmp_path, NAME)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_bodies_are_taken_out_whatever_stands_around_them():
    source = '''\
import functools

@functools.cache
def f(
    x,  # a comment
    *, y=1,
):
    """Say something.

    In two paragraphs.
    """
    # The answer is 42.
    return 42


def g(x):
    # a comment
    @functools.cache
    def inner():
        return 43
    return inner()


class C:
    @property
    def p(self):
        return 44

    async def q(self):
        """Wait."""
        return 45
'''
    text = course_copy.withhold(source, "utils.m", ["f", "g", "C.p", "C.q"])
    for secret in ("42", "43", "44", "45"):
        assert secret not in text
    tree = ast.parse(text)
    assert [type(node).__name__ for node in tree.body] == [
        "Import",
        "FunctionDef",
        "FunctionDef",
        "ClassDef",
    ]
    assert ast.get_docstring(tree.body[1]) == "Say something.\n\nIn two paragraphs."
    assert text.count("raise Withheld(") == 4
    assert 'Withheld("utils.m.C.p")' in text
    with pytest.raises(CopyError, match="in the line of its `def`"):
        course_copy.withhold("def f(): return 1\n", "utils.m", ["f"])


def test_a_module_that_knows_answers_cannot_run_beside_submissions(monkeypatch):
    monkeypatch.setattr(course_copy, "KEPT_CHECKS", ("running", "describing"))
    with pytest.raises(CopyError, match="which knows answers"):
        course_copy.fingerprint(NAME)


# --- adapters and warm starts --------------------------------------------------------------------


def test_every_check_that_calls_in_its_own_way_does_so_through_the_copy():
    found = {check.name: course_copy.call_of(check) for check in CHECKS if check.call}
    assert found == {
        "numerical_gradient": "utils.checks.calling:with_curved_loss",
        "numerical_gradients": "utils.checks.calling:with_loss_of_parameters",
        "turned_angles": "utils.checks.calling:tuple_as_list",
        "packing": "utils.checks.calling:unpacked",
    }
    assert all(course_copy.call_of(check) is None for check in CHECKS if not check.call)


def test_an_adapter_of_another_module_is_refused(monkeypatch):
    monkeypatch.setitem(REGISTRY, "own", {})
    check = Check(
        "own",
        chapter="own",
        title="My own",
        outputs={"y": ""},
        inputs=lambda rng, sizes: {"x": 1.0},
        steps={"y": lambda x: x},
        call=lambda function, x: function(x),
    )
    with pytest.raises(CopyError, match=r"expected a function of utils\.checks\.calling"):
        course_copy.call_of(check)


def test_a_warm_start_imports_what_the_course_needs_and_nothing_else():
    given = [
        "%matplotlib inline",
        "import numpy as np\nfrom utils import cells as c\nimport os, utils\nprint('no')",
        "import numpy as np\nfrom antigravity import fly\nfrom . import x",
    ]
    assert course_copy.warm_up("own", given) == (
        "import numpy as np",
        "from utils import cells as c",
    )
    for name in REGISTRY:
        if name != "00_start_here":
            assert "import numpy as np" in course_copy.warm_up(name)
    with pytest.raises(CopyError, match="hand over the given cells"):
        course_copy.warm_up("own")


# --- how it behaves ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(copy, tmp_path_factory):
    """Run a few programs in the copy, all in one process."""
    modules = [
        path.relative_to(copy)
        .with_suffix("")
        .as_posix()
        .replace("/", ".")
        .removesuffix(".__init__")
        for path in sorted(copy.rglob("*.py"))
    ]
    programs = {
        "imports": [("run", "\n".join(f"import {module}" for module in modules))],
        "warm": [
            ("run", statement)
            for name in REGISTRY
            if name != "00_start_here"
            for statement in course_copy.warm_up(name)
        ],
        "functions": [
            ("run", "import inspect\nfrom utils import cells, parameter_counts"),
            ("eval", "str(inspect.signature(cells.rnn_step)), cells.rnn_step.__doc__"),
            ("eval", "inspect.getsource(cells.rnn_step)"),
            ("run", "cells.rnn_step(1, 2, 3)"),
            ("run", "from utils.optim import SGD\nSGD(0.1).step({}, {})"),
            ("run", "parameter_counts.LayerCount.total.fget(None)"),
            ("run", "from utils.sequence.rnn import rnn_sequence as f; f(1, 2, 3)"),
            ("run", "from utils.unrolled import memory_of_first_word as f\nf(1, 2, 3)"),
        ],
        "checks": [
            (
                "run",
                "from utils import checks\n"
                "class Hostile:\n"
                "    def __getattribute__(self, name): raise SystemExit(name)\n"
                "    def __eq__(self, other): return True\n"
                "    __hash__ = None\n"
                "got = checks.check_rnn_step(Hostile(), points=2)\n"
                "report = checks.check_rnn_step.report(Hostile())\n"
                "checks.check_rnn_step.hint()\n"
                "from utils.widgets import progress\n"
                "progress()",
            ),
            ("eval", "(type(got).__name__, got, report.score, report.status, report.mistakes)"),
            ("eval", "{c: list(found) for c, found in checks.REGISTRY.items()}"),
            ("eval", "sorted(name for name in vars(checks) if name.startswith('check_'))"),
            ("eval", "checks.check_rnn_step.title"),
        ],
    }
    target = tmp_path_factory.mktemp("programs")
    found = run_in_copies([(copy, steps) for steps in programs.values()], target)
    return dict(zip(programs, found, strict=True))


def test_every_module_can_be_imported_and_every_warm_start_made(seen):
    assert seen["imports"] == [None]
    assert set(seen["warm"]) == {None}


def test_a_withheld_function_keeps_its_name_and_says_why_it_stops(seen):
    _, (signature, doc), source, *errors = seen["functions"]
    assert signature == str(inspect.signature(cells.rnn_step))
    assert doc == cells.rnn_step.__doc__
    assert "np.tanh(" not in source
    names = [course_copy.withheld_name(error) for error in errors]
    assert names == [
        "utils.cells.rnn.rnn_step",
        "utils.optim.SGD.step",
        "utils.parameter_counts.LayerCount.total",
        "utils.sequence.rnn.rnn_sequence",
        "utils.unrolled.memory_of_first_word",
    ]
    assert errors[0].startswith("Withheld: utils.cells.rnn.rnn_step is what an exercise")


def test_its_checks_know_names_and_titles_and_never_look_at_an_answer(seen):
    ran, values, registry, names, title = seen["checks"]
    assert ran is None
    assert values == ("float", 0.0, 0.0, "not started", ())
    assert registry == {chapter: list(checks) for chapter, checks in REGISTRY.items()}
    assert names == sorted(f"check_{check.name}" for check in CHECKS)
    assert title == REGISTRY[NAME]["rnn_step"].title


def test_the_course_itself_is_left_as_it_was():
    step = cells.rnn_step(np.ones((1, 2)), np.zeros((1, 3)), cells.init_rnn_weights(2, 3, RNG))
    assert step.shape == (1, 3)
    assert parameter_counts.count_network("rnn", 2, 3).total == 2 * 3 + 9 + 3
    assert utils.__file__ == str(course_copy.PACKAGE / "__init__.py")
