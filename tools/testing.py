"""Run the tests in parts and say at the end what ran, what was skipped and why, and how long."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools import lint
from tools.environment import SetupError
from tools.variables import ONE_THREAD, is_on

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK_CELL_SECONDS = 120
WORKERS = "2"
# Files go to the workers in the order of `tests/conftest.py`, which puts long ones first; xdist
# itself would put those with many tests first, and one worker would end minutes after the other.
BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder")
# Where the mark `browser` stands: to collect all tests for these few takes half a minute.
WITH_BROWSER = ("tests/browser", "tests/instructor/test_pages_browser.py")
BOOK_IN_BROWSER = "tests/browser/test_book*.py"


@dataclass
class Outcome:
    """What one part of the tests came to.

    Attributes
    ----------
    passed, failed : int
        Numbers of tests; errors outside a test count as failed.
    skips : list of (str, str)
        Name of the test and reason, one pair for each skipped test.
    problems : list of str
        What is wrong with the part as a whole, such as that no test was found.
    seconds : float
        Time that the part took.
    """

    part: str
    passed: int = 0
    failed: int = 0
    skips: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def read_junit(path: Path, part: str, exit_code: int) -> Outcome:
    """Read pytest's report of one part.

    Parameters
    ----------
    path : Path
        The JUnit file; it may be missing where pytest ended early.
    part : str
        Name of the part.
    exit_code : int
        What pytest returned.
    """
    outcome = Outcome(part)
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        cases = []
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif (skipped := case.find("skipped")) is not None:
            name = f"{case.get('classname', '')}.{case.get('name', '')}".strip(".")
            outcome.skips.append((name, skipped.get("message") or "no reason given"))
        else:
            outcome.passed += 1
    if not cases:
        outcome.problems.append("no test was found")
    elif exit_code != 0 and outcome.failed == 0:
        outcome.problems.append(f"pytest ended with code {exit_code} without a failed test")
    return outcome


def _pytest(part: str, arguments: Iterable[str]) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        report = Path(scratch, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += [f"--junitxml={report}", *arguments]
        code = subprocess.run(command, cwd=ROOT).returncode
        return read_junit(report, part, code)


def run_lint() -> Outcome:
    """Run the checks of style."""
    results = lint.run(ROOT)
    passed = sum(ok for _, ok in results)
    return Outcome("lint", passed, len(results) - passed)


def run_unit() -> Outcome:
    """Run the tests that need no browser, without the long ones of grading and of the book."""
    left_out = "not browser and not instructor and not book"
    return _pytest("unit", ["-m", left_out, "-n", WORKERS, "tests"])


def run_notebooks() -> Outcome:
    """Run every cell of every notebook that git tracks."""
    names = lint.notebooks(ROOT)
    if not names:
        return Outcome("notebooks", problems=["no notebook was found"])
    # A notebook stays with one worker: its cells need each other.
    options = [
        "--nbval-lax",
        "--nbval-current-env",
        f"--nbval-cell-timeout={NOTEBOOK_CELL_SECONDS}",
    ]
    return _pytest("notebooks", [*options, "-n", WORKERS, "--dist", "loadfile", *names])


def run_browser() -> Outcome:
    """Run the tests that drive a browser, each worker with a JupyterLab and browser of its own."""
    chosen = ["-m", "browser and not book"]
    return _pytest("browser", [*chosen, "-n", WORKERS, *BY_FILE, *WITH_BROWSER])


def run_book() -> Outcome:
    """Build the web book where anything has changed, and run the tests that look at it."""
    code = subprocess.run([sys.executable, "-m", "book"], cwd=ROOT).returncode
    if code:
        problem = f"the book was not built: python -m book ended with code {code}"
        return Outcome("book", problems=[problem])
    browser = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(BOOK_IN_BROWSER))
    chosen = ["-m", "book", "tests/book", *browser]
    return _pytest("book", [*chosen, "-n", WORKERS, "--dist", "loadfile"])


def run_instructor() -> Outcome:
    """Run the long tests of grading; those of one file, which may share a server, on one worker."""
    options = ["-m", "instructor", "-n", WORKERS, *BY_FILE]
    return _pytest("instructor", [*options, "tests/instructor"])


PARTS: dict[str, Callable[[], Outcome]] = {
    "lint": run_lint,
    "unit": run_unit,
    "notebooks": run_notebooks,
    "browser": run_browser,
    "book": run_book,
    "instructor": run_instructor,
}
ON_REQUEST = ("instructor",)  # parts that run only where they are named


def check_parts(names: Iterable[str]) -> None:
    """Raise SetupError if one of these is no part of the tests."""
    for name in names:
        if name not in PARTS:
            raise SetupError(f"no part is called {name!r}; expected {', '.join(PARTS)}.")


def summary(outcomes: list[Outcome], strict: bool) -> tuple[str, bool]:
    """Return the closing table and whether all is well.

    Parameters
    ----------
    outcomes : list of Outcome
        The parts that ran, in order.
    strict : bool
        Whether a skipped test is a failure.
    """
    counts = [(o.passed, o.failed + len(o.problems), len(o.skips), o.seconds) for o in outcomes]
    passed, failed, skipped, seconds = map(sum, zip(*counts, strict=True))
    lines = [f"{'part':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}"]
    names = [*(one.part for one in outcomes), "all"]
    for name, row in zip(names, [*counts, (passed, failed, skipped, seconds)], strict=True):
        lines.append("{:<12}{:>8}{:>8}{:>9}{:>9.1f}".format(name, *row))
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in outcomes:
        for name, reason in one.skips:
            reasons.setdefault((one.part, reason), []).append(name)
    for (part, reason), names in reasons.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"skipped in {part}: {names[0]}{more}: {reason}")
    lines += [f"failed in {one.part}: {text}" for one in outcomes for text in one.problems]
    if strict and skipped:
        lines.append("A skipped test counts as a failure here, since CI is set.")
    lines.append(f"tests: {passed} passed, {failed} failed, {skipped} skipped")
    return "\n".join(lines), failed == 0 and not (strict and skipped)


def main(argv: list[str]) -> int:
    """Run the named parts, or the usual ones, each to its end; return 0 if all is well, else 1."""
    try:
        check_parts(argv)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    os.environ.update(ONE_THREAD)
    os.environ.update(JUPYTER_PREFER_ENV_PATH="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="course-home-") as home:
        os.environ["UNROLLED_HOME"] = home
        wanted = [name for name in PARTS if name in (argv or PARTS.keys() - set(ON_REQUEST))]
        print(f"Running in this order: {', '.join(wanted)}", flush=True)
        for name in wanted:
            print(f"\n=== {name} ===", flush=True)
            started = time.monotonic()
            outcome = PARTS[name]()
            outcome.seconds = time.monotonic() - started
            outcomes.append(outcome)
    text, well = summary(outcomes, is_on("CI"))
    print(f"\n{text}", flush=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
