"""The look at the learner's machine: every finding, each with a cure."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from utils import environment
from utils.environment import Facts, Finding

ROOT = Path(__file__).resolve().parents[1]
MANAGER = "@jupyter-widgets/jupyterlab-manager"
WELL = Facts(
    python=(3, 12, 1),
    executable="/env/bin/python",
    prefix=Path("/env"),
    folder=Path("/nowhere/chapters"),
    package_root=None,
    folder_root=None,
    required={"numpy": "2.1", "torch": "2.5", "ipywidgets": "8.1", "tqdm": ""},
    installed={"numpy": "2.4.6", "torch": "2.5.0+cpu", "ipywidgets": "8.1.9", "tqdm": "4"},
    extensions={"@jupyter-widgets/jupyterlab-manager": "5.0.16", "anywidget": "0.9.1"},
)


def findings(**changes):
    return environment.judge(dataclasses.replace(WELL, **changes))


def only(**changes):
    (finding,) = findings(**changes)
    assert "\n" not in finding.problem
    assert finding.problem.endswith(".")
    assert finding.cure.endswith(".")
    return finding


def test_all_is_well(capsys):
    assert environment.report(WELL) == []
    out = capsys.readouterr().out
    assert out == "Ready: Python 3.12.1, numpy 2.4.6, torch 2.5.0+cpu, ipywidgets 8.1.9.\n"


def test_the_machine_that_runs_the_tests_is_well():
    facts = environment.collect(ROOT / "chapters")
    assert [finding for finding in environment.judge(facts) if finding.blocks] == []
    assert facts.package_root == ROOT
    assert facts.folder_root == ROOT
    assert facts.required["numpy"] == "2.1"
    assert set(facts.required) == set(facts.installed)


def test_old_python():
    finding = only(python=(3, 9, 2))
    assert "runs Python 3.9.2 (/env/bin/python)" in finding.problem
    assert "3.11 or newer" in finding.problem
    assert "Change Kernel" in finding.cure
    assert finding.blocks


def test_wrong_kernel():
    """The course is nowhere to be found: another environment's kernel."""
    finding = only(required={}, installed={})
    assert finding.name == "not installed"
    assert '"/env/bin/python" -m pip install' in finding.cure


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "unrolled"\n', encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    return tmp_path


def test_kernel_beside_the_courses_own_environment(checkout):
    finding = only(package_root=checkout)
    assert finding.name == "other environment"
    assert not finding.blocks
    assert "Change Kernel" in finding.cure
    assert findings(package_root=checkout, prefix=checkout / ".venv") == []
    missing, note = findings(package_root=checkout, installed={"torch": "2.6"})
    assert "This is not the course's own environment" in missing.cure
    assert note.name == "other environment"
    repaired = findings(package_root=checkout, prefix=checkout / ".venv", installed={})
    assert "which repairs its environment" in repaired[0].cure


def test_two_copies_of_the_course(tmp_path):
    finding = only(package_root=tmp_path / "a", folder_root=tmp_path / "b")
    assert finding.name == "two copies"
    assert not finding.blocks


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (["torch"], "torch is not installed"),
        (["torch", "tqdm"], "torch and tqdm are not installed"),
    ],
)
def test_missing_package(gone, words):
    installed = {name: v for name, v in WELL.installed.items() if name not in gone}
    finding = only(installed=installed)
    assert words in finding.problem
    assert finding.blocks


@pytest.mark.parametrize(
    ("name", "version", "oldest"),
    [("numpy", "1.26.4", "2.1"), ("torch", "2.4.1+cu121", "2.5"), ("ipywidgets", "7.8", "8.1")],
)
def test_old_package(name, version, oldest):
    finding = only(installed={**WELL.installed, name: version})
    assert finding.problem == f"{name} has version {version}; the course needs {oldest} or newer."
    assert finding.blocks


@pytest.mark.parametrize("how", ["utils.py", "utils", "torch.py", "torch/__init__.py", "random.py"])
def test_learners_file_that_hides_a_module(tmp_path, how):
    place = tmp_path / how
    if "." in how:
        place.parent.mkdir(exist_ok=True)
        place.write_text("", encoding="utf-8")
    else:
        place.mkdir()
    hiding = environment.find_hiding(tmp_path, {"torch": "2"})
    name = how.partition("/")[0].removesuffix(".py")
    assert list(hiding) == [name]
    finding = only(hiding=hiding)
    assert str(hiding[name]) in finding.problem
    assert f"my_{name}" in finding.cure
    assert finding.blocks is (name != "random")


def test_nothing_is_hidden_by_other_files(tmp_path):
    (tmp_path / "torch").mkdir()  # a folder of data: Python prefers the package
    for name in ("notes.py", "sys.py", "00_start_here.ipynb"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert environment.find_hiding(tmp_path, {"torch": "2"}) == {}
    assert environment.find_hiding(ROOT, {"torch": "2"}) == {}


def test_front_end_of_widgets(tmp_path):
    missing = only(extensions={"anywidget": "0.9"})
    assert f"{MANAGER}, which draws sliders, is not installed" in missing.problem
    assert "jupyterlab_widgets" in missing.cure
    old = only(extensions={**WELL.extensions, MANAGER: "3.1.0"})
    assert "has version 3.1.0; it needs 5" in old.problem
    off = only(disabled=(MANAGER,))
    assert "switched off" in off.problem
    assert not any(finding.blocks for finding in (missing, old, off))

    folder = tmp_path / "labextensions" / MANAGER
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "5.1"}', encoding="utf-8")
    assert environment.find_extensions((Path("/none"), tmp_path)) == {MANAGER: "5.1"}
    (folder / "package.json").write_text("{", encoding="utf-8")
    assert environment.find_extensions((tmp_path,)) == {MANAGER: "0"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"anywidget": True}, ("anywidget",)),
        ({"anywidget": False}, ()),
        (
            {"@jupyter-widgets/jupyterlab-manager:plugin": True},
            ("@jupyter-widgets/jupyterlab-manager",),
        ),
        (["anywidget"], ("anywidget",)),
        (None, ()),
    ],
)
def test_disabled_extensions(tmp_path, settings, expected):
    (tmp_path / "labconfig").mkdir()
    text = json.dumps({"disabledExtensions": settings})
    (tmp_path / "labconfig" / "page_config.json").write_text(text, encoding="utf-8")
    assert environment.find_disabled((tmp_path, Path("/none"))) == expected


