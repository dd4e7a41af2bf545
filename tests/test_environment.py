"""The set-up: what is decided from each state on disk, and that no failure leaves it half-made."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tools import commands, course, environment, pins
from tools.environment import FOLDER, STAMP, SetupError, decide, prepare
from tools.locking import locked
from tools.variables import ONE_THREAD

ROOT = Path(__file__).resolve().parent.parent
PROJECT = """
[build-system]
requires = ["setuptools"]
[project]
name = "unrolled"
dependencies = ["numpy>=2", "Some_Package"]
[project.optional-dependencies]
test = ["pytest>=8"]
[tool.ruff]
line-length = 100
"""


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "course"
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "constraints.txt").write_text("torch==2.13.0\nnumpy==2.4.6\n", encoding="utf-8")
    return root


class Machine:
    """Stands in for venv and pip: notes what is called and makes a Python that answers a probe."""

    def __init__(self, monkeypatch):
        self.calls = []
        self.error = None
        self.missing = []
        monkeypatch.setattr(environment, "probe", self.probe)

    def probe(self, python, names):
        try:
            version = python.read_text(encoding="utf-8")
        except OSError:
            return None
        names = list(names)
        return {"python": version, "missing": [name for name in self.missing if name in names]}

    def create(self, root):
        self.calls.append("create")
        shutil.rmtree(root / FOLDER, ignore_errors=True)
        environment.python_path(root).parent.mkdir(parents=True)
        environment.python_path(root).write_text("3.12", encoding="utf-8")

    def install(self, root, extras, newest, lock, say):
        self.calls.append(("install", extras, newest))
        assert not (root / FOLDER / STAMP).exists()
        if self.error is not None:
            raise self.error

    def prepare(self, root, extras=(), newest=False):
        self.calls.clear()
        said = []
        prepare(root, extras, newest, create=self.create, install=self.install, say=said.append)
        self.said = said
        return self.calls


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def test_first_start_builds_and_second_runs_no_pip(project, machine):
    assert machine.prepare(project) == ["create", ("install", (), False)]
    assert machine.prepare(project) == []
    assert machine.said == []


def test_more_packages_than_needed_are_left_alone(project, machine):
    machine.prepare(project, ["test"])
    assert machine.prepare(project) == []


def test_missing_extras_are_added_and_kept(project, machine):
    machine.prepare(project)
    assert machine.prepare(project, ["test"]) == [("install", ("test",), False)]
    (project / "constraints.txt").write_text("torch==2.13.0\n", encoding="utf-8")
    assert machine.prepare(project) == [("install", ("test",), False)]


@pytest.mark.parametrize(
    ("name", "old", "new", "calls"),
    [
        ("pyproject.toml", "numpy>=2", "numpy>=3", [("install", (), False)]),
        ("pyproject.toml", "pytest>=8", "pytest>=9", [("install", (), False)]),
        ("constraints.txt", "2.4.6", "2.4.7", [("install", (), False)]),
        ("pyproject.toml", "line-length = 100", "line-length = 99", []),
    ],
)
def test_only_a_changed_dependency_list_is_installed(project, machine, name, old, new, calls):
    machine.prepare(project)
    path = project / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert machine.prepare(project) == calls
    assert machine.prepare(project) == []


def test_newest_versions_and_back(project, machine):
    machine.prepare(project)
    assert machine.prepare(project, newest=True) == [("install", (), True)]
    assert machine.prepare(project, newest=True) == []
    assert machine.prepare(project) == [("install", (), False)]


def test_moved_folder_is_built_again(project, machine):
    machine.prepare(project, ["test"])
    moved = project.rename(project.with_name("elsewhere"))
    assert machine.prepare(moved) == ["create", ("install", ("test",), False)]
    assert "moved" in machine.said[0]
    assert machine.prepare(moved) == []


@pytest.mark.parametrize("state", ["absent", "empty", "other"])
def test_broken_python_is_built_again(project, machine, state):
    machine.prepare(project)
    python = environment.python_path(project)
    python.unlink()
    if state == "other":
        python.write_text("3.13", encoding="utf-8")
    elif state == "empty":
        python.mkdir()
    assert machine.prepare(project) == ["create", ("install", (), False)]
    assert "broken" in machine.said[0]


def test_a_package_that_was_taken_away_comes_back(project, machine):
    machine.prepare(project)
    machine.missing = ["some-package"]
    assert machine.prepare(project) == [("install", (), False)]
    assert "some-package" in machine.said[0]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("change", [False, True])
def test_interrupted_installation_is_built_again(project, machine, error, change):
    if change:
        machine.prepare(project)
        (project / "constraints.txt").write_text("torch==2.13.0\n", encoding="utf-8")
    machine.error = error()
    with pytest.raises(error):
        machine.prepare(project)
    machine.error = None
    assert machine.prepare(project) == ["create", ("install", (), False)]
    assert "half-made" in machine.said[0]
    assert machine.prepare(project) == []


@pytest.mark.parametrize("stamp", ["", "{", "[]", "{}", '{"extras": []}'])
def test_unreadable_stamp_is_half_made(project, machine, stamp):
    machine.prepare(project)
    (project / FOLDER / STAMP).write_text(stamp, encoding="utf-8")
    assert machine.prepare(project) == ["create", ("install", (), False)]


def test_pip_failing_on_a_first_start_leaves_it_half_made(project, machine):
    machine.error = SetupError("no network")
    with pytest.raises(SetupError, match="no network"):
        machine.prepare(project)
    assert decide(project).action == "rebuild"


def test_pip_failing_on_an_addition_leaves_the_rest_usable(project, machine):
    machine.prepare(project)
    machine.error = SetupError("no network")
    with pytest.raises(SetupError, match="no network"):
        machine.prepare(project, ["test"])
    assert machine.prepare(project) == []
    machine.error = None
    assert machine.prepare(project, ["test"]) == [("install", ("test",), False)]


def test_two_commands_at_once_install_once(project, machine):
    slow = machine.install

    def install(*arguments):
        time.sleep(0.3)
        slow(*arguments)

    machine.install = install
    said = []

    def one():
        prepare(project, create=machine.create, install=machine.install, say=said.append)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert machine.calls == ["create", ("install", (), False)]
    assert any("waiting" in line for line in said)


def test_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path; from tools.locking import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, path], cwd=ROOT, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout.readline().strip() == b"held"
        said = []
        threading.Timer(0.5, holder.kill).start()
        with locked(path, said.append, poll=0.05):
            assert holder.wait(10) != 0
        assert len(said) == 1


def test_folder_that_cannot_be_written(project, machine, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(environment.os, "open", refuse)
    with pytest.raises(SetupError, match=r"course\.lock cannot be written"):
        machine.prepare(project)


def test_who_has_no_gpu_is_told_how_to_save_a_download(project, machine, monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    hint = environment.advice({}, "linux")
    assert f"export PIP_EXTRA_INDEX_URL={environment.WITHOUT_CUDA} " in hint
    assert environment.WITHOUT_CUDA in (ROOT / "README.md").read_text(encoding="utf-8")
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        assert environment.advice({variable: "https://packages.example"}, "linux") == ""
    assert environment.advice({}, "darwin") == environment.advice({}, "win32") == ""
    monkeypatch.setattr(environment.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert environment.advice({}, "linux") == ""
    monkeypatch.setattr(environment, "advice", lambda environ: hint)
    machine.prepare(project)
    assert machine.said[1] == hint
    machine.prepare(project, ["test"])
    assert machine.said == ["Adding the packages for: test.", "The environment is ready."]


def test_python_without_ensurepip_names_the_package(project, monkeypatch):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"sudo apt install python3\.\d+-venv"):
        environment.create_environment(project)


def test_file_in_place_of_the_environment(project):
    (project / FOLDER).write_text("", encoding="utf-8")
    with pytest.raises(SetupError, match="is a file or a link"):
        prepare(project, say=lambda line: None)


@pytest.fixture
def fake_pip(monkeypatch):
    """Run a few lines of Python in the place of `.venv/bin/python -I -m pip`."""

    def put(script):
        real = subprocess.Popen

        def start(command, **options):
            return real([sys.executable, "-c", script, *map(str, command[4:])], **options)

        monkeypatch.setattr(environment.subprocess, "Popen", start)

    return put


def install(project, extras=(), newest=False):
    """Run the real installation step and return what it said."""
    said = []
    with locked(project / environment.LOCK) as lock:
        environment.install_packages(project, extras, newest, lock, said.append)
    return said


def test_pip_command_and_progress(project, fake_pip):
    fake_pip(
        "import json, sys; from pathlib import Path\n"
        "Path('arguments').write_text(json.dumps(sys.argv[1:]))\n"
        "Path('pins').write_text(Path(sys.argv[sys.argv.index('-c', 1) + 1]).read_text())\n"
        "print('Collecting x\\n  Downloading x-1.whl (5 MB)\\nInstalling collected packages: x, y')"
    )
    assert install(project, ("test",)) == [
        "  Downloading x-1.whl (5 MB)",
        "  Installing 2 packages",
    ]
    arguments = json.loads((project / "arguments").read_text(encoding="utf-8"))
    assert arguments[-2:] == ["-e", ".[test]"]
    assert "--upgrade" not in arguments
    assert (project / "pins").read_text(encoding="utf-8") == "torch==2.13.0\nnumpy==2.4.6\n"
    install(project, newest=True)
    arguments = json.loads((project / "arguments").read_text(encoding="utf-8"))
    assert "--upgrade" in arguments
    assert (project / "pins").read_text(encoding="utf-8") == "torch==2.13.0\n"


def test_failing_pip_shows_its_last_lines(project, fake_pip, capfd):
    fake_pip("import sys; print('ERROR: no network', file=sys.stderr); sys.exit(3)")
    with (
        pytest.raises(SetupError, match=r"pip ended with code 3.*network"),
        locked(project / environment.LOCK) as lock,
    ):
        environment.install_packages(project, (), False, lock, print)
    assert "  pip: ERROR: no network\n" in capfd.readouterr().out


if os.name != "nt":  # on Windows a lock does not pass on to a child process

    def test_after_a_kill_the_next_command_waits_for_pip(tmp_path):
        """pip runs on when its command is killed; the next one waits for it, then builds again."""
        root = tmp_path / "course"
        shutil.copytree(ROOT / "tools", root / "tools")
        (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
        (root / "constraints.txt").write_text("torch==2.13.0\n", encoding="utf-8")
        python = environment.python_path(root)
        python.parent.mkdir(parents=True)
        script = "touch started; while [ ! -e finish ]; do sleep 0.05; done; touch finished"
        python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        python.chmod(0o755)
        code = (
            "from pathlib import Path; from tools import environment as e\n"
            "e.prepare(Path.cwd(), create=lambda root: None)"
        )
        first = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.DEVNULL)
        with first:
            deadline = time.monotonic() + 20
            while not (root / "started").exists():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            first.kill()
        threading.Timer(0.5, (root / "finish").touch).start()
        with locked(root / environment.LOCK, lambda line: None, poll=0.02):
            assert (root / "finished").exists()
            assert decide(root).action == "rebuild"


def test_probe_of_a_real_python():
    answer = environment.probe(Path(sys.executable), ["numpy", "no-such-package"])
    expected = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert answer == {"python": expected, "missing": ["no-such-package"]}
    assert environment.probe(Path("/no/such/python"), []) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PyYAML>=6", "pyyaml"),
        ("ruamel.yaml_x [c]; a", "ruamel-yaml-x"),
        ("torch==2.13.0", "torch"),
    ],
)
def test_requirement_name(text, name):
    assert environment.requirement_name(text) == name


def test_requirement_without_name():
    with pytest.raises(ValueError, match="expected a package name"):
        environment.requirement_name(">=2")


def test_two_torch_pins_are_refused():
    with pytest.raises(SetupError, match="has 2 lines"):
        environment.torch_pin("torch==1\ntorch==2\n")


@pytest.mark.parametrize(
    ("version", "well"),
    [((3, 10), False), ((3, 11), True), ((3, 14), True), ((3, 15), False), ((4, 0), False)],
)
def test_suitable_python(version, well):
    assert course.is_suitable(version) is well


def test_old_python_hands_over_or_says_what_is_needed(monkeypatch, capsys):
    monkeypatch.setattr(course.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(course.sys, "argv", ["course.py", "help"])
    monkeypatch.setattr(course, "find_python", lambda: [sys.executable])
    monkeypatch.setattr(course.subprocess, "call", lambda command: len(command))
    assert course.main() == 3
    monkeypatch.setattr(course, "find_python", lambda: None)
    assert course.main() == 2
    error = capsys.readouterr().err
    assert error.startswith("error: This is Python 3.9; the course needs Python 3.11 to 3.14.")
    assert error.count("\n") == 1


def test_found_python_is_suitable(monkeypatch):
    monkeypatch.setattr(course.shutil, "which", lambda name: sys.executable)
    found = course.find_python()
    assert found is not None
    assert found[0] == sys.executable
    monkeypatch.setattr(course.shutil, "which", lambda name: None)
    assert course.find_python() is None


def test_pins_keep_other_systems_and_leave_out_builds():
    installed = [
        {"name": "torch", "version": "2.13.0+cpu"},
        {"name": "pip", "version": "25"},
        {"name": "unrolled", "version": "0.1.0"},
        {"name": "colorama", "version": "0.4.6"},
    ]
    before = 'colorama==0.4; sys_platform == "win32"\nwin==1; sys_platform == "win32"\nold==1\n'
    lines = [line for line in pins.pins(installed, before).splitlines() if line[0] != "#"]
    assert lines == ["colorama==0.4.6", "torch==2.13.0", 'win==1; sys_platform == "win32"']


def test_the_launcher_needs_the_standard_library_alone():
    """It runs before anything is installed."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import tools.commands"
    alone = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert alone.returncode == 0, alone.stderr


