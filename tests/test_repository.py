"""What has to stay in step: lists of packages and Pythons, commands, the README and the files."""

import ast
import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from tools import commands, course, environment
from tools.environment import requirement_name
from utils.environment import OLDEST_PYTHON

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, TOOLS = PYPROJECT["project"], PYPROJECT["tool"]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def pinned():
    """Return the constraints by package name."""
    lines = [line for line in text("constraints.txt").splitlines() if not line.startswith("#")]
    return {requirement_name(line): Requirement(line) for line in lines}


def every_requirement():
    optional = PROJECT["optional-dependencies"].values()
    lines = [line for part in (PROJECT["dependencies"], *optional) for line in part]
    return [Requirement(line) for line in lines if Requirement(line).name != PROJECT["name"]]


def workflow(name="ci"):
    return yaml.safe_load(text(f".github/workflows/{name}.yml"))


def book_python():
    """Return the Python that builds the published book."""
    steps = workflow("book")["jobs"]["build"]["steps"]
    (version,) = [s["with"]["python-version"] for s in steps if "setup-python" in s.get("uses", "")]
    return version


@pytest.mark.parametrize("requirement", every_requirement(), ids=lambda one: one.name)
def test_constraints_pin_every_dependency_within_its_bounds(requirement):
    pin = pinned()[requirement_name(requirement.name)]
    (version,) = [one.version for one in pin.specifier]
    assert requirement.specifier.contains(version)


def test_every_dependency_has_one_lower_bound_and_stands_once_in_a_list():
    bounds = {}
    for requirement in every_requirement():
        name = requirement_name(requirement.name)
        assert str(requirement.specifier).startswith(">="), requirement
        assert bounds.setdefault(name, requirement.specifier) == requirement.specifier, name
    own = PROJECT["dependencies"]
    for extra in PROJECT["optional-dependencies"].values():
        names = [requirement_name(line) for line in [*own, *extra]]
        assert len(set(names)) == len(names)


def test_tests_bring_what_grading_needs():
    project = environment.read_project(ROOT)
    grading = environment.requirements(project, ["instructor"])
    together = environment.requirements(project, ["test"])
    assert set(grading) < set(together)
    assert environment.requirements(project, ["test", "instructor"]) == together
    named = {requirement_name(line) for line in together}
    assert {"nbgrader", "distributed", "psycopg", "pytest"} <= named
    assert set(environment.requirements(project, ["book"])) < set(together)
    assert requirement_name(PROJECT["name"]) not in named


def test_constraints_are_exact_and_torch_has_one_plain_pin():
    for pin in pinned().values():
        (one,) = pin.specifier
        assert one.operator == "==", pin
        assert Version(one.version).local is None, pin
    assert environment.torch_pin(text("constraints.txt")) == "torch==2.13.0"


def test_conda_environment_is_in_step_with_the_dependencies():
    given = yaml.safe_load(text("environment.yml"))
    *plain, last = given["dependencies"]
    assert last == {"pip": ["-e ."]}
    names = {Requirement(line.replace("=3", "==3")).name for line in plain}
    assert names == {"python", "pytorch-cpu", "pip"}
    torch = next(line for line in PROJECT["dependencies"] if requirement_name(line) == "torch")
    assert f"pytorch-cpu{torch.removeprefix('torch')}" in plain
    (python,) = [line for line in plain if line.startswith("python=")]
    assert course.is_suitable(tuple(map(int, python.removeprefix("python=").split("."))))


def test_python_versions_are_in_step():
    matrix = workflow()["jobs"]["test"]["strategy"]["matrix"]
    oldest, newest = course.OLDEST, course.NEWEST
    expected = [f"3.{minor}" for minor in range(oldest[1], newest[1] + 1)]
    assert matrix["python"] == expected
    assert PROJECT["requires-python"].startswith(f">={expected[0]}")
    assert oldest == OLDEST_PYTHON
    assert TOOLS["ruff"]["target-version"] == f"py3{oldest[1]}"
    for name in ("README.md", "instructor/README.md"):
        assert f"Python {expected[0]} to {expected[-1]}" in text(name)
    assert course.is_suitable(tuple(map(int, book_python().split("."))))


