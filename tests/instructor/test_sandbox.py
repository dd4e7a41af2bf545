"""The sandbox in honest use: cells, calls, values, limits, and what is said where it cannot be."""

import os
import shutil
import subprocess
import sys
import threading
from unittest import mock

import numpy as np
import pytest

from instructor.sandbox import (
    MISSING,
    REASONS,
    Limits,
    Opaque,
    Record,
    Sandbox,
    SandboxError,
    Stopped,
    bubblewrap,
    warm,
)
from instructor.sandbox.inside import linux
from tests.instructor.sandboxes import DOUBLE, LIMITS, SHORT, is_well, printed, run, small_course
from tests.needs import needs_bubblewrap
from tools.variables import ONE_THREAD


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return small_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(False, marks=needs_bubblewrap, id="walled"),
        pytest.param(True, id="unsafe"),
    ],
)
def sandbox(request, course):
    with Sandbox(course, ["import numpy as np"], LIMITS, unsafe=request.param) as made:
        made.start()
        yield made


@pytest.fixture
def session(sandbox):
    with sandbox.session() as made:
        yield made


def test_cells_print_show_and_give_results(session):
    outcome = run(
        session,
        """
        import sys
        import matplotlib.pyplot as plt
        from IPython.display import HTML, Markdown, display
        print("one")
        print("two", file=sys.stderr)
        display(HTML("<script>alert(1)</script>"))
        display(3)
        plt.plot([1, 2])
        plt.show()
        [1, 2]
        """,
    )
    kinds = [(output["output_type"], output.get("text")) for output in outcome.outputs]
    assert kinds[:2] == [("stream", "one\n"), ("stream", "two\n")]
    assert [output["name"] for output in outcome.outputs[:2]] == ["stdout", "stderr"]
    assert outcome.outputs[2]["data"] == {"text/plain": "<IPython.core.display.HTML object>"}
    assert outcome.outputs[3]["data"] == {"text/plain": "3"}
    assert outcome.outputs[4]["data"]["image/png"].startswith("iVBOR")
    result = outcome.outputs[5]
    assert result["output_type"] == "execute_result"
    assert result["data"] == {"text/plain": "[1, 2]"}
    assert outcome.error is None
    assert outcome.seconds > 0


def test_outputs_are_valid_in_a_notebook(session):
    import nbformat.v4

    outcome = session.run_cell("print(1)\n2")
    cell = nbformat.v4.new_code_cell("", outputs=outcome.outputs)
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_magics_await_and_the_names_of_other_cells_work(session):
    assert printed(session.run_cell("%timeit -n1 -r1 1")).endswith("loop each)")
    assert printed(session.run_cell("import asyncio\nawait asyncio.sleep(0)\nprint(2)")) == "2"
    session.run_cell("x = 3")
    assert printed(session.run_cell("print(x, __name__)")) == "3 __main__"


def test_an_error_is_told_in_a_line_and_the_session_goes_on(session):
    session.run_cell("def f():\n    return 1 / 0")
    outcome = session.run_cell("x = 2\nf()")
    assert (outcome.error, outcome.stopped) == ("ZeroDivisionError: division by zero", None)
    assert (outcome.line, outcome.line_number) == ("return 1 / 0", 2)
    outcome = session.run_cell("x = = 2")
    assert outcome.error.startswith("SyntaxError: invalid syntax")
    assert (outcome.line, outcome.line_number) == ("x = = 2", 1)
    assert session.run_cell("raise SystemExit").error == "SystemExit"
    assert session.run_cell("exit()").error is None
    assert session.run_cell("input()").error.startswith(("EOFError", "OSError"))
    source = "class E(Exception):\n    def __str__(self):\n        raise self\nraise E"
    assert session.run_cell(source).error.startswith("E")
    assert session.value("x") == 2


def test_values_come_back_as_plain_ones(session):
    run(
        session,
        """
        import numpy as np
        from typing import NamedTuple
        class Step(NamedTuple):
            h: float
        made = {"a": [1, 2.5, "x", None, ...], "b": (np.arange(3), True), "s": {1}, "f": len}
        step = Step(0.5)
        """,
    )
    made = session.value("made")
    assert made["a"] == [1, 2.5, "x", None, ...]
    assert made["b"][0].tolist() == [0, 1, 2]
    assert made["s"] == Opaque("set")
    assert made["f"].callable
    assert session.value("step").h == 0.5
    assert session.value("not_there") is MISSING