def test_a_part_of_the_tests_that_is_none_is_said_before_anything_is_installed(monkeypatch, capsys):
    monkeypatch.setattr(commands, "_python", lambda *_: pytest.fail("an installation"))
    monkeypatch.setenv("PART", "units")
    assert commands.main(["test"]) == 2
    assert capsys.readouterr().err.startswith("error: no part is called 'units'; expected lint,")


def test_help_lists_every_command(capsys):
    assert commands.main(["help"]) == 0
    text = capsys.readouterr().out
    for name in ("lab", "test", "exercises", "bench", "lint", "help"):
        assert f"\n  {name} " in text


def test_book_is_built_by_an_environment_that_has_its_packages(monkeypatch):
    calls = []

    def run(command, *, cwd, env):
        calls.append((command, cwd, ONE_THREAD.items() <= env.items()))
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(commands, "_python", lambda options, extras: ("python", *extras))
    monkeypatch.setattr(commands.subprocess, "run", run)
    assert commands.main(["book", "--", "--only", "05"]) == 1
    command = [("python", "book"), "-m", "book", "--only", "05"]
    assert calls == [(command, commands.ROOT, True)]


def test_setup_problem_is_one_line_and_an_exit_code(monkeypatch, capsys):
    monkeypatch.setenv("PORT", "many")
    assert commands.main(["lab"]) == 2
    error = capsys.readouterr().err
    assert error == "error: PORT is 'many'; expected a whole number from 1 to 65535.\n"


def test_here_names_what_is_missing(monkeypatch, capsys):
    answer = {"python": "3.12", "missing": ["torch"]}
    monkeypatch.setattr(environment, "probe", lambda python, names: answer)
    monkeypatch.setenv("PORT", "")
    assert commands.main(["lab", "--here"]) == 2
    assert "lacks: torch. Run: python -m pip install -e ." in capsys.readouterr().err


def test_stamp_of_the_running_environment_is_complete(project, machine):
    machine.prepare(project, ["test"])
    stamp = json.loads((project / FOLDER / STAMP).read_text(encoding="utf-8"))
    assert stamp["extras"] == ["test"]
    assert stamp["folder"] == os.path.realpath(project)