def test_workflow_runs_everywhere_and_monthly():
    given = workflow()
    triggers = given[True]  # YAML reads the key "on" as true
    assert {"push", "pull_request", "schedule"} == set(triggers)
    (schedule,) = triggers["schedule"]
    assert schedule["cron"].split()[2:] == ["1", "*", "*"]
    systems = given["jobs"]["test"]["strategy"]["matrix"]["system"]
    assert systems == ["ubuntu-latest", "macos-latest", "windows-latest"]
    uses = [s["uses"] for job in given["jobs"].values() for s in job["steps"] if "uses" in s]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", action) for action in uses)


def test_make_targets_are_commands():
    makefile = text("Makefile")
    (line,) = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)
    targets = set(line.split())
    assert targets >= {"help", "lab", "test", "exercises", "bench", "lint"}
    assert targets - {"help"} <= set(commands.COMMANDS)
    assert ".DEFAULT_GOAL := help" in makefile


def test_every_command_in_the_readme_exists():
    readme = text("README.md") + text("CONTRIBUTING.md")
    named = set(re.findall(r"(?:\bmake|course\.py) ([a-z]+)\b", readme))
    assert named >= {"lab", "test", "exercises", "help"}
    assert named <= {*commands.COMMANDS, "help"}


def chapter_rows():
    """Return number, reading minutes, exercise minutes and part of every chapter."""
    pattern = r"^\| (\d\d) .*\| (\d+) \| (\d+) \| (core|optional) \|$"
    return re.findall(pattern, text("README.md"), flags=re.MULTILINE)


def test_readme_lists_the_chapters_as_they_are():
    rows = chapter_rows()
    assert [row[0] for row in rows] == [f"{number:02}" for number in range(13)]
    core = {row[0] for row in rows if row[3] == "core"}
    assert core == {"00", "01", "02", "03", "05", "06", "07", "08"}
    assert {row[0] for row in rows} == {path.name[:2] for path in ROOT.glob("chapters/*.ipynb")}


def test_readme_adds_up_the_hours():
    rows = chapter_rows()
    total = sum(int(row[1]) + int(row[2]) for row in rows) / 60
    core = sum(int(row[1]) + int(row[2]) for row in rows if row[3] == "core") / 60
    readme = " ".join(text("README.md").split())
    assert f"whole course takes about {total:.0f} hours" in readme
    assert f"03 and 05 to 08, takes about {core:.0f} hours" in readme


def test_readme_says_how_long_the_exercises_take():
    for number, _, minutes, _ in chapter_rows():
        for path in ROOT.glob(f"solutions/{number}_*/*.ipynb"):
            stated = re.findall(r"· (\d+) minutes\b", path.read_text(encoding="utf-8"))
            assert abs(sum(map(int, stated)) - int(minutes)) <= 10, path.name


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)]+)\)", text(name)):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_licences_and_citation_agree():
    assert PROJECT["license"] == "BSD-3-Clause AND CC-BY-4.0"
    assert text("LICENSE").startswith("BSD 3-Clause License")
    assert text("LICENSE-TEXT").startswith("Creative Commons Attribution 4.0 International")
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == "BSD-3-Clause"
    assert f"## {PROJECT['version']}" in text("CHANGELOG.md")


def test_what_the_set_up_makes_is_not_tracked():
    names = [".venv/x", "work/chapters/a.ipynb", "classroom/private_seed", environment.LOCK]
    names.append("chapters/.ipynb_checkpoints/a")
    command = ["git", "check-ignore", "--no-index", *names]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode == 128:  # no git repository, as in a downloaded archive
        ignored = text(".gitignore").split()
        assert {".venv/", "work/", "classroom/", environment.LOCK} <= set(ignored)
    else:
        assert answer.stdout.split() == names


def test_ci_script_fails_early_and_counts_skips():
    script = text(".ci/run")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in script
    assert "export CI=true" in script
    if os.name != "nt":
        subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
        assert os.access(ROOT / ".ci" / "run", os.X_OK)


HEAD = "part          passed  failed  skipped  seconds"
COUNTS = {
    "test": [
        HEAD,
        "lint              3        0        0      4.5",
        "unit             27        0        1    100.0",
        "all              30        0        1    104.5",
        "skipped in unit: a.b: no reason given",
        "tests: 30 passed, 0 failed, 1 skipped",
    ],
    "test-instructor": [
        HEAD,
        "instructor       12       2        0    200.5",
        "all              12       2        0    200.5",
        "tests: 12 passed, 2 failed, 0 skipped",
    ],
}
MAKE = """#!/bin/sh
echo "made $1" >> "$MADE"
echo "noise"
case "$1:$BROKEN" in test:*first*) echo "error: no make" >&2; exit 2;; esac
case "$1" in {cases} esac
case "$1:$FAILS" in test:*first*|test-instructor:*second*) exit 1;; esac
"""