def test_progress_that_cannot_be_kept(tmp_path, monkeypatch):
    finding = only(unwritable="/read/only")
    assert "UNROLLED_HOME" in finding.cure
    assert not finding.blocks
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("UNROLLED_HOME", str(tmp_path / "file" / "home"))
    assert environment.collect().unwritable == str(tmp_path / "file" / "home")
    monkeypatch.setenv("UNROLLED_HOME", str(tmp_path / "new" / "home"))
    assert environment.collect().unwritable == ""


def test_requirements_with_and_without_a_checkout(checkout, monkeypatch):
    lines = ["numpy>=2.1", "a.b-c [x] ; python_version > '3'", 'pytest>=8; extra == "test"']
    text = f"[project]\nname = 'unrolled'\ndependencies = {json.dumps(lines)}\n"
    (checkout / "pyproject.toml").write_text(text, encoding="utf-8")
    expected = {"numpy": "2.1", "a.b-c": ""}
    assert environment.read_requirements(checkout) == expected
    monkeypatch.setattr(environment.metadata, "requires", lambda name: lines)
    assert environment.read_requirements(None) == expected

    def gone(name):
        raise environment.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(environment.metadata, "requires", gone)
    assert environment.read_requirements(None) == {}


def test_root_of_the_course(checkout):
    inner = checkout / "work" / "chapters"
    inner.mkdir(parents=True)
    assert environment.course_root(inner) == checkout
    (checkout / "work" / "pyproject.toml").write_text("[broken", encoding="utf-8")
    assert environment.course_root(inner) == checkout
    (checkout / "pyproject.toml").write_text('[project]\nname = "other"\n', encoding="utf-8")
    assert environment.course_root(inner) is None


@pytest.mark.parametrize(
    ("version", "oldest", "older"),
    [
        ("2.1.0", "2.1", False),
        ("2.10", "2.9", False),
        ("2.0.9+cpu", "2.1", True),
        ("3", "3.0.1", True),
        ("8.1rc1", "8.1", False),
    ],
)
def test_is_older(version, oldest, older):
    assert environment.is_older(version, oldest) is older


def test_version_that_is_none():
    with pytest.raises(ValueError, match="version is 'dev'; expected one such as"):
        environment.is_older("dev", "2")


def test_report_lists_what_blocks_and_what_does_not(capsys):
    found = environment.report(
        dataclasses.replace(WELL, python=(3, 10, 0), unwritable="/read/only")
    )
    assert [finding.name for finding in found] == ["python", "progress"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1. Problem: This kernel runs Python 3.10.0")
    assert lines[1].startswith("   Cure: Install a newer Python")
    assert lines[2].startswith("2. Note: The folder /read/only")
    assert not any(line.startswith("Ready") for line in lines)
    assert str(Finding("a", "b.", "c.")) == "Problem: b.\n   Cure: c."


def test_it_works_where_no_package_is_installed():
    """Python alone (-S: no site-packages): the check runs, and says what is missing."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom utils.environment import report\n"
    code += "found = report()\nassert not {'numpy', 'torch', 'ipywidgets'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT / "chapters",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "numpy" in done.stdout
    assert "are not installed in this kernel's environment" in done.stdout


# The first cell of chapter 00, which has to find out by itself whether the package is there


@pytest.fixture(scope="module")
def first_cell():
    notebook = json.loads((ROOT / "chapters" / "00_start_here.ipynb").read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    return "".join(cell["source"])


def run_first_cell(code, folder, *options):
    """Run the cell as a kernel does: in the notebook's folder, which stands first on the path."""
    code = f"import sys; sys.path.insert(0, '')\n{code}"
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        timeout=60,
    )


def test_first_cell_where_all_is_well(first_cell):
    done = run_first_cell(first_cell, ROOT / "chapters")
    assert done.returncode == 0, done.stderr
    assert "Ready: Python" in done.stdout


@pytest.mark.parametrize("name", ["utils.py", "utils/__init__.py", "utils/notes.txt"])
def test_first_cell_finds_what_hides_the_package(first_cell, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("", encoding="utf-8")
    done = run_first_cell(first_cell, tmp_path)
    assert "Problem:" in done.stdout, done.stderr
    assert str(tmp_path / name.partition("/")[0]) in done.stdout
    assert "my_utils" in done.stdout
    assert "Restart Kernel" in done.stdout
    assert done.returncode == 1
    assert "Follow the cure" in done.stderr.splitlines()[-1]


def test_first_cell_in_a_wrong_kernel(first_cell, tmp_path):
    done = run_first_cell(first_cell, tmp_path, "-S")
    assert "is not installed" in done.stdout, done.stderr
    assert sys.executable in done.stdout
    assert "Change Kernel" in done.stdout
    assert "make lab" in done.stdout
    assert done.returncode == 1
    assert "Follow the cure" in done.stderr.splitlines()[-1]