def test_functions_are_called_with_the_inputs_of_every_case(session):
    session.run_cell(DOUBLE)
    cases = [{"xs": np.ones(2)}, {"xs": np.arange(3)}]
    first, second = session.call("double", ["ys"], cases)
    assert first.outputs["ys"].tolist() == [2, 2]
    assert second.outputs["ys"].tolist() == [0, 2, 4]
    (answer,) = session.call("double", ["ys"], cases[:1], call="utils.checks.calling:twice")
    assert answer.outputs["ys"].tolist() == [4, 4]


def test_what_a_function_does_wrong_is_described_as_in_the_notebook(session):
    run(
        session,
        """
        import numpy as np
        count = 0
        def changes(xs):
            global count
            count += 1
            xs += 1
            print("called")
            return xs * count
        def fails(xs):
            return xs @ np.ones(7)
        def nothing(xs):
            ...
        def two(xs):
            return xs, 1
        def swapped(b, a):
            return a
        value = 3
        """,
    )
    cases = [{"xs": np.ones(2)}]
    (answer,) = session.call("changes", ["ys"], cases)
    assert answer.changed_inputs == ("xs",)
    assert not answer.repeatable
    assert answer.printed == "called"
    (answer,) = session.call("fails", ["ys"], cases)
    assert answer.problem.kind == "raised"
    assert answer.problem.line == "return xs @ np.ones(7)"
    assert "`xs` of shape (2,)" in answer.problem.text
    kinds = {"nothing": "not started", "two": "wrong count", "value": "not a function"}
    for name, kind in {**kinds, "not_there": "not started"}.items():
        answers = session.call(name, ["ys"], cases * 2)
        assert [answer.problem.kind for answer in answers] == [kind] * 2
    (answer,) = session.call("swapped", ["y"], [{"a": 1.0, "b": 2.0}])
    assert "another order" in answer.problem.text


def test_an_answer_is_that_of_the_notebook(session):
    from utils.checks.running import run as run_here

    source = "def f(a, b, how):\n    return {'p': a @ b, 'q': how, 'r': None}\n"
    session.run_cell(source)
    scope = {}
    exec(source, scope)
    rng = np.random.default_rng(0)
    case = {"a": rng.normal(size=(2, 3)), "b": rng.normal(size=(3, 4)), "how": "tanh"}
    (there,) = session.call("f", ["p", "q", "r"], [case])
    here = run_here(scope["f"], case, ["p", "q", "r"])
    np.testing.assert_array_equal(there.outputs["p"], here.outputs["p"])
    assert {**there.outputs, "p": 0} == {**here.outputs, "p": 0}
    assert (there.problem, there.changed_inputs, there.repeatable) == (None, (), True)


def test_sessions_know_nothing_of_each_other(sandbox):
    with sandbox.session() as one, sandbox.session() as other:
        one.run_cell("x = 1\nimport numpy\nnumpy.pi = 3\nopen('left', 'w').write('x')")
        assert other.value("x") is MISSING
        assert printed(other.run_cell("import numpy\nprint(round(numpy.pi, 2))")) == "3.14"
    is_well(sandbox)


def test_a_loop_and_an_end_are_told_with_or_without_a_wall(sandbox):
    with sandbox.session(SHORT) as session:
        assert session.run_cell("while True: pass").stopped == "timed out"
        assert session.run_cell("print(1)").outputs[0]["text"] == "1\n"
        with pytest.raises(Stopped, match=r"In cell `a`: .*exit code 5") as caught:
            session.run_cell("import os\nos._exit(5)", "a")
        assert caught.value.reason == "crashed"
    is_well(sandbox)


def test_sessions_can_be_used_from_threads_that_end(sandbox):
    found = []

    def work():
        with sandbox.session() as session:
            found.append(printed(session.run_cell("print(7)")))

    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    is_well(sandbox)
    assert found == ["7", "7"]


# --- starting --------------------------------------------------------------------------------


def test_a_folder_that_is_no_course_is_refused(tmp_path):
    with pytest.raises(SandboxError, match=r"no copy of the course: it has no utils/checks/runn"):
        Sandbox(tmp_path)


def test_a_warm_up_that_fails_says_so(course):
    with (
        Sandbox(course, ["import numpy", "import no_such_module"], unsafe=True) as sandbox,
        pytest.raises(SandboxError, match="No module named 'no_such_module'"),
    ):
        sandbox.start()