if sys.platform == "linux":  # the script is for Debian and Ubuntu

    @pytest.mark.parametrize(
        ("fails", "broken", "code", "last"),
        [
            ("", "", 0, "tests: 42 passed, 2 failed, 1 skipped"),
            ("first", "", 1, "tests: 42 passed, 2 failed, 1 skipped"),
            ("second", "", 1, "tests: 42 passed, 2 failed, 1 skipped"),
            ("", "first", 1, "tests: 12 passed, 2 failed, 0 skipped"),
        ],
    )
    def test_ci_script_runs_both_and_fails_if_either_does(tmp_path, fails, broken, code, last):
        """With commands that only say that they ran; nothing is installed."""
        programs = tmp_path / "bin"
        programs.mkdir()
        cases = " ".join(
            f"{name}) printf '%s\\n' {shlex.join(lines)};;" for name, lines in COUNTS.items()
        )
        for name in ("bwrap", "chromium", "initdb", "sudo", "apt-get", "sysctl", "make"):
            body = MAKE.replace("{cases}", cases) if name == "make" else "#!/bin/sh\n"
            (programs / name).write_text(body, encoding="utf-8")
            (programs / name).chmod(0o755)
        environ = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "MADE": str(tmp_path / "made"),
            "FAILS": fails,
            "BROKEN": broken,
        }
        answer = subprocess.run(
            [ROOT / ".ci" / "run"], env=environ, capture_output=True, text=True, timeout=60
        )
        assert answer.returncode == code, answer.stdout + answer.stderr
        assert answer.stdout.splitlines()[-1] == last
        table = [row.split() for row in answer.stdout.rpartition(HEAD)[2].splitlines()]
        first = {} if broken else {"lint": "4.5", "unit": "100.0"}
        assert {row[0]: row[4] for row in table if len(row) == 5} == {
            **first,
            "instructor": "200.5",
            "all": "200.5" if broken else "305.0",
        }
        assert ("Only 1 of 2 runs came to their end." in answer.stdout) is bool(broken)
        assert (tmp_path / "made").read_text().splitlines() == ["made test", "made test-instructor"]

    def test_ci_script_installs_what_is_missing_beside_the_environment(tmp_path):
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("awk", "bash", "cat", "dirname", "env", "git", "mktemp", "rm", "tee"):
            (programs / name).symlink_to(shutil.which(name))
        bodies = {
            "apt-get": 'echo "got $*" >> "$MADE"',
            "make": 'echo "made $1" >> "$MADE"; echo "tests: 1 passed, 0 failed, 0 skipped"',
        }
        for name in ("chromium", "initdb", "python3", "sudo", "sysctl", *bodies):
            body = f"#!/bin/sh\n{bodies.get(name, '')}\n"
            (programs / name).write_text(body, encoding="utf-8")
            (programs / name).chmod(0o755)
        environ = {**os.environ, "PATH": str(programs), "MADE": str(tmp_path / "made")}
        answer = subprocess.run(
            [ROOT / ".ci" / "run"], env=environ, capture_output=True, text=True, timeout=60
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        first, *between, test, instructor = (tmp_path / "made").read_text().splitlines()
        assert first == "got update -q"
        assert sorted(between) == [
            "got install -y -q --no-install-recommends bubblewrap",
            "made lint",
        ]
        assert (test, instructor) == ("made test", "made test-instructor")


@pytest.mark.parametrize("package", ["instructor", "book"])
def test_imports_of_a_package_are_among_the_requirements_of_its_extra(package):
    """What it imports is installed by its extra, not by chance of something else."""
    project = environment.read_project(ROOT)
    given = {requirement_name(line) for line in environment.requirements(project, [package])}
    imported = set()
    for path in (ROOT / package).rglob("*.py"):
        if {"templates", "_build"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.partition(".")[0])
    ours = {"book", "instructor", "utils", "tools", "experiments", "pretrained"}
    foreign = imported - ours - set(sys.stdlib_module_names)
    installed = importlib.metadata.packages_distributions()
    unlisted = {
        module
        for module in foreign
        if not given & {requirement_name(name) for name in installed.get(module, [module])}
    }
    assert not unlisted, f"not in the extra `{package}`: {', '.join(sorted(unlisted))}"
