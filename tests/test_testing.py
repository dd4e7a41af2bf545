"""The test run itself: what its reports count, and that nothing passes by not running."""

import json
import subprocess
from types import SimpleNamespace

import pytest

from tests import conftest
from tools import lint, testing
from tools.testing import Outcome, read_junit, summary

REPORT = """<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="tests.a" name="one"/>
<testcase classname="tests.a" name="two"><failure message="no"/></testcase>
<testcase classname="tests.a" name="three"><error message="no"/></testcase>
<testcase classname="tests.a" name="four"><skipped message="no Chromium"/></testcase>
</testsuite></testsuites>"""


def test_report_is_counted(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text(REPORT, encoding="utf-8")
    outcome = read_junit(path, "unit", 1)
    assert (outcome.passed, outcome.failed) == (1, 2)
    assert outcome.skips == [("tests.a.four", "no Chromium")]
    assert outcome.problems == []


@pytest.mark.parametrize("report", [None, "", "<testsuites/>"])
@pytest.mark.parametrize("code", [0, 3, 5])
def test_no_test_at_all_is_a_problem(tmp_path, report, code):
    path = tmp_path / "report.xml"
    if report is not None:
        path.write_text(report, encoding="utf-8")
    assert read_junit(path, "unit", code).problems == ["no test was found"]


def test_failing_without_a_failed_test_is_a_problem(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text('<testsuites><testcase name="a"/></testsuites>', encoding="utf-8")
    assert read_junit(path, "unit", 0).problems == []
    assert read_junit(path, "unit", 3).problems == [
        "pytest ended with code 3 without a failed test"
    ]


def test_summary_of_a_good_run():
    parts = [Outcome("lint", 3, seconds=2.5), Outcome("unit", 500, seconds=61.23)]
    text, well = summary(parts, strict=True)
    assert well
    lines = text.splitlines()
    assert lines[0].split() == ["part", "passed", "failed", "skipped", "seconds"]
    assert lines[2].split() == ["unit", "500", "0", "0", "61.2"]
    assert lines[3].split() == ["all", "503", "0", "0", "63.7"]
    assert lines[-1] == "tests: 503 passed, 0 failed, 0 skipped"


@pytest.mark.parametrize(("strict", "expected"), [(False, True), (True, False)])
def test_skip_is_named_and_fails_where_it_must(strict, expected):
    outcome = Outcome("browser", 1, skips=[("a.b", "no Chromium"), ("a.c", "no Chromium")])
    text, well = summary([outcome], strict)
    assert well is expected
    assert "skipped in browser: a.b and 1 more: no Chromium" in text
    assert text.endswith("tests: 1 passed, 0 failed, 2 skipped")


@pytest.mark.parametrize(
    "outcome", [Outcome("unit", 9, 1), Outcome("unit", 9, problems=["no test was found"])]
)
def test_failure_and_problem_fail(outcome):
    text, well = summary([Outcome("lint", 3), outcome], strict=False)
    assert not well
    assert text.splitlines()[2].split() == ["unit", "9", "1", "0", "0.0"]
    assert text.endswith("tests: 12 passed, 1 failed, 0 skipped")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `testing.main` with parts that only say that they ran."""
    ran = []

    def part(name, outcome):
        def start():
            ran.append(name)
            return outcome

        return start

    parts = {
        "lint": part("lint", Outcome("lint", 1, 2)),
        "unit": part("unit", Outcome("unit", 5)),
        "notebooks": part("notebooks", Outcome("notebooks", problems=["no notebook was found"])),
        "instructor": part("instructor", Outcome("instructor", 7)),
    }
    monkeypatch.setattr(testing, "PARTS", parts)
    monkeypatch.setattr(testing.os, "environ", {})

    def start(*argv):
        ran.clear()
        code = testing.main(list(argv))
        told = capsys.readouterr()
        return code, list(ran), told.out + told.err

    return start


def test_every_part_runs_though_an_early_one_fails(run):
    code, ran, out = run()
    assert (code, ran) == (1, ["lint", "unit", "notebooks"])
    assert "failed in notebooks: no notebook was found" in out
    assert out.splitlines()[-1] == "tests: 6 passed, 3 failed, 0 skipped"


def test_in_a_public_check_a_skip_fails(run, monkeypatch):
    parts = {"unit": lambda: Outcome("unit", 1, skips=[("a.b", "no Chromium")])}
    monkeypatch.setattr(testing, "PARTS", parts)
    assert run("unit")[0] == 0
    monkeypatch.setattr(testing.os, "environ", {"CI": "true"})
    code, _, out = run("unit")
    assert code == 1
    assert "A skipped test counts as a failure here" in out


def test_chosen_part(run):
    assert run("unit")[:2] == (0, ["unit"])
    assert run("unit", "lint", "unit")[1] == ["lint", "unit"]
    code, ran, out = run("units")
    assert (code, ran) == (2, [])
    expected = "lint, unit, notebooks, instructor"
    assert out == f"error: no part is called 'units'; expected {expected}.\n"


def test_long_tests_of_grading_run_on_request_only(run):
    assert "instructor" not in run()[1]
    code, ran, out = run("instructor")
    assert (code, ran) == (0, ["instructor"])
    assert out.splitlines()[-1] == "tests: 7 passed, 0 failed, 0 skipped"


def test_parts_share_the_tests_out_by_their_marks(monkeypatch):
    asked = {}
    monkeypatch.setattr(testing, "_pytest", lambda part, options: asked.update({part: options}))
    built, well = [], subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: built.append(command) or well)
    for part in ("unit", "browser", "book", "instructor"):
        testing.PARTS[part]()
    marks = {part: options[options.index("-m") + 1] for part, options in asked.items()}
    assert marks == {
        "unit": "not browser and not instructor and not book",
        "browser": "browser and not book",
        "book": "book",
        "instructor": "instructor",
    }
    assert [command[1:] for command in built] == [["-m", "book"]]
    assert {"tests/book", "tests/browser/test_book.py"} < set(asked["book"])


def test_the_book_that_cannot_be_built_is_a_failure(monkeypatch):
    monkeypatch.setattr(testing, "_pytest", lambda part, options: pytest.fail("an old book"))
    ended = subprocess.CompletedProcess([], 2)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: ended)
    text, well = summary([testing.PARTS["book"]()], strict=False)
    assert not well
    assert "failed in book: the book was not built: python -m book ended with code 2" in text


def clean():
    return {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": "# A"},
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None},
        ],
        "metadata": {},
    }


def test_clean_notebook_has_no_findings():
    assert lint.results_in(clean()) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda nb: nb["cells"][1].update(outputs=[{}]), "cell 2 has outputs"),
        (lambda nb: nb["cells"][1].update(execution_count=3), "cell 2 has an execution count"),
        (lambda nb: nb["cells"][1]["metadata"].update(execution={}), "cell 2 has execution times"),
        (lambda nb: nb["metadata"].update(widgets={}), "the notebook holds the state of widgets"),
    ],
)
def test_results_are_found(change, finding):
    notebook = clean()
    change(notebook)
    assert lint.results_in(notebook) == [finding]


@pytest.mark.parametrize("with_git", [True, False])
def test_notebooks_that_belong_to_the_course(tmp_path, with_git):
    for name in ("chapters/a.ipynb", "solutions/b/b.ipynb", "work/chapters/a.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(clean()), encoding="utf-8")
    (tmp_path / ".gitignore").write_text("work/\n", encoding="utf-8")
    if with_git:
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        subprocess.run(["git", "-C", tmp_path, "add", "chapters"], check=True)
    assert lint.notebooks(tmp_path) == ["chapters/a.ipynb", "solutions/b/b.ipynb"]
    assert lint.check_notebooks(tmp_path) == []
    (tmp_path / "chapters/a.ipynb").write_text("{", encoding="utf-8")
    (line,) = lint.check_notebooks(tmp_path)
    assert line.startswith("chapters/a.ipynb: it cannot be read as a notebook")


def test_long_files_come_first_and_are_there(pytestconfig):
    missing = [name for name in conftest.LONG_FILES if not (conftest.HERE / name).is_file()]
    assert missing == []
    names = ["test_a.py", conftest.LONG_FILES[1], "test_b.py", conftest.LONG_FILES[0], "test_a.py"]
    items = [SimpleNamespace(path=conftest.HERE / n, iter_markers=lambda _: ()) for n in names]
    conftest.pytest_collection_modifyitems(pytestconfig, items)
    found = [item.path.relative_to(conftest.HERE).as_posix() for item in items]
    assert found == [*conftest.LONG_FILES[:2], "test_a.py", "test_b.py", "test_a.py"]


def test_the_mark_of_the_browser_stands_only_where_its_part_looks():
    places = [testing.ROOT / name for name in testing.WITH_BROWSER]
    marked = [
        path
        for path in sorted(conftest.HERE.rglob("*.py"))
        if "pytest.mark." + "browser" in path.read_text(encoding="utf-8")
    ]
    assert [p for p in places if p in marked or any(p in m.parents for m in marked)] == places
    lost = [m for m in marked if not any(p == m or p in m.parents for p in places)]
    assert lost == []