def test_unsafe_warns_once(course, capsys, monkeypatch):
    monkeypatch.setattr("instructor.sandbox.warden._warned", set())
    monkeypatch.setattr("instructor.sandbox.warden.WarmProcess", mock.MagicMock())
    for _ in range(2):
        with Sandbox(course, unsafe=True) as sandbox:
            sandbox.start()
    assert capsys.readouterr().err.count("without a sandbox") == 1


def test_what_is_missing_is_said_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"bwrap is not installed.*apt install bubblewrap"):
        bubblewrap.require()


def fake_program(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bubblewrap is for Linux")
def test_a_system_that_allows_no_sandbox_is_explained(monkeypatch, tmp_path):
    fake_program(tmp_path, "setpriv", "exit 0")
    fake_program(
        tmp_path,
        "bwrap",
        'if [ "$1" = --version ]; then echo bubblewrap 0.8.0; exit; fi\n'
        "echo 'bwrap: Creating new namespace failed' >&2; exit 1",
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    settings = {
        "user/max_user_namespaces": "0",
        "kernel/apparmor_restrict_unprivileged_userns": "1",
    }
    monkeypatch.setattr(bubblewrap, "_setting", lambda name: settings.get(name, ""))
    with pytest.raises(SandboxError, match="Creating new namespace failed") as caught:
        bubblewrap.require()
    assert "switched off" in str(caught.value)
    assert "AppArmor" in str(caught.value)
    assert "--unsafe" in str(caught.value)
    fake_program(tmp_path, "bwrap", "echo bubblewrap 0.3.1")
    bubblewrap._require.cache_clear()
    with pytest.raises(SandboxError, match=r"bubblewrap 0\.3\.1 is too old"):
        bubblewrap.require()
    bubblewrap._require.cache_clear()


def mounts_of(command, kinds=("--ro-bind", "--tmpfs")):
    found = []
    for i, part in enumerate(command):
        if part in kinds:
            found.append(command[i + (2 if part.endswith("bind") else 1)])
    return found


def test_the_command_binds_what_is_needed_and_covers_what_is_ours(monkeypatch, tmp_path):
    library = tmp_path / "venv" / "lib" / "site-packages"
    for name in ("utils", "instructor", "numpy"):
        (library / name).mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setattr(sys, "exec_prefix", str(tmp_path / "venv"))
    monkeypatch.setattr(bubblewrap, "library_folders", lambda: [str(library)])
    command = bubblewrap.command(tmp_path / "course", tmp_path / "inside", ["python"])
    mounts = mounts_of(command)
    for covered in (library / "utils", library / "instructor"):
        assert mounts.index(str(covered)) > mounts.index(str(tmp_path / "venv"))
    assert str(library / "numpy") not in mounts
    assert "/sandbox/work" in mounts
    for private in ("/home", "/root", str(bubblewrap.PROJECT), "/var", "/run", "/etc", "/sys"):
        assert private not in mounts
    remounted = mounts_of(command, ["--remount-ro"])
    assert {"/", str(library / "utils")} <= set(remounted)


def test_an_environment_inside_the_project_is_bound_and_the_project_is_not(monkeypatch, tmp_path):
    project = tmp_path / "prefix" / "course"
    environment = project / ".venv"
    environment.mkdir(parents=True)
    monkeypatch.setattr(bubblewrap, "PROJECT", project)
    monkeypatch.setattr(sys, "prefix", str(environment))
    monkeypatch.setattr(sys, "exec_prefix", str(environment))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "prefix"))
    command = bubblewrap.command(tmp_path / "copy", tmp_path / "inside", ["python"])
    mounts = mounts_of(command)
    order = [str(tmp_path / "prefix"), str(project), str(environment)]
    places = [mounts.index(path) for path in order]
    assert places == sorted(places)


@needs_bubblewrap
@pytest.mark.instructor
def test_installed_copies_of_ours_cannot_be_read(course, tmp_path, monkeypatch):
    library = tmp_path / "site-packages"
    for name in ("solutions", "instructor", "harmless"):
        (library / name).mkdir(parents=True)
        (library / name / "text.py").write_text("answer = 42\n", encoding="utf-8")
    tmp_path.chmod(0o755)
    monkeypatch.syspath_prepend(str(library))
    with Sandbox(course, limits=LIMITS) as sandbox, sandbox.session() as session:
        source = f"""
        from pathlib import Path
        library = Path({str(library)!r})
        print(sorted(str(path.relative_to(library)) for path in library.rglob("*")))
        """
        assert printed(run(session, source)) == (
            "['harmless', 'harmless/text.py', 'instructor', 'solutions']"
        )


@needs_bubblewrap
@pytest.mark.instructor
def test_a_course_that_only_its_owner_may_read_works(course, tmp_path):
    private = tmp_path / "private"
    shutil.copytree(course, private)
    for path in [private, *private.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    with Sandbox(private, limits=LIMITS) as sandbox:
        is_well(sandbox)
        folder = sandbox._process._folder
        assert os.path.isdir(folder)
    assert not os.path.exists(folder)


@needs_bubblewrap
@pytest.mark.instructor
def test_where_namespaces_do_not_nest_every_session_has_a_sandbox_of_its_own(
    course, monkeypatch, capsys
):
    original = warm.WarmProcess.__init__

    def cannot_nest(self, course, warm_up, unsafe, nested):
        original(self, course, warm_up, unsafe, False)

    monkeypatch.setattr(warm.WarmProcess, "__init__", cannot_nest)
    monkeypatch.setattr("instructor.sandbox.warden._warned", set())
    with Sandbox(course, limits=SHORT) as sandbox:
        for _ in range(2):
            with sandbox.session() as session:
                run(session, "import os, signal\nopen('left', 'w').write('x')")
                assert printed(session.run_cell("print(os.listdir('.'))")).count("left") == 1
                source = "import ctypes\nprint(ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0))"
                assert printed(session.run_cell(source)) == "-1"
                with pytest.raises(Stopped) as caught:
                    session.run_cell("os.kill(-1, signal.SIGKILL)\nos._exit(3)")
                assert caught.value.reason in ("crashed", "sandbox lost")
        with sandbox.session() as session:
            assert "left" not in printed(session.run_cell("import os\nprint(os.listdir('.'))"))
    assert capsys.readouterr().err.count("no namespaces within the sandbox") == 1


def test_the_environment_of_a_session_holds_nothing_of_the_graders():
    inherited = {"HOME": "/root", "TOKEN": "x", "PATH": "/opt", "PYTHONPATH": "/y"}
    made = warm.environment("/work", inherited)
    assert made["HOME"] == made["TMPDIR"] == "/work"
    assert made["PATH"] == "/opt"
    assert "TOKEN" not in made
    assert "PYTHONPATH" not in made
    assert ONE_THREAD.items() <= made.items()


def test_the_filter_of_system_calls_is_a_program_of_the_kernel():
    for machine in linux.MACHINES:
        program = linux.call_filter(machine)
        assert len(program) % 8 == 0
        assert len(program) // 8 <= 4096
        for i in range(0, len(program), 8):  # no jump leads beyond the end
            then, otherwise = program[i + 2], program[i + 3]
            assert i // 8 + 1 + max(then, otherwise) < len(program) // 8 + 1
    assert linux.call_filter("s390x") == b""


# --- limits and reasons ----------------------------------------------------------------------


def test_limits_go_through_json():
    limits = Limits(seconds=12.5, memory=2**28)
    assert Limits.from_json(limits.to_json()) == limits
    with pytest.raises(ValueError, match="'minutes' is no limit"):
        Limits.from_json({"minutes": 3})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seconds": 0}, "seconds is 0; expected seconds above 0"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"cell_seconds": "10"}, "cell_seconds is '10'; expected a number"),
        ({"memory": 100}, "memory is 100; expected a whole number of at least 16777216"),
        ({"memory": 1e9}, "memory is 1000000000.0; expected a whole number"),
        ({"processes": True}, "processes is True; expected a number"),
        ({"output": 2**60}, "output is"),
    ],
)
def test_limits_that_make_no_sense_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        Limits(**change)


def test_a_reason_is_one_of_those_that_are_known():
    stopped = Stopped("crashed", "It did.", alive=True)
    assert str(stopped) == "crashed: It did."
    assert stopped.reason in REASONS
    with pytest.raises(ValueError, match="no reason"):
        Stopped("bored", "")


def test_the_package_imports_without_what_only_the_inside_needs():
    source = (
        "import sys, instructor.sandbox\n"
        "assert not {'IPython', 'matplotlib', 'torch'} & set(sys.modules), sys.modules\n"
    )
    root = bubblewrap.PROJECT
    done = subprocess.run([sys.executable, "-c", source], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_record_is_no_tuple_unless_it_was_one():
    assert not isinstance(Record("A", {"x": 1}), tuple)
    assert isinstance(Record("A", {"x": 1}, True), tuple)
